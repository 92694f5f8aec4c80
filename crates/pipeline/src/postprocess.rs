//! From what the model said to an edit of the document.

use types::{
    Completion, Document, Edit, EditError, FinishReason, Language, PromptStyle, Request, Task,
    TextEdit,
};

/// The edit that a completion stands for.
///
/// # Errors
/// The request is not for this document.
pub fn edit(
    request: &Request,
    document: &Document,
    completion: &Completion,
    style: PromptStyle,
) -> Result<Edit, EditError> {
    let text = completion.text.as_str();
    let selection = request.selection.clone();
    let (range, new_text) = match request.task {
        Task::Complete => {
            let new_text = infill(whole(completion), &document.text[selection.end..]).to_owned();
            (selection, new_text)
        }
        Task::Generate | Task::Test => {
            let code = formatted(request.language, code(text, style));
            let gap = gap(&document.text, request.language);
            let end = document.text.len();
            (end..end, format!("{gap}{code}"))
        }
        Task::Refactor | Task::Fix => {
            let old = &document.text[selection.clone()];
            (selection.clone(), indented_like(old, code(text, style)))
        }
    };
    let new_text = with_line_endings_of(&document.text, new_text);
    Edit::new(document, vec![TextEdit { range, new_text }])
}

/// Models write `\n`; a file with mostly `\r\n` keeps to that.
fn with_line_endings_of(document: &str, text: String) -> String {
    let most = 2 * document.matches("\r\n").count() > document.matches('\n').count();
    match most && !text.contains('\r') {
        true => text.replace('\n', "\r\n"),
        false => text,
    }
}

/// The code of an answer: what is in its first fence, or all of it where there is none.
fn code(text: &str, style: PromptStyle) -> &str {
    let fenced = || {
        let (_, rest) = text.split_once("```")?;
        let (_, body) = rest.split_once('\n')?;
        Some(body.split_once("\n```").map_or(body, |(code, _)| code))
    };
    let code = match style {
        PromptStyle::Bare => text,
        PromptStyle::Chat => fenced().unwrap_or(text),
    };
    code.trim_start_matches(['\n', '\r']).trim_end()
}

/// An answer that was moved to the margin, back where the lines it replaces stand.
fn indented_like(old: &str, code: &str) -> String {
    let indent = &old[..old.len() - old.trim_start_matches([' ', '\t']).len()];
    let lost = !indent.is_empty() && !code.starts_with([' ', '\t']);
    let line = |line: &str| match line.trim().is_empty() || !lost {
        true => line.to_owned(),
        false => format!("{indent}{line}"),
    };
    code.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Code as the language's formatter leaves it, where there is one and the code parses.
fn formatted(language: Language, code: &str) -> String {
    match guard::format(language, code) {
        Some(Ok(formatted)) => formatted,
        Some(Err(_)) | None => format!("{code}\n"),
    }
}

/// What stands between the code that is there and code added at the end.
fn gap(text: &str, language: Language) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let wanted = if language == Language::Python { 3 } else { 2 };
    let trailing = &text[text.trim_end_matches(['\r', '\n']).len()..];
    let newlines = trailing.matches('\n').count();
    "\n".repeat(wanted.max(newlines) - newlines)
}

/// What is whole of a completion. Cut short by the limit, its last line is likely half a line.
fn whole(completion: &Completion) -> &str {
    let text = completion.text.as_str();
    if completion.finish != FinishReason::Length {
        return text;
    }
    &text[..completion.whole_bytes.or_else(|| text.rfind('\n')).unwrap_or(text.len())]
}

/// A completion at a cursor, without lines that only repeat what follows it.
fn infill<'t>(text: &'t str, after: &str) -> &'t str {
    let mut kept = text;
    let (rest_of_line, following) = after.split_once('\n').unwrap_or((after, ""));
    let mut next = following.lines().filter(|line| !line.trim().is_empty());
    if let Some(next) = next.next()
        && let Some(at) = kept
            .find(&format!("\n{next}\n"))
            .or_else(|| kept.ends_with(&format!("\n{next}")).then(|| kept.len() - next.len() - 1))
    {
        kept = &kept[..at];
    }
    let rest = rest_of_line.trim_end();
    if !rest.is_empty() && kept.trim_end().ends_with(rest) {
        kept = &kept.trim_end()[..kept.trim_end().len() - rest.len()];
    }
    if after.starts_with(['\r', '\n']) { kept.trim_end_matches('\n') } else { kept }
}

#[cfg(test)]
mod tests {
    use types::{ModelIdentity, Timings, Usage};

    use super::*;

    fn check_code(style: PromptStyle, text: &str, expected: &str) {
        assert_eq!(code(text, style), expected);
    }

    #[test]
    fn code_is_what_is_fenced() {
        check_code(PromptStyle::Bare, "\ndef f():\n    pass\n\n", "def f():\n    pass");
        check_code(PromptStyle::Chat, "Here:\n```python\nx = 1\n```\nDone.", "x = 1");
        check_code(PromptStyle::Chat, "```\nx = '```'\n", "x = '```'");
        check_code(PromptStyle::Chat, "x = 1", "x = 1");
    }

    #[test]
    fn added_code_stands_apart() {
        for (text, expected) in
            [("", ""), ("x = 1", "\n\n\n"), ("x = 1\n", "\n\n"), ("x\n\n\n\n", "")]
        {
            assert_eq!(gap(text, Language::Python), expected, "{text:?}");
        }
        assert_eq!(gap("x\n", Language::Rust), "\n");
        assert_eq!(gap("x\r\n", Language::Python), "\n\n");
        assert_eq!(with_line_endings_of("x\r\n", "a\nb\n".to_owned()), "a\r\nb\r\n");
        assert_eq!(with_line_endings_of("x\n", "a\nb\n".to_owned()), "a\nb\n");
    }

    #[test]
    fn a_rewrite_stands_where_the_old_lines_stood() {
        assert_eq!(
            indented_like("    if a:\n        b()", "if b:\n\n    a()"),
            "    if b:\n\n        a()"
        );
        assert_eq!(indented_like("    a()", "    b()"), "    b()");
        assert_eq!(indented_like("a()", "b()\nc()"), "b()\nc()");
    }

    fn check_infill(text: &str, after: &str, expected: &str) {
        assert_eq!(infill(text, after), expected);
    }

    #[test]
    fn a_completion_does_not_repeat_what_follows() {
        check_infill("a + b\n    return c", "\n    return c\n", "a + b");
        check_infill("a + b\n    return c\nx = 1", "\n    return c\n", "a + b");
        check_infill("a, b)", ")\n", "a, b");
        check_infill("a\nb\n", "\nc\n", "a\nb");
        check_infill("a", "", "a");
    }

    #[test]
    fn what_was_cut_short_is_kept_as_far_as_it_is_whole() {
        let check = |text: &str, whole_bytes, finish, expected| {
            let identity = ModelIdentity {
                name: String::new(),
                version: String::new(),
                digest: None,
                label: None,
            };
            let completion = Completion {
                text: text.to_owned(),
                whole_bytes,
                model: identity,
                usage: Usage::default(),
                timings: Timings::default(),
                finish,
            };
            assert_eq!(whole(&completion), expected);
        };
        check("a = 1\nb = fo", None, FinishReason::Length, "a = 1");
        check("fo", None, FinishReason::Length, "fo");
        check("f(a), g(b", Some(4), FinishReason::Length, "f(a)");
        check("f(a), g(b", Some(0), FinishReason::Length, "");
        check("f(a), g(b", Some(4), FinishReason::Stop, "f(a), g(b");
    }
}
