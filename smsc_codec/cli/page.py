"""The report of `smsc-codec validate` as one page that needs no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from .. import __version__
from ..endpoints import ENDPOINTS
from ..formats import Format
from ..recordings import Found, Summary
from ..recordings._check import NO_FORMAT, UNDECODED, Outcome
from ..recordings._summary import ranked
from ..report import Severity
from .charts import bars, over_time
from .groups import File, Files, Group, Groups
from .meanings import MEANINGS
from .reports import Report, place_in_reply, verdict
from .streams import put
from .style import STYLE
from .words import counted

_UNFOLDED = 3
"""Groups whose examples are shown at once."""
_NOUNS = {"error": "error", "warning": "warning", "info": "note"}
_FORMATS = [*(fmt.name.lower() for fmt in Format), NO_FORMAT]


class PageReport(Report):
    """One page: the verdict, the findings in groups, the files, what the replies are, and charts."""

    def __init__(self, fail_on: Severity, command: str = "") -> None:
        super().__init__(fail_on)
        self._command = command
        self._groups, self._files = Groups(), Files()

    def add_part(self, part: Outcome) -> None:
        """Count a part of a file, and remember what is shown of it."""
        self._files.add(part)
        super().add_part(part)

    def add(self, found: Found) -> None:
        """Count a finding."""
        self._groups.add(found)

    def finish(self, summary: Summary) -> None:
        """Write all."""
        words, severity = verdict(summary)
        now = _now().strftime("%Y-%m-%d %H:%M:%S %z")
        command = f"<p><code>{escape(self._command)}</code></p>\n" if self._command else ""
        put(
            (
                '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
                '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f"<title>{escape(words)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
                f'<header class="{severity}"><h1>{escape(words)}</h1>\n{command}'
                f'<p class="soft">Replies of SMS Center, validated {now} by smsc-codec {__version__}'
                f"{_duration(summary)}</p></header>\n<main>\n{self._tiles(summary)}"
            ).encode()
        )
        parts = [
            self._findings(),
            _table_of_files(*self._files.ranked()),
            _matrix(summary),
            bars("The service's errors", summary.error_codes()),
            over_time(summary.timeline, summary.meanings()),
            bars("Keys and numbers that are not documented", ranked(summary.unknown)),
            bars("Skipped: replies that are not read", ranked(summary.skipped)),
            _meanings({code for _, code in summary.codes}),
        ]
        for part in parts:
            put(part.encode())
        put(b"</main>\n</body>\n</html>\n")

    def _tiles(self, summary: Summary) -> str:
        severities = _by_severity(summary)
        tiles = [
            ("replies", f"{summary.replies:,}", ""),
            ("not decoded", f"{summary.undecoded:,}", "error" if summary.undecoded else ""),
            *((f"{_NOUNS[name]}s", f"{count:,}", name if count else "") for name, count in severities.items()),
            ("files", f"{self._files.count:,}", ""),
            ("size of replies", _size(summary.size), ""),
        ]
        if summary.unreadable:
            tiles.append(("unreadable files", f"{summary.unreadable:,}", "error"))
        if summary.interrupted:
            tiles.append(("interrupted", "not all", "error"))
        cells = (f'<div><dt>{name}</dt><dd class="{kind}">{value}</dd></div>' for name, value, kind in tiles)
        return f'<dl class="tiles">{"".join(cells)}</dl>\n'

    def _findings(self) -> str:
        groups = self._groups.ranked()
        if not groups:
            return ""
        shown = "".join(_group(group, unfolded=at < _UNFOLDED) for at, group in enumerate(groups))
        others = "".join(
            f'<p>{_badge(severity)} <code>{escape(code)}</code> <span class="soft">'
            f"{counted(count, 'more finding')} with other messages</span></p>\n"
            for (severity, code), count in self._groups.others.items()
        )
        return f"<section><h2>Findings</h2>\n{shown}{others}</section>\n"


def _now() -> datetime:
    return datetime.now().astimezone()


def _size(size: int) -> str:
    """Return a number of bytes in a unit in which it has few digits."""
    if size < 1000:
        return f"{size} B"
    scaled, units = size / 1000, ["kB", "MB", "GB", "TB"]
    while scaled >= 999.5 and units[1:]:
        scaled /= 1000
        del units[0]
    return f"{scaled:,.{int(scaled < 9.95)}f} {units[0]}"


def _duration(summary: Summary) -> str:
    """Return how long it took, for a run that says something about the speed."""
    if summary.seconds < 1:
        return ""
    return f" in {summary.seconds:,.1f} s, {summary.replies / summary.seconds:,.0f} replies a second"


def _by_severity(summary: Summary) -> Counter[str]:
    counts = Counter({severity.value: 0 for severity in Severity})
    for (severity, _), count in summary.codes.items():
        counts[severity] += count
    return counts


def _badge(severity: str) -> str:
    return f'<span class="badge {severity}">{_NOUNS[severity]}</span>'


def _group(group: Group, unfolded: bool) -> str:
    same: dict[tuple[str, str], list[Found]] = {}
    for found in group.examples:
        same.setdefault((found.message, found.excerpt), []).append(found)
    examples = "".join(_examples(each, group.title) for each in same.values())
    more = group.count - len(group.examples)
    rest = f'<p class="soft">and {more:,} more</p>\n' if more else ""
    return (
        f"<details{' open' * unfolded}><summary>{_badge(group.severity)}"
        f'<a class="code" href="#code-{escape(group.code)}"><code>{escape(group.code)}</code></a>'
        f'<span class="says">{escape(group.title)}</span><span class="count">{group.count:,}</span></summary>\n'
        f"{examples}{rest}</details>\n"
    )


def _examples(same: list[Found], title: str) -> str:
    """Return findings that differ only in their places."""
    places = "".join(
        f"<p><code>{escape(found.path)}:{found.line}:{found.column}</code> "
        f'<span class="soft">{escape(place_in_reply(found))}</span></p>'
        for found in same
    )
    first = same[0]
    message = f"<p>{escape(first.message)}</p>" if first.message != title else ""
    excerpt = f"<pre>{escape(first.excerpt)}</pre>" if first.excerpt else ""
    return f"<article>{places}{message}{excerpt}</article>\n"


def _table(title: str, heads: Sequence[str], lines: Iterable[str]) -> str:
    head = "".join(f'<th scope="col"{_COUNT * (at > 0)}>{escape(name)}</th>' for at, name in enumerate(heads))
    return (
        f'<section><h2>{escape(title)}</h2>\n<div class="wide"><table class="lines">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(lines)}</tbody></table></div></section>\n"
    )


_COUNT = ' class="count"'


def _line(head: str, counts: Iterable[tuple[int, str]], kind: str = "") -> str:
    """Return a line of a table. Each count has the class that it has if it is not 0."""
    cells = (
        f'<td class="count{f" {severity}" if count and severity else ""}">{f"{count:,}" if count else "·"}</td>'
        for count, severity in counts
    )
    return f'<tr{f" class={kind}" if kind else ""}><th scope="row">{head}</th>{"".join(cells)}</tr>\n'


def _table_of_files(files: list[File], others: File, more: int) -> str:
    def line(file: File, head: str) -> str:
        counts = [(file.replies, ""), (file.undecoded, "error")]
        return _line(head, [*counts, *((file.severities[name], name) for name in _NOUNS)])

    lines = [line(file, f"<code>{escape(file.path)}</code>") for file in files]
    if more:
        lines.append(line(others, f'<span class="soft">{counted(more, "other file")}</span>'))
    return _table("Files", ("file", "replies", "not decoded", *(f"{noun}s" for noun in _NOUNS.values())), lines)


def _matrix(summary: Summary) -> str:
    """Return how many replies of each endpoint and kind there are in each format; nothing if there are none."""
    formats = [fmt for fmt in _FORMATS if any(fmt == each for _, each, _ in summary.forms)]
    if not formats:
        return ""
    cells: dict[tuple[str, str], Counter[str]] = {}
    for (endpoint, fmt, kind), count in summary.forms.items():
        cells.setdefault((endpoint, kind), Counter())[fmt] += count
    order = [*ENDPOINTS, ""]
    lines = []
    for (endpoint, kind), counts in sorted(cells.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        bad = "error" if kind == UNDECODED else ""
        name = f"<code>{endpoint}.php</code>" if endpoint else '<span class="soft">not known</span>'
        row = [*((counts[fmt], bad) for fmt in formats), (counts.total(), bad)]
        lines.append(_line(f"{name} {escape(kind)}", row))
    totals = [sum(counts[fmt] for counts in cells.values()) for fmt in formats]
    lines.append(_line("all", [(count, "") for count in (*totals, sum(totals))], "total"))
    return _table("Replies by endpoint, kind and format", ("endpoint and kind", *formats, "all"), lines)


def _meanings(codes: set[str]) -> str:
    """Return what the codes mean that were found."""
    if not codes:
        return ""
    items = (
        f'<dt id="code-{escape(code)}"><code>{escape(code)}</code></dt><dd>{escape(MEANINGS[code])}</dd>\n'
        for code in sorted(codes)
    )
    return f'<section><h2>What the codes mean</h2>\n<dl class="codes">\n{"".join(items)}</dl></section>\n'
