"""Undo the escapes of a text, and remember where its characters stood."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from html.entities import html5
from itertools import islice

# Escapes that are undone in one text; real replies have far fewer, and each takes a microsecond.
_MOST_ESCAPES = 1_000_000


class Layer:
    """A text whose escapes were undone a number of times, and where its characters stand in the first text."""

    def __init__(self, text: str, below: Layer | None = None) -> None:
        self.text = text
        self._below = below
        # For each escape the place behind its character, and how many characters it and those before it have lost.
        self._behind = self.indices()
        self._lost = self.indices()
        self.known = len(text)
        """Where the text that was looked at ends."""

    def indices(self) -> array[int]:
        """Return an empty array for indices of the text."""
        return array("I" if len(self.text) < 2**32 else "Q")

    def place(self, index: int) -> int:
        """Return where in the first text the character at *index* stands."""
        layer: Layer | None = self
        while layer is not None:
            number = bisect_right(layer._behind, index)
            index += layer._lost[number - 1] if number else 0
            layer = layer._below
        return index

    def undone(self) -> Layer | None:
        """Return the layer above: the text with its escapes undone. None if there are none."""
        return self._replaced(_ESCAPE, _meaning) if any(mark in self.text for mark in "%\\&\0") else None

    def spelled_out(self) -> Layer | None:
        """Return the layer with the escapes of letters, digits and blanks undone: names consist of these.

        Where a text holds escaped names and escaped quotes, undoing both would let a value end at a quote inside of it.
        None if there are none.
        """
        return self._replaced(_ESCAPE, _letter) if any(mark in self.text for mark in "%\\&\0") else None

    def unwrapped(self) -> Layer | None:
        """Return the layer with the escapes of addresses and markup undone, and backslashes kept.

        A string with escaped quotes in it may have been put into an address twice; undoing all at once would let it end
        at the first of them. None if there are none.
        """
        return self._replaced(_ESCAPE, _outer) if "%" in self.text or "&" in self.text else None

    def decoded(self) -> Iterator[Layer]:
        """Take the characters from U+0080 to U+00FF for bytes, which undoing `%D0` leaves, and decode them."""
        if _BYTE.search(self.text):
            for table in _OF_BYTES:
                yield Layer(self.text.translate(table), self)
            utf_8 = self._replaced(_UTF_8, _of_utf_8)
            if utf_8 is not None:
                yield utf_8

    def without_backslashes(self) -> Layer | None:
        """Return the layer that has no backslashes. None if there are none here."""
        return self._replaced(_BACKSLASH, _nothing) if "\\" in self.text else None

    def _replaced(self, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], str | None]) -> Layer | None:
        text = self.text
        layer = Layer(text, self)
        pieces: list[str] = []
        end = size = lost = 0
        left = _MOST_ESCAPES
        for match in islice(escape.finditer(text), _MOST_ESCAPES):
            left -= 1
            character = meaning(match)
            if character is None:
                continue
            start = match.start()
            pieces += filter(None, (text[end:start], character))
            size += start - end + len(character)
            end = match.end()
            lost += end - start - len(character)
            layer._behind.append(size)
            layer._lost.append(lost)
        if not end:
            return None
        layer.text = "".join([*pieces, text[end:]])
        layer.known = len(layer.text) if left else size
        return layer


# Escapes, by the group that matches: a byte (`%41`, `\x41`), a character (`%u0041`, `\u0041`, `\u{41}`, `&#x41;`), a
# decimal number (`&#65;`), an octal one (`\101`), a character behind a backslash, the name of an entity. A NUL stands
# for nothing: UTF-16 that was read as something else has one beside every letter.
_ESCAPE = re.compile(
    r"(?:%|\\x)([0-9A-Fa-f]{2})|[%\\]u([0-9A-Fa-f]{4})|\\u\{([0-9A-Fa-f]{1,6})\}"
    r"|&\#[Xx]0{0,9}([1-9A-Fa-f][0-9A-Fa-f]{0,5});?"
    r"|&\#0{0,9}([1-9][0-9]{0,6});?|\\([0-7]{3})|\\([^\0%&])|&([A-Za-z][A-Za-z0-9]{1,31});|\0",
    re.DOTALL,
)
_BYTE = re.compile(r"[\x80-\xff]")
_UTF_8 = re.compile(r"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_OF_BYTES = [
    {byte: bytes([byte]).decode(charset, "replace") for byte in range(0x80, 0x100)} for charset in ("cp1251", "koi8-r")
]
_BACKSLASH = re.compile(r"\\+")
_BASES = {1: 16, 2: 16, 3: 16, 4: 16, 5: 10, 6: 8}
_BEHIND_BACKSLASH = 7
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _meaning(match: re.Match[str]) -> str | None:
    """Return the character that an escape stands for, or None if it stands for none."""
    group = match.lastindex
    if group is None:
        return ""
    said: str = match[group]
    if group in _BASES:
        number = int(said, _BASES[group])
        return chr(number) if number <= 0x10FFFF else None
    if group == _BEHIND_BACKSLASH:
        return _CONTROLS.get(said, said)
    return html5.get(f"{said};")


def _letter(match: re.Match[str]) -> str | None:
    """Return the letter, digit or blank that an escape stands for, or None if it stands for something else."""
    character = _meaning(match)
    if character and (character.isalnum() or character.isspace() or character > "\x7f" or character in "_-"):
        return character
    return None if character else character


def _outer(match: re.Match[str]) -> str | None:
    """Return the character that an escape without a backslash stands for, or None if it has one."""
    return None if match[0].startswith("\\") else _meaning(match)


def _of_utf_8(match: re.Match[str]) -> str:
    return match[0].encode("latin-1").decode("utf-8", "replace")[:1]


def _nothing(match: re.Match[str]) -> str:
    return ""
