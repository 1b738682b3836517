"""Fits the decisions about answering: does anything answer, does a further sentence too, and does a further group.

    python -m qa.training.answerability --folder FOLDER --name B1 --name B2 ... --output answerability.json

FOLDER has `questions/NAME.jsonl` and `indexes/NAME`; the questions may not be ones that the parser or the cross-encoder learnt
from. Logistic regression; each threshold is the one that does best on predictions made by cross-validation over articles: the
best balance of speaking and silence for the first decision, the best F1 for the others. Writes how well these predictions do,
how reliable they are, and what each threshold would trade.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from qa.answering.answer import once, scope_of
from qa.answering.answerability import WEIGHTS, Logistic, beside_evidence, evidence
from qa.library import load_encoder
from qa.query.understanding import understand
from qa.retrieval.corpus import Corpus
from qa.retrieval.ranker import OF_MANY, has_many_answers, rank
from qa.training.candidates import QUIET, is_right
from qa.training.rows import QuestionRow, read_questions
from qa.types import Question

FOLDS = 5
STRENGTH = 0.3  # C of scikit-learn: the inverse of how strongly weights are held near 0
SPEAKING = 1.5  # how much a wrong silence counts against a wrong answer: who is met with silence has nothing to judge by
BINS = 10  # of the reliability diagram


@dataclass(frozen=True, slots=True)
class Case:
    """One decision: what speaks for it, whether it is right, and the article by which folds are made."""

    evidence: tuple[float, ...]
    right: bool
    fold: str


def cases(row: QuestionRow, corpus: Corpus) -> dict[str, list[Case]]:
    """Return the cases that a labelled question gives for each decision."""
    query = understand(Question(row.question, row.history), corpus)
    ranked = once(rank(query, corpus, scope_of(query, corpus))[0], corpus)
    found: dict[str, list[Case]] = {"answer": [], "beside": [], "group": []}
    if not ranked:
        return found
    right = [is_right(one.candidate.text, row.quotes) for one in ranked]
    home = next((one.article.id for one, ok in zip(ranked, right, strict=True) if ok), ranked[0].article.id)
    fold = f"{row.corpus}:{home}"
    found["answer"].append(Case(tuple(evidence(ranked, query, corpus)), bool(row.quotes), fold))
    if not row.quotes:
        return found
    for one, ok in zip(ranked[1:], right[1:], strict=True):
        found["beside"].append(Case(tuple(beside_evidence(one, ranked[0], query)), ok, fold))
    if row.kind in OF_MANY and has_many_answers(query):
        seen = {ranked[0].article.group}
        for one in ranked[1:]:
            if one.article.group not in seen:
                seen.add(one.article.group)
                found["group"].append(Case(tuple(beside_evidence(one, ranked[0], query)), one.article.group in row.groups, fold))
    return found


def fit(listed: Sequence[Case]) -> Logistic:
    """Fit one decision, its threshold not yet set."""
    from sklearn.linear_model import LogisticRegression

    x, y = np.array([case.evidence for case in listed]), np.array([case.right for case in listed])
    mean, scale = x.mean(0), x.std(0) + 1e-3
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit((x - mean) / scale, y)
    parts = (tuple(round(float(v), 5) for v in part) for part in (mean, scale, model.coef_[0]))
    return Logistic(*parts, bias=round(float(model.intercept_[0]), 5), enough=0.5)


def predict_by_folds(listed: Sequence[Case]) -> np.ndarray:
    """Return each case's probability by a fit to the folds that it isn't in; cases of one article are in one fold."""
    from sklearn.model_selection import GroupKFold

    found = np.zeros(len(listed))
    groups = [case.fold for case in listed]
    for known, held in GroupKFold(FOLDS, shuffle=True, random_state=7).split(listed, groups=groups):
        model = fit([listed[at] for at in known])
        found[held] = [model.probability(listed[at].evidence) for at in held]
    return found


def best_threshold(chances: np.ndarray, right: np.ndarray, *, balanced: bool, group: bool = False) -> tuple[float, dict[str, float]]:
    """Return the threshold with the best balance of speaking and silence, or else the best F measure, and its figures.

    A further sentence that is missed counts twice as much as one that is too many, which costs a glance; further groups count alike.
    """
    best, told = -1.0, (0.5, {})
    for at in np.unique(np.round(chances, 3)):
        yes = chances >= at
        hit = (yes & right).sum()
        recall, silent = hit / max(right.sum(), 1), (~yes & ~right).sum() / max((~right).sum(), 1)
        precision = hit / max(yes.sum(), 1)
        score = (SPEAKING * recall + silent) / (SPEAKING + 1) if balanced else _f(precision, recall, 1.0 if group else 2.0)
        if score > best:
            best, told = score, (float(at), {"recall": round(recall, 4), "silent": round(silent, 4), "precision": round(precision, 4)})
    return told


def _f(precision: float, recall: float, beta: float) -> float:
    """Return the F measure, in which recall counts `beta` times as much as precision (van Rijsbergen, 1979)."""
    return (1 + beta**2) * precision * recall / max(beta**2 * precision + recall, 1e-9)


def reliability(chances: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    """Return for each tenth of predicted probability: its mean, the share that is right, and how many there are."""
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    return [
        (round(float(chances[bins == at].mean()), 3), round(float(right[bins == at].mean()), 3), int((bins == at).sum()))
        for at in range(BINS)
        if (bins == at).any()
    ]


def trade_off(chances: np.ndarray, right: np.ndarray) -> list[tuple[float, float, float]]:
    """Return thresholds with the shares answered of what can be and silent of what can't."""
    return [
        (at, round(float((chances >= at)[right].mean()), 3), round(float((chances < at)[~right].mean()), 3))
        for at in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    ]


@click.command()
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--name", "names", multiple=True, required=True, help="A corpus to fit on.")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="Where what was gathered is kept for fits after it.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True)
def main(names: tuple[str, ...], folder: Path, keep: Path | None, output: Path) -> None:
    """Fit every decision, and tell how well each does."""
    if keep and keep.is_file():
        rows = json.loads(keep.read_text("utf-8"))
        gathered = {decision: [Case(tuple(one[0]), *one[1:]) for one in some] for decision, some in rows.items()}
    else:
        gathered = gather(folder, names)
        if keep:
            keep.write_text(json.dumps({decision: [astuple(one) for one in some] for decision, some in gathered.items()}), "utf-8")
    stored: dict[str, Any] = {}
    for decision, some in gathered.items():
        chances, right = predict_by_folds(some), np.array([case.right for case in some])
        enough, told = best_threshold(chances, right, balanced=decision == "answer", group=decision == "group")
        click.echo(f"{decision}: {len(some)} cases, threshold {enough}, {json.dumps(told)}")
        if decision == "answer":
            click.echo(f"  reliability (predicted, true, cases): {reliability(chances, right)}")
            click.echo(f"  trade-off (threshold, answered, silent): {trade_off(chances, right)}")
        stored[decision] = asdict(fit(some)) | {"enough": enough}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def gather(folder: Path, names: Sequence[str]) -> dict[str, list[Case]]:
    """Return the cases of these corpora for each decision."""
    gathered: dict[str, list[Case]] = {"answer": [], "beside": [], "group": []}
    encoder = load_encoder()
    for name in names:
        corpus = Corpus.open(folder / "indexes" / name, encoder)
        for row in read_questions([folder / "questions" / f"{name}.jsonl"]):
            if row.kind not in (*QUIET, "summary"):
                for decision, some in cases(row, corpus).items():
                    gathered[decision] += some
    return gathered


if __name__ == "__main__":
    main()
