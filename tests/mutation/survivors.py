"""The list of mutants that survive for a reason: `survivors.md`."""

from __future__ import annotations

import re
from pathlib import Path

LISTED = Path(__file__).with_name("survivors.md")

_SECTION = re.compile(r"^## `(\S+)`$|^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def listed() -> set[tuple[str, ...]]:
    """Return the keys of the mutants in the list; see `Mutant.key`."""
    keys = set()
    path = ""
    for match in _SECTION.finditer(LISTED.read_text("utf-8")):
        path = match[1] or path
        for block in re.findall(r"(?:^-.*\n)*(?:^\+.*\n)*", match[2] or "", re.MULTILINE):
            sides = ([line[1:].strip() for line in block.splitlines() if line.startswith(sign)] for sign in "-+")
            removed, added = sides
            if removed or added:
                keys.add((path, *removed, "", *added))
    return keys
