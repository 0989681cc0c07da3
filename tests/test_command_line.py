"""The command line: the table through every command, exit statuses, and what a person sees."""

from __future__ import annotations

import builtins
import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from smsc_codec import __version__, validate
from smsc_codec.__main__ import run as command
from smsc_codec.cli import main as main_module
from smsc_codec.cli.main import main

from .vectors import OTHERS, VECTORS, Vector


class Result:
    def __init__(self, status: int, out: bytes, err: str) -> None:
        self.status, self.out, self.err = status, out, err


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


class Shell:
    """Runs the command in this process, in an empty folder."""

    stream: type[io.TextIOWrapper] = io.TextIOWrapper

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.patch, self.folder = patch, folder

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        raw, raw_err = io.BytesIO(), io.BytesIO()
        out, err = self.stream(raw, "utf-8"), self.stream(raw_err, "utf-8")
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        self.patch.setattr(sys, "stdout", out)
        self.patch.setattr(sys, "stderr", err)
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = int(stop.code or 0)
        out.flush()
        err.flush()
        return Result(status, raw.getvalue(), raw_err.getvalue().decode())

    def file(self, name: str, body: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return name

    def files(self, folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / folder).iterdir()}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch, tmp_path)


def _is_told(vector: Vector) -> bool:
    """Return whether only its own endpoint can be meant: unknown keys can be those of another endpoint."""
    return validate(vector.body, **vector.asked, endpoint=vector.endpoint).reply is not None


GROUPS: dict[tuple[Any, ...], list[Vector]] = defaultdict(list)
for vector in (*VECTORS, *OTHERS):
    # The command has no option for a request.
    if vector.request is None and (vector.reply is None or vector.expect or _is_told(vector)):
        GROUPS[vector.endpoint, vector.row["fmt"], vector.row.get("charset"), vector.expect].append(vector)


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_the_table(shell: Shell, group: tuple[Any, ...]) -> None:
    endpoint, fmt, charset, expect = group
    options = [
        "--endpoint",
        endpoint,
        *(["--fmt", str(fmt)] if fmt is not None else []),
        *(["--charset", charset] if charset else []),
    ]
    options += ["--expect", expect] if expect else []
    vectors = GROUPS[group]
    files = [shell.file(f"{number:03}.body", vector.body) for number, vector in enumerate(vectors)]
    good = [vector for vector in vectors if vector.reply is not None]
    bad = [name for name, vector in zip(files, vectors) if vector.reply is None]

    result = shell("decode", *options, *files)
    replies = [json.loads(line) for line in result.out.splitlines()]
    assert {reply.pop("endpoint", endpoint) for reply in replies} <= {endpoint}
    paths = [reply.pop("path", files[0]) for reply in replies]
    assert paths == [name for name in files if name not in bad]
    assert replies == [vector.reply for vector in good]
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
        bodies = {Path(name).stem: body for name, body in shell.files("out").items()}
        assert bodies == {name.removesuffix(".body"): (shell.folder / name).read_bytes() for name in names}


def _errors(vector: Vector) -> list[str]:
    return [vector.error["code"]] if vector.reply is None else []


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector.canonical][::7], ids=repr)
def test_encode(shell: Shell, vector: Vector) -> None:
    charset = ["--charset", vector.row["charset"]] if "charset" in vector.row else []
    line = json.dumps(vector.reply).encode()
    result = shell("encode", "--fmt", str(vector.row["fmt"]), *charset, stdin=line)
    assert (result.status, result.out, result.err) == (0, vector.body, "")


LIST = b'{"kind":"senders","senders":[{"name":"A"}]}'


@pytest.mark.parametrize("fmt", ["0", "1", "2", "3"])
def test_encode_reads_what_decode_prints(shell: Shell, fmt: str) -> None:
    bodies = [vector.body for vector in VECTORS if vector.canonical and {**CANONICAL, "fmt": int(fmt)} == vector.asked]
    decoded = shell("decode", "--fmt", fmt, *(shell.file(f"{number}", body) for number, body in enumerate(bodies)))
    assert all(line.startswith(b'{"path":"') for line in decoded.out.splitlines())
    result = shell("encode", "--fmt", fmt, "--output", "out", stdin=decoded.out)
    assert (result.status, result.out, result.err) == (0, b"", "")
    suffix = {"0": "txt", "1": "csv", "2": "xml", "3": "json"}[fmt]
    assert len(bodies) > 5
    assert shell.files("out") == {f"stdin-{number}.{suffix}": body for number, body in enumerate(bodies, 1)}


CANONICAL = {"charset": None}


@pytest.mark.parametrize(
    ("stdin", "count"),
    [
        (b'\n  {"kind":"success"}\r\n\r\n', 1),
        (b'{\n  "kind": "success"\n}\n', 1),
        (b'{"kind":"success"}\r\n\n \t\n{"kind":"success"}', 2),
    ],
    ids=["a line", "over several lines", "two lines"],
)
def test_what_a_reply_is_in_json_lines(shell: Shell, stdin: bytes, count: int) -> None:
    names = ["stdin"] if count == 1 else [f"stdin-{number}" for number in range(1, count + 1)]
    assert shell("encode", "--fmt", "0", "--output", "out", stdin=stdin).status == 0
    assert shell.files("out") == {f"{name}.txt": b"OK" for name in names}


def test_a_bad_line_does_not_stop_the_rest(shell: Shell) -> None:
    name = shell.file("a.jsonl", b'{"kind":"success"\n{"kind":"x"}\n\n' + LIST + b'\n{"kind":"created","id":5}\n')
    result = shell("encode", "--fmt", "1", "--output", "out", name)
    assert result.status == 1
    assert shell.files("out") == {"a-4.csv": b"5"}
    first, second, third = result.err.splitlines()
    assert first.startswith("a.jsonl: line 1, column 18 (offset 17): expected normalized JSON (")
    assert second.startswith("a.jsonl: line 2, column 1 (offset 18), kind: expected one of error, ")
    assert third.startswith("a.jsonl: line 4: senders[0]")


def test_a_mistake_in_one_reply_over_several_lines_is_one_error(shell: Shell) -> None:
    result = shell("encode", "--fmt", "0", stdin=b'{\n  "kind": "success",,\n}\n')
    assert (result.status, result.out) == (1, b"")
    assert result.err.startswith("<stdin>: line 2, column 21 (offset 22): expected normalized JSON")
    assert result.err.count("\n") == 1


def test_several_replies_need_files(shell: Shell) -> None:
    result = shell("encode", "--fmt", "0", stdin=b'{"kind":"success"}\n{"kind":"success"}\n')
    assert (result.status, result.out) == (2, b"")
    assert result.err.startswith("usage: smsc-codec encode ")
    assert "--output DIR is needed" in result.err


def test_too_much_normalized_json(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.cli.main._MOST", 38)
    result = shell("encode", "--fmt", "0", "--output", "out", stdin=b'{"kind":"success"}\n' * 3)
    assert (result.status, result.out) == (1, b"")
    assert "expected at most 37 bytes of normalized JSON" in result.err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convert", "--to", "3", "a/x.txt", "b/x.txt"], "a/x.txt and b/x.txt would both be written to out/x.json"),
        (["convert", "--to", "3", "-", "stdin.txt"], "- and stdin.txt would both be written to out/stdin.json"),
        (["encode", "--fmt", "0", "a/x.json", "b/x.json"], "a/x.json and b/x.json would both be written to out/x.txt"),
        (["encode", "--fmt", "0", "two", "two-2"], "two, line 3 and two-2 would both be written to out/two-2.txt"),
    ],
)
def test_two_results_of_the_same_name(shell: Shell, arguments: list[str], words: str) -> None:
    for folder in "ab":
        shell.file(f"{folder}/x.txt", b"OK")
        shell.file(f"{folder}/x.json", b'{"kind":"success"}')
    shell.file("two", b'{"kind":"success"}\n\n{"kind":"success"}')
    shell.file("two-2", b'{"kind":"success"}')
    result = shell(*arguments, "--output", "out")
    assert (result.status, result.out) == (2, b"")
    assert result.err.endswith(f"smsc-codec {arguments[0]}: error: {words}\n")
    assert not Path("out").exists()


def test_formats_have_names_too(shell: Shell) -> None:
    assert shell("convert", "--fmt", "TEXT", "--to", "json", "-", stdin=b"OK").out == b'{\n"result": "OK"\n}'


def test_nothing_to_read_yet(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class Waiting(io.RawIOBase):
        """A pipe that has been set not to block and is empty."""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> None:
            return None

    stdin = io.TextIOWrapper(io.BufferedReader(Waiting()))
    monkeypatch.setattr("smsc_codec.cli.main.make_usable", lambda: monkeypatch.setattr(sys, "stdin", stdin))
    assert "the body is empty" in shell("decode").err


def test_strict(shell: Shell) -> None:
    result = shell("decode", "--strict", "--fmt", "3", stdin=b"OK")
    assert (result.status, result.out) == (1, b"")
    assert result.err.startswith('<stdin>: line 1, column 1 (offset 0): expected a reply in JSON, found "OK" as text')


def test_what_cannot_be_encoded(shell: Shell) -> None:
    result = shell("encode", "--endpoint", "send", "--fmt", "3", stdin=b'{"kind":"balance","balance":"1"}')
    assert (result.status, result.out) == (1, b"")
    assert result.err == "<stdin>: expected a reply of send.php, found one of balance.php\n"
    result = shell("convert", "--to", "1", stdin=b"ERROR = 3 (record not found)")
    assert (result.status, result.out) == (1, b"")
    assert (
        result.err
        == "<stdin>: description: comma-separated replies have no place for it (drop=['description'] leaves it out)\n"
    )
    assert shell("convert", "--to", "1", "--drop", "description", stdin=b"ERROR = 3 (x)").out == b"0,-3"
    both = ("--drop", "description", "--drop", "id")
    assert shell("convert", "--to", "1", *both, stdin=b"ERROR = 3 (x)").out == b"0,-3"


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (b"", "expected normalized JSON"),
        (b"[]", "expected an object, found an array"),
        (b'{"kind":"x"}', "kind: expected one of error, success, created, senders, "),
        (b'{"kind":5}', "kind: expected one of error, success, created, senders, "),
        (b'{"kind":"created"}', "missing member 'id'"),
        (b'{"kind":"created","id":"5"}', "id: expected a whole number of at most 18 digits, found '5'"),
        (b'{"kind":"created","id":true}', "id: expected a whole number of at most 18 digits, found true"),
        (b'{"kind":"created","id":5,"x":1}', "expected no member 'x'"),
        (b'{"kind":"senders"}', "senders: missing member 'senders', expected the array senders and no other member"),
        (b'{"kind":"senders","senders":[],"x":1}', "expected no member 'x'"),
        (b'{"kind":"senders","senders":[5]}', "senders[0]: expected an object, found the number 5"),
        (b'{"kind":"senders","senders":[{"name":""}]}', "senders[0].name: expected a name of at least one character"),
        (b'{"kind":"senders","senders":[{"name":"A","operators":5}]}', "senders[0].operators: expected an object"),
        (
            b'{"kind":"senders","senders":[{"name":"A","operators":{"x":100}}]}',
            "senders[0].operators.x: expected an operator's code (0 to 99), found the number 100",
        ),
    ],
)
def test_encode_refuses_everything_but_replies(shell: Shell, stdin: bytes, words: str) -> None:
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
        (["encode", "--fmt", "1", "--drop", "name"], "argument --drop: invalid choice: 'name'"),
        (["decode", "--endpoint", "fax"], "argument --endpoint: invalid choice: 'fax'"),
        (["decode", "--endpoint", "send", "--expect", "balance"], "--expect: send.php has sent, cost, not balance"),
        (["validate", "--endpoint", "send", "--expect", "balance"], "--expect: send.php has sent, cost, not balance"),
        (["encode", "--fmt", "1", "--drop-description"], "unrecognized arguments: --drop-description"),
        (["convert", "a", "b", "--to", "3"], "--output DIR is needed"),
        *((["serve", option], f"argument {option}: expected one argument") for option in ("--password", "--apikey")),
        (["serve", "--login", "--no-limits"], "argument --login: expected one argument"),
        (["serve", "--secret", "-x"], "argument --secret: expected one argument"),
    ],
)
def test_wrong_usage(shell: Shell, arguments: list[str], words: str) -> None:
    result = shell(*arguments)
    assert (result.status, result.out) == (2, b"")
    assert words in result.err


@pytest.mark.parametrize("command", ["decode", "encode", "convert", "validate", "bench"])
def test_the_usage_is_that_of_the_command(shell: Shell, command: str) -> None:
    required = {"encode": ["--fmt", "0"], "convert": ["--to", "0"], "bench": ["x"]}.get(command, [])
    result = shell(command, *required, "--ftm=3")
    assert result.status == 2
    assert result.err.startswith(f"usage: smsc-codec {command} ")
    assert result.err.endswith(f"smsc-codec {command}: error: unrecognized arguments: --ftm=3; did you mean --fmt?\n")
    assert shell("--ftm", command, *required).err.startswith("usage: smsc-codec [-h] [--version] COMMAND ...\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["decode", "--help"],
        ["encode", "-h"],
        ["convert", "-h"],
        ["validate", "-h"],
        ["bench", "-h"],
        ["serve", "-h"],
    ],
)
def test_help_says_what_the_statuses_mean(shell: Shell, arguments: list[str]) -> None:
    result = shell(*arguments)
    assert result.status == 0
    assert b"exit status: 0 all good, 1 something does not decode" in result.out


def test_version(shell: Shell) -> None:
    assert shell("--version").out.decode() == f"smsc-codec {__version__}\n"


def test_streams_that_others_have_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit):
        main(["--version"])
    assert out.getvalue() == f"smsc-codec {__version__}\n"


def test_one_bad_file_does_not_stop_the_rest(shell: Shell) -> None:
    good, bad = shell.file("good", b"OK"), shell.file("bad", b"KO")
    Path("empty").mkdir()
    result = shell("decode", "missing", "empty", "a\x00b", bad, good)
    assert result.status == 3
    assert result.out == b'{"path":"good","kind":"success"}\n'
    lines = [line for line in result.err.splitlines() if not line.startswith(" ")]
    assert lines[0] == "missing: cannot be read: No such file or directory"
    assert lines[1] == "empty: cannot be read: there is no file in it"
    assert lines[2].endswith("cannot be read: embedded null byte")
    assert lines[3].startswith("bad: line 1, column 1")


def test_nothing_is_written_over(shell: Shell) -> None:
    name = shell.file("a.txt", b"OK")
    assert shell("convert", "--to", "0", "--output", ".", name).status == 3
    assert shell("convert", "--to", "3", "--output", ".", name).status == 0
    again = shell("convert", "--to", "3", "--output", ".", name)
    assert (again.status, again.err) == (3, "a.json: cannot be written: File exists\n")


def test_an_endless_file_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.recordings._validate.MOST", 100)
    result = shell("decode", "--fmt", "0", "/dev/zero")
    assert result.status == 1
    assert "found '\\x00" in result.err or "\ufffd" in result.err


def test_an_interrupt_ends_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smsc_codec.cli.main.decode", interrupt)
    assert shell("decode", stdin=b"OK").status == 130


def test_nothing_disturbs_the_terminal(shell: Shell) -> None:
    name = shell.file("\x1b[31m\n", b"KO")
    shown = "\ufffd[31m\ufffd"
    assert shell("decode", name).err.startswith(f"{shown}: line 1, ")
    assert shell("decode", f"{name}/").err.startswith(f"{shown}/: cannot be read: ")
    assert shell("validate", name).out.decode().startswith(f"{shown}:1:1: error ")
    assert shell("convert", "--to", "0", "--output", name, "-", stdin=b"OK").err.startswith(f"{shown}/stdin.txt: ")
    assert f"unrecognized arguments: --{shown}\n" in shell("decode", f"--{name}").err
    key = b'{"kind":"senders","senders":[{"name":"A","operators":{"\\u001b[31m\\n":100}}]}'
    assert f"senders[0].operators.{shown}: expected" in shell("encode", "--fmt", "3", stdin=key).err


ROOT = Path(__file__).parent.parent
TOOL = f"{sys.executable} -m smsc_codec"
FULL = (">/dev/full", "No space left on device")
CLOSED = (">&-", "Bad file descriptor")


def run(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in a process of its own."""
    (folder / "good").write_bytes(b"OK")
    (folder / "odd").write_bytes('{"error": "\N{CYRILLIC SMALL LETTER YA}", "error_code": "77", "x": 1}'.encode())
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "", **variables}
    return subprocess.run(
        command, shell=True, capture_output=True, check=False, cwd=folder, env=environment, encoding="utf-8"
    )


def test_as_a_module(tmp_path: Path) -> None:
    result = run(f"printf 0,-3 | {TOOL} decode", tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, '{"kind":"error","code":3}\n', "")


def test_a_reader_may_stop_early(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"{number}.txt").write_bytes(b"name = " + b"x" * 200 + b", id = 5")
    result = run(f"{TOOL} decode *.txt | head -n 1", tmp_path)
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "unbuffered", "redirection", "reason"),
    [
        *(("decode good", unbuffered, *where) for unbuffered in ("", "1") for where in (FULL, CLOSED)),
        *(
            (f"{command} good", "", *where)
            for command in ("convert --to 3", "validate --fmt 3")
            for where in (FULL, CLOSED)
        ),
        *(("--help", unbuffered, *FULL) for unbuffered in ("", "1")),
        ("decode --help", "", *CLOSED),
        ("--version", "1", *CLOSED),
    ],
)
def test_an_output_that_cannot_be_written(
    tmp_path: Path, arguments: str, unbuffered: str, redirection: str, reason: str
) -> None:
    result = run(f"{TOOL} {arguments} {redirection}", tmp_path, PYTHONUNBUFFERED=unbuffered)
    message = f"smsc-codec: standard output: cannot be written: {reason}\n"
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.removeprefix("1 reply, 0 not decoded, 1 finding\n") == message


def test_a_closed_output_that_is_not_needed(tmp_path: Path) -> None:
    result = run(f"{TOOL} convert --to 3 --output out good >&-", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "out" / "good.json").exists()


def test_a_closed_input(tmp_path: Path) -> None:
    result = run(f"{TOOL} decode - good <&-", tmp_path)
    assert (result.returncode, result.stdout) == (3, '{"path":"good","kind":"success"}\n')
    assert result.stderr == "<stdin>: cannot be read: Bad file descriptor\n"


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(
    ("arguments", "status", "out"),
    [
        ("decode missing also-missing good", 3, '{"path":"good","kind":"success"}\n'),
        ("validate good", 0, ""),
        ("decode --ftm", 2, ""),
        ("decode - <&- >&-", 3, ""),
    ],
)
def test_messages_that_cannot_be_written(
    tmp_path: Path, redirection: str, arguments: str, status: int, out: str
) -> None:
    result = run(f"{TOOL} {arguments} {redirection}", tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (status, out, "")


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}])
def test_characters_that_the_terminal_does_not_have(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "\N{CYRILLIC SMALL LETTER ZHE}.bad").write_bytes('{"\N{CYRILLIC SMALL LETTER YU}'.encode())
    for arguments, status in [("validate odd", 0), ("validate *.bad", 1), ("decode *.bad", 1), ("decode --\u0436", 2)]:
        result = run(f"{TOOL} {arguments}", tmp_path, **variables, PYTHONUTF8="0")
        assert result.returncode == status
        assert "Traceback" not in result.stderr
        assert (result.stdout + result.stderr).isascii()


def test_more_replies_than_files_are_written(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_module, "_MOST_REPLIES", 3)
    line = b'{"kind":"success"}\n'
    assert shell("encode", "--fmt", "1", "--output", "out", stdin=line * 3).status == 0
    result = shell("encode", "--fmt", "1", "--output", "more", stdin=line * 4)
    assert result.status == 1 and "expected at most 3 lines of normalized JSON" in result.err


def test_an_interrupt_while_the_command_loads_prints_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = builtins.__import__

    def interrupted(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "cli.main":
            raise KeyboardInterrupt
        return loaded(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    with pytest.raises(SystemExit) as stop:
        command()
    assert stop.value.code == 130
