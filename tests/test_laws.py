"""The laws, as properties: numbers are those of the README's table of promises."""

from __future__ import annotations

import pickle
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    Limits,
    OptionError,
    Reply,
    Sender,
    SenderCreated,
    SenderList,
    SenderStatus,
    SmscCodecError,
    Success,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec.endpoints.senders import CODEC, SENDERS
from smsc_codec.limits import DEFAULT_LIMITS
from smsc_codec.testing.strategies import damaged

from .fuzz.__main__ import inputs_of
from .fuzz.__main__ import main as fuzz
from .fuzz.targets import FOUND, TARGETS, outcome, small_sizes
from .grammar_lane import read_by_lark
from .lanes import SLOW
from .strategies import bodies, charsets, formats, replies, sender_lists, sentences, small_limits

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "fmt": st.none() | formats | st.sampled_from([-1, 4, True, "0", 1.0, "json", "TEXT"]),
        "charset": st.none() | charsets | st.sampled_from(["cp1251", "latin-1", "", "\x00", 5]),
        "expect": st.sampled_from([None, SenderList, SenderCreated, Success, SenderList | Success, Reply, int, 5, "x"]),
        "strict": st.booleans(),
    },
)


def attempt(reply: Reply, fmt: int, charset: str = "utf-8") -> bytes:
    try:
        return encode(reply, fmt=fmt, charset=charset)
    except EncodeError:
        assume(False)
        raise


@given(bodies, OPTIONS)
def test_1_total(body: bytes, options: dict[str, Any]) -> None:
    try:
        reply = decode(body, **options)
    except SmscCodecError as error:
        assert len(str(error)) < 600
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        if isinstance(error, OptionError):
            with pytest.raises(OptionError) as caught:
                validate(body, **options)
            assert str(caught.value) == str(error)
        else:
            assert isinstance(error, DecodeError) and validate(body, **options).reply is None
    else:
        assert validate(body, **options).reply == reply


@given(st.text(max_size=60), OPTIONS)
def test_1_total_for_strings(body: str, options: dict[str, Any]) -> None:
    try:
        decode(body, **options)
    except OptionError as error:
        assert str(error) == error.reason
    except DecodeError as error:
        assert 0 <= error.offset <= len(body)


@given(replies, formats, charsets)
def test_2_lossless_or_refused(reply: Reply, fmt: int, charset: str) -> None:
    body = attempt(reply, fmt, charset)
    assert decode(body, fmt=fmt, charset=charset) == reply


DECLARED = Sender('<?xml encoding="koi8-r"?>Ж', 5), Sender("B", 5, SenderStatus.ALLOWED)


@given(replies, formats, st.booleans())
@example(SenderList(DECLARED), 1, False)
def test_2_whatever_was_dropped(reply: Reply, fmt: int, drop: bool) -> None:
    """With the defaults, and with the one thing that `encode` leaves out if asked."""
    try:
        body = encode(reply, fmt=fmt, drop=["description"] if drop else ())
    except EncodeError:
        return
    if drop and fmt == Format.CSV and isinstance(reply, ErrorReply):
        reply = ErrorReply(reply.code, None, reply.id)
    assert decode(body, fmt=fmt) == reply


@given(replies)
def test_2_normalized_json_is_lossless_or_refused(reply: Reply) -> None:
    try:
        line = to_json(reply)
    except EncodeError:
        return
    assert from_json(line) == reply


@given(replies, st.sampled_from(Format))
def test_2_what_is_written_has_no_findings(reply: Reply, fmt: Format) -> None:
    body = attempt(reply, fmt)
    allowed = {"unknown-key", "unknown-number", "mojibake", "lost-characters"}
    assert {finding.code for finding in validate(body, fmt=fmt).findings} <= allowed


@given(bodies, formats, formats)
@example(b"name = A, bee_step = 1, x = 2, mega_step = 3, id = 1", 0, 2)
def test_3_encoding_twice_is_encoding_once(body: bytes, fmt: int, other: int) -> None:
    try:
        once = encode(decode(body, fmt=fmt), fmt=other)
    except SmscCodecError:
        return
    assert encode(decode(once, fmt=other), fmt=other) == once


@given(replies, formats, formats)
def test_4_formats_agree(reply: Reply, fmt: int, other: int) -> None:
    first, second = attempt(reply, fmt), attempt(reply, other)
    assert decode(first, fmt=fmt) == decode(second, fmt=other)


def _text(reply: Reply) -> bytes:
    return _body(reply, 0)


@given(bodies | replies.map(_text) | damaged(sentences.map(str.encode)))
@example(b"name = A, name = 5")
@example(b"name = A, mts = 1, mts = 900, name = B, id = 1")
def test_5_the_grammar_is_the_truth(body: bytes) -> None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        assume(False)
    assume(not text.startswith("\ufeff"))
    for same in (text, body, text):  # the first time shapes are learned, then they are used
        try:
            reply = decode(same, fmt=0)
        except SmscCodecError:
            reply = None
        assert reply == read_by_lark(SENDERS, text)


@given(sentences)
def test_5_sentences_of_the_grammar_are_read(text: str) -> None:
    expected = read_by_lark(SENDERS, text)
    assert expected is not None
    for _ in range(2):  # the first time shapes are learned, then they are used
        assert decode(text, fmt=0) == expected


@given(
    bodies | st.tuples(replies, formats).map(lambda both: _body(*both)), formats, st.just(DEFAULT_LIMITS) | small_limits
)
@example(b'[{"sender":"A","id":-0}]', 3, DEFAULT_LIMITS)
@example(b'[{"sender":"A","id":1,"id":2}]', 3, DEFAULT_LIMITS)
@example(b'[{"sender":"A"}]', 3, Limits(depth=1))
@example(b"A,1", 1, Limits(fields=1))
@example(b'<senders>\n<sender id="1">A</sender>\n</senders>', 2, Limits(depth=1))
@example(b'<senders>\n<sender a:b="1" xmlns:a="u">A</sender>\n</senders>', 2, DEFAULT_LIMITS)
@example(b'[{"sender":["A"],"id":1}]', 3, Limits(text=3))
@example(b'[{"sender":"A","mts":"1","bee_step":"2"},{"sender":"B","bee_step":"2","mts":"1"}]', 3, DEFAULT_LIMITS)
@example(b'<senders>\n<sender status="1" id="5">A</sender>\n</senders>', 2, Limits(fields=2))
@example(b"A,12", 1, Limits(text=1))
@example(b"name = A, status = 1, id = 12", 0, Limits(text=1, fields=2))
def test_5_the_fast_lanes_are_the_slow_ones(body: bytes, fmt: int, limits: Limits) -> None:
    slow = outcome(SLOW.decode, body, fmt=fmt, limits=limits)
    fresh: Codec[Any] = Codec(SENDERS)
    for read in (CODEC.decode, CODEC.decode, fresh.decode, fresh.decode):
        assert outcome(read, body, fmt=fmt, limits=limits) == slow
    assert CODEC.validate(body, fmt=fmt, limits=limits) == SLOW.validate(body, fmt=fmt, limits=limits)


@given(bodies, st.none() | formats, st.none() | charsets)
def test_5_whatever_the_body_comes_as(body: bytes, fmt: int | None, charset: str | None) -> None:
    slow = outcome(SLOW.decode, body, fmt=fmt, charset=charset)
    for given_body in (body, bytearray(body), memoryview(body)):
        assert outcome(CODEC.decode, given_body, fmt=fmt, charset=charset) == slow
    text = body.decode(charset or "utf-8", "replace")
    assert outcome(CODEC.decode, text, fmt=fmt, charset=charset) == outcome(SLOW.decode, text, fmt=fmt, charset=charset)


@given(bodies | st.tuples(sender_lists, formats).map(lambda both: _body(*both)), formats)
def test_5_with_sizes_that_short_bodies_have(body: bytes, fmt: int) -> None:
    whole = outcome(SLOW.decode, body, fmt=fmt)
    written = [] if isinstance(whole, str) else [_body(whole[0], other) for other in Format]
    with small_sizes():
        assert outcome(CODEC.decode, body, fmt=fmt) == whole
        assert written == ([] if isinstance(whole, str) else [_body(whole[0], other) for other in Format])


@pytest.mark.parametrize("target", TARGETS)
def test_the_targets_of_the_fuzzer(target: str) -> None:
    """No law is broken by what the fuzzer begins with."""
    inputs = [data for _, data in inputs_of(target)]
    with small_sizes():
        for data in inputs[:: len(inputs) // 100 or 1]:
            TARGETS[target](data)


@pytest.mark.parametrize(("target", "body"), FOUND)
def test_what_the_fuzzer_has_found(target: str, body: bytes) -> None:
    TARGETS[target](body)


def test_the_fuzzer_says_so_where_there_is_none(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("tests.fuzz.__main__.find_spec", lambda name: None)
    assert fuzz(["--seconds", "1"]) == 0
    assert capsys.readouterr().out == "not fuzzed: atheris is not installed here (pip install atheris)\n"


def _body(reply: Reply, fmt: int) -> bytes:
    try:
        return encode(reply, fmt=fmt)
    except EncodeError:
        return b""


@given(sender_lists, formats)
def test_2_the_writers_lanes_are_one(reply: SenderList, fmt: int) -> None:
    # A mapping of another class keeps the compiled writer away; dictionaries it writes as it does mappings of ours.
    slow, plain = (
        SenderList(
            tuple(
                replace(sender, operators=cls(sender.operators), replacements=cls(sender.replacements))
                for sender in reply.senders
            )
        )
        for cls in (lambda items: MappingProxyType(dict(items)), dict)
    )
    expected = outcome(encode, slow, fmt=fmt)
    with small_sizes():
        for time in ("first", "again"):  # The first time writers are compiled.
            assert outcome(encode, reply, fmt=fmt) == expected, time
        assert outcome(encode, plain, fmt=fmt) == expected


@given(bodies, OPTIONS)
def test_6_strict_is_a_part_of_tolerant(body: bytes, options: dict[str, Any]) -> None:
    options = {**options, "strict": True}
    try:
        reply = decode(body, **options)
    except SmscCodecError:
        return
    options["strict"] = False
    assert decode(body, **options) == reply
    assert validate(body, **options).findings == ()


def test_a_list_longer_than_a_chunk_is_read_like_its_lines() -> None:
    lines = [f"name = N{number}, id = {number}" for number in range(30_000)]
    lines[20_000] = "name = odd, mega_step = 1"
    reply = decode("\n".join(lines), fmt=0)
    assert isinstance(reply, SenderList)
    expected = [Sender(f"N{number}", number) for number in range(30_000)]
    expected[20_000] = Sender("odd", operators={"mega_step": 1})  # type: ignore[dict-item]
    assert reply == SenderList(tuple(expected))


def test_what_the_encoder_refuses_teaches_the_reader_nothing() -> None:
    with pytest.raises(EncodeError, match="a line end would split the value"):
        encode(SenderList((Sender("B\nname = C", status=SenderStatus.ALLOWED, id=3),)), fmt=0)
    reply = decode(b"name = A\nname = B\nname = C, status = 1, id = 3", fmt=0)
    assert reply == SenderList((Sender("A"), Sender("B"), Sender("C", 3, SenderStatus.ALLOWED)))


@pytest.mark.parametrize("fmt", Format)
def test_an_empty_body_is_refused_unless_text_is_asked(fmt: Format) -> None:
    if fmt in (Format.TEXT, Format.CSV):
        assert decode(b"", fmt=fmt) == SenderList()
    else:
        with pytest.raises(SmscCodecError, match="the body is empty"):
            decode(b"", fmt=fmt)
