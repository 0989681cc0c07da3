"""decode, convert and bench on recordings; tables for people; what helps who types."""

from __future__ import annotations

import gzip
import io
import json
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from smsc_codec import (
    ErrorReply,
    MessageSent,
    OperatorStatus,
    PhoneResult,
    Sender,
    SenderList,
    Success,
    decode,
    encode,
    to_json,
)
from smsc_codec.cli.table import _shown, reply_table, table
from smsc_codec.model import ServiceError
from smsc_codec.recordings import validate_recordings

from .recorders import FOLDER, SECRETS
from .test_command_line import Shell, Terminal, shell

__all__ = ["shell"]

SENT = b'{\n"id": 33,\n"cnt": 1\n}'
ROWS: list[dict[str, Any]] = [
    {"fmt": 0, "body": "name = A, id = 5"},
    {"fmt": 3, "body": SENT.decode(), "url": "/sys/send.php?fmt=3"},
    {"fmt": 0, "body": "name = A, id = abc"},
    {"fmt": 0, "body": "OK", "url": "https://elsewhere.example/x.php?psw=PLANTED"},
    {"fmt": 9, "body": "OK"},
]
LINES = "\n".join(map(json.dumps, ROWS)).encode()
LEFT_OUT = "smsc-codec: 1 entry is left out, which holds no reply that this library reads\n"


def test_decode_reads_recordings(shell: Shell) -> None:
    result = shell("decode", shell.file("traffic.jsonl", LINES))
    assert result.status == 1
    assert [json.loads(line) for line in result.out.splitlines()] == [
        {"path": "traffic.jsonl", "entry": 1, "kind": "senders", "senders": [{"name": "A", "id": 5}]},
        {"path": "traffic.jsonl", "entry": 2, "kind": "sent", "id": 33, "parts": 1},
    ]
    assert result.err == (
        "traffic.jsonl:3:1: error malformed entry 3, 1:16 in the reply: "
        "expected a whole number of at most 18 digits, found 'abc'\n"
        "    name = A, id = abc\n                   ^\n"
        "traffic.jsonl:5:1: error bad-entry entry 5: fmt has to be 0, 1, 2 or 3\n" + LEFT_OUT
    )
    assert shell("decode", "--kind", "body", "--fmt", "3", "traffic.jsonl").out == b""


@pytest.mark.parametrize("name", ["mitmproxy.har", "vcrpy.yaml", "curl.http"])
def test_decode_reads_what_validate_reads(shell: Shell, name: str) -> None:
    pytest.importorskip("yaml")
    path = str(FOLDER / name)
    result = shell("decode", path)
    validation = validate_recordings([path])
    assert result.err.count(": error ") == [found.severity.value for found in validation].count("error")
    summary = validation.summary
    assert result.out.count(b"\n") == summary.replies - summary.undecoded > 5
    for secret in SECRETS:
        assert secret not in result.err


@pytest.mark.parametrize("jobs", [["--table"], []])
def test_several_inputs_are_told_apart(shell: Shell, jobs: list[str]) -> None:
    for name in ("b/one", "b/two"):
        shell.file(name, b"OK")
    shell.file("a", gzip.compress(b"OK"))
    result = shell("decode", *jobs, "a", "b", "-", stdin=b"OK")
    assert (result.status, result.err) == (0, "")
    names = ["a", "b/one", "b/two", "<stdin>"]
    lines = result.out.decode().splitlines()
    if jobs:
        assert lines == [f'{name}: senders.php, "OK"' for name in names]
    else:
        assert [json.loads(line) for line in lines] == [{"path": name, "kind": "success"} for name in names]
        assert shell("decode", "a").out == b'{"kind":"success"}\n'


def test_a_strange_name_of_a_file(shell: Shell) -> None:
    name = shell.file('a"\x1b\u202e?psw=secretsecret', b"OK")
    result = shell("decode", name, name)
    assert json.loads(result.out.splitlines()[0])["path"] == 'a"\ufffd\ufffd?psw=************'


@pytest.mark.parametrize("command", [["decode"], ["convert", "--to", "3"], ["bench"]])
def test_what_is_not_a_recording(shell: Shell, command: list[str]) -> None:
    for body, what in ((b"PK\x03\x04", "a zip archive"), (b"\0\1", "binary data"), (b"[section]\na=b", "settings")):
        result = shell(*command, shell.file("x", body))
        assert (result.status, result.out) == (1, b"")
        assert result.err.startswith(f"x:1:1: error unrecognised it looks like {what}")
    for arguments, body in (
        (["--kind", "body"], b"PK\x03\x04"),
        (["--fmt", "3"], b"2024-05-17 10:20:30 x"),
        (["--strict"], b'[{"sender": "A", "x": 5}]'),
        ([], b""),
        ([], b"KO"),
    ):
        result = shell(*command, *arguments, shell.file("x", body))
        assert result.status == 1 and result.err.startswith("x: line 1, column ")


def test_encode_reads_lines_with_their_place(shell: Shell) -> None:
    lines = shell("decode", shell.file("traffic.jsonl", LINES)).out
    assert shell("encode", "--fmt", "3", "--output", "out", stdin=lines).status == 0
    assert shell.files("out") == {
        "stdin-1.json": encode(decode(b"name = A, id = 5", fmt=0), fmt=3),
        "stdin-2.json": SENT,
    }
    for odd in (b'["path"]', b'{"path": ', b'\xff\xfe"path"\xff', b'{"kind": "x", "path": 5}'):
        assert shell("encode", "--fmt", "3", stdin=odd).status == 1


def test_convert_reads_recordings(shell: Shell) -> None:
    name = shell.file("traffic.jsonl", LINES)
    result = shell("convert", "--to", "2", "--output", "out", name, shell.file("b/one.txt", b"OK"))
    assert result.status == 1
    assert sorted(shell.files("out")) == ["one.xml", "traffic-1.xml", "traffic-2.xml"]
    assert shell.files("out")["traffic-2.xml"] == encode(decode(SENT, fmt=3, endpoint="send"), fmt=2)


def test_convert_writes_no_two_replies_to_one_output(shell: Shell) -> None:
    row = b'{"fmt": 0, "body": "OK"}\n'
    assert shell("convert", "--to", "3", stdin=row).out == encode(Success(), fmt=3)
    result = shell("convert", "--to", "3", stdin=row * 2)
    assert (result.status, result.out) == (2, b"")
    assert "--output DIR is needed" in result.err
    for name in ("f/a", "f/b"):
        shell.file(name, b"OK")
    assert shell("convert", "--to", "3", "f").status == 2
    assert shell("convert", "--to", "1", stdin=b'{"fmt": 0, "body": "ERROR = 3 (x)"}\n').err == (
        "<stdin>: entry 1: description: comma-separated replies have no place for it "
        "(drop=['description'] leaves it out)\n"
    )


def test_bench_reads_recordings(shell: Shell) -> None:
    name = shell.file("traffic.jsonl", "\n".join(map(json.dumps, ROWS[:2])).encode())
    result = shell("bench", "--json", "--seconds", "1e-9", name)
    groups = json.loads(result.out)["groups"]
    found = [(group["endpoint"], group["format"], group["kind"], group["bytes_per_reply"]) for group in groups]
    assert found == [("senders", "text", "senders", 16), ("send", "json", "sent", len(SENT))]


def test_files_that_cannot_be_read(shell: Shell) -> None:
    cut = shell.file("cut", gzip.compress(b"name = A, id = 5")[:-9])
    for command in (["decode"], ["convert", "--to", "3", "--output", "out"], ["bench"]):
        result = shell(*command, "missing", cut)
        assert result.status == 3
        assert result.err.startswith("missing: cannot be read: No such file or directory\n")
        assert "cut:1:1: error bad-recording the compressed data is cut\n" in result.err


def test_a_line_for_each_of_many_entries_that_are_left_out(shell: Shell) -> None:
    rows = json.dumps(ROWS[3]) + "\n"
    result = shell("decode", stdin=(rows * 2000).encode())
    assert (result.status, result.out) == (0, b"")
    left_out = "smsc-codec: 2,000 entries are left out, which hold no reply that this library reads\n"
    assert result.err == left_out
    nothing = shell("bench", "-", stdin=(rows * 2000).encode())
    assert (nothing.status, nothing.out) == (1, b"")
    assert nothing.err == f"{left_out}smsc-codec: there is no reply to measure\n"


# Tables


def test_a_table() -> None:
    text = table(("a", "number", "c"), [("x", "5", ""), ("\u6f22e\u0301", "1,000", "one\ntwo")], {1})
    assert text.splitlines() == [
        "a    number  c",
        "───  ──────  ───",
        "x         5",
        "\u6f22e\u0301   1,000  one",
        "             two",
    ]
    assert table(("a",), [], colours=True) == "\x1b[1ma\x1b[0m\n\x1b[2m─\x1b[0m\n"


def shown(reply: Any, endpoint: str = "senders") -> list[str]:
    return reply_table(reply, endpoint, "x", False).splitlines()


def test_tables_of_replies() -> None:
    assert shown(Success()) == ['x: senders.php, "OK"']
    assert shown(SenderList(())) == ["x: senders.php, a list of sender names: 0 records"]
    senders = SenderList((Sender("A\x1b" * 50, 5), Sender("B", None, None, {"mega": OperatorStatus(2)}, {"k": "x"})))
    assert shown(senders) == [
        "x: senders.php, a list of sender names: 2 records",
        f"  name{' ' * 56}  id  operators           replacements",
        f"  {'─' * 60}  ──  ──────────────────  ────────────",
        f"  {'A�' * 28}A...   5",
        f"  B{' ' * 59}      mega: 2 (approved)  k: x",
    ]
    sent = MessageSent(5, 1, Decimal("0.40"), phones=(PhoneResult("79", cost=Decimal("1.0")),))
    assert shown(sent, "send") == [
        *("x: send.php, a sent message", "  id     5", "  parts  1", "  cost   0.40"),
        *("  phones", "  phone  cost", "  ─────  ────", "  79      1.0"),
    ]
    status = decode(b'{"status": 1, "last_timestamp": 1679060876, "a": "b", "c": "d"}', endpoint="status")
    assert shown(status, "status")[1:] == [
        "  status          1 (delivered)",
        "  last_timestamp  1679060876 (2023-03-17 13:47:56 UTC)",
        "  other           a: b",
        "                  c: d",
    ]
    late = decode(b'{"status": 1, "last_timestamp": 999999999999999}', endpoint="status")
    assert shown(late, "status")[2] == "  last_timestamp  999999999999999"


def test_a_list_in_a_record_of_a_list_is_counted() -> None:
    assert _shown("phones", (PhoneResult("79"),)) == "1 record"


def test_tables_of_errors() -> None:
    assert ServiceError(9).retry_after == timedelta(minutes=1)
    assert shown(ErrorReply(ServiceError(9), "x", 7))[1:] == [
        f"  code             9 ({ServiceError(9).meaning})",
        "  description      x",
        "  id               7",
        "  may be repeated  after 1 minute",
    ]
    assert shown(ErrorReply(ServiceError(4)))[-1] == "  may be repeated  later"
    assert shown(ErrorReply(77)) == ["x: senders.php, an error", "  code  77 (not documented)"]


def test_a_table_on_a_terminal(shell: Shell) -> None:
    shell.stream = Terminal
    shell.patch.setenv("TERM", "xterm")
    shell.patch.delenv("NO_COLOR", raising=False)
    assert shell("decode", "--table", stdin=b"0,-3").out.startswith(
        b"\x1b[1;31m<stdin>: senders.php, an error\x1b[0m\n"
    )
    assert shell("decode", "--table", stdin=b"OK").out == b'\x1b[32m<stdin>: senders.php, "OK"\x1b[0m\n'


# What helps who types


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["valdate"], "; did you mean validate?"),
        (["decode", "--endpiont=send"], "unrecognized arguments: --endpiont=send; did you mean --endpoint?"),
        (["decode", "--charset", "UTF8"], "; did you mean utf-8?"),
        (["validate", "--format", "JUnit"], "; did you mean junit?"),
        (["decode", "--psw", "abc"], "unrecognized arguments: --psw\n"),
        (["encode", "--fmt", "1", "--drop", "descripton"], "; did you mean description?"),
    ],
)
def test_what_was_meant(shell: Shell, arguments: list[str], words: str) -> None:
    result = shell(*arguments)
    assert result.status == 2
    assert words in result.err
    assert result.err.count("did you mean") == words.count("did you mean")


class Typed(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", [["validate"], ["decode"], ["convert", "--to", "3"], ["encode", "--fmt", "3"]])
def test_a_terminal_is_told_that_it_is_waited_for(
    shell: Shell, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = to_json(Success()) if command[0] == "encode" else b"OK"
    typed = Typed(io.BytesIO(body), "utf-8")
    hint = "smsc-codec: waiting for standard input: end it with Ctrl-D, or name files; see --help\n"
    assert hint not in shell(*command, stdin=body).err
    monkeypatch.setattr("smsc_codec.cli.main.make_usable", lambda: monkeypatch.setattr(sys, "stdin", typed))
    assert shell(*command).err.startswith(hint)
    name = shell.file("x", body)
    assert hint not in shell(*command, name).err
    assert Path(name).exists()
