"""The compiler: from an object, a format and a sequence of keys to functions that read and spell rows.

A *row* is one record as a format holds it. That is all a compiled function depends on, and there are three kinds:

- `match`: texts that a regular expression has checked (fmt=0, fmt=2, and the small replies of every format);
- `cells`: a column of unchecked texts for each key (fmt=1);
- `members`: an object of msgspec with an attribute for each key (fmt=3).

Only names of attributes, numbered names (`open_3`) and the declared keys enter source. Text of the wire never does: an
unknown key is a value in the function's namespace. A compiled function has no words and knows no places. Where
something is wrong it raises one of `CAUGHT`, and the careful reader or writer judges.
"""

from __future__ import annotations

import linecache
import re
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain, count, repeat
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, cast

import msgspec

from ._types import all_are
from .declare import DATE, FORMATS, ID, MONEY, NAME, TEXT, Many, Object, OpenMap, Other, Type
from .mapping import EMPTY, FrozenMapping, shared
from .model import MAX_NUMBER


class Unusual(Exception):  # noqa: N818 - a signal, not an error
    """A compiled function has met what only a careful one can judge. Never leaves the library."""


CAUGHT = (Unusual, KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, msgspec.MsgspecError)
"""What compiled functions raise."""


# Making functions

_made = count()


def compiled(
    name: str, title: str, parameters: str, lines: Iterable[str], names: Mapping[str, Any]
) -> Callable[..., Any]:
    """Return the function of that source. A traceback shows its lines, and `inspect.getsource` finds it."""
    assert all(each.isidentifier() for each in (name, *names)), names
    source = "\n".join([f"def {name}({parameters}):", *(f"    {line}" for line in lines), ""])
    filename = f"<smsc_codec {title} #{next(_made)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    space: dict[str, Any] = {**names, "__name__": __name__}
    exec(compile(source, filename, "exec"), space)
    # Out of its own namespace, so that it goes as soon as nobody has it; its lines go with it.
    function = space.pop(name)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return cast("Callable[..., Any]", function)


# Values

_Numbers = list[Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]]
_decode_numbers = msgspec.json.Decoder(_Numbers).decode
_encode_numbers = msgspec.json.Encoder().encode
_is_number = re.compile("0|[1-9][0-9]{0,17}").fullmatch
# Below that many a loop is quicker.
_FEW = 8
# What JSON allows in an array of whole numbers, and a column of them cannot have.
_FOREIGN = "-. \t\r\neE"


def numbers(column: Sequence[str]) -> Sequence[int]:
    """Return a column of texts as numbers. msgspec takes a third of the time of `int` behind a pattern."""
    if len(column) < _FEW:
        if not all(map(_is_number, column)):
            raise Unusual
        return list(map(int, column))
    array = ",".join(column)
    found = _decode_numbers(f"[{array}]")
    # A text with a comma in it would be two numbers.
    if len(found) != len(column) or any([mark in array for mark in _FOREIGN]):
        raise Unusual
    return found


class _Column(msgspec.Struct, array_like=True):
    """`msgspec.convert` finds the hash of a class quicker than that of an alias."""

    numbers: _Numbers


def spelled_numbers(column: Sequence[int]) -> Sequence[str]:
    """Return a column of numbers as texts."""
    if len(column) < _FEW:
        for number in column:
            if number.__class__ is not int or not 0 <= number <= MAX_NUMBER:
                raise Unusual
        return list(map(int.__repr__, column))
    return _encode_numbers(msgspec.convert((column,), _Column).numbers).decode()[1:-1].split(",")


class Codes(dict[Any, Any]):
    """Look up the codes of a type, by their spelling (a quoted value) and by their number (a bare value).

    The first hundred codes and the documented ones are stored. Others are made at each look-up and not stored, so that
    a hostile body cannot fill the table.
    """

    __slots__ = ("_allows", "_enum")

    def __init__(self, type_: Type) -> None:
        self._allows, self._enum = re.compile(type_.pattern).fullmatch, type_.enum
        usual = sorted({*range(100), *type_.documented})
        allowed = [number for number in usual if self._allows(str(number))]
        super().__init__({key: self._enum(number) for number in allowed for key in (number, str(number))})

    def __missing__(self, key: Any) -> Any:
        spelled = str(key)
        if not self._allows(spelled):
            raise KeyError(key)
        return self._enum(int(spelled))


@lru_cache(64)
def codes_of(type_: Type) -> Codes:
    """Return the codes of a type. They take long to make, and many functions look them up."""
    return Codes(type_)


class NotedCodes(dict[Any, Any]):
    """The same for one reply: *odd* says whether it had a code that the documentation does not have."""

    __slots__ = ("_codes", "_documented", "odd")

    def __init__(self, codes: Codes, type_: Type) -> None:
        super().__init__()
        self._codes, self._documented, self.odd = codes, type_.documented, False

    def __missing__(self, key: Any) -> Any:
        code = self._codes[key]
        if int(code) in self._documented:
            self[key] = code
        else:
            self.odd = True
        return code


class DocumentedCodes(dict[Any, Any]):
    """The documented codes of a type; any other is a `KeyError`."""

    __slots__ = ()

    def __init__(self, type_: Type) -> None:
        codes = codes_of(type_)
        super().__init__({key: code for key, code in codes.items() if int(code) in type_.documented})


def may_be_empty(type_: Type) -> bool:
    """Whether an empty text is a value of a type of texts."""
    return not type_.pattern.endswith("+")


def coded(obj: Object) -> list[tuple[str, Type]]:
    """Return what of an object is a code: names of fields, and of the attribute with open codes, with their types."""
    fields = [(field.name, field.type) for field in obj.fields if isinstance(field.type, Type) and field.type.enum]
    return [*fields, (obj.open.codes, obj.open.code)] if isinstance(obj.open, OpenMap) else fields


def tables(obj: Object) -> tuple[Codes, ...]:
    """Return the tables that the compiled readers of an object look codes up in."""
    return tuple(codes_of(type_) for _, type_ in coded(obj))


def documented_tables(obj: Object) -> tuple[DocumentedCodes, ...]:
    """Return the same without what the documentation does not have."""
    return tuple(DocumentedCodes(type_) for _, type_ in coded(obj))


def noted_tables(obj: Object, plain: Sequence[Codes]) -> tuple[NotedCodes, ...]:
    """Return tables for one reply that notice what the documentation does not have."""
    return tuple(NotedCodes(codes, type_) for codes, (_, type_) in zip(plain, coded(obj)))


def looked_up(table: Any, column: Sequence[Any]) -> Sequence[Any]:
    """Return a column of codes, all at once if each is in the table."""
    if len(column) > 1:
        try:
            found: Sequence[Any] = itemgetter(*column)(table)
        except KeyError:
            pass
        else:
            return found
    return [table[each] for each in column]


def date(text: str) -> datetime:
    """Return a date in the service's spelling. Raise `ValueError` if it is not one."""
    return datetime.fromisoformat(f"{text[6:10]}-{text[3:5]}-{text[:2]}{text[10:]}")


def spelled_date(value: datetime) -> str:
    """Return a date in the service's spelling."""
    text = value.isoformat(" ")
    return f"{text[8:10]}.{text[5:7]}.{text[:4]}{text[10:]}"


def amount(value: Decimal) -> str:
    """Return an amount with its digits as sent."""
    return format(value, "f")


def odd() -> Any:
    """Leave what is being read to the careful reader."""
    raise Unusual


class Mapped(dict[Any, Any]):
    """The mappings of the codes under some *keys*, by their spellings. Records that have the same codes share one."""

    __slots__ = ("_keys", "_table")

    def __init__(self, keys: tuple[str, ...], table: Mapping[Any, Any]) -> None:
        super().__init__()
        self._keys, self._table = keys, table

    def __missing__(self, values: tuple[Any, ...]) -> Any:
        made = FrozenMapping(self._keys, tuple(map(self._table.__getitem__, values)))
        if len(self) < _MOST_MAPPED:
            self[values] = made
        return made


_MOST_MAPPED = 1024
_LOOKED_AT = 64


def are_few(rows: Sequence[Any], pick: Callable[[Any], Any]) -> bool:
    """Whether the codes of records repeat, as far as the first ones tell."""
    return len(rows) >= _LOOKED_AT and len({*map(pick, rows[:_LOOKED_AT])}) <= _LOOKED_AT // 4


class _Sorted(dict[Any, Any]):
    """Values of open keys to their codes, or to themselves if they are texts."""

    __slots__ = ("_table",)

    def __init__(self, table: Mapping[Any, Any]) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, value: Any) -> Any:
        try:
            made = self._table[value]
        except KeyError:
            if not value or value.__class__ is not str:
                raise Unusual from None
            made = value
        self[value] = made
        return made


@lru_cache(128)
def _part(keys: tuple[str, ...], order: tuple[str, ...], places: tuple[int, ...]) -> tuple[tuple[str, ...], Any]:
    """Return the keys in these places, in their *order*, and what picks their values."""
    chosen = {keys[place]: place for place in places}
    arranged = shared(tuple(arrange([*chosen], order)))
    if len(places) == 1:
        (only,) = places
        return arranged, lambda row: (row[only],)
    return arranged, itemgetter(*[chosen[key] for key in arranged]) if arranged else None


class _Parts(dict[Any, Any]):
    """Cache which places of a row hold codes and which hold texts, by the types of the values that can be either."""

    __slots__ = ("_keys", "_order", "_texts", "_turns")

    def __init__(
        self, keys: tuple[str, ...], order: tuple[str, ...], texts: Sequence[int], turns: Sequence[int]
    ) -> None:
        super().__init__()
        self._keys, self._order, self._texts, self._turns = keys, order, texts, turns

    def __missing__(self, classes: tuple[type, ...]) -> Any:
        texts = {*self._texts, *[place for place, cls in zip(self._turns, classes) if cls is str]}
        every = range(len(self._keys))
        codes = tuple([place for place in every if place not in texts])
        part = (*_part(self._keys, self._order, codes), *_part(self._keys, self._order, tuple(sorted(texts))))
        self[classes] = part
        return part


def sorted_out(
    columns: Sequence[Sequence[Any]], keys: tuple[str, ...], table: Mapping[Any, Any], order: tuple[str, ...]
) -> Iterable[tuple[Any, Any]]:
    """Return for each record the mapping of its codes and that of its texts, of columns that have both.

    Each has its keys in the documented *order*.
    """
    either = _Sorted(table)
    made: list[Sequence[Any]] = []
    texts: list[int] = []
    turns: list[int] = []
    for place, column in enumerate(columns):
        try:
            made.append(looked_up(table, column))
        except KeyError:
            made.append(looked_up(either, column))
            (texts if {*map(type, made[-1])} == {str} else turns).append(place)
    parts = _Parts(keys, order, texts, turns)
    if not turns:
        codes, pick_codes, named, pick_named = parts[()]
        return zip(_mappings(codes, pick_codes, made), _mappings(named, pick_named, made))
    return [
        (
            FrozenMapping(codes, pick_codes(row)) if codes else EMPTY,
            FrozenMapping(named, pick_named(row)) if named else EMPTY,
        )
        for row, (codes, pick_codes, named, pick_named) in zip(
            zip(*made), map(parts.__getitem__, zip(*[map(type, made[place]) for place in turns]))
        )
    ]


def _mappings(keys: tuple[str, ...], pick: Any, columns: Sequence[Sequence[Any]]) -> Iterable[Any]:
    """Return mappings with these keys."""
    return map(FrozenMapping, repeat(keys), zip(*pick(columns))) if keys else repeat(EMPTY)


def arrange(keys: Sequence[str], order: Sequence[str]) -> list[str]:
    """Return documented keys in their order, and each other key behind the one that it followed."""
    ranks = {key: rank for rank, key in enumerate(order)}
    place, placed = -1, []
    for key in keys:
        place = ranks.get(key, place)
        placed.append(place)
    return [key for _, key in sorted(zip(placed, keys), key=itemgetter(0))]


# Reading


Small = Callable[[Any], Any]
"""Returns the reply in a body or in a text, or None if it is not one of the variants."""


class Rows(NamedTuple):
    """Functions that read rows with the same keys. Each takes the tables of codes as its second argument."""

    many: Callable[[Any, Any], list[Any]]
    """Rows to records; of `cells` a list of columns. Raise `KeyError` if an open key has a text in some of them."""
    mixed: Callable[[Any, Any], list[Any]]
    """The same where open keys have codes and texts by turns."""
    odd: bool
    """Whether a key among them is not documented."""
    texts: tuple[int, ...]
    """The places of declared texts, which can be too long."""
    opened: tuple[int, ...]
    """The places of open keys."""
    longest: int
    """Characters of the longest open key."""


class _Slots(NamedTuple):
    """The variables of a row."""

    names: list[str]
    """One for each key: the field's name, or a numbered one."""
    types: dict[str, Type]
    opened: dict[str, str]
    """The keys of those that stand for open keys."""


def _slots(obj: Object, fmt: str, keys: Sequence[str]) -> _Slots:
    names = obj.names(fmt)
    slots = [names.get(key, f"open_{place}") for place, key in enumerate(keys)]
    opened = {slot: key for slot, key in zip(slots, keys) if key not in names}
    if len({*keys}) < len(keys) or len({*slots}) < len(slots) or (opened and obj.open is None):
        raise Unusual
    types: dict[str, Type] = {}
    for slot in slots:
        if slot not in opened:
            type_ = obj.by_name[slot].type
            if isinstance(type_, Many):
                raise Unusual
            types[slot] = type_
    if any(field.name not in types and not field.optional for field in obj.fields):
        raise Unusual
    return _Slots(slots, types, opened)


_FROM_MATCH = {
    "number": "int({0})",
    "money": "Decimal({0})",
    "date": 'date(f"{{{0}[6:10]}}-{{{0}[3:5]}}-{{{0}[:2]}}{{{0}[10:]}}")',
    "text": "{0}",
}


def _value(type_: Type, table: str, variable: str, kind: str, quoted: bool) -> str:
    """Return the expression that makes a field's value of a variable."""
    if type_.kind == "code":
        return f"{table}[{variable}]"
    if kind == "match":
        return _FROM_MATCH[type_.kind].format(variable)
    if type_.kind == "number":
        return f"int({variable})" if quoted else variable
    if type_.kind == "text":
        return variable if may_be_empty(type_) else f"({variable} or odd())"
    return f"read_{type_.kind}({variable})"


_USUAL = {
    "number": {ID.pattern},
    "money": {MONEY.pattern},
    "date": {DATE.pattern},
    "text": {TEXT.pattern, NAME.pattern},
}


def _is_own(type_: Type) -> bool:
    """Whether a type has a pattern of its own, which is narrower than what the lanes check. Codes have their tables."""
    return type_.enum is None and type_.pattern not in _USUAL[type_.kind]


def _own(type_: Type) -> Callable[[Any], Any]:
    """Return what returns a value if its spelling is one of the type; any other is `Unusual`."""
    fullmatch = re.compile(type_.pattern).fullmatch
    spellings: dict[str, Callable[[Any], str]] = {"number": str, "money": amount, "date": spelled_date}
    spelling = spellings.get(type_.kind)

    def check(value: Any) -> Any:
        if not fullmatch(spelling(value) if spelling else value):
            raise Unusual
        return value

    return check


_is_date, _is_money = re.compile(DATE.pattern).fullmatch, re.compile(MONEY.pattern).fullmatch


def _read_date(text: str) -> datetime:
    return date(text) if _is_date(text) else odd()


def _read_money(text: str) -> Decimal:
    return Decimal(text) if _is_money(text) else odd()


def _write_date(value: datetime) -> str:
    return odd() if value.microsecond else spelled_date(value)


def _write_money(value: Decimal) -> str:
    # `str` is quicker, but has an exponent for small and for large ones.
    text = str(value)
    return text if _is_money(text) else odd()


def _namespace() -> dict[str, Any]:
    return {
        "Mapping": FrozenMapping,
        "Decimal": Decimal,
        "date": datetime.fromisoformat,
        "numbers": numbers,
        "looked_up": looked_up,
        "sorted_out": sorted_out,
        "Mapped": Mapped,
        "are_few": are_few,
        "odd": odd,
        "str": str,
        "zip": zip,
        "map": map,
        "nothing": repeat(None),
        "read_money": _read_money,
        "read_date": _read_date,
    }


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
    """What yields both mappings of each row then; empty if there are no open keys."""
    open_table: str
    """The variable of the table of open codes."""
    before: list[str]
    """Lines that stand before: they make columns of values."""
    counted: list[str]
    """The slots of these columns."""

    def unpacked(self, *targets: str) -> str:
        """Return all variables of a row, and the *targets* behind them."""
        return ", ".join([*self.slots.names, *targets]) + ","


def _calls(obj: Object, fmt: str, keys: Sequence[str], kind: str, quoted: frozenset[str]) -> _Calls:
    slots = _slots(obj, fmt, keys)
    space = {**_namespace(), "Record": obj.cls}
    tables = [f"TABLE_{place}" for place in range(len(coded(obj)))]
    table_of = {name: table for (name, _), table in zip(coded(obj), tables)}
    member = "row." if kind == "members" else ""
    call: dict[str, str] = {}
    before: list[str] = []
    for slot in slots.names:
        if slot in slots.opened:
            continue
        type_ = slots.types[slot]
        is_quoted = {key for key, name in obj.names(fmt).items() if name == slot} <= quoted
        call[slot] = _value(type_, table_of.get(slot, ""), f"{member}{slot}", kind, is_quoted)
        if type_.kind == "number" and (kind == "cells" or (kind == "members" and is_quoted)):
            column = f"{slot}_column" if kind == "cells" else f"[row.{slot} for row in rows]"
            before.append(f"{slot}_values = numbers({column})")
            call[slot] = f"{slot}_value"
        elif type_.kind == "code" and kind == "cells":
            before.append(f"{slot}_values = looked_up({table_of[slot]}, {slot}_column)")
            call[slot] = f"{slot}_value"
        elif type_.kind == "text" and kind == "cells" and not may_be_empty(type_):
            before += [f"if '' in {slot}_column:", "    odd()"]
            call[slot] = slot
    counted = [slot for slot in slots.names if call.get(slot) == f"{slot}_value"]
    call |= _call_own(slots, call, space)
    mixed = dict(call)
    sorting = _call_open(obj, fmt, slots, member, table_of, space, call, mixed) if slots.opened else ""
    open_table = table_of[obj.open.codes] if isinstance(obj.open, OpenMap) else ""
    return _Calls(slots, space, tables, call, mixed, sorting, open_table, before, counted)


def rows(
    obj: Object, fmt: str, keys: Sequence[str], kind: str, quoted: frozenset[str] = frozenset(), more: int = 0
) -> Rows:
    """Compile the functions that read rows of a *kind* with these *keys*. Raise `Unusual` if no record has these keys.

    In rows of the kind `members`, the values of the *quoted* keys are texts. Rows of the kind `match` end with *more*
    groups that the functions ignore.
    """
    calls = _calls(obj, fmt, keys, kind, quoted)
    slots, space = calls.slots, calls.space
    opening = [f"{', '.join(calls.tables)}, = tables"] if calls.tables else []
    made: list[Any] = []
    for name, arguments in (("read_many", calls.call), ("read_mixed", calls.mixed)):
        lines = [*opening]
        if kind == "cells":
            columns = [f"{slot}_column" for slot in slots.names]
            lines.append(f"{', '.join(columns)}, = rows")
            pairs = [
                (f"{slot}_value", f"{slot}_values") if slot in calls.counted else (slot, f"{slot}_column")
                for slot in slots.names
            ]
        else:
            row = "row" if kind == "members" else f"({calls.unpacked(*['_'] * more)})"
            pairs = [(row, "rows"), *((f"{slot}_value", f"{slot}_values") for slot in calls.counted)]
            if arguments is calls.mixed and calls.sorting:
                if kind == "match":
                    lines.append(f"{', '.join([f'column_{slot}' for slot in slots.names])}, *_ = zip(*rows)")
                pairs.append(("(sorted_codes, sorted_texts)", calls.sorting))
        targets, sources = (", ".join(some) for some in zip(*pairs))
        loop = f"for {targets} in {sources if len(pairs) == 1 else f'zip({sources})'}"
        last = f"return [Record({_arguments(obj, arguments)}) {loop}]"
        column_of = dict(pairs)
        if kind == "cells" and {*arguments.values()} <= column_of.keys():
            given = {name: column_of[value] for name, value in arguments.items()}
            last = f"return [*map(Record, {_arguments(obj, given, 'nothing')})]"
        if "pick" in space and arguments is calls.call:
            # Records that have the same codes share a mapping.
            assert isinstance(obj.open, OpenMap)
            few = {**arguments, obj.open.codes: "mapping"}
            lines += [*calls.before, "if are_few(rows, pick):"]
            lines.append(f"    mapped = map(Mapped(KEYS, {calls.open_table}).__getitem__, map(pick, rows))")
            loop_ = f"for {targets}, mapping in zip({sources}, mapped)"
            lines.append(f"    return [Record({_arguments(obj, few)}) {loop_}]")
        else:
            lines += calls.before
        made.append(compiled(name, _title(obj, fmt), "rows, tables", [*lines, last], space))
    known = obj.open.known if isinstance(obj.open, OpenMap) else frozenset()
    return Rows(
        made[0],
        made[1],
        not known >= {*slots.opened.values()},
        tuple(
            place for place, slot in enumerate(slots.names) if slot in slots.types and slots.types[slot].kind == "text"
        ),
        tuple(place for place, slot in enumerate(slots.names) if slot in slots.opened),
        max(map(len, slots.opened.values()), default=0),
    )


def _title(obj: Object, fmt: str) -> str:
    return f"{obj.cls.__name__} fmt={FORMATS.index(fmt)}"


def at_once(
    obj: Object,
    fmt: str,
    keys: Sequence[str],
    pattern: str,
    tables: Sequence[Mapping[Any, Any]],
    many: Any = None,
    head: str = "",
    plain: Callable[[str], str] | None = None,
) -> Small:
    """Compile a function that reads one record with these *keys* from a text. The *pattern* has a group for each value.

    If *many* is given, the function reads a list of that class, which begins with *head*. The pattern then matches one
    record and the separator behind it; its last group is empty unless something else follows. *plain* undoes the
    escapes of a text.
    """
    calls = _calls(obj, fmt, keys, "match", frozenset())
    found = re.compile(pattern)
    names = {**calls.space, **dict(zip(calls.tables, tables)), "match": found.fullmatch, "find": found.findall}
    names |= {"Many": many, "plain": plain, "tuple": tuple, "len": len}
    texts = [slot for slot, type_ in calls.slots.types.items() if type_.kind == "text"] if plain else []
    call = {name: f"plain({value})" if value in texts else value for name, value in calls.call.items()}
    made = f"Record({_arguments(obj, call)})"
    if many:
        names["head"] = head
        lines = ["if not text.startswith(head):", "    return None"] if head else []
        lines += [f"found = find(text, {len(head)})", "if found[-1][-1]:", "    return None"]
        lines += ["if len(found) == 1:", f"    ({calls.unpacked('_')}), = found", f"    return Many(({made},))"]
        lines.append(f"return Many(tuple([{made} for {calls.unpacked('_')} in found]))")
    else:
        lines = ["found = match(text)", "if found is None:", "    return None"]
        lines += [f"{calls.unpacked()} = found.groups()", f"return {made}"]
    return compiled("read_at_once", _title(obj, fmt), "text", lines, names)


def _call_own(slots: _Slots, call: Mapping[str, str], space: dict[str, Any]) -> dict[str, str]:
    """Return the arguments whose types have patterns of their own, checked."""
    checks = {slot: _own(type_) for slot, type_ in slots.types.items() if _is_own(type_)}
    space |= {f"own_{slot}": check for slot, check in checks.items()}
    return {slot: f"own_{slot}({call[slot]})" for slot in checks}


def _call_open(
    obj: Object,
    fmt: str,
    slots: _Slots,
    member: str,
    table_of: dict[str, str],
    space: dict[str, Any],
    call: dict[str, str],
    mixed: dict[str, str],
) -> str:
    """Add the arguments that hold open keys, and return the expression that makes those of *mixed*."""
    by_key = {key: slot for slot, key in slots.opened.items()}
    if isinstance(obj.open, Other):
        space["KEYS"] = shared(tuple(by_key))
        # A number that stands bare in fmt=3 is kept as text too.
        listed = ", ".join(f"str({member}{slot})" if member else slot for slot in by_key.values())
        call[obj.open.name] = mixed[obj.open.name] = f"Mapping(KEYS, ({listed},))"
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
    if _is_own(obj.open.text):
        mixed[obj.open.codes] = "odd()"
        return ""
    mixed |= {obj.open.codes: "sorted_codes", obj.open.texts: "sorted_texts"}
    space["WIRE_KEYS"], space["ORDER"] = tuple(by_key), order
    columns = [f"[row.{slot} for row in rows]" if member else f"column_{slot}" for slot in by_key.values()]
    return f"sorted_out([{', '.join(columns)}], WIRE_KEYS, {table}, ORDER)"


def _arguments(obj: Object, given: Mapping[str, str], nothing: str = "None") -> str:
    """Return the arguments of the constructor, up to the last one that is given; *nothing* stands for others."""
    names = list(obj.cls.__struct_fields__)
    last = max((names.index(name) for name in given), default=-1) + 1
    empty = (
        {obj.open.codes, obj.open.texts} if isinstance(obj.open, OpenMap) else {obj.open.name} if obj.open else set()
    )
    absent = {name: "EMPTY" if name in empty else nothing for name in names}
    assert not {absent[name] for name in names[:last] if name not in given} & {"EMPTY"}, (
        "open keys are the last attributes"
    )
    return ", ".join(given.get(name, absent[name]) for name in names[:last])


_CODE = Literal.__getitem__(tuple(map(str, range(100))))
_BARE = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
_SIGNED = Annotated[int, msgspec.Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]


def members(obj: Object, fmt: str, keys: Sequence[str], quoted: frozenset[str]) -> tuple[Any, Any]:
    """Return classes of msgspec for objects with these keys: one whose open keys have codes, one with any texts there.

    The class for codes makes all objects share the texts of codes.
    """
    slots = _slots(obj, fmt, keys)
    kinds: dict[str, Any] = {}
    for slot, key in zip(slots.names, keys):
        signed = slot in slots.types and "-?" in slots.types[slot].pattern
        if key not in quoted and slot in slots.types and not slots.types[slot].bare:
            raise Unusual
        kinds[slot] = str if key in quoted else _SIGNED if signed else _BARE
    codes = {slot: _CODE for slot, key in slots.opened.items() if key in quoted and isinstance(obj.open, OpenMap)}
    rename = dict(zip(slots.names, keys))
    strict, loose = (
        msgspec.defstruct("Row", [*some.items()], rename=rename, forbid_unknown_fields=True, gc=False)
        for some in ({**kinds, **codes}, kinds)
    )
    return strict, loose


# Small replies


class Part(NamedTuple):
    """A part of a small reply: a pattern of fixed text, or the value of a field with what stands around it."""

    before: str
    """A pattern: of fixed text all of it."""
    name: str = ""
    pattern: str = ""
    """It matches the spellings of the value."""
    after: str = ""
    optional: bool = False
    """Whether it may be missing."""


class Variant(NamedTuple):
    """A small reply: what it is, and its parts."""

    object: Object
    parts: tuple[Part, ...]


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
    around: tuple[str, str] = ("", ""),
    plain: Callable[[str], str] | None = None,
    whole: tuple[int, str, Callable[[int], Small | None]] | None = None,
) -> Small:
    """Compile a function that reads a text which is one of the *variants*. It tries them in their order.

    The function has one regular expression. Neighbours that begin alike share a branch, and each variant ends with an
    empty group, so that the last group of a match tells which variant it is. *tables* has the tables of codes of each
    variant's object. *around* has the patterns before and behind all variants. *plain* undoes the escapes of a text.

    If *whole* is given, the function reads a body in UTF-8 instead. Its parts are the most bytes of a body, a mark, and
    a function: if no variant matches, the function gets the number of marks and returns another reader, or None.
    """
    walk = _Walk(variants, tables, plain)
    pattern = _branches(walk, list(range(len(variants))), 0, {}).join(around)
    names = {**_namespace(), **walk.names, "match": re.compile(pattern).fullmatch}
    lines = ["found = match(text)", "if found is None:", "    return None"]
    if whole:
        longest, mark, other = whole
        names |= {"len": len, "mark": mark, "other": other}
        lines = [
            f"if len(body) > {longest}:",
            "    return None",
            "text = body.decode()",
            "found = match(text)",
            "if found is None:",
            "    read = other(text.count(mark))",
            "    return None if read is None else read(text)",
        ]
    return compiled("read_small", title, "body" if whole else "text", [*lines, *walk.made()], names)


class _Walk:
    """What is written while the branches of an expression are."""

    def __init__(
        self,
        variants: Sequence[Variant],
        tables: Sequence[Sequence[Mapping[Any, Any]]],
        plain: Callable[[str], str] | None,
    ) -> None:
        self.variants, self.tables = variants, tables
        self.names: dict[str, Any] = {"plain": plain} if plain else {}
        self.ends: dict[int, tuple[list[str], list[int], str]] = {}
        """By the last group of a match: names for the values of groups, and what is made of them."""
        self.groups = 0

    def made(self) -> list[str]:
        """Return the lines that make the reply of a match."""
        lines = ["last = found.lastindex"]
        for last, (names, groups, made) in self.ends.items():
            lines.append(f"if last == {last}:")
            lines += [f"    {', '.join(names)} = found.group({', '.join(map(str, groups))})"] if names else []
            lines.append(f"    return {made}")
        return lines


def _branches(walk: _Walk, some: Sequence[int], depth: int, given: Mapping[str, int]) -> str:
    """Return the expression for some variants, which are alike before *depth*."""
    found: list[str] = []
    start = 0
    while start < len(some):
        parts = walk.variants[some[start]].parts
        if depth == len(parts):
            walk.groups += 1
            _make(walk, some[start], given)
            found.append("()")
            start += 1
            continue
        end = start + 1
        while end < len(some) and walk.variants[some[end]].parts[depth : depth + 1] == (parts[depth],):
            end += 1
        found.append(_branch(walk, some[start:end], parts[depth], depth, given))
        start = end
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _branch(walk: _Walk, some: Sequence[int], part: Part, depth: int, given: Mapping[str, int]) -> str:
    if not part.name:
        return part.before + _branches(walk, some, depth + 1, given)
    walk.groups += 1
    whole = f"{part.before}({part.pattern}){part.after}"
    pattern = f"(?:{whole})?" if part.optional else whole
    return pattern + _branches(walk, some, depth + 1, {**given, part.name: walk.groups})


def _make(walk: _Walk, number: int, given: Mapping[str, int]) -> None:
    """Write the lines that make a variant's value of the groups of a match."""
    obj = walk.variants[number].object
    walk.names[f"Record_{number}"] = obj.cls
    if not given:
        walk.names[f"value_{number}"] = obj.cls()
        walk.ends[walk.groups] = [], [], f"value_{number}"
        return
    parts = {part.name: part for part in walk.variants[number].parts if part.name}
    table_of = dict(zip([name for name, _ in coded(obj)], walk.tables[number]))
    call: dict[str, str] = {}
    for name in given:
        type_ = obj.by_name[name].type
        assert isinstance(type_, Type)
        if name in table_of:
            walk.names[f"table_{number}_{name}"] = table_of[name]
        variable = f"plain({name})" if type_.kind == "text" and "plain" in walk.names else name
        made = _value(type_, f"table_{number}_{name}", variable, "match", False)
        if _is_own(type_):
            walk.names[f"own_{number}_{name}"] = _own(type_)
            made = f"own_{number}_{name}({made})"
        call[name] = f"None if {name} is None else {made}" if parts[name].optional else made
    walk.ends[walk.groups] = [*given], [*given.values()], f"Record_{number}({_arguments(obj, call)})"


# Spelling


class Slot(NamedTuple):
    """In a template: where the value of a field stands, or of an open key."""

    name: str


class Texts(NamedTuple):
    """How a format writes the texts of a field: each raises `Unusual` for a text that the format cannot hold there."""

    one: Callable[[str], str]
    many: Callable[[list[str], int], list[str]]
    """The second argument is the length that no text may exceed."""


class Keys(NamedTuple):
    """The open keys of a record."""

    codes: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def slots(self) -> list[str]:
        """The names of the slots of the texts."""
        return [f"text_{place}" for place in range(len(self.texts))]


class Writer(NamedTuple):
    """What writes records that have the same fields."""

    one: Callable[[Any, int], str]
    many: Callable[[Any, int], list[str]]
    """Records to what each is spelled as. The second argument is the length that no text may exceed."""
    width: int
    """How many fields they have."""
    longest: int
    """Characters of the longest open key."""


class Spellings(dict[Any, str]):
    """How the codes of a type are spelled, with what stands around them. It remembers those below a hundred."""

    __slots__ = ("_after", "_before", "_codes")

    def __init__(self, type_: Type, before: str = "", after: str = "") -> None:
        super().__init__()
        self._before, self._after, self._codes = before, after, codes_of(type_)

    def __missing__(self, code: int) -> str:
        number = int(self._codes[int(code)])
        spelled = f"{self._before}{number}{self._after}"
        if abs(number) < 100:
            self[code] = spelled
        return spelled


def writer(  # noqa: PLR0915 - it makes both functions field by field
    obj: Object,
    title: str,
    template: Sequence[str | Slot | OpenSlot | OpenText],
    keys: Keys,
    texts: Mapping[str, Texts],
) -> Writer:
    """Compile what writes records as *template* says.

    They have the fields whose slots are in it, and open codes and texts with these *keys*, whose slots are numbered.
    *texts* says how the texts of each field are written. All that is wrong with a record raises one of `CAUGHT`.
    """
    present = [part.name for part in template if isinstance(part, Slot) and part.name in obj.by_name]
    space: dict[str, Any] = {
        **_namespace(),
        "Record": obj.cls,
        "MAX": MAX_NUMBER,
        "EMPTY": EMPTY,
        "write_money": _write_money,
        "write_date": _write_date,
        "spelled_numbers": spelled_numbers,
        "datetime": datetime,
        "len": len,
        "values_of": values_of,
        "check_codes": check_codes,
        "columns_of": columns_of,
    }
    one: list[str] = []
    many: list[str] = []
    checks = ["record.__class__ is Record"]
    columns: list[str] = []
    names_one: dict[str, str] = {}
    names_many: dict[str, str] = {}
    for name in present:
        type_ = obj.by_name[name].type
        assert isinstance(type_, Type)
        value = f"record.{name}"
        if _is_own(type_):
            space[f"own_{name}"] = _own(type_)
            one.append(f"own_{name}({value})")
            many += ["for record in records:", f"    own_{name}({value})"]
        if type_.kind == "number":
            one += [f"{name} = {value}", f"if {name}.__class__ is not int or not 0 <= {name} <= MAX:", "    odd()"]
            many.append(f"{name}_column = spelled_numbers([{value} for record in records])")
            columns.append(name)
        elif type_.kind == "text":
            space[f"{name}_one"], space[f"{name}_many"] = texts[name]
            allows_empty = may_be_empty(type_)
            one += [
                f"{name} = {value}",
                f"if {name}.__class__ is not str or {'' if allows_empty else f'not {name} or '}len({name}) > longest:",
                "    odd()",
            ]
            one.append(f"{name} = {name}_one({name})")
            many.append(f"{name}_column = [{value} for record in records]")
            many += [] if allows_empty else [f"if '' in {name}_column:", "    odd()"]
            many.append(f"{name}_column = {name}_many({name}_column, longest)")
            columns.append(name)
        elif type_.kind == "code":
            space[f"{name}_class"], space[f"{name}_spelled"] = type_.enum, Spellings(type_)
            test = f"{value}.__class__ is {name}_class"
            own_test = test.replace(value, name)
            one += [f"{name} = {value}", f"if not {own_test}:", "    odd()", f"{name} = {name}_spelled[{name}]"]
            checks.append(test)
            names_many[name] = f"{name}_spelled[{value}]"
        else:
            plain = " and {0}.tzinfo is None"
            test = "{0}.__class__ is Decimal" if type_.kind == "money" else "{0}.__class__ is datetime" + plain
            one += [f"{name} = {value}", f"if not ({test.format(name)}):", "    odd()"]
            if type_.kind == "date":
                # With microseconds it is longer.
                one += [f"{name} = {name}.isoformat()", f"if len({name}) != 19:", "    odd()"]
                names_one[name] = f"{name}[8:10]}}.{{{name}[5:7]}}.{{{name}[:4]}} {{{name}[11:]"
            else:
                one.append(f"{name} = write_money({name})")
            checks.append(test.format(value))
            names_many[name] = f"write_{type_.kind}({value})"
    absent = [f"record.{field.name} is None" for field in obj.fields if field.name not in present]
    targets = {name: f"{name}_column" for name in columns}
    condition = [*checks, *absent]
    rest = obj.open
    empty = [rest.name] if isinstance(rest, Other) else []
    if isinstance(rest, OpenMap):
        empty = [name for name, some in ((rest.codes, keys.codes), (rest.texts, keys.texts)) if not some]
        space |= {"CODES": keys.codes, "TEXTS": keys.texts, "CODE_CLASS": rest.code.enum}
        space |= {f"{name}_of": attrgetter(name) for name in (rest.codes, rest.texts)}
    if isinstance(rest, OpenMap) and keys.codes:
        opened = "".join(f"open_{place}, " for place in range(len(keys.codes)))
        found = f"{rest.codes}_found = check_codes(values_of({{}}, {rest.codes}_of, CODES), CODE_CLASS)"
        one += [found.format("(record,)"), f"({opened}), = {rest.codes}_found"]
        many.append(found.format("records"))
        targets[f"({opened})"] = f"{rest.codes}_found"
    if isinstance(rest, OpenMap) and keys.texts:
        if _is_own(rest.text):
            raise Unusual
        space["is_code"] = re.compile(rest.code.pattern).fullmatch
        space["TEXTS_MANY"] = [texts[f"text_{place}"].many for place in range(len(keys.texts))]
        opened = "".join(f"text_{place}, " for place in range(len(keys.texts)))
        found = (
            f"{rest.texts}_found = columns_of(values_of({{}}, {rest.texts}_of, TEXTS), TEXTS_MANY, is_code, longest)"
        )
        one += [found.format("(record,)"), f"({opened}), = zip(*{rest.texts}_found)"]
        many.append(found.format("records"))
        for place in range(len(keys.texts)):
            targets[f"text_{place}"] = f"{rest.texts}_found[{place}]"
    empty = [
        f"(record.{name} is EMPTY or record.{name}.__class__ is Mapping"
        f" and record.{name}._keys == () == record.{name}._values)"
        for name in empty
    ]
    condition += empty
    one += [f"if not ({' and '.join(empty)}):", "    odd()"] if empty else []
    loop = (
        f"for {', '.join(['record', *targets])} in zip({', '.join(['records', *targets.values()])})"
        if targets
        else "for record in records"
    )
    space |= {f"SPELLED_{part.place}": part.spellings(obj) for part in template if isinstance(part, OpenSlot)}
    row_one = _row(template, names_one)
    row_many = _row(template, names_many)
    lines_one = ["if record.__class__ is not Record:", "    odd()", *one, f"return {row_one}"]
    lines_many = [
        *many,
        f"lines = [{row_many} {loop} if {' and '.join(condition)}]",
        "if len(lines) != len(records):",
        "    odd()",
        "return lines",
    ]
    return Writer(
        compiled("write_one", title, "record, longest", lines_one, space),
        compiled("write_many", title, "records, longest", lines_many, space),
        len(present) + len(keys.codes) + len(keys.texts),
        max(map(len, keys.codes + keys.texts), default=0),
    )


_keys_of = attrgetter("_keys")
_values_of = attrgetter("_values")


def values_of(records: Sequence[Any], mapping_of: Callable[[Any], Any], keys: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return the values of the open keys of records that all have these *keys*. Any others are `Unusual`."""
    mappings = [*map(mapping_of, records)]
    if {*map(type, mappings)} != {FrozenMapping}:
        raise Unusual
    given = [*map(_keys_of, mappings)]
    if {*map(id, given)} != {id(keys)} and any(
        [plain_keys(each) != keys for each in {id(each): each for each in given}.values()]
    ):
        raise Unusual
    values = [*map(_values_of, mappings)]
    if {*map(type, values)} != {tuple}:
        raise Unusual
    return values


def plain_keys(keys: Any) -> Any:
    """Return the keys of a mapping. Those that are not plain texts can be equal to others, and are `Unusual`."""
    if keys.__class__ is not tuple or not all_are(keys, str):
        raise Unusual
    return keys


def check_codes(values: list[tuple[Any, ...]], cls: type) -> list[tuple[Any, ...]]:
    """Return open codes, which are all of a class."""
    if {*map(type, chain.from_iterable(values))} != {cls}:
        raise Unusual
    return values


def columns_of(
    values: list[tuple[Any, ...]],
    texts: Sequence[Callable[[list[str], int], list[str]]],
    is_code: Callable[[str], Any],
    longest: int,
) -> list[list[str]]:
    """Return open texts as they are written, a column for each key. One that would be read as a code is `Unusual`."""
    columns = [*zip(*values, strict=True)]
    if len(columns) != len(texts) or not all(map(all, columns)):
        raise Unusual
    written = [many([*column], longest) for many, column in zip(texts, columns)]
    if any([is_code(text) for column in columns for text in column]):
        raise Unusual
    return written


class OpenSlot(NamedTuple):
    """In a template: where the open code of that number stands, with what stands around it."""

    place: int
    before: str
    after: str

    def spellings(self, obj: Object) -> Spellings:
        """Return how its codes are spelled."""
        assert isinstance(obj.open, OpenMap)
        return Spellings(obj.open.code, self.before, self.after)


class OpenText(NamedTuple):
    """In a template: where the open text of that number stands."""

    place: int


Template: TypeAlias = "list[str | Slot | OpenSlot | OpenText]"
"""How a record is written: texts, and the slots between them."""


def open_slots(rest: OpenMap, fmt: str, keys: Keys) -> Iterable[tuple[str, OpenSlot | OpenText]]:
    """Yield the open keys of a record in the order in which a format has them, each with its slot."""
    order = rest.order.get(fmt, ())
    for key in arrange(keys.codes, order):
        yield key, OpenSlot(keys.codes.index(key), "", "")
    for key in arrange(keys.texts, order):
        yield key, OpenText(keys.texts.index(key))


def surrounded(before: str, slot: Slot | OpenSlot | OpenText, after: str) -> Template:
    """Return the parts of a template for a slot and what stands around it."""
    return [slot._replace(before=before, after=after)] if isinstance(slot, OpenSlot) else [before, slot, after]


def _row(template: Sequence[Any], names: Mapping[str, str]) -> str:
    """Return the f-string of a template."""
    pieces = []
    for part in template:
        if isinstance(part, Slot):
            pieces.append(f"{{{names.get(part.name, part.name)}}}")
        elif isinstance(part, OpenSlot):
            pieces.append(f"{{SPELLED_{part.place}[open_{part.place}]}}")
        elif isinstance(part, OpenText):
            pieces.append(f"{{text_{part.place}}}")
        else:
            pieces.append(_literal(part))
    return 'f"' + "".join(pieces) + '"'


def _literal(text: str) -> str:
    """Return text of a declaration as it stands inside of an f-string."""
    return repr(text)[1:-1].replace("\\'", "'").replace('"', '\\"').replace("{", "{{").replace("}", "}}")


def check_keys(keys: Any, checked: dict[int, Any]) -> None:
    """Note keys that are plain texts; others are `Unusual`."""
    checked[id(keys)] = plain_keys(keys)


def kinds(obj: Object) -> Callable[[Any, dict[int, Any]], tuple[Any, ...]]:
    """Compile what tells which fields and open keys a record has: records of a kind have the same writer.

    It raises one of `CAUGHT` for a record that only the careful writer can judge. Its second argument has the keys that
    have been checked, by their identity.
    """
    lines, kind, space = _kind(obj)
    return compiled("kind_of", obj.cls.__name__, "record, checked", [*lines, f"return {kind}"], space)


def by_kind(
    obj: Object,
    find: Callable[[Any], Callable[[Any, int], str] | None],
    make: Callable[[Any], Callable[[Any, int], str]],
    longest: int,
) -> Callable[[Any], str]:
    """Compile what writes a record with what is found for its kind, or made; no text may be longer than *longest*."""
    lines, kind, space = _kind(obj)
    space |= {"find": find, "make": make}
    lines = ["checked = {}", *lines] if isinstance(obj.open, OpenMap) else lines
    lines += [f"kind = {kind}", f"return (find(kind) or make(kind))(record, {longest})"]
    return compiled("write_by_kind", obj.cls.__name__, "record", lines, space)


def _kind(obj: Object) -> tuple[list[str], str, dict[str, Any]]:
    """Return lines that check a record, the expression of its kind, and the names in them."""
    lines = ["if record.__class__ is not Record:", "    odd()"]
    parts = [f"record.{field.name} is None" for field in obj.fields if field.optional and isinstance(field.type, Type)]
    lists = [f"record.{field.name}" for field in obj.fields if isinstance(field.type, Many)]
    parts += [f"({each}.__class__ is tuple and not {each}) or odd()" for each in lists]
    if isinstance(obj.open, OpenMap):
        for name in (obj.open.codes, obj.open.texts):
            keys = f"{name}_keys"
            lines += [
                f"{keys} = record.{name}._keys",
                f"if id({keys}) not in checked:",
                f"    check_keys({keys}, checked)",
            ]
            parts.append(keys)
    kind = f"({', '.join(parts)}{',' * (len(parts) == 1)})"
    return lines, kind, {"Record": obj.cls, "odd": odd, "id": id, "check_keys": check_keys}


def present_in(obj: Object, kind: tuple[Any, ...]) -> tuple[frozenset[str], Keys]:
    """Return the fields that records of a kind have, and their open keys."""
    absent = iter(kind)
    present = {
        field.name for field in obj.fields if isinstance(field.type, Type) and not (field.optional and next(absent))
    }
    keys = Keys(*kind[-2:]) if isinstance(obj.open, OpenMap) else Keys((), ())
    if any(len({*some}) < len(some) for some in keys):
        raise Unusual
    return frozenset(present), keys


def with_mappings(obj: Object, record: Any) -> Any:
    """Return a record with mappings of ours in place of dictionaries."""
    if not isinstance(obj.open, OpenMap) or record.__class__ is not obj.cls:
        raise Unusual
    given = {name: getattr(record, name) for name in (obj.open.codes, obj.open.texts)}
    made = {name: FrozenMapping.of(items) for name, items in given.items() if items.__class__ is dict}
    if not made:
        raise Unusual
    return msgspec.structs.replace(record, **made)
