"""Reads cut, long or unusual recordings of the first recorders' relatives. `reported.jsonl` has ordinary ones."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from smsc_codec.recordings import BrokenError, Entry, Kind, _json, _tape, _trace, recorded_in
from smsc_codec.recordings._json import shape_of
from smsc_codec.recordings._signs import kind_of, looks_like
from smsc_codec.recordings._tape import Tape

URL = "https://smsc.ru/sys/senders.php?fmt=0"


def read(data: bytes, kind: str | None = None) -> list[Entry]:
    return list(recorded_in(io.BytesIO(data), kind))


def told(data: bytes, kind: str | None = None) -> list[str]:
    """Return the bodies, what is wrong with each entry, and what is wrong with the recording."""
    found: list[str] = []
    entries: Iterator[Entry] = recorded_in(io.BytesIO(data), kind)
    try:
        for entry in entries:
            found.append(entry.problem.message if entry.problem else (entry.body or b"").decode())
    except BrokenError as error:
        found.append(str(error))
    return found


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (json.dumps([{"fmt": 0, "body": "x" * 300}, {"fmt": 0, "body": "OK"}]), "json-lines"),
        (
            json.dumps([{"scope": URL, "path": "/", "status": 200, "response": body} for body in ("x" * 300, "OK")]),
            None,
        ),
    ],
)
def test_what_is_too_long_among_others(monkeypatch: pytest.MonkeyPatch, data: str, kind: str | None) -> None:
    monkeypatch.setattr(_json, "LONGEST", 200)
    first, second = read(data.encode(), kind)
    assert first.problem is not None and first.body is None
    assert second.body == b"OK"


def test_a_collection_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json, "LONGEST", 200)
    data = json.dumps({"info": {}, "item": [{"response": [{"code": 200, "body": "x" * 300}]}]}).encode()
    assert told(data) == ["the entry has more than 200 bytes"]


def test_strings_with_many_escapes_before_a_number_that_json_has_not() -> None:
    body = '"' * 3000 + "NaN\\"
    entry = {"request": {"url": URL}, "response": {"status": 200, "content": {"text": body}}, "time": "@"}
    data = json.dumps({"log": {"entries": [entry]}}).replace('"@"', "-Infinity")
    assert told(data.encode()) == [body]
    assert told(data.encode().replace(b"-Infinity", b'"NaN\\')) == ["the JSON of the recording breaks off"]


def test_a_string_that_breaks_off_behind_a_backslash() -> None:
    assert _json._without_nan(b'[NaN, "\\') == b'[null, "\\'
    assert _json._without_nan(b'"NaN"') == b'"NaN"'


def test_long_lines_of_curl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tape, "_PIECE", 8)
    monkeypatch.setattr(_trace, "_LONGEST_LINE", 64)
    long = b"x" * 300
    shown = b"* " + long + b"\n> GET /sys/senders.php?fmt=0 HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n" + long + b"\n"
    assert told(shown) == [long.decode() + "\n"]
    traced = b"== Info: " + long + b"\n<= Recv data, 21 bytes (0x15)\n0000: HTTP/1.1 200 OK\n0011: \n0013: OK\n" + long
    assert told(traced) == ["OK"]


SHOWN = "* x\n> GET /sys/senders.php?fmt=0 HTTP/1.1\n> \n< HTTP/1.1 200 OK\n< \n"
RESPONSE = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nOK"
METER = "  % Total    % Received\n" + " " * 33 + "Dload  Upload\n\r  0     0\r100     2  100     2\n"


@pytest.mark.parametrize(
    ("data", "bodies"),
    [
        (f"Note: Unnecessary use of -X or --request, GET is already inferred.\n{SHOWN}OK", ["OK"]),
        (f"Warning: x\nme@host:~$ curl -v 'https://smsc.ru/'\n{SHOWN}OK", ["OK"]),
        (f"C:\\>curl.exe -i https://smsc.ru/\n{RESPONSE}", ["OK"]),
        (f"{METER}{RESPONSE}", ["OK"]),
        # With `-iv` curl shows the request, and then prints the response.
        (f"{SHOWN}* Connection #0 to host x left intact\n{RESPONSE}", ["", "OK"]),
        (f"{SHOWN}a\r\n\r\nb\nWarning: c\n$ curl d\n", ["a\r\n\r\nb\nWarning: c\n$ curl d\n"]),
        (f"{SHOWN}OK* Found bundle for host: 0x5 [serially]\n* Can not multiplex\n{SHOWN}OK", ["OK", "OK"]),
        ("".join(f"[0-0] {line}\n" for line in SHOWN.splitlines()) + "OK", ["OK"]),
    ],
)
def test_what_stands_around_what_curl_shows(data: str, bodies: list[str]) -> None:
    assert told(data.encode()) == bodies


def test_rows_of_a_trace() -> None:
    head = b"<= Recv data, 21 bytes (0x15)\n0000: 48 54 54 50 2f 31 2e 31 20 32 30 30 20 4f 4b 0d HTTP/1.1 200 OK.\n"
    assert told(head + b"0010: 0a 0d 0a 4f 4b                                  ...OK\n") == ["OK"]
    # Editors remove blanks at the ends of lines.
    assert told(head + b"0010: 0a 0d 0a 4f 4b\n") == ["OK"]
    assert told(head + b"0010: zz\n") == ["a row of the trace is broken"]
    # Text after a block, and blocks of TLS, are not read.
    inside = b"=> Send SSL data, 5 bytes (0x5)\n0000: 17 03 03 00 35\nOK\n0010: 0a 0d 0a 4f 4b\n"
    assert told(head + b"0010: 0a 0d 0a\n" + inside + b"<= Recv data, 2 bytes (0x2)\n0000: 4f 4b\n") == ["OK"]


@pytest.mark.parametrize(
    ("body", "wanted", "is_sure"),
    [
        ('[{."sender": "A",."id": 5.}]', '[{\n"sender": "A",\n"id": 5\n}]', True),
        ('{"balance": 1.50}', '{"balance": 1.50}', False),
        ('[{."sender": "A.B",."id": 5.}]', '[{\n"sender": "A.B",\n"id": 5\n}]', False),
        ("<senders>.<sender>A</sender>.</senders>.", "<senders>\n<sender>A</sender>\n</senders>\n", True),
        ("<sender>A.</sender>", "<sender>A.</sender>", False),
        ("name = A, id = 5.name = B, id = 6", "", False),
        ('{"error": "\\"."}', "", False),
        ("OK", "OK", True),
    ],
)
def test_full_stops_of_a_trace(body: str, wanted: str, is_sure: bool) -> None:
    data = f"<= Recv data, 99 bytes (0x63)\n0000: HTTP/1.1 200 OK\n0011: \n0013: {body}\n"
    (entry,) = read(data.encode())
    assert (entry.body or b"").decode() == wanted
    assert (entry.doubt == "") is is_sure


def test_requests_of_an_archive_that_nobody_answers() -> None:
    def record(kind: str, number: int, block: bytes) -> bytes:
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {URL}&id={number}\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)

    requests = [record("request", number, b"GET /x HTTP/1.1\r\nCookie: a=%d\r\n\r\n" % number) for number in range(150)]
    answers = [record("response", number, b"HTTP/1.1 200 OK\r\n\r\nOK") for number in (0, 149)]
    first, last = read(b"".join(requests + answers))
    # If there are more than 100, the first are forgotten.
    assert (first.url, first.sent) == (f"{URL}&id=0", ())
    assert (last.url, [*last.sent]) == (f"{URL}&id=149", [("Cookie", "a=149")])


@pytest.mark.parametrize(
    ("head", "many", "keys", "inner", "whole"),
    [
        (b'{"a": {"b": 1, "c": [2]}, "d": 3}', False, ["a", "d"], ["b", "c"], True),
        (b' [{"a": 5, "b": {"c": 1}}, 5', True, ["a", "b"], [], True),
        (b'{"a": {"b": 1', False, ["a"], ["b"], False),
        (b'{"a"', False, [], [], False),
        (b"[]", True, [], [], False),
        (b"{}", False, [], [], False),
        (b"x", False, [], [], False),
    ],
)
def test_what_a_document_shows(head: bytes, many: bool, keys: list[str], inner: list[str], whole: bool) -> None:
    assert shape_of(head) == (many, keys, inner, whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[",
        "{",
        '{"log": "x"}',
        '{"a": {"log": 5}}',
        "- x\n",
        "interaction:\n",
        "*\n",
        "WARC/1\n",
        "f({})",
        "<= x",
    ],
)
def test_what_shows_no_sign(text: str) -> None:
    assert kind_of(Tape(io.BytesIO(text.encode()))) is Kind.BODY


@pytest.mark.parametrize(
    ("body", "is_reply", "has_format", "wanted"),
    [
        (b"\x89PNG", True, True, "an image"),
        (b"\xef\xbb\xbf%PDF-1.7", True, False, "a PDF document"),
        (b"BZh91AY&SY", False, False, "a packed file"),
        (b"<html>", True, True, ""),
        (b"<html>", False, True, "a page in HTML"),
        (b"<senders>", False, True, ""),
        (b"x", False, True, ""),
        (b"x", True, False, ""),
        (b"x", False, False, "text in no form that is known"),
        ("Имя".encode("cp1251") + b"\0", False, False, "binary data"),
        (b"ERROR = ", False, False, ""),
        (b"[1]", False, True, ""),
        (b'{"x": 1}\n{"x": 2}\n', False, True, "JSON Lines with other keys"),
        (b'{"name": "x", "version": 1, "scripts": {}}', False, True, "JSON with other keys than a reply has"),
        (b'{"name": "x", "version": 1, "scripts": {}}', True, True, ""),
        (b'{"id": 1, "x": 2}', False, True, ""),
        (
            b'{"id": 1, "name": "x", "values": [], "_postman_variable_scope": "globals"}',
            True,
            True,
            "variables of Postman, which hold no replies",
        ),
        (b'{"id": 1, "name": "x", "order": [], "requests": []}', False, True, "an old export of Postman"),
        (b'{"version": 1, "collections": [], "environments": []}', False, True, "an old export of Postman"),
        (b'{"constants": {}, "events": []}', False, True, "a network log of Chromium"),
        (b'[{"protocolVersion": "", "host": "", "request": {}, "response": {}}]', False, True, "a session of Charles"),
        (b"[10:20:30] sent", False, True, "a log"),
        (b"[2024-05-17 10:20:30] local.ERROR: x", False, True, "a log"),
        (b"[2024-05-17 10:20:30] local.ERROR: x", True, True, ""),
        (b"May  7 10:20:30 host x[1]: y", False, False, "a log"),
        (b"<34>1 2024-05-17T10:20:30Z host", False, True, "a log"),
        (b"<13>May 17 10:20:30 host", False, True, "a log"),
        (b"Traceback (most recent call last):\n", False, False, "a log"),
        ("2024-05-17 10:20:30 x".encode("utf-16"), False, False, "a log"),
        ("[{".encode("utf-16-le") * 4, True, True, "text in UTF-16 without a byte order mark"),
        ("<a></a>".encode("utf-16-be"), False, True, "text in UTF-16 without a byte order mark"),
        (b"[section]\nkey=value\n", False, True, "settings (INI or TOML)"),
        (b"---\nfoo: bar\n", False, False, "YAML with other keys"),
        (b"--2024-05-17 10:20:30--  https://smsc.ru/", False, False, "what wget shows"),
        (b"<?php\n", False, True, "a program"),
        (
            b'<?xml version="1.0"?><!DOCTYPE items [\n<!ELEMENT a (b)>\n]>\n<items a="b">',
            False,
            True,
            "what another tool has recorded, in XML",
        ),
        (
            b'<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE plist PUBLIC "x">\n<plist>',
            False,
            True,
            "XML with other elements than a reply has",
        ),
        (b'<?xml version="1.0"?><!DOCTYPE html><html>', False, True, "a page in HTML"),
        (b"<!DOCTYPE x><senders>", False, True, ""),
        ("Имя и\nшлюз".encode("cp1251"), False, False, "text in no form that is known"),
        (b"ID3\x04", False, False, "binary data"),
    ],
)
def test_what_it_looks_like(body: bytes, is_reply: bool, has_format: bool, wanted: str) -> None:
    said = looks_like(body, is_reply, has_format)
    assert said.startswith(f"it looks like {wanted};") if wanted else said == ""
    assert "CSV" not in said and "comma" not in said
