//! The one error type of this crate. Messages are for people: what is wrong, where, what to do.
//!
//! A model file is untrusted input, so text taken from one is escaped and shortened
//! ([`excerpt`]) before it becomes part of a message.

use std::path::PathBuf;

/// Everything that can go wrong between opening a model and the last generated token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The model file could not be opened or mapped.
    #[error("cannot read the model file {}: {source}", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The first four bytes are not `GGUF`.
    #[error(
        "this is not a GGUF file: it starts with {found:02x?} instead of 'GGUF'; \
         convert the model to GGUF first"
    )]
    NotGguf {
        /// The first bytes of the file, at most four.
        found: Vec<u8>,
    },
    /// The file was written for a big-endian machine.
    #[error("this GGUF file is big-endian; only little-endian files are read, convert it again")]
    BigEndian,
    /// A GGUF version other than 2 and 3.
    #[error("GGUF version {found} is not supported (2 and 3 are); convert the model again")]
    UnsupportedVersion {
        /// The version in the file.
        found: u32,
    },
    /// Something claims more bytes than the file has.
    #[error(
        "the model file is cut short or damaged: {what} at byte {offset} needs {needed} bytes, \
         {left} are left; fetch the file again and compare its SHA-256"
    )]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it starts, in bytes from the start of the file.
        offset: usize,
        /// Bytes that it claims.
        needed: u64,
        /// Bytes that are there.
        left: usize,
    },
    /// The bytes are there, and make no sense.
    #[error(
        "the model file is damaged at byte {offset}: {what}; \
         fetch the file again and compare its SHA-256"
    )]
    Malformed {
        /// Where, in bytes from the start of the file.
        offset: usize,
        /// What is wrong.
        what: String,
    },
    /// A metadata key that this model needs is absent.
    #[error("the model file has no metadata key `{key}`; convert the model again")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A metadata value has another type than its key demands.
    #[error("metadata key `{key}` holds {found}, expected {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// The type that is needed.
        expected: &'static str,
        /// The type in the file.
        found: &'static str,
    },
    /// A metadata value of the right type that cannot be right.
    #[error("metadata key `{key}`: {why}")]
    InvalidValue {
        /// The key.
        key: String,
        /// What is wrong with the value.
        why: String,
    },
    /// A model architecture that has no implementation here.
    #[error("model architecture {found} is not supported; supported: {supported}")]
    UnsupportedArchitecture {
        /// The architecture in the file, escaped.
        found: String,
        /// All that can be run, comma-separated.
        supported: String,
    },
    /// The architecture is known, a variant that the file asks for is not.
    #[error("this model needs {what}, which is not supported")]
    UnsupportedFeature {
        /// The feature and the key that asks for it.
        what: String,
    },
    /// A tensor's element type cannot be computed with.
    #[error(
        "tensor {tensor} is stored as {found}, which is not supported; supported: {supported}; \
         use a file quantised to one of these"
    )]
    UnsupportedTensorType {
        /// Name of the tensor, escaped.
        tensor: String,
        /// Name or number of its type.
        found: String,
        /// All types that can be computed with, comma-separated.
        supported: &'static str,
    },
    /// A tensor that the architecture needs is absent.
    #[error("the model file has no tensor `{tensor}`; it is incomplete, convert the model again")]
    MissingTensor {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of another shape than the metadata demand. Shapes are in file order, row length
    /// first.
    #[error("tensor `{tensor}` has shape {found:?}, the metadata demand {expected:?}")]
    WrongShape {
        /// The tensor's name.
        tensor: String,
        /// Shape that the metadata demand.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A tensor that the architecture would not use: running without it would give wrong text.
    #[error(
        "tensor {tensor} is not part of architecture `{architecture}` as implemented here; \
         leaving it out would give wrong output, so the model is refused"
    )]
    UnexpectedTensor {
        /// The tensor's name, escaped.
        tensor: String,
        /// The architecture.
        architecture: &'static str,
    },
    /// A kind of tokenizer, or its way to split words, that is not implemented.
    #[error("`{key}` is {found}, which is not supported; supported: {supported}")]
    UnsupportedTokenizer {
        /// The metadata key.
        key: &'static str,
        /// The value in the file, escaped.
        found: String,
        /// All that is supported, comma-separated.
        supported: String,
    },
    /// The files of a model that is split do not belong together, or are not all there.
    #[error("the model is split over several files: {what}")]
    Shards {
        /// Which file, and what is wrong.
        what: String,
    },
    /// The vocabulary or the merges contradict themselves.
    #[error("the tokenizer in the model file is inconsistent: {what}")]
    InvalidTokenizer {
        /// What contradicts what.
        what: String,
    },
    /// The model is fine and larger than the caller allows.
    #[error("{what} is {found}, the limit is {limit}; {remedy}")]
    LimitExceeded {
        /// The quantity, with its unit.
        what: &'static str,
        /// How much the model needs.
        found: u64,
        /// How much is allowed.
        limit: u64,
        /// What can be done.
        remedy: &'static str,
    },
    /// The vocabulary has no token for a byte of the text.
    #[error("the vocabulary has no token for byte {byte:#04x}; this text cannot be given to it")]
    Unencodable {
        /// The byte.
        byte: u8,
    },
    /// A token id beyond the vocabulary.
    #[error("token id {token} is out of range: the vocabulary has {vocabulary} tokens")]
    TokenOutOfRange {
        /// The id.
        token: u32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },
    /// A model cannot predict from nothing.
    #[error("no tokens were given: the model needs at least one to continue from")]
    NoTokens,
    /// The prompt, or what was appended to it, does not fit the context.
    #[error(
        "{tokens} tokens do not fit the context of {context} tokens; \
         shorten the prompt or use a model with a longer context"
    )]
    ContextExceeded {
        /// Tokens that would have to be held.
        tokens: usize,
        /// Tokens that can be held.
        context: usize,
    },
    /// The network computed NaN or an infinity.
    #[error("the model computed {value} for token {token}; its weights are damaged or not trained")]
    NotFinite {
        /// The first token id whose logit is not finite.
        token: usize,
        /// NaN, inf or -inf.
        value: f32,
    },
    /// The bias forbids all tokens.
    #[error("no token may come next: all are forbidden; relax the bias or the constraint")]
    NothingAllowed,
    /// Code that the caller gave, or this crate's own, panicked. Other requests go on.
    #[error("{what} panicked: that is a defect in it; the message is in the log")]
    Panicked {
        /// What did.
        what: &'static str,
    },
    /// The server ended before the request did.
    #[error("the server was stopped before the request was done; start it and ask again")]
    Stopped,
    /// The system refused a thread.
    #[error("cannot start a thread: {source}; close other programs and try again")]
    Thread {
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A grammar that cannot be read, that nothing satisfies, or that is too complex to follow.
    #[error("the grammar cannot be followed: {what}")]
    Grammar {
        /// What is wrong with it, or which limit it exceeds.
        what: String,
    },
    /// An option outside its range.
    #[error("option `{option}`: {why}")]
    InvalidOption {
        /// The option's name.
        option: &'static str,
        /// The range that it must keep.
        why: String,
    },
}

/// Text from a file as it may appear in a message: quoted, escaped, at most 80 characters.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    match text.char_indices().nth(CHARS_MAX) {
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn excerpts_are_escaped_and_short() {
        assert_eq!(excerpt("a\u{1b}[2J"), r#""a\u{1b}[2J""#);
        assert_eq!(excerpt(&"é".repeat(5000)).chars().count(), 83);
    }
}
