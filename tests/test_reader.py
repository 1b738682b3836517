"""The reader: which sentence answers, and none where none does; other cross-encoders in its place; bad weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from qa.errors import ModelError
from qa.retrieval.reader import LONGEST, CrossEncoderReader, Heads, Reader, collated, load_reader, pair

_WEIR = [
    "The weir at Alder Bridge was built by the millers of Wendford in 1731.",
    "It is made of oak and clay.",
    "Children swim above it in the summer.",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_the_sentence_that_answers_is_likelier_than_none(reader: Reader) -> None:
    (scores,) = reader.read("When was the weir at Alder Bridge built?", [_WEIR])
    assert scores.shape == (4,)
    assert int(scores.argmax()) == 1


def test_none_is_likelier_where_nothing_answers(reader: Reader) -> None:
    (scores,) = reader.read("Who discovered the moons of Jupiter?", [_WEIR])
    assert int(scores.argmax()) == 0


def test_passages_are_scored_in_their_order_whatever_their_length(reader: Reader) -> None:
    passages = [_WEIR, [], ["It is made of oak and clay."], [*_WEIR] * 3]
    together = reader.read("What is the weir made of?", passages)
    assert [len(scores) for scores in together] == [4, 1, 2, 10]
    for passage, scores in zip(passages, together, strict=True):
        (alone,) = reader.read("What is the weir made of?", [passage])
        assert np.allclose(alone, scores, atol=0.15)  # half precision, and other neighbours in the batch


def test_no_passage_is_no_score(reader: Reader) -> None:
    assert reader.read("Why?", []) == []


def test_what_is_too_long_is_cut_at_the_end_and_sentences_beyond_have_no_score() -> None:
    long = pair(range(1000, 1200), [range(1000, 1100)] * 5)
    assert len(long.ids) == LONGEST
    assert long.sentences == 2
    assert long.ids[-1] == pair([1], [[2]]).ids[-1]


def test_a_sentence_that_is_not_there_has_no_chance() -> None:
    pairs = [pair([5], [[6], [7, 8]]), pair([5], [[6]])]
    ids, _, kinds, sentence = collated(pairs)
    assert ids.shape == kinds.shape == sentence.shape == (2, 7)
    import torch

    chances = Heads(8)(torch.ones(2, 7, 8), sentence).softmax(-1)
    assert chances.shape == (2, 3)
    assert float(chances[1, 2].detach()) == 0.0


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="install whosaid again"):
        Reader(tmp_path / "no.safetensors")


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
    other = load_reader(str(_cross_encoder(tmp_path, 1)))
    assert isinstance(other, CrossEncoderReader)
    first, second = other.read("Who built the weir?", [["The millers did.", "The weir."], ["The weir."]])
    assert first.shape == (3,)
    assert first[0] == second[0] == 0.0
    assert first[2] == pytest.approx(second[1], abs=1e-4)
    assert other.read("Who?", []) == []


def test_a_model_that_gives_several_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="3 scores"):
        load_reader(str(_cross_encoder(tmp_path, 3))).read("Who?", [["The millers."]])


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        load_reader(str(tmp_path / "none"))


def test_without_a_name_the_reader_that_ships_is_loaded() -> None:
    assert isinstance(load_reader(), Reader)
