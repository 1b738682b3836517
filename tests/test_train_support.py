"""Training the check of support: claims made by rule carry the right label, and a run stops and goes on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from safetensors.torch import load_file

from qa.answering import train_claims, train_support
from qa.answering.train_claims import Claim, claims
from qa.answering.train_support import batches, examples, main
from qa.models.finetuned import bundled_model

_TEXT = (
    "The weir at Alder Bridge was built by the millers of Wendford in 1731. It is made of oak and clay from the hills. "
    "The River Trust bought it for 40,000 pounds in the spring. Ada Marsh was the first chair of the River Trust then. "
    "Children swim above the weir in the long summer evenings. However, Tom Reed of the Anglers would rather have it torn down. "
    "A survey found more trout below the weir than in any other part. The repairs will begin after the floods of March."
)


def _claim(claim: str, text: str, label: int, kind: str = "support") -> dict[str, Any]:
    return {"claim": claim, "text": text, "label": label, "kind": kind, "source": "ours"}


_ROWS: list[dict[str, Any]] = [
    _claim("The weir was built in 1731.", _TEXT, 1),
    _claim("The weir was built in 1831.", _TEXT, 0, "refuted"),
    _claim("The mill of Ostrow burned in 1902.", "In 1902 the mill of Ostrow was lost in a fire.", 1),
    {"question": "Who was the first chair of the River Trust?", "text": _TEXT, "label": 1, "kind": "answerable", "level": "passage",
     "source": "ours", "answer_span": [_TEXT.index("Ada Marsh"), _TEXT.index("Ada Marsh") + 9]},
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in _ROWS), "utf-8")
    return path


def _made(file: Path) -> list[Claim]:
    return [claim for seed in range(60) for claim in claims([file], seed)]


def test_the_same_seed_makes_the_same(file: Path) -> None:
    assert claims([file], 3) == claims([file], 3) != claims([file], 4)


def test_labelled_rows_keep_their_label(file: Path) -> None:
    found = {(row.claim, row.supported) for row in _made(file) if not row.kind.startswith("made:")}
    assert found == {(row["claim"], bool(row["label"])) for row in _ROWS if "claim" in row}


def test_what_is_altered_in_both_is_supported_and_in_one_of_them_is_not(file: Path) -> None:
    row = Claim("The weir was built in 1731.", _TEXT, True, "ours:support", "0")
    seen = set()
    for seed in range(60):
        for other in train_claims._altered(row, ["Ostrow"], random.Random(seed)):
            same = (other.claim == row.claim, other.evidence == row.evidence)
            assert other.supported == (same == (False, False))
            assert same != (True, True)
            seen.add(same)
    assert len(seen) == 3


def test_a_number_is_altered_to_another_number() -> None:
    row = Claim("The weir was built in 1731.", _TEXT, True, "ours:support", "0")
    for seed in range(20):
        change = train_claims._number(row, [], random.Random(seed))
        assert change
        assert change[0] == "1731" != change[1]
        assert change[1].isdigit()


def test_what_is_taken_out_is_gone_and_what_is_repeated_is_there(file: Path) -> None:
    made = _made(file)
    kinds = {row.kind for row in made}
    assert kinds >= {"made:repeated", "made:taken out", "made:joined", "made:half", "made:altered", "made:negated", "made:answer"}
    for row in made:
        first = row.claim.split(",")[0].rstrip(".")
        if row.kind == "made:repeated":
            assert row.supported
            assert first in row.evidence or first.removeprefix("Tom") in row.evidence
        if row.kind == "made:taken out":
            assert not row.supported
            assert first not in row.evidence


def test_a_question_of_who_becomes_a_statement(file: Path) -> None:
    stated = {(row.claim, row.supported) for row in _made(file) if row.kind in ("made:answer", "made:answer taken out")}
    assert stated == {
        ("Ada Marsh was the first chair of the River Trust.", True),
        ("Ada Marsh was the first chair of the River Trust.", False),
    }


@pytest.mark.parametrize("question", ["Who did Ada meet?", "What is it called?", "When was it built?", "What can it do?"])
def test_other_questions_are_left(question: str) -> None:
    assert train_claims._stated(question, "Ada Marsh") is None


def test_every_example_is_in_one_batch(file: Path) -> None:
    items = examples([file], bundled_model()[1]) * 30
    grouped = batches(items, random.Random(1))
    assert sorted(id(example) for batch in grouped for example in batch) == sorted(map(id, items))


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_and_writes_weights(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_support, "SAVE_EVERY", 1)
    monkeypatch.setattr(train_support, "TOKENS_A_BATCH", 512)
    monkeypatch.setattr(train_claims, "HELD_OUT", 10**9)
    monkeypatch.setattr(train_support, "figures", lambda *_: {})  # nothing to score on so few rows
    output, arguments = tmp_path / "out.safetensors", ["--train", str(file), "--work", str(tmp_path / "work"), "--epochs", "2"]
    loss_of, taken = train_support.loss_of, []

    def stopping(*of: Any) -> Any:
        if taken:
            raise KeyboardInterrupt
        taken.append(1)
        return loss_of(*of)

    monkeypatch.setattr(train_support, "loss_of", stopping)
    assert CliRunner().invoke(main, [*arguments, "--output", str(output)]).exit_code == 1
    monkeypatch.setattr(train_support, "loss_of", loss_of)
    result = CliRunner().invoke(main, [*arguments, "--output", str(output)], catch_exceptions=False)
    assert "going on from step 1" in result.output
    assert "head.doubt.weight" in load_file(output)
    assert output.stat().st_size <= 12_000_000
