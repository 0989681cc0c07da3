"""Endpoints that the library does not have, declared here and read and written by its own four formats.

jobs.php answers a new mailing with an id and its price, phones.php a list of groups, balance.php nothing but an
amount. Only this module and three grammars say what they look like.
"""

from __future__ import annotations

import pickle
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
    Limits,
    Sender,
    SenderError,
    SenderList,
    validate,
)
from smsc_codec._forms import Column, Const, Endpoint, Flat, Listing, XmlShape
from smsc_codec._generated import Attributes
from smsc_codec._records import Field, Order, Record
from smsc_codec._values import NAME, NUMBER, Scalar, code
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.endpoints.service import error_form
from smsc_codec.model import Code

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


COST = Scalar("a price", re.compile(r"[0-9]{1,15}(?:[.,][0-9]{1,4})?"))
ERROR = error_form(code(SenderError, "the number of an error"))

CREATED = Flat(
    Record(MailingCreated, (Field("id", NUMBER), Field("cost", COST))),
    kind="created",
    words="the id of a new mailing",
    rule="created",
    csv=(Column("id"), Column("cost")),
    xml=(XmlShape("result", children=(("id", "id"), ("cost", "cost"))),),
    json=(("id", "id"), ("cost", "cost")),
)
JOBS: Endpoint[MailingCreated] = Endpoint("jobs.php", str(GRAMMARS / "jobs.lark"), (ERROR, CREATED))

KEYS = (("id", "id"), ("name", "name"), ("number", "number"))
GROUPS: Endpoint[Groups] = Endpoint(
    "phones.php",
    str(GRAMMARS / "groups.lark"),
    (
        ERROR,
        Listing(
            Groups,
            kind="groups",
            words="a list of groups",
            attribute="groups",
            record=Record(Group, (Field("id", NUMBER), Field("name", NAME), Field("number", NUMBER, optional=True))),
            rule="group",
            text=Order(KEYS, ()),
            csv=(),
            xml=Order((("id", "id"), ("number", "number")), ()),
            xml_root="groups",
            xml_item="group",
            xml_text="name",
            json=Order(KEYS, ()),
        ),
    ),
)

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
BALANCE = Flat(
    Record(Balance, (Field("balance", Scalar("an amount", re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?"))),)),
    kind="balance",
    words="the balance",
    rule="balance",
    csv=(Column("balance"),),
    xml=(XmlShape(None, children=(("balance", "balance"),)),),
    json=(("balance", "balance"),),
)
BALANCES: Endpoint[Balance] = Endpoint("balance.php", str(GRAMMARS / "balance.lark"), (ERROR, BALANCE))


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
def test_nothing_is_no_reply_where_there_are_no_lists(endpoint: Endpoint[Any], fmt: Format) -> None:
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
    (JOBS, 0, b"", "expected a reply, found an empty body"),
    (JOBS, 0, b"OK, ID - 5", "expected ', COST - ', found the end of the reply"),
    (JOBS, 0, b"OK, ID - 5, COST - 2.5\nOK", "expected the end of the reply after the id of a new mailing"),
    (JOBS, 1, b"5,x", "expected an error or the id of a new mailing as comma-separated values, found '5,x'"),
    (
        JOBS,
        1,
        b"",
        "expected an error or the id of a new mailing as comma-separated values, found the end of the reply",
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
    (GROUPS, 3, b'[{"id": 5, "more": 1}]', "expected the field 'name', which is not there"),
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
    capitals = Scalar("capital letters", re.compile("[A-Z]+"))
    listing = GROUPS.forms[1]
    assert isinstance(listing, Listing)
    fields = (Field("id", NUMBER), Field("name", capitals), Field("number", NUMBER, optional=True))
    codec = Codec(replace(GROUPS, forms=(ERROR, replace(listing, record=Record(Group, fields)))))
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
    with pytest.raises(EncodeError, match=r"^the text form needs a value of id, cost$"):
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
    """Names of allowed characters alone are no names then, in either lane of the writer."""
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
    listing = GROUPS.forms[1]
    assert isinstance(listing, Listing)
    fields = (Field("id", NUMBER), Field("name", NAME), Field("number", NUMBER))
    strict = replace(listing, record=Record(Group, fields))
    endpoint: Endpoint[Groups] = Endpoint("phones.php", GROUPS.grammar, (ERROR, strict))
    codec = Codec(endpoint)
    for _ in range(2):
        with pytest.raises(DecodeError, match=r"groups\[0\]: expected the field 'number', which is not there"):
            codec.decode(b"id = 1, name = A", fmt=0)
        for name in ("B", "B" * 10_000):
            with pytest.raises(DecodeError, match="expected the field 'number', which is not there") as caught:
                codec.decode(f"id = 1, name = A, number = 2\nid = 1, name = {name}", fmt=0)
            assert (caught.value.offset, caught.value.path) == (29, "groups[1]")


def test_a_field_that_a_flat_reply_lacks(tmp_path: Path) -> None:
    copy = tmp_path / "jobs.lark"
    text = (GRAMMARS / "jobs.lark").read_text("utf-8")
    copy.write_text(text.replace('", COST - " COST', '[", COST - " COST]'), "utf-8")
    flat = replace(CREATED, csv=(Column("id"), Column("cost", absent="-")))
    codec = Codec(replace(JOBS, grammar=str(copy), forms=(ERROR, flat)))
    assert codec.decode(b"OK, ID - 5, COST - 2.5", fmt=0) == MailingCreated(5, "2.5")
    for fmt, body in ((0, b"OK, ID - 5"), (1, b"5,-")):
        with pytest.raises(DecodeError, match="expected the field 'cost', which is not there") as caught:
            codec.decode(body, fmt=fmt)
        assert (caught.value.offset, caught.value.path) == (0, "")


class Kind(Code):
    ONE = 1, "one"


class Part(msgspec.Struct, frozen=True):
    count: int
    kind: Kind


class Parts(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...] = ()


COUNT = Scalar("a count of at most 3 digits", re.compile("0|[1-9][0-9]{0,2}"), int, True)
KIND = code(Kind, "a kind of one digit", re.compile("[0-9]"))
WRONG = "expected a (count of at most 3 digits|kind of one digit), found "


@pytest.mark.parametrize("fmt", [1, 3])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("count", [COUNT, NUMBER], ids=["both", "the kind"])
def test_numbers_of_their_own_patterns_in_a_list(fmt: int, number: int, count: Scalar) -> None:
    listing = GROUPS.forms[1]
    assert isinstance(listing, Listing)
    record = Record(Part, (Field("count", count), Field("kind", KIND)))
    order = Order((("count", "count"), ("kind", "kind")), ())
    csv = (("count", "kind"),)
    parts = replace(listing, cls=Parts, attribute="parts", record=record, text=order, json=order, csv=csv)
    endpoint: Endpoint[Parts] = Endpoint("parts.php", GROUPS.grammar, (ERROR, parts))
    codec = Codec(endpoint)
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
    listing = GROUPS.forms[1]
    assert isinstance(listing, Listing)
    order = Order(KEYS[:2], ())
    record = Record(Group, (Field("id", NUMBER), Field("name", COST)))
    priced = replace(listing, record=record, text=order, json=order)
    endpoint: Endpoint[Groups] = Endpoint("phones.php", GROUPS.grammar, (ERROR, priced))
    codec = Codec(endpoint)
    for _ in range(2):
        assert codec.decode(b'[{"id": 1, "name": "2.5"}]', fmt=3) == Groups((Group(1, "2.5"),))
        with pytest.raises(DecodeError, match=r"groups\[0\].name: expected a price, found 'x'"):
            codec.decode(b'[{"id": 1, "name": "x"}]', fmt=3)
    for fmt, body in ((0, b"id = 1, name = 2.5"), (3, b'[{\n"id": 1,\n"name": "2.5"\n}]')):
        assert codec.encode(Groups((Group(1, "2.5"),)), fmt=fmt) == body
        with pytest.raises(EncodeError, match=r"groups\[0\].name: expected a price, found 'x'"):
            codec.encode(Groups((Group(1, "x"),)), fmt=fmt)


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
    for value in (SENDERS, *SENDERS.forms):
        with pytest.raises(AttributeError):
            setattr(value, value.__struct_fields__[0], None)


def test_a_constant_beside_fields() -> None:
    columns = (Const("OK"), Column("id"), Column("cost"))
    created = replace(CREATED, csv=columns, json=(("result", Const("OK")), ("id", "id"), ("cost", "cost")))
    codec = Codec(Endpoint[MailingCreated]("jobs.php", JOBS.grammar, (ERROR, created)))
    body = b'{\n"result": "OK",\n"id": 5,\n"cost": "2.5"\n}'
    assert codec.encode(MailingCreated(5, "2.5"), fmt=3) == body
    assert codec.decode(body, fmt=3) == MailingCreated(5, "2.5")
    with pytest.raises(DecodeError, match="found an object with 'result', 'id', 'cost'"):
        codec.decode(body.replace(b"OK", b"NO"), fmt=3)
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
    listing = GROUPS.forms[1]
    assert isinstance(listing, Listing)
    record = Record(Loose, (Field("id", NUMBER, optional=True), Field("name", NAME, optional=True)))
    order = Order((("id", "id"), ("name", "name")), ())
    loose = replace(listing, record=record, json=order, xml=Order((("id", "id"),), ()))
    codec = Codec(replace(GROUPS, forms=(ERROR, loose)))
    for group in (Loose(), Loose(1), Loose(1, "A")):
        given: Any = Groups((group,) * 3)  # type: ignore[arg-type]
        assert codec.decode(codec.encode(given, fmt=3), fmt=3) == given
        if group.name is None:
            with pytest.raises(EncodeError, match=r"^groups\[0\]: the XML form needs a value of name$"):
                codec.encode(given, fmt=2)
        else:
            assert codec.decode(codec.encode(given, fmt=2), fmt=2) == given


def test_choices_of_fields_without_end() -> None:
    """Code is made for a few of them, where the record is declared."""
    names = [f"n{number}" for number in range(8)]
    cls: Any = msgspec.defstruct("Numbers", [(name, "int | None", None) for name in names], frozen=True)
    listing = GROUPS.forms[1]
    assert isinstance(listing, Listing)
    with patch.object(Attributes, "_all_alike", autospec=True, side_effect=Attributes._all_alike) as made:
        record = Record(cls, tuple(Field(name, NUMBER, optional=True) for name in names))
    assert made.call_count == 64
    loose = replace(listing, record=record, json=Order(tuple(zip(names, names)), ()))
    codec = Codec(replace(GROUPS, forms=(ERROR, loose)))
    for places in (range(1, 256), range(255, 256)):
        given = Groups(tuple(cls(*(1 if place >> bit & 1 else None for bit in range(8))) for place in places))
        assert codec.decode(codec.encode(given, fmt=3), fmt=3) == given


def test_what_is_declared_stays_as_it_is() -> None:
    """Codecs and threads share it, and remember what they have made of it."""
    listing, record = SENDERS.forms[-1], SENDERS.forms[-1].record
    assert isinstance(listing, Listing)
    for declared in (SENDERS, *SENDERS.forms, listing.text, record, record.extras, *record.fields, NAME):
        assert isinstance(declared, msgspec.Struct)
        with pytest.raises(AttributeError, match="immutable"):
            setattr(declared, declared.__struct_fields__[0], None)


# Errors of its own


class JobError(ErrorCode):
    """As of jobs.php: 3 is no sender name there."""

    PARAMETERS = 1, "error in parameters"
    NO_MONEY = 3, "insufficient funds", timedelta(hours=1)
    LATER = 6, "forbidden at this time", True


JOB_ERRORS: Codec[MailingCreated] = Codec(
    Endpoint("jobs.php", str(GRAMMARS / "jobs.lark"), (error_form(code(JobError, "the number of an error")), CREATED))
)


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
