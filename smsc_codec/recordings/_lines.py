"""JSON Lines: one reply a line. They are cut into blocks, which are read elsewhere, in other processes maybe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from .._source import BOM
from ._coding import MOST
from ._entry import Entry, Problem
from ._tape import Tape
from ._times import iso_date

_BLOCK = 1 << 20
_LONGEST = 6 * MOST
"""Bytes of a line: JSON can take six for one of the body."""


class Block(msgspec.Struct, frozen=True):
    """Whole lines of a recording."""

    first: int
    """The number of the first one, from 1."""
    data: bytes
    too_long: bool = False
    """Whether this stands for one line that is too long to be read."""


class Row(msgspec.Struct):
    """One line. Other members are for others: the reply that is expected, a note."""

    fmt: Literal[0, 1, 2, 3] | None = None
    charset: str | None = None
    expect: Literal["senders", "created", "success"] | None = None
    body: str | None = None
    body_base64: bytes | None = None
    url: str | None = None
    endpoint: str | None = None
    """`senders.php`, or another one, whose replies are not judged."""
    time: str | None = None
    """In ISO 8601."""


_ROW = msgspec.json.Decoder(Row)


def read(tape: Tape) -> Iterator[Block]:
    """The lines, some thousands at a time. Raises `BrokenError` and `OSError`."""
    parts: list[bytes] = []
    first, size, skipping = 1, 0, False
    while piece := tape.read(_BLOCK):
        end = piece.rfind(b"\n") + 1
        if end and skipping:
            start = piece.find(b"\n") + 1
            yield Block(first, b"", too_long=True)
            piece, end, first, skipping = piece[start:], end - start, first + 1, False
            parts, size = [], 0
        if not end:
            size += len(piece)
            skipping = skipping or size > _LONGEST
            parts = [] if skipping else [*parts, piece]
            continue
        data = b"".join([*parts, piece[:end]])
        yield Block(first, data)
        first += data.count(b"\n")
        parts, size = [piece[end:]], len(piece) - end
    if skipping:
        yield Block(first, b"", too_long=True)
    elif size:
        yield Block(first, b"".join(parts))


def entries(block: Block) -> Iterator[Entry]:
    """What the lines hold; empty ones count as lines, and are left out."""
    if block.too_long:
        yield _bad(block.first, "the line is too long to be a reply")
    decode = _ROW.decode
    for number, line in enumerate(block.data.split(b"\n"), block.first):
        if not line or line.isspace():
            continue
        try:
            row = decode(line.removeprefix(BOM) if number == 1 else line)
        except msgspec.DecodeError as error:
            yield _bad(number, str(error))
            continue
        except (ValueError, RecursionError):
            yield _bad(number, "the line is no JSON in UTF-8, or is nested too deeply")
            continue
        if row.body is not None:
            body = row.body.encode()
        elif row.body_base64 is not None:
            body = row.body_base64
        else:
            yield _bad(number, "there is neither body nor body_base64 in the line")
            continue
        yield Entry(
            number=number,
            body=body,
            time=None if row.time is None else iso_date(row.time),
            url=row.url or ("" if row.endpoint is None else f"/{row.endpoint}"),
            fmt=row.fmt,
            charset=row.charset,
            expect=row.expect,
        )


def _bad(number: int, message: str) -> Entry:
    return Entry(number=number, problem=Problem("bad-entry", message))
