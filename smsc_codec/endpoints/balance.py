"""`/sys/balance.php`: the money of an account.

The evidence is in `docs/wire-format/balance.md`, the grammar of fmt=0 in `grammars/balance.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from .._public import publish
from ..codec import Codec
from ..declare import MONEY, NAME, Endpoint, Field, Layout, Object, Only, Other, Reply
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Answer, ErrorCode, Open


class BalanceError(ErrorCode):
    """The error numbers of `balance.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    IP_BLOCKED = BLOCKED
    TOO_MANY_REQUESTS = (
        9,
        "more than ten requests a minute, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class Balance(Answer, Open, frozen=True):
    """The money and the credit of an account."""

    balance: Decimal
    """The money."""
    credit: Decimal | None = None
    """The credit: how much may be spent beyond the balance. Sent with `cur=1`, if it is not 0."""
    currency: str | None = None
    """The code of the currency, such as `RUR`, with `cur=1`."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


# A cell with an amount is not a currency.
_CURRENCY = Only("currency", r"[^\W\d_][^,\r\n]*")

BALANCE = Reply(
    "balance",
    "a balance",
    Object(
        Balance,
        (
            Field("balance", MONEY),
            Field("credit", MONEY, optional=True),
            Field("currency", NAME, optional=True),
            Other(),
        ),
    ),
    csv=(
        Layout(("balance",)),
        Layout(("balance", _CURRENCY)),  # [client] yepbro
        Layout(("balance", "credit", _CURRENCY)),  # [open]
    ),
    # [doc] The balance alone has no root. With a currency the root is our choice.
    xml=(None, "result"),
)

ENDPOINT: Endpoint[Balance] = Endpoint(
    "balance.php", "balance", (BALANCE,), errors=BalanceError, reads={"cur": ("1",)}, answer=lambda asked: Balance
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "Balance",
    "BalanceError",
]
publish(globals(), "smsc_codec")
