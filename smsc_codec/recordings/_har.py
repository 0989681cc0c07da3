"""HAR 1.2: what browsers and proxies export. It is read an entry at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from ._coding import BrokenError
from ._entry import Entry, Problem, Refused, bounded, check_form, check_pairs, refused
from ._form import form_of
from ._json import decoded, items, string_at
from ._tape import Tape
from ._values import base64_bytes


class _Pair(msgspec.Struct):
    name: str
    value: str = ""


class _Post(msgspec.Struct):
    mimeType: str = ""  # noqa: N815
    text: str | None = None
    params: list[_Pair] | None = None


class _Content(msgspec.Struct):
    text: str | None = None
    encoding: str | None = None
    size: int | float = -1


class _Request(msgspec.Struct):
    url: str
    method: Any = None
    headers: list[_Pair] = []
    cookies: list[_Pair] | None = None
    postData: _Post | None = None  # noqa: N815


class _Response(msgspec.Struct):
    status: int | float = 0
    headers: list[_Pair] = []
    cookies: list[_Pair] | None = None
    content: _Content = msgspec.field(default_factory=_Content)


class _Item(msgspec.Struct):
    request: _Request
    response: _Response
    startedDateTime: str | None = None  # noqa: N815


_ITEM = msgspec.json.Decoder(_Item)


def read(tape: Tape) -> Iterator[Entry]:
    """Return the entries. Raise `BrokenError` and `OSError`."""
    for number, text in enumerate(items(tape, {"log"}, {"entries"}), 1):
        yield replace(_entry(number, text), line=tape.line)


def _entry(number: int, text: bytes | Refused) -> Entry:
    if isinstance(text, Refused):
        return refused(number, string_at(text.where, "request", "url"), text.reason)
    try:
        return bounded(_recorded(number, decoded(text, _ITEM)))
    except BrokenError as error:
        return refused(number, string_at(text, "request", "url"), error)


def _recorded(number: int, item: _Item) -> Entry:
    request, response = item.request, item.response
    content = response.content
    body = None if content.text is None else content.text.encode()
    text, problem = body is not None, None
    try:
        if content.encoding == "base64" and body is not None:
            body, text = base64_bytes(body), False
        elif content.encoding:
            raise BrokenError("the encoding of the content is neither base64 nor none")
        elif body is None and content.size == 0 and response.status > 0:
            body = b""
    except BrokenError as error:
        # The status may say that it is not a reply.
        body, text, problem = None, False, Problem("bad-entry", str(error))
    headers = _pairs(response.headers)
    sent = _pairs(request.headers) + _cookies([*(request.cookies or ()), *(response.cookies or ())])
    post = request.postData or _Post()
    # The size is that of the content without its compression; so is the length of base64, if there is none.
    length = _whole(content.size) if text else len(body or b"")
    return Entry(
        number=number,
        body=body,
        text=text,
        length=length if length >= 0 else None,
        status=_whole(response.status),
        headers=headers,
        time=item.startedDateTime or "",
        method=request.method if isinstance(request.method, str) else "",
        url=request.url,
        form=_form(post),
        posted=(post.text or "").encode() if post.params else b"",
        sent=sent,
        problem=problem,
    )


def _pairs(found: list[_Pair]) -> list[tuple[str, str]]:
    pairs = [(pair.name, pair.value) for pair in found]
    check_pairs(pairs)
    return pairs


def _cookies(found: list[_Pair]) -> list[tuple[str, str]]:
    """Return cookies as the headers that they were."""
    pairs = [("Cookie", f"{pair.name}={pair.value}") for pair in found]
    check_pairs(pairs, "cookies")
    return pairs


def _form(post: _Post) -> bytes:
    if not post.params:
        return form_of((post.text or "").encode(), [("content-type", post.mimeType)])
    pairs = [(pair.name, pair.value) for pair in post.params]
    check_form(len(pairs), sum(len(name) + len(value) for name, value in pairs))
    return urlencode(pairs).encode()


def _whole(number: float) -> int:
    """Some exporters write whole numbers with a point; -1 for what is no number of bytes and no status."""
    return int(number) if 0 <= number < 2**53 else -1
