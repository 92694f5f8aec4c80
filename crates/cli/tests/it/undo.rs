//! Undo and redo: exact, refused where a person has edited, and themselves undoable.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::home::{Home, PROMPT, finish};

#[test]
fn undo_removes_what_did_not_exist_and_redo_brings_it_back() {
    let home = Home::new();
    home.generate("a.py").code(0);
    let written = home.read("a.py");
    let dry = home.run(&["undo", "--dry-run"]).code(0);
    assert!(dry.out.contains("would be undone") && dry.out.contains("removed"), "{}", dry.out);
    assert_eq!(home.read("a.py"), written);

    home.run(&["undo"]).code(0);
    assert!(home.names().is_empty());
    home.run(&["undo"]).error(&["there is nothing to undo"]);
    home.run(&["redo"]).code(0);
    assert_eq!(home.read("a.py"), written);
    home.run(&["redo"]).error(&["there is nothing to redo"]);
    home.run(&["undo"]).code(0);
    assert!(home.names().is_empty());
    home.run(&["log", "verify"]).code(0);
}

#[test]
fn bytes_and_mode_come_back_exactly() {
    let home = Home::new();
    let before = "\u{feff}# café\r\nLIMIT = 1\r\n\r\n\t";
    home.write("a.py", before);
    fs::set_permissions(home.path("a.py"), fs::Permissions::from_mode(0o751)).unwrap();
    home.generate("a.py").code(0);
    assert_ne!(home.read("a.py"), before);
    let mode = || fs::metadata(home.path("a.py")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(), 0o751, "writing keeps the mode");
    home.run(&["undo"]).code(0);
    assert_eq!((home.read("a.py").as_str(), mode()), (before, 0o751));
}

#[test]
fn a_person_s_edit_is_never_lost() {
    let home = Home::new();
    home.generate("a.py").code(0);
    home.write("a.py", "mine = 1\n");
    home.run(&["undo"]).error(&["a.py` has been edited since", "log show"]);
    assert_eq!(home.read("a.py"), "mine = 1\n");
    fs::remove_file(home.path("a.py")).unwrap();
    home.run(&["undo"]).error(&["there is nothing to undo"]);
    home.run(&["log", "verify"]).code(0);
}

#[test]
fn generations_are_undone_in_turn_or_by_name() {
    let home = Home::new();
    home.generate("a.py").code(0);
    home.generate("b.py").code(0);
    let once = home.read("a.py");
    home.generate("a.py").code(0);
    let ids = || -> Vec<String> {
        let log = home.run(&["log", "list", "--records", "-n99", "--output-format", "json"]).json();
        let writes = log["entries"].as_array().unwrap().iter();
        let writes = writes.filter(|entry| entry["kind"] == "file_write");
        writes.map(|entry| entry["gen"].as_str().unwrap().to_owned()).collect()
    };
    let [third, _, first] = &ids()[..] else { panic!("three writes") };
    // The first write of a.py lies under the third.
    home.run(&["undo", first]).error(&["has been edited since", "undo that first"]);
    home.run(&["undo", "--file", "b.py"]).code(0);
    assert_eq!(home.names(), ["a.py"]);
    home.run(&["undo", third]).code(0);
    assert_eq!(home.read("a.py"), once);
    home.run(&["undo"]).code(0);
    assert!(home.names().is_empty());
    // Redo goes back the way undo came: a.py (first), a.py (third), b.py.
    home.run(&["redo"]).code(0);
    assert_eq!(home.read("a.py"), once);
    home.run(&["redo"]).code(0);
    assert_ne!(home.read("a.py"), once);
    home.run(&["redo"]).code(0);
    assert_eq!(home.names(), ["a.py", "b.py"]);
    home.run(&["undo", "7ZZZZZZZZZ"]).error(&["no generation that wrote a file begins with"]);
}

#[test]
fn nothing_logged_yet() {
    let home = Home::new();
    home.run(&["undo"]).error(&["nothing has been logged yet"]);
    assert!(!home.state().exists());
}

#[test]
fn one_workspace_does_not_undo_another() {
    let home = Home::new();
    fs::create_dir_all(home.path("one/.git")).unwrap();
    fs::create_dir_all(home.path("two/.git")).unwrap();
    let in_folder = |folder: &str, arguments: &[&str]| {
        let mut command = home.command(home.program());
        finish(command.current_dir(home.path(folder)).args(arguments))
    };
    in_folder("one", &["generate", "--prompt", PROMPT, "--out", "a.py"]).code(0);
    in_folder("two", &["undo"]).error(&["there is nothing to undo in", "two"]);
    assert!(home.path("one/a.py").exists());
    in_folder("one", &["undo"]).code(0);
    in_folder("two", &["redo"]).error(&["there is nothing to redo"]);
    assert!(!home.path("one/a.py").exists());
}

#[test]
fn an_undo_that_was_cut_off_can_be_done_again() {
    let home = Home::new();
    home.generate("a.py").code(0);
    let written = home.read("a.py");
    home.run(&["undo"]).code(0);
    // As after a crash between the record and the rename.
    home.write("a.py", &written);
    home.run(&["undo"]).code(0);
    assert!(home.names().is_empty());
    home.run(&["redo"]).code(0);
    assert_eq!(home.read("a.py"), written);
}
