"""The commands of `users.php` and `documents.php`: the sub-clients of an account, and their invoices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..endpoints import documents, users
from ..endpoints.get import Statistics, StatisticsList
from ..endpoints.users import UserError
from ..model import Created, Success
from ._account import Account, amount, plain
from ._commands import THREE, Asked, Commands
from ._request import Form

_LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]{2,31}")
# The words are our choice.
_PHRASES: Mapping[int, str] = {
    UserError.NOT_FOUND: "record not found",
    UserError.FAILED: "operation failed",
    UserError.NO_USER: "user not found",
    UserError.SAVE: "save error",
    UserError.NO_MONEY: "no money",
}


@dataclass
class SubClient:
    """A sub-client of the fake service's account."""

    id: int
    login: str
    password: str = field(repr=False)
    balance: Decimal = Decimal(0)
    """The money that was paid to it."""


class SubClients(Commands):
    """The sub-clients of an account."""

    codec = users.CODEC
    phrases = _PHRASES

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._clients: dict[str, SubClient] = {}

    @property
    def clients(self) -> tuple[SubClient, ...]:
        """The sub-clients, in the order in which they were added."""
        return tuple(self._clients.values())

    def count(self, form: Form) -> None:
        """[doc] Refuse the fourth addition or change within a minute. Nobody has seen other limits."""
        if form.command(self.codec.endpoint) in ("add", "chg"):
            self._account._count("users", THREE, UserError.TOO_MANY_REQUESTS)

    def on_add(self, asked: Asked) -> Created:
        """Add a sub-client."""
        login, password = asked.get("user", ""), asked.get("password", "")
        if not _LOGIN.fullmatch(login) or not password:
            self.refuse(UserError.PARAMETERS)
        if login in self._clients:
            self.refuse(UserError.SAVE)
        client = self._clients[login] = SubClient(self.new_id(), login, password)
        return Created(client.id)

    def on_chg(self, asked: Asked) -> Success:
        """Change the login and the password of a sub-client."""
        client = self.named(asked)
        login = asked.get("new_login") or client.login
        if not _LOGIN.fullmatch(login):
            self.refuse(UserError.PARAMETERS)
        if login != client.login and login in self._clients:
            self.refuse(UserError.SAVE)
        client.login, client.password = login, asked.get("password") or client.password
        self._clients = {each.login: each for each in self._clients.values()}
        return Success()

    def on_pay(self, asked: Asked) -> Success:
        """Move money from the account to a sub-client."""
        client, money = self.named(asked), self.money(asked)
        if money > self._account.balance + self._account.credit:
            self.refuse(UserError.NO_MONEY)
        self._account.balance = self._account.balance - money
        client.balance = plain(client.balance + money)
        return Success()

    def on_get_stat(self, asked: Asked) -> StatisticsList:
        """Return the statistics of a sub-client."""
        return StatisticsList((self._statistics(self.named(asked)),))

    def on_get_stat_all(self, asked: Asked) -> StatisticsList:
        """Return the statistics of all sub-clients."""
        # [client] The service sends an error instead of an empty list.
        if not self._clients:
            self.refuse(UserError.NOT_FOUND)
        return StatisticsList(tuple(map(self._statistics, self._clients.values())))

    def named(self, asked: Asked) -> SubClient:
        """Return the sub-client that a request names by its login or its id."""
        id_ = self.number(asked, "user_id")
        if not id_ and not asked.get("user"):
            self.refuse(UserError.PARAMETERS)
        found = [each for each in self.clients if (each.id == id_ if id_ else each.login == asked["user"])]
        if not found:
            self.refuse(UserError.NO_USER)
        return found[0]

    def money(self, asked: Asked) -> Decimal:
        """Return the sum of a request."""
        try:
            money = amount("sum", asked.get("sum", ""))
        except ValueError:
            self.refuse(UserError.PARAMETERS)
        if not money:
            self.refuse(UserError.PARAMETERS)
        return money

    def _statistics(self, client: SubClient) -> Statistics:
        """Return the statistics of a sub-client: it has sent nothing, and got the money that was paid to it."""
        return Statistics(client.login, 0, Decimal(0), client.balance, self._account.currency)


class Documents(Commands):
    """The invoices of an account's sub-clients. Nobody has seen what they look like."""

    codec = documents.CODEC
    phrases = _PHRASES

    def __init__(self, account: Account, clients: SubClients) -> None:
        super().__init__(account)
        self._clients = clients

    def on_add_account(self, asked: Asked) -> Created:
        """Make an invoice for a sub-client. The answer with an id is our choice."""
        self._clients.named(asked)
        self._clients.money(asked)
        return Created(self.new_id())
