"""What is between the lanes: bodies that compiled rows leave to the careful reader."""

from __future__ import annotations

import inspect
import json
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
    Limits,
    OptionError,
    Sender,
    SenderList,
    Success,
    decode,
)
from smsc_codec.declare import ID, NAME, Endpoint, Field, Many, Object, Reply
from smsc_codec.endpoints.send import CODEC as SEND
from smsc_codec.endpoints.senders import CODEC, SENDERS
from smsc_codec.endpoints.status import CODEC as STATUS
from smsc_codec.endpoints.status import MESSAGE, Message, MessageState, MessageType, StatusList
from smsc_codec.formats.free_text import FreeText
from smsc_codec.formats.grammar import Grammar

from .lanes import SLOW
from .test_endpoint import COST, JOBS, LISTING, Group, Groups, groups_of
from .test_work import steps


def in_json(*records: dict[str, Any]) -> bytes:
    return json.dumps([*records]).encode()


@pytest.mark.parametrize("number", ["-0", " 5", "5 ", "1e2", "5,6", "5.0", "\u0665"])
@pytest.mark.parametrize("count", [2, 20])
def test_a_number_of_json_may_be_invalid_in_quotes(number: str, count: int) -> None:
    """A column of numbers is read as one JSON array, which allows more than a number in a reply has."""
    records = [{"sender": "A", "id": "5"}] * (count - 1)
    with pytest.raises(DecodeError) as caught:
        decode(in_json(*records, {"sender": "A", "id": number}), fmt=3)
    assert caught.value.path == f"senders[{count - 1}].id"


@pytest.mark.parametrize("before", [[], [{"sender": "A", "mts": "1"}]])
def test_a_long_replacement_in_json(before: list[dict[str, str]]) -> None:
    body = in_json(*before, {"sender": "B", "mts": "x" * 50})
    reply = CODEC.decode(body, fmt=3, limits=Limits(text=50), expect=SenderList)
    assert isinstance(reply, SenderList) and reply.senders[-1].replacements == {"mts": "x" * 50}
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=3, limits=Limits(text=49))
    assert caught.value.path == f"senders[{len(before)}].replacements.mts"


@pytest.mark.parametrize("again", ['"id": 5, "id": 6', '"\\u0069d": 5, "id": 6', '"status": 1, "status": 1'])
def test_a_member_given_twice_where_members_take_turns(again: str) -> None:
    body = f'[{{"sender": "A:"}}, {{"sender": "B", {again}}}]'.encode()
    assert [finding.code for finding in CODEC.validate(body, fmt=3).findings] == ["duplicate-key"]


@pytest.mark.parametrize(
    ("fmt", "body"),
    [
        (0, "name = A\nname = B, id = 5\n"),
        (0, "name = A\r\nname = B, id = 5\r\n"),
        (1, "A,5\nB,6\n"),
        (1, "A,5\r\nB,6\r\n"),
        (2, '<s> <sender>A</sender>\t<sender id="5">B</sender> </s> \r\n\t'),
        (2, "<?xml version='1.0' encoding='utf-8' ?>\n<s>\n<sender id='5'>B</sender></s>".replace("'", '"')),
        (3, '[ {"sender" : "A"} ,\n\t{"id":5, "sender": "B"}\r\n] \n'),
    ],
)
def test_white_space_that_is_not_the_service_s_takes_no_careful_reader(fmt: int, body: str) -> None:
    reader = CODEC._format(Format(fmt))
    assert reader.fast(body.encode(), Limits(), (), reader.plain_tables) == SLOW.decode(body, fmt=fmt)


@pytest.mark.parametrize("odd", ["5", '"x"', '["x"]', "[]", "null", "{}"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_item_of_a_list_that_is_not_a_record(odd: str, place: int) -> None:
    """The objects that are records have one shape, or two."""
    for records in (['{"sender": "A"}'] * 3, ['{"sender": "A"}', '{"sender": "B", "id": 5}'] * 2):
        records[place] = odd
        body = f"[{', '.join(records)}]".encode()
        codec = Codec(SENDERS)
        for _ in range(2):
            report = codec.validate(body, fmt=3)
            assert report == SLOW.validate(body, fmt=3)
            assert report.findings[-1].path == f"senders[{place}]"


FAILING = [(0, "name = A, id = x"), (1, "A,x"), (2, '<s>\n<sender id="x">A</sender>\n</s>'), (3, '[{"sender": 5.5}]')]


@pytest.mark.parametrize(("fmt", "body"), FAILING)
@pytest.mark.parametrize("before", ["", "\n", "\ufeff"])
def test_a_body_that_cannot_be_read_fast_is_tried_once(fmt: int, body: str, before: str) -> None:
    """A second time only if something was left out before it, or if the format was not given as a number."""
    codec = Codec(SENDERS)
    reader = codec._format(Format(fmt))
    whole, left_out = (before + body).encode(), bool(before)
    for options, most in (({}, 1 + left_out), ({"expect": SenderList}, 1 + left_out), ({"charset": "utf-8"}, 1)):
        for work in (codec.validate, codec.decode):
            with patch.object(reader, "fast", wraps=reader.fast) as fast, suppress(DecodeError):
                work(whole, fmt=fmt, **options)
            assert fast.call_count == most
    for name in (None, Format(fmt).name.lower()):
        with patch.object(reader, "fast", wraps=reader.fast) as fast, pytest.raises(DecodeError):
            codec.decode(whole, fmt=name)
        assert fast.call_count == 1


@pytest.mark.parametrize("cls", [TypeError, AttributeError])
def test_a_mistake_of_ours_is_not_taken_for_an_unusual_body(cls: type[Exception]) -> None:
    """No body makes compiled readers raise these. As a fallback, a mistake would only make reading slow."""
    for work in (CODEC.decode, CODEC.validate):
        with patch.object(CODEC._format(Format.CSV), "fast", side_effect=cls), pytest.raises(cls):
            work(b"A,5,6,7", fmt=1)


@pytest.mark.parametrize("separator", [", ", "\n, "])
def test_a_single_message(separator: str) -> None:
    """A reply with more fields than are all tried at once is read by its keys, in every format."""
    bodies = {
        0: "Status = 1, err = 0, comment = x: y, type = 0",
        3: f'{{"status": 1{separator}"err": 0{separator}"comment": "x: y"{separator}"type": 0}}',
    }
    bodies[2] = STATUS.encode(STATUS.decode(bodies[0], fmt=0, expect=Message), fmt=2).decode()
    for fmt, body in bodies.items():
        for _ in range(2):
            reply = STATUS.decode(body.encode(), fmt=fmt, expect=Message)
            assert isinstance(reply, Message) and (reply.status, reply.comment) == (MessageState.DELIVERED, "x: y")
            with pytest.raises(DecodeError, match="at most 3 fields"):
                STATUS.decode(body.encode(), fmt=fmt, expect=Message, limits=Limits(fields=3))
    twice = b'{"status": 1, "err": 0, "err": 1, "type": 0}'
    assert [finding.code for finding in STATUS.validate(twice, fmt=3, expect=Message).findings] == ["duplicate-key"]


def test_messages_of_many_shapes() -> None:
    """Their texts stand in the lines as they are, line ends and separators too."""
    texts = ["a", "b, c", "d\ne", "f, type = 0, g", "h = i"]
    views = [("err = 0, ", ""), ("", ", type = 0"), ("phone = 79, ", ""), ("", ""), ("err = 0, phone = 79, ", "")]
    lines = [f"Status = 1, {before}message = {text}{after}, ID = 5" for text in texts for before, after in views]
    for body in ("\n".join(lines), "\n".join(lines) + "\n", "\r\n".join(lines)):
        reply = STATUS.decode(body.encode(), fmt=0, expect=StatusList)
        assert isinstance(reply, StatusList)
        assert [message.message for message in reply.messages] == [text for text in texts for _ in views]
    codes = {finding.code for finding in STATUS.validate("\n".join(lines).encode(), fmt=0).findings}
    assert codes == {"line-end-in-text"}


@pytest.mark.parametrize("text", ["a", "a" * 5000])
def test_a_field_without_a_value(text: str) -> None:
    """Lark, which judges lines that are long, reads it as compiled rows do."""
    line = f"Status = 1, country = , operator = , region = Korea, Republic of, message = {text}, type = 0"
    for body in (line, f"{line}\n{line}"):
        report: Any = STATUS.validate(body.encode(), fmt=0)
        assert report.findings == ()
        assert b"country = , operator = , region = Korea, " in STATUS.encode(report.reply, fmt=0)


@pytest.mark.parametrize("bad", ["err = x", "err", "1 = 2", "err = 0 = 1", "phone = 7 9", "country = ,x"])
def test_a_message_with_a_bad_field(bad: str) -> None:
    for line in (f"Status = 1, {bad}, message = a, type = 0", f"Status = 1, {bad}, message = {'a' * 5000}, type = 0"):
        with pytest.raises(DecodeError):
            STATUS.decode(line.encode(), fmt=0)


@pytest.mark.parametrize(
    ("line", "message", "comment"),
    [
        ("message = a, message = b, type = 0", "a, message = b", None),
        ("message = a, comment = b, message = c, type = 0", "a", "b, message = c"),
        ("message = a, comment = b, comment = c, type = 0", "a, comment = b", "c"),
        ("message = a, type = 0, comment = b, type = 1, type = 0", "a, type = 0", "b, type = 1"),
        ("message = a, comment = b, type = x", "a", "b, type = x"),
        ("message = a, comment = b, type = x, ID = 5", "a", "b, type = x"),
    ],
)
def test_a_text_that_looks_like_fields(line: str, message: str, comment: str | None) -> None:
    """A record is read from its end: the key of a text begins one at its last place, each other key is a field once."""
    for body in (f"Status = 1, {line}", f"Status = 1, {line}\nStatus = 1, {line}"):
        for _ in range(2):
            reply: Any = STATUS.decode(body.encode(), fmt=0, expect=StatusList)
            assert [(each.message, each.comment) for each in reply] == [(message, comment)] * len(body.split("\n"))
        assert STATUS.encode(reply, fmt=0).decode() == body


@pytest.mark.parametrize("text", ["a, foo = 5", "a, message = b", "a, type = 1", "a\nb", ",a"])
def test_a_second_text_without_the_first_ends_where_any_value_does(text: str) -> None:
    codec = Codec(STATUS.endpoint)
    for reply in (Message(MessageState(1), comment=text), StatusList((Message(MessageState(1), comment=text),) * 2)):
        for _ in range(2):
            with pytest.raises(EncodeError, match="the text format cannot carry it"):
                codec.encode(reply, fmt=0)
    assert codec.encode(Message(MessageState(1), message="a", comment=text, type=MessageType(1)), fmt=0)
    plain = Message(MessageState(1), comment="a, b", type=MessageType(1))
    assert codec.decode(codec.encode(plain, fmt=0), fmt=0) == plain


def test_a_record_that_does_not_begin_with_a_key_has_no_fields() -> None:
    assert FreeText(MESSAGE).cut("hello, message = a") is None
    assert [cut.key for cut in FreeText(MESSAGE).cut("Status = 1, message = a") or ()] == ["Status", "message"]


GRAMMAR = r"""
%import service (_IS, _NEXT)
_LINE_END: /\r?\n/
one: "a" _IS A
empty: "a" _IS [_NEXT "b" _IS [A]]
double: "a" _IS "!" A
bare: "a" A
A: /[0-9]+/
"""


@pytest.mark.parametrize(
    ("rule", "keys", "expected"),
    [
        ("one", ["a"], [["A"]]),
        ("one", ["a", "b"], None),
        ("one", ["b"], None),
        ("one", [], None),
        ("empty", ["a"], [[""]]),
        ("empty", ["a", "b"], [[""], ["A", ""]]),
        ("double", ["a"], None),
        ("bare", ["a"], None),
    ],
)
def test_the_values_of_keys(tmp_path: Path, rule: str, keys: list[str], expected: Any) -> None:
    path = tmp_path / "some.lark"
    path.write_text(GRAMMAR)
    assert Grammar(str(path), ("one", "empty", "double", "bare")).values(rule, keys) == expected


def test_a_grammar_that_is_not_there() -> None:
    with pytest.raises(OptionError, match="no grammar nowhere"):
        Grammar("nowhere", ("reply",))


class Nested(Group, frozen=True):
    members: tuple[Group, ...] = ()


def test_a_list_in_the_records_of_a_list() -> None:
    """No compiled row has a place for it."""
    inner = Object(Group, (Field("id", ID), Field("name", NAME)))
    codec = groups_of(
        Nested,
        Field("id", ID),
        Field("name", NAME),
        Field("number", ID, optional=True),
        Field("members", Many(inner, item="member"), text=None, csv=None, xml=None, optional=True),
    )
    body = b'[{"id": 1, "name": "A", "members": [{"id": 2, "name": "B"}]}]'
    reply: Any = codec.decode(body, fmt=3)
    assert reply.groups == (Nested(1, "A", members=(Group(2, "B"),)),)
    assert codec.decode(codec.encode(reply, fmt=3), fmt=3) == reply


def test_two_kinds_of_lists_in_json() -> None:
    """The members of the first object say which it is."""
    others = Reply(
        "others", "others", Object(Sender, (Field("name", NAME, json="sender"),)), many=SenderList, item="other"
    )
    codec: Codec[Any] = Codec(
        Endpoint(
            "phones.php", str(Path(__file__).parent / "grammars/groups.lark"), (LISTING, others), errors=SENDERS.errors
        )
    )
    for limits in (Limits(), Limits(digits=17)):
        assert codec.decode(b'[{"sender": "A"}]', fmt=3, limits=limits) == SenderList((Sender("A"),))
        assert isinstance(codec.decode(b'[{"id": 5, "name": "A"}]', fmt=3, limits=limits), Groups)
    with pytest.raises(DecodeError, match="expected a list of groups or others, found an array that begins with"):
        codec.decode(b'[{"x": 1}]', fmt=3)


def test_attributes_behind_a_namespace_have_their_places() -> None:
    body = "<senders><sender xmlns:b='c' mts='1' new='1'>A</sender></senders>"
    findings = CODEC.validate(body.encode(), fmt=2).findings
    assert [finding.offset for finding in findings] == [body.index("new=") + 5]


XML_TURNS = [
    "<sender>A</sender>",
    '<sender id="1">A</sender>',
    '<sender mts="1">A</sender>',
    '<sender mts="B" id="1">A</sender>',
    '<sender status="1">A</sender>',
    '<sender tele2="1" id="1">A</sender>',
]


@pytest.mark.parametrize(
    ("last", "good"), [("\n", True), (" x", False), (f'<sender id="1">{"A" * 5000}</sender>', True)]
)
def test_what_follows_elements_of_many_shapes(last: str, good: bool) -> None:
    body = f"<senders>\n{''.join(XML_TURNS * 2)}{last}</senders>".encode()
    report = CODEC.validate(body, fmt=2)
    assert (report.reply is not None) == good
    if good:
        reply: Any = report.reply
        assert reply.senders[:6] == reply.senders[6:12]


def test_records_of_elements_of_many_shapes() -> None:
    """Messages have their fields in elements."""
    names = ["err", "phone", "country", "region", "cost", "type"]
    values = {"err": "0", "phone": "79", "country": "A", "region": "B", "cost": "1.5", "type": "0"}
    lines = []
    for number in range(len(names) * 2):
        some = names[number % len(names) :]
        lines.append(", ".join(["Status = 1", *(f"{name} = {values[name]}" for name in some), f"ID = {number + 1}"]))
    reply = STATUS.decode("\n".join(lines).encode(), fmt=0, expect=StatusList)
    for fmt in (2, 3):
        assert STATUS.decode(STATUS.encode(reply, fmt=fmt), fmt=fmt, expect=StatusList) == reply


@pytest.mark.parametrize("tail", ["\r", ", x = " + "y" * 5000])
def test_lines_of_many_shapes_with_an_unusual_one_at_the_end(tail: str) -> None:
    keys = ["mts", "mega", "tele2", "motiv", "ua_reg", "ua_int", "by_reg"]
    body = "\n".join([f"name = A, {key} = 1" for key in keys] + [f"name = B, id = 5{tail}"])
    report = CODEC.validate(body.encode(), fmt=0)
    assert (report.reply is None) == (tail == "\r")


def test_a_key_that_is_longer_than_a_text_may_be() -> None:
    given = Success()
    assert CODEC.encode(given, fmt=3, limits=Limits(text=1)) == CODEC.encode(given, fmt=3)
    with pytest.raises(EncodeError, match="at most 1 characters"):
        CODEC.encode(ErrorReply(3, "no"), fmt=3, limits=Limits(text=1))


@pytest.mark.parametrize("deep", [200, 900])
def test_json_that_is_deep(deep: int) -> None:
    body = b'{"error": "x", "error_code": 3, "y": ' + b"[" * deep + b"]" * deep + b"}"
    limits = Limits(depth=2000)
    frames = sys.getrecursionlimit()
    assert CODEC.validate(body, fmt=3, limits=limits).reply == ErrorReply(3, "x")
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        found = CODEC.validate(body, fmt=3, limits=limits).findings
    finally:
        sys.setrecursionlimit(frames)
    assert [finding.code for finding in found] in (["unknown-key"], ["limit"])


def test_a_line_goes_on_after_a_whole_record() -> None:
    with pytest.raises(DecodeError, match="expected the end of the reply, found"):
        STATUS.decode(b"Status = 1, D = \nStatus = 1, e = \nS", fmt=0)


SENT = b'{"id": 1, "cnt": 1, "phones": %s}'


@pytest.mark.parametrize(
    ("phones", "message"),
    [(b'"x"', "phones: expected an array, found 'x'"), (b'["x"]', "expected an object, found 'x'")],
)
def test_a_list_in_a_reply_that_is_not_one(phones: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        SEND.decode(SENT % phones, fmt=3)


def test_more_sets_of_codes_than_records_share() -> None:
    """The first records have the same codes, and the others have many."""
    keys = ["mega_step", "bee_step", "motiv_step", "sber_step"]
    codes = [[0] * 4] * 100 + [[number // place % 10 for place in (1, 10, 100, 1000)] for number in range(1500)]
    lines = [", ".join(["name = A", *(f"{key} = {code}" for key, code in zip(keys, each))]) for each in codes]
    reply = CODEC.decode("\n".join(lines).encode(), fmt=0, expect=SenderList)
    assert isinstance(reply, SenderList)
    assert [[*map(int, sender.operators.values())] for sender in reply] == codes


def test_a_field_that_json_has_no_place_for() -> None:
    number = Field("number", ID, xml="@number", json=None, optional=True)
    codec = groups_of(Group, Field("id", ID, xml="@id"), Field("name", NAME, xml="."), number)
    assert codec.encode(Groups((Group(1, "A"),)), fmt=3) == b'[{\n"id": 1,\n"name": "A"\n}]'
    with pytest.raises(EncodeError, match=r"groups\[0\].number: the JSON format has no place for it"):
        codec.encode(Groups((Group(1, "A", 5),)), fmt=3)


@pytest.mark.parametrize(
    "opened", ["mega_step=1", "mega_step=1 mts=1", "mts=X", "mts=X mega=Y", "bee_step=1 mts=X mega=Y"]
)
def test_open_keys_of_a_reply_that_is_not_a_list(opened: str) -> None:
    members = [replace(each, xml="=") if isinstance(each, Field) else each for each in SENDERS.own[-1].object.members]
    record = Reply("name", "a name", replace(SENDERS.own[-1].object, members=tuple(members)))
    codec: Codec[Any] = Codec(Endpoint("names.php", SENDERS.grammar, (record,)))
    pairs = [pair.split("=") for pair in opened.split()]
    (sender,) = CODEC.decode(", ".join(["name = A", *map(" = ".join, pairs)]), fmt=0)  # type: ignore[misc]
    bodies = {
        2: "<result>\n" + "".join(f"<{key}>{value}</{key}>\n" for key, value in [("name", "A"), *pairs]) + "</result>",
        3: "{\n" + ",\n".join(f'"{key}": "{value}"' for key, value in [("sender", "A"), *pairs]) + "\n}",
    }
    for fmt, body in bodies.items():
        assert codec.encode(sender, fmt=fmt).decode() == body
        assert codec.decode(body, fmt=fmt) == sender
    assert steps(partial(codec.encode, sender, fmt=3)) < 80 + 20 * len(pairs), "one f-string writes it"
    with pytest.raises(EncodeError, match="expected a key of at most 2 characters"):
        codec.encode(sender, fmt=3, limits=Limits(text=2))
    long = replace(sender, replacements=FrozenMapping.of({**sender.replacements, "k" * 40: "A"}))
    codec.encode(long, fmt=3)
    with pytest.raises(EncodeError, match="expected a key of at most 39 characters"):
        codec.encode(long, fmt=3, limits=Limits(text=39))


def test_replies_of_more_kinds_than_are_kept() -> None:
    names = ["imsi", "msc", "mcc", "mnc", "cn", "net", "rcn"]
    for number in range(80):
        some = {name: "1" for place, name in enumerate(names) if number >> place & 1}
        reply = Message(MessageState(1), **some)  # type: ignore[arg-type]
        assert STATUS.decode(STATUS.encode(reply, fmt=3), fmt=3, expect=Message) == reply


class Noted(msgspec.Struct, frozen=True):
    id: int
    cost: str
    note: str | None = None


def test_a_field_that_no_form_of_the_text_has() -> None:
    fields = (Field("id", ID), Field("cost", COST), Field("note", NAME, optional=True))
    created = Reply("created", "the id of a new mailing", Object(Noted, fields))
    codec = Codec(Endpoint[Any]("jobs.php", JOBS.grammar, (created,)))
    assert codec.encode(Noted(5, "2.5"), fmt=0) == b"OK, ID - 5, COST - 2.5"
    with pytest.raises(EncodeError, match="the text format has no place for id, cost, note together"):
        codec.encode(Noted(5, "2.5", "x"), fmt=0)


def test_messages_in_xml_without_a_root() -> None:
    one = STATUS.decode(b"<sms>\n<status>1</status>\n</sms>", fmt=2)
    assert isinstance(one, Message)
    both = STATUS.decode(b"<sms>\n<status>1</status>\n</sms>\n<sms>\n<status>1</status>\n</sms>", fmt=2)
    assert both == StatusList((one, one))


def test_an_unknown_element_of_a_message_with_elements_in_it() -> None:
    """It is not a text that could be kept."""
    for inside, other, severity in (("x", {"new": "x"}, "info"), ("x<a/>", {}, "warning")):
        body = f"<sms>\n<status>1</status>\n<new>{inside}</new>\n</sms>"
        report = STATUS.validate(body, fmt=2, expect=Message)
        assert isinstance(report.reply, Message) and report.reply.other == other
        assert [(each.code, each.severity.value) for each in report.findings] == [("unknown-key", severity)]


def test_text_between_the_elements_of_a_message() -> None:
    body = b"<statuses>\n<sms>x<status>1</status></sms>\n</statuses>"
    with pytest.raises(DecodeError, match="expected elements in <sms>, found 'x'"):
        STATUS.decode(body, fmt=2)


def test_elements_that_are_deep_have_one_inside() -> None:
    """What is beyond what any reply has is refused by its first element."""
    deep = b"<a>" * 6 + b"<b/><c/>" + b"</a>" * 6
    report = CODEC.validate(b"<senders><sender id='1'>A" + deep + b"</sender></senders>", fmt=2)
    assert [finding.code for finding in report.findings] == ["malformed"]
