"""One state of an index in a folder, opened for questions: the store, and FAISS and tantivy as they are derived from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from qa.errors import DiskError, IndexFolderError
from qa.index.dense import Among, DenseIndex
from qa.index.folder import IndexFolder
from qa.index.folder_home import LEXICAL, STORE, derive_anew
from qa.index.interface import Scope
from qa.index.lexical import LexicalIndex
from qa.index.store import Extents, Store
from qa.models.encoder import ModelIdentity, Vectors


class LocalIndex(Store):
    """The newest state of an index folder. See `qa.index.interface.Index` for what it does."""

    def __init__(self, folder: Path, model: ModelIdentity) -> None:
        """Open it; raise NoIndexError, ModelMismatchError (made with another model) or IndexFolderError where that can't be done."""
        self._place = IndexFolder(folder)
        self._model = model
        self._manifest = self._place.manifest()
        self._place.check_model(model)
        self._home = self._place.numbered(self._manifest.number)
        super().__init__(self._home / STORE)
        self.lexical = self._open_lexical()
        self._places = self._in_order_of_keys(self.extents())
        self.dense = DenseIndex.open(self._home, self)
        self._among: WeakKeyDictionary[Scope, Among] = WeakKeyDictionary()

    def _open_lexical(self) -> LexicalIndex:
        """Return tantivy's index, which is made anew where it is damaged or lacks passages: in memory where nothing can be written."""
        folder = self._home / LEXICAL
        for way in (LexicalIndex, LexicalIndex.open_to_read):
            try:
                lexical = way(folder)
                if len(lexical) >= self.counts()["passages"]:
                    return lexical
            except IndexFolderError:
                continue
        try:
            with self._place.locked():
                derive_anew(self._home)
            return LexicalIndex(folder)
        except DiskError as error:
            logging.getLogger(__name__).warning("%s. Its words are indexed in memory, which takes its time at every start", error)
        lexical = LexicalIndex(None)
        lexical.add(self.passage_texts())
        return lexical

    @staticmethod
    def _in_order_of_keys(extents: Extents) -> Extents:
        order = np.argsort(extents.keys)
        return Extents(extents.keys[order], extents.ranges[order])

    def refreshed(self) -> LocalIndex:
        """Return this state where nothing has changed since, else the newest."""
        if self._place.manifest() == self._manifest and not self.is_overtaken():
            newest = Store(self._home / STORE)
            same = newest.generation == self.generation
            newest.close()
            if same:
                return self
        return LocalIndex(self._place.path, self._model)  # others may still be reading this state, so it stays open

    def nearest(self, vector: Vectors, k: int, scope: Scope | None = None) -> list[int]:
        """Return the passages that hold the `k` sentences nearest to a unit vector."""
        found = self.dense.search(vector, k, None if scope is None else self._inside(scope))
        return self.passages_with(number for number, _ in found)

    def _inside(self, scope: Scope) -> Among:
        among = self._among.get(scope)
        if among is None:
            if scope.passages is not None:
                ranges = self.ranges(passages=scope.passages.tolist())
            else:
                ranges = self._places.ranges[np.searchsorted(self._places.keys, scope.articles)]
                ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
            among = self._among[scope] = self.dense.among(ranges)
        return among

    def matching(self, words: Mapping[str, float], k: int, scope: Scope | None = None) -> list[tuple[int, float]]:
        """Return up to `k` passages with their BM25 score for these stems, best first."""
        return self.lexical.search(words, k, scope)

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a stem over passages."""
        return self.lexical.rarity(word)

    def knows(self, word: str) -> bool:
        """Tell whether any passage holds this stem."""
        return self.lexical.knows(word)
