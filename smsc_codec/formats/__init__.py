"""The four formats of the service, each a reader and a writer in a file of its name."""

from __future__ import annotations

from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..declare import Endpoint
    from .reader import FormatReader


class Format(IntEnum):
    """The `fmt` parameter of a request [doc]. Functions that take a format also take its number or its name."""

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


_READERS = {
    Format.TEXT: ("text", "TextFormat"),
    Format.CSV: ("csv", "CsvFormat"),
    Format.XML: ("xml", "XmlFormat"),
    Format.JSON: ("json", "JsonFormat"),
}


def reader_of(fmt: Format, endpoint: Endpoint[Any]) -> FormatReader:
    """Return the reader of a format for an endpoint; the module is imported when it is first needed."""
    module, name = _READERS[fmt]
    reader: FormatReader = getattr(import_module(f".{module}", __name__), name)(endpoint)
    return reader
