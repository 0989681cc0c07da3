"""Every command of every endpoint of the fake service, in every format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc_codec import Created, DecodeError, ErrorReply, Format, Query, Success, decode
from smsc_codec.endpoints import ENDPOINTS, codec_of
from smsc_codec.endpoints.balance import Balance
from smsc_codec.endpoints.get import IncomingList, MessageList, PriceList, StatisticsList
from smsc_codec.endpoints.get_mnp import PortedList
from smsc_codec.endpoints.info import OperatorInfo, OperatorInfoList
from smsc_codec.endpoints.jobs import Mailing, MailingCreated, MailingList
from smsc_codec.endpoints.op_templates import OperatorTemplateList
from smsc_codec.endpoints.phones import ContactList, GroupList
from smsc_codec.endpoints.receive_phones import ReceivePhoneList
from smsc_codec.endpoints.send import MessageCost, MessageSent
from smsc_codec.endpoints.senders import SenderCreated, SenderList
from smsc_codec.endpoints.status import Message, StatusList
from smsc_codec.endpoints.templates import TemplateList
from smsc_codec.endpoints.tinyurls import ShortLink
from smsc_codec.endpoints.wait_call import CallNumber
from smsc_codec.testing import MISBEHAVIOURS, FakeSmsc
from smsc_codec.testing import strategies as ours
from smsc_codec.testing._endpoints import ANSWERS

from .faking import OTHER, PHONE, THIRD, answer, ask, url_of

ROOT = Path(__file__).parent.parent
LINK = "https://example.com/a"


def furnished(**options: Any) -> FakeSmsc:
    """Return a service with at least one item of everything."""
    service = FakeSmsc(rate_limits=False, senders=["SHOP", "79031112233"], receive_phones=[THIRD], **options)
    ask(service, "send", phones=f"{PHONE},{OTHER}", mes=f"Привет, {LINK}", tinyurl=1)
    ask(service, "phones", add_group=1, name="друзья", num=5)
    ask(service, "phones", add=1, phone=PHONE, name="Анна", grp=1, pho="7,8", bd="01.02.2000")
    ask(service, "phones", add_black=1, phone="79990000000")
    ask(service, "jobs", add=1, name="all", phones=PHONE, mes="hi")
    ask(service, "templates", add=1, name="hello", msg="Добрый день, #name#")
    ask(service, "op_templates", add=1, sender="SHOP", msg="code %d", mts_srv=1)
    ask(service, "users", add=1, user="sub", password="secret")
    ask(service, "senders", send_code=1, sender="79031112233")
    service.receive(PHONE, "Да, спасибо")
    service.advance(5)
    return service


TABLE: list[tuple[str, dict[str, Any], Any]] = [
    ("send", {"phones": PHONE, "mes": "hi"}, MessageSent),
    ("send", {"phones": PHONE, "mes": "hi", "cost": 1}, MessageCost),
    ("send", {"phones": PHONE, "mes": "hi", "cost": 3, "op": 1}, MessageSent),
    ("send", {"phones": PHONE, "mes": "code", "call": 1}, MessageSent),
    ("status", {"phone": PHONE, "id": 1}, Message),
    ("status", {"phone": PHONE, "id": 1, "all": 2}, Message),
    ("status", {"phone": f"{PHONE},{OTHER}", "id": "1,1", "all": 1}, StatusList),
    ("status", {"phone": PHONE, "id": 1, "del": 1}, Success),
    ("balance", {}, Balance),
    ("balance", {"cur": 1}, Balance),
    ("info", {"get_operator": 1, "phone": PHONE}, OperatorInfo),
    ("info", {"get_operator": 1, "phone": f"{PHONE},{OTHER}"}, OperatorInfoList),
    ("senders", {"get": 1, "all": 1}, SenderList),
    ("senders", {"add": 1, "sender": "NEW", "cmt": "a shop"}, SenderCreated),
    ("senders", {"chg": 1, "sender": "SHOP", "cmt": "x"}, Success),
    ("senders", {"send_code": 1, "sender": "79031112233"}, ErrorReply),
    ("senders", {"check_code": 1, "sender": "79031112233", "code": "x"}, ErrorReply),
    ("senders", {"del": 1, "sender": "SHOP"}, Success),
    ("get", {"get_messages": 1}, MessageList),
    ("get", {"get_answers": 1}, IncomingList),
    ("get", {"get_stat": 1}, StatisticsList),
    ("get", {"get_price": 1}, PriceList),
    ("get", {"get_mega_accounts": 1}, ErrorReply),
    ("get", {"get_senders": 1}, SenderList),
    ("phones", {"add": 1, "phone": THIRD, "name": "Анна, Иван"}, Created),
    ("phones", {"add_group": 1, "name": "x"}, Created),
    ("phones", {"chg": 1, "phone": PHONE, "name": "x"}, Success),
    ("phones", {"chg_group": 1, "id": 1, "name": "x"}, Success),
    *(("phones", {"move_group": kind, "phone": PHONE, "grp": 1}, Success) for kind in (1, 2, 3)),
    ("phones", {"del": 1, "phone": PHONE}, Success),
    ("phones", {"del_group": 1, "id": 1}, Success),
    ("phones", {"get": 1}, ContactList),
    ("phones", {"get_group": 1}, GroupList),
    ("phones", {"add_black": 1, "phone": THIRD}, Created),
    ("phones", {"del_black": 1, "phone": "79990000000"}, Success),
    ("jobs", {"add": 1, "name": "x", "phones": PHONE, "mes": "hi"}, MailingCreated),
    ("jobs", {"add": 1, "name": "x", "phones": PHONE, "mes": "hi", "cost": 1}, MailingCreated),
    ("jobs", {"del": 1, "id": 1}, Success),
    ("jobs", {"cancel": 1, "id": 1}, Success),
    ("jobs", {"get": 1, "id": 1}, Mailing),
    ("jobs", {"get_all": 1}, MailingList),
    ("templates", {"add": 1, "name": "x", "msg": "y"}, Created),
    ("templates", {"chg": 1, "id": 1, "msg": "y"}, Success),
    ("templates", {"del": 1, "id": 1}, Success),
    ("templates", {"get": 1}, TemplateList),
    ("op_templates", {"add": 1, "sender": "SHOP", "msg": "x"}, Created),
    ("op_templates", {"get": 1}, OperatorTemplateList),
    ("users", {"add": 1, "user": "another", "password": "x"}, Created),
    ("users", {"chg": 1, "user": "sub", "new_login": "changed"}, Success),
    ("users", {"pay": 1, "user": "sub", "sum": 5}, Success),
    ("users", {"get_stat": 1, "user": "sub"}, StatisticsList),
    ("users", {"get_stat_all": 1}, StatisticsList),
    ("documents", {"add_account": 1, "user": "sub", "sum": 5}, Created),
    ("documents", {"get_account": 1, "id": 1}, None),
    ("documents", {"get_act": 1, "id": 1}, None),
    ("tinyurls", {"get": 1, "link": LINK}, ShortLink),
    ("receive_phones", {"get": 1}, ReceivePhoneList),
    ("receive_phones", {"buy": 1}, Success),
    ("receive_phones", {"chg": 1, "phone": THIRD, "noprolong": 1}, Success),
    ("wait_call", {"phone": PHONE}, CallNumber),
    ("get_mnp", {"date": "01.02.2024"}, PortedList),
    ("get_mnp", {}, None),
    ("ping", {"id": 1, "ok": 1}, Success),
]


def unknown() -> Iterator[tuple[str, str, int]]:
    """Yield endpoint, command and format of each reply that nobody has seen, as the documentation lists them."""
    text = (ROOT / "docs" / "wire-format" / "coverage.md").read_text("utf-8")
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "unknown" in cells:
            endpoint = cells[0].split("](")[0].strip("[")
            for command in cells[1].split(", "):
                yield from ((endpoint, command.strip("`"), fmt) for fmt in range(4) if cells[3 + fmt] == "unknown")


def test_the_table_has_every_command() -> None:
    asked = {(endpoint, name) for endpoint, parameters, _ in TABLE for name in parameters}
    assert {endpoint for endpoint, _, _ in TABLE} == ANSWERS.keys() <= ENDPOINTS.keys()
    for name in ANSWERS:
        assert {(name, command) for command in codec_of(name).endpoint.commands} <= asked


@pytest.mark.parametrize("fmt", Format)
def test_every_command(fmt: Format) -> None:
    gaps = {(endpoint, command) for endpoint, command, among in unknown() if among == fmt}
    seen = set()
    for endpoint, parameters, expected in TABLE:
        service = furnished()
        before = service.requests
        response = answer(service, endpoint, fmt=int(fmt), **parameters)
        received = service.requests[-1]
        assert len(service.requests) == len(before) + 1
        command = next((name for name in codec_of(endpoint).endpoint.commands if name in parameters), None)
        assert received.command == command
        shown = command or ("" if expected else None)
        if expected is None or (endpoint, shown) in gaps:
            assert (response.status_code, received.reply) == (501, None)
            assert f"{endpoint}.php" in response.text and "nobody has seen" in response.text
            with pytest.raises(DecodeError):
                decode(response.content, fmt=fmt, endpoint=endpoint)
            seen.add((endpoint, shown))
        else:
            assert response.status_code == 200, response.text
            url = url_of(endpoint, fmt=int(fmt), **parameters)
            report = Query.from_url(url).validate(response.content, content_type=response.headers["Content-Type"])
            assert report.ok and type(report.reply) is expected, (parameters, report)
            assert isinstance(received.reply, expected)
    assert {gap for gap in gaps if gap[0] != "documents"} <= seen


# Any request


WORDS = st.sampled_from(
    ["", "0", "1", "2", "3", "code", PHONE, OTHER, f"{PHONE},{OTHER}", "1,1,", "12", "abc", "x, ID = 5"]
)
TEXTS = WORDS | ours.names() | st.text(max_size=80)
NAMES = (
    *("phones", "mes", "sender", "cost", "op", "err", "call", "hlr", "mail", "flash", "list", "time", "id", "subj"),
    *("phone", "all", "del", "cur", "get", "get_operator", "cnt", "prev_id", "name", "grp", "num", "new_phone", "msg"),
    *("tinyurl", "user", "sum", "password", "start", "end", "after_id", "hour", "to_phone", "link", "format", "tags"),
)
ASKED = st.fixed_dictionaries(
    {"apikey": st.sampled_from(["demo-key"] * 9 + ["wrong"])},
    optional={
        **dict.fromkeys(NAMES, TEXTS),
        "fmt": st.sampled_from("0123") | WORDS,
        "charset": ours.charsets() | WORDS,
    },
)
SENDING = st.fixed_dictionaries({"phones": WORDS, "mes": TEXTS, "sender": TEXTS, "op": st.sampled_from("01")})
STEPS = st.one_of(
    st.tuples(st.just("send"), st.tuples(ASKED, SENDING).map(lambda both: {**both[0], **both[1]})),
    st.tuples(
        st.just("status"),
        st.tuples(
            ASKED, st.fixed_dictionaries({"phone": WORDS, "id": st.sampled_from(["1", "2", "1,", "1,2", "9,1"])})
        ).map(lambda both: {**both[0], **both[1]}),
    ),
    st.tuples(st.sampled_from([*ANSWERS]), ASKED),
    # A command with some of its parameters changed or left out.
    st.tuples(st.sampled_from(TABLE), ASKED, st.sets(st.sampled_from(NAMES))).map(
        lambda drawn: (
            drawn[0][0],
            {name: str(value) for name, value in drawn[0][1].items() if name not in drawn[2]}
            | {name: value for name, value in drawn[1].items() if name in drawn[2] | {"apikey", "fmt", "charset"}},
        )
    ),
)


@settings(max_examples=80)
@given(st.lists(STEPS, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_whatever_is_asked_the_codec_reads_the_answer(
    steps: list[tuple[str, dict[str, str]]], limits: bool, in_json: bool
) -> None:
    """The codec for the request reads the reply that the service says it sent, and has nothing to report."""
    service = FakeSmsc(rate_limits=limits, balance=5, senders=["SHOP"], forbidden=["x, ID"], undeliverable=[OTHER])
    for endpoint, asked in steps:
        if in_json:
            request = httpx.Request("POST", f"https://smsc.ru/rest/{endpoint}/", content=json.dumps(asked).encode())
        else:
            encoded = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in asked.items())
            request = httpx.Request("POST", f"https://smsc.ru/sys/{endpoint}.php", content=encoded.encode())
        response = service.handle_httpx(request)
        received = service.requests[-1]
        service.advance(1)
        if response.status_code == 501:
            assert received.reply is None and "nobody has seen" in response.text
            continue
        assert response.status_code == 200, response.text
        kind, charset = response.headers["Content-Type"].split("; charset=")
        told = received.parameters.get("fmt", "0")
        fmt = Format.JSON if in_json else Format(int(told)) if told in ("0", "1", "2", "3") else Format.TEXT
        assert kind == ("text/plain", "text/plain", "application/xml", "application/json")[fmt]
        view = received.parameters.get("all", "0")
        words = {name: received.parameters.get(name, "0") for name in ("cost", "mes", "call")}
        codec = codec_of(endpoint).asked({**words, "all": view if view in ("1", "2") else "0"})
        report = codec.validate(response.content, fmt=fmt, charset=charset, expect=type(received.reply))
        # Replies with unknown keys are reported.
        odd = {finding.code for finding in report.findings} - {"mojibake", "lost-characters", "unknown-key"}
        assert report.ok and not odd
        assert type(report.reply) is type(received.reply)
        assert codec.encode(report.reply, fmt=fmt, charset=charset) == response.content
    assert service.balance >= 0


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_every_misbehaviour_of_every_endpoint(name: str) -> None:
    """Each one raises, or is an error, or reads as the requested reply, and ends after one request."""
    fault = MISBEHAVIOURS[name]
    service = furnished()
    for endpoint in ANSWERS:
        parameters, expected = next((asked, cls) for where, asked, cls in TABLE if where == endpoint and cls)
        query = Query.from_url(url_of(endpoint, fmt=3, **parameters))
        service.misbehave(**fault)
        request = httpx.Request("POST", url_of(endpoint, fmt=3, **parameters), extensions={"timeout": {"read": 10.0}})
        if name in ("timeout", "disconnected", "lost"):
            with pytest.raises(httpx.ReadTimeout if name == "timeout" else httpx.RemoteProtocolError):
                service.handle_httpx(request)
        else:
            response = service.handle_httpx(request)
            assert (response.status_code, response.headers.get("Retry-After")) == (
                fault.get("status", 200),
                "30" if name == "429" else None,
            )
            try:
                reply = query.decode(response.content, content_type=response.headers["Content-Type"])
            except DecodeError:
                assert name in ("HTML", "empty", "cut", "429", "502", "503") or (name == "bare OK")
            else:
                assert {"plain ERROR": ErrorReply, "bare OK": Success}.get(name, expected) is type(reply)
        received = service.requests[-1]
        assert (received.reply is None) is fault.get("lost", False)
        assert isinstance(ask(service, endpoint, **parameters), (expected, ErrorReply))


def test_the_documentation_lists_what_nobody_has_seen() -> None:
    text = (ROOT / "docs" / "fake-service.md").read_text("utf-8")
    listed = set()
    endpoint = ""
    for line in text.split("## What nobody has seen")[1].split("## ")[0].splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith(("| `", "| |")):
            endpoint = cells[0].removesuffix(".php") or endpoint
            listed |= {(endpoint, cells[1], fmt) for fmt in ("0123" if cells[2] == "any" else cells[2].split(", "))}
    found = set()
    for endpoint, parameters, _ in TABLE:
        for fmt in "0123":
            if answer(FakeSmsc(rate_limits=False), endpoint, fmt=fmt, **parameters).status_code == 501:
                command = next(iter(codec_of(endpoint).endpoint.commands.keys() & parameters.keys()), "")
                found.add((endpoint, command or ("with `date" if parameters else "without `date"), fmt))
    assert found == listed
