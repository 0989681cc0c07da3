"""Tables for people: figures, and replies with the meanings of their numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from .._secrets import printable, shortened
from ..endpoints import codec_of
from ..model import Code, ErrorReply, Reply
from .words import counted, painted

_LONGEST = 60
"""Characters of a text in a table."""
_GAP = "  "


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = (), colours: bool = False
) -> str:
    """Return a table with a line under its heads. The columns *right* end at the same place.

    A cell may have several lines.
    """
    lines = [[*heads]]
    for row in rows:
        lines += ([*line] for line in zip_longest(*(cell.split("\n") for cell in row), fillvalue=""))
    widths = [max(map(_width, column)) for column in zip(*lines)]
    head, *rest = (_GAP.join(_cells(line, widths, right)).rstrip() for line in lines)
    rule = _GAP.join("─" * width for width in widths)
    return "".join(f"{line}\n" for line in (painted(head, "bold", colours), painted(rule, "soft", colours), *rest))


def _cells(line: Sequence[str], widths: Sequence[int], right: Collection[int]) -> Iterator[str]:
    for at, (cell, width) in enumerate(zip(line, widths)):
        filling = " " * (width - _width(cell))
        yield filling + cell if at in right else cell + filling


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") - bool(unicodedata.combining(each)) for each in text)


def reply_table(reply: Reply, endpoint: str, where: str, colours: bool) -> str:
    """Return what a reply says, with the meanings of its numbers; *where* it is from stands above."""
    form = codec_of(endpoint).endpoint.reply_of(type(reply))
    assert form is not None
    title = f"{endpoint}.php, {form.title}"
    if form.many:
        records = getattr(reply, form.attribute)
        head, text = f"{title}: {counted(len(records), 'record')}", _records(records, colours)
    elif isinstance(reply, ErrorReply):
        head, text = title, _members(_error(reply))
    else:
        head, text = title, _record(reply, colours)
    return f"{painted(f'{where}: {head}', 'error' if isinstance(reply, ErrorReply) else 'good', colours)}\n{text}"


def _error(reply: ErrorReply) -> Iterator[tuple[str, str]]:
    yield "code", f"{reply.code} ({reply.meaning})"
    if reply.description is not None:
        yield "description", _shown("description", reply.description)
    if reply.id is not None:
        yield "id", str(reply.id)
    if reply.retry:
        minutes = reply.retry_after and int(reply.retry_after.total_seconds() // 60)
        yield "may be repeated", f"after {counted(minutes, 'minute')}" if minutes else "later"


def _members(pairs: Iterable[tuple[str, str]]) -> str:
    lines = [*pairs]
    width = max((len(name) for name, _ in lines), default=0)
    under = "\n" + " " * (2 * len(_GAP) + width)
    return "".join(
        f"{_GAP}{name.ljust(width)}{_GAP}{value}\n".replace("\n", under, value.count("\n")) for name, value in lines
    )


def _record(record: Any, colours: bool) -> str:
    """Return the members of a record that it has, and a table for each that is a list of records."""
    names = [name for name in record.__struct_fields__ if not _is_missing(getattr(record, name))]
    lists = [name for name in names if isinstance(getattr(record, name), tuple)]
    text = _members((name, _shown(name, getattr(record, name))) for name in names if name not in lists)
    return text + "".join(f"{_GAP}{name}\n{_records(getattr(record, name), colours)}" for name in lists)


def _records(records: Sequence[Any], colours: bool) -> str:
    """Return a table of records, with the columns that one of them has."""
    if not records:
        return ""
    names = [
        name for name in records[0].__struct_fields__ if any(not _is_missing(getattr(each, name)) for each in records)
    ]
    rows = [[_shown(name, getattr(each, name)) for name in names] for each in records]
    right = {at for at, name in enumerate(names) if all(_is_figure(getattr(each, name)) for each in records)}
    return "".join(f"{_GAP}{line}\n" for line in table(names, rows, right, colours).splitlines())


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, (str, tuple, Mapping)) and not value)


def _is_figure(value: object) -> bool:
    return value is None or (isinstance(value, (int, Decimal)) and not isinstance(value, Code))


def _shown(name: str, value: Any) -> str:
    """Return a value for people."""
    if value is None:
        return ""
    if isinstance(value, Code):
        return f"{int(value)} ({value.meaning})"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "\n".join(f"{printable(key)}: {_shown(key, item)}" for key, item in value.items())
    if isinstance(value, tuple):
        return counted(len(value), "record")
    if isinstance(value, int) and name.endswith("timestamp"):
        return f"{value}{_time(value)}"
    return printable(shortened(str(value), _LONGEST))


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime(" (%Y-%m-%d %H:%M:%S UTC)")
    except (OverflowError, ValueError, OSError):  # beyond the year 9999
        return ""
