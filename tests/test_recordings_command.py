"""Runs `smsc-codec validate` on recordings: its reports, its exit statuses, and what it must never print."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smsc_codec.cli import validate as _cli_validate
from smsc_codec.cli.charts import _span, _time, over_time
from smsc_codec.cli.parser import KEYS
from smsc_codec.cli.reports import summary_lines
from smsc_codec.recordings import Found, Summary, Validation, validate_recordings
from smsc_codec.recordings._keys import NAMES
from smsc_codec.recordings._times import Timeline

from .recorders import FOLDER, SECRETS
from .test_command_line import ROOT, Shell, Terminal, shell

__all__ = ["shell"]

FORMATS = ["text", "json", "junit", "html"]
LINES = (
    b'{"fmt": 0, "body": "OK"}\n'
    b'{"fmt": 3, "body": "OK", "time": "2024-05-17T10:20:30Z"}\n'
    b'{"fmt": 0, "body": "ERROR = 77 (<b>)", "time": "2024-05-17T10:20:30Z"}\n'
    b'{"fmt": 0, "body": "KO \\u001b"}\n'
)


STATUS = b'{"status": 1, "last_date": "17.03.2023 16:47:56", "last_timestamp": 1679060876}'
LOOKS = "the body looks like a reply of status.php"


def messages(shell: Shell, body: bytes, *options: str) -> list[str]:
    """Return the messages of the findings in the JSON report. The other reports have the same."""
    name = shell.file("recording", body)
    found = [*map(json.loads, shell("validate", "--format", "json", *options, name).out.splitlines())][:-1]
    for format_ in ("text", "junit", "html"):
        printed = html.unescape(shell("validate", "--format", format_, *options, name).out.decode())
        assert all(finding["message"] in printed for finding in found)
    return [finding["message"] for finding in found]


def test_a_reply_of_another_endpoint_comes_with_what_to_do(shell: Shell) -> None:
    (body,) = messages(shell, STATUS)
    assert body.endswith(f"; {LOOKS}: pass --endpoint status")
    assert messages(shell, STATUS, "--endpoint", "status") == []
    (lines,) = messages(shell, json.dumps({"fmt": 3, "body": STATUS.decode()}).encode() + b"\n")
    assert lines.endswith(f'; {LOOKS}: give the entry its url or "endpoint": "status", or pass --endpoint status')
    (response,) = messages(shell, b"HTTP/1.1 200 OK\r\n\r\n" + STATUS)
    assert response.endswith(f"; {LOOKS}: pass --endpoint status")


@pytest.mark.parametrize("said", [{"endpoint": "balance"}, {"url": "/sys/balance.php?fmt=3"}, {"expect": "balance"}])
def test_nothing_is_advised_where_the_endpoint_is_known(shell: Shell, said: dict[str, str]) -> None:
    row = json.dumps({"fmt": 3, "body": STATUS.decode(), **said}).encode() + b"\n"
    (message,) = messages(shell, row)
    assert message.endswith(f"; {LOOKS}")
    for option in ("--endpoint", "--expect"):
        (message,) = messages(shell, STATUS, option, "balance")
        assert message.endswith(f"; {LOOKS}")


def test_the_advice_in_a_program(shell: Shell) -> None:
    (found,) = validate_recordings([shell.file("body", STATUS)])
    assert found.message.endswith(f"; {LOOKS}: pass endpoint='status'")


@pytest.mark.parametrize("format_", FORMATS)
def test_reports_hold_no_secret(shell: Shell, format_: str) -> None:
    result = shell("validate", "--format", format_, "--fail-on", "info", shell.file("lines", LINES), str(FOLDER))
    assert result.status == 1
    assert b"unexpected" in result.out
    for secret in SECRETS:
        assert secret not in result.out.decode() + result.err


def test_the_same_whatever_the_number_of_jobs(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page contains everything, including the command."""
    monkeypatch.setattr("smsc_codec.recordings._validate.time.perf_counter", lambda: 0)
    monkeypatch.setattr("smsc_codec.cli.page._now", lambda: datetime(2024, 5, 17, tzinfo=timezone.utc))
    monkeypatch.setattr("smsc_codec.recordings._tape._PIECE", 2000)
    options = ("--format", "html", "--fail-on", "info", shell.file("lines", LINES * 30), str(FOLDER))
    first, second = (shell("validate", "--jobs", jobs, *options) for jobs in "12")
    assert first.status == second.status == 1
    assert (first.out.replace(b"--jobs 1", b"--jobs 2"), first.err) == (second.out, second.err)


@pytest.mark.parametrize("given", ["body", "body=", "bodies=x", "=x", "psw=SECRET-7f3"])
def test_a_key_that_cannot_be(shell: Shell, given: str) -> None:
    result = shell("validate", "--key", given)
    assert result.status == 2
    assert "KEY=NAME, where KEY is one of body, body_base64, fmt" in result.err
    assert "SECRET" not in result.err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("bdy=x", "not 'bdy=x'; did you mean body?"),
        ("body=a.b.c.d.e.f.g.h.i", "at most 8 parts"),
        ("url=" + "x" * 201, "200"),
    ],
)
def test_what_is_wrong_with_a_key(shell: Shell, given: str, words: str) -> None:
    for command in ("validate", "decode", "bench"):
        result = shell(command, "--key", given, "recording")
        assert result.status == 2 and words in result.err


def test_the_keys_of_the_command_are_those_of_the_library() -> None:
    assert KEYS == NAMES


def test_text(shell: Shell) -> None:
    result = shell("validate", shell.file("lines", LINES))
    assert result.status == 1
    assert result.out.decode().splitlines() == [
        'lines:2:1: warning other-format entry 2, 1:1 in the reply: expected a reply in JSON, found "OK" as text',
        "lines:3:1: info unknown-number entry 3, 1:9 in the reply: code: the number 77 is not documented",
        result.out.decode().splitlines()[2],
    ]
    assert result.out.decode().splitlines()[2].startswith("lines:4:1: error malformed entry 4, 1:1 in the reply: ")
    assert result.err.splitlines() == [
        "4 replies, 1 not decoded, 3 findings",
        "  text error: 1",
        "  text not decoded: 1",
        "  text success: 2",
        "  error senders.php 77 (not documented): 1",
        "  not documented: code = 77: 1",
        "  error malformed: 1",
        "  info unknown-number: 1",
        "  warning other-format: 1",
    ]


def test_json(shell: Shell) -> None:
    result = shell("validate", "--format", "json", stdin=LINES)
    *found, last = map(json.loads, result.out.splitlines())
    assert [list(item) for item in found] == [
        [
            *("path", "entry", "line", "column", "severity", "code", "message", "excerpt", "count"),
            *("reply_line", "reply_column"),
        ]
    ] * 3
    assert found[0]["path"] == "<stdin>"
    summary = last["summary"]
    assert summary["kinds"] == {"text": {"error": 1, "not decoded": 1, "success": 2}}
    assert summary["errors"] == [{"endpoint": "senders", "code": 77, "meaning": "not documented", "count": 1}]
    assert result.err == ""


def test_junit(shell: Shell) -> None:
    names = [shell.file(name, LINES) for name in ("one", "two")]
    for level, failures in (("error", 1), ("warning", 2), ("info", 3)):
        result = shell("validate", "--format", "junit", "--fail-on", level, *names)
        root = ET.fromstring(result.out)
        suites = root.findall("testsuite")
        assert [suite.get("name") for suite in suites] == ["one", "two", "summary"]
        assert [suite.get("tests") for suite in suites] == ["4", "4", "1"]
        assert [suite.get("failures") for suite in suites] == [str(failures), str(failures), "0"]
        assert root.get("tests") == str(len(root.findall("testsuite/testcase")))
        assert len(root.findall("testsuite/testcase/failure")) == int(root.get("failures", ""))
    assert ET.fromstring(shell("validate", "--format", "junit", stdin=b"OK").out).get("tests") == "2"
    assert b'name="the file"' in shell("validate", "--format", "junit", stdin=b"KO").out


def test_junit_compares_no_findings(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply can have a hundred thousand of them."""

    def compared(found: Found, other: object) -> bool:
        raise AssertionError("findings were compared")

    monkeypatch.setattr(Found, "__eq__", compared)
    line = b'{"fmt": 3, "body": "\\ufeff[{\\"sender\\":\\"A\\",\\"x\\":1,\\"y\\":1,\\"status\\":99}]"}'
    root = ET.fromstring(shell("validate", "--format", "junit", "--fail-on", "warning", stdin=line + b"\n").out)
    assert [len(root.findall(f"testsuite/testcase/{name}")) for name in ("failure", "system-out")] == [1, 2]


def test_page(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    page = shell("validate", "--format", "html", "missing", shell.file("lines", LINES)).out.decode()
    assert page.count("<article>") == 4
    assert "<h1>1 of 4 replies does not decode; 1 file cannot be read</h1>" in page
    assert "&lt;b&gt;" in page
    assert "<b>)" not in page
    assert "<rect" in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    plain = shell("validate", "--format", "html", stdin=b"OK").out.decode()
    assert "<article>" not in plain
    assert "<rect" not in plain


def test_parts_of_the_page() -> None:
    timeline = Timeline()
    for code in range(10):
        timeline.add(10**9 + code * 1000, code)
    chart = over_time(timeline, {3: "no money"})
    assert "others</span>" in chart
    assert "3 (no money)</span>" in chart
    assert ">4</span>" in chart
    spans = ["a second", "10 seconds", "a minute", "an hour", "6 hours", "a day", "2 weeks"]
    assert [_span(seconds) for seconds in (1, 10, 60, 3600, 21600, 86400, 2 * 604800)] == spans
    assert _time(10**15) == "later"


def test_what_took_long_has_a_speed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 1000, 2))
    monkeypatch.setattr("smsc_codec.recordings._validate.time.perf_counter", lambda: next(ticks))
    assert "  2 bytes of replies in 2.0 s: 0 replies/s, 0.0 MB/s" in shell("validate", stdin=b"OK").err
    assert b" in 2.0 s, 0 replies a second" in shell("validate", "--format", "html", stdin=b"OK").out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["good"], 0),
        (["odd"], 0),
        (["odd", "--fail-on", "warning"], 1),
        (["good", "--fail-on", "info"], 0),
        (["bad"], 1),
        (["bad", "missing"], 3),
        (["good", "--jobs", "0"], 2),
        (["good", "--jobs", "1000"], 2),
        (["good", "--kind", "x"], 2),
        (["good", "--kind", "har"], 1),
        (["good", "--fail-on", "never"], 2),
        ([".", "--fmt", "3"], 1),
    ],
)
def test_statuses(shell: Shell, arguments: list[str], status: int) -> None:
    shell.file("good", b"OK")
    shell.file("odd", b"\xef\xbb\xbfOK")
    shell.file("bad", b"KO")
    assert shell("validate", *arguments).status == status


def test_an_interrupt_reports_what_was_judged(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Validation.parts

    def stopped(self: Validation) -> object:
        yield from real(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Validation, "parts", stopped)
    for format_ in FORMATS:
        result = shell("validate", "--format", format_, stdin=LINES)
        assert result.status == 130
        assert b"interrupted" in result.out or "4 replies, 1 not decoded, 3 findings (interrupted)" in result.err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_real_interrupt(tmp_path: Path, jobs: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "lines").write_bytes(LINES)
    command = [sys.executable, "-m", "smsc_codec", "validate", "--jobs", jobs, "lines", "fifo"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    options: dict[str, Any] = {"stdout": pipe, "stderr": pipe, "text": True, "start_new_session": True}
    # A background process of a script ignores interrupts, and so would its children.
    options["preexec_fn"] = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    # The command is in the middle of its work as soon as it has opened the pipe.
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **options) as process, open(fifo, "wb"):
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "(interrupted)" in err
    assert "Traceback" not in err
    assert out == "" or out.count("\n") == 3


def test_progress(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.stream = Terminal
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setattr(_cli_validate, "_REFRESH", 0.0001)
    names = [shell.file(name, LINES * 200) for name in ("one", "two")]
    result = shell("validate", *names)
    assert "replies," in result.err
    assert "a second" in result.err
    assert result.out.count(b"other-format entry") == 400
    assert "1 reply, 0 not decoded" in shell("validate", stdin=b"OK").err
    assert "cannot be read" in shell("validate", "missing").err
    monkeypatch.setattr(_cli_validate, "_REFRESH", 1e9)
    assert shell("validate", names[0]).status == 1
    monkeypatch.setattr(_cli_validate, "has_rich", lambda: False)
    assert "a second" not in shell("validate", names[0]).err


def test_the_summary_names_what_was_skipped() -> None:
    summary = Summary()
    summary.skipped["a\x1b"] = 2
    assert summary_lines(summary)[-1] == "  skipped: a\ufffd: 2"


def test_no_library_is_needed_for_bodies(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"OK")
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['rich', 'yaml', 'zstandard']))\n"
        "import smsc_codec.cli.main as m; code = m.main(['validate', 'good']); sys.exit(code)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, b"1 reply, 0 not decoded, 0 findings\n  text success: 1\n")


def test_nothing_else_loads_it() -> None:
    code = "import sys, smsc_codec, smsc_codec.cli.main; sys.exit(any('recordings' in name for name in sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
