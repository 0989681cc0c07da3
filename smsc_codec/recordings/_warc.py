"""Reads WARC (ISO 28500), which crawlers, wget and warcio store, one record at a time.

Records are cut by their lengths alone. warcio reads them too, but it prints lines of damaged archives and addresses on
standard error, and these can hold secrets.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from msgspec.structs import replace

from ._coding import LONGEST, BrokenError
from ._entry import Entry, bounded, header_of, refused, weight_of
from ._http import Source, Window, answered, headers_in, length_in, request_in, response_of
from ._tape import Tape

_SIGN = re.compile(rb"\s*WARC/\d\.\d\r?\n")
_VERSION = re.compile(rb"WARC/\d\.\d\r?\Z")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?!\d)")
_MOST = 100
"""The most requests that wait for their responses."""


def is_archive(head: bytes) -> bool:
    """Return whether a recording begins like an archive."""
    return _SIGN.match(head) is not None


class _Waiting:
    """A response that waits for its request, and requests that wait for their responses."""

    def __init__(self) -> None:
        self._requests: list[tuple[set[str], Entry]] = []
        """The requests, each with the signs that tell whose it is."""
        self._weight = 0
        self._response: tuple[set[str], Entry] | None = None

    def request(self, signs: set[str], asked: Entry) -> Iterator[Entry]:
        """Give a request to the response before it, or remember it."""
        if self._response is not None and self._response[0] & signs:
            answer, self._response = self._response[1], None
            yield answered(asked, answer)
            return
        yield from self.finish()
        self._requests.append((signs, asked))
        self._weight += weight_of(asked)
        while len(self._requests) > _MOST or self._weight > LONGEST:
            self._weight -= weight_of(self._requests.pop(0)[1])

    def response(self, signs: set[str], answer: Entry) -> Iterator[Entry]:
        """Yield the responses whose requests are known, or known not to come."""
        yield from self.finish()
        for at, (names, asked) in enumerate(self._requests):
            if names & signs:
                self._weight -= weight_of(asked)
                del self._requests[at]
                yield answered(asked, answer)
                return
        self._response = (signs, answer)

    def finish(self) -> Iterator[Entry]:
        """Yield the response that waits."""
        if self._response is not None:
            answer, self._response = self._response[1], None
            yield answer


def read(tape: Source) -> Iterator[Entry]:
    """Yield the responses. Raise `BrokenError` and `OSError`."""
    window, waiting = Window(tape), _Waiting()
    number = 0
    try:
        while window.skip_blanks():
            tape.line = window.line
            head = window.head()
            if not _VERSION.match(head.partition(b"\n")[0]):
                raise BrokenError("expected a record of WARC, found something else")
            headers = headers_in(head)
            kind, length = header_of(headers, "warc-type").lower(), length_in(headers)
            if length is None:
                raise BrokenError("a record of WARC has no Content-Length")
            block_line = window.line
            block = window.take(length, LONGEST)
            if block is None:
                raise BrokenError("a record of WARC breaks off")
            signs = _signs_of(headers)
            if kind == "request":
                yield from waiting.request(signs, _request(headers, block))
            elif kind in ("response", "resource", "revisit"):
                number += 1
                answer = _answer(number, kind, headers, block, block_line)
                yield from waiting.response(signs, replace(answer, line=tape.line))
    except (BrokenError, OSError):
        yield from waiting.finish()
        raise
    yield from waiting.finish()


def _url(headers: list[tuple[str, str]]) -> str:
    """Return the address, which wget writes in brackets."""
    return header_of(headers, "warc-target-uri").removeprefix("<").removesuffix(">")


def _signs_of(headers: list[tuple[str, str]]) -> set[str]:
    """Return the signs that a request and a response belong together: the ids of records, or the address."""
    names = ("warc-record-id", "warc-concurrent-to")
    ids = {value for name, value in headers if name.lower() in names and value}
    return ids if any(name.lower() == names[1] for name, _ in headers) else {*ids, _url(headers)}


def _request(headers: list[tuple[str, str]], block: bytes) -> Entry:
    window = Window(Tape(io.BytesIO(block)))
    try:
        asked = request_in(window.head(), window)
    except (BrokenError, ValueError):
        asked = Entry(number=0, posted=block)
    return replace(asked, url=_url(headers) or asked.url)


def _answer(number: int, kind: str, headers: list[tuple[str, str]], block: bytes, line: int) -> Entry:
    url, time = _url(headers), header_of(headers, "warc-date")
    if kind == "resource":
        return bounded(Entry(number=number, body_line=line, body=block, length=len(block), url=url, time=time))
    if kind == "revisit":
        return bounded(Entry(number=number, url=url, time=time))
    window = Window(Tape(io.BytesIO(block)))
    window.line = line
    try:
        head = window.head()
        status = _STATUS.match(head)
        if status is None:
            raise BrokenError("the block of the record is not an HTTP response")
    except BrokenError as error:
        return refused(number, url, error)
    inner = headers_in(head)
    answer = response_of(number, int(status[1]), inner, window.whole(inner), window.line)
    return bounded(replace(answer, url=url, time=answer.time or time))
