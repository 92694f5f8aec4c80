//! What git says has changed, and the text before and after.
//!
//! Only plumbing is called, with everything that a repository could make git run switched off:
//! external diff and text conversion, the file-system monitor, hooks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use types::Document;

use crate::files::{FILE_BYTES_MAX, decode};
use crate::{Root, WorkspaceError, read};

/// What the working tree or the index is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The working tree with this revision. Untracked files are not looked at.
    Revision(String),
    /// The index with `HEAD`.
    Staged,
}

/// One changed file.
#[derive(Debug)]
pub struct ChangedFile {
    /// The text before; absent for a new file or one that was not text.
    pub base: Document,
    /// The text after, or why it cannot be read.
    pub new: Result<String, WorkspaceError>,
}

/// The files that differ, without the deleted ones, sorted by path.
///
/// # Errors
/// `git` is not installed, the folder is not in a repository, or the revision does not exist.
pub fn changed(root: &Root, against: &Against) -> Result<Vec<ChangedFile>, WorkspaceError> {
    let base = match against {
        Against::Revision(revision) => resolve(root, revision)?,
        // A repository without a commit has no HEAD; everything staged is then new.
        Against::Staged => resolve(root, "HEAD").unwrap_or_else(|_| EMPTY_TREE.to_owned()),
    };
    let mut arguments = vec!["diff", "--name-only", "-z", "--no-renames", "--diff-filter=d"];
    arguments.extend(["--no-ext-diff", "--no-textconv", "--ignore-submodules=all"]);
    if *against == Against::Staged {
        arguments.push("--cached");
    }
    arguments.extend([base.as_str(), "--"]);
    let listed = output(root, &arguments)?;
    let top = output(root, &["rev-parse", "--show-toplevel"])?;
    let top = Path::new(top.trim_end_matches('\n')).to_owned();
    let mut objects = Objects::start(root)?;
    let mut changed = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let path = top.join(name);
        let text = |bytes| decode(&path, bytes);
        let base = match objects.read(&format!("{base}:{name}"))?.map(text) {
            Some(Ok(text)) => Document::new(name, &text),
            Some(Err(_)) | None => Document::absent(name),
        };
        let new = match against {
            Against::Staged => match objects.read(&format!(":{name}"))? {
                Some(bytes) => text(bytes),
                None => continue,
            },
            Against::Revision(_) if path.is_symlink() => continue,
            Against::Revision(_) => read(&path, name).map(|document| document.text.to_string()),
        };
        changed.push(ChangedFile { base, new });
    }
    Ok(changed)
}

/// The version of the installed git; `None` where there is none.
#[must_use]
pub fn version() -> Option<String> {
    let root = Root::find(Path::new("/")).ok()?;
    let version = output(&root, &["version"]).ok()?;
    Some(version.trim().trim_start_matches("git version ").to_owned())
}

/// The id of git's empty tree, the same in every SHA-1 repository.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

fn resolve(root: &Root, revision: &str) -> Result<String, WorkspaceError> {
    let commit = format!("{revision}^{{commit}}");
    output(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
        .map(|id| id.trim().to_owned())
        .map_err(|error| match error {
            WorkspaceError::Git { message, .. } if message.is_empty() => WorkspaceError::Git {
                command: "rev-parse".to_owned(),
                message: format!("there is no revision `{revision}`"),
            },
            other => other,
        })
}

#[expect(clippy::disallowed_methods, reason = "the one place that starts git")]
fn command(root: &Root) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(root.path())
        .args(["--no-optional-locks", "-c", "core.fsmonitor=false"])
        .args(["-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn failure(arguments: &[&str], message: &str) -> WorkspaceError {
    let message = message.trim().trim_start_matches("fatal: ").to_owned();
    WorkspaceError::Git { command: arguments.first().unwrap_or(&"").to_string(), message }
}

fn output(root: &Root, arguments: &[&str]) -> Result<String, WorkspaceError> {
    let run = command(root).args(arguments).output();
    let run = run.map_err(|error| failure(arguments, &format!("cannot start git: {error}")))?;
    if !run.status.success() {
        return Err(failure(arguments, &String::from_utf8_lossy(&run.stderr)));
    }
    String::from_utf8(run.stdout)
        .map_err(|_| failure(arguments, "printed a name that is not UTF-8"))
}

/// A running `git cat-file --batch`.
struct Objects {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Objects {
    fn start(root: &Root) -> Result<Objects, WorkspaceError> {
        let wrong = |message: &str| failure(&["cat-file"], message);
        let mut process = command(root)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| wrong(&error.to_string()))?;
        let answers = process.stdout.take().ok_or_else(|| wrong("has no output"))?;
        Ok(Objects { process, answers: BufReader::new(answers) })
    }

    /// The bytes of a blob by name; `None` where there is none, or not a blob.
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, WorkspaceError> {
        if name.contains('\n') {
            return Err(failure(&["cat-file"], "a file name holds a newline"));
        }
        let wrong = |error: std::io::Error| failure(&["cat-file"], &error.to_string());
        let questions = self.process.stdin.as_mut().expect("standard input is piped at the start");
        writeln!(questions, "{name}").and_then(|()| questions.flush()).map_err(wrong)?;
        let mut header = String::new();
        self.answers.read_line(&mut header).map_err(wrong)?;
        // "<id> blob <size>", or "<name> missing".
        let mut fields = header.trim_end().rsplit(' ');
        let (Some(size), Some(kind)) = (fields.next().and_then(|n| n.parse().ok()), fields.next())
        else {
            return Ok(None);
        };
        let size: u64 = size;
        if size > FILE_BYTES_MAX {
            let (path, max) = (name.into(), FILE_BYTES_MAX);
            return Err(WorkspaceError::TooLarge { path, bytes: size, max });
        }
        let mut bytes = Vec::new();
        (&mut self.answers).take(size + 1).read_to_end(&mut bytes).map_err(wrong)?;
        bytes.pop();
        Ok((kind == "blob").then_some(bytes))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn git(dir: &Path, arguments: &[&str]) {
        let root = Root::find(dir).unwrap();
        output(&root, arguments).unwrap();
    }

    #[test]
    fn staged_and_revision() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["config", "user.name", "t"]);
        git(dir.path(), &["config", "user.email", "t@example.org"]);
        write("a.py", "a = 1\n");
        write("gone.py", "g = 1\n");
        git(dir.path(), &["add", "."]);
        let root = Root::find(dir.path()).unwrap();
        let seen = |against: &Against| -> Vec<(String, String, String)> {
            let row = |file: ChangedFile| {
                (file.base.path.clone(), file.base.text.to_string(), file.new.unwrap())
            };
            changed(&root, against).unwrap().into_iter().map(row).collect()
        };
        let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(seen(&Against::Staged).len(), 2, "before the first commit all is new");
        git(dir.path(), &["commit", "-qm", "first"]);

        write("a.py", "a = 2\n");
        write("ñ b.py", "b = 1\n");
        fs::remove_file(dir.path().join("gone.py")).unwrap();
        git(dir.path(), &["add", "-A"]);
        write("a.py", "a = 3\n");
        let staged = [row("a.py", "a = 1\n", "a = 2\n"), row("ñ b.py", "", "b = 1\n")];
        assert_eq!(seen(&Against::Staged), staged);
        let head = Against::Revision("HEAD".to_owned());
        assert_eq!(seen(&head)[0], row("a.py", "a = 1\n", "a = 3\n"));

        let none = Against::Revision("nope".to_owned());
        let error = changed(&root, &none).unwrap_err().to_string();
        assert_eq!(error, "git rev-parse: there is no revision `nope`");
        let flag = Against::Revision("--output=x".to_owned());
        assert!(changed(&root, &flag).is_err());
    }

    #[test]
    fn outside_a_repository() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::find(dir.path()).unwrap();
        let error = changed(&root, &Against::Revision("HEAD".to_owned())).unwrap_err();
        assert!(error.to_string().starts_with("git rev-parse: "), "{error}");
    }
}
