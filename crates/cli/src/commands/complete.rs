//! `complete`: fill in the code at a cursor.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use clap::Args;
use types::{Extent, Language, LineIndex, Request, Snapshot, Task};

use super::generate::{ModelFlags, suggest_and_show, target};
use crate::arguments::Global;
use crate::context::Context;

/// Most tokens of a completion at a cursor, unless the settings ask for fewer.
const TOKENS_MAX: usize = 96;

#[derive(Debug, Args)]
pub struct Flags {
    /// The cursor: file, line and column, both from 1
    #[arg(value_name = "FILE:LINE:COL")]
    at: Cursor,
    /// The language; by default that of the file's name
    #[arg(long, value_name = "LANG")]
    lang: Option<Language>,
    /// Complete to the end of the line only
    #[arg(long)]
    line: bool,
    /// Write the completion into the file in place of printing it
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    model: ModelFlags,
}

#[derive(Clone, Debug)]
struct Cursor {
    path: PathBuf,
    line: usize,
    column: usize,
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Cursor, String> {
        let wrong = || format!("`{text}` is not FILE:LINE:COL");
        let mut parts = text.rsplitn(3, ':');
        let mut number = || parts.next()?.parse::<usize>().ok().filter(|&number| number > 0);
        let (column, line) = (number().ok_or_else(wrong)?, number().ok_or_else(wrong)?);
        let path = parts.next().filter(|path| !path.is_empty()).ok_or_else(wrong)?;
        Ok(Cursor { path: path.into(), line, column })
    }
}

pub fn run(global: &Global, flags: &Flags) -> Result<ExitCode> {
    let context = Context::load(global, Some(&flags.at.path))?;
    let policy = context.policy(flags.model.settings())?;
    let Cursor { path, line, column } = &flags.at;
    let location = context.root.locate(path)?;
    let document = match flags.apply {
        true => target(&policy, &location)?,
        false => workspace::read(&location.absolute, &location.name)?,
    };
    let language = flags.lang.or(document.language);
    let language = language.with_context(|| unknown_language(path))?;
    let index = LineIndex::new(&document.text);
    let at = index.offset(&document.text, *line, *column).with_context(|| {
        let lines = index.lines();
        match index.line_range(&document.text, *line) {
            None => format!("`{}` has {lines} lines, there is no line {line}", path.display()),
            Some(range) => {
                let columns = document.text[range].chars().count() + 1;
                format!("line {line} of `{}` ends at column {columns}", path.display())
            }
        }
    })?;
    let request = Request {
        task: Task::Complete,
        language,
        instruction: String::new(),
        selection: at..at,
        extent: if flags.line { Extent::Line } else { Extent::Block },
        actor: context.actor.clone(),
        candidates: policy.candidates,
        max_tokens: policy.max_tokens.min(TOKENS_MAX),
        sampling: flags.model.sampling(),
    };
    let snapshot = Snapshot::of(document.with_language(Some(language)));
    suggest_and_show(&context, &policy, &request, &snapshot, flags.apply.then_some(&location))
}

fn unknown_language(path: &Path) -> String {
    format!("the language of `{}` is not known; give --lang", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors() {
        let cursor: Cursor = "a:b.py:12:9".parse().unwrap();
        assert_eq!((cursor.path.to_str(), cursor.line, cursor.column), (Some("a:b.py"), 12, 9));
        for wrong in ["a.py", "a.py:1", "a.py:0:1", "a.py:1:x", ":1:1"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
