"""A conversation: turns of a question and what came of it, asked of a library, kept by the browser, never trusted.

A turn that comes back from a browser keeps our wording and links but no quotes: these are read from the articles again.
Knows nothing of how turns are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from qa.errors import QuestionError, WhosaidError
from qa.library import Library
from qa.models.writer import Writer
from qa.settings import LONGEST_QUESTION
from qa.types import Answer, Mark, PartialDate, Query, Question, Sentence, Written
from qa.web import places
from qa.web.opening import in_words
from qa.web.places import Place, PlaceError
from qa.web.suggest import suggestions

_MOST_TURNS = 30  # older ones are dropped, so that the page stays quick
_MOST_LINKS = 40
_LONGEST_WORDS = 20_000
_LONGEST_READING = 120
_KINDS = {"publisher": "asked", "speaker": "said by", "since": "date", "until": "date", "topic": "topic", "carried": "from before"}


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
    """A question and what came of it: an answer or silence (`lead`), a `problem`, or nothing yet.

    `understood` is what was read from the question, in words, each with the key for taking it back ("" where it can't be);
    `without` are the keys of what was taken back. `written` is the answer as a language model words it, where one was asked.
    """

    question: str
    within: str = ""
    answered: bool = False
    lead: str = ""
    quotes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    problem: str = ""
    understood: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn with its quotes as they stand in the articles now. `lost` says why others can't be shown any more.

    `written` is what a language model wrote, as far as it is right by these quotes.
    """

    turn: Turn
    quotes: tuple[Place, ...] = ()
    also: tuple[Place, ...] = ()
    lost: tuple[str, ...] = ()
    written: Written | None = None


def asked(turns: Sequence[Turn], text: str, filters: Filters, without: Sequence[str] = ()) -> list[Turn]:
    """Return the conversation with one more question, not yet answered, to be read `without` what was taken back."""
    return [*turns, Turn(" ".join(text.split())[:LONGEST_QUESTION], filters.in_words(), without=tuple(without))]


def asked_without(turns: Sequence[Turn], at: int, key: str, filters: Filters) -> list[Turn]:
    """Return the conversation up to turn `at` with its question asked again, read without one more reading."""
    turn = turns[at]
    return asked(turns[:at], turn.question, filters, tuple(dict.fromkeys((*turn.without, key))))


def answered(turns: Sequence[Turn], filters: Filters, library: Library) -> list[Turn]:
    """Return the conversation with its last question answered; a problem of the library's becomes a part of it."""
    return answering(turns, filters, library)[0]


def answering(
    turns: Sequence[Turn], filters: Filters, library: Library, rewriter: Writer | None = None
) -> tuple[list[Turn], Answer | None]:
    """Return the conversation with its last question answered, and the answer, None where there is a problem in its place.

    A `rewriter` may make the question stand alone first, as far as that changes nothing.
    """
    *earlier, last = turns
    try:
        library.refresh()
        question = _question(turns, filters)
        answer = library.ask(library.rewritten(question, rewriter) if rewriter else question)
        also = tuple(places.to_passage(hit, library.passage_text(hit)) for hit in answer.also_found)
    except WhosaidError as error:
        return failed(turns, in_words(error)), None
    quotes = tuple(places.to_quote(citation) for citation in answer.citations)
    turn = replace(
        last,
        answered=answer.answered,
        lead=answer.lead,
        quotes=quotes,
        notes=answer.notes,
        also=also,
        understood=tuple(_understood(answer.query)) if answer.query else (),
    )
    return [*earlier, turn][-_MOST_TURNS:], answer


def worded(turns: Sequence[Turn], answer: Answer, writer: Writer, library: Library) -> Iterator[list[Turn] | None]:
    """Yield the conversation each time there is more in a language model's words of its last answer, None while there isn't."""
    *earlier, last = turns
    for so_far in library.write(answer, writer):
        if so_far.written == last.written:
            yield None
            continue
        last = replace(last, written=so_far.written)
        yield [*earlier, last]


def not_worded(turns: Sequence[Turn], model: str, problem: str) -> list[Turn]:
    """Return the conversation with the wording of its last answer ended for a reason; the answer stands."""
    *earlier, last = turns
    return [*earlier, replace(last, written=replace(last.written or Written(model), problem=problem, done=True))]


def to_go_on(turns: Sequence[Turn], filters: Filters, library: Library) -> tuple[str, ...]:
    """Return questions that follow from the last one's answer, and have answers themselves."""
    if not turns or not turns[-1].quotes:
        return ()
    try:
        return suggestions(library.ask(_question(turns, filters)), library)
    except WhosaidError:
        return ()  # what can't be asked any more suggests nothing


def _question(turns: Sequence[Turn], filters: Filters) -> Question:
    """Return the last question with what belongs to it."""
    *earlier, last = turns
    return Question(
        last.question,
        history=tuple(turn.question for turn in earlier),
        groups=filters.groups,
        since=filters.since,
        until=filters.until,
        without=last.without,
    )


def _understood(query: Query) -> Iterator[tuple[str, str]]:
    """Yield what was read from a question, in words, with the key of what can be taken back."""
    for reading in query.readings:
        if reading.kind == "asked":
            continue
        typed = f" for “{reading.words}”" if reading.guessed else ""
        yield f"{_KINDS[reading.kind]}: {reading.meaning[:_LONGEST_READING]}{typed}", "" if reading.key == "topic" else reading.key


def failed(turns: Sequence[Turn], problem: str) -> list[Turn]:
    """Return the conversation with its last question left unanswered for a reason."""
    return [*turns[:-1], replace(turns[-1], problem=problem)][-_MOST_TURNS:]


def shown(turns: Iterable[Turn], library: Library) -> list[Shown]:
    """Return the turns with their quotes and passages, each read from its article and checked."""
    found: list[Shown] = []
    for turn in turns:
        asked = " ".join([*(shown.turn.question for shown in found), turn.question])
        found.append(_shown(turn, asked, library))
    return found


def _shown(turn: Turn, asked: str, library: Library) -> Shown:
    """Return a turn with what it holds as it is now; `asked` are all questions up to it, which it may take names from."""
    quotes, lost = _found(turn.quotes, library)
    also, _ = _found(turn.also, library)  # what was not cited is not missed
    cited = tuple(place.citation for place in quotes if place.citation)
    written = library.still_right(turn.written, Answer(asked, True, turn.lead, "", cited)) if turn.written else None
    return Shown(
        turn, tuple(place for place in quotes if place.citation), tuple(place for place in also if place.span), tuple(lost), written
    )


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
    lists = [row[name] for name in ("quotes", "notes", "also", "without")]
    pairs = row["understood"]
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return None
    lists += pairs
    if not all(isinstance(text, str) and len(text) <= _LONGEST_WORDS for text in words) or not isinstance(row["answered"], bool):
        return None
    if not all(isinstance(some, list) and len(some) <= _MOST_LINKS and all(isinstance(text, str) for text in some) for some in lists):
        return None
    question, within, lead, problem = words
    quotes, notes, also, without = map(tuple, lists[:4])
    understood = tuple((words, key) for words, key in pairs)
    try:
        written = _written(row["written"]) if row["written"] is not None else None
    except (KeyError, TypeError, ValueError):
        return None
    return Turn(question, within, row["answered"], lead, quotes, notes, also, problem, understood, without, written)


def _written(row: Any) -> Written:
    """Read what a language model wrote; raise KeyError, TypeError or ValueError where it is not as we write it."""
    sentences = tuple(
        Sentence(_words(one["text"]), tuple(Mark(_number(mark["at"]), tuple(map(_number, mark["numbers"]))) for mark in one["marks"]))
        for one in row["sentences"][:_MOST_LINKS]
    )
    left_out = tuple(map(_words, row["left_out"][:_MOST_LINKS]))
    return Written(_words(row["model"]), sentences, left_out, _words(row["problem"]), done=row["done"] is True)


def _words(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_WORDS:
        raise ValueError("no text, or too long")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _LONGEST_WORDS:
        raise ValueError("no number")
    return value
