"""A topic across groups: what each says of it, who only mentions it, and in whose articles nothing was found.

Every group is searched by itself, so that nobody is crowded out and "nothing found" is true of all of its articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from qa.answering import wording
from qa.answering.answer import checked, once
from qa.answering.answerability import answers, answers_too
from qa.answering.citations import cite
from qa.errors import QuestionError
from qa.index.lexical import content_words
from qa.query.understanding import understand
from qa.retrieval.corpus import Corpus
from qa.retrieval.ranker import Ranked, rank_groups
from qa.types import INTENTS, Comparison, GroupStance, Named, Query, Question, Stance

QUOTES_OF_A_GROUP = 2


def compare(question: Question, corpus: Corpus, *, by_date: bool = False) -> Comparison:
    """Return what each group has on a topic: those asked, or all that have articles; raise QuestionError where there is no topic."""
    query = understand(checked(question), corpus)
    # What is typed to be compared is a topic as it stands, but where it names whom to compare.
    topic = query.topic if query.names and query.topic else re.sub(r"^(?:an?|the)\s+", "", query.text.rstrip(" ?!."), flags=re.IGNORECASE)
    if not content_words(topic):
        raise QuestionError(f"{question.text!r} names no topic to compare; give a few words, for example: pensions for miners")
    asked = query.within or query.publishers or tuple(sorted(group for group in corpus.by_group if group))
    # Whatever the words, each group is asked for itself.
    query = replace(query, intent="groups", intents=tuple(float(intent == "groups") for intent in INTENTS))
    found = rank_groups(query, asked, corpus)
    best = max((mine[0] for mine in found.values()), key=lambda one: one.score, default=None)
    rows = [_row(group, found.get(group, []), best, query, corpus, by_date=by_date) for group in asked]
    rows = list(_numbered(sorted(rows, key=_first_date if by_date else _rank)))
    lead = wording.compared(topic, rows)
    return Comparison(topic, lead, wording.comparison(lead, rows), tuple(rows), by_date)


def _row(group: str, ranked: Sequence[Ranked], best: Ranked | None, query: Query, corpus: Corpus, *, by_date: bool) -> GroupStance:
    """Return what a group has on the topic, its citations not yet numbered through."""
    scope = corpus.among((group,), query.since, query.until)
    heard = [one for one in once(ranked, corpus) if best and _is_on_it(one, best, ranked, query, corpus)]
    own = [one for one in heard if one.candidate.statement is None]
    stance: Stance = "says" if own else "mentions" if heard else "silent"
    chosen = (own or heard)[:QUOTES_OF_A_GROUP]
    citations = cite(sorted(chosen, key=_day) if by_date else chosen, replace(query, names=(Named(group, (), (group,)),)), corpus)
    return GroupStance(group, len(scope) if scope else 0, stance if citations else "silent", citations)


def _is_on_it(one: Ranked, best: Ranked, ranked: Sequence[Ranked], query: Query, corpus: Corpus) -> bool:
    """Tell whether a group's sentence is on the topic: the best that anybody says by itself, any other beside it."""
    return answers(ranked, query, corpus) if one is best else answers_too(one, best, query, "group")


def _day(one: Ranked) -> tuple[bool, int]:
    published = one.article.published
    return published is None, published.first.toordinal() if published else 0


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
