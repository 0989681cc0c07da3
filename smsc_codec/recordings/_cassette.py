"""What vcrpy (YAML, JSON) and Ruby's VCR (YAML, JSON) record. It is read an interaction at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

import msgspec

from .._source import BOM
from . import _json, _yaml
from ._coding import BrokenError
from ._entry import Entry, Problem
from ._form import form_of
from ._masks import secret_headers
from ._tape import Tape
from ._values import base64_bytes

_NAMES = ("interactions", "http_interactions")
_Headers = dict[str, Any]


class _Request(msgspec.Struct):
    uri: str
    body: Any = None
    headers: _Headers | None = None


class _Status(msgspec.Struct):
    code: int


class _Response(msgspec.Struct):
    status: _Status
    body: Any = None
    headers: _Headers | None = None


class _Interaction(msgspec.Struct):
    request: _Request
    response: _Response
    recorded_at: str | None = None


def read(tape: Tape) -> Iterator[Entry]:
    """The interactions. Raises `BrokenError`, `MissingError` and `OSError`."""
    head = tape.head(1 << 16).removeprefix(BOM).lstrip()
    if head.startswith(b"{"):
        name = _NAMES[b'"http_interactions"' in head]
        found = _json.items(tape, name)
    else:
        found = _yaml.items(tape, _NAMES)
    for number, item in enumerate(found, 1):
        try:
            yield _entry(number, msgspec.convert(item, _Interaction, strict=False))
        except (msgspec.ValidationError, BrokenError) as error:
            yield Entry(number=number, problem=Problem("bad-entry", str(error)))


def _entry(number: int, item: _Interaction) -> Entry:
    request, response = item.request, item.response
    headers, sent = _pairs(response.headers), _pairs(request.headers)
    body, text = _content(response.body)
    entry = Entry(
        number=number,
        body=body,
        text=text,
        length=None if body is None or text else len(body),
        status=response.status.code,
        headers=headers,
        url=request.uri,
        form=form_of(_content(request.body)[0] or b"", sent),
        cookies=(*secret_headers(headers), *secret_headers(sent)),
    )
    return msgspec.structs.replace(entry, time=item.recorded_at or entry.header("date"))


def _pairs(headers: _Headers | None) -> list[tuple[str, str]]:
    """The headers, of which each has a value or a list of them."""
    pairs = []
    for name, values in (headers or {}).items():
        for value in values if isinstance(values, list) else [values]:
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
            pairs.append((name, text))
    return pairs


def _content(body: Any) -> tuple[bytes | None, bool]:
    """The bytes of a body, and whether they are a guess: text in a charset that is not known. Raises `BrokenError`."""
    encoding = "utf-8"
    if isinstance(body, dict):
        body = body["string"] if isinstance(body.get("string"), dict) else body
        encoding = str(body.get("encoding") or encoding)
        if isinstance(body.get("base64_string"), str):
            return base64_bytes(body["base64_string"]), False
        body = body.get("string")
    if body is None or isinstance(body, bytes):
        return body, False
    if not isinstance(body, str):
        raise BrokenError("the body is neither text nor bytes")
    try:
        # Ruby says in which charset the bytes were, and writes them in UTF-8.
        known = codecs.lookup(encoding).name
        return body.encode("utf-8" if known == "ascii" else known), False
    except (LookupError, ValueError):
        return body.encode("utf-8", "surrogatepass"), True
