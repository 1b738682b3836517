"""Decides whether quotes answer at all, from several kinds of evidence; no single similarity can tell.

Looked at for each quote: does it mean the same (cosine), does it speak of the same things (coverage), are the asked
things in the searched articles at all (absent), and are the names that the question gives there (missing). Who was
asked counts first: what one person said is not answered by another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.answering.choose import RELATED_LETTERS, Quote, Topic, is_there
from qa.index.lexical import content_words, stems
from qa.retrieval.corpus import Corpus
from qa.retrieval.question import names_in
from qa.types import Query

# Logistic regression over the evidence, fitted on our own questions about other people's articles; see the README.
_WEIGHTS = {"cosine": 6.90, "coverage": 1.61, "absent": -2.60, "missing": -1.04}
_BIAS = -1.58
ENOUGH = 0.45
_COUNTED = re.compile(
    r"^\W*how (?:many|much) ((?:[\w’'-]+ ){1,4}?)(?:do|does|did|has|have|had|is|are|was|were|will|would|can|could|\w+ed)\b", re.IGNORECASE
)
_COUNTED_FIRST = re.compile(r"^\W*how many ([\w’'-]+)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\b\d{3,}\b")
_PEOPLE = frozenset(stems("people person men women time year month day"))


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


def answers(quote: Quote, query: Query, absent: float) -> bool:
    """Tell whether a quote is likely enough to answer; `absent` is what `absent` returns for the articles that were searched."""
    found = evidence(quote, query, absent)
    of_another_thing = bool(query.speakers) and found.missing == 1.0  # they speak, but not of what is asked
    return not of_another_thing and has_its_numbers(quote, query) and counts_what_is_asked(quote, query) and found.probability >= ENOUGH


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


def has_its_numbers(quote: Quote, query: Query) -> bool:
    """Tell whether long numbers in the topic, as years and resolutions have, stand in the quote's article or its date."""
    date = str(quote.article.published or "")
    return all(number in quote.article.text or number in date for number in _LONG_NUMBER.findall(query.topic))


def counts_what_is_asked(quote: Quote, query: Query) -> bool:
    """Tell whether a quote speaks of what "how many ..." asks to be counted; people go by too many names to be missed."""
    match = _COUNTED.match(query.text) or _COUNTED_FIRST.match(query.text)
    counted = content_words(match[1]) if match else []
    return not counted or counted[-1] in _PEOPLE or is_there(counted[-1], set(content_words(quote.nearby)))


def said_by_those_asked(quote: Quote, query: Query) -> bool:
    """Tell whether a quote is said by one of those asked: the group in its own article, or a speaker it reports."""
    if not query.speakers:
        return True
    if quote.own:
        return quote.article.group in query.publishers or quote.article.author in query.speakers
    return quote.speaker in query.speakers or speaks_for(query, quote.speaker or "", quote.organisation)


def speaks_for(query: Query, speaker: str, organisation: str | None = None) -> bool:
    """Tell whether a speaker is one of those asked: by all words of the name, or as somebody who speaks for the body asked.

    A person's name has to end the speaker's: "President Marsh" may be asked for as Marsh, "aides to Marsh" and "the
    Marsh campaign" may not.
    """
    return any(_goes_by(name, speaker) or (organisation is not None and _goes_by(name, organisation)) for name in query.speakers)


def _goes_by(name: str, speaker: str) -> bool:
    asked, words = content_words(name), content_words(speaker)
    return bool(asked) and set(asked) <= set(words) and (len(asked) > 1 or words[-1] == asked[-1] or words[0] == asked[0])
