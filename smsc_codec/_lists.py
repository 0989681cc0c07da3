"""Lists: how their records are written many at a time, and what is known of them beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Any, NamedTuple

from ._forms import Listing
from ._limits import MAX_DIGITS, Limits
from ._model import FrozenMapping
from ._records import Arrange, Order, Record
from ._runs import Codes, Run, Table, places_of, put_back
from ._types import all_are
from ._values import TEXT, Scalar, Unusual

# Records that are written at a time: enough to be quick, and not so many that they need memory.
_CHUNK = 4096

# Records of which it is worth while to keep what is known, and the key in the reply's dictionary.
_MANY = 16
_KEPT = "known"


class ListMaker:
    """Makes a reply of what a reader finds, which is a kind of records at a time."""

    def __init__(self, form: Listing) -> None:
        self.form = form
        self._kinds: set[frozenset[str]] = set()

    def many(
        self,
        keys: Sequence[str],
        table: Table,
        names: Mapping[str, str],
        arrange: Arrange,
        longest: int | None,
        trusted: bool = False,
    ) -> list[Any]:
        """Some records, as `Record.many` makes them."""
        self._kinds.add(_attributes(keys, names))
        return self.form.record.many(keys, table, names, arrange, longest, trusted)

    def reply(self, records: Sequence[Any]) -> Any:
        """The reply with all records."""
        reply = self.form.cls(tuple(records))
        _keep(self.form, reply, self._kinds)
        return reply


class _Known(NamedTuple):
    """That all *values* are of the record's class and have these attributes and no others, with such values."""

    values: Sequence[Any]
    record: Record
    attributes: frozenset[str]


def _attributes(keys: Iterable[str], names: Mapping[str, str]) -> frozenset[str]:
    """Those of the records that have these keys; none where there are extras, which may be codes or names."""
    attributes = frozenset([names.get(key, "") for key in keys])
    return frozenset() if "" in attributes else attributes


def _keep(form: Listing, reply: Any, kinds: Iterable[frozenset[str]]) -> None:
    """Keep what is known of a list, so that it is looked at once: its records never change.

    To look takes a third of the time that it takes to write names and ids.
    """
    values = getattr(reply, form.attribute)
    if form.immutable and len(values) >= _MANY:
        attributes, *others = kinds
        if attributes and not others:
            vars(reply)[_KEPT] = _Known(values, form.record, attributes)


def _kept(form: Listing, reply: Any) -> frozenset[str] | None:
    known: _Known | None = vars(reply).get(_KEPT) if form.immutable else None
    # Another endpoint may have the same class and other values in it.
    if known is None or known.record is not form.record or known.values is not getattr(reply, form.attribute):
        return None
    return known.attributes


def written(
    form: Listing,
    reply: Any,
    order: Order,
    limits: Limits,
    woven: Callable[[Sequence[Run | Codes]], str],
    begin: str,
) -> Iterator[str]:
    """The text of the records, some at a time, in the canonical order.

    *woven* makes that of records with the same fields; each record's begins with *begin*. Where that stands elsewhere
    too, the records are not written a kind at a time. Raises `Unusual` where `Record.spell` has to judge.
    """
    if limits.digits < MAX_DIGITS:
        raise Unusual
    record, values = form.record, getattr(reply, form.attribute)
    given = _kept(form, reply)
    kinds: set[frozenset[str]] = set()
    for start in range(0, len(values), _CHUNK):
        rows = values[start : start + _CHUNK]
        try:
            runs = _runs(record, rows, order, limits, given)
        except Unusual:
            places = _places(record, rows)
            if len(places) == 1:
                raise
            texts = [
                woven(_runs(record, [rows[place] for place in some], order, limits, None)).split(begin)[1:]
                for some in places
            ]
            if list(map(len, texts)) != list(map(len, places)):
                raise
            kinds.add(frozenset())
            yield begin + begin.join(put_back(places, texts))
        else:
            kinds.add(_attributes([run.key for run in runs], order.names))
            yield woven(runs)
    if given is None:
        _keep(form, reply, kinds)


def _places(record: Record, rows: Sequence[Any]) -> list[list[int]]:
    """The places of records that have the same fields and the same keys of extras."""
    if not all_are(rows, record.cls):
        raise Unusual
    read = record.attributes.columns
    try:
        marks = [[value is None for value in read[field.name](rows)] for field in record.fields]
        marks += [list(map(_keys, read[name](rows))) for name, _ in record.extra_types]
        return list(places_of(zip(*marks)).values())
    except Exception:  # what somebody has deleted, and keys that somebody has made
        raise Unusual from None


def _runs(
    record: Record, rows: Sequence[Any], order: Order, limits: Limits, given: Iterable[str] | None
) -> list[Run | Codes]:
    """The columns of records with the same fields, `Unusual` if they have not.

    *given* are the attributes that they are known to have; `None` if they have to be looked at.
    """
    middle: list[Run | Codes] = []
    try:
        trusted = given is not None
        columns = record.attributes.given(rows) if given is None else record.attributes.some(rows, given)
        if columns is None:
            raise Unusual
        head, tail = (
            [record.types[name].run(key, columns[name], limits.text, trusted) for key, name in keys if name in columns]
            for keys in (order.head, order.tail)
        )
        for attribute, type_ in record.extra_types:
            if attribute in columns:
                taken = {run.key for run in middle}
                middle += _extra_runs(record, columns[attribute], type_, order, taken, limits.text)
    except AttributeError:  # of a struct from which somebody has deleted it
        raise Unusual from None
    runs = [*head, *middle, *tail]
    if not 0 < len(runs) <= limits.attributes:
        raise Unusual
    return runs


def _extra_runs(
    record: Record, mappings: Sequence[Any], type_: Scalar, order: Order, taken: Set[str], longest: int
) -> list[Run | Codes]:
    keys, columns = _table_of(mappings)
    if len(set(keys)) != len(keys):
        raise Unusual
    TEXT.run("", keys, longest)
    if not taken.isdisjoint(keys) or not order.names.keys().isdisjoint(keys):
        raise Unusual
    runs = {key: type_.run(key, column, longest) for key, column in zip(keys, columns)}
    # One or two digits are a code, and cannot be a name.
    codes = None if record.extras is None else record.extras.code.table
    if type_.table is None and not all((codes or {}).keys().isdisjoint(run.column) for run in runs.values()):
        raise Unusual
    return [runs[key] for key in order.arrange(keys)]


def _table_of(mappings: Sequence[Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The keys that all mappings have, and a column of values for each; `Unusual` if they differ."""
    if not all_are(mappings, FrozenMapping):
        raise Unusual
    keys = mappings[0]._keys
    rows = [mapping._values for mapping in mappings]
    # Lists that a reader has made share their keys. Other objects may claim to be equal.
    every = [mapping._keys for mapping in mappings]
    others = [keys] if len(set(map(id, every))) == 1 else every
    if not all_are(chain(others, rows), tuple) or not all_are(chain.from_iterable(others), str):
        raise Unusual
    if others.count(keys) != len(others):
        raise Unusual
    try:
        columns = list(zip(*rows, strict=True))
    except ValueError:
        raise Unusual from None
    if len(columns) != len(keys):
        raise Unusual
    return keys, columns


def _keys(mapping: Any) -> Any:
    return mapping._keys if type(mapping) is FrozenMapping else None
