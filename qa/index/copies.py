"""Tells when two texts are the same one: word for word, or nearly, as a page and its PDF, an edited or a syndicated piece.

Near copies are found by MinHash over runs of words (Broder, 1997), looked up by bands of it (Indyk and Motwani, 1998), and
then compared in full. Knows nothing of who published what.
"""

from __future__ import annotations

import hashlib
import re
import zlib

import numpy as np
import numpy.typing as npt

ALIKE = 0.5  # share of two texts' runs of words that near copies have in common; measured on newspapers that print a text twice
RUN = 5  # words
FEWEST_WORDS = 30  # of shorter texts a few common phrases are half
BANDS, ROWS = 24, 3  # half in common: found 96 times in 100; a hundredth in common: 24 times in a million
_WORD = re.compile(r"\w+")
_MULTIPLIERS, _OFFSETS = np.random.default_rng(7).integers(1, 2**63, (2, BANDS * ROWS), np.uint64) | np.uint64(1)
_STEP = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing


def fingerprint(text: str) -> str:
    """Return a SHA-256 that texts share whose words are the same, whatever stands between the words."""
    return hashlib.sha256((" ".join(_words(text)) or text).encode()).hexdigest()


def is_short(text: str) -> bool:
    """Tell whether a text has so few words that another may well have the same ones by chance."""
    return len(_words(text)) < FEWEST_WORDS


def bands(text: str) -> list[int]:
    """Return BANDS numbers, of which texts that are alike very likely share one; none for a text of under FEWEST_WORDS."""
    runs = _runs(text)
    if not len(runs):
        return []
    least = [int(np.min(runs * multiplier + offset)) for multiplier, offset in zip(_MULTIPLIERS, _OFFSETS, strict=True)]
    rows = [repr((at, *least[at : at + ROWS])).encode() for at in range(0, len(least), ROWS)]
    return [int.from_bytes(hashlib.blake2b(row, digest_size=8).digest(), "big", signed=True) for row in rows]


def likeness(one: str, other: str) -> float:
    """Return the share of two texts' runs of words that both have (Jaccard), 0 to 1."""
    mine, theirs = _runs(one), _runs(other)
    common = len(np.intersect1d(mine, theirs, assume_unique=True))
    return common / max(len(mine) + len(theirs) - common, 1)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(text: str) -> npt.NDArray[np.uint64]:
    """Return a number for each different run of RUN words, shape (n,)."""
    words = _words(text)
    if len(words) < FEWEST_WORDS:
        return np.zeros(0, np.uint64)
    number = {word: zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    numbers = np.array([number[word] for word in words], np.uint64)
    runs = np.zeros(len(numbers) - RUN + 1, np.uint64)
    for at in range(RUN):
        runs = (runs ^ numbers[at : at + len(runs)]) * _STEP
        runs ^= runs >> np.uint64(29)
    return np.unique(runs)
