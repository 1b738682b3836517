"""A topic across groups: what each says of it, who only mentions it, and in whose articles nothing was found.

Every group is searched by itself, so that nobody is crowded out and "nothing found" is true of all of its articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from qa.answering import compose
from qa.answering.answer import MENTIONED, checked, numbered, when
from qa.answering.choose import Quote, Topic, quotes, topic_of
from qa.answering.read import read
from qa.answering.silence import answers
from qa.answering.verify import verified
from qa.errors import QuestionError
from qa.index.lexical import content_words
from qa.retrieval.corpus import Corpus
from qa.retrieval.question import understand
from qa.types import Comparison, GroupStance, Query, Question, Stance

WORDS_OF_A_GROUP = 150  # that are read closely
QUOTES_OF_A_GROUP = 2
JUDGED = 8  # sentences of a group that are looked at closely
SAYS = 0.6  # how likely a quote has to be on the topic; whoever says something else is not to be heard on this
SECOND = 0.5  # how much lower than a group's best quote another may score
FAR = 0.25  # cosine under which a group's best sentence isn't worth reading, unless it has a word of the topic


def compare(question: Question, corpus: Corpus, *, by_date: bool = False) -> Comparison:
    """Return what each group has on a topic: those asked, or all that have articles; raise QuestionError where there is no topic."""
    query = understand(checked(question), corpus)
    if not content_words(query.topic):
        raise QuestionError(f"{question.text!r} names no topic to compare; give a few words, for example: pensions for miners")
    topic = topic_of(query, corpus)
    asked = query.within or query.publishers or tuple(sorted(group for group in corpus.by_group if group))
    rows = [_row(group, query, topic, corpus, by_date=by_date) for group in asked]
    rows = list(_numbered(sorted(rows, key=_first_date if by_date else _rank)))
    lead = compose.compared(query.topic, rows)
    return Comparison(query.topic, lead, compose.comparison(lead, rows), tuple(rows), by_date)


def _row(group: str, query: Query, topic: Topic, corpus: Corpus, *, by_date: bool) -> GroupStance:
    """Return what a group has on the topic, its citations not yet numbered through."""
    searched, stance, chosen = _of_group(group, query, topic, corpus)
    citations = verified(numbered(sorted(chosen, key=when) if by_date else chosen, corpus), corpus)
    return GroupStance(group, searched, stance if citations else "silent", citations)


def _of_group(group: str, query: Query, topic: Topic, corpus: Corpus) -> tuple[int, Stance, list[Quote]]:
    """Return how many articles of a group were searched, what it does there, and its best quotes."""
    scope = corpus.among((group,), query.since, query.until)
    searched = len(scope) if scope else 0
    alone = replace(query, publishers=(group,), speakers=(), within=())
    near = quotes(alone, topic, corpus, scope)[:JUDGED] if searched else []
    if not near or (near[0].cosine < FAR and not near[0].coverage):
        return searched, "silent", []
    judged = read(alone, near, corpus, WORDS_OF_A_GROUP)
    on_it = [quote for quote in judged if answers(quote, alone, SAYS)]
    own = [quote for quote in on_it if quote.own]
    if own:
        return searched, "says", _best(own)
    mentioned = on_it or [quote for quote in judged if quote.coverage >= MENTIONED]
    return searched, "mentions" if mentioned else "silent", _best(mentioned)


def _best(found: Sequence[Quote]) -> list[Quote]:
    """Return the best quotes, of different sentences and where possible of different articles; none of none."""
    if not found:
        return []
    articles = {quote.article.id: quote for quote in reversed(found)}
    first_of_each = sorted(articles.values(), key=lambda quote: -quote.score)
    near = [quote for quote in (*first_of_each, *found) if quote.score >= first_of_each[0].score - SECOND]
    return list({(quote.key, quote.span): quote for quote in near}.values())[:QUOTES_OF_A_GROUP]


def _rank(row: GroupStance) -> tuple[int, float]:
    return ("says", "mentions", "silent").index(row.stance), -max((citation.score for citation in row.citations), default=0.0)


def _first_date(row: GroupStance) -> tuple[bool, bool, int]:
    dates = [citation.article.published.first.toordinal() for citation in row.citations if citation.article.published]
    return row.stance == "silent", not dates, min(dates, default=0)


def _numbered(rows: Iterable[GroupStance]) -> Iterator[GroupStance]:
    """Yield the rows with their citations numbered from the first row's to the last's."""
    number = count(1)
    for row in rows:
        yield replace(row, citations=tuple(replace(citation, number=next(number)) for citation in row.citations))
