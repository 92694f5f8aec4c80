//! Calls: what the functions of the C library do with memory, and what an unknown function may do.

use super::Walk;
use super::number::{LIMIT, Number};
use super::state::{Kind, Life, Null, Pointer, State, Target, Value};
use super::walk::escape;
use crate::ir::{BinaryOperator, ExprId, Expression, Symbol};

/// Functions that never come back.
const EXITS: &[&str] = &[
    "exit",
    "_exit",
    "_Exit",
    "abort",
    "quick_exit",
    "longjmp",
    "siglongjmp",
    "err",
    "errx",
    "verr",
    "verrx",
    "__assert_fail",
    "__builtin_unreachable",
    "__builtin_trap",
    "panic",
    "pthread_exit",
    "terminate",
    "std.terminate",
];
/// Functions that only read what their arguments point to, and keep nothing of it.
const READERS: &[&str] = &[
    "printf",
    "fprintf",
    "wprintf",
    "fwprintf",
    "vprintf",
    "vfprintf",
    "puts",
    "fputs",
    "fputws",
    "putws",
    "perror",
    "strcmp",
    "strncmp",
    "strcasecmp",
    "strncasecmp",
    "memcmp",
    "wcscmp",
    "strchr",
    "strrchr",
    "strstr",
    "strspn",
    "strcspn",
    "strpbrk",
    "wcschr",
    "fwrite",
    "write",
    "send",
    "sendto",
    "system",
    "remove",
    "unlink",
    "rename",
    "mkdir",
    "rmdir",
    "chdir",
    "chmod",
    "chown",
    "execl",
    "execlp",
    "execle",
    "execv",
    "execvp",
    "execve",
    "syslog",
    "fflush",
    "feof",
    "ferror",
    "fseek",
    "ftell",
    "rewind",
    "fputc",
    "putc",
    "fgetc",
    "getc",
    "fileno",
    "connect",
    "bind",
    "listen",
    "setsockopt",
    "inet_addr",
    "atof",
    "strerror",
    "isalpha",
    "closedir",
    "strcoll",
    "memchr",
    "wcsncmp",
    "wmemcmp",
    "fputwc",
    "fgetwc",
    "ungetc",
];
/// Functions whose result must be looked at.
const MUST_USE: &[&str] = &[
    "setuid",
    "setgid",
    "seteuid",
    "setegid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "chroot",
    "chdir",
    "fgets",
    "fgetws",
    "fread",
    "scanf",
    "fscanf",
    "sscanf",
    "recv",
    "read",
    "realloc",
    "pthread_mutex_lock",
    "mlock",
    "ftruncate",
];
/// Functions that look at a path, and those that open or change what it names.
const LOOKS: &[&str] = &["access", "stat", "lstat", "faccessat", "_access", "_stat"];
const OPENS: &[&str] = &[
    "open", "fopen", "creat", "chmod", "chown", "remove", "unlink", "rename", "mkdir", "rmdir",
    "opendir", "execv", "execl", "execve", "_open", "freopen", "truncate", "symlink", "link",
];

impl<'p> Walk<'p> {
    /// The name of a function that no variable hides, through macros and `std::`.
    pub(super) fn callee_name(&self, callee: ExprId) -> Option<&'p str> {
        match self.types.expression(callee) {
            Expression::Name(name) => {
                let mut name = *name;
                if self.place(name).is_some() {
                    return None;
                }
                for _ in 0..4 {
                    match self.types.value(name).map(|value| self.types.expression(value)) {
                        Some(Expression::Name(next)) => name = *next,
                        _ => break,
                    }
                }
                Some(self.text(name))
            }
            Expression::Attribute { base, name } => match self.types.expression(*base) {
                Expression::Name(scope) if self.text(*scope) == "std" => Some(self.text(*name)),
                _ => None,
            },
            _ => None,
        }
    }

    /// A statement that throws away a result that matters.
    pub(super) fn unused(&mut self, id: ExprId) {
        let Expression::Call { callee, .. } = self.types.expression(id) else { return };
        let Some(name) = self.callee_name(*callee).filter(|name| MUST_USE.contains(name)) else {
            return;
        };
        let message = format!("nobody looks at whether `{name}` failed");
        self.report("unchecked-result", id, true, message);
    }

    pub(super) fn call(
        &mut self,
        state: &mut State,
        id: ExprId,
        callee: ExprId,
        arguments: &[ExprId],
        is_new: bool,
    ) -> Value {
        let name = self.callee_name(callee);
        if name == Some("assert") {
            if let Some(test) = arguments.first() {
                *state = self.branches(state, *test).0;
            }
            return Value::Unknown;
        }
        if matches!(name, Some("malloc" | "alloca" | "memset" | "memcpy" | "strncpy" | "memmove")) {
            self.size_of_pointer(arguments);
        }
        let values: Vec<Value> =
            arguments.iter().map(|argument| self.evaluate(state, *argument)).collect();
        if is_new {
            let size = self.types.size(callee).map_or(Number::unknown(), Number::exact);
            self.passed(state, id, &values, true);
            return self.made(state, id, Kind::New, size, Null::No);
        }
        if let Some(function) = self.of_file(state, callee)
            && let Some(value) = self.inside(state, function, &values)
        {
            return value;
        }
        let Some(name) = name.filter(|name| !self.is_of_file(name)) else {
            self.evaluate_callee(state, callee);
            return self.foreign(state, id, "", &values);
        };
        if EXITS.contains(&name) {
            state.dead = true;
            return Value::Unknown;
        }
        self.paths(state, id, name, arguments);
        if let Some(value) = self.memory_call(state, id, name, arguments, &values) {
            return value;
        }
        if let Some(value) = self.copy_call(state, id, name, arguments, &values) {
            return value;
        }
        if let Some(value) = self.input_call(state, id, name, &values) {
            return value;
        }
        if READERS.contains(&name) {
            self.passed(state, id, &values, true);
            return Value::Unknown;
        }
        self.foreign(state, id, name, &values)
    }

    fn is_of_file(&self, name: &str) -> bool {
        self.program.symbols.find(name).is_some_and(|name| self.functions.contains_key(&name))
    }

    fn of_file(&mut self, state: &mut State, callee: ExprId) -> Option<crate::ir::FunctionId> {
        let name = match self.types.expression(callee) {
            Expression::Name(name) => *name,
            Expression::Unary { operand, .. } => match self.types.expression(*operand) {
                Expression::Name(name) => *name,
                _ => return None,
            },
            _ => return None,
        };
        if let Some(place) = self.place(name) {
            return match state.variables.get(&place) {
                Some(Value::Function(function)) => Some(*function),
                _ => None,
            };
        }
        self.functions.get(&name).copied()
    }

    fn evaluate_callee(&mut self, state: &mut State, callee: ExprId) {
        if let Expression::Attribute { base, .. } = self.types.expression(callee) {
            let base = self.evaluate(state, *base);
            self.passed(state, callee, std::slice::from_ref(&base), true);
            escape(state, &base);
        }
    }

    /// Blocks that are handed over must still live, and some must be.
    pub(super) fn passed(&mut self, state: &mut State, at: ExprId, values: &[Value], needed: bool) {
        for value in values {
            let Some(pointer) = value.pointer().cloned() else { continue };
            if needed && pointer.null == Null::Unchecked {
                self.null(state, at, &pointer);
            }
            for target in &pointer.targets {
                if let Target::Block(number, _) = target {
                    self.alive(state, at, *number);
                }
            }
        }
    }

    /// A function of which nothing is known.
    fn foreign(&mut self, state: &mut State, id: ExprId, name: &str, values: &[Value]) -> Value {
        self.passed(state, id, values, false);
        let lower = name.to_ascii_lowercase();
        let prints = lower.contains("print") || lower.contains("log") || lower.contains("show");
        for value in values {
            if !prints {
                escape(state, value);
            }
            for target in value.pointer().map(|p| p.targets.clone()).unwrap_or_default() {
                match target {
                    Target::Block(number, _) if !prints => forget(state, number),
                    Target::Variable(place) => {
                        state.variables.insert(place, Value::Unknown);
                    }
                    Target::Block(..) => {}
                }
            }
        }
        if !prints {
            state.variables.retain(|place, _| place.0 != 0);
        }
        Value::Unknown
    }

    /// A new block that somebody has to free.
    fn made(
        &mut self,
        state: &mut State,
        id: ExprId,
        kind: Kind,
        size: Number,
        null: Null,
    ) -> Value {
        let number = self.block(state, kind, size, id);
        Value::block(number, null)
    }

    /// Making and freeing memory.
    fn memory_call(
        &mut self,
        state: &mut State,
        id: ExprId,
        name: &str,
        arguments: &[ExprId],
        values: &[Value],
    ) -> Option<Value> {
        let number = |position: usize| {
            let value = values.get(position).and_then(Value::number);
            value.cloned().unwrap_or(Number::unknown())
        };
        let lower = name.to_ascii_lowercase();
        Some(match name {
            "malloc" | "xmalloc" => {
                self.allocation(arguments.first().copied(), &number(0));
                let null = if name == "malloc" { Null::Unchecked } else { Null::No };
                self.made(state, id, Kind::Malloc, number(0), null)
            }
            "calloc" => self.zeroed(state, id, &number(0), &number(1)),
            "realloc" => {
                self.allocation(arguments.get(1).copied(), &number(1));
                self.moved_block(state, id, values.first(), number(1))
            }
            "strdup" | "wcsdup" | "strndup" => self.duplicated(state, id, values),
            "new[]" => {
                let width = arguments.first().and_then(|class| self.types.size(*class));
                let size = width.map_or(Number::unknown(), |width| {
                    number(1).operate(BinaryOperator::Multiply, &Number::exact(width))
                });
                self.allocation(arguments.get(1).copied(), &number(1));
                self.made(state, id, Kind::NewArray, size, Null::No)
            }
            "fopen" | "fdopen" | "tmpfile" | "popen" | "opendir" => {
                self.passed(state, id, values, true);
                self.made(state, id, Kind::File, Number::unknown(), Null::Unchecked)
            }
            "free" | "delete" | "delete[]" | "fclose" | "pclose" | "closedir" => {
                if let Some(value) = values.first() {
                    self.freed(state, id, name, value);
                }
                Value::Unknown
            }
            _ if lower.trim_start_matches('_') == "alloca" => {
                self.allocation(arguments.first().copied(), &number(0));
                self.made(state, id, Kind::Stack, number(0), Null::No)
            }
            _ => return None,
        })
    }

    fn zeroed(&mut self, state: &mut State, id: ExprId, count: &Number, size: &Number) -> Value {
        let size = count.operate(BinaryOperator::Multiply, size);
        let made = self.made(state, id, Kind::Malloc, size, Null::Unchecked);
        if let Some(block) = state.single(&made).and_then(|b| state.blocks.get_mut(&b)) {
            block.length = Number::exact(0);
            block.blank = false;
        }
        made
    }

    /// `realloc`: the old block is gone or not, nobody knows.
    fn moved_block(
        &mut self,
        state: &mut State,
        id: ExprId,
        old: Option<&Value>,
        size: Number,
    ) -> Value {
        if let Some(old) = old {
            self.passed(state, id, std::slice::from_ref(old), false);
            for target in old.pointer().map(|p| p.targets.clone()).unwrap_or_default() {
                if let Target::Block(block, _) = target
                    && let Some(block) = state.blocks.get_mut(&block)
                {
                    block.life = Life::Unclear;
                }
            }
        }
        let made = self.made(state, id, Kind::Malloc, size, Null::Unchecked);
        if let Some(block) = state.single(&made).and_then(|b| state.blocks.get_mut(&b)) {
            block.blank = false;
        }
        made
    }

    fn duplicated(&mut self, state: &mut State, id: ExprId, values: &[Value]) -> Value {
        self.passed(state, id, values, true);
        let length = values.first().map(|value| self.length(state, value));
        let length = length.unwrap_or(Number::unknown());
        let size = length.operate(BinaryOperator::Add, &Number::exact(1));
        let made = self.made(state, id, Kind::Malloc, size, Null::Unchecked);
        if let Some(block) = state.single(&made).and_then(|b| state.blocks.get_mut(&b)) {
            block.length = length;
            block.blank = false;
        }
        made
    }

    /// A size that comes from outside.
    fn allocation(&mut self, at: Option<ExprId>, size: &Number) {
        let Some(at) = at.filter(|_| size.tainted) else { return };
        if size.low_real && size.low < 0 {
            let message = "a negative number becomes a huge size here".to_owned();
            self.report("integer-overflow", at, false, message);
        } else if size.high_real && size.high >= i128::from(i32::MAX) {
            let message = "a size from outside has no upper bound".to_owned();
            self.report("resource-exhaustion", at, false, message);
        }
    }

    /// `sizeof(p)` of a pointer, where the size of what it points to is meant.
    fn size_of_pointer(&mut self, arguments: &[ExprId]) {
        for argument in arguments {
            let Expression::Unary { operator: crate::ir::UnaryOperator::TypeOf, operand } =
                self.types.expression(*argument)
            else {
                continue;
            };
            let Expression::Name(_) = self.types.expression(*operand) else { continue };
            let class = self.types.of(self.function(), *operand);
            if class.is_some_and(|class| self.types.is_pointer(class)) {
                let message = "this is the size of the pointer, not of what it points to";
                self.report("wrong-size", *argument, true, message.to_owned());
            }
        }
    }

    fn freed(&mut self, state: &mut State, id: ExprId, name: &str, value: &Value) {
        let Some(Pointer { targets, .. }) = value.pointer().cloned() else { return };
        let single = targets.len() == 1;
        for target in targets {
            let Target::Block(number, offset) = target else {
                let message = "this frees a variable that was not allocated".to_owned();
                self.report("invalid-free", id, single, message);
                continue;
            };
            let silent = self.silent;
            let Some(block) = state.blocks.get_mut(&number) else { continue };
            let (kind, life) = (block.kind, block.life);
            if !silent {
                block.life = if single { Life::Freed } else { Life::Either };
            }
            match life {
                Life::Freed | Life::Either => {
                    let what = if kind == Kind::File { "closed" } else { "freed" };
                    let message = format!("this was {what} before");
                    self.report("double-free", id, life == Life::Freed, message);
                }
                Life::Live | Life::Unclear => {}
            }
            let fits = match kind {
                Kind::Malloc => name == "free",
                Kind::New => name == "delete",
                Kind::NewArray => name == "delete[]",
                Kind::File => matches!(name, "fclose" | "pclose" | "closedir"),
                Kind::Foreign => true,
                Kind::Stack | Kind::Global | Kind::Literal => false,
            };
            if !fits {
                let message = format!("`{name}` does not fit how this was made");
                self.report("invalid-free", id, single, message);
            } else if offset.low_real && offset.low > 0 || offset.high_real && offset.high < 0 {
                let message = "this does not point to the start of the memory any more".to_owned();
                self.report("invalid-free", id, offset.constant().is_some(), message);
            }
        }
    }

    /// A path that is looked at first and opened later.
    fn paths(&mut self, state: &mut State, id: ExprId, name: &str, arguments: &[ExprId]) {
        let Some(path) = arguments.first().and_then(|path| self.written(*path)) else { return };
        if LOOKS.contains(&name) {
            state.checked.insert(path);
        } else if OPENS.contains(&name) && state.checked.contains(&path) {
            let message = "the path may name another file than when it was looked at".to_owned();
            self.report("race-condition", id, false, message);
        }
    }

    fn written(&self, id: ExprId) -> Option<String> {
        match self.types.expression(id) {
            Expression::Name(name) | Expression::Text(name) => {
                Some(self.text(*name).to_owned()).filter(|text| !text.is_empty())
            }
            Expression::Attribute { base, name } => {
                Some(format!("{}.{}", self.written(*base)?, self.text(*name)))
            }
            Expression::Cast { value, .. } => self.written(*value),
            _ => None,
        }
    }

    /// What comes from outside.
    fn input_call(
        &mut self,
        state: &mut State,
        id: ExprId,
        name: &str,
        values: &[Value],
    ) -> Option<Value> {
        let int = (i128::from(i32::MIN), i128::from(i32::MAX));
        Some(match name {
            "getenv" | "secure_getenv" => {
                let block = self.block(state, Kind::Foreign, Number::unknown(), id);
                self.fill(state, block);
                Value::block(block, Null::Either)
            }
            "atoi" | "atol" | "atoll" | "strtol" | "strtoul" | "strtoll" | "strtoull"
            | "wcstol" => {
                self.passed(state, id, values, true);
                let from = values.first().and_then(|value| state.single(value));
                let tainted =
                    from.and_then(|from| state.blocks.get(&from)).is_some_and(|b| b.tainted);
                match tainted {
                    true if name == "atoi" => Value::Number(Number::input(int.0, int.1)),
                    true => Value::Number(Number::input(-(1 << 63), (1 << 63) - 1)),
                    false => Value::Unknown,
                }
            }
            "rand" | "random" | "rand_r" | "lrand48" => {
                Value::Number(Number { tainted: true, ..Number::input(0, int.1) })
            }
            "fgetc" | "getc" | "getchar" => Value::Number(Number::input(-1, 255)),
            "scanf" | "fscanf" | "sscanf" | "wscanf" | "fwscanf" | "swscanf" => {
                self.scanned(state, id, name, values);
                Value::Unknown
            }
            "strlen" | "wcslen" => {
                self.passed(state, id, values, true);
                values
                    .first()
                    .map_or(Value::Unknown, |value| Value::Number(self.length(state, value)))
            }
            "strnlen" => Value::Unknown,
            "time" | "signal" | "srand" | "sleep" | "usleep" | "close" | "isdigit" | "isspace"
            | "toupper" | "tolower" | "htons" | "htonl" | "socket" | "accept" | "memset_s" => {
                Value::Unknown
            }
            _ => return None,
        })
    }

    /// `scanf`: numbers of any size, and texts of any length where no width is given.
    fn scanned(&mut self, state: &mut State, id: ExprId, name: &str, values: &[Value]) {
        let skip = usize::from(!matches!(name, "scanf" | "wscanf"));
        let format = values.get(skip).and_then(|value| self.text_of(state, value));
        let Some(format) = format else { return };
        let mut targets = values.iter().skip(skip + 1);
        for field in super::copies::fields(self.text(format)) {
            if field.ignored {
                continue;
            }
            let Some(target) = targets.next() else { break };
            let Some(pointer) = target.pointer().cloned() else { continue };
            self.passed(state, id, std::slice::from_ref(target), true);
            for target in &pointer.targets {
                match (target, field.letter) {
                    (Target::Variable(place), 'd' | 'i' | 'u' | 'x' | 'o') => {
                        let (low, high) = field.range();
                        state.variables.insert(*place, Value::Number(Number::input(low, high)));
                    }
                    (Target::Variable(place), 'c') => {
                        state.variables.insert(*place, Value::Number(Number::input(-128, 127)));
                    }
                    (Target::Variable(place), _) => {
                        state.variables.insert(*place, Value::Unknown);
                    }
                    (Target::Block(number, _), 's' | '[') => {
                        let length = field.width.map_or(LIMIT, |width| width);
                        let need = Number::input(1, length.saturating_add(1));
                        self.writes(state, id, &Value::Pointer(pointer.clone()), &need, 1);
                        self.fill(state, *number);
                        if let (Some(width), Some(block)) =
                            (field.width, state.blocks.get_mut(number))
                        {
                            block.length = Number::input(0, width);
                        }
                    }
                    (Target::Block(number, _), _) => self.fill(state, *number),
                }
            }
        }
    }

    /// The literal that a value points to.
    pub(super) fn text_of(&self, state: &State, value: &Value) -> Option<Symbol> {
        let block = state.blocks.get(&state.single(value)?)?;
        if block.kind != Kind::Literal {
            return None;
        }
        match self.types.expression(block.site) {
            Expression::Text(text) => Some(*text),
            _ => None,
        }
    }
}

/// Nothing is known any more of what stands in a block.
pub(super) fn forget(state: &mut State, number: u32) {
    let Some(block) = state.blocks.get_mut(&number) else { return };
    block.parts.clear();
    block.blank = false;
    block.length = Number { low: 0, low_real: true, ..Number::unknown() };
}
