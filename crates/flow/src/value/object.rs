//! Lists, dictionaries and objects that are made in the file, element by element while indexes and
//! keys are known.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Constant, Labels, Value};
use crate::ir::ClassId;
use crate::pattern::Entry;

/// More elements than this are not kept apart.
pub(crate) const ELEMENTS_MAX: usize = 64;

/// An object of the heap of [`crate::interpret`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId(pub u32);

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    List,
    Dictionary,
    Set,
    /// Of a class of the file.
    Instance(ClassId),
    /// Something else whose attributes were written.
    Other,
}

/// The key of an entry, or the name of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Integer(i64),
    Text(Rc<str>),
}

impl From<&Entry> for Key {
    fn from(entry: &Entry) -> Key {
        match entry {
            Entry::Index(index) => Key::Integer(*index),
            Entry::Name(name) => Key::Text(name.as_str().into()),
        }
    }
}

impl Key {
    pub fn of(constant: &Constant) -> Option<Key> {
        match constant {
            Constant::Integer(number) => Some(Key::Integer(*number)),
            Constant::Boolean(truth) => Some(Key::Integer(i64::from(*truth))),
            Constant::Text(text) => Some(Key::Text(Rc::clone(text))),
            _ => None,
        }
    }
}

/// A list, dictionary or object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub kind: Kind,
    /// Elements of lists, by index, as far as the indexes are known.
    pub elements: Vec<Value>,
    /// Entries and attributes with known keys.
    pub fields: BTreeMap<Key, Value>,
    /// Everything else that is in it: `None` where there is nothing else.
    pub rest: Option<Value>,
    /// Whether keys that are not known were written.
    pub keys_open: bool,
}

impl Object {
    pub fn new(kind: Kind) -> Object {
        Object { kind, elements: Vec::new(), fields: BTreeMap::new(), rest: None, keys_open: false }
    }

    /// One more thing in it, no matter where.
    pub fn add_to_rest(&mut self, value: &Value) {
        self.rest = Some(match &self.rest {
            Some(rest) => rest.join(value),
            None => value.clone(),
        });
        self.keys_open = true;
    }

    /// Forgets the order of the elements.
    pub fn forget_order(&mut self) {
        for element in std::mem::take(&mut self.elements) {
            self.add_to_rest(&element);
        }
    }

    /// At the end of a list.
    pub fn push(&mut self, value: Value) {
        if self.rest.is_some() || self.elements.len() >= ELEMENTS_MAX {
            self.add_to_rest(&value);
        } else {
            self.elements.push(value);
        }
    }

    /// At a place of a list.
    pub fn insert(&mut self, index: Option<i64>, value: Value) {
        let place = index.and_then(|index| self.place(index));
        match place {
            Some(place) if self.elements.len() < ELEMENTS_MAX => self.elements.insert(place, value),
            _ if index == Some(self.elements.len() as i64) => self.push(value),
            _ => {
                self.forget_order();
                self.add_to_rest(&value);
            }
        }
    }

    /// Takes an element out of a list.
    pub fn remove(&mut self, index: Option<i64>) -> Option<Value> {
        match index.and_then(|index| self.place(index)) {
            Some(place) => Some(self.elements.remove(place)),
            None => {
                let any = self.anything();
                self.forget_order();
                any
            }
        }
    }

    /// Where an element is, which may be counted from the end.
    fn place(&self, index: i64) -> Option<usize> {
        if index >= 0 {
            let place = usize::try_from(index).ok()?;
            // Elements before a known one are known: only the tail is in `rest`.
            return (place < self.elements.len()).then_some(place);
        }
        if self.rest.is_some() {
            return None;
        }
        self.elements.len().checked_sub(usize::try_from(index.checked_neg()?).ok()?)
    }

    /// The element or entry of a key; `None` where there is none.
    pub fn get(&self, key: &Key) -> Option<Value> {
        if let (Kind::List, Key::Integer(index)) = (self.kind, key) {
            return match self.place(*index) {
                Some(place) => self.elements.get(place).cloned(),
                None if *index < 0 => self.anything(),
                None => self.rest.clone(),
            };
        }
        match (self.fields.get(key), &self.rest) {
            // What was written under an unknown key may be this one.
            (Some(value), Some(rest)) if self.keys_open => Some(value.join(rest)),
            (Some(value), _) => Some(value.clone()),
            (None, rest) => rest.clone(),
        }
    }

    /// Writes an element or entry; `sure` where the object is this one for certain.
    pub fn set(&mut self, key: Option<&Key>, value: &Value, sure: bool) {
        let Some(key) = key else {
            self.add_to_rest(value);
            return;
        };
        if let (Kind::List, Key::Integer(index)) = (self.kind, key) {
            match self.place(*index) {
                Some(place) if sure => self.elements[place] = value.clone(),
                Some(place) => self.elements[place] = self.elements[place].join(value),
                None => {
                    self.forget_order();
                    self.add_to_rest(value);
                }
            }
            return;
        }
        let full = self.fields.len() >= ELEMENTS_MAX;
        match self.fields.get_mut(key) {
            Some(known) if sure => known.clone_from(value),
            Some(known) => *known = known.join(value),
            None if full => self.add_to_rest(value),
            None => _ = self.fields.insert(key.clone(), value.clone()),
        }
    }

    /// Any element, entry or attribute.
    pub fn anything(&self) -> Option<Value> {
        let mut all = self.elements.iter().chain(self.fields.values()).chain(&self.rest);
        let first = all.next()?.clone();
        Some(all.fold(first, |joined, value| joined.join(value)))
    }

    /// Either of two states of the same object.
    pub fn join(&self, other: &Object) -> Object {
        let mut joined = Object::new(self.kind);
        joined.keys_open = self.keys_open || other.keys_open;
        joined.rest = match (&self.rest, &other.rest) {
            (Some(left), Some(right)) => Some(left.join(right)),
            (one, None) | (None, one) => one.clone(),
        };
        let both = self.elements.len().min(other.elements.len());
        for (left, right) in self.elements.iter().zip(&other.elements) {
            joined.elements.push(left.join(right));
        }
        for more in self.elements[both..].iter().chain(&other.elements[both..]) {
            joined.add_to_rest(more);
        }
        // What only one of them has may be missing.
        let missing = Value::default();
        for (key, value) in &self.fields {
            let value = value.join(other.fields.get(key).unwrap_or(&missing));
            joined.fields.insert(key.clone(), value);
        }
        for (key, value) in &other.fields {
            if !self.fields.contains_key(key) {
                joined.fields.insert(key.clone(), value.join(&missing));
            }
        }
        joined
    }

    /// Where what is in it comes from.
    pub fn labels(&self) -> Labels {
        let all = self.elements.iter().chain(self.fields.values()).chain(&self.rest);
        all.fold(Labels::default(), |labels, value| labels.join(&value.labels))
    }

    pub fn same(&self, other: &Object) -> bool {
        let values = |object: &Object| object.elements.len() + object.fields.len();
        values(self) == values(other)
            && self.elements.iter().zip(&other.elements).all(|(a, b)| a.same(b))
            && self.fields.iter().zip(&other.fields).all(|(a, b)| a.0 == b.0 && a.1.same(b.1))
            && match (&self.rest, &other.rest) {
                (Some(left), Some(right)) => left.same(right),
                (None, None) => true,
                _ => false,
            }
    }
}
