"""The effects of the fake service's commands on its account."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from smsc_codec import Created, Format, MessageState, Sender, SenderStatus, Success, records_of
from smsc_codec.endpoints.get import IncomingMessage, PriceZone, Statistics
from smsc_codec.endpoints.jobs import Mailing, MailingCreated, MailingList
from smsc_codec.endpoints.phones import Contact, Group
from smsc_codec.endpoints.receive_phones import ReceivePhone
from smsc_codec.endpoints.status import DeliveryError
from smsc_codec.endpoints.templates import Template, TemplateList
from smsc_codec.endpoints.tinyurls import ShortLink
from smsc_codec.endpoints.wait_call import CallNumber
from smsc_codec.testing import FakeSmsc

from .faking import OTHER, PHONE, THIRD, ask, refusal

NOT_FOUND, SAVED = (3, "record not found"), (5, "save error")
WRONG = (1, "parameters error")
EMPTY = Contact("", "", "0", "", "", "", "", "", "", "", "")


@pytest.fixture
def service() -> FakeSmsc:
    return FakeSmsc(rate_limits=False)


# Contacts


def names(service: FakeSmsc, **asked: Any) -> list[str]:
    return [contact.name for contact in records_of(ask(service, "phones", get=1, **asked))]


def test_contacts(service: FakeSmsc) -> None:
    assert refusal(service, "phones", get=1) == refusal(service, "phones", get_group=1) == NOT_FOUND
    assert ask(service, "phones", add_group=1, name="friends", num=7) == Created(1)
    assert ask(service, "phones", add=1, phone=f"+7 (910) 111-22-33; {OTHER}", name="Ann", grp="1") == Created(3)
    assert ask(service, "phones", add=1, phone=THIRD, name="Bob", fnm="B", myid=5, cmt="x", tags="a,b") == Created(4)
    ann = replace(EMPTY, phone=PHONE, name="Ann", group="1")
    assert service.contacts[0] == ann
    assert service.contacts[2] == Contact(THIRD, "Bob", "0", "B", "", "", "", "5", "x", "a,b", "")
    for fmt in Format:
        assert ask(service, "phones", get=1, phone=PHONE, fmt=int(fmt))[0] == ann
    assert names(service) == ["Ann", "Ann", "Bob"]
    assert names(service, grp=1) == names(service, search="AN") == names(service, phone=f"{PHONE},{OTHER}")
    assert names(service, after_id=3) == ["Bob"] and names(service, search=THIRD[:6]) == ["Bob"]
    assert names(service, search="nobody") == []

    assert ask(service, "phones", chg=1, phone=PHONE, new_phone="79000000000", name="Anna", grp="") == Success()
    assert service.contacts[0] == replace(EMPTY, phone="79000000000", name="Anna")
    assert ask(service, "phones", chg=1, phone=THIRD, lnm="Brown") == Success()
    assert (service.contacts[2].last_name, service.contacts[2].group) == ("Brown", "0")
    assert ask(service, "phones", **{"del": 1, "phone": f"{OTHER},{THIRD}"}) == Success()
    assert [contact.name for contact in service.contacts] == ["Anna"]


def test_groups(service: FakeSmsc) -> None:
    ask(service, "phones", add=1, phone=f"{PHONE},{OTHER}", name="Ann")
    assert ask(service, "phones", add_group=1, name="friends") == Created(3)
    assert ask(service, "phones", add_group=1, name="ёлки", num=4) == Created(4)

    def move(kind: int, groups: str) -> str | None:
        assert ask(service, "phones", move_group=kind, phone=PHONE, grp=groups) == Success()
        assert service.requests[-1].command == "move_group"
        return service.contacts[0].group

    assert [move(1, "3"), move(2, "4,3"), move(3, "3"), move(2, "3"), move(1, "3|4")] == ["3", "3|4", "4", "4|3", "3|4"]
    assert service.groups == (Group(3, "Friends", None, 1), Group(4, "Ёлки", 4, 1))
    for fmt in Format:
        found = ask(service, "phones", get_group=1, fmt=int(fmt))
        assert [(group.id, group.name, group.cnt) for group in found] == [(3, "Friends", 1), (4, "Ёлки", 1)]
    assert ask(service, "phones", chg_group=1, id=3, name="all") == Success()
    assert ask(service, "phones", chg_group=1, grp=4, num=9) == Success()
    assert [(group.name, group.number) for group in service.groups] == [("All", None), ("Ёлки", 9)]
    assert ask(service, "phones", del_group=1, id=3) == Success()
    assert service.contacts[0].group == "4" and [group.id for group in service.groups] == [4]


def test_the_black_list(service: FakeSmsc) -> None:
    assert ask(service, "phones", add_black=1, phone=PHONE) == Created(1)
    assert ask(service, "phones", add_black=1, phone=PHONE) == Created(1)
    assert service.black_list == (PHONE,)
    assert refusal(service, "send", phones=PHONE, mes="hi") == (8, "can't to deliver")
    assert ask(service, "phones", del_black=1, phone=PHONE) == Success()
    assert refusal(service, "phones", del_black=1, phone=PHONE) == NOT_FOUND
    assert ask(service, "send", phones=PHONE, mes="hi").id == 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, WRONG),
        ({"move_group": 4, "phone": PHONE, "grp": 1}, WRONG),
        ({"move_group": 1, "phone": PHONE}, WRONG),
        ({"add": 1, "name": "x"}, WRONG),
        ({"add": 1, "name": "x", "phone": "12"}, WRONG),
        ({"add": 1, "phone": THIRD, "grp": "x"}, WRONG),
        ({"add": 1, "phone": THIRD, "grp": "9"}, NOT_FOUND),
        ({"add": 1, "phone": PHONE, "name": "again"}, SAVED),
        ({"chg": 1, "phone": PHONE, "new_phone": OTHER}, SAVED),
        ({"chg": 1, "phone": THIRD}, NOT_FOUND),
        ({"del": 1, "phone": f"{PHONE},{THIRD}"}, NOT_FOUND),
        ({"get": 1, "after_id": "x"}, WRONG),
        ({"add_group": 1}, WRONG),
        ({"chg_group": 1, "name": "x"}, WRONG),
        ({"del_group": 1, "id": 9}, NOT_FOUND),
    ],
    ids=str,
)
def test_what_phones_refuses(service: FakeSmsc, asked: dict[str, Any], expected: tuple[int, str]) -> None:
    ask(service, "phones", add=1, phone=f"{PHONE},{OTHER}", name="Ann")
    before = service.contacts
    assert refusal(service, "phones", **asked) == expected
    assert service.contacts == before and service.groups == ()


# Mailings


def test_mailings(service: FakeSmsc) -> None:
    asked = {"add": 1, "name": "all", "phones": f"{PHONE},{OTHER},12", "mes": "hello"}
    assert ask(service, "jobs", **asked) == MailingCreated(1)
    assert ask(service, "jobs", **asked, cost=1, fmt=1) == MailingCreated(2, Decimal("2.8"))
    assert service.balance == Decimal("94.4")
    assert [(each.id, each.name, len(each.messages)) for each in service.mailings] == [(1, "all", 3), (2, "all", 3)]
    assert [message.id for message in service.messages] == [1, 1, 1, 2, 2, 2]

    def state(id: int) -> Any:
        return ask(service, "jobs", get=1, id=id)

    assert state(1) == Mailing(None, MessageState.WAITING)
    service.advance(0.5)
    assert ask(service, "jobs", cancel=1, id=2) == Success()
    service.advance(1)
    assert state(1).status is MessageState.SENT and state(2).status is MessageState.STOPPED
    service.advance(5)
    assert ask(service, "jobs", get_all=1) == MailingList((Mailing(1, MessageState(1)), Mailing(2, MessageState(-2))))
    assert ask(service, "status", phone=OTHER, id=2).status is MessageState.STOPPED
    assert ask(service, "jobs", **{"del": 1, "id": 1}) == Success()
    assert [each.id for each in service.mailings] == [2] and len(service.messages) == 6


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"name": ""}, WRONG),
        ({"mes": ""}, WRONG),
        ({"phones": "12"}, (3, "save error")),
        ({"mes": "casino"}, (3, "save error")),
        ({"mes": "a" * 20_000}, (3, "save error")),
        ({"time": "tomorrow"}, (5, "date format error")),
        ({"add": 0, "get": 1, "id": 7}, (3, "save error")),
        ({"add": 0, "cancel": 1}, WRONG),
        ({"add": 0, "del": 1, "id": "x"}, WRONG),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_jobs_refuses(service: FakeSmsc, asked: dict[str, Any], expected: tuple[int, str]) -> None:
    service.forbidden = ["casino"]
    assert refusal(service, "jobs", **{"add": 1, "name": "all", "phones": PHONE, "mes": "hi", **asked}) == expected
    assert service.mailings == () and service.balance == 100


# Templates


def test_templates(service: FakeSmsc) -> None:
    assert ask(service, "templates", get=1) == TemplateList(())
    assert ask(service, "templates", add=1, name="hello", msg="Hi, a = b", sender="SHOP") == Created(1)
    assert ask(service, "templates", add=1, name="call", msg="x", format="call") == Created(2)
    hello = Template(1, "hello", "Hi, a = b", "sms", "SHOP", 0)
    assert ask(service, "templates", get=1)[0] == service.templates[0] == hello
    assert ask(service, "templates", get=1, id=2)[0].format == "call"
    assert ask(service, "templates", chg=1, id=1, name="bye", format="viber") == Success()
    assert ask(service, "templates", chg=1, id=2, msg="y", sender="") == Success()
    assert service.templates[0] == Template(1, "bye", "Hi, a = b", "viber", "SHOP", 0)
    assert ask(service, "templates", **{"del": 1, "id": 2}) == Success()
    assert [template.id for template in service.templates] == [1]
    assert refusal(service, "templates", chg=1, id=2) == (3, "template not found")
    for asked in ({"add": 1, "name": "x"}, {"add": 1, "name": "x", "msg": "y", "format": "fax"}, {"chg": 1}):
        assert refusal(service, "templates", **asked) == WRONG


def test_templates_for_operators(service: FakeSmsc) -> None:
    assert refusal(service, "op_templates", add=1, sender="SHOP") == WRONG
    assert ask(service, "op_templates", add=1, sender="SHOP", msg="code %d", mts_srv=1, bee_trn=1) == Created(1)
    record = {"id": "1", "sender": "SHOP", "msg": "code %d", "mts_srv": "0", "bee_trn": "0"}
    assert [each.other for each in ask(service, "op_templates", get=1)] == [record]
    assert service.operator_templates[0].other == record


# Sub-clients


def test_sub_clients(service: FakeSmsc) -> None:
    assert refusal(service, "users", get_stat_all=1) == NOT_FOUND
    assert ask(service, "users", add=1, user="first", password="x") == Created(1)
    assert ask(service, "users", add=1, user="second", password="a secret") == Created(2)
    assert service.requests[-1].parameters["user"] == "second" and service.sub_clients[1].password == "a secret"
    assert "a secret" not in repr(service.requests) and "a secret" not in repr(service.sub_clients)
    assert ask(service, "users", pay=1, user="first", sum="40.5") == Success()
    assert ask(service, "users", pay=1, user_id=2, sum=50) == Success()
    assert refusal(service, "users", pay=1, user="first", sum=10) == (10, "no money")
    assert (service.balance, [client.balance for client in service.sub_clients]) == (
        Decimal("9.5"),
        [Decimal("40.5"), 50],
    )
    assert ask(service, "users", chg=1, user="first", new_login="changed", password="y") == Success()
    assert [client.login for client in service.sub_clients] == ["changed", "second"]
    assert [client.password for client in service.sub_clients] == ["y", "a secret"]
    expected = [
        Statistics(name, 0, Decimal(0), paid, "RUR")
        for name, paid in (("changed", Decimal("40.5")), ("second", Decimal(50)))
    ]
    for fmt in Format:
        assert [*ask(service, "users", get_stat_all=1, fmt=int(fmt))] == expected
    assert [*ask(service, "users", get_stat=1, user_id=2)] == expected[1:]
    assert ask(service, "documents", add_account=1, user="second", sum=5) == Created(1)
    assert "x" not in repr(service.sub_clients[1]).replace("FakeSmsc", "")


@pytest.mark.parametrize(
    ("endpoint", "asked", "expected"),
    [
        ("users", {"add": 1, "user": "a b", "password": "x"}, WRONG),
        ("users", {"add": 1, "user": "new"}, WRONG),
        ("users", {"add": 1, "user": "sub", "password": "x"}, (8, "save error")),
        ("users", {"chg": 1, "user": "sub", "new_login": "-"}, WRONG),
        ("users", {"chg": 1, "user": "sub", "new_login": "other"}, (8, "save error")),
        ("users", {"chg": 1}, WRONG),
        ("users", {"get_stat": 1, "user": "nobody"}, (6, "user not found")),
        ("users", {"pay": 1, "user": "sub", "sum": 0}, WRONG),
        ("users", {"pay": 1, "user": "sub", "sum": "x"}, WRONG),
        ("documents", {"add_account": 1, "user_id": 7, "sum": 5}, (6, "user not found")),
        ("documents", {"add_account": 1, "user": "sub"}, WRONG),
        ("documents", {}, WRONG),
    ],
    ids=str,
)
def test_what_users_refuses(service: FakeSmsc, endpoint: str, asked: dict[str, Any], expected: tuple[int, str]) -> None:
    for name in ("sub", "other"):
        ask(service, "users", add=1, user=name, password="x")
    assert refusal(service, endpoint, **asked) == expected
    assert service.balance == 100 and [client.login for client in service.sub_clients] == ["sub", "other"]


def test_limits_of_commands() -> None:
    service = FakeSmsc()
    for at in range(3):
        assert ask(service, "users", add=1, user=f"sub{at}", password="x") == Created(at + 1)
        assert ask(service, "get", get_price=1)
    assert refusal(service, "users", chg=1, user="sub1")[0] == refusal(service, "get", get_price=1)[0] == 9
    assert ask(service, "users", pay=1, user="sub1", sum=1) == Success(), "only additions and changes are counted"
    assert ask(service, "get", get_price=1, fmt=2), "another request"
    for _ in range(20):
        assert ask(service, "templates", get=1) == TemplateList(())
    assert refusal(service, "templates", get=1)[0] == 9
    service.advance(60)
    assert ask(service, "users", chg=1, user="sub1") == Success() and ask(service, "get", get_price=1)


# History


@pytest.mark.parametrize("fmt", Format)
def test_the_history_of_messages(service: FakeSmsc, fmt: Format) -> None:
    assert refusal(service, "get", get_messages=1, fmt=int(fmt))[0] == 3
    ask(service, "send", phones=f"{PHONE},12", mes="Привет", sender="SHOP", id=206113)
    service.advance(5)
    second, first = ask(service, "get", get_messages=1, fmt=int(fmt))
    assert (first.status, first.phone, first.id, second.id) == (1, PHONE, 206113, 206113)
    assert (first.int_id, second.int_id, first.format) == (1, 2, 0)
    assert (first.sender_id, first.message, first.cost, first.country) == ("SHOP", "Привет", Decimal("1.4"), "Россия")
    assert (first.mccmnc, first.sms_cnt, first.err) == ("25001", 1, None)
    assert (second.status, second.err) == (22, DeliveryError.NUMBER_FORMAT)
    assert (first.last_date is None, first.last_timestamp is None) == (fmt is Format.CSV, fmt is Format.TEXT)


def test_pages_of_messages(service: FakeSmsc) -> None:
    for phones in (PHONE, f"{PHONE},{OTHER}", OTHER, PHONE):
        ask(service, "send", phones=phones, mes=f"to {phones}")
        service.advance(86_400)

    def ids(**asked: Any) -> list[int]:
        return [message.id for message in records_of(ask(service, "get", get_messages=1, **asked))]

    assert ids() == [4, 3, 2, 2, 1]
    assert ids(cnt=2) == [4, 3] and ids(cnt=9, prev_id=1) == []
    assert ids(cnt=2, prev_id=4) == [2, 2], "those before the message with that int_id"
    assert ids(cnt=2, prev_id=3) == [2, 1], "the numbers of a request have one id, and several int_ids"
    assert ids(phone=OTHER) == [3, 2] and ids(phone="12") == ids()
    assert ids(start="18.03.2023", end="19.03.2023") == [3, 2, 2] and ids(end="17.03.2023") == [1]
    ask(service, "status", phone=f"{PHONE},{OTHER}", id="2,2", **{"del": 1})
    assert ids(prev_id=3) == [1], "those before a deleted message"
    ask(service, "send", phones="a@example.com", mail=1, mes="x", subj="y")
    assert ids(format=8) == [5] and ids() == [4, 3, 1]
    for wrong in ({"cnt": "x"}, {"start": "tomorrow"}, {"end": "30.02.2023"}):
        assert refusal(service, "get", get_messages=1, **wrong) == WRONG


@pytest.mark.parametrize("fmt", Format)
def test_incoming_messages(service: FakeSmsc, fmt: Format) -> None:
    def answers(**asked: Any) -> list[IncomingMessage]:
        return [*ask(service, "get", get_answers=1, fmt=int(fmt), **asked)]

    assert answers() == []
    service.receive_phones = ["79000000001"]
    first = service.receive(PHONE, "Да, спасибо")
    service.advance(7200)
    second = service.receive(OTHER, "no", to=THIRD)
    assert (first.to_phone, second.to_phone, second.received == first.received) == ("79000000001", THIRD, False)
    assert answers() == [*service.incoming] == [first, second]
    assert answers(after_id=1) == answers(hour=1) == answers(to_phone=THIRD) == [second]
    assert answers(cnt=1) == [first]
    service.advance(168 * 3600 + 1)
    assert answers() == [] and len(service.incoming) == 2


def test_statistics_prices_and_names(service: FakeSmsc) -> None:
    service.senders = ["SHOP", Sender("NEW", None, SenderStatus.MODERATION)]
    ask(service, "send", phones=f"{PHONE},12", mes="x")
    service.advance(86_400)
    ask(service, "send", phones=PHONE, mes="ж" * 71)
    for fmt in Format:
        found = ask(service, "get", get_stat=1, fmt=int(fmt))
        assert [*found] == [Statistics("demo", 2, Decimal("4.2"), Decimal(0), "RUR")]
        names = ask(service, "get", get_senders=1, fmt=int(fmt))
        assert [*names] == [Sender("SHOP", None if fmt is Format.JSON else 1)]
    assert ask(service, "get", get_stat=1, start="18.03.2023")[0].sms == 1
    zones = ask(service, "get", get_price=1)
    price = Decimal("1.4")
    assert zones[0] == PriceZone("1", "Россия", price, price, price, price, price) and len(zones) == 4


# Links and numbers


def test_links(service: FakeSmsc) -> None:
    ask(service, "send", phones=f"{PHONE},{OTHER}", mes="http://a.example/x, https://b.example", tinyurl=1)
    ask(service, "send", phones=PHONE, mes="http://c.example")
    for _ in range(2):
        service.follow("http://a.example/x")
    service.advance(86_400)
    service.follow("http://a.example/x")
    for fmt in Format:
        for asked in ({"id": 1}, {"link": "http://a.example/x"}):
            assert ask(service, "tinyurls", get=1, fmt=int(fmt), **asked) == ShortLink(1, 3, 3, 1, 2)
    service.advance(31 * 86_400)
    assert ask(service, "tinyurls", get=1, id=1) == ShortLink(1, 3, 0, 0, 0)
    assert ask(service, "tinyurls", get=1, link="https://b.example") == ShortLink(2, 0, 0, 0, 0)
    assert refusal(service, "tinyurls", get=1, link="http://c.example") == NOT_FOUND
    assert refusal(service, "tinyurls", get=1) == WRONG
    with pytest.raises(ValueError, match="url has to be that of a link in a message which was sent with tinyurl=1"):
        service.follow("http://c.example")


def test_numbers_that_receive(service: FakeSmsc) -> None:
    service.receive_phones = ["+7 910 111-22-33", PHONE]
    assert service.receive_phones == (PHONE,)
    assert ask(service, "receive_phones", buy=1) == ask(service, "receive_phones", buy=1, phone=OTHER) == Success()
    assert ask(service, "receive_phones", buy=1) == Success()
    phones = (PHONE, "79900000001", OTHER, "79900000002")
    assert [*service.receive_phones] == [*phones]
    assert [*ask(service, "receive_phones", get=1)] == [ReceivePhone({"phone": phone}) for phone in phones]
    assert ask(service, "receive_phones", chg=1, phone=PHONE, noprolong=1) == Success()
    for asked in ({"buy": 1, "phone": PHONE}, {"buy": 1, "phone": "x"}, {"chg": 1, "phone": THIRD}):
        assert refusal(service, "receive_phones", **asked) == WRONG
    for wrong, kind in (("79101112233", TypeError), ([5], TypeError), (["12"], ValueError)):
        with pytest.raises(kind, match=re.escape("receive_phones")):
            service.receive_phones = wrong  # type: ignore[assignment]
        with pytest.raises(kind, match=re.escape("receive_phones")):
            FakeSmsc(receive_phones=wrong)  # type: ignore[arg-type]
    assert [*service.receive_phones] == [*phones]


def test_calls_that_are_waited_for(service: FakeSmsc) -> None:
    for fmt in Format:
        found = ask(service, "wait_call", phone=PHONE, fmt=int(fmt))
        assert found == CallNumber("74950000000", ("74950000000",) if fmt is Format.JSON else ())
    assert service.balance == Decimal("94.4")
    assert refusal(service, "wait_call", phone="") == WRONG
    assert refusal(service, "wait_call", phone="12") == (5, "invalid number")
    service.balance = 0
    assert refusal(service, "wait_call", phone=PHONE) == (3, "no money")


def test_texts_that_a_format_cannot_carry(service: FakeSmsc) -> None:
    ask(service, "phones", add_group=1, name="-7,5")
    assert [group.name for group in ask(service, "phones", get_group=1)] == ["-7,5"]
    assert [group.name for group in ask(service, "phones", get_group=1, fmt=1)] == ["75"]
    ask(service, "phones", add=1, phone=PHONE, name="A, B\n= C")
    assert [contact.name for contact in ask(service, "phones", get=1, fmt=0)] == ["A; B - C"]
