"""Checks that the reader of recordings is total: any input gives entries, or an error that says what is wrong."""

from __future__ import annotations

import copy
import io
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec.recordings import BrokenError, Entry, Kind, Problem, _json, _tape, recorded_in
from smsc_codec.testing import strategies as ours

from .fuzz.seeds import EVERY, HAR, INTERACTIONS, NOCK, POLLY, POSTMAN, RELATIVES, SEEDS, WHOLE, WIREMOCK, YAML
from .fuzz.targets import recordings, small_sizes

CHOICES = st.integers(0, 31)
KINDS = st.sampled_from([*Kind, None])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["base64", "br,"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def law(kind: Kind | None, choice: int, data: bytes) -> None:
    with small_sizes():
        recordings(kind, bytes([choice]) + data)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a value, with each of its keys."""
    for key, member in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(member, (dict, list)):
            yield from places(member)


@st.composite
def changed(draw: st.DrawFn, whole: Any) -> Any:
    """Draw a recording with up to three changes: other values, missing members, or additional members."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        left = list(places(value))
        if not left:
            break
        container, key = draw(st.sampled_from(left))
        action = draw(st.sampled_from(["replace", "delete", "double", "nest"]))
        if action == "replace":
            container[key] = draw(VALUES)
        elif action == "double":
            container[key] = [container[key], container[key]]
        elif action == "nest":
            for _ in range(draw(st.sampled_from([1, 2, 31, 40]))):
                container[key] = [container[key]]
        else:
            del container[key]
    return value


@given(changed(HAR) | changed(POLLY), CHOICES)
def test_har_with_anything_anywhere(value: Any, choice: int) -> None:
    law(Kind.HAR, choice, json.dumps(value).encode())


@given(changed(INTERACTIONS), CHOICES, st.sampled_from([json.dumps, yaml.safe_dump]))
def test_cassettes_with_anything_anywhere(value: Any, choice: int, dump: Any) -> None:
    # PyYAML writes the second use of an object as an alias.
    law(Kind.CASSETTE, choice, dump(value).encode())


@given(changed(NOCK) | changed(WIREMOCK) | changed(POSTMAN), CHOICES)
def test_stubs_with_anything_anywhere(value: Any, choice: int) -> None:
    law(Kind.CASSETTE, choice, json.dumps(value).encode())


WORDS = [place for place in range(len(YAML)) if YAML[place].isalnum() and not YAML[place - 1].isalnum()]
MARKS = st.sampled_from(
    ["*request ", "*new ", "&request ", "&new ", "!x ", "!!binary ", "? ", "- ", "[", "]", "{", "<<: ", "~ "]
)


@given(st.lists(st.tuples(st.sampled_from(WORDS), MARKS), max_size=6), CHOICES)
def test_yaml_with_aliases_anywhere(marks: list[tuple[int, str]], choice: int) -> None:
    text = YAML
    for place, mark in sorted(marks, reverse=True):
        text = text[:place] + mark + text[place:]
    law(Kind.CASSETTE, choice, text.encode())


@given(ours.damaged(st.sampled_from(EVERY)), KINDS, CHOICES)
def test_damaged_recordings(data: bytes, kind: Kind | None, choice: int) -> None:
    law(kind, choice, data)


@given(ours.damaged(st.sampled_from(SEEDS["recordings-packed"])), CHOICES)
def test_damaged_packed_recordings(data: bytes, choice: int) -> None:
    law(None, choice, data)


@given(st.binary(max_size=200), KINDS, CHOICES)
def test_noise(data: bytes, kind: Kind | None, choice: int) -> None:
    law(kind, choice, data)


@pytest.mark.parametrize("kind", [Kind.HAR, Kind.CASSETTE])
@pytest.mark.parametrize("depth", [30, 1000, 50_000])
def test_what_is_nested_deeply(kind: Kind, depth: int) -> None:
    for start, end in (("[", "]"), ('{"a":', "}")):
        nested = start * depth + "1" + end * depth
        for whole in (HAR, INTERACTIONS) if depth <= 1000 else (HAR if kind is Kind.HAR else INTERACTIONS,):
            text = json.dumps(whole)
            for sign in ('"GET"', '"page_1"', "200", '"b"', '"OK"', "2", "null"):
                law(kind, 0, text.replace(sign, nested, 1).encode())
                law(kind, 0, text.replace(sign, start * depth, 1).encode())
    law(Kind.CASSETTE, 0, YAML.replace("OK", "[" * depth).encode())
    law(Kind.CASSETTE, 0, YAML.replace("OK", "- " * depth).encode())


def read(data: bytes, kind: Kind | str) -> list[Entry]:
    """Return the entries before the recording breaks."""
    entries: list[Entry] = []
    with suppress(BrokenError):
        entries.extend(recorded_in(io.BytesIO(data), kind))
    return entries


def named(recordings: dict[str, list[bytes]]) -> list[tuple[str, bytes]]:
    return [(name.replace("lines", "json-lines"), data) for name, those in recordings.items() for data in those]


RECORDINGS = named(WHOLE)


@pytest.mark.parametrize(("kind", "data"), RECORDINGS)
def test_a_recording_that_is_cut_has_the_first_entries(kind: str, data: bytes) -> None:
    whole = read(data, kind)
    assert len(whole) >= 2
    for end in range(len(data)):
        cut = read(data[:end], kind)
        # Brackets say where an entry ends. Without them, the end is not known before the next entry begins.
        known = len(cut) if kind != "json-lines" and data.startswith(b"{") else max(len(cut) - 1, 0)
        assert cut[:known] == whole[:known]


@pytest.mark.parametrize(("kind", "data"), named(RELATIVES))
def test_their_relatives_have_entries(kind: str, data: bytes) -> None:
    found = read(data, kind)
    assert len(found) >= 2
    assert all(entry.body is not None and entry.problem is None for entry in found)
    assert read(data, kind) == list(recorded_in(io.BytesIO(data)))


@given(st.sampled_from([*RECORDINGS, *named(RELATIVES)]), st.integers(1, 40))
def test_the_pieces_do_not_matter(recording: tuple[str, bytes], size: int) -> None:
    kind, data = recording
    whole = read(data, kind)
    with patch.object(_tape, "_PIECE", size):
        assert read(data, kind) == whole


# Strings that end with backslashes, or contain brackets or halves of surrogate pairs.
TEXTS = st.text(st.sampled_from('"\\[]{}:, \n\u0418\U0001f600\ud800'), max_size=12)
JSON = st.recursive(
    SCALARS.filter(lambda value: not (isinstance(value, float) and math.isnan(value))) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


@given(
    st.lists(JSON, max_size=5),
    st.dictionaries(TEXTS, JSON, max_size=3),
    st.dictionaries(TEXTS, JSON, max_size=3),
    st.sampled_from([None, 0, 3]),
    st.booleans(),
    st.integers(1, 60),
)
def test_the_items_of_json_are_those_of_the_document(
    values: list[Any], before: dict[str, Any], behind: dict[str, Any], indent: int | None, escape: bool, size: int
) -> None:
    document = {**before, "log": {**before, "entries": values, **behind}, **behind}
    text = json.dumps(document, indent=indent, ensure_ascii=escape).encode("utf-8", "surrogatepass")
    with patch.object(_tape, "_PIECE", size):
        items = list(_json.items(_tape.Tape(io.BytesIO(text)), {"log"}, {"entries"}))
    assert not any(isinstance(item, Problem) for item in items)
    assert [json.loads(bytes(item).decode("utf-8", "surrogatepass")) for item in items] == values  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ('{"url": "https://smsc.ru/sys/send.php?%s", "body": x', "https://smsc.ru/sys/send.php"),
        ('{"url": "https://smsc.ru/\\u0073ys/send.php?%s", "body": x', ""),
        ('{"url": "https://smsc.ru/sys/send.php?%s', ""),
    ],
)
def test_a_url_that_is_too_long_is_named_without_its_query(text: str, url: str) -> None:
    assert _json.string_at(text.replace("%s", "a" * 200_000).encode(), "url") == url
