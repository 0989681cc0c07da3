"""Records: how a class of the model is built from the fields that the readers find, and taken apart for the writers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat, starmap
from operator import itemgetter
from typing import Any, NamedTuple, cast

import msgspec

from ._generated import Attributes, constructor_of
from ._loading import LOADING
from ._runs import Columns, Rows, Table, looked_up, places_of
from ._source import Source, shown
from ._types import lazy, name_of
from ._values import TEXT, Scalar, Unusual, plain_items, written_numbers
from .errors import EncodeError, unreadable
from .limits import Limits
from .mapping import EMPTY, FrozenMapping, shared
from .report import Severity


class Field(msgspec.Struct, frozen=True):
    """An attribute of the model class."""

    name: str
    type: Scalar
    optional: bool = False
    """Whether it may be absent; the attribute is `None` then, which is the class's default."""


class Extras(msgspec.Struct, frozen=True):
    """The fields whose keys nobody can list: some hold a code, the others a name."""

    codes: str
    """The attribute with the codes by key."""
    code: Scalar
    """With a `table` of all its values."""
    names: str
    """The attribute with the names by key."""
    text: Scalar
    known: frozenset[str]
    """The keys that the documentation names."""


class Order(msgspec.Struct, frozen=True, dict=True):
    """The fields of a record in one format, as (key on the wire, field), before and after the extras."""

    head: tuple[tuple[str, str], ...]
    tail: tuple[tuple[str, str], ...]
    extras: tuple[str, ...] = ()
    """The documented order of the extras."""

    @lazy
    def names(self) -> dict[str, str]:
        """The field of each key on the wire."""
        return dict(self.head + self.tail)

    @lazy
    def ranks(self) -> dict[str, int]:
        """The place of each documented key."""
        keys = [*(key for key, _ in self.head), *self.extras, *(key for key, _ in self.tail)]
        return {key: rank for rank, key in enumerate(keys)}

    def arrange(self, keys: Sequence[str]) -> list[str]:
        """The keys of *keys* in the documented order; an unknown one stays behind the one it followed."""
        if all(map(self.ranks.__contains__, keys)):
            return sorted(keys, key=self.ranks.__getitem__)
        groups: dict[str, list[str]] = {"": []}
        group = groups[""]
        for key in keys:
            if key in self.ranks:
                group = groups.setdefault(key, [])
            group.append(key)
        first = groups.pop("")
        ordered = sorted(groups, key=self.ranks.__getitem__)
        return first + [key for head in ordered for key in groups[head]]


class Pair(NamedTuple):
    """A field as a reader found it: its value spelled out, and where that stands in the text."""

    key: str
    value: str
    at: int


Arrange = Callable[[Sequence[str]], list[str]]
"""Puts the keys of a record's extras into order: `Order.arrange`."""


class Record(msgspec.Struct, frozen=True, dict=True):
    """A class of the model, and how its fields are built from what the readers find."""

    cls: Callable[..., Any]
    fields: tuple[Field, ...]
    """In the order of the constructor; the extras' two attributes follow."""
    extras: Extras | None = None

    def __post_init__(self) -> None:
        _ = self.attributes  # so that their code is made where the record is declared

    @lazy
    def by_name(self) -> dict[str, Field]:
        """The fields by their name."""
        return {field.name: field for field in self.fields}

    @lazy
    def types(self) -> dict[str, Scalar]:
        """The fields' types by their name."""
        return {field.name: field.type for field in self.fields}

    def build(
        self,
        pairs: Iterable[Pair],
        names: Mapping[str, str],
        source: Source,
        path: str,
        index: int,
        arrange: Arrange = list,
    ) -> Any:
        """One value, with errors and findings that say where.

        *names* gives the field of a key on the wire, *arrange* puts the keys of extras into order.
        """
        types = self.by_name
        values: dict[str, Any] = {}
        codes: dict[str, Any] = {}
        texts: dict[str, str] = {}
        for count, (key, text, at) in enumerate(pairs, 1):
            if count > source.limits.fields:
                source.fail(f"expected at most {source.limits.fields} fields", at, path, code="limit")
            name = names.get(key)
            if name is None and len(key) > source.limits.text:
                source.fail(f"expected a key of at most {source.limits.text} characters", at, path, code="limit")
            where = f"{path}.{name or key}" if path else name or key
            if name is not None:
                into, type_ = values, types[name].type
            elif self.extras is None:
                message = f"the field {source.shown(key)} is not known, and not kept"
                source.note(Severity.WARNING, "unknown-key", message, at, where)
                continue
            else:
                name, extras = key, self.extras
                is_code = extras.code.pattern.fullmatch(text)
                into, type_ = (codes, extras.code) if is_code else (texts, extras.text)
                where = f"{path}.{extras.codes if is_code else extras.names}.{key}"
                if key not in extras.known:
                    message = f"the key {source.shown(key)} is not documented"
                    source.note(Severity.INFO, "unknown-key", message, at, where)
            if name in into:
                message = f"the field {source.shown(key)} is given twice; the last value is kept"
                source.note(Severity.WARNING, "duplicate-key", message, at, where)
            into[name] = self.value(type_, text, source, at, where)
        for field in self.fields:
            if field.name not in values and not field.optional:
                wire = next((key for key, name in names.items() if name == field.name), field.name)
                source.fail(f"expected the field {shown(wire)}, which is not there", index, path, code="value")
        if self.extras is not None:
            for (attribute, _), found in zip(self.extra_types, (codes, texts)):
                values[attribute] = FrozenMapping.of((key, found[key]) for key in arrange(list(found)))
        return self.cls(**values)

    def value(self, type_: Scalar, text: str, source: Source, index: int, path: str) -> Any:
        """One field's value."""
        if len(text) > source.limits.text and not type_.number:
            source.fail(
                f"expected at most {source.limits.text} characters, found {len(text)}", index, path, code="limit"
            )
        if not type_.pattern.fullmatch(text):
            source.fail(f"expected {type_.words}, found {source.shown(text)}", index, path, code="value")
        if type_.number and len(text) > source.limits.digits:
            source.fail(f"expected at most {source.limits.digits} digits, found {len(text)}", index, path, code="limit")
        value = type_.parse(text)
        if source.findings is None:
            return value
        if not type_.known(value):
            source.note(Severity.INFO, "unknown-number", f"the number {value} is not documented", index, path)
        if not text.isascii():
            _note_letters(source, text, index, path)
        return value

    def many(
        self,
        keys: Sequence[str],
        table: Table,
        names: Mapping[str, str],
        arrange: Arrange,
        longest: int | None,
        trusted: bool = False,
    ) -> list[Any]:
        """The values of many records with the same *keys*.

        No text may have more characters than *longest*; *trusted* if the grammar has read the spellings.
        Raises `Unusual` where `build` has to judge.
        """
        given: dict[str, Iterable[Any]] = {}
        for key in keys:
            name = names.get(key)
            if name is not None:
                if name in given:
                    raise Unusual
                given[name] = self.types[name].column(table.column(key), longest, trusted)
        arguments: list[Iterable[Any]] = []
        last = 0
        for field in self.fields:
            if field.name in given:
                last = len(arguments) + 1
            elif not field.optional:
                raise Unusual
            arguments.append(given.get(field.name, _ABSENT))
        if len(given) < len(keys):
            others = [key for key in keys if key not in names]
            if len(set(others)) != len(others) or (longest is not None and max(map(len, others)) > longest):
                raise Unusual
            arguments += self._mappings(others, table, arrange, longest, trusted)
            last = len(arguments)
        # What is absent behind the last value is the constructor's default.
        return list(map(self.cls, *arguments[:last]))

    def _mappings(
        self, keys: Sequence[str], table: Table, arrange: Arrange, longest: int | None, trusted: bool
    ) -> Iterator[Iterable[Any]]:
        """The codes and the names of many records."""
        extras = self.extras
        if extras is None:
            raise Unusual
        spelled = extras.code.table or {}
        try:
            if len(keys) > 1 and isinstance(table, Rows):
                ordered = arrange(keys)
                rows = [each(spelled) for each in starmap(itemgetter, table.rows(ordered))]
                return iter((_frozen(ordered, rows), _NONE))
        except KeyError:
            pass  # There are names among them.
        codes: dict[str, Sequence[Any]] = {}
        texts: dict[str, Sequence[Any]] = {}
        columns: dict[str, Sequence[Any]] = {}
        mixed: list[str] = []
        for key in keys:
            column = table.column(key)
            columns[key] = column = written_numbers(column) if column[0].__class__ is int else column
            try:
                codes[key] = looked_up(spelled, column)
            except KeyError:
                if spelled.keys().isdisjoint(column):
                    texts[key] = extras.text.column(column, longest, trusted)
                else:
                    mixed.append(key)
        if mixed:
            kinds = zip(*(map(spelled.__contains__, columns[key]) for key in mixed))
            return self._mixed_mappings(kinds, columns, arrange, longest, trusted)
        orders = (arrange(list(codes)), arrange(list(texts)))
        return (_frozen(order, zip(*map(into.get, order))) for order, into in zip(orders, (codes, texts)))

    def _mixed_mappings(
        self,
        kinds: Iterable[tuple[bool, ...]],
        columns: Mapping[str, Sequence[Any]],
        arrange: Arrange,
        longest: int | None,
        trusted: bool,
    ) -> Iterator[Iterable[Any]]:
        """The same where a key has a code in one record and a name in another: a kind of record at a time."""
        made: list[tuple[int, Any, Any]] = []
        for places in places_of(kinds).values():
            some = Columns({key: [column[place] for place in places] for key, column in columns.items()})
            made += zip(places, *self._mappings(list(columns), some, arrange, longest, trusted))
        made.sort(key=itemgetter(0))
        return ([row[place] for row in made] for place in (1, 2))

    def one(
        self, keys: Sequence[str], names: Mapping[str, str], arrange: Arrange
    ) -> Callable[[Sequence[str]], Any] | None:
        """What makes a value of spellings that the grammar has read, `None` if it takes more than a few calls.

        Raises `KeyError` where `build` has to judge.
        """
        places = {names.get(key, key): place for place, key in enumerate(keys)}
        given = [field for field in self.fields if field.name in places]
        others = arrange([key for key in keys if key not in names])
        # No key twice, and what is absent stands behind the last value.
        if len(places) < len(keys) or given != list(self.fields[: len(given)]):
            return None
        if not all(field.optional for field in self.fields[len(given) :]):
            return None
        cls = self.cls
        if not keys:
            value = cls()
            return lambda spelled: value
        if others:
            return self._one_with_codes(given, places, others)
        return constructor_of(cls, [(places[field.name], field.type.quick) for field in given])

    def _one_with_codes(
        self, given: list[Field], places: Mapping[str, int], others: list[str]
    ) -> Callable[[Sequence[str]], Any] | None:
        if self.extras is None or len(others) < 2:
            return None
        cls = self.cls
        table = self.extras.code.table or {}
        keys = shared(tuple(others))
        spelled_codes = itemgetter(*map(places.__getitem__, others))
        steps = [(places[field.name], field.type.quick) for field in given]
        absent = [None] * (len(self.fields) - len(given))

        def make(spelled: Sequence[str]) -> Any:
            codes = itemgetter(*spelled_codes(spelled))(table)
            return cls(*[parse(spelled[place]) for place, parse in steps], *absent, FrozenMapping(keys, codes))

        return make

    def spell(self, value: Any, order: Order, path: str, limits: Limits, unique: bool) -> list[tuple[str, str]]:
        """The keys and spelled values of a record, in the canonical order; `EncodeError` if it has none.

        *unique* if the format cannot hold a code and a name under the same key.
        """
        if type(value) is not self.cls:
            raise EncodeError(f"expected a {self.cls.__name__}, found {name_of(value)}", path=path)
        types = self.by_name
        for name in types:
            if name not in order.names.values() and _attribute(value, name, path) is not None:
                raise EncodeError("this format has no place for it", path=f"{path}.{name}")
        head, tail = (
            [
                (key, types[name].type.spell(item, f"{path}.{name}", limits))
                for key, name in keys
                if (item := _attribute(value, name, path)) is not None or not types[name].optional
            ]
            for keys in (order.head, order.tail)
        )
        if self.extras is None:
            return head + tail
        codes, texts = (
            self._spell_extras(_attribute(value, attribute, path), type_, order, f"{path}.{attribute}", limits)
            for attribute, type_ in self.extra_types
        )
        if unique and not codes.keys().isdisjoint(texts):
            key = next(key for key in texts if key in codes)
            reason = "this format has one value for a key, and here a code and a replacement share theirs"
            raise EncodeError(reason, path=f"{path}.{self.extras.names}.{key}")
        fields = [*head, *codes.items(), *texts.items(), *tail]
        if len(fields) > limits.fields:
            raise EncodeError(f"expected at most {limits.fields} fields, found {len(fields)}", path=path)
        return fields

    @lazy
    def attributes(self) -> Attributes:
        """What reads the attributes of many values."""
        extras = [attribute for attribute, _ in self.extra_types]
        nothing: dict[str, object] = {field.name: None for field in self.fields if field.optional}
        return Attributes(self.cls, [*self.by_name, *extras], nothing | dict.fromkeys(extras, EMPTY))

    @lazy
    def extra_types(self) -> list[tuple[str, Scalar]]:
        """The attributes of the extras, the codes' first, and what a value in each is."""
        extras = self.extras
        return [] if extras is None else [(extras.codes, extras.code), (extras.names, extras.text)]

    def _spell_extras(self, given: object, type_: Scalar, order: Order, path: str, limits: Limits) -> dict[str, str]:
        assert self.extras is not None
        items = plain_items(given, path)
        for key in items:
            where = f"{path}[{shown(key)}]"
            if not isinstance(key, str) or not TEXT.pattern.fullmatch(key):
                raise EncodeError("expected a key that is text", path=where)
            if len(key) > limits.text:
                raise EncodeError(f"expected a key of at most {limits.text} characters", path=where)
            if key in order.names:
                raise EncodeError("the key has a meaning of its own in this format", path=where)
        spelled = {key: type_.spell(items[key], f"{path}.{key}", limits) for key in order.arrange(list(items))}
        for key, text in spelled.items():
            if type_ is self.extras.text and self.extras.code.pattern.fullmatch(text):
                raise EncodeError(f"expected {type_.words}, found {shown(text)}", path=f"{path}.{key}")
        return spelled


_ABSENT: Iterable[None] = repeat(None)
_NONE: Iterable[Mapping[str, Any]] = repeat(EMPTY)


def _attribute(value: object, name: str, path: str) -> Any:
    try:
        return getattr(value, name)
    except AttributeError as error:  # of a struct from which somebody has deleted it
        raise unreadable(error, f"{path}.{name}") from error


def _frozen(keys: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
    make = cast("Callable[[Any, Any], Mapping[str, Any]]", FrozenMapping)
    return map(make, repeat(shared(tuple(keys))), rows) if keys else _NONE


def _note_letters(source: Source, text: str, index: int, path: str) -> None:
    """Report letters that are broken."""
    with LOADING:
        from ._letters import broken, message
    trouble = broken(text)
    if trouble is not None:
        source.note(Severity.WARNING, trouble.code, message(trouble, source.shown), index, path)
