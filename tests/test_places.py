"""Where errors and findings are, in every format: a mark in the body precedes each."""

from __future__ import annotations

import random
from typing import Any

import pytest

from smsc_codec import Codec, Limits
from smsc_codec._careful import Place
from smsc_codec._source import Source
from smsc_codec.endpoints.send import CODEC as SEND
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.formats.xml_tree import Tree, _Characters
from smsc_codec.limits import DEFAULT_LIMITS

from .lanes import SLOW

MARK = "▲"
LONG = "x" * 9000

TEXT = [
    ("name = A\n▲name = B, a = 1, b = 2", {"fields": 2}, ["limit senders[1]"]),
    (f"name = A\nname = ▲{LONG}", {"text": 5000}, ["limit senders[1].name"]),
    (f"name = A\nname = B, mts = ▲{LONG}, id = 5", {"text": 5000}, ["limit senders[1]"]),
    (f"name = A\nname = B, ▲{LONG} = 1, id = 5", {"text": 5000}, ["limit senders[1]"]),
    (f"name = A\nname = B, mts = ▲{LONG}", {"text": 8999}, ["limit senders[1]"]),
    (f"name = A\nname = B, mts = {LONG}, id = ▲5", {"text": 9000, "digits": 0}, ["limit senders[1].id"]),
    ("name = A\nname = B, mts = ▲abcdef\nname = C", {"text": 5}, ["limit senders[1].replacements.mts"]),
    ("name = A\n▲name = B\nname = C", {"items": 1}, ["limit "]),
    ("name = A, id = 1\nname = B\n▲name = C, id = 2", {"items": 2}, ["limit "]),
    ("▲name = A\nname = B", {"items": 0}, ["limit "]),
    ("OK\n▲name = A", {}, ["malformed "]),
    ("ID = 5\n▲ID = 6", {}, ["malformed "]),
    ("ERROR = 3 (no)\n▲OK\nname = A", {}, ["unknown-key "]),
    ("ERROR = 3 (no)\r\n\r\n\n▲OK\u2028\x0b\x1cA\n", {}, ["unknown-key "]),
    ("name = A\n▲OK", {}, ["malformed "]),
    (
        "name = A, mts = ▲7\nname = B, mts = ▲6, id = 5",
        {},
        [f"unknown-number senders[{number}].operators.mts" for number in range(2)],
    ),
    (
        "name = A\nname = B, new = ▲1, new = ▲▲2",
        {},
        [f"{code} senders[1].operators.new" for code in ("unknown-key", "unknown-key", "duplicate-key")],
    ),
    ("ERROR = ▲77 (no)", {}, ["unknown-number code"]),
    ("ERROR = 3 (▲abcdef)", {"text": 5}, ["limit description"]),
    ("ID = ▲123", {"digits": 2}, ["limit id"]),
    ("name = A, mts = 1, tele2 = B", {"fields": 3, "text": 5}, []),
    ("name = A\nname = B, abcdef = ▲1", {"text": 5}, ["limit senders[1]"]),
]

# In place of a reply in fmt=2 or fmt=3.
AS_TEXT: list[tuple[str, dict[str, int], list[str]]] = [
    ("▲OK", {}, ["other-format "]),
    ("\n \n▲▲ERROR = 3 (no)", {}, ["white-space ", "other-format "]),
    (" \n▲▲OK", {}, ["white-space ", "other-format "]),
    ("\n\ufeff▲▲OK\n", {}, ["white-space ", "other-format "]),
]

XML = [
    *AS_TEXT,
    ('<s><sender id="1">A▲\0\0</sender></s>', {}, ["malformed "]),
    (" \n▲▲<html><p></p></html>", {}, ["white-space ", "malformed "]),
    ("\n▲<!-- -->▲<balance>5</balance>", {}, ["white-space ", "malformed "]),
    ("\n▲▲<balance><x/></balance>", {}, ["white-space ", "malformed "]),
    ('<result><error_code a="▲1">3</error_code></result>', {}, ["unknown-key code.a"]),
    ("<result>▲<error_code><b/>3</error_code></result>", {}, ["value code"]),
    (
        '<result><error_code a="▲1">2</error_code>▲<error_code b="▲1">3</error_code></result>',
        {},
        ["unknown-key code.a", "duplicate-key code", "unknown-key code.b"],
    ),
    ("<result><error>no</error>▲<error_code>77</error_code></result>", {}, ["unknown-number code"]),
    ("<result>▲<error>abcdef</error><error_code>3</error_code></result>", {"text": 5}, ["limit description"]),
    ("<result><error_code>3</error_code>▲<x>1</x>▲<y/></result>", {}, ["unknown-key x", "unknown-key y"]),
    ("<result><error>no</error><error_code>3</error_code>▲<x/></result>", {"fields": 2}, ["limit "]),
    ("<result><error_code>3</error_code><x/>▲<x/></result>", {"fields": 2}, ["limit "]),
    ('<s>\n<sender id="1">A▲<b/></sender></s>', {}, ["malformed senders[0]"]),
    ('<s>\n▲<sender id="1"></sender></s>', {}, ["value senders[0].name"]),
    ('<s>\n<sender id="1">A</sender>\n<sender mts="1" id="▲x">B</sender></s>', {}, ["value senders[1].id"]),
    ('<s>\n<sender id="1">A</sender>\n▲<sender id="2">B</sender></s>', {"items": 1}, ["limit "]),
    ('<s a="▲1" b="▲2">\n<sender id="1">A</sender></s>', {"fields": 2}, ["unknown-key a", "unknown-key b"]),
    ('<s a="▲1" b="▲2">\n<sender id="1">A</sender></s>', {"fields": 1}, ["unknown-key a", "limit "]),
    ('<s>\n<sender mts="1" tele2="B">A</sender></s>', {"fields": 3, "text": 5}, []),
    ('<s a="▲1">\n<sender id="1" abcdef="▲1">A</sender></s>', {"text": 5}, ["unknown-key a", "limit senders[0]"]),
]

CSV = [
    ("A,1\nBB,2\nC,▲x", {}, ["value senders[2].id"]),
    ("A,▲9,1\nBB,1,▲x", {}, ["unknown-number senders[0].status", "value senders[1].id"]),
    ("A,1\nBB,2\n▲C", {}, ["malformed "]),
    ("0,▲-3\r", {}, ["value senders[0].id"]),
    ("A,1\nBB,2\n▲abcdef,3", {"text": 5}, ["limit senders[2].name"]),
    ("A,1\nBB,2,▲123", {"digits": 2}, ["limit senders[1].id"]),
    ("0,-▲77", {}, ["unknown-number code"]),
    ("0,-3\n▲A", {}, ["unknown-key "]),
    ("0,-3\r\n\n\r\n▲A\x0bB\u2028C\x1cD\n", {}, ["unknown-key "]),
    ("▲123,-3", {"digits": 2}, ["limit id"]),
    ("123,-▲33", {"digits": 3}, ["unknown-number code"]),
]

JSON = [
    *AS_TEXT,
    ('[{"sender": "A", "id": 1}, {"sender": "B", "mts": ▲true}]', {}, ["value senders[1].mts"]),
    ('[{"sender": "A", "id": 1}, {"sender": "B", "id": ▲"x"}]', {}, ["value senders[1].id"]),
    ('[{"sender": "A", "id": 1}, {"sender": ▲5}]', {}, ["value senders[1].name"]),
    ('[{"sender": "A"}, ▲5]', {}, ["malformed senders[1]"]),
    ('[{"sender": "A"}, ▲{"id": 5}]', {}, ["value senders[1]"]),
    ('[{"sender": "A"},\n▲{"sender": "B"}, {"sender": "C"}]', {"items": 1}, ["limit "]),
    (' ▲▲{"balance": 5}', {}, ["white-space ", "malformed "]),
    ('{"error": "no", "error_code": ▲77}', {}, ["unknown-number code"]),
    ('{"error": ▲"abcdef", "error_code": 3}', {"text": 5}, ["limit description"]),
    ('{"error_code": 3, "x": ▲1, "y": ▲[2]}', {}, ["unknown-key x", "unknown-key y"]),
    ('{"error_code": 3, "x": 1, "y": ▲1}', {"fields": 2}, ["limit "]),
    ('{"error_code": 3, "x": 1, "x": ▲1}', {"fields": 2}, ["limit "]),
    ('{"result": "OK", "result": ▲"OK"}', {}, ["duplicate-key result"]),
    ('[{"sender": "A", "mts": ▲"7", "id": "1"}]', {}, ["unknown-number senders[0].operators.mts"]),
    ('[{"sender": "A"}, {"sender": "B", "id": 1, "mts": ▲"2"}]', {"fields": 2}, ["limit senders[1]"]),
    ('[{"sender": "A", "mts": "1", "tele2": "B"}]', {"fields": 3, "text": 5}, []),
    ('[{"sender": "A"}, {"sender": "B", "abcdef": ▲"1"}]', {"text": 5}, ["limit senders[1]"]),
    ('{"a": [[1, ▲[2]]]}', {"depth": 3}, ["limit "]),
    (f"{'[' * 1024}▲[{']' * 1025}", {"depth": 4000}, ["limit "]),
]

ROWS = [(fmt, *row) for fmt, rows in enumerate((TEXT, CSV, XML, JSON)) for row in rows]


@pytest.mark.parametrize(("fmt", "marked", "limits", "expected"), ROWS)
def test_places(fmt: int, marked: str, limits: dict[str, int], expected: list[str]) -> None:
    body, *rest = marked.split(MARK)
    offsets = []
    for part in rest:
        offsets.append(len(body))
        body += part
    wanted = [(*words.split(" "), offset) for words, offset in zip(expected, offsets, strict=True)]
    codec = Codec(SENDERS)
    for _ in range(2):  # by Lark, then by what it has taught
        for each in (SLOW, codec):
            findings = each.validate(body, fmt=fmt, limits=Limits(**limits)).findings
            assert [(finding.code, finding.path, finding.offset) for finding in findings] == wanted
            assert [finding.line for finding in findings] == [body.count("\n", 0, offset) + 1 for offset in offsets]


class Counted(str):
    """A text that counts the characters which are taken of it."""

    taken = 0

    def __getitem__(self, key: Any) -> str:
        part = super().__getitem__(key)
        self.taken += len(part)
        return part


@pytest.mark.parametrize("text", ["", "a", "Ж", "aЖ€😀" * 900, "Ж" * 1024, "a" * 3000 + "Ж"])
@pytest.mark.parametrize("start", [0, 1])
def test_characters_of_bytes(text: str, start: int) -> None:
    """In any order, all together for one pass, and a step of it for each."""
    counted = Counted(text)
    characters = _Characters(counted, start)
    size = len(text[start:].encode())
    asked = [*random.Random(start).sample(range(size), min(size, 50)), 0, size, size + 10]
    for byte in asked:
        before = text[start:].encode()[:byte].decode("utf-8", "replace")
        assert characters.at(byte) == min(start + len(before), len(text))
    assert counted.taken <= len(text) + len(asked) * 1024


def test_places_in_a_long_document_with_wide_letters() -> None:
    """Each finding is where its value stands, with a root and without."""
    items = [f'<sender a{number}="▲1">Ж😀</sender>' for number in range(300)]
    for body in ("".join(items), f"<senders>\n{''.join(items)}</senders>", f"<?xml version='1.0'?>\n{''.join(items)}"):
        pieces = body.split(MARK)
        wanted = [len("".join(pieces[:number]).encode()) for number in range(1, len(pieces))]
        report = Codec(SENDERS).validate("".join(pieces).encode(), fmt=2)
        assert [finding.offset for finding in report.findings] == wanted


RECORD = '<sms id="5"><status>1</status><new>{0}</new></sms>'
LAYOUTS = {
    "one root": "<statuses>{0}</statuses>",
    "one root, and a blank": "<statuses>{0}</statuses >\n",
    "one root, and a comment": "<statuses>{0}</statuses><!-- </statuses> -->",
    "no root": "{0}",
    "no root, and an empty one behind": "{0}<sms/>",
    "a declaration": '<?xml version="1.0"?>{0}',
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("last", range(4))
def test_a_place_in_xml_is_found_in_what_precedes_it(layout: str, last: int) -> None:
    """Nothing behind the last record that is asked for is parsed, and that changes no place."""
    text = LAYOUTS[layout].format("\n".join(RECORD.format(f"x{number}") for number in range(4)))
    whole = Tree(Source(text, DEFAULT_LIMITS))
    part = Tree(Source(text, DEFAULT_LIMITS), last)
    for number in range(last + 1):
        place = Place((number, "new"))
        assert part.place(place) == whole.place(place) == text.index(f"<new>x{number}")
        assert part.place(Place((number,))) == whole.place(Place((number,)))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_places_in_the_lines_behind_the_first(ending: str) -> None:
    marked = ending.join(["OK - 1 SMS, ID - 5, A - |1", "phone = 7, status = |77", "foo = |2, bar = |3"])
    report = SEND.validate(marked.replace("|", ""), fmt=0)
    places = [place - number for number, place in enumerate(index for index, mark in enumerate(marked) if mark == "|")]
    assert [(finding.path, finding.offset) for finding in report.findings] == [
        (path, place) for path, place in zip(["other.A", "phones[0].status", "other.foo", "other.bar"], places)
    ]
