"""The base of endpoints with commands: it chooses the command, counts it, and refuses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from ..codec import Codec
from ._account import Account, moment_of, refuse
from ._request import Form

Asked = Mapping[str, str]
"""The parameters of a request."""

# [doc] The identical requests that are allowed in a minute, at get.php and phones.php. Nobody has seen the number at
# other endpoints: it is our choice.
THREE, MANY = 3, 20

# [cap] The phrases of phones.php.
PHRASES: Mapping[int, str] = {3: "record not found", 5: "save error"}

_NUMBER = re.compile("[0-9]{1,18}")


class Commands:
    """The commands of an endpoint, and their data. The method of a command is `on_` and its name."""

    codec: ClassVar[Codec[Any]]
    phrases: ClassVar[Mapping[int, str]] = PHRASES
    most: ClassVar[int] = MANY
    """The identical requests that are allowed in a minute."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._last_id = 0

    def new_id(self) -> int:
        """Return the next number of the endpoint's things."""
        self._last_id += 1
        return self._last_id

    def answer(self, form: Form) -> Any:
        """Carry out the command of a request."""
        declared = self.codec.endpoint
        command = form.command(declared)
        if command is None:
            self.refuse(1)
        self.count(form)
        return getattr(self, f"on_{command}")(form.parameters)

    def count(self, form: Form) -> None:
        """Refuse a request that came too often in the last minute."""
        what = (form.endpoint, tuple(sorted(form.parameters.items())))
        self._account._count(what, self.most, self.codec.endpoint.errors(9))

    def refuse(self, code: int) -> NoReturn:
        """Answer with the error that has this number."""
        refuse(self.codec.endpoint.errors(code), self.phrases)

    def number(self, asked: Asked, name: str, default: int = 0) -> int:
        """Return a parameter that is a whole number, or *default* if it is missing."""
        text = asked.get(name) or str(default)
        if not _NUMBER.fullmatch(text):
            self.refuse(1)
        return int(text)

    def day(self, asked: Asked, name: str, default: float) -> float:
        """Return when the day in a parameter begins, or *default* if it is missing."""
        text = asked.get(name)
        if not text:
            return default
        try:
            return moment_of(datetime.strptime(text, "%d.%m.%Y"))
        except ValueError:
            self.refuse(1)
