"""Reads a YAML document as plain values, one item of a list at a time.

Only the parser of PyYAML is used. Tags never construct anything, so that a document cannot make objects. The value of
an alias is shared, and never copied or walked over. Nothing outside of the items is built.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from .._source import BOM
from ._coding import LONGEST, MOST, BrokenError, MissingError
from ._entry import LONGEST_URL, Refused
from ._tape import Tape

if TYPE_CHECKING:
    import yaml

_DEEPEST = 32
_LINE_AND_MARK = b"\n" + BOM
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_LONGEST_HEAD = 1 << 16
"""The most bytes before the document, because libyaml compares each directive with all others."""
_NODE = 100
"""The weight of a value besides its text, which is about the memory that it takes."""
_MOST_ANCHORS, _HEAVIEST_ANCHORS = 10_000, MOST
"""The most anchors that are remembered, and their greatest weight together. The least recently used is forgotten."""
_ALIAS_TIMES, _ALIAS_FREE = 32, MOST
"""The greatest weight of the values of aliases: this many times that of the written values, and this much more.

Otherwise a recording with a long body and many aliases to it would be judged as often as it has aliases.
"""
_UNKNOWN = (
    "an alias in it is of no use: its anchor is missing, in another part of the document, around the alias, "
    "too far back or too large"
)
_EXPANDED = "its aliases stand for far more than the recording holds"
_NO_LIST = "there is no list of interactions in it"
_NO_MORE = "there is a document behind the interactions that has no list of them"
_KEY = "a key in it is not a string"
_MERGE = "<<"
_DEPTH_OF_URL = 2


def items(tape: Tape, names: Collection[str]) -> Iterator[Any]:
    """Yield the items of the lists under one of the *names* in all documents, or of documents that are lists.

    They are strings, lists, dictionaries and None. Binary values are dictionaries with `base64_string`, and `<<` takes
    members from elsewhere (YAML 1.1). An item that cannot be built is `Refused`. Raise `BrokenError` (also if a value
    and the blanks and comments before it have more than `LONGEST` bytes), `MissingError` and `OSError`.
    """
    try:
        import yaml
    except ImportError:
        raise MissingError("YAML recordings need PyYAML: pip install 'smsc-codec[cli]'") from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    source = _Source(tape, grows=loader is yaml.SafeLoader)
    stream: Any = source
    try:
        yield from _Builder(source, yaml.parse(stream, Loader=loader)).items(names)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        tape.line = mark.line + 1 if mark else tape.line
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise BrokenError(f"the YAML of the recording is broken{where}") from None
    except (yaml.YAMLError, UnicodeError, ValueError):
        raise BrokenError("the YAML of the recording is broken: bytes or characters that cannot be in it") from None


class _Source:
    """The input of the parser. It is bounded between one event and the next."""

    def __init__(self, tape: Tape, grows: bool) -> None:
        self._tape = tape
        self._grows = grows
        self.most = _LONGEST_HEAD
        self.since = 0
        """The number of bytes since the last event, which belong to an unfinished value or come before one."""
        self._held = b""

    def stand_at(self, event: Any) -> None:
        """Remember the line of the current event."""
        self._tape.line = event.start_mark.line + 1

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raise `BrokenError`."""
        if self.since > self.most:
            raise BrokenError(f"a value or a comment in the YAML of the recording has more than {self.most:,} bytes")
        while True:
            # The parser in Python copies all that it has with each piece, so each piece is as long as all before it.
            data = self._tape.read(max(size, self.since) if self._grows else size)
            self.since += len(data)
            whole = not data
            # If files are joined, each part can begin with a byte order mark.
            data = (self._held + data).replace(_LINE_AND_MARK, b"\n")
            held = 0 if whole else next((n for n in (3, 2, 1) if data.endswith(_LINE_AND_MARK[:n])), 0)
            data, self._held = data[: len(data) - held], data[len(data) - held :]
            if data or whole:
                return data


class _Builder:
    """Builds the items of the list from the parser's events."""

    def __init__(self, source: _Source, events: Iterator[yaml.Event]) -> None:
        self._source = source
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}
        """The value and its weight by name. The most recently used comes last."""
        self._anchored = 0
        """The weight of all of them."""
        self._written = self._expanded = 0
        """The weight of all written values so far, and of the values of aliases."""
        self._size = 0
        """The weight of the item that is being built."""
        self._trouble = ""
        """The reason why the item cannot be built."""

    def _next(self) -> Any:
        event = next(self._events)
        self._source.since = 0
        return event

    def items(self, names: Collection[str]) -> Iterator[Any]:
        """Yield the items of all lists under one of the *names* at the top of a document."""
        found = False
        while _kind(event := self._next()) != "StreamEnd":
            if _kind(event) != "DocumentStart":
                self._source.most = _LONGEST_HEAD
                continue
            self._source.most = LONGEST
            self._anchors.clear()
            self._anchored = 0
            event = self._next()
            if _is_nothing(event):
                continue
            any_list = False
            if _kind(event) == "SequenceStart":
                found = any_list = True
                while _kind(event := self._next()) != "SequenceEnd":
                    self._source.stand_at(event)
                    yield self._item(event)
            elif _kind(event) == "MappingStart":
                for key in self._keys():
                    event = self._next()
                    if key not in names or _is_nothing(event):
                        self._skip(event)
                    elif _kind(event) != "SequenceStart":
                        raise BrokenError(_NO_LIST)
                    else:
                        found = any_list = True
                        while _kind(event := self._next()) != "SequenceEnd":
                            self._source.stand_at(event)
                            yield self._item(event)
            if not any_list:
                raise BrokenError(_NO_MORE if found else _NO_LIST)
        if not found:
            raise BrokenError(_NO_LIST)

    def _keys(self) -> Iterator[str | None]:
        """Yield the keys of a mapping, or None for a key that is not a scalar. The caller reads each value."""
        while _kind(event := self._next()) != "MappingEnd":
            key = event.value if _kind(event) == "Scalar" else None
            self._skip(event)
            yield key

    def _skip(self, event: Any) -> None:
        """Go past the value that begins with *event*."""
        depth = 0
        while True:
            kind = _kind(event)
            depth += kind.endswith("Start") - kind.endswith("End")
            if not depth:
                return
            if depth > _DEEPEST:
                raise _too_deep()
            event = self._next()

    def _item(self, event: Any) -> Any:
        self._size, self._trouble = 0, ""
        value, _ = self._value(event)
        return Refused(self._trouble, value) if self._trouble else value

    def _value(self, event: Any, depth: int = 1) -> tuple[Any, int]:
        """Build a value, and return it with its weight, which includes the values of its aliases."""
        kind = _kind(event)
        if kind == "Alias":
            return self._alias(event.anchor)
        if event.anchor:
            # An alias inside the value does not refer to an earlier anchor with this name.
            self._forget(event.anchor)
        # If something in the value is wrong, aliases cannot use the value.
        before, self._trouble = self._trouble, ""
        weight = _NODE
        value: Any
        if kind == "Scalar":
            weight += len(event.value)
            value = _scalar(event)
            self._count(weight)
        else:
            if depth > _DEEPEST:
                raise _too_deep()
            self._count(weight)
            value, heavier = self._list(depth) if kind == "SequenceStart" else self._mapping(depth)
            weight += heavier
        if event.anchor and not self._trouble:
            self._keep(event.anchor, value, weight)
        self._trouble = before or self._trouble
        return value, weight

    def _list(self, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        weight = 0
        while _kind(event := self._next()) != "SequenceEnd":
            value, heavier = self._value(event, depth + 1)
            weight += heavier
            if not self._trouble:
                values.append(value)
        return values, weight

    def _mapping(self, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        merged: list[Any] = []
        weight = 0
        while _kind(event := self._next()) != "MappingEnd":
            key, heavier = self._value(event, depth + 1)
            if key is None and _kind(event) == "Scalar":
                key = event.value
            if depth == 1 and key == "response":
                self._source.stand_at(event)
            weight += heavier
            member, heavier = self._value(self._next(), depth + 1)
            weight += heavier
            if not isinstance(key, str):
                self._bad(_KEY)
            elif key == _MERGE:
                merged += member if isinstance(member, list) else [member]
            elif not self._trouble or _says_where(key, member, depth):
                members[key] = member
        for other in merged:
            # Members that are taken from elsewhere keep their weight.
            members = {**other, **members} if isinstance(other, dict) else members
        return members, weight

    def _alias(self, name: str) -> tuple[Any, int]:
        if name not in self._anchors:
            self._bad(_UNKNOWN)
            return None, 0
        value, weight = self._anchors[name] = self._anchors.pop(name)
        self._expanded += weight
        if self._expanded > _ALIAS_FREE + _ALIAS_TIMES * self._written:
            self._bad(_EXPANDED)
        return value, weight

    def _keep(self, name: str, value: Any, weight: int) -> None:
        weight += _NODE + len(name)
        if weight > _HEAVIEST_ANCHORS:
            return
        self._forget(name)  # another anchor with this name can be inside the value
        self._anchors[name] = value, weight
        self._anchored += weight
        while self._anchored > _HEAVIEST_ANCHORS or len(self._anchors) > _MOST_ANCHORS:
            self._forget(next(iter(self._anchors)))

    def _forget(self, name: str) -> None:
        _, weight = self._anchors.pop(name, (None, 0))
        self._anchored -= weight

    def _count(self, weight: int) -> None:
        self._written += weight
        self._size += weight
        if self._size > LONGEST:
            self._bad(f"the entry takes more than {LONGEST:,} bytes, {_NODE} of them for each value")

    def _bad(self, trouble: str) -> None:
        self._trouble = self._trouble or trouble


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def _is_nothing(event: Any) -> bool:
    return _kind(event) == "Scalar" and _scalar(event) is None


def _says_where(key: str, member: Any, depth: int) -> bool:
    """Return whether the member is the URL of an interaction, which is kept even if the interaction is refused."""
    if depth == 1:
        return key in ("request", "response") and isinstance(member, dict)
    return depth == _DEPTH_OF_URL and key in ("uri", "url") and isinstance(member, str) and len(member) <= LONGEST_URL


def _too_deep() -> BrokenError:
    return BrokenError("the YAML of the recording is nested too deeply")


def _scalar(event: Any) -> Any:
    # Ruby writes `!binary`, Python `!!binary`.
    if event.tag and event.tag.endswith("binary"):
        return {"base64_string": event.value}
    plain = event.implicit[0] and event.style in (None, "")
    return None if plain and event.value in _NOTHING else event.value
