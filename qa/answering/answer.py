"""One question, top to bottom: understand, search, rank, decide, compose. What wants no quote has its own short path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from qa.answering import wording
from qa.answering.answerability import answers, answers_too
from qa.answering.catalogue import catalogue, choose_article
from qa.answering.citations import citation_at, cite, number
from qa.answering.replies import ask_which, reply
from qa.answering.summary import summarise
from qa.errors import QuestionError
from qa.index.interface import Scope
from qa.query.understanding import understand
from qa.retrieval.corpus import Corpus
from qa.retrieval.ranker import Ranked, has_many_answers, passages_of, rank
from qa.settings import LONGEST_QUESTION
from qa.types import Answer, Citation, Hit, Intent, Query, Question

QUOTES, QUOTES_OF_A_GROUP = 3, 2  # at most: of an answer by one, and of each group where several answer
GROUPS_AT_MOST = 8
ALSO_FOUND = 5
ASKS_SOMEBODY: tuple[Intent, ...] = ("what", "stance", "compare", "change")  # intents that only those asked can answer
SAME_SENTENCE = 85  # of 100, likeness of two sentences in copies of an article that are one sentence
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # can be neither printed nor written


def answer(question: Question, corpus: Corpus) -> Answer:
    """Answer from one state of the corpus; raise QuestionError where there is no question in it."""
    question = checked(question)
    query = understand(question, corpus)
    if query.intent == "more" and question.history:
        return _more(question, corpus)
    if query.intent in ("help", "courtesy", "unreadable", "more") and not query.names:
        return _say(query, reply(query.intent, [group for group, _ in groups_by_size(corpus)]))
    if query.unclear:
        return _say(query, ask_which(query.unclear))
    if query.intent == "catalogue" and (listed := catalogue(query, corpus)):
        return Answer(query.text, True, listed.lead, listed.text, query=query)
    if query.intent == "summary" and (summed := _summary(query, corpus)):
        return summed
    return _quote(question, query, corpus, skip=0)


def _more(question: Question, corpus: Corpus) -> Answer:
    """Answer the last question that was one, with what comes after the quotes shown for it."""
    skip, history = 1, list(question.history)
    while history:
        before = replace(question, text=history.pop(), history=tuple(history))
        query = understand(before, corpus)
        if query.intent != "more":
            return _quote(before, query, corpus, skip=skip * QUOTES)
        skip += 1
    return _say(understand(question, corpus), reply("more", ()))


def _quote(question: Question, query: Query, corpus: Corpus, skip: int) -> Answer:
    scope = scope_of(query, corpus)
    ranked, unread = rank(query, corpus, scope)
    ranked = of_those_asked(once(ranked, corpus), query, corpus)
    chosen = choose(ranked, query, corpus)
    if skip:
        chosen = [one for one in ranked if one not in chosen[:skip] and answers_too(one, ranked[0], query)][: skip + QUOTES][-QUOTES:]
    citations = cite(chosen, query, corpus)
    also = _not_cited(passages_of([*ranked, *unread], ALSO_FOUND + len(citations)), citations)[:ALSO_FOUND]
    searched = [corpus.articles[key] for key in (corpus.articles if scope is None else scope)]
    if not citations:
        said = wording.silence(query, searched, corpus, has_near=bool(ranked))
        return replace(_say(query, said), also_found=also)
    lead = wording.lead(query, citations)
    notes = tuple(wording.notes(query, citations, corpus))
    return Answer(question.text, True, lead, wording.text_of(lead, citations, notes), citations, notes, also, query)


def _summary(query: Query, corpus: Corpus) -> Answer | None:
    """Answer with the most telling sentences of the article or the group that is meant; None where none is."""
    scope = scope_of(query, corpus)
    keys = choose_article(query, corpus, scope)
    if not keys:
        return None
    citations = number(citation_at(key, span, corpus) for key, span in summarise(query, keys, corpus))
    if not citations:
        return None
    lead = wording.summary_lead([corpus.articles[key] for key in keys])
    return Answer(query.text, True, lead, wording.text_of(lead, citations, ()), citations, (), (), query)


def _say(query: Query, words: str) -> Answer:
    return Answer(query.text, answered=False, lead=words, text=words, query=query)


def search(question: Question, corpus: Corpus, k: int) -> list[Hit]:
    """Return the `k` passages that answer best, in the order in which `answer` looks at them."""
    query = understand(checked(question), corpus)
    read, unread = rank(query, corpus, scope_of(query, corpus))
    return passages_of([*read, *unread], k)


def checked(question: Question) -> Question:
    """Return the question with its white space tidied; raise QuestionError where it is empty or far too long."""
    text = " ".join(_LONE_SURROGATE.sub("\ufffd", question.text).split())
    if not text:
        raise QuestionError("the question is empty; ask in words, for example: Who said that ...?")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(f"the question has {len(text):,} characters; expected at most {LONGEST_QUESTION:,}, ask it shorter")
    return replace(question, text=text)


def groups_by_size(corpus: Corpus) -> list[tuple[str, int]]:
    """Return the groups that have articles, those with most first."""
    return sorted(((group, len(keys)) for group, keys in corpus.by_group.items() if group), key=lambda pair: (-pair[1], pair[0]))


def scope_of(query: Query, corpus: Corpus) -> Scope | None:
    """Return the articles and passages that a person's filters and the question's dates leave; None for all."""
    scope = corpus.among(query.within, query.since, query.until)
    return corpus.spoken(query.only, scope) if query.only else scope


def choose(ranked: Sequence[Ranked], query: Query, corpus: Corpus) -> list[Ranked]:
    """Return what is cited, best first; nothing is silence."""
    if not has_many_answers(query):
        if not answers(ranked, query, corpus):
            return []
        return _in_order([ranked[0], *(one for one in ranked[1:] if answers_too(one, ranked[0], query))][:QUOTES], query)
    asked = {*query.publishers, *query.within}
    groups: dict[str | None, list[Ranked]] = {}
    for one in ranked:
        groups.setdefault(one.article.group, []).append(one)
    if not answers(ranked, query, corpus):
        return []
    kept = []
    for group, mine in groups.items():
        if mine[0] is ranked[0] or (group in asked and answers([*mine], query, corpus)) or answers_too(mine[0], ranked[0], query, "group"):
            kept.append([mine[0], *(one for one in mine[1:] if answers_too(one, mine[0], query))][:QUOTES_OF_A_GROUP])
    return _in_order([one for mine in kept[:GROUPS_AT_MOST] for one in mine], query)


def of_those_asked(ranked: list[Ranked], query: Query, corpus: Corpus) -> list[Ranked]:
    """Return what the groups that are asked say in their own articles, or where that is nothing, what others tell of them too.

    All where none is asked.

    What one body said is never answered by another's words.
    """
    if not query.publishers or query.intent not in ASKS_SOMEBODY:
        return ranked
    asked = {*query.publishers, *query.speakers}
    own = [one for one in ranked if one.article.group in asked]
    if answers(own, query, corpus):
        return own
    return [one for one in ranked if one in own or ((said := one.candidate.statement) and {said.speaker, said.organisation} & asked)]


def _in_order(chosen: list[Ranked], query: Query) -> list[Ranked]:
    """Return what is cited by date where the question asks for that, else as it is."""
    if query.order == "none" and query.intent != "change":
        return chosen

    def day(one: Ranked) -> int:
        return one.article.published.first.toordinal() if one.article.published else 0

    return sorted(chosen, key=day, reverse=query.order == "newest")


def once(ranked: Iterable[Ranked], corpus: Corpus) -> list[Ranked]:
    """Leave out sentences that the same group has said in the same words, and all but one of those in copies of an article."""
    from rapidfuzz.fuzz import ratio

    seen: set[tuple[str | None, str]] = set()
    kept: list[Ranked] = []
    for one in ranked:
        words = one.article.group, one.candidate.text
        copies = corpus.copies.get(one.candidate.key, ())
        copied = [other for other in kept if other.candidate.key in copies and other.candidate.key != one.candidate.key]
        if words in seen or any(ratio(one.candidate.text, other.candidate.text) >= SAME_SENTENCE for other in copied):
            continue
        seen.add(words)
        kept.append(one)
    return kept


def _not_cited(found: Iterable[Hit], citations: Sequence[Citation]) -> tuple[Hit, ...]:
    cited = [(citation.article.id, citation.span) for citation in citations]
    return tuple(hit for hit in found if not any(hit.article.id == id and hit.passage.span.overlaps(span) for id, span in cited))
