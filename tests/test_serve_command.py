"""`smsc-codec serve`: the fake service as a program of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.request import urlopen

import pytest

from smsc_codec.callbacks import Callback, decode
from smsc_codec.cli import serve
from smsc_codec.cli.main import main

ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]+/sys/\n")
ASKED = "login=me&psw=secret&fmt=1"


@pytest.fixture
def handlers() -> Any:
    """Nothing stays of the handlers of signals."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before


def served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], work: Callable[[str], None], *options: str
) -> int:
    """Run the command in this process, *work* at its address, and end it with a signal."""
    failed: list[BaseException] = []

    def meanwhile() -> None:
        try:
            while not (printed := capsys.readouterr().out):
                time.sleep(0.01)
            assert ADDRESS.fullmatch(printed)
            work(printed.strip())
        except BaseException as error:
            failed.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            # Another one while the first is dealt with changes nothing.
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(serve, "_OFTEN", 0.01)
    thread = threading.Thread(target=meanwhile)
    thread.start()
    status = main(["serve", *options])
    thread.join()
    assert failed == []
    assert capsys.readouterr() == ("", "")
    return status


def test_what_the_account_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], handlers: None
) -> None:
    def work(url: str) -> None:
        def get(path: str) -> bytes:
            with urlopen(f"{url}{path}&{ASKED}") as response:
                body: bytes = response.read()
                return body

        for _ in range(2):
            assert get("send.php?phones=79101112233&mes=hi&cost=3").endswith((b",1,2,8", b",1,2,6"))
        assert get("senders.php?get=1") == b"SHOP,1\nSALE,2"
        assert get("receive_phones.php?chg=1&phone=79990001122") == b"OK"

    options = ("--login=me", "--password=secret", "--balance=10", "--price=2", "--sender=SHOP", "--sender=SALE")
    more = ("--receive-phone=79990001122", "--no-limits")
    assert served(monkeypatch, capsys, work, *options, *more) == 0


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        calls.append(decode(body, query=self.path.partition("?")[2]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *given: object) -> None:
        """Say nothing."""


calls: list[Callback] = []


def test_the_client_is_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], handlers: None
) -> None:
    def work(url: str) -> None:
        with urlopen(f"{url}send.php?phones=12&mes=hi&{ASKED}") as response:
            assert response.read() == b"1,-7"
        while not calls:
            time.sleep(0.01)

    with HTTPServer(("127.0.0.1", 0), _Handler) as client:
        thread = threading.Thread(target=client.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{client.server_port}/smsc?charset=utf-8&sha1=1"
        options = ("--login=me", "--password=secret", "--callback", address, "--secret", "a secret")
        assert served(monkeypatch, capsys, work, *options) == 0
        client.shutdown()
        thread.join()
    assert calls[0].verify("a secret") and calls[0].phone == "12"


def test_as_a_program() -> None:
    command = [sys.executable, "-W", "error", "-m", "smsc_codec", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert ADDRESS.fullmatch(program.stdout.readline())
        program.send_signal(signal.SIGINT)
        assert program.communicate(timeout=60) == ("", "") and program.returncode == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--balance", "x"], "balance has to be an amount"),
        (["--sender", ""], "senders[0].name: expected a name"),
        (["--callback", "http://example.com/"], "callback_url has to be an address on this machine"),
        (["--port", "65536"], "argument --port: has to be a whole number from 0 to 65535, not '65536'"),
        (["--port", "x"], "argument --port: has to be a whole number from 0 to 65535, not 'x'"),
        (["file"], "unrecognized arguments: file"),
    ],
    ids=str,
)
def test_wrong_usage(options: list[str], words: str, capsys: pytest.CaptureFixture[str], handlers: None) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", *options])
    assert caught.value.code == 2 and words in capsys.readouterr().err


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str], handlers: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 3
    words = f"port {port} of 127.0.0.1; choose another, or 0 for any that is free\n"
    said = capsys.readouterr().err
    assert said.startswith("smsc-codec: cannot go on: ") and said.endswith(words)
