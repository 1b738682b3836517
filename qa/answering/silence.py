"""Decides whether quotes answer at all, from several kinds of evidence; no single similarity can tell.

Looked at for each quote: does it mean the same (cosine), does it speak of the same things (coverage), are the asked
things in the searched articles at all (absent), and are the names that the question gives there (missing). Who was
asked counts first: what one person said is not answered by another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qa.answering.choose import RELATED_LETTERS, Quote, Topic, is_there
from qa.retrieval.corpus import Corpus
from qa.retrieval.question import content_words, names_in
from qa.types import Query

# Logistic regression over the evidence, fitted on our own questions about other people's articles; see the README.
_WEIGHTS = {"cosine": 5.1, "coverage": 2.3, "absent": -2.3, "missing": -0.9}
_BIAS = -1.36
ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a quote answering; each lies between 0 and 1."""

    cosine: float
    coverage: float
    absent: float
    missing: float

    @property
    def probability(self) -> float:
        """How likely the quote answers."""
        total = _BIAS + sum(weight * getattr(self, name) for name, weight in _WEIGHTS.items())
        return 1 / (1 + math.exp(-total))


def absent(topic: Topic, corpus: Corpus, among: Sequence[int] | None) -> float:
    """Return the share of the topic's words, weighted by rarity, that none of these articles holds (None: none of all)."""
    missing = [
        weight for word, weight in zip(topic.words, topic.weights, strict=True) if not corpus.lexical.holds(word, RELATED_LETTERS, among)
    ]
    return sum(missing) / (sum(topic.weights) or 1.0)


def evidence(quote: Quote, query: Query, absent: float) -> Evidence:
    """Weigh one quote; `absent` is what `absent` returns for the articles that were searched."""
    names = [words for words in map(content_words, names_in(query.topic)) if words]
    here = set(content_words(quote.nearby if query.speakers else quote.article.text))
    missing = sum(not all(is_there(word, here) for word in name) for name in names) / max(len(names), 1)
    return Evidence(
        cosine=quote.cosine,
        coverage=quote.coverage,
        absent=absent,
        missing=missing,
    )


def said_by_those_asked(quote: Quote, query: Query) -> bool:
    """Tell whether a quote is said by one of those asked: the group in its own article, or a speaker it reports."""
    if not query.speakers:
        return True
    if quote.own:
        return quote.article.group in query.publishers or quote.article.author in query.speakers
    said = set(content_words(quote.speaker or "")) | {w for span in quote.source for w in content_words(span.of(quote.article.text))}
    return quote.speaker in query.speakers or any(set(content_words(name)) <= said for name in query.speakers)
