"""Cassettes and HAR: values of every type in every place, what aliases stand for, and charsets of texts."""

from __future__ import annotations

import codecs
import encodings.aliases
import io
import json
import pkgutil
import tracemalloc
from functools import partial
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from smsc_codec.recordings import BrokenError, Entry, _tape, _yaml, recorded_in

from .test_recordings_bounds import cassette, interaction, laughs
from .test_work import steps
from .work import LAST_SIZES, is_linear

URL = "https://smsc.ru/sys/senders.php?fmt=0"


def read(data: str | bytes, kind: str = "cassette") -> list[Entry]:
    return list(recorded_in(io.BytesIO(data if isinstance(data, bytes) else data.encode()), kind))


def trouble(entry: Entry) -> str:
    assert entry.problem is not None
    assert entry.problem.code == "bad-entry"
    return entry.problem.message


def recorded(**parts: Any) -> dict[str, Any]:
    """Return an interaction with *parts* by their paths."""
    whole: dict[str, Any] = {
        "request": {"uri": URL, "body": "a=b", "headers": {"A": ["b"]}},
        "response": {"status": {"code": 200}, "headers": {"A": ["b"]}, "body": {"string": "OK", "encoding": "UTF-8"}},
        "recorded_at": "Tue, 18 Oct 2016 10:00:00 GMT",
    }
    for path, value in parts.items():
        *folders, last = path.split("__")
        place = whole
        for folder in folders:
            place = place[folder]
        place[last] = value
    return whole


LIST, MAPPING = ["x"], {"x": "y"}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("request", (None, "x", LIST)),
        ("request__uri", (None, LIST, MAPPING)),
        ("request__body", (LIST, {"string": LIST})),
        ("request__headers", ("x", LIST)),
        ("request__headers__A", ([LIST],)),
        ("response", ("x", LIST)),
        ("response__status", (None, "x", LIST)),
        ("response__status__code", (None, "x", LIST, MAPPING, "٣", "9" * 5000, "-1", "")),
        ("response__body", (LIST, {"string": LIST}, {"string": {"string": {"string": "x"}}})),
        ("response__body__encoding", (LIST, MAPPING)),
        ("response__body__base64_string", (LIST, MAPPING, "?")),
        ("response__headers", ("x", LIST)),
        ("response__headers__A", ([LIST], [[LIST]], {"base64_string": "?"}, {"string": {"string": {"string": "x"}}})),
    ],
)
@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_what_is_not_of_its_type_is_a_bad_entry(path: str, values: tuple[Any, ...], dump: Any) -> None:
    for value in values:
        first, second = read(dump({"interactions": [recorded(**{path: value}), recorded()]}))
        assert trouble(first)
        assert second.problem is None


@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_what_is_not_needed_can_be_anything(dump: Any) -> None:
    for value in (None, 5, LIST, MAPPING):
        for path in ("recorded_at", "request__method", "request__form", "request__post_fields"):
            (entry,) = read(dump({"interactions": [recorded(**{path: value})]}))
            assert (entry.body, entry.problem) == (b"OK", None)
        (entry,) = read(json.dumps({"log": {"entries": [{"request": {"url": URL}, "startedDateTime": value}]}}), "har")
        assert entry.problem is None


def test_parameters_beside_the_body_of_a_request() -> None:
    form = {"psw": ["x", "y"], "fmt": "3"}
    (entry,) = read(json.dumps({"interactions": [recorded(request__form=form)]}))
    assert (entry.form, entry.posted) == (b"a=b", b"psw=x&psw=y&fmt=3")
    (entry,) = read(json.dumps({"interactions": [recorded(request__post_fields=form, request__body="")]}))
    assert (entry.form, entry.posted) == (b"psw=x&psw=y&fmt=3", b"")


@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_scalars_of_every_type_are_values_of_headers(dump: Any) -> None:
    headers = {"A": ["x", None, 5, 1.5, True], "B": 7, "C": None, "D": {"base64_string": "YWL/"}}
    (entry,) = read(dump({"interactions": [recorded(response__headers=headers)]}))
    true = "True" if dump is json.dumps else "true"
    values = ["x", "", "5", "1.5", true, "7", "", "ab\xff"]
    assert entry.headers == list(zip("AAAAABCD", values))


@pytest.mark.parametrize(
    "path",
    [
        "request",
        "request.url",
        "request.headers",
        "response",
        "response.status",
        "response.content",
    ],
)
def test_har_with_values_of_other_types(path: str) -> None:
    for value in (LIST, True, [[LIST]]):
        item: dict[str, Any] = {"request": {"url": URL}, "response": {"status": 200, "content": {"text": "OK"}}}
        place, good = item, json.loads(json.dumps(item))
        *folders, last = path.split(".")
        for folder in folders:
            place = place[folder]
        place[last] = value
        first, second = read(json.dumps({"log": {"entries": [item, good]}}), "har")
        assert trouble(first)
        assert second.body == b"OK"


@pytest.mark.parametrize(("value", "wanted"), [(LIST, b'["x"]'), (True, b"true"), ([[LIST]], b'[[["x"]]]'), (5, b"5")])
def test_a_body_that_is_json_instead_of_text(value: Any, wanted: bytes) -> None:
    item = {"request": {"url": URL}, "response": {"status": 200, "content": {"text": value}}}
    (entry,) = read(json.dumps({"log": {"entries": [item]}}), "har")
    assert (entry.body, entry.text, entry.problem) == (wanted, True, None)


def test_bytes_where_text_belongs() -> None:
    first, second, third, fourth = read(
        cassette(
            "- {request: {uri: !!binary aHR0cA==}, response: {status: {code: 200}}}\n",
            interaction("body: {string: OK, encoding: !!binary aHR0cA==}"),
            interaction("headers: {!!binary QQ==: b}, body: {string: OK}"),
            interaction("headers: {A: !!binary Yg==}, body: !!binary T0s=", ", body: !!binary YT1i"),
        )
    )
    assert trouble(first) == "request.uri has to be a text or null, and is an object"
    assert trouble(second) == "response.body.encoding has to be a text or null, and is an object"
    assert trouble(third) == "a key in it is not a string"
    assert (fourth.headers, fourth.body, fourth.form) == ([("A", "b")], b"OK", b"a=b")


def test_keys() -> None:
    first, second, third = read(
        cassette(
            interaction("? [a] : b"),
            interaction("~: x, headers: {null: a, '': b, ~: c}, body: OK"),
            "- {&a request: {uri: x}, response: {*a : y, status: {code: 200}}}\n",
        )
    )
    assert trouble(first) == "a key in it is not a string"
    assert second.headers == [("null", "a"), ("", "b"), ("~", "c")]
    assert third.problem is None


# Aliases

UNKNOWN = "an alias in it is of no use: its anchor is missing, in another part of the document, around the alias, "


@pytest.mark.parametrize(
    "text",
    [
        cassette(interaction("body: *x")),
        cassette(interaction("body: &x [*x]")),
        cassette(interaction("x: &x y, body: &x [*x]")),
        cassette("- &x {request: *x, response: {status: {code: 200}}}\n"),
        b"x: &x y\n" + cassette(interaction("body: *x")),
        cassette(interaction("x: &x [*y], body: *x")),
    ],
)
def test_an_alias_that_stands_for_nothing_is_a_bad_entry(text: bytes) -> None:
    first, second = read(text + interaction("body: OK").encode())
    assert trouble(first).startswith(UNKNOWN)
    assert second.body == b"OK"


def test_what_is_wrong_in_a_value_is_wrong_where_it_is_repeated() -> None:
    text = cassette(
        interaction("x: &x {a: *y}"), interaction("x: *x"), interaction("x: &x {a: b}"), interaction("x: *x")
    )
    first, second, third, fourth = read(text)
    assert trouble(first).startswith(UNKNOWN)
    assert trouble(second).startswith(UNKNOWN)
    assert third.problem is fourth.problem is None


def test_anchors_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml, "_MOST_ANCHORS", 2)
    used = interaction("x: *a")
    found = read(cassette(interaction("x: &a y"), interaction("x: &b y"), used, interaction("x: &c y"), used, used))
    assert [entry.problem for entry in found] == [None] * 6
    (*_, last) = read(cassette(interaction("x: [&a y, &b y, &c y]"), used))
    assert trouble(last).startswith(UNKNOWN)
    monkeypatch.setattr(_yaml, "_HEAVIEST_ANCHORS", 1000)
    found = read(cassette(interaction(f"x: &a {'y' * 600}"), used, interaction(f"x: &b {'y' * 600}"), used))
    assert [entry.problem is None for entry in found] == [True, True, True, False]
    found = read(
        cassette(interaction("x: &a [y]"), used, interaction(f"x: &b {'y' * 1000}"), interaction("x: *b"), used)
    )
    assert [entry.problem is None for entry in found] == [True, True, True, False, True]


@pytest.mark.parametrize("depth", [3, 9, 15])
@pytest.mark.parametrize(
    "place", ["headers: {A: %s}", "body: {encoding: %s, string: OK}", "body: %s", "x: %s", "status: {code: %s}"]
)
def test_aliases_are_never_expanded(depth: int, place: str) -> None:
    text = cassette(interaction(place % laughs(depth)), interaction())
    read(text)
    assert steps(partial(read, text)) < 20_000
    tracemalloc.start()
    first, second = read(text)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert place == "x: %s" or trouble(first)
    assert second.problem is None


def test_an_anchor_inside_of_its_namesake_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml, "_HEAVIEST_ANCHORS", 5000)
    twice = interaction(f"x: &a [&a {'y' * 1000}]")
    found = read(cassette(*[twice] * 20, interaction(f"x: &b {'y' * 1000}"), interaction("x: *b")))
    assert [entry.problem for entry in found] == [None] * 22


def test_aliases_that_nest_more_deeply_than_a_stack_are_a_bad_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml, "_ALIAS_FREE", 1 << 40)
    links = (f"x{number}: &a{number} {{string: *a{number - 1}}}" for number in range(1, 3000))
    first, second = read(cassette(interaction(", ".join(["x0: &a0 x", *links, "body: *a2999"])), interaction()))
    # How deep an interpreter goes is its own affair.
    assert trouble(first).endswith(("the entry is nested too deeply", "the body is neither text nor bytes"))
    assert second.problem is None


def test_aliases_cannot_stand_for_far_more_than_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml, "_ALIAS_FREE", 100_000)
    first = interaction(f"body: &a {'x' * 1000}")
    found = read(cassette(first, interaction("body: *a") * 1000))
    assert [entry.body for entry in found] == [b"x" * 1000] * 1001
    found = read(cassette(f"- &a {first[2:]}", "- *a\n" * 1000))
    good = [entry for entry in found if entry.problem is None]
    assert 50 < len(good) < 300
    assert trouble(found[-1]) == "its aliases stand for far more than the recording holds"


def test_what_the_recorders_themselves_repeat() -> None:
    headers, body = {"Content-Type": ["text/plain"]}, {"string": "name = A"}
    response = {"status": {"code": 200}, "headers": headers, "body": body}
    item = {"request": {"uri": URL, "headers": headers}, "response": response}
    text = yaml.safe_dump({"interactions": [item, item, {**item, "recorded_at": "x"}] * 100, "version": 1})
    assert "*id001" in text
    found = read(text)
    assert [(entry.body, entry.headers) for entry in found] == [(b"name = A", [("Content-Type", "text/plain")])] * 300


def test_merge_keys_take_members_from_elsewhere() -> None:
    text = cassette(
        interaction().replace("- ", "- &a "), "- {<<: *a}\n", "- {<<: *b, request: {uri: /x}}\n", "- {<<: [*a]}\n"
    )
    first, second, third, fourth = read(text)
    assert first.problem is None
    assert (second.line, fourth.line) == (3, 5)
    assert [replace(each, number=1, line=first.line) for each in (second, fourth)] == [first] * 2
    # An alias without an anchor is one here too.
    assert third.url == "/x" and trouble(third).startswith("an alias in it is of no use")


# What stands around the list


def test_only_the_lists_are_read() -> None:
    around = "a: [{x: *nobody, ? [b] : c}]\n? {d: e}\n: f\n"
    text = f"{around}http_interactions:\n{interaction('body: OK')}{around}interactions:\n- 5\n"
    first, second = read(text)
    assert first.body == b"OK"
    assert trouble(second)
    with pytest.raises(BrokenError, match="broken in line"):
        read(text + "x: [\n")
    for other in ("x: [" + "[" * 40 + "]" * 41, "interactions: &a\n", "interactions: *a\n", "", "--- x\n--- y\n"):
        with pytest.raises(BrokenError):
            read(other)


@pytest.mark.parametrize("make", [lambda n: f'"{"x" * n}"', lambda n: f'"{(chr(10) * 2 + " x") * (n // 4)}"'])
def test_the_parser_that_is_written_in_python(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It copies what it has of a value with each piece, so that the pieces have to grow."""
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    monkeypatch.setattr(_tape, "_PIECE", 1000)
    counts, reads = [], []
    for times in LAST_SIZES:
        text = cassette(interaction(f"body: {make(8000 * times)}"))
        sizes: list[int] = []

        def counted(source: Any, size: int, sizes: list[int] = sizes, real: Any = _yaml._Source.read) -> bytes:
            data: bytes = real(source, size)
            sizes.append(len(data))
            return data

        with monkeypatch.context() as patch:
            patch.setattr(_yaml._Source, "read", counted)
            assert read(text)[0].body
        reads.append(len(sizes))
        counts.append(steps(partial(read, text)))
    assert is_linear(counts), counts
    assert reads[-1] <= reads[0] + 6, reads


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_marks_are_only_left_out_at_the_beginnings_of_lines(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml._Source, "read", lambda source, size, real=_yaml._Source.read: real(source, piece))
    text = cassette(interaction('body: {string: "x\ufeff"}')).decode() + "\ufeff---\n"
    text += cassette(interaction("body: {string: y}")).decode() + "\n\n\ufeff"
    assert [entry.body for entry in read(text)] == ["x\ufeff".encode(), b"y"]


# Charsets

CHARSETS = {
    "UTF-8": 6,
    "US-ASCII": 6,
    "windows-1251": 3,
    "Windows_1251": 3,
    "KOI8-R": 3,
    "UTF-16LE": 6,
    "UTF-16BE": 6,
    "UTF-16": 8,
}
"""The bytes that a text of three letters had."""


def bodies(encoding: str, string: str) -> list[tuple[bytes | None, bool, int | None]]:
    item = recorded(response__body={"encoding": encoding, "string": string})
    return [
        (entry.body, entry.text, entry.length)
        for dump in (json.dumps, yaml.safe_dump)
        for entry in read(dump({"interactions": [item]}))
    ]


@pytest.mark.parametrize("name", CHARSETS)
def test_texts_in_the_charsets_that_recorders_name(name: str) -> None:
    """A text is a text, whatever it was before; only its length is known from that."""
    assert bodies(name, "Имя") == [("Имя".encode(), True, CHARSETS[name])] * 2


@pytest.mark.parametrize("name", ["ASCII-8BIT", "binary", "ISO-8859-1"])
def test_texts_in_charsets_that_do_not_have_them(name: str) -> None:
    assert bodies(name, "OK") == [(b"OK", False, 2)] * 2
    assert bodies(name, "Имя") == [("Имя".encode(), True, None)] * 2


def test_no_other_codec_is_looked_up() -> None:
    looked_up = []

    def search(name: str) -> None:
        looked_up.append(name)

    codecs.register(search)
    known = {("é" * 100).encode(name) for name in ("utf-8", "latin-1", "utf-16", "utf-16-le", "utf-16-be")}
    others = {module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(encodings.aliases.aliases)
    for name in sorted(others | {"smsc_none", "punycode", "idna", "x" * 1000}):
        body, is_text, length = bodies(name, "é" * 100)[0]
        assert body == ("é" * 100).encode() if is_text else body in known, name
        assert length in {None, *map(len, known)}, name
    assert looked_up == []
