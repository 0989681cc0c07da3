"""How bodies and files are packed: gzip, deflate, zstd, brotli and chunks, none of which is trusted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from .._limits import DEFAULT_LIMITS

MOST = DEFAULT_LIMITS.body + 1
"""Bytes of a body that are kept: one more than the limit is enough to be refused."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# Two thousand bytes of zstd can stand for 64 MiB: what is fed at once bounds what comes out.
_BITE = 2048
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class BrokenError(Exception):
    """A recording, or packed data in it, that is cut, damaged or packed in an unknown way."""


class MissingError(Exception):
    """A library that is needed is not installed; the message says which and how to get it."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Unpacker:
    return zlib.decompressobj(31)


def _deflate() -> _Unpacker:
    return zlib.decompressobj()


def _zstd() -> _Unpacker:
    try:
        import zstandard
    except ImportError:
        raise MissingError("zstd needs zstandard: pip install 'smsc-codec[cli]'") from None
    return zstandard.ZstdDecompressor().decompressobj()


def unpacker(head: bytes) -> Callable[[], _Unpacker] | None:
    """What unpacks data that begins so; `None` for data that is not packed. Raises `MissingError`."""
    if head.startswith(ZSTD):
        _zstd()
        return _zstd
    return _gzip if head.startswith(GZIP) else None


def unpacked(chunks: Iterable[bytes], new: Callable[[], _Unpacker]) -> Iterator[bytes]:
    """What packed chunks hold, of one or several streams after one another. Raises `BrokenError`."""
    packer, begun = new(), False
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), _BITE):
                data = chunk[start : start + _BITE]
                while data:
                    if packer.eof:
                        packer = new()
                    begun = True
                    yield packer.decompress(data)
                    data = packer.unused_data if packer.eof else b""
    except Exception as error:  # each library has its own
        if isinstance(error, OSError):
            raise
        raise BrokenError("the compressed data is damaged") from None
    if begun and not packer.eof:
        raise BrokenError("the compressed data is cut")


def content(body: bytes, encoding: str) -> bytes:
    """A body without its `Content-Encoding`, at most `MOST` bytes of it. Raises `BrokenError` and `MissingError`.

    Recorders differ in whether they keep the compression or only its header: what does not begin as
    compressed data does is no such data.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name in ("gzip", "x-gzip", "zstd"):
            if body.startswith((GZIP, ZSTD)):
                body = _bounded(unpacked([body], unpacker(body) or _gzip))
        elif name == "deflate":
            # The first byte of zlib's header is 0x78 for every window that servers use.
            if body[:1] == b"x":
                body = _bounded(unpacked([body], _deflate))
        elif name == "br" and not (body.isascii() and _is_text(body)):
            body = _without_brotli(body)
    return body


def _without_brotli(body: bytes) -> bytes:
    try:
        import brotli
    except ImportError:
        raise MissingError("brotli needs brotli: pip install 'smsc-codec[cli]'") from None
    unpacker = brotli.Decompressor()
    try:
        # The limit is where it stops to take more, which is a little beyond.
        whole: bytes = unpacker.process(body, output_buffer_limit=MOST)[:MOST]
        if unpacker.is_finished() or len(whole) == MOST:
            return whole
    except brotli.error:
        pass
    # Nothing tells that data is brotli's but that it can be unpacked.
    if _is_text(body):
        return body
    raise BrokenError("the compressed data is cut or damaged")


def _is_text(body: bytes) -> bool:
    return not _CONTROL.search(body)


def _bounded(parts: Iterable[bytes]) -> bytes:
    whole = bytearray()
    for part in parts:
        whole += part
        if len(whole) >= MOST:
            break
    return bytes(whole[:MOST])


def dechunked(body: bytes) -> bytes:
    """A body without `Transfer-Encoding: chunked`; as it is if it has none, as curl prints it. Raises `BrokenError`."""
    if not _CHUNK.match(body):
        return body
    whole, at = bytearray(), 0
    while True:
        size = _CHUNK.match(body, at)
        if size is None:
            raise BrokenError("the chunks of the body are cut or damaged")
        length, at = int(size[1], 16), size.end()
        if not length:
            return bytes(whole)
        if length > len(body) - at:
            raise BrokenError("the chunks of the body are cut")
        whole += body[at : at + length]
        at += length
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
