"""What is kept of a list, so that its names are looked at once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from msgspec.structs import force_setattr, replace

from smsc_codec import (
    Codec,
    EncodeError,
    Format,
    FrozenMapping,
    Limits,
    OperatorStatus,
    Sender,
    SenderList,
    SenderStatus,
    encode,
)
from smsc_codec._forms import Listing
from smsc_codec._generated import Attributes
from smsc_codec._lists import _KEPT, _MANY
from smsc_codec._values import NAME
from smsc_codec.endpoints.senders import LIST, SENDERS

from .fuzz.targets import outcome
from .test_lanes import NORMAL

OPERATORS: Any = FrozenMapping.of({"mts_step": OperatorStatus.APPROVED})
NAMES = ("a name", "a name and an id", "a status", "a status of three digits", "letters of another alphabet")
KINDS = {name: NORMAL[name] for name in NAMES}
OTHERS: dict[str, Callable[[int], Sender]] = {
    "operators": lambda n: Sender(f"N{n}", n, None, OPERATORS),
    "some with operators": lambda n: Sender(f"N{n}", n, None, OPERATORS) if n % 2 else Sender(f"N{n}", n),
    "some with a status": lambda n: Sender(f"N{n}", n, SenderStatus.ALLOWED if n % 2 else None),
}
CARRIED = [(kind, fmt) for kind in KINDS for fmt in Format if fmt is not Format.CSV or kind != "a name"]


def names(kind: str, count: int = _MANY) -> SenderList:
    return SenderList(tuple(map((KINDS | OTHERS)[kind], range(1, count + 1))))


def known(reply: Any) -> set[str] | None:
    kept = vars(reply).get(_KEPT)
    return None if kept is None else set(kept.attributes)


def read_again(body: bytes, fmt: int) -> Any:
    """The reply as the fast lane reads it, for which the first one teaches it a shape."""
    codec = Codec(SENDERS)
    return [codec.decode(body, fmt=fmt) for _ in range(2)][1]


def written_unseen(reply: SenderList, fmt: int) -> bytes:
    with patch.object(Attributes, "given", side_effect=AssertionError("looked at again")):
        return encode(reply, fmt=fmt)


@pytest.mark.parametrize(("kind", "fmt"), CARRIED)
def test_what_was_read_or_written_is_not_looked_at_again(kind: str, fmt: Format) -> None:
    made = names(kind)
    assert known(made) is None
    body = encode(made, fmt=fmt)
    first = made.senders[0]
    given = {name for name in ("name", "id", "status") if getattr(first, name) is not None}
    for reply in (made, read_again(body, fmt)):
        assert known(reply) == given
        for other in Format:
            if (kind, other) in CARRIED:
                assert written_unseen(reply, other) == encode(names(kind), fmt=other)


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_nothing_is_known_where_there_is_more_to_see(kind: str, fmt: Format) -> None:
    made = names(kind)
    read = read_again(encode(made, fmt=fmt), fmt)
    assert read == made
    assert known(made) is None and known(read) is None
    assert encode(read, fmt=fmt) == encode(made, fmt=fmt)


def test_nothing_is_kept_of_a_few() -> None:
    made = names("a status", _MANY - 1)
    read = read_again(encode(made, fmt=1), 1)
    assert known(made) is None and known(read) is None


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, replace, lambda reply: pickle.loads(pickle.dumps(reply))],
    ids=["copy", "deepcopy", "replace", "pickle"],
)
def test_copies_know_nothing_and_are_equal(copied: Callable[[SenderList], SenderList]) -> None:
    made = names("a status")
    encode(made, fmt=0)
    other = copied(made)
    assert known(made) and known(other) is None
    assert (other, hash(other), repr(other)) == (made, hash(made), repr(made))
    assert _KEPT not in repr(made)


def test_nothing_is_known_of_what_lark_has_read() -> None:
    """A long line is read by itself, and may have other fields."""
    body = b"\n".join(
        [*(b"name = N%d, id = %d" % (n, n) for n in range(_MANY)), b"name = %s, status = 1" % (b"x" * 9000)]
    )
    read = read_again(body, 0)
    assert encode(read, fmt=0) == body and known(read) is None


class Text(str):
    """A string of a class of somebody's own."""


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("key", ["\ud800", "a\ud800", "sender", "name", "id", "", "a b", "x" * 70_000])
def test_odd_keys_are_looked_at(key: str, fmt: Format) -> None:
    classes: list[Any] = [FrozenMapping.of, dict, MappingProxyType]
    lists = [(Sender("A", 1, operators=mapping({key: OperatorStatus.APPROVED})),) * _MANY for mapping in classes]
    ours, plain, other = (outcome(encode, SenderList(senders), fmt=fmt) for senders in lists)
    assert ours == plain == other


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("odd", ["", "\ud800", Text("X"), 5, None, "7", "A, id = 5", "x" * 70_000])
def test_odd_names_of_replacements_are_looked_at(odd: Any, fmt: Format) -> None:
    classes: list[Any] = [FrozenMapping.of, MappingProxyType]
    lists = [
        [Sender("A", 1, None, replacements=mapping({"mts_step": text})) for text in ["B"] * _MANY + [odd]]
        for mapping in classes
    ]
    ours, other = (outcome(encode, SenderList(tuple(senders)), fmt=fmt) for senders in lists)
    assert ours == other
    assert isinstance(ours, str) is (odd != "X" and (odd != "A, id = 5" or fmt == 0))


def test_what_a_format_cannot_carry_is_refused_as_before() -> None:
    senders = (*names("a name and an id").senders, Sender("A, B", 5))
    made = SenderList(senders)
    encode(made, fmt=3)
    for fmt in (Format.TEXT, Format.CSV):
        with pytest.raises(EncodeError) as expected:
            encode(SenderList(senders), fmt=fmt)
        with pytest.raises(EncodeError) as found:
            encode(made, fmt=fmt)
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("fmt", Format)
def test_limits_are_those_of_each_call(fmt: Format) -> None:
    made = names("a status")
    encode(made, fmt=fmt)
    with pytest.raises(EncodeError, match="at most 2 characters, found 3"):
        encode(made, fmt=fmt, limits=Limits(text=2))
    with pytest.raises(EncodeError, match="at most 1 digits, found 2"):
        encode(made, fmt=fmt, limits=Limits(digits=1))


def test_records_that_somebody_puts_there_by_force_are_looked_at() -> None:
    made = names("a status")
    encode(made, fmt=1)
    others: Any = (Sender("A", 7), *[Sender(5, 7)] * _MANY)  # type: ignore[arg-type]
    force_setattr(made, "senders", others)
    with pytest.raises(EncodeError, match=r"^senders\[1\]\.name: expected a name"):
        encode(made, fmt=1)


def test_an_attribute_that_somebody_deletes_is_missed() -> None:
    made = names("a status")
    encode(made, fmt=1)
    Sender.__dict__["name"].__delete__(made.senders[3])
    with pytest.raises(EncodeError, match=r"^senders\[3\]\.name: "):
        encode(made, fmt=1)


def test_a_field_without_a_place_in_a_format_is_refused_there_and_not_forgotten() -> None:
    ours = replace(LIST, text=replace(LIST.text, head=(("name", "name"),)))
    codec = Codec(replace(SENDERS, forms=(*SENDERS.forms[:-1], ours)))
    made, without = names("a status"), names("a name and an id")
    assert codec.encode(without, fmt=0) == encode(without, fmt=0)
    for _ in range(2):
        with pytest.raises(EncodeError, match=r"^senders\[0\]\.status: this format has no place for it"):
            codec.encode(made, fmt=0)
        assert codec.encode(made, fmt=3) == encode(names("a status"), fmt=3)


class Loose(msgspec.Struct, dict=True):
    """A reply that can change."""

    senders: Any = ()


class Bare(msgspec.Struct, frozen=True):
    """A reply without a dictionary."""

    senders: Any = ()


class LooseSender(msgspec.Struct):
    """A name that can change."""

    name: str
    id: int | None = None
    status: SenderStatus | None = None
    operators: Any = FrozenMapping()
    replacements: Any = FrozenMapping()


@pytest.mark.parametrize(
    "form",
    [
        replace(LIST, cls=Loose),
        replace(LIST, cls=Bare),
        replace(LIST, record=replace(LIST.record, cls=LooseSender)),
        replace(LIST, cls=lambda senders=(): SenderList(senders)),
    ],
    ids=["a list", "no dictionary", "names", "no class"],
)
def test_nothing_is_kept_of_what_can_change(form: Listing) -> None:
    codec = Codec(replace(SENDERS, forms=(*SENDERS.forms[:-1], form)))
    body = encode(names("a status"), fmt=3)
    for _ in range(2):
        reply: Any = codec.decode(body, fmt=3)
        if form.cls in (Loose, Bare, SenderList):
            assert codec.encode(reply, fmt=3) == body
        assert _KEPT not in getattr(reply, "__dict__", {})


def test_what_one_endpoint_knows_another_may_not_allow() -> None:
    """The class is the same, and what its names may be is not."""
    name, *others = LIST.record.fields
    ours = replace(LIST, record=replace(LIST.record, fields=(replace(name, type=replace(NAME, least=0)), *others)))
    codec = Codec(replace(SENDERS, forms=(*SENDERS.forms[:-1], ours)))
    made = SenderList(tuple(Sender("", number) for number in range(_MANY)))
    codec.encode(made, fmt=1)
    assert known(made) == {"name", "id"}
    with pytest.raises(EncodeError, match=r"^senders\[0\]\.name: expected a name of at least one character"):
        encode(made, fmt=1)
