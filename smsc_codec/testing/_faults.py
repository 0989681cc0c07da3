"""What can be wrong with an answer, and which answers it is wrong with."""

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
    """What shall be wrong with an answer; `FakeSmsc.misbehave` says what each is."""

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
        """Refuse what cannot be sent, where the test says it and not in the thread that answers."""
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
        # Those below 200 announce another answer.
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
                # Not known, not an encoding of texts (`hex`), or one that cannot replace what it lacks (`idna`).
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
"""What can happen to a request, by name: the arguments of `misbehave`."""


class Faults:
    """The faults of the answers to come."""

    def __init__(self) -> None:
        self._next: deque[Fault] = deque()
        self._lasting = NO_FAULT

    def add(self, fault: Fault, times: int | None) -> None:
        """Spoil so many answers behind those that are spoiled already; None is all."""
        if times is None:
            self._lasting = fault
        else:
            self._next.extend([fault] * times)

    def clear(self) -> None:
        """Spoil no more answers."""
        self._next.clear()
        self._lasting = NO_FAULT

    def take(self) -> Fault:
        """Return what is wrong with the next answer."""
        return self._next.popleft() if self._next else self._lasting
