"""A wrong declaration is an `OptionError` that says what is wrong and where, when its codec is made."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from smsc_codec import Codec, EncodeError, ErrorReply, OptionError, declare
from smsc_codec.declare import (
    FORMATS,
    ID,
    SUCCESS,
    TEXT,
    Const,
    Endpoint,
    Field,
    Layout,
    Many,
    Maybe,
    Object,
    Only,
    OpenMap,
    Other,
    Reply,
    Rest,
    Several,
    code,
)
from smsc_codec.endpoints import ENDPOINTS, codec_of
from smsc_codec.endpoints.senders import SenderStatus
from smsc_codec.mapping import EMPTY

from . import several

JOBS = str(Path(__file__).parent / "grammars" / "jobs.lark")


class Thing(msgspec.Struct, frozen=True):
    id: int
    note: str | None = None
    other: Mapping[str, str] = EMPTY


class Named(msgspec.Struct, frozen=True, kw_only=True):
    id: int


class Whole(msgspec.Struct, frozen=True):
    id: int
    things: tuple[Thing, ...] = ()


class Wholes(msgspec.Struct, frozen=True):
    id: int
    wholes: tuple[Whole, ...] = ()


class Texts(msgspec.Struct, frozen=True):
    id: int
    note: str | None = None
    text: str | None = None


class Lists(msgspec.Struct, frozen=True):
    id: int
    note: tuple[Thing, ...] = ()
    text: tuple[Thing, ...] = ()


class Filled(msgspec.Struct, frozen=True):
    id: int
    note: str | None = "x"


class Empty(msgspec.Struct, frozen=True):
    id: int
    other: Mapping[str, str] | None = None


class Things(msgspec.Struct, frozen=True):
    things: tuple[Thing, ...] = ()


class Plain(IntEnum):
    A = 1


ANY: Any = None
FIELD = Field("id", ID)
NOTE = Field("note", TEXT, optional=True)
STATUS = code(SenderStatus, "a status")
LIST = Reply("things", "things", Object(Thing, (FIELD,)), many=Things, rule="thing", item="thing")


def reply_of(*members: Any, cls: Any = Thing, **more: Any) -> Reply:
    """Return a reply with these members, or with an id."""
    return Reply("thing", "a thing", Object(cls, members or (FIELD,)), **more)


def typed(**changes: Any) -> Reply:
    """Return a reply whose id has another type."""
    return reply_of(replace(FIELD, type=replace(ID, **changes)))


def in_line(*cells: Any) -> Reply:
    """Return a reply with a line of these cells."""
    return reply_of(FIELD, NOTE, csv=(Layout(cells),))


def refused(reply: Any, words: str, **more: Any) -> None:
    with pytest.raises(OptionError) as caught:
        Codec(Endpoint[Any]("things.php", **{"grammar": JOBS, "own": (reply,), **more}))
    assert caught.value.reason == f"things.php: {words}"


def named(table: list[tuple[Any, str]]) -> pytest.MarkDecorator:
    """Return the parameters for a table of declarations and what is wrong with them."""
    return pytest.mark.parametrize(("reply", "words"), table, ids=[words for _, words in table])


def test_declarations_that_are_sound() -> None:
    for name in ENDPOINTS:
        endpoint = codec_of(name).endpoint
        assert Codec(endpoint).endpoint is endpoint
    assert Codec(Endpoint[Any]("things.php", JOBS, (reply_of(FIELD, NOTE, Other()),))).decode(
        b'{"id": 5, "x": "y"}', fmt=3
    ) == Thing(5, None, {"x": "y"})


OF_OTHER_CLASSES: list[tuple[Any, str]] = [
    (in_line(5), "a cell of a Layout is the name of a field or one of Const, Maybe, Only, …, not int"),
    (in_line(None), "a cell of a Layout is the name of a field or one of Const, Maybe, Only, …, not NoneType"),
    (in_line(Const(ANY)), "text has to be a str, not NoneType"),
    (in_line(Only("id", ANY)), "the cell of 'id': a pattern has to be a str, not NoneType"),
    (reply_of("id"), "a member of an Object is a Field, an OpenMap or Other, not str"),
    (reply_of(ID), "a member of an Object is a Field, an OpenMap or Other, not Type"),
    (
        replace(reply_of(), object=Thing),
        "object has to be an Object, not Thing: write Object(Sent, (Field('id', ID),))",
    ),
    (replace(reply_of(), kind=[]), "kind has to be a str, not list"),
    (replace(reply_of(), title=ANY), "title has to be a str, not NoneType"),
    (reply_of(FIELD, Field(ANY, ID)), "field None: name has to be a str, not NoneType"),
    (reply_of(replace(FIELD, json=5)), "field 'id': json has to be a str, not int"),
    (reply_of(replace(FIELD, absent_in=None)), "field 'id': absent_in has to be a str, not NoneType"),
    (typed(title=None), "field 'id': title has to be a str, not NoneType"),
    (typed(pattern=b"x"), "field 'id': a pattern has to be a str, not bytes"),
    (
        reply_of(FIELD, Field("note", Many(ANY, item="x"), optional=True)),
        "field 'note': object has to be an Object, not NoneType: write Object(Sent, (Field('id', ID),))",
    ),
    (
        reply_of(FIELD, Field("note", Many(Object(Thing, (FIELD,)), item=ANY), optional=True)),
        "field 'note': item has to be a str, not NoneType",
    ),
    (
        reply_of(FIELD, OpenMap("other", ANY, "other", TEXT, frozenset(), {})),
        "code of an OpenMap has to be a Type, not NoneType",
    ),
    (
        reply_of(FIELD, OpenMap("other", STATUS, "other", replace(TEXT, kind="x"), frozenset(), {})),
        "text of an OpenMap: a Type is of the kind code, date, money, number, text, not 'x'",
    ),
    (reply_of(cls=Named), "attribute 'id' of Named is keyword-only: leave out kw_only"),
    (reply_of(many=Named, item="x"), "attribute 'id' of Named is keyword-only: leave out kw_only"),
]


@named(OF_OTHER_CLASSES)
def test_parts_of_other_classes(reply: Any, words: str) -> None:
    refused(reply, f"reply {reply.kind!r}: {words}")


VALUES: list[tuple[Any, str]] = [
    (
        typed(pattern="["),
        "field 'id': the pattern '[' is not a regular expression: unterminated character set at position 0",
    ),
    (
        typed(pattern="a{99999999999}"),
        "field 'id': the pattern 'a{99999999999}' is not a regular expression: the repetition number is too large",
    ),
    (
        in_line(Only("id", "[")),
        "the cell of 'id': the pattern '[' is not a regular expression: unterminated character set at position 0",
    ),
    (
        typed(kind="code", enum=Plain),
        "field 'id': a code needs the class of its numbers, a subclass of Code: make its Type with declare.code",
    ),
]


VALUES += [
    (
        reply,
        f"{where}: the pattern {pattern!r} {words}",
    )
    for pattern, words in (
        ("([0-9])-([0-9])", "has a group that captures: write (?:…) instead of (…)"),
        ("(?P<a>[0-9])", "has a group that captures: write (?:…) instead of (…)"),
        ("(?i)[0-9]", "has flags for the whole of it: write (?i:…) instead of (?i)"),
    )
    for reply, where in (
        (typed(pattern=pattern), "field 'id'"),
        (in_line(Only("id", pattern)), "the cell of 'id'"),
        (
            reply_of(FIELD, OpenMap("other", replace(STATUS, pattern=pattern), "other", TEXT, frozenset(), {})),
            "code of an OpenMap",
        ),
    )
]


@named(VALUES)
def test_values_that_no_reply_can_have(reply: Any, words: str) -> None:
    refused(reply, f"reply {reply.kind!r}: {words}")


def with_list(*fields: Field, cls: Any = Thing, **more: Any) -> Reply:
    """Return a reply with a list in it, whose objects have these fields."""
    return reply_of(
        FIELD, Field("things", Many(Object(cls, fields or (FIELD,)), "thing", **more), optional=True), cls=Whole
    )


SAME: list[tuple[Any, str]] = [
    (reply_of(FIELD, FIELD), "field 'id' is declared twice"),
    *(
        (
            reply_of(FIELD, replace(NOTE, **{fmt: "id"})),
            f"fields 'id' and 'note' have the same key 'id' in {fmt}",
        )
        for fmt in FORMATS
    ),
    (reply_of(FIELD, replace(NOTE, xml="@id")), "fields 'id' and 'note' have the same key '@id' in xml"),
    (reply_of(FIELD, Other(), Other("note")), "an Object has one OpenMap or Other at most"),
    (in_line(Rest("note"), "id", "note"), "a Layout names 'note' twice"),
    (
        reply_of(
            FIELD,
            NOTE,
            Field("text", TEXT, optional=True),
            cls=Texts,
            csv=(Layout(("id", Rest("note"), Rest("text"))),),
        ),
        "a Layout has one Rest at most",
    ),
    (
        reply_of(
            FIELD,
            *(Field(name, Many(Object(Thing, (FIELD,)), name, "lines"), optional=True) for name in ("note", "text")),
            cls=Lists,
        ),
        "fields 'note' and 'text' have rule: one list stands in the lines behind the first",
    ),
    (
        reply_of(
            FIELD,
            *(
                Field(name, Many(Object(Thing, (FIELD,)), name, csv=(Layout(("id",)),)), optional=True)
                for name in ("note", "text")
            ),
            cls=Lists,
        ),
        "fields 'note' and 'text' have csv: one list stands in the lines behind the first",
    ),
    (
        Reply("thing", "a thing", Object(Thing, (FIELD,), orders={"json": (("id", "id"),)})),
        "the order of fields names 'id' twice",
    ),
    (
        replace(LIST, constant="YES"),
        "a constant has neither fields nor records: leave out constant, or many and the members",
    ),
    (
        reply_of(constant="YES"),
        "a constant has neither fields nor records: leave out constant, or many and the members",
    ),
    (
        replace(LIST, item="result"),
        "item 'result' is a root in xml too: a list of one record would be read as that record",
    ),
]


@named(SAME)
def test_what_is_declared_twice(reply: Any, words: str) -> None:
    refused(reply, f"reply {reply.kind!r}: {words}")


def test_replies_of_one_class() -> None:
    words = "so that encode cannot tell them apart"
    again = replace(reply_of(), kind="again")
    refused(reply_of(), f"reply 'again': another reply has the class Thing, {words}", own=(reply_of(), again))
    refused(reply_of(cls=ErrorReply), "reply 'thing': attribute 'code' of ErrorReply has no field and no default")
    fields = (Field("code", STATUS), replace(FIELD, optional=True))
    refused(reply_of(*fields, cls=ErrorReply), f"reply 'thing': another reply has the class ErrorReply, {words}")


LACKING: list[tuple[Any, str]] = [
    (in_line("note"), "a Layout lacks the field 'id', which every reply has: name it, or make it optional"),
    (in_line(Maybe("id")), "a Layout lacks the field 'id', which every reply has: name it, or make it optional"),
    (
        with_list(csv=(Layout((Const("x"),)),)),
        "field 'things': a Layout lacks the field 'id', which every reply has: name it, or make it optional",
    ),
    (
        reply_of(FIELD, replace(NOTE, csv=None), csv=(Layout(("id", "note")),)),
        "a Layout names 'note', which has csv=None",
    ),
    (
        replace(with_list(), csv=(Layout(("id", "things")),)),
        "a Layout names 'things', which is a list: its lines follow the first",
    ),
    (in_line(Rest("id")), "a Rest takes commas, and 'id' is not a text"),
    (replace(LIST, many=Texts), "many has to have one attribute, for the records, and Texts has more"),
    (
        reply_of(Field("id", ID), Field("note", TEXT, optional=True), cls=Filled),
        "field 'note' may be missing: its default in Filled has to be None, not 'x'",
    ),
    (
        reply_of(FIELD, Field("note", Many(Object(Thing, (FIELD,)), "thing"), optional=True)),
        "field 'note' may be missing: its default in Thing has to be (), not None",
    ),
    (
        reply_of(FIELD, Field("note", Several(TEXT), text=None, csv=None, xml=None, optional=True)),
        "field 'note' may be missing: its default in Thing has to be (), not None",
    ),
    (
        reply_of(FIELD, Field("note", Several(TEXT), optional=True)),
        "field 'note': fmt=3 alone has a list of texts: text, csv and xml are None",
    ),
    (
        reply_of(FIELD, Field("note", Several(5), text=None, csv=None, xml=None)),  # type: ignore[arg-type]
        "field 'note': a Several is of a Type of smsc_codec.declare, not 5",
    ),
    (
        reply_of(FIELD, Other(), cls=Empty),
        "the default of 'other' in Empty has to be FrozenMapping(), not None",
    ),
]


@named(LACKING)
def test_what_is_missing(reply: Any, words: str) -> None:
    refused(reply, f"reply {reply.kind!r}: {words}")


THINGS = Many(Object(Thing, (FIELD,)), "thing")
INNER = Field("things", THINGS, optional=True)
OUTER = Field("wholes", Many(Object(Whole, (FIELD, INNER)), "whole"), optional=True)
IN_ELEMENTS = "and a reply that is not a list has its fields in elements"
NO_LISTS: list[tuple[Any, str]] = [
    (
        replace(LIST, object=Object(Whole, (FIELD, INNER))),
        "field 'things': fmt=2 has no place for a list in the record of a list: give the field xml=None",
    ),
    (
        reply_of(FIELD, OUTER, cls=Wholes),
        "field 'wholes': field 'things': fmt=2 has no place for a list in another list: give the field xml=None",
    ),
    (
        replace(LIST, object=Object(Whole, (FIELD, replace(INNER, xml=None, type=replace(THINGS, rule="thing"))))),
        "field 'things': a list in the record of a list has no lines: leave out rule and csv",
    ),
    (
        reply_of(FIELD, replace(INNER, xml="@things"), cls=Whole),
        "field 'things': xml of a list has to be the name of an element, not '@things'",
    ),
    (
        reply_of(FIELD, replace(INNER, type=replace(THINGS, item="")), cls=Whole),
        "field 'things': item has to be the name of an element, not '', or xml None",
    ),
    (
        with_list(replace(FIELD, xml="."), NOTE),
        "field 'things': field 'note': beside 'id', the text of the element, it has to be an attribute in xml",
    ),
    (
        with_list(replace(FIELD, xml="."), replace(NOTE, xml="@thing")),
        "field 'things': field 'note': the key '@thing' is that of the text of <thing>, which is 'id'",
    ),
    (
        replace(LIST, object=Object(Thing, (replace(FIELD, xml="."), NOTE))),
        "field 'note': beside 'id', the text of the element, it has to be an attribute in xml",
    ),
    (reply_of(replace(FIELD, xml="@id")), f"field 'id': xml is '@id', {IN_ELEMENTS}"),
    (reply_of(replace(FIELD, xml=".")), f"field 'id': xml is '.', {IN_ELEMENTS}"),
]


@named(NO_LISTS)
def test_what_fmt_2_would_write_and_not_read(reply: Any, words: str) -> None:
    refused(reply, f"reply {reply.kind!r}: {words}")


def test_lists_in_lists_that_fmt_2_has_no_place_for() -> None:
    listing = replace(LIST, object=Object(Whole, (FIELD, replace(INNER, xml=None))))
    several = reply_of(FIELD, replace(OUTER, xml=None), cls=Wholes)
    codec = Codec(Endpoint[Any]("things.php", JOBS, (listing, several)))
    whole = Whole(1, (Thing(2), Thing(3)))
    for reply in (Things((whole,)), Wholes(5, (whole, Whole(4)))):  # type: ignore[arg-type]
        assert codec.decode(codec.encode(reply, fmt=3), fmt=3) == reply
        with pytest.raises(EncodeError, match="the XML format has no place for it"):
            codec.encode(reply, fmt=2)


@pytest.mark.parametrize(
    ("inside", "codes"),
    [
        ("<thing><id>1</id></thing>", []),
        ("<thing>\n<id>1</id></thing>", []),
        ("<thing><id>1</id></thing><other><id>1</id></other>", ["unknown-key"]),
        ("<thing>x<id>1</id></thing>", ["malformed"]),
        ("<thing><id>1</id>x</thing>", ["malformed"]),
        ("<thing><id>1</id></thing>x", ["malformed"]),
    ],
)
def test_elements_of_a_list_in_a_reply(inside: str, codes: list[str]) -> None:
    """Other elements are not objects of the list, and no text beside elements is dropped."""
    codec = Codec(Endpoint[Any]("things.php", JOBS, (with_list(),)))
    report = codec.validate(f"<result><id>5</id><things>{inside}</things></result>", fmt=2)
    assert report.reply == (None if codes == ["malformed"] else Whole(5, (Thing(1),)))
    assert [finding.code for finding in report.findings] == codes


def ordered(orders: Any) -> Reply:
    return Reply("thing", "a thing", Object(Thing, (FIELD, NOTE), orders=orders))


def also(known: Any) -> Reply:
    return Reply("thing", "a thing", Object(Thing, (FIELD, NOTE), also=known))


FORMATS_ARE = "which is not a format: text, csv, xml or json"
WRONG_NAMES: list[tuple[Any, str]] = [
    (ordered(5), "orders has to be a mapping of formats, not int"),
    (ordered({"jso": (("id",),)}), f"orders has 'jso', {FORMATS_ARE}"),
    (
        ordered({"json": ("id",)}),
        "orders['json'] has to be a tuple of tuples of fields, not ('id',): write (('id',),)",
    ),
    (ordered({"json": 5}), "orders['json'] has to be a tuple of tuples of fields, not 5: write (('id',),)"),
    (ordered({"json": (("id", 5),)}), "the order of fields names 5, which is not a field"),
    (also(5), "also has to be a mapping of formats, not int"),
    (also({"jso": {"ident": "id"}}), f"also has 'jso', {FORMATS_ARE}"),
    (also({"json": "ident"}), "also['json'] has to be a mapping of keys to fields, not str: write {'ident': 'id'}"),
    (also({"json": {"ident": "nr"}}), "also['json'] names 'nr', which is not a field"),
    (also({"json": {"note": "id"}}), "also['json'] has the key 'note', which is that of the field 'note'"),
    (reply_of(FIELD, replace(NOTE, absent_in="txt")), f"field 'note': absent_in is 'txt', {FORMATS_ARE}"),
    (reply_of(xml=()), "xml has to have an element at least, or None for no root: write ('result',)"),
    (reply_of(xml=("a b",)), "xml has 'a b', which cannot be the name of an element"),
    (reply_of(xml=("result", 5)), "xml has 5, which cannot be the name of an element"),
    (replace(LIST, xml=("things", None)), "xml has None, and a list or a constant needs a root"),
    (replace(SUCCESS, xml=(None,)), "xml has None, and a list or a constant needs a root"),
    (replace(LIST, item="a b"), "item is 'a b', which cannot be the name of an element"),
    *(
        (
            reply_of(replace(FIELD, xml=key)),
            f"field 'id': xml has to be the name of an element, an attribute or '.', not {key!r}",
        )
        for key in ("a b", "", "@", "@.", "xmlid", "5")
    ),
    *(
        (
            reply_of(replace(FIELD, **{fmt: ""})),
            f"field 'id': {fmt} has to be the name of {what}; None says that the format has no place for it, not ''",
        )
        for fmt, what in (("text", "a key"), ("csv", "a cell"), ("json", "a member"))
    ),
]


@named(WRONG_NAMES)
def test_names_that_mean_nothing(reply: Any, words: str) -> None:
    refused(reply, f"reply {reply.kind!r}: {words}")


@pytest.mark.parametrize(
    ("kind", "own"),
    [("things", (replace(LIST, rule=""),)), ("one", (LIST, replace(LIST, kind="one", many=None, rule="")))],
)
def test_lines_without_a_rule(kind: str, own: tuple[Reply, ...]) -> None:
    """The records of a list, and a reply that is one of them."""
    codec = Codec(Endpoint[Any]("things.php", JOBS, own))
    assert codec.decode(b'{"error_code": 5}', fmt=3) == ErrorReply(5)
    with pytest.raises(OptionError) as caught:
        codec.decode(b"id = 5", fmt=0)
    assert caught.value.reason == f"things.php: reply {kind!r} needs rule, the grammar's rule of its lines"


def test_an_endpoint_without_replies() -> None:
    refused(reply_of(), "the replies are missing: an endpoint has one at least beside the error", own=())


def test_parts_of_an_endpoint_of_other_classes() -> None:
    refused(reply_of(), "errors has to be a subclass of ErrorCode, not int", errors=5)
    refused(reply_of(), "errors has to be a subclass of ErrorCode, not SenderStatus", errors=SenderStatus)
    refused(reply_of(), "other_errors has to be a frozenset of int, not 5", other_errors=5)
    refused(reply_of(), "other_errors has to be a frozenset of int, not frozenset({'x'})", other_errors=frozenset("x"))
    refused(reply_of(), "grammar has to be the name of a file in grammars/ or a path, not NoneType", grammar=None)


@pytest.mark.parametrize(("cls", "what"), [(int, "<class 'int'>"), (5, "5"), (Plain, "<enum 'Plain'>")])
def test_a_code_of_another_class(cls: Any, what: str) -> None:
    with pytest.raises(OptionError) as caught:
        declare.code(cls, "a code")
    assert str(caught.value) == f"the class of a code has to be a subclass of Code, not {what}"


class Open(msgspec.Struct, frozen=True):
    other: Mapping[str, str] = EMPTY


class Opens(msgspec.Struct, frozen=True):
    opens: tuple[Open, ...] = ()


GENERIC = Reply("opens", "opens", Object(Open, (Other(),)), many=Opens, rule="thing", item="open")


@named(
    [
        (replace(LIST, member=5), "reply 'things': member has to be a str, not int"),
        (replace(LIST, member="id"), "reply 'things': member 'id' is a key of its records too"),
        (reply_of(member="x"), "reply 'thing': member 'x' is that of an array, and this is not a list"),
        (
            replace(LIST, unknown="csv"),
            "reply 'things': unknown has to be a tuple of the formats text, csv, xml or json, not 'csv'",
        ),
        (
            replace(LIST, unknown=("fmt=1",)),
            "reply 'things': unknown has to be a tuple of the formats text, csv, xml or json, not ('fmt=1',)",
        ),
        (
            replace(LIST, unknown=("csv",), csv=(Layout(("id",)),)),
            "reply 'things': csv has layouts, and nobody knows what it looks like with fmt=1: leave out one of them",
        ),
        (
            replace(GENERIC, csv=(Layout(()),)),
            "reply 'opens': csv has layouts, and nobody knows what it looks like with fmt=1: leave out one of them",
        ),
    ]
)
def test_forms_that_nobody_knows(reply: Any, words: str) -> None:
    refused(reply, words)


@named(
    [
        (replace(GENERIC, item="thing"), "reply 'opens': item 'thing' is that of 'things' too"),
        (
            replace(GENERIC, many=None, item="", xml=("result", "thing")),
            "reply 'opens': its element 'thing' in xml is a record of 'things'",
        ),
        (replace(GENERIC, member="all"), "reply 'opens': member 'all' is that of 'things' too"),
    ]
)
def test_lists_that_nothing_tells_from_other_replies(reply: Any, words: str) -> None:
    things = replace(LIST, member="all")
    with pytest.raises(OptionError) as caught:
        Codec(Endpoint[Any]("things.php", JOBS, (things, reply)))
    assert caught.value.reason == f"things.php: {words}"
    with pytest.raises(OptionError, match=words.replace("'opens'", ".*").replace("'things'", ".*")):
        Codec(Endpoint[Any]("things.php", JOBS, (reply, things)))


def test_lines_that_begin_with_the_same_key() -> None:
    members = (Field("phone", TEXT, text="id"), *several.PERSON.members[1:])
    people = replace(several.PEOPLE, object=Object(several.Person, members), csv=())
    own = (*several.KNOWN.endpoint.own[:2], people, several.GROUPS, several.LETTERS, several.ZONES)
    with pytest.raises(OptionError, match="lines of 'people' and 'groups' both begin with 'id = ': nothing tells"):
        several.codec_of(*own).decode("id = 5", fmt=0)
