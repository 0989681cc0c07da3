"""Look for secrets in a text as it stands, and after undoing its escapes once and several times."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge

from .escapes import Layer
from .known_values import TIMES, Needles, phone_numbers
from .named_values import Span, may_hide_names, named_values, names_secret, signs_in

__all__ = ["Needles", "names_secret", "spans", "values_behind_names"]

_Spans = tuple[Sequence[int], Sequence[int]]
_Finder = Callable[[str], Iterator[Span]]


def spans(text: str, needles: Needles, numbers: bool, naming: str) -> _Spans:
    """Return where the secrets of a text start and end, in order; they do not touch each other.

    They are the values behind names, those that *needles* has, and with *numbers* parameters that look like phone
    numbers. If nothing is escaped in the text, names stand only in what *naming* holds of it.
    """
    may_hide = may_hide_names(text)
    signs = signs_in(text if may_hide else naming)
    if not signs and not may_hide and (text.isascii() or not needles.not_ascii):
        if not needles and not numbers:
            return (), ()
        # Without escapes the text itself is the only layer.
        return _joined(needles.found(text), phone_numbers(text) if numbers else ())
    found: list[_Spans] = []

    def look(layer: Layer, *finders: _Finder) -> None:
        found.append(_found(layer, finders))

    def names(layer: Layer) -> _Finder:
        earlier = tuple(starts for starts, _ in found)
        known = signs if layer is first else None
        return lambda text: named_values(text, lambda start: _holds(earlier, layer.place(start)), known)

    first = Layer(text)
    layer: Layer | None = first
    for _ in range(TIMES + 1):
        if layer is None:
            break
        look(layer, names(layer), needles.found, *([phone_numbers] * numbers))
        letters = layer.spelled_out()
        if letters is not None:
            look(letters, names(letters))
        if needles:
            # In texts escaped by different rules the backslashes of one come out before the entities of the other.
            bare = layer.without_backslashes()
            if bare is not None:
                look(bare, needles.found)
            for decoded in layer.decoded() if needles.not_ascii else ():
                look(decoded, needles.found)
        layer = layer.undone()
    # What was put into an address twice, or into markup, was escaped before: its backslashes are the last to undo.
    wrapped = Layer(text)
    for undo in (
        (*[Layer.unwrapped] * TIMES, *[Layer.undone] * TIMES) if "\\" in text and ("%" in text or "&" in text) else ()
    ):
        above = undo(wrapped)
        if above is not None:
            wrapped = above
            look(wrapped, names(wrapped))
    return _joined(*(zip(*each) for each in found))


def _joined(*found: Iterable[Span]) -> _Spans:
    """Return the starts and the ends of all spans, in order; those that touch each other become one."""
    starts, ends = array("Q"), array("Q")
    for start, end in merge(*found):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _holds(earlier: Sequence[Sequence[int]], place: int) -> bool:
    """Return whether one of the lists, which are in order, has *place*."""
    for starts in earlier:
        number = bisect_left(starts, place)
        if number < len(starts) and starts[number] == place:
            return True
    return False


def _found(layer: Layer, finders: Sequence[_Finder]) -> _Spans:
    """Find the secrets of a layer; their places are those in the first text."""
    starts, ends = layer.indices(), layer.indices()
    for start, end in merge(*(find(layer.text) for find in finders)):
        starts.append(layer.place(start))
        ends.append(layer.place(end))
    if layer.known < len(layer.text):
        starts.append(layer.place(layer.known))
        ends.append(layer.place(len(layer.text)))
    return starts, ends


def values_behind_names(text: str) -> Iterator[str]:
    """Find the secrets of a text that have a name, as they stand there and with their escapes undone."""
    layer: Layer | None = Layer(text)
    for _ in range(TIMES + 1):
        if layer is not None:
            yield from (layer.text[start:end] for start, end in named_values(layer.text))
            layer = layer.undone()
