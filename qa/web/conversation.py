"""A conversation: turns of a question and what came of it, asked of a library, kept by the browser, never trusted.

A turn that comes back from a browser keeps our wording and links but no quotes: these are read from the articles again.
Knows nothing of how turns are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from qa.errors import QuestionError, WhosaidError
from qa.library import Library
from qa.settings import LONGEST_QUESTION
from qa.types import PartialDate, Question
from qa.web import places
from qa.web.places import Place, PlaceError

_MOST_TURNS = 30  # older ones are dropped, so that the page stays quick
_MOST_LINKS = 40
_LONGEST_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the search is limited to by hand."""

    groups: tuple[str, ...] = ()
    since: PartialDate | None = None
    until: PartialDate | None = None

    @classmethod
    def read(cls, groups: Sequence[str] | None, since: str | None, until: str | None) -> Filters:
        """Read what people chose and typed; raise QuestionError where it is no date or no stretch of time."""
        first, last = _date(since, "From"), _date(until, "To")
        if first and last and first.first > last.last:
            raise QuestionError(f"“From {first.in_words()}” lies after “to {last.in_words()}”: swap the two dates.")
        return cls(tuple(groups or ()), first, last)

    def in_words(self) -> str:
        """Write it for people: "River Trust, from 2024"; nothing where nothing is limited."""
        return ", ".join(
            [*self.groups]
            + ([f"from {self.since.in_words()}"] if self.since else [])
            + ([f"to {self.until.in_words()}"] if self.until else [])
        )


def _date(text: str | None, name: str) -> PartialDate | None:
    if not text or not text.strip():
        return None
    try:
        return PartialDate.parse(text)
    except ValueError:
        raise QuestionError(f"{name}: “{text.strip()[:40]}” is not a date; write 2025, 2025-10 or 2025-10-08.") from None


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer or silence (`lead`), a `problem`, or nothing yet."""

    question: str
    within: str = ""
    answered: bool = False
    lead: str = ""
    quotes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn with its quotes as they stand in the articles now. `lost` says why others can't be shown any more."""

    turn: Turn
    quotes: tuple[Place, ...] = ()
    also: tuple[Place, ...] = ()
    lost: tuple[str, ...] = ()


def asked(turns: Sequence[Turn], text: str, filters: Filters) -> list[Turn]:
    """Return the conversation with one more question, not yet answered."""
    return [*turns, Turn(" ".join(text.split())[:LONGEST_QUESTION], filters.in_words())]


def answered(turns: Sequence[Turn], filters: Filters, library: Library) -> list[Turn]:
    """Return the conversation with its last question answered; a problem of the library's becomes a part of it."""
    *earlier, last = turns
    question = Question(
        last.question,
        history=tuple(turn.question for turn in earlier),
        groups=filters.groups,
        since=filters.since,
        until=filters.until,
    )
    try:
        library.refresh()
        answer = library.ask(question)
        also = tuple(places.to_passage(hit, library.passage_text(hit)) for hit in answer.also_found)
    except WhosaidError as error:
        return failed(turns, str(error))
    quotes = tuple(places.to_quote(citation) for citation in answer.citations)
    return [
        *earlier,
        replace(last, answered=answer.answered, lead=answer.lead, quotes=quotes, notes=answer.notes, also=also),
    ][-_MOST_TURNS:]


def failed(turns: Sequence[Turn], problem: str) -> list[Turn]:
    """Return the conversation with its last question left unanswered for a reason."""
    return [*turns[:-1], replace(turns[-1], problem=problem)][-_MOST_TURNS:]


def shown(turns: Iterable[Turn], library: Library) -> list[Shown]:
    """Return the turns with their quotes and passages, each read from its article and checked."""
    return [_shown(turn, library) for turn in turns]


def _shown(turn: Turn, library: Library) -> Shown:
    quotes, lost = _found(turn.quotes, library)
    also, _ = _found(turn.also, library)  # what was not cited is not missed
    return Shown(turn, tuple(place for place in quotes if place.citation), tuple(place for place in also if place.span), tuple(lost))


def _found(links: Iterable[str], library: Library) -> tuple[list[Place], list[str]]:
    found, lost = [], []
    for link in links:
        try:
            found.append(places.find(link, library))
        except PlaceError as error:
            lost.append(str(error))
    return found, lost


def to_json(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """Write turns for the browser to keep."""
    return [asdict(turn) for turn in turns]


def from_json(value: object) -> list[Turn]:
    """Read turns that a browser kept; whatever is not as we write it is dropped, for it is no loss but a few old turns."""
    rows = value if isinstance(value, list) else []
    return [turn for row in rows[-_MOST_TURNS:] if (turn := _turn(row))]


def _turn(row: object) -> Turn | None:
    if not isinstance(row, dict) or set(row) != {field.name for field in fields(Turn)}:
        return None
    words = [row[name] for name in ("question", "within", "lead", "problem")]
    lists = [row[name] for name in ("quotes", "notes", "also")]
    if not all(isinstance(text, str) and len(text) <= _LONGEST_WORDS for text in words) or not isinstance(row["answered"], bool):
        return None
    if not all(isinstance(some, list) and len(some) <= _MOST_LINKS and all(isinstance(text, str) for text in some) for some in lists):
        return None
    question, within, lead, problem = words
    quotes, notes, also = map(tuple, lists)
    return Turn(question, within, row["answered"], lead, quotes, notes, also, problem)
