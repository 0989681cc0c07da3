"""Reads and writes records carefully: returns the value, or says what is wrong with it.

The reader knows paths and no positions: a `Place` says which record and which key something is about, and the format
looks for it in the text when an error or a finding needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn

import msgspec

from ._loading import LOADING
from ._rows.opened import arrange, grouped
from ._rows.source import Fallback
from ._rows.values import codes_of, date, date_text, may_be_empty, money_text
from ._source import SURROGATE, Source, quote
from ._types import kind_of, name_of
from .declare import FORMATS, ID, TEXT, Field, Many, Object, OpenMap, Other, Several, Type
from .errors import EncodeError, unreadable
from .limits import Limits
from .mapping import EMPTY, FrozenMapping
from .model import MAX_NUMBER
from .report import Severity


class Place(NamedTuple):
    """Where something is: numbers of records and keys of the wire, from the outside in."""

    steps: tuple[str | int, ...] = ()
    again: int = 0
    """Which of several values with the same key it is, from 0."""


def key_in(place: Place, path: str) -> str:
    """Return the key of the wire that a path ends with, or an empty text if it ends with something else."""
    step = place.steps[-1] if place.steps else ""
    return step if isinstance(step, str) and path.endswith(step) else ""


class Trouble(Exception):  # noqa: N818 - it becomes a `DecodeError` where its place has been found
    """What is wrong with a value."""

    def __init__(self, reason: str, place: Place, path: str, code: str) -> None:
        super().__init__(reason)
        self.reason, self.place, self.path, self.code = reason, place, path, code


class Note(NamedTuple):
    """A finding whose place is to be found."""

    severity: Severity
    code: str
    message: str
    place: Place
    path: str
    records: int = 1
    """How many records it is about."""


class Bare(str):
    """A number as fmt=3 has it without quotes."""

    __slots__ = ()


Pair = tuple[str, Any]
"""A key of the wire, and its value: a text, a `Bare`, or anything else that JSON can have."""


def words_of(value: Any, source: Source) -> str:
    """Return what errors call a value."""
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, str):
        return source.quote(value)
    if value is None or value is True or value is False:
        return "null" if value is None else str(value).lower()
    return "an object" if isinstance(value, Pairs) else "an array" if isinstance(value, list) else "an element"


class Pairs(list[Pair]):
    """The members of an object of fmt=3, in their order."""


def nullable(obj: Object) -> frozenset[str]:
    """Return the names of the fields that count as missing if their value is null: the optional ones.

    An object with an `OpenMap`, such as a sender name, has none: there an empty value is a mistake.
    """
    return frozenset(field.name for field in obj.fields if field.optional and not isinstance(obj.open, OpenMap))


def never_empty(obj: Object) -> frozenset[str]:
    """Return the nullable fields that also count as missing if their value is an empty text."""
    types = ((name, obj.by_name[name].type) for name in nullable(obj))
    return frozenset(
        name for name, type_ in types if isinstance(type_, Type) and (type_.kind != "text" or not may_be_empty(type_))
    )


Parse = Callable[[str], Any]


@lru_cache(256)
def parser(type_: Type) -> tuple[Parse, Callable[[str], Any]]:
    """Return a function that parses a value, and one that checks whether a text is such a value."""
    parse: Parse
    if type_.kind == "code":
        parse = codes_of(type_).__getitem__
    else:
        parsers: dict[str, Parse] = {"number": int, "money": Decimal, "date": date, "text": str.__str__}
        parse = parsers[type_.kind]
    return parse, re.compile(type_.pattern).fullmatch


class Builder:
    """Makes records of an object from what one format has."""

    def __init__(
        self, obj: Object, fmt: str, unknown: str = "the field {}", names: Mapping[str, str] | None = None
    ) -> None:
        """Take the object and the format; *unknown* is what findings call a key that is not known."""
        self.object, self._fmt, self._unknown = obj, fmt, unknown
        self.names = dict(names or obj.names(fmt))
        self._fields = {key: obj.by_name[name] for key, name in self.names.items()}
        self._keys = {name: key for key, name in reversed(self.names.items())}
        self._nullable, self._never_empty = nullable(obj), never_empty(obj)
        self._nested = {
            field.name: _nested(field.type, fmt, unknown) for field in obj.fields if isinstance(field.type, Many)
        }

    def build(
        self, pairs: Sequence[Pair], source: Source, steps: tuple[str | int, ...], path: str, notes: list[Note] | None
    ) -> Any:
        """Return the record. Raise `Trouble` if it cannot have these values."""
        limits = source.limits
        values: dict[str, Any] = {}
        opened: dict[Any, Any] = {}
        seen: dict[str, int] = {}
        before = f"{path}." if path else ""
        for number, (key, value) in enumerate(pairs, 1):
            again = seen[key] = seen.get(key, -1) + 1
            place = Place((*steps, key), again)
            if number > limits.fields:
                raise Trouble(f"expected at most {limits.fields} fields", place, path, "limit")
            field = self._fields.get(key)
            if field is None:
                if len(key) > limits.text:
                    raise Trouble(f"expected a key of at most {limits.text} characters", place, path, "limit")
                count = len(opened)
                where = self._open(key, value, opened, source, place, before, notes)
                # The same key can have a code and a text: then neither replaces the other.
                is_replaced = again > 0 and len(opened) == count
            else:
                where = f"{before}{field.name}"
                # The field may have been given under another key.
                is_replaced = values.pop(field.name, None) is not None
                if not self._is_missing(field.name, value):
                    values[field.name] = self._value(field, value, source, place, where, notes)
            if is_replaced:
                note_twice(key, source, place, where, notes)
        for field in self.object.fields:
            if field.name not in values and not field.may_lack(self._fmt):
                wire = self._keys.get(field.name, field.name)
                raise Trouble(f"missing field {quote(wire)}", Place(steps), path, "value")
        return self.object.cls(**values, **self._opened(opened))

    def _is_missing(self, name: str, value: Any) -> bool:
        """Return whether a field counts as missing if this is its value."""
        return name in self._nullable if value is None else value == "" and name in self._never_empty

    def _value(
        self, field: Field, value: Any, source: Source, place: Place, path: str, notes: list[Note] | None
    ) -> Any:
        type_ = field.type
        if isinstance(type_, (Many, Several)):
            if not isinstance(value, list) or isinstance(value, Pairs):
                raise Trouble(f"expected an array, found {words_of(value, source)}", place, path, "value")
            most = source.limits.items
            if len(value) > most:
                raise Trouble(f"expected at most {most} records", Place((*place.steps, most)), path, "limit")
            if isinstance(type_, Several):
                return tuple(
                    _text(type_.type, item, source, Place((*place.steps, number)), f"{path}[{number}]", notes)
                    for number, item in enumerate(value)
                )
            build = self._nested[field.name].build
            return tuple(
                build(item, source, (*place.steps, number), f"{path}[{number}]", notes)
                if isinstance(item, Pairs)
                else _not_an_object(item, source, Place((*place.steps, number)), f"{path}[{number}]")
                for number, item in enumerate(value)
            )
        return _text(type_, value, source, place, path, notes)

    def _open(
        self,
        key: str,
        value: Any,
        opened: dict[Any, Any],
        source: Source,
        place: Place,
        before: str,
        notes: list[Note] | None,
    ) -> str:
        """Keep an open key, and report it if it is not documented. Return its path."""
        rest = self.object.open
        if rest is None:
            self._note_unknown(key, source, place, f"{before}{key}", notes)
            return f"{before}{key}"
        if isinstance(rest, Other):
            return self._other(rest, key, value, opened, source, place, before, notes)
        if not isinstance(value, str) or (isinstance(value, Bare) and not value.isdigit()):
            raise Trouble(
                f"expected a code or a name, found {words_of(value, source)}", place, f"{before}{key}", "value"
            )
        is_code = parser(rest.code)[1](value) is not None
        type_ = rest.code if is_code else rest.text
        path = f"{before}{rest.codes if is_code else rest.texts}.{key}"
        if key not in rest.known and notes is not None:
            notes.append(unknown_key(key, source, place, path))
        opened[key, is_code] = scalar(type_, value, source, place, path, notes)
        return path

    def _note_unknown(self, key: str, source: Source, place: Place, path: str, notes: list[Note] | None) -> None:
        """Report a key that is not kept, as the object has no place for it."""
        if notes is not None:
            message = f"{self._unknown.format(source.quote(key))} is not known, and not kept"
            notes.append(Note(Severity.WARNING, "unknown-key", message, place, path))

    def _other(
        self,
        rest: Other,
        key: str,
        value: Any,
        opened: dict[Any, Any],
        source: Source,
        place: Place,
        before: str,
        notes: list[Note] | None,
    ) -> str:
        path = f"{before}{rest.name}.{key}"
        if not isinstance(value, str):
            if notes is not None:
                message = f"the field {source.quote(key)} is {words_of(value, source)}, and not kept"
                notes.append(Note(Severity.WARNING, "unknown-key", message, place, path))
            return path
        if notes is not None:
            notes.append(unknown_key(key, source, place, path))
        opened[key] = scalar(TEXT, value, source, place, path, notes)
        return path

    def with_others(
        self,
        made: Any,
        pairs: Sequence[Pair],
        source: Source,
        steps: tuple[str | int, ...],
        notes: list[Note] | None,
    ) -> Any:
        """Return a record with pairs that stand elsewhere in the reply among its open keys, and report them."""
        rest = self.object.open
        if not isinstance(rest, Other):
            for key, _ in pairs:
                self._note_unknown(key, source, Place((*steps, key)), key, notes)
            return made
        kept = {**getattr(made, rest.name)}
        for key, value in pairs:
            place, twice = Place((*steps, key)), key in kept
            if not twice and len(kept) >= source.limits.fields:
                raise Trouble(f"expected at most {source.limits.fields} fields", place, "", "limit")
            path = self._other(rest, key, value, kept, source, place, "", notes)
            if twice:
                note_twice(key, source, place, path, notes)
        return msgspec.structs.replace(made, **{rest.name: FrozenMapping.of(kept)})

    def _opened(self, opened: dict[Any, Any]) -> dict[str, Any]:
        rest = self.object.open
        if rest is None or not opened:
            return {}
        if isinstance(rest, Other):
            return {rest.name: FrozenMapping.of(opened)}
        found = {}
        for attribute, kind in ((rest.codes, True), (rest.texts, False)):
            keys = [key for key, is_code in opened if is_code is kind]
            ordered = arrange(keys, rest.order.get(self._fmt, ()))
            found[attribute] = FrozenMapping.of((key, opened[key, kind]) for key in ordered) if keys else EMPTY
        return found


def _nested(many: Many, fmt: str, unknown: str) -> Builder:
    return Builder(many.object, fmt, unknown, many.object.names(fmt, many.item))


def _not_an_object(item: Any, source: Source, place: Place, path: str) -> NoReturn:
    raise Trouble(f"expected an object, found {words_of(item, source)}", place, path, "malformed")


def _text(type_: Type, value: Any, source: Source, place: Place, path: str, notes: list[Note] | None) -> Any:
    """Return the value of a text or a bare number. Raise `Trouble` if it is not a value of this type."""
    if not isinstance(value, str) or (
        isinstance(value, Bare) and not type_.bare and type_.kind == "text" and not type_.loose
    ):
        raise Trouble(f"expected {type_.title}, found {words_of(value, source)}", place, path, "value")
    return scalar(type_, value, source, place, path, notes)


def scalar(type_: Type, text: str, source: Source, place: Place, path: str, notes: list[Note] | None) -> Any:
    """Return the value of a text. Raise `Trouble` if it is not a value of this type."""
    limits = source.limits
    number = type_.kind in ("number", "code")
    if len(text) > limits.text and not number:
        raise Trouble(f"expected at most {limits.text} characters, found {len(text)}", place, path, "limit")
    parse, fullmatch = parser(type_)
    try:
        if not fullmatch(text):
            raise ValueError
        if number and len(text.lstrip("-")) > limits.digits:
            raise Trouble(f"expected at most {limits.digits} digits, found {len(text)}", place, path, "limit")
        value = parse(text)
    except ValueError:  # a date that no calendar has
        raise Trouble(f"expected {type_.title}, found {words_of(text, source)}", place, path, "value") from None
    if notes is not None:
        _note(type_, value, source, place, path, notes)
    return value


def note_letters(text: str, source: Source, place: Place, path: str, notes: list[Note]) -> None:
    """Report letters that are broken."""
    with LOADING:
        from ._letters import broken, message
    trouble = broken(text)
    if trouble is not None:
        notes.append(Note(Severity.WARNING, trouble.code, message(trouble, source.quote), place, path))


def notes_about(
    obj: Object, fmt: str, records: Sequence[Any], attribute: str, source: Source, *, codes: bool
) -> list[Note]:
    """Return notes about undocumented keys and codes, and broken letters, in records that a compiled reader has made.

    *attribute* is the attribute of the list that holds the records; empty if there is one record that is not in a list.
    *codes* says whether a code among them may be undocumented. Equal notes about several records become one, about the
    first. Raise `Fallback` if only the text tells under which of two keys a value stands.
    """
    notes: list[Note] = []
    keys = {name: key for key, name in reversed([*obj.names(fmt).items()])}
    others = obj.also.get(fmt, {}).values()
    for field in obj.fields:
        if not isinstance(field.type, Type) or not _may_be_noted(field.type, codes):
            continue
        column = _Column(attribute, "", keys.get(field.name, field.name), field.name)
        values = [*map(attrgetter(field.name), records)]
        numbers: Sequence[int] = range(len(values))
        if None in values:
            numbers = [number for number in numbers if values[number] is not None]
            values = [values[number] for number in numbers]
        before = len(notes)
        column.look(field.type, numbers, values, source, notes)
        if field.name in others and len(notes) > before:
            raise Fallback
    for name, type_, known in _open_kinds(obj.open):
        mappings = [*map(attrgetter(name), records)]
        for given, numbers in grouped(map(attrgetter("_keys"), mappings)).items():
            for key in given:
                if key not in known:
                    where = _Column(attribute, f"{name}.", key, key).where(numbers[0])
                    notes.append(unknown_key(key, source, *where, len(numbers)))
            if given and _may_be_noted(type_, codes):
                for key, items in zip(given, zip(*[mappings[number].values() for number in numbers])):
                    _Column(attribute, f"{name}.", key, key).look(type_, numbers, items, source, notes)
    # `merged` keeps the first of equal notes, so they have to be in the order of the records.
    return sorted(notes, key=lambda note: note.place.steps[0]) if attribute else notes


def undocumented(obj: Object, fmt: str, keys: Sequence[str], attribute: str, source: Source) -> list[Note]:
    """Return the notes of `notes_about` about the *keys* of a record whose open keys have no texts beside codes."""
    documented = obj.names(fmt).keys()
    return [
        unknown_key(key, source, *_Column(attribute, f"{name}.", key, key).where(0))
        for name, _, known in _open_kinds(obj.open)[:1]
        for key in keys
        if key not in documented and key not in known
    ]


_NUMBER = re.compile(r"\[\d+\]")


def merged(notes: Sequence[Note]) -> list[Note]:
    """Return one note for all that differ only in the record that they are about: the first, with their number."""
    found: dict[Any, Note] = {}
    for note in notes:
        alike = (note.severity, note.code, note.message, _NUMBER.sub("[]", note.path), note.place.again)
        same = found.get(alike)
        found[alike] = note if same is None else same._replace(records=same.records + note.records)
    return [*found.values()]


def texts_in(obj: Object, records: Sequence[Any]) -> list[str]:
    """Return the texts and the open keys of records that a compiled reader has made."""
    found: list[str] = []
    for field in obj.fields:
        if isinstance(field.type, Type) and field.type.kind == "text":
            found += filter(None, map(attrgetter(field.name), records))
    for name, type_, _ in _open_kinds(obj.open):
        mappings = [*map(attrgetter(name), records)]
        for keys in {*map(attrgetter("_keys"), mappings)}:
            found += keys
        if type_.kind == "text":
            found += chain.from_iterable(mapping.values() for mapping in mappings if mapping)
    return found


def unknown_key(key: str, source: Source, place: Place, path: str, records: int = 1) -> Note:
    """Return the note about a key that is kept although nobody documents it."""
    message = f"the key {source.quote(key)} is not documented"
    return Note(Severity.INFO, "unknown-key", message, place, path, records)


def note_twice(key: str, source: Source, place: Place, path: str, notes: list[Note] | None) -> None:
    """Report a key that is given twice."""
    if notes is not None:
        message = f"the field {source.quote(key)} is given twice; the last value is kept"
        notes.append(Note(Severity.WARNING, "duplicate-key", message, place, path))


def _note_number(value: int, place: Place, path: str, notes: list[Note], records: int = 1) -> None:
    """Report a number that nobody documents."""
    message = f"the number {int(value)} is not documented"
    notes.append(Note(Severity.INFO, "unknown-number", message, place, path, records))


def _note(type_: Type, value: Any, source: Source, place: Place, path: str, notes: list[Note]) -> None:
    """Report a number that nobody documents, and letters that are broken."""
    if type_.kind == "code" and int(value) not in type_.documented:
        _note_number(value, place, path, notes)
    elif type_.kind == "text" and not value.isascii():
        note_letters(value, source, place, path, notes)


def _may_be_noted(type_: Type, codes: bool) -> bool:
    """Return whether a value can be unusual: a text, or a code where some *codes* are undocumented."""
    return type_.kind == "text" or (codes and type_.kind == "code")


def _open_kinds(rest: OpenMap | Other | None) -> list[tuple[str, Type, frozenset[str]]]:
    """Return the attributes that hold open keys, with the types of their values and the keys that are documented."""
    if isinstance(rest, OpenMap):
        return [(rest.codes, rest.code, rest.known), (rest.texts, rest.text, rest.known)]
    return [] if rest is None else [(rest.name, TEXT, frozenset())]


class _Column(NamedTuple):
    """The values of several records under the same key."""

    attribute: str
    """The attribute of the list that holds them; empty if there is one record that is not in a list."""
    before: str
    """The part of the path before the name."""
    key: str
    name: str

    def where(self, number: int) -> tuple[Place, str]:
        """Return the place and the path of the value in the record with that number."""
        inside = f"{self.before}{self.name}"
        if not self.attribute:
            return Place((self.key,)), inside
        return Place((number, self.key)), f"{self.attribute}[{number}].{inside}"

    def look(
        self, type_: Type, numbers: Sequence[int], values: Sequence[Any], source: Source, notes: list[Note]
    ) -> None:
        """Report undocumented codes and broken letters among the values of the records with these numbers."""
        if type_.kind == "text":
            for number, value in () if "".join(values).isascii() else zip(numbers, values):
                note_letters(value, source, *self.where(number), notes)
            return
        found: dict[int, list[int]] = {}
        for number, value in () if type_.documented.issuperset(values) else zip(numbers, values):
            if value not in type_.documented:
                found.setdefault(int(value), []).append(number)
        for value, some in found.items():
            _note_number(value, *self.where(some[0]), notes, len(some))


# Writing


_WORDS = {
    "text": "the text format has",
    "csv": "comma-separated replies have",
    "xml": "the XML format has",
    "json": "the JSON format has",
}


def no_place(fmt: str, name: str, droppable: frozenset[str]) -> str:
    """Return what is wrong with a field that a format has no place for, and whether a caller may leave it out."""
    return f"{_WORDS[fmt]} no place for it{f' (drop=[{name!r}] leaves it out)' if name in droppable else ''}"


class Formatted(NamedTuple):
    """A value as it is written."""

    name: str
    """The field; empty for an open key."""
    key: str
    """The key of the wire."""
    text: str
    bare: bool
    """Whether fmt=3 writes it without quotes."""
    path: str


def format_value(type_: Type, value: Any, path: str, limits: Limits) -> str:
    """Return a value as it is written. Raise `EncodeError` if it is not such a value, or beyond *limits*."""
    text: str | None = None
    kind = type_.kind
    if kind in ("number", "code"):
        if isinstance(value, int) and not isinstance(value, bool) and -MAX_NUMBER <= int.__int__(value) <= MAX_NUMBER:
            text = int.__repr__(value)
    elif kind == "text":
        text = str.__str__(value) if isinstance(value, str) else None
    elif kind == "money":
        # A class made of `Decimal` or `datetime` can have methods of its own.
        amount = Decimal(value) if isinstance(value, Decimal) else None
        text = money_text(amount) if amount is not None and amount.is_finite() else None
    elif isinstance(value, datetime):
        moment = datetime.combine(datetime.date(value), datetime.timetz(value))
        text = date_text(moment) if moment.tzinfo is None and not moment.microsecond else None
    if text is None or not parser(type_)[1](text) or SURROGATE.search(text):
        # Neither 5 nor 5.0 says why it is not an amount, or not a text.
        is_other = kind not in ("number", "code") or not isinstance(value, int)
        words = f" ({name_of(value)})" if is_other and isinstance(value, (int, float)) else ""
        raise EncodeError(f"expected {type_.title}, found {quote(value)}{words}", path=path)
    most, unit = (limits.digits, "digits") if kind in ("number", "code") else (limits.text, "characters")
    if len(text.lstrip("-") if unit == "digits" else text) > most:
        raise EncodeError(f"expected at most {most} {unit}, found {len(text)}", path=path)
    return text


def format_fields(
    obj: Object,
    fmt: str,
    value: Any,
    path: str,
    limits: Limits,
    unique: bool,
    taken: str = "",
    droppable: frozenset[str] = frozenset(),
) -> list[Formatted]:
    """Return the fields of a record as they are written, in their order. Raise `EncodeError` if it cannot be written.

    *unique* if the format cannot hold a code and a text under the same key; *taken* is a key that has a meaning beside
    those of fields. *droppable* are the fields that a caller may leave out.
    """
    if type(value) is not obj.cls:
        raise EncodeError(f"expected a {obj.cls.__name__}, found {kind_of(value)}", path=path)
    before = f"{path}." if path else ""
    given: dict[str, Any] = {}
    for field in obj.fields:
        item = _attribute(value, field.name, f"{before}{field.name}")
        absent = item is None
        if isinstance(field.type, (Many, Several)):
            absent = not checked_list(item, f"{before}{field.name}", limits)
        if not absent and (field.key(fmt) is None or (isinstance(field.type, Many) and fmt in ("text", "csv"))):
            raise EncodeError(no_place(fmt, field.name, droppable), path=f"{before}{field.name}")
        if item is None and fmt != field.absent_in != "":
            raise EncodeError(f"fmt={FORMATS.index(fmt)} needs {field.name}", path=path)
        if not absent or not field.may_lack(fmt):
            given[field.name] = item
    found: list[Formatted] = []
    for member in obj.ordered(fmt, frozenset(given)):
        if not isinstance(member, Field):
            found += _format_open(member, obj, fmt, value, before, limits, unique, taken)
        elif member.name in given and isinstance(member.type, Type):
            name, key = member.name, (member.key(fmt) or "").removeprefix("@")
            text = format_value(member.type, given[name], f"{before}{name}", limits)
            found.append(Formatted(name, key, text, member.type.bare, f"{before}{name}"))
    if path and len(found) > limits.fields:  # of a record in a list
        raise EncodeError(f"expected at most {limits.fields} fields, found {len(found)}", path=path)
    return found


def checked_list(value: Any, path: str, limits: Limits) -> tuple[Any, ...]:
    """Return the objects of a field that is a list of them. Raise `EncodeError` if they are not what is read back."""
    records = checked_tuple(value, path)
    if len(records) > limits.items:
        raise EncodeError(f"expected at most {limits.items} records, found {len(records)}", path=path)
    return records


def checked_tuple(value: Any, path: str) -> tuple[Any, ...]:
    """Return the records of a list. Raise `EncodeError` if they are not in a tuple, which is what is read back."""
    if type(value) is not tuple:
        raise EncodeError(f"expected a tuple, found {name_of(value)}", path=path)
    return value


def _format_open(
    rest: OpenMap | Other, obj: Object, fmt: str, value: Any, before: str, limits: Limits, unique: bool, taken: str
) -> list[Formatted]:
    names = {**obj.names(fmt), taken: ""}
    if isinstance(rest, Other):
        kinds: list[tuple[str, Type, tuple[str, ...]]] = [(rest.name, TEXT, ())]
    else:
        order = rest.order.get(fmt, ())
        kinds = [(rest.codes, rest.code, order), (rest.texts, rest.text, order)]
    found: list[Formatted] = []
    for attribute, type_, order in kinds:
        path = f"{before}{attribute}"
        items = plain_items(_attribute(value, attribute, path), path)
        for key in items:
            where = f"{path}[{quote(key)}]"
            if not isinstance(key, str) or SURROGATE.search(key):
                raise EncodeError("expected a key that is text", path=where)
            if len(key) > limits.text:
                raise EncodeError(f"expected a key of at most {limits.text} characters", path=where)
            if key in names:
                raise EncodeError("the key has a meaning of its own in this format", path=where)
        for key in arrange(list(items), order):
            where = f"{path}.{key}"
            text = format_value(type_, items[key], where, limits)
            if isinstance(rest, OpenMap) and type_ is rest.text and parser(rest.code)[1](text):
                raise EncodeError(f"expected {type_.title}, found {quote(text)}", path=where)
            bare = type_.bare if isinstance(rest, OpenMap) else parser(ID)[1](text) is not None
            found.append(Formatted("", key, text, bare, where))
    if unique and isinstance(rest, OpenMap):
        seen: set[str] = set()
        for each in found:
            if each.key in seen:
                reason = "this format has one value for a key, and here a code and a replacement share theirs"
                raise EncodeError(reason, path=each.path)
            seen.add(each.key)
    return found


def open_paths(obj: Object, value: Any) -> dict[str, str]:
    """Return the paths of a value's open keys, which have been written, by the keys."""
    return {key: f"{name}.{key}" for name in obj.opened for key in plain_items(getattr(value, name), name)}


def _attribute(value: object, name: str, path: str) -> Any:
    try:
        return getattr(value, name)
    except AttributeError as error:  # of a struct from which somebody has deleted it
        raise unreadable(error, path) from error


def plain_items(items: Any, path: str) -> dict[Any, Any]:
    """Return what a caller's mapping holds, with plain strings for keys. Raise `EncodeError` if it is not a mapping."""
    if not isinstance(items, Mapping):
        raise EncodeError(f"expected a mapping, found {name_of(items)}", path=path)
    try:
        pairs = zip(items, items.values()) if _is_whole(items) else ((key, items[key]) for key in items)
        plain = {str.__str__(key) if isinstance(key, str) else key: value for key, value in pairs}
        whole = len(plain) == len(items) and len(plain) == len(getattr(items, "_values", plain))
    except Exception as error:
        raise unreadable(error, path) from error
    if not whole:
        raise EncodeError("expected a mapping with a value for each key", path=path)
    return plain


def _is_whole(items: object) -> bool:
    """Return whether it is a mapping of ours as the readers make them, which need not be asked for each value."""
    return type(items) is FrozenMapping and type(items._keys) is tuple and type(items._values) is tuple
