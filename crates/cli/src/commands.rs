//! The subcommands: a file each, and one line here.

mod check;
mod complete;
mod completions;
mod doctor;
mod explain;
mod generate;
mod log;
mod rework;
mod undo;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use types::Task;

use crate::arguments::{Arguments, Format, Global, ReportFormat};
use crate::output::{err, out};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write code from a description, check it, and print or apply it
    Generate(generate::Flags),
    /// Fill in the code at a cursor
    Complete(complete::Flags),
    /// Rewrite lines of a file so that they do the same, and better
    Refactor(rework::Flags),
    /// Repair lines of a file
    Fix(rework::Flags),
    /// Check files, a diff or standard input
    Check(check::Flags),
    /// Say what a rule is about, with examples
    Explain(explain::Flags),
    /// Bring files back to what they were before the last generation
    Undo(undo::Flags),
    /// Do again what was undone
    Redo(undo::Flags),
    /// Read and verify the log of everything asked, answered, decided and written
    #[command(subcommand)]
    Log(log::Command),
    /// Say what is installed, which checks can run, and which addresses may be contacted
    Doctor,
    /// Print a completion script for a shell
    Completions(completions::Flags),
}

/// Runs the subcommand; every error ends here.
pub fn run(arguments: Arguments) -> ExitCode {
    let global = &arguments.global;
    match dispatch(arguments.command, global) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(global.output_format.plain(), &crate::output::sentence(&error));
            ExitCode::from(2)
        }
    }
}

/// What clap has to say: help and version as they are, a mistake in the format that was asked for.
pub fn usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args().any(|argument| argument == "json" || argument.ends_with("=json"));
    if json && error.use_stderr() {
        let text = error.to_string();
        report(Format::Json, text.trim_end().trim_start_matches("error: "));
        return ExitCode::from(2);
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn report(format: Format, message: &str) {
    match format {
        Format::Text => err!("{}: {message}", crate::output::error_word()),
        Format::Json => out!("{}", serde_json::json!({"version": 1, "error": message})),
    }
}

fn dispatch(command: Command, global: &Global) -> Result<ExitCode> {
    let is_report = matches!(
        command,
        Command::Check(_)
            | Command::Generate(_)
            | Command::Complete(_)
            | Command::Refactor(_)
            | Command::Fix(_)
    );
    anyhow::ensure!(
        is_report || matches!(global.output_format, ReportFormat::Text | ReportFormat::Json),
        "this command prints no report; --output-format can be text or json here"
    );
    match command {
        Command::Generate(flags) => generate::run(global, flags),
        Command::Complete(flags) => complete::run(global, &flags),
        Command::Refactor(flags) => rework::run(global, Task::Refactor, flags),
        Command::Fix(flags) => rework::run(global, Task::Fix, flags),
        Command::Check(flags) => check::run(global, &flags),
        Command::Explain(flags) => explain::run(global, &flags),
        Command::Undo(flags) => undo::run(global, pipeline::Direction::Undo, flags),
        Command::Redo(flags) => undo::run(global, pipeline::Direction::Redo, flags),
        Command::Log(command) => log::run(global, command),
        Command::Doctor => doctor::run(global),
        Command::Completions(flags) => completions::run(&flags),
    }
}

/// A reader such as `head` that closes early is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
