"""Values and bodies of any endpoint, made of its declaration: the laws hold for each of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from smsc_codec import Codec, EncodeError, ErrorReply, Format
from smsc_codec.declare import Endpoint
from smsc_codec.testing import strategies as our
from smsc_codec.testing._declared import Values

from .lanes import SlowCodec
from .registered import CODECS


class Known(NamedTuple):
    """An endpoint, its codec, and the same without fast lanes."""

    codec: Codec[Any]
    slow: Codec[Any]

    @property
    def endpoint(self) -> Endpoint[Any]:
        return self.codec.endpoint

    def __repr__(self) -> str:
        return self.endpoint.name


KNOWN = [Known(codec, SlowCodec(codec.endpoint)) for codec in CODECS]

_WILD = Values(st.sampled_from(our.LOOK_ALIKES) | st.text(max_size=6), wild=True)


@cache
def replies_of(known: Known) -> st.SearchStrategy[Any]:
    """Return replies of an endpoint, from what every format carries to what none does."""
    return _WILD.replies(known.endpoint, None)


@cache
def canonical_of(known: Known) -> st.SearchStrategy[bytes]:
    """Return what an endpoint's replies are written as, in any format that carries them."""

    def bodies(reply: Any) -> st.SearchStrategy[bytes]:
        found = [body for fmt in Format if (body := written(known.codec, reply, fmt)) is not None]
        return st.sampled_from(found or [b""])

    return replies_of(known).flatmap(bodies)


@cache
def bodies_of(known: Known) -> st.SearchStrategy[bytes]:
    """Return bodies of an endpoint as they are and mistreated, with those of all others among them."""
    whole = canonical_of(known)
    return st.one_of(whole, our.damaged(whole), our.damaged(whole), our.bodies(), our.noise())


def written(codec: Codec[Any], reply: Any, fmt: int) -> bytes | None:
    """Return what a reply is written as, None if the format does not carry it."""
    try:
        return codec.encode(reply, fmt=fmt)
    except EncodeError:
        return None


@cache
def expected_of(known: Known) -> list[Any]:
    """Return what a caller of an endpoint can expect: nothing, each of its classes, and all of them."""
    classes = [reply.cls for reply in known.endpoint.own]
    union: Any = ErrorReply
    for cls in classes:
        union |= cls
    return [None, *classes, union]


With = Callable[[Known], st.SearchStrategy[Any]]


def with_known(make: With) -> st.SearchStrategy[tuple[Known, Any]]:
    """Return an endpoint, and what *make* gives for it."""
    return st.sampled_from(KNOWN).flatmap(lambda known: make(known).map(lambda value: (known, value)))
