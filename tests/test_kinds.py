"""Lists whose names differ in their fields, as with operators=1 where some have replacements: read and written a kind
at a time, like the slow lanes do it one by one."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import pytest

from smsc_codec import Codec, Format, FrozenMapping, OperatorStatus, Sender, SenderList, decode, encode
from smsc_codec.senders import SENDERS, TEXT_ORDER

from .lanes import SLOW
from .test_work import steps

WITH_OPERATORS = [Format.TEXT, Format.XML, Format.JSON]


def sender(number: int, replaced: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> Sender:
    """A name with all operators, of which some replace it, and *more* replacements beside them."""
    codes = {key: OperatorStatus(at % 4) for at, key in enumerate(TEXT_ORDER) if key not in replaced}
    names = dict.fromkeys((*replaced, *more), f"NAME{number % 3}")
    return Sender(
        f"N{number}", number, None, cast("Any", FrozenMapping.of(codes)), cast("Any", FrozenMapping.of(names))
    )


LISTS = {
    "a code here, a name there": [sender(n, ("mts_step",) if n % 3 else ()) for n in range(60)],
    "names at several operators": [sender(n, ("mts_step", "bee_step")[: n % 3]) for n in range(60)],
    "replacements beside the codes": [sender(n, (), ("mts", "mega")[: n % 3]) for n in range(60)],
    "one in many": [sender(n, ("mts_step",) if n == 41 else ()) for n in range(60)],
    "one key for another": [
        sender(n) if n % 2 else Sender(f"N{n}", n, None, {"mega": OperatorStatus(1)}) for n in range(9)
    ],  # type: ignore[dict-item]
    "with and without": [sender(n) if n % 5 else Sender(f"N{n}", n) for n in range(60)],
    "a status, an id, neither": [Sender("A", n % 2 or None, OperatorStatus(1) if n % 3 else None) for n in range(60)],  # type: ignore[arg-type]
    "more kinds than are learned": [sender(n, TEXT_ORDER[n % 12 : n % 12 + 2]) for n in range(60)],
}


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
@pytest.mark.parametrize("name", LISTS)
def test_kinds_are_read_and_written_as_one_by_one(fmt: Format, name: str) -> None:
    reply = SenderList(tuple(LISTS[name]))
    body = encode(reply, fmt=fmt)
    assert body == SLOW.encode(reply, fmt=fmt)
    codec = Codec(SENDERS)
    for _ in range(3):
        assert codec.decode(body, fmt=fmt) == SLOW.decode(body, fmt=fmt)
        assert codec.validate(body, fmt=fmt) == SLOW.validate(body, fmt=fmt)
    assert decode(encode(reply, fmt=fmt), fmt=fmt) == SenderList(tuple(codec.decode(body, fmt=fmt).senders))


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_replacements_take_few_steps_a_name(fmt: Format) -> None:
    """They are a part of normal replies [doc]: no name may cost what only hostile bodies should."""
    reply = SenderList(tuple(sender(n, ("mts_step",) if n % 3 else (), ("mega",) if n % 5 else ()) for n in range(600)))
    body = encode(reply, fmt=fmt)
    assert decode(body, fmt=fmt) == reply
    assert steps(partial(decode, body, fmt=fmt)) < 600 * 80
    assert steps(partial(encode, reply, fmt=fmt)) < 600 * 80


@pytest.mark.parametrize("fmt", WITH_OPERATORS)
def test_keys_that_are_no_keys(fmt: Format) -> None:
    """Which a mapping that was made by hand may have."""
    keys: Any = ["mts"]
    odd: Any = FrozenMapping(keys, (OperatorStatus(1),))
    reply = SenderList((Sender("A", 1), Sender("B", 2, None, odd)))
    assert encode(reply, fmt=fmt) == SLOW.encode(reply, fmt=fmt)


def test_a_line_end_in_one_of_many() -> None:
    """In XML a text can hold what else ends an element's line."""
    reply = SenderList((Sender("A\nB", 1), Sender("C")))
    body = encode(reply, fmt=2)
    assert body == SLOW.encode(reply, fmt=2)
    assert decode(body, fmt=2) == reply
