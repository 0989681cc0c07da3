"""Every row of the table through the decoder, the encoder, the validator and normalized JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smsc_codec import (
    DecodeError,
    SenderCreated,
    SenderList,
    Severity,
    Success,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)

from .vectors import BAD, GOOD, VECTORS, Vector

KINDS: dict[str | None, Any] = {None: None, "senders": SenderList, "created": SenderCreated, "success": Success}


def asked(vector: Vector) -> dict[str, Any]:
    return {**vector.asked, "expect": KINDS[vector.expect]}


def test_the_table_is_there() -> None:
    assert len(VECTORS) >= 200
    assert {vector.row["evidence"] for vector in VECTORS} == {"documented", "recorded", "client", "choice"}


@pytest.mark.parametrize("vector", GOOD, ids=repr)
def test_decodes(vector: Vector) -> None:
    reply = decode(vector.body, **asked(vector))
    assert json.loads(to_json(reply)) == vector.reply
    assert from_json(json.dumps(vector.reply)) == reply


@pytest.mark.parametrize("vector", GOOD, ids=repr)
def test_findings(vector: Vector) -> None:
    report = validate(vector.body, **asked(vector))
    assert [finding.code for finding in report.findings] == vector.findings
    assert Severity.ERROR not in [finding.severity for finding in report.findings]
    assert json.loads(to_json(report.reply)) == vector.reply  # type: ignore[arg-type]
    if not vector.findings:
        assert decode(vector.body, strict=True, **asked(vector)) == report.reply
        return
    with pytest.raises(DecodeError) as caught:
        decode(vector.body, strict=True, **asked(vector))
    first, error = report.findings[0], caught.value
    assert error.reason == f"{first.message} (strict)"
    for name in ("code", "offset", "line", "column", "path", "excerpt"):
        assert getattr(error, name) == getattr(first, name)
    assert validate(vector.body, strict=True, **asked(vector)).reply is None


@pytest.mark.parametrize("vector", [vector for vector in GOOD if vector.canonical], ids=repr)
def test_canonical_bodies_come_back(vector: Vector) -> None:
    charset = vector.asked["charset"] or "utf-8"
    assert encode(from_json(json.dumps(vector.reply)), fmt=vector.row["fmt"], charset=charset) == vector.body


@pytest.mark.parametrize(
    "vector", [vector for vector in GOOD if "body" in vector.row or "charset" in vector.row], ids=repr
)
def test_a_string_decodes_like_its_bytes(vector: Vector) -> None:
    text = vector.body.decode(vector.asked["charset"] or "utf-8")
    assert decode(text, fmt=vector.row["fmt"], expect=KINDS[vector.expect]) == decode(vector.body, **asked(vector))


@pytest.mark.parametrize("vector", BAD, ids=repr)
def test_is_refused(vector: Vector) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(vector.body, **asked(vector))
    error = caught.value
    found = {"code": error.code, "offset": error.offset, "line": error.line, "column": error.column}
    if error.path:
        found["path"] = error.path
    assert found == vector.error
    report = validate(vector.body, **asked(vector))
    assert report.reply is None
    last = report.findings[-1]
    assert last.severity is Severity.ERROR
    assert last.message == error.reason
    for name in ("code", "offset", "line", "column", "path", "excerpt"):
        assert getattr(error, name) == getattr(last, name)
