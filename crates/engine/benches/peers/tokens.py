"""Tokens of this engine against those of the libraries that models are trained with, and speed.

    cargo build --release -p engine --example tokenize
    python tokens.py --folder FOLDER [--program PROGRAM] [--megabytes N] [--fuzz N] [--speed]

Needs tokenizers, tiktoken, sentencepiece, gguf and numpy from PyPI; made with Python 3.11,
tokenizers 0.23.3, sentencepiece 0.2.3, tiktoken 0.14.0, gguf 0.19.0.

Vocabularies are learnt here, from the text that is compared on: source files of this repository,
of Python's library and, in `COUNTERSIGN_TEXTS` (folders, `:` between), of whatever the machine
has. `--fuzz` texts follow: random bytes, mutated files, characters of all classes, long runs.
Equal means equal ids, of every text, for every family. `--speed` encodes the same ten megabytes
in turn by each program, with the same vocabulary; give the Rust programs with `--rust PROGRAM`,
built in `crates/bench/peers/rust_tokenizers`.
"""

import argparse
import array
import asyncio
import base64
import io
import json
import os
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy
import sentencepiece
from gguf import GGUFWriter
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
ENGINE = HERE.parent.parent
sys.path.insert(0, str(ENGINE / "tests/data"))
from make_tokenizers import LLAMA_3, PATTERNS, SENTENCE_PIECE, draw  # noqa: E402

SUFFIXES = {".py", ".rs", ".c", ".h", ".js", ".ts", ".go", ".java", ".md", ".toml", ".json", ".txt", ".html"}
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def find_texts(limit, seed=1):
    """Text files, shuffled, of `limit` bytes in all."""
    folders = [ENGINE.parent, Path(asyncio.__file__).parent.parent]
    folders += [Path(name) for name in os.environ.get("COUNTERSIGN_TEXTS", "").split(":") if name]
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in SUFFIXES)
    random.Random(seed).shuffle(paths)
    texts, size = [], 0
    for path in paths:
        if size >= limit:
            break
        if path.is_file() and path.stat().st_size < 300_000:
            texts.append(path.read_bytes().decode("utf-8", "replace"))
            size += len(texts[-1].encode())
    return texts


def fuzzed(texts, count):
    rng = random.Random(7)
    runs = ["a", " ", "\n", "\r\n", "\t", "é", "日", "0", "'", "=", "\u0301", "\u3000", "ab ", " a", "'s", "{}"]
    for index in range(count):
        kind = index % 5
        if kind == 0:
            yield rng.randbytes(rng.randrange(400)).decode("utf-8", "replace")
        elif kind == 1:
            source = bytearray(rng.choice(texts).encode()[:2000] or b"x")
            for _ in range(rng.randrange(1, 20)):
                at = rng.randrange(len(source))
                source[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(4))
                source = source or bytearray(b"x")
            yield source.decode("utf-8", "replace")
        elif kind == 2:
            yield draw(60, rng.random())
        elif kind == 3:
            yield "".join(rng.choice(runs) * rng.choice([1, 2, 3, 7, 40, 300]) for _ in range(6))
        else:
            codes = (rng.randrange(0x110000) for _ in range(80))
            yield "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


def learn(texts, steps, size):
    """A byte-level vocabulary; with no steps its pieces cross all words."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Sequence([*steps, BYTES])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    )
    model = json.loads(learner.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def write_model(path, tokens, fill):
    """A network of almost nothing with this vocabulary."""
    writer = GGUFWriter(path, "llama")
    for add, value in [
        (writer.add_context_length, 8), (writer.add_embedding_length, 8), (writer.add_block_count, 1),
        (writer.add_feed_forward_length, 8), (writer.add_head_count, 1), (writer.add_layer_norm_rms_eps, 1e-5),
    ]:
        add(value)
    writer.add_token_list(tokens)
    fill(writer)
    square = numpy.zeros((8, 8), numpy.float32)
    writer.add_tensor("token_embd.weight", numpy.zeros((len(tokens), 8), numpy.float32))
    writer.add_tensor("output_norm.weight", square[0])
    for part in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]:
        writer.add_tensor(f"blk.0.{part}.weight", square)
    for part in ["attn_norm", "ffn_norm"]:
        writer.add_tensor(f"blk.0.{part}.weight", square[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def byte_level_model(path, name, vocabulary, merges):
    def fill(writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(name)
        writer.add_token_merges([" ".join(merge) for merge in merges])

    write_model(path, sorted(vocabulary, key=vocabulary.get), fill)


def oracle(name, vocabulary, merges):
    bpe = models.BPE(vocab=vocabulary, merges=merges, ignore_merges=name in ("llama-bpe", "tekken"))
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*PATTERNS[name], BYTES])
    return tokenizer


def learn_pieces(texts, settings, size):
    made = io.BytesIO()
    lines = (line for text in texts for line in text.replace("\0", "").splitlines() if line)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines, model_writer=made, model_type="bpe", vocab_size=size, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        split_digits=True, num_threads=1, minloglevel=2, **settings,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())


def sentence_piece_model(path, processor, settings):
    tokens, scores, kinds = [], [], []
    for index in range(processor.get_piece_size()):
        text, kind = processor.id_to_piece(index), 1
        if processor.is_unknown(index):
            kind = 2
        elif processor.is_control(index):
            kind = 3
        elif processor.is_byte(index):
            kind = 6
        elif text in settings.get("user_defined_symbols", []):
            # Converters write these as they stand in text.
            kind, text = 4, text.replace("▁", " ")
        tokens.append(text)
        scores.append(processor.get_score(index))
        kinds.append(kind)

    def fill(writer):
        writer.add_tokenizer_model("llama")
        writer.add_token_scores(scores)
        writer.add_token_types(kinds)
        writer.add_add_space_prefix(settings["add_dummy_prefix"])

    write_model(path, tokens, fill)


def our_tokens(program, model, texts, folder):
    source, target = folder / "texts.bin", folder / "tokens.bin"
    encoded = [text.encode() for text in texts]
    source.write_bytes(b"".join(struct.pack("<I", len(text)) + text for text in encoded))
    subprocess.run([program, model, "ids", source, target], check=True)
    numbers = array.array("I", target.read_bytes())
    at, found = 0, []
    while at < len(numbers):
        found.append(numbers[at + 1 : at + 1 + numbers[at]].tolist())
        at += 1 + numbers[at]
    return found


def compare(label, program, model, texts, expected, folder):
    found = our_tokens(program, model, texts, folder)
    different = [index for index, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1]]
    count = sum(len(ids) for ids in expected)
    print(f"{label}: {len(texts)} texts, {count} tokens, {len(different)} texts differ", flush=True)
    for index in different[:3]:
        ours, theirs = found[index], expected[index]
        at = next(i for i in range(len(ours) + 1) if ours[: i + 1] != theirs[: i + 1])
        print(f"  text {index}: {texts[index][:200]!r}\n  at token {at}: {ours[at:at + 5]}, expected {theirs[at:at + 5]}")
    return not different


def compare_all(options, texts):
    """Vocabularies whose pieces cross words show best where words end; the larger ones do not."""
    folder, equal = options.folder, True
    # Three lines each, for a word as long as a text takes long to learn from.
    lines = "".join(texts)[:400_000].splitlines(keepends=True)
    across = ["".join(lines[i : i + 3]) for i in range(0, len(lines), 3)]
    for learnt, size, steps in [(across, 2_000, []), (texts, 32_000, PATTERNS["gpt-2"])]:
        vocabulary, merges = learn(learnt, steps, size)
        for name in PATTERNS:
            model = folder / f"{name}.gguf"
            byte_level_model(model, name, vocabulary, merges)
            reference = oracle(name, vocabulary, merges)
            expected = [encoding.ids for encoding in reference.encode_batch(texts)]
            equal &= compare(f"{name} of {len(vocabulary)}", options.program, model, texts, expected, folder)
    for name, settings in SENTENCE_PIECE.items():
        processor = learn_pieces(texts[:200], settings, 8_000)
        model = folder / f"{name}.gguf"
        sentence_piece_model(model, processor, settings)
        # NUL ends a text there.
        pieces = [text.replace("\0", "") for text in texts]
        expected = processor.encode(pieces)
        equal &= compare(f"{name} of 8000", options.program, model, pieces, expected, folder)
    return equal


def best(seconds):
    return min(seconds)


def measure(options, texts):
    """Megabytes a second of processor time, one thread, the best round of each program."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import tiktoken

    folder = options.folder
    text = "".join(texts)[: options.megabytes * 1_000_000]
    size = len(text.encode()) / 1e6
    (folder / "text.txt").write_text(text, newline="")
    vocabulary, merges = learn([text[:5_000_000]], PATTERNS["llama-bpe"], options.vocabulary)
    model = folder / "speed.gguf"
    byte_level_model(model, "llama-bpe", vocabulary, merges)
    letters = pre_tokenizers.ByteLevel.alphabet()
    plain = [byte for byte in range(256) if chr(byte) in letters]
    others = [byte for byte in range(256) if byte not in plain]
    byte_of = {chr(byte): byte for byte in plain} | {chr(256 + i): byte for i, byte in enumerate(others)}
    # Single bytes first, then in the order of the merges, as ranks must be there.
    ordered = [bytes([byte]) for byte in range(256)]
    ordered += [bytes(byte_of[char] for char in left + right) for left, right in merges]
    ranks = {piece: rank for rank, piece in enumerate(dict.fromkeys(ordered))}
    lines = (base64.b64encode(piece) + b" " + str(rank).encode() for piece, rank in ranks.items())
    (folder / "ranks.tiktoken").write_bytes(b"\n".join(lines) + b"\n")
    pattern = LLAMA_3
    tik = tiktoken.Encoding("local", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    # No cache would be fairer to nobody: each program is taken as it comes.
    hugging = oracle("llama-bpe", vocabulary, merges)

    def timed(work):
        start = time.process_time()
        work()
        return time.process_time() - start

    def ours():
        command = [options.program, model, "speed", folder / "text.txt", "3"]
        return best(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))

    # A text of ten megabytes at once takes `tokenizers` gigabytes: it gets the files one by one.
    runs = {"countersign": ours, "tiktoken": lambda: timed(lambda: tik.encode_ordinary(text)),
            "tokenizers": lambda: timed(lambda: [hugging.encode(part) for part in texts])}
    if options.rust:
        for name in ["bpe-openai", "tiktoken-rs"]:
            command = [options.rust, name, folder / "ranks.tiktoken", folder / "text.txt", "3"]
            runs[name] = lambda command=command: best(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    seconds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    our = best(seconds["countersign"])
    for name, found in seconds.items():
        print(f"{name}: {size / best(found):.1f} MB/s, ours {best(found) / our:.2f} times as fast", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--program", default="target/release/examples/tokenize")
    parser.add_argument("--rust", help="the program of crates/bench/peers/rust_tokenizers")
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--fuzz", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    texts = find_texts(options.megabytes * 1_000_000)
    print(f"{len(texts)} files, {sum(len(text.encode()) for text in texts) / 1e6:.1f} MB", flush=True)
    if options.speed:
        measure(options, texts)
    elif not compare_all(options, texts + list(fuzzed(texts, options.fuzz))):
        sys.exit("not equal")


if __name__ == "__main__":
    main()
