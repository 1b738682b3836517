"""Reads a question and a passage together, and tells whether the passage answers it and which of its sentences does.

A small trained model. One pass gives each sentence a score, and one for "none of them"; their softmax is the chance that
a sentence holds the answer (a null choice beside the candidates, as in SQuAD 2.0: Rajpurkar, Jia and Liang, 2018,
arXiv 1806.03822). Any cross-encoder that scores a question and a text can be set in its place by name or folder: it
scores each sentence by itself and knows no "none". This module knows neither articles nor who speaks.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from qa.errors import ModelError
from qa.models.bert import BareBert
from qa.models.encoder import model_folder
from qa.models.finetuned import trained_model

WEIGHTS = Path(__file__).parent / "weights" / "reader.safetensors"
QUESTION_TOKENS = 64
LONGEST = 256  # tokens of question and passage; sentences beyond it are cut off
_TOKENS_AT_ONCE = 4096
_OPEN, _BETWEEN = 101, 102  # the tokens before the question, and after it and after the passage

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage as the model reads them.

    `ids` and `sentence` have shape (n,): each token, and the number of the sentence that it is in, or -1.
    """

    ids: Ints
    sentence: Ints
    question_length: int

    @property
    def sentences(self) -> int:
        """How many sentences were read."""
        return int(self.sentence.max(initial=-1)) + 1


def pair(question: Sequence[int], sentences: Sequence[Sequence[int]], longest: int = LONGEST) -> Pair:
    """Join the tokens of a question and of a passage's sentences."""
    asked = list(question)[:QUESTION_TOKENS]
    ids = [_OPEN, *asked, _BETWEEN]
    of = [-1] * len(ids)
    for number, tokens in enumerate(sentences):
        left = longest - 1 - len(ids)
        if left <= 0 or not tokens:
            break
        ids.extend(tokens[:left])
        of.extend([number] * min(left, len(tokens)))
    return Pair(np.array([*ids, _BETWEEN], np.int64), np.array([*of, -1], np.int64), len(asked) + 2)


class Heads(torch.nn.Module):
    """What is added to the encoder: a score for each sentence, and one for none of them."""

    def __init__(self, width: int) -> None:
        """Make heads for an encoder whose states have `width` numbers."""
        super().__init__()
        self.word = torch.nn.Linear(width, 2)
        self.none = torch.nn.Linear(width, 1)

    def forward(self, states: torch.Tensor, sentence: torch.Tensor) -> torch.Tensor:
        """Return scores of shape (b, 1 + most sentences), the first for none; a sentence that isn't there has the lowest.

        `states` has shape (b, n, width), `sentence` (b, n): the sentence of each token, or -1. A sentence's score is a
        smooth maximum over its words, for an answer is a few of them, and a mean over them, for what it is about.
        """
        peak, topic = self.word(states).unbind(-1)
        inside = sentence[:, None] == torch.arange(int(sentence.max()) + 1)[:, None]  # (b, most, n)
        length = inside.sum(-1)
        low = torch.finfo(states.dtype).min
        peaks = peak[:, None].masked_fill(~inside, low).logsumexp(-1)
        topics = (topic[:, None] * inside).sum(-1) / length.clamp_min(1)
        return torch.cat([self.none(states[:, 0]), (peaks + topics).masked_fill(length == 0, low)], 1)


def collated(pairs: Sequence[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, mask, token types and sentences, each of shape (b, longest)."""
    width = max(len(item.ids) for item in pairs)
    ids, mask, kinds = (torch.zeros(len(pairs), width, dtype=torch.long) for _ in range(3))
    sentence = torch.full((len(pairs), width), -1)
    for row, item in enumerate(pairs):
        n = len(item.ids)
        ids[row, :n], mask[row, :n] = torch.from_numpy(item.ids), 1
        kinds[row, item.question_length : n] = 1
        sentence[row, :n] = torch.from_numpy(item.sentence)
    return ids, mask, kinds, sentence


def scores(pairs: Sequence[Pair], model: BareBert, heads: Heads) -> list[Floats]:
    """Return, for each pair, the scores of none and of its sentences, shape (1 + sentences,)."""
    found: list[Floats] = [np.zeros(0, np.float32)] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at].ids))
    at = 0
    while at < len(order):
        some = order[at : at + max(1, _TOKENS_AT_ONCE // len(pairs[order[min(at + 16, len(order) - 1)]].ids))]
        at += len(some)
        ids, mask, kinds, sentence = collated([pairs[number] for number in some])
        with torch.inference_mode():
            states = model(ids, mask, kinds).float()
            batch = heads(states, sentence).numpy()
        for number, row in zip(some, batch, strict=True):
            found[number] = row[: 1 + pairs[number].sentences]
    return found


class Reader:
    """The trained model that ships. Loaded at first use; safe to share between threads."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Use these weights; raise ModelError where they are missing."""
        if not weights.is_file():
            raise ModelError(f"{weights}: the weights that tell what answers are missing; install whosaid again")
        self._weights = weights
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> tuple[BareBert, Heads, Tokenizer]:
        return trained_model(self._weights, Heads)

    def read(self, question: str, passages: Sequence[Sequence[str]]) -> list[Floats]:
        """Return, for each passage (its sentences), the scores of none and of each sentence read, shape (1 + sentences,)."""
        if not passages:
            return []
        with self._loading:
            model, heads, tokenizer = self._loaded
        texts = [question, *(sentence for passage in passages for sentence in passage)]
        tokens = (found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False))
        asked = next(tokens)
        return scores([pair(asked, [next(tokens) for _ in passage]) for passage in passages], model, heads)


class CrossEncoderReader:
    """Any sentence-transformers cross-encoder for a question and a text, by folder or by name in the local model cache.

    Silence was measured with the reader that ships; with another, whosaid may speak too often or too rarely.
    """

    def __init__(self, name: str) -> None:
        """Find the model; raise ModelError where there is none."""
        self._folder = model_folder(name)
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> Any:
        from sentence_transformers import CrossEncoder

        try:
            model = CrossEncoder(str(self._folder), local_files_only=True, trust_remote_code=False, activation_fn=torch.nn.Identity())
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"reader {self._folder}: can't be loaded as a cross-encoder ({error}); check --reader") from error
        if model.num_labels != 1:
            raise ModelError(
                f"reader {self._folder}: it gives {model.num_labels} scores, expected one for a question and a text; use another"
            )
        return model

    def read(self, question: str, passages: Sequence[Sequence[str]]) -> list[Floats]:
        """Return, for each passage (its sentences), 0 for none and each sentence's own score, shape (1 + sentences,)."""
        with self._loading:
            model = self._loaded
        texts = [(question, sentence) for passage in passages for sentence in passage]
        found = iter(model.predict(texts, show_progress_bar=False).tolist() if texts else [])
        return [np.array([0.0, *(next(found) for _ in passage)], np.float32) for passage in passages]


def load_reader(name: str | None = None) -> Reader | CrossEncoderReader:
    """Return the reader that ships, or a cross-encoder by folder or name; raise ModelError where it is missing."""
    return CrossEncoderReader(name) if name else Reader()
