//! `check --fix`: mechanical fixes, checked, recorded and written like any edit.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ledger::Ledger;
use pipeline::{Fixed, Review};
use policy::Policy;
use types::{Document, Facts};
use workspace::{Root, Staged};

use crate::context::Context;
use crate::output::formats::{Checked, Fixes};

/// Fixes that are ready to be written.
pub(super) struct Repair {
    pub fixed: Fixed,
    /// The text that was fixed.
    text: String,
    file: PathBuf,
    /// What is found in the text after the fixes.
    after: Result<Review, String>,
}

impl Repair {
    /// The fixes of one file; `None` where there is none to make.
    ///
    /// # Errors
    /// Why the file cannot be fixed, for a person.
    pub(super) fn plan(
        policy: &Policy,
        base: &Document,
        text: &str,
        facts: &Facts,
        file: &Path,
    ) -> Result<Option<Repair>, String> {
        if let Some(line) = conflict(text) {
            return Err(format!("line {line} holds a conflict marker; resolve the conflict first"));
        }
        let fixed = pipeline::fix(policy, base, text, facts).map_err(|error| error.to_string())?;
        let Some(fixed) = fixed else { return Ok(None) };
        let after = super::review(policy, base, &fixed.text, facts);
        let (text, file) = (text.to_owned(), file.to_owned());
        Ok(Some(Repair { fixed, text, file, after }))
    }

    fn fixes(&self) -> Fixes {
        Fixes {
            made: self.fixed.rules.clone(),
            refused: self.fixed.refused.clone(),
            ..Fixes::default()
        }
    }

    /// Shows what would be written.
    pub(super) fn show(&self, checked: Checked) -> Checked {
        let diff = workspace::unified_diff(&checked.path, &self.text, &self.fixed.text);
        let diff = (!diff.is_empty()).then_some(diff);
        Checked { fixes: Some(Fixes { diff, ..self.fixes() }), ..checked }
    }
}

/// Writes fixes as one generation, so that one `undo` takes all of them back.
pub(super) struct Writer<'a> {
    context: &'a Context,
    ledger: Option<Ledger>,
    pub generation: Option<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(context: &'a Context) -> Writer<'a> {
        Writer { context, ledger: None, generation: None }
    }

    /// Writes the fixes of one file. Where that is not possible, the file is as it was, and so is
    /// what was found in it.
    pub(super) fn write(&mut self, repair: Repair, checked: Checked) -> Checked {
        let mut fixes = repair.fixes();
        if repair.fixed.rules.is_empty() {
            return Checked { fixes: Some(fixes), ..checked };
        }
        match self.try_write(&repair) {
            Ok(()) => {
                fixes.written = true;
                let (text, outcome) = (repair.fixed.text, repair.after);
                Checked { text, outcome, fixes: Some(fixes), ..checked }
            }
            Err(error) => {
                fixes.problem = Some(crate::output::sentence(&error));
                Checked { fixes: Some(fixes), ..checked }
            }
        }
    }

    fn try_write(&mut self, repair: &Repair) -> Result<()> {
        // The file may be in another workspace than the folder this runs in.
        let root: &Root = &self.context.root;
        let location = root.locate(&repair.file)?;
        Staged::probe(&location)?;
        let ledger = match &mut self.ledger {
            Some(ledger) => ledger,
            None => self.ledger.insert(self.context.ledger()?),
        };
        let (actor, generation) = (&self.context.actor, self.generation.as_deref());
        let (generation, _) =
            pipeline::write_fixes(ledger, actor, generation, &location, &repair.fixed)?;
        self.generation = Some(generation);
        Ok(())
    }
}

/// The first line that begins or ends a conflict of version control.
fn conflict(text: &str) -> Option<usize> {
    let marks = ["<<<<<<< ", ">>>>>>> "];
    let mut lines = text.lines().enumerate();
    let first = lines.find(|(_, line)| line.starts_with(marks[0]))?;
    lines.any(|(_, line)| line.starts_with(marks[1])).then_some(first.0 + 1)
}
