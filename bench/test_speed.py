"""Every format and view at four sizes, the small replies, and those who do the same work, with pytest-benchmark."""

from __future__ import annotations

from typing import Any

import pytest

from smsc_codec import DecodeError, ErrorReply, Format, SenderCreated, Success, decode, encode, validate

from .bodies import CASES, body, names
from .contest import Contender, Work, prepare
from .works import counted, timed

SIZES = (1, 10, 1_000, 100_000)
SMALL = {"OK": Success(), "an id": SenderCreated(24336), "an error": ErrorReply(3, "record not found")}
PEERS = [pytest.param(work, peer, id=f"{work.title}: {peer.name}") for work in timed() for peer in work.peers]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("fmt", "view"), CASES)
class TestLists:
    def test_decode(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"decode fmt={fmt:d}, {counted(count)}, {view}"
        assert benchmark(decode, body(fmt, view, count), fmt=fmt) == names(view, count)

    def test_encode(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"encode fmt={fmt:d}, {counted(count)}, {view}"
        assert benchmark(encode, names(view, count), fmt=fmt) == body(fmt, view, count)

    def test_validate(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"validate {counted(count)}, {view}"
        assert benchmark(validate, body(fmt, view, count), fmt=fmt).findings == ()

    def test_convert(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"convert to JSON {counted(count)}, {view}"
        given = body(fmt, view, count)
        assert benchmark(lambda: encode(decode(given, fmt=fmt), fmt=3)) == body(Format.JSON, view, count)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("fmt", Format)
def test_small(benchmark: Any, fmt: Format, kind: str) -> None:
    benchmark.group = f"decode fmt={fmt:d}, {kind}"
    given = encode(SMALL[kind], fmt=fmt, drop=["description"])  # type: ignore[arg-type]
    assert type(benchmark(decode, given, fmt=fmt)) is type(SMALL[kind])


@pytest.mark.parametrize("fmt", Format)
def test_refused(benchmark: Any, fmt: Format) -> None:
    benchmark.group = "refuse a page of HTML"

    def refuse() -> None:
        with pytest.raises(DecodeError):
            decode(b"<html>bad gateway</html>", fmt=fmt)

    benchmark(refuse)


@pytest.mark.parametrize(("work", "peer"), PEERS)
def test_peer(benchmark: Any, work: Work, peer: Contender) -> None:
    """Somebody else in the group of ours, once the answers are the same."""
    benchmark.group = work.title
    run, problem = prepare(peer, work.ours.meaning(work.ours.make()()))
    if problem.startswith("left out"):
        pytest.skip(problem)
    assert run is not None, problem
    benchmark(run)
