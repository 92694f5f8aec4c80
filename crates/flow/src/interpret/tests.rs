//! Tests of values that conditions name and that are too much for a pattern.

use super::Interpreter;
use super::calls::Call;
use super::members::words;
use crate::value::Value;

/// The names of all of them.
pub(crate) const TESTS: [&str; 3] = ["catastrophic-regex", "sql-keywords", "secret-name"];

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
            "catastrophic-regex" => self.texts_of(value).iter().any(|text| is_catastrophic(text)),
            _ => false,
        }
    }
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
        Some(&"select") => has("from") || text.contains('\u{fffc}'),
        Some(&"insert") => has("into"),
        Some(&"update") => has("set"),
        Some(&"delete") => has("from"),
        Some(&("create" | "drop" | "alter" | "truncate")) => {
            has("table") || has("database") || has("index") || has("view") || has("user")
        }
        Some(&("replace" | "merge")) => has("into"),
        Some(&"with") => has("select"),
        Some(&("grant" | "revoke" | "exec" | "execute" | "call")) => all.len() > 1,
        _ => false,
    }
}

/// Whether a regular expression can take time that grows exponentially: something repeated without
/// limit that itself is repeated without limit, and nothing between them that must be there.
fn is_catastrophic(pattern: &str) -> bool {
    let mut open: Vec<bool> = vec![false];
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let mut repeats_inside = false;
        match character {
            '\\' => _ = characters.next(),
            '[' => {
                while let Some(inner) = characters.next() {
                    match inner {
                        '\\' => _ = characters.next(),
                        ']' => break,
                        _ => {}
                    }
                }
            }
            '(' => {
                open.push(false);
                continue;
            }
            ')' => {
                repeats_inside = open.pop().unwrap_or(false);
                if open.is_empty() {
                    open.push(false);
                }
            }
            _ => {}
        }
        let is_endless = match characters.peek() {
            Some('*' | '+') => true,
            Some('{') => {
                let rest: String = characters.clone().skip(1).take_while(|c| *c != '}').collect();
                rest.ends_with(',')
            }
            _ => false,
        };
        if is_endless {
            if repeats_inside {
                return true;
            }
            if let Some(last) = open.last_mut() {
                *last = true;
            }
        } else if let (true, Some(last)) = (repeats_inside, open.last_mut()) {
            *last = true;
        }
    }
    false
}
