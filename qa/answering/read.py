"""Has the reader read the most promising quotes in their surroundings, to tell whether they answer and which does best.

Reading costs time by the word, so that a bounded number of words is read: the best quotes with the sentences beside
them, each sentence once. Quotes that weren't reached are left out; they are worse than all that were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qa.answering.choose import Quote
from qa.retrieval.corpus import Corpus
from qa.types import Query, Span

READ_WORDS = 200
READ_WORDS_OF_MANY = 600  # where each group has its say
OF_A_GROUP = 3  # quotes of each group that are read there
READ_WEIGHT = 0.04  # of the log-odds of a sentence and of what is beside it in a quote's score
SURE = 6.0  # log-odds beyond which one is no surer

_Window = tuple[int, int]  # the article's key and where the passage begins


def read(query: Query, found: Sequence[Quote], corpus: Corpus, words: int = READ_WORDS, of_a_group: int | None = None) -> list[Quote]:
    """Return the quotes that were read, with the reader's log-odds and a score that counts them, best first.

    About `words` words are read, of at most `of_a_group` quotes of each group.
    """
    wanted = _wanted(found, words, of_a_group or len(found))
    asked = f"what is said about {query.topic}?" if by_topic(query) else query.text
    passages = {window: [span.of(quote.article.text) for span in _spans(quote, places)] for window, (quote, places) in wanted.items()}
    scores = dict(zip(passages, corpus.reader.read(asked, list(passages.values())), strict=True))
    judged = []
    for quote in found:
        window = _window(quote)
        if window not in wanted or quote.at not in wanted[window][1]:
            continue
        none, *of_sentences = scores[window].tolist()
        at = sorted(wanted[window][1]).index(quote.at)
        if at < len(of_sentences):
            odds = float(np.clip(of_sentences[at] - none, -SURE, SURE))
            nearby = float(np.clip(np.logaddexp.reduce(of_sentences) - none, -SURE, SURE))
            judged.append(replace(quote, odds=odds, odds_nearby=nearby, score=quote.score + READ_WEIGHT * (odds + nearby)))
    return sorted(judged, key=lambda quote: -quote.score)


def by_topic(query: Query) -> bool:
    """Tell whether the reader is given the topic alone: where it is asked who says it, or somebody is asked.

    Whoever speaks seldom names themselves in what they say, and the reader would miss the name.
    """
    return bool(query.topic) and bool(
        query.publishers or query.speakers or query.asked in ("who", "groups", "mentions", "compare", "change")
    )


def _wanted(found: Sequence[Quote], words: int, of_a_group: int) -> dict[_Window, tuple[Quote, set[int]]]:
    """Return which sentences of which passages to read, with a quote of each passage, until `words` are used up."""
    wanted: dict[_Window, tuple[Quote, set[int]]] = {}
    groups: Counter[str | None] = Counter()
    for quote in found:
        if groups[quote.article.group] >= of_a_group:
            continue
        groups[quote.article.group] += 1
        _, places = wanted.get(_window(quote), (quote, set()))
        new = {at for at in range(quote.at - 1, quote.at + 2) if 0 <= at < len(quote.window)} - places
        words -= sum(len(quote.window[at].of(quote.article.text).split()) for at in new)
        if words < 0 and wanted:
            break
        wanted[_window(quote)] = (quote, places | new)
    return wanted


def _window(quote: Quote) -> _Window:
    return quote.key, quote.window[0].start


def _spans(quote: Quote, places: set[int]) -> list[Span]:
    return [quote.window[at] for at in sorted(places)]
