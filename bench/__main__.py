"""Compare smsc_codec with what else does its work: `python -m bench`."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .chart import chart
from .contest import FULL, QUICK, compete
from .flat import kinds
from .report import environment, into_page, whole
from .works import works


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write what was asked for."""
    arguments = sys.argv[1:] if arguments is None else arguments
    asked = _options().parse_args(arguments)
    effort = QUICK if asked.quick else FULL
    facts = environment(shlex.join(["python", "-m", "bench", *arguments]))
    outcomes = []
    for work in works(effort):
        if asked.only in work.title:
            print(work.title, file=sys.stderr)
            outcomes.append(compete(work, effort))
    lines = []
    for kind in kinds():
        if asked.only in kind.work:
            print(kind.work, file=sys.stderr)
            lines.append(kind.measure(effort))
    text = whole(outcomes, lines, facts)
    print(text, end="")
    if asked.json:
        found = {"environment": facts, "comparison": list(map(asdict, outcomes)), "per_name": list(map(asdict, lines))}
        asked.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if asked.svg:
        asked.svg.write_text(chart(outcomes, facts), "utf-8")
    if asked.markdown:
        into_page(asked.markdown, text)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("--only", metavar="TEXT", default="", help="only work with that in its title")
    parser.add_argument("--quick", action="store_true", help="see whether it runs: once each, the numbers mean nothing")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all numbers there")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="write a chart of five ratios there")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="put the tables between the marks in that page")
    return parser


if __name__ == "__main__":
    main()
