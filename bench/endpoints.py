"""Replies of the other endpoints, small ones and lists, in every format that is known of them.

A reply is declared once, as the members that it has in JSON; the library makes the other formats of it. What people
write by hand is made of the body: a regular expression or an f-string with a place for each value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from xml.etree import ElementTree

from smsc_codec import EncodeError, Format, decode, encode

from .contest import Contender, Run, Target, Work
from .small import plain
from .timing import interleaved

_VALUES = {
    Format.TEXT: r"(?<=[=-] )[^,\n]*",
    Format.CSV: r"[^,\n]+",
    Format.XML: r"(?<=>)[^<>\n]+(?=</)",
}
"""Where values stand in a body."""
_RECORDS = {
    Format.TEXT: r"[^\n]+",
    Format.CSV: r"[^\n]+",
    Format.XML: r"<\w+>\n(?:<.*</\w+>\n)+</\w+>",
}
"""Where records stand in a list."""
_LEFT_OUT: Mapping[Format, Sequence[str]] = {
    Format.TEXT: ("last_timestamp", "send_timestamp"),
    Format.CSV: ("last_date", "send_date"),
}
"""The members that a format has no place for."""
# The bounds of lists of one record, of 1,000, and of 1,000 with a free text.
_ONE = {Format.TEXT: Target(1.6), Format.CSV: Target(2.0, "J more"), Format.XML: Target(1.0), Format.JSON: Target(1.4)}
_MANY = {Format.TEXT: Target(0.75), Format.CSV: Target(1.5), Format.XML: Target(0.85), Format.JSON: Target(0.9)}
_FREE = Target(1.8)


@dataclass(frozen=True)
class Answer:
    """A kind of replies."""

    name: str
    endpoint: str
    expect: str
    """The class of the reply; a list has many records."""
    record: Callable[[int], Mapping[str, Any]]
    """Make the members of the record of that number."""
    member: str = ""
    """The member of an object that holds the records."""
    free: bool = False
    """Whether a record has a text that may hold anything."""
    many: bool = True

    def body(self, fmt: Format, count: int) -> bytes:
        """Return the body with that many records."""
        left_out = _LEFT_OUT.get(fmt, ())
        records = [
            {name: value for name, value in self.record(number).items() if name not in left_out}
            for number in range(1, count + 1)
        ]
        given = {self.member: records} if self.member else records if self.many else records[0]
        reply = self.codec.decode(json.dumps(given), fmt=3, expect=self.cls)
        body: bytes = self.codec.encode(reply, fmt=fmt)
        return body

    @property
    def codec(self) -> Any:
        return import_module(f"smsc_codec.endpoints.{self.endpoint}").CODEC

    @property
    def cls(self) -> type:
        found: type = getattr(import_module("smsc_codec"), self.expect)
        return found

    def formats(self) -> list[Format]:
        """Return the formats in which anybody knows such a reply."""
        return [fmt for fmt in Format if self._is_known(fmt)]

    def _is_known(self, fmt: Format) -> bool:
        try:
            self.body(fmt, 1)
        except EncodeError:
            return False
        return True


def _message(number: int) -> dict[str, Any]:
    return {
        "status": 1,
        "last_date": "28.06.2021 15:55:47",
        "last_timestamp": 1624884947,
        "send_date": "28.06.2021 15:55:44",
        "send_timestamp": 1624884944,
        "phone": f"7999{number:07}",
        "cost": "1.40",
        "sender_id": "SMSC",
        "status_name": "Delivered",
        "message": f"Your code is {number}",
        "mccmnc": "25001",
        "country": "Russia",
        "operator": "MTS",
        "region": "Moscow",
        "type": 0,
        "id": 206113 + number,
        "int_id": 401671913 + number,
        "sms_cnt": 1,
        "format": 0,
        "crc": 307589946 + number,
    }


def _state(number: int) -> dict[str, Any]:
    return {
        "status": 1,
        "last_date": "28.06.2021 15:55:47",
        "last_timestamp": 1624884947,
        "err": 0,
        "id": number,
        "phone": f"7999{number:07}",
    }


def _operator(number: int) -> dict[str, Any]:
    return {
        "phone": f"7999{number:07}",
        "country": "Russia",
        "operator": "MTS",
        "region": "Moscow",
        "mcc": "250",
        "mnc": "01",
        "tz": "3",
    }


def _incoming(number: int) -> dict[str, Any]:
    return {
        "id": 5678 + number,
        "received": "28.06.2021 15:55:47",
        "phone": f"7999{number:07}",
        "message": f"Yes to {number}",
        "to_phone": "79990001122",
        "sent": "28.06.2021 15:55:40",
    }


def _statistics(number: int) -> dict[str, Any]:
    return {"login": f"client{number}", "sms": 12, "credit": "16.80", "debit": "100.00", "currency": "RUR"}


def _zone(number: int) -> dict[str, Any]:
    return {"zone": f"{number}", "name": "Russia", "api": "1.40", "mass": "1.50", "mms": "5.00", "hlr": "0.20"}


def _contact(number: int) -> dict[str, Any]:
    return {
        "phone": f"7922{number:07}",
        "name": f"Anderson {number}",
        "group": "5922",
        "first_name": "Tom",
        "last_name": "Anderson",
        "middle_name": "A",
        "birthday": "01.01.1960",
        "id": f"{number}",
        "comments": "tall",
        "tags": "ups",
        "phone_other": "79112223351",
    }


def _template(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Greeting {number}",
        "message": "Hello and welcome",
        "format": "sms",
        "sender": "SMSC.RU",
        "flag": 0,
    }


ANSWERS = (
    Answer("states", "status", "StatusList", _state),
    Answer("operators", "info", "OperatorInfoList", _operator),
    Answer("messages", "get", "MessageList", _message, free=True),
    Answer("incoming messages", "get", "IncomingList", _incoming, free=True),
    Answer("statistics", "get", "StatisticsList", _statistics),
    Answer("prices", "get", "PriceList", _zone, member="zones"),
    Answer("mega accounts", "get", "MegaAccountList", lambda n: {"login": f"a{n}", "balance": "15.00", "flag": 1}),
    Answer("contacts", "phones", "ContactList", _contact),
    Answer("groups", "phones", "GroupList", lambda n: {"id": n, "name": f"Group {n}", "number": 1234, "cnt": 2}),
    Answer("a new contact", "phones", "Created", lambda n: {"id": n}, many=False),
    Answer("a new mailing", "jobs", "MailingCreated", lambda n: {"id": n}, many=False),
    Answer("a mailing", "jobs", "Mailing", lambda n: {"status": 1}, many=False),
    Answer("mailings", "jobs", "MailingList", lambda n: {"id": n, "status": 1, "name": f"News {n}"}),
    Answer("templates", "templates", "TemplateList", _template, free=True),
    Answer("operators' templates", "op_templates", "OperatorTemplateList", lambda n: {"id": n, "msg": f"Hello {n}"}),
    Answer("a new sub-client", "users", "Created", lambda n: {"id": n}, many=False),
    Answer("documents", "documents", "DocumentList", lambda n: {"num": n, "sum": "15.00"}),
    Answer(
        "a short link",
        "tinyurls",
        "ShortLink",
        lambda n: {"id": n, "cnt": 10, "cnt_mon": 3, "cnt_day": 1, "cnt_yes": 2},
        many=False,
    ),
    Answer("numbers", "receive_phones", "ReceivePhoneList", lambda n: {"phone": f"7999{n:07}", "cost": "100.00"}),
    Answer("a number to call", "wait_call", "CallNumber", lambda n: {"phone": f"7999{n:07}"}, many=False),
    Answer("ported numbers", "get_mnp", "PortedList", lambda n: {"phone": f"7999{n:07}", "mccmnc": "25001"}),
    Answer("a notice", "ping", "Success", lambda n: {"result": "OK"}, many=False),
)


def _title(answer: Answer, count: int) -> str:
    return f"{count:,} records" if count > 1 else "one record" if answer.many else "a small reply"


def _aim(answer: Answer, fmt: Format, count: int) -> Target:
    if not answer.many:
        return {Format.XML: Target(0.5), Format.JSON: Target(1.0)}.get(fmt, Target(1.1, "J more"))
    if fmt is Format.TEXT and answer.free:
        return _FREE
    return (_ONE if count == 1 else _MANY)[fmt]


def _variant(answer: Answer) -> str:
    return f"{answer.name} ({answer.endpoint})"


def decode_answer(answer: Answer, fmt: Format, count: int) -> Work:
    """Reading a reply as its class, and with the codec of the endpoint."""
    codec, cls, endpoint, body = answer.codec, answer.cls, answer.endpoint, answer.body(fmt, count)
    name, reader = _reader(answer, fmt, body)

    def meaning(found: object) -> object:
        """Return what the others find in what we write of it."""
        return plain(reader(codec.encode(found, fmt=fmt)))

    def read() -> Run:
        return lambda: decode(body, fmt=fmt, endpoint=endpoint, expect=cls)

    def read_by_codec() -> Run:
        return lambda: codec.decode(body, fmt=fmt, expect=cls)

    ours = Contender("smsc_codec", "checked, typed model", read, meaning)
    own = Contender("the endpoint's `CODEC`", ours.gives, read_by_codec, meaning)
    peer = Contender(name, "strings", lambda: partial(reader, body), plain, _aim(answer, fmt, count))
    group = f"decode fmt={fmt:d}, {_title(answer, count)}"
    return Work(group, _variant(answer), ours, (peer, own), interleaved)


def encode_answer(answer: Answer, fmt: Format, count: int) -> Work:
    """Writing a reply."""
    body = answer.body(fmt, count)
    reply = answer.codec.decode(body, fmt=fmt, expect=answer.cls)
    write = partial(encode, reply, fmt=fmt, endpoint=answer.endpoint)
    ours = Contender("smsc_codec", "checked, canonical bytes", lambda: write)
    if fmt is Format.JSON:
        wire = json.loads(body)
        ours = Contender(ours.name, ours.gives, ours.make, json.loads)
        peer = Contender("json.dumps", "string", lambda: partial(json.dumps, wire), json.loads, Target(1.0))
    else:
        aim = Target(1.8, "J more") if count == 1 else Target(1.0)
        peer = Contender("f-string", "bytes", partial(_f_string, body, fmt), target=aim)
    group = f"encode fmt={fmt:d}, {_title(answer, count)}"
    return Work(group, _variant(answer), ours, (peer,), interleaved)


def answers(count: int) -> list[Work]:
    """Return every reply with one record and with *count*, in every format that it has, read and written."""
    return [
        make(answer, fmt, records)
        for make in (decode_answer, encode_answer)
        for answer in ANSWERS
        for fmt in answer.formats()
        for records in ((1, count) if answer.many else (1,))
    ]


def _reader(answer: Answer, fmt: Format, body: bytes) -> tuple[str, Callable[[bytes], Any]]:
    if fmt is Format.XML:
        return "ElementTree.fromstring", ElementTree.fromstring
    if fmt is Format.JSON:
        return "json.loads", json.loads
    if fmt is Format.CSV:
        if not answer.many:
            return "split", lambda body: body.decode().split(",")
        return "split into lists", lambda body: [line.split(",") for line in body.decode().split("\n")]
    if answer.many:
        return "split into dicts", lambda body: [
            dict(field.partition(" = ")[::2] for field in line.split(", ")) for line in body.decode().split("\n")
        ]
    text = body.decode()
    pattern = "".join(part if part == "(.*)" else re.escape(part) for part in _cut(text, fmt, lambda _: "(.*)"))
    return "re.match", lambda body: re.match(pattern, body.decode())


def _cut(text: str, fmt: Format, place: Callable[[int], str]) -> list[str]:
    """Return the pieces of a text, with *place* of the number of each value for the value."""
    pieces, at = [], 0
    for number, match in enumerate(re.finditer(_VALUES[fmt], text)):
        pieces += [text[at : match.start()], place(number)]
        at = match.end()
    return [*pieces, text[at:]]


def _f_string(body: bytes, fmt: Format) -> Run:
    """Return a function that writes a body of dictionaries, with one f-string for each record."""
    text = body.decode()
    records = re.findall(_RECORDS[fmt], text)
    if len(records) < 2:
        records = [text]
    head, _, rest = text.partition(records[0])
    tail = rest.rpartition(records[-1])[2]
    rows = [{f"v{number}": value for number, value in enumerate(re.findall(_VALUES[fmt], each))} for each in records]
    line = "f" + repr("".join(_cut(records[0], fmt, "{{r['v{}']}}".format)))
    if len(rows) == 1:
        return partial(eval(f"lambda r: {line}.encode()"), rows[0])
    written = f"(head + '\\n'.join([{line} for r in rows]) + tail).encode()"
    return partial(eval(f"lambda rows: {written}", {"head": head, "tail": tail}), rows)
