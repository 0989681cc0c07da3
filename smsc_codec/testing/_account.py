"""The account that all commands share: authorisation, limits, the clock and the money."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from typing import Any, NoReturn
from weakref import WeakSet

from .._source import CHARSETS, quote
from .._types import is_really
from .._types import name_of as type_name
from ..endpoints.balance import CODEC, Balance, BalanceError
from ..errors import EncodeError
from ..formats import Format
from ..model import ErrorCode, ErrorReply
from ._request import Form

# The descriptions of 1, 2 and 9 are recorded, the one of 4 comes from a client.
_DESCRIPTIONS: Mapping[int, str] = {
    1: "parameters error",
    2: "authorise error",
    4: "ip is blocked",
    9: "duplicate request, wait a minute",
}

MINUTE = 60.0
# [doc] The requests for the balance that are allowed in a minute.
_BALANCES = 10

START = 1679060876.0
"""17.03.2023 16:47:56 in the account's time zone."""
ZONE = timezone(timedelta(hours=3))
"""The account's time zone; the recorded dates have it."""

_LAST = 253_370_764_800
_MOST_MONEY = Decimal(10**9)


def refusal(
    code: ErrorCode, phrases: Mapping[int, str], description: str | None = None, id: int | None = None
) -> ErrorReply:
    """Return the error with that number, with the service's phrase unless another is given."""
    phrase = phrases.get(code, _DESCRIPTIONS.get(code))
    return ErrorReply(code, phrase if description is None else description, id)


def refuse(code: ErrorCode, phrases: Mapping[int, str] = _DESCRIPTIONS, id: int | None = None) -> NoReturn:
    """Answer with an error."""
    refusal(code, phrases, None, id).raise_for_error()


def check_number(what: str, given: object, least: int, most: int | None = None) -> None:
    """Raise an error if a value is not a whole number within these bounds."""
    if is_really(given, bool) or not is_really(given, int):
        raise TypeError(f"{what} has to be a whole number, not {quote(given)}")
    if given < least or (most is not None and given > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{what} has to be {bounds}, not {quote(given)}")


def check_seconds(what: str, given: object, most: float) -> None:
    """Raise an error if a value is not a number of seconds from 0 to *most*."""
    if is_really(given, bool) or not (is_really(given, int) or is_really(given, float)):
        raise TypeError(f"{what} has to be a number of seconds, not {quote(given)}")
    if not 0 <= given <= most:
        raise ValueError(f"{what} has to be from 0 to {most:.0f} seconds, not {quote(given)}")


def amount(what: str, given: object, least: Decimal = Decimal(0), most: Decimal = _MOST_MONEY) -> Decimal:
    """Return an amount of money without trailing zeros, as the service writes it [cap]."""
    if is_really(given, bool) or not (is_really(given, int) or is_really(given, str) or is_really(given, Decimal)):
        raise TypeError(f"{what} has to be a Decimal, a text or a whole number, not {quote(given)}")
    money = None
    with suppress(ArithmeticError):
        money = Decimal(given)
    if money is None or not money.is_finite() or not least <= money <= most or money != round(money, 4):
        bounds = f"from {least} to {most}, with at most four decimals"
        raise ValueError(f"{what} has to be an amount {bounds}, not {quote(given)}")
    return plain(money)


def text_of(what: str, given: object) -> str:
    """Return a text as a plain string. Refuse anything else without repeating it, because some texts are secret."""
    if not is_really(given, str):
        raise TypeError(f"{what} has to be a string, not {type_name(given)}")
    text = str.__str__(given)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} has to be a text without halves of surrogate pairs") from None
    return text


def items_of(what: str, given: object) -> list[Any]:
    """Return the items of a collection. Refuse a single text, whose letters would be taken for items."""
    if is_really(given, str) or is_really(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{what} has to be a list, not {quote(given)}")
    return list(given)


def _currency_of(given: object) -> str:
    """Return a currency. Refuse one that not every format and charset can carry."""
    currency = text_of("currency", given)
    try:
        for fmt, charset, credit in product(Format, CHARSETS, (None, Decimal(1))):
            CODEC.encode(Balance(Decimal(1), credit, currency), fmt=fmt, charset=charset)
    except EncodeError:
        raise ValueError(
            f"currency has to be a name that every format and charset can carry, such as RUR, not {quote(currency)}"
        ) from None
    return currency


def plain(money: Decimal) -> Decimal:
    """Return an amount without trailing zeros and without an exponent."""
    digits = f"{money:f}"
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)


class Account:
    """Credentials, money, limits and a clock. Several threads can give commands safely."""

    def __init__(
        self,
        login: str,
        password: str,
        apikey: str,
        balance: Decimal | str | int,
        credit: Decimal | str | int,
        currency: str,
        rate_limits: bool,
        clock: Callable[[], float] | None,
    ) -> None:
        self.login, self.password, self.apikey = login, password, apikey
        self.balance, self.credit, self.currency = balance, credit, currency
        self.rate_limits = rate_limits
        if clock is not None and not callable(clock):
            raise TypeError(f"clock has to be None or a function that returns seconds, not {quote(clock)}")
        self._clock = clock
        self._ahead = 0.0
        self._seen: dict[Hashable, deque[float]] = {}
        self._uncounted: list[Hashable] = []
        self._lock = threading.RLock()
        _ACCOUNTS.add(self)

    @property
    def login(self) -> str:
        """The login."""
        return self._login

    @login.setter
    def login(self, login: str) -> None:
        self._login = text_of("login", login)

    @property
    def password(self) -> str:
        """The password. Its MD5 in small letters is accepted too."""
        return self._password

    @password.setter
    def password(self, password: str) -> None:
        self._password = text_of("password", password)

    @property
    def apikey(self) -> str:
        """The key that can replace login and password."""
        return self._apikey

    @apikey.setter
    def apikey(self, apikey: str) -> None:
        self._apikey = text_of("apikey", apikey)

    @property
    def rate_limits(self) -> bool:
        """Whether requests that are repeated too often are refused."""
        return self._rate_limits

    @rate_limits.setter
    def rate_limits(self, rate_limits: bool) -> None:
        if rate_limits is not True and rate_limits is not False:
            raise TypeError(f"rate_limits has to be True or False, not {quote(rate_limits)}")
        self._rate_limits = rate_limits

    @property
    def currency(self) -> str:
        """The currency of the money, such as `RUR`."""
        return self._currency

    @currency.setter
    def currency(self, currency: str) -> None:
        self._currency = _currency_of(currency)

    @property
    def balance(self) -> Decimal:
        """The money. Each message takes its price from it. A text or a whole number can be set too."""
        return self._balance

    @balance.setter
    def balance(self, balance: Decimal | str | int) -> None:
        self._balance = amount("balance", balance, -_MOST_MONEY)

    @property
    def credit(self) -> Decimal:
        """The amount that can be spent beyond the balance."""
        return self._credit

    @credit.setter
    def credit(self, credit: Decimal | str | int) -> None:
        self._credit = amount("credit", credit)

    def advance(self, seconds: float) -> None:
        """Set the account's clock forward, so that no test has to wait: states change, and limits pass."""
        check_seconds("seconds", seconds, 1e9)
        with self._lock:
            self._ahead += seconds

    def _now(self) -> float:
        return (START if self._clock is None else self._clock()) + self._ahead

    def _authorised(self, given: Mapping[str, str]) -> bool:
        """Return whether login and password, or the key, are right. [doc] The password's MD5 is accepted too."""
        if "apikey" in given:
            return given["apikey"] == self.apikey
        digest = hashlib.md5(self.password.encode(), usedforsecurity=False).hexdigest()
        return given.get("login") == self.login and given.get("psw") in (self.password, digest)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Count the requests of the command inside. If the command is refused, nothing counts."""
        self._uncounted = []
        yield
        for what in self._uncounted:
            self._seen.setdefault(what, deque()).append(self._now())

    def _count(self, what: Hashable, most: int, code: ErrorCode) -> None:
        """Refuse a request that came *most* times in the last minute. It counts once the command is carried out."""
        if not self.rate_limits:
            return
        times = self._seen.get(what, deque())
        while times and times[0] <= self._now() - MINUTE:
            times.popleft()
        if len(times) >= most:
            refuse(code)
        self._uncounted.append(what)

    def _answer_balance(self, form: Form) -> Balance:
        self._count("balance", _BALANCES, BalanceError.TOO_MANY_REQUESTS)
        if form.parameters.get("cur") != "1":
            return Balance(self.balance)
        # [doc] The credit is sent if it is not 0.
        return Balance(self.balance, self.credit or None, self.currency)


def moment(seconds: float) -> int:
    """Return a time in the service's form: whole seconds, within the years that a date can have."""
    return max(0, min(int(seconds), _LAST))


def moment_of(date: datetime) -> float:
    """Return the time of a date in the account's time zone."""
    return date.replace(tzinfo=ZONE).timestamp()


def date_of(timestamp: int) -> datetime:
    """Return the date of a time in the account's time zone, as in replies."""
    return datetime.fromtimestamp(timestamp, ZONE).replace(tzinfo=None)


_ACCOUNTS: WeakSet[Account] = WeakSet()


def _renew_locks() -> None:
    """Unlock the accounts in a forked child, because the threads of the parent that locked them are not here."""
    for account in tuple(_ACCOUNTS):
        account._lock = threading.RLock()


with suppress(AttributeError):  # a system without forks
    os.register_at_fork(after_in_child=_renew_locks)
