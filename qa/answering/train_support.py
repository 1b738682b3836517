"""Trains the check of support on claims with evidence, from the weights of the reader of what answers.

    python -m qa.answering.train_support --train fever_eraser.jsonl --train ... --work FOLDER

Each line has `claim`, `text`, `label` (1: the text supports all of the claim), `kind` and `source`; what else is made out
of them, and of questions with their answers, `train_claims` says. Whatever was stopped goes on from its last checkpoint
in FOLDER.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from qa.answering.support import WEIGHTS, Heads, Pair, collated, logits, pair, windows
from qa.answering.train_claims import claims
from qa.models.bert import BareBert
from qa.models.finetuned import bundled_model, load_difference
from qa.models.training import Training, autocast
from qa.retrieval import reader

SEED = 7
TOKENS_A_BATCH = 2048
WARM_UP = 50  # steps
SAVE_EVERY = 100  # steps
SCORE_EVERY = 500  # steps


@dataclass(frozen=True, slots=True)
class Example:
    """A claim with the window of its evidence that shares the most words with it."""

    pair: Pair
    supported: bool
    kind: str
    held_out: bool


def examples(files: Sequence[Path], tokenizer: Any) -> list[Example]:
    """Read the rows of all files, and make more out of them."""
    found = claims(files, SEED)
    texts = [text for row in found for text in (row.claim, row.evidence)]
    tokens = (found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False))
    made = []
    for row in found:
        claim, evidence = next(tokens), next(tokens)
        made.append(Example(pair(claim, windows(claim, evidence, 1)[0]), row.supported, row.kind, row.held_out))
    return made


def batches(items: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Put examples of like length together, in random order."""
    shuffled = chance.sample(list(items), len(items))
    grouped: list[list[Example]] = [[]]
    for example in sorted(shuffled, key=lambda e: len(e.pair.ids) // 8):
        if (len(grouped[-1]) + 1) * (len(example.pair.ids) + 8) > TOKENS_A_BATCH:
            grouped.append([])
        grouped[-1].append(example)
    chance.shuffle(grouped)
    return grouped


def loss_of(model: Any, heads: Heads, batch: Sequence[Example]) -> torch.Tensor:
    """Return the mean of minus the logarithm of the probability given to what is right."""
    ids, mask, kinds, claim = collated([example.pair for example in batch])
    with autocast():
        states = model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
    right = torch.tensor([float(example.supported) for example in batch])
    return torch.nn.functional.binary_cross_entropy_with_logits(heads(states.float(), claim), right)


def figures(held: Sequence[Example], model: Any, heads: Heads) -> dict[str, float]:
    """Return how well support is told in labelled and in made claims: area under the curve, balanced accuracy, its best threshold."""
    from sklearn.metrics import roc_auc_score

    found = {}
    scores = 1 / (1 + np.exp(-logits([example.pair for example in held], BareBert.of(model), heads)))
    supported = np.array([example.supported for example in held])
    made = np.array([example.kind.startswith("made:") for example in held])
    for name, some in (("labelled", ~made), ("made", made)):
        score, right = scores[some], supported[some]
        balanced = [(((score >= at)[right]).mean() + ((score < at)[~right]).mean()) / 2 for at in np.arange(0.02, 1, 0.02)]
        found[f"{name} auc"] = round(float(roc_auc_score(right, score)), 4)
        found[f"{name} balanced at .5"] = round(float(balanced[24]), 4)
        found[f"{name} best"] = round(float(max(balanced)), 4)
        found[f"{name} best at"] = round(0.02 * (int(np.argmax(balanced)) + 1), 2)
    return found


class Run:
    """One training; what it has learnt is written every SCORE_EVERY steps and at the end."""

    def __init__(self, files: Sequence[Path], work: Path, output: Path, epochs: int, steps: int | None) -> None:
        """Read the rows, and the checkpoint where there is one."""
        work.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)
        self._output = output
        self._model, tokenizer = bundled_model()
        self._model.train()
        self._heads = Heads(self._model.config.hidden_size)
        found = examples(files, tokenizer)
        self._held = [example for example in found if example.held_out]
        self._learnt = [example for example in found if not example.held_out]
        self._order = [batch for epoch in range(epochs) for batch in batches(self._learnt, random.Random(SEED + epoch))]
        self._order = self._order[:steps]
        self._training = Training(self._model, self._heads, len(self._order), WARM_UP, work / "checkpoint.pt", SEED)
        if self._training.step:
            click.echo(f"going on from step {self._training.step:,}")
        else:  # what is stored is the difference from the bundled weights all the same
            load_difference(reader.WEIGHTS, dict(self._model.named_parameters()), reader.Heads(self._model.config.hidden_size))

    def go_on(self) -> None:
        """Train to the end."""
        training = self._training
        click.echo(f"{len(self._learnt):,} claims to learn from, {len(self._held):,} held out, {training.steps:,} steps")
        began, at, recent = time.monotonic(), training.step, 0.7
        for batch in self._order[training.step :]:
            recent = 0.98 * recent + 0.02 * training.learn(loss_of(self._model, self._heads, batch))
            if training.step % 50 == 0:
                left = (training.steps - training.step) * (time.monotonic() - began) / (training.step - at) / 60
                click.echo(f"step {training.step:,} of {training.steps:,}, loss {recent:.3f}, {left:.0f} min left")
            if training.step % SAVE_EVERY == 0:
                training.save()
            if training.step % SCORE_EVERY == 0 or training.step == training.steps:
                self._write()

    def _write(self) -> None:
        """Write the averaged weights, and score them as they are stored."""
        stored = Heads(self._model.config.hidden_size)
        model = self._training.put(self._output, stored)
        click.echo(f"step {self._training.step:,}: {json.dumps(figures(self._held, model, stored))}")


@click.command()
@click.option(
    "--train", "files", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, multiple=True, help="Labelled rows."
)
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where checkpoints are kept.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True, help="The weights to write.")
@click.option("--epochs", type=click.IntRange(1), default=1, show_default=True, help="How often the claims are gone through.")
@click.option("--steps", type=click.IntRange(1), default=None, help="At most so many steps.  [default: all]")
def main(files: tuple[Path, ...], work: Path, output: Path, epochs: int, steps: int | None) -> None:
    """Train the check of support, or go on with a training that was stopped."""
    Run(files, work, output, epochs, steps).go_on()


if __name__ == "__main__":
    main()
