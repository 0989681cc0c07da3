"""Columns of dates are read and written together, and those of amounts read, as strictly as each alone."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smsc_codec import DecodeError, EncodeError
from smsc_codec._rows.source import CAUGHT, REFUSED
from smsc_codec._rows.values import read_amounts, read_dates, write_dates
from smsc_codec.declare import DATE
from smsc_codec.endpoints.get import CODEC, IncomingList, IncomingMessage

RIGHT = "28.06.2021 15:55:47"
WRONG = [
    *(
        "28.06.2021 24:00:00",
        "28.06.2021 15:60:47",
        "28.06.2021 15:55:60",
        "30.02.2021 15:55:47",
        "29.02.2023 15:55:47",
    ),
    *(
        "00.06.2021 15:55:47",
        "28.00.2021 15:55:47",
        "28.13.2021 15:55:47",
        "32.01.2021 15:55:47",
        "01.01.0000 00:00:00",
    ),
    *(
        "28-06-2021 15:55:47",
        "28.06.2021T15:55:47",
        "28.06.2021 15.55.47",
        "28.06.2021 15:55 47",
        "2021.06.28 15:55:47",
    ),
    *(
        "28.06.2021 15:55:4\u0667",
        " 8.06.2021 15:55:47",
        "28.06.2021 15:55:4",
        "28.06.2021 15:55:47 ",
        "28.06.2021 15:55:47Z",
    ),
    *('28.06.2021 15:55:4"', '28.06.2021 15:55:",', "28.06.2021 15:55:4\\", "+8.06.2021 15:55:47", "28.06.2021", ""),
]
LEAP = "29.02.2024 23:59:59"
MANY = 40


def listed(dates: list[str]) -> str:
    keys = {"phone": "79", "message": "a: b", "to_phone": "78"}
    return json.dumps([{"id": n, "received": date, **keys, "sent": RIGHT} for n, date in enumerate(dates)])


@pytest.mark.parametrize("count", [1, 2, MANY])
def test_dates_of_a_list(count: int) -> None:
    dates = [RIGHT, LEAP, "01.01.0001 00:00:00", "31.12.9999 23:59:59"] * count
    reply: Any = CODEC.decode(listed(dates), fmt=3, expect=IncomingList)
    assert [each.received for each in reply[:2]] == [
        datetime(2021, 6, 28, 15, 55, 47),
        datetime(2024, 2, 29, 23, 59, 59),
    ]
    assert [each.received.strftime("%d.%m.") + f"{each.received:%Y %T}".zfill(13) for each in reply] == dates
    assert json.loads(CODEC.encode(reply, fmt=3)) == json.loads(listed(dates))


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", [0, 17, MANY - 1])
def test_one_wrong_date_among_many(wrong: str, place: int) -> None:
    dates = [RIGHT] * MANY
    dates[place] = wrong
    with pytest.raises(CAUGHT):
        read_dates(dates)
    if wrong:  # an empty one is missing
        with pytest.raises(DecodeError) as caught:
            CODEC.decode(listed(dates), fmt=3, expect=IncomingList)
        assert caught.value.path == f"messages[{place}].received"


@given(st.lists(st.from_regex(DATE.pattern, fullmatch=True) | st.sampled_from(WRONG), min_size=1, max_size=3))
def test_dates_together_are_dates_alone(some: list[str]) -> None:
    def read(column: list[str]) -> Any:
        try:
            return read_dates(column)
        except CAUGHT:
            return None

    alone = [read([text]) for text in some]
    together = read(some * MANY)
    assert together == (None if None in alone else [date for (date,) in alone] * MANY)


def test_texts_that_make_dates_only_together() -> None:
    """Two texts have the length of two dates together, and their digits stand in the right places."""
    with pytest.raises(CAUGHT):
        read_dates([f"{RIGHT}2", RIGHT[1:]] * MANY)


@pytest.mark.parametrize(
    "wrong", ["", "1.", ".5", "01", "1e5", "1 ", "NaN", "1_0", "+1", "1.1234567", "\u0663", "1\n2"]
)
def test_amounts(wrong: str) -> None:
    assert read_amounts(["1.40", "-0.4", "0"] * MANY) == [Decimal("1.40"), Decimal("-0.4"), Decimal(0)] * MANY
    with pytest.raises(CAUGHT):
        read_amounts(["1.40"] * MANY + [wrong])


@pytest.mark.parametrize("count", [1, MANY])
def test_dates_are_written_together_as_alone(count: int) -> None:
    dates = [datetime(2021, 6, 28, 15, 55, 47), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)] * count
    assert write_dates(dates) == ["28.06.2021 15:55:47", "01.01.0001 00:00:00", "31.12.9999 23:59:59"] * count


class Date(datetime):
    """A date of another class."""


@pytest.mark.parametrize(
    "wrong",
    [
        *(datetime(2021, 6, 28, microsecond=1), datetime(2021, 6, 28, tzinfo=timezone.utc), Date(2021, 6, 28)),
        *("2021-06-28T15:55:47", None, 5),
    ],
)
@pytest.mark.parametrize("count", [1, MANY])
def test_one_date_among_many_that_is_not_written(wrong: Any, count: int) -> None:
    dates: list[Any] = [datetime(2021, 6, 28)] * count
    with pytest.raises(REFUSED):
        write_dates([*dates, wrong])
    message = IncomingMessage(5, datetime(2021, 6, 28), "79", "a")
    reply = IncomingList((message,) * count + (replace(message, received=wrong),))
    for fmt in (0, 2, 3):
        if wrong == Date(2021, 6, 28):  # a date for all that
            assert CODEC.encode(reply, fmt=fmt) == CODEC.encode(IncomingList((message,) * (count + 1)), fmt=fmt)
        else:
            with pytest.raises(EncodeError) as caught:
                CODEC.encode(reply, fmt=fmt)
            assert caught.value.path == f"messages[{count}].received"
