"""Hypothesis strategies: replies, from what every format carries to what none does, bodies, and damaged bodies."""

from __future__ import annotations

from hypothesis import strategies as st

from smsc_codec import (
    EncodeError,
    ErrorReply,
    FrozenMapping,
    OperatorStatus,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
    encode,
)
from smsc_codec.senders import OTHER_OPERATORS, TEXT_ORDER

from .vectors import VECTORS

# Names that look like something else in one format or another.
LOOK_ALIKES = (
    "OK",
    "0",
    "5",
    "ERROR = 3 (x)",
    "ID = 5",
    "name = a, id = 1",
    "A, id = 5",
    "A,5",
    "a = b",
    " A ",
    "A,",
    "A =",
    "A\r",
    "A\nname = B",
    "<b>",
    "]]>",
    "&amp;",
    '"',
    "\\",
    "a:b",
    "\ufeffA",
    "п»їA",
    "\x00",
    "\x85",
    "\u2028",
    "\ud800",
    "\U0001f600",
    "",
)

numbers = st.one_of(st.integers(0, 20), st.integers(0, 10**18 - 1), st.sampled_from([-1, 10**18, 2**64]))
texts = st.one_of(
    st.text("ABCabc019 .,-_&'/~=()", min_size=1, max_size=12),
    st.sampled_from(LOOK_ALIKES),
    st.text(max_size=8),
    # Halves of surrogate pairs, controls, unassigned ones: what `st.text` gives seldom or not at all.
    st.text(st.characters(categories=("Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Zs", "Nd", "So")), max_size=6),
)
keys = st.one_of(
    st.sampled_from(TEXT_ORDER + OTHER_OPERATORS),
    st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True),
    st.sampled_from(["id", "name", "status", "sender", "ERROR", "", "a b", "ключ", "x:y", 'q"']),
)


def codes(cls: type[SenderStatus] | type[OperatorStatus] | type[SenderError], most: int) -> st.SearchStrategy[int]:
    return st.one_of(st.sampled_from(list(cls)), st.integers(0, most).map(cls))


senders = st.builds(
    Sender,
    name=texts,
    id=st.none() | numbers,
    status=st.none() | codes(SenderStatus, 10**18 - 1),
    operators=st.dictionaries(keys, codes(OperatorStatus, 110), max_size=4).map(FrozenMapping.of),
    replacements=st.dictionaries(keys, texts, max_size=2).map(FrozenMapping.of),
)
plain_senders = st.builds(Sender, name=texts, id=numbers, status=st.none() | codes(SenderStatus, 5))
sender_lists = st.builds(
    SenderList, st.lists(senders, max_size=4).map(tuple) | st.lists(plain_senders, max_size=6).map(tuple)
)
errors = st.builds(
    ErrorReply,
    code=codes(SenderError, 10**18 - 1),
    description=st.none() | texts,
    id=st.none() | numbers,
)
replies: st.SearchStrategy[Reply] = st.one_of(
    sender_lists, st.builds(SenderCreated, numbers), st.just(Success()), errors
)

formats = st.integers(0, 3)
charsets = st.sampled_from(["utf-8", "windows-1251", "koi8-r"])
vectors = st.sampled_from(VECTORS)


def written(reply: Reply, fmt: int, charset: str) -> bytes:
    """The reply's body, or an empty one if it has none."""
    try:
        return encode(reply, fmt=fmt, charset=charset)
    except EncodeError:
        return b""


known_bodies = st.one_of(vectors.map(lambda vector: vector.body), st.builds(written, replies, formats, charsets))

JUNK = (b"\n", b"\r\n", b", ", b" = ", b",", b"<", b">", b'"', b"{", b"]", b"0", b"\x00", b"  ", b"\xef\xbb\xbf")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A body that was cut, doubled, spliced with one in any format, re-encoded or otherwise mistreated."""
    body = draw(known_bodies)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        how = draw(
            st.sampled_from(["cut", "tail", "double", "swap", "splice", "lines", "byte", "insert", "drop", "recode"])
        )
        if how == "cut":
            body = body[:at]
        elif how == "tail":
            body = body[at:]
        elif how == "double":
            body = body[:at] + body[:at] + body[at:]
        elif how == "swap":
            body = body[at:] + body[:at]
        elif how == "splice":
            other = draw(known_bodies)
            body = body[:at] + other[draw(st.integers(0, len(other))) :]
        elif how == "lines":
            lines = (body + b"\n" + draw(known_bodies)).split(b"\n")
            body = b"\n".join(draw(st.permutations(lines[:8])))
        elif how == "byte":
            body = body[:at] + bytes([draw(st.integers(0, 255))]) + body[at + 1 :]
        elif how == "insert":
            body = body[:at] + draw(st.sampled_from(JUNK)) + body[at:]
        elif how == "drop":
            body = body[:at] + body[at + draw(st.integers(1, 4)) :]
        else:
            text = body.decode(draw(charsets), "replace")
            body = text.encode(draw(st.sampled_from(["utf-8", "utf-16", "windows-1251", "koi8-r"])), "replace")
    return body


bodies = st.one_of(
    known_bodies,
    damaged(),
    damaged(),
    st.binary(max_size=80),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")),
)
