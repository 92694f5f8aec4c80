//! Types of C as far as sizes and ranges go: an LP64 machine.

use std::collections::HashMap;

use crate::ir::{
    ClassId, ExprId, Expression, FunctionId, Program, StatementKind, Symbol, UnaryOperator,
};

/// What the declarations of a program say.
pub(super) struct Types<'p> {
    program: &'p Program,
    /// Variables with their declared types.
    declared: HashMap<(FunctionId, Symbol), ExprId>,
    /// Globals, macros and enumerators with one value.
    values: HashMap<Symbol, ExprId>,
    classes: HashMap<Symbol, ClassId>,
}

/// How often a type may be another name for a type.
const ALIASES_MAX: usize = 8;

impl<'p> Types<'p> {
    pub(super) fn new(program: &'p Program) -> Types<'p> {
        let mut types = Types {
            program,
            declared: HashMap::new(),
            values: HashMap::new(),
            classes: HashMap::new(),
        };
        for (number, class) in program.classes.iter().enumerate() {
            if let (Some(name), Ok(number)) = (class.name, u32::try_from(number)) {
                types.classes.insert(name, ClassId(number));
            }
        }
        let file = FunctionId(0);
        for id in &program.functions[0].body {
            types.declaration(file, *id);
        }
        for (number, function) in program.functions.iter().enumerate() {
            let Ok(number) = u32::try_from(number) else { break };
            let id = FunctionId(number);
            for parameter in &function.parameters {
                if let Some(annotation) = parameter.annotation {
                    types.declared.insert((id, parameter.name), annotation);
                }
            }
            types.locals(id, &function.body);
        }
        types.forget_assigned();
        types
    }

    /// Declarations in a function, and what it assigns.
    fn locals(&mut self, id: FunctionId, body: &[crate::ir::StmtId]) {
        let mut open = body.to_vec();
        while let Some(statement) = open.pop() {
            if id.0 > 0 {
                self.declaration(id, statement);
            }
            match &self.program.statements[statement.0 as usize].kind {
                StatementKind::Block(inner)
                | StatementKind::While { body: inner, .. }
                | StatementKind::For { body: inner, .. } => open.extend(inner),
                StatementKind::If { then, otherwise, .. } => {
                    open.extend(then);
                    open.extend(otherwise);
                }
                StatementKind::Match { cases, .. } => {
                    open.extend(cases.iter().flat_map(|case| &case.body));
                }
                StatementKind::Try { body, handlers, finally, .. } => {
                    open.extend(body);
                    open.extend(handlers.iter().flat_map(|handler| &handler.body));
                    open.extend(finally);
                }
                _ => {}
            }
        }
    }

    fn declaration(&mut self, function: FunctionId, id: crate::ir::StmtId) {
        let StatementKind::Assign { target, value, annotation, .. } =
            &self.program.statements[id.0 as usize].kind
        else {
            return;
        };
        let Expression::Name(name) = self.expression(*target) else { return };
        if let Some(annotation) = annotation {
            self.declared.insert((function, *name), *annotation);
        }
        if let (0, Some(value)) = (function.0, value) {
            self.values.insert(*name, *value);
        }
    }

    /// A global that a function assigns, or whose address it takes, has no one value.
    fn forget_assigned(&mut self) {
        for statement in &self.program.statements {
            if let StatementKind::Assign { target, annotation: None, operator, .. } =
                &statement.kind
                && let Expression::Name(name) = self.expression(*target)
                && (operator.is_some() || self.declared.contains_key(&(FunctionId(0), *name)))
            {
                self.values.remove(name);
            }
        }
        for (expression, _) in &self.program.expressions {
            let target = match expression {
                Expression::Assign { target, .. }
                | Expression::Unary { operator: UnaryOperator::AddressOf, operand: target } => {
                    *target
                }
                _ => continue,
            };
            if let Expression::Name(name) = self.expression(target) {
                self.values.remove(name);
            }
        }
    }

    pub(super) fn expression(&self, id: ExprId) -> &'p Expression {
        &self.program.expressions[id.0 as usize].0
    }

    /// What a name of the file stands for.
    pub(super) fn value(&self, name: Symbol) -> Option<ExprId> {
        self.values.get(&name).copied()
    }

    /// The declared type of a variable.
    pub(super) fn declared(&self, function: FunctionId, name: Symbol) -> Option<ExprId> {
        let local = self.declared.get(&(function, name));
        local.or_else(|| self.declared.get(&(FunctionId(0), name))).copied()
    }

    /// The type behind other names for it.
    fn resolve(&self, mut id: ExprId) -> ExprId {
        for _ in 0..ALIASES_MAX {
            let Expression::Name(name) = self.expression(id) else { break };
            if self.classes.contains_key(name) {
                break;
            }
            let Some(next) = self.values.get(name) else { break };
            id = *next;
        }
        id
    }

    /// The static type of an expression.
    pub(super) fn of(&self, function: FunctionId, id: ExprId) -> Option<ExprId> {
        match self.expression(id) {
            Expression::Name(name) => self.declared(function, *name),
            Expression::Index { base, .. } => self.element(self.of(function, *base)?),
            Expression::Unary { operator: UnaryOperator::Dereference, operand } => {
                self.element(self.of(function, *operand)?)
            }
            Expression::Attribute { base, name } => {
                let base = self.of(function, *base)?;
                self.field(base, *name)
            }
            Expression::Cast { class, .. } => Some(*class),
            Expression::Binary { left, .. } => self.of(function, *left),
            Expression::Assign { target, .. } => self.of(function, *target),
            _ => None,
        }
    }

    /// What a pointer points to, or the elements of an array.
    pub(super) fn element(&self, id: ExprId) -> Option<ExprId> {
        match self.expression(self.resolve(id)) {
            Expression::Index { base, .. } => Some(*base),
            Expression::Unary { operator: UnaryOperator::Dereference, operand } => Some(*operand),
            _ => None,
        }
    }

    /// The type of a field of a struct, or of what a pointer to one points to.
    pub(super) fn field(&self, class: ExprId, name: Symbol) -> Option<ExprId> {
        let class = match self.expression(self.resolve(class)) {
            Expression::Unary { operator: UnaryOperator::Dereference, operand } => *operand,
            _ => class,
        };
        let Expression::Name(class) = self.expression(self.resolve(class)) else { return None };
        let class = &self.program.classes[self.classes.get(class)?.0 as usize];
        class.body.iter().find_map(|id| match &self.program.statements[id.0 as usize].kind {
            StatementKind::Assign { target, annotation, .. } => match self.expression(*target) {
                Expression::Name(field) if *field == name => *annotation,
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn is_pointer(&self, id: ExprId) -> bool {
        matches!(
            self.expression(self.resolve(id)),
            Expression::Unary { operator: UnaryOperator::Dereference, .. }
        )
    }

    /// The element type and length of an array.
    pub(super) fn array(&self, id: ExprId) -> Option<(ExprId, ExprId)> {
        match self.expression(self.resolve(id)) {
            Expression::Index { base, index }
                if !matches!(self.expression(*index), Expression::Name(n)
                if self.program.symbols.text(*n).starts_with(char::is_lowercase) && self.value(*n).is_none()) =>
            {
                Some((*base, *index))
            }
            _ => None,
        }
    }

    pub(super) fn is_struct(&self, id: ExprId) -> bool {
        matches!(self.expression(self.resolve(id)), Expression::Name(name) if self.classes.contains_key(name))
    }

    /// Bytes of a type that is no array of unknown length.
    pub(super) fn size(&self, id: ExprId) -> Option<i128> {
        self.sized(id, 0)
    }

    fn sized(&self, id: ExprId, depth: usize) -> Option<i128> {
        if depth > ALIASES_MAX {
            return None;
        }
        let id = self.resolve(id);
        match self.expression(id) {
            Expression::Unary { operator: UnaryOperator::Dereference, .. } => Some(8),
            Expression::Index { base, index } => {
                let count = self.constant(*index)?;
                self.sized(*base, depth + 1)?.checked_mul(count)
            }
            Expression::Name(name) => {
                if let Some(class) = self.classes.get(name) {
                    let body = &self.program.classes[class.0 as usize].body;
                    let mut total = 0;
                    for id in body {
                        if let StatementKind::Assign { annotation, .. } =
                            &self.program.statements[id.0 as usize].kind
                        {
                            let size = self.sized((*annotation)?, depth + 1)?;
                            let align = size.clamp(1, 8);
                            total = (total + align - 1) / align * align + size;
                        }
                    }
                    return Some((total + 3) / 4 * 4);
                }
                self.basic(*name).map(|(bits, _)| bits / 8)
            }
            _ => None,
        }
    }

    fn constant(&self, id: ExprId) -> Option<i128> {
        match self.expression(id) {
            Expression::Integer(value) => Some(i128::from(*value)),
            Expression::Name(name) => match self.expression(*self.values.get(name)?) {
                Expression::Integer(value) => Some(i128::from(*value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Bits, and whether it has a sign.
    fn basic(&self, name: Symbol) -> Option<(i128, bool)> {
        let text = self.program.symbols.text(name);
        Some(match text {
            "char" | "int8_t" | "signed char" | "bool" | "_Bool" => (8, true),
            "unsigned char" | "uint8_t" | "u8" | "byte" | "BYTE" => (8, false),
            "short" | "int16_t" | "short int" | "signed short" => (16, true),
            "unsigned short" | "uint16_t" | "u16" | "unsigned short int" => (16, false),
            "int" | "int32_t" | "signed" | "signed int" | "wchar_t" | "float" => (32, true),
            "unsigned" | "unsigned int" | "uint32_t" | "u32" => (32, false),
            "long" | "long int" | "int64_t" | "long long" | "ssize_t" | "ptrdiff_t" | "off_t"
            | "long long int" | "time_t" | "intptr_t" | "signed long" | "double" => (64, true),
            "unsigned long"
            | "size_t"
            | "uint64_t"
            | "unsigned long long"
            | "uintptr_t"
            | "unsigned long int"
            | "u64"
            | "unsigned long long int" => (64, false),
            _ => return None,
        })
    }

    /// The numbers of a whole type.
    pub(super) fn range(&self, id: ExprId) -> Option<(i128, i128)> {
        let id = self.resolve(id);
        let Expression::Name(name) = self.expression(id) else { return None };
        if matches!(self.program.symbols.text(*name), "float" | "double") {
            return None;
        }
        let (bits, signed) = self.basic(*name)?;
        Some(match signed {
            true => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            false => (0, (1 << bits) - 1),
        })
    }
}

/// Names that the headers of C define.
pub(super) fn header_constant(name: &str) -> Option<i128> {
    Some(match name {
        "CHAR_MAX" | "SCHAR_MAX" | "INT8_MAX" => 127,
        "CHAR_MIN" | "SCHAR_MIN" | "INT8_MIN" => -128,
        "UCHAR_MAX" | "UINT8_MAX" => 255,
        "SHRT_MAX" | "INT16_MAX" => 32_767,
        "SHRT_MIN" | "INT16_MIN" => -32_768,
        "USHRT_MAX" | "UINT16_MAX" => 65_535,
        "INT_MAX" | "INT32_MAX" | "RAND_MAX" => i128::from(i32::MAX),
        "INT_MIN" | "INT32_MIN" => i128::from(i32::MIN),
        "UINT_MAX" | "UINT32_MAX" => i128::from(u32::MAX),
        "LONG_MAX" | "LLONG_MAX" | "INT64_MAX" | "SSIZE_MAX" => i128::from(i64::MAX),
        "LONG_MIN" | "LLONG_MIN" | "INT64_MIN" => i128::from(i64::MIN),
        "ULONG_MAX" | "ULLONG_MAX" | "UINT64_MAX" | "SIZE_MAX" => i128::from(u64::MAX),
        "EXIT_SUCCESS" => 0,
        "EXIT_FAILURE" => 1,
        "BUFSIZ" => 8192,
        "PATH_MAX" => 4096,
        "INVALID_SOCKET" | "SOCKET_ERROR" | "EOF" => -1,
        _ => return None,
    })
}
