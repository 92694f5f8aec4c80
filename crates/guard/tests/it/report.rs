//! The report around the findings: score, functions, durations, what it must never hold.

use std::cell::Cell;

use types::{Document, Edit, Facts, Score, Snapshot, Weights};

use crate::{check_edit, check_new};

fn score(path: &str, base: &str, text: &str, facts: &Facts) -> Score {
    let document = Document::new(path, base);
    let edit = Edit::replace_all(&document, text);
    guard::check(&Snapshot::of(document), &edit, facts, &|| 0).unwrap().score
}

/// The points of each part, in order; `-` for what was not measured.
fn points(score: &Score) -> String {
    let part = |part: &types::ScorePart| {
        assert_eq!(part.points.is_none(), part.reason.is_some(), "{part:?}");
        part.points.map_or("-".to_owned(), |points| points.to_string())
    };
    score.parts.iter().map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_clean_function_has_every_point() {
    let text = "def double(number):\n    return number * 2\n";
    let clean = score("a.py", "", text, &Facts::default());
    assert_eq!((clean.total, points(&clean).as_str()), (Some(100), "25 15 20 - 10 - -"));
    let half = Facts { coverage: Some(0.5), ..Facts::default() };
    let half = score("a.py", "", text, &half);
    assert_eq!((half.total, points(&half).as_str()), (Some(92), "25 15 20 - 10 - 8"));
    let none = Facts { coverage: Some(f64::NAN), ..Facts::default() };
    assert_eq!(points(&score("a.py", "", text, &none)), "25 15 20 - 10 - -");
}

#[test]
fn points_are_lost_for_what_is_found() {
    // One of two names, one error in what counts as twenty lines, an unused parameter.
    let lost = score("a.py", "", "def fN(x):\n    return y\n", &Facts::default());
    assert_eq!(points(&lost), "25 8 10 - 9 - -");
    let told: Vec<&str> =
        lost.parts.iter().flat_map(|part| &part.losses).map(|loss| loss.what.as_str()).collect();
    assert_eq!(told[0], "N802: Function name `fN` should be lowercase");
    assert_eq!(told[2], "the parameter `x` is not used");
    // 13 paths: a strain of (13 - 5) / 20, worst and mean.
    let text = format!("function f(a) {{\n{}}}\n", "  if (a) a();\n".repeat(12));
    let lost = score("a.js", "", &text, &Facts::default());
    assert_eq!(lost.part("complexity"), Some(15));
    let lost = score("a.go", "", "package a\n\nfunc f() {}\n", &Facts::default());
    assert_eq!(lost.part("lint"), None, "there is no linter for Go");
}

#[test]
fn repeated_lines_lose_points() {
    let body: String = (0..8).map(|n| format!("    total += rows[{n}] * rate(n, {n})\n")).collect();
    let base = format!("def first(rows):\n    total = 0\n{body}    return total\n");
    let text = format!("{base}\n\ndef second(rows):\n    total = 0\n{body}    return total\n");
    let twice = score("a.py", &base, &text, &Facts::default());
    let part = twice.parts.iter().find(|part| part.name == "duplication").unwrap();
    assert_eq!(part.losses[0].what, "lines 14 to 24 repeat lines 1 to 11", "{part:?}");
    assert_eq!(part.points, Some(2));
    let changed = text[base.len()..].replace("rows[3]", "row").replace("rows[6]", "cell");
    let other = format!("{base}{}", changed.replace("rows[1]", "c"));
    let other = score("a.py", &base, &other, &Facts::default());
    assert_eq!(other.part("duplication"), Some(10));
}

#[test]
fn dead_code_and_missing_documentation_lose_points() {
    let base: String = (0..4)
        .map(|n| format!("def f{n}():\n    \"\"\"Say {n}.\"\"\"\n    return {n}\n\n\n"))
        .collect();
    let added = "def g(a):\n    return a\n    print(a)\n\n\ndef _unused():\n    return f1()\n";
    let lost = score("a.py", &base, &format!("{base}{added}"), &Facts::default());
    assert_eq!((lost.part("dead_code"), lost.part("documentation")), (Some(4), Some(0)));
    let added = "def g(a):\n    \"\"\"Give back.\"\"\"\n    return _used(a)\n\n\ndef _used(a):\n    return a\n";
    let fine = score("a.py", &base, &format!("{base}{added}"), &Facts::default());
    assert_eq!((fine.part("dead_code"), fine.part("documentation")), (Some(10), Some(5)));
    let rust: String =
        (0..4).map(|n| format!("/// Says {n}.\npub fn f{n}() -> u8 {{ {n} }}\n\n")).collect();
    let bare = score("a.rs", &rust, &format!("{rust}pub fn g() {{}}\n"), &Facts::default());
    assert_eq!(bare.part("documentation"), Some(0));
}

#[test]
fn weights_change_points_and_not_shares() {
    let text = "def fN(x):\n    return x\n";
    let lost = score("a.py", "", text, &Facts::default());
    let weights =
        Weights { naming: 100, complexity: 0, lint: 0, dead_code: 0, ..Weights::default() };
    let weighed = lost.clone().weighed(&weights);
    assert_eq!((weighed.part("naming"), weighed.total), (Some(50), Some(50)));
    assert_eq!(weighed.weighed(&Weights::default()), lost);
    let json = serde_json::to_value(&lost).unwrap();
    assert_eq!(json["parts"]["naming"], 8);
    assert_eq!(json["parts"]["coverage"], serde_json::Value::Null);
    assert_eq!(json["details"][1]["name"], "naming");
}

#[test]
fn cognitive_complexity() {
    let of = |body: &str| check_new("a.py", body).functions[0].cognitive.unwrap();
    for (body, expected) in [
        (
            "def f(a):\n    if a:\n        for b in a:\n            while b:\n                b()\n",
            6,
        ),
        ("def f(a, b, c):\n    return a and b and c or a\n", 2),
        (
            "def f(a):\n    if a:\n        return 1\n    elif a > 2:\n        return 2\n    else:\n        return 3\n",
            3,
        ),
        ("def f(a):\n    try:\n        a()\n    except E:\n        if a:\n            b()\n", 3),
        ("def f(a):\n    def g(b):\n        if b:\n            return 1\n    return g\n", 1),
        (
            "def f(a):\n    x = 1\n    def g(b):\n        if b:\n            return 1\n    return g\n",
            2,
        ),
    ] {
        assert_eq!(of(body), expected, "{body}");
    }
}

#[test]
fn what_was_not_measured_has_no_points() {
    let none = |path: &str, text: &str| {
        let score = score(path, "", text, &Facts::default());
        assert_eq!((score.total, points(&score).as_str()), (None, "- - - - - - -"), "{path}");
    };
    none("Makefile", "all:\n");
    none("a.py", "def f(:\n");
    let bare = score("a.py", "x = 1\n", "x = 1\n# a comment\n", &Facts::default());
    assert_eq!(points(&bare), "- - 20 - 10 - -");
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
