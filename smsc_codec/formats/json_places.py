"""Finds places in a JSON document, for errors and findings, and for documents that may be too deep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from json import JSONDecoder, decoder
from typing import Any

from .._careful import Place

scanstring: Callable[[str, int], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]
_BRACKET = re.compile(r'["\[\]{}]')
_white = re.compile(r"[ \t\r\n]*").match
_skip = JSONDecoder(parse_int=str, parse_float=str).raw_decode


def too_deep(text: str, deepest: int, end: int | None = None) -> int | None:
    """Return where the first container inside *deepest* others begins, or None if there is none before *end*."""
    depth, at = 0, 0
    while (found := _BRACKET.search(text, at, len(text) if end is None else end)) is not None:
        at = found.end()
        if found[0] == '"':
            _, at = scanstring(text, at)
        elif found[0] in "[{":
            depth += 1
            if depth > deepest:
                return found.start()
        else:
            depth -= 1
    return None


def locate(text: str, places: Sequence[Place]) -> list[int]:
    """Return where the value of each place begins."""
    wanted: dict[Any, Any] = {}
    for number, place in enumerate(places):
        node = wanted
        for step in place.steps[:-1]:
            node = node.setdefault((step, 0), {})
        last = (place.steps[-1], place.again) if place.steps else None
        node = node if last is None else node.setdefault(last, {})
        node.setdefault(None, []).append(number)
    found = [0] * len(places)
    at = _after(text, 0)
    if text[at] == "{" and all(step is None or isinstance(step[0], int) for step in wanted):
        # A single object means a list of one.
        wanted = {**wanted, **wanted.pop((0, 0), {})}
    _walk(text, at, wanted, found)
    return found


def _after(text: str, at: int) -> int:
    """Return where the next token begins."""
    match = _white(text, at)
    assert match is not None
    return match.end()


def _walk(text: str, at: int, wanted: dict[Any, Any], found: list[int]) -> None:
    """Note the places in the value at *at* that are wanted."""
    for number in wanted.get(None, ()):
        found[number] = at
    most = sum(step is not None for step in wanted)
    if text[at] not in "[{" or not most:
        return
    for step, start in _items(text, at):
        inner = wanted.get(step)
        if inner is not None:
            _walk(text, start, inner, found)
            most -= 1
            if not most:
                break


def _end(text: str, at: int) -> int:
    if text[at] == '"':
        return scanstring(text, at + 1)[1]
    return _skip(text, at)[1]


def _items(text: str, at: int) -> Iterator[tuple[tuple[str | int, int], int]]:
    """Yield each item of an array, or member of an object, and where its value begins."""
    is_object = text[at] == "{"
    seen: dict[str, int] = {}
    number = 0
    at = _after(text, at + 1)
    while text[at] not in "]}":
        step: tuple[str | int, int] = (number, 0)
        if is_object:
            key, at = scanstring(text, at + 1)
            at = _after(text, _after(text, at) + 1)
            again = seen[key] = seen.get(key, -1) + 1
            step = (key, again)
        yield step, at
        at = _after(text, _end(text, at))
        if text[at] == ",":
            at = _after(text, at + 1)
        number += 1
