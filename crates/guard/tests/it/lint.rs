//! Our own rules for JavaScript, a file each in `tests/fixtures/lint`: ` ~~ rule` ends the lines
//! that the rule has to find, and no other line may be found by it.

use std::fs;
use std::path::Path;

use crate::{check_new, unmark};

#[test]
fn every_rule_finds_what_is_marked_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint");
    let mut problems = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let rule = path.file_stem().unwrap().to_str().unwrap();
        let (text, expected) = unmark(&fs::read_to_string(&path).unwrap());
        let report = check_new("a.js", &text);
        let lint = report.check("lint").unwrap();
        if lint.reason.is_some() {
            problems.push(format!("{rule}: {lint:?}: {:?}", report.findings.first()));
            continue;
        }
        let found = report.findings.iter().filter(|finding| finding.rule == rule);
        let mut found: Vec<_> = found.map(|one| (one.start.line, one.rule.clone())).collect();
        found.dedup();
        assert!(!expected.is_empty(), "{rule}: nothing is marked");
        if found != expected {
            problems.push(format!("{rule}: found {found:?}, marked {expected:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
