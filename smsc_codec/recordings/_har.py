"""HAR 1.2: what browsers and proxies export. It is read an entry at a time."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import msgspec

from ._coding import BrokenError
from ._entry import Entry, Problem
from ._form import form_of
from ._json import items
from ._masks import long_enough, secret_headers
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


def read(tape: Tape) -> Iterator[Entry]:
    """The entries. Raises `BrokenError`, `MissingError` and `OSError`."""
    for number, item in enumerate(items(tape, "log", "entries"), 1):
        try:
            yield _entry(number, msgspec.convert(item, _Item))
        except (msgspec.ValidationError, BrokenError) as error:
            yield Entry(number=number, problem=Problem("bad-entry", str(error)))


def _entry(number: int, item: _Item) -> Entry:
    request, response = item.request, item.response
    content = response.content
    body = None if content.text is None else content.text.encode("utf-8", "surrogatepass")
    text = body is not None
    if content.encoding == "base64" and body is not None:
        body, text = base64_bytes(body), False
    elif content.encoding:
        raise BrokenError("the encoding of the content is neither base64 nor none")
    elif body is None and content.size == 0 and response.status > 0:
        body = b""
    post = request.postData or _Post()
    if post.params:
        form = urlencode([(pair.name, pair.value) for pair in post.params]).encode()
    else:
        form = form_of((post.text or "").encode("utf-8", "replace"), [("content-type", post.mimeType)])
    headers = [(pair.name, pair.value) for pair in response.headers]
    sent = [(pair.name, pair.value) for pair in request.headers]
    cookies = [pair.value for pair in [*(request.cookies or ()), *(response.cookies or ())]]
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
        url=request.url,
        form=form,
        cookies=(*secret_headers(headers), *secret_headers(sent), *long_enough(cookies)),
    )


def _whole(number: float) -> int:
    """Some exporters write whole numbers with a point; -1 for what is no number of bytes and no status."""
    return int(number) if 0 <= number < 2**53 else -1
