"""Where findings stand: lines of the recording, and places in the reply; and how a bad entry is explained."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from unittest.mock import patch

import pytest

from smsc_codec.recordings import Found, _tape, validate_recordings

# The second line of the reply is wrong, in its 16th column.
LIST = "name = A, id = 5\nname = B, id = abc"
URL = "https://smsc.ru/sys/senders.php"
WRONG = (2, 16)


def found_in(folder: Path, data: bytes) -> list[Found]:
    path = folder / "recording"
    path.write_bytes(data)
    whole = [*validate_recordings([path])]
    with patch.object(_tape, "_PIECE", 5):
        assert [*validate_recordings([path])] == whole
    return whole


def places(folder: Path, data: str | bytes) -> list[tuple[int, int, int, int]]:
    found = found_in(folder, data if isinstance(data, bytes) else data.encode())
    return [(item.line, item.column, item.reply_line, item.reply_column) for item in found]


def test_a_body(tmp_path: Path) -> None:
    assert places(tmp_path, LIST) == [(*WRONG, *WRONG)]
    assert places(tmp_path, gzip.compress(LIST.encode())) == [(*WRONG, *WRONG)]


def test_json_lines(tmp_path: Path) -> None:
    rows = "\n".join(json.dumps({"fmt": 0, "body": body}) for body in ("OK", LIST, "OK"))
    assert places(tmp_path, rows) == [(2, 1, *WRONG)]
    assert places(tmp_path, f"\ufeff{rows}\n\n{{\n".encode("utf-16-le")) == [(2, 1, *WRONG), (5, 1, 0, 0)]


def test_http(tmp_path: Path) -> None:
    first = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nOK\r\n\r\n"
    head = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: {}\r\n\r\n"
    whole = head.format(len(LIST)) + LIST
    # The status is in the line of its own, the body begins in the ninth.
    assert places(tmp_path, first + whole) == [(6, 1, 0, 0), (10, 16, *WRONG)]
    assert places(tmp_path, first + whole + "\n" + first) == [(6, 1, 0, 0), (10, 16, *WRONG)]
    open_end = "HTTP/1.1 200 OK\nA: b\n\n" + LIST + "\n\n"
    assert places(tmp_path, open_end + open_end) == [(5, 16, *WRONG), (11, 16, *WRONG)]
    short = head.format(len(LIST)) + LIST + "\nreal 0.5"
    assert [place for place in places(tmp_path, short) if place[2]] == [(5, 16, *WRONG)]


def test_bodies_of_http_that_are_not_as_they_stand(tmp_path: Path) -> None:
    chunk = f"{len(LIST):x}\r\n{LIST}\r\n0\r\n\r\n"
    chunked = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
    assert places(tmp_path, f"{chunked}{chunked}") == [(1, 1, *WRONG), (9, 1, *WRONG)]
    packed = gzip.compress(LIST.encode(), mtime=0)
    response = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(packed), packed)
    assert places(tmp_path, b"HTTP/1.1 200 OK\n\nOK\n" + response) == [(4, 1, *WRONG)]


@pytest.mark.parametrize("indent", [None, 2])
def test_documents_of_json(tmp_path: Path, indent: int | None) -> None:
    def entry(body: str) -> dict[str, object]:
        url = "https://smsc.ru/sys/senders.php?fmt=0&get=1"
        return {"request": {"url": url}, "response": {"status": 200, "content": {"text": body}}}

    text = json.dumps({"log": {"entries": [entry("name = A, id = 5"), entry(LIST)]}}, indent=indent)
    line = 1 if indent is None else text[: text.index('"request"', text.index("id = 5"))].count("\n")
    assert places(tmp_path, text) == [(line, 1, *WRONG)]
    assert places(tmp_path, text[:-3]) == [(line, 1, *WRONG), (line, 1, 0, 0)]
    cassette = '{"interactions": [\n{"request": 5},\n\n{"request": {"uri": 5}, "response": {}}]}'
    assert [place[0] for place in places(tmp_path, cassette)] == [2, 4]


def test_yaml(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    text = (
        "interactions:\n- request:\n    uri: /sys/senders.php?fmt=0\n  response:\n    status: {code: 200}\n"
        "    body:\n      string: |-\n        name = A, id = 5\n        name = B, id = abc\n"
        "- {request: {uri: []},\n   response: {status: {code: 1}}}\n\n- ]\n"
    )
    assert places(tmp_path, text) == [(4, 1, *WRONG), (11, 1, 0, 0), (13, 1, 0, 0)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"fmt": "3", "body": ""}', "fmt has to be 0, 1, 2 or 3, and is a text"),
        ('{"fmt": 7, "body": ""}', "fmt has to be 0, 1, 2 or 3"),
        ('{"body": 5}', "body has to be a text or null, and is a whole number"),
        ('{"body_base64": "?"}', "body_base64 has to be a text in base64"),
        ("[]", "the line has to be an object, and is a list"),
        ('{"body": ', "the line is not JSON: it breaks off"),
        ('{"body" 5}', "the line is not JSON, from byte 8 on"),
        ('{"body": "", "expect": "x"}', "expect has to be one of success, created, "),
        ('{"body": "", "charset": "x"}', "the charset has to be one of utf-8, "),
        ('{"body": "", "endpoint": "x"}', "endpoint has to be one of senders, "),
        ("{}", "there is neither body nor body_base64 in the line"),
    ],
)
def test_what_a_line_has_to_be(tmp_path: Path, line: str, words: str) -> None:
    (found,) = found_in(tmp_path, f'{{"body": "OK"}}\n{line}\n'.encode())
    assert (found.line, found.code) == (2, "bad-entry")
    assert found.message.startswith(words)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"response": {}}, "request is missing in the entry"),
        ({"request": {}, "response": {}}, "request.url is missing in the entry"),
        ({"request": {"url": URL, "headers": [5]}}, "request.headers[0] has to be an object, and is a whole number"),
        ({"request": {"url": URL}, "response": {"status": True}}, "response.status has to be a number, and is true"),
        ({"request": {"url": 10**30}}, "request.url has to be a text, and is a number"),
    ],
)
def test_what_an_entry_has_to_be(tmp_path: Path, entry: object, words: str) -> None:
    (found,) = found_in(tmp_path, json.dumps({"log": {"entries": [entry]}}).encode())
    assert (found.code, found.message.startswith(words)) == ("bad-entry", True), found.message
