"""Checks recordings that people have reported, and similar ones, from `tests/recordings/reported.jsonl`.

A row has the recording (`text`, `base64`, or `packed` with zlib in base64), the arguments of `smsc-codec validate`, and
the expected findings, counts of the summary, and exit status. Its `kind` says what it tests:

- `K4`: requests to other hosts and paths are skipped before anything else about them is judged
- `K5`: HAR has unexpected values in members that are not needed, and different forms of a body
- `K6`: byte order marks, and UTF-16
- `K7`: nothing after the first list is dropped silently
- `K8`: chunks and codings are believed only if they can be undone
- `K9`: responses that never have a body
- `K10`: the other names that relatives of vcrpy and VCR use
- `K11`: other recordings, other names in JSON Lines, and files that are neither a reply nor a recording
- `K12`: blank lines, and other things that tools print after a body
- `K13`: white space and marks around bodies, and what is still refused
- `status-line`, `pipeline`, `empty`: bodies with a status line, requests that do not wait, files without a reply
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import zstandard

from smsc_codec.recordings import BrokenError, Entry, Kind, _tape, recorded_in
from smsc_codec.recordings._signs import kind_of as kind_of_tape
from smsc_codec.recordings._tape import Tape

from .test_command_line import Shell, shell

__all__ = ["shell"]

PATH = Path(__file__).parent / "recordings" / "reported.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in PATH.read_text("utf-8").splitlines()]


def data_of(row: dict[str, Any]) -> bytes:
    if "text" in row:
        return str(row["text"]).encode()
    data = base64.b64decode(row["packed"] if "packed" in row else row["base64"])
    return zlib.decompress(data) if "packed" in row else data


def outcome(shell: Shell, row: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Return the result of `smsc-codec validate` in the form of a row."""
    result = shell("validate", "--format", "json", *row["args"], shell.file("recording", data))
    *found, last = map(json.loads, result.out.decode().splitlines())
    summary = last["summary"]
    return {
        "found": [f"{item['entry']} {item['severity']} {item['code']}" for item in found],
        "status": result.status,
        **{name: summary[name] for name in ("replies", "not_decoded", "skipped", "kinds")},
    }


def wanted(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("found", "status", "replies", "not_decoded", "skipped", "kinds")}


def named(rows: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: f"{row['kind']}-{row['name']}")


def kind_of(row: dict[str, Any]) -> Kind:
    return kind_of_tape(Tape(io.BytesIO(data_of(row))))


@named(ROWS)
def test_what_was_reported(shell: Shell, row: dict[str, Any]) -> None:
    assert outcome(shell, row, data_of(row)) == wanted(row)


CONTAINERS = [row for row in ROWS if kind_of(row) in (Kind.HAR, Kind.CASSETTE, Kind.LINES)]


def text_of(row: dict[str, Any]) -> str | None:
    """Return the text of a recording, or None if it is not text."""
    with suppress(UnicodeDecodeError):
        return data_of(row).decode("utf-8-sig")
    return None


@named([row for row in CONTAINERS if text_of(row) is not None])
def test_the_charset_of_a_recording_does_not_matter(shell: Shell, row: dict[str, Any]) -> None:
    text = text_of(row)
    assert text is not None
    for mark, charset in (("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be")):
        assert outcome(shell, row, (mark + text).encode(charset)) == wanted(row)


@named([row for row in ROWS if "bad-recording" not in str(row["found"])])
def test_the_packing_of_a_recording_does_not_matter(shell: Shell, row: dict[str, Any]) -> None:
    data = data_of(row)
    for packed in (gzip.compress(data), zstandard.compress(data), gzip.compress(gzip.compress(data)) + bytes(512)):
        assert outcome(shell, row, packed) == wanted(row)


def read(data: bytes) -> list[Entry]:
    """Return the entries before the recording breaks."""
    entries: list[Entry] = []
    with suppress(BrokenError):
        entries.extend(recorded_in(io.BytesIO(data)))
    return entries


@named([row for row in ROWS if "packed" not in row])
def test_the_pieces_of_a_recording_do_not_matter(row: dict[str, Any]) -> None:
    data = data_of(row)
    whole = read(data)
    for size in (1, 7):
        with patch.object(_tape, "_PIECE", size):
            assert read(data) == whole


def test_the_rows_have_names_of_their_own() -> None:
    assert len({row["name"] for row in ROWS}) == len(ROWS) > 330
    assert {row["kind"] for row in ROWS} == {
        *["K4", "K5", "K10", "K11", "K6", "K7", "K8", "K9", "K12", "K13", "status-line", "pipeline", "empty"]
    }
