"""Check that what a codec has learned changes neither a later reply nor, beyond a constant factor, its cost.

The cost is counted in steps: lines of Python in the package and in Lark, and the steps of the patterns that the package
compiles at run time, which `regex_steps` counts.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import lark
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import smsc_codec
from smsc_codec import Codec, DecodeError, EncodeError, Format, Report, Sender, SenderList
from smsc_codec._rows import values as row_values
from smsc_codec.endpoints.senders import SENDERS, TEXT_ORDER
from smsc_codec.formats import text as text_format
from smsc_codec.formats.shapes import MOST_SHAPES, Shapes
from smsc_codec.formats.text import TextFormat
from smsc_codec.recordings import validate_recordings
from smsc_codec.testing.strategies import bodies, damaged, formats, noise

from .anew import made_once
from .regex_steps import Stepper, parsed
from .registered import CODECS
from .vectors import VECTORS

COUNTED = tuple(str(Path(package.__file__).parent) for package in (smsc_codec, lark) if package.__file__)

FACTOR = 4
AT_LEAST = 300
"""The steps of a reply so small that the factor would say nothing."""
BUDGET = 50_000
"""The steps that one match may take. The bodies here have at most some two thousand characters."""


class Steps:
    """The steps of all patterns so far."""

    count = 0


@cache
def stepper_of(pattern: str) -> Stepper[Any]:
    return Stepper(parsed(re.compile(pattern)), BUDGET)


class CountedPattern:
    """A pattern of the engine that counts the steps of each call before it makes the call."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._stepper = stepper_of(pattern)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return partial(self._call, method)

    def _call(self, method: str, text: str, start: int = 0, end: int = sys.maxsize) -> Any:
        self._stepper.steps = 0
        if method == "findall":
            list(self._stepper.finditer(text[:end], start))
        else:
            getattr(self._stepper, method)(text[:end], start)
        Steps.count += self._stepper.steps
        return getattr(self._pattern, method)(text, start, end)


@pytest.fixture(scope="module", autouse=True)
def _counted_patterns() -> Iterator[None]:
    counting = SimpleNamespace(compile=CountedPattern, escape=re.escape)
    modules = (
        *(f"_rows.{name}" for name in ("read", "small", "values", "write")),
        "formats.csv",
        "formats.free_text",
        "formats.layouts",
        "formats.text",
        "formats.xml",
    )
    with ExitStack() as stack:
        for name in modules:
            stack.enter_context(patch(f"smsc_codec.{name}.re", counting))
        stack.enter_context(made_once())
        # Strategies write replies with one of them, and what cannot be read is tried with others. What they have loaded
        # before has patterns that are not counted, and what they load here must not count the steps of other tests.
        for codec in CODECS:
            stack.enter_context(patch.object(codec, "_formats", {}))
        for cached in (row_values.matcher, row_values.codes_of):
            cached.cache_clear()
            stack.callback(cached.cache_clear)
        yield


def steps(work: Callable[[], object]) -> int:
    """Return the lines that the package and Lark run, and the steps of the package's patterns."""
    lines = 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if event == "call":
            return traced if frame.f_code.co_filename.startswith(COUNTED) else None
        lines += event == "line"
        return traced

    Steps.count = 0
    tracer = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(tracer)
    return lines + Steps.count


def new_codec(*formats: Format | int) -> Codec[Any]:
    """Return a codec that has read no list. It has loaded the formats, so that loading is not counted."""
    codec: Codec[Any] = Codec(SENDERS)
    for fmt in formats:
        codec.validate("ERROR = 1 (x)", fmt=fmt)
    return codec


class Cost:
    """Compare a codec that has read and written replies with a new one."""

    def __init__(self, used: Codec[Any], fmt: Format | int) -> None:
        self.used, self.new, self.fmt = used, new_codec(fmt), fmt

    def of(self, work: Callable[[Codec[Any]], Any]) -> Any:
        """Run *work* with both. Check that the results are equal and the steps similar, and return the result."""
        results: list[Any] = []
        counts = [steps(partial(_note, results, work, codec)) for codec in (self.new, self.used)]
        assert results[0] == results[1]
        assert counts[1] <= FACTOR * counts[0] + AT_LEAST, counts
        return results[1]


def _note(results: list[Any], work: Callable[[Codec[Any]], Any], codec: Codec[Any]) -> None:
    results.append(work(codec))


def read(codec: Codec[Any], body: bytes, fmt: Format | int) -> Report[Any]:
    report: Report[Any] = Cost(codec, fmt).of(lambda each: each.validate(body, fmt=fmt))
    return report


def written(codec: Codec[Any], reply: Any, fmt: Format | int) -> bytes | str:
    try:
        return codec.encode(reply, fmt=fmt)
    except EncodeError as error:
        return str(error)


# Bodies

MOST_RECORDS = 8
OWN_KEYS = tuple(f"k{number}" for number in range(12))
Record = dict[str, str]


def spelled(records: Sequence[Record], fmt: Format | int) -> bytes:
    """Return a body with these records, in the canonical layout."""
    if fmt == Format.TEXT:
        lines = [", ".join(f"{key} = {value}" for key, value in record.items()) for record in records]
    elif fmt == Format.CSV:
        lines = [f"{record['name']},{record.get('id', '')}" for record in records]
    elif fmt == Format.XML:
        lines = ["<senders>"]
        for record in records:
            attributes = "".join(f' {key}="{value}"' for key, value in record.items() if key != "name")
            lines.append(f"<sender{attributes}>{record['name']}</sender>")
        lines.append("</senders>")
    else:
        named = [{"sender" if key == "name" else key: value for key, value in record.items()} for record in records]
        lines = [json.dumps(named, separators=(",\n", ": "))]
    return "\n".join(lines).encode()


def mixed(keys: Sequence[str], names: int, ending: str = "5") -> Record:
    """Return a record that has a replacement under each key whose bit in *names* is set, and a code under others."""
    values = {key: "INFO" if names >> place & 1 else "2" for place, key in enumerate(keys)}
    return {"name": "A", **values, "id": ending}


own_keys = st.lists(st.from_regex("[a-z_]{1,3}", fullmatch=True), min_size=1, max_size=8, unique=True).map(tuple)
many_keys = st.sampled_from([TEXT_ORDER, OWN_KEYS])
any_keys = st.sampled_from([TEXT_ORDER, OWN_KEYS, TEXT_ORDER[:6], ("mts",), ("status",), ()]) | own_keys
endings = st.sampled_from(["5", "5", "5", "7", "5x", "", "99999999999999999999"])


@st.composite
def lists_with_keys(draw: st.DrawFn, fmt: Format, keys: st.SearchStrategy[tuple[str, ...]]) -> bytes:
    """Make records with the same keys, each with codes and replacements of its own. The last id may be bad."""
    chosen = draw(keys)
    rows = draw(st.lists(st.integers(0, 2 ** len(chosen) - 1), min_size=1, max_size=MOST_RECORDS))
    return spelled([*(mixed(chosen, row) for row in rows[1:]), mixed(chosen, rows[0], draw(endings))], fmt)


def other_bodies(fmt: Format) -> st.SearchStrategy[bytes]:
    recorded = st.sampled_from([vector.body for vector in VECTORS if vector.row["fmt"] == fmt])
    lists = lists_with_keys(fmt, any_keys)
    return lists | recorded | bodies(fmt, "utf-8") | damaged(lists) | noise()


class Sequences(RuleBasedStateMachine):
    """Read and write replies with one codec, and compare each with a new codec.

    Most replies are lists with the same keys in one format, because codecs learn from those. The rest can be anything.
    """

    @initialize(fmt=formats(), keys=many_keys | any_keys)
    def prefer(self, fmt: Format, keys: tuple[str, ...]) -> None:
        self.codec = new_codec(*Format)
        self.fmt = fmt
        self.lists = lists_with_keys(fmt, st.just(keys))

    @rule(data=st.data())
    def read_a_list(self, data: st.DataObject) -> None:
        read(self.codec, data.draw(self.lists), self.fmt)

    @rule(data=st.data(), fmt=formats())
    def read(self, data: st.DataObject, fmt: Format) -> None:
        read(self.codec, data.draw(other_bodies(fmt)), fmt)

    @rule(data=st.data(), fmt=formats())
    def write(self, data: st.DataObject, fmt: Format) -> None:
        reply = self.codec.validate(data.draw(self.lists), fmt=self.fmt).reply
        if reply is not None:
            Cost(self.codec, fmt).of(partial(written, reply=reply, fmt=fmt))


SOME = settings(max_examples=settings().max_examples // 4, stateful_step_count=10, deadline=None)


def test_any_sequence_of_replies() -> None:
    run_state_machine_as_test(Sequences, settings=SOME)


def test_a_sequence_is_found_that_makes_later_replies_dear() -> None:
    """The fault: each reply adds the alternatives of a value once more to all shapes."""
    fast, first_of = TextFormat.fast, text_format._first_of
    replies: defaultdict[TextFormat, int] = defaultdict(int)
    now = 1

    def piling(self: TextFormat, *given: Any) -> Any:
        nonlocal now
        now = 1 + min(3, replies[self])
        replies[self] += 1
        self._shapes, self._widths = Shapes(), Shapes()
        return fast(self, *given)

    def all_that_was_learned(patterns: Sequence[str]) -> str:
        return first_of(patterns) if now == 1 else f"(?:{'|'.join([*patterns] * now)})"

    only_found = settings(SOME, phases=[Phase.generate], database=None, derandomize=True, report_multiple_bugs=False)
    with (
        patch.object(TextFormat, "fast", piling),
        patch("smsc_codec.formats.text._first_of", all_that_was_learned),
        pytest.raises(AssertionError),
    ):
        run_state_machine_as_test(Sequences, settings=only_found)


# Sequences that pile up alternatives if shapes learn from each other.

FORMATS_WITH_KEYS = (Format.TEXT, Format.XML, Format.JSON)


def replaced_by_turns(fmt: Format | int, keys: Sequence[str], count: int) -> Iterator[bytes]:
    """Yield replies of one name. Each has a replacement under another operator."""
    return (spelled([mixed(keys, 1 << place)], fmt) for place in range(count))


@pytest.mark.parametrize("fmt", FORMATS_WITH_KEYS)
@pytest.mark.parametrize("names", [1, 2])
@pytest.mark.parametrize("ending", ["5", "5x", ""])
def test_a_list_after_eleven_ordinary_replies(fmt: Format, names: int, ending: str) -> None:
    codec = new_codec(fmt)
    for body in replaced_by_turns(fmt, TEXT_ORDER, 11):
        assert read(codec, body, fmt).findings == ()
    plain, last = mixed(TEXT_ORDER, 0), mixed(TEXT_ORDER, 0, ending)
    report = read(codec, spelled([*[plain] * (names - 1), last], fmt), fmt)
    assert (report.findings == ()) == (ending == "5")


def test_a_bad_id_is_an_error_after_eleven_ordinary_replies() -> None:
    codec = new_codec(Format.TEXT)
    for body in replaced_by_turns(Format.TEXT, TEXT_ORDER, 11):
        codec.decode(body, fmt=0)
    with pytest.raises(DecodeError, match="found 'x'"):
        codec.decode(spelled([mixed(TEXT_ORDER, 0, "5x")], 0), fmt=0)


@pytest.mark.parametrize("fmt", FORMATS_WITH_KEYS)
@pytest.mark.parametrize("lines", [6, 8])
def test_two_bodies_with_keys_of_their_own(fmt: Format, lines: int) -> None:
    codec = new_codec(fmt)
    for _ in range(2):
        read(codec, spelled([mixed(OWN_KEYS, 0x155 << place) for place in range(lines)], fmt), fmt)
    read(codec, spelled([mixed(OWN_KEYS, 0)] * 2, fmt), fmt)
    read(codec, spelled([mixed(OWN_KEYS, 0), mixed(OWN_KEYS, 0, "5x")], fmt), fmt)


@pytest.mark.parametrize("fmt", FORMATS_WITH_KEYS)
def test_a_list_after_more_shapes_than_are_kept(fmt: Format) -> None:
    codec = new_codec(fmt)
    for number in range(MOST_SHAPES + 40):
        codec.validate(spelled([mixed([f"k{number}", "mts"], number)], fmt), fmt=fmt)
    read(codec, spelled([mixed(["k99", "mts"], names) for names in range(4)], fmt), fmt)
    read(codec, spelled([mixed([f"k{number}", "mts"], number) for number in range(70, 100)], fmt), fmt)


@pytest.mark.parametrize("fmt", FORMATS_WITH_KEYS)
@pytest.mark.parametrize("records", [1, 100])
def test_no_body_makes_a_later_one_dearer(fmt: Format, records: int) -> None:
    """However many shapes were read and written, a new one is compiled once, and read by compiled rows from then on."""
    used, new = new_codec(fmt), new_codec(fmt)
    other = spelled([mixed(["another", "mts"], 0)], fmt)
    for number in range(0, 2 * MOST_SHAPES * records, records):
        hostile = spelled([mixed([f"k{number + each}", "mts"], 0) for each in range(records)], fmt)
        if number < 2 * MOST_SHAPES or records == 1:
            assert used.decode(used.encode(used.decode(hostile, fmt=fmt), fmt=fmt), fmt=fmt)
    body = spelled([mixed(["other", "mts"], 0)] * 50, fmt)
    reply = new_codec(fmt).decode(body, fmt=fmt)
    for codec in (used, new):
        codec.encode(codec.decode(other, fmt=fmt), fmt=fmt)
    for work in (lambda codec: codec.decode(body, fmt=fmt), lambda codec: codec.encode(reply, fmt=fmt)):
        for _ in range(2):
            expected, found = (steps(partial(work, codec)) for codec in (new, used))
            assert found <= 1.1 * expected + 20


@pytest.mark.parametrize("fmt", FORMATS_WITH_KEYS)
def test_a_body_of_many_shapes_takes_steps_for_its_length(fmt: Format) -> None:
    counts = []
    for times in (1, 2, 4):
        codec = new_codec(fmt)
        body = spelled([mixed([f"k{number}", "mts"], number % 4) for number in range(100 * times)], fmt)
        counts.append(steps(partial(codec.decode, body, fmt=fmt)))
        assert codec.decode(body, fmt=fmt) == new_codec(fmt).decode(body, fmt=fmt)
    assert counts[2] - counts[1] < 2.2 * (counts[1] - counts[0])


@pytest.mark.parametrize("fmt", FORMATS_WITH_KEYS)
def test_a_list_after_lists_that_were_written(fmt: Format) -> None:
    codec = new_codec(fmt)
    for body in replaced_by_turns(fmt, TEXT_ORDER, 11):
        reply = read(codec, body, fmt).reply
        text = Cost(codec, fmt).of(partial(written, reply=reply, fmt=fmt))
        assert new_codec(fmt).decode(text, fmt=fmt) == reply
    read(codec, spelled([mixed(TEXT_ORDER, 0)] * 2, fmt), fmt)
    other = SenderList((Sender("A", 5), Sender("A, B", 5)))
    Cost(codec, fmt).of(partial(written, reply=other, fmt=fmt))


def test_a_recording_of_such_replies_takes_steps_for_its_length(tmp_path: Path) -> None:
    ordinary = [body.decode() for body in replaced_by_turns(Format.TEXT, TEXT_ORDER, 11)]
    lists = [spelled([mixed(TEXT_ORDER, 0)] * 2, 0).decode(), spelled([mixed(TEXT_ORDER, 0, "5x")], 0).decode()]
    counts = []
    for times in (1, 1, 2, 4):  # the first time endpoints are loaded
        path = tmp_path / f"{times}.jsonl"
        path.write_text("\n".join(json.dumps({"body": body, "fmt": 0}) for body in ordinary + lists * 8 * times))
        codec = new_codec(Format.TEXT)
        with patch("smsc_codec.recordings._check.codec_of", {"senders": codec}.__getitem__):
            counts.append(steps(partial(list, validate_recordings([path]))))
    _, first, second, third = counts
    assert third - second < 2.2 * (second - first)
    # What cannot be read is tried with the two other endpoints that have lines which begin so.
    tried = 2 * 8 * len(lists[1])
    assert first < 40 * ((tmp_path / "1.jsonl").stat().st_size + tried)


def test_a_shape_is_what_the_grammar_and_the_keys_make_it() -> None:
    """It does not matter which line with these keys was read first, nor what was read before."""
    expected: dict[Any, re.Pattern[str]] = {}
    for first in range(2 ** len(TEXT_ORDER[:4])):
        codec = new_codec(Format.TEXT)
        for names in (first, 0, 15, 9):
            codec.decode(spelled([mixed(TEXT_ORDER[:4], names)], 0), fmt=0)
        reader: Any = codec._formats[0]
        for signature, shape in reader._shapes._known.items():
            pattern = shape.find.func.__self__._pattern
            assert expected.setdefault(signature, pattern) == pattern
    assert len(expected) == 1
