//! What is printed: text for people, JSON for programs, progress on standard error.

/// Prints a line on standard output; where that is not possible, the program ends: everything
/// worth keeping is in the log.
macro_rules! out {
    ($($part:tt)*) => { crate::output::print_line(format_args!($($part)*)) };
}

/// Prints a line on standard error; where that is not possible, nothing is lost.
macro_rules! err {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(anstream::stderr(), $($part)*);
    }};
}

pub mod excerpt;
pub mod formats;
pub mod json;
pub mod log;
pub mod progress;
pub mod text;

use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use policy::Verdict;

/// The exit code that a verdict stands for.
pub fn exit_code(verdict: &Verdict) -> ExitCode {
    ExitCode::from(match verdict {
        Verdict::Pass(_) | Verdict::Warn(..) => 0,
        Verdict::Block(_) => 1,
        Verdict::Unchecked(_) => 2,
    })
}

pub(crate) use {err, out};

pub(crate) fn print_line(line: fmt::Arguments<'_>) {
    let Err(error) = writeln!(anstream::stdout(), "{line}") else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    err!("{}: cannot write to standard output: {error}", error_word());
    std::process::exit(2);
}

/// An error with its causes, each said once: some messages hold that of their cause.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !sentence.contains(&cause) {
            sentence = format!("{sentence}: {cause}");
        }
    }
    printable(&sentence)
}

/// The word `error` as every error begins.
pub fn error_word() -> String {
    paint(AnsiColor::Red, "error")
}

/// Text in a bold colour; the stream takes the colour out where it is not wanted.
fn paint(color: AnsiColor, text: &str) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{text}{style:#}")
}

/// A name that stands out.
pub fn title(text: &str) -> String {
    paint(AnsiColor::Cyan, text)
}

fn dim(text: &str) -> String {
    let style = Style::new().dimmed();
    format!("{style}{text}{style:#}")
}

/// A verdict's word in its colour.
fn verdict_word(name: &str) -> String {
    let color = match name {
        "pass" | "holds" => AnsiColor::Green,
        "warn" => AnsiColor::Yellow,
        "unchecked" => AnsiColor::Magenta,
        _ => AnsiColor::Red,
    };
    paint(color, name)
}

/// Text of unknown origin, fit for a terminal: control characters are shown, not sent.
pub fn printable(text: &str) -> String {
    let shown = |char: char| match char {
        '\n' | '\t' => char,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + char as u32).unwrap_or('\u{fffd}'),
        char if char.is_control() || is_bidi(char) => '\u{fffd}',
        char => char,
    };
    text.chars().map(shown).collect()
}

/// The same for what has to stay on its line: a file's name may hold newlines.
fn one_line(text: &str) -> String {
    printable(text).replace('\n', "␊")
}

/// Characters that reorder what a terminal shows (CVE-2021-42574).
fn is_bidi(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}
