"""Find known values in all their spellings."""

from __future__ import annotations

import base64
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from .escapes import Layer
from .named_values import CHARSETS, Span, misread, small

SHORTEST = 3
"""Characters of the shortest value that is masked: masking less would mask half of the text."""
TIMES = 5
"""How many times escapes are undone: four, and once more for UTF-16."""
# Characters of a value that are compared at a time.
_NEEDLE = 64


class Needles:
    """Values to look for, in every spelling that undoing escapes does not lead back to the value.

    A long value is looked for in pieces, which cover it without overlapping, except the last one.
    """

    def __init__(self, values: Iterable[str]) -> None:
        values = tuple(values)
        self.not_ascii = not all(map(str.isascii, values))
        """Whether a value has letters whose bytes depend on the charset."""
        needles: set[str] = set()
        for text in {text for value in values if len(value) >= SHORTEST for text in _spellings(value)}:
            if len(text) >= SHORTEST:
                last = max(0, len(text) - _NEEDLE)
                needles.update(text[start : start + _NEEDLE] for start in (*range(0, last, _NEEDLE), last))
        # For each beginning the needles in order, and for each of them those that it begins with, itself the last.
        self._needles: dict[str, list[str]] = {}
        self._nested: dict[str, list[str]] = {}
        nested: list[str] = []
        for needle in sorted(needles):
            self._needles.setdefault(needle[:SHORTEST], []).append(needle)
            nested = [*(shorter for shorter in nested if needle.startswith(shorter)), needle]
            self._nested[needle] = nested
        self._first = _beginning(self._needles).search if self._needles else None

    def __bool__(self) -> bool:
        return self._first is not None

    def found(self, text: str) -> Iterator[Span]:
        """Find the values in *text*; in order, those that touch each other as one."""
        if self._first is None:
            return
        text = small(text)
        start = end = at = 0
        while first := self._first(text, at):
            at = first.end()
            length = self._length_at(text, at - 1)
            if not length:
                continue
            if at - 1 > end:
                if start < end:
                    yield start, end
                start = at - 1
            end = max(end, at - 1 + length)
        if start < end:
            yield start, end

    def _length_at(self, text: str, at: int) -> int:
        """Return how many characters at *at* are those of a value, 0 if none begins there."""
        needles = self._needles.get(text[at : at + SHORTEST])
        if needles is None:
            return 0
        # All needles that the text begins with precede it in order, and the last one before it begins with them.
        begins = text[at : at + _NEEDLE]
        number = bisect_right(needles, begins)
        if not number:
            return 0
        nested = self._nested[needles[number - 1]]
        number = bisect_left(nested, True, key=lambda needle: not begins.startswith(needle))
        return len(nested[number - 1]) if number else 0


def _beginning(beginnings: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for the first character of a beginning. What follows has to stand in one of them too."""
    first, *others = (re.escape("".join(sorted({*letters}))) for letters in zip(*beginnings))
    return re.compile(f"[{first}](?={''.join(f'[{letters}]' for letters in others)})")


def _spellings(value: str) -> Iterator[str]:
    """Spell a value: in small letters, with plus signs, as halves of surrogate pairs, in base64, misread, unescaped."""
    spelled = [value, value.upper(), value.replace(" ", "+"), *misread(value)]
    if any(letter > "\uffff" for letter in value):
        units = value.encode("utf-16-be", "surrogatepass")
        spelled.append("".join(chr(units[at] << 8 | units[at + 1]) for at in range(0, len(units), 2)))
    spelled += map(_unescaped_too_often, tuple(spelled))
    for charset in CHARSETS:
        try:
            data = value.encode(charset)
        except UnicodeEncodeError:
            continue
        spelled += (encode(data).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))
    return map(small, spelled)


def _unescaped_too_often(value: str) -> str:
    """Return what a value becomes if it is unescaped more often than it was escaped."""
    layer: Layer | None = Layer(value)
    for _ in range(TIMES):
        if layer is not None:
            value = layer.text
            layer = layer.undone()
    return value.replace("\\", "")


_NUMBER = re.compile(r"[=,;\s](\+?[0-9]{7,15})(?![0-9])")


def phone_numbers(text: str) -> Iterator[Span]:
    """Find what looks like phone numbers in parameters: `phones=79990001122,79990001133`."""
    if "=" not in text:
        return
    before = -1
    for match in _NUMBER.finditer(text):
        start, end = match.span(1)
        if start - 1 == before or (text[start - 1] == "=" and (text[start - 2 : start - 1] or "=").isidentifier()):
            yield start, end
            before = end
