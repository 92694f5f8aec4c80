//! `kill -9` at any moment leaves the old file or the new one, and a log that verifies.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::home::{Home, PROMPT};

const OLD: &str = "OLD = 1\n";

#[test]
fn killed_while_writing() {
    let home = Home::new();
    home.write("a.py", OLD);
    let start = Instant::now();
    home.generate("a.py").code(0);
    let whole = start.elapsed();
    let new = home.read("a.py");
    home.run(&["undo"]).code(0);
    let (mut olds, mut news, mut delay) = (0, 0, Duration::from_millis(1));
    // From the start of a run to past its end, however slow the machine is at the moment.
    while news < 3 {
        assert!(delay < whole * 30, "{olds} rounds, and none came to its end");
        let mut command = home.command(home.program());
        command.args(["generate", "--prompt", PROMPT, "--out", "a.py"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(delay);
        delay += whole / 18;
        child.kill().unwrap();
        child.wait().unwrap();
        match home.read("a.py") {
            text if text == OLD => olds += 1,
            text if text == new => {
                news += 1;
                home.run(&["undo"]).code(0);
                assert_eq!(home.read("a.py"), OLD);
            }
            text => panic!("after {delay:?}: neither old nor new: {text:?}"),
        }
        home.run(&["log", "verify"]).code(0);
    }
    assert!(olds > 3, "{olds} old, {news} new: the moments were not spread");
    // A run that is not killed sweeps what killed ones left beside the file.
    home.generate("a.py").code(0);
    assert_eq!(home.names(), ["a.py"]);
}

#[test]
fn interrupted_by_the_person() {
    let home = Home::new();
    let mut command = home.command(home.program());
    // Hot sampling rambles on: seconds of work.
    command.args(["generate", "--lang", "python", "--prompt", PROMPT, "--candidates", "16"]);
    command.args(["--temperature", "2", "--max-tokens", "400"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !home.run(&["log", "list", "--records"]).out.contains("request") {
        assert!(start.elapsed() < Duration::from_secs(60), "the request was never recorded");
    }
    home.command("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: cancelled\n");
    assert!(output.stdout.is_empty(), "nothing unchecked is shown");
    assert!(home.run(&["log", "list", "--records"]).out.contains("failure"));
    home.run(&["log", "verify"]).code(0);
}
