"""The bodies of requests, which hold the parameters that are not in the URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.parser import BytesParser
from urllib.parse import urlencode

from ._entry import header_of

_MOST = 1 << 16
"""Bytes of a form; parameters are short."""


def form_of(body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """The parameters in the body of a request, as `application/x-www-form-urlencoded`; of a file only its name."""
    kind = " ".join(header_of(headers, "content-type").split())
    if not kind.lower().startswith("multipart/form-data"):
        return body
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    try:
        return urlencode(list(_fields(head + body[:_MOST]))).encode()
    except RecursionError:  # parts in parts in parts, which no form has
        return b""


def _fields(message: bytes) -> Iterator[tuple[str, bytes]]:
    for part in BytesParser().parsebytes(message).walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            yield name, b"" if part.get_filename() else content
