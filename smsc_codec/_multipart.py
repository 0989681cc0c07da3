"""Read `multipart/form-data` (RFC 7578): the fields of a form and the names of its files.

The work is linear in the size of the form, and a part is a view of it until somebody asks for its content. Parts
inside of parts are content like any other. The email parser of the standard library is not used, because its work is
quadratic in the length of a header, and because it looks up codecs and nests parsers as the form tells it to.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

_LONGEST_HEADERS = 8192
"""Bytes of a `Content-Type`, and of the headers of a part; browsers write some hundred."""
_LONGEST_BOUNDARY = 200
"""RFC 2046 allows 70."""

# What follows a boundary in its line.
_TAIL = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_PARAMETER = re.compile(r';\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;][^;]*)?)', re.DOTALL)
# Browsers of old write `C:\path` without escapes.
_ESCAPED = re.compile(r'\\(["\\])')


class FormError(ValueError):
    """A form that cannot be read; the message says why."""


class Part(NamedTuple):
    """A field or a file of a form."""

    name: str
    """With a character for each byte."""
    filename: str | None
    """Likewise; `None` for a field. A file whose name is in another charset (`filename*`) has an empty one."""
    encoding: str
    """`Content-Transfer-Encoding` in small letters, empty if there is none."""
    data: memoryview
    """The content as it is in the form."""
    start: int
    """Where that stands in the form."""

    def content(self) -> bytes:
        """Return the content without its `Content-Transfer-Encoding`, or as it is if that is broken or unknown."""
        data = bytes(self.data)
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        if self.encoding == "base64":
            with suppress(binascii.Error):
                return binascii.a2b_base64(data)
        return data


def is_multipart(content_type: str) -> bool:
    """Say whether a `Content-Type` is that of a multipart form."""
    return content_type[:_LONGEST_HEADERS].strip().lower().startswith("multipart/form-data")


def parts_of(content_type: str, body: bytes) -> Iterator[Part]:
    """Read the parts of a form that have a name. Raise `FormError`.

    A form that is cut has its last part up to where it ends.
    """
    if len(content_type) > _LONGEST_HEADERS:
        raise FormError(f"its Content-Type has more than {_LONGEST_HEADERS} characters")
    boundary = _parameters(content_type).get("boundary", "").encode("latin-1", "replace")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise FormError(f"its Content-Type has to have a boundary of 1 to {_LONGEST_BOUNDARY} characters")
    view = memoryview(body)
    for start, end in _places(body, b"--" + boundary):
        # The line end in front of the headers is the one behind the boundary, as a part can have none; that in front
        # of the next boundary can be their blank line.
        blank = _BLANK_LINE.search(body, start, min(end + 2, start + _LONGEST_HEADERS))
        if blank is None:
            if end - start > _LONGEST_HEADERS:
                raise FormError(f"the headers of a part have more than {_LONGEST_HEADERS} bytes")
            continue
        headers = _headers(body[start : blank.start()].decode("latin-1"))
        disposition = _parameters(headers.get("content-disposition", ""))
        if "name" in disposition:
            filename = disposition.get("filename", "" if "filename*" in disposition else None)
            encoding = headers.get("content-transfer-encoding", "").strip().lower()
            at = blank.end()
            yield Part(disposition["name"], filename, encoding, view[at:end], at)


def _places(body: bytes, mark: bytes) -> Iterator[tuple[int, int]]:
    """Find where the parts begin and end: behind the line of a boundary, and before the line end of the next one."""
    start, at = -1, body.find(mark)
    while at >= 0:
        tail = _TAIL.match(body, at + len(mark)) if at == 0 or body[at - 1 : at] == b"\n" else None
        if tail is None:
            at = body.find(mark, at + len(mark))
            continue
        if start >= 0:
            yield start, max(start, at - (2 if body[max(at - 2, 0) : at] == b"\r\n" else 1))
        if tail[1]:
            return
        start = tail.end()
        at = body.find(mark, start)
    if start >= 0:
        yield start, len(body)


def _headers(text: str) -> dict[str, str]:
    """Return the headers by name in small letters; of two with the same name the first counts."""
    headers: dict[str, str] = {}
    for line in _FOLD.sub(" ", text).split("\n"):
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value)
    return headers


def _parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header; of two with the same name the first counts."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(value):
        found.setdefault(name.lower(), _ESCAPED.sub(r"\1", quoted) or bare.strip())
    return found
