"""Labelled questions: rows with words or places, their variation, and trainings that stop and go on."""

from __future__ import annotations

import json
import random
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.torch import load_file

from qa.answering.answerability import EVIDENCE, load_decisions
from qa.retrieval.scoring import Read
from qa.training import question_parser, ranking
from qa.training.answerability import Case, best_threshold, fit, predict_by_folds, reliability
from qa.training.question_parser import UNKNOWN, Example, example, vary
from qa.training.ranking import Ranking, shown
from qa.training.rows import read_questions
from qa.types import INTENTS, Span

_ROW = {
    "id": "q1", "question": "And what does the Pilots' Guild want now?", "history": ["Who is against dredging the old lock?"],
    "kind": "what", "quotes": ["dredge it at last"], "groups": ["Pilots' Guild"], "asked": ["the Pilots' Guild"],
    "about": ["dredging the old lock"], "stance": None, "near": [],
}  # fmt: skip


def _write(folder: Path, *rows: dict[str, object]) -> Path:
    (folder / "questions").mkdir(exist_ok=True)
    file = folder / "questions" / "locks.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_words_and_places_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    text = "They will dredge it at last, says the guild."
    (tmp_path / "articles" / "locks.jsonl").write_text(json.dumps({"id": "a", "text": text}) + "\n", "utf-8")
    words, places = read_questions([_write(tmp_path, _ROW, {**_ROW, "id": "q2", "quotes": [["a", 10, 27]]})])
    assert words.quotes == places.quotes == ("dredge it at last",)
    assert words.corpus == "locks"


@pytest.mark.parametrize("bad", [{"id": "q1"}, {**_ROW, "quotes": [["a", 1, 2]]}, {**_ROW, "history": 3}])
def test_a_row_that_is_none_is_named(tmp_path: Path, bad: dict[str, object]) -> None:
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        read_questions([_write(tmp_path, _ROW, bad)])
    assert "locks.jsonl" in str(caught.value)


def test_a_row_teaches_what_it_tells(tmp_path: Path) -> None:
    first, followup, nobody = (
        example(row) for row in read_questions([_write(tmp_path, _ROW, {**_ROW, "kind": "followup"}, {**_ROW, "kind": "none"})])
    )
    assert first.intent == INTENTS.index("what")
    assert followup.intent == nobody.intent == UNKNOWN
    assert {(turn, span.of(first.turns[turn]), kind) for turn, span, kind in first.slots} == {
        (0, "the Pilots' Guild", "asked"),
        (1, "dredging the old lock", "about"),
    }


def test_variation_moves_the_labels_with_the_words(tmp_path: Path) -> None:
    (row,) = read_questions([_write(tmp_path, _ROW)])
    names = ["Union of Ferry Crews", "hwu"]
    for seed in range(200):
        one = vary(example(row), names, random.Random(seed))
        slots = {kind: span.of(one.turns[turn]) for turn, span, kind in one.slots}
        assert slots["about"].casefold() == "dredging the old lock"
        assert sorted(slots["asked"].casefold()) in [sorted(name.casefold()) for name in ("the Pilots' Guild", *names)]  # but for a slip


def test_what_is_shown_has_the_right_ones_first_and_no_other_twice() -> None:
    candidates = tuple(Read("", "", str(number), "") for number in range(30))
    for seed in range(50):
        picked, right = shown(Ranking("why?", "what", candidates, (3, 20), (5, 3)), random.Random(seed))
        assert right == 2
        assert set(picked[:2]) == {3, 20}
        assert len(set(picked)) == len(picked)
        assert not {3, 20} & set(picked[2:])
    picked, right = shown(Ranking("why?", "none", candidates, (), (5,)), random.Random(1))
    assert right == 0
    assert 5 in picked


def test_a_decision_is_fitted_and_scored_by_articles_it_has_not_seen() -> None:
    chance = np.random.default_rng(1)
    cases = []
    for number in range(400):
        right = bool(number % 2)
        cases.append(Case((float(chance.normal(2 if right else -2)), float(chance.normal())), right, f"a{number % 40}"))
    chances, truth = predict_by_folds(cases), np.array([case.right for case in cases])
    enough, told = best_threshold(chances, truth, balanced=True)
    assert told["recall"] > 0.9
    assert told["silent"] > 0.9
    assert 0 < enough < 1
    assert all(abs(mean - share) < 0.35 for mean, share, count in reliability(chances, truth) if count > 20)
    assert fit(cases).probability((3.0, 0.0)) > 0.9


def test_the_decisions_that_ship_take_the_evidence_that_there_is() -> None:
    decisions = load_decisions()
    assert set(decisions) == {"answer", "beside", "group"}
    assert len(decisions["answer"].weights) == len(EVIDENCE)
    assert all(0 < decision.enough < 1 for decision in decisions.values())


@pytest.mark.slow
def test_a_training_of_the_parser_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _write(tmp_path, *({**_ROW, "id": f"q{number}"} for number in range(4)))
    monkeypatch.setattr(question_parser, "ROWS_A_BATCH", 2)
    monkeypatch.setattr(question_parser, "SAVE_EVERY", 1)
    output = tmp_path / "out.safetensors"
    arguments = ["--train", str(file), "--held", str(file), "--work", str(tmp_path / "work"), "--epochs", "2", "--output", str(output)]
    loss_of, taken = question_parser.loss_of, []

    def stopping(*of: object) -> object:
        if taken:
            raise KeyboardInterrupt
        taken.append(1)
        return loss_of(*of)  # type: ignore[arg-type]

    monkeypatch.setattr(question_parser, "loss_of", stopping)
    assert CliRunner().invoke(question_parser.main, arguments).exit_code == 1
    monkeypatch.setattr(question_parser, "loss_of", loss_of)
    told = CliRunner().invoke(question_parser.main, arguments, catch_exceptions=False).output
    assert "epoch 2" in told
    assert "head.tag.weight" in load_file(output)


@pytest.mark.slow
def test_a_training_of_the_cross_encoder_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = [astuple(Read("Guild: Locks", "", f"Lock {number} is old.", "")) for number in range(8)]
    rows = [{"question": f"how old is lock {n}?", "kind": "fact", "candidates": candidates, "right": [n], "near": []} for n in range(4)]
    file = tmp_path / "lists.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    monkeypatch.setattr(ranking, "QUESTIONS_A_STEP", 2)
    monkeypatch.setattr(ranking, "SAVE_EVERY", 1)
    output = tmp_path / "out.safetensors"
    arguments = ["--train", str(file), "--held", str(file), "--work", str(tmp_path / "work"), "--epochs", "1", "--output", str(output)]
    told = CliRunner().invoke(ranking.main, arguments, catch_exceptions=False).output
    assert "epoch 1" in told
    assert "head.word.weight" in load_file(output)
    again = CliRunner().invoke(ranking.main, arguments, catch_exceptions=False).output
    assert "step 1 of 2" not in again  # it was done


def test_examples_are_frozen() -> None:
    one = Example(("why?",), ((0, Span(0, 3), "about"),), 0, 0, 0, 0.0)
    with pytest.raises(AttributeError):
        one.intent = 2  # type: ignore[misc]
