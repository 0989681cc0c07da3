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
WORKS = [
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
CALLS = """
from smsc_codec import Format, decode, encode
from bench.bodies import body, names
given, reply = body(Format({fmt}), "{view}", {names}), names("{view}", {names})
for _ in range({calls} + 1):
    decode(given, fmt={fmt}) if "{work}" == "decode" else encode(reply, fmt={fmt})
"""


def counted(work: str, fmt: int, view: str, calls: int) -> Counter[str]:
    """Instructions by function for that many calls, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        code = CALLS.format(work=work, fmt=fmt, view=view, calls=calls, names=NAMES)
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
    print("| work | instructions a name | where |\n|---|--:|---|")
    for work in WORKS:
        spent = counted(*work, MANY)
        spent.subtract(counted(*work, FEW))
        total = spent.pop("")
        where = ", ".join(f"{name} {count / total:.0%}" for name, count in spent.most_common(6))
        print(f"| {work[0]} fmt={work[1]}, {work[2]} | {total / (MANY - FEW) / NAMES:,.0f} | {where} |", flush=True)


if __name__ == "__main__":
    main()
