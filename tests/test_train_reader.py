"""Training the reader: rows of one question brought together, variation, and a run that stops and goes on."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from safetensors.torch import load_file

from qa.models.finetuned import bundled_model
from qa.retrieval import train_reader
from qa.retrieval.train_reader import Example, batches, examples, foreign, main, varied

_PASSAGE = "The weir was built in 1731. It is made of oak. Children swim above it."


def _row(question: str, text: str, label: int, level: str, **more: Any) -> dict[str, Any]:
    return {"question": question, "text": text, "label": label, "level": level, "source": "ours", "answer_span": None, **more}


_ROWS = [
    _row("When was the weir built?", _PASSAGE, 1, "passage"),
    _row("When was the weir built?", "The weir was built in 1731.", 1, "sentence"),
    _row("Who sold the weir?", _PASSAGE, 0, "passage"),
    _row("What do trout eat?", "Trout eat flies.", 1, "sentence"),
    _row("What do trout eat?", "Trout sleep by day.", 0, "sentence"),
    _row("What is it made of?", _PASSAGE, 1, "passage", answer_span=[_PASSAGE.index("oak"), _PASSAGE.index("oak") + 3]),
    _row("Where is the mill?", "The mill stands in Wendford. It grinds rye.", 1, "passage"),
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return bundled_model()[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in _ROWS), "utf-8")
    return path


@pytest.fixture
def found(file: Path, tokenizer: Any) -> Mapping[str, Example]:
    return {tokenizer.decode(example.question): example for example in examples([file], tokenizer)}


def test_the_answering_sentence_is_looked_up_in_its_passage(found: Mapping[str, Example]) -> None:
    assert found["when was the weir built?"].gold == {0}
    assert found["what is it made of?"].gold == {1}


def test_a_question_without_answer_has_none_and_one_without_a_known_sentence_any(found: Mapping[str, Example]) -> None:
    unanswered, unknown = found["who sold the weir?"], found["where is the mill?"]
    assert (unanswered.answered, unanswered.gold) == (False, frozenset())
    assert (unknown.answered, unknown.gold) == (True, frozenset())


def test_loose_sentences_become_one_passage(found: Mapping[str, Example]) -> None:
    loose = found["what do trout eat?"]
    assert (len(loose.sentences), loose.gold, loose.whole) == (2, {0}, False)


def test_variation_keeps_the_answer_with_its_sentence_or_says_that_it_is_gone(found: Mapping[str, Example], tokenizer: Any) -> None:
    loose = found["what do trout eat?"]
    seen = set()
    for seed in range(40):
        (example,) = varied([loose], {}, tokenizer.token_to_id("?"), random.Random(seed))
        texts = [tokenizer.decode(sentence) for sentence in example.sentences]
        assert example.answered == ("trout eat flies." in texts)
        assert [texts[n] for n in example.gold] == (["trout eat flies."] if example.answered else [])
        seen.add((tokenizer.decode(example.question)[-1], example.answered, texts[0]))
    assert len(seen) > 4  # with and without its mark, its answer, and in either order


@pytest.mark.slow
def test_other_passages_with_like_words_are_found_and_never_its_own(file: Path, tokenizer: Any) -> None:
    listed = examples([file], tokenizer)
    near = foreign(listed * 2)
    assert any(near.values())
    assert all((listed * 2)[other].passage != (listed * 2)[at].passage for at, others in near.items() for other in others)


def test_every_example_is_in_one_batch(found: Mapping[str, Example]) -> None:
    items = list(found.values()) * 30
    grouped = batches(items, random.Random(1))
    assert sorted(id(example) for batch in grouped for example in batch) == sorted(map(id, items))


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_and_writes_weights(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_reader, "EPOCHS", 2)
    monkeypatch.setattr(train_reader, "SAVE_EVERY", 1)
    monkeypatch.setattr(train_reader, "HELD_OUT", 2)
    monkeypatch.setattr(train_reader, "figures", lambda *_: {})  # nothing to score on so few rows
    output, arguments = tmp_path / "out.safetensors", ["--train", str(file), "--work", str(tmp_path / "work")]
    learn = train_reader.Run._learn

    def stopping(self: train_reader.Run, batch: Any) -> float:
        if self._training.step == 1:
            raise KeyboardInterrupt
        return learn(self, batch)

    monkeypatch.setattr(train_reader.Run, "_learn", stopping)
    assert CliRunner().invoke(main, [*arguments, "--output", str(output)]).exit_code == 1
    monkeypatch.setattr(train_reader.Run, "_learn", learn)
    result = CliRunner().invoke(main, [*arguments, "--output", str(output)], catch_exceptions=False)
    assert "going on from step 1" in result.output
    assert "epoch 2" in result.output
    assert "head.word.weight" in load_file(output)
    assert output.stat().st_size <= 12_000_000
