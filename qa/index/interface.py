"""What questions read of an index, wherever it is kept: one state of it, which stays as it is while others write.

Knows no storage. Articles, passages and sentences go by numbers (keys) that an index gives out as it likes; none is used twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from qa.index.vectors import Ids
from qa.models.encoder import Vectors
from qa.types import Article, Group, Span, Statement


@dataclass(frozen=True, eq=False)
class Scope:
    """Where to look: in these articles, shape (n,), ascending, and with `passages` (likewise) in these of theirs only.

    Two are never equal, so that an index can keep what it makes of one for as long as the scope is there.
    """

    articles: Ids
    passages: Ids | None = None

    def __len__(self) -> int:
        """How many articles there are."""
        return len(self.articles)

    def __iter__(self) -> Iterator[int]:
        """Yield the keys of the articles."""
        yield from self.articles.tolist()

    def __contains__(self, key: int) -> bool:
        """Tell whether an article is among them."""
        return key in self._keys

    @cached_property
    def _keys(self) -> frozenset[int]:
        return frozenset(self)


class StoredPassage(NamedTuple):
    """A passage with its number, its article's key, its place, and where the index keeps its sentences: from `first` on.

    Hundreds are looked at for each that is shown: so it is a tuple, which is made three times as quickly as a dataclass, and
    the places of its sentences are told only when they are asked for.
    """

    id: int
    article: int
    start: int
    stop: int
    first: int
    packed: bytes

    @property
    def span(self) -> Span:
        """The place in the text."""
        return Span(self.start, self.stop)

    @property
    def end(self) -> int:
        """What would be the `first` of a passage that comes right after."""
        return self.first + len(self.packed) // 8

    @property
    def sentences(self) -> tuple[Span, ...]:
        """The places of the sentences in the text."""
        return tuple(Span(*ends) for ends in np.frombuffer(self.packed, np.int32).reshape(-1, 2).tolist())


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence with its numbers and its vector, shape (dimension,), float32."""

    id: int
    article: int
    passage: int
    span: Span
    vector: Vectors


class Index(Protocol):
    """One state of an index. Safe to share between threads."""

    def refreshed(self) -> Index:
        """Return this state where nothing has changed since, else the newest; raise IndexFolderError where that fails."""

    def close(self) -> None:
        """Let go of what it holds open."""

    # ---- articles

    def articles(self, keys: Iterable[int] | None = None) -> dict[int, Article]:
        """Return these articles (every one for None) by their keys in ascending order, without texts."""

    def text(self, key: int) -> str:
        """Return the text of one article; raise KeyError where there is no such key."""

    def spans(self, article: int) -> tuple[Span, ...]:
        """Return the sentences of one article as places in its text, in order."""

    def copies(self) -> list[tuple[int, int]]:
        """Return the pairs of keys of articles that are nearly the same."""

    def added(self) -> set[str]:
        """Return the ids of the articles that were added by themselves."""

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, sentences and statements there are."""

    # ---- names

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that the index was told of."""

    def aliases(self) -> dict[str, str]:
        """Return the names that a person has corrected: each with the one that it stands for."""

    def acronyms(self) -> dict[str, str]:
        """Return the acronyms that texts explain, each with its name."""

    def speakers(self) -> list[tuple[str, str | None, str | None]]:
        """Return speaker, body spoken for, and group of the article, each such triple once, of all speech that isn't told as own."""

    # ---- statements

    def statements(self, articles: Iterable[int] | None = None) -> list[tuple[int, Statement]]:
        """Return the statements of these articles (of all for None), each with its article's key, those of one in order."""

    def statements_by(self, speakers: Iterable[str]) -> list[tuple[int, Statement]]:
        """Return the speech that isn't told as own of these speakers, by their names as stored, each with its article's key."""

    # ---- passages

    def passages(self, ids: Iterable[int]) -> list[StoredPassage]:
        """Return those of these passages that exist, in order of their numbers."""

    def passages_in(self, articles: Iterable[int]) -> list[StoredPassage]:
        """Return the passages of these articles, those of one article in order."""

    def vectors_of(self, passages: Sequence[StoredPassage]) -> Vectors:
        """Return the vectors of the sentences of these passages, one passage after the other, shape (sentences, dimension)."""

    # ---- finding

    def nearest(self, vector: Vectors, k: int, scope: Scope | None = None) -> list[int]:
        """Return the passages that hold the `k` sentences nearest to a unit vector; the scope (None: all) limits the search itself.

        Which are nearest may be told by codes: whoever needs an order compares the vectors.
        """

    def matching(self, words: Mapping[str, float], k: int, scope: Scope | None = None) -> list[tuple[int, float]]:
        """Return up to `k` passages with their BM25 score for these stems, which weigh what they are given with, best first.

        The scope limits the search itself, so that a rare group or speaker gets all of `k`.
        """

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a stem over passages: ln(1 + (N - n + 1/2) / (n + 1/2)), as in BM25."""

    def knows(self, word: str) -> bool:
        """Tell whether any passage holds this stem."""
