//! The programming languages the product knows by name and by the names of files.

mod lexis;
mod table;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use lexis::{Lexis, Quote};
pub use table::Language;
use table::{Row, TABLE};

impl Language {
    /// Every language, in the order they are listed to people.
    pub const ALL: [Language; TABLE.len()] = {
        let mut all = [Language::Python; TABLE.len()];
        let mut at = 0;
        while at < TABLE.len() {
            all[at] = TABLE[at].language;
            at += 1;
        }
        all
    };

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The name used on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The file extensions of the language, the usual one first.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        self.row().extensions
    }

    /// What the language's comments and texts look like.
    #[must_use]
    pub fn lexis(self) -> &'static Lexis {
        self.row().lexis
    }

    /// The language of a file, judged by its name alone; `None` where it is not known.
    ///
    /// `Dockerfile.debug` is a `Dockerfile` too.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Language> {
        let name = path.rsplit(['/', '\\']).next()?;
        if let Some(row) = TABLE.iter().find(|row| row.files.contains(&name)) {
            return Some(row.language);
        }
        let (stem, extension) = name.rsplit_once('.')?;
        let known = |known: &&str| known.eq_ignore_ascii_case(extension);
        let by_extension = TABLE.iter().find(|row| row.extensions.iter().any(known));
        let variant = |row: &&Row| row.files.contains(&stem) && !stem.contains('.');
        by_extension.or_else(|| TABLE.iter().find(variant)).map(|row| row.language)
    }

    /// The language of a script by the interpreter that its first line names (`#!`).
    #[must_use]
    pub fn from_first_line(text: &str) -> Option<Language> {
        let line = text.lines().next()?.strip_prefix("#!")?;
        let name = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
        let mut words = line.split_whitespace().map(name);
        let program = words.find(|word| word != "env" && !word.starts_with('-'))?;
        let program = program.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.');
        TABLE.iter().find(|row| row.interpreters.contains(&program)).map(|row| row.language)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
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

    /// Takes a name or an extension, in any case.
    fn from_str(name: &str) -> Result<Language, UnknownLanguage> {
        let lower = name.to_ascii_lowercase();
        TABLE
            .iter()
            .find(|row| row.name == lower)
            .or_else(|| TABLE.iter().find(|row| row.extensions.contains(&lower.as_str())))
            .map(|row| row.language)
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
            ("#!/bin/sh", Some(Language::Bash)),
            ("#!/usr/bin/env Rscript", Some(Language::R)),
            ("#!/bin/zsh", None),
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
        for (path, expected) in [
            ("a/b.test.TSX", Some(Language::Tsx)),
            ("Makefile", None),
            ("dir.py/file", None),
            ("a/Dockerfile", Some(Language::Dockerfile)),
            ("a/Dockerfile.debug", Some(Language::Dockerfile)),
            ("Dockerfile.py", Some(Language::Python)),
            ("Cargo.lock", Some(Language::Toml)),
            ("yarn.lock", None),
            ("a/.bashrc", Some(Language::Bash)),
            ("analysis.R", Some(Language::R)),
        ] {
            assert_eq!(Language::from_path(path), expected, "{path}");
        }
    }

    #[test]
    fn every_row_is_at_its_variants_place() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.language as usize, index, "{}", row.name);
            assert!(!row.extensions.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn no_name_belongs_to_two_languages() {
        let mut seen = std::collections::HashSet::new();
        for row in TABLE {
            let extensions = row.extensions.iter().map(|one| format!(".{one}"));
            let interpreters = row.interpreters.iter().map(|one| format!("#!{one}"));
            let files = row.files.iter().map(|one| (*one).to_owned());
            for name in extensions.chain(interpreters).chain(files) {
                assert!(seen.insert(name.clone()), "{name}");
            }
        }
    }
}
