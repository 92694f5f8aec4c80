//! Who wants what.

use std::ops::Range;

use serde::Serialize;

use crate::Language;

/// What kind of work is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Fill in the middle at a cursor.
    Complete,
    /// Write new code from an instruction.
    Generate,
    /// Write tests for the selected code.
    Test,
    /// Change the selected code, keeping what it does.
    Refactor,
    /// Repair the selected code.
    Fix,
}

impl Task {
    /// The name used on the command line, in templates' file names and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Task::Complete => "complete",
            Task::Generate => "generate",
            Task::Test => "test",
            Task::Refactor => "refactor",
            Task::Fix => "fix",
        }
    }
}

/// How far a completion goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// To the end of the line.
    Line,
    /// To the end of the block that the cursor stands in.
    #[default]
    Block,
}

/// Who asks, and through which face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The person or service: on one machine the user's name.
    pub name: String,
    /// The client: `cli`, an editor's name, `ci`.
    pub client: String,
}

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// 0 takes the likeliest token each time.
    pub temperature: f32,
    /// Only the k likeliest tokens are considered; 0 for all.
    pub top_k: usize,
    /// Only the likeliest tokens that together reach this probability are considered.
    pub top_p: f32,
    /// Same seed, same build, same text.
    pub seed: u64,
}

/// Who wants what of which language.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The kind of work.
    pub task: Task,
    /// The language of the code wanted.
    pub language: Language,
    /// What the person asked for, in their words; empty for a completion.
    pub instruction: String,
    /// The cursor (an empty range) or the selection, in bytes of the document.
    pub selection: Range<usize>,
    /// How far a completion goes; other tasks have their own ends.
    pub extent: Extent,
    /// Who asks.
    pub actor: Actor,
    /// How many candidates to sample; the best passing one wins. At least 1.
    pub candidates: usize,
    /// Most tokens to generate for each.
    pub max_tokens: usize,
    /// How tokens are chosen. The first candidate is greedy where the temperature is 0.
    pub sampling: Sampling,
}
