//! Reads the metadata of one architecture, `<architecture>.<name>`, and checks what the numbers
//! must satisfy whatever the architecture.

use crate::error::{EngineError, excerpt};
use crate::gguf::{Gguf, invalid, missing};

/// The metadata keys of one architecture.
#[derive(Clone, Copy)]
pub(super) struct Keys<'g> {
    gguf: &'g Gguf<'g>,
    architecture: &'static str,
}

/// Sizes that every architecture has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dimensions {
    /// Tokens that the model was trained for.
    pub(super) context_length: usize,
    /// Elements of a token's state.
    pub(super) width: usize,
    pub(super) blocks: usize,
}

/// The heads of grouped-query attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    /// Heads of queries.
    pub(super) count: usize,
    /// Heads of keys and values; divides `count`.
    pub(super) kv_count: usize,
    /// Elements of one head.
    pub(super) width: usize,
}

impl<'g> Keys<'g> {
    pub(super) fn new(gguf: &'g Gguf<'g>, architecture: &'static str) -> Keys<'g> {
        Keys { gguf, architecture }
    }

    /// `name` with the architecture before it.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    /// An integer that is not zero.
    pub(super) fn size(&self, name: &str) -> Result<usize, EngineError> {
        self.gguf.size(&self.key(name))
    }

    /// An integer that, where present, is not zero.
    pub(super) fn optional_size(&self, name: &str) -> Result<Option<usize>, EngineError> {
        self.gguf.optional_size(&self.key(name))
    }

    /// An integer that may be zero.
    pub(super) fn optional_count(&self, name: &str) -> Result<Option<usize>, EngineError> {
        self.gguf.optional_count(&self.key(name))
    }

    pub(super) fn optional_float(&self, name: &str) -> Result<Option<f32>, EngineError> {
        self.gguf.optional_float(&self.key(name))
    }

    pub(super) fn optional_bool(&self, name: &str) -> Result<Option<bool>, EngineError> {
        self.gguf.optional_bool(&self.key(name))
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'g str>, EngineError> {
        self.gguf.optional_text(&self.key(name))
    }

    /// A float above zero, where present.
    pub(super) fn optional_positive(&self, name: &str) -> Result<Option<f32>, EngineError> {
        match self.optional_float(name)? {
            Some(number) if number <= 0.0 => {
                Err(invalid(&self.key(name), format!("{number} is not positive")))
            }
            other => Ok(other),
        }
    }

    /// What norms add before they divide.
    pub(super) fn epsilon(&self, name: &str) -> Result<f32, EngineError> {
        let key = self.key(name);
        let epsilon = self.gguf.optional_float(&key)?.ok_or_else(|| missing(&key))?;
        if !(0.0..1.0).contains(&epsilon) {
            return Err(invalid(&key, format!("{epsilon} is not in 0 to 1")));
        }
        Ok(epsilon)
    }

    /// An error if a key asks for a variant that shares the name and computes something else.
    pub(super) fn refuse(&self, names: &[&str]) -> Result<(), EngineError> {
        for name in names {
            if let Some(count) = self.optional_count(name)?
                && count > 0
            {
                return Err(self.unsupported(name, &count.to_string()));
            }
        }
        Ok(())
    }

    /// An error about a value that asks for something that is not implemented.
    pub(super) fn unsupported(&self, name: &str, value: &str) -> EngineError {
        EngineError::UnsupportedFeature { what: format!("{} = {value}", self.key(name)) }
    }

    /// As [`Keys::unsupported`], for a text from the file.
    pub(super) fn unsupported_text(&self, name: &str, value: &str) -> EngineError {
        self.unsupported(name, &excerpt(value))
    }

    /// An error about the value of a key.
    pub(super) fn invalid(&self, name: &str, why: String) -> EngineError {
        invalid(&self.key(name), why)
    }

    /// Context length, width and number of blocks, for a tokenizer with `vocabulary` tokens.
    pub(super) fn dimensions(&self, vocabulary: usize) -> Result<Dimensions, EngineError> {
        if let Some(count) = self.optional_size("vocab_size")?
            && count != vocabulary
        {
            let why = format!("{count}, but the tokenizer has {vocabulary} tokens");
            return Err(self.invalid("vocab_size", why));
        }
        Ok(Dimensions {
            context_length: self.size("context_length")?,
            width: self.size("embedding_length")?,
            blocks: self.size("block_count")?,
        })
    }

    /// How many positions a token sees, itself included; none where the file says nothing, or
    /// zero.
    pub(super) fn window(&self) -> Result<Option<usize>, EngineError> {
        Ok(self.optional_count("attention.sliding_window")?.filter(|window| *window > 0))
    }

    /// Experts in all, and those that a token goes to.
    pub(super) fn experts(&self) -> Result<(usize, usize), EngineError> {
        let (count, used) = (self.size("expert_count")?, self.size("expert_used_count")?);
        if used > count {
            let why = format!("{used} of {count} experts are not possible");
            return Err(self.invalid("expert_used_count", why));
        }
        Ok((count, used))
    }

    /// The heads of a model of `width`. Their width is a key of its own, or what is left of the
    /// model's for each.
    pub(super) fn heads(&self, width: usize) -> Result<Heads, EngineError> {
        let count = self.size("attention.head_count")?;
        let kv_count = self.optional_size("attention.head_count_kv")?.unwrap_or(count);
        if !count.is_multiple_of(kv_count) {
            let why = format!("{kv_count} does not divide the {count} attention heads");
            return Err(self.invalid("attention.head_count_kv", why));
        }
        let (key_name, value_name) = ("attention.key_length", "attention.value_length");
        let head_width = match self.optional_size(key_name)? {
            Some(head_width) => head_width,
            None if width.is_multiple_of(count) => width / count,
            None => {
                let why = format!("{count} heads do not divide the width {width}");
                return Err(self.invalid("attention.head_count", why));
            }
        };
        if self.optional_size(value_name)?.is_some_and(|value| value != head_width) {
            let what = format!("{} other than {}", self.key(value_name), self.key(key_name));
            return Err(EngineError::UnsupportedFeature { what });
        }
        if count.checked_mul(head_width).is_none() {
            let why = format!("{head_width} × {count} heads is too large");
            return Err(self.invalid(key_name, why));
        }
        Ok(Heads { count, kv_count, width: head_width })
    }
}

impl Heads {
    /// Elements of all queries of a token.
    pub(super) fn query_width(&self) -> usize {
        self.count * self.width
    }

    /// Elements of all keys, and of all values, of a token.
    pub(super) fn kv_width(&self) -> usize {
        self.kv_count * self.width
    }
}
