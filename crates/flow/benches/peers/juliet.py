"""Shares of bad and good functions of the Juliet suite for C and C++ in which something is found.

    cargo build --release -p flow --example flow
    python3 crates/flow/benches/peers/juliet.py FOLDER [--sample N] [--files LIST] [--show CWE]

FOLDER holds `testcases/CWE…`. Cases of one file only: their bad and their good functions stand
together. A function is bad where its name ends in `bad` or contains `badSink` or `badSource`, good
where it contains `good`. A bad case counts as found where a finding stands in one of its bad
functions; a good function where a finding stands in it. Findings count in two ways: any finding of
severity warning or error, and those whose CWE is of the family of the folder's.
"""

import argparse
import collections
import pathlib
import random
import re
import subprocess

# What a folder's number is taken to cover: MITRE's parents and children, and what the same defect is
# also called.
FAMILIES = [
    {"119", "120", "121", "122", "123", "124", "125", "126", "127", "129", "131", "135", "170", "193", "242", "467",
     "464", "463", "468", "469", "588", "680", "685", "787", "788", "805", "806", "843", "676"},
    {"190", "191", "192", "194", "195", "196", "197", "680", "681", "789", "400", "770"},
    {"401", "404", "459", "771", "772", "773", "775"},
    {"415", "416", "590", "761", "762", "763", "675", "672", "666", "910"},
    {"476", "690", "252", "253", "754"},
    {"457", "665", "824", "908", "909"},
    {"78", "77", "88", "426", "427"},
    {"22", "23", "36", "73"},
    {"256", "259", "321", "522", "798", "319", "312", "313", "526", "534", "535", "615", "532"},
    {"327", "328", "325", "338", "330"},
    {"134"}, {"367", "362", "366", "364"}, {"377", "379"}, {"369"}, {"562"}, {"90"}, {"114", "15", "20"},
    {"606", "400", "770", "789", "835"}, {"284", "272", "273", "250"},
]


def family(number):
    return {number}.union(*(members for members in FAMILIES if number in members))


def good_functions(text):
    """Names of the good functions that a file defines."""
    return {match[1] for match in re.finditer(r"^\s*(?:static )?[\w ]+\**\s*\b(\w*good\w*)\s*\([^;{]*\)\s*\{", text, re.M | re.I)}


def kind(name):
    if re.search(r"(^|_)bad$|badSink|badSource|[a-z]Bad$|^bad\w*|helperBad", name):
        return "bad"
    return "good" if re.search(r"good", name, re.I) else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--flow", default="target/release/examples/flow")
    parser.add_argument("--sample", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show")
    options = parser.parse_args()
    chosen = collections.defaultdict(list)
    for path in sorted(options.folder.glob("testcases/CWE*/**/*.c*")):
        if re.search(r"_\d\d\.(c|cpp)$", path.name) and "w32" not in path.name:
            chosen[re.match(r"CWE(\d+)", path.name)[1]].append(path)
    random.seed(options.seed)
    for paths in chosen.values():
        random.shuffle(paths)
        del paths[options.sample:]
    alarms = collections.defaultdict(list)
    for ending, language in ((".c", "c"), (".cpp", "cpp")):
        names = [str(path) for paths in chosen.values() for path in paths if path.suffix == ending]
        if names:
            run = subprocess.run([options.flow, language, "-"], input="\n".join(names), text=True,
                                 capture_output=True, check=True)
            for line in run.stdout.splitlines():
                path, number, function, rule, severity, _, cwes, message = line.split("\t")
                alarms[path].append((int(number), function, rule, severity.lower(), cwes, message))
    total = collections.Counter()
    print("CWE   cases  bad any  bad family   good functions  any  family")
    for number, paths in sorted(chosen.items(), key=lambda item: int(item[0])):
        wanted = family(number)
        count = collections.Counter(cases=len(paths))
        for path in paths:
            text = path.read_text(errors="replace")
            found = set()
            for line, function, rule, severity, cwes, message in alarms[str(path)]:
                if severity == "info":
                    continue
                which = kind(function)
                fits = bool(wanted & {cwe.removeprefix("CWE-") for cwe in cwes.split(",")})
                if which:
                    found |= {(which, "any", function)} | ({(which, "family", function)} if fits else set())
                if options.show == number:
                    print(f"    {path.name}:{line} {function} {rule} {'*' if fits else ' '} {message}")
            goods = good_functions(text)
            count["goods"] += len(goods)
            for way in ("any", "family"):
                count["bad", way] += any(f[:2] == ("bad", way) for f in found)
                count["good", way] += len({f for f in found if f[:2] == ("good", way)})
        total.update(count)
        print(f"{number:>5} {count['cases']:5} {count['bad', 'any']:8} {count['bad', 'family']:11} "
              f"{count['goods']:16} {count['good', 'any']:4} {count['good', 'family']:7}")
    share = lambda part, whole: f"{100 * part / max(whole, 1):.1f} %"
    print(f"bad cases found: any {share(total['bad', 'any'], total['cases'])}, "
          f"family {share(total['bad', 'family'], total['cases'])} of {total['cases']}")
    print(f"good functions with a finding: any {share(total['good', 'any'], total['goods'])}, "
          f"family {share(total['good', 'family'], total['goods'])} of {total['goods']}")


if __name__ == "__main__":
    main()
