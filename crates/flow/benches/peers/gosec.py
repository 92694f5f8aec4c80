"""Agreement with the samples of gosec, whose authors say how many issues each has.

    cargo build --release -p flow --example flow
    python3 crates/flow/benches/peers/gosec.py FOLDER

FOLDER holds gosec's `testutils`. A sample with an expected issue counts as found where one of the
rules below fires in it, one without as a false alarm where one does. `sure` counts findings of
severity warning or error, `any` also hints. Rules of gosec that have no counterpart are listed with none.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import tempfile

COUNTERPARTS = {
    "G101": "hardcoded-credentials", "G102": "bind-all-interfaces", "G103": "unsafe-memory",
    "G104": "unchecked-result", "G106": "host-key-check-off", "G107": "server-side-request-forgery",
    "G108": "debug-mode", "G109": "integer-truncation", "G110": "decompression-bomb",
    "G111": "path-traversal", "G112": "missing-timeout", "G114": "missing-timeout",
    "G115": "integer-truncation", "G201": "sql-injection", "G202": "sql-injection",
    "G203": "cross-site-scripting", "G204": "command-injection argument-injection",
    "G301": "file-permissions", "G302": "file-permissions", "G303": "temp-file",
    "G304": "path-traversal", "G305": "archive-traversal", "G306": "file-permissions",
    "G307": "file-permissions", "G401": "weak-hash", "G402": "certificate-check-off old-tls weak-cipher",
    "G403": "weak-key", "G404": "weak-random", "G405": "weak-cipher", "G406": "weak-hash",
    "G407": "static-iv", "G501": "weak-hash", "G502": "weak-cipher", "G503": "weak-cipher",
    "G505": "weak-hash", "G506": "weak-hash", "G507": "weak-hash", "G701": "sql-injection",
    "G702": "command-injection argument-injection", "G703": "path-traversal",
    "G704": "server-side-request-forgery", "G705": "cross-site-scripting", "G706": "log-injection",
    "G707": "mail-injection",
}


def samples(text):
    """Rule, texts and expected issues of each sample of a file."""
    for block in re.finditer(r"SampleCode(G\d+)\w* = \[\]CodeSample\{", text):
        following = re.compile(r"^\s*(?:var )?SampleCode\w+ = ", re.M).search(text, block.end())
        end = following.start() if following else len(text)
        body, at = text[block.end():end], 0
        while True:
            start = re.compile(r"\{\s*\[\]string\{").search(body, at)
            if not start:
                break
            at, texts = start.end(), []
            while True:
                opening = re.compile(r"\s*,?\s*(?:`|\})").match(body, at)
                if not opening or opening[0].endswith("}"):
                    at = opening.end() if opening else at + 1
                    break
                close = body.index("`", opening.end())
                texts.append(body[opening.end():close])
                at = close + 1
            count = re.compile(r"\s*,?\s*(\d+)").match(body, at)
            if count and texts:
                yield block[1], texts, int(count[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--flow", default="target/release/examples/flow")
    parser.add_argument("--show", help="print what is missed and what is false of this rule")
    options = parser.parse_args()
    known = []
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(options.folder.glob("g*_samples.go")):
            for rule, texts, count in samples(file.read_text()):
                paths = []
                for number, text in enumerate(texts):
                    path = pathlib.Path(folder, f"{rule}-{len(known)}-{number}.go")
                    path.write_text(text)
                    paths.append(str(path))
                known.append((rule, paths, count, texts))
        names = "\n".join(path for _, paths, _, _ in known for path in paths)
        run = subprocess.run([options.flow, "go", "-"], input=names, text=True, capture_output=True, check=True)
    alarms = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        path, _, _, rule, severity, *_ = line.split("\t")
        alarms[path].append((rule.removeprefix("GO-").lower(), severity.lower()))
    table = collections.defaultdict(collections.Counter)
    for rule, paths, count, texts in known:
        wanted = COUNTERPARTS.get(rule, "").split()
        fired = {severity for path in paths for name, severity in alarms[path] if name in wanted}
        row = table[rule]
        side = "bad" if count else "good"
        row[side] += 1
        row[side, "any"] += bool(fired)
        row[side, "sure"] += bool(fired - {"info"})
        if options.show == rule and bool(fired) != bool(count):
            print("-" * 30, side, "\n".join(texts))
    total = collections.Counter()
    print("rule   with issue  sure  any   without  sure  any   counterpart")
    for rule, row in sorted(table.items()):
        print(f"{rule}   {row['bad']:10} {row['bad', 'sure']:5} {row['bad', 'any']:4} {row['good']:9}"
              f" {row['good', 'sure']:5} {row['good', 'any']:4}   {COUNTERPARTS.get(rule, 'none')}")
        total.update(row)
        if rule in COUNTERPARTS:
            total.update({("covered", key): value for key, value in row.items()})
    for title, pick in (("all rules", lambda key: total[key]),
                        ("rules with a counterpart", lambda key: total["covered", key])):
        print(f"{title}: with issue {pick('bad')}, found sure {pick(('bad', 'sure'))}, any {pick(('bad', 'any'))};"
              f" without {pick('good')}, false sure {pick(('good', 'sure'))}, any {pick(('good', 'any'))}")


if __name__ == "__main__":
    main()
