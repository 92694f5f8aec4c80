//! `doctor`: what is installed, which checks can run, which addresses may be contacted.

use std::process::ExitCode;

use anyhow::Result;
use policy::Settings;
use serde_json::json;
use types::Language;

use crate::arguments::{Format, Global};
use crate::context::Context;
use crate::output;

pub fn run(global: &Global) -> Result<ExitCode> {
    let context = Context::load(global, Settings::default())?;
    let provider = context.provider()?;
    let profile = provider.profile();
    let ledger = context.existing_ledger();
    let ledger = match &ledger {
        Ok(Some(ledger)) => match ledger.size() {
            Ok(records) => json!({"state": "ok", "records": records}),
            Err(error) => json!({"state": "broken", "reason": error.to_string()}),
        },
        Ok(None) => json!({"state": "none yet"}),
        Err(error) => json!({"state": "unusable", "reason": error.to_string()}),
    };
    let languages: Vec<_> = Language::ALL
        .into_iter()
        .map(|language| json!({"language": language, "checks": checks(language)}))
        .collect();
    let report = json!({
        "version": 1,
        "countersign": env!("CARGO_PKG_VERSION"),
        "model": profile.identity,
        "context_tokens": profile.context_tokens,
        "infill": profile.infill,
        "addresses": provider.addresses(),
        "workspace": context.root.path(),
        "settings": context.settings_files,
        "policy": {"digest": context.policy.digest(), "values": context.policy},
        "ledger": {"folder": context.ledger_folder(), "status": ledger},
        "git": workspace::git::version(),
        "languages": languages,
    });
    match context.format {
        Format::Json => output::json::object(&report)?,
        Format::Text => output::text::doctor(&report),
    }
    Ok(ExitCode::SUCCESS)
}

fn checks(language: Language) -> Vec<serde_json::Value> {
    guard::checks_for(Some(language))
        .iter()
        .map(|check| json!({"name": check.name, "tool": check.tool, "unchecked": check.reason}))
        .collect()
}
