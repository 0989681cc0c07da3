"""Finds the items of a list in a JSON document one by one, however large the document is.

Only quotes and brackets tell where an item ends, in one pass over the pieces of the document. msgspec decodes an item
later, and builds only the wanted members. Everything around the list is skipped in the same way. Parsers that make
events, such as ijson, build everything, and yajl, which most of them use, scans a long string again with each piece of
it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import NamedTuple, TypeVar

import msgspec

from .._source import BOM
from ._coding import LONGEST, BrokenError
from ._entry import LONGEST_URL, Refused
from ._tape import Tape
from ._words import in_words

T = TypeVar("T")

EVERY: Collection[str] = ()
"""In a path, stands for each member or item."""
_MOST_VALUES = 200_000
"""The most strings, objects and lists of an item. Each takes more memory than its text. HAR needs some hundred."""
_BEHIND = "there is something behind the JSON of the recording"
_LONGEST_KEY = 100
_HEAD = 1 << 20
"""The number of bytes at the beginning of a refused item in which its URL is searched for."""
_KEY = msgspec.json.Decoder(str)

_BLANKS = re.compile(rb"[ \t\r\n]*")
_NO_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_LONGEST_URL = 2 * LONGEST_URL
_SCALAR = re.compile(rb'[^ \t\r\n,:{}\[\]"]*')
# A whole string without escapes, or the beginning of a string; an opening bracket; a closing bracket.
_TOKEN = re.compile(rb'"[^"\\]*(")?|([{\[])|[}\]]')
_OPEN, _QUOTE = 2, ord('"')
# The rest of a string up to its end. The number of escapes is bounded because `re` takes memory for each of them.
_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*){0,1000}', re.DOTALL)
# An escape: both halves of a surrogate pair, a single half, or any other.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def items(tape: Tape, *path: Collection[str], called: bool = False) -> Iterator[bytes | Refused]:
    """Find the lists under a path of keys, and yield the text of their items. Each key may have several names.

    A part of the path that is `EVERY` stands for each member of an object and each item of a list. All lists of all
    consecutive documents are read. If *called*, a document may be the argument of a function (JSONP). An item with
    more than `LONGEST` bytes or too many values is refused. Raise `BrokenError` and `OSError`.
    """
    text = _Text(tape)
    wanted = f"list {'.'.join('/'.join(names) for names in path if names)}".rstrip()
    yield from _below(text, path, f"there is no {wanted} in it")
    if called:
        text.skip_all(b");")
    while not text.ends():
        if not text.skip_mark() or text.peek() not in b"{[":
            raise BrokenError(_BEHIND)
        yield from _below(text, path, f"{_BEHIND} that has no {wanted}")


def documents(tape: Tape) -> Iterator[bytes | Refused]:
    """Yield the text of each of the consecutive documents, as `items` does for each item."""
    text = _Text(tape)
    while not text.ends():
        if not text.skip_mark() or text.peek() != b"{":
            raise BrokenError(_BEHIND)
        text.stand()
        yield text.value(LONGEST)


class Shape(NamedTuple):
    """What the beginning of a JSON document shows."""

    many: bool
    """Whether it is a list. Then the keys are those of its first item."""
    keys: list[str]
    """The keys of the object, as far as the beginning shows them."""
    inner: list[str]
    """The keys of the object under its first key."""
    whole: bool
    """Whether the beginning shows the end of the object."""


def shape_of(head: bytes) -> Shape:
    """Return what the beginning of any document shows."""
    text = _Text(Tape(io.BytesIO(head)))
    keys: list[str] = []
    inner: list[str] = []
    many = whole = False
    with suppress(BrokenError):
        many = text.peek() == b"["
        if many:
            text.open()
        for name in text.members() if text.peek() == b"{" else ():
            keys.append(name)
            if len(keys) > 1 or text.peek() != b"{":
                text.skip()
                continue
            for part in text.members():
                inner.append(part)
                text.skip()
        whole = bool(keys)
    return Shape(many, keys, inner, whole)


def string_at(item: bytes, *path: str) -> str:
    """Return a URL in a broken or incomplete item, a long one without its query, or an empty text if it is missing."""
    text = _Text(Tape(io.BytesIO(item)))
    with suppress(BrokenError):
        for name in path:
            if text.peek() != b"{":
                return ""
            for key in text.members():
                if key == name:
                    break
                text.skip()
            else:
                return ""
        if text.peek() == b'"':
            value = text.value(_LONGEST_URL)
            return _text_of(_address(value.where) if isinstance(value, Refused) else value)
    return ""


def _address(url: bytes) -> bytes:
    """Return the part before the query of a URL that is too long, as JSON. It is empty if the URL has escapes."""
    address = url[:_LONGEST_URL].partition(b"?")[0]
    return b'""' if b"\\" in address else address + b'"'


def decoded(item: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode an item. Raise `BrokenError`."""
    try:
        try:
            return decoder.decode(item)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return decoder.decode(_with_whole_characters(_without_nan(bytes(item))))
    except UnicodeDecodeError:
        raise BrokenError("the entry is not UTF-8") from None
    except RecursionError:
        raise BrokenError("the entry is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise BrokenError(in_words(error)) from None


def _text_of(key: bytes | Refused) -> str:
    """Return the text of a JSON string, or an empty text if it is too long or cannot be read."""
    with suppress(BrokenError):
        if isinstance(key, bytes):
            return decoded(key, _KEY)
    return ""


def _without_nan(item: bytes) -> bytes:
    """Replace the words of Python and JavaScript for numbers that JSON does not have, outside of strings."""
    whole = bytearray()
    at = 0
    found = _NO_NUMBER.search(item)
    while found:
        quote = item.find(b'"', at, found.start())
        end = found.end() if quote < 0 else _behind_quoted(item, quote)
        whole += item[at : found.start() if quote < 0 else end]
        if quote < 0:
            whole += b"null"
        at = end
        if at > found.start():
            found = _NO_NUMBER.search(item, at)
    return bytes(whole + item[at:]) if at else item


def _behind_quoted(item: bytes, at: int) -> int:
    """Return where the string that begins at a position ends."""
    at += 1
    while True:
        at = _behind(_STRING, item, at)
        if item[at : at + 1] != b"\\":
            return at + 1
        # The string has many escapes, or breaks off after a backslash.
        at += 0 if at + 1 < len(item) else 1


def _with_whole_characters(item: bytes) -> bytearray:
    """Replace single halves of surrogate pairs: browsers write any string, even if UTF-8 cannot hold it."""
    whole = bytearray(item)
    for escape in _ESCAPE.finditer(item):
        if escape[1]:
            whole[escape.start() : escape.end()] = rb"\ufffd"
    return whole


def _below(text: _Text, path: tuple[Collection[str], ...], missing: str) -> Iterator[bytes | Refused]:
    """Yield the items of all lists under *path* in the object that begins here, and go past the object."""
    if not path:
        if text.peek() != b"[":
            raise BrokenError(missing)
        for _ in text.places():
            yield text.value(LONGEST)
        return
    names = path[0]
    found = False
    if text.peek() != b"{" and (names or text.peek() != b"["):
        raise BrokenError(missing)
    for key in text.members() if text.peek() == b"{" else text.places():
        if (names and key not in names) or (not names and text.peek() not in b"{["):
            text.skip()
            continue
        found = True
        yield from _below(text, path[1:], missing)
    if not found:
        raise BrokenError(missing)


class _Text:
    """The text of a JSON document, which is read piece by piece."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._data = tape.piece()
        self._at = 0
        self._line, self._counted = tape.line, 0
        """The line of a position in the piece, and that position."""

    def _more(self) -> bool:
        self._count(len(self._data))
        self._data, self._at, self._counted = self._tape.piece(), 0, 0
        return bool(self._data)

    def _count(self, at: int) -> int:
        """Return the line of a position. It must not be before the last one that was asked for."""
        self._line += self._data.count(b"\n", self._counted, at)
        self._counted = at
        return self._line

    def ends(self) -> bool:
        """Go past blanks, and return whether that is the end."""
        while True:
            self._at = _behind(_BLANKS, self._data, self._at)
            if self._at < len(self._data):
                return False
            if not self._more():
                return True

    def skip_mark(self) -> bool:
        """Go past a byte order mark if there is one, and return whether it is whole."""
        return self.peek()[0] != BOM[0] or all(self._take()[0] == byte for byte in BOM)

    def peek(self) -> bytes:
        """Return the next character that is not blank."""
        if self.ends():
            raise BrokenError("the JSON of the recording breaks off")
        return self._data[self._at : self._at + 1]

    def _take(self) -> bytes:
        character = self.peek()
        self._at += 1
        return character

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here. The caller goes past the value before the next key."""
        self._take()
        if self.peek() == b"}":
            self._at += 1
            return
        while True:
            if self.peek() != b'"':
                raise BrokenError("the JSON of the recording is broken: expected a key")
            key = self.value(_LONGEST_KEY)
            if self._take() != b":":
                raise BrokenError("the JSON of the recording is broken: expected a colon behind a key")
            yield _text_of(key)
            if self._separator(b"}"):
                return

    def places(self) -> Iterator[str]:
        """Stop at each item of the list that begins here. The caller goes past the item before the next one."""
        self.open()
        if self.peek() == b"]":
            self._at += 1
            return
        while True:
            self.stand()
            yield ""
            if self._separator(b"]"):
                return

    def stand(self) -> None:
        """Remember the line of the value that begins here or after blanks."""
        self.peek()
        self._tape.line = self._count(self._at)

    def open(self) -> None:
        """Go past the bracket at this position."""
        self._take()

    def skip_all(self, characters: bytes) -> None:
        """Go past these characters. Each can be there or not."""
        for character in characters:
            if not self.ends() and self.peek()[0] == character:
                self._at += 1

    def _separator(self, end: bytes) -> bool:
        """Go past the separator after a value, and return whether the value was the last one."""
        character = self._take()
        if character not in (b",", end):
            raise BrokenError(f"the JSON of the recording is broken: expected a comma or {end.decode()}")
        return character == end

    def skip(self) -> None:
        """Go past a value."""
        self.value(0)

    def value(self, most: int) -> bytes | Refused:
        """Go past a value, and return its text, or refuse it if it has more than *most* bytes or too many values."""
        value = _Value(scalar=self.peek() not in b'"{[')
        parts: list[bytes] = []
        head = b""
        size = 0
        while True:
            start, end = self._at, value.end(self._data, self._at)
            part = self._data[start:end]
            size += len(part)
            if size <= most and value.values <= _MOST_VALUES:
                parts.append(part)
            elif most:
                head = head or b"".join((*parts, part))[:_HEAD]
                parts.clear()
            if end is not None:
                break
            if not self._more():
                raise BrokenError("the JSON of the recording breaks off")
        self._at = end
        if not size:
            raise BrokenError("the JSON of the recording is broken: expected a value")
        if size > most:
            return Refused(f"the entry has more than {most:,} bytes", head)
        if value.values > _MOST_VALUES:
            return Refused(f"the entry has more than {_MOST_VALUES:,} strings, objects and lists", head)
        return b"".join(parts)


class _Value:
    """Finds the end of a value that comes in pieces."""

    def __init__(self, scalar: bool) -> None:
        self._scalar = scalar
        self._depth = 0
        self._quoted = self._escaped = False
        self.values = 0

    def end(self, data: bytes, at: int) -> int | None:
        """Return where the value ends in the next piece, which is scanned from *at* on, or None if it goes on."""
        if self._scalar:
            end = _behind(_SCALAR, data, at)
            return end if end < len(data) else None
        while True:
            if self._quoted:
                at = self._behind_string(data, at)
                if self._quoted:
                    return None
                if not self._depth:
                    return at
            for token in _TOKEN.finditer(data, at):
                kind = token.lastindex
                if kind is None and data[token.start()] != _QUOTE:
                    self._depth -= 1
                    if not self._depth:
                        return token.end()
                    continue
                self.values += 1
                if kind == _OPEN:
                    self._depth += 1
                elif kind is None:
                    self._quoted, at = True, token.end()
                    break
                elif not self._depth:
                    return token.end()
            else:
                return None

    def _behind_string(self, data: bytes, at: int) -> int:
        """Go on in a string, and return where the string or the piece ends."""
        at += self._escaped
        self._escaped = False
        while True:
            at = _behind(_STRING, data, at)
            rest = data[at : at + 2]
            if rest[:1] == b'"':
                self._quoted = False
                return at + 1
            if len(rest) < 2:
                # The character after a backslash can be the first one of the next piece.
                self._escaped = bool(rest)
                return len(data)


def _behind(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Return where the match of *pattern* ends. It can be empty."""
    match = pattern.match(data, at)
    return match.end() if match else at
