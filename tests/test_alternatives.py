"""Check grammars that allow several kinds of values behind a key: the kind that is read first makes no difference."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smsc_codec import Codec, EncodeError, OperatorStatus, SenderError
from smsc_codec.declare import NAME, Endpoint, Field, Object, OpenMap, Reply, Type, code
from smsc_codec.formats.grammar import Grammar
from smsc_codec.mapping import EMPTY

from .regex_growth import complaint
from .test_work import steps

GRAMMAR = str(Path(__file__).parent / "grammars" / "alternatives.lark")


class Item(msgspec.Struct, frozen=True):
    name: str
    price: str | None = None
    weight: str | None = None
    codes: Mapping[str, Any] = EMPTY
    names: Mapping[str, Any] = EMPTY


class Items(msgspec.Struct, frozen=True):
    items: tuple[Item, ...] = ()


ITEM = Object(
    Item,
    (
        Field("name", NAME, xml="."),
        Field("price", Type("text", "a price", r"[0-9]+\.[0-9]+"), xml="@price", optional=True),
        Field("weight", NAME, xml="@weight", optional=True),
        OpenMap("codes", code(OperatorStatus, "a code", "[0-9]"), "names", NAME, frozenset(), {}),
    ),
)
ITEMS: Endpoint[Items] = Endpoint(
    "items.php",
    GRAMMAR,
    (Reply("items", "a list of items", ITEM, many=Items, rule="item", xml=("items",), item="item"),),
    errors=SenderError,
)
LINES = (
    "name = one, price = 1.50",
    "name = two, price = abc",  # which the grammar allows, and the field does not
    "name = one, weight = 5 g",
    "name = two, weight = heavy",
    "name = one, a = 1, b = x",
    "name = two, a = x, b = 1",
    "name = one, a = x1, b = 1x",
    "name = two, a = 12, b = 7",
    "name = one, a = x!, b = 1",
    "name = one, a = x, b = 1!",
)


def reports(codec: Codec[Any], lines: tuple[str, ...]) -> list[Any]:
    return [codec.validate(line, fmt=0) for line in (*lines, *("\n".join([line] * 2) for line in lines))]


def test_what_was_read_first_makes_no_difference() -> None:
    expected = dict(zip(LINES, (reports(Codec(ITEMS), (line,)) for line in LINES)))
    assert sum(report.reply is not None for found in expected.values() for report in found) == 14
    for first, second in permutations(LINES, 2):
        codec = Codec(ITEMS)
        for line in (first, second, first):
            assert reports(codec, (line,)) == expected[line], (first, second)


def test_a_shape_allows_all_that_the_grammar_allows_behind_a_key() -> None:
    grammar = Grammar(GRAMMAR, ("reply", "item"))
    keys = ["name", "price", "weight", "k"]
    values = grammar.values("item", keys)
    assert values is not None
    assert [sorted(each) for each in values] == [
        ["NAME"],
        ["PRICE", "WORD"],
        ["GRAMS", "WORD"],
        ["DIGIT", "LONG", "SHORT"],
    ]
    assert grammar.values("item", keys[1:]) is None


@pytest.mark.parametrize("keys", [4, 13])
@pytest.mark.parametrize("value", ["1", "x", "x1"])
def test_alternatives_that_match_the_same_take_no_more_steps_than_others(keys: int, value: str) -> None:
    line = ", ".join(["name = one", *(f"k{key} = {value}" for key in range(keys))])
    codec = Codec(ITEMS)
    for _ in range(2):
        codec.decode(line, fmt=0)
    codec.validate(f"{line}!", fmt=0)
    reader: Any = codec._formats[0]
    (shape,) = reader._shapes._known.values()
    assert complaint(shape.find.__self__, {"findall"}) is None


def test_a_known_shape_is_not_learned_again() -> None:
    """If Lark accepts a line that the shape of its keys does not match, Lark reads every such line."""
    codec = Codec(ITEMS)
    line = "name = one, a = x1, b = 1x"
    reply = codec.decode(line, fmt=0, expect=Items)
    assert isinstance(reply, Items)
    reader: Any = codec._formats[0]
    shapes = dict(reader._shapes._known)
    counts = []
    for times in (10, 20):
        assert codec.decode("\n".join([line] * times), fmt=0) == Items(reply.items * times)
        counts.append(steps(partial(codec.decode, "\n".join([line] * times), fmt=0)))
    assert counts[1] < 2.2 * counts[0]
    assert codec.encode(reply, fmt=0) == line.encode()
    assert reader._shapes._known == shapes


def test_a_value_that_is_joined_from_alternatives_is_refused() -> None:
    codec = Codec(ITEMS)
    assert codec.encode(Items((Item("two"), Item("one"))), fmt=0) == b"name = two\nname = one"
    for name in ("oneonetwo", "twoone", "onetwo"):
        with pytest.raises(EncodeError, match="cannot be read back"):
            codec.encode(Items((Item("two"), Item(name))), fmt=0)
