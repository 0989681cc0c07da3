"""What vcrpy (YAML, JSON) and Ruby's VCR (YAML, JSON) record. It is read an interaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from .._source import charset_name
from . import _json, _yaml
from ._coding import BrokenError
from ._entry import MOST_HEADERS, Entry, Refused, bounded, check_pairs, refused
from ._form import form_of
from ._tape import Tape
from ._values import base64_bytes
from ._words import in_words

_NAMES = ("interactions", "http_interactions")

# What Ruby calls the charsets that bodies are in, beside those of the service, and what Python calls them. ASCII-8BIT
# is Ruby's name for bytes: such a body is known as far as it is ASCII. Python's own registry is not asked: it knows
# codecs whose work is quadratic, and imports whatever a recording names.
_ENCODINGS = {
    "us-ascii": "utf-8",
    "ascii-8bit": "ascii",
    "binary": "ascii",
    "iso-8859-1": "latin-1",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}

# With these names recorders mean bytes, each of which is written as a character.
_BYTES = ("ascii", "latin-1")


class _Body(msgspec.Struct):
    """A body with what is known about it, or bytes in a place for text."""

    string: str | _Body | None = None
    encoding: str | None = None
    base64_string: str | None = None


_Value = str | int | float | bool | _Body | None
_Headers = dict[str, _Value | list[_Value]]


class _Request(msgspec.Struct):
    uri: str
    method: Any = None
    body: str | _Body | None = None
    headers: _Headers | None = None


class _Status(msgspec.Struct):
    code: int | str


class _Response(msgspec.Struct):
    status: _Status
    body: str | _Body | None = None
    headers: _Headers | None = None


class _Interaction(msgspec.Struct):
    request: _Request
    response: _Response
    recorded_at: str | None = None


_INTERACTION = msgspec.json.Decoder(_Interaction)


def read(tape: Tape) -> Iterator[Entry]:
    """Return the interactions. Raise `BrokenError`, `MissingError` and `OSError`."""
    is_json = tape.head(1 << 16).lstrip().startswith(b"{")
    found: Iterator[Any] = _json.items(tape, _NAMES) if is_json else _yaml.items(tape, _NAMES)
    for number, item in enumerate(found, 1):
        yield replace(_entry(number, item), line=tape.line)


def _entry(number: int, item: Any) -> Entry:
    """Return the entry of an interaction: JSON that is not decoded yet, or what a YAML document holds."""
    if isinstance(item, Refused):
        return refused(number, _uri(item.where), item.reason)
    try:
        interaction = _json.decoded(item, _INTERACTION) if isinstance(item, bytes) else _converted(item)
        return bounded(_recorded(number, interaction))
    except BrokenError as error:
        return refused(number, _uri(item), error)


def _uri(item: Any) -> str:
    """Return the URL of an interaction that is refused, empty if it is not known."""
    if isinstance(item, bytes):
        return _json.string_at(item, "request", "uri")
    for name in ("request", "uri"):
        item = item.get(name) if isinstance(item, dict) else item
    return item if isinstance(item, str) else ""


def _converted(item: Any) -> _Interaction:
    """Return the interaction that a YAML document holds. Raise `BrokenError` also if aliases nest it too deeply."""
    try:
        return msgspec.convert(item, _Interaction)
    except msgspec.ValidationError as error:
        raise BrokenError(in_words(error)) from None
    except RecursionError:
        raise BrokenError("the entry is nested too deeply") from None


def _recorded(number: int, item: _Interaction) -> Entry:
    request, response = item.request, item.response
    headers, sent = _pairs(response.headers), _pairs(request.headers)
    body, text, length = _content(response.body)
    entry = Entry(
        number=number,
        body=body,
        text=text,
        length=length,
        status=_status(response.status.code),
        headers=headers,
        method=request.method if isinstance(request.method, str) else "",
        url=request.uri,
        form=form_of(_content(request.body)[0] or b"", sent),
        sent=sent,
    )
    return replace(entry, time=item.recorded_at or entry.header("date"))


def _status(code: int | str) -> int:
    text = str(code)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BrokenError("the status of the response is not a number")
    return int(text)


def _pairs(headers: _Headers | None) -> list[tuple[str, str]]:
    """Return the headers, each of which has a value or a list of them."""
    pairs: list[tuple[str, str]] = []
    for name, values in islice((headers or {}).items(), MOST_HEADERS + 1):
        # One more than is allowed is enough to be refused.
        for value in values[: MOST_HEADERS + 1 - len(pairs)] if isinstance(values, list) else [values]:
            if isinstance(value, _Body):
                content = _content(value)[0] or b""
                pairs.append((name, content.decode("latin-1")))
            else:
                pairs.append((name, "" if value is None else str(value)))
    check_pairs(pairs)
    return pairs


def _content(body: str | _Body | None) -> tuple[bytes | None, bool, int | None]:
    """Return a body, whether it is text, in UTF-8 then, and the length that its bytes had, None if that is not known.

    Raise `BrokenError` if it is neither text nor bytes.
    """
    encoding: str | None = None
    # vcrpy writes bytes that are not text as an object in the place of the text.
    for _ in range(2):
        if isinstance(body, _Body):
            encoding = body.encoding
            if body.base64_string is not None:
                data = base64_bytes(body.base64_string)
                return data, False, len(data)
            body = body.string
    if isinstance(body, _Body):
        raise BrokenError("the body is neither text nor bytes")
    if body is None:
        return None, False, None
    name = "utf-8" if encoding is None else encoding.strip().lower().replace("_", "-")
    known = charset_name(name) or _ENCODINGS.get(name)
    if known is not None:
        with suppress(UnicodeEncodeError):
            data = body.encode(known)
            return (data, False, len(data)) if known in _BYTES else (body.encode(), True, len(data))
    return body.encode("utf-8", "surrogatepass"), True, None
