"""Objects of a caller that say that they are something else: they are written as what they are, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from msgspec.structs import force_setattr

from smsc_codec import (
    Balance,
    Codec,
    EncodeError,
    Format,
    FrozenMapping,
    Sender,
    SenderList,
    decode,
    encode,
)
from smsc_codec.endpoints import balance, get, senders
from smsc_codec.endpoints.get import IncomingList, IncomingMessage, MegaAccount, MegaAccountList

COUNTS = [1, 2, 17, 40]
WITH_KEYS = [Format.TEXT, Format.XML, Format.JSON]


class Equal(type):
    """Classes that say that they are equal to any other."""

    def __eq__(cls, other: object) -> bool:
        return True

    __hash__ = type.__hash__


class Disguise(str, metaclass=Equal):
    def __format__(self, spec: str) -> str:
        return "EVIL"

    def __str__(self) -> str:
        return "EVIL"

    def __repr__(self) -> str:
        return "'EVIL'"


class Name(str, Enum):
    FIRST = "B"

    def __format__(self, spec: str) -> str:
        return "EVIL"


class Money(Decimal):
    """An amount that writes itself with two digits behind the point."""

    def __format__(self, spec: str, context: Any = None, /) -> str:
        return format(self.quantize(Decimal("0.01")), spec)

    def __str__(self) -> str:
        return "7"

    def is_finite(self) -> bool:
        return True


class Moment(datetime):
    @property
    def second(self) -> int:
        return 7


class Posing:
    """Something that says that it is of a class, and behaves like a value of it."""

    def __init__(self, cls: type, value: Any) -> None:
        self._cls, self._value = cls, value

    @property
    def __class__(self) -> Any:
        return self._cls

    @__class__.setter
    def __class__(self, cls: Any) -> None:
        raise TypeError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)

    def __format__(self, spec: str) -> str:
        return format(self._value, spec)

    def __str__(self) -> str:
        return str(self._value)

    def __le__(self, other: Any) -> bool:
        return bool(self._value <= other)

    def __ge__(self, other: Any) -> bool:
        return bool(self._value >= other)

    def __len__(self) -> int:
        return len(self._value)


def repeated(record: Any, count: int, good: Any) -> Iterator[tuple[Any, ...]]:
    """Yield lists of a record: alone, everywhere, and behind good ones."""
    yield (record,) * count
    yield (*[good] * (count - 1), record)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("name", [Disguise("B"), Name.FIRST], ids=["metaclass", "enum"])
def test_names(name: str, fmt: Format, count: int) -> None:
    for records in repeated(Sender(name, 1), count, Sender("B", 1)):
        assert encode(SenderList(records), fmt=fmt) == encode(SenderList((Sender("B", 1),) * count), fmt=fmt)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("fmt", WITH_KEYS)
def test_keys_and_texts_of_open_keys(fmt: Format, count: int) -> None:
    """Nothing of them stays for later replies either."""
    key = f"foo{fmt:d}{count}"
    plain = Sender("A", replacements={key: "x"})
    strange: dict[Any, str] = {Disguise(key): "x"}
    mappings: list[Any] = [strange, FrozenMapping.of(strange), {key: Disguise("x")}]
    mappings += [FrozenMapping((Disguise(key),), ("x",)), FrozenMapping((key,), (Disguise("x"),))]
    disguised = [encode(SenderList((Sender("A", replacements=each),) * count), fmt=fmt) for each in mappings]
    accounts = MegaAccountList((MegaAccount({key: Disguise("x")}),) * count)
    assert encode(accounts, fmt=fmt) == encode(MegaAccountList((MegaAccount({key: "x"}),) * count), fmt=fmt)
    body = encode(SenderList((plain,) * count), fmt=fmt)
    assert b"EVIL" not in body
    assert {*disguised} == {body}
    found: Any = decode(body, fmt=fmt, expect=SenderList)
    assert found == SenderList((plain,) * count)
    assert {type(each) for record in found for each in record.replacements} == {str}


@pytest.mark.parametrize("fmt", Format)
def test_amounts(fmt: Format) -> None:
    body = encode(Balance(Decimal("1.504")), fmt=fmt)
    assert encode(Balance(Money("1.504")), fmt=fmt) == body
    with pytest.raises(EncodeError):
        encode(Balance(Money("NaN")), fmt=fmt)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("fmt", Format)
def test_dates(fmt: Format, count: int) -> None:
    plain, own = datetime(2026, 1, 2, 3, 4, 5), Moment(2026, 1, 2, 3, 4, 5)
    good, disguised = (
        IncomingMessage(id=1, phone="7", to_phone="8", received=when, sent=plain, message="x") for when in (plain, own)
    )
    body = encode(IncomingList((good,) * count), fmt=fmt)
    for records in repeated(disguised, count, good):
        assert encode(IncomingList(records), fmt=fmt) == body


def refused(reply: Any, fmt: Format, codec: Codec[Any]) -> None:
    for write in (encode, codec.encode):
        with pytest.raises(EncodeError):
            write(reply, fmt=fmt)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("fmt", Format)
def test_what_says_that_it_is_a_number_or_a_record(fmt: Format, count: int) -> None:
    good, wrong = Sender("A", 1), Sender("A", 1)
    force_setattr(wrong, "id", Posing(int, 1))
    for record in (wrong, Posing(Sender, good)):
        for records in repeated(record, count, good):
            reply = SenderList((good,))
            force_setattr(reply, "senders", records)
            refused(reply, fmt, Codec(senders.CODEC.endpoint))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("fmt", Format)
def test_what_says_that_it_is_an_amount_or_a_date(fmt: Format, count: int) -> None:
    amount = Balance(Decimal(1))
    force_setattr(amount, "balance", Posing(Decimal, Decimal(1)))
    refused(amount, fmt, Codec(balance.CODEC.endpoint))
    now = datetime(2026, 1, 2, 3, 4, 5)
    good, wrong = (IncomingMessage(id=1, phone="7", to_phone="8", received=now, sent=now, message="x") for _ in "ab")
    force_setattr(wrong, "received", Posing(datetime, now))
    for records in repeated(wrong, count, good):
        refused(IncomingList(records), fmt, Codec(get.CODEC.endpoint))


class Unequal(str):
    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = str.__hash__


class Endless(str):
    def __len__(self) -> int:
        raise RuntimeError

    __hash__ = str.__hash__


class Once(dict[Any, Any]):
    """A mapping that can be looked through a few times only."""

    def __init__(self, times: int) -> None:
        super().__init__({"foo": "x"})
        self.times = times

    def __iter__(self) -> Iterator[Any]:
        self.times -= 1
        if self.times < 0:
            raise RuntimeError
        return super().__iter__()


def hashed_once(times: int) -> str:
    class Hashed(str):
        left = times

        def __hash__(self) -> int:
            Hashed.left -= 1
            if Hashed.left < 0:
                raise RuntimeError
            return str.__hash__(self)

    return Hashed("foo")


RAISING: list[Callable[[], Any]] = [
    lambda: {Unequal("foo"): "x"},
    lambda: {Unequal("mts"): "x"},
    lambda: {Endless("foo"): "x"},
    *[lambda times=times: Once(times) for times in range(8)],
    *[lambda times=times: {hashed_once(times): "x"} for times in range(1, 8)],
]


@pytest.mark.parametrize("fmt", WITH_KEYS)
@pytest.mark.parametrize("number", range(len(RAISING)))
def test_keys_that_raise(number: int, fmt: Format) -> None:
    """They raise nothing of their own, and a later reply with the same key does not know them."""
    for mapping in (RAISING[number](), frozen(RAISING[number]())):
        sender = Sender("A")
        force_setattr(sender, "replacements", mapping)
        for _ in range(2):
            with suppress(EncodeError):
                encode(SenderList((sender,)), fmt=fmt)
    honest = SenderList((Sender("A", replacements={"foo": "y"}),))
    assert decode(encode(honest, fmt=fmt), fmt=fmt, expect=SenderList) == honest
    assert decode(encode(honest, fmt=fmt), fmt=fmt) == honest


def frozen(items: Any) -> Any:
    """Return a mapping of ours with the keys of another one, or that one if it cannot be looked through."""
    try:
        return FrozenMapping(tuple(items), ("x",))
    except RuntimeError:
        return items
