"""One door for all endpoints: the registry, which endpoint is meant, and what a body of another one is told."""

from __future__ import annotations

import ast
import json
import pickle
import re
import subprocess
import sys
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smsc_codec
from smsc_codec import (
    Balance,
    CallNumber,
    Codec,
    Created,
    DecodeError,
    EncodeError,
    ErrorReply,
    GroupList,
    LimitError,
    Limits,
    MailingCreated,
    Message,
    MessageCost,
    MessageError,
    MessageSent,
    OperatorInfo,
    OperatorInfoList,
    OptionError,
    PhoneResult,
    PortedList,
    Query,
    Sender,
    SenderError,
    SenderList,
    ServiceError,
    StatusError,
    StatusList,
    Success,
    decode,
    decode_response,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec._pages import PAGES
from smsc_codec._secrets import search
from smsc_codec.codec import format_in
from smsc_codec.endpoints import CLASSES, DEFAULT, ENDPOINTS, HOMES, codec_of, known, loaded, module_of
from smsc_codec.formats.reader import FormatReader
from smsc_codec.formats.text import TextFormat
from smsc_codec.formats.xml import XmlFormat
from smsc_codec.normal import from_json_of

from . import collisions
from .vectors import FOLDER, OTHERS, VECTORS, Vector

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "smsc_codec"


# The registry


@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_an_endpoint_is(name: str) -> None:
    module = module_of(name)
    codec = module.CODEC
    assert codec is codec_of(name) and codec.endpoint.name == f"{name}.php"
    assert sorted(module.__all__) == sorted(ENDPOINTS[name])
    for cls in ENDPOINTS[name]:
        thing = getattr(smsc_codec, cls)
        assert thing is getattr(module, cls)
        assert (thing.__module__, CLASSES.get(cls, name)) == ("smsc_codec", name)
        assert cls in ENDPOINTS[HOMES[cls]]
        assert cls in smsc_codec.__all__ and cls in dir(smsc_codec)
        assert pickle.loads(pickle.dumps(thing)) is thing
    # Its other files.
    assert (ROOT / "grammars" / f"{name}.lark").is_file()
    assert (ROOT / "docs" / "wire-format" / f"{name}.md").is_file()
    assert {vector.endpoint for vector in [*VECTORS, *OTHERS]} >= {name}
    # The line that exports it, for type checkers.
    text = (PACKAGE / "__init__.py").read_text("utf-8")
    assert len(re.findall(rf"^    from \.endpoints\.{name} import \*", text, re.MULTILINE)) == 1


def test_kinds_are_unique() -> None:
    classes: dict[str, Any] = {}
    owners: dict[str, set[str]] = {}
    for name in ENDPOINTS:
        for reply in codec_of(name).endpoint.replies:
            assert classes.setdefault(reply.kind, reply.cls) is reply.cls
            owners.setdefault(reply.kind, set()).add(name)
            assert (reply.cls.__name__ in HOMES) is (reply.cls not in (Success, Created, ErrorReply))
    assert all(len(names) == 1 for kind, names in owners.items() if classes[kind].__name__ in CLASSES)
    assert owners["error"] == {*ENDPOINTS}


def _mentioned(tree: ast.Module) -> set[str]:
    """Return the names, texts and imported modules in a module, except the texts of its documentation."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            found |= {*re.findall(r"\w+(?:\.php)?", node.value)}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nothing_else_names_an_endpoint() -> None:
    """Except the fake service, which does what each of them does, and for calls, which share codes with status.php."""
    modules = [path for path in PACKAGE.rglob("*.py") if path.parent.name not in ("endpoints", "testing")]
    modules = [
        path
        for path in modules
        if path not in (PACKAGE / "__init__.py", PACKAGE / "_pages.py", PACKAGE / "callbacks.py")
    ]
    assert len(modules) > 60
    pages = {f"{name}.php" for name in ENDPOINTS} | {f"endpoints.{name}" for name in ENDPOINTS} | {*CLASSES}
    pages -= {"Template", "Group"}  # the compiler and the command line have classes of these names too
    for path in modules:
        found = _mentioned(ast.parse(path.read_text("utf-8"))) & pages
        # The help of the command line has examples.
        assert not found or path.name == "parser.py", (path, found)


def test_the_pages_that_may_be_named_are_those_of_the_endpoints() -> None:
    """What hides secrets in URLs knows the pages, and may not import the registry."""
    assert sorted(PAGES) == sorted(ENDPOINTS)


def _loaded_by(*codes: str) -> list[list[str]]:
    """Return the endpoints that are loaded after each piece of code; nothing of the library is before it."""
    script = """
import json, sys
for code in sys.argv[1:]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "smsc_codec"]:
        del sys.modules[name]
    exec(code, {})
    found = [name.rpartition(".")[2] for name in sys.modules if name.startswith("smsc_codec.endpoints.")]
    print(json.dumps(sorted(found)))
"""
    command = [sys.executable, "-c", script, *codes]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_client_loads_the_endpoint_that_it_uses(name: str) -> None:
    url = f"https://smsc.ru/sys/{name}.php?fmt=1&login=a&psw=b"
    nothing, needed, *found = _loaded_by(
        "import smsc_codec",
        f"import smsc_codec.endpoints.{name}",
        *[f"from smsc_codec import {cls}" for cls in ENDPOINTS[name] if HOMES[cls] == name][:1],
        f"import smsc_codec; smsc_codec.decode(b'0,-2', fmt=1, endpoint={name!r}).raise_for_error",
        f"from smsc_codec import Query; Query.from_url({url!r}).decode(b'0,-2')",
        f"from smsc_codec.endpoints.{name} import CODEC; CODEC.decode(b'0,-2', fmt=1)",
    )
    assert nothing == []
    # Some have code tables in common.
    assert name in needed and len(needed) <= 5
    assert len(found) >= 3 and all(each == needed for each in found)


# Which endpoint is meant

SENT = b"OK - 1 SMS, ID - 279"


def test_the_endpoints_that_are_loaded() -> None:
    for name in ENDPOINTS:
        module_of(name)
    assert [*loaded()] == [*ENDPOINTS]
    with patch.dict(sys.modules):
        del sys.modules["smsc_codec.endpoints.info"]
        assert [*loaded()] == [name for name in ENDPOINTS if name != "info"]


def test_the_class_says_the_endpoint() -> None:
    for _ in range(2):  # the second time it is looked up
        assert decode(SENT, fmt=0, expect=MessageSent) == MessageSent(279, 1)
        assert decode(SENT, fmt="text", expect=MessageSent | MessageCost) == MessageSent(279, 1)
        assert decode(b"279,1", fmt=1, expect=MessageCost) == MessageCost(Decimal(279), 1)
        assert decode(b"27.1", fmt=1, expect=Balance, endpoint="balance.php") == Balance(Decimal("27.1"))
        assert decode(b"OK", fmt=0, expect=Success) == Success()
        assert validate(SENT, fmt=0, expect=MessageSent).reply == MessageSent(279, 1)
        assert validate(SENT.decode(), endpoint="send", strict=True).reply == MessageSent(279, 1)
    error = decode(b"0,-3", fmt=1, expect=MessageSent)
    assert isinstance(error, ErrorReply) and error.code is MessageError.NO_MONEY


@pytest.mark.parametrize("name", ENDPOINTS)
def test_errors_are_those_of_the_endpoint(name: str) -> None:
    for fmt, body in enumerate((b"ERROR = 2 (x)", b"0,-2", b"<error_code>2</error_code>", b'{"error_code": 2}')):
        body = b"<result>" + body + b"</result>" if fmt == 2 else body  # noqa: PLW2901
        for endpoint in (name, f"{name}.php"):
            for _ in range(2):
                error: Any = decode(body, fmt=fmt, endpoint=endpoint)
                assert type(error.code) is codec_of(name).endpoint.errors
                report: Any = validate(body, fmt=fmt, endpoint=endpoint)
                assert type(report.reply.code) is type(error.code)
        assert encode(error, fmt=fmt, drop=["description"], endpoint=name) == encode(
            error, fmt=fmt, drop=["description"]
        )
    assert type(decode(b"0,-2", fmt=1).code) is SenderError  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"endpoint": "fax"}, f"endpoint has to be {known()}, not 'fax'"),
        ({"endpoint": "Send"}, f"endpoint has to be {known()}, not 'Send'"),
        ({"endpoint": 5}, f"endpoint has to be {known()}, not 5"),
        ({"endpoint": []}, f"endpoint has to be {known()}, not []"),
        ({"endpoint": ""}, f"endpoint has to be {known()}, not ''"),
        (
            {"endpoint": "send", "expect": SenderList},
            "expect has to be a reply of send.php, and SenderList is a reply of senders.php",
        ),
        (
            {"expect": MessageSent | SenderList},
            "expect has to be replies of one endpoint, not of senders.php and send.php",
        ),
        (
            {"expect": Balance | Message | ErrorReply},
            "expect has to be replies of one endpoint, not of status.php and balance.php",
        ),
        (
            {"expect": MessageSent | int},
            "expect has to be a class of reply, such as SenderList, or a union of such classes, not int",
        ),
        (
            {"expect": Balance(Decimal("1.5"))},
            "expect has to be a class of reply, such as SenderList, or a union of such classes, not"
            " Balance(balance=Decimal('1.5')); pass its class",
        ),
    ],
    ids=str,
)
def test_what_is_not_clear(options: dict[str, Any], words: str) -> None:
    for read in (decode, validate):
        with pytest.raises(OptionError) as caught:
            read(b"OK", fmt=0, **options)
        assert str(caught.value) == words
        assert caught.value.__context__ is None
    if "expect" not in options:
        for write in (partial(encode, fmt=0), to_json):
            with pytest.raises(OptionError, match=re.escape(words)):
                write(Success(), **options)


class Odd(str):
    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


def test_an_endpoint_is_not_asked() -> None:
    assert decode(SENT, fmt=0, endpoint=Odd("send")) == validate(SENT, fmt=0, endpoint=Odd("send")).reply
    assert encode(MessageSent(1, 2), fmt=1, endpoint=Odd("send")) == b"1,2"


# What a body of another endpoint is told


def test_the_error_says_what_it_looks_like() -> None:
    with pytest.raises(DecodeError, match=r"; the body looks like a reply of send\.php: pass") as caught:
        decode(SENT, fmt=0)
    assert caught.value.code == "malformed" and caught.value.offset == 2 and caught.value.excerpt.startswith("OK - 1")
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    (finding,) = validate(SENT, fmt=0).findings
    assert finding.message == caught.value.reason
    # Who has said the endpoint is not told to say it.
    said: list[dict[str, Any]] = [{"endpoint": "status"}, {"expect": Message}]
    for options in said:
        with pytest.raises(DecodeError, match=r"; the body looks like a reply of send\.php\n"):
            decode(SENT.decode(), **options)
    # Text in the place of another format is named as such.
    for fmt in (2, 3):
        with pytest.raises(
            DecodeError, match=r"; the body looks like a reply of send\.php as text: pass .* and fmt=0\n"
        ):
            decode(SENT, fmt=fmt)
        with pytest.raises(DecodeError, match=r"; the body looks like a reply of send\.php as text\n"):
            decode(SENT, fmt=fmt, endpoint="balance")
    # Of what no other endpoint has nothing is said, and not of what another one would refuse too.
    for body in (b"<html>", b"", b"name = A, id = x", b"ERROR = x", b"[]"):
        with pytest.raises(DecodeError) as caught:
            decode(body, endpoint="balance")
        assert "looks like" not in caught.value.reason
    with pytest.raises(LimitError) as caught:
        decode(SENT, fmt=0, limits=Limits(body=5))
    assert "looks like" not in caught.value.reason
    # In fmt=1 nearly every line is a reply of some endpoint.
    with pytest.raises(DecodeError) as caught:
        decode(b"1,2,3,4,5", fmt=1)
    assert "looks like" not in caught.value.reason


@pytest.mark.parametrize("options", [{}, {"fmt": 0}, {"fmt": 2}, {"fmt": 3}], ids=str)
def test_secrets_are_looked_for_once(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Other endpoints refuse the body too, and nobody sees what they say of it."""
    body = b'{"x": "psw=%2541' + b"x" * 1000
    texts: list[str] = []
    real = search.spans

    def spans(text: str, *given: Any) -> Any:
        texts.append(text)
        return real(text, *given)

    monkeypatch.setattr(search, "spans", spans)
    assert validate(body, **options).reply is None
    assert texts.count(body.decode()) == 1
    with pytest.raises(DecodeError):
        decode(body, **options)
    assert texts.count(body.decode()) == 2


@pytest.mark.parametrize(
    ("body", "options", "reason"),
    [
        (b"100.01 RUR", {}, r"; the body looks like a reply of balance\.php: pass endpoint='balance'$"),
        (b"4.48 (2 SMS)", {}, r"; the body looks like a reply of send\.php: pass endpoint='send'$"),
        (b"4.48 (2 SMS)", {"endpoint": "balance"}, r"; the body looks like a reply of send\.php$"),
        (b"100.01 RUR", {"expect": MessageSent}, r"; the body looks like a reply of balance\.php$"),
        (b"4.48", {}, r"; the body looks like a reply of send\.php or balance\.php$"),
        (b"4.48", {"endpoint": "send"}, r"which may be the price of a message without parts \(say what is expected\)"),
        (b"hello", {}, r"found 'hello'$"),
        (b"a,b,c,d", {}, r"found 4 values: 'a,b,c,d'$"),
    ],
)
def test_a_text_without_keys_is_named_whether_the_format_is_given_or_not(
    body: bytes, options: dict[str, Any], reason: str
) -> None:
    for fmt in (None, 0):
        with pytest.raises(DecodeError) as caught:
            decode(body, fmt=fmt, **options)
        assert fmt == 0 or re.search(reason, caught.value.reason), caught.value.reason
        assert (" looks like" in caught.value.reason) is ("looks like" in reason or "may be" in reason)
        assert caught.value.code == ("ambiguous" if "may be" in reason else "malformed")
        assert [f.message for f in validate(body, fmt=fmt, **options).findings] == [caught.value.reason]


def _refusal(body: bytes, fmt: Any, name: str) -> str:
    found = validate(body, fmt=fmt, endpoint="ping" if name != "ping" else "wait_call").findings
    return found[-1].message if found else ""


@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_cannot_be_a_reply_of_another_endpoint_is_not_read_by_it(name: str) -> None:
    """The error is what it would be if each endpoint had read the body."""
    compared = 0
    for number, vector in enumerate(each for each in _good() if each.endpoint == name):
        if number > 10 and number % 7:
            continue
        for body, fmt in product((vector.body, vector.body[: len(vector.body) * 2 // 3]), (vector.asked["fmt"], 0)):
            said = _refusal(body, fmt, name)
            with ExitStack() as stack:
                for cls in (FormatReader, TextFormat, XmlFormat):
                    stack.enter_context(patch.object(cls, "may_be_own", lambda *_: True))
                assert said == _refusal(body, fmt, name), body
            compared += said != ""
    assert compared > 10


def test_a_long_reason_is_cut_before_the_endpoint() -> None:
    body = json.dumps({"id": 1, "cnt": 2, "x" * 600: 1})
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=3)
    assert caught.value.reason.endswith("; the body looks like a reply of send.php: pass endpoint='send'")
    assert len(caught.value.reason) < 400


FOREIGN = '{"id": 1, "cnt": 2, "cost": "3", "balance": "4"}'


def test_keys_that_another_endpoint_documents() -> None:
    """A balance that has an id and a count besides is a sent message."""
    words = "expected a balance; the body looks like a reply of send.php"
    said: list[dict[str, Any]] = [{"endpoint": "balance"}, {"expect": Balance}, {"expect": Balance, "strict": True}]
    for body in (FOREIGN, FOREIGN.encode()):
        for _ in range(2):
            for options in said:
                with pytest.raises(DecodeError) as caught:
                    decode(body, fmt=3, **options)
                assert (caught.value.reason, caught.value.code) == (words, "unexpected")
                assert caught.value.__context__ is None
                report = validate(body, fmt=3, **options)
                assert report.reply is None
                codes = [finding.code for finding in report.findings]
                assert codes == ["unknown-key", "unknown-key", "unknown-key", "unexpected"]
    # The codec alone knows no other endpoint, and what it has learned changes nothing.
    alone: Any = codec_of("balance").decode(FOREIGN, fmt=3)
    assert alone.other == {"id": "1", "cnt": "2", "cost": "3"}
    with pytest.raises(DecodeError, match=r"looks like a reply of send\.php"):
        decode(FOREIGN.encode(), fmt=3, endpoint="balance")
    query = Query.from_url("https://smsc.ru/sys/balance.php?login=a&psw=b&fmt=3")
    assert [finding.code for finding in query.validate(FOREIGN).findings][-1] == "unexpected"
    for strict in (False, True):
        with pytest.raises(DecodeError, match=r"looks like a reply of send\.php") as caught:
            query.decode(FOREIGN, strict=strict)


def test_keys_that_another_endpoint_documents_are_not_written() -> None:
    """What is written is read back."""
    reply = Balance(Decimal(4), other={"id": "1", "cnt": "2", "cost": "3"})
    for fmt in (2, 3):
        for drop in ((), ["other"]):
            with pytest.raises(EncodeError) as caught:
                encode(reply, fmt=fmt, drop=drop)
            assert str(caught.value) == (
                "expected a balance; with its undocumented keys it would be read as a reply of send.php"
            )
    for fmt in (0, 1):
        assert encode(reply, fmt=fmt, drop=["other"]) == b"4"
    kept = Balance(Decimal(4), other={"id": "5", "bonus": "7"})
    assert decode(encode(kept, fmt=3), fmt=3, expect=Balance) == kept
    # The codec alone knows no other endpoint.
    assert codec_of("balance").encode(reply, fmt=3)


TEXTS = [
    (b"250.80 RUR", Balance, Balance(Decimal("250.80"), currency="RUR")),
    (b"250.80 100 RUR", Balance, Balance(Decimal("250.80"), Decimal(100), "RUR")),
    (b"0.4 (1 SMS)", MessageCost, MessageCost(Decimal("0.4"), 1)),
    (b"4.48", MessageCost, MessageCost(Decimal("4.48"))),
]


@pytest.mark.parametrize(("body", "expect", "reply"), TEXTS)
def test_a_text_without_keys_is_detected(body: bytes, expect: Any, reply: Any) -> None:
    report = validate(body, expect=expect)
    assert decode(body, expect=expect) == decode(body, fmt=0, expect=expect) == report.reply == reply
    assert report.findings == ()


def test_what_is_neither_a_text_nor_values() -> None:
    with pytest.raises(DecodeError, match="as comma-separated values, found 'hello world'"):
        decode(b"hello world", expect=Balance)
    codes = [finding.code for finding in validate("hello w\u00d0\u0098rld".encode(), expect=Balance).findings]
    assert codes[-1] == "malformed" and len(codes) == len({*codes})


def test_keys_that_nobody_documents_are_kept() -> None:
    body = b'{"balance": "4", "id": 5, "bonus": 7}'
    reply = decode(body, fmt=3, expect=Balance)
    assert reply == Balance(Decimal(4), other={"id": "5", "bonus": "7"})
    assert [finding.code for finding in validate(body, fmt=3, expect=Balance).findings] == ["unknown-key"] * 2
    with pytest.raises(DecodeError, match=r"\(strict\)"):
        decode(body, fmt=3, expect=Balance, strict=True)
    assert validate(body, fmt=3, expect=Balance, strict=True).reply is None
    long = json.dumps({"balance": "4", **{f"{number}{'x' * 100}": "1" for number in range(8)}})
    assert len(decode(long, fmt=3, expect=Balance).raise_for_error().other) == 8
    # Of a list the first record tells; those of sender names are documented, or kept as those of operators.
    for names in ('[{"sender": "A", "mts": "1"}]', '[{"sender": "A", "new": "1", "id": "5"}]', '[{"sender": "A"}]'):
        assert isinstance(decode(names, fmt=3), SenderList)
    states = '[{"status": 1, "id": 5, "phone": "7", "new": "x"}]'
    assert decode(states, fmt=3, expect=StatusList).raise_for_error()[0].other == {"new": "x"}
    assert decode(b"[]", fmt=3, expect=StatusList) == StatusList()
    for _ in range(2):
        assert decode(b'[{\n"sender": "A",\n"mega_step": "2"\n}]', fmt=3).senders[0].operators  # type: ignore[union-attr]


# Never a wrong reading

SHARED = {
    *("error", "success"),
    *(reply.kind for name in ENDPOINTS for reply in codec_of(name).endpoint.own if reply.cls.__name__ not in CLASSES),
}
# The id of something new is spelled alike by several endpoints, whatever it is the id of.
NEW = {"created", "record_created", "mailing_created"}


def _good() -> list[Vector]:
    return [vector for vector in [*VECTORS, *OTHERS] if vector.reply is not None]


def own_reply(vector: Vector) -> Any:
    """Return the reply in a row, as its own endpoint reads it."""
    codec = codec_of(vector.endpoint)
    codec = codec if vector.request is None else codec.asked(vector.request)
    expect = next((each.cls for each in codec.endpoint.replies if each.kind == vector.expect), None)
    return codec.decode(vector.body, **vector.asked, expect=expect)


def _as_list(reply: Any) -> list[Any]:
    return [*reply] if hasattr(type(reply), "__len__") else [reply]


def _kind_of(reply: Any, name: str) -> str:
    return codec_of(name)._declared(reply).kind


def _records(reply: Any) -> int:
    return len(reply) if hasattr(type(reply), "__len__") else 1


def _with_records_of(own: Codec[Any], meant: Any) -> set[str]:
    """Return the endpoints that have the records of a reply: messages are those of status.php and of get.php."""
    cls = own._declared(meant).object.cls
    return {f"{name}.php" for name in ENDPOINTS for each in codec_of(name).endpoint.own if each.object.cls is cls}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_reply_of_another_endpoint_is_never_read(name: str) -> None:
    compared = 0
    for number, vector in enumerate(_good()):
        if vector.endpoint == name:
            continue
        reply = vector.reply
        assert reply is not None
        options: dict[str, Any] = {**vector.asked, "endpoint": name}
        own, meant = codec_of(vector.endpoint), own_reply(vector)
        fmt = format_in(vector.body) if vector.row["fmt"] is None else vector.row["fmt"]
        # Every time alike, whatever the door has read before.
        for again in range(1 if number % 8 else 2):
            try:
                found = decode(vector.body, **options)
            except DecodeError as error:
                kinds = {each.kind for each in codec_of(name).endpoint.replies}
                assert reply["kind"] not in SHARED or reply["kind"] not in kinds or not _records(meant), vector
                loose = own._declared(meant).object.takes_any_keys
                if fmt != 1 and _records(meant) and reply["kind"] not in SHARED and not loose:
                    (named,) = re.findall(r"; the body looks like a reply of ([\w. ]+)", error.reason)
                    assert {*named.split(" or ")} & _with_records_of(own, meant), vector
                    assert not again or validate(vector.body, **options).findings[-1].message == error.reason
                continue
            assert not again or validate(vector.body, **options).reply == found
            taken = codec_of(name)._declared(found).object.takes_any_keys
            loose = own._declared(meant).object.takes_any_keys
            if not _records(meant):
                # An empty list is one of any endpoint that has lists.
                assert not _records(found)
            elif taken and _records(found) and reply["kind"] not in ("error", "success"):
                # Of this endpoint nobody knows the keys. In fmt=0 a sentence such as `ID = 5` looks like a key.
                # The number to call has the key of a ported number, and no other.
                # Beside members that nobody knows what its own endpoint reads may be one of these.
                is_clean = not vector.findings and (reply["kind"], name) != ("call_number", "get_mnp")
                assert loose or fmt == 0 or not is_clean, vector
            elif fmt == 1 and found != meant:
                assert name in collisions.readings(vector.body)
            elif {_kind_of(found, name), reply["kind"]} <= NEW:
                assert found.id == meant.id
            elif reply["kind"] in SHARED & {each.kind for each in codec_of(name).endpoint.replies}:
                assert found == meant  # of an error the number
            elif {*map(type, _as_list(found))} == {*map(type, _as_list(meant))}:
                pass  # the messages of status.php are those of get.php
            elif reply["kind"] == "created" and isinstance(found, SenderList):
                pass  # a number can be a name, and only senders.php knows of new ones
            elif found != meant and not loose:
                # A number alone: its own endpoint reads it only if it is expected.
                with pytest.raises(DecodeError) as caught:
                    own.decode(vector.body, **vector.asked)
                assert caught.value.code == "ambiguous", (vector, found)
        compared += 1
    assert compared > 100


def test_the_page_of_collisions() -> None:
    page = collisions.PAGE.read_text("utf-8")
    assert page[page.index("| body |") :] == collisions.table(), "run python -m tests.collisions"
    bodies = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert "279,1" in bodies and len(bodies) >= 8


@pytest.mark.parametrize("vector", collisions.canonical(), ids=repr)
def test_the_request_decides(vector: Vector) -> None:
    """A line of fmt=1 that is several things is one of them to a codec for the request."""
    assert vector.reply is not None
    reply = own_reply(vector)
    cls = next(each.cls for each in codec_of(vector.endpoint).endpoint.replies if each.kind == vector.reply["kind"])
    assert type(reply) is cls
    if vector.request is None:
        assert decode(vector.body, **vector.asked, expect=cls, endpoint=vector.endpoint) == reply


BASE = "https://smsc.ru/sys/send.php?login=demo&psw=demo&fmt=1"
PRICE = MessageCost(Decimal("4.48"), 2)
JSON_FORM = b'{"login": "demo", "psw": "demo", "phones": ["79990001122"], "mes": "x", "cost": 1}'


def test_the_price_of_a_message() -> None:
    for query in (
        Query.from_url(f"{BASE}&phones=79990001122&mes=x&cost=1"),
        Query.from_url(f"{BASE}&cost=1"),
        Query.from_url(BASE, "phones=79990001122&mes=x&cost=1"),
        Query.from_url(BASE, {"phones": "79990001122", "mes": "x", "cost": 1}),
        Query.from_url(BASE, JSON_FORM.replace(b"1}", b'"1"}')),
    ):
        assert query.expect is MessageCost
        for _ in range(2):
            assert query.decode(b"4.48,2") == PRICE
            assert query.decode("4.48,2") == query.validate(b"4.48,2").reply == PRICE
            assert query.decode(b"3,1") == MessageCost(Decimal(3), 1)
        with pytest.raises(DecodeError):
            query.decode(b"279,1,4.48")
    sent = Query.from_url(f"{BASE}&phones=79990001122&mes=x")
    assert sent.expect is MessageSent and sent.decode(b"279,1") == MessageSent(279, 1)
    response: Any = SimpleNamespace(url=f"{BASE}&phones=7&mes=x&cost=1", headers={}, content=b"4.48,2", request=None)
    assert decode_response(response) == PRICE
    response.content = b"x"
    with pytest.raises(DecodeError):
        decode_response(response)


def test_a_request_that_says_too_little_decides_nothing() -> None:
    for form in (None, {"mes": "x"}, {"cost": 7}, {"cost": 7, "phones": "7"}):
        query = Query.from_url(BASE, form)
        assert query.expect is None
        with pytest.raises(DecodeError) as caught:
            query.decode(b"279,1")
        assert caught.value.code == "ambiguous"
        assert query.decode(b"279,1", expect=MessageSent) == MessageSent(279, 1)


@pytest.mark.parametrize(
    ("page", "parameters", "expect", "kept"),
    [
        ("send", "phones=7&cost=0", MessageSent, {"phones": "one"}),
        ("send", "phones=7,8&cost=3", MessageSent, {"phones": "several", "cost": "3"}),
        ("send", "list=7:x%0A8:y&op=1&err=2", MessageSent, {"list": "several", "op": "1", "err": "another"}),
        ("send", "phones=7&mes=code&call=1", MessageSent, {"phones": "one", "mes": "code", "call": "1"}),
        ("status", "phone=7&id=5&all=2", Message, {"phone": "one", "id": "one", "all": "2"}),
        ("status", "phone=7&id=5,", StatusList, {"phone": "one", "id": "several"}),
        ("status", "phone=7,8&id=5,6&del=1", Success, {"phone": "several", "id": "several"}),
        ("status", "all=1", None, {"all": "1"}),
        ("balance", "cur=1", Balance, {"cur": "1"}),
        ("balance", "login=a", Balance, {}),
        ("info", "get_operator=1&phone=7", OperatorInfo, {"phone": "one"}),
        ("info", "get_operator=1&phone=7,8", OperatorInfoList, {"phone": "several"}),
        ("senders", "get=1&all=1&operators=0", SenderList, {"all": "1"}),
        ("phones", "get_group=1", GroupList, {}),
        ("phones", "move_group=2&id=5", Success, {"move_group": "2"}),
        ("phones", "login=a", None, {}),
        ("jobs", "add=1&cost=1", MailingCreated, {"cost": "1"}),
        ("users", "pay=1&user=x", Success, {}),
        ("documents", "get_act=1", None, {}),
        ("wait_call", "phone=7", CallNumber, {"phone": "one"}),
        ("get_mnp", "date=26.11.2026", PortedList, {"date": "one"}),
        ("get_mnp", "login=a", None, {}),
        ("ping", "login=a", Success, {}),
    ],
)
def test_what_a_request_leads_to(page: str, parameters: str, expect: Any, kept: dict[str, str]) -> None:
    query = Query.from_url(f"https://smsc.ru/sys/{page}.php?{parameters}")
    assert (query.expect, query.parameters) == (expect, kept)
    # A request that says what it wants has the service's default format.
    assert query.fmt == (None if expect is None else 0)
    assert Query(endpoint=page, fmt=query.fmt, command=query.command, parameters=kept) == query
    assert pickle.loads(pickle.dumps(query)) == query and hash(query) == hash(pickle.loads(pickle.dumps(query)))


def test_the_json_interface() -> None:
    for form in (JSON_FORM, JSON_FORM.decode(), b" \n" + JSON_FORM, {"phones": "7", "cost": "1", "mes": "x"}):
        query = Query.from_url("https://smsc.ru/rest/send/", form)
        assert (query.fmt, query.charset, query.expect) == (3, "utf-8", MessageCost)
    query = Query.from_url("https://smsc.ru/rest/send/", b'{"phones": ["7", 8], "op": true, "err": false, "mes": null}')
    assert query.parameters == {"phones": "several", "op": "1"} and query.expect is MessageSent
    assert Query.from_url("https://smsc.ru/rest/send/", b'{"mes": {"a": 1}, "list": [[1]]}').parameters == {}
    for broken in (b'{"psw": "s3cret"', b'{"psw": s3cret}', "{"):
        with pytest.raises(OptionError) as caught:
            Query.from_url("https://smsc.ru/rest/send/", broken)
        assert str(caught.value) == "expected a form or a JSON object, found what begins like an object and is broken"
        assert caught.value.__context__ is None
    sent = SimpleNamespace(body=JSON_FORM, headers={"Content-Type": "application/json"})
    body = b'{"cost": "4.48", "cnt": 2}'
    response: Any = SimpleNamespace(url="https://smsc.ru/rest/send/", headers={}, content=body, request=sent)
    assert decode_response(response) == PRICE


# Writing, and normalized JSON


def test_writing_finds_the_endpoint() -> None:
    sent = MessageSent(279, 1, phones=(PhoneResult("7"),))
    for _ in range(2):
        assert encode(MessageSent(279, 1), fmt=0) == encode(MessageSent(279, 1), fmt=0, endpoint="send.php") == SENT
        assert encode(Success(), fmt=2, endpoint="status") == encode(Success(), fmt=2)
        assert encode(sent, fmt=1) == b"279,1\n7"
        assert encode(SenderList((Sender("A", 5),)), fmt=1) == b"A,5"
        assert encode(SenderList((Sender("\ufeffA", 5),)), fmt=3).startswith(b"[")
    with pytest.raises(EncodeError, match=r"^expected a reply of send.php \(.*\), found SenderList$"):
        encode(SenderList(), fmt=0, endpoint="send")
    with pytest.raises(EncodeError, match=r"^expected a reply, such as SenderList, found Sender$"):
        encode(Sender("A"), fmt=0)  # type: ignore[arg-type]


def test_a_byte_order_mark_is_not_written() -> None:
    with pytest.raises(EncodeError, match="byte order mark"):
        encode(SenderList((Sender("\ufeffA", 5),)), fmt=1)


@pytest.mark.parametrize("vector", [vector for vector in OTHERS if vector.reply is not None], ids=repr)
def test_normalized_json_says_the_endpoint(vector: Vector) -> None:
    codec = codec_of(vector.endpoint)
    reply = own_reply(vector)
    assert vector.reply is not None
    kind = vector.reply["kind"]
    said = {"kind": kind, "endpoint": vector.endpoint, **vector.reply} if kind in SHARED else vector.reply
    assert json.loads(to_json(reply, endpoint=vector.endpoint)) == said
    again = from_json(json.dumps(said))
    assert again == reply
    if isinstance(again, ErrorReply):
        assert type(again.code) is codec.endpoint.errors
        # Some have the numbers of another one, which is named then.
        owner = next(name for name in ENDPOINTS if codec_of(name).endpoint.errors is codec.endpoint.errors)
        assert json.loads(to_json(again)) == {**said, "endpoint": owner}


def test_normalized_json_of_shared_classes() -> None:
    assert to_json(Success()) == to_json(Success(), endpoint=DEFAULT) == b'{"kind":"success"}'
    assert to_json(ErrorReply(3)) == b'{"kind":"error","code":3}'
    # The same class is named in the same way, whichever endpoints are loaded.
    assert to_json(ErrorReply(ServiceError(3))) == b'{"kind":"error","endpoint":"get_mnp","code":3}'
    assert to_json(Created(5)) == to_json(Created(5), endpoint="phones")
    assert to_json(Created(5)) == b'{"kind":"record_created","endpoint":"phones","id":5}'
    assert from_json(b'{"kind":"record_created","endpoint":"users","id":5}') == Created(5)
    assert from_json_of(b'{"kind":"record_created","id":5}') == (Created(5), "phones")
    assert from_json_of(b'{"kind":"record_created","id":5}', "users") == (Created(5), "users")
    assert to_json(ErrorReply(StatusError(5))) == b'{"kind":"error","endpoint":"status","code":5}'
    assert to_json(ErrorReply(3), endpoint="send.php") == b'{"kind":"error","endpoint":"send","code":3}'
    assert from_json(b'{"kind":"success","endpoint":"status"}') == Success()
    with pytest.raises(EncodeError, match=r"expected a reply of send\.php"):
        to_json(Success(), endpoint="send")
    for text, reason, path in (
        ('{"kind":"sent","endpoint":"send","id":1,"parts":1}', "expected one of error, found 'sent'", "kind"),
        ('{"kind":"success","endpoint":"send"}', "expected one of error, found 'success'", "kind"),
        ('{"kind":"success","endpoint":"fax"}', f"expected one of {', '.join(ENDPOINTS)}, found 'fax'", "endpoint"),
        ('{"kind":"success","endpoint":5}', f"expected one of {', '.join(ENDPOINTS)}, found the number 5", "endpoint"),
    ):
        with pytest.raises(DecodeError) as caught:
            from_json(text)
        assert (caught.value.reason, caught.value.path, caught.value.code) == (reason, path, "value")


# Secrets


@given(st.sampled_from([*ENDPOINTS]), st.sampled_from(["", "&get=1", "&cost=1", "&id=5"]), st.data())
def test_a_query_keeps_words_of_the_service_only(name: str, rest: str, data: st.DataObject) -> None:
    declared = codec_of(name).endpoint
    names = [*declared.reads, "login", "psw", "apikey", "sender", "mes"]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
    url = f"https://s3cret:s3cret@smsc.ru/sys/{name}.php?fmt=3{rest}&" + "&".join(f"{each}=s3cret" for each in chosen)
    for query in (Query.from_url(url), Query.from_url(url, dict.fromkeys(chosen, "s3cret"))):
        seen = repr(query).encode() + pickle.dumps(query) + repr([getattr(query, each) for each in dir(query)]).encode()
        assert b"s3cret" not in seen


def test_what_the_request_holds_is_not_said_of_another_endpoint() -> None:
    url = "https://smsc.ru/sys/status.php?login=demo&psw=Zeb12345&phone=79990001122&id=5&fmt=0"
    body = SENT + b"\nphone = Zeb12345"
    response: Any = SimpleNamespace(url=url, headers={}, content=body, request=None)
    with pytest.raises(DecodeError) as caught:
        decode_response(response)
    assert "Zeb12345" not in f"{caught.value}{vars(caught.value)}"
    response.content = b"Status = 1, check_time = 28.06.2021 15:55:47, err = 0\n\n"
    assert isinstance(decode_response(response), Message)
    with pytest.raises(DecodeError, match=r"\(strict\)"):
        decode_response(response, strict=True)


def test_the_vectors_are_those_of_the_registry() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == {*ENDPOINTS, "callbacks"} - {DEFAULT}
