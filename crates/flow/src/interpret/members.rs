//! Attributes, elements and entries of values, and what a name after a dot stands for.

use std::rc::Rc;

use super::{Interpreter, PathId};
use crate::ir::{ExprId, Span, Symbol};
use crate::language::BuiltIn;
use crate::rules::{Entry, Mention, last};
use crate::value::{Constant, Key, Kind, Labels, Object, Piece, Shape, Shapes, Value};

/// Values are looked into to this depth.
const INSIDE_MAX: usize = 4;

/// Types are followed to so many bases.
const BASES_MAX: usize = 16;

/// What is called, written or mentioned.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// What it may be, the nearest first.
    pub paths: Vec<PathId>,
    /// Its last name.
    pub name: Rc<str>,
    /// Whether the type of the object is not known, so that `*.name` is meant, too.
    pub is_open: bool,
    /// The last name of the object.
    pub word: Option<Symbol>,
    /// Whether the type was taken from a name.
    pub is_guess: bool,
    /// The object.
    pub receiver: Option<Value>,
    /// Where the object stands.
    pub receiver_at: Option<ExprId>,
}

impl<'a> Interpreter<'a> {
    /// The patterns that a target matches.
    pub(super) fn entries(&self, mention: Mention, target: &Target) -> Vec<&'a Entry> {
        let rules = self.rules;
        let mut found: Vec<&Entry> = Vec::new();
        for path in &target.paths {
            let entries = self.paths.entries(*path).iter();
            found.extend(entries.filter(|entry| entry.mention == mention));
        }
        if target.is_open {
            for entry in rules.entries_named(&target.name) {
                if entry.mention == mention && entry.any && self.has_word(entry, target) {
                    found.push(entry);
                }
            }
        }
        if found.len() < 2 {
            return found;
        }
        // The same rule is met once, however many of its patterns match.
        let mut seen = Vec::new();
        found.retain(|entry| {
            let is_new = !seen.contains(&entry.role);
            seen.push(entry.role);
            is_new
        });
        found
    }

    fn has_word(&self, entry: &Entry, target: &Target) -> bool {
        let Some(receivers) = &entry.receivers else { return true };
        let Some(word) = target.word else { return false };
        words(self.name(word)).iter().any(|word| receivers.contains(word))
    }

    pub(super) fn target_of_path(&self, path: PathId) -> Target {
        Target { paths: vec![path], name: last(&self.paths.text(path)).into(), ..Target::default() }
    }

    /// What `base.name` stands for.
    pub(super) fn member_target(
        &mut self,
        base: &Value,
        base_at: Option<ExprId>,
        name: &str,
    ) -> Target {
        let word = base_at.and_then(|base| self.last_name(base));
        let mut target = Target {
            name: name.into(),
            word,
            receiver: Some(base.clone()),
            receiver_at: base_at,
            ..Target::default()
        };
        let mut types = Vec::new();
        for shape in base.shapes.all() {
            match *shape {
                Shape::Path(path) => {
                    target.paths.push(self.paths.child(path, name));
                    // What is read from a source is data of any type.
                    let is_data = !base.labels.is_empty();
                    target.is_open |= is_data || !self.rules.knows_inside(&self.paths.text(path));
                    types.push(path);
                }
                Shape::Instance(path) => types.push(path),
                Shape::Object(id) => match self.state.object(id).kind {
                    Kind::List => types.push(self.built_in(BuiltIn::List)),
                    Kind::Dictionary => types.push(self.built_in(BuiltIn::Dictionary)),
                    Kind::Set => types.push(self.built_in(BuiltIn::Set)),
                    Kind::Instance(class) => {
                        let outside = self.outside_bases(class);
                        let has_method = self.method(class, name).is_some();
                        target.is_open |= !has_method && outside.is_empty();
                        if !has_method {
                            types.extend(outside);
                        }
                    }
                    Kind::Other => {}
                },
                Shape::Class(class, _) => types.extend(self.outside_bases(class)),
                Shape::Function(..) => types.push(self.built_in(BuiltIn::Function)),
            }
        }
        if let Some(built_in) = self.built_in_type(base) {
            types.push(built_in);
        }
        let is_stranger = target.is_open && types.len() == target.paths.len();
        if types.is_empty() && target.paths.is_empty() || is_stranger {
            target.is_open |= base.shapes.all().iter().all(is_other);
            if let Some(guess) = word.and_then(|word| self.guess(word)) {
                types.push(guess);
                target.is_guess = true;
            } else if target.is_open && !base.labels.is_empty() {
                // Data of no known type is text, for all that is said of texts.
                types.push(self.built_in(BuiltIn::Text));
            }
        }
        for class in types {
            for class in self.bases_of(class) {
                let member = self.paths.child(class, name);
                if !target.paths.contains(&member) {
                    target.paths.push(member);
                }
            }
        }
        target
    }

    /// The type that a variable of this name is taken for.
    fn guess(&mut self, word: Symbol) -> Option<PathId> {
        let rules = self.rules;
        let name = self.name(word).to_lowercase();
        let (class, imports) = rules.typed_names.get(&name)?;
        self.imports_any(imports).then(|| self.paths.intern(class))
    }

    pub(super) fn built_in(&mut self, which: BuiltIn) -> PathId {
        self.paths.intern(self.language.built_in(which))
    }

    pub(super) fn built_in_type(&mut self, value: &Value) -> Option<PathId> {
        let which = match value.constants.all().iter().find(|one| **one != Constant::Nothing) {
            Some(Constant::Text(_)) => BuiltIn::Text,
            Some(Constant::Bytes(_)) => BuiltIn::Bytes,
            Some(Constant::Integer(_)) => BuiltIn::Integer,
            Some(Constant::Float(_)) => BuiltIn::Float,
            Some(Constant::Boolean(_)) => BuiltIn::Boolean,
            Some(Constant::Regex(_)) => BuiltIn::Regex,
            None if value.text.is_some() => BuiltIn::Text,
            _ => return None,
        };
        Some(self.built_in(which))
    }

    /// A type and what it inherits from, the nearest first.
    pub(super) fn bases_of(&mut self, class: PathId) -> Vec<PathId> {
        let rules = self.rules;
        let mut all = vec![class];
        let mut next = 0;
        while let Some(class) = all.get(next).copied() {
            next += 1;
            let Some(model) = rules.types.get(&*self.paths.text(class)) else { continue };
            for base in &model.bases {
                let base = self.paths.intern(base);
                if !all.contains(&base) && all.len() < BASES_MAX {
                    all.push(base);
                }
            }
        }
        all
    }

    /// The type of an attribute (`is_method` false) or of what a method gives back.
    pub(super) fn member_type(&mut self, member: PathId, is_method: bool) -> Option<PathId> {
        let text = self.paths.text(member);
        let (class, name) = text.rsplit_once('.')?;
        let model = self.rules.types.get(class)?;
        let members = if is_method { &model.methods } else { &model.attributes };
        let found = members.get(name)?;
        Some(self.paths.intern(found))
    }

    pub(super) fn eval_attribute(&mut self, id: ExprId, base_at: ExprId, name: Symbol) -> Value {
        let base = self.eval(base_at);
        if self.dead {
            return Value::default();
        }
        let target = self.member_target(&base, Some(base_at), self.name(name));
        self.attribute_of(id, &base, &target, name)
    }

    pub(super) fn attribute_of(
        &mut self,
        id: ExprId,
        base: &Value,
        target: &Target,
        name: Symbol,
    ) -> Value {
        let text = self.name(name);
        let mut value = self.own_attribute(base, name);
        let mut shapes = value.as_ref().map_or_else(Vec::new, |v| v.shapes.all().to_vec());
        for path in &target.paths {
            if let Some(class) = self.member_type(*path, false) {
                shapes.push(Shape::Instance(class));
                break;
            }
        }
        for shape in base.shapes.all() {
            if let Shape::Path(path) = shape {
                shapes.push(Shape::Path(self.paths.child(*path, text)));
            }
        }
        let mut result = match value.take() {
            Some(value) => value,
            None => Value::labelled(base.labels.clone()),
        };
        result.shapes = Shapes::of(shapes);
        let entries = self.entries(Mention::Use, target);
        if !entries.is_empty() {
            result = self.used(id, target, &entries, result);
        }
        self.source_name(&mut result, text, self.span(id));
        for path in &target.paths {
            self.library_constant(*path, &mut result);
            if let Some(field) = self.path_fields.get(path) {
                result = result.join(field);
            }
        }
        result
    }

    /// Attributes and entries that are sources by their name.
    pub(super) fn source_name(&self, value: &mut Value, name: &str, span: Span) {
        let is_function = value.shapes.all().iter().any(|s| matches!(s, Shape::Function(..)));
        if is_function || value.is_constant() {
            return;
        }
        for (number, source) in self.rules.sources.iter().enumerate() {
            if source.variable.as_ref().is_some_and(|matcher| matcher.is_match(name)) {
                let label = self.source_label(number, span);
                value.labels = value.labels.join(&Labels::one(label));
            }
        }
    }

    /// The attribute of objects and classes of the file.
    fn own_attribute(&mut self, base: &Value, name: Symbol) -> Option<Value> {
        let key = Key::Text(self.name(name).into());
        let mut found: Option<Value> = None;
        for shape in base.shapes.all().to_vec() {
            let here = match shape {
                Shape::Object(id) => {
                    let object = self.state.object_rc(id);
                    match (object.get(&key), object.kind) {
                        (Some(value), _) => Some(value),
                        (None, Kind::Instance(class)) => {
                            self.class_attribute(class, name, Some(id))
                        }
                        _ => None,
                    }
                }
                Shape::Class(class, _) => self.class_attribute(class, name, None),
                _ => None,
            };
            if let Some(here) = here {
                found = Some(found.map_or(here.clone(), |found| found.join(&here)));
            }
        }
        let mut found = found?;
        found.labels = found.labels.join(&base.labels);
        Some(found)
    }

    /// The element or entry of a value.
    pub(super) fn index_of(&mut self, base: &Value, index: &Value) -> Value {
        let mut result: Option<Value> = None;
        let mut add = |value: Value| {
            result = Some(result.take().map_or(value.clone(), |before| before.join(&value)));
        };
        let key = index.constants.single().and_then(Key::of);
        for shape in base.shapes.all().to_vec() {
            match shape {
                Shape::Object(id) => {
                    let object = self.state.object_rc(id);
                    let found = match (&key, index.constants.closed()) {
                        (Some(key), _) => object.get(key),
                        (None, Some(keys)) => join_all(
                            keys.iter().filter_map(Key::of).filter_map(|key| object.get(&key)),
                        ),
                        (None, None) => object.anything(),
                    };
                    add(found.unwrap_or_default());
                }
                Shape::Instance(class) => {
                    if let Some(element) = self.element_type(class) {
                        add(Value::shape(Shape::Instance(element)));
                    }
                }
                Shape::Path(path) => {
                    if let Some(Key::Text(text)) = &key {
                        let field = self.paths.child(path, text);
                        if let Some(value) = self.path_fields.get(&field) {
                            add(value.clone());
                        }
                    }
                    if let Some(value) = self.path_fields.get(&path) {
                        add(value.clone());
                    }
                }
                _ => {}
            }
        }
        if let (Some(Constant::Text(text)), Some(index)) =
            (base.constants.single(), index.as_integer())
            && let Some(character) = character_at(text, index)
        {
            add(Value::text_of(&character));
        }
        let mut result = result.unwrap_or_default();
        // What is in data from outside is from outside. Where it is taken by an index from outside
        // out of what is not, it is not.
        result.labels = result.labels.join(&base.labels);
        result
    }

    fn element_type(&mut self, class: PathId) -> Option<PathId> {
        let rules = self.rules;
        for class in self.bases_of(class) {
            if let Some(elements) =
                rules.types.get(&*self.paths.text(class)).and_then(|model| model.elements.as_ref())
            {
                return Some(self.paths.intern(elements));
            }
        }
        None
    }

    /// A part of a list or text.
    pub(super) fn slice_of(&mut self, base: &Value, bounds: &[Option<Value>; 2]) -> Value {
        let known = |bound: &Option<Value>| match bound {
            None => Some(None),
            Some(value) => value.as_integer().map(Some),
        };
        let bounds = known(&bounds[0]).zip(known(&bounds[1]));
        if let (Some(Constant::Text(text)), Some((from, to))) = (base.constants.single(), bounds) {
            return Value::text_of(&slice_text(text, from, to));
        }
        let Some(Shape::Object(id)) = base.only_shape() else {
            return Value { labels: self.deep_labels(base), ..Value::default() };
        };
        let object = self.state.object_rc(id);
        let mut list = Object::new(Kind::List);
        match (bounds, &object.rest) {
            (Some((from, to)), None) => {
                let range = range(object.elements.len(), from, to);
                for element in &object.elements[range] {
                    list.push(element.clone());
                }
            }
            _ => {
                if let Some(any) = object.anything() {
                    list.add_to_rest(&any);
                }
            }
        }
        let list = Shape::Object(self.state.make(list));
        Value { labels: base.labels.clone(), shapes: Shapes::One(list), ..Value::default() }
    }

    /// What comes where a value is walked; `None` where it is empty.
    pub(super) fn element_of(&mut self, many: &Value, keys: bool) -> Option<Value> {
        let mut result: Option<Value> = None;
        let mut is_empty = !many.shapes.all().is_empty() && many.labels.is_empty();
        for shape in many.shapes.all().to_vec() {
            let found = match shape {
                Shape::Object(id) => {
                    let object = self.state.object_rc(id);
                    let walks_keys = keys || object.kind == Kind::Dictionary;
                    if walks_keys && matches!(object.kind, Kind::Dictionary | Kind::Other) {
                        keys_of(&object)
                    } else {
                        object.anything()
                    }
                }
                Shape::Instance(class) => {
                    is_empty = false;
                    self.element_type(class).map(|class| Value::shape(Shape::Instance(class)))
                }
                _ => {
                    is_empty = false;
                    None
                }
            };
            if let Some(found) = found {
                is_empty = false;
                result = Some(result.map_or(found.clone(), |before| before.join(&found)));
            }
        }
        if let Some(Constant::Text(text)) = many.constants.single() {
            let characters = text.chars().take(64);
            let all = crate::value::Constants::closed_of(
                characters.map(|one| Constant::Text(one.to_string().into())),
            );
            result = Some(Value { constants: all, ..Value::default() });
        }
        if is_empty {
            return None;
        }
        let mut result = result.unwrap_or_default();
        result.labels = result.labels.join(&many.labels);
        Some(result)
    }

    /// Anything in a value.
    pub(super) fn anything_in(&mut self, value: &Value) -> Value {
        self.index_of(value, &Value::default())
    }

    pub(super) fn length_of(&self, value: &Value) -> Option<usize> {
        let Some(Shape::Object(id)) = value.only_shape() else { return None };
        let object = self.state.object(id);
        (object.kind == Kind::List && object.rest.is_none()).then_some(object.elements.len())
    }

    /// Where a value and all that is in it come from.
    pub(super) fn deep_labels(&self, value: &Value) -> Labels {
        let mut labels = value.labels.clone();
        for shape in value.shapes.all() {
            if let Shape::Object(_) = shape {
                let mut seen = Vec::new();
                self.labels_inside(*shape, &mut labels, &mut seen, 0);
            }
        }
        labels
    }

    fn labels_inside(
        &self,
        shape: Shape,
        labels: &mut Labels,
        seen: &mut Vec<Shape>,
        depth: usize,
    ) {
        let Shape::Object(id) = shape else { return };
        if depth >= INSIDE_MAX || seen.contains(&shape) {
            return;
        }
        seen.push(shape);
        let object = self.state.object(id);
        for value in object.elements.iter().chain(object.fields.values()).chain(&object.rest) {
            *labels = labels.join(&value.labels);
            for shape in value.shapes.all() {
                self.labels_inside(*shape, labels, seen, depth + 1);
            }
        }
    }

    /// The text as far as it is known before the first label that a test accepts; what is not known
    /// and not accepted stands as one character.
    pub(super) fn text_before(
        &self,
        value: &Value,
        does_harm: impl Fn(&Labels) -> bool,
    ) -> Option<String> {
        let pieces = value.text.as_ref()?;
        let mut text = String::new();
        for piece in pieces.all() {
            match piece {
                Piece::Known(known) => text.push_str(known),
                Piece::Unknown(labels) if does_harm(labels) => return Some(text),
                Piece::Unknown(_) => text.push('\u{fffc}'),
            }
        }
        Some(text)
    }
}

fn is_other(shape: &Shape) -> bool {
    matches!(shape, Shape::Object(_) | Shape::Class(..))
}

fn join_all(mut values: impl Iterator<Item = Value>) -> Option<Value> {
    let first = values.next()?;
    Some(values.fold(first, |joined, value| joined.join(&value)))
}

fn keys_of(object: &Object) -> Option<Value> {
    let labels = object.rest.as_ref().map(|rest| Value::labelled(rest.labels.clone()));
    let known = object.fields.keys().map(|key| match key {
        Key::Integer(number) => Value::integer(*number),
        Key::Text(text) => Value::text_of(text),
    });
    join_all(known.chain(labels))
}

fn character_at(text: &str, index: i64) -> Option<String> {
    let count = text.chars().count();
    let index = if index < 0 { index.checked_add(i64::try_from(count).ok()?)? } else { index };
    text.chars().nth(usize::try_from(index).ok()?).map(String::from)
}

fn slice_text(text: &str, from: Option<i64>, to: Option<i64>) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters[range(characters.len(), from, to)].iter().collect()
}

/// The bounds of a slice, which may be counted from the end.
fn range(length: usize, from: Option<i64>, to: Option<i64>) -> std::ops::Range<usize> {
    let place = |bound: i64| {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
        usize::try_from(bound.clamp(0, length)).unwrap_or(0)
    };
    let from = from.map_or(0, place);
    let to = to.map_or(length, place);
    from..to.max(from)
}

/// The words of a name, in small letters: `dbCursor` and `db_cursor` are `db` and `cursor`. The
/// name itself is one, too.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![name.to_lowercase()];
    let mut word = String::new();
    let mut was_small = false;
    for character in name.chars() {
        let begins = character.is_uppercase() && was_small || !character.is_alphanumeric();
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        was_small = character.is_lowercase();
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
