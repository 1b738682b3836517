"""The cross-encoder: what answers is likelier than what doesn't; other cross-encoders in its place; bad weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from qa.errors import ModelError
from qa.retrieval.cross_encoder import (
    AFTER_TOKENS,
    BEFORE_TOKENS,
    SENTENCE_TOKENS,
    CrossEncoder,
    OtherCrossEncoder,
    RankerHeads,
    collate,
    load_cross_encoder,
    read_row,
)
from qa.retrieval.scoring import Read

_WEIR = [
    Read("Mill Society: The weir at Alder Bridge", "", "The weir at Alder Bridge was built by the millers in 1731.", "It is made of oak."),
    Read("Mill Society: The weir at Alder Bridge", "The millers built it.", "It is made of oak and clay.", "Children swim above it."),
    Read("Mill Society: The weir at Alder Bridge", "It is made of oak.", "Children swim above it in the summer.", ""),
]


def test_what_answers_is_likelier_than_what_does_not() -> None:
    scores = load_cross_encoder().score("When was the weir at Alder Bridge built?", _WEIR)
    assert scores.shape == (3,)
    assert int(scores.argmax()) == 0


def test_candidates_are_scored_in_their_order_whatever_their_length() -> None:
    several = [_WEIR[2], _WEIR[0], Read("", "", "No.", ""), _WEIR[1]]
    together = load_cross_encoder().score("What is the weir made of?", several)
    alone = [float(load_cross_encoder().score("What is the weir made of?", [one])[0]) for one in several]
    assert np.allclose(together, alone, atol=0.2)  # half precision, and other neighbours in the batch


def test_nothing_is_no_score() -> None:
    assert load_cross_encoder().score("Why?", []).shape == (0,)


def test_what_is_too_long_is_cut_and_the_sentence_stays_between_its_neighbours() -> None:
    row = read_row(range(100, 300), range(300, 400), range(400, 500), range(500, 900), range(900, 999))
    inside = [token for token, here in zip(row.ids, row.inside, strict=True) if here]
    assert inside == list(range(500, 500 + SENTENCE_TOKENS))
    at = row.inside.index(True)
    assert row.ids[at - BEFORE_TOKENS : at] == tuple(range(500 - BEFORE_TOKENS, 500))
    assert row.ids[at + SENTENCE_TOKENS : -1] == tuple(range(900, 900 + AFTER_TOKENS))
    assert set(row.kinds[at:]) == {1}


def test_only_the_sentence_itself_counts() -> None:
    rows = [read_row([5], [6], [7], [8, 9], [10]), read_row([5], [6], [], [8, 9], [])]
    _, _, _, inside = collate(rows)
    heads, states = RankerHeads(8), torch.randn(2, inside.shape[1], 8)
    before = heads(states, inside)
    states[:, 1:][~inside[:, 1:]] += 1.0
    assert torch.allclose(before, heads(states, inside), atol=1e-5)


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="install whosaid again"):
        CrossEncoder(tmp_path / "no.safetensors")


def _cross_encoder(folder: Path, labels: int) -> Path:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"who built the weir millers did".split()]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=labels
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_any_cross_encoder_can_be_set_by_its_folder(tmp_path: Path) -> None:
    other = load_cross_encoder(str(_cross_encoder(tmp_path, 1)))
    assert isinstance(other, OtherCrossEncoder)
    scores = other.score("Who built the weir?", [Read("", "", "The millers did.", ""), Read("", "", "The weir.", "")])
    assert scores.shape == (2,)
    assert other.score("Who?", []).shape == (0,)


def test_a_model_that_gives_several_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="3 scores"):
        OtherCrossEncoder(str(_cross_encoder(tmp_path, 3))).score("Who?", [_WEIR[0]])


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        OtherCrossEncoder(str(tmp_path / "none"))
