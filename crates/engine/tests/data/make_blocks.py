"""Writes blocks.json beside this file: 256 weights of every tensor type as stored bytes, and the
f32 that they stand for, by the `dequantize` of the PyPI package `gguf` (the reference of llama.cpp).

    python make_blocks.py

Needs `gguf` and `numpy`. Quants and the scales of K blocks are random bits; f16 scales are
random numbers of either sign, one of them subnormal.
"""

import json
from pathlib import Path

import gguf
import numpy as np

WEIGHTS = 256
# Where the f16 scales of a block are.
SCALES = {
    "Q8_0": [0],
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
}


def stored(name, random):
    kind = gguf.GGMLQuantizationType[name]
    floats = (random.standard_normal(WEIGHTS) * 3).astype(np.float32)
    match name:
        case "F32":
            return kind, floats.view(np.uint8)
        case "F16":
            return kind, floats.astype(np.float16).view(np.uint8)
        case "BF16":
            return kind, (floats.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    weights, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (WEIGHTS // weights, size), dtype=np.uint8)
    for at in SCALES[name]:
        scales = random.standard_normal(len(blocks)).astype(np.float16)
        scales[-1] = scales[-1] if len(blocks) == 1 else np.float16(3e-6)
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return kind, blocks.reshape(-1)


def main():
    random = np.random.default_rng(7)
    cases = []
    for name in ("F32", "F16", "BF16", *SCALES):
        kind, data = stored(name, random)
        values = gguf.quants.dequantize(data, kind).astype("<f4").reshape(-1)
        assert len(values) == WEIGHTS and np.isfinite(values).all()
        cases.append({"kind": name, "bytes": data.tobytes().hex(), "f32": values.tobytes().hex()})
    target = Path(__file__).with_name("blocks.json")
    target.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
