"""Decides whether anything answers: one calibrated probability, fitted by `qa.training.answerability`. Below its threshold is silence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from qa.errors import ModelError
from qa.index.lexical import content_words
from qa.retrieval.corpus import Corpus
from qa.retrieval.features import FEATURES, WANTS
from qa.retrieval.ranker import Ranked
from qa.types import INTENTS, Query

WEIGHTS = Path(__file__).parent / "weights" / "answerability.json"
EVIDENCE = (
    "score", "second", "all", "odds", "best_odds", "cosine_topic", "share_topic", "share_near", "share_passage", "share_title",
    "asked", "asked_elsewhere", "nobody_asked", "asked_unknown", "unheard_of", "rarest_absent", "speaker_asked",
    *(f"wants_{name}" for name in WANTS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logistic regression: 1 / (1 + exp(-(bias + weights . (evidence - mean) / scale))), and the probability that is enough."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    enough: float

    def probability(self, evidence: Sequence[float]) -> float:
        """Return how likely it is, from the evidence in the order in which it was fitted."""
        parts = zip(evidence, self.mean, self.scale, self.weights, strict=True)
        total = self.bias + sum(weight * (value - mean) / scale for value, mean, scale, weight in parts)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@cache
def load_decisions(path: Path = WEIGHTS) -> Mapping[str, Logistic]:
    """Return "answer" (does anything?), "beside" (does a further sentence, too?) and "group" (does a further group?).

    Raises ModelError where they can't be read.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
        return {
            name: Logistic(tuple(one["mean"]), tuple(one["scale"]), tuple(one["weights"]), one["bias"], one["enough"])
            for name, one in stored.items()
        }
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: the fitted decision can't be read ({error}); install whosaid again") from error


def evidence(ranked: Sequence[Ranked], query: Query, corpus: Corpus) -> list[float]:
    """Return what speaks for and against the best candidate answering, in the order of EVIDENCE; there has to be one."""
    scores = np.array([one.score for one in ranked])
    best = ranked[0]
    known = _feature(best)
    words = content_words(query.topic or query.text)
    near = {*content_words(f"{best.candidate.before} {best.candidate.text} {best.candidate.after} {best.article.title or ''}")}
    absent = [corpus.index.rarity(word) for word in words if word not in near]
    unheard = [word for word in words if not corpus.index.knows(word)]
    asked = max(known["asked_publisher"], known["asked_speaker"], known["asked_author"])
    return [
        best.score,
        float(np.sort(scores)[-2]) if len(scores) > 1 else -8.0,
        float(np.logaddexp.reduce(scores)),
        best.odds,
        max(one.odds for one in ranked),
        *(known[name] for name in ("cosine_topic", "share_topic", "share_near", "share_passage", "share_title")),
        asked,
        known["asked_other"],
        known["asked_nobody"],
        float(bool(query.unknown)),
        len(unheard) / max(len(words), 1),
        max(absent, default=0.0) / 8,
        known["asked_speaker"],
        *(query.intents[INTENTS.index(name)] for name in WANTS),
    ]


def beside_evidence(one: Ranked, best: Ranked, query: Query) -> list[float]:
    """Return what speaks for a further candidate answering too."""
    known = _feature(one)
    return [
        one.score, one.score - best.score, one.odds, known["cosine_topic"], known["share_topic"], known["share_near"],
        max(known["asked_publisher"], known["asked_speaker"], known["asked_author"]), known["asked_other"],
        *(query.intents[INTENTS.index(name)] for name in WANTS),
    ]  # fmt: skip


def answers(ranked: Sequence[Ranked], query: Query, corpus: Corpus) -> bool:
    """Tell whether the best candidate answers. What no word of the topic is known of is not answered."""
    decision = load_decisions()["answer"]
    words = content_words(query.topic)
    if words and not any(corpus.index.knows(word) for word in words):
        return False
    return bool(ranked) and decision.probability(evidence(ranked, query, corpus)) >= decision.enough


def answers_too(one: Ranked, best: Ranked, query: Query, decision_of: Literal["beside", "group"] = "beside") -> bool:
    """Tell whether a further candidate answers beside the best, or as the best of a further group."""
    decision = load_decisions()[decision_of]
    return decision.probability(beside_evidence(one, best, query)) >= decision.enough


def _feature(one: Ranked) -> dict[str, float]:
    return dict(zip(FEATURES, one.features.tolist(), strict=True))
