"""Reads a recording as a stream of unpacked bytes, and recognises its kind."""

from __future__ import annotations

import re
import tempfile
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from enum import Enum
from itertools import chain
from typing import BinaryIO

from .._source import BOM, UTF16_MARKS
from ._coding import BrokenError, packing_of, unpacked

_PIECE = 1 << 18
HEAD = 1 << 16
"""The number of bytes at the beginning that tell the kind of a recording."""
_PACKINGS = 5
"""How often a file can be packed. Each time costs a pass."""
_LONGEST_WHOLE = 1 << 30
"""The most bytes of a packed file that is unpacked to the disk."""


class Kind(str, Enum):
    """The kinds of recordings."""

    BODY = "body"
    """The body of one reply."""
    LINES = "json-lines"
    """A JSON object per line, with `body` or `body_base64`, or a list of such objects."""
    HAR = "har"
    """HTTP Archive 1.2, with the variations of exporters."""
    CASSETTE = "cassette"
    """Recordings of vcrpy, VCR and their relatives in YAML or JSON, and stubs of nock, WireMock and Postman."""
    HTTP = "http"
    """Responses with status line and headers, the output of curl, and WARC."""
    PARQUET = "parquet"
    """A Parquet file with a row per reply."""
    ARROW = "arrow"
    """The same in a file or a stream of Arrow's IPC format, which includes Feather."""


METHODS = rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT)"
"""The methods of requests in a dump."""

# A damaged first line has to be recognised too, so these match beginnings and do not parse. A reply of the service
# never begins like any of these.
_SIGNS = (
    # Both have control characters there, which a name cannot have.
    (Kind.PARQUET, re.compile(rb"PAR1[\x00-\x08\x0e-\x1f]")),
    (Kind.ARROW, re.compile(rb"ARROW1\0\0|\xff{4}[^\0][\x00-\xff]{2}\0")),
    # A sender name can begin with the name of a method.
    (Kind.HTTP, re.compile(rb"\s*(?:HTTP/\d(?:\.\d)? \d|" + METHODS + rb" (?:/|https?://|\S{1,8192} HTTP/\d))")),
    (Kind.HAR, re.compile(rb'\s*\{\s*"log"\s*:\s*\{')),
    (
        Kind.CASSETTE,
        re.compile(rb'\s*\{\s*(?:"(?:version|recorded_with)"\s*:[^,{\[]*,\s*)*"(?:http_)?interactions"\s*:'),
    ),
    (
        Kind.CASSETTE,
        re.compile(
            rb"(?:(?:(?:---|#|%)[^\n]*|[^\S\n]*)\n)*(?:(?:version|recorded_with):[^\n]*\n)*(?:http_)?interactions:(?:\s|\Z)"
        ),
    ),
    (Kind.LINES, re.compile(rb'\s*\{[^\n]*"body(?:_base64)?"\s*:')),
)


class Tape:
    """A stream of bytes from an open file, unpacked if they are packed.

    Making a tape can raise `MissingError`. Reading raises `OSError` and, for packed data, `BrokenError`.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.recoded = False
        """Whether the text was in UTF-16, so that lengths in bytes are lost."""
        self.consumed = 0
        """The number of bytes of the file that have been read, before they were unpacked."""
        self.line = 1
        """The line in which the reader's current entry begins."""
        self._ahead = bytearray()
        """The bytes that have been unpacked, and not read yet from `_at` on. Moving that position copies nothing."""
        self._at = 0
        self._file = file
        self._is_packed = False
        self._chunks: Iterator[bytes] = self._read_from(file)
        for _ in range(_PACKINGS):
            packing = packing_of(self.head(4))
            if packing is None:
                break
            self._is_packed = True
            self._chunks = unpacked(self._all(), packing)

    def _all(self) -> Iterator[bytes]:
        """Yield everything that has not been read, and forget what waits."""
        waiting, self._ahead = bytes(self._ahead[self._at :]), bytearray()
        self._at = 0
        return chain([waiting], self._chunks)

    def decode(self) -> None:
        """Go past a byte order mark. After this call, return text in UTF-16 as UTF-8."""
        head = self.head(len(BOM))
        if head.startswith(UTF16_MARKS):
            self.recoded = True
            self._chunks = _recoded(self._all())
        elif head == BOM:
            self._at += len(BOM)

    def _read_from(self, file: BinaryIO) -> Iterator[bytes]:
        # A terminal or a pipe that was set not to block returns `None` if it has nothing to read.
        while data := file.read(_PIECE):
            self.consumed += len(data)
            yield data

    def head(self, size: int) -> bytes:
        """Return the next *size* bytes, or fewer at the end, without reading past them."""
        if len(self._ahead) - self._at < size:
            self._fill(size)
        with memoryview(self._ahead) as ahead:
            return bytes(ahead[self._at : self._at + size])

    def _fill(self, size: int) -> None:
        ahead = self._ahead
        del ahead[: self._at]
        self._at = 0
        try:
            while len(ahead) < size:
                ahead += next(self._chunks)
        except StopIteration:
            pass
        except (BrokenError, OSError) as error:
            # The bytes before the error are read first.
            self._chunks = _failing(error)
            if not ahead:
                raise

    def whole(self) -> AbstractContextManager[BinaryIO]:
        """Return the whole recording as a file in which any place can be read.

        It is the recording itself, or a temporary file if the recording is packed or is not a file.
        """
        if not self._is_packed and self._file.seekable() and self._file.tell() == self.consumed:
            self._file.seek(0)
            return nullcontext(self._file)
        with ExitStack() as stack:
            whole = stack.enter_context(tempfile.TemporaryFile())
            size = 0
            while piece := self.piece():
                size += whole.write(piece)
                if self._is_packed and size > _LONGEST_WHOLE:
                    raise BrokenError(f"the unpacked data has more than {_LONGEST_WHOLE:,} bytes")
            whole.seek(0)
            stack.pop_all()
            return whole

    def piece(self) -> bytes:
        """Return the next piece of bytes, which is empty at the end."""
        return self.read(_PIECE)

    def read(self, size: int) -> bytes:
        """Return the next *size* bytes, or fewer at the end."""
        data = self.head(size)
        self._at += len(data)
        return data

    def beginning(self) -> bytes:
        """Return the first bytes, without a byte order mark and in UTF-8 if they are in UTF-16."""
        head = self.head(HEAD)
        if head.startswith(UTF16_MARKS):
            head = head.decode("utf-16", "replace").encode()
        return head.removeprefix(BOM)

    def kind(self) -> Kind:
        """Return what kind of recording begins here."""
        head = self.beginning()
        return next((kind for kind, sign in _SIGNS if sign.match(head)), Kind.BODY)


def _recoded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = getincrementaldecoder("utf-16")("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", True).encode()


def _failing(error: Exception) -> Iterator[bytes]:
    raise error
    yield b""
