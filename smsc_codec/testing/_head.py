"""Reads the head of an HTTP request strictly. It refuses everything that two readers could understand differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

# The most bytes of a request's line and headers together, and the most headers.
_LONGEST, _MOST = 65_536, 100

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A character of a target is a byte: clients send percent-encoded and raw ones.
_REQUEST = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e\x80-\xff]+) HTTP/([0-9])\.([0-9])")
_HEADER = re.compile(rb"(" + _TOKEN + rb"):([\t\x20-\x7e\x80-\xff]*)")
_NUMBER = re.compile("[0-9]+")
# A length is below 100 MB: clients do not send longer bodies, and the memory is allocated before the body comes.
_DIGITS = 8

_FRAMING = frozenset({"content-length", "transfer-encoding"})
_ONCE = frozenset({"content-length", "content-type", "host"})


class RefusedError(Exception):
    """A request that gets an HTTP status of its own. Nothing that follows it on the connection can be trusted."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Head:
    """The line and the headers of a request."""

    method: str
    target: str
    """The target, with a character for each byte."""
    content_type: str
    length: int
    """The length of the body, in bytes."""
    stays: bool
    """Whether another request may follow on the connection."""
    waits: bool
    """Whether the client waits for `100 Continue` before it sends the body."""


def read_head(file: BufferedReader[Any]) -> Head | None:
    """Read the head of the next request. Return None if the client has gone. Raise `RefusedError` and `OSError`."""
    first = file.peek(1)[:1]
    # For example, TLS to the wrong port may wait for an answer without ever ending the line.
    if first and not first.isalpha() and first not in b"\r\n":
        raise RefusedError(400, "a request begins with its method")
    room = _LONGEST
    line = _line(file, room, 414)
    # Some clients end a body with a line end that does not belong to it.
    line = _line(file, room, 414) if line == b"" else line
    if line is None:
        return None
    request = _REQUEST.fullmatch(line)
    if request is None:
        raise RefusedError(400, "expected a method, a target and HTTP/1.1, with a space between them")
    if request[3] != b"1":
        raise RefusedError(505, "the version is HTTP/1.1 or HTTP/1.0")
    headers: dict[str, str] = {}
    count = 0
    while line:
        room = max(room - len(line), 0)
        line = _line(file, room, 431)
        if line is None:
            return None
        if line:
            count += 1
            if count > _MOST:
                raise RefusedError(431, f"expected at most {_MOST} headers")
            _add(headers, line)
    method = request[1].decode()
    length = _length(headers)
    later = request[4] != b"0"
    # Without a length a body would be read as the next request.
    stays = later and "close" not in _tokens(headers.get("connection", ""))
    stays = stays and ("content-length" in headers or method == "GET")
    expected = headers.get("expect", "").lower()
    if expected not in ("", "100-continue"):
        raise RefusedError(417, "of Expect only 100-continue is met")
    target = request[2].decode("latin-1")
    return Head(method, target, headers.get("content-type", ""), length, stays, bool(expected) and later)


def _line(file: BufferedReader[Any], room: int, status: int) -> bytes | None:
    """Return the next line without its end, or None if it does not end."""
    line = file.readline(room + 1)
    if len(line) > room:
        raise RefusedError(status, f"expected at most {_LONGEST} bytes before the body")
    if not line.endswith(b"\n"):
        return None
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _add(headers: dict[str, str], line: bytes) -> None:
    header = _HEADER.fullmatch(line)
    if header is None:
        raise RefusedError(400, "expected a header: a name, a colon right behind it, and a value on the same line")
    name = header[1].decode().lower()
    value = header[2].strip(b" \t").decode("latin-1")
    if name not in _FRAMING and name.replace("_", "-") in _FRAMING:
        raise RefusedError(400, "expected hyphens in the names of headers, found underscores")
    if name in headers:
        if name in _ONCE:
            raise RefusedError(400, f"expected one {name.title()}, found two")
        value = f"{headers[name]}, {value}"
    headers[name] = value


def _length(headers: dict[str, str]) -> int:
    length = headers.get("content-length")
    if "transfer-encoding" in headers:
        if length is not None:
            raise RefusedError(400, "expected one of Content-Length and Transfer-Encoding, found both")
        raise RefusedError(411, "the length of a body is required: no Transfer-Encoding is read")
    if length is None:
        return 0
    if not _NUMBER.fullmatch(length):
        raise RefusedError(400, "expected digits as the Content-Length")
    if len(length) > _DIGITS:
        raise RefusedError(413, f"expected a body of at most {_DIGITS} digits in bytes")
    return int(length)


def _tokens(value: str) -> set[str]:
    return {token.strip().lower() for token in value.split(",")}
