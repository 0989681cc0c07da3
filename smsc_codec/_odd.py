"""Whether a reply that a fast lane has read holds what there is a finding for.

That is a number or a key that is not documented, or text whose letters are broken.

Validating a reply that is in order costs little more than decoding it, because this looks at whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from ._forms import Flat, Form
from ._generated import column_of
from ._loading import LOADING
from ._records import Record
from ._values import Scalar
from .mapping import EMPTY

_KEYS = attrgetter("_keys")
_VALUES = attrgetter("_values")

Column = Callable[[Sequence[Any]], list[Any]]
Check = Callable[[Sequence[Any]], bool]


def odd_check(form: Form) -> Callable[[Any], bool]:
    """Return a check whether a reply of that form holds a number or a key that is not documented."""
    return _of_reply(form, _any(_checks(form.record)))


def letters_check(form: Form) -> Callable[[Any], bool]:
    """Return a check whether a reply of that form holds text whose letters are broken."""
    return _of_reply(form, _any(_letter_checks(form.record)))


def _of_reply(form: Form, odd: Check) -> Callable[[Any], bool]:
    if isinstance(form, Flat):
        return lambda reply: odd((reply,))
    records = attrgetter(form.attribute)
    return lambda reply: odd(records(reply))


def odd_records(record: Record) -> Check:
    """What tells whether any of many records, at least one, holds anything odd."""
    return _any([*_checks(record), *_letter_checks(record)])


def _any(checks: Sequence[Check]) -> Check:
    return lambda values: any(check(values) for check in checks)


def _checks(record: Record) -> list[Check]:
    """For each attribute what tells whether one of many records is odd there."""
    numbers = [_odd_numbers(column_of(field.name), field.type) for field in record.fields if field.type.table]
    if record.extras is None:
        return numbers
    known = record.extras.known
    return [*numbers, *(_odd_extras(column_of(name), type_, known) for name, type_ in record.extra_types)]


def _odd_numbers(column: Column, type_: Scalar) -> Check:
    documented = _documented(type_) | {None}
    return lambda values: not documented.issuperset(column(values))


def _letter_checks(record: Record) -> list[Check]:
    """Return for each attribute with texts a check whether one of many records is broken there."""
    texts = [_broken_texts(column_of(field.name)) for field in record.fields if not field.type.number]
    return [*texts, *(_broken_extras(column_of(name)) for name, type_ in record.extra_types if type_.table is None)]


def _broken_texts(column: Column) -> Check:
    return lambda values: _any_broken(column(values))


def _broken_extras(column: Column) -> Check:
    def odd(values: Sequence[Any]) -> bool:
        mappings = column(values)
        return not _all_empty(mappings) and _any_broken(chain.from_iterable(map(_VALUES, mappings)))

    return odd


def _odd_extras(column: Column, type_: Scalar, known: frozenset[str]) -> Check:
    documented = _documented(type_)

    def odd(values: Sequence[Any]) -> bool:
        mappings = column(values)
        if _all_empty(mappings):
            return False
        if not all(map(known.issuperset, set(map(_KEYS, mappings)))):
            return True
        return type_.table is not None and not documented.issuperset(chain.from_iterable(map(_VALUES, mappings)))

    return odd


def _all_empty(mappings: list[Any]) -> bool:
    """Whether there is nothing in them, as in most lists."""
    return mappings[0] is EMPTY and mappings.count(EMPTY) == len(mappings)


def _any_broken(texts: Iterable[str | None]) -> bool:
    """Whether one of many texts may be broken; nothing that is looked for has a line end in it."""
    text = "\n".join(filter(None, texts))
    if text.isascii():
        return False
    with LOADING:
        from ._letters import broken
    return broken(text) is not None


def _documented(type_: Scalar) -> frozenset[Any]:
    return frozenset(filter(type_.known, (type_.table or {}).values()))
