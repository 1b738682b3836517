"""Judges one answer, or what one search found, against what is right. Pure: knows no index and no other question.

A mark lies between 0 and 1 and has the name of the figure that is its mean over many questions. A question that doesn't
count towards a figure has no such mark: where nobody answers, there is no first quote to be right or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.evaluation.gold import Answerable, Facts, Quotes, Said, Turn
from qa.types import Answer, Citation

Marks = dict[str, float]

TOP = 3  # citations among which a right one may stand
FOUND = 10  # passages that are searched for
FOUND_FIRST = 4
FOUND_OF_TURN = 5
_LONG_ENOUGH = 20  # characters; a shorter quote that stands in a gold sentence may do so by chance
_BLANKS = str.maketrans("", "", " \n\r")
_PLURAL = "’'s."  # what a name may lose at its end: "Marsh's" and "Dr." are "Marsh" and "Dr"


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that a search found: whose article it is of, and its words."""

    article: str
    text: str


def of_quotes(gold: Quotes, answer: Answer) -> Marks:
    """Judge an answer by the sentences that are right and by whose they are."""
    if gold.nobody:
        return {"silent_when_nothing_is_said": float(not answer.answered)}
    cited = _cited(answer)
    groups = [citation.group for citation in cited]
    marks = {"answered_when_something_is": float(answer.answered)}
    if gold.groups:
        marks["group_first"] = float(bool(groups) and groups[0] in gold.groups)
    if gold.quotes:
        marks["quote_first"] = float(any(_holds(citation, gold) for citation in cited[:1]))
        marks["quote_top3"] = float(any(_holds(citation, gold) for citation in cited[:TOP]))
    if gold.several and gold.groups:
        right = set(groups) & set(gold.groups)
        marks["groups_recall"] = len(right) / len(set(gold.groups))
        marks["groups_precision"] = len(right) / len(set(groups)) if groups else 0.0
    if gold.speakers and gold.quotes:
        marks["speaker"] = float(any(_holds(citation, gold) and _spoken_by(citation, gold) for citation in cited[:TOP]))
    return marks


def of_answerable(gold: Answerable, answer: Answer) -> Marks:
    """Judge whether it was answered where it can be, and by a gold sentence, or met with silence where it can't."""
    if not gold.answerable:
        return {"silent_when_unanswerable": float(not answer.answered)}
    marks = {"answered_when_answerable": float(answer.answered)}
    if gold.sentences:
        quotes = [flat(citation.quote) for citation in _cited(answer)[:TOP]]
        wanted = [flat(sentence) for sentence in gold.sentences]
        same = any(w in quote or quote in w for w in wanted for quote in quotes if len(quote) > _LONG_ENOUGH)
        marks["gold_sentence_in_top3"] = float(same)
    return marks


def of_facts(gold: Facts, found: Sequence[Found]) -> Marks:
    """Judge a search by the gold facts whose words stand in the passages, and by the articles that these are of.

    hits@k, MAP@10 and MRR@10 as MultiHop-RAG (arXiv 2401.15391) counts them: a fact counts at the first passage that
    holds it, average precision is sum(new facts at rank / rank) / min(facts, 10).
    """
    if not gold.facts:
        return {}
    facts = {_squeezed(fact) for _, fact in gold.facts}
    articles = {article for article, _ in gold.facts}
    got = {passage.article for passage in found[:FOUND]}
    seen: set[str] = set()
    first, precision = 0, 0.0
    for rank, passage in enumerate(found[:FOUND], 1):
        words = _squeezed(passage.text)
        here = {fact for fact in facts if fact in words}
        first = first or (rank if here else 0)
        precision += len(here - seen) / rank
        seen |= here
    return {
        "hits@10": float(first > 0),
        "hits@4": float(0 < first <= FOUND_FIRST),
        "map@10": precision / min(len(facts), FOUND),
        "mrr@10": 1 / first if first else 0.0,
        "article_recall@10": len(articles & got) / len(articles),
        "every_article@10": float(articles <= got),
        "every_fact@10": float(facts <= seen),
    }


def of_turn(gold: Turn, follow_up: bool, found: Sequence[Found], answer: Answer | None) -> Marks:
    """Judge a search by the gold articles in its top five; and the answer, where there is one, by whether there should be."""
    marks: Marks = {}
    if gold.articles:
        got = {passage.article for passage in found[:FOUND_OF_TURN]}
        marks["recall@5"] = len(got & set(gold.articles)) / min(FOUND_OF_TURN, len(gold.articles))
        if follow_up:
            marks["recall@5_follow_ups"] = marks["recall@5"]
    if answer and gold.answerable is not None:
        wanted = "answered_when_answerable" if gold.answerable else "silent_when_unanswerable"
        marks[wanted] = float(answer.answered == gold.answerable)
    return marks


def of_said(gold: Said, answer: Answer) -> Marks:
    """Judge the first of the top citations that stands where the statement does, and whom it names as the speaker."""
    marks = dict.fromkeys(("quote_first", "speaker_first", "quote_top3", "speaker_top3"), 0.0)
    for place, citation in enumerate(answer.citations[:TOP]):
        if citation.article.id == gold.article and any(citation.span.overlaps(span) for span in gold.content):
            named = float(_named(gold.names, citation.speaker or ""))
            marks |= {"quote_top3": 1.0, "speaker_top3": named, "speaker_given_quote": named}
            if place == 0:
                marks |= {"quote_first": 1.0, "speaker_first": named}
            break
    return marks


def flat(text: str) -> str:
    """Return the text with any white space as one blank."""
    return " ".join(text.split())


def _cited(answer: Answer) -> tuple[Citation, ...]:
    return answer.citations if answer.answered else ()


def _holds(citation: Citation, gold: Quotes) -> bool:
    quote = flat(citation.quote)
    return any(flat(wanted) in quote for wanted in gold.quotes)


def _spoken_by(citation: Citation, gold: Quotes) -> bool:
    speaker = flat(citation.speaker or "").lower()
    return any(name.lower() in speaker for name in gold.speakers)


def _named(names: Sequence[str], speaker: str) -> bool:
    """Tell whether one of the names begins a word of the speaker's."""
    return any(re.search(rf"\b{re.escape(name.rstrip(_PLURAL) or name)}", speaker, re.IGNORECASE) for name in names)


def _squeezed(text: str) -> str:
    return text.translate(_BLANKS)
