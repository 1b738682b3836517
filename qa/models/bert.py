"""The forward pass of BERT (Devlin et al., 2019, arXiv 1810.04805) with nothing around it, for models that are asked often.

Takes its weights from a Transformers model and gives the same states. A question is a handful of tokens, for which what
surrounds the arithmetic costs as much as it: here the three projections of attention are one, and texts of one length
need no mask. Knows nothing of tokens' meaning or of training.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention


class _Dense:
    """A linear map, with its weights as the processor reads them fastest where torch can arrange them so.

    That operator is what torch's compiler itself uses, which here would have to be run at every start; where it is not
    there, the plain one gives the same.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._bias = bias.detach()
        self._packed = None
        arranges = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")  # type: ignore[no-untyped-call]
        if arranges and weight.device.type == "cpu":
            with torch.inference_mode():
                self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)
        self._weight = weight.detach() if self._packed is None else None

    def __call__(self, states: torch.Tensor, *, then_gelu: bool = False) -> torch.Tensor:
        if self._weight is not None:
            found = linear(states, self._weight, self._bias)
            return gelu(found) if then_gelu else found
        name, algorithm = ("gelu", "none") if then_gelu else ("none", "")
        packed: torch.Tensor = torch.ops.mkldnn._linear_pointwise(states, self._packed, self._bias, name, [], algorithm)
        return packed


class _Layer:
    """The weights of one layer."""

    def __init__(self, layer: Any) -> None:
        attention, output = layer.attention.self, layer.attention.output
        parts = (attention.query, attention.key, attention.value)
        self._heads = int(attention.num_attention_heads)
        self._qkv = _Dense(torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts]))
        self._joined = _Dense(output.dense.weight, output.dense.bias)
        self._first_norm = output.LayerNorm.weight, output.LayerNorm.bias, output.LayerNorm.eps
        self._wide = _Dense(layer.intermediate.dense.weight, layer.intermediate.dense.bias)
        self._narrow = _Dense(layer.output.dense.weight, layer.output.dense.bias)
        self._last_norm = layer.output.LayerNorm.weight, layer.output.LayerNorm.bias, layer.output.LayerNorm.eps

    def __call__(self, states: torch.Tensor, hidden: torch.Tensor | None) -> torch.Tensor:
        texts, tokens, width = states.shape
        query, key, value = self._qkv(states).view(texts, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(query, key, value, attn_mask=hidden)
        states = _norm(states + self._joined(seen.transpose(1, 2).reshape(texts, tokens, width)), *self._first_norm)
        return _norm(states + self._narrow(self._wide(states, then_gelu=True)), *self._last_norm)


class BareBert:
    """A BERT that can only be asked for its states. Safe to share between threads."""

    def __init__(self, model: Any) -> None:
        """Take the weights of a Transformers `BertModel`, whatever their type and device."""
        embeddings = model.embeddings
        self._words, self._kinds = embeddings.word_embeddings.weight, embeddings.token_type_embeddings.weight
        self._places = embeddings.position_embeddings.weight
        self._norm = embeddings.LayerNorm.weight, embeddings.LayerNorm.bias, embeddings.LayerNorm.eps
        self._layers = [_Layer(layer) for layer in model.encoder.layer]

    @staticmethod
    def can_be(model: Any) -> bool:
        """Tell whether this is a model whose states come out the same."""
        config: Any = getattr(model, "config", None)
        return (
            type(model).__name__ == "BertModel"
            and config.hidden_act == "gelu"
            and not config.is_decoder
            and getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        )

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states of texts, shape (texts, tokens, width), from ids and a mask of 1 for tokens and 0 for padding, (texts, tokens).

        `kinds` tells the first text of a pair (0) from the second (1); None for all 0.
        """
        with torch.inference_mode():
            told = self._kinds[0] if kinds is None else self._kinds[kinds]
            states = _norm(self._words[ids] + self._places[: ids.shape[1]] + told, *self._norm)
            hidden = None if bool(mask.all()) else mask.bool()[:, None, None, :]
            for layer in self._layers:
                states = layer(states, hidden)
            return states


def _norm(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float) -> torch.Tensor:
    return layer_norm(states, weight.shape, weight, bias, eps)
