"""The small replies that a client gets one of a request, in every format, and what people read and write them with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias
from xml.etree import ElementTree

from smsc_codec import Format, decode, encode

from .contest import Contender, Run, Target, Work
from .timing import interleaved

Writer: TypeAlias = Callable[[Mapping[str, Any]], bytes]


@dataclass(frozen=True)
class Small:
    """A reply: what is in it, and how somebody writes it by hand."""

    name: str
    endpoint: str
    values: Mapping[str, Any]
    text: Writer
    csv: Writer
    xml: Writer
    json: Mapping[str, Any]
    expect: str = ""
    """The class that it is one of, where fmt=1 does not say it."""
    more: float = 1.1
    """How much more than a regular expression it may cost, in J."""

    def body(self, fmt: Format) -> bytes:
        """Return the reply as the server would send it."""
        if fmt is Format.JSON:
            return json.dumps(self.json, separators=(",\n", ": ")).replace("{", "{\n").replace("}", "\n}").encode()
        return self.writer(fmt)(self.values)

    def writer(self, fmt: Format) -> Writer:
        """Return what writes it by hand."""
        writer: Writer = getattr(self, fmt.name.lower())
        return writer


REPLIES = (
    Small(
        "error",
        "senders",
        {"code": 3, "description": "record not found"},
        lambda r: f"ERROR = {r['code']} ({r['description']})".encode(),
        lambda r: f"0,-{r['code']}".encode(),
        lambda r: (
            f"<result>\n<error>{r['description']}</error>\n<error_code>{r['code']}</error_code>\n</result>".encode()
        ),
        {"error": "record not found", "error_code": 3},
    ),
    Small(
        "OK",
        "senders",
        {},
        lambda _: b"OK",
        lambda _: b"OK",
        lambda _: b"<result>OK</result>",
        {"result": "OK"},
    ),
    Small(
        "created",
        "senders",
        {"id": 24336},
        lambda r: f"ID = {r['id']}".encode(),
        lambda r: f"{r['id']}".encode(),
        lambda r: f"<result>\n<sender>{r['id']}</sender>\n</result>".encode(),
        {"sender": 24336},
    ),
    Small(
        "sent",
        "send",
        {"id": 33, "cnt": 1},
        lambda r: f"OK - {r['cnt']} SMS, ID - {r['id']}".encode(),
        lambda r: f"{r['id']},{r['cnt']}".encode(),
        lambda r: f"<result>\n<id>{r['id']}</id>\n<cnt>{r['cnt']}</cnt>\n</result>".encode(),
        {"id": 33, "cnt": 1},
        expect="MessageSent",
    ),
    Small(
        "cost",
        "send",
        {"cost": "3.80", "cnt": 1},
        lambda r: f"{r['cost']} ({r['cnt']} SMS)".encode(),
        lambda r: f"{r['cost']},{r['cnt']}".encode(),
        lambda r: f"<result>\n<cost>{r['cost']}</cost>\n<cnt>{r['cnt']}</cnt>\n</result>".encode(),
        {"cost": "3.80", "cnt": 1},
        expect="MessageCost",
    ),
    Small(
        "sent with cost",
        "send",
        {"id": 33, "cnt": 1, "cost": "3.80"},
        lambda r: f"OK - {r['cnt']} SMS, ID - {r['id']}, COST - {r['cost']}".encode(),
        lambda r: f"{r['id']},{r['cnt']},{r['cost']}".encode(),
        lambda r: f"<result>\n<id>{r['id']}</id>\n<cnt>{r['cnt']}</cnt>\n<cost>{r['cost']}</cost>\n</result>".encode(),
        {"id": 33, "cnt": 1, "cost": "3.80"},
    ),
    Small(
        "sent with cost and balance",
        "send",
        {"id": 33, "cnt": 1, "cost": "3.80", "balance": "286.55"},
        lambda r: f"OK - {r['cnt']} SMS, ID - {r['id']}, COST - {r['cost']}, BALANCE - {r['balance']}".encode(),
        lambda r: f"{r['id']},{r['cnt']},{r['cost']},{r['balance']}".encode(),
        lambda r: (
            f"<result>\n<id>{r['id']}</id>\n<cnt>{r['cnt']}</cnt>\n<cost>{r['cost']}</cost>\n"
            f"<balance>{r['balance']}</balance>\n</result>".encode()
        ),
        {"id": 33, "cnt": 1, "cost": "3.80", "balance": "286.55"},
        more=1.6,
    ),
    Small(
        "status",
        "status",
        {"status": 1, "date": "28.06.2021 15:55:47", "time": 1624884947, "flag": 0, "err": 0},
        lambda r: f"Status = {r['status']}, check_time = {r['date']}, err = {r['err']}".encode(),
        lambda r: f"{r['status']},{r['time']},{r['err']}".encode(),
        lambda r: (
            f"<sms>\n<status>{r['status']}</status>\n<last_date>{r['date']}</last_date>\n"
            f"<last_timestamp>{r['time']}</last_timestamp>\n<flag>{r['flag']}</flag>\n<err>{r['err']}</err>\n</sms>".encode()
        ),
        {"status": 1, "last_date": "28.06.2021 15:55:47", "last_timestamp": 1624884947, "flag": 0, "err": 0},
    ),
    Small(
        "balance",
        "balance",
        {"balance": "286.55"},
        lambda r: f"{r['balance']}".encode(),
        lambda r: f"{r['balance']}".encode(),
        lambda r: f"<balance>{r['balance']}</balance>".encode(),
        {"balance": "286.55"},
    ),
    Small(
        "operator",
        "info",
        {"phone": "79991234567", "country": "Russia", "operator": "MTS", "mcc": "250", "mnc": "01", "tz": "3"},
        lambda r: (
            f"phone = {r['phone']}, country = {r['country']}, operator = {r['operator']}, region = , mcc = {r['mcc']}, "
            f"mnc = {r['mnc']}, tz = {r['tz']}".encode()
        ),
        lambda r: f"{r['phone']},{r['country']},{r['operator']},,{r['mcc']},{r['mnc']},{r['tz']}".encode(),
        lambda r: (
            f"<info>\n<phone>{r['phone']}</phone>\n<country>{r['country']}</country>\n<operator>{r['operator']}</operator>\n"
            f"<region></region>\n<mcc>{r['mcc']}</mcc>\n<mnc>{r['mnc']}</mnc>\n<tz>{r['tz']}</tz>\n</info>".encode()
        ),
        {"country": "Russia", "operator": "MTS", "region": "", "mcc": "250", "mnc": "01", "tz": "3"},
    ),
)


def call_of(work: str, small: Small, fmt: Format) -> Run:
    """Return a function that reads a small reply or writes it. To read, it names the endpoint or the expected class."""
    codec, body, expect = _codec(small, fmt)
    endpoint = small.endpoint
    if work == "encode":
        reply = codec.decode(body, fmt=fmt, expect=expect)
        return lambda: encode(reply, fmt=fmt)
    if expect is None:
        return lambda: decode(body, fmt=fmt, endpoint=endpoint)
    return lambda: decode(body, fmt=fmt, expect=expect)


def decode_small(small: Small, fmt: Format) -> Work:
    """Reading a small reply: by the name of its endpoint, or by its class, and with the codec of the endpoint."""
    codec, body, expect = _codec(small, fmt)
    name, reader = _reader(small, fmt)

    def by_codec() -> Run:
        if expect is None:
            return lambda: codec.decode(body, fmt=fmt)
        return lambda: codec.decode(body, fmt=fmt, expect=expect)

    def meaning(reply: object) -> object:
        """Return what the others find in what we write of it."""
        return plain(reader(codec.encode(reply, fmt=fmt)))

    limit = {Format.XML: Target(0.5), Format.JSON: Target(1.0)}.get(fmt, Target(small.more, "J more"))
    ours = Contender("smsc_codec", "checked, typed model", partial(call_of, "decode", small, fmt), meaning)
    own = Contender("the endpoint's `CODEC`", "checked, typed model", by_codec, meaning)
    peer = Contender(name, "strings", lambda: partial(reader, body), plain, limit)
    return Work(f"decode fmt={fmt:d}, a small reply", small.name, ours, (peer, own), interleaved)


def encode_small(small: Small, fmt: Format) -> Work:
    """Writing a small reply."""
    ours = Contender("smsc_codec", "checked, canonical bytes", partial(call_of, "encode", small, fmt))
    if fmt is Format.JSON:
        ours = Contender(ours.name, ours.gives, ours.make, json.loads)
        peer = Contender("json.dumps", "string", lambda: partial(json.dumps, small.json), json.loads, Target(1.0))
    else:
        write = partial(small.writer(fmt), small.values)
        peer = Contender("f-string", "bytes", lambda: write, target=Target(1.8, "J more"))
    return Work(f"encode fmt={fmt:d}, a small reply", small.name, ours, (peer,), interleaved)


def small_replies() -> list[Work]:
    """Return every small reply in every format, read and written."""
    return [make(small, fmt) for make in (decode_small, encode_small) for fmt in Format for small in REPLIES]


def _codec(small: Small, fmt: Format) -> tuple[Any, bytes, Any]:
    module = import_module(f"smsc_codec.endpoints.{small.endpoint}")
    asked = small.expect if fmt is Format.CSV else ""
    return module.CODEC, small.body(fmt), getattr(module, asked) if asked else None


def _reader(small: Small, fmt: Format) -> tuple[str, Callable[[bytes], Any]]:
    if fmt is Format.XML:
        return "ElementTree.fromstring", ElementTree.fromstring
    if fmt is Format.JSON:
        return "json.loads", json.loads
    if fmt is Format.CSV:
        return "split", lambda body: body.decode().split(",")
    marked = small.writer(fmt)(dict.fromkeys(small.values, "\0")).decode()
    pattern = re.escape(marked).replace("\0", "(.*)")
    return "re.match", lambda body: re.match(pattern, body.decode())


def plain(answer: Any) -> object:
    """Return the fields in it."""
    if isinstance(answer, re.Match):
        return answer.groups()
    if isinstance(answer, ElementTree.Element):
        return [(element.tag, element.text) for element in answer.iter()]
    return answer
