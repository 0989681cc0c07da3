"""The results in words and tables: the same Markdown on a terminal and in the documentation."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count
from pathlib import Path

from .contest import Outcome, Row, Target
from .flat import Line

PACKAGES = ("lark", "orjson", "msgspec", "defusedxml", "pydantic", "lxml", "lark-cython")
BEGIN, END = "<!-- written by python -m bench -->\n", "<!-- end of what is written -->\n"


def environment(command: str) -> dict[str, str]:
    """Return what the numbers depend on."""
    found = {
        "command": command,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "CPU": f"{_cpu()} ({cpu_count()} CPUs)",
        "system": f"{platform.system()} {platform.machine()}",
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _cpu() -> str:
    try:
        match = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        match = None
    return match[1] if match else platform.processor() or "unknown"


def amount(value: float, unit: str) -> str:
    """Return a cost in three digits and the unit that suits it."""
    steps = {"s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")), "B": ((1e6, "MB"), (1e3, "kB"), (1, "B"))}
    if unit not in steps:
        return f"{value:.0f} {unit}"
    size, name = next((step for step in steps[unit] if abs(value) >= step[0]), steps[unit][-1])
    return f"{digits(value / size)} {name}"


def digits(value: float) -> str:
    """Three digits, and never fewer than those before the point."""
    return f"{value:#.3g}".rstrip(".") if abs(value) < 100 else f"{value:,.0f}"


def _aim(target: Target | None, unit: str) -> str:
    if target is None:
        return ""
    if target.kind == "times":
        return f"≤ {target.limit:g}"
    return f"≤ {target.limit:g} J more" if target.kind == "J more" else f"≤ {amount(target.limit, unit)} more"


def _reached(row: Row, unit: str) -> str:
    if row.more is not None and row.target is not None and row.target.kind != "times":
        return f"{digits(row.more)} J more" if row.target.kind == "J more" else f"{amount(row.more, unit)} more"
    return "" if row.ratio is None else digits(row.ratio)


def _verdict(row: Row) -> str:
    return row.problem or {True: "met", False: "MISSED", None: ""}[row.met]


def comparison(outcomes: Sequence[Outcome]) -> str:
    """Return a row for each contender, what is cheaper than we are above us."""
    table = [("work", "contender", "gives", "median", "ours / theirs", "target", "")]
    for outcome in outcomes:
        title = f"{outcome.group}, {outcome.variant}" if outcome.variant else outcome.group
        for row in outcome.rows:
            name = f"**{row.name}**" if row.ours else row.name
            cost = "" if row.cost is None else amount(row.cost, outcome.unit)
            reached, aim = _reached(row, outcome.unit), _aim(row.target, outcome.unit)
            table.append((title, name, row.gives, cost, reached, aim, _verdict(row)))
            title = ""
    return _markdown(table, right=(3, 4, 5))


def flatness(lines: Sequence[Line]) -> str:
    """Return what a name costs, by the kind of list and by its length; the last column says how flat that is."""
    counts = [f"{count:,}" for count in lines[0].seconds]
    table = [("a name in a list of", *counts, f"{counts[-1]} / {counts[-2]}")]
    for line in lines:
        *_, before, last = line.seconds.values()
        costs = (amount(cost, "s") for cost in line.seconds.values())
        table.append((line.work, *costs, digits(last / before)))
    return _markdown(table, right=range(1, len(counts) + 2))


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return which targets are missed, and what could not be measured."""
    rows = [(outcome, row) for outcome in outcomes for row in outcome.rows]
    aims = [(outcome, row) for outcome, row in rows if row.target is not None and row.met is not None]
    missed = [
        f"- {', '.join(filter(None, (outcome.group, outcome.variant)))}, against {row.name}: "
        f"{_reached(row, outcome.unit)}, target {_aim(row.target, outcome.unit)}"
        for outcome, row in aims
        if row.met is False
    ]
    problems = [
        f"- {', '.join(filter(None, (outcome.group, outcome.variant)))}: {row.name}: {row.problem}"
        for outcome, row in rows
        if row.problem
    ]
    if missed:
        text = [f"**{len(missed)} of {len(aims)} targets missed:**", "", *missed]
    else:
        text = [f"All {len(aims)} targets met."]
    if problems:
        text += ["", "Not measured:", "", *problems]
    return "\n".join(text) + "\n"


def whole(outcomes: Sequence[Outcome], lines: Sequence[Line], facts: dict[str, str]) -> str:
    """Everything, to be printed or put into a page."""
    about = "\n".join(f"- {name}: {f'`{value}`' if name == 'command' else value}" for name, value in facts.items())
    parts = [about + "\n", comparison(outcomes) if outcomes else "", flatness(lines) if lines else ""]
    return "\n".join(part for part in (*parts, summary(outcomes)) if part)


def into_page(path: Path, text: str) -> None:
    """Replace what an earlier run has written there."""
    page = path.read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{path}: no line {BEGIN.strip()} with a line {END.strip()} behind it")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def _markdown(table: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    table = [[cell.replace("|", r"\|") for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = [
        "| " + " | ".join(f"{cell:{'>' if n in right else '<'}{widths[n]}}" for n, cell in enumerate(row)) + " |"
        for row in table
    ]
    rule = "|" + "|".join("-" * (width + 1) + (":" if n in right else "-") for n, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"
