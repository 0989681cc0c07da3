"""What the command prints and writes: nothing that disturbs a terminal, no secrets in names, whole files or none."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
import sys
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec import ErrorReply, Reply, Sender, SenderList, Severity, Success, encode, to_json
from smsc_codec._secrets import safe_name
from smsc_codec.cli import groups, page, reports, streams
from smsc_codec.cli.reports import JUnitReport
from smsc_codec.cli.streams import Spool, SpoolError, printable_json, shown_arguments, write_new
from smsc_codec.recordings import Found, Summary, Validation
from smsc_codec.recordings._check import Outcome

from .test_command_line import ROOT, Shell, run, shell
from .test_messages import ODD

__all__ = ["shell"]

CHARACTERS = [odd for odd in ODD if "\ud800" not in odd]
FORMATS = ["text", "json", "junit", "html"]
TOOL = f"{sys.executable} -m smsc_codec"


def is_harmless(output: bytes) -> bool:
    return all(line.isprintable() for line in output.decode().split("\n"))


# Characters


def replies_with(text: str) -> list[Reply]:
    return [
        ErrorReply(3, f"a {text} b"),
        SenderList((Sender(f"A{text}", 5), Sender(f"{text}B", 6))),
        SenderList((Sender("A", 5, None, {}, {f"k{text}": f"x{text}y"}),)),
    ]


@pytest.mark.parametrize("text", CHARACTERS, ids=range(len(CHARACTERS)))
def test_decode_escapes_what_is_not_printable(shell: Shell, text: str) -> None:
    replies = replies_with(text)
    names = [shell.file(str(number), encode(reply, fmt=3)) for number, reply in enumerate(replies)]
    result = shell("decode", "--fmt", "3", *names)
    assert (result.status, result.err) == (0, "")
    assert is_harmless(result.out)
    lines = result.out.splitlines()
    places = [{"path": name} for name in names]
    assert [json.loads(line) for line in lines] == [
        place | json.loads(to_json(reply)) for place, reply in zip(places, replies)
    ]
    shell("encode", "--fmt", "3", "--output", "out", stdin=result.out)
    assert shell.files("out") == {f"stdin-{n}.json": encode(reply, fmt=3) for n, reply in enumerate(replies, 1)}


def test_how_decode_spells_them(shell: Shell) -> None:
    body = '{"error": "\\u001b[1m\x7f \x9b \u202e \u200b \u2028 \ue000 \U000e0001 Ё 😀", "error_code": 3}'.encode()
    spelled = r"\u001b[1m\u007f \u009b \u202e \u200b \u2028 \ue000 \udb40\udc01 Ё 😀"
    wanted = f'{{"kind":"error","code":3,"description":"{spelled}"}}\n'
    assert shell("decode", stdin=body).out.decode() == wanted


VALUES = st.recursive(
    st.text() | st.integers(-(2**63), 2**63) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(VALUES)
def test_the_same_value_in_printable_json(value: Any) -> None:
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    printed = printable_json(line)
    assert printed.decode().isprintable()
    assert json.loads(printed) == json.loads(line)
    assert printable_json(printed) == printed
    assert printed == line or not line.decode().isprintable()


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("text", CHARACTERS, ids=range(len(CHARACTERS)))
def test_reports_hold_nothing_that_disturbs(shell: Shell, format_: str, text: str) -> None:
    ugly = text.replace("\0", "").replace("/", "") or "x"
    rows: list[dict[str, Any]] = [
        {"fmt": 0, "body": f"KO {text} KO"},
        {"fmt": 0, "body": f"name = A, k{text.replace(chr(10), '').replace(chr(13), '')} = 5, id = 5"},
        {"fmt": 3, "body": json.dumps([{"sender": "A", f"k{text}": "x", "id": 5}])},
        {"fmt": 2, "body": f'<senders><sender k{text}="x">A</sender></senders>'},
        {"fmt": 1, "body": "OK", "url": f"http://host{text}.example/x.php"},
        {"fmt": 1, "body": "OK", "expect": f"x{text}"},
        {"fmt": text, "body": "OK"},
    ]
    name = shell.file(f"lines{ugly}", "\n".join(map(json.dumps, rows)).encode() + b"\n{" + text.encode() + b"\n")
    result = shell("validate", "--format", format_, name, f"missing{ugly}")
    assert result.status == 3
    assert is_harmless(result.out)
    assert all(line.isprintable() for line in result.err.split("\n"))
    if format_ == "junit":
        assert ET.fromstring(result.out).get("name") == "smsc-codec validate"
    if format_ == "json":
        assert [*map(json.loads, result.out.splitlines())][-1]["summary"]["skipped"]


def test_hosts_have_a_longest(shell: Shell) -> None:
    rows = [{"fmt": 1, "body": "OK", "url": f"http://{'x' * 50_000}{number}.example/x.php"} for number in range(5)]
    for format_ in FORMATS:
        result = shell("validate", "--format", format_, stdin="\n".join(map(json.dumps, rows)).encode())
        assert len(result.out) + len(result.err) < 10_000


# Secrets in the names of files and in arguments

SECRET = "hunter2secret"
NAME = f"senders.php?login={SECRET}&psw={SECRET}&fmt=3"
GOOD, BAD = b'{"result": "OK"}', b"\x00"


def attempts(shell: Shell) -> Iterator[tuple[list[str], str]]:
    """Yield commands that speak of a file or an argument, and what is said about it."""
    good, bad, reply = shell.file(f"good {NAME}", GOOD), shell.file(f"bad {NAME}", BAD), shell.file(f"j {NAME}", b"{}")
    several = shell.file(f"several {NAME}", b'{"kind":"success"}\n{"kind":"x"}\n{"kind":"success"}')
    twice = [shell.file(f"{folder}/{NAME}", GOOD) for folder in "ab"]
    empty = Path(f"empty {NAME}")
    empty.mkdir()
    Path(f"taken {NAME}").write_bytes(b"")
    for command in (["decode"], ["convert", "--to", "3"], ["encode", "--fmt", "3"], ["validate"], ["bench"]):
        yield [*command, f"missing {NAME}"], "No such file"
        yield [*command, bad], "expected"
        if command == ["validate"]:
            for format_ in FORMATS:
                yield [*command, "--format", format_, bad, f"missing {NAME}"], "expected|missing"
        if command == ["decode"]:
            yield [*command, "--table", good, good], "success|OK"
            yield [*command, good, good], "success"
        command = [*command, "x"]  # noqa: PLW2901 - bench needs a PATH
        yield [*command, "--" + NAME], "unrecognized arguments"
        yield [*command, "--psw", SECRET], "unrecognized arguments"
        yield [*command, "--ApiKey", SECRET, "--login", SECRET, "-psw", SECRET], "unrecognized arguments"
        yield [*command, "--header", f"Authorization: Bearer {SECRET}"], "unrecognized arguments"
        yield [*command, "-u", f"https://demo:{SECRET}@smsc.ru/{NAME}"], "unrecognized arguments"
        for option in ("--charset", "--expect", "--fmt", "--kind", "--format", "--jobs", "--fail-on", "--seconds"):
            yield [*command, option, NAME], "argument|unrecognized"
            yield [*command, f"{option}={NAME}"], "argument|unrecognized"
    yield [NAME], "invalid choice"
    yield ["--psw", SECRET, "decode"], "unrecognized|invalid choice"
    yield ["convert", "--to", "3", "--output", "out", *twice], "would both be written to"
    yield ["encode", "--fmt", "3", "--output", "out", several, several], "would both be written to"
    yield ["encode", "--fmt", "3", "--output", "out", several], "line 2"
    yield ["encode", "--fmt", "3", reply], "expected one of"
    yield ["convert", "--to", "3", "--output", f"taken {NAME}", good], "cannot be written"
    yield ["convert", "--to", "3", "--output", f"missing\0{NAME}", good], "cannot be written"
    yield ["convert", "--to", "3", "--output", NAME, good], ""
    yield ["convert", "--to", "3", "--output", NAME, good], "File exists"
    yield ["bench", str(empty)], "there is no file in it"


def test_no_secret_of_a_name_or_an_argument_is_printed(shell: Shell) -> None:
    for arguments, words in attempts(shell):
        result = shell(*arguments)
        printed = result.out.decode() + result.err
        assert SECRET not in printed, arguments
        assert re.search(words, printed), (arguments, printed)
        assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        (["--ftm=3", "a b"], "--ftm=3 a b"),
        (["--psw", "abc"], "--psw ***"),
        (["--psw", "--login", "demo"], "--psw ******* ****"),
        (["--psw=abc", "x"], "--psw=*** x"),
        (["--login", "demo", "x"], "--login **** x"),
        (["--other", "abc"], "--other abc"),
        (["?psw=abc&fmt=3", "x"], "?psw=***&fmt=3 x"),
        (["\x1b\n"], "\ufffd\ufffd"),
        ([], ""),
    ],
)
def test_how_arguments_are_shown(given_: list[str], shown: str) -> None:
    assert " ".join(shown_arguments(given_)) == shown


def test_a_name_without_secrets_stays_readable(shell: Shell) -> None:
    assert safe_name("replies/Ж 5.txt") == "replies/Ж 5.txt"
    message = f"missing {NAME[:11]}?psw=************: cannot be read: No such file or directory\n"
    assert shell("decode", f"missing {NAME[:11]}?psw=secretsecret").err == message


# Files


class _Breaking(io.BytesIO):
    """A file that is there, and breaks at one of its methods."""

    def __init__(self, name: Any, at: str, error: BaseException) -> None:
        super().__init__()
        open(name, "xb").close()
        self._at, self._error, self._done = at, error, False

    def write(self, data: Any) -> int:
        self._reach("write")
        return super().write(data)

    def close(self) -> None:
        if not self._done:
            self._done = True
            self._reach("close")
            super().close()

    def _reach(self, name: str) -> None:
        if name == self._at:
            raise self._error


def opening(new: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """Return a function that opens files, and new files in another way."""
    return lambda name, mode: new(name) if "x" in mode else open(name, mode)


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
COMMANDS = [["convert", "--to", "3"], ["encode", "--fmt", "3"]]


def written(shell: Shell, command: list[str]) -> tuple[int, str]:
    name = shell.file("in.json", b"OK" if command[0] == "convert" else b'{"kind":"success"}')
    result = shell(*command, "--output", "out", name)
    return result.status, result.err


@pytest.mark.parametrize("command", COMMANDS, ids=["convert", "encode"])
@pytest.mark.parametrize("at", ["write", "close"])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt(), MemoryError()], ids=["full", "interrupted", "other"])
def test_a_write_that_fails_leaves_no_file(shell: Shell, command: list[str], at: str, error: BaseException) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "open", opening(lambda name: _Breaking(name, at, error)), raising=False)
        if isinstance(error, MemoryError):
            with pytest.raises(MemoryError):
                written(shell, command)
        elif isinstance(error, OSError):
            assert written(shell, command) == (3, "out/in.json: cannot be written: No space left on device\n")
        else:
            assert written(shell, command) == (130, "")
    assert shell.files("out") == {}
    assert written(shell, command) == (0, "")
    assert shell.files("out") == {"in.json": encode(Success(), fmt=3)}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_device(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: Any) -> Any:
        open(name, "xb").close()
        return open("/dev/full", "wb")

    monkeypatch.setattr(streams, "open", opening(full), raising=False)
    assert written(shell, COMMANDS[0]) == (3, "out/in.json: cannot be written: No space left on device\n")
    assert shell.files("out") == {}


# A process whose files may have so many bytes, as on a disk with no more room.
LIMITED = (
    "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM)); sys.argv[0] = 'smsc-codec'"
)
LIMITED += "; runpy.run_module('smsc_codec', run_name='__main__')"


def limited(size: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("resource")
    command = [sys.executable, "-B", "-c", LIMITED.replace("ROOM", str(size)), *arguments]
    # Coverage of this process would be written to a file, too.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_disk_without_room(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"name = A, id = 5\n" * 1000)
    (tmp_path / "short").write_bytes(b"OK")
    result = limited(100, tmp_path, "convert", "--to", "3", "--output", "out", "long", "short")
    assert (result.returncode, result.stderr) == (3, "out/long.json: cannot be written: File too large\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["short.json"]


@pytest.mark.parametrize("linked", [True, False], ids=["links", "no links"])
class TestNames:
    """Names that are taken, also on file systems that have no links."""

    @pytest.fixture(autouse=True)
    def _links(self, linked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        def link(*_: object, **__: object) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        if not linked:
            monkeypatch.setattr(os, "link", link)

    def test_a_new_file(self, tmp_path: Path) -> None:
        write_new(tmp_path / "a", b"x" * 100_000)
        assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == {"a": 100_000}
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~_umask()

    @pytest.mark.parametrize("kind", ["file", "folder", "link", "link to nothing"])
    def test_a_name_that_is_taken(self, tmp_path: Path, kind: str) -> None:
        path, other = tmp_path / "a", tmp_path / "b"
        other.write_bytes(b"old")
        if kind == "file":
            path.write_bytes(b"old")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(other if kind == "link" else tmp_path / "c")
        with pytest.raises(FileExistsError):
            write_new(path, b"new")
        assert sorted(found.name for found in tmp_path.iterdir()) == ["a", "b"]
        assert other.read_bytes() == b"old" and (kind != "file" or path.read_bytes() == b"old")

    @pytest.mark.parametrize("name", ["x/y", "\0", "y" * 300])
    def test_a_name_that_cannot_be(self, tmp_path: Path, name: str) -> None:
        with pytest.raises((OSError, ValueError), match=r"No such file|null|too long"):
            write_new(tmp_path / name, b"new")
        assert not [*tmp_path.iterdir()]

    def test_a_long_name(self, tmp_path: Path) -> None:
        write_new(tmp_path / ("y" * 255), b"new")
        assert [len(found.name) for found in tmp_path.iterdir()] == [255]

    @pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["fails", "is interrupted"])
    def test_a_move_that_fails(
        self, tmp_path: Path, error: BaseException, linked: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise error

        if linked:
            monkeypatch.setattr(os, "link", broken)
        monkeypatch.setattr(os, "replace", broken)
        with pytest.raises(type(error)):
            write_new(tmp_path / "a", b"new")
        assert not [*tmp_path.iterdir()]

    def test_a_name_that_is_taken_meanwhile(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.link

        def link(*given_: Any, **options: Any) -> None:
            (tmp_path / "a").write_bytes(b"theirs")
            real(*given_, **options)

        monkeypatch.setattr(os, "link", link)
        with pytest.raises(FileExistsError):
            write_new(tmp_path / "a", b"ours")
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"theirs"}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# What waits in a temporary file

LINES = b'{"fmt": 0, "body": "KO"}\n' * 3


def test_a_temporary_folder_without_room(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(LINES)
    # Python tries folders for temporary files with four bytes.
    for room, words in ((4, "File too large"), (0, "No usable temporary directory found in ")):
        result = limited(room, tmp_path, "validate", "--format", "junit", "lines")
        assert (result.returncode, result.stdout) == (3, "")
        assert result.stderr.startswith(f"smsc-codec: temporary file: cannot be written: {words}")
    # The page needs none.
    page_ = limited(0, tmp_path, "validate", "--format", "html", "lines")
    assert (page_.returncode, page_.stderr) == (1, "") and page_.stdout.count("<article>") == 1


def test_no_temporary_folder(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, f"No usable temporary directory found in ['/tmp', '{NAME}']")

    monkeypatch.setattr("tempfile.TemporaryFile", none)
    result = shell("validate", "--format", "junit", stdin=LINES)
    assert (result.status, result.out) == (3, b"")
    assert result.err.startswith("smsc-codec: temporary file: cannot be written: No usable temporary directory found ")
    assert SECRET not in result.err


@pytest.mark.parametrize("at", ["write", "seek", "read", "truncate"])
def test_a_temporary_file_that_breaks(shell: Shell, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def close(self) -> None:
            raise FULL

    def broken(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(Broken, at, broken)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *_, **__: Broken())
    result = shell("validate", "--format", "junit", stdin=LINES)
    assert (result.status, result.err) == (
        3,
        "smsc-codec: temporary file: cannot be written: No space left on device\n",
    )


def test_a_spool_gives_what_it_was_given_and_forgets_it() -> None:
    spool = Spool()
    for text in ("Ж\r\n" * 50_000, "", "x"):
        spool.write(text)
        assert "".join(spool.take()) == text
    spool.close()
    with pytest.raises(ValueError, match="closed"):
        spool.write("x")
    assert issubclass(SpoolError, OSError)


@pytest.mark.parametrize("format_", FORMATS)
def test_an_output_without_room_is_the_output(tmp_path: Path, format_: str) -> None:
    (tmp_path / "lines").write_bytes(LINES)
    result = run(f"{TOOL} validate --format {format_} lines >/dev/full", tmp_path)
    assert result.returncode == 3
    assert result.stderr.endswith("smsc-codec: standard output: cannot be written: No space left on device\n")


def test_what_is_about_the_process_is_said_so(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def parts(self: Validation) -> Iterator[Outcome]:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        yield Outcome("", [], [], Summary(), 0)

    monkeypatch.setattr(Validation, "parts", parts)
    result = shell("validate", stdin=b"OK")
    assert (result.status, result.out) == (3, b"")
    assert result.err.endswith("smsc-codec: cannot go on: Resource temporarily unavailable\n")


# Reports that have an end


def many(*counts: int) -> bytes:
    """Return entries with findings of different codes."""
    bodies = ["KO", '{"error": "x", "error_code": 77}', '\ufeff{"result": "OK"}']
    rows = [{"fmt": 3, "body": body} for body, count in zip(bodies, counts) for _ in range(count)]
    return "\n".join(map(json.dumps, rows)).encode()


def test_the_page_lists_so_many_findings_of_a_code(shell: Shell) -> None:
    result = shell("validate", "--format", "html", stdin=many(1050, 11, 10)).out.decode()
    assert result.count("<article>") == 3, "the places of equal ones stand together"
    assert result.count("<pre>") == 3
    assert re.findall(r'<span class="count">([\d,]+)</span>', result) == ["1,050", "10", "11"]
    assert re.findall(r'<p class="soft">and ([\d,]+) more</p>', result) == ["1,047", "7", "8"]


def test_the_page_lists_so_many_findings_in_all(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [json.dumps([{"sender": "A", "id": 5, f"k{letter}": "x"}]) for letter in "abcdefg" for _ in range(4)]
    stdin = "\n".join(json.dumps({"fmt": 3, "body": body}) for body in [*keys, *["KO"] * 5]).encode()
    whole = shell("validate", "--format", "html", stdin=stdin).out.decode()
    assert re.findall(r'<span class="says">(.*?)</span><span class="count">(\d+)<', whole)[1:] == [
        (f"senders[0].replacements.k{letter}: the key &#x27;k{letter}&#x27; is not documented", "4")
        for letter in "abcdefg"
    ]
    for name, most in (("MOST_OF_A_CODE", 5), ("MOST", 5)):
        monkeypatch.setattr(groups, name, most)
        result = shell("validate", "--format", "html", stdin=stdin).out.decode()
        assert len(re.findall("<details", result)) == 5 + (name == "MOST_OF_A_CODE")
        more = re.findall(r"<code>([\w-]+)</code> <span class=\"soft\">([\d,]+ more findings?) with other", result)
        expected = [("unknown-key", "8 more findings")]
        assert more == (expected if name == "MOST_OF_A_CODE" else [*expected, ("malformed", "5 more findings")])


def test_the_page_lists_so_many_files(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_FILES", 3)
    bad = {"f3", "f11"}
    names = [shell.file(f"f{number}", b"KO" if f"f{number}" in bad else b"OK") for number in range(14)]
    result = shell("validate", "--format", "html", *names).out.decode()
    listed = re.findall(r'<tr><th scope="row"><code>(f\d+)</code></th><td class="count">1</td>', result)
    assert listed == ["f3", "f11", "f0"]
    assert '<span class="soft">11 other files</span></th><td class="count">11</td>' in result
    assert '<dt>files</dt><dd class="">14</dd>' in result


def test_the_command_on_the_page(shell: Shell) -> None:
    shell.file("a b", b"OK")
    result = shell("validate", "--format", "html", "a b", *["a b"] * 60).out.decode()
    many_more = " &#x27;a b&#x27;" * 47
    assert f"<code>smsc-codec validate --format html{many_more} … (14 more)</code>" in result
    assert "<h1>All 61 replies decode</h1>" in result


def test_so_many_cases_without_findings(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_MOST_GOOD_CASES", 3)
    row = b'{"fmt": 0, "body": "%s"}\n'
    stdin = b"".join(row % body for body in (b"OK", b"KO", b"OK", b"OK", b"OK", b"KO"))
    name = shell.file("one", row % b"OK")
    root = ET.fromstring(shell("validate", "--format", "junit", "-", name, stdin=stdin).out)
    suites = root.findall("testsuite")
    assert [[case.get("name") for case in suite] for suite in suites] == [
        [*(f"entry {number}" for number in (1, 2, 3, 4, 6)), "1 more entry without findings"],
        ["1 more entry without findings"],
        ["all recordings"],
    ]
    assert [suite.get("tests") for suite in suites] == ["6", "1", "1"]
    assert (root.get("tests"), root.get("failures")) == ("8", "2")


def found(number: int, severity: Severity, code: str = "x") -> Found:
    return Found("lines", number, 1, 1, severity, code, "message " * 40, "excerpt " * 8)


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("report", [page.PageReport, JUnitReport])
def test_the_memory_of_a_report_is_bounded(report: Any, shell: Shell) -> None:
    def add(count: int) -> None:
        made = report(Severity.ERROR)
        for number in range(count):
            made.add(found(5, Severity.ERROR if number % 2 else Severity.INFO, f"code-{number % 50}"))
        made.finish(Summary())
        made.close()

    shell("--version")  # standard output is a buffer
    add(10)
    assert peak(lambda: add(20_000)) < peak(lambda: add(5_000)) + 100_000


def test_a_case_tells_so_many_findings(shell: Shell) -> None:
    body = json.dumps([{"sender": "A", "id": 5, **{f"k{n}": "x" for n in range(120)}}])
    rows = [{"fmt": 3, "body": body, "expect": "created"}, {"fmt": 3, "body": body}]
    stdin = "\n".join(map(json.dumps, rows)).encode()
    for level, tag in (("error", "system-out"), ("info", "failure")):
        root = ET.fromstring(shell("validate", "--format", "junit", "--fail-on", level, stdin=stdin).out)
        for case in root.findall("testsuite/testcase")[:2]:
            text = case.findtext(tag) or ""
            assert text.count("unknown-key") >= 50 - (tag == "failure")
            assert re.findall(r"\nand (\d+) more$", text) in (["70"], ["71"])
    few = '{"fmt": 3, "body": "[{\\"sender\\": \\"A\\", \\"id\\": 5, \\"k\\": \\"x\\"}]"}'
    assert b" more" not in shell("validate", "--format", "junit", stdin=few.encode()).out


@pytest.mark.parametrize("format_", ["text", "json"])
def test_reports_that_stream_are_complete(shell: Shell, format_: str) -> None:
    result = shell("validate", "--format", format_, stdin=many(1010, 11, 10))
    assert len(result.out.splitlines()) == 1031 + int(format_ == "json")
