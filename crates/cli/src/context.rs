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

use crate::arguments::{Format, Global, ReportFormat};

/// Everything a subcommand needs to know about where it runs.
pub struct Context {
    pub root: Root,
    pub state: PathBuf,
    pub actor: Actor,
    pub format: Format,
    /// How a report is printed.
    pub report: ReportFormat,
    pub quiet: bool,
    pub verbose: bool,
    /// The user's own settings file, and whether it was named and so must exist.
    user_settings: (PathBuf, bool),
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Context {
    /// Reads the environment. The workspace is that of `near`, a file that is to be written or
    /// read, or else of the current folder.
    pub fn load(global: &Global, near: Option<&Path>) -> Result<Context> {
        let folder = near.and_then(Path::parent).filter(|folder| folder.is_dir());
        let root = Root::find(folder.unwrap_or(Path::new(".")))?;
        let folders = etcetera::choose_base_strategy()
            .context("cannot find your home folder; set HOME or XDG_STATE_HOME")?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir()).join("countersign");
        let relative = "the state folder is relative; set HOME or XDG_STATE_HOME to a full path";
        anyhow::ensure!(state.is_absolute(), relative);
        let user_settings = match &global.config {
            Some(path) => (path.clone(), true),
            None => (folders.config_dir().join("countersign/config.toml"), false),
        };
        let name = environment("USER").or_else(|| environment("LOGNAME"));
        let name = name.or_else(user_number).unwrap_or_else(|| "unknown".to_owned());
        Ok(Context {
            root,
            state,
            actor: Actor { name: name.chars().take(64).collect(), client: "cli".to_owned() },
            format: global.output_format.plain(),
            report: global.output_format,
            quiet: global.quiet || global.output_format != ReportFormat::Text,
            verbose: global.verbose,
            user_settings,
        })
    }

    /// The settings that hold, with those of the subcommand's flags.
    pub fn policy(&self, flags: Settings) -> Result<Policy> {
        let mut layers = Vec::new();
        for (path, layer) in self.settings_files() {
            let document = workspace::read_if_present(&path, &path.to_string_lossy())?;
            let named = self.user_settings == (path.clone(), true);
            anyhow::ensure!(!(named && document.absent), "`{}`: no such file", path.display());
            if !document.absent {
                let settings = Settings::parse(&layer, &document.text)?;
                layers.push((layer, settings));
            }
        }
        layers.push((Layer::Environment, environment_settings()?));
        flags.validate(&Layer::Flags)?;
        layers.push((Layer::Flags, flags));
        Ok(policy::resolve(&layers))
    }

    /// Where settings are looked for.
    pub fn settings_files(&self) -> [(PathBuf, Layer); 2] {
        let user = self.user_settings.0.clone();
        let workspace = self.root.path().join("countersign.toml");
        let layer = Layer::User(user.display().to_string());
        [(user, layer), (workspace, Layer::Workspace("countersign.toml".to_owned()))]
    }

    /// The model that the settings name.
    pub fn provider(&self, policy: &Policy) -> Result<Box<dyn Provider>> {
        Ok(match &policy.model {
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
        settings.policy.min_score = Some(score.parse().ok().with_context(wrong)?);
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
