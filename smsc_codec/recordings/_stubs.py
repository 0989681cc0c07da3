"""Reads recorded replies in JSON files for fake servers: stubs of nock and WireMock, and examples of Postman."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from ._coding import BrokenError
from ._entry import Entry, Refused, bounded, check_pairs, header_of, refused
from ._form import encoded, form_of
from ._json import Shape, decoded, documents, items, string_at
from ._tape import Tape
from ._values import base64_bytes, hex_bytes, status_of, text_of

NOCK = frozenset({"scope", "path"})
"""The members of each call that nock has recorded."""
_Scalar = str | int | float | bool | None
_TEXT = msgspec.json.Decoder(str)
_CHUNKS = msgspec.json.Decoder(list[str])


def read(tape: Tape, shape: Shape) -> Iterator[Entry] | None:
    """Return the replies that are recorded in stubs, or None if the document is of another kind."""
    names = set(shape.keys)
    if names >= NOCK:
        return _each(items(tape) if shape.many else documents(tape), _NOCK, _of_nock, "path")
    if shape.many:
        return None
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
    """Yield an entry for each item. *place* is the path of its URL."""
    for number, item in enumerate(found, 1):
        if isinstance(item, Refused):
            yield refused(number, string_at(item.where, *place), item.reason)
            continue
        try:
            yield bounded(make(number, decoded(item, decoder)))
        except BrokenError as error:
            yield refused(number, string_at(item, *place), error)


def _entry(
    number: int,
    url: str,
    method: Any,
    sent: list[tuple[str, str]],
    form: bytes,
    status: Any,
    headers: list[tuple[str, str]],
    body: bytes | None,
    text: bool,
    **more: Any,
) -> Entry:
    """Return the entry of a stub, whose status can be missing. Raise `BrokenError`."""
    check_pairs(headers)
    check_pairs(sent)
    known = status_of(200 if status is None else status)
    if known is None:
        raise BrokenError("expected a number in the status of the response, found none")
    return Entry(
        number=number,
        body=body,
        text=text,
        length=None if text or body is None else len(body),
        status=known,
        headers=headers,
        time=header_of(headers, "date"),
        method=method if isinstance(method, str) else "",
        url=url,
        form=form_of(form, sent),
        sent=sent,
        **more,
    )


def _text_in(raw: msgspec.Raw) -> tuple[bytes | None, bool]:
    """Return a body, which is a string or raw JSON, and whether it is there."""
    data = bytes(raw)
    if data in (b"", b"null"):
        return None, False
    return (decoded(data, _TEXT).encode() if data.startswith(b'"') else data), True


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
    # A list has names and values by turns, as in Node.js.
    pairs = given.items() if isinstance(given, dict) else zip(given[::2], given[1::2])
    headers = [(text_of(name), text_of(value)) for name, value in pairs]
    sent = [(name, text_of(value)) for name, value in (item.reqheaders or {}).items()]
    body, text = _text_in(item.response)
    if body is not None and item.responseIsBinary is True:
        body, text = hex_bytes(body.decode()), False
    elif body is not None and body.startswith(b"[") and header_of(headers, "content-encoding"):
        try:
            body, text = b"".join(map(hex_bytes, _CHUNKS.decode(body))), False
        except msgspec.DecodeError:
            raise BrokenError("expected the packed body in hexadecimal digits, found something else") from None
    url, form = item.scope.rstrip("/") + item.path, _text_in(item.body)[0] or b""
    return _entry(number, url, item.method, sent, form, item.status, headers, body, text)


# WireMock


class _Pattern(msgspec.Struct):
    equalTo: _Scalar = None  # noqa: N815
    equalToJson: Any = None  # noqa: N815
    contains: _Scalar = None
    matches: _Scalar = None


class _Part(msgspec.Struct):
    bodyPatterns: list[_Pattern] | None = None  # noqa: N815


class _Credentials(msgspec.Struct):
    username: _Scalar = None
    password: _Scalar = None


_Patterns = dict[str, _Pattern] | None


class _StubRequest(msgspec.Struct):
    url: str | None = None
    urlPath: str | None = None  # noqa: N815
    method: Any = None
    queryParameters: _Patterns = None  # noqa: N815
    formParameters: _Patterns = None  # noqa: N815
    headers: _Patterns = None
    cookies: _Patterns = None
    basicAuthCredentials: _Credentials | None = None  # noqa: N815
    bodyPatterns: list[_Pattern] | None = None  # noqa: N815
    multipartPatterns: list[_Part] | None = None  # noqa: N815


class _StubResponse(msgspec.Struct):
    status: _Scalar = None
    body: str | None = None
    base64Body: str | None = None  # noqa: N815
    jsonBody: msgspec.Raw = msgspec.Raw()  # noqa: N815
    headers: dict[str, _Scalar | list[_Scalar]] | None = None


class _Stub(msgspec.Struct):
    request: _StubRequest
    response: _StubResponse


_STUB = msgspec.json.Decoder(_Stub)
_NO_BODY = (
    "the stub has none of body, base64Body and jsonBody, and a body in a file of its own is not read; if another "
    "member holds the reply, pass --key body=response.NAME"
)


def _of_wiremock(number: int, item: _Stub) -> Entry:
    request, response = item.request, item.response
    url = request.urlPath if request.url is None else request.url
    if url is None:
        raise BrokenError("expected the address in url or urlPath of the request, found neither")
    query, form = (_known(patterns) for patterns in (request.queryParameters, request.formParameters))
    if query:
        url += ("&" if "?" in url else "?") + query
    bodies = [text for pattern in request.bodyPatterns or () for text in _texts(pattern)]
    body, text = (None, False) if response.body is None else (response.body.encode(), True)
    if body is None and response.base64Body is not None:
        body = base64_bytes(response.base64Body)
    elif body is None:
        body, text = _text_in(response.jsonBody)
    return _entry(
        number,
        url,
        request.method,
        [*_wanted(request.headers), *(("Cookie", f"{name}={text}") for name, text in _wanted(request.cookies))],
        (form or "\n".join(bodies)).encode(),
        response.status,
        [(name, text_of(value)) for name, value in (response.headers or {}).items()],
        body,
        text,
        posted="\n".join([*(bodies if form else ()), *_secrets_of(request)]).encode(),
        doubt="" if body is not None else _NO_BODY,
    )


def _texts(pattern: _Pattern) -> list[str]:
    """Return the texts that a value has to equal or contain."""
    texts = [text_of(value) for value in (pattern.equalTo, pattern.contains, pattern.matches)]
    if pattern.equalToJson is not None:
        texts.append(msgspec.json.encode(pattern.equalToJson).decode())
    return [*filter(None, texts)]


def _wanted(patterns: _Patterns) -> Iterator[tuple[str, str]]:
    return ((name, text) for name, pattern in (patterns or {}).items() for text in _texts(pattern))


def _known(patterns: _Patterns) -> str:
    """Return the parameters whose values are known, encoded."""
    pairs = ((name, pattern.equalTo) for name, pattern in (patterns or {}).items())
    return encoded(pair for pair in pairs if pair[1] is not None)


def _secrets_of(request: _StubRequest) -> Iterator[str]:
    """Yield everything else about a request in a stub, a line each, because it can contain secret values."""
    yield encoded(_wanted(request.queryParameters))
    yield encoded(_wanted(request.formParameters))
    for part in request.multipartPatterns or ():
        yield encoded(("part", text) for pattern in part.bodyPatterns or () for text in _texts(pattern))
    if request.basicAuthCredentials is not None:
        login, password = request.basicAuthCredentials.username, request.basicAuthCredentials.password
        yield encoded([("login", login), ("psw", password)])


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
    url: str | _Url | None = None
    method: Any = None
    header: list[_Header] | str | None = None
    body: _Sent | None = None
    auth: Any = None


class _Saved(msgspec.Struct):
    code: _Scalar = None
    body: str | None = None
    header: list[_Header] | str | None = None
    cookie: Any = None
    originalRequest: _Original | str | None = None  # noqa: N815


class _Folder(msgspec.Struct):
    item: list[_Folder] | None = None
    request: msgspec.Raw = msgspec.Raw(b"null")
    response: list[msgspec.Raw] | None = None
    auth: Any = None
    variable: Any = None


_COLLECTION = msgspec.json.Decoder(_Folder)
_SAVED = msgspec.json.Decoder(_Saved)
_REQUEST = msgspec.json.Decoder(_Original | str | None)


def _of_postman(found: Iterator[bytes | Refused]) -> Iterator[Entry]:
    """Yield the saved examples of collections."""
    number = 0
    for item in found:
        if isinstance(item, Refused):
            raise BrokenError(item.reason)
        collection = decoded(item, _COLLECTION)
        # All examples share the variables, which can contain parts of a request.
        variables = encoded([*_pairs_in(collection.variable), *_credentials_in(collection.auth)]).encode()
        for folder, auth, saved in _saved(collection):
            number += 1
            try:
                yield bounded(_example(number, folder, auth, saved, variables))
            except BrokenError as error:
                place = ("originalRequest", "url")
                yield refused(number, string_at(saved, *place) or string_at(saved, *place, "raw"), error)


def _saved(collection: _Folder) -> Iterator[tuple[_Folder, Any, bytes]]:
    """Yield the examples in a collection and its folders, in their order, each with its request and credentials."""
    waiting: list[tuple[_Folder, Any]] = [(collection, None)]
    while waiting:
        folder, auth = waiting.pop()
        # A folder without credentials has those of the folder around it.
        auth = auth if folder.auth is None else folder.auth
        yield from ((folder, auth, bytes(saved)) for saved in folder.response or ())
        waiting += ((each, auth) for each in reversed(folder.item or ()))


def _example(number: int, folder: _Folder, auth: Any, example: bytes, variables: bytes) -> Entry:
    saved = decoded(example, _SAVED)
    request = saved.originalRequest or decoded(folder.request, _REQUEST) or _Original()
    request = _Original(url=request) if isinstance(request, str) else request
    url = request.url.raw if isinstance(request.url, _Url) else request.url or ""
    post = request.body or _Sent()
    fields = [(field.key, field.value) for field in (*(post.urlencoded or ()), *(post.formdata or ()))]
    return _entry(
        number,
        url,
        request.method,
        [
            *_headers(request.header),
            *(("Authorization", value) for _, value in (*_credentials_in(auth), *_credentials_in(request.auth))),
            *(("Cookie", f"{name}={value}") for name, value in _pairs_in(saved.cookie)),
        ],
        encoded(fields).encode() if fields else (post.raw or "").encode(),
        saved.code,
        _headers(saved.header),
        None if saved.body is None else saved.body.encode(),
        True,
        posted=variables,
    )


def _pairs_in(found: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and values of variables, credentials or cookies, which have different forms."""
    for pair in found if isinstance(found, list) else ():
        if isinstance(pair, dict):
            yield text_of(pair.get("key", pair.get("name"))), text_of(pair.get("value"))


def _credentials_in(auth: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and values of credentials, which are in a list or, in old collections, in an object."""
    for given in auth.values() if isinstance(auth, dict) else ():
        yield from _pairs_in(given)
        if isinstance(given, dict):
            yield from ((name, text_of(value)) for name, value in given.items())


def _headers(found: list[_Header] | str | None) -> list[tuple[str, str]]:
    if isinstance(found, str):
        pairs = (line.partition(":") for line in found.splitlines())
        return [(name.strip(), value.strip()) for name, _, value in pairs]
    return [(pair.key, text_of(pair.value)) for pair in found or ()]
