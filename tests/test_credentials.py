"""What a request holds that nobody may see."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec._secrets.credentials import HARMLESS, MOST_CHARACTERS, MOST_VALUES, values_of

URL = "https://smsc.ru/sys/senders.php"
SECRET = "w&nder land/9+"


def found(*args: object, **kwargs: object) -> tuple[str, ...]:
    values = values_of(*args, **kwargs)  # type: ignore[arg-type]
    assert values is not None
    return values


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}?login=demo&psw={quote(SECRET, safe='')}&fmt=3",
        f"{URL}?{urlencode({'psw': SECRET})}",
        f"{URL}?a;psw={quote(SECRET, safe='')};b",
        f"{URL}#psw={quote(SECRET, safe='')}",
        f"{URL}?psw[]={quote(SECRET, safe='')}",
        f"{URL}?user[psw]={quote(SECRET, safe='')}",
        f"{URL}?never_heard_of={quote(SECRET, safe='')}",
        f"{URL}?data={quote(json.dumps({'psw': SECRET}), safe='')}",
        f"https://demo:{quote(SECRET, safe='')}@smsc.ru/sys/senders.php",
        f"https://{quote(SECRET, safe='')}@smsc.ru/",
        f"https://smsc.ru/{quote(SECRET, safe='')}/senders.php",
        f"/sys/psw/{quote(SECRET, safe='')}/senders.php?fmt=3",
        f"/sys/psw={quote(SECRET, safe='')}/senders.php?fmt=3",
        f"{URL};psw={quote(SECRET, safe='')}?fmt=3",
        f"//demo:{quote(SECRET, safe='')}@smsc.ru",
        f"{URL}?url={quote(f'https://a/?psw={quote(SECRET)}', safe='')}",
    ],
)
def test_urls(url: str) -> None:
    assert SECRET in found(url)


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r"])
def test_every_charset(charset: str) -> None:
    for secret in ("пароль", "ПАРОЛЬ"):
        assert secret in found(f"{URL}?psw={quote(secret, encoding=charset)}")
        assert secret in found(body=f"psw={secret}".encode(charset))
        assert secret in found(body=json.dumps({"psw": secret}, ensure_ascii=False).encode(charset))
        assert secret in found(parts=[("psw", secret.encode(charset))])
        credentials = base64.b64encode(f"demo:{secret}".encode(charset)).decode()
        assert secret in found(headers=[("Authorization", f"Basic {credentials}")])


@pytest.mark.parametrize(
    "body",
    [
        urlencode({"fmt": "3", "psw": SECRET}),
        json.dumps({"fmt": 3, "psw": SECRET}),
        json.dumps({"fmt": 3, "never_heard_of": SECRET}),
        json.dumps([{"a": {"b": [SECRET]}}]),
        " \n" + json.dumps({"psw": SECRET}, indent=1),
        json.dumps({"psw": SECRET, "x": 1})[:-1],
        f"<login>demo</login><psw>{SECRET.replace('&', '&amp;')}</psw>",
        f"psw: {SECRET}",
    ],
)
def test_bodies(body: str) -> None:
    assert SECRET in found(body=body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "\ufeff" + json.dumps({"zz": SECRET}),
        " " * 500 + json.dumps({"zz": SECRET}),
        json.dumps({"a": 1}) + "\n" + json.dumps({"zz": SECRET}) + "\n",
        json.dumps(SECRET),
        json.dumps({"a": "x\ud800", "zz": SECRET}),
        json.dumps([[[[{"a": [{"zz": SECRET}]}]]]]),
        '{"a": ' * 500 + json.dumps(SECRET),
        json.dumps({"a": "x", "zz": SECRET})[:-2],
        urlencode({"data": json.dumps({"zz": SECRET})}),
        json.dumps({"data": json.dumps({"zz": SECRET})}),
    ],
    ids=range(10),
)
def test_json_of_every_kind(body: str) -> None:
    assert SECRET in found(body=body.encode("utf-8"))
    assert SECRET in found(posted=body.encode("utf-8"))


@pytest.mark.parametrize("count", [4, 100, 450, 500, 550, 600, 2000, 8000])
def test_json_within_json_has_an_end(count: int) -> None:
    """Each string here holds another one that begins in a line of its own."""
    text = '"' + '\\q\n[\\"' * count
    for values in (values_of(body=text.encode()), values_of(f"{URL}?zz={quote(text, safe='')}")):
        assert values is not None and len(values) < 10


def test_json_within_json_is_read() -> None:
    nested = json.dumps({"zz": SECRET})
    for _ in range(4):
        nested = json.dumps({"data": nested})
    assert SECRET in found(body=nested.encode())


def test_bodies_that_were_put_together() -> None:
    """Nobody knows whether these requests were answered."""
    bodies = ["fmt=3&get=1", json.dumps({"zz": SECRET}), "", json.dumps({"yy": "one two"})]
    assert {SECRET, "one two"} <= {*found(posted="\n".join(bodies).encode())}


def test_numbers_of_any_length_in_json() -> None:
    assert "123456789012345678901234" in found(body=b'{"pin": 123456789012345678901234}')


@pytest.mark.parametrize("secret", ["one?two", "one;two", "one#two", "one two", "one?two;three four"])
def test_values_that_hold_what_ends_values(secret: str) -> None:
    assert secret in found(f"{URL}?fmt=3&cmt={secret}&get=1")
    assert secret in found(f"{URL}?cmt={secret}&fmt=3")
    assert secret in found(body=f"fmt=3&cmt={secret}&get=1".encode())


def test_raw_letters_in_what_is_read_byte_by_byte() -> None:
    for charset in ("utf-8", "cp1251", "koi8-r"):
        secret = "пароль"
        raw = secret.encode(charset).decode("latin-1")
        assert secret in found(f"{URL}?zz={raw}&fmt=3")
        assert secret in found(headers=[("X-Api-Key", raw)])


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("Cookie", 'a="one two; three"; b=c', "one two; three"),
        ("Authorization", 'Digest username="one two", realm="x"', "one two"),
        *(
            (name, "wqjqzqjw", "wqjqzqjw")
            for name in ("X-User", "X-Client-Id", "Remote-User", "From", "X-Csrf", "X-Sign")
        ),
        ("Referer", "https://smsc.ru/x?zz=wqjqzqjw", "wqjqzqjw"),
        ("Location", "/x?zz=wqjqzqjw", "wqjqzqjw"),
    ],
)
def test_what_headers_hold(name: str, value: str, secret: str) -> None:
    assert secret in found(headers=[(name, value)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Set-Cookie", "a=b1; domain=smsc.ru; Max-Age=3600; expires=Wed, 25 Nov 2026 10:00:00 GMT; SameSite=Strict"),
        ("User-Agent", "Mozilla/5.0 (compatible; bot/2.1; +http://x.example/bot.html)"),
        ("X-Auth", "expires"),
    ],
)
def test_ordinary_words_of_headers_are_not_secret(name: str, value: str) -> None:
    values = found(headers=[(name, value)])
    assert not {"smsc.ru", "3600", "Wed", "Nov", "2026", "Strict", "Mozilla", "x.example", "bot.html)"} & {*values}
    assert all(text.isascii() for text in values)


def test_the_number_of_a_message_is_not_that_of_a_phone() -> None:
    assert found(f"{URL}?prev_id=1000000&id=1234567890") == ()


def test_numbers_in_json() -> None:
    values = found(body=b'{"psw": 123456, "rate": 1.25, "flag": true, "none": null, "phones": [79990001122]}')
    assert values[:4] == ("123456", "1.25", "79990001122", "9990001122")


def test_json_that_is_nested_without_end() -> None:
    assert found(body=b"[" * 500 + b"]" * 500) == ()
    assert "deep" in found(body=b'{"a":' * 100 + b'"deep"' + b"}" * 100)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer tok-enised"),
        ("proxy-authorization", "Digest username=\"a\", response='tok-enised'"),
        ("X-Api-Key", "tok-enised"),
        ("Api-Key", "tok-enised"),
        ("X-Auth-Token", "tok-enised"),
        ("Cookie", "a=b; session=tok-enised"),
        ("Set-Cookie", "session=tok%2Denised; path=/"),
        ("Referer", "https://smsc.ru/?psw=tok-enised"),
        ("Location", "/next?psw=tok-enised"),
        ("X-Debug", "psw=tok-enised"),
        ("X-Original-URL", "/sys/tok-enised/senders.php"),
        ("X-Login", "tok-enised"),
    ],
)
def test_headers(name: str, value: str) -> None:
    assert "tok-enised" in found(headers=[(name, value)])


def test_parts_of_a_form() -> None:
    assert found(parts=[("fmt", b"3333"), ("psw", b"secret"), ("phones", b"79990001122,380501234567")]) == (
        "secret",
        "79990001122,380501234567",
        "79990001122",
        "9990001122",
        "380501234567",
        "0501234567",
    )


def test_what_is_harmless() -> None:
    url = f"{URL}?" + "&".join(f"{name}=value{number}" for number, name in enumerate(sorted(HARMLESS)))
    assert found(url) == ()
    assert found(url, b'{"fmt": 3, "charset": "windows-1251"}', [("User-Agent", "curl"), ("Accept", "text/html")]) == ()
    # A phone number is somebody's, whatever it is the value of.
    assert found(f"{URL}?sender=79990001122&id=5") == ("79990001122", "9990001122")


def test_what_is_too_short() -> None:
    assert found(f"{URL}?psw=ab&login=abc") == ("abc",)


def test_too_many_and_too_long() -> None:
    assert len(found(body="&".join(f"a=v{number:04}" for number in range(MOST_VALUES)).encode())) == MOST_VALUES
    assert values_of(body="&".join(f"a=v{number:04}" for number in range(MOST_VALUES + 1)).encode()) is None
    assert values_of(body=b"psw=" + b"x" * MOST_CHARACTERS) is not None
    assert values_of(body=b"psw=" + b"x" * (MOST_CHARACTERS + 1)) is None


@given(st.text(), st.binary(), st.lists(st.tuples(st.text(), st.text())), st.lists(st.tuples(st.text(), st.binary())))
def test_anything(url: str, body: bytes, headers: list[tuple[str, str]], parts: list[tuple[str, bytes]]) -> None:
    values = values_of(url, body, headers, parts)
    assert values is not None
    assert all(len(value) >= 3 for value in values)
    assert len({*values}) == len(values)


def test_parts_that_only_look_like_those_of_the_service() -> None:
    assert "secretkey.php" in found("https://smsc.ru/secretkey.php")
    assert found("https://smsc.ru/sys/senders.php") == found("https://smsc.ru/rest/op_templates/") == ()
    assert SECRET in found(f"{URL}?sender[otp]={quote(SECRET, safe='')}")
    assert found(f"{URL}?id[]=5&id[]=6") == ()


def test_credentials_that_are_not_padded() -> None:
    for login in ("a", "ab", "abc"):
        credentials = base64.b64encode(f"{login}:wqjqzqjw".encode()).decode().rstrip("=")
        assert "wqjqzqjw" in found(headers=[("Authorization", f"Basic {credentials}")])


def test_what_a_server_asks_for_is_not_secret() -> None:
    assert "SMSC" not in " ".join(found(headers=[("WWW-Authenticate", 'Basic realm="SMSC error"')]))


def test_strings_of_json_with_escapes_that_mean_nothing() -> None:
    assert r"a\qb" in found(body=rb'{"zz": "a\qb"}')
