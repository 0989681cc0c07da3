"""The reader of multipart forms that recordings and the fake service share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec._multipart import FormError, is_multipart, parts_of

from .test_work import steps
from .work import LAST_SIZES, is_linear

KIND = "multipart/form-data; boundary=b"


def read(body: bytes, kind: str = KIND) -> list[tuple[str, str | None, bytes]]:
    return [(part.name, part.filename, part.content()) for part in parts_of(kind, body)]


def part(headers: str, content: bytes = b"x", end: bytes = b"\r\n") -> bytes:
    return b"--b" + end + headers.replace("\n", end.decode()).encode("latin-1") + end * 2 + content + end


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    ("headers", "name", "filename"),
    [
        ("Content-Disposition: form-data; name=a", "a", None),
        ('content-disposition: FORM-DATA; NAME="a"', "a", None),
        ('Content-Disposition:form-data;name="a b;c=d\\"e\\\\f"', 'a b;c=d"e\\f', None),
        ("Content-Disposition: form-data ; name = a ; x", "a", None),
        ('Content-Disposition: form-data;\n\tname="a"', "a", None),
        ('A: b\nContent-Disposition: form-data; name="a"\nContent-Disposition: form-data; name="b"', "a", None),
        ('Content-Disposition: form-data; name="a"; name="b"', "a", None),
        ('Content-Disposition: form-data; name="a', '"a', None),
        ('Content-Disposition: form-data; name=""', "", None),
        ("Content-Disposition: form-data; name=", "", None),
        ('Content-Disposition: form-data; name="\xe9"', "\xe9", None),
        ('Content-Disposition: form-data; name=a; filename="b.txt"', "a", "b.txt"),
        ('Content-Disposition: form-data; name=a; filename="C:\\dir\\b.txt"', "a", "C:\\dir\\b.txt"),
        ("Content-Disposition: form-data; filename=b.txt; name=a", "a", "b.txt"),
        ("Content-Disposition: form-data; name=a; filename=", "a", ""),
        ("Content-Disposition: form-data; name=a; filename*=utf-8''b.txt", "a", ""),
        ("Content-Disposition: form-data; name=a; filename=b; filename*=punycode''c", "a", "b"),
    ],
)
def test_headers(headers: str, name: str, filename: str | None, end: bytes) -> None:
    assert read(part(headers, end=end) + b"--b--") == [(name, filename, b"x")]


@pytest.mark.parametrize(
    "headers",
    [
        "",
        "Content-Disposition: form-data",
        "Content-Type: text/plain; name=a",
        "name=a",
        "Content-Disposition: a; name*=b",
    ],
)
def test_parts_without_a_name(headers: str) -> None:
    assert read(part(headers) + part("Content-Disposition: form-data; name=a") + b"--b--") == [("a", None, b"x")]


NAMED = "Content-Disposition: form-data; name=a"


@pytest.mark.parametrize(
    ("encoding", "content", "wanted"),
    [
        ("base64", b"0ej/\r\nLDU=", b"\xd1\xe8\xff,5"),
        (" BASE64 ", b"eA==", b"x"),
        ("base64", b"eA=", b"eA="),
        ("quoted-printable", b"a=3Db=\r\nc", b"a=bc"),
        ("8bit", b"=3D", b"=3D"),
        ("punycode", b"=3D", b"=3D"),
        ("x" * 1000, b"x", b"x"),
    ],
)
def test_encodings_of_contents(encoding: str, content: bytes, wanted: bytes) -> None:
    assert read(part(f"{NAMED}\nContent-Transfer-Encoding:{encoding}", content) + b"--b--") == [("a", None, wanted)]


@pytest.mark.parametrize(
    ("body", "contents"),
    [
        (b"", []),
        (b"--b--", []),
        (b"--b", []),
        (b"x\r\n" + part(NAMED) + b"--b--\r\nbehind", [b"x"]),
        (b"x" + part(NAMED) + part(NAMED, b"y") + b"--b--", [b"y"]),
        (part(NAMED, b"x\r\n"), [b"x\r\n\r\n"]),
        (part(NAMED, b""), [b"\r\n"]),
        (part(NAMED, b"") + b"--b--", [b""]),
        (b"--b\r\n" + NAMED.encode() + b"\r\n\r\n--b--", [b""]),
        (part(NAMED, b"--b \t\r\nx") + b"--b--", [b""]),
        (part(NAMED, b"--bb\r\n-b\r\n --b\r\n--b x") + b"--b--", [b"--bb\r\n-b\r\n --b\r\n--b x"]),
        (part(NAMED) + b"--b--\r\n" + part(NAMED, b"late"), [b"x"]),
        (part(NAMED, b"\xff\x00\r\r\n\n") + b"--b--", [b"\xff\x00\r\r\n\n"]),
    ],
)
def test_boundaries(body: bytes, contents: list[bytes]) -> None:
    assert [content for _, _, content in read(body)] == contents


def test_parts_in_parts_are_content() -> None:
    inner = b"--c\r\nContent-Disposition: form-data; name=psw\r\n\r\nx\r\n--c--"
    body = part(f"{NAMED}\nContent-Type: multipart/mixed; boundary=c", inner) + b"--b--"
    assert read(body) == [("a", None, inner)]


@pytest.mark.parametrize(
    ("kind", "yes"),
    [
        ("multipart/form-data", True),
        (" Multipart/Form-Data ; boundary=b", True),
        ("multipart/mixed; boundary=b", False),
        ("text/plain; x=multipart/form-data", False),
        ("", False),
    ],
)
def test_what_a_form_is(kind: str, yes: bool) -> None:
    assert is_multipart(kind) is yes


@pytest.mark.parametrize("boundary", ["x-y", '"x-y"', "x-y ; c=d", "'()+_,-./:=?", '"a b"', "-" * 200])
def test_names_of_boundaries(boundary: str) -> None:
    name = boundary.partition(" ;")[0].strip('"')
    body = (f"--{name}\r\n{NAMED}\r\n\r\nx\r\n--{name}--").encode()
    assert read(body, f"multipart/form-data; boundary={boundary}") == [("a", None, b"x")]


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("multipart/form-data", b"", "has to have a boundary of 1 to 200 characters"),
        ('multipart/form-data; boundary=""', b"", "has to have a boundary"),
        ("multipart/form-data; boundary=" + "x" * 201, b"", "has to have a boundary"),
        ('multipart/form-data; "' + ";" * 160_000, b"", "has more than 8192 characters"),
        (KIND, part(NAMED + ";" * 9000), "the headers of a part have more than 8192 bytes"),
        (KIND, part(NAMED) + b"--b\r\n" + b"x" * 9000 + b"\r\n--b--", "the headers of a part"),
    ],
)
def test_forms_that_cannot_be_read(kind: str, body: bytes, message: str) -> None:
    with pytest.raises(FormError, match=message):
        read(body, kind)


FAMILIES: dict[str, Callable[[int], bytes]] = {
    "parts": lambda n: part(NAMED) * (n // 50),
    "semicolons": lambda n: part(NAMED + ";" * 4000) * (n // 4050),
    "quotes": lambda n: part(NAMED + ';x="' * 1000) * (n // 4050),
    "escaped quotes": lambda n: part(NAMED + ';x="\\' * 1000) * (n // 5050),
    "one quote and backslashes": lambda n: part(NAMED + ';x="' + "\\" * 4000) * (n // 4050),
    "blanks": lambda n: part(NAMED + "; " + " " * 4000) * (n // 4050),
    "blanks before an equals sign": lambda n: part(NAMED + "; x" + " " * 4000) * (n // 4050),
    "folds": lambda n: part(NAMED + "\n " * 1000) * (n // 3050),
    "line ends": lambda n: b"--b" + b"\r\n" * (n // 2),
    "carriage returns": lambda n: b"--b\r\n" + b"\r" * (n - 5),
    "boundaries": lambda n: b"--b\r\n" * (n // 5),
    "half boundaries": lambda n: b"--b" * (n // 3),
    "boundaries with blanks": lambda n: b"--b                \r\r\n" * (n // 22),
    "hyphens": lambda n: b"-" * n,
    "base64": lambda n: part(f"{NAMED}\nContent-Transfer-Encoding: base64", b"eA==" * (n // 4)),
    "quoted-printable": lambda n: part(f"{NAMED}\nContent-Transfer-Encoding: quoted-printable", b"=\r\n" * (n // 3)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_steps_grow_linearly(name: str) -> None:
    def work(body: bytes) -> None:
        with suppress(FormError):
            read(body)

    counts = [steps(partial(work, FAMILIES[name](20_000 * times))) for times in LAST_SIZES]
    assert is_linear(counts), counts


NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
CONTENTS = st.binary(max_size=40).filter(lambda content: b"--b" not in content)


@given(st.lists(st.tuples(NAMES, st.none() | NAMES, CONTENTS), max_size=5), st.sampled_from([b"", b"preamble\r\n"]))
def test_what_a_browser_writes_is_read(fields: list[tuple[str, str | None, bytes]], before: bytes) -> None:
    def quoted(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"')

    body = before
    for name, filename, content in fields:
        file = "" if filename is None else f'; filename="{quoted(filename)}"'
        body += part(f'Content-Disposition: form-data; name="{quoted(name)}"{file}', content)
    assert read(body + b"--b--\r\n") == fields


PIECES = st.sampled_from(
    [b"--b", b"--", b"\r\n", b"\n", b"\r", b"; ", b"=", b'"', b"\\", b" ", b"name", b"a", b"\xff", NAMED.encode()]
)


@given(
    st.lists(PIECES, max_size=40).map(b"".join), st.text(max_size=20) | st.sampled_from([KIND, KIND + ";", KIND[:-1]])
)
def test_total(body: bytes, kind: str) -> None:
    try:
        found = list(parts_of(kind, body))
    except FormError as error:
        assert len(str(error)) < 200
    else:
        for one in found:
            assert one.data in (b"", body) or bytes(one.data) in body
            assert isinstance(one.content(), bytes)


def test_the_email_parser_agrees_on_ordinary_headers() -> None:
    for value in ('form-data; name="a"; filename="b c"', "form-data; name=a", 'form-data; name="a\\"b"'):
        message = EmailMessage()
        message["Content-Disposition"] = value
        ((name, filename, _),) = read(part(f"Content-Disposition: {value}") + b"--b--")
        assert name == message.get_param("name", header="content-disposition")
        assert filename == message.get_filename()
