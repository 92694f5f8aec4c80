//! `explain`: every kind of rule, and ids that are none.

use crate::home::Home;

#[test]
fn every_kind_of_rule_is_explained() {
    let home = Home::new();
    let check = |rule: &str, parts: &[&str]| {
        let run = home.run(&["explain", rule]).code(0);
        for part in parts {
            assert!(run.out.contains(part), "{rule}: `{part}` is not in {}", run.out);
        }
    };
    check(
        "F821",
        &["undefined name", "error, check lint, python", "## Why is this bad?", "ruff's"],
    );
    check("S307", &["CWE-95", "https://cwe.mitre.org/data/definitions/95.html", "check security"]);
    check("f401", &["unused import", "sometimes a mechanical fix"]);
    check("hidden-bidi", &["CWE-1007", "CVE-2021-42574", "Good:"]);
    check("allow-unused", &["Bad:", "Good:", "no mechanical fix"]);
    check("secret-github-token", &["GitHub", "revoke", "CWE-798"]);
    let list = home.run(&["explain"]).code(0).out;
    assert!(list.lines().count() > 300, "{list}");
    let object = home.run(&["explain", "S307", "--output-format", "json"]).code(0).json();
    assert_eq!((&object["rule"], &object["cwe"][0]), (&"S307".into(), &"CWE-95".into()));
}

#[test]
fn an_unknown_rule_gets_the_nearest() {
    let home = Home::new();
    home.run(&["explain", "S3077"]).error(&["no rule `S3077`", "did you mean S307"]);
    home.run(&["explain", "☃"]).error(&["no rule `☃`", "lists all"]);
}

#[test]
fn a_report_ends_with_what_to_read() {
    let home = Home::new();
    home.write("a.py", "x = eval(__name__)\n");
    assert!(home.run(&["check", "a.py"]).out.contains("countersign explain S307 says more"));
}
