"""Makes small vocabularies and what the reference libraries make of a text with them.

`sample.txt` is written by hand (`words.txt`), cut from the sources of this repository, and drawn
at random, and then never changed: `--sample` makes it anew. `vocabularies.json` holds one
byte-level vocabulary, whose merges were learnt without any pattern, so that it shows where each
pattern cuts, and SentencePiece vocabularies of several settings. `<name>.ids` are the tokens of
the sample: little-endian u16, by the `tokenizers` package for patterns and by `sentencepiece`.

Made with Python 3.11, tokenizers 0.23.3, sentencepiece 0.2.3:
    python make_tokenizers.py
Nothing is downloaded; the same versions and sample give the same files.
"""

import array
import io
import json
import random
import sys
from pathlib import Path

import sentencepiece
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

FOLDER = Path(__file__).parent
SOURCES = FOLDER.parent.parent / "src"
SAMPLE = FOLDER / "sample.txt"

LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN_2 = LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")
GPT_2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# Cased letters, as the published file of DeepSeek LLM lists them, by code point.
RANGES = """41-5a 61-7a b5 c0-d6 d8-f6 f8-1ba 1bc-1bf 1c4-293 295-2af 370-373 376 377 37b-37d 37f 386 388-38a 38c
38e-3a1 3a3-3f5 3f7-481 48a-52f 531-556 10a0-10c5 13a0-13f5 13f8-13fd 1c90-1cba 1cbd-1cbf 1d00-1d2b 1d6b-1d77
1d79-1d9a 1e00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fbc 1fbe
1fc2-1fc4 1fc6-1fcc 1fd0-1fd3 1fd6-1fdb 1fe0-1fec 1ff2-1ff4 1ff6-1ffc 2102 2107 210a-2113 2115 2119-211d 2124 2126
2128 212a-212d 212f-2134 2139 213c-213f 2145-2149 214e 2183 2184 2c00-2c7b 2c7e-2ce4 2ceb-2cee 2cf2 2cf3 a640-a66d
a680-a69b a722-a76f a771-a787 a78b-a78e ab70-abbf fb00-fb06 fb13-fb17 ff21-ff3a ff41-ff5a 10400-1044f 104b0-104d3
104d8-104fb 10c80-10cb2 10cc0-10cf2 118a0-118df 1e900-1e943"""
CASED = "".join(
    "-".join(f"\\x{{{int(end, 16):x}}}" for end in entry.split("-")) for entry in RANGES.split()
)
HAN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
V3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"


def cased(after, numbers):
    """Words that end before a capital."""
    return (
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{after}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{after}|{numbers}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


DIGITS = pre_tokenizers.Digits(individual_digits=True)


def split(*patterns):
    return [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]


PATTERNS = {
    "gpt-2": split(GPT_2),
    "llama-bpe": split(LLAMA_3),
    "qwen2": split(QWEN_2),
    "starcoder": [DIGITS, *split(GPT_2)],
    "deepseek-llm": [
        *split(r"[\r\n]", rf"\s?[{CASED}]+", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"),
        *split(r"\s+$", HAN), DIGITS,
    ],
    "deepseek-coder": [*split(r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", HAN), DIGITS],
    "deepseek-v3": split(r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", V3),
    "gpt-4o": split(cased(CONTRACTIONS, r"\p{N}{1,3}")),
    "tekken": split(cased("", r"\p{N}")),
    "default": split(r"[\p{P}\$\+<=>\^~\|]+", GPT_2, r"\p{N}+", "[0-9][0-9][0-9]"),
}

SENTENCE_PIECE = {
    # As Llama 2 and Phi 3.
    "spm-prefix": dict(add_dummy_prefix=True),
    # As Gemma.
    "spm-plain": dict(add_dummy_prefix=False, user_defined_symbols=["▁▁", "▁▁▁", "▁▁▁▁", "<h1>", "\n\n"]),
    # Pieces across spaces, as no published model has, but a file may.
    "spm-across": dict(add_dummy_prefix=True, split_by_whitespace=False),
}


def draw(count, seed):
    """Characters of all kinds in short runs, most of them rare."""
    rng = random.Random(seed)
    parts = ["'s", "'RE", "'ſ", "  ", "\n", "\r\n", "\t", "12345", "½²", "_", "();", "== ", "\u3000", "\u00a0", "e\u0301"]
    out = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.4:
            out.append(rng.choice(parts))
        elif kind < 0.6:
            out.append(chr(rng.randrange(1, 0x250)))
        elif kind < 0.9:
            out.append("".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(1, 5))))
        else:
            code = rng.randrange(0x250, 0x20000)
            out.append(chr(code) if not 0xD800 <= code < 0xE000 else "?")
    return "".join(out)


def make_sample():
    files = ["tokenizer/pretokenizer.rs", "model/rope.rs", "error.rs", "sampler.rs"]
    code = "".join((SOURCES / file).read_text()[:7000] for file in files)
    # Bytes that are no UTF-8 become U+FFFD, as a reader of files would have it.
    rng = random.Random(3)
    noise = bytes(rng.randrange(256) for _ in range(3000)).replace(b"\0", b"").decode("utf-8", "replace")
    SAMPLE.write_text((FOLDER / "words.txt").read_text() + code + draw(3000, 5) + noise, newline="")


def byte_level(sample):
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = cut
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1400, initial_alphabet=sorted(alphabet), show_progress=False)
    lines = sample.splitlines(keepends=True)
    learner.train_from_iterator(("".join(lines[i : i + 3]) for i in range(0, len(lines), 3)), trainer)
    model = json.loads(learner.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    for name, steps in PATTERNS.items():
        # Llama 3 and Mistral take a word that is a token as a whole.
        whole = name in ("llama-bpe", "tekken")
        bpe = models.BPE(vocab=model["vocab"], merges=merges, ignore_merges=whole)
        tokenizer = Tokenizer(bpe)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*steps, cut])
        save(name, tokenizer.encode(sample).ids)
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return {"tokens": tokens, "merges": [" ".join(merge) for merge in merges]}


def sentence_piece(sample, settings):
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sample.splitlines()), model_writer=made, model_type="bpe", vocab_size=900,
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, split_digits=True, character_coverage=0.98, num_threads=1,
        minloglevel=2, **settings,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
    tokens, scores, kinds = [], [], []
    for index in range(processor.get_piece_size()):
        text = processor.id_to_piece(index)
        if processor.is_unknown(index):
            kind = 2
        elif processor.is_control(index):
            kind = 3
        elif processor.is_byte(index):
            kind = 6
        elif text in settings.get("user_defined_symbols", []):
            # Converters write these as they stand in text.
            kind, text = 4, text.replace("▁", " ")
        else:
            kind = 1
        tokens.append(text)
        scores.append(processor.get_score(index))
        kinds.append(kind)
    prefix = settings["add_dummy_prefix"]
    return {"tokens": tokens, "scores": scores, "kinds": kinds, "prefix": prefix}, processor.encode(sample)


def save(name, ids):
    numbers = array.array("H", ids)
    if sys.byteorder == "big":
        numbers.byteswap()
    (FOLDER / f"{name}.ids").write_bytes(numbers.tobytes())
    print(f"{name}: {len(ids)} tokens")


def main():
    if "--sample" in sys.argv or not SAMPLE.exists():
        make_sample()
    sample = SAMPLE.read_bytes().decode()
    vocabularies = {"byte-level": byte_level(sample)}
    for name, settings in SENTENCE_PIECE.items():
        vocabularies[name], ids = sentence_piece(sample, settings)
        save(name, ids)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in vocabularies.items())
    (FOLDER / "vocabularies.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
