"""The fake service: messages, states, money and sender names of one account."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import aiohttp
import aiohttp.test_utils
import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec import (
    Codec,
    ErrorReply,
    Format,
    OperatorStatus,
    Query,
    Sender,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
)
from smsc_codec.endpoints import balance, module_of, send, status
from smsc_codec.endpoints.balance import Balance, BalanceError
from smsc_codec.endpoints.info import InfoError, OperatorInfo, OperatorInfoList
from smsc_codec.endpoints.send import MessageCost, MessageError, MessageSent, PhoneResult
from smsc_codec.endpoints.status import DeliveryError, Message, MessageState, MessageType, StatusError, StatusList
from smsc_codec.testing import FakeSenders, FakeSmsc
from smsc_codec.testing._numbers import operator_of
from smsc_codec.testing._texts import parts_of

PHONE, OTHER = "79101112233", "79201112233"
CODECS: dict[str, Codec[Any]] = {
    name: module_of(name).CODEC for name in ("send", "status", "balance", "info", "senders")
}


@pytest.fixture
def service() -> FakeSmsc:
    return FakeSmsc(rate_limits=False)


def codec_for(endpoint: str, asked: Mapping[str, str]) -> Codec[Any]:
    """Return the codec for a request."""
    view = asked.get("all") if asked.get("all") in ("1", "2") else "0"
    return CODECS[endpoint].asked(
        {"all": view or "0", **{name: asked.get(name, "0") for name in ("cost", "mes", "call")}}
    )


def body_of(service: FakeSmsc, endpoint: str, **parameters: Any) -> bytes:
    """Return the body of an endpoint's answer, without a network."""
    plain = {"apikey": "demo-key", "charset": "utf-8", **parameters}
    query = urlencode({name: int(value) if isinstance(value, int) else value for name, value in plain.items()})
    response = service.handle_httpx(httpx.Request("POST", f"https://smsc.ru/sys/{endpoint}.php?{query}"))
    assert response.status_code == 200, response.text
    return response.content


def ask(service: FakeSmsc, endpoint: str, **parameters: Any) -> Any:
    """Return the reply of an endpoint."""
    body = body_of(service, endpoint, **parameters)
    received = service.requests[-1]
    assert received.endpoint == endpoint
    # The request says whether it asks for one message or a list. A list of one looks like a message.
    codec, expect = codec_for(endpoint, received.parameters), type(received.reply)
    return codec.decode(body, fmt=parameters.get("fmt", 0), charset="utf-8", expect=expect)


def sent(service: FakeSmsc, **parameters: Any) -> Any:
    return ask(service, "send", **{"phones": PHONE, "mes": "hello", "fmt": 3, **parameters})


def state(service: FakeSmsc, **parameters: Any) -> Any:
    return ask(service, "status", **{"phone": PHONE, "id": 1, "fmt": 3, **parameters})


def refused(reply: Any) -> tuple[Any, str | None, int | None]:
    assert isinstance(reply, ErrorReply), reply
    return reply.code, reply.description, reply.id


# Parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 159 + "[", 2),
        # A part has 153 septets, and an extension needs two consecutive ones: so 76 fit.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("é" * 160, 1),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("a" * 69 + "ж", 1),
        ("a" * 70 + "`", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_parts(text: str, parts: int) -> None:
    assert parts_of(text) == parts


@given(st.text(max_size=600))
def test_a_text_has_no_fewer_parts_than_its_beginning(text: str) -> None:
    assert 1 <= parts_of(text[:-1]) <= parts_of(text) <= parts_of(text[:-1]) + 1


# Sending


@pytest.mark.parametrize("fmt", Format)
def test_the_forms_of_a_sent_message(service: FakeSmsc, fmt: Format) -> None:
    for cost, expected in (
        (0, MessageSent(1, 1)),
        (2, MessageSent(2, 1, Decimal("1.4"))),
        (3, MessageSent(3, 1, Decimal("1.4"), Decimal("95.8"))),
    ):
        codec = send.CODEC.asked({"cost": str(cost)})
        assert body_of(service, "send", phones=PHONE, mes="hi", cost=cost, fmt=fmt) == codec.encode(expected, fmt=fmt)
    price = send.CODEC.asked({"cost": "1"}).encode(MessageCost(Decimal("2.8"), 2), fmt=fmt)
    assert body_of(service, "send", phones=PHONE, mes="ж" * 71, cost=1, fmt=fmt) == price
    assert service.balance == Decimal("95.8") and len(service.messages) == 3, "the price alone is for nothing"


def test_the_recorded_and_documented_bodies(service: FakeSmsc) -> None:
    service.balance, service.price = "290.35", "3.8"
    assert body_of(service, "send", phones=PHONE, mes="hi", fmt=3, cost=3) == (
        b'{\n"id": 1,\n"cnt": 1,\n"cost": "3.8",\n"balance": "286.55"\n}'
    )
    assert body_of(service, "send", phones=PHONE, mes="hi", id=279) == b"OK - 1 SMS, ID - 279"
    assert body_of(service, "send", phones=PHONE, mes="hi", id=279, fmt=1) == b"279,1"
    service.balance = 0
    assert body_of(service, "send", phones=PHONE, mes="hi", id=275) == b"ERROR = 3 (no money), ID - 275"
    service.forbidden = ("casino",)
    assert body_of(service, "send", phones=PHONE, mes="casino", id=542) == b"ERROR = 6 (message is denied), ID - 542"
    assert body_of(service, "send", phones="12", mes="hi", id=541) == b"ERROR = 7 (invalid number), ID - 541"
    assert body_of(service, "send", phones="12", mes="hi", id=541, fmt=1) == b"541,-7"
    service.undeliverable = frozenset({PHONE})
    assert body_of(service, "send", phones=PHONE, mes="hi", id=639) == b"ERROR = 8 (can't to deliver), ID - 639"
    service.undeliverable, service.balance, service.rate_limits = frozenset(), "10", True
    body_of(service, "send", phones=PHONE, mes="hi")
    assert body_of(service, "send", phones=PHONE, mes="hi") == b"ERROR = 9 (duplicate request, wait a minute)"
    assert body_of(service, "balance", fmt=3) == b'{\n"balance": "6.2"\n}'


def test_a_balance_that_falls(service: FakeSmsc) -> None:
    service.balance, service.price, service.credit = "5.00", "2.50", 1
    assert ask(service, "balance") == Balance(Decimal(5))
    assert sent(service, cost=3) == MessageSent(1, 1, Decimal("2.5"), Decimal("2.5"))
    assert sent(service, cost=3) == MessageSent(2, 1, Decimal("2.5"), Decimal(0))
    assert refused(sent(service)) == (MessageError.NO_MONEY, "no money", 3)
    assert state(service, id=3).status is MessageState.NO_MONEY
    assert refused(sent(service, phones=f"{PHONE},12")) == (MessageError.NO_MONEY, "no money", 4)
    assert (state(service, id=4).status, state(service, id=4, phone="12").status) == (24, 22)
    service.price = 1
    assert sent(service, cost=3) == MessageSent(5, 1, Decimal(1), Decimal(-1))
    assert [message.cost for message in service.messages] == [
        Decimal("2.5"),
        Decimal("2.5"),
        Decimal(0),
        Decimal(0),
        Decimal(0),
        Decimal(1),
    ]


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("credit", [0, "15.50"])
def test_the_forms_of_a_balance(service: FakeSmsc, fmt: Format, credit: Any) -> None:
    service.credit = credit
    assert ask(service, "balance", fmt=fmt) == Balance(Decimal(100))
    assert ask(service, "balance", fmt=fmt, cur=1) == Balance(Decimal(100), Decimal("15.5") if credit else None, "RUR")


@pytest.mark.parametrize("fmt", Format)
def test_several_numbers(service: FakeSmsc, fmt: Format) -> None:
    """[client] `op=1` lists all numbers, `err=1` the wrong ones, which have a state and cost nothing."""
    service.undeliverable = frozenset({"79200000000"})
    phones = f"+7 (910) 111-22-33,{OTHER};79200000000, 12?=,{OTHER},"
    good = [PhoneResult(PHONE, "25001", Decimal("1.4")), PhoneResult(OTHER, "25002", Decimal("1.4"))]
    wrong = [
        PhoneResult("79200000000", "25002", Decimal(0), MessageState(20), DeliveryError(248)),
        PhoneResult("12", "0", Decimal(0), MessageState(22), DeliveryError(249)),
    ]
    asked = {"phones": phones, "fmt": fmt}
    assert sent(service, **asked) == MessageSent(1, 2)
    assert sent(service, **asked, cost=2, op=1) == MessageSent(2, 2, Decimal("2.8"), phones=(*good, *wrong))
    assert sent(service, **asked, cost=2, err=1) == MessageSent(3, 2, Decimal("2.8"), phones=tuple(wrong))
    assert sent(service, **asked, cost=1, op=1) == MessageCost(Decimal("2.8"), 2, (*good, *wrong))
    assert sent(service, phones=PHONE, fmt=fmt, op=1) == MessageSent(4, 1, phones=(PhoneResult(PHONE, "25001"),))
    assert sent(service, phones=PHONE, fmt=fmt, err=1) == MessageSent(5, 1)
    assert [message.phone for message in service.messages[:4]] == [PHONE, OTHER, "79200000000", "12"]
    assert state(service, phone="12?=").err is DeliveryError.NUMBER_FORMAT


def test_a_text_for_each_number(service: FakeSmsc) -> None:
    lines = f"{PHONE},{OTHER}:hello: you\n\n77011112233:{'ж' * 71}\n"
    assert sent(service, phones="", mes="", list=lines) == MessageSent(1, 4)
    assert [(message.phone, message.text[:10], message.parts) for message in service.messages] == [
        (PHONE, "hello: you", 1),
        (OTHER, "hello: you", 1),
        ("77011112233", "ж" * 10, 2),
    ]


def test_kinds_of_messages(service: FakeSmsc) -> None:
    for name, kind in (("flash", MessageType.FLASH), ("call", MessageType.CALL), ("viber", MessageType.VIBER)):
        reply = sent(service, mes="ж" * 71, **{name: 1})
        assert reply.parts == (2 if name == "flash" else 1)
        assert state(service, id=reply.id, all=1).type is kind
    assert sent(service, flash=0).parts == 1 and service.messages[-1].type is MessageType.SMS
    assert sent(service, mail=1, phones="a@example.com,79101112233").id == 5
    assert state(service, id=5, phone="a@example.com").status is MessageState.WAITING
    assert state(service, id=5).status is MessageState.WRONG_NUMBER


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("cost", [0, 2, 3])
def test_the_code_of_a_call(service: FakeSmsc, fmt: Format, cost: int) -> None:
    reply = sent(service, mes="code", call=1, fmt=fmt, cost=cost)
    assert reply.code == service.messages[-1].code and len(reply.code) == 6
    assert sent(service, mes="code", fmt=fmt, cost=cost).code is None, "it is no call"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"mes": ""}, (MessageError.PARAMETERS, "parameters error", None)),
        ({"phones": " ,"}, (MessageError.PARAMETERS, "parameters error", None)),
        ({"cost": 4}, (MessageError.PARAMETERS, "parameters error", None)),
        ({"id": "x"}, (MessageError.PARAMETERS, "parameters error", None)),
        ({"id": 2**31}, (MessageError.PARAMETERS, "parameters error", None)),
        ({"mes": "a" * (153 * 255 + 1)}, (MessageError.PARAMETERS, "parameters error", None)),
        ({"apikey": "x"}, (MessageError.AUTHORISATION, "authorise error", None)),
        ({"time": "tomorrow"}, (MessageError.DATE_FORMAT, "date format error", None)),
        ({"mes": "win at the casino"}, (MessageError.FORBIDDEN, "message is denied", 1)),
        ({"sender": "casino"}, (MessageError.FORBIDDEN, "message is denied", 1)),
        ({"sender": "NEW"}, (MessageError.FORBIDDEN, "message is denied", 1)),
        ({"phones": "abc"}, (MessageError.PHONE_FORMAT, "invalid number", 1)),
        ({"phones": "abc", "cost": 1}, (MessageError.PHONE_FORMAT, "invalid number", None)),
        ({"phones": "79200000000"}, (MessageError.UNDELIVERABLE, "can't to deliver", 1)),
    ],
    ids=str,
)
def test_what_send_refuses(service: FakeSmsc, parameters: dict[str, Any], expected: tuple[Any, ...]) -> None:
    service.senders = ["OLD", Sender("NEW", None, SenderStatus.MODERATION)]
    service.undeliverable, service.forbidden = frozenset({"79200000000"}), ("casino",)
    assert refused(sent(service, **parameters)) == expected
    assert service.balance == 100
    if expected[2] is not None:
        phone = parameters.get("phones", PHONE)
        assert state(service, phone=phone).status in (20, 22, 23)
    assert sent(service, sender="OLD", time="0").parts == 1
    assert sent(service, sender="UNKNOWN", time="15.03.24 12:00", id=2**31 - 1).id == 2147483647


def test_limits() -> None:
    service = FakeSmsc()
    assert isinstance(sent(service), MessageSent)
    assert refused(sent(service))[0] is MessageError.TOO_MANY_REQUESTS
    assert refused(sent(service, fmt=0))[0] is MessageError.TOO_MANY_REQUESTS, "the same message"
    assert isinstance(sent(service, mes="another"), MessageSent)
    for reply in (*[sent(service, cost=1) for _ in range(5)], *[ask(service, "balance") for _ in range(10)]):
        assert not isinstance(reply, ErrorReply)
    assert refused(sent(service, cost=1))[0] is MessageError.TOO_MANY_REQUESTS
    assert refused(ask(service, "balance", fmt=2))[0] is BalanceError.TOO_MANY_REQUESTS
    assert all(isinstance(state(service), Message) for _ in range(20))
    assert refused(state(service))[0] is StatusError.TOO_MANY_REQUESTS
    service.advance(60)
    assert isinstance(sent(service), MessageSent) and isinstance(state(service), Message)


def test_what_is_refused_does_not_count_for_a_limit() -> None:
    service = FakeSmsc(balance=0)
    assert refused(sent(service))[0] is MessageError.NO_MONEY
    service.balance = 10
    assert refused(sent(service, time="tomorrow"))[0] is MessageError.DATE_FORMAT
    assert refused(sent(service, id="x"))[0] is MessageError.PARAMETERS
    service.forbidden = ("hello",)
    assert refused(sent(service))[0] is MessageError.FORBIDDEN
    service.forbidden, service.undeliverable = (), frozenset({PHONE})
    assert refused(sent(service))[0] is MessageError.UNDELIVERABLE
    assert {refused(sent(service, cost=1))[0] for _ in range(6)} == {MessageError.UNDELIVERABLE}
    service.undeliverable = frozenset()
    assert isinstance(sent(service), MessageSent)
    assert [refused(sent(service))[0] for _ in range(2)] == [MessageError.TOO_MANY_REQUESTS] * 2
    service.advance(60)
    assert isinstance(sent(service), MessageSent)

    assert {refused(ask(service, "info", phone="12", get_operator=1))[0] for _ in range(4)} == {InfoError.NOT_FOUND}
    deleted = {refused(state(service, id=9, **{"del": 1}))[0] for _ in range(21)}
    assert deleted == {StatusError.DELETE}
    names: list[tuple[dict[str, Any], SenderError]] = [
        ({"add": 1, "sender": "SHOP"}, SenderError.PARAMETERS),
        ({"add": 1, "sender": "7" * 16, "cmt": "x"}, SenderError.NUMBER_FORMAT),
        ({"get": 1, "cnt": "x"}, SenderError.PARAMETERS),
    ]
    for asked, code in names:
        assert {refused(ask(service, "senders", **asked))[0] for _ in range(6)} == {code}
    added = ask(service, "senders", add=1, sender="SHOP", cmt="x")
    assert not isinstance(added, ErrorReply)
    saved = {refused(ask(service, "senders", add=1, sender="SHOP", cmt="x"))[0] for _ in range(6)}
    assert saved == {SenderError.SAVE}


# States


def test_states_advance_with_the_clock(service: FakeSmsc) -> None:
    sent(service)
    seen = []
    for seconds in (0, 0.5, 0.5, 3.5, 0.5, 1000):
        service.advance(seconds)
        message = state(service)
        seen.append((message.status, str(message.last_date), message.last_timestamp))
    assert seen == [
        (MessageState.WAITING, "2023-03-17 16:47:56", 1679060876),
        (MessageState.WAITING, "2023-03-17 16:47:56", 1679060876),
        (MessageState.SENT, "2023-03-17 16:47:57", 1679060877),
        (MessageState.SENT, "2023-03-17 16:47:57", 1679060877),
        (MessageState.DELIVERED, "2023-03-17 16:48:01", 1679060881),
        (MessageState.DELIVERED, "2023-03-17 16:48:01", 1679060881),
    ]


def test_a_clock_of_the_test() -> None:
    now = 0.0
    service = FakeSmsc(clock=lambda: now)
    sent(service)
    assert state(service).last_timestamp == 0
    now = -5.0
    assert state(service).status is MessageState.WAITING
    now = 1e30
    assert state(service).status is MessageState.DELIVERED
    sent(service, mes="late")
    assert str(state(service, id=2).last_date) == "9999-01-01 03:00:00"


def test_what_becomes_of_a_message(service: FakeSmsc) -> None:
    service.fate("+7 910 111-22-33", MessageState.UNREACHABLE, DeliveryError.NOT_IN_NETWORK, after=60)
    service.fate(OTHER, MessageState.READ, after=0)
    sent(service, phones=f"{PHONE},{OTHER}")
    assert state(service, phone=OTHER).status is MessageState.READ
    service.advance(59)
    assert (state(service).status, state(service).err) == (MessageState.SENT, DeliveryError.NONE)
    service.advance(1)
    assert (state(service).status, state(service).err) == (25, 6)
    service.change(1, MessageState.DELIVERED, phone=PHONE)
    assert (state(service).status, state(service, phone=OTHER).status) == (1, 2)
    service.change(1, 99, 23)
    assert (state(service).status, state(service).err, state(service, phone=OTHER).status) == (99, 23, 99)
    assert state(service, all=1).status_name == ""
    with pytest.raises(ValueError, match=r"^id has to be that of a message to 79000000000 which was sent, not 1$"):
        service.change(1, 1, phone="79000000000")
    with pytest.raises(ValueError, match=r"^id has to be that of a message which was sent, not 2$"):
        service.change(2, 1)


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        (lambda service: service.fate("12", 1), ValueError, "phone has to be a number of 7 to 15 digits, not '12'"),
        (lambda service: service.fate(79101112233, 1), TypeError, "phone has to be a string, not int"),
        (lambda service: service.fate(PHONE, "1"), TypeError, "state has to be a whole number, not '1'"),
        (lambda service: service.fate(PHONE, -4), ValueError, "state has to be from -3 to 999, not -4"),
        (lambda service: service.fate(PHONE, 1, -1), ValueError, "error has to be from 0 to 999, not -1"),
        (lambda service: service.fate(PHONE, 1, after=-1), ValueError, "after has to be from 0 to 1000000000 seconds"),
        (lambda service: service.change("1", 1), TypeError, "id has to be a whole number, not '1'"),
        (lambda service: service.change(0, 1), ValueError, "id has to be at least 1, not 0"),
        (lambda service: service.change(1, 1000), ValueError, "state has to be from -3 to 999, not 1000"),
        (lambda service: service.advance("1"), TypeError, "seconds has to be a number of seconds, not '1'"),
        (lambda service: setattr(service, "balance", 1.5), TypeError, "balance has to be a Decimal, a text or"),
        (lambda service: setattr(service, "balance", True), TypeError, "balance has to be a Decimal, a text or"),
        (lambda service: setattr(service, "balance", "x"), ValueError, "balance has to be an amount from -1000000000"),
        (lambda service: setattr(service, "balance", Decimal("NaN")), ValueError, "balance has to be an amount"),
        (lambda service: setattr(service, "balance", "0.00001"), ValueError, "with at most four decimals"),
        (lambda service: setattr(service, "price", -1), ValueError, "price has to be an amount from 0 to 1000"),
        (lambda service: setattr(service, "price", "1e9"), ValueError, "price has to be an amount from 0 to 1000"),
        (lambda service: setattr(service, "credit", "-1"), ValueError, "credit has to be an amount from 0"),
    ],
)
def test_what_cannot_be(
    service: FakeSmsc, wrong: Callable[[FakeSmsc], None], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        wrong(service)
    assert service.balance == 100


@pytest.mark.parametrize("all_", [0, 1, 2])
@pytest.mark.parametrize("fmt", Format)
def test_the_views_of_a_state(service: FakeSmsc, fmt: Format, all_: int) -> None:
    sent(service, mes="Привет, мир = 5", sender="SHOP")
    service.advance(5)
    expected: dict[str, Any] = {"status": MessageState.DELIVERED, "err": DeliveryError.NONE}
    is_csv, is_text = fmt is Format.CSV, fmt is Format.TEXT
    if not is_csv:
        expected["last_date"] = state(service).last_date
    if not is_text:
        expected["last_timestamp"] = 1679060881
    if not is_csv and not is_text:
        expected["flag"] = 0
    if all_:
        expected |= {"phone": PHONE, "cost": Decimal("1.4"), "sender_id": "SHOP", "status_name": "Доставлено"}
        expected |= {"message": "Привет, мир = 5", "comment": "", "type": MessageType.SMS}
        if not is_csv:
            expected["send_date"] = state(service, all=1).send_date
        if not is_text:
            expected["send_timestamp"] = 1679060876
    if all_ == 2:
        expected |= {"country": "Россия", "operator": "MTS", "region": "Москва"}
        if not is_csv:
            expected |= {"mccmnc": "25001", "sms_cnt": 1}
    assert state(service, fmt=fmt, all=all_) == Message(**expected)
    assert state(service, fmt=fmt, all=all_, id="1,") == StatusList(
        (Message(**expected, id=1) if all_ else Message(**expected, id=1, phone=PHONE),)
    )


@pytest.mark.parametrize("all_", ["0", "1", "2", "7", ""])
@pytest.mark.parametrize("fmt", Format)
def test_messages_that_nobody_knows(service: FakeSmsc, fmt: Format, all_: str) -> None:
    sent(service)
    alone = state(service, id=2, fmt=fmt, all=all_)
    assert (alone.status, alone.err, alone.last_timestamp) == (MessageState.NOT_FOUND, None, None)
    known, unknown = state(service, phone=f"{PHONE},{OTHER}", id="1,138", fmt=fmt, all=all_)
    assert (known.status, known.id) == (MessageState.WAITING, 1)
    assert (unknown.status, unknown.id, unknown.phone) == (MessageState.NOT_FOUND, 138, OTHER)
    body = body_of(service, "status", phone=f"{PHONE},{OTHER}", id="1,138", fmt=fmt, all=all_)
    if fmt is Format.CSV:
        assert body.splitlines()[1] == b"-3,0,0,138,79201112233"
    if fmt is Format.JSON:
        # [cap] with all=0
        assert body.endswith(b'{\n"status": -3,\n"id": 138,\n"phone": "79201112233"\n}]')


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("all_", [0, 1, 2])
def test_hlr(service: FakeSmsc, fmt: Format, all_: int) -> None:
    assert sent(service, hlr=1, mes="", fmt=fmt) == MessageSent(1, 1)
    assert sent(service, hlr=1, mes="", phones="99999999999") == MessageSent(2, 1)
    assert state(service, fmt=fmt, all=all_).imsi is None
    service.advance(5)
    for message in (state(service, fmt=fmt, all=all_), state(service, fmt=fmt, all=all_, id="1,")[0]):
        hlr = message.imsi, message.msc, message.mcc, message.mnc, message.cn, message.net, message.rcn, message.rnet
        assert hlr == ("250019101112233", "79100000000", "250", "01", "Россия", "MTS", "", "")
        assert message.sender_id == ("HLR" if all_ else None)
    assert state(service, fmt=fmt, all=all_, id=2, phone="99999999999").imsi is None


def test_short_numbers_have_an_imsi_too(service: FakeSmsc) -> None:
    sent(service, hlr=1, mes="", phones="7910111")
    service.advance(5)
    assert len(state(service, phone="7910111", all=2).imsi) == 15


def test_deleted_messages(service: FakeSmsc) -> None:
    sent(service, phones=f"{PHONE},{OTHER}")
    for fmt in Format:
        assert refused(state(service, **{"del": 1}, id=2, fmt=fmt))[0] is StatusError.DELETE
    assert state(service, **{"del": 1}, phone=f"{PHONE},{PHONE}", id="1,1") == Success()
    assert state(service).status is MessageState.NOT_FOUND
    assert [message.phone for message in service.messages] == [OTHER]
    assert body_of(service, "status", phone=OTHER, id=1, **{"del": 1}) == b"OK"


def test_messages_with_the_same_id_and_number(service: FakeSmsc) -> None:
    for text in ("first", "second", "third"):
        assert sent(service, mes=text, id=7) == MessageSent(7, 1)
    sent(service, mes="other", id=7, phones=OTHER)
    assert [message.text for message in service.messages] == ["first", "second", "third", "other"]
    assert repr(service) == "<FakeSmsc with 4 messages>"
    assert state(service, id=7, all=1).message == "third"
    service.change(7, MessageState.READ, phone=PHONE)
    assert state(service, id=7).status is MessageState.READ
    assert state(service, **{"del": 1}, id=7) == Success()
    assert [message.text for message in service.messages] == ["other"]
    assert refused(state(service, **{"del": 1}, id=7))[0] is StatusError.DELETE


@pytest.mark.parametrize(
    "asked", [{"phone": ""}, {"id": ""}, {"id": "x"}, {"id": "1,2"}, {"id": "0"}, {"id": "-1"}], ids=str
)
def test_what_status_refuses(service: FakeSmsc, asked: dict[str, Any]) -> None:
    assert refused(state(service, **asked))[0] is StatusError.PARAMETERS


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("two\nlines\x00", "two lines"),
        ("a, comment = b", "a; comment - b"),
        ("\nStatus = 1, check_time = x", "Status - 1; check_time - x"),
        ("☺ и", "☺ и"),
        ("\ufffe", ""),
    ],
)
def test_texts_that_a_format_cannot_carry(service: FakeSmsc, fmt: Format, text: str, plain: str) -> None:
    sent(service, mes=text, sender="A, ID = 5")
    found = state(service, fmt=fmt, all=1).message
    assert found in (text, plain, " ".join(text.split("\n")).replace("\x00", " "), text.replace("\ufffe", " "))
    if fmt is Format.JSON:
        assert found == text
    body = body_of(service, "status", phone=PHONE, id=1, fmt=fmt, all=1, charset="koi8-r")
    message = status.CODEC.asked({"all": "1"}).decode(body, fmt=fmt, charset="koi8-r", expect=Message)
    assert isinstance(message, Message) and message.message is not None and "☺" not in message.message


# Authorisation and methods


MD5 = hashlib.md5("пароль".encode()).hexdigest()


@pytest.mark.parametrize(
    ("given", "is_right"),
    [
        ({"login": "mylogin", "psw": "пароль"}, True),
        ({"login": "mylogin", "psw": MD5}, True),
        ({"login": "mylogin", "psw": MD5.upper()}, False),
        ({"login": "mylogin", "psw": ""}, False),
        ({"login": "another", "psw": MD5}, False),
        ({"psw": "пароль"}, False),
        ({"apikey": "key"}, True),
        ({"apikey": "demo-key"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_credentials(given: dict[str, str], is_right: bool) -> None:
    service = FakeSmsc(login="mylogin", password="пароль", apikey="key")
    asked = {**given, "fmt": "3", "charset": "utf-8"}
    for path, options in (
        ("/sys/balance.php", {"params": asked}),
        ("/sys/balance.php", {"data": asked}),
        ("/rest/balance/", {"json": asked}),
    ):
        response = service.handle_httpx(httpx.Request("POST", f"https://smsc.ru{path}", **options))  # type: ignore[arg-type]
        reply = balance.CODEC.decode(response.content, fmt=3)
        assert reply == (
            Balance(Decimal(100)) if is_right else ErrorReply(BalanceError.AUTHORISATION, "authorise error")
        )
    said = repr(service) + repr(service.requests)
    assert not any(value and value in said for value in given.values())


def test_json(service: FakeSmsc) -> None:
    def post(body: bytes | dict[str, Any], path: str = "/rest/send/") -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = service.handle_httpx(httpx.Request("POST", f"https://smsc.ru{path}", content=content))
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        return send.CODEC.decode(response.content, fmt=3)

    login = {"login": "demo", "psw": "demo"}
    assert post({**login, "phones": PHONE, "mes": "Привет", "cost": 3, "fmt": 0, "charset": "koi8-r"}) == MessageSent(
        1, 1, Decimal("1.4"), Decimal("98.6")
    )
    assert service.messages[0].text == "Привет"
    assert post({**login, "phones": int(PHONE), "mes": "\ud800", "flash": True, "x": None, "y": [[1], None]}).id == 2
    assert (service.messages[1].text, service.messages[1].type) == ("?", MessageType.FLASH)
    assert service.requests[1].parameters == {"phones": PHONE, "mes": "?", "flash": "1"}
    assert post(urlencode({**login, "phones": PHONE, "mes": "Привет"}).encode()).id == 3
    for broken in (b"{", b'{"login": "demo"', b"[]", b"{" * 10, b'{"a":' * 100_000, b"{\xff}", b""):
        assert post(broken).code is MessageError.AUTHORISATION
    response = service.handle_httpx(httpx.Request("POST", "https://x/rest/senders/", json={**login, "get": 1}))
    assert response.content == b"[]"


def test_lists_in_json(service: FakeSmsc) -> None:
    """The fake reads the same parameters as `Query`."""

    def post(endpoint: str, **members: Any) -> Any:
        url, body = f"https://smsc.ru/rest/{endpoint}/", {"apikey": "demo-key", **members}
        response = service.handle_httpx(httpx.Request("POST", url, json=body))
        for form in (body, json.dumps(body)):
            query = Query.from_url(url, form)
            reply = query.decode(response.content)
            assert isinstance(reply, query.expect or ErrorReply)
        return reply

    phones = {"phones": [PHONE, int(OTHER)], "mes": "x"}
    assert post("send", **phones) == MessageSent(1, 2)
    assert service.requests[-1].parameters == {"phones": f"{PHONE},{OTHER}", "mes": "x"}
    assert [message.phone for message in service.messages] == [PHONE, OTHER]
    assert post("send", **phones, cost=[True]) == MessageCost(Decimal("2.8"), 2)
    assert len(post("status", id=[1, 1], phone=[PHONE, OTHER])) == 2
    assert post("status", id=[1], phone=[PHONE]).status is MessageState.WAITING
    assert [each.phone for each in post("info", get_operator=True, phone=[PHONE, OTHER])] == [PHONE, OTHER]
    for name, value in (("empty", []), ("nested", [[5], {"a": 5}, None]), ("object", {"a": 5})):
        assert post("balance", **{name: value}) == Balance(Decimal("97.2"))
        assert service.requests[-1].parameters == {}


def test_an_unknown_format_or_charset(service: FakeSmsc) -> None:
    for asked in ({"fmt": 4}, {"charset": "latin-1"}):
        assert body_of(service, "balance", **asked) == b"ERROR = 1 (parameters error)"
    assert body_of(service, "balance", fmt="", charset="cp1251") == b"100"


def test_sender_names_are_those_of_the_account(service: FakeSmsc) -> None:
    service.senders = ["SHOP"]
    assert ask(service, "senders", get=1, fmt=2) == SenderList((Sender("SHOP", 1),))
    assert service.requests[-1].command == "get"
    assert ask(service, "balance", get=1) == Balance(Decimal(100)) and service.requests[-1].command is None


WRONG_ARGUMENTS: list[tuple[str, Any, type[Exception], str]] = [
    *((name, 5, TypeError, f"{name} has to be a string, not int") for name in ("login", "password", "apikey")),
    *((name, None, TypeError, f"{name} has to be a string, not NoneType") for name in ("login", "password", "apikey")),
    ("password", "\ud800", ValueError, "password has to be a text without halves of surrogate pairs"),
    ("password", MagicMock(spec=str), TypeError, "password has to be a string, not MagicMock"),
    ("currency", 5, TypeError, "currency has to be a string, not int"),
    *(
        ("currency", wrong, ValueError, "currency has to be a name that every format and charset can carry, such as ")
        for wrong in ("", "1", "A,B", "A\nB", " A", "€", "₸", "OK\x00")
    ),
    ("balance", None, TypeError, "balance has to be a Decimal, a text or a whole number, not None"),
    ("credit", -1, ValueError, "credit has to be an amount from 0 to "),
    ("price", "x", ValueError, "price has to be an amount from 0 to "),
    ("clock", 5, TypeError, "clock has to be None or a function that returns seconds, not 5"),
    ("rate_limits", 1, TypeError, "rate_limits has to be True or False, not 1"),
    ("rate_limits", None, TypeError, "rate_limits has to be True or False, not None"),
    *((name, 5, TypeError, f"{name} has to be a list, not 5") for name in ("senders", "undeliverable", "forbidden")),
    *((name, PHONE, TypeError, f"{name} has to be a list, not ") for name in ("senders", "undeliverable", "forbidden")),
    *((name, b"7", TypeError, f"{name} has to be a list, not ") for name in ("senders", "undeliverable", "forbidden")),
    *((name, [5], TypeError, f"each of {name} has to be a string, not int") for name in ("undeliverable", "forbidden")),
    ("undeliverable", ["12"], ValueError, "each of undeliverable has to be a number of 7 to 15 digits, or an address"),
    ("forbidden", ["a", ""], ValueError, "each of forbidden has to have at least one character"),
    ("senders", [5], TypeError, "each of senders has to be a Sender or a name, not 5"),
    ("senders", [""], ValueError, "senders[0].name: expected a name of at least one character, found ''"),
    ("senders", ["A", Sender("B", "5")], ValueError, "senders[1].id: expected a whole number"),  # type: ignore[arg-type]
    ("senders", [Sender("B", None, 1, 5)], ValueError, "senders[0].operators: expected a mapping"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(
    ("name", "wrong", "kind", "words"),
    WRONG_ARGUMENTS,
    ids=[f"{name}-{at}" for at, (name, *_) in enumerate(WRONG_ARGUMENTS)],
)
def test_arguments_that_cannot_be(name: str, wrong: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        FakeSmsc(**{name: wrong})
    service = FakeSmsc()
    if name != "clock":
        before = getattr(service, name)
        with pytest.raises(kind, match=re.escape(words)):
            setattr(service, name, wrong)
        assert getattr(service, name) == before
    if name in ("login", "apikey", "undeliverable", "rate_limits", "senders"):
        with pytest.raises(kind, match=re.escape(words)):
            FakeSenders(**{name: wrong})
    if name == "password":
        for give in (lambda: FakeSenders(psw=wrong), lambda: setattr(FakeSenders(), "psw", wrong)):
            with pytest.raises(kind, match=re.escape(words.replace("password", "psw"))):
                give()


def test_arguments_in_other_forms() -> None:
    service = FakeSmsc(
        currency="грн", undeliverable={"+7 (910) 111-22-33", "a@example.com"}, forbidden=iter(["casino"])
    )
    assert service.undeliverable == {PHONE, "a@example.com"} and service.forbidden == ("casino",)
    assert refused(sent(service))[0] is MessageError.UNDELIVERABLE
    for fmt in Format:
        assert ask(service, "balance", cur=1, fmt=fmt) == Balance(Decimal(100), None, "грн")
    only_in_text = Sender("A", 1, None, {"mega_step": OperatorStatus.SENT}, {"mega_step": "INFO"})
    service.senders = [only_in_text]
    assert service.senders[0].replacements == {"mega_step": "INFO"}
    service.senders = ["SHOP"]
    with pytest.raises(TypeError, match="status has to be a whole number, not 'x'"):
        service.moderate("SHOP", "x")  # type: ignore[arg-type]
    service.moderate("SHOP", 2)  # type: ignore[arg-type]
    assert service.senders[0].status is SenderStatus.DISABLED


# Addresses and libraries


@pytest.fixture
def running() -> Iterator[FakeSmsc]:
    with FakeSmsc(rate_limits=False) as service:
        yield service


def test_over_http(running: FakeSmsc) -> None:
    assert running.url.endswith("/sys/")
    query = "login=demo&psw=demo&charset=utf-8"
    with urlopen(f"{running.url}send.php?{query}&phones={PHONE}&mes=%D0%B6") as response:
        assert response.read() == b"OK - 1 SMS, ID - 1"
    with urlopen(running.url.replace("/sys/", f"/rest/balance/?{query}")) as response:
        assert response.read() == b'{\n"balance": "98.6"\n}'
    body = json.dumps({"apikey": "demo-key", "phones": PHONE, "mes": "hi"}).encode()
    request = Request(running.url.replace("/sys/", "/rest/send/"), body, {"Content-Type": "application/json"})
    with urlopen(request) as response:
        assert response.read() == b'{\n"id": 2,\n"cnt": 1\n}'
    assert repr(running) == f"<FakeSmsc with 2 messages at {running.url}>"
    connection = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=10)
    for path in ("/sys/gets.php", "/send.php", "/sys/send.php/", "/rest/send", "/rest/send.php", "/"):
        connection.request("GET", path)
        answer = connection.getresponse()
        words = answer.read().decode()
        assert answer.status == 404 and "/sys/senders.php, /sys/send.php, /sys/status.php, /sys/balance.php" in words
        assert words.endswith("and each of them as /rest/NAME/, with the slash</html>")
    connection.close()
    assert len(running.requests) == 3


def test_requests_that_are_not_valid(service: FakeSmsc) -> None:
    for method, path, kind, status_ in (
        ("PUT", "/sys/send.php", "", 501),
        ("GET", "/sys/document.php", "", 404),
        ("POST", "/sys/send.php", "multipart/form-data", 400),
    ):
        request = httpx.Request(method, f"https://smsc.ru{path}", headers={"Content-Type": kind})
        assert service.handle_httpx(request).status_code == status_
    assert service.requests == ()


def test_httpx(service: FakeSmsc) -> None:
    with httpx.Client(transport=httpx.MockTransport(service.handle_httpx), timeout=5) as client:
        asked = {"apikey": "demo-key", "phones": PHONE, "mes": "hi"}
        assert client.post("https://smsc.ru/sys/send.php", data=asked).content == b"OK - 1 SMS, ID - 1"
        files = {"file": ("a.jpg", b"x")}
        assert client.post("https://smsc.ru/sys/send.php", data=asked, files=files).content == b"OK - 1 SMS, ID - 2"
        assert service.requests[-1].files == ("a.jpg",)
        service.misbehave(delay=6)
        with pytest.raises(httpx.ReadTimeout):
            client.get("https://smsc.ru/sys/balance.php", params=asked)
        service.misbehave(delay=4)
        assert client.get("https://smsc.ru/sys/balance.php", params=asked).content == b"97.2"
        service.misbehave(disconnect=True)
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("https://smsc.ru/sys/balance.php", params=asked)
        service.misbehave(status=502, body=b"<html>")
        assert client.get("https://smsc.ru/sys/balance.php", params=asked).status_code == 502

    async def later() -> bytes:
        async with httpx.AsyncClient(transport=httpx.MockTransport(service.handle_httpx)) as client:
            return (await client.post("https://smsc.ru/sys/balance.php", data=asked)).content

    assert asyncio.run(later()) == b"97.2"


def test_requests_of_requests(service: FakeSmsc) -> None:
    """The library `responses` calls it with and without a time-out."""

    def call(method: str, timeout: Any = None, path: str = "balance.php", **options: Any) -> bytes:
        request = requests.Request(method, f"https://smsc.ru/sys/{path}", **options).prepare()
        if timeout is not None:
            request.req_kwargs = {"timeout": timeout}  # type: ignore[attr-defined]
        answered, headers, body = service.handle_requests(request)
        assert (answered, headers) == (200, {"Content-Type": "text/plain; charset=windows-1251"})
        return body

    key = {"apikey": "demo-key"}
    assert call("GET", params=key) == b"100"
    assert call("POST", data=key) == b"100"
    assert call("POST", data=b"apikey=demo-key") == b"100"
    assert call("POST", data={**key, "phones": PHONE, "mes": "hi"}, files={"a": b""}, path="send.php").startswith(b"OK")
    service.misbehave(delay=6, times=4)
    for timeout in (5, (9, 5)):
        with pytest.raises(requests.ReadTimeout):
            call("GET", timeout, params=key)
    assert call("GET", (5, 9), params=key) == call("GET", params=key) == b"98.6"
    service.misbehave(disconnect=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        call("GET", params=key)


def test_aiohttp(service: FakeSmsc) -> None:
    async def talk() -> None:
        async with (
            aiohttp.test_utils.RawTestServer(service.handle_aiohttp) as server,
            aiohttp.ClientSession() as session,
        ):
            url = server.make_url("/sys/balance.php")
            async with session.post(url, data={"apikey": "demo-key"}) as response:
                assert (response.status, await response.read()) == (200, b"100")
            async with session.get(url, params={"apikey": "demo-key", "cur": "1"}) as response:
                assert await response.text() == "100 RUR"
            service.misbehave(disconnect=True)
            with pytest.raises(aiohttp.ClientPayloadError):
                async with session.post(url, data={"apikey": "demo-key"}) as response:
                    await response.read()
            service.misbehave(delay=60)
            with pytest.raises(asyncio.TimeoutError):
                await session.post(url, data={"apikey": "demo-key"}, timeout=aiohttp.ClientTimeout(0.05))

    asyncio.run(talk())


def test_misbehaviour(service: FakeSmsc) -> None:
    service.misbehave(error=9)
    assert refused(sent(service)) == (MessageError.TOO_MANY_REQUESTS, "duplicate request, wait a minute", None)
    service.misbehave(error=3)
    assert refused(state(service)) == (3, None, None), "status.php has no phrase for it"
    assert service.messages == ()
    service.misbehave(plain=True)
    assert body_of(service, "send", phones=PHONE, mes="hi", fmt=3) == b"OK - 1 SMS, ID - 1"
    service.misbehave(plain=True)
    assert body_of(service, "status", phone=PHONE, id=1, fmt=3, **{"del": 1}) == b"OK"
    service.misbehave(cut=True, times=2)
    assert body_of(service, "balance", fmt=3) == b'{\n"balance'
    service.behave()
    sent(service, mes="ж")
    service.misbehave(charset="utf-16")
    body = body_of(service, "status", phone=PHONE, id=2, fmt=0, all=1)
    assert "message = ж" in body.decode("utf-16")


@pytest.mark.parametrize("fmt", Format)
def test_errors_on_demand_have_the_id_that_own_errors_have(service: FakeSmsc, fmt: Format) -> None:
    def on_demand(code: int, **parameters: Any) -> Any:
        service.misbehave(error=code)
        return refused(sent(service, fmt=fmt, **parameters))[2]

    assert [on_demand(code) for code in (3, 6, 7, 8)] == [1, 2, 3, 4]
    assert [on_demand(code) for code in (1, 2, 4, 5, 9, 77)] == [None] * 6
    assert on_demand(3, cost=1) is None, "a price has no id"
    assert (on_demand(3, cost=3), on_demand(3, id=100), on_demand(3, id="x")) == (5, 100, 101)
    service.misbehave(error=3, description="no more money")
    no_words = None if fmt is Format.CSV else "no more money"
    assert refused(sent(service, fmt=fmt)) == (MessageError.NO_MONEY, no_words, 102)
    assert service.messages == () and state(service, id=102).status is MessageState.NOT_FOUND
    assert sent(service).id == 103
    service.misbehave(error=3)
    assert refused(ask(service, "info", phone=PHONE, get_operator=1))[2] is None


def test_the_fixture(fake_smsc: FakeSmsc) -> None:
    asked = urlencode({"login": "demo", "psw": "demo", "phones": PHONE, "mes": "hi"})
    for expected in (b"OK - 1 SMS, ID - 1", b"OK - 1 SMS, ID - 2"):
        with urlopen(f"{fake_smsc.url}send.php?{asked}") as response:
            assert response.read() == expected


def test_operators() -> None:
    found = {operator_of(phone) for phone in ("79003332211", "79101112233", "380671112233", "375291112233")}
    assert len(found) == 4 and operator_of("12025550123") is None


@pytest.mark.parametrize("fmt", Format)
def test_info(service: FakeSmsc, fmt: Format) -> None:
    def info(phone: str, **asked: Any) -> Any:
        return ask(service, "info", **{"get_operator": 1, "fmt": fmt, "phone": phone, **asked})

    def known(phone: str | None, operator: str, mnc: str) -> OperatorInfo:
        return OperatorInfo(phone, "Россия", operator, "Москва", "250", mnc, "3")

    assert info(f"+{PHONE}") == known(None if fmt is Format.JSON else PHONE, "MTS", "01")
    expected = OperatorInfoList((known(PHONE, "MTS", "01"), known(OTHER, "MegaFon", "02")))
    assert info(f"{PHONE},12025550123,x,{OTHER}") == expected
    assert refused(info("12025550123"))[0] is refused(info("x,"))[0] is InfoError.NOT_FOUND
    assert refused(info(""))[0] is refused(info(PHONE, get_operator=0))[0] is InfoError.PARAMETERS
    service.rate_limits = True
    assert [type(info(PHONE)).__name__ for _ in range(4)] == ["OperatorInfo"] * 3 + ["ErrorReply"]
