"""What the writers of lists look at: each name, each time it is written."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import copy, deepcopy
from itertools import repeat
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from msgspec.structs import force_setattr, replace

from smsc_codec import (
    Codec,
    EncodeError,
    ErrorReply,
    Format,
    FrozenMapping,
    Limits,
    OperatorStatus,
    Sender,
    SenderList,
    SenderStatus,
    decode,
    encode,
)
from smsc_codec._rows.source import Fallback
from smsc_codec.declare import TEXT, Field, Object, Reply
from smsc_codec.endpoints.senders import LIST, SENDER, SENDERS

from .fuzz.targets import outcome
from .test_lanes import NORMAL

MANY = 20


def names(kind: str, count: int = MANY) -> SenderList:
    return SenderList(tuple(map(NORMAL[kind], range(1, count + 1))))


def codec_of(reply: Reply) -> Codec[Any]:
    """Return a codec with another declaration of the list."""
    return Codec(replace(SENDERS, own=(*SENDERS.own[:-1], reply)))


class Text(str):
    """A string of a class of somebody's own."""


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("key", ["\ud800", "a\ud800", "sender", "name", "id", "", "a b", "x" * 70_000])
def test_unusual_keys_are_looked_at(key: str, fmt: Format) -> None:
    classes: list[Any] = [FrozenMapping.of, dict, MappingProxyType]
    lists = [(Sender("A", 1, operators=mapping({key: OperatorStatus.APPROVED})),) * MANY for mapping in classes]
    ours, plain, other = (outcome(encode, SenderList(senders), fmt=fmt) for senders in lists)
    assert ours == plain == other


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("odd", ["", "\ud800", Text("X"), 5, None, "7", "A, id = 5", "x" * 70_000])
def test_unusual_names_of_replacements_are_looked_at(odd: Any, fmt: Format) -> None:
    classes: list[Any] = [FrozenMapping.of, MappingProxyType]
    lists = [
        [Sender("A", 1, None, replacements=mapping({"mts_step": text})) for text in ["B"] * MANY + [odd]]
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
    others: Any = (Sender("A", 7), *[Sender(5, 7)] * MANY)  # type: ignore[arg-type]
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
    members = tuple(
        replace(member, text=None) if isinstance(member, Field) and member.name == "status" else member
        for member in SENDER.members
    )
    codec = codec_of(replace(LIST, object=replace(SENDER, members=members)))
    made, without = names("a status"), names("a name and an id")
    assert codec.encode(without, fmt=0) == encode(without, fmt=0)
    for _ in range(2):
        with pytest.raises(EncodeError, match=r"^senders\[0\]\.status: the text format has no place for it"):
            codec.encode(made, fmt=0)
        assert codec.encode(made, fmt=3) == encode(made, fmt=3)


class Loose(msgspec.Struct, dict=True):
    """A reply that can change."""

    senders: Any = ()


class LooseSender(msgspec.Struct):
    """A name that can change."""

    name: str
    id: int | None = None
    status: SenderStatus | None = None
    operators: Any = FrozenMapping()
    replacements: Any = FrozenMapping()


LOOSE: dict[str, Callable[[], Reply]] = {
    "a list": lambda: replace(LIST, many=Loose),
    "names": lambda: replace(LIST, object=Object(LooseSender, SENDER.members)),
}


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("kind", LOOSE)
def test_what_can_change_is_written_as_it_is(kind: str, fmt: Format) -> None:
    codec = codec_of(LOOSE[kind]())
    body = encode(names("a status"), fmt=fmt)
    reply: Any = codec.decode(body, fmt=fmt)
    assert codec.encode(reply, fmt=fmt) == body
    if kind == "names":
        reply.senders[0].name = "B"
    else:
        reply.senders = (replace(reply.senders[0], name="B"), *reply.senders[1:])
    assert codec.encode(reply, fmt=fmt) == body.replace(b"N1", b"B", 1)


def test_what_one_endpoint_allows_another_may_not() -> None:
    """The class is the same, and what its names may be is not."""
    name, *others = SENDER.members
    assert isinstance(name, Field)
    codec = codec_of(replace(LIST, object=replace(SENDER, members=(replace(name, type=TEXT), *others))))
    made = SenderList(tuple(Sender("", number) for number in range(MANY)))
    assert codec.decode(codec.encode(made, fmt=1), fmt=1) == made
    with pytest.raises(EncodeError, match=r"^senders\[0\]\.name: expected a name of at least one character"):
        encode(made, fmt=1)


class Shouting(str):
    """A text that says something else of itself."""

    def __format__(self, spec: str) -> str:
        return "LOUD"

    __str__ = __repr__ = lambda self: "LOUD"


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("reply", [ErrorReply(2, Shouting("low")), SenderList((Sender(Shouting("low"), 1),))])
def test_texts_are_written_as_they_are(reply: Any, fmt: Format) -> None:
    for _ in range(2):
        body = encode(reply, fmt=fmt)
        assert b"low" in body and b"LOUD" not in body


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("count", [1, 2, 20])
def test_half_a_surrogate_pair_is_named(fmt: Format, count: int) -> None:
    senders = [Sender("A", number) for number in range(count)]
    senders[-1] = Sender("A\ud800", 5)
    with pytest.raises(EncodeError, match=rf"^senders\[{count - 1}\]\.name: expected a name of at least one character"):
        encode(SenderList(tuple(senders)), fmt=fmt)
    if fmt is not Format.CSV:
        with pytest.raises(EncodeError, match=r"^description: expected text"):
            encode(ErrorReply(2, "\ud800"), fmt=fmt)


def digits(fmt: Format, count: int) -> Any:
    """Return a list whose codes are read as digits."""
    some: Any = [FrozenMapping.of({"mega_step": OperatorStatus(n % 4), "new": OperatorStatus(9)}) for n in range(count)]
    reply: Any = decode(encode(SenderList(tuple([Sender("A", 5, operators=each) for each in some])), fmt=fmt), fmt=fmt)
    assert type(reply[0].operators) is not FrozenMapping
    return reply


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_codes_that_are_digits_are_a_mapping_like_any_other(fmt: Format) -> None:
    mapping = digits(fmt, 300).senders[2].operators
    plain: Any = FrozenMapping.of({"mega_step": OperatorStatus(2), "new": OperatorStatus(9)})
    assert isinstance(mapping, FrozenMapping) and mapping == plain and plain == mapping and mapping == dict(plain)
    assert mapping != FrozenMapping.of({"mega_step": OperatorStatus(3), "new": OperatorStatus(9)})
    assert hash(mapping) == hash(plain) and repr(mapping) == repr(plain)
    assert [*mapping.values()] == [*plain.values()] and [*mapping.items()] == [*plain.items()]
    assert mapping["mega_step"] is OperatorStatus(2) and mapping.get("new") is OperatorStatus(9)
    with pytest.raises(KeyError, match="old"):
        mapping["old"]
    for again in (pickle.loads(pickle.dumps(mapping)), copy(mapping), deepcopy(mapping)):
        assert again == mapping and hash(again) == hash(mapping)
    assert msgspec.to_builtins(mapping) == {"keys": ("mega_step", "new"), "values": "29"}


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_digits_and_codes_are_written_alike(fmt: Format) -> None:
    read = digits(fmt, 300).senders
    plain = [replace(each, operators=FrozenMapping.of(each.operators.items())) for each in read]
    by_turns = [one if number % 2 else other for number, (one, other) in enumerate(zip(read, plain))]
    written = encode(SenderList(tuple(plain)), fmt=fmt)
    assert encode(SenderList(tuple(read)), fmt=fmt) == encode(SenderList(tuple(by_turns)), fmt=fmt) == written


@pytest.mark.parametrize("wrong", ["٣٣", "3", "333", "3x", 33])
@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_what_are_not_digits_is_refused(fmt: Format, count: int, wrong: Any) -> None:
    (*senders, last) = digits(fmt, 300).senders[:count]
    broken: Any = type(digits(fmt, 300).senders[0].operators)(("mega_step", "new"), wrong)
    for some in ([*senders, last], senders, []):
        with pytest.raises(EncodeError, match="operators"):
            encode(SenderList((*some, replace(last, operators=broken))), fmt=fmt)


class Endless(dict[str, Any]):
    """A mapping whose keys have no end."""

    def __iter__(self) -> Any:
        return repeat("mega_step")

    def keys(self) -> Any:
        return repeat("mega_step")


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_a_short_list_does_not_wait_for_keys_without_end(fmt: Format) -> None:
    write = codec_of(LIST)._format(fmt).write_at_once[id(SenderList)]
    with pytest.raises(Fallback):
        write(SenderList((Sender("A", 1, operators=Endless()),)))
