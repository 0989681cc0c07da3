"""Validate a recording of a million replies: `python -m bench.recordings`.

Makes a recording in JSON Lines (mixed formats, kinds and ways to say what was asked; one reply in a hundred is
damaged), validates it with the command line in one process and in several, and prints what it took: that every
damaged reply is reported and no other, the peak memory of each process, and how the speed compares with a loop
over `decode` and nothing else.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smsc_codec import DecodeError, ErrorReply, Format, Reply, SenderCreated, SenderError, Success, decode, encode

from .bodies import CASES, body

_DISTINCT = 400
"""Replies of each format; the million is drawn from them."""


def _replies(fmt: Format, chance: random.Random) -> Iterator[tuple[bytes, str]]:
    """Bodies in that format, with the query of the request that they answer."""
    views = [view for other, view in CASES if other is fmt]
    simple: list[tuple[Reply, str]] = [
        (SenderCreated(24336), "add=1"),
        (Success(), "del=1"),
        (ErrorReply(SenderError.NOT_FOUND, None if fmt is Format.CSV else "record not found"), "get=1"),
    ]
    for number in range(_DISTINCT):
        if number % 4 == 3:
            reply, query = simple[chance.randrange(3)]
            yield encode(reply, fmt=fmt), query
        else:
            view = chance.choice(views)
            yield body(fmt, view, chance.randint(1, 20)), f"get=1&{view}"


def _damaged(whole: bytes, fmt: Format, chance: random.Random) -> bytes:
    """The body cut or with a byte changed so that it cannot be decoded."""
    while True:
        at = chance.randrange(len(whole))
        broken = whole[:at] + (b"" if chance.random() < 0.5 else b"\x00" + whole[at + 1 :])
        try:
            decode(broken, fmt=fmt)
        except DecodeError:
            return broken


def _row(number: int, fmt: Format, whole: bytes, query: str) -> bytes:
    """A line of the recording, in one of three ways."""
    row: dict[str, Any] = {"fmt": int(fmt)}
    if number % 3 == 0:
        row = {"url": f"https://smsc.ru/sys/senders.php?login=l&psw=p&fmt={int(fmt)}&{query}", "time": _TIME}
    if number % 3 == 1:
        row["body_base64"] = base64.b64encode(whole).decode()
    else:
        row["body"] = whole.decode("latin-1")
    return json.dumps(row).encode() + b"\n"


_TIME = "2024-05-17T10:20:30Z"


def make(path: Path, count: int) -> tuple[set[int], list[tuple[bytes, Format]]]:
    """Write the recording. What comes back are the damaged lines, and some of the replies as they are drawn."""
    chance = random.Random(5)
    pool = [(whole, fmt, query) for fmt in Format for whole, query in _replies(fmt, chance)]
    broken = [(_damaged(whole, fmt, chance), fmt, query) for whole, fmt, query in pool if len(whole) > 1]
    drawn: list[tuple[bytes, Format]] = []
    bad = set()
    with open(path, "wb") as file:
        for number in range(1, count + 1):
            damaged = chance.random() < 0.01
            whole, fmt, query = chance.choice(broken if damaged else pool)
            if damaged:
                bad.add(number)
            elif len(drawn) < 100_000:
                drawn.append((whole, fmt))
            file.write(_row(number, fmt, whole, query))
    return bad, drawn


def loop(drawn: list[tuple[bytes, Format]]) -> float:
    """Replies a second of `decode` alone, the best of three rounds."""
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        for whole, fmt in drawn:
            decode(whole, fmt=fmt)
        best = min(best, time.perf_counter() - begin)
    return len(drawn) / best


def run(path: Path, jobs: int, bad: set[int]) -> tuple[float, float, float]:
    """Seconds, and MiB of the largest and of all processes. Raises `SystemExit` if anything else is found."""
    command = [sys.executable, "-m", "smsc_codec", "validate", "--format", "json", "--jobs", str(jobs), str(path)]
    with tempfile.TemporaryFile() as out:
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=out)
        peaks: dict[int, int] = {}
        while child.poll() is None:
            for process in _family(child.pid):
                peaks[process] = max(peaks.get(process, 0), _peak(process))
            # Looking takes time from those that are measured; a peak stays until it is seen.
            time.sleep(0.25)
        seconds = time.perf_counter() - begin
        out.seek(0)
        records = [json.loads(line) for line in out]
    found = {record["entry"] for record in records if record.get("severity") == "error"}
    if found != bad:
        raise SystemExit(f"{len(found - bad)} good replies were reported, {len(bad - found)} damaged ones were not")
    return seconds, max(peaks.values()) / 1024, sum(peaks.values()) / 1024


def _family(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [process, *(member for child in text.split() for member in _family(int(child)))]


def _peak(process: int) -> int:
    """KiB; Linux has it."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    """Make it, validate it, print the figures."""
    parser = argparse.ArgumentParser("python -m bench.recordings", description="Validate a million replies.")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many replies (default: 1,000,000)")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes to compare with one (default: 2)")
    parser.add_argument("--rounds", type=int, default=1, help="how often; the quickest counts (default: 1)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording.jsonl")
        bad, drawn = make(path, asked.count)
        print(f"{asked.count:,} replies, {os.path.getsize(path) / 1e6:,.0f} MB, {len(bad):,} damaged")
        alone = loop(drawn)
        print(f"decode in a loop: {alone:,.0f} replies/s")
        took = {}
        for jobs in (1, asked.jobs):
            rounds = [run(path, jobs, bad) for _ in range(asked.rounds)]
            seconds, largest, whole = min(rounds)[0], max(peak for _, peak, _ in rounds), max(rounds)[2]
            took[jobs] = seconds
            speed = asked.count / seconds
            print(
                f"--jobs {jobs}: {seconds:.1f} s, {speed:,.0f} replies/s, {speed / alone:.2f} of the loop, peak memory "
                f"{largest:.0f} MiB in the largest process, {whole:.0f} MiB in all"
            )
        print(f"{asked.jobs} jobs are {took[1] / took[asked.jobs]:.2f} times as fast as one")


if __name__ == "__main__":
    main()
