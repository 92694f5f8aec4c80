//! What is known of a value: where it comes from, which constants it can be, what of a text is
//! known, and what kind of thing it is. Everything is bounded, and cheap to clone.

mod constant;
mod object;
mod taint;
mod text;

use std::rc::Rc;

pub(crate) use constant::{CONSTANTS_MAX, Constant, Constants};
pub(crate) use object::{Key, Kind, Object, ObjectId};
pub(crate) use taint::{Label, Labels, Word};
pub(crate) use text::{Builder, Piece, Pieces, TEXT_MAX};

use crate::interpret::{FrameId, PathId};
use crate::ir::{ClassId, ExprId, FunctionId};

/// More kinds of things than this in one value are forgotten.
const SHAPES_MAX: usize = 4;

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Value {
    /// Where it comes from.
    pub labels: Labels,
    /// Which constants it can be.
    pub constants: Constants,
    /// A text of which parts are known, where it is not a constant.
    pub text: Option<Pieces>,
    /// What it can be.
    pub shapes: Shapes,
    /// The test that it is the result of.
    pub test: Option<Test>,
    /// Whether it was assigned or passed: what it is a source of is then among its labels.
    pub is_bound: bool,
}

/// A test whose result is kept in a variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Test {
    pub expression: ExprId,
    pub frame: FrameId,
    /// When it was made, in writes; variables written later are not what was tested.
    pub time: u32,
}

/// What a value can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shape {
    /// An API, module or class that is not in the file.
    Path(PathId),
    /// An object of a type that is not in the file.
    Instance(PathId),
    /// A function of the file, with the frame it was made in and the object it is bound to.
    Function(FunctionId, FrameId, Option<ObjectId>),
    /// A class of the file.
    Class(ClassId, FrameId),
    /// An object, list, dictionary or set that was made here.
    Object(ObjectId),
}

/// A small set of shapes. It says what the value can be; it can always be something else, too.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Shapes {
    #[default]
    Unknown,
    One(Shape),
    Many(Rc<[Shape]>),
}

impl Shapes {
    pub fn all(&self) -> &[Shape] {
        match self {
            Shapes::Unknown => &[],
            Shapes::One(shape) => std::slice::from_ref(shape),
            Shapes::Many(shapes) => shapes,
        }
    }

    pub fn of(mut shapes: Vec<Shape>) -> Shapes {
        shapes.sort_unstable();
        shapes.dedup();
        match shapes.as_slice() {
            [] => Shapes::Unknown,
            [one] => Shapes::One(*one),
            _ => {
                shapes.truncate(SHAPES_MAX);
                Shapes::Many(shapes.into())
            }
        }
    }

    fn join(&self, other: &Shapes) -> Shapes {
        if self == other || matches!(other, Shapes::Unknown) {
            return self.clone();
        }
        if matches!(self, Shapes::Unknown) {
            return other.clone();
        }
        Shapes::of(self.all().iter().chain(other.all()).copied().collect())
    }
}

impl Value {
    pub fn constant(constant: Constant) -> Value {
        Value { constants: Constants::one(constant), ..Value::default() }
    }

    pub fn text_of(text: &str) -> Value {
        Value::constant(Constant::Text(text.into()))
    }

    pub fn integer(number: i64) -> Value {
        Value::constant(Constant::Integer(number))
    }

    pub fn boolean(truth: bool) -> Value {
        Value::constant(Constant::Boolean(truth))
    }

    pub fn nothing() -> Value {
        Value::constant(Constant::Nothing)
    }

    pub fn shape(shape: Shape) -> Value {
        Value { shapes: Shapes::One(shape), ..Value::default() }
    }

    pub fn labelled(labels: Labels) -> Value {
        Value { labels, ..Value::default() }
    }

    /// The one thing that it is, where that is sure.
    pub fn only_shape(&self) -> Option<Shape> {
        match (&self.shapes, &self.constants) {
            (Shapes::One(shape), Constants::Unknown) => Some(*shape),
            _ => None,
        }
    }

    /// Whether it is one of constants that are all known, so that nothing can come in.
    pub fn is_constant(&self) -> bool {
        self.constants.closed().is_some() && self.labels.is_empty()
    }

    /// Whether nothing at all is known.
    pub fn is_blank(&self) -> bool {
        self.labels.is_empty()
            && matches!(self.constants, Constants::Unknown)
            && self.text.is_none()
            && matches!(self.shapes, Shapes::Unknown)
    }

    /// Either of two.
    pub fn join(&self, other: &Value) -> Value {
        Value {
            labels: self.labels.join(&other.labels),
            constants: self.join_constants(other),
            text: text::join(self, other),
            shapes: self.shapes.join(&other.shapes),
            test: self.test.filter(|_| self.test == other.test),
            is_bound: self.is_bound || other.is_bound,
        }
    }

    fn join_constants(&self, other: &Value) -> Constants {
        // A thing that is known otherwise is one more possibility beside the constants.
        self.constants.join(&other.constants)
    }

    /// What stays the same whatever happens: used where a loop does not come to rest.
    pub fn widened(&self) -> Value {
        Value { constants: Constants::Unknown, text: None, test: None, ..self.clone() }
    }

    /// Whether both say the same; where two ways lead to the same origin does not matter.
    pub fn same(&self, other: &Value) -> bool {
        self.labels.same(&other.labels)
            && self.constants == other.constants
            && self.text == other.text
            && self.shapes == other.shapes
    }

    /// The truth of it, where it is known.
    pub fn truth(&self) -> Option<bool> {
        let constants = self.constants.closed()?;
        let mut truths = constants.iter().map(Constant::truth);
        let first = truths.next()??;
        truths.all(|truth| truth == Some(first)).then_some(first)
    }

    /// The one text that it is.
    pub fn as_text(&self) -> Option<&Rc<str>> {
        match self.constants.single()? {
            Constant::Text(text) | Constant::Bytes(text) | Constant::Regex(text) => Some(text),
            _ => None,
        }
    }

    /// The one number that it is.
    pub fn as_integer(&self) -> Option<i64> {
        match self.constants.single()? {
            Constant::Integer(number) => Some(*number),
            Constant::Boolean(truth) => Some(i64::from(*truth)),
            _ => None,
        }
    }
}
