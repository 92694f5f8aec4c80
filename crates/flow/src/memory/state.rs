//! What is known at one place of a function: variables and blocks of memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::number::Number;
use crate::ir::{ExprId, FunctionId, Symbol};

/// A variable of a function being walked; frame 0 is the file.
pub(super) type Place = (u32, Symbol);

/// How many targets a pointer may have before it is unknown.
const TARGETS_MAX: usize = 4;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Unknown,
    Number(Number),
    Pointer(Pointer),
    Function(FunctionId),
    /// A variable that nothing was assigned to.
    Unset,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pointer {
    pub(super) targets: Vec<Target>,
    pub(super) null: Null,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// A block and bytes from its start.
    Block(u32, Number),
    Variable(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Null {
    No,
    Yes,
    /// A function that may fail made it, and nobody looked.
    Unchecked,
    /// It is on one of the ways here.
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Stack,
    Global,
    Literal,
    Malloc,
    New,
    NewArray,
    File,
    /// Somebody else's.
    Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    Freed,
    /// Freed on one of the ways here.
    Either,
    /// Nobody knows.
    Unclear,
}

/// What stands at a place in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Field(Symbol),
    Element(i128),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// In bytes.
    pub(super) size: Number,
    /// Of the text in it, in elements, without the end mark.
    pub(super) length: Number,
    pub(super) life: Life,
    /// Whether somebody else may know it.
    pub(super) escaped: bool,
    /// Whether nothing was ever written to it.
    pub(super) blank: bool,
    /// Whether the length of the text in it was compared with something.
    pub(super) measured: bool,
    /// Whether its contents come from outside.
    pub(super) tainted: bool,
    pub(super) parts: BTreeMap<Part, Value>,
    /// Where it was made.
    pub(super) site: ExprId,
    /// The function that made it.
    pub(super) owner: u32,
}

/// Something that is copied when it is first written after it was cloned.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Shared<T> {
        Shared(Rc::new(value))
    }

    fn is(&self, other: &Shared<T>) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Rc::make_mut(&mut self.0)
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) variables: Shared<BTreeMap<Place, Value>>,
    pub(super) blocks: Shared<BTreeMap<u32, Shared<Block>>>,
    /// Paths that were looked at before they are opened.
    pub(super) checked: Shared<BTreeSet<String>>,
    /// Whether no way leads here.
    pub(super) dead: bool,
}

impl Value {
    pub(super) fn number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn pointer(&self) -> Option<&Pointer> {
        match self {
            Value::Pointer(pointer) => Some(pointer),
            _ => None,
        }
    }

    pub(super) fn exact(value: i128) -> Value {
        Value::Number(Number::exact(value))
    }

    pub(super) fn block(block: u32, null: Null) -> Value {
        let targets = vec![Target::Block(block, Number::exact(0))];
        Value::Pointer(Pointer { targets, null })
    }

    pub(super) fn null() -> Value {
        Value::Pointer(Pointer { targets: Vec::new(), null: Null::Yes })
    }

    fn join(&self, other: &Value) -> Value {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Value::Number(a), Value::Number(b)) => Value::Number(a.join(b)),
            (Value::Pointer(a), Value::Pointer(b)) => a.join(b),
            _ => Value::Unknown,
        }
    }

    fn widen(&self, before: &Value) -> Value {
        match (self, before) {
            (Value::Number(a), Value::Number(b)) => Value::Number(a.widen(b)),
            (Value::Pointer(a), Value::Pointer(b)) if a.targets.len() == b.targets.len() => {
                let targets = a.targets.iter().zip(&b.targets).map(|pair| match pair {
                    (Target::Block(block, new), Target::Block(same, old)) if block == same => {
                        Target::Block(*block, new.widen(old))
                    }
                    (new, _) => new.clone(),
                });
                Value::Pointer(Pointer { targets: targets.collect(), null: a.null })
            }
            _ => self.clone(),
        }
    }
}

impl Pointer {
    fn join(&self, other: &Pointer) -> Value {
        let null = match (self.null, other.null) {
            (a, b) if a == b => a,
            (Null::Unchecked, Null::No) | (Null::No, Null::Unchecked) => Null::Unchecked,
            _ => Null::Either,
        };
        let mut targets = self.targets.clone();
        for target in &other.targets {
            let known = targets.iter_mut().find(|known| match (&**known, target) {
                (Target::Block(a, _), Target::Block(b, _)) => a == b,
                (a, b) => *a == *b,
            });
            match (known, target) {
                (Some(Target::Block(_, offset)), Target::Block(_, other)) => {
                    *offset = offset.join(other);
                }
                (Some(_), _) => {}
                (None, target) => targets.push(target.clone()),
            }
        }
        // A pointer that is known on one way only is not known.
        let lost = |pointer: &Pointer| pointer.targets.is_empty() && pointer.null != Null::Yes;
        if targets.len() > TARGETS_MAX || lost(self) || lost(other) {
            return Value::Unknown;
        }
        Value::Pointer(Pointer { targets, null })
    }
}

impl Block {
    fn join(&self, other: &Block) -> Block {
        let life = match (self.life, other.life) {
            (a, b) if a == b => a,
            (Life::Unclear, _) | (_, Life::Unclear) => Life::Unclear,
            _ => Life::Either,
        };
        let mut parts = self.parts.clone();
        parts.retain(|part, value| match other.parts.get(part) {
            Some(theirs) => {
                *value = value.join(theirs);
                true
            }
            None => false,
        });
        Block {
            kind: self.kind,
            size: self.size.join(&other.size),
            length: self.length.join(&other.length),
            life,
            escaped: self.escaped || other.escaped,
            blank: self.blank && other.blank,
            measured: self.measured && other.measured,
            tainted: self.tainted || other.tainted,
            parts,
            site: self.site,
            owner: self.owner,
        }
    }
}

impl State {
    pub(super) fn join(self, other: State) -> State {
        if self.dead {
            return other;
        }
        if other.dead {
            return self;
        }
        let mut joined = self;
        if !joined.variables.is(&other.variables) {
            for (place, theirs) in other.variables.iter() {
                match joined.variables.get(place) {
                    Some(mine) if mine == theirs => {}
                    Some(mine) => {
                        let value = mine.join(theirs);
                        joined.variables.insert(*place, value);
                    }
                    None => {
                        joined.variables.insert(*place, theirs.clone());
                    }
                }
            }
        }
        if !joined.blocks.is(&other.blocks) {
            for (number, theirs) in other.blocks.iter() {
                match joined.blocks.get(number) {
                    Some(mine) if mine.is(theirs) => {}
                    Some(mine) => {
                        let block = Shared::new(mine.join(theirs));
                        joined.blocks.insert(*number, block);
                    }
                    None => {
                        joined.blocks.insert(*number, theirs.clone());
                    }
                }
            }
        }
        if !joined.checked.is(&other.checked) {
            joined.checked.retain(|path| other.checked.contains(path));
        }
        joined
    }

    /// How much copying a state costs, in steps.
    pub(super) fn cost(&self) -> u64 {
        u64::try_from((self.variables.len() + self.blocks.len()) / 16).unwrap_or(0)
    }

    /// Whether it says the same as another.
    pub(super) fn is_same(&self, other: &State) -> bool {
        (self.variables.is(&other.variables) || self.variables == other.variables)
            && (self.blocks.is(&other.blocks) || self.blocks == other.blocks)
    }

    pub(super) fn widen(mut self, before: &State) -> State {
        for (place, value) in self.variables.iter_mut() {
            if let Some(old) = before.variables.get(place) {
                *value = value.widen(old);
            }
        }
        for (number, block) in self.blocks.iter_mut() {
            if let Some(old) = before.blocks.get(number) {
                block.size = block.size.widen(&old.size);
                block.length = block.length.widen(&old.length);
            }
        }
        self
    }

    /// The only block that a value points to.
    pub(super) fn single(&self, value: &Value) -> Option<u32> {
        match value.pointer()?.targets.as_slice() {
            [Target::Block(block, _)] => Some(*block),
            _ => None,
        }
    }
}
