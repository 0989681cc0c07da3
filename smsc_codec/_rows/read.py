"""Compiles the functions that make records of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from ..declare import Object, OpenMap, Other, Type
from ..limits import Limits
from ..mapping import FrozenMapping, shared
from ..model import MAX_NUMBER
from .opened import are_digits, arrange, sorted_out
from .source import Fallback, compiled, fall_back, title_of
from .values import (
    coded,
    codes_of,
    convert_numbers,
    has_own_pattern,
    lookup_all,
    may_be_empty,
    own_check,
    read_amounts,
    read_dates,
    read_numbers,
)

Small = Callable[[Any], Any]
"""Returns the reply in a body or in a text, or None if it is not one of the variants."""


class Rows(NamedTuple):
    """Functions that read rows with the same keys. Each takes the tables of codes as its second argument."""

    many: Callable[[Any, Any], list[Any]]
    """Makes records of rows (for `cells`, of columns). Raises `KeyError` if an open key has a text in some of them."""
    mixed: Callable[[Any, Any], list[Any]]
    """The same where open keys have codes and texts by turns."""
    unknown: bool
    """Whether a key among them is not documented."""
    texts: tuple[Callable[[Any], Iterable[str]], ...]
    """Functions that return the columns whose values can be too long: all except numbers and codes."""
    short: tuple[Callable[[Any], Iterable[str]], ...]
    """The same for dates and amounts, which have at most `_LONGEST_SHORT` characters."""
    opened: tuple[Callable[[Any], Iterable[str]], ...]
    """The same for open keys that have codes or texts."""
    width: int
    """How many keys they have."""
    longest: int
    """Characters of the longest open key."""

    def records(self, found: Any, tables: Any, limits: Limits, is_long: bool) -> list[Any]:
        """Return the records of rows. Raise `Fallback` if they are beyond the limits.

        *is_long* says whether a text among them may be too long.
        """
        if self.width > limits.fields or self.longest > limits.text:
            raise Fallback
        if is_long:
            columns = self.texts if limits.text >= _LONGEST_SHORT else self.texts + self.short
            _check_lengths(columns, found, limits.text)
        try:
            return self.many(found, tables)
        except KeyError:
            if not self.opened:
                raise
            if is_long:
                _check_lengths(self.opened, found, limits.text)
            return self.mixed(found, tables)


_LONGEST_SHORT = 23
"""Characters of the longest amount; a date has 19."""


def _check_lengths(columns: Iterable[Callable[[Any], Iterable[str]]], found: Any, longest: int) -> None:
    if any(max(map(len, column(found))) > longest for column in columns):
        raise Fallback


class _Slots(NamedTuple):
    """The variables of a row."""

    names: list[str]
    """One for each key: the field's name, or a numbered one."""
    types: dict[str, Type]
    opened: dict[str, str]
    """The keys of those that stand for open keys."""


MOST_KEYS = 64
"""The most keys of a record that is read by compiled rows, twice as many as the service documents. Compiling takes
longer than reading one record carefully, by a multiple of the number of keys, and a body chooses its keys."""


def _slots(obj: Object, fmt: str, keys: Sequence[str]) -> _Slots:
    if len(keys) > MOST_KEYS:
        raise Fallback
    names = obj.names(fmt)
    slots = [names.get(key, f"open_{place}") for place, key in enumerate(keys)]
    opened = {slot: key for slot, key in zip(slots, keys) if key not in names}
    if len({*keys}) < len(keys) or len({*slots}) < len(slots) or (opened and obj.open is None):
        raise Fallback
    types: dict[str, Type] = {}
    for slot in slots:
        if slot not in opened:
            type_ = obj.by_name[slot].type
            if not isinstance(type_, Type):
                raise Fallback
            types[slot] = type_
    if any(field.name not in types and not field.optional for field in obj.fields):
        raise Fallback
    return _Slots(slots, types, opened)


_FROM_MATCH = {
    "number": "int({0})",
    "money": "Decimal({0})",
    "date": 'read_iso(f"{{{0}[6:10]}}-{{{0}[3:5]}}-{{{0}[:2]}}{{{0}[10:]}}")',
    "text": "{0}",
}


_COLUMNS = {"number": "read_numbers", "money": "read_amounts", "date": "read_dates"}
"""By kinds: the name of the function that reads a column of texts."""

_CHECKED = {"number": "convert_numbers", "date": "read_dates"}
"""The same for texts that a regular expression has checked, where it is quicker than one by one."""


def value_of(type_: Type, table: str, variable: str, form: str) -> str:
    """Return the expression that makes a variable the value of a field, unless its column is read."""
    if type_.kind == "code":
        return f"{table}[{variable}]"
    if form == "match":
        return _FROM_MATCH[type_.kind].format(variable)
    if type_.kind == "text" and not may_be_empty(type_):
        return f"({variable} or fall_back())"
    return variable


NAMES: dict[str, Any] = {
    "Mapping": FrozenMapping,
    "Decimal": Decimal,
    "read_iso": datetime.fromisoformat,
    "read_numbers": read_numbers,
    "convert_numbers": convert_numbers,
    "lookup_all": lookup_all,
    "sorted_out": sorted_out,
    "are_digits": are_digits,
    "fall_back": fall_back,
    "nothing": repeat(None),
    "read_amounts": read_amounts,
    "read_dates": read_dates,
}
"""What the compiled functions call, by the names that it has in their source."""


class _Calls(NamedTuple):
    """How a record is made of a row."""

    slots: _Slots
    space: dict[str, Any]
    tables: list[str]
    """The variables of the tables of codes."""
    call: dict[str, str]
    """The arguments of the constructor."""
    mixed: dict[str, str]
    """The same where open keys have codes and texts by turns."""
    sorting: str
    """The expression that then yields both mappings of each row; empty if there are no open keys."""
    open_table: str
    """The variable of the table of open codes."""
    before: list[str]
    """The lines that come first and make columns of values."""
    counted: list[str]
    """The slots of these columns."""

    def unpacked(self, *targets: str) -> str:
        """Return all variables of a row, followed by the *targets*."""
        return ", ".join([*self.slots.names, *targets]) + ","


def _calls(
    obj: Object,
    fmt: str,
    keys: Sequence[str],
    form: str,
    quoted: frozenset[str],
    escaped: bool = False,
    many: bool = False,
) -> _Calls:
    """Return how records are made of rows with these keys; the texts of *escaped* rows go through `unescape`.

    If there are *many* rows, columns of values may be read first.
    """
    slots = _slots(obj, fmt, keys)
    space = {**NAMES, "Record": obj.cls}
    tables = [f"TABLE_{place}" for place in range(len(coded(obj)))]
    table_of = {name: table for (name, _), table in zip(coded(obj), tables)}
    member = "row." if form == "members" else ""
    call: dict[str, str] = {}
    before: list[str] = []
    for slot in slots.names:
        if slot in slots.opened:
            continue
        type_ = slots.types[slot]
        is_quoted = keys[slots.names.index(slot)] in quoted
        variable = f"unescape({slot})" if escaped and type_.kind == "text" else f"{member}{slot}"
        call[slot] = value_of(type_, table_of.get(slot, ""), variable, form)
        if many and form == "match" and type_.kind in _CHECKED and not has_own_pattern(type_):
            place = slots.names.index(slot)
            before.append(f"{slot}_values = {_CHECKED[type_.kind]}([row[{place}] for row in rows])")
            call[slot] = f"{slot}_value"
        elif type_.kind in _COLUMNS and (form == "cells" or (form == "members" and is_quoted)):
            column = f"{slot}_column" if form == "cells" else f"[row.{slot} for row in rows]"
            before.append(f"{slot}_values = {_COLUMNS[type_.kind]}({column})")
            call[slot] = f"{slot}_value"
        elif type_.kind == "code" and form == "cells":
            before.append(f"{slot}_values = lookup_all({table_of[slot]}, {slot}_column)")
            call[slot] = f"{slot}_value"
        elif type_.kind == "text" and form == "cells" and not may_be_empty(type_):
            before += [f"if not all({slot}_column):", "    fall_back()"]
            call[slot] = slot
    counted = [slot for slot in slots.names if call.get(slot) == f"{slot}_value"]
    call |= _call_own(slots, call, space)
    mixed = dict(call)
    texts = {slot: f"unescape({slot})" if escaped else f"{member}{slot}" for slot in slots.opened}
    if member:  # a bare number of fmt=3 is kept as text too
        texts |= {slot: f"str({texts[slot]})" for slot, key in slots.opened.items() if key not in quoted}
    sorting = _call_open(obj, fmt, slots, member, texts, table_of, space, call, mixed) if slots.opened else ""
    open_table = table_of[obj.open.codes] if isinstance(obj.open, OpenMap) else ""
    return _Calls(slots, space, tables, call, mixed, sorting, open_table, before, counted)


def rows(obj: Object, fmt: str, keys: Sequence[str], form: str, quoted: frozenset[str] = frozenset()) -> Rows:
    """Compile the functions that read rows of a *form* with these *keys*. Raise `Fallback` if no record has these keys.

    In rows of the form `members`, the values of the *quoted* keys are texts. Rows of the form `match` end with a
    group that the functions ignore.
    """
    calls = _calls(obj, fmt, keys, form, quoted, many=True)
    slots, space = calls.slots, calls.space
    opening = [f"{', '.join(calls.tables)}, = tables"] if calls.tables else []
    made: list[Any] = []
    for name, given in (("read_many", calls.call), ("read_mixed", calls.mixed)):
        lines = [*opening]
        if form == "cells":
            columns = [f"{slot}_column" for slot in slots.names]
            lines.append(f"{', '.join(columns)}, = rows")
            pairs = [
                (f"{slot}_value", f"{slot}_values") if slot in calls.counted else (slot, f"{slot}_column")
                for slot in slots.names
            ]
        else:
            row = "row" if form == "members" else f"({calls.unpacked('_')})"
            pairs = [(row, "rows"), *((f"{slot}_value", f"{slot}_values") for slot in calls.counted)]
            if given is calls.mixed and calls.sorting:
                if form == "match":
                    lines.append(f"{', '.join([f'column_{slot}' for slot in slots.names])}, *_ = zip(*rows)")
                pairs.append(("(sorted_codes, sorted_texts)", calls.sorting))
        targets, sources = (", ".join(some) for some in zip(*pairs))
        loop = f"for {targets} in {sources if len(pairs) == 1 else f'zip({sources})'}"
        last = f"return [Record({arguments(obj, given)}) {loop}]"
        column_of = dict(pairs)
        if form == "cells" and {*given.values()} <= column_of.keys():
            columns_ = {name: column_of[value] for name, value in given.items()}
            last = f"return [*map(Record, {arguments(obj, columns_, 'nothing')})]"
        lines += calls.before
        if "pick" in space and given is calls.call and (form == "match" or quoted >= {*slots.opened.values()}):
            assert isinstance(obj.open, OpenMap)
            space["Digits"] = codes_of(obj.open.code).mapping
            digits = {**given, obj.open.codes: "Digits(KEYS, digits)"}
            # Readers that make rows refuse empty values under open keys. So a code of two digits makes a text longer.
            lines += ['joined = [*map("".join, map(pick, rows))]']
            lines += [f"if are_digits(joined, {len(slots.opened)}, {calls.open_table}):"]
            loop_ = f"for {targets}, digits in zip({sources}, joined)"
            lines.append(f"    return [Record({arguments(obj, digits)}) {loop_}]")
        made.append(compiled(name, title_of(obj, fmt), "rows, tables", [*lines, last], space))
    known = obj.open.known if isinstance(obj.open, OpenMap) else frozenset()
    texts: list[Any] = []
    short: list[Any] = []
    opened: list[Any] = []
    for place, (slot, key) in enumerate(zip(slots.names, keys)):
        column = _column(form, place, slot, bare=slot in slots.opened and key not in quoted)
        if slot in slots.opened:
            (opened if isinstance(obj.open, OpenMap) else texts).append(column)
        elif slots.types[slot].kind not in ("number", "code"):
            is_short = slots.types[slot].kind != "text" and not has_own_pattern(slots.types[slot])
            (short if is_short else texts).append(column)
    longest = max(map(len, slots.opened.values()), default=0)
    unknown = not known >= {*slots.opened.values()}
    return Rows(made[0], made[1], unknown, tuple(texts), tuple(short), tuple(opened), len(keys), longest)


def _column(form: str, place: int, slot: str, bare: bool) -> Callable[[Any], Iterable[str]]:
    """Return a function that returns a column of rows as texts. Rows of the form `members` have *bare* numbers too."""
    if form == "cells":
        return itemgetter(place)
    if form == "match":
        return partial(map, itemgetter(place))
    value_of_row = attrgetter(slot)
    return partial(map, (lambda row: str(value_of_row(row))) if bare else value_of_row)


def at_once(
    obj: Object,
    fmt: str,
    keys: Sequence[str],
    pattern: str,
    tables: Sequence[Mapping[Any, Any]],
    many: Any = None,
    head: str = "",
    unescape: Callable[[str], str] | None = None,
) -> Small:
    """Compile a function that reads one record with these *keys* from a text. The *pattern* has a group for each value.

    If *many* is given, the function reads a list of that class, which begins with *head*. The pattern then matches one
    record and the separator after it; its last group is empty unless something else follows. *unescape* undoes the
    escapes of a text.
    """
    calls = _calls(obj, fmt, keys, "match", frozenset(), escaped=unescape is not None)
    found = re.compile(pattern)
    names = {**calls.space, **dict(zip(calls.tables, tables)), "match_whole": found.fullmatch}
    names |= {"find_rows": found.findall, "Many": many, "unescape": unescape, "list_head": head}
    made = f"Record({arguments(obj, calls.call)})"
    if many:
        lines = ["if not text.startswith(list_head):", "    return None"] if head else []
        lines += [f"found = find_rows(text, {len(head)})" if head else "found = find_rows(text)"]
        one = [f"({calls.unpacked('rest')}), = found", f"return None if rest else Many(({made},))"]
        lines += ["if len(found) == 1:", *(f"    {line}" for line in one)]
        lines += ["if found[-1][-1]:", "    return None"]
        lines.append(f"return Many(tuple([{made} for {calls.unpacked('_')} in found]))")
    else:
        lines = ["found = match_whole(text)", "if found is None:", "    return None"]
        lines += [f"{calls.unpacked()} = found.groups()", f"return {made}"]
    return compiled("read_at_once", title_of(obj, fmt), "text", lines, names)


def _call_own(slots: _Slots, call: Mapping[str, str], space: dict[str, Any]) -> dict[str, str]:
    """Return the arguments whose types have patterns of their own, each with its check."""
    checks = {slot: own_check(type_) for slot, type_ in slots.types.items() if has_own_pattern(type_)}
    space |= {f"own_{slot}": check for slot, check in checks.items()}
    return {slot: f"own_{slot}({call[slot]})" for slot in checks}


def _call_open(
    obj: Object,
    fmt: str,
    slots: _Slots,
    member: str,
    texts: Mapping[str, str],
    table_of: dict[str, str],
    space: dict[str, Any],
    call: dict[str, str],
    mixed: dict[str, str],
) -> str:
    """Add the arguments that hold open keys, and return the expression that makes those of *mixed*.

    *texts* has the expressions of the texts under undocumented keys.
    """
    by_key = {key: slot for slot, key in slots.opened.items()}
    if isinstance(obj.open, Other):
        space["KEYS"] = shared(tuple(by_key))
        call[obj.open.name] = mixed[obj.open.name] = f"Mapping(KEYS, ({', '.join(texts.values())},))"
        return ""
    assert isinstance(obj.open, OpenMap)
    order = obj.open.order.get(fmt, ())
    ordered = arrange(list(by_key), order)
    space["KEYS"] = shared(tuple(ordered))
    table = table_of[obj.open.codes]
    values = [f"{member}{by_key[key]}" for key in ordered]
    call[obj.open.codes] = f"Mapping(KEYS, ({', '.join(f'{table}[{value}]' for value in values)},))"
    if len(ordered) > 1:
        places = [slots.names.index(by_key[key]) for key in ordered]
        space["pick"] = attrgetter(*(slots.names[place] for place in places)) if member else itemgetter(*places)
    if has_own_pattern(obj.open.text):
        mixed[obj.open.codes] = "fall_back()"
        return ""
    mixed |= {obj.open.codes: "sorted_codes", obj.open.texts: "sorted_texts"}
    space["WIRE_KEYS"], space["ORDER"] = tuple(by_key), order
    columns = [f"[row.{slot} for row in rows]" if member else f"column_{slot}" for slot in by_key.values()]
    return f"sorted_out([{', '.join(columns)}], WIRE_KEYS, {table}, ORDER)"


def arguments(obj: Object, given: Mapping[str, str], nothing: str = "None") -> str:
    """Return the arguments of the constructor, up to the last given one, with *nothing* for those in between."""
    names = list(obj.cls.__struct_fields__)
    last = max((names.index(name) for name in given), default=-1) + 1
    absent = {name: "EMPTY" if name in obj.opened else nothing for name in names}
    assert not {absent[name] for name in names[:last] if name not in given} & {"EMPTY"}, (
        "open keys are the last attributes"
    )
    return ", ".join(given.get(name, absent[name]) for name in names[:last])


_CODE = Literal.__getitem__(tuple(map(str, range(100))))

_FULL = Annotated[str, msgspec.Meta(min_length=1)]

_BARE = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]

_SIGNED = Annotated[int, msgspec.Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]


def members(obj: Object, fmt: str, keys: Sequence[str], quoted: frozenset[str]) -> tuple[Any, Any]:
    """Return two classes of msgspec for objects with these keys. Open keys are codes in the first, texts in the second.

    The class for codes makes all objects share the texts of codes.
    """
    slots = _slots(obj, fmt, keys)
    codes = {slot: _CODE for slot, key in slots.opened.items() if key in quoted and isinstance(obj.open, OpenMap)}
    types: dict[str, Any] = {}
    for slot, key in zip(slots.names, keys):
        signed = slot in slots.types and "-?" in slots.types[slot].pattern
        if key not in quoted and slot in slots.types:
            type_ = slots.types[slot]
            # msgspec has no type for a bare amount, with its digits.
            if not type_.bare or type_.kind not in ("number", "code"):
                raise Fallback
        types[slot] = _FULL if slot in codes else str if key in quoted else _SIGNED if signed else _BARE
    rename = dict(zip(slots.names, keys))
    strict, loose = (
        msgspec.defstruct("Row", [*some.items()], rename=rename, forbid_unknown_fields=True, gc=False)
        for some in ({**types, **codes}, types)
    )
    return strict, loose
