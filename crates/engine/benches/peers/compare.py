"""Speed of this engine and of llama.cpp on the same model files, in turn, as a Markdown table.

    cargo build --release -p engine --example speed
    python compare.py [--speed PROGRAM] [--threads N] [--rounds N] [--path best|avx2]
                      [--clock wall|cpu] [--candle PROGRAM] FOLDER_OR_FILE ...

Of a folder it takes the six files `{0.5B,1.5B}-{Q8_0,Q4_0,Q4_K_M}.gguf` that `make_files.py`
writes. Needs `gguf` and `llama-cpp-python` from PyPI, the latter built from source so that
llama.cpp uses what this processor has:
`CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python llama-cpp-python`.

`--candle` adds a column for candle, prefill / decode, with the program that
`RUSTFLAGS=-Ctarget-cpu=native cargo build --release` builds in `crates/bench/peers/candle`.

Each round runs one, then the other, each in a process of its own: prefill of 512 tokens, then
decode of 128, after one short run to warm up. Rates are medians over the rounds, ratios medians
of the ratios of each round with their range. `--clock cpu` gives rates per second of processor
time (of all threads together), for machines that do other work as well; wall time counts on a
quiet one.

The last column says how near to what the machine can do this engine is, by the medians and the
best ceilings that were found beside them (`engine::Ceilings`): the operations of prefill as a part
of those of the processor on bytes, and the bytes of weights that decode reads as a part of those
that can be read from memory. Counted are two operations for each weight of the blocks, and the
bytes of all matrices, of the embedding only if it is the output; right for models without experts.
With the clock of the processor, ceilings are divided by the number of threads.
"""

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import gguf

PREFILL = 512
DECODE = 128
FILES = [f"{size}-{kind}.gguf" for size in ("0.5B", "1.5B") for kind in ("Q8_0", "Q4_0", "Q4_K_M")]


def measure_llama_cpp(path, threads):
    """One run in this process. Prints a line of JSON: tokens per second."""
    import llama_cpp as lib

    quiet = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(quiet, ctypes.c_void_p(0))
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    options = lib.llama_context_default_params()
    options.n_ctx = PREFILL + DECODE + 64
    options.n_batch = options.n_ubatch = PREFILL
    options.n_threads = options.n_threads_batch = threads
    context = lib.llama_init_from_model(model, options)

    def forward(tokens):
        # Named, because the batch only points at it.
        array = (lib.llama_token * len(tokens))(*tokens)
        batch = lib.llama_batch_get_one(array, len(tokens))
        if lib.llama_decode(context, batch) != 0:
            sys.exit("llama_decode failed")
        lib.llama_synchronize(context)

    def rates(name, count, work):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return {
            f"{name}_wall": count / (time.perf_counter() - wall),
            f"{name}_cpu": count / (time.process_time() - cpu),
        }

    def decode():
        for index in range(DECODE):
            forward([index * 11 % 251])

    forward([1, 2, 3])
    lib.llama_memory_clear(lib.llama_get_memory(context), True)
    prompt = [index * 7 % 251 for index in range(PREFILL)]
    found = rates("prefill", PREFILL, lambda: forward(prompt))
    print(json.dumps(found | rates("decode", DECODE, decode)))


def last_json_line(command, env=None):
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    return json.loads(output.strip().splitlines()[-1])


def work_per_token(path):
    """Operations of a token of prefill, and bytes of weights that a token of decode reads."""
    tensors = [tensor for tensor in gguf.GGUFReader(path).tensors if len(tensor.shape) > 1]
    is_tied = all(tensor.name != "output.weight" for tensor in tensors)
    operations = sum(2 * int(t.n_elements) for t in tensors if t.name.startswith("blk."))
    read = [t for t in tensors if is_tied or t.name != "token_embd.weight"]
    return operations, sum(int(t.n_bytes) for t in read)


def compare(options, path):
    """A row of the table."""
    ours, theirs = [], []
    shared = ["--threads", str(options.threads)]
    engine = [options.speed, path, *shared, "--path", options.path, "--ceilings", "yes"]
    llama = [sys.executable, __file__, "--llama-cpp", *shared, path]
    candle = []
    environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}
    for _ in range(options.rounds):
        ours.append(last_json_line(engine))
        theirs.append(last_json_line(llama))
        if options.candle:
            candle.append(last_json_line([options.candle, path], env=environment))
    cells, rates = [Path(path).stem], {}
    for kind in ("prefill", "decode"):
        key = f"{kind}_{options.clock}"
        pairs = [(our[key], their[key]) for our, their in zip(ours, theirs)]
        rates[kind] = statistics.median(pair[0] for pair in pairs)
        their = statistics.median(pair[1] for pair in pairs)
        ratios = sorted(pair[0] / pair[1] for pair in pairs)
        cells.append(
            f"{rates[kind]:.1f} / {their:.1f}, **{statistics.median(ratios):.2f}**"
            f" ({ratios[0]:.2f}–{ratios[-1]:.2f})"
        )
    if candle:
        rate = {kind: [run[f"{kind}_{options.clock}"] for run in candle] for kind in rates}
        cells.append(" / ".join(f"{statistics.median(rate[kind]):.1f}" for kind in rates))
    operations, weights = work_per_token(path)
    parts = 1 if options.clock == "wall" else options.threads
    memory = max(our["memory_gb_s"] for our in ours) / parts
    integers = max(our["integer_gop_s"] for our in ours) / parts
    prefill = rates["prefill"] * operations / 1e9
    decode = rates["decode"] * weights / 1e9
    cells.append(
        f"{prefill:.0f} of {integers:.0f} Gop/s, {prefill / integers:.0%};"
        f" {decode:.1f} of {memory:.1f} GB/s, {decode / memory:.0%}"
    )
    return f"| {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--speed", default="target/release/examples/speed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--path", default="best", choices=["best", "avx2"])
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"])
    parser.add_argument("--candle", help="the program built in crates/bench/peers/candle")
    parser.add_argument("--llama-cpp", action="store_true", help="used by this script itself")
    options = parser.parse_args()
    if options.llama_cpp:
        measure_llama_cpp(options.files[0], options.threads)
        return
    candle = " candle |" if options.candle else ""
    print(f"| file | prefill 512 | decode 128 |{candle} prefill of products; decode of memory |")
    print(f"|---|---|---|---|{'---|' if candle else ''}")
    for given in map(Path, options.files):
        for path in [given / name for name in FILES] if given.is_dir() else [given]:
            print(compare(options, str(path)), flush=True)


if __name__ == "__main__":
    main()
