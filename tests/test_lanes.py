"""What the fast lanes may take and what they have to leave, case by case; the laws look at it at random."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import permutations
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    Format,
    FrozenMapping,
    OperatorStatus,
    Sender,
    SenderCreated,
    SenderList,
    SenderStatus,
    Success,
    decode,
    encode,
)
from smsc_codec.endpoints.senders import SENDERS, TEXT_ORDER
from smsc_codec.formats.json import JsonFormat
from smsc_codec.formats.shapes import Shapes, shape_budget

from .lanes import SLOW
from .test_kinds import with_mappings
from .test_work import steps

SENDERS_CODEC: Codec[Any] = Codec(SENDERS)
ONE = '<senders>\n<sender id="1">{}</sender>\n</senders>'


@pytest.mark.parametrize("name", ["a]]>b", "A\ufffe", "Ж\uffff", "A\x01", "A\x1f", "&#0;", "&nbsp;", "&#xD800;", "&"])
def test_no_xml_however_canonical_the_lines_are(name: str) -> None:
    """The fast lane asks expat only where a character or a reference could be one that XML does not have."""
    for codec in (SLOW, SENDERS_CODEC):
        with pytest.raises(DecodeError, match="expected a reply in XML, found broken XML"):
            codec.decode(ONE.format(name), fmt=2)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Ж", "Ж"),
        ("a>b", "a>b"),
        ("a]]&gt;b", "a]]>b"),
        ("&apos;&quot;&amp;&lt;&#65;&#x42;", "'\"&<AB"),
        ("\x7f", "\x7f"),
    ],
)
def test_xml_of_the_canonical_lines(name: str, read: str) -> None:
    body = ONE.format(name)
    assert SLOW.decode(body, fmt=2) == decode(body, fmt=2) == SenderList((Sender(read, 1),))


@pytest.mark.parametrize("keys", ['id="1" id="2"', 'sender="B" id="1"', 'xmlns="u" id="1"', 'a:b="2" id="1"'])
def test_attributes_that_only_the_slow_lane_judges(keys: str) -> None:
    body = f"<senders>\n<sender {keys}>A</sender>\n</senders>"
    assert SENDERS_CODEC.validate(body, fmt=2) == SLOW.validate(body, fmt=2)


@pytest.mark.parametrize(
    "tail", ["", "\n", "\n\n", " ", "X", "x\n", "\nX\n", "<!-- -->", "<x/>", "</senders>", "&#10;"]
)
@pytest.mark.parametrize("before", ["", "\n", "X", "<x/>", "<!-- -->\n"])
def test_what_stands_around_the_end_of_the_list(before: str, tail: str) -> None:
    body = f'<senders>\n<sender id="1">A</sender>\n{before}</senders>{tail}'
    for _ in range(2):
        assert SENDERS_CODEC.validate(body, fmt=2) == SLOW.validate(body, fmt=2)


def test_what_is_escaped_in_an_attribute() -> None:
    replacements = MappingProxyType({"mts": "a>b\nc\td\re\"f&g<h'i"})
    reply = SenderList((Sender("A>", 1, None, replacements=replacements),))
    written = "a&gt;b&#10;c&#9;d&#13;e&quot;f&amp;g&lt;h'i"
    expected = f'<senders>\n<sender mts="{written}" id="1">A&gt;</sender>\n</senders>'
    for given in (reply, decode(expected, fmt=2)):
        assert encode(given, fmt=2).decode() == expected
    assert decode(expected, fmt=2) == reply


def test_words_about_commas() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(b"A,5\nB", fmt=1)
    assert caught.value.reason == "expected <name>,<id> or <name>,<status>,<id>, found 1 value: 'B'"
    with pytest.raises(EncodeError) as refused:
        encode(SenderList((Sender("A", 5, None, {"mts": OperatorStatus(1)}),)), fmt=1)
    assert str(refused.value) == "senders[0].operators.mts: comma-separated replies have no place for it"


@pytest.mark.parametrize("name", ["A", "A:", "A\\u003a", "A\\u003A", "::\\u003a"])
@pytest.mark.parametrize("members", ['"id": 1', '"id": 2, "id": 1', '"id": 2,\n"id": 2, "id":1'])
def test_a_key_given_twice_behind_colons_of_all_kinds(name: str, members: str) -> None:
    """orjson keeps the last of two members; the fast lane counts colons, and an escape hides one."""
    body = f'[{{"sender": "{name}", {members}}}]'
    report = SENDERS_CODEC.validate(body, fmt=3)
    assert report == SLOW.validate(body, fmt=3)
    assert [finding.code for finding in report.findings] == ["duplicate-key"] * (members.count("id") - 1)


@pytest.mark.parametrize(
    ("fmt", "body"),
    [
        (Format.TEXT, "name = A, mts_int = 1, new = 2, mega_step = 3, id = 5"),
        (Format.TEXT, f"name = {'x' * 9000}, mts_int = 1, new = 2, mega_step = 3, id = 5"),
        (Format.XML, '<s>\n<sender mts_int="1" new="2" mega_step="3" id="5">A</sender>\n</s>'),
        (Format.JSON, '[{"sender": "A", "mts_int": "1", "new": "2", "mega_step": "3", "id": "5"}]'),
    ],
)
def test_both_lanes_put_operators_into_order(fmt: Format, body: str) -> None:
    codec: Codec[Any] = Codec(SENDERS)
    for each in (SLOW, codec, codec):
        reply = each.decode(body, fmt=fmt)
        assert isinstance(reply, SenderList) and list(reply.senders[0].operators) == ["mega_step", "mts_int", "new"]
        again = each.validate(body, fmt=fmt).reply  # with a finding, so that the fast lane has no answer
        assert isinstance(again, SenderList) and list(again.senders[0].operators) == ["mega_step", "mts_int", "new"]


@pytest.mark.parametrize("fmt", [Format.CSV, Format.XML, Format.JSON])
def test_a_code_and_a_name_at_one_operator(fmt: Format) -> None:
    """Text can write both; the others have one value for a key, and no lane may drop the other."""
    of: Any = FrozenMapping.of
    frozen = Sender("A", 1, None, of({"mts": OperatorStatus(1)}), of({"mts": "INFO"}))
    plain = Sender("A", 1, None, {"mts": OperatorStatus(1)}, {"mts": "INFO"})
    other = Sender("A", 1, None, MappingProxyType({"mts": OperatorStatus(1)}), MappingProxyType({"mts": "INFO"}))
    for given in (frozen, plain, other):
        with pytest.raises(EncodeError, match=r"^senders\[0\]\.replacements\.mts: this format has one value for a key"):
            encode(SenderList((given,)), fmt=fmt)


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_so_many_shapes_are_compiled(fmt: Format) -> None:
    """Each costs a millisecond and some kilobytes, and hostile bodies can invent them without end."""
    made = 0
    get = Shapes.get

    def counted(shapes: Any, keys: Any, make: Any) -> Any:
        def counted_make() -> Any:
            nonlocal made
            made += 1
            return make()

        return get(shapes, keys, counted_make)

    codec: Codec[Any] = Codec(SENDERS)
    with patch.object(Shapes, "get", counted):
        for start in (0, 50, 100):
            reply = SenderList(tuple(with_codes(number, f"k{number}") for number in range(start, start + 50)))
            assert codec.decode(encode(reply, fmt=fmt), fmt=fmt) == reply
        assert 0 < made <= 3 * shape_budget(50)
        made = 0
        for _ in range(2):
            reply = SenderList(tuple(with_codes(number, f"k{number % 12}") for number in range(50)))
            assert codec.decode(encode(reply, fmt=fmt), fmt=fmt) == reply
    assert made <= 12


def test_orders_of_keys_are_shapes() -> None:
    members = ['"sender": "A"', '"status": 1', '"id": 5', '"mts_step": "2"']
    body = "[{\n" + "},\n{\n".join(",\n".join(order) for order in permutations(members)) + "}]"
    codec: Codec[Any] = Codec(SENDERS)
    for _ in range(2):
        reply = codec.decode(body, fmt=3)
        assert reply == SLOW.decode(body, fmt=3) == SenderList(reply.senders[:1] * 24)  # type: ignore[union-attr]


def with_codes(number: int, *keys: str) -> Sender:
    codes = {key: OperatorStatus((number + place) % 100) for place, key in enumerate(keys)}
    return with_mappings(Sender(f"N{number}", number), codes, {})


def with_names(number: int) -> Sender:
    return with_mappings(Sender(f"N{number}", number), {"mts": OperatorStatus(1)}, {"tele2": f"REPLACED{number}"})


NORMAL: dict[str, Callable[[int], Sender]] = {
    "a name": lambda n: Sender(f"N{n}"),
    "a name and an id": lambda n: Sender(f"N{n}", 10**9 + n),
    "a status": lambda n: Sender(f"N{n}", n, SenderStatus(n % 3)),
    "a status that is not documented": lambda n: Sender(f"N{n}", n, SenderStatus(n % 100)),
    "a status of three digits": lambda n: Sender(f"N{n}", n, SenderStatus(100 + n)),
    "a status without an id": lambda n: Sender(f"N{n}", None, SenderStatus(n % 3)),
    "operators": lambda n: with_codes(n, *TEXT_ORDER),
    "one operator": lambda n: with_codes(n, "mts"),
    "operators that are not documented": lambda n: with_codes(n, "new_step", "mts", "new"),
    "a replacement": with_names,
    "letters of another alphabet": lambda n: Sender(f"Имя{n}", n),
    "many letters of another alphabet": lambda n: Sender(f"{n}{'Имя' * 50}", n),
    "marks": lambda n: Sender(f"a:b-0<{n}>&'\"\\]]>", n),
    "every sign": lambda n: Sender("".join(map(chr, range(33, 127))).replace(",", str(n)), n),
    "a space": lambda n: Sender(f"a {n}", n),
    "digits": lambda n: Sender(f"{n}", n),
    "the largest id": lambda n: Sender(f"N{n}", 10**18 - 1),
}


# A line of fmt=1 has an id, and no operators.
IN_FORMATS = [
    (name, fmt)
    for name, make in NORMAL.items()
    for fmt in Format
    if fmt is not Format.CSV or (make(1).id is not None and not make(1).operators)
]


@pytest.mark.parametrize("root", ["senders", "result", "x"])
@pytest.mark.parametrize("body", ["<sender>5</sender>", "<sender>5</sender><sender>A</sender>", "<sender>A</sender>"])
def test_an_element_without_attributes_is_a_name_or_an_id(root: str, body: str) -> None:
    """In the root of other replies it is an id if it is a number."""
    for given in (f"<{root}>{body}</{root}>", body):
        for expect in (None, SenderList, SenderCreated, Success):
            for codec in (SENDERS_CODEC, Codec(SENDERS)):
                assert codec.validate(given, fmt=2, expect=expect) == SLOW.validate(given, fmt=2, expect=expect)


@pytest.mark.parametrize(("name", "fmt"), IN_FORMATS)
def test_normal_replies_take_few_steps_a_name(name: str, fmt: Format) -> None:
    """They are left to the fast lanes; the careful ones take 100 to 1,400 steps."""
    reply = SenderList(tuple(NORMAL[name](number) for number in range(200)))
    body = encode(reply, fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    assert SLOW.decode(body, fmt=fmt) == codec.decode(body, fmt=fmt) == codec.decode(body, fmt=fmt) == reply
    assert steps(partial(codec.decode, body, fmt=fmt)) < 200 * 45
    writer: Codec[Any] = Codec(SENDERS)
    assert writer.encode(reply, fmt=fmt) == body
    assert steps(partial(writer.encode, reply, fmt=fmt)) < 200 * 45
    if not codec.validate(body, fmt=fmt).findings:
        assert steps(partial(codec.validate, body, fmt=fmt)) < 200 * 45


# An operator that is in no documented list, and a bracket in the first name.
WITH_DICTIONARIES = {"one operator", "operators that are not documented", "a replacement", "every sign"}


@pytest.mark.parametrize("name", sorted(NORMAL.keys() - WITH_DICTIONARIES))
@pytest.mark.parametrize("between", ["", "\n", " "])
def test_objects_with_documented_keys_need_no_dictionaries(name: str, between: str) -> None:
    reply = SenderList(tuple(NORMAL[name](number) for number in range(200)))
    body = encode(reply, fmt=3).replace(b",\n", b"," + between.encode())
    with patch.object(JsonFormat, "_by_keys", side_effect=AssertionError):
        assert decode(body, fmt=3) == reply


def test_where_one_object_has_a_code_another_can_have_a_name() -> None:
    body = (
        b'[{"sender": "A", "mega_step": "7", "mts_step": "1"}, {"sender": "B", "mega_step": "NAME", "mts_step": "10"}]'
    )
    with patch.object(JsonFormat, "_by_keys", side_effect=AssertionError):
        for _ in range(2):
            last = SENDERS_CODEC.decode(body, fmt=3, expect=SenderList)
            assert last == SLOW.decode(body, fmt=3)


@pytest.mark.parametrize(
    "body",
    [
        '[{"sender": "A"}, {"sender": "B", "id": 2}]',
        '[{"sender": "A", "new": "1"}]',
        '[{"sender": "A", "id": 1}, {"sender": "B", "id": "2"}]',
    ],
    ids=["other keys", "a key that nobody has documented", "another type"],
)
def test_other_objects_are_read_as_dictionaries(body: str) -> None:
    with patch.object(JsonFormat, "_by_keys", autospec=True, side_effect=JsonFormat._by_keys) as read:
        assert Codec(SENDERS).decode(body, fmt=3) == SLOW.decode(body, fmt=3)
    assert read.called


def test_a_bracket_in_the_first_name() -> None:
    """What precedes it is not an object."""
    body = '[{"sender": "A}", "id": 1}, {"sender": "B", "id": 2}]'
    codec: Codec[Any] = Codec(SENDERS)
    with patch.object(JsonFormat, "read", side_effect=AssertionError):
        assert codec.decode(body, fmt=3) == SenderList((Sender("A}", 1), Sender("B", 2)))
    assert SLOW.decode(body, fmt=3) == codec.decode(body, fmt=3)


ALONE = [
    "OK",
    "ID = 5",
    "ERROR = 3 (no)",
    "name = A",
    "name = A, id = 5",
    "name = A, status = 1, id = 5",
    "name = A, mts = 1, tele2 = 2, id = 5",
]


@pytest.mark.parametrize("line", ALONE)
def test_a_line_takes_few_steps(line: str) -> None:
    codec: Codec[Any] = Codec(SENDERS)
    body = line.encode()
    assert SLOW.decode(body, fmt=0) == codec.decode(body, fmt=0) == codec.decode(body, fmt=0)
    assert steps(partial(codec.decode, body, fmt=0)) < 60
