"""The calls of the service: the table of cases, laws, errors. `test_handlers.py` has the handlers over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import pickle
import sys
import tracemalloc
from contextlib import suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from smsc_codec import (
    DecodeError,
    DeliveryError,
    EncodeError,
    Format,
    FrozenMapping,
    LimitError,
    Limits,
    MessageState,
    MessageType,
    OptionError,
    SmscCodecError,
)
from smsc_codec import callbacks as module
from smsc_codec.callbacks import LIMITS, Callback, CallCallback, IncomingCallback, StatusCallback, decode, encode

from .fuzz.targets import callbacks as fuzzed
from .vectors import FOLDER

KINDS: dict[type, str] = {StatusCallback: "status", IncomingCallback: "incoming", CallCallback: "call"}
CHARSETS = ["windows-1251", "utf-8", "koi8-r"]
STATUS = StatusCallback(id=279, phone="79990001122", status=MessageState.DELIVERED)
INCOMING = IncomingCallback(phone="79990001122", mes="Да: нет", to="79101112233", id=7)
CALL = CallCallback(phone="79990001122", waitcall="1", ts=1679060876)


def rows_of(name: str) -> list[Any]:
    lines = (FOLDER / "callbacks" / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [pytest.param(row, id=f"{number}: {row['note']}") for number, row in enumerate(rows, 1)]


def body_of(row: dict[str, Any]) -> bytes:
    return base64.b64decode(row["body_base64"]) if "body_base64" in row else str(row["body"]).encode()


def asked_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("content_type", "query") if name in row}


def plain(call: Callback) -> dict[str, Any]:
    """Return a call as the table of cases has it."""
    found: dict[str, Any] = {"kind": KINDS[type(call)]}
    defaults = {"charset": "windows-1251", "other": {}}
    for name in call.__struct_fields__:
        value = getattr(call, name)
        value = {**value} if name == "other" else value
        if value != defaults.get(name):
            found[name] = int(value) if isinstance(value, int) else value if isinstance(value, dict) else str(value)
    return found


# The table of cases


@pytest.mark.parametrize("row", rows_of("calls"))
def test_calls(row: dict[str, Any]) -> None:
    body, asked = body_of(row), asked_of(row)
    call = decode(body, **asked)
    assert plain(call) == row["call"]
    assert decode(memoryview(body), **asked) == call
    if isinstance(asked.get("query"), str):
        assert decode(body, **{**asked, "query": asked["query"].encode()}) == call
    if "canonical" in row:
        assert encode(call, fmt=row["canonical"]) == body
    if "secret" in row:
        assert call.verify(row["secret"]) is row["verified"]
        assert call.verify(row["secret"].encode()) is row["verified"]
        assert not call.verify(row["secret"] + "x")
    for written in (None, 2, 3):
        try:
            again = encode(call, fmt=written)
        except EncodeError as error:
            assert call.charset == "koi8-r" or "cannot be the name" in error.reason
        else:
            assert decode(again, query=f"charset={call.charset}") == call


@pytest.mark.parametrize("row", rows_of("refused"))
def test_refused(row: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(body_of(row), **asked_of(row))
    error = caught.value
    where = {"code": error.code, "offset": error.offset, "line": error.line, "column": error.column}
    assert {**where, **({"path": error.path} if error.path else {})} == row["error"]
    assert len(str(error)) < 700 and "reply" not in error.reason


def test_the_table_has_grades() -> None:
    rows: list[Any] = [param.values[0] for name in ("calls", "refused") for param in rows_of(name)]
    assert {row["evidence"] for row in rows} == {"documented", "client", "choice"}


# Laws

EVERY = {name: bytes(range(256)).decode(name, "ignore") for name in ("windows-1251", "koi8-r")}
TEXTS = {
    **{name: st.text(characters, max_size=12) for name, characters in EVERY.items()},
    "utf-8": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
}
IDS = st.integers(0, 10**18 - 1)
NUMBERS = st.integers(0, 300)
MONEY = st.decimals(0, 10**9, places=2)
CHECKS = st.none() | st.text("0123456789abcdefABCDEF", max_size=40)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def calls_in(charset: str) -> st.SearchStrategy[Callback]:
    text = TEXTS[charset]
    names = text.filter(lambda key: key not in {*StatusCallback.__struct_fields__, "mes", "waitcall", "to", "sent"})
    shared: dict[str, Any] = {"md5": CHECKS, "sha1": CHECKS, "crc32": CHECKS, "charset": st.just(charset)}
    shared["other"] = st.dictionaries(names.filter(lambda key: key != "sms_id"), text, max_size=3)
    texts = ("time", "syserr", "sender_id", "imsi", "mnc", "cn", "rcn", "rnet", "region")
    some: dict[str, Any] = dict.fromkeys(texts, maybe(text))
    some |= {"ts": maybe(IDS), "cnt": maybe(IDS), "flag": maybe(IDS), "cost": maybe(MONEY)}
    some |= {"err": maybe(NUMBERS.map(DeliveryError)), "type": maybe(NUMBERS.map(MessageType))}
    states = st.integers(-3, 30).map(MessageState)
    status: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {"id": IDS, "phone": text, "status": states, "charset": st.just(charset)}, optional=some
    )
    incoming = st.builds(IncomingCallback, text, text, text, *[maybe(IDS)] * 4, **shared)
    call = st.builds(CallCallback, text, text, IDS, **shared)
    return st.one_of(status.map(lambda given: StatusCallback(**given)), incoming, call)


CALLS = st.sampled_from(CHARSETS).flatmap(calls_in)
FORMS = st.sampled_from([None, Format.XML, Format.JSON])


@given(CALLS, FORMS, st.text(min_size=1) | st.binary(min_size=1), st.integers(0, 7))
def test_what_is_written_is_read_back_and_verified(
    call: Callback, fmt: Format | None, secret: str | bytes, chosen: int
) -> None:
    some = {"md5": bool(chosen & 1), "sha1": bool(chosen & 2), "crc32": bool(chosen & 4)}
    signed = call
    if chosen and not any(":" in text for name, text in module._covered(call)[0] if name in ("phone", "to")):
        signed = call.sign(secret, **some)
        assert signed.verify(secret, allow_crc32=True)
        assert signed.verify(secret) is (some["md5"] or some["sha1"])
        assert signed.key == call.key and module._covered(signed) == module._covered(call)
    try:
        body = encode(signed, fmt=fmt)
    except EncodeError as error:
        assert fmt is not None, error
        return
    query = f"fmt={0 if fmt is None else int(fmt)}&charset={call.charset}"
    received = decode(body, query=query)
    assert received == signed and encode(received, fmt=fmt) == body
    if fmt is None and not {"charset", "fmt"} & {*call.other}:
        assert decode(b"", query=query.encode() + b"&" + body) == signed


SHORT = st.text("7:", max_size=3)
ALIKE = st.one_of(
    st.builds(StatusCallback, st.sampled_from([7, 77]), SHORT, st.sampled_from([MessageState(7), MessageState(77)])),
    st.builds(IncomingCallback, SHORT, SHORT, SHORT),
    st.builds(CallCallback, SHORT, st.just("1"), st.sampled_from([7, 77])),
)


@given(ALIKE, ALIKE, st.sampled_from(["md5", "sha1"]))
def test_calls_of_a_kind_with_the_same_check_value_are_the_same(call: Callback, other: Callback, name: str) -> None:
    try:
        signed = call.sign("secret", md5=name == "md5", sha1=name == "sha1")
    except EncodeError:
        return
    forged = replace(other, md5=signed.md5, sha1=signed.sha1)
    if type(call) is type(other):
        assert forged.verify("secret") is (module._covered(call) == module._covered(other))


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    charset = data.draw(st.sampled_from(CHARSETS))
    drawn: st.SearchStrategy[Callback] = st.sampled_from([STATUS, INCOMING, CALL])
    call = data.draw(drawn)
    signed = replace(call, charset=charset).sign("secret", sha1=data.draw(st.booleans()))
    body = encode(signed)
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    try:
        received = decode(changed, query=f"charset={charset}")
    except DecodeError:
        return
    covered = module._covered(received) == module._covered(signed) and received.charset == charset
    assert not received.verify("secret") or covered


BODIES = st.binary() | st.lists(
    st.sampled_from(
        (
            *(
                b"id=",
                b"phone=7",
                b"&",
                b"status=",
                b"mes=",
                b"waitcall",
                b"ts=1",
                b"%",
                b"%C4",
                b"{",
                b'"id":',
                b"<a>",
            ),
            *(b"<id>", b"</a>", b"1", b"\xc4", b"--b\r\n", b'Content-Disposition: form-data; name="id"\r\n\r\n'),
            *(b"charset=", b"utf-8"),
        )
    )
).map(b"".join)


@given(
    BODIES | st.text(),
    st.none() | st.sampled_from(["multipart/form-data; boundary=b", "application/json", "text/xml"]) | st.text(),
    st.none() | st.text() | BODIES,
)
@example(b"\xff\xfe{\x00}\x00", "application/json", None)
@example("\ud800", None, None)
@example("", None, "\ud800")
@example(b"\xef\xbb\xbf", "application/json", None)
@example(b"\xef\xbb\xbf", "text/xml", None)
def test_any_bytes_are_a_call_or_an_error(
    body: bytes | str, content_type: str | None, query: str | bytes | None
) -> None:
    try:
        call = decode(body, content_type=content_type, query=query)
    except SmscCodecError as error:
        assert isinstance(error, DecodeError) and len(str(error)) < 1000
    else:
        assert type(call) in KINDS and call.verify("x") in (True, False) and call.key


@given(st.binary(max_size=200))
def test_the_fuzzer_s_target(data: bytes) -> None:
    fuzzed(data)


# Check values


def test_against_another_implementation() -> None:
    text = "79990001122:Да: нет:79101112233:secret".encode("windows-1251")
    signed = INCOMING.sign("secret", sha1=True, crc32=True)
    assert signed.md5 == hashlib.md5(text).hexdigest() and signed.sha1 == hashlib.sha1(text).hexdigest()
    assert STATUS.sign("secret").md5 == hashlib.md5(b"279:79990001122:1:secret").hexdigest()
    assert CALL.sign("secret").md5 == hashlib.md5(b"79990001122:1679060876:secret").hexdigest()
    assert replace(INCOMING, mes="123456789", phone="", to="").sign("x", crc32=True).crc32 is not None


def test_a_secret_in_cyrillic_letters() -> None:
    assert INCOMING.sign("ключ").verify("ключ".encode("windows-1251"))
    assert replace(INCOMING, charset="utf-8").sign("ключ").verify("ключ".encode())
    assert INCOMING.sign("\U0001f511").verify("\U0001f511".encode())
    assert INCOMING.sign("\ud800").verify("\ud800")


def test_all_check_values_are_compared_in_constant_time() -> None:
    signed = STATUS.sign("secret", sha1=True, crc32=True)
    compared: list[int] = []

    def compare(found: bytes, made: bytes) -> bool:
        compared.append(len(made))
        return hmac.compare_digest(found, made)

    with patch.object(module, "compare_digest", compare):
        assert signed.verify("secret")
        whole = compared.copy()
        for wrong in ("md5", "sha1", "crc32"):
            compared.clear()
            assert not replace(signed, **{wrong: "\u0430" * 40}).verify("secret", allow_crc32=True)
            assert compared == whole
    assert len(whole) == 4


def test_crc32_has_to_be_allowed() -> None:
    signed = STATUS.sign("secret", md5=False, crc32=True)
    assert (signed.md5, signed.sha1) == (None, None)
    assert not signed.verify("secret") and signed.verify("secret", allow_crc32=True)
    assert not signed.verify("other", allow_crc32=True)
    assert signed.crc32 is not None
    assert replace(signed, crc32=f"{int(signed.crc32):08X}").verify("secret", allow_crc32=True)


def test_what_cannot_be_signed() -> None:
    for call, path in (
        (replace(INCOMING, phone="7:9"), "phone"),
        (replace(INCOMING, to="7:9"), "to"),
        (replace(CALL, phone="7:9"), "phone"),
        (replace(INCOMING, mes="\U0001f600"), "mes"),
    ):
        with pytest.raises(EncodeError) as caught:
            call.sign("secret")
        assert caught.value.path == path and "secret" not in str(caught.value)
        assert not replace(call, md5="0" * 32).verify("secret")
    assert replace(STATUS, phone="vk:9").sign("secret").verify("secret")


@pytest.mark.parametrize("secret", ["", b"", None, 5, ["secret"]], ids=repr)
def test_a_wrong_secret(secret: Any) -> None:
    for work in (STATUS.verify, STATUS.sign):
        with pytest.raises(OptionError, match=r"secret (is|has)"):
            work(secret)


def with_charset(charset: str) -> StatusCallback:
    """Make it anew: `replace` of an older msgspec checks nothing."""
    return StatusCallback(**{**asdict(STATUS), "charset": charset})


def test_other_wrong_arguments() -> None:
    for work in (
        lambda: STATUS.verify("x", allow_crc32=1),  # type: ignore[arg-type]
        lambda: STATUS.sign("x", md5=False),
        lambda: STATUS.sign("x", sha1="yes"),  # type: ignore[arg-type]
        lambda: with_charset("cp866"),
        lambda: decode(5),  # type: ignore[arg-type]
        lambda: decode(None),  # type: ignore[arg-type]
        lambda: decode(b"", content_type=b"text/xml"),  # type: ignore[arg-type]
        lambda: decode(b"", query={"id": "5"}),  # type: ignore[arg-type]
        lambda: decode(b"", limits=None),  # type: ignore[arg-type]
        lambda: encode(STATUS, fmt=0),
        lambda: encode(STATUS, fmt="csv"),
        lambda: encode(STATUS, fmt=9),
        lambda: encode({"id": 5}),  # type: ignore[arg-type]
        lambda: encode(STATUS, limits=5),  # type: ignore[arg-type]
    ):
        with pytest.raises(OptionError):
            work()
    assert with_charset("CP1251") == STATUS


class OwnText(str):
    """A text that does not let itself be read by its methods."""

    def encode(self, *given: Any) -> bytes:
        raise RuntimeError

    def isascii(self) -> bool:
        raise RuntimeError


def test_texts_with_methods_of_their_own() -> None:
    form = "id=279&phone=79990001122&status=1"
    assert decode(OwnText(form), query=OwnText("charset=utf-8")) == decode(b"", query=OwnText(f"charset=utf-8&{form}"))
    assert decode(b"", query=bytearray(form, "ascii")) == decode(form, query="")


def test_secrets_are_masked() -> None:
    for body in (
        b"id=5&phone=7&psw=PLANTED&status=x",
        b"id=5&phone=7&status=psw%3DPLANTED",
        b'{"id":5,"phone":"7","apikey":"PLANTED","status":"x"}',
        b"<a><id>5</id><phone>7</phone><psw>PLANTED</psw><status>x</status></a>",
        b"psw=PLANTED&x=%98",
        b"id=5&phone=7&status=1&" + b"x=1&" * 300 + b"psw=PLANTED",
    ):
        with pytest.raises(DecodeError) as caught:
            decode(body, query="token=PLANTED&charset=windows-1251")
        error = caught.value
        assert "PLANTED" not in f"{error}{error!r}{vars(error)}"
    # What else the handler's address has is its own, whatever its name is.
    for body, query in (
        (b"", "hook=PLANTED&charset=cp866"),
        (b"x", "a=%50LANTED&charset=cp866"),
        (b"", "a=PLANTED&id=x&mes"),
    ):
        with pytest.raises(DecodeError) as caught:
            decode(body, query=query)
        assert "PLANTED" not in f"{caught.value}{vars(caught.value)}" and "LANTED" not in caught.value.excerpt
        assert "***" in caught.value.excerpt
    signed = STATUS.sign("PLANTED")
    assert "PLANTED" not in f"{signed!r}{encode(signed)!r}"


# Values


def test_what_the_values_say() -> None:
    call = replace(STATUS, flag=0x504, ts=1679060876)
    assert call.final and call.delivered and call.flags is not None and call.flags.type is MessageType.HLR
    assert call.ts_utc == datetime(2023, 3, 17, 13, 47, 56, tzinfo=timezone.utc)
    assert not replace(call, err=DeliveryError.NOT_IN_NETWORK).delivered
    assert not replace(call, status=MessageState.WAITING).final
    assert (STATUS.flags, STATUS.ts_utc) == (None, None)
    assert replace(STATUS, ts=10**17).ts_utc is None
    assert replace(INCOMING, sent=0, time=60).sent_utc == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert replace(INCOMING, sent=0, time=60).time_utc == datetime(1970, 1, 1, 0, 1, tzinfo=timezone.utc)
    assert CALL.ts_utc == datetime(2023, 3, 17, 13, 47, 56, tzinfo=timezone.utc)


def test_values_are_values() -> None:
    for call in (STATUS, INCOMING, CALL, decode(b"id=1&phone=7&status=77&cost=0.40&x=y")):
        assert pickle.loads(pickle.dumps(call)) == call and hash(call) == hash(replace(call))
        with pytest.raises(AttributeError):
            call.phone = "8"  # type: ignore[misc]
    call = decode(b"id=1&phone=7&status=77&cost=0.40&x=y")
    assert isinstance(call, StatusCallback)
    assert str(call.cost) == "0.40" and call.status == 77 and not call.status.known
    assert call.other == {"x": "y"} and isinstance(call.other, FrozenMapping)
    match decode(b"phone=7&mes=hi&to=8"):
        case IncomingCallback(phone, mes, to):
            assert (phone, mes, to) == ("7", "hi", "8")
        case other:
            pytest.fail(repr(other))


def test_keys() -> None:
    assert (STATUS.key, CALL.key) == ("status:279:79990001122:1", "call:79990001122:1679060876")
    assert INCOMING.key == "incoming:7:619054288f51afb6e02ce5d36bebae33"
    # What a forger can change without the secret does not change it.
    assert replace(STATUS, ts=5, err=DeliveryError(1), cost=Decimal(1), md5="0", other={"x": "y"}).key == STATUS.key
    assert replace(CALL, waitcall="2", other={"x": "y"}).key == CALL.key
    assert replace(STATUS, status=MessageState.READ).key != STATUS.key
    assert replace(INCOMING, sms_id=1, sent=5, time=5, charset="utf-8").key == INCOMING.key
    # Who sends an old message again under the id of one that is still to come must not keep that one away.
    unnamed = replace(INCOMING, id=None, sent=5)
    others = [replace(INCOMING, id=8), replace(INCOMING, mes="Нет"), replace(INCOMING, phone="7"), unnamed]
    others += [replace(unnamed, sent=7), replace(unnamed, mes="Нет")]
    assert len({INCOMING.key, *(other.key for other in others)}) == 7


def test_a_string_for_a_body() -> None:
    text = "id=7&phone=7&mes=Да&to=8"
    assert decode(text) == replace(INCOMING, phone="7", mes="Да", to="8", charset="utf-8")
    assert decode(text, query="") == replace(INCOMING, phone="7", mes="Да", to="8")
    assert decode("", query=text) == replace(INCOMING, phone="7", mes="Да".encode().decode("windows-1251"), to="8")
    with pytest.raises(DecodeError) as caught:
        decode(text + "\U0001f600", query="")
    assert (caught.value.code, caught.value.offset) == ("charset", len(text))
    given = decode('{"id":7,"phone":"7","mes":"Да","to":"8"}')
    assert given == replace(INCOMING, phone="7", mes="Да", to="8")
    assert decode('<a phone="7" mes="Да" to="8" id="7"/>', query="charset=utf-8") == replace(given, charset="utf-8")
    # WSGI has a character for each byte.
    assert decode(b"", query="id=7&phone=7&mes=\xc4\xe0&to=8") == given


# Limits


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (b"id=1&phone=7&status=1&x=1", Limits(body=24)),
        (b"id=1&phone=7&status=1&x=1", Limits(fields=3)),
        (b"id=1&phone=7&status=1&x=12345", Limits(text=4)),
        (b"id=1&phone=7&status=1&xxxxxxx=1", Limits(text=6)),
        (b"id=123&phone=7&status=1", Limits(digits=2)),
        (b'{"id":1,"phone":"7","status":1,"x":1}', Limits(fields=3)),
        (b'{"id":1,"phone":"7","status":1,"x":[[1]]}', Limits(depth=2)),
        (b"<a><id>1</id><phone>7</phone><status>1</status><x/></a>", Limits(fields=3)),
        (b"<a><id><x><y/></x></id></a>", Limits(depth=2)),
        (b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n1\r\n' * 4 + b"--b--", Limits(fields=3)),
    ],
    ids=repr,
)
def test_limits(body: bytes, limits: Limits) -> None:
    kind = "multipart/form-data; boundary=b" if body.startswith(b"--b") else None
    with pytest.raises(LimitError):
        decode(body, content_type=kind, limits=limits)


def test_limits_of_a_query() -> None:
    with pytest.raises(LimitError):
        decode(b"", query="id=1&phone=7&status=1", limits=Limits(body=20))
    with pytest.raises(LimitError):
        decode(encode(STATUS), query="&" * 256)
    with pytest.raises(LimitError):
        decode(b"&" * (LIMITS.body + 1))
    assert decode(encode(STATUS), query="&" * 255) == STATUS


def test_limits_of_writing() -> None:
    for call, limits, path in (
        (replace(STATUS, other={str(at): "" for at in range(254)}), Limits(), "other"),
        (replace(INCOMING, mes="x" * 5), Limits(text=4), "phone"),
        (STATUS, Limits(body=30), ""),
    ):
        with pytest.raises(EncodeError) as caught:
            encode(call, limits=limits)
        assert caught.value.path == path


@pytest.mark.parametrize(
    ("call", "fmt", "path"),
    [
        (replace(STATUS, other={"mes": "x"}), None, "other.mes"),
        (replace(STATUS, other={"waitcall": "x"}), 3, "other.waitcall"),
        (replace(CALL, other={"mes": "x"}), 2, "other.mes"),
        (replace(STATUS, other={"id": "x"}), None, "other['id']"),
        (replace(STATUS, cn="\U0001f600"), None, "cn"),
        (replace(STATUS, other={"\U0001f600": "x"}), 3, "other.\U0001f600"),
        (replace(INCOMING, charset="koi8-r"), 2, "charset"),
        (replace(INCOMING, charset="koi8-r"), Format.JSON, "charset"),
        (replace(INCOMING, mes="\0"), "xml", "mes"),
        (replace(STATUS, other={"a b": "x"}), 2, ""),
        (replace(STATUS, phone=5), None, "phone"),
        (replace(STATUS, cost=1.5), None, "cost"),
        (replace(STATUS, id="5"), None, "id"),
    ],
    ids=str,
)
def test_what_cannot_be_written(call: Any, fmt: Any, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(call, fmt=fmt)
    assert caught.value.path == path
    # A value that somebody has made of wrong types has no check value, and raises nothing else.
    assert not call.verify("x") and call.key


def test_memory_is_a_multiple_of_the_body() -> None:
    for piece, kind in (
        (b"%C4", None),
        *((piece, None) for piece in (b"&", b"<", b"[", b"%", b"a=1&")),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
    ):
        body = (b"id=1&phone=7&status=1&x=" if piece == b"%C4" else b"") + piece * (12_000 // len(piece))
        peaks = []
        for times in (1, 2):  # the first loads what is loaded late
            tracemalloc.start()
            with suppress(DecodeError):
                decode(body * times, content_type=kind)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[-1] < 40 * 2 * len(body), piece


def test_steps_grow_linearly() -> None:
    """Of a body that is twice as long the work is twice as much at most; counted in lines of Python."""

    def steps(body: bytes) -> int:
        count = 0

        def trace(frame: Any, event: str, argument: object) -> Any:
            nonlocal count
            count += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            decode(body, limits=Limits(fields=10_000))
        except DecodeError:
            pass
        finally:
            sys.settrace(before)
        return count

    for piece in (b"&", b"a=1&", b"id=1&", b"%41&", b"<a/>"):
        few, many = steps(piece * 300), steps(piece * 600)
        assert many < 2.2 * few, piece


def test_the_module_is_loaded_by_those_who_ask() -> None:
    assert module.__name__ == StatusCallback.__module__ == decode.__module__
    source = Path(module.__file__).read_text("utf-8")
    # Its forms are not read by what decides for others: semicolons, most fields, lenient Unicode.
    assert "parse_qs" not in source and "import urllib" not in source
    assert msgspec.structs.fields(StatusCallback)[-1].name == "other"
