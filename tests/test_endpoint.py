"""Endpoints that the library does not have, declared here and read and written by its own four formats.

jobs.php answers a new mailing with an id and its price, phones.php a list of groups, balance.php nothing but an
amount. Only this module and three grammars say what they look like.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from smsc_codec import (
    ApiError,
    Codec,
    DecodeError,
    EncodeError,
    ErrorCode,
    ErrorReply,
    Format,
    FrozenMapping,
    Limits,
    OptionError,
    Sender,
    SenderError,
    SenderList,
    SenderStatus,
    declare,
    validate,
)
from smsc_codec.declare import (
    ID,
    MONEY,
    NAME,
    TEXT,
    Const,
    Endpoint,
    Field,
    Layout,
    Many,
    Maybe,
    Object,
    OpenMap,
    Other,
    Reply,
    Type,
    code,
)
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.endpoints.status import MessageState
from smsc_codec.formats.shapes import shape_budget
from smsc_codec.mapping import EMPTY
from smsc_codec.model import Code

from .lanes import SlowCodec

GRAMMARS = Path(__file__).parent / "grammars"


class MailingCreated(msgspec.Struct, frozen=True):
    id: int
    cost: str


class Balance(msgspec.Struct, frozen=True):
    balance: str


class Group(msgspec.Struct, frozen=True):
    id: int
    name: str
    number: int | None = None


class Groups(msgspec.Struct, frozen=True):
    groups: tuple[Group, ...] = ()


COST = Type("text", "a price", r"[0-9]{1,15}(?:[.,][0-9]{1,4})?")

MAILING = Object(MailingCreated, (Field("id", ID), Field("cost", COST)))
CREATED = Reply("created", "the id of a new mailing", MAILING, csv=(Layout(("id", "cost")),))
JOBS: Endpoint[MailingCreated] = Endpoint("jobs.php", str(GRAMMARS / "jobs.lark"), (CREATED,), errors=SenderError)

GROUP = (Field("id", ID, xml="@id"), Field("name", NAME, xml="."), Field("number", ID, xml="@number", optional=True))
LISTING = Reply(
    "groups", "a list of groups", Object(Group, GROUP), many=Groups, rule="group", xml=("groups",), item="group"
)
GROUPS: Endpoint[Groups] = Endpoint("phones.php", str(GRAMMARS / "groups.lark"), (LISTING,), errors=SenderError)


def groups_of(cls: Any, *fields: Field, **changes: Any) -> Codec[Any]:
    """Return the codec of a list whose records are of another class, or have other fields."""
    listing = replace(LISTING, object=Object(cls, fields), **changes)
    return Codec(Endpoint[Any]("phones.php", GROUPS.grammar, (listing,), errors=SenderError))


MAILINGS = [
    (0, b"OK, ID - 5, COST - 2.5"),
    (1, b"5,2.5"),
    (2, b"<result>\n<id>5</id>\n<cost>2.5</cost>\n</result>"),
    (3, b'{\n"id": 5,\n"cost": "2.5"\n}'),
]
GROUP_LISTS = [
    (0, b"id = 5924, name = My group\nid = 5921, name = New group, number = 1234"),
    (2, b'<groups>\n<group id="5924">My group</group>\n<group id="5921" number="1234">New group</group>\n</groups>'),
    (3, b'[{\n"id": 5924,\n"name": "My group"\n},\n{\n"id": 5921,\n"name": "New group",\n"number": 1234\n}]'),
]


@pytest.mark.parametrize(("fmt", "body"), MAILINGS)
def test_a_mailing_in_every_format(fmt: int, body: bytes) -> None:
    codec = Codec(JOBS)
    reply = MailingCreated(5, "2.5")
    assert codec.decode(body, fmt=fmt) == reply
    assert codec.decode(body) == reply
    assert codec.decode(body, fmt=fmt, expect=MailingCreated, strict=True) == reply
    assert codec.encode(reply, fmt=fmt) == body


# [cap] balance.php: a reply that is nothing but a value.
AMOUNT = Type("text", "an amount", r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?")
BALANCE = Reply(
    "balance",
    "the balance",
    Object(Balance, (Field("balance", AMOUNT),)),
    csv=(Layout(("balance",)),),
    xml=(None,),
)
BALANCES: Endpoint[Balance] = Endpoint("balance.php", str(GRAMMARS / "balance.lark"), (BALANCE,), errors=SenderError)


@pytest.mark.parametrize(
    ("fmt", "body"),
    [(0, b"123.43"), (1, b"123.43"), (2, b"<balance>123.43</balance>"), (3, b'{\n"balance": "123.43"\n}')],
)
def test_a_reply_that_is_a_value(fmt: int, body: bytes) -> None:
    codec = Codec(BALANCES)
    for _ in range(2):
        assert codec.decode(body, fmt=fmt, strict=True) == Balance("123.43")
        assert codec.encode(Balance("123.43"), fmt=fmt) == body
    assert codec.decode(b"-0.5\n", fmt=0) == codec.decode("-0.5", fmt=0, charset="utf-8") == Balance("-0.5")
    assert codec.decode(b"ERROR = 2 (authorise error)", fmt=fmt if fmt != 1 else 0).code == 2  # type: ignore[union-attr]
    with pytest.raises(DecodeError, match="found 'x'"):
        codec.decode(b"x", fmt=0)
    with pytest.raises(EncodeError, match="expected an amount, found 'x'"):
        codec.encode(Balance("x"), fmt=fmt)


@pytest.mark.parametrize(("fmt", "body"), GROUP_LISTS)
def test_groups_in_every_format_that_has_them(fmt: int, body: bytes) -> None:
    codec = Codec(GROUPS)
    reply = Groups((Group(5924, "My group"), Group(5921, "New group", 1234)))
    assert codec.decode(body, fmt=fmt) == reply
    assert codec.encode(reply, fmt=fmt) == body
    assert codec.validate(body, fmt=fmt).findings == ()


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("endpoint", [JOBS, GROUPS], ids=lambda endpoint: endpoint.name)
def test_an_empty_body_is_refused_where_there_are_no_lists(endpoint: Endpoint[Any], fmt: Format) -> None:
    report = Codec(endpoint).validate(b"", fmt=fmt)
    if endpoint is JOBS and fmt is not Format.CSV:
        assert [finding.code for finding in report.findings] == ["empty"]
    assert (report.reply is None) is not (endpoint is GROUPS and fmt is Format.TEXT)


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("endpoint", [JOBS, GROUPS], ids=lambda endpoint: endpoint.name)
def test_errors_are_the_same_everywhere(endpoint: Endpoint[Any], fmt: Format) -> None:
    codec = Codec(endpoint)
    reply = ErrorReply(SenderError.NOT_FOUND, None if fmt is Format.CSV else "record not found")
    assert codec.decode(codec.encode(reply, fmt=fmt), fmt=fmt) == reply


REFUSED: list[tuple[Endpoint[Any], int, bytes, str]] = [
    (JOBS, 0, b"", "the body is empty"),
    (JOBS, 0, b"OK, ID - 5", "expected ', COST - ', found the end of the reply"),
    (JOBS, 0, b"OK, ID - 5, COST - 2.5\nOK", "expected the end of the reply after the id of a new mailing"),
    (JOBS, 1, b"5,x", "expected a price, found 'x'"),
    (JOBS, 1, b"x", "expected an error or the id of a new mailing as comma-separated values, found 'x'"),
    (
        JOBS,
        1,
        b"",
        "the body is empty",
    ),
    (
        JOBS,
        2,
        b"<result>\n<id>5</id>\n</result>",
        "expected an error or the id of a new mailing in XML, found <result> with <id> in it",
    ),
    (JOBS, 3, b"[]", "expected an error or the id of a new mailing in JSON, found an array"),
    (JOBS, 3, b'[{"id": 5, "cost": "1"}]', "expected an error or the id of a new mailing in JSON, found an array"),
    (
        JOBS,
        2,
        b"<result>\n<id>5</id>\n</result>\n",
        "expected an error or the id of a new mailing in XML, found <result> with <id> in it",
    ),
    (GROUPS, 3, b'[{"id": 5, "more": 1}]', "missing field 'name'"),
]


@pytest.mark.parametrize(("endpoint", "fmt", "body", "reason"), REFUSED)
def test_what_they_do_not_answer(endpoint: Endpoint[Any], fmt: int, body: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        Codec(endpoint).decode(body, fmt=fmt)
    assert caught.value.reason == reason


def test_a_field_that_is_not_known_is_a_finding() -> None:
    codec = Codec(GROUPS)
    for _ in range(2):
        report = codec.validate(b'[{"id": 5, "more": 1, "name": "A", "x": 2}]', fmt=3)
        assert report.reply == Groups((Group(5, "A"),))
        assert [(finding.code, finding.path) for finding in report.findings] == [
            ("unknown-key", "groups[0].more"),
            ("unknown-key", "groups[0].x"),
        ]


def test_the_field_has_the_last_word_where_the_grammar_allows_more() -> None:
    codec = Codec(JOBS)
    assert codec.decode(b"OK, ID - 5, COST - 2.5", fmt=0) == MailingCreated(5, "2.5")
    for _ in range(2):
        with pytest.raises(DecodeError, match=r"cost: expected a price, found '2\.5\.5'"):
            codec.decode(b"OK, ID - 5, COST - 2.5.5", fmt=0)


def test_any_field_has_the_last_word() -> None:
    """Not only the last of a line."""
    capitals = Type("text", "capital letters", "[A-Z]+")
    codec = groups_of(Group, GROUP[0], Field("name", capitals, xml="."), GROUP[2])
    for _ in range(3):
        assert codec.decode(b"id = 1, name = A, number = 2", fmt=0) == Groups((Group(1, "A", 2),))
        with pytest.raises(DecodeError, match=r"groups\[0\].name: expected capital letters, found 'a'"):
            codec.decode(b"id = 1, name = a, number = 2", fmt=0)
        with pytest.raises(DecodeError, match=r"groups\[1\].name: expected capital letters, found 'a'"):
            codec.decode(b"id = 1, name = A, number = 2\nid = 1, name = a, number = 2", fmt=0)


def test_a_flat_reply_with_separators(tmp_path: Path) -> None:
    copy = tmp_path / "jobs.lark"
    copy.write_text(
        (GRAMMARS / "jobs.lark").read_text("utf-8").replace('", COST - "', "_BETWEEN") + '\n_BETWEEN: ", COST - "\n',
        "utf-8",
    )
    codec = Codec(replace(JOBS, grammar=str(copy)))
    assert codec.encode(MailingCreated(5, "2.5"), fmt=0) == b"OK, ID - 5, COST - 2.5"
    assert codec.decode(b"OK, ID - 5, COST - 2.5", fmt=0) == MailingCreated(5, "2.5")
    nothing: Any = None
    with pytest.raises(EncodeError, match=r"^the text format needs a value of id, cost$"):
        codec.encode(MailingCreated(nothing, nothing), fmt=0)


def test_both_lanes_follow_the_grammar(tmp_path: Path) -> None:
    """The text format has no definition but the grammar: a changed terminal changes what is read and written."""
    text = (GRAMMARS.parent.parent / "grammars" / "senders.lark").read_text("utf-8")
    copy = tmp_path / "capitals.lark"
    copy.write_text(re.sub(r"(?m)^NAME: .*$", "NAME: /[A-Z]+/", text), "utf-8")
    codec = Codec(replace(SENDERS, grammar=str(copy)))
    expected = SenderList((Sender("AB", 1), Sender("CD", 2)))
    for charset in ("utf-8", None, None):  # by Lark, then by the shapes that it has taught
        assert codec.decode(b"name = AB, id = 1\nname = CD, id = 2", fmt=0, charset=charset) == expected
        with pytest.raises(DecodeError, match=r"line 2, column 9 .*: expected ', ', the end of the line or the end"):
            codec.decode(b"name = AB, id = 1\nname = Cd, id = 2", fmt=0, charset=charset)
    assert codec.encode(expected, fmt=0) == b"name = AB, id = 1\nname = CD, id = 2"
    with pytest.raises(EncodeError, match=r"senders\[1\]: the text format cannot carry it"):
        codec.encode(SenderList((Sender("AB", 1), Sender("Cd", 2))), fmt=0)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_name_that_has_to_end_as_the_grammar_says(tmp_path: Path, count: int) -> None:
    """Names of allowed characters alone are not names then, in either lane of the writer."""
    text = (GRAMMARS.parent.parent / "grammars" / "senders.lark").read_text("utf-8")
    copy = tmp_path / "shouts.lark"
    copy.write_text(re.sub(r"(?m)^NAME: .*$", "NAME: /[A-Z]+!/", text), "utf-8")
    codec = Codec(replace(SENDERS, grammar=str(copy)))
    reply = SenderList(tuple(Sender("AB!", number) for number in range(count)))
    for _ in range(2):
        assert codec.decode(codec.encode(reply, fmt=0), fmt=0) == reply
        with pytest.raises(EncodeError, match=r"senders\[0\]: the text format cannot carry it"):
            codec.encode(SenderList(tuple(Sender("AB", number) for number in range(count))), fmt=0)


def test_a_field_that_the_grammar_lacks() -> None:
    codec = groups_of(Group, *GROUP[:2], Field("number", ID, xml="@number"))
    for _ in range(2):
        with pytest.raises(DecodeError, match=r"groups\[0\]: missing field 'number'"):
            codec.decode(b"id = 1, name = A", fmt=0)
        for name in ("B", "B" * 10_000):
            with pytest.raises(DecodeError, match="missing field 'number'") as caught:
                codec.decode(f"id = 1, name = A, number = 2\nid = 1, name = {name}", fmt=0)
            assert (caught.value.offset, caught.value.path) == (29, "groups[1]")


class Priced(msgspec.Struct, frozen=True):
    id: int
    cost: str = "0"


@pytest.mark.parametrize("cls", [MailingCreated, Priced])
def test_a_field_that_a_flat_reply_lacks(tmp_path: Path, cls: Any) -> None:
    """If a rule lacks a field that every reply has, the default of the class does not stand for its value."""
    copy = tmp_path / "jobs.lark"
    text = (GRAMMARS / "jobs.lark").read_text("utf-8")
    copy.write_text(text.replace('", COST - " COST', '[", COST - " COST]'), "utf-8")
    codec = Codec(replace(JOBS, grammar=str(copy), own=(replace(CREATED, object=Object(cls, MAILING.members)),)))
    assert codec.decode(b"OK, ID - 5, COST - 2.5", fmt=0) == cls(5, "2.5")
    with pytest.raises(DecodeError, match="missing field 'cost'") as caught:
        codec.decode(b"OK, ID - 5", fmt=0)
    assert (caught.value.offset, caught.value.path) == (0, "")


class Kind(Code):
    ONE = 1, "one"


class Part(msgspec.Struct, frozen=True):
    count: int
    kind: Kind


class Parts(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...] = ()


COUNT = Type("number", "a count of at most 3 digits", "0|[1-9][0-9]{0,2}", bare=True)
KIND = code(Kind, "a kind of one digit", "[0-9]")
WRONG = "expected a (count of at most 3 digits|kind of one digit), found "


@pytest.mark.parametrize("fmt", [1, 3])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("count", [COUNT, ID], ids=["both", "the kind"])
def test_numbers_of_their_own_patterns_in_a_list(fmt: int, number: int, count: Type) -> None:
    fields = (Field("count", count), Field("kind", KIND))
    codec = groups_of(Part, *fields, many=Parts, csv=(Layout(("count", "kind")),))
    good = Parts((Part(123, Kind(4)),) * number)
    body = codec.encode(good, fmt=fmt)
    assert codec.decode(body, fmt=fmt) == codec.decode(body.replace(b" 123", b' "123"'), fmt=fmt) == good
    wrong = [(body.replace(b"4", b"42"), Part(123, Kind(42)))]
    if count is COUNT:
        wrong.append((body.replace(b"123", b"1234"), Part(1234, Kind(4))))
    for bad_body, bad in wrong:
        with pytest.raises(DecodeError, match=WRONG):
            codec.decode(bad_body, fmt=fmt)
        with pytest.raises(EncodeError, match=WRONG):
            codec.encode(Parts((bad,) * number), fmt=fmt)


def test_a_text_of_its_own_pattern_in_a_list() -> None:
    codec = groups_of(Group, GROUP[0], Field("name", COST, xml="."), GROUP[2])
    for _ in range(2):
        assert codec.decode(b'[{"id": 1, "name": "2.5"}]', fmt=3) == Groups((Group(1, "2.5"),))
        with pytest.raises(DecodeError, match=r"groups\[0\].name: expected a price, found 'x'"):
            codec.decode(b'[{"id": 1, "name": "x"}]', fmt=3)
    for fmt, body in ((0, b"id = 1, name = 2.5"), (3, b'[{\n"id": 1,\n"name": "2.5"\n}]')):
        assert codec.encode(Groups((Group(1, "2.5"),)), fmt=fmt) == body
        with pytest.raises(EncodeError, match=r"groups\[0\].name: expected a price, found 'x'"):
            codec.encode(Groups((Group(1, "x"),)), fmt=fmt)


class Ticket(msgspec.Struct, frozen=True):
    seat: int
    price: Decimal
    day: datetime
    name: str


class Tickets(msgspec.Struct, frozen=True):
    tickets: tuple[Ticket, ...] = ()


TICKET = (
    Field("seat", Type("number", "a seat", "[1-9][0-9]?", bare=True), xml="@seat"),
    Field("price", Type("money", "a price with two digits", r"[0-9]{1,9}\.[0-9]{2}"), xml="@price"),
    Field("day", Type("date", "a day in May", r"[0-9]{2}\.05\.[0-9]{4} [0-9:]{8}"), xml="@day"),
    Field("name", Type("text", "capital letters", "[A-Z]+"), xml="."),
)
GOOD = Ticket(12, Decimal("2.50"), datetime(2024, 5, 17, 10, 20, 30), "AB")
WRONG_TICKETS = [
    ("seat", 123, b"12", b"123"),
    ("price", Decimal("2.5"), b"2.50", b"2.5"),
    ("day", datetime(2024, 6, 17, 10, 20, 30), b"17.05", b"17.06"),
    ("name", "ab", b"AB", b"ab"),
]


@pytest.mark.parametrize("fmt", [1, 2, 3])
@pytest.mark.parametrize("number", [0, 1, 2, 12])
@pytest.mark.parametrize(("name", "value", "old", "new"), WRONG_TICKETS)
def test_each_lane_checks_the_pattern_of_a_type(
    fmt: int, number: int, name: str, value: Any, old: bytes, new: bytes
) -> None:
    """With 0 it is a reply that is not a list, and has its fields in elements."""
    csv = (Layout(("seat", "price", "day", "name")),)
    if number:
        codec = groups_of(Ticket, *TICKET, many=Tickets, csv=csv)
    else:
        obj = Object(Ticket, tuple(replace(field, xml=field.name) for field in TICKET))
        alone = Reply("created", "a ticket", obj, csv=csv)
        codec = Codec(Endpoint[Any]("tickets.php", JOBS.grammar, (alone,), errors=SenderError))
    good, bad = (Tickets((ticket,) * number) if number else ticket for ticket in (GOOD, replace(GOOD, **{name: value})))
    path = f"tickets[0].{name}" if number else name
    for _ in range(2):
        body = codec.encode(good, fmt=fmt)
        assert codec.decode(body, fmt=fmt, strict=True) == good
        with pytest.raises(DecodeError, match=r"expected (a |capital)") as caught:
            codec.decode(body.replace(old, new), fmt=fmt)
        assert caught.value.path == path
        with pytest.raises(EncodeError, match=r"expected (a |capital)") as refused:
            codec.encode(bad, fmt=fmt)
        assert refused.value.path == path


class Tagged(msgspec.Struct, frozen=True):
    id: int
    codes: Mapping[str, Kind] = EMPTY
    names: Mapping[str, str] = EMPTY


class AllTagged(msgspec.Struct, frozen=True):
    tagged: tuple[Tagged, ...] = ()


@pytest.mark.parametrize("fmt", [2, 3])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("order", [{}, {"xml": ("a", "b"), "json": ("a", "b")}], ids=["no order", "order"])
def test_each_lane_checks_the_pattern_of_open_texts(fmt: int, number: int, order: Any) -> None:
    capitals = Type("text", "capital letters", "[A-Z]+")
    opened: Any = OpenMap("codes", KIND, "names", capitals, frozenset({"a", "b"}), order)
    # In fmt=2 the element has a text, so that open keys are attributes.
    codec = groups_of(Tagged, replace(GROUP[0], xml="."), opened, many=AllTagged)
    frozen: Any = FrozenMapping.of
    good, bad = (
        AllTagged((Tagged(12, frozen({"a": Kind(7)}), frozen({"b": name})),) * number) for name in ("XY", "xy")
    )
    for _ in range(2):
        body = codec.encode(good, fmt=fmt)
        assert codec.decode(body, fmt=fmt) == good
        with pytest.raises(DecodeError, match=r"tagged\[0\].names.b: expected capital letters, found 'xy'"):
            codec.decode(body.replace(b"XY", b"xy"), fmt=fmt)
        with pytest.raises(EncodeError, match=r"tagged\[0\].names.b: expected capital letters, found 'xy'"):
            codec.encode(bad, fmt=fmt)


def test_what_they_do_not_write() -> None:
    with pytest.raises(EncodeError, match="a list of groups has no comma-separated form"):
        Codec(GROUPS).encode(Groups(), fmt=1)
    with pytest.raises(EncodeError, match=r"expected a reply of jobs.php \(ErrorReply, MailingCreated\), found Groups"):
        Codec(JOBS).encode(Groups(), fmt=1)  # type: ignore[arg-type]
    with pytest.raises(EncodeError, match="cost: a comma or a line end would split the value"):
        Codec(JOBS).encode(MailingCreated(5, "2,5"), fmt=1)
    with pytest.raises(EncodeError, match="cost: expected a price, found Decimal"):
        Codec(JOBS).encode(MailingCreated(5, Decimal("2.5")), fmt=3)  # type: ignore[arg-type]


def test_the_codecs_do_not_meet() -> None:
    assert validate(b"OK, ID - 5, COST - 2.5", fmt=0).reply is None


def test_a_declaration_cannot_be_changed() -> None:
    for value in (SENDERS, *SENDERS.replies):
        with pytest.raises(AttributeError):
            setattr(value, value.__struct_fields__[0], None)


def test_a_constant_beside_fields() -> None:
    created = replace(CREATED, csv=(Layout((Const("OK"), "id", "cost")),))
    codec = Codec(Endpoint[MailingCreated]("jobs.php", JOBS.grammar, (created,), errors=SenderError))
    for _ in range(2):
        assert codec.encode(MailingCreated(5, "2.5"), fmt=1) == b"OK,5,2.5"
        assert codec.decode(b"OK,5,2.5", fmt=1) == MailingCreated(5, "2.5")
        with pytest.raises(DecodeError, match=r"found 'NO,5,2\.5'"):
            codec.decode(b"NO,5,2.5", fmt=1)
        with pytest.raises(DecodeError, match=r"\(offset 5\), cost: expected at most 2 characters, found 3"):
            codec.decode(b"OK,5,2.5", fmt=1, limits=Limits(text=2))


class Loose(msgspec.Struct, frozen=True):
    id: int | None = None
    name: str | None = None


def test_a_record_that_may_hold_nothing() -> None:
    """JSON can say so; XML needs the text of the element, as an attribute alone would be read as something else."""
    fields = (Field("id", ID, xml="@id", optional=True), Field("name", NAME, xml=".", optional=True))
    codec = groups_of(Loose, *fields)
    for group in (Loose(), Loose(1), Loose(1, "A")):
        given: Any = Groups((group,) * 3)  # type: ignore[arg-type]
        assert codec.decode(codec.encode(given, fmt=3), fmt=3) == given
        if group.name is None:
            with pytest.raises(EncodeError, match=r"^groups\[0\]: the XML form needs a value of name$"):
                codec.encode(given, fmt=2)
        else:
            assert codec.decode(codec.encode(given, fmt=2), fmt=2) == given


def test_lines_that_have_one_field_or_another() -> None:
    fields = (Field("id", ID, xml="@id", optional=True), Field("name", NAME, xml=".", optional=True))
    codec = groups_of(Loose, *fields, csv=(Layout(("id",)), Layout(("name",)), Layout(("id",), rank=1)))
    with pytest.raises(EncodeError) as caught:
        codec.encode(Groups((Loose(1, "A"),)), fmt=1)  # type: ignore[arg-type]
    wanted = "comma-separated replies have the fields <id> or <name>, found id, name"
    assert str(caught.value) == f"groups[0]: {wanted}"


def test_choices_of_fields_without_end() -> None:
    """Code is made for a few of them; values with others are read and written without."""
    names = [f"n{number}" for number in range(8)]
    cls: Any = msgspec.defstruct("Numbers", [(name, "int | None", None) for name in names], frozen=True)
    codec = groups_of(cls, *(Field(name, ID, optional=True) for name in names))
    for places in (range(1, 256), range(255, 256)):
        given: Any = Groups(tuple(cls(*(1 if place >> bit & 1 else None for bit in range(8))) for place in places))
        assert codec.decode(codec.encode(given, fmt=3), fmt=3) == given
    reader: Any = codec._formats[3]
    assert 0 < len(reader._shapes) <= len(reader._writers) <= shape_budget(255) + 1


def test_what_is_declared_stays_as_it_is() -> None:
    """Codecs and threads share it, and remember what they have made of it."""
    listing = SENDERS.replies[-1]
    for declared in (SENDERS, *SENDERS.replies, listing.object, *listing.object.members, *listing.csv, NAME):
        assert isinstance(declared, msgspec.Struct)
        with pytest.raises(AttributeError, match="immutable"):
            setattr(declared, declared.__struct_fields__[0], None)


# Errors of its own


class JobError(ErrorCode):
    """As of jobs.php: 3 does not mean a sender name there."""

    PARAMETERS = 1, "error in parameters"
    NO_MONEY = 3, "insufficient funds", timedelta(hours=1)
    LATER = 6, "forbidden at this time", True


JOB_ERRORS: Codec[MailingCreated] = Codec(replace(JOBS, errors=JobError))


@pytest.mark.parametrize("fmt", Format)
def test_errors_mean_what_their_endpoint_says(fmt: Format) -> None:
    for number, meaning, retry, after in (
        (1, "error in parameters", False, None),
        (3, "insufficient funds", True, timedelta(hours=1)),
        (6, "forbidden at this time", True, None),
        # Not that of `ServiceError`, nor of `SenderError`.
        (9, "not documented", False, None),
        (11, "not documented", False, None),
    ):
        body = JOB_ERRORS.encode(ErrorReply(number), fmt=fmt)
        for given in (body, bytearray(body), body.decode()):
            reply = JOB_ERRORS.decode(given, fmt=fmt)
            assert isinstance(reply, ErrorReply) and type(reply.code) is JobError and reply.code == number
            with pytest.raises(ApiError) as caught:
                reply.raise_for_error()
            for holder in (reply, caught.value, *map(pickle.loads, map(pickle.dumps, (reply, caught.value)))):
                assert type(holder.code) is JobError and holder.code == number
                assert (holder.meaning, holder.retry, holder.retry_after) == (meaning, retry, after)
            assert str(caught.value) == f"error {number}: {meaning}"
        assert bool(JOB_ERRORS.validate(body, fmt=fmt).findings) is (number not in list(JobError))


@pytest.mark.parametrize("keys", [("a",), ("a", "b"), ()])
def test_a_reply_alone_with_open_keys(keys: tuple[str, ...]) -> None:
    """Its kind depends on its open keys too, so it is determined each time."""
    opened: Any = OpenMap("codes", KIND, "names", NAME, frozenset({"a", "b"}), {})
    reply = Reply("tagged", "tags", Object(Tagged, (Field("id", ID), opened)))
    codec: Codec[Any] = Codec(replace(JOBS, own=(reply,)))
    frozen: Any = FrozenMapping.of
    given = Tagged(12, frozen({key: Kind(7) for key in keys}), frozen({"c": "NAME"}))
    for value in (given, Tagged(5), given):
        assert codec.decode(codec.encode(value, fmt=3), fmt=3, expect=Tagged) == value


@pytest.mark.parametrize(
    ("codec", "fmt", "body", "what"),
    [
        (Codec(GROUPS), 2, b'<groups><group id="1" x="2">A</group></groups>', "the field"),
        (Codec(GROUPS), 3, b'[{"id": 1, "name": "A", "x": 2}]', "the field"),
        (Codec(JOBS), 2, b"<result><error_code>3</error_code><x>2</x></result>", "the element"),
        (Codec(JOBS), 3, b'{"error_code": 3, "x": 2}', "the member"),
    ],
)
def test_what_a_key_is_called_that_is_not_known(codec: Codec[Any], fmt: int, body: bytes, what: str) -> None:
    (finding,) = codec.validate(body, fmt=fmt).findings
    assert finding.message == f"{what} 'x' is not known, and not kept"


def test_elements_that_never_have_a_root() -> None:
    codec = Codec(replace(JOBS, own=(replace(CREATED, xml=(None,)),)))
    body = b"<id>5</id>\n<cost>2.5</cost>"
    for each in (codec, SlowCodec(codec.endpoint)):
        assert each.decode(body, fmt=2) == MailingCreated(5, "2.5")
        assert each.encode(MailingCreated(5, "2.5"), fmt=2) == body


class Numbered(msgspec.Struct, frozen=True):
    id: int
    number: int | None = None


class Label(msgspec.Struct, frozen=True):
    name: str
    note: str


@pytest.mark.parametrize("line", ["5,7", "5,0", "5,", "x,7", "x,", "5", ",", "0,0"])
def test_a_cell_that_may_be_empty_beside_one_that_is_a_text(line: str) -> None:
    """A line that could be either reply is refused, and neither is written so."""
    own = (
        Reply(
            "numbered",
            "a number",
            Object(Numbered, (Field("id", ID), Field("number", ID, optional=True))),
            csv=(Layout(("id", Maybe("number"))),),
        ),
        Reply(
            "label",
            "a label",
            Object(Label, (Field("name", TEXT), Field("note", TEXT))),
            csv=(Layout(("name", "note")),),
        ),
    )
    endpoint = Endpoint[Any]("labels.php", JOBS.grammar, own)
    codec, slow = Codec(endpoint), SlowCodec(endpoint)
    for expect in (None, Label):
        for _ in range(2):
            assert codec.validate(line.encode(), fmt=1, expect=expect) == slow.validate(line, fmt=1, expect=expect)
    codes = [finding.code for finding in slow.validate(line, fmt=1).findings]
    assert (codes == ["ambiguous"]) == (line in ("5,7", "5,0", "5,", "0,0"))


def test_codes_are_below_zero_where_documented_ones_are() -> None:
    for enum, below in ((SenderStatus, False), (MessageState, True)):
        pattern = code(enum, "a code").pattern
        matched = [bool(re.fullmatch(pattern, text)) for text in ("0", "17", "-17", "-0", "017")]
        assert matched == [True, True, below, False, False]


@pytest.mark.parametrize("fmt", [2, 3])
@pytest.mark.parametrize(("attribute", "value"), [("codes", Kind(7)), ("names", "NAME")])
def test_an_open_key_that_makes_an_error_of_a_reply(fmt: int, attribute: str, value: Any) -> None:
    opened: Any = OpenMap("codes", KIND, "names", NAME, frozenset({"a"}), {})
    codec: Codec[Any] = Codec(replace(JOBS, own=(Reply("tagged", "tags", Object(Tagged, (Field("id", ID), opened))),)))
    for key, words in (("error_code", "an error" if attribute == "codes" else "another reply"), ("a", "")):
        given: Any = replace(Tagged(12), **{attribute: FrozenMapping.of({"b": value, key: value})})
        for _ in range(2):
            if not words:
                assert codec.decode(codec.encode(given, fmt=fmt), fmt=fmt) == given
                continue
            with pytest.raises(EncodeError) as caught:
                codec.encode(given, fmt=fmt)
            assert str(caught.value) == f"{attribute}.{key}: with this key it would be read back as {words}"


def test_declarations_do_not_change() -> None:
    """What is compiled for them is remembered."""
    words = [each for each in vars(declare).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    own = [word for word in words if word.__module__ == declare.__name__]
    assert len(own) == 16 and all(word.__struct_config__.frozen for word in own)


# Declarations that are wrong


class Lone(msgspec.Struct, frozen=True):
    id: int
    note: str | None = None
    other: Mapping[str, str] = EMPTY


class Unfilled(msgspec.Struct, frozen=True):
    other: Mapping[str, str]
    id: int


def declared(*members: Any, cls: Any = Lone, **more: Any) -> Reply:
    return Reply("lone", "a thing", Object(cls, members), **more)


LONE: Any = Field("id", ID)
ANY: Any = int
WRONG_DECLARATIONS: list[tuple[Any, str]] = [
    (declared(LONE, Field("txt", NAME)), "field 'txt' is not an attribute of Lone"),
    (declared(replace(LONE, optional=True)), "field 'id' may be missing, and has no default in Lone"),
    (declared(replace(LONE, absent_in="text")), "field 'id' may be missing, and has no default in Lone"),
    (declared(Field("note", NAME)), "attribute 'id' of Lone has no field and no default"),
    (declared(Field("id", ANY)), "field 'id' needs a Type or a Many of smsc_codec.declare, such as ID, not int"),
    (declared(Field("id", "ID")), "field 'id' needs a Type or a Many of smsc_codec.declare, such as ID, not str"),  # type: ignore[arg-type]
    (
        declared(Field("id", Type("whole", "a number", "[0-9]"))),
        "field 'id': a Type is of the kind code, date, money, number, text, not 'whole'",
    ),
    (
        declared(Field("id", Type("code", "a code", "[0-9]"))),
        "field 'id': a code needs the class of its numbers, a subclass of Code: make its Type with declare.code",
    ),
    (declared(LONE, Other("more")), "Lone needs an attribute 'more' with the default FrozenMapping() for open keys"),
    (declared(LONE, Other("note")), "'note' has to be the last attribute of Lone"),
    (
        declared(LONE, Other(), cls=Unfilled),
        "Unfilled needs an attribute 'other' with the default FrozenMapping() for open keys",
    ),
    (
        declared(LONE, OpenMap("codes", KIND, "other", NAME, frozenset(), {})),
        "Lone needs an attribute 'codes' with the default FrozenMapping() for open keys",
    ),
    (declared(cls=dict), "the class of an Object has to be a msgspec.Struct, not dict"),
    (
        Reply("lone", "a thing", Object(Lone, LONE)),
        "the members of an Object have to be a tuple, not Field: write (Field(…),)",
    ),
    (
        Reply("lone", "a thing", Object(Lone, (LONE,), orders={"json": (("id", "nr"),)})),
        "the order of fields names 'nr', which is not a field",
    ),
    (declared(LONE, csv=Layout(("id",))), "csv has to be a tuple of Layout, not Layout: write (Layout(…),)"),
    (declared(LONE, csv=(Layout("id"),)), "a Layout has a tuple of cells, not str: write Layout(('id',))"),  # type: ignore[arg-type]
    (declared(LONE, csv=("id",)), "csv has to be a tuple of Layout, and has a str: write (Layout(…),)"),
    (declared(LONE, csv=(("id",),)), "csv has to be a tuple of Layout, and has a tuple: write (Layout(…),)"),
    (declared(LONE, csv=(Layout(("id", "nr")),)), "a Layout names 'nr', which is not a field"),
    (declared(LONE, xml="result"), "xml has to be a tuple of elements, not str: write ('result',)"),
    (declared(LONE, many=dict, item="x"), "many has to be a msgspec.Struct with an attribute for the records"),
    (declared(LONE, many=Groups), "a list needs item, the element of a record in fmt=2"),
    (
        declared(LONE, Field("note", Many(Object(Lone, (Field("nr", ID),)), item="x"), optional=True)),
        "field 'note': field 'nr' is not an attribute of Lone",
    ),
    (
        declared(LONE, Field("note", Many(Object(Lone, (LONE,)), csv=(Layout(("nr",)),)), optional=True)),
        "field 'note': a Layout names 'nr', which is not a field",
    ),
    (replace(CREATED, kind="error"), "another reply has this kind"),
]


@pytest.mark.parametrize(("reply", "words"), WRONG_DECLARATIONS, ids=[words for _, words in WRONG_DECLARATIONS])
def test_a_declaration_that_is_wrong_makes_no_codec(reply: Reply, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        Codec(Endpoint[Any]("things.php", JOBS.grammar, (reply,)))
    assert caught.value.reason == f"things.php: reply {reply.kind!r}: {words}"


LINES = (
    "reply: error [_LINE_END] | groups\ngroups: group (_LINE_END group)*\n%import service (KEY, VALUE, _IS, _NEXT)\n"
)


def test_replies_that_are_not_a_tuple() -> None:
    for own in (CREATED, [CREATED], ("created",)):
        with pytest.raises(
            OptionError, match=r"things.php: the replies have to be a tuple of Reply, such as \(SENT,\)"
        ):
            Codec(Endpoint[Any]("things.php", JOBS.grammar, own))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "reply", "words"),
    [
        ('reply: error | done\ndone: "OK"', CREATED, "rule 'done' has no Reply of that kind"),
        ("reply: error", CREATED, "rule 'reply' does not name 'created'"),
        ("reply: created", CREATED, "rule 'reply' does not name 'error'"),
        (
            "reply: error [_LINE_END]\n%import service (KEY, VALUE, _IS, _NEXT)\n"
            'lines: group (_LINE_END group)*\ngroup: "id" _IS ID _NEXT "name" _IS VALUE',
            GROUPS.own[0],
            "rule 'reply' does not name 'group'",
        ),
        (
            LINES + 'group: "name" _IS VALUE _NEXT "id" _IS ID',
            GROUPS.own[0],
            "reply 'groups': rule 'group' begins with the key 'name', and the first field has the key 'id'",
        ),
        (
            LINES + 'group: ("id" | KEY) _IS ID _NEXT "name" _IS VALUE',
            GROUPS.own[0],
            "reply 'groups': rule 'group' begins with any key, and the first field has the key 'id'",
        ),
        (
            LINES + 'group: "id" _IS ID _NEXT "name" _IS VALUE [_NEXT "number" _IS NUMBER]\nNUMBER: /[1-9][0-9]*/',
            GROUPS.own[0],
            "reply 'groups': terminal NUMBER does not match '0', a value of the field 'number'",
        ),
        (
            LINES + 'group: "id" _IS ID _NEXT "name" _IS NAME\nNAME: /[a-z]*/',
            GROUPS.own[0],
            "terminal NAME matches an empty text (let it match one character or more, and write [NAME])",
        ),
        (
            'reply: (error | created) [_LINE_END]\ncreated: "OK, ID - " NUMBER\nNUMBER: /[0-9]+/',
            CREATED,
            "reply 'created': terminal NUMBER is not the value of a field"
            " (name it like the field's key, or begin its name with _)",
        ),
        (
            'reply: (error | created) [_LINE_END]\ncreated: "OK, ID - " ID ", COST - " COST\nCOST: /[1-9][0-9]*/',
            replace(CREATED, object=Object(MailingCreated, (Field("id", ID), Field("cost", MONEY)))),
            "reply 'created': terminal COST does not match '0', a value of the field 'cost'",
        ),
        ("reply: error | created", CREATED, "has to use the terminal _LINE_END of service.lark"),
        (
            "reply: error [_LINE_END] | groups\ngroups: group (_LINE_END group)*\n"
            'group: "id" _IS ID ", name = " NAME\nNAME: /[a-z]+/\n_IS: / = /',
            GROUPS.own[0],
            "_IS has to be a fixed string, so that it can be written",
        ),
        (
            'reply: (error | created) [_LINE_END]\ncreated: "OK, ID - " ID COST\nCOST: /(, COST - )[0-9]+/',
            CREATED,
            "terminal COST: the pattern '(, COST - )[0-9]+' has a group that captures: write (?:…) instead of (…)",
        ),
        (
            'reply: (error | created) [_LINE_END]\ncreated: "OK, ID - " ID COST\nCOST: /(?i), cost - [0-9]+/',
            CREATED,
            "terminal COST: the pattern '(?i), cost - [0-9]+' has flags for the whole of it:"
            " write (?i:…) instead of (?i)",
        ),
        (
            'reply: error | created\ncreated: "OK, ID - " ID COST\nCOST: /a{99999999999}/',
            CREATED,
            "things.lark': the repetition number is too large",
        ),
        (
            "reply: error [_LINE_END] | groups\ngroups: group (_LINE_END group)*\n"
            'group: "id" _IS ID (_NEXT _more)*\n_more: ("name" | "title") _IS NAME\n'
            'NAME: /[a-z]+/\n_IS: " = "\n_NEXT: ", "',
            GROUPS.own[0],
            "reply 'groups': the key 'title' in rule 'group' is not that of a field",
        ),
        ("reply: error\n%import nothing (nothing)", CREATED, "cannot import nothing.lark: No such file or directory"),
        ("replies: error", CREATED, "it has no rule 'reply'"),
        ("reply: error | nothing", CREATED, "Rule 'nothing' used but not defined (in rule reply)"),
    ],
)
def test_a_grammar_of_other_replies(tmp_path: Path, rules: str, reply: Reply, words: str) -> None:
    path = tmp_path / "things.lark"
    more = "" if "created:" in rules or "created" not in rules else '\ncreated: "OK, ID - " ID ", COST - " ID'
    path.write_text(f"%import service (error, ID, _LINE_END)\n{rules}{more}\n", "utf-8")
    assert_no_text(str(path), reply, words)


def test_a_terminal_of_a_record_that_is_too_narrow_in_one_place(tmp_path: Path) -> None:
    path = tmp_path / "groups.lark"
    given = (GRAMMARS / "groups.lark").read_text("utf-8")
    narrow = given.replace('"number" _IS NUMBER', '"number" _IS DIGIT [_NEXT "number" _IS NUMBER]')
    path.write_text(f"{narrow}\nDIGIT: /[1-9]/\n", "utf-8")
    codec = Codec(replace(GROUPS, grammar=str(path)))
    few, many = Groups((Group(1, "a", 9), Group(2, "b"))), Groups((Group(1, "a"), Group(2, "b", 10)))
    assert codec.decode(codec.encode(few, fmt=0), fmt=0) == few
    with pytest.raises(EncodeError, match=r"^groups\[1\]: .* 'id = 2, name = b, number = 10' cannot be read back"):
        codec.encode(many, fmt=0)


def assert_no_text(grammar: str, reply: Reply, words: str) -> None:
    """Assert that what is wrong with a grammar is said when fmt=0 is first used, and not before."""
    codec = Codec(Endpoint[Any]("things.php", grammar, (reply,)))
    assert codec.decode(b'{"error_code": 5}', fmt=3) == ErrorReply(5)
    with pytest.raises(OptionError) as caught:
        codec.decode(b"ERROR = 5 (x)", fmt=0)
    assert caught.value.reason.endswith(words)


@pytest.mark.parametrize(
    ("grammar", "words"),
    [
        ("nowhere", "no grammar nowhere.lark beside smsc_codec"),
        ("", "no grammar .lark beside smsc_codec"),
        ("/nowhere/things.lark", "[Errno 2] No such file or directory: '/nowhere/things.lark'"),
    ],
)
def test_a_grammar_that_is_missing(grammar: str, words: str) -> None:
    assert_no_text(grammar, CREATED, f"grammar {grammar!r} cannot be read: {words}")


def test_a_grammar_that_is_not_a_text(tmp_path: Path) -> None:
    (tmp_path / "things.lark").write_bytes(b"\xff")
    assert_no_text(str(tmp_path / "things.lark"), CREATED, "in position 0: invalid start byte")
