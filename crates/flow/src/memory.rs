//! What C programs do with memory: a walk over each function with intervals of numbers, blocks of
//! memory with their sizes and states, and pointers into them.
//!
//! Functions of the same file are walked where they are called. What is not known is never
//! reported: a bound counts only where the program or its input can reach it. The walk is bounded
//! by a budget of steps and says when it was cut short.

mod calls;
mod copies;
mod evaluate;
mod number;
mod refine;
mod state;
mod types;
mod walk;

use std::collections::{HashMap, HashSet};

use self::state::{State, Value};
use self::types::Types;
use crate::ir::{ExprId, FunctionId, Program, Span, Symbol};

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the weakness' file.
    pub weakness: &'static str,
    /// Where.
    pub span: Span,
    /// What is wrong, for people.
    pub message: String,
    /// Whether it happens on every way to this place, as far as the walk knows.
    pub is_certain: bool,
}

/// What the walk found, in the order of the text, and whether it saw everything.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each place and weakness once.
    pub faults: Vec<Fault>,
    /// Whether the budget was enough.
    pub is_complete: bool,
}

/// Walks all functions of a C or C++ program, at most `steps` statements and expressions.
#[must_use]
pub fn check(program: &Program, steps: u64) -> Outcome {
    let mut walk = Walk::new(program, steps);
    for number in 1..program.functions.len() {
        let Ok(number) = u32::try_from(number) else { break };
        walk.start(FunctionId(number));
    }
    let mut faults = walk.faults;
    faults.sort_by(|a, b| (a.span, a.weakness).cmp(&(b.span, b.weakness)));
    Outcome { faults, is_complete: walk.steps > 0 }
}

/// A function being walked.
struct Frame {
    function: FunctionId,
    /// Apart from those of the same function elsewhere.
    number: u32,
    returns: Vec<(State, Value)>,
    breaks: Vec<Vec<State>>,
    continues: Vec<Vec<State>>,
}

struct Walk<'p> {
    program: &'p Program,
    types: Types<'p>,
    faults: Vec<Fault>,
    seen: HashSet<(&'static str, Span)>,
    steps: u64,
    frames: Vec<Frame>,
    frame_count: u32,
    functions: HashMap<Symbol, FunctionId>,
    /// A block for each place that makes one, in each function being walked.
    block_numbers: HashMap<(u32, ExprId), u32>,
    /// Places whose failure to make something was reported.
    unchecked: HashSet<ExprId>,
    /// Whether nothing is reported, because a value is only looked at.
    silent: bool,
}

impl<'p> Walk<'p> {
    fn new(program: &'p Program, steps: u64) -> Walk<'p> {
        let mut functions = HashMap::new();
        for (number, function) in program.functions.iter().enumerate().skip(1) {
            if let (Some(name), None, Ok(number)) =
                (function.name, function.class, u32::try_from(number))
            {
                functions.insert(name, FunctionId(number));
            }
        }
        Walk {
            program,
            types: Types::new(program),
            faults: Vec::new(),
            seen: HashSet::new(),
            steps,
            frames: Vec::new(),
            frame_count: 0,
            functions,
            block_numbers: HashMap::new(),
            unchecked: HashSet::new(),
            silent: false,
        }
    }

    /// One step; false where none is left.
    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }

    fn text(&self, symbol: Symbol) -> &'p str {
        self.program.symbols.text(symbol)
    }

    fn span(&self, id: ExprId) -> Span {
        self.program.expressions[id.0 as usize].1
    }

    fn report(&mut self, weakness: &'static str, at: ExprId, certain: bool, message: String) {
        let span = self.span(at);
        if !self.silent && self.seen.insert((weakness, span)) {
            self.faults.push(Fault { weakness, span, message, is_certain: certain });
        }
    }
}
