//! The walk over statements.

use super::evaluate::Truth;
use super::number::Number;
use super::state::{Block, Kind, Life, Null, Place, Pointer, Shared, State, Target, Value};
use super::{Frame, Walk};
use crate::ir::{
    BinaryOperator, Case, ExprId, Expression, FunctionId, Parameter, StatementKind, StmtId,
};

/// Rounds of a loop before its bounds are given up, and after.
const ROUNDS: usize = 4;
/// Rounds that are walked one by one where the test is known.
const UNROLLED_MAX: usize = 3;
/// Functions that are walked inside one another.
const INSIDE_MAX: usize = 4;

impl Walk<'_> {
    /// Walks a function that somebody else calls.
    pub(super) fn start(&mut self, id: FunctionId) {
        let program = self.program;
        let function = &program.functions[id.0 as usize];
        let mut state = State::default();
        self.open(id);
        let is_main = function.name.is_some_and(|name| self.text(name) == "main");
        for (position, parameter) in function.parameters.iter().enumerate() {
            let value = self.given(&mut state, parameter, is_main && position == 1);
            let place = (self.frame(), parameter.name);
            state.variables.insert(place, value);
        }
        self.run(&mut state, id);
        self.frames.pop();
    }

    fn open(&mut self, function: FunctionId) {
        self.frame_count += 1;
        self.frames.push(Frame {
            function,
            number: self.frame_count,
            returns: Vec::new(),
            breaks: Vec::new(),
            continues: Vec::new(),
        });
    }

    /// The number of the function being walked.
    pub(super) fn frame(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.number)
    }

    pub(super) fn function(&self) -> FunctionId {
        self.frames.last().map_or(FunctionId(0), |frame| frame.function)
    }

    /// What a parameter holds when nobody knows the caller.
    fn given(&mut self, state: &mut State, parameter: &Parameter, arguments: bool) -> Value {
        let Some(annotation) = parameter.annotation else { return Value::Unknown };
        if self.types.element(annotation).is_none() {
            return match self.types.range(annotation) {
                Some((0, _)) => {
                    Value::Number(Number { low: 0, low_real: true, ..Number::unknown() })
                }
                _ => Value::Unknown,
            };
        }
        let block = self.block(state, Kind::Foreign, Number::unknown(), annotation);
        if let Some(block) = state.blocks.get_mut(&block) {
            block.tainted = arguments;
        }
        Value::block(block, Null::No)
    }

    /// A new block of memory. One that was made at the same place before is gone.
    pub(super) fn block(
        &mut self,
        state: &mut State,
        kind: Kind,
        size: Number,
        site: ExprId,
    ) -> u32 {
        let owner = self.frame();
        let key = (owner, site);
        let next = u32::try_from(self.block_numbers.len()).unwrap_or(u32::MAX);
        let number = *self.block_numbers.entry(key).or_insert(next);
        let foreign = matches!(kind, Kind::Foreign | Kind::Global);
        let length = Number { low: 0, low_real: true, ..Number::unknown() };
        let block = Block {
            kind,
            size,
            length,
            life: Life::Live,
            escaped: foreign,
            blank: !foreign,
            measured: false,
            tainted: false,
            parts: Default::default(),
            site,
            owner,
        };
        state.blocks.insert(number, Shared::new(block));
        number
    }

    /// Walks the body of the function just opened; the state is that of all its ends.
    fn run(&mut self, state: &mut State, id: FunctionId) -> Value {
        let program = self.program;
        let body = &program.functions[id.0 as usize].body;
        self.statements(state, body);
        let mut ends = self.frames.last_mut().map(|frame| std::mem::take(&mut frame.returns));
        let ends = ends.get_or_insert_with(Vec::new);
        if !state.dead {
            self.leaks(state, &Value::Unknown);
            ends.push((std::mem::take(state), Value::Unknown));
        }
        let mut joined: Option<(State, Value)> = None;
        for (end, value) in ends.drain(..) {
            joined = Some(match joined {
                None => (end, value),
                Some((before, known)) => {
                    let value = if known == value { value } else { joined_values(&known, &value) };
                    (before.join(end), value)
                }
            });
        }
        match joined {
            Some((end, value)) => {
                *state = end;
                value
            }
            None => {
                state.dead = true;
                Value::Unknown
            }
        }
    }

    /// Walks a function of the file where it is called; nothing where that goes too deep.
    pub(super) fn inside(
        &mut self,
        state: &mut State,
        id: FunctionId,
        values: &[Value],
    ) -> Option<Value> {
        let again = self.frames.iter().any(|frame| frame.function == id);
        if again || self.frames.len() >= INSIDE_MAX || !self.step() {
            return None;
        }
        let caller = self.frame();
        let program = self.program;
        let function = &program.functions[id.0 as usize];
        self.open(id);
        for (position, parameter) in function.parameters.iter().enumerate() {
            let value = values.get(position).cloned().unwrap_or(Value::Unknown);
            state.variables.insert((self.frame(), parameter.name), value);
        }
        let value = self.run(state, id);
        let number = self.frame();
        self.frames.pop();
        state.variables.retain(|place, _| place.0 != number);
        for block in state.blocks.values_mut().filter(|block| block.owner == number) {
            block.owner = caller;
        }
        Some(value)
    }

    pub(super) fn statements(&mut self, state: &mut State, block: &[StmtId]) {
        for id in block {
            if state.dead || !self.step() {
                return;
            }
            self.statement(state, *id);
        }
    }

    fn statement(&mut self, state: &mut State, id: StmtId) {
        let program = self.program;
        match &program.statements[id.0 as usize].kind {
            StatementKind::Expression(value) => {
                self.unused(*value);
                self.evaluate(state, *value);
            }
            StatementKind::Assign { target, value, operator, annotation } => {
                self.assignment(state, *target, *value, *operator, *annotation);
            }
            StatementKind::Return(value) => {
                let value = match value {
                    Some(id) => {
                        let made = self.evaluate(state, *id);
                        self.returned(state, *id, &made);
                        made
                    }
                    None => Value::Unknown,
                };
                self.leaks(state, &value);
                if let Some(frame) = self.frames.last_mut().filter(|_| !state.dead) {
                    frame.returns.push((state.clone(), value));
                }
                state.dead = true;
            }
            StatementKind::Raise(value) => {
                if let Some(value) = value {
                    self.evaluate(state, *value);
                }
                state.dead = true;
            }
            StatementKind::If { test, then, otherwise } => {
                let (mut yes, mut no) = self.branches(state, *test);
                self.statements(&mut yes, then);
                self.statements(&mut no, otherwise);
                *state = yes.join(no);
            }
            StatementKind::While { test, body, .. } => self.repeat(state, *test, body),
            StatementKind::For { iterable, body, .. } => {
                self.evaluate(state, *iterable);
                self.repeat(state, None, body);
                state.dead = false;
            }
            StatementKind::Match { subject, cases } => self.choose(state, *subject, cases),
            StatementKind::Try { body, handlers, finally, .. } => {
                let before = state.clone();
                self.statements(state, body);
                let thrown = before.join(state.clone());
                for handler in handlers {
                    let mut caught = thrown.clone();
                    self.statements(&mut caught, &handler.body);
                    *state = std::mem::take(state).join(caught);
                }
                self.statements(state, finally);
            }
            StatementKind::Block(body) | StatementKind::With { body, .. } => {
                self.statements(state, body);
            }
            StatementKind::Break => self.jump(state, true),
            StatementKind::Continue => self.jump(state, false),
            StatementKind::Assert(test) => *state = self.branches(state, *test).0,
            _ => {}
        }
    }

    fn jump(&mut self, state: &mut State, out: bool) {
        if let Some(frame) = self.frames.last_mut() {
            let stack = if out { &mut frame.breaks } else { &mut frame.continues };
            if let Some(list) = stack.last_mut() {
                list.push(state.clone());
            }
        }
        state.dead = true;
    }

    /// The states where a test holds and where it does not.
    pub(super) fn branches(&mut self, state: &mut State, test: ExprId) -> (State, State) {
        let truth = self.test(state, test);
        self.steps = self.steps.saturating_sub(state.cost());
        let mut yes = state.clone();
        let mut no = std::mem::take(state);
        match truth {
            Truth::True => no.dead = true,
            Truth::False => yes.dead = true,
            Truth::Unknown => {}
        }
        if !yes.dead {
            self.refine(&mut yes, test, true);
        }
        if !no.dead {
            self.refine(&mut no, test, false);
        }
        (yes, no)
    }

    fn repeat(&mut self, state: &mut State, test: Option<ExprId>, body: &[StmtId]) {
        let mut out = State { dead: true, ..State::default() };
        let mut entry = std::mem::take(state);
        for round in 0..UNROLLED_MAX + ROUNDS {
            let (mut inside, leaves) = match test {
                Some(test) => self.branches(&mut entry.clone(), test),
                None => (entry.clone(), State { dead: true, ..State::default() }),
            };
            out = out.join(leaves);
            if inside.dead || !self.step() {
                break;
            }
            if let Some(frame) = self.frames.last_mut() {
                frame.breaks.push(Vec::new());
                frame.continues.push(Vec::new());
            }
            self.statements(&mut inside, body);
            let (breaks, continues) = match self.frames.last_mut() {
                Some(frame) => (frame.breaks.pop(), frame.continues.pop()),
                None => (None, None),
            };
            for left in breaks.unwrap_or_default() {
                out = out.join(left);
            }
            for left in continues.unwrap_or_default() {
                inside = inside.join(left);
            }
            if inside.dead {
                break;
            }
            let before = entry.clone();
            entry = entry.join(inside);
            if round > 0 {
                entry = entry.widen(&before);
            }
            if entry.is_same(&before) {
                break;
            }
        }
        *state = out;
    }

    fn choose(&mut self, state: &mut State, subject: ExprId, cases: &[Case]) {
        let value = self.evaluate(state, subject);
        let known = value.number().and_then(Number::constant);
        if let Some(frame) = self.frames.last_mut() {
            frame.breaks.push(Vec::new());
        }
        let start = std::mem::take(state);
        let dead = State { dead: true, ..State::default() };
        let mut fall = dead.clone();
        let mut matched = false;
        let mut has_default = false;
        for case in cases {
            let mut wanted = None;
            for pattern in &case.patterns {
                let found = self.evaluate(&mut start.clone(), *pattern);
                wanted = found.number().and_then(Number::constant);
            }
            let is_default = case.patterns.is_empty();
            has_default |= is_default;
            let possible = match (known, wanted) {
                (Some(known), Some(wanted)) => known == wanted,
                (Some(known), None) if is_default => !self.any_case(&start, cases, known),
                _ => true,
            };
            matched |= possible;
            let mut inner = fall.join(if possible { start.clone() } else { dead.clone() });
            self.statements(&mut inner, &case.body);
            fall = dead.clone();
            if case.falls_through {
                fall = inner;
            } else {
                self.jump(&mut inner, true);
            }
        }
        let mut out = fall;
        let left = self.frames.last_mut().and_then(|frame| frame.breaks.pop());
        for end in left.unwrap_or_default() {
            out = out.join(end);
        }
        if !(has_default || known.is_some() && matched) {
            out = out.join(start);
        }
        *state = out;
    }

    fn any_case(&mut self, start: &State, cases: &[Case], known: i128) -> bool {
        let patterns: Vec<ExprId> = cases.iter().flat_map(|case| case.patterns.clone()).collect();
        patterns.into_iter().any(|pattern| {
            let found = self.evaluate(&mut start.clone(), pattern);
            found.number().and_then(Number::constant) == Some(known)
        })
    }

    /// A declaration or assignment.
    pub(super) fn assignment(
        &mut self,
        state: &mut State,
        target: ExprId,
        value: Option<ExprId>,
        operator: Option<BinaryOperator>,
        annotation: Option<ExprId>,
    ) -> Value {
        if let (Some(annotation), Expression::Name(name)) =
            (annotation, self.types.expression(target))
        {
            let place = (self.frame(), *name);
            if let Some(made) = self.declared(state, target, annotation, value) {
                state.variables.insert(place, made.clone());
                return made;
            }
        }
        let Some(value) = value else { return Value::Unknown };
        let mut made = self.evaluate(state, value);
        if let Some(operator) = operator {
            let old = self.evaluate(state, target);
            made = self.operated(target, operator, old, made);
        }
        let arithmetic = operator.is_some() || self.is_arithmetic(value);
        let at = if operator.is_some() { target } else { value };
        let class = annotation.or_else(|| self.types.of(self.function(), target));
        let made = self.converted(at, made, class, arithmetic);
        self.store(state, target, made.clone());
        made
    }

    /// The first value of an array, struct or variable without a value.
    fn declared(
        &mut self,
        state: &mut State,
        target: ExprId,
        annotation: ExprId,
        value: Option<ExprId>,
    ) -> Option<Value> {
        if let Some((element, length)) = self.types.array(annotation) {
            let width = self.types.size(element);
            let mut count = match self.types.expression(length) {
                Expression::Unknown(_) => Number::unknown(),
                _ => self.evaluate(state, length).number().cloned().unwrap_or(Number::unknown()),
            };
            let literal = value.map(|value| self.types.expression(value));
            let text = match literal {
                Some(Expression::Text(text)) => Some(self.text(*text).chars().count()),
                _ => None,
            };
            let text = text.and_then(|length| i128::try_from(length).ok());
            if matches!(self.types.expression(length), Expression::Unknown(_)) {
                count = match (literal, text) {
                    (_, Some(length)) => Number::exact(length + 1),
                    (Some(Expression::List(list)), _) => {
                        Number::exact(i128::try_from(list.len()).unwrap_or(0))
                    }
                    _ => count,
                };
            }
            let size = width.map_or(Number::unknown(), |width| {
                count.operate(BinaryOperator::Multiply, &Number::exact(width))
            });
            let number = self.block(state, Kind::Stack, size, target);
            let first = value.map(|value| self.evaluate(state, value));
            let copied = first.filter(|first| first.pointer().is_some());
            let copied = copied.map(|first| self.length(state, &first));
            if let Some(block) = state.blocks.get_mut(&number) {
                block.blank = value.is_none();
                if let Some(length) = copied {
                    block.length = Number { length: None, ..length };
                } else if let Some(length) = text {
                    block.length = Number::exact(length);
                } else if matches!(literal, Some(Expression::List(_))) {
                    block.length = match literal {
                        Some(Expression::List(list)) if list.len() == 1 => Number::exact(0),
                        _ => block.length.clone(),
                    };
                }
            }
            return Some(Value::block(number, Null::No));
        }
        if self.types.is_struct(annotation) {
            let size = self.types.size(annotation).map_or(Number::unknown(), Number::exact);
            let number = self.block(state, Kind::Stack, size, target);
            let made = value.map(|value| self.evaluate(state, value));
            let copied = made.as_ref().and_then(|made| state.single(made));
            let parts = copied.and_then(|from| state.blocks.get(&from)).map(|b| b.parts.clone());
            if let Some(block) = state.blocks.get_mut(&number) {
                block.blank = made.is_none();
                block.parts = parts.unwrap_or_default();
            }
            return Some(Value::block(number, Null::No));
        }
        if value.is_some() {
            return None;
        }
        let scalar = self.types.is_pointer(annotation) || self.types.range(annotation).is_some();
        Some(if scalar { Value::Unset } else { Value::Unknown })
    }

    /// Writes a value to a target.
    pub(super) fn store(&mut self, state: &mut State, target: ExprId, value: Value) {
        match self.types.expression(target) {
            Expression::Name(name) => {
                let local = self.place(*name);
                match local {
                    Some(place) => {
                        if let Some(to) = state.variables.get(&place).cloned()
                            && self.is_struct_variable(target)
                        {
                            self.copy_parts(state, &to, &value);
                            return;
                        }
                        state.variables.insert(place, value);
                    }
                    None => {
                        escape(state, &value);
                        state.variables.insert((0, *name), value);
                    }
                }
            }
            Expression::Attribute { base, name } => {
                let base = self.evaluate_base(state, *base);
                self.reach(state, target, &base, &Number::exact(0), None, true);
                self.write_part(state, &base, super::state::Part::Field(*name), value);
            }
            Expression::Index { base, index } => {
                let pointer = self.evaluate(state, *base);
                let index_value = self.evaluate(state, *index);
                let index = index_value.number().cloned().unwrap_or(Number::unknown());
                let width = self.width(*base);
                self.reach(state, target, &pointer, &index, width, true);
                self.write_element(state, &pointer, &index, width, &value);
            }
            Expression::Cast { value: inner, .. } => self.store(state, *inner, value),
            Expression::Unary { operand, .. } => self.store(state, *operand, value),
            Expression::List(_) => {}
            _ => {
                self.evaluate(state, target);
                escape(state, &value);
            }
        }
    }

    fn is_struct_variable(&self, target: ExprId) -> bool {
        let class = self.types.of(self.function(), target);
        class.is_some_and(|class| self.types.is_struct(class))
    }

    fn copy_parts(&mut self, state: &mut State, to: &Value, from: &Value) {
        let parts = state.single(from).and_then(|from| state.blocks.get(&from));
        let parts = parts.map(|block| block.parts.clone()).unwrap_or_default();
        if let Some(block) = state.single(to).and_then(|to| state.blocks.get_mut(&to)) {
            block.parts = parts;
            block.blank = false;
        }
    }

    fn write_part(
        &mut self,
        state: &mut State,
        base: &Value,
        part: super::state::Part,
        value: Value,
    ) {
        let Some(number) = state.single(base) else { return escape(state, &value) };
        let foreign = state.blocks.get(&number).is_none_or(|block| block.escaped);
        if foreign {
            escape(state, &value);
        }
        // What only this block knows is known as long as it is.
        keep(state, &value);
        if let Some(block) = state.blocks.get_mut(&number) {
            block.parts.insert(part, value);
            block.blank = false;
        }
    }

    fn write_element(
        &mut self,
        state: &mut State,
        pointer: &Value,
        index: &Number,
        width: Option<i128>,
        value: &Value,
    ) {
        let Some(pointer_value) = pointer.pointer() else { return escape(state, value) };
        for target in pointer_value.targets.clone() {
            match target {
                Target::Variable(place) => {
                    state.variables.insert(place, value.clone());
                }
                Target::Block(number, offset) => {
                    let width = width.unwrap_or(1).max(1);
                    let at = super::evaluate::moved(&offset, index, width);
                    if state.blocks.get(&number).is_none_or(|block| block.escaped) {
                        escape(state, value);
                    }
                    keep(state, value);
                    let Some(block) = state.blocks.get_mut(&number) else { continue };
                    block.blank = false;
                    let ends = value.number().and_then(Number::constant) == Some(0);
                    let element = at.operate(BinaryOperator::Divide, &Number::exact(width));
                    shorten(block, &element, ends);
                    match at.constant() {
                        Some(at) => {
                            block.parts.insert(super::state::Part::Element(at), value.clone());
                        }
                        None => block
                            .parts
                            .retain(|part, _| !matches!(part, super::state::Part::Element(_))),
                    }
                }
            }
        }
        if pointer_value.targets.is_empty() {
            escape(state, value);
        }
    }

    /// The place of a variable of the functions being walked, the innermost first.
    pub(super) fn place(&self, name: crate::ir::Symbol) -> Option<Place> {
        let frame = self.frames.last()?;
        let function = &self.program.functions[frame.function.0 as usize];
        let own = function.locals.contains(&name);
        own.then_some((frame.number, name))
    }

    /// A pointer to memory that ends with the function.
    fn returned(&mut self, state: &State, at: ExprId, value: &Value) {
        let Some(pointer) = value.pointer() else { return };
        let frame = self.frame();
        let function = self.function();
        for target in &pointer.targets {
            let ends = match target {
                Target::Block(number, _) => state
                    .blocks
                    .get(number)
                    .is_some_and(|block| block.kind == Kind::Stack && block.owner == frame),
                Target::Variable(place) => place.0 == frame,
            };
            let by_value =
                self.types.of(function, at).is_some_and(|class| self.types.is_struct(class));
            if ends && !by_value {
                let message = "this returns a pointer to a variable that ends with the function";
                self.report("dangling-pointer", at, pointer.targets.len() == 1, message.into());
            }
        }
    }

    /// Memory of this function that nobody can free any more.
    fn leaks(&mut self, state: &State, value: &Value) {
        let frame = self.frame();
        let mut kept: Vec<u32> = Vec::new();
        if let Some(pointer) = value.pointer() {
            kept.extend(pointer.targets.iter().filter_map(|target| match target {
                Target::Block(number, _) => Some(*number),
                Target::Variable(_) => None,
            }));
        }
        let lost: Vec<(ExprId, Kind)> = state
            .blocks
            .iter()
            .filter(|(number, block)| {
                block.owner == frame
                    && matches!(block.kind, Kind::Malloc | Kind::New | Kind::NewArray | Kind::File)
                    && block.life == Life::Live
                    && !block.escaped
                    && !kept.contains(number)
            })
            .map(|(_, block)| (block.site, block.kind))
            .collect();
        for (site, kind) in lost {
            let what = match kind {
                Kind::File => "this file is not closed",
                _ => "this memory is not freed",
            };
            let message = format!("{what} on every way out of the function");
            self.report("memory-leak", site, false, message);
        }
    }
}

/// What a pointer points to may be known elsewhere from here on.
pub(super) fn escape(state: &mut State, value: &Value) {
    /// Blocks that are followed from one to the next.
    const FOLLOWED_MAX: usize = 64;
    let mut open = vec![value.clone()];
    let mut count = 0;
    while let Some(value) = open.pop() {
        count += 1;
        let Value::Pointer(Pointer { targets, .. }) = value else { continue };
        for target in targets {
            let Target::Block(number, _) = target else { continue };
            let Some(block) = state.blocks.get_mut(&number) else { continue };
            if !block.escaped && count < FOLLOWED_MAX {
                block.escaped = true;
                open.extend(block.parts.values().cloned());
            }
        }
    }
}

/// A block that stands in another is not lost when its variable is.
fn keep(state: &mut State, value: &Value) {
    if let Some(number) = state.single(value)
        && let Some(block) = state.blocks.get_mut(&number)
    {
        block.escaped = true;
    }
}

/// How long the text in a block is after one of its elements was written.
fn shorten(block: &mut Block, at: &Number, ends: bool) {
    let Some(at) = at.constant().filter(|_| ends) else {
        if !ends {
            let low = at.constant() == Some(block.length.low);
            block.length.low = block.length.low.min(if low { 0 } else { block.length.low });
            block.length.high_real &= at.high_real && at.high < block.length.high;
        }
        return;
    };
    if block.length.low >= at {
        block.length = Number::exact(at);
    } else if block.length.high > at {
        block.length.high = at;
        block.length.high_real = block.length.tainted;
    }
}

pub(super) fn joined_values(a: &Value, b: &Value) -> Value {
    let place = (0, crate::ir::Symbol(0));
    let one = |value: &Value| {
        let mut state = State::default();
        state.variables.insert(place, value.clone());
        state
    };
    let joined = one(a).join(one(b));
    joined.variables.get(&place).cloned().unwrap_or(Value::Unknown)
}
