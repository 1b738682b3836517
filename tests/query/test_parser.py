"""The parser of questions: tokens with their places, slots as runs of whole words, and what the model that ships reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelError
from qa.models.bundled import read_tokenizer
from qa.models.encoder import BUNDLED, model_folder
from qa.query.parser import HISTORY_TOKENS, TAGS, QuestionParser, load_parser, slots_of, token_row
from qa.types import Slot, Span


def _row(*turns: str) -> tuple[tuple[str, ...], object]:
    tokenizer = read_tokenizer(model_folder(BUNDLED))
    return turns, token_row(tokenizer.encode_batch(list(turns), add_special_tokens=False))


def test_tokens_know_their_turn_and_place() -> None:
    turns, row = _row("and Ostrava?", "What does Lund say?")
    words = [turns[turn][place.start : place.end] for turn, place in zip(row.turn, row.places, strict=True) if turn >= 0]
    assert "".join(words) == "andOstrava?WhatdoesLundsay?"
    assert len(row.ids) == len(row.kinds) == len(row.turn) == len(row.places)
    assert {kind for kind, turn in zip(row.kinds, row.turn, strict=True) if turn == 1} == {1}


def test_a_long_history_is_cut() -> None:
    _, row = _row("why?", *["word " * 400] * 3)
    assert sum(turn > 0 for turn in row.turn) <= HISTORY_TOKENS


def test_slots_are_runs_of_whole_words() -> None:
    turns, row = _row("the harbourmasters' view of tidal locks")
    tags = np.zeros((len(row.ids), len(TAGS)), np.float32)
    tags[:, 0] = 0.4
    for at, place in enumerate(row.places):
        if row.turn[at] == 0 and 4 <= place.start < 18:
            tags[at, TAGS.index("asked")] = 0.9
        if row.turn[at] == 0 and place.start >= 28:
            tags[at, TAGS.index("about")] = 0.9
    asked, about = slots_of(turns, row, tags)
    assert asked == Slot("asked", Span(4, 19), 0) or turns[0][asked.span.start : asked.span.end].startswith("harbourmasters")
    assert turns[0][about.span.start : about.span.end] == "tidal locks"


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("hello", "courtesy"),
        ("what can I ask here?", "help"),
        ("go on", "more"),
        ("how many articles are there by the Pilots' Guild", "catalogue"),
        ("summarise the guild's statement on dredging", "summary"),
        ("which groups want the lock rebuilt?", "groups"),
        ("was sagt die Gilde über die Schleuse?", "unreadable"),
        ("compare the guild and the council on dredging", "compare"),
    ],
)
def test_what_is_wanted_is_read(question: str, intent: str) -> None:
    history = ("What does the guild say about dredging?",) if intent == "more" else ()
    assert load_parser().parse(question, history).intent == intent


def test_who_is_asked_and_about_what() -> None:
    text = "what did the pilots guild say about dredging the old lock"
    slots = {slot.kind: text[slot.span.start : slot.span.end] for slot in load_parser().parse(text).slots}
    assert "pilots guild" in slots["asked"]
    assert "dredging" in slots["about"]


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="install whosaid again"):
        QuestionParser(tmp_path / "no.safetensors")
