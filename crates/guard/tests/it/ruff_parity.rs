//! The same findings as the `ruff` executable of the same version, one for one; of those about
//! security none that it has not.
//!
//! The executable is named by `COUNTERSIGN_RUFF`; on a developer's machine without it nothing is
//! compared, and the test says so. In CI a missing executable is a failure. A folder of more files
//! to compare can be named by `COUNTERSIGN_PARITY_CORPUS`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use guard::{PYTHON_RULES, PYTHON_RULES_OFF, PYTHON_TARGET};
use serde_json::Value;

use crate::check_new;

const VERSION: &str = "0.16.4";

/// Row, column, code, message. Syntax errors have no code.
type Place = (u64, u64, String, String);

#[test]
fn same_findings_as_the_executable() {
    let Some(ruff) = variable("COUNTERSIGN_RUFF") else {
        assert!(variable("CI").is_none(), "COUNTERSIGN_RUFF is not set: parity would go unchecked");
        let note = "parity with ruff was NOT checked: COUNTERSIGN_RUFF names no executable\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
        return;
    };
    assert_eq!(said(&ruff, &["--version"]).trim(), format!("ruff {VERSION}"));
    let mut corpora = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python")];
    corpora.extend(variable("COUNTERSIGN_PARITY_CORPUS").map(PathBuf::from));
    for corpus in corpora {
        compare(&ruff, &corpus);
    }
}

fn compare(ruff: &str, corpus: &Path) {
    let mut originals = Vec::new();
    collect(corpus, &mut originals);
    assert!(!originals.is_empty(), "no Python files in {}", corpus.display());
    let files = apart(&originals);
    let mut theirs = theirs(ruff, &files);
    let (mut same, mut different, mut skipped) = (0, Vec::new(), 0);
    for file in &files {
        // What is not UTF-8 never reaches the guard: documents are text.
        let Ok(text) = fs::read_to_string(file) else {
            skipped += 1;
            continue;
        };
        let mut expected = theirs.remove(file).unwrap_or_default();
        expected.sort();
        let Some(mut found) = ours(file, &text) else {
            skipped += 1;
            continue;
        };
        found.sort();
        // Where the flow of data knows more of a weakness, it speaks instead.
        expected.retain(|place| !is_security(&place.2) || found.binary_search(place).is_ok());
        same += found.iter().filter(|place| expected.binary_search(place).is_ok()).count();
        for place in found.iter().filter(|place| expected.binary_search(place).is_err()) {
            different.push(format!("only in the guard: {}: {place:?}", file.display()));
        }
        for place in expected.iter().filter(|place| found.binary_search(place).is_err()) {
            different.push(format!("only in ruff: {}: {place:?}", file.display()));
        }
        if found.len() != expected.len() {
            let counts = (found.len(), expected.len());
            different.push(format!("counts differ: {}: {counts:?}", file.display()));
        }
    }
    let summary = format!(
        "{}: {} files, {same} findings the same, {} differences, {skipped} files not compared\n",
        corpus.display(),
        files.len(),
        different.len()
    );
    std::io::stderr().write_all(summary.as_bytes()).unwrap();
    assert!(different.is_empty(), "{summary}{}", different[..different.len().min(40)].join("\n"));
    assert!(skipped * 20 <= files.len(), "too many files went uncompared: {summary}");
}

/// Whether one of ruff's codes is about security.
fn is_security(code: &str) -> bool {
    code.strip_prefix('S')
        .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// Copies files into a folder each. `ruff` looks for `__init__.py` beside a file and resolves
/// names by the package it finds; the guard looks at one text and knows of no package.
fn apart(originals: &[PathBuf]) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ruff-parity");
    drop(fs::remove_dir_all(&folder));
    let copy = |(number, original): (usize, &PathBuf)| {
        let copy = folder.join(number.to_string()).join(original.file_name().unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(original, &copy).unwrap();
        copy
    };
    originals.iter().enumerate().map(copy).collect()
}

/// The guard's findings that come from ruff; `None` where the guard says it did not look.
fn ours(file: &Path, text: &str) -> Option<Vec<Place>> {
    let report = check_new(file.to_str()?, text);
    let lint = report.check("lint").unwrap();
    let looked = lint.reason.as_deref().is_none_or(|reason| reason.contains("does not parse"));
    if !looked {
        return None;
    }
    let from_ruff = |rule: &str| {
        let digits = rule.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        rule == "syntax-error" || digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    // A byte order mark is a character of the text; ruff does not count it.
    let mark = u64::from(text.starts_with('\u{FEFF}'));
    let findings = report.findings.iter().filter(|finding| from_ruff(&finding.rule));
    let place = |finding: &types::Finding| {
        let (row, column) = (finding.start.line as u64, finding.start.column as u64);
        let column = if row == 1 && column > 1 { column - mark } else { column };
        let code = finding.rule.replace("syntax-error", "invalid-syntax");
        (row, column, code, finding.message.clone())
    };
    Some(findings.map(place).collect())
}

fn theirs(ruff: &str, files: &[PathBuf]) -> BTreeMap<PathBuf, Vec<Place>> {
    let mut all: BTreeMap<PathBuf, Vec<Place>> = BTreeMap::new();
    for some in files.chunks(500) {
        let (on, off) = (PYTHON_RULES.join(","), PYTHON_RULES_OFF.join(","));
        let mut arguments =
            vec!["check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero"];
        arguments.extend(["--output-format", "json", "--target-version", PYTHON_TARGET]);
        // The guard does not look at the disk to tell own modules from foreign ones.
        arguments.extend(["--config", "src = []"]);
        arguments.extend(["--select", &on, "--ignore", &off]);
        arguments.extend(some.iter().map(|file| file.to_str().unwrap()));
        let output: Value = serde_json::from_str(&said(ruff, &arguments)).unwrap();
        for one in output.as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let at = &one["location"];
            let (row, column) = (at["row"].as_u64().unwrap(), at["column"].as_u64().unwrap());
            let place = (row, column, text(&one["code"]), text(&one["message"]));
            all.entry(PathBuf::from(text(&one["filename"]))).or_default().push(place);
        }
    }
    all
}

/// Every Python file below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && path.file_name().is_none_or(|name| name != "site-packages") {
            collect(&path, files);
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "py" || end == "pyi")
        {
            files.push(path);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's own switches")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the program that the guard is compared with")]
fn said(program: &str, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} failed: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}
