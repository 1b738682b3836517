"""The trained reader of questions: intent and slots of a question and the turns before it, in one pass.

A fine-tuned encoder with an intent head over its first state and a tag head over every token, as in joint intent
classification and slot filling (Chen, Zhuo and Wang, 2019, arXiv 1902.10909). The earlier turns stand behind the question
in the same input, so that what a follow-up leaves out is tagged where it was said. Knows no corpus: names are linked later.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import torch

from qa.errors import ModelError
from qa.models.finetuned import trained_model
from qa.types import INTENTS, Intent, Order, Side, Slot, SlotKind, Span

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

    from qa.models.bert import BareBert

WEIGHTS = Path(__file__).parent / "weights" / "parser.safetensors"
SIDES: tuple[Side, ...] = get_args(Side)
ORDERS: tuple[Order, ...] = get_args(Order)
TAGS: tuple[SlotKind | None, ...] = (None, *get_args(SlotKind))
QUESTION_TOKENS = 96
HISTORY_TOKENS = 96  # of all earlier turns together, the latest first
HISTORY_TURNS = 3
_OPEN, _BETWEEN = 101, 102


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Tokens of a question and its earlier turns.

    `ids` and `kinds` (0 question, 1 history) have shape (n,). `turn` tells for each token the turn that it is in: 0 for the
    question, 1 for the turn before it and so on, -1 for marks. `places` are the tokens' places in their turn.
    """

    ids: tuple[int, ...]
    kinds: tuple[int, ...]
    turn: tuple[int, ...]
    places: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Parse:
    """What was read. `intents` has a probability for each of INTENTS; `negated` is the probability that silence is asked for."""

    intents: tuple[float, ...]
    side: Side
    order: Order
    negated: float
    slots: tuple[Slot, ...]

    @property
    def is_negated(self) -> bool:
        """Whether it is asked who does not say it."""
        return self.negated > 0.5

    @property
    def intent(self) -> Intent:
        """The likeliest intent."""
        return INTENTS[int(np.argmax(self.intents))]


class ParserHeads(torch.nn.Module):
    """Linear layers over the states: intent, side, order and negation from the first, a tag from each."""

    def __init__(self, width: int) -> None:
        """Make heads for states of `width` numbers."""
        super().__init__()
        self.whole = torch.nn.Linear(width, len(INTENTS) + len(SIDES) + len(ORDERS) + 1)
        self.tag = torch.nn.Linear(width, len(TAGS))

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of the whole (b, intents + sides + orders + 1) and of tags (b, n, tags) from states (b, n, width)."""
        return self.whole(states[:, 0]), self.tag(states)


def token_row(turns: Sequence[Encoding]) -> TokenRow:
    """Join the tokens of a question and of earlier turns (the latest first), each encoded without marks."""
    ids, kinds, turn, places = [_OPEN], [0], [-1], [Span(0, 0)]
    left = HISTORY_TOKENS
    for number, encoded in enumerate(turns[: 1 + HISTORY_TURNS]):
        most = QUESTION_TOKENS if number == 0 else left
        some = encoded.ids[:most]
        left -= len(some) if number else 0
        ids += [*some, _BETWEEN]
        kinds += [min(number, 1)] * (len(some) + 1)
        turn += [*([number] * len(some)), -1]
        places += [*(Span(*place) for place in encoded.offsets[:most]), Span(0, 0)]
    return TokenRow(tuple(ids), tuple(kinds), tuple(turn), tuple(places))


class QuestionParser:
    """The trained model that ships. Loaded at first use; safe to share between threads."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Use these weights; raise ModelError where they are missing."""
        if not weights.is_file():
            raise ModelError(f"{weights}: the weights that read questions are missing; install whosaid again")
        self._weights = weights
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> tuple[BareBert, ParserHeads, Tokenizer]:
        return trained_model(self._weights, ParserHeads)

    def parse(self, question: str, history: Sequence[str] = ()) -> Parse:
        """Return what a question wants and where it says so; `history` are earlier questions, the latest last."""
        with self._loading:
            model, heads, tokenizer = self._loaded
        turns = [question, *reversed(history[-HISTORY_TURNS:])]
        row = token_row(tokenizer.encode_batch(turns, add_special_tokens=False))
        ids, kinds = (torch.tensor([values]) for values in (row.ids, row.kinds))
        with torch.inference_mode():
            whole, tags = heads(model(ids, torch.ones_like(ids), kinds).float())
        intents, sides, orders, negated = whole[0].split([len(INTENTS), len(SIDES), len(ORDERS), 1])
        return Parse(
            tuple(intents.softmax(0).tolist()),
            SIDES[int(sides.argmax())],
            ORDERS[int(orders.argmax())],
            float(negated.sigmoid()),
            slots_of(turns, row, tags[0].softmax(-1).numpy()),
        )


def slots_of(turns: Sequence[str], row: TokenRow, tags: np.ndarray) -> tuple[Slot, ...]:
    """Return the slots that tag probabilities (n, tags) mark: runs of words, each of which goes by its mean over tokens."""
    words: list[tuple[int, Span, np.ndarray]] = []
    for turn, place, chances in zip(row.turn, row.places, tags, strict=True):
        if turn < 0:
            continue
        if words and words[-1][0] == turn and words[-1][1].end == place.start and _is_one_word(turns[turn], place.start):
            words[-1] = turn, Span(words[-1][1].start, place.end), words[-1][2] + chances
        else:
            words.append((turn, place, chances))
    found: list[Slot] = []
    last: SlotKind | None = None
    for turn, place, chances in words:
        kind = TAGS[int(chances.argmax())]
        chance = float(chances.max() / chances.sum())
        if kind and kind == last and found[-1].turn == turn:
            found[-1] = Slot(kind, Span(found[-1].span.start, place.end), turn, min(chance, found[-1].chance))
        elif kind:
            found.append(Slot(kind, place, turn, chance))
        last = kind
    return tuple(found)


def _is_one_word(text: str, at: int) -> bool:
    return text[at - 1 : at + 1].isalnum() or (text[at - 1 : at] in "'’-" or text[at : at + 1] in "'’-")


@cache
def load_parser() -> QuestionParser:
    """Return the parser that ships; raise ModelError where its weights are missing."""
    return QuestionParser()
