//! What comments say where code is missing, or where a conversation was copied with the code.

use super::rules::{ELIDED, PLACEHOLDER, RESIDUE};
use crate::checks::phrases::{Phrase, Phrases};

pub(super) static COMMENTS: Phrases = Phrases::new(&[
    Phrase {
        rule: ELIDED,
        words: &["existing", "previous", "unchanged", "original", "remaining", "same"],
        pattern: r"^(?:\.{3}|…)\s*(?:\(?(?:the )?(?:rest of )?(?:your |my |the |all |other )?(?:existing|previous|unchanged|original|remaining|same))\b.{0,60}$",
        message: "code was left out here",
    },
    Phrase {
        rule: ELIDED,
        words: &["rest of", "remainder of"],
        pattern: r"^(?:\.{3}|…)?\s*\(?(?:the )?(?:rest|remainder) of (?:the |your |this |my )?(?:existing |original |previous )?(?:code|file|functions?|class|methods?|implementation|logic|component|module|script|imports|program)(?:\s*(?:\.{3}|…)|\s*(?:remains?|stays?|is|goes|continues|unchanged|here|as before|the same)(?: the)?(?: same| unchanged| here| as before| as is)?(?:\s*(?:\.{3}|…))?)?\)?\s*\.?$",
        message: "code was left out here",
    },
    Phrase {
        rule: ELIDED,
        words: &["existing", "previous", "original"],
        pattern: r"^(?:existing|previous|original) (?:code|implementation|logic|methods?|functions?|imports?|content)(?: (?:remains?|stays?|goes|unchanged|here|as before)(?: unchanged| here| the same)?|\s*(?:\.{3}|…))\s*\.?$",
        message: "code was left out here",
    },
    Phrase {
        rule: ELIDED,
        words: &["rest", "existing", "other", "remaining"],
        pattern: r"^(?:\.{3}|…)?\s*(?:keep|leave) (?:the |your |all )?(?:rest|existing|other|remaining)\b.{0,40}\b(?:unchanged|as[- ]is|the same|as before)\b",
        message: "code was left out here",
    },
    Phrase {
        rule: PLACEHOLDER,
        words: &["here"],
        pattern: r"^(?:\.{3}|…)?\s*(?:todo:? ?)?(?:(?:add|insert|put|write|place|implement) )?(?:your |the |actual |real )*(?:own )?(?:code|logic|implementation|solution|function body)(?: (?:goes|comes|should go))? here\b",
        message: "the code itself is missing here",
    },
    Phrase {
        rule: PLACEHOLDER,
        words: &["implement"],
        pattern: r"^(?:todo|fixme|xxx)\b[:\s(]*(?:\w+\)?:?\s+)?(?:implement|implementation)\b",
        message: "the code itself is missing here",
    },
    Phrase {
        rule: PLACEHOLDER,
        words: &["implement"],
        pattern: r"^(?:not (?:yet )?implemented(?: yet)?|to be implemented|implement (?:me|this)(?: later| here)?|implementation (?:goes|omitted|here|pending)\b.{0,20})\s*[.!]?$",
        message: "the code itself is missing here",
    },
    Phrase {
        rule: PLACEHOLDER,
        words: &["placeholder", "dummy", "mock", "stub", "simplified", "simulate"],
        pattern: r"^(?:this is (?:just )?)?(?:a |only a )?(?:placeholder|dummy|mock|stub|simplified)(?: version| implementation| logic| function)(?: of| for|\.|,|;|$)|^placeholder$|^simulated? (?:the )?(?:api|network|database|response|call)\b",
        message: "something stands here in place of the code",
    },
    Phrase {
        rule: PLACEHOLDER,
        words: &["real", "production", "demonstration", "demo purposes"],
        pattern: r"\bin (?:a )?(?:real|actual|production)[- ](?:world )?(?:application|app|implementation|system|scenario|code|environment|project)s?,? (?:this|you|we|it|use|the)\b|\bin production,? (?:you|we|this) (?:would|should)\b|\bfor (?:demonstration|demo) purposes\b",
        message: "the comment says that this is not how it should be done",
    },
    Phrase {
        rule: PLACEHOLDER,
        words: &["..."],
        pattern: r"^\.{3}$",
        message: "code may have been left out here",
    },
    Phrase {
        rule: RESIDUE,
        words: &["as an ai", "as a language model", "as a large language model"],
        pattern: r"^as an? (?:ai|large language model|language model)\b",
        message: "an answer of a model was copied with the code",
    },
    Phrase {
        rule: RESIDUE,
        words: &["certainly", "sure", "of course", "absolutely"],
        pattern: r"^(?:certainly|sure|of course|absolutely)[!,.] (?:here|i\b|i'|let me|below)",
        message: "an answer of a model was copied with the code",
    },
    Phrase {
        rule: RESIDUE,
        words: &["here is", "here's", "below is"],
        pattern: r"^(?:here(?: is|'s|’s)|below is) (?:the|your|an?) (?:updated|complete|completed|modified|corrected|full|refactored|revised|fixed|improved|rewritten) (?:code|version|implementation|function|class|file|script|program|solution)\b",
        message: "an answer of a model was copied with the code",
    },
    Phrase {
        rule: RESIDUE,
        words: &["hope this helps", "let me know if", "feel free to"],
        pattern: r"^(?:i )?hope this helps\b|^(?:please )?let me know if you (?:need|have|want|would)\b|^feel free to (?:ask|adjust|modify|customize)\b",
        message: "an answer of a model was copied with the code",
    },
]);
