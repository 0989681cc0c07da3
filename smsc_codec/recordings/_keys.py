"""The names of the members of JSON Lines that contain a reply and its request."""

from __future__ import annotations

from typing import Any

import msgspec

from .._source import quote
from .._types import is_really, name_of
from ..errors import OptionError

_LONGEST, _DEEPEST = 200, 8
"""The most characters of a name, and the most parts of it."""


class Keys(msgspec.Struct, frozen=True):
    """The library's names for members, and the names in the recording.

    A dot in a name leads into an object (`response.body`), unless a member has the whole name.
    """

    body: str = "body"
    body_base64: str = "body_base64"
    fmt: str = "fmt"
    charset: str = "charset"
    expect: str = "expect"
    endpoint: str = "endpoint"
    url: str = "url"
    status: str = "status"
    headers: str = "headers"
    time: str = "time"


NAMES = Keys.__struct_fields__
OURS = Keys()


def keys_of(given: Any) -> Keys:
    """Return the names in a caller's mapping. Raise `OptionError`."""
    if given is None:
        return OURS
    if not is_really(given, dict):
        raise OptionError(f"keys has to be a dict of str to str, not {name_of(given)}")
    names: dict[str, str] = {}
    for key, name in dict.items(given):
        if not is_really(key, str) or str.__str__(key) not in NAMES:
            raise OptionError(f"keys can hold {', '.join(NAMES)}, not {quote(key)}")
        if not is_really(name, str):
            raise OptionError(f"the name for {quote(key)} has to be a str, not {name_of(name)}")
        if not 0 < len(str.__str__(name)) <= _LONGEST or str.__str__(name).count(".") >= _DEEPEST:
            raise OptionError(
                f"the name for {quote(key)} has to have 1 to {_LONGEST} characters and at most {_DEEPEST} parts "
                f"with dots between them, not {quote(name)}"
            )
        names[str.__str__(key)] = str.__str__(name)
    return Keys(**names)
