"""The command line: the table through every command, exit statuses, and what a person sees."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from smsc_codec import __version__
from smsc_codec.__main__ import main

from .vectors import VECTORS, Vector


class Result:
    def __init__(self, status: int, out: bytes, err: str) -> None:
        self.status, self.out, self.err = status, out, err


class Shell:
    """Runs the command in this process, in an empty folder."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.patch, self.folder = patch, folder

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        raw, err = io.BytesIO(), io.StringIO()
        out = io.TextIOWrapper(raw, "utf-8")
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        self.patch.setattr(sys, "stdout", out)
        self.patch.setattr(sys, "stderr", err)
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = int(stop.code or 0)
        out.flush()
        return Result(status, raw.getvalue(), err.getvalue())

    def file(self, name: str, body: bytes) -> str:
        (self.folder / name).write_bytes(body)
        return name


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch, tmp_path)


GROUPS: dict[tuple[Any, ...], list[Vector]] = defaultdict(list)
for vector in VECTORS:
    GROUPS[vector.row["fmt"], vector.row.get("charset"), vector.expect].append(vector)


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_the_table(shell: Shell, group: tuple[Any, ...]) -> None:
    fmt, charset, expect = group
    options = [*(["--fmt", str(fmt)] if fmt is not None else []), *(["--charset", charset] if charset else [])]
    options += ["--expect", expect] if expect else []
    vectors = GROUPS[group]
    files = [shell.file(f"{number:03}.body", vector.body) for number, vector in enumerate(vectors)]
    good = [vector for vector in vectors if vector.reply is not None]
    bad = [name for name, vector in zip(files, vectors) if vector.reply is None]

    result = shell("decode", *options, *files)
    assert [json.loads(line) for line in result.out.splitlines()] == [vector.reply for vector in good]
    assert [line.split(":")[0] for line in result.err.splitlines() if not line.startswith(" ")] == bad
    assert result.status == (1 if bad else 0)

    findings = shell("validate", *options, *files)
    assert findings.status == result.status
    wanted = [(name, code) for name, vector in zip(files, vectors) for code in vector.findings + _errors(vector)]
    printed = [line.split(":") for line in findings.out.decode().splitlines()]
    assert [(parts[0], parts[3].split()[1]) for parts in printed] == wanted

    target = "0" if fmt is None else str(fmt)
    charset_options = ["--to-charset", charset] if charset else []
    names = [name for name, vector in zip(files, vectors) if vector.canonical]
    if names:
        converted = shell("convert", *options, "--to", target, *charset_options, "--output", "out", *names)
        assert (converted.status, converted.err) == (0, "")
        bodies = {path.stem: path.read_bytes() for path in (shell.folder / "out").iterdir()}
        assert bodies == {name.removesuffix(".body"): (shell.folder / name).read_bytes() for name in names}


def _errors(vector: Vector) -> list[str]:
    return [vector.error["code"]] if vector.reply is None else []


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector.canonical][::7], ids=repr)
def test_encode(shell: Shell, vector: Vector) -> None:
    charset = ["--charset", vector.row["charset"]] if "charset" in vector.row else []
    line = json.dumps(vector.reply).encode()
    result = shell("encode", "--fmt", str(vector.row["fmt"]), *charset, stdin=line)
    assert (result.status, result.out, result.err) == (0, vector.body, "")


def test_formats_have_names_too(shell: Shell) -> None:
    assert shell("convert", "--fmt", "TEXT", "--to", "json", "-", stdin=b"OK").out == b'{\n"result": "OK"\n}'


def test_strict(shell: Shell) -> None:
    result = shell("decode", "--strict", "--fmt", "3", stdin=b"OK")
    assert (result.status, result.out) == (1, b"")
    assert result.err.startswith('<stdin>: line 1, column 1 (offset 0): expected a reply in JSON, found "OK" as text')


def test_what_cannot_be_encoded(shell: Shell) -> None:
    result = shell("convert", "--to", "1", stdin=b"ERROR = 3 (record not found)")
    assert (result.status, result.out) == (1, b"")
    assert result.err == "<stdin>: description: comma-separated replies have no place for it\n"
    assert shell("convert", "--to", "1", "--drop-description", stdin=b"ERROR = 3 (x)").out == b"0,-3"


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (b"", "expected normalized JSON"),
        (b"[]", "expected an object, found []"),
        (b'{"kind":"x"}', "kind: expected one of error, success, created, senders, found 'x'"),
        (b'{"kind":5}', "kind: expected one of error, success, created, senders, found 5"),
        (b'{"kind":"created"}', "expected the member 'id', which is not there"),
        (b'{"kind":"created","id":"5"}', "id: expected a whole number of at most 18 digits, found '5'"),
        (b'{"kind":"created","id":true}', "id: expected a whole number of at most 18 digits, found True"),
        (b'{"kind":"created","id":5,"x":1}', "expected no member 'x'"),
        (b'{"kind":"senders"}', "senders: expected the array senders and no other member, found None"),
        (b'{"kind":"senders","senders":[],"x":1}', "senders: expected the array senders and no other member"),
        (b'{"kind":"senders","senders":[5]}', "senders[0]: expected an object, found 5"),
        (b'{"kind":"senders","senders":[{"name":""}]}', "senders[0].name: expected a name of at least one character"),
        (b'{"kind":"senders","senders":[{"name":"A","operators":5}]}', "senders[0].operators: expected an object"),
        (
            b'{"kind":"senders","senders":[{"name":"A","operators":{"x":100}}]}',
            "senders[0].operators.x: expected an operator's code (0 to 99), found 100",
        ),
    ],
)
def test_encode_refuses_what_is_no_reply(shell: Shell, stdin: bytes, words: str) -> None:
    result = shell("encode", "--fmt", "3", stdin=stdin)
    assert (result.status, result.out) == (1, b"")
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["decide"], "invalid choice: 'decide'"),
        (["decode", "--ftm", "3"], "unrecognized arguments: --ftm"),
        (["decode", "--fmt", "9"], "has to be 0, 1, 2 or 3 (or text, csv, xml, json), not '9'"),
        (["decode", "--charset", "latin-1"], "invalid choice: 'latin-1'"),
        (["encode"], "the following arguments are required: --fmt"),
        (["convert", "a", "b", "--to", "3"], "--output DIR is needed"),
    ],
)
def test_wrong_usage(shell: Shell, arguments: list[str], words: str) -> None:
    result = shell(*arguments)
    assert (result.status, result.out) == (2, b"")
    assert words in result.err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["decode", "--help"], ["encode", "-h"], ["convert", "-h"], ["validate", "-h"]]
)
def test_help_says_what_the_statuses_mean(shell: Shell, arguments: list[str]) -> None:
    result = shell(*arguments)
    assert result.status == 0
    assert b"exit status: 0 all good, 1 something does not decode" in result.out


def test_version(shell: Shell) -> None:
    assert shell("--version").out.decode() == f"smsc-codec {__version__}\n"


def test_one_bad_file_does_not_stop_the_rest(shell: Shell) -> None:
    good, bad = shell.file("good", b"OK"), shell.file("bad", b"KO")
    result = shell("decode", "missing", ".", "a\x00b", bad, good)
    assert result.status == 3
    assert result.out == b'{"kind":"success"}\n'
    lines = [line for line in result.err.splitlines() if not line.startswith(" ")]
    assert lines[0] == "missing: cannot be read: No such file or directory"
    assert lines[1] == ".: cannot be read: Is a directory"
    assert lines[2].endswith("cannot be read: embedded null byte")
    assert lines[3].startswith("bad: line 1, column 1")


def test_nothing_is_written_over(shell: Shell) -> None:
    name = shell.file("a.txt", b"OK")
    assert shell("convert", "--to", "0", "--output", ".", name).status == 3
    assert shell("convert", "--to", "3", "--output", ".", name).status == 0
    again = shell("convert", "--to", "3", "--output", ".", name)
    assert (again.status, again.err) == (3, "a.json: cannot be written: File exists\n")


def test_an_endless_file_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.__main__._MOST", 100)
    result = shell("decode", "--fmt", "0", "/dev/zero")
    assert result.status == 1
    assert "found '\\x00" in result.err or "\ufffd" in result.err


def test_an_interrupt_ends_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smsc_codec.__main__.decode", interrupt)
    assert shell("decode", stdin=b"OK").status == 130


def _subprocess(*command: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *command], capture_output=True, check=False, **options)


def test_as_a_module(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    result = _subprocess("-m", "smsc_codec", "decode", input=b"0,-3", cwd=tmp_path, env=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, b'{"kind":"error","code":3}\n', b"")


def test_a_reader_that_has_seen_enough_is_no_trouble(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"{number}.txt").write_bytes(b"name = " + b"x" * 200 + b", id = 5")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = f"{sys.executable} -m smsc_codec decode *.txt | head -n 1"
    result = subprocess.run(command, shell=True, capture_output=True, check=False, cwd=tmp_path, env=environment)
    assert result.stdout.count(b"\n") == 1
    assert result.stderr == b""
