"""The chart: five ratios that most users ask about, readable on a phone. The page beside it has all of them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from .contest import Outcome
from .report import digits

# The height of a bar with its label, and the length of a bar at 1.
WIDTH, MARGIN, TOP, STEP, ONE = 420, 12, 60, 46, 240
LONGEST = 1.2
BARS = [
    ("a sent message, JSON", "decode fmt=3, a small reply", "sent", "json.loads"),
    ("a sent message, XML", "decode fmt=2, a small reply", "sent", "ElementTree.fromstring"),
    ("1,000 names, JSON", "decode fmt=3, 1,000 names", "all=1", "json.loads"),
    ("1,000 names, XML", "decode fmt=2, 1,000 names", "all=1", "ElementTree.fromstring"),
    ("1,000 names, text", "decode fmt=0, 1,000 names", "all=1", "split into dicts"),
]
"""What each bar is called, and the work and the contender that it shows."""
STYLE = """
text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.value { font-weight: 600 }
.small { font-size: 12px; fill: #59636e }
.one { stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 4 3 }
.cheaper { fill: #3fa37c }
.dearer { fill: #e0963f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .one { stroke: #9198a1 }
  .cheaper { fill: #2f8f6b }
  .dearer { fill: #c07a26 }
}
"""


def chart(outcomes: Sequence[Outcome], facts: dict[str, str]) -> str:
    """Return an SVG with a bar for each of `BARS` that was measured: our cost where the other one's is 1."""
    found = {(outcome.group, outcome.variant, row.name): row.ratio for outcome in outcomes for row in outcome.rows}
    drawn = []
    y = TOP
    for label, group, variant, peer in BARS:
        ratio = found.get((group, variant, peer))
        if ratio is None:
            continue
        kind, length = "cheaper" if ratio <= 1 else "dearer", ONE * min(ratio, LONGEST)
        drawn += [
            _text(MARGIN, y + 14, label),
            _text(WIDTH - MARGIN, y + 14, peer, "small", "end"),
            f'<rect class="{kind}" x="{MARGIN}" y="{y + 20}" width="{length:.1f}" height="16"/>',
            f'<line class="one" x1="{MARGIN + ONE}" x2="{MARGIN + ONE}" y1="{y + 16}" y2="{y + 40}"/>',
            _text(WIDTH - MARGIN, y + 33, digits(ratio), "value", "end"),
        ]
        y += STEP
    about = [
        _text(MARGIN, 26, "smsc_codec: time to decode", "title"),
        _text(MARGIN, 46, "The other one takes 1, the dashed line. We check everything.", "small"),
        _text(MARGIN, y + 20, f"{facts['CPU']}, Python {facts['Python']}", "small"),
    ]
    size = f'width="{WIDTH}" height="{y + 32}" viewBox="0 0 {WIDTH} {y + 32}"'
    label = 'role="img" aria-label="Our cost compared with that of others"'
    body = "\n".join([*about, *drawn])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>\n<style>{STYLE}</style>\n{body}\n</svg>\n'


def _text(x: float, y: int, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
