"""Makes a small reply of its text, by one regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..declare import Object, Type
from .read import NAMES, Small, arguments, value_of
from .source import compiled
from .values import coded, has_own_pattern, own_check


class Part(NamedTuple):
    """A part of a small reply: fixed text as a pattern, or a field's value and the text around it."""

    before: str
    """A pattern. That of fixed text is the whole part."""
    name: str = ""
    pattern: str = ""
    """The pattern of the value."""
    after: str = ""
    optional: bool = False
    """Whether it may be missing."""


class Variant(NamedTuple):
    """A small reply: what it is, and its parts."""

    object: Object
    parts: tuple[Part, ...]


class Whole(NamedTuple):
    """The settings of a function that reads a whole body."""

    mark: str
    """Text whose count tells shapes apart: replies of one shape have it equally often."""
    list_start: str
    """The character that only lists begin with, or an empty text if there is none."""
    other: Callable[[int], Small | None]
    """Returns the reader of replies with that number of marks, or None."""
    hides: Callable[[bytes], Any] | None = None
    """Finds in a body what can hide broken letters. Such a body is not read."""
    broken: Callable[[str], bool] | None = None
    """Tells whether a text that is not ASCII has broken letters. Such a text is not read."""


LONGEST_AT_ONCE = 4096
"""The most characters of a reply that is read at once: ten records with everything that is documented."""


def each_way(variant: Variant) -> list[Variant]:
    """Return a variant for each choice of its optional parts: `re` takes its time over a group that may be missing."""
    ways: list[tuple[Part, ...]] = [()]
    for part in reversed(variant.parts):
        with_it = [(part._replace(optional=False), *rest) for rest in ways]
        ways = with_it + ways if part.optional else with_it
    return [Variant(variant.object, way) for way in ways]


def small(
    title: str,
    variants: Sequence[Variant],
    tables: Sequence[Sequence[Mapping[Any, Any]]],
    around: tuple[str, str],
    unescape: Callable[[str], str] | None,
    whole: Whole | None,
) -> Small:
    """Compile a function that reads a text which is one of the *variants*. It tries them in their order.

    The function has one regular expression. Neighbours that begin alike share a branch, and each variant ends with an
    empty group, so that the last group of a match tells which variant it is. *tables* has the tables of codes of each
    variant's object. *around* has the patterns before and behind all variants. *unescape* undoes the escapes of a text.

    If *whole* is given, the function reads a body in UTF-8 instead, and returns None if it cannot.
    """
    walk = _Walk(variants, tables, unescape)
    pattern = walk.branches(list(range(len(variants))), 0, {}).join(around)
    names = {**NAMES, **walk.names, "match_whole": re.compile(pattern).fullmatch}
    lines = ["found = match_whole(text)", "if found is None:", "    return None"]
    if whole:
        names |= {"key_mark": whole.mark, "find_reader": whole.other}
        names |= {"has_escapes": whole.hides, "is_broken": whole.broken, "list_start": whole.list_start}
        lines = [
            f"if len(body) > {LONGEST_AT_ONCE}{' or has_escapes(body)' if whole.hides else ''}:",
            "    return None",
            "text = body.decode()",
            *(["if not text.isascii() and is_broken(text):", "    return None"] if whole.broken else []),
            f"found = match_whole(text){' if text[0] != list_start else None' if whole.list_start else ''}",
            "if found is None:",
            "    read = find_reader(text.count(key_mark))",
            "    return None if read is None else read(text)",
        ]
    return compiled("read_small", title, "body" if whole else "text", [*lines, *walk.made()], names)


class _Walk:
    """Collects the lines that belong to an expression while its branches are written."""

    def __init__(
        self,
        variants: Sequence[Variant],
        tables: Sequence[Sequence[Mapping[Any, Any]]],
        unescape: Callable[[str], str] | None,
    ) -> None:
        self.variants, self.tables = variants, tables
        self.names: dict[str, Any] = {"unescape": unescape} if unescape else {}
        self.ends: dict[int, tuple[list[str], list[int], str]] = {}
        """Maps the last group of a match to names for the values of groups, and to what is made of them."""
        self.groups = 0

    def made(self) -> list[str]:
        """Return the lines that make the reply of a match."""
        lines = ["last = found.lastindex"]
        for last, (names, groups, made) in self.ends.items():
            lines.append(f"if last == {last}:")
            lines += [f"    {', '.join(names)} = found.group({', '.join(map(str, groups))})"] if names else []
            lines.append(f"    return {made}")
        return lines

    def branches(self, some: Sequence[int], depth: int, given: Mapping[str, int]) -> str:
        """Return the expression for some variants, which are alike before *depth*."""
        found: list[str] = []
        start = 0
        while start < len(some):
            parts = self.variants[some[start]].parts
            if depth == len(parts):
                self.groups += 1
                self._make(some[start], given)
                found.append("()")
                start += 1
                continue
            end = start + 1
            while end < len(some) and self.variants[some[end]].parts[depth : depth + 1] == (parts[depth],):
                end += 1
            found.append(self._branch(some[start:end], parts[depth], depth, given))
            start = end
        return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"

    def _branch(self, some: Sequence[int], part: Part, depth: int, given: Mapping[str, int]) -> str:
        if not part.name:
            return part.before + self.branches(some, depth + 1, given)
        self.groups += 1
        whole = f"{part.before}({part.pattern}){part.after}"
        pattern = f"(?:{whole})?" if part.optional else whole
        return pattern + self.branches(some, depth + 1, {**given, part.name: self.groups})

    def _make(self, number: int, given: Mapping[str, int]) -> None:
        """Write the lines that make a variant's value of the groups of a match."""
        obj = self.variants[number].object
        if any(not field.optional and field.name not in given for field in obj.fields):
            self.ends[self.groups] = [], [], "None"
            return
        self.names[f"Record_{number}"] = obj.cls
        if not given:
            self.names[f"value_{number}"] = obj.cls()
            self.ends[self.groups] = [], [], f"value_{number}"
            return
        parts = {part.name: part for part in self.variants[number].parts if part.name}
        table_of = dict(zip([name for name, _ in coded(obj)], self.tables[number]))
        call: dict[str, str] = {}
        for name in given:
            type_ = obj.by_name[name].type
            assert isinstance(type_, Type)
            if name in table_of:
                self.names[f"table_{number}_{name}"] = table_of[name]
            variable = f"unescape({name})" if type_.kind == "text" and "unescape" in self.names else name
            made = value_of(type_, f"table_{number}_{name}", variable, "match")
            if has_own_pattern(type_):
                self.names[f"own_{number}_{name}"] = own_check(type_)
                made = f"own_{number}_{name}({made})"
            call[name] = f"None if {name} is None else {made}" if parts[name].optional else made
        self.ends[self.groups] = [*given], [*given.values()], f"Record_{number}({arguments(obj, call)})"
