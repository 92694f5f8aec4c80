//! Operators on values.

use super::Interpreter;
use crate::ir::{BinaryOperator, CompareOperator};
use crate::value::{
    Builder, CONSTANTS_MAX, Constant, Constants, Kind, Object, Shape, Shapes, TEXT_MAX, Value,
};

/// Lists with more elements are not written out.
const REPEATED_MAX: usize = 64;

impl Interpreter<'_> {
    pub(super) fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &Value,
        right: &Value,
    ) -> Value {
        if let Some(constants) = each_pair(left, right, |left, right| {
            calculate(operator, left, right, |one| self.written(one))
        }) {
            let labels = left.labels.join(&right.labels);
            return Value { constants, labels, ..Value::default() };
        }
        match operator {
            BinaryOperator::Multiply if right.as_integer().is_some() => self
                .repeated_list(left, right)
                .unwrap_or_else(|| Value::labelled(self.deep_labels(left))),
            BinaryOperator::Add => self.add(left, right),
            BinaryOperator::Remainder if is_text(left) => self.format_percent(left, right),
            BinaryOperator::Divide if is_pathlike(left) => self.add(left, right),
            _ => {
                let labels = self.deep_labels(left).join(&self.deep_labels(right));
                let is_path = |shape: &Shape| matches!(shape, Shape::Path(_));
                let shapes = match operator {
                    // Flags of a module.
                    BinaryOperator::Or if right.shapes.all().iter().any(is_path) => {
                        let flags = left.shapes.all().iter().chain(right.shapes.all());
                        Shapes::of(flags.copied().filter(is_path).collect())
                    }
                    // `a | b` of two sets or dictionaries, `path / name`.
                    BinaryOperator::Or | BinaryOperator::Divide
                        if !left.shapes.all().iter().any(is_path) =>
                    {
                        left.shapes.clone()
                    }
                    _ => Shapes::Unknown,
                };
                Value { labels, shapes, ..Value::default() }
            }
        }
    }

    /// `[0] * 16`.
    fn repeated_list(&mut self, list: &Value, times: &Value) -> Option<Value> {
        let Some(Shape::Object(id)) = list.only_shape() else { return None };
        let object = self.state.object(id);
        let times = usize::try_from(times.as_integer()?.max(0)).ok()?;
        let count = object.elements.len().checked_mul(times)?;
        if object.kind != Kind::List || object.rest.is_some() || count > REPEATED_MAX {
            return None;
        }
        let mut repeated = Object::new(Kind::List);
        for element in object.elements.iter().cycle().take(count) {
            repeated.push(element.clone());
        }
        let shape = Shape::Object(self.state.make(repeated));
        Some(Value { labels: list.labels.clone(), ..Value::shape(shape) })
    }

    fn add(&mut self, left: &Value, right: &Value) -> Value {
        let lists: Vec<_> = [left, right]
            .iter()
            .filter_map(|side| match side.only_shape() {
                Some(Shape::Object(id)) if self.state.object(id).kind == Kind::List => Some(id),
                _ => None,
            })
            .collect();
        if !lists.is_empty() {
            let mut list = Object::new(Kind::List);
            self.extend_list(&mut list, left);
            self.extend_list(&mut list, right);
            let labels = left.labels.join(&right.labels);
            let shape = Shape::Object(self.state.make(list));
            return Value { labels, ..Value::shape(shape) };
        }
        let mut builder = Builder::default();
        for side in [left, right] {
            let labels = self.deep_labels(side);
            let side = Value { labels, ..side.clone() };
            builder.value(&side, |constant| self.written(constant));
        }
        builder.build()
    }

    /// `text % values`.
    fn format_percent(&mut self, format: &Value, values: &Value) -> Value {
        let labels = self.deep_labels(values).join(&format.labels);
        let Some(text) = format.as_text().cloned() else {
            let mut builder = Builder::default();
            builder.value(format, |constant| self.written(constant));
            builder.unknown(&labels);
            return builder.build();
        };
        let given: Vec<Value> = match values.only_shape() {
            Some(Shape::Object(id)) if self.state.object(id).kind == Kind::List => {
                let object = self.state.object_rc(id);
                if object.rest.is_some() {
                    return Value::labelled(labels);
                }
                object.elements.clone()
            }
            Some(Shape::Object(id)) if self.state.object(id).kind == Kind::Dictionary => {
                return self.format_named(&text, id);
            }
            _ => vec![values.clone()],
        };
        let mut given = given.into_iter();
        let mut builder = Builder::default();
        let mut rest = &*text;
        while let Some((before, after)) = rest.split_once('%') {
            builder.known(before);
            let skipped = after.trim_start_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '#' | '.')
            });
            let mut characters = skipped.chars();
            match characters.next() {
                Some('%') => builder.known("%"),
                Some(kind) => {
                    let value = given.next().unwrap_or_default();
                    self.formatted(&mut builder, &value, is_number_format(kind));
                }
                None => {}
            }
            rest = characters.as_str();
        }
        builder.known(rest);
        builder.build()
    }

    fn format_named(&mut self, text: &str, id: crate::value::ObjectId) -> Value {
        let object = self.state.object_rc(id);
        let mut builder = Builder::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("%(") {
            builder.known(before);
            let Some((name, after)) = after.split_once(')') else { break };
            let value = object.get(&crate::value::Key::Text(name.into())).unwrap_or_default();
            let mut characters = after.chars();
            let kind = characters.next().unwrap_or('s');
            self.formatted(&mut builder, &value, is_number_format(kind));
            rest = characters.as_str();
        }
        builder.known(rest);
        builder.build()
    }

    /// One value in a text; a number carries no text.
    pub(super) fn formatted(&mut self, builder: &mut Builder, value: &Value, is_number: bool) {
        if is_number {
            let number = Value { constants: value.constants.clone(), ..Value::default() };
            builder.value(&number, |constant| self.written(constant));
            return;
        }
        let value = Value { labels: self.deep_labels(value), ..value.clone() };
        builder.value(&value, |constant| self.written(constant));
    }

    pub(super) fn compare(
        &mut self,
        operator: CompareOperator,
        left: &Value,
        right: &Value,
    ) -> Value {
        if matches!(operator, CompareOperator::In | CompareOperator::NotIn) {
            let found = self.contains(right, left);
            let truth = found.map(|found| found == (operator == CompareOperator::In));
            return truth.map(Value::boolean).unwrap_or_default();
        }
        let compared = each_pair(left, right, |left, right| {
            decide(operator, left, right).map(Constant::Boolean)
        });
        if let Some(constants) = compared {
            return Value { constants, ..Value::default() };
        }
        Value::default()
    }

    /// Whether something is in a collection, where that is known.
    fn contains(&mut self, collection: &Value, value: &Value) -> Option<bool> {
        let wanted = value.constants.closed()?;
        let [wanted] = wanted else { return None };
        if let (Some(text), Constant::Text(part)) = (collection.as_text(), wanted) {
            return Some(text.contains(&**part));
        }
        let Some(Shape::Object(id)) = collection.only_shape() else { return None };
        if !collection.labels.is_empty() {
            return None;
        }
        let object = self.state.object(id);
        let key = crate::value::Key::of(wanted);
        if object.kind == Kind::Dictionary {
            let has = key.is_some_and(|key| object.fields.contains_key(&key));
            return (object.rest.is_none()).then_some(has);
        }
        if !matches!(object.kind, Kind::List | Kind::Set) || object.rest.is_some() {
            return None;
        }
        let mut is_sure = true;
        for element in &object.elements {
            match element.constants.single() {
                Some(constant) if constant.equals(wanted) => return Some(true),
                Some(_) => {}
                None => is_sure = false,
            }
        }
        is_sure.then_some(false)
    }
}

fn is_text(value: &Value) -> bool {
    value.text.is_some()
        || value.constants.all().iter().any(|c| matches!(c, Constant::Text(_) | Constant::Bytes(_)))
}

/// Whether `/` puts names together: what is divided is no number.
fn is_pathlike(value: &Value) -> bool {
    value.text.is_some()
}

fn is_number_format(kind: char) -> bool {
    matches!(kind, 'd' | 'i' | 'u' | 'f' | 'F' | 'e' | 'g' | 'x' | 'X' | 'o')
}

/// All results for all constants that both sides can be.
fn each_pair(
    left: &Value,
    right: &Value,
    mut result: impl FnMut(&Constant, &Constant) -> Option<Constant>,
) -> Option<Constants> {
    let (left, right) = (left.constants.closed()?, right.constants.closed()?);
    let mut all: Vec<Constant> = Vec::new();
    for left in left {
        for right in right {
            let one = result(left, right)?;
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    (all.len() <= CONSTANTS_MAX).then(|| Constants::closed_of(all))
}

fn calculate(
    operator: BinaryOperator,
    left: &Constant,
    right: &Constant,
    written: impl Fn(&Constant) -> Option<std::rc::Rc<str>>,
) -> Option<Constant> {
    match (left, right) {
        (Constant::Integer(left), Constant::Integer(right)) => whole(operator, *left, *right),
        (Constant::Bytes(left), Constant::Bytes(right)) if operator == BinaryOperator::Add => {
            (left.len() + right.len() <= TEXT_MAX)
                .then(|| Constant::Bytes(format!("{left}{right}").into()))
        }
        (Constant::Text(text), Constant::Integer(times))
            if operator == BinaryOperator::Multiply =>
        {
            repeated(text, *times).map(Constant::Text)
        }
        (Constant::Bytes(bytes), Constant::Integer(times))
            if operator == BinaryOperator::Multiply =>
        {
            repeated(bytes, *times).map(Constant::Bytes)
        }
        (Constant::Text(_), _) | (_, Constant::Text(_)) if operator == BinaryOperator::Add => {
            let (left, right) = (written(left)?, written(right)?);
            (left.len() + right.len() <= TEXT_MAX)
                .then(|| Constant::Text(format!("{left}{right}").into()))
        }
        _ => {
            let (left, right) = (left.number()?, right.number()?);
            let number = match operator {
                BinaryOperator::Add => left + right,
                BinaryOperator::Subtract => left - right,
                BinaryOperator::Multiply => left * right,
                BinaryOperator::Divide if right != 0.0 => left / right,
                _ => return None,
            };
            Some(Constant::Float(number))
        }
    }
}

fn repeated(text: &str, times: i64) -> Option<std::rc::Rc<str>> {
    let times = usize::try_from(times.max(0)).ok()?;
    let bytes = text.len().checked_mul(times)?;
    (bytes <= TEXT_MAX).then(|| text.repeat(times).into())
}

/// Whole numbers. Division of negative ones rounds differently in different languages.
fn whole(operator: BinaryOperator, left: i64, right: i64) -> Option<Constant> {
    let positive = left >= 0 && right > 0;
    let number = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::FloorDivide if positive => left.checked_div(right),
        BinaryOperator::Remainder if positive => left.checked_rem(right),
        BinaryOperator::Divide if positive && left % right == 0 => left.checked_div(right),
        BinaryOperator::Power => left.checked_pow(u32::try_from(right).ok()?),
        BinaryOperator::ShiftLeft if (0..63).contains(&right) => {
            left.checked_mul(1_i64.checked_shl(u32::try_from(right).ok()?)?)
        }
        BinaryOperator::ShiftRight => left.checked_shr(u32::try_from(right).ok()?),
        BinaryOperator::And => Some(left & right),
        BinaryOperator::Or => Some(left | right),
        BinaryOperator::Xor => Some(left ^ right),
        _ => None,
    };
    number.map(Constant::Integer)
}

fn decide(operator: CompareOperator, left: &Constant, right: &Constant) -> Option<bool> {
    match operator {
        CompareOperator::Equal => Some(left.equals(right)),
        CompareOperator::NotEqual => Some(!left.equals(right)),
        CompareOperator::Is => is(left, right),
        CompareOperator::IsNot => is(left, right).map(|is| !is),
        CompareOperator::Less => order(left, right).map(std::cmp::Ordering::is_lt),
        CompareOperator::LessEqual => order(left, right).map(std::cmp::Ordering::is_le),
        CompareOperator::Greater => order(left, right).map(std::cmp::Ordering::is_gt),
        CompareOperator::GreaterEqual => order(left, right).map(std::cmp::Ordering::is_ge),
        CompareOperator::In | CompareOperator::NotIn | CompareOperator::InstanceOf => None,
    }
}

/// Identity: sure for `None` and truths only.
fn is(left: &Constant, right: &Constant) -> Option<bool> {
    let single = |one: &Constant| matches!(one, Constant::Nothing | Constant::Boolean(_));
    (single(left) || single(right)).then_some(left == right)
}

fn order(left: &Constant, right: &Constant) -> Option<std::cmp::Ordering> {
    if let (Constant::Text(left), Constant::Text(right)) = (left, right) {
        return Some(left.cmp(right));
    }
    left.number()?.partial_cmp(&right.number()?)
}
