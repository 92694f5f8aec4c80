//! `packages`: names of packages that nobody here declared, has installed or has heard of.
//!
//! Models invent names of packages; whoever registers such a name gets his code run ("slop
//! squatting"). An import is known where it is of the standard library, of the workspace, or
//! declared or installed in it; the rest is reported. A name that is nearly that of a well-known
//! package is an error wherever it stands. Nothing is asked of a registry: that a name exists
//! there would not make it safe.

mod imports;
mod manifests;
mod names;
mod rules;

use std::ops::Range;

use types::{Confidence, Known, Language, Severity};

use super::{Check, Outcome, Places};
use crate::found::Found;
use crate::source::Source;
pub(crate) use rules::RULES;
use rules::{ADDRESS, LOOKALIKE, UNDECLARED, UNKNOWN, UNPINNED};

pub(crate) static CHECK: Check =
    Check { name: "packages", tool, run, places: Places::Stable, rules: RULES };

/// Findings in one text.
const FOUND_MAX: usize = 500;

/// Languages whose imports are read, and those of manifests and scripts, which are known by the
/// names of their files.
const READ: [Language; 11] = [
    Language::Bash,
    Language::Dockerfile,
    Language::Json,
    Language::Toml,
    Language::Yaml,
    Language::Python,
    Language::JavaScript,
    Language::TypeScript,
    Language::Tsx,
    Language::Rust,
    Language::Go,
];

const NOTHING_KNOWN: &str =
    "neither a manifest nor installed packages are known, so imports were not looked up";

/// The world that a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ecosystem {
    Python,
    Node,
    Rust,
    Go,
}

/// A package that a text names.
#[derive(Debug)]
struct Named {
    ecosystem: Ecosystem,
    /// The package, as its registry writes it where that is known from the text.
    name: String,
    range: Range<usize>,
    /// Whether the program goes on without it.
    optional: bool,
    how: How,
}

/// How a text names a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// A module is imported; its package may have another name.
    Import,
    /// A manifest declares it.
    Declared { pinned: bool },
    /// A command installs it.
    Installed { pinned: bool },
    /// It is taken from this address, whatever its name.
    Address,
}

fn tool(language: Option<Language>) -> Result<String, String> {
    match language {
        Some(other) if !READ.contains(&other) => {
            Err(format!("imports of {other} are not read in this build"))
        }
        _ => Ok(format!("{} well-known names", names::count())),
    }
}

fn run(source: &Source<'_>) -> Outcome {
    if let Err(reason) = tool(source.language) {
        return Outcome::Not(reason);
    }
    let lexed = match source.lexed() {
        Ok(lexed) => lexed,
        Err(reason) => return Outcome::Not(reason),
    };
    let mut named = manifests::of(source.path, source.text, lexed);
    match imports::of(source, lexed) {
        Ok(imports) => named.extend(imports),
        Err(reason) => return Outcome::Not(reason),
    }
    let (mut all, mut unknown) = (Vec::new(), 0);
    for one in named.iter().take(FOUND_MAX) {
        match judge(source, one) {
            Judged::Fine => {}
            Judged::Unknown => unknown += 1,
            Judged::Found(found) => all.push(*found),
        }
    }
    all.sort_by_key(|found: &Found| found.range.start);
    match unknown {
        0 => Outcome::Done(all),
        _ => Outcome::Blind(all, NOTHING_KNOWN.to_owned()),
    }
}

enum Judged {
    Fine,
    /// Nothing is known to judge it by.
    Unknown,
    Found(Box<Found>),
}

fn judge(source: &Source<'_>, named: &Named) -> Judged {
    let known = known(source, named.ecosystem);
    let name = named.name.as_str();
    if let How::Address = named.how {
        let message = format!("`{name}` is taken from an address, not from a registry");
        return told(found(ADDRESS, named, message));
    }
    let listed = match named.how {
        How::Import => names::packages_of(named.ecosystem, name),
        _ => vec![names::normal(named.ecosystem, name)],
    };
    let declared = listed.iter().any(|package| known.packages.contains(package));
    if declared || (named.how == How::Import && is_module(known, named)) {
        return unpinned(named);
    }
    let well_known = listed.iter().any(|package| names::is_listed(named.ecosystem, package));
    if !well_known && let Some(near) = names::near(named.ecosystem, name) {
        let message = format!("`{name}` is not known here and looks like `{near}`");
        let mut found = found(LOOKALIKE, named, message);
        if named.optional {
            found.severity = Severity::Warning;
        }
        return told(found);
    }
    match named.how {
        // To declare a package is what a manifest is for.
        How::Declared { .. } => unpinned(named),
        How::Installed { .. } if well_known || !known.is_known() => unpinned(named),
        _ if named.optional => Judged::Fine,
        _ if !known.is_known() => Judged::Unknown,
        _ if known.gap.is_some() => Judged::Unknown,
        _ if well_known => {
            let message = format!("`{name}` is neither declared nor installed in this workspace");
            told(found(UNDECLARED, named, message))
        }
        _ => {
            let message =
                format!("`{name}` is not declared, not installed and not a well-known package");
            told(found(UNKNOWN, named, message))
        }
    }
}

fn known<'s>(source: &'s Source<'_>, ecosystem: Ecosystem) -> &'s Known {
    let packages = &source.facts.packages;
    match ecosystem {
        Ecosystem::Python => &packages.python,
        Ecosystem::Node => &packages.node,
        Ecosystem::Rust => &packages.rust,
        Ecosystem::Go => &packages.go,
    }
}

/// Whether the workspace holds, or has installed, the module itself.
fn is_module(known: &Known, named: &Named) -> bool {
    let name = &named.name;
    let whole = known.modules.contains(name);
    match named.ecosystem {
        // A package path lies below the path of its module.
        Ecosystem::Go => {
            let below = |module: &String| {
                name.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            let all = known.packages.iter().chain(&known.modules);
            whole || all.into_iter().any(|module| module == name || below(module))
        }
        // `@/a` and its like are aliases, which stand in the modules up to their star.
        Ecosystem::Node => {
            whole || known.modules.iter().any(|m| m.ends_with('/') && name.starts_with(m.as_str()))
        }
        Ecosystem::Python | Ecosystem::Rust => whole,
    }
}

fn unpinned(named: &Named) -> Judged {
    match named.how {
        How::Declared { pinned: false } | How::Installed { pinned: false } => {
            let message = format!("`{}` is taken in whatever version is the newest", named.name);
            told(found(UNPINNED, named, message))
        }
        _ => Judged::Fine,
    }
}

fn told(found: Found) -> Judged {
    Judged::Found(Box::new(found))
}

fn found(rule: usize, named: &Named, message: String) -> Found {
    let doc = &RULES[rule];
    let mut found = Found::new(doc.id, doc.severity, named.range.clone());
    found.confidence = rules::confidence(rule);
    found.cwe = doc.cwe;
    if named.optional {
        found.confidence = Confidence::Low;
    }
    found.message(message)
}
