"""Finds the ends of free texts in fmt=0. The service writes messages into a line as they are, with separators and all.

Two rules decide. The first: *a record is read from its end*. The fields that the declaration lists after the last free
text are taken from the right, each key once, as long as their values fit. All that comes before them is text. If a
second free text follows the first, it begins at the last place that has its key. Without the first one before it, it is
a value like any other, and ends where the next field begins. So in

    message = hi, type = 0, comment = a, type = 1

the comment is `a` and the message is `hi, type = 0`: the author of a message cannot replace what the service writes
after it. The second rule: *a line that does not begin like a record continues the record before it*.

The grammar sees each free text as a run of U+FFFC of the same length, so that Lark reports the right positions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..declare import Field, Object, Type

_SEPARATOR = re.compile(r", ([A-Za-z_][A-Za-z0-9_]*) = ")
_FIRST = re.compile(r"([A-Za-z_][A-Za-z0-9_]*) = ").match
BLANK = "\ufffc"
"""The character that the grammar sees in place of each character of a free text."""


class Cut(NamedTuple):
    """A field of a record: its key, and where its value begins and ends."""

    key: str
    start: int
    end: int


class FreeText:
    """Cuts the records of an object with free texts."""

    def __init__(self, obj: Object) -> None:
        fields = [
            member for member in obj.ordered("text") if isinstance(member, Field) and isinstance(member.type, Type)
        ]
        keys = [field.key("text") or "" for field in fields]
        self.free = [key for key, field in zip(keys, fields) if isinstance(field.type, Type) and field.type.free]
        behind = keys.index(self.free[-1]) + 1
        self._tail = {
            key: re.compile(field.type.pattern).fullmatch
            for key, field in zip(keys[behind:], fields[behind:])
            if isinstance(field.type, Type)
        }
        # The keys that every record begins with, whatever their values are.
        required = [key for key, field in zip(keys, fields) if not field.optional]
        self._head = re.compile(r"\r?\n(?=" + "".join(rf"{re.escape(key)} = [^\n]*?" for key in required[:1]) + ")")
        others = "|".join(map(re.escape, [*self.free, *self._tail]))
        self.pattern = rf"[^\r\n,]*(?:,(?! (?:{others}) = )[^\r\n,]*)*"
        """An expression for a free text that does not contain anything that could follow it."""
        self.line_end = self._head.pattern

    def end_of(self, text: str, position: int) -> tuple[int, int]:
        """Return where the record at *position* ends, and where the next one begins."""
        found = self._head.search(text, position)
        if found is not None:
            return found.span()
        end = len(text) - text.endswith("\n", position)
        return end - text.endswith("\r", position, end) * (end < len(text)), len(text)

    def cut(self, record: str) -> list[Cut] | None:
        """Return the fields of a record, or None if it does not begin with a key. Scan once, and walk back once."""
        head = _FIRST(record)
        if head is None:
            return None
        found = [
            (0, head[1], head.end()),
            *((m.start(), m[1], m.end()) for m in _SEPARATOR.finditer(record, head.end())),
        ]
        count, size = len(found), len(record)
        ends = [start for start, _, _ in found[1:]] + [size]
        first = next((place for place, (_, key, _) in enumerate(found) if key == self.free[0]), count)
        fields = [Cut(key, start, end) for (_, key, start), end in zip(found[: first + 1], ends)]
        if first == count:
            return fields
        last = first
        for name in self.free[1:]:
            place = next((place for place in range(count - 1, last, -1) if found[place][1] == name), None)
            if place is not None:
                fields[-1] = fields[-1]._replace(end=found[place][0])
                fields.append(Cut(name, found[place][2], size))
                last = place
        run = count
        seen: set[str] = set()
        for place in range(count - 1, last, -1):
            _, key, start = found[place]
            is_value = self._tail.get(key)
            if is_value is None or key in seen or not is_value(record[start : ends[place]]):
                break
            seen.add(key)
            run = place
        if run < count:
            fields[-1] = fields[-1]._replace(end=found[run][0])
            fields += [Cut(found[place][1], found[place][2], ends[place]) for place in range(run, count)]
        else:
            fields[-1] = fields[-1]._replace(end=size)
        return fields

    def order(self, keys: Sequence[str], are_open: Sequence[bool]) -> list[int]:
        """Return the places of the fields of a record in the order in which they are written.

        An undocumented key after a free text would be read as part of the text.
        """
        first = next((place for place, key in enumerate(keys) if key in self.free), len(keys))
        return sorted(range(len(keys)), key=lambda place: place >= first and not are_open[place])

    def among(self, keys: Sequence[str]) -> list[bool]:
        """Return for each key of a record, in the order of `cut`, whether its value is a free text."""
        first = keys.index(self.free[0]) if self.free[0] in keys else len(keys)
        return [place >= first and key in self.free for place, key in enumerate(keys)]

    def blanked(self, record: str, fields: Sequence[Cut]) -> str:
        """Return the record as the grammar sees it."""
        for field, is_free in zip(fields, self.among([field.key for field in fields])):
            if is_free:
                record = record[: field.start] + BLANK * (field.end - field.start) + record[field.end :]
        return record
