"""Compares cyclomatic complexity with lizard: functions of the same name in the same file.

    pip install lizard
    cargo build -p guard --example findings
    find SOURCES -name '*.java' | python complexity.py .../examples/findings

Names that stand more than once in a file are left out. Prints per extension: functions compared,
those with the same number, and some that differ.
"""

import collections
import os
import subprocess
import sys

import lizard

files = [line.strip() for line in sys.stdin if line.strip()]
printed = subprocess.run(
    [sys.argv[1], "metrics"], input="\n".join(files), capture_output=True, text=True, check=True
).stdout
ours = collections.defaultdict(lambda: collections.defaultdict(list))
for line in printed.splitlines():
    path, _, paths, name = line.split(":", 3)
    ours[path][name.split("::")[-1].split(".")[-1].split(":")[-1]].append(int(paths))
same, all_, examples = collections.Counter(), collections.Counter(), collections.defaultdict(list)
for path in files:
    theirs = collections.defaultdict(list)
    for function in lizard.analyze_file(path).function_list:
        name = function.name.split("::")[-1].split(".")[-1].split(":")[-1]
        theirs[name].append(function.cyclomatic_complexity)
    extension = os.path.splitext(path)[1]
    for name, numbers in theirs.items():
        mine = ours[path].get(name, [])
        if len(numbers) != 1 or len(mine) != 1:
            continue
        all_[extension] += 1
        if numbers == mine:
            same[extension] += 1
        elif len(examples[extension]) < 4:
            examples[extension].append(f"{path} {name}: lizard {numbers[0]}, guard {mine[0]}")
for extension, count in sorted(all_.items()):
    print(f"{extension}: {same[extension]} of {count} the same")
    for example in examples[extension] if "--show" in sys.argv else []:
        print("  ", example)
