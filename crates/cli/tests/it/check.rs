//! `check`: what is found, in which form, with which exit code.

use crate::home::{Home, finish};

const BAD: &str = "import os\n\n\ndef run(command):\n    return eval(command) + undefined_name\n";

#[test]
fn findings_have_excerpts_and_exit_codes() {
    let home = Home::new();
    home.write("good.py", "def double(n):\n    return n * 2\n");
    home.run(&["check", "good.py"]).code(0);
    home.write("bad.py", BAD);
    let run = home.run(&["check", "bad.py"]).code(1);
    for part in ["error[F821]", "bad.py:5:28", "eval(command) + undefined_name", "^^^^^^^^^^^^^^"] {
        assert!(run.out.contains(part), "{part} is not in {}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "no colour where there is no terminal");
    let colored = home.run(&["check", "bad.py", "--color", "always"]).code(1);
    assert!(colored.out.contains('\u{1b}'));

    let object = home.run(&["check", "bad.py", "--output-format", "json"]).code(1).json();
    assert_eq!((&object["verdict"], &object["receipt"]), (&"block".into(), &().into()));
    let findings = object["files"][0]["findings"].as_array().unwrap();
    let undefined = findings.iter().find(|finding| finding["rule"] == "F821").unwrap();
    assert_eq!(undefined["severity"], "error");
    assert_eq!(undefined["start"], serde_json::json!({"line": 5, "column": 28, "byte": 57}));
    assert!(undefined["introduced"].as_bool().unwrap());
}

#[test]
fn folders_standard_input_and_what_is_not_code() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("src/deep")).unwrap();
    home.write("src/deep/bad.py", BAD);
    home.write("src/ok.rs", "fn main() {}\n");
    home.write("src/image.png", b"\x89PNG\r\n\x1a\n\0\0\0");
    home.write("src/notes.md", "# Notes\n");
    let run = home.run(&["check", "src"]).code(1);
    assert!(
        run.out.contains("3 files") && run.out.contains("1 not text and skipped"),
        "{}",
        run.out
    );
    assert!(run.out.contains("unchecked in "), "what was not checked is said: {}", run.out);

    let run = home.run_with_input(&["check", "--stdin", "--lang", "python"], BAD.as_bytes());
    assert!(run.code(1).out.contains("F821"));
    home.write("script", "#!/usr/bin/env python3\nprint(undefined_name)\n");
    assert!(home.run(&["check", "script"]).code(1).out.contains("F821"));
    home.run_with_input(&["check", "--stdin", "--lang", "rust"], b"fn main() {").code(1);
    home.run_with_input(&["check", "--stdin", "--lang", "rust"], b"fn main() {}").code(0);
}

#[test]
fn only_what_the_change_introduces() {
    let home = Home::new();
    let git = |arguments: &[&str]| {
        let run = finish(home.command("git").args(arguments));
        assert_eq!(run.code, Some(0), "{}", run.err);
    };
    git(&["init", "-q"]);
    git(&["config", "user.name", "tester"]);
    git(&["config", "user.email", "tester@example.org"]);
    home.write("a.py", BAD);
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    home.run(&["check", "--diff", "HEAD"]).code(0);
    home.write("a.py", format!("X = 1\n{BAD}\n\ndef other():\n    return missing\n"));
    let object = home.run(&["check", "--diff", "HEAD", "--output-format", "json"]).code(1).json();
    let rules = |object: &serde_json::Value| -> Vec<String> {
        let findings = object["files"][0]["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
    };
    let undefined: Vec<String> =
        rules(&object).into_iter().filter(|message| message.contains("Undefined")).collect();
    assert_eq!(undefined, ["Undefined name `missing`"], "the old findings are not reported again");

    home.run(&["check", "--staged"]).code(0);
    git(&["add", "."]);
    home.run(&["check", "--staged"]).code(1);
    home.run(&["check", "--diff", "no-such-revision"]).error(&["no revision `no-such-revision`"]);
}

#[test]
fn secrets_are_found_and_never_printed() {
    let home = Home::new();
    let secret = format!("ghp_{}", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5");
    home.write("settings.txt", format!("token = {secret}\n"));
    let arguments = ["check", "settings.txt", "--output-format", "json"];
    let object = home.run(&arguments).code(1);
    assert!(!object.out.contains(&secret), "{}", object.out);
    let text = home.run(&["check", "settings.txt"]).code(1).out;
    assert!(text.contains("token = ****") && !text.contains(&secret[8..]), "{text}");
    assert_eq!(object.json()["files"][0]["findings"][0]["check"], "secrets");
}

#[test]
fn a_terminal_gets_no_control_characters_from_a_file() {
    let home = Home::new();
    home.write("a.py", "x = '\u{1b}[31m' + undefined_name  # \u{202e}\n");
    let run = home.run(&["check", "a.py"]).code(1);
    assert!(!run.out.contains('\u{1b}') && !run.out.contains('\u{202e}'), "{:?}", run.out);
}

#[test]
fn a_file_that_did_not_parse_before_is_no_pass() {
    let home = Home::new();
    let git = |arguments: &[&str]| {
        assert_eq!(finish(home.command("git").args(arguments)).code, Some(0));
    };
    home.write("a.py", "def f(:\n    pass\n");
    for arguments in [&["init", "-q"][..], &["add", "."]] {
        git(arguments);
    }
    git(&["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "one"]);
    home.write("a.py", "def f(:\n    pass\neval(input())\n");
    let object = home.run(&["check", "--diff", "HEAD", "--output-format", "json"]).json();
    assert_ne!(object["verdict"], "pass", "security was not checked: {object}");
    home.write("countersign.toml", "[policy]\nrequire = ['security']\n");
    home.run(&["check", "--diff", "HEAD"]).code(2);
}
