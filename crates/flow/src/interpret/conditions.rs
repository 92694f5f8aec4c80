//! Conditions of rules, judged on values.

use super::Interpreter;
use super::calls::Call;
use crate::ir::Expression;
use crate::pattern::{Condition, Scalar, Selectors};
use crate::value::{Constant, Key, Kind, Piece, Shape, Value};

impl Interpreter<'_> {
    /// Whether all conditions hold. `weakness` is the one that labels are judged for.
    pub(super) fn all_hold(
        &mut self,
        conditions: &[Condition],
        call: &Call,
        weakness: Option<usize>,
    ) -> bool {
        conditions.iter().all(|condition| self.holds(condition, call, weakness))
    }

    fn holds(&mut self, condition: &Condition, call: &Call, weakness: Option<usize>) -> bool {
        if let Some(any) = &condition.any
            && !any.iter().any(|one| self.holds(one, call, weakness))
        {
            return false;
        }
        if let Some(all) = &condition.all
            && !self.all_hold(all, call, weakness)
        {
            return false;
        }
        if let Some(not) = &condition.not
            && self.holds(not, call, weakness)
        {
            return false;
        }
        if let Some(context) = &condition.context
            && !self.context_names(call).iter().any(|name| context.is_match(name))
        {
            return false;
        }
        if let Some(names) = &condition.calls
            && !self.calls_around(&names.0)
        {
            return false;
        }
        let values = match &condition.argument {
            Some(selectors) => self.judged(selectors, condition, call),
            None => vec![call.callee.clone()],
        };
        if let Some(missing) = condition.missing {
            let is_missing = values.is_empty() && !self.gives_unknown(call);
            if is_missing != missing {
                return false;
            }
            if missing {
                return true;
            }
        }
        if condition.argument.is_none() && !condition.judges_value() {
            return true;
        }
        if !condition.judges_value() {
            return condition.missing.is_some() || !values.is_empty() || condition.is_compound();
        }
        values.iter().any(|value| {
            self.value_holds(condition, value, call, weakness)
                || (condition.is.is_some() || condition.matches.is_some())
                    && self
                        .elements(value)
                        .iter()
                        .any(|element| self.value_holds(condition, element, call, weakness))
        })
    }

    /// What is in a list: one of several algorithms, methods, names is one that is meant.
    fn elements(&self, value: &Value) -> Vec<Value> {
        let mut all = Vec::new();
        for shape in value.shapes.all() {
            if let Shape::Object(id) = shape {
                let object = self.state.object(*id);
                if object.kind == Kind::List {
                    all.extend(object.elements.iter().chain(&object.rest).cloned());
                }
            }
        }
        all
    }

    /// Whether a call is given many arguments at once that are not all known.
    fn gives_unknown(&self, call: &Call) -> bool {
        call.given.iter().any(|given| match given.value.only_shape() {
            _ if !given.is_spread => false,
            Some(Shape::Object(id)) => {
                let object = self.state.object(id);
                object.rest.is_some() || object.keys_open || !given.value.labels.is_empty()
            }
            _ => true,
        })
    }

    fn judged(&mut self, selectors: &Selectors, condition: &Condition, call: &Call) -> Vec<Value> {
        let selected = self.selected(selectors, condition.name.as_deref(), call);
        let mut values: Vec<Value> = selected.into_iter().map(|(value, _)| value).collect();
        if condition.part.is_some() {
            let part = condition.part.as_ref();
            values = values.iter().flat_map(|value| self.parts(value, part)).collect();
        }
        let Some(key) = &condition.key else { return values };
        let key = Key::from(key);
        let mut entries = Vec::new();
        for value in values {
            for shape in value.shapes.all() {
                if let Shape::Object(id) = shape {
                    let object = self.state.object(*id);
                    if object.kind == Kind::List || object.fields.contains_key(&key) {
                        entries.extend(object.get(&key));
                    }
                }
            }
        }
        entries
    }

    /// Whether the function around, or the class that it is a method of, calls something of one of
    /// these names.
    fn calls_around(&mut self, names: &[String]) -> bool {
        let program = self.program;
        let mut function = &program.functions[self.frame().function.0 as usize];
        while let Some(parent) = function.parent.filter(|parent| parent.0 > 0) {
            function = &program.functions[parent.0 as usize];
        }
        let around = match function.class {
            Some(class) => program.classes[class.0 as usize].span,
            None => function.span,
        };
        program.expressions.iter().any(|(expression, span)| {
            let Expression::Call { callee, .. } = expression else { return false };
            if span.start < around.start || span.end > around.end {
                return false;
            }
            let name = match &program.expressions[callee.0 as usize].0 {
                Expression::Attribute { name, .. } | Expression::Name(name) => *name,
                _ => return false,
            };
            let text = program.symbols.text(name);
            names.iter().any(|wanted| wanted == text)
        })
    }

    /// Names around: of the function, of what is assigned to, of keywords.
    fn context_names(&self, call: &Call) -> Vec<String> {
        let mut names: Vec<String> =
            self.context.iter().map(|name| self.name(*name).to_owned()).collect();
        if call.assigned.is_some() {
            names.extend(
                call.callee_at.and_then(|at| self.last_name(at)).map(|n| self.name(n).to_owned()),
            );
        }
        names
    }

    fn value_holds(
        &mut self,
        condition: &Condition,
        value: &Value,
        call: &Call,
        weakness: Option<usize>,
    ) -> bool {
        if let Some(is) = &condition.is {
            let can_be = |scalar: &Scalar| value.constants.all().iter().any(|c| equals(c, scalar));
            if !is.0.iter().any(can_be) {
                return false;
            }
        }
        if let Some(is_nothing) = condition.is_nothing
            && value.constants.all().contains(&Constant::Nothing) != is_nothing
        {
            return false;
        }
        if let Some(constant) = condition.constant
            && self.is_entirely_known(value) != constant
        {
            return false;
        }
        if let Some(matcher) = &condition.matches
            && !self.texts_of(value).iter().any(|text| matcher.is_match(text))
        {
            return false;
        }
        if !numbers_hold(condition, value) {
            return false;
        }
        if let Some(tainted) = condition.tainted {
            let harmful = weakness.is_some_and(|weakness| self.is_harmful(value, weakness));
            if harmful != tainted {
                return false;
            }
        }
        if let Some(paths) = &condition.path {
            let is = |shape: &Shape| match shape {
                Shape::Path(path) => {
                    let text = self.paths.text(*path);
                    paths
                        .0
                        .iter()
                        .any(|wanted| wanted.strip_prefix("builtins.").unwrap_or(wanted) == &*text)
                }
                _ => false,
            };
            if !value.shapes.all().iter().any(is) {
                return false;
            }
        }
        if let Some(types) = &condition.instance
            && !self.is_instance(value, &types.0)
        {
            return false;
        }
        match &condition.test {
            Some(test) => self.test(test, value, call),
            None => true,
        }
    }

    pub(super) fn is_instance(&mut self, value: &Value, types: &[String]) -> bool {
        if types.is_empty() {
            return false;
        }
        let mut all: Vec<_> = self.built_in_type(value).into_iter().collect();
        for shape in value.shapes.all() {
            match *shape {
                Shape::Instance(path) => all.push(path),
                Shape::Object(id) => match self.state.object(id).kind {
                    Kind::Instance(class) => all.extend(self.outside_bases(class)),
                    Kind::List => {
                        all.push(self.built_in(crate::language::BuiltIn::List));
                    }
                    Kind::Dictionary => {
                        all.push(self.built_in(crate::language::BuiltIn::Dictionary));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let mut texts = Vec::new();
        for path in all {
            for base in self.bases_of(path) {
                texts.push(self.paths.text(base));
            }
        }
        texts.iter().any(|text| types.iter().any(|wanted| wanted.as_str() == &**text))
    }

    /// Whether nothing of a value comes in when the program runs.
    fn is_entirely_known(&self, value: &Value) -> bool {
        if value.is_constant() {
            return true;
        }
        let Some(Shape::Object(id)) = value.only_shape() else { return false };
        let object = self.state.object(id);
        object
            .elements
            .iter()
            .chain(object.fields.values())
            .chain(&object.rest)
            .all(Value::is_constant)
    }

    /// The texts that a value can be; what is not known in them stands as one character.
    pub(super) fn texts_of(&self, value: &Value) -> Vec<String> {
        let mut texts: Vec<String> = value
            .constants
            .all()
            .iter()
            .filter_map(|constant| match constant {
                Constant::Text(t) | Constant::Bytes(t) | Constant::Regex(t) => Some(t.to_string()),
                Constant::Integer(number) => Some(number.to_string()),
                _ => None,
            })
            .collect();
        if let Some(pieces) = &value.text {
            let pieces = pieces.all().iter().map(|piece| match piece {
                Piece::Known(text) => text,
                Piece::Unknown(_) => "\u{fffc}",
            });
            texts.push(pieces.collect());
        }
        texts
    }
}

impl Condition {
    fn judges_value(&self) -> bool {
        self.is.is_some()
            || self.is_nothing.is_some()
            || self.matches.is_some()
            || self.constant.is_some()
            || self.below.is_some()
            || self.above.is_some()
            || self.bits.is_some()
            || self.path.is_some()
            || self.instance.is_some()
            || self.tainted.is_some()
            || self.test.is_some()
    }

    fn is_compound(&self) -> bool {
        self.any.is_some() || self.all.is_some() || self.not.is_some()
    }
}

fn numbers_hold(condition: &Condition, value: &Value) -> bool {
    let any = |test: &dyn Fn(f64) -> bool| {
        value.constants.all().iter().filter_map(Constant::number).any(test)
    };
    condition.below.is_none_or(|limit| any(&|number| number < limit))
        && condition.above.is_none_or(|limit| any(&|number| number > limit))
        && condition.bits.is_none_or(|bits| {
            value
                .constants
                .all()
                .iter()
                .any(|constant| matches!(constant, Constant::Integer(number) if number & bits != 0))
        })
}

fn equals(constant: &Constant, scalar: &Scalar) -> bool {
    match (constant, scalar) {
        (Constant::Boolean(one), Scalar::Boolean(other)) => one == other,
        (Constant::Integer(one), Scalar::Integer(other)) => one == other,
        (Constant::Float(one), Scalar::Float(other)) => one == other,
        (Constant::Text(one) | Constant::Bytes(one), Scalar::Text(other)) => **one == **other,
        _ => false,
    }
}
