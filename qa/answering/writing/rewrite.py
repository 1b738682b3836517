"""Has a language model make a follow-up stand alone, and takes its wording only where it reads as the rules read the follow-up.

A model may turn a question as easily as an answer, so it can only word what was understood: never whom, when or about whom.
"""

from __future__ import annotations

import re

from qa.answering.prompt import NO_REWRITE, to_rewrite
from qa.answering.words import negates, words_of
from qa.answering.writing.figures import figures
from qa.errors import WhosaidError
from qa.index.lexical import content_words
from qa.models.writer import Limits, Writer, paced
from qa.retrieval.corpus import Corpus
from qa.retrieval.followup import own_words
from qa.retrieval.question import names_in, understand
from qa.settings import LONGEST_QUESTION
from qa.types import Query, Question

LIMITS = Limits(first=20.0, between=10.0, whole=30.0, characters=2 * LONGEST_QUESTION)


def rewritten(question: Question, writer: Writer, corpus: Corpus, limits: Limits = LIMITS) -> Question:
    """Return a question that stands alone, in the writer's words where these pass; else the question as it is, with its history."""
    if not question.history:
        return question
    try:
        proposed = _one_line("".join(paced(writer, to_rewrite(question.text, question.history), limits)))
    except WhosaidError:
        return question  # the reading by rules needs nobody
    alone = Question(proposed, (), question.groups, question.speakers, since=question.since, until=question.until, without=question.without)
    return alone if proposed and _reads_the_same(question, alone, corpus) else question


def _one_line(text: str) -> str:
    """Return the one question in what was written; nothing where there is none, or more."""
    text = re.sub(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", " ", text, flags=re.DOTALL | re.IGNORECASE)
    lines = [line.strip(' \t"“”*`') for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or lines[0].rstrip(".").casefold() == NO_REWRITE.casefold() or len(lines[0]) > LONGEST_QUESTION:
        return ""
    return lines[0] if lines[0].count("?") <= 1 and lines[0].isprintable() else ""


def _reads_the_same(question: Question, alone: Question, corpus: Corpus) -> bool:
    """Tell whether a wording asks the same ones, of the same time, with the words of the follow-up and no others than were said."""
    by_rules, proposed = understand(question, corpus), understand(alone, corpus)
    if _asked(by_rules) != _asked(proposed):
        return False
    said = " ".join((*question.history, question.text, by_rules.text, *by_rules.named))
    ours, known = set(content_words(alone.text)), set(content_words(said))
    names = {word for name in names_in(alone.text) for word in content_words(name)}
    # The first word of a question has a capital whatever it is, so that it may only be a name that is known elsewhere.
    named = {
        word for text in (*question.history, question.text, *by_rules.named) for name in names_in(text) for word in content_words(name)
    }
    return (
        ours <= known
        and {*own_words(question.text), *own_words(by_rules.topic)} <= ours
        and names <= named | set(content_words(alone.text.split(maxsplit=1)[0]))
        and figures(alone.text) <= figures(said)
        and figures(question.text) <= figures(alone.text)
        and _noes(alone.text) == _noes(question.text)
    )


def _asked(query: Query) -> tuple[object, ...]:
    """Return what a wording may not change."""
    return (
        frozenset(query.publishers), frozenset(query.speakers), frozenset(query.named), query.within, query.since, query.until,
        query.asked, query.unclear, query.either, frozenset(query.unknown),
    )  # fmt: skip


def _noes(text: str) -> int:
    return sum(map(negates, words_of(text).keys))
