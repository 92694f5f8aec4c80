//! From the environment to meaning, once: folders, settings, who asks. Nothing below this reads
//! the environment.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use etcetera::BaseStrategy as _;
use ledger::Ledger;
use policy::{Layer, Policy, Settings};
use providers::Provider;
use providers::local::Local;
use types::Actor;
use workspace::Root;

use crate::arguments::{Format, Global};

/// Everything a subcommand needs to know about where it runs.
pub struct Context {
    pub root: Root,
    pub state: PathBuf,
    pub settings_files: Vec<PathBuf>,
    pub policy: Policy,
    pub actor: Actor,
    pub format: Format,
    pub quiet: bool,
    pub verbose: bool,
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Context {
    /// Reads the environment and the settings files; `flags` are those of the subcommand.
    pub fn load(global: &Global, flags: Settings) -> Result<Context> {
        let root = Root::find(Path::new("."))?;
        let folders = etcetera::choose_base_strategy()
            .context("cannot find your home folder; set HOME or XDG_STATE_HOME")?;
        let user = match &global.config {
            Some(path) => path.clone(),
            None => folders.config_dir().join("countersign/config.toml"),
        };
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir()).join("countersign");
        let mut layers = Vec::new();
        let mut settings_files = Vec::new();
        let files = [
            (user.clone(), Layer::User(user.display().to_string()), global.config.is_some()),
            (
                root.path().join("countersign.toml"),
                Layer::Workspace("countersign.toml".to_owned()),
                false,
            ),
        ];
        for (path, layer, must_exist) in files {
            let document = workspace::read_if_present(&path, &path.display().to_string())?;
            anyhow::ensure!(!(must_exist && document.absent), "`{}`: no such file", path.display());
            if !document.absent {
                let settings = Settings::parse(&layer, &document.text)?;
                layers.push((layer, settings));
                settings_files.push(path);
            }
        }
        layers.push((Layer::Environment, environment_settings()?));
        flags.validate(&Layer::Flags)?;
        layers.push((Layer::Flags, flags));
        let name = environment("USER").or_else(|| environment("LOGNAME"));
        let name = name.or_else(user_number).unwrap_or_else(|| "unknown".to_owned());
        Ok(Context {
            root,
            state,
            settings_files,
            policy: policy::resolve(&layers),
            actor: Actor { name: name.chars().take(64).collect(), client: "cli".to_owned() },
            format: global.output_format,
            quiet: global.quiet || global.output_format == Format::Json,
            verbose: global.verbose,
        })
    }

    /// The model that the settings name.
    pub fn provider(&self) -> Result<Box<dyn Provider>> {
        Ok(match &self.policy.model {
            Some(path) => Box::new(Local::open(Path::new(path))?),
            None => Box::new(Local::embedded()?),
        })
    }

    /// The ledger, made on first use.
    pub fn ledger(&self) -> Result<Ledger> {
        Ok(Ledger::open(&self.ledger_folder())?)
    }

    /// The ledger, if there is one.
    pub fn existing_ledger(&self) -> Result<Option<Ledger>> {
        Ok(Ledger::open_existing(&self.ledger_folder())?)
    }

    pub fn ledger_folder(&self) -> PathBuf {
        self.state.join("ledger")
    }
}

fn environment_settings() -> Result<Settings> {
    let mut settings = Settings { ..Settings::default() };
    settings.generate.model = environment("COUNTERSIGN_MODEL");
    if let Some(score) = environment("COUNTERSIGN_MIN_SCORE") {
        let wrong = || format!("COUNTERSIGN_MIN_SCORE is `{score}`, but must be from 0 to 100");
        settings.policy.min_score = Some(score.parse().with_context(wrong)?);
    }
    settings.validate(&Layer::Environment)?;
    Ok(settings)
}

/// The number of the user that this process belongs to, where the environment has no name.
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let process = std::fs::metadata("/proc/self").ok()?;
    Some(format!("user {}", process.uid()))
}
