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

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._loading import LOADING
from .._types import lazy

if TYPE_CHECKING:
    from .known_values import Needles

_LONGEST_PATH = 100
_LONGEST_REASON = 400


@lru_cache(1)
def _search() -> Any:
    """Return the module that looks for secrets. Loading it takes as long as a hundred replies, so it waits."""
    with LOADING:
        from . import search
    return search


class Known:
    """Values that are known to be secret, because a request holds them.

    *collect* returns them and is called once, when something is first quoted; None means that they are too many to look
    for, so that nothing may be quoted. *numbers* says whether parameters that look like phone numbers are secret too.
    """

    def __init__(self, collect: Callable[[], Iterable[str] | None] = tuple, *, numbers: bool = False) -> None:
        self._collect = collect
        self.numbers = numbers

    @lazy
    def needles(self) -> Needles | None:
        """Return the values, to be looked for; None if they are too many."""
        values = self._collect()
        return None if values is None else _search().Needles(values)

    def masked(self, text: str) -> str:
        """Return *text* with asterisks for every character of a secret."""
        return Secrets(text, self).masked() if text else text


NOTHING = Known()
"""Nothing is known: only values behind names are secret."""


class Secrets:
    """The secrets of a text: where they are, and the text without them.

    If somebody knows, *naming* holds everything in the text that can be part of a name: looking there is quicker. It is
    not used if the text has escapes.
    """

    def __init__(self, text: str, known: Known = NOTHING, naming: str | None = None) -> None:
        self._text = text
        self._known = known
        self._naming = text if naming is None else naming

    @lazy
    def spans(self) -> tuple[Sequence[int], Sequence[int]]:
        """The starts and the ends of all secrets, in order; they do not touch each other."""
        needles = self._known.needles
        if needles is None:
            return [0], [len(self._text)]
        spans: tuple[Sequence[int], Sequence[int]] = _search().spans(
            self._text, needles, self._known.numbers, self._naming
        )
        return spans

    def masked(self, first: int = 0, last: int | None = None) -> str:
        """Return the text from *first* to *last* with asterisks for every character of a secret."""
        starts, ends = self.spans
        if not starts:
            return self._text[first:last]
        last = len(self._text) if last is None else min(last, len(self._text))
        pieces: list[str] = []
        at = first
        for number in range(bisect_right(ends, first), bisect_left(starts, last)):
            start, end = max(starts[number], first), min(ends[number], last)
            pieces += (self._text[at:start], "*" * (end - start))
            at = end
        return "".join([*pieces, self._text[at:last]])

    def between(self, first: int, last: int) -> bool:
        """Return whether a part of a secret stands between *first* and *last*."""
        starts, ends = self.spans
        number = bisect_right(ends, first)
        return number < len(starts) and starts[number] < last


NUMBERS = Known(numbers=True)
"""As `NOTHING`, but parameters that look like phone numbers are secret too."""


def safe_name(name: str) -> str:
    """Return the name of a file for people: on one line, and without the secrets of a URL that it can be made of."""
    return printable(NUMBERS.masked(name))


def without_secrets(text: str) -> str:
    """Return *text* with the values of logins, passwords and keys masked, its length kept."""
    return Secrets(text).masked()


FOUND = "found "
"""The word before what an error has found."""

_FOUND = re.compile(rf"{FOUND}.*", re.DOTALL)


def safe_reason(reason: str, path: str) -> str:
    """Return *reason* short, on one line, and without what was found if *path* names a secret."""
    if path:
        reason = hidden(reason) if _search().names_secret(path) else reason
    return printable(shortened(reason, _LONGEST_REASON))


def hidden(reason: str) -> str:
    """Return *reason* without what was found."""
    return _FOUND.sub(f"{FOUND}***", reason)


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
