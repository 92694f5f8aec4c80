//! Local inference: tokens in, tokens out. GGUF files, tokenizers, transformers, samplers.
