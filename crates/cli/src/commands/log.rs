//! `log`: list, show and verify what was recorded.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use ledger::{Filter, Ledger};

use crate::arguments::{Format, Global};
use crate::context::Context;
use crate::output::{self, progress::Bar};
use crate::output::{err, out};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The last generations, newest first, with what came of them
    List(ListFlags),
    /// Everything recorded of one generation, with what was asked and answered
    Show(ShowFlags),
    /// Recompute the whole log and name the first record that does not hold
    Verify,
}

#[derive(Debug, Args)]
pub struct ListFlags {
    /// How many
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    count: usize,
    /// Every single record in place of a line for each generation
    #[arg(long)]
    records: bool,
}

#[derive(Debug, Args)]
pub struct ShowFlags {
    /// The generation's id, or the beginning of it
    #[arg(value_name = "ID")]
    id: String,
}

pub fn run(global: &Global, command: Command) -> Result<ExitCode> {
    let context = Context::load(global, None)?;
    let ledger = context.existing_ledger()?;
    match command {
        Command::List(flags) => list(&context, ledger.as_ref(), &flags),
        Command::Show(flags) => {
            show(&context, &ledger.context("nothing has been logged yet")?, &flags.id)
        }
        Command::Verify => verify(&context, ledger.as_ref()),
    }
}

fn list(context: &Context, ledger: Option<&Ledger>, flags: &ListFlags) -> Result<ExitCode> {
    let newest = Filter { newest_first: true, ..Filter::default() };
    let filter = match flags.records {
        true => Filter { count_max: Some(flags.count as u64), ..newest },
        false => newest,
    };
    let entries = ledger.map_or(Ok(Vec::new()), |ledger| ledger.entries(&filter))?;
    match (context.format, flags.records) {
        (Format::Text, _) if entries.is_empty() => {
            err!("nothing has been logged yet");
        }
        (Format::Text, true) => output::log::records(&entries),
        (Format::Text, false) => output::log::generations(&entries, flags.count),
        (Format::Json, true) => {
            output::json::object(&serde_json::json!({"version": 1, "entries": entries}))?;
        }
        (Format::Json, false) => output::log::generations_json(&entries, flags.count)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(context: &Context, ledger: &Ledger, id: &str) -> Result<ExitCode> {
    let entries = ledger.generation(id)?;
    anyhow::ensure!(!entries.is_empty(), "no generation begins with `{id}`");
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut bodies = Vec::new();
        for (name, body) in &entry.bodies {
            let bytes = ledger.body(&body.commitment)?;
            let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            bodies.push((name.clone(), text));
        }
        records.push((entry, bodies));
    }
    match context.format {
        Format::Text => output::log::show(&records),
        Format::Json => output::log::show_json(&records)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 0: it holds; 1: it does not; 2 (an error): it cannot be told.
fn verify(context: &Context, ledger: Option<&Ledger>) -> Result<ExitCode> {
    let Some(ledger) = ledger else {
        match context.format {
            Format::Text => {
                out!("there is no log yet in {}", context.ledger_folder().display());
            }
            Format::Json => output::json::object(
                &serde_json::json!({"version": 1, "holds": null, "entries": 0}),
            )?,
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut bar = Bar::new(context.quiet, "verifying");
    let verification = ledger.verify(&mut |done, total| bar.show(done, total))?;
    bar.finish();
    match context.format {
        Format::Text => output::log::verification(&verification),
        Format::Json => output::log::verification_json(&verification)?,
    }
    Ok(if verification.failure.is_none() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
