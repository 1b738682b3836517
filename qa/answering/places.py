"""Finds where in the corpus a pasted quote stands: its very words first, then what is close to them elsewhere.

Search only narrows down where to look; whether the words are there is told by the words alone. Knows no speakers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from qa.answering.align import LONG_ROW, LONGEST_GAP, Fit, exact, fit, may_fit
from qa.answering.words import Reading, Words, telling, words_of
from qa.index.interface import Scope
from qa.index.lexical import stems
from qa.retrieval.corpus import Corpus
from qa.retrieval.search import Candidate, candidates
from qa.types import Article, Span

FEWEST_TELLING = 3  # words that carry meaning; of a quote with fewer, only the very words count
# What makes words a quote that was altered and not another sentence on the same thing, found on sentences altered at
# random, sentences looked for in others' articles, and claims written after the articles they were checked against.
ENOUGH_ALIKE, ENOUGH_KEPT, ENOUGH_IN_A_ROW = 0.65, 0.6, 3
ALIKE_ENOUGH_BY_ITSELF = 0.8  # where no ENOUGH_IN_A_ROW words in a row are the same, as in a short quote
ROW_TELLING, ROW_KEPT = 5, 0.3  # of a row of LONG_ROW: words that carry meaning, and the share of the quote that stands there
MOST_PLACES = 300
_MOST_IN_ARTICLE = 20
_PASSAGES = 40  # that are looked at for words close to the quote's
_ARTICLES = 400  # that are looked through for the very words
_RAREST, _HOLDING = 5, 2000  # words by which these articles are found, and the most passages that may hold one
_FEW = 10  # articles, few enough to look through without narrowing down further
_BESIDE = 60  # words that are looked at on both sides of a passage, beside as many as the quote has


@dataclass(frozen=True, slots=True)
class Place:
    """A quote, read in one way, on the text of an article."""

    article: Article
    key: int
    words: Words
    reading: Reading
    fit: Fit

    @property
    def span(self) -> Span:
        """From the first to the last word, with what an ellipsis leaves out."""
        return self.fit.place(self.words)


def few_words(reading: Reading) -> bool:
    """Tell whether a quote has so few words that only the very words count."""
    return len(telling(reading.words.keys)) < FEWEST_TELLING


def places(quote: str, ways: Sequence[Reading], corpus: Corpus) -> list[Place]:
    """Return up to MOST_PLACES places where a quote stands, read in any of these ways; those with its very words first."""
    near = candidates(quote, corpus, None, most=_PASSAGES)
    keys = list(dict.fromkeys([candidate.article_key for candidate in near] + _holding(quote, corpus)))[:_ARTICLES]
    texts = _Texts(corpus)
    found = list(islice((place for key in keys for place in _exact(key, ways, texts)), MOST_PLACES))
    if few_words(ways[0]):
        return found
    for key, within in _regions(near, ways[-1], texts):
        place = _closest(key, within, ways[-1], texts)
        if place and not any(other.key == key and other.span.overlaps(place.span) for other in found):
            found.append(place)
    return found


class _Texts:
    """The articles that one check looks at, each taken apart once."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._known: dict[int, tuple[Article, Words]] = {}

    def __getitem__(self, key: int) -> tuple[Article, Words]:
        if key not in self._known:
            article = self._corpus.with_text(key)
            self._known[key] = article, words_of(article.text)
        return self._known[key]


def _holding(quote: str, corpus: Corpus) -> list[int]:
    """Return the articles that hold the quote's rarest words, all of them: one with the very words is among these."""
    known = [word for word in dict.fromkeys(stems(quote)) if corpus.index.knows(word)]
    articles: list[int] | None = None
    for word in sorted(known, key=corpus.index.rarity, reverse=True)[:_RAREST]:
        scope = None if articles is None else Scope(np.array(articles, np.int64))
        passages = [passage for passage, _ in corpus.index.matching({word: 1.0}, _HOLDING, scope)]
        articles = sorted({passage.article for passage in corpus.index.passages(passages) if passage.article in corpus.articles})
        if len(articles) <= _FEW:
            break
    return articles or []


def _exact(key: int, ways: Sequence[Reading], texts: _Texts) -> list[Place]:
    """Return where the very words stand in an article; of places that overlap, those with least left out."""
    article, words = texts[key]
    found = [Place(article, key, words, way, fit) for way in ways for fit in islice(exact(way, words), _MOST_IN_ARTICLE)]
    kept: list[Place] = []
    for place in sorted(found, key=lambda place: (place.span.end - place.span.start, place.span)):
        if not any(place.span.overlaps(other.span) for other in kept):
            kept.append(place)
    return sorted(kept, key=lambda place: place.span)


def _regions(near: Iterable[Candidate], way: Reading, texts: _Texts) -> Iterator[tuple[int, range]]:
    """Yield the parts of articles to look at, as words: passages with what stands beside them, for a quote may cross their ends."""
    beside = len(way.words.keys) + _BESIDE + (LONGEST_GAP if way.gaps else 0)
    parts: dict[int, list[range]] = defaultdict(list)
    for candidate in near:
        starts, span = texts[candidate.article_key][1].starts, candidate.hit.passage.span
        first, last = bisect_left(starts, span.start), bisect_left(starts, span.end)
        parts[candidate.article_key].append(range(max(0, first - beside), min(len(starts), last + beside)))
    for key, listed in parts.items():
        for part in _merged(listed):
            yield key, part


def _merged(parts: Iterable[range]) -> list[range]:
    """Return ranges in order, those that overlap made one."""
    merged: list[range] = []
    for part in sorted(parts, key=lambda part: part.start):
        if merged and part.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, part.stop))
        else:
            merged.append(part)
    return merged


def _closest(key: int, within: range, way: Reading, texts: _Texts) -> Place | None:
    """Return where in this part the words are closest, if they are close enough to be the quote, altered."""
    article, words = texts[key]
    if not within or not may_fit(way, words, within, ENOUGH_ALIKE):
        return None
    found = fit(way, words, within)
    return Place(article, key, words, way, found) if _is_the_quote(found, words) else None


def _is_the_quote(found: Fit, words: Words) -> bool:
    """Tell whether words are close enough to be the quote, altered: alike in all, or with a long row of it in them."""
    if found.similarity >= ENOUGH_ALIKE and found.kept >= ENOUGH_KEPT:
        return found.row >= ENOUGH_IN_A_ROW or found.similarity >= ALIKE_ENOUGH_BY_ITSELF
    rows = [words.keys[s.said.start : s.said.stop] for s in found.stretches if s.kind == "same" and len(s.said) >= LONG_ROW]
    return found.kept >= ROW_KEPT and any(len(telling(row)) >= ROW_TELLING for row in rows)
