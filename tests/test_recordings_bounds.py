"""Checks that the cost of hostile recordings grows linearly, and that memory stays within the promised bounds.

The work is counted in steps (lines of Python and calls into C) and in bytes that are scanned or moved. tracemalloc
measures the memory. Each family is a kind of recording that is expensive in one way.
"""

from __future__ import annotations

import gc
import gzip
import io
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from smsc_codec.recordings import (
    BrokenError,
    Entry,
    Summary,
    _check,
    _coding,
    _http,
    _json,
    _tape,
    _trace,
    _validate,
    _yaml,
    recorded_in,
    validate_recordings,
)
from smsc_codec.recordings._coding import content
from smsc_codec.recordings._form import form_of
from smsc_codec.recordings._keys import Keys
from smsc_codec.recordings._tape import Tape

from .test_work import steps
from .work import LAST_SIZES, is_linear

# Enough for some pieces of a tape, which the tests make small.
SMALLEST, PIECE = 4096, 1024
ELSEWHERE, HERE = "https://x.example/", "https://smsc.ru/sys/senders.php?fmt=0"
MULTIPART = "multipart/form-data; boundary=b"
DISPOSITION = "Content-Disposition: form-data; name"
QUOTED, CHUNKED = "Content-Transfer-Encoding: quoted-printable", "Transfer-Encoding: chunked"


def har(request: str = "", response: str = "", url: str = ELSEWHERE, times: int = 1, before: str = "") -> bytes:
    """Return entries with more members than they need."""
    entry = f'{{"request":{{"url":"{url}"{request}}},"response":{{"status":200{response}}}}}'
    return f'{{"log":{{{before}"entries":[{",".join([entry] * times)}]}}}}'.encode()


def post(kind: str, text: str) -> bytes:
    return har(f',"postData":{json.dumps({"mimeType": kind, "text": text})}')


def interaction(response: str = "body: {string: OK}", request: str = "", url: str = ELSEWHERE) -> str:
    return f"- {{request: {{uri: '{url}'{request}}}, response: {{status: {{code: 200}}, {response}}}}}\n"


def cassette(*items: str) -> bytes:
    return ("interactions:\n" + "".join(items)).encode()


def json_cassette(request: str = "", response: str = "") -> bytes:
    return (
        f'{{"interactions":[{{"request":{{"uri":"{ELSEWHERE}"{request}}},'
        f'"response":{{"status":{{"code":200}}{response}}}}}]}}'
    ).encode()


def http(*headers: str, body: bytes = b"OK") -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


def chunks(size: int, chunk: str) -> str:
    return '[\\"' + f'{chunk}\\",\\"' * (size // (len(chunk) + 5)) + '\\"]'


NOCK = b'{"scope":"https://x.example","path":"/","status":200,"response":"x","rawHeaders":["Content-Encoding","x"]}'
WIREMOCK = b'{"request":{"url":"x"},"response":{"status":200,"body":"OK"}}'


def record(block: bytes, kind: str = "response") -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {ELSEWHERE}\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def traced(text: bytes) -> bytes:
    rows = (b"%04x: %s\n" % (at, text[at : at + 16].hex(" ").encode()) for at in range(0, len(text), 16))
    return b"<= Recv data, %d bytes (0x%x)\n" % (len(text), len(text)) + b"".join(rows)


def laughs(depth: int) -> str:
    """Return a value that would be 10 ** *depth* times as large if its aliases were copies."""
    levels = [f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, depth)]
    return f"[&a0 [x], {', '.join(levels)}]"


FAMILIES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "a long text": ("har", lambda n: har("", f',"content":{{"text":"{"x" * n}"}}')),
    "a text of escapes": ("har", lambda n: har("", f',"content":{{"text":"{chr(92) * 2 * (n // 2)}"}}')),
    "a text of quotes": ("har", lambda n: har("", f',"content":{{"text":"{chr(92)}{(chr(34) + chr(92)) * n}n"}}')),
    "halves of pairs": ("har", lambda n: har("", f',"content":{{"text":"{(chr(92) + "ud800") * (n // 6)}"}}')),
    "blanks before the list": ("har", lambda n: har(before=" " * n)),
    "blanks between entries": ("har", lambda n: har(times=2).replace(b",{", b" " * n + b",{")),
    "pages": ("har", lambda n: har(before='"pages":[' + '{"id":"p"},' * (n // 11) + "1],")),
    "brackets before the list": ("har", lambda n: har(before='"x":' + "[" * n + "]" * n + ",")),
    "brackets in an entry": ("har", lambda n: har("", ',"x":' + "[" * n + "]" * n)),
    "values in an entry": ("har", lambda n: har("", ',"x":[' + "[]," * (n // 3) + "1]")),
    "a long number": ("har", lambda n: har("", ',"x":' + "1" * n)),
    "a long key": ("har", lambda n: har(before=f'"{"k" * n}":1,')),
    "small entries": ("har", lambda n: har(times=n // 80)),
    "headers": ("har", lambda n: har("", ',"headers":[' + '{"name":"a"},' * (n // 13) + '{"name":"b"}]')),
    "parameters": ("har", lambda n: har(',"postData":{"params":[' + '{"name":"a"},' * (n // 13) + '{"name":"b"}]}')),
    "a long URL": ("har", lambda n: har(url=HERE + "&a" * (n // 2))),
    "base64 with blanks": ("har", lambda n: har("", f',"content":{{"encoding":"base64","text":"{"ab " * (n // 3)}"}}')),
    "a quote and semicolons": ("har", lambda n: post('multipart/form-data; "' + ";" * n, "x")),
    "parameters of a form's type": ("har", lambda n: post("multipart/form-data" + ";a=b" * (n // 4), "x")),
    "a quote in a part": ("har", lambda n: post(MULTIPART, f'--b\r\n{DISPOSITION}="' + ";" * n + "\r\n\r\nx\r\n--b--")),
    "headers of a part": ("har", lambda n: post(MULTIPART, "--b\r\n" + "A: b\r\n" * (n // 6) + "\r\nx\r\n--b--")),
    "folded headers": ("har", lambda n: post(MULTIPART, "--b\r\nA: b" + "\r\n " * (n // 3) + "\r\n\r\nx\r\n--b--")),
    "parts": ("har", lambda n: post(MULTIPART, f"--b\r\n{DISPOSITION}=a\r\n\r\nx\r\n" * (n // 50) + "--b--")),
    "empty parts": ("har", lambda n: post(MULTIPART, "--b\r\n" * (n // 5))),
    "half boundaries": ("har", lambda n: post(MULTIPART, "--b\r\n" + "--b " * (n // 4))),
    "a form of hyphens": ("har", lambda n: post("multipart/form-data; boundary=-", "-" * n)),
    "parts in parts": (
        "har",
        lambda n: post(
            "multipart/form-data; boundary=0",
            "".join(f"--{d}\r\nContent-Type: multipart/mixed; boundary={d + 1}\r\n\r\n" for d in range(n // 60)),
        ),
    ),
    "escapes of a part": (
        "har",
        lambda n: post(
            MULTIPART,
            f"--b\r\n{DISPOSITION}=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + "=\r\n" * (n // 3),
        ),
    ),
    "a long scalar": ("cassette", lambda n: cassette(interaction(f'body: "{"x" * n}"'))),
    "a scalar of lines": ("cassette", lambda n: cassette(interaction(f'body: "{(chr(10) * 2 + " x") * (n // 4)}"'))),
    "a comment": ("cassette", lambda n: cassette("#" + "x" * n + "\n", interaction())),
    "comments": ("cassette", lambda n: cassette("#\n" * (n // 2), interaction())),
    "a list before": ("cassette", lambda n: b"x: [" + b"y," * (n // 2) + b"]\n" + cassette(interaction())),
    "a list behind": ("cassette", lambda n: cassette(interaction()) + b"x: [" + b"y," * (n // 2) + b"]\n"),
    "a list in an interaction": ("cassette", lambda n: cassette(interaction("x: [" + "y," * (n // 2) + "]"))),
    "keys": ("cassette", lambda n: cassette(interaction("x: {" + "".join(f"k{k}: y," for k in range(n // 8)) + "}"))),
    "anchors": (
        "cassette",
        lambda n: cassette(*(interaction().replace("- ", f"- &a{k} ") for k in range(n // 90))),
    ),
    "aliases": ("cassette", lambda n: cassette(interaction().replace("- ", "- &a "), "- *a\n" * (n // 5))),
    "aliases of a long body": (
        "cassette",
        lambda n: cassette(interaction(f'body: "{"x" * n}"').replace("- ", "- &a "), "- *a\n" * (n // 5)),
    ),
    "aliases of a header": (
        "cassette",
        lambda n: cassette(interaction("headers: {A: &a [b], " + "".join(f"B{k}: *a," for k in range(n // 9)) + "}")),
    ),
    "an alias that is missing": ("cassette", lambda n: cassette(interaction("body: *x") * (n // 90))),
    "values of a header": ("json", lambda n: json_cassette("", ',"headers":{"a":[' + "1," * (n // 2) + "1]}")),
    "names of headers": (
        "json",
        lambda n: json_cassette("", ',"headers":{' + "".join(f'"a{k}":"",' for k in range(n // 9)) + '"b":""}'),
    ),
    "an encoding": ("json", lambda n: json_cassette("", f',"body":{{"encoding":"punycode","string":"{"é" * n}"}}')),
    "the name of an encoding": (
        "json",
        lambda n: json_cassette("", f',"body":{{"encoding":"{"utf" * (n // 3)}","string":"x"}}'),
    ),
    "small responses": ("http", lambda n: http(body=b"") * (n // 19)),
    "responses with many headers": ("http", lambda n: http(*["A: b"] * 50) * (n // 320)),
    "methods in a body": ("http", lambda n: http(body=b"GET " * (n // 4))),
    "a body of line ends": ("http", lambda n: http(body=b"\r\n" * (n // 2))),
    "small chunks": (
        "http",
        lambda n: http("Transfer-Encoding: chunked", body=b"1\r\nx\r\n" * (n // 6) + b"0\r\n\r\n"),
    ),
    "chunks that break off": (
        "http",
        lambda n: http(CHUNKED, body=(b"1\r\nx\r\n" * 20 + http(CHUNKED)) * (n // 180)),
    ),
    "chunks with responses in them": (
        "http",
        lambda n: http(CHUNKED, body=b"31\r\n" + http(CHUNKED, body=b"\r\n") * (n // 60) + b"0\r\n\r\nx"),
    ),
    "sizes of chunks that are too large": ("http", lambda n: http(CHUNKED, body=b"FFFFFF\r\n") * (n // 60)),
    "chunks with trailers": (
        "http",
        lambda n: http(CHUNKED, body=b"1\r\nx\r\n0\r\n" + b"A: b\r\n" * 200 + b"\r\n") * (n // 1300),
    ),
    "lengths that are too large": ("http", lambda n: http(f"Content-Length: {n}") * (n // 50)),
    "lengths to the same place": (
        "http",
        lambda n: (
            b"".join(http(f"Content-Length: {n - 50 * (k + 1):08}", body=b"") for k in range(n // 50 // 2))
            + b"\n" * (n // 4)
            + b"GET "
            + b"x" * (n // 4)
        ),
    ),
    "right lengths": ("http", lambda n: http("Content-Length: 2") * (n // 40)),
    "blank lines behind lengths": ("http", lambda n: (http("Content-Length: 2") + b"\n" * 5000) * (n // 5040)),
    "status lines in a body": ("http", lambda n: http(body=b"HTTP/1.1 200 OK " * (n // 16))),
    "requests that wait": ("http", lambda n: b"GET /x HTTP/1.1\r\n\r\n" * (n // 42) + http() * (n // 42)),
    "pairs of requests": ("http", lambda n: (b"GET /x HTTP/1.1\r\n\r\n" * 2 + http()) * (n // 60)),
    "redirects": ("http", lambda n: http(body=b"").replace(b"200 OK", b"302 X") * (n // 19)),
    "documents": ("cassette", lambda n: (b"---\n" + cassette(interaction())) * (n // 110)),
    "empty documents": ("cassette", lambda n: cassette(interaction()) + b"---\n" * (n // 4)),
    "marks at the beginnings of lines": ("cassette", lambda n: cassette(interaction()) + b"\xef\xbb\xbf\n" * (n // 4)),
    "lists": ("har", lambda n: b'{"log":{' + b'"entries":[],' * (n // 13) + b'"x":1}}'),
    "concatenated": ("har", lambda n: har() * (n // 100)),
    "entries of a type that is wrong": (
        "har",
        lambda n: har(',"headers":5', times=n // 90),
    ),
    "members before a URL": (
        "json",
        lambda n: (
            b'{"interactions":[{"x":[' + b"[]," * (n // 3) + b'1],"request":{"uri":"' + ELSEWHERE.encode() + b'"}}]}'
        ),
    ),
    "transfer codings": ("http", lambda n: http("Transfer-Encoding: " + "chunked, " * (n // 9))),
    "numbers that JSON has not": ("har", lambda n: har("", ',"x":[' + "NaN," * (n // 4) + "1]")),
    "strings before such a number": ("har", lambda n: har("", ',"x":["' + 'NaN","' * (n // 6) + '",NaN]')),
    "chunks of a body": ("har", lambda n: har("", ',"content":{"encoding":"hex","text":"' + chunks(n, "00") + '"}')),
    "a jar of cookies": (
        "har",
        lambda n: har("", ',"cookies":{' + "".join(f'"a{k}":1,' for k in range(n // 8)) + '"b":1}'),
    ),
    "archives in a list": ("har", lambda n: b"[" + (har() + b",") * (n // 90) + har() + b"]"),
    "a list of interactions": ("cassette", lambda n: interaction().encode() * (n // 80)),
    "merged members": (
        "cassette",
        lambda n: cassette(interaction().replace("- ", "- &a "), "- {" + "<<: *a, " * (n // 8) + "x: y}\n"),
    ),
    "merged maps": (
        "cassette",
        lambda n: cassette("- &a {" + "".join(f"k{k}: y," for k in range(n // 8)) + "}\n- {<<: [*a, *a]}\n"),
    ),
    "stubs of nock": ("json", lambda n: b"[" + b",".join([NOCK] * (n // len(NOCK))) + b"]"),
    "chunks of nock": ("json", lambda n: b"[" + NOCK.replace(b'"x"', b'["' + b'00","' * (n // 5) + b'00"]') + b"]"),
    "stubs of WireMock": ("json", lambda n: WIREMOCK * (n // len(WIREMOCK))),
    "patterns of WireMock": (
        "json",
        lambda n: WIREMOCK.replace(b'"x"', b'"x","bodyPatterns":[' + b"{}," * (n // 3) + b"{}]"),
    ),
    "examples of Postman": (
        "json",
        lambda n: b'{"info":{},"item":[{"response":[' + b'{"body":"x"},' * (n // 13) + b'{"code":200}]}]}',
    ),
    "folders of Postman": (
        "json",
        lambda n: b'{"info":{},"item":[' + b'{"item":[' * (n // 11) + b"]}" * (n // 11) + b"]}",
    ),
    "records of WARC": ("http", lambda n: record(http()) * (n // 80)),
    "a record of WARC": ("http", lambda n: record(http(body=b"x" * n))),
    "a record of WARC with chunks": (
        "http",
        lambda n: record(http(CHUNKED, body=b"1\r\nx\r\n" * (n // 6) + b"0\r\n\r\n")),
    ),
    "requests of WARC": ("http", lambda n: record(b"GET /x HTTP/1.1\r\n\r\n", "request") * (n // 80) + record(http())),
    "other records of WARC": ("http", lambda n: record(b"x" * 1000, "metadata") * (n // 1080)),
    "lines of curl -v": ("http", lambda n: b"> GET /x HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n" + b"* x\n" * (n // 4)),
    "bodies of curl -v": ("http", lambda n: b"< HTTP/1.1 200 OK\n<\nOK* Closing connection\n" * (n // 45)),
    "a long line of curl -v": ("http", lambda n: b"< HTTP/1.1 200 OK\n<\n" + b"* " * (n // 2)),
    "rows of a trace": ("http", lambda n: traced(http(body=b"x" * (n // 4)))),
    "blocks of a trace": ("http", lambda n: traced(http()) * (n // 150)),
    "a list of lines": ("json-lines", lambda n: b"[" + b'{"fmt":0,"body":"OK"},\n' * (n // 24) + b"5]"),
    "lines of several lines": ("json-lines", lambda n: b'{\n"fmt":0,\n"body":"OK"}\n' * (n // 25)),
    "lines without a body": ("json-lines", lambda n: b'{"fmt":0,"reply":"OK"}\n' * (n // 24)),
    "the status of a line": (
        "json-lines",
        # This is deeper than msgspec reads, on any interpreter and at each compared size.
        lambda n: b'{"fmt":0,"body":"OK","status":' + b"[" * (2 * n) + b"]" * (2 * n) + b"}",
    ),
    "blank lines": ("json-lines", lambda n: b'{"fmt":0,"body":"OK"}' + b"\n" * n),
    "a long line": ("json-lines", lambda n: b'{"fmt":0,"body":"' + b"x" * n + b'"}'),
    "small lines": ("json-lines", lambda n: b'{"fmt":0,"body":"OK"}\n' * (n // 22)),
}


def entries(kind: str, data: bytes) -> list[Entry]:
    """Return the entries before the recording breaks."""
    found: list[Entry] = []
    with suppress(BrokenError):
        found.extend(recorded_in(io.BytesIO(data), "cassette" if kind == "json" else kind))
    return found


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tape, "_PIECE", PIECE)


@pytest.mark.parametrize("name", FAMILIES)
def test_steps_grow_linearly(name: str) -> None:
    kind, make = FAMILIES[name]
    entries(kind, make(SMALLEST))  # Lazy imports are not counted.
    counts = [steps(partial(entries, kind, make(SMALLEST * times))) for times in LAST_SIZES]
    assert is_linear(counts), counts


class Counting(bytearray):
    """The buffer of a tape, which counts the bytes that are added, and those that are moved to its start."""

    moved = 0

    def __iadd__(self, more: Any) -> Any:  # type: ignore[misc]
        self.moved += len(more)
        return super().__iadd__(more)

    def __delitem__(self, place: Any) -> None:
        super().__delitem__(place)
        self.moved += len(self)


PACKED: dict[str, Callable[[int], bytes]] = {
    "zstd": lambda n: zstandard.compress(b" " * n),
    "zstd, packed hard": lambda n: zstandard.compress(b" " * n, 19),
    "zstd, empty streams": lambda n: zstandard.compress(b"") * (n // 400),
    "zstd, streams of a byte": lambda n: zstandard.compress(b" ") * (n // 400),
    "zstd, zeros behind": lambda n: zstandard.compress(b" " * n) + bytes(n // 100),
    "gzip, zeros behind": lambda n: gzip.compress(b" " * n) + bytes(n // 100),
    "gzip in gzip": lambda n: gzip.compress(gzip.compress(b" " * n)),
    "gzip": lambda n: gzip.compress(b" " * n),
    "gzip, empty streams": lambda n: gzip.compress(b"") * (n // 400),
    "gzip, streams of a byte": lambda n: gzip.compress(b" ") * (n // 400),
    "not packed": lambda n: b" " * n,
}


@pytest.mark.parametrize("size", [100, 1 << 16])
@pytest.mark.parametrize("name", PACKED)
def test_a_tape_copies_each_byte_a_few_times(name: str, size: int) -> None:
    tape = Tape(io.BytesIO(PACKED[name](1 << 20)))
    waiting = Counting(tape._ahead)
    tape._ahead = waiting
    read = sum(map(len, iter(partial(tape.read, size), b"")))
    assert read == (1 << 20 if "streams" not in name else 0 if "empty" in name else (1 << 20) // 400)
    assert waiting.moved <= 3 * read + PIECE


@pytest.mark.parametrize("name", [name for name in PACKED if name != "not packed"])
def test_what_one_step_of_unpacking_gives_is_bounded(name: str) -> None:
    packed = PACKED[name](16 << 20)
    packing = _coding.packing_of(packed)
    assert packing is not None
    assert max(map(len, _coding.unpacked([packed], packing))) <= 2.2e6


@pytest.mark.parametrize("name", PACKED)
def test_the_memory_of_a_tape_does_not_grow(name: str) -> None:
    def work(n: int) -> Callable[[], object]:
        file = io.BytesIO(PACKED[name](n))

        def read() -> None:
            tape = Tape(file)
            while tape.read(PIECE):
                pass

        return read

    assert peak(work(8 << 20)) < peak(work(4 << 20)) + (1 << 20)


def test_a_window_that_is_too_large() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(b"x" * 100) + packer.flush()
    with pytest.raises(BrokenError, match="more than 128 MiB"):
        list(recorded_in(io.BytesIO(packed)))
    with pytest.raises(BrokenError, match="more than 8 MiB"):
        content(packed, "zstd")


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes of memory that *work* takes."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def takes_less(most: int, work: Callable[[], object]) -> bool:
    """Return whether *work* takes less memory than that.

    The first time it can import a module, and a thread of pytest-xdist can take memory in that moment. So the second
    time counts too.
    """
    return peak(work) < most or peak(work) < most


def drained(kind: str, data: bytes) -> Callable[[], object]:
    """Return a function that reads all entries without keeping them."""
    file = io.BytesIO(data)

    def read() -> None:
        file.seek(0)
        with suppress(BrokenError):
            for _ in recorded_in(file, "cassette" if kind == "json" else kind):
                pass

    return read


SKIPPED = (
    *("blanks before the list", "blanks between entries", "pages", "brackets before the list", "a long key"),
    *("small entries", "a comment", "comments", "a list before", "a list behind", "keys", "aliases"),
    *("aliases of a header", "an alias that is missing", "small responses", "responses with many headers"),
    *("blank lines", "small lines", "anchors", "a list in an interaction"),
    *("right lengths", "blank lines behind lengths", "pairs of requests", "requests that wait", "redirects"),
    *("documents", "empty documents", "marks at the beginnings of lines", "lists", "concatenated"),
    *("entries of a type that is wrong", "chunks with trailers", "archives in a list", "a list of interactions"),
    *("stubs of nock", "stubs of WireMock", "records of WARC", "other records of WARC", "lines of curl -v"),
    *("bodies of curl -v", "a long line of curl -v", "blocks of a trace", "a list of lines"),
    *("lines of several lines", "lines without a body"),
)
"""Families that are not kept in memory, except for the buffer of the tape and a group of entries."""


@pytest.mark.parametrize("name", SKIPPED)
def test_what_is_not_needed_takes_no_memory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_validate, "_BYTES", 1 << 12)
    monkeypatch.setattr(_validate, "_ENTRIES", 16)
    monkeypatch.setattr(_yaml, "LONGEST", 1 << 13)
    monkeypatch.setattr(_yaml, "_LONGEST_HEAD", 1 << 12)
    monkeypatch.setattr(_yaml, "_HEAVIEST_ANCHORS", 1 << 11)
    monkeypatch.setattr(_http, "_LONGEST_START", 1 << 11)
    monkeypatch.setattr(_trace, "_LONGEST_LINE", 1 << 11)
    for module_name, module in [*sys.modules.items()]:
        if module_name.startswith("smsc_codec.recordings.") and hasattr(module, "HEAD"):
            monkeypatch.setattr(module, "HEAD", 1 << 10)
    kind, make = FAMILIES[name]
    # The parser of YAML reads ahead, and many short lines take much memory.
    size = 1 << 16 if name == "aliases" else 1 << 15 if kind == "cassette" else 1 << 14
    one = peak(drained(kind, make(size)))
    assert takes_less(one + (1 << 13), drained(kind, make(2 * size)))


MULTIPLES = {
    **dict.fromkeys(("a long text", "a text of escapes", "base64 with blanks", "a long line", "halves of pairs"), 5),
    **dict.fromkeys(("a long scalar", "a scalar of lines", "methods in a body", "a body of line ends"), 5),
    **dict.fromkeys(("chunks with responses in them", "sizes of chunks that are too large"), 30),
    **dict.fromkeys(("lengths that are too large", "lengths to the same place", "chunks that break off"), 30),
    **dict.fromkeys(("small chunks", "brackets in an entry", "a long number", "a long URL", "half boundaries"), 5),
    **dict.fromkeys(("values in an entry", "headers", "parameters", "values of a header", "names of headers"), 30),
    **dict.fromkeys(("a record of WARC", "rows of a trace", "strings before such a number"), 8),
    **dict.fromkeys(("numbers that JSON has not", "examples of Postman", "chunks of nock", "merged maps"), 40),
    **dict.fromkeys(
        ("a record of WARC with chunks", "a jar of cookies", "chunks of a body", "patterns of WireMock"), 30
    ),
    **dict.fromkeys(("parts", "empty parts", "parts in parts", "a quote in a part"), 30),
}
"""Families that have to be kept in memory, with the most bytes that each of their bytes may take."""


@pytest.mark.parametrize("name", MULTIPLES)
def test_what_is_needed_takes_a_multiple_of_its_size(name: str) -> None:
    kind, make = FAMILIES[name]
    for size in (1 << 14, 1 << 16):
        data = make(size)
        assert takes_less(MULTIPLES[name] * len(data) + (1 << 16), drained(kind, data))


def test_a_file_in_a_form_is_not_copied() -> None:
    file = f'--b\r\n{DISPOSITION}=f; filename="a"\r\n\r\n' + "x" * (1 << 20)
    body = f"{file}\r\n--b\r\n{DISPOSITION}=psw\r\n\r\nx\r\n--b--".encode()
    headers = [("Content-Type", MULTIPART)]
    # Parameters after a file of any size count.
    assert form_of(body, headers) == b"f=&psw=x"
    assert peak(lambda: form_of(body, headers)) < len(body) // 10


class Scanned:
    """Counts the bytes that the JSON reader looks at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        behind, tokens = _json._behind, _json._TOKEN

        def counted(pattern: Any, data: bytes, at: int) -> int:
            end = behind(pattern, data, at)
            self.count += end - at + 1
            return end

        monkeypatch.setattr(_json, "_behind", counted)
        monkeypatch.setattr(_json, "_TOKEN", self)
        self._tokens = tokens

    def finditer(self, data: bytes, at: int) -> Iterator[Any]:
        for token in self._tokens.finditer(data, at):
            self.count += token.end() - at
            at = token.end()
            yield token


@pytest.mark.parametrize("name", [name for name, (kind, _) in FAMILIES.items() if kind in ("har", "json")])
def test_each_byte_of_json_is_looked_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, make = FAMILIES[name]
    data = make(1 << 17)
    scanned = Scanned(monkeypatch)
    entries(kind, data)
    # The second pass goes past the blanks and signs between values.
    assert scanned.count < 2.5 * len(data)


def problems(kind: str, data: bytes) -> list[str]:
    """Return what is wrong with the entries, and with the recording."""
    found = []
    try:
        for entry in recorded_in(io.BytesIO(data), "cassette" if kind == "json" else kind):
            found.append(f"{entry.number}: {entry.problem.message}" if entry.problem else f"{entry.number}")
    except BrokenError as error:
        found.append(str(error))
    return found


TOO_MANY_HEADERS = "1: there are more than 1,000 headers"
TOO_MANY_VALUES = "1: the entry has more than 200,000 strings, objects and lists"
PAIRS = '{"name":"a"},' * 1000 + '{"name":"b"}'
TOO_MANY_FIELDS = "1: the form of the request has more than 10,000 fields"


@pytest.mark.parametrize(
    ("kind", "data", "wanted"),
    [
        (
            "har",
            har("", ',"headers":[' + '{"name":"a"},' * 1000 + '{"name":"b"}]'),
            TOO_MANY_HEADERS,
        ),
        (
            "har",
            har("", f',"cookies":[{PAIRS}]'),
            "1: there are more than 1,000 cookies",
        ),
        (
            "har",
            har(f',"headers":[{{"name":"Cookie","value":"{"a;" * 140_000}"}}]'),
            "1: the headers have more than 262,144 characters",
        ),
        ("har", har(url=HERE + "&a" * 33_000), "1: the URL of the request has more than 65,536 characters"),
        ("har", har(',"postData":{"params":[' + '{"name":"a"},' * 10_000 + '{"name":"b"}]}'), TOO_MANY_FIELDS),
        ("har", har(f',"postData":{{"text":"{"&a" * 10_000}"}}'), TOO_MANY_FIELDS),
        ("har", har(f',"postData":{{"text":"{"a" * (8 << 20)}b"}}'), "1: the form of the request has more than 8 MiB"),
        ("har", post(MULTIPART, f"--b\r\n{DISPOSITION}=a\r\n\r\n\r\n" * 10_001), TOO_MANY_FIELDS),
        (
            "har",
            post('multipart/form-data; "' + ";" * 160_000, "x"),
            "1: the form of the request cannot be read: its Content-Type has more than 8192 characters",
        ),
        (
            "har",
            post(MULTIPART, f'--b\r\n{DISPOSITION}="' + ";" * 160_000),
            "1: the form of the request cannot be read: the headers of a part have more than 8192 bytes",
        ),
        (
            "har",
            har("", ',"x":[' + "[]," * 200_000 + "1]"),
            "1: the entry has more than 200,000 strings, objects and lists",
        ),
        ("har", har("", ',"x":' + "[" * 90_000 + "]" * 90_000), "1: the entry is nested too deeply"),
        ("json", json_cassette("", ',"headers":{"a":[' + "1," * 1000 + "1]}"), TOO_MANY_HEADERS),
        (
            "json",
            json_cassette("", ',"headers":{' + "".join(f'"a{k}":"",' for k in range(1000)) + '"b":""}'),
            TOO_MANY_HEADERS,
        ),
        ("cassette", b"#" + b"x" * 100_000 + b"\n" + cassette(interaction()), "a value or a comment in the YAML"),
        ("cassette", b"x: " + b"[" * 40 + b"]" * 40 + b"\n" + cassette(interaction()), "nested too deeply"),
        ("cassette", cassette("- " * 40 + "x\n"), "nested too deeply"),
        ("http", http(*["A: b"] * 1001), TOO_MANY_HEADERS),
        (
            "http",
            b"GET /a HTTP/1.1\r\n" + b"A: b\r\n" * 1001 + b"\r\n" + http(),
            TOO_MANY_HEADERS,
        ),
        (
            "json-lines",
            json.dumps({"url": HERE + "&" * 66_000, "body": "OK"}).encode(),
            "1: the URL of the request has more than 65,536 characters",
        ),
    ],
)
def test_what_is_beyond_all_measure_is_refused(kind: str, data: bytes, wanted: str) -> None:
    (found,) = problems(kind, data)
    assert wanted in found


def test_what_is_too_long_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_json, _yaml):
        monkeypatch.setattr(module, "LONGEST", 5000)
    long = "x" * 6000
    good = har(times=2)[len('{"log":{"entries":[') :].decode()
    text = har("", f',"content":{{"text":"{long}"}}').decode().removesuffix("]}}")
    assert problems("har", f"{text},{good}".encode()) == ["1: the entry has more than 5,000 bytes", "2", "3"]
    small = interaction("x: [" + "y," * 100 + "]")
    heavy = "1: the entry takes more than 5,000 bytes, 100 of them for each value"
    assert problems("cassette", cassette(small, interaction())) == [heavy, "2"]
    ending = "a value or a comment in the YAML of the recording has more than 5,000 bytes"
    assert problems("cassette", cassette(interaction(), interaction(f"body: {long * 9}"))) == ["1", ending]
    # The parser reads past the comment before it says that the interaction ends.
    assert problems("cassette", cassette(interaction(), "#" * 60_000)) == [ending]


def test_requests_to_others_are_counted_whatever_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(har("", ',"content":{"text":"?","encoding":"base64"}', times=3))
    validation = validate_recordings([path])
    assert list(validation) == []
    assert validation.summary.skipped == {"x.example": 3}


@pytest.mark.parametrize("length", [2, 60_000])
def test_what_was_asked_is_not_remembered_whole(length: int) -> None:
    """This holds for long forms and URLs, and for many short ones."""

    def work(n: int) -> Callable[[], object]:
        def ask() -> None:
            for number in range(n):
                _check._asked(ELSEWHERE, b"%d=" % number + b"x" * length, None, None, None)

        return ask

    work(600)()
    assert peak(work(1200)) < peak(work(600)) + (1 << 16)


def test_counts_do_not_grow_without_bounds() -> None:
    summary = Summary()
    for number in range(3000):
        other = Summary()
        other.skipped["h" * 1000 + str(number)] += 1
        other.skipped[str(number)] += 1
        other.timeline.add(number % 5, number)
        summary.merge(other)
    assert max(map(len, summary.skipped)) == 255
    assert len(summary.skipped) == 1001
    assert [len(counts) for counts in summary.timeline.buckets.values()] == [101] * 5
    assert sum(counts.total() for counts in summary.timeline.buckets.values()) == 3000
    summary.timeline.add(10**9, 5)
    for number in range(300):
        summary.timeline.add(number * 1000, number)
    assert max(len(counts) for counts in summary.timeline.buckets.values()) <= 101


def test_a_group_of_entries_is_bounded_by_all_that_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_validate, "_BYTES", 20_000)
    for data in (http(*["A: b"] * 900) * 8, b"POST /x HTTP/1.1\r\n\r\n" + b"x" * 30_000 + http()):
        for group in _validate._contents(Tape(io.BytesIO(data)), _tape.Kind.HTTP, Keys()):
            assert isinstance(group, list)
            assert len(group) == 1


@pytest.mark.parametrize("name", ["br", "gzip", "x-gzip", "identity", ""])
def test_the_codings_of_a_body_are_few(name: str) -> None:
    assert content(b"name = A", ",".join([name] * 5)) == (b"name = A", "")
    for times in (6, 100_000):
        with pytest.raises(BrokenError, match="Content-Encoding names more than 5 codings"):
            content(b"name = A", ",".join([name] * times))
    packed = b"name = A"
    for _ in range(5):
        packed = gzip.compress(packed)
    assert content(packed, "gzip,gzip, gzip,gzip,gzip") == (b"name = A", "")
    assert content(brotli.compress(gzip.compress(b"name = A")), "gzip, br") == (b"name = A", "")
