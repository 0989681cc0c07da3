"""The pytest plugin: the fixtures `fake_smsc` and `fake_senders`.

Every run of pytest loads it where smsc_codec is installed, and `smsc_codec` itself with it. The server is imported when
a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .testing import FakeSenders, FakeSmsc


@pytest.fixture
def fake_smsc() -> Iterator[FakeSmsc]:
    """A running `smsc_codec.testing.FakeSmsc` without rate limits.

    Its login is `demo`, its password `demo` and its key `demo-key`; it has 100 roubles, and a message costs 1.4.
    """
    from .testing import FakeSmsc

    with FakeSmsc(rate_limits=False) as service:
        yield service


@pytest.fixture
def fake_senders() -> Iterator[FakeSenders]:
    """A running `smsc_codec.testing.FakeSenders` without any names; set its `senders` to have some."""
    from .testing import FakeSenders

    with FakeSenders() as server:
        yield server
