"""Values that foreign recordings hold, which can be anything."""

from __future__ import annotations

import base64
import binascii

from ._coding import BrokenError

_BLANKS = b" \t\n\r\x0b\x0c"


def base64_bytes(text: str | bytes) -> bytes:
    """What base64 stands for; line breaks in it are usual. Raises `BrokenError`."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        return base64.b64decode(data.translate(None, _BLANKS), validate=True)
    except (binascii.Error, ValueError):
        raise BrokenError("the base64 of the body is broken") from None
