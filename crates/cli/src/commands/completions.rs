//! `completions`: a completion script for a shell.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;

#[derive(Debug, Args)]
pub struct Flags {
    /// The shell
    shell: Shell,
}

pub fn run(flags: &Flags) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Arguments::command(), "countersign", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
