"""JSON Lines: one reply a line. They are cut into blocks, which are read elsewhere, in other processes maybe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from .._source import BOM, CHARSETS, charset_name
from ._coding import LONGEST
from ._entry import Entry, Problem, bounded
from ._tape import Tape


class Block(msgspec.Struct, frozen=True):
    """Whole lines of a recording."""

    first: int
    """The number of the first one, from 1."""
    last: int
    data: bytes
    """Empty for a line that is too long to be read."""


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
    """The lines, some hundreds at a time. Raises `BrokenError` and `OSError`."""
    parts: list[bytes] = []
    number, size = 1, 0
    while piece := tape.piece():
        end = piece.rfind(b"\n") + 1
        if size > LONGEST and end:
            yield Block(number, number, b"")
            start = piece.find(b"\n") + 1
            piece, end = piece[start:], end - start
            number, size = number + 1, 0
        if not end:
            size += len(piece)
            if size <= LONGEST:
                parts.append(piece)
            else:
                parts.clear()
            continue
        data = b"".join((*parts, memoryview(piece)[:end]))
        lines = data.count(b"\n")
        yield Block(number, number + lines - 1, data)
        number += lines
        parts, size = [piece[end:]], len(piece) - end
    if size > LONGEST:
        yield Block(number, number, b"")
    elif size:
        yield Block(number, number, b"".join(parts))


def entries(block: Block) -> Iterator[Entry]:
    """What the lines hold; empty ones count as lines, and are left out."""
    if not block.data:
        yield _bad(block.first, "the line is too long to be a reply")
        return
    data = block.data.removeprefix(BOM) if block.first == 1 else block.data
    decode = _ROW.decode
    for number, line in enumerate(data.split(b"\n"), block.first):
        try:
            row = decode(line)
        except msgspec.DecodeError as error:
            if line and not line.isspace():
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
        if row.charset is not None and charset_name(row.charset) is None:
            yield _bad(number, f"the charset has to be one of {', '.join(CHARSETS)}")
            continue
        entry = Entry(
            number=number,
            body=body,
            text=row.body is not None,
            time=row.time or "",
            url=row.url or ("" if row.endpoint is None else f"/{row.endpoint}"),
            fmt=row.fmt,
            charset=row.charset,
            expect=row.expect,
        )
        yield bounded(entry) if entry.url else entry


def _bad(number: int, message: str) -> Entry:
    return Entry(number=number, problem=Problem("bad-entry", message))
