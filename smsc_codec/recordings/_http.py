"""HTTP responses with status line and headers, one after another: what `curl -i` prints and proxies store.

A request before its response is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from ._coding import LONGEST, BrokenError, dechunked
from ._entry import LONGEST_URL, Entry, Problem, bounded, check_pairs, refused
from ._form import form_of
from ._tape import METHODS, Tape

# Where a message begins: at the start of a line, or right behind a body, which curl ends with no line end.
_REQUEST = METHODS + rb" \S{1,%d} HTTP/\d(?:\.\d)?(?=\r?\n)" % (LONGEST_URL + 1)
_START = re.compile(rb"HTTP/\d(?:\.\d)? \d{3}(?=[ \r\n])|" + _REQUEST)
_LONGEST_START = LONGEST_URL + 20
_END = re.compile(rb"\r?\n\r?\n")
_MOST_HEAD = 1 << 18
"""Bytes of headers; servers and clients refuse some ten thousand."""
_LENGTH = re.compile(r"[0-9]{1,15}")
# What comes before the response proper: 100 (Continue), and what a proxy says before it becomes a tunnel.
_BEFORE = re.compile(rb"\S+ (?:1\d\d|200 (?i:connection established))")


class _Window:
    """The part of a tape that is being looked at."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.data = bytearray()

    def _more(self) -> bool:
        piece = self._tape.piece()
        self.data += piece
        return bool(piece)

    def head(self) -> bytes:
        """The first line and the headers of a message. Raises `BrokenError`."""
        while True:
            end = _END.search(self.data, 0, _MOST_HEAD)
            if end is not None:
                head = bytes(self.data[: end.start()])
                del self.data[: end.end()]
                return head
            if len(self.data) >= _MOST_HEAD or not self._more():
                raise BrokenError("the headers of a message do not end")

    def until_start(self) -> bytes:
        """Everything before the next message, or the end; of what is too much only so much that it is refused."""
        kept = bytearray()
        while True:
            start = _START.search(self.data)
            # The last bytes can be the beginning of a message that goes on.
            sure = max(len(self.data) - _LONGEST_START, 0) if start is None else start.start()
            kept += self.data[: min(sure, LONGEST - len(kept))]
            del self.data[:sure]
            if start is not None:
                return bytes(kept)
            if not self._more():
                kept += self.data
                self.data.clear()
                return bytes(kept)


def read(tape: Tape) -> Iterator[Entry]:
    """The responses. Raises `BrokenError` and `OSError`."""
    window = _Window(tape)
    window.until_start()
    number, asked = 0, Entry(number=0)
    while window.data:
        head = window.head()
        rest = window.until_start()
        if not head.startswith(b"HTTP/"):
            asked = _asked(head, rest)
        elif not _BEFORE.match(head):
            number += 1
            yield _entry(number, asked, head, rest)
            asked = Entry(number=0)
    if not number:
        raise BrokenError("there is no HTTP response in it")


def _asked(head: bytes, rest: bytes) -> Entry:
    """Return what is known of an entry from its request."""
    url = head.split(b" ", 2)[1].decode("latin-1")
    try:
        headers = _headers(head)
        return bounded(Entry(number=0, url=url, form=form_of(rest.strip(), headers), sent=headers))
    except BrokenError as error:
        return refused(0, url, error)


def _entry(number: int, asked: Entry, head: bytes, rest: bytes) -> Entry:
    if asked.problem is not None:
        return replace(asked, number=number)
    try:
        headers = _headers(head)
    except BrokenError as error:
        return refused(number, asked.url, error)
    entry = replace(
        asked,
        number=number,
        status=int(head.split(b" ", 2)[1][:3]),
        headers=headers,
    )
    entry = replace(entry, time=entry.header("date"))
    if "chunked" in entry.header("transfer-encoding").lower():
        try:
            return replace(entry, body=dechunked(rest))
        except BrokenError as error:
            return replace(entry, problem=Problem("bad-coding", str(error)))
    length = entry.header("content-length")
    # Behind the body there can be the line end that a shell or an editor has put there.
    if _LENGTH.fullmatch(length) and not rest[int(length) :].strip():
        rest = rest[: int(length)]
    return replace(entry, body=rest, length=len(rest))


def _headers(head: bytes) -> list[tuple[str, str]]:
    """Return the headers of a message. Raise `BrokenError` for too many."""
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\n")[1:])
    headers = [(name.strip(), value.strip()) for name, _, value in pairs]
    check_pairs(headers)
    return headers
