"""Endpoints with several lists, and with replies whose keys nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from smsc_codec import Codec
from smsc_codec.declare import (
    DIGITS,
    FREE,
    ID,
    NAME,
    SUCCESS,
    TEXT,
    Endpoint,
    Field,
    Layout,
    Object,
    Only,
    Other,
    Reply,
    Rest,
)
from smsc_codec.mapping import EMPTY
from smsc_codec.model import Records

GRAMMAR = str(Path(__file__).parent / "grammars" / "several.lark")


class Created(msgspec.Struct, frozen=True):
    id: int


class Person(msgspec.Struct, frozen=True):
    phone: str
    name: str | None = None
    other: Mapping[str, str] = EMPTY


class People(Records[Person], frozen=True):
    people: tuple[Person, ...] = ()


class Group(msgspec.Struct, frozen=True):
    id: int
    name: str


class Groups(Records[Group], frozen=True):
    groups: tuple[Group, ...] = ()


class Letter(msgspec.Struct, frozen=True):
    number: int
    message: str
    sent: int | None = None


class Letters(Records[Letter], frozen=True):
    letters: tuple[Letter, ...] = ()


class Zone(msgspec.Struct, frozen=True):
    zone: str
    other: Mapping[str, str] = EMPTY


class Zones(Records[Zone], frozen=True):
    zones: tuple[Zone, ...] = ()


class Thing(msgspec.Struct, frozen=True):
    other: Mapping[str, str] = EMPTY


class Things(Records[Thing], frozen=True):
    things: tuple[Thing, ...] = ()


class Odd(msgspec.Struct, frozen=True):
    other: Mapping[str, str] = EMPTY


class Odds(Records[Odd], frozen=True):
    odds: tuple[Odd, ...] = ()


CREATED = Reply("created", "an id", Object(Created, (Field("id", ID),)), csv=(Layout(("id",)),))
PERSON = Object(Person, (Field("phone", DIGITS), Field("name", TEXT, optional=True), Other()))
PEOPLE = Reply(
    "people",
    "a list of people",
    PERSON,
    many=People,
    rule="person",
    csv=(Layout((Only("phone", "[0-9]{6,}"), "name")),),
    xml=("people",),
    item="person",
)
GROUP = Object(Group, (Field("id", ID), Field("name", NAME)))
GROUPS = Reply(
    "groups",
    "a list of groups",
    GROUP,
    many=Groups,
    rule="group",
    csv=(Layout(("id", "name")),),
    xml=("groups",),
    item="group",
)
LETTER = Object(Letter, (Field("number", ID), Field("message", FREE), Field("sent", ID, optional=True)))
LETTERS = Reply(
    "letters",
    "a list of letters",
    LETTER,
    many=Letters,
    rule="letter",
    csv=(Layout(("number", Rest("message"), "sent")),),
    xml=("letters",),
    item="letter",
)
ZONE = Object(Zone, (Field("zone", DIGITS), Other()))
ZONES = Reply(
    "zones",
    "a list of zones",
    ZONE,
    many=Zones,
    rule="zone",
    xml=("zones",),
    item="zone",
    member="zones",
    unknown=("csv", "xml"),
)
THING = Object(Thing, (Other(),))
THINGS = Reply("things", "a list of things", THING, many=Things, rule="record", xml=("things",), item="thing")
ONE_THING = Reply("thing", "a thing", THING, rule="record", xml=("thing",))
ODDS = Reply("odds", "a list of odds", Object(Odd, (Other(),)), many=Odds, rule="record", xml=("odds",), item="odd")


def codec_of(*replies: Reply) -> Codec[Any]:
    """Return the codec of an endpoint with these replies."""
    return Codec(Endpoint[Any]("many.php", GRAMMAR, replies))


KNOWN = codec_of(SUCCESS, CREATED, PEOPLE, GROUPS, LETTERS, ZONES)
"""Each list has keys of its own."""
GENERIC = codec_of(SUCCESS, CREATED, PEOPLE, GROUPS, LETTERS, ZONES, THINGS)
"""Beside them a list whose keys nobody knows."""
SINGLE = codec_of(SUCCESS, CREATED, PEOPLE, GROUPS, LETTERS, ZONES, ONE_THING, THINGS)
"""Such a reply and a list of it."""
BOTH = codec_of(SUCCESS, CREATED, PEOPLE, GROUPS, LETTERS, ZONES, THINGS, ODDS)
"""Two such lists."""
CODECS = (KNOWN, GENERIC, SINGLE, BOTH)
