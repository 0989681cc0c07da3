"""The state and the answers of the fake `senders.php`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc_codec import (
    ErrorReply,
    Format,
    OperatorStatus,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
    decode,
    encode,
    validate,
)
from smsc_codec.endpoints.senders import COMMANDS, TEXT_ORDER
from smsc_codec.testing import FakeSenders
from smsc_codec.testing import strategies as ours
from smsc_codec.testing._request import read_form

from .asking import LOGIN, PHONE, ask, get, post, refused

ALLOWED, MODERATION = SenderStatus.ALLOWED, SenderStatus.MODERATION
CHARSETS = ("windows-1251", "utf-8", "koi8-r")


@pytest.fixture
def server() -> Iterator[FakeSenders]:
    senders: list[Sender | str] = [
        Sender("SMSC.RU", 5, operators={"mega_step": OperatorStatus.APPROVED}, replacements={"bee_step": "INFO"}),
        Sender("R&B", 6, MODERATION),
        PHONE,
    ]
    with FakeSenders(senders, undeliverable=["79990000000"]) as server:
        yield server


@pytest.mark.parametrize("fmt", Format)
def test_the_views(server: FakeSenders, fmt: Format) -> None:
    activated = SenderList((Sender("SMSC.RU", 5), Sender(PHONE, 7)))
    everything = SenderList((Sender("SMSC.RU", 5, ALLOWED), Sender("R&B", 6, MODERATION), Sender(PHONE, 7, ALLOWED)))
    for parameters, expected in (({}, activated), ({"all": 0}, activated), ({"all": 1}, everything)):
        body, _ = get(server, get=1, fmt=fmt, **parameters)
        assert body == encode(expected, fmt=fmt)
    reply = ask(server, get=1, operators=1, fmt=fmt)
    if fmt is Format.CSV:
        assert reply == activated
    else:
        pending = dict.fromkeys(TEXT_ORDER, OperatorStatus.PENDING)
        kept = Sender("SMSC.RU", 5, None, {"mega_step": OperatorStatus.APPROVED}, {"bee_step": "INFO"})
        assert reply == SenderList((kept, Sender(PHONE, 7, None, pending)))


def test_text_is_the_default(server: FakeSenders) -> None:
    assert get(server, get=1) == (
        f"name = SMSC.RU, id = 5\nname = {PHONE}, id = 7".encode(),
        "text/plain; charset=windows-1251",
    )


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("fmt", Format)
def test_the_charset_of_request_and_reply(server: FakeSenders, charset: str, fmt: Format) -> None:
    server.senders = [Sender("Имя", 5)]
    form = urlencode({**LOGIN, "chg": 1, "sender": "Имя", "cmt": "Ёж", "charset": charset}, encoding=charset)
    assert post(server, form.encode()) == b"OK"
    assert server.comments == {"Имя": "Ёж"}
    body, content_type = get(server, get=1, fmt=fmt, charset=charset)
    assert body == encode(SenderList((Sender("Имя", 5),)), fmt=fmt, charset=charset)
    kind = ("text/plain", "text/plain", "application/xml", "application/json")[fmt]
    assert content_type == f"{kind}; charset={charset}"


def test_windows_1251_is_the_default_charset(server: FakeSenders) -> None:
    server.senders = ["Имя"]
    body, content_type = get(server, get=1, fmt=3)
    assert body.decode("windows-1251") == '[{\n"sender": "Имя",\n"id": 1\n}]'
    assert content_type == "application/json; charset=windows-1251"
    # Without a charset parameter, a name in UTF-8 is another name.
    assert refused(server, chg=1, sender="Имя", cmt="x") == SenderError.NOT_FOUND


@pytest.mark.parametrize("fmt", Format)
def test_the_life_of_a_name(server: FakeSenders, fmt: Format) -> None:
    assert ask(server, fmt=fmt, add=1, sender="SHOP", cmt="a shop", mega_step=1) == SenderCreated(8)
    added = server.senders[-1]
    assert (added.name, added.id, added.status) == ("SHOP", 8, MODERATION)
    assert added.operators == {**dict.fromkeys(TEXT_ORDER, OperatorStatus.PENDING), "mega_step": OperatorStatus.SENT}
    assert ask(server, fmt=fmt, chg=1, sender="SHOP", cmt="", by_reg=1) == Success()
    assert server.senders[-1].operators["by_reg"] == OperatorStatus.SENT
    assert ask(server, fmt=fmt, chg=1, id=8, cmt="two shops") == Success()
    assert server.comments == {"SHOP": "two shops"}
    server.moderate("SHOP")
    reply = ask(server, fmt=fmt, get=1)
    assert isinstance(reply, SenderList) and reply.senders[-1] == Sender("SHOP", 8)
    assert ask(server, fmt=fmt, **{"del": 1}, sender="SHOP") == Success()
    assert ask(server, fmt=fmt, **{"del": 1}, id=6) == Success()
    assert [sender.name for sender in server.senders] == ["SMSC.RU", PHONE]
    assert server.comments == {}
    assert ask(server, fmt=fmt, add=1, sender="SHOP", cmt="again") == SenderCreated(9)


def test_the_confirmation_of_a_number(server: FakeSenders) -> None:
    assert ask(server, add=1, sender="79991112233", cmt="mine") == SenderCreated(8)
    assert refused(server, check_code=1, sender="79991112233", code="0000") == SenderError.WRONG_CODE
    assert ask(server, send_code=1, sender="+79991112233") == Success()
    code = server.codes["79991112233"]
    assert len(code) == 4 and code.isdigit()
    assert refused(server, check_code=1, sender="79991112233", code=f"{code}0") == SenderError.WRONG_CODE
    assert server.senders[-1].status == MODERATION
    assert ask(server, check_code=1, sender="79991112233", code=code) == Success()
    assert server.senders[-1].status == ALLOWED
    assert server.codes == {}
    assert refused(server, send_code=1, sender="79991112233") == SenderError.CODE_ALREADY_SENT
    server.advance(8 * 3600)
    assert ask(server, send_code=1, sender="79991112233") == Success()
    assert ask(server, **{"del": 1}, sender="79991112233") == Success()
    assert server.codes == {}


def test_replacements_have_no_states(server: FakeSenders) -> None:
    server.senders = [Sender("A", 1, replacements={"mega_step": "INFO"})]
    for fmt in (Format.TEXT, Format.XML, Format.JSON):
        reply = ask(server, get=1, operators=1, fmt=fmt)
        assert isinstance(reply, SenderList)
        assert reply.senders[0].replacements == {"mega_step": "INFO"}
        assert reply.senders[0].operators == dict.fromkeys(set(TEXT_ORDER) - {"mega_step"}, OperatorStatus.PENDING)
    assert ask(server, chg=1, id=1, bee_step=1) == Success()
    assert len(server.senders[0].operators) == 12 and server.senders[0].operators["bee_step"] == OperatorStatus.SENT


ERRORS: list[tuple[dict[str, Any], SenderError]] = [
    ({}, SenderError.PARAMETERS),
    ({"get": 0}, SenderError.PARAMETERS),
    ({"get": 1, "del": 1, "id": 5}, SenderError.PARAMETERS),
    ({"get": 1, "fmt": 4}, SenderError.PARAMETERS),
    ({"get": 1, "charset": "latin-1"}, SenderError.PARAMETERS),
    ({"get": 1, "cnt": "x"}, SenderError.PARAMETERS),
    ({"get": 1, "prev_id": "-1"}, SenderError.PARAMETERS),
    ({"add": 1, "cmt": "x"}, SenderError.PARAMETERS),
    ({"add": 1, "sender": "SHOP"}, SenderError.PARAMETERS),
    ({"add": 1, "sender": "SHOP", "cmt": ""}, SenderError.PARAMETERS),
    ({"add": 1, "sender": "twelve chars", "cmt": "x"}, SenderError.PARAMETERS),
    ({"add": 1, "sender": "1" * 16, "cmt": "x"}, SenderError.NUMBER_FORMAT),
    ({"add": 1, "sender": "SMSC.RU", "cmt": "x"}, SenderError.SAVE),
    ({"chg": 1, "cmt": "x"}, SenderError.PARAMETERS),
    ({"chg": 1, "sender": "SMSC.RU"}, SenderError.PARAMETERS),
    ({"chg": 1, "sender": "OTHER", "cmt": "x"}, SenderError.NOT_FOUND),
    ({"chg": 1, "id": 9, "sender": "SMSC.RU", "cmt": "x"}, SenderError.NOT_FOUND),
    ({"del": 1}, SenderError.PARAMETERS),
    ({"del": 1, "sender": "OTHER"}, SenderError.NOT_FOUND),
    ({"send_code": 1}, SenderError.PARAMETERS),
    ({"send_code": 1, "sender": "SMSC.RU"}, SenderError.NUMBER_FORMAT),
    ({"send_code": 1, "sender": "900"}, SenderError.NUMBER_FORMAT),
    ({"send_code": 1, "sender": "79991112233"}, SenderError.NOT_FOUND),
    ({"check_code": 1, "sender": PHONE}, SenderError.PARAMETERS),
    ({"check_code": 1, "sender": "SMSC.RU", "code": "1"}, SenderError.NUMBER_FORMAT),
    ({"check_code": 1, "sender": PHONE, "code": "1"}, SenderError.WRONG_CODE),
    ({"get": 1, "psw": "other"}, SenderError.AUTHORISATION),
    ({"get": 1, "login": "other"}, SenderError.AUTHORISATION),
    ({"get": 1, "apikey": "other"}, SenderError.AUTHORISATION),
]


@pytest.mark.parametrize(("parameters", "code"), ERRORS, ids=str)
def test_errors(server: FakeSenders, parameters: dict[str, Any], code: SenderError) -> None:
    before = server.senders
    for fmt in Format:
        body, _ = get(server, **{"fmt": fmt, **parameters})
        asked = fmt if parameters.get("fmt") is None else Format.TEXT
        reply = decode(body, fmt=asked)
        assert isinstance(reply, ErrorReply) and reply.code == code
        assert (reply.description is None) == (asked is Format.CSV)
        assert encode(reply, fmt=asked) == body
    assert server.senders == before
    assert server.requests[-1].reply == ErrorReply(code, server.requests[-1].reply.description)


def test_the_recorded_errors(server: FakeSenders) -> None:
    assert get(server, add=1, sender="R&B", cmt="x", fmt=3)[0] == b'{\n"error": "save error",\n"error_code": 5\n}'
    assert get(server, add=1, sender="X", fmt=3)[0] == b'{\n"error": "parameters error",\n"error_code": 1\n}'
    assert get(server, fmt=3, psw="")[0] == b'{\n"error": "authorise error",\n"error_code": 2\n}'
    unknown = {"del": 1, "sender": "X"}
    assert get(server, fmt=3, **unknown)[0] == b'{\n"error": "record not found",\n"error_code": 3\n}'


def test_a_number_that_gets_no_code(server: FakeSenders) -> None:
    server.senders = ["79990000000"]
    assert refused(server, send_code=1, sender="79990000000") == SenderError.UNDELIVERABLE


def test_an_api_key_is_enough(server: FakeSenders) -> None:
    assert post(server, b"get=1&apikey=demo-key").startswith(b"name = SMSC.RU")
    assert post(server, b"get=1&apikey=demo-key&login=another").startswith(b"name = SMSC.RU")
    assert post(server, b"get=1") == b"ERROR = 2 (authorise error)"
    server.login, server.psw, server.apikey = "a", "b", "c"
    assert server.psw == server.password
    assert post(server, b"get=1&login=a&psw=b").startswith(b"name = SMSC.RU")
    assert post(server, b"get=1&apikey=demo-key") == b"ERROR = 2 (authorise error)"


def test_repeated_lists(server: FakeSenders) -> None:
    for _ in range(3):
        assert isinstance(ask(server, get=1, fmt=3), SenderList)
    assert refused(server, get=1, fmt=3) == SenderError.TOO_MANY_REQUESTS
    assert isinstance(ask(server, get=1, fmt=2), SenderList), "another request"
    server.advance(59)
    assert refused(server, get=1, fmt=3) == SenderError.TOO_MANY_REQUESTS
    server.advance(1)
    assert isinstance(ask(server, get=1, fmt=3), SenderList)
    server.rate_limits = False
    assert all(isinstance(ask(server, get=1, fmt=3), SenderList) for _ in range(5))


def test_repeated_creates() -> None:
    now = 100.0
    with FakeSenders(clock=lambda: now) as server:
        for number in range(5):
            assert ask(server, add=1, sender=f"N{number}", cmt="x") == SenderCreated(number + 1)
        assert refused(server, add=1, sender="N6", cmt="x") == SenderError.TOO_MANY_REQUESTS
        now += 60
        assert ask(server, add=1, sender="N6", cmt="x") == SenderCreated(6)


def test_pages(server: FakeSenders) -> None:
    server.senders = [f"N{number}" for number in range(1, 8)]
    names, last = [], 0
    for _ in range(4):
        page = ask(server, get=1, prev_id=last, cnt=3, from_date="01.01.2020")
        assert isinstance(page, SenderList)
        names.append([sender.name for sender in page.senders])
        last = max((sender.id or 0 for sender in page.senders), default=last)
    assert names == [["N1", "N2", "N3"], ["N4", "N5", "N6"], ["N7"], []]


def test_pages_of_ids_in_no_order(server: FakeSenders) -> None:
    server.senders = [Sender("A", 7), Sender("B", 2), Sender("C", 4, MODERATION), Sender("D", 3)]

    def page(last: int, **parameters: int) -> list[str]:
        reply = ask(server, get=1, prev_id=last, **parameters)
        assert isinstance(reply, SenderList)
        return [sender.name for sender in reply.senders]

    assert page(7, cnt=1) == ["B"]
    assert page(2, all=1) == ["C", "D"]
    assert page(4) == ["D"], "the name is not in the list, and its place is known"
    assert page(3) == []
    assert page(0) == ["A", "B", "D"]
    assert page(5) == ["A"], "there is no such name"


def test_ids_and_states_that_are_not_given() -> None:
    server = FakeSenders(["A", Sender("B", 1), Sender("C", 9, MODERATION), "D"])
    expected = (Sender("A", 2, ALLOWED), Sender("B", 1, ALLOWED), Sender("C", 9, MODERATION), Sender("D", 10, ALLOWED))
    assert server.senders == expected
    for wrong, words in (
        (["A", "A"], "every name once, found 'A' 2 times"),
        ([Sender("A", 1), Sender("B", 1)], "id once, found 1"),
    ):
        with pytest.raises(ValueError, match=words):
            server.senders = wrong
    with pytest.raises(ValueError, match=r"^name has to be that of a sender, not 'E'$"):
        server.moderate("E")
    assert server.senders == expected


def test_what_was_asked(server: FakeSenders) -> None:
    get(server, add=1, sender="SHOP", cmt="x", psw="demo", login="demo", apikey="demo-key")
    post(server, urlencode({**LOGIN, "sender": "SHOP"}).encode())
    added, nothing = server.requests
    assert (added.method, added.command, added.reply) == ("GET", "add", SenderCreated(8))
    assert added.parameters == {"add": "1", "sender": "SHOP", "cmt": "x"}
    assert (nothing.method, nothing.command, nothing.parameters) == ("POST", None, {"sender": "SHOP"})
    assert "demo" not in repr(server.requests) + repr(server)


def test_a_form_with_a_file(server: FakeSenders) -> None:
    parts = b"".join(
        b'--limit\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name, value)
        for name, value in (
            (b"apikey", b"demo-key"),
            (b"chg", b"1"),
            (b"id", b"5"),
            (b"cmt", "Ёж\r\n".encode("cp1251")),
        )
    )
    file = b'--limit\r\nContent-Disposition: form-data; name="doc"; filename="a.pdf"\r\n\r\n\x00\r\n\xff\r\n'
    # A form inside the form, which clients do not send.
    file += b"--limit\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n\r\nx\r\n--inner--\r\n"
    assert post(server, parts + file + b"--limit--\r\n", "multipart/form-data; boundary=limit") == b"OK"
    assert server.comments == {"SMSC.RU": "Ёж\r\n"}
    assert server.requests[0].files == ("a.pdf",)
    assert server.requests[0].parameters == {"chg": "1", "id": "5", "cmt": "Ёж\r\n"}


def test_parts_in_parts_are_content(server: FakeSenders) -> None:
    parts = "".join(f"--{n}\r\nContent-Type: multipart/mixed; boundary={n + 1}\r\n\r\n" for n in range(3000))
    login = "".join(
        f'--0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("apikey", "demo-key"), ("chg", "1"), ("id", "5"), ("cmt", "x"))
    )
    body = f"{login}{parts}\r\n--0--\r\n".encode()
    assert post(server, body, "multipart/form-data; boundary=0") == b"OK"
    assert server.comments == {"SMSC.RU": "x"}


@pytest.mark.parametrize("kind", ["multipart/form-data", 'multipart/form-data; "' + ";" * 9000])
def test_a_form_that_cannot_be_read(server: FakeSenders, kind: str) -> None:
    with pytest.raises(HTTPError) as caught:
        post(server, b"x", kind)
    with caught.value as response:
        assert response.code == 400
        assert response.read().startswith(b"<html>the form cannot be read: its Content-Type has ")
    assert server.requests == ()


def test_the_names_of_files_are_in_the_charset_that_was_asked_for() -> None:
    form = 'Content-Disposition: form-data; name="f"; filename="Имя"'.encode("cp1251")
    query = "charset=%s&get=1"
    kind = "multipart/form-data; boundary=b"
    assert read_form(query % "windows-1251", kind, b"--b\r\n" + form + b"\r\n\r\nx\r\n--b--").files == ("Имя",)
    assert read_form(query % "utf-8", kind, b"--b\r\n" + form + b"\r\n\r\nx\r\n--b--").files == ("\ufffd" * 3,)


def test_the_form_has_the_last_word(server: FakeSenders) -> None:
    request = Request(f"{server.url}?get=1&fmt=0&apikey=wrong", b"fmt=3&apikey=demo-key")
    with urlopen(request, timeout=10) as response:
        assert response.read().startswith(b"[{")


# Any request


LATIN = st.text(st.characters(max_codepoint=255))


@given(LATIN, LATIN | st.just("multipart/form-data; boundary=a"), st.binary())
def test_any_request_has_an_answer(query: str, content_type: str, body: bytes) -> None:
    answer, _ = FakeSenders()._respond("POST", read_form(query, content_type, body))
    assert isinstance(decode(answer.body), ErrorReply)


VALUES = st.sampled_from(["1", "1", "1", "0", "3", "5", "SMSC.RU", PHONE, "x", ""]) | ours.names()
PARAMETERS = st.fixed_dictionaries(
    {"apikey": st.just("demo-key")},
    optional={
        **dict.fromkeys(("sender", "id", "cmt", "code", "all", "operators", "mts_step", "prev_id", "cnt"), VALUES),
        "fmt": st.sampled_from("0123") | VALUES,
        "charset": ours.charsets() | VALUES,
    },
)


@given(st.sampled_from(list(COMMANDS)), PARAMETERS)
def test_any_command_has_an_answer_in_its_format(command: str, parameters: dict[str, str]) -> None:
    server = FakeSenders(["SMSC.RU", PHONE])
    query = urlencode({command: "1", **parameters}, errors="replace")
    form = read_form(query, "", b"")
    answer, _ = server._respond("GET", form)
    fmt, reply = form.fmt or Format.TEXT, server.requests[0].reply
    if fmt is Format.CSV and isinstance(reply, ErrorReply):
        reply = ErrorReply(reply.code)
    # A name with separators in it can be added, but not written in every format.
    assert answer.status == 500 or decode(answer.body, fmt=fmt, charset=form.charset) == reply


@settings(max_examples=100)
@given(st.data(), ours.formats(), ours.charsets())
def test_what_the_strategies_give_comes_back(data: st.DataObject, fmt: Format, charset: str) -> None:
    def key(sender: Sender) -> str:
        return sender.name

    given = data.draw(st.lists(ours.senders(fmt, charset), max_size=3, unique_by=key))
    server = FakeSenders(rate_limits=False)
    server.senders = [Sender(s.name, None, s.status, s.operators, s.replacements) for s in given]
    form = read_form(
        urlencode({**LOGIN, "get": 1, "all": 1, "operators": 1, "fmt": int(fmt), "charset": charset}), "", b""
    )
    report = validate(encode(server._answer(form), fmt=fmt, charset=charset), fmt=fmt, charset=charset)
    assert isinstance(report.reply, SenderList)
    assert [sender.name for sender in report.reply.senders] == [sender.name for sender in given]
