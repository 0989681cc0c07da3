"""What the file system says: which files a folder holds, and why one cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any


def why(error: Exception) -> str:
    """What an exception of opening, reading or writing says, without the name."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def files_in(folder: str, trouble: Callable[[OSError], Any]) -> Iterator[str]:
    """Every file in a folder and the folders in it, in order; hidden ones and links to folders are left out."""
    for place, folders, files in os.walk(folder, onerror=trouble):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (os.path.join(place, name) for name in sorted(files) if not name.startswith("."))
        yield from filter(os.path.isfile, paths)
