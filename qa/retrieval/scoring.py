"""What the ranker asks of a cross-encoder, whichever it is. Loads no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qa.models.encoder import Vectors


@dataclass(frozen=True, slots=True)
class Read:
    """One candidate as the cross-encoder reads it: who says it in whose article (`about`), and the sentence between its neighbours."""

    about: str
    before: str
    text: str
    after: str


class Scorer(Protocol):
    """Anything that tells how likely a candidate answers a question."""

    def score(self, question: str, candidates: Sequence[Read]) -> Vectors:
        """Return the log-odds that each candidate answers, shape (candidates,), float32."""
