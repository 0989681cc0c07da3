"""Reads what vcrpy, Ruby's VCR and their many relatives record in YAML or JSON, one interaction at a time.

The list of interactions has a name (vcrpy, betamax, VCR, go-vcr, schemathesis, `responses`) or is the document
(php-vcr, ExVCR, VCR 1.x). The tools have different names for the same thing, and all names are read everywhere.
`_stubs` reads stubs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from .._source import charset_name
from . import _json, _stubs, _yaml
from ._coding import BrokenError
from ._entry import MOST_HEADERS, Entry, Refused, bounded, check_pairs, refused
from ._form import encoded, form_of
from ._tape import HEAD, Tape
from ._values import base64_bytes, status_of, text_of
from ._words import in_words

_NAMES = ("interactions", "http_interactions")
_RESPONSES = ("responses",)

# Ruby's names for charsets of bodies, besides those of the service, and Python's names for them. ASCII-8BIT is Ruby's
# name for bytes: such a body is known as far as it is ASCII. Python's own registry is not used: it has codecs that take
# quadratic time, and it imports whatever a recording names.
_ENCODINGS = {
    "us-ascii": "utf-8",
    "ascii-8bit": "ascii",
    "binary": "ascii",
    "iso-8859-1": "latin-1",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}

_LISTED = re.compile(rb"^responses:[ \t]*$", re.MULTILINE)

# With these names recorders mean bytes, and write each byte as a character.
_BYTES = ("ascii", "latin-1")


class _Body(msgspec.Struct):
    """A body with what is known about it, or bytes in the place of a text."""

    string: str | _Body | None = None
    encoding: str | None = None
    base64_string: str | None = None
    parsed_body: Any = msgspec.UNSET
    """The reply as the value that its JSON stands for."""
    file: str | bool | None = None
    """Whether the text is the name of a file that has the body (R)."""


_Value = str | int | float | bool | _Body | None
_Headers = dict[str, _Value | list[_Value]] | list[Any]
"""PHP, Elixir and R write an empty list if there are no headers."""


class _Request(msgspec.Struct):
    uri: str | None = None
    url: str | None = None
    method: Any = None
    body: str | _Body | None = None
    request_body: str | _Body | None = None
    headers: _Headers | None = None
    form: Any = None
    """The parameters of a form, each with its values (go-vcr)."""
    post_fields: Any = None
    """The same, each with its value (php-vcr)."""


class _Status(msgspec.Struct):
    code: int | str | None = None
    status_code: int | str | None = None


class _Response(msgspec.Struct):
    status: _Status | int | str | None = None
    code: int | str | None = None
    status_code: int | str | None = None
    body: str | _Body | None = None
    content: str | _Body | None = None
    binary: str | bool | None = None
    headers: _Headers | None = None
    url: str | None = None
    method: Any = None
    type: Any = None
    """`error` if there was no response (ExVCR)."""


class _Interaction(msgspec.Struct):
    response: _Response | None = None
    request: _Request | None = None
    recorded_at: Any = None


_INTERACTION = msgspec.json.Decoder(_Interaction)


def read(tape: Tape) -> Iterator[Entry]:
    """Yield the interactions. Raise `BrokenError`, `MissingError` and `OSError`."""
    head = tape.head(HEAD).lstrip()
    found: Iterator[Any]
    if not head.startswith((b"{", b"[")):
        names = _NAMES if not _LISTED.search(head) else (*_NAMES, *_RESPONSES)
        found = _yaml.items(tape, names)
    else:
        shape = _json.shape_of(head)
        stubs = _stubs.read(tape, shape)
        if stubs is not None:
            for entry in stubs:
                yield replace(entry, line=tape.line)
            return
        found = _json.items(tape, *([] if shape.many else [_NAMES]))
    for number, item in enumerate(found, 1):
        yield replace(_entry(number, item), line=tape.line)


def _entry(number: int, item: Any) -> Entry:
    """Return the entry of an interaction, which is undecoded JSON or a value of a YAML document."""
    if isinstance(item, Refused):
        return refused(number, _uri(item.where), item.reason)
    try:
        interaction = _json.decoded(item, _INTERACTION) if isinstance(item, bytes) else _converted(item)
        return bounded(_recorded(number, interaction))
    except BrokenError as error:
        return refused(number, _uri(item), error)


def _uri(item: Any) -> str:
    """Return the URL of a refused interaction, or an empty text if it is not known."""
    if isinstance(item, bytes):
        return _json.string_at(item, "request", "uri") or _json.string_at(item, "request", "url")
    places = [item.get(part) for part in ("request", "response")] if isinstance(item, dict) else []
    urls = [place.get(name) for place in places if isinstance(place, dict) for name in ("uri", "url")]
    return next((url for url in urls if isinstance(url, str)), "")


def _converted(item: Any) -> _Interaction:
    """Return the interaction in a YAML value. Raise `BrokenError` also if aliases nest it too deeply."""
    try:
        return msgspec.convert(item, _Interaction)
    except msgspec.ValidationError as error:
        raise BrokenError(in_words(error)) from None
    except RecursionError:
        raise BrokenError("the entry is nested too deeply") from None


def _recorded(number: int, item: _Interaction) -> Entry:
    response = item.response
    if response is None or response.type == "error":
        # The request failed before there was a response. The body is the reason.
        response = _Response(status=200)
    request = item.request or _Request(url=response.url, method=response.method)
    url = request.url if request.uri is None else request.uri
    if url is None:
        raise BrokenError("expected the address in uri or url of the request, found neither")
    headers, sent = _pairs(response.headers), _pairs(request.headers)
    body, text, length = _content(response.content if response.body is None else response.body)
    if str(response.binary).lower() == "true" and body is not None:
        body, text = _of_erlang(body), False
        length = len(body)
    asked = request.request_body if request.body in (None, "") else request.body
    form = form_of(_content(asked)[0] or b"", sent)
    fields = _fields(request)
    entry = Entry(
        number=number,
        body=body,
        text=text,
        length=length,
        status=_status(response),
        headers=headers,
        method=request.method if isinstance(request.method, str) else "",
        url=url,
        form=form or fields,
        posted=fields if form else b"",
        sent=sent,
    )
    return replace(entry, time=text_of(item.recorded_at) or entry.header("date"))


def _fields(request: _Request) -> bytes:
    """Return the parameters of a request that are not in its body, as a form. Raise `BrokenError`."""
    given = {**_object(request.form), **_object(request.post_fields)}
    several = ((name, values if isinstance(values, list) else [values]) for name, values in given.items())
    return encoded((name, value) for name, values in several for value in values).encode()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _status(response: _Response) -> int:
    """Return the status, which can be in many places. Raise `BrokenError` if it is missing."""
    said = response.status
    codes = (said.code, said.status_code) if isinstance(said, _Status) else (said,)
    status = next(filter(None, map(status_of, (response.code, response.status_code, *codes))), None)
    if status is None:
        raise BrokenError("expected a number in status, code or status_code of the response, found none")
    return status


def _of_erlang(text: bytes) -> bytes:
    """Return the bytes that ExVCR wrote as a term of Erlang in base64. Raise `BrokenError`."""
    term = base64_bytes(text)
    if not term.startswith(b"\x83m") or int.from_bytes(term[2:6], "big") != len(term) - 6:
        raise BrokenError("the body is not an Erlang binary in base64")
    return term[6:]


def _pairs(headers: _Headers | None) -> list[tuple[str, str]]:
    """Return the headers. Each has a value or a list of values."""
    pairs: list[tuple[str, str]] = []
    if isinstance(headers, list) and headers:
        raise BrokenError("expected headers in an object, found them in a list")
    for name, values in islice((headers or {}).items() if isinstance(headers, dict) else (), MOST_HEADERS + 1):
        # One more than is allowed is enough for the entry to be refused.
        for value in values[: MOST_HEADERS + 1 - len(pairs)] if isinstance(values, list) else [values]:
            if isinstance(value, _Body):
                content = _content(value)[0] or b""
                pairs.append((name, content.decode("latin-1")))
            else:
                pairs.append((name, "" if value is None else str(value)))
    check_pairs(pairs)
    return pairs


def _content(body: str | _Body | None) -> tuple[bytes | None, bool, int | None]:
    """Return a body, whether it is text (in UTF-8), and the length that its bytes had, or None if that is not known.

    Raise `BrokenError` if the body is neither text nor bytes.
    """
    encoding: str | None = None
    # vcrpy writes bytes that are not text as an object instead of a text.
    for _ in range(2):
        if isinstance(body, _Body):
            encoding = body.encoding
            if body.parsed_body is not msgspec.UNSET:
                # A plain YAML document does not tell numbers from texts.
                return msgspec.json.encode(body.parsed_body), True, None
            if str(body.file).lower() in ("true", "yes"):
                return None, False, None
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
