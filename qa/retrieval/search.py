"""Finds passages: BM25 over windows and cosine over sentences, fused by score, with a fair share for each group.

The lexical half looks at whole windows, the dense half at single sentences; a window counts as its best sentence. The
question is searched as a whole and in its parts, each among the articles of whoever it names. Filters are applied inside
both searches, never to their results. Weights were measured; the README has the figures.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from qa.index.interface import Scope, StoredPassage, StoredSentence
from qa.index.lexical import content_words
from qa.index.vectors import products
from qa.models.encoder import Vectors
from qa.retrieval.corpus import Corpus
from qa.retrieval.dates import expressions
from qa.retrieval.followup import own_words
from qa.retrieval.parts import parts_of
from qa.types import Hit, Passage, Query

LEXICAL_CANDIDATES = 150
DENSE_CANDIDATES = 200
LEXICAL_OF_PART, DENSE_OF_PART = 50, 100
DENSE_WEIGHT = 0.6  # of the best sentence's cosine against BM25, both scaled to at most 1
PART_WEIGHT = 0.6  # of the part that likes a passage best, against the whole question
NAMED = 0.4  # added for a passage by a group that is named as the source
SAME_DAY = 0.3  # added for a passage of an article from a day that the question names
SAME_ARTICLE = 0.1  # taken off a passage for each better one of the same article
SAME_GROUP = 0.05  # and for each better one of the same group, where several groups are asked or none is


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with its sentences."""

    hit: Hit
    article_key: int
    sentences: tuple[StoredSentence, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one search brought: passages by their BM25 score, and those that hold the nearest sentences."""

    lexical: dict[int, float]
    nearest: list[int]
    vector: Vectors


@dataclass(frozen=True, slots=True)
class _Pool:
    """All passages that any search brought, in order of their numbers; `vectors` has a row for each of their sentences."""

    passages: list[StoredPassage]
    starts: list[int]
    vectors: Vectors

    @property
    def article_keys(self) -> list[int]:
        """The key of each passage's article."""
        return [passage.article for passage in self.passages]

    def cosines(self, vector: Vectors) -> Vectors:
        """Return the cosine of each passage's best sentence, shape (passages,)."""
        best: Vectors = np.maximum.reduceat(products(self.vectors, vector), self.starts)
        return best


def search(query: Query, corpus: Corpus, k: int, told_speakers: Sequence[str] = ()) -> list[Candidate]:
    """Return up to `k` passages, best first, from the articles that the query's filters allow.

    Groups that the question names come first and don't shut out others; a person's own filters do. `told_speakers` are
    those set by hand; a name in the words doesn't narrow the search, since attribution finds fewer speakers than there are.
    """
    if not query.text.strip():
        return []
    scope = corpus.among(query.within, query.since, query.until)
    if told_speakers:
        scope = corpus.spoken(told_speakers, scope)
    text = query.own or query.text
    parts = parts_of(text, query.publishers, corpus.registry)
    vectors = corpus.vectors([text, *(part.text for part in parts), *(topic for topic, _ in query.carried)])
    towards = vectors[len(parts) + 1 :]
    whole = _drawn(vectors[0], towards, query.carried)
    found = [_look(_weighted(text, query.carried), whole, corpus, scope, LEXICAL_CANDIDATES, DENSE_CANDIDATES)]
    inside = [corpus.by(part.sources, scope) for part in parts]
    for part, vector, its in zip(parts, vectors[1:], inside, strict=False):
        words = _weighted(part.text, query.carried)
        found.append(_look(words, _drawn(vector, towards, query.carried), corpus, its, LEXICAL_OF_PART, DENSE_OF_PART))
    pool = _pooled(found, corpus)
    if pool is None:
        return []
    scores = _scores(pool, found[0])
    if parts:
        of_parts = [_scores(pool, one) * _allowed(pool, its) for one, its in zip(found[1:], inside, strict=True)]
        scores = scores + PART_WEIGHT / (1 + DENSE_WEIGHT) * np.max(of_parts, axis=0)
        named = {group for part in parts for group in part.sources}
        scores = scores + NAMED * np.array([corpus.articles[key].group in named for key in pool.article_keys], np.float32)
    if days := {dated.since for dated in expressions(text, None) if dated.since == dated.until and dated.since and dated.since.day}:
        scores = scores + SAME_DAY * np.array([corpus.articles[key].published in days for key in pool.article_keys], np.float32)
    picked = _fair(scores, [(key, corpus.articles[key].group) for key in pool.article_keys], k)
    return _candidates(pool, scores, picked, corpus)


def candidates(text: str, corpus: Corpus, scope: Scope | None, speakers: Sequence[str] = (), most: int | None = None) -> list[Candidate]:
    """Return the passages that either half finds for `text`, with their fused score, best first, at most `most`.

    Looked for in these articles only (None: in all) and, where `speakers` are given, where one of them speaks.
    """
    if speakers:
        scope = corpus.spoken(speakers, scope)
    found = _look(_weighted(text), corpus.vectors([text])[0], corpus, scope, LEXICAL_CANDIDATES, DENSE_CANDIDATES)
    pool = _pooled([found], corpus)
    if pool is None:
        return []
    scores = _scores(pool, found)
    return _candidates(pool, scores, np.argsort(-scores, kind="stable")[:most].tolist(), corpus)


def _look(words: Mapping[str, float], vector: Vectors, corpus: Corpus, scope: Scope | None, lexical: int, dense: int) -> _Found:
    return _Found(dict(corpus.index.matching(words, lexical, scope)), corpus.index.nearest(vector, dense, scope), vector)


def _weighted(text: str, carried: Sequence[tuple[str, float]] = ()) -> dict[str, float]:
    """Return the stems to look for with their weights: 1 for those of the text, else that of the nearest topic having it."""
    weights = {word: weight for topic, weight in reversed(carried) for word in own_words(topic)}
    return weights | dict.fromkeys(content_words(text), 1.0)


def _drawn(vector: Vectors, towards: Vectors, carried: Sequence[tuple[str, float]]) -> Vectors:
    """Return a unit vector, drawn towards those of the carried topics by their weights."""
    if not carried:
        return vector
    total = vector + np.asarray([weight for _, weight in carried], np.float32) @ towards
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-6), np.float32)


def _pooled(found: Sequence[_Found], corpus: Corpus) -> _Pool | None:
    """Bring together what several searches found; None where that is nothing."""
    wanted = {passage for one in found for passage in (*one.lexical, *one.nearest)}
    passages = [passage for passage in corpus.index.passages(wanted) if passage.article in corpus.articles]
    if not passages:
        return None
    lengths = [passage.end - passage.first for passage in passages]
    return _Pool(passages, [0, *accumulate(lengths[:-1])], corpus.index.vectors_of(passages))


def _scores(pool: _Pool, found: _Found) -> Vectors:
    """Return BM25 and the best sentence's cosine, each scaled to at most 1, added up for each passage of the pool."""
    lexical = np.array([found.lexical.get(passage.id, 0.0) for passage in pool.passages], np.float32)
    cosines = pool.cosines(found.vector)
    scores = lexical / (lexical.max() or 1.0) + DENSE_WEIGHT * np.maximum(0.0, cosines) / max(float(cosines.max()), 1e-6)
    return np.asarray(scores, np.float32)


def _allowed(pool: _Pool, scope: Scope | None) -> Vectors:
    return np.array([scope is None or key in scope for key in pool.article_keys], np.float32)


def _fair(scores: Vectors, homes: Sequence[tuple[int, str | None]], k: int) -> list[int]:
    """Pick `k` one by one, each time the best after taking off a share for what its article and group already have.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) with "same article" and "same group" as similarity.
    """
    order = np.argsort(-scores, kind="stable")[: max(20 * k, 200)]
    articles, groups = (_numbered([homes[at][part] for at in order]) for part in (0, 1))
    several = SAME_GROUP if groups.max(initial=0) else 0.0
    left = scores[order].astype(np.float64)
    picked: list[int] = []
    for _ in range(min(k, len(order))):
        best = int(left.argmax())
        picked.append(int(order[best]))
        left -= SAME_ARTICLE * (articles == articles[best]) + several * (groups == groups[best])
        left[best] = -np.inf
    return picked


def _numbered(values: Sequence[Hashable]) -> npt.NDArray[np.int64]:
    """Return a number for each value, the same for the same, from 0 on."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def _candidates(pool: _Pool, scores: Vectors, picked: Sequence[int], corpus: Corpus) -> list[Candidate]:
    """Return these passages of the pool with their sentences, in this order."""
    found = []
    for at in picked:
        passage, start = pool.passages[at], pool.starts[at]
        article = corpus.articles[passage.article]
        sentences = tuple(
            StoredSentence(passage.first + number, passage.article, passage.id, span, pool.vectors[start + number])
            for number, span in enumerate(passage.sentences)
        )
        hit = Hit(Passage(article.id, passage.span, passage.sentences), article, round(float(scores[at]), 4))
        found.append(Candidate(hit, passage.article, sentences))
    return found
