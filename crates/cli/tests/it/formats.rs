//! Every format of a report, as programs read it: the official schema of SARIF, ours of the JSON
//! object, a JUnit reader, and what GitHub and GitLab document.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use crate::home::{Home, finish};

const FORMATS: [&str; 6] = ["text", "json", "sarif", "github", "gitlab", "junit"];

fn validator(schema: &Path) -> Validator {
    let text = std::fs::read_to_string(schema).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // The one pattern of the official schema that the validator cannot read; ours have no such
    // property.
    for name in ["run", "toolComponent"] {
        let language = format!("/definitions/{name}/properties/language");
        if let Some(language) = schema.pointer_mut(&language) {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

/// The schema of OASIS, in the source of the crate that carries it.
fn sarif_schema(home: &Home) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut command = home.command(env!("CARGO"));
    let arguments = ["metadata", "--format-version=1", "--offline", "--manifest-path", manifest];
    // Without it cargo asks for crates of other systems, which nobody needs here.
    let platform = format!("--filter-platform={}-unknown-linux-gnu", std::env::consts::ARCH);
    // Cargo looks for its folder where the person who tests has it.
    #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
    for name in ["CARGO_HOME", "RUSTUP_HOME", "HOME", "PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let run = finish(command.args(arguments).arg(platform));
    let metadata: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("src").join("schema.json")
}

#[track_caller]
fn valid(validator: &Validator, object: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(object)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// A workspace with findings, a suppression, files of several languages, and one that is no text.
fn mixed() -> Home {
    let home = Home::new();
    home.write("a.py", "import os\n\n\ndef run(command):\n    return eval(command) + missing\n");
    home.write("b.py", "eval(__name__)  # countersign: allow S307 a constant\n");
    home.write("c.js", "function snake_case() { return (; }\n");
    home.write("d.bin", b"\0\0");
    home.write("e.py", b"x = '\xff'\n");
    home.write("f %&,:<>\".rs", "fn fooBar() {}\n");
    home.write("notes.txt", "nothing\n");
    home
}

#[test]
fn sarif_fits_the_schema_of_oasis() {
    let home = mixed();
    let schema = validator(&sarif_schema(&home));
    let object: Value = serde_json::from_str(&golden("report.sarif")).unwrap();
    valid(&schema, &object);
    let result = &object["runs"][0]["results"][0];
    let flow = &result["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(flow.as_array().unwrap().len(), 3);
    let run = home.run(&["check", ".", "--output-format", "sarif"]).code(1).json();
    valid(&schema, &run);
    let run = &run["runs"][0];
    let results = run["results"].as_array().unwrap();
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["help"]["text"].as_str().is_some(), "{}", rules[index]);
    }
    let suppressed = |result: &&Value| result["suppressions"][0]["kind"] == "inSource";
    assert_eq!(results.iter().filter(suppressed).count(), 1);
    let taxa = run["taxonomies"][0]["taxa"].as_array().unwrap();
    assert!(taxa.iter().any(|taxon| taxon["id"] == "95"), "{taxa:?}");
    let notifications = &run["invocations"][0]["toolExecutionNotifications"];
    let said = notifications.to_string();
    assert!(said.contains("coverage was not checked") && said.contains("e.py"), "{said}");
    // The schema refuses what is wrong: the test can fail.
    let mut wrong = object.clone();
    wrong["runs"][0]["results"][0]["level"] = "terrible".into();
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn json_fits_its_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/check.schema.json");
    let schema = validator(Path::new(schema));
    let object: Value = serde_json::from_str(&golden("report.json")).unwrap();
    valid(&schema, &object);
    let home = mixed();
    let run = |arguments: &[&str]| {
        let object = home.run(&[arguments, &["--output-format", "json"]].concat()).json();
        valid(&schema, &object);
        object
    };
    let checked = run(&["check", "."]);
    assert_eq!(checked["summary"]["suppressed"], 1);
    run(&["check", "-v", "."]);
    run(&["check", "a.py", "--fix", "--dry-run"]);
    run(&["check", "nothing-but.txt"]);
    run(&["generate", "--prompt", crate::home::PROMPT, "--out", "prime.py"]);
    let mut wrong = object;
    wrong["files"][0]["findings"][0]["severity"] = "terrible".into();
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn junit_is_read_by_a_reader() {
    let home = mixed();
    let run = home.run(&["check", ".", "--output-format", "junit"]).code(1);
    for text in [golden("report.junit.xml"), run.out] {
        let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
        let suites = &report.test_suites;
        assert!(suites.iter().any(|suite| suite.failures > 0));
        assert!(suites.iter().any(|suite| suite.errors > 0));
        for suite in suites {
            assert_eq!(suite.tests, suite.test_cases.len(), "{:?}", suite.name);
        }
    }
}

#[test]
fn gitlab_has_the_documented_fields() {
    let run = mixed().run(&["check", ".", "--output-format", "gitlab"]).code(1).json();
    let mut fingerprints = BTreeSet::new();
    for entry in run.as_array().unwrap() {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        assert!(!text("description").is_empty() && !text("check_name").is_empty());
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&&*text("severity")));
        assert!(fingerprints.insert(text("fingerprint")), "unique: {entry}");
        assert!(entry["location"]["lines"]["begin"].as_u64().unwrap() > 0);
        assert!(entry["location"]["path"].is_string());
    }
    assert!(fingerprints.len() > 3);
}

#[test]
fn github_s_commands_hold_their_lines() {
    let run = mixed().run(&["check", ".", "--output-format", "github"]).code(1);
    for line in run.out.lines() {
        let rest = line.strip_prefix("::").unwrap();
        let (command, _) = rest.split_once("::").unwrap();
        let (level, properties) = command.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        for property in properties.split(',') {
            assert_eq!(property.split_once('=').map(|(_, value)| value.contains(':')), Some(false));
        }
    }
    assert!(run.out.contains("::error file=a.py,line=5,endLine=5,col=12,"), "{}", run.out);
    assert!(run.out.contains("file=f %25&%2C%3A<>\".rs"), "{}", run.out);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let home = mixed();
    for format in FORMATS {
        let arguments = ["check", ".", "--output-format", format];
        let (first, second) = (home.run(&arguments), home.run(&arguments));
        assert!(!first.out.is_empty());
        assert_eq!(first.out, second.out, "{format}");
    }
    let key = |arguments: &[&str]| {
        let object = home.run(&[arguments, &["--output-format", "json"]].concat()).json();
        object["files"][0]["key"].clone()
    };
    let before = key(&["check", "a.py"]);
    assert_eq!(before, key(&["check", "a.py"]));
    home.write("countersign.toml", "[policy]\nmin_score = 99\n");
    let after = key(&["check", "a.py"]);
    assert_eq!(before["edit"], after["edit"]);
    assert_ne!(before["policy"], after["policy"]);
    assert_ne!(before["id"], after["id"]);
}

#[test]
fn what_is_no_report_has_no_such_format() {
    let home = Home::new();
    home.run(&["doctor", "--output-format", "sarif"]).error(&["text or json"]);
    home.run(&["log", "list", "--output-format", "junit"]).error(&["text or json"]);
}
