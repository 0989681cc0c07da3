"""The report of `smsc-codec validate` as one page that needs no network, for screens of any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from html import escape

from .. import __version__
from ..model import ErrorReply
from ..recordings import Found, Summary
from ..recordings._summary import ranked
from ..recordings._times import OTHER_CODES, Timeline
from ..report import Severity
from .reports import Report, summary_lines
from .streams import put

_STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4;
  --error: #b3261e; --warning: #8a5a00; --info: #0b5cad; --bar: #3b74c4;
  --c0: #3b74c4; --c1: #c2571a; --c2: #2c8a5b; --c3: #8a4fb5; --c4: #a8862a; --c5: #7a828a; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1216; --card: #181c22; --ink: #e6e9ed; --soft: #9aa4af;
  --line: #303842; --error: #ff8a80; --warning: #f2bd54; --info: #82b8ff; --bar: #5b93e0;
  --c0: #6ba3ee; --c1: #f09256; --c2: #5cc493; --c3: #bd8be6; --c4: #d9b95a; --c5: #9aa4af; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 64rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); font-size: .875rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
  margin-bottom: 1rem; }
dl.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0 0 1rem; }
dl.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
dt { color: var(--soft); font-size: .875rem; } dd { margin: 0; font-size: 1.35rem; font-weight: 600; }
dd.bad { color: var(--error); }
table { width: 100%; border-collapse: collapse; } th { text-align: left; font-weight: 400; }
th, td { padding: .2rem .5rem .2rem 0; vertical-align: middle; overflow-wrap: anywhere; }
td.count { text-align: right; font-variant-numeric: tabular-nums; width: 6rem; padding-right: 0; }
td.bar { width: 38%; } td.bar span { display: block; height: .7rem; min-width: 2px; background: var(--bar);
  border-radius: 2px; }
@media (max-width: 40rem) { td.bar { width: 26%; } td.count { width: 4.5rem; } }
svg { display: block; width: 100%; height: 10rem; } .legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.legend i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .35rem; }
.ends { display: flex; justify-content: space-between; }
article { border-top: 1px solid var(--line); padding: .75rem 0; content-visibility: auto;
  contain-intrinsic-size: 7rem; }
article p { overflow-wrap: anywhere; } b.error { color: var(--error); } b.warning { color: var(--warning); }
b.info { color: var(--info); } code { font: .875rem/1.4 ui-monospace, monospace; }
pre { margin: .5rem 0 0; padding: .6rem .75rem; background: var(--page); border: 1px solid var(--line);
  border-radius: .375rem; overflow-x: auto; font: .8125rem/1.4 ui-monospace, monospace; }
""".strip()

_BAD = "bad"
_COLOURS = 6
_WIDTH, _HEIGHT = 720, 160
# Findings that a page lists, of one severity and code and of all: more than anybody reads, and than a browser minds.
_MOST_OF_A_CODE, _MOST = 100, 2_000


class PageReport(Report):
    """One page with the summary, charts, and the first findings of each kind with their excerpts."""

    def __init__(self, fail_on: Severity) -> None:
        super().__init__(fail_on)
        self._listed: Counter[tuple[str, str]] = Counter()
        self._articles: list[str] = []

    def add(self, found: Found) -> None:
        """Remember a finding, unless there are enough."""
        severity = found.severity.value
        if self._listed[severity, found.code] >= _MOST_OF_A_CODE or len(self._articles) >= _MOST:
            return
        self._listed[severity, found.code] += 1
        entry = f", entry {found.entry}" if found.entry else ""
        place = f"{found.path}{entry}, line {found.line}, column {found.column}"
        excerpt = f"<pre>{escape(found.excerpt)}</pre>" if found.excerpt else ""
        self._articles.append(
            f'<article><p><b class="{severity}">{severity}</b> <code>{escape(found.code)}</code> '
            f'{escape(found.message)}</p><p class="soft">{escape(place)}</p>{excerpt}</article>\n'
        )

    def finish(self, summary: Summary) -> None:
        """Write all."""
        title = escape(summary_lines(summary)[0])
        head = (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
            f"<header><h1>Recorded replies of SMS Center</h1></header>\n<main>\n{_tiles(summary)}"
        )
        parts = [
            _bars("Replies by format and kind", ((" ".join(key), n) for key, n in sorted(summary.kinds.items()))),
            _bars("The service's errors", summary.error_codes()),
            _over_time(summary.timeline),
            _bars("Findings by code", ((" ".join(key), n) for key, n in _by_severity(summary))),
            _bars("Keys and numbers that are not documented", ranked(summary.unknown)),
            _bars("Skipped: replies that are not read", ranked(summary.skipped)),
        ]
        put((head + "".join(parts)).encode())
        if summary.findings:
            rest = [self._rest(*key, count) for key, count in _by_severity(summary)]
            put("".join(["<section><h2>Findings</h2>\n", *self._articles, *rest, "</section>\n"]).encode())
        end = f'</main>\n<footer class="soft">smsc-codec {__version__}</footer>\n</body>\n</html>\n'
        put(end.encode())

    def _rest(self, severity: str, code: str, count: int) -> str:
        """A line about the findings of a code that are not listed; nothing if there are none."""
        more = count - self._listed[severity, code]
        if not more:
            return ""
        words = "more finding of this code is" if more == 1 else "more findings of this code are"
        return (
            f'<p><b class="{severity}">{severity}</b> <code>{escape(code)}</code> '
            f'<span class="soft">{more:,} {words} not listed</span></p>\n'
        )


def _tiles(summary: Summary) -> str:
    tiles = [
        ("replies", f"{summary.replies:,}", False),
        ("not decoded", f"{summary.undecoded:,}", summary.undecoded > 0),
        ("findings", f"{summary.findings:,}", False),
        ("bytes of replies", f"{summary.size:,}", False),
    ]
    if summary.unreadable:
        tiles.append(("unreadable files", f"{summary.unreadable:,}", True))
    if summary.interrupted:
        tiles.append(("interrupted", "not all", True))
    if summary.seconds >= 1:
        tiles.append(("replies a second", f"{summary.replies / summary.seconds:,.0f}", False))
    cells = (f'<div><dt>{name}</dt><dd class="{_BAD * bad}">{value}</dd></div>' for name, value, bad in tiles)
    return f'<dl class="tiles">{"".join(cells)}</dl>\n'


def _by_severity(summary: Summary) -> list[tuple[tuple[str, str], int]]:
    order = [severity.value for severity in Severity]
    return sorted(summary.codes.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0]))


def _bars(title: str, counts: Iterable[tuple[str, int]]) -> str:
    """A chart of counts, which is a table too; nothing if there are none."""
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


def _over_time(timeline: Timeline) -> str:
    """The errors over time as columns, the most frequent ones apart; nothing where no time is known."""
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
    names = [f"{code} ({ErrorReply(code).meaning})" for code in top]
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
