"""Recordings that hold HTTP messages as they are: one after another, in what curl shows, or in an archive (WARC)."""

from __future__ import annotations

from collections.abc import Iterator

from . import _http, _trace, _warc
from ._entry import Entry
from ._tape import Tape


def read(tape: Tape) -> Iterator[Entry]:
    """Return the responses. Raise `BrokenError` and `OSError`."""
    head = tape.beginning()
    if _warc.is_archive(head):
        return _warc.read(tape)
    return _trace.read(tape) if _trace.is_trace(head) else _http.read(tape)
