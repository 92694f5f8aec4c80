//! Immutable text of the documents a request is about.

use std::sync::Arc;

use crate::{Digest, Language};

/// One document as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Path as the person gave it, with `/` separators; `-` for standard input.
    pub path: String,
    /// The language, where it is known.
    pub language: Option<Language>,
    /// The editor's version number; 0 for a file on disk.
    pub version: i64,
    /// The whole text.
    pub text: Arc<str>,
    /// SHA-256 of the text's UTF-8 bytes.
    pub sha256: Digest,
    /// Whether there is no such file yet (its text is then empty).
    pub absent: bool,
}

impl Document {
    /// A document that exists, with the language judged by its path.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Document {
        Document {
            path: path.to_owned(),
            language: Language::from_path(path),
            version: 0,
            text: text.into(),
            sha256: Digest::of(text.as_bytes()),
            absent: false,
        }
    }

    /// A document that does not exist yet: empty text.
    #[must_use]
    pub fn absent(path: &str) -> Document {
        Document { absent: true, ..Document::new(path, "") }
    }

    /// The same document in another language than its name says.
    #[must_use]
    pub fn with_language(self, language: Option<Language>) -> Document {
        Document { language, ..self }
    }
}

/// What a request was computed against: the document to edit, and others shown to the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The document that the edit is for.
    pub document: Document,
    /// Other documents that may be shown to the model, the most relevant first.
    pub context: Vec<Document>,
}

impl Snapshot {
    /// A snapshot of one document alone.
    #[must_use]
    pub fn of(document: Document) -> Snapshot {
        Snapshot { document, context: Vec::new() }
    }
}
