"""What the fast lanes may take and what they have to leave, case by case; the laws look at it at random."""

from __future__ import annotations

import pytest

from smsc_codec import Codec, DecodeError, EncodeError, OperatorStatus, Sender, SenderList, decode, encode
from smsc_codec.senders import SENDERS

from .lanes import SLOW

SENDERS_CODEC = Codec(SENDERS)
ONE = '<senders>\n<sender id="1">{}</sender>\n</senders>'


@pytest.mark.parametrize("name", ["a]]>b", "A\ufffe", "Ж\uffff", "A\x01", "A\x1f", "&#0;", "&nbsp;", "&#xD800;", "&"])
def test_no_xml_however_canonical_the_lines_are(name: str) -> None:
    """The fast lane asks expat only where a character or a reference could be one that XML does not have."""
    for codec in (SLOW, SENDERS_CODEC):
        with pytest.raises(DecodeError, match="expected a reply in XML, found broken XML"):
            codec.decode(ONE.format(name), fmt=2)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Ж", "Ж"),
        ("a>b", "a>b"),
        ("a]]&gt;b", "a]]>b"),
        ("&apos;&quot;&amp;&lt;&#65;&#x42;", "'\"&<AB"),
        ("\x7f", "\x7f"),
    ],
)
def test_xml_of_the_canonical_lines(name: str, read: str) -> None:
    body = ONE.format(name)
    assert SLOW.decode(body, fmt=2) == decode(body, fmt=2) == SenderList((Sender(read, 1),))


@pytest.mark.parametrize("keys", ['id="1" id="2"', 'sender="B" id="1"', 'xmlns="u" id="1"', 'a:b="2" id="1"'])
def test_attributes_that_only_the_slow_lane_judges(keys: str) -> None:
    body = f"<senders>\n<sender {keys}>A</sender>\n</senders>"
    assert SENDERS_CODEC.validate(body, fmt=2) == SLOW.validate(body, fmt=2)


def test_what_is_escaped_in_an_attribute() -> None:
    reply = SenderList((Sender("A>", 1, None, {}, {"mts": "a>b\nc\td\re\"f&g<h'i"}),))
    written = "a&gt;b&#10;c&#9;d&#13;e&quot;f&amp;g&lt;h'i"
    expected = f'<senders>\n<sender mts="{written}" id="1">A&gt;</sender>\n</senders>'
    for given in (reply, decode(expected, fmt=2)):
        assert encode(given, fmt=2).decode() == expected
    assert decode(expected, fmt=2) == reply


def test_words_about_commas() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(b"A,5\nB", fmt=1)
    assert caught.value.reason == "expected <name>,<id> or <name>,<status>,<id>, found 1 value: 'B'"
    with pytest.raises(EncodeError) as refused:
        encode(SenderList((Sender("A", 5, None, {"mts": OperatorStatus(1)}),)), fmt=1)
    wanted = "comma-separated replies have the fields <name>,<id> or <name>,<status>,<id>"
    assert refused.value.reason == f"{wanted}, here are name, mts, id"


@pytest.mark.parametrize("name", ["A", "A:", "A\\u003a", "A\\u003A", "::\\u003a"])
@pytest.mark.parametrize("members", ['"id": 1', '"id": 2, "id": 1', '"id": 2,\n"id": 2, "id":1'])
def test_a_key_given_twice_behind_colons_of_all_kinds(name: str, members: str) -> None:
    """orjson keeps the last of two members; the fast lane counts colons, and an escape hides one."""
    body = f'[{{"sender": "{name}", {members}}}]'
    report = SENDERS_CODEC.validate(body, fmt=3)
    assert report == SLOW.validate(body, fmt=3)
    assert [finding.code for finding in report.findings] == ["duplicate-key"] * (members.count("id") - 1)


def test_both_lanes_put_operators_into_order() -> None:
    body = '[{"sender": "A", "mts_int": "1", "new": "2", "mega_step": "3", "id": "5"}]'
    keys = ["mega_step", "mts_int", "new"]
    for codec in (SLOW, SENDERS_CODEC):
        reply = codec.decode(body, fmt=3)
        assert isinstance(reply, SenderList) and list(reply.senders[0].operators) == keys
