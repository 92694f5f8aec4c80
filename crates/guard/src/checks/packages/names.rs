//! Names of packages: well-known ones, how modules map to them, and what looks like one.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::Ecosystem;

/// So many of the best known names are told from names with two errors, and from short ones with
/// one; the others only from long names with one error.
const BEST_KNOWN: usize = 400;

/// Longest name that is compared, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Words that are put before or behind the names of other packages.
const AFFIXES: &[&str] = &["python", "py", "js", "node", "rs", "rust", "lib", "pkg", "package"];

struct List {
    /// In order, the best known first.
    names: Vec<&'static str>,
    /// The same in the form that is compared.
    even: Vec<String>,
    set: HashSet<&'static str>,
}

impl List {
    fn of(text: &'static str) -> List {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let names: Vec<&'static str> = lines.collect();
        let set = names.iter().copied().collect();
        List { even: names.iter().map(|name| even(name)).collect(), names, set }
    }
}

static PYTHON: LazyLock<List> =
    LazyLock::new(|| List::of(include_str!("../../../data/packages-python.txt")));
static NODE: LazyLock<List> =
    LazyLock::new(|| List::of(include_str!("../../../data/packages-node.txt")));
static RUST: LazyLock<List> =
    LazyLock::new(|| List::of(include_str!("../../../data/packages-rust.txt")));

/// Distributions by module.
static MODULES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/python-imports.txt").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.collect()))
    });
    rows.collect()
});

/// The modules that others could be mistaken for, in order, with the form that is compared.
static MODULE_NAMES: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let long = MODULES.keys().filter(|name| name.len() >= 6);
    let mut names: Vec<_> = long.map(|name| (*name, even(name))).collect();
    names.sort_unstable();
    names
});

static GO_STD: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/go-std.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

/// Modules that come with Node.
const NODE_BUILTIN: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Crates that come with the compiler, and words that are no crates in a path.
const RUST_BUILTIN: &[&str] =
    &["std", "core", "alloc", "proc_macro", "test", "crate", "self", "super", "Self", "r"];

/// The minor version of Python 3 whose standard library counts; older modules stay known.
const PYTHON_MINORS: [u8; 2] = [14, 8];

pub(super) fn count() -> usize {
    PYTHON.names.len() + NODE.names.len() + RUST.names.len()
}

/// Whether a module comes with its language.
pub(super) fn is_builtin(ecosystem: Ecosystem, module: &str) -> bool {
    match ecosystem {
        Ecosystem::Python => {
            let minors = PYTHON_MINORS.iter();
            minors
                .into_iter()
                .any(|minor| ruff_python_stdlib::sys::is_known_standard_library(*minor, module))
                || matches!(module, "__main__" | "_typeshed" | "test")
                || (module.starts_with('_') && !module.starts_with("_pytest"))
        }
        Ecosystem::Node => {
            let top = module.split('/').next().unwrap_or_default();
            let schemed = ["node:", "bun:", "deno:", "cloudflare:", "virtual:", "astro:"];
            NODE_BUILTIN.contains(&top) || schemed.iter().any(|scheme| module.starts_with(scheme))
        }
        Ecosystem::Rust => RUST_BUILTIN.contains(&module),
        Ecosystem::Go => GO_STD.contains(module),
    }
}

/// A name as the registry compares it.
pub(super) fn normal(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Python => {
            let mut normal = String::with_capacity(name.len());
            for c in name.chars() {
                match c {
                    '-' | '_' | '.' if normal.ends_with('-') => {}
                    '-' | '_' | '.' => normal.push('-'),
                    _ => normal.extend(c.to_lowercase()),
                }
            }
            normal
        }
        Ecosystem::Rust => name.replace('_', "-"),
        Ecosystem::Node | Ecosystem::Go => name.to_owned(),
    }
}

/// The packages that may bring a module.
pub(super) fn packages_of(ecosystem: Ecosystem, module: &str) -> Vec<String> {
    let mut all = vec![normal(ecosystem, module)];
    match ecosystem {
        Ecosystem::Python => {
            let listed = MODULES.get(module).into_iter().flatten();
            all.extend(listed.map(|name| (*name).to_owned()));
        }
        Ecosystem::Node => {
            let flat = module.strip_prefix('@').map(|name| name.replace('/', "__"));
            all.push(format!("@types/{}", flat.as_deref().unwrap_or(module)));
        }
        Ecosystem::Rust => all.push(module.to_owned()),
        Ecosystem::Go => {}
    }
    all
}

pub(super) fn is_listed(ecosystem: Ecosystem, package: &str) -> bool {
    match ecosystem {
        Ecosystem::Python => PYTHON.set.contains(package) || MODULES.contains_key(package),
        Ecosystem::Node => NODE.set.contains(package),
        Ecosystem::Rust => {
            RUST.set.contains(package) || RUST.set.contains(package.replace('-', "_").as_str())
        }
        Ecosystem::Go => false,
    }
}

/// The well-known package that a name could be mistaken for.
pub(super) fn near(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    let list = match ecosystem {
        Ecosystem::Python => &PYTHON,
        Ecosystem::Node => &NODE,
        Ecosystem::Rust => &RUST,
        Ecosystem::Go => return None,
    };
    let name = even(name);
    if name.len() > NAME_BYTES_MAX || name.len() < 4 {
        return None;
    }
    let words = Words::of(&name);
    let listed =
        list.names.iter().zip(&list.even).enumerate().find_map(|(index, (known, even))| {
            words.look_like(even, index < BEST_KNOWN).then_some(*known)
        });
    let modules = MODULE_NAMES.iter().filter(|_| ecosystem == Ecosystem::Python);
    listed.or_else(|| {
        let mut near = modules.filter(|(_, even)| words.look_like(even, false));
        near.next().map(|(known, _)| *known)
    })
}

/// The form in which names are compared: separators and case do not count.
fn even(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// A name by its words.
struct Words<'n> {
    name: &'n str,
    words: Vec<&'n str>,
}

impl<'n> Words<'n> {
    fn of(name: &'n str) -> Words<'n> {
        Words { name, words: name.split('-').collect() }
    }

    fn look_like(&self, known: &str, best_known: bool) -> bool {
        if self.name == known || self.name.len().abs_diff(known.len()) > 8 {
            return false;
        }
        let known = &Words::of(known);
        fn digits(name: &str) -> &str {
            name.trim_end_matches(|c: char| c.is_ascii_digit())
        }
        if digits(self.name) == digits(known.name) {
            // `fabric` and `fabric2` are often both real.
            return false;
        }
        if self.words.len() == known.words.len() {
            return self.swapped(known) || self.misspelt(known, best_known);
        }
        let joined = |words: &[&str]| words.concat();
        let same_letters = joined(&self.words) == joined(&known.words);
        (same_letters && known.name.len() >= 8) || (best_known && self.with_affix(known))
    }

    /// The same words in another order.
    fn swapped(&self, known: &Words<'_>) -> bool {
        let (mut mine, mut theirs) = (self.words.clone(), known.words.clone());
        mine.sort_unstable();
        theirs.sort_unstable();
        mine.len() > 1 && mine == theirs
    }

    /// One word differs, by an error of writing.
    fn misspelt(&self, known: &Words<'_>, best_known: bool) -> bool {
        let mut pairs = self.words.iter().zip(&known.words).filter(|(mine, theirs)| mine != theirs);
        let (Some((mine, theirs)), None) = (pairs.next(), pairs.next()) else { return false };
        let most = match (theirs.len(), best_known) {
            (9.., true) => 2,
            (5.., true) | (7.., false) => 1,
            _ => return false,
        };
        mine.as_bytes().first() == theirs.as_bytes().first() && errors(mine, theirs, most) <= most
    }

    /// `python-requests`, `requests-py`.
    fn with_affix(&self, known: &Words<'_>) -> bool {
        if self.words.len() != known.words.len() + 1 || known.name.len() < 5 {
            return false;
        }
        let (first, rest) = (self.words[0], &self.words[1..]);
        let (last, start) = (self.words[self.words.len() - 1], &self.words[..rest.len()]);
        (AFFIXES.contains(&first) && rest == known.words)
            || (AFFIXES.contains(&last) && start == known.words)
    }
}

/// Letters left out, added, changed or swapped with their neighbour between two words, at least
/// `most + 1` where there are more (optimal string alignment).
fn errors(a: &str, b: &str, most: usize) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        if row.iter().all(|errors| *errors > most) {
            return most + 1;
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_others() {
        for (ecosystem, name, expected) in [
            (Ecosystem::Python, "reqeusts", Some("requests")),
            (Ecosystem::Python, "request", Some("requests")),
            (Ecosystem::Python, "pandsa", Some("pandas")),
            (Ecosystem::Python, "skleran", Some("sklearn")),
            (Ecosystem::Python, "python-requests", Some("requests")),
            (Ecosystem::Python, "dateutil-python", Some("python-dateutil")),
            (Ecosystem::Python, "scikitlearn", Some("scikit-learn")),
            (Ecosystem::Python, "tensorfow", Some("tensorflow")),
            (Ecosystem::Python, "my_tools", None),
            (Ecosystem::Python, "flask2", None),
            (Ecosystem::Node, "expres", Some("express")),
            (Ecosystem::Node, "loadsh", Some("lodash")),
            (Ecosystem::Node, "express-js", Some("express")),
            (Ecosystem::Rust, "serde_jsn", None),
            (Ecosystem::Rust, "reqwset", Some("reqwest")),
            (Ecosystem::Rust, "tokoi", Some("tokio")),
        ] {
            assert_eq!(near(ecosystem, name), expected, "{name}");
        }
    }

    #[test]
    fn lists_are_as_large_as_they_say() {
        let sizes = [PYTHON.set.len(), NODE.set.len(), RUST.set.len(), MODULES.len()];
        assert!(sizes[0] >= 1_000 && sizes[1] >= 1_000 && sizes[2] >= 500, "{sizes:?}");
        assert!(sizes[3] >= 300, "{sizes:?}");
        for list in [&PYTHON, &NODE, &RUST] {
            assert_eq!(list.names.len(), list.set.len(), "a name stands twice");
        }
        for name in &PYTHON.names {
            assert_eq!(normal(Ecosystem::Python, name), *name);
        }
    }

    #[test]
    fn errors_are_counted() {
        for (a, b, expected) in
            [("ab", "ba", 1), ("abc", "abc", 0), ("abc", "acd", 2), ("a", "abcd", 3)]
        {
            assert_eq!(errors(a, b, 2), expected, "{a} {b}");
        }
    }
}
