"""Every row of the tables of the other endpoints through decoder, encoder, validator and normalized JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smsc_codec import Codec, DecodeError, Limits, Severity, normal
from smsc_codec.endpoints import module_of

from .declared import KNOWN
from .lanes import SlowCodec
from .vectors import OTHERS, Vector

GOOD = [vector for vector in OTHERS if vector.reply is not None]
BAD = [vector for vector in OTHERS if vector.reply is None]


def codec_of(vector: Vector, of: Any = None) -> Codec[Any]:
    codec: Codec[Any] = module_of(vector.endpoint).CODEC
    codec = codec if vector.request is None else codec.asked(vector.request)
    return codec if of is None else of(codec.endpoint)


def asked(vector: Vector) -> dict[str, Any]:
    replies = {reply.kind: reply.cls for reply in module_of(vector.endpoint).CODEC.endpoint.replies}
    return {**vector.asked, "expect": replies[vector.expect] if vector.expect else None}


def test_the_tables_are_there() -> None:
    assert {vector.endpoint for vector in OTHERS} == {"send", "status", "balance"}
    for known in KNOWN[1:]:
        rows = [vector for vector in GOOD if f"{vector.endpoint}.php" == known.endpoint.name]
        kinds = {reply.kind for reply in known.endpoint.replies}
        assert {(row.row["fmt"], row.row["reply"]["kind"]) for row in rows} == {(f, k) for f in range(4) for k in kinds}


@pytest.mark.parametrize("vector", GOOD, ids=repr)
def test_decodes(vector: Vector) -> None:
    codec = codec_of(vector)
    for _ in range(2):  # the first time shapes are learned, then they are used
        report = codec.validate(vector.body, **asked(vector))
        reply = codec.decode(vector.body, **asked(vector))
        assert report.reply == reply
        assert json.loads(normal.written(codec.endpoint, reply)) == vector.reply
        assert [finding.code for finding in report.findings] == vector.findings
        assert Severity.ERROR not in [finding.severity for finding in report.findings]
    assert normal.read(codec.endpoint, json.dumps(vector.reply)) == reply
    assert codec.decode(vector.body.decode(), **asked(vector), limits=Limits(digits=17)) == reply
    assert codec_of(vector, SlowCodec).decode(vector.body, **asked(vector)) == reply
    if vector.findings:
        with pytest.raises(DecodeError, match=r"\(strict\)"):
            codec.decode(vector.body, strict=True, **asked(vector))
    else:
        assert codec.decode(vector.body, strict=True, **asked(vector)) == reply


@pytest.mark.parametrize("vector", GOOD, ids=repr)
def test_canonical_bodies_come_back(vector: Vector) -> None:
    codec = codec_of(vector)
    reply = normal.read(codec.endpoint, json.dumps(vector.reply))
    for _ in range(2):
        assert (codec.encode(reply, fmt=vector.row["fmt"]) == vector.body) is vector.canonical


@pytest.mark.parametrize("vector", BAD, ids=repr)
def test_is_refused(vector: Vector) -> None:
    for codec in (codec_of(vector), codec_of(vector, SlowCodec)):
        with pytest.raises(DecodeError) as caught:
            codec.decode(vector.body, **asked(vector))
        error = caught.value
        found = {"code": error.code, "offset": error.offset, "line": error.line, "column": error.column}
        if error.path:
            found["path"] = error.path
        assert found == vector.error
        assert codec.validate(vector.body, **asked(vector)).reply is None
