"""Reads HTTP responses with status line and headers, which `curl -i` prints and proxies store.

Requests before their responses are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from .._source import BOM
from ._chunks import Chunks
from ._coding import LONGEST, BrokenError
from ._entry import LONGEST_URL, Entry, Problem, bounded, check_pairs, header_of, refused, weight_of
from ._form import form_of
from ._tape import METHODS

# A message begins at the start of a line, or right after a body, because curl does not write a line end there. A body
# can contain such a line too, but seldom with a header or an empty line below it.
_NEXT_LINE = rb"\r?\n(?:[ \t]*\r?\n|:?[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}[ \t]*:)"
_RESPONSE = rb"HTTP/\d(?:\.\d)? \d{3}(?: [^\r\n\"<>{}\[\]=/]{0,200})?"
_REQUEST = METHODS + rb" \S{1,%d} HTTP/\d(?:\.\d)?"
_START = re.compile(rb"(?:" + _RESPONSE + rb"|" + _REQUEST % (LONGEST_URL + 1) + rb")" + _NEXT_LINE)
# The beginning at a position that headers name. Many messages can name the same position.
_START_THERE = re.compile(rb"(?:" + _RESPONSE + rb"|" + _REQUEST % 2048 + rb")" + _NEXT_LINE)
_LONGEST_START = LONGEST_URL + 500
_LONGEST_THERE = 8192
"""The most bytes of blanks and of the start of a message after them."""
_END = re.compile(rb"\r?\n\r?\n")
# If files are joined, each part can begin with a byte order mark.
_BLANKS = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf){0,2048}")
_BLANK = b" \t\r\n"
_NOTHING = "there is no HTTP response in it"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(?::[0-9]{1,5})?")
_MOST_HEAD = 1 << 18
"""The most bytes of headers. Servers and clients refuse more than some ten thousand."""
_LENGTH = re.compile(r"[0-9]{1,15}")
# The statuses before the real response: 100 (Continue), and the answer of a proxy before it becomes a tunnel.
_BEFORE = re.compile(rb"\S+ (?:1\d\d|200 (?i:connection established))")
_WITHOUT_BODY = frozenset({204, 205, 304})
_MOST_ASKED = 100
"""The most requests that wait for their responses. If there are more, or more than `LONGEST` bytes, the first are
forgotten."""


class Source(Protocol):
    """A source of messages."""

    recoded: bool
    """Whether lengths in bytes are lost."""
    line: int
    """The line in which the current message begins."""

    def piece(self) -> bytes:
        """Return the next bytes, or no bytes at the end."""
        ...


class Rest(NamedTuple):
    """The part of a message after its head."""

    body: bytes
    exact: bool = False
    """Whether the headers say where the body ends, and a message or the end of the recording is there."""
    length: int | None = None
    """The right `Content-Length`; None if it does not count."""
    problem: str = ""
    """What is wrong with the chunks."""
    doubt: str = ""
    """What may be wrong with the chunks."""


class Window:
    """The part of a tape that is being read."""

    def __init__(self, tape: Source) -> None:
        self._tape = tape
        self.data = bytearray()
        self.line = 1
        """The line of the recording in which the data begins."""

    def _more(self) -> bool:
        piece = self._tape.piece()
        self.data += piece
        return bool(piece)

    def _drop(self, size: int) -> None:
        """Go past that many bytes."""
        self.line += self.data.count(b"\n", 0, size)
        del self.data[:size]

    def fill(self, size: int) -> bool:
        """Try to read ahead to that many bytes, and return whether they are there."""
        while len(self.data) < size:
            if not self._more():
                return False
        return True

    def head(self) -> bytes:
        """Return the first line and the headers of a message. Raise `BrokenError`."""
        while True:
            end = _END.search(self.data, 0, _MOST_HEAD)
            if end is not None:
                head = bytes(self.data[: end.start()])
                self._drop(end.end())
                return head
            if len(self.data) >= _MOST_HEAD or not self._more():
                raise BrokenError("the headers of a message do not end")

    def rest(self, headers: list[tuple[str, str]], bodiless: bool) -> Rest:
        """Return the bytes before the next message or the end. If they are too many, return enough for a refusal.

        The headers are believed if a message begins where they say that this one ends. Otherwise the next message is
        searched for.
        """
        if bodiless and (end := self._start_behind(0)) is not None:
            self._drop(end)
            return Rest(b"", exact=True)
        doubt = ""
        if "chunked" in header_of(headers, "transfer-encoding").lower():
            chunks = Chunks(self)
            if chunks.believed:
                end = self._start_behind(chunks.end) if chunks.whole else None
                if end is not None:
                    self._drop(end)
                    return Rest(bytes(chunks.body), exact=True)
                broken = "there is something behind the last chunk of the body"
                broken = broken if chunks.whole else "the chunks of the body are cut or damaged"
                return Rest(self.until_start(chunks.end), problem=broken)
            doubt = "the body begins like a chunk that is cut, and is read as it stands" if chunks.cut else ""
        length = length_in(headers)
        if length is not None and length <= LONGEST and self.fill(length):
            end = self._start_behind(length)
            if end is not None:
                body = bytes(self.data[:length])
                self._drop(end)
                return Rest(body, exact=True, length=length, doubt=doubt)
        body = self.until_start()
        if length is not None and len(body) >= length and not body[length:].strip():
            return Rest(body[:length], exact=True, length=length, doubt=doubt)
        return Rest(body, length=len(body), doubt=doubt)

    def whole(self, headers: list[tuple[str, str]]) -> Rest:
        """Return the rest of the bytes as the body of a message with these headers."""
        while self._more():
            pass
        if "chunked" in header_of(headers, "transfer-encoding").lower():
            chunks = Chunks(self)
            if chunks.believed and not (chunks.whole and chunks.end == len(self.data)):
                return Rest(b"", problem="the chunks of the body are cut or damaged")
            if chunks.believed:
                return Rest(bytes(chunks.body), exact=True)
        return Rest(bytes(self.data), exact=True, length=len(self.data))

    def take(self, size: int, most: int) -> bytes | None:
        """Go past *size* bytes, and return at most *most* of them, or None if there are fewer than *size*."""
        kept = bytearray()
        while size:
            if not self.data and not self._more():
                return None
            part = self.data[:size]
            kept += part[: max(most - len(kept), 0)]
            size -= len(part)
            self._drop(len(part))
        return bytes(kept)

    def skip_blanks(self) -> bool:
        """Go past blanks, and return whether something follows."""
        while True:
            rest = self.data.lstrip(_BLANK)
            self._drop(len(self.data) - len(rest))
            if self.data or not self._more():
                return bool(self.data)

    def _start_behind(self, at: int) -> int | None:
        """Return where a message or the end is after *at* and blanks, or None if something else follows."""
        self.fill(at + _LONGEST_THERE)
        blanks = _BLANKS.match(self.data, at)
        if blanks is None or blanks.end() < len(self.data):
            return blanks.end() if blanks and _START_THERE.match(self.data, blanks.end()) else None
        return None if self._more() else blanks.end()

    def until_start(self, at: int = 0) -> bytes:
        """Return everything before the next message after *at*, or before the end. If it is too long, return a part."""
        kept = bytearray()
        while True:
            start = _START.search(self.data, at)
            # The last bytes can be the beginning of a message that is not complete.
            sure = max(len(self.data) - _LONGEST_START, at) if start is None else start.start()
            kept += self.data[: min(sure, LONGEST - len(kept))]
            self._drop(sure)
            at = 0
            if start is not None:
                return bytes(kept)
            if not self._more():
                kept += self.data
                self._drop(len(self.data))
                return bytes(kept)


class _Asked:
    """Requests that wait for their responses, and responses that wait until their requests are known.

    The responses of a connection come in the order of its requests. If several requests come before their responses,
    and there are fewer responses, nobody knows which requests were not answered.
    """

    def __init__(self) -> None:
        self._requests: list[Entry] = []
        self._lost = False
        """Whether there were more requests than are remembered."""
        self._waiting: list[Entry] = []
        self._weight = 0
        """An estimate of the memory that all of them take."""

    def method(self) -> str:
        """Return the method of the request that the next response answers, or an empty text if there is none."""
        at = len(self._waiting)
        return self._requests[at].method if at < len(self._requests) else ""

    def request(self, asked: Entry) -> Iterator[Entry]:
        """Remember a request, and yield the responses that waited."""
        if self._waiting:
            yield from self.finish()
        self._requests.append(asked)
        self._weight += weight_of(asked)
        if len(self._requests) > _MOST_ASKED or self._weight > LONGEST:
            self._lost = True
            self._weight -= weight_of(self._requests.pop(0))

    def response(self, answer: Entry) -> Iterator[Entry]:
        """Yield the responses whose requests are known with this *answer*."""
        self._waiting.append(answer)
        if len(self._waiting) < len(self._requests):
            self._weight += weight_of(answer)
        if len(self._waiting) >= len(self._requests) or self._weight > LONGEST:
            yield from self.finish()

    def finish(self) -> Iterator[Entry]:
        """Yield all responses that wait, and forget their requests."""
        requests, waiting, lost = self._requests, self._waiting, self._lost
        self._requests, self._waiting, self._lost, self._weight = [], [], False, 0
        if lost or len(waiting) < len(requests):
            requests = [_any_of(requests)] * len(waiting)
        for at, answer in enumerate(waiting):
            yield answered(requests[at], answer) if at < len(requests) else answer


def read(tape: Source) -> Iterator[Entry]:
    """Yield the responses. Raise `BrokenError` and `OSError`."""
    window, asked = Window(tape), _Asked()
    before = window.until_start().replace(BOM, b"").strip(_BLANK)
    if before and not window.data:
        raise BrokenError(_NOTHING)
    number = first = int(bool(before))
    if before:
        yield refused(number, "", "text before the first message is not a reply")
    try:
        while window.data:
            tape.line = window.line
            head = window.head()
            if not head.startswith(b"HTTP/"):
                yield from asked.request(request_in(head, window))
                continue
            answer = _response(number + 1, tape.line, asked.method(), head, window)
            if answer is not None:
                if tape.recoded:
                    answer = replace(answer, text=True, length=None)
                number += 1
                yield from asked.response(answer)
    except (BrokenError, OSError):
        yield from asked.finish()
        raise
    yield from asked.finish()
    if number == first:
        raise BrokenError(_NOTHING)


def request_in(head: bytes, window: Window) -> Entry:
    """Return what is known of an entry from its request."""
    method, target, _ = head.split(b" ", 2)
    url = target.decode("latin-1")
    headers = headers_in(head)
    rest = window.rest(headers, False)
    host = header_of(headers, "host")
    if url.startswith("/") and _HOST.fullmatch(host):
        url = f"//{host}{url}"
    known = Entry(number=0, method=method.decode("latin-1"), url=url)
    try:
        check_pairs(headers)
        if rest.problem:
            # The request itself is not known, but its secrets are.
            return bounded(replace(known, posted=rest.body, sent=headers))
        form = form_of(rest.body if rest.exact else rest.body.strip(), headers)
        return bounded(replace(known, form=form, sent=headers))
    except BrokenError as error:
        return replace(refused(0, url, error), method=known.method)


def _response(number: int, line: int, method: str, head: bytes, window: Window) -> Entry | None:
    """Return what is known of an entry from its response, or None if another one has to follow."""
    status = int(head.split(b" ", 2)[1][:3])
    headers = headers_in(head)
    before = _BEFORE.match(head) is not None
    body_line = window.line
    rest = window.rest(headers, before or status in _WITHOUT_BODY or method == "HEAD")
    if before and not rest.body.strip():
        return None
    return replace(response_of(number, status, headers, rest, body_line), line=line)


def response_of(number: int, status: int, headers: list[tuple[str, str]], rest: Rest, body_line: int) -> Entry:
    """Return what is known of an entry from the parts of its response."""
    try:
        check_pairs(headers)
    except BrokenError as error:
        return Entry(number=number, problem=Problem("bad-entry", str(error)))
    # `curl -I` prints a length without a body.
    missing = len(rest.body) < (length_in(headers) or 0) and not rest.body.strip(_BLANK)
    return Entry(
        number=number,
        # The length of chunks is not known.
        body_line=0 if rest.length is None else body_line,
        status=status,
        headers=headers,
        time=header_of(headers, "date"),
        body=None if rest.problem or missing else rest.body,
        length=rest.length,
        problem=Problem("bad-coding", rest.problem) if rest.problem else None,
        doubt=rest.doubt,
        open_end=not rest.exact,
    )


def answered(asked: Entry, answer: Entry) -> Entry:
    """Return a response with its request."""
    whole = replace(answer, method=asked.method, url=asked.url, form=asked.form, posted=asked.posted, sent=asked.sent)
    return whole if asked.problem is None else replace(whole, problem=asked.problem)


def _any_of(requests: list[Entry]) -> Entry:
    """Return what is known if it is not clear which request was answered: only the secret values of all."""
    sent = [pair for asked in requests for pair in (*asked.sent, ("Referer", asked.url))]
    bodies = [body for asked in requests for body in (asked.form, asked.posted)]
    return Entry(number=0, posted=b"\n".join(bodies), sent=sent)


def length_in(headers: list[tuple[str, str]]) -> int | None:
    """Return `Content-Length`, or None if it is missing or not a number."""
    length = header_of(headers, "content-length")
    return int(length) if _LENGTH.fullmatch(length) else None


def headers_in(head: bytes) -> list[tuple[str, str]]:
    """Return the headers of a message."""
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\n")[1:])
    return [(name.strip(), value.strip()) for name, _, value in pairs]
