"""Values and bodies of any endpoint, made of its declaration: the laws hold for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from smsc_codec import Codec, EncodeError, ErrorReply, Format
from smsc_codec.declare import Const, Endpoint, Field, Many, Maybe, Object, Only, OpenMap, Other, Reply, Type
from smsc_codec.endpoints import balance, info, send, senders, status
from smsc_codec.mapping import FrozenMapping
from smsc_codec.model import MAX_NUMBER
from smsc_codec.testing import strategies as our

from .lanes import SlowCodec


class Known(NamedTuple):
    """An endpoint, its codec, and the same without fast lanes."""

    codec: Codec[Any]
    slow: Codec[Any]

    @property
    def endpoint(self) -> Endpoint[Any]:
        return self.codec.endpoint

    def __repr__(self) -> str:
        return self.endpoint.name


CODECS: tuple[Codec[Any], ...] = (senders.CODEC, send.CODEC, status.CODEC, balance.CODEC, info.CODEC)
KNOWN = [Known(codec, SlowCodec(codec.endpoint)) for codec in CODECS]

_TEXTS = st.one_of(
    st.from_regex(r"[A-Za-z0-9 ._-]{1,11}", fullmatch=True),
    st.from_regex(r"[0-9]{1,15}", fullmatch=True),
    st.sampled_from(our.LOOK_ALIKES),
    # What the fields behind a text look like, and cells that tell a layout.
    st.sampled_from(["hi", "a, b", "x, type = 0", "b, comment = c", "x, ID = 5", "HLR", "-3", "123456", "Россия", "0"]),
    st.sampled_from(["\nStatus = 1", "a\nb", "phone = 7", "a, phone = 7", "250012345678901", "5,0,13", "RUR", "-7"]),
    st.text(max_size=6),
)
_MONEY = st.one_of(
    st.sampled_from(["0", "0.40", "15.00", "-2.5", "123456", "0.0000001", "1E+3", "NaN", "1e-7", "-0", "1" * 16]),
    st.integers(-5, 500).map(lambda cents: f"{cents}.5"),
).map(Decimal)
_DATES = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda date: date.replace(microsecond=0)),
    st.sampled_from([datetime(2024, 5, 17, microsecond=5), datetime(2024, 5, 17, tzinfo=timezone(timedelta(hours=3)))]),
)
_NUMBERS = st.integers(0, 20) | st.integers(0, MAX_NUMBER) | st.sampled_from([1286524541, -1, 10**18, True])
_KEYS = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True) | st.sampled_from(
    ["id", "name", "status", "sender", "phone", "message", "", "a b", "ключ", "x:y", 'q"']
)


@cache
def _scalars(type_: Type) -> st.SearchStrategy[Any]:
    if type_.kind == "code":
        least = -9 if "-?" in type_.pattern else 0
        return st.sampled_from([*type_.enum]) | st.integers(least, 300).map(type_.enum)
    return {"number": _NUMBERS, "money": _MONEY, "date": _DATES, "text": _TEXTS}[type_.kind]


def _spellings(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True) | _TEXTS


def _views(obj: Object, replies: list[Reply]) -> list[frozenset[str]]:
    """Return the sets of fields that requests ask for: those of the layouts of fmt=1, and of the formats' orders."""
    layouts = [layout.required for reply in replies for layout in reply.csv]
    orders = [frozenset(order) for some in obj.orders.values() for order in some]
    return [*dict.fromkeys([*layouts, *orders, frozenset(field.name for field in obj.fields)])]


@st.composite
def _values(draw: st.DrawFn, obj: Object, views: list[frozenset[str]], only: dict[str, list[str]]) -> Any:
    optional = [field.name for field in obj.fields if field.optional]
    if not obj.members:
        return obj.cls()
    wanted = draw(st.sampled_from(views) | st.sets(st.sampled_from(optional or [""]), max_size=4))
    given: dict[str, Any] = {}
    for field in obj.fields:
        if (field.optional and field.name not in wanted) or (field.absent_in and draw(st.booleans())):
            continue
        if isinstance(field.type, Many):
            inner = field.type.object
            some = _values(inner, [*(layout.required for layout in field.type.csv), frozenset()], {})
            given[field.name] = tuple(draw(st.lists(some, max_size=2)))
        else:
            found = _scalars(field.type)
            if field.type.kind == "text" and field.name in only:
                found = st.one_of([*map(_spellings, only[field.name])])
            given[field.name] = draw(found)
    return obj.cls(**given, **draw(_opened(obj)))


def _opened(obj: Object) -> st.SearchStrategy[dict[str, Any]]:
    rest = obj.open
    if rest is None:
        return st.just({})
    if isinstance(rest, Other):
        mapping = st.dictionaries(_KEYS, _TEXTS, max_size=2)
        return st.fixed_dictionaries({rest.name: st.just(FrozenMapping.of({})) | mapping.map(_frozen)})
    assert isinstance(rest, OpenMap)
    codes = st.dictionaries(_KEYS, _scalars(rest.code), max_size=2).map(_frozen)
    texts = st.dictionaries(_KEYS, _TEXTS, max_size=2).map(_frozen)
    return st.fixed_dictionaries({rest.codes: codes, rest.texts: texts})


def _frozen(items: dict[str, Any]) -> Any:
    return FrozenMapping.of(items)


@cache
def replies_of(known: Known) -> st.SearchStrategy[Any]:
    """Replies of an endpoint, from what every format carries to what none does."""
    return st.one_of([_replies(reply, known.endpoint) for reply in known.endpoint.replies])


def _replies(reply: Reply, endpoint: Endpoint[Any]) -> st.SearchStrategy[Any]:
    alike = [each for each in endpoint.replies if each.object is reply.object]
    only: dict[str, list[str]] = {}
    for cell in (cell for each in alike for layout in each.csv for cell in layout.cells):
        if isinstance(cell, Only):
            only.setdefault(cell.name, []).append(cell.pattern)
    values = _values(reply.object, _views(reply.object, alike), only)
    return st.lists(values, max_size=3).map(lambda some: reply.many(tuple(some))) if reply.many else values


@cache
def canonical_of(known: Known) -> st.SearchStrategy[bytes]:
    """What an endpoint's replies are written as, in any format that carries them."""

    def bodies(reply: Any) -> st.SearchStrategy[bytes]:
        found = [body for fmt in Format if (body := written(known.codec, reply, fmt)) is not None]
        return st.sampled_from(found or [b""])

    return replies_of(known).flatmap(bodies)


@cache
def bodies_of(known: Known) -> st.SearchStrategy[bytes]:
    """Bodies of an endpoint as they are and mistreated, with those of all others among them."""
    whole = canonical_of(known)
    return st.one_of(whole, our.damaged(whole), our.damaged(whole), our.bodies(), our.noise())


def written(codec: Codec[Any], reply: Any, fmt: int) -> bytes | None:
    """What a reply is written as, None if the format does not carry it."""
    try:
        return codec.encode(reply, fmt=fmt)
    except EncodeError:
        return None


@cache
def expected_of(known: Known) -> list[Any]:
    """What a caller of an endpoint can expect: nothing, each of its classes, and all of them."""
    classes = [reply.cls for reply in known.endpoint.own]
    union: Any = ErrorReply
    for cls in classes:
        union |= cls
    return [None, *classes, union]


def fields_of(obj: Object) -> Iterator[tuple[Field, Object]]:
    """All fields of an object, and of the objects in it."""
    for field in obj.fields:
        yield field, obj
        if isinstance(field.type, Many):
            yield from fields_of(field.type.object)


def is_lossy(cell: Any) -> bool:
    """Whether a cell of fmt=1 has no text of its own in a value."""
    return isinstance(cell, (Const, Maybe))


With = Callable[[Known], st.SearchStrategy[Any]]


def with_known(make: With) -> st.SearchStrategy[tuple[Known, Any]]:
    """An endpoint, and what *make* gives for it."""
    return st.sampled_from(KNOWN).flatmap(lambda known: make(known).map(lambda value: (known, value)))
