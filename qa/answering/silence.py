"""Decides whether quotes answer at all, from several kinds of evidence; no single similarity can tell.

Looked at for each quote: does it mean the same (cosine), does it speak of the same things (coverage), and does the reader
find the answer in it or beside it (odds). Before that, who was asked, what is counted, and names and numbers that have
to be there: what one person said is not answered by another.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from qa.answering.choose import Quote, is_there, with_beginnings
from qa.answering.read import by_topic
from qa.index.lexical import content_words, stems
from qa.retrieval.question import names_in
from qa.types import Query

# Logistic regression over the evidence, fitted on development questions of three kinds; see the README.
_WEIGHTS = {"cosine": 7.59, "coverage": 1.69, "odds": 0.3, "topic_alone": 1.67}
_BIAS = -5.09
ENOUGH = 0.38
ENOUGH_BESIDE = 0.12  # for a further quote beside one that answers
_COUNTED = re.compile(
    r"^\W*how (?:many|much) ((?:[\w’'-]+ ){1,4}?)(?:do|does|did|has|have|had|is|are|was|were|will|would|can|could|\w+ed)\b", re.IGNORECASE
)
_COUNTED_FIRST = re.compile(r"^\W*how many ([\w’'-]+)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\b\d{3,}\b")
_PEOPLE = frozenset(stems("people person men women time year month day"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a quote answering; the odds are logarithms, the rest lies between 0 and 1.

    `topic_alone` is 1 where the reader was given the topic alone: it is less sure of everything then.
    """

    cosine: float
    coverage: float
    odds: float
    topic_alone: float

    @property
    def probability(self) -> float:
        """How likely the quote answers."""
        total = _BIAS + sum(weight * getattr(self, name) for name, weight in _WEIGHTS.items())
        return 1 / (1 + math.exp(-total))


def answers(quote: Quote, query: Query, enough: float = ENOUGH) -> bool:
    """Tell whether a quote is likely enough to answer."""
    return (
        has_its_names(quote, query)
        and has_its_numbers(quote, query)
        and counts_what_is_asked(quote, query)
        and evidence(quote, query).probability >= enough
    )


def evidence(quote: Quote, query: Query) -> Evidence:
    """Weigh one quote that was read."""
    return Evidence(quote.cosine, quote.coverage, quote.odds_nearby, float(by_topic(query)))


def has_its_names(quote: Quote, query: Query) -> bool:
    """Tell whether one of the names in the topic is near where somebody speaks: they may speak, but not of what is asked."""
    names = [words for words in map(content_words, names_in(query.topic)) if words]
    here = with_beginnings(content_words(quote.nearby)) if query.speakers and names else set()
    return not query.speakers or not names or any(all(is_there(word, here) for word in name) for name in names)


def has_its_numbers(quote: Quote, query: Query) -> bool:
    """Tell whether long numbers in the topic, as years and resolutions have, stand in the quote's article or its date."""
    date = str(quote.article.published or "")
    return all(number in quote.article.text or number in date for number in _LONG_NUMBER.findall(query.topic))


def counts_what_is_asked(quote: Quote, query: Query) -> bool:
    """Tell whether a quote speaks of what "how many ..." asks to be counted; people go by too many names to be missed."""
    match = _COUNTED.match(query.text) or _COUNTED_FIRST.match(query.text)
    counted = content_words(match[1]) if match else []
    return not counted or counted[-1] in _PEOPLE or is_there(counted[-1], with_beginnings(content_words(quote.nearby)))


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
