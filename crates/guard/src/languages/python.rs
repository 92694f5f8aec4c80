//! Python: parsed, linted and formatted by ruff, in process.

mod depth;
mod format;
mod measure;
mod outline;
mod rules;

use std::mem;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use ruff_db::diagnostic::Diagnostic;
use ruff_diagnostics::Applicability;
use ruff_linter::linter::{ParseSource, lint_only};
use ruff_linter::registry::Rule;
use ruff_linter::rule_selector::PreviewOptions;
use ruff_linter::settings::{LinterSettings, flags};
use ruff_linter::source_kind::SourceKind;
use ruff_linter::{FixAvailability, RuleSelector};
use ruff_python_ast::token::Tokens;
use ruff_python_ast::{PySourceType, PythonVersion};
use ruff_python_parser::{ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;
use types::Fix;

use crate::analysis::{Analysis, Depth, Lint, Linted, SyntaxError};
use crate::catalog::Fixable;
use crate::deep_stack::Watch;

pub use format::{FormatError, format};
pub use rules::{PYTHON_RULES, PYTHON_RULES_OFF, PYTHON_TARGET};

const TARGET: PythonVersion = PythonVersion::PY312;
const UNPARSED: &str = "the file does not parse, so only rules on single tokens ran";

/// Parses, measures and lints one text.
pub(crate) fn analyse(
    path: &str,
    text: &str,
    wanted: Depth,
    watch: &Watch,
) -> Result<Analysis, String> {
    if depth::tokens(text) > depth::TOKENS_MAX {
        return Err("the file nests too deeply to be parsed safely".to_owned());
    }
    let is_stub = path.to_ascii_lowercase().ends_with(".pyi");
    let source_type = if is_stub { PySourceType::Stub } else { PySourceType::Python };
    let options = ParseOptions::from(source_type).with_target_version(TARGET);
    let Some(module) = parse_unchecked(text, options).try_into_module() else {
        return Err("the parser did not return a module".to_owned());
    };
    let valid = module.has_valid_syntax();
    let measured = measure::measure(module.suite());
    let program = (valid && measured.depth <= depth::LINTED_MAX)
        .then(|| Arc::new(flow::lower::python::lower(module.syntax())));
    let mut analysis = Analysis {
        functions: measured.functions,
        names: measured.names,
        comments: comments(module.tokens()),
        program,
        gap: (!valid).then(|| "the file does not parse".to_owned()),
        ..Analysis::default()
    };
    if measured.depth > depth::LINTED_MAX {
        let max = depth::LINTED_MAX;
        let reason = format!("the code nests more than {max} levels deep");
        analysis.gap = Some(reason.clone());
        analysis.linted = Linted::Not(reason);
    }
    watch.milestone();
    if wanted == Depth::Syntax || measured.depth > depth::LINTED_MAX {
        analysis.errors = module.errors().iter().map(syntax_error).collect();
        if measured.depth > depth::DROPPED_MAX {
            // Freeing so deep a tree recurses as deeply; losing its memory is the lesser harm.
            mem::forget(module);
        }
        return Ok(analysis);
    }
    analysis.outline = Some(outline::outline(text, module.suite()));
    let source = SourceKind::Python { code: text.to_owned(), is_stub };
    let result = lint_only(
        Path::new(path),
        None,
        &SETTINGS,
        flags::Noqa::Disabled,
        &source,
        source_type,
        ParseSource::Precomputed(module),
    );
    let mut lints = Vec::new();
    for diagnostic in &result.diagnostics {
        let range =
            diagnostic.range().map_or(0..0, |range| range.start().into()..range.end().into());
        let message = diagnostic.concise_message().to_str().into_owned();
        match diagnostic.secondary_code() {
            Some(code) if !diagnostic.is_invalid_syntax() => {
                let fix = safe_fix(diagnostic, text);
                lints.push(Lint { code: code.as_str().to_owned(), message, range, fix });
            }
            _ => analysis.errors.push(SyntaxError { range, message }),
        }
    }
    analysis.linted =
        if valid { Linted::Whole(lints) } else { Linted::Partly(lints, UNPARSED.to_owned()) };
    Ok(analysis)
}

fn comments(tokens: &Tokens) -> Vec<Range<usize>> {
    let comments = tokens.iter().filter(|token| token.kind().is_comment());
    comments.map(|token| token.start().into()..token.end().into()).collect()
}

/// What ruff says of a rule that runs.
pub(crate) struct Documented {
    pub code: String,
    pub name: &'static str,
    /// Markdown.
    pub explanation: &'static str,
    pub fix: Fixable,
}

/// Every rule that runs.
pub(crate) fn documented() -> impl Iterator<Item = Documented> {
    SETTINGS.rules.iter_enabled().filter_map(|rule| {
        let fix = match rule.fixable() {
            FixAvailability::Always => Fixable::Always,
            FixAvailability::Sometimes => Fixable::Sometimes,
            FixAvailability::None => Fixable::Never,
        };
        let (name, explanation) = (rule.into(), rule.explanation()?);
        Some(Documented { code: rule.noqa_code().to_string(), name, explanation, fix })
    })
}

/// Pays for the rule table and the linter's lazy tables before the first real file.
pub(crate) fn warm_up() {
    LazyLock::force(&SETTINGS);
}

fn syntax_error(error: &ruff_python_parser::ParseError) -> SyntaxError {
    let range = error.location.start().into()..error.location.end().into();
    SyntaxError { range, message: error.error.to_string() }
}

/// The linter's fix as one replacement, where the linter calls it safe.
fn safe_fix(diagnostic: &Diagnostic, text: &str) -> Option<Fix> {
    let fix = diagnostic.fix().filter(|fix| fix.applies(Applicability::Safe))?;
    let start = usize::from(fix.edits().first()?.range().start());
    let mut end = start;
    let mut replacement = String::new();
    for edit in fix.edits() {
        // Edits are sorted; what stands between two of them stays.
        replacement.push_str(text.get(end..edit.range().start().into())?);
        replacement.push_str(edit.content().unwrap_or_default());
        end = edit.range().end().into();
    }
    let title = diagnostic.first_help_text().unwrap_or("Apply the linter's fix").to_owned();
    Some(Fix { title, start, end, text: replacement })
}

static SETTINGS: LazyLock<LinterSettings> = LazyLock::new(|| {
    let preview = PreviewOptions::default();
    let rules_of = |selectors: &[&str]| -> Vec<Rule> {
        let parse = |name: &&str| name.parse::<RuleSelector>().ok();
        selectors
            .iter()
            .filter_map(parse)
            .flat_map(|one| one.rules(&preview).collect::<Vec<_>>())
            .collect()
    };
    let off = rules_of(PYTHON_RULES_OFF);
    let on = rules_of(PYTHON_RULES).into_iter().filter(|rule| !off.contains(rule));
    let mut settings = LinterSettings::for_rules(on).with_target_version(TARGET);
    // Without source folders no rule looks at the disk to tell own modules from foreign ones.
    settings.src = Vec::new();
    settings
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_names_rules() {
        for name in PYTHON_RULES.iter().chain(PYTHON_RULES_OFF) {
            let selector: RuleSelector = name.parse().unwrap();
            assert!(selector.rules(&PreviewOptions::default()).next().is_some(), "{name}");
        }
    }
}
