"""JSON Lines: one reply a line. They are cut into blocks, which are read elsewhere, in other processes maybe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Literal

import msgspec

from .._pages import PAGES
from .._source import BOM, CHARSETS, charset_name
from ..endpoints import ENDPOINTS, OTHERS, all_kinds, name_in
from ..query import split
from ._coding import LONGEST
from ._entry import Entry, bounded, refused
from ._json import string_at
from ._tape import Tape
from ._words import in_words

_HEAD = 1 << 20
"""Bytes of a line that is too long in which its URL is looked for."""


class Block(msgspec.Struct, frozen=True):
    """Whole lines of a recording."""

    first: int
    """The number of the first one, from 1."""
    last: int
    data: bytes
    whole: bool = True
    """False for a line that is too long to be read, of which the data is the beginning."""


class Row(msgspec.Struct):
    """One line. Other members are for others: the reply that is expected, a note."""

    fmt: Literal[0, 1, 2, 3] | None = None
    charset: str | None = None
    expect: str | None = None
    """A kind of replies in normalized JSON."""
    body: str | None = None
    body_base64: bytes | None = None
    url: str | None = None
    endpoint: str | None = None
    """The endpoint of the service that was asked, such as `send.php`. Those whose replies are not read are skipped."""
    time: str | None = None
    """In ISO 8601."""


_ROW = msgspec.json.Decoder(Row)


def read(tape: Tape) -> Iterator[Block]:
    """The lines, some hundreds at a time. Raises `BrokenError` and `OSError`."""
    parts: list[bytes] = []
    number, size, head = 1, 0, b""
    while piece := tape.piece():
        end = piece.rfind(b"\n") + 1
        if size > LONGEST and end:
            yield Block(number, number, head, False)
            start = piece.find(b"\n") + 1
            piece, end = piece[start:], end - start
            number, size = number + 1, 0
        if not end:
            size += len(piece)
            if size <= LONGEST:
                parts.append(piece)
            elif parts:
                head = b"".join((*parts, piece))[:_HEAD]
                parts.clear()
            continue
        data = b"".join((*parts, memoryview(piece)[:end]))
        lines = data.count(b"\n")
        yield Block(number, number + lines - 1, data)
        number += lines
        parts, size = [piece[end:]], len(piece) - end
    if size > LONGEST:
        yield Block(number, number, head, False)
    elif size:
        yield Block(number, number, b"".join(parts))


def entries(block: Block) -> Iterator[Entry]:
    """What the lines hold; empty ones count as lines, and are left out."""
    if not block.whole:
        yield _bad(block.first, block.data, "the line is too long to be a reply")
        return
    decode = _ROW.decode
    # `bytes.split` takes ten times as long to find the lines.
    for number, line in enumerate(io.BytesIO(block.data), block.first):
        row: Row | str
        try:
            row = decode(line)
        except (msgspec.DecodeError, ValueError, RecursionError):  # a `ValueError` only since 0.22
            row = _row(line)
            if not isinstance(row, Row):
                if row:
                    yield _bad(number, line, row)
                continue
        if row.body is not None:
            body = row.body.encode()
        elif row.body_base64 is not None:
            body = row.body_base64
        else:
            yield _bad(number, line, "there is neither body nor body_base64 in the line")
            continue
        if row.charset is not None and charset_name(row.charset) is None:
            yield _bad(number, line, f"the charset has to be one of {', '.join(CHARSETS)}")
            continue
        if row.expect is not None and row.expect not in all_kinds():
            yield _bad(number, line, f"expect has to be one of {', '.join(all_kinds())}")
            continue
        if row.endpoint is not None and (trouble := wrong_endpoint(row.endpoint, row.url or "")):
            yield _bad(number, line, trouble)
            continue
        entry = Entry(
            number=number,
            line=number,
            body=body,
            text=row.body is not None,
            time=row.time or "",
            url=row.url or page_of(row.endpoint or ""),
            fmt=row.fmt,
            charset=row.charset,
            expect=row.expect,
        )
        yield bounded(entry)


_ALLOWED = {"fmt": "0, 1, 2 or 3", "body_base64": "a text in base64"}


def _row(line: bytes) -> Row | str:
    """Return what a line holds, or what is wrong with it; an empty text if it is blank."""
    # Files that are put together can have a byte order mark at the beginning of each.
    line = line.removesuffix(b"\n").removeprefix(BOM)
    try:
        return _ROW.decode(line)
    except msgspec.DecodeError as error:
        return in_words(error, _ALLOWED, "the line") if line.strip() else ""
    except (ValueError, RecursionError):
        return "the line is no JSON in UTF-8, or is nested too deeply"


def _bad(number: int, line: bytes, message: str) -> Entry:
    """Return an entry that cannot be judged, with what the line says of its request."""
    line = line.removeprefix(BOM)
    endpoint = string_at(line, "endpoint")
    return refused(number, string_at(line, "url") or page_of(endpoint), message, number)


def page_of(endpoint: str) -> str:
    """Return the path of an endpoint that a line names, with or without the ending of its file; empty if unknown."""
    name = endpoint.removesuffix(".php")
    return f"/{name}.php" if name in PAGES else ""


def wrong_endpoint(endpoint: str, url: str) -> str:
    """Return what is wrong with the endpoint that a line names, empty if nothing is."""
    name = endpoint.removesuffix(".php")
    if name not in PAGES:
        return f"endpoint has to be one of {', '.join((*ENDPOINTS, *OTHERS))}"
    asked = name_in(split(url)[1])[0] if url else name
    return f"endpoint is {name}, and url asks {asked}.php" if asked != name and asked in PAGES else ""
