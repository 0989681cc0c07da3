"""What errors say, word for word, and what they never say."""

from __future__ import annotations

import pickle
import re
from collections import UserDict
from collections.abc import Callable
from enum import Enum
from types import SimpleNamespace
from typing import Any, Protocol, TypedDict, Union
from unittest.mock import ANY as ANYTHING
from unittest.mock import MagicMock

import pytest
from msgspec.structs import force_setattr

from smsc_codec import (
    ApiError,
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    FrozenMapping,
    LimitError,
    Limits,
    OperatorStatus,
    OptionError,
    Sender,
    SenderCreated,
    SenderList,
    Severity,
    SmscCodecError,
    Success,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec.endpoints.get import MegaAccount, MegaAccountList
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.limits import DEFAULT_LIMITS

GOLDEN: list[tuple[int | None, str, str]] = [
    (
        0,
        "name = SMSC.RU, id = 5\nname = Test, id = abc",
        """\
line 2, column 19 (offset 41): expected a whole number of at most 18 digits, found 'abc'
    name = Test, id = abc
                      ^""",
    ),
    (
        0,
        "name = A, ",
        """\
line 1, column 11 (offset 10): expected 'id', 'name', 'status' or a key, found the end of the reply
    name = A,\N{SPACE}
              ^""",
    ),
    (
        0,
        "name = A, id = 5\nname = B, id: 7",
        """\
line 2, column 13 (offset 29): expected ' = ', found ': 7'
    name = B, id: 7
                ^""",
    ),
    (
        0,
        "ERROR = x (authorise error)",
        """\
line 1, column 9 (offset 8): expected the number of an error, found 'x (authorise error)'
    ERROR = x (authorise error)
            ^""",
    ),
    (
        0,
        "<html>bad gateway</html>",
        """\
line 1, column 1 (offset 0): expected 'ERROR = ', 'ID = ', 'OK' or 'name', found '<html>bad gateway</html>'; the body \
looks like an HTML page
    <html>bad gateway</html>
    ^""",
    ),
    (
        1,
        "SMSC.RU,5\nTest,1,6,7",
        """\
line 2, column 1 (offset 10): expected <name>,<id> or <name>,<status>,<id>, found 4 values: 'Test,1,6,7'
    Test,1,6,7
    ^""",
    ),
    (
        1,
        "SMSC.RU,5\nИмя,x",
        """\
line 2, column 5 (offset 17), senders[1].id: expected a whole number of at most 18 digits, found 'x'
    Имя,x
        ^""",
    ),
    (
        2,
        '<senders>\n<sender id="5">SMSC.RU</sender>\n<sender id="x">Test</sender>\n</senders>',
        """\
line 3, column 13 (offset 54), senders[1].id: expected a whole number of at most 18 digits, found 'x'
    <sender id="x">Test</sender>
                ^""",
    ),
    (
        2,
        "<result><error>authorise error</error>",
        """\
line 1, column 39 (offset 38): expected a reply in XML, found broken XML (no element found)
    ...<error>authorise error</error>
                                     ^""",
    ),
    (
        2,
        "<html><head><title>502 Bad Gateway</title></head></html>",
        """\
line 1, column 1 (offset 0): expected a reply in XML, found an HTML page
    <html><head><title>502 Bad Gateway</title></head></html>
    ^""",
    ),
    (
        2,
        "<!DOCTYPE html><html></html>",
        """\
line 1, column 1 (offset 0): expected a reply in XML, found an HTML page
    <!DOCTYPE html><html></html>
    ^""",
    ),
    (
        2,
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        """\
line 1, column 1 (offset 0): expected a reply in XML, found a document type declaration, which is refused
    <!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>
    ^""",
    ),
    (
        3,
        '[{"sender": "A", "id": 5},\n{"sender": "B", "id": 1.5}]',
        """\
line 2, column 23 (offset 49), senders[1].id: expected a whole number of at most 18 digits, found 1.5
    {"sender": "B", "id": 1.5}]
                          ^""",
    ),
    (
        3,
        '[{"sender": "A", "id": 5}',
        """\
line 1, column 26 (offset 25): expected a reply in JSON, found the end of the reply (unexpected end of data)
    [{"sender": "A", "id": 5}
                             ^""",
    ),
    (
        3,
        '{"balance": "1871.62", "currency": "RUR"}',
        """\
line 1, column 1 (offset 0): expected an error, "OK", the id of a new sender name or a list of sender names in JSON, \
found an object with 'balance', 'currency'; the body looks like a reply of balance.php: pass endpoint='balance'
    {"balance": "1871.62", "currency": "RUR"}
    ^""",
    ),
    (
        None,
        "",
        "line 1, column 1 (offset 0): the body is empty"
        " (with fmt=0 or fmt=1 that means an empty list; pass fmt to accept it)",
    ),
    (3, "", "line 1, column 1 (offset 0): the body is empty"),
    (2, " ", "line 1, column 1 (offset 0): the body is empty\n     \n    ^"),
    (
        None,
        "garbage",
        """\
line 1, column 1 (offset 0): expected an error, "OK", the id of a new sender name or a list of sender names \
as comma-separated values, found 'garbage'
    garbage
    ^""",
    ),
]


@pytest.mark.parametrize(("fmt", "body", "words"), GOLDEN, ids=[row[1][:20] for row in GOLDEN])
def test_golden(fmt: int | None, body: str, words: str) -> None:
    for given in (body.encode(), body):
        with pytest.raises(DecodeError) as caught:
            decode(given, fmt=fmt)
        error = caught.value
        if given is not body or body.isascii():
            assert str(error) == words
        assert isinstance(error, ValueError)
        assert (error.__cause__, error.__context__) == (None, None)
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), again.__dict__) == (str(error), error.__dict__)


ANY = 'expected an error, "OK", the id of a new sender name or a list of sender names'
NAME = "expected a name of at least one character"
NUMBER = "expected a whole number of at most 18 digits"
XML = "expected a reply in XML"
END = "the end of the line or the end of the reply"
REASONS = [
    (0, "name = A, id = 5x", f"expected ', ', {END}, found 'x'", 16),
    (0, "name = A, mts = ", "expected a replacement or an operator code, found the end of the reply", 16),
    (0, "OK!", f"expected {END}, found '!'", 2),
    (0, "ERROR = 3 (x", "expected ')' or a description, found 'x'", 11),
    (1, "A\nB", "expected <name>,<id> or <name>,<status>,<id>, found 1 value: 'A'", 0),
    (2, '<?xml version="1.0"?>\n<!DOCTYPE a><a/>', f"{XML}, found a document type declaration, which is refused", 22),
    (2, '<s>\n<sender id="5">Имя</sender>\n<sender b="Ж" id="x">B</sender></s>', f"{NUMBER}, found 'x'", 50),
    (2, "<sender>Имя</sender><sender>Ж</sender><", f"{XML}, found broken XML (not well-formed (invalid token))", 39),
    (2, "<html><br></html>", f"{XML}, found an HTML page", 12),
    (2, "<a>x</a>\ny", "expected an element, found the text 'y'", 9),
    (2, '<s>\n<sender id="5">A</sender>y\n</s>', f"{ANY} in XML, found <s> with the text 'y' in it", 0),
    (2, "<s>\n<r/>\n</s>", f"{ANY} in XML, found <s> with <r> in it", 0),
    (2, '<s xmlns="urn:x">\n<r/>\n</s>', f"{ANY} in XML, found <{{urn:x}}s> with <{{urn:x}}r> in it", 0),
    (2, "<a/><b/>", f"{ANY} in XML, found <a>", 0),
    (2, "<?xml version='1.0'?>\n<sender>A</sender><sender id='x'>B</sender>", f"{NUMBER}, found 'x'", 52),
    (2, "<sender>A</sender><sender>B</sender><", f"{XML}, found broken XML (not well-formed (invalid token))", 37),
    (2, "<a>\0</a>", f"{XML}, found a NUL character", 3),
    (3, '"abc"', f"{ANY} in JSON, found 'abc'", 0),
    (3, "5", f"{ANY} in JSON, found 5", 0),
    (3, "true", f"{ANY} in JSON, found true", 0),
    (3, "{}", f"{ANY} in JSON, found an empty object", 0),
    (3, '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', f"{ANY} in JSON, found an object with 'a', 'b', 'c', 'd', 'e'", 0),
    (3, '[["a"]]', "expected an object, found an array", 1),
    (3, '[{"sender":{},"id":1}]', f"{NAME}, found an object", 11),
    (3, '[{"sender":[],"id":1}]', f"{NAME}, found an array", 11),
    *((3, f'{{"sender":{word}}}', f"{NAME}, found {word}", 10) for word in ("true", "false", "null")),
    (3, '[{"sender":null}]', f"{NAME}, found null", 11),
]


@pytest.mark.parametrize(("fmt", "body", "reason", "offset"), REASONS)
def test_reasons(fmt: int, body: str, reason: str, offset: int) -> None:
    for given in (body, body.encode()):
        with pytest.raises(DecodeError) as caught:
            decode(given, fmt=fmt)
        place = offset if given is body else len(body[:offset].encode())
        assert (caught.value.reason, caught.value.offset) == (reason, place)


def test_open_brackets_are_not_a_lack_of_memory() -> None:
    body = '[[{"a": "]"}, [], ' + "[" * 500
    with pytest.raises(LimitError) as tripped:
        decode(body, fmt=3)
    assert (tripped.value.reason, tripped.value.offset) == (
        "expected values at most 32 deep",
        body.rindex(" [") + 1 + 30,
    )
    with pytest.raises(DecodeError) as caught:
        decode("[" * 500, fmt=3, limits=Limits(depth=4000))
    assert caught.value.reason == f"expected a reply in JSON, found '{'[' * 37}...'"


class Doubled(UserDict[str, OperatorStatus]):
    """Says that it has twice as many items as it gives."""

    def __len__(self) -> int:
        return 2 * len(self.data)


@pytest.mark.parametrize("fmt", [0, 2, 3])
def test_a_mapping_that_does_not_give_all_it_has(fmt: int) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(SenderList((Sender("A", operators=Doubled(mts=OperatorStatus(1))),)), fmt=fmt)
    path = "senders[0].operators"
    assert (caught.value.path, caught.value.reason) == (path, "expected a mapping with a value for each key")


@pytest.mark.parametrize("fmt", [None, 0, 1, 2, 3])
@pytest.mark.parametrize(
    "body", [b"x" * 100_000, b"<" * 100_000, b"[" * 100_000, "я".encode() * 50_000, b"\x1b[31m\x00\x07" * 100]
)
def test_an_error_is_short_and_harmless(body: bytes, fmt: int | None) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=fmt)
    message = str(caught.value)
    assert len(message) < 500
    assert all(character.isprintable() or character == "\n" for character in message)
    assert len(pickle.dumps(caught.value)) < 2000


def test_half_of_a_surrogate_pair_in_a_string() -> None:
    with pytest.raises(DecodeError, match=r"\(offset 7\): expected text, found half of a surrogate pair") as caught:
        decode("name = \ud800, id = 5")
    assert caught.value.code == "charset"
    with pytest.raises(DecodeError, match=r"\(offset 8\)"):
        decode("\ufeffname = \udfff")


def test_what_was_expected_instead() -> None:
    for body, expect, words in (
        (b"", Success, 'expected "OK", found an empty body'),
        (b"\r\n", SenderCreated | Success, 'expected "OK" or the id of a new sender name, found an empty body'),
        (b"OK", SenderList, 'expected a list of sender names, found "OK"'),
        (b"A,5", SenderCreated, "expected the id of a new sender name, found a list of sender names"),
    ):
        with pytest.raises(DecodeError) as caught:
            decode(body, fmt=1, expect=expect)
        assert (caught.value.code, caught.value.reason) == ("unexpected", words)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_what_ends_a_line(end: str) -> None:
    for rest, found in (
        ("", "the end of the reply"),
        ("name = B", "the end of the line"),
        ("X", "the end of the line"),
    ):
        with pytest.raises(DecodeError) as caught:
            decode(f"name = A, {end}{rest}", fmt=0)
        assert caught.value.reason == f"expected 'id', 'name', 'status' or a key, found {found}"
        assert caught.value.offset == 10


@pytest.mark.parametrize(
    ("body", "charset", "words"),
    [
        (b"A\x98", "windows-1251", "text in windows-1251, found the byte 0x98"),
        (b"A\x98", None, "text in windows-1251, as the body is not UTF-8, found the byte 0x98"),
        (b"A\xff", "utf-8", "text in utf-8, found the byte 0xFF"),
    ],
)
def test_bytes_without_a_meaning(body: bytes, charset: str | None, words: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=0, charset=charset)
    assert caught.value.reason == f"expected {words}, which has no meaning there"
    assert (caught.value.code, caught.value.offset, caught.value.excerpt) == ("charset", 1, "A\ufffd\n ^")


def test_bodies_of_the_wrong_type() -> None:
    with pytest.raises(OptionError, match=r"^the body has to be bytes or a string, not int$"):
        decode(5, fmt=0)  # type: ignore[call-overload]


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("mark", ["\ufeff", b"\xef\xbb\xbf"])
def test_a_mark_is_a_finding_and_counts(fmt: Format, mark: Any) -> None:
    reply = SenderList((Sender("A", 5),))
    plain = encode(reply, fmt=fmt)
    text = plain.decode().replace("5", "x")
    for charset in (None, "utf-8", "windows-1251", "koi8-r"):
        assert decode(mark + (plain.decode() if isinstance(mark, str) else plain), fmt=fmt, charset=charset) == reply
    body = mark + (text if isinstance(mark, str) else text.encode())
    found = validate(body, fmt=fmt).findings
    assert (found[0].code, found[0].offset, found[0].path) == ("bom", len(mark), "")
    assert found[0].message == "a byte order mark comes before the reply"
    assert (found[-1].severity, found[-1].offset) == (Severity.ERROR, len(mark) + text.index("x"))


@pytest.mark.parametrize(
    ("fmt", "body", "places"),
    [
        (0, "name = A, new = 1\nname = B", [(16, 1, 17), (0, 1, 1)]),
        (2, '<s>\n<sender new="1"\nid="5"></sender></s>', [(17, 2, 14), (4, 2, 1)]),
        (3, '[{"sender": "A", "id": 1},\n{"new": 1,\n"mts_step": 1, "id": 5}]', [(35, 2, 9), (27, 2, 1)]),
    ],
)
def test_an_error_before_a_finding(fmt: int, body: str, places: list[tuple[int, int, int]]) -> None:
    for given in (body, body.encode()):
        findings = validate(given, fmt=fmt, expect=Success).findings
        assert [(finding.offset, finding.line, finding.column) for finding in findings] == places


def test_a_declaration_that_is_broken_behind_a_mark() -> None:
    body = b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><sender>\xcf</sender>'
    with pytest.raises(DecodeError) as caught:
        decode(body, fmt=2)
    assert (caught.value.offset, caught.value.column) == (49, 47)
    assert caught.value.reason == (
        "expected text in utf-8 as the XML declaration says, found the byte 0xCF, which has no meaning there"
    )


def test_control_characters_are_replaced_and_others_stay() -> None:
    with pytest.raises(DecodeError) as caught:
        decode("name = A\x07\u202eЖ, id = x", fmt=0)
    assert caught.value.excerpt == "name = A\ufffd\ufffdЖ, id = x\n                  ^"


def test_reasons_and_paths_have_a_longest() -> None:
    for size in (399, 400, 401):
        kept = DecodeError("x" * size, code="value").reason
        assert kept == ("x" * size if size <= 400 else "x" * 397 + "...")
    for size in (99, 100, 101):
        for error in (DecodeError("x", code="value", path="y" * size), EncodeError("x", path="y" * size)):
            assert error.path == ("y" * size if size <= 100 else "y" * 97 + "...")


def test_what_was_found_is_not_said_of_a_secret() -> None:
    for path in ("psw", "senders[0].api_key", "Authorization"):
        error = DecodeError("expected a code, found a\nb", code="value", path=path)
        assert (
            error.reason == EncodeError("expected a code, found a\nb", path=path).reason == "expected a code, found ***"
        )
    assert DecodeError("expected a code, found a", code="value", path="psx").reason == "expected a code, found a"


@pytest.mark.parametrize(("size", "shown"), [(40, "x" * 40), (41, "x" * 37 + "...")])
def test_what_was_found_is_shortened(size: int, shown: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(f"A,{'x' * size},5", fmt=1)
    assert caught.value.reason == f"expected the number of a status, found '{shown}'"


@pytest.mark.parametrize(
    ("before", "behind", "excerpt"),
    [
        (29, 28, "A" * 29 + ",x," + "5" * 28),
        (30, 28, "..." + "A" * 29 + ",x," + "5" * 28),
        (29, 29, "A" * 29 + ",x," + "5" * 28 + "..."),
        (90, 90, "..." + "A" * 29 + ",x," + "5" * 28 + "..."),
    ],
)
@pytest.mark.parametrize(("above", "below"), [("", ""), ("B,1,5\n", ""), ("B,1,5\r\n", "\r\nC"), ("", "\nC,5\nD")])
def test_excerpts_are_60_characters_around_the_place(
    before: int, behind: int, excerpt: str, above: str, below: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(f"{above}{'A' * before},x,{'5' * behind}{below}", fmt=1)
    error = caught.value
    assert error.excerpt == excerpt + "\n" + " " * excerpt.index("x") + "^"
    assert (error.line, error.column, error.offset) == (1 + bool(above), before + 2, len(above) + before + 1)


def test_a_line_is_shown_without_its_end() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(b"name = A, id = 5\r\nname = B, id = X\r\nname = C\r\n", fmt=0)
    assert caught.value.excerpt == "name = B, id = X\n               ^"
    assert caught.value.reason == "expected a whole number of at most 18 digits, found 'X'"
    with pytest.raises(DecodeError) as caught:
        decode(b"name = A\n\nname", fmt=0)
    assert caught.value.excerpt == "\n^"


def test_what_a_wrong_option_is_told() -> None:
    formats = "0, 1, 2, 3, 'text', 'csv', 'xml' or 'json'"
    replies = "a class of reply, such as SenderList, or a union of such classes"
    said: dict[str, tuple[dict[str, Any], Callable[..., object]]] = {
        f"fmt has to be {formats}, not 9": ({"fmt": 9}, decode),
        f"fmt has to be {formats}, not '3'": ({"fmt": "3"}, validate),
        "charset has to be utf-8, windows-1251 or koi8-r, not 'latin-1'": ({"charset": "latin-1"}, decode),
        f"expect has to be {replies}, not int": ({"expect": int}, decode),
        f"expect has to be {replies}, not 'senders'": ({"expect": "senders"}, validate),
        f"expect has to be {replies}, not object": (
            {"expect": SenderList | object | None},
            decode,
        ),
        f"expect has to be {replies}, not NoneType": (
            {"expect": SenderList | None},
            validate,
        ),
        "strict has to be True or False, not 1": ({"strict": 1}, decode),
        "limits has to be a Limits, not int": ({"limits": 5}, decode),
    }
    for words, (options, read) in said.items():
        with pytest.raises(OptionError) as caught:
            read(b"OK", **options)
        error = caught.value
        assert (str(error), error.reason, error.args) == (words, words, (words,))
        assert issubclass(OptionError, ValueError) and not issubclass(OptionError, DecodeError)
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.reason) == (OptionError, words, words)


def test_what_encode_is_told() -> None:
    drop: Any
    for drop, words in (
        ("description", "drop has to be a list, a tuple or a set of names, not 'description'"),
        ([5], "drop has to be a list, a tuple or a set of names, not [5]"),
        (None, "drop has to be a list, a tuple or a set of names, not None"),
        ({"cost"}, "drop can hold description, id, not 'cost'"),
    ):
        with pytest.raises(OptionError, match=f"^{re.escape(words)}$"):
            encode(ErrorReply(3, "x"), fmt=1, drop=drop)
    with pytest.raises(EncodeError, match=r"^expected a reply, such as SenderList, found int$"):
        encode(5, fmt=1)  # type: ignore[arg-type]


NAMES_OF_CHARSETS = {
    "utf-8": ("utf-8", "UTF-8", "utf8", "U8", " utf_8 "),
    "windows-1251": ("windows-1251", "Windows-1251", "cp1251", "cp-1251", "1251", "win-1251", "windows_1251"),
    "koi8-r": ("koi8-r", "KOI8-R", "koi8r", "cskoi8r"),
}


@pytest.mark.parametrize("charset", NAMES_OF_CHARSETS)
def test_names_of_charsets(charset: str) -> None:
    reply = SenderList((Sender("Имя", 5),))
    body = encode(reply, fmt=2, charset=charset)
    for name in NAMES_OF_CHARSETS[charset]:
        assert encode(reply, fmt=2, charset=name) == body
        assert decode(body, fmt=2, charset=name) == reply
        if name[0].isalpha():  # as XML wants it
            assert decode(f'<?xml version="1.0" encoding="{name}"?>'.encode() + body, fmt=2) == reply


def test_what_a_declaration_says_counts_in_xml_and_if_nobody_knows_better() -> None:
    text = '<?xml version="1.0" encoding="koi8-r"?><sender>Имя</sender>'
    for body, charset in ((text.encode("koi8-r"), None), (text.encode("windows-1251"), "windows-1251")):
        assert decode(body, fmt=2, charset=charset) == SenderList((Sender("Имя"),))
    # Behind a mark the careful way is taken.
    text = '<?xml encoding="koi8-r"?>Ж'
    for mark in (b"", b"\xef\xbb\xbf"):
        assert decode(mark + f"{text},5".encode(), fmt=1) == SenderList((Sender(text, 5),))


@pytest.mark.parametrize(
    ("version", "code", "place"),
    [
        ("ыыы".encode(), "content-charset", (34, 32)),
        ("ыыы".encode("cp1251"), "charset", (31, 32)),
        (b"1.0", "content-charset", (31, 32)),
    ],
    ids=str,
)
def test_where_a_declaration_names_another_charset(version: bytes, code: str, place: tuple[int, int]) -> None:
    """What is not UTF-8 cannot be read then."""
    finding = validate(b'<?xml version="%s"  encoding="latin-7"?><a/>' % version, fmt=2).findings[0]
    assert (finding.code, finding.offset, finding.column) == (code, *place)


def test_a_declaration_of_another_charset() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(b'<?xml version="1.0" encoding="foo"?>\xff<a/>', fmt=2)
    error = caught.value
    assert (error.code, error.offset, error.column) == ("charset", 30, 31)
    words = "one of the service's charsets (utf-8, windows-1251, koi8-r) in the XML declaration"
    assert error.reason == f"expected {words}, found 'foo'"
    assert error.excerpt.startswith('<?xml version="1.0" encoding="foo"?>\ufffd<a/>')


@pytest.mark.parametrize("charset", ["cp1252", "latin-1", "utf-16", "ascii", "koi8-u", "", 5])
def test_other_charsets(charset: Any) -> None:
    words = f"charset has to be utf-8, windows-1251 or koi8-r, not {charset!r}"
    for call in (lambda: decode(b"OK", fmt=0, charset=charset), lambda: encode(Success(), fmt=0, charset=charset)):
        with pytest.raises(SmscCodecError) as caught:
            call()
        assert str(caught.value) == words


def test_attributes_have_places_of_their_own() -> None:
    body = "<s xmlns='t' xmlns:a='u' count = '1'>\n<sender xmlns='' xmlns:b='v' id='5' new_key='1'>A</sender></s>"
    findings = validate(body, fmt=2).findings
    assert [(finding.path, finding.offset) for finding in findings] == [
        ("count", body.index("1'>\n")),
        ("senders[0].operators.new_key", body.index("1'>A")),
    ]


class Unprintable:
    def __repr__(self) -> str:
        raise KeyError


class UnprintableNumber(int):
    __hash__ = int.__hash__

    def __repr__(self) -> str:
        raise KeyError

    __str__ = __repr__


ODD: list[Any] = [10**5000, Unprintable(), UnprintableNumber(5), "\ud800", -1, (), {}, b"x", 1.5, True]


@pytest.mark.parametrize("odd", ODD, ids=map(str, range(len(ODD))))
def test_unusual_values_give_our_own_errors(odd: Any) -> None:
    mapping = odd if isinstance(odd, dict) else {"mts": odd}
    senders = [
        Sender(odd),
        Sender("A", odd),
        Sender("A", 5, odd),
        Sender("A", 5, None, mapping),
        Sender("A", 5, None, {}, mapping),
        Sender("A", 5, None, odd),
        Sender("A", 5, None, {}, odd),
        Sender("A", 5, None, FrozenMapping.of({"mts": odd})),  # type: ignore[arg-type]
    ]
    replies: list[Any] = [
        odd,
        ErrorReply(odd),
        ErrorReply(1, odd),
        SenderCreated(odd),
        *(SenderList((s,)) for s in senders),
    ]
    calls: list[Callable[[], object]] = [
        lambda: decode(odd),
        lambda: decode(b"OK", fmt=odd),
        lambda: decode(b"OK", charset=odd),
        lambda: decode(b"OK", limits=odd),
        lambda: decode(b"OK", expect=odd),
        lambda: Limits(body=odd),
        lambda: from_json(odd),
        lambda: str(ApiError(ErrorReply(odd, odd))),
        *(lambda reply=reply, fmt=fmt: encode(reply, fmt=fmt) for reply in replies for fmt in Format),
        *(lambda reply=reply: to_json(reply) for reply in replies),
    ]
    for call in calls:
        try:
            call()
        except SmscCodecError as error:
            assert str(error)


def test_an_error_of_a_number_that_none_can_print() -> None:
    assert str(ApiError(ErrorReply(10**5000))) == "error of an unprintable number"
    assert ErrorReply(-1).meaning == "not documented"


NOT_EXPECTED = "^expect has to be a (?:class of reply, such as SenderList, or|reply of senders.php )"
EITHER = Union[SenderList, Any]  # noqa: UP007 - `|` gives another class


class Shaped(Protocol):
    """A class that refuses to be asked for its instances."""

    id: int


class Typed(TypedDict):
    """A class that refuses to be asked for its instances."""


@pytest.mark.parametrize("expect", [Any, Shaped, Typed, EITHER, list[int], (SenderList,)])
def test_what_cannot_be_expected(expect: Any) -> None:
    with pytest.raises(OptionError, match=NOT_EXPECTED):
        decode(b"OK", fmt=0, expect=expect)


class Raising(dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError


class RaisingText(str):
    __hash__ = str.__hash__

    def __len__(self) -> int:
        raise RuntimeError

    __bool__ = __str__ = __getitem__ = __eq__ = startswith = translate = __len__  # type: ignore[assignment]


class Asked(type):
    def __instancecheck__(cls, instance: object) -> bool:
        raise RuntimeError


class Refusing(metaclass=Asked):
    pass


class Key(str, Enum):
    MTS = "mts_step"


@pytest.mark.parametrize("fmt", Format)
def test_objects_that_raise(fmt: Format) -> None:
    operators, replacements = Sender("A", 5, operators=Raising(mts=1)), Sender("A", replacements=Raising(mts="INFO"))
    for sender, attribute in ((operators, "operators"), (replacements, "replacements")):
        for write in (lambda reply: encode(reply, fmt=fmt), to_json):
            with pytest.raises(EncodeError, match="the reply holds an object that raises RuntimeError") as caught:
                write(SenderList((sender,)))
            assert caught.value.path == f"senders[0].{attribute}"
            assert isinstance(caught.value.__cause__, RuntimeError)
    text = RaisingText("A")
    assert encode(SenderList((Sender(text, 5),)), fmt=fmt) == encode(SenderList((Sender("A", 5),)), fmt=fmt)
    assert decode(RaisingText("OK"), fmt=fmt) == decode("OK", fmt=fmt)
    with pytest.raises(OptionError, match=NOT_EXPECTED):
        decode(b"OK", fmt=fmt, expect=Refusing)


def _raise(value: object) -> type[object]:
    raise RuntimeError


Masked = type("Masked", (), {"__class__": property(_raise)})


def test_an_object_that_does_not_say_what_it_is() -> None:
    reply: Any = SenderList((Sender(Masked()),))
    for write in (lambda reply: encode(reply, fmt=0), to_json):
        with pytest.raises(EncodeError, match=r"^the reply holds an object that raises RuntimeError"):
            write(reply)


SAYS = [*(MagicMock(spec=cls) for cls in (str, bytes, bytearray, memoryview, int, Limits, type)), Masked(), ANYTHING]


@pytest.mark.parametrize("number", range(len(SAYS)))
def test_options_are_what_they_are_and_not_what_they_say(number: int) -> None:
    odd = SAYS[number]
    for options in ({}, {"fmt": odd}, {"charset": odd}, {"limits": odd}, {"expect": odd}, {"charset": "utf-8"}):
        body = b"A,1" if len(options) == 1 and "utf-8" not in options.values() else odd
        with pytest.raises(OptionError):
            decode(body, **options)
        with pytest.raises(OptionError):
            validate(body, **options)
    for options in ({"fmt": odd}, {"fmt": 1, "charset": odd}, {"fmt": 1, "limits": odd}):
        with pytest.raises(OptionError):
            encode(Success(), **options)


def test_an_expectation_that_says_that_it_is_equal() -> None:
    codec = Codec(SENDERS)
    for _ in range(3):
        with pytest.raises(OptionError, match=NOT_EXPECTED):
            codec.decode(b"name = A, mts = 1", fmt=0, expect=ANYTHING)


class Buffer(bytes):
    """From Python 3.12 on a class can have a buffer of its own."""

    def __buffer__(self, flags: int) -> memoryview:
        raise KeyError

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError


def test_a_body_that_raises_whatever_is_asked() -> None:
    try:
        assert decode(Buffer(b"OK"), fmt=0) == Success()
    except OptionError as error:
        assert error.reason == "the body has to be bytes or a string, not Buffer"


class Falsehood(tuple[Any, ...]):
    """A tuple that says that it is empty."""

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize("fmt", Format)
def test_structs_that_lack_a_field(fmt: Format) -> None:
    lists, sender, error, second = SenderList((Sender("A", 1),)), Sender("A", 1), ErrorReply(1, "x"), Sender("B", 2)
    for struct in (lists, sender, error):
        type(struct).__dict__[type(struct).__struct_fields__[0]].__delete__(struct)
    for reply in (lists, SenderList((second, sender)), SenderList((sender,)), error):
        with pytest.raises(EncodeError, match="the reply holds an object that raises AttributeError") as caught:
            encode(reply, fmt=fmt, drop=["description"])
        if isinstance(reply, SenderList) and reply is not lists:
            assert caught.value.path == f"senders[{len(reply.senders) - 1}].name"
    for attribute in ("_keys", "_values"):
        mapping: Any = FrozenMapping(("mts",), (OperatorStatus(1),))
        FrozenMapping.__dict__[attribute].__delete__(mapping)
        with pytest.raises(EncodeError, match="the reply holds an object that raises AttributeError") as caught:
            encode(SenderList((Sender("A", 1, None, mapping),)), fmt=fmt)
        assert caught.value.path == "senders[0].operators"
    worse = SenderList((Sender("A", 1),))
    for given in (5, [Sender("A", 1)], Falsehood((Sender("A", 1),))):
        force_setattr(worse, "senders", given)
        with pytest.raises(EncodeError, match=f"expected a tuple, found {type(given).__name__}"):
            encode(worse, fmt=fmt)


@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
def test_keys_are_plain_texts(fmt: Format) -> None:
    plain = encode(SenderList((Sender("A", 1, operators={"mts_step": OperatorStatus(1)}),)), fmt=fmt)
    items: dict[str, OperatorStatus] = {Key.MTS: OperatorStatus(1)}
    mappings: list[Any] = [items, FrozenMapping.of(items)]
    for mapping in mappings:
        assert encode(SenderList((Sender("A", 1, operators=mapping),)), fmt=fmt) == plain


ONE = OperatorStatus(1)
RAGGED = [
    FrozenMapping(("a",), ()),
    FrozenMapping(("a",), (ONE, ONE)),
    FrozenMapping((), (ONE,)),
    FrozenMapping(("mts", "mts"), (ONE, ONE)),
    FrozenMapping((5,), (ONE,)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("mapping", RAGGED, ids=range(len(RAGGED)))
def test_things_that_only_look_like_mappings(mapping: Any) -> None:
    for write in (lambda reply: encode(reply, fmt=0), lambda reply: encode(reply, fmt=3), to_json):
        with pytest.raises(EncodeError):
            write(SenderList((Sender("A", 1, None, mapping),)))


class Word(str):
    """A text that is of another class."""


TEXTS: dict[str, Any] = {
    "too few": FrozenMapping(("a",), ()),
    "too many": FrozenMapping(("a",), ("x", "y")),
    "a number": FrozenMapping(("a",), (5,)),
    "too long": FrozenMapping(("a",), ("x" * (DEFAULT_LIMITS.text + 1),)),
    "no mapping": SimpleNamespace(_keys=("a",), _values=("x",)),
}


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("fmt", [Format.TEXT, Format.XML, Format.JSON])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_under_undocumented_keys(name: str, fmt: Format, count: int) -> None:
    """The writer compiled for the keys of a valid record refuses what only looks like its texts."""
    valid, wrong = MegaAccount({"a": "x"}), MegaAccount(TEXTS[name])
    body = encode(MegaAccountList((valid,) * count), fmt=fmt)
    assert decode(body, fmt=fmt, expect=MegaAccountList) == MegaAccountList((valid,) * count)
    for place, records in ((0, (wrong,) * count), (count - 1, (*[valid] * (count - 1), wrong))):
        with pytest.raises(EncodeError) as caught:
            encode(MegaAccountList(records), fmt=fmt)
        assert caught.value.path.startswith(f"accounts[{place}].other")
    assert encode(MegaAccountList((valid,) * count), fmt=fmt) == body
    likes: list[Any] = [FrozenMapping(("a",), "x"), FrozenMapping(("a",), (Word("x"),))]  # type: ignore[arg-type]
    for like in likes:
        assert encode(MegaAccountList((MegaAccount(like),) * count), fmt=fmt) == body


def test_an_error_that_is_about_no_place() -> None:
    error = DecodeError("x", code="value")
    assert (error.offset, error.line, error.column, error.path, error.excerpt) == (0, 1, 1, "", "")
    for each in (error, EncodeError("x"), OptionError("x")):
        assert pickle.loads(pickle.dumps(each)).args == each.args == ("x",)
