"""What is fuzzed: functions of some bytes that raise an `AssertionError` where a law is broken.

The first two bytes of an input choose the options and the endpoint, so that these are searched too; the others are the
body.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial, reduce
from operator import or_
from typing import Any, TypeVar
from unittest.mock import patch

from smsc_codec import (
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    Limits,
    SmscCodecError,
    from_json,
    to_json,
)
from smsc_codec import callbacks as calls
from smsc_codec._secrets import NOTHING, Known
from smsc_codec.codec import Codec
from smsc_codec.endpoints import senders
from smsc_codec.formats.shapes import Shapes
from smsc_codec.limits import DEFAULT_LIMITS
from smsc_codec.recordings import BrokenError, Entry, Found, Kind, MissingError, Summary, _check, recorded_in
from smsc_codec.recordings._check import Batch, Options, judge
from smsc_codec.recordings._coding import LONGEST
from smsc_codec.recordings._entry import CODES, LONGEST_FORM, LONGEST_URL, MOST_HEADERS
from tests.anew import made_once
from tests.grammar_lane import read_by_lark
from tests.lanes import SlowCodec
from tests.registered import CODECS
from tests.secrets import ANYTHING, BARE, FRAMES, NAMES, QUOTED, SPELLINGS, WORD, WORDS, charsets_of, leaked

Target = Callable[[bytes], None]
T = TypeVar("T")

CHARSETS = (None, "utf-8", "windows-1251", "koi8-r")
SLOW = tuple(SlowCodec(codec.endpoint) for codec in CODECS)
"""The codecs whose fast lanes never have an answer."""
# The defaults most often, as most of the time should go there; the others are near what a body of the corpus has.
# Only with the very defaults is a reply read at once, and only with all digits by compiled rows.
LIMITS = (
    DEFAULT_LIMITS,
    DEFAULT_LIMITS,
    Limits(items=0),
    Limits(items=1),
    Limits(depth=2),
    Limits(fields=3),
    Limits(text=4),
    Limits(digits=2),
    DEFAULT_LIMITS,
    DEFAULT_LIMITS,
    Limits(body=100),
    Limits(depth=1),
    Limits(fields=1),
    Limits(fields=5, text=10),
    Limits(text=1),
    Limits(fields=1000),
)

# The lengths at which a lane does its work in another way, and how many shapes are kept.
_SIZES = {
    "smsc_codec._rows.values._FEW_DATES": 2,
    "smsc_codec._rows.values._FEW_NUMBERS": 2,
    "smsc_codec.formats.json._FEW": 2,
    "smsc_codec.formats.reader._FEW_RECORDS": 1,
    "smsc_codec.formats.reader._SHORT_PIECE": 1,
    "smsc_codec.formats.reader.LONGEST_AT_ONCE": 120,
    "smsc_codec.formats.csv._USUAL_LINE": 32,
    "smsc_codec.formats.csv._USUAL_TEXT": 64,
    "smsc_codec.formats.shapes.MOST_SHAPES": 4,
    "smsc_codec.formats.shapes._SOME_SHAPES": 2,
    "smsc_codec.formats.shapes._RECORDS_A_SHAPE": 4,
    "smsc_codec.formats.runs._RUNS": 2,
    "smsc_codec.formats.text._LONG_LINE": 128,
    "smsc_codec.formats.xml._LONG_ITEM": 128,
    "smsc_codec.recordings._tape._PIECE": 64,
    "smsc_codec.recordings._coding.MOST": 4096,
}


@contextmanager
def small_sizes() -> Iterator[None]:
    """Let a short body take every path that long ones take, with a codec that has read nothing."""
    with ExitStack() as stack:
        for name, size in _SIZES.items():
            stack.enter_context(patch(name, size))
        stack.enter_context(made_once())
        for codec in CODECS:
            stack.enter_context(patch.object(codec, "_formats", {}))
        yield


def forget(codec: Codec[Any]) -> None:
    """Let the codec know no shapes, so that those of one input leave room for those of the next."""
    for reader in codec._formats.values():
        known = vars(reader)
        known |= {name: Shapes() for name, value in known.items() if isinstance(value, Shapes)}
        if "_last_one" in known:
            known["_last_one"] = None
        for learned in known["_learned"].values():
            learned._known.clear()


def outcome(work: Callable[..., Any], given: Any, **options: Any) -> Any:
    """Call a reader or writer. Return its result, or the text of its error."""
    try:
        made = work(given, **options)
    except SmscCodecError as error:
        return str(error)
    return made, repr(made)


def chosen(data: bytes) -> tuple[int, int, bytes]:
    """Return what the input chooses: the options, the number of the endpoint, the body."""
    choice, endpoint = (data[0] if data else 0), (data[1] if len(data) > 1 else 0)
    return choice, endpoint % len(CODECS), data[2:]


def expected(codec: Codec[Any], choice: int) -> Any:
    """Return what a caller may expect of an endpoint: nothing, its last reply, any but the last, an error."""
    *others, last = (reply.cls for reply in codec.endpoint.own)
    return (None, last, reduce(or_, others) if others else last, ErrorReply)[choice]


def total(fmt: Format, data: bytes) -> None:
    """Hold laws 1 and 6: a reply or our error, the same from `validate`; what strict accepts has no findings."""
    choice, endpoint, body = chosen(data)
    codec = CODECS[endpoint]
    options: dict[str, Any] = {
        "fmt": None if choice & 1 else fmt,
        "charset": CHARSETS[choice >> 1 & 3],
        "expect": expected(codec, choice >> 3 & 3),
        "strict": bool(choice & 32),
    }
    given: bytes | str = body.decode("utf-8", "surrogateescape") if choice & 64 else body
    report = codec.validate(given, **options)
    try:
        reply = codec.decode(given, **options)
    except SmscCodecError as error:
        assert report.reply is None and report.findings, "decode refuses, validate has nothing to say"
        assert len(str(error)) < 1000, "an error is short"
    else:
        assert report.reply == reply, f"decode reads {reply!r}, validate {report!r}"
        if options["strict"]:
            assert report.findings == (), "strict accepts what has findings"
            options["strict"] = False
            assert codec.decode(given, **options) == reply, "tolerant reads what strict does"


def lanes(fmt: Format, data: bytes) -> None:
    """Law 5: the fast lane is the slow one, and for text plain Lark is both."""
    choice, endpoint, body = chosen(data)
    codec, slowly = CODECS[endpoint], SLOW[endpoint]
    limits = LIMITS[choice & 7 | choice >> 4 & 8]
    options: dict[str, Any] = {"fmt": fmt, "limits": limits, "charset": CHARSETS[choice >> 3 & 3]}
    given: bytes | str = body.decode("utf-8", "replace") if choice & 32 else body
    if choice & 64:
        options["expect"] = expected(codec, 1)
    slow = outcome(slowly.decode, given, **options)
    forget(codec)
    # The first time shapes are learned, then they are used: by what reads a body at once, or else a list of it.
    for time in ("first", "again", "for the third time"):
        fast = outcome(codec.decode, given, **options)
        assert fast == slow, f"{time} {fast!r}, slow {slow!r}"
    judged = slowly.validate(given, **options)
    for time in ("first", "again", "for the third time"):
        report = codec.validate(given, **options)
        assert report == judged, f"{time} {report!r}, slow {judged!r}"
    if (
        codec is senders.CODEC
        and fmt is Format.TEXT
        and limits is DEFAULT_LIMITS
        and "expect" not in options
        and isinstance(given, str)
        and "\ufeff" not in given[:1]
    ):
        read = None if isinstance(slow, str) else slow[0]
        lark = read_by_lark(senders.SENDERS, given)
        assert read == lark, f"ours {read!r}, Lark's {lark!r}"


def roundtrip(data: bytes) -> None:
    """Hold laws 2 to 4: what is read is written or refused, and read back the same from every format."""
    choice, endpoint, body = chosen(data)
    codec = CODECS[endpoint]
    try:
        reply: Any = codec.decode(body, fmt=choice >> 6, expect=expected(codec, choice >> 2 & 3))
    except SmscCodecError:
        return
    forget(codec)
    if codec is senders.CODEC:
        assert from_json(to_json(reply)) == reply, "normalized JSON is lossless"
    charset = CHARSETS[choice & 3] or "utf-8"
    for fmt in Format:
        try:
            once = codec.encode(reply, fmt=fmt, charset=charset)
        except EncodeError:
            continue
        back = codec.decode(once, fmt=fmt, charset=charset, expect=type(reply))
        assert back == reply, f"{fmt!r}: {back!r}, not {reply!r}"
        assert codec.encode(back, fmt=fmt, charset=charset) == once, f"{fmt!r}: written twice is not written once"


def recordings(kind: Kind | None, data: bytes) -> None:
    """Any bytes are a recording: of entries that are what they promise, and whose findings are short."""
    choice, recording = data[0] if data else 0, data[1:]
    options = Options(fmt=Format(choice >> 1 & 3) if choice & 8 else None, strict=bool(choice & 16))
    last = -1
    summary = Summary()
    try:
        for entry in recorded_in(io.BytesIO(recording), None if choice & 1 else kind):
            _check_entry(entry)
            assert entry.number > last, "the numbers of the entries grow"
            last = entry.number
            outcome = judge(options, Batch("recording", [entry]))
            for found in outcome.found:
                _check_found(found)
            summary.merge(outcome.summary)
    except (BrokenError, MissingError) as error:
        assert 0 < len(str(error)) < 300, "what is wrong with a recording is short"
    assert summary.replies + summary.skipped.total() <= last + 1, "an entry is judged once"
    assert _check._remembered.cache_info().currsize <= 512, "what is remembered is bounded"


def _check_entry(entry: Entry) -> None:
    assert type(entry.number) is int and type(entry.status) is int and type(entry.text) is bool
    assert type(entry.time) is str and type(entry.url) is str and len(entry.url) <= LONGEST_URL
    assert type(entry.form) is bytes and len(entry.form) <= LONGEST_FORM
    assert entry.body is None or (type(entry.body) is bytes and len(entry.body) <= LONGEST)
    assert entry.length is None or (type(entry.length) is int and entry.length >= 0)
    assert len(entry.headers) <= MOST_HEADERS
    assert all(type(name) is str and type(value) is str for name, value in entry.headers)
    assert all(type(text) is str for pair in (*entry.headers, *entry.sent) for text in pair)
    if entry.problem is not None:
        assert entry.problem.code in CODES and 0 < len(entry.problem.message) < 300


def _check_found(found: Found) -> None:
    assert len(found.message) < 1000 and len(found.excerpt) < 200, "a finding is short"
    assert found.line >= 1 and found.column >= 1
    assert found.message.isprintable(), "a finding is printable"


def secrets(data: bytes) -> None:
    """Hold that nothing shows a secret, whose place, spelling and frame the first bytes choose."""
    chosen = iter(data)

    def choice(options: Sequence[T]) -> T:
        return options[next(chosen, 0) % len(options)]

    places, middle = choice(((QUOTED, ANYTHING), (BARE, " ,;:="), (WORDS, "")))
    place = places[choice(sorted(places))]
    name, frame, fmt = choice(NAMES), choice(FRAMES), choice((None, *Format))
    known = choice((False, True))
    ways = [SPELLINGS[choice(sorted(SPELLINGS))] for _ in range(choice(range(4)))]
    begin, end = ("".join(choice(WORD) for _ in range(8)) for _ in range(2))
    secret = begin + "".join(middle[byte % len(middle)] for byte in (*chosen,)[:6] if middle) + end
    text = secret if known else place(name, secret)
    for way in ways:
        text = way(text)
    body = frame.format(text)
    for given in (body, *charsets_of(body)):
        hidden = Known(lambda: (secret,)) if known else NOTHING
        report = senders.CODEC._report(given, fmt=fmt, known=hidden)
        assert not leaked(repr(report.findings), secret), f"{given!r} shows {secret!r}: {report.findings!r}"
        try:
            senders.CODEC._judged(
                given, fmt, None, None, True, Limits(), Known(lambda: (secret,)) if known else NOTHING
            )
        except SmscCodecError as error:
            assert not leaked(f"{error}{error!r}{vars(error)}", secret), f"{given!r} shows {secret!r}: {error!r}"


# They have read whatever this process has read.
_LIVED = tuple(Codec[Any](codec.endpoint) for codec in CODECS)


def sequences(data: bytes) -> None:
    """Hold that what a codec has read before changes nothing: each reply is read as by a codec that has read none.

    Bodies stand between bytes that no charset of text begins with; the first byte of each chooses its format and its
    endpoint. What a reply costs is the business of libFuzzer's timeout here, and of `tests/test_sequences.py`.
    """
    for part in data.split(b"\xff"):
        choice, body = part[0] if part else 0, part[1:]
        fmt, lived = Format(choice & 3), _LIVED[(choice >> 2) % len(_LIVED)]
        with made_once():
            fresh = Codec[Any](lived.endpoint)
            anew = outcome(fresh.decode, body, fmt=fmt)
            for codec in (lived, lived, fresh):
                said = outcome(codec.decode, body, fmt=fmt)
                assert said == anew, f"after others {said!r}, alone {anew!r}"
            report = fresh.validate(body, fmt=fmt)
            assert [codec.validate(body, fmt=fmt) for codec in (lived, lived, fresh)] == [report] * 3


_TYPES = (
    None,
    "application/x-www-form-urlencoded",
    'multipart/form-data; boundary="b"',
    "application/json",
    "text/xml",
)
_QUERIES = (None, "", "charset=utf-8", "charset=koi8-r", "fmt=3&charset=windows-1251&md5=1")


def callbacks(data: bytes) -> None:
    """Any body or query is a call or a `DecodeError`; a call is signed, written and read back the same, or refused."""
    choice, form, body = (data[0] if data else 0), (data[1] if len(data) > 1 else 0), data[2:]
    limits = LIMITS[choice >> 2 & 15] if choice & 64 else calls.LIMITS
    try:
        if form & 128:
            call = calls.decode(b"", query=body, limits=limits)
        else:
            call = calls.decode(body, content_type=_TYPES[form % 5], query=_QUERIES[form // 5 % 5], limits=limits)
    except DecodeError as error:
        assert len(str(error)) < 1000, "an error is short"
        return
    assert not call.verify(b"\x00secret"), "nobody knows the secret"
    try:
        signed = call.sign("secret", sha1=bool(choice & 1), crc32=bool(choice & 2))
    except EncodeError:
        signed = call
    else:
        assert signed.verify("secret") and not signed.verify("other"), "what is signed is verified"
    for fmt in (None, Format.XML, Format.JSON):
        try:
            written = calls.encode(signed, fmt=fmt)
        except EncodeError:
            continue
        back = calls.decode(written, query=f"charset={call.charset}")
        assert back == signed, f"{fmt!r}: {back!r}, not {signed!r}"


TARGETS: dict[str, Target] = {
    "callbacks": callbacks,
    "secrets": secrets,
    "sequences": sequences,
    **{f"lanes-{fmt.name.lower()}": partial(lanes, fmt) for fmt in (Format.XML, Format.JSON, Format.TEXT, Format.CSV)},
    "roundtrip": roundtrip,
    **{f"decode-{fmt.name.lower()}": partial(total, fmt) for fmt in Format},
    "recordings-har": partial(recordings, Kind.HAR),
    "recordings-cassette": partial(recordings, Kind.CASSETTE),
    "recordings-http": partial(recordings, Kind.HTTP),
    "recordings-lines": partial(recordings, Kind.LINES),
    "recordings-packed": partial(recordings, None),
}

FOUND = [
    ("decode-json", b' \x00{"error":"x","error_code":"2","' + b"1" * 1000 + b'":1}'),
    ("roundtrip", b"\x00\x00name = A, k = X, mega_step = X, l = 1, ua_reg = 8, id = 5"),
    ("lanes-json", b' \x00[{"sender":"A","ua_reg":"8","k":"X","mega_step":"Y"}]'),
    ("decode-csv", b"\x00\r1,1,5\n "),
    ("lanes-xml", b"\x00\x02<sms>\n<status>1</status>\n<foo>a&amp;b</foo>\n</sms>"),
    ("sequences", b"\x0a<sms>\n<status>1</status>\n<foo>a&amp;b</foo>\n</sms>"),
    ("lanes-xml", b'\x00\x00<senders>\n<sender id="1">A</sender>\n<total id="2">5</total>\n</senders>'),
    ("lanes-xml", b"\x00\x00<senders>\n<sendername>A</sendername>\n</senders>"),
    ("roundtrip", b"\x80\x02<sms>\n<status>1</status>\n<error>x</error>\n<error_code>5</error_code>\n</sms>"),
    ("lanes-text", b"\x06\x02Status = 1, foo = abcdef"),
    ("lanes-xml", b"\x06\x02<sms><status>1</status><cost>1.405</cost></sms>"),
    ("lanes-json", b'\x06\x02{"status":1,"message":"abcdef"}'),
    ("lanes-json", b'\x06\x02[{"status":1,"foo":12345}]'),
    ("lanes-csv", b"\x02\x021,2,0,3,79"),
    ("lanes-json", b'\x00\x03{"balance":"1","currency":""}'),
    ("lanes-text", b"\x85\x04phone = 7, country = , operator = a, b, c, region = , mcc = 1, mnc = 2"),
    ("decode-text", b"\x00\x02Status = 1, D = \nStatus = 1, e = \nS"),
    ("decode-text", b" \x01ERROR = 7 (invalid number), ID - 541\r\n\r ID - 279, COST - 1.4\nphone = 7"),
    (
        "secrets",
        b"\x00\n\x0f\x14\x19\x1e#\x08-27<A\xff\xff\xff|}\x82\xc7\x8c\x91\x96\x9b\xa0\xa5\xaa\xaf\x01\xb4\xb9",
    ),
]
"""Inputs that once broke a law, each with its target."""
