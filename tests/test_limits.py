"""Each limit passes just below and trips just above; hostile bodies are refused in every format."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smsc_codec import (
    DecodeError,
    EncodeError,
    Format,
    FrozenMapping,
    LimitError,
    Limits,
    Sender,
    SenderList,
    decode,
    encode,
    validate,
)


def names(count: int) -> SenderList:
    return SenderList(tuple(Sender(f"N{number}", number) for number in range(count)))


def wide(fmt: Format, count: int) -> bytes:
    operators = {f"k{number}": 1 for number in range(count)}
    return encode(SenderList((Sender("A", operators=operators),)), fmt=fmt)  # type: ignore[arg-type]


WITH_OPERATORS = [Format.TEXT, Format.XML, Format.JSON]


@pytest.mark.parametrize("fmt", Format)
def test_names(fmt: Format) -> None:
    limits = Limits(names=10)
    assert decode(encode(names(10), fmt=fmt), fmt=fmt, limits=limits) == names(10)
    with pytest.raises(LimitError, match="expected at most 10 names"):
        decode(encode(names(11), fmt=fmt), fmt=fmt, limits=limits)


@pytest.mark.parametrize("fmt", Format)
def test_no_names_at_all(fmt: Format) -> None:
    with pytest.raises(LimitError, match="expected at most 0 names"):
        decode(encode(names(1), fmt=fmt), fmt=fmt, limits=Limits(names=0))


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("convert", [bytes, bytes.decode])
def test_body(fmt: Format, convert: Callable[[bytes], bytes | str]) -> None:
    body = encode(names(3), fmt=fmt)
    assert decode(convert(body), fmt=fmt, limits=Limits(body=len(body))) == names(3)
    with pytest.raises(LimitError, match=f"expected at most {len(body) - 1} (bytes|characters), found {len(body)}"):
        decode(convert(body), fmt=fmt, limits=Limits(body=len(body) - 1))


@pytest.mark.parametrize("fmt", Format)
def test_text(fmt: Format) -> None:
    limits = Limits(text=20)
    exact, longer = (SenderList((Sender("A" * size, 5),)) for size in (20, 21))
    assert decode(encode(exact, fmt=fmt), fmt=fmt, limits=limits) == exact
    with pytest.raises(LimitError, match=r"senders\[0\].name: expected at most 20 characters, found 21"):
        decode(encode(longer, fmt=fmt), fmt=fmt, limits=limits)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_attributes(fmt: Format) -> None:
    # The name counts too.
    assert isinstance(decode(wide(fmt, 9), fmt=fmt, limits=Limits(attributes=10)), SenderList)
    with pytest.raises(LimitError, match=r"senders\[0\]: expected at most 10 fields"):
        decode(wide(fmt, 10), fmt=fmt, limits=Limits(attributes=10))


def test_depth() -> None:
    limits = Limits(depth=4)
    with pytest.raises(DecodeError, match="expected an object, found an array") as caught:
        decode("[" * 4 + "]" * 4, fmt=3, limits=limits)
    assert not isinstance(caught.value, LimitError)
    with pytest.raises(LimitError, match="expected values at most 4 deep"):
        decode("[" * 5 + "]" * 5, fmt=3, limits=limits)
    with pytest.raises(DecodeError, match="found <a> with <a> in it") as caught:
        decode("<a>" * 4 + "</a>" * 4, fmt=2, limits=limits)
    with pytest.raises(LimitError, match="expected elements at most 4 deep"):
        decode("<a>" * 5 + "</a>" * 5, fmt=2, limits=limits)


BOMB = (
    "<!DOCTYPE l ["
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]><sender>&l9;</sender>"
)
HOSTILE = {
    "an entity bomb": BOMB.encode(),
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><sender>&x;</sender>',
    "an external DTD": b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><sender>A</sender>',
    "a parameter entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;]><sender>A</sender>',
    "an entity behind a mark": b"\xef\xbb\xbf" + BOMB.encode(),
    "UTF-16": BOMB.encode("utf-16"),
    "deep XML": b"<a>" * 100_000,
    "deep closed XML": b"<a>" * 50_000 + b"</a>" * 50_000,
    "deep JSON": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a closed run": b"<sender>A</sender></run><run>",
    "an unclosed comment": b"<sender>A</sender><!--",
    "many attributes": b"<sender " + b" ".join(b'a%d="1"' % n for n in range(2000)) + b">A</sender>",
    "many members": b'[{"sender":"A",' + b",".join(b'"a%d":1' % n for n in range(2000)) + b"}]",
    "many fields": b"name = A" + b", a = 1" * 2000,
    "NUL bytes": b"\x00" * 1000,
    "a NUL in XML": b"<sender>\x00</sender>",
    "separators": b", " * 20_000,
    "equals signs": b" = " * 20_000,
    "commas": b"," * 20_000,
    "line ends": b"\n" * 20_000,
    "quotes": b'"' * 20_000,
    "backslashes": b'"' + b"\\" * 20_001,
    "brackets": b"ERROR = 3 (" + b")" * 20_000 + b"x",
    "spaces in a name": b"name = " + b" " * 20_000 + b"= ",
    "a half line": b"name = A, id = 5\n" * 1000 + b"name = A, id",
    "digits": b"9" * 20_000,
    "a digit too much": b"name = A, id = " + b"9" * 20_000,
    "UTF-7": b"+ADw-html+AD4-",
}


@pytest.mark.parametrize("fmt", [None, *Format])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies(name: str, fmt: Format | None) -> None:
    with pytest.raises(DecodeError):
        decode(HOSTILE[name], fmt=fmt)


@pytest.mark.parametrize("fmt", Format)
def test_what_is_read_does_not_depend_on_what_was_read_before(fmt: Format) -> None:
    plain = encode(names(2), fmt=fmt)
    for _ in range(3):
        assert decode(b"\xef\xbb\xbf" + plain, fmt=fmt) == names(2)
        assert [finding.code for finding in validate(b"\xef\xbb\xbf" + plain, fmt=fmt).findings] == ["bom"]
        for start in ("", "<!DOCTYPE a>", '<?xml version="1.0" encoding="foo"?>'):
            with pytest.raises(DecodeError):
                decode((start + plain.decode()).encode("utf-16-le"), fmt=2)


def test_xml_has_names_of_its_own() -> None:
    for operators in ({"xmlns": 1}, FrozenMapping.of({"xmlns": 1})):
        with pytest.raises(EncodeError, match="'xmlns' cannot be the name of an XML attribute"):
            encode(SenderList((Sender("A", operators=operators),)), fmt=2)  # type: ignore[arg-type]


def test_an_error_is_an_error_whatever_was_expected() -> None:
    body = b'{"error":"x","error_code":5,"sender":"A"}'
    assert decode(body, fmt=3, expect=SenderList) == decode(body, fmt=3)


def test_shapes_without_end() -> None:
    lines = [f"name = A, k{number} = 1, id = {number}" for number in range(300)]
    for _ in range(2):
        reply = decode("\n".join(lines), fmt=0)
        assert isinstance(reply, SenderList)
        assert [sender.id for sender in reply.senders] == list(range(300))


def test_many_findings_have_their_own_lines() -> None:
    lines = [f"name = N{number}, new_key = 1, id = {number}" for number in range(3000)]
    report = validate("\n".join(lines), fmt=0)
    assert [finding.line for finding in report.findings] == list(range(1, 3001))
    assert {finding.column for finding in report.findings} == {
        len("name = N0, new_key = ") + digits for digits in range(1, 5)
    }
