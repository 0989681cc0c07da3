"""The ratios as bars: to the left of the line we are cheaper, to the right the other one is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from .contest import Outcome, Row
from .report import digits

WIDTH, LEFT, RIGHT, TOP = 900, 300, 780, 92
BAR, SPACE, HEADING = 14, 9, 19
STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.group { font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.grid { stroke: #d1d9e0 }
.one { stroke: #59636e; stroke-width: 1.5 }
.cheaper { fill: #3fa37c }
.dearer { fill: #e0963f }
.target { stroke: #1f2328; stroke-width: 2.5 }
.missed { fill: #d1242f; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .one { stroke: #9198a1 }
  .cheaper { fill: #2f8f6b }
  .dearer { fill: #c07a26 }
  .target { stroke: #e6edf3 }
  .missed { fill: #ff7b72 }
}
"""


def chart(outcomes: Sequence[Outcome], facts: dict[str, str]) -> str:
    """An SVG with a bar for each contender that was measured; the scale is logarithmic."""
    shown = [(outcome, row) for outcome in outcomes if outcome.charted for row in outcome.rows if row.ratio]
    scale = _Scale([value for _, row in shown for value in (row.ratio, _target(row)) if value])
    drawn = []
    y = TOP + 10
    for group, members in groupby(shown, key=lambda pair: pair[0].group):
        drawn.append(_text(16, y + 12, group, "group"))
        y += HEADING
        peers: dict[str, list[tuple[str, Row]]] = {}
        for outcome, row in members:
            peers.setdefault(row.name, []).append((outcome.variant, row))
        for name, rows in sorted(peers.items(), key=lambda item: -max(row.ratio or 0 for _, row in item[1])):
            drawn.append(_text(28, y + 11, name))
            for variant, row in rows:
                drawn += [_text(LEFT - 8, y + 11, variant, "small", "end"), *_bar(row, y, scale)]
                y += BAR
            y += 3
        y += SPACE
    grid = []
    for value in sorted([0.5, 2, *(10.0**exponent for exponent in range(scale.low, scale.high + 1))]):
        grid.append(_line(scale.x(value), TOP, y, "one" if value == 1 else "grid"))
        grid.append(_text(scale.x(value), TOP - 6, f"{value:g}", "small", "middle"))
    versions = ", ".join(f"{name} {value}" for name, value in facts.items() if name not in ("command", "CPU", "system"))
    about = [
        _text(16, 28, "smsc_codec beside others: our cost ÷ theirs", "title"),
        _text(
            16, 48, "Left of the line at 1 smsc_codec is cheaper, right of it the other one. The mark is the target."
        ),
        _text(16, y + 26, f"{facts['CPU']}, {facts['system']}", "small"),
        _text(16, y + 42, versions, "small"),
        _text(16, y + 58, facts["command"], "small"),
    ]
    size = f'width="{WIDTH}" height="{y + 72}" viewBox="0 0 {WIDTH} {y + 72}"'
    body = "\n".join([*about, *grid, *drawn])
    label = 'role="img" aria-label="Our cost compared with that of others"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>\n<style>{STYLE}</style>\n{body}\n</svg>\n'


class _Scale:
    """Whole powers of ten around all values and 1."""

    def __init__(self, values: Sequence[float]) -> None:
        exponents = [log10(value) for value in values]
        self.low = min([-1, *map(floor, exponents)])
        self.high = max([1, *map(ceil, exponents)])

    def x(self, ratio: float) -> float:
        return LEFT + (RIGHT - LEFT) * (log10(ratio) - self.low) / (self.high - self.low)


def _target(row: Row) -> float | None:
    """The target as a ratio."""
    if row.target is None or row.target.kind == "times":
        return row.target.limit if row.target else None
    return 1 + row.target.limit * (row.j or 1) / row.cost if row.cost else None


def _bar(row: Row, y: int, scale: _Scale) -> list[str]:
    ratio = row.ratio or 1
    one, end = scale.x(1), scale.x(ratio)
    kind = "cheaper" if ratio <= 1 else "dearer"
    place = f'x="{min(one, end):.1f}" y="{y + 2}" width="{abs(end - one):.1f}" height="{BAR - 4}"'
    drawn = [f'<rect class="{kind}" {place}/>']
    target = _target(row)
    if target is not None:
        drawn.append(_line(scale.x(target), y, y + BAR, "target"))
    missed = row.met is False
    text = f"{digits(ratio)} missed" if missed else digits(ratio)
    return [*drawn, _text(RIGHT + 12, y + 11, text, "missed" if missed else "")]


def _line(x: float, top: int, bottom: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'


def _text(x: float, y: int, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>' if text else ""
