"""The bare forward pass gives the states that Transformers gives."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertModel

from qa.models.bert import BareBert
from qa.models.encoder import BUNDLED, SentenceEncoder, model_folder

_SIZES = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}


@pytest.fixture(scope="module")
def model() -> BertModel:
    torch.manual_seed(3)
    return BertModel(BertConfig(**_SIZES, max_position_embeddings=40)).eval()


@pytest.mark.parametrize("lengths", [(9,), (1,), (7, 7, 7), (3, 12, 1, 40)])
@pytest.mark.parametrize("pairs", [False, True])
def test_states_are_those_of_transformers(model: BertModel, lengths: tuple[int, ...], pairs: bool) -> None:
    mask = torch.tensor([[int(at < length) for at in range(max(lengths))] for length in lengths])
    ids = torch.randint(0, 60, mask.shape) * mask
    kinds = (torch.arange(max(lengths)) > 2).long().expand(mask.shape).contiguous() if pairs else None
    with torch.inference_mode():
        right = model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
    found = BareBert.of(model)(ids, mask, kinds)
    torch.testing.assert_close(found[mask.bool()], right[mask.bool()], atol=2e-5, rtol=1e-4)


def test_padding_changes_nothing(model: BertModel) -> None:
    ids = torch.randint(0, 60, (1, 6))
    alone = BareBert.of(model)(ids, torch.ones_like(ids))
    padded = BareBert.of(model)(torch.nn.functional.pad(ids, (0, 9)), torch.tensor([[1] * 6 + [0] * 9]))
    torch.testing.assert_close(padded[:, :6], alone, atol=2e-5, rtol=1e-4)


def test_without_the_arranging_operator_it_gives_the_same(model: BertModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.randint(0, 60, (4, 11))
    arranged = BareBert.of(model)(ids, torch.ones_like(ids))
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    torch.testing.assert_close(BareBert.of(model)(ids, torch.ones_like(ids)), arranged, atol=2e-5, rtol=1e-4)


@pytest.mark.slow
def test_the_bundled_encoder_is_the_model_that_sentence_transformers_runs(encoder: SentenceEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    texts = [
        "The bus stops at the weir.",
        "Who?",
        "Otters are back on the Wend, and the anglers count them each spring.",
        "word " * 400,
        "",
    ]
    right = SentenceTransformer(str(model_folder(BUNDLED)), device="cpu", local_files_only=True).encode(texts)
    assert ((encoder.encode(texts) * right).sum(axis=1) > 0.999).all()
