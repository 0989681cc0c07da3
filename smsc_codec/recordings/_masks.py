"""Keeps what requests hold secret out of what is said about their replies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._secrets import printable, without_secrets

# In a query, a form or the name of a file that a proxy made of a URL: whatever has a phone number as its value.
# Commas join several numbers. It begins with a character that is soon found.
_PHONES = re.compile(r"(?i)(=(?<=\w=))((?:\+|%2B)?\d{7,15}(?:(?:[,;\s]|%2C|%3B)\+?\d{7,15})*)")
_COOKIES = re.compile(r"""(?i)(\b(?:set-)?cookie2?\\?["']?\s*[:=]\s*)([^\r\n]+)""")
_SECRET_HEADERS = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization", "x-api-key"})
_SHORTEST = 3
"""What is shorter is no secret, and hiding it would hide half of the text."""


def _stars(match: re.Match[str]) -> str:
    return match[1] + "*" * len(match[2])


def masked(text: str, values: Iterable[str] = ()) -> str:
    """*text*, its length kept, without the secrets that can be recognised and without *values*."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "*" * len(value))
    text = _PHONES.sub(_stars, without_secrets(text))
    return _COOKIES.sub(_stars, text) if "cook" in text.casefold() else text


def masked_body(body: bytes, values: Iterable[str]) -> bytes:
    """The same for the bytes of a body, whatever its charset."""
    spelled = {value.encode(name, "replace").decode("latin-1") for value in values for name in ("utf-8", "cp1251")}
    return masked(body.decode("latin-1"), spelled).encode("latin-1")


def shown_path(path: str) -> str:
    """The name of a file for people: on one line, and without the secrets of a URL that it can be made of."""
    return printable(masked(path))


def secret_headers(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What the headers of a request or a reply hold that nobody may see: cookies and their values, credentials."""
    values = [value for name, value in headers if name.lower() in _SECRET_HEADERS]
    parts = [part for value in values for part in re.split(r"[;,\s]+", value)]
    return long_enough([*values, *parts, *(part.partition("=")[2] for part in parts)])


def long_enough(values: Iterable[str]) -> tuple[str, ...]:
    """Those of *values* that are worth hiding, each once."""
    return tuple(dict.fromkeys(value for value in values if len(value) >= _SHORTEST))
