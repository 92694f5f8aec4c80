//! Checks on cases from files: edits with marked findings, a folder for each check.
//!
//! A file holds any number of cases. `== PATH` begins one; `-- facts`, `-- before` and `-- after`
//! begin its parts. Without a text before, the edit writes a new file. Marks stand in the text
//! after, as everywhere in these tests; only the findings of the folder's check count.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use types::{Document, Edit, Facts, Packages, Snapshot};

use crate::unmark;

#[derive(Default)]
struct Case {
    path: String,
    facts: String,
    before: Option<String>,
    after: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part = "after";
    for line in text.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("== ") {
            cases.push(Case { path: path.trim().to_owned(), ..Case::default() });
            part = "after";
            continue;
        }
        let case = cases.last_mut().expect("a file begins with a case");
        match line.trim_end() {
            "-- facts" => part = "facts",
            "-- before" => (part, case.before) = ("before", Some(String::new())),
            "-- after" => part = "after",
            _ => match part {
                "facts" => case.facts.push_str(line),
                "before" => case.before.get_or_insert_default().push_str(line),
                _ => case.after.push_str(line),
            },
        }
    }
    cases
}

/// What is wrong with a case.
fn check(check: &str, case: &Case) -> Option<String> {
    let (after, expected) = unmark(&case.after);
    let document = match &case.before {
        Some(before) => Document::new(&case.path, before),
        None => Document::absent(&case.path),
    };
    let edit = Edit::replace_all(&document, &after);
    let facts = facts(&case.facts);
    let report = guard::check(&Snapshot::of(document), &edit, &facts, &|| 0).unwrap();
    let mut found: Vec<_> = report.findings.iter().filter(|one| one.check == check).collect();
    found.sort_by_key(|finding| finding.start.byte);
    let mut places: Vec<_> = found.iter().map(|one| (one.start.line, one.rule.clone())).collect();
    places.sort();
    let (path, before) = (&case.path, case.before.as_deref().unwrap_or_default());
    (places != expected).then(|| {
        format!("{path}:\n{before}\n----\n{after}\nexpected {expected:?}\nfound    {places:?}\n")
    })
}

/// Lines such as `python: requests` (packages) and `python modules: tools`.
fn facts(text: &str) -> Facts {
    let mut packages = Packages::default();
    for line in text.lines() {
        let (key, names) = line.split_once(':').unwrap();
        let names = names.split_whitespace().map(ToOwned::to_owned);
        let mut words = key.split(' ');
        let known = match words.next().unwrap() {
            "python" => &mut packages.python,
            "node" => &mut packages.node,
            "rust" => &mut packages.rust,
            "go" => &mut packages.go,
            other => panic!("no facts are called {other}"),
        };
        known.sources = vec!["a manifest".to_owned()];
        match words.next() {
            Some(_) => known.modules.extend(names),
            None => known.packages.extend(names),
        }
    }
    Facts { packages: Arc::new(packages), ..Facts::default() }
}

#[test]
fn cases_of_every_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases");
    let (mut marked, mut wrong) = (BTreeSet::new(), Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in fs::read_dir(&folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for case in cases(&text) {
                marked.extend(unmark(&case.after).1.into_iter().map(|(_, rule)| rule));
                wrong.extend(check(&name, &case));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    // A rule that no case expects may as well never fire.
    for doc in own_rules() {
        assert!(marked.contains(&*doc.id), "no case expects {}", doc.id);
    }
}

/// The rules of the checks whose cases stand here.
fn own_rules() -> impl Iterator<Item = &'static guard::Rule> {
    guard::rules().iter().filter(|rule| rule.id.starts_with("MW-"))
}

/// The files that the examples of rules stand for, where it is not a program in Python.
const PATHS: &[(&str, &str)] = &[
    ("MW-UNPINNED-PACKAGE", "requirements.txt"),
    ("MW-PACKAGE-FROM-ADDRESS", "requirements.txt"),
    ("MW-NOT-IMPLEMENTED", "a.rs"),
    ("MW-TEST-SKIPPED", "a.test.js"),
    ("MW-ERROR-SWALLOWED", "a.js"),
    ("MW-TLS-VERIFICATION-OFF", "a.js"),
    ("MW-CHECK-BYPASSED", "ci.sh"),
    ("MW-CHECK-DISABLED", "tsconfig.json"),
    ("MW-UNSAFE-ADDED", "a.rs"),
];

#[test]
fn examples_of_every_rule() {
    for doc in own_rules() {
        let path = PATHS.iter().find(|(id, _)| **id == *doc.id).map_or("a.py", |(_, path)| path);
        let fires = |from: &str, to: &str| -> bool {
            let document = Document::new(path, from);
            let edit = Edit::replace_all(&document, &format!("{to}\n"));
            let facts = facts("python: requests");
            let report = guard::check(&Snapshot::of(document), &edit, &facts, &|| 0).unwrap();
            report.findings.iter().any(|finding| finding.rule == doc.id)
        };
        let [example] = doc.examples.as_slice() else { panic!("{} has no example", doc.id) };
        let good = format!("{}\n", example.good);
        assert!(fires(&good, &example.bad), "{}: nothing is said of the bad example", doc.id);
        assert!(!fires("", &example.good), "{}: reported in the good example", doc.id);
    }
}
