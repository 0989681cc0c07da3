"""`smsc-codec validate` and its processes: whatever ends one of them, none stays, and what was judged is reported."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from smsc_codec.cli import streams as _cli_streams
from smsc_codec.cli import validate as _cli_validate
from smsc_codec.cli.reports import TextReport
from smsc_codec.recordings import Validation, WorkerError, _jobs, validate_recordings
from smsc_codec.recordings._jobs import in_order

from .jobs import end, fail
from .test_command_line import ROOT, Shell, shell

__all__ = ["shell"]

posix = pytest.mark.skipif(not hasattr(signal, "SIGHUP") or not Path("/proc/self/stat").exists(), reason="needs /proc")
LINE = b'{"fmt": 0, "body": "name = A"}\n'
# A process that is killed while it writes down what it has covered leaves half a file.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)


def _hear_signals() -> None:
    """Undo what a script in the background (SIGINT) and nohup (SIGHUP) let all processes that they start ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Run:
    """The command on a recording that does not end: a pipe that has brought some lines."""

    def __init__(self, folder: Path, jobs: int, *arguments: str) -> None:
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        command = [sys.executable, "-m", "smsc_codec", "validate", "--jobs", str(jobs), *arguments, "lines", "pipe"]
        (folder / "lines").write_bytes(LINE * 3)
        options: dict[str, Any] = {"cwd": folder, "env": ENVIRONMENT}
        options["preexec_fn"] = _hear_signals
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, start_new_session=True, **options)

    def members(self) -> list[int]:
        """Return the processes that live: that of the command, its workers, and what Python starts beside them."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    state, _, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
                except OSError:
                    continue
                if int(group) == self.process.pid and state != "Z":
                    found.append(int(folder.name))
        return found

    def workers(self) -> list[int]:
        """Return the processes of the workers."""
        found = []
        for number in self.members():
            try:
                command = Path(f"/proc/{number}/cmdline").read_bytes()
            except OSError:
                continue
            if b"spawn_main" in command:
                found.append(number)
        return found

    def wait_for(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not what():
            assert time.monotonic() < end, (self.members(), self.process.poll())
            time.sleep(0.005)

    def end(self) -> tuple[int, str, str]:
        """Return the status, and what was printed, after all processes have ended."""
        out, err = self.process.communicate(timeout=30)
        self.wait_for(lambda: not self.members())
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(jobs: int, *arguments: str) -> Run:
        runs.append(Run(tmp_path, jobs, *arguments))
        return runs[-1]

    yield start
    for run in runs:
        for number in run.members():
            os.kill(number, signal.SIGKILL)
        run.process.communicate()


@posix
@pytest.mark.parametrize(("jobs", "to_all"), [(1, False), (2, False), (2, True)])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_in_the_middle(start: Callable[..., Run], name: str, jobs: int, to_all: bool) -> None:
    run = start(jobs)
    # It is in the middle as soon as it has opened the pipe.
    with open(run.pipe, "wb"):
        run.wait_for(lambda: jobs == 1 or len(run.workers()) == jobs)
        (os.killpg if to_all else os.kill)(run.process.pid, getattr(signal, name))
        status, out, err = run.end()
    assert status == 128 + getattr(signal, name)
    assert err.splitlines()[0].endswith("(interrupted)"), err
    assert "Traceback" not in err
    assert out == ""


@posix
@pytest.mark.parametrize("times", [1, 3])
def test_a_signal_while_the_workers_start(start: Callable[..., Run], times: int) -> None:
    run = start(8, "--format", "json")
    run.wait_for(lambda: bool(run.workers()))
    for _ in range(times):
        os.kill(run.process.pid, signal.SIGTERM)
        time.sleep(0.01)
    status, out, err = run.end()
    # The last one can come when the command has ended and its interpreter has not.
    assert status == 143 or (times > 1 and status == -signal.SIGTERM)
    assert '"interrupted":true' in out
    assert err == ""


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_killed(start: Callable[..., Run], number: int) -> None:
    run = start(2, "--format", "text")
    with open(run.pipe, "wb") as pipe:
        run.wait_for(lambda: len(run.workers()) == 2)
        for worker in run.workers():
            os.kill(worker, number)
        # It is given a part, and cannot answer.
        with suppress(BrokenPipeError):
            pipe.write(LINE * 20_000)
    status, out, err = run.end()
    first, second, *_ = err.splitlines()
    assert status == 3
    assert first.startswith(f"smsc-codec: a worker process was ended by the signal {int(number)} (")
    assert second.endswith(" findings (interrupted)")
    assert "Traceback" not in err + out


@posix
def test_workers_end_with_their_parent(start: Callable[..., Run]) -> None:
    run = start(2)
    with open(run.pipe, "wb"):
        run.wait_for(lambda: len(run.workers()) == 2)
        os.kill(run.process.pid, signal.SIGKILL)
        status, out, err = run.end()
    assert (status, out, err) == (-signal.SIGKILL, "", "")


@posix
def test_a_report_that_nobody_reads(tmp_path: Path) -> None:
    """The first signal ends the judging, a later one the report, which waits for its reader."""
    import fcntl
    import termios

    (tmp_path / "lines").write_bytes(b'{"fmt": 3, "body": "OK"}\n' * 2000)
    command = [sys.executable, "-m", "smsc_codec", "validate", "--format", "json", "lines"]
    with subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        waiting = before = 0
        while not waiting or waiting != before:
            time.sleep(0.2)
            before = waiting
            waiting = int.from_bytes(fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4)), sys.byteorder)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(_cli_validate._ECHO + 0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143


# In this process


def test_the_handlers_of_signals_are_put_back(shell: Shell) -> None:
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.getsignal(number) for number in numbers]
    assert shell("validate", stdin=b"OK").status == 0
    assert [signal.getsignal(number) for number in numbers] == before


def test_the_library_leaves_signals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(number: int, handler: object) -> None:
        raise AssertionError("a handler was changed")

    monkeypatch.setattr(signal, "signal", forbidden)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if hasattr(signal, "pthread_sigmask") else None
    for jobs in (1, 2):
        assert [found.code for found in validate_recordings(["missing"], jobs=jobs)] == ["unreadable"]
    assert mask is None or signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask


def test_what_is_ignored_stays_ignored(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
    monkeypatch.setattr(signal, "signal", lambda number, handler: pytest.fail("a handler was changed"))
    assert shell("validate", stdin=b"OK").status == 0


def test_a_thread_cannot_handle_signals(shell: Shell) -> None:
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(shell("validate", stdin=b"OK").status))
    thread.start()
    thread.join()
    assert statuses == [0]


def send_here(number: signal.Signals) -> None:
    """Raise a signal in this process, and let its handler run, which can be late where other threads are busy."""
    signal.raise_signal(number)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.fixture
def _interrupts() -> Iterator[None]:
    """Let this process hear SIGINT, which a script in the background lets it ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts")
@pytest.mark.parametrize("wait", [0.0, 10.0])
def test_a_signal_while_the_report_is_written(shell: Shell, wait: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes soon after the first one is its echo."""
    now = 100.0
    monkeypatch.setattr("smsc_codec.cli.validate.time.monotonic", lambda: now)
    real, finish = Validation.parts, TextReport.finish

    def stopped(self: Validation) -> object:
        yield from real(self)
        send_here(signal.SIGTERM)

    def finished(self: Any, summary: Any) -> None:
        nonlocal now
        now += wait
        send_here(signal.SIGINT)
        finish(self, summary)

    monkeypatch.setattr(Validation, "parts", stopped)
    monkeypatch.setattr(TextReport, "finish", finished)
    result = shell("validate", stdin=b"OK")
    assert result.status == 143
    assert result.err == ("" if wait else "1 reply, 0 not decoded, 0 findings (interrupted)\n  text success: 1\n")


@pytest.mark.parametrize("error", [MemoryError(), WorkerError("a worker process is gone")])
def test_what_ends_the_judging(shell: Shell, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Validation.parts

    def stopped(self: Validation) -> object:
        yield from real(self)
        raise error

    monkeypatch.setattr(Validation, "parts", stopped)
    result = shell("validate", stdin=b"OK")
    words = str(error) or "there is not enough memory"
    assert result.status == 3
    assert result.err.startswith(f"smsc-codec: {words}\n1 reply, 0 not decoded, 0 findings (interrupted)\n")


def test_streams_that_are_not_files_forget_nothing() -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    stream.write("x")
    _cli_streams.forget(stream)
    stream.seek(0)
    assert stream.read() == "x"


def test_streams_forget_what_nobody_reads(tmp_path: Path) -> None:
    with open(tmp_path / "out", "w") as stream:
        stream.write("x")
        _cli_streams.forget(stream)
    assert (tmp_path / "out").read_bytes() == b""


# The pool


def test_results_are_in_order() -> None:
    assert list(in_order(str, range(100), 3)) == list(map(str, range(100)))
    assert list(in_order(str, [], 2)) == []
    big = [bytes(300_000), bytes(5), bytes(300_000)] * 3
    assert list(in_order(len, big, 2)) == list(map(len, big))


def test_an_exception_of_the_work_is_raised_here() -> None:
    results = in_order(fail, range(10), 2)
    with pytest.raises(ValueError, match="three"):
        list(results)
    assert not multiprocessing.active_children()


def test_a_worker_that_ends_itself() -> None:
    with pytest.raises(WorkerError, match=r"^a worker process ended with the exit status 7; a script that uses jobs "):
        list(in_order(end, range(10), 2))
    assert not multiprocessing.active_children()


def test_a_worker_that_is_gone_before_it_is_given_a_part() -> None:
    with _jobs._pool(str, 1) as pool:
        (process,) = pool._processes.values()
        process.kill()
        process.join()
        with pytest.raises(WorkerError, match=r"ended by the signal 9|exit status"):
            pool.give(bytes(1 << 20))  # more than a pipe takes


def test_a_worker_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(process: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", start)
    with pytest.raises(WorkerError, match="cannot be started: Resource temporarily unavailable"):
        list(in_order(str, [1], 2))


def test_nobody_waits_for_parts_that_are_far_ahead() -> None:
    """Results wait for an earlier part; only so many of them."""
    with _jobs._pool(time.sleep, 2) as pool:
        pool.give(0.5)
        most = given = 1
        while pool.is_owing and given < 100:
            list(pool.results(block=False))
            while pool.is_full and pool.is_owing:
                list(pool.results(block=True))
                most = max(most, len(pool._results))
            pool.give(0)
            given += 1
        while pool.is_owing:
            list(pool.results(block=True))
    assert most <= 2 * _jobs._AHEAD


def test_the_life_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as this process can live it."""
    handled: dict[int, object] = {}
    monkeypatch.setattr(signal, "signal", handled.__setitem__)
    parent = threading.Event()
    exits: list[int] = []
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: Parent(parent))
    monkeypatch.setattr(os, "_exit", exits.append)
    ours, theirs = multiprocessing.Pipe()
    ours.send(3)
    ours.send(4)
    thread = threading.Thread(target=_jobs._serve, args=(fail, theirs))
    thread.start()
    good, bad = ours.recv(), ours.recv()
    assert repr(good) == "(None, ValueError('three'))"
    assert bad == (4, None)
    ours.close()
    thread.join()
    assert set(handled.values()) == {signal.SIG_IGN}
    assert signal.SIGTERM not in handled
    parent.set()
    while not exits:
        time.sleep(0.001)
    assert exits == [1]


class Parent:
    def __init__(self, ended: threading.Event) -> None:
        self.join = ended.wait


def test_systems_without_masks_of_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask", raising=False)
    assert list(in_order(str, range(3), 2)) == ["0", "1", "2"]
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing, "parent_process", lambda: Parent(threading.Event()))
        patch.setattr(signal, "signal", lambda number, handler: None)
        ours, theirs = multiprocessing.Pipe()
        ours.close()
        _jobs._serve(str, theirs)
