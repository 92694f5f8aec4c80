//! Text that follows a grammar: a JSON schema, a regular expression, or a context-free grammar.
//!
//! The work is that of the `llguidance` crate: a lexer of derivatives of regular expressions, and
//! an Earley parser over its lexemes. It walks the vocabulary as a tree of bytes, so the tokens
//! that may come next are found together.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use llguidance::api::{ParserLimits, StopReason, TopLevelGrammar};
use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};
use llguidance::{ParserFactory, TokenParser, panic_utils};

use super::{Constraint, Piece, Progress, TokenMask};
use crate::error::{EngineError, excerpt};
use crate::model::Model;
use crate::tokenizer::Tokenizer;

/// Most bytes of a grammar.
const GRAMMAR_BYTES_MAX: usize = 1 << 16;
/// Most brackets that are open at one place of a grammar: it is read by recursion.
const NESTING_MAX: usize = 100;
/// Most bytes of a token that can come: the tree of the vocabulary is built by recursion.
const PIECE_BYTES_MAX: usize = 256;
/// Most nodes of that tree: 22 bits number them.
const NODES_MAX: usize = (1 << 22) - 1;
/// Most symbols in the productions of a grammar.
const SYMBOLS_MAX: usize = 20_000;
/// Most work to read a grammar: nodes of its expressions. A fifth of the crate's own limit, at
/// which hostile ones take seconds.
const READING_WORK_MAX: u64 = 200_000;
/// Most states of the lexer of a grammar, of 1 to 2 KiB each.
const LEXER_STATES_MAX: usize = 50_000;
/// Starts the name of a control token inside the crate, and is no byte of UTF-8.
const MARKER: u8 = TokTrie::SPECIAL_TOKEN_MARKER;

/// What a text must follow. At most 64 KiB, and 100 brackets deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar<'a> {
    /// A JSON schema (draft 2020-12 and before, without references to other documents). An
    /// entry `"x-guidance": {"whitespace_flexible": false}` asks for JSON without blanks.
    JsonSchema(&'a str),
    /// A regular expression of the whole text, without look-around.
    Regex(&'a str),
    /// A grammar in the notation of the Lark parser, as llguidance reads it; it begins at
    /// `start`.
    Lark(&'a str),
}

/// A vocabulary as grammars need it. Built once for a model.
pub(crate) struct GrammarVocabulary {
    factory: ParserFactory,
    /// Tokens that are text.
    text: TokenMask,
    /// The token that is the byte 0; those of the other bytes follow it.
    first_byte: u32,
}

impl GrammarVocabulary {
    pub(crate) fn new(tokenizer: &Tokenizer) -> Result<GrammarVocabulary, EngineError> {
        let vocabulary = tokenizer.vocabulary_size();
        let mut text = TokenMask::empty(vocabulary);
        let mut words = Vec::with_capacity(vocabulary + 257);
        for token in 0..vocabulary as u32 {
            let piece = tokenizer.piece(token)?;
            let is_usable = !tokenizer.is_control(token)
                && (1..=PIECE_BYTES_MAX).contains(&piece.len())
                && !piece.contains(&MARKER);
            text.set(token, is_usable);
            words.push(if is_usable { piece.to_vec() } else { Vec::new() });
        }
        // Tokens of this file only: each byte, for parts of pieces; and the end.
        words.extend((0..MARKER).map(|byte| vec![byte]));
        words.push(Vec::new());
        let nodes = tree_nodes(&words);
        if nodes > NODES_MAX {
            return Err(EngineError::LimitExceeded {
                what: "the tree of the vocabulary, in nodes,",
                found: nodes as u64,
                limit: NODES_MAX as u64,
                remedy: "use a model with a smaller vocabulary, or no grammar",
            });
        }
        let info = TokRxInfo::new(words.len() as u32, words.len() as u32 - 1);
        let environment: TokEnv = Arc::new(ApproximateTokEnv::new(TokTrie::from(&info, &words)));
        let mut factory = guarded(|| told(ParserFactory::new_simple(&environment)))
            .map_err(|what| EngineError::Grammar { what })?;
        factory.quiet();
        *factory.limits_mut() = ParserLimits {
            max_grammar_size: SYMBOLS_MAX,
            initial_lexer_fuel: READING_WORK_MAX,
            max_lexer_states: LEXER_STATES_MAX,
            verbose_errors: false,
            ..ParserLimits::default()
        };
        Ok(GrammarVocabulary { factory, text, first_byte: vocabulary as u32 })
    }
}

impl fmt::Debug for GrammarVocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrammarVocabulary").finish_non_exhaustive()
    }
}

/// Nodes of the tree of all words, its root included.
fn tree_nodes(words: &[Vec<u8>]) -> usize {
    let mut sorted: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    let mut before: &[u8] = &[];
    let mut nodes = 1;
    for word in sorted {
        let common = word.iter().zip(before).take_while(|(a, b)| a == b).count();
        // Of equal words, each has a node.
        nodes += (word.len() - common).max(usize::from(!word.is_empty()));
        before = word;
    }
    nodes
}

/// Keeps a text to a grammar. It is complete where nothing can follow, and may end wherever the
/// grammar is satisfied.
pub struct GrammarConstraint {
    parser: TokenParser,
    vocabulary: Arc<GrammarVocabulary>,
    /// What may come next, once it was computed.
    mask: Option<TokenMask>,
    /// Nothing can follow.
    is_complete: bool,
    /// Why the grammar cannot be followed any further.
    failure: Option<String>,
}

impl GrammarConstraint {
    /// For one generation by `model`, from its first byte.
    ///
    /// # Errors
    /// [`EngineError::Grammar`] if the grammar cannot be read, nothing satisfies it, or it is
    /// too large or too complex; [`EngineError::LimitExceeded`] for a vocabulary that is.
    pub fn new(model: &Model, grammar: Grammar<'_>) -> Result<GrammarConstraint, EngineError> {
        let vocabulary = model.grammar_vocabulary()?;
        let (kind, text) = match grammar {
            Grammar::JsonSchema(text) => ("json_schema", text),
            Grammar::Regex(text) => ("regex", text),
            Grammar::Lark(text) => ("lark", text),
        };
        check_size(text)?;
        let parser = guarded(|| {
            let grammar = told(TopLevelGrammar::from_tagged_str(kind, text))?;
            let mut parser = told(vocabulary.factory.create_parser(grammar))?;
            parser.start_without_prompt();
            Ok(parser)
        });
        let parser = parser.map_err(|what| EngineError::Grammar { what })?;
        let mut constraint =
            GrammarConstraint { parser, vocabulary, mask: None, is_complete: false, failure: None };
        constraint.find_end();
        match constraint.failure.take() {
            Some(what) => Err(EngineError::Grammar { what }),
            None => Ok(constraint),
        }
    }

    /// The tokens that may come next; None after a failure.
    fn mask(&mut self) -> Option<&TokenMask> {
        if self.mask.is_none() && self.failure.is_none() {
            let mut mask = self.vocabulary.text.clone();
            if self.is_complete {
                mask.intersect(&[]);
            } else if let Some(allowed) = self.attempt(|parser| told(parser.compute_mask())) {
                mask.intersect(allowed.as_slice());
            } else if self.parser.stop_reason() == StopReason::NoExtensionBias {
                // No failure: the vocabulary has no token that fits.
                self.failure = None;
                mask.intersect(&[]);
            }
            self.mask = self.failure.is_none().then_some(mask);
        }
        self.mask.as_ref()
    }

    /// The tokens that spell a piece.
    fn tokens(&self, piece: Piece<'_>) -> Vec<u32> {
        let first_byte = self.vocabulary.first_byte;
        match piece.token {
            Some(token) => vec![token],
            None => piece.bytes.iter().map(|byte| first_byte + u32::from(*byte)).collect(),
        }
    }

    fn find_end(&mut self) {
        self.is_complete = self.attempt(|parser| told(parser.check_stop())).unwrap_or(false);
    }

    /// Calls the parser. None, and a failure, if that fails.
    fn attempt<T>(
        &mut self,
        call: impl FnOnce(&mut TokenParser) -> Result<T, String>,
    ) -> Option<T> {
        let parser = &mut self.parser;
        match guarded(|| call(parser)) {
            Ok(value) => Some(value),
            Err(what) => {
                self.failure = Some(what);
                None
            }
        }
    }
}

impl Constraint for GrammarConstraint {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        if let Some(token) = piece.token {
            return self.mask().is_some_and(|mask| mask.contains(token));
        }
        if self.failure.is_some() || self.is_complete || piece.bytes.contains(&MARKER) {
            return false;
        }
        let tokens = self.tokens(piece);
        let read = self.attempt(|parser| told(parser.validate_tokens_raw(&tokens)));
        read == Some(tokens.len())
    }

    fn narrow(&mut self, mask: &mut TokenMask) -> Result<bool, EngineError> {
        match self.mask() {
            Some(allowed) => mask.intersect(allowed.words()),
            None => {
                let what = self.failure.clone().unwrap_or_default();
                return Err(EngineError::Grammar { what });
            }
        }
        Ok(true)
    }

    fn advance(&mut self, piece: Piece<'_>) -> Progress {
        self.mask = None;
        for token in self.tokens(piece) {
            if self.failure.is_none() {
                self.attempt(|parser| told(parser.consume_token(token)));
            }
        }
        if self.failure.is_none() {
            self.find_end();
        }
        if self.is_complete { Progress::Complete(piece.bytes.len()) } else { Progress::Open }
    }

    fn may_end(&mut self) -> bool {
        let is_accepting = |parser: &mut TokenParser| Ok(parser.is_accepting());
        self.failure.is_none() && (self.is_complete || self.attempt(is_accepting) == Some(true))
    }
}

impl fmt::Debug for GrammarConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("GrammarConstraint");
        shown.field("is_complete", &self.is_complete).field("failure", &self.failure);
        shown.finish_non_exhaustive()
    }
}

/// Calls code that panics where it has a fault; that is an error too.
fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let outcome = panic_utils::catch_unwind(AssertUnwindSafe(|| Ok(call())));
    outcome.unwrap_or_else(|panic| Err(message(&panic)))
}

fn told<T, E: fmt::Display>(outcome: Result<T, E>) -> Result<T, String> {
    outcome.map_err(|error| message(&error))
}

/// The first line of an error, which may quote the grammar: escaped and shortened.
fn message(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    excerpt(text.lines().next().unwrap_or_default())
}

/// Refuses what could not be read in reasonable time and depth.
fn check_size(text: &str) -> Result<(), EngineError> {
    let limit = |what, found: usize, limit: usize| {
        let remedy = "make it simpler";
        Err(EngineError::LimitExceeded { what, found: found as u64, limit: limit as u64, remedy })
    };
    if text.len() > GRAMMAR_BYTES_MAX {
        return limit("the size of the grammar, in bytes,", text.len(), GRAMMAR_BYTES_MAX);
    }
    let (mut depth, mut depth_max) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth_max = depth_max.max(depth);
    }
    if depth_max > NESTING_MAX {
        return limit("the depth of brackets in the grammar", depth_max, NESTING_MAX);
    }
    Ok(())
}
