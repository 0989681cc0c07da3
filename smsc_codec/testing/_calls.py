"""The commands of `wait_call.php` and `receive_phones.php`: the numbers that people call and write to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import ClassVar

from .._source import quote
from ..endpoints import receive_phones, wait_call
from ..endpoints.receive_phones import ReceivePhone, ReceivePhoneList
from ..endpoints.wait_call import CallError, CallNumber
from ..formats import Format
from ..model import Success
from ._account import items_of, text_of
from ._commands import Asked, Commands
from ._messages import Messages
from ._numbers import digits_of
from ._request import Form

# [client] The number that subscribers call. This one is our choice.
CALLED = "74950000000"


class Calls(Commands):
    """The calls that an account waits for."""

    codec = wait_call.CODEC
    phrases: ClassVar[Mapping[int, str]] = {CallError.NO_MONEY: "no money", CallError.NUMBER_FORMAT: "invalid number"}

    def __init__(self, account: Messages) -> None:
        super().__init__(account)
        self._messages = account
        self.awaited: dict[str, str] = {}
        """The number that each subscriber has to call."""

    def answer(self, form: Form) -> CallNumber:
        """Wait for the call of a subscriber, which costs as much as a message."""
        if not form.parameters.get("phone"):
            self.refuse(CallError.PARAMETERS)
        self.count(form)
        phone = digits_of(form.parameters["phone"])
        if phone is None:
            self.refuse(CallError.NUMBER_FORMAT)
        price = self._messages.price
        if price > self._account.balance + self._account.credit:
            self.refuse(CallError.NO_MONEY)
        self._account.balance = self._account.balance - price
        self.awaited[phone] = CALLED
        # [client] Only in fmt=3 a list of numbers is known.
        return CallNumber(CALLED, (CALLED,) if form.fmt is Format.JSON else ())


class ReceivePhones(Commands):
    """The numbers to which people can write."""

    codec = receive_phones.CODEC

    def __init__(self, account: Messages, phones: Iterable[str]) -> None:
        super().__init__(account)
        self.phones = phones

    @property
    def phones(self) -> tuple[str, ...]:
        """The numbers."""
        return tuple(self._phones)

    @phones.setter
    def phones(self, phones: Iterable[str]) -> None:
        given = [text_of("each of receive_phones", phone) for phone in items_of("receive_phones", phones)]
        known = [digits_of(phone) for phone in given]
        for phone, digits in zip(given, known):
            if digits is None:
                raise ValueError(f"each of receive_phones has to be a number of 7 to 15 digits, not {quote(phone)}")
        self._phones = [*dict.fromkeys(phone for phone in known if phone is not None)]

    def on_get(self, asked: Asked) -> ReceivePhoneList:
        """Return the numbers. Nobody knows the keys, and the key of the parameter is our choice."""
        return ReceivePhoneList(tuple(ReceivePhone({"phone": phone}) for phone in self._phones))

    def on_buy(self, asked: Asked) -> Success:
        """Take a number: the requested one, or the next free one."""
        wanted = digits_of(asked.get("phone", ""))
        if asked.get("phone") and (wanted is None or wanted in self._phones):
            self.refuse(1)
        self._phones.append(
            wanted or next(phone for at in count(79900000001) if (phone := str(at)) not in self._phones)
        )
        return Success()

    def on_chg(self, asked: Asked) -> Success:
        """Change whether a number is kept. The change is not visible anywhere."""
        if digits_of(asked.get("phone", "")) not in self._phones:
            self.refuse(1)
        return Success()
