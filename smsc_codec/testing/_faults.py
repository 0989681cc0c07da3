"""The faults of answers, and the answers that get them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .._source import quote
from .._types import is_really
from ..model import MAX_NUMBER
from ._account import check_number, check_seconds


@dataclass(frozen=True)
class Fault:
    """The fault of an answer. `FakeSmsc.misbehave` explains the attributes."""

    body: bytes | None = None
    error: int | None = None
    description: str | None = None
    plain: bool = False
    cut: bool = False
    disconnect: bool = False
    delay: float = 0.0
    charset: str | None = None
    status: int = 200
    retry_after: int | None = None
    lost: bool = False

    def __post_init__(self) -> None:
        """Refuse a fault that cannot be sent, in the test's own call and not in the thread that answers."""
        if self.body is not None and not is_really(self.body, bytes):
            raise TypeError(f"body has to be bytes, not {quote(self.body)}")
        if self.error is not None:
            check_number("error", self.error, 0, MAX_NUMBER)
        if self.description is not None and not is_really(self.description, str):
            raise TypeError(f"description has to be a string, not {quote(self.description)}")
        for switch in ("plain", "cut", "disconnect", "lost"):
            given: object = getattr(self, switch)
            if given is not True and given is not False:
                raise TypeError(f"{switch} has to be True or False, not {quote(given)}")
        # A status below 200 announces another answer.
        check_number("status", self.status, 200, 999)
        if self.retry_after is not None:
            check_number("retry_after", self.retry_after, 0, MAX_NUMBER)
        check_seconds("delay", self.delay, threading.TIMEOUT_MAX)
        if self.charset is not None:
            if not is_really(self.charset, str):
                raise TypeError(f"charset has to be a string, not {quote(self.charset)}")
            try:
                "Имя".encode(self.charset, "replace")
            except (LookupError, ValueError):
                # The charset is not known, is not for texts (`hex`), or cannot replace missing characters (`idna`).
                raise ValueError(f"charset has to be one that Python can write, not {quote(self.charset)}") from None


NO_FAULT = Fault()

_PAGE = b"<html><body>The service cannot be reached.</body></html>"

MISBEHAVIOURS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "bare OK": {"body": b"OK"},
        "plain ERROR": {"error": 4, "plain": True},
        "HTML": {"body": _PAGE},
        "empty": {"body": b""},
        "cut": {"cut": True},
        "disconnected": {"disconnect": True},
        "slow": {"delay": 0.05},
        "timeout": {"delay": 60.0},
        "wrong charset": {"charset": "koi8-r"},
        "429": {"status": 429, "body": _PAGE, "retry_after": 30, "lost": True},
        "502": {"status": 502, "body": _PAGE},
        "503": {"status": 503, "body": _PAGE, "lost": True},
        "lost": {"disconnect": True, "lost": True},
    }
)
"""The usual faults by name, each with the arguments of `misbehave`."""


class Faults:
    """The faults of the next answers."""

    def __init__(self) -> None:
        self._next: deque[Fault] = deque()
        self._lasting = NO_FAULT

    def add(self, fault: Fault, times: int | None) -> None:
        """Spoil *times* answers after those that are spoiled already, or all if *times* is None."""
        if times is None:
            self._lasting = fault
        else:
            self._next.extend([fault] * times)

    def clear(self) -> None:
        """Stop spoiling answers."""
        self._next.clear()
        self._lasting = NO_FAULT

    def take(self) -> Fault:
        """Return the fault of the next answer."""
        return self._next.popleft() if self._next else self._lasting
