"""Asks an open library the questions of files, one after the other, and has each answer judged.

Knows what is right only to hand it to `marks`: what is asked is `row.question`, which holds none of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qa.evaluation import marks
from qa.evaluation.figures import Outcome, Report, report
from qa.evaluation.gold import Answerable, Facts, Gold, QuestionFile, Quotes, Row, Said, Turn
from qa.evaluation.marks import Found
from qa.library import Library
from qa.types import Answer

Progress = Callable[[str, int, int], None]


def evaluate(library: Library, files: Sequence[QuestionFile], progress: Progress) -> list[Report]:
    """Ask all questions of all files; return a report for each file."""
    total = sum(len(file.rows) for file in files)
    reports, done = [], 0
    for file in files:
        outcomes = []
        for row in file.rows:
            outcomes.append(_outcome(library, _canonical(row, library)))
            done += 1
            progress("Asking", done, total)
        reports.append(report(file.name, outcomes))
    return reports


def doubts(library: Library, files: Iterable[QuestionFile]) -> list[str]:
    """Return a line for each file whose right answers name articles or groups that the index lacks: they can't be found."""
    articles = {article.id for article in library.articles()}
    groups = {entry.group.name for entry in library.groups()}
    lines = []
    for file in files:
        golds = [row.gold for row in file.rows]
        named = {group for gold in golds if isinstance(gold, Quotes) for group in gold.groups}
        lacking = {
            "articles": {id for gold in golds for id in _articles(gold)} - articles,
            "groups": {group for group in named if library.canonical(group) not in groups},
        }
        for what, missing in lacking.items():
            if missing:
                some = ", ".join(sorted(missing)[:3]) + (", ..." if len(missing) > 3 else "")
                lines.append(f"{file.name}: {len(missing)} of the {what} named as right are not in the index: {some}")
    return lines


def _articles(gold: Gold) -> Iterable[str]:
    match gold:
        case Facts():
            return [article for article, _ in gold.facts]
        case Turn():
            return gold.articles
        case Said():
            return [gold.article]
    return []


def _canonical(row: Row, library: Library) -> Row:
    """Give the groups that are right the names that citations have, whichever of their names the file has."""
    if not isinstance(row.gold, Quotes):
        return row
    groups = tuple(dict.fromkeys(library.canonical(group) for group in row.gold.groups))
    return replace(row, gold=replace(row.gold, groups=groups))


def _outcome(library: Library, row: Row) -> Outcome:
    started = time.perf_counter()
    found: tuple[Found, ...] = ()
    answer: Answer | None = None
    if isinstance(row.gold, Facts | Turn):
        hits = library.search(row.question, marks.FOUND)
        found = tuple(Found(hit.article.id, library.passage_text(hit)) for hit in hits)
    if not isinstance(row.gold, Facts) and not (isinstance(row.gold, Turn) and row.gold.answerable is None):
        answer = library.ask(row.question)
    seconds = time.perf_counter() - started
    return Outcome(row, _marks(row, found, answer), seconds, answer, found, _verbatim(library, answer) if answer else 0)


def _marks(row: Row, found: Sequence[Found], answer: Answer | None) -> marks.Marks:
    match row.gold, answer:
        case Facts() as facts, _:
            return marks.of_facts(facts, found)
        case Turn() as turn, _:
            return marks.of_turn(turn, bool(row.question.history), found, answer)
        case Quotes() as quotes, Answer():
            return marks.of_quotes(quotes, answer)
        case Answerable() as answerable, Answer():
            return marks.of_answerable(answerable, answer)
        case Said() as said, Answer():
            return marks.of_said(said, answer)
    return {}


def _verbatim(library: Library, answer: Answer) -> int:
    """Count the citations whose words stand at their place in the stored article."""
    return sum(citation.span.of(library.article(citation.article.id).text) == citation.quote for citation in answer.citations)
