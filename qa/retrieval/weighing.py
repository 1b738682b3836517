"""Small nets over measured features, each a hidden layer beside a linear one, as fitted by `qa.training.weighing`. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from qa.errors import ModelError
from qa.models.encoder import Vectors

WEIGHTS = Path(__file__).parent / "weights" / "weighing.safetensors"


@dataclass(frozen=True, slots=True)
class Net:
    """score = linear . z + out . tanh(hidden z + shift) + bias, with z = (x - mean) / scale clipped to [-4, 4].

    Shapes: mean, scale, linear (features,); hidden (units, features); shift, out (units,); bias (1,). Several nets that were
    fitted alike may stand as one, their units side by side and all else averaged.
    """

    mean: Vectors
    scale: Vectors
    linear: Vectors
    hidden: Vectors
    shift: Vectors
    out: Vectors
    bias: Vectors

    def score(self, rows: Vectors) -> Vectors:
        """Return the score of each row of features, shape (rows,)."""
        z = np.clip((rows - self.mean) / self.scale, -4.0, 4.0)
        found: Vectors = z @ self.linear + np.tanh(z @ self.hidden.T + self.shift) @ self.out + self.bias[0]
        return found


NAMES = ("mean", "scale", "linear", "hidden", "shift", "out", "bias")


def save_nets(path: Path, nets: dict[str, Net]) -> None:
    """Write nets by their names."""
    save_file(
        {f"{name}.{part}": np.ascontiguousarray(getattr(net, part), np.float32) for name, net in nets.items() for part in NAMES}, path
    )


@cache
def load_nets(path: Path = WEIGHTS) -> dict[str, Net]:
    """Return the nets of a file by their names; raise ModelError where it is missing or damaged."""
    try:
        stored = load_file(path)
        names = dict.fromkeys(key.split(".")[0] for key in stored)
        return {name: Net(*(stored[f"{name}.{part}"] for part in NAMES)) for name in names}
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelError(f"{path}: the weights that order answers can't be read ({error}); install whosaid again") from error
