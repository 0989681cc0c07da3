"""What is special about get.php: several lists, three ways to say that there is nothing, and pages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from smsc_codec import (
    ApiError,
    DecodeError,
    ErrorReply,
    Format,
    GetError,
    IncomingList,
    IncomingMessage,
    InfoError,
    MegaAccount,
    MegaAccountList,
    Message,
    MessageList,
    MessageState,
    OptionError,
    PriceList,
    PriceZone,
    Query,
    SenderList,
    Statistics,
    StatisticsList,
    Success,
    decode,
    encode,
    from_json,
    records_of,
    to_json,
)
from smsc_codec.endpoints.get import CODEC, COMMANDS

from .test_agreement import alike

URL = "https://smsc.ru/sys/get.php?login=demo&psw=secret&fmt=3"
NOW = datetime(2021, 6, 28, 15, 55, 47)
LISTS: dict[str, Any] = {
    "get_messages": MessageList((Message(MessageState.DELIVERED, last_date=NOW, id=5, int_id=7, format=0, crc=9),)),
    "get_answers": IncomingList((IncomingMessage(5, NOW, "79991234567", "a, to_phone = 1", "7", NOW),)),
    "get_stat": StatisticsList((Statistics("demo", 12, Decimal("16.80"), Decimal("0.40"), "RUR"),)),
    "get_price": PriceList((PriceZone("1", "A", Decimal("1.40")),)),
    "get_mega_accounts": MegaAccountList((MegaAccount({"a": "1.50", "b": "x"}),)),
    "get_senders": SenderList(),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_says_what_is_expected(command: str) -> None:
    query = Query.from_url(f"{URL}&{command}=1&start=01.01.2021&end=02.01.2021&phone=79991234567&email=a@b.c")
    assert (query.endpoint, query.command, query.expect) == ("get", command, COMMANDS[command])
    assert query.parameters == {}
    reply = LISTS[command]
    for fmt in (Format.TEXT, Format.XML, Format.JSON):
        body = encode(reply, fmt=fmt, endpoint="get")
        asked = Query.from_url(f"{URL}&{command}=1".replace("fmt=3", f"fmt={fmt}"))
        assert asked.decode(body) == reply == decode(body, fmt=fmt, expect=type(reply), endpoint="get")
        assert alike(CODEC, body, fmt, expect=type(reply)) == reply
    assert from_json(to_json(reply, endpoint="get")) == reply
    assert records_of(reply) == tuple(reply)


def test_what_is_kept_of_a_request() -> None:
    query = Query.from_url(f"{URL}&get_messages=1&prev_id=206113&cnt=1000&format=8&start=01.01.2021&mes=hello")
    assert query.parameters == {"prev_id": "one", "cnt": "one", "format": "8"}
    query = Query.from_url(f"{URL}&get_answers=1&after_id=5678&hour=24&to_phone=79990001122")
    assert query.parameters == {"after_id": "one", "hour": "one"}
    query = Query.from_url(f"{URL}&get_stat=1&mycur=1&balance2=2")
    assert query.parameters == {"mycur": "1", "balance2": "another"}
    for secret in ("206113", "5678", "79990001122", "secret", "demo"):
        assert secret not in repr(query)
    assert Query.from_url(URL).expect is None
    with pytest.raises(OptionError, match="expected one command, found get_messages and get_stat"):
        Query.from_url(f"{URL}&get_messages=1&get_stat=1")


NOTHING = [
    *((fmt, body) for fmt, body in ((0, b"ERROR = 3 (record not found)"), (1, b"0,-3"))),
    (2, b"<result>\n<error>record not found</error>\n<error_code>3</error_code>\n</result>"),
    (3, b'{"error": "record not found", "error_code": 3}'),
    *((0, b""), (0, b"\n"), (1, b""), (2, b"<result/>"), (3, b"[]")),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("fmt", "body"), NOTHING)
def test_three_ways_to_say_that_there_is_nothing(fmt: int, body: bytes, command: str) -> None:
    query = Query.from_url(f"{URL}&{command}=1".replace("fmt=3", f"fmt={fmt}"))
    reply: Any = query.decode(body)
    assert records_of(reply) == ()
    assert isinstance(reply, ErrorReply) is (b"3" in body)
    # Without the command nobody knows which list it is.
    if not isinstance(reply, ErrorReply):
        with pytest.raises(DecodeError) as caught:
            decode(body, fmt=fmt, endpoint="get")
        assert caught.value.code == "ambiguous"


def test_other_errors_are_raised() -> None:
    assert GetError.NOT_FOUND.is_empty and ErrorReply(GetError.NOT_FOUND).is_empty
    assert not any(code.is_empty for code in GetError if code is not GetError.NOT_FOUND)
    for error in (GetError.PARAMETERS, GetError(77), InfoError.NOT_FOUND, 3, 10**30):
        assert not ErrorReply(error).is_empty
        with pytest.raises(ApiError):
            records_of(ErrorReply(error))
    wrong: list[Any] = [Success(), (), None, MegaAccount()]
    for reply in wrong:
        with pytest.raises(OptionError, match=r"^reply has to be a list or an ErrorReply, not "):
            records_of(reply)
