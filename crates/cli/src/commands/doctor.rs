//! `doctor`: what is installed, which checks can run, which addresses may be contacted.

use std::process::ExitCode;

use anyhow::Result;
use policy::{Policy, Settings};
use serde_json::json;
use types::Language;

use crate::arguments::{Format, Global};
use crate::context::Context;
use crate::output;

pub fn run(global: &Global) -> Result<ExitCode> {
    let context = Context::load(global, None)?;
    let policy = context.policy(Settings::default());
    let provider = match &policy {
        Ok(policy) => context.provider(policy),
        Err(_) => context.provider(&Policy::default()),
    };
    // What is broken is what a doctor is asked about: it is said, not an error of the doctor.
    let said = |error: &anyhow::Error| json!({"broken": output::sentence(error)});
    let model = match &provider {
        Ok(provider) => json!(provider.profile().identity),
        Err(error) => said(error),
    };
    let provider = provider.ok();
    let settings = context.settings_files().into_iter().map(|(path, _)| path);
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
        "model": model,
        "context_tokens": provider.as_ref().map(|provider| provider.profile().context_tokens),
        "infill": provider.as_ref().map(|provider| provider.profile().infill),
        "addresses": provider.as_ref().map_or_else(Vec::new, |provider| provider.addresses()),
        "workspace": context.root.path(),
        "settings": settings.filter(|path| path.exists()).collect::<Vec<_>>(),
        "policy": match &policy {
            Ok(policy) => json!({"digest": policy.digest(), "values": policy}),
            Err(error) => said(error),
        },
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
