"""From the response of an HTTP library to the reply in it.

What requests, httpx and aiohttp have in common is read by its name; none of them is imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from types import UnionType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from ._multipart import is_multipart, parts_of
from ._public import OVERLOADED, describe, public
from ._secrets import Known
from ._secrets.credentials import values_of
from ._source import bytes_of, size_of
from ._types import is_really, name_of
from .errors import DecodeError, OptionError
from .limits import DEFAULT_LIMITS, Limits
from .model import ErrorReply, Reply
from .query import Parameters, Query, is_list

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")

# A date, which needs a clock to be of use, is passed over.
_SECONDS = re.compile("[0-9]{1,9}")
_FORMS = ("application/x-www-form-urlencoded", "application/json")


class Response(Protocol):
    """A response whose content has to be given beside it: `aiohttp.ClientResponse`, or any other of the three."""

    @property
    def url(self) -> Any:
        """That was asked for."""
        ...

    # A mapping; aiohttp's is behind a descriptor that pyright takes for no property.
    @property
    def headers(self) -> Any:
        """Of the response, from name to value."""
        ...


class WholeResponse(Response, Protocol):
    """A response that holds its content: `requests.Response` and `httpx.Response`."""

    @property
    def content(self) -> str | Buffer:
        """The body, unpacked; of both libraries bytes."""
        ...


@overload
def decode_response(
    response: WholeResponse,
    /,
    *,
    form: Parameters | None = None,
    expect: type[T],
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> T | ErrorReply: ...


@overload
def decode_response(
    response: WholeResponse,
    /,
    *,
    form: Parameters | None = None,
    expect: UnionType | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Reply: ...


@overload
def decode_response(
    response: Response,
    content: str | Buffer,
    /,
    *,
    form: Parameters | None = None,
    expect: type[T],
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> T | ErrorReply: ...


@overload
def decode_response(
    response: Response,
    content: str | Buffer,
    /,
    *,
    form: Parameters | None = None,
    expect: UnionType | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Reply: ...


@public
def decode_response(
    response: Any,
    content: Any = None,
    /,
    *,
    form: Parameters | None = None,
    expect: Any = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Any:
    """Read the reply in a response of requests, httpx or aiohttp, by what its request asked for.

    - *content*: the body of an aiohttp response, which a coroutine reads:
      `decode_response(response, await response.read())`. Responses of requests and httpx have it.
    - *form*: the form or the JSON object of an aiohttp POST, which aiohttp does not keep. requests and httpx keep it.
    - *expect*, *strict*, *limits*: as in `Query.decode`, which also says how the charset is found.

    The HTTP status does not decide how the body is read: the service answers its own errors with 200 too, and a proxy's
    page is not a reply with any status. An `ErrorReply` and a `DecodeError` have the status as `http_status`; their
    `retry` says whether it can help to ask again later.

    Raise `DecodeError`, or `OptionError` for a wrong argument or a request to anything but an endpoint of the service.
    While the content comes from the network, an `OSError` of the HTTP library can be raised too.
    """
    if content is None:
        content = _held(response, "content")
        if type(content) is not bytes and size_of(content) is None:
            raise OptionError(
                f"expected a response whose content is bytes, found {name_of(content)}: "
                "pass the bytes of the body as the second argument"
            )
    if form is not None:
        # It is read again if there is something to say. An object of the caller that raises is refused below.
        with suppress(Exception):
            form = list(form) if isinstance(form, Iterator) else form
    url = _held(response, "url")
    request = _held(response, "request")
    sent = _sent_form(request) if form is None else form
    query = Query.from_url("" if url is None else url, sent)
    # ASCII is the same in every charset that a header can name.
    kind = "" if type(content) is bytes and content.isascii() else _content_type(response)
    options = content, expect, kind, strict, limits
    # What the request holds is looked for when there is something to say, not for every response.
    known = Known(lambda: _secrets(url, form, request, response), numbers=True)
    try:
        reply = query._decoded(*options, known)
    except DecodeError as error:
        error.http_status, error.retry_after = _answered(response)
        raise
    return reply._answered(*_answered(response)) if type(reply) is ErrorReply else reply


def _answered(response: object) -> tuple[int | None, timedelta | None]:
    """Return the HTTP status of a response, and how long it asks to wait, as far as it says them."""
    held = [_held(response, name) for name in ("status_code", "status")]
    status = next((each for each in held if is_really(each, int) and not is_really(each, bool)), None)
    later = _header(response, "retry-after").strip()
    return status, timedelta(seconds=int(later)) if _SECONDS.fullmatch(later) else None


describe(decode_response, OVERLOADED)


def _secrets(url: object, form: object, request: object, response: object) -> tuple[str, ...] | None:
    """Return what the request holds that nobody may see; None if it is too much, or cannot be read."""
    try:
        # aiohttp has no request, but what is known of it.
        sent = _headers(_held(response, "request_info") if request is None else request)
        for redirect in _held(response, "history") or ():
            sent += [("Location", str(_held(redirect, "url"))), *_headers(_held(redirect, "request"))]
            sent += _headers(redirect)
        body = _body(request)
        kind = next((value for name, value in sent if name.lower() == "content-type"), "")
        pairs, posted = _given(form)
        if is_multipart(kind):
            pairs += ((part.name, part.content()) for part in parts_of(kind, body) if part.filename is None)
            body = b""
        return values_of("" if url is None else str(url), body, (*sent, *_headers(response)), pairs, posted)
    except Exception:  # that of an object of the caller, or of a form that cannot be read
        return None


def _given(form: Any) -> tuple[list[tuple[str, bytes]], bytes]:
    """Return every value of a form that the caller gives, also those that do not count, and its text if it is one."""
    if form is None:
        return [], b""
    text = bytes_of(form.encode("utf-8", "replace") if isinstance(form, str) else form)
    if text is not None:
        return [], text
    if not isinstance(form, Iterable):
        return [], str(form).encode("utf-8", "replace")
    pairs = []
    for name, given in form.items() if isinstance(form, Mapping) else form:
        for value in given if is_list(given) else [given]:
            pairs.append((_text(name), value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")))
    return pairs, b""


def _headers(message: object) -> list[tuple[str, str]]:
    headers = _held(message, "headers")
    return [] if headers is None else [(_text(name), _text(value)) for name, value in headers.items()]


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(request: object) -> bytes:
    """Return the body of a request, or an empty one. Raise if the library has sent the body without keeping it."""
    for name in ("body", "content"):
        try:
            body: object = getattr(request, name)
        except AttributeError:
            continue
        if is_really(body, str):
            return str.encode(body, "utf-8", "replace")
        if is_really(body, bytes):
            return body
        if body is not None:
            raise TypeError
    return b""


def _held(thing: object, name: str) -> Any:
    """Return an attribute, `None` if it is not there: httpx raises for what it does not have yet."""
    try:
        return getattr(thing, name, None)
    except OSError:  # requests may be reading the content
        raise
    except Exception:
        return None


def _content_type(message: object) -> str:
    return _header(message, "content-type")


def _header(message: object, wanted: str) -> str:
    """Return the header of a request or a response, or an empty text if it is missing."""
    try:
        values = (value for name, value in _held(message, "headers").items() if name.lower() == wanted)
        return str.__str__(str(next(values, "")))
    except Exception:  # a double of a test, which has none
        return ""


def _sent_form(request: object) -> str | bytes | None:
    """Return the form of a request, or its JSON object: requests has it as `body`, httpx as `content`."""
    body = _held(request, "body")
    body = _held(request, "content") if body is None else body
    if type(body) is bytes and not body:
        return None
    kind = _content_type(request).lower()
    return body if (is_really(body, str) or is_really(body, bytes)) and (not kind or kind.startswith(_FORMS)) else None
