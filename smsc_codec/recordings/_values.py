"""Reads values of foreign recordings, which can be anything."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec

from ._coding import BrokenError

_STATUS = re.compile(r"[0-9]{1,9}(?:\.0)?(?: |\Z)")
_BLANKS = b" \t\n\r\x0b\x0c"


def base64_bytes(text: str | bytes) -> bytes:
    """Return the bytes that base64 stands for. Line breaks in it are usual. Raise `BrokenError`."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        return base64.b64decode(data.translate(None, _BLANKS), validate=True)
    except (binascii.Error, ValueError):
        raise BrokenError("the base64 of the body is broken") from None


def hex_bytes(text: str) -> bytes:
    """Return the bytes that hexadecimal digits stand for. Raise `BrokenError`."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BrokenError("the hexadecimal digits of the body are broken") from None


def status_of(value: Any) -> int | None:
    """Return the status in a number or a text such as `200 OK`, or None if there is none."""
    text = str(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else ""
    found = _STATUS.match(text[:200].strip())
    return int(found[0].partition(".")[0]) if found else None


class _Pair(msgspec.Struct):
    name: str
    value: Any = None


class _Code(msgspec.Struct):
    code: int | str


_STATUS_IN = msgspec.json.Decoder(int | float | str | _Code)
_Scalar = str | int | float | bool | None
_PAIRS_IN = msgspec.json.Decoder(dict[str, _Scalar | list[_Scalar]] | list[_Pair])


def status_in(text: msgspec.Raw) -> int | None:
    """Return the status in a JSON value, or None if there is none."""
    try:
        value = _STATUS_IN.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return status_of(value.code if isinstance(value, _Code) else value)


def pairs_of(text: msgspec.Raw) -> list[tuple[str, str]]:
    """Return the headers in a JSON value, or an empty list if it does not contain headers."""
    try:
        found = _PAIRS_IN.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return []
    if isinstance(found, list):
        return [(pair.name, text_of(pair.value)) for pair in found]
    return [
        (name, text_of(value))
        for name, values in found.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def text_of(value: Any) -> str:
    """Return a scalar, or the scalars of a list with commas between them, as text. Anything else is an empty text."""
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(each) for each in values if isinstance(each, (str, int, float)))
