//! Suppressions by people, through the program: what counts where, and what the policy says.

use crate::home::{Home, finish};

const ALLOWED: &str = "x = eval(__name__)  # countersign: allow S307 a constant\n";

fn git(home: &Home, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let run = finish(home.command("git").args(identity).args(arguments));
    assert_eq!(run.code, Some(0), "{}", run.err);
}

/// A repository with one commit of these files.
fn repository(files: &[(&str, &str)]) -> Home {
    let home = Home::new();
    for (name, text) in files {
        home.write(name, text);
    }
    git(&home, &["init", "-q", "-b", "main"]);
    git(&home, &["add", "-A"]);
    git(&home, &["commit", "-q", "--allow-empty", "-m", "one"]);
    home
}

#[test]
fn a_person_s_files_may_allow() {
    let home = Home::new();
    home.write("a.py", ALLOWED);
    let run = home.run(&["check", "a.py"]).code(0);
    assert!(run.out.contains("0 findings, 1 suppressed"), "{}", run.out);
    let run = home.run(&["check", "-v", "a.py"]).code(0);
    assert!(run.out.contains("allowed by a comment in a.py line 1: a constant"), "{}", run.out);
    home.write("countersign.toml", "[policy]\nsuppressions = 'none'\n");
    let run = home.run(&["check", "a.py"]).code(1);
    assert!(run.out.contains("allow-forbidden") && run.out.contains("S307"), "{}", run.out);
}

#[test]
fn a_change_cannot_allow_itself() {
    let home = repository(&[("a.py", "x = 1\n")]);
    home.write("a.py", ALLOWED);
    home.write(".countersignignore", "rule:S307 a.py because I say so\n");
    git(&home, &["add", "-A"]);
    for arguments in
        [&["check", "--staged"][..], &["check", "--diff", "HEAD"], &["check", "--since", "HEAD"]]
    {
        let run = home.run(arguments).code(1);
        assert!(run.out.contains("allow-not-older"), "{}", run.out);
    }
    // Once committed, it is older than the next change.
    git(&home, &["commit", "-qm", "two"]);
    home.write(
        "a.py",
        "x = eval(__doc__)  # countersign: allow S307 a constant\ny = eval(__file__)\n",
    );
    home.run(&["check", "--diff", "HEAD"]).code(0);
    home.run(&["check", "--diff", "HEAD~1"]).code(1);
}

#[test]
fn the_ignore_file_is_taken_from_before_the_change() {
    let entries = "vendor/\nrule:S307 scripts/ only our own constants\n";
    let home = repository(&[(".countersignignore", entries)]);
    std::fs::create_dir_all(home.path("vendor")).unwrap();
    std::fs::create_dir_all(home.path("scripts")).unwrap();
    home.write("vendor/v.py", "eval(__name__)\n");
    home.write("scripts/s.py", "eval(__name__)\n");
    home.write("t.py", "x = 1\n");
    let run = home.run(&["check", "."]).code(0);
    assert!(run.out.contains("1 suppressed, 1 left out by .countersignignore"), "{}", run.out);
    assert!(!run.out.contains("allow-unused"), "{}", run.out);
    // Who names a file wants it checked.
    home.run(&["check", "vendor/v.py"]).code(1);
    git(&home, &["add", "-A"]);
    home.run(&["check", "--staged"]).code(0);
    home.write(".countersignignore", "");
    git(&home, &["add", "-A"]);
    home.run(&["check", "--staged"]).code(0);
    home.run(&["check", "."]).code(1);
}

#[test]
fn entries_that_do_nothing_are_said() {
    let home = Home::new();
    home.write("countersign.toml", "");
    home.write("a.py", "x = 1\n");
    home.write(".countersignignore", "rule:S307 a.py\nrule:S102 a.py for a reason\n");
    let object = home.run(&["check", ".", "--output-format", "json"]).code(0).json();
    let file = object["files"].as_array().unwrap().last().unwrap();
    assert_eq!(file["path"], ".countersignignore");
    let rules: Vec<&str> = file["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["allow-without-reason", "allow-unused"]);
    // A part of the workspace says nothing about entries for the rest.
    let object = home.run(&["check", "a.py", "--output-format", "json"]).code(0).json();
    let file = object["files"].as_array().unwrap().last().unwrap();
    assert_eq!(file["findings"].as_array().unwrap().len(), 1);
}
