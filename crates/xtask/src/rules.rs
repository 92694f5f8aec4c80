//! The pages below `docs/rules`, made from what stands beside the checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use guard::{Fixable, Origin, Rule};
use types::Severity;

const FOLDER: &str = "docs/rules";

/// The check whose rules are one page: they differ in nothing but the vendor.
const SECRETS: &str = "secrets";

/// Writes every page and removes those of rules that are gone.
pub fn write(root: &Path) -> std::io::Result<()> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let pages = pages();
    for name in present(&folder) {
        if !pages.contains_key(&name) {
            fs::remove_file(folder.join(name))?;
        }
    }
    for (name, text) in pages {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Pages that are not what they would be now.
#[cfg(test)]
fn stale(root: &Path) -> Vec<String> {
    let (folder, pages) = (root.join(FOLDER), pages());
    let gone = present(&folder).into_iter().filter(|name| !pages.contains_key(name));
    let changed = pages.iter().filter(|(name, text)| {
        fs::read_to_string(folder.join(name)).ok().as_deref() != Some(text.as_str())
    });
    gone.chain(changed.map(|(name, _)| name.clone())).collect()
}

fn present(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every page by its file's name.
fn pages() -> BTreeMap<String, String> {
    let (own, ruff): (Vec<&Rule>, Vec<&Rule>) =
        guard::rules().iter().partition(|rule| rule.origin == Origin::Own);
    let mut pages = BTreeMap::new();
    for rule in own.iter().filter(|rule| rule.check != SECRETS) {
        pages.insert(page(rule), rule.markdown());
    }
    let secrets: Vec<&Rule> = own.iter().filter(|rule| rule.check == SECRETS).copied().collect();
    if let Some(first) = secrets.first() {
        let mut text =
            format!("# Secrets\n\n{}\n\n| rule | what it is |\n|---|---|\n", first.explanation);
        for rule in &secrets {
            text.push_str(&format!("| `{}` | {} |\n", rule.id, cell(&rule.title)));
        }
        pages.insert(page(first), text);
    }
    pages.insert("README.md".to_owned(), index(&own, &ruff));
    pages
}

/// The page on which a rule stands.
fn page(rule: &Rule) -> String {
    match rule.check {
        SECRETS => "secrets.md".to_owned(),
        _ => format!("{}.md", rule.id),
    }
}

fn index(own: &[&Rule], ruff: &[&Rule]) -> String {
    let mut text = "# Rules\n\n\
        Made by `cargo xtask rules` from what stands beside each check; do not edit. \
        `countersign explain RULE` prints the same.\n"
        .to_owned();
    let mut languages: BTreeMap<Option<&str>, Vec<&Rule>> = BTreeMap::new();
    for rule in own {
        languages.entry(rule.language).or_default().push(rule);
    }
    for (language, rules) in languages {
        let title = language.unwrap_or("any language");
        text.push_str(&format!("\n## Our rules, {title}\n\n{HEAD}"));
        for rule in rules {
            text.push_str(&row(rule, &format!("[{}]({})", rule.id, page(rule))));
        }
    }
    text.push_str(&format!(
        "\n## Ruff's rules, python\n\nTheir texts are ruff's; `countersign explain` prints them.\n\n{HEAD}"
    ));
    for rule in ruff {
        text.push_str(&row(rule, &rule.id));
    }
    text.push_str("\n## By weakness\n\n| | rules |\n|---|---|\n");
    let mut weaknesses: BTreeMap<u32, (String, BTreeSet<String>)> = BTreeMap::new();
    for rule in own.iter().chain(ruff) {
        let link = match rule.origin {
            Origin::Own => format!("[{}]({})", rule.id, page(rule)),
            Origin::Ruff => rule.id.to_string(),
        };
        for (id, address) in rule.weaknesses() {
            let number = id.trim_start_matches("CWE-").parse().unwrap_or_default();
            let entry = weaknesses.entry(number).or_default();
            entry.0 = format!("[{id}]({address})");
            entry.1.insert(link.clone());
        }
    }
    for (link, rules) in weaknesses.into_values() {
        let rules: Vec<String> = rules.into_iter().collect();
        text.push_str(&format!("| {link} | {} |\n", rules.join(", ")));
    }
    text
}

const HEAD: &str =
    "| rule | what is wrong | check | severity | weakness | fix |\n|---|---|---|---|---|---|\n";

fn row(rule: &Rule, link: &str) -> String {
    let severity = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let fix = match rule.fix {
        Fixable::Always => "always",
        Fixable::Sometimes => "sometimes",
        Fixable::Never => "",
    };
    let (title, check, cwe) = (cell(&rule.title), rule.check, rule.cwe.join(", "));
    format!("| {link} | {title} | {check} | {severity} | {cwe} | {fix} |\n")
}

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_fresh() {
        let stale = stale(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        assert!(stale.is_empty(), "run `cargo xtask rules`: {}", stale.join(", "));
    }
}
