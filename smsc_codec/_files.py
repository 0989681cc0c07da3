"""What the file system says: which files a folder holds, and why one cannot be read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any


def why(error: Exception) -> str:
    """Return what an exception of opening, reading or writing says, without the name."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def files_in(folder: str, trouble: Callable[[OSError], Any]) -> Iterator[str]:
    """Return every file in a folder and the folders in it, in order, except hidden ones and links to folders.

    Call *trouble* for a folder that cannot be read, a link that leads nowhere, and what is not a file: a pipe, a
    socket, a device.
    """
    for place, folders, files in os.walk(folder, onerror=trouble):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (os.path.join(place, name) for name in sorted(files) if not name.startswith(".")):
            try:
                is_file = stat.S_ISREG(os.stat(path).st_mode)
            except OSError as error:
                trouble(error)
                continue
            if is_file:
                yield path
            else:
                trouble(OSError(errno.EINVAL, "it is not a file", path))
