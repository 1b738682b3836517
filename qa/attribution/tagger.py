"""Marks who says what in a text: source, cue and content of every attribution, by a small trained model.

A cue is what ties a source to what it says ("said", "according to", a colon). One pass over the text labels each token
as part of a source, a cue, a content or none, and links each content token to its cue and each cue to its source, as
a dependency parser links words (deep biaffine attention: Dozat and Manning, 2017, arXiv 1611.01734). This module knows
the text alone: whom "he" stands for, and whose article it is, is decided elsewhere.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from qa.models.bert import BareBert
from qa.models.finetuned import trained_model
from qa.types import Span

WEIGHTS = Path(__file__).parent / "weights" / "tagger.safetensors"
OUTSIDE, SOURCE, CUE, CONTENT = 0, 1, 3, 5  # the label that begins each; one more is the label that goes on
LABELS = 7
WINDOW = 192  # tokens, with the two that open and close a window; longer ones score no better and cost more
CONTEXT = 16  # tokens seen on either side of those that a window decides on
LINE_BREAK = 1  # an unused entry of the vocabulary; the tokenizer itself drops line breaks
_LINK_SIZE = 128
# How much likelier than it says each label is taken to be, measured on development articles: a miss costs more than a slip.
_LEANING = np.array([1.0, 1.3, 1.3, 1.5, 1.5, 1.3, 1.3], np.float32)
_TOKENS_AT_ONCE = 8192

Ints = npt.NDArray[np.int64]
_BREAK = re.compile(r"[\r\n\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Attribution:
    """One attribution as the text has it; `source` is None where the text names none."""

    source: Span | None
    cue: Span
    content: tuple[Span, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as the model reads it: `ids`, `starts` and `ends` of n tokens, line breaks included, each of shape (n,)."""

    ids: Ints
    starts: Ints
    ends: Ints


def tokenized(text: str, tokenizer: Tokenizer) -> Tokens:
    """Return the tokens of a text, with a token for each run of line breaks."""
    ids: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    lines = [(0, 0), *(match.span() for match in _BREAK.finditer(text)), (len(text), len(text))]
    pieces = [(before[1], after[0], after[1]) for before, after in pairwise(lines)]
    encoded = tokenizer.encode_batch([text[start:end] for start, end, _ in pieces], add_special_tokens=False)
    for (start, end, after), tokens in zip(pieces, encoded, strict=True):
        ids.extend(tokens.ids)
        starts.extend(start + first for first, _ in tokens.offsets)
        ends.extend(start + last for _, last in tokens.offsets)
        if after > end:
            ids.append(LINE_BREAK)
            starts.append(end)
            ends.append(after)
    return Tokens(np.array(ids, np.int64), np.array(starts, np.int64), np.array(ends, np.int64))


class Heads(torch.nn.Module):
    """What is added to the encoder: a label for each token, and the two kinds of links."""

    def __init__(self, width: int) -> None:
        """Make heads for an encoder whose states have `width` numbers."""
        super().__init__()
        self.label = torch.nn.Linear(width, LABELS)
        self.content_of = torch.nn.Linear(width, _LINK_SIZE)
        self.cue_of_content = torch.nn.Linear(width, _LINK_SIZE)
        self.cue_of_source = torch.nn.Linear(width, _LINK_SIZE)
        self.source_of = torch.nn.Linear(width, _LINK_SIZE)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return label scores (b, n, 7), each token's scores for the first token of its cue, and each cue's for that of its source.

        Links have shape (b, n, n), the second axis being what is linked to; the window's first token stands for none.
        """
        scale = _LINK_SIZE**-0.5
        hidden = ~mask.bool()[:, None, :]
        to_cue = self.content_of(states) @ self.cue_of_content(states).transpose(1, 2) * scale
        to_source = self.cue_of_source(states) @ self.source_of(states).transpose(1, 2) * scale
        low = torch.finfo(to_cue.dtype).min
        return self.label(states), to_cue.masked_fill(hidden, low), to_source.masked_fill(hidden, low)


@dataclass(frozen=True, slots=True)
class _Window:
    """Tokens `first` to `last` of a text, of which `core_first` to `core_last` are decided on."""

    text: int
    first: int
    last: int
    core_first: int
    core_last: int


def _windows(number: int, tokens: Tokens) -> Iterator[_Window]:
    """Cut a text's tokens into windows that end at a line break where there is one, else anywhere."""
    n, most, start = len(tokens.ids), WINDOW - 2 - 2 * CONTEXT, 0
    while start < n:
        end = min(n, start + most)
        if end < n:
            breaks = np.flatnonzero(tokens.ids[start + most // 2 : end] == LINE_BREAK)
            end = start + most // 2 + int(breaks[-1]) + 1 if len(breaks) else end
        yield _Window(number, max(0, start - CONTEXT), min(n, end + CONTEXT), start, end)
        start = end


class Tagger:
    """The trained model. Loaded at first use; safe to share between threads."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Use these weights."""
        self._weights = weights
        self._loading = threading.Lock()

    @cached_property
    def _parts(self) -> tuple[BareBert, Heads, Tokenizer]:
        return trained_model(self._weights, Heads)

    def attributions(self, texts: Sequence[str]) -> list[list[Attribution]]:
        """Return the attributions of each text in order of their cues."""
        with self._loading:
            model, heads, tokenizer = self._parts
        return attributions(texts, model, heads, tokenizer)


def attributions(texts: Sequence[str], model: BareBert, heads: Heads, tokenizer: Tokenizer) -> list[list[Attribution]]:
    """Return the attributions of each text."""
    tokens = [tokenized(text, tokenizer) for text in texts]
    windows = sorted((w for number, t in enumerate(tokens) for w in _windows(number, t)), key=lambda w: w.last - w.first)
    found: list[list[Attribution]] = [[] for _ in texts]
    at = 0
    while at < len(windows):
        size = max(1, _TOKENS_AT_ONCE // WINDOW)
        batch = windows[at : at + size]
        at += size
        for window, scores in zip(batch, _scores(batch, tokens, model, heads), strict=True):
            found[window.text].extend(_decoded(window, tokens[window.text], *scores))
    return [sorted(items, key=lambda item: (item.cue.start, item.cue.end)) for items in found]


def _scores(batch: list[_Window], tokens: list[Tokens], model: BareBert, heads: Heads) -> Iterator[tuple[npt.NDArray[np.float32], ...]]:
    width = max(w.last - w.first for w in batch) + 2
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    for row, w in enumerate(batch):
        inner = tokens[w.text].ids[w.first : w.last]
        ids[row, : len(inner) + 2] = torch.tensor([101, *inner.tolist(), 102])
        mask[row, : len(inner) + 2] = 1
    with torch.inference_mode():
        states = model(ids, mask).float()
        labels, to_cue, to_source = heads(states, mask)
        arrays = [t.numpy() for t in (labels.softmax(-1), to_cue, to_source)]
    for row, w in enumerate(batch):
        n = w.last - w.first + 2
        yield arrays[0][row, :n], arrays[1][row, :n, :n], arrays[2][row, :n, :n]


def _decoded(w: _Window, tokens: Tokens, labels: Any, to_cue: Any, to_source: Any) -> Iterator[Attribution]:
    """Join one window's labels by its links. An attribution belongs to the window in whose core its cue begins."""
    shift = w.first - 1  # the window's first position is the token that opens it
    best = (labels * _LEANING).argmax(-1)
    best[0] = best[-1] = OUTSIDE
    cues = _runs(best, CUE)
    if not cues:
        return
    heads = np.array([first for first, _ in cues])
    sources = _touching(_runs(best, SOURCE))
    content: list[list[tuple[int, int]]] = [[] for _ in cues]
    for first, last in _runs(best, CONTENT):
        owner = int(to_cue[first:last][:, heads].mean(0).argmax())
        content[owner].append((first, last))
    for at, (first, last) in enumerate(cues):
        if not w.core_first <= first + shift < w.core_last or not content[at]:
            continue
        candidates = np.array([0, *(start for start, _ in sources)])
        chosen = int(to_source[first][candidates].argmax())
        source = _span(tokens, *sources[chosen - 1], shift) if chosen else None
        spans = tuple(_span(tokens, *part, shift) for part in content[at])
        yield Attribution(source, _span(tokens, first, last, shift), spans, float(1 - labels[first:last, OUTSIDE].mean()))


def _runs(best: Any, begins: int) -> list[tuple[int, int]]:
    """Return the stretches that carry a label: each ends where another begins or the label stops."""
    runs: list[tuple[int, int]] = []
    for at in np.flatnonzero((best == begins) | (best == begins + 1)):
        if runs and runs[-1][1] == at and best[at] != begins:
            runs[-1] = (runs[-1][0], int(at) + 1)
        else:
            runs.append((int(at), int(at) + 1))
    return runs


def _touching(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Make one of runs that touch: two sources never stand side by side, but "Mr." may be taken for one."""
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _span(tokens: Tokens, first: int, last: int, shift: int) -> Span:
    return Span(int(tokens.starts[first + shift]), int(tokens.ends[last - 1 + shift]))
