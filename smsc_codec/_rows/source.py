"""Source text becomes a function.

Only names of attributes, numbered names (`open_3`) and the declared keys enter source. Text of the wire never does: an
unknown key is a value in the function's namespace.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, cast

import msgspec


class Fallback(Exception):  # noqa: N818 - a signal, not an error
    """A compiled function has met what only a careful one can judge. Never leaves the library."""


CAUGHT = (Fallback, LookupError, ValueError, msgspec.MsgspecError)
"""What compiled functions raise that read.

No body makes them raise `TypeError` or `AttributeError`: these are mistakes of ours, and not caught.
"""

REFUSED = (*CAUGHT, TypeError, AttributeError, OverflowError)
"""What compiled functions raise that write: the values are a caller's, and can be anything."""


def fall_back() -> Any:
    """Leave what is being read to the careful reader."""
    raise Fallback


_made = count()


def compiled(
    name: str, title: str, parameters: str, lines: Iterable[str], names: Mapping[str, Any]
) -> Callable[..., Any]:
    """Return the function of that source. A traceback shows its lines, and `inspect.getsource` finds it."""
    assert all(each.isidentifier() for each in (name, *names)), names
    source = "\n".join([f"def {name}({parameters}):", *(f"    {line}" for line in lines), ""])
    filename = f"<smsc_codec {title} #{next(_made)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    space: dict[str, Any] = {**names, "__name__": __name__}
    exec(compile(source, filename, "exec"), space)
    # Out of its own namespace, so that it goes as soon as nobody has it; its lines go with it.
    function = space.pop(name)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return cast("Callable[..., Any]", function)
