//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use crate::commands::Command;

/// Writes code with a local model and checks every line before it is shown, logged and applied.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 clean, 1 blocked, 2 it could not be checked or done.")]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every subcommand takes.
#[derive(Debug, Args)]
pub struct Global {
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub output_format: ReportFormat,
    /// Settings file to use in place of the user's own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Whether to colour; `auto` follows the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Print results only, no progress and no summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print more: budgets, timings, every check
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Refuse every network connection; this version makes none anyway
    #[arg(long, global = true)]
    pub no_network: bool,
}

/// The forms of a report. What is no report has only the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people, with excerpts
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning services
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit's XML, for test reports
    Junit,
}

/// How anything else than a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl ReportFormat {
    /// The form of what is no report.
    pub fn plain(self) -> Format {
        match self {
            ReportFormat::Text => Format::Text,
            _ => Format::Json,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    pub fn apply(self) {
        match self {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}
