"""Question files: JSON Lines, each line a question and what a right answer to it holds.

What a row measures is told by its fields. Knows nothing of an index, and nothing of how an answer is judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from qa.errors import ReadingError
from qa.settings import LONGEST_QUESTION
from qa.types import PartialDate, Question, Span

Task = Literal["answers", "answerable", "search", "turns", "said"]
TASKS: tuple[Task, ...] = get_args(Task)

EXPECTED = (
    '"question" with "quotes" (and "groups", "speakers", "kind"), "answerable" (and "gold_sentences"), '
    '"gold" as a list of {"article", "fact"} or of article ids (and "answerability"), or "article", "content" and "names"'
)
NOBODY = "none"  # the `kind` of a question that nobody in the corpus answers
SEVERAL = "groups"  # the `kind` of a question that several groups answer
_FILTERS = {"groups", "speakers", "since", "until"}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # can be neither printed nor written


@dataclass(frozen=True, slots=True)
class Quotes:
    """Sentences any one of which is right, and whose they are. `nobody`: silence is right; `several`: all groups are wanted."""

    task = "answers"
    quotes: tuple[str, ...]
    groups: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    nobody: bool = False
    several: bool = False


@dataclass(frozen=True, slots=True)
class Answerable:
    """Whether the corpus answers the question, and by which sentences."""

    task = "answerable"
    answerable: bool
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of an article and the words in it that are wanted, all of them."""

    task = "search"
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Articles that a question of a conversation wants; `answerable` is None where the row doesn't tell for certain."""

    task = "turns"
    articles: tuple[str, ...]
    answerable: bool | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Where a statement stands, and names that its speaker goes by, any of which is right."""

    task = "said"
    article: str
    content: tuple[Span, ...]
    names: tuple[str, ...]


Gold: TypeAlias = Quotes | Answerable | Facts | Turn | Said


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a question file; `where` is the file and line, `kind` the row's own label, by which figures are split."""

    where: str
    question: Question
    gold: Gold
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A question file that was read."""

    name: str
    rows: tuple[Row, ...]


def read_questions(path: Path) -> QuestionFile:
    """Return the rows of a file; raise ReadingError, with the line, for the first that can't be used, or where there is none."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise ReadingError(f"{path}: {what}; expected a file of questions, one JSON object a line")
    rows = []
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            try:
                rows.append(_row(line, where))
            except (ReadingError, ValueError) as error:
                raise ReadingError(f"{where}: {error}") from error
    if not rows:
        raise ReadingError(f"{path}: is empty; expected questions, one JSON object a line with {EXPECTED}")
    return QuestionFile(str(path), tuple(rows))


# ---- one line; an error says what is wrong with it, and read_questions where it stands


def _row(line: str, where: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReadingError("is not JSON; expected one object a line") from error
    if not isinstance(fields, dict):
        raise ReadingError(f"is not a JSON object; expected {EXPECTED}")
    gold = _reader(fields)(fields)
    return Row(where, _question(fields), gold, _optional_text(fields, "kind"))


def _reader(fields: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Gold]:
    """Return what reads the right answer of such a row, told by the fields that it has."""
    if "quotes" in fields or fields.get("kind") == NOBODY:
        return _quotes
    if "answerable" in fields:
        return _answerable
    if "content" in fields and "names" in fields:
        return _said
    if isinstance(listed := fields.get("gold"), list):
        # a question without any gold is one of a conversation where it says whether it can be answered
        return _turn if any(isinstance(item, str) for item in listed) or "answerability" in fields else _facts
    raise ReadingError(f"is of no known kind: its fields are {', '.join(map(str, fields)) or 'none'}; expected {EXPECTED}")


def _quotes(fields: Mapping[str, Any]) -> Quotes:
    kind = fields.get("kind")
    gold = Quotes(_texts(fields, "quotes"), _texts(fields, "groups"), _texts(fields, "speakers"), kind == NOBODY, kind == SEVERAL)
    if not gold.nobody and not gold.quotes and not gold.groups:
        raise ReadingError('has neither "quotes" nor "groups" that are right; where nobody answers, say so with "kind": "none"')
    return gold


def _answerable(fields: Mapping[str, Any]) -> Answerable:
    if not isinstance(fields["answerable"], bool):
        raise ReadingError(f'"answerable" is {_short(fields["answerable"])}; expected true or false')
    return Answerable(fields["answerable"], _texts(fields, "gold_sentences"))


def _facts(fields: Mapping[str, Any]) -> Facts:
    facts = []
    for item in fields["gold"]:
        if not isinstance(item, dict) or not isinstance(item.get("fact"), str) or not item["fact"].strip():
            raise ReadingError(f'"gold" has {_short(item)}; expected {{"article": id, "fact": "words of it"}}')
        facts.append((_id(item.get("article"), "gold"), _tidy(item["fact"])))
    return Facts(tuple(facts))


def _turn(fields: Mapping[str, Any]) -> Turn:
    labels = fields.get("answerability")
    label = labels[0] if isinstance(labels, list) and labels else labels
    if label is not None and not isinstance(label, str):
        raise ReadingError(f'"answerability" is {_short(labels)}; expected "ANSWERABLE", "UNANSWERABLE" or another label')
    answerable = {"ANSWERABLE": True, "UNANSWERABLE": False}.get((label or "").upper())
    return Turn(tuple(_id(item, "gold") for item in fields["gold"]), answerable)


def _said(fields: Mapping[str, Any]) -> Said:
    spans = fields["content"]
    if not isinstance(spans, list) or not spans or not all(_is_span(pair) for pair in spans):
        raise ReadingError(f'"content" is {_short(spans)}; expected places in the article: [[start, end], ...]')
    names = _texts(fields, "names")
    if not names:
        raise ReadingError('"names" is empty; expected names of who says it')
    return Said(_id(fields.get("article"), "article"), tuple(Span(start, end) for start, end in spans), names)


def _question(fields: Mapping[str, Any]) -> Question:
    """Return what is asked. `groups` and `speakers` of the row are what is right: only those in `filters` are filters."""
    text = fields.get("question")
    if not isinstance(text, str) or not text.strip():
        raise ReadingError(f'has no "question"; expected {EXPECTED}')
    if len(text) > LONGEST_QUESTION:
        raise ReadingError(f'"question" has {len(text):,} characters; expected at most {LONGEST_QUESTION:,}')
    filters = fields.get("filters") or {}
    if not isinstance(filters, dict) or filters.keys() - _FILTERS:
        raise ReadingError(f'"filters" is {_short(filters)}; expected an object with any of {", ".join(sorted(_FILTERS))}')
    return Question(
        _tidy(text), _texts(fields, "history"), _texts(filters, "groups"), _texts(filters, "speakers"),
        since=_date(filters, "since"), until=_date(filters, "until"),
    )  # fmt: skip


# ---- one field


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ReadingError(f'"{name}" is {_short(value)}; expected a list of texts')
    return tuple(_tidy(text) for text in value if text.strip())


def _optional_text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ReadingError(f'"{name}" is {_short(value)}; expected a text')
    return _tidy(value) if value and value.strip() else None


def _date(fields: Mapping[str, Any], name: str) -> PartialDate | None:
    value = fields.get(name)
    return PartialDate.parse(str(value)) if value else None


def _id(value: Any, name: str) -> str:
    """Return the id of an article; files that number their articles may give it as a number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ReadingError(f'"{name}" has {_short(value)}; expected the id of an article')
    return _tidy(str(value))


def _is_span(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(place) is int for place in pair) and 0 <= pair[0] < pair[1]


def _tidy(text: str) -> str:
    return _LONE_SURROGATE.sub("\ufffd", text)


def _short(value: Any) -> str:
    return json.dumps(value)[:60]
