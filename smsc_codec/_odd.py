"""Whether a reply that a fast lane has read holds what there is a finding for.

That is a number or a key that is not documented, or text whose letters are broken.

Validating a reply that is in order costs little more than decoding it, because this looks at whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from ._forms import Flat, Form
from ._generated import column_of
from ._letters import any_broken
from ._records import Record
from ._values import Scalar
from .mapping import EMPTY

_KEYS = attrgetter("_keys")
_VALUES = attrgetter("_values")

Column = Callable[[Sequence[Any]], list[Any]]
Check = Callable[[Sequence[Any]], bool]


def odd_check(form: Form) -> Callable[[Any], bool]:
    """What tells whether a reply of that form holds anything odd."""
    odd = odd_records(form.record)
    if isinstance(form, Flat):
        return lambda reply: odd((reply,))
    records = attrgetter(form.attribute)
    return lambda reply: odd(records(reply))


def odd_records(record: Record) -> Check:
    """What tells whether any of many records, at least one, holds anything odd."""
    checks = _checks(record)
    return lambda values: any(check(values) for check in checks)


def _checks(record: Record) -> list[Check]:
    """For each attribute what tells whether one of many records is odd there."""
    checks = [_odd_numbers(column_of(field.name), field.type) for field in record.fields if field.type.table]
    checks += [_broken_texts(column_of(field.name)) for field in record.fields if not field.type.number]
    if record.extras is None:
        return checks
    known = record.extras.known
    return [*checks, *(_odd_extras(column_of(name), type_, known) for name, type_ in record.extra_types)]


def _odd_numbers(column: Column, type_: Scalar) -> Check:
    documented = _documented(type_) | {None}
    return lambda values: not documented.issuperset(column(values))


def _broken_texts(column: Column) -> Check:
    return lambda values: any_broken(column(values))


def _odd_extras(column: Column, type_: Scalar, known: frozenset[str]) -> Check:
    documented = _documented(type_)

    def odd(values: Sequence[Any]) -> bool:
        mappings = column(values)
        # Most lists have none.
        if mappings[0] is EMPTY and mappings.count(EMPTY) == len(mappings):
            return False
        if not all(map(known.issuperset, set(map(_KEYS, mappings)))):
            return True
        given = chain.from_iterable(map(_VALUES, mappings))
        return any_broken(given) if type_.table is None else not documented.issuperset(given)

    return odd


def _documented(type_: Scalar) -> frozenset[Any]:
    return frozenset(filter(type_.known, (type_.table or {}).values()))
