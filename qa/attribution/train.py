"""Trains the tagger on articles whose attributions are marked, from the bundled encoder's weights.

    python -m qa.attribution.train --train train.jsonl --dev dev.jsonl --work FOLDER

Each line is an article with `text` and `attributions`, a list of {source, cue, content}, each a list of [start, end):
PolNeAR (Newell, Margolin and Ruths, LREC 2018) has that form. Two runs that differ in how much they hide start alike and
each keep the epoch that scores best on dev; the average of the two is written ("model soup": Wortsman et al., 2022,
arXiv 2203.05482), which scores better than either. Whatever was stopped goes on from its last checkpoint in FOLDER.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from qa.attribution.tagger import CONTENT, CUE, SOURCE, WEIGHTS, Heads, Ints, Tokens, attributions, tokenized
from qa.models.bert import BareBert
from qa.models.finetuned import bundled_model, load_difference, save_difference
from qa.models.processor import fastest_type
from qa.models.training import Training, autocast
from qa.types import Span

SEED = 7
BATCH = 8
WINDOW = 256  # tokens; more than the tagger reads at once, so that links over a distance are learnt
WARM_UP = 150  # steps
OVERLAP = 48  # tokens that a window shares with the one before
IGNORED = -100
SAVE_EVERY = 100  # steps
RUNS = ((8, 0.0), (5, 0.05))  # epochs, and the share of tokens that are hidden against learning the articles by heart
PATIENCE = 2  # epochs without a better score after which a run ends
OTHER_QUOTES, OTHER_NAMES = 0.2, 0.3  # shares of windows that are varied, so that the model learns the form and not who spoke in one year
_QUOTE_STYLES = ('""', "''", "«»", "‘’", "„“")
_FREQUENT = (
    "trump clinton sanders obama cruz rubio bush kasich carson christie biden donald hillary bernie barack ted marco republicans democrats"
    " republican democratic washington iowa hampshire gop romney pence kaine ryan"
)
_OTHERS = (
    "johnson starmer merkel macron modi putin lopez garcia rossi schmidt khan singh ali hassan cohen levy mandela castro morales silva"
    " tanaka chen park nguyen abbas hamas taliban unions workers teachers nurses miners greens liberals socialists communists labour"
    " conservatives trotsky lenin luxemburg jones murphy kelly o'brien bennett costa ivanov kowalski hansen berg dubois martin lambert"
    " amnesty greenpeace unesco unicef parliament senate ministry council tribunal brussels london berlin moscow tehran gaza kiev"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A text's tokens with, for each, its label, the token where its cue begins, and (for cues) where its source begins."""

    tokens: Tokens
    labels: Ints
    cue_at: Ints
    source_at: Ints


def examples(path: Path, tokenizer: Any) -> Iterator[tuple[dict[str, Any], Example]]:
    """Read marked articles; an attribution without a cue is left out."""
    for line in path.read_text("utf-8").splitlines():
        article = json.loads(line)
        tokens = tokenized(article["text"], tokenizer)
        yield article, _example(tokens, article["attributions"])


def _example(tokens: Tokens, marked: Sequence[Mapping[str, Any]]) -> Example:
    n = len(tokens.ids)
    labels, cue_at, source_at = np.zeros(n, np.int64), np.full(n, -1), np.full(n, -1)

    def inside(start: int, end: int) -> slice:
        return slice(int(np.searchsorted(tokens.ends, start, "right")), int(np.searchsorted(tokens.starts, end, "left")))

    for role, label in (("source", SOURCE), ("content", CONTENT), ("cue", CUE)):
        for attribution in marked:
            for start, end in attribution[role]:
                where = inside(start, end)
                if where.start < where.stop:
                    labels[where] = label + 1
                    labels[where.start] = label
    for attribution in marked:
        if not attribution["cue"]:
            continue
        cue = inside(*attribution["cue"][0])
        if cue.start >= cue.stop:
            continue
        source_at[cue.start] = inside(*attribution["source"][0]).start if attribution["source"] else n  # n: none is named
        for start, end in attribution["content"]:
            cue_at[inside(start, end)] = cue.start
    return Example(tokens, labels, cue_at, source_at)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step learns from: each of shape (b, n)."""

    ids: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    cue_at: torch.Tensor
    source_at: torch.Tensor


class Variation:
    """Puts other names and other quotation marks into a window, token for token, so that places stay what they are."""

    def __init__(self, tokenizer: Any, masked: float = 0.0) -> None:
        """Find the tokens in the vocabulary; `masked` is the share of tokens to hide."""
        self._masked = masked
        vocabulary = tokenizer.get_vocab()
        self._frequent = [vocabulary[word] for word in _FREQUENT.split() if word in vocabulary]
        self._others = [vocabulary[word] for word in _OTHERS.split() if word in vocabulary]
        self._mask = vocabulary["[MASK]"]
        self._open, self._close = vocabulary["“"], vocabulary["”"]
        self._styles = [
            (vocabulary[style[0]], vocabulary[style[1]]) for style in _QUOTE_STYLES if style[0] in vocabulary and style[1] in vocabulary
        ]

    def of(self, ids: Ints, chance: random.Random) -> Ints:
        """Return the tokens, varied."""
        ids = ids.copy()
        ids[np.random.default_rng(chance.getrandbits(32)).random(len(ids)) < self._masked] = self._mask
        if chance.random() < OTHER_QUOTES:
            first, last = chance.choice(self._styles)
            ids[ids == self._open], ids[ids == self._close] = first, last
        if chance.random() < OTHER_NAMES:
            for name in self._frequent:
                if (ids == name).any():
                    ids[ids == name] = chance.choice(self._others)
        return ids


def batches(found: Sequence[Example], chance: random.Random) -> list[list[tuple[Example, int, int]]]:
    """Cut the texts at new places each time and put windows of like length together, in random order."""
    size, windows = WINDOW - 2, []
    for example in found:
        n, first = len(example.tokens.ids), chance.randrange(-(size - OVERLAP), 1)
        while first < n:
            start, end = max(0, first), min(n, first + size)
            if end - start > 16:
                windows.append((example, start, end))
            if end == n:
                break
            first += size - OVERLAP
    chance.shuffle(windows)
    windows.sort(key=lambda w: (w[2] - w[1]) // 32)
    grouped = [windows[at : at + BATCH] for at in range(0, len(windows), BATCH)]
    chance.shuffle(grouped)
    return grouped


def collated(windows: Sequence[tuple[Example, int, int]], variation: Variation, chance: random.Random) -> Batch:
    """Make tensors of windows. What is linked to outside of the window is not learnt from."""
    width = max(end - start for _, start, end in windows) + 2
    ids, mask = torch.zeros(len(windows), width, dtype=torch.long), torch.zeros(len(windows), width, dtype=torch.long)
    labels, cue_at, source_at = (torch.full((len(windows), width), IGNORED) for _ in range(3))
    for row, (example, start, end) in enumerate(windows):
        n = end - start
        ids[row, 0], ids[row, n + 1] = 101, 102
        ids[row, 1 : n + 1] = torch.from_numpy(variation.of(example.tokens.ids[start:end], chance))
        mask[row, : n + 2] = 1
        labels[row, 1 : n + 1] = torch.from_numpy(example.labels[start:end])
        for target, values in ((cue_at, example.cue_at[start:end]), (source_at, example.source_at[start:end])):
            inside = (values >= start) & (values < end)
            moved = np.where(inside, values - start + 1, IGNORED)
            if target is source_at:
                moved = np.where(values == len(example.tokens.ids), 0, moved)
            target[row, 1 : n + 1] = torch.from_numpy(moved)
    return Batch(ids, mask, labels, cue_at, source_at)


def loss_of(model: Any, heads: Heads, batch: Batch) -> torch.Tensor:
    """Return the sum of the three losses: labels, content to cue, cue to source."""
    with autocast("cuda" if torch.cuda.is_available() else "cpu"):
        states = model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    states = torch.nn.functional.dropout(states.float(), 0.1)
    labels, to_cue, to_source = heads(states, batch.mask)
    entropy = torch.nn.functional.cross_entropy
    loss = entropy(labels.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED)
    for scores, target, weight in ((to_cue, batch.cue_at, 0.3), (to_source, batch.source_at, 0.15)):
        if (target != IGNORED).any():
            loss = loss + weight * entropy(scores.flatten(0, 1), target.flatten(), ignore_index=IGNORED)
    return loss


def scores(gold: Sequence[Mapping[str, Any]], model: Any, heads: Heads, tokenizer: Any) -> dict[str, float]:
    """Return F1 of the characters of each role, and of whole attributions: contents that overlap by half, with the right source."""
    hit: Counter[str] = Counter()
    of: Counter[str] = Counter()
    found = attributions([article["text"] for article in gold], BareBert.of(model), heads, tokenizer)
    for article, predicted in zip(gold, found, strict=True):
        marked = article["attributions"]
        for role in ("source", "cue", "content"):
            ours = {i for item in predicted for span in _parts(item, role) for i in range(span.start, span.end)}
            theirs = {i for item in marked for start, end in item[role] for i in range(start, end)}
            hit[role] += len(ours & theirs)
            of[role] += len(ours) + len(theirs)
        left = [item for item in predicted if item.source]
        whole = [item for item in marked if item["source"] and item["content"]]
        of["attribution"] += len(left) + len(whole)
        for item in whole:
            content = {i for start, end in item["content"] for i in range(start, end)}
            match = next((other for other in left if _iou(content, other.content) >= 0.5), None)
            if match and match.source:
                left.remove(match)
                hit["attribution"] += any(match.source.overlaps(Span(*span)) for span in item["source"])
    return {name: round(2 * hit[name] / max(1, of[name]), 4) for name in of}


def _parts(item: Any, role: str) -> tuple[Span, ...]:
    value = getattr(item, role)
    return () if value is None else value if isinstance(value, tuple) else (value,)


def _iou(content: set[int], spans: Sequence[Span]) -> float:
    other = {i for span in spans for i in range(span.start, span.end)}
    return len(content & other) / max(1, len(content | other))


@click.command()
@click.option("--train", "train_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="Marked articles.")
@click.option(
    "--dev", "dev_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="Others, to choose by."
)
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where checkpoints are kept.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True, help="The weights to write.")
def main(train_file: Path, dev_file: Path, work: Path, output: Path) -> None:
    """Train the tagger, or go on with a training that was stopped."""
    found = []
    for number, (epochs, masked) in enumerate(RUNS, 1):
        click.echo(f"run {number} of {len(RUNS)}")
        run = Run(work / str(number), epochs, masked, train_file, dev_file)
        run.go_on()
        found.append(run.best_file)
    average = _average(found)
    output.parent.mkdir(parents=True, exist_ok=True)
    _store(output, *average)
    model, tokenizer = bundled_model()
    click.echo(f"average: {json.dumps(_stored_scores(output, _gold(dev_file), model, tokenizer))}")


class Run:
    """One training from the bundled weights; keeps the epoch that scores best in `best_file`."""

    def __init__(self, work: Path, epochs: int, masked: float, train_file: Path, dev_file: Path) -> None:
        """Read the articles, and the checkpoint where there is one."""
        work.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)  # every run starts with the same heads, or their average would mean nothing
        self.best_file = work / "best.safetensors"
        self._model, self._tokenizer = bundled_model()
        self._heads = Heads(self._model.config.hidden_size)
        self._learnt = [example for _, example in examples(train_file, self._tokenizer)]
        self._gold = _gold(dev_file)
        self._variation = Variation(self._tokenizer, masked)
        self._steps_an_epoch = len(batches(self._learnt, random.Random(SEED)))
        self._training = Training(self._model, self._heads, epochs * self._steps_an_epoch, WARM_UP, work / "checkpoint.pt", SEED)
        if self._training.step:
            click.echo(f"going on from step {self._training.step:,}")

    def go_on(self) -> None:
        """Train to the end, or until PATIENCE epochs have brought nothing better."""
        training = self._training
        began, at = time.monotonic(), training.step
        while training.step < training.steps and training.notes.get("since_best", 0) < PATIENCE:
            epoch = training.step // self._steps_an_epoch
            chance = random.Random(SEED + epoch)
            order = batches(self._learnt, chance)
            order = [order[number % len(order)] for number in range(self._steps_an_epoch)]
            for windows in order[training.step % self._steps_an_epoch :]:
                loss = self._learn(collated(windows, self._variation, chance))
                if training.step % 50 == 0:
                    left = (training.steps - training.step) * (time.monotonic() - began) / (training.step - at) / 60
                    click.echo(f"step {training.step:,} of {training.steps:,}, loss {loss:.3f}, {left:.0f} min left")
                if training.step % SAVE_EVERY == 0 and training.step % self._steps_an_epoch:
                    training.save()
            self._keep_if_best(epoch + 1)
            training.save()

    def _learn(self, batch: Batch) -> float:
        return self._training.learn(loss_of(self._model, self._heads, batch))

    def _keep_if_best(self, epoch: int) -> None:
        """Score the averaged weights as they will be stored, and keep them where they are the best so far."""
        candidate = self.best_file.with_suffix(".new")
        self._training.write(candidate)
        figures = _stored_scores(candidate, self._gold, bundled_model()[0], self._tokenizer)
        click.echo(f"epoch {epoch}: {json.dumps(figures)}")
        total = figures["attribution"] + (figures["source"] + figures["cue"] + figures["content"]) / 3
        notes = self._training.notes
        notes["since_best"] = notes.get("since_best", 0) + 1
        if total > notes.get("best", -1.0):
            notes["best"], notes["since_best"] = total, 0
            candidate.replace(self.best_file)
        candidate.unlink(missing_ok=True)


def _gold(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _stored_scores(file: Path, gold: Sequence[Mapping[str, Any]], model: Any, tokenizer: Any) -> dict[str, float]:
    heads = Heads(model.config.hidden_size)
    load_difference(file, dict(model.named_parameters()), heads)
    return scores(gold, model.eval().to(fastest_type()), heads.eval(), tokenizer)


def _average(files: Sequence[Path]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the mean of several stored models: the encoder's weights and the heads'."""
    models, all_heads = [], []
    for file in files:
        model, _ = bundled_model()
        heads = Heads(model.config.hidden_size)
        load_difference(file, dict(model.named_parameters()), heads)
        models.append(dict(model.named_parameters()))
        all_heads.append(heads.state_dict())
    return _mean(models), _mean(all_heads)


def _mean(parts: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([part[name].detach() for part in parts]).mean(0) for name in parts[0]}


def _store(output: Path, weights: Mapping[str, torch.Tensor], heads: Mapping[str, torch.Tensor]) -> None:
    base = dict(bundled_model()[0].named_parameters())
    save_difference(output, weights, base, heads, {"format": "pt"})


if __name__ == "__main__":
    main()
