//! What a program declares, in the shape that several checks ask for.

use std::ops::Range;

/// One text's imports and functions.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub imports: Vec<Import>,
    /// In order of their start.
    pub functions: Vec<Declared>,
    /// Statements that are never reached: the first of each run.
    pub unreachable: Vec<Range<usize>>,
    /// Where names are read, in order of place.
    pub reads: Vec<Range<usize>>,
}

/// One imported module.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The module as written, without the points of a relative import: `os.path`.
    pub module: String,
    /// How many points stand before it.
    pub level: u32,
    pub range: Range<usize>,
    /// Whether the program goes on where the module is missing (`try`), or never runs it
    /// (`if TYPE_CHECKING`).
    pub optional: bool,
}

/// One function or method.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub name: String,
    pub name_range: Range<usize>,
    pub range: Range<usize>,
    /// The innermost class around, without functions between.
    pub class: Option<Class>,
    /// Whether another function is around it.
    pub inner: bool,
    pub decorators: Vec<(String, Range<usize>)>,
    pub parameters: Vec<(String, Range<usize>)>,
    pub documented: bool,
    pub body: Body,
    /// The body's statements but the docstring.
    pub body_range: Range<usize>,
    /// Cognitive complexity (Campbell 2018).
    pub cognitive: usize,
    /// Checks in it: `assert`, `self.assert...`, `pytest.raises`.
    pub assertions: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub name: String,
    /// Whether it says that its methods are for others to write.
    pub is_abstract: bool,
    /// Whether it has a base class.
    pub derived: bool,
}

/// What a function's body comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Code,
    /// `pass`, `...`, or a docstring alone.
    Empty,
    /// Only `raise NotImplementedError`, with this message.
    NotImplemented(String),
    /// Only `return` of something written out.
    Constant,
}

impl Outline {
    /// Whether a name is read within a range.
    pub(crate) fn reads_within(&self, text: &str, name: &str, range: &Range<usize>) -> bool {
        let from = self.reads.partition_point(|read| read.start < range.start);
        let mut inside = self.reads[from..].iter().take_while(|read| read.start < range.end);
        inside.any(|read| text.get(read.clone()) == Some(name))
    }
}
