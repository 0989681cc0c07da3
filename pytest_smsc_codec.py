"""The pytest plugin of smsc_codec: the fixture `fake_senders`.

Not a part of the package, whose import every run of pytest would pay for where smsc_codec is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smsc_codec.testing import FakeSenders


@pytest.fixture
def fake_senders() -> Iterator[FakeSenders]:
    """A running `smsc_codec.testing.FakeSenders` without any names; set its `senders` to have some."""
    from smsc_codec.testing import FakeSenders

    with FakeSenders() as server:
        yield server
