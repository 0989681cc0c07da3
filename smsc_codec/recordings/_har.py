"""Reads HAR 1.2, which browsers, proxies and Polly export, one entry at a time.

Members that are not needed may have any type. Polly, which records for tests, writes packed bodies as lists of chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from .._source import BOM, charset_name
from ._coding import BrokenError
from ._entry import MOST_HEADERS, Entry, Problem, Refused, bounded, check_pairs, header_of, refused
from ._form import encoded, form_of
from ._json import EVERY, decoded, documents, items, shape_of, string_at
from ._tape import Tape
from ._values import base64_bytes, hex_bytes, status_of, text_of

_HEAD = 1 << 10
ENTRY = frozenset({"startedDateTime", "request"})
"""Two members that only an entry has both of. `jq` makes lists and lines of entries without an archive."""
# Some tools put several archives into a list, or an archive under a name.
_AROUND = re.compile(rb'\s*(?:\[|\{\s*"(?!log")[^"\\]{1,100}"\s*:\s*\{\s*"log"\s*:)')
_CALL = re.compile(rb"\s*[\w.$]{1,110}\s*\(")
_ANYTHING = msgspec.json.Decoder()
_TEXT_OF = msgspec.json.Decoder(str)
_CHUNKS = msgspec.json.Decoder(list[str])
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]*")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
# Exporters write these names for text, besides the charsets of the service.
_PLAIN = frozenset(
    {"", "utf8", "ascii", "us-ascii", "iso-8859-1", "latin1", "identity", "none", "plain", "text", "raw"}
)
_NO_BASE64 = "the recording says that the body is base64, which it is not: it is read as text"

_Scalar = str | int | float | bool | None


class _Pair(msgspec.Struct):
    name: str = ""
    value: _Scalar | list[_Scalar] = ""


_Headers = list[_Pair] | dict[str, _Scalar | list[_Scalar]] | None


class _Post(msgspec.Struct):
    mimeType: str | None = ""  # noqa: N815
    text: str | None = None
    params: list[_Pair] | None = None


class _Content(msgspec.Struct):
    text: msgspec.Raw = msgspec.Raw()
    encoding: str | None = None
    size: _Scalar = -1
    _isBinary: _Scalar = None  # noqa: N815


class _Request(msgspec.Struct):
    url: str
    method: Any = None
    headers: _Headers = None
    queryString: _Headers = None  # noqa: N815
    cookies: msgspec.Raw = msgspec.Raw()
    postData: _Post | None = None  # noqa: N815


class _Response(msgspec.Struct):
    status: str | int | float | None = 0
    headers: _Headers = None
    cookies: msgspec.Raw = msgspec.Raw()
    content: _Content | None = None


class _Item(msgspec.Struct):
    request: _Request
    response: _Response | None = None
    startedDateTime: Any = None  # noqa: N815


_ITEM = msgspec.json.Decoder(_Item)


def read(tape: Tape) -> Iterator[Entry]:
    """Yield the entries. Raise `BrokenError` and `OSError`."""
    shape = shape_of(tape.beginning())
    if {*shape.keys} >= ENTRY:
        yield from _entries(tape, items(tape) if shape.many else documents(tape))
        return
    call = _CALL.match(tape.head(_HEAD))
    if call:
        tape.line += tape.read(call.end()).count(b"\n")
    around = [EVERY] if _AROUND.match(tape.head(_HEAD)) else []
    yield from _entries(tape, items(tape, *around, {"log"}, {"entries"}, called=bool(call)))


def _entries(tape: Tape, found: Iterator[bytes | Refused]) -> Iterator[Entry]:
    for number, text in enumerate(found, 1):
        yield replace(_entry(number, text), line=tape.line)


def _entry(number: int, text: bytes | Refused) -> Entry:
    if isinstance(text, Refused):
        return refused(number, string_at(text.where, "request", "url"), text.reason)
    try:
        return bounded(_recorded(number, decoded(text, _ITEM)))
    except BrokenError as error:
        return refused(number, string_at(text, "request", "url"), error)


def _recorded(number: int, item: _Item) -> Entry:
    request, response = item.request, item.response or _Response(status=200)
    content = response.content or _Content()
    status, size = status_of(response.status) or 0, _whole(content.size)
    body, text, doubt, problem = None, False, "", None
    try:
        body, text, doubt = _body(content, size)
        if body is None and size == 0 and status > 0:
            body = b""
    except BrokenError as error:
        # The status may say that it is not a reply.
        problem = Problem("bad-entry", str(error))
    headers = _pairs(response.headers)
    sent = _pairs(request.headers) + _cookies(request.cookies) + _cookies(response.cookies)
    post = request.postData or _Post()
    # The size is the size of the unpacked content. So is the length of base64 if the content was not packed.
    length = size if text else len(body or b"")
    return Entry(
        number=number,
        body=body,
        text=text,
        length=length if length >= 0 and not (text and _is_loose(headers, size, body)) else None,
        doubt=doubt,
        status=status,
        headers=headers,
        time=text_of(item.startedDateTime),
        method=request.method if isinstance(request.method, str) else "",
        url=request.url,
        form=_form(post),
        posted=_posted(post, request.queryString),
        sent=sent,
        problem=problem,
    )


def _body(content: _Content, size: int) -> tuple[bytes | None, bool, str]:
    """Return the body, whether it is text, and what may be wrong with it. Raise `BrokenError`."""
    encoding = (content.encoding or "").strip().lower()
    with memoryview(content.text) as view:
        start = bytes(view[:4])
    if start in (b"", b"null"):
        return None, False, ""
    if not start.startswith(b'"'):
        # Some tools write the JSON of a reply as it is, not as a string.
        return bytes(content.text), True, ""
    text = decoded(content.text, _TEXT_OF)
    if encoding == "base64":
        return _base64(text, size)
    if encoding == "hex" or content._isBinary is True:
        return b"".join(map(hex_bytes, _chunks(text))), False, ""
    if encoding not in _PLAIN and charset_name(encoding) is None:
        raise BrokenError("the encoding of the content is not one that is known: base64, hex or none")
    return text.encode(), True, ""


def _base64(text: str, size: int) -> tuple[bytes, bool, str]:
    """Return the bytes of base64, or the text itself if it is not base64: some browsers mark plain text as base64."""
    try:
        body = b"".join(map(base64_bytes, _chunks(text)))
        if len(text) != size or len(body) == size:
            return body, False, ""
    except BrokenError:
        if _BASE64.fullmatch(text) and len(text) != size:
            raise
    return text.encode(), True, _NO_BASE64


def _chunks(text: str) -> list[str]:
    """Return the chunks that Polly writes as a list in the text, or the text itself."""
    if not text.startswith('["'):
        return [text]
    try:
        return _CHUNKS.decode(text)
    except msgspec.DecodeError:
        return [text]


def _is_loose(headers: list[tuple[str, str]], size: int, text: bytes | None) -> bool:
    """Return whether `Content-Length` has commas, or counts what browsers do not count in the size of text.

    Browsers do not count the byte order mark, and count a letter in UTF-8 even if the server sent it as one byte.
    """
    said = header_of(headers, "content-length")
    letters = len((text or b"").decode("utf-8", "replace")) if said else 0
    return said in (str(size + len(BOM)), str(letters)) or _GROUPED.fullmatch(said) is not None


def _pairs(found: _Headers) -> list[tuple[str, str]]:
    pairs = _in_pairs(found)
    check_pairs(pairs)
    return pairs


def _in_pairs(found: _Headers) -> list[tuple[str, str]]:
    """Return names and values. They are in a list or, if an exporter simplifies them, in an object."""
    if isinstance(found, dict):
        return [(name, text_of(value)) for name, value in found.items()]
    return [(pair.name, text_of(pair.value)) for pair in found or ()]


def _cookies(raw: msgspec.Raw) -> list[tuple[str, str]]:
    """Return cookies as the original headers, whatever an exporter makes of them."""
    found = decoded(raw, _ANYTHING) if raw else None
    values: Iterable[Any] = found if isinstance(found, list) else [found]
    if isinstance(found, dict):
        values = ({"name": name, "value": value} for name, value in found.items())
    # One more than is allowed is enough for the entry to be refused.
    pairs = [("Cookie", _cookie(each)) for each in islice(values, MOST_HEADERS + 1)]
    check_pairs(pairs, "cookies")
    return [pair for pair in pairs if pair[1]]


def _cookie(value: Any) -> str:
    if isinstance(value, dict):
        return f"{text_of(value.get('name'))}={text_of(value.get('value'))}"
    return text_of(value)


def _form(post: _Post) -> bytes:
    if not post.params:
        return form_of((post.text or "").encode(), [("content-type", post.mimeType or "")])
    return encoded(_in_pairs(post.params)).encode()


def _posted(post: _Post, query: _Headers) -> bytes:
    """Return the other values of the request: the query, which the URL can lack, and the text of a form."""
    text = (post.text or "").encode() if post.params else b""
    return b"\n".join(filter(None, (text, encoded(_in_pairs(query)).encode())))


def _whole(number: Any) -> int:
    """Return a whole number, or -1 if it is not a size or a status. Some exporters write a point, or a text."""
    if isinstance(number, str):
        number = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else -1
    return int(number) if isinstance(number, (int, float)) and 0 <= number < 2**53 else -1
