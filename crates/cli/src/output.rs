//! What is printed: text for people, JSON for programs, progress on standard error.

pub mod json;
pub mod log;
pub mod progress;
pub mod text;

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

/// The word `error` as every error begins.
pub fn error_word() -> String {
    paint(AnsiColor::Red, "error")
}

/// Text in a bold colour; the stream takes the colour out where it is not wanted.
fn paint(color: AnsiColor, text: &str) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{text}{style:#}")
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
fn printable(text: &str) -> String {
    let shown = |char: char| match char {
        '\n' | '\t' => char,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + char as u32).unwrap_or('\u{fffd}'),
        char if char.is_control() || is_bidi(char) => '\u{fffd}',
        char => char,
    };
    text.chars().map(shown).collect()
}

/// Characters that reorder what a terminal shows (CVE-2021-42574).
fn is_bidi(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}
