//! Branches, loops and handlers: ways that part and meet again.

use super::state::Delta;
use super::{Interpreter, Loop, Try};
use crate::ir::{Block, Case, ExprId, Expression, Handler, Symbol};
use crate::pattern::SourceKind;
use crate::value::{Constants, Label, Labels, Shape, Value};

/// Loops are walked at most so often.
const ROUNDS_MAX: usize = 6;

impl Interpreter<'_> {
    /// Walks a way of its own; what it wrote, where it did not end.
    fn way(&mut self, walk: impl FnOnce(&mut Self)) -> Option<Delta> {
        let mark = self.state.mark();
        walk(self);
        let size = self.state.size_since(mark);
        self.steps_of(size);
        let delta = self.state.take(mark);
        (!std::mem::take(&mut self.dead)).then_some(delta)
    }

    /// Goes on after several ways. Where none is left, the way around ends, too.
    fn meet(&mut self, ways: &[Delta]) -> bool {
        if ways.is_empty() || self.cut.is_some() && self.steps == 0 {
            self.dead = true;
            return false;
        }
        self.state.join(ways)
    }

    pub(super) fn branch(&mut self, test: ExprId, then: &Block, otherwise: &Block) {
        let truth = self.eval(test).truth();
        if self.dead {
            return;
        }
        match truth {
            Some(truth) => {
                self.assume(test, truth);
                self.block(if truth { then } else { otherwise });
            }
            None => {
                let mut ways = Vec::new();
                for (truth, block) in [(true, then), (false, otherwise)] {
                    ways.extend(self.way(|walk| {
                        walk.assume(test, truth);
                        walk.block(block);
                    }));
                }
                self.meet(&ways);
            }
        }
    }

    /// A value that depends on a test.
    pub(super) fn conditional(&mut self, test: ExprId, then: ExprId, otherwise: ExprId) -> Value {
        let truth = self.eval(test).truth();
        let mut value: Option<Value> = None;
        let mut ways = Vec::new();
        for (side, expression) in [(true, then), (false, otherwise)] {
            if self.dead || truth.is_some_and(|truth| truth != side) {
                continue;
            }
            ways.extend(self.way(|walk| {
                walk.assume(test, side);
                if walk.dead {
                    return;
                }
                let here = walk.eval(expression);
                if !walk.dead {
                    value = Some(value.take().map_or(here.clone(), |before| before.join(&here)));
                }
            }));
        }
        self.meet(&ways);
        value.unwrap_or_default()
    }

    /// The right side of `and` and `or`, which is only looked at where the left side allows it.
    pub(super) fn only_if(&mut self, test: ExprId, truth: bool, right: ExprId) -> Option<Value> {
        let mut value = None;
        let mut ways = vec![Delta::default()];
        ways.extend(self.way(|walk| {
            walk.assume(test, truth);
            if !walk.dead {
                value = Some(walk.eval(right));
            }
        }));
        if ways.len() > 1 {
            self.meet(&ways);
        }
        value
    }

    pub(super) fn while_loop(&mut self, test: Option<ExprId>, body: &Block, otherwise: &Block) {
        let before = test.map(|test| self.eval(test).truth());
        if self.dead {
            return;
        }
        if before == Some(Some(false)) {
            if let Some(test) = test {
                self.assume(test, false);
            }
            self.block(otherwise);
            return;
        }
        let breaks = self.rounds(|walk| {
            if let Some(test) = test {
                walk.eval(test);
                walk.assume(test, true);
            }
            walk.block(body);
        });
        let mut ways = Vec::new();
        let endless = test.is_none_or(|test| self.eval(test).truth() == Some(true));
        if !endless {
            ways.extend(self.way(|walk| {
                if let Some(test) = test {
                    walk.assume(test, false);
                }
                walk.block(otherwise);
            }));
        }
        ways.extend(breaks);
        self.meet(&ways);
    }

    pub(super) fn for_loop(
        &mut self,
        target: ExprId,
        iterable: ExprId,
        keys: bool,
        body: &Block,
        otherwise: &Block,
    ) {
        let many = self.eval(iterable);
        if self.dead {
            return;
        }
        let span = self.span(iterable);
        let breaks = self.rounds(|walk| {
            if let Some(element) = walk.element_of(&many, keys) {
                walk.assign(target, element, span);
                walk.block(body);
            } else {
                walk.dead = true;
            }
        });
        let mut ways: Vec<Delta> = self.way(|walk| walk.block(otherwise)).into_iter().collect();
        ways.extend(breaks);
        self.meet(&ways);
    }

    /// Walks the body of a loop until nothing new comes of it; the ways that broke out of it.
    fn rounds(&mut self, body: impl Fn(&mut Self)) -> Vec<Delta> {
        let mut breaks = Vec::new();
        for round in 0..ROUNDS_MAX {
            let mark = self.state.mark();
            let one = Loop { mark, breaks: Vec::new(), continues: Vec::new(), is_loop: true };
            self.frame().loops.push(one);
            body(self);
            let size = self.state.size_since(mark);
            self.steps_of(size);
            let delta = self.state.take(mark);
            let one = self.frame().loops.pop().expect("it was pushed above");
            let mut ways = one.continues;
            if !std::mem::take(&mut self.dead) {
                ways.push(delta);
            }
            breaks.extend(one.breaks);
            ways.push(Delta::default());
            if !self.state.join(&ways) || self.steps == 0 {
                break;
            }
            // From the third round on, what changes can be anything.
            if round > 0 {
                for way in &ways {
                    self.state.widen(way);
                }
            }
        }
        breaks
    }

    pub(super) fn breaks(&mut self) {
        if let Some(mark) = self.frame().loops.last().map(|one| one.mark) {
            let delta = self.state.since(mark);
            self.frame().loops.last_mut().expect("it was there").breaks.push(delta);
        }
        self.dead = true;
    }

    pub(super) fn continues(&mut self) {
        let place = self.frame().loops.iter().rposition(|one| one.is_loop);
        if let Some(place) = place {
            let mark = self.frame().loops[place].mark;
            let delta = self.state.since(mark);
            self.frame().loops[place].continues.push(delta);
        }
        self.dead = true;
    }

    pub(super) fn cases(&mut self, subject: ExprId, cases: &[Case]) {
        let value = self.eval(subject);
        if self.dead {
            return;
        }
        let mark = self.state.mark();
        let switch = Loop { mark, breaks: Vec::new(), continues: Vec::new(), is_loop: false };
        self.frame().loops.push(switch);
        let mut ways = Vec::new();
        // What goes on from a case that does not leave.
        let mut fallen: Option<Delta> = None;
        let mut open = true;
        for case in cases {
            let taken = if open { self.case_taken(subject, &value, case) } else { Some(false) };
            if taken == Some(false) && fallen.is_none() {
                continue;
            }
            let before = fallen.take();
            let way = self.way(|walk| {
                let mut starts: Vec<Delta> = before.into_iter().collect();
                if taken != Some(false) {
                    starts.extend(walk.way(|walk| walk.enter_case(subject, &value, case)));
                }
                walk.meet(&starts);
                walk.block(&case.body);
            });
            if taken == Some(true) {
                open = false;
            }
            match way {
                Some(way) if case.falls_through => fallen = Some(way),
                way => ways.extend(way),
            }
        }
        ways.extend(fallen);
        if open {
            ways.push(Delta::default());
        }
        let switch = self.frame().loops.pop().expect("it was pushed above");
        self.state.undo(mark);
        ways.extend(switch.breaks);
        self.meet(&ways);
    }

    /// Whether a case is taken, where that is sure.
    fn case_taken(&mut self, subject: ExprId, value: &Value, case: &Case) -> Option<bool> {
        let _ = subject;
        if case.patterns.is_empty() {
            return if case.guard.is_none() { Some(true) } else { None };
        }
        let mut possible = false;
        for pattern in &case.patterns {
            if self.is_binding(*pattern) {
                let is_name = matches!(self.expression(*pattern), Expression::Name(_));
                if is_name && case.guard.is_none() {
                    return Some(true);
                }
                possible = true;
                continue;
            }
            let pattern = self.eval(*pattern);
            let (Some(have), Some(want)) = (value.constants.closed(), pattern.constants.closed())
            else {
                possible = true;
                continue;
            };
            let equal = have.iter().any(|have| want.iter().any(|want| want.equals(have)));
            if equal && have.len() == 1 && want.len() == 1 && case.guard.is_none() {
                return Some(true);
            }
            possible |= equal;
        }
        if possible { None } else { Some(false) }
    }

    /// Binds what a case binds, and notes what it shows of the subject.
    fn enter_case(&mut self, subject: ExprId, value: &Value, case: &Case) {
        let span = self.span(subject);
        let mut constants: Option<Vec<_>> = Some(Vec::new());
        for pattern in &case.patterns {
            if self.is_binding(*pattern) {
                self.assign(*pattern, value.clone(), span);
                constants = None;
                continue;
            }
            let pattern = self.eval(*pattern);
            match (pattern.constants.closed(), pattern.labels.is_empty(), &mut constants) {
                (Some(all), true, Some(constants)) => constants.extend(all.iter().cloned()),
                _ => constants = None,
            }
        }
        if let Some(constants) = constants.filter(|constants| !constants.is_empty()) {
            let known = Value { constants: Constants::closed_of(constants), ..Value::default() };
            if let Some(place) = self.place(subject) {
                self.refine(&place, known);
            }
        }
        if let Some(guard) = case.guard {
            if self.eval(guard).truth() == Some(false) {
                self.dead = true;
            } else {
                self.assume(guard, true);
            }
        }
    }

    /// Whether a pattern binds names, not only compares.
    fn is_binding(&self, pattern: ExprId) -> bool {
        match self.expression(pattern) {
            Expression::Name(name) => self.is_local(*name),
            other => matches!(
                other,
                Expression::List(_)
                    | Expression::Dictionary(_)
                    | Expression::Record { .. }
                    | Expression::Call { .. }
                    | Expression::Assign { .. }
                    | Expression::Spread(_)
                    | Expression::Unknown(_)
            ),
        }
    }

    fn is_local(&self, name: Symbol) -> bool {
        let frame = &self.frames[self.frame_id().0 as usize];
        self.scopes[frame.function.0 as usize].slots.contains_key(&name)
    }

    pub(super) fn tries(
        &mut self,
        body: &Block,
        handlers: &[Handler],
        otherwise: &Block,
        finally: &Block,
    ) {
        let mark = self.state.mark();
        self.frame().tries.push(Try { mark, raises: Vec::new() });
        self.state.watch();
        self.block(body);
        let between = self.state.watched();
        let has_ended = std::mem::take(&mut self.dead);
        let end = self.state.take(mark);
        let one = self.frame().tries.pop().expect("it was pushed above");
        let mut starts = one.raises;
        starts.push(Delta::default());
        starts.push(end.clone());
        let mut ways = Vec::new();
        for handler in handlers {
            ways.extend(self.way(|walk| {
                walk.state.join(&starts);
                walk.state.join_values(&between);
                walk.handler(handler);
            }));
        }
        if !has_ended {
            ways.extend(self.way(|walk| {
                walk.state.join(std::slice::from_ref(&end));
                walk.block(otherwise);
            }));
        }
        if finally.is_empty() {
            self.meet(&ways);
            return;
        }
        // It runs on the ways that leave, too; those do not go on behind it.
        let goes_on = !ways.is_empty();
        if !goes_on {
            ways = starts;
        }
        self.meet(&ways);
        self.block(finally);
        self.dead |= !goes_on;
    }

    fn handler(&mut self, handler: &Handler) {
        let mut shapes = Vec::new();
        for class in &handler.types {
            for shape in self.eval(*class).shapes.all() {
                if let Shape::Path(path) = shape {
                    shapes.push(Shape::Instance(*path));
                }
            }
        }
        if let Some(name) = handler.name {
            let label = Label {
                kind: SourceKind::Exception,
                span: handler.span,
                name: None,
                harmless: 0,
                trail: None,
            };
            let value = Value {
                labels: Labels::one(label),
                shapes: crate::value::Shapes::of(shapes),
                ..Value::default()
            };
            self.bind(name, value);
        }
        self.block(&handler.body);
    }
}
