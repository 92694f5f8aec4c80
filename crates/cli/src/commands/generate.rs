//! `generate`: write code from a description, check it, and print or apply it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use pipeline::{Applied, Review, Stages, Suggestion};
use policy::{GenerateSettings, Policy, Settings};
use providers::Cancel;
use types::{
    Allows, CommentAllows, Document, Extent, Facts, Language, Request, Sampling, Snapshot, Task,
};
use workspace::{IgnoreFile, Location, Staged};

use crate::arguments::{Global, ReportFormat};
use crate::context::Context;
use crate::output::formats::{self, Checked, Manner, Summary};
use crate::output::{self, progress::Spinner};

#[derive(Debug, Args)]
pub struct Flags {
    /// What to write, in words
    #[arg(long, short, value_name = "TEXT")]
    prompt: String,
    /// The language; by default that of the file's name
    #[arg(long, value_name = "LANG")]
    lang: Option<Language>,
    /// The file to write or to add to; without, the code is printed
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    model: ModelFlags,
}

/// Flags of every subcommand that runs a model.
#[derive(Debug, Args)]
pub struct ModelFlags {
    /// A GGUF file to use in place of the built-in model
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// How many candidates to write; the best that passes is taken
    #[arg(long, value_name = "K")]
    candidates: Option<usize>,
    /// Most tokens per candidate
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Temperature of the candidates after the first, which takes the likeliest tokens
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Same seed, same text
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl ModelFlags {
    /// Greedy for the first candidate; the others get the temperature of the settings.
    pub fn sampling(&self) -> Sampling {
        Sampling { temperature: 0.0, top_k: 40, top_p: 0.95, seed: self.seed }
    }

    pub fn settings(&self) -> Settings {
        let model = self.model.as_ref().map(|path| path.to_string_lossy().into_owned());
        Settings {
            generate: GenerateSettings {
                model,
                candidates: self.candidates,
                max_tokens: self.max_tokens,
                temperature: self.temperature,
                rewrites: None,
            },
            ..Settings::default()
        }
    }
}

pub fn run(global: &Global, flags: Flags) -> Result<ExitCode> {
    let context = Context::load(global, flags.out.as_deref())?;
    let policy = context.policy(flags.model.settings())?;
    let from_name = || Language::from_path(&flags.out.as_ref()?.to_string_lossy());
    let language = flags.lang.or_else(from_name);
    let language = language.context("which language? give --lang, or --out with a known ending")?;
    let location = flags.out.as_deref().map(|path| context.root.locate(path)).transpose()?;
    let document = match &location {
        Some(location) => target(&policy, location)?,
        None => Document::absent(&format!("generated.{}", language.extensions()[0])),
    };
    let end = document.text.len();
    let request = Request {
        task: Task::Generate,
        language,
        instruction: flags.prompt,
        selection: end..end,
        extent: Extent::Block,
        actor: context.actor.clone(),
        candidates: policy.candidates,
        max_tokens: policy.max_tokens,
        sampling: flags.model.sampling(),
    };
    let snapshot = Snapshot::of(document.with_language(Some(language)));
    suggest_and_show(&context, &policy, &request, &snapshot, location.as_ref())
}

/// The file to write to as it is now. What would stop the write at the end stops it here, before
/// the model has worked for it.
pub fn target(policy: &Policy, location: &Location) -> Result<Document> {
    if let Some(refusal) = policy.boundaries.refusal(&location.name) {
        anyhow::bail!(refusal);
    }
    Staged::probe(location)?;
    Ok(workspace::read_if_present(&location.absolute, &location.name)?)
}

/// Makes a suggestion, applies it to `location` where there is one, and shows what came of it.
pub fn suggest_and_show(
    context: &Context,
    policy: &Policy,
    request: &Request,
    snapshot: &Snapshot,
    location: Option<&Location>,
) -> Result<ExitCode> {
    let mut ledger = context.ledger()?;
    let provider = context.provider(policy)?;
    let cancel = Cancel::default();
    let on_interrupt = cancel.clone();
    ctrlc::set_handler(move || on_interrupt.cancel()).context("cannot catch Ctrl-C")?;
    let facts = facts(context, &snapshot.document.path);
    let mut spinner = Spinner::new(context.quiet);
    let suggestion = {
        let mut stages = Stages {
            provider: provider.as_ref(),
            policy,
            facts: &facts,
            ledger: &mut ledger,
            cancel: &cancel,
            progress: &mut |step| spinner.show(step),
        };
        pipeline::suggest(&mut stages, request, snapshot)
    };
    spinner.finish();
    let suggestion = suggestion?;
    let applied = match (location, suggestion.verdict.approved()) {
        (Some(location), Some(approved)) => {
            let generation = &suggestion.generation;
            Some(pipeline::apply(&mut ledger, &request.actor, generation, location, approved)?)
        }
        _ => None,
    };
    show(context, policy, snapshot, &suggestion, applied.as_ref())?;
    Ok(output::exit_code(&suggestion.verdict))
}

/// What people allow in the file that is written: what they have committed.
fn facts(context: &Context, name: &str) -> Facts {
    let listed = IgnoreFile::committed(&context.root, "HEAD").allows(name);
    let allows = Allows { comments: CommentAllows::Older, listed };
    Facts { allows, ..Facts::default() }
}

fn show(
    context: &Context,
    policy: &Policy,
    snapshot: &Snapshot,
    suggestion: &Suggestion,
    applied: Option<&Applied>,
) -> Result<()> {
    match context.report {
        ReportFormat::Text => output::text::suggestion(context, snapshot, suggestion, applied),
        ReportFormat::Json => output::json::suggestion(suggestion, applied),
        format => {
            let Suggestion { report, verdict, key, .. } = suggestion;
            let text = verdict.approved().map(|one| one.edit().apply(&snapshot.document));
            let text = text.transpose()?.map(|edited| edited.text).unwrap_or_default();
            let (report, verdict, key) = (report.clone(), verdict.clone(), *key);
            let checked = Checked {
                path: report.path.clone(),
                text,
                outcome: Ok(Review { report, verdict, key }),
                fixes: None,
            };
            let manner = Manner { policy, quiet: context.quiet, verbose: context.verbose };
            let mut writer = formats::writer(format, manner);
            let mut out = std::io::stdout().lock();
            let mut summary = Summary::default();
            summary.add(&checked);
            writer.begin(&mut out)?;
            writer.file(&mut out, &checked)?;
            Ok(writer.end(&mut out, &summary)?)
        }
    }
}
