"""`python -m tests.mutation [MODULE ...]`: which mutants no test notices."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from .mutants import PACKAGE, Mutant, mutants_of
from .survivors import LISTED, listed
from .worker import KILLED, STOPPED, SURVIVED, UNJUDGED, copy_of_the_checkout, judge, run, warm_up

# The quick ones first: most mutants die in the first moment.
_TESTS = ("model", "endpoint", "normal", "vectors", "errors", "places")
_ROWS = tuple(f"_rows.{name}" for name in ("opened", "presence", "read", "small", "source", "values", "write"))
_FORMATS = tuple(f"formats.{name}" for name in ("reader", "runs", "shapes", "csv", "free_text", "json", "text", "xml"))
_LANES = (
    *("columns", "lane_edges", "endpoint_vectors", "lists", "kinds", "lanes", "laws", "endpoint_laws", "alternatives"),
    *("limits", "reported_keys", "any_lists", "work", "limits-slow"),
)
_MORE = {
    **dict.fromkeys((*_ROWS, "_careful"), _LANES),
    **dict.fromkeys(_FORMATS, (*_LANES, "work-slow")),
    "declare": ("lane_edges", "endpoint_vectors", "kinds", "lists"),
    "codec": ("lane_edges", "endpoint_vectors", "limits", "options", "reported_keys"),
    "errors": ("messages",),
    "formats.grammar": ("lane_edges", "endpoint_vectors", "limits", "loading", "alternatives"),
    "formats.json_places": ("limits", "work-slow"),
    "mapping": ("kinds", "lists"),
    "model": ("kinds", "lists", "messages"),
    "limits": ("limits",),
    "_source": ("limits", "reported_keys", "secrets"),
    "formats.xml_tree": ("limits",),
    "_types": ("options", "messages", "kinds"),
    "query": ("query", "options"),
    "_multipart": ("multipart",),
    "_secrets.credentials": ("credentials", "recordings_secrets"),
    **dict.fromkeys(
        ("_secrets", *(f"_secrets.{name}" for name in ("search", "named_values", "known_values", "escapes"))),
        ("secrets", "reported_keys"),
    ),
    "endpoints.senders": ("query", "model"),
    **dict.fromkeys(
        tuple(f"endpoints.{name}" for name in ("send", "status", "balance", "info")), ("patterns", "laws", "laws-slow")
    ),
}
# The command line and forks, whose tests start processes, what tests of clients need, and what none of _TESTS is about.
_LEFT_OUT = ("__", "cli", "recordings", "testing", "_loading", "_pytest_plugin", "response", "_files")


def name_of(path: Path) -> str:
    """Return the name that the command line has for a module."""
    return ".".join(path.with_suffix("").parts[1:]).removesuffix(".__init__")


def tests_for(path: Path) -> tuple[str, ...]:
    """Return the tests for mutants of a module: `vectors` is `tests/test_vectors.py`."""
    return (*_TESTS, *_MORE.get(name_of(path), ()))


def modules() -> dict[str, Path]:
    """Return the modules that are mutated, by the names that the command line has for them."""
    paths = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
    return {name: path for name, path in paths.items() if not name.startswith(_LEFT_OUT)}


_folder = Path()


def _start(folders: Any) -> None:
    global _folder
    _folder = folders.get()


def _judged(mutant: Mutant) -> tuple[Mutant, str]:
    return mutant, judge(mutant, _folder, tests_for(mutant.path))


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the mutants; 1 if one survives that is not in the list."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("module", nargs="*", choices=[[], *modules()], help="such as _source; all if none is named")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time (%(default)s)")
    parser.add_argument("--log", type=Path, help="write what becomes of each mutant to this file, as JSON Lines")
    parser.add_argument("--again", type=Path, help="but for the mutants that were killed in this log")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a sample: every Nth mutant")
    options = parser.parse_args(arguments)
    paths = [modules()[name] for name in options.module] or list(modules().values())
    mutants = [mutant for path in paths for mutant in mutants_of(path, options.every)]
    rows = map(json.loads, options.again.read_text("utf-8").splitlines()) if options.again else ()
    known = {tuple(row["key"]): row["outcome"] for row in rows if row["outcome"] in (KILLED, STOPPED)}
    outcomes = []
    with options.log.open("w", encoding="utf-8") if options.log else nullcontext() as log:
        for mutant, outcome in _outcomes(mutants, known, options.jobs):
            outcomes.append((mutant, outcome))
            if log:
                row = {"line": mutant.line, "outcome": outcome, "key": mutant.key}
                print(json.dumps(row, ensure_ascii=False), file=log, flush=True)
            if sys.stderr.isatty():
                print(f"\r{len(outcomes)} of {len(mutants)}", end="", file=sys.stderr)
    reasons = listed()
    unlisted = sorted(
        (mutant for mutant, outcome in outcomes if outcome in (SURVIVED, UNJUDGED) and mutant.key not in reasons),
        key=lambda mutant: (mutant.path, mutant.line),
    )
    for mutant in unlisted:
        print(mutant)
    _table(outcomes, reasons)
    if unlisted:
        print(f"{len(unlisted)} survive that are not in {LISTED.name}", file=sys.stderr)
    return 1 if unlisted else 0


def _outcomes(
    mutants: Sequence[Mutant], known: Mapping[tuple[str, ...], str], jobs: int
) -> Iterator[tuple[Mutant, str]]:
    yield from ((mutant, known[mutant.key]) for mutant in mutants if mutant.key in known)
    mutants = [mutant for mutant in mutants if mutant.key not in known]
    warm_up()
    context = multiprocessing.get_context("fork")
    with ExitStack() as stack:
        folders = context.SimpleQueue()
        for number in range(jobs):
            folder = stack.enter_context(copy_of_the_checkout())
            if number == 0:
                for tests in {tests_for(mutant.path) for mutant in mutants}:
                    outcome = run(folder, tests)
                    assert outcome == SURVIVED, f"{outcome} without a change: {(folder / 'log').read_text('utf-8')}"
            folders.put(folder)
        pool = stack.enter_context(context.Pool(jobs, _start, (folders,)))
        yield from pool.imap_unordered(_judged, mutants)


def _table(outcomes: Sequence[tuple[Mutant, str]], reasons: set[tuple[str, ...]]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, outcome in outcomes:
        for name in (name_of(mutant.path), "all"):
            counts[name]["mutants"] += 1
            counts[name][outcome] += 1
            counts[name]["listed"] += outcome == SURVIVED and mutant.key in reasons
    print("\n| module | mutants | killed | of these by time | survived | of these listed |\n|---|--:|--:|--:|--:|--:|")
    for name, count in sorted(counts.items(), key=lambda item: (item[0] == "all", item[0])):
        dead = count[KILLED] + count[STOPPED]
        alive = count[SURVIVED] + count[UNJUDGED]
        print(f"| `{name}` | {count['mutants']} | {dead} | {count[STOPPED]} | {alive} | {count['listed']} |")


if __name__ == "__main__":
    sys.exit(main())
