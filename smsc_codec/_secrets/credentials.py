"""Collect the values of a request that nobody may see, from every place where it can hold them.

What is secret is said the other way round: every value is, but for those of parameters that the service documents and
that say nothing about a person. So a secret under a name that nobody has thought of is one too. Parts of the path, and
the values of headers that have to do with who is asking, are secret as well.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from .known_values import SHORTEST
from .search import values_behind_names

MOST_VALUES = 1000
"""Values that are looked for. If there are more, or more text in them, nothing of the reply is quoted."""
MOST_CHARACTERS = 1 << 20

HARMLESS = frozenset(
    {
        *("fmt", "charset", "get", "add", "chg", "del", "send_code", "check_code", "all", "operators", "sender"),
        *("id", "ids", "cost", "op", "err", "cur", "translit", "time", "tz", "period", "freq", "flash", "bin", "push"),
        *("hlr", "ping", "mms", "soc", "call", "voice", "valid", "maxsms", "tinyurl", "pp", "get_operator", "cnt"),
        *("get_messages", "get_answers", "get_stat", "get_prices", "get_senders"),
        *("start", "end", "prev_id", "after_id"),
    }
)
"""Parameters that the service documents and that say nothing about a person."""

_CHARSETS = ("utf-8", "cp1251", "koi8-r")
_SEPARATORS = re.compile(r"[&;?#\s]+")
_PHONE = re.compile(r"(?<![0-9])\+?([0-9]{7,15})(?![0-9])")
_WITHOUT_TRUNK = 10
"""Digits of a Russian number behind its 7 or 8, which callers and the service write by turns."""
_USERINFO = re.compile(r"//([^/?#]*)@")
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)")
_KNOWN_PART = re.compile(r"(?i)sys|rest|api|[a-z_]+\.php")
_ASKING = re.compile(r"(?i)auth|cookie|token|key|secret|passw|psw|login|session|credential|signature")
_DEEPEST = 32


def values_of(
    url: str = "",
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (),
    parts: Iterable[tuple[str, bytes]] = (),
) -> tuple[str, ...] | None:
    """Return the secret values of a request, each once, None if they are too many.

    *body* is that of the request, if it is not a multipart form, of which *parts* has the names and values. *headers*
    are those of the request and of the response.
    """
    values: dict[str, None] = {}
    size = 0
    for value in _all(url, body, headers, parts):
        if len(value) >= SHORTEST and value not in values:
            values[value] = None
            size += len(value)
            if len(values) > MOST_VALUES or size > MOST_CHARACTERS:
                return None
    return tuple(values)


def _all(
    url: str, body: bytes, headers: Iterable[tuple[str, str]], parts: Iterable[tuple[str, bytes]]
) -> Iterator[str]:
    yield from _of_url(url)
    yield from _of_body(body)
    for name, data in parts:
        yield from _of_parameter(name, list(_readings(data)))
    for name, value in headers:
        yield from _of_header(name, value)


def _of_url(url: str) -> Iterator[str]:
    userinfo = _USERINFO.search(url)
    if userinfo is not None:
        for part in (userinfo[1], *userinfo[1].split(":", 1)):
            yield from _unquoted(part)
    path = _PATH.match(url)
    for part in re.split("[/;=&]", path[1]) if path is not None else ():
        if not _KNOWN_PART.fullmatch(part):
            yield from _unquoted(part)
    yield from _of_parameters(url)


def _of_body(body: bytes) -> Iterator[str]:
    for text in _readings(body):
        # Not every client says what it sends, and some say something else.
        if text[:64].lstrip()[:1] in ("{", "["):
            with contextlib.suppress(orjson.JSONDecodeError):
                yield from _of_json("", orjson.loads(text))
        yield from _of_parameters(text)


def _of_json(name: str, value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, member in value.items():
            yield from _of_json(key, member, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for item in value:
            yield from _of_json(name, item, depth + 1)
    elif isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield from _of_parameter(name, [str(value)])


def _of_parameters(text: str) -> Iterator[str]:
    """Collect from the parameters of a URL or a form, and from whatever else stands behind names in a text."""
    for pair in _SEPARATORS.split(text):
        name, equals, value = pair.partition("=")
        if equals:
            yield from _of_parameter(next(iter(_unquoted(name)), ""), [value, *_unquoted(value)])
    yield from values_behind_names(text)


def _of_parameter(name: str, readings: Sequence[str]) -> Iterator[str]:
    if name.partition("[")[0].strip().lower() not in HARMLESS:
        yield from readings
    for reading in readings:
        for number in _PHONE.findall(reading):
            yield number
            yield number[-_WITHOUT_TRUNK:]


def _of_header(name: str, value: str) -> Iterator[str]:
    if _ASKING.search(name):
        yield value
        for part in re.split(r"[;,\s]+", value):
            yield part
            yield from _unquoted(part)
            yield from _unquoted(part.partition("=")[2].strip("\"'"))
            yield from _of_basic(part)
    if value.startswith("/") or "://" in value or "?" in value:
        yield from _of_url(value)
    yield from values_behind_names(f"{name}: {value}")


def _of_basic(part: str) -> Iterator[str]:
    """Collect from the credentials of Basic authentication: the two together, the login, the password."""
    try:
        data = base64.b64decode(part, validate=True)
    except (binascii.Error, ValueError):
        return
    for text in _readings(data):
        yield from (text, *text.split(":", 1))


def _unquoted(text: str) -> Iterator[str]:
    """Return what a part of a URL or a form says, read in each of the charsets."""
    yield from _readings(unquote_to_bytes(text))
    if "+" in text:
        yield from _readings(unquote_to_bytes(text.replace("+", " ")))


def _readings(data: bytes) -> Iterator[str]:
    """Return the text that bytes hold, in every charset of the service in which they are one."""
    if data.isascii():
        yield data.decode()
        return
    for charset in _CHARSETS:
        try:
            yield data.decode(charset)
        except UnicodeDecodeError:
            continue
