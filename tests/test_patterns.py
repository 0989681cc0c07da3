"""Check that every regular expression of the package takes linear time, also those that it makes at run time.

`regex_steps` counts the steps, and finds what the engine of `re` finds. `.ci/run` runs a static analyser too, but that
sees neither patterns that the code puts together nor alternatives that match the same.
"""

from __future__ import annotations

import io
import re
import sys
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smsc_codec import Codec, EncodeError, ErrorReply, Format, FrozenMapping, Success, _letters
from smsc_codec._rows.values import Codes, coded
from smsc_codec._secrets import Known
from smsc_codec.endpoints import balance, info, send, status
from smsc_codec.endpoints.senders import SENDERS, TEXT_ORDER
from smsc_codec.formats.grammar import Grammar
from smsc_codec.recordings import Kind
from smsc_codec.recordings._tape import _SIGNS, Tape

from .patterns import METHODS, Compiled, Site, at_run_time, compiling, sites
from .regex_growth import complaint, pieces, windows
from .regex_steps import Found, Stepper, TooManyStepsError, parsed
from .test_alternatives import ITEMS
from .vectors import VECTORS

# Patterns that are not linear, by file and constant, each with the reason why no text is long enough to matter.
BOUNDED: dict[tuple[str, str], str] = {}

IN_SOURCE = [site for site in sites() if site.pattern is not None]


LINES = (
    "name = one, price = 1.50",
    "name = two, price = abc",
    "name = one, weight = 5 g",
    "name = one, a = 1, b = x",
    "name = two, a = x1, b = 1x",
)

OTHER: Any = FrozenMapping.of({"k": "x"})
PHONE = send.PhoneResult("79990000000", "25001", Decimal("1.5"), status.MessageState(0), status.DeliveryError(0))
DATE = datetime(2024, 5, 17, 10, 20, 30)
SHORT = status.Message(status.MessageState(1), DATE, 5, err=status.DeliveryError(0), id=7, phone="79990000000")
LONG = replace(
    SHORT, send_date=DATE, send_timestamp=4, cost=Decimal("1.5"), sender_id="A", status_name="x", message="a, b"
)
LINE = status.Message(
    status.MessageState(1),
    last_timestamp=5,
    err=status.DeliveryError(0),
    send_timestamp=4,
    phone="79990000000",
    cost=Decimal("1.5"),
    sender_id="A",
    status_name="x",
    message="a, b",
)
INFO = info.OperatorInfo("79990000000", "A, B", "C", "D", "250", "01", "3", OTHER)
REPLIES: list[tuple[Any, list[Any]]] = [
    (info.CODEC, [INFO, replace(INFO, tz=None, other=FrozenMapping()), info.OperatorInfoList((INFO, INFO))]),
    (
        balance.CODEC,
        [
            balance.Balance(Decimal("1.5")),
            balance.Balance(Decimal(1), Decimal(2), "RUR"),
            balance.Balance(Decimal(1), None, "RUR", OTHER),
        ],
    ),
    (
        send.CODEC,
        [
            send.MessageSent(1, 2),
            send.MessageSent(1, 2, Decimal("1.5"), Decimal(3), "1234", (PHONE,)),
            send.MessageCost(Decimal("1.5"), 2, (PHONE,)),
            send.MessageSent(1, 2, code="123456"),
            ErrorReply(send.MessageError(1), "x", 5),
        ],
    ),
    (
        status.CODEC,
        [
            SHORT,
            status.Message(status.MessageState(1), message="a, b", comment="c", id=7),
            LONG,
            replace(LONG, comment="x", type=status.MessageType(0)),
            status.StatusList((SHORT, replace(LONG, comment="x", type=status.MessageType(0), other=OTHER))),
            Success(),
            LINE,
            replace(LINE, comment="x", type=status.MessageType(0)),
            replace(
                LINE, sender_id="HLR", **dict.fromkeys(("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet"), "1")
            ),
            status.StatusList((replace(LINE, id=5), replace(LINE, comment="x", type=status.MessageType(0), id=6))),
        ],
    ),
]
"""Values of the other endpoints, with fewer and with more fields; not every format can carry each."""


def named(site: Site) -> str:
    return f"{site.path}-{site.name}"


@pytest.mark.parametrize("site", IN_SOURCE, ids=named)
def test_patterns_in_the_source_are_linear(site: Site) -> None:
    assert site.pattern is not None
    found = complaint(site.pattern, site.methods)
    if (site.path, site.name) in BOUNDED:
        assert found, "the exception is not needed: delete it"
    else:
        assert found is None


def test_exceptions_are_for_patterns_in_the_source() -> None:
    assert BOUNDED.keys() <= {(site.path, site.name) for site in IN_SOURCE}


def lines_with_a_name(*, fmt: int) -> list[str]:
    """Return replies of one name with all documented operators. Each has a replacement under another operator.

    They are few, because a reader that piled up alternatives would take ten times as long with each.
    """
    bodies = []
    for replaced in ("", *TEXT_ORDER[:5]):
        values = {key: "INFO" if key == replaced else "2" for key in TEXT_ORDER}
        if fmt == Format.TEXT:
            fields = "".join(f"{key} = {value}, " for key, value in values.items())
            bodies.append(f"name = A, {fields}id = 5")
        elif fmt == Format.XML:
            attributes = "".join(f' {key}="{value}"' for key, value in values.items())
            bodies.append(f'<senders>\n<sender{attributes} id="5">A</sender>\n</senders>')
        else:
            members = "".join(f'"{key}": "{value}", ' for key, value in values.items())
            bodies.append(f'[{{"sender": "A", {members}"id": 5}}]')
    return bodies


@cache
def compiled() -> list[Compiled]:
    """Return what new codecs compile when they read and write replies of all kinds."""
    with compiling() as found:
        codec: Codec[Any] = Codec(SENDERS)
        for vector in VECTORS:
            reply: Any = codec.validate(vector.body, **vector.asked).reply
            for fmt in Format if reply is not None else ():
                with suppress(EncodeError):
                    codec.encode(reply, fmt=fmt)
        for fmt in (Format.TEXT, Format.XML, Format.JSON):
            for body in lines_with_a_name(fmt=fmt):
                codec.decode(body, fmt=fmt)
        for make in (_letters._utf8_as_1251, _letters._utf8_as_latin1):
            make.cache_clear()
            make()
        Codes(coded(SENDERS.own[-1].object)[0][1])  # `codes_of` may have been asked before
        Known(lambda: ("secret", "-]^\\")).masked("psw=secret login=secret")
        items: Codec[Any] = Codec(ITEMS)
        for line in LINES:
            reply = items.validate(line, fmt=0).reply
            if reply is not None:
                items.encode(reply, fmt=0)
        for known, replies in REPLIES:
            other: Codec[Any] = Codec(known.endpoint)
            for reply, fmt in product(replies, Format):
                with suppress(EncodeError):
                    written = other.encode(reply, fmt=fmt)
                    # The second one is read carefully, the third one is a list of more records, and the last one has a
                    # line that belongs to no number.
                    twice = written + b"\n" + written
                    for text in (written, written.replace(b"1", b"x", 1), twice, written + b"\na hint"):
                        other.validate(text, fmt=fmt, expect=type(reply))
                        other._format(fmt).may_be_own(text.decode())
    return found


@cache
def learned() -> dict[re.Pattern[Any], frozenset[str]]:
    """Return the patterns that the package puts together.

    If one differs only in names of keys, or has nothing but parts of longer ones, the other ones will do.
    """
    found = at_run_time(compiled())
    seen: set[Any] = set()
    taken: dict[re.Pattern[Any], frozenset[str]] = {}
    for pattern in sorted(found, key=lambda each: len(each.pattern), reverse=True):
        methods = frozenset(found[pattern])
        parts = {(window, pattern.flags, methods) for window in windows(pattern)}
        if not parts <= seen:
            seen |= parts
            taken[pattern] = methods
    return taken


@cache
def scanners() -> list[re.Pattern[Any]]:
    """Return the patterns that Lark makes from the terminals of our grammars."""
    grammars = [
        Grammar(endpoint.grammar, ("reply",))
        for endpoint in (SENDERS, ITEMS, *(known.endpoint for known, _ in REPLIES))
    ]
    known = {terminal for grammar in grammars for terminal in grammar._terminals}
    patterns = {pattern: None for pattern, *_ in compiled() if pattern.groups and known.issuperset(pattern.groupindex)}
    return [pattern for pattern in patterns if pattern.groupindex]


def test_no_pattern_in_the_source_is_left_out() -> None:
    """If a pattern cannot be evaluated from the source, `compiled` has seen it."""
    seen = {(path, line) for _, path, line in compiled()}
    unknown = [site for site in sites() if site.pattern is None]
    assert unknown, "lines are read by patterns that are put together"
    assert [site for site in unknown if not any((site.path, line) in seen for line in site.lines)] == []


@pytest.mark.parametrize("part", range(8))
def test_patterns_that_are_put_together_are_linear(part: int) -> None:
    assert len(learned()) > 20
    patterns = [*learned().items()][part::8]
    assert list(filter(None, (complaint(pattern, methods) for pattern, methods in patterns))) == []


def test_patterns_of_lark_are_linear() -> None:
    assert len(scanners()) >= 4
    assert list(filter(None, (complaint(pattern, {"match"}) for pattern in scanners()))) == []


# Patterns that the check has to find, and patterns that it has to pass.

CODE = r"(?:0|[1-9][0-9]?)(?=, |\r?\n|\Z)"
NAME = r"(?:(?:[^ ,\r\n])+(?:(?: (?!= )|,(?! ))(?:[^ ,\r\n])*)*|(?:(?: (?!= )|,(?! ))(?:[^ ,\r\n])*)+)"
REPLACEMENT = rf"(?!(?:0|[1-9][0-9]?)(?:, |\r?\n|\Z)){NAME}"


def line_of(value: str, keys: int = 13) -> str:
    """Return a pattern for a line whose operators have such values."""
    return rf"name = ({NAME}){''.join(f', k{key} = ({value})' for key in range(keys))}, id = ([0-9]+)(?:\r?\n|\Z)"


TOO_SLOW: list[tuple[str | bytes, str]] = [
    # A line whose codes and names were learned by turns: alternatives that match the same.
    (line_of(f"(?:(?:(?:{CODE}|{REPLACEMENT})|{CODE})|{REPLACEMENT})"), "match"),
    (line_of(f"(?:(?:{CODE}|{REPLACEMENT})|{CODE})"), "fullmatch"),
    (line_of("(?:[0-9]+|[0-9a-z]+)"), "findall"),
    # Blank lines at the start of a cassette.
    (rb"(?:(?:---|#|%)[^\n]*\n|\s*\n)*(?:(?:version|recorded_with):[^\n]*\n)*(?:http_)?interactions:", "match"),
    # Attributes of an element, whatever stands between them.
    (' ([^=]+)="[^"]*"', "findall"),
    ("(a+)+$", "match"),
    ("(a|a)*$", "match"),
    ("(?:ab|cd|ab)*e", "match"),
    ("(?:a|b|ab)*c", "fullmatch"),
    (r"(?:\s*\n)*x", "match"),
    ("(.*?,){11}P", "match"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "match"),
    (r"(?:[a-z]+\d?)*!", "search"),
    ("(?:(x)?(?(1)a|aa?))*b", "match"),
    ("(x)?(?(1)(?:a|aa)+|b)c", "match"),
    (r"(?:(?=(a|aa))\1|a)*b", "match"),
    ("(?i:A|a|b)*(?i:B)*c", "match"),
    ("(?:a{1,3}?)*?b", "match"),
    ("a*a*b", "match"),
    ("a*x?a*b", "fullmatch"),
    ("(?<!a)(a*)*b", "search"),
    (rb"(?:\d|\d[0-5])+x", "match"),
    # What is linear at one place, and not at every one.
    (r"\s+$", "search"),
    ("<a[^>]*b", "search"),
    (r'"(?:[^"\\]|\\.)*"', "sub"),
    (",[^;]*;", "split"),
    ("x*y*x", "finditer"),
]
LINEAR: list[tuple[str | bytes, str]] = [
    (line_of(f"(?:(?:{CODE})|(?!{CODE})(?:{REPLACEMENT}))"), "fullmatch"),
    (line_of(f"(?:{CODE}|{REPLACEMENT})"), "findall"),
    (rb"(?:(?:(?:---|#|%)[^\n]*|[^\S\n]*)\n)*(?:http_)?interactions:", "match"),
    (r' ([^\s=<>"]+)="[^"]*"', "findall"),
    ("(?:a|b|a)*c", "match"),  # which the parser makes a class
    (r"(?:(?=(a+))\1)+$", "match"),  # what a look-ahead has taken is not tried again
    (r"\s+$", "match"),
    (r'"(?:[^"\\]|\\.)*"', "match"),
    ("[0-9]{1,18}x", "search"),
    ("(?:ab|cd)*e", "fullmatch"),
    ("(x)?(?(1)(?:a|b)+|b)c", "match"),
    ("(?s:.*)b", "match"),
    (rb"\xff[^\xff\n]*\n", "sub"),
]
if sys.version_info >= (3, 11):
    TOO_SLOW += [("(?>a|b)*+(?:a|aa)*c|(?:a|aa)*d", "match"), ("(?:(?>a+)|aa)*b", "match")]
    LINEAR += [("(?>(?:a|aa)+)b", "match"), ("(?:a++b?)*c", "match")]


@pytest.mark.parametrize(("pattern", "method"), TOO_SLOW)
def test_patterns_that_are_too_slow_are_found(pattern: str | bytes, method: str) -> None:
    assert complaint(re.compile(pattern), {method}) is not None


@pytest.mark.parametrize(("pattern", "method"), LINEAR)
def test_linear_patterns_pass(pattern: str | bytes, method: str) -> None:
    assert complaint(re.compile(pattern), {method}) is None


# Blank lines and comments before a recording.

FIRST_LINES = [b"\n", b"\r\n", b" \n", b"\t\n\n", b"# a comment\n", b"---\n", b"\n%\n"]


@pytest.mark.parametrize("first", FIRST_LINES)
@pytest.mark.parametrize("reply", [b"<result>OK</result>", b"", b"#", b"interactions"])
def test_first_lines_of_a_file_take_steps_for_their_number(first: bytes, reply: bytes) -> None:
    counts = []
    for times in (20, 40, 80):
        steppers = [Stepper[Any](parsed(sign), 10_000) for _, sign in _SIGNS]
        for stepper in steppers:
            assert stepper.match(first * times + reply) is None
        counts.append(sum(stepper.steps for stepper in steppers))
        assert Tape(io.BytesIO(first * times + reply)).kind() is Kind.BODY
    assert counts[2] - counts[1] <= 2.1 * (counts[1] - counts[0])


@pytest.mark.parametrize("first", FIRST_LINES)
@pytest.mark.parametrize("key", [b"interactions:\n", b"version: 1\ninteractions:\n", b"http_interactions:\n"])
def test_a_cassette_may_have_any_first_lines(first: bytes, key: bytes) -> None:
    for lines in (first, first * 80, b"\n".join([first] * 3)):
        assert Tape(io.BytesIO(lines + key)).kind() is Kind.CASSETTE


@pytest.mark.parametrize(
    "begun", ['"error": "x", "error_code": 1', '"result": "OK"', '"id": 1, "cnt": 1', '"balance": "1"']
)
def test_blanks_in_an_object_take_steps_for_their_number(begun: str) -> None:
    """Whatever follows them, before the last bracket."""
    for known in (SENDERS, *(known.endpoint for known, _ in REPLIES)):
        with compiling() as found:
            codec: Codec[Any] = Codec(known)
            codec.validate(f"{{{begun} }}", fmt=3)
            codec.validate(f"{{{begun} x}}", fmt=3)
        for pattern in {each.pattern for each in found if isinstance(each.pattern.pattern, str)}:
            counts = []
            for times in (50, 100, 200):
                stepper = Stepper[Any](parsed(pattern), 100_000)
                stepper.fullmatch(f"{{{begun}{' ' * times}x}}")
                counts.append(stepper.steps)
            assert counts[2] - counts[1] <= 2.1 * (counts[1] - counts[0]) + 10, pattern


# The matcher finds what the engine finds.

UNCOMMON = [
    "(a|ab)(c|bcd)(d*)",
    "(a*?)(b|$)",
    "(?:(a)|b)*?c",
    "((a)|(b))*(?(2)c|d)",
    "(?:(a)|b|)+",
    "(a)?(?(1)b|c)",
    "(?(1)a|b)(c)?",
    r"(?<=ab)c|(?<!a)b|(?<=^)d",
    r"(?!ab)a(.)\1",
    "(?:a{2,3}?b?){1,3}c",
    "(?:a{2}){0,2}?b",
    "(?i:A)b(?=c)c*(?i:[^b])",
    r"(?i)(ab?)\1",
    r"\b\w+\b|\B.",
    "(?m)^a|b$",
    r"(a|b)*?\1",
    "(?:a*)*b|(?:a*?)*?c",
    "((?=(a+))\\2)+b",
    "a??b|(?s:.)c|(?a:\\w)(?-i:d)",
    "(?!)|a(?:)b",
    "((a)(b)?)*c?",
]
if sys.version_info >= (3, 11):
    UNCOMMON += ["(?>a*)b|a*+c", "(?:ab?)++c", "(?>(a|ab))c", "(a|b)?+c"]


@cache
def all_patterns() -> list[re.Pattern[Any]]:
    in_source = [site.pattern for site in IN_SOURCE if site.pattern is not None]
    uncommon: list[re.Pattern[Any]] = [re.compile(text) for text in UNCOMMON]
    as_bytes = [re.compile(text.encode()) for text in UNCOMMON]
    return [*in_source, *learned(), *scanners(), *uncommon, *as_bytes]


def found_by_re(pattern: re.Pattern[Any], method: str, text: Any) -> list[Found]:
    if method == "finditer":
        matches = [*pattern.finditer(text)]
    else:
        match = getattr(pattern, method)(text)
        matches = [] if match is None else [match]
    return [Found(tuple(match.span(group) for group in range(pattern.groups + 1))) for match in matches]


@given(st.data())
def test_the_matcher_finds_what_the_engine_finds(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(all_patterns()))
    drawn = data.draw(st.lists(st.sampled_from(pieces(pattern)), max_size=5).map("".join))
    cut = data.draw(st.integers(0, 3))
    whole = drawn[: len(drawn) - cut]
    text: Any = whole if isinstance(pattern.pattern, str) else whole.encode("latin-1")
    stepper = Stepper[Any](parsed(pattern))
    for method in ("match", "fullmatch", "search", "finditer"):
        found = stepper.use(method, text)
        listed = found if isinstance(found, list) else [] if found is None else [found]
        assert listed == found_by_re(pattern, method, text), (pattern.pattern, method, text)


def test_a_budget_ends_a_match() -> None:
    stepper = Stepper[str](parsed(re.compile("(a+)+b")), budget=1000)
    with pytest.raises(TooManyStepsError, match="more than 1000 steps"):
        stepper.match("a" * 40)


def test_steps_are_counted() -> None:
    stepper = Stepper[str](parsed(re.compile("[a-z]*9")))
    stepper.match("a" * 1000)
    # Each character is taken once and given back once.
    assert 2000 <= stepper.steps < 3100


def test_how_patterns_are_used_is_read_from_the_source() -> None:
    used = {(site.path, site.name): site.methods for site in sites()}
    assert used["recordings/_tape.py", "_SIGNS"] == {"match"}  # in a loop over a table
    assert used["_source.py", "SURROGATE"] == {"search"}  # in another module too
    assert used["formats/xml.py", "_KEY"] == {"findall"}  # where it is compiled
    assert used["formats/xml.py", "_REFERENCE"] == {"sub"}
    assert {*METHODS}.issuperset(set().union(*used.values()))
