//! The decision: a report and the policy become a verdict.

use types::{CheckState, Edit, Finding, Report, Severity};

use crate::Policy;

/// An edit that may be applied. Only this crate can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    edit: Edit,
    reason: Option<String>,
}

impl Approved {
    /// A person overrides the policy.
    ///
    /// # Errors
    /// Gives the edit back where no reason is given.
    pub fn by_person(edit: Edit, reason: &str) -> Result<Approved, Edit> {
        match reason.trim() {
            "" => Err(edit),
            reason => Ok(Approved { edit, reason: Some(reason.to_owned()) }),
        }
    }

    /// The edit.
    #[must_use]
    pub fn edit(&self) -> &Edit {
        &self.edit
    }

    /// Why a person overrode the policy; `None` where the policy itself approved.
    #[must_use]
    pub fn override_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// What follows from a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to say against it.
    Pass(Approved),
    /// It may be applied, but a person should know these things.
    Warn(Approved, Vec<String>),
    /// It may not be shown or applied, for these reasons.
    Block(Vec<String>),
    /// A check that the policy requires was not done, for these reasons. Not shown, not applied.
    Unchecked(Vec<String>),
}

impl Verdict {
    /// The word used in text and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Pass(_) => "pass",
            Verdict::Warn(..) => "warn",
            Verdict::Block(_) => "block",
            Verdict::Unchecked(_) => "unchecked",
        }
    }

    /// Why it is not a plain pass.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        match self {
            Verdict::Pass(_) => &[],
            Verdict::Warn(_, reasons) | Verdict::Block(reasons) | Verdict::Unchecked(reasons) => {
                reasons
            }
        }
    }

    /// The approved edit, where there is one.
    #[must_use]
    pub fn approved(&self) -> Option<&Approved> {
        match self {
            Verdict::Pass(approved) | Verdict::Warn(approved, _) => Some(approved),
            Verdict::Block(_) | Verdict::Unchecked(_) => None,
        }
    }
}

/// Who wrote the text that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A model: the boundaries hold.
    Model,
    /// Not known to be a model, as in `check`: the boundaries do not matter.
    Person,
    /// A rule's mechanical fix, asked for by a person: the code is theirs, so its score does not
    /// matter either, but any finding that the fix introduces blocks, and so does any check that
    /// could not look at it.
    Rule,
}

/// Decides over one edit.
///
/// Blocks on a finding at or above `fail_on` that the check is at least fairly sure of, on a
/// score below `min_score` and on a path where a model may not write. A required check that was not done gives
/// `Unchecked`; for a file whose language is unknown only `secrets` and `hidden` can be required.
/// Findings that do not block warn, but for those of severity `info`, and so does a check that
/// could not be done though this build has it for the language.
#[must_use]
pub fn decide(policy: &Policy, author: Author, edit: Edit, report: &Report) -> Verdict {
    let mut blocks = Vec::new();
    if author == Author::Model {
        blocks.extend(policy.boundaries.refusal(edit.path()));
    }
    for finding in &report.findings {
        if author == Author::Rule || policy.blocks(finding) {
            blocks.push(reason(finding));
        }
    }
    if author == Author::Rule {
        blocks.extend(not_done(report));
    } else if let Some(total) = report.score.total
        && total < policy.min_score
    {
        blocks.push(format!("quality score {total} is below {}", policy.min_score));
    }
    if !blocks.is_empty() {
        return Verdict::Block(blocks);
    }
    let unchecked = missing(policy, report);
    if !unchecked.is_empty() {
        return Verdict::Unchecked(unchecked);
    }
    let approved = Approved { edit, reason: None };
    let mut warnings: Vec<String> = not_done(report).collect();
    match report.findings.iter().filter(|one| one.severity > Severity::Info).count() {
        0 => {}
        1 => warnings.push("1 finding below the blocking severity".to_owned()),
        n => warnings.push(format!("{n} findings below the blocking severity")),
    }
    match warnings.is_empty() {
        true => Verdict::Pass(approved),
        false => Verdict::Warn(approved, warnings),
    }
}

/// How a finding stands among the reasons of a verdict.
#[must_use]
pub fn reason(finding: &Finding) -> String {
    format!("line {}: {}: {}", finding.start.line, finding.rule, finding.message)
}

/// Checks that this build can do for the language, but could not do on this text: who sees a pass
/// would take them for done.
fn not_done(report: &Report) -> impl Iterator<Item = String> + '_ {
    let undone = |outcome: &&types::CheckOutcome| {
        outcome.supported && outcome.state == CheckState::Unchecked
    };
    report.checks.iter().filter(undone).map(|outcome| {
        let reason = outcome.reason.as_deref().unwrap_or("no reason given");
        format!("{} was not checked: {reason}", outcome.name)
    })
}

fn missing(policy: &Policy, report: &Report) -> Vec<String> {
    let applies = |name: &str| report.language.is_some() || matches!(name, "secrets" | "hidden");
    let mut missing = Vec::new();
    for name in policy.require.iter().filter(|name| applies(name)) {
        match report.check(name) {
            None => missing.push(format!("{name} is required, but this build has no such check")),
            Some(outcome) if outcome.state == CheckState::Unchecked => {
                let reason = outcome.reason.as_deref().unwrap_or("no reason given");
                missing.push(format!("{name} is required, but was not checked: {reason}"));
            }
            Some(_) => {}
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use types::{CheckOutcome, Confidence, Document, Language, Position, Score};

    use super::*;

    fn finding(severity: Severity, confidence: Confidence) -> Finding {
        let start = Position { line: 1, column: 1, byte: 0 };
        Finding {
            rule: "X1".to_owned(),
            check: "lint",
            severity,
            confidence,
            message: "odd".to_owned(),
            cwe: Vec::new(),
            start,
            end: start,
            introduced: true,
            fingerprint: String::new(),
            fix: None,
            trail: Vec::new(),
        }
    }

    fn report(findings: Vec<Finding>, score: Option<u8>, secrets: CheckState) -> Report {
        let outcome = |name, state| {
            let reason = (state == CheckState::Unchecked).then(|| "too large".to_owned());
            CheckOutcome { name, state, reason, supported: true, duration_us: 0 }
        };
        Report {
            path: "a.py".to_owned(),
            language: Some(Language::Python),
            checks: vec![outcome("syntax", CheckState::Passed), outcome("secrets", secrets)],
            findings,
            suppressed: Vec::new(),
            functions: Vec::new(),
            score: Score { total: score, ..Score::default() },
        }
    }

    fn check(path: &str, report: &Report, expected: (&str, &[&str])) {
        let edit = Edit::replace_all(&Document::absent(path), "x = 1\n");
        let verdict = decide(&Policy::default(), Author::Model, edit, report);
        assert_eq!(
            (verdict.name(), verdict.reasons()),
            (expected.0, &*expected.1.iter().map(ToString::to_string).collect::<Vec<_>>())
        );
        assert_eq!(verdict.approved().is_some(), matches!(expected.0, "pass" | "warn"));
    }

    #[test]
    fn decides() {
        use CheckState::{Passed, Unchecked};
        let error = || finding(Severity::Error, Confidence::High);
        check("a.py", &report(vec![], Some(90), Passed), ("pass", &[]));
        check("a.py", &report(vec![], None, Passed), ("pass", &[]));
        let warning = finding(Severity::Warning, Confidence::High);
        let one = "1 finding below the blocking severity";
        check("a.py", &report(vec![warning], Some(90), Passed), ("warn", &[one]));
        let info = finding(Severity::Info, Confidence::High);
        check("a.py", &report(vec![info], Some(90), Passed), ("pass", &[]));
        let hint = finding(Severity::Error, Confidence::Low);
        check("a.py", &report(vec![hint], Some(90), Passed), ("warn", &[one]));
        check("a.py", &report(vec![error()], Some(90), Passed), ("block", &["line 1: X1: odd"]));
        check(
            "a.py",
            &report(vec![], Some(49), Passed),
            ("block", &["quality score 49 is below 50"]),
        );
        let unchecked = "secrets is required, but was not checked: too large";
        check("a.py", &report(vec![], Some(90), Unchecked), ("unchecked", &[unchecked]));
        let bounds = "`.git/config` is out of bounds for AI: it matches `**/.git/**`";
        check(".git/config", &report(vec![], Some(90), Passed), ("block", &[bounds]));
        let edit = Edit::replace_all(&Document::absent(".git/config"), "x = 1\n");
        let clean = report(vec![], Some(90), Passed);
        assert_eq!(decide(&Policy::default(), Author::Person, edit, &clean).name(), "pass");
    }

    #[test]
    fn what_could_not_be_done_is_no_pass() {
        let mut report = report(vec![], Some(90), CheckState::Passed);
        report.checks.push(CheckOutcome {
            name: "security",
            state: CheckState::Unchecked,
            reason: Some("the file does not parse".to_owned()),
            supported: true,
            duration_us: 0,
        });
        check("a.py", &report, ("warn", &["security was not checked: the file does not parse"]));
        report.checks[2].supported = false;
        check("a.py", &report, ("pass", &[]));
    }

    #[test]
    fn a_fix_introduces_nothing() {
        let decided = |report: &Report| {
            let edit = Edit::replace_all(&Document::absent("countersign.toml"), "x = 1\n");
            decide(&Policy::default(), Author::Rule, edit, report).name()
        };
        let hint = || finding(Severity::Info, Confidence::Low);
        assert_eq!(decided(&report(vec![], Some(10), CheckState::Passed)), "pass");
        assert_eq!(decided(&report(vec![hint()], Some(90), CheckState::Passed)), "block");
        assert_eq!(decided(&report(vec![], Some(90), CheckState::Unchecked)), "block");
    }

    #[test]
    fn an_override_needs_a_reason() {
        let edit = Edit::replace_all(&Document::absent("a.py"), "x = 1\n");
        assert!(Approved::by_person(edit.clone(), "  ").is_err());
        let approved = Approved::by_person(edit, "reviewed by hand").unwrap();
        assert_eq!(approved.override_reason(), Some("reviewed by hand"));
    }
}
