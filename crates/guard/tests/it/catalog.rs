//! What is written about rules is true: the examples of our own rules behave as they say.

use guard::{Origin, Rule};
use types::{Allows, CommentAllows, Document, Edit, Facts, Snapshot};

/// Checks whose findings need nothing but the text.
const CHECKS: [&str; 6] = ["syntax", "lint", "hidden", "complexity", "naming", "allows"];

fn fires(rule: &Rule, path: &str, text: &str) -> bool {
    let document = Document::absent(path);
    let edit = Edit::replace_all(&document, text);
    let allows = Allows { comments: CommentAllows::All, listed: Vec::new() };
    let facts = Facts { allows, ..Facts::default() };
    let report = guard::check(&Snapshot::of(document), &edit, &facts, &|| 0).unwrap();
    report.findings.iter().any(|finding| finding.rule == rule.id)
}

#[test]
fn bad_examples_have_the_finding_and_good_ones_have_not() {
    let mut tried = 0;
    for rule in guard::rules().iter().filter(|rule| rule.origin == Origin::Own) {
        if !CHECKS.contains(&rule.check) {
            continue;
        }
        for example in rule.examples.iter().filter(|example| !example.bad.is_empty()) {
            let mut paths = ["a.py", "a.js", "a.rs", "a.go", "a.java"].into_iter();
            let path = paths.find(|path| fires(rule, path, &example.bad));
            let path = path.unwrap_or_else(|| panic!("{}: the bad example is not found", rule.id));
            assert!(!fires(rule, path, &example.good), "{}: the good example is found", rule.id);
            tried += 1;
        }
    }
    assert!(tried >= 10, "{tried}");
}
