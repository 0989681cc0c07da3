"""Makes text of records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from ..declare import Object, OpenMap, Other, Type
from ..mapping import EMPTY, FrozenMapping
from ..model import MAX_NUMBER
from .opened import arrange, check_texts, codes_in, columns_of, texts_of
from .source import Fallback, compiled, fall_back
from .values import (
    codes_of,
    has_own_pattern,
    may_be_empty,
    own_check,
    write_amounts,
    write_date,
    write_dates,
    write_money,
    write_numbers,
)


class Slot(NamedTuple):
    """The place of a value in a template: of a field, or of an open key."""

    name: str
    blanks: tuple[str, ...] = ()
    """What would be read as a missing value there. A value that is written so raises `Fallback`."""


class Texts(NamedTuple):
    """Write the texts of a field. Both functions raise `Fallback` if the format cannot hold a text in that field."""

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
    """Writes records that have the same fields."""

    one: Callable[[Any, int], str]
    many: Callable[[Any, int], list[str]]
    """Returns the text of each record. The second argument is the length that no text may exceed."""
    width: int
    """How many fields they have."""
    longest: int
    """Characters of the longest open key."""


class Spellings(dict[Any, str]):
    """Cache the text of each code of a type, with the text around it. Only codes below a hundred are kept."""

    __slots__ = ("_after", "_before", "_codes")

    def __init__(self, type_: Type, before: str = "", after: str = "") -> None:
        super().__init__()
        self._before, self._after, self._codes = before, after, codes_of(type_)

    def __missing__(self, code: int) -> str:
        number = int(self._codes[int(code)])
        text = f"{self._before}{number}{self._after}"
        if abs(number) < 100:
            self[code] = text
        return text


class OpenSlot(NamedTuple):
    """The place of an open code in a template, by its number, with the text around it."""

    place: int
    before: str
    after: str

    def spellings(self, obj: Object) -> Spellings:
        """Return the spellings of its codes."""
        assert isinstance(obj.open, OpenMap)
        return Spellings(obj.open.code, self.before, self.after)


class OpenText(NamedTuple):
    """The place of an open text in a template, by its number."""

    place: int


Template: TypeAlias = "list[str | Slot | OpenSlot | OpenText]"
"""The text of a record, with slots for its values."""


def writer(
    obj: Object,
    title: str,
    template: Sequence[str | Slot | OpenSlot | OpenText],
    keys: Keys,
    texts: Mapping[str, Texts],
) -> Writer:
    """Compile a writer of records that follow *template*.

    They have the fields whose slots are in it, and open codes and texts with these *keys*, whose slots are numbered.
    *texts* says how the texts of each field are written. The writer raises one of `REFUSED` for any other record.
    """
    blanks = {part.name: part.blanks for part in template if isinstance(part, Slot) and part.name in obj.by_name}
    present = [*blanks]
    lines = _Lines(obj)
    for name in present:
        type_ = obj.by_name[name].type
        assert isinstance(type_, Type)
        if has_own_pattern(type_):
            lines.check_own(name, type_)
        if type_.kind == "text":
            lines.add_text(name, type_, texts[name])
        elif type_.kind == "code":
            lines.add_code(name, type_)
        else:
            {"number": lines.add_number, "money": lines.add_money, "date": lines.add_date}[type_.kind](name)
        if blanks[name]:
            lines.refuse(name, blanks[name])
    if obj.open is not None:
        lines.add_open(obj.open, keys, texts)
    lines.space |= {f"SPELLED_{part.place}": part.spellings(obj) for part in template if isinstance(part, OpenSlot)}
    absent = [f"record.{field.name} is None" for field in obj.fields if field.name not in present]
    return Writer(
        compiled("write_one", title, "record, longest", lines.for_one(template), lines.space),
        compiled("write_many", title, "records, longest", lines.for_many(template, absent), lines.space),
        len(present) + len(keys.codes) + len(keys.texts),
        max(map(len, keys.codes + keys.texts), default=0),
    )


class _Lines:
    """The lines of both functions of a writer, field by field."""

    def __init__(self, obj: Object) -> None:
        self.space: dict[str, Any] = {**_NAMES, "Record": obj.cls}
        """The names in them."""
        self.one: list[str] = []
        self.many: list[str] = []
        self.checks = ["class_of(record) is Record"]
        """Expressions that hold for each of many records; `write_one` has lines instead."""
        self.empty: list[str] = []
        """Expressions that hold for each record of either function."""
        self.columns: dict[str, str] = {}
        """The loop over many records: its variables, and the column that each variable goes through."""
        self.texts_many: dict[str, str] = {}
        """The expressions of texts that are not in a variable of the field's name, by fields."""

    def check_own(self, name: str, type_: Type) -> None:
        """Add a check of values whose type has a pattern of its own."""
        self.space[f"own_{name}"] = own_check(type_)
        self.one.append(f"own_{name}(record.{name})")
        self.many += ["for record in records:", f"    own_{name}(record.{name})"]

    def add_number(self, name: str) -> None:
        self._read(name, f"class_of({name}) is not int or not 0 <= {name} <= MAX")
        self._write_column(name, "write_numbers")

    def add_text(self, name: str, type_: Type, texts: Texts) -> None:
        self.space[f"{name}_one"], self.space[f"{name}_many"] = texts
        allows_empty = may_be_empty(type_)
        not_empty = "" if allows_empty else f"not {name} or "
        self._read(name, f"class_of({name}) is not str or {not_empty}len({name}) > longest")
        self.one.append(f"{name} = {name}_one({name})")
        self.many.append(f"{name}_column = [record.{name} for record in records]")
        self.many.append(f"{name}_column = {name}_many({name}_column, longest)")
        self.many += [] if allows_empty else [f"if not all({name}_column):", "    fall_back()"]
        self.columns[name] = f"{name}_column"

    def add_code(self, name: str, type_: Type) -> None:
        self.space[f"{name}_class"], self.space[f"{name}_written"] = type_.enum, Spellings(type_)
        self._read(name, f"class_of({name}) is not {name}_class")
        self.one.append(f"{name} = {name}_written[{name}]")
        self.checks.append(f"class_of(record.{name}) is {name}_class")
        self.texts_many[name] = f"{name}_written[record.{name}]"

    def add_money(self, name: str) -> None:
        self._read(name, f"class_of({name}) is not Decimal")
        self.one.append(f"{name} = write_money({name})")
        self._write_column(name, "write_amounts")

    def add_date(self, name: str) -> None:
        self._read(name, f"class_of({name}) is not datetime")
        self.one.append(f"{name} = write_date({name})")
        self._write_column(name, "write_dates")

    def refuse(self, name: str, blanks: tuple[str, ...]) -> None:
        """Refuse spellings of a field, whose lines have been added."""
        self.space[f"{name}_blanks"] = blanks
        self.one += [f"if str({name}) in {name}_blanks:", "    fall_back()"]
        self.checks.append(f"{self.texts_many.get(name, name)} not in {name}_blanks")

    def _write_column(self, name: str, writer: str) -> None:
        """Have `write_many` write the values of a field together."""
        self.many.append(f"{name}_column = {writer}([record.{name} for record in records])")
        self.columns[name] = f"{name}_column"

    def _read(self, name: str, wrong: str) -> None:
        """Make `write_one` take the value of a field, unless it is *wrong*."""
        self.one += [f"{name} = record.{name}", f"if {wrong}:", "    fall_back()"]

    def add_open(self, rest: OpenMap | Other, keys: Keys, texts: Mapping[str, Texts]) -> None:
        """Write the values under open keys."""
        texts_in = rest.texts if isinstance(rest, OpenMap) else rest.name
        empty = [] if keys.texts else [texts_in]
        if isinstance(rest, OpenMap) and not keys.codes:
            empty.append(rest.codes)
        if isinstance(rest, OpenMap) and keys.codes:
            self.space |= {
                "CODES": keys.codes,
                "CODE_TABLE": codes_of(rest.code),
                f"{rest.codes}_of": attrgetter(rest.codes),
            }
            found = "codes_in({}, CODES, CODE_TABLE)"
            slots = "".join(f"open_{place}, " for place in range(len(keys.codes)))
            self.one.append(f"({slots}), = {found.format(f'[record.{rest.codes}]')}")
            self.many.append(f"{rest.codes}_found = {found.format(f'[*map({rest.codes}_of, records)]')}")
            self.columns[f"({slots})"] = f"{rest.codes}_found"
        if keys.texts:
            self.space |= {"TEXTS": keys.texts, f"{texts_in}_of": attrgetter(texts_in)}
            self.space["TEXTS_ONE"] = [texts[slot].one for slot in keys.slots]
            self.space["TEXTS_MANY"] = [texts[slot].many for slot in keys.slots]
            one = f"[texts_of(record.{texts_in}, TEXTS, TEXTS_ONE, longest)]"
            many = f"columns_of([*map({texts_in}_of, records)], TEXTS, TEXTS_MANY, longest)"
            if isinstance(rest, OpenMap):
                if has_own_pattern(rest.text):
                    raise Fallback
                self.space["is_code"] = re.compile(rest.code.pattern).fullmatch
                one, many = f"check_texts({one}, is_code)", f"check_texts({many}, is_code)"
            self.one.append(f"({', '.join(keys.slots)},), = {one}")
            self.many.append(f"{texts_in}_found = {many}")
            self.columns |= {slot: f"{texts_in}_found[{place}]" for place, slot in enumerate(keys.slots)}
        self.empty = [
            f"(record.{name} is EMPTY or class_of(record.{name}) is Mapping"
            f" and record.{name}._keys == () == record.{name}._values)"
            for name in empty
        ]

    def for_one(self, template: Sequence[Any]) -> list[str]:
        """Return the lines of `write_one`."""
        empty = [f"if not ({' and '.join(self.empty)}):", "    fall_back()"] if self.empty else []
        row = _row(template, {})
        return ["if class_of(record) is not Record:", "    fall_back()", *self.one, *empty, f"return {row}"]

    def for_many(self, template: Sequence[Any], absent: Sequence[str]) -> list[str]:
        """Return the lines of `write_many`; *absent* says which fields the records do not have."""
        loop = "for record in records"
        if self.columns:
            targets, columns = ", ".join(["record", *self.columns]), ", ".join(["records", *self.columns.values()])
            loop = f"for {targets} in zip({columns})"
        condition = " and ".join([*self.checks, *absent, *self.empty])
        return [
            *self.many,
            f"lines = [{_row(template, self.texts_many)} {loop} if {condition}]",
            "if len(lines) != len(records):",
            "    fall_back()",
            "return lines",
        ]


_NAMES: dict[str, Any] = {
    # `type` is the name of a field too. An object can say that its `__class__` is another one.
    "class_of": type,
    "Mapping": FrozenMapping,
    "EMPTY": EMPTY,
    "Decimal": Decimal,
    "datetime": datetime,
    "MAX": MAX_NUMBER,
    "write_numbers": write_numbers,
    "write_money": write_money,
    "write_amounts": write_amounts,
    "write_date": write_date,
    "write_dates": write_dates,
    "texts_of": texts_of,
    "codes_in": codes_in,
    "check_texts": check_texts,
    "columns_of": columns_of,
    "fall_back": fall_back,
}


def open_slots(rest: OpenMap | Other, fmt: str, keys: Keys) -> Iterable[tuple[str, OpenSlot | OpenText]]:
    """Yield the open keys of a record in the format's order, each with its slot."""
    order = rest.order.get(fmt, ()) if isinstance(rest, OpenMap) else ()
    for key in arrange(keys.codes, order):
        yield key, OpenSlot(keys.codes.index(key), "", "")
    for key in arrange(keys.texts, order):
        yield key, OpenText(keys.texts.index(key))


def surrounded(before: str, slot: Slot | OpenSlot | OpenText, after: str) -> list[str | Slot | OpenSlot | OpenText]:
    """Return the parts of a template for a slot and the text around it."""
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
    """Return text of a declaration as an f-string has to contain it."""
    return repr(text)[1:-1].replace("\\'", "'").replace('"', '\\"').replace("{", "{{").replace("}", "}}")
