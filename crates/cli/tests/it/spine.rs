//! The whole way of the data: generate, log, complete, doctor.

use crate::home::{Home, PROMPT};

#[test]
fn a_generation_is_checked_logged_and_applied() {
    let home = Home::new();
    let run = home.run(&["generate", "--lang", "python", "--prompt", PROMPT, "--out", "primes.py"]);
    let run = run.code(0);
    let code = home.read("primes.py");
    assert!(code.starts_with("def is_prime(n):\n"), "{code}");
    assert!(run.err.contains("pass  7 lines written to "), "{}", run.err);
    assert!(
        run.err.contains("syntax passed") && run.err.contains("coverage unchecked"),
        "{}",
        run.err
    );
    assert_eq!(home.names(), ["primes.py"], "nothing else is left in the workspace");

    let log =
        home.run(&["log", "list", "--records", "-n99", "--output-format", "json"]).code(0).json();
    let kinds: Vec<&str> =
        log["entries"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[1], kinds[kinds.len() - 1]), ("file_write", "decision", "request"));
    let id = log["entries"][0]["gen"].as_str().unwrap();
    let shown = home.run(&["log", "show", id]).code(0).out;
    for part in [PROMPT, "seedling", "def is_prime(n):", "sha256:"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    home.run(&["log", "verify"]).code(0);
    let list = home.run(&["log", "list"]).code(0).out;
    assert!(list.contains("generate  pass  primes.py  written"), "{list}");
    home.run(&["undo"]).code(0);
    assert!(home.run(&["log", "list"]).code(0).out.contains("primes.py  undone"));
}

#[test]
fn json_has_the_documented_fields() {
    let home = Home::new();
    let arguments = ["generate", "--lang", "py", "--prompt", PROMPT, "--output-format", "json"];
    let run = home.run(&arguments).code(0);
    assert_eq!(run.err, "", "nothing but the object is printed");
    let object = run.json();
    assert_eq!((&object["version"], &object["verdict"]), (&1.into(), &"pass".into()));
    assert!(object["text"].as_str().unwrap().contains("def is_prime"));
    assert!(object["receipt"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"));
    assert!(object["model"]["digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(object["model"]["label"].as_str().unwrap().contains("demonstration"));
    let file = &object["files"][0];
    assert_eq!(file["language"], "python");
    let states: Vec<(&str, &str)> = file["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["name"].as_str().unwrap(), check["state"].as_str().unwrap()))
        .collect();
    for expected in [("syntax", "passed"), ("security", "passed"), ("secrets", "passed")] {
        assert!(states.contains(&expected), "{states:?}");
    }
    assert!(file["score"]["total"].as_u64().unwrap() > 50);
    assert!(file["score"]["parts"]["coverage"].is_null(), "no test was run");
}

#[test]
fn the_same_seed_gives_the_same_code() {
    let home = Home::new();
    let run = |seed: &str| {
        let arguments =
            ["generate", "--lang", "python", "--prompt", PROMPT, "--temperature", "1.5"];
        home.run(&[&arguments[..], &["--seed", seed]].concat()).code(0).out
    };
    assert_eq!(run("7"), run("7"));
}

#[test]
fn code_is_added_to_a_file_that_exists() {
    let home = Home::new();
    home.write("a.py", "LIMIT = 10");
    home.generate("a.py").code(0);
    let text = home.read("a.py");
    assert!(text.starts_with("LIMIT = 10\n\n\ndef is_prime(n):\n"), "{text}");
    home.run(&["undo"]).code(0);
    assert_eq!(home.read("a.py"), "LIMIT = 10");
}

#[test]
fn what_is_not_the_language_is_blocked_and_not_shown() {
    let home = Home::new();
    let run = home.run(&["generate", "--lang", "go", "--prompt", PROMPT, "--out", "a.go"]).code(1);
    assert_eq!(run.out, "", "blocked code is not shown");
    assert!(run.err.contains("block  not shown, nothing written"), "{}", run.err);
    assert!(home.names().is_empty());
    assert!(!run.err.contains("is_prime"), "not in a message either: {}", run.err);
    // Two rewrites were asked for, with the findings; all of it is on record.
    let log = home.run(&["log", "list", "--records", "-n99", "--output-format", "json"]).json();
    let entries = log["entries"].as_array().unwrap();
    let decisions: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "decision").collect();
    assert_eq!(decisions.len(), 3);
    assert!(decisions.iter().all(|decision| decision["fields"]["verdict"] == "block"));
    let id = entries[0]["gen"].as_str().unwrap();
    let shown = home.run(&["log", "show", &id[..20]]).code(0).out;
    assert!(shown.contains("Avoid this: line 1: "), "{shown}");
}

#[test]
fn a_policy_can_ask_for_more() {
    let home = Home::new();
    home.write("countersign.toml", "[policy]\nrequire = ['lint', 'security']\nmin_score = 100\n");
    home.write("a.py", "def BadName(value):\n    return value\n");
    let run = home.run(&["check", "a.py"]).code(1);
    assert!(run.out.contains("quality score") && run.out.contains("is below 100"), "{}", run.out);
    let run = home.run(&["check", "--stdin", "--lang", "go"]).code(2);
    assert!(run.out.contains("lint is required, but was not checked"), "{}", run.out);
}

#[test]
fn completes_at_a_cursor() {
    let home = Home::new();
    home.write("a.py", "def double(n):\n    return \n\n\ndef triple(n):\n    return n * 3\n");
    let run = home.run(&["complete", "a.py:2:12", "--output-format", "json"]);
    let object = run.json();
    let verdict = object["verdict"].as_str().unwrap();
    assert_eq!(run.code, Some(i32::from(verdict == "block")), "{object}");
    assert_eq!(object["text"].is_null(), verdict == "block", "shown only when approved");
    let log = home.run(&["log", "list", "--records", "-n99", "--output-format", "json"]).json();
    let request = log["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(request["fields"]["task"], "complete");
    assert_eq!(request["fields"]["selection"], serde_json::json!([26, 26]));
}

#[test]
fn doctor_tells_what_can_run() {
    let home = Home::new();
    let report = home.run(&["doctor", "--output-format", "json"]).code(0).json();
    assert_eq!(report["addresses"], serde_json::json!([]));
    assert!(report["model"]["name"].as_str().unwrap().starts_with("seedling"));
    assert_eq!(report["ledger"]["status"]["state"], "none yet");
    assert!(!home.state().exists(), "looking creates nothing");
    let go =
        report["languages"].as_array().unwrap().iter().find(|l| l["language"] == "go").unwrap();
    let lint = go["checks"].as_array().unwrap().iter().find(|c| c["name"] == "lint").unwrap();
    assert!(lint["unchecked"].is_string(), "what cannot run is said: {lint}");
    home.run(&["doctor"]).code(0);
}

#[test]
fn completion_scripts() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = home.run(&["completions", shell]).code(0).out;
        assert!(script.contains("countersign") && script.contains("doctor"), "{shell}");
    }
}

#[test]
fn lines_are_rewritten() {
    let home = Home::new();
    home.write("a.py", "LIMIT = 1\n\n\ndef broken(n):\n    return n *\n");
    let run = home.run(&["fix", "a.py:4-5", "--output-format", "json"]);
    let object = run.json();
    assert_eq!(object["text"].is_null(), object["verdict"] == "block", "{object}");
    let log = home.run(&["log", "list", "--output-format", "json"]).json();
    assert_eq!(log["generations"][0]["task"], "fix");
    home.run(&["refactor", "a.py:4-9"]).error(&["has 6 lines, there is no line 9"]);
    home.run(&["refactor", "a.py:2-1"]).code(2);
}
