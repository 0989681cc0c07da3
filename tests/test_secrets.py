"""Nothing that the library says repeats a login, a password or a key."""

from __future__ import annotations

import os
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import smsc_codec._secrets
from smsc_codec import (
    ApiError,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    OperatorStatus,
    Sender,
    SenderList,
    SmscCodecError,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec._secrets import Known, Secrets, named_values, without_secrets
from smsc_codec._secrets.named_values import _SIGNS, signs_in, small
from smsc_codec._secrets.search import values_behind_names
from smsc_codec.codec import Codec
from smsc_codec.endpoints import get
from smsc_codec.endpoints.senders import CODEC, SENDERS

from .secrets import (
    BARE,
    FORMATS,
    FRAMES,
    NAMES,
    QUOTED,
    SPELLINGS,
    WORDS,
    Place,
    anything,
    bare,
    charsets_of,
    leaked,
    words,
)

SECRET = "s3cr3t-zq"
PLACES: dict[str, Place] = {**QUOTED, **BARE, **WORDS}


def said_of(body: bytes | str, fmt: Format | None) -> str:
    """Everything that the library says of a body."""
    said = repr(validate(body, fmt=fmt).findings)
    try:
        decode(body, fmt=fmt, strict=True)
    except SmscCodecError as error:
        said += f"{error}{error!r}{error.__dict__}"
    return said


@pytest.mark.parametrize("place", PLACES)
def test_every_name_in_every_place(place: str) -> None:
    for name in NAMES:
        text = PLACES[place](name, SECRET)
        assert not leaked(without_secrets(text), SECRET), text


@pytest.mark.parametrize("place", PLACES)
def test_every_place_in_every_spelling(place: str) -> None:
    for spelling, other in product(SPELLINGS.values(), repeat=2):
        text = other(spelling(PLACES[place]("psw", SECRET)))
        assert not leaked(without_secrets(text), SECRET), text


kinds = st.sampled_from([(QUOTED, anything), (BARE, bare), (WORDS, words)])


@st.composite
def secrets(draw: st.DrawFn) -> tuple[str, str]:
    """Return a secret, and a text that holds it."""
    places, strategy = draw(kinds)
    secret = draw(strategy)
    text = places[draw(st.sampled_from(sorted(places)))](draw(st.sampled_from(NAMES)), secret)
    for spelling in draw(st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=3)):
        text = SPELLINGS[spelling](text)
    return secret, text


@given(secrets(), st.sampled_from(FRAMES), st.sampled_from(FORMATS))
def test_no_secret_is_said_of_a_body(found: tuple[str, str], frame: str, fmt: Format | None) -> None:
    secret, text = found
    body = frame.format(text)
    bodies: list[str | bytes] = [body, *charsets_of(body)]
    for given_body in bodies:
        assert not leaked(said_of(given_body, fmt), secret), given_body


# What the attack on this library printed, and the like.
PRINTED: list[bytes] = [
    b"<p>%3Fapikey%3DSECRET",
    b"<a href='http://proxy/block?url=https%3A%2F%2Fsmsc.ru%2Fsys%2Fsenders.php%3Flogin%3Ddemo%26psw%3DSECRET%26fmt%3D3'>",
    b"<p>a\\npsw=SECRET",
    b'"a=1\\u0026psw=SECRET',
    b'[{"sender": "A", "psw":\n"SECRET", "id": 1}]',
    b"X-Api-Key: SECRET",
    b"[psw] => SECRET",
    b'["psw"]=> string(6) "SECRET"',
    b"user[psw]=SECRET",
    b"psw[0]=SECRET",
    b'<input name="psw" type="text" value="SECRET">',
    b"<td>psw</td><td>SECRET</td>",
    b"('psw', 'SECRET')",
    b"psw%253DSECRET",
    b"psw&#61;SECRET",
    b'"\\u0070sw":"SECRET"',
    b"<password><v>SECRET</v></password>",
    b"<psw>\n  SECRET\n</psw>",
    b"userPassword=SECRET",
    b"Set-Cookie: session=SECRET; path=/",
    "psw=SECRET".encode("utf-16"),
    b"&lt;psw&gt;SECRET&lt;/psw&gt;",
    b"--x\r\nContent-Disposition: form-data; name=psw\r\n\r\nSECRET\r\n--x--",
    b'psw=`SECRET`; login = "SECRET"',
    b"psw: SECRET<br>login: SECRET",
    b"PSW := SECRET",
    b'{"name": "psw", "value": "SECRET"}',
    b"curl 'https://smsc.ru/sys/senders.php?login=demo&psw=SECRET&fmt=3'",
    b"https:\\/\\/demo:SECRET@smsc.ru\\/",
    b"//demo:SECRET@smsc.ru/",
    b"https%3A%2F%2Fdemo%3ASECRET%40smsc.ru",
]


PRINTED_IN = [b"%s", b"<html>%s", b"name = A, id = %s", b"A,%s", b'[{"x": "%s"']


@pytest.mark.parametrize("body", PRINTED)
def test_what_an_attack_printed(body: bytes) -> None:
    for fmt, frame in product(FORMATS, PRINTED_IN):
        given_body = frame % body
        said = said_of(given_body, fmt).replace("\\x00", "").replace("\N{REPLACEMENT CHARACTER}", "")
        assert "SECRET" not in said, given_body


# What must not be masked: a page without secrets, and what the service itself says.
@pytest.mark.parametrize(
    "text",
    [
        "name = Login, status = 1, id = 5",
        '[{"sender": "Token", "id": "5"},{"sender": "PASSWORD", "id": 6}]',
        '<sender id="5">Secret</sender>\n<sender id="6">B</sender>',
        "Secret,1,5\nToken,0,6",
        "ERROR = 2 (authorise error)",
        "https://smsc.ru/sys/senders.php?fmt=3&get=1",
        "see //smsc.ru/api/ and a@b.c",
        "a basic idea",
        "Basic plan, 5",
        "the bearer of it",
        "psw (new) and psw * and psw.",
        "100% sure & sound \\ done",
    ],
)
def test_what_is_not_a_secret(text: str) -> None:
    assert without_secrets(text) == text


MASKED = [
    ("login=demo&psw=s3cr3t&fmt=3", "login=****&psw=******&fmt=3"),
    ("login%3Ddemo%26psw%3Ds3cr3t%26fmt", "login%3D****%26psw%3D************"),
    ('{"psw": "a\\"b", "id": 5}', '{"psw": "****", "id": 5}'),
    ('{"psw": "ends in a backslash\\\\", "id": 5}', f'{{"psw": "{"*" * 24}"id": 5}}'),
    ('{\\"psw\\": \\"a\\\\\\"b\\", \\"id\\": 5}', '{\\"psw\\": \\"******\\", \\"id\\": 5}'),
    ('{"psw": ["a]", {"b": 1}], "id": 5}', '{"psw": ****************, "id": 5}'),
    ("<psw>a</psw><id>5</id>", "<psw>*</psw><id>5</id>"),
    ("<psw a='b'>c</psw>", "<psw********</psw>"),
    ("<psw a='b'/>c", "<psw********c"),
    ("</psw>a", "</psw>a"),
    ("<psw/>a", "<psw/>a"),
    ("<a><psw>b<c/></d></a>", "<a><psw>*<c/></d></a>".replace("*<c/>", "*****")),
    ("<psw>a", "<psw>*"),
    ("<a b='<i>psw=c'>", "<a b='<i>psw=***"),
    ("%25252525252541", "%25252525252541"),
    ("<input name=psw value=a>b</p>", "<input*******************</p>"),
    ("<psw b", "<psw b"),
    ("psw=", "psw="),
    ('psw=""', 'psw=""'),
    ('psw="open', 'psw="****'),
    ("psw=[open", "psw=*****"),
    ("psw=['[', \"]\", '\\']']x", "psw=******************"),
    ("psw=(a(b)c) d", "psw=******* d"),
    ("psw=[a\\]b] c", "psw=****** c"),
    ("psw=(a(b)c)d&e=f", "psw=********&e=f"),
    ("psw='a'b&c=d", "psw='***&c=d"),
    ("psw: 'a''b'\nc", "psw: '*****\nc"),
    ("psw='a'\\nb", "psw='*'\\nb"),
    ("psw='a'", "psw='*'"),
    ('{\\"psw\\": \\"a\\"b\\", \\"id\\": 5}', '{\\"psw\\": \\"' + "*" * 18),
    ('psw="""a"b"""c', 'psw="*****"""c'),
    ('psw="""a"b', 'psw="*****'),
    ("X-Api-Key: a&b=c\nd", "X-Api-Key: *****\nd"),
    ("[psw] => a<b>c\nd", "[psw] => *****\nd"),
    ("psw: |\n  a\n\n  b\nc: d", "psw: |\n  ******\nc: d"),
    ("  psw: >2-\n      a\n    b\n  c", "  psw: >2-\n      *******\n  c"),
    ("psw: |\n a\n b", "psw: |\n ****"),
    (f"{'x' * 120}psw: |\n  a\nb", f"{'x' * 120}psw: |\n  *\nb"),
    ('["psw"]=>\n string(3) "a"b";', '["psw"]=>\n string(3) "***";'),
    ('["psw"]=>\n string(5) "я"ю";', '["psw"]=>\n string(5) "***";'),
    ('["psw"]=>\n string(9) "abc" d', '["psw"]=>\n string(9) "***" d'),
    ('["psw"]=>\n string(99999) "abc" d', '["psw"]=>\n string(99999) "***" d'),
    ('["psw"]=>\n int(123)\n', '["psw"]=>\n ********\n'),
    ('{"x": "PSW: a", "id": 5}', '{"x": "PSW: *", "id": 5}'),
    ('["psw|a","b"]', '["psw|*","b"]'),
    ('{"x": "psw=(a", "id": 5}', '{"x": "psw=**", "id": 5}'),
    ('{"x": "psw=a', '{"x": "psw=*'),
    ('x "psw=a", b', 'x "psw=*****'),
    ("bearer token: abc", "bearer ****** ***"),
    ("//h?psw=a@b&c=d", "//h?psw=***&c=d"),
    ("https://h?psw=a@b&c=d", "https://*********&c=d"),
    ("<psw>" + "a" * 70_000, "<psw>" + "*" * 65_536 + "a" * 4_464),
    ("<a b='<psw>c</psw>'>", "<a b='<psw>*</psw>'>"),
    ("psw=a<b>c", "psw=*<b>c"),
    ("psw=a<5 b&c", "psw=*******"),
    ("Cookie: a=b&c=d\nX: y", "Cookie: *******\nX: y"),
    ("psw=a&amp;b=c", "psw=*&amp;b=c"),
    ("psw|a", "psw|*"),
    ("psw\ta", "psw\t*"),
    ("pswx", "pswx"),
    ("psw, a", "psw, a"),
    ("('psw', a)", "('psw', **"),
    ("<![CDATA[psw]]>", "<![CDATA[psw]]>"),
    ("x://@a", "x://@a"),
    ("//a@b", "//a@b"),
    ("://a@b", "://*@b"),
    ("&#1114112;psw=a&#xffffff;", "&#1114112;psw=***********"),
    ("psw%u003Da", "psw%u003D*"),
    ("psw\\u{3d}a", "psw\\u{3d}*"),
    ("psw\\075a", "psw\\075*"),
    ("psw&equals;a&nosuch;", "psw&equals;*********"),
    ("İpsw=a", "İpsw=*"),
    ("[x]: name=psw\n\nab", "[x]: name=psw\n\n**"),
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_what_is_masked_and_what_is_not(text: str, masked: str) -> None:
    assert without_secrets(text) == masked


def test_the_part_of_a_text_that_is_asked_for() -> None:
    text = "a psw=b&x=c login=d\n psw=efgh"
    whole = without_secrets(text)
    secrets = Secrets(text)
    for first, last in combinations(range(len(text) + 1), 2):
        assert secrets.masked(first, last) == whole[first:last]
        assert secrets.between(first, last) is ("*" in whole[first:last])
    assert secrets.masked(3) == whole[3:]
    assert secrets.masked(0, 1000) == whole


# What stands around a name, and inside of a value so that it seems to have ended.
AROUND = [
    "smsc.{}.prod",
    "{}.default",
    "{}$",
    "{} *",
    "{} (new)",
    "{} (a note of words) *",
    "{}_of_the_main_account_of_smsc",
]
JOINS = ["{}=@", "{}: @", "{} = @\n", "'{}' => '@'", "<td>{}</td><td>@</td>", "<td>{} <b>*</b></td><td>@</td>", "{}\t@"]


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize("name", ["psw", "Password", "Пароль", "X-Api-Key"])
def test_what_may_stand_around_a_name(join: str, name: str) -> None:
    for around, blank in product(AROUND, [" ", "\xa0", "\u3000"]):
        text = join.format(around.format(name)).replace(" ", blank).replace("@", "wqjqzqjw")
        assert not leaked(without_secrets(text), "wqjqzqjw"), text


SEEN_BY = [":protected", ":private", ':"Class":private', ':"A\\B":private', ":A\\B:private"]


@pytest.mark.parametrize("seen_by", SEEN_BY)
def test_properties_of_objects(seen_by: str) -> None:
    texts = [
        f'["psw"{seen_by}]=>\n  string(8) "wqjqzqjw"',
        f"[psw{seen_by}] => wqjqzqjw",
        f'["psw{seen_by}"]=>\n  string(8) "wqjqzqjw"',
    ]
    for text in texts:
        for spelling in SPELLINGS.values():
            assert not leaked(without_secrets(spelling(text)), "wqjqzqjw"), text


@pytest.mark.parametrize(("opened", "closed"), ["''", '""', "``", "()", "[]", "{}"])
@pytest.mark.parametrize("join", ["psw=", "psw: ", "[psw] => ", "Cookie: ", '"psw"=>', "psw\t"])
@pytest.mark.parametrize("inner", ["wqjq@zqjw", "wqjq@@zqjw", "wqjq@.zqjw", "wqjq@\\zqjw@"])
def test_a_value_that_goes_on_behind_what_closed_it(opened: str, closed: str, join: str, inner: str) -> None:
    for behind in ("", "&fmt=3", "\nx"):
        text = f"{join}{opened}{inner.replace('@', closed)}{behind}"
        for spelling in SPELLINGS.values():
            assert not leaked(without_secrets(spelling(text)), "zqjw"), text


TAGS = [
    '<input value="@" name="psw">',
    "<input value='@' name='psw'>",
    '<input name="psw" value="@">',
    '<input name="psw" value="@',
    '<input x="1" value = "@" id="psw"/>',
    "<user psw='@' b='2'>",
    '<td>psw</td><td title="{long}">@</td>',
    '<td>psw</td><td title="a>b">@</td>',
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize(
    "value", ["wq>zqjwkqxy", "wq<zqjwkqxy", "wq<b>zqjwkqxy", "wqjq" * 150, "wqjq" * 1200, "a=b=wqjq"]
)
def test_attributes_of_any_length_with_any_characters(tag: str, value: str) -> None:
    if "</td>" not in tag or "<" not in value:
        text = tag.replace("{long}", "x" * 300).replace("@", value)
        assert not leaked(without_secrets(text), value), text


@pytest.mark.parametrize("word", ["Basic", "basic", "Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("mark", ["", '"', "'"])
def test_short_credentials(word: str, mark: str) -> None:
    values = ["YTpi", "a1b", "abcdef", "abc=", "demo:pswd", *(["wqjqz", "abc"] if word.lower() == "bearer" else [])]
    for value in values:
        text = f"sent {word} {mark}{value}{mark} x"
        assert without_secrets(text) == text.replace(value, "*" * len(value))
        assert not leaked(without_secrets(text.replace(mark, f"\\{mark}")) if mark else "", value)


@pytest.mark.parametrize(
    "members", ['"type":"string",', '"a": 1, "b": "c" ,\n', '"a":null,"b":true,"c":-1.5,"d":""\n,']
)
def test_a_pair_with_other_members_between(members: str) -> None:
    text = f'{{"name":"psw",{members}"value":"wqjqzqjw"}}'
    assert without_secrets(text) == text.replace("wqjqzqjw", "********")


@pytest.mark.parametrize(
    "url", ["login=demo&psw=s3cr3t", '"password": "s3cr3t"', "<psw>s3cr3t</psw>", "https://a:s3cr3t@b"]
)
def test_no_secret_is_shown_of_what_the_service_repeats(url: str) -> None:
    with pytest.raises(ApiError) as caught:
        ErrorReply(2, f"bad request: {url}").raise_for_error()
    assert "s3cr3t" not in f"{caught.value}{caught.value!r}"


def test_no_secret_is_shown_in_a_path() -> None:
    key = "psw=s3cr3t"
    with pytest.raises(DecodeError) as unread:
        decode(f'[{{"sender": "A", "{key}": {{}}}}]', fmt=3)
    with pytest.raises(EncodeError) as unwritten:
        encode(SenderList((Sender("A", operators={key: OperatorStatus(500)}),)), fmt=3)
    assert unread.value.path == "senders[0].***"
    assert unwritten.value.path == "senders[0].operators.psw=******"
    report = validate(f'[{{"sender": "A", "{key}": 1}}]', fmt=3)
    assert [finding.path for finding in report.findings] == ["senders[0].operators.***"]


def test_no_secret_is_shown_by_normalized_json() -> None:
    with pytest.raises(DecodeError) as caught:
        from_json('{"psw": "s3cr3t"')
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    with pytest.raises(EncodeError) as unwritten:
        to_json(SenderList((Sender("A", operators={"psw": "s3cr3t"}),)))  # type: ignore[dict-item]
    assert "s3cr3t" not in str(unwritten.value)


def test_many_secrets_in_one_body() -> None:
    body = "\n".join(f"name = A, psw = s3cr3t{number}, id = {number}" for number in range(300))
    report = validate(body, fmt=0)
    assert [finding.count for finding in report.findings] == [300]
    assert "s3cr3t" not in repr(report.findings)
    lines = (f"name = psw=s3cr3t{number}, new{number} = 1" for number in range(300))
    findings = validate("\n".join(lines), fmt=0).findings
    assert len(findings) == 300
    assert "s3cr3t" not in repr(findings)


@pytest.mark.parametrize(
    "body",
    [
        "psw=ab,s3cr3t,5",
        "psw=e,s3cr3t,5",
        "psw=zz1,1\npsw=ab,s3cr3t,5",
        "psw=zz1,1\n" + "A,1\n" * 100 + "psw=ab,s3cr3t,5",
        "psw=ab,s3cr3t,5\npsw=cd,1",
        "psw=ab,s3cr3t," + "x" * 300,
        "psw=ab,cd,5",
    ],
)
def test_what_is_found_within_a_secret_is_not_said(body: str) -> None:
    """In comma-separated values it goes on behind the comma, and a part of it stands where a status belongs."""
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=1)
    assert caught.value.reason == "expected the number of a status, found ***"


# Values that a request is known to hold


def masked(text: str, *values: str, numbers: bool = False) -> str:
    return Known(lambda: values, numbers=numbers).masked(text)


KNOWN = [
    ("wonder-land", "x wonder-land y"),
    ("wonder-land", "x WONDER-land y"),
    ("r@bbit/9", "x r%40bbit%2f9 y"),
    ("r@bbit/9", "x r%2540bbit%252F9 y"),
    ('a<b>&"cdef', "x a&lt;b&gt;&amp;&quot;cdef y"),
    ('a<b>&"cdef', "x a&#60;b&#x3e;&amp;&#34;cdef y"),
    ('rab"bit\\hole', 'x rab\\"bit\\\\hole y'),
    ("a/b/c", "x a\\/b\\/c y"),
    ("пароль", "x пароль y"),
    ("Пароль", "x ПАРОЛЬ y"),
    ("пароль", "x %EF%E0%F0%EE%EB%FC y"),
    ("пароль", "x %D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C y"),
    ("пароль", "x %d0%c1%d2%cf%cc%d8 y"),
    ("пароль", "x \\u043f\\u0430\\u0440\\u043e\\u043b\\u044c y"),
    ("пароль", "x &#1087;&#1072;&#1088;&#1086;&#1083;&#1100; y"),
    ("пароль", f"x {'пароль'.encode().decode('cp1251')} y"),
    ("пароль", f"x {'пароль'.encode('koi8-r').decode('cp1251')} y"),
    ("пароль", f"x {'пароль'.encode('cp1251').decode('latin-1')} y"),
    ("ΚΩΔΙΚΟΣ", "x ΚΩΔΙΚΟΣ y"),
    ("κωδικος", "x κωδικοσ y"),
    ("straße", "x STRASSE y"),
    ("two words", "x two\xa0words y"),
    ("two words", "x two+words y"),
    ("two words", "x two%20words y"),
    ("secret-9", "x c2VjcmV0LTk= y"),
    ("\N{GRINNING FACE}ab", "x \\ud83d\\ude00ab y"),
    ("x" * 200, f"x {'x' * 200} y".replace("x x", "- x")),
    ("abcdefgh" * 30, f"x {'abcdefgh' * 30} y"),
]


@pytest.mark.parametrize(("value", "text"), KNOWN)
def test_known_values_in_every_spelling(value: str, text: str) -> None:
    hidden = masked(text, "none", value)
    assert len(hidden) == len(text)
    assert hidden[:2] + hidden[-2:] == text[:2] + text[-2:]
    assert set(hidden[2:-2]) <= {"*", "="}


@given(st.text(st.characters(max_codepoint=0x2FFF), max_size=20))
@example("ΚΩΔΙΚΟΣ")
@example("".join(map(chr, range(0x3000))))
def test_small_letters(text: str) -> None:
    assert len(small(text)) == len(text)
    assert small(text) == "".join(map(small, text))


def test_letters_in_another_case_are_the_same() -> None:
    for letter in map(chr, range(0x20000)):  # no letter behind has two cases
        assert small(letter) == small(letter.lower()[0])
        assert len(letter.upper()) > 1 or small(letter) == small(letter.upper())


@given(st.text("фжщцФЖЩЦzqZQ", min_size=8, max_size=12), st.sampled_from(["utf-8", "cp1251", "koi8-r"]), st.randoms())
def test_escaped_bytes_in_any_case(secret: str, charset: str, chosen: random.Random) -> None:
    text = "".join(chosen.choice((letter.upper(), letter.lower())) for letter in secret)
    escaped = quote(text, safe="", encoding=charset)
    for given_text in (escaped, quote(escaped), escaped.replace("%", "\\x")):
        assert masked(f"- {given_text} -", secret) == f"- {'*' * len(given_text)} -"


def test_values_behind_names_without_their_places() -> None:
    text = "psw='wqjq'zq&login=%2564emo"
    assert list(values_behind_names(text)) == ["wqjq'zq", "%2564emo", "wqjq'zq", "%64emo", "wqjq'zq", "demo"]


def test_values_that_begin_with_the_same_letters() -> None:
    values = ["wqj", "wqjq", "wqjqzqjw", "wqjb", "wqjqzz"]
    for value in values:
        assert masked(f"({value})", *values) == f"({'*' * len(value)})"
    assert masked("(wqjqzy)", *values) == "(****zy)"
    assert masked("(wqja) (wqjb)", "wqjb", "wqjc") == "(wqja) (****)"


def test_values_with_a_common_beginning_cost_no_more_than_one() -> None:
    text = "a" * 4_000

    def cost(*values: str) -> int:
        known = Known(lambda: values)
        assert known.needles
        return work(lambda: Secrets(text, known).masked())

    assert cost(*("a" * length + "b" for length in range(3, 64))) < 3 * cost("a" * 63 + "b")


def test_values_that_touch_and_overlap() -> None:
    assert masked("xabcdefx", "abcd", "cdef") == "x******x"
    assert masked("xabcdx", "abc", "abcd") == "x****x"
    assert masked("xababab", "aba") == "x*****b"
    assert masked("abxab", "ab") == "abxab"
    assert masked("abc") == "abc"
    assert masked("abcabc.abc", "abc") == "******.***"
    # What a value becomes when it is unescaped may be too short to be looked for.
    assert masked("AB %41%42", "%41%42") == "AB ******"


def test_numbers_in_parameters() -> None:
    assert masked("to=79991112233,79994445566;x=5 7999111", numbers=True) == "to=***********,***********;x=5 7999111"
    assert masked("to%3D79991112233", numbers=True) == "to%3D***********"
    assert masked("=79991112233 to=799911 id: 79991112233") == "=79991112233 to=799911 id: 79991112233"


def test_too_many_values() -> None:
    codec: Codec[Any] = Codec(SENDERS)
    known = Known(lambda: None)
    report = codec._report(b"name = A, id = x", fmt=0, known=known)
    (finding,) = report.findings
    assert (finding.code, finding.line, finding.column) == ("malformed", 1, 16)
    assert "A" not in finding.excerpt
    assert finding.message.startswith("it cannot be shown")


@given(
    anything,
    st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=3),
    st.sampled_from(FRAMES),
    st.sampled_from(FORMATS),
)
@example("qqqqqqqq'\"\\/<>&%=:;,[]{}()| \tqqqqqqqq", ["JSON", "HTML"], '[{{"sender": "A", "id": "{}"}}]', Format.JSON)
def test_no_known_value_is_said(secret: str, spellings: list[str], frame: str, fmt: Format | None) -> None:
    text = secret
    for spelling in spellings:
        text = SPELLINGS[spelling](text)
    known = Known(lambda: (secret,))
    for body in (frame.format(text), *charsets_of(frame.format(text))):
        report = CODEC._report(body, fmt=fmt, known=known)
        assert not leaked(repr(report.findings), secret), body


# What it costs

PIECES = (
    *("psw", "psw=a\n", "psw='", 'psw="', "psw=[", "psw (", "psw:{", "login=", "://", "://a:b@", "//u:", "basic "),
    *(
        "<psw>",
        "</psw>",
        "<psw ",
        "<input name=psw ",
        "<a ",
        "<",
        "&",
        "&a=",
        "%41",
        "%25",
        "\\/",
        '\\"',
        "\\",
        "&amp;",
        "\0",
    ),
    *(
        "authorization ",
        "[psw] => ",
        "psw, ",
        "psw\r\n\r\n",
        "psw[a]",
        "psw" + "\\" * 9,
        's:3:"psw";',
        "name=psw\n\n",
        "&#x",
    ),
    *("('psw',", "psw<td>", "psw\t", "psw|", "=7999000112,", "a", "aaaa", " ", "\n", "psw<![cdata[", "psw=a&b", "İ"),
    *("psw: |\n a\n", '<a b="', "<a b='\"", "<td psw", 'psw<td "', '="', "psw='a'b", "psw=(a)b", '"psw|a', "psw * (b)"),
    *("basic psw", "bearer 'a", "//psw=a@", 's:3:"psw";s:9:"a"b"', 'string(99) "', "\xd0", "\xd0\xbf", "ß", "\xa0"),
)


IN_STRINGS = (
    *(
        '"a":"psw=s",',
        '"a":"psw: s",',
        '"psw=>s",',
        '"cookie: s",',
        '{"psw=s"}',
        '"a":"Bearer s psw=1",',
        '"a":"psw=(s",',
    ),
    *(
        '"a":"psw=\'s",',
        '"a":"psw=\'\'\'s",',
        '"a":"psw=\\"s",',
        '"a":"psw="s",',
        '{"psw=s"x',
        '{"psw=s"x\n',
        '"a":"psw: |\n',
    ),
)


_SECRETS = f"{Path(smsc_codec._secrets.__file__).parent}{os.sep}"


def work(run: Callable[[], object]) -> int:
    """Return the number of lines of the modules that look for secrets that are run."""
    lines = 0

    def trace(frame: Any, event: str, argument: object) -> Any:
        nonlocal lines
        if frame.f_code.co_filename.startswith(_SECRETS):
            lines += event == "line"
            return trace
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    assert lines, "nothing was counted"
    return lines


def memory(run: Callable[[], object]) -> int:
    """Return the most memory that is used at a time."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("piece", [*PIECES, *IN_STRINGS])
@pytest.mark.parametrize(
    "values", [(), ("aaaab", "psw=b", "aaa", "a" * 5000 + "b"), tuple("a" * n + "b" for n in range(3, 99))]
)
def test_masking_is_linear(piece: str, values: tuple[str, ...]) -> None:
    known = Known(lambda: values, numbers=bool(values))
    assert known.needles is not None
    counts = []
    for size in (500, 1_000, 2_000):
        text = piece * (size // len(piece))
        counts.append(work(lambda text=text: Secrets(text, known).masked(0, 60)))  # type: ignore[misc]
    assert counts[2] <= 2.3 * counts[1] + 100 and counts[1] <= 2.3 * counts[0] + 100, counts


class Scanning:
    """A regular expression that counts the characters that it passes in search of something."""

    def __init__(self, real: Any, count: list[int]) -> None:
        self._real, self._count = real, count

    def search(self, text: str, start: int, end: int) -> Any:
        found = self._real.search(text, start, end)
        self._count[0] += (min(end, len(text)) if found is None else found.end()) - start
        return found

    def finditer(self, text: str, start: int, end: int) -> Iterator[Any]:
        last = start
        for found in self._real.finditer(text, start, end):
            self._count[0] += found.end() - last
            last = found.end()
            yield found
        self._count[0] += min(end, len(text)) - last


@pytest.mark.parametrize("piece", IN_STRINGS)
def test_searching_for_the_ends_of_values_is_linear(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = [0]
    for name in ("_STRING_END", "_END", "_LINE_END", "_LINE_BREAK", "_CONTENT_END", "_PART_END", "_BRACKETS"):
        monkeypatch.setattr(named_values, name, Scanning(getattr(named_values, name), count))
    quotes = {mark: Scanning(real, count) for mark, real in named_values._QUOTES.items()}
    monkeypatch.setattr(named_values, "_QUOTES", quotes)
    counts = []
    for times in (200, 400, 800):
        count[0] = 0
        without_secrets("{" + piece * times)
        counts.append(count[0])
    assert 0 < counts[2] <= 2.3 * counts[1] and counts[1] <= 2.3 * counts[0], counts


@pytest.mark.parametrize("piece", ["A", *PIECES])
def test_masking_takes_a_fixed_multiple_of_the_memory(piece: str) -> None:
    body = '{"password": "' + piece * (30_000 // len(piece))
    assert memory(lambda: Secrets(body).masked(0, 60)) < 25 * len(body)


def test_an_error_takes_a_fixed_multiple_of_the_memory() -> None:
    body = b'{"password": "' + b"A" * 1_000_000
    tracemalloc.start()
    with pytest.raises(DecodeError):
        decode(body, fmt=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * len(body)


def test_what_is_looked_at_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the last name or escape that is looked at is masked."""
    monkeypatch.setattr("smsc_codec._secrets.named_values._MOST_NAMES", 3)
    assert without_secrets("psw=a\npsw=b\npsw\npsw=c\nd") == "psw=*\npsw=*\npsw\n*******"
    monkeypatch.setattr("smsc_codec._secrets.escapes._MOST_ESCAPES", 2)
    assert without_secrets("%41%41psw%3Dc\nd") == "%41%41*********"
    monkeypatch.setattr("smsc_codec._secrets.named_values._LONGEST_VALUE", 10)
    assert without_secrets("psw='0123456789abc', x=5") == "psw='" + "*" * 19


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_a_piece_of_anything(seed: int) -> None:
    """Whatever is put together: the length is kept, and what is masked stays masked."""
    chosen = random.Random(seed)
    text = "".join(chosen.choices(PIECES, k=chosen.randrange(40)))
    once = without_secrets(text)
    assert len(once) == len(text)
    assert all(mark in ("*", letter) for mark, letter in zip(once, text))


@pytest.mark.parametrize("around", ["", "a", "\u00f0", "\u0436", "pass", "PASSW"])
def test_no_sign_of_a_name_is_passed_over(around: str) -> None:
    for sign in _SIGNS:
        text = f"{around}{sign.upper()}{around}"
        assert {*signs_in(text)} == {each for each in _SIGNS if each in small(text)}
        assert sign in signs_in(f"{around}{sign}{around}")


@pytest.mark.parametrize(
    ("body", "fmt", "endpoint", "expect", "words"),
    [
        (
            '<statuses>\n<sms name="psw"><status>987654</status></sms>\n</statuses>',
            2,
            "status",
            None,
            ["name", "987654"],
        ),
        ('<password>\n<sender id="1" status="98765432">A</sender>\n</password>', 2, "senders", None, ["98765432"]),
        ("name = token=, status = 98765432", 0, "senders", None, ["98765432"]),
        (
            '<statuses>\n<sms name="psw"><status>77</status></sms>\n<sms><status>1</status><x>77</x></sms></statuses>',
            *(2, "status", None, ["number 77"]),
        ),
        ("<psw><hunter22><a>1</a></hunter22></psw>", 2, "get", get.MegaAccountList, ["hunter22"]),
        ("<psw>\n<account>\n<hunter22>5</hunter22>\n</account>\n</psw>", 2, "get", get.MegaAccountList, ["hunter22"]),
        ('{"id": 5, "cnt": 1, "psw": "hunter22"}', 3, "send", None, ["hunter22"]),
    ],
)
def test_findings_do_not_say_what_the_excerpt_masks(
    body: str, fmt: int, endpoint: str, expect: Any, words: list[str]
) -> None:
    for _ in range(3):  # then by what is learned
        report = validate(body.encode(), fmt=fmt, endpoint=endpoint, expect=expect)
        assert report.findings
        said = [f"{each.message} {each.path} {each.excerpt}" for each in report.findings]
        assert not [text for text in said for word in words if word in text]


SECRET_KEYS = [
    *("hunter22", r"hun\"ter22", r"hun'ter\"22", r"hun\/ter22", r"hun\u0074er22", r"hun\\ter22", r"hun\nter22"),
    *(r"hun\u0000ter22", "hun\u200bter22", "h" * 41, "h" * 100, r"\u0068" * 60, "e", "'", "hunter22..."),
]


@pytest.mark.parametrize("count", [0, 1, 20])
@pytest.mark.parametrize("key", SECRET_KEYS)
def test_findings_do_not_say_a_key_that_is_in_a_secret(key: str, count: int) -> None:
    """A key can be spelled with escapes, and be longer than what messages say of it."""
    record = f'{{\n"sender": "A",\n"id": "1",\n"x": "psw=",\n"{key}": "5"\n}}'
    bodies = [(f'{{\n"status": 1,\n"x": "psw=",\n"{key}": "5"\n}}', "status", "other")]
    bodies += [(f"[{', '.join([record] * count)}]", "senders", "senders[0].operators")] if count else []
    for body, endpoint, attribute in bodies:
        for _ in range(3):  # then by what is learned
            *_, found = validate(body.encode(), fmt=3, endpoint=endpoint).findings
            assert found.path == f"{attribute}.***"
            assert found.message in (
                "the key '***' is not documented",
                'the key "***" is not documented',
                f"the key '***' is not documented, in {count} records",
                f'the key "***" is not documented, in {count} records',
            )


@pytest.mark.parametrize("fmt", [0, 2])
def test_findings_do_not_say_a_long_key_that_is_in_a_secret(fmt: int) -> None:
    for size in (1, 37, 40, 41, 100):
        key = "k" * size
        text = f"Status = 1, psw = , {key} = 5"
        xml = f"<sms><status>1</status><x>psw='</x>\n<{key}>5</{key}>\n</sms>"
        *_, found = validate((text if fmt == 0 else xml).encode(), fmt=fmt, endpoint="status").findings
        assert (found.path, "kk" in found.message) == ("other.***", False)


@pytest.mark.parametrize("key", [*SECRET_KEYS, "hunter.abcd", "a[0].b.hunter22", "***", "..."])
def test_nothing_says_a_key_that_is_in_a_secret_and_not_kept(key: str) -> None:
    body = f'{{"error_code":1,"error":"a","x":"psw=",\n"{key}":"5"}}'
    for _ in range(3):
        found = validate(body.encode(), fmt=3, endpoint="senders").findings[-1]
        assert found.path == "***"
        assert found.message.replace('"', "'") == "the member '***' is not known, and not kept"
    body = f'[{{"sender":"A","id":"1","x":"psw=",\n"{key}":[5]}}]'
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=3)
    assert (caught.value.path, caught.value.reason) == ("senders[0].***", "expected a code or a name, found an array")
    assert validate(body, fmt=3).findings[-1].path == "senders[0].***"


def test_nothing_says_an_element_that_is_in_a_secret_and_not_kept() -> None:
    for key in ("hunter22", "hunter22" * 8, "hunter.abcd"):
        body = f"<result><error>a</error><error_code>1</error_code><x>psw='</x>\n<{key}>5</{key}></result>"
        assert validate(body.encode(), fmt=2).findings[-1].path == "***"


@pytest.mark.parametrize("number", ["1234567", "&#49;234567", "<![CDATA[123]]>4567", "12<!-- -->34567"])
def test_findings_do_not_say_a_number_that_xml_spells_otherwise(number: str) -> None:
    body = f"<sms><x>psw='</x><status>{number}</status></sms>"
    for _ in range(3):
        assert (
            validate(body.encode(), fmt=2, endpoint="status").findings[-1].message == "the number *** is not documented"
        )


def test_findings_say_a_text_that_is_near_a_secret() -> None:
    wrong = "Привет всем, как дела".encode().decode("cp1251", "replace")
    body = f'{{"status":1,"note":"{wrong}","k\\u0065y":"5","pad":"{"y" * 80}",\n"psw":"abc"}}'
    found = validate(body, fmt=3, endpoint="status").findings
    assert {each.path for each in found} == {"other.note", "other.key", "other.pad", "other.psw"}
    assert any("как дела" in each.message for each in found)


def test_findings_do_not_say_a_line_that_is_secret() -> None:
    (found,) = validate(b"ERROR = 3 (<psw>)\n\n\nhunter22", fmt=0, endpoint="senders").findings
    assert found.message == "lines after an error are not known, and not kept; the first is '***'"
    assert found.line == 4


def test_an_element_is_secret_up_to_its_own_end() -> None:
    assert without_secrets("<psw>ab</psw> cd <psw>ef</psw> gh") == "<psw>**</psw> cd <psw>**</psw> gh"


def test_findings_say_what_is_not_secret() -> None:
    found = validate(
        b'{"id": 5, "cnt": 1, "psw": "hunter22", "zone": "hunter", "a b": "1"}', fmt=3, endpoint="send"
    ).findings
    assert [each.message for each in found] == [f"the key {key!r} is not documented" for key in ("psw", "zone", "a b")]
    assert [each.path for each in found] == ["other.psw", "other.zone", "other.a b"]
    (found_number,) = validate(b"name = A, status = 77", fmt=0).findings
    assert found_number.message == "the number 77 is not documented"
