//! `check --fix`: what is written, what is not, and that it can be undone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::home::{Home, finish};

const UNUSED: &str = "import os\nimport re\n\n\ndef f(a):\n    return a == None, f\"x\"\n";
const FIXED: &str = "\n\ndef f(a):\n    return a == None, \"x\"\n";

#[test]
fn fixes_are_written_logged_and_undone() {
    let home = Home::new();
    home.write("a.py", UNUSED);
    home.write("b.py", "import os\n");
    let dry = home.run(&["check", ".", "--fix", "--dry-run"]).code(0);
    assert!(
        dry.out.contains("-import os") && dry.out.contains("would be fixed  a.py"),
        "{}",
        dry.out
    );
    assert_eq!(home.read("a.py"), UNUSED);

    let run = home.run(&["check", ".", "--fix"]).code(0);
    assert!(run.out.contains("fixed  a.py: F401 2, F541 1"), "{}", run.out);
    assert!(run.out.contains("4 fixed"), "{}", run.out);
    assert_eq!((home.read("a.py").as_str(), home.read("b.py").as_str()), (FIXED, ""));
    home.run(&["log", "verify"]).code(0);
    let log = home.run(&["log", "list", "--records", "-n99", "--output-format", "json"]).json();
    let entries = log["entries"].as_array().unwrap();
    let checks: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "check").collect();
    assert_eq!(checks.len(), 2);
    assert!(checks[0]["fields"]["key"]["id"].as_str().unwrap().starts_with("sha256:"));
    home.run(&["log", "list"]).code(0);

    // One generation: one undo for all files.
    home.run(&["undo"]).code(0);
    assert_eq!((home.read("a.py").as_str(), home.read("b.py").as_str()), (UNUSED, "import os\n"));
    home.run(&["redo"]).code(0);
    assert_eq!(home.read("a.py"), FIXED);
    let again = home.run(&["check", ".", "--fix", "--output-format", "json"]).code(0).json();
    assert_eq!(again["summary"]["fixed"], 0);
    assert_eq!(again["generation"], serde_json::Value::Null);
}

#[test]
fn only_what_the_change_introduces_is_fixed() {
    let home = Home::new();
    home.write("a.py", "import os\n");
    for arguments in [&["init", "-q"][..], &["add", "."]] {
        assert_eq!(finish(home.command("git").args(arguments)).code, Some(0));
    }
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let run = finish(home.command("git").args(identity).args(["commit", "-qm", "one"]));
    assert_eq!(run.code, Some(0), "{}", run.err);
    home.write("a.py", "import os\nimport re\n");
    home.run(&["check", "--diff", "HEAD", "--fix"]).code(0);
    assert_eq!(home.read("a.py"), "import os\n");
}

#[test]
fn what_cannot_be_fixed_is_said_and_left() {
    let home = Home::new();
    let conflict = "import os\n<<<<<<< ours\na = 1\n=======\na = 2\n>>>>>>> theirs\n";
    home.write("conflict.py", conflict);
    home.write("latin.py", b"import os  # caf\xe9\n");
    home.write("broken.py", "import os\ndef f(:\n");
    let run = home.run(&["check", ".", "--fix"]);
    for part in ["line 2 holds a conflict marker", "latin.py` is not text: invalid UTF-8"] {
        assert!(run.out.contains(part), "{part} is not in {}", run.out);
    }
    assert_eq!(home.read("conflict.py"), conflict);
    assert_eq!(home.read("broken.py"), "import os\ndef f(:\n");
    home.run(&["check", "--staged", "--fix"]).code(2);
}

#[test]
#[expect(clippy::print_stdout, reason = "what is not checked is said")]
fn a_read_only_file_is_left() {
    let home = Home::new();
    home.write("a.py", "import os\n");
    fs::set_permissions(home.path("a.py"), fs::Permissions::from_mode(0o444)).unwrap();
    if fs::OpenOptions::new().write(true).open(home.path("a.py")).is_ok() {
        println!("NOT CHECKED: this user may write read-only files");
        return;
    }
    let run = home.run(&["check", "a.py", "--fix"]);
    assert!(run.out.contains("cannot write `"), "{}", run.out);
    assert_eq!(home.read("a.py"), "import os\n");
}
