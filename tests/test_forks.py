"""A process that forks while other threads are busy: the child can do all that the parent can."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsc_codec import Sender, SenderList, Success, _loading, decode
from smsc_codec._loading import Loading
from smsc_codec.testing import FakeSenders
from smsc_codec.testing._account import _renew_locks

from .asking import ask

ROOT = Path(__file__).parent.parent
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

# From Python 3.12 on a fork with threads has a DeprecationWarning, rightly: this is what is tried.
BEGIN = """
import os, signal, sys, threading, time, warnings
warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
import smsc_codec
from smsc_codec import _loading

GOOD = ("OK", "OK", "<result>OK</result>", '{"result": "OK"}')

def use():
    for fmt, body in enumerate(GOOD):
        reply = smsc_codec.decode(body, fmt=fmt)
        assert smsc_codec.decode(smsc_codec.encode(reply, fmt=fmt), fmt=fmt) == reply
        assert smsc_codec.validate(body + "?", fmt=fmt).reply is None
        try:
            smsc_codec.decode("psw=secret", fmt=fmt, expect=smsc_codec.SenderList, strict=True)
        except smsc_codec.DecodeError as error:
            assert "secret" not in str(error)
    assert smsc_codec.from_json(smsc_codec.to_json(reply)) == reply
    assert smsc_codec.Query.from_url("?fmt=3&chg=1").decode(body) == reply
    smsc_codec.decode_response

def forked(work):
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # a child that waits for ever ends by this
        try:
            work()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, f"the child ended with {status}"
    return time.monotonic() - begin
"""


def run(script: str, *arguments: str) -> None:
    # What measures coverage has locks of its own, which a fork takes no care of.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", BEGIN + script, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")


# Modules that are half imported while another thread imports these.
PLACES = ["smsc_codec.formats.reader", "lark.lexer", "xml.parsers.expat", "smsc_codec.query"]


def test_whatever_is_imported_late_is_imported_by_one_thread_at_a_time() -> None:
    """And so never while the process forks."""
    script = """
class Watched:
    names = set()
    def find_spec(self, name, path=None, target=None):
        def take():
            if _loading.LOADING._lock.acquire(blocking=False):
                _loading.LOADING._lock.release()
                print(name, "is imported, and another thread could fork", file=sys.stderr)
        self.names.add(name)
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()

watched = Watched()
sys.meta_path.insert(0, watched)
use()
sys.meta_path.remove(watched)
assert {"smsc_codec.formats.reader", "lark.lexer", "xml.parsers.expat", "orjson", "smsc_codec.query"} <= Watched.names
"""
    run(script)


@needs_fork
@pytest.mark.parametrize("place", PLACES)
def test_a_fork_while_another_thread_imports(place: str) -> None:
    script = """
class Slow:
    inside = threading.Event()
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1] and not self.inside.is_set():
            self.inside.set()
            time.sleep(0.15)

sys.meta_path.insert(0, Slow())
_loading._PATIENCE = 100
thread = threading.Thread(target=use, daemon=True)
thread.start()
assert Slow.inside.wait(10), "nobody imports it"
forked(use)
thread.join()
use()
"""
    run(script, place)


@needs_fork
def test_a_fork_while_another_thread_asks_for_a_logger() -> None:
    """`logging` takes its lock for a fork too; imported after us, it would take it first."""
    script = """
import logging
real = logging.getLogger

def slow(*given):
    inside.set()
    time.sleep(0.15)
    return real(*given)

inside = threading.Event()
logging.getLogger = slow
_loading._PATIENCE = 100
thread = threading.Thread(target=use, daemon=True)
thread.start()
assert inside.wait(10)
forked(use)
thread.join()
"""
    run(script)


@needs_fork
def test_a_fork_while_a_grammar_is_loaded_and_by_the_loading_thread_itself() -> None:
    script = """
import lark
real = lark.Lark.__init__
inside = threading.Event()

def slow(self, *given, **options):
    inside.set()
    if os.getpid() == process:
        time.sleep(0.15)
        if threading.current_thread() is not threading.main_thread():
            forked(lambda: None)
    real(self, *given, **options)

process = os.getpid()
lark.Lark.__init__ = slow
thread = threading.Thread(target=use, daemon=True)
thread.start()
assert inside.wait(10)
forked(use)
thread.join()
use()
"""
    run(script)


@needs_fork
def test_forks_at_any_time() -> None:
    script = """
sys.setswitchinterval(1e-6)
from smsc_codec import Codec
from smsc_codec.endpoints.senders import SENDERS

def busy():
    while not done:
        codec = Codec(SENDERS)
        for fmt in range(4):
            # Each error makes what is known of the body's secrets.
            for body in (GOOD[fmt], "psw=secret"):
                codec.validate(body, fmt=fmt)
            go.wait()

done, go = [], threading.Event()
os.register_at_fork(after_in_parent=go.clear)  # the others have nothing to do while the child works
threads = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(10):
    go.set()
    time.sleep(number / 1000)
    forked(use)
done.append(1)
go.set()
for thread in threads:
    thread.join()
"""
    run(script)


@needs_fork
def test_patience_has_an_end() -> None:
    script = """
_loading._PATIENCE = 0.1
go, inside = threading.Event(), threading.Event()

def hold():
    with _loading.LOADING:
        inside.set()
        go.wait(20)

use()
thread = threading.Thread(target=hold, daemon=True)
thread.start()
inside.wait(10)

def both():
    for _ in range(2):
        with _loading.LOADING:
            use()
    forked(use)

assert forked(both) < 20
go.set()
thread.join()
both()
"""
    run(script)


@needs_fork
def test_a_fork_inside_of_the_block_of_a_fake_service() -> None:
    script = """
from urllib.request import urlopen
from smsc_codec.testing import FakeSenders

def get(url):
    with urlopen(f"{url}?get=1&fmt=1&apikey=demo-key", timeout=10) as response:
        return response.read()

os.environ["NO_PROXY"] = "127.0.0.1"
with FakeSenders(["A"], rate_limits=False) as server:
    def child():
        assert get(server.url) == b"A,1", "the parent answers"
        server.misbehave(body=b"x")
        server.moderate("A")
        server.__exit__(None, None, None)
        with FakeSenders(["B"]) as another:
            assert get(another.url) == b"B,1"

    import socket
    from urllib.parse import urlsplit
    idle = socket.create_connection(("127.0.0.1", urlsplit(server.url).port))
    assert get(server.url) == b"A,1"
    with server._lock:  # as a thread that answers has it
        held = threading.Event()
    def hold():
        with server._lock:
            held.set()
            time.sleep(0.5)
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    child_only = lambda: (server.misbehave(body=b"x"), server.__exit__(None, None, None))
    forked(child_only)
    thread.join()
    forked(child)
    assert get(server.url) == b"A,1", "the parent goes on"
    idle.sendall(b"GET /sys/senders.php?get=1&fmt=1&apikey=demo-key HTTP/1.0\\r\\n\\r\\n")
    assert b"A,1" in idle.makefile("rb").read(), "and so do its connections"
    idle.close()
"""
    run(script)


# The same without a fork, step by step


@pytest.fixture
def held() -> Iterator[Loading]:
    """One that another thread is inside of."""
    loading = Loading()
    inside, go = threading.Event(), threading.Event()

    def hold() -> None:
        with loading:
            inside.set()
            go.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(60)
    yield loading
    go.set()
    thread.join()


def test_a_fork_that_has_lost_patience(held: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_loading, "_PATIENCE", 0.01)
    lock = held._lock
    held._before()
    held._in_parent()
    assert held._lock is lock and not lock.acquire(blocking=False), "the other thread is still inside"
    held._before()
    held._in_child()
    assert held._lock is not lock
    with held:
        pass
    held._lock = lock  # here the other thread is still there, and leaves


def test_a_fork_that_had_to_wait_for_nobody() -> None:
    loading = Loading()
    lock = loading._lock
    for after in (loading._in_parent, loading._in_child):
        loading._before()
        after()
        assert loading._lock is lock
        with loading, loading:
            pass


def test_a_system_without_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    with Loading():
        assert decode(b"OK", fmt=0) == Success()


def test_a_fake_service_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeSenders(["A"])
    with server:
        assert ask(server, get=1) == SenderList((Sender("A", 1),))
        http = server._http
        assert http is not None
        here = os.getpid()
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: here + 1)
            http.stop()
            lock = server._lock
            _renew_locks()
            assert server._lock is not lock
        assert http.socket.fileno() == -1 and not http.stopping.is_set()
