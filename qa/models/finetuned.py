"""Models of ours that start from the bundled encoder's weights and are stored as their difference from them.

The encoder is installed anyway, so that a trained model needs only what training changed: each matrix as 8-bit steps
with one scale for each row, vectors and heads in half precision. That is half the size of half precision, and the
rounding is of the difference, not of the weight. Training itself is no business of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qa.errors import ModelError
from qa.models.bundled import DIMENSION, read_tokenizer, read_weights
from qa.models.encoder import BUNDLED, SentenceEncoder, model_folder
from qa.models.processor import fastest_type

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from qa.models.bert import BareBert

    Weights = Mapping[str, torch.Tensor]

_Heads = TypeVar("_Heads", bound="torch.nn.Module")
_STEPS = 127  # of a signed byte


def bundled_model() -> tuple[Any, Tokenizer]:
    """Return the bundled encoder as a Transformers model, to be trained, and its tokenizer.

    Raises ModelError where it isn't the expected one.
    """
    from transformers import BertModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    SentenceEncoder(BUNDLED)  # checks the hash
    folder = str(model_folder(BUNDLED))
    # Dropout inside attention would only shut out its fast path in training.
    model = BertModel.from_pretrained(folder, local_files_only=True, attention_probs_dropout_prob=0.0)
    return model, read_tokenizer(Path(folder))


def trained_model(weights: Path, make_heads: Callable[[int], _Heads]) -> tuple[BareBert, _Heads, Tokenizer]:
    """Return a stored model ready to be used, its heads (made for the width of its states) and the tokenizer.

    In bfloat16 where the processor multiplies in it. Raises ModelError where the weights are missing or don't fit.
    """
    from qa.models.bert import BareBert

    SentenceEncoder(BUNDLED)  # checks the hash
    folder = model_folder(BUNDLED)
    bundled = read_weights(folder)
    heads = make_heads(DIMENSION)
    load_difference(weights, bundled.weights, heads)
    dtype = fastest_type()
    model = BareBert({name: weight.to(dtype) for name, weight in bundled.weights.items()}, bundled.heads, bundled.eps)
    return model, heads.eval(), read_tokenizer(folder)


def save_difference(path: Path, trained: Weights, base: Weights, heads: Weights, about: Mapping[str, str]) -> None:
    """Write what training changed in `base`, and the `heads` it added, as one safetensors file; names of heads get "head."."""
    import torch
    from safetensors.torch import save_file

    stored: dict[str, torch.Tensor] = {}
    for name, weight in trained.items():
        change = (weight.detach().float() - base[name].float()).cpu()
        if not change.any():
            continue
        if change.dim() == 2:
            scale = change.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / _STEPS
            stored[f"{name}.steps"] = torch.round(change / scale).to(torch.int8)
            stored[f"{name}.scale"] = scale.float()
        else:
            stored[f"{name}.change"] = change.half()
    for name, weight in heads.items():
        stored[f"head.{name}"] = weight.detach().cpu().half()
    save_file(stored, path, metadata=dict(about))


def load_difference(path: Path, weights: Weights, heads: torch.nn.Module) -> None:
    """Add the stored difference to `weights`, which are the bundled ones, and fill `heads`; raise ModelError where they don't fit."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: can't be read ({error}); install whosaid again") from error
    try:
        with torch.no_grad():
            for name, value in stored.items():
                if name.endswith(".steps"):
                    weights[name.removesuffix(".steps")].add_(value.float() * stored[name.removesuffix("steps") + "scale"])
                elif name.endswith(".change"):
                    weights[name.removesuffix(".change")].add_(value.float())
        heads.load_state_dict({name.removeprefix("head."): value.float() for name, value in stored.items() if name.startswith("head.")})
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: does not fit the model it is for ({' '.join(str(error).split())}); install whosaid again") from error
