"""What a web server packs for the way: unpacked piece by piece, so that little which unpacks to very much does no harm."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from qa.errors import FetchError

CODINGS = ("gzip", "deflate", "br")

_PIECE = 64 * 1024  # bytes unpacked at a time
_MOST_MEMBERS = 1000  # of a file of gzip; each takes time even where it is empty
_GZIP = b"\x1f\x8b"


def unpacked(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield the bytes within, in pieces of 64 KB or not much more; raise FetchError where they are damaged or another coding's."""
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
    inflate = None
    members = 0
    start = b""  # of what may be a member
    for chunk in chunks:
        waiting, start = start + chunk, b""
        while waiting:
            if inflate is None:
                if len(waiting) < 2:
                    start = waiting
                    break
                if members and not waiting.startswith(_GZIP):
                    return
                members += 1
                if members > _MOST_MEMBERS:
                    raise _damaged()
                known = waiting.startswith(_GZIP) or _is_zlib(waiting)
                inflate = zlib.decompressobj(zlib.MAX_WBITS | 32 if known else -zlib.MAX_WBITS)
            try:
                yield inflate.decompress(waiting, _PIECE)
            except zlib.error as error:
                raise _damaged() from error
            waiting = inflate.unconsumed_tail
            if inflate.eof:
                waiting, inflate = inflate.unused_data, None
    if inflate is not None:
        yield inflate.flush()
    if (inflate is not None and not inflate.eof) or (start and not members):
        raise _damaged()


def _is_zlib(start: bytes) -> bool:
    return start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


def _from_brotli(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import brotli

    unpack = brotli.Decompressor()
    seen = False
    for chunk in chunks:
        waiting = chunk
        seen = seen or bool(chunk)
        while True:
            try:
                piece = unpack.process(waiting, output_buffer_limit=_PIECE)
            except brotli.error as error:
                raise _damaged() from error
            yield piece
            if unpack.is_finished():
                return
            if not piece:  # it needs another chunk
                break
            waiting = b""
    if seen and not unpack.is_finished():
        raise _damaged()


def _damaged() -> FetchError:
    return FetchError("comes packed and is damaged or breaks off; try again later")
