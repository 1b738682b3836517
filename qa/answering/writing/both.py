"""Measures support by shared words and by the trained model together: neither is enough alone.

Words that are all there may stand in an order that says something else, and the model lets additions through that it likes.
So a claim counts as supported where all of its words with meaning are in the evidence and the model doesn't object, or where
it has other words, at least half of them there, and the model is all but certain. Measured on the sentences that the tests make.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.answering.writing.checks import SupportCheck
from qa.answering.writing.overlap import ENOUGH as ALL_WORDS

ENOUGH = 0.5
OBJECTS = 0.35  # probability under which the model objects
CERTAIN = 0.985
HALF = 0.5


class Both:
    """A measure by words and one by a model, as one. Safe to share between threads where both are."""

    def __init__(self, words: SupportCheck, model: SupportCheck) -> None:
        """Take the share of words that are there, and the model's probability."""
        self._words = words
        self._model = model

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Return, for each (claim, evidence), the model's probability, moved to the side of ENOUGH on which both put it together."""
        shares, likely = (np.asarray(check.probabilities(pairs), np.float32) for check in (self._words, self._model))
        supported = ((shares >= ALL_WORDS) & (likely >= OBJECTS)) | ((shares >= HALF) & (likely >= CERTAIN))
        return np.where(supported, np.maximum(likely, ENOUGH), np.minimum(likely, ENOUGH - 0.01)).astype(np.float32)
