"""Reads recordings of each kind, and checks the findings."""

from __future__ import annotations

import base64
import builtins
import gzip
import io
import json
import os
import pickle
import sys
import threading
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from smsc_codec import OptionError, Severity
from smsc_codec._source import is_utf8
from smsc_codec.query import split
from smsc_codec.recordings import (
    CODES,
    Entry,
    Found,
    Kind,
    Summary,
    _lines,
    _validate,
    recorded_in,
    validate_recordings,
)
from smsc_codec.recordings._jobs import in_order
from smsc_codec.recordings._lines import Block, entries
from smsc_codec.recordings._request import Request, request_of
from smsc_codec.recordings._tape import Tape
from smsc_codec.recordings._times import Timeline, seconds
from smsc_codec.recordings._validate import files_of

from .needs import needs
from .recorders import FOLDER, SECRETS, record_cassette, record_responses
from .vectors import VECTORS

URL = "https://smsc.ru/sys/senders.php?login=alice&psw=x&fmt=3&"
LIST = b'[{\n"sender": "A",\n"id": 5\n}]'


class Case:
    """Validates the files that a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.summary = Summary()

    def __call__(self, body: bytes | str, **options: Any) -> list[tuple[int, str]]:
        path = self.folder / "recording"
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return [(found.entry, found.code) for found in self.found([str(path)], **options)]

    def found(self, paths: list[str], **options: Any) -> list[Found]:
        validation = validate_recordings(paths, **options)
        found = list(validation)
        self.summary = validation.summary
        return found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def rows(*items: dict[str, Any]) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


# The findings of all requests; the last one is for what `balance.php` answers.
WRONG = ["no-status", "unexpected", "other-format", "malformed", "malformed"]


@pytest.mark.parametrize(
    ("name", "codes", "replies"),
    [
        ("vcrpy.yaml", WRONG, 21),
        ("mitmproxy.har", WRONG, 22),
        ("curl.http", ["malformed", "malformed"], 21),
    ],
)
def test_recorded_by_real_tools(case: Case, name: str, codes: list[str], replies: int) -> None:
    assert [found.code for found in case.found([str(FOLDER / name)])] == codes
    assert case.summary.replies == replies
    assert case.summary.errors == {("senders", 2): 1}
    assert case.summary.kinds["text", "senders"] > 3
    assert case.summary.skipped == {}
    assert case.summary.timeline.buckets


# The findings for a reply in another format than requested, and for an HTML page.
FEW_WRONG = ["other-format", "malformed"]


@pytest.mark.parametrize(
    ("name", "codes", "replies"),
    [
        ("betamax.json", FEW_WRONG, 6),
        ("chromium.har", FEW_WRONG, 8),
        ("curl-trace.txt", FEW_WRONG, 8),
        ("curl-v.txt", FEW_WRONG, 8),
        ("httpie.http", FEW_WRONG, 8),
        ("nock.json", FEW_WRONG, 8),
        ("responses.yaml", FEW_WRONG, 8),
        ("warcio.warc.gz", FEW_WRONG, 8),
        (
            "curl-trace-ascii.txt",
            [*["no-body"] * 2, *["other-coding"] * 2, "no-body", "other-coding", "malformed", "no-body"],
            4,
        ),
    ],
)
def test_recorded_by_more_tools(case: Case, name: str, codes: list[str], replies: int) -> None:
    found = case.found([str(FOLDER / name)])
    assert [item.code for item in found] == codes
    assert case.summary.replies == replies
    assert case.summary.errors == {("senders", 2): 1}
    assert case.summary.skipped["127.0.0.1"] >= 1
    assert not any(secret in repr((found, case.summary)) for secret in SECRETS)


def test_the_letters_of_what_tools_record(case: Case) -> None:
    for name in ("chromium.har", "curl-trace.txt", "nock.json", "warcio.warc.gz"):
        with open(FOLDER / name, "rb") as file:
            bodies = [entry.body for entry in recorded_in(file) if entry.body and b'"id": 6' in entry.body]
        assert any("Имя" in (body.decode("utf-8" if is_utf8(body) else "cp1251")) for body in bodies), name


@needs("vcr")
def test_recorded_anew(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    record_cassette(path, "yaml")
    assert [found.code for found in case.found([str(path)])] == WRONG
    assert case.summary.replies == 21


def test_the_table_of_cases(case: Case) -> None:
    for path in sorted((Path(__file__).parent / "vectors").glob("*.jsonl")):
        found = [(item.entry, item.code) for item in case.found([str(path)])]
        wanted = []
        for vector in VECTORS:
            stem, number = vector.name.split(":")
            if stem == path.stem:
                codes = vector.findings + ([] if vector.reply is not None else [vector.error["code"]])
                if vector.row.get("charset") == "utf-8" and codes == ["charset"]:
                    codes = ["content-charset"]  # the charset of a recording is not an order
                wanted += [(int(number), code) for code in codes]
        assert found == wanted


def test_the_answer_to_what_was_asked(case: Case) -> None:
    text = rows(
        {"url": URL + "get=1", "body": LIST.decode()},
        {"url": URL + "get=1", "body": '{"sender": 5}'},
        {"url": URL + "get=1&all=1", "body": LIST.decode()},
        {"url": URL + "get=1&all=1&operators=1", "body": LIST.decode()},
        {"url": URL + "get=1&operators=1", "body": '[{"sender":"A","mega_step":2}]'},
        {"url": URL + "get=1", "body": "OK"},
        {"url": URL + "get=1", "body": "name = A, id = 5"},
        {"url": URL + "get=1&all=1", "body": '[{"sender":"A","id":5,"status":1}]'},
        {"url": URL.replace("fmt=3", "fmt=9") + "get=1", "body": "A,5"},
        {"url": URL.replace("&fmt=3", "") + "get=1", "body": "name = A"},
        {"url": URL.replace("&fmt=3", ""), "body": LIST.decode()},
        {"url": URL, "body": "A,5"},
        {"url": "https://user:password@[smsc.ru/sys/senders.php", "body": "x"},
        {"url": "https://user:password@host.example/x", "body": "x"},
        {"url": "https://smsc.ru/sys/other.php", "body": "x"},
        {"endpoint": "senders.php", "body": "OK", "fmt": 0},
        {"fmt": 3, "body": "OK", "expect": "success"},
        {"fmt": 1, "body_base64": base64.b64encode("Имя,5".encode("cp1251")).decode(), "charset": "windows-1251"},
        {"fmt": 0, "body": "ERROR = 3 (x)", "time": "2024-05-17T10:20:30Z"},
        {"fmt": 0, "body": "ERROR = 3 (x)", "time": "soon"},
    )
    assert case(text) == [
        (2, "unexpected"),
        (3, "no-status"),
        (4, "no-operators"),
        (6, "other-format"),
        (6, "unexpected"),
        (7, "other-format"),
        (12, "malformed"),
        (17, "other-format"),
    ]
    assert case.summary.skipped == {"no host": 1, "smsc.ru": 1, "host.example": 1}
    assert case.summary.timeline.buckets == {1715941230: Counter({3: 1})}


@pytest.mark.parametrize("endpoint", ["sned", "send.php.php", "Send", "/sys/send.php", "psw", "", " "])
def test_an_endpoint_that_the_service_does_not_have(case: Case, endpoint: str) -> None:
    known = "senders, send, status, balance, info, "
    for row in ({"body": "garbage"}, {"body": "OK", "expect": "success"}, {"url": URL + "get=1", "body": "[]"}):
        assert case(rows({**row, "endpoint": endpoint, "fmt": 0})) == [(1, "bad-entry")]
        assert case.summary.skipped == {} and case.summary.undecoded == 1
        (found,) = case.found([str(case.folder / "recording")])
        assert found.message.startswith(f"endpoint has to be one of {known}")
    # The first line is also broken in another way. The second request went to another server.
    assert case(rows({"endpoint": endpoint, "fmt": 7, "body": "x"})) == [(1, "bad-entry")]
    assert case(rows({"endpoint": endpoint, "url": "https://host.example/", "body": "x"})) == []
    assert case.summary.skipped == {"host.example": 1}


def test_an_endpoint_and_a_url_that_disagree(case: Case) -> None:
    url = "https://smsc.ru/sys/send.php?fmt=1&cost=1&phones=79990001122&mes=x"
    text = rows(
        *({"url": url, "endpoint": name, "body": "4.48,2"} for name in ("send", "send.php", "status", "get.php")),
        {"url": "https://proxy.example/send.php", "endpoint": "status", "body": "x"},
        {"url": "/", "endpoint": "status", "body": "x"},
    )
    assert case(text) == [(3, "bad-entry"), (4, "bad-entry")]
    assert [found.message for found in case.found([str(case.folder / "recording")])] == [
        "endpoint is status, and url asks send.php",
        "endpoint is get, and url asks send.php",
    ]
    assert case.summary.skipped == {"proxy.example": 1, "no host": 1}


def test_unknown_keys_and_numbers_are_counted(case: Case) -> None:
    body = '[{"sender":"A","foo":2},{"sender":"B","foo":2,"status":99}]'
    assert [code for _, code in case(body, fmt=3)] == ["unknown-key", "unknown-number"]
    assert case.summary.unknown == {"senders[].operators.foo": 2, "senders[].status = 99": 1}
    # Findings about several names are merged into one, which says how many.
    assert (case.summary.findings, case.summary.codes["info", "unknown-key"]) == (2, 1)
    assert [found.count for found in case.found([str(case.folder / "recording")], fmt=3)] == [2, 1]


@pytest.mark.parametrize(
    "line",
    [
        '{"fmt": 0, "body": "OK"',
        '{"body": 5}',
        '{"fmt": 7, "body": "OK"}',
        '{"expect": "x", "body": "OK"}',
        '{"note": "body"}',
        '{"body_base64": "?"}',
        b'{"body": "\xff"}',
        '{"body": "OK", "x": ' + "[" * 100_000,
        "[]",
    ],
)
def test_bad_lines_do_not_stop_the_rest(case: Case, line: str | bytes) -> None:
    data = line if isinstance(line, bytes) else line.encode()
    good = b'{"fmt": 0, "body": "OK"}'
    assert case(b"\xef\xbb\xbf" + good + b"\n\n  \r\n" + data + b"\n" + good) == [(4, "bad-entry")]
    assert (case.summary.replies, case.summary.undecoded) == (3, 1)


@pytest.mark.parametrize(
    "word", ["x", "' - at `$.fmt`", "secret\n" * 1000, "'" * 1000], ids=["x", "quotes", "long", "marks"]
)
def test_a_word_that_is_not_allowed_is_not_repeated(word: str) -> None:
    line = json.dumps({"expect": word, "body": "OK"}).encode()
    (entry,) = entries(Block(1, 1, line))
    assert entry.problem is not None
    assert entry.problem.message == "expect has to be the kind of a reply, such as senders or sent"


def test_lines_that_are_too_long(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.recordings._lines.LONGEST", 100)
    monkeypatch.setattr("smsc_codec.recordings._tape._PIECE", 50)
    good = b'{"fmt": 0, "body": "OK"}\n'
    long = b'{"body": "' + b"x" * 1000 + b'"}'
    assert case(good + long + b"\n" + good + long) == [(2, "bad-entry"), (4, "bad-entry")]
    assert case(good + long + b"\n") == [(2, "bad-entry")]
    assert case(good * 50) == []
    assert case.summary.replies == 50
    assert case(b" " * 60 + good) == []


KEYS = ("body", "body_base64", "fmt", "charset", "expect", "endpoint", "url", "status", "headers", "time")


@pytest.mark.parametrize("keys", [None, {}, {"body": "text"}, {"body": "a.text", "url": "a.url"}])
def test_keys(case: Case, keys: dict[str, str] | None) -> None:
    row = {"body": "OK", "text": "OK", "url": URL + "del=1", "a": {"text": "OK", "url": URL + "del=1"}, "fmt": 0}
    assert case(rows(row), keys=keys) == []
    assert case.summary.replies == 1


@pytest.mark.parametrize("place", ["body", "content", "log"])
def test_keys_of_lines_that_look_like_other_recordings(case: Case, place: str) -> None:
    row = {"request": {"url": URL + "get=1", "method": "GET"}, "response": {"status": 200, place: LIST.decode()}}
    keys = {"body": f"response.{place}", "url": "request.url"}
    assert case(rows(row), keys=keys) == case(json.dumps([row, row]), keys=keys) == []
    assert case.summary.replies == 2
    assert case(rows({"log": {"entries": [], "text": "OK"}, "fmt": 0}), keys={"body": "log.text"}) == []
    assert case.summary.replies == 1


def test_the_name_of_a_member_is_that_of_the_caller(case: Case) -> None:
    lines = rows({"fmt": "x", "reply": {"text": 5}})
    for keys, words in (({"body": "reply"}, "reply"), ({"body": "reply.text", "fmt": "no"}, "reply.text")):
        assert case(lines, keys=keys) == [(1, "bad-entry")]
        (found,) = validate_recordings([case.folder / "recording"], keys=keys)
        assert found.message.startswith(f"{words} has to be ")


@pytest.mark.parametrize("time", [1715930430.5, None, {"$date": "x"}, True])
def test_a_time_that_is_not_a_date(case: Case, time: object) -> None:
    assert case(rows({"fmt": 0, "body": "ERROR = 3 (x)", "time": time})) == []
    assert case.summary.replies == 1 and case.summary.timeline.buckets == {}


def test_lines_are_translated_only_if_they_have_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lines, "_translated", None)
    block = Block(1, 1, b'{"fmt": 0, "body": "OK"}')
    # This is what happens in another process.
    (entry,) = entries(pickle.loads(pickle.dumps(block)))
    assert entry.body == b"OK"


def test_every_key_can_have_another_name(case: Case) -> None:
    text = base64.b64encode("Имя,5".encode("koi8-r")).decode()
    row = {"fmt": 1, "charset": "koi8-r", "expect": "senders", "endpoint": "senders", "url": URL.replace("fmt=3", "")}
    row |= {"body_base64": text, "status": 500, "headers": {"Content-Length": "9"}, "time": "2024-05-17T10:20:30Z"}
    wanted = [(1, "http-status"), (1, "content-length")]
    assert case(rows(row)) == wanted
    other = {f"the.{name}": value for name, value in row.items()}
    keys = {name: f"the.{name}" for name in KEYS if name != "body"}
    assert case(rows(other), keys=keys) == wanted
    assert case(rows({"the": row}), keys=keys) == wanted
    assert case(rows({"the.body": "ERROR = 3 (x)", "fmt": 0}), keys={"body": "the.body"}) == []


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (5, "keys has to be a dict of str to str, not int"),
        ([("body", "x")], "keys has to be a dict"),
        ({"bodies": "x"}, "keys can hold body, body_base64"),
        ({5: "x"}, "keys can hold body"),
        ({"body": 5}, "the name for 'body' has to be a str, not int"),
        ({"body": ""}, "1 to 200 characters"),
        ({"body": "x" * 201}, "1 to 200 characters"),
        ({"body": ".".join("abcdefghi")}, "at most 8 parts"),
    ],
)
def test_keys_that_cannot_be(keys: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        validate_recordings([], keys=keys)


def har(*entries: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def har_entry(url: str = URL + "get=1", content: Any = None, **response: Any) -> dict[str, Any]:
    content = {"text": LIST.decode(), "size": len(LIST)} if content is None else content
    return {
        "startedDateTime": "2024-05-17T10:20:30.000+03:00",
        "request": {"method": "GET", "url": url, "headers": [{"name": ":authority", "value": "smsc.ru"}]},
        "response": {"status": 200, "httpVersion": "h2", "headers": [], "content": content, **response},
    }


def test_har(case: Case) -> None:
    post = har_entry("https://smsc.ru/sys/senders.php")
    post["request"]["postData"] = {"params": [{"name": "fmt", "value": "3"}, {"name": "del", "value": "1"}]}
    cookies = har_entry(content={"text": "[" + "c00kie", "size": 7})
    cookies["response"]["cookies"] = cookies["request"]["cookies"] = [{"name": "a", "value": "c00kie"}]
    length = [{"name": "content-length", "value": "9"}]
    zipped = [*length, {"name": "content-encoding", "value": "gzip"}]
    text = har(
        har_entry(),
        har_entry("https://cdn.example/x.js"),
        har_entry(content={"text": base64.b64encode(LIST).decode(), "encoding": "base64"}),
        har_entry(content={"text": "?", "encoding": "base64"}),
        har_entry(content={"text": "?", "encoding": "rot13"}),
        har_entry(content={"size": 0}),
        har_entry(content={"size": 5}),
        har_entry(status=502),
        har_entry(content={"text": 5}),
        {"request": {}},
        post,
        cookies,
        har_entry(headers=length),
        har_entry(headers=zipped),
        har_entry(content={"text": LIST.decode()}, headers=length),
    )
    assert case(text) == [
        (4, "other-coding"),
        (4, "malformed"),
        (5, "bad-entry"),
        (6, "empty"),
        (7, "no-body"),
        (8, "http-status"),
        (9, "malformed"),
        (10, "bad-entry"),
        (11, "unexpected"),
        (12, "malformed"),
        (13, "content-length"),
    ]
    assert case.summary.skipped == {"cdn.example": 1}
    assert "c00kie" not in repr(case.found([str(case.folder / "recording")]))


def test_a_charset_that_was_not_asked_for(case: Case) -> None:
    body = "Имя,5".encode("koi8-r")
    content = {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    said = [{"name": "Content-Type", "value": "text/plain; charset=koi8-r"}]
    url = URL.replace("fmt=3", "fmt=1") + "get=1&charset="
    answers = [har_entry(url + charset, content, headers=said) for charset in ("koi8-r", "windows-1251", "utf-16")]
    found = case.found([str(case.folder / "recording")]) if case(har(*answers)) else []
    assert [(item.entry, item.code, item.message) for item in found] == [
        (2, "content-charset", "Content-Type says koi8-r, windows-1251 was asked")
    ]
    # A request with two commands cannot be judged.
    assert case(har(har_entry(URL + "add=1&get=1", {"text": "OK"}))) == [(1, "other-format")]


def test_har_that_is_cut_or_broken(case: Case) -> None:
    text = har(*[har_entry()] * 300)
    cut = case(text[:-100])
    assert cut == [(300, "bad-recording")]
    assert case.summary.replies == 299
    assert case(text[:-1] + "x") == [(301, "bad-recording")]
    assert case(text + "x") == [(301, "bad-recording")]
    for other in ('{"log": {"entries": [' + "[" * 200_000, "{}", "5", '{"log": {"x": {}, "entries": 5}}', ""):
        assert case(other, kind="har") == [(0, "bad-recording")]
    assert case(har(har_entry(status=1e300)).replace("1e+300", "1e300")) == [(1, "http-status")]
    assert case(har(har_entry(content={"text": "[]", "size": 2.0}))) == []
    assert case(har()) == []
    assert case.summary.replies == 0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"log": {"entries": [%s,]}}', "expected a value"),
        ('{"log": {"entries": [%s %s]}}', "expected a comma or ]"),
        ('{"log": {"entries": [%s}}', "expected a comma or ]"),
        ('{"log": {"entries": [%s]]', "expected a comma or }"),
        ('{"log": {"entries": [%s],}}', "expected a key"),
        ('{"log": {"entries": [%s], x: 1}}', "expected a key"),
        ('{"log": {"entries": [%s], "x" 1}}', "expected a colon behind a key"),
        ('{"log": {"entries": [%s], "x": }}', "expected a value"),
        ('{"log": {"entries": [%s]}} {}', "there is something behind the JSON"),
        ('{"log": {"entries": [%s', "breaks off"),
        ('{"log": {"entries": [%s, "x', "breaks off"),
        ('{"log": {"entries": [%s, 5', "breaks off"),
    ],
)
def test_what_is_wrong_with_json(case: Case, text: str, wanted: str) -> None:
    path = case.folder / "recording"
    path.write_text(text.replace("%s", json.dumps(har_entry())))
    *_, last = case.found([str(path)])
    assert last.code == "bad-recording"
    assert wanted in last.message
    assert case.summary.replies >= 1


def test_strings_of_every_kind(case: Case) -> None:
    for body in ('"' * 5000, "\\" * 5000, "\n" * 5000, "name = \\", "[{", "\u0418\U0001f600", "x" * 600_000):
        for escape in (True, False):
            item = har_entry(URL.replace("fmt=3", "fmt=0"), content={"text": body})
            text = json.dumps({"log": {"x": body, "entries": [item, item]}}, ensure_ascii=escape)
            entries = list(recorded_in(io.BytesIO(text.encode()), "har"))
            assert [entry.body for entry in entries] == [body.encode()] * 2
    bad = har(har_entry(), har_entry(content={"text": "~"}), har_entry()).encode().replace(b"~", b"\xff")
    assert case(bad) == [(2, "bad-entry")]
    half = har(har_entry(content={"text": 'a\ud800\\ud800\ud83d\ude00"'}))
    (entry,) = recorded_in(io.BytesIO(half.encode()), "har")
    assert entry.body == 'a\ufffd\\ud800\U0001f600"'.encode()


def test_a_hundred_thousand_entries(case: Case) -> None:
    text = '{"log": {"entries": [' + ",".join(["[]"] * 100_000) + "]}}"
    assert case(text) == [(number, "bad-entry") for number in range(1, 100_001)]


RUBY = """---
http_interactions:
- request: &request
    method: post
    uri: https://smsc.ru/sys/senders.php
    body:
      encoding: UTF-8
      string: login=alice&psw=wonderland&fmt=1&get=1
    headers:
      Cookie:
      - a=b
  response:
    status:
      code: 200
      message: OK
    headers:
      Content-Type:
      - text/plain; charset=windows-1251
      X-Raw: !binary YWJj
      X-None:
    body:
      encoding: windows-1251
      string: Имя,5
    http_version:
  recorded_at: Tue, 18 Oct 2016 10:00:00 GMT
- request: *request
  response: {status: {code: 200}, headers: {}, body: {base64_string: !ruby/string "0ej/LDU="}}
- request: *request
  response: {status: {code: 200}, body: {string: !binary "0ej/LDU="}}
- request: *request
  response: {status: {code: 200}, body: {encoding: nonsense, string: "A,5"}}
- request: *request
  response: {status: {code: 200}, body: {encoding: US-ASCII, string: "A,x"}}
- request: *request
  response: {status: {code: 200}, body: {string: ["A,5"]}}
- request: *request
  response: {status: {code: 200}, body: {string: !binary "?"}}
- request: *request
  response: {status: {code: 200}, body: null}
- request: *request
  response: {status: {code: x}, body: ""}
- {? [a] : b, request: *nobody, response: *request}
recorded_with: VCR 6.0.0
"""


def test_ruby_cassette(case: Case) -> None:
    text = RUBY.replace("*nobody", "~")
    assert case(text) == [
        (5, "value"),
        (6, "bad-entry"),
        (7, "bad-entry"),
        (8, "no-body"),
        (9, "bad-entry"),
        (10, "bad-entry"),
    ]
    assert case.summary.timeline.buckets == {}
    assert case(text.replace("~", "*nobody"))[-1] == (10, "bad-entry")


@pytest.mark.parametrize(
    "text",
    [
        "interactions: 5\n",
        "interactions:\n" + "- " * 40 + "x\n",
        "interactions:\n- [\n",
        "interactions:\n- \x01\n",
        "version: 1\ninteractions: {}\n",
        "--- # nothing\n",
        "",
    ],
)
def test_no_cassette(case: Case, text: str) -> None:
    assert [code for _, code in case(text, kind="cassette")] == ["bad-recording"]


def test_a_list_of_something_else(case: Case) -> None:
    assert case("- interactions\n", kind="cassette") == [(1, "bad-entry")]


def test_json_cassettes(case: Case) -> None:
    interaction = {
        "request": {"uri": URL + "get=1", "method": "GET", "body": None, "headers": {}},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {"A": "b"}, "body": {"string": "OK"}},
    }
    for name in ("interactions", "http_interactions"):
        found = case(json.dumps({"version": 1, name: [interaction, 5]}, indent=1))
        assert found == [(1, "other-format"), (1, "unexpected"), (2, "bad-entry")]


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def test_responses(case: Case) -> None:
    packed = gzip.compress(LIST)
    chunks = b"5;x=y\r\n" + LIST[:5] + b"\r\n%x\n" % len(LIST[5:]) + LIST[5:] + b"\n0\r\n\r\n"
    data = b"".join(
        [
            http(LIST, f"Content-Length: {len(LIST)}", "Date: Tue, 18 Oct 2016 10:00:00 GMT") + b"\n",
            http(b"", status="100 Continue"),
            http(b"", status="200 Connection established"),
            http(LIST, f"Content-Length: {len(LIST) + 1}"),
            http(chunks, "Transfer-Encoding: chunked"),
            http(LIST, "Transfer-Encoding: chunked"),
            http(chunks[:20], "Transfer-Encoding: chunked"),
            http(chunks[:-6], "Transfer-Encoding: chunked"),
            http(packed, "Content-Encoding: gzip", f"Content-Length: {len(packed)}"),
            http(LIST, "Content-Encoding: gzip", f"Content-Length: {len(packed)}"),
            http(packed[:-3], "Content-Encoding: x-gzip"),
            http(packed[:12] + b"x" * 30, "Content-Encoding: gzip"),
            http(zlib.compress(LIST), "Content-Encoding: deflate"),
            http(LIST, "Content-Encoding: deflate"),
            http(zstandard.compress(LIST), "Content-Encoding: zstd"),
            http(b"\x00\xff", "Content-Encoding: br"),
            http(LIST, "Content-Encoding: br"),
            http(b"<html>", status="502 Bad Gateway"),
            http(LIST, "Content-Length: many"),
            http(LIST, "Content-Type: application/json; charset=utf-8"),
            http('[{"sender": "Имя"}]'.encode(), "Content-Type: a/b; charset=windows-1251"),
            http('[{"sender": "Имя"}]'.encode("cp1251"), "Content-Type: a/b; charset=utf-8"),
            http('[{"sender": "Имя"}]'.encode("cp1251"), "Content-Type: a/b; charset=windows-1251"),
            b"GET /sys/senders.php?fmt=3&add=1&psw=hidden HTTP/1.1\r\nCookie: a=bcd\r\n\r\n",
            http(LIST),
            b"POST /sys/senders.php HTTP/1.1\r\n\r\nfmt=3&get=1",
            http(LIST),
        ]
    )
    wanted = [
        (2, "content-length"),
        (5, "bad-coding"),
        (6, "bad-coding"),
        (9, "bad-coding"),
        (10, "bad-coding"),
        (14, "bad-coding"),
        (16, "http-status"),
        (16, "malformed"),
        (17, "content-length"),
        (19, "content-charset"),
        (20, "content-charset"),
        (22, "unexpected"),
    ]
    assert case(data, fmt=3) == wanted
    assert case(data, fmt=3, jobs=2) == wanted
    assert case.summary.replies == 23


def test_responses_that_do_not_end(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert case(b"HTTP/1.1 200 OK\r\nA: b") == [(0, "bad-recording")]
    assert case(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 60_000 + b"\r\n") == [(0, "bad-recording")]
    assert case("nothing", kind="http") == [(0, "bad-recording")]
    monkeypatch.setattr("smsc_codec.recordings._http.LONGEST", 100)
    assert case(http(b"x" * 300_000) + http(b"OK"), fmt=0) == [(1, "malformed")]


def test_packed_recordings(case: Case) -> None:
    text = rows(*[{"fmt": 0, "body": f"name = {number}"} for number in range(10_000)]).encode()
    for packed in (gzip.compress(text), zstandard.compress(text), gzip.compress(text[:50]) + gzip.compress(text[50:])):
        assert case(packed) == []
        assert case.summary.replies == 10_000
        found = case(packed[:-50])
        assert [code for _, code in found] == ["bad-recording"]
    assert case.summary.replies > 7_000
    assert [code for _, code in case(gzip.compress(b"OK")[:-2], fmt=0)] == ["bad-recording"]
    assert [code for _, code in case(b"\x28\xb5\x2f\xfd" + b"x" * 50)] == ["bad-recording"]


def test_brotli(case: Case) -> None:
    name = "name = Имя".encode("cp1251")
    packed = brotli.compress(LIST)
    bodies = [packed, LIST, brotli.compress(LIST * 100)[:-1], b"\0" + packed, name, brotli.compress(name)]
    data = b"".join(http(body, "Content-Encoding: br") for body in bodies)
    assert case(data) == [(3, "bad-coding"), (4, "bad-coding")]
    assert case.summary.kinds == {("json", "senders"): 2, ("text", "senders"): 2, ("unknown", "not decoded"): 2}


def test_a_brotli_bomb_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.recordings._coding.MOST", 1000)
    assert case(http(brotli.compress(b" " * 5_000_000), "Content-Encoding: br"), fmt=3) == [(1, "empty")]
    assert case.summary.size == 1000


MULTIPART = (
    b'--x-y\r\nContent-Disposition: form-data; name="fmt"\r\n\r\n3\r\n'
    b'--x-y\r\nContent-Disposition: form-data; name="psw"\r\n\r\nf0rmsecret\r\n'
    b'--x-y\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\xff\r\n'
    b'--x-y\r\nContent-Disposition: form-data; name="add"\r\n\r\n1\r\n--x-y--\r\n'
)
MULTIPART_TYPE = 'multipart/form-data; boundary="x-y"'


def test_multipart_forms(case: Case) -> None:
    body = LIST.replace(b"A", b"f0rmsecret")
    entry = har_entry("https://smsc.ru/sys/senders.php", content={"text": body.decode()})
    entry["request"]["postData"] = {"mimeType": MULTIPART_TYPE, "text": MULTIPART.decode("latin-1")}
    interaction = {
        "request": {
            "uri": "https://smsc.ru/sys/senders.php",
            "headers": {"content-type": [MULTIPART_TYPE]},
            "body": {"base64_string": base64.b64encode(MULTIPART).decode()},
        },
        "response": {"status": {"code": 200}, "body": {"string": body.decode()}},
    }
    request = f"POST /sys/senders.php HTTP/1.1\r\nContent-Type: {MULTIPART_TYPE}\r\n\r\n".encode()
    for recording in (har(entry), json.dumps({"interactions": [interaction]}), request + MULTIPART + http(body)):
        assert case(recording) == [(1, "unexpected")]
        assert "f0rmsecret" not in repr(case.found([str(case.folder / "recording")]))


@pytest.mark.parametrize("depth", [1, 5000])
def test_a_form_in_a_form(case: Case, depth: int) -> None:
    body = b"".join(b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n" % (n, n + 1) for n in range(depth))
    request = b"POST /sys/senders.php HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=0\r\n\r\n"
    assert case(request + body + b"\r\n" + http(LIST)) == []


def test_what_fails_in_the_middle() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if data := super().read(20):
                return data
            raise OSError(5, "Input/output error")

    for data in (gzip.compress(LIST), LIST * 100):
        with pytest.raises(OSError, match="Input/output"):
            list(recorded_in(Failing(data)))


def test_headers_that_are_read_in_two_pieces(case: Case) -> None:
    first = http(b" " * 262_110)
    assert len(first) < 262_144 < len(first) + 17
    assert case(first + http(b"OK"), fmt=0) == [(1, "limit")]
    assert case.summary.replies == 2


def test_a_body_that_is_too_long(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.recordings._validate.MOST", 3)
    assert case(b"name = A", fmt=0) == [(0, "malformed")]


def test_a_bomb_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.recordings._coding.MOST", 1000)
    assert case(http(gzip.compress(b" " * 5_000_000), "Content-Encoding: gzip"), fmt=0)[0][1] in ("malformed", "value")
    assert case.summary.size == 1000


def test_folders_and_files_that_cannot_be_read(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "good").write_bytes(b"OK")
    (tmp_path / "empty").mkdir()
    paths = [str(tmp_path / name) for name in ("a", "empty", "missing", "a\0b")]
    found = case.found(paths)
    assert [(item.code, item.entry) for item in found] == [("unreadable", 0)] * 3
    assert [item.message for item in found] == [
        "cannot be read: there is no file in it",
        "cannot be read: No such file or directory",
        "cannot be read: embedded null byte",
    ]
    assert (case.summary.replies, case.summary.unreadable, case.summary.worst()) == (1, 3, Severity.ERROR)
    assert list(files_of(["-", *paths[:2]])) == ["-", str(tmp_path / "a" / "b" / "good")]

    class Failing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Failing())))
    assert [(item.path, item.message) for item in case.found(["-"])] == [
        ("<stdin>", "cannot be read: Input/output error")
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_what_is_not_a_file_in_a_folder(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good").write_bytes(b"OK")
    (folder / ".hidden").symlink_to("nowhere")
    (folder / "broken").symlink_to("nowhere")
    (folder / "link").symlink_to("good")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "elsewhere").write_bytes(b"?")
    (folder / "other").symlink_to(tmp_path / "other")
    found = case.found([str(folder)])
    assert [(Path(item.path).name, item.code) for item in found] == [
        (name, "unreadable") for name in ("broken", "loop", "pipe")
    ]
    assert found[0].message == "cannot be read: No such file or directory"
    assert found[2].message == "cannot be read: it is not a file"
    assert (case.summary.replies, case.summary.undecoded, case.summary.unreadable) == (2, 0, 3)


def test_a_file_can_be_packed_a_few_times(case: Case) -> None:
    packed = rows({"fmt": 0, "body": "OK"}).encode()
    for _ in range(5):
        packed = gzip.compress(packed)
    assert case(packed) == []
    assert case.summary.kinds == {("text", "success"): 1}
    assert case(gzip.compress(packed)) == [(0, "unrecognised")]


def test_a_body_in_utf_16_is_counted_by_its_format(case: Case) -> None:
    case("\ufeff[{".encode("utf-16-le"))
    assert case.summary.kinds == {("json", "not decoded"): 1}


@pytest.mark.parametrize("long", ["x" * 6000, "a,b" * 3000])
def test_entries_for_others_can_be_as_long_as_they_like(case: Case, long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("_json", "_lines"):
        monkeypatch.setattr(f"smsc_codec.recordings.{module}.LONGEST", 5000)
    monkeypatch.setattr("smsc_codec.recordings._tape._PIECE", 1000)
    there = har_entry("https://cdn.example/x", {"text": long})
    assert case(har(there, har_entry(), there)) == []
    assert case.summary.skipped == {"cdn.example": 2}
    assert case(har(har_entry(content={"text": long}))) == [(1, "bad-entry")]
    first = {"url": "https://cdn.example/x", "body": long}
    assert case(rows(first, {"fmt": 0, "body": "OK"}, first, {"fmt": 0, "body": long}, first)) == [(4, "bad-entry")]
    assert case.summary.skipped == {"cdn.example": 3}
    behind = {"body": long, "url": "https://cdn.example/x"}
    assert case(rows(first, behind)) == [(2, "bad-entry")]


def test_entries_for_others_can_have_as_many_values_as_they_like(case: Case) -> None:
    item = har_entry("https://cdn.example/x")
    item["x"] = [[]] * 200_001
    assert case(har(item)) == []
    assert case.summary.skipped == {"cdn.example": 1}


@pytest.mark.parametrize(
    ("url", "skipped"),
    [
        ("data:image/png;base64," + "A" * 300_000, {"no host": 1}),
        ("https://cdn.example/x?" + "A" * 300_000, {"cdn.example": 1}),
        ("https://smsc.ru/sys/senders.php?x=" + "A" * 300_000, {}),
        ("https:\\/\\/smsc.ru\\/sys\\/senders.php?x=" + "A" * 300_000, {}),
    ],
)
def test_long_urls_of_entries_that_are_refused(case: Case, url: str, skipped: dict[str, int]) -> None:
    item = json.dumps(har_entry("URL", status="x")).replace("URL", url)
    assert case(f'{{"log": {{"entries": [{item}]}}}}') == ([] if skipped else [(1, "bad-entry")])
    assert case.summary.skipped == skipped


def test_requests_that_wait_are_bounded_and_keep_their_secrets(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = b"POST /sys/senders.php?fmt=3&get=1&psw=%s HTTP/1.1\r\nCookie: a=c00kie%s\r\n\r\npsw=f0rm%s"
    asked = [ask % (b"s3cret%d" % n, b"%d" % n, b"%d" % n) for n in range(3)]
    answer = http(b'[{"sender": "c00kie1 f0rm2 s3cret0", "id": "x"}]')
    assert case(b"".join(asked) + answer * 2) == [(1, "value"), (2, "value")]
    text = repr(case.found([str(case.folder / "recording")]))
    for secret in ("c00kie1", "f0rm2", "s3cret0"):
        assert secret not in text
    monkeypatch.setattr("smsc_codec.recordings._http.LONGEST", 2000)
    # Nobody knows which requests were answered.
    assert case(b"".join(asked) + http(b"24336") * 3) == []
    assert case.summary.kinds == {("csv", "created"): 3}


@pytest.mark.parametrize(
    ("library", "data"),
    [
        ("yaml", RUBY.encode()),
        ("zstandard", zstandard.compress(b"OK")),
    ],
)
def test_libraries_that_are_not_there(case: Case, library: str, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == library:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    (case.folder / "recording").write_bytes(data)
    (found,) = case.found([str(case.folder / "recording")])
    assert found.code == "unreadable"
    assert "pip install 'smsc-codec[cli]'" in found.message
    assert case(b"OK", fmt=0) == []


def test_brotli_that_is_not_installed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    (case.folder / "recording").write_bytes(http(brotli.compress(LIST), "Content-Encoding: br"))
    (found,) = case.found([str(case.folder / "recording")])
    assert found.code == "bad-coding"
    assert "pip install 'smsc-codec[cli]'" in found.message


def test_what_is_recognised() -> None:
    for data, kind in [
        (b'{"sender": 5}', Kind.BODY),
        (b'{"error": "body", "error_code": 5}', Kind.BODY),
        (b"", Kind.BODY),
        (b'\xef\xbb\xbf{"fmt": 0, "body": "OK"}', Kind.LINES),
    ]:
        entries = list(recorded_in(io.BytesIO(data)))
        assert (entries[0].number == 0) is (kind is Kind.BODY)
    (entry,) = recorded_in(io.BytesIO(b"OK"), "body")
    assert entry.body == b"OK"


def test_secrets_do_not_leave(case: Case, tmp_path: Path) -> None:
    url = "https://us3r:pa55@h.example/sys/senders.php?login=al+ice&psw=w%26nder&fmt=3&get=1&phones=79991234567,380501234567"
    bodies = [
        '[{"sender": "al ice", "foo": 7, "bar": "w&nder"}]',
        "oops al+ice w%26nder 380501234567 us3r",
        "GET /x?to=79991112233&Cookie: abc=defghi",
        '{"sender": "w&nder", "x": 1}',
        '[{"sender": "A", "id": 79991234567, "foo": 7}]',
    ]
    path = tmp_path / "psw=f1lesecret&phones=79990000000"
    path.write_text(rows(*({"url": url, "body": body} for body in bodies)))
    found = case.found([str(path)])
    assert len(found) >= 5
    case.summary.seconds = 0
    text = repr(found) + repr(case.summary)
    for secret in ("ice", "w&nder", "w%26", "7999", "38050", "us3r", "pa55", "defghi", "f1lesecret"):
        assert secret not in text


def test_the_same_whatever_the_number_of_jobs(case: Case) -> None:
    paths = [str(FOLDER), str(Path(__file__).parent / "vectors" / "refused.jsonl"), "missing"]
    one, two = case.found(paths, jobs=1), case.found(paths, jobs=2)
    assert one == two
    assert len(one) > 100


HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT"])
def test_a_name_that_begins_with_a_method_is_not_a_request(case: Case, method: str) -> None:
    """A dump can begin with any request, and the first name of a list can begin like one."""
    target = "smsc.ru:443" if method == "CONNECT" else "/sys/senders.php?get=1&fmt=1"
    for begin in ("{} {} HTTP/1.1", "\r\n{} {} HTTP/1.0", "{} https://smsc.ru/ HTTP/2"):
        start = begin.format(method, target)
        assert Tape(io.BytesIO(start.encode() + b"\r\n\r\n" + HTTP)).kind() is Kind.HTTP
    for reply in (f"{method} BANK,1,5\n", f"{method} X", f"{method} A/B,1", f"{method},5", f"{method} A:8,5\r\nB,6"):
        assert Tape(io.BytesIO(reply.encode())).kind() is Kind.BODY
    assert case(f"{method} BANK,5\nB,6\n", fmt=1) == []
    assert case.summary.kinds == {("csv", "senders"): 1}


@pytest.mark.parametrize("name", ["HTTP/2", "HTTP/1.1", "interactions:,5", "interactions:x", "HTTP/1.1 a"])
def test_a_name_that_begins_like_a_recording_is_not_one(name: str) -> None:
    assert Tape(io.BytesIO(f"{name},5\n".encode())).kind() is Kind.BODY


@pytest.mark.parametrize("size", [100, 9000, 65_400])
def test_long_targets_in_dumps_are_read(case: Case, size: int) -> None:
    padding = "x" * size
    asked = f"GET /sys/senders.php?get=1&fmt=1&x={padding} HTTP/1.1\r\n\r\n"
    other = f"GET /other.php?x={padding} HTTP/1.1\r\nHost: smsc.ru\r\n\r\n"
    reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    assert case(asked + reply + "\r\n" + other + reply) == [(1, "malformed")]
    assert sum(case.summary.skipped.values()) == 1


@pytest.mark.parametrize("charset", ["ksenders", "", "utf-16", "psw=hunter2"])
def test_a_line_names_a_charset_that_the_service_does_not_have(case: Case, charset: str) -> None:
    text = rows({"body": "OK", "charset": charset}, {"body": "OK", "charset": "CP1251"})
    assert case(text) == [(1, "bad-entry")]
    (found,) = case.found([str(case.folder / "recording")])
    assert found.message == "the charset has to be one of utf-8, windows-1251, koi8-r"


def test_a_packed_body_is_the_last_of_its_group() -> None:
    """A packed body can have many findings, whatever its size is."""
    packed = zlib.compress(b'[{"sender": "A", "id": 1, "new": "x"}]')
    entries = [Entry(number=number, body=packed, headers=[("Content-Encoding", "deflate")]) for number in range(3)]
    plain = [Entry(number=number, body=b"OK") for number in range(3)]
    assert [len(group) for group in _validate._grouped([*plain, *entries, *plain])] == [4, 1, 1, 3]


ADDRESSES = {
    "https://smsc.ru/sys/senders.php?a#b": ("smsc.ru", "/sys/senders.php", "a"),
    "HTTPS://u:p@SMSC.ru:443/sys/senders.php": ("smsc.ru", "/sys/senders.php", ""),
    "http://[::1]:80/a?b?c": ("[::1]", "/a", "b?c"),
    "//smsc.ru?a=//b/c": ("smsc.ru", "", "a=//b/c"),
    "/a//b": ("", "/a//b", ""),
    "senders.php?a": ("", "senders.php", "a"),
    "?a#?b": ("", "", "a"),
    "http:///a": ("", "/a", ""),
    "": ("", "", ""),
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_the_parts_of_addresses(url: str) -> None:
    host, path, query = ADDRESSES[url]
    assert split(url)[1:] == (path, query)
    assert request_of(url).host == host


@pytest.mark.parametrize("authority", ["[::1", "::1]", "a:b:c", "[a]b", "a@[b"])
def test_what_is_not_an_authority_is_another_host(authority: str) -> None:
    assert request_of(f"https://{authority}/sys/senders.php?get=1") == Request(here=False)


def test_other_threads_can_have_jobs(case: Case) -> None:
    found: list[Found] = []
    thread = threading.Thread(target=lambda: found.extend(case.found(["missing"], jobs=2)))
    thread.start()
    thread.join()
    assert [item.code for item in found] == ["unreadable"]


def test_work_is_stopped_when_nobody_wants_more() -> None:
    parts = iter(range(100))
    results = in_order(str, parts, 2)
    assert [next(results) for _ in range(3)] == ["0", "1", "2"]
    results.close()
    assert next(parts) < 20


@pytest.mark.parametrize(
    "options",
    [
        *({"jobs": jobs} for jobs in (0, -1, 1.5, "2", None, True)),
        *({"expect": "x"}, {"expect": 5}, {"expect": []}),
        *({"kind": "x"}, {"fmt": 4}, {"charset": "x"}, {"charset": 5}, {"strict": 1}),
    ],
    ids=str,
)
def test_wrong_parameters(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{next(iter(options))}.* has to be"):
        validate_recordings([], **options)


def test_times() -> None:
    assert seconds("Tue, 18 Oct 2016 10:00:00 GMT") == 1476784800
    assert seconds("2016-10-18T10:00:00") == 1476784800
    for text in (
        "",
        "soon",
        "2016-10-18T10:00:00" + "0" * 100,
        "Tue, " * 100,
        "Tue, 99 Oct 2016 10:00:00 GMT",
        "1901-01-01T00:00:00Z",
    ):
        assert seconds(text) is None
    one, two = Timeline(), Timeline()
    for number in range(1000):
        (one, two)[number % 2].add(number * 3.5, number % 3)
    late = Timeline()
    late.merge(one)
    late.merge(two)
    one.merge(Timeline(600))
    two.merge(one)
    whole = Timeline()
    for number in range(1000):
        whole.add(number * 3.5, number % 3)
    assert late.buckets == whole.buckets
    assert len(whole.buckets) <= 240
    assert one.width == 600
    far = Timeline()
    for number in range(3):
        far.add(number * 10**9, number)
    assert (far.width, len(far.buckets)) == (1, 3)
    spread = far.spread()
    assert list(spread.buckets.values()) == [Counter({number: 1}) for number in range(3)]
    assert max(spread.buckets) < 240
    assert spread.width == 16 * 604800
    assert far.width == 1


def test_counts_stay_small() -> None:
    summary = Summary()
    for number in range(1500):
        other = Summary(errors=Counter({("senders", number): 1}), unknown=Counter({str(number): 1}))
        summary.merge(other)
    assert len(summary.errors) == len(summary.unknown) == 1001
    assert summary.error_codes()[-1] == ("(others)", 500)
    assert summary.plain()["unknown"]["(others)"] == 500


def test_every_code_is_listed() -> None:
    page = (Path(__file__).parent.parent / "docs" / "validating.md").read_text("utf-8")
    for code, (severity, meaning) in CODES.items():
        assert f"| `{code}` | {severity.value} | {meaning} |" in page


@needs("curl")
def test_recordings_made_by_curl(tmp_path: Path, case: Case) -> None:
    record_responses(tmp_path / "curl.http")
    assert [found.code for found in case.found([str(tmp_path / "curl.http")])] == ["malformed", "malformed"]


@pytest.mark.parametrize("paths", ["recording", b"recording"])
def test_one_path_is_not_a_list_of_them(paths: Any) -> None:
    with pytest.raises(OptionError, match=r"^paths has to be a list of paths, not one$"):
        validate_recordings(paths)


def test_paths_of_every_type(case: Case) -> None:
    path = case.folder / "ok"
    path.write_bytes(b"OK")
    for given in (str(path), os.fsencode(path), path):
        validation = validate_recordings([given])  # type: ignore[list-item]
        assert list(validation) == [] and validation.summary.replies == 1
