//! Bytes of tokens to text to the callback.

use std::ops::ControlFlow;

use super::Finish;
use crate::stop::StopFilter;
use crate::tokenizer::Utf8Stream;

pub(super) struct Output<'a> {
    utf8: Utf8Stream,
    stops: StopFilter<'a>,
    text: String,
    on_text: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
}

impl<'a> Output<'a> {
    pub(super) fn new(
        stops: &'a [String],
        on_text: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Output<'a> {
        Output {
            utf8: Utf8Stream::new(),
            stops: StopFilter::new(stops),
            text: String::new(),
            on_text,
        }
    }

    /// Adds bytes; breaks at a stop string or if the callback asks to.
    pub(super) fn push(&mut self, bytes: &[u8]) -> ControlFlow<Finish> {
        let text = self.utf8.push(bytes);
        let passed = self.stops.push(&text);
        let shown = self.show(&passed.text);
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
    pub(super) fn finish(mut self, finish: Finish) -> String {
        if finish != Finish::StopString {
            let rest = self.stops.push(self.utf8.finish()).text + &self.stops.finish();
            // Nothing is left to cancel.
            let _ = self.show(&rest);
        }
        self.text
    }

    fn show(&mut self, text: &str) -> ControlFlow<()> {
        if text.is_empty() {
            return ControlFlow::Continue(());
        }
        self.text.push_str(text);
        (self.on_text)(text)
    }
}
