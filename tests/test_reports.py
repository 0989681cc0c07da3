"""Every report of `smsc-codec validate`, whole, and the meanings of codes.

The reports are files in `tests/reports`. `python -m tests.test_reports` writes them anew: look at what has changed.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smsc_codec.cli.meanings import MEANINGS
from smsc_codec.cli.page import _size
from smsc_codec.cli.reports import verdict
from smsc_codec.cli.words import counted
from smsc_codec.recordings import Summary

from .test_command_line import ROOT, Shell, Terminal, shell
from .test_docs import rows

__all__ = ["shell"]

FOLDER = Path(__file__).parent / "reports"
ENDINGS = {"text": "txt", "json": "jsonl", "junit": "xml", "html": "html"}

LINES = [
    {"fmt": 0, "body": "name = A, id = 5"},
    {"fmt": 3, "body": '{"error": "no money", "error_code": 3}', "endpoint": "send", "time": "2024-05-17T10:20:30Z"},
    {"fmt": 0, "body": "name = A, id = abc"},
    {"fmt": 0, "body": "name = B, id = 5\nname = B, id = <abc>"},
    {"fmt": 3, "body": '[{"sender": "A", "id": 5, "new": "x"}, {"sender": "B", "id": 6, "new": "x"}]'},
    {"fmt": 3, "body": "OK"},
    {"fmt": 7, "body": ""},
    {"fmt": 3, "body": "ERROR = 77 (x)", "endpoint": "send", "time": "2024-05-17T10:21:30Z"},
    {"body": "OK", "url": "https://elsewhere.example/send.php?psw=PLANTED"},
]
DUMP = (
    "HTTP/1.1 200 OK\nContent-Length: 16\n\nname = A, id = 5\n"
    "HTTP/1.1 502 Bad Gateway\nContent-Length: 40\n\n<html>psw=PLANTED\n</html>\n"
)


def reported(shell: Shell, format_: str, patch: pytest.MonkeyPatch) -> tuple[bytes, str]:
    """Return the report on some recordings, and what comes on standard error."""
    patch.setattr("smsc_codec.recordings._validate.time.perf_counter", lambda: 0)
    patch.setattr("smsc_codec.cli.page._now", lambda: datetime(2024, 5, 17, tzinfo=timezone.utc))
    patch.setattr("smsc_codec.cli.page.__version__", "VERSION")
    shell.file("traffic/lines.jsonl", "\n".join(map(json.dumps, LINES)).encode())
    shell.file("traffic/dump.http", DUMP.encode())
    shell.file("traffic/body.txt", b"OK")
    result = shell("validate", "--format", format_, "traffic", "missing")
    assert result.status == 3
    return result.out, result.err


def report(shell: Shell, format_: str, patch: pytest.MonkeyPatch) -> str:
    """Return the report with what comes on standard error, as one text."""
    printed, told = reported(shell, format_, patch)
    return printed.decode() + told


@pytest.mark.parametrize("format_", ENDINGS)
def test_the_whole_report(shell: Shell, format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = report(shell, format_, monkeypatch)
    assert printed == (FOLDER / f"report.{ENDINGS[format_]}").read_text("utf-8")
    assert "PLANTED" not in printed


def test_the_whole_report_in_parquet(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes differ between versions of pyarrow: it has the rows of one report and the summary of another."""
    parquet = pytest.importorskip("pyarrow.parquet")
    printed, told = reported(shell, "parquet", monkeypatch)
    table = parquet.read_table(BytesIO(printed))
    *found, _ = map(json.loads, (FOLDER / "report.jsonl").read_text("utf-8").splitlines())
    assert table.to_pylist() == found
    assert table.schema.names == list(found[0])
    assert {str(kind) for kind in table.schema.types} == {"int64", "string"}
    assert told and (FOLDER / "report.txt").read_text("utf-8").endswith(told)


def test_the_case_of_a_reply() -> None:
    root = ET.parse(FOLDER / "report.xml").getroot()
    cases = {suite.get("name"): [case.get("name") for case in suite] for suite in root}
    assert cases["traffic/body.txt"] == ["the file"]
    # The last line is not a reply of the service's.
    assert cases["traffic/lines.jsonl"] == [f"entry {number}" for number in range(1, 9)]
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == ["entry 2", "entry 3", "entry 4", "entry 7", "the file"]


def test_the_page_is_whole_and_alone() -> None:
    page = (FOLDER / "report.html").read_text("utf-8")
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    links = set(re.findall(r'href="#([\w-]+)"', page))
    assert links and links <= set(re.findall(r'id="([\w-]+)"', page))
    for tag in ("section", "table", "tr", "td", "th", "details", "summary", "article", "p", "dl", "div", "span", "a"):
        assert len(re.findall(f"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag


def test_meanings_are_those_of_the_documentation() -> None:
    cells = [
        row for name in ("findings", "validating") for row in rows((ROOT / "docs" / f"{name}.md").read_text("utf-8"))
    ]
    codes = {row[0].strip("`") for row in cells if re.fullmatch("`[a-z0-9-]+`", row[0])}
    assert set(MEANINGS) <= codes
    kinds = {"body", "json-lines", "har", "cassette", "http", "parquet", "arrow", "text", "json", "junit", "html"}
    assert codes - set(MEANINGS) <= kinds


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "There are no replies"),
        ({"replies": 1}, "The reply decodes"),
        ({"replies": 1234}, "All 1,234 replies decode"),
        ({"replies": 1, "undecoded": 1}, "1 of 1 reply does not decode"),
        ({"replies": 49, "undecoded": 3}, "3 of 49 replies do not decode"),
        ({"replies": 1, "unreadable": 2}, "The reply decodes; 2 files cannot be read"),
    ],
)
def test_the_verdict(counts: dict[str, int], words: str) -> None:
    summary = Summary()
    for name, count in counts.items():
        setattr(summary, name, count)
    assert verdict(summary) == (words, "")


def test_the_verdict_with_findings() -> None:
    summary = Summary(replies=2, findings=1, interrupted=True)
    summary.codes["warning", "bom"] = 1
    assert verdict(summary) == ("All 2 replies decode, with 1 finding (interrupted)", "warning")


def test_sizes() -> None:
    sizes = (0, 999, 1000, 9949, 9950, 999_499, 999_500, 1_235_436, 10**11, 10**16)
    words = ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "1.2 MB", "100 GB", "10,000 TB"]
    assert [_size(size) for size in sizes] == words


def test_counts() -> None:
    assert [counted(count, "reply", "replies") for count in (0, 1, 2)] == ["0 replies", "1 reply", "2 replies"]
    assert counted(1000, "finding") == "1,000 findings"


def test_colours(shell: Shell) -> None:
    name = shell.file("bad", b'{"id": KO}')
    shell.stream = Terminal
    shell.patch.setenv("TERM", "xterm")
    shell.patch.delenv("NO_COLOR", raising=False)
    shell.patch.setattr("smsc_codec.cli.validate.has_rich", lambda: False)
    result = shell("validate", name)
    assert result.out.startswith(b"\x1b[1mbad:1:8:\x1b[0m \x1b[1;31merror\x1b[0m malformed ")
    assert result.err.startswith("\x1b[1;31m1 reply, 1 not decoded, 1 finding\x1b[0m\n")
    assert shell("validate", shell.file("good", b"OK")).err.startswith("\x1b[32m1 reply, 0 not decoded")
    for variable, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, value)
            result = shell("validate", name)
            assert b"\x1b" not in result.out and "\x1b" not in result.err
    for format_ in ("json", "junit", "html"):
        assert b"\x1b" not in shell("validate", "--format", format_, name).out


def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for format_, ending in ENDINGS.items():
        with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            printed = report(Shell(patch, Path(folder)), format_, patch)
        (FOLDER / f"report.{ending}").write_text(printed, "utf-8")


if __name__ == "__main__":
    _write()
