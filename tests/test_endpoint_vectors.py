"""Every row of the tables of the other endpoints through decoder, encoder, validator and normalized JSON."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import astuple, replace

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    FrozenMapping,
    LimitError,
    Limits,
    SenderCreated,
    Severity,
    normal,
)
from smsc_codec._rows.source import Fallback
from smsc_codec.declare import FORMATS, ID, Endpoint, Field, Layout, Many, Object, Other, Reply
from smsc_codec.endpoints import DEFAULT, ENDPOINTS, balance, get, info, module_of, send, status
from smsc_codec.formats import Format
from smsc_codec.limits import DEFAULT_LIMITS
from smsc_codec.mapping import EMPTY

from .anew import made_once
from .declared import KNOWN
from .lanes import SlowCodec
from .test_work import steps
from .vectors import OTHERS, VECTORS, Vector

GOOD = [vector for vector in OTHERS if vector.reply is not None]
BAD = [vector for vector in OTHERS if vector.reply is None]


def codec_of(vector: Vector, of: Any = None) -> Codec[Any]:
    codec: Codec[Any] = module_of(vector.endpoint).CODEC
    codec = codec if vector.request is None else codec.asked(vector.request)
    return codec if of is None else of(codec.endpoint)


def asked(vector: Vector) -> dict[str, Any]:
    replies = {reply.kind: reply.cls for reply in module_of(vector.endpoint).CODEC.endpoint.replies}
    return {**vector.asked, "expect": replies[vector.expect] if vector.expect else None}


def test_the_tables_are_there() -> None:
    assert {vector.endpoint for vector in OTHERS} == {*ENDPOINTS} - {DEFAULT}
    for known in KNOWN[1:]:
        rows = [vector for vector in GOOD if f"{vector.endpoint}.php" == known.endpoint.name]
        # And none of a format that has no keys and is unknown.
        kinds = {reply.kind for reply in known.endpoint.replies}
        found = {(row.row["fmt"], row.row["reply"]["kind"]) for row in rows}
        forms = {(f, each.kind) for f, n in enumerate(FORMATS) for each in known.endpoint.replies if each.is_known(n)}
        assert forms <= {(f, k) for f, k in found if f is not None}
        assert {k for _, k in found} <= kinds


@pytest.mark.parametrize("vector", GOOD, ids=repr)
def test_decodes(vector: Vector) -> None:
    codec = codec_of(vector)
    for _ in range(2):  # the first time shapes are learned, then they are used
        report = codec.validate(vector.body, **asked(vector))
        reply = codec.decode(vector.body, **asked(vector))
        assert report.reply == reply
        assert json.loads(normal.written(codec.endpoint, reply)) == vector.reply
        assert [finding.code for finding in report.findings] == vector.findings
        assert Severity.ERROR not in [finding.severity for finding in report.findings]
    assert normal.read(codec.endpoint, json.dumps(vector.reply)) == reply
    text = vector.body.decode(vector.charset)
    assert codec.decode(text, **asked(vector), limits=Limits(digits=17)) == reply
    assert codec_of(vector, SlowCodec).decode(vector.body, **asked(vector)) == reply
    if vector.findings:
        with pytest.raises(DecodeError, match=r"\(strict\)"):
            codec.decode(vector.body, strict=True, **asked(vector))
    else:
        assert codec.decode(vector.body, strict=True, **asked(vector)) == reply


@pytest.mark.parametrize("vector", GOOD, ids=repr)
def test_canonical_bodies_come_back(vector: Vector) -> None:
    codec = codec_of(vector)
    reply = normal.read(codec.endpoint, json.dumps(vector.reply))
    if vector.row["fmt"] is not None and not codec._declared(reply).is_known(FORMATS[vector.row["fmt"]]):
        with pytest.raises(EncodeError, match=r"^nobody knows what"):
            codec.encode(reply, fmt=vector.row["fmt"])
        assert not vector.canonical
        return
    for _ in range(2):
        if vector.row["fmt"] == 1 and "an empty cell of a time" in vector.row["note"]:
            # Nothing is written in the place of a value.
            with pytest.raises(EncodeError, match=r"fmt=1 needs last_timestamp$"):
                codec.encode(reply, fmt=1)
            continue
        body = codec.encode(reply, fmt=vector.row["fmt"], charset=vector.charset)
        assert (body == vector.body) is vector.canonical
        # Where fewer digits are allowed than there can be, no record is written by a compiled writer.
        careful = Limits(digits=17)
        if not re.search(rb"\d{18}", body):
            assert codec.encode(reply, fmt=vector.row["fmt"], charset=vector.charset, limits=careful) == body


@pytest.mark.parametrize("vector", BAD, ids=repr)
def test_is_refused(vector: Vector) -> None:
    for codec in (codec_of(vector), codec_of(vector, SlowCodec)):
        with pytest.raises(DecodeError) as caught:
            codec.decode(vector.body, **asked(vector))
        error = caught.value
        found = {"code": error.code, "offset": error.offset, "line": error.line, "column": error.column}
        if error.path:
            found["path"] = error.path
        assert found == vector.error
        assert codec.validate(vector.body, **asked(vector)).reply is None


SENT = send.MessageSent(5, 1, phones=(send.PhoneResult("7", "250"),))


def test_what_a_request_decides() -> None:
    codec = send.CODEC
    price = codec.asked({"cost": "1", "phones": "7"})
    assert price is codec.asked({"cost": "1"}) is price.asked({"cost": "1"})
    assert codec.asked({}) is codec.asked({"cost": ""}) is not price
    assert codec.asked({"cost": "7"}) is codec.asked({"cost": "8"})
    assert price.decode(b"279,1", fmt=1) == send.MessageCost(Decimal(279), 1)
    assert codec.asked({}).decode(b"279,1", fmt=1) == send.MessageSent(279, 1)
    assert balance.CODEC.asked({"cur": "1"}) is balance.CODEC
    # The other formats are the same.
    assert price.decode(b"OK - 1 SMS, ID - 5", fmt=0) == codec.decode(b"OK - 1 SMS, ID - 5", fmt=0)
    assert price._formats[0] is codec._formats[0]
    with pytest.raises(EncodeError, match="the price of a message has no comma-separated form"):
        codec.asked({}).encode(send.MessageCost(Decimal(279), 1), fmt=1)
    with pytest.raises(EncodeError, match=r"unless the codec is that for the request: `Codec.asked\(\{'"):
        codec.encode(send.MessageSent(5, 1, code="123456"), fmt=1)


def test_the_number_of_records_in_a_reply_is_limited() -> None:
    for fmt in range(4):
        body = send.CODEC.encode(SENT, fmt=fmt)
        for codec in (send.CODEC, SlowCodec(send.ENDPOINT)):
            assert codec.decode(body, fmt=fmt, expect=send.MessageSent) == SENT
            with pytest.raises(LimitError, match="at most 0 records, found 1" if fmt == 1 else "at most 0 records"):
                codec.decode(body, fmt=fmt, expect=send.MessageSent, limits=Limits(items=0))
        with pytest.raises(EncodeError, match=r"^phones: expected at most 0 records, found 1"):
            send.CODEC.encode(SENT, fmt=fmt, limits=Limits(items=0))


@pytest.mark.parametrize(
    ("line", "cls"),
    [
        (f"{first}{code}{pairs}{behind}", cls)
        for first, cls in (("OK - 1 SMS, ID - 1", send.MessageSent), ("1.40 (1 SMS)", send.MessageCost))
        for code in ("", ", CODE - 123456", ", CODE - 123456, COST - 1.40, BALANCE - 5")
        for pairs in ("", ", FOO - 1", ", FOO - 1, BAR - a, b")
        for behind in ("", "\nphone = 79, mccmnc = 25001")
        if cls is send.MessageSent or not (code or pairs)
    ],
)
def test_pairs_beside_all_that_a_first_line_can_have(line: str, cls: Any) -> None:
    reply = send.CODEC.decode(line, fmt=0, expect=cls)
    assert send.CODEC.encode(reply, fmt=0).decode() == line
    assert send.CODEC.decode(line, fmt=0, expect=cls) == reply


def test_further_lines_are_limited() -> None:
    line = "OK - 1 SMS, ID - 5" + "".join(f"\na{number} = 1" for number in range(4))
    kept = send.CODEC.decode(line, fmt=0, limits=Limits(fields=4))
    assert kept == send.MessageSent(5, 1, other={f"a{number}": "1" for number in range(4)})
    for limits in (Limits(fields=3), Limits(items=3)):
        with pytest.raises(LimitError, match="at most 3") as caught:
            send.CODEC.decode(line, fmt=0, limits=limits)
        assert caught.value.line == 5
    report = send.CODEC.validate(line + "\na0 = 2", fmt=0)
    assert report.reply is not None and [f.code for f in report.findings].count("duplicate-key") == 1


@pytest.mark.parametrize(
    ("reply", "other", "reason"),
    [
        (send.MessageSent(5, 1), {"A": "x, B - y, C = z"}, "other.A: .* would be read back as something else"),
        (send.MessageSent(5, 1), {"a b": "x"}, "other.a b: .* cannot be read back"),
        (send.MessageSent(5, 1), {"A": "x\ny"}, "other.A: a line end would split the value"),
        (send.MessageSent(5, 1, code="5\na = 5"), {}, "^a line end would split the value"),
        (send.MessageSent(5, 1, code="5\nx"), {}, "^a line end would split the value"),
        (send.MessageSent(5, 1, code="5\na = 5"), {"A": "x, B - y"}, "^a line end would split the value"),
        (send.MessageCost(Decimal(5), 1), {"A": "x, B = y"}, "would be read back as something else"),
        (send.MessageCost(Decimal(5), 1), {"phone": "x"}, "other.phone: .* would be read back as something else"),
        (
            balance.Balance(Decimal(5)),
            {"A": "x"},
            r"other.A: the text format has no place for it \(drop=\['other'\] leaves it out\)",
        ),
        (send.MessageSent(5, 1), {"id": "x"}, "the key has a meaning of its own"),
    ],
)
def test_keys_that_the_text_cannot_carry(reply: Any, other: dict[str, str], reason: str) -> None:
    codec: Codec[Any] = balance.CODEC if isinstance(reply, balance.Balance) else send.CODEC
    with pytest.raises(EncodeError, match=reason):
        codec.encode(replace(reply, other=other), fmt=0)


@pytest.mark.parametrize(
    ("reply", "other", "line"),
    [
        (send.MessageCost(Decimal(5), 1), {"A": "x", "B": ""}, "5 (1 SMS)\nA = x, B = "),
        # What is not read as a pair behind the first line.
        (send.MessageSent(5, 1), {"CODE": "5"}, "OK - 1 SMS, ID - 5\nCODE = 5"),
        (send.MessageSent(5, 1, code="1"), {"A": "x, B - y"}, "OK - 1 SMS, ID - 5, CODE - 1\nA = x, B - y"),
    ],
)
def test_keys_that_a_further_line_carries(reply: Any, other: dict[str, str], line: str) -> None:
    for phones, behind in ((), ""), ((send.PhoneResult("7"),), "\nphone = 7"):
        given = replace(reply, phones=phones, other=FrozenMapping.of(other))
        assert send.CODEC.encode(given, fmt=0).decode() == line + behind
        assert send.CODEC.decode(line + behind, fmt=0) == given


class Noted(msgspec.Struct, frozen=True):
    id: int
    other: FrozenMapping[str] = FrozenMapping()


def test_pairs_of_a_reply_without_further_lines(tmp_path: Path) -> None:
    grammar = tmp_path / "noted.lark"
    grammar.write_text(
        "%import service (error, ID, KEY, _NEXT, _LINE_END)\nreply: (error | noted) [_LINE_END]\n"
        'noted: "ID = " ID [_more]\n_more: (_NEXT KEY _DASH TAIL)+\n_DASH: " - "\nTAIL: /[^,\\r\\n]+/\n',
        "utf-8",
    )
    noted = Reply("noted", "a note", Object(Noted, (Field("id", ID), Other())))
    codec: Codec[Any] = Codec(Endpoint[Any]("notes.php", str(grammar), (noted,)))
    reply = Noted(5, FrozenMapping.of({"A": "x"}))
    assert codec.encode(reply, fmt=0) == b"ID = 5, A - x"
    assert codec.decode(b"ID = 5, A - x", fmt=0) == reply
    with pytest.raises(EncodeError, match="cannot be read back"):
        codec.encode(Noted(5, FrozenMapping.of({"A": "x, B"})), fmt=0)


class Numbered(msgspec.Struct, frozen=True):
    id: int
    numbers: tuple[send.PhoneResult, ...] = ()


def test_elements_among_the_records_of_a_reply_that_keeps_no_keys() -> None:
    numbers = Field("numbers", Many(send.PHONE, item="phone"), text=None, csv=None, optional=True)
    reply = Reply("numbered", "a numbered list", Object(Numbered, (Field("id", ID), numbers)))
    codec: Codec[Any] = Codec(Endpoint[Any]("numbers.php", "send", (reply,)))
    report = codec.validate("<result><id>5</id><numbers><phone>7</phone><x>1</x></numbers></result>", fmt=2)
    assert report.reply == Numbered(5, (send.PhoneResult("7"),))
    (finding,) = report.findings
    assert (finding.severity, finding.code, finding.path, finding.offset) == (Severity.WARNING, "unknown-key", "x", 43)
    assert finding.message == "the element 'x' is not known, and not kept"
    assert codec.decode("<result><id>5</id><numbers><x>1</x></numbers></result>", fmt=2) == Numbered(5)


@pytest.mark.parametrize("phones", [None, [], [send.PhoneResult("7")]])
def test_a_list_in_a_reply_is_a_tuple(phones: Any) -> None:
    for fmt in range(4):
        with pytest.raises(EncodeError, match=r"^phones: expected a tuple, found"):
            send.CODEC.encode(send.MessageSent(5, 1, phones=phones), fmt=fmt)


def test_lists_in_normalized_json() -> None:
    plain = json.loads(normal.written(send.ENDPOINT, SENT))
    assert plain == {"kind": "sent", "id": 5, "parts": 1, "phones": [{"phone": "7", "mccmnc": "250"}]}
    with pytest.raises(DecodeError, match="expected an array"):
        normal.read(send.ENDPOINT, json.dumps({**plain, "phones": {}}))


def test_many_lines_of_several_layouts() -> None:
    line = "1,1476869445,0,1476869440,79991234567,1.40,SMSC.RU,x,Hello, world,,0"
    body = "\n".join(f"{line},{number}" for number in range(100, 1000))
    reply = status.CODEC.decode(body, fmt=1)
    assert isinstance(reply, status.StatusList) and reply[0].raise_for_error() is reply[0]
    assert [message.id for message in reply] == [*range(100, 1000)]
    assert status.CODEC.encode(reply, fmt=1).decode() == body
    assert status.CODEC.decode(body, fmt=1, limits=Limits(text=500)) == reply
    with pytest.raises(LimitError):
        status.CODEC.decode(body, fmt=1, limits=Limits(text=5))
    with pytest.raises(DecodeError, match=r"messages\[0\]\.err"):
        status.CODEC.decode(body.replace(",0,", ",x,", 1), fmt=1, expect=status.StatusList)
    # One of many that would be read as something else.
    odd = replace(
        reply[0], sender_id="HLR", **dict.fromkeys(("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet"), "1")
    )
    listed = replace(reply, messages=(odd,) * 2)
    assert status.CODEC.decode(status.CODEC.encode(listed, fmt=1), fmt=1) == listed
    odd = replace(odd, sender_id="A")
    with pytest.raises(EncodeError, match=r"messages\[0\]: comma-separated replies cannot carry it"):
        status.CODEC.encode(replace(reply, messages=(odd,) * 2), fmt=1)


def test_cells_that_would_be_read_otherwise() -> None:
    codec = status.CODEC
    absent = status.Message(status.MessageState(-3), last_timestamp=0, err=status.DeliveryError(0))
    with pytest.raises(EncodeError, match="last_timestamp: '0' means that there is none"):
        codec.encode(absent, fmt=1)
    with pytest.raises(EncodeError, match="'0' means that there is none"):
        send.CODEC.encode(ErrorReply(send.MessageError(3), None, 0), fmt=1)
    fields = (replace(send.PHONE.fields[0], xml="phone"), replace(send.PHONE.fields[1], xml="mccmnc"))
    label = Reply("label", "a label", Object(send.PhoneResult, fields))
    rows = replace(label, kind="labels", many=status.StatusList, item="label", csv=(Layout(("phone", "mccmnc")),))
    labels: Codec[Any] = Codec(Endpoint[Any]("labels.php", "balance", (rows,)))
    listed = status.StatusList((send.PhoneResult("5", "7"),))  # type: ignore[arg-type]
    assert labels.decode(labels.encode(listed, fmt=1), fmt=1) == listed
    with pytest.raises(EncodeError, match="would be read back as something else"):
        labels.encode(status.StatusList((send.PhoneResult("5", "-7"),)), fmt=1)  # type: ignore[arg-type]
    alone: Codec[Any] = Codec(Endpoint[Any]("labels.php", "balance", (replace(label, csv=rows.csv),)))
    assert alone.encode(send.PhoneResult("5", "7"), fmt=1) == b"5,7"
    with pytest.raises(EncodeError, match="would be read back as something else"):
        alone.encode(send.PhoneResult("5", "-7"), fmt=1)


def _is_empty(row: Vector) -> bool:
    # Which of several lists without records it is, the compiled readers do not tell.
    return row.body in (b"", b"[]") or (row.endpoint == "get" and [*(row.reply or {}).values()][-1:] == [[]])


# Bodies that only the careful reader can judge, and why.
CAREFUL = {
    **dict.fromkeys(["lists:22", "lists:23", "lists:24", "lists:25"], "an empty list"),
    "lists:93": "a key that has a code and a replacement",
    "small:67": "an error without the description, which stands first",
    **dict.fromkeys([f"send/replies:{row}" for row in (35, 36, 39, 40, 64)], "a list in a reply"),
    "wait_call/replies:11": "a list in a reply",
    **dict.fromkeys(["send/replies:50", "send/replies:51"], "an amount alone, which can be a balance"),
    **dict.fromkeys(["send/replies:55", "send/replies:90"], "a name that nobody has documented"),
    **dict.fromkeys(["send/replies:80", "send/replies:81"], "a further line that is not about a number"),
    "status/replies:9": "a message that looks like a field",
    "status/captures:2": "a line of several forms",
    **dict.fromkeys([f"get/replies:{row}" for row in (3, 4, 20, 21)], "a text that looks like something else"),
    **dict.fromkeys(
        ["tinyurls/replies:6", "tinyurls/replies:7", "wait_call/replies:6"], "a name that nobody has documented"
    ),
    "templates/replies:15": "a text that looks like a field",
    "templates/replies:16": "a line end in a text",
    **{row.name: "an empty list" for row in OTHERS if row.canonical and _is_empty(row)},
}


# Canonical bodies that take more steps to read, and why.
LONGER = {
    **dict.fromkeys([*CAREFUL], "only the careful reader can judge them"),
    **dict.fromkeys(["lists:92", *(f"lists:{row}" for row in range(94, 102))], "a replacement"),
    **dict.fromkeys(["lists:156", "lists:157", "lists:158"], "a replacement"),
    **dict.fromkeys(
        ["lists:65", "lists:66", "small:73", "small:75", "status/replies:58"], "a code that is not remembered"
    ),
    **dict.fromkeys(["lists:142", "lists:143", "lists:147", "lists:151"], "an escape in a list of fmt=3"),
    **dict.fromkeys(
        ["variants:17", "variants:18", *(f"info/replies:{row}" for row in (15, 20, 23))],
        "records of several shapes",
    ),
    **dict.fromkeys([f"send/replies:{row}" for row in (33, 34, 37, 38, 41)], "a list in a reply"),
    "templates/replies:19": "a cell of any commas",
    **dict.fromkeys(
        ["jobs/replies:21", "phones/captures:1", "phones/replies:15", "phones/replies:21"], "several shapes"
    ),
    **dict.fromkeys([f"phones/replies:{row}" for row in (22, 23)], "a line that tells which list it is"),
    **dict.fromkeys([f"status/replies:{row}" for row in (11, 12, 13, 17, 18, 19, 36, 37)], "a cell of any commas"),
    **dict.fromkeys([f"status/replies:{row}" for row in (24, 25, 26, 27, 71)], "a cell that tells the layout"),
    **dict.fromkeys(
        ["status/replies:32", "status/replies:33", "status/replies:40", "info/replies:18"], "lines of several layouts"
    ),
    "info/replies:19": "lines of several layouts",
    "status/replies:59": "a cell that tells the layout",
    "get/replies:2": "a message in a line",
    **dict.fromkeys([f"get/replies:{row}" for row in (8, 9, 23, 30)], "lines where there are several lists"),
    **dict.fromkeys([f"get/replies:{row}" for row in (10, 14, 37, 38, 40, 46, 50)], "records of several shapes"),
    "users/replies:15": "lines that tell which list they are",
}


# Those whose replies take more steps to write.
WRITTEN = {
    **dict.fromkeys(["small:73", "small:75"], "a code that is not remembered"),
    **dict.fromkeys([f"send/replies:{row}" for row in (*range(33, 42), 64)], "a list in a reply"),
    "wait_call/replies:11": "a list in a reply",
    **dict.fromkeys(
        [
            *("info/replies:6", "tinyurls/replies:6", "tinyurls/replies:7", "wait_call/replies:6"),
            *(f"send/replies:{row}" for row in (55, 80, 81, 90)),
        ],
        "a key that nobody has documented",
    ),
    **dict.fromkeys(["send/replies:50", "send/replies:51"], "an amount alone, which can be a balance"),
    "status/replies:9": CAREFUL["status/replies:9"],
    "status/replies:23": "an empty cell where another layout has none",
}


def compiled_reply(vector: Vector) -> Any:
    codec, given = codec_of(vector), asked(vector)
    reader = codec._format(Format(given["fmt"]))
    expect = () if given["expect"] is None else (given["expect"], ErrorReply)
    return reader.fast(vector.body, DEFAULT_LIMITS, expect, reader.plain_tables)


@pytest.mark.parametrize(
    "vector",
    [each for each in (*VECTORS, *OTHERS) if each.canonical and each.asked["charset"] in (None, "utf-8")],
    ids=repr,
)
def test_compiled_readers_read_what_is_canonical(vector: Vector) -> None:
    """What is wrong with a compiled reader is not seen from outside: the careful one takes its place."""
    try:
        reply = compiled_reply(vector)
    except (Fallback, IndexError):
        assert vector.name in CAREFUL
    else:
        expected = None if vector.name in CAREFUL else codec_of(vector).decode(vector.body, **asked(vector))
        assert reply == expected


@pytest.mark.parametrize(
    "vector",
    [
        each
        for each in (*VECTORS, *OTHERS)
        if each.canonical and each.asked == {"fmt": each.row["fmt"], "charset": None}
    ],
    ids=repr,
)
def test_what_is_canonical_takes_few_steps_again(vector: Vector) -> None:
    """One expression reads such a body, and one f-string writes such a reply, if no more is given than a format."""
    # It has read nothing, as a shape with the keys in another order would do for some bodies too.
    codec, given = codec_of(vector, Codec), asked(vector)
    fmt, expect = given["fmt"], given["expect"]
    with made_once():
        reply = codec.decode(vector.body, fmt=fmt, expect=expect)
    # A reply with undocumented keys is looked for after all others.
    readers: list[tuple[int, Any]] = [(80 if "unknown-key" in str(vector.findings) else 50, codec.decode)]
    if not vector.findings and vector.body.isascii() and b"&#" not in vector.body:
        readers.append((55, codec.validate))
    for most, read in readers:
        work = partial(read, vector.body, fmt=fmt, expect=expect)
        work()
        assert (steps(work) < most) == (vector.name not in LONGER), work
    if not codec._declared(reply).many:
        work, most = partial(codec.encode, reply, fmt=fmt), 50 + 6 * sum(each is not None for each in astuple(reply))
        work()
        assert (steps(work) < most) == (vector.name not in WRITTEN), work


EACH = [(name, fmt) for name in ENDPOINTS for fmt in Format]


@pytest.mark.parametrize(("name", "fmt"), EACH, ids=[f"{name}-{fmt:d}" for name, fmt in EACH])
def test_what_was_learned_with_an_expected_class(name: str, fmt: Format) -> None:
    """A reader that was learned from a reply does not take another one for an expected class."""
    bodies = {vector.body for vector in (*VECTORS, *OTHERS) if (vector.endpoint, vector.asked["fmt"]) == (name, fmt)}
    endpoint = module_of(name).CODEC.endpoint
    careful: Codec[Any] = SlowCodec(endpoint)
    for reply in endpoint.own:
        codec: Codec[Any] = Codec(endpoint)
        options = {"fmt": fmt, "expect": reply.cls}
        for body in (*bodies, *bodies):
            codec.validate(body, **options)
        for body in bodies:
            assert codec.validate(body, **options) == careful.validate(body, **options), body


@pytest.mark.parametrize("behind", ["\r", "\n\r", "\n\rx", "\n\n\r\nx", "\x00", "\n\x00"])
def test_a_sign_of_no_terminal_behind_a_text(behind: str) -> None:
    """It is read, or refused, even where nothing but the end is allowed."""
    for vector in GOOD:
        if vector.asked["fmt"] == 0:
            body = vector.body.decode(vector.charset) + behind
            report = codec_of(vector).validate(body, **asked(vector))
            assert (report.reply is None) is not report.ok, body


LINE_ENDS = "the end of the line or the end of the reply"
OTHER: Any = FrozenMapping.of({"a": "b"})
FOUND = status.MessageState(1)
NO_PLACE = "comma-separated replies have no place for it"
MONEY_WORDS = "an amount of money (at most 15 digits and 6 decimals)"
WRITTEN_WORDS: list[tuple[Any, int, Any, str]] = [
    (send, 3, send.MessageSent, "expected a reply of send.php (ErrorReply, MessageSent, MessageCost), found the class"),
    (
        balance,
        0,
        balance.Balance(Decimal(1), other=OTHER),
        "other.a: the text format has no place for it (drop=['other'] leaves it out)",
    ),
    (send, 1, send.MessageSent(1, 1, other=OTHER), f"other.a: {NO_PLACE} (drop=['other'] leaves it out)"),
    (
        send,
        1,
        send.MessageSent(1, 1, phones=(send.PhoneResult("7", other=OTHER),)),
        f"phones[0].other.a: {NO_PLACE}",
    ),
    (
        status,
        1,
        status.StatusList((status.Message(FOUND, flag=1),)),
        f"messages[0].flag: {NO_PLACE} (drop=['flag'] leaves it out)",
    ),
    (status, 1, status.Message(FOUND, flag=1), f"flag: {NO_PLACE} (drop=['flag'] leaves it out)"),
    (send, 1, ErrorReply(1, "x"), f"description: {NO_PLACE} (drop=['description'] leaves it out)"),
    (
        send,
        2,
        send.MessageSent(1, 1, other={"a b": "x"}),
        "'a b' cannot be the name of an XML element",
    ),
    *((send, fmt, send.MessageCost(Decimal(1)), f"fmt={fmt} needs parts") for fmt in (1, 2, 3)),
    (balance, 3, balance.Balance(Decimal("0.1234567")), f"balance: expected {MONEY_WORDS}, found Decimal('0.1234567')"),
    (status, 1, status.Message(FOUND), "fmt=1 needs last_timestamp"),
    (
        status,
        1,
        status.Message(status.MessageState(-3), err=status.DeliveryError(0)),
        "err: '0' means that there is none in this format",
    ),
    (
        send,
        1,
        send.MessageSent(1, 1, code="abc"),
        "code: expected a value that matches [0-9]{6} in this format, found 'abc'",
    ),
    (status, 1, status.Message(FOUND, imsi=""), "fmt=1 needs last_timestamp, err, msc, mcc, mnc, cn, net, rcn, rnet"),
    (send, 1, send.MessageSent(1, 1, balance=Decimal(5)), "fmt=1 needs cost"),
    (status, 1, status.Message(FOUND, last_timestamp=1, sms_cnt=1), f"sms_cnt: {NO_PLACE}"),
]


@pytest.mark.parametrize(("module", "fmt", "reply", "words"), WRITTEN_WORDS)
def test_what_is_said_of_a_reply_that_a_format_cannot_carry(module: Any, fmt: int, reply: Any, words: str) -> None:
    with pytest.raises(EncodeError) as caught:
        module.CODEC.encode(reply, fmt=fmt)
    assert str(caught.value).removesuffix(" MessageSent; pass an instance") == words


READ_WORDS: list[tuple[Any, int | None, bytes, str]] = [
    (send, 0, b"OK - x SMS, ID - 5", "expected a whole number of at most 18 digits, found 'x SMS, ID - 5'"),
    (send, 0, b"ERROR = 3 (), ID - 5x", f"expected {LINE_ENDS}, found 'x'"),
    (send, 0, b"OK - 1 SMS, ID - 5, CODE - x", "expected a code, found 'x'"),
    (status, 0, b"Status = x", "expected the state of a message, found 'x'"),
    (status, 0, b"Status = 1, cost = x", f"expected ', ', {MONEY_WORDS}, {LINE_ENDS}, found 'x'"),
    (status, 0, b"Status = 1, check_time = x", f"expected ', ', a date, {LINE_ENDS}, found 'x'"),
    *((module, fmt, b"", "the body is empty") for module in (send, balance) for fmt in (None, *Format)),
    (info, 3, b"", "the body is empty"),
    (info, None, b"", "the body is empty (with fmt=0 or fmt=1 that means an empty list; pass fmt to accept it)"),
]


@pytest.mark.parametrize(("module", "fmt", "body", "words"), READ_WORDS)
def test_what_is_said_of_a_body_that_is_not_a_reply(module: Any, fmt: int | None, body: bytes, words: str) -> None:
    with pytest.raises(DecodeError) as caught:
        module.CODEC.decode(body, fmt=fmt)
    assert caught.value.reason == words
    assert body or caught.value.code == "empty"


def test_the_path_of_a_value_in_a_line_is_that_of_the_expected_reply() -> None:
    line = b"1,1476869445,0,1476869440,79991234567,x,SMSC.RU,state,a,,0"
    for codec in (status.CODEC, status.CODEC.asked({"all": "1"}), SlowCodec(status.ENDPOINT)):
        with pytest.raises(DecodeError, match=f"expected {re.escape(MONEY_WORDS)}, found 'x'") as caught:
            codec.decode(line, fmt=1, expect=status.Message)
        assert (caught.value.path, caught.value.column) == ("cost", 39)


def test_hints_to_drop_a_field_can_be_followed() -> None:
    stray = get.IncomingMessage(1, datetime(2024, 1, 1), "7", "a", "7", datetime(2024, 1, 1), OTHER)
    with pytest.raises(EncodeError, match=r"\(drop=\['other'\] leaves it out\)$"):
        get.CODEC.encode(get.IncomingList((stray,)), fmt=1)
    assert get.CODEC.encode(get.IncomingList((stray,)), fmt=1, drop=["other"]) == get.CODEC.encode(
        get.IncomingList((replace(stray, other=EMPTY),)), fmt=1
    )


def test_other_keys_that_are_dropped() -> None:
    sent = send.MessageSent(1, 1, other=OTHER)
    one = status.Message(
        FOUND, last_timestamp=5, last_date=datetime(2024, 5, 17), id=1, phone="7", err=None, other=OTHER
    )
    one = replace(one, err=status.DeliveryError(0))
    assert send.CODEC.encode(sent, fmt=1, drop=["other"]) == b"1,1"
    assert send.CODEC.encode(sent, fmt=3, drop=["other"]) == send.CODEC.encode(sent, fmt=3)
    assert send.CODEC.encode(sent, fmt=0, drop=["other"]) == send.CODEC.encode(sent, fmt=0)
    assert balance.CODEC.encode(balance.Balance(Decimal(1), other=OTHER), fmt=0, drop=["other"]) == b"1"
    both = status.StatusList((one, one))
    assert status.CODEC.encode(both, fmt=1, drop=["other", "last_date"]) == b"1,5,0,1,7\n1,5,0,1,7"
    wrong: Any = status.StatusList((5,))  # type: ignore[arg-type]
    with pytest.raises(EncodeError, match=r"messages\[0\]: expected a Message, found int"):
        status.CODEC.encode(wrong, fmt=1, drop=["other"])


@pytest.mark.parametrize("fmt", [0, 2, 3])
def test_a_reply_is_not_read_as_another_of_its_endpoint(fmt: int) -> None:
    """To expect another class is an error, except for a list of one record and for a reply that is a word."""
    for vector in (*VECTORS, *OTHERS):
        codec = codec_of(vector)
        if vector.row["fmt"] != fmt or vector.asked != {"fmt": fmt, "charset": None}:
            continue
        reply = codec.validate(vector.body, fmt=fmt).reply
        # A name can be a number, so that what is expected tells it from the id of a new one.
        if reply is None or type(reply) is SenderCreated or not (other := codec._declared(reply)).object.fields:
            continue
        for declared in codec.endpoint.own:
            found = codec.validate(vector.body, fmt=fmt, expect=declared.cls).reply
            # What nobody knows the keys of can have any.
            open_ = declared.object.takes_any_keys
            alike = declared.cls is type(reply) or declared.object is other.object or open_
            assert found is None or alike or type(found) is ErrorReply, (vector, found)
