"""The slow lanes by themselves: what the fast ones are held against."""

from __future__ import annotations

from typing import Any

from smsc_codec import Codec
from smsc_codec.endpoints.senders import SENDERS


class SlowCodec(Codec[Any]):
    """A codec whose fast lanes never have an answer, and so are never learned."""

    def _quick(self, *given: Any, **options: Any) -> Any:
        return None, None

    def _reported_again(self, *given: Any) -> Any:
        return None

    def _compiled(self, *given: Any) -> Any:
        return None


SLOW = SlowCodec(SENDERS)
