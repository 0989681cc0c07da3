"""The model: immutable, comparable, hashable, picklable, matchable, and with every documented number."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smsc_codec import (
    ApiError,
    EncodeError,
    ErrorCode,
    ErrorReply,
    Format,
    FrozenMapping,
    Limits,
    Message,
    MessageSent,
    OperatorStatus,
    OptionError,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    ServiceError,
    Severity,
    SmscCodecError,
    Success,
    decode,
    encode,
    to_json,
    validate,
)
from smsc_codec.callbacks import CallCallback
from smsc_codec.declare import Many, Other
from smsc_codec.endpoints import ENDPOINTS, codec_of
from smsc_codec.mapping import EMPTY

OPERATORS: FrozenMapping[OperatorStatus] = FrozenMapping.of({"mega_step": OperatorStatus.APPROVED})
SENDER = Sender("SMSC.RU", 5, SenderStatus.ALLOWED, OPERATORS, FrozenMapping.of({"mega_int": "INFO"}))  # type: ignore[arg-type]
REPLIES: list[Reply] = [
    SenderList((SENDER, Sender("A"))),
    SenderCreated(5),
    Success(),
    ErrorReply(SenderError(15), "unknown error", 541),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_a_reply_survives_copying(reply: Reply) -> None:
    for again in (pickle.loads(pickle.dumps(reply)), copy.copy(reply), copy.deepcopy(reply)):
        assert again == reply
        assert hash(again) == hash(reply)
        assert repr(again) == repr(reply)


def test_reports_and_limits_cannot_be_changed() -> None:
    report = validate(b"name = A, new = 1", fmt=0)
    values: list[tuple[Any, str]] = [(report, "reply"), (report.findings[0], "code"), (Limits(), "body")]
    for value, name in values:
        with pytest.raises(AttributeError):
            setattr(value, name, None)
        assert hash(value) == hash(copy.copy(value))


def test_severities_are_what_is_printed() -> None:
    assert [severity.value for severity in Severity] == ["error", "warning", "info"]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_a_reply_cannot_be_changed(reply: Reply) -> None:
    for name in ("senders", "id", "code", "new"):
        with pytest.raises(AttributeError):
            setattr(reply, name, 1)
    with pytest.raises(AttributeError):
        SENDER.name = "B"  # type: ignore[misc]
    with pytest.raises(TypeError):
        SENDER.operators["mega_step"] = OperatorStatus.SENT  # type: ignore[index]


def test_by_hand_and_decoded_are_equal() -> None:
    decoded = decode(b"name = SMSC.RU, status = 1, mega_step = 2, mega_int = INFO, id = 5", fmt=0)
    operators: Any = {"mega_step": 2}
    by_hand = Sender("SMSC.RU", 5, SenderStatus.ALLOWED, operators, {"mega_int": "INFO"})
    assert decoded == SenderList([by_hand])  # type: ignore[arg-type]
    assert hash(decoded) == hash(SenderList((by_hand,))) == hash(SenderList((SENDER,)))
    assert isinstance(SenderList([by_hand]).senders, tuple)  # type: ignore[arg-type]


def test_what_a_sender_does_not_have_is_not_shown() -> None:
    assert repr(Sender("A")) == "Sender(name='A')"
    assert repr(Sender("A", 5, operators={"mts": OperatorStatus.SENT}, replacements={"b": "X"})) == (
        "Sender(name='A', id=5, operators={'mts': <OperatorStatus.SENT: 1>}, replacements={'b': 'X'})"
    )


MESSAGE = decode(b"Status = 1, err = 0, new = x", fmt=0, expect=Message)
SHOWN = [
    (MESSAGE, "Message(status=<MessageState.DELIVERED: 1>, err=<DeliveryError.NONE: 0>, other={'new': 'x'})"),
    (MessageSent(33, 1), "MessageSent(id=33, parts=1)"),
    (ErrorReply(2), "ErrorReply(code=2)"),
    (
        CallCallback(phone="7", waitcall="8", ts=5),
        "CallCallback(phone='7', waitcall='8', ts=5, charset='windows-1251')",
    ),
    (Limits(), "Limits()"),
    (Limits(items=3), "Limits(items=3)"),
]


@pytest.mark.parametrize(("value", "shown"), SHOWN)
def test_what_is_absent_is_not_shown(value: Any, shown: str) -> None:
    assert repr(value) == shown
    pretty = pytest.importorskip("rich.pretty")
    wrapped = shown.replace("{'new': 'x'}", "FrozenMapping({'new': 'x'})")
    assert pretty.pretty_repr(value, max_width=200) == wrapped


def test_what_rich_shows_of_a_mapping() -> None:
    pretty = pytest.importorskip("rich.pretty")
    assert pretty.pretty_repr(FrozenMapping.of({"b": 1, "a": 2})) == "FrozenMapping({'b': 1, 'a': 2})"
    assert pretty.pretty_repr(EMPTY) == "FrozenMapping()"


def test_msgspec_shows_no_private_fields() -> None:
    reply = SenderList((SENDER,))
    assert msgspec.structs.asdict(reply) == {"senders": (SENDER,)}
    (sender,) = msgspec.to_builtins(reply)["senders"]
    assert sender["operators"] == {"keys": ("mega_step",), "values": (2,)}
    names = {field.encode_name for field in msgspec.structs.fields(FrozenMapping)}
    assert names == {"keys", "values"}


def describe(reply: Reply) -> str:
    match reply:
        case SenderList((Sender(name, id=5, status=SenderStatus.ALLOWED), *_)):
            return f"allowed: {name}"
        case SenderCreated(id):
            return f"new: {id}"
        case Success():
            return "done"
        case ErrorReply(SenderError.NOT_FOUND):
            return "not found"
        case _:
            return "something else"


def test_match() -> None:
    assert [describe(reply) for reply in REPLIES] == ["allowed: SMSC.RU", "new: 5", "done", "something else"]
    assert describe(decode(b"0,-3", fmt=1)) == "not found"


def test_frozen_mapping_is_a_mapping() -> None:
    mapping: Any = FrozenMapping.of([("b", 1), ("a", 2)])
    assert issubclass(FrozenMapping, Mapping)
    assert list(mapping) == list(mapping.keys()) == ["b", "a"]
    assert list(mapping.values()) == [1, 2]
    assert list(mapping.items()) == [("b", 1), ("a", 2)]
    assert len(mapping) == 2
    assert "a" in mapping
    assert 5 not in mapping
    assert mapping.get("a") == 2
    assert mapping.get("c", 7) == 7
    with pytest.raises(KeyError):
        mapping["c"]
    assert mapping == {"a": 2, "b": 1}
    assert mapping == FrozenMapping.of({"a": 2, "b": 1})
    assert mapping == FrozenMapping.of([("b", 1), ("a", 2)])
    assert mapping != {"a": 2}
    assert not mapping != {"a": 2, "b": 1}  # noqa: SIM202 - the base class has a `__ne__` of its own
    assert mapping != 5
    assert hash(mapping) == hash(FrozenMapping.of({"a": 2, "b": 1}))
    assert repr(mapping) == "{'b': 1, 'a': 2}"


@pytest.mark.parametrize("cls", [SenderStatus, OperatorStatus, SenderError])
def test_numbers(cls: Any) -> None:
    for member in cls:
        assert member.known
        assert member.meaning
        assert cls(int(member)) is member
        assert (str(member), f"{member:03}") == (str(int(member)), f"{int(member):03}")
    unknown = cls(77)
    assert (unknown, unknown.name, unknown.known, unknown.meaning) == (77, "UNKNOWN_77", False, "not documented")
    for again in (pickle.loads(pickle.dumps(unknown)), copy.deepcopy(unknown)):
        assert again == unknown
        assert type(again) is cls
    assert len(cls) == len(cls.__members__)
    for wrong in (-1, 10**18, "1", True, 1.5, None):
        if wrong in list(cls):
            continue
        with pytest.raises(ValueError, match="is not a valid"):
            cls(wrong)


def test_the_documented_numbers() -> None:
    assert {number.name: (int(number), number.meaning) for number in SenderStatus} == {
        "MODERATION": (0, "waiting for moderation"),
        "ALLOWED": (1, "allowed to use"),
        "DISABLED": (2, "disabled"),
    }
    assert {int(number): number.meaning for number in OperatorStatus} == {
        0: "pending registration",
        1: "sent for registration",
        2: "approved",
        3: "not accepted",
        4: "temporarily disabled",
        5: "insufficient funds",
        8: "supporting documents required",
        9: "activation from the beginning of the month",
    }
    assert {int(number): number.meaning for number in SenderError} == {
        1: "error in parameters",
        2: "wrong login or password, or an IP address that is not on the client's list",
        3: "sender name not found",
        4: "IP address temporarily blocked",
        5: "error saving or deleting the sender name",
        7: "wrong number format",
        8: "the confirmation code cannot be delivered to the number",
        9: "more than three identical list requests or five create requests a minute, or 15 or more simultaneous"
        " requests under one login",
        10: "the code was already sent to this number; again after 8 hours",
        11: "wrong confirmation code",
    }


def test_the_largest_number() -> None:
    assert SenderError(10**18 - 1).name == f"UNKNOWN_{10**18 - 1}"


def test_a_description_can_be_dropped() -> None:
    reply = ErrorReply(SenderError.NUMBER_FORMAT, "invalid number", 541)
    assert encode(reply, fmt=1, drop=["description"]) == b"541,-7"
    assert encode(reply, fmt=0, drop=["description"]) == b"ERROR = 7 (invalid number), ID - 541"
    with pytest.raises(EncodeError):
        encode(reply, fmt=1)


@pytest.mark.parametrize("reply", REPLIES[:3], ids=lambda reply: type(reply).__name__)
def test_a_reply_without_error_is_returned(reply: Reply) -> None:
    assert reply.raise_for_error() is reply


def test_an_error_is_raised() -> None:
    reply = decode(b"ERROR = 2 (authorise error)", fmt=0)
    with pytest.raises(ApiError) as caught:
        reply.raise_for_error()
    error = caught.value
    assert error.reply == reply
    assert (error.code, error.description) == (SenderError.AUTHORISATION, "authorise error")
    assert error.meaning == SenderError.AUTHORISATION.meaning
    assert isinstance(error, SmscCodecError)
    expected = "error 2 (authorise error): wrong login or password, or an IP address that is not on the client's list"
    assert str(error) == str(pickle.loads(pickle.dumps(error))) == expected
    assert str(ApiError(ErrorReply(77))) == "error 77: not documented"


def test_what_may_be_repeated() -> None:
    page = (Path(__file__).parent.parent / "docs" / "requests.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \| (yes|no) \| ([^|]*)\|", page, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == [int(number) for number in SenderError]
    times = {"": None, "not documented": None, "1 minute": timedelta(seconds=60), "8 hours": timedelta(hours=8)}
    for number, name, retry, after in rows:
        member = SenderError(int(number))
        reply = ErrorReply(member)
        assert member.name == name
        error = ApiError(reply)
        for holder in (member, reply, error, pickle.loads(pickle.dumps(error))):
            assert (holder.retry, holder.retry_after) == (retry == "yes", times[after.strip()])
        assert error.code is reply.code is member


@pytest.mark.parametrize("code", [0, 6, 15, 10**18 - 1])
def test_an_undocumented_error_is_not_repeated(code: int) -> None:
    member = SenderError(code)
    error = ApiError(ErrorReply(member))
    assert member.value == code
    assert not member.known
    assert (error.retry, error.retry_after, error.meaning) == (False, None, "not documented")


@pytest.mark.parametrize("code", [-1, 10**18, 10**5000, "x", None, [], {}], ids=range(7))
def test_a_code_that_no_reply_can_hold_has_no_meaning(code: Any) -> None:
    error = ApiError(ErrorReply(code))
    assert (error.retry, error.retry_after, error.meaning) == (False, None, "not documented")


OF_SENDERS = "a reply of senders.php (ErrorReply, Success, SenderCreated, SenderList)"


@pytest.mark.parametrize(
    ("reply", "fmt", "reason"),
    [
        (
            None,
            0,
            "expected a reply, such as SenderList, found NoneType",
        ),
        (SenderList((5,)), 0, "senders[0]: expected a Sender, found int"),  # type: ignore[arg-type]
        (SenderList((Sender(5),)), 3, "senders[0].name: expected a name of at least one character, found 5 (int)"),  # type: ignore[arg-type]
        (SenderList((Sender(None),)), 3, "senders[0].name: expected a name of at least one character, found None"),  # type: ignore[arg-type]
        (SenderList((Sender("A", -1),)), 2, "senders[0].id: expected a whole number of at most 18 digits, found -1"),
        (
            SenderList((Sender("A", True),)),
            2,
            "senders[0].id: expected a whole number of at most 18 digits, found True",
        ),
        (SenderList((Sender("A", "5"),)), 1, "senders[0].id: expected a whole number of at most 18 digits, found '5'"),  # type: ignore[arg-type]
        (SenderList((Sender("A", operators=5),)), 0, "senders[0].operators: expected a mapping, found int"),  # type: ignore[arg-type]
        (
            SenderList((Sender("A", operators={5: 1}),)),  # type: ignore[dict-item]
            0,
            "senders[0].operators[5]: expected a key that is text",
        ),
        (
            SenderList((Sender("A", operators={"id": OperatorStatus(1)}),)),
            3,
            "senders[0].operators['id']: the key has a meaning of its own in this format",
        ),
        (
            SenderList((Sender("A", operators={"a b": OperatorStatus(1)}),)),
            2,
            "senders[0]: 'a b' cannot be the name of an XML attribute",
        ),
        (
            SenderList((Sender("A", operators={"a b": OperatorStatus(1)}),)),
            0,
            "senders[0]: the text format cannot carry it, as 'name = A, a b = 1' cannot be read back:"
            " expected ' = ', found ' b = 1'",
        ),
        (
            SenderList((Sender("A", replacements={"x": "42"}),)),
            3,
            "senders[0].replacements.x: expected the name of a replacement, which one or two digits are not,"
            " found '42'",
        ),
        (ErrorReply(None, "no"), 0, "the text format needs a value of code"),  # type: ignore[arg-type]
        (
            SenderList((Sender("A", operators={"x": OperatorStatus(1)}, replacements={"x": "INFO"}),)),
            3,
            "senders[0].replacements.x: this format has one value for a key, and here a code and a replacement"
            " share theirs",
        ),
        (
            SenderList((Sender("A", replacements=FrozenMapping.of({"x": "42"})),)),  # type: ignore[arg-type]
            2,
            "senders[0].replacements.x: expected the name of a replacement, which one or two digits are not,"
            " found '42'",
        ),
        (
            SenderList((Sender("A", operators=FrozenMapping.of({"x": OperatorStatus(100)})),)),  # type: ignore[arg-type]
            2,
            "senders[0].operators.x: expected an operator's code (0 to 99), found <OperatorStatus.UNKNOWN_100: 100>",
        ),
        (
            SenderList((Sender("A, id = 5"),)),
            0,
            "senders[0]: the text format cannot carry it, as 'name = A, id = 5' would be read back as something else",
        ),
        (
            SenderList((Sender("A,B", 5),)),
            1,
            "senders[0].name: a comma or a line end would split the value in this format, found 'A,B'",
        ),
        (
            SenderList((Sender("A"),)),
            1,
            "senders[0]: fmt=1 needs id",
        ),
        (SenderList((Sender("\x00"),)), 2, "senders[0].name: XML cannot hold the character U+0000"),
        (
            SenderList((Sender("\ud800"),)),
            3,
            "senders[0].name: expected a name of at least one character, found '\\ud800'",
        ),
        (
            SenderList((Sender("\ud800", 5),)),
            1,
            "senders[0].name: expected a name of at least one character, found '\\ud800'",
        ),
        (SenderCreated(None), 0, "the text format needs a value of id"),  # type: ignore[arg-type]
        (SenderCreated(10**18), 3, "id: expected a whole number of at most 18 digits, found 1000000000000000000"),
        (
            ErrorReply(3, "a,b"),
            1,
            "description: comma-separated replies have no place for it (drop=['description'] leaves it out)",
        ),
        (ErrorReply(3, id=0), 1, "id: '0' means that there is none in this format"),
        (
            ErrorReply(3, ""),
            0,
            "the text format cannot carry it, as 'ERROR = 3 ()' would be read back as something else",
        ),
        (ErrorReply(3, "a\nb"), 0, "a line end would split the value in this format, found 'ERROR = 3 (a\\nb)'"),
        (
            SenderList((Sender("\ufeffA", 5),)),
            1,
            "the reply would begin with a byte order mark, which must not start a reply",
        ),
    ],
)
def test_what_cannot_be_written(reply: Any, fmt: int, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(reply, fmt=fmt)
    assert str(caught.value) == reason
    assert str(pickle.loads(pickle.dumps(caught.value))) == reason


@pytest.mark.parametrize("fmt", [0, 2, 3])
def test_lists_of_many_shapes(fmt: int) -> None:
    kinds: list[Any] = [{}, {"mega_step": 2}, {"bee_step": 1, "new": 0}, {"mega_step": 3}]
    shapes = [FrozenMapping.of(kinds[number * number % 4]) for number in range(200)]
    senders = [
        Sender(f"N{number}", number if number % 7 else None, SenderStatus(1) if number % 3 else None, operators)  # type: ignore[arg-type]
        for number, operators in enumerate(shapes)
    ]
    reply = SenderList(tuple(senders))
    assert decode(encode(reply, fmt=fmt), fmt=fmt) == reply


@pytest.mark.parametrize("charset", [5, "", "\x00", "latin-1", "none such"])
def test_charsets_that_the_service_does_not_have(charset: Any) -> None:
    with pytest.raises(OptionError, match="charset has to be utf-8, windows-1251 or koi8-r, not"):
        decode(b"OK", charset=charset)


def test_plain_mappings_are_written_too() -> None:
    operators: Any = {"mega_step": 2}
    assert encode(SenderList((Sender("A", 5, operators=operators),)), fmt=0) == b"name = A, mega_step = 2, id = 5"
    assert encode(SenderList((Sender("A", 5, operators={}),)), fmt=1) == b"A,5"


def test_a_charset_that_lacks_a_character() -> None:
    with pytest.raises(EncodeError, match=r"windows-1251 has no character U\+1F600"):
        encode(SenderList((Sender("\U0001f600", 5),)), fmt=3, charset="windows-1251")


@pytest.mark.parametrize("function", [decode, encode])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fmt": 4}, "fmt has to be 0, 1, 2, 3, 'text', 'csv', 'xml' or 'json', not 4"),
        ({"fmt": 0, "charset": "latin-1"}, "charset has to be utf-8, windows-1251 or koi8-r, not 'latin-1'"),
    ],
)
def test_wrong_options(function: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=f"^{re.escape(words)}$"):
        function(b"OK" if function == decode else Success(), **options)


REPLY_CLASSES = "a class of reply, such as SenderList, or a union of such classes"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limits": 5}, "limits has to be a Limits, not int"),
        ({"expect": 5}, f"expect has to be {REPLY_CLASSES}, not 5"),
        ({"expect": int}, f"expect has to be {REPLY_CLASSES}, not int"),
    ],
)
def test_wrong_options_of_decode(options: dict[str, Any], words: str) -> None:
    for read in (decode, validate):
        with pytest.raises(OptionError, match=f"^{re.escape(words)}$"):
            read(b"OK", fmt=0, **options)


@pytest.mark.parametrize("body", [None, 5, ["OK"], object()])
def test_wrong_bodies(body: Any) -> None:
    for read in (decode, validate):
        with pytest.raises(OptionError, match=f"^the body has to be bytes or a string, not {type(body).__name__}$"):
            read(body)


@pytest.mark.parametrize("body", [b"OK", bytearray(b"OK"), memoryview(b"OK"), "OK"])
def test_bodies_of_every_kind(body: Any) -> None:
    assert decode(body, fmt=0) == Success()


def test_normalized_json_of_other_values() -> None:
    odd: list[Any] = [5, {5: 1}]
    wrong: list[Any] = [None, SenderList((odd[0],)), *(SenderList((Sender("A", operators=value),)) for value in odd)]
    for reply in wrong:
        with pytest.raises(EncodeError):
            to_json(reply)


TEXT_ORDER = [
    *("mega_step", "bee_step", "motiv_step", "sber_step", "mts_step", "tele2_step", "tele2"),
    *("motiv", "ua_reg", "ua_int", "mega_int", "motiv_int", "mts_int"),
]
XML_AND_JSON_ORDER = [
    *("mega_step", "mega_int", "bee_step", "motiv_step", "motiv_int", "sber_step"),
    *("mts_step", "mts_int", "tele2_step", "tele2", "motiv", "ua_reg", "ua_int"),
]


@pytest.mark.parametrize(("fmt", "order"), [(0, TEXT_ORDER), (2, XML_AND_JSON_ORDER), (3, XML_AND_JSON_ORDER)])
@pytest.mark.parametrize("mapping", [dict, FrozenMapping.of])
def test_operators_are_written_in_the_documented_order(fmt: int, order: list[str], mapping: Any) -> None:
    codes = dict.fromkeys(sorted(TEXT_ORDER), OperatorStatus.APPROVED)
    body = encode(SenderList((Sender("A", 5, operators=mapping(codes)),)), fmt=fmt).decode()
    assert re.findall(r"[a-z]\w+(?= = 2|=\"2|\": \"2)", body) == order
    assert not validate(body, fmt=fmt).findings


def test_formats_print_as_their_numbers() -> None:
    assert [f"{fmt}" for fmt in Format] == [str(fmt) for fmt in Format] == ["0", "1", "2", "3"]
    assert f"{Format.XML:02}" == "02"


# Lists are sequences

A, B, C = Sender("A", 1), Sender("B", 2), Sender("A", 3)
NAMES = SenderList((A, B, C))


def test_a_list_is_a_sequence() -> None:
    assert isinstance(NAMES, Sequence) and issubclass(SenderList, Sequence)
    assert not isinstance(Success(), Sequence)
    assert (len(NAMES), list(NAMES), list(reversed(NAMES))) == (3, [A, B, C], [C, B, A])
    assert (NAMES[0], NAMES[-1], NAMES[1:], NAMES[::-1], NAMES[5:]) == (A, C, (B, C), (C, B, A), ())
    assert A in NAMES and Sender("A", 2) not in NAMES and "A" not in NAMES
    assert (NAMES.index(B), NAMES.index(C, 1), NAMES.index(B, 1, 2)) == (1, 2, 1)
    assert (NAMES.count(A), NAMES.count(Sender("Z"))) == (1, 0)
    assert NAMES and not SenderList()
    assert SenderList(iter([A, B, C])) == SenderList([A, B, C]) == NAMES  # type: ignore[arg-type]
    plain: Any = (A, B, C)
    assert plain != NAMES and NAMES.senders == plain
    with pytest.raises(IndexError):
        NAMES[3]
    with pytest.raises(TypeError):
        NAMES["A"]  # type: ignore[call-overload]
    for missing in (Sender("Z"), "A"):
        with pytest.raises(ValueError, match="not in tuple"):
            NAMES.index(missing)
    with pytest.raises(ValueError, match="not in tuple"):
        NAMES.index(A, 1)
    with pytest.raises(TypeError):
        NAMES[0] = B  # type: ignore[index]


def test_a_sender_by_its_name() -> None:
    assert NAMES.by_name("A") is A and NAMES.by_name("B") is B
    for names in (NAMES, SenderList()):
        with pytest.raises(KeyError) as caught:
            names.by_name("Z")
        assert caught.value.args == ("Z",)


def test_lists_match_as_sequences() -> None:
    def shape(reply: Reply) -> Any:
        match reply:
            case []:
                return None
            case [one]:
                return one.name
            case [first, *_, last]:
                return first.id, last.id
            case _:
                return "no list"

    assert [shape(reply) for reply in (SenderList(), SenderList((B,)), NAMES, Success(), ErrorReply(3))] == [
        *(None, "B", (1, 3), "no list", "no list")
    ]


# Errors without a table of their own


def test_what_a_bare_number_means() -> None:
    assert {int(number): number.meaning for number in ServiceError} == {
        1: "error in parameters",
        2: "wrong login or password, or an IP address that is not on the client's list",
        4: "IP address temporarily blocked",
        9: "too many identical requests a minute, or 15 or more simultaneous requests under one login",
    }
    for number in range(20):
        reply, member = ErrorReply(number), ServiceError(number)
        for holder in (reply, ApiError(reply), pickle.loads(pickle.dumps(ApiError(reply)))):
            assert (holder.code, holder.meaning) == (number, member.meaning)
            assert (holder.retry, holder.retry_after) == (member.retry, member.retry_after)
        assert type(reply.code) is int and not hasattr(reply, "error") and not hasattr(ApiError(reply), "error")
        assert member.known == (number in (1, 2, 4, 9)) == (member.meaning != "not documented")
    assert [number.retry for number in ServiceError] == [False, False, True, True]
    assert [number.retry_after for number in ServiceError] == [None, None, None, timedelta(minutes=1)]


@pytest.mark.parametrize("cls", [SenderError, ServiceError])
def test_codes_of_errors(cls: type[ErrorCode]) -> None:
    assert issubclass(cls, ErrorCode)
    for number in (*map(int, cls), 0, 77, 10**18 - 1):
        member = cls(number)
        for again in (pickle.loads(pickle.dumps(member)), copy.copy(member), copy.deepcopy(member)):
            assert type(again) is cls and again == member
            assert (again.meaning, again.retry, again.retry_after) == (member.meaning, member.retry, member.retry_after)
        if not member.known:
            assert (member.meaning, member.retry, member.retry_after) == ("not documented", False, None)
    no_numbers: list[Any] = [-1, 10**18, "1", None]
    for wrong in no_numbers:
        with pytest.raises(ValueError, match="is not a valid"):
            cls(wrong)


# Reports


def test_a_report_is_in_order_without_an_error() -> None:
    for body, options, codes, ok in (
        (b"OK", {}, [], True),
        (b"name = A, new = 1", {}, ["unknown-key"], True),
        (b"\xef\xbb\xbfOK", {}, ["bom"], True),
        (b"\xef\xbb\xbfOK", {"strict": True}, ["bom"], True),
        (b"\xef\xbb\xbfname = A, id = x", {}, ["bom", "malformed"], False),
        (b"OK", {"expect": SenderList}, ["unexpected"], False),
        (b"OK", {"limits": Limits(body=1)}, ["limit"], False),
    ):
        report = validate(body, fmt=0, **options)
        assert ([finding.code for finding in report.findings], report.ok) == (codes, ok)


def test_records_with_other_keys_in_a_dict_have_a_hash() -> None:
    """A dict compares equal to the frozen mapping of a record that was read, so the hashes are equal too."""
    objects = [reply.object for name in ENDPOINTS for reply in codec_of(name).endpoint.own]
    objects += [field.type.object for obj in objects for field in obj.fields if isinstance(field.type, Many)]
    classes = {obj.cls: obj for obj in objects if isinstance(obj.open, Other)}
    assert len(classes) > 5
    for cls, obj in classes.items():
        needed = [1] * sum(not field.optional for field in obj.fields if not field.absent_in)
        plain, frozen = (
            cls(*needed, other=other) for other in ({"a": "b", "c": "d"}, FrozenMapping.of({"c": "d", "a": "b"}))
        )
        assert plain == frozen and hash(plain) == hash(frozen) != hash(cls(*needed))
        wrong: Any
        for wrong in ({"a": []}, [5]):
            with pytest.raises(TypeError, match="unhashable"):
                hash(cls(*needed, other=wrong))


def test_a_call_freezes_its_other_keys() -> None:
    given = {"a": "b"}
    call = CallCallback("79991234567", "1", 5, other=given)
    given["a"] = "z"
    assert call.other == {"a": "b"} and hash(call) == hash(CallCallback("79991234567", "1", 5, other={"a": "b"}))
    assert CallCallback("7", "1", 5).other is EMPTY
