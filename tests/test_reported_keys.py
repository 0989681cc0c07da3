"""What is reported about lists with undocumented keys: the same for the first and for every later one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smsc_codec import Codec, EncodeError, Format, FrozenMapping, Sender, SenderList, validate
from smsc_codec.endpoints import senders

from .anew import made_once
from .fuzz.targets import outcome
from .registered import share
from .test_agreement import alike

COMPILED = (Format.TEXT, Format.XML, Format.JSON)
LONG = "k" * 40
KEYS = ["foo", "bar", "psw", "login", "found", "found psw", "a.b", f"{LONG}[1]", f"{LONG}[2]", "фу", "v" * 200]
NAMES = ["A", "a psw=secret", "//user:pass@host", "Bearer abcdef", "Имя", "пароль: тайна", "РџР°СЂРѕР»СЊ", "token"]


def listed(count: int, keys: list[str], names: list[str], fmt: Format, code: int = 1) -> bytes:
    """Return a list of names with these undocumented keys; the names take turns."""
    operators: Any = FrozenMapping.of(dict.fromkeys(("mts", *keys), code))
    some = [Sender(names[number % len(names)], id=number + 1, operators=operators) for number in range(count)]
    return senders.CODEC.encode(SenderList(tuple(some)), fmt=fmt)


@pytest.mark.parametrize("fmt", COMPILED)
@given(
    count=st.sampled_from([1, 2, 9, 40]),
    keys=st.lists(st.sampled_from(KEYS) | st.from_regex("[a-z_]{1,9}", fullmatch=True), min_size=1, max_size=3),
    names=st.lists(st.sampled_from(NAMES) | st.text(min_size=1, max_size=9), min_size=1, max_size=3),
    expect=st.sampled_from([None, SenderList]),
)
@share(60)
def test_all_readers_report_the_same(
    fmt: Format, count: int, keys: list[str], names: list[str], expect: type[Any] | None
) -> None:
    try:
        body = listed(count, keys, names, fmt)
    except EncodeError:
        return
    alike(senders.CODEC, body, fmt, expect=expect)


@pytest.mark.parametrize("fmt", COMPILED)
@pytest.mark.parametrize("name", ["a psw=secret", "//user:secret@host"])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_no_report_shows_a_secret(count: int, name: str, fmt: Format) -> None:
    body = listed(count, ["foo"], [name], fmt)
    reports = [senders.CODEC.validate(body, fmt=fmt) for _ in range(3)]
    (finding,) = reports[0].findings
    assert finding.code == "unknown-key" and finding.count == count
    assert reports == [reports[0]] * 3
    assert "secret" not in repr(reports[0].findings)


@pytest.mark.parametrize("root", ["senders", "psw", "login"])
@pytest.mark.parametrize("count", [1, 40])
def test_the_root_of_a_list_can_name_a_secret(count: int, root: str) -> None:
    body = listed(count, ["foo"], ["A"], Format.XML).replace(b"senders>", root.encode() + b">")
    alike(senders.CODEC, body, 2)
    (finding,) = senders.CODEC.validate(body, fmt=2).findings
    assert ("***" in finding.excerpt) is (root != "senders")


@pytest.mark.parametrize("fmt", COMPILED)
@pytest.mark.parametrize("then", [1, 99, 7])
def test_a_later_list_has_something_else_to_report(then: int, fmt: Format) -> None:
    """A code that is not documented, letters that are broken, or both."""
    with made_once():
        codec: Codec[Any] = Codec(senders.SENDERS)
        for _ in range(3):
            codec.validate(listed(2, ["foo"], ["A"], fmt), fmt=fmt)
        for names in (["A"], ["\ufffd", "Тест".encode().decode("cp1251")]):
            body = listed(2, ["foo"], names, fmt, code=then)
            fresh: Codec[Any] = Codec(senders.SENDERS)
            assert codec.validate(body, fmt=fmt) == fresh.validate(body, fmt=fmt)


@pytest.mark.parametrize("fmt", COMPILED)
@pytest.mark.parametrize("count", [1, 2])
def test_strict_refuses_what_is_reported(count: int, fmt: Format) -> None:
    body = listed(count, ["foo"], ["A"], fmt)
    for _ in range(3):
        lax, strict = validate(body, fmt=fmt), validate(body, fmt=fmt, strict=True)
        assert lax.reply is not None and strict.reply is None
        assert lax.findings == strict.findings
        error = outcome(senders.CODEC.decode, body, fmt=fmt, strict=True)
        assert error.splitlines()[1:] == [f"    {line}" for line in lax.findings[0].excerpt.splitlines()]


@pytest.mark.parametrize("fmt", COMPILED)
def test_the_places_of_a_long_list(fmt: Format) -> None:
    """The lines and offsets of findings that are more than a thousand characters apart."""
    operators: list[Any] = [FrozenMapping.of({f"k{number}": 1}) for number in range(60)]
    some = [Sender("A", id=1, operators=each) for each in operators]
    body = senders.CODEC.encode(SenderList(tuple(some)), fmt=fmt)
    findings = senders.CODEC.validate(body, fmt=fmt).findings
    assert len(findings) == 60
    for number, finding in enumerate(findings):
        line = body[: finding.offset].decode().split("\n")
        assert (finding.line, finding.column) == (len(line), len(line[-1]) + 1)
        assert body[finding.offset :].lstrip(b'"').startswith(b"1") and finding.path.endswith(f".k{number}")


@pytest.mark.parametrize("name", ["A", "psw=secret"])
@pytest.mark.parametrize("key", ["found it", "psw, found it"])
def test_a_key_that_looks_like_what_was_found(key: str, name: str) -> None:
    """Whether a message shows what was found depends on the secrets of the reply."""
    for names in ([name], ["A"], [name]):
        alike(senders.CODEC, listed(1, [key], names, Format.JSON), 3)


@pytest.mark.parametrize("item", ["token", "psw"])
def test_the_records_of_a_list_can_be_named_like_a_secret(item: str) -> None:
    own = [replace(reply, item=item) if reply.many else reply for reply in senders.SENDERS.own]
    codec: Codec[Any] = Codec(replace(senders.SENDERS, own=tuple(own)))
    for count in (1, 40):
        record = f'<{item} foo="1">hunter2</{item}>\n'
        body = f"<senders>\n{record * count}</senders>".encode()
        alike(codec, body, 2)
        assert "hunter2" not in repr(codec.validate(body, fmt=2).findings)


@pytest.mark.parametrize("name", ["\\\\token=abc", "\\\\basic dXNlcjpwdw==", "\\\\u0070sw=abc", "a\\\\/b"])
@pytest.mark.parametrize("count", [1, 40])
def test_escapes_that_are_part_of_a_name(count: int, name: str) -> None:
    for escaped in (name, name[1:]):
        record = f'{{"sender": "{escaped}", "foo": "1"}}'
        alike(senders.CODEC, f"[{', '.join([record] * count)}]".encode(), 3)


@pytest.mark.parametrize("key", ["psw=>{:] ;(", "basic psw:}&", "<login:)/&=", ":<pswxs:3:=>", "psw[0]", "a: b"])
def test_keys_in_which_a_secret_is_seen(key: str) -> None:
    body = f'[{{\n"sender": "A",\n"id": "1",\n{json.dumps(key)}: "1"\n}}]'
    alike(senders.CODEC, body.encode(), 3)
