"""Normalized JSON: what is written, what is refused in which words, and what cannot be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from smsc_codec import (
    DecodeError,
    EncodeError,
    ErrorReply,
    OperatorStatus,
    OptionError,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
    decode,
    from_json,
    to_dict,
    to_json,
)
from smsc_codec.endpoints import ENDPOINTS, codec_of
from smsc_codec.endpoints.send import ENDPOINT as SEND
from smsc_codec.endpoints.send import MessageSent, PhoneResult
from smsc_codec.normal import read

OPERATORS: Any = {"mega_step": OperatorStatus.APPROVED, "new": 77}
WRITTEN: list[tuple[Reply, bytes]] = [
    (SenderList(), b'{"kind":"senders","senders":[]}'),
    (
        SenderList((Sender("A"), Sender("\u0416", 5, SenderStatus.ALLOWED, OPERATORS, {"mega_step": "INFO"}))),
        '{"kind":"senders","senders":[{"name":"A"},{"name":"\u0416","id":5,"status":1,'
        '"operators":{"mega_step":2,"new":77},"replacements":{"mega_step":"INFO"}}]}'.encode(),
    ),
    (SenderCreated(5), b'{"kind":"created","id":5}'),
    (Success(), b'{"kind":"success"}'),
    (ErrorReply(SenderError(7), "x", 541), b'{"kind":"error","code":7,"description":"x","id":541}'),
]


@pytest.mark.parametrize(("reply", "line"), WRITTEN)
def test_written_and_read(reply: Reply, line: bytes) -> None:
    assert to_json(reply) == line
    assert from_json(line) == from_json(line.decode()) == reply


@pytest.mark.parametrize("reply", [reply for reply, _ in WRITTEN])
def test_plain_objects_are_those_of_the_json(reply: Reply) -> None:
    plain = to_dict(reply)
    assert plain == json.loads(to_json(reply))
    assert from_json(json.dumps(plain)) == reply
    assert {type(value) for value in values_in(plain)} <= {dict, list, str, int}


def values_in(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from values_in(item)


def test_plain_objects_of_a_named_endpoint() -> None:
    assert to_dict(Success(), endpoint="status.php") == {"kind": "success", "endpoint": "status"}
    assert to_dict(decode(b"0,-3", fmt=1, endpoint="send")) == {"kind": "error", "endpoint": "send", "code": 3}
    with pytest.raises(OptionError, match="endpoint has to be"):
        to_dict(Success(), endpoint="nowhere")
    with pytest.raises(EncodeError, match="found int"):
        to_dict(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "reason", "place"),
    [
        ("", "Input is a zero-length, empty document", (0, 1, 1)),
        ('{"kind"', "unexpected end of data", (7, 1, 8)),
        ('{\n"kind": }', "unexpected character, expected a JSON value", (10, 2, 9)),
    ],
)
def test_malformed_json(line: str, reason: str, place: tuple[int, int, int]) -> None:
    with pytest.raises(DecodeError) as caught:
        from_json(line)
    error = caught.value
    assert (error.code, error.reason) == ("malformed", f"expected normalized JSON ({reason})")
    assert (error.offset, error.line, error.column) == place


KINDS = (
    f"expected one of {', '.join([*dict.fromkeys(r.kind for n in ENDPOINTS for r in codec_of(n).endpoint.replies)])}"
)
NUMBER = "expected a whole number of at most 18 digits"
CODE = "expected an operator's code (0 to 99)"
REPLACEMENT = "expected the name of a replacement, which one or two digits are not"
ARRAY = "expected the array senders and no other member"
REFUSED = [
    ("5", "expected an object, found the number 5", ""),
    ("[]", "expected an object, found an array", ""),
    ("{}", f"missing member 'kind', {KINDS}", "kind"),
    ('{"kind":5}', f"{KINDS}, found the number 5", "kind"),
    ('{"kind":["senders"]}', f"{KINDS}, found an array", "kind"),
    ('{"kind":"x"}', f"{KINDS}, found 'x'", "kind"),
    ('{"kind":"success","x":1}', "expected no member 'x'", ""),
    ('{"kind":"created"}', "missing member 'id'", ""),
    ('{"kind":"created","id":5,"x":1}', "expected no member 'x'", ""),
    ('{"kind":"created","id":null}', f"{NUMBER}, found null", "id"),
    ('{"kind":null}', f"{KINDS}, found null", "kind"),
    ('{"kind":"created","id":"5"}', f"{NUMBER}, found '5'", "id"),
    ('{"kind":"created","id":1234567890123456789}', f"{NUMBER}, found the number 1234567890123456789", "id"),
    ('{"kind":"error","code":true}', "expected the number of an error, found true", "code"),
    ('{"kind":"error","code":1,"description":5}', "expected text, found the number 5", "description"),
    ('{"kind":"senders"}', f"missing member 'senders', {ARRAY}", "senders"),
    ('{"kind":"senders","senders":{}}', f"{ARRAY}, found an object", "senders"),
    ('{"kind":"senders","senders":[],"x":1}', "expected no member 'x'", ""),
    ('{"kind":"senders","senders":[5]}', "expected an object, found the number 5", "senders[0]"),
    ('{"kind":"success","kind":"success"}', "expected each member once, found 'kind' twice", ""),
    (
        '{"kind":"senders","senders":[{"name":"A","operators":{"mts":1,"mt\\u0073":2}}]}',
        "expected each member once, found 'mts' twice",
        "",
    ),
    (f'{{"kind":"success","x":{"[" * 1000}{"]" * 1000}}}', "expected no member 'x'", ""),
    (
        '{"kind":"senders","senders":[{"name":"A"},{}]}',
        "missing member 'name'",
        "senders[1]",
    ),
]
NAMED = '"name":"A",'
FIELDS = [
    ('"x":5', "expected no member 'x'", ""),
    ('"name":5', "expected a name of at least one character, found the number 5", ".name"),
    ('"name":""', "expected a name of at least one character, found ''", ".name"),
    ('"id":1.0', f"{NUMBER}, found the number 1.0", ".id"),
    ('"id":-1', f"{NUMBER}, found the number -1", ".id"),
    ('"id":true', f"{NUMBER}, found true", ".id"),
    ('"status":"1"', "expected the number of a status, found '1'", ".status"),
    ('"operators":[]', "expected an object, found an array", ".operators"),
    ('"operators":{"mts":"x"}', f"{CODE}, found 'x'", ".operators.mts"),
    ('"operators":{"mts":1,"b":100}', f"{CODE}, found the number 100", ".operators.b"),
    ('"replacements":{"mts":5}', f"{REPLACEMENT}, found the number 5", ".replacements.mts"),
]


@pytest.mark.parametrize(
    ("line", "reason", "path"),
    [
        *REFUSED,
        *(
            (
                f'{{"kind":"senders","senders":[{{{NAMED if "name" not in field else ""}{field}}}]}}',
                reason,
                f"senders[0]{path}",
            )
            for field, reason, path in FIELDS
        ),
    ],
)
def test_json_of_other_things(line: str, reason: str, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        from_json(line)
    assert (caught.value.code, caught.value.reason, caught.value.path) == ("value", reason, path)


UNWRITABLE: list[tuple[Any, str, str]] = [
    (5, "expected a reply of senders.php (ErrorReply, Success, SenderCreated, SenderList), found int", ""),
    (ErrorReply(None), "expected the number of an error, found None", "code"),  # type: ignore[arg-type]
    (SenderCreated("x"), f"{NUMBER}, found 'x'", "id"),  # type: ignore[arg-type]
    (SenderList((5,)), "expected a Sender, found int", "senders[0]"),  # type: ignore[arg-type]
    (
        SenderList((Sender("A"), Sender(None))),  # type: ignore[arg-type]
        "expected a name of at least one character, found None",
        "senders[1].name",
    ),
    (SenderList((Sender("A", operators=5),)), "expected a mapping, found int", "senders[0].operators"),  # type: ignore[arg-type]
    (SenderList((Sender("A", operators={5: 1}),)), "expected text, found 5 (int)", "senders[0].operators"),  # type: ignore[dict-item]
    (SenderList((Sender("A", operators={"mts": "x"}),)), f"{CODE}, found 'x'", "senders[0].operators.mts"),  # type: ignore[dict-item]
    (SenderList((Sender("A", replacements={"b": 1}),)), f"{REPLACEMENT}, found 1 (int)", "senders[0].replacements.b"),  # type: ignore[dict-item]
]


@pytest.mark.parametrize(("reply", "reason", "path"), UNWRITABLE)
def test_what_cannot_be_written(reply: Any, reason: str, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        to_json(reply)
    assert (caught.value.reason, caught.value.path) == (reason, path)


def test_offsets_are_those_of_what_was_given() -> None:
    text = '{"kind": "senders",\n"senders": [{"name": "Имя\U0001f600" "id": 5}]}'
    for given, before in ((text, text[: text.index('"id"')]), (text.encode(), text[: text.index('"id"')].encode())):
        with pytest.raises(DecodeError) as caught:
            from_json(given)
        assert (caught.value.offset, caught.value.line, caught.value.column) == (len(before), 2, 29)


def test_a_kind_that_the_endpoint_does_not_have() -> None:
    with pytest.raises(DecodeError, match="kind: expected one of error, sent, cost, found 'senders'"):
        read(SEND, b'{"kind": "senders", "senders": []}')


UNUSUAL: list[Any] = [
    *(
        "31.02.2021 15:55:47",
        "28.06.0000 00:00:00",
        "29.02.2021 00:00:00",
        "28.06.2021 24:00:00",
        "28.06.2021 00:00:60",
    ),
    *("", "x", "-0", "1e5", "1.5", "00", "+1", "\u0661", "\ud800", 5, -1, 10**30, 1.5, True, None, [], {}, [[]], [{}]),
]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_value_of_any_kind_in_any_field(name: str) -> None:
    """Whatever a member has, the error is our own."""
    refused = 0
    for reply in codec_of(name).endpoint.own:
        for field, value in product(reply.object.fields, UNUSUAL):
            record = {field.name: value}
            plain = {reply.attribute: [record]} if reply.many else record
            line = json.dumps({"kind": reply.kind, "endpoint": name, **plain})
            try:
                from_json(line)
            except DecodeError as error:
                refused += 1
                assert error.code in ("value", "malformed", "limit")
    assert refused or not any(reply.object.fields for reply in codec_of(name).endpoint.own)


def test_lists_inside_of_a_reply() -> None:
    sent = MessageSent(5, 1, phones=(PhoneResult("79990001122", cost=Decimal("1.5")), PhoneResult("79990001123")))
    assert from_json(to_json(sent)) == sent
    with pytest.raises(EncodeError) as refused:
        to_json(MessageSent(5, 1, phones=(PhoneResult("7"), PhoneResult(5))))  # type: ignore[arg-type]
    assert refused.value.path == "phones[1].phone"
    with pytest.raises(DecodeError) as caught:
        from_json('{"kind":"sent","id":5,"parts":1,"phones":[{"phone":"7"},{"phone":5}]}')
    assert caught.value.path == "phones[1].phone"
    with pytest.raises(DecodeError) as caught:
        from_json('{"kind":"success","endpoint":"nowhere"}')
    assert caught.value.path == "endpoint"
