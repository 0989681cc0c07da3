"""`smsc-codec serve`: the fake service of `smsc_codec.testing`, for clients in any language."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from ..testing import FakeSmsc
from .streams import flush, put

# Seconds between two looks at what has become of messages.
_OFTEN = 0.2


def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM comes. Raise `OSError` if the port is taken."""
    # A list, not an event: one signal may come while the handler of another has the lock of an event.
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _: came.append(number)) for number in numbers]
    try:
        with _service(options) as service:
            # Whoever is called may be slow to answer, and the end does not wait for that.
            threading.Thread(target=_call, args=(service, came), daemon=True).start()
            put(f"{service.url}\n")
            flush()
            while not came:
                time.sleep(_OFTEN)
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)


def _service(options: argparse.Namespace) -> FakeSmsc:
    """Return the service that the options describe. Leave with wrong usage if there cannot be one."""
    try:
        return FakeSmsc(
            login=options.login,
            password=options.password,
            apikey=options.apikey,
            balance=options.balance,
            price=options.price,
            senders=options.sender,
            receive_phones=options.receive_phone,
            rate_limits=not options.no_limits,
            callback_url=options.callback,
            callback_secret=options.secret,
            port=options.port,
            clock=time.time,
        )
    except ValueError as error:
        refuse: Callable[[str], NoReturn] = options.parser.refuse
        refuse(f"{error}")


def _call(service: FakeSmsc, came: Sequence[int]) -> None:
    """Call the client about its messages until a signal has come."""
    while not came:
        service.advance(0)
        time.sleep(_OFTEN)
