"""Measures support by shared words: what there is where no trained model is at hand. Knows words, and nothing of their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from qa.answering.words import NUMBERS, has_digit
from qa.answering.writing.vocabulary import NEUTRAL
from qa.index.lexical import content_words, stems

ENOUGH = 0.999  # words in another order pass even so, and a paraphrase in other words does not
_LIGHT = "does ask asks want wants call calls put puts make makes say plan warn warns warned add adds according per cent pound dollar euro"

RELATED_LETTERS = 6  # of words that share so many first letters, one may stand for the other


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


def is_there(word: str, words: Collection[str]) -> bool:
    """Tell whether a word, or one that is related to it, is among `words` (what `with_beginnings` returns)."""
    return word in words or _beginning(word) in words


def with_beginnings(words: Iterable[str]) -> set[str]:
    """Return stems, and of the long ones their first letters too, by which related words are found."""
    found = set(words)
    return found | {_beginning(word) for word in found if len(word) >= RELATED_LETTERS}


def _beginning(word: str) -> str:
    """Return the letters that related words share, marked so that they are no word themselves; short words have no relations."""
    return f"{word[:RELATED_LETTERS]}*" if len(word) >= RELATED_LETTERS else "*"
