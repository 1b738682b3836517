"""The forward pass of BERT (Devlin et al., 2019, arXiv 1810.04805) with nothing around it, for models that are asked often.

Gives the same states as the one in Transformers. A question is a handful of tokens, for which what
surrounds the arithmetic costs as much as it: here the three projections of attention are one, texts of one length need no
mask, and of texts of several lengths only attention sees the padding. Knows nothing of tokens' meaning or of training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn.functional import gelu, layer_norm, linear, pad, scaled_dot_product_attention

from qa.models.processor import arranged, arranges, multiplied


class _Plain:
    """A linear map."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, states: torch.Tensor, *, then_gelu: bool = False) -> torch.Tensor:
        found = linear(states, self._weight, self._bias)
        return gelu(found) if then_gelu else found


class _Packed:
    """A linear map whose weights are kept as the processor reads them fastest."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._weight, self._bias = arranged(weight), bias

    def __call__(self, states: torch.Tensor, *, then_gelu: bool = False) -> torch.Tensor:
        return multiplied(states, self._weight, self._bias, then_gelu=then_gelu)


class _Layer:
    """The weights of one layer."""

    def __init__(self, weights: Mapping[str, torch.Tensor], prefix: str, heads: int, eps: float, dense: type[_Plain | _Packed]) -> None:
        def of(name: str) -> tuple[torch.Tensor, torch.Tensor]:
            return weights[f"{prefix}.{name}.weight"], weights[f"{prefix}.{name}.bias"]

        parts = [of(f"attention.self.{name}") for name in ("query", "key", "value")]
        self._heads = heads
        self._qkv = dense(torch.cat([weight for weight, _ in parts]), torch.cat([bias for _, bias in parts]))
        self._joined = dense(*of("attention.output.dense"))
        self._first_norm = *of("attention.output.LayerNorm"), eps
        self._wide, self._narrow = dense(*of("intermediate.dense")), dense(*of("output.dense"))
        self._last_norm = *of("output.LayerNorm"), eps

    def __call__(self, states: torch.Tensor, table: _Table) -> torch.Tensor:
        query, key, value = table.spread(self._qkv(states)).view(table.texts, table.width, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(query, key, value, attn_mask=table.hidden)
        joined = self._joined(table.gathered(seen.transpose(1, 2).reshape(table.texts * table.width, -1)))
        states = _norm(states + joined, *self._first_norm)
        return _norm(states + self._narrow(self._wide(states, then_gelu=True)), *self._last_norm)


class _Table:
    """Where the tokens of texts stand: in rows without padding for what looks at each alone, in a table with it for attention.

    Rows come in few different numbers, and tables of several lengths in few widths: oneDNN keeps a program for each shape it
    has met, about a thousand of them, which took 300 MB in the course of some hundred questions.
    """

    def __init__(self, mask: torch.Tensor) -> None:
        self.texts, self.width = mask.shape
        self.hidden = None
        self._places = None
        count = mask.numel()
        if not bool(mask.all()):
            mask = pad(mask, (0, -self.width % 8))
            self.width = mask.shape[1]
            self.hidden = mask.bool()[:, None, None, :]
            self._places = mask.flatten().nonzero().squeeze(1)
            count = len(self._places)
        self.count = count
        step = 1 if count <= 48 else 16 if count <= 256 else 64
        self._spare = -count % step

    def flat(self, table: torch.Tensor) -> torch.Tensor:
        """Return the rows of a table that lacks the columns that were added, shape (rows, width)."""
        missing = self.width - table.shape[1]
        return self.gathered((pad(table, (0, 0, 0, missing)) if missing else table).flatten(0, 1))

    def gathered(self, table: torch.Tensor) -> torch.Tensor:
        """Return the rows of tokens, with some of nothing after them."""
        rows = table if self._places is None else table[self._places]
        return pad(rows, (0, 0, 0, self._spare)) if self._spare else rows

    def spread(self, rows: torch.Tensor) -> torch.Tensor:
        """Return a table, shape (texts * width, n), with nothing where no token is."""
        if self._places is None:
            return rows[: self.count]
        return rows.new_zeros(self.texts * self.width, rows.shape[1]).index_copy_(0, self._places, rows[: self.count])


class BareBert:
    """A BERT that can only be asked for its states. Safe to share between threads."""

    def __init__(self, weights: Mapping[str, torch.Tensor], heads: int, eps: float, *, packed: bool | None = None) -> None:
        """Take weights by their names in Transformers, whatever their type and device, with the number of heads and the norms' epsilon.

        `packed` arranges the weights beforehand, or doesn't; None does so where that is known to work.
        """
        weights = {name: weight.detach() for name, weight in weights.items()}
        self._words, self._kinds = weights["embeddings.word_embeddings.weight"], weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"]
        self._norm = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"], eps
        if packed is None:
            packed = self._words.device.type == "cpu" and arranges(self._words.dtype)
        dense = _Packed if packed else _Plain
        numbers = {int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer.")}
        self._layers = [_Layer(weights, f"encoder.layer.{number}", heads, eps, dense) for number in sorted(numbers)]

    @classmethod
    def of(cls, model: Any, *, packed: bool | None = None) -> BareBert:
        """Take the weights of a Transformers `BertModel`, as they are now."""
        return cls(dict(model.named_parameters()), model.config.num_attention_heads, model.config.layer_norm_eps, packed=packed)

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states of texts, shape (texts, tokens, width), from ids and a mask of 1 for tokens and 0 for padding, (texts, tokens).

        The states of padding are 0.

        `kinds` tells the first text of a pair (0) from the second (1); None for all 0.
        """
        with torch.inference_mode():
            told = self._kinds[0] if kinds is None else self._kinds[kinds]
            states = _norm(self._words[ids] + self._places[: ids.shape[1]] + told, *self._norm)
            table, tokens = _Table(mask), ids.shape[1]
            states = table.flat(states)
            for layer in self._layers:
                states = layer(states, table)
            return table.spread(states).view(table.texts, table.width, -1)[:, :tokens]


def _norm(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float) -> torch.Tensor:
    return layer_norm(states, weight.shape, weight, bias, eps)
