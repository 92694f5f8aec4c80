//! `explain`: what a rule is about.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use guard::{Fixable, Rule};
use serde_json::{Value, json};

use crate::arguments::{Format, Global};
use crate::output::{self, out};

/// Ids that are offered for one that is not known.
const NEAREST: usize = 3;

/// Least likeness of an id that is offered, from 0 to 1.
const LIKENESS_MIN: f64 = 0.6;

#[derive(Debug, Args)]
pub struct Flags {
    /// The rule's id, as findings carry it; without, all ids are listed
    #[arg(value_name = "RULE")]
    rule: Option<String>,
}

pub fn run(global: &Global, flags: &Flags) -> Result<ExitCode> {
    let format = global.output_format.plain();
    let Some(id) = &flags.rule else {
        list(format)?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(rule) = guard::rule(id) else {
        let nearest = nearest(id).join(", ");
        let hint = match nearest.is_empty() {
            true => "`countersign explain` lists all".to_owned(),
            false => format!("did you mean {nearest}?"),
        };
        anyhow::bail!("there is no rule `{id}`; {hint}");
    };
    match format {
        Format::Text => {
            out!("{}  {}", output::title(&rule.id), output::printable(&rule.title));
            out!("{}", output::printable(rule.plain().trim_end()));
        }
        Format::Json => {
            let mut object = object(rule);
            object["version"] = json!(1);
            object["explanation"] = json!(rule.explanation);
            let examples = rule.examples.iter();
            let examples =
                examples.map(|one| json!({"title": one.title, "bad": one.bad, "good": one.good}));
            object["examples"] = examples.collect();
            output::json::object(&object)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(format: Format) -> Result<()> {
    let rules = guard::rules();
    match format {
        Format::Text => {
            for rule in rules {
                let cwe = rule.cwe.first().map_or("", |cwe| cwe.as_ref());
                out!("{:<28}  {:<10}  {cwe:<8}  {}", rule.id, rule.check, rule.title);
            }
            Ok(())
        }
        Format::Json => {
            let rules: Vec<Value> = rules.iter().map(object).collect();
            output::json::object(&json!({"version": 1, "rules": rules}))
        }
    }
}

fn object(rule: &Rule) -> Value {
    json!({
        "rule": rule.id,
        "title": rule.title,
        "check": rule.check,
        "language": rule.language,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "cwe": rule.cwe,
        "fix": match rule.fix {
            Fixable::Always => "always",
            Fixable::Sometimes => "sometimes",
            Fixable::Never => "never",
        },
    })
}

/// The ids that look most like one that is not known.
fn nearest(id: &str) -> Vec<&'static str> {
    let wanted = id.to_ascii_lowercase();
    let likeness = |rule: &'static Rule| {
        let like = strsim::jaro_winkler(&wanted, &rule.id.to_ascii_lowercase());
        (like, rule.id.as_ref())
    };
    let mut all: Vec<(f64, &'static str)> =
        guard::rules().iter().map(likeness).filter(|(like, _)| *like >= LIKENESS_MIN).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    all.into_iter().take(NEAREST).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_what_is_near() {
        assert_eq!(nearest("secret-githubtoken")[0], "secret-github-token");
        assert!(nearest("F82").contains(&"F821"));
        assert!(nearest("").is_empty());
    }
}
