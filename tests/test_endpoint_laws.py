"""The laws of `test_laws.py` over every endpoint, with values and bodies made of the declarations."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from msgspec.structs import replace

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    Format,
    FrozenMapping,
    Limits,
    OptionError,
    Severity,
    SmscCodecError,
)
from smsc_codec._source import is_utf8
from smsc_codec.declare import FORMATS, Many, Object, OpenMap, Other, Type
from smsc_codec.declare import Reply as Declared
from smsc_codec.endpoints import module_of, status
from smsc_codec.limits import DEFAULT_LIMITS
from smsc_codec.testing import strategies as our

from . import plain_lark
from .declared import KNOWN, Known, bodies_of, canonical_of, expected_of, replies_of, with_known, written
from .fuzz.targets import outcome, small_sizes
from .grammar_lane import read_by_lark
from .registered import share
from .strategies import small_limits
from .vectors import OTHERS

formats = st.sampled_from(Format)
SETTINGS = share(250)


def asked(known: Known) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"fmt": formats}, optional={"expect": st.sampled_from(expected_of(known)), "strict": st.booleans()}
    )


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_1_total(known: Known) -> None:
    @SETTINGS
    @given(bodies_of(known), asked(known))
    def law(body: bytes, options: dict[str, Any]) -> None:
        try:
            reply = known.codec.decode(body, **options)
        except SmscCodecError as error:
            assert isinstance(error, DecodeError) and len(str(error)) < 1000
            assert str(pickle.loads(pickle.dumps(error))) == str(error)
            assert known.codec.validate(body, **options).reply is None
        else:
            report = known.codec.validate(body, **options)
            assert report.reply == reply
            assert hash(reply) == hash(report.reply)

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_2_lossless_or_refused(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), formats, st.sampled_from(["utf-8", "windows-1251"]))
    def law(reply: Any, fmt: Format, charset: str) -> None:
        try:
            body = known.codec.encode(reply, fmt=fmt, charset=charset)
        except EncodeError:
            return
        again = known.codec.decode(body, fmt=fmt, charset=charset, expect=type(reply))
        assert again == reply
        # Of equal amounts the spelling tells 0.40 from 0.4.
        assert known.codec.encode(again, fmt=fmt, charset=charset) == body

    law()


@pytest.mark.parametrize("known", [known for known in KNOWN if known.endpoint.decides], ids=repr)
def test_2_lossless_or_refused_with_the_request(known: Known) -> None:
    decides = known.endpoint.decides
    requests = [dict(zip(decides, values)) for values in product(*[[*sorted(some), "?"] for some in decides.values()])]

    @SETTINGS
    @given(replies_of(known), formats, st.sampled_from(requests))
    def law(reply: Any, fmt: Format, request: dict[str, str]) -> None:
        codec = known.codec.asked(request)
        body = written(codec, reply, fmt)
        if body is not None:
            again = codec.decode(body, fmt=fmt, expect=type(reply))
            assert again == reply
            assert codec.encode(again, fmt=fmt) == body

    law()


@pytest.mark.parametrize("all_", ["0", "1", "2", "7"])
@pytest.mark.parametrize("fmt", Format)
def test_2_a_message_that_nobody_knows(fmt: Format, all_: str) -> None:
    codec: Codec[Any] = status.CODEC.asked({"all": all_})
    unknown = status.Message(status.MessageState.NOT_FOUND, id=138, phone="79")
    known = {"0": b"1,5,0,139,79", "1": b"1,5,0,4,79,1,S,D,m,,0,139", "2": b"1,5,0,4,79,RU,MTS,M,1,S,D,m,,0,139"}
    alone = status.Message(status.MessageState.NOT_FOUND)
    for reply in (alone, status.StatusList((unknown,)), status.StatusList((unknown, unknown))):
        assert codec.decode(codec.encode(reply, fmt=fmt), fmt=fmt, expect=type(reply)) == reply
    if fmt is Format.CSV:
        assert codec.encode(alone, fmt=1) == b"-3,0,0"
        for line in (b"-3,0,0,138,79", b"-3,,,138,79"):
            assert codec.decode(line, fmt=1) == codec.validate(line, fmt=1).reply == status.StatusList((unknown,))
            if all_ in known:
                found: Any = codec.decode(known[all_] + b"\n" + line, fmt=1)
                assert (found[0].id, found[1]) == (139, unknown)


@pytest.mark.parametrize("known", KNOWN, ids=repr)
@pytest.mark.parametrize("fmt", Format)
def test_2_other_keys_that_are_those_of_another_reply(known: Known, fmt: Format) -> None:
    """No open key makes a reply one of another kind, or is lost."""
    replies = known.endpoint.replies
    keys = {"result", *(root or "" for reply in replies for root in (*reply.xml, reply.item))}
    for field in (field for reply in replies for field in reply.object.fields):
        keys |= {(field.key(name) or "").removeprefix("@") for name in FORMATS}
        keys |= {field.type.item} if isinstance(field.type, Many) else set()
    usual = sorted(keys - {"", "."})
    carried = 0
    alone = product([(key,) for key in usual], ["5", "OK", "a"])
    for some, text in [*alone, *(((key, "error_code"), "5") for key in usual)]:
        opened = FrozenMapping.of(dict.fromkeys(some, text))
        for reply in known.endpoint.own:
            for value in with_open(reply, opened):
                body = written(known.codec, value, fmt)
                if body is not None:
                    carried += 1
                    assert known.codec.decode(body, fmt=fmt, expect=reply.cls) == value
    assert carried or fmt in (Format.TEXT, Format.CSV) or not is_open(known, fmt)


def is_open(known: Known, fmt: Format) -> bool:
    """Return whether a reply of an endpoint keeps keys that nobody has documented, and a format can have it."""
    return any(reply.object.open is not None and reply.is_known(FORMATS[fmt]) for reply in known.endpoint.own)


def with_open(reply: Declared, opened: FrozenMapping[str]) -> Iterator[Any]:
    """Yield replies with few fields and these open keys, in the reply or in a list in it."""
    made = made_of(reply.object, opened)
    if reply.object.open is not None:
        yield reply.many((made,)) if reply.many else made
    for field in reply.object.fields:
        if isinstance(field.type, Many):
            plain = made_of(reply.object, FrozenMapping.of({}))
            yield replace(plain, **{field.name: (made_of(field.type.object, opened),)})


def made_of(obj: Object, opened: FrozenMapping[str]) -> Any:
    values: dict[str, Any] = {"number": 5, "money": Decimal(5), "text": "5", "date": datetime(2024, 5, 17)}
    types = {field.name: field.type for field in obj.fields if not field.optional}
    given = {
        name: type_.enum(5) if type_.enum else values[type_.kind]
        for name, type_ in types.items()
        if isinstance(type_, Type)
    }
    if obj.open is not None:
        given[obj.open.name if isinstance(obj.open, Other) else obj.open.texts] = opened
    return obj.cls(**given)


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_2_the_writers_lanes_are_one(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), formats, st.sampled_from([Limits().text, *range(1, 25)]))
    def law(reply: Any, fmt: Format, longest: int) -> None:
        # Where fewer digits are allowed than there can be, no record is written by a compiled writer.
        slow = outcome(known.codec.encode, reply, fmt=fmt, limits=Limits(digits=17, text=longest))
        fast = outcome(known.codec.encode, reply, fmt=fmt, limits=Limits(text=longest))
        if "17 digits" not in str(slow):
            assert fast == slow

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_2_what_is_written_has_no_findings(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), formats)
    def law(reply: Any, fmt: Format) -> None:
        body = written(known.codec, reply, fmt)
        if body is None:
            return
        findings = known.codec.validate(body, fmt=fmt, expect=type(reply)).findings
        allowed = {"unknown-key", "unknown-number", "mojibake", "lost-characters", "line-end-in-text"}
        assert {finding.code for finding in findings} <= allowed

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_3_encoding_twice_is_encoding_once(known: Known) -> None:
    @SETTINGS
    @given(bodies_of(known), formats, formats, st.sampled_from(expected_of(known)))
    def law(body: bytes, fmt: Format, other: Format, expect: Any) -> None:
        try:
            reply = known.codec.decode(body, fmt=fmt, expect=expect)
            once = known.codec.encode(reply, fmt=other)
        except SmscCodecError:
            return
        again = known.codec.decode(once, fmt=other, expect=type(reply))
        assert again == reply
        assert known.codec.encode(again, fmt=other) == once

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_4_formats_agree(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), formats, formats)
    def law(reply: Any, fmt: Format, other: Format) -> None:
        first, second = written(known.codec, reply, fmt), written(known.codec, reply, other)
        if first is None or second is None:
            return
        read = known.codec.decode(first, fmt=fmt, expect=type(reply))
        assert known.codec.decode(second, fmt=other, expect=type(reply)) == read
        # The digits of an amount are the same too.
        assert known.codec.encode(read, fmt=other) == second

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_5_the_grammar_is_the_truth(known: Known) -> None:
    @SETTINGS
    @given(texts_of(known))
    def law(body: bytes) -> None:
        text = body.decode("utf-8", "replace")
        assume(not text.startswith("\ufeff") and plain_lark.BLANK not in text)
        expected = read_plainly(known, text)
        expect = None if expected is None else type(expected)
        for same in (text, body, text):  # the first time shapes are learned, then they are used
            try:
                reply = known.codec.decode(same, fmt=0, expect=expect, charset=None if same is text else "utf-8")
            except SmscCodecError:
                reply = None
            assert reply == expected or (same is body and not is_utf8(body))

    law()


def read_plainly(known: Known, text: str) -> Any:
    if known.endpoint.name == "senders.php":
        return read_by_lark(known.endpoint, text)
    return plain_lark.read(known.endpoint, text)


def texts_of(known: Known) -> st.SearchStrategy[bytes]:
    """Return bodies of fmt=0 as they are and mistreated, those of the table of cases, and sentences of the grammar."""
    rows = [
        vector.body for vector in OTHERS if vector.row["fmt"] == 0 and f"{vector.endpoint}.php" == known.endpoint.name
    ]
    name = known.endpoint.name.removesuffix(".php")
    whole = st.one_of(our.bodies(0, "utf-8", endpoint=name), st.sampled_from(rows or [b""]), canonical_of(known))
    sentences = from_lark(plain_lark.parser_of(known.endpoint.grammar)).map(str.encode)
    return whole | our.damaged(whole) | sentences | our.damaged(sentences)


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_5_the_fast_lanes_are_the_slow_ones(known: Known) -> None:
    @SETTINGS
    @given(bodies_of(known), formats, st.sampled_from(expected_of(known)), st.just(DEFAULT_LIMITS) | small_limits)
    def law(body: bytes, fmt: Format, expect: Any, limits: Limits) -> None:
        options = {"fmt": fmt, "expect": expect, "limits": limits}
        slow = outcome(known.slow.decode, body, **options)
        for _ in range(2):  # the first time shapes are learned, then they are used
            assert outcome(known.codec.decode, body, **options) == slow
        text = body.decode("utf-8", "replace")
        assert outcome(known.codec.decode, text, **options) == outcome(known.slow.decode, text, **options)
        assert known.codec.validate(body, **options) == known.slow.validate(body, **options)

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_5_with_sizes_that_short_bodies_have(known: Known) -> None:
    @SETTINGS
    @given(canonical_of(known), formats)
    def law(body: bytes, fmt: Format) -> None:
        whole = outcome(known.slow.decode, body, fmt=fmt)
        with small_sizes():
            assert outcome(fresh.decode, body, fmt=fmt) == whole

    with small_sizes():
        fresh: Codec[Any] = Codec(known.endpoint)
    law()


@SETTINGS
@given(with_known(bodies_of), formats, st.data())
def test_6_strict_is_a_part_of_tolerant(given_: tuple[Known, bytes], fmt: Format, data: st.DataObject) -> None:
    known, body = given_
    options = {"fmt": fmt, "expect": data.draw(st.sampled_from(expected_of(known)))}
    findings = known.codec.validate(body, **options).findings
    try:
        reply = known.codec.decode(body, strict=True, **options)
    except SmscCodecError as error:
        assert findings and not isinstance(error, OptionError)
        return
    assert findings == ()
    assert known.codec.decode(body, **options) == reply


TAILS = ("", "a", "a, foo = 5", "a, b = c", "a, type = 1", "a, comment = b", "a, message = b, c", "1")
LISTS = [(known, reply) for known in KNOWN for reply in known.endpoint.own if reply.many]


@pytest.mark.parametrize(("known", "reply"), LISTS, ids=lambda given: repr(given) if isinstance(given, Known) else "")
def test_5_a_record_is_the_same_beside_any_other(known: Known, reply: Declared) -> None:
    """A line is read as it is alone, whatever stands in the lines around it."""
    fields = [field for field in reply.object.fields if field.key("text")]
    date = "17.05.2024 00:00:00"
    values = {
        field.name: date if isinstance(field.type, Type) and field.type.kind == "date" else "1" for field in fields
    }
    needed = [f"{field.key('text')} = {values[field.name]}" for field in fields if not field.optional or field.leads]
    needed = needed or [f"{field.key('text')} = {values[field.name]}" for field in fields[:1]]
    texts = [field.key("text") for field in fields if isinstance(field.type, Type) and field.type.kind == "text"]
    # Only a text that a person wrote can go on as another key does.
    last = texts[-3:] if any(isinstance(field.type, Type) and field.type.free for field in fields) else texts[-1:]
    for keys in product([*last, "b"], ["", "foo", "type", *last]):
        lines: dict[str, Any] = {}
        for some in product(TAILS, TAILS[:3]):
            line = ", ".join([*needed, *(f"{key} = {text}" for key, text in zip(keys, some) if key)])
            alone = outcome(known.slow.decode, line, fmt=0, expect=reply.cls)
            if not isinstance(alone, str):
                lines[line] = getattr(alone[0], reply.attribute)[0]
        assert lines
        usual = min(lines, key=len)
        for pair in (pair for line in lines for pair in ((usual, line), (line, usual))):
            together = known.codec.decode("\n".join(pair).encode(), fmt=0, expect=reply.cls)
            assert [*getattr(together, reply.attribute)] == [lines[line] for line in pair], pair


# What is put into a body: whatever is made of it has to show the word, or to say that it is not there.
WORD = "zz9"
FRAGMENTS = {
    Format.TEXT: (", zz9 = v", ", zz9 = ", ", zz9 - v", "zz9", "\nzz9 = v", "\nzz9 = v, x = y", " zz9"),
    Format.CSV: (",zz9", "zz9,", "zz9", "\nzz9", "\nzz9,1"),
    Format.XML: (
        *(
            "<zz9>v</zz9>",
            "<zz9/>",
            '<zz9 qq="b">v</zz9>',
            "<zz9><qq>1</qq></zz9>",
            "<phones><phone>zz9</phone></phones>",
        ),
        *("zz9", ' zz9="v"', '<qq zz9="1">v</qq>', "<qq><zz9>1</zz9></qq>", "<qq><b/><zz9>1</zz9></qq>"),
    ),
    Format.JSON: (
        *('"zz9": 5,', '"zz9": 5.50,', '"zz9": "v",', '"zz9": "",', '"zz9": null,', '"zz9": true,', '"zz9": [],'),
        *('"zz9": [{"a": 1}],', '"zz9": {"zz9": 1},', '{"zz9": 1},', "zz9", ',"zz9": -1', '"qq": {"zz9": 1},'),
    ),
}
OUTER = {WORD, "qq", "phones"}
# Where something can stand: between a tag or a bracket and what is behind it, at the ends of a line and of a value.
PLACES = re.compile(r"(?<=[>{\[\n,])|(?=[<>}\]\n,/])|\Z|\A")


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_8_nothing_is_lost(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), formats, st.data())
    def law(reply: Any, fmt: Format, data: st.DataObject) -> None:
        body = written(known.codec, reply, fmt)
        if body is None or WORD in repr(reply):
            return
        text = body.decode()
        # What the first value of a line is called has not been seen, so every name of it is read.
        leads = fmt is Format.TEXT and any(
            field.leads for each in known.codec.endpoint.own for field in each.object.fields
        )
        starts = {0, *(line.end() for line in re.finditer("\n", text))} if leads else set()
        places = [place.start() for place in PLACES.finditer(text) if place.start() not in starts]
        if not places:
            return
        at = data.draw(st.sampled_from(places))
        changed = text[:at] + data.draw(st.sampled_from(FRAGMENTS[fmt])) + text[at:]
        report = known.codec.validate(changed, fmt=fmt, expect=type(reply))
        if report.reply is None or WORD in repr(report.reply):
            return
        # Of what is nested the outermost key is named.
        named = OUTER | others_of(reply)
        told = [(finding, f"{finding.path} {finding.message}") for finding in report.findings]
        said = [finding for finding, words in told if WORD in words or named & {*re.findall(r"\w+", words)}]
        assert Severity.WARNING in {finding.severity for finding in said}
        with pytest.raises(DecodeError):
            known.codec.decode(changed, fmt=fmt, expect=type(reply), strict=True)

    law()


# The digits as they came; what is nested, null or a boolean is not kept.
EXTRAS = [("5", "5"), ("5.50", "5.50"), ("-1", "-1"), ('""', ""), ('"v"', "v"), ("1" * 30, "1" * 30), ("1e5", "1e5")]
EXTRAS += [(value, "") for value in ("null", "true", "false", "[]", "[1]", "{}", '{"a": 1}')]


@pytest.mark.parametrize("known", KNOWN[1:], ids=repr)
def test_8_keys_that_nobody_has_documented(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), st.sampled_from(EXTRAS))
    def law(reply: Any, extra: tuple[str, str]) -> None:
        value, kept = extra
        body = written(known.codec, reply, Format.JSON)
        if body is None or WORD in repr(reply) or b"{\n" not in body or b"{\n\n}" in body:
            return
        if isinstance(known.codec._declared(reply).object.open, OpenMap):
            return  # it has other attributes for them
        # What an object has beside the list in it is not kept.
        start = body.index(b"[") if known.codec._declared(reply).member else 0
        changed = body[:start] + body[start:].replace(b"{\n", b'{\n"zz9": %s,\n' % value.encode())
        if changed == body:
            return
        expect = type(reply)
        report = known.codec.validate(changed, fmt=3, expect=expect)
        found = [finding for finding in report.findings if WORD in finding.path]
        if known.codec._declared(reply).object.open is None:  # no place for it
            assert report.reply is None or (report.reply == reply and found)
            return
        is_kept = bool(kept) or value == '""'
        assert {finding.severity for finding in found} == {Severity.INFO if is_kept else Severity.WARNING}
        keep = {WORD: kept} if is_kept else {}
        assert report.reply == with_others(reply, keep)
        if is_kept:
            again = known.codec.encode(report.reply, fmt=3)
            assert known.codec.decode(again, fmt=3, expect=expect) == report.reply
            assert again.count(b'"zz9": ') == changed.count(b'"zz9": ')

    law()


def others_of(value: Any) -> set[str]:
    """Return the other keys of a reply and of each object in it."""
    found = {*getattr(value, "other", ())}
    for name in value.__struct_fields__:
        for item in each if isinstance(each := getattr(value, name), tuple) else ():
            found |= set() if isinstance(item, str) else others_of(item)
    return found


def with_others(value: Any, keep: dict[str, str]) -> Any:
    """Return the same with *keep* among the other keys of each object in it."""
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        item = getattr(value, name)
        if isinstance(item, tuple):
            changes[name] = tuple(each if isinstance(each, str) else with_others(each, keep) for each in item)
        elif name == "other":
            changes[name] = FrozenMapping.of({**keep, **item})
    return replace(value, **changes)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("status", "Status = 1, country = , operator = , region = Москва"),
        ("status", "Status = 1, new = , phone = 7, newer = "),
        ("send", "OK - 1 SMS, ID - 5\nphone = 7, new = , mccmnc = "),
    ],
)
def test_an_empty_value_in_the_middle_of_a_line(name: str, line: str) -> None:
    """Lark has to find the separator behind it, where no shape has been learned."""
    codec: Codec[Any] = module_of(name).CODEC
    with small_sizes():
        fresh: Codec[Any] = Codec(codec.endpoint)
        for end in ("", ", more = " + "x" * 200):
            reply = codec.decode(line + end, fmt=0)
            assert fresh.decode(line + end, fmt=0) == reply
            assert codec.decode(codec.encode(reply, fmt=0), fmt=0) == reply
