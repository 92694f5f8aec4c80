//! What there is to check: files, changes or standard input, read when their turn comes.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use types::{Allows, CommentAllows, Document, Facts};
use workspace::git::{self, Against, Changes};
use workspace::{FILE_BYTES_MAX, IgnoreFile, Root, WorkspaceError};

use super::Flags;
use crate::context::Context;

/// Everything that is to be checked, and what people allow in it.
pub(super) struct Sources {
    kind: Kind,
    root: Root,
    pub ignore: IgnoreFile,
    comments: CommentAllows,
    /// Whether the whole workspace is checked as it is on disk.
    pub whole: bool,
}

enum Kind {
    Files(Vec<Result<Named, WorkspaceError>>),
    Changes(Changes),
    Input(Mutex<Option<Result<String, WorkspaceError>>>),
}

/// A file, and whether the person named it or it was found in a folder.
struct Named {
    path: PathBuf,
    named: bool,
}

/// What there is of one file.
pub(super) enum Source {
    /// To be checked.
    Subject(Box<Subject>),
    /// Left out by the ignore file.
    Ignored,
}

/// A file to check: the text before, and the text after or why there is none.
pub(super) struct Subject {
    pub base: Document,
    pub new: Result<String, WorkspaceError>,
    /// Named by the person, or found by walking and git.
    pub named: bool,
    pub facts: Facts,
    /// Where it can be written.
    pub file: Option<PathBuf>,
}

impl Sources {
    pub(super) fn new(context: &Context, flags: &Flags) -> Result<Sources> {
        let root = context.root.clone();
        let against = match (&flags.diff, &flags.since) {
            (Some(revision), _) => Some(Against::Revision(revision.clone())),
            (_, Some(revision)) => Some(Against::Since(revision.clone())),
            _ => flags.staged.then_some(Against::Staged),
        };
        if let Some(against) = against {
            // A change does not decide what of itself is let through: only what was there before.
            let changes = git::changed(&root, &against)?;
            let ignore = IgnoreFile::committed(&root, &changes.base);
            let (kind, comments) = (Kind::Changes(changes), CommentAllows::Older);
            return Ok(Sources { kind, root, ignore, comments, whole: false });
        }
        let (ignore, comments) = (IgnoreFile::on_disk(&root)?, CommentAllows::All);
        if flags.stdin {
            let kind = Kind::Input(Mutex::new(Some(input()?)));
            return Ok(Sources { kind, root, ignore, comments, whole: false });
        }
        let (files, problems) = workspace::list(&flags.paths)?;
        let files = files.into_iter().map(|path| {
            let named = flags.paths.contains(&path);
            Ok(Named { path, named })
        });
        let kind = Kind::Files(files.chain(problems.into_iter().map(Err)).collect());
        let is_root =
            |path: &PathBuf| path.canonicalize().is_ok_and(|path| root.path().starts_with(path));
        let whole = flags.lang.is_none() && flags.paths.iter().any(is_root);
        Ok(Sources { kind, root, ignore, comments, whole })
    }

    pub(super) fn len(&self) -> usize {
        match &self.kind {
            Kind::Files(files) => files.len(),
            Kind::Changes(changes) => changes.len(),
            Kind::Input(_) => 1,
        }
    }

    /// Whether the ignore file is the one that stands on disk.
    pub(super) fn on_disk(&self) -> bool {
        self.comments == CommentAllows::All
    }

    /// Reads one of them.
    pub(super) fn take(&self, index: usize) -> Source {
        match &self.kind {
            Kind::Files(files) => match &files[index] {
                Ok(file) => self.file(file),
                Err(problem) => {
                    let problem = WorkspaceError::Walk(problem.to_string());
                    self.subject(Document::absent("-"), Err(problem), None)
                }
            },
            Kind::Changes(changes) => {
                let name = changes.name(index);
                if self.ignore.ignores(name) {
                    return Source::Ignored;
                }
                let file = self.root.path().join(name);
                match changes.read(index) {
                    Ok(changed) => {
                        let source = self.subject(changed.base, changed.new, Some(file));
                        source.found()
                    }
                    Err(error) => self.subject(Document::absent(name), Err(error), None),
                }
            }
            Kind::Input(text) => {
                let text = text.lock().ok().and_then(|mut text| text.take());
                let gone = || Err(WorkspaceError::Walk("standard input was read".to_owned()));
                self.subject(Document::absent("-"), text.unwrap_or_else(gone), None)
            }
        }
    }

    fn file(&self, Named { path, named }: &Named) -> Source {
        // The ignore file speaks of names below the root, whatever the folder this runs in.
        let within = match self.ignore.is_empty() {
            true => None,
            false => self.root.locate(path).ok().map(|location| location.name),
        };
        if let Some(within) = &within
            && !named
            && self.ignore.ignores(within)
        {
            return Source::Ignored;
        }
        let name = path.strip_prefix("./").unwrap_or(path).display().to_string();
        let new = workspace::read(path, &name).map(|document| document.text.to_string());
        let source = self.subject(Document::absent(&name), new, Some(path.clone()));
        let Source::Subject(mut subject) = source else { return source };
        subject.named = *named;
        subject.facts.allows.listed =
            within.map(|within| self.ignore.allows(&within)).unwrap_or_default();
        Source::Subject(subject)
    }

    fn subject(
        &self,
        base: Document,
        new: Result<String, WorkspaceError>,
        file: Option<PathBuf>,
    ) -> Source {
        let listed = self.ignore.allows(&base.path);
        let allows = Allows { comments: self.comments, listed };
        let facts = Facts { allows, ..Facts::default() };
        Source::Subject(Box::new(Subject { base, new, named: true, facts, file }))
    }
}

impl Source {
    /// The same, found and not named by the person.
    fn found(self) -> Source {
        match self {
            Source::Subject(subject) => {
                Source::Subject(Box::new(Subject { named: false, ..*subject }))
            }
            Source::Ignored => Source::Ignored,
        }
    }
}

fn input() -> Result<Result<String, WorkspaceError>> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.context("cannot read standard input")?;
    anyhow::ensure!(
        bytes.len() as u64 <= FILE_BYTES_MAX,
        "standard input is longer than {FILE_BYTES_MAX} bytes"
    );
    Ok(workspace::decode(Path::new("standard input"), bytes))
}
