"""The laws of `test_laws.py` over every endpoint, with values and bodies made of the declarations."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc_codec import Codec, DecodeError, EncodeError, Format, Limits, OptionError, SmscCodecError
from smsc_codec.endpoints import module_of

from .declared import KNOWN, Known, bodies_of, canonical_of, expected_of, replies_of, with_known, written
from .fuzz.targets import outcome, small_sizes
from .strategies import small_limits

formats = st.sampled_from(Format)
SETTINGS = settings(max_examples=settings().max_examples // 2)


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


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_2_the_writers_lanes_are_one(known: Known) -> None:
    @SETTINGS
    @given(replies_of(known), formats)
    def law(reply: Any, fmt: Format) -> None:
        # Where fewer digits are allowed than there can be, no record is written by a compiled writer.
        slow = outcome(known.codec.encode, reply, fmt=fmt, limits=Limits(digits=17))
        fast = outcome(known.codec.encode, reply, fmt=fmt)
        if "17 digits" not in str(slow):
            assert fast == slow

    law()


@pytest.mark.parametrize("known", KNOWN, ids=repr)
def test_2_what_is_written_has_no_oddities(known: Known) -> None:
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
def test_5_the_fast_lanes_are_the_slow_ones(known: Known) -> None:
    @SETTINGS
    @given(bodies_of(known), formats, st.sampled_from(expected_of(known)), st.just(Limits()) | small_limits)
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
