"""Says what is wrong with a part of a recording, for those who wrote or recorded it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_PLACE = re.compile(r" - at `(?:key` in `)?\$\.?([^`]*)`\Z")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_BYTE = re.compile(r"JSON is malformed: .*\(byte (\d+)\)\Z", re.DOTALL)
_TYPES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
    "bytes": "a text in base64",
}
_NOTHING: Mapping[str, str] = {}


def in_words(error: msgspec.DecodeError, allowed: Mapping[str, str] = _NOTHING, what: str = "the entry") -> str:
    """Return what a value has to be and what it is, without quoting the value.

    *allowed* says what the members of *what* have to be, if their types do not say all of it.
    """
    text = str(error)
    place = _PLACE.search(text)
    where = place[1] if place else ""
    name = where.replace("[...]", "[]") or what
    text = text[: place.start()] if place else text
    if (expected := _EXPECTED.fullmatch(text)) is not None:
        return f"{name} has to be {allowed.get(where) or _types(expected[1])}, and is {_types(expected[2])}"
    if (missing := _MISSING.fullmatch(text)) is not None:
        return f"{f'{where}.' if where else ''}{missing[1]} is missing in {what}"
    if (byte := _BYTE.fullmatch(text)) is not None:
        return f"{what} is not JSON, from byte {byte[1]} on"
    if text == "Input data was truncated":
        return f"{what} is not JSON: it breaks off"
    return f"{name} has to be {allowed[where]}" if where in allowed else f"{name} has a value that cannot be read"


def _types(names: str) -> str:
    each = names.split(" | ")
    return " or ".join(_TYPES.get(name, name) for name in each if name != "int" or "float" not in each)
