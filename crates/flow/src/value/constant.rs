//! Constants, and small sets of them.

use std::rc::Rc;

use crate::pattern::Scalar;

/// More constants than this are not kept apart.
pub(crate) const CONSTANTS_MAX: usize = 8;

/// A value that is known.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Constant {
    Nothing,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(Rc<str>),
    Bytes(Rc<str>),
    /// A compiled regular expression.
    Regex(Rc<str>),
}

impl From<&Scalar> for Constant {
    fn from(scalar: &Scalar) -> Constant {
        match scalar {
            Scalar::Boolean(truth) => Constant::Boolean(*truth),
            Scalar::Integer(number) => Constant::Integer(*number),
            Scalar::Float(number) => Constant::Float(*number),
            Scalar::Text(text) => Constant::Text(text.as_str().into()),
        }
    }
}

impl Constant {
    /// Whether it counts as true; `None` where languages differ.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Constant::Nothing => Some(false),
            Constant::Boolean(truth) => Some(*truth),
            Constant::Integer(number) => Some(*number != 0),
            Constant::Float(number) => Some(*number != 0.0),
            Constant::Text(text) | Constant::Bytes(text) => Some(!text.is_empty()),
            Constant::Regex(_) => Some(true),
        }
    }

    /// As a number, `true` being 1.
    pub fn number(&self) -> Option<f64> {
        match self {
            Constant::Integer(number) => Some(*number as f64),
            Constant::Float(number) => Some(*number),
            Constant::Boolean(truth) => Some(f64::from(u8::from(*truth))),
            _ => None,
        }
    }

    /// Whether two are equal as programs see it: `1 == 1.0 == True`.
    pub fn equals(&self, other: &Constant) -> bool {
        match (self.number(), other.number()) {
            (Some(left), Some(right)) => left == right,
            _ => self == other,
        }
    }

    /// How it looks in a text.
    pub fn written(&self, nothing: &str, truths: [&str; 2]) -> Option<Rc<str>> {
        Some(match self {
            Constant::Nothing => nothing.into(),
            Constant::Boolean(truth) => truths[usize::from(*truth)].into(),
            Constant::Integer(number) => number.to_string().into(),
            Constant::Text(text) => Rc::clone(text),
            Constant::Float(_) | Constant::Bytes(_) | Constant::Regex(_) => return None,
        })
    }
}

/// Which constants a value can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Constants {
    /// Anything.
    #[default]
    Unknown,
    /// Exactly this one.
    One(Constant),
    /// One of these.
    Closed(Rc<[Constant]>),
    /// One of these, or anything else.
    Open(Rc<[Constant]>),
}

impl Constants {
    pub fn one(constant: Constant) -> Constants {
        Constants::One(constant)
    }

    /// One of several; unknown where they are too many or none.
    pub fn closed_of(all: impl IntoIterator<Item = Constant>) -> Constants {
        set(all, false)
    }

    /// All that are known.
    pub fn all(&self) -> &[Constant] {
        match self {
            Constants::Unknown => &[],
            Constants::One(one) => std::slice::from_ref(one),
            Constants::Closed(all) | Constants::Open(all) => all,
        }
    }

    /// All that it can be, where that is known.
    pub fn closed(&self) -> Option<&[Constant]> {
        match self {
            Constants::Unknown | Constants::Open(_) => None,
            Constants::One(_) | Constants::Closed(_) => Some(self.all()),
        }
    }

    /// The only one.
    pub fn single(&self) -> Option<&Constant> {
        match self {
            Constants::One(one) => Some(one),
            _ => None,
        }
    }

    pub fn join(&self, other: &Constants) -> Constants {
        if self == other {
            return self.clone();
        }
        let open = self.closed().is_none() || other.closed().is_none();
        set(self.all().iter().chain(other.all()).cloned(), open)
    }

    /// Those for which the test may hold.
    pub fn retain(&self, keep: impl Fn(&Constant) -> bool) -> Option<Constants> {
        let kept: Vec<Constant> = self.all().iter().filter(|one| keep(one)).cloned().collect();
        match self {
            Constants::Unknown => Some(Constants::Unknown),
            Constants::Open(_) => Some(set(kept, true)),
            Constants::One(_) | Constants::Closed(_) if kept.is_empty() => None,
            Constants::One(_) | Constants::Closed(_) => Some(set(kept, false)),
        }
    }
}

fn set(all: impl IntoIterator<Item = Constant>, open: bool) -> Constants {
    let mut kept: Vec<Constant> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            if kept.len() == CONSTANTS_MAX {
                return Constants::Unknown;
            }
            kept.push(one);
        }
    }
    match (kept.len(), open) {
        (0, _) => Constants::Unknown,
        (1, false) => Constants::One(kept.remove(0)),
        (_, false) => Constants::Closed(kept.into()),
        (_, true) => Constants::Open(kept.into()),
    }
}
