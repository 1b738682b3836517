"""Sentence vectors in FAISS: the nearest sentences to a vector, among all or among some.

Up to FLAT_MOST sentences are compared one by one, in memory. Beyond that a file holds the older ones: lists around
centres (inverted file) of codes of one bit a dimension (RaBitQ: Gao and Long, 2024, arXiv 2405.12497), mapped into memory
as it is needed. What is newer than the file is compared one by one. So nothing is written when an article comes or goes,
until enough have to make the file anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qa.index.disk import explain
from qa.index.store import Extents, Store
from qa.index.vectors import Ids, Ranges, numbers, products, total
from qa.models.encoder import Vectors

if TYPE_CHECKING:
    import faiss

FLAT_MOST = 30_000  # sentences that are compared one by one in about a millisecond
FEW = 20_000  # sentences of a filter that are read and compared one by one, in place of looking into the file
PROBED, PROBED_POWER = 16, 0.28  # times that power of the number of lists: how many are looked into, a sixth of few, a twentieth of many
_SPARE = 100  # how many more are asked for, in place of those that are gone
DEAD_MOST = 0.2  # share of the file's sentences that may be gone
_MAPPED = 64_000_000  # bytes of a file from which on it is mapped; in memory it is read twice as fast, but opened more slowly
_SAMPLE = 48  # vectors for each centre to find the centres by
_RUN = 8  # sentences that are read together for it
_NAME = re.compile(r"sentences\.(\d+)\.faiss")
_FOUND = list[tuple[int, float]]


class Among:
    """The sentences among which is searched: those in these ranges. Keeps what FAISS makes of them."""

    def __init__(self, ranges: Ranges) -> None:
        """Take ranges of sentences, ascending."""
        self.ranges = ranges
        self.size = total(ranges)
        self._marks: dict[str, npt.NDArray[np.uint8]] = {}

    def marks(self, of: str, ranges: Callable[[], Ranges], size: int) -> npt.NDArray[np.uint8]:
        """Return one bit for each of `size` places of something, set for those in `ranges`, which is asked once."""
        if of not in self._marks:
            self._marks[of] = _bits(ranges(), size)
        return self._marks[of]


@dataclass(frozen=True, slots=True)
class _Older:
    """What a file holds: every sentence below number `end` that was there when it was made."""

    index: Any
    end: int


class DenseIndex:
    """FAISS over the sentences of one state of the store."""

    def __init__(self, store: Store, extents: Extents, older: _Older | None) -> None:
        """Use `open`."""
        import faiss

        # One question's search waits for memory, not for the processor, and FAISS's idle threads would hold up torch's.
        faiss.omp_set_num_threads(1)
        self._store = store
        self._live = extents.ranges
        self._older = older
        self._end = older.end if older else 0
        newer = np.clip(self._live, self._end, None)
        newer = newer[newer[:, 0] < newer[:, 1]]
        self._newer = numbers(newer)
        self._flat = faiss.IndexScalarQuantizer(store.dimension or 1, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        for _, halves in store.blocks(newer):
            self._flat.add_sa_codes(halves.view(np.uint8))  # half precision, as it is stored

    @classmethod
    def open(cls, folder: Path, store: Store) -> DenseIndex:
        """Take the newest file that can be read, and from the store whatever it doesn't hold."""
        extents = store.extents()
        older = None
        if total(extents.ranges) > FLAT_MOST:
            for end, path in sorted(_files(folder), reverse=True):
                if index := _read(path, store.dimension):
                    older = _Older(index, end)
                    break
        return cls(store, extents, older)

    @property
    def lists(self) -> int:
        """How many lists the file has; 0 without one."""
        return int(self._older.index.nlist) if self._older else 0

    def among(self, ranges: Ranges) -> Among:
        """Return the sentences in these ranges that are there, to search among them."""
        return Among(_common(self._live, ranges) if self._older else ranges)

    def search(self, vector: Vectors, k: int, among: Among | None = None) -> _FOUND:
        """Return up to `k` sentences with their cosine similarity to `vector`, best first.

        `among` limits the search itself. Exact among up to FLAT_MOST sentences, and among up to FEW with a filter; else what
        the file's lists bring, with the similarity that its codes tell: to know the ten nearest ask for some hundred, and
        compare their vectors.
        """
        if among is not None and not among.size:
            return []
        if self._older is None:
            return self._among_newer(vector, k, among)
        if among is not None and among.size <= FEW:
            return _best(numbers(among.ranges), products(self._store.looked_up(among.ranges), vector), k)
        found = [*self._among_older(self._older, vector, k, among), *self._among_newer(vector, k, among)]
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def _among_newer(self, vector: Vectors, k: int, among: Among | None) -> _FOUND:
        if not len(self._newer):
            return []
        parameters = None
        if among is not None:
            import faiss

            bits = among.marks("newer", lambda: np.searchsorted(self._newer, among.ranges), len(self._newer))
            selector: Any = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]  # as FAISS wraps it for Python
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self._flat.search(vector.reshape(1, -1), min(k, len(self._newer)), params=parameters)
        return [(int(self._newer[row]), float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0]

    def _among_older(self, older: _Older, vector: Vectors, k: int, among: Among | None) -> _FOUND:
        import faiss

        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe = round(PROBED * older.index.nlist**PROBED_POWER)
        parameters.qb = older.index.qb
        if among is not None:
            bits = among.marks("older", lambda: np.minimum(among.ranges, older.end), older.end)
            selector: Any = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]  # held by a name: parameters don't keep it alive
            parameters.sel = selector
        scores, ids = older.index.search(vector.reshape(1, -1), k + _SPARE, params=parameters)
        live = _inside(ids[0], self._live)
        return list(zip(ids[0][live].tolist(), scores[0][live].tolist(), strict=True))[:k]


def wants_file(folder: Path, store: Store) -> bool:
    """Tell whether a file of all sentences would serve better than what there is."""
    live = store.extents().ranges
    if total(live) <= FLAT_MOST:
        return False
    for end, path in sorted(_files(folder), reverse=True)[:1]:
        if index := _read(path, store.dimension):
            older = total(np.clip(live, 0, end))
            return total(live) - older > FLAT_MOST or index.ntotal - older > DEAD_MOST * index.ntotal
    return True


def write_file(folder: Path, store: Store) -> None:
    """Write a file of all sentences in the place of older ones; raise IndexFolderError where that fails.

    What has come since the last file is added to it, as long as its lists suit the number of sentences and few of its own
    are gone; else it is made anew. Holds a sample, a block of vectors and the codes in memory, never all vectors.
    """
    import faiss

    ranges = store.extents().ranges
    end = int(ranges[-1, 1])
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        index, missing = _to_go_on_with(folder, store, ranges)
        for ids, halves in store.blocks(missing):
            index.add_with_ids(halves.astype(np.float32), ids)
    finally:
        faiss.omp_set_num_threads(1)
    path = folder / f"sentences.{end}.faiss"
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        faiss.write_index(index, str(unfinished))
        os.replace(unfinished, path)
    except RuntimeError as error:
        raise explain(path, error, "written") from error
    finally:
        unfinished.unlink(missing_ok=True)
    for old in [*(old for _, old in _files(folder) if old != path), *folder.glob("sentences.*.new")]:
        old.unlink(missing_ok=True)


def _to_go_on_with(folder: Path, store: Store, ranges: Ranges) -> tuple[Any, Ranges]:
    """Return the last file's index, or one with no sentences whose lists were found anew, and what is missing in it."""
    import faiss

    lists = 2 ** round(np.log2(2 * np.sqrt(total(ranges))))
    for before, path in sorted(_files(folder), reverse=True)[:1]:
        older = _read(path, store.dimension, to_change=True)
        older_live = total(np.clip(ranges, 0, before))
        if older and lists // 2 <= older.nlist <= lists * 2 and older.ntotal - older_live <= DEAD_MOST * older.ntotal:
            newer = np.clip(ranges, before, None)
            return older, newer[newer[:, 0] < newer[:, 1]]
    index = faiss.index_factory(store.dimension, f"IVF{lists},RaBitQ", faiss.METRIC_INNER_PRODUCT)
    index.train(_sample(store, ranges, _SAMPLE * lists))
    return index, ranges


def _sample(store: Store, ranges: Ranges, count: int) -> Vectors:
    """Return about `count` vectors from all over the corpus, in short runs as they stand."""
    lengths = ranges[:, 1] - ranges[:, 0]
    ends = np.cumsum(lengths)
    places = np.arange(0, ends[-1], _RUN)
    picked = np.sort(np.random.default_rng(1).permutation(places)[: count // _RUN + 1])
    home = np.searchsorted(ends, picked, side="right")
    first = ranges[home, 0] + picked - (ends - lengths)[home]
    return store.halves(np.stack([first, np.minimum(first + _RUN, ranges[home, 1])], axis=1)).astype(np.float32)


def _files(folder: Path) -> list[tuple[int, Path]]:
    """Return the files of codes in a folder, each with the number before which its sentences end."""
    named = ((_NAME.fullmatch(child.name), child) for child in folder.iterdir())
    return [(int(match[1]), child) for match, child in named if match]


def _read(path: Path, dimension: int, *, to_change: bool = False) -> faiss.IndexIVFRaBitQ | None:
    """Return the index in the file, or None where it is missing, damaged or of another dimension: it can be made anew."""
    import faiss

    try:
        mapped = not to_change and path.stat().st_size > _MAPPED
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP if mapped else 0)
    except (RuntimeError, MemoryError, OSError):  # what FAISS raises for a file that it can't make sense of
        return None
    return index if isinstance(index, faiss.IndexIVFRaBitQ) and index.d == dimension else None


def _best(ids: Ids, scores: Vectors, k: int) -> _FOUND:
    """Return the `k` ids with the highest scores, best first."""
    some = np.argpartition(-scores, k - 1)[:k] if len(scores) > k else np.arange(len(scores))
    order = some[np.argsort(-scores[some], kind="stable")]
    return list(zip(ids[order].tolist(), scores[order].tolist(), strict=True))


def _bits(ranges: Ranges, size: int) -> npt.NDArray[np.uint8]:
    """Return one bit for each number below `size`, set for those in the ranges."""
    marks = np.zeros(size, np.bool_)
    marks[numbers(ranges)] = True
    return np.packbits(marks, bitorder="little")


def _inside(ids: Ids, ranges: Ranges) -> npt.NDArray[np.bool_]:
    """Tell of each of these numbers whether it is in one of the ranges."""
    at = np.searchsorted(ranges[:, 0], ids, side="right") - 1
    return np.asarray((at >= 0) & (ids < ranges[np.maximum(at, 0), 1]))


def _common(one: Ranges, other: Ranges) -> Ranges:
    """Return the parts of the second ranges that lie in the first; each ascending, without overlaps."""
    first = np.searchsorted(one[:, 1], other[:, 0], side="right")
    last = np.searchsorted(one[:, 0], other[:, 1], side="left")
    repeats = np.maximum(last - first, 0)
    at = numbers(np.stack([first, first + repeats], axis=1))
    mine = np.repeat(np.arange(len(other)), repeats)
    return np.stack([np.maximum(one[at, 0], other[mine, 0]), np.minimum(one[at, 1], other[mine, 1])], axis=1)
