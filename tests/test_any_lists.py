"""Any list of any endpoint means the same to the careful reader, and to a codec that has read others before."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec import Codec, Format
from smsc_codec.endpoints import get

from .anew import made_once
from .any_lists import Lists
from .declared import KNOWN, Known, expected_of
from .fuzz.targets import outcome
from .registered import share


def assert_alike(lived: Codec[Any], known: Known, body: bytes, **options: Any) -> None:
    """Assert that a codec reads and reports a body as the careful reader does, and again when it has learned it."""
    for read, slow in ((lived.validate, known.slow.validate), (lived.decode, known.slow.decode)):
        expected = outcome(slow, body, **options)
        assert [outcome(read, body, **options) for _ in range(2)] == [expected] * 2, body


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_lists_of_any_shape_are_read_and_reported_alike(known: Known) -> None:
    @share(200)
    @given(st.integers(0, 2**32))
    def law(seed: int) -> None:
        random = Random(seed)
        fmt = Format(seed % len(Format))
        lists = Lists(known.codec, fmt, random)
        shapes = lists.shapes()
        with made_once():
            lived: Codec[Any] = Codec(known.endpoint)
        usual = None if random.random() < 0.6 else random.choice(expected_of(known))
        for _ in range(4 if shapes else 0):
            body = lists.body(shapes)
            options: dict[str, Any] = {"fmt": fmt, "strict": random.random() < 0.1}
            options["expect"] = shapes[0].reply.cls if random.random() < 0.3 else usual
            assert_alike(lived, known, body, **options)

    law()


@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize(
    ("fmt", "first", "line", "between", "frame"),
    [
        (Format.JSON, '{{\n"foo": "{}"\n}}', '{{\n"sender": "{}"\n}}', ",\n", "[{}]"),
        (Format.JSON, '{{\n"foo": "{}",\n"id": 1\n}}', '{{\n"zone": "{}",\n"id": 1\n}}', ",\n", "[{}]"),
        (Format.TEXT, "foo = {}, id = 1", "name = {}, id = 1", "\n", "{}"),
        (Format.TEXT, "foo = {}, x = 1", "zone = {}, x = 1", "\n", "{}"),
    ],
)
def test_a_list_of_two_shapes_does_not_change_what_the_next_list_is(
    again: int, fmt: Format, first: str, line: str, between: str, frame: str
) -> None:
    """The first record decides which list it is: after another one, lines can be records that no list begins with."""

    def listing(*lines: str) -> bytes:
        return frame.format(between.join(each.format("A") for each in lines)).encode()

    with made_once():
        lived: Codec[Any] = Codec(get.ENDPOINT)
        fresh: Codec[Any] = Codec(get.ENDPOINT)
    for _ in range(again):
        assert type(lived.decode(listing(first, line), fmt=fmt)) is get.MegaAccountList
        assert type(lived.validate(listing(first, line), fmt=fmt).reply) is get.MegaAccountList
    expected = fresh.validate(listing(line, line), fmt=fmt)
    assert type(expected.reply) in (get.SenderList, get.PriceList)
    assert lived.validate(listing(line, line), fmt=fmt) == expected
    assert lived.decode(listing(line, line), fmt=fmt) == expected.reply


@pytest.mark.parametrize(
    "known", [known for known in KNOWN if any(reply.object.is_generic for reply in known.endpoint.replies)], ids=str
)
@pytest.mark.parametrize(
    ("first", "then"),
    [("name = a, b", "name = 5"), ("ID = a, b\nID = c", "ID = 57\nID = 5a7"), ("ID = a, b", "ID = 57")],
)
def test_a_comma_in_a_value_does_not_change_what_a_number_alone_is(known: Known, first: str, then: str) -> None:
    with made_once():
        lived: Codec[Any] = Codec(known.endpoint)
    for expect in expected_of(known):
        for body in (first, then):
            assert_alike(lived, known, body.encode(), fmt=Format.TEXT, expect=expect)


@pytest.mark.parametrize("known", [known for known in KNOWN if known.codec._format(Format.XML).lists], ids=str)
def test_a_list_in_a_root_with_any_name(known: Known) -> None:
    """Some roots say that a document is not a list: fields of an error, and records of lists."""
    replies = known.endpoint.replies
    names = {key for reply in replies for key in reply.object.names("xml") if key[:1] not in ("@", ".")}
    names |= {reply.item for reply in replies if reply.item} | {"x", "result"}
    with made_once():
        lived: Codec[Any] = Codec(known.endpoint)
    for reply in replies:
        inner = "".join(f"<{key}>1</{key}>" for key in reply.object.names("xml") if key[:1] not in ("@", "."))
        for root in sorted(names) if reply.many else ():
            for record in (inner, "1", "<any>1</any>"):
                body = f"<{root}>\n<{reply.item}>{record}</{reply.item}>\n</{root}>".encode()
                for expect in (None, reply.cls):
                    assert_alike(lived, known, body, fmt=Format.XML, expect=expect)
