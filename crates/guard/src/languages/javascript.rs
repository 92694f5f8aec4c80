//! JavaScript and TypeScript, with JSX: parsed by oxc, which gives a compiler's errors; measured
//! and linted over its tree.

mod depth;
mod globals;
mod lint;
mod measure;

use std::sync::Arc;

use oxc::allocator::Allocator;
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::{ParseOptions, Parser};
use oxc::semantic::{Semantic, SemanticBuilder};
use oxc::span::SourceType;
use types::Language;

use crate::analysis::{Analysis, Depth, Linted, SyntaxError};
use crate::deep_stack::Watch;

pub(crate) use lint::{DOCS, severity};

/// What reads these languages.
pub(crate) const OXC: &str = "oxc 0.146, in process";

/// Syntax errors reported for one text.
const ERRORS_MAX: usize = 100;

const UNPARSED: &str = "the file does not parse";

/// Parses, measures and lints one text.
pub(crate) fn analyse(
    language: Language,
    path: &str,
    text: &str,
    wanted: Depth,
    watch: &Watch,
) -> Result<Analysis, String> {
    if depth::is_too_deep(text) {
        return Err("the file nests too deeply to be parsed safely".to_owned());
    }
    let allocator = Allocator::default();
    let mut kinds = source_types(language, path).into_iter();
    let mut parsed = read(&allocator, text, kinds.next().expect("every language has one"));
    for kind in kinds {
        // The first is what the text most likely is: its errors stand where no other fits.
        if parsed.errors.is_empty() {
            break;
        }
        let other = read(&allocator, text, kind);
        if other.errors.is_empty() {
            parsed = other;
        }
    }
    let Parsed { is_flow_language, semantic, errors } = parsed;
    if is_flow_language && !errors.is_empty() {
        return Err("the file is written in Flow, which this build does not know".to_owned());
    }
    let comments = semantic.comments().iter();
    let comments = comments.map(|one| one.span.start as usize..one.span.end as usize).collect();
    let measured = measure::measure(&semantic, text);
    watch.milestone();
    let linted = match errors.is_empty() {
        true if wanted == Depth::Syntax => Linted::default(),
        true => Linted::Whole(lint::run(&semantic, language, text)),
        false => Linted::Not(UNPARSED.to_owned()),
    };
    let program = match errors.is_empty() {
        true => flow::lower::javascript::lower(semantic.nodes().program()).map(Arc::new),
        false => None,
    };
    Ok(Analysis {
        outline: None,
        program,
        gap: (!errors.is_empty()).then(|| UNPARSED.to_owned()),
        errors,
        linted,
        functions: measured.functions,
        names: measured.names,
        comments,
    })
}

/// One way to read a text.
struct Parsed<'a> {
    is_flow_language: bool,
    semantic: Semantic<'a>,
    errors: Vec<SyntaxError>,
}

/// What a text may be. Nothing but a package's manifest says whether a `.js` file without imports
/// is a module, so both are tried.
fn source_types(language: Language, path: &str) -> Vec<SourceType> {
    match language {
        Language::TypeScript if path.ends_with(".d.ts") => vec![SourceType::d_ts()],
        Language::TypeScript => vec![SourceType::ts()],
        Language::Tsx => vec![SourceType::tsx()],
        _ => vec![SourceType::unambiguous().with_jsx(true), SourceType::mjs().with_jsx(true)],
    }
}

fn read<'a>(allocator: &'a Allocator, text: &'a str, source_type: SourceType) -> Parsed<'a> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(allocator, text, source_type).with_options(options).parse();
    let program = allocator.alloc(parsed.program);
    let built =
        SemanticBuilder::new().with_check_syntax_error(true).with_build_nodes(true).build(program);
    let errors = parsed.diagnostics.errors().chain(built.diagnostics.errors());
    let errors = errors.take(ERRORS_MAX).map(|error| syntax_error(error, text)).collect();
    Parsed { is_flow_language: parsed.is_flow_language, semantic: built.semantic, errors }
}

fn syntax_error(error: &OxcDiagnostic, text: &str) -> SyntaxError {
    let label = error.labels.as_slice().first();
    // Where the text ends, not somewhere after blanks and empty lines.
    let last = text.trim_end().len();
    let start = label.map_or(0, |label| label.offset() as usize).min(text.len());
    let end = label.map_or(start, |label| start + label.len() as usize).min(text.len());
    let start = if start >= last { last } else { start };
    let range = text.floor_char_boundary(start)..text.ceil_char_boundary(end);
    SyntaxError { range, message: error.message.to_string() }
}
