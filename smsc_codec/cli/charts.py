"""Charts of the page: counts as bars, errors over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from html import escape

from ..recordings._times import OTHER_CODES, Timeline

_COLOURS = 6
_WIDTH, _HEIGHT = 720, 160


def bars(title: str, counts: Iterable[tuple[str, int]]) -> str:
    """Return a chart of counts, which is a table too; nothing if there are none."""
    rows = list(counts)
    if not rows:
        return ""
    most = max(count for _, count in rows)
    lines = (
        f'<tr><th scope="row">{escape(name)}</th><td class="bar"><span style="width:{count / most * 100:.1f}%"></span>'
        f'</td><td class="count">{count:,}</td></tr>\n'
        for name, count in rows
    )
    return f"<section><h2>{escape(title)}</h2>\n<table>\n{''.join(lines)}</table></section>\n"


def over_time(timeline: Timeline, meanings: Mapping[int, str]) -> str:
    """Return the errors over time as columns, the most frequent ones apart; nothing where no time is known.

    *meanings* are those of the codes that mean the same at every endpoint.
    """
    if not timeline.buckets:
        return ""
    timeline = timeline.spread()
    totals: Counter[int] = Counter()
    for counts in timeline.buckets.values():
        totals.update(counts)
    ranks = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    top = [code for code, _ in ranks if code != OTHER_CODES][: _COLOURS - 1]
    first, last = min(timeline.buckets), max(timeline.buckets)
    # A recording of one moment is one column, not a wall.
    across = max(last - first + 1, 24)
    highest = max(counts.total() for counts in timeline.buckets.values())
    columns = []
    for number, counts in sorted(timeline.buckets.items()):
        left, base = (number - first) * _WIDTH / across, float(_HEIGHT)
        shares = [(place, counts[code]) for place, code in enumerate(top)]
        shares.append((_COLOURS - 1, counts.total() - sum(count for _, count in shares)))
        for place, count in shares:
            if count:
                height = count * _HEIGHT / highest
                base -= height
                columns.append(
                    f'<rect x="{left:.1f}" y="{base:.1f}" width="{max(_WIDTH / across * 0.9, 1.5):.1f}" '
                    f'height="{height:.1f}" fill="var(--c{place})"/>'
                )
    names = [f"{code} ({meanings[code]})" if code in meanings else str(code) for code in top]
    names += ["others"] * (len(totals) > len(top))
    legend = "".join(
        f'<span><i style="background:var(--c{_COLOURS - 1 if name == "others" else place})"></i>{escape(name)}</span>'
        for place, name in enumerate(names)
    )
    ends = f"<span>{_time(first * timeline.width)}</span><span>{_time((first + across) * timeline.width)}</span>"
    words = f"at most {highest:,} in {_span(timeline.width)}"
    return (
        f'<section><h2>The service\'s errors over time</h2>\n<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'preserveAspectRatio="none" role="img" '
        f'aria-label="errors over time, {words}">{"".join(columns)}</svg>\n<p class="ends soft">{ends}</p>\n'
        f'<p class="soft">UTC; {words}</p>\n<p class="legend soft">{legend}</p></section>\n'
    )


def _span(seconds: int) -> str:
    units = ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    length, unit = next((length, unit) for length, unit in units if seconds >= length)
    count = seconds // length
    return f"{count} {unit}s" if count > 1 else f"a {unit}" if unit != "hour" else "an hour"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError):  # beyond the year 9999
        return "later"
