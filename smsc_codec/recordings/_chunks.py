"""Reads chunks (`Transfer-Encoding: chunked`). They are believed only if their sizes add up."""

from __future__ import annotations

import re
from typing import Protocol

from ._coding import LONGEST

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?(\r?\n)")
_LAST = re.compile(rb"0+[ \t]*(?:;[^\r\n]{0,4096})?\Z")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}:[^\r\n]{0,8192}\r?\n")
_LONGEST_LINE = 9000
"""The most bytes of the size of a chunk with its extensions, or of a trailer."""
_MOST_TRAILERS = 100


class Ahead(Protocol):
    """A stream of bytes that can be looked at ahead."""

    data: bytearray

    def fill(self, size: int) -> bool:
        """Try to read ahead to that many bytes, and return whether they are there."""
        ...


class Chunks:
    """The chunks at the beginning of some bytes."""

    def __init__(self, ahead: Ahead) -> None:
        self._ahead = ahead
        self.body = bytearray()
        """The contents of the chunks."""
        self.whole = False
        """Whether the last chunk was found."""
        self.cut = False
        """Whether the bytes begin like chunks but are not chunks."""
        self.end = self._walk()
        """The position where the chunks end or break off."""

    @property
    def believed(self) -> bool:
        """Whether these are chunks: at least one is complete, or the last one has its proper form."""
        return bool(self.body) or self.whole

    def _walk(self) -> int:
        ahead, data, at = self._ahead, self._ahead.data, 0
        while True:
            ahead.fill(at + _LONGEST_LINE)
            size = _SIZE.match(data, at)
            if size is None:
                # The line end after the last chunk can be lost.
                self.whole = bool(self.body) and _LAST.match(data, at) is not None
                return len(data) if self.whole else at
            start = size.end()
            if not int(size[1], 16):
                # A body of a single zero is more likely than an empty one without the blank line.
                self.whole = bool(self.body) or data.startswith(b"\r\n", start)
                return self._behind_trailers(start) if self.whole else at
            end = start + int(size[1], 16)
            line_end = self._line_end(end) if end <= LONGEST else 0
            if not line_end:
                self.cut = size[2] == b"\r\n"
                return at
            self.body += data[start:end]
            at = end + line_end

    def _line_end(self, at: int) -> int:
        """Return the length of the line end at a position, or 0 if there is none."""
        self._ahead.fill(at + 2)
        data = self._ahead.data
        return 2 if data.startswith(b"\r\n", at) else int(data.startswith(b"\n", at))

    def _behind_trailers(self, at: int) -> int:
        for _ in range(_MOST_TRAILERS):
            self._ahead.fill(at + _LONGEST_LINE)
            trailer = _TRAILER.match(self._ahead.data, at)
            if trailer is None:
                break
            at = trailer.end()
        return at + self._line_end(at)
