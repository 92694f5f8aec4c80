//! A home folder and a workspace of their own, and the program run in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A temporary home with a workspace in it.
pub struct Home {
    dir: tempfile::TempDir,
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Demands an exit code.
    #[track_caller]
    pub fn code(self, expected: i32) -> Run {
        assert_eq!(self.code, Some(expected), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Demands an error that names all of these.
    #[track_caller]
    pub fn error(self, parts: &[&str]) {
        let run = self.code(2);
        assert!(run.err.starts_with("error: "), "{}", run.err);
        for part in parts {
            assert!(run.err.contains(part), "`{part}` is not in: {}", run.err);
        }
        assert!(!run.err.contains("panicked"), "{}", run.err);
    }

    /// The JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}\nerr: {}", self.out, self.err))
    }
}

impl Home {
    pub fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("work")).unwrap();
        Home { dir }
    }

    /// A path in the workspace.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("work").join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names in the workspace, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state/countersign")
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("config/countersign/config.toml")
    }

    #[expect(clippy::disallowed_methods, reason = "the test is about the process")]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", self.dir.path())
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    pub fn program(&self) -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_countersign"))
    }

    /// Runs the program with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.command(self.program());
        finish(command.args(arguments))
    }

    /// Runs the program with this on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        let file = self.dir.path().join("input");
        fs::write(&file, input).unwrap();
        let mut command = self.command(self.program());
        finish(command.args(arguments).stdin(fs::File::open(file).unwrap()))
    }

    /// Runs a shell script in a mount namespace of its own; `$0` is the program. `None` where the
    /// machine does not let us make one; in CI that is a failure.
    #[expect(clippy::print_stdout, reason = "what is not checked is said")]
    pub fn run_in_namespace(&self, script: &str) -> Option<Run> {
        let unshare = ["--user", "--map-root-user", "--mount", "sh", "-ec", script];
        let allowed = finish(self.command("unshare").args(&unshare[..3]).arg("true"));
        if allowed.code != Some(0) {
            #[expect(clippy::disallowed_methods, reason = "asks whether this is CI")]
            let ci = std::env::var_os("CI").is_some();
            assert!(!ci, "CI must be able to make a mount namespace: {}", allowed.err);
            println!("NOT CHECKED: this machine allows no mount namespace");
            return None;
        }
        let mut command = self.command("unshare");
        Some(finish(command.args(unshare).arg(self.program())))
    }

    /// The command line of a generation that is known to work with the embedded model.
    pub fn generate(&self, out: &str) -> Run {
        self.run(&["generate", "--prompt", PROMPT, "--out", out])
    }
}

/// A request that the embedded model answers well.
pub const PROMPT: &str = "Write a function is_prime(n) that tells if n is a prime.";

pub fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
