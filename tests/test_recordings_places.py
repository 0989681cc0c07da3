"""Checks the places of findings (lines of the recording, places in the reply), and how bad entries are explained."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import pytest

from smsc_codec.recordings import Found, _tape, _trace, recorded_in, validate_recordings

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
    # The status line is the sixth line, and the body begins in the ninth.
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


def test_json_lines_on_several_lines(tmp_path: Path) -> None:
    rows = [{"fmt": 0, "body": body} for body in ("OK", LIST, "OK")]
    assert places(tmp_path, json.dumps(rows, indent=1)) == [(6, 1, *WRONG)]
    assert places(tmp_path, f"\n[\n{json.dumps(rows)[1:-1]},\n\n5]") == [(3, 1, *WRONG), (5, 1, 0, 0)]
    assert places(tmp_path, "\n".join(json.dumps(row, indent=1) for row in rows)) == [(5, 1, *WRONG)]
    # Something else follows the last object. The finding is in the line of that object.
    assert places(tmp_path, f"{json.dumps(rows, indent=1)}\n?") == [(6, 1, *WRONG), (10, 1, 0, 0)]


def test_headers_of_lines_that_are_too_many(tmp_path: Path) -> None:
    row = json.dumps({"body": "OK", "headers": [{"name": "a"}] * 1001}, indent=1)
    assert places(tmp_path, f"\n\n[{row}]") == [(3, 1, 0, 0)]


def test_archives_around_which_something_stands(tmp_path: Path) -> None:
    entry = {"request": {"url": f"{URL}?fmt=0"}, "response": {"status": 200, "content": {"text": LIST}}}
    archive = json.dumps({"log": {"entries": [entry]}}, indent=1)
    assert places(tmp_path, f"[{archive},\n{archive}]") == [(4, 1, *WRONG), (4 + archive.count("\n") + 1, 1, *WRONG)]
    assert places(tmp_path, f"\n\ncalled\n({archive});") == [(7, 1, *WRONG)]


def test_stubs(tmp_path: Path) -> None:
    stub = {"request": {"url": "/sys/senders.php?fmt=0"}, "response": {"body": LIST}}
    one = json.dumps(stub)
    assert places(tmp_path, f'{{"mappings": [\n\n{one},\n{one}]}}') == [(3, 1, *WRONG), (4, 1, *WRONG)]
    assert places(tmp_path, f"{one}\n\n{json.dumps(stub, indent=1)}") == [(1, 1, *WRONG), (3, 1, *WRONG)]
    nock = {"scope": "https://smsc.ru", "path": "/sys/senders.php?fmt=0", "status": 200, "response": LIST}
    assert places(tmp_path, f"[\n{json.dumps(nock)}]") == [(2, 1, *WRONG)]
    example = {"code": 200, "body": LIST, "originalRequest": f"{URL}?fmt=0"}
    collection = json.dumps({"info": {}, "item": [{"response": [example]}]}, indent=1)
    assert places(tmp_path, f"\n{collection}\n{collection}")[1] == (2 + collection.count("\n") + 1, 1, *WRONG)


def test_warc(tmp_path: Path) -> None:
    def record(kind: str, block: str, line_ends: str = "\r\n\r\n") -> str:
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {URL}?fmt=0\r\nContent-Length: {len(block)}"
        return f"{head}\r\n\r\n{block}{line_ends}"

    response = f"HTTP/1.1 200 OK\r\nA: b\r\n\r\n{LIST}"
    chunked = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(LIST):x}\r\n{LIST}\r\n0\r\n\r\n"
    request = record("request", "GET / HTTP/1.1\r\n\r\n")
    # The record of the request has nine lines with the empty ones after it. Its response begins in the tenth.
    assert places(tmp_path, request + record("response", response)) == [(10 + 5 + 3 + 1, 16, *WRONG)]
    assert places(tmp_path, request + record("resource", LIST)) == [(10 + 5 + 1, 16, *WRONG)]
    assert places(tmp_path, request + record("response", chunked)) == [(10, 1, *WRONG)]
    assert places(tmp_path, request + record("response", "")) == [(10, 1, 0, 0)]
    assert places(tmp_path, f"{request}?") == [(10, 1, 0, 0)]


@pytest.mark.parametrize("end", ["", "\n"])
def test_what_curl_shows(tmp_path: Path, end: str) -> None:
    shown = (
        "*   Trying 127.0.0.1:80...\n> GET /sys/senders.php?fmt=0 HTTP/1.1\n> Host: smsc.ru\n>\n"
        f"* Request completely sent off\n< HTTP/1.1 200 OK\n< A: b\n<\n{LIST}{end}"
        "* Connection #0 to host x left intact\n"
    )
    assert places(tmp_path, shown) == [(6, 1, *WRONG)]
    second = shown.count("\n")
    assert places(tmp_path, shown * 3) == [(6 + second * at, 1, *WRONG) for at in range(3)]
    broken = shown + "< HTTP/1.1 200 OK\n< A: b\n"
    assert places(tmp_path, broken) == [(6, 1, *WRONG), (second + 1, 1, 0, 0)]


@pytest.mark.parametrize("is_hex", [True, False])
def test_traces_of_curl(tmp_path: Path, is_hex: bool) -> None:
    def block(what: str, data: bytes) -> str:
        rows = [data[at : at + 16] for at in range(0, len(data), 16)]
        lines = [
            f"{at * 16:04x}: " + (f"{row.hex(' '):47} x" if is_hex else row.decode().rstrip("\r\n"))
            for at, row in enumerate(rows)
        ]
        return "\n".join([f"{what}, {len(data)} bytes (0x{len(data):x})", *lines, ""])

    heads = [block("<= Recv header", line) for line in (b"HTTP/1.1 200\r\n", b"A: b\r\n", b"\r\n")]
    whole = "== Info: connected\n" + "".join(heads) + block("<= Recv data", b'{"senders": 5}')
    found = places(tmp_path, whole * 2)
    assert [line for line, *_ in found] == [3, 3 + whole.count("\n")]


def test_starts_that_are_too_many_to_be_remembered() -> None:
    shown = "* \n< HTTP/1.1 200 OK\n< A: b\n<\nOK\n* \n"
    with patch.object(_trace, "_MOST_STARTS", 1):
        lines = [entry.line for entry in recorded_in(BytesIO(shown.encode() * 3))]
    assert lines == [2, 2, 2]


def test_a_list_in_yaml(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    item = "- request: {uri: []}\n  response: {status: 200}\n"
    assert [place[0] for place in places(tmp_path, f"{item}\n- [5]\n{item}")] == [2, 4, 6]


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
        ('{"body": "", "expect": "x"}', "expect has to be the kind of a reply, such as senders or sent"),
        ('{"body": "", "expect": "ballance"}', "expect has to be the kind of a reply, such as balance"),
        ('{"body": "", "charset": "x"}', "the charset has to be one of utf-8, "),
        ('{"body": "", "endpoint": "x"}', "endpoint has to be one of senders, "),
        ("{}", "expected body or body_base64 in the line, found neither"),
    ],
)
def test_what_a_line_has_to_be(tmp_path: Path, line: str, words: str) -> None:
    (found,) = found_in(tmp_path, f'{{"body": "OK"}}\n{line}\n'.encode())
    assert (found.line, found.code) == (2, "bad-entry")
    assert found.message.startswith(words)
    assert len(found.message) < 300


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"response": {}}, "request is missing in the entry"),
        ({"request": {}, "response": {}}, "request.url is missing in the entry"),
        ({"request": {"url": URL, "headers": [5]}}, "request.headers[0] has to be an object, and is a whole number"),
        (
            {"request": {"url": URL}, "response": {"status": True}},
            "response.status has to be a number or a text or null, and is true",
        ),
        ({"request": {"url": 10**30}}, "request.url has to be a text, and is a number"),
    ],
)
def test_what_an_entry_has_to_be(tmp_path: Path, entry: object, words: str) -> None:
    (found,) = found_in(tmp_path, json.dumps({"log": {"entries": [entry]}}).encode())
    assert (found.code, found.message.startswith(words)) == ("bad-entry", True), found.message
