//! The account of a prompt's tokens.

use types::BudgetLine;

use crate::PromptError;

/// What is left of a prompt's room, and where the rest went.
pub(crate) struct Budget<'a> {
    model: &'a str,
    room: usize,
    count: &'a dyn Fn(&str) -> usize,
    lines: Vec<BudgetLine>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(model: &'a str, room: usize, count: &'a dyn Fn(&str) -> usize) -> Self {
        Budget { model, room, count, lines: Vec::new() }
    }

    pub(crate) fn tokens(&self, text: &str) -> usize {
        (self.count)(text)
    }

    pub(crate) fn left(&self) -> usize {
        self.room - self.lines.iter().map(|line| line.tokens).sum::<usize>()
    }

    pub(crate) fn into_lines(self) -> Vec<BudgetLine> {
        self.lines
    }

    /// Takes tokens for a part that may not be cut.
    pub(crate) fn must_fit(
        &mut self,
        part: &'static str,
        tokens: usize,
    ) -> Result<(), PromptError> {
        let room = self.left();
        if tokens > room {
            return Err(PromptError::TooLong { part, tokens, room, model: self.model.to_owned() });
        }
        self.lines.push(BudgetLine { part, tokens, wanted: tokens });
        Ok(())
    }

    /// Takes a part whole or not at all.
    pub(crate) fn fit(&mut self, part: &'static str, text: &str) -> bool {
        self.fit_with(part, text, 0)
    }

    /// Takes a part whole with some tokens around it, or not at all.
    pub(crate) fn fit_with(&mut self, part: &'static str, text: &str, around: usize) -> bool {
        let wanted = self.tokens(text) + around;
        let fits = wanted <= self.left();
        self.lines.push(BudgetLine { part, tokens: if fits { wanted } else { 0 }, wanted });
        fits
    }

    /// Takes the last lines of a text that fit.
    pub(crate) fn tail<'t>(&mut self, part: &'static str, text: &'t str) -> &'t str {
        let kept = self.last_lines(text, self.left());
        self.take(part, kept, text);
        kept
    }

    /// Records a part that was already cut to fit.
    pub(crate) fn take(&mut self, part: &'static str, kept: &str, whole: &str) {
        let tokens = self.tokens(kept);
        let wanted = if kept.len() == whole.len() { tokens } else { tokens.max(whole.len() / 4) };
        self.lines.push(BudgetLine { part, tokens, wanted });
    }

    /// The last whole lines of `text` within `room` tokens.
    pub(crate) fn last_lines<'t>(&self, text: &'t str, room: usize) -> &'t str {
        let (mut start, mut used) = (text.len(), 0);
        for line in text.split_inclusive('\n').rev() {
            used += self.tokens(line);
            if used > room {
                break;
            }
            start -= line.len();
        }
        // Lines counted one by one may cost less than together; drop lines until it is true.
        while self.tokens(&text[start..]) > room {
            start += text[start..].find('\n').map_or(text.len() - start, |end| end + 1);
        }
        &text[start..]
    }

    /// The first whole lines of `text` within `room` tokens.
    pub(crate) fn first_lines<'t>(&self, text: &'t str, room: usize) -> &'t str {
        let (mut end, mut used) = (0, 0);
        for line in text.split_inclusive('\n') {
            used += self.tokens(line);
            if used > room {
                break;
            }
            end += line.len();
        }
        while self.tokens(&text[..end]) > room {
            end = text[..end].trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
        }
        &text[..end]
    }
}
