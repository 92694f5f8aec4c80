//! Progress on standard error; nothing where that is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::Progress;

/// Work shorter than this shows no progress: a flicker tells nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// The steps of a suggestion.
pub struct Spinner {
    bar: ProgressBar,
    start: std::time::Instant,
}

impl Spinner {
    pub fn new(quiet: bool) -> Spinner {
        let bar = ProgressBar::with_draw_target(None, target(quiet));
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a valid template"));
        Spinner { bar, start: std::time::Instant::now() }
    }

    pub fn show(&mut self, step: Progress) {
        if self.start.elapsed() < PATIENCE {
            return;
        }
        let rewrite = |round: usize| match round {
            0 => String::new(),
            round => format!(", rewrite {round}"),
        };
        self.bar.set_message(match step {
            Progress::Writing { round, candidates, pieces } => {
                let rewrite = rewrite(round);
                let candidates = match candidates {
                    1 => String::new(),
                    more => format!(" {more} candidates"),
                };
                format!("writing{candidates}{rewrite}: {pieces} tokens")
            }
            Progress::Checking { round } => format!("checking{}", rewrite(round)),
        });
        self.bar.tick();
    }

    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Counted work.
pub struct Bar {
    bar: ProgressBar,
    start: std::time::Instant,
}

impl Bar {
    pub fn new(quiet: bool, what: &'static str) -> Bar {
        let bar = ProgressBar::with_draw_target(None, target(quiet));
        let template = "{msg} [{bar:30}] {pos} of {len}";
        bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
        bar.set_message(what);
        Bar { bar, start: std::time::Instant::now() }
    }

    pub fn show(&mut self, done: u64, total: u64) {
        if self.start.elapsed() >= PATIENCE {
            self.bar.set_length(total);
            self.bar.set_position(done);
        }
    }

    /// Does something that may print, with the bar out of its way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn target(quiet: bool) -> ProgressDrawTarget {
    if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) }
}
