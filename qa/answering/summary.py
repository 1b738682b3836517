"""Sums up one article, or what a group's articles have on a topic, by their own sentences.

A sentence tells more the nearer it is to the middle of all sentences and to the topic, the earlier
it stands and the longer it is; of two that say the same only one is taken. Adds no word of its own
and knows nothing of who says a sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from qa.models.encoder import Vectors
from qa.retrieval.corpus import Corpus
from qa.types import Query, Span

FEWEST, MOST = 3, 5  # sentences of a summary, where there are so many
ONE_IN = 10  # sentences of the text that one of the summary stands for, between these limits
_ENDS = re.compile(r"[.!?…。！？؟।]\W*$")


def summarise(query: Query, keys: Sequence[int], corpus: Corpus) -> list[tuple[int, Span]]:
    """Return the most telling sentences with their articles' keys, in order of `keys` and texts.

    Headings are left out unless there is nothing else. Empty where the articles have no sentence.
    """
    places: list[tuple[int, Span]] = []
    vectors: list[Vectors] = []
    early: list[float] = []
    words: list[float] = []
    for key in dict.fromkeys(keys):
        passages = corpus.index.passages_in([key])
        spans = [span for passage in passages for span in passage.sentences]
        text = corpus.with_text(key).text
        kept = _sentences(spans, text)
        if kept:
            places += [(key, spans[at]) for at in kept]
            vectors.append(corpus.index.vectors_of(passages)[kept])
            early += [-number / len(kept) for number in range(len(kept))]
            words += [math.log(len(spans[at].of(text).split())) for at in kept]
    if not places:
        return []
    found = np.concatenate(vectors)
    telling = _level(found @ found.mean(0)) + _level(early) + _level(words)
    if query.topic.strip():
        telling += _level(found @ corpus.vectors([query.topic])[0])
    count = min(max(FEWEST, len(places) // ONE_IN), MOST)
    return [places[at] for at in sorted(_pick(telling, found, count))]


def _sentences(spans: Sequence[Span], text: str) -> list[int]:
    """Return which of these places end as sentences do; every one where none does."""
    ended = [at for at, span in enumerate(spans) if _ENDS.search(span.of(text))]
    return ended or list(range(len(spans)))


def _level(scores: Vectors | Sequence[float]) -> Vectors:
    """Return scores as standard deviations from their mean, so that they can be added up."""
    given = np.asarray(scores, np.float32)
    return np.asarray((given - given.mean()) / (given.std() or 1), np.float32)


def _pick(telling: Vectors, vectors: Vectors, count: int) -> list[int]:
    """Return the places of the most telling sentences, each the least like those picked before.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) with both sides at equal weight; a
    sentence that says again what was picked is never taken.
    """
    picked: list[int] = []
    likeness = np.zeros(len(telling), np.float32)
    while len(picked) < count:
        gain = np.where(likeness < 1 - 1e-3, telling - likeness, -np.inf)
        best = int(gain.argmax())
        if not np.isfinite(gain[best]):
            break
        picked.append(best)
        likeness = np.maximum(likeness, vectors @ vectors[best])
        likeness[best] = 1
    return picked
