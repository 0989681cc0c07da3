"""The four formats of the service, each a reader and a writer in a file of its name."""

from __future__ import annotations

from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .._forms import Endpoint, Form
    from .._source import Source
    from ..limits import Limits


class Format(IntEnum):
    """The `fmt` parameter of a request [doc]. Where a format is asked for, its number does as well, or its name."""

    # Python 3.10 and 3.11 disagree on what an IntEnum prints as; this is how a URL has it.
    __str__ = int.__repr__

    def __format__(self, spec: str) -> str:
        return int.__format__(self, spec)

    TEXT = 0
    """Lines of `key = value`; the service's default."""
    CSV = 1
    """Values joined by commas."""
    XML = 2
    """Elements with attributes."""
    JSON = 3
    """Arrays and objects."""


BY_NAME = {fmt.name.lower(): fmt for fmt in Format}
"""The formats by the names that callers give them: `text`, `csv`, `xml` and `json`."""


class Reader(Protocol):
    """What each of the formats does for the replies of one endpoint."""

    def fast(self, body: bytes, limits: Limits) -> Any:
        """Return the reply in a body of UTF-8, None if it takes a closer look, which `read` has."""
        ...

    def read(self, source: Source, expect: tuple[Any, ...]) -> Any:
        """Return the reply; *expect* decides where a body can mean several. Raise `DecodeError` if it is not one."""
        ...

    def write(self, reply: Any, form: Form, limits: Limits) -> str:
        """Return the canonical text of a reply. Raise `EncodeError` if the format cannot carry it."""
        ...


_READERS = {
    Format.TEXT: ("text", "TextFormat"),
    Format.CSV: ("csv", "CsvFormat"),
    Format.XML: ("xml", "XmlFormat"),
    Format.JSON: ("json", "JsonFormat"),
}


def reader_of(fmt: Format, endpoint: Endpoint[Any]) -> Reader:
    """Return the reader of a format for an endpoint; the module is imported when it is first needed."""
    module, name = _READERS[fmt]
    reader: Reader = getattr(import_module(f".{module}", __name__), name)(endpoint)
    return reader
