//! Functions that copy: texts and memory, with or without a bound.

use super::Walk;
use super::calls::forget;
use super::number::{LIMIT, Number};
use super::state::{Kind, State, Target, Value};
use crate::ir::{BinaryOperator, ExprId, Expression};

/// A field of a format.
pub(super) struct Field {
    pub(super) letter: char,
    pub(super) width: Option<i128>,
    pub(super) precision: Option<i128>,
    pub(super) ignored: bool,
    /// `hh`, `h`, `l`, `ll`, `z`.
    pub(super) size: String,
}

impl Field {
    /// The numbers that the field reads.
    pub(super) fn range(&self) -> (i128, i128) {
        let bits = match self.size.as_str() {
            "hh" => 8,
            "h" => 16,
            "l" | "ll" | "z" | "j" => 64,
            _ => 32,
        };
        match self.letter {
            'd' | 'i' => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            _ => (0, (1 << bits) - 1),
        }
    }
}

/// The fields of a format of `printf` or `scanf`.
pub(super) fn fields(format: &str) -> Vec<Field> {
    let mut found = Vec::new();
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '%' {
            continue;
        }
        let mut field = Field {
            letter: '%',
            width: None,
            precision: None,
            ignored: false,
            size: String::new(),
        };
        let mut in_precision = false;
        for next in rest.by_ref() {
            match next {
                '*' => field.ignored = true,
                '.' => in_precision = true,
                '0'..='9' => {
                    let digit = i128::from(next.to_digit(10).unwrap_or(0));
                    let number = if in_precision { &mut field.precision } else { &mut field.width };
                    *number = Some(number.unwrap_or(0).saturating_mul(10).min(LIMIT) + digit);
                }
                'h' | 'l' | 'z' | 'j' | 't' | 'L' | 'q' => field.size.push(next),
                '-' | '+' | ' ' | '#' | '\'' => {}
                letter => {
                    field.letter = letter;
                    break;
                }
            }
        }
        if field.letter != '%' {
            found.push(field);
        }
    }
    found
}

/// A call that copies.
struct Copy<'c> {
    id: ExprId,
    name: &'c str,
    arguments: &'c [ExprId],
    values: &'c [Value],
    /// Bytes of an element.
    width: i128,
}

impl Copy<'_> {
    fn value(&self, position: usize) -> Value {
        self.values.get(position).cloned().unwrap_or(Value::Unknown)
    }

    fn number(&self, position: usize) -> Number {
        self.value(position).number().cloned().unwrap_or(Number::unknown())
    }
}

impl Walk<'_> {
    /// The length of the text that a value points to, in elements.
    pub(super) fn length(&self, state: &State, value: &Value) -> Number {
        let unknown = Number { low: 0, low_real: true, ..Number::unknown() };
        let Some(pointer) = value.pointer() else { return unknown };
        let mut joined: Option<Number> = None;
        for target in &pointer.targets {
            let length = match target {
                Target::Block(number, offset) => match state.blocks.get(number) {
                    Some(block) => {
                        let mut length = block.length.operate(BinaryOperator::Subtract, offset);
                        length.tainted |= block.tainted;
                        length.low = length.low.max(0);
                        if offset.constant() == Some(0) {
                            length.length = Some((*number, 0));
                        }
                        length
                    }
                    None => return unknown,
                },
                Target::Variable(_) => return unknown,
            };
            joined = Some(joined.map_or(length.clone(), |known| known.join(&length)));
        }
        joined.unwrap_or(unknown)
    }

    /// Checks that what is written to a value fits, `need` elements of `width` bytes.
    pub(super) fn writes(
        &mut self,
        state: &mut State,
        at: ExprId,
        to: &Value,
        need: &Number,
        width: i128,
    ) {
        self.fits(state, at, to, need, width, "buffer-overflow");
    }

    fn fits(
        &mut self,
        state: &mut State,
        at: ExprId,
        value: &Value,
        need: &Number,
        width: i128,
        weakness: &'static str,
    ) {
        self.passed(state, at, std::slice::from_ref(value), true);
        let Some(pointer) = value.pointer() else { return };
        if pointer.null == super::state::Null::Yes {
            self.null(state, at, pointer);
        }
        let bytes = need.operate(BinaryOperator::Multiply, &Number::exact(width));
        for target in &pointer.targets {
            let Target::Block(number, offset) = target else { continue };
            let Some(block) = state.blocks.get(number) else { continue };
            // Sizes that are the length of the same text are compared by what was added to it.
            let by_length = match (bytes.length.or(need.length), block.size.length) {
                (Some((a, more)), Some((b, room))) if a == b => Some(more > room),
                _ => None,
            };
            let known = block.size.high_real && offset.low_real;
            let room = block.size.high - offset.low;
            let before = offset.low_real && offset.low < 0;
            let above = bytes.high_real && bytes.high > room || bytes.low_real && bytes.low > room;
            let over = by_length.unwrap_or(known && above);
            if !over && !before {
                continue;
            }
            let certain = by_length.is_some() || bytes.low_real && bytes.low > room;
            let message = self.overrun(&bytes, room, before, weakness);
            self.report(weakness, at, certain, message);
        }
    }

    fn overrun(&self, bytes: &Number, room: i128, before: bool, weakness: &str) -> String {
        let verb = if weakness == "out-of-bounds-read" { "reads" } else { "writes" };
        if before {
            return format!("this {verb} before the start of the memory");
        }
        if bytes.high >= LIMIT / 8 {
            return format!("this {verb} as much as it is given; there is room for {room} bytes");
        }
        if bytes.low_real && bytes.low > room {
            return format!("this {verb} at least {} bytes; there are {room}", bytes.low);
        }
        format!("this {verb} up to {} bytes; there are {room}", bytes.high)
    }

    /// A count of bytes that becomes huge when it is negative.
    fn counted(&mut self, at: Option<&ExprId>, count: &Number) {
        if let Some(at) = at
            && count.tainted
            && count.low_real
            && count.low < 0
        {
            let message = "a negative number becomes a huge size here".to_owned();
            self.report("integer-overflow", *at, false, message);
        }
    }

    /// Calls that copy; nothing for any other.
    pub(super) fn copy_call(
        &mut self,
        state: &mut State,
        id: ExprId,
        name: &str,
        arguments: &[ExprId],
        values: &[Value],
    ) -> Option<Value> {
        let (kind, width) = canonical(name)?;
        let copy = Copy { id, name, arguments, values, width };
        match kind {
            "strcpy" => self.whole(state, &copy, false),
            "strcat" => self.whole(state, &copy, true),
            "strncpy" => self.counted_text(state, &copy, false),
            "strncat" => self.counted_text(state, &copy, true),
            "memcpy" => self.counted_bytes(state, &copy),
            "memset" => self.set(state, &copy),
            "snprintf" | "fgets" | "read" => self.filled(state, &copy, kind),
            "gets" => {
                let need = Number::input(1, LIMIT);
                self.writes(state, id, &copy.value(0), &need, width);
                if let Some(block) = state.single(&copy.value(0)) {
                    self.fill(state, block);
                }
            }
            _ => self.printed(state, id, values),
        }
        Some(if kind == "read" { Value::Unknown } else { copy.value(0) })
    }

    /// `strcpy` and `strcat`.
    fn whole(&mut self, state: &mut State, copy: &Copy<'_>, appends: bool) {
        let (to, from) = (copy.value(0), copy.value(1));
        self.passed(state, copy.id, std::slice::from_ref(&from), true);
        let mut length = self.length(state, &from);
        if appends {
            self.blank(state, copy.id, &to);
            let before = self.length(state, &to);
            length = length.operate(BinaryOperator::Add, &before);
        }
        let need = length.operate(BinaryOperator::Add, &Number::exact(1));
        self.writes(state, copy.id, &to, &need, copy.width);
        self.copied(state, &to, &from, &length);
    }

    /// `strncpy` and `strncat`.
    fn counted_text(&mut self, state: &mut State, copy: &Copy<'_>, appends: bool) {
        let (to, from, count) = (copy.value(0), copy.value(1), copy.number(2));
        self.passed(state, copy.id, std::slice::from_ref(&from), true);
        self.counted(copy.arguments.get(2), &count);
        let source = self.length(state, &from);
        self.size_of_source(state, copy.arguments.get(2), &to, &from, &count);
        let mut length = Number { length: None, ..count.clone() };
        if source.high_real && source.high < length.high {
            (length.high, length.high_real) = (source.high, true);
        }
        length.low = length.low.min(source.low).max(0);
        if appends {
            self.blank(state, copy.id, &to);
            let before = self.length(state, &to);
            length = length.operate(BinaryOperator::Add, &before);
            let need = length.operate(BinaryOperator::Add, &Number::exact(1));
            self.writes(state, copy.id, &to, &need, copy.width);
            self.whole_size(state, copy.arguments.get(2), &to, &count, copy.width);
        } else {
            self.writes(state, copy.id, &to, &count, copy.width);
        }
        self.copied(state, &to, &from, &length);
    }

    /// `memcpy` and `memmove`.
    fn counted_bytes(&mut self, state: &mut State, copy: &Copy<'_>) {
        let (to, from, count) = (copy.value(0), copy.value(1), copy.number(2));
        self.counted(copy.arguments.get(2), &count);
        self.size_of_source(state, copy.arguments.get(2), &to, &from, &count);
        self.writes(state, copy.id, &to, &count, copy.width);
        self.fits(state, copy.id, &from, &count, copy.width, "out-of-bounds-read");
        let length = self.length(state, &from);
        self.copied(state, &to, &from, &length);
    }

    fn set(&mut self, state: &mut State, copy: &Copy<'_>) {
        let (to, count) = (copy.value(0), copy.number(2));
        self.counted(copy.arguments.get(2), &count);
        self.writes(state, copy.id, &to, &count, copy.width);
        let length = match copy.number(1).constant() {
            Some(0) => Number::exact(0),
            _ => Number { high: LIMIT, high_real: false, length: None, ..count },
        };
        self.copied(state, &to, &Value::Unknown, &length);
    }

    /// `snprintf`, `fgets`, `read`: something new of at most this length.
    fn filled(&mut self, state: &mut State, copy: &Copy<'_>, kind: &str) {
        let is_read = kind == "read";
        let position = if is_read && copy.name != "fread" { 2 } else { 1 };
        let to = copy.value(usize::from(position == 2));
        let mut count = copy.number(position);
        if copy.name == "fread" {
            count = count.operate(BinaryOperator::Multiply, &copy.number(2));
        }
        self.counted(copy.arguments.get(position), &count);
        self.writes(state, copy.id, &to, &count, copy.width);
        let less = count.operate(BinaryOperator::Subtract, &Number::exact(1));
        for target in to.pointer().map(|p| p.targets.clone()).unwrap_or_default() {
            match target {
                Target::Block(number, _) => {
                    match kind {
                        "snprintf" => forget(state, number),
                        _ => self.fill(state, number),
                    }
                    if let Some(block) = state.blocks.get_mut(&number) {
                        block.length = Number {
                            low: 0,
                            low_real: true,
                            tainted: kind != "snprintf",
                            length: None,
                            ..less.clone()
                        };
                    }
                }
                Target::Variable(place) => {
                    state.variables.insert(place, Value::Unknown);
                }
            }
        }
    }

    /// `sprintf`: the length of what its format makes.
    fn printed(&mut self, state: &mut State, id: ExprId, values: &[Value]) {
        let Some(to) = values.first().cloned() else { return };
        self.passed(state, id, &values[1..], true);
        let format = values.get(1).and_then(|value| self.text_of(state, value));
        let Some(format) = format else {
            if let Some(block) = state.single(&to) {
                forget(state, block);
            }
            return;
        };
        let text = self.text(format);
        let mut literal = 0;
        let mut in_field = false;
        for character in text.chars() {
            match (in_field, character) {
                (false, '%') => in_field = true,
                (false, _) => literal += 1,
                (true, '%') => (in_field, literal) = (false, literal + 1),
                (true, letter) if letter.is_ascii_alphabetic() && !"hlzjtLq".contains(letter) => {
                    in_field = false;
                }
                (true, _) => {}
            }
        }
        let mut length = Number::exact(literal);
        for (position, field) in fields(text).into_iter().enumerate() {
            let value = values.get(position + 2).cloned().unwrap_or(Value::Unknown);
            let one = match field.letter {
                's' => {
                    let mut made = self.length(state, &value);
                    if let Some(precision) = field.precision {
                        made = made.at_most(&Number::exact(precision), 0);
                    }
                    made
                }
                'c' => Number::exact(1),
                _ => Number { low: 1, low_real: true, ..Number::unknown() },
            };
            length = length.operate(BinaryOperator::Add, &one);
        }
        let need = length.operate(BinaryOperator::Add, &Number::exact(1));
        self.writes(state, id, &to, &need, 1);
        let from = values.iter().skip(2).any(|value| {
            let block = state.single(value).and_then(|block| state.blocks.get(&block));
            block.is_some_and(|block| block.tainted)
        });
        self.copied(state, &to, &Value::Unknown, &Number { length: None, ..length });
        if let Some(block) = state.single(&to).and_then(|block| state.blocks.get_mut(&block)) {
            block.tainted |= from;
        }
    }

    /// `strcat` to memory that holds no text yet.
    fn blank(&mut self, state: &State, id: ExprId, to: &Value) {
        let block = state.single(to).and_then(|block| state.blocks.get(&block));
        if block.is_some_and(|block| block.blank && block.kind != Kind::Foreign) {
            let message = "this looks for the end of a text in memory that was never written";
            self.report("uninitialized-memory", id, true, message.to_owned());
        }
    }

    /// A count that is the length of the source says nothing about the room there is.
    fn size_of_source(
        &mut self,
        state: &State,
        at: Option<&ExprId>,
        to: &Value,
        from: &Value,
        count: &Number,
    ) {
        let (Some(at), Some((measured, _))) = (at, count.length) else { return };
        let Some(block) = state.single(to).and_then(|block| state.blocks.get(&block)) else {
            return;
        };
        let bounded = count.high_real && count.high <= block.size.high;
        let of_source = state.single(from) == Some(measured);
        let known = block.size.constant().is_some() && block.size.length.is_none();
        let measured = state.blocks.get(&measured).is_some_and(|block| block.measured);
        if of_source && known && !bounded && !measured {
            let message = "the length of the source does not bound what fits the target";
            self.report("wrong-size", *at, false, message.to_owned());
        }
    }

    /// `strncat(d, s, sizeof(d))`: the size counts what is free, not all of it.
    fn whole_size(
        &mut self,
        state: &State,
        at: Option<&ExprId>,
        to: &Value,
        count: &Number,
        width: i128,
    ) {
        let Some(at) = at else { return };
        let block = state.single(to).and_then(|block| state.blocks.get(&block));
        let Some(size) = block.and_then(|block| block.size.constant()) else { return };
        let is_size = matches!(
            self.types.expression(*at),
            Expression::Unary { operator: crate::ir::UnaryOperator::TypeOf, .. }
        );
        if is_size && count.constant().is_some_and(|count| count * width >= size) {
            let message = "the size is that of the whole target, not of what is free in it";
            self.report("wrong-size", *at, true, message.to_owned());
        }
    }

    /// A text of this length stands in a block now.
    fn copied(&mut self, state: &mut State, to: &Value, from: &Value, length: &Number) {
        let source = state.single(from).and_then(|block| state.blocks.get(&block));
        let tainted = source.is_some_and(|block| block.tainted);
        let targets = to.pointer().map(|p| p.targets.clone()).unwrap_or_default();
        let many = targets.len() > 1;
        for target in targets {
            let Target::Block(number, offset) = target else { continue };
            let Some(block) = state.blocks.get_mut(&number) else { continue };
            let mut made = length.operate(BinaryOperator::Add, &offset);
            made.length = None;
            block.length = if many { block.length.join(&made) } else { made };
            block.parts.clear();
            block.blank = false;
            block.tainted |= tainted;
        }
    }
}

/// What a function does, and the bytes of the elements it counts.
fn canonical(name: &str) -> Option<(&'static str, i128)> {
    Some(match name {
        "strcpy" | "stpcpy" | "lstrcpy" => ("strcpy", 1),
        "wcscpy" => ("strcpy", 4),
        "strcat" | "lstrcat" => ("strcat", 1),
        "wcscat" => ("strcat", 4),
        "strncpy" | "stpncpy" => ("strncpy", 1),
        "wcsncpy" => ("strncpy", 4),
        "strncat" => ("strncat", 1),
        "wcsncat" => ("strncat", 4),
        "memcpy" | "memmove" | "mempcpy" => ("memcpy", 1),
        "wmemcpy" | "wmemmove" => ("memcpy", 4),
        "memset" => ("memset", 1),
        "wmemset" => ("memset", 4),
        "snprintf" | "vsnprintf" | "_snprintf" => ("snprintf", 1),
        "swprintf" | "snwprintf" | "_snwprintf" => ("snprintf", 4),
        "fgets" => ("fgets", 1),
        "fgetws" => ("fgets", 4),
        "read" | "recv" | "recvfrom" | "fread" => ("read", 1),
        "gets" => ("gets", 1),
        "sprintf" | "vsprintf" => ("sprintf", 1),
        _ => return None,
    })
}
