//! What a run of false blocks says, as tables.

use std::collections::BTreeMap;

use super::{Judged, JudgedEdit, Subject};

/// Rules and listed edits that are printed.
const RULES_MAX: usize = 40;
const EXAMPLES_MAX: usize = 3;

/// How the edits of one language ended.
#[derive(Default)]
struct Verdicts {
    files: usize,
    lines: usize,
    edits: usize,
    by_name: BTreeMap<String, usize>,
}

/// How often a check or a rule spoke, and a few places of it.
#[derive(Default)]
struct Spoke {
    blocks: usize,
    warns: usize,
    undone: usize,
    places: Vec<String>,
}

pub(super) fn print<'a>(judged: impl Iterator<Item = (&'a Subject, &'a Judged)>) {
    let mut languages: BTreeMap<&str, Verdicts> = BTreeMap::new();
    let (mut checks, mut rules) = (BTreeMap::new(), BTreeMap::new());
    let mut edits = 0;
    for (subject, judged) in judged {
        for name in [judged.language.as_str(), "all"] {
            let verdicts = languages.entry(name).or_default();
            verdicts.files += 1;
            verdicts.lines += subject.lines;
            verdicts.edits += judged.edits.len();
            for edit in &judged.edits {
                *verdicts.by_name.entry(edit.verdict.clone()).or_default() += 1;
            }
        }
        edits += judged.edits.len();
        for edit in &judged.edits {
            count(edit, &mut checks, &mut rules, &judged.path);
        }
    }
    by_language(&languages);
    by_check(&checks, edits);
    by_rule(&rules, edits);
}

/// Adds one edit to the counts; each check and each rule counts once in an edit.
fn count(
    edit: &JudgedEdit,
    checks: &mut BTreeMap<String, Spoke>,
    rules: &mut BTreeMap<(String, String), Spoke>,
    path: &str,
) {
    let mut spoken: BTreeMap<&str, bool> = BTreeMap::new();
    for (check, rule) in &edit.warning {
        spoken.entry(check).or_insert(false);
        rules.entry((check.clone(), rule.clone())).or_default().warns += 1;
    }
    for (check, rule) in &edit.blocking {
        spoken.insert(check, true);
        let spoke = rules.entry((check.clone(), rule.clone())).or_default();
        spoke.blocks += 1;
        let reason = edit.reasons.iter().find(|reason| reason.contains(rule.as_str()));
        let reason = reason.map_or("", String::as_str);
        spoke.places.push(format!("{path} ({} edit): {reason}", edit.line));
    }
    for (check, blocks) in spoken {
        let spoke = checks.entry(check.to_owned()).or_default();
        *(if blocks { &mut spoke.blocks } else { &mut spoke.warns }) += 1;
    }
    for check in &edit.undone {
        checks.entry(check.clone()).or_default().undone += 1;
    }
}

fn by_language(languages: &BTreeMap<&str, Verdicts>) {
    println!("| language | files | lines | edits | pass % | warn % | block % | unchecked % |");
    println!("|---|---|---|---|---|---|---|---|");
    for (language, verdicts) in languages {
        let Verdicts { files, lines, edits, by_name } = verdicts;
        let shares = ["pass", "warn", "block", "unchecked"].map(|name| {
            format!("{:.2}", percent(by_name.get(name).copied().unwrap_or_default(), *edits))
        });
        println!("| {language} | {files} | {lines} | {edits} | {} |", shares.join(" | "));
    }
}

fn by_check(checks: &BTreeMap<String, Spoke>, edits: usize) {
    println!("\n| check | blocks, % of edits | warns | not done |\n|---|---|---|---|");
    for (check, spoke) in checks {
        let [blocks, warns, undone] =
            [spoke.blocks, spoke.warns, spoke.undone].map(|count| percent(count, edits));
        println!("| {check} | {blocks:.3} ({}) | {warns:.3} | {undone:.3} |", spoke.blocks);
    }
}

fn by_rule(rules: &BTreeMap<(String, String), Spoke>, edits: usize) {
    let most = |by: fn(&Spoke) -> usize| {
        let mut rules: Vec<_> = rules.iter().filter(|(_, spoke)| by(spoke) > 0).collect();
        rules.sort_by_key(|(_, spoke)| std::cmp::Reverse(by(spoke)));
        rules.truncate(RULES_MAX);
        rules
    };
    println!("\n| rule that blocks | edits | % |\n|---|---|---|");
    let blocking = most(|spoke| spoke.blocks);
    for ((check, rule), spoke) in &blocking {
        println!("| {check} {rule} | {} | {:.3} |", spoke.blocks, percent(spoke.blocks, edits));
    }
    println!("\n| rule that warns | edits | % |\n|---|---|---|");
    for ((check, rule), spoke) in most(|spoke| spoke.warns) {
        println!("| {check} {rule} | {} | {:.3} |", spoke.warns, percent(spoke.warns, edits));
    }
    println!("\nBlocked, a few of each rule:\n");
    for ((_, rule), spoke) in &blocking {
        // Spread over all files and not the first few.
        let step = spoke.places.len().div_ceil(EXAMPLES_MAX).max(1);
        for place in spoke.places.iter().step_by(step) {
            println!("- {rule}: {place}");
        }
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
