"""`smsc-codec bench`: what it reads, what it refuses, and that its figures are what they say; no times."""

from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smsc_codec import Format, __version__, decode
from smsc_codec.cli import bench
from smsc_codec.cli.bench import PEERS, Group, Times

from .test_command_line import Shell, Terminal

ROOT = Path(__file__).parent.parent
EXAMPLES = str(ROOT / "examples" / "replies")
QUICK = ("--seconds", "1e-9")
HEADINGS = [
    *("endpoint", "format", "kind", "replies", "bytes/reply", "MB/s", "replies/s", "names/s"),
    *("median_µs", "99%_µs"),
]
KINDS = ["senders", "created", "success", "error"]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch, tmp_path)


def _groups(shell: Shell, *arguments: str, stdin: bytes = b"") -> dict[tuple[str, str], dict[str, Any]]:
    result = shell("bench", "--json", *QUICK, *arguments, stdin=stdin)
    assert (result.status, result.err) == (0, "")
    assert result.out.count(b"\n") == 1
    said = json.loads(result.out)
    assert said["smsc_codec"] == __version__
    assert all(said[name] for name in ("python", "implementation", "processor"))
    groups = said["groups"]
    return {(group["format"], group["kind"]): group for group in groups}


def test_the_examples(shell: Shell) -> None:
    groups = _groups(shell, EXAMPLES)
    assert list(groups) == sorted(groups, key=lambda key: (Format[key[0].upper()], KINDS.index(key[1])))
    assert sum(group["replies"] for group in groups.values()) == len(os.listdir(EXAMPLES))
    assert groups["text", "senders"]["replies"] == 4
    assert groups["csv", "senders"]["names"] == 2
    assert groups["json", "error"]["names"] == 0
    for group in groups.values():
        assert group["rounds"] == 1
        assert 0 < group["median_ns"] <= group["p99_ns"]


def _clock(monkeypatch: pytest.MonkeyPatch, *took: int) -> Callable[[], None]:
    """Return a function that takes these times in turn, by a clock that looking at costs nothing."""
    state = SimpleNamespace(now=0, calls=0)

    def call() -> None:
        state.now += took[state.calls % len(took)]
        state.calls += 1

    monkeypatch.setattr("smsc_codec.cli.bench._CLOCK", lambda: state.now)
    return call


def test_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    call = _clock(monkeypatch, 1000, 3000)
    group = Group("senders", Format.TEXT, "senders")
    group.add(b"x" * 50, {}, 4)
    group.add(b"x" * 150, {}, 8)
    parts: list[float] = []
    group.times.measure([call, call], 10e-6, parts.append)
    assert parts == [0.1, 0.4, 0.5, 0.8, 0.9, 1]
    assert group.times.counts == Counter({1000: 3, 3000: 3})
    assert group.figures() == {
        "endpoint": "senders",
        "format": "text",
        "kind": "senders",
        "replies": 2,
        "left_out": 0,
        "names": 12,
        "bytes": 200,
        "bytes_per_reply": 100,
        "rounds": 3,
        "megabytes_per_second": pytest.approx(50),
        "replies_per_second": pytest.approx(500_000),
        "names_per_second": pytest.approx(3_000_000),
        "median_ns": 1000,
        "p99_ns": 3000,
    }
    group.peer = Times()
    group.peer.measure([call], 1e-9, parts.append)
    assert group.figures()["peer"] == {"name": "split into dicts", "median_ns": 1000, "ratio": 1}


def timed(counts: dict[int, int], rounds: int = 1) -> Times:
    times = Times()
    times.counts.update(counts)
    times.rounds = rounds
    return times


@pytest.mark.parametrize(
    ("times", "median", "p99"),
    [
        ({5: 1}, 5, 5),
        ({1: 1, 2: 1}, 1, 2),
        ({1: 1, 2: 2}, 2, 2),
        ({9: 1, 1: 50, 2: 49}, 1, 2),
        ({9: 2, 1: 49, 2: 49}, 2, 9),
    ],
)
def test_percentiles(times: dict[int, int], median: int, p99: int) -> None:
    assert [timed(times).longest_of(part) for part in (0.5, 0.99)] == [median, p99]


def test_a_clock_that_stands_still() -> None:
    still = Group("senders", Format.TEXT, "success", [(b"OK", {})], times=timed({0: 1}), peer=timed({0: 1}))
    figures = still.figures()
    assert (figures["median_ns"], figures["peer"]["ratio"]) == (0, 0)


def test_folders(shell: Shell) -> None:
    for name in ["r/b/1.txt", "r/a/2", "r/3.xml", "r/.hidden", "r/.git/4", "s", "elsewhere/5"]:
        shell.file(name, b"OK")
    os.symlink("../elsewhere", "r/link")
    os.symlink("../s", "r/file")
    groups = _groups(shell, "r", "s", "-", stdin=b"OK")
    assert [group["replies"] for group in groups.values()] == [6]


@pytest.mark.parametrize("name", ["broken", "pipe"])
def test_a_folder_with_something_else_than_files(shell: Shell, name: str) -> None:
    shell.file("r/1", b"OK")
    if name == "pipe":
        os.mkfifo("r/pipe")
    else:
        os.symlink("nowhere", "r/broken")
    result = shell("bench", "--json", "r")
    assert (result.status, result.out) == (3, b"")
    assert result.err.startswith(f"r/{name}: cannot be read: ")


def test_a_folder_without_files(shell: Shell) -> None:
    shell.file("empty/.hidden", b"OK")
    result = shell("bench", "--json", "empty", shell.file("ok", b"OK"))
    assert (result.status, result.out) == (3, b"")
    message = "empty: cannot be read: there is no file in it\n"
    assert result.err == f"{message}smsc-codec: nothing is measured unless every reply decodes\n"


def test_a_folder_that_cannot_be_read(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.file("r/secret/x", b"OK")
    shell.file("r/y", b"OK")
    scan = os.scandir

    def scandir(path: str) -> Any:
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr("os.scandir", scandir)
    result = shell("bench", "--json", "r")
    assert (result.status, result.out) == (3, b"")
    assert result.err.startswith("r/secret: cannot be read: Permission denied\n")


def test_nothing_is_measured_unless_every_reply_decodes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("smsc_codec.cli.bench.Group.measure")
    good, bad = shell.file("good", b"OK"), shell.file("bad", b"KO")
    said = shell("decode", bad, "missing").err
    result = shell("bench", "--json", good, bad, "missing", good)
    assert (result.status, result.out) == (3, b"")
    assert result.err == f"{said}smsc-codec: nothing is measured unless every reply decodes\n"
    assert shell("bench", "--json", good, bad).status == 1


def test_options_of_decode(shell: Shell) -> None:
    ok = shell.file("ok", b"OK")
    name = shell.file("name", "name = \N{CYRILLIC CAPITAL LETTER A}, id = 5".encode("koi8-r"))
    assert list(_groups(shell, "--fmt", "3", ok)) == [("json", "success")]
    assert list(_groups(shell, "--fmt", "text", "--charset", "koi8-r", "--expect", "senders", name)) == [
        ("text", "senders")
    ]
    assert shell("bench", "--json", "--fmt", "3", "--strict", ok).status == 1
    assert shell("bench", "--json", "--expect", "created", ok).status == 1


def test_what_is_timed_is_what_was_asked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def recorded(body: bytes, **options: Any) -> Any:
        calls.append((body, options))
        return decode(body, **options)

    monkeypatch.setattr("smsc_codec.cli.bench.decode", recorded)
    body = b"<result>OK</result>"
    _groups(shell, "--charset", "koi8-r", shell.file("x", body))
    asked = {"charset": "koi8-r", "expect": None, "endpoint": None, "strict": False}
    assert calls[-1] == (body, {**asked, "fmt": Format.XML})
    row = {"url": "https://smsc.ru/sys/send.php?fmt=3", "body": '{"id": 5, "cnt": 1}'}
    assert list(_groups(shell, shell.file("y", json.dumps(row).encode()))) == [("json", "sent")]
    assert calls[-1] == (
        row["body"].encode(),
        {"charset": None, "expect": None, "endpoint": "send", "strict": False, "fmt": 3},
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: PATH"),
        (["x", "--seconds", "1", "--comapre"], "unrecognized arguments: --comapre; did you mean --compare?"),
        (["x", "--seconds", "0"], "has to be a number above 0, not '0'"),
        (["x", "--seconds", "nan"], "has to be a number above 0, not 'nan'"),
        (["x", "--seconds", "inf"], "has to be a number above 0, not 'inf'"),
        (["x", "--seconds", "soon"], "has to be a number above 0, not 'soon'"),
    ],
)
def test_wrong_usage(shell: Shell, arguments: list[str], words: str) -> None:
    result = shell("bench", *arguments)
    assert (result.status, result.out) == (2, b"")
    assert result.err.startswith("usage: smsc-codec bench ")
    assert words in result.err


def test_more_replies_than_are_measured(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc_codec.cli.bench._MOST", 600)
    rows = [{"fmt": 0, "body": body} for body in ("OK", "OK", "OK", "OK", "ERROR = 3 (x)")]
    name = shell.file("x", "\n".join(map(json.dumps, rows)).encode())
    groups = _groups(shell, name)
    assert {kind: (group["replies"], group["left_out"]) for (_, kind), group in groups.items()} == {
        "success": (2, 2),
        "error": (1, 0),
    }
    assert (
        shell("bench", *QUICK, name)
        .out.decode()
        .endswith("\n2 replies are not measured: of each line the first 0 MiB are.\n")
    )


@pytest.mark.parametrize("compare", [False, True])
def test_table(shell: Shell, compare: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    result = shell("bench", *QUICK, *["--compare"] * compare, EXAMPLES)
    assert (result.status, result.err) == (0, "")
    facts, empty, heading, line, *rows = result.out.decode().splitlines()
    assert facts.startswith(f"smsc_codec {__version__}, CPython {platform.python_version()}, ")
    assert empty == ""
    others = ["others", "median_µs", "ours", "/", "theirs"] * compare
    assert heading.replace(" µs", "_µs").split() == [*HEADINGS, *others]
    assert set(line) == {"─", " "}
    cells = [row.replace("split into dicts", "split-into-dicts").split() for row in rows]
    assert [tuple(row[1:3]) for row in cells] == list(_groups(shell, EXAMPLES))
    assert {len(row) for row in cells} == {13 if compare else 10}
    assert {row[2]: row[7] == "-" for row in cells} == {kind: kind != "senders" for kind in KINDS}
    if compare:
        # OK and errors come as text where JSON was asked, too; the examples have none.
        assert {row[1]: row[10] for row in cells} == {
            fmt.name.lower(): name.replace(" ", "-") for fmt, (name, _) in PEERS.items()
        }
    shell.stream = Terminal
    shell.patch.setenv("TERM", "xterm")
    shell.patch.delenv("NO_COLOR", raising=False)
    assert b"\x1b[1m" in shell("bench", *QUICK, EXAMPLES).out


def test_what_others_do() -> None:
    bodies = {
        Format.TEXT: b"name = A, id = 5\nname = B, id = 6",
        Format.CSV: b"A,5\nB,6",
        Format.XML: b"<a>5</a>",
        Format.JSON: b'{"a": 5}',
    }
    results = [parse(bodies[fmt]) for fmt, (_, parse) in PEERS.items()]
    assert results[0] == [{"name": "A", "id": "5"}, {"name": "B", "id": "6"}]
    assert results[1] == [["A", "5"], ["B", "6"]]
    assert getattr(results[2], "text", "") == "5"
    assert results[3] == {"a": 5}


def test_others_that_fail_are_not_compared(shell: Shell) -> None:
    name = shell.file("x", b"OK")
    for fmt in ("2", "3"):
        result = shell("bench", *QUICK, "--compare", "--fmt", fmt, name)
        assert result.status == 0
        assert result.out.decode().splitlines()[-1].split()[-3:] == ["-", "-", "-"]
        assert b'"peer"' not in shell("bench", *QUICK, "--compare", "--json", "--fmt", fmt, name).out
    assert b'"peer":{"name":"split into dicts"' in shell("bench", *QUICK, "--compare", "--json", name).out


def test_the_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def opened(text: str | None) -> Any:
        def open_(*_: object, **__: object) -> io.StringIO:
            if text is None:
                raise FileNotFoundError
            return io.StringIO(text)

        return open_

    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    for text, name in (("a: b\nmodel name\t: Chip 5\n", "Chip 5"), ("a: b\n", "riscv64"), (None, "riscv64")):
        monkeypatch.setattr(bench, "open", opened(text), raising=False)
        assert bench.environment()["processor"] == name


@pytest.mark.parametrize(("refresh", "measuring"), [(0.0, True), (float("inf"), False)])
def test_progress(shell: Shell, monkeypatch: pytest.MonkeyPatch, refresh: float, measuring: bool) -> None:
    pytest.importorskip("rich")
    monkeypatch.setattr("smsc_codec.cli.bench._REFRESH", refresh)
    monkeypatch.setenv("TERM", "xterm")
    shell.stream = Terminal
    result = shell("bench", "--json", *QUICK, EXAMPLES)
    assert json.loads(result.out)["groups"]
    assert ("100%" in result.err) is measuring
    bad = shell("bench", "--json", shell.file("bad", b"KO"))
    assert bad.status == 1
    assert "bad: line 1, column 1" in bad.err


def test_an_interrupt_ends_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smsc_codec.cli.bench.Group.measure", interrupt)
    assert shell("bench", "--json", EXAMPLES).status == 130


def test_nothing_is_imported_before_it_is_needed() -> None:
    script = """
import sys
from smsc_codec.cli.main import main
main(["decode", "examples/replies/list.csv"])
print(sorted({"rich", "smsc_codec.cli.bench"} & sys.modules.keys()))
main(["bench", "--json", "--seconds", "1e-9", "examples/replies/list.csv"])
print(sorted({"rich", "smsc_codec.cli.bench"} & sys.modules.keys()))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT)
    lines = result.stdout.decode().splitlines()
    assert lines[1::2] == ["[]", "['smsc_codec.cli.bench']"]
