"""Measures support by shared words: what there is where no trained model is at hand. Knows words, and nothing of their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.answering.choose import is_there, with_beginnings
from qa.answering.words import NUMBERS, has_digit
from qa.index.lexical import content_words, stems
from qa.retrieval.vocabulary import NEUTRAL

ENOUGH = 0.999  # words in another order pass even so, and a paraphrase in other words does not
_LIGHT = "does ask asks want wants call calls put puts make makes say plan warn warns warned add adds according per cent pound dollar euro"


class WordOverlap:
    """The share of a claim's words with meaning that the evidence has too.

    Words that only say that something is said are left out, and so are figures, which are looked at elsewhere.
    """

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Return the share for each (claim, evidence), shape (len(pairs),)."""
        light = {*stems(NEUTRAL.replace("|", " ")), *stems(_LIGHT), *stems(" ".join(NUMBERS))}
        wanted = [[word for word in content_words(claim) if word not in light and not has_digit(word)] for claim, _ in pairs]
        return np.array([_share(words, evidence) for words, (_, evidence) in zip(wanted, pairs, strict=True)], np.float32)


def _share(wanted: Sequence[str], evidence: str) -> float:
    there = with_beginnings(content_words(evidence))
    return sum(is_there(word, there) for word in wanted) / len(wanted) if wanted else 0.0
