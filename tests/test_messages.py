"""What the library says: short, on one line, without characters that disturb a terminal, whatever it speaks of."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.error import HTTPError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec import (
    ApiError,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    Limits,
    OptionError,
    Query,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SmscCodecError,
    Success,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec.testing import FakeSenders

from .asking import get

ODD = [*map(chr, range(0x20)), "\x7f", "\x85", "\x9b", "\xa0", "\xad", "\u061c", "\u200b", "\u200f", "\u2028", "\u2029"]
ODD += ["\u202e", "\u2066", "\u2069", "\ufeff", "\ufffe", "\uffff", "\ue000", "\u3000", "\U000e0001", "\U0010ffff"]
ODD += ["\ud800", "\x1b[31mred", "a\nb", "a\r\n", "\0" * 100]


def is_harmless(text: str, longest: int = 400) -> bool:
    return text.isprintable() and len(text) <= longest


# The service's refusals

CODE = SenderError.NOT_FOUND
SECRET = "hunter2secret"
DESCRIPTIONS = [
    *ODD,
    *(f"record {odd} not found" for odd in ODD),
    "x" * 60_000,
    "\x1b" * 60_000,
    "я" * 60_000,
    f"bad request: ?login=demo&psw={SECRET}",
    "x" * 90 + f" psw={SECRET}",
    "x" * 80 + f" psw={SECRET}" + "y" * 60_000,
    f'{{"psw": "{SECRET}\\',
    f"psw={SECRET}\n" * 10_000,
]


def ways_to_print(error: ApiError) -> Iterator[str]:
    for words in ("%s", "%r"):
        yield logging.LogRecord("x", logging.ERROR, "x", 1, words, (error,), None).getMessage()
    yield from (str(error), repr(error), f"{error!s:}", f"{error!r:}", *map(str, error.args), repr(error.args))
    yield from traceback.format_exception_only(type(error), error)
    yield logging.Formatter().formatException((type(error), error, None)).rpartition("\n")[2]


THROUGH: list[Callable[[ApiError], ApiError]] = [
    *(lambda error: error, copy.copy, copy.deepcopy),
    *(lambda error, p=p: pickle.loads(pickle.dumps(error, p)) for p in (0, 2, pickle.HIGHEST_PROTOCOL)),
]


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=range(len(DESCRIPTIONS)))
def test_refusals_are_short_and_harmless(description: str) -> None:
    reply = ErrorReply(CODE, description, 5)
    for through in THROUGH:
        with pytest.raises(ApiError) as caught:
            reply.raise_for_error()
        caught.value.add_note("seen") if sys.version_info >= (3, 11) else None
        error = through(caught.value)
        for text in ways_to_print(error):
            lines = text.removesuffix("\n").removesuffix("\nseen").split("\n")
            assert all(map(is_harmless, lines)) and len(lines) == 1, text
            assert SECRET not in text
        # Who wants all of it has it.
        assert error.reply == reply and error.description == description and error.__dict__ == caught.value.__dict__


def test_what_a_refusal_says() -> None:
    def said(reply: Any) -> str:
        return str(ApiError(reply))

    assert said(ErrorReply(CODE, "record not found")) == "error 3 (record not found): sender name not found"
    assert said(ErrorReply(CODE, "")) == said(ErrorReply(CODE)) == "error 3: sender name not found"
    assert said(ErrorReply(CODE, "a\nb\x1b")) == "error 3 (a\ufffdb\ufffd): sender name not found"
    assert said(ErrorReply(CODE, "x" * 100)) == f"error 3 ({'x' * 100}): sender name not found"
    assert said(ErrorReply(CODE, "x" * 101)) == f"error 3 ({'x' * 97}...): sender name not found"
    description = "x" * 90 + " psw=" + "y" * 2000
    assert said(ErrorReply(CODE, description)) == f"error 3 ({'x' * 90} psw=**...): sender name not found"
    assert said(None) == said(ErrorReply(10**5000)) == "error of an unprintable number"
    code: Any = "\x1b" * 1000
    assert said(ErrorReply(code)) == f"error {chr(0xFFFD) * 391}..."
    assert repr(ApiError(ErrorReply(CODE))) == "ApiError('error 3: sender name not found')"


# All other errors and findings

NAMES = [*ODD, "x" * 60_000, "\x1b" * 60_000]


def every_message(name: str) -> Iterator[Callable[[], object]]:
    """Everything that says something of a name, a key, a value, an option or a class."""
    ugly: Any = type(name.replace("\0", "") or "x", (), {})() if "\ud800" not in name else object()
    code: Any = name
    odd: tuple[Any, ...] = (name, ugly)
    yield from (partial(decode, body, fmt=fmt) for body in (name, ugly) for fmt in (None, *Format))
    for option in ("fmt", "charset", "expect", "strict", "limits"):
        for given_ in (*odd, type(ugly)):
            yield partial(decode, b"OK", **{option: given_})
    for option in ("fmt", "charset", "limits", "drop"):
        for given_ in odd:
            options: dict[str, Any] = {"fmt": 0, option: given_}
            yield partial(encode, Success(), **options)
    yield from (partial(Query, **{field: given_}) for field in Query.__struct_fields__ for given_ in odd)
    yield from (partial(Limits, body=given_) for given_ in odd)
    yield from (partial(Query.from_url, given_) for given_ in ({"fmt": name}, {"charset": name}, ugly))
    senders = [
        *(Sender(code * 2), Sender(ugly), Sender("A", code), Sender("A", None, ugly), ugly),
        *(Sender("A", None, None, {code: ugly}), Sender("A", None, None, {}, {code: code + "\ud800"})),
        *(Sender("A", None, None, {code: code}), Sender("A", None, None, {}, {code: ugly}), Sender("A", 1, None, ugly)),
    ]
    replies: list[Any] = [ugly, ErrorReply(code), ErrorReply(1, ugly), ErrorReply(1, name), SenderCreated(code)]
    for reply in [*replies, *(SenderList((sender,)) for sender in senders)]:
        yield from (
            partial(encode, reply, fmt=fmt, charset=charset) for fmt in Format for charset in ("utf-8", "koi8-r")
        )
        yield partial(to_json, reply)
    if "\ud800" not in name:
        for value in ({"kind": name}, {name: name}, {"kind": "created", name: name}, {"kind": "created", "id": name}):
            yield partial(from_json, json.dumps(value))
        for key, item in (("id", name), (name, name), ("operators", {name: name}), ("replacements", {name: 5})):
            yield partial(from_json, json.dumps({"kind": "senders", "senders": [{"name": name, key: item}]}))
    yield partial(from_json, ugly)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_errors_say_nothing_that_disturbs(name: str) -> None:
    raised = 0
    for work in every_message(name):
        try:
            work()
        except SmscCodecError as error:
            raised += 1
            assert isinstance(error, (DecodeError, EncodeError, OptionError))
            path = "" if isinstance(error, OptionError) else error.path
            for text in (error.reason, path, *map(str, error.args)):
                assert is_harmless(text), text
            assert all(is_harmless(line, 600) for line in str(error).split("\n"))
    assert raised > 50


WORDS = st.sampled_from(
    [*ODD, "A", "5", "x" * 500, "name", "id", "error", "sender", "psw", "=", ",", "&amp;", "\ue000"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map("".join)


def _bodies(key: str, value: str, other: str) -> Iterator[tuple[int, str]]:
    yield 0, f"name = {value}, {key} = {other}, id = {key}"
    yield 0, f"ERROR = {other} ({value})"
    yield 1, f"{value},{other}"
    yield 2, f'<{key} {value}="{other}"><sender {key}="1" {key}="2">{value}</sender></{key}>'
    yield 2, f"<error><{key}>{value}</{key}></error>"
    yield 3, json.dumps([{"sender": value, key: other, "id": key}])
    yield 3, json.dumps({"error": value, "error_code": 3, key: other})
    yield 3, f'[{{"sender": "{value}", "{key}": "{other}", "id": "{key}"}}]'


@given(TEXTS, TEXTS, TEXTS)
def test_findings_say_nothing_that_disturbs(key: str, value: str, other: str) -> None:
    for fmt, body in _bodies(key, value, other):
        for asked in (None, fmt):
            for finding in validate(body, fmt=asked).findings:
                assert is_harmless(finding.message) and is_harmless(finding.path, 100)
                assert all(is_harmless(line, 80) for line in finding.excerpt.split("\n"))


# The fake service


@pytest.mark.parametrize("name", [name for name in NAMES if "\ud800" not in name], ids=range(len(NAMES) - 1))
def test_the_fake_service_says_nothing_that_disturbs(name: str) -> None:
    with pytest.raises(ValueError, match="expected every name once") as caught:
        FakeSenders([Sender(name), Sender(name)])
    assert is_harmless(str(caught.value))
    with pytest.raises(ValueError, match=r"^name has to be that of a sender, not ") as missing:
        FakeSenders().moderate(name)
    assert is_harmless(str(missing.value))
    with FakeSenders([name + ","]) as server:
        for fmt in (1, 0):
            try:
                get(server, get=1, fmt=fmt)
            except HTTPError as error:
                with error:
                    text = error.read().decode()
                assert error.code == 500 and text.startswith(f"FakeSenders cannot answer with fmt={fmt}: ")
                assert is_harmless(text)
                break
        else:
            raise AssertionError("it was answered")
        server.misbehave(error=3, description=f"{name})\n(")
        try:
            get(server, get=1, fmt=0)
        except HTTPError as error:
            with error:
                assert is_harmless(error.read().decode())
