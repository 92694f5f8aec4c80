//! Walks a program with values that say where they come from. See `rules/FORMAT.md` for what the
//! rules say, and [`state`] for how branches are joined.
//!
//! Functions are walked where they are called, with the values they are given; each once more with
//! nothing known of its parameters. How often and how deeply is bounded, and every step counts
//! against the budget of the caller.

mod assign;
mod assume;
mod branches;
mod callbacks;
mod calls;
mod classes;
mod conditions;
mod entries;
mod expressions;
mod fold;
mod functions;
mod members;
mod operators;
mod parameters;
mod paths;
mod readings;
mod rules;
mod sinks;
mod situations;
mod state;
mod statements;
mod tests;
mod verdicts;

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use paths::{PathId, Paths};
use situations::Situations;
use state::{Delta, Mark, State};
pub(crate) use tests::TESTS;

use crate::check::Alarm;
use crate::ir::{ClassId, ExprId, FunctionId, Program, Span, Symbol};
use crate::language::Language;
use crate::rules::Rules;
use crate::value::{Key, Labels, ObjectId, Value};

/// Functions are walked inside one another to this depth.
const CALLS_MAX: usize = 32;

/// Expressions and statements nest to this depth, over all functions being walked.
const DEPTH_MAX: u32 = 2_000;

/// The variables of one call of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FrameId(u32);

/// One walk of a function.
#[derive(Debug)]
struct Frame {
    function: FunctionId,
    /// Its first variable.
    base: u32,
    /// The walk of the function around it.
    parent: Option<FrameId>,
    /// What it is called on.
    receiver: Option<Value>,
    /// What it returned so far, on all ways.
    result: Option<Value>,
    /// What it yielded.
    yields: Option<Value>,
    /// What the ways that returned had written.
    returns: Vec<Delta>,
    /// Since when.
    mark: Option<Mark>,
    loops: Vec<Loop>,
    tries: Vec<Try>,
    /// Functions made in it that nobody called yet.
    made: Vec<Made>,
    /// When its parameters were bound, in writes.
    bound_at: u32,
    /// What parameters are where the result is true, and where it is false.
    verdicts: [Option<Vec<Option<Value>>>; 2],
    /// What the result becomes, where a framework calls it.
    response: Option<Rc<str>>,
}

/// A loop being walked.
#[derive(Debug)]
struct Loop {
    mark: Mark,
    breaks: Vec<Delta>,
    continues: Vec<Delta>,
    /// `break` leaves a `switch`, too.
    is_loop: bool,
}

/// A `try` being walked.
#[derive(Debug)]
struct Try {
    mark: Mark,
    raises: Vec<Delta>,
}

/// A function that was made.
#[derive(Clone, Debug)]
struct Made {
    function: FunctionId,
    frame: FrameId,
    receiver: Option<Value>,
    /// The entry points that it is.
    entries: Vec<usize>,
}

/// How the variables of a function are found.
#[derive(Debug)]
struct Scope {
    slots: FxHashMap<Symbol, u32>,
}

/// What is known of a function beside its walks.
#[derive(Debug, Default)]
struct Known {
    walks: u32,
    situations: Situations,
    /// Whether it was walked as one that others call.
    is_entered: bool,
}

/// What a call came to.
#[derive(Debug)]
struct Came {
    /// `None` where it never returns.
    value: Option<Value>,
    /// What its parameters are at the end, where they were not bound to something else.
    parameters: Vec<Option<Value>>,
    /// What they are where the result is false, and where it is true.
    verdicts: [Option<Vec<Option<Value>>>; 2],
    /// What the objects that it was given were given in it.
    gained: Vec<Labels>,
}

/// What is known of a class of the file.
#[derive(Debug)]
struct Class {
    frame: FrameId,
    bases: Vec<Value>,
    /// What its body assigned.
    body: ObjectId,
    /// What any method wrote to attributes of its objects.
    fields: BTreeMap<Symbol, Value>,
    /// Attributes that were read before all of that was known.
    read: FxHashSet<Symbol>,
}

/// Something that is so where an expression is true, or where it is false.
#[derive(Clone, Debug)]
struct Fact {
    place: Place,
    truth: bool,
    says: Says,
    /// Whether a rule says so, not a function of the file.
    is_rule: bool,
    /// When it was found out, in writes.
    time: u32,
}

/// What a fact says of the value of a place.
#[derive(Clone, Debug)]
enum Says {
    /// It is harmless for these weaknesses.
    Harmless(u128),
    /// It is this.
    Is(Value),
    /// It cannot be.
    Impossible,
}

/// Where a value is kept.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    Cell(u32),
    Field(ObjectId, Key),
}

/// A walk over one program.
pub(crate) struct Interpreter<'a> {
    program: &'a Program,
    rules: &'a Rules,
    language: Language,
    text: &'a str,
    paths: Paths<'a>,
    state: State,
    scopes: Vec<Scope>,
    frames: Vec<Frame>,
    /// The frames of the functions being walked.
    stack: Vec<FrameId>,
    known: Vec<Known>,
    classes: FxHashMap<ClassId, Class>,
    /// Attributes of modules that were written.
    path_fields: FxHashMap<PathId, Value>,
    facts: FxHashMap<ExprId, Vec<Fact>>,
    /// What is known of what is read out of unknown things.
    readings: FxHashMap<readings::Reading, u32>,
    /// Where the text is kept that a call gives back as it is.
    origins: FxHashMap<ExprId, Place>,
    /// The elements of comprehensions being walked.
    collecting: Vec<(ExprId, Option<ExprId>, ObjectId)>,
    /// The class whose body is being walked.
    class_body: Option<ObjectId>,
    /// Names that assignments and keyword arguments give to values being made.
    context: Vec<Symbol>,
    /// Modules that were imported.
    imported: Vec<PathId>,
    /// Modules of which everything was imported.
    stars: Vec<PathId>,
    /// Whether the way being walked has ended.
    dead: bool,
    depth: u32,
    steps: u64,
    cut: Option<&'static str>,
    /// Whether something outside of functions changed, so that they must be walked again.
    is_stale: bool,
    alarms: BTreeMap<(usize, Span), Alarm>,
    /// Sinks that were met, and whether all that came to them is known to be harmless.
    looked_at: BTreeMap<(usize, Span), bool>,
}

/// What a walk found, and whether it saw everything.
pub(crate) struct Walked {
    pub alarms: Vec<Alarm>,
    pub cleared: Vec<(String, Span)>,
    pub cut: Option<&'static str>,
}

/// Walks all of a program.
pub(crate) fn walk(rules: &Rules, program: &Program, text: &str, budget_steps: u64) -> Walked {
    let mut interpreter = Interpreter::new(rules, program, text, budget_steps);
    interpreter.text_rules();
    if !program.functions.is_empty() {
        interpreter.everything();
    }
    let cut = interpreter.cut;
    // Where not everything was seen, something else may come there.
    let cleared = interpreter.looked_at.iter().filter(|(_, is_clear)| **is_clear && cut.is_none());
    let cleared =
        cleared.map(|((weakness, span), _)| (rules.weaknesses[*weakness].name.clone(), *span));
    Walked { cleared: cleared.collect(), alarms: interpreter.alarms.into_values().collect(), cut }
}

impl<'a> Interpreter<'a> {
    fn new(rules: &'a Rules, program: &'a Program, text: &'a str, budget_steps: u64) -> Self {
        let scope = |function: &crate::ir::Function| {
            let names = function.parameters.iter().map(|parameter| parameter.name);
            let names = names.chain(function.locals.iter().copied());
            let mut slots = FxHashMap::default();
            for name in names {
                let next = u32::try_from(slots.len()).unwrap_or(u32::MAX);
                slots.entry(name).or_insert(next);
            }
            Scope { slots }
        };
        Interpreter {
            program,
            rules,
            language: rules.language,
            text,
            paths: Paths::new(rules),
            state: State::default(),
            scopes: program.functions.iter().map(scope).collect(),
            frames: Vec::new(),
            stack: Vec::new(),
            known: program.functions.iter().map(|_| Known::default()).collect(),
            classes: FxHashMap::default(),
            path_fields: FxHashMap::default(),
            facts: FxHashMap::default(),
            readings: FxHashMap::default(),
            origins: FxHashMap::default(),
            collecting: Vec::new(),
            class_body: None,
            context: Vec::new(),
            imported: Vec::new(),
            stars: Vec::new(),
            dead: false,
            depth: 0,
            steps: budget_steps,
            cut: None,
            is_stale: false,
            alarms: BTreeMap::new(),
            looked_at: BTreeMap::new(),
        }
    }

    /// Counts one step. Where none is left, the way being walked ends.
    fn step(&mut self) -> bool {
        self.steps_of(1)
    }

    fn steps_of(&mut self, steps: usize) -> bool {
        let steps = steps as u64;
        if self.steps < steps {
            self.steps = 0;
            self.cut.get_or_insert("the budget of steps is used up");
            self.dead = true;
            return false;
        }
        self.steps -= steps;
        true
    }

    fn name(&self, symbol: Symbol) -> &'a str {
        self.program.symbols.text(symbol)
    }

    fn span(&self, expression: ExprId) -> Span {
        self.program.expressions.get(expression.0 as usize).map_or(Span::default(), |e| e.1)
    }

    fn frame(&mut self) -> &mut Frame {
        let last = *self.stack.last().expect("the file's own frame is never left");
        &mut self.frames[last.0 as usize]
    }

    fn frame_id(&self) -> FrameId {
        *self.stack.last().expect("the file's own frame is never left")
    }
}
