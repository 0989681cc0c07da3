"""Replies to measure with: as real ones look, the same in every run."""

from __future__ import annotations

import json
import random
from functools import cache

from smsc_codec import Format, FrozenMapping, OperatorStatus, Sender, SenderList, SenderStatus, encode
from smsc_codec.endpoints.senders import TEXT_ORDER, XML_AND_JSON_ORDER

VIEWS = ("all=0", "all=1", "operators=1")
CASES = [(fmt, view) for fmt in Format for view in VIEWS if (fmt, view) != (Format.CSV, "operators=1")]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"


@cache
def names(view: str, count: int) -> SenderList:
    """Return a list of *count* sender names as that view shows them."""
    chance = random.Random(f"{view} {count}")
    senders = []
    for _ in range(count):
        name = "".join(chance.choices(LETTERS, k=chance.randint(3, 11)))
        status = SenderStatus(chance.choice((0, 1, 1, 1, 1, 2))) if view == "all=1" else None
        sender = Sender(name, chance.randint(1, 10**7), status)
        if view == "operators=1":
            codes = FrozenMapping.of(
                (key, OperatorStatus(chance.choice((0, 0, 1, 2, 2, 2, 3, 8)))) for key in TEXT_ORDER
            )
            sender = Sender(name, sender.id, status, codes)  # type: ignore[arg-type]
        senders.append(sender)
    return SenderList(tuple(senders))


@cache
def body(fmt: Format, view: str, count: int) -> bytes:
    """Return the same list as the server would send it."""
    return encode(names(view, count), fmt=fmt)


def fields(fmt: Format, view: str) -> tuple[str, ...]:
    """Return the fields beside the name, in the order of the format."""
    operators = TEXT_ORDER if fmt is Format.TEXT else XML_AND_JSON_ORDER
    return {"all=0": ("id",), "all=1": ("status", "id"), "operators=1": (*operators, "id")}[view]


def plain(fmt: Format, view: str, count: int) -> list[dict[str, str | int]]:
    """Return the same list as somebody without this library holds it: numbers are numbers, a name is one dictionary."""
    return [
        {"name": sender.name, **{key: int(values[key]) for key in fields(fmt, view)}}
        for sender in names(view, count).senders
        for values in [{"id": sender.id or 0, "status": sender.status or 0, **sender.operators}]
    ]


def mixed(fmt: Format, count: int) -> bytes:
    """Return a list whose lines have a status by turns."""
    senders = [
        sender if number % 2 else Sender(sender.name, sender.id)
        for number, sender in enumerate(names("all=1", count).senders)
    ]
    return encode(SenderList(tuple(senders)), fmt=fmt)


def replaced(fmt: Format, count: int) -> bytes:
    """Return a list in which every third name is replaced at an operator, which has no code then."""
    senders = []
    for number, sender in enumerate(names("operators=1", count).senders):
        codes = dict(sender.operators)
        if number % 3 == 0:
            codes.pop("mts_step")
        names_ = {} if "mts_step" in codes else {"mts_step": "INFO"}
        senders.append(Sender(sender.name, sender.id, None, FrozenMapping.of(codes), FrozenMapping.of(names_)))  # type: ignore[arg-type]
    return encode(SenderList(tuple(senders)), fmt=fmt)


def undocumented(fmt: Format, count: int, every: int) -> bytes:
    """Return a list in which some names, at regular distances, have an operator code that is not documented."""
    senders = []
    for number, sender in enumerate(names("operators=1", count).senders):
        codes = {**sender.operators, **({} if number % every else {"new_step": OperatorStatus.APPROVED})}
        senders.append(Sender(sender.name, sender.id, None, FrozenMapping.of(codes)))  # type: ignore[arg-type]
    return encode(SenderList(tuple(senders)), fmt=fmt)


def in_one_line(given: bytes, fmt: Format) -> bytes:
    """Return a body in XML or JSON as others lay it out."""
    return given.replace(b"\n", b"") if fmt is Format.XML else json.dumps(json.loads(given)).encode()


def messages(count: int) -> bytes:
    """Return the states of messages with free text, which has commas, in fmt=0."""
    line = (
        "Status = 1, check_time = 28.06.2021 15:55:47, err = 0, send_date = 28.06.2021 15:55:40, phone = 7900{0:07}, "
        "cost = 0.385, sender_id = SMSC, status_name = Доставлено, message = Hello, you {0}, comment = , type = 0, "
        "ID = {0}"
    )
    return "\n".join(map(line.format, range(1, count + 1))).encode()


def invented(fmt: Format, count: int, first: int = 0) -> bytes:
    """Return a list in which every line has a key that nobody has seen before; *first* numbers the first of them."""
    senders = [
        Sender(sender.name, sender.id, operators=FrozenMapping.of({f"new_{number}": OperatorStatus.APPROVED}))  # type: ignore[arg-type]
        for number, sender in enumerate(names("all=0", count).senders, first)
    ]
    return encode(SenderList(tuple(senders)), fmt=fmt)


def broken(fmt: Format, count: int) -> bytes:
    """Return a list whose last id has a sign, which no number has."""
    marks = {Format.TEXT: b"id = ", Format.CSV: b",", Format.XML: b'id="', Format.JSON: b'"id": '}
    before, mark, after = body(fmt, "all=1", count).rpartition(marks[fmt])
    return before + mark + b"-" + after
