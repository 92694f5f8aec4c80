//! Stop strings in text that arrives in pieces.

/// Lets text through until a stop string is complete. What could still become one is held back.
#[derive(Debug)]
pub(crate) struct StopFilter {
    stops: Vec<String>,
    /// Text that is the start of a stop string, if more follows.
    held: String,
}

/// What a piece of text led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Text that can be shown.
    pub(crate) text: String,
    /// A stop string is complete; it and what follows it are dropped.
    pub(crate) stopped: bool,
}

impl StopFilter {
    /// `stops` are not empty texts.
    pub(crate) fn new(stops: Vec<String>) -> StopFilter {
        StopFilter { stops, held: String::new() }
    }

    /// Adds text. Of several stop strings in it, the one that starts first counts.
    pub(crate) fn push(&mut self, text: &str) -> Passed {
        self.held.push_str(text);
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop)).min() {
            self.held.truncate(at);
            return Passed { text: std::mem::take(&mut self.held), stopped: true };
        }
        let rest = self.held.split_off(self.held.len() - self.unfinished_bytes());
        Passed { text: std::mem::replace(&mut self.held, rest), stopped: false }
    }

    /// Bytes that are held back.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// The end of the text: what was held back did not become a stop string.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Length of the longest end of the held text that is the start of a stop string.
    fn unfinished_bytes(&self) -> usize {
        let longest = |stop: &String| {
            let starts = stop.char_indices().map(|(at, _)| &stop[..at]);
            starts.filter(|start| self.held.ends_with(start)).map(str::len).max().unwrap_or(0)
        };
        self.stops.iter().map(longest).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever way `text` is cut, the same comes through.
    fn check(stops: &[&str], text: &str, expected: &str, stopped: bool) {
        let stops: Vec<String> = stops.iter().map(|stop| (*stop).to_owned()).collect();
        let chars: Vec<String> = text.chars().map(String::from).collect();
        for size in 1..=chars.len().max(1) {
            let mut filter = StopFilter::new(stops.clone());
            let mut shown = String::new();
            let mut was_stopped = false;
            for piece in chars.chunks(size) {
                let passed = filter.push(&piece.concat());
                shown.push_str(&passed.text);
                if passed.stopped {
                    was_stopped = true;
                    break;
                }
            }
            if !was_stopped {
                shown.push_str(&filter.finish());
            }
            assert_eq!((shown.as_str(), was_stopped), (expected, stopped), "pieces of {size}");
        }
    }

    #[test]
    fn text_ends_before_the_stop_string() {
        check(&[], "all of it", "all of it", false);
        check(&["\n\n"], "a\nb\n\nc", "a\nb", true);
        check(&["STOP"], "xSTSTOPy", "xST", true);
        check(&["STOP"], "xSTO", "xSTO", false);
        check(&["aab"], "aaab", "a", true);
        check(&["bc", "abcd"], "xabce", "xa", true);
        check(&["→é"], "a→→éb", "a→", true);
        check(&["x"], "x", "", true);
    }

    #[test]
    fn nothing_more_than_needed_is_held_back() {
        let mut filter = StopFilter::new(vec!["end".to_owned()]);
        assert_eq!(filter.push("send"), Passed { text: "s".to_owned(), stopped: true });
        assert_eq!(filter.push("bee"), Passed { text: "be".to_owned(), stopped: false });
        assert_eq!(filter.push("x"), Passed { text: "ex".to_owned(), stopped: false });
    }
}
