//! `hidden`: characters that make a text read otherwise than it runs.
//!
//! `hidden-bidi` reports bidirectional controls, with which code can be shown in another order
//! than the compiler reads it ("Trojan Source", CVE-2021-42574); `hidden-character` reports
//! characters that cannot be seen at all. Both in any file, in strings and comments too: that is
//! where they do harm.

use types::{Language, Severity};

use super::{Check, Outcome, Places};
use crate::found::Found;
use crate::rule_doc::RuleDoc;
use crate::source::Source;

pub(crate) static CHECK: Check =
    Check { name: "hidden", tool, run, places: Places::Stable, rules: RULES };

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "hidden-bidi",
        title: "A character that changes the direction of the text",
        severity: Severity::Error,
        cwe: &["CWE-1007"],
        explanation: "Controls such as U+202E make an editor show the code in another order than \
                      the compiler reads it: a comment can look like code and code like a comment \
                      (CVE-2021-42574). Remove the character; in a text that needs one, write it \
                      as an escape such as \\u202e, where a reader can see it.",
        bad: "",
        good: "arrow = \"\\u202e\"\n",
    },
    RuleDoc {
        id: "hidden-character",
        title: "A character that cannot be seen",
        severity: Severity::Error,
        cwe: &["CWE-1007"],
        explanation: "Characters without width, tags and NUL are part of names and texts but shown \
                      nowhere. They make two names look the same, hide messages to other programs, \
                      and break comparisons. Remove the character, or write it as an escape.",
        bad: "",
        good: "joiner = \"\\u200b\"\n",
    },
];

/// Characters reported for one text.
const FOUND_MAX: usize = 5_000;

fn tool(_: Option<Language>) -> Result<String, String> {
    Ok("own table of characters".to_owned())
}

fn run(source: &Source<'_>) -> Outcome {
    let mut all = Vec::new();
    if source.text.is_ascii() && !source.text.contains('\0') {
        return Outcome::Done(all);
    }
    let mut before = None;
    for (at, c) in source.text.char_indices() {
        let kind = kind_of(c, at, before);
        before = Some(c);
        let Some((rule, what)) = kind else { continue };
        if all.len() == FOUND_MAX {
            return Outcome::Partly(all, format!("only the first {FOUND_MAX} are known"));
        }
        let mut found = Found::new(rule, Severity::Error, at..at + c.len_utf8());
        found.cwe = &["CWE-1007"];
        all.push(found.message(format!("U+{:04X} {what}", u32::from(c))));
    }
    Outcome::Done(all)
}

fn kind_of(c: char, at: usize, before: Option<char>) -> Option<(&'static str, &'static str)> {
    const BIDI: &str =
        "changes the direction of the text: code is shown in another order than it runs";
    const UNSEEN: &str = "cannot be seen";
    match c {
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some(("hidden-bidi", BIDI))
        }
        // A byte order mark at the very start is one.
        '\u{FEFF}' if at == 0 => None,
        // Joiners belong to some scripts and to emoji; between Latin letters they only hide.
        '\u{200C}' | '\u{200D}' if before.is_some_and(|before| !before.is_ascii()) => None,
        '\0'
        | '\u{00AD}'
        | '\u{034F}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200D}'
        | '\u{2060}'..='\u{2064}'
        | '\u{206A}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}'
        // Tag characters carry whole messages that no editor shows.
        | '\u{E0000}'..='\u{E007F}' => Some(("hidden-character", UNSEEN)),
        _ => None,
    }
}
