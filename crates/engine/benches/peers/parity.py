"""Logits, greedy text and perplexity of this engine beside llama.cpp's, on the same files.

    cargo build --release -p engine --example logits
    python parity.py --folder FOLDER [--program PROGRAM] [--text FILE ...]

Needs `llama-cpp-python`, gguf and numpy from PyPI; made with llama-cpp-python 0.3.36, gguf 0.19.0.

Four comparisons: the tiny models of the tests; the embedded model in F16 and Q8_0; a model of 256
wide blocks with random weights, quantised by llama.cpp to each type and its mixtures; perplexity of
the embedded model on `--text` (by default Python files of this repository). Both sides quantise
activations, each in its own way, so the quantised are also held against the same weights in F32.
"""

import argparse
import ctypes
import subprocess
from pathlib import Path

import gguf
import llama_cpp as lib
import numpy as np

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "tests/data"
MODELS = HERE.parents[3] / "models"
# Numbers of `llama_ftype`.
QUANTISED = {"Q8_0": 7, "Q4_0": 2, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18}
WIDTH, HIDDEN, HEADS, BLOCKS, SEED = 256, 512, 4, 3, 11
WINDOW = 256
TEXT = 24
# Of the tiny model.
STARCODER_WINDOW = 7


def quiet():
    callback = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(callback, ctypes.c_void_p(0))
    lib.llama_backend_init()
    return callback


class Llama:
    """llama.cpp with a cache in F32 and without the approximations of flash attention."""

    def __init__(self, path):
        self.model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        if not self.model:
            raise ValueError("llama.cpp does not load it")
        self.vocabulary = lib.llama_model_get_vocab(self.model)
        self.size = lib.llama_vocab_n_tokens(self.vocabulary)

    def logits(self, tokens):
        options = lib.llama_context_default_params()
        options.n_ctx = options.n_batch = options.n_ubatch = max(len(tokens), 32)
        options.n_threads = options.n_threads_batch = 1
        options.type_k = options.type_v = 0
        options.flash_attn_type = 0
        context = lib.llama_init_from_model(self.model, options)
        batch = lib.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index], batch.pos[index], batch.logits[index] = int(token), index, 1
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
        if lib.llama_decode(context, batch) != 0:
            raise ValueError("llama_decode failed")
        found = np.ctypeslib.as_array(lib.llama_get_logits(context), (len(tokens), self.size)).copy()
        lib.llama_batch_free(batch)
        lib.llama_free(context)
        return found

    def tokenize(self, text):
        data = text.encode()
        room = (lib.llama_token * (len(data) + 8))()
        return list(room[: lib.llama_tokenize(self.vocabulary, data, len(data), room, len(room), False, True)])


def ours(options, path, sequences):
    source, target = options.folder / "sequences.bin", options.folder / "logits.bin"
    np.concatenate([np.array([len(tokens), *tokens], np.uint32) for tokens in sequences]).tofile(source)
    subprocess.run([options.program, path, source, target], check=True)
    numbers = np.fromfile(target, np.float32)
    rows = numbers.reshape(sum(map(len, sequences)), -1)
    return np.split(rows, np.cumsum([len(tokens) for tokens in sequences])[:-1])


def relative(a, b):
    """Root mean square of the difference over that of the logits themselves."""
    return float(np.sqrt(np.mean((a - b) ** 2) / np.mean(b**2)))


def tiny(options):
    rng = np.random.default_rng(SEED)
    for path in sorted(DATA.glob("*.gguf")):
        tokens = rng.integers(5, 100, 40).tolist()
        try:
            theirs = Llama(path).logits(tokens)
        except ValueError as error:
            print(f"{path.stem}: {error}")
            continue
        [found] = ours(options, path, [tokens])
        # llama.cpp knows no sliding window of this architecture, so only what fits it is the same.
        if path.stem == "starcoder2":
            found, theirs = found[:STARCODER_WINDOW], theirs[:STARCODER_WINDOW]
        same = np.mean(found.argmax(-1) == theirs.argmax(-1))
        print(f"{path.stem}: {len(found)} positions, at most {np.abs(found - theirs).max():.1e} apart, "
              f"relative {relative(found, theirs):.1e}, likeliest token the same in {same:.1%}", flush=True)


PROMPTS = ["is_prime(n)", "reverse a string", "count the vowels of a text", "add all numbers of a list",
           "find the largest number", "write fibonacci(n)", "merge two sorted lists", "remove duplicates"]


def greedy(logits_of, prompt, count):
    tokens, gap = list(prompt), float("inf")
    for _ in range(count):
        last = logits_of(tokens)[-1]
        best = np.partition(last, -2)[-2:]
        gap = min(gap, float(abs(best[1] - best[0])))
        tokens.append(int(last.argmax()))
    return tokens[len(prompt) :], gap


def seedling(options):
    for kind in ["F16", "Q8_0"]:
        path = MODELS / f"seedling-{kind}.gguf"
        model = Llama(path)
        prompts = [model.tokenize(f"<|user|>\n{prompt}\n<|assistant|>\n") for prompt in PROMPTS]
        equal, doubtful = 0, 0
        texts = [greedy(model.logits, prompt, TEXT) for prompt in prompts]
        sequences = [prompt + text for prompt, (text, _) in zip(prompts, texts)]
        apart = 0.0
        # One pass over their text shows what we would have said at each step.
        for prompt, (text, gap), sequence, found in zip(prompts, texts, sequences, ours(options, path, sequences)):
            apart = max(apart, float(np.abs(found - model.logits(sequence)).max()))
            said = found[len(prompt) - 1 : -1].argmax(-1).tolist()
            equal += said == text
            doubtful += said != text and gap <= 0.05
        print(f"seedling {kind}: greedy text of {TEXT} tokens equal for {equal} of {len(prompts)} prompts "
              f"({doubtful} others have a gap of at most 0.05), logits at most {apart:.1e} apart", flush=True)


def write_random(path, source):
    """The vocabulary of the embedded model, and random weights in F32."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if field.name.startswith("tokenizer."):
            kind = field.types[0]
            sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, sub)
    tokens = len(reader.fields["tokenizer.ggml.tokens"].contents())
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    rng = np.random.default_rng(SEED)

    def matrix(name, rows, columns):
        values = rng.standard_normal((rows, columns)).astype(np.float32)
        writer.add_tensor(f"{name}.weight", values * np.float32(1.5 / columns**0.5))

    def norm(name):
        writer.add_tensor(f"{name}.weight", 1 + 0.1 * rng.standard_normal(WIDTH).astype(np.float32))

    matrix("token_embd", tokens, WIDTH)
    matrix("output", tokens, WIDTH)
    norm("output_norm")
    for block in range(BLOCKS):
        for part in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            matrix(f"blk.{block}.{part}", WIDTH, WIDTH)
        matrix(f"blk.{block}.ffn_gate", HIDDEN, WIDTH)
        matrix(f"blk.{block}.ffn_up", HIDDEN, WIDTH)
        matrix(f"blk.{block}.ffn_down", WIDTH, HIDDEN)
        norm(f"blk.{block}.attn_norm")
        norm(f"blk.{block}.ffn_norm")
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_dequantised(path, source):
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if field.name.startswith(("tokenizer.", "llama.")):
            kind = field.types[0]
            sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, sub)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, values.reshape(tensor.shape[::-1]).astype(np.float32))
    finish(writer)


def quantised(options):
    base = options.folder / "random-F32.gguf"
    write_random(base, MODELS / "seedling-F16.gguf")
    tokens = np.random.default_rng(SEED).integers(10, 4000, 128).tolist()
    for kind, number in QUANTISED.items():
        path, plain = options.folder / f"random-{kind}.gguf", options.folder / "dequantised.gguf"
        settings = lib.llama_model_quantize_default_params()
        settings.ftype = number
        if lib.llama_model_quantize(str(base).encode(), str(path).encode(), ctypes.byref(settings)) != 0:
            raise SystemExit(f"llama.cpp does not quantise to {kind}")
        write_dequantised(plain, path)
        [exact], [found], theirs = ours(options, plain, [tokens]), ours(options, path, [tokens]), Llama(path).logits(tokens)
        types = sorted({tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors})
        same = np.mean(found.argmax(-1) == theirs.argmax(-1))
        print(f"{kind} ({', '.join(types)}): relative to the same weights in F32: ours {relative(found, exact):.2e}, "
              f"llama.cpp {relative(theirs, exact):.2e}; to each other {relative(found, theirs):.2e}; "
              f"likeliest token the same in {same:.1%}", flush=True)


def perplexity(options):
    paths = options.text or sorted(DATA.glob("*.py")) + sorted(HERE.glob("*.py"))
    text = "".join(Path(path).read_text() for path in paths)
    for kind in ["F16", "Q8_0"]:
        path = MODELS / f"seedling-{kind}.gguf"
        model = Llama(path)
        tokens = model.tokenize(text)
        windows = [tokens[at : at + WINDOW] for at in range(0, len(tokens) - WINDOW + 1, WINDOW)]
        results = []
        for all_logits in [ours(options, path, windows), [model.logits(window) for window in windows]]:
            losses = []
            for window, logits in zip(windows, all_logits):
                logits = logits[:-1].astype(np.float64)
                top = logits.max(-1, keepdims=True)
                normaliser = top[:, 0] + np.log(np.exp(logits - top).sum(-1))
                losses.append(normaliser - logits[np.arange(len(window) - 1), window[1:]])
            results.append(float(np.exp(np.concatenate(losses).mean())))
        our, their = results
        print(f"perplexity of seedling {kind} on {len(windows)} windows of {WINDOW} tokens: ours {our:.5f}, "
              f"llama.cpp {their:.5f}, {our / their - 1:+.4%}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--program", default="target/release/examples/logits")
    parser.add_argument("--text", nargs="*")
    parser.add_argument("--part", nargs="*", default=["tiny", "seedling", "quantised", "perplexity"])
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    callback = quiet()
    for part in [tiny, seedling, quantised, perplexity]:
        if part.__name__ in options.part:
            part(options)
    del callback


if __name__ == "__main__":
    main()
