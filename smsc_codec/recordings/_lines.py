"""Reads JSON Lines, with one reply per line. It cuts them into blocks, which other processes may read.

A list of the same objects is read too, and so are objects on several lines each.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal

import msgspec

from .._source import BOM, CHARSETS, charset_name
from ..endpoints import ENDPOINTS, all_kinds, name_in
from ..query import split
from ._coding import LONGEST, BrokenError
from ._entry import Entry, Refused, bounded, check_pairs, refused
from ._json import documents, items, shape_of, string_at
from ._keys import NAMES, OURS, Keys
from ._tape import HEAD, Tape
from ._values import pairs_of, status_in
from ._words import in_words

_HEAD = 1 << 20
"""The number of bytes at the beginning of a line that is too long in which its URL is searched for."""


class Block(msgspec.Struct, frozen=True):
    """Whole lines of a recording."""

    first: int
    """The number of the first line, from 1."""
    last: int
    data: bytes
    keys: Keys = OURS
    whole: bool = True
    """False for a line that is too long to be read. Then the data is its beginning."""
    line: int = 0
    """The line in which an object of a list begins, which is one line here; 0 if these are lines of the recording."""


class Row(msgspec.Struct):
    """One line. Other members, such as the expected reply or a note, are ignored."""

    fmt: Literal[0, 1, 2, 3] | None = None
    charset: str | None = None
    expect: str | None = None
    """A kind of replies in normalized JSON."""
    body: str | None = None
    body_base64: bytes | None = None
    url: str | None = None
    endpoint: str | None = None
    """The service's endpoint that was asked, such as `send.php`. Endpoints whose replies are not read are skipped."""
    time: Any = None
    """The time in ISO 8601. Any other value is ignored."""
    status: msgspec.Raw = msgspec.Raw()
    """The HTTP status. Any other value is ignored."""
    headers: msgspec.Raw = msgspec.Raw()
    """The headers of the reply. Any other value is ignored."""


_ROW = msgspec.json.Decoder(Row)


def read(tape: Tape, keys: Keys = OURS) -> Iterator[Block]:
    """Yield the lines, some hundreds at a time. Raise `BrokenError` and `OSError`."""
    head = tape.head(HEAD).lstrip()
    if head.startswith(b"["):
        yield from _as_lines(items(tape), keys, tape)
    elif head.startswith(b"{") and not shape_of(head.partition(b"\n")[0]).whole and shape_of(head).whole:
        yield from _as_lines(documents(tape), keys, tape)
    else:
        yield from _lines(tape, keys)


def _as_lines(objects: Iterator[bytes | Refused], keys: Keys, tape: Tape) -> Iterator[Block]:
    """Yield a block for each object, as one line."""
    for number, item in enumerate(objects, 1):
        if isinstance(item, Refused):
            yield Block(number, number, item.where, keys, False, tape.line)
        else:
            # A JSON string cannot contain a line end.
            yield Block(number, number, item.replace(b"\n", b" "), keys, True, tape.line)


def _lines(tape: Tape, keys: Keys) -> Iterator[Block]:
    parts: list[bytes] = []
    number, size, head = 1, 0, b""
    while piece := tape.piece():
        end = piece.rfind(b"\n") + 1
        if size > LONGEST and end:
            yield Block(number, number, head, keys, False)
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
        yield Block(number, number + lines - 1, data, keys)
        number += lines
        parts, size = [piece[end:]], len(piece) - end
    if size > LONGEST:
        yield Block(number, number, head, keys, False)
    elif size:
        yield Block(number, number, b"".join(parts), keys)


def entries(block: Block) -> Iterator[Entry]:
    """Yield the entries of the lines. Empty lines count as lines, but have no entry."""
    decode, keys = _ROW.decode, block.keys
    # In another process the keys are equal, but not the same object.
    renamed = keys != OURS
    if not block.whole:
        data = _translated(block.data, keys) if renamed else block.data
        yield _bad(block.first, block.line or block.first, data, "the line is too long to be a reply")
        return
    # `bytes.split` takes ten times as long to split the lines.
    for number, line in enumerate(io.BytesIO(block.data), block.first):
        row: Row | str
        at = block.line or number
        try:
            if renamed:
                line = _translated(line, keys)  # noqa: PLW2901
            row = decode(line)
        except (msgspec.DecodeError, ValueError, RecursionError):  # a `ValueError` only since 0.22
            row = _row(line)
            if not isinstance(row, Row):
                name, _, rest = row.partition(" ")
                row = f"{getattr(keys, name)} {rest}" if name in NAMES else row
                if row:
                    yield _bad(number, at, line, row)
                continue
        if row.body is not None:
            body = row.body.encode()
        elif row.body_base64 is not None:
            body = row.body_base64
        else:
            yield _bad(number, at, line, _no_body(line, keys))
            continue
        if row.charset is not None and charset_name(row.charset) is None:
            yield _bad(number, at, line, f"the charset has to be one of {', '.join(CHARSETS)}")
            continue
        if row.expect is not None and row.expect not in all_kinds():
            yield _bad(number, at, line, _not_a_kind(row.expect))
            continue
        if row.endpoint is not None and (trouble := wrong_endpoint(row.endpoint, row.url or "")):
            yield _bad(number, at, line, trouble)
            continue
        entry = Entry(
            number=number,
            line=at,
            body=body,
            text=row.body is not None,
            time=row.time if isinstance(row.time, str) else "",
            url=row.url or page_of(row.endpoint or ""),
            fmt=row.fmt,
            charset=row.charset,
            expect=row.expect,
        )
        yield bounded(_with_head(entry, row) if row.status or row.headers else entry)


def _not_a_kind(word: str) -> str:
    alike = get_close_matches(word[:40], all_kinds(), 1)
    return f"expect has to be the kind of a reply, such as {alike[0] if alike else 'senders or sent'}"


def _with_head(entry: Entry, row: Row) -> Entry:
    """Return the entry with the status and the headers of the reply, as far as they are valid."""
    headers = pairs_of(row.headers)
    try:
        check_pairs(headers)
    except BrokenError as error:
        return refused(entry.number, entry.url, error, entry.line)
    status = status_in(row.status)
    length = None if entry.text else len(entry.body or b"")
    return msgspec.structs.replace(entry, status=200 if status is None else status, headers=headers, length=length)


# Other tools' names for the member that contains the reply.
_CANDIDATES = ("response", "reply", "content", "text", "answer", "result", "data", "payload", "raw", "response_body")
_INNER = ("body", "content", "text", "data")


def _no_body(line: bytes, keys: Keys) -> str:
    """Say that a line has no body, and what can be done. Only known names are quoted."""
    wanted = f"expected {keys.body} or {keys.body_base64} in the line, found neither"
    names = shape_of(line.removeprefix(BOM)).keys
    for name in _CANDIDATES:
        if name in names:
            value = _member(line, name)
            parts = _INNER if value.startswith(b"{") else ()
            inner = next((part for part in parts if string_at(value, part)), "")
            place = f"{name}.{inner}" if inner else name
            return f"{wanted}; if {place} holds the reply, pass --key body={place}"
    return f"{wanted}; if another member holds the reply, name it with --key body=NAME"


def _translated(line: bytes, keys: Keys) -> bytes:
    """Return a line with the library's names instead of those in *keys*, or unchanged if it is not a JSON object."""
    if not line.strip():
        return line
    parts = [b'"%s":%s' % (name.encode(), value) for name in NAMES if (value := _value(line, getattr(keys, name)))]
    return b"{%s}\n" % b",".join(parts) if parts else line


def _value(line: bytes, name: str) -> bytes:
    """Return the member of a line with that name, or the one that the parts of the name lead to; empty if missing."""
    value = _member(line, name)
    if not value and "." in name:
        value = line
        for part in name.split("."):
            value = _member(value, part)
    return value


def _member(text: bytes, name: str) -> bytes:
    try:
        return bytes(_decoder(name).decode(text.removeprefix(BOM)).value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return b""


@lru_cache(64)
def _decoder(name: str) -> Any:
    """Return the decoder of an object that returns one member as raw JSON."""
    member = msgspec.defstruct("Member", [("value", msgspec.Raw, msgspec.Raw())], rename={"value": name})
    return msgspec.json.Decoder(member)


_ALLOWED = {"fmt": "0, 1, 2 or 3", "body_base64": "a text in base64"}


def _row(line: bytes) -> Row | str:
    """Return the row in a line, or what is wrong with the line, which is an empty text if it is blank."""
    # If files are joined, each part can begin with a byte order mark.
    line = line.removesuffix(b"\n").removeprefix(BOM)
    try:
        return _ROW.decode(line)
    except msgspec.DecodeError as error:
        return in_words(error, _ALLOWED, "the line") if line.strip() else ""
    except (ValueError, RecursionError):
        return "the line is not JSON in UTF-8, or is nested too deeply"


def _bad(number: int, at: int, line: bytes, message: str) -> Entry:
    """Return an entry that cannot be judged, with what the line says about its request."""
    line = line.removeprefix(BOM)
    endpoint = string_at(line, "endpoint")
    return refused(number, string_at(line, "url") or page_of(endpoint), message, at)


def page_of(endpoint: str) -> str:
    """Return the path of an endpoint that a line names, with or without `.php`, or an empty text if it is unknown."""
    name = endpoint.removesuffix(".php")
    return f"/{name}.php" if name in ENDPOINTS else ""


def wrong_endpoint(endpoint: str, url: str) -> str:
    """Return what is wrong with the endpoint that a line names, or an empty text if nothing is."""
    name = endpoint.removesuffix(".php")
    if name not in ENDPOINTS:
        return f"endpoint has to be one of {', '.join(ENDPOINTS)}"
    asked = name_in(split(url)[1])[0] if url else name
    return f"endpoint is {name}, and url asks {asked}.php" if asked != name and asked in ENDPOINTS else ""
