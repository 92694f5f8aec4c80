//! Where a value comes from: labels, the weaknesses they are harmless for, and the way they took.

use std::rc::Rc;

use crate::ir::Span;
use crate::pattern::SourceKind;

/// More origins of one value than this are not kept apart.
const LABELS_MAX: usize = 8;

/// More steps of one way than this are not kept.
pub(crate) const STEPS_MAX: u8 = 8;

/// One origin.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub kind: SourceKind,
    /// Where it is read, or the parameter.
    pub span: Span,
    /// How the origin is called in messages.
    pub name: Option<Rc<str>>,
    /// The weaknesses it is harmless for, a bit each.
    pub harmless: u128,
    /// How it came here.
    pub trail: Option<Rc<Trail>>,
}

/// The last step of a way, and the way before.
#[derive(Debug)]
pub(crate) struct Trail {
    pub span: Span,
    pub word: Word,
    pub before: Option<Rc<Trail>>,
    pub length: u8,
}

/// What happened at a step.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    Assigned,
    PassedTo(Rc<str>),
    Returned,
}

/// A small set of labels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(Option<Rc<[Label]>>);

impl Labels {
    pub fn one(label: Label) -> Labels {
        Labels(Some(Rc::new([label])))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub fn all(&self) -> &[Label] {
        self.0.as_deref().unwrap_or(&[])
    }

    fn of(labels: Vec<Label>) -> Labels {
        Labels(if labels.is_empty() { None } else { Some(labels.into()) })
    }

    /// The labels of both. What is harmless on one side only is not harmless.
    pub fn join(&self, other: &Labels) -> Labels {
        let (Some(mine), Some(theirs)) = (&self.0, &other.0) else {
            return if self.0.is_some() { self.clone() } else { other.clone() };
        };
        if Rc::ptr_eq(mine, theirs) {
            return self.clone();
        }
        let mut joined: Vec<Label> = mine.to_vec();
        for label in theirs.iter() {
            match joined.iter_mut().find(|known| known.is_from(label)) {
                Some(known) => {
                    // The way is shown of the label that does harm.
                    if known.harmless & !label.harmless != 0 {
                        known.trail.clone_from(&label.trail);
                    }
                    known.harmless &= label.harmless;
                }
                None => joined.push(label.clone()),
            }
        }
        joined.sort_by_key(|label| (label.kind, label.span));
        joined.truncate(LABELS_MAX);
        Labels::of(joined)
    }

    /// The same labels, harmless for more weaknesses. Labels harmless for all are dropped.
    pub fn without(&self, weaknesses: u128) -> Labels {
        if self.is_empty() || weaknesses == 0 {
            return self.clone();
        }
        if weaknesses == u128::MAX {
            return Labels::default();
        }
        let all = self.all().iter().cloned();
        Labels::of(all.map(|l| Label { harmless: l.harmless | weaknesses, ..l }).collect())
    }
    /// The labels that a test accepts.
    pub fn retain(&self, keep: impl Fn(&Label) -> bool) -> Labels {
        if self.all().iter().all(&keep) {
            return self.clone();
        }
        Labels::of(self.all().iter().filter(|label| keep(label)).cloned().collect())
    }

    /// The same labels, with those of parameters as one.
    pub fn with_parameters_alike(&self) -> Labels {
        if self.all().iter().all(|label| label.kind != SourceKind::Parameter) {
            return self.clone();
        }
        let mut alike: Vec<Label> = Vec::new();
        for label in self.all() {
            let is_parameter = label.kind == SourceKind::Parameter;
            let known = alike.iter_mut().find(|one| one.kind == label.kind && is_parameter);
            match known {
                Some(known) => known.harmless &= label.harmless,
                None if is_parameter => {
                    alike.push(Label { span: Span::default(), trail: None, ..label.clone() });
                }
                None => alike.push(label.clone()),
            }
        }
        Labels::of(alike)
    }

    /// One more step on the way of each.
    pub fn stepped(&self, span: Span, word: &Word) -> Labels {
        if self.is_empty() {
            return Labels::default();
        }
        Labels::of(self.all().iter().map(|label| label.stepped(span, word)).collect())
    }

    /// Whether some origin is the same.
    pub fn shares(&self, other: &Labels) -> bool {
        self.all().iter().any(|mine| other.all().iter().any(|theirs| mine.is_from(theirs)))
    }

    /// Whether both have the same origins, harmless for the same weaknesses.
    pub fn same(&self, other: &Labels) -> bool {
        let (mine, theirs) = (self.all(), other.all());
        mine.len() == theirs.len()
            && mine
                .iter()
                .zip(theirs)
                .all(|(left, right)| left.is_from(right) && left.harmless == right.harmless)
    }
}

impl Label {
    fn is_from(&self, other: &Label) -> bool {
        self.kind == other.kind && self.span == other.span
    }

    fn stepped(&self, span: Span, word: &Word) -> Label {
        let length = self.trail.as_ref().map_or(0, |trail| trail.length);
        let last = self.trail.as_ref().map(|trail| trail.span);
        // What happens where the data comes from is no step of its own.
        let is_origin =
            last.is_none() && span.start <= self.span.start && self.span.end <= span.end;
        if length >= STEPS_MAX || last == Some(span) || is_origin {
            return self.clone();
        }
        let before = self.trail.clone();
        let trail = Trail { span, word: word.clone(), before, length: length + 1 };
        Label { trail: Some(Rc::new(trail)), ..self.clone() }
    }
}
