"""Reads the bodies of requests, which contain the parameters that are not in the URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from .._multipart import FormError, is_multipart, parts_of
from ._coding import BrokenError
from ._entry import check_form, header_of
from ._values import text_of


def form_of(body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """Return the parameters in the body of a request as `application/x-www-form-urlencoded`.

    Raise `BrokenError` for a multipart form that cannot be read, or has too many or too long parameters. Only the name
    of a file is kept, so that files can have any length.
    """
    kind = header_of(headers, "content-type")
    if not is_multipart(kind):
        return body
    try:
        return urlencode(list(_fields(kind, body))).encode()
    except FormError as error:
        raise BrokenError(f"the form of the request cannot be read: {error}") from None


def encoded(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return the names and values of parameters as `application/x-www-form-urlencoded`.

    Raise `BrokenError` if they are too many or too long.
    """
    fields = [(name, text_of(value)) for name, value in pairs]
    check_form(len(fields), sum(len(name) + len(value) for name, value in fields))
    return urlencode(fields)


def _fields(kind: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    size = 0
    for fields, part in enumerate(parts_of(kind, body), 1):
        is_file = part.filename is not None
        size += len(part.name) + (0 if is_file else len(part.data))
        check_form(fields, size)
        yield part.name, b"" if is_file else part.content()
