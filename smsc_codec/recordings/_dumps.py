"""Reads recordings of whole HTTP messages: plain dumps, the output of curl, and archives (WARC)."""

from __future__ import annotations

from collections.abc import Iterator

from . import _http, _trace, _warc
from ._entry import Entry
from ._tape import Tape


def read(tape: Tape) -> Iterator[Entry]:
    """Yield the responses. Raise `BrokenError` and `OSError`."""
    head = tape.beginning()
    if _warc.is_archive(head):
        return _warc.read(tape)
    return _trace.read(tape) if _trace.is_trace(head) else _http.read(tape)
