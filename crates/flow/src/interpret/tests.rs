//! Tests of values that conditions name and that are too much for a pattern.

use super::Interpreter;
use super::calls::Call;
use super::members::words;
use crate::backtracking::is_exponential;
use crate::ir::Expression;
use crate::value::{Constant, Kind, Object, Shape, Value};

/// The names of all of them.
pub(crate) const TESTS: [&str; 13] = [
    "always-true",
    "catastrophic-regex",
    "closed-dictionary",
    "dictionary",
    "django-middleware-without-csrf",
    "django-settings",
    "double-dash",
    "empty",
    "literal-secret",
    "markup-text",
    "secret-name",
    "shell-command",
    "sql-keywords",
];

/// Names that only settings of Django are assigned to.
const DJANGO_SETTINGS: [&str; 4] =
    ["INSTALLED_APPS", "ROOT_URLCONF", "MIDDLEWARE", "WSGI_APPLICATION"];

/// A text of fewer characters is no password that somebody made up.
const SECRET_CHARACTERS_MIN: usize = 3;

/// The flag of Python's patterns that lets them hold spaces and comments.
const VERBOSE: i64 = 64;

/// Words of names that hold secrets.
const SECRET_WORDS: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "privatekey",
    "secretkey",
    "accesskey",
    "authkey",
    "pin",
];

impl Interpreter<'_> {
    pub(super) fn test(&mut self, test: &str, value: &Value, call: &Call) -> bool {
        match test {
            "sql-keywords" => self.texts_of(value).iter().any(|text| is_sql(text)),
            "secret-name" => {
                let names = call.callee_at.and_then(|at| self.last_name(at));
                let names = names.iter().chain(&self.context).map(|name| self.name(*name));
                names.into_iter().any(is_secret_name)
            }
            "catastrophic-regex" => {
                let is_whole = &*call.target.name == "fullmatch";
                let flags = call.given.iter().filter_map(|given| given.value.as_integer());
                let is_verbose = flags.fold(0, |all, flag| all | flag) & VERBOSE != 0;
                self.texts_of(value).iter().any(|text| is_exponential(text, is_whole, is_verbose))
            }
            "markup-text" => {
                self.texts_of(value).iter().any(|text| text.trim_start().starts_with('<'))
            }
            "literal-secret" => value.constants.all().iter().any(is_literal_secret),
            "shell-command" => self.is_shell(call),
            "always-true" => value.shapes.all().iter().any(|shape| match shape {
                Shape::Function(id, ..) => {
                    let function = &self.program.functions[id.0 as usize];
                    crate::methods::does(self.program, function, crate::rule::MethodBody::True)
                }
                _ => false,
            }),
            "django-settings" => self.assigns_any(&DJANGO_SETTINGS),
            _ => self.test_object(test, value),
        }
    }

    /// Whether the command that a method adds to was made for a shell: `new("sh").arg("-c")`.
    fn is_shell(&self, call: &Call) -> bool {
        /// Calls of one chain that are looked at.
        const CHAIN_MAX: usize = 64;
        let mut at = call.target.receiver_at;
        for _ in 0..CHAIN_MAX {
            let Some(id) = at else { return false };
            at = match self.expression(id) {
                Expression::Call { callee, arguments, .. } => {
                    let program = arguments.first().map(|argument| self.expression(argument.value));
                    if let Some(Expression::Text(text)) = program
                        && is_shell_name(self.name(*text))
                    {
                        return true;
                    }
                    match self.expression(*callee) {
                        Expression::Attribute { base, .. } => Some(*base),
                        _ => None,
                    }
                }
                Expression::Unary { operand, .. } => Some(*operand),
                _ => None,
            };
        }
        false
    }

    /// Tests of lists and dictionaries.
    fn test_object(&self, test: &str, value: &Value) -> bool {
        let objects = value.shapes.all().iter().filter_map(|shape| match shape {
            Shape::Object(id) => Some(self.state.object(*id)),
            _ => None,
        });
        let mut objects = objects.peekable();
        match test {
            "empty" => {
                let is_open = !value.labels.is_empty() || objects.peek().is_none();
                !is_open && objects.all(|object| is_closed(object) && has_nothing(object))
            }
            "dictionary" => objects.any(|object| object.kind == Kind::Dictionary),
            "closed-dictionary" => {
                value.labels.is_empty()
                    && objects.any(|object| object.kind == Kind::Dictionary && is_closed(object))
            }
            "double-dash" => objects.any(|object| {
                object.elements.iter().any(|one| one.as_text().is_some_and(|text| &**text == "--"))
            }),
            "django-middleware-without-csrf" => objects.any(|object| {
                let names = object.elements.iter().filter_map(Value::as_text);
                let is_known = names.clone().count() == object.elements.len() && is_closed(object);
                is_known
                    && names.clone().any(|name| name.starts_with("django."))
                    && !names.clone().any(|name| name.contains("CsrfViewMiddleware"))
            }),
            _ => false,
        }
    }

    /// Whether the file assigns to one of these names.
    fn assigns_any(&self, names: &[&str]) -> bool {
        let locals = self.program.functions.first().map_or(&[][..], |file| &file.locals);
        locals.iter().any(|name| names.contains(&self.name(*name)))
    }
}

/// Whether all that is in an object is known.
fn is_closed(object: &Object) -> bool {
    object.rest.is_none() && !object.keys_open
}

fn has_nothing(object: &Object) -> bool {
    object.elements.is_empty() && object.fields.is_empty()
}

/// Whether a constant can be a password or key, not a placeholder for one.
fn is_literal_secret(constant: &Constant) -> bool {
    let (Constant::Text(text) | Constant::Bytes(text)) = constant else { return false };
    let is_placeholder = text.starts_with(['<', '{', '$', '%'])
        || text.contains(char::is_whitespace)
        || text.chars().all(|one| matches!(one, 'x' | 'X' | '*' | '.' | '-' | '_'));
    text.chars().count() >= SECRET_CHARACTERS_MIN && !is_placeholder
}

/// Whether a program reads commands.
fn is_shell_name(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh" | "fish" | "cmd" | "powershell" | "pwsh")
}

/// Whether a name says that it holds a secret.
fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let pairs = words.windows(2).skip(1).map(<[String]>::concat);
    let pairs: Vec<String> = pairs.collect();
    words.iter().chain(&pairs).any(|word| SECRET_WORDS.contains(&word.as_str()))
}

/// Whether a text begins like a statement of SQL.
fn is_sql(text: &str) -> bool {
    let text = text.to_lowercase();
    let all: Vec<&str> = text.split_whitespace().take(64).collect();
    let has = |word: &str| all.contains(&word);
    match all.first() {
        Some(&"delete") => has("from"),
        Some(&"select") => has("from") || text.contains('\u{fffc}'),
        Some(&("insert" | "replace" | "merge")) => has("into"),
        Some(&"update") => has("set"),
        Some(&("create" | "drop" | "alter" | "truncate")) => {
            has("table") || has("database") || has("index") || has("view") || has("user")
        }
        Some(&"with") => has("select"),
        Some(&("grant" | "revoke" | "exec" | "execute" | "call")) => all.len() > 1,
        _ => false,
    }
}
