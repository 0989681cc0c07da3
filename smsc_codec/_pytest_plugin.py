"""The pytest plugin: the fixture `fake_senders`.

Every run of pytest loads it where smsc_codec is installed, and `smsc_codec` itself with it. The server is imported when
the fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .testing import FakeSenders


@pytest.fixture
def fake_senders() -> Iterator[FakeSenders]:
    """A running `smsc_codec.testing.FakeSenders` without any names; set its `senders` to have some."""
    from .testing import FakeSenders

    with FakeSenders() as server:
        yield server
