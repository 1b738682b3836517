"""Finds passages: BM25 over windows and cosine over sentences, fused by score, with a fair share for each group.

The lexical half looks at whole windows, the dense half at single sentences; a window counts as its best sentence.
Filters are applied inside both searches, never to their results. Weights were measured; the README has the figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qa.index.lexical import content_words
from qa.index.store import StoredSentence
from qa.models.encoder import Vectors
from qa.retrieval.corpus import Corpus
from qa.types import Hit, Passage, Query

LEXICAL_CANDIDATES = 150
DENSE_CANDIDATES = 200
DENSE_WEIGHT = 0.6  # of the best sentence's cosine against BM25, both scaled to at most 1
SAME_ARTICLE = 0.1  # taken off a passage for each better one of the same article
SAME_GROUP = 0.1  # and for each better one of the same group, where several groups are asked or none is


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with its sentences and how well each half of the search likes it."""

    hit: Hit
    article_key: int
    sentences: tuple[StoredSentence, ...]
    cosines: Vectors  # one for each sentence


def search(query: Query, corpus: Corpus, k: int, told_speakers: Sequence[str] = ()) -> list[Candidate]:
    """Return up to `k` passages, best first, from the articles that the query's filters allow.

    `told_speakers` are those that a person set by hand; a name in the question's words doesn't narrow a search for
    passages, since attribution finds fewer speakers than there are.
    """
    if not query.text.strip():
        return []
    among = corpus.among(query.within or query.publishers, query.since, query.until)
    return fair(candidates(query.text, corpus, among, told_speakers), k)


def candidates(text: str, corpus: Corpus, among: Sequence[int] | None, speakers: Sequence[str] = ()) -> list[Candidate]:
    """Return every passage that either half finds for `text`, with its fused score, best first.

    Looked for in these articles only (None: in all) and, where `speakers` are given, where one of them speaks.
    """
    passages: list[int] | None = None
    if speakers:
        among, passages = corpus.spoken(speakers, among)
    lexical = dict(corpus.lexical.search(content_words(text), LEXICAL_CANDIDATES, among, passages))
    vector = corpus.encoder.encode([text])[0]
    ids = None if among is None else corpus.store.sentence_ids(among, passages)
    nearest = corpus.dense.search(vector, DENSE_CANDIDATES, ids)
    by_passage: dict[int, list[StoredSentence]] = defaultdict(list)
    wanted = {sentence.passage for sentence in corpus.store.sentences(ids=[number for number, _ in nearest])} | set(lexical)
    for sentence in corpus.store.sentences(passages=wanted):
        by_passage[sentence.passage].append(sentence)
    if not by_passage:
        return []
    places = corpus.store.passages(by_passage)
    top_bm25 = max(lexical.values(), default=1.0) or 1.0
    cosines = {passage: np.stack([s.vector for s in sentences]) @ vector for passage, sentences in by_passage.items()}
    top_cosine = max(float(values.max()) for values in cosines.values()) or 1.0
    found = []
    for passage, sentences in by_passage.items():
        key, span = places[passage]
        score = lexical.get(passage, 0.0) / top_bm25 + DENSE_WEIGHT * max(0.0, float(cosines[passage].max())) / max(top_cosine, 1e-6)
        article = corpus.articles[key]
        hit = Hit(Passage(article.id, span, tuple(s.span for s in sentences)), article, round(score, 4))
        found.append(Candidate(hit, key, tuple(sentences), cosines[passage]))
    return sorted(found, key=lambda candidate: -candidate.hit.score)


def fair(found: list[Candidate], k: int) -> list[Candidate]:
    """Pick `k` one by one, each time the best after taking off a share for what its article and group already have.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) with "same article" and "same group" as similarity.
    """
    pool = found[: max(20 * k, 200)]
    articles: Counter[int] = Counter()
    groups: Counter[str | None] = Counter()
    several = len({candidate.hit.article.group for candidate in pool}) > 1
    picked: list[Candidate] = []
    while pool and len(picked) < k:
        best = max(
            pool,
            key=lambda c: (
                c.hit.score - SAME_ARTICLE * articles[c.article_key] - (SAME_GROUP * groups[c.hit.article.group] if several else 0.0)
            ),
        )
        pool.remove(best)
        picked.append(best)
        articles[best.article_key] += 1
        groups[best.hit.article.group] += 1
    return picked
