"""Says in a few lines what was wanted of a question, what came, and which marks it missed. Knows no index and no table."""

from __future__ import annotations

from collections.abc import Iterable

from qa.evaluation.figures import Outcome
from qa.evaluation.gold import Answerable, Facts, Gold, Quotes, Said, Turn
from qa.evaluation.marks import TOP, flat
from qa.types import Citation

SILENCE = "(silence)"


def missed(outcome: Outcome) -> list[str]:
    """Return the figures that the question lowers."""
    return [name for name, mark in outcome.marks.items() if mark < 1]


def wanted(gold: Gold) -> list[str]:
    """Return what is right, a line each: of sentences any one, of articles all."""
    match gold:
        case Quotes(nobody=True) | Answerable(answerable=False):
            return [SILENCE]
        case Quotes():
            return [*_of("by", gold.speakers), *_of("published by", gold.groups), *map(_quoted, gold.quotes)]
        case Answerable():
            return [_quoted(sentence) for sentence in gold.sentences] or ["(an answer)"]
        case Facts():
            return [f"{article}: {_quoted(fact)}" for article, fact in gold.facts]
        case Turn(answerable=False):
            return [*gold.articles, SILENCE]
        case Turn():
            return list(gold.articles)
        case Said():
            places = ", ".join(f"[{span.start}:{span.end}]" for span in gold.content)
            return [f"by {', '.join(gold.names)}: {gold.article} {places}"]


def came(outcome: Outcome) -> list[str]:
    """Return what was found and the first quotes that were shown, a line each."""
    lines = list(dict.fromkeys(passage.article for passage in outcome.found))
    if answer := outcome.answer:
        lines += [_cited(citation) for citation in answer.citations[:TOP]] or [SILENCE]
    return lines or ["(nothing)"]


def _cited(citation: Citation) -> str:
    place = f"{citation.article.id} [{citation.span.start}:{citation.span.end}]"
    return (
        f"by {citation.speaker or '(nobody named)'}, published by {citation.group or 'unknown group'}, {place}: {_quoted(citation.quote)}"
    )


def _of(what: str, names: Iterable[str]) -> list[str]:
    said = ", ".join(names)
    return [f"{what} {said}"] if said else []


def _quoted(words: str) -> str:
    return f'"{flat(words)}"'
