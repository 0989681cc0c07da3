"""The items of a list in a JSON document, one after another, however large the document is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._coding import BrokenError, MissingError
from ._tape import Tape

_DEEPEST = 32
"""Containers inside each other in an item; HAR has 4. What is nested without end must not be built."""


def items(tape: Tape, *path: str) -> Iterator[Any]:
    """The items of the list under that path of keys. Raises `BrokenError`, `MissingError` and `OSError`."""
    try:
        import ijson
    except ImportError:
        raise MissingError("JSON recordings need ijson: pip install 'smsc-codec[cli]'") from None
    try:
        yield from _items(ijson.basic_parse(tape, use_float=True), path)
    except (ijson.JSONError, ValueError):
        raise BrokenError("the JSON of the recording breaks off, or is broken") from None


def _items(events: Iterator[tuple[str, Any]], path: tuple[str, ...]) -> Iterator[Any]:
    missing = BrokenError(f"there is no list {'.'.join(path)} in it")
    for key in path:
        if next(events)[0] != "start_map":
            raise missing
        while (member := next(events)) != ("map_key", key):
            if member[0] == "end_map":
                raise missing
            _value(next(events), events)
    if next(events)[0] != "start_array":
        raise missing
    while (event := next(events))[0] != "end_array":
        yield _value(event, events)
    # Whether the rest is there is known when it has been read.
    for _ in events:
        pass


def _value(event: tuple[str, Any], events: Iterator[tuple[str, Any]], depth: int = 1) -> Any:
    kind, value = event
    if depth > _DEEPEST:
        raise BrokenError("the JSON of the recording is nested too deeply")
    if kind == "start_map":
        members = {}
        while (member := next(events))[0] != "end_map":
            members[member[1]] = _value(next(events), events, depth + 1)
        return members
    if kind == "start_array":
        values = []
        while (item := next(events))[0] != "end_array":
            values.append(_value(item, events, depth + 1))
        return values
    return value
