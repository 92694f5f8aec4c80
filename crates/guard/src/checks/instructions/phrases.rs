//! What texts say that are meant to steer an assistant.

use super::{ADDRESSED, COMMAND, CONCEAL, OVERRIDE};
use crate::checks::phrases::{Phrase, Phrases};

pub(super) static PHRASES: Phrases = Phrases::new(&[
    Phrase {
        rule: OVERRIDE,
        words: &["instruction", "prompt", "guideline"],
        pattern: r"\b(?:ignore|disregard|forget|override|bypass) (?:all |any |of |the |your |my |these |those )*(?:previous|prior|above|earlier|preceding|system|original|existing|safety) (?:instructions?|prompts?|guidelines?|directions)\b",
        message: "the text tells its reader to ignore its instructions",
    },
    Phrase {
        rule: OVERRIDE,
        words: &["you are now", "from now on", "new instructions", "act as"],
        pattern: r"\byou are now (?:a|an|in|the|acting)\b.{0,60}\b(?:mode|assistant|agent|model|ai|dan|developer)\b|\bfrom now on,? you (?:are|will|must|should)\b|^new instructions:",
        message: "the text gives its reader a new part to play",
    },
    Phrase {
        rule: CONCEAL,
        words: &["report", "tell", "mention", "reveal", "disclose", "inform", "flag", "warn"],
        pattern: r"\b(?:do not|don't|never|must not) (?:report|tell|mention|reveal|disclose|inform|flag|warn)\b.{0,40}\b(?:to |the |your )?(?:user|users|reviewer|reviewers|developer|developers|human|humans|maintainers?|anyone)\b",
        message: "the text asks its reader to keep something from people",
    },
    Phrase {
        rule: COMMAND,
        words: &["curl", "wget", "iwr", "irm"],
        pattern: r"\b(?:curl|wget|iwr|irm)\b[^|\n]{0,200}\|\s*(?:sudo )?(?:sh|bash|zsh|python3?|node|iex|perl|ruby)\b",
        message: "the text names a command that runs what it loads from the network",
    },
    Phrase {
        rule: ADDRESSED,
        words: &[
            "assistant",
            "agents",
            "if you are an",
            "llm",
            "copilot",
            "language model",
            "chatgpt",
            "claude",
            "cursor",
            "gpt",
        ],
        pattern: r"\b(?:ai|llm|coding|code|automated) (?:assistants?|agents?|models?|reviewers?)\b[,:]? (?:(?:reading|editing|reviewing|working on|that \w+) .{0,40})?(?:must|should|shall|please|are required|need to|have to|will)\b|\b(?:attention|note to|instructions? for|message (?:to|for)|hey|dear) (?:all |any |the )?(?:ai|llm|coding|copilot|claude|chatgpt|gpt|cursor|language model)s?\b|\bif you are an? (?:ai|llm|language model|assistant|agent)\b",
        message: "the text speaks to an assistant",
    },
    Phrase {
        rule: ADDRESSED,
        words: &["system prompt"],
        pattern: r"\b(?:reveal|print|show|repeat|output|leak|reply with) (?:your|the) system prompt\b",
        message: "the text asks for an assistant's own instructions",
    },
]);
