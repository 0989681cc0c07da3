"""Fuzzes every target for some time and reports executions and coverage: `python -m tests.fuzz --seconds 60`.

`--runs 1000` takes nearly the same inputs each time, so that a failure tells something about a change. As many targets
run at once as the machine has processors.

Needs atheris; says so and does nothing where that is not installed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from smsc_codec import Format
from tests.fuzz.seeds import BODIES, SEEDS
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# A body of the corpus has a few hundred bytes, a recording up to two thousand.
LONGEST = 2048


class Result(NamedTuple):
    """What came of one target."""

    executions: int
    edges: int
    """Branches of our bytecode that were taken, as atheris counts them."""
    corpus: int
    """Inputs that are kept, each for something that no other reaches."""
    percent: str
    """Of the lines and branches of the modules that were needed, as coverage.py counts them."""
    said: str
    crash: bytes | None


def inputs_of(target: str) -> Iterator[tuple[str, bytes]]:
    """Return the inputs that a target begins with, by name; the first bytes of each choose the options.

    The reader of recordings begins with small recordings, and the reader of callbacks with the calls of the table of
    cases. The others begin with its replies: each with the defaults, as a string, and with its own format. If the
    target is about one format, it begins with the replies in that one.
    """
    for number, seed in enumerate(SEEDS.get(target, ())):
        for choice in (0, 1):
            yield f"seed-{number}-{choice}", bytes([choice]) + seed
    if target in SEEDS:
        return
    formats = [fmt for fmt in Format if target.endswith(f"-{fmt.name.lower()}")] or [*Format]
    for number, (endpoint, fmt, body) in enumerate(BODIES):
        if fmt in formats:
            yield from _with_options(target, f"body-{number}", endpoint, fmt, body)


def _with_options(target: str, name: str, endpoint: int, fmt: int, body: bytes) -> Iterator[tuple[str, bytes]]:
    if target == "sequences":
        yield name, bytes([endpoint << 2 | fmt]) + body
        return
    for choice in {0, 32, fmt << 6}:
        yield f"{name}-{choice}", bytes([choice, endpoint]) + body


def write_corpus(folder: Path, target: str) -> None:
    """Write a file for every input that the target begins with."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in inputs_of(target):
        (folder / name).write_bytes(data)


def fuzz(target: str, length: Sequence[str], corpus: Path, crashes: Path) -> Result:
    """Run a target in a process of its own. *length* are libFuzzer's options that say how long."""
    write_corpus(corpus, target)
    command = [
        *("-m", "tests.fuzz.worker", target, str(corpus), f"-dict={HERE / 'tokens.dict'}"),
        *(*length, f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=2048"),
        *(
            "-use_value_profile=1",
            "-print_final_stats=1",
            "-report_slow_units=120",
            f"-exact_artifact_path={crashes / target}",
        ),
    ]
    done = _python(*command)
    said = done.stderr + done.stdout
    found = {name: int(number) for name, number in re.findall(r"stat::(\w+):\s+(\d+)", said)}
    edges = re.findall(r"cov: (\d+) .*corp: (\d+)/", said)
    artifact = crashes / target
    crash = artifact.read_bytes() if artifact.exists() else None
    if done.returncode and crash is None:
        raise SystemExit(f"{target} does not run:\n{said}")
    covered, size = map(int, edges[-1]) if edges else (0, 0)
    percent = _python("-m", "tests.fuzz.replay", target, str(corpus)).stdout.strip()
    return Result(found.get("number_of_executed_units", 0), covered, size, f"{percent or '?'} %", said, crash)


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=ROOT)


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0, or 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target; 60 if not given")
    parser.add_argument("--runs", type=int, help="inputs of each target, in place of a time")
    parser.add_argument("--target", action="append", choices=TARGETS, help="one of them; may be repeated")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what is found, for the next time")
    options = parser.parse_args(arguments)
    if find_spec("atheris") is None:
        print("not fuzzed: atheris is not installed here (pip install atheris)")
        return 0
    targets = options.target or [*TARGETS]
    broken = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        crashes = Path(folder)
        corpora = options.corpus or crashes / "corpus"
        length = (
            [f"-max_total_time={options.seconds}"] if options.runs is None else [f"-runs={options.runs}", "-seed=1"]
        )
        results = pool.map(lambda target: fuzz(target, length, corpora / target, crashes), targets)
        print(f"{'target':19}  {'executions':>11}  {'edges':>6}  {'corpus':>6}  {'coverage':>8}")
        for target, result in zip(targets, results):
            row = f"{target:19}  {result.executions:11,}  {result.edges:6,}  {result.corpus:6,}  {result.percent:>8}"
            print(row, flush=True)
            if result.crash is not None:
                broken += 1
                reason = re.findall(r"=== Uncaught Python exception: ===\n((?:.*\n){1,40}?)(?===|$)", result.said)
                print(f"{target}: {result.crash!r}\n{''.join(reason) or result.said[-3000:]}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
