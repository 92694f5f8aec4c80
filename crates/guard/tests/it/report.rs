//! The report around the findings: score, functions, durations, what it must never hold.

use std::cell::Cell;

use types::{Document, Edit, Facts, Score, ScoreParts, Snapshot};

use crate::{check_edit, check_new};

fn score(path: &str, base: &str, text: &str, facts: &Facts) -> Score {
    let document = Document::new(path, base);
    let edit = Edit::replace_all(&document, text);
    guard::check(&Snapshot::of(document), &edit, facts, &|| 0).unwrap().score
}

#[test]
fn a_clean_function_has_every_point() {
    let text = "def double(number):\n    return number * 2\n";
    let whole =
        ScoreParts { complexity: Some(30), naming: Some(20), lint: Some(25), coverage: None };
    assert_eq!(
        score("a.py", "", text, &Facts::default()),
        Score { total: Some(100), parts: whole }
    );
    let half = Facts { coverage: Some(0.5), ..Facts::default() };
    let parts = ScoreParts { coverage: Some(13), ..whole };
    assert_eq!(score("a.py", "", text, &half), Score { total: Some(88), parts });
    let none = Facts { coverage: Some(f64::NAN), ..Facts::default() };
    assert_eq!(score("a.py", "", text, &none).parts, whole);
}

#[test]
fn points_are_lost_for_what_is_found() {
    // One of two names, one error in what counts as twenty lines.
    let parts = score("a.py", "", "def fN(x):\n    return y\n", &Facts::default()).parts;
    assert_eq!((parts.naming, parts.lint), (Some(10), Some(13)));
    // 13 paths: a strain of (13 - 5) / 20, worst and mean.
    let text = format!("function f(a) {{\n{}}}\n", "  if (a) a();\n".repeat(12));
    let parts = score("a.js", "", &text, &Facts::default()).parts;
    assert_eq!(parts.complexity, Some(18));
    assert_eq!(parts.lint, None, "there is no linter for JavaScript");
}

#[test]
fn what_was_not_measured_has_no_points() {
    let none = Score::default();
    assert_eq!(score("Makefile", "", "all:\n", &Facts::default()), none);
    assert_eq!(score("a.py", "", "def f(:\n", &Facts::default()), none);
    let parts = score("a.py", "x = 1\n", "x = 1\n# a comment\n", &Facts::default()).parts;
    assert_eq!((parts.complexity, parts.naming, parts.lint), (None, None, Some(25)));
}

#[test]
fn functions_are_those_that_the_edit_touches() {
    let base = "def a():\n    return 1\n\n\ndef b():\n    return 2\n\n\ndef c():\n    return 3\n";
    let report = check_edit(&Document::new("a.py", base), &base.replace("return 2", "return 22"));
    let functions: Vec<_> =
        report.functions.iter().map(|f| (f.name.as_str(), f.line, f.end_line)).collect();
    assert_eq!(functions, [("b", 5, 6)]);
}

#[test]
fn no_message_repeats_a_secret() {
    let secret = format!("{}_{}", "ghp", "k3JxQ8mZ5vLrT2nWc7BdYh4PfGs9AeUoXy61");
    let text = format!("x = {{'{secret}': 1, '{secret}': 2}}\ntoken = '{secret}'\n");
    let report = check_new("a.py", &text);
    let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert!(rules.contains(&"F601"), "a rule that quotes the key: {rules:?}");
    assert!(rules.contains(&"secret-github-token"), "{rules:?}");
    let told = serde_json::to_string(&report).unwrap();
    assert!(!told.contains(&secret[4..]), "{told}");
}

#[test]
fn durations_add_up_to_the_time_spent() {
    let now = Cell::new(0);
    let clock = || {
        now.set(now.get() + 1);
        now.get()
    };
    let document = Document::new("a.py", "x = 1\n");
    let edit = Edit::replace_all(&document, "x = undefined\n");
    let report = guard::check(&Snapshot::of(document), &edit, &Facts::default(), &clock).unwrap();
    let spent: u64 = report.checks.iter().map(|outcome| outcome.duration_us).sum();
    assert!(spent > 0 && spent <= now.get(), "{spent} of {}", now.get());
    assert!(report.check("lint").unwrap().duration_us > 0);
}
