"""Writes model files with random weights and the shapes of real models, to measure speed with.

    python make_files.py FOLDER [NAME ...]

Needs `numpy`, `gguf` and `llama-cpp-python` (for its quantiser) from PyPI. For each NAME (`0.5B`,
`1.5B`; both by default) writes NAME-F16.gguf, -Q8_0, -Q4_0 and -Q4_K_M to FOLDER. The shapes are
those of Qwen2.5-Coder (tied output, grouped heads), the architecture is `llama`: the same
products but for three small bias vectors a block. The vocabulary is bytes and fillers.
"""

import ctypes
import sys
from pathlib import Path

import gguf
import llama_cpp
import numpy as np

VOCABULARY = 151_936
# Blocks, width, heads, heads of keys and values, hidden width.
SHAPES = {"0.5B": (24, 896, 14, 2, 4864), "1.5B": (28, 1536, 12, 2, 8960)}
# Numbers of `enum llama_ftype`.
FILE_TYPES = {"Q8_0": 7, "Q4_0": 2, "Q4_K_M": 15}


def stand_ins():
    """The characters that stand for the 256 bytes in byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) if byte in plain else chr(256 + others.index(byte)) for byte in range(256)]


def write_f16(path, name):
    blocks, width, heads, kv_heads, hidden = SHAPES[name]
    head_width = width // heads
    tokens = stand_ins() + ["th", "<|end|>"]
    fillers = VOCABULARY - len(tokens)
    kinds = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL]
    tokens += [f"[PAD{index}]" for index in range(fillers)]
    kinds += [gguf.TokenType.UNUSED] * fillers

    out = gguf.GGUFWriter(path, "llama")
    out.add_name(f"random {name}")
    out.add_block_count(blocks)
    out.add_context_length(32_768)
    out.add_embedding_length(width)
    out.add_feed_forward_length(hidden)
    out.add_head_count(heads)
    out.add_head_count_kv(kv_heads)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_freq_base(1_000_000.0)
    out.add_rope_dimension_count(head_width)
    out.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list(tokens)
    out.add_token_types(kinds)
    out.add_token_merges(["t h"])
    out.add_eos_token_id(257)
    out.add_add_bos_token(False)

    random = np.random.default_rng(42)

    def add(tensor, rows, columns, spread=None):
        spread = spread or 1 / np.sqrt(columns)
        values = random.standard_normal((rows, columns), dtype=np.float32) * spread
        out.add_tensor(tensor, values.astype(np.float16))

    add("token_embd.weight", VOCABULARY, width, 0.02)
    out.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for block in range(blocks):
        prefix = f"blk.{block}."
        out.add_tensor(prefix + "attn_norm.weight", np.ones(width, np.float32))
        add(prefix + "attn_q.weight", width, width)
        add(prefix + "attn_k.weight", kv_heads * head_width, width)
        add(prefix + "attn_v.weight", kv_heads * head_width, width)
        add(prefix + "attn_output.weight", width, width)
        out.add_tensor(prefix + "ffn_norm.weight", np.ones(width, np.float32))
        add(prefix + "ffn_gate.weight", hidden, width)
        add(prefix + "ffn_up.weight", hidden, width)
        add(prefix + "ffn_down.weight", width, hidden)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def quantise(source, target, file_type):
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = file_type
    status = llama_cpp.llama_model_quantize(
        str(source).encode(), str(target).encode(), ctypes.byref(options)
    )
    if status != 0:
        sys.exit(f"quantising {target} failed with status {status}")


def main():
    folder, *names = sys.argv[1:]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or SHAPES:
        whole = folder / f"{name}-F16.gguf"
        write_f16(whole, name)
        for kind, file_type in FILE_TYPES.items():
            quantise(whole, folder / f"{name}-{kind}.gguf", file_type)


if __name__ == "__main__":
    main()
