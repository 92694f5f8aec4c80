//! `.countersignignore`: which files are not checked, and which rules people allow where.
//!
//! ```text
//! # Git's syntax for paths: these files are left out when folders are checked.
//! vendor/
//! *.min.js
//! # A rule that is allowed in the files of a pattern, and why.
//! rule:S603 scripts/  they start our own programs only
//! ```

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use types::{Allow, LineIndex, Position};

use crate::{Root, WorkspaceError, git, read_if_present};

/// The file's name, at the workspace's root.
pub const IGNORE_FILE: &str = ".countersignignore";

/// Entries that are read; every file is compared with each.
const ENTRIES_MAX: usize = 1_000;

/// What an ignore file says.
#[derive(Debug, Default)]
pub struct IgnoreFile {
    /// The text, for showing what is wrong in it.
    pub text: String,
    /// Lines that do not count.
    pub problems: Vec<Problem>,
    paths: Option<Gitignore>,
    entries: Vec<Entry>,
}

/// A line that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the line begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// An entry without a reason.
    NoReason,
    /// A pattern or an entry that cannot be read, in words.
    Unreadable(String),
    /// An entry that allowed nothing in a check of the whole workspace: the rule.
    Unused(String),
}

#[derive(Debug)]
struct Entry {
    rule: String,
    files: Gitignore,
    reason: String,
    line: usize,
}

impl IgnoreFile {
    /// The file as it is on disk: what a person has in front of them.
    ///
    /// # Errors
    /// It is there but cannot be read.
    pub fn on_disk(root: &Root) -> Result<IgnoreFile, WorkspaceError> {
        let path = root.path().join(IGNORE_FILE);
        Ok(IgnoreFile::parse(&read_if_present(&path, IGNORE_FILE)?.text))
    }

    /// The file as it was committed in a revision; nothing where there is no repository, no such
    /// revision or no such file.
    #[must_use]
    pub fn committed(root: &Root, revision: &str) -> IgnoreFile {
        let text = git::text_at(root, revision, IGNORE_FILE).ok().flatten();
        text.map(|text| IgnoreFile::parse(&text)).unwrap_or_default()
    }

    /// Reads the text of an ignore file. Lines that cannot be read do not count.
    #[must_use]
    pub fn parse(text: &str) -> IgnoreFile {
        let mut file = IgnoreFile { text: text.to_owned(), ..IgnoreFile::default() };
        let mut paths = GitignoreBuilder::new("");
        let mut patterns = 0;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let outcome = match line.trim_start().strip_prefix("rule:") {
                Some(rest) => entry(rest, number).map(|entry| file.entries.push(entry)),
                None => {
                    patterns += usize::from(!line.trim().is_empty() && !line.starts_with('#'));
                    let added = paths.add_line(None, line);
                    added.map(drop).map_err(|error| Wrong::Unreadable(error.to_string()))
                }
            };
            let outcome = match patterns + file.entries.len() > ENTRIES_MAX {
                true => Err(Wrong::Unreadable(format!("only {ENTRIES_MAX} entries are read"))),
                false => outcome,
            };
            if let Err(what) = outcome {
                file.complain(number, what);
            }
            if patterns + file.entries.len() > ENTRIES_MAX {
                break;
            }
        }
        file.paths = paths.build().ok().filter(|paths| !paths.is_empty());
        file
    }

    /// Whether a file is left out when folders are checked. `name` is relative to the root.
    #[must_use]
    pub fn ignores(&self, name: &str) -> bool {
        self.paths.as_ref().is_some_and(|paths| matches(paths, name))
    }

    /// Whether it says anything of files at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_none() && self.entries.is_empty()
    }

    /// What is allowed in a file. `name` is relative to the root.
    #[must_use]
    pub fn allows(&self, name: &str) -> Vec<Allow> {
        let about = self.entries.iter().filter(|entry| matches(&entry.files, name));
        let allow = |entry: &Entry| Allow {
            rule: entry.rule.clone(),
            reason: entry.reason.clone(),
            path: IGNORE_FILE.to_owned(),
            line: entry.line,
        };
        about.map(allow).collect()
    }

    /// After a check of the whole workspace: adds what allowed nothing to the problems. `used`
    /// holds the lines of the entries that allowed something.
    pub fn complain_of_unused(&mut self, used: &std::collections::BTreeSet<usize>) {
        let unused: Vec<(usize, String)> = self
            .entries
            .iter()
            .filter(|entry| !used.contains(&entry.line))
            .map(|entry| (entry.line, entry.rule.clone()))
            .collect();
        for (line, rule) in unused {
            self.complain(line, Wrong::Unused(rule));
        }
        self.problems.sort_by_key(|problem| problem.start);
    }

    fn complain(&mut self, line: usize, what: Wrong) {
        let index = LineIndex::new(&self.text);
        let range = index.line_range(&self.text, line).unwrap_or_default();
        let start = index.position(&self.text, range.start);
        let end = index.position(&self.text, range.end);
        self.problems.push(Problem { start, end, what });
    }
}

/// `ID PATTERN reason`
fn entry(rest: &str, line: usize) -> Result<Entry, Wrong> {
    let unreadable = |what: &str| Err(Wrong::Unreadable(what.to_owned()));
    let (rule, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (pattern, reason) = first_word(rest.trim_start());
    if rule.is_empty() || pattern.is_empty() {
        return unreadable("an entry is `rule:ID PATTERN reason`");
    }
    if pattern.starts_with(['!', '#']) {
        return unreadable("the pattern of an entry cannot be turned around");
    }
    let reason = reason.trim().trim_start_matches("--").trim_start();
    if reason.is_empty() {
        return Err(Wrong::NoReason);
    }
    let mut builder = GitignoreBuilder::new("");
    let added = builder.add_line(None, pattern).and_then(|builder| builder.build());
    let files = added.map_err(|error| Wrong::Unreadable(error.to_string()))?;
    Ok(Entry { rule: rule.to_owned(), files, reason: reason.to_owned(), line })
}

/// The pattern up to the first blank that no backslash stands before, and what follows.
fn first_word(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && !escaped {
            return (&text[..at], &text[at..]);
        }
        escaped = c == '\\' && !escaped;
    }
    (text, "")
}

fn matches(patterns: &Gitignore, name: &str) -> bool {
    let path = Path::new(name.strip_prefix("./").unwrap_or(name));
    // Files outside the workspace have absolute names and are nobody's here.
    let outside = path.has_root() || path.components().any(|one| one.as_os_str() == "..");
    !outside && patterns.matched_path_or_any_parents(path, false).is_ignore()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\nvendor/\n*.min.js\n!keep.min.js\n\n\
                        rule:S603 scripts/ -- our own programs\n\
                        rule:S307 a\\ b.py a constant\n\
                        rule:S102 **/*.py\n\
                        rule:S102\n\
                        rule:X1 [z-a] a range that is none\n";

    #[test]
    fn leaves_out_files_as_git_does() {
        let file = IgnoreFile::parse(TEXT);
        for (name, expected) in [
            ("vendor/a.py", true),
            ("src/vendor/deep/a.py", true),
            ("a.min.js", true),
            ("b/keep.min.js", false),
            ("./vendor/a.py", true),
            ("scripts/a.py", false),
            ("/vendor/a.py", false),
            ("../vendor/a.py", false),
        ] {
            assert_eq!(file.ignores(name), expected, "{name}");
        }
        assert!(!IgnoreFile::parse("").ignores("a.py"));
    }

    #[test]
    fn allows_rules_with_a_reason() {
        let file = IgnoreFile::parse(TEXT);
        let allows = |name: &str| -> Vec<(String, String, usize)> {
            let row = |allow: Allow| (allow.rule, allow.reason, allow.line);
            file.allows(name).into_iter().map(row).collect()
        };
        let row = |rule: &str, reason: &str, line| (rule.to_owned(), reason.to_owned(), line);
        assert_eq!(allows("scripts/deep/a.sh"), [row("S603", "our own programs", 6)]);
        assert_eq!(allows("a b.py"), [row("S307", "a constant", 7)]);
        assert_eq!(allows("b.py"), []);
        let problems: Vec<(usize, bool)> = file
            .problems
            .iter()
            .map(|problem| (problem.start.line, problem.what == Wrong::NoReason))
            .collect();
        assert_eq!(problems, [(8, true), (9, false), (10, false)]);
    }

    #[test]
    fn what_allowed_nothing_is_said() {
        let mut file = IgnoreFile::parse("rule:A1 a/ why\nrule:B1 b/ why\n");
        file.complain_of_unused(&[2].into());
        assert_eq!(file.problems.len(), 1);
        assert_eq!(file.problems[0].what, Wrong::Unused("A1".to_owned()));
        let many = "rule:A1 a/ why\n".repeat(ENTRIES_MAX + 10);
        let file = IgnoreFile::parse(&many);
        assert_eq!(file.problems.len(), 1, "the limit is said once");
    }
}
