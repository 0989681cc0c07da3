"""Replies to measure with: as real ones look, the same in every run."""

from __future__ import annotations

import random
from functools import cache

from smsc_codec import Format, FrozenMapping, OperatorStatus, Sender, SenderList, SenderStatus, encode
from smsc_codec.senders import TEXT_ORDER

VIEWS = ("all=0", "all=1", "operators=1")
CASES = [(fmt, view) for fmt in Format for view in VIEWS if (fmt, view) != (Format.CSV, "operators=1")]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"


@cache
def names(view: str, count: int) -> SenderList:
    """A list of *count* sender names as that view shows them."""
    chance = random.Random(f"{view} {count}")
    senders = []
    for _ in range(count):
        name = "".join(chance.choices(LETTERS, k=chance.randint(3, 11)))
        status = SenderStatus(chance.choice((0, 1, 1, 1, 1, 2))) if view == "all=1" else None
        codes: FrozenMapping[OperatorStatus] = FrozenMapping()
        if view == "operators=1":
            codes = FrozenMapping.of(
                (key, OperatorStatus(chance.choice((0, 0, 1, 2, 2, 2, 3, 8)))) for key in TEXT_ORDER
            )
        senders.append(Sender(name, chance.randint(1, 10**7), status, codes))  # type: ignore[arg-type]
    return SenderList(tuple(senders))


@cache
def body(fmt: Format, view: str, count: int) -> bytes:
    """The same list as the server would send it."""
    return encode(names(view, count), fmt=fmt)
