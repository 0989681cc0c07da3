"""Every format and view at four sizes, and the small replies, with pytest-benchmark."""

from __future__ import annotations

from typing import Any

import pytest

from smsc_codec import DecodeError, ErrorReply, Format, SenderCreated, Success, decode, encode, validate

from .bodies import CASES, body, names

SIZES = (1, 10, 1_000, 100_000)
SMALL = {"OK": Success(), "id": SenderCreated(24336), "error": ErrorReply(3, "record not found")}


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("fmt", "view"), CASES)
class TestLists:
    def test_decode(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"decode {view}, {count} names"
        assert benchmark(decode, body(fmt, view, count), fmt=fmt) == names(view, count)

    def test_encode(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"encode {view}, {count} names"
        assert benchmark(encode, names(view, count), fmt=fmt) == body(fmt, view, count)

    def test_validate(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"validate {view}, {count} names"
        assert benchmark(validate, body(fmt, view, count), fmt=fmt).findings == ()

    def test_convert(self, benchmark: Any, fmt: Format, view: str, count: int) -> None:
        benchmark.group = f"convert to JSON {view}, {count} names"
        given = body(fmt, view, count)
        assert benchmark(lambda: encode(decode(given, fmt=fmt), fmt=3)) == body(Format.JSON, view, count)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("fmt", Format)
def test_small(benchmark: Any, fmt: Format, kind: str) -> None:
    benchmark.group = f"decode {kind}"
    given = encode(SMALL[kind], fmt=fmt, drop_description=True)  # type: ignore[arg-type]
    assert type(benchmark(decode, given, fmt=fmt)) is type(SMALL[kind])


@pytest.mark.parametrize("fmt", Format)
def test_refused(benchmark: Any, fmt: Format) -> None:
    benchmark.group = "refuse a page of HTML"

    def refuse() -> None:
        with pytest.raises(DecodeError):
            decode(b"<html>bad gateway</html>", fmt=fmt)

    benchmark(refuse)
