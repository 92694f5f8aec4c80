//! What an edit writes that weakens: marks that skip tests, empty handlers, switched-off checks.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use super::rules::{
    CHECK_BYPASSED, ERROR_SWALLOWED, POLICY_LOOSENED, TEST_SKIPPED, TLS_OFF, UNSAFE_ADDED,
};
use super::{found, milder};
use crate::checks::{Change, Places};
use crate::delta::{self, Before};
use crate::found::Found;
use crate::lexical::{Lexed, Token, TokenKind};
use crate::source::Source;

/// Findings of one kind in one text.
const FOUND_MAX: usize = 500;

pub(super) fn look(change: &Change<'_>, all: &mut Vec<Found>) -> Result<(), String> {
    let after = in_text(change.after)?;
    if after.is_empty() {
        return Ok(());
    }
    let before = Before { source: change.before, found: in_text(change.before)?, complete: true };
    all.extend(delta::introduced(change.after, after, &before, change.edited, Places::Stable));
    Ok(())
}

fn in_text(source: &Source<'_>) -> Result<Vec<Found>, String> {
    let lexed = source.lexed()?;
    let mut all = Vec::new();
    in_tokens(source.text, lexed, &mut all);
    for pattern in PATTERNS.iter() {
        if pattern.scripts_only && !is_script(source.path) {
            continue;
        }
        for hit in pattern.regex.find_iter(source.text).take(FOUND_MAX) {
            if lexed.comment_at(hit.start()).is_some() {
                continue;
            }
            all.push(found(pattern.rule, hit.range(), pattern.message));
        }
    }
    all.sort_by_key(|found| found.range.start);
    all.truncate(FOUND_MAX);
    Ok(all)
}

struct Pattern {
    rule: usize,
    regex: Regex,
    message: &'static str,
    /// Whether it counts in scripts, recipes and files of the continuous integration only.
    scripts_only: bool,
}

#[rustfmt::skip]
const TABLE: &[(usize, bool, &str, &str)] = &[
    (TLS_OFF, false, r"\brejectUnauthorized['\x22]?\s*[:=]\s*false\b|\bNODE_TLS_REJECT_UNAUTHORIZED\b['\x22\]]*\s*[:=]\s*['\x22]?0|\bInsecureSkipVerify\s*:\s*true\b|\bdanger_accept_invalid_(?:certs|hostnames)\(\s*true|\bverify\s*=\s*False\b|\bverify_ssl\s*=\s*False\b|\bcheck_hostname\s*=\s*False\b|=\s*ssl\.CERT_NONE\b|\b_create_unverified_context\b|\bCURLOPT_SSL_VERIFY(?:PEER|HOST)\s*,\s*(?:0|false)\b|\bstrict-ssl\s*=\s*false\b|\bsslVerify\s*=\s*false\b", "certificates are not verified"),
    (TLS_OFF, true, r"\bcurl(?:\s[^\n|;&]{0,200})??\s(?:--insecure\b|-[a-zA-Z]{0,6}k\b)|--no-check-certificate\b|--trusted-host\b", "certificates are not verified"),
    (CHECK_BYPASSED, true, r"\|\|\s*(?:true|:)(?:\s|$|;|\))|^\s*set \+e\b|\bcontinue-on-error\s*:\s*true\b|\ballow_failure\s*:\s*true\b|-DskipTests\b|--passWithNoTests\b|--exit-zero\b|--no-fail-on-", "this step passes whatever happens"),
    (CHECK_BYPASSED, false, r"\bgit\s+(?:commit|push)\b[^\n]{0,80}--no-verify\b|\bHUSKY\s*=\s*0\b|\bSKIP\s*=\s*[a-z-]+\s+git commit\b", "hooks are left out"),
    (POLICY_LOOSENED, false, r"\bAccess-Control-Allow-Origin\b['\x22]?\s*[,:=\])]+\s*['\x22]?\*|\ballow_origins\s*=\s*\[\s*['\x22]\*|\bCORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)\s*=\s*True\b|\bAllowAllOrigins\s*[:=]\s*true\b|\bAllowAnyOrigin\(\)|\bcors\(\s*\{[^}]{0,100}\borigin\s*:\s*['\x22]\*", "every origin is allowed"),
    (POLICY_LOOSENED, false, r"'unsafe-(?:inline|eval)'", "the page's policy allows scripts from inside it"),
];

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let compile = |(rule, scripts_only, pattern, message): &(usize, bool, &str, &'static str)| {
        let regex = RegexBuilder::new(pattern).multi_line(true).build();
        let regex = regex.expect("the fixed patterns compile, which a test proves");
        Pattern { rule: *rule, regex, message, scripts_only: *scripts_only }
    };
    TABLE.iter().map(compile).collect()
});

fn is_script(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit(['/', '\\']).next().unwrap_or_default();
    let ends = [".sh", ".bash", ".zsh", ".yml", ".yaml", ".mk", ".ps1", ".cfg", ".ini", ".npmrc"];
    ends.iter().any(|end| name.ends_with(end))
        || ["dockerfile", "containerfile", "makefile", "justfile", "package.json", "jenkinsfile"]
            .iter()
            .any(|known| name.contains(known))
        || lower.contains(".husky/")
        || lower.contains("hooks/")
        || lower.contains(".ci/")
}

fn in_tokens(text: &str, lexed: &Lexed, all: &mut Vec<Found>) {
    let tokens = &lexed.tokens;
    let reads = |index: usize| tokens.get(index).map_or("", |token| token.of(text));
    let behind = |index: usize, back: usize| index.checked_sub(back).map_or("", reads);
    for (index, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Word || all.len() >= FOUND_MAX {
            continue;
        }
        let word = token.of(text);
        let whole = |to: usize| token.start..tokens.get(to).map_or(token.end, |last| last.end);
        let first = |from: usize| tokens.get(from).map_or(token.start, |token| token.start);
        match word {
            "skip" | "skipif" | "xfail" | "skipIf" | "skipUnless" | "expectedFailure"
                if behind(index, 1) == "."
                    && matches!(behind(index, 2), "mark" | "unittest")
                    && is_decorator(text, lexed, index) =>
            {
                let found = skipped(first(index - 2)..token.end, "is skipped");
                let always = !matches!(word, "skipif" | "skipIf" | "skipUnless");
                all.push(if always { found } else { milder(found) });
            }
            "skip" | "only" | "todo" | "fixme"
                if behind(index, 1) == "."
                    && matches!(
                        behind(index, 2),
                        "it" | "test" | "describe" | "suite" | "context"
                    )
                    && matches!(reads(index + 1), "(" | ".") =>
            {
                let what = if word == "only" { "is the only one that runs" } else { "is skipped" };
                all.push(skipped(first(index - 2)..token.end, what));
            }
            "xit" | "xdescribe" | "xtest" | "fit" | "fdescribe"
                if reads(index + 1) == "(" && tokens.get(index + 2).is_some_and(Token::is_text) =>
            {
                all.push(skipped(token.range(), "is skipped, or the others are"));
            }
            "ignore" if behind(index, 1) == "[" && behind(index, 2) == "#" => {
                all.push(skipped(first(index - 2)..token.end, "is skipped"));
            }
            "Skip" | "SkipNow" | "Skipf"
                if behind(index, 1) == "." && matches!(behind(index, 2), "t" | "b") =>
            {
                all.push(milder(skipped(first(index - 2)..token.end, "is skipped")));
            }
            "Disabled" | "Ignore" if behind(index, 1) == "@" => {
                all.push(skipped(first(index - 1)..token.end, "is skipped"));
            }
            "except" => all.extend(empty_except(text, lexed, index).map(swallowed)),
            "catch" => all.extend(empty_catch(text, lexed, index).map(|end| swallowed(whole(end)))),
            "unsafe" if matches!(reads(index + 1), "{" | "fn" | "impl" | "trait" | "extern") => {
                all.push(found(UNSAFE_ADDED, token.range(), "unsafe code"));
            }
            "csrf_exempt" if behind(index, 1) == "@" => {
                let mut found = found(
                    super::rules::GUARD_REMOVED,
                    first(index - 1)..token.end,
                    "requests from other sites are let through",
                );
                found.cwe = &["CWE-352"];
                all.push(found);
            }
            _ => {}
        }
    }
}

fn skipped(range: Range<usize>, what: &str) -> Found {
    found(TEST_SKIPPED, range, format!("a test {what}"))
}

fn swallowed(range: Range<usize>) -> Found {
    found(ERROR_SWALLOWED, range, "what is caught here is not seen by anybody")
}

/// Whether the first token of the line is `@`.
fn is_decorator(text: &str, lexed: &Lexed, index: usize) -> bool {
    let start = lexed.tokens[index].start;
    let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
    text[line..start].trim_start().starts_with('@')
}

/// `except ...: pass` with nothing more, of errors of any kind.
fn empty_except(text: &str, lexed: &Lexed, index: usize) -> Option<Range<usize>> {
    let tokens = &lexed.tokens;
    let mut colon = index + 1;
    while tokens.get(colon)?.of(text) != ":" {
        colon += 1;
        if colon > index + 12 {
            return None;
        }
    }
    let named: Vec<&str> = tokens[index + 1..colon].iter().map(|token| token.of(text)).collect();
    let any = match named.first() {
        None => true,
        Some(first) => matches!(*first, "Exception" | "BaseException"),
    };
    let body = tokens.get(colon + 1)?;
    if !any || !matches!(body.of(text), "pass" | "..." | "continue") {
        return None;
    }
    // Nothing else at this depth: the next token starts a line further out.
    let indent = |at: usize| {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        at - line
    };
    let deeper = tokens.get(colon + 2).is_some_and(|next| indent(next.start) >= indent(body.start));
    let one_line = !text[tokens[colon].end..body.start].contains('\n');
    (one_line || !deeper).then(|| tokens[index].start..body.end)
}

/// `catch (e) {}`, `catch {}`, `.catch(() => {})`: the last token of it.
fn empty_catch(text: &str, lexed: &Lexed, index: usize) -> Option<usize> {
    let tokens = &lexed.tokens;
    let reads = |index: usize| tokens.get(index).map_or("", |token| token.of(text));
    let open = match reads(index + 1) {
        "{" => index + 1,
        "(" => {
            let close = lexed.closing(text, index + 1)?;
            let inner: Vec<&str> = (index + 2..close).map(reads).collect();
            if inner.ends_with(&["=>", "{", "}"]) && inner.len() <= 6 {
                close - 2
            } else {
                close + 1
            }
        }
        _ => return None,
    };
    if reads(open) != "{" || reads(open + 1) != "}" {
        return None;
    }
    // A comment says why nothing is done.
    let (from, to) = (tokens[open].start, tokens[open + 1].end);
    (!lexed.comment_between(from, to)).then_some(open + 1)
}

#[cfg(test)]
#[test]
fn every_pattern_compiles() {
    assert_eq!(PATTERNS.len(), TABLE.len());
}
