"""The strategies give what they promise: what a format carries and nothing else, and the whole range without one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    OptionError,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    Severity,
    Success,
    decode,
    encode,
    validate,
)
from smsc_codec.declare import FORMATS
from smsc_codec.endpoints import ENDPOINTS, balance, codec_of, info, send, status
from smsc_codec.testing import strategies as ours

from .registered import CODECS, share

# Not shrunk: the first one that is found will do.
SEARCH = settings(
    max_examples=20_000, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None, database=None
)


def shows(strategy: st.SearchStrategy[Any], what: Callable[[Any], bool]) -> None:
    """Fail unless the strategy gives something of that kind."""
    assert what(find(strategy, what, settings=SEARCH))


def carried(name: str, fmt: Format, charset: str = "utf-8") -> bool:
    try:
        encode(SenderList((Sender(name, 1),)), fmt=fmt, charset=charset)
    except EncodeError:
        return False
    return True


@settings(max_examples=100)
@given(st.data(), ours.formats(), ours.charsets())
def test_what_a_format_carries(data: st.DataObject, fmt: Format, charset: str) -> None:
    reply = data.draw(ours.replies(fmt, charset))
    assert decode(encode(reply, fmt=fmt, charset=charset), fmt=fmt, charset=charset) == reply
    name = data.draw(ours.names(fmt, charset))
    sender = data.draw(ours.senders(fmt, charset))
    for written in (Sender(name, 1), sender):
        body = encode(SenderList((written,)), fmt=fmt, charset=charset)
        assert decode(body, fmt=fmt, charset=charset, expect=SenderList) == SenderList((written,))


@settings(max_examples=100)
@given(st.data(), ours.formats(), ours.charsets())
def test_bodies_are_canonical(data: st.DataObject, fmt: Format, charset: str) -> None:
    body = data.draw(ours.bodies(fmt, charset))
    report = validate(body, fmt=fmt, charset=charset)
    assert report.reply is not None
    allowed = {"unknown-key", "unknown-number", "mojibake", "lost-characters"}
    assert {finding.code for finding in report.findings} <= allowed
    assert encode(report.reply, fmt=fmt, charset=charset) == body


NO_FORMAT = "fmt has to be 0, 1, 2, 3, 'text', 'csv', 'xml' or 'json', not "
MADE = [ours.names, ours.senders, ours.sender_lists, ours.errors, ours.replies, ours.bodies]


@pytest.mark.parametrize("make", MADE)
def test_wrong_arguments_are_refused_when_a_strategy_is_made(make: Callable[..., Any]) -> None:
    make("json")
    # Equal to the booleans, and kept.
    make(1)
    make(0)
    no_formats: list[Any] = [4, -1, "3", "html", 1.0, True, False, []]
    for fmt in no_formats:
        with pytest.raises(OptionError, match=NO_FORMAT):
            make(fmt)
        with pytest.raises(OptionError, match=NO_FORMAT):
            make(fmt=fmt)
    no_charsets: list[Any] = ["latin-1", "", 5, [], *([] if make is ours.bodies else [None])]
    for fmt, charset in product((None, 2), no_charsets):
        with pytest.raises(OptionError, match="charset has to be utf-8, windows-1251 or koi8-r, not "):
            make(fmt, charset)
        with pytest.raises(OptionError, match="charset has to be utf-8, windows-1251 or koi8-r, not "):
            make(fmt=fmt, charset=charset)
    with pytest.raises(TypeError):
        make(3, "utf-8", 5)


@pytest.mark.parametrize("make", MADE)
def test_the_same_strategy_for_the_same_arguments(make: Callable[..., Any]) -> None:
    assert make(2, "cp1251") is make(charset="windows-1251", fmt=Format.XML)
    assert make() is make(None) is make(fmt=None)


NAMES: dict[str, Callable[[str], bool]] = {
    "a separator of text": lambda name: ", " in name and not name.startswith(", ") and not name.endswith(", "),
    "a key of text": lambda name: " = " in name,
    "a line end": lambda name: "\n" in name.strip(),
    "a double quote": lambda name: '"' in name,
    "a single quote": lambda name: "'" in name,
    "an ampersand": lambda name: "&" in name and ";" not in name,
    "an entity": lambda name: "&amp;" in name,
    "the end of a CDATA section": lambda name: "]]>" in name,
    "an astral character": lambda name: any(ord(character) > 0xFFFF for character in name),
    "half of a surrogate pair": lambda name: any(0xD800 <= ord(character) <= 0xDFFF for character in name),
    "a control": lambda name: any(ord(character) < 32 and character not in "\t\r\n" for character in name),
    "digits only": lambda name: name.isascii() and name.isdigit() and len(name) > 7,
    "digits of another script": lambda name: name.isdigit() and not name.isascii(),
    "nothing": lambda name: name == "",
    "what windows-1251 lacks": lambda name: (
        carried(name, Format.TEXT) and not carried(name, Format.TEXT, "windows-1251")
    ),
    "what XML lacks": lambda name: carried(name, Format.JSON) and not carried(name, Format.XML),
    "what commas cannot carry": lambda name: carried(name, Format.TEXT) and not carried(name, Format.CSV),
    "what text cannot carry": lambda name: carried(name, Format.CSV) and not carried(name, Format.TEXT),
    "what only JSON carries": lambda name: [fmt for fmt in Format if carried(name, fmt)] == [Format.JSON],
    "what nothing carries": lambda name: name != "" and not any(carried(name, fmt) for fmt in Format),
    "a look-alike of another reply": lambda name: name in {"OK", "ERROR = 3 (x)", "ID = 5", "0,-3"},
}


@pytest.mark.parametrize("what", NAMES)
def test_the_range_of_names(what: str) -> None:
    shows(ours.names(), NAMES[what])


def test_the_look_alikes() -> None:
    assert {"OK", "0", "ERROR = 3 (x)", "ID = 5", "name = a, id = 1", "<result>OK</result>"} < set(ours.LOOK_ALIKES)
    assert len(set(ours.LOOK_ALIKES)) == len(ours.LOOK_ALIKES)
    shows(ours.senders(), lambda sender: sender.name in ours.LOOK_ALIKES)


REPLIES: dict[str, Callable[[Reply], bool]] = {
    "no names": lambda reply: reply == SenderList(),
    "several names": lambda reply: isinstance(reply, SenderList) and len(reply.senders) > 2,
    "names of two shapes": lambda reply: (
        isinstance(reply, SenderList)
        and len({(s.id is None, s.status is None, tuple(s.operators)) for s in reply.senders}) > 1
    ),
    "operators": lambda reply: isinstance(reply, SenderList) and any(s.operators for s in reply.senders),
    "a replacement": lambda reply: isinstance(reply, SenderList) and any(s.replacements for s in reply.senders),
    "an id": lambda reply: isinstance(reply, SenderCreated),
    "a large id": lambda reply: isinstance(reply, SenderCreated) and reply.id > 2**53,
    "OK": lambda reply: reply == Success(),
    "a documented error": lambda reply: isinstance(reply, ErrorReply) and reply.code in set(SenderError),
    "another error": lambda reply: isinstance(reply, ErrorReply) and reply.code not in set(SenderError),
    "a description": lambda reply: isinstance(reply, ErrorReply) and bool(reply.description),
    "the id of a message": lambda reply: isinstance(reply, ErrorReply) and reply.id is not None,
}


@pytest.mark.parametrize("what", REPLIES)
def test_the_range_of_replies(what: str) -> None:
    shows(ours.replies(), REPLIES[what])


BODY = b'[{\n"sender": "ABC",\n"id": 15\n},\n{\n"sender": "DEF",\n"id": 16\n}]'
DAMAGES: dict[str, Callable[[bytes], bool]] = {
    "cut": lambda body: 0 < len(body) < len(BODY) and BODY.startswith(body),
    "the end": lambda body: 0 < len(body) < len(BODY) and BODY.endswith(body),
    "doubled": lambda body: body.endswith(BODY) and BODY.startswith(body[: -len(BODY)]) and body != BODY,
    "swapped": lambda body: body != BODY and body in BODY + BODY and len(body) == len(BODY),
    "spliced with another format": lambda body: body.startswith(BODY[:10]) and (b"</" in body or b" = " in body),
    "lines in another order": lambda body: body != BODY and sorted(body.split()) == sorted(BODY.split()),
    "a byte changed": lambda body: len(body) == len(BODY) and sum(a != b for a, b in zip(body, BODY)) == 1,
    "a byte lost": lambda body: len(body) == len(BODY) - 1 and body[0] == BODY[0] and body[-1] == BODY[-1],
    "something put in": lambda body: body.replace(b"\x00", b"") == BODY and b"\x00" in body,
    "UTF-16": lambda body: BODY.decode().encode("utf-16") == body,
    "a mark": lambda body: body == b"\xef\xbb\xbf" + BODY,
}


@pytest.mark.parametrize("what", DAMAGES)
def test_the_range_of_damages(what: str) -> None:
    shows(ours.damaged(st.just(BODY)), DAMAGES[what])


def test_a_wrong_charset() -> None:
    body = "name = Имя, id = 1".encode()
    wrong = ("name = Имя, id = 1".encode("koi8-r"), body.decode("koi8-r").encode())
    for expected in wrong:
        shows(ours.damaged(st.just(body)), expected.__eq__)


@given(ours.damaged() | ours.noise(), ours.formats())
def test_the_damaged_is_refused_or_read(body: bytes, fmt: Format) -> None:
    try:
        decode(body, fmt=fmt)
    except DecodeError as error:
        assert error.reason


# Other endpoints

OF_ENDPOINT = [ours.errors, ours.replies, ours.bodies]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_a_format_carries_of_an_endpoint(endpoint: str) -> None:
    codec = codec_of(endpoint)

    @share(170)
    @given(st.data(), ours.formats(), ours.charsets())
    def carries(data: st.DataObject, fmt: Format, charset: str) -> None:
        reply = data.draw(ours.replies(fmt, charset, endpoint=endpoint))
        body = codec.encode(reply, fmt=fmt, charset=charset)
        assert codec.decode(body, fmt=fmt, charset=charset, expect=type(reply)) == reply
        assert codec.encode(reply, fmt=fmt, charset=charset) == body
        report = codec.validate(data.draw(ours.bodies(fmt, charset, endpoint=endpoint)), fmt=fmt, charset=charset)
        # What the request alone tells; other lines can have findings beside it.
        errors = [finding.code for finding in report.findings if finding.severity is Severity.ERROR]
        assert errors == ([] if report.reply is not None else ["ambiguous"])
        error = data.draw(ours.errors(fmt, charset, endpoint=endpoint))
        assert type(error.code) is codec.endpoint.errors
        assert codec.decode(codec.encode(error, fmt=fmt, charset=charset), fmt=fmt, charset=charset) == error

    carries()


# Of a class that several endpoints have, with the first of them.
CLASSES = [(codec, cls) for cls, codec in {r.cls: c for c in reversed(CODECS) for r in c.endpoint.own}.items()]


@pytest.mark.parametrize(("codec", "cls"), CLASSES, ids=lambda given: getattr(given, "__name__", None))
def test_replies_of_a_class(codec: Codec[Any], cls: type[Any]) -> None:
    (declared,) = [each for each in codec.endpoint.replies if each.cls is cls]
    known = [fmt for fmt, name in zip(Format, FORMATS) if declared.is_known(name)]

    @share(170, len(CLASSES))
    @given(st.data(), st.sampled_from(known))
    def carries(data: st.DataObject, fmt: Format) -> None:
        reply = data.draw(ours.replies_of(cls, fmt))
        assert type(reply) is cls
        assert codec.decode(codec.encode(reply, fmt=fmt), fmt=fmt, expect=cls) == reply
        assert type(data.draw(ours.replies_of(cls))) is cls

    carries()


REPLIES_OF: dict[str, tuple[type[Any], Callable[[Any], bool]]] = {
    "a price": (send.MessageSent, lambda sent: sent.cost is not None and sent.balance is None),
    "a balance": (send.MessageSent, lambda sent: sent.balance is not None),
    "a code": (send.MessageSent, lambda sent: bool(sent.code)),
    "a number with an error": (send.MessageSent, lambda sent: any(phone.error for phone in sent.phones)),
    "an amount alone": (send.MessageCost, lambda cost: cost.parts is None),
    "an undocumented key": (send.MessageSent, lambda sent: bool(sent.other)),
    "a message that was not found": (status.Message, lambda message: message.status == -3),
    "the fields of HLR": (status.Message, lambda message: message.imsi is not None and message.rnet is not None),
    "a text with a comma": (status.Message, lambda message: ", " in (message.message or "")),
    "an undocumented state": (status.Message, lambda message: not message.status.known),
    "messages": (status.StatusList, lambda reply: len(reply) > 1),
    "a credit": (balance.Balance, lambda reply: reply.credit is not None),
    "no number": (info.OperatorInfo, lambda reply: reply.phone is None),
    "numbers": (info.OperatorInfoList, lambda reply: len(reply) > 1),
}


@pytest.mark.parametrize("what", REPLIES_OF)
def test_the_range_of_other_replies(what: str) -> None:
    cls, shown = REPLIES_OF[what]
    shows(ours.replies_of(cls), shown)


@pytest.mark.parametrize("make", OF_ENDPOINT)
def test_wrong_endpoints_are_refused_when_a_strategy_is_made(make: Callable[..., Any]) -> None:
    assert make(endpoint="send.php") is make(endpoint="send") is not make()
    no_endpoints: list[Any] = ["sent", "", "x", 5, None, []]
    names = ", ".join(ENDPOINTS)
    for endpoint in no_endpoints:
        with pytest.raises(OptionError, match=f"endpoint has to be one of {names}, not "):
            make(endpoint=endpoint)


def test_wrong_classes_are_refused_when_a_strategy_is_made() -> None:
    assert ours.replies_of(ErrorReply) is ours.replies_of(ErrorReply, endpoint="senders")
    assert ours.replies_of(ErrorReply, 1, endpoint="send") is not ours.replies_of(ErrorReply, 1)
    no_classes: list[Any] = [int, send.PhoneResult, 5, "x", None]
    for cls in no_classes:
        with pytest.raises(OptionError, match=r"^cls has to be the class of a reply, not "):
            ours.replies_of(cls)
    with pytest.raises(OptionError, match=r"^cls has to be the class of a reply, not MessageSent"):
        ours.replies_of(send.MessageSent, endpoint="status")
    with pytest.raises(OptionError, match=r"^endpoint has to be"):
        ours.replies_of(send.MessageSent, endpoint="x")
