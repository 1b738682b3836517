"""What a web server packs for the way: unpacked piece by piece, so that little which unpacks to very much does no harm."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from qa.errors import FetchError

CODINGS = ("gzip", "deflate", "br")

_PIECE = 64 * 1024  # bytes unpacked at a time
_GZIP = b"\x1f\x8b"


def unpacked(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield the bytes within, in pieces of at most 64 KB; raise FetchError where they are damaged or another coding's."""
    if coding in {"", "identity"}:
        return iter(chunks)
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _inflated(chunks)
    if coding == "br":
        return _from_brotli(chunks)
    raise FetchError(f"comes packed as {coding[:40]!r}; expected one of {', '.join(CODINGS)}")


def gathered(pieces: Iterable[bytes], limit: int, *, cut: bool = False) -> bytes:
    """Return the bytes together; where there are more than `limit`, leave out the rest if `cut` and raise FetchError if not."""
    together = bytearray()
    for piece in pieces:
        together += piece
        if len(together) > limit:
            if cut:
                break
            raise FetchError(over(limit))
    return bytes(together[:limit])


def over(limit: int) -> str:
    """Return what is wrong with an address that holds more than `limit` bytes."""
    return f"holds more than {limit / 1e6:.3g} MB; expected the page of an article; save its text and read the file"


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is within gzip, or deflate with or without the header of zlib; what follows the end is left out."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    start = b""
    for chunk in chunks:
        waiting = chunk
        if len(start) < 2:
            start += waiting
            if len(start) < 2:
                continue
            waiting = start
            if not start.startswith(_GZIP) and not _is_zlib(start):
                inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        while waiting:
            try:
                yield inflate.decompress(waiting, _PIECE)
            except zlib.error as error:
                raise _damaged() from error
            waiting = inflate.unconsumed_tail
            if inflate.eof:
                waiting = inflate.unused_data
                if not waiting.startswith(_GZIP):  # otherwise another file follows
                    return
                inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    yield inflate.flush()
    if not inflate.eof and start:
        raise _damaged()


def _is_zlib(start: bytes) -> bool:
    return start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


def _from_brotli(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import brotli

    unpack = brotli.Decompressor()
    seen = False
    for chunk in chunks:
        waiting = chunk
        while waiting or not unpack.can_accept_more_data():
            seen = True
            try:
                yield unpack.process(waiting, output_buffer_limit=_PIECE)
            except brotli.error as error:
                raise _damaged() from error
            waiting = b""
            if unpack.is_finished():
                return
    if seen and not unpack.is_finished():
        raise _damaged()


def _damaged() -> FetchError:
    return FetchError("comes packed and is damaged or breaks off; try again later")
