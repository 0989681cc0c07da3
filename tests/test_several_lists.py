"""Endpoints with several lists, and replies whose keys nobody knows: what tells them apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smsc_codec import Codec, DecodeError, EncodeError, ErrorReply, FrozenMapping, Limits, Success
from smsc_codec.testing import strategies as our
from smsc_codec.testing._declared import Values

from . import several
from .declared import written
from .fuzz.targets import outcome
from .lanes import SlowCodec
from .several import (
    BOTH,
    CODECS,
    GENERIC,
    KNOWN,
    SINGLE,
    Created,
    Group,
    Groups,
    Letter,
    Letters,
    Odd,
    Odds,
    People,
    Person,
    Thing,
    Things,
    Zone,
    Zones,
)
from .test_agreement import alike


def kept(items: dict[str, str]) -> Any:
    return FrozenMapping.of(items.items())


PEOPLE = People((Person("7999111", "Ann"), Person("7999112", "Bob")))
GROUPS = Groups((Group(5, "A"), Group(6, "B")))
LETTERS = Letters((Letter(5, "hi, sent = 3", 6), Letter(7, "b", 8)))
ZONES = Zones((Zone("1", kept({"sms": "1.40"})), Zone("2")))
THINGS = Things((Thing(kept({"a": "1", "b": "x"})), Thing(kept({"c": ""}))))
LISTS: list[Any] = [PEOPLE, GROUPS, LETTERS, ZONES, THINGS]


@pytest.mark.parametrize("fmt", range(4))
@pytest.mark.parametrize("codec", CODECS[:3], ids=["known", "generic", "single"])
def test_the_keys_of_records_tell_which_list_it_is(codec: Codec[Any], fmt: int) -> None:
    for reply in LISTS:
        body = written(codec, reply, fmt) if type(reply) in codec._classes else None
        if body is not None:
            # In fmt=1 a phone can be an id.
            unsure = fmt == 1 and reply is PEOPLE
            assert alike(codec, body, fmt, expect=type(reply)) == reply
            found = alike(codec, body, fmt)
            assert found == reply or (unsure and "which can be a list of people: <phone>,<name> or" in found)


@pytest.mark.parametrize(("fmt", "reply"), [(0, ZONES), (3, ZONES), (0, THINGS), (2, THINGS), (3, THINGS)])
def test_a_list_of_another_kind_is_not_expected(fmt: int, reply: Any) -> None:
    body = GENERIC.encode(reply, fmt=fmt)
    for cls in (People, Groups, Letters, Success, Created):
        assert isinstance(alike(GENERIC, body, fmt, expect=cls), str)
    assert alike(GENERIC, body, fmt, expect=People | type(reply)) == reply


EMPTY = [(0, "", "an empty body"), (0, "\n", "an empty body"), (1, "", "an empty body"), (3, "[]", "an empty array")]
EMPTY += [(2, "<result/>", "an empty <result>"), (2, "<result>\n</result>", "an empty <result>")]


@pytest.mark.parametrize(("fmt", "body", "words"), EMPTY)
def test_only_the_caller_can_tell_which_list_is_empty(fmt: int, body: str, words: str) -> None:
    titles = "a list of people, a list of groups, a list of letters or a list of zones"
    found = alike(KNOWN, body.encode(), fmt)
    assert f"found {words}, which can be {titles} (say what is expected)" in found
    with pytest.raises(DecodeError) as caught:
        KNOWN.decode(body, fmt=fmt, expect=People | Groups)
    assert caught.value.code == "ambiguous"
    for cls in (People, Groups, Letters, Zones):
        assert alike(KNOWN, body.encode(), fmt, expect=cls) == cls()
        assert alike(KNOWN, body.encode(), fmt, expect=cls | Success) == cls()
    assert 'expected "OK", found' in alike(KNOWN, body.encode(), fmt, expect=Success)


def test_an_empty_root_has_a_name() -> None:
    assert alike(KNOWN, b"<groups/>", 2) == Groups()
    assert "found an empty list" in alike(KNOWN, b"<groups/>", 2, expect=People)
    assert "found <foo>" in alike(KNOWN, b"<foo/>", 2, expect=People)
    report = KNOWN.validate('<result a="1"/>', fmt=2, expect=People)
    assert report.reply == People() and [finding.code for finding in report.findings] == ["unknown-key"]
    # Of one list nothing but an expectation says that nothing is a list.
    lone = several.codec_of(several.GROUPS)
    assert alike(lone, b"[]", 3) == Groups() == alike(lone, b"<result/>", 2, expect=Groups)
    assert "found <result>" in alike(lone, b"<result/>", 2)


@pytest.mark.parametrize(
    ("fmt", "body", "reply"),
    [
        (0, "town = Tver, street = ", {"town": "Tver", "street": ""}),
        (0, "id = 7, street = x", {"id": "7", "street": "x"}),  # begins like a group, which has a name
        (2, "<foo><bar><town>Tver</town></bar></foo>", {"town": "Tver"}),
        (2, '<foo><bar town="Tver"/></foo>', {"town": "Tver"}),
        (2, '<things><thing town="Tver"><a>5</a></thing></things>', {"town": "Tver", "a": "5"}),
        (3, '[{"town": "Tver", "a": 5, "b": 1.50, "c": null}]', {"town": "Tver", "a": "5", "b": "1.50"}),
        (3, '{"town": "Tver"}', {"town": "Tver"}),
        (3, '[{"id": 5, "street": "x"}]', {"id": "5", "street": "x"}),
    ],
)
def test_keys_that_nobody_knows_are_kept(fmt: int, body: str, reply: dict[str, str]) -> None:
    things = Things((Thing(kept(reply)),))
    for expect in (None, Things):
        assert alike(GENERIC, body.encode(), fmt, expect=expect) == things
        report = GENERIC.validate(body, fmt=fmt, expect=expect)
        assert {finding.code for finding in report.findings} == {"unknown-key"}
    if "<things>" not in body:
        assert "which can be a list of things or a list of odds" in alike(BOTH, body.encode(), fmt)
        assert alike(BOTH, body.encode(), fmt, expect=Odds) == Odds((Odd(kept(reply)),))


@pytest.mark.parametrize(
    ("fmt", "body", "known"),
    [
        (0, "phone = 7999111, name = Ann", PEOPLE),
        (0, "number = 7, message = a", Letters((Letter(7, "a"),))),
        (0, "ID = 5", Created(5)),
        (0, "OK", Success()),
        (2, "<people><person><phone>7999111</phone><name>Ann</name></person></people>", PEOPLE),
        (2, "<result><id>5</id></result>", Created(5)),
        (3, '[{"phone": "7999111", "name": "Ann"}]', PEOPLE),
        (3, '{"id": 5}', Created(5)),
        (3, '{"result": "OK"}', Success()),
        (3, '{"zones": [{"zone": "1"}]}', Zones((Zone("1"),))),
    ],
)
def test_what_is_known_is_read_as_such_unless_something_else_is_expected(fmt: int, body: str, known: Any) -> None:
    known = People((PEOPLE[0],)) if known is PEOPLE else known
    assert alike(SINGLE, body.encode(), fmt) == known
    for cls in SINGLE._classes[1:]:
        found = alike(SINGLE, body.encode(), fmt, expect=cls)
        assert found == known if cls is type(known) else isinstance(found, str) or cls in (Things, Thing)
    # What is expected is read as that, not as something unknown.
    assert alike(SINGLE, body.encode(), fmt, expect=type(known) | Things) == known
    thing = alike(SINGLE, b"phone = 7999111, name = Ann", 0, expect=Thing)
    assert thing == Thing(kept({"phone": "7999111", "name": "Ann"}))


@pytest.mark.parametrize("body", ["ERROR = 3 (x)", '{"error": "x", "error_code": 3}', "0,-3"])
def test_an_error_is_never_generic(body: str) -> None:
    for codec in CODECS[1:]:
        for fmt in [3] if body[0] == "{" else [1] if body[0] == "0" else [0, 2, 3]:
            found = alike(codec, body.encode(), fmt, expect=Things)
            assert isinstance(found, ErrorReply) and found.code == 3
    for root in ("result", "foo"):
        found = alike(SINGLE, f"<{root}><error>x</error><error_code>3</error_code></{root}>".encode(), 2, expect=Thing)
        assert found == ErrorReply(3, "x")


def test_one_record_and_a_list_of_them() -> None:
    thing = Thing(kept({"a": "1"}))
    assert "expected 'ERROR = '" in alike(SINGLE, b"a = 1", 0)  # the id of something new
    assert alike(SINGLE, b"a = 1", 0, expect=Thing) == thing
    bodies = [(2, b"<thing>\n<a>1</a>\n</thing>"), (2, b"<foo><a>1</a></foo>"), (3, b'{\n"a": 1\n}')]
    for fmt, body in bodies:
        assert alike(SINGLE, body, fmt) == thing == alike(SINGLE, body, fmt, expect=Thing)
    assert alike(SINGLE, b"a = 1", 0, expect=Things) == Things((thing,)) == alike(SINGLE, b'[{"a": 1}]', 3)
    assert alike(SINGLE, b"a = 1\na = 1", 0) == Things((thing, thing))
    assert "expected a thing, found a list of things" in alike(SINGLE, b"a = 1\na = 1", 0, expect=Thing)
    assert "expected text in <a>, found <b>" in alike(SINGLE, b"<thing><a><b>1</b></a></thing>", 2, expect=Thing)


def test_without_keys_nobody_can_tell() -> None:
    for codec, cls in ((GENERIC, Things), (SINGLE, Thing), (KNOWN, Zones)):
        with pytest.raises(DecodeError, match=r"nobody knows what a .* looks like with fmt=1") as caught:
            codec.decode("a,b,c,d", fmt=1, expect=cls)
        assert caught.value.code == "unknown-form"
    with pytest.raises(DecodeError) as caught:
        GENERIC.decode("a", fmt=1)
    assert caught.value.code == "unknown-form"
    assert "expected <number>,<message>,<sent>, found" in alike(KNOWN, b"a,b\nc", 1, expect=Letters)
    for reply, fmt in ((THINGS, 1), (ZONES, 1), (ZONES, 2), (THINGS[0], 1)):
        with pytest.raises(EncodeError, match=f"^nobody knows what a .* looks like with fmt={fmt}"):
            SINGLE.encode(reply, fmt=fmt)
    # With keys it is read all the same.
    assert alike(SINGLE, b"<zones>\n<zone>\n<zone>1</zone>\n</zone>\n</zones>", 2) == Zones((Zone("1"),))


@pytest.mark.parametrize("fmt", range(4))
def test_a_record_without_keys(fmt: int) -> None:
    with pytest.raises(EncodeError):
        SINGLE.encode(Thing(), fmt=fmt)
    body = written(SINGLE, Things((Thing(), Thing())), fmt)
    assert (body is None) is (fmt < 2)
    if body is not None:
        assert alike(SINGLE, body, fmt, expect=Things) == Things((Thing(), Thing()))


@pytest.mark.parametrize(
    ("body", "codes", "paths"),
    [
        ('{"zones": [{"zone": "1"}], "total": 5}', ["unknown-key"], ["total"]),
        ('{"total": [5], "zones": [{"zone": "1"}], "total": 6}', ["unknown-key"] * 2, ["total", "total"]),
        ('{"zones": 5, "zones": [{"zone": "1"}]}', ["duplicate-key"], ["zones"]),
        ('{"zones": [{"zone": "1", "new": 5}]}', ["unknown-key"], ["zones[0].other.new"]),
        ('[{"zone": "1"}]', [], []),
        ('{\n"zones" : [{"zone": "1"}] }\n', [], []),
    ],
)
def test_a_list_in_an_object(body: str, codes: list[str], paths: list[str]) -> None:
    found = alike(KNOWN, body.encode(), 3)
    assert found == Zones((Zone("1", found[0].other),))
    report = KNOWN.validate(body, fmt=3)
    assert [finding.code for finding in report.findings] == codes
    assert [finding.path for finding in report.findings] == paths
    for finding in report.findings[:1]:
        assert body[finding.offset :].startswith(("5", "[5]", "[{"))


def test_a_list_in_an_object_is_written_in_one() -> None:
    assert KNOWN.encode(Zones(), fmt=3) == b'{\n"zones": []\n}'
    assert alike(KNOWN, b'{\n"zones": []\n}', 3) == Zones()
    body = KNOWN.encode(Zones((Zone("1"), Zone("2"))), fmt=3)
    assert body == b'{\n"zones": [{\n"zone": "1"\n},\n{\n"zone": "2"\n}]\n}'
    many = KNOWN.encode(Zones((Zone("1"),) * 100), fmt=3)
    assert len(alike(KNOWN, many, 3)) == 100
    assert "at most 99 records" in alike(KNOWN, many, 3, Limits(items=99))
    assert "at most 2 deep" in alike(KNOWN, body, 3, Limits(depth=2))


@pytest.mark.parametrize(
    ("body", "words", "path", "at"),
    [
        ('{"zones": [{"zone": null}]}', "expected text, found null", "zones[0].zone", 20),
        ('{"zones": [{"zone": "1"}, 5]}', "expected an object, found 5", "zones[1]", 26),
        ('{"zones": [{"zone": "1"}, {"x": "1"}]}', "missing field 'zone'", "zones[1]", 26),
        ('{"zones": {"zone": "1"}}', "found an object with 'zones'", "", 0),
        ("[5]", "found an array that begins with 5", "", 1),
        ("[{}]", "found an array that begins with an object", "", 1),
        ('[{"foo": 5}]', "found an array that begins with an object with 'foo'", "", 1),
    ],
)
def test_where_something_is_wrong(body: str, words: str, path: str, at: int) -> None:
    with pytest.raises(DecodeError) as caught:
        KNOWN.decode(body, fmt=3)
    error = caught.value
    assert words in error.reason and (error.path, error.offset) == (path, at)
    alike(KNOWN, body.encode(), 3)


def test_keys_of_two_lists() -> None:
    both = b'{"phone": "7", "zone": "1"}'
    for some in (both, b"[%s]" % both):
        found = alike(KNOWN, some, 3)
        assert "which can be a list of people or a list of zones (say what is expected)" in found
        assert alike(KNOWN, some, 3, expect=Zones) == Zones((Zone("1", kept({"phone": "7"})),))
    assert "found a list of people" in alike(KNOWN, b'[{"phone": "7", "name": "a"}]', 3, expect=Zones)


def test_records_with_other_names_in_fmt_2() -> None:
    report = GENERIC.validate("<foo><bar><a>1</a></bar><bar><a>2</a></bar></foo>", fmt=2)
    said = [(finding.code, finding.path) for finding in report.findings]
    assert said == [("unknown-key", "bar"), ("unknown-key", "things[0].other.a")]
    assert report.findings[1].count == 2
    for body in (
        "<foo><bar><a>1</a></bar><baz><a>2</a></baz></foo>",
        "<foo><bar>1</bar></foo>",
        "<foo>x<bar><a>1</a></bar></foo>",
        "<bar><a>1</a></bar><bar><a>1</a></bar>",
    ):
        assert isinstance(alike(GENERIC, body.encode(), 2, expect=Things), str)
    # The root of something else.
    assert alike(SINGLE, b"<result><thing><a>1</a></thing></result>", 2) == Things((Thing(kept({"a": "1"})),))
    report = SINGLE.validate('<foo b="1"><a>1</a></foo>', fmt=2)
    assert report.reply == Thing(kept({"a": "1"}))
    assert [finding.path for finding in report.findings] == ["b", "other.a"]


def test_lines_of_several_lists_in_fmt_1() -> None:
    assert "which can be a list of people: <phone>,<name> or a list of groups" in alike(KNOWN, b"7999111,A\n7,B", 1)
    assert alike(KNOWN, b"5,A\r\n7999111,B\n", 1) == Groups((Group(5, "A"), Group(7999111, "B")))
    assert alike(KNOWN, b"5,A", 1, expect=Groups) == Groups((Group(5, "A"),))
    found = alike(KNOWN, b"5,A\n6,B\nx,y", 1, expect=Groups)
    assert "line 3" in found and "groups[2].id: expected a whole number" in found
    found = alike(KNOWN, b"5,a,b\n6,c,x", 1, expect=Letters)
    assert "letters[0].sent: expected a whole number" in found or "letters[1].sent" in found
    assert "as comma-separated values, found 'x,y,z'" in alike(
        several.codec_of(several.PEOPLE, several.GROUPS), b"x,y,z", 1
    )


_VALUES = Values(st.sampled_from(our.LOOK_ALIKES) | st.text(max_size=6), wild=True)
SLOW = {id(codec): SlowCodec(codec.endpoint) for codec in CODECS}


@settings(max_examples=settings().max_examples // 3)
@given(st.sampled_from(CODECS), st.integers(0, 3), st.data())
def test_whatever_is_expected_all_readers_agree(codec: Codec[Any], fmt: int, data: st.DataObject) -> None:
    reply = data.draw(_VALUES.replies(codec.endpoint, None))
    body = written(codec, reply, fmt)
    assume(body is not None)
    assert body is not None
    assert codec.decode(body, fmt=fmt, expect=type(reply)) == reply
    changed = data.draw(st.just(body) | our.damaged(st.just(body)))
    expect = data.draw(st.sampled_from([None, *codec._classes]))
    some: list[dict[str, Any]] = [{"expect": expect}, {}, {"expect": expect}]
    slow = SLOW[id(codec)]
    for given_ in (body, changed):
        for options in some:
            wanted = outcome(slow.decode, given_, fmt=fmt, **options)
            for _ in range(2):
                assert outcome(codec.decode, given_, fmt=fmt, **options) == wanted
            assert codec.validate(given_, fmt=fmt, **options) == slow.validate(given_, fmt=fmt, **options)
