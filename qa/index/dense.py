"""Sentence vectors in FAISS: the nearest sentences to a vector, among all or among some.

Exact inner product over unit vectors, that is cosine similarity. The file is derived from the store: whoever opens it
brings it in line with the sentences that the store has, from the vectors kept there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import IndexFolderError
from qa.index.store import Ids, Store
from qa.models.encoder import Vectors

if TYPE_CHECKING:
    import faiss


class DenseIndex:
    """FAISS over the sentences of one state of the store."""

    def __init__(self, index: faiss.IndexIDMap2, changed: bool) -> None:
        """Take a FAISS index whose ids are sentence ids; `changed` tells whether it differs from its file."""
        self._index = index
        self.changed = changed

    @classmethod
    def open(cls, path: Path, store: Store, dimension: int) -> DenseIndex:
        """Read the file where there is a usable one, then add and drop what the store has and hasn't."""
        index = _read(path, dimension)
        changed = index is None
        if index is None:
            index = _empty(dimension)
        import faiss

        # One question's search waits for memory, not for the processor, and FAISS's idle threads would hold up torch's.
        faiss.omp_set_num_threads(1)
        held = faiss.vector_to_array(index.id_map).astype(np.int64)
        live = store.sentence_ids()
        gone, new = np.setdiff1d(held, live), np.setdiff1d(live, held)
        if len(gone):
            index.remove_ids(faiss.IDSelectorBatch(gone))
        for at in range(0, len(new), 50_000):
            ids, vectors = store.vectors(new[at : at + 50_000].tolist())
            index.add_with_ids(vectors, ids)
        return cls(index, changed or bool(len(gone)) or bool(len(new)))

    def save(self, path: Path) -> None:
        """Replace the file in one step."""
        import faiss

        unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            faiss.write_index(self._index, str(unfinished))
            os.replace(unfinished, path)
        except RuntimeError as error:
            raise IndexFolderError(f"{path}: can't be written ({error}); free space and build again") from error
        finally:
            unfinished.unlink(missing_ok=True)
        self.changed = False

    def search(self, vector: Vectors, k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Return up to `k` sentence ids with their cosine similarity to `vector`, best first; exact with a filter too."""
        import faiss

        count = self._index.ntotal if among is None else len(among)
        if not count:
            return []
        parameters = None
        if among is not None:
            selector = faiss.IDSelectorBatch(np.ascontiguousarray(among))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        scores, ids = self._index.search(vector.reshape(1, -1), min(k, count), params=parameters)
        return [(int(id), float(score)) for id, score in zip(ids[0], scores[0], strict=True) if id >= 0]

    def vectors(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these sentences in this order, shape (len(ids), dimension)."""
        found: Vectors = self._index.reconstruct_batch(np.array(ids, np.int64))
        return found


def _empty(dimension: int) -> faiss.IndexIDMap2:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def _read(path: Path, dimension: int) -> faiss.IndexIDMap2 | None:
    """Return the index in the file, or None where it is missing, damaged or of another dimension: it can be made anew."""
    import faiss

    if not path.is_file():
        return None
    try:
        index = faiss.read_index(str(path))
    except (RuntimeError, MemoryError):  # what FAISS raises for a file that it can't make sense of
        return None
    return index if isinstance(index, faiss.IndexIDMap2) and index.d == dimension else None
