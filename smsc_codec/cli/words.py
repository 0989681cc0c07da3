"""Words of what the command prints for people: counts and colours."""

from __future__ import annotations

import os
from typing import TextIO

# The codes of SGR: those of eight colours can be read on light and on dark terminals.
_CODES = {"error": "1;31", "warning": "33", "info": "36", "good": "32", "bold": "1", "soft": "2"}


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun, whose plural ends in -s if it is not given."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def has_colours(stream: TextIO) -> bool:
    """Say whether a stream is a terminal that shows colours, and whose user wants them (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str, wanted: bool = True) -> str:
    """Return a text in a colour, or as it is if colours are not wanted."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if wanted and text else text
