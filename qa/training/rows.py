"""The labelled questions that query, ranking and answerability are fitted on: read, checked, and split by article.

Each line of a questions file has `id, question, history, kind, quotes, groups, speakers, asked, about, stance, near` and, where
they were labelled, `when`, `order`, `negated`. A file is of one corpus: `questions/NAME.jsonl` is asked of `articles/NAME.jsonl`.
`quotes` and `near` are the words themselves or, of articles that aren't ours to print, places: [article, start, end].
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.types import Intent, Order, Side

_INTENTS: Mapping[str, Intent] = {"meta": "catalogue"}
_PLACED = ("quotes", "near")  # fields that may be places
_UNTOLD = ("none", "followup")  # kinds of rows that don't say what is wanted


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A labelled question. `intent`, `order` and `negated` are None where they weren't labelled."""

    id: str
    question: str
    history: tuple[str, ...]
    kind: str
    quotes: tuple[str, ...]
    near: tuple[str, ...]
    groups: tuple[str, ...]
    speakers: tuple[str, ...]
    asked: tuple[str, ...]
    about: tuple[str, ...]
    when: tuple[str, ...]
    side: Side
    order: Order | None
    negated: bool | None
    corpus: str

    @property
    def intent(self) -> Intent | None:
        """What is wanted, None where the row doesn't tell."""
        return None if self.kind in _UNTOLD else _INTENTS.get(self.kind, self.kind)  # type: ignore[arg-type]


def read_questions(files: Sequence[Path]) -> list[QuestionRow]:
    """Return the rows of all files, in order; raise ValueError naming the line that isn't one.

    Places are looked up in the articles of the same name, in a folder `articles` beside the file's own.
    """
    found = []
    for file in files:
        texts: dict[str, str] = {}
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if not texts and any(isinstance(place, list) for name in _PLACED for place in row.get(name) or ()):
                    texts = _texts(file.parent.parent / "articles" / file.name)
                found.append(_row(row, file.stem, texts))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{file}:{number}: expected a labelled question ({error!r})") from error
    return found


def _texts(file: Path) -> dict[str, str]:
    rows = (json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip())
    return {str(row["id"]): row["text"] for row in rows}


def _row(row: Mapping[str, Any], corpus: str, texts: Mapping[str, str]) -> QuestionRow:
    def listed(name: str) -> tuple[str, ...]:
        return tuple(row.get(name) or ())

    def words(name: str) -> tuple[str, ...]:
        return tuple(place if isinstance(place, str) else texts[place[0]][place[1] : place[2]] for place in row.get(name) or ())

    stance = row.get("stance")
    return QuestionRow(
        id=str(row["id"]),
        question=" ".join(row["question"].split()),
        history=tuple(" ".join(turn.split()) for turn in row.get("history") or ()),
        kind=row["kind"],
        quotes=words("quotes"),
        near=words("near"),
        groups=listed("groups"),
        speakers=listed("speakers"),
        asked=listed("asked"),
        about=listed("about"),
        when=listed("when"),
        side=stance["side"] if stance else "none",
        order=row.get("order"),
        negated=row.get("negated"),
        corpus=corpus,
    )
