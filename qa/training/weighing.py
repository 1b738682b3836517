"""Fits the two small nets that order candidates: by what search measures, and by that with the cross-encoder's odds.

    python -m qa.training.weighing --folder FOLDER --name B1 --name B2 ... --output weighing.safetensors

FOLDER has `questions/NAME.jsonl` and `indexes/NAME`. The questions may not be ones that the parser or the cross-encoder were
trained on, or their answers there would be worth too much. Listwise softmax with "none of them" at a score of 0; several nets
from different seeds are averaged. Figures are by cross-validation over corpora.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch

from qa.library import load_encoder
from qa.models.encoder import Vectors
from qa.query.understanding import understand
from qa.retrieval.corpus import Corpus
from qa.retrieval.features import features
from qa.retrieval.ranker import odds_features, pick, read_of, wording_of
from qa.retrieval.search import find
from qa.retrieval.weighing import WEIGHTS, Net, load_nets, save_nets
from qa.training.candidates import QUIET, is_right
from qa.training.rows import QuestionRow, read_questions
from qa.types import Question

UNITS = 16  # of each hidden layer
NETS = 3  # that are averaged
STEPS = 300
QUESTIONS_A_STEP, CANDIDATES = 128, 64  # questions that a step sees, and candidates of each at most
RATE, DECAY = 5e-3, 0.02
SPREAD = 1e-3  # of a feature that has to vary to be weighed
READ = 16  # candidates that are read while fitting


@dataclass(frozen=True, slots=True)
class Example:
    """One question: features (n, FEATURES) of its candidates, which are right, and with `picked` those read, their odds."""

    corpus: str
    id: str
    kind: str
    rows: Vectors
    right: np.ndarray
    groups: tuple[str, ...]
    picked: np.ndarray
    odds: Vectors
    answerable: bool


def example(row: QuestionRow, corpus: Corpus, first: Net | None) -> Example:
    """Return a labelled question as both nets see it."""
    query = understand(Question(row.question, row.history), corpus)
    pool = find(wording_of(query), query.publishers, corpus, None)
    rows = features(pool, query)
    right = np.array([is_right(candidate.text, row.quotes) for candidate in pool.candidates], bool)
    groups = tuple(pool.article(at).group or "" for at in range(len(pool.candidates)))
    order = pick(pool, rows, query, first, READ)
    odds = corpus.reader.score(query.read, [read_of(pool, at) for at in order])
    return Example(row.corpus, row.id, row.kind, rows, right, groups, np.array(order), odds, bool(row.quotes))


def fit(examples: Sequence[tuple[Vectors, np.ndarray, bool]], seed: int, steps: int = STEPS) -> Net:
    """Fit a net to questions, each with its candidates' features (n, f), which are right, and whether any sentence answers.

    A question whose answer isn't among its candidates teaches nothing.
    """
    kept = [(rows, right) for rows, right, answerable in examples if right.any() or not answerable]
    chance = np.random.default_rng(seed)
    kept = [_some(rows, right, chance) for rows, right in kept]
    everything = np.concatenate([rows for rows, _ in kept])
    mean, spread = everything.mean(0), everything.std(0)
    scale = np.where(spread < SPREAD, 1e6, spread)  # what never varied tells nothing, whatever it is later
    longest = max(len(rows) for rows, _ in kept)
    z = torch.zeros(len(kept), longest, everything.shape[1])
    there, gold = (torch.zeros(len(kept), longest, dtype=torch.bool) for _ in range(2))
    for at, (rows, right) in enumerate(kept):
        z[at, : len(rows)] = torch.from_numpy(np.clip((rows - mean) / scale, -4, 4))
        there[at, : len(rows)], gold[at, : len(rows)] = True, torch.from_numpy(right)
    torch.manual_seed(seed)
    linear = torch.zeros(z.shape[2], requires_grad=True)
    hidden = (torch.randn(UNITS, z.shape[2]) * 0.1).requires_grad_()
    shift, out = torch.zeros(UNITS, requires_grad=True), (torch.randn(UNITS) * 0.1).requires_grad_()
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.AdamW([linear, hidden, shift, out, bias], lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    low = torch.finfo(torch.float32).min
    for _ in range(steps):
        some = torch.from_numpy(chance.integers(0, len(kept), min(QUESTIONS_A_STEP, len(kept))))
        x, t, g = z[some], there[some], gold[some]
        scores = (x @ linear + torch.tanh(x @ hidden.T + shift) @ out + bias).masked_fill(~t, low)
        wrong = torch.cat([scores.new_zeros(len(some), 1), scores.masked_fill(g, low)], 1).logsumexp(1)
        of_right = torch.logaddexp(scores, wrong[:, None]) - scores
        has = g.any(1)
        loss = torch.where(has, (of_right * g).sum(1) / g.sum(1).clamp_min(1), wrong).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    parts = [part.detach().numpy() for part in (linear, hidden, shift, out, bias)]
    return Net(mean.astype(np.float32), scale.astype(np.float32), *parts)


def _some(rows: Vectors, right: np.ndarray, chance: np.random.Generator) -> tuple[Vectors, np.ndarray]:
    """Return what is right and, by chance, as many others as make CANDIDATES."""
    others = np.flatnonzero(~right)
    picked = np.concatenate([np.flatnonzero(right), chance.permutation(others)])[:CANDIDATES]
    return rows[picked], right[picked]


def average(nets: Sequence[Net]) -> Net:
    """Return one net that scores as the mean of nets with the same mean and scale."""

    def mean(parts: Sequence[Vectors]) -> Vectors:
        return np.asarray(np.mean(parts, 0), np.float32)

    return Net(
        nets[0].mean, nets[0].scale, mean([net.linear for net in nets]), np.concatenate([net.hidden for net in nets]),
        np.concatenate([net.shift for net in nets]), np.concatenate([net.out for net in nets]) / np.float32(len(nets)),
        mean([net.bias for net in nets]),
    )  # fmt: skip


def fit_both(examples: Sequence[Example]) -> tuple[Net, Net]:
    """Fit the net of all candidates, and that of those that are read."""
    whole = average([fit([(one.rows, one.right, one.answerable) for one in examples], seed) for seed in range(NETS)])
    read = [(read_rows(one), one.right[one.picked], one.answerable) for one in examples]
    return whole, average([fit(read, seed) for seed in range(NETS)])


def read_rows(one: Example) -> Vectors:
    """Return the features of the candidates that were read, shape (read, FEATURES + ODDS)."""
    return odds_features(one.rows[one.picked], one.odds)


def figures(examples: Sequence[Example], whole: Net, read: Net, most: int) -> dict[str, float]:
    """Return how often the right sentence is first, among three and among those read, and its group is first."""
    from sklearn.metrics import roc_auc_score

    first, third, group, there, best, can = [], [], [], [], [], []
    for one in examples:
        stage = whole.score(one.rows[one.picked])
        keep = np.argsort(-stage, kind="stable")[:most]
        rows = odds_features(one.rows[one.picked[keep]], one.odds[keep])
        scores = read.score(rows)
        order = keep[np.argsort(-scores, kind="stable")]
        best.append(float(scores.max(initial=-9)))
        can.append(one.answerable)
        if one.answerable:
            right = one.right[one.picked[order]]
            homes = {one.groups[at] for at in np.flatnonzero(one.right)}
            first.append(bool(right[:1].any()))
            third.append(bool(right[:3].any()))
            there.append(bool(right.any()))
            group.append(bool(len(order)) and one.groups[one.picked[order[0]]] in homes)
    return {name: round(float(np.mean(v)), 4) for name, v in (("first", first), ("top3", third), ("group", group), ("read", there))} | {
        "auc": round(float(roc_auc_score(can, best)), 4), "n": len(examples),
    }  # fmt: skip


def gather(folder: Path, names: Sequence[str], first: Net | None) -> list[Example]:
    """Return the examples of these corpora; what is read is picked by `first`, or for None by the plain order."""
    found: list[Example] = []
    encoder = load_encoder()
    for name in names:
        corpus = Corpus.open(folder / "indexes" / name, encoder)
        rows = [row for row in read_questions([folder / "questions" / f"{name}.jsonl"]) if row.kind not in QUIET]
        found += [example(row, corpus, first) for row in rows]
        click.echo(f"{name}: {len(found)} questions so far")
    return found


@click.command()
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--name", "names", multiple=True, required=True, help="A corpus to fit on.")
@click.option("--held", multiple=True, help="A corpus to score on.")
@click.option(
    "--start", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Nets of an earlier fit that pick what is read."
)
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="Where what was gathered is kept for fits after it.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True)
def main(names: tuple[str, ...], held: tuple[str, ...], folder: Path, start: Path | None, keep: Path | None, output: Path) -> None:
    """Fit both nets."""
    if keep and keep.is_file():
        examples, scored = pickle.loads(keep.read_bytes())
    else:
        first = load_nets(start)["search"] if start else None
        examples, scored = gather(folder, names, first), gather(folder, held, first)
        if keep:
            keep.write_bytes(pickle.dumps((examples, scored)))
    for name in names:
        inside = [one for one in examples if one.corpus == name]
        click.echo(f"{name} by the others: {json.dumps(figures(inside, *fit_both([o for o in examples if o.corpus != name]), 12))}")
    whole, read = fit_both(examples)
    save_nets(output, {"search": whole, "read": read})
    if scored:
        click.echo(f"held: {json.dumps(figures(scored, whole, read, 12))}")


if __name__ == "__main__":
    main()
