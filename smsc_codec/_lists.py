"""Lists: how their records are written many at a time, and what is known of them beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Any, NamedTuple

from ._forms import Listing
from ._records import Order, Record
from ._runs import Codes, Run, places_of, put_back
from ._types import all_are
from ._values import TEXT, Scalar, Unusual
from .limits import MAX_DIGITS, Limits
from .mapping import FrozenMapping

# Records that are written at a time: enough to be quick, and not so many that they need memory.
_CHUNK = 4096

# Records of which it is worth while to keep what is known, and where the reply's dictionary has it.
_MANY = 16
_KEPT = "_known"


class ListMaker:
    """Makes a reply of the records that a reader finds, some with these keys, others with those."""

    def __init__(self, form: Listing) -> None:
        self.form = form
        self._kinds: list[tuple[Sequence[str], Mapping[str, str]]] = []

    def note(self, keys: Sequence[str], names: Mapping[str, str]) -> None:
        """Some of the records have these keys, of which *names* has the attributes."""
        self._kinds.append((keys, names))

    def reply(self, records: Sequence[Any]) -> Any:
        """The reply with all of them."""
        values = tuple(records)
        reply = self.form.cls(values)
        if len(values) >= _MANY:
            # Other keys are those of extras, of which it is not known whether they have codes or names.
            choices = {
                frozenset(map(names.__getitem__, keys)) if names.keys() >= set(keys) else None
                for keys, names in self._kinds
            }
            _keep(self.form, reply, values, choices)
        return reply


class _Known(NamedTuple):
    """That all *values* are of the record's class, with such values in these attributes and nothing in others."""

    values: Sequence[Any]
    record: Record
    attributes: frozenset[str]


def _keep(form: Listing, reply: Any, values: Sequence[Any], choices: Set[frozenset[str] | None]) -> None:
    """Keep with the reply what attributes all its records have, so that they are looked at once: they never change.

    To look takes a third of the time that it takes to write names and ids. *choices* are those that some of them
    have, `None` if it cannot be said.
    """
    if len(choices) == 1 and form.immutable:
        (attributes,) = choices
        if attributes is not None:
            vars(reply)[_KEPT] = _Known(values, form.record, attributes)


def _kept(form: Listing, reply: Any, values: Sequence[Any]) -> frozenset[str] | None:
    """The attributes that all records are known to have."""
    known = vars(reply).get(_KEPT) if form.immutable else None
    # Another endpoint may have the same class and other values in it.
    if type(known) is _Known and known.record is form.record and known.values is values:
        return known.attributes
    return None


def written(
    form: Listing,
    reply: Any,
    order: Order,
    limits: Limits,
    woven: Callable[[Sequence[Run | Codes]], str],
    begin: str,
) -> Iterator[str]:
    """The text of the records, some at a time, in the canonical order; what is seen of them is kept.

    *woven* makes the text of records that have the same fields. Records of several kinds are written a kind at a time,
    if *begin*, with which each record's text begins, stands nowhere else in it. Raises `Unusual` where `Record.spell`
    has to judge.
    """
    if limits.digits < MAX_DIGITS:
        raise Unusual
    record, values = form.record, getattr(reply, form.attribute)
    known = _kept(form, reply, values)
    choices: set[frozenset[str] | None] = set()
    for start in range(0, len(values), _CHUNK):
        rows = values[start : start + _CHUNK]
        try:
            columns = _columns(record, rows, known)
            runs = _runs(record, columns, order, limits, known is not None)
        except Unusual:
            places = _places(record, rows)
            if len(places) == 1:
                raise
            texts = []
            for some in places:
                columns = _columns(record, [rows[place] for place in some], None)
                texts.append(woven(_runs(record, columns, order, limits, False)).split(begin)[1:])
            if list(map(len, texts)) != list(map(len, places)):
                raise
            choices.add(None)
            yield begin + begin.join(put_back(places, texts))
        else:
            choices.add(frozenset(columns) if columns.keys() <= record.by_name.keys() else None)
            yield woven(runs)
    if known is None and len(values) >= _MANY:
        _keep(form, reply, values, choices)


def _places(record: Record, rows: Sequence[Any]) -> list[list[int]]:
    """The places of records that have the same fields and the same keys of extras."""
    if not all_are(rows, record.cls):
        raise Unusual
    read = record.attributes.columns
    try:
        marks = [[value is None for value in read[field.name](rows)] for field in record.fields]
        marks += [[mapping._keys for mapping in _frozen(read[name](rows))] for name, _ in record.extra_types]
        return list(places_of(zip(*marks)).values())
    except Exception:  # other mappings, what somebody has deleted, and keys that somebody has made
        raise Unusual from None


def _columns(record: Record, rows: Sequence[Any], known: frozenset[str] | None) -> Mapping[str, Sequence[Any]]:
    """The attributes that all records have, which are *known*; `Unusual` if some have others."""
    try:
        columns = record.attributes.given(rows) if known is None else record.attributes.some(rows, known)
    except AttributeError:  # of a struct from which somebody has deleted it
        raise Unusual from None
    if columns is None:
        raise Unusual
    return columns


def _runs(
    record: Record, columns: Mapping[str, Sequence[Any]], order: Order, limits: Limits, trusted: bool
) -> list[Run | Codes]:
    """The columns spelled out, in order, `Unusual` if there is a value that has no spelling.

    *trusted* if all are known to have one.
    """
    head, tail = (
        [record.types[name].run(key, columns[name], limits.text, trusted) for key, name in keys if name in columns]
        for keys in (order.head, order.tail)
    )
    middle: list[Run | Codes] = []
    if len(head) + len(tail) < len(columns.keys() & record.by_name.keys()):
        raise Unusual  # A field has no place in this format.
    try:
        for attribute, type_ in record.extra_types:
            if attribute in columns:
                taken = {run.key for run in middle}
                middle += _extra_runs(record, columns[attribute], type_, order, taken, limits.text)
    except AttributeError:  # of a mapping from which somebody has deleted it
        raise Unusual from None
    runs = [*head, *middle, *tail]
    if not 0 < len(runs) <= limits.fields:
        raise Unusual
    return runs


def _extra_runs(
    record: Record, mappings: Sequence[Any], type_: Scalar, order: Order, taken: Set[str], longest: int
) -> list[Run | Codes]:
    keys, columns = _table_of(mappings)
    if len(set(keys)) != len(keys):
        raise Unusual
    TEXT.run("", keys, longest, trusted=False)
    if not taken.isdisjoint(keys) or not order.names.keys().isdisjoint(keys):
        raise Unusual
    runs = {key: type_.run(key, column, longest, trusted=False) for key, column in zip(keys, columns)}
    # One or two digits are a code, and cannot be a name.
    assert record.extras is not None, "these are its columns"
    codes = (record.extras.code.table or {}).keys()
    if type_.table is None and not all(codes.isdisjoint(run.column) for run in runs.values()):
        raise Unusual
    return [runs[key] for key in order.arrange(keys)]


def _table_of(mappings: Sequence[Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The keys that all mappings have, and a column of values for each; `Unusual` if they differ."""
    keys = _frozen(mappings[:1])[0]._keys
    others = [keys]
    # Lists that a reader has made share their keys.
    rows = [mapping._values for mapping in mappings if type(mapping) is FrozenMapping and mapping._keys is keys]
    if len(rows) < len(mappings):
        frozen = _frozen(mappings)
        rows = [mapping._values for mapping in frozen]
        others = [mapping._keys for mapping in frozen]
    # Other objects may claim to be equal.
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


def _frozen(mappings: Sequence[Any]) -> Sequence[Any]:
    """The mappings, dictionaries made the library's own; `Unusual` if there are others."""
    frozen = [FrozenMapping(tuple(each), tuple(each.values())) if type(each) is dict else each for each in mappings]
    if not all_are(frozen, FrozenMapping):
        raise Unusual
    return frozen
