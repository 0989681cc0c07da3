"""Makes values of any endpoint's replies from its declaration."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ..declare import FORMATS, Endpoint, Field, Many, Object, Only, OpenMap, Other, Reply, Several, Type
from ..formats import Format
from ..mapping import FrozenMapping
from ..model import MAX_NUMBER

# Texts that look like the fields after a text, like cells that tell a layout, like records, and like none of these.
_TEXTS = (
    *("hi", "a, b", "x, type = 0", "b, comment = c", "x, ID = 5", "HLR", "-3", "123456", "Россия", "0", "RUR"),
    *("\nStatus = 1", "a\nb", "phone = 7", "a, phone = 7", "250012345678901", "5,0,13", "-7", "a, FOO - 7", "1.40"),
    *("a, foo = 5", "a, comment = b, foo = 5", "a, foo = b, type = 1"),
)
_MONEY = ("0", "0.40", "15.00", "-2.5", "123456", "0.0000001", "1E+3", "NaN", "1e-7", "-0", "1" * 16)
_DATES = (datetime(2024, 5, 17, microsecond=5), datetime(2024, 5, 17, tzinfo=timezone(timedelta(hours=3))))
_NUMBERS = (1286524541, -1, 10**18, True)
_KEYS = ("id", "name", "status", "sender", "phone", "message", "", "a b", "ключ", "x:y", 'q"')
# The keys that tell one kind of reply from another.
_TELLING = ("error", "error_code", "result", "code", "cnt", "cost", "balance", "phones", "sms", "comment")

_words = st.from_regex(r"[A-Za-z0-9 ._-]{1,11}", fullmatch=True).filter(lambda word: word == word.strip())
_digits = st.from_regex(r"[0-9]{1,15}", fullmatch=True)
_plain_keys = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)
_cents = st.integers(-500, 50_000).map(lambda cents: Decimal(cents) / 100)
_times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda date: date.replace(microsecond=0))


class Values:
    """Strategies for the values of objects. If *wild*, they include values that some or all formats refuse."""

    def __init__(self, texts: st.SearchStrategy[str], wild: bool) -> None:
        """Take the strategy of texts that can be more than words."""
        self._wild = wild
        self._texts = st.one_of(_words, _digits, texts, st.sampled_from(_TEXTS)) if wild else _words | _digits
        self._keys = _plain_keys | st.sampled_from(_KEYS) | st.sampled_from(_TELLING) if wild else _plain_keys
        numbers = st.integers(0, 20) | st.integers(0, MAX_NUMBER)
        self._kinds: dict[str, st.SearchStrategy[Any]] = {
            "number": numbers | st.sampled_from(_NUMBERS) if wild else numbers,
            "money": _cents | st.sampled_from(_MONEY).map(Decimal) if wild else _cents,
            "date": _times | st.sampled_from(_DATES) if wild else _times,
            "text": self._texts,
        }

    def replies(self, endpoint: Endpoint[Any], fmt: Format | None, cls: Any = None) -> st.SearchStrategy[Any]:
        """Return replies of an endpoint, or of one of its classes, with fields that requests ask for in a format."""
        return st.one_of([self._reply(reply, endpoint, fmt) for reply in endpoint.replies if cls in (None, reply.cls)])

    def _reply(self, reply: Reply, endpoint: Endpoint[Any], fmt: Format | None) -> st.SearchStrategy[Any]:
        alike = [each for each in endpoint.replies if each.object is reply.object]
        obj = reply.object
        # A list has the fields of its records, and a record may be a reply of its own in other layouts.
        some = [reply] if fmt is Format.CSV else alike
        only: dict[str, list[str]] = {}
        for cell in (cell for each in alike for layout in each.csv for cell in layout.cells):
            if isinstance(cell, Only):
                only.setdefault(cell.name, []).append(cell.pattern)
        values = self._object(obj, views(obj, some, fmt), only, fmt)
        return st.lists(values, max_size=3).map(lambda found: reply.many(tuple(found))) if reply.many else values

    def _object(
        self, obj: Object, wanted: list[frozenset[str]], only: dict[str, list[str]], fmt: Format | None
    ) -> st.SearchStrategy[Any]:
        @st.composite
        def value(draw: st.DrawFn) -> Any:
            optional = [field.name for field in obj.fields if field.optional]
            names: Collection[str] = draw(st.sampled_from(wanted)) if wanted else ()
            if self._wild and optional:
                some = st.sets(st.sampled_from(optional), max_size=4)
                # Add a view that lacks one field, and any few fields.
                lacking = st.sampled_from(optional).map({*names}.difference) if len(names) > 4 else some
                names = draw(st.one_of(st.just({*names}), lacking, some))
            given = {field.name: draw(self._field(field, only, fmt)) for field in _present(obj, names, draw, fmt)}
            return obj.cls(**given, **draw(self._opened(obj, fmt)))

        return value()

    def _field(self, field: Field, only: dict[str, list[str]], fmt: Format | None) -> st.SearchStrategy[Any]:
        type_ = field.type
        if isinstance(type_, Many):
            inner = type_.object
            some = [Reply("", "", inner, csv=type_.csv)]
            inside: dict[str, list[str]] = {}
            for cell in (cell for layout in type_.csv for cell in layout.cells):
                if isinstance(cell, Only):
                    inside.setdefault(cell.name, []).append(cell.pattern)
            return st.lists(self._object(inner, views(inner, some, fmt), inside, fmt), max_size=2).map(tuple)
        if isinstance(type_, Several):
            return st.lists(self.scalar(type_.type), max_size=2).map(tuple)
        if type_.kind == "text" and field.name in only:
            patterns = [st.from_regex(pattern, fullmatch=True) for pattern in only[field.name]]
            return st.one_of([*patterns, self._texts] if self._wild else patterns)
        return self.scalar(type_)

    def scalar(self, type_: Type) -> st.SearchStrategy[Any]:
        """Return values of a type."""
        if type_.kind == "code":
            least = -9 if "-?" in type_.pattern else 0
            return st.sampled_from([*type_.enum]) | st.integers(least, 300).map(type_.enum)
        return self._kinds[type_.kind]

    def _opened(self, obj: Object, fmt: Format | None) -> st.SearchStrategy[dict[str, Any]]:
        rest = obj.open
        if rest is None or (fmt is Format.CSV and not self._wild):
            return st.just({})
        if isinstance(rest, Other):
            return st.fixed_dictionaries({rest.name: self._mapping(self._texts)})
        assert isinstance(rest, OpenMap)
        codes, texts = self._mapping(self.scalar(rest.code)), self._mapping(self._texts)
        return st.fixed_dictionaries({rest.codes: codes, rest.texts: texts})

    def _mapping(self, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.just(FrozenMapping.of({})) | st.dictionaries(self._keys, values, max_size=2).map(FrozenMapping.of)


def views(obj: Object, replies: Iterable[Reply], fmt: Format | None) -> list[frozenset[str]]:
    """Return the sets of fields that requests ask for: of the layouts of fmt=1, and of the formats' orders."""
    layouts = [layout.required for reply in replies for layout in reply.csv]
    if fmt is Format.CSV:
        return [*dict.fromkeys(layouts)]
    orders = [frozenset(order) for some in obj.orders.values() for order in some]
    found = dict.fromkeys([*layouts, *orders, frozenset(field.name for field in obj.fields)])
    if fmt is None:
        return [*found]
    has = {field.name for field in obj.fields if field.key(FORMATS[fmt]) is not None}
    return [*dict.fromkeys(names & has for names in found)]


def _present(obj: Object, names: Collection[str], draw: st.DrawFn, fmt: Format | None) -> list[Field]:
    """Return the fields of a value: the fields with these *names*, and all required ones."""
    lacking = {field.name for field in obj.fields if field.absent_in and fmt in (None, FORMATS.index(field.absent_in))}
    lacking = {name for name in lacking if draw(st.booleans())}
    return [field for field in obj.fields if field.name not in lacking and (field.name in names or not field.optional)]
