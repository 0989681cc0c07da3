"""A recording as bytes that come one after another, unpacked, and what kind of recording they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import BinaryIO

from .._source import BOM
from ._coding import BrokenError, unpacked, unpacker

_PIECE = 1 << 18
_HEAD = 1 << 16


class Kind(str, Enum):
    """The kinds of recordings."""

    BODY = "body"
    """The body of one reply."""
    LINES = "json-lines"
    """A JSON object a line, with `body` or `body_base64`."""
    HAR = "har"
    """HTTP Archive 1.2."""
    CASSETTE = "cassette"
    """What vcrpy (YAML, JSON) and Ruby's VCR (YAML, JSON) record."""
    HTTP = "http"
    """Responses with status line and headers, one after another."""


# A damaged first line has to be recognised too, so this looks at how things begin and does not parse. No reply
# of the service begins like any of these.
_SIGNS = (
    (Kind.HTTP, re.compile(rb"\s*(?:HTTP/\d|(?:GET|POST|HEAD|PUT) \S+)")),
    (Kind.HAR, re.compile(rb'\s*\{\s*"log"\s*:\s*\{')),
    (
        Kind.CASSETTE,
        re.compile(rb'\s*\{\s*(?:"(?:version|recorded_with)"\s*:[^,{\[]*,\s*)*"(?:http_)?interactions"\s*:'),
    ),
    (
        Kind.CASSETTE,
        re.compile(
            rb"(?:(?:(?:---|#|%)[^\n]*|[^\S\n]*)\n)*(?:(?:version|recorded_with):[^\n]*\n)*(?:http_)?interactions:"
        ),
    ),
    (Kind.LINES, re.compile(rb'\s*\{[^\n]*"body(?:_base64)?"\s*:')),
)


class Tape:
    """Bytes from an open file, unpacked if they are packed. Raises `MissingError` when it is made.

    Reading raises `OSError` and, for packed data, `BrokenError`.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.consumed = 0
        """Bytes of the file that have been read, packed as they are."""
        self._ahead = b""
        self._chunks: Iterator[bytes] = self._read_from(file)
        new = unpacker(self.head(4))
        if new is not None:
            self._chunks, self._ahead = unpacked(self._again(self._ahead, self._chunks), new), b""

    def _read_from(self, file: BinaryIO) -> Iterator[bytes]:
        # A terminal or a pipe that somebody has set not to block can have nothing to read, which is `None`.
        while data := file.read(_PIECE):
            self.consumed += len(data)
            yield data

    @staticmethod
    def _again(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
        yield head
        yield from rest

    def head(self, size: int) -> bytes:
        """The next *size* bytes, or what there is; they are read again."""
        parts, have = [self._ahead] if self._ahead else [], len(self._ahead)
        try:
            while have < size:
                parts.append(next(self._chunks))
                have += len(parts[-1])
        except StopIteration:
            pass
        except (BrokenError, OSError) as error:
            # What was there before it is read first.
            self._chunks = _failing(error)
            if not have:
                raise
        self._ahead = b"".join(parts)
        return self._ahead[:size]

    def piece(self) -> bytes:
        """The next bytes, as many as are read at a time; none at the end."""
        return self.read(_PIECE)

    def read(self, size: int) -> bytes:
        """The next *size* bytes; fewer at the end only."""
        data = self.head(size)
        self._ahead = self._ahead[len(data) :]
        return data

    def kind(self) -> Kind:
        """What kind of recording begins here."""
        head = self.head(_HEAD).removeprefix(BOM)
        return next((kind for kind, sign in _SIGNS if sign.match(head)), Kind.BODY)


def _failing(error: Exception) -> Iterator[bytes]:
    raise error
    yield b""
