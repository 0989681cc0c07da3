r"""Find logins, passwords and keys in a text, so that nothing the library says repeats them.

A body can repeat the request that it answers: the page of a proxy holds the URL, a debug page dumps the parameters.
Two kinds of values are found:

- the value behind a name such as `psw`, `password`, `login`, `apikey`, `Authorization` or `Cookie`, whichever of
  the usual ways joins the two: a URL, a form, a header, JSON, XML and HTML, a dump of PHP or Python;
- values that the caller knows to be secret, because the request holds them.

Both are looked for in the text as it stands and in the text with its escapes undone, several times over, so that
`psw%253Dsecret`, `\u0070sw":"secret` and `psw&#61;secret` are found too. Each pass maps its finds back to the text.
Every pass is linear in the text. Where the end of a value cannot be told, more is masked rather than less.

SECURITY.md lists the names, the places and the spellings that are promised.
"""

from __future__ import annotations

import base64
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from typing import TYPE_CHECKING, Any

from ._loading import LOADING
from ._types import lazy

if TYPE_CHECKING:
    from ._escapes import Layer
    from ._named_values import Span

SHORTEST = 3
"""Characters of the shortest value that is masked: masking less would mask half of the text."""

# Undoing escapes once turns `psw%253Dx` into `psw%3Dx`: they are undone four times, and once more for UTF-16.
_TIMES = 5
# Characters of a known value that are compared at a time.
_NEEDLE = 64
_LONGEST_PATH = 100
_LONGEST_REASON = 400


def _finders() -> tuple[Any, Any]:
    """Return the modules that find secrets. Loading takes as long as a hundred replies: it waits."""
    with LOADING:
        from . import _escapes, _named_values
    return _escapes, _named_values


class Known:
    """Values that are known to be secret, because a request holds them.

    *collect* returns them and is called once, when something is first quoted; None means that they are too many to look
    for, so that nothing may be quoted. *numbers* says whether parameters that look like phone numbers are secret too.
    """

    def __init__(self, collect: Callable[[], Iterable[str] | None] = tuple, *, numbers: bool = False) -> None:
        self._collect = collect
        self.numbers = numbers

    @lazy
    def needles(self) -> _Needles | None:
        """The values, to be looked for; None if they are too many."""
        values = self._collect()
        return None if values is None else _Needles(values)

    def masked(self, text: str) -> str:
        """Return *text* with asterisks for every character of a secret."""
        return Secrets(text, self).masked()


NOTHING = Known()
"""Nothing is known: only values behind names are secret."""


class Secrets:
    """The secrets of a text: where they are, and the text without them."""

    def __init__(self, text: str, known: Known = NOTHING) -> None:
        self._text = text
        self._known = known

    @lazy
    def _spans(self) -> tuple[Sequence[int], Sequence[int]]:
        """The starts and the ends of all secrets, in order; they do not touch each other."""
        escapes, names = _finders()
        needles = self._known.needles
        if needles is None:
            return [0], [len(self._text)]
        if not needles and not self._known.numbers and not names.may_hold_names(self._text):
            return (), ()
        finders = [names.named_values, needles.found, *([_phone_numbers] * self._known.numbers)]
        found: list[Iterator[Span]] = []
        layer: Layer | None = escapes.Layer(self._text)
        for _ in range(_TIMES + 1):
            if layer is None:
                break
            found.append(self._found(layer, finders))
            letters = layer.spelled_out()
            if letters is not None:
                found.append(self._found(letters, finders[:1]))
            # In texts escaped by different rules the backslashes of one come out before the entities of the other.
            bare = layer.without_backslashes() if needles else None
            if bare is not None:
                found.append(self._found(bare, [needles.found]))
            layer = layer.undone()
        starts, ends = array("Q"), array("Q")
        for start, end in merge(*found):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return starts, ends

    def _found(self, layer: Layer, finders: Sequence[Callable[[str], Iterator[Span]]]) -> Iterator[Span]:
        """Find the secrets of a layer; their places are those in the text."""
        starts, ends = layer.indices(), layer.indices()
        for start, end in merge(*(find(layer.text) for find in finders)):
            starts.append(layer.place(start))
            ends.append(layer.place(end))
        if layer.known < len(layer.text):
            starts.append(layer.place(layer.known))
            ends.append(len(self._text))
        return zip(starts, ends)

    def masked(self, first: int = 0, last: int | None = None) -> str:
        """Return the text from *first* to *last* with asterisks for every character of a secret."""
        last = len(self._text) if last is None else min(last, len(self._text))
        starts, ends = self._spans
        pieces: list[str] = []
        at = first
        for number in range(bisect_right(ends, first), bisect_left(starts, last)):
            start, end = max(starts[number], first), min(ends[number], last)
            pieces += (self._text[at:start], "*" * (end - start))
            at = end
        return "".join([*pieces, self._text[at:last]])

    def between(self, first: int, last: int) -> bool:
        """Return whether a part of a secret stands between *first* and *last*."""
        starts, ends = self._spans
        number = bisect_right(ends, first)
        return number < len(starts) and starts[number] < last


# Values that are known


class _Needles:
    """Values to look for, in every spelling that undoing escapes does not lead back to the value.

    A long value is looked for in pieces, which cover it without overlapping but for the last one.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._small = _finders()[1].small
        self._of_length: dict[int, set[str]] = {}
        lengths: dict[str, set[int]] = {}
        spelled = {text for value in values if len(value) >= SHORTEST for text in _spellings(value)}
        for text in spelled:
            if len(text) < SHORTEST:
                continue
            last = max(0, len(text) - _NEEDLE)
            for start in (*range(0, last, _NEEDLE), last):
                needle = text[start : start + _NEEDLE]
                self._of_length.setdefault(len(needle), set()).add(needle)
                lengths.setdefault(needle[:SHORTEST], set()).add(len(needle))
        self._lengths = {begin: sorted(found, reverse=True) for begin, found in lengths.items()}
        firsts = "".join(sorted({begin[0] for begin in lengths}))
        self._first = re.compile(f"[{re.escape(firsts)}]").search if firsts else None

    def __bool__(self) -> bool:
        return self._first is not None

    def found(self, text: str) -> Iterator[Span]:
        """Find the values in *text*; in order, those that touch each other as one."""
        if self._first is None:
            return
        text = self._small(text)
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
        for length in self._lengths.get(text[at : at + SHORTEST], ()):
            if text[at : at + length] in self._of_length[length]:
                return length
        return 0


def _spellings(value: str) -> Iterator[str]:
    """Spell a value: in small letters, with plus signs, as halves of surrogate pairs, in base64, misread, unescaped."""
    names = _finders()[1]
    spelled = [value, value.replace(" ", "+"), *names.misread(value)]
    spelled += map(_unescaped, tuple(spelled))
    if any(letter > "\uffff" for letter in value):
        units = value.encode("utf-16-be", "surrogatepass")
        spelled.append("".join(chr(units[at] << 8 | units[at + 1]) for at in range(0, len(units), 2)))
    for charset in names.CHARSETS:
        try:
            data = value.encode(charset)
        except UnicodeEncodeError:
            continue
        spelled += (encode(data).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))
    return map(names.small, spelled)


def _unescaped(value: str) -> str:
    """Return what is left of a value where it was unescaped too often, as a part of an escaped text is."""
    layer: Layer | None = _finders()[0].Layer(value)
    for _ in range(_TIMES):
        if layer is not None:
            value = layer.text
            layer = layer.undone()
    return value.replace("\\", "")


_NUMBER = re.compile(r"(?<=[=,;\s])\+?[0-9]{7,15}(?![0-9])")


def _phone_numbers(text: str) -> Iterator[Span]:
    """Find what looks like phone numbers in parameters: `phones=79990001122,79990001133`."""
    before = -1
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if start - 1 == before or (text[start - 1] == "=" and (text[start - 2 : start - 1] or "=").isidentifier()):
            yield start, end
            before = end


def values_behind_names(text: str) -> Iterator[str]:
    """Find the secrets of a text that have a name, as they stand there and with their escapes undone."""
    escapes, names = _finders()
    layer: Layer | None = escapes.Layer(text)
    for _ in range(_TIMES + 1):
        if layer is not None:
            yield from (layer.text[start:end] for start, end in names.named_values(layer.text))
            layer = layer.undone()


# What the library says


NUMBERS = Known(numbers=True)
"""As `NOTHING`, but parameters that look like phone numbers are secret too."""


def safe_name(name: str) -> str:
    """Return the name of a file for people: on one line, and without the secrets of a URL that it can be made of."""
    return printable(NUMBERS.masked(name))


def without_secrets(text: str) -> str:
    """Return *text* with the values of logins, passwords and keys masked, its length kept."""
    return Secrets(text).masked()


_FOUND = re.compile(r"found .*", re.DOTALL)


def safe_reason(reason: str, path: str) -> str:
    """Return *reason* short, on one line, and without what was found if *path* names a secret."""
    if path:
        reason = hidden(reason) if _finders()[1].names_secret(path) else reason
    return printable(shortened(reason, _LONGEST_REASON))


def hidden(reason: str) -> str:
    """Return *reason* without what was found."""
    return _FOUND.sub("found ***", reason)


def safe_path(path: str) -> str:
    """Return *path*, not too long, without secrets and without characters that would disturb a terminal's line."""
    return printable(shortened(without_secrets(path), _LONGEST_PATH)) if path else ""


def shortened(text: str, longest: int) -> str:
    """Return *text*, with dots in place of what is beyond *longest* characters."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def printable(text: str) -> str:
    """Return *text* with every character replaced that would disturb a terminal's line, its length kept."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
