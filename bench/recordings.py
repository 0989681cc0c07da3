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
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from smsc_codec import DecodeError, ErrorReply, Format, Reply, SenderCreated, SenderError, Success, decode, encode

from .bodies import CASES, body

_DISTINCT = 400
"""Replies of each format; the million is drawn from them."""


def _replies(fmt: Format, chance: random.Random) -> Iterator[tuple[bytes, str]]:
    """Yield bodies in that format, with the query of the request that they answer."""
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
    """Return the body cut or with a byte changed so that it cannot be decoded."""
    while True:
        at = chance.randrange(len(whole))
        broken = whole[:at] + (b"" if chance.random() < 0.5 else b"\x00" + whole[at + 1 :])
        try:
            decode(broken, fmt=fmt)
        except DecodeError:
            return broken


def _row(number: int, fmt: Format, whole: bytes, query: str) -> bytes:
    """Return a line of the recording, in one of three ways."""
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


def loop(drawn: list[tuple[bytes, Format]]) -> tuple[float, float]:
    """Return the seconds of `decode` alone for a reply, by the clock and of the processor: the best of three."""
    rounds = []
    for _ in range(3):
        begin, worked = time.perf_counter(), time.process_time()
        for whole, fmt in drawn:
            decode(whole, fmt=fmt)
        rounds.append((time.perf_counter() - begin, time.process_time() - worked))
    clock, worked = map(min, zip(*rounds))
    return clock / len(drawn), worked / len(drawn)


class Run(NamedTuple):
    """What one run took."""

    seconds: float
    worked: float
    """Seconds of the processor, of all processes."""
    largest: float
    """MiB, the peak of the largest process."""
    whole: float
    """MiB, the peaks of all processes together."""


def run(path: Path, jobs: int, bad: set[int]) -> Run:
    """Validate. Raises `SystemExit` if anything but the damaged replies is found."""
    command = [sys.executable, "-m", "smsc_codec", "validate", "--format", "json", "--jobs", str(jobs), str(path)]
    with tempfile.TemporaryFile() as out:
        begin, worked = time.perf_counter(), _worked()
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
    return Run(seconds, _worked() - worked, max(peaks.values()) / 1024, sum(peaks.values()) / 1024)


def _worked() -> float:
    """Return the seconds of the processor that all ended child processes took."""
    took = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took.ru_utime + took.ru_stime


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
        clock, worked = loop(drawn)
        print(f"decode in a loop: {1 / clock:,.0f} replies/s, {worked * 1e6:.1f} us of CPU a reply")
        took = {}
        for jobs in (1, asked.jobs):
            rounds = [run(path, jobs, bad) for _ in range(asked.rounds)]
            best = took[jobs] = Run(*map(min, zip(*rounds)))
            print(
                f"--jobs {jobs}: {best.seconds:.1f} s, {asked.count / best.seconds:,.0f} replies/s, "
                f"{clock * asked.count / best.seconds:.2f} of the loop; {best.worked:.1f} s of CPU, "
                f"{best.worked / asked.count * 1e6:.1f} us a reply, {worked * asked.count / best.worked:.2f} of it; "
                f"peak memory {max(done.largest for done in rounds):.0f} MiB in the largest process, "
                f"{max(done.whole for done in rounds):.0f} MiB in all"
            )
        one, several = took[1], took[asked.jobs]
        print(
            f"{asked.jobs} jobs are {one.seconds / several.seconds:.2f} times as fast as one, "
            f"with {several.worked / one.worked:.2f} times its CPU time"
        )


if __name__ == "__main__":
    main()
