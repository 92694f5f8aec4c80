//! Texts that are known in part.

use std::rc::Rc;

use super::{Constant, Labels, Value};

/// More pieces than this are put together into one that is not known.
const PIECES_MAX: usize = 24;

/// Longer texts than this are not kept, in bytes.
pub(crate) const TEXT_MAX: usize = 4096;

/// A piece of a text.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// It is known.
    Known(Rc<str>),
    /// It is not; where it comes from.
    Unknown(Labels),
}

/// The pieces of a text.
#[derive(Clone, Debug)]
pub(crate) struct Pieces(Rc<[Piece]>);

impl PartialEq for Piece {
    fn eq(&self, other: &Piece) -> bool {
        match (self, other) {
            (Piece::Known(left), Piece::Known(right)) => left == right,
            (Piece::Unknown(left), Piece::Unknown(right)) => left.same(right),
            _ => false,
        }
    }
}

impl PartialEq for Pieces {
    fn eq(&self, other: &Pieces) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Pieces {
    pub fn all(&self) -> &[Piece] {
        &self.0
    }
}

/// Puts a text together.
#[derive(Default)]
pub(crate) struct Builder {
    pieces: Vec<Piece>,
}

impl Builder {
    pub fn known(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Known(last)) if last.len() + text.len() <= TEXT_MAX => {
                *last = format!("{last}{text}").into();
            }
            Some(Piece::Known(_)) => self.unknown(&Labels::default()),
            _ if text.len() > TEXT_MAX => self.unknown(&Labels::default()),
            _ => self.pieces.push(Piece::Known(text.into())),
        }
    }

    pub fn unknown(&mut self, labels: &Labels) {
        match self.pieces.last_mut() {
            Some(Piece::Unknown(last)) if last.is_empty() == labels.is_empty() => {
                *last = last.join(labels);
            }
            _ => self.pieces.push(Piece::Unknown(labels.clone())),
        }
    }

    /// A value as it looks in a text; `written` says how constants look.
    pub fn value(&mut self, value: &Value, written: impl Fn(&Constant) -> Option<Rc<str>>) {
        if let Some(text) = value.constants.single().and_then(written) {
            self.known(&text);
        } else if let Some(pieces) = &value.text {
            for piece in pieces.all() {
                match piece {
                    Piece::Known(text) => self.known(text),
                    Piece::Unknown(labels) => self.unknown(labels),
                }
            }
        } else {
            self.unknown(&value.labels);
        }
    }

    /// The text, with the labels of all of it.
    pub fn build(mut self) -> Value {
        let labels = self.pieces.iter().fold(Labels::default(), |all, piece| match piece {
            Piece::Known(_) => all,
            Piece::Unknown(labels) => all.join(labels),
        });
        match self.pieces.as_slice() {
            [] => Value::text_of(""),
            [Piece::Known(text)] => {
                Value { labels, ..Value::constant(Constant::Text(text.clone())) }
            }
            [Piece::Unknown(_)] => Value::labelled(labels),
            _ => {
                if self.pieces.len() > PIECES_MAX {
                    self.pieces.truncate(PIECES_MAX);
                    self.pieces.push(Piece::Unknown(labels.clone()));
                }
                Value { labels, text: Some(Pieces(self.pieces.into())), ..Value::default() }
            }
        }
    }
}

/// What both begin with, where that is known.
pub(super) fn join(left: &Value, right: &Value) -> Option<Pieces> {
    match (&left.text, &right.text) {
        (Some(left), Some(right)) if left == right => return Some(left.clone()),
        _ => {}
    }
    let (first, second) = (beginning(left)?, beginning(right)?);
    if left.text.is_none() && right.text.is_none() {
        return None;
    }
    let bytes = first.bytes().zip(second.bytes()).take_while(|(a, b)| a == b).count();
    let bytes = first.floor_char_boundary(bytes);
    if bytes == 0 {
        return None;
    }
    let labels = left.labels.join(&right.labels);
    Some(Pieces(Rc::new([Piece::Known(first[..bytes].into()), Piece::Unknown(labels)])))
}

fn beginning(value: &Value) -> Option<&Rc<str>> {
    match value.text.as_ref().map(Pieces::all) {
        Some([Piece::Known(text), ..]) => Some(text),
        Some(_) => None,
        None => value.as_text(),
    }
}
