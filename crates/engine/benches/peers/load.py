"""Time and memory to open a model file, this engine and llama.cpp in turn, cold and warm.

    cargo build --release -p engine --example measure --example synthesize
    target/release/examples/synthesize qwen2.5-coder-1.5b Q4_0 FILE
    python load.py [--measure PROGRAM] [--rounds N] FILE

Needs `llama-cpp-python` from PyPI. Cold: the system forgot the file's pages. Each opens it in a
process of its own, with its own defaults, and computes one token.
"""

import argparse
import ctypes
import os
import re
import resource
import statistics
import subprocess
import sys
import time


def forget(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def memory(key):
    with open("/proc/self/status") as status:
        return int(re.search(rf"{key}:\s+(\d+)", status.read())[1])


def llama_cpp(path):
    """Prints seconds to open, seconds of one token, processor seconds of both, and kB: resident, own, at most."""
    import llama_cpp as lib

    quiet = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(quiet, ctypes.c_void_p(0))
    lib.llama_backend_init()
    start, worked = time.perf_counter(), time.process_time()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    loaded = time.perf_counter()
    options = lib.llama_context_default_params()
    options.n_ctx = 64
    options.n_threads = options.n_threads_batch = 2
    context = lib.llama_init_from_model(model, options)
    token = (lib.llama_token * 1)(13)
    lib.llama_decode(context, lib.llama_batch_get_one(token, 1))
    lib.llama_synchronize(context)
    computed = time.perf_counter()
    worked = time.process_time() - worked
    print(loaded - start, computed - loaded, worked, memory("VmRSS"), memory("RssAnon"), memory("VmHWM"))


def ours(program, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run([program, path, "1", "0"], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    load = float(re.search(r"load: ([\d.]+) s", output)[1])
    rate = float(re.search(r"prompt: 1 tokens, ([\d.]+) a second", output)[1])
    done = re.search(r"done: (\d+) kB resident, of which (\d+) kB own; at most (\d+)", output)
    return [load, 1 / rate, worked, *map(int, done.groups())]


def theirs(path):
    command = [sys.executable, __file__, "--llama-cpp", path]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(number) for number in output.split()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--measure", default="target/release/examples/measure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--llama-cpp", action="store_true", help="used by this script itself")
    options = parser.parse_args()
    if options.llama_cpp:
        return llama_cpp(options.file)
    print(f"{options.file}: {os.path.getsize(options.file) / 1e9:.2f} GB")
    for state in ["cold", "warm"]:
        found = {"ours": [], "llama.cpp": []}
        for _ in range(options.rounds):
            for name, run in [("ours", lambda: ours(options.measure, options.file)), ("llama.cpp", lambda: theirs(options.file))]:
                if state == "cold":
                    forget(options.file)
                found[name].append(run())
        for name, rows in found.items():
            load, token, worked, resident, own, most = (statistics.median(column) for column in zip(*rows))
            print(f"{state}, {name}: open {load:.2f} s, first token {token:.2f} s, processor {worked:.2f} s; "
                  f"resident {resident / 1e3:.0f} MB, own {own / 1e3:.0f} MB, at most {most / 1e3:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
