"""Sends bytes to the fake `senders.php`: requests that two readers could understand differently, and noise."""

from __future__ import annotations

import http.client
import io
import random
import socket
import string
import time
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc_codec import SenderList, SmscCodecError, decode
from smsc_codec._multipart import FormError
from smsc_codec.endpoints.senders import CODEC
from smsc_codec.testing import FakeSenders
from smsc_codec.testing._head import Head, RefusedError, read_head
from smsc_codec.testing._request import read_form

from .asking import ask

PATH = b"/sys/senders.php"
ASK = b"?get=1&fmt=1&apikey=demo-key"
GET = b"GET " + PATH + ASK + b" HTTP/1.1\r\n"
POST = b"POST " + PATH + b" HTTP/1.1\r\n"
FORM = b"get=1&fmt=1&apikey=demo-key"
# A body that would hide a request.
HIDDEN = GET + b"X-Hidden: 1\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeSenders]:
    with FakeSenders(["SHOP"], rate_limits=False) as server:
        yield server


def exchange(server: FakeSenders, sent: bytes, pieces: int = 1) -> list[http.client.HTTPResponse]:
    """Return the responses to the bytes *sent*, each read whole, until the server closes or sends nothing more."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=20) as connection:
        size = len(sent) // pieces + 1
        for start in range(0, len(sent), size):
            try:
                connection.sendall(sent[start : start + size])
            except OSError:  # the server has closed before everything was sent
                break
        connection.shutdown(socket.SHUT_WR)
        received = connection.makefile("rb").read()
    return list(responses(received))


class _Sock:
    def __init__(self, file: io.BytesIO) -> None:
        self.file = file

    def makefile(self, *_: object) -> io.BytesIO:
        return self.file


class _Kept(io.BytesIO):
    def close(self) -> None:
        """Stay open for the next response."""


def responses(received: bytes) -> Iterator[http.client.HTTPResponse]:
    file = _Kept(received)
    while file.tell() < len(received):
        response = http.client.HTTPResponse(_Sock(file))  # type: ignore[arg-type]
        response.begin()
        response.body = response.read()  # type: ignore[attr-defined]
        yield response


def statuses(server: FakeSenders, sent: bytes, pieces: int = 1) -> list[int]:
    return [response.status for response in exchange(server, sent, pieces)]


def length(size: object) -> bytes:
    return f"Content-Length: {size}\r\n".encode("latin-1")


SIZE = length(len(FORM))
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(FORM), FORM)

REFUSED = {
    "two lengths": (POST + length(5) + SIZE + b"\r\n" + FORM, 400),
    "two equal lengths": (POST + SIZE + SIZE + b"\r\n" + FORM, 400),
    "two lengths in another case": (POST + SIZE + SIZE.lower() + b"\r\n" + FORM, 400),
    "two lengths with others between": (POST + SIZE + b"Accept: x\r\n" + SIZE + b"\r\n" + FORM, 400),
    "a list of lengths": (POST + length("5, 5") + b"\r\n" + FORM, 400),
    "a sign": (POST + length("+5") + b"\r\n" + FORM, 400),
    "a negative length": (POST + length("-1") + b"\r\n" + FORM, 400),
    "a space inside": (POST + length("2 7") + b"\r\n" + FORM, 400),
    "an underscore in a number": (POST + length("2_7") + b"\r\n" + FORM, 400),
    "a hexadecimal length": (POST + length("0x1b") + b"\r\n" + FORM, 400),
    "other digits": (POST + "Content-Length: \xb2\r\n".encode("latin-1") + b"\r\n" + FORM, 400),
    "no number": (POST + length("") + b"\r\n" + FORM, 400),
    "a length behind a vertical tab": (POST + length("\x0b27") + b"\r\n" + FORM, 400),
    "a length that is too large": (POST + length(10**8) + b"\r\n" + FORM, 413),
    "a space before the colon": (POST + b"Content-Length : 27\r\n\r\n" + FORM, 400),
    "a tab before the colon": (POST + b"Content-Length\t: 27\r\n\r\n" + FORM, 400),
    "an underscore in the name": (POST + b"Content_Length: 27\r\n\r\n" + FORM, 400),
    "chunks": (POST + CHUNKED + b"\r\n" + CHUNKS, 411),
    "chunks in capitals": (POST + CHUNKED.upper().replace(b"\r\n", b"") + b"\r\n\r\n" + CHUNKS, 411),
    "chunks by another name": (POST + b"transfer-encoding:\tgzip, identity\r\n\r\n" + CHUNKS, 411),
    "chunks with a space before the colon": (POST + b"Transfer-Encoding : chunked\r\n" + SIZE + b"\r\n" + CHUNKS, 400),
    "chunks with an underscore": (POST + b"Transfer_Encoding: chunked\r\n" + SIZE + b"\r\n" + CHUNKS, 400),
    "chunks and a length": (POST + CHUNKED + SIZE + b"\r\n" + CHUNKS, 400),
    "a length and chunks": (POST + SIZE + CHUNKED + b"\r\n" + CHUNKS, 400),
    "chunks twice": (POST + CHUNKED + CHUNKED + b"\r\n" + CHUNKS, 411),
    "chunks of a GET": (GET + CHUNKED + b"\r\n" + CHUNKS, 411),
    "a folded header": (POST + b"X-Note: a\r\n b\r\n" + SIZE + b"\r\n" + FORM, 400),
    "a folded length": (POST + b"Content-Length:\r\n 27\r\n\r\n" + FORM, 400),
    "a first header that is folded": (POST + b" Content-Length: 27\r\n\r\n" + FORM, 400),
    "a header without a colon": (POST + b"Content-Length 27\r\n\r\n" + FORM, 400),
    "a header without a name": (POST + b": 27\r\n\r\n" + FORM, 400),
    "a NUL in a name": (POST + b"Content\0-Length: 27\r\n\r\n" + FORM, 400),
    "a NUL in a value": (POST + b"X: a\0b\r\n" + SIZE + b"\r\n" + FORM, 400),
    "a carriage return in a value": (POST + b"X: a\rContent-Length: 5\r\n" + SIZE + b"\r\n" + FORM, 400),
    "a carriage return too many": (POST + b"X: a\r\r\n" + SIZE + b"\r\n" + FORM, 400),
    "two types": (POST + SIZE + b"Content-Type: a\r\ncontent-type: b\r\n\r\n" + FORM, 400),
    "two hosts": (POST + SIZE + b"Host: a\r\nHost: b\r\n\r\n" + FORM, 400),
    "too many headers": (POST + b"X: y\r\n" * 101 + SIZE + b"\r\n" + FORM, 431),
    "a header that is too long": (POST + b"X: " + b"y" * 70_000 + b"\r\n" + SIZE + b"\r\n" + FORM, 431),
    "headers that are too long together": (POST + (b"X: " + b"y" * 10_000 + b"\r\n") * 9 + b"\r\n" + FORM, 431),
    "a header that does not end": (POST + b"X: " + b"y" * 200_000, 431),
    "a line that is too long": (b"GET " + PATH + b"?x=" + b"y" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    "a line that does not end": (b"G" * 200_000, 414),
    "HTTP/0.9": (b"GET " + PATH + ASK + b"\r\n", 400),
    "HTTP/0.9 with a version": (GET.replace(b"1.1", b"0.9") + b"\r\n", 505),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/10.1": (GET.replace(b"1.1", b"10.1") + b"\r\n", 400),
    "a version of letters": (GET.replace(b"1.1", b"1.x") + b"\r\n", 400),
    "a version in small letters": (GET.replace(b"HTTP", b"http") + b"\r\n", 400),
    "four words": (GET.replace(b"fmt=1", b"fmt=1 x") + b"\r\n", 400),
    "two spaces": (GET.replace(b" ", b"  ") + b"\r\n", 400),
    "tabs": (GET.replace(b" ", b"\t") + b"\r\n", 400),
    "a NUL in the path": (GET.replace(PATH, PATH + b"\0") + b"\r\n", 400),
    "an escape in the query": (GET.replace(b"fmt=1", b"fmt=\x1b") + b"\r\n", 400),
    "one word": (b"hello\r\n\r\n", 400),
    "TLS": (bytes.fromhex("16030100c8010000c40303"), 400),
    "another protocol": (b"\x00\x00\x00\x08\x04\xd2\x16/", 400),
    "two empty lines": (b"\r\n\r\n" + GET + b"\r\n", 400),
    "no address": (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
    "another path": (b"GET /sys/balance.php HTTP/1.1\r\n\r\n", 404),
    "a path that ends in a NUL": (GET.replace(PATH, PATH + b"%00") + b"\r\n", 404),
    "no path": (b"OPTIONS * HTTP/1.1\r\n\r\n", 501),
    "an expectation": (POST + SIZE + b"Expect: 200-ok\r\n\r\n" + FORM, 417),
    "two expectations": (POST + SIZE + b"Expect: 100-continue\r\nExpect: x\r\n\r\n" + FORM, 417),
    **{
        f"the method {method}": (POST.replace(b"POST", method.encode()) + SIZE + b"\r\n" + FORM, 501)
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "do_GET", "X__class__")
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(server: FakeSenders, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    sent, status = REFUSED[name]
    before = server.requests
    (response,) = exchange(server, sent + HIDDEN)
    assert response.status == status
    assert response.getheader("Connection") == "close"
    body = response.body  # type: ignore[attr-defined]
    assert body.startswith(b"<html>") and body.isascii() and FORM not in body and b"demo-key" not in body
    with pytest.raises(SmscCodecError):
        decode(body, fmt=2)
    assert server.requests == before, "nothing behind it is read as a request"
    assert ask(server, get=1) == decode(b"name = SHOP, id = 1", fmt=0)
    assert capfd.readouterr() == ("", "")


def test_a_head_has_no_body(server: FakeSenders) -> None:
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(GET.replace(b"GET", b"HEAD") + b"\r\n")
        received = connection.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 501 ") and received.endswith(b"\r\n\r\n")


TWO = GET + b"Connection: close\r\n\r\n"
ACCEPTED = {
    "a query": (GET + b"\r\n" + TWO, [200, 200]),
    "a form": (POST + SIZE + b"\r\n" + FORM + TWO, [200, 200]),
    "spaces around the length": (POST + length(f" \t {len(FORM)} \t") + b"\r\n" + FORM + TWO, [200, 200]),
    "zeros before the length": (POST + length(f"0000{len(FORM)}") + b"\r\n" + FORM + TWO, [200, 200]),
    "no length and no body": (POST.replace(PATH, PATH + ASK) + b"\r\n", [200]),
    "no length and a body": (POST.replace(PATH, PATH + ASK) + b"\r\n" + HIDDEN, [200]),
    "a length of none": (POST.replace(PATH, PATH + ASK) + length(0) + b"\r\n" + TWO, [200, 200]),
    "a line end behind the body": (POST + SIZE + b"\r\n" + FORM + b"\r\n" + TWO, [200, 200]),
    "more than the length": (POST + SIZE + b"\r\n" + FORM + b"&cmt=x" + HIDDEN, [200, 400]),
    "less than the length": (POST + length(len(FORM) + 1) + b"\r\n" + FORM, []),
    "no end of the head": (POST + SIZE, []),
    "no end of the line": (POST.strip(), []),
    "nothing": (b"", []),
    "an empty line": (b"\r\n", []),
    "lines that end in a line feed": (GET.replace(b"\r", b"") + b"X: y\n\n", [200]),
    "a percent-encoded path": (GET.replace(PATH, b"/%73ys/senders%2Ephp") + b"\r\n", [200]),
    "all of the path percent-encoded": (
        GET.replace(PATH, "".join(f"%{c:02x}" for c in PATH).encode()) + b"\r\n",
        [200],
    ),
    "an address": (GET.replace(PATH, b"http://example.org" + PATH) + b"\r\n", [200]),
    "bytes in the query": (GET.replace(ASK, ASK + b"&cmt=\xff\xfe") + b"\r\n", [200]),
    "HTTP/1.0": (GET.replace(b"1.1", b"1.0") + b"\r\n" + HIDDEN, [200]),
    "HTTP/1.0 that wants to stay": (GET.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n\r\n" + HIDDEN, [200]),
    "HTTP/1.9": (GET.replace(b"1.1", b"1.9") + b"\r\n", [200]),
    "a close among others": (GET + b"Connection: x, Close\r\nConnection: y\r\n\r\n" + HIDDEN, [200]),
    "many headers": (GET + b"X: y\r\n" * 100 + b"\r\n", [200]),
    "bytes in a header": (GET + b"X: \xff\t \x80\r\nX_Y: z\r\n\r\n", [200]),
}


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("pieces", [1, 7])
def test_answered(server: FakeSenders, name: str, pieces: int, capfd: pytest.CaptureFixture[str]) -> None:
    sent, expected = ACCEPTED[name]
    before = len(server.requests)
    assert statuses(server, sent, pieces) == expected
    assert len(server.requests) - before == expected.count(200)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("value", [b"100-continue", b"100-Continue"])
def test_a_client_that_waits_for_a_word(server: FakeSenders, value: bytes) -> None:
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    for version, head, word in (
        (b"1.1", POST + SIZE + b"Expect: " + value + b"\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"1.0", POST + SIZE + b"Expect: " + value + b"\r\n\r\n", b""),
        (b"1.1", POST.replace(b"POST", b"PUT") + SIZE + b"Expect: " + value + b"\r\n\r\n", None),
    ):
        with socket.create_connection((host, port), timeout=20) as connection:
            connection.sendall(head.replace(b"HTTP/1.1", b"HTTP/" + version))
            file = connection.makefile("rb")
            if word is None:
                assert file.readline() == b"HTTP/1.1 501 Not Implemented\r\n"
                continue
            assert file.read(len(word)) == word
            connection.sendall(FORM)
            connection.shutdown(socket.SHUT_WR)
            assert file.read().startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_answer_that_has_no_body(server: FakeSenders) -> None:
    for status in (204, 304):
        server.misbehave(status=status)
        assert statuses(server, GET + b"\r\n" + TWO) == [status, 200]


def test_a_client_that_stays_is_not_waited_for_long(server: FakeSenders) -> None:
    """The server closes its end at once, and the thread goes on when the client has sent nothing for a while."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert b" 400 " in connection.makefile("rb").read()
        http = server._http
        assert http is not None
        while http._open:  # the suite's own timeout ends a server that waits for ever
            time.sleep(0.01)


def test_a_client_that_does_not_stop_is_not_heard_for_ever(server: FakeSenders) -> None:
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port

    def shout(connection: socket.socket) -> None:
        connection.sendall(b"hello\r\n\r\n")
        while True:
            connection.sendall(b"x" * 1000)
            time.sleep(0.01)

    with socket.create_connection((host, port), timeout=20) as connection, pytest.raises(OSError, match=r"reset|pipe"):
        shout(connection)


def test_the_block_can_be_left_while_a_client_is_refused() -> None:
    with FakeSenders() as server:
        host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
        connection = socket.create_connection((host, port), timeout=20)
        connection.sendall(b"hello\r\n\r\n")
        assert b" 400 " in connection.makefile("rb").readline()
    connection.close()


# Any bytes

PARTS = [request for request, _ in (*REFUSED.values(), *ACCEPTED.values()) if len(request) < 5000]
WORDS = [b"GET", b"POST", b" ", b"\r\n", b"\n", b"\r", b":", PATH, ASK, b"HTTP/1.1", b"HTTP/1.0", SIZE, CHUNKED, FORM]
WORDS += [b"\0", b"\xff", b"%", b"%ff", b"[", b"@", b"Expect: 100-continue\r\n", b"Connection: close\r\n", HIDDEN]
WORDS += [
    b"Content-Type: multipart/form-data; boundary=a\r\n",
    b"charset=utf-8&",
    b"--a\r\n",
    b"&;=+%00",
    b"Host: x\r\n",
]


def noise(seed: int) -> bytes:
    """Return a damaged request, or words of requests in any order, or random bytes."""
    chance = random.Random(seed)
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return b"".join(chance.choices(WORDS, k=chance.randrange(1, 30)))
    sent = bytearray(chance.choice(PARTS))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(sent) + 1)
        change = chance.randrange(3)
        if change == 0:
            sent[at:at] = chance.choice(WORDS)
        elif change == 1:
            del sent[at : at + chance.randrange(1, 20)]
        else:
            sent[at : at + 1] = chance.randbytes(1)
    return bytes(sent)


def test_no_bytes_disturb_the_server(server: FakeSenders, capfd: pytest.CaptureFixture[str]) -> None:
    for seed in range(600):
        sent = noise(seed)
        answers = exchange(server, sent, 1 + seed % 3)
        assert {response.status for response in answers} <= {100, 200, 400, 404, 411, 413, 414, 417, 431, 501, 505}, (
            sent
        )
        # The server does not answer anything after a refusal.
        assert all(response.status in (100, 200) for response in answers[:-1]), sent
    assert isinstance(ask(server, get=1), SenderList)
    assert capfd.readouterr() == ("", "")


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(WORDS), max_size=30).map(b"".join)))
def test_any_bytes_are_a_head_or_refused(sent: bytes) -> None:
    file = io.BufferedReader(io.BytesIO(sent))
    try:
        head = read_head(file)
    except RefusedError as error:
        assert 400 <= error.status <= 505 and str(error).isascii()
        return
    if head is not None:
        assert head.method.isascii() and 0 <= head.length < 10**8
        assert head.target and not set(head.target) & set(string.whitespace + "\0")
        assert all(end in sent for end in (b"HTTP/1.", b"\n"))


def test_what_a_head_says() -> None:
    def read(sent: bytes) -> Head | None:
        return read_head(io.BufferedReader(io.BytesIO(sent)))

    assert read(GET + b"\r\n") == Head("GET", (PATH + ASK).decode(), "", 0, True, False)
    assert read(POST + SIZE + b"Content-Type: x\r\nExpect: 100-continue\r\n\r\n") == Head(
        "POST", PATH.decode(), "x", len(FORM), True, True
    )
    assert read(POST + b"\r\n") == Head("POST", PATH.decode(), "", 0, False, False)
    assert read(GET.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\n\r\n") == Head(
        "GET", (PATH + ASK).decode(), "", 0, False, False
    )


def test_the_head_has_a_longest() -> None:
    def read(size: int) -> Head | None:
        line = b"GET / HTTP/1.1\r\n"
        return read_head(io.BufferedReader(io.BytesIO(line + b"X: ".ljust(size - len(line) - 4, b"y") + b"\r\n\r\n")))

    assert read(65_500) is not None
    with pytest.raises(RefusedError) as caught:
        read(65_600)
    assert caught.value.status == 431


FIELDS = st.sampled_from(["get", "fmt", "charset", "login", "psw", "apikey", "sender", "cmt", "id", "cnt", "%00", "["])
QUERIES = st.lists(st.tuples(FIELDS | st.text(max_size=5), st.text(max_size=8) | st.sampled_from("01239"))).map(
    lambda pairs: "&".join(f"{name}={quote(value, errors='replace')}" for name, value in pairs)
)
LATIN = st.text(st.characters(max_codepoint=255))


@given(LATIN | QUERIES.filter(lambda text: text.isascii()), LATIN | st.just("multipart/form-data"), st.binary())
def test_any_form_can_be_read(query: str, content_type: str, body: bytes) -> None:
    try:
        form = read_form(query, content_type, body)
    except FormError as error:
        assert content_type.startswith("multipart/form-data") and str(error)
        return
    assert not {"login", "psw", "apikey"} & form.parameters.keys()
    assert {"login", "psw", "apikey"} >= form.credentials.keys()
    assert form.command(CODEC.endpoint) in (None, "get", "add", "chg", "send_code", "check_code", "del")
    server = FakeSenders(rate_limits=False)
    answer, _ = server._respond("POST", form)
    assert answer.status in (200, 500) and len(server.requests) == 1
