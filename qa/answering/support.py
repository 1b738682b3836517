"""Tells whether evidence supports a claim: a sentence that a language model wrote, beside quotes or passages of articles.

A small trained model reads both together. It looks at the pair as a whole, and at each word of the claim for what the
evidence doesn't say: one doubtful word is enough, for half a claim that nobody said is a claim that nobody said. To its
logit comes the share of the claim's words that the evidence has. Evidence that is longer than the model reads is cut into
overlapping windows, of which the best one counts. This module knows neither who speaks nor who asked.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from qa.answering.words import words_of
from qa.errors import ModelError
from qa.index.lexical import STOP_WORDS
from qa.models.bert import BareBert
from qa.models.finetuned import trained_model

WEIGHTS = Path(__file__).parent / "weights" / "support.safetensors"
SUPPORTED = 0.5  # least probability at which a claim counts as supported; .65 catches more altered claims (model card)
# What is added to the model's logit: SHARED times the share of the claim's words that the evidence has, and an offset that
# puts the threshold at SUPPORTED. On claims held out from training SHARED changes nothing, on the development claims of
# AttributionBench it helps, and was set there. OFFSET is the best one on held-out labelled claims.
SHARED, OFFSET = 1.0, 0.14
CLAIM_TOKENS = 80
LONGEST = 256  # tokens of claim and window together
STRIDE = 96  # tokens from the start of one window to that of the next
WINDOWS = 2  # the windows of one evidence that are read: those that share the most words with the claim
_TOKENS_AT_ONCE = 4096
_OPEN, _BETWEEN = 101, 102  # the tokens before the claim, and after it and after the evidence
_MARKS = re.compile(r"\s*\[\d{1,3}\]")  # of citations
_ADDRESS = re.compile(r"(?:\[\d{1,3}\] *)?https?://\S+\s*")  # tells nothing, in many tokens

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class SupportCheck(Protocol):
    """Anything that tells how likely evidence supports a claim."""

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return, for each claim with its evidence, the probability that it is supported, shape (len(pairs),)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and a window of its evidence as the model reads them: the tokens, shape (n,), and how many are of the claim."""

    ids: Ints
    claim: int


def pair(claim: Sequence[int], window: Sequence[int]) -> Pair:
    """Join the tokens of a claim and of a window."""
    said = list(claim)[:CLAIM_TOKENS]
    ids = [_OPEN, *said, _BETWEEN, *list(window)[: LONGEST - len(said) - 3], _BETWEEN]
    return Pair(np.array(ids, np.int64), len(said))


def windows(claim: Sequence[int], evidence: Sequence[int], most: int = WINDOWS) -> list[Sequence[int]]:
    """Return overlapping windows of the evidence that can be read with the claim: at most so many, those with most of its words."""
    size = LONGEST - min(len(claim), CLAIM_TOKENS) - 3
    if len(evidence) <= size:
        return [evidence]
    starts = [*range(0, len(evidence) - size, STRIDE), len(evidence) - size]
    wanted = set(claim)
    cut = [evidence[start : start + size] for start in starts]
    shared = [len(wanted.intersection(window)) for window in cut]
    best = sorted(range(len(cut)), key=lambda at: -shared[at])[:most]
    return [cut[at] for at in sorted(best)]


def shared_words(claim: str, evidence: str) -> float:
    """Return the share of the claim's words, but for the most common ones, that the evidence has; 0 for a claim without any."""
    said = [word for word in words_of(claim).keys if word not in STOP_WORDS]
    known = set(words_of(evidence).keys)
    return sum(word in known for word in said) / len(said) if said else 0.0


class Heads(torch.nn.Module):
    """What is added to the encoder: a score for the pair as a whole, and a doubt for each word of the claim."""

    def __init__(self, width: int) -> None:
        """Make heads for an encoder whose states have `width` numbers."""
        super().__init__()
        self.whole = torch.nn.Linear(width, 1)
        self.doubt = torch.nn.Linear(width, 1)

    def forward(self, states: torch.Tensor, claim: torch.Tensor) -> torch.Tensor:
        """Return the logit of being supported, shape (b,): the score of the whole less a smooth maximum of the doubts.

        `states` has shape (b, n, width), `claim` (b,): how many tokens are of the claim.
        """
        at = torch.arange(states.shape[1])
        inside = (at[None] > 0) & (at[None] <= claim[:, None])
        doubts = self.doubt(states).squeeze(-1).masked_fill(~inside, torch.finfo(states.dtype).min)
        whole = self.whole(states[:, 0]).squeeze(-1)
        logit: torch.Tensor = whole - doubts.logsumexp(-1)
        return logit


def collated(pairs: Sequence[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, mask and token types, each of shape (b, longest), and the length of each claim, shape (b,)."""
    width = max(len(item.ids) for item in pairs)
    ids, mask, kinds = (torch.zeros(len(pairs), width, dtype=torch.long) for _ in range(3))
    for row, item in enumerate(pairs):
        n = len(item.ids)
        ids[row, :n], mask[row, :n] = torch.from_numpy(item.ids), 1
        kinds[row, item.claim + 2 : n] = 1
    return ids, mask, kinds, torch.tensor([item.claim for item in pairs])


def logits(pairs: Sequence[Pair], model: BareBert, heads: Heads) -> Floats:
    """Return the logit of each pair, shape (len(pairs),)."""
    found = np.zeros(len(pairs), np.float32)
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at].ids))
    at = 0
    while at < len(order):
        some = order[at : at + max(1, _TOKENS_AT_ONCE // len(pairs[order[min(at + 16, len(order) - 1)]].ids))]
        at += len(some)
        ids, mask, kinds, claim = collated([pairs[number] for number in some])
        with torch.inference_mode():
            states = model(ids, mask, kinds).float()
            found[some] = heads(states, claim).numpy()
    return found


class Support:
    """The trained model that ships. Loaded at first use; safe to share between threads."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Use these weights; raise ModelError where they are missing."""
        if not weights.is_file():
            raise ModelError(f"{weights}: the weights that tell what is supported are missing; install whosaid again")
        self._weights = weights
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> tuple[BareBert, Heads, Tokenizer]:
        return trained_model(self._weights, Heads)

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return, for each claim with its evidence, the probability that it is supported, shape (len(pairs),)."""
        if not pairs:
            return np.zeros(0, np.float32)
        with self._loading:
            model, heads, tokenizer = self._loaded
        texts = [text for claim, evidence in pairs for text in (_MARKS.sub("", claim), _ADDRESS.sub("", evidence))]
        tokens = (found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False))
        read: list[Pair] = []
        of: list[int] = []
        for number in range(len(pairs)):
            claim, evidence = next(tokens), next(tokens)
            for window in windows(claim, evidence):
                read.append(pair(claim, window))
                of.append(number)
        best = np.full(len(pairs), -np.inf, np.float32)
        np.maximum.at(best, of, logits(read, model, heads))
        best += np.array([SHARED * shared_words(claim, evidence) + OFFSET for claim, evidence in pairs], np.float32)
        return np.asarray(1 / (1 + np.exp(-best)), np.float32)
