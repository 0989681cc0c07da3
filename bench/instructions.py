"""Counts instructions instead of time: `python -m bench.instructions`, where valgrind is installed.

The same in every run, whatever else the machine does; shows what a name costs and which functions of the
interpreter, expat or orjson take it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMES = 1_000
FEW, MANY = 2, 12
SMALL = 1_000
"""How often a small reply is read or written where a list is once."""
LISTS = [
    ("decode", 0, "all=0"),
    ("decode", 0, "operators=1"),
    ("decode", 1, "all=0"),
    ("decode", 2, "all=0"),
    ("decode", 2, "operators=1"),
    ("decode", 3, "all=0"),
    ("decode", 3, "operators=1"),
    ("encode", 0, "all=0"),
    ("encode", 0, "operators=1"),
    ("encode", 3, "all=0"),
]
REPLIES = [(work, fmt, name) for work in ("decode", "encode") for name in ("sent", "status") for fmt in range(4)]
CALLS_OF_A_LIST = """
from smsc_codec import Format, decode, encode
from bench.bodies import body, names
given, reply = body(Format({fmt}), "{name}", {names}), names("{name}", {names})
for _ in range({calls} + 1):
    decode(given, fmt={fmt}) if "{work}" == "decode" else encode(reply, fmt={fmt})
"""
CALLS_OF_A_REPLY = """
from smsc_codec import Format, decode, encode
from bench.small import REPLIES, call_of
small = next(small for small in REPLIES if small.name == "{name}")
call = call_of("{work}", small, Format({fmt}))
for _ in range({calls} * {small} + 1):
    call()
"""


def counted(script: str, work: str, fmt: int, name: str, calls: int) -> Counter[str]:
    """Return the instructions by function for that many calls, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        code = script.format(work=work, fmt=fmt, name=name, calls=calls, names=NAMES, small=SMALL)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, "-c", code]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
        listed = subprocess.run(
            ["callgrind_annotate", "--threshold=100", out], check=True, capture_output=True, text=True
        ).stdout
    found: Counter[str] = Counter()
    for count, where in re.findall(r"^\s*([\d,]+) (?:\([ \d.]+%\))?\s+(\S.*)$", listed, re.MULTILINE):
        name = "" if "PROGRAM TOTALS" in where else re.sub(r" \[.*", "", where.partition(":")[2])
        found[re.sub(r"'\d+$", "", name)] += int(count.replace(",", ""))
    return found


def main() -> None:
    """Print a row for each work."""
    print("| work | instructions a name or reply | where |\n|---|--:|---|")
    works = [(CALLS_OF_A_LIST, NAMES, *work) for work in LISTS]
    works += [(CALLS_OF_A_REPLY, SMALL, *work) for work in REPLIES]
    for script, pieces, work, fmt, name in works:
        spent = counted(script, work, fmt, name, MANY)
        spent.subtract(counted(script, work, fmt, name, FEW))
        total = spent.pop("")
        where = ", ".join(f"{place} {count / total:.0%}" for place, count in spent.most_common(6))
        print(f"| {work} fmt={fmt}, {name} | {total / (MANY - FEW) / pieces:,.0f} | {where} |", flush=True)


if __name__ == "__main__":
    main()
