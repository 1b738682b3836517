"""The trained ranker: reads a question with each candidate sentence, and tells how likely it answers.

Two stages. A small net over measured signals orders all candidates of the pool; the best dozen are read by a cross-encoder
(Nogueira and Cho, 2019, arXiv 1901.04085) together with who says them, in whose article, when, and the sentences beside them;
a second small net weighs its log-odds with the signals. All three are trained listwise with "none of them" as a choice
(as in SQuAD 2.0: Rajpurkar, Jia and Liang, 2018, arXiv 1806.03822), so that the same scores say what answers best and whether
any does. Knows neither how questions are read nor when to be silent.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from qa.errors import ModelError
from qa.models.encoder import model_folder
from qa.models.finetuned import trained_model
from qa.retrieval.scoring import Read

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from qa.models.bert import BareBert
    from qa.models.encoder import Vectors

WEIGHTS = Path(__file__).parent / "weights" / "cross_encoder.safetensors"
QUESTION_TOKENS, ABOUT_TOKENS = 48, 24
BEFORE_TOKENS, SENTENCE_TOKENS, AFTER_TOKENS = 16, 80, 12
_OPEN, _BETWEEN = 101, 102
_TOKENS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class ReadRow:
    """Tokens of a question and one candidate; `kinds` is 1 from the candidate on, `inside` is true in its own sentence."""

    ids: tuple[int, ...]
    kinds: tuple[int, ...]
    inside: tuple[bool, ...]


class RankerHeads(torch.nn.Module):
    """What is added to the encoder: log-odds that the sentence answers, against nothing here answering."""

    def __init__(self, width: int) -> None:
        """Make heads for states of `width` numbers."""
        super().__init__()
        self.word = torch.nn.Linear(width, 2)
        self.none = torch.nn.Linear(width, 1)

    def forward(self, states: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """Return log-odds (b,) from states (b, n, width) and which tokens are of the sentence (b, n).

        A smooth maximum over the words, for an answer is a few of them, and a mean over them, for what it is about.
        """
        peak, topic = self.word(states).unbind(-1)
        low = torch.finfo(states.dtype).min
        peaks = peak.masked_fill(~inside, low).logsumexp(-1)
        topics = (topic * inside).sum(-1) / inside.sum(-1).clamp_min(1)
        odds: torch.Tensor = peaks + topics - self.none(states[:, 0]).squeeze(-1)
        return odds


def read_row(question: Sequence[int], about: Sequence[int], before: Sequence[int], text: Sequence[int], after: Sequence[int]) -> ReadRow:
    """Join the tokens of a question, of what is known of a candidate, and of its sentence between its neighbours."""
    head = [_OPEN, *question[:QUESTION_TOKENS], _BETWEEN, *about[:ABOUT_TOKENS], _BETWEEN]
    left, middle, right = list(before[-BEFORE_TOKENS:]), list(text[:SENTENCE_TOKENS]), list(after[:AFTER_TOKENS])
    ids = [*head, *left, *middle, *right, _BETWEEN]
    kinds = [0] * len(head) + [1] * (len(ids) - len(head))
    inside = [False] * (len(head) + len(left)) + [True] * len(middle) + [False] * (len(right) + 1)
    return ReadRow(tuple(ids), tuple(kinds), tuple(inside))


def collate(rows: Sequence[ReadRow]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, mask, kinds and inside, each of shape (b, longest)."""
    width = max(len(row.ids) for row in rows)
    ids, mask, kinds = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    inside = torch.zeros(len(rows), width, dtype=torch.bool)
    for at, row in enumerate(rows):
        n = len(row.ids)
        ids[at, :n], mask[at, :n] = torch.tensor(row.ids), 1
        kinds[at, :n], inside[at, :n] = torch.tensor(row.kinds), torch.tensor(row.inside)
    return ids, mask, kinds, inside


def token_rows(question: str, candidates: Sequence[Read], tokenizer: Tokenizer) -> list[ReadRow]:
    """Return the tokens of a question with each candidate."""
    texts = [question, *(text for one in candidates for text in (one.about, one.before, one.text, one.after))]
    ids = [found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False)]
    return [read_row(ids[0], *ids[1 + 4 * at : 5 + 4 * at]) for at in range(len(candidates))]


class CrossEncoder:
    """The trained model that ships. Loaded at first use; safe to share between threads."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Use these weights; raise ModelError where they are missing."""
        if not weights.is_file():
            raise ModelError(f"{weights}: the weights that rank answers are missing; install whosaid again")
        self._weights = weights
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> tuple[BareBert, RankerHeads, Tokenizer]:
        return trained_model(self._weights, RankerHeads)

    def score(self, question: str, candidates: Sequence[Read]) -> Vectors:
        """Return the log-odds that each candidate answers, shape (candidates,), float32."""
        found = np.zeros(len(candidates), np.float32)
        if not candidates:
            return found
        with self._loading:
            model, heads, tokenizer = self._loaded
        rows = token_rows(question, candidates, tokenizer)
        order = sorted(range(len(rows)), key=lambda at: len(rows[at].ids))
        while order:
            some = [order.pop()]
            while order and (len(some) + 1) * len(rows[some[0]].ids) <= _TOKENS_AT_ONCE:
                some.append(order.pop())
            ids, mask, kinds, inside = collate([rows[at] for at in some])
            with torch.inference_mode():
                found[some] = heads(model(ids, mask, kinds).float(), inside).numpy()
        return found


class OtherCrossEncoder:
    """Any sentence-transformers cross-encoder with one score for a question and a text, by folder or name in the local model cache.

    The nets and the decision that weigh its scores were fitted on the one that ships: with another, silence may come too often or
    too rarely.
    """

    def __init__(self, name: str) -> None:
        """Find the model; raise ModelError where there is none."""
        self._folder = model_folder(name)
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> Any:
        from sentence_transformers import CrossEncoder as Model

        try:
            model = Model(str(self._folder), local_files_only=True, trust_remote_code=False, activation_fn=torch.nn.Identity())
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"reader {self._folder}: can't be loaded as a cross-encoder ({error}); check --reader") from error
        if model.num_labels != 1:
            raise ModelError(
                f"reader {self._folder}: it gives {model.num_labels} scores, expected one for a question and a text; use another"
            )
        return model

    def score(self, question: str, candidates: Sequence[Read]) -> Vectors:
        """Return the model's own score of each candidate, shape (candidates,), float32."""
        with self._loading:
            model = self._loaded
        pairs = [(question, f"{one.about} {one.text}") for one in candidates]
        return np.asarray(model.predict(pairs, show_progress_bar=False) if pairs else [], np.float32)


@cache
def load_cross_encoder(name: str | None = None) -> CrossEncoder | OtherCrossEncoder:
    """Return the cross-encoder that ships, or another by folder or name, loaded once; raise ModelError where it is missing."""
    return OtherCrossEncoder(name) if name else CrossEncoder()
