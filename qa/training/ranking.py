"""Trains the ranker's cross-encoder on labelled questions, from the weights of a reader of passages.

    python -m qa.training.ranking --train A.lists.jsonl ... --held B.lists.jsonl --start FILE --work FOLDER

Each line (written by `qa.training.candidates`) is a question with candidates, of which some answer. A step sees a few questions,
each with answers and with sentences that tempt: those labelled as near, those that rank high, others. The loss is the negative
logarithm of each answer's chance among the wrong ones and "none of them" (listwise softmax), and of each sentence's own chance.
Whatever was stopped goes on from its last checkpoint in FOLDER.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from qa.models.bert import BareBert
from qa.models.finetuned import bundled_model
from qa.models.training import Training, autocast
from qa.retrieval.cross_encoder import WEIGHTS, RankerHeads, ReadRow, collate, token_rows
from qa.retrieval.scoring import Read

SEED = 7
EPOCHS = 2
QUESTIONS_A_STEP = 5
RIGHT, NEAR, HIGH, OTHER = 2, 1, 4, 1  # candidates of each sort that a question is shown with
HIGH_AMONG = 16  # the first so many of the plain order count as high
RATE, HEAD_RATE = 8e-5, 3e-4
FROZEN = 2  # of the encoder's six layers, which stay as they are: a third of the time is saved
EACH = 0.5  # weight of each sentence's own cross-entropy beside the listwise loss
WARM_UP = 60  # steps
SAVE_EVERY = 100  # steps


@dataclass(frozen=True, slots=True)
class Ranking:
    """A question with candidates in the plain order; `right` and `near` are places among them."""

    question: str
    kind: str
    candidates: tuple[Read, ...]
    right: tuple[int, ...]
    near: tuple[int, ...]


def read_rankings(files: Sequence[Path]) -> list[Ranking]:
    """Read what `qa.training.candidates` has written."""
    found = []
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            candidates = tuple(Read(*one) for one in row["candidates"])
            found.append(Ranking(row["question"], row["kind"], candidates, tuple(row["right"]), tuple(row["near"])))
    return found


def shown(ranking: Ranking, chance: random.Random) -> tuple[list[int], int]:
    """Return which candidates one step shows, the right ones first, and how many of these there are."""
    right = chance.sample(ranking.right, min(RIGHT, len(ranking.right)))
    wrong = [at for at in range(len(ranking.candidates)) if at not in ranking.right]
    near = [at for at in ranking.near if at in wrong]
    picked = chance.sample(near, min(NEAR, len(near)))
    high = [at for at in wrong if at < HIGH_AMONG and at not in picked]
    picked += chance.sample(high, min(HIGH + NEAR - len(picked) + (0 if right else 2), len(high)))
    rest = [at for at in wrong if at >= HIGH_AMONG and at not in picked]
    return [*right, *picked, *chance.sample(rest, min(OTHER, len(rest)))], len(right)


def loss_of(model: Any, heads: RankerHeads, batch: Sequence[tuple[list[ReadRow], int]]) -> torch.Tensor:
    """Return the mean loss of questions, each with its rows (the right ones first) and how many are right."""
    rows = [row for listed, _ in batch for row in listed]
    ids, mask, kinds, inside = collate(rows)
    with autocast():
        states = model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
    odds = heads(states.float(), inside)
    losses, at = [], 0
    for listed, right in batch:
        mine, at = odds[at : at + len(listed)], at + len(listed)
        wrong = torch.cat([mine.new_zeros(1), mine[right:]])  # 0: none of them
        rest = wrong.logsumexp(0)
        of_list = (torch.logaddexp(mine[:right], rest) - mine[:right]).mean() if right else rest
        label = (torch.arange(len(listed)) < right).float()
        losses.append(of_list + EACH * torch.nn.functional.binary_cross_entropy_with_logits(mine, label))
    return torch.stack(losses).mean()


def figures(held: Sequence[Ranking], model: Any, heads: RankerHeads, tokenizer: Any, most: int = 24) -> dict[str, float]:
    """Return how often the first of the best `most` candidates is right, one of three is, and how well the best odds tell silence."""
    from sklearn.metrics import roc_auc_score

    bare = BareBert.of(model)
    first, third, best, answered = [], [], [], []
    for ranking in held:
        rows = token_rows(ranking.question, ranking.candidates[:most], tokenizer)
        ids, mask, kinds, inside = collate(rows)
        with torch.inference_mode():
            odds = heads(bare(ids, mask, kinds).float(), inside).numpy()
        order = np.argsort(-odds)
        best.append(float(odds.max()))
        answered.append(bool(ranking.right))
        if ranking.right:
            first.append(order[0] in ranking.right)
            third.append(bool({*order[:3].tolist()} & {*ranking.right}))
    told = {"first": round(float(np.mean(first)), 4), "top3": round(float(np.mean(third)), 4)}
    return told | ({"auc": round(float(roc_auc_score(answered, best)), 4)} if len(set(answered)) > 1 else {})


class Run:
    """One training; what it has learnt is written at the end of each epoch."""

    def __init__(self, files: Sequence[Path], held: Sequence[Path], start: Path | None, work: Path, output: Path, epochs: float) -> None:
        """Read the rows, and the checkpoint where there is one."""
        work.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)
        self._output = output
        self._model, self._tokenizer = bundled_model()
        self._model.train()
        self._model.encoder.layer[:FROZEN].requires_grad_(requires_grad=False)
        self._heads = RankerHeads(self._model.config.hidden_size)
        self._learnt, self._held = [r for r in read_rankings(files) if r.candidates], read_rankings(held)
        self._steps_an_epoch = -(-len(self._learnt) // QUESTIONS_A_STEP)
        steps = round(epochs * self._steps_an_epoch)
        self._training = Training(
            self._model, self._heads, steps, WARM_UP, work / "checkpoint.pt", SEED, start=start, rates=(RATE, HEAD_RATE)
        )

    def _epoch(self, number: int) -> Iterator[list[tuple[list[ReadRow], int]]]:
        chance = random.Random(SEED + number)
        order = chance.sample(self._learnt, len(self._learnt))
        for at in range(0, len(order), QUESTIONS_A_STEP):
            batch = []
            for ranking in order[at : at + QUESTIONS_A_STEP]:
                picked, right = shown(ranking, chance)
                batch.append((token_rows(ranking.question, [ranking.candidates[n] for n in picked], self._tokenizer), right))
            yield batch

    def go_on(self) -> None:
        """Train to the end."""
        training, began, recent = self._training, time.monotonic(), 0.0
        at = training.step
        click.echo(f"{len(self._learnt):,} questions to learn from, {len(self._held):,} held out, {training.steps:,} steps")
        while training.step < training.steps:
            epoch, done = divmod(training.step, self._steps_an_epoch)
            for number, batch in enumerate(self._epoch(epoch)):
                if number < done or training.step == training.steps:
                    continue
                recent = 0.98 * recent + 0.02 * training.learn(loss_of(self._model, self._heads, batch))
                if training.step % SAVE_EVERY == 0:
                    training.save()
                    left = (training.steps - training.step) * (time.monotonic() - began) / (training.step - at) / 60
                    click.echo(f"step {training.step:,} of {training.steps:,}, loss {recent:.3f}, {left:.0f} min left")
            stored = RankerHeads(self._model.config.hidden_size)
            model = training.put(self._output, stored)
            click.echo(f"epoch {epoch + 1}: {json.dumps(figures(self._held, model, stored, self._tokenizer))}")


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--train", "files", type=_FILE, required=True, multiple=True, help="Questions with candidates.")
@click.option("--held", type=_FILE, required=True, multiple=True, help="The same, to score on.")
@click.option("--start", type=_FILE, help="Weights to start from; the bundled encoder's for none.")
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where checkpoints are kept.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True, help="The weights to write.")
@click.option("--epochs", type=float, default=EPOCHS, show_default=True)
def main(files: tuple[Path, ...], held: tuple[Path, ...], start: Path | None, work: Path, output: Path, epochs: float) -> None:
    """Train the cross-encoder, or go on with a training that was stopped."""
    Run(files, held, start, work, output, epochs).go_on()


if __name__ == "__main__":
    main()
