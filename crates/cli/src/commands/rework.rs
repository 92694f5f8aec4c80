//! `refactor` and `fix`: rewrite some lines of a file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use clap::Args;
use types::{Extent, Language, LineIndex, Request, Snapshot, Task};

use super::generate::{ModelFlags, suggest_and_show, target};
use crate::arguments::Global;
use crate::context::Context;

#[derive(Debug, Args)]
pub struct Flags {
    /// The lines: file, first and last, from 1
    #[arg(value_name = "FILE:FIRST-LAST")]
    at: Lines,
    /// What to change, in words
    #[arg(long, short, value_name = "TEXT", default_value = "")]
    prompt: String,
    /// The language; by default that of the file's name
    #[arg(long, value_name = "LANG")]
    lang: Option<Language>,
    /// Write the new lines into the file in place of printing them
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    model: ModelFlags,
}

#[derive(Clone, Debug)]
struct Lines {
    path: PathBuf,
    first: usize,
    last: usize,
}

impl FromStr for Lines {
    type Err = String;

    fn from_str(text: &str) -> Result<Lines, String> {
        let read = || {
            let (path, lines) = text.rsplit_once(':').filter(|(path, _)| !path.is_empty())?;
            let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (1..=last).contains(&first).then(|| Lines { path: path.into(), first, last })
        };
        read().ok_or_else(|| format!("`{text}` is not FILE:FIRST-LAST"))
    }
}

pub fn run(global: &Global, task: Task, flags: Flags) -> Result<ExitCode> {
    let context = Context::load(global, Some(&flags.at.path))?;
    let policy = context.policy(flags.model.settings())?;
    let Lines { path, first, last } = &flags.at;
    let location = context.root.locate(path)?;
    let document = match flags.apply {
        true => target(&policy, &location)?,
        false => workspace::read(&location.absolute, &location.name)?,
    };
    let language = flags.lang.or(document.language);
    let unknown = || format!("the language of `{}` is not known; give --lang", path.display());
    let language = language.with_context(unknown)?;
    let index = LineIndex::new(&document.text);
    let start = index.line_range(&document.text, *first).map(|range| range.start);
    let end = index.line_range(&document.text, *last).map(|range| range.end);
    let (Some(start), Some(end)) = (start, end) else {
        anyhow::bail!("`{}` has {} lines, there is no line {last}", path.display(), index.lines());
    };
    let request = Request {
        task,
        language,
        instruction: flags.prompt,
        selection: start..end,
        extent: Extent::Block,
        actor: context.actor.clone(),
        candidates: policy.candidates,
        max_tokens: policy.max_tokens,
        sampling: flags.model.sampling(),
    };
    let snapshot = Snapshot::of(document.with_language(Some(language)));
    suggest_and_show(&context, &policy, &request, &snapshot, flags.apply.then_some(&location))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let lines: Lines = "a:b.py:12-14".parse().unwrap();
        assert_eq!((lines.path.to_str(), lines.first, lines.last), (Some("a:b.py"), 12, 14));
        assert_eq!("a.py:3".parse::<Lines>().unwrap().last, 3);
        for wrong in ["a.py", "a.py:0", "a.py:3-2", "a.py:x-y", ":1-2"] {
            assert!(wrong.parse::<Lines>().is_err(), "{wrong}");
        }
    }
}
