"""Makes the options of vcrpy that keep logins, passwords and keys out of cassettes."""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from .._multipart import FormError, Part, is_multipart, parts_of
from .._secrets.credentials import HARMLESS, IDS, is_about_asking

PLACEHOLDER = "x"
"""The text that replaces a value."""
_PLAIN = re.compile(r"[\w+., :-]{0,64}")
_NUMBER = re.compile(r"\d{7}")
_ADDRESSES = frozenset({"referer", "location", "content-location"})
_FORM = "application/x-www-form-urlencoded"


def vcr_config() -> dict[str, Any]:
    """Return the arguments of `vcr.VCR` that keep secrets out of cassettes.

    In URLs, forms and JSON, the names of all parameters stay, and the values of parameters that say nothing about a
    person, such as `fmt` and `get`. Every other value becomes `x`. Headers that identify the client are removed from
    requests and replies. Bodies of replies stay as they are. vcrpy matches requests by what is left.

    The fixture `vcr_config` of pytest-recording can return the same.
    """
    return {"before_record_request": _request, "before_record_response": _response}


def _request(request: Any) -> Any:
    """Return a copy of a request without secrets."""
    kept = copy.copy(request)
    kept.uri = _address(request.uri)
    kind = next((_text(value) for name, value in request.headers.items() if name.lower() == "content-type"), "")
    kept.headers = _headers(request.headers)
    kept.body = _body(request.body, kind)
    if is_multipart(kind):
        # The boundary and the files are not needed.
        kept.headers = {name: _FORM if name.lower() == "content-type" else kept.headers[name] for name in kept.headers}
    return kept


def _response(response: dict[str, Any]) -> dict[str, Any]:
    """Return a reply without cookies and the like."""
    return {**response, "headers": _headers(response["headers"])}


def _headers(headers: Any) -> dict[str, Any]:
    return {
        name: [_address(_text(value))] if name.lower() in _ADDRESSES else value
        for name, value in headers.items()
        if not is_about_asking(name)
    }


def _text(value: Any) -> str:
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    return first.decode("latin-1") if isinstance(first, bytes) else str(first)


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, _encoded(parts.query), ""))
    except ValueError:
        return url.partition("?")[0].rpartition("@")[2]


def _encoded(text: str) -> str:
    """Return parameters with their harmless values, in their original spelling."""
    return "&".join(map(_parameter, text.split("&")))


def _parameter(text: str) -> str:
    name, sign, value = text.partition("=")
    if not sign:
        return name if not name or name.lower() in HARMLESS else PLACEHOLDER
    return f"{name}={_value(unquote_plus(name), value)}"


def _value(name: str, value: str) -> str:
    """Return a harmless value, which cannot contain a secret. A sender name can be a phone number."""
    name = name.lower()
    plain = _PLAIN.fullmatch(unquote_plus(value))
    harmless = name in HARMLESS and plain and (name in IDS or not _NUMBER.search(value))
    return value if harmless else PLACEHOLDER


def _body(body: Any, kind: str) -> bytes | None:
    """Return the body of a request with its harmless values, or `x` if its kind is not known."""
    if body is None:
        return None
    if not isinstance(body, (str, bytes, bytearray)):
        return PLACEHOLDER.encode()
    data = body.encode() if isinstance(body, str) else bytes(body)
    if is_multipart(kind):
        try:
            return urlencode([(part.name, _part(part)) for part in parts_of(kind, data)]).encode()
        except FormError:
            return PLACEHOLDER.encode()
    try:
        return json.dumps(_without(json.loads(data))).encode()
    except (ValueError, RecursionError):
        return _encoded(data.decode("utf-8", "replace")).encode()


def _part(part: Part) -> str:
    """Return what stays of a part of a form, which is nothing for a file."""
    return "" if part.filename is not None else _value(part.name, part.content().decode("utf-8", "replace"))


def _without(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_without(member, name) for member in value]
    return value if _value(name, str(value)) == str(value) else PLACEHOLDER
