//! What git says has changed, and the text before and after.
//!
//! Only plumbing is called, with everything that a repository could make git run or contact
//! switched off: filters, external diff and text conversion, the file-system monitor, hooks, and
//! fetching of missing objects.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use types::Document;

use crate::files::{FILE_BYTES_MAX, decode};
use crate::{Root, WorkspaceError, read};

/// What the working tree or the index is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The working tree with this revision. Untracked files are not looked at.
    Revision(String),
    /// The working tree with the last commit that it has in common with this revision.
    Since(String),
    /// The index with `HEAD`.
    Staged,
}

/// One changed file.
#[derive(Debug)]
pub struct ChangedFile {
    /// The text before; absent for a new file or one that was not text. Its path is relative to
    /// the repository's top folder.
    pub base: Document,
    /// The text after, or why it cannot be read.
    pub new: Result<String, WorkspaceError>,
}

/// The files that differ. Their texts are read one by one.
pub struct Changes {
    /// What they are compared with: a commit, or the empty tree.
    pub base: String,
    against: Against,
    top: PathBuf,
    entries: Vec<Entry>,
    objects: Mutex<Objects>,
}

impl Changes {
    /// How many files differ.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The path of a file relative to the repository's top folder, by its number from 0.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        &self.entries[index].name
    }

    /// The texts of a file, by its number from 0.
    ///
    /// # Errors
    /// `git` stopped answering, or the old text is too large.
    pub fn read(&self, index: usize) -> Result<ChangedFile, WorkspaceError> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        self.entries[index].read(&self.top, &self.against, &mut objects)
    }
}

/// The text of a file in a revision; `None` where the revision has none that is text. `name` is
/// relative to the repository's top folder.
///
/// # Errors
/// `git` is not installed, the folder is not in a repository, or the revision does not exist.
pub fn text_at(root: &Root, revision: &str, name: &str) -> Result<Option<String>, WorkspaceError> {
    let git = Git::new(root)?;
    let commit = git.resolve(revision)?;
    let bytes = Objects::start(&git)?.read(&format!("{commit}:{name}"))?;
    Ok(bytes.and_then(|bytes| decode(Path::new(name), bytes).ok()))
}

/// The files that differ, without deleted ones, links and submodules, sorted by path.
///
/// # Errors
/// `git` is not installed, the folder is not in a repository, or the revision does not exist.
pub fn changed(root: &Root, against: &Against) -> Result<Changes, WorkspaceError> {
    let git = Git::new(root)?;
    let base = match against {
        Against::Revision(revision) => git.resolve(revision)?,
        Against::Since(revision) => git.fork_point(revision)?,
        // A repository without a commit has no HEAD; everything staged is then new.
        Against::Staged => match git.resolve("HEAD") {
            Ok(commit) => commit,
            Err(_) => git.text(&["hash-object", "-t", "tree", "/dev/null"])?.trim().to_owned(),
        },
    };
    let mut arguments = vec!["diff", "--raw", "-z", "--no-abbrev", "--no-renames"];
    arguments.extend(["--diff-filter=d", "--no-ext-diff", "--no-textconv"]);
    arguments.push("--ignore-submodules=all");
    if *against == Against::Staged {
        arguments.push("--cached");
    }
    arguments.extend([base.as_str(), "--"]);
    let listed = git.bytes(&arguments)?;
    let top = git.text(&["rev-parse", "--show-toplevel"])?;
    let top = Path::new(top.trim_end_matches('\n')).to_owned();
    let objects = Mutex::new(Objects::start(&git)?);
    let mut fields = listed.split(|&byte| byte == 0);
    let mut entries = Vec::new();
    while let (Some(header), Some(name)) = (fields.next(), fields.next()) {
        let Some(entry) = Entry::parse(header, name) else { continue };
        if entry.is_file() {
            entries.push(entry);
        }
    }
    Ok(Changes { base, against: against.clone(), top, entries, objects })
}

/// The version of the installed git; `None` where there is none.
#[must_use]
pub fn version() -> Option<String> {
    let git = Git { folder: PathBuf::from("/"), filters: Vec::new() };
    let version = git.text(&["version"]).ok()?;
    Some(version.trim().trim_start_matches("git version ").to_owned())
}

/// One entry of `git diff --raw`: `:100644 100644 <old> <new> M`, and a name.
struct Entry {
    mode: String,
    old: String,
    new: String,
    status: String,
    name: String,
    /// Whether the name is what git said, and not only close to it.
    name_is_exact: bool,
}

impl Entry {
    fn parse(header: &[u8], name: &[u8]) -> Option<Entry> {
        let header = std::str::from_utf8(header).ok()?.strip_prefix(':')?;
        let fields: Vec<&str> = header.split(' ').collect();
        let [_, mode, old, new, status] = fields[..] else { return None };
        let exact = std::str::from_utf8(name);
        Some(Entry {
            mode: mode.to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
            status: status.to_owned(),
            name: String::from_utf8_lossy(name).into_owned(),
            name_is_exact: exact.is_ok(),
        })
    }

    /// Whether the new side is a regular file, or in conflict; not a link, not a submodule.
    fn is_file(&self) -> bool {
        self.status == "U" || self.mode.starts_with("100")
    }

    fn read(
        &self,
        top: &Path,
        against: &Against,
        objects: &mut Objects,
    ) -> Result<ChangedFile, WorkspaceError> {
        let (name, path) = (&self.name, top.join(&self.name));
        let base = match objects.read(&self.old)?.map(|bytes| decode(&path, bytes)) {
            Some(Ok(text)) => Document::new(name, &text),
            Some(Err(_)) | None => Document::absent(name),
        };
        let refuse = |message: &str| Err(failure(&["diff"], &format!("`{name}` {message}")));
        let new = if self.status == "U" {
            refuse("is in conflict; resolve it first")
        } else if *against == Against::Staged {
            match objects.read(&self.new)? {
                Some(bytes) => decode(&path, bytes),
                None => refuse("has no content in the index"),
            }
        } else if !self.name_is_exact {
            refuse("has a name that is not UTF-8")
        } else if path.is_symlink() {
            refuse("is a symbolic link now")
        } else {
            read(&path, name).map(|document| document.text.to_string())
        };
        Ok(ChangedFile { base, new })
    }
}

/// How git is called in one folder.
struct Git {
    folder: PathBuf,
    /// The configured filters' settings, each to be emptied: git would run them.
    filters: Vec<String>,
}

impl Git {
    fn new(root: &Root) -> Result<Git, WorkspaceError> {
        let mut git = Git { folder: root.path().to_owned(), filters: Vec::new() };
        let pattern = r"^filter\..*\.(clean|smudge|process|required)$";
        let run = git.run(&["config", "--null", "--name-only", "--get-regexp", pattern])?;
        // It fails where nothing matches; then there is nothing to switch off.
        let names = String::from_utf8_lossy(&run.stdout).into_owned();
        git.filters =
            names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(git)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that starts git")]
    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.folder)
            .args(["--no-optional-locks", "-c", "core.fsmonitor=false"])
            .args(["-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"])
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_COUNT", self.filters.len().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (index, name) in self.filters.iter().enumerate() {
            let value = if name.ends_with(".required") { "false" } else { "" };
            command.env(format!("GIT_CONFIG_KEY_{index}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<std::process::Output, WorkspaceError> {
        let run = self.command().args(arguments).output();
        run.map_err(|error| failure(arguments, &format!("cannot start git: {error}")))
    }

    fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, WorkspaceError> {
        let run = self.run(arguments)?;
        if !run.status.success() {
            return Err(failure(arguments, &String::from_utf8_lossy(&run.stderr)));
        }
        Ok(run.stdout)
    }

    fn text(&self, arguments: &[&str]) -> Result<String, WorkspaceError> {
        let bytes = self.bytes(arguments)?;
        String::from_utf8(bytes).map_err(|_| failure(arguments, "printed text that is not UTF-8"))
    }

    fn resolve(&self, revision: &str) -> Result<String, WorkspaceError> {
        let commit = format!("{revision}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
        self.text(&arguments).map(|id| id.trim().to_owned()).map_err(|error| match error {
            WorkspaceError::Git { message, .. } if message.is_empty() => {
                failure(&arguments, &format!("there is no revision `{revision}`"))
            }
            other => other,
        })
    }
}

impl Git {
    /// The last commit that `HEAD` and a revision have in common.
    fn fork_point(&self, revision: &str) -> Result<String, WorkspaceError> {
        let (commit, head) = (self.resolve(revision)?, self.resolve("HEAD")?);
        let arguments = ["merge-base", &commit, &head];
        self.text(&arguments).map(|id| id.trim().to_owned()).map_err(|error| match error {
            WorkspaceError::Git { message, .. } if message.is_empty() => {
                let what = format!("HEAD and `{revision}` have no commit in common");
                failure(&arguments, &what)
            }
            other => other,
        })
    }
}

fn failure(arguments: &[&str], message: &str) -> WorkspaceError {
    let message = message.trim().trim_start_matches("fatal: ").to_owned();
    WorkspaceError::Git { command: arguments.first().unwrap_or(&"").to_string(), message }
}

/// A running `git cat-file --batch`.
struct Objects {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Objects {
    fn start(git: &Git) -> Result<Objects, WorkspaceError> {
        let wrong = |message: &str| failure(&["cat-file"], message);
        let mut process = git
            .command()
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| wrong(&error.to_string()))?;
        let answers = process.stdout.take().ok_or_else(|| wrong("has no output"))?;
        Ok(Objects { process, answers: BufReader::new(answers) })
    }

    /// The bytes of a blob by its id; `None` where there is none, or not a blob.
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, WorkspaceError> {
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
        Git::new(&root).unwrap().bytes(arguments).unwrap();
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
            let changes = changed(&root, against).unwrap();
            (0..changes.len()).map(|index| row(changes.read(index).unwrap())).collect()
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

        // What happened on the other side since is not this side's doing.
        git(dir.path(), &["commit", "-qm", "second"]);
        git(dir.path(), &["checkout", "-q", "-b", "side", "HEAD~1", "--force"]);
        write("c.py", "c = 1\n");
        git(dir.path(), &["add", "-A"]);
        git(dir.path(), &["commit", "-qm", "third"]);
        let other = if text_at(&root, "main", "a.py").is_ok() { "main" } else { "master" };
        let since = changed(&root, &Against::Since(other.to_owned())).unwrap();
        assert_eq!((since.len(), since.name(0)), (1, "c.py"));
        assert!(changed(&root, &Against::Revision(other.to_owned())).unwrap().len() > 1);
        assert_eq!(text_at(&root, other, "a.py").unwrap().as_deref(), Some("a = 2\n"));
        assert_eq!(text_at(&root, other, "none").unwrap(), None);

        let none = Against::Revision("nope".to_owned());
        let error = changed(&root, &none).err().unwrap().to_string();
        assert_eq!(error, "git rev-parse: there is no revision `nope`");
        let flag = Against::Revision("--output=x".to_owned());
        assert!(changed(&root, &flag).is_err());
    }

    #[test]
    fn a_repository_cannot_make_git_run_anything() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("ran");
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["config", "user.name", "t"]);
        git(dir.path(), &["config", "user.email", "t@example.org"]);
        write("a.py", "a = 1\n");
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "first"]);
        let touch = format!("touch '{}'; cat", mark.display());
        for key in ["filter.evil=x.clean", "filter.evil=x.smudge", "diff.evil.textconv"] {
            git(dir.path(), &["config", key, &touch]);
        }
        for key in ["core.fsmonitor", "diff.external"] {
            git(dir.path(), &["config", key, &touch]);
        }
        write(".gitattributes", "* filter=evil=x diff=evil\n");
        write("a.py", "a = 22\n");
        let root = Root::find(dir.path()).unwrap();
        let head = Against::Revision("HEAD".to_owned());
        assert_eq!(changed(&root, &head).unwrap().len(), 1);
        // Without our settings the same repository does run it: the test can fail.
        assert!(!mark.exists(), "something ran");
        #[expect(clippy::disallowed_methods, reason = "shows what plain git does")]
        let plain = Command::new("git").arg("diff").current_dir(dir.path()).output();
        assert!(plain.is_ok() && mark.exists());
    }

    #[test]
    fn conflicts_links_and_odd_names() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let commit = |message| git(dir.path(), &["commit", "-qam", message]);
        git(dir.path(), &["init", "-q", "-b", "main"]);
        git(dir.path(), &["config", "user.name", "t"]);
        git(dir.path(), &["config", "user.email", "t@example.org"]);
        write("a.py", "a = 1\n");
        git(dir.path(), &["add", "."]);
        commit("first");
        git(dir.path(), &["checkout", "-qb", "other"]);
        write("a.py", "a = 2\n");
        commit("other");
        git(dir.path(), &["checkout", "-q", "main"]);
        write("a.py", "a = 3\n");
        commit("main");
        let root = Root::find(dir.path()).unwrap();
        assert!(Git::new(&root).unwrap().bytes(&["merge", "-q", "other"]).is_err());
        write("new\nline.py", "n = 1\n");
        std::os::unix::fs::symlink("nowhere", dir.path().join("link.py")).unwrap();
        git(dir.path(), &["add", "new\nline.py", "link.py"]);
        let changed = changed(&root, &Against::Staged).unwrap();
        let names: Vec<&str> = (0..changed.len()).map(|index| changed.name(index)).collect();
        assert_eq!(names, ["a.py", "new\nline.py"], "no link");
        let new = |index| changed.read(index).unwrap().new;
        assert!(new(0).unwrap_err().to_string().contains("is in conflict"));
        assert_eq!(new(1).unwrap(), "n = 1\n");
    }

    #[test]
    fn outside_a_repository() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::find(dir.path()).unwrap();
        let error = changed(&root, &Against::Revision("HEAD".to_owned())).err().unwrap();
        assert!(error.to_string().starts_with("git rev-parse: "), "{error}");
    }
}
