//! Undo and redo: what was written, from the ledger, and bringing it back.
//!
//! The files decide what can be done, the ledger what was: a write that a crash cut off left the
//! file as it was, so there is nothing to undo, and an undo that was cut off can be done again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::{EventKind, Filter, Ledger};
use types::Actor;
use workspace::{Change, FileState, Mismatch, Staged};

use crate::PipelineError;
use crate::apply::keep;
use crate::record::{Recorder, read_write};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From after the write to before it.
    Undo,
    /// From before the write to after it.
    Redo,
}

/// Which writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The last generation that wrote below this folder: nobody expects `undo` in one project to
    /// change another.
    Within(PathBuf),
    /// The generation with this id, or with the only id that begins so.
    Generation(String),
    /// The last generation that wrote this file.
    File(PathBuf),
}

/// One file that a generation wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The generation.
    pub generation: String,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The file.
    pub path: PathBuf,
    /// What it held before.
    pub pre: FileState,
    /// What it held afterwards.
    pub post: FileState,
    /// Whether the ledger says that it was undone, and at which record.
    pub undone: Option<u64>,
}

impl Write {
    /// The state to start from and the state to reach.
    fn states(&self, direction: Direction) -> (FileState, FileState) {
        match direction {
            Direction::Undo => (self.post, self.pre),
            Direction::Redo => (self.pre, self.post),
        }
    }
}

/// What an undo or redo is going to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Which way.
    pub direction: Direction,
    /// The generation.
    pub generation: String,
    /// Its files.
    pub writes: Vec<Write>,
}

/// All recorded writes, oldest first.
///
/// # Errors
/// The ledger cannot be read.
pub fn history(ledger: &Ledger) -> Result<Vec<Write>, PipelineError> {
    let mut writes: Vec<Write> = Vec::new();
    for entry in ledger.entries(&Filter::default())? {
        match entry.kind {
            EventKind::FileWrite => {
                let Some((path, pre, post)) = read_write(&entry.fields) else { continue };
                let (generation, time_ms) = (entry.generation, entry.time_ms);
                let path = PathBuf::from(path);
                writes.push(Write { generation, time_ms, path, pre, post, undone: None });
            }
            EventKind::Undo | EventKind::Redo => {
                let undone = (entry.kind == EventKind::Undo).then_some(entry.index);
                for write in &mut writes {
                    if write.generation == entry.generation {
                        write.undone = undone;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(writes)
}

/// Finds what to undo or redo, and makes sure that every file of it is in the state to start from.
///
/// # Errors
/// There is nothing to do, or a person has edited a file since.
pub fn plan(
    ledger: &Ledger,
    direction: Direction,
    selection: &Selection,
) -> Result<Reversal, PipelineError> {
    let mut generations: BTreeMap<String, Vec<Write>> = BTreeMap::new();
    let mut order = Vec::new();
    for write in history(ledger)? {
        let writes = generations.entry(write.generation.clone()).or_default();
        if writes.is_empty() {
            order.push(write.generation.clone());
        }
        writes.push(write);
    }
    let undone = |id: &String| generations[id].iter().find_map(|write| write.undone);
    // Newest first; for redo that is the one undone last.
    order.reverse();
    if direction == Direction::Redo {
        order.sort_by_key(|id| std::cmp::Reverse(undone(id)));
    }
    let of_all = |test: &dyn Fn(&Write) -> bool| -> Vec<&String> {
        let offered = |id: &&String| direction == Direction::Undo || undone(id).is_some();
        order.iter().filter(offered).filter(|id| generations[*id].iter().any(test)).collect()
    };
    let candidates: Vec<&String> = match selection {
        Selection::Within(folder) => of_all(&|write| write.path.starts_with(folder)),
        Selection::File(path) => of_all(&|write| write.path == *path),
        Selection::Generation(prefix) => vec![by_prefix(&order, prefix)?],
    };
    let named = matches!(selection, Selection::Generation(_));
    for &id in &candidates {
        let reversal =
            Reversal { direction, generation: id.clone(), writes: generations[id].clone() };
        match ready(&reversal) {
            Ok(Ready::Yes) => return Ok(reversal),
            // Cut off before the file was touched, or brought back by hand: look further.
            Ok(Ready::AlreadyThere) => {}
            // What was undone already may well have been changed since.
            Err(_) if !named && direction == Direction::Undo && undone(id).is_some() => {}
            Err(error) => return Err(error),
        }
    }
    let word = match direction {
        Direction::Undo => "undo",
        Direction::Redo => "redo",
    };
    let what = match selection {
        Selection::Within(folder) => format!(" in `{}`", folder.display()),
        Selection::File(path) => format!(" in `{}`", path.display()),
        Selection::Generation(_) => {
            format!(" in {}: its files are that way already", candidates[0])
        }
    };
    Err(PipelineError::NothingToDo(format!("there is nothing to {word}{what}")))
}

fn by_prefix<'a>(order: &'a [String], prefix: &str) -> Result<&'a String, PipelineError> {
    let prefix = prefix.to_ascii_uppercase();
    let mut found = order.iter().filter(|id| id.starts_with(&prefix));
    let wrong = |message: String| Err(PipelineError::NothingToDo(message));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => wrong(format!("no generation that wrote a file begins with `{prefix}`")),
        (Some(_), Some(_)) => {
            wrong(format!("several generations begin with `{prefix}`; give more of it"))
        }
    }
}

enum Ready {
    Yes,
    AlreadyThere,
}

fn ready(reversal: &Reversal) -> Result<Ready, PipelineError> {
    let mut moved = false;
    for write in &reversal.writes {
        let (from, to) = write.states(reversal.direction);
        let (found, _) = FileState::read(&write.path)?;
        if found == from && from != to {
            moved = true;
        } else if found != to {
            return Err(refused(&write.path, from, found, &reversal.generation));
        }
    }
    Ok(if moved { Ready::Yes } else { Ready::AlreadyThere })
}

fn refused(path: &Path, expected: FileState, found: FileState, generation: &str) -> PipelineError {
    PipelineError::Refused {
        path: path.display().to_string(),
        what: Mismatch { expected, found }.sentence(),
        hint: format!(
            "If something later wrote it, undo that first; `countersign log show {generation}` has \
             what was written; `countersign undo ID` undoes another generation of `log list`"
        ),
    }
}

/// Does what [`plan`] found: records it, then brings back each file.
///
/// # Errors
/// A file has changed since the plan, the ledger lacks its bytes, or the system refuses. Files
/// that were already brought back stay so; doing it again goes on with the others.
pub fn reverse(
    ledger: &mut Ledger,
    actor: &Actor,
    reversal: &Reversal,
) -> Result<Vec<Change>, PipelineError> {
    let mut staged = Vec::with_capacity(reversal.writes.len());
    for write in &reversal.writes {
        let (from, to) = write.states(reversal.direction);
        if FileState::read(&write.path)?.0 == to {
            continue;
        }
        let bytes = match to.sha256() {
            Some(sha256) => {
                ledger.preimages().get(&sha256)?.ok_or_else(|| PipelineError::Refused {
                    path: write.path.display().to_string(),
                    what: format!("was recorded with {}, whose bytes are gone", sha256.short()),
                    hint: "See `countersign log verify`".to_owned(),
                })?
            }
            None => Vec::new(),
        };
        staged.push(Staged::restore(&write.path, from, to, bytes)?);
    }
    for one in &staged {
        keep(ledger, one.change())?;
    }
    let recorder = Recorder::resume(&reversal.generation, actor);
    let changes: Vec<&Change> = staged.iter().map(Staged::change).collect();
    recorder.reversal(ledger, reversal.direction, &changes)?;
    staged.into_iter().map(|one| Ok(one.commit()?)).collect()
}
