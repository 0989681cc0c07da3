"""Any list of any endpoint means the same to the careful reader, and to a codec that has read others before."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec import Codec, Format

from .anew import made_once
from .any_lists import Lists
from .declared import KNOWN, Known, expected_of
from .fuzz.targets import outcome
from .registered import share


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_lists_of_any_shape_are_read_and_reported_alike(known: Known) -> None:
    @share(200)
    @given(st.integers(0, 2**32))
    def law(seed: int) -> None:
        random = Random(seed)
        fmt = Format(seed % len(Format))
        lists = Lists(known.codec, fmt, random)
        shapes = lists.shapes()
        with made_once():
            lived: Codec[Any] = Codec(known.endpoint)
        for _ in range(4 if shapes else 0):
            body = lists.body(shapes)
            options: dict[str, Any] = {"fmt": fmt, "strict": random.random() < 0.1}
            options["expect"] = shapes[0].reply.cls if random.random() < 0.4 else random.choice(expected_of(known))
            for read, slow in ((lived.validate, known.slow.validate), (lived.decode, known.slow.decode)):
                expected = outcome(slow, body, **options)
                assert [outcome(read, body, **options) for _ in range(2)] == [expected] * 2, body

    law()
