//! `undo` and `redo`: bring files back, and forth again.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use pipeline::{Direction, Selection};

use crate::arguments::{Format, Global};
use crate::context::Context;
use crate::output;

#[derive(Debug, Args)]
pub struct Flags {
    /// The generation, or the beginning of its id; by default the last of this workspace
    #[arg(value_name = "ID", conflicts_with = "file")]
    id: Option<String>,
    /// The last generation that wrote this file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

pub fn run(global: &Global, direction: Direction, flags: Flags) -> Result<ExitCode> {
    let context = Context::load(global, None)?;
    let mut ledger = context.existing_ledger()?.context("nothing has been logged yet")?;
    let selection = match (flags.id, flags.file) {
        (Some(id), _) => Selection::Generation(id),
        (None, Some(file)) => Selection::File(context.root.locate(&file)?.absolute),
        (None, None) => Selection::Within(context.root.path().to_owned()),
    };
    let reversal = pipeline::plan(&ledger, direction, &selection)?;
    let done = match flags.dry_run {
        true => None,
        false => Some(pipeline::reverse(&mut ledger, &context.actor, &reversal)?),
    };
    match context.format {
        Format::Text => output::text::reversal(&context, &reversal, done.is_some()),
        Format::Json => output::json::reversal(&reversal, done.is_some())?,
    }
    Ok(ExitCode::SUCCESS)
}
