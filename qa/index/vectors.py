"""Sentence vectors on disk: row number n is the vector of sentence number n, in half precision, one after the other.

Rows are written before the store tells of them and never change afterwards, so that whoever reads needs no lock. They
are mapped where they are looked up: a search compares hundreds of rows from all over the file, and a call to read for each
took most of its time. Pages that were looked at are handed back to the system's cache now and then, so that memory stays small.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa.errors import IndexFolderError
from qa.index.disk import explain
from qa.models.encoder import Vectors

Ids = npt.NDArray[np.int64]
Ranges = npt.NDArray[np.int64]
"""Half-open ranges of sentence numbers in ascending order, shape (n, 2)."""

Halves = npt.NDArray[np.float16]

_BLOCK = 32_768  # rows read at a time
_HELD = 16_384  # rows looked up until their pages are handed back; each may bring 64 KB of neighbours along
_SMALL = 128_000_000  # bytes of a file whose pages may all stay


class VectorFile:
    """The vectors of one store."""

    def __init__(self, path: Path, dimension: int, *, write: bool = False) -> None:
        """Open the file, for writing make it where it is missing; raise IndexFolderError where that fails."""
        self._path = path
        self._row = 2 * dimension
        self._dimension = dimension
        try:
            self._file = os.open(path, (os.O_RDWR | os.O_CREAT) if write else os.O_RDONLY, 0o666)
        except OSError as error:
            raise explain(path, error, "written" if write else "opened") from error
        self._lock = threading.Lock()
        self._map: mmap.mmap | None = None
        self._mapped = np.zeros((0, dimension), np.float16)
        self._held = 0
        self.close = weakref.finalize(self, os.close, self._file)

    @property
    def rows(self) -> int:
        """How many rows the file has room for."""
        return os.fstat(self._file).st_size // self._row

    def write(self, first: int, vectors: Vectors) -> None:
        """Write rows from number `first` on; shape (n, dimension)."""
        rest = memoryview(np.ascontiguousarray(vectors, np.float16).tobytes())
        at = first * self._row
        while rest:
            written = os.pwrite(self._file, rest, at)
            rest, at = rest[written:], at + written

    def sync(self) -> None:
        """Have what was written survive a failure of power."""
        os.fsync(self._file)

    def read(self, ranges: Ranges) -> Halves:
        """Return the rows of these ranges, one range after the other, shape (rows, dimension)."""
        found = np.empty((total(ranges), self._dimension), np.float16)
        room = found.view(np.uint8).reshape(-1).data
        at = 0
        for first, last in _joined(ranges).tolist():
            size = (last - first) * self._row
            if os.preadv(self._file, [room[at : at + size]], first * self._row) != size:
                raise IndexFolderError(f"{self._path}: is cut short; build the index again with --rebuild")
            at += size
        return found

    def take(self, ranges: Ranges) -> Halves:
        """Return what `read` does, quicker where the ranges are many and short."""
        ids = numbers(ranges)
        if not len(ids):
            return np.zeros((0, self._dimension), np.float16)
        with self._lock:
            self._held += len(ids)
            if self._map and self._held > _HELD and len(self._map) > _SMALL and hasattr(mmap, "MADV_DONTNEED"):
                self._map.madvise(mmap.MADV_DONTNEED)
                self._held = len(ids)
            if (last := int(ids.max())) >= len(self._mapped):
                self._map_anew(last)
            mapped = self._mapped
        return np.asarray(mapped[ids])

    def _map_anew(self, last: int) -> None:
        """Map the file as long as it is now; raise IndexFolderError where it doesn't reach to row `last`."""
        rows = self.rows
        if rows <= last:
            raise IndexFolderError(f"{self._path}: is cut short; build the index again with --rebuild")
        self._map = mmap.mmap(self._file, rows * self._row, access=mmap.ACCESS_READ)
        self._mapped = np.frombuffer(self._map, np.float16, rows * self._dimension).reshape(-1, self._dimension)

    def blocks(self, ranges: Ranges, rows: int = _BLOCK) -> Iterator[tuple[Ids, Halves]]:
        """Yield the numbers and the rows of these ranges, at most `rows` at a time."""
        for part in _cut(_joined(ranges), rows):
            yield numbers(part), self.read(part)


def products(vectors: Vectors, vector: Vectors) -> Vectors:
    """Return the product of each vector, shape (n, dimension), with one, shape (dimension,).

    Row by row, which this thread does alone: for all at once BLAS wakes threads that go on spinning for some hundredths of
    a second, and take a processor from whatever comes next.
    """
    found: Vectors = np.vecdot(vectors, vector)
    return found


def ranges_of(ids: Sequence[int] | Ids) -> Ranges:
    """Return the ranges that these numbers make up."""
    sorted_ids = np.unique(np.asarray(ids, np.int64))
    if not len(sorted_ids):
        return np.zeros((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(sorted_ids) != 1) + 1
    return np.stack([sorted_ids[np.r_[0, breaks]], sorted_ids[np.r_[breaks - 1, len(sorted_ids) - 1]] + 1], axis=1)


def numbers(ranges: Ranges) -> Ids:
    """Return every number in these ranges, in order, shape (total(ranges),)."""
    lengths = ranges[:, 1] - ranges[:, 0]
    starts = np.repeat(ranges[:, 0] - np.cumsum(lengths) + lengths, lengths)
    return np.asarray(starts + np.arange(len(starts)), np.int64)


def total(ranges: Ranges) -> int:
    """Return how many numbers are in these ranges."""
    return int((ranges[:, 1] - ranges[:, 0]).sum())


def _joined(ranges: Ranges) -> Ranges:
    """Make one of ranges of which one begins where the other ends."""
    if len(ranges) < 2:
        return ranges
    breaks = np.flatnonzero(ranges[1:, 0] != ranges[:-1, 1]) + 1
    return np.stack([ranges[np.r_[0, breaks], 0], ranges[np.r_[breaks - 1, len(ranges) - 1], 1]], axis=1)


def _cut(ranges: Ranges, rows: int) -> Iterator[Ranges]:
    """Yield ranges in lots of at most `rows` numbers."""
    lot: list[tuple[int, int]] = []
    room = rows
    for first, last in ranges.tolist():
        at = first
        while at < last:
            end = min(last, at + room)
            lot.append((at, end))
            room -= end - at
            at = end
            if not room:
                yield np.array(lot, np.int64)
                lot, room = [], rows
    if lot:
        yield np.array(lot, np.int64)
