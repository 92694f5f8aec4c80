//! Mechanical fixes: what a rule says how to repair is repaired, and checked like any other edit.
//!
//! In a round all fixes that do not overlap are made at once. Where that introduces a finding they
//! are tried one by one, and those that do are refused. Rounds end when nothing is left to fix.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use ledger::Ledger;
use policy::{Author, Policy, Verdict};
use types::{Actor, CommentAllows, Document, Edit, EditError, Facts, Fix, Snapshot, TextEdit};
use workspace::Location;

use crate::record::Recorder;
use crate::review::permitted;
use crate::suggest::clock;
use crate::{Applied, PipelineError, Review, VerdictKey, apply};

/// Rounds over one file: a fix may uncover another.
const ROUNDS_MAX: usize = 10;

/// Fixes of one file that are tried one by one.
const SINGLE_MAX: usize = 100;

/// What the fixes of one file come to. Its text can only be written where its verdict approves.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// All fixes together as one edit of the file, checked again.
    pub review: Review,
    /// The text after them.
    pub text: String,
    /// How many fixes of each rule were made.
    pub rules: BTreeMap<String, usize>,
    /// How many fixes of each rule were not made because they introduce a finding.
    pub refused: BTreeMap<String, usize>,
}

/// Makes the fixes of what stands in `text` and not in `base`; `None` where there is none to make.
///
/// # Errors
/// The texts and edits do not fit each other.
pub fn fix(
    policy: &Policy,
    base: &Document,
    text: &str,
    facts: &Facts,
) -> Result<Option<Fixed>, EditError> {
    let original = Document::new(&base.path, text).with_language(base.language);
    let mut rounds = Rounds {
        policy,
        base,
        facts: permitted(policy, facts),
        text: text.to_owned(),
        rules: BTreeMap::new(),
        refused: BTreeMap::new(),
        refused_here: BTreeSet::new(),
        single: 0,
    };
    for _ in 0..ROUNDS_MAX {
        if !rounds.round()? {
            break;
        }
    }
    let Rounds { text, rules, refused, .. } = rounds;
    if rules.is_empty() && refused.is_empty() {
        return Ok(None);
    }
    // To the character: an old finding beside a fix, on its line, is not the fix's doing.
    let edit = workspace::exact_edit_between(&original, &text);
    let review = judged(policy, &original, edit, &older(facts))?;
    Ok(Some(Fixed { review, text, rules, refused }))
}

/// Records the fixes of one file and writes them, as part of a generation or of a new one.
///
/// # Errors
/// They are not approved, the file is not as it was, or the write cannot be recorded; the file is
/// then untouched.
pub fn write_fixes(
    ledger: &mut Ledger,
    actor: &Actor,
    generation: Option<&str>,
    location: &Location,
    fixed: &Fixed,
) -> Result<(String, Applied), PipelineError> {
    let Some(approved) = fixed.review.verdict.approved() else {
        let reasons = fixed.review.verdict.reasons().join("; ");
        return Err(PipelineError::NothingToDo(format!("the fixes were not approved: {reasons}")));
    };
    let recorder = match generation {
        Some(generation) => Recorder::resume(generation, actor),
        None => Recorder::new(actor),
    };
    recorder.fixes(ledger, fixed)?;
    let generation = recorder.generation().to_owned();
    let applied = apply(ledger, actor, &generation, location, approved)?;
    Ok((generation, applied))
}

struct Rounds<'a> {
    policy: &'a Policy,
    base: &'a Document,
    facts: Facts,
    text: String,
    rules: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    /// The rules and replacements that were refused, so that they are not tried again.
    refused_here: BTreeSet<(String, String)>,
    single: usize,
}

impl Rounds<'_> {
    /// Makes what can be made now; says whether there may be more.
    fn round(&mut self) -> Result<bool, EditError> {
        let fixes = self.wanted()?;
        if fixes.is_empty() {
            return Ok(false);
        }
        let all: Vec<&Fix> = fixes.iter().map(|(_, fix)| fix).collect();
        if let Some(text) = self.tried(&all)? {
            self.text = text;
            for (rule, _) in fixes {
                *self.rules.entry(rule).or_default() += 1;
            }
            return Ok(true);
        }
        // From the end, so that the places of the others stay what they are.
        for (rule, fix) in fixes.into_iter().rev() {
            self.single += 1;
            if self.single > SINGLE_MAX {
                return Ok(false);
            }
            match self.tried(&[&fix])? {
                Some(text) => {
                    self.text = text;
                    *self.rules.entry(rule).or_default() += 1;
                }
                None => {
                    *self.refused.entry(rule.clone()).or_default() += 1;
                    self.refused_here.insert((rule, self.key(&fix)));
                }
            }
        }
        Ok(true)
    }

    /// The fixes of the findings in the text as it is now that do not overlap, by place.
    fn wanted(&self) -> Result<Vec<(String, Fix)>, EditError> {
        let edit = Edit::replace_all(self.base, &self.text);
        let snapshot = Snapshot::of(self.base.clone());
        let report = guard::check(&snapshot, &edit, &self.facts, &|| 0)?;
        let fixes = report.findings.into_iter().filter_map(|one| Some((one.rule, one.fix?)));
        let mut fixes: Vec<(String, Fix)> = fixes
            .filter(|(rule, fix)| !self.refused_here.contains(&(rule.clone(), self.key(fix))))
            .collect();
        fixes.sort_by_key(|(_, fix)| (fix.start, fix.end));
        let mut end = 0;
        let mut first = true;
        fixes.retain(|(_, fix)| {
            // Two insertions at one place overlap too: their order is not known.
            let free = fix.start <= fix.end && (first || fix.start > end);
            if free {
                (end, first) = (fix.end, false);
            }
            free
        });
        Ok(fixes)
    }

    /// The lines of a fix and what it makes of them: the same after other fixes moved it.
    fn key(&self, fix: &Fix) -> String {
        let line = |at: usize| self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let start = line(self.text.floor_char_boundary(fix.start));
        let end = self.text.ceil_char_boundary(fix.end).max(start);
        format!("{}\0{}", &self.text[start..end], fix.text)
    }

    /// The text after these fixes, where they introduce nothing.
    fn tried(&self, fixes: &[&Fix]) -> Result<Option<String>, EditError> {
        let document = Document::new(&self.base.path, &self.text).with_language(self.base.language);
        let edits = fixes
            .iter()
            .map(|fix| TextEdit { range: fix.start..fix.end, new_text: fix.text.clone() });
        let edit = Edit::new(&document, edits.collect())?;
        let text = edit.apply(&document)?.text;
        let review = judged(self.policy, &document, edit, &older(&self.facts))?;
        Ok(matches!(review.verdict, Verdict::Pass(_) | Verdict::Warn(..)).then_some(text))
    }
}

/// Facts for an edit that no person wrote: comments count where they are older.
fn older(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    if facts.allows.comments == CommentAllows::All {
        facts.allows.comments = CommentAllows::Older;
    }
    facts
}

fn judged(
    policy: &Policy,
    document: &Document,
    edit: Edit,
    facts: &Facts,
) -> Result<Review, EditError> {
    let facts = permitted(policy, facts);
    let snapshot = Snapshot::of(document.clone());
    let report = guard::check(&snapshot, &edit, &facts, &clock(Instant::now()))?;
    let key = VerdictKey::new(policy, document, &edit, &facts);
    let verdict = policy::decide(policy, Author::Rule, edit, &report);
    Ok(Review { report, verdict, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, text: &str, expected: &str, made: &[(&str, usize)]) {
        let base = Document::new("a.py", base);
        let fixed = fix(&Policy::default(), &base, text, &Facts::default()).unwrap();
        let (after, rules) = match &fixed {
            Some(fixed) => (fixed.text.as_str(), fixed.rules.clone()),
            None => (text, BTreeMap::new()),
        };
        assert_eq!(after, expected);
        let rules: Vec<(&str, usize)> = rules.iter().map(|(rule, n)| (rule.as_str(), *n)).collect();
        assert_eq!(rules, made);
        if let Some(fixed) = fixed {
            assert!(fixed.review.verdict.approved().is_some(), "{:?}", fixed.review.verdict);
        }
    }

    #[test]
    fn fixes_are_made_in_rounds() {
        check("", "import os\nimport re\n\nX = 1\n", "\nX = 1\n", &[("F401", 2)]);
        check("", "X = f\"none\"\n", "X = \"none\"\n", &[("F541", 1)]);
        // Two findings on one place: the second in the next round.
        check("", "import os, re\n\nX = 1\n", "\nX = 1\n", &[("F401", 2)]);
        check("", "X = f\"none\" == None\n", "X = \"none\" == None\n", &[("F541", 1)]);
        check("", "X = 1\n", "X = 1\n", &[]);
        check("", "eval('1')\n", "eval('1')\n", &[]);
    }

    #[test]
    fn old_findings_and_broken_text_stay() {
        check("import os\n", "import os\nimport re\n", "import os\n", &[("F401", 1)]);
        check("", "import os\ndef f(:\n", "import os\ndef f(:\n", &[]);
    }
}
