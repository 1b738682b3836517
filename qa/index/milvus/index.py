"""One state of an index in Milvus, opened for questions. See `qa.index.interface.Index` for what it does.

The rows of all articles are read when it is opened, and what they tell is the state: whatever a search finds of an
article that isn't among them, since it isn't shown yet or came later, is left out, and the search goes on further down.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qa.index.interface import Index, Scope, StoredPassage
from qa.index.milvus.connection import MOST_FOUND, Connection, Row, batched, one_of
from qa.index.milvus.facts import SHOWN, MilvusFacts, newest
from qa.index.milvus.home import MilvusHome
from qa.index.milvus.tables import (
    PASSAGE_FIELDS,
    STATEMENT_FIELDS,
    Tables,
    halves_of,
    member,
    speaker_key,
    statement_of,
    stored_passage,
)
from qa.models.encoder import ModelIdentity, Vectors
from qa.types import Article, Group, Span, Statement

_SET_MOST = 2_000  # keys of a scope that a search is given; with more, and an eighth of all, it looks further down first
_FURTHER = 8  # times as far
_BEAM = 2  # times as many as are wanted are kept in mind on the way through the graph, and at least:
_BEAM_LEAST = 200
_PASSAGES_KEPT = 4_000  # with their vectors, some 16 MB: a question looks at several hundred, and at many of them again
_WEIGHTS = 8  # steps in which a word may weigh more than another
_STATEMENTS_AT_ONCE, _SPEAKERS_AT_ONCE = 10_000, 200
# Seconds after a change was noticed in which searches are told to see all of it. Later they may be as stale as Milvus's bounded
# staleness lets them, which is less than this, and needn't wait for the clocks of its parts: whoever has read the articles'
# rows of a change finds their passages.
_YOUNG = 10.0


class MilvusIndex(MilvusFacts):
    """The newest state of an index in Milvus. Safe to share between threads."""

    def __init__(self, home: MilvusHome, connection: Connection, model: ModelIdentity) -> None:
        """Read it; raise NoIndexError, ModelMismatchError or IndexFolderError where that can't be done."""
        self._home = home
        self._model = model
        self._manifest = home.manifest(connection)
        self._manifest.check_model(home.address, model)
        super().__init__(Tables(connection, self._manifest.number))
        self._state = self.generation  # before the rows, so that a change in between is noticed later
        rows = newest(self.stored(SHOWN)).values()
        self._rows = {one.key: one for one in sorted(rows, key=lambda one: one.key)}
        self._told_groups, self._told_aliases = super().groups(), super().aliases()
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, tuple[StoredPassage, npt.NDArray[np.float16]]] = OrderedDict()
        self._having: dict[str, int] = {}
        self._known_words: dict[str, bool] = {}

    def refreshed(self) -> Index:
        """Return this state where nothing has changed since, else the newest."""
        if self._home.manifest(self.tables.connection) == self._manifest and self.generation == self._state:
            return self
        return self._home.opened(self._model)  # others may still be reading this state, so it stays open

    def close(self) -> None:
        """Let go of the connection."""
        self.tables.connection.close()

    # ---- articles

    def articles(self, keys: Iterable[int] | None = None) -> dict[int, Article]:
        """Return these articles (every one for None) by their keys in ascending order, without texts."""
        wanted = self._rows if keys is None else sorted(set(keys))
        return {key: self._rows[key].article for key in wanted if key in self._rows}

    def spans(self, article: int) -> tuple[Span, ...]:
        """Return the sentences of one article as places in its text, in order."""
        return tuple(span for passage in self.passages_in([article]) for span in passage.sentences)

    def copies(self) -> list[tuple[int, int]]:
        """Return the pairs of keys of articles that are nearly the same."""
        pairs = {(min(one.key, other), max(one.key, other)) for one in self._rows.values() for other in one.copies if other in self._rows}
        return sorted(pairs)

    def added(self) -> set[str]:
        """Return the ids of the articles that were added by themselves."""
        return {one.article.id for one in self._rows.values() if one.added}

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, sentences and statements there are."""
        sums = {name: sum(getattr(one.extract, name) for one in self._rows.values()) for name in ("passages", "sentences", "statements")}
        return {"articles": len(self._rows), **sums}

    # ---- names

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that the index was told of."""
        return self._told_groups

    def aliases(self) -> dict[str, str]:
        """Return the names that a person has corrected: each with the one that it stands for."""
        return self._told_aliases

    def acronyms(self) -> dict[str, str]:
        """Return the acronyms that texts explain, each with its name; the newest articles are believed first."""
        rows = sorted(self._rows.values(), key=lambda one: (one.order, one.key))
        return {short: name for one in rows for short, name in one.acronyms.items()}

    def speakers(self) -> list[tuple[str, str | None, str | None]]:
        """Return speaker, body spoken for, and group of the article, each such triple once, of all speech that isn't told as own."""
        heard = ((speaker, body, one.article.group) for one in self._rows.values() for speaker, body in one.extract.voices)
        return list(dict.fromkeys(heard))

    # ---- statements

    def statements(self, articles: Iterable[int] | None = None) -> list[tuple[int, Statement]]:
        """Return the statements of these articles (of all for None), each with its article's key, those of one in order."""
        rows = self._rows.values() if articles is None else [self._rows[key] for key in articles if key in self._rows]
        numbers = (member(one.key, number) for one in rows for number in range(one.extract.statements))
        connection, name = self.tables.connection, self.tables.name("statements")
        found: dict[int, Row] = {}
        for some in batched(numbers, _STATEMENTS_AT_ONCE):
            found |= {int(row["key"]): row for row in connection.get(name, some, STATEMENT_FIELDS)}
        return [
            (one.key, statement_of(found[member(one.key, number)], one.article.id))
            for one in rows
            for number in range(one.extract.statements)
            if member(one.key, number) in found
        ]

    def statements_by(self, speakers: Iterable[str]) -> list[tuple[int, Statement]]:
        """Return the speech that isn't told as own of these speakers, by their names as stored, each with its article's key."""
        names = set(speakers)
        found = []
        for some in batched(sorted(names), _SPEAKERS_AT_ONCE):
            filter = one_of("speaker", map(speaker_key, some))
            for row in self.tables.connection.rows(self.tables.name("statements"), filter, STATEMENT_FIELDS):
                key, home = int(row["article"]), self._rows.get(int(row["article"]))
                if home and int(row["key"]) < member(key, home.extract.statements):  # others were read before and are gone
                    found.append((key, statement_of(row, home.article.id)))
        return [(key, said) for key, said in found if said.speech and said.voice != "own" and said.speaker in names]

    # ---- passages

    def passages(self, ids: Iterable[int]) -> list[StoredPassage]:
        """Return those of these passages that exist, in order of their numbers."""
        return [passage for passage, _ in self._looked_up(ids)]

    def passages_in(self, articles: Iterable[int]) -> list[StoredPassage]:
        """Return the passages of these articles, those of one article in order."""
        return self.passages_of(self._rows[key] for key in set(articles) if key in self._rows)

    def vectors_of(self, passages: Sequence[StoredPassage]) -> Vectors:
        """Return the vectors of the sentences of these passages, one passage after the other, shape (sentences, dimension)."""
        if not passages:
            return np.zeros((0, self._model.dimension), np.float32)
        halves = {passage.id: vectors for passage, vectors in self._looked_up(passage.id for passage in passages)}
        return np.concatenate([halves[passage.id] for passage in passages]).astype(np.float32)

    def _looked_up(self, ids: Iterable[int]) -> list[tuple[StoredPassage, npt.NDArray[np.float16]]]:
        """Return those of these passages that are of this state, with their sentences' vectors, in order of their numbers."""
        wanted = sorted(set(map(int, ids)))
        with self._lock:
            found = {id: self._cache[id] for id in wanted if id in self._cache}
        missing = [id for id in wanted if id not in found]
        rows = self.tables.connection.get(self.tables.name("passages"), missing, PASSAGE_FIELDS)
        new = {int(row["key"]): (stored_passage(row), halves_of(row)) for row in rows}
        with self._lock:
            self._cache.update(new)
            while len(self._cache) > _PASSAGES_KEPT:
                self._cache.popitem(last=False)
        found |= new
        return [found[id] for id in wanted if id in found and found[id][0].article in self._rows]

    # ---- finding

    def nearest(self, vector: Vectors, k: int, scope: Scope | None = None) -> list[int]:
        """Return the passages that hold the `k` sentences nearest to a unit vector; the scope (None: all) limits the search itself."""

        def search(limit: int, filter: str) -> list[tuple[int, float, Row]]:
            beam = {"params": {"ef": max(_BEAM * limit, _BEAM_LEAST)}}
            fields = ("article", "passage")
            return self._search("sentences", "vector", vector.astype(np.float32), limit, fields, filter=filter, search_params=beam)

        hits = self._inside(search, k, scope, "passage")
        return list(dict.fromkeys(int(row["passage"]) for _, _, row in hits))

    def matching(self, words: Mapping[str, float], k: int, scope: Scope | None = None) -> list[tuple[int, float]]:
        """Return up to `k` passages with their BM25 score for these stems, which weigh what they are given with, best first."""
        if not words:
            return []
        unit = max(min(words.values()), max(words.values()) / _WEIGHTS)
        text = " ".join(word for word, weight in words.items() for _ in range(max(1, round(weight / unit))))

        def search(limit: int, filter: str) -> list[tuple[int, float, Row]]:
            return self._search("passages", "bm25", text, limit, ("article",), filter=filter)

        # Milvus adds up what a word brings for each time that it is asked for; Lite gives scores a minus.
        return [(key, abs(score) * unit) for key, score, _ in self._inside(search, k, scope, "key")]

    def _search(self, kind: str, *what: object, **named: object) -> list[tuple[int, float, Row]]:
        level = "Strong" if time.monotonic() - self._since < _YOUNG else "Bounded"
        return self.tables.connection.search(self.tables.name(kind), *what, consistency_level=level, **named)  # type: ignore[arg-type]

    def _inside(
        self, search: Callable[[int, str], list[tuple[int, float, Row]]], k: int, scope: Scope | None, passage: str
    ) -> list[tuple[int, float, Row]]:
        """Return the first `k` that are of this state and in the scope, looking further down until there are so many.

        `passage` is the field in which the search has the key of a passage. A scope of many articles is looked at here, as
        long as Milvus finds enough that is in it; else it gets the whole list.
        """
        filter = broad = ""
        if scope is not None:
            keys = scope.articles if scope.passages is None else scope.passages
            if not len(keys):
                return []
            filter = one_of("article" if scope.passages is None else passage, keys.tolist())
            if scope.passages is None and len(keys) > max(_SET_MOST, len(self._rows) / _FURTHER):
                filter, broad = "", filter
        limit = k
        while True:
            hits = search(limit, filter)
            homes = [int(row["article"]) for _, _, row in hits]
            mine = [home in self._rows and (not broad or scope is None or home in scope) for home in homes]
            kept = [hit for hit, is_mine in zip(hits, mine, strict=True) if is_mine]
            if len(kept) >= k:
                return kept[:k]
            if len(hits) == limit < MOST_FOUND:
                limit = min(_FURTHER * limit, MOST_FOUND)
            elif broad:  # a graph doesn't lead to everything, so that what it didn't find may be there
                filter, broad, limit = broad, "", k
            else:
                return kept

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a stem over passages: ln(1 + (N - n + 1/2) / (n + 1/2)), as in BM25."""
        total, having = self._passages, self._holding(word)
        return math.log(1 + (max(total, having) - having + 0.5) / (having + 0.5))

    @property
    def _passages(self) -> int:
        return sum(one.extract.passages for one in self._rows.values())

    def knows(self, word: str) -> bool:
        """Tell whether any passage holds this stem."""
        if word not in self._known_words:
            self._known_words[word] = bool(self.matching({word: 1.0}, 1))
        return self._known_words[word]

    def _holding(self, word: str) -> int:
        """Return how many passages hold a stem; what isn't shown counts too, since to leave it out would take a look at each.

        Milvus counts by its index of words. Lite looks at every passage for that, so that there a search for the word is
        quicker, as long as it finds all that there are.
        """
        if word not in self._having:
            connection, most = self.tables.connection, MOST_FOUND
            found = len(self._search("passages", "bm25", word, most, ())) if connection.is_lite else most
            counted = found < most
            self._having[word] = found if counted else connection.count(self.tables.name("passages"), f'text_match(words, "{word}")')
        return self._having[word]
