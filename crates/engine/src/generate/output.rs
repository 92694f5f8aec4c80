//! Bytes of tokens to text to the callback.

use std::ops::ControlFlow;

use super::Finish;
use super::sequence::OnText;
use crate::stop::StopFilter;
use crate::tokenizer::Utf8Stream;

pub(super) struct Output {
    utf8: Utf8Stream,
    stops: StopFilter,
    text: String,
}

impl Output {
    pub(super) fn new(stops: Vec<String>) -> Output {
        Output { utf8: Utf8Stream::new(), stops: StopFilter::new(stops), text: String::new() }
    }

    /// Adds bytes; breaks at a stop string or if the callback asks to.
    pub(super) fn push(&mut self, bytes: &[u8], on_text: OnText<'_>) -> ControlFlow<Finish> {
        let text = self.utf8.push(bytes);
        let passed = self.stops.push(&text);
        let shown = self.show(&passed.text, on_text);
        match (passed.stopped, shown) {
            (true, _) => ControlFlow::Break(Finish::StopString),
            (false, ControlFlow::Break(())) => ControlFlow::Break(Finish::Cancelled),
            (false, ControlFlow::Continue(())) => ControlFlow::Continue(()),
        }
    }

    /// Bytes of text so far, those that are held back included.
    pub(super) fn text_bytes(&self) -> usize {
        self.text.len() + self.stops.held_bytes()
    }

    /// Shows what was held back, unless the text ended before it. Returns the whole text.
    pub(super) fn finish(mut self, finish: Finish, on_text: OnText<'_>) -> String {
        if finish != Finish::StopString {
            let rest = self.stops.push(self.utf8.finish()).text + &self.stops.finish();
            // Nothing is left to cancel.
            let _ = self.show(&rest, on_text);
        }
        self.text
    }

    fn show(&mut self, text: &str, on_text: OnText<'_>) -> ControlFlow<()> {
        if text.is_empty() {
            return ControlFlow::Continue(());
        }
        self.text.push_str(text);
        on_text(text)
    }
}
