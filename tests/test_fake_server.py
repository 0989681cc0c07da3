"""The fake `senders.php` as a server: its misbehaviour, its clean-up, and the fixture."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from smsc_codec import (
    DecodeError,
    Format,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    decode,
)
from smsc_codec.testing import FakeSenders

from .asking import PHONE, ask, get, refused


@pytest.fixture
def server() -> Iterator[FakeSenders]:
    with FakeSenders([Sender("SMSC.RU", 5), Sender("R&B", 6), PHONE]) as server:
        yield server


def test_what_is_not_the_service(server: FakeSenders, capfd: pytest.CaptureFixture[str]) -> None:
    for path, method, headers, status in (
        ("/sys/balance.php", "GET", {}, 404),
        ("ftp://[", "GET", {}, 400),
        ("/sys/senders.php", "POST", {"Transfer-Encoding": "chunked"}, 411),
        ("/sys/senders.php", "POST", {"Content-Length": "x"}, 400),
        ("/sys/senders.php", "POST", {"Content-Length": "²"}, 400),
        ("/sys/senders.php", "POST", {"Content-Length": "9" * 5000}, 413),
        ("/sys/senders.php", "POST", {"Content-Length": "9" * 18}, 413),
        ("/sys/senders.php", "PUT", {}, 501),
    ):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.putrequest(method, path)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        assert response.status == status
        with pytest.raises(DecodeError):
            decode(response.read(), fmt=2)
        connection.close()
    assert server.requests == ()
    assert capfd.readouterr() == ("", "")


def test_an_answer_that_cannot_be_written_says_why(server: FakeSenders) -> None:
    server.senders = ["A,B"]
    with pytest.raises(HTTPError) as caught:
        get(server, get=1, fmt=1)
    with caught.value as response:
        assert response.code == 500
        assert response.read().startswith(b"FakeSenders cannot answer with fmt=1: senders[0].name: ")


# Misbehaviour


@pytest.mark.parametrize("code", [*SenderError, 15, 100])
@pytest.mark.parametrize("fmt", Format)
def test_any_error_on_demand(server: FakeSenders, code: int, fmt: Format) -> None:
    server.misbehave(error=code)
    assert refused(server, add=1, sender="SHOP", cmt="x", fmt=fmt) == code
    assert [sender.name for sender in server.senders] == ["SMSC.RU", "R&B", PHONE], "nothing was done"
    assert ask(server, add=1, sender="SHOP", cmt="x", fmt=fmt) == SenderCreated(8), "it was one request"


def test_an_error_with_words_of_its_own(server: FakeSenders) -> None:
    server.misbehave(error=4, description="go away (now)", plain=True)
    assert get(server, get=1, fmt=3)[0] == b"ERROR = 4 (go away (now))"


def test_answers_as_text(server: FakeSenders) -> None:
    server.misbehave(plain=True, times=2)
    assert get(server, chg=1, id=5, cmt="x", fmt=3) == (b"OK", "application/json; charset=windows-1251")
    assert get(server, chg=1, id=0, cmt="x", fmt=2)[0] == b"ERROR = 3 (record not found)"
    assert get(server, chg=1, id=5, cmt="x", fmt=2)[0] == b"<result>OK</result>"


def test_until_told_otherwise(server: FakeSenders) -> None:
    server.misbehave(body=b"", times=None)
    server.misbehave(body=b"<html>bad gateway</html>")
    assert get(server, get=1)[0] == b"<html>bad gateway</html>"
    assert [get(server, get=1)[0] for _ in range(4)] == [b""] * 4
    server.misbehave(error=9)
    server.behave()
    assert get(server, get=1, fmt=2)[0].startswith(b"<senders>")


def test_a_status_of_a_proxy(server: FakeSenders) -> None:
    server.misbehave(body=b"<html>bad gateway</html>", status=502)
    with pytest.raises(HTTPError) as caught:
        get(server, get=1)
    with caught.value as response:
        assert (response.code, response.read()) == (502, b"<html>bad gateway</html>")


def test_a_request_that_is_lost(server: FakeSenders) -> None:
    server.misbehave(status=429, body=b"<html>wait</html>", retry_after=30, lost=True)
    with pytest.raises(HTTPError) as caught:
        get(server, add=1, sender="SHOP", cmt="x")
    with caught.value as response:
        assert (response.code, response.headers["Retry-After"]) == (429, "30")
        assert response.read() == b"<html>wait</html>"
    server.misbehave(lost=True)
    assert get(server, add=1, sender="SHOP", cmt="x")[0] == b""
    server.misbehave(lost=True, disconnect=True)
    with pytest.raises(http.client.IncompleteRead):
        get(server, add=1, sender="SHOP", cmt="x")
    assert [request.reply for request in server.requests] == [None] * 3
    assert [sender.name for sender in server.senders] == ["SMSC.RU", "R&B", PHONE]


def test_cut_in_the_middle(server: FakeSenders) -> None:
    whole, _ = get(server, get=1, fmt=3)
    server.misbehave(cut=True)
    assert get(server, get=1, fmt=3)[0] == whole[: len(whole) // 2]


@pytest.mark.parametrize("senders", [["A"], []])
def test_disconnected_in_the_middle(server: FakeSenders, senders: list[str]) -> None:
    server.senders = senders
    server.misbehave(disconnect=True)
    with pytest.raises(http.client.IncompleteRead):
        get(server, get=1)


@pytest.mark.parametrize("charset", ["koi8-r", "utf-16"])
def test_a_wrong_charset(server: FakeSenders, charset: str) -> None:
    server.senders = ["Имя"]
    server.misbehave(charset=charset)
    assert get(server, get=1) == ("name = Имя, id = 1".encode(charset), "text/plain; charset=windows-1251")


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"charset": "klingon"}, ValueError, "charset has to be one that Python can write, not 'klingon'"),
        ({"charset": "rot13"}, ValueError, "charset has to be one that Python can write, not 'rot13'"),
        ({"charset": "hex"}, ValueError, "charset has to be one that Python can write, not 'hex'"),
        ({"charset": "idna"}, ValueError, "charset has to be one that Python can write, not 'idna'"),
        ({"charset": "\0"}, ValueError, "charset has to be one that Python can write, not "),
        ({"charset": 1251}, TypeError, "charset has to be a string, not 1251"),
        ({"body": "text"}, TypeError, "body has to be bytes, not 'text'"),
        ({"status": "200"}, TypeError, "status has to be a whole number, not '200'"),
        ({"status": True}, TypeError, "status has to be a whole number, not True"),
        ({"status": 199}, ValueError, "status has to be from 200 to 999, not 199"),
        ({"status": 1000}, ValueError, "status has to be from 200 to 999, not 1000"),
        ({"retry_after": "1"}, TypeError, "retry_after has to be a whole number, not '1'"),
        ({"retry_after": -1}, ValueError, "retry_after has to be from 0 to 999999999999999999, not -1"),
        ({"delay": "1"}, TypeError, "delay has to be a number of seconds, not '1'"),
        ({"delay": True}, TypeError, "delay has to be a number of seconds, not True"),
        ({"delay": -1}, ValueError, "delay has to be from 0 to "),
        ({"delay": float("inf")}, ValueError, "delay has to be from 0 to "),
        ({"delay": float("nan")}, ValueError, "delay has to be from 0 to "),
        ({"times": -1}, ValueError, "times has to be from 0 to 1000000, not -1"),
        ({"times": 10**9}, ValueError, "times has to be from 0 to 1000000, not 1000000000"),
        ({"times": 1.5}, TypeError, "times has to be a whole number, not 1.5"),
        ({"error": -1}, ValueError, "error has to be from 0 to 999999999999999999, not -1"),
        ({"error": 1, "description": b"x"}, TypeError, "description has to be a string, not b'x'"),
        ({"description": 5}, TypeError, "description has to be a string, not 5"),
        *(
            ({switch: odd}, TypeError, f"{switch} has to be True or False, not ")
            for switch in ("plain", "cut", "disconnect", "lost")
            for odd in (1, None, "no", MagicMock())
        ),
        ({"times": MagicMock(spec=int)}, TypeError, "times has to be a whole number, not "),
        ({"delay": MagicMock(spec=float)}, TypeError, "delay has to be a number of seconds, not "),
    ],
    ids=lambda value: re.sub(r" id=.[0-9]+.", "", str(value)),
)
def test_misbehaviour_that_cannot_be(
    server: FakeSenders, wrong: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        server.misbehave(**wrong)
    assert isinstance(ask(server, get=1), SenderList), "nothing is spoiled"


def test_the_bounds_of_misbehaviour(server: FakeSenders) -> None:
    server.misbehave(status=502, times=0)
    server.misbehave(status=HTTPStatus.OK, delay=0)
    assert isinstance(ask(server, get=1), SenderList)
    server.misbehave(status=999)
    with pytest.raises(HTTPError) as caught:
        get(server, get=1)
    with caught.value as response:
        assert response.code == 999


def test_slow(server: FakeSenders) -> None:
    server.misbehave(delay=60, times=None)
    with pytest.raises(TimeoutError), urlopen(f"{server.url}?get=1&apikey=demo-key", timeout=0.05) as response:
        response.read()
    server.behave()
    server.misbehave(delay=0.01)
    assert isinstance(ask(server, get=1), SenderList)


# Clean-up


def test_nothing_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())
    with FakeSenders() as server:
        port = urlsplit(server.url).port or 0
        # An idle connection, one that waits for a late answer, one in the middle of a request, and a closed one.
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
        request = b"GET /sys/senders.php?get=1&apikey=demo-key HTTP/1.1\r\nHost: x\r\n\r\n"
        server.misbehave(delay=600)
        connections[1].sendall(request)
        while not server.requests:
            time.sleep(0.001)
        connections[2].sendall(b"POST /sys/senders.php HTTP/1.1\r\nContent-Length: 9\r\n\r\nget=1")
        connections[3].sendall(request)
        connections.pop().close()
        get(server, get=1, fmt=1)
    assert [request.command for request in server.requests].count("get") in (2, 3), "not the one that is not whole"
    assert all(request.method == "GET" for request in server.requests)
    assert set(threading.enumerate()) == before
    for connection in connections:
        connection.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))
    assert capfd.readouterr() == ("", "")


def test_a_block_that_is_never_left_does_not_keep_the_interpreter() -> None:
    """This happens in a console, or if a test runner dies between a fixture and its end."""
    program = (
        "import http.client\n"
        "from smsc_codec.testing import FakeSenders, FakeSmsc\n"
        "left = [FakeSmsc(), FakeSenders()]\n"
        "for service in left:\n"
        "    service.__enter__()\n"
        "service.misbehave(delay=600)\n"
        "idle, waiting = (http.client.HTTPConnection(service.url.split('/')[2]) for service in left)\n"
        "idle.request('GET', '/')\n"
        "idle.getresponse().read()\n"
        "waiting.request('GET', '/sys/senders.php')\n"
        "while not service.requests:\n"
        "    pass\n"
        "print('the end', flush=True)\n"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "the end\n", "")


def test_threads_of_connections_that_are_gone_are_forgotten() -> None:
    with FakeSenders(rate_limits=False) as server:
        for _ in range(50):
            get(server, get=1)
        http_server = server._http
        assert http_server is not None and len(http_server._workers) < 25


def test_inside_and_outside_of_the_block() -> None:
    server = FakeSenders(["A"])
    assert repr(server) == "<FakeSenders with 1 names>"
    with pytest.raises(RuntimeError, match="inside of its with block"):
        server.url  # noqa: B018
    for _ in range(2):
        with server:
            assert urlsplit(server.url).hostname == "127.0.0.1" and server.url.endswith("/sys/senders.php")
            assert repr(server) == f"<FakeSenders with 1 names at {server.url}>"
            with pytest.raises(RuntimeError, match="runs already"):
                server.__enter__()
            assert ask(server, get=1) == SenderList((Sender("A", 1),))
    server.__exit__(None, None, None)


def test_many_at_once() -> None:
    with FakeSenders(rate_limits=False) as server, ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda number: ask(server, add=1, sender=f"N{number}", cmt="x"), range(64)))
        assert {reply.id for reply in replies if isinstance(reply, SenderCreated)} == set(range(1, 65))
        assert len(server.senders) == len(server.requests) == 64


# The plugin


def test_the_fixture(fake_senders: FakeSenders) -> None:
    fake_senders.senders = ["SHOP"]
    assert ask(fake_senders, get=1) == SenderList((Sender("SHOP", 1),))


def test_the_plugin_imports_the_server_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "assert {'smsc_codec', 'smsc_codec._pytest_plugin'} <= {*sys.modules}\n"
        "assert not {'smsc_codec.testing', 'http.server', 'lark', 'defusedxml', 'hypothesis'} & {*sys.modules}\n"
        "def test_it(fake_senders):\n"
        "    assert fake_senders.url.startswith('http://127.0.0.1:')\n"
        "    assert 'hypothesis' not in sys.modules\n"
    )
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:cacheprovider",
        ".",
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert "1 passed" in run.stdout, run.stdout + run.stderr
