"""A wrong declaration is an `OptionError` that says what is wrong and where, when its codec is made."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from smsc_codec import Codec, OptionError, declare
from smsc_codec.declare import (
    ID,
    TEXT,
    Const,
    Endpoint,
    Field,
    Layout,
    Many,
    Object,
    Only,
    OpenMap,
    Other,
    Reply,
    code,
)
from smsc_codec.endpoints import ENDPOINTS, codec_of
from smsc_codec.endpoints.senders import SenderStatus
from smsc_codec.mapping import EMPTY

JOBS = str(Path(__file__).parent / "grammars" / "jobs.lark")


class Thing(msgspec.Struct, frozen=True):
    id: int
    note: str | None = None
    other: Mapping[str, str] = EMPTY


class Named(msgspec.Struct, frozen=True, kw_only=True):
    id: int


class Plain(IntEnum):
    A = 1


ANY: Any = None
FIELD = Field("id", ID)
NOTE = Field("note", TEXT, optional=True)
STATUS = code(SenderStatus, "a status")


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
