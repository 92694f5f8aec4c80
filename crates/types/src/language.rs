//! The programming languages the product knows by name and by file extension.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A programming language with at least a syntax check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants are the languages' names")]
pub enum Language {
    Python,
    JavaScript,
    TypeScript,
    /// TypeScript with JSX: a grammar of its own.
    Tsx,
    Rust,
    Go,
}

impl Language {
    /// Every language, in the order they are listed to people.
    pub const ALL: [Language; 6] = [
        Language::Python,
        Language::JavaScript,
        Language::TypeScript,
        Language::Tsx,
        Language::Rust,
        Language::Go,
    ];

    /// The name used on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::JavaScript => "javascript",
            Language::TypeScript => "typescript",
            Language::Tsx => "tsx",
            Language::Rust => "rust",
            Language::Go => "go",
        }
    }

    /// The file extensions of the language, the usual one first.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Language::Python => &["py", "pyi", "pyw"],
            Language::JavaScript => &["js", "mjs", "cjs", "jsx"],
            Language::TypeScript => &["ts", "mts", "cts"],
            Language::Tsx => &["tsx"],
            Language::Rust => &["rs"],
            Language::Go => &["go"],
        }
    }

    /// The language of a file, judged by its name alone; `None` where it is not known.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Language> {
        let name = path.rsplit(['/', '\\']).next()?;
        let (_, extension) = name.rsplit_once('.')?;
        Language::ALL.into_iter().find(|language| {
            language.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension))
        })
    }
}

impl Language {
    /// The language of a script by the interpreter that its first line names (`#!`).
    #[must_use]
    pub fn from_first_line(text: &str) -> Option<Language> {
        let line = text.lines().next()?.strip_prefix("#!")?;
        let name = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
        let mut words = line.split_whitespace().map(name);
        let program = words.find(|word| word != "env" && !word.starts_with('-'))?;
        match program.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.') {
            "python" | "pypy" => Some(Language::Python),
            "node" | "nodejs" => Some(Language::JavaScript),
            "deno" | "bun" | "ts-node" => Some(Language::TypeScript),
            _ => None,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A language name that is not in [`Language::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language `{name}`; known are {}", Language::ALL.map(Language::name).join(", "))]
pub struct UnknownLanguage {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Language, UnknownLanguage> {
        let lower = name.to_ascii_lowercase();
        Language::ALL
            .into_iter()
            .find(|language| {
                language.name() == lower || language.extensions().contains(&lower.as_str())
            })
            .ok_or_else(|| UnknownLanguage { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_first_line() {
        for (line, expected) in [
            ("#!/usr/bin/env python3\nx", Some(Language::Python)),
            ("#! /usr/bin/python3.12 -I", Some(Language::Python)),
            ("#!/usr/bin/env -S node --flag", Some(Language::JavaScript)),
            ("#!/bin/sh", None),
            ("# python", None),
            ("", None),
        ] {
            assert_eq!(Language::from_first_line(line), expected, "{line}");
        }
    }

    #[test]
    fn by_name_and_by_path() {
        assert_eq!("Python".parse(), Ok(Language::Python));
        assert_eq!("ts".parse(), Ok(Language::TypeScript));
        assert!(
            "cobol".parse::<Language>().unwrap_err().to_string().contains("python, javascript")
        );
        assert_eq!(Language::from_path("a/b.test.TSX"), Some(Language::Tsx));
        assert_eq!(Language::from_path("Makefile"), None);
        assert_eq!(Language::from_path("dir.py/file"), None);
    }
}
