"""How a cost is measured: side by side in this process, or each in a fresh one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from compileall import compile_dir
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from time import perf_counter

from .contest import Contender, Effort, Run

ROOT = Path(__file__).parent.parent
IMPORT = "from time import perf_counter as now\nstart = now()\nimport {modules}\nprint(now() - start)\n"
LOADED = "import sys, {modules}\nprint(sum(name.partition('.')[0] in {late} for name in sys.modules))\n"

# Linux hands `ru_maxrss` down to a new process, which would hide a growth below that of this one; the high-water
# mark of the address space begins anew. Where that file is missing `ru_maxrss` counts kilobytes, on macOS bytes.
PEAK = """
import sys
from {module} import {function}
def peak():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except FileNotFoundError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
body = sys.stdin.buffer.raw.readall()
before = peak()
answer = {function}(body{options})
print(peak() - before)
"""


def interleaved(contenders: Sequence[tuple[Contender, Run]], effort: Effort) -> list[list[float]]:
    """Return the seconds a run, side by side in this process."""
    return by_turns([run for _, run in contenders], effort)


def interleaved_for_long(contenders: Sequence[tuple[Contender, Run]], effort: Effort) -> list[list[float]]:
    """Return the same for what takes long."""
    return interleaved(contenders, replace(effort, rounds=effort.few))


def by_turns(runs: Sequence[Run], effort: Effort) -> list[list[float]]:
    """Return the seconds a run, taken by turns, so that what disturbs the machine disturbs all of them.

    The garbage collector stays on, as users have it. The cost of calling a function that does nothing is taken off.
    """
    runs = [*runs, _idle]
    loops = [_loops(run, effort.seconds) for run in runs]
    rounds = []
    for number in range(effort.rounds):
        costs = [0.0] * len(runs)
        for turn in range(len(runs)):
            place = (turn + number) % len(runs)  # Nobody is always the first.
            costs[place] = _time(runs[place], loops[place]) / loops[place]
        idle = costs.pop()
        rounds.append([max(cost - idle, 1e-9) for cost in costs])
    return rounds


def _idle() -> None:
    pass


def _time(run: Run, loops: int) -> float:
    start = perf_counter()
    for _ in repeat(None, loops):
        run()
    return perf_counter() - start


def _loops(run: Run, seconds: float) -> int:
    """Return how many runs take that long; the runs tried warm the contender up."""
    loops = 1
    while _time(run, loops) < seconds:
        loops *= 2
    return loops


def in_fresh_processes(contenders: Sequence[tuple[Contender, Run]], effort: Effort) -> list[list[float]]:
    """Return the numbers that the contenders' scripts print, each in a new interpreter, by turns."""
    # As an installer leaves it: nobody waits for the compiler at each start.
    compile_dir(ROOT / "smsc_codec", quiet=1)
    bodies = [contender.stdin() for contender, _ in contenders]
    return [
        [_script(contender.script, body) for (contender, _), body in zip(contenders, bodies)]
        for _ in range(effort.processes)
    ]


def in_few_fresh_processes(contenders: Sequence[tuple[Contender, Run]], effort: Effort) -> list[list[float]]:
    """Return the same for what takes seconds."""
    return in_fresh_processes(contenders, replace(effort, processes=effort.few))


def _script(script: str, body: bytes) -> float:
    # A file as standard input has a known size and is read without a buffer that grows.
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        command = [sys.executable, "-c", script]
        return float(subprocess.run(command, stdin=file, stdout=subprocess.PIPE, check=True, cwd=ROOT).stdout)
