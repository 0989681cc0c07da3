"""Bodies for the laws: what `smsc_codec.testing.strategies` gives, and the table of cases."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark

from smsc_codec import Limits
from smsc_codec.testing import strategies as our

from .grammar_lane import parser_of
from .vectors import VECTORS

formats = st.integers(0, 3)
charsets = our.charsets()
replies = our.replies()
sender_lists = our.sender_lists()

_known = st.sampled_from(VECTORS).map(lambda vector: vector.body) | our.bodies()
bodies = st.one_of(_known, our.damaged(_known), our.damaged(_known), our.noise())

# What the grammar's own rules and terminals give.
sentences = from_lark(parser_of("senders"))
small_limits = st.builds(
    Limits,
    body=st.integers(0, 200) | st.just(10**6),
    items=st.integers(0, 3),
    depth=st.integers(0, 4),
    fields=st.integers(0, 5) | st.just(256),
    text=st.integers(0, 12) | st.just(10**4),
    digits=st.integers(0, 3) | st.just(18),
)
"""Limits that short bodies exceed."""
