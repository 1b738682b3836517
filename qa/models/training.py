"""What trainings of models of ours share: steps, a falling rate, a running average of the weights, and checkpoints.

Every training starts from the bundled encoder's weights and ends in their difference (`finetuned`). This module knows
neither what is learnt nor from what.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from qa.models.finetuned import bundled_model, load_difference, save_difference
from qa.models.processor import fastest_type, has_bfloat16

RATE, HEAD_RATE = 1.5e-4, 1e-3
LEAST_RATE = 0.02  # of the rate, at which the falling ends
AVERAGE = 0.998  # of the running average of the weights, which is what is kept


def autocast(device: str = "cpu") -> torch.autocast:
    """Let what is learnt be computed in bfloat16, where the processor multiplies in it; without, that takes longer than float32."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=device != "cpu" or has_bfloat16())


class Training:
    """A model and its heads on their way: one step for each loss, over `steps` steps, gone on with from `checkpoint` where there is one."""

    def __init__(self, model: Any, heads: torch.nn.Module, steps: int, warm_up: int, checkpoint: Path, seed: int) -> None:
        """Take a model that holds the bundled weights; its embeddings are left as they are."""
        self.steps, self.step = steps, 0
        self.notes: dict[str, float] = {}  # whatever else is to be remembered with a checkpoint
        self._model, self._heads, self._checkpoint = model, heads, checkpoint
        self._base = {name: weight.detach().clone() for name, weight in model.named_parameters()}
        model.embeddings.requires_grad_(requires_grad=False)
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        self._weights = [*trained, *heads.parameters()]
        groups = [{"params": trained, "lr": RATE}, {"params": heads.parameters(), "lr": HEAD_RATE}]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.01)

        def rate(step: int) -> float:
            falling = 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
            return min(1.0, (step + 1) / warm_up) * max(LEAST_RATE, falling)

        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, rate)
        self._average = [weight.detach().clone() for weight in self._weights]
        if checkpoint.is_file():
            self._load(seed)

    def learn(self, loss: torch.Tensor) -> float:
        """Take one step down a loss; return the loss."""
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        self._schedule.step()
        self.step += 1
        keep = min(AVERAGE, (self.step + 1) / (self.step + 10))
        for average, weight in zip(self._average, self._weights, strict=True):
            average.lerp_(weight.detach(), 1 - keep)
        return float(loss.detach())

    def write(self, path: Path) -> None:
        """Write what the averaged weights differ in from the bundled ones, and the averaged heads."""
        averaged = dict(zip(map(id, self._weights), self._average, strict=True))
        weights = {name: averaged.get(id(weight), weight) for name, weight in self._model.named_parameters()}
        heads = {name: averaged[id(weight)] for name, weight in self._heads.named_parameters()}
        save_difference(path, weights, self._base, heads, {"format": "pt"})

    def put(self, path: Path, heads: torch.nn.Module) -> Any:
        """Replace a file of weights by the averaged ones in one step; fill `heads` and return the model as whoever loads it gets them."""
        unfinished = path.with_suffix(".new")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(unfinished)
        unfinished.replace(path)
        model = bundled_model()[0]
        load_difference(path, dict(model.named_parameters()), heads)
        heads.eval()
        return model.eval().to(fastest_type())

    def save(self) -> None:
        """Write a checkpoint in one step."""
        state = {
            "model": self._model.state_dict(), "heads": self._heads.state_dict(), "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(), "average": self._average, "step": self.step, "notes": self.notes,
        }  # fmt: skip
        unfinished = self._checkpoint.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(self._checkpoint)

    def _load(self, seed: int) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        self._model.load_state_dict(state["model"])
        self._heads.load_state_dict(state["heads"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._average, self.step, self.notes = state["average"], state["step"], state["notes"]
        torch.manual_seed(seed + self.step)
