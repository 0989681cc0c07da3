"""Recorded replies in files of JSON that are made to answer with: nock, WireMock, and examples of Postman."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from ._coding import BrokenError
from ._entry import Entry, Refused, bounded, check_form, check_pairs, header_of, refused
from ._form import form_of
from ._json import Shape, decoded, documents, items, string_at
from ._tape import Tape
from ._values import base64_bytes, hex_bytes, status_of, text_of

_Scalar = str | int | float | bool | None
_TEXT = msgspec.json.Decoder(str)
_CHUNKS = msgspec.json.Decoder(list[str])


def read(tape: Tape, shape: Shape) -> Iterator[Entry] | None:
    """Return the replies that are recorded in stubs, None if the document is of another kind."""
    names = set(shape.keys)
    if shape.many:
        return _each(items(tape), _NOCK, _of_nock, "path") if "scope" in names else None
    if "mappings" in names:
        return _each(items(tape, {"mappings"}), _STUB, _of_wiremock, "request", "url")
    if names >= {"info", "item"}:
        return _of_postman(documents(tape))
    if names >= {"request", "response"}:
        return _each(documents(tape), _STUB, _of_wiremock, "request", "url")
    return None


def _each(
    found: Iterator[bytes | Refused],
    decoder: msgspec.json.Decoder[Any],
    make: Callable[[int, Any], Entry],
    *place: str,
) -> Iterator[Entry]:
    """Return an entry for each item; *place* is that of its URL."""
    for number, item in enumerate(found, 1):
        if isinstance(item, Refused):
            yield refused(number, string_at(item.where, *place), item.reason)
            continue
        try:
            yield bounded(make(number, decoded(item, decoder)))
        except BrokenError as error:
            yield refused(number, string_at(item, *place), error)


def _text_in(raw: msgspec.Raw) -> tuple[bytes | None, bool]:
    """Return a body that is a string, or JSON as it is, and whether it is there."""
    data = bytes(raw)
    if data in (b"", b"null"):
        return None, False
    return (decoded(data, _TEXT).encode() if data.startswith(b'"') else data), True


def _status(value: Any) -> int:
    status = status_of(value)
    if status is None:
        raise BrokenError("expected a number in the status of the response, found none")
    return status


# nock


class _Nock(msgspec.Struct):
    scope: str
    path: str
    status: _Scalar = None
    response: msgspec.Raw = msgspec.Raw()
    method: Any = None
    body: msgspec.Raw = msgspec.Raw()
    rawHeaders: list[_Scalar] | dict[str, _Scalar | list[_Scalar]] | None = None  # noqa: N815
    headers: dict[str, _Scalar | list[_Scalar]] | None = None
    reqheaders: dict[str, _Scalar | list[_Scalar]] | None = None
    responseIsBinary: _Scalar = None  # noqa: N815


_NOCK = msgspec.json.Decoder(_Nock)


def _of_nock(number: int, item: _Nock) -> Entry:
    given = item.rawHeaders if item.rawHeaders is not None else item.headers or {}
    # A list has names and values by turns, as Node.js has them.
    pairs = given.items() if isinstance(given, dict) else zip(given[::2], given[1::2])
    headers = [(text_of(name), text_of(value)) for name, value in pairs]
    sent = [(name, text_of(value)) for name, value in (item.reqheaders or {}).items()]
    check_pairs(headers)
    check_pairs(sent)
    body, text = _text_in(item.response)
    if body is not None and item.responseIsBinary is True:
        body, text = hex_bytes(body.decode()), False
    elif body is not None and body.startswith(b"[") and header_of(headers, "content-encoding"):
        try:
            body, text = b"".join(map(hex_bytes, _CHUNKS.decode(body))), False
        except msgspec.DecodeError:
            raise BrokenError("expected the packed body in hexadecimal digits, found something else") from None
    return Entry(
        number=number,
        body=body,
        text=text,
        length=None if text or body is None else len(body),
        status=_status(item.status),
        headers=headers,
        time=header_of(headers, "date"),
        method=item.method if isinstance(item.method, str) else "",
        url=item.scope.rstrip("/") + item.path,
        form=form_of(_text_in(item.body)[0] or b"", sent),
        sent=sent,
    )


# WireMock


class _Pattern(msgspec.Struct):
    equalTo: _Scalar = None  # noqa: N815
    equalToJson: Any = None  # noqa: N815


class _StubRequest(msgspec.Struct):
    url: str | None = None
    urlPath: str | None = None  # noqa: N815
    method: Any = None
    queryParameters: dict[str, _Pattern] | None = None  # noqa: N815
    formParameters: dict[str, _Pattern] | None = None  # noqa: N815
    headers: dict[str, _Pattern] | None = None
    bodyPatterns: list[_Pattern] | None = None  # noqa: N815


class _StubResponse(msgspec.Struct):
    status: _Scalar = 200
    body: str | None = None
    base64Body: str | None = None  # noqa: N815
    jsonBody: msgspec.Raw = msgspec.Raw()  # noqa: N815
    headers: dict[str, _Scalar | list[_Scalar]] | None = None


class _Stub(msgspec.Struct):
    request: _StubRequest
    response: _StubResponse


_STUB = msgspec.json.Decoder(_Stub)


def _of_wiremock(number: int, item: _Stub) -> Entry:
    request, response = item.request, item.response
    url = request.urlPath if request.url is None else request.url
    if url is None:
        raise BrokenError("expected the address in url or urlPath of the request, found neither")
    if request.queryParameters:
        url += ("&" if "?" in url else "?") + _encoded(request.queryParameters)
    headers = [(name, text_of(value)) for name, value in (response.headers or {}).items()]
    sent = [(name, text_of(pattern.equalTo)) for name, pattern in (request.headers or {}).items()]
    check_pairs(headers)
    check_pairs(sent)
    bodies = [
        text_of(pattern.equalTo) if pattern.equalToJson is None else msgspec.json.encode(pattern.equalToJson).decode()
        for pattern in request.bodyPatterns or ()
    ]
    form = _encoded(request.formParameters) if request.formParameters else "\n".join(bodies)
    body, text = (None, False) if response.body is None else (response.body.encode(), True)
    if body is None and response.base64Body is not None:
        body = base64_bytes(response.base64Body)
    elif body is None:
        body, text = _text_in(response.jsonBody)
    return Entry(
        number=number,
        body=body,
        text=text,
        length=None if text or body is None else len(body),
        status=_status(response.status),
        headers=headers,
        time=header_of(headers, "date"),
        method=request.method if isinstance(request.method, str) else "",
        url=url,
        form=form_of(form.encode(), sent),
        posted="\n".join(bodies).encode() if request.formParameters else b"",
        sent=sent,
    )


def _encoded(patterns: dict[str, _Pattern]) -> str:
    pairs = [(name, text_of(pattern.equalTo)) for name, pattern in patterns.items()]
    check_form(len(pairs), sum(len(name) + len(value) for name, value in pairs))
    return urlencode(pairs)


# Postman


class _Header(msgspec.Struct):
    key: str = ""
    value: _Scalar = None


class _Url(msgspec.Struct):
    raw: str = ""


class _Sent(msgspec.Struct):
    raw: str | None = None
    urlencoded: list[_Header] | None = None
    formdata: list[_Header] | None = None


class _Original(msgspec.Struct):
    url: str | _Url = ""
    method: Any = None
    header: list[_Header] | str | None = None
    body: _Sent | None = None


class _Saved(msgspec.Struct):
    code: _Scalar = None
    body: str | None = None
    header: list[_Header] | str | None = None
    originalRequest: _Original | str | None = None  # noqa: N815


class _Folder(msgspec.Struct):
    item: list[_Folder] | None = None
    request: _Original | str | None = None
    response: list[_Saved] | None = None


_COLLECTION = msgspec.json.Decoder(_Folder)


def _of_postman(found: Iterator[bytes | Refused]) -> Iterator[Entry]:
    """Return the saved examples of collections."""
    number = 0
    for item in found:
        if isinstance(item, Refused):
            raise BrokenError(item.reason)
        for asked, saved in _saved(decoded(item, _COLLECTION)):
            number += 1
            request = saved.originalRequest or asked or _Original()
            request = _Original(url=request) if isinstance(request, str) else request
            url = request.url if isinstance(request.url, str) else request.url.raw
            try:
                yield bounded(_example(number, url, request, saved))
            except BrokenError as error:
                yield refused(number, url, error)


def _saved(folder: _Folder) -> Iterator[tuple[_Original | str | None, _Saved]]:
    """Return the examples in a folder and in the folders in it, in their order, each with the request that it is of."""
    waiting = [folder]
    while waiting:
        item = waiting.pop()
        yield from ((item.request, saved) for saved in item.response or ())
        waiting += reversed(item.item or ())


def _example(number: int, url: str, request: _Original, saved: _Saved) -> Entry:
    headers, sent = (_headers(part) for part in (saved.header, request.header))
    check_pairs(headers)
    check_pairs(sent)
    post = request.body or _Sent()
    fields = [(field.key, text_of(field.value)) for field in (*(post.urlencoded or ()), *(post.formdata or ()))]
    check_form(len(fields), sum(len(name) + len(value) for name, value in fields))
    return Entry(
        number=number,
        body=None if saved.body is None else saved.body.encode(),
        text=True,
        status=200 if saved.code is None else _status(saved.code),
        headers=headers,
        time=header_of(headers, "date"),
        method=request.method if isinstance(request.method, str) else "",
        url=url,
        form=urlencode(fields).encode() if fields else form_of((post.raw or "").encode(), sent),
        sent=sent,
    )


def _headers(found: list[_Header] | str | None) -> list[tuple[str, str]]:
    if isinstance(found, str):
        pairs = (line.partition(":") for line in found.splitlines())
        return [(name.strip(), value.strip()) for name, _, value in pairs]
    return [(pair.key, text_of(pair.value)) for pair in found or ()]
