"""All endpoints of the registry, for tests that hold for each of them."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from smsc_codec import Codec
from smsc_codec.endpoints import ENDPOINTS, codec_of

USUAL = 100
"""The examples of a test in the profile `quick` of `conftest.py`, which the mutation run does not load."""
CODECS: tuple[Codec[Any], ...] = tuple(map(codec_of, ENDPOINTS))


def share(examples: int, runs: int = len(CODECS)) -> settings:
    """Return the settings of one of a number of *runs*, so that all together have that many examples.

    Tests of many endpoints then take the time of tests of a few. A profile with more examples has as many times more.
    """
    times = settings().max_examples / USUAL
    return settings(max_examples=max(round(times * examples / runs), 10))
