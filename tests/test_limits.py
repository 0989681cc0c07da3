"""Each limit passes just below and trips just above; hostile bodies are refused in every format."""

from __future__ import annotations

import gc
import linecache
import tracemalloc
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    FrozenMapping,
    LimitError,
    Limits,
    MessageSent,
    OperatorStatus,
    OptionError,
    Reply,
    Sender,
    SenderCreated,
    SenderList,
    SenderStatus,
    Success,
    decode,
    encode,
    validate,
)
from smsc_codec._rows.source import fall_back
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.formats.shapes import MOST_SHAPES, Shapes, ShapesOfBody, shape_budget
from smsc_codec.limits import DEFAULT_LIMITS

from .test_work import steps


def names(count: int) -> SenderList:
    return SenderList(tuple(Sender(f"N{number}", number) for number in range(count)))


def wide(fmt: Format, count: int) -> bytes:
    operators = {f"k{number}": 1 for number in range(count)}
    return encode(SenderList((Sender("A", operators=operators),)), fmt=fmt)  # type: ignore[arg-type]


WITH_OPERATORS = [Format.TEXT, Format.XML, Format.JSON]


@pytest.mark.parametrize("fmt", Format)
def test_names(fmt: Format) -> None:
    limits = Limits(items=10)
    assert decode(encode(names(10), fmt=fmt), fmt=fmt, limits=limits) == names(10)
    with pytest.raises(LimitError, match="expected at most 10 records"):
        decode(encode(names(11), fmt=fmt), fmt=fmt, limits=limits)


@pytest.mark.parametrize("fmt", Format)
def test_more_names_than_fields(fmt: Format) -> None:
    """By the careful way too, which a mark leads to."""
    limits = Limits(items=20, fields=5)
    body = b"\xef\xbb\xbf" + encode(names(20), fmt=fmt)
    assert decode(body, fmt=fmt, limits=replace(limits, body=len(body))) == names(20)
    with pytest.raises(LimitError, match="expected at most 19 records"):
        decode(body, fmt=fmt, limits=replace(limits, items=19))


def test_the_defaults() -> None:
    assert Limits() == Limits(body=2**25, items=250_000, depth=32, fields=256, text=2**16, digits=18)
    with pytest.raises(TypeError):
        Limits(5)  # type: ignore[call-arg]


@pytest.mark.parametrize("fmt", Format)
def test_no_names_at_all(fmt: Format) -> None:
    with pytest.raises(LimitError, match="expected at most 0 records"):
        decode(encode(names(1), fmt=fmt), fmt=fmt, limits=Limits(items=0))


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("convert", [bytes, bytes.decode])
def test_body(fmt: Format, convert: Callable[[bytes], bytes | str]) -> None:
    body = encode(names(3), fmt=fmt)
    assert decode(convert(body), fmt=fmt, limits=Limits(body=len(body))) == names(3)
    with pytest.raises(
        LimitError, match=f"expected at most {len(body) - 1} (bytes|characters), found {len(body)}"
    ) as caught:
        decode(convert(body), fmt=fmt, limits=Limits(body=len(body) - 1))
    assert caught.value.code == "limit"


@pytest.mark.parametrize("fmt", Format)
def test_text(fmt: Format) -> None:
    limits = Limits(text=20)
    exact, longer = (SenderList((Sender("A" * size, 5),)) for size in (20, 21))
    assert decode(encode(exact, fmt=fmt), fmt=fmt, limits=limits) == exact
    with pytest.raises(LimitError, match=r"senders\[0\].name: expected at most 20 characters, found 21"):
        decode(encode(longer, fmt=fmt), fmt=fmt, limits=limits)


@pytest.mark.parametrize(
    "reply", [names(3), SenderCreated(123), ErrorReply(123), SenderList((Sender("A", 123, SenderStatus(1)),))]
)
@pytest.mark.parametrize("fmt", Format)
def test_digits(fmt: Format, reply: Reply) -> None:
    longest = 1 if reply == names(3) else 3
    body = encode(reply, fmt=fmt)
    for _ in range(2):
        within = Limits(digits=longest)
        assert decode(body, fmt=fmt, limits=within) == reply and encode(reply, fmt=fmt, limits=within) == body
        beyond = Limits(digits=longest - 1)
        expected = f"expected at most {longest - 1} digits, found {longest}"
        with pytest.raises(LimitError, match=expected):
            decode(body, fmt=fmt, limits=beyond)
        with pytest.raises(EncodeError, match=expected):
            encode(reply, fmt=fmt, limits=beyond)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_digits_of_codes(fmt: Format) -> None:
    body = encode(SenderList((Sender("A", operators={"mts": OperatorStatus(10)}),)), fmt=fmt)
    assert decode(body, fmt=fmt, limits=Limits(digits=2)) == decode(body, fmt=fmt)
    with pytest.raises(LimitError, match=r"senders\[0\].operators.mts: expected at most 1 digits, found 2"):
        decode(body, fmt=fmt, limits=Limits(digits=1))


def test_more_digits_than_numbers_have() -> None:
    with pytest.raises(OptionError, match="the limit digits can be at most 18, as no number has more digits"):
        Limits(digits=19)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_attributes(fmt: Format) -> None:
    # The name counts too.
    assert isinstance(decode(wide(fmt, 9), fmt=fmt, limits=Limits(fields=10)), SenderList)
    with pytest.raises(LimitError, match=r"senders\[0\]: expected at most 10 fields"):
        decode(wide(fmt, 10), fmt=fmt, limits=Limits(fields=10))


@pytest.mark.parametrize("fmt", Format)
def test_what_is_written_stays_within_the_limits(fmt: Format) -> None:
    """What `decode` would refuse `encode` refuses too, in both of its lanes."""
    long = SenderList((Sender("A" * 21, 5),))
    # A mapping of another class keeps the fast lane away.
    slow = SenderList((Sender("A" * 21, 5, None, MappingProxyType({})),))
    for reply in (long, slow):
        assert encode(reply, fmt=fmt, limits=Limits(text=21))
        with pytest.raises(EncodeError, match=r"senders\[0\].name: expected at most 20 characters, found 21"):
            encode(reply, fmt=fmt, limits=Limits(text=20))
    assert encode(names(3), fmt=fmt, limits=Limits(items=3)) == encode(names(3), fmt=fmt)
    with pytest.raises(EncodeError, match="expected at most 2 records, found 3"):
        encode(names(3), fmt=fmt, limits=Limits(items=2))
    size = len(encode(names(3), fmt=fmt))
    assert encode(names(3), fmt=fmt, limits=Limits(body=size))
    with pytest.raises(EncodeError, match=f"expected at most {size - 1} bytes, found {size}"):
        encode(names(3), fmt=fmt, limits=Limits(body=size - 1))


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("mapping", [dict, FrozenMapping.of])
def test_fields_that_are_written(fmt: Format, mapping: Callable[[Any], Any]) -> None:
    codes = {f"k{number}": OperatorStatus(1) for number in range(9)}
    texts = {f"k{number}": "x" for number in range(9)}
    for open_keys in ({"operators": mapping(codes)}, {"replacements": mapping(texts)}):
        reply = SenderList((Sender("A", **open_keys),))
        assert encode(reply, fmt=fmt, limits=Limits(fields=10))
        with pytest.raises(EncodeError, match=r"senders\[0\]: expected at most 9 fields, found 10"):
            encode(reply, fmt=fmt, limits=Limits(fields=9))


@pytest.mark.parametrize("fmt", [Format.XML, Format.JSON])
@pytest.mark.parametrize("limits", [Limits(depth=0), Limits(fields=0)])
def test_what_the_encoder_does_not_bound(fmt: Format, limits: Limits) -> None:
    created = SenderCreated(5)
    body = encode(created, fmt=fmt, limits=limits)
    assert decode(body, fmt=fmt) == created
    with pytest.raises(LimitError, match=r"expected (values|elements|at most)"):
        decode(body, fmt=fmt, limits=limits)


@pytest.mark.parametrize("fmt", Format)
def test_what_the_encoder_bounds_can_be_read(fmt: Format) -> None:
    replies: list[Reply] = [names(2), SenderList(), SenderCreated(55), ErrorReply(30, "xx"), Success()]
    if fmt in WITH_OPERATORS:
        replies.append(SenderList((Sender("A", operators={"mts": OperatorStatus(1)}),)))
    bounds = [Limits(**{name: most}) for name in ("body", "items", "text", "digits") for most in (0, 1, 2, 10)]
    for reply in replies:
        expected = decode(encode(reply, fmt=fmt, drop=["description"]), fmt=fmt)
        for limits in bounds:
            try:
                body = encode(reply, fmt=fmt, limits=limits, drop=["description"])
            except EncodeError:
                continue
            assert decode(body, fmt=fmt, limits=limits) == expected


def test_the_limits_of_the_encoder_are_limits() -> None:
    with pytest.raises(OptionError, match="limits has to be a Limits, not int"):
        encode(names(1), fmt=0, limits=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("bound", [-1, 1.0, None, "5", True])
@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_bounds_are_whole_numbers(name: str, bound: Any) -> None:
    with pytest.raises(OptionError, match=f"^the limit {name} has to be a whole number from 0, not "):
        Limits(**{name: bound})


def test_members_of_an_error() -> None:
    body = b'{"error": "x", "error_code": 1, ' + b", ".join(b'"a%d": 1' % number for number in range(9)) + b"}"
    assert decode(body, fmt=3, limits=Limits(fields=11)) == decode(body, fmt=3)
    with pytest.raises(LimitError, match="expected at most 10 fields"):
        decode(body, fmt=3, limits=Limits(fields=10))


def test_depth() -> None:
    limits = Limits(depth=4)
    with pytest.raises(DecodeError, match="expected an object, found an array") as caught:
        decode("[" * 4 + "]" * 4, fmt=3, limits=limits)
    assert not isinstance(caught.value, LimitError)
    with pytest.raises(LimitError, match=r"\(offset 4\): expected values at most 4 deep"):
        decode("[" * 5 + "]" * 5, fmt=3, limits=limits)
    with pytest.raises(LimitError, match=r"\(offset 41\): expected values at most 4 deep"):
        decode('[{"sender": "A"},{"sender": "A"},{"x": [[[]]]}]', fmt=3, limits=limits)
    deep = '[{"sender": "A", "x": ' + '{"a": ' * 900 + "1" + "}" * 901 + "]"
    with pytest.raises(DecodeError, match="expected a code or a name, found an object"):
        decode(deep, fmt=3, limits=Limits(depth=1000))
    with pytest.raises(DecodeError, match="found <a> with <a> in it") as caught:
        decode("<a>" * 4 + "</a>" * 4, fmt=2, limits=limits)
    for depth, most in ((4, 4), (5000, 1024)):  # more than orjson reads
        for begin, end in (("[", "]"), ('{"a":', "}"), ('[ 1,\n"]}",', "]")):
            deep = begin * 1025 + "0" + end * 1025
            with pytest.raises(
                LimitError, match=rf"\(offset {most * len(begin)}\): expected values at most {most} deep"
            ):
                decode(deep, fmt=3, limits=Limits(depth=depth))
    with pytest.raises(LimitError, match=r"\(offset 12\): expected elements at most 4 deep"):
        decode("<a>" * 5 + "</a>" * 5, fmt=2, limits=limits)
    with pytest.raises(LimitError, match=r"\(offset 16\): expected elements at most 4 deep"):
        decode("<a><a><b/>" + "<a>" * 3 + "</a>" * 5, fmt=2, limits=limits)


BOMB = (
    "<!DOCTYPE l ["
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]><sender>&l9;</sender>"
)
HOSTILE = {
    "an entity bomb": BOMB.encode(),
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><sender>&x;</sender>',
    "an external DTD": b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><sender>A</sender>',
    "a parameter entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;]><sender>A</sender>',
    "an entity behind a mark": b"\xef\xbb\xbf" + BOMB.encode(),
    "UTF-16": BOMB.encode("utf-16"),
    "deep XML": b"<a>" * 100_000,
    "deep closed XML": b"<a>" * 50_000 + b"</a>" * 50_000,
    "deep JSON": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a closed run": b"<sender>A</sender></run><run>",
    "an unclosed comment": b"<sender>A</sender><!--",
    "many attributes": b"<sender " + b" ".join(b'a%d="1"' % n for n in range(2000)) + b">A</sender>",
    "many members": b'[{"sender":"A",' + b",".join(b'"a%d":1' % n for n in range(2000)) + b"}]",
    "many fields": b"name = A" + b", a = 1" * 2000,
    "NUL bytes": b"\x00" * 1000,
    "a NUL in XML": b"<sender>\x00</sender>",
    "separators": b", " * 20_000,
    "equals signs": b" = " * 20_000,
    "commas": b"," * 20_000,
    "line ends": b"x\n" + b"\n" * 20_000 + b"x",
    "quotes": b'"' * 20_000,
    "backslashes": b'"' + b"\\" * 20_001,
    "brackets": b"ERROR = 3 (" + b")" * 20_000 + b"x",
    "spaces in a name": b"name = " + b" " * 20_000 + b"= ",
    "a half line": b"name = A, id = 5\n" * 1000 + b"name = A, id",
    "digits": b"9" * 20_000,
    "a digit too much": b"name = A, id = " + b"9" * 20_000,
    "UTF-7": b"+ADw-html+AD4-",
}


@pytest.mark.parametrize("fmt", [None, *Format])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies(name: str, fmt: Format | None) -> None:
    with pytest.raises(DecodeError):
        decode(HOSTILE[name], fmt=fmt)


@pytest.mark.parametrize("fmt", Format)
def test_what_is_read_does_not_depend_on_what_was_read_before(fmt: Format) -> None:
    plain = encode(names(2), fmt=fmt)
    for _ in range(3):
        assert decode(b"\xef\xbb\xbf" + plain, fmt=fmt) == names(2)
        assert [finding.code for finding in validate(b"\xef\xbb\xbf" + plain, fmt=fmt).findings] == ["bom"]
        for start in ("", "<!DOCTYPE a>", '<?xml version="1.0" encoding="foo"?>'):
            with pytest.raises(DecodeError):
                decode((start + plain.decode()).encode("utf-16-le"), fmt=2)


def test_xml_has_names_of_its_own() -> None:
    for operators in ({"xmlns": 1}, FrozenMapping.of({"xmlns": 1})):
        with pytest.raises(EncodeError, match="'xmlns' cannot be the name of an XML attribute"):
            encode(SenderList((Sender("A", operators=operators),)), fmt=2)  # type: ignore[arg-type]


def test_an_error_is_an_error_whatever_was_expected() -> None:
    body = b'{"error":"x","error_code":5,"sender":"A"}'
    assert decode(body, fmt=3, expect=SenderList) == decode(body, fmt=3)


def test_shapes_without_end() -> None:
    lines = [f"name = A, k{number} = 1, id = {number}" for number in range(300)]
    for _ in range(2):
        reply = decode("\n".join(lines), fmt=0)
        assert isinstance(reply, SenderList)
        assert [sender.id for sender in reply.senders] == list(range(300))


def test_there_is_room_for_so_many_shapes() -> None:
    """A hostile body, or a thousand of them, cannot fill the memory: the oldest ones make room for the others."""
    shapes: Shapes[str] = Shapes()
    made: list[int] = []

    def make(number: int) -> str:
        made.append(number)
        return str(number)

    for number in range(1000):
        for _ in range(2):
            assert shapes.get(number, partial(make, number)) == str(number)
        assert len(shapes) <= MOST_SHAPES
    assert made == list(range(1000))
    assert [number for number in made if shapes.find(number)] == made[-MOST_SHAPES:]


@pytest.mark.parametrize("records", [0, 1, 16, 1000, 10**6])
def test_a_body_has_so_many_shapes_compiled(records: int) -> None:
    most = shape_budget(records)
    assert most <= MOST_SHAPES and most <= 16 + records / 16
    few: ShapesOfBody[str] = ShapesOfBody(Shapes(), records)
    assert [few.get(key, str) for key in range(100)] == [""] * most + [None] * (100 - most)
    # What is compiled is found again; what is not is not tried again.
    assert [few.get(key, str) for key in range(100)] == [""] * most + [None] * (100 - most)
    refused = ShapesOfBody(Shapes[str](), records)
    assert [refused.get("a", fall_back) for _ in range(2)] == [None, None]


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_what_is_forgotten_leaves_nothing(fmt: Format) -> None:
    """Neither the lines that a traceback shows of a function, nor the class of a row."""
    codec: Codec[Any] = Codec(SENDERS)
    left = []
    for start in range(3):
        for number in range(MOST_SHAPES + 4):
            codes: Any = FrozenMapping.of({f"k{start}_{number}": OperatorStatus.SENT})
            given = SenderList((Sender("A", operators=codes),))
            assert codec.decode(codec.encode(given, fmt=fmt), fmt=fmt) == given
        gc.collect()
        rows = sum(each.__name__ == "Row" for each in msgspec.Struct.__subclasses__())
        lines = sum(name.startswith("<smsc_codec ") for name in linecache.cache)
        left.append((rows, lines))
    assert left[0] == left[1] == left[2]


def test_findings_that_differ_only_in_the_record_are_one() -> None:
    lines = [f"name = N{number}, new_key = 1, id = {number}" for number in range(3000)]
    report = validate("\n".join(["name = A", *lines]), fmt=0)
    assert [(finding.line, finding.column, finding.count) for finding in report.findings] == [
        (2, len("name = N0, new_key = ") + 1, 3000)
    ]


def test_findings_of_shapes_without_end_have_their_own_places() -> None:
    lines = [f"name = N{number}, k{number} = 1" for number in range(30)]
    report = validate("\n".join(lines), fmt=0)
    assert [(finding.line, finding.column) for finding in report.findings] == [
        (number, line.index(" = 1") + 4) for number, line in enumerate(lines, 1)
    ]


@pytest.mark.parametrize("fmt", Format)
def test_long_lists(fmt: Format) -> None:
    """A record of another shape is found wherever it stands."""
    count = 40_000 if fmt is Format.CSV else 20_000
    reply = names(count)
    body = encode(reply, fmt=fmt)
    assert decode(body, fmt=fmt) == reply
    with pytest.raises(LimitError, match=f"expected at most {count - 1} records"):
        decode(body, fmt=fmt, limits=Limits(items=count - 1))
    for number in (0, 9_999, count - 1):
        senders = list(reply.senders)
        senders[number] = Sender("odd", number, SenderStatus.ALLOWED)
        odd = SenderList(tuple(senders))
        assert decode(encode(odd, fmt=fmt), fmt=fmt) == odd


def test_a_member_given_twice_in_a_long_list() -> None:
    body = encode(names(20_000), fmt=3).replace(b'"id": 19999', b'"id": 7,\n"id": 19999')
    report = validate(body, fmt=3)
    assert report.reply == names(20_000)
    assert [(finding.code, finding.path) for finding in report.findings] == [("duplicate-key", "senders[19999].id")]


def test_many_objects_inside_a_member() -> None:
    inside = b",\n".join([b'{\n"a": "' + b"x" * 1000 + b'"\n}'] * 300)
    with pytest.raises(DecodeError, match=r"senders\[0\].x: expected a code or a name, found an array"):
        decode(b'[{\n"sender": "A",\n"x": [' + inside + b"]\n}]", fmt=3)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_lists_that_invent_keys_are_written_and_read(fmt: Format) -> None:
    senders = tuple(
        Sender(f"N{number}", number, operators=FrozenMapping.of({f"k{number}": OperatorStatus(1)}))  # type: ignore[arg-type]
        for number in range(40)
    )
    for reply in (SenderList(senders), SenderList(senders[::-1])):
        assert decode(encode(reply, fmt=fmt), fmt=fmt) == reply


def test_a_line_that_would_be_two_among_invented_keys() -> None:
    senders = [
        Sender(f"N{number}", number, operators=FrozenMapping.of({f"z{number}": OperatorStatus(1)}))  # type: ignore[arg-type]
        for number in range(20)
    ]
    senders[15] = Sender("A, id = 5", 15, operators=FrozenMapping.of({"zz": OperatorStatus(1)}))  # type: ignore[arg-type]
    with pytest.raises(EncodeError, match=r"senders\[15\]: the text format cannot carry it"):
        encode(SenderList(tuple(senders)), fmt=0)


@pytest.mark.parametrize(
    ("fmt", "body"),
    [
        (0, "name = A, " + "k" * 70_000 + " = 1, id = 1"),
        (2, '<senders>\n<sender id="1" ' + "k" * 70_000 + '="1">A</sender>\n</senders>'),
        (3, '[{"sender": "A", "' + "k" * 70_000 + '": 1}]'),
        (3, "[" + '{"sender": "A", "id": 1}, ' * 3000 + '{"sender": "A", "' + "k" * 70_000 + '": 1}]'),
        (0, "name = " + ", " * 5 + "," * 70_000),
        (0, "name = A\n" * 300 + "name = " + "A" * 70_000),
    ],
)
def test_long_keys_and_lines(fmt: int, body: str) -> None:
    for given in (body, body.encode()):
        with pytest.raises(LimitError, match="at most 65536 characters"):
            decode(given, fmt=fmt)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_long_lines_within_the_limits(fmt: Format) -> None:
    """They are read and written by themselves, and no shape is kept of them."""
    key = "k" * 10_000
    plain = [Sender(f"N{number}", number) for number in range(100)]
    long = Sender("A" * 20_000, 7, operators=FrozenMapping.of({key: OperatorStatus(1)}))  # type: ignore[arg-type]
    reply = SenderList((*plain, long, Sender("," * 20_000, 8), *plain))
    body = encode(reply, fmt=fmt)
    for _ in range(2):
        assert decode(body, fmt=fmt) == reply
    with pytest.raises(EncodeError, match="expected a key of at most 9999 characters"):
        encode(SenderList((Sender("A", operators={key: OperatorStatus(1)}),)), fmt=fmt, limits=Limits(text=9_999))
    with pytest.raises(EncodeError, match="expected a key of at most 9999 characters"):
        encode(SenderList((replace(long, name="A"),)), fmt=fmt, limits=Limits(text=9_999))


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("place", [0, 1, 63, 64, 200, 299])
def test_one_long_name_among_many(fmt: Format, place: int) -> None:
    """Columns are looked at as one text, some values at a time; all may be as long as the limit."""
    senders = [Sender("A" * 100, number) for number in range(300)]
    reply, limits = SenderList(tuple(senders)), Limits(text=100)
    body = encode(reply, fmt=fmt, limits=limits)
    assert decode(body, fmt=fmt) == decode(body, fmt=fmt, limits=limits) == reply
    codec: Codec[Any] = Codec(SENDERS)
    assert codec.encode(reply, fmt=fmt) == codec.encode(reply, fmt=fmt, limits=limits) == body
    assert codec.decode(body, fmt=fmt) == reply
    assert steps(partial(codec.encode, reply, fmt=fmt, limits=limits)) < 300 * 40
    assert steps(partial(codec.decode, body, fmt=fmt, limits=limits)) < 300 * 40
    senders = [Sender("A", number) for number in range(300)]
    senders[place] = Sender("A" * 101, 1)
    reply = SenderList(tuple(senders))
    path = f"senders[{place}].name"
    with pytest.raises(EncodeError, match="expected at most 100 characters, found 101") as refused:
        encode(reply, fmt=fmt, limits=limits)
    with pytest.raises(LimitError, match="expected at most 100 characters, found 101") as caught:
        decode(encode(reply, fmt=fmt), fmt=fmt, limits=limits)
    assert (refused.value.path, caught.value.path) == (path, path)


def test_only_lists_have_names() -> None:
    for fmt in Format:
        body = encode(Success(), fmt=fmt, limits=Limits(items=0))
        assert decode(body, fmt=fmt, limits=Limits(items=0)) == Success()


def test_endless_commas_are_refused_before_they_are_split() -> None:
    """Each cell would take ten times its memory."""
    body = b"A,1\n" + b"," * 1_000_000
    tracemalloc.start()
    assert Codec(SENDERS)._quick(body, Format.CSV, (), False) == (None, None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(body)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_keys_that_are_written(fmt: Format) -> None:
    """By the careful way, which a mapping of another class leads to."""
    reply = SenderList((Sender("A", operators=MappingProxyType({"abcdef": OperatorStatus(1)})),))
    assert decode(encode(reply, fmt=fmt, limits=Limits(text=6)), fmt=fmt) == reply
    with pytest.raises(EncodeError) as caught:
        encode(reply, fmt=fmt, limits=Limits(text=5))
    path = "senders[0].operators['abcdef']"
    assert (caught.value.path, caught.value.reason) == (path, "expected a key of at most 5 characters")


def test_the_names_of_a_list_do_not_limit_others() -> None:
    error = b"<result>\n<error>x</error>\n<error_code>3</error_code>\n</result>"
    assert decode(error, fmt=2, limits=Limits(items=0)) == decode(error, fmt=2)
    assert decode(b"<result>OK</result>", fmt=2, limits=Limits(items=0)) == decode(b"OK", fmt=0)


def test_elements_of_an_error() -> None:
    body = "<result><error_code>1</error_code>" + "<x/>" * 9 + "</result>"
    assert decode(body, fmt=2, limits=Limits(items=2, fields=10)) == decode(body, fmt=2)
    for names_, words in (
        (9, r"\(offset 42\): expected at most 3 fields"),
        (2, r"\(offset 46\): expected at most 4 elements"),
    ):
        with pytest.raises(LimitError, match=words):
            decode(body, fmt=2, limits=Limits(items=names_, fields=3))


@pytest.mark.parametrize(
    "body",
    [
        "<result><error_code>1</error_code>" + "<x/>" * 300 + "</result>",
        "<senders " + " ".join(f'k{number}="1"' for number in range(300)) + "></senders>",
        "<result><error_code>1</error_code>" + "<x/>" * 300_000 + "</result>",
    ],
)
def test_what_is_not_known_has_limits_too(body: str) -> None:
    with pytest.raises(LimitError):
        decode(body, fmt=2)


def test_a_separator_in_a_long_name_costs_little() -> None:
    reply = SenderList(tuple(Sender(",;" * 500, number) for number in range(5)))
    assert decode(encode(reply, fmt=0), fmt=0) == reply
    with pytest.raises(EncodeError, match=r"senders\[1\]: the text format cannot carry it"):
        encode(SenderList((Sender("A" * 999, 1), Sender("A, " * 333, 2))), fmt=0)


def test_elements_among_the_numbers_of_a_reply() -> None:
    """They are kept beside it, and no more of them than a record may have fields."""
    strays = "".join(f"<k{number}>1</k{number}>" for number in range(4))
    body = f"<result><id>1</id><cnt>1</cnt><phones>{strays}</phones></result>"
    options: Any = {"fmt": 2, "expect": MessageSent}
    assert len(decode(body, **options).other) == 4
    with pytest.raises(LimitError, match="expected at most 3 fields"):
        decode(body, limits=Limits(fields=3), **options)


def test_a_body_beyond_the_default_limit() -> None:
    body = bytes(DEFAULT_LIMITS.body + 1)
    for fmt in Format:
        with pytest.raises(LimitError, match=f"expected at most {DEFAULT_LIMITS.body} bytes"):
            decode(body, fmt=fmt)
        assert [finding.code for finding in validate(body, fmt=fmt).findings] == ["limit"]
