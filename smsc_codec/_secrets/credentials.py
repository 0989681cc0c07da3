"""Collect the values of a request that nobody may see, from every place where it can hold them.

Every value is secret, except those of parameters that the service documents and that say nothing about a person. So a
secret under a name that nobody has thought of is one too. Parts of the path, and
the values of headers that have to do with who is asking, are secret as well.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote_to_bytes

from .._pages import PAGES
from .known_values import SHORTEST
from .named_values import CHARSETS
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

IDS = frozenset({"id", "ids", "prev_id", "after_id"})
"""Those whose long numbers are not the numbers of phones."""

_SEPARATORS = re.compile(r"[;?#\s]+")
_LONGEST_PAIR = 4096
"""Characters of a parameter that is looked for as a whole, though something in it looks like the end of it."""
_QUOTED = re.compile(r'="([^"]*)"')
# At the beginning of any line: a body can be put together from several.
_JSON = re.compile(r"(?m)^[ \t\r\ufeff]*[\[{\"]")
# A string that does not end goes to the end of the text.
_JSON_TOKEN = re.compile(r"""(?s)"(?P<string>(?:[^"\\]|\\.)*)(?:"(?P<is_name>\s*:)?|\\?\Z)|(?P<number>[0-9][0-9.]*)""")
_DEEPEST = 4
"""How many strings of JSON that hold JSON are read inside each other; the whole strings are secret in any case."""
_PHONE = re.compile(r"(?<![0-9])\+?([0-9]{7,15})(?![0-9])")
_WITHOUT_TRUNK = 10
"""Digits of a Russian number behind its 7 or 8, which callers and the service write or omit."""
_USERINFO = re.compile(r"//([^/?#]*)@")
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)")
_KNOWN_PART = re.compile(rf"(?i)sys|rest|api|(?:{'|'.join(PAGES)})(?:\.php)?")
_ASKING = re.compile(
    r"(?i)auth|cookie|token|key|secret|passw|psw|pwd|passphrase|login|session|sid|credential|sign|csrf|xsrf"
    r"|user(?!-agent)|account|client|remote|\Afrom\Z"
)
_ADDRESS = re.compile(r"(?:/|[^\s/?:]*[:?])\S*")
"""A header that is a URL or the end of one; others hold one somewhere, as those that name a program."""


def is_about_asking(name: str) -> bool:
    """Say whether a header with that name has to do with who is asking."""
    return _ASKING.search(name) is not None and not name.lower().endswith("-authenticate")


def values_of(
    url: str = "",
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (),
    parts: Iterable[tuple[str, bytes]] = (),
    posted: bytes = b"",
) -> tuple[str, ...] | None:
    """Return the secret values of a request, each once, or None if they are too many.

    *body* is the body of the request. For a multipart form, *parts* has its names and values instead; *posted*
    the same in another form, if a recording has both. *headers* are those of the request and of the response.
    """
    values: dict[str, None] = {}
    size = 0
    for value in _all(url, (body, posted), headers, parts):
        if len(value) >= SHORTEST and value not in values:
            values[value] = None
            size += len(value)
            if len(values) > MOST_VALUES or size > MOST_CHARACTERS:
                return None
    return tuple(values)


def _all(
    url: str, bodies: Iterable[bytes], headers: Iterable[tuple[str, str]], parts: Iterable[tuple[str, bytes]]
) -> Iterator[str]:
    for text in _reread(url):
        yield from _of_url(text)
    for body in filter(None, bodies):
        yield from _of_body(body)
    for name, data in parts:
        yield from _of_parameter(name, list(_readings(data)))
    for name, value in headers:
        for text in _reread(value):
            yield from _of_header(name, text)


def _reread(text: str) -> Iterator[str]:
    """Return a text as it is, and as it was sent if it was read byte by byte, which is how headers are read."""
    yield text
    if not text.isascii():
        with contextlib.suppress(UnicodeEncodeError):
            yield from _readings(text.encode("latin-1"))


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
        if _JSON.search(text):
            yield from _of_json(text)
        yield from _of_parameters(text)


def _of_json(text: str, depth: int = 0) -> Iterator[str]:
    """Collect the strings and numbers in JSON, also if it is cut, nested deeply, or one value after another.

    *depth* is the number of strings of JSON that it stands in.
    """
    name = ""
    for token in _JSON_TOKEN.finditer(text):
        if token["number"] is not None:
            yield from _of_parameter(name, [token["number"]], depth)
            continue
        try:
            string = json.loads(f'"{token["string"]}"', strict=False)
        except ValueError:
            string = token["string"]
        if token["is_name"]:
            name = string
        else:
            yield from _of_parameter(name, [string], depth + 1)


def _of_parameters(text: str) -> Iterator[str]:
    """Collect from the parameters of a URL or a form, and from whatever else follows names in a text."""
    for pair in text.split("&"):
        # Not every client escapes what a value holds.
        pieces = _SEPARATORS.split(pair)
        if len(pair) <= _LONGEST_PAIR and len(pieces) > 1:
            # The first parameter of a URL has the address before it.
            pieces.append(pair.partition("?")[2] if "?" in pair.partition("=")[0] else pair)
        for piece in pieces:
            name, equals, value = piece.partition("=")
            if equals:
                yield from _of_parameter(next(iter(_unquoted(name)), ""), [value, *_unquoted(value)])
    yield from values_behind_names(text)
    # A list of phones is one parameter, whatever is between them.
    for pair in text.split("&"):
        if pair.partition("=")[0].rpartition("?")[2] not in IDS:
            yield from _phones(pair)


def _of_parameter(name: str, readings: Sequence[str], depth: int = 0) -> Iterator[str]:
    name = name.removesuffix("[]").strip().lower()
    if name in IDS:
        return
    if name not in HARMLESS:
        yield from readings
        for reading in readings:
            if depth <= _DEEPEST and _JSON.search(reading):
                yield from _of_json(reading, depth)
    for reading in readings:
        yield from _phones(reading)


def _phones(text: str) -> Iterator[str]:
    for number in _PHONE.findall(text):
        yield number
        yield number[-_WITHOUT_TRUNK:]


def _of_header(name: str, value: str) -> Iterator[str]:
    if is_about_asking(name):
        yield value
        # What follows the first pair of Set-Cookie says where and how long the cookie is good.
        given = value.partition(";")[0] if name.lower() == "set-cookie" else value
        for part in re.split(r"[;,\s]+", given):
            yield part
            yield from _unquoted(part)
            yield from _unquoted(part.partition("=")[2].strip("\"'"))
            yield from _of_basic(part)
        for quoted in _QUOTED.findall(value):
            yield from _unquoted(quoted)
    if _ADDRESS.fullmatch(value):
        yield from _of_url(value)
    yield from values_behind_names(f"{name}: {value}")


def _of_basic(part: str) -> Iterator[str]:
    """Collect from the credentials of Basic authentication: the two together, the login, the password."""
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
    except (binascii.Error, ValueError):
        return
    for text in _readings(data):
        # Nearly every word is base64 of something.
        if ":" in text:
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
    for charset in CHARSETS:
        try:
            yield data.decode(charset)
        except UnicodeDecodeError:
            continue
