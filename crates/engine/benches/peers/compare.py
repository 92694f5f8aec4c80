"""Speed of this engine and of llama.cpp on the same model files, in turn.

    cargo build --release -p engine --example speed
    python compare.py [--speed PROGRAM] [--threads N] [--rounds N] [--path best|avx2] FILE ...

Needs `llama-cpp-python` from PyPI, built from source so that llama.cpp uses what this processor
has: `CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python llama-cpp-python`.

Each round runs one, then the other, each in a process of its own: prefill of 512 tokens, then
decode of 128, after one short run to warm up. Rates are medians over the rounds, ratios medians
of the ratios of each round. Rates per second of processor time (of all threads together) are
what to look at where other work shares the machine; wall time counts on a quiet one.
"""

import argparse
import ctypes
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

PREFILL = 512
DECODE = 128
KINDS = ("prefill_wall", "prefill_cpu", "decode_wall", "decode_cpu")


def measure_llama_cpp(path, threads):
    """One run in this process. Prints a line of JSON with the keys of `KINDS`."""
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


def last_json_line(command):
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def compare(options, path):
    ours, theirs = [], []
    engine = [options.speed, path, "--threads", str(options.threads), "--path", options.path]
    llama = [sys.executable, __file__, "--llama-cpp", "--threads", str(options.threads), path]
    for _ in range(options.rounds):
        ours.append(last_json_line(engine))
        theirs.append(last_json_line(llama))
    name = Path(path).stem
    print(f"{name}, {ours[0]['kernels']}, {ours[0]['threads']} threads")
    for kind in KINDS:
        pairs = [(our[kind], their[kind]) for our, their in zip(ours, theirs)]
        our = statistics.median(pair[0] for pair in pairs)
        their = statistics.median(pair[1] for pair in pairs)
        ratios = sorted(pair[0] / pair[1] for pair in pairs)
        print(
            f"  {kind:12} {our:8.1f} / {their:8.1f} tok/s, ratio {statistics.median(ratios):.2f}"
            f" ({ratios[0]:.2f} to {ratios[-1]:.2f})",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--speed", default="target/release/examples/speed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--path", default="best")
    parser.add_argument("--llama-cpp", action="store_true", help="used by this script itself")
    options = parser.parse_args()
    for path in options.files:
        if options.llama_cpp:
            measure_llama_cpp(path, options.threads)
        else:
            compare(options, path)


if __name__ == "__main__":
    main()
