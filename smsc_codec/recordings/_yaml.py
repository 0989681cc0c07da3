"""A YAML document as plain values, one item of a list at a time, and nothing but plain values.

Only the parser of PyYAML is used: nothing is constructed, whatever the tags say, so that no document can make
objects or take memory for what it does not spell out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from ._coding import BrokenError, MissingError
from ._tape import Tape
from ._values import base64_bytes

if TYPE_CHECKING:
    import yaml

_DEEPEST = 32
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


def items(tape: Tape, names: Collection[str]) -> Iterator[Any]:
    """The items of the list that a document has under one of the *names*: strings, bytes, lists, dictionaries.

    Raises `BrokenError`, `MissingError` and `OSError`.
    """
    try:
        import yaml
    except ImportError:
        raise MissingError("YAML recordings need PyYAML: pip install 'smsc-codec[cli]'") from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stream: Any = tape
    builder = _Builder(yaml.parse(stream, Loader=loader))
    try:
        yield from builder.items(names)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise BrokenError(f"the YAML of the recording is broken{where}") from None
    except (yaml.YAMLError, UnicodeError, ValueError):
        raise BrokenError("the YAML of the recording is broken: bytes or characters that cannot be in it") from None


class _Builder:
    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, Any] = {}

    def items(self, names: Collection[str]) -> Iterator[Any]:
        """The items of the first list under one of the *names* at the top."""
        event = next(self._events)
        while type(event).__name__ in ("StreamStartEvent", "DocumentStartEvent"):
            event = next(self._events)
        if type(event).__name__ == "MappingStartEvent":
            while type(event := next(self._events)).__name__ != "MappingEndEvent":
                key, value = self._value(event), next(self._events)
                if key in names and type(value).__name__ == "SequenceStartEvent":
                    while type(item := next(self._events)).__name__ != "SequenceEndEvent":
                        yield self._value(item)
                    return
                self._value(value)
        raise BrokenError("there are no interactions in it")

    def _value(self, event: Any, depth: int = 1) -> Any:
        kind = type(event).__name__
        value: Any
        if kind == "AliasEvent":
            # An alias inside of what it stands for is not there yet.
            return self._anchors.get(event.anchor)
        if kind == "ScalarEvent":
            value = _scalar(event)
        elif depth > _DEEPEST:
            raise BrokenError("the YAML of the recording is nested too deeply")
        elif kind == "SequenceStartEvent":
            value = []
            while type(item := next(self._events)).__name__ != "SequenceEndEvent":
                value.append(self._value(item, depth + 1))
        else:
            value = {}
            while type(item := next(self._events)).__name__ != "MappingEndEvent":
                key = self._value(item, depth + 1)
                member = self._value(next(self._events), depth + 1)
                value[key if isinstance(key, str) else str(type(key))] = member
        if event.anchor:
            self._anchors[event.anchor] = value
        return value


def _scalar(event: Any) -> Any:
    # Ruby writes `!binary`, Python `!!binary`.
    if event.tag and event.tag.endswith("binary"):
        try:
            return base64_bytes(event.value)
        except BrokenError:
            # One bad value is the trouble of its entry.
            return {"base64_string": event.value}
    plain = event.implicit[0] and event.style in (None, "")
    return None if plain and event.value in _NOTHING else event.value
