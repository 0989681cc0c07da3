"""What a request asked for, and the reply to it."""

from __future__ import annotations

import doctest
import json
import pickle
from enum import Enum
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smsc_codec.query as query_module
from smsc_codec import (
    DecodeError,
    ErrorReply,
    Finding,
    Format,
    Limits,
    MessageSent,
    OptionError,
    Query,
    Sender,
    SenderCreated,
    SenderList,
    Severity,
    SmscCodecError,
    Success,
    decode,
    decode_response,
    validate,
)
from smsc_codec.endpoints import known
from smsc_codec.endpoints.senders import COMMANDS

from .strategies import bodies

URL = "https://smsc.ru/sys/senders.php"
LIST = Query(fmt=Format.JSON, charset="utf-8", command="get", parameters={"all": "1"})


class Link:
    """As `httpx.URL` and `yarl.URL`: no string and no mapping, and `str` gives the text."""

    host = query = ""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


class Word(str, Enum):
    UTF8 = "utf-8"


class Three(int):
    """As the members of other people's enumerations, whose text is their name."""

    def __str__(self) -> str:
        return "THREE"


TEXT = "login=demo&psw=demo&fmt=3&charset=utf-8&get=1&all=1"
SOURCES: list[Any] = [
    f"{URL}?{TEXT}",
    f"{URL}?{TEXT}#part?fmt=1",
    f"http://demo:a=b@[::1]:8080/a=b/senders.php?{TEXT}",
    f"smsc.ru/sys/senders.php?{TEXT}",
    f"/sys/senders.php?{TEXT}",
    f"?{TEXT}",
    f"{URL}?{TEXT}".encode(),
    bytearray(f"{URL}?{TEXT}".encode()),
    TEXT,
    f"{TEXT}&cmt=https://example.com/?fmt=1",
    f"{TEXT}&cmt=\N{CYRILLIC SMALL LETTER A}&cmt=%FF",
    TEXT.encode(),
    memoryview(TEXT.encode()),
    Link(f"{URL}?{TEXT}"),
    f"fmt=1&charset=koi8-r&{TEXT}",
    f"{URL}?{TEXT}&cmt=a?fmt=1",
    {"login": "demo", "fmt": 3, "charset": "utf-8", "get": 1, "all": 1},
    {"login": "demo", "fmt": Three(3), "charset": "utf-8", "get": 1, "all": 1},
    {"fmt": "3", "charset": Word.UTF8, "get": "1", "all": "1", "operators": "0", "add": None, "chg": "", "del": 0},
    {"fmt": Format.JSON, "charset": "UTF8", "get": b"1", b"all": "1"},
    {"fmt": ["1", "3"], "charset": ("utf-8",), "get": ["1"], "all": [1], "add": []},
    [("fmt", 1), ("fmt", 3), ("charset", "utf-8"), ("get", 1), ("all", 1)],
]


@pytest.mark.parametrize("source", SOURCES, ids=range(len(SOURCES)))
def test_what_was_asked(source: Any) -> None:
    assert Query.from_url(source) == LIST


@pytest.mark.parametrize(
    ("sources", "query"),
    [
        (("?get=1",), Query(fmt=Format.TEXT, command="get")),
        (("senders.php?fmt=3",), Query(fmt=Format.JSON)),
        (("senders.php?fmt=&charset=&get=",), Query()),
        ((URL,), Query()),
        ((URL, ""), Query()),
        ((URL, {"fmt": None, "charset": None}), Query()),
        ((URL, TEXT), LIST),
        ((URL + "?fmt=1&get=1", b"fmt=3&charset=utf-8&all=1"), LIST),
        ((TEXT, {"get": 0, "del": 1}), Query(fmt=Format.JSON, charset="utf-8", command="del", parameters={"all": "1"})),
        # Only what the documentation says.
        (("senders.php?get=yes&fmt=2",), Query(fmt=Format.XML)),
        ((URL, {"get": True, "fmt": 2}), Query(fmt=Format.XML)),
        (("?get=1&all=0&operators=2",), Query(fmt=Format.TEXT, command="get", parameters={"operators": "another"})),
        (
            ("?get=1&operators=1&charset=CP1251",),
            Query(fmt=Format.TEXT, charset="windows-1251", command="get", parameters={"operators": "1"}),
        ),
    ],
)
def test_what_is_not_asked(sources: tuple[Any, ...], query: Query) -> None:
    assert Query.from_url(*sources) == query


@pytest.mark.parametrize(
    ("command", "expect"),
    [
        ("get", SenderList),
        ("add", SenderCreated),
        ("chg", Success),
        ("send_code", Success),
        ("check_code", Success),
        ("del", Success),
    ],
)
def test_the_reply_that_a_command_leads_to(command: str, expect: type[Any]) -> None:
    query = Query.from_url({command: 1, "code": 1234})
    assert (query.command, query.expect) == (command, expect)
    bodies = {SenderList: b"name = A", SenderCreated: b"ID = 5", Success: b"OK"}
    for cls, body in bodies.items():
        if cls is expect:
            assert isinstance(query.decode(body), cls)
        else:
            with pytest.raises(DecodeError) as caught:
                query.decode(body)
            assert caught.value.code == "unexpected"
            assert [finding.code for finding in query.validate(body).findings] == ["unexpected"]
    assert query.decode(b"ERROR = 3 (x)") == ErrorReply(3, "x")


def test_another_kind_can_be_expected() -> None:
    query = Query.from_url("senders.php?fmt=3&add=1")
    assert query.decode(b'{"result": "OK"}', expect=Success) == Success()
    assert query.decode(b'{"result": "OK"}', expect=Success | SenderCreated) == Success()
    assert query.validate(b'{"result": "OK"}', expect=Success).reply == Success()
    assert Query().expect is None
    assert Query().decode(b'{"result": "OK"}') == Success()


class Trap:
    """Raises whatever is done with it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("secret")

    def __str__(self) -> str:
        raise RuntimeError("secret")


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ((None,), "expected a URL, a form or a mapping of parameters, found NoneType"),
        ((5,), "expected a URL, a form or a mapping of parameters, found int"),
        ((object(),), "expected a URL, a form or a mapping of parameters, found object"),
        ((["fmt"],), "expected a URL, a form or a mapping of parameters, found list that raises ValueError"),
        (([5],), "expected a URL, a form or a mapping of parameters, found list"),
        ((URL, 5), "expected a URL, a form or a mapping of parameters, found int"),
        ((Trap(),), "expected a URL, a form or a mapping of parameters, found Trap that raises RuntimeError"),
        (({"psw": Trap()},), "expected a URL, a form or a mapping of parameters, found dict that raises RuntimeError"),
        (({"fmt": 10**5000},), "expected a URL, a form or a mapping of parameters, found dict that raises ValueError"),
        (("senders.php?fmt=4",), "fmt has to be 0, 1, 2, 3, 'text', 'csv', 'xml' or 'json', not '4'"),
        (("senders.php?fmt=03",), "fmt has to be 0, 1, 2, 3, 'text', 'csv', 'xml' or 'json', not '03'"),
        (("senders.php?fmt=-1",), "fmt has to be 0, 1, 2, 3, 'text', 'csv', 'xml' or 'json', not '-1'"),
        (("senders.php?charset=utf-16",), "charset has to be utf-8, windows-1251 or koi8-r, not 'utf-16'"),
        (("?get=1&add=1",), "expected one command, found get and add"),
    ],
    ids=range(14),
)
def test_sources_that_are_refused(sources: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(OptionError) as caught:
        Query.from_url(*sources)
    assert str(caught.value) == reason
    assert caught.value.__context__ is None


WRONG_PARAMETERS: list[Any] = [5, None, "all", [], {"cost": "1"}, {5: "1"}, {"all": 1}, {"all": "2"}]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"endpoint": "fax"}, {"endpoint": "SENDERS"}, {"endpoint": 5}, {"endpoint": None}),
        *({"fmt": 4}, {"fmt": "3"}, {"charset": 5}, {"command": "drop"}, {"command": []}),
        *({"parameters": given} for given in WRONG_PARAMETERS),
        {"endpoint": "balance", "command": "get"},
    ],
    ids=str,
)
def test_queries_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{list(wrong)[-1]} (of senders.php|has to be)"):
        Query(**wrong)


def test_commands_are_named_where_there_is_no_such() -> None:
    words = "command has to be one of get, add, chg, send_code, check_code, del, not 'drop'"
    with pytest.raises(OptionError, match=f"^{words}$"):
        Query(command="drop")
    with pytest.raises(TypeError):
        Query("senders")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({"fmt": "3", "charset": "UTF8", "get": "1"}, Query(fmt=Format.JSON, charset="utf-8", command="get")),
        ({"fmt": "7", "charset": "utf-16", "get": "1"}, Query(command="get")),
        ({"fmt": "3", "get": "1", "add": "1", "all": "1"}, Query(fmt=Format.JSON, parameters={"all": "1"})),
        ({}, Query()),
    ],
    ids=str,
)
def test_what_makes_no_sense_can_be_not_known(asked: dict[str, str], query: Query) -> None:
    """As in records of requests, where the reply is read all the same."""
    assert query_module.query_of(asked, lenient=True) == query


def test_credentials_are_not_kept() -> None:
    secrets = {"login": "l0gin", "psw": "passw0rd", "apikey": "k3y", "phone": "79990001122", "sender": "s3nder"}
    url = "https://us3r:w0rd@smsc.ru/sys/senders.php?fmt=3&get=1&" + "&".join(f"{k}={v}" for k, v in secrets.items())
    for query in (Query.from_url(url), Query.from_url("senders.php?fmt=3", {**secrets, "get": 1})):
        assert query == Query(fmt=Format.JSON, command="get")
        seen = repr(query).encode() + pickle.dumps(query) + repr([getattr(query, name) for name in dir(query)]).encode()
        for secret in (*secrets.values(), "us3r", "w0rd"):
            assert secret.encode() not in seen
    with pytest.raises(OptionError) as caught:
        Query.from_url(url + "&add=1")
    assert not any(secret in f"{caught.value}{vars(caught.value)}" for secret in secrets.values())


def test_queries_are_values() -> None:
    again = pickle.loads(pickle.dumps(LIST))
    assert again == LIST and hash(again) == hash(LIST)
    assert again.fmt is Format.JSON
    assert Query(fmt=3, charset="UTF8", command="get", parameters={"all": "1"}) == LIST  # type: ignore[arg-type]
    assert repr(LIST) == (
        "Query(endpoint='senders', fmt=<Format.JSON: 3>, charset='utf-8', command='get', parameters={'all': '1'})"
    )
    with pytest.raises(AttributeError):
        LIST.fmt = Format.XML  # type: ignore[misc]


NAME = "Имя"
UTF8, CP1251, KOI8 = (f"name = {NAME}, id = 5".encode(name) for name in ("utf-8", "windows-1251", "koi8-r"))


@pytest.mark.parametrize(
    ("asked", "body", "content_type", "codes"),
    [
        ("", UTF8, "", []),
        ("", CP1251, "", []),
        ("", KOI8, "text/plain; charset=koi8-r", []),
        ("", UTF8.decode(), "text/plain; charset=koi8-r", []),
        ("", bytearray(KOI8), 'text/plain; Charset="KOI8-R"', []),
        ("", memoryview(KOI8), "text/plain; charset=koi8-r", []),
        ("&charset=koi8-r", KOI8, "", []),
        ("&charset=koi8-r", KOI8, "text/plain", []),
        ("&charset=koi8-r", KOI8, "text/html; charset=iso-8859-1", []),
        ("&charset=koi8-r", KOI8, "text/plain; charset=koi8-r", []),
        # A proxy says what it says of every page.
        ("&charset=koi8-r", KOI8, "text/plain; charset=utf-8", ["content-charset"]),
        ("", CP1251, "text/plain; charset=utf-8", ["content-charset"]),
        ("", UTF8, "text/plain; charset=windows-1251", ["content-charset"]),
        # It was not heard.
        ("&charset=koi8-r", CP1251, "text/plain; charset=windows-1251", ["content-charset"]),
        ("&charset=windows-1251", UTF8, "text/plain; charset=utf-8", ["content-charset"]),
    ],
)
def test_the_charset(asked: str, body: Any, content_type: str, codes: list[str]) -> None:
    query = Query.from_url(f"?get=1{asked}")
    wanted = SenderList((Sender(NAME, 5),))
    assert query.decode(body, content_type=content_type) == wanted
    report = query.validate(body, content_type=content_type)
    assert report.reply == wanted
    assert [finding.code for finding in report.findings] == codes
    if codes:
        with pytest.raises(DecodeError, match="Content-Type says") as caught:
            query.decode(body, content_type=content_type, strict=True)
        assert caught.value.code == "content-charset"
    else:
        assert query.decode(body, content_type=content_type, strict=True) == wanted


@pytest.mark.parametrize(
    ("asked", "body", "content_type", "code", "message", "path"),
    [
        *(
            ("senders.php?fmt=0", body, f"text/plain; charset={said}", "content-charset", message, "")
            for body, said, message in (
                (CP1251, "utf-8", "Content-Type says utf-8, the bytes are no UTF-8"),
                (UTF8, "windows-1251", "Content-Type says windows-1251, the bytes are UTF-8"),
            )
        ),
        (
            "senders.php?fmt=0&charset=koi8-r",
            CP1251,
            "text/plain; charset=windows-1251",
            "content-charset",
            "Content-Type says windows-1251, koi8-r was asked",
            "",
        ),
        (
            "?get=1&all=1",
            b"name = A, status = 1\nname = B",
            "",
            "no-status",
            "all=1 was asked, and status is missing",
            "senders[1]",
        ),
        (
            "?get=1&operators=1",
            b"name = A, mts = 1\nname = B",
            "",
            "no-operators",
            "operators=1 was asked, and operators is missing",
            "senders[1]",
        ),
    ],
)
def test_what_findings_say(asked: str, body: bytes, content_type: str, code: str, message: str, path: str) -> None:
    """They are about the reply, and have no place in the body."""
    report = Query.from_url(asked).validate(body, content_type=content_type)
    assert report.findings == (Finding(Severity.WARNING, code, message, 0, 1, 1, path, ""),)


class Body(bytes):
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError


def test_what_objects_say_of_themselves_is_not_believed() -> None:
    says: Any = MagicMock(spec=str)
    query = Query.from_url("?get=1&fmt=0")
    assert query.decode(b"name = A", content_type=says) == SenderList((Sender("A"),))
    assert query.decode(Body(b"name = A"), content_type="text/plain; charset=utf-8") == SenderList((Sender("A"),))
    wrong: list[dict[str, Any]] = [
        {"endpoint": says},
        {"command": says},
        {"charset": says},
    ]
    for options in wrong:
        with pytest.raises(OptionError, match="has to be"):
            Query(**options)


def test_what_is_ascii_is_in_every_charset() -> None:
    query = Query.from_url("?get=1&charset=koi8-r")
    assert query.validate(b"name = A", content_type="text/plain; charset=utf-8").findings == ()


@pytest.mark.parametrize(
    ("asked", "senders", "codes"),
    [
        ("all=1", [{"sender": "A", "status": 1}, {"sender": "B", "id": 5}], ["no-status"]),
        ("all=1", [{"sender": "A", "status": 1}], []),
        ("all=1", [], []),
        ("operators=1", [{"sender": "A", "mts": "1"}, {"sender": "B", "id": "5"}], ["no-operators"]),
        ("operators=1", [{"sender": "A", "mts": "1"}], []),
        # The view with the operators has no status.
        ("operators=1&all=1", [{"sender": "A", "mts": "1"}], []),
        ("operators=1&all=1", [{"sender": "A", "status": 1}], ["no-operators"]),
        ("all=0", [{"sender": "A", "status": 1}], []),
    ],
)
def test_the_view(asked: str, senders: list[Any], codes: list[str]) -> None:
    query, body = Query.from_url(f"senders.php?fmt=3&get=1&{asked}"), json.dumps(senders)
    report = query.validate(body)
    assert [finding.code for finding in report.findings] == codes
    assert report.reply == query.decode(body)
    assert query.validate(b'{"error_code": 3}').findings == ()
    if codes:
        (finding,) = report.findings
        assert finding.path == f"senders[{len(senders) - 1}]"
        with pytest.raises(DecodeError) as caught:
            query.decode(body, strict=True)
        assert (caught.value.code, caught.value.path) == (finding.code, finding.path)
        assert query.validate(body, strict=True).reply is None


def test_operators_do_not_exist_in_csv() -> None:
    assert Query.from_url("senders.php?fmt=1&get=1&operators=1").validate(b"A,5").findings == ()


def test_findings_of_the_body_come_first() -> None:
    query = Query.from_url("?get=1&all=1&charset=koi8-r")
    body, said = b"\xef\xbb\xbf" + UTF8, "text/plain; charset=utf-8"
    report = query.validate(body, content_type=said)
    assert [finding.code for finding in report.findings] == ["bom", "content-charset", "no-status"]
    with pytest.raises(DecodeError) as caught:
        query.decode(body, content_type=said, strict=True)
    assert caught.value.code == "bom"
    report = query.validate(CP1251[:-1], content_type=said)
    assert [finding.code for finding in report.findings] == ["content-charset", "malformed"]


@given(
    body=bodies,
    content_type=st.sampled_from(["", "text/plain; charset=utf-8", "charset=windows-1251", "charset=koi8-r"]),
    asked=st.sampled_from(
        [
            "senders.php?",
            "senders.php?fmt=3",
            "?get=1&all=1",
            "senders.php?fmt=1&add=1",
            "senders.php?fmt=2&get=1&operators=1&charset=koi8-r",
        ]
    ),
)
def test_strict_is_what_validate_reports(body: bytes, content_type: str, asked: str) -> None:
    query = Query.from_url(asked)
    report = query.validate(body, content_type=content_type)
    try:
        assert query.decode(body, content_type=content_type) == report.reply
    except DecodeError as error:
        assert report.reply is None
        assert report.findings[-1].code == error.code
    try:
        assert query.decode(body, content_type=content_type, strict=True) == report.reply
        assert not report.findings
    except DecodeError as error:
        assert error.code == report.findings[-1 if report.reply is None else 0].code


@given(st.one_of(st.text(), st.binary(), st.dictionaries(st.text() | st.integers(), st.text() | st.integers())))
def test_only_our_errors_leave(source: Any) -> None:
    for form in (None, source):
        try:
            assert isinstance(Query.from_url(source, form), Query)
        except SmscCodecError as error:
            assert str(error)


@pytest.mark.parametrize("odd", [None, 5, object(), Trap()], ids=range(4))
def test_unusual_options(odd: Any) -> None:
    query = Query.from_url("?get=1")
    assert query.decode(b"name = A", content_type=odd) == SenderList((Sender("A"),))
    for options in ({"limits": odd}, {"expect": odd}) if odd is not None else ():
        with pytest.raises(OptionError):
            query.decode(b"name = A", **options)
    for read in (query.decode, query.validate):
        with pytest.raises(OptionError, match=r"^the body has to be bytes or a string, not "):
            read(odd, content_type="charset=utf-8")


def test_limits_are_passed_on() -> None:
    query, limits = Query.from_url("?get=1"), Limits(items=1)
    with pytest.raises(DecodeError) as caught:
        query.decode(b"name = A\nname = B", limits=limits)
    assert caught.value.code == query.validate(b"name = A\nname = B", limits=limits).findings[0].code == "limit"


def test_without_a_request_all_is_as_in_decode() -> None:
    for body in (b"OK", b"ID = 5", b"[]", b"<x>", b"", CP1251):
        assert Query().validate(body) == validate(body)
    assert Query().decode(CP1251) == decode(CP1251)


def test_the_examples() -> None:
    (*tests,) = doctest.DocTestFinder().find(Query, "Query", module=False, globs={"Query": Query})
    assert sum(len(test.examples) for test in tests) == 3
    for test in tests:
        assert doctest.DocTestRunner().run(test).failed == 0


# Endpoints

COMMON = "fmt=1&get=1&charset=koi8-r"
PAGES = known(".php")


@pytest.mark.parametrize("name", ["sender", "callback", "my_proxy", "psw", "a" * 40])
def test_pages_that_the_service_does_not_have_are_not_repeated(name: str) -> None:
    """They can be a secret at the wrong place: `/sys/PASSWORD.php`."""
    words = f"expected a request to {PAGES}, found another path"
    url = f"https://smsc.ru/sys/{name}.php?{COMMON}&psw={name}"
    for source in (url, f"/sys/{name}.php", f"{name}.php?{COMMON}", f"https://smsc.ru/rest/{name}/"):
        for form in (None, {"psw": name, "get": 1}):
            with pytest.raises(OptionError) as caught:
                Query.from_url(source, form)
            assert str(caught.value) == words
            response: Any = SimpleNamespace(url=source, headers={}, content=b"OK")
            with pytest.raises(OptionError) as caught:
                decode_response(response, form=form)
            assert str(caught.value) == words


def test_a_reply_of_another_endpoint_is_not_a_list_of_names() -> None:
    url = "https://smsc.ru/sys/send.php?fmt=1&phones=79990001122&mes=x"
    response: Any = SimpleNamespace(url=url, headers={}, content=b"5,1")
    assert decode(response.content, fmt=1) == SenderList((Sender("5", 1),))
    for form in (None, {"get": 1}):
        assert decode_response(response, form=form) == MessageSent(5, 1)
    response.url = "https://smsc.ru/sys/fax.php?fmt=1&get_price=1"
    with pytest.raises(OptionError, match=r"ping\.php, found another path$"):
        decode_response(response)


STATUS = {"login": "l", "psw": "p"}
JSON_FORMS: list[tuple[dict[str, Any], dict[str, str], bytes]] = [
    ({"id": [5, 6], "phone": ["7", "8"]}, {"id": "several", "phone": "several"}, b'[{"status":1,"id":5,"phone":"7"}]'),
    ({"id": (5, 6), "phone": ("7", "8")}, {"id": "several", "phone": "several"}, b'[{"status":1,"id":5,"phone":"7"}]'),
    ({"id": [5], "phone": ["7"]}, {"id": "one", "phone": "one"}, b'{"status":1}'),
    ({"id": 5, "phone": "7", "all": True}, {"id": "one", "phone": "one", "all": "1"}, b'{"status":1}'),
    ({"id": 5, "phone": "7", "all": [True]}, {"id": "one", "phone": "one", "all": "1"}, b'{"status":1}'),
    ({"id": 5, "phone": "7", "all": False}, {"id": "one", "phone": "one"}, b'{"status":1}'),
    ({"id": 5, "phone": "7", "all": [None, {"a": 2}, [1]]}, {"id": "one", "phone": "one"}, b'{"status":1}'),
    ({"id": 5, "phone": "7", "all": {"a": 2}, "del": []}, {"id": "one", "phone": "one"}, b'{"status":1}'),
    ({"id": [None, 5.5], "phone": ["", "8"]}, {"id": "one", "phone": "several"}, b'[{"status":1,"id":5,"phone":"7"}]'),
]


@pytest.mark.parametrize(("asked", "parameters", "body"), JSON_FORMS, ids=range(len(JSON_FORMS)))
def test_a_mapping_for_the_json_interface_means_the_same_as_its_text(
    asked: dict[str, Any], parameters: dict[str, str], body: bytes
) -> None:
    url = "https://smsc.ru/rest/status/"
    asked = {**STATUS, **asked}
    text = json.dumps(asked)
    queries = [Query.from_url(url, form) for form in (text, text.encode(), asked, [*asked.items()])]
    assert queries == [queries[0]] * 4
    assert queries[0].parameters == parameters
    response: Any = SimpleNamespace(url=url, headers={})
    for form in (text, asked, iter(asked.items())):
        assert decode_response(response, body, form=form) == queries[0].decode(body)


def test_a_mapping_for_a_file_is_a_form() -> None:
    asked = {**STATUS, "id": [5, 6], "phone": ["7", "8"]}
    query = Query.from_url("https://smsc.ru/sys/status.php", asked)
    assert query.parameters == {"id": "one", "phone": "one"}


@pytest.mark.parametrize("ending", ["", "/"])
def test_the_json_interface(ending: str) -> None:
    query = Query.from_url(f"https://smsc.ru/rest/senders{ending}?{COMMON}", {"all": 1, "fmt": 2})
    assert query == Query(endpoint="senders", fmt=Format.JSON, charset="utf-8", command="get", parameters={"all": "1"})


@pytest.mark.parametrize(
    "url",
    [
        *("https://a/s3cret?get=1", "https://a/sys/s3cret.php/?get=1", "https://a/sys/S3CRET.PHP?get=1"),
        *("/s3cret/?get=1", "https://a/rest/s3cret/?get=1", "https://a/senders.php/s3cret?get=1", "s3cret/?get=1"),
        *("https://a/rest/?get=1&s3cret", "https://a/s3cret/senders?get=1", f"https://a/{'s3cret' * 20}.php?get=1"),
    ],
)
def test_other_paths_are_not_quoted(url: str) -> None:
    with pytest.raises(OptionError) as caught:
        Query.from_url(url)
    assert "s3cret" not in str(caught.value).lower()
    assert str(caught.value).startswith(f"expected a request to {PAGES}, found ")


@pytest.mark.parametrize(
    "source", ["", "?fmt=1", "fmt=1", "https://smsc.ru?fmt=1", "https://smsc.ru/?fmt=1", "/?fmt=1", {}, {"fmt": 1}, []]
)
def test_parameters_without_a_path_need_a_command(source: Any) -> None:
    for wrong in (None, {"phones": 1}, {"get": 0}, {"get": "yes"}):
        with pytest.raises(OptionError) as caught:
            Query.from_url(source, wrong)
        assert str(caught.value) == (
            "expected the path of an endpoint, such as /sys/senders.php, or one of its commands among the parameters "
            "(get, add, chg, send_code, check_code, del), found neither"
        )
    for command in COMMANDS:
        assert Query.from_url(source, {command: 1}).command == command


def test_endpoints_of_a_query() -> None:
    assert Query(endpoint="senders") == Query() and Query().endpoint == "senders"
    assert Query(endpoint="send.php").endpoint == "send"
    with pytest.raises(OptionError, match=f"^endpoint has to be {known()}, not 'fax'$"):
        Query(endpoint="fax")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_values_that_are_bytes(kind: Any) -> None:
    assert Query.from_url({"fmt": kind(b"3"), "get": kind(b"1")}) == Query(fmt=Format.JSON, command="get")


@given(st.text(st.sampled_from("fmt%6D=&+;3 é\0"), max_size=30) | st.text(max_size=20))
def test_parameters_are_read_as_the_standard_library_reads_them(text: str) -> None:
    names = query_module.names_of("senders")
    parameters = {name: value for name, value in parse_qsl(text) if name in names}
    for more in ("", "&fm%74=1", "&fmt=%33&all=", "&all=+&operators=1%26"):
        expected = parameters | {name: value for name, value in parse_qsl(more) if name in names}
        assert query_module._read_text(text + more, names) == expected


def test_no_parameter_is_remembered_but_words_of_the_service() -> None:
    query_module._usual.cache_clear()
    for number in range(50):
        query = Query.from_url(f"{URL}?login=a{number}&psw=s3cr3t{number}&get=1&fmt=3&sender=s3cr3t{number}")
        assert query == Query(fmt=Format.JSON, command="get")
        for name in ("fmt", "charset"):
            with pytest.raises(OptionError):
                Query.from_url(f"{URL}?get=1&{name}=s3cr3t{number}")
            query_module.query_of({"get": "1", name: f"s3cr3t{number}"}, lenient=True)
        Query.from_url(f"{URL}?get=s3cr3t{number}&fmt=3&all=s3cr3t{number}&operators=s3cr3t{number}")
    assert query_module._usual.cache_info().currsize <= 4


def test_several_commands_are_named_in_the_documented_order() -> None:
    with pytest.raises(OptionError, match="expected one command, found get and add and del"):
        Query.from_url(f"{URL}?del=1&add=1&get=1")
