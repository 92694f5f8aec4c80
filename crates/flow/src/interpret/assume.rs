//! What a test shows of the values in it.

use super::{Fact, Interpreter, Place, Says};
use crate::ir::{CompareOperator, ExprId, Expression, LogicalOperator, UnaryOperator};
use crate::rules::{Mention, Role};
use crate::value::{Constant, Constants, Kind, Labels, Shape, Shapes, Value};

/// Tests are taken apart to this depth.
const DEPTH_MAX: usize = 12;

impl Interpreter<'_> {
    /// Goes on where an expression, which was just walked, is true or is false.
    pub(super) fn assume(&mut self, test: ExprId, truth: bool) {
        self.assume_at(test, truth, 0);
    }

    fn assume_at(&mut self, test: ExprId, truth: bool, depth: usize) {
        if self.dead || depth > DEPTH_MAX || !self.step() {
            return;
        }
        match self.expression(test) {
            Expression::Unary { operator: UnaryOperator::Not, operand } => {
                self.assume_at(*operand, !truth, depth + 1);
            }
            Expression::Logical { operator, left, right } => {
                self.assume_logical(*operator, [*left, *right], truth, depth);
            }
            Expression::Name(_) | Expression::Attribute { .. } | Expression::Index { .. } => {
                self.assume_value(test, truth, depth);
            }
            Expression::Assign { target, value, .. } => {
                self.assume_at(*value, truth, depth + 1);
                if !self.dead && !matches!(self.expression(*value), Expression::Name(_)) {
                    self.assume_value(*target, truth, depth);
                }
            }
            Expression::Await(inner) | Expression::Cast { value: inner, .. } => {
                self.assume_at(*inner, truth, depth + 1);
            }
            Expression::Call { arguments, .. } => {
                self.apply_facts(test, truth);
                // `bool(x)` and the like.
                if let ([only], true) = (arguments.as_slice(), self.is_truth_call(test)) {
                    self.assume_at(only.value, truth, depth + 1);
                }
            }
            Expression::Compare { .. } => {
                self.apply_facts(test, truth);
                self.assume_compared(test, truth, depth);
            }
            _ => {}
        }
    }

    fn is_truth_call(&self, call: ExprId) -> bool {
        let Expression::Call { callee, .. } = self.expression(call) else { return false };
        let Expression::Name(name) = self.expression(*callee) else { return false };
        matches!(self.name(*name), "bool" | "Boolean") && self.read_name(*name).is_none()
    }

    fn assume_logical(
        &mut self,
        operator: LogicalOperator,
        [left, right]: [ExprId; 2],
        truth: bool,
        depth: usize,
    ) {
        let decided_by_both = match operator {
            LogicalOperator::And => truth,
            LogicalOperator::Or => !truth,
            LogicalOperator::Coalesce => return,
        };
        if decided_by_both {
            self.assume_at(left, truth, depth + 1);
            self.assume_at(right, truth, depth + 1);
            return;
        }
        // Either the left one decides, or it does not and the right one does.
        let mut ways = Vec::new();
        for first in [true, false] {
            let mark = self.state.mark();
            if first {
                self.assume_at(left, truth, depth + 1);
            } else {
                self.assume_at(left, !truth, depth + 1);
                self.assume_at(right, truth, depth + 1);
            }
            let delta = self.state.take(mark);
            if !std::mem::take(&mut self.dead) {
                ways.push(delta);
            }
        }
        if ways.is_empty() {
            self.dead = true;
        } else {
            self.state.join(&ways);
        }
    }

    /// A variable that is true or false itself.
    fn assume_value(&mut self, test: ExprId, truth: bool, depth: usize) {
        if let (false, Expression::Attribute { base, .. }) = (truth, self.expression(test)) {
            // What is empty is equal to the empty text.
            let labels = self.argument_labels(*base);
            let mut facts = Vec::new();
            self.note_compared(&mut facts, test, &labels, &Value::text_of(""), true);
            for fact in facts {
                self.apply(&fact);
            }
        }
        let Some(place) = self.place(test) else { return };
        let Some(value) = self.read_place(&place) else { return };
        if value.truth().is_some_and(|known| known != truth) {
            self.dead = true;
            return;
        }
        if let Some(inner) = value.test
            && inner.frame == self.frame_id()
            && depth < DEPTH_MAX
        {
            self.assume_earlier(inner.expression, inner.time, truth, depth + 1);
        }
        let constants = value.constants.retain(|constant| constant.truth() != Some(!truth));
        let Some(constants) = constants else {
            self.dead = true;
            return;
        };
        let mut refined = Value { constants, ..value };
        if !truth && !self.has_object(&refined) {
            // What is empty carries nothing.
            refined.labels = Labels::default();
            refined.text = None;
        }
        self.refine(&place, refined);
    }

    fn has_object(&self, value: &Value) -> bool {
        value.shapes.all().iter().any(|shape| matches!(shape, Shape::Object(_)))
    }

    /// Where the variable, or the arguments of the call, come from.
    fn argument_labels(&mut self, expression: ExprId) -> Labels {
        let parts = match self.expression(expression) {
            Expression::Call { arguments, .. } => arguments.iter().map(|one| one.value).collect(),
            _ => vec![expression],
        };
        let mut labels = Labels::default();
        for part in parts {
            if let Some(value) = self.place(part).and_then(|place| self.read_place(&place)) {
                labels = labels.join(&value.labels);
            }
        }
        labels
    }

    /// A test made earlier, whose result is in a variable: facts of it still hold of what was not
    /// written since.
    fn assume_earlier(&mut self, test: ExprId, time: u32, truth: bool, depth: usize) {
        let _ = time;
        self.assume_at(test, truth, depth);
    }

    /// Only what rules say: the call of a guard that is compared with something is true where it is
    /// equal.
    fn apply_rule_facts(&mut self, test: ExprId, truth: bool) {
        self.apply_those(test, |fact| fact.is_rule && fact.truth == truth);
    }

    fn apply_facts(&mut self, test: ExprId, truth: bool) {
        self.apply_those(test, |fact| fact.truth == truth);
    }

    fn apply_those(&mut self, test: ExprId, wanted: impl Fn(&Fact) -> bool) {
        let Some(facts) = self.facts.get(&test) else { return };
        let facts: Vec<Fact> = facts.iter().filter(|fact| wanted(fact)).cloned().collect();
        for fact in facts {
            if let Place::Cell(cell) = fact.place
                && self.state.written(cell) > fact.time
            {
                continue;
            }
            self.apply(&fact);
        }
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        let Some(value) = self.read_place(&fact.place) else { return };
        match &fact.says {
            Says::Impossible => self.dead = true,
            Says::Is(known) => self.refine(&fact.place, known.clone()),
            Says::Harmless(weaknesses) => {
                let labels = value.labels.without(*weaknesses);
                let text = if *weaknesses == u128::MAX { None } else { value.text.clone() };
                self.refine(&fact.place, Value { labels, text, ..value });
            }
        }
    }

    /// `(x is None) == False` and `f(x) is True`.
    fn assume_compared(&mut self, test: ExprId, truth: bool, depth: usize) {
        let Expression::Compare { operator, left, right } = self.expression(test) else { return };
        let equal = match operator {
            CompareOperator::Equal | CompareOperator::Is => true,
            CompareOperator::NotEqual | CompareOperator::IsNot => false,
            _ => return,
        };
        let (inner, known) = match (self.expression(*left), self.expression(*right)) {
            (_, Expression::Boolean(known)) => (*left, *known),
            (Expression::Boolean(known), _) => (*right, *known),
            // A match that is nothing did not match.
            (Expression::Call { .. } | Expression::Name(_), Expression::Nothing) => (*left, false),
            (Expression::Call { .. }, _) => {
                self.apply_rule_facts(*left, equal == truth);
                return;
            }
            _ => return,
        };
        // Only `x == True` says that it is true; `x != True` may be anything else.
        let holds = known == (equal == truth);
        if equal == truth || self.is_test(inner) {
            let is_nothing = matches!(self.expression(*right), Expression::Nothing);
            if !is_nothing || self.is_test(inner) {
                self.assume_at(inner, holds, depth + 1);
            }
        }
    }

    /// Whether an expression is a test, or a variable with the result of one.
    fn is_test(&self, expression: ExprId) -> bool {
        match self.expression(expression) {
            Expression::Call { .. } | Expression::Compare { .. } | Expression::Logical { .. } => {
                true
            }
            Expression::Name(name) => {
                self.read_name(*name).is_some_and(|value| value.test.is_some())
            }
            _ => false,
        }
    }

    /// Notes what a comparison says of the two sides.
    pub(super) fn note_comparison(
        &mut self,
        test: ExprId,
        operator: CompareOperator,
        sides: [ExprId; 2],
        values: [&Value; 2],
    ) {
        let (equal, truth) = match operator {
            CompareOperator::Equal | CompareOperator::Is => (true, true),
            CompareOperator::NotEqual | CompareOperator::IsNot => (true, false),
            CompareOperator::In => (false, true),
            CompareOperator::NotIn => (false, false),
            _ => return,
        };
        let mut facts = Vec::new();
        for (side, other) in [(0, 1), (1, 0)] {
            let labels = &values[side].labels;
            self.note_compared(&mut facts, sides[side], labels, values[other], truth);
        }
        if equal {
            for (side, value, other) in
                [(sides[0], values[0], values[1]), (sides[1], values[1], values[0])]
            {
                self.note_equal(&mut facts, side, value, other, truth);
            }
        } else {
            self.note_member(&mut facts, sides[0], values, truth);
        }
        if facts.is_empty() {
            self.facts.remove(&test);
        } else {
            self.facts.insert(test, facts);
        }
    }

    /// An attribute that says, by a rule, what it was taken from: where it is equal to something
    /// that nobody outside chooses, all that comes from the same origin is harmless.
    fn note_compared(
        &mut self,
        facts: &mut Vec<Fact>,
        side: ExprId,
        labels: &Labels,
        other: &Value,
        truth: bool,
    ) {
        let Expression::Attribute { base, name } = self.expression(side) else { return };
        if labels.is_empty() || !self.deep_labels(other).is_empty() {
            return;
        }
        // Of the result of a call only the name of the attribute is looked at.
        let object = self.place(*base).and_then(|place| self.read_place(&place));
        let target = self.member_target(&object.unwrap_or_default(), Some(*base), self.name(*name));
        let time = self.state.now();
        for entry in self.entries(Mention::Compared, &target) {
            let Role::Guard(guard) = entry.role else { continue };
            let Some(weakness) = self.rules.guards[guard].0 else { continue };
            for place in self.places_from(labels) {
                let says = Says::Harmless(1 << weakness);
                facts.push(Fact { place, truth, says, is_rule: true, time });
            }
        }
    }

    /// The variables of the function being walked that hold data of the same origins.
    pub(super) fn places_from(&self, labels: &Labels) -> Vec<Place> {
        let frame = &self.frames[self.frame_id().0 as usize];
        let count = self.scopes[frame.function.0 as usize].slots.len();
        let cells = frame.base..frame.base + u32::try_from(count).unwrap_or(0);
        let shares =
            |cell: &u32| self.state.read(*cell).is_some_and(|value| value.labels.shares(labels));
        cells.filter(shares).map(Place::Cell).collect()
    }

    /// Where the value of an expression is kept, or the text that it is made from as it is.
    pub(super) fn place_or_origin(&mut self, expression: ExprId) -> Option<Place> {
        self.place(expression).or_else(|| self.origins.get(&expression).cloned())
    }

    fn note_equal(
        &mut self,
        facts: &mut Vec<Fact>,
        side: ExprId,
        value: &Value,
        other: &Value,
        truth: bool,
    ) {
        if !other.is_constant() || value.labels.is_empty() && value.constants.all().is_empty() {
            return;
        }
        let Some(place) = self.place_or_origin(side) else { return };
        let time = self.state.now();
        if self.origins.contains_key(&side) {
            let says = Says::Harmless(u128::MAX);
            facts.push(Fact { place, truth, says, is_rule: false, time });
            return;
        }
        let known = Value { constants: other.constants.clone(), ..Value::default() };
        facts.push(Fact {
            place: place.clone(),
            truth,
            says: Says::Is(known),
            is_rule: false,
            time,
        });
        // Where it is not equal to the only constant, that one is left out.
        if let Some(single) = other.constants.single() {
            let says = match value.constants.retain(|constant| !constant.equals(single)) {
                Some(constants) => Says::Is(Value { constants, ..value.clone() }),
                None => Says::Impossible,
            };
            facts.push(Fact { place, truth: !truth, says, is_rule: false, time });
        }
    }

    /// Membership in something that nobody outside chooses.
    fn note_member(
        &mut self,
        facts: &mut Vec<Fact>,
        side: ExprId,
        [value, collection]: [&Value; 2],
        truth: bool,
    ) {
        if value.labels.is_empty() && value.constants.all().is_empty() {
            return;
        }
        let Some(place) = self.place_or_origin(side) else { return };
        let time = self.state.now();
        if let Some(constants) = self.members(collection) {
            let says = if self.origins.contains_key(&side) {
                Says::Harmless(u128::MAX)
            } else {
                Says::Is(Value { constants, ..Value::default() })
            };
            facts.push(Fact { place, truth, says, is_rule: false, time });
        }
    }

    /// What the members of a collection can be, where none of them comes from outside.
    fn members(&mut self, collection: &Value) -> Option<Constants> {
        if !collection.labels.is_empty() || collection.text.is_some() {
            return None;
        }
        if !collection.constants.all().is_empty() {
            // A part of a constant text can be any part of it.
            return collection.is_constant().then_some(Constants::Unknown);
        }
        let mut all: Vec<Constant> = Vec::new();
        let mut is_open = matches!(collection.shapes, Shapes::Unknown);
        for shape in collection.shapes.all() {
            let Shape::Object(id) = shape else {
                is_open = true;
                continue;
            };
            let object = self.state.object_rc(*id);
            if object.kind == Kind::Dictionary {
                all.extend(object.fields.keys().map(|key| match key {
                    crate::value::Key::Integer(number) => Constant::Integer(*number),
                    crate::value::Key::Text(text) => Constant::Text(text.clone()),
                }));
                is_open |= object.rest.is_some();
                continue;
            }
            if !matches!(object.kind, Kind::List | Kind::Set) {
                is_open = true;
            }
            for element in object.elements.iter().chain(&object.rest) {
                if !element.labels.is_empty() {
                    return None;
                }
                match element.constants.closed() {
                    Some(constants) => all.extend(constants.iter().cloned()),
                    None => is_open = true,
                }
            }
        }
        Some(if is_open { Constants::Unknown } else { Constants::closed_of(all) })
    }
}
