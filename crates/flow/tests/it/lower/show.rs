//! The intermediate form as text: a statement a line, blocks indented.

use std::fmt::Write as _;

use flow::ir::{
    Block, ExprId, Expression, Function, FunctionId, Program, StatementKind, StmtId, Symbol,
};

/// All functions and classes.
pub fn show(program: &Program) -> String {
    let mut shown = Show { program, text: String::new(), depth: 0 };
    for (number, function) in program.functions.iter().enumerate() {
        shown.function(number, function);
    }
    for (number, class) in program.classes.iter().enumerate() {
        let bases = shown.list(&class.bases);
        let decorators = shown.list(&class.decorators);
        let methods: Vec<u32> = class.methods.iter().map(|id| id.0).collect();
        let name = class.name.map_or("-", |name| program.symbols.text(name));
        shown.line(&format!("class {number} {name}({bases}) @({decorators}) methods {methods:?}"));
        shown.block(&class.body);
    }
    shown.text
}

struct Show<'p> {
    program: &'p Program,
    text: String,
    depth: usize,
}

impl Show<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}{line}", "  ".repeat(self.depth));
    }

    fn symbol(&self, symbol: Symbol) -> &str {
        self.program.symbols.text(symbol)
    }

    fn function(&mut self, number: usize, function: &Function) {
        let name = function.name.map_or("-", |name| self.program.symbols.text(name));
        let mut heading = format!("function {number} {name}(");
        for parameter in &function.parameters {
            let decorators = self.list(&parameter.decorators);
            let annotation = parameter.annotation.map(|id| self.expression(id));
            let _ = write!(heading, "{}", self.symbol(parameter.name));
            if let Some(annotation) = annotation {
                let _ = write!(heading, ": {annotation}");
            }
            if !decorators.is_empty() {
                let _ = write!(heading, " @({decorators})");
            }
            let _ = write!(heading, " {:?}, ", parameter.kind);
        }
        heading.push(')');
        if let Some(result) = function.result {
            let _ = write!(heading, " -> {}", self.expression(result));
        }
        let flags = [(function.is_public, "public"), (function.is_static, "static")];
        for (_, word) in flags.iter().filter(|(set, _)| *set) {
            let _ = write!(heading, " {word}");
        }
        if let Some(class) = function.class {
            let _ = write!(heading, " of {}", class.0);
        }
        if let Some(FunctionId(parent)) = function.parent.filter(|parent| parent.0 > 0) {
            let _ = write!(heading, " in {parent}");
        }
        if !function.decorators.is_empty() {
            let _ = write!(heading, " @({})", self.list(&function.decorators));
        }
        let locals: Vec<&str> = function.locals.iter().map(|name| self.symbol(*name)).collect();
        let _ = write!(heading, " locals {}", locals.join(" "));
        self.line(&heading);
        self.block(&function.body);
    }

    fn block(&mut self, block: &Block) {
        self.depth += 1;
        for id in block {
            self.statement(*id);
        }
        self.depth -= 1;
    }

    fn titled(&mut self, title: &str, block: &Block) {
        if !block.is_empty() {
            self.line(title);
            self.block(block);
        }
    }

    fn statement(&mut self, id: StmtId) {
        let program = self.program;
        match &program.statements[id.0 as usize].kind {
            StatementKind::If { test, then, otherwise } => {
                let line = format!("if {}", self.expression(*test));
                self.line(&line);
                self.block(then);
                self.titled("else", otherwise);
            }
            StatementKind::While { test, body, .. } => {
                let test = test.map_or("true".to_owned(), |test| self.expression(test));
                self.line(&format!("while {test}"));
                self.block(body);
            }
            StatementKind::For { target, iterable, keys, body, .. } => {
                let word = if *keys { "keys of" } else { "in" };
                let line = format!(
                    "for {} {word} {}",
                    self.expression(*target),
                    self.expression(*iterable)
                );
                self.line(&line);
                self.block(body);
            }
            StatementKind::Match { subject, cases } => {
                let line = format!("match {}", self.expression(*subject));
                self.line(&line);
                for case in cases {
                    let patterns = self.list(&case.patterns);
                    let guard = case.guard.map(|guard| format!(" if {}", self.expression(guard)));
                    let falls = if case.falls_through { " falls" } else { "" };
                    self.line(&format!("case {patterns}{}{falls}", guard.unwrap_or_default()));
                    self.block(&case.body);
                }
            }
            StatementKind::Try { body, handlers, finally, .. } => {
                self.titled("try", body);
                for handler in handlers {
                    let types = self.list(&handler.types);
                    let name = handler.name.map_or("-", |name| program.symbols.text(name));
                    self.line(&format!("catch {types} as {name}"));
                    self.block(&handler.body);
                }
                self.titled("finally", finally);
            }
            StatementKind::With { items, body } => {
                for (value, target) in items {
                    let target = target.map_or("-".to_owned(), |id| self.expression(id));
                    let line = format!("with {} as {target}", self.expression(*value));
                    self.line(&line);
                }
                self.block(body);
            }
            StatementKind::Block(body) => {
                self.line("block");
                self.block(body);
            }
            other => {
                let line = self.simple(other);
                self.line(&line);
            }
        }
    }

    fn simple(&self, kind: &StatementKind) -> String {
        let given = |id: &Option<ExprId>| id.map_or("-".to_owned(), |id| self.expression(id));
        match kind {
            StatementKind::Expression(id) => self.expression(*id),
            StatementKind::Assign { target, value, operator, annotation } => {
                let mut line = self.expression(*target);
                if let Some(annotation) = annotation {
                    let _ = write!(line, ": {}", self.expression(*annotation));
                }
                if let Some(operator) = operator {
                    let _ = write!(line, " {operator:?}");
                }
                if let Some(value) = value {
                    let _ = write!(line, " = {}", self.expression(*value));
                }
                line
            }
            StatementKind::Return(value) => format!("return {}", given(value)),
            StatementKind::Raise(value) => format!("raise {}", given(value)),
            StatementKind::Assert(test) => format!("assert {}", self.expression(*test)),
            StatementKind::Import { module, member, name } => {
                let member = member.map_or("-", |member| self.program.symbols.text(member));
                format!("import {} {member} as {}", self.symbol(*module), self.symbol(*name))
            }
            StatementKind::Define(id) => format!("define {}", id.0),
            StatementKind::DefineClass(id) => format!("define class {}", id.0),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    fn list(&self, ids: &[ExprId]) -> String {
        ids.iter().map(|id| self.expression(*id)).collect::<Vec<_>>().join(", ")
    }

    fn expression(&self, id: ExprId) -> String {
        let e = |id: &ExprId| self.expression(*id);
        match &self.program.expressions[id.0 as usize].0 {
            Expression::Name(name) => self.symbol(*name).to_owned(),
            Expression::Attribute { base, name } => format!("{}.{}", e(base), self.symbol(*name)),
            Expression::Index { base, index } => format!("{}[{}]", e(base), e(index)),
            Expression::Slice { base, from, to } => {
                let bound = |id: &Option<ExprId>| id.as_ref().map_or(String::new(), e);
                format!("{}[{}:{}]", e(base), bound(from), bound(to))
            }
            Expression::Call { callee, arguments, is_new } => {
                let values: Vec<String> = arguments
                    .iter()
                    .map(|argument| {
                        let name = argument.name.map(|name| format!("{}=", self.symbol(name)));
                        let spread = if argument.spread { "..." } else { "" };
                        format!("{}{}{spread}", name.unwrap_or_default(), e(&argument.value))
                    })
                    .collect();
                let new = if *is_new { "new " } else { "" };
                format!("{new}{}({})", e(callee), values.join(", "))
            }
            Expression::Text(text) => format!("{:?}", self.symbol(*text)),
            Expression::Bytes(text) => format!("b{:?}", self.symbol(*text)),
            Expression::Integer(value) => value.to_string(),
            Expression::Float(value) => format!("{value:?}"),
            Expression::Boolean(value) => value.to_string(),
            Expression::Nothing => "nothing".to_owned(),
            Expression::Template { parts, .. } => format!("template({})", self.list(parts)),
            Expression::Binary { operator, left, right } => {
                format!("({} {operator:?} {})", e(left), e(right))
            }
            Expression::Unary { operator, operand } => format!("{operator:?}({})", e(operand)),
            Expression::Compare { operator, left, right } => {
                format!("({} {operator:?} {})", e(left), e(right))
            }
            Expression::Logical { operator, left, right } => {
                format!("({} {operator:?} {})", e(left), e(right))
            }
            Expression::Conditional { test, then, otherwise } => {
                format!("({} ? {} : {})", e(test), e(then), e(otherwise))
            }
            Expression::List(ids) => format!("[{}]", self.list(ids)),
            Expression::Dictionary(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| {
                        format!("{}: {}", key.as_ref().map_or("-".into(), e), e(value))
                    })
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            Expression::Record { class, fields } => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{}: {}", self.symbol(*name), e(value)))
                    .collect();
                format!("{} {{{}}}", e(class), fields.join(", "))
            }
            other => self.rest(other),
        }
    }

    fn rest(&self, expression: &Expression) -> String {
        let e = |id: &ExprId| self.expression(*id);
        match expression {
            Expression::Function(id) => format!("function {}", id.0),
            Expression::Class(id) => format!("class {}", id.0),
            Expression::Assign { target, value, operator } => {
                let operator = operator.map_or(String::new(), |operator| format!("{operator:?}"));
                format!("({} {operator}= {})", e(target), e(value))
            }
            Expression::Await(value) => format!("await {}", e(value)),
            Expression::Cast { value, class } => format!("({} as {})", e(value), e(class)),
            Expression::Block { body, value } => {
                let mut inner = Show { program: self.program, text: String::new(), depth: 0 };
                for id in body {
                    inner.statement(*id);
                }
                let body = inner.text.trim_end().replace('\n', "; ");
                format!("{{{body} => {}}}", value.as_ref().map_or("-".into(), e))
            }
            Expression::Unknown(parts) => format!("?({})", self.list(parts)),
            other => format!("{other:?}"),
        }
    }
}
