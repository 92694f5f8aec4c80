//! What calls compute with lists, dictionaries and texts known in part.

use std::rc::Rc;

use super::Interpreter;
use super::calls::Call;
use crate::fold::{Fold, Whole};
use crate::value::{
    Builder, CONSTANTS_MAX, Constant, Constants, Key, Kind, Labels, Object, ObjectId, Shape,
    TEXT_MAX, Value,
};

/// Ranges longer than this are not written out.
const RANGE_MAX: i64 = 64;

impl Interpreter<'_> {
    /// The result of a call that the engine can compute; `None` where it cannot.
    pub(super) fn fold(&mut self, fold: Fold, call: &Call) -> Option<Value> {
        match fold {
            Fold::Constants(function) => self.fold_constants(function, call),
            Fold::Whole(whole) => self.fold_whole(whole, call),
        }
    }

    fn operands(&self, call: &Call) -> Vec<Value> {
        // A function of a module is called on the module, which is no operand.
        let receiver = call.target.receiver.iter().filter(|value| !Self::is_module(value));
        let given = call.given.iter().filter(|given| given.name.is_none());
        receiver.cloned().chain(given.map(|given| given.value.clone())).collect()
    }

    fn fold_constants(
        &mut self,
        function: fn(&[&Constant]) -> Option<Constant>,
        call: &Call,
    ) -> Option<Value> {
        if call.given.iter().any(|given| given.is_spread) {
            return None;
        }
        let operands = self.operands(call);
        let mut labels = Labels::default();
        let mut ways: Vec<Vec<&Constant>> = vec![Vec::new()];
        for operand in &operands {
            labels = labels.join(&operand.labels);
            let constants = operand.constants.closed()?;
            let longer = ways.iter().flat_map(|way| {
                constants.iter().map(|constant| {
                    let mut way = way.clone();
                    way.push(constant);
                    way
                })
            });
            ways = longer.take(CONSTANTS_MAX + 1).collect();
            if ways.len() > CONSTANTS_MAX {
                return None;
            }
        }
        let results: Option<Vec<Constant>> = ways.iter().map(|way| function(way)).collect();
        Some(Value { labels, constants: Constants::closed_of(results?), ..Value::default() })
    }

    fn fold_whole(&mut self, whole: Whole, call: &Call) -> Option<Value> {
        match whole {
            Whole::Join => self.fold_join(call),
            Whole::Format => self.fold_format(call),
            Whole::FormatPercent => {
                let operands = self.operands(call);
                let (format, rest) = operands.split_first()?;
                let mut list = Object::new(Kind::List);
                rest.iter().for_each(|value| list.push(value.clone()));
                let list = Value::shape(Shape::Object(self.state.make(list)));
                Some(self.binary(crate::ir::BinaryOperator::Remainder, format, &list))
            }
            Whole::Text | Whole::Concat => {
                let mut builder = Builder::default();
                for operand in self.operands(call) {
                    self.formatted(&mut builder, &operand, false);
                }
                Some(builder.build())
            }
            Whole::JoinPath => Some(self.fold_join_path(call)),
            Whole::Regex => {
                let operand = self.operands(call).into_iter().next()?;
                let pattern = operand.as_text()?;
                Some(Value::constant(Constant::Regex(Rc::clone(pattern))))
            }
            Whole::Split => self.fold_split(call),
            Whole::Same => self.operands(call).into_iter().next(),
            Whole::Range => self.fold_range(call),
            Whole::Bytes => self.fold_bytes(call),
            Whole::Length => self.fold_length(call),
            Whole::List | Whole::SetOf | Whole::Copy => self.fold_list(whole, call),
            Whole::Dictionary => self.fold_dictionary(call),
            Whole::Enumerate | Whole::Zip => self.fold_pairs(whole, call),
            Whole::Attribute => self.fold_attribute(call),
            _ => self.fold_object(whole, call),
        }
    }

    fn fold_join(&mut self, call: &Call) -> Option<Value> {
        let operands = self.operands(call);
        let [separator, list] = operands.as_slice() else { return None };
        let Some(Shape::Object(id)) = list.only_shape() else { return None };
        let object = self.state.object_rc(id);
        let mut builder = Builder::default();
        let mut all = object.elements.clone();
        if let Some(rest) = &object.rest {
            // What follows is not known, nor how often.
            all.push(Value::labelled(self.deep_labels(rest)));
        }
        for (place, element) in all.iter().enumerate() {
            if place > 0 {
                self.formatted(&mut builder, separator, false);
            }
            self.formatted(&mut builder, element, false);
        }
        if !list.labels.is_empty() {
            builder.unknown(&list.labels);
        }
        Some(builder.build())
    }

    fn fold_format(&mut self, call: &Call) -> Option<Value> {
        let receiver = call.target.receiver.clone()?;
        let text = receiver.as_text()?.clone();
        let mut builder = Builder::default();
        let mut next = 0;
        let mut rest = &*text;
        while let Some(place) = rest.find(['{', '}']) {
            builder.known(&rest[..place]);
            let mark = &rest[place..=place];
            rest = &rest[place + 1..];
            if let Some(after) = rest.strip_prefix(mark) {
                builder.known(mark);
                rest = after;
                continue;
            }
            let Some((field, after)) = rest.split_once('}') else { break };
            rest = after;
            let name = field.split([':', '!', '.', '[']).next().unwrap_or("");
            let value = self.format_field(name, &mut next, call);
            let is_number = field.ends_with(":d") || field.ends_with('f') && field.contains(':');
            self.formatted(&mut builder, &value, is_number);
        }
        builder.known(rest);
        Some(builder.build())
    }

    fn format_field(&mut self, name: &str, next: &mut usize, call: &Call) -> Value {
        use crate::pattern::{Selector, Selectors};
        let selector = match name.parse::<usize>() {
            Ok(position) => Selector::Position(position),
            Err(_) if name.is_empty() => {
                *next += 1;
                Selector::Position(*next - 1)
            }
            Err(_) => Selector::Named(name.to_owned()),
        };
        let found = self.selected(&Selectors(vec![selector]), None, call).into_iter().next();
        match found {
            Some((value, _)) => value,
            // Something that is not seen to be given.
            None => {
                let everything = Selectors(vec![Selector::All]);
                Value::labelled(self.labels_of(&everything, call))
            }
        }
    }

    fn fold_join_path(&mut self, call: &Call) -> Value {
        let mut builder = Builder::default();
        for (place, operand) in self.operands(call).iter().enumerate() {
            let ends = place > 0 && operand.as_text().is_none_or(|text| !text.starts_with('/'));
            if ends {
                builder.known("/");
            }
            self.formatted(&mut builder, operand, false);
        }
        builder.build()
    }

    fn fold_split(&mut self, call: &Call) -> Option<Value> {
        let operands = self.operands(call);
        let (text, separator) = match operands.as_slice() {
            [text] => (text, None),
            [text, separator] => (text, Some(separator.as_text()?.clone())),
            _ => return None,
        };
        let mut list = Object::new(Kind::List);
        match text.as_text() {
            Some(known) => {
                let parts: Vec<&str> = match &separator {
                    Some(separator) if !separator.is_empty() => known.split(&**separator).collect(),
                    _ => known.split_whitespace().collect(),
                };
                parts.iter().for_each(|part| list.push(Value::text_of(part)));
            }
            None => return None,
        }
        Some(Value::shape(Shape::Object(self.state.make(list))))
    }

    /// Bytes made of a text, of so many zeros, or of a list of numbers.
    fn fold_bytes(&mut self, call: &Call) -> Option<Value> {
        let operand = self.operands(call).into_iter().next()?;
        if let Some(text) = operand.as_text().filter(|text| text.is_ascii()) {
            let bytes = Constant::Bytes(Rc::clone(text));
            return Some(Value { labels: operand.labels.clone(), ..Value::constant(bytes) });
        }
        if let Some(zeros) = operand.as_integer() {
            let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros <= TEXT_MAX)?;
            return Some(Value::constant(Constant::Bytes("\0".repeat(zeros).into())));
        }
        let Some(Shape::Object(id)) = operand.only_shape() else { return None };
        let object = self.state.object(id);
        if object.kind != Kind::List || object.rest.is_some() || !operand.labels.is_empty() {
            return None;
        }
        let byte = |element: &Value| {
            let byte = u8::try_from(element.as_integer()?).ok()?;
            Some(if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' })
        };
        let bytes: Option<String> = object.elements.iter().map(byte).collect();
        Some(Value::constant(Constant::Bytes(bytes?.into())))
    }

    fn fold_range(&mut self, call: &Call) -> Option<Value> {
        let numbers: Option<Vec<i64>> = self.operands(call).iter().map(Value::as_integer).collect();
        let (from, to) = match numbers?.as_slice() {
            [to] => (0, *to),
            [from, to] => (*from, *to),
            _ => return None,
        };
        if to.checked_sub(from)? > RANGE_MAX {
            return None;
        }
        let mut list = Object::new(Kind::List);
        (from..to).for_each(|number| list.push(Value::integer(number)));
        Some(Value::shape(Shape::Object(self.state.make(list))))
    }

    fn fold_length(&mut self, call: &Call) -> Option<Value> {
        let operand = self.operands(call).into_iter().next()?;
        if let Some(text) = operand.as_text() {
            return Some(Value::integer(text.chars().count() as i64));
        }
        match self.length_of(&operand) {
            Some(length) if operand.labels.is_empty() => Some(Value::integer(length as i64)),
            _ => Some(Value::default()),
        }
    }

    fn fold_list(&mut self, whole: Whole, call: &Call) -> Option<Value> {
        let Some(operand) = self.operands(call).into_iter().next() else {
            let kind = if whole == Whole::SetOf { Kind::Set } else { Kind::List };
            return Some(Value::shape(Shape::Object(self.state.make(Object::new(kind)))));
        };
        let Some(Shape::Object(id)) = operand.only_shape() else { return None };
        let other = self.state.object_rc(id);
        let mut list = if whole == Whole::Copy {
            Object::clone(&other)
        } else {
            let mut list = Object::new(Kind::List);
            if other.kind == Kind::Dictionary {
                if let Some(key) = self.element_of(&operand, true) {
                    list.add_to_rest(&key);
                }
            } else {
                list.elements.clone_from(&other.elements);
                list.rest.clone_from(&other.rest);
            }
            list
        };
        if whole == Whole::SetOf {
            list.kind = Kind::Set;
        }
        let shape = Shape::Object(self.state.make(list));
        Some(Value { labels: operand.labels, ..Value::shape(shape) })
    }

    fn fold_dictionary(&mut self, call: &Call) -> Option<Value> {
        let mut dictionary = Object::new(Kind::Dictionary);
        let mut labels = Labels::default();
        for given in &call.given {
            match given.name {
                Some(name) => {
                    let key = Key::Text(self.name(name).into());
                    dictionary.set(Some(&key), &given.value, true);
                }
                None => {
                    labels = labels.join(&given.value.labels);
                    let is_dictionary = given.value.shapes.all().iter().any(|shape| match shape {
                        Shape::Object(id) => self.state.object(*id).kind == Kind::Dictionary,
                        _ => false,
                    });
                    if is_dictionary {
                        self.spread_into(&mut dictionary, &given.value);
                    } else {
                        dictionary.add_to_rest(&Value::labelled(self.deep_labels(&given.value)));
                    }
                }
            }
        }
        let shape = Shape::Object(self.state.make(dictionary));
        Some(Value { labels, ..Value::shape(shape) })
    }

    fn fold_pairs(&mut self, whole: Whole, call: &Call) -> Option<Value> {
        let mut pair = Object::new(Kind::List);
        if whole == Whole::Enumerate {
            pair.push(Value::default());
        }
        for operand in self.operands(call) {
            let element = self.element_of(&operand, false).unwrap_or_default();
            pair.push(element);
        }
        let pair = Value::shape(Shape::Object(self.state.make(pair)));
        let mut list = Object::new(Kind::List);
        list.add_to_rest(&pair);
        Some(Value::shape(Shape::Object(self.state.make(list))))
    }

    fn fold_attribute(&mut self, call: &Call) -> Option<Value> {
        let operands = self.operands(call);
        let (object, name) = (operands.first()?, operands.get(1)?.as_text()?.clone());
        let symbol = self.program.symbols.find(&name)?;
        let target = self.member_target(object, None, &name);
        Some(self.attribute_of(call.id, object, &target, symbol))
    }

    /// What is done with one list or dictionary.
    fn fold_object(&mut self, whole: Whole, call: &Call) -> Option<Value> {
        let receiver = call.target.receiver.clone()?;
        let objects: Vec<ObjectId> = receiver
            .shapes
            .all()
            .iter()
            .filter_map(|shape| match shape {
                Shape::Object(id) => Some(*id),
                _ => None,
            })
            .collect();
        if objects.is_empty() {
            return None;
        }
        let sure = objects.len() == 1;
        let mut result: Option<Value> = None;
        for id in objects {
            let value = self.change_object(whole, id, sure, call);
            result = Some(result.map_or(value.clone(), |before| before.join(&value)));
        }
        let mut result = result?;
        result.labels = result.labels.join(&receiver.labels);
        Some(result)
    }

    fn change_object(&mut self, whole: Whole, id: ObjectId, sure: bool, call: &Call) -> Value {
        let given: Vec<Value> = call.given.iter().map(|given| given.value.clone()).collect();
        let first = given.first().cloned().unwrap_or_default();
        let second = given.get(1).cloned();
        let key = first.constants.single().and_then(Key::of);
        match whole {
            Whole::Append => {
                self.state.change(id, |object| {
                    if sure && object.kind == Kind::List {
                        object.push(first);
                    } else {
                        object.add_to_rest(&first);
                    }
                });
                Value::nothing()
            }
            Whole::Extend => {
                let mut list = Object::clone(self.state.object(id));
                self.extend_list(&mut list, &first);
                self.state.change(id, |object| *object = list);
                Value::nothing()
            }
            Whole::Insert => {
                let index = first.as_integer();
                self.state.change(id, |object| object.insert(index, second.unwrap_or_default()));
                Value::nothing()
            }
            Whole::Pop => self.pop(id, given.is_empty(), key, second),
            Whole::Remove => {
                self.state.change(id, |object| {
                    let constant = first.constants.single();
                    let place = object.elements.iter().position(|element| {
                        constant.is_some() && element.constants.single() == constant
                    });
                    match place {
                        Some(place) => _ = object.elements.remove(place),
                        None => object.forget_order(),
                    }
                });
                Value::nothing()
            }
            Whole::Clear => {
                self.state.change(id, |object| *object = Object::new(object.kind));
                Value::nothing()
            }
            _ => self.read_object(whole, id, sure, key, second, &first),
        }
    }

    fn pop(
        &mut self,
        id: ObjectId,
        is_last: bool,
        key: Option<Key>,
        other: Option<Value>,
    ) -> Value {
        let mut taken = None;
        self.state.change(id, |object| {
            taken = match (object.kind, key) {
                (Kind::List, Some(Key::Integer(index))) => object.remove(Some(index)),
                (Kind::List, _) => object.remove(is_last.then_some(-1)),
                (_, Some(key)) => {
                    let value = object.get(&key);
                    object.fields.remove(&key);
                    value
                }
                _ => object.anything(),
            };
        });
        taken.or(other).unwrap_or_default()
    }

    fn read_object(
        &mut self,
        whole: Whole,
        id: ObjectId,
        sure: bool,
        key: Option<Key>,
        second: Option<Value>,
        first: &Value,
    ) -> Value {
        let object = self.state.object_rc(id);
        match whole {
            Whole::Get => {
                let found = match &key {
                    Some(key) => object.get(key),
                    None => object.anything(),
                };
                let is_sure = key.is_some_and(|key| object.fields.contains_key(&key));
                match (found, second) {
                    (Some(found), _) if is_sure => found,
                    (Some(found), other) => found.join(&other.unwrap_or_else(Value::nothing)),
                    (None, other) => other.unwrap_or_else(Value::nothing),
                }
            }
            Whole::Set => {
                let value = second.unwrap_or_default();
                self.state.change(id, |object| object.set(key.as_ref(), &value, sure));
                Value::nothing()
            }
            Whole::SetDefault => {
                let value = second.unwrap_or_else(Value::nothing);
                match key.as_ref().and_then(|key| object.get(key)) {
                    Some(found) => found,
                    None => {
                        self.state.change(id, |object| object.set(key.as_ref(), &value, sure));
                        value
                    }
                }
            }
            Whole::Update => {
                let mut changed = Object::clone(&object);
                self.spread_into(&mut changed, first);
                self.state.change(id, |object| *object = changed);
                Value::nothing()
            }
            Whole::Keys => {
                let shape = Value::shape(Shape::Object(id));
                let key = self.element_of(&shape, true);
                self.list_of(key)
            }
            Whole::Values => self.list_of(object.anything()),
            Whole::Items => {
                let shape = Value::shape(Shape::Object(id));
                let key = self.element_of(&shape, true).unwrap_or_default();
                let mut pair = Object::new(Kind::List);
                pair.push(key);
                pair.push(object.anything().unwrap_or_default());
                let pair = Value::shape(Shape::Object(self.state.make(pair)));
                self.list_of(Some(pair))
            }
            _ => Value::default(),
        }
    }

    fn list_of(&mut self, element: Option<Value>) -> Value {
        let mut list = Object::new(Kind::List);
        if let Some(element) = element {
            list.add_to_rest(&element);
        }
        Value::shape(Shape::Object(self.state.make(list)))
    }
}
