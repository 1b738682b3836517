"""The bare forward pass gives the states that Transformers gives, with weights as they are and arranged beforehand."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertModel

from qa.models import processor
from qa.models.bert import BareBert
from qa.models.encoder import BUNDLED, SentenceEncoder, model_folder
from qa.models.finetuned import bundled_model
from qa.models.processor import arranges

_SIZES = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}


@pytest.fixture(scope="module")
def model() -> BertModel:
    torch.manual_seed(3)
    return BertModel(BertConfig(**_SIZES, max_position_embeddings=40)).eval()


@pytest.fixture(params=["plain", "packed"])
def packed(request: pytest.FixtureRequest) -> bool:
    """Either way; without what arranges, such as on a processor of another kind, both are the plain one."""
    return bool(request.param == "packed" and arranges(torch.float32))


@pytest.mark.parametrize("lengths", [(9,), (1,), (7, 7, 7), (3, 12, 1, 40)])
@pytest.mark.parametrize("pairs", [False, True])
def test_states_are_those_of_transformers(model: BertModel, packed: bool, lengths: tuple[int, ...], pairs: bool) -> None:
    mask = torch.tensor([[int(at < length) for at in range(max(lengths))] for length in lengths])
    ids = torch.randint(0, 60, mask.shape) * mask
    kinds = (torch.arange(max(lengths)) > 2).long().expand(mask.shape).contiguous() if pairs else None
    with torch.inference_mode():
        right = model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
    found = BareBert.of(model, packed=packed)(ids, mask, kinds)
    torch.testing.assert_close(found[mask.bool()], right[mask.bool()], atol=2e-5, rtol=1e-4)


def test_padding_changes_nothing(model: BertModel, packed: bool) -> None:
    ids = torch.randint(0, 60, (1, 6))
    alone = BareBert.of(model, packed=packed)(ids, torch.ones_like(ids))
    padded = BareBert.of(model, packed=packed)(torch.nn.functional.pad(ids, (0, 9)), torch.tensor([[1] * 6 + [0] * 9]))
    torch.testing.assert_close(padded[:, :6], alone, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("way", ["plain", "packed", "as it comes"])
def test_each_type_gives_about_the_states_of_float32_either_way(model: BertModel, dtype: torch.dtype, way: str) -> None:
    ids = torch.randint(0, 60, (4, 11))
    weights = {name: weight.to(dtype) for name, weight in model.named_parameters()}
    packed = None if way == "as it comes" else way == "packed" and arranges(dtype)
    found = BareBert(weights, 4, model.config.layer_norm_eps, packed=packed)(ids, torch.ones_like(ids)).float()
    with torch.inference_mode():
        right = model(input_ids=ids).last_hidden_state
    torch.testing.assert_close(found, right, atol=0.1 if dtype == torch.bfloat16 else 2e-5, rtol=0.02)


def test_where_arranging_fails_the_plain_way_gives_the_same(model: BertModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.randint(0, 60, (4, 11))
    right = BareBert.of(model, packed=False)(ids, torch.ones_like(ids))

    def fails(_: torch.Tensor) -> None:
        raise RuntimeError("bf16 path needs the cpu support avx_ne_convert or avx512bw")

    monkeypatch.setattr(processor, "arranged", fails)
    processor._tried.cache_clear()
    try:
        assert not arranges(torch.float32)
        torch.testing.assert_close(BareBert.of(model)(ids, torch.ones_like(ids)), right, atol=0, rtol=0)
    finally:
        processor._tried.cache_clear()


@pytest.mark.slow
def test_the_bundled_weights_give_the_states_of_transformers(packed: bool) -> None:
    model, tokenizer = bundled_model()
    tokenizer.enable_padding()
    tokens = tokenizer.encode_batch(["The bus stops at the weir.", "Who?", "Otters are back on the Wend, and the anglers count them."])
    ids, mask = (torch.tensor(rows) for rows in ([t.ids for t in tokens], [t.attention_mask for t in tokens]))
    with torch.inference_mode():
        right = model.eval()(input_ids=ids, attention_mask=mask).last_hidden_state
    found = BareBert.of(model, packed=packed)(ids, mask)
    torch.testing.assert_close(found[mask.bool()], right[mask.bool()], atol=1e-4, rtol=1e-4)


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
