//! What values flow where: programs in `cases/`, against a small set of rules of their own. A line
//! marked `HERE` is found, one marked `NOT` is not.

use flow::{Language, Rules};

use crate::marks;

pub(crate) const RULES: &[(&str, &str)] = &[
    ("rules/weakness/test.toml", include_str!("cases/weakness.toml")),
    ("rules/python/test.toml", include_str!("cases/rules.toml")),
    ("models/python/test.toml", include_str!("cases/models.toml")),
];

fn check(name: &str, text: &str) {
    let rules = Rules::new(Language::Python, RULES).unwrap_or_else(|error| panic!("{error}"));
    let outcome = marks::check(&rules, text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(outcome.complete, Ok(()), "{name}");
    let found = marks::lines(text, outcome.alarms.iter());
    let wanted = marks::marked(text, "HERE");
    let forbidden = marks::marked(text, "NOT");
    assert!(wanted.len() + forbidden.len() > 0, "{name}: no line is marked");
    assert_eq!(found, wanted, "{name}: found, and marked `HERE`");
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            let file = concat!("cases/", stringify!($name), ".py");
            check(file, include_str!(concat!("cases/", stringify!($name), ".py")));
        })*
    };
}

cases!(flow, containers, branches, guards, functions, classes);
