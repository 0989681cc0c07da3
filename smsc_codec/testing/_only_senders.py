"""The fake `senders.php` alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from ..endpoints.senders import Sender
from ._account import text_of
from ._smsc import FakeSmsc


class FakeSenders(FakeSmsc):
    """A fake `senders.php` alone: the sender names of a `FakeSmsc`, with the time of this machine.

    The parameters are those of `FakeSmsc`, and *psw* is the password.

    These attributes can be read and set at any time: `senders`, `rate_limits`, `undeliverable`, `login`, `psw`,
    `apikey`. These can only be read: `codes`, the confirmation codes that were sent and not used yet, by number, and
    `comments`, the `cmt` of names that were added or changed.
    """

    def __init__(
        self,
        senders: Iterable[Sender | str] = (),
        *,
        login: str = "demo",
        psw: str = "demo",
        apikey: str = "demo-key",
        undeliverable: Iterable[str] = (),
        rate_limits: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            login=login,
            password=text_of("psw", psw),
            apikey=apikey,
            senders=senders,
            undeliverable=undeliverable,
            rate_limits=rate_limits,
            clock=clock,
        )

    def __repr__(self) -> str:
        return f"<FakeSenders with {len(self.senders)} names{self._place}>"

    @property
    def psw(self) -> str:
        """The password."""
        return self.password

    @psw.setter
    def psw(self, psw: str) -> None:
        self.password = text_of("psw", psw)

    @property
    def url(self) -> str:
        """The full address of the fake `senders.php`. Raises `RuntimeError` outside the `with` block."""
        return f"{self._root}/sys/senders.php"

    @property
    def _directory(self) -> str:
        """The address of this service, in words."""
        return "there is only /sys/senders.php here"

    def _address_in(self, path: str) -> tuple[str, bool] | None:
        """Return the endpoint at a path, or None if it is not this one."""
        return ("senders", False) if path == "/sys/senders.php" else None
