"""How bodies and files are packed: gzip, deflate, zstd, brotli and chunks, none of which is trusted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from ..limits import DEFAULT_LIMITS

MOST = DEFAULT_LIMITS.body + 1
"""Bytes of a body that are kept: one more than the limit is enough to be refused."""
LONGEST = 2 * MOST
"""Bytes of a line, an entry, a string or whatever else a recording spells a reply with.

It has room for the longest body in base64, and for its chunks; JSON and YAML seldom take twice as many bytes for a
text. What is longer is refused before it is built.
"""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FILE_WINDOW, BODY_WINDOW = 1 << 27, 1 << 23
"""The most memory that zstd may ask for: what its command line takes, and what RFC 9659 allows in HTTP."""
_CODINGS = 5
"""Codings of a body, of which each costs a pass. Servers use one."""
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


class Packing(NamedTuple):
    """A way to pack data."""

    new: Callable[[], _Unpacker]
    """Makes what unpacks one stream."""
    bite: int
    """How many bytes are fed at once. It bounds what comes out at once, by the highest ratio of this packing."""
    damage: str
    """What an error of the unpacker means."""


_DAMAGED = "the compressed data is damaged"
# Deflate packs 1,032 bytes into one at best, so that at most 2.1 MB come out at once.
_GZIP = Packing(lambda: zlib.decompressobj(31), 2048, _DAMAGED)
_DEFLATE = Packing(zlib.decompressobj, 2048, _DAMAGED)


def _zstd(window: int) -> Packing:
    try:
        import zstandard
    except ImportError:
        raise MissingError("zstd needs zstandard: pip install 'smsc-codec[cli]'") from None
    damage = f"{_DAMAGED}, or needs a window of more than {window >> 20} MiB"
    # Four bytes can stand for a block of 128 KiB, so that at most 2.2 MB come out at once. All streams share the
    # decompressor: to make one takes longer than to unpack an empty stream.
    return Packing(zstandard.ZstdDecompressor(max_window_size=window).decompressobj, 64, damage)


def packing_of(head: bytes, window: int = FILE_WINDOW) -> Packing | None:
    """Say how data that begins with *head* is packed, or None if it is not packed. Raise `MissingError`."""
    if head.startswith(ZSTD):
        return _zstd(window)
    return _GZIP if head.startswith(GZIP) else None


def unpacked(chunks: Iterable[bytes], packing: Packing) -> Iterator[bytes]:
    """Unpack one or several streams after one another, some 2 MB at a time at most. Raise `BrokenError`."""
    packer, begun = packing.new(), False
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), packing.bite):
                data = chunk[start : start + packing.bite]
                while data:
                    if packer.eof:
                        packer = packing.new()
                    begun = True
                    yield packer.decompress(data)
                    data = packer.unused_data if packer.eof else b""
    except Exception as error:  # each library has its own
        if isinstance(error, OSError):
            raise
        raise BrokenError(packing.damage) from None
    if begun and not packer.eof:
        raise BrokenError("the compressed data is cut")


def content(body: bytes, encoding: str) -> bytes:
    """Return a body without its `Content-Encoding`, at most `MOST` bytes. Raise `BrokenError` and `MissingError`.

    Recorders differ in whether they keep the compression or only its header: what does not begin as
    compressed data does is no such data.
    """
    names = encoding.split(",", _CODINGS)
    if len(names) > _CODINGS:
        raise BrokenError(f"Content-Encoding names more than {_CODINGS} codings")
    for name in reversed([part.strip().lower() for part in names]):
        if name in ("gzip", "x-gzip", "zstd"):
            packing = packing_of(body, BODY_WINDOW)
            if packing is not None:
                body = _bounded(unpacked([body], packing))
        elif name == "deflate":
            # The first byte of zlib's header is 0x78 for every window that servers use.
            if body[:1] == b"x":
                body = _bounded(unpacked([body], _DEFLATE))
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
    return bytes(memoryview(whole)[:MOST])


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
