"""Law 7: what hostile bodies and replies cost grows linearly, in steps and in memory.

Steps are lines of Python and calls into C, the same on every machine. What C does inside of a call (expat, orjson,
`re`) is counted by `python -m tests.work`, which needs valgrind.
"""

from __future__ import annotations

import gc
import re
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any
from unittest.mock import patch

import pytest

from smsc_codec import Codec, Format, Limits, Sender, SenderList, SenderStatus, validate
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.formats.grammar import Grammar
from smsc_codec.formats.shapes import shape_budget

from .anew import made_once
from .work import FAMILIES, LAST_SIZES, REPLIES, is_linear, writing

SMALLEST = 512

# Bytes for each byte of the body. The engine of `re` takes up to 270 for a comma in a name, in lines that are not too
# long; an element takes 180, a finding some 500, and the shortest of them have 5 bytes.
MULTIPLE = 300
# What else takes memory, however short the body is.
AT_LEAST = 128 * 1024


@pytest.fixture(scope="module", autouse=True)
def _made_once() -> Iterator[None]:
    """Read the grammar once. What Lark makes of it at first use is not counted."""
    with made_once():
        for fmt in Format:
            codec: Codec[Any] = Codec(SENDERS)
            for family in FAMILIES[fmt].values():
                codec.validate(family(SMALLEST), fmt=fmt)
        yield


EVERY = [pytest.param(fmt, name, id=f"{fmt.name}-{name}") for fmt, families in FAMILIES.items() for name in families]


def steps(work: Callable[[], object]) -> int:
    """Return the number of lines of Python that are run, and calls into C."""
    count = 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return traced

    def profiled(frame: FrameType, event: str, _: Any) -> None:
        nonlocal count
        count += event == "c_call"

    tracer, profiler = sys.gettrace(), sys.getprofile()
    # What is finalized meanwhile is not the work's.
    gc.disable()
    sys.settrace(traced)
    sys.setprofile(profiled)
    try:
        work()
    finally:
        sys.setprofile(profiler)
        sys.settrace(tracer)
        gc.enable()
    return count


@pytest.mark.parametrize(("fmt", "name"), EVERY)
def test_steps_grow_linearly(fmt: Format, name: str) -> None:
    counts = []
    for times in LAST_SIZES:
        codec: Codec[Any] = Codec(SENDERS)  # which has learned nothing, whatever was read before
        codec.validate("ERROR = 1 (x)", fmt=fmt)  # but what is loaded late is not counted
        re.purge()  # nor does it count what another test has had compiled
        counts.append(steps(partial(codec.validate, FAMILIES[fmt][name](SMALLEST * times), fmt=fmt)))
    assert is_linear(counts), counts


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("name", REPLIES)
def test_steps_of_writing_grow_linearly(fmt: Format, name: str) -> None:
    counts = [steps(writing(REPLIES[name](SMALLEST * times), fmt)) for times in LAST_SIZES]
    assert is_linear(counts), counts


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("name", ["A", "Ж"])
def test_steps_of_many_findings_in_one_record_grow_linearly(fmt: Format, name: str) -> None:
    counts = []
    for times in LAST_SIZES:
        keys = [f"k{number}" for number in range(12 * times)]
        codec: Codec[Any] = Codec(SENDERS)
        codec.validate("ERROR = 1 (x)", fmt=fmt)
        # A key that is given twice is for the careful reader.
        bodies = {
            Format.TEXT: f"name = {name}, " + ", ".join(f"{key} = 1, {key} = 2" for key in keys),
            Format.XML: "<senders " + " ".join(f'{key}="1"' for key in keys) + f"><sender>{name}</sender></senders>",
            Format.JSON: f'[{{"sender": "{name}", ' + ", ".join(f'"{key}": 1, "{key}": 2' for key in keys) + "}]",
        }
        validated = partial(codec.validate, bodies[fmt], fmt=fmt, limits=Limits(fields=10**6))
        assert len(validated().findings) >= len(keys)
        re.purge()
        counts.append(steps(validated))
    assert is_linear(counts), counts


def test_what_is_quadratic_is_noticed() -> None:
    def work(size: int) -> None:
        for _ in range(size):
            sum(len(str(_)) for _ in range(size))

    assert not is_linear([steps(partial(work, 10 * times)) for times in LAST_SIZES])


@pytest.mark.parametrize(("fmt", "name"), EVERY)
def test_nothing_of_a_body_waits_for_the_garbage_collector(fmt: Format, name: str) -> None:
    body = FAMILIES[fmt][name](SMALLEST * 8)
    validate(body, fmt=fmt)
    gc.collect()
    gc.disable()
    try:
        validate(body, fmt=fmt)
        # One that is refused is read by those endpoints too whose replies it may be.
        assert gc.collect() < 300
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def _traced_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("_traced_memory")
@pytest.mark.parametrize(("fmt", "name"), EVERY)
def test_memory_is_a_multiple_of_the_body(fmt: Format, name: str) -> None:
    for times in (1, 8):
        body = FAMILIES[fmt][name](SMALLEST * times)
        validate(body, fmt=fmt)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        validate(body, fmt=fmt)
        _, peak = tracemalloc.get_traced_memory()
        assert peak - before < MULTIPLE * len(body) + AT_LEAST


@pytest.mark.parametrize("name", ["a list", "invented shapes", "two shapes by turns", "near-miss lines"])
def test_lark_reads_and_shapes_are_compiled_a_few_times_a_body(name: str) -> None:
    """Except more shapes than the lines pay for, which Lark reads a line at a time."""
    body = FAMILIES[Format.TEXT][name](8 * 1024).decode()
    codec: Codec[Any] = Codec(SENDERS)
    codec.validate("OK", fmt=0)
    with (
        patch.object(Grammar, "parse", autospec=True, side_effect=Grammar.parse) as parsed,
        patch.object(Grammar, "values", autospec=True, side_effect=Grammar.values) as asked,
    ):
        codec.validate(body, fmt=0)
    count = body.count("\n")
    most = shape_budget(count)
    assert asked.call_count <= (most if name == "invented shapes" else 2)
    assert parsed.call_count <= (count - most if name == "invented shapes" else 1)


@pytest.mark.parametrize("fmt", Format)
def test_the_largest_body_is_refused_before_it_is_read(fmt: Format) -> None:
    limits = Limits()
    assert steps(partial(validate, b"x" * (limits.body + 1), fmt=fmt)) < 200


# A reply of an endpoint with too many fields, or with one that is too long.
TOO_MUCH = [
    ("send", "OK - 1 SMS, ID - 279", ", A - b", "at most 256 fields"),
    ("send", "OK - 1 SMS, ID - 279", "\nfoo = 3", "at most 256 fields"),
    ("send", "1.40 (1 SMS)", "\nfoo = 3", "at most 256 fields"),
    ("send", "OK - 1 SMS, ID - 279, A - b", " c", "at most 65536 characters"),
    ("send", "OK - 1 SMS, ID - 279\nphone = 7", ", a = b", "at most 256 fields"),
    ("status", "Status = 1", ", a = b", "at most 256 fields"),
    ("status", "Status = 1, country = R", ",R", "at most 65536 characters"),
    ("status", "1 ", "R ", "at most 65536 characters"),
    ("get", "login = a", ", a = b", "at most 256 fields"),
    ("get", "id = 1, received = 17.05.2024 10:00:00", ", a = b", "at most 256 fields"),
    ("info", "x", " x", "at most 65536 characters"),
    ("info", "phone = 7, country = R", ", a = b", "at most 256 fields"),
    ("balance", "1 ", "R ", "at most 65536 characters"),
    ("senders", "1 ", "R ", "at most 65536 characters"),
]


@pytest.mark.usefixtures("_traced_memory")
@pytest.mark.parametrize(("endpoint", "head", "unit", "words"), TOO_MUCH)
def test_bounds_are_checked_before_the_cost_is_paid(endpoint: str, head: str, unit: str, words: str) -> None:
    body = (head + unit * (80_000 // len(unit))).encode()
    read = partial(validate, body, fmt=0, endpoint=endpoint)
    finding = read().findings[-1]
    assert (finding.code, words in finding.message) == ("limit", True), finding
    # A token of Lark alone takes dozens of steps, an expression that remembers what it could do otherwise 100 bytes.
    assert steps(read) < 300_000
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    read()
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < 64 * len(body)


@pytest.mark.parametrize("fmt", Format)
def test_a_plain_list_takes_few_steps_a_name(fmt: Format) -> None:
    reply = SenderList((Sender("A", 5, SenderStatus.ALLOWED),) * 1000)
    codec: Codec[Any] = Codec(SENDERS)
    body = codec.encode(reply, fmt=fmt)
    assert codec.decode(body, fmt=fmt) == reply
    # Some for each column of a name; the careful lanes take dozens.
    assert steps(partial(codec.decode, body, fmt=fmt)) < 1000 * 8 + 1000
