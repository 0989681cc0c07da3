"""Cells of fmt=1 that say 0 where a value is missing: compiled writers write them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from smsc_codec import Codec, DeliveryError, EncodeError, FrozenMapping, MessageState
from smsc_codec.declare import DATE, ID, MONEY, TEXT, Endpoint, Field, Layout, Maybe, Object, Reply, Type, code
from smsc_codec.endpoints.phones import CODEC, Group, GroupList
from smsc_codec.endpoints.status import CODEC as STATUS
from smsc_codec.endpoints.status import Message, StatusList
from smsc_codec.formats.reader import FormatReader

from .test_endpoint import GRAMMARS

STATE = code(MessageState, "a state")
VALUES: list[tuple[Type, list[tuple[Any, str]], list[Any]]] = [
    (ID, [(5, "5"), (None, "0"), (10**17, f"1{'0' * 17}")], [0]),
    (STATE, [(MessageState.DELIVERED, "1"), (None, "0"), (MessageState(7), "7")], [MessageState(0)]),
    (MONEY, [(Decimal("1.40"), "1.40"), (None, "0"), (Decimal("0.00"), "0.00")], [Decimal(0)]),
    (DATE, [(datetime(2024, 1, 2, 3, 4, 5), "02.01.2024 03:04:05"), (None, "0")], []),
    (TEXT, [("a", "a"), (None, "0"), ("00", "00")], ["", "0"]),
]


def codec_of(type_: Type, many: Any, one: Any) -> Codec[Any]:
    fields = (Field("id", ID), Field("part", type_, optional=True, text=None))
    csv = (Layout(("id", Maybe("part"), "id2")),)
    obj = Object(one, (*fields, Field("id2", ID, text=None)))
    reply = Reply("group", "groups", obj, many=many, item="group", rule="group", csv=csv, xml=("groups",))
    return Codec(Endpoint("groups.php", str(GRAMMARS / "groups.lark"), (reply,)))


def without_careful_writer() -> Any:
    return patch.object(FormatReader, "write_carefully", side_effect=AssertionError)


@pytest.mark.parametrize(("type_", "fine", "blank"), VALUES, ids=lambda each: getattr(each, "kind", ""))
def test_values_and_the_lack_of_them(type_: Type, fine: list[tuple[Any, str]], blank: list[Any]) -> None:
    one: Any = msgspec.defstruct("One", [("id", int), ("part", Any, None), ("id2", int, 7)], frozen=True)
    many: Any = msgspec.defstruct("Several", [("ones", tuple, ())], frozen=True)
    codec = codec_of(type_, many, one)
    reply = many(tuple(one(number, value) for number, (value, _) in enumerate(fine * 2)))
    body = "\n".join(f"{number},{text},7" for number, (_, text) in enumerate(fine * 2))
    with without_careful_writer():
        assert codec.encode(reply, fmt=1) == body.encode()
        assert codec.encode(many(reply.ones[:1]), fmt=1) == body.partition("\n")[0].encode()
    assert codec.decode(body, fmt=1) == reply
    for value in blank:
        for records in ((one(1, value),), (one(1, value), one(2, fine[0][0])), (one(1, fine[0][0]), one(2, value))):
            with pytest.raises(EncodeError, match="means that there is none") as caught:
                codec.encode(many(records), fmt=1)
            assert caught.value.path == f"ones[{[each.part for each in records].index(value)}].part"


def test_groups_with_and_without_a_number() -> None:
    reply = GroupList(tuple(Group(number, "A", 1234 if number % 2 else None, 2) for number in range(1, 9)))
    with without_careful_writer():
        body = CODEC.encode(reply, fmt=1)
    assert body.startswith(b"1,A,1234,2\n2,A,0,2\n")
    assert CODEC.decode(body, fmt=1, expect=GroupList) == reply
    other: Any = FrozenMapping.of({"a": "b"})
    with pytest.raises(EncodeError, match="no place for it"):
        CODEC.encode(GroupList((Group(1, "A", 1, 2, other),)), fmt=1)


def test_a_line_of_another_kind_is_left_to_the_careful_writer() -> None:
    """What says that a message was not found has a layout of its own, and needs no values that others need."""
    known = Message(MessageState.DELIVERED, last_timestamp=5, err=DeliveryError(0), id=138, phone="79")
    unknown = Message(MessageState.NOT_FOUND, id=139, phone="79")
    reply = StatusList((known, unknown, known))
    body = STATUS.encode(reply, fmt=1)
    assert body == b"1,5,0,138,79\n-3,0,0,139,79\n1,5,0,138,79"
    assert STATUS.decode(body, fmt=1) == reply
    with pytest.raises(EncodeError, match="needs"):
        STATUS.encode(StatusList((Message(MessageState.DELIVERED, id=138, phone="79"),)), fmt=1)
