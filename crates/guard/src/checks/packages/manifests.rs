//! The packages that manifests declare and that commands install, where the text is a manifest, a
//! script or a recipe.

use std::ops::Range;

use super::{Ecosystem, How, Named};
use crate::lexical::Lexed;

/// Tables of a manifest in TOML that hold crates or distributions.
const RUST_TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// Objects of `package.json` that hold packages.
const NODE_OBJECTS: &[&str] =
    &["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];

/// Commands that install packages: program, verb, ecosystem.
const COMMANDS: &[(&str, &str, Ecosystem)] = &[
    ("pip", "install", Ecosystem::Python),
    ("pip3", "install", Ecosystem::Python),
    ("pipx", "install", Ecosystem::Python),
    ("uv", "add", Ecosystem::Python),
    ("poetry", "add", Ecosystem::Python),
    ("pdm", "add", Ecosystem::Python),
    ("npm", "install", Ecosystem::Node),
    ("npm", "i", Ecosystem::Node),
    ("npm", "add", Ecosystem::Node),
    ("pnpm", "add", Ecosystem::Node),
    ("pnpm", "install", Ecosystem::Node),
    ("yarn", "add", Ecosystem::Node),
    ("bun", "add", Ecosystem::Node),
    ("cargo", "add", Ecosystem::Rust),
    ("cargo", "install", Ecosystem::Rust),
];

/// Options that take the next word.
const OPTIONS_WITH_VALUE: &[&str] = &[
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-e",
    "--editable",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-t",
    "--target",
    "--prefix",
    "-f",
    "--find-links",
    "--python",
    "--group",
    "--features",
    "-F",
    "--version",
    "--path",
    "--git",
    "--registry",
    "--root",
    "--trusted-host",
    "--platform",
    "--timeout",
];

/// Packages that are read from one text, and words behind one command.
const NAMED_MAX: usize = 2_000;
const WORDS_MAX: usize = 200;

pub(super) fn of(path: &str, text: &str, lexed: &Lexed) -> Vec<Named> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let requirements = name.ends_with(".txt") && name.contains("requirements");
    let script = name.contains("dockerfile")
        || name.contains("containerfile")
        || [".sh", ".bash", ".zsh", ".yml", ".yaml", "makefile", "justfile"]
            .iter()
            .any(|end| name.ends_with(end))
        || text.starts_with("#!/bin/");
    match name.as_str() {
        "package.json" => package_json(text, lexed),
        "cargo.toml" => cargo_toml(text),
        "pyproject.toml" => pyproject(text),
        "pipfile" => table_of_names(text, &["packages", "dev-packages"], Ecosystem::Python),
        _ if requirements => requirement_lines(text),
        _ if script => commands(text, lexed),
        _ => Vec::new(),
    }
}

fn declared(ecosystem: Ecosystem, name: &str, range: Range<usize>, how: How) -> Named {
    Named { ecosystem, name: name.to_owned(), range, optional: false, how }
}

/// The lines of a text, each with the byte where it starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split('\n').map(move |line| {
        let start = at;
        at += line.len() + 1;
        (start, line.strip_suffix('\r').unwrap_or(line))
    })
}

fn requirement_lines(text: &str) -> Vec<Named> {
    let said = lines(text).filter(|(_, line)| !line.starts_with(['#', '-', ' ', '\t']));
    said.filter_map(|(at, line)| requirement(line, at)).collect()
}

/// `name[extra] >= 1; marker`, as in PEP 508.
fn requirement(line: &str, at: usize) -> Option<Named> {
    let line = line.split(" #").next().unwrap_or_default();
    let length = line
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        .count();
    let (name, rest) = line.split_at(length);
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let constraint = rest.split(';').next().unwrap_or_default().trim();
    let how = if constraint.starts_with('@') {
        How::Address
    } else if constraint.is_empty() || constraint.starts_with(['=', '<', '>', '~', '!', '(']) {
        How::Declared { pinned: !constraint.is_empty() }
    } else {
        return None;
    };
    Some(declared(Ecosystem::Python, name, at..at + length, how))
}

fn package_json(text: &str, lexed: &Lexed) -> Vec<Named> {
    let tokens = &lexed.tokens;
    let mut named = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let key = token.of(text).trim_matches('"');
        let opens = |offset: usize, mark: &str| {
            tokens.get(index + offset).is_some_and(|token| token.of(text) == mark)
        };
        if !token.is_text() || !NODE_OBJECTS.contains(&key) || !opens(1, ":") || !opens(2, "{") {
            continue;
        }
        let close = lexed.closing(text, index + 2).unwrap_or(tokens.len());
        if named.len() > NAMED_MAX {
            break;
        }
        for pair in tokens[index + 3..close].chunks(4) {
            let [name, _, version, ..] = pair else { break };
            let package = name.of(text).trim_matches('"');
            let version = version.of(text).trim_matches('"');
            let how = match version {
                "*" | "latest" | "" | "x" => How::Declared { pinned: false },
                _ if version.contains("://") || version.starts_with("git") => How::Address,
                _ if version.contains('/') && !version.contains(':') => How::Address,
                _ => How::Declared { pinned: true },
            };
            let range = name.start + 1..name.end.saturating_sub(1).max(name.start + 1);
            named.push(declared(Ecosystem::Node, package, range, how));
        }
    }
    named
}

fn cargo_toml(text: &str) -> Vec<Named> {
    let mut named = table_of_names(text, RUST_TABLES, Ecosystem::Rust);
    // `package = "other"` gives a crate another name here: the line's own name is no crate.
    named.retain(|one| {
        let rest = text.get(one.range.end..).unwrap_or_default();
        !rest.lines().next().unwrap_or_default().contains("package =")
    });
    named
}

/// `name = "version"` and `name = { ... }` in the tables with these names.
fn table_of_names(text: &str, tables: &[&str], ecosystem: Ecosystem) -> Vec<Named> {
    let mut named = Vec::new();
    let mut inside = false;
    for (at, line) in lines(text) {
        let said = line.trim();
        if let Some(table) = said.strip_prefix('[') {
            let table = table.split(']').next().unwrap_or_default();
            let last = table.rsplit('.').next().unwrap_or_default();
            inside = tables.contains(&last) || tables.contains(&table);
            continue;
        }
        let Some((name, value)) = said.split_once('=').filter(|_| inside) else { continue };
        let name = name.trim().trim_matches('"');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) || name == "python" {
            continue;
        }
        let how = if value.contains("git =") || value.contains("url =") {
            How::Address
        } else {
            How::Declared { pinned: !value.contains("\"*\"") }
        };
        let start = at + line.find(name).unwrap_or_default();
        named.push(declared(ecosystem, name, start..start + name.len(), how));
    }
    named
}

/// PEP 621's arrays of requirements, and poetry's tables.
fn pyproject(text: &str) -> Vec<Named> {
    let tables = ["tool.poetry.dependencies", "tool.poetry.dev-dependencies"];
    let mut named = table_of_names(text, &tables, Ecosystem::Python);
    let (mut table, mut in_array) = ("", false);
    for (at, line) in lines(text) {
        let said = line.trim();
        if said.starts_with('[') && !in_array {
            table = said.trim_matches(['[', ']']);
            continue;
        }
        let groups = ["project.optional-dependencies", "dependency-groups"];
        let begins = said.starts_with("dependencies") && table == "project"
            || said.starts_with("requires") && table == "build-system"
            || groups.contains(&table) && said.contains("= [");
        let from = match (begins, line.find('[')) {
            (true, Some(open)) => {
                in_array = true;
                open + 1
            }
            _ => 0,
        };
        if !in_array {
            continue;
        }
        named.extend(quoted(&line[from..], at + from));
        let last = line[from..].rfind(']');
        in_array = last.is_none_or(|end| line[from + end..].trim_end().len() > 2);
    }
    named
}

/// The requirements between quotes on a line.
fn quoted(line: &str, at: usize) -> Vec<Named> {
    let mut named = Vec::new();
    let mut rest = line;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = &rest[open..=open];
        let inner = &rest[open + 1..];
        let Some(close) = inner.find(quote) else { break };
        let start = at + (line.len() - inner.len());
        named.extend(requirement(&inner[..close], start));
        rest = &inner[close + 1..];
    }
    named
}

/// `pip install a b==1`, `npm install a@1`, outside comments.
fn commands(text: &str, lexed: &Lexed) -> Vec<Named> {
    let mut named = Vec::new();
    for (at, line) in lines(text) {
        for (program, verb, ecosystem) in COMMANDS {
            let mut from = 0;
            while let Some(found) = line[from..].find(program) {
                let start = from + found;
                from = start + program.len();
                let before = line[..start].chars().next_back();
                let begins = before
                    .is_none_or(|c| matches!(c, ' ' | '\t' | '&' | ';' | '|' | '"' | '(' | '/'));
                let rest = &line[from..];
                let Some(words) = rest.trim_start().strip_prefix(verb) else { continue };
                if !begins
                    || !rest.starts_with([' ', '\t'])
                    || !words.starts_with([' ', '\t'])
                    || lexed.comment_at(at + start).is_some()
                {
                    continue;
                }
                if named.len() > NAMED_MAX {
                    return named;
                }
                let words_at = at + line.len() - words.len();
                named.extend(arguments(words, words_at, *ecosystem));
            }
        }
    }
    named
}

/// The packages among the words behind a command, up to the command's end.
fn arguments(words: &str, at: usize, ecosystem: Ecosystem) -> Vec<Named> {
    let mut named = Vec::new();
    let (mut skip, mut from) = (false, 0);
    for word in words.split_inclusive([' ', '\t']).take(WORDS_MAX) {
        let start = at + from;
        from += word.len();
        let word = word.trim_end();
        if matches!(word, "&&" | "||" | ";" | "|" | ">" | "\\" | "2>&1" | "&") {
            break;
        }
        if word.is_empty() || std::mem::take(&mut skip) {
            continue;
        }
        if word.starts_with('-') {
            skip = OPTIONS_WITH_VALUE.contains(&word);
            continue;
        }
        let quotes = word.len() - word.trim_start_matches(['"', '\'']).len();
        let ends = word.ends_with([';', ')', '`']);
        let bare = word.trim_matches(['"', '\'', ';', ')', '`', ',']);
        named.extend(argument(bare, start + quotes, ecosystem));
        if ends {
            break;
        }
    }
    named
}

fn argument(word: &str, at: usize, ecosystem: Ecosystem) -> Option<Named> {
    if word.contains("://") || word.starts_with("git+") {
        return Some(declared(ecosystem, word, at..at + word.len(), How::Address));
    }
    if word.starts_with(['.', '/', '$', '<', '{', '*', '~']) || word.contains(['$', '{', '*']) {
        return None;
    }
    match ecosystem {
        Ecosystem::Python => {
            let mut named = requirement(word, at)?;
            named.how = match named.how {
                How::Declared { pinned } => How::Installed { pinned },
                other => other,
            };
            let file = word.ends_with(".whl") || word.ends_with(".gz") || word.contains('/');
            let own = matches!(named.name.as_str(), "pip" | "setuptools" | "wheel");
            (!file && !own).then_some(named)
        }
        _ => {
            let scope = usize::from(word.starts_with('@'));
            let end = word[scope..].find('@').map_or(word.len(), |found| found + scope);
            let (name, version) = word.split_at(end);
            let plain =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/');
            if name.is_empty() || !name.chars().all(plain) {
                return None;
            }
            let pinned = version.len() > 1 && version != "@latest";
            Some(declared(ecosystem, name, at..at + name.len(), How::Installed { pinned }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each package as `name` with how it is named: `!` unpinned, `@` from an address.
    fn check(path: &str, text: &str, expected: &str) {
        let named = of(path, text, &Lexed::of(path, text));
        let told: Vec<String> = named
            .iter()
            .map(|one| {
                assert_eq!(&text[one.range.clone()], one.name, "{path}");
                let mark = match one.how {
                    How::Address => "@",
                    How::Declared { pinned: false } | How::Installed { pinned: false } => "!",
                    _ => "",
                };
                format!("{}{mark}", one.name)
            })
            .collect();
        assert_eq!(told.join(" "), expected, "{path}\n{text}");
    }

    #[test]
    fn manifests_and_commands() {
        check(
            "requirements-dev.txt",
            "# a\n-r base.txt\na==1\nb\nc[x]>=2 ; python_version<'3'\nd @ https://e\n  --hash=sha256:00\n",
            "a b! c d@",
        );
        check(
            "package.json",
            "{\"name\": \"n\", \"dependencies\": {\"a\": \"^1\", \"@b/c\": \"*\", \"d\": \"git+ssh://e\"}}",
            "a @b/c! d@",
        );
        check(
            "Cargo.toml",
            "[package]\nname = \"n\"\n[dependencies]\na = \"1\"\nb = { git = \"x\" }\nc = \"*\"\n[target.'cfg(unix)'.dependencies]\nd.workspace = true\ne = { path = \"../e\" }\n[features]\nf = []\n",
            "a b@ c! e",
        );
        check(
            "pyproject.toml",
            "[project]\nname = \"n\"\ndependencies = [\n  \"a>=1\",\n  'b[x]',\n]\n[project.optional-dependencies]\ndev = [\"c==1\"]\n[tool.poetry.dependencies]\npython = \"^3\"\nd = \"^1\"\n[tool.ruff]\nselect = [\"E\"]\n",
            "d a b! c",
        );
        check(
            "Dockerfile",
            "FROM python\n# pip install z\nRUN pip install --no-cache-dir -r r.txt a 'b>=1' && npm i -g c@1 d\nRUN pip install git+https://e\n",
            "a! b c d! git+https://e@",
        );
        check("a.sh", "sudo pip3 install a; echo b\nmypip install c\ncargo add d@1\n", "a! d");
        check("a.py", "# pip install a\n", "");
    }
}
