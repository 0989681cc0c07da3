"""Lists whose names differ in their fields, as where some have replacements: the fast lanes take a kind at a time."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterable, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, cast
from unittest.mock import ANY, patch

import pytest
from msgspec.structs import replace

from smsc_codec import (
    Codec,
    EncodeError,
    Format,
    FrozenMapping,
    Limits,
    OperatorStatus,
    Sender,
    SenderList,
    SenderStatus,
    Success,
    decode,
    encode,
)
from smsc_codec._careful import Place
from smsc_codec._rows.write import Spellings
from smsc_codec._source import Source
from smsc_codec.endpoints.senders import SENDERS, TEXT_ORDER
from smsc_codec.formats.json import JsonFormat
from smsc_codec.formats.shapes import shape_budget
from smsc_codec.formats.text import TextFormat
from smsc_codec.formats.xml import XmlFormat

from .lanes import SLOW
from .test_work import steps

WITH_OPERATORS = [Format.TEXT, Format.XML, Format.JSON]


def sender(number: int, replaced: Iterable[str] = (), more: Iterable[str] = ()) -> Sender:
    """Return a name with all operators, except those that replace it; *more* replacements have codes too."""
    codes = {key: OperatorStatus(place % 4) for place, key in enumerate(TEXT_ORDER) if key not in replaced}
    names = dict.fromkeys((*replaced, *more), f"NAME{number % 3}")
    return with_mappings(Sender(f"N{number}", number), codes, names)


def with_mappings(given: Sender, codes: dict[str, OperatorStatus], names: dict[str, str]) -> Sender:
    return replace(given, operators=FrozenMapping.of(codes), replacements=FrozenMapping.of(names))


LISTS = {
    "a code here, a name there": [sender(n, ["mts_step"] if n % 3 else []) for n in range(60)],
    "names at several operators": [sender(n, ["mts_step", "bee_step"][: n % 3]) for n in range(60)],
    "replacements beside the codes": [sender(n, [], ["mts", "mega"][: n % 3]) for n in range(60)],
    "one in many": [sender(n, ["mts_step"] if n == 41 else []) for n in range(60)],
    "one key for another": [
        with_mappings(Sender("A", n), {"mega" if n % 2 else "mts": OperatorStatus.SENT}, {}) for n in range(9)
    ],
    "with and without": [sender(n) if n % 5 else Sender(f"N{n}", n) for n in range(60)],
    "a status, an id, neither": [Sender("A", n % 2 or None, SenderStatus(1) if n % 3 else None) for n in range(60)],
    "more kinds than are learned": [sender(n, TEXT_ORDER[n % 12 : n % 12 + 2]) for n in range(60)],
}


def one_by_one(reply: SenderList) -> SenderList:
    """Return the same list; mappings of another class keep the fast lanes from writing it."""
    proxy: Any = MappingProxyType
    return SenderList(
        tuple(
            replace(s, operators=proxy({**s.operators}), replacements=proxy({**s.replacements})) for s in reply.senders
        )
    )


def with_dictionaries(reply: SenderList) -> SenderList:
    """Return the same list with the mappings that people write down."""
    return SenderList(
        tuple(
            replace(s, operators={**s.operators}, replacements={**s.replacements} or s.replacements)
            for s in reply.senders
        )
    )


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("name", LISTS)
def test_kinds_are_read_and_written_as_one_by_one(fmt: Format, name: str) -> None:
    reply = SenderList(tuple(LISTS[name]))
    body = encode(reply, fmt=fmt)
    assert body == encode(one_by_one(reply), fmt=fmt) == encode(with_dictionaries(reply), fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    for _ in range(3):  # by Lark, then by the shapes that it has taught
        assert codec.decode(body, fmt=fmt) == SLOW.decode(body, fmt=fmt)
        assert codec.validate(body, fmt=fmt) == SLOW.validate(body, fmt=fmt)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_replacements_take_few_steps_a_name(fmt: Format) -> None:
    """They are a part of normal replies [doc], and may not cost what hostile ones do."""
    senders = (sender(n, ["mts_step"] if n % 3 else [], ["mega"] if n % 5 else []) for n in range(600))
    reply = SenderList(tuple(senders))
    codec: Codec[Any] = Codec(SENDERS)
    body = codec.encode(reply, fmt=fmt)
    assert codec.decode(body, fmt=fmt) == codec.decode(body, fmt=fmt) == reply
    # A name that is read or written by itself takes 400 to 1,500 steps.
    assert steps(partial(codec.decode, body, fmt=fmt)) < 600 * 110
    assert steps(partial(codec.encode, reply, fmt=fmt)) < 600 * 80
    assert steps(partial(codec.encode, with_dictionaries(reply), fmt=fmt)) < 600 * 100


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("name", ["a code here, a name there", "with and without", "at the only operator"])
def test_two_kinds_take_few_steps_a_name(fmt: Format, name: str) -> None:
    codes, names = {"mts": OperatorStatus.SENT}, {"mts": "NAME"}
    only = [with_mappings(Sender("A", n), codes if n % 2 else {}, {} if n % 2 else names) for n in range(60)]
    kinds = LISTS.get(name, only)
    take_few_steps(kinds, fmt)


def test_lines_with_and_without_a_status_take_few_steps() -> None:
    take_few_steps([Sender("A", n, SenderStatus(1) if n % 2 else None) for n in range(60)], Format.CSV)


def test_members_and_quotes_by_turns_take_few_steps() -> None:
    """The service quotes all values of a name with operators, and none of one without."""
    kinds = ['"id": 5', '"id": "5"', '"status": 1', '"status": "1"', '"id": 5, "status": 1', '"id": "5", "status": 1']
    records = [f'{{"sender": "A", {members}}}' for members in kinds]
    body = f"[{', '.join(records * 100)}]".encode()
    codec: Codec[Any] = Codec(SENDERS)
    assert codec.decode(body, fmt=3) == codec.decode(body, fmt=3) == SLOW.decode(body, fmt=3)
    assert steps(partial(codec.decode, body, fmt=3)) < 600 * 20


def take_few_steps(senders: Sequence[Sender], fmt: Format) -> None:
    reply = SenderList(tuple(senders) * 10)
    body = encode(reply, fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    assert codec.decode(body, fmt=fmt) == codec.decode(body, fmt=fmt) == reply
    assert codec.encode(reply, fmt=fmt) == body  # The first time writers are compiled.
    assert steps(partial(codec.decode, body, fmt=fmt)) < 600 * 90
    assert steps(partial(codec.encode, reply, fmt=fmt)) < 600 * 60


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_keys_that_cannot_be_keys(fmt: Format) -> None:
    """Which a mapping that was made by hand may have."""
    keys: Any = ["mts"]
    odd = cast("Any", FrozenMapping(keys, (OperatorStatus(1),)))
    reply = SenderList((Sender("A", 1), Sender("B", 2, None, odd)))
    assert encode(reply, fmt=fmt) == encode(one_by_one(reply), fmt=fmt)


@pytest.mark.parametrize(
    "third", ["name = C", "name = C, kk = 7", "name = C, id = x", "name = CCCCC", "name = C, status = 123"]
)
def test_one_name_too_many_is_where_it_is_whatever_has_been_learned(third: str) -> None:
    limits = Limits(items=1, text=4, digits=2)
    body = f"name = A\nname = B, id = 5\n{third}\nname = D"
    codec: Codec[Any] = Codec(SENDERS)
    expected = codec.validate(body, fmt=0, limits=limits)
    assert [(finding.line, finding.column) for finding in expected.findings] == [(2, 1)]
    for _ in range(2):
        for lines in (body, "name = A, id = 5", "name = A, kk = 7", "name = A, status = 1"):
            codec.validate(lines, fmt=0)
        assert codec.validate(body, fmt=0, limits=limits) == expected


LIARS = {
    "an id": Sender("B", cast("Any", ANY)),
    "a status": Sender("B", 1, cast("Any", ANY)),
    "operators": Sender("B", 1, None, cast("Any", ANY)),
    "replacements": Sender("B", 1, None, {}, cast("Any", ANY)),
}


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("name", LIARS)
def test_what_claims_to_be_equal_to_anything_is_not_absent(fmt: Format, name: str) -> None:
    first = Sender("A") if name == "an id" else Sender("A", 1)
    with pytest.raises(EncodeError, match=r"senders\[[01]\]"):
        encode(SenderList((first, LIARS[name])), fmt=fmt)


BROKEN: list[Any] = [
    FrozenMapping(cast("Any", 5), cast("Any", 5)),
    FrozenMapping(cast("Any", {"mts": 1}), cast("Any", {1: 2})),
    FrozenMapping(("mts",), cast("Any", {1: 2})),
    FrozenMapping(cast("Any", {"mts": 1}), (1,)),
]


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("broken", BROKEN, ids=["numbers", "mappings", "a mapping", "keys of a mapping"])
@pytest.mark.parametrize("before", [(), (Sender("A", 1),)], ids=["alone", "behind another"])
def test_a_broken_mapping_is_named(fmt: Format, broken: Any, before: tuple[Sender, ...]) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(SenderList((*before, Sender("B", 2, None, broken))), fmt=fmt)
    assert caught.value.path.startswith(f"senders[{len(before)}].operators")


class AnyCase(str):
    """A key that is equal to itself in other letters."""

    def __hash__(self) -> int:
        return hash(self.lower())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.lower() == other.lower()


class NoKey(str):
    def __hash__(self) -> int:
        raise ZeroDivisionError


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("cls", [AnyCase, NoKey])
@pytest.mark.parametrize("between", [(), (Sender("C", 3),)])
def test_keys_are_written_as_they_are(fmt: Format, cls: type[str], between: tuple[Sender, ...]) -> None:
    def body(key: str) -> bytes:
        first, second = (cast("Any", FrozenMapping((key,), (OperatorStatus.SENT,))) for key in ("mts", key))
        return encode(SenderList((Sender("A", 1, None, first), *between, Sender("B", 2, None, second))), fmt=fmt)

    assert body(cls("MTS")) == body("MTS")


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize(("name", "value"), [("operators", OperatorStatus.SENT), ("replacements", "X")])
def test_values_that_are_too_few_or_too_many(fmt: Format, count: int, name: str, value: Any) -> None:
    mappings: list[Any] = [FrozenMapping(("mts",), (value,) * times) for times in (1, count)]
    first, second = (replace(Sender("A", 1), **{name: mapping}) for mapping in mappings)
    with pytest.raises(EncodeError, match=rf"^senders\[1\].{name}: expected a mapping with a value for each key$"):
        encode(SenderList((first, second)), fmt=fmt)


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_a_number_of_two_digits_alone(fmt: Format) -> None:
    reply = SenderList((with_mappings(Sender("A", 1, SenderStatus(77)), {"mts": OperatorStatus(88)}, {}),))
    body = encode(reply, fmt=fmt)
    assert body == encode(one_by_one(reply), fmt=fmt)
    assert decode(body, fmt=fmt) == reply


def test_mappings_share_their_keys() -> None:
    """Except keys that are long, which nobody else may have, and those that are only equal."""

    def keys(*given: str) -> tuple[str, ...]:
        return FrozenMapping.of(dict.fromkeys(given, 1))._keys

    assert keys("mts", "mega") is keys("mts", "mega")
    assert keys("k" * 512) is keys("k" * 512)
    assert keys("k" * 513) is not keys("k" * 513)
    assert keys("mts") != ("MTS",)
    assert [type(key) for key in keys(AnyCase("MTS"))] == [AnyCase]


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_long_keys_are_not_remembered(fmt: Format) -> None:
    """The name of a code is remembered with all its codes, and a hostile body chooses it."""
    codec: Codec[Any] = Codec(SENDERS)
    kept: list[int] = []
    tracemalloc.start()
    try:
        for letter in "kqz":  # The first one loads what is loaded late.
            reply = SenderList((with_mappings(Sender("A"), {letter * 60_000: OperatorStatus.SENT}, {}),))
            assert codec.decode(codec.encode(reply, fmt=fmt), fmt=fmt) == reply
            assert codec.validate(codec.encode(reply, fmt=fmt), fmt=fmt).reply == reply
            reply = SenderList()
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
        assert kept[-1] - kept[0] < 60_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_so_many_writers_are_compiled(fmt: Format) -> None:
    """A hundred spellings are made for each key of a writer, and a hostile reply has any number of keys."""
    reply = SenderList(tuple(with_mappings(Sender("A", n), {f"k{n}": OperatorStatus.SENT}, {}) for n in range(200)))
    codec: Codec[Any] = Codec(SENDERS)
    with patch.object(Spellings, "__init__", autospec=True, side_effect=Spellings.__init__) as made:
        for _ in range(2):
            assert codec.decode(codec.encode(reply, fmt=fmt), fmt=fmt) == reply
    assert made.call_count == shape_budget(200)


def test_a_line_end_in_one_of_many() -> None:
    """In XML a text can hold what else ends an element's line."""
    reply = SenderList((Sender("A\nB", 1), Sender("C")))
    body = encode(reply, fmt=2)
    assert body == encode(one_by_one(reply), fmt=2)
    assert decode(body, fmt=2) == reply


@pytest.mark.parametrize("name", ["B", "Ж", "B~" * 50, "Ж" * 100])
@pytest.mark.parametrize("fmt", [Format.TEXT, Format.CSV])
def test_a_line_end_in_one_of_many_that_cannot_be_written(fmt: Format, name: str) -> None:
    """Columns are looked at as one text, in which it must not pass for the end of a value."""
    senders = (Sender(name, 1), Sender(f"{name}\n{name}", 2), Sender(name, 3))
    with pytest.raises(EncodeError, match=r"a (comma or a )?line end would split the value in this format") as caught:
        encode(SenderList(senders), fmt=fmt)
    assert caught.value.path == ("senders[1]" if fmt is Format.TEXT else "senders[1].name")


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("place", [0, 1, 39])
def test_the_only_finding_of_a_list(fmt: Format, place: int) -> None:
    senders = [Sender("A", number) for number in range(40)]
    senders[place] = with_mappings(Sender("B", 7), {"new_step": OperatorStatus.SENT}, {})
    body = encode(SenderList(tuple(senders)), fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    for _ in range(2):
        findings = codec.validate(body, fmt=fmt).findings
        assert [finding.path for finding in findings] == [f"senders[{place}].operators.new_step"]


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_findings_of_many_kinds_are_where_they_are(fmt: Format) -> None:
    """Those that differ only in the name are one, which stands at the first of them."""
    senders = [
        with_mappings(Sender(f"N{n}", n), {f"new_{n % 3}" if n % 4 else "mts": OperatorStatus.SENT}, {})
        for n in range(90)
    ]
    reply = SenderList((*senders, *(Sender(f"M{n}", n) for n in range(40)), *senders[:5]))
    body = encode(reply, fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    for _ in range(2):
        report = codec.validate(body, fmt=fmt)
        assert report.reply == reply
        keys = [key for given in reply.senders for key in given.operators if key.startswith("new_")]
        assert [(finding.path, finding.count) for finding in report.findings] == [
            (f"senders[{place}].operators.new_{place % 3}", keys.count(f"new_{place % 3}")) for place in (1, 2, 3)
        ]
        starts = [body.decode().index(f"N{n}") for n in (1, 2, 3)]
        assert [finding.line for finding in report.findings] == [
            body[:at].count(b"\n") + 1 + (fmt == 3) for at in starts
        ]


ODD: dict[str, tuple[Any, str]] = {
    "a number": (Sender("B", 2, None, FrozenMapping(("mts",), (1,))), ""),  # type: ignore[arg-type]
    "True": (Sender("B", 2, None, FrozenMapping(("mts",), (True,))), "senders[1].operators.mts"),  # type: ignore[arg-type]
    "a dictionary": (Sender("B", 2, None, {"mts": OperatorStatus.SENT}), ""),
    "a key twice": (
        Sender("B", 2, None, FrozenMapping(("mts", "mts"), (OperatorStatus.SENT,) * 2)),  # type: ignore[arg-type]
        "senders[1].operators",
    ),
    "not a name": (Success(), "senders[1]"),
    "no replacement": (with_mappings(Sender("B", 2), {}, {"mts": ""}), "senders[1].replacements.mts"),
    "a code for a replacement": (with_mappings(Sender("B", 2), {}, {"mts": "7"}), "senders[1].replacements.mts"),
    "a long replacement": (with_mappings(Sender("B", 2), {}, {"mts": "N" * 70_000}), "senders[1].replacements.mts"),
}


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("first", ["a code", "a replacement"])
def test_the_unusual_one_of_two(fmt: Format, name: str, first: str) -> None:
    odd, path = ODD[name]
    codes, names = ({"mts": OperatorStatus.SENT}, {}) if first == "a code" else ({}, {"mts": "NAME"})
    reply = SenderList((with_mappings(Sender("A", 1), codes, names), odd))
    if path:
        with pytest.raises(EncodeError) as caught:
            encode(reply, fmt=fmt)
        assert caught.value.path == path
    else:
        assert decode(encode(reply, fmt=fmt), fmt=fmt) == reply


@pytest.mark.parametrize(
    ("fmt", "body"),
    [
        (0, "name = A, mts = 1\nname = B, mts = \n"),
        (2, '<senders><sender mts="1">A</sender><sender mts="">B</sender></senders>'),
        (3, '[{"sender": "A", "mts": "1"}, {"sender": "B", "mts": ""}]'),
    ],
)
def test_no_replacement_where_another_name_has_a_code(fmt: int, body: str) -> None:
    codec: Codec[Any] = Codec(SENDERS)
    for _ in range(2):
        assert codec.validate(body, fmt=fmt) == SLOW.validate(body, fmt=fmt)
        assert codec.validate(body, fmt=fmt).reply is None


def unusual_names() -> list[Sender]:
    """Return names of several shapes with undocumented keys and numbers, and broken letters."""
    made = []
    for number in range(90):
        codes = {"mts": OperatorStatus(1), "new": OperatorStatus(2)} if number % 3 else {}
        codes |= {"tele2": OperatorStatus(50 + number % 2)} if number % 5 == 4 else {}
        names = {"other": "NAME", "mega": "Ð¢ÐµÑ\x81Ñ\x82"} if number % 7 == 6 else {}
        status = SenderStatus(40) if number % 11 == 10 and not codes and not names else None
        made.append(with_mappings(Sender(f"N{number}", number, status), codes, names))
    return made


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_findings_of_several_shapes_are_those_of_the_careful_reader(fmt: Format) -> None:
    senders = unusual_names()
    body = encode(SenderList(tuple(senders)), fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    for _ in range(2):
        with patch.object(JsonFormat, "read"), patch.object(TextFormat, "read"), patch.object(XmlFormat, "read"):
            report = codec.validate(body, fmt=fmt)
        assert report == SLOW.validate(body, fmt=fmt)
    counts = {(finding.code, finding.path): finding.count for finding in report.findings}
    new = [number for number, given in enumerate(senders) if "new" in given.operators]
    other = [number for number, given in enumerate(senders) if "other" in given.replacements]
    fifty = [number for number, given in enumerate(senders) if given.operators.get("tele2") == 50]
    status = [number for number, given in enumerate(senders) if given.status is not None]
    assert counts["unknown-key", f"senders[{new[0]}].operators.new"] == len(new)
    assert counts["unknown-key", f"senders[{other[0]}].replacements.other"] == len(other)
    assert counts["unknown-number", f"senders[{fifty[0]}].operators.tele2"] == len(fifty)
    assert counts["unknown-number", f"senders[{status[0]}].status"] == len(status)
    assert counts["mojibake", f"senders[{other[0]}].replacements.mega"] == len(other)
    assert min(map(len, (new, other, fifty, status))) > 1


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_what_is_unusual_is_read_once(fmt: Format) -> None:
    """The report has the reply that was made to see whether there is anything to report."""
    body = encode(SenderList(tuple(unusual_names())), fmt=fmt)
    codec: Codec[Any] = Codec(SENDERS)
    codec.validate(body, fmt=fmt)
    with patch.object(Codec, "_compiled", autospec=True, side_effect=Codec._compiled) as compiled:
        assert codec.validate(body, fmt=fmt).findings
    assert compiled.call_count == 1


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_the_place_of_the_first_is_found_without_the_others(fmt: Format) -> None:
    def cost(count: int) -> int:
        codes = {"new": OperatorStatus(2)}
        senders = tuple(with_mappings(Sender(f"N{number % 10}", 5), codes, {}) for number in range(count))
        text = encode(SenderList(senders), fmt=fmt).decode()
        codec: Codec[Any] = Codec(SENDERS)
        source = Source(text, Limits())
        codec.validate(text, fmt=fmt)
        return steps(lambda: codec._format(fmt).locate(source, [Place((1, "new"))]))

    assert cost(2000) == cost(200)
