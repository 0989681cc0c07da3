"""Makes functions of source text.

Only names of attributes, numbered names (`open_3`) and the declared keys enter source. Text from the wire never does:
an unknown key is a value in the function's namespace.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, cast

import msgspec

from ..declare import FORMATS, Object


class Fallback(Exception):  # noqa: N818 - a signal, not an error
    """A compiled function has met what only a careful one can judge. Never leaves the library."""


CAUGHT = (Fallback, LookupError, ValueError, msgspec.MsgspecError)
"""The errors that compiled functions raise when they read.

No body makes them raise `TypeError` or `AttributeError`. These would be mistakes in the library and are not caught.
"""

REFUSED = (*CAUGHT, TypeError, AttributeError, OverflowError)
"""The errors that compiled functions raise when they write. A caller makes the values, so these can be anything."""


def fall_back() -> Any:
    """Raise `Fallback`: the careful reader has to read this."""
    raise Fallback


def title_of(obj: Object, fmt: str) -> str:
    """Return what tracebacks call the functions that read and write an object in a format."""
    return f"{obj.cls.__name__} fmt={FORMATS.index(fmt)}"


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
    # Without a reference in its own namespace, the function is freed with its last user, and its lines with it.
    function = space.pop(name)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return cast("Callable[..., Any]", function)
