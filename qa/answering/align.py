"""Lays a pasted quote on a text: where its words stand exactly, else where they fit best, and what then differs.

Knows the words of two texts; nothing of articles, speakers or verdicts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from qa.answering.words import APOSTROPHES, Reading, Words, counts, negates, opposites, telling
from qa.types import Difference, Span, Step, Touched

LONGEST_GAP = 250  # words that an ellipsis may leave out; further apart are two quotes
LONG_ROW = 10  # words in a row that hardly ever come together by chance

# What laying one word on another brings or costs: see `fit`.
_LITTLE = 0.4  # worth of a word that carries no meaning of its own, against 1
_CHANGED, _ALIKE = -0.6, 0.5  # a word in place of another, and how much less that costs the more letters they share
_HARDLY = 0.5  # share of letters under which two words have nothing in common
_ADDED = -0.4  # a word that only the quote has
_DROPPED = -0.4  # a word that only the text has, one by one
_LEAP, _LEAP_WORD = -1.5, -0.02  # the same for many at once, as where two sentences are joined
_NEARER = -0.001  # at an ellipsis, where the nearer of two places wins

Table = npt.NDArray[np.float32]
Moves = npt.NDArray[np.int32]

_AS_SAID = ("same", "omitted", "aside")  # what leaves a quote word for word


@dataclass(frozen=True, slots=True)
class Stretch:
    """A row of words of the text (`said`) beside one of the quote (`claimed`), by their numbers; either may be empty."""

    kind: Step
    said: range
    claimed: range


@dataclass(frozen=True, slots=True)
class Fit:
    """A quote on a text. `similarity` is 1 where no word differs, `kept` is the share of the quote that stands there.

    Both weigh words by what they are worth; `row` counts the longest row of words that are the same.
    """

    stretches: tuple[Stretch, ...]
    similarity: float
    kept: float
    row: int

    @property
    def exact(self) -> bool:
        """Whether it is word for word."""
        return all(stretch.kind in _AS_SAID for stretch in self.stretches)

    @property
    def said(self) -> list[range]:
        """The words of the text that the quote gives or alters, without what it may leave out."""
        return [stretch.said for stretch in self.stretches if stretch.said and stretch.kind not in ("omitted", "aside")]

    def place(self, words: Words) -> Span:
        """Return the place in the text from the first to the last of these words."""
        return words.place(range(self.said[0].start, self.said[-1].stop))


# ---- word for word


def exact(reading: Reading, words: Words) -> Iterator[Fit]:
    """Yield each place of a text where the quote's words stand in the same order, with others between only at its gaps."""
    cuts = [0, *sorted(reading.gaps), len(reading.words.keys)]
    parts = [range(first, last) for first, last in pairwise(cuts)]
    text = f" {' '.join(words.keys)} "
    rows = [f" {' '.join(reading.words.keys[part.start : part.stop])} " for part in parts]
    if any(row not in text for row in rows):
        return
    offsets = list(accumulate((len(key) + 1 for key in words.keys), initial=0))  # of the space before each word
    at = text.find(rows[0])
    while at >= 0:
        if found := _parts_from(at, text, rows, offsets, parts):
            yield measured(found, reading.words, words)
        at = text.find(rows[0], at + 1)


def _parts_from(at: int, text: str, rows: Sequence[str], offsets: list[int], parts: Sequence[range]) -> list[Stretch]:
    """Return the quote's parts in order, the first at this place, and what is left out between; nothing where one is missing."""
    found: list[Stretch] = []
    for part, row in zip(parts, rows, strict=True):
        if found:
            at = text.find(row, offsets[found[-1].said.stop])
            if at < 0:
                return []
        first = bisect_right(offsets, at) - 1
        if found and first > (before := found[-1].said.stop):
            if first - before > LONGEST_GAP:
                return []
            found.append(Stretch("omitted", range(before, first), range(part.start, part.start)))
        found.append(Stretch("same", range(first, first + len(part)), part))
    return found


def measured(stretches: Sequence[Stretch], quote: Words, words: Words) -> Fit:
    """Measure: twice the worth of the words that are the same, over that of the quote and of what stands there (Dice)."""
    claimed = sum(map(_worth, quote.keys))
    same = sum(_worth(quote.keys[i]) for stretch in stretches if stretch.kind == "same" for i in stretch.claimed)
    said = sum(_worth(words.keys[i]) for stretch in stretches if stretch.kind not in ("omitted", "aside") for i in stretch.said)
    row = max((len(stretch.said) for stretch in stretches if stretch.kind == "same"), default=0)
    return Fit(tuple(stretches), 2 * same / (claimed + said), same / claimed, row)


@lru_cache(maxsize=100_000)
def _worth(key: str) -> float:
    return 1.0 if negates(key) or telling((key,)) else _LITTLE


# ---- the best fit


def may_fit(reading: Reading, words: Words, within: range, similarity: float) -> bool:
    """Tell, without laying it there, whether a quote can be so alike a part of a text, or share a row of LONG_ROW words."""
    quote, part = reading.words.keys, words.keys[within.start : within.stop]
    there = Counter(part)
    shared = sum(_worth(key) * min(count, there[key]) for key, count in Counter(quote).items())
    if 2 * shared >= similarity * (sum(map(_worth, quote)) + shared):
        return True
    rows = {quote[at : at + LONG_ROW] for at in range(len(quote) - LONG_ROW + 1)}
    return any(part[at : at + LONG_ROW] in rows for at in range(len(part) - LONG_ROW + 1))


def fit(reading: Reading, words: Words, within: range) -> Fit:
    """Return how the quote lies best on a part of a text: all of its words, on whichever of the text's.

    Needleman and Wunsch (1970) over words, with free ends in the text. What the quote drops costs by the word, up to a
    leap, so that both a dropped "not" and a dropped sentence are found; at an ellipsis it costs nothing.
    """
    alike = _alike(reading.words.keys, words.keys[within.start : within.stop])
    pairs, skips, end = _filled(alike, [_worth(key) for key in reading.words.keys], reading.gaps)
    steps = _walked_back(alike, pairs, skips, end, reading.gaps)
    shifted = [Stretch(s.kind, range(within.start + s.said.start, within.start + s.said.stop), s.claimed) for s in _joined(steps)]
    return measured(shifted, reading.words, words)


def _alike(quote: Sequence[str], text: Sequence[str]) -> Table:
    """Return how alike each word of the quote is to each of the text, shape (quote, text); 1 only for the same word."""
    from rapidfuzz import fuzz, process

    rows, columns = list(dict.fromkeys(quote)), list(dict.fromkeys(text))
    ratios = process.cdist(rows, columns, scorer=fuzz.ratio, dtype=np.float32) / 100
    row_of, column_of = ({word: at for at, word in enumerate(listed)} for listed in (rows, columns))
    return np.asarray(ratios[np.ix_([row_of[word] for word in quote], [column_of[word] for word in text])], np.float32)


def _filled(alike: Table, worth: Sequence[float], gaps: frozenset[int]) -> tuple[npt.NDArray[np.bool_], Moves, int]:
    """Find the best score of each cell, row by row; row i has read i words of the quote, column j has passed j of the text.

    Return which cells are reached by laying a word on a word, where the skip to each cell began (-1 for none), both of
    shape (quote + 1, text + 1), and the best column at the end.
    """
    count, columns = len(alike), np.arange(alike.shape[1] + 1, dtype=np.float32)
    pairs = np.zeros((count + 1, len(columns)), np.bool_)
    skips = np.full((count + 1, len(columns)), -1, np.int32)
    score = np.zeros(len(columns), np.float32)
    for at in range(count):
        likeness = np.where(alike[at] < _HARDLY, 0, alike[at])
        brings = np.where(alike[at] >= 1, worth[at], _CHANGED + _ALIKE * likeness)
        paired, added = np.concatenate(([-np.inf], score[:-1] + brings)).astype(np.float32), score + _ADDED
        pairs[at + 1] = paired >= added
        score = np.maximum(paired, added)
        if at + 1 < count:
            prices = ((0.0, _NEARER),) if at + 1 in gaps else ((0.0, _DROPPED), (_LEAP, _LEAP_WORD))
            score, skips[at + 1] = _skipped(score, columns, prices)
    return pairs, skips, int(np.argmax(score))


def _skipped(score: Table, columns: Table, prices: Iterable[tuple[float, float]]) -> tuple[Table, Moves]:
    """Return the scores after skipping words of the text where that pays, and where each skip began (-1 for none)."""
    here = np.arange(len(score), dtype=np.int32)
    best, began = score, np.full(len(score), -1, np.int32)
    for once, each in prices:
        level = score - each * columns  # seen on this slope, a longer skip costs no more than a short one
        highest = np.maximum.accumulate(level)
        origin = np.maximum.accumulate(np.where(level == highest, here, 0)).astype(np.int32)
        after = (highest + once + each * columns).astype(np.float32)
        pays = (after > best + 1e-4) & (origin < here)  # the margin is for what adding and taking off loses
        best, began = np.where(pays, after, best), np.where(pays, origin, began)
    return best, began


def _walked_back(alike: Table, pairs: npt.NDArray[np.bool_], skips: Moves, column: int, gaps: frozenset[int]) -> list[Stretch]:
    """Return the way to the end, a stretch for each word or skip, in order."""
    steps: list[Stretch] = []
    for row in range(len(alike) - 1, -1, -1):
        if (began := int(skips[row + 1, column])) >= 0:
            steps.append(Stretch("omitted" if row + 1 in gaps else "missing", range(began, column), range(row + 1, row + 1)))
            column = began
        if pairs[row + 1, column]:
            column -= 1
            steps.append(Stretch("same" if alike[row, column] >= 1 else "changed", range(column, column + 1), range(row, row + 1)))
        else:
            steps.append(Stretch("added", range(column, column), range(row, row + 1)))
    return steps[::-1]


def _joined(steps: Iterable[Stretch]) -> Iterator[Stretch]:
    """Make one stretch of neighbours: rows of the same words, and rows of such as differ."""
    for kept, group in groupby(steps, lambda step: step.kind if step.kind in ("same", "omitted") else None):
        row = list(group)
        said, claimed = range(row[0].said.start, row[-1].said.stop), range(row[0].claimed.start, row[-1].claimed.stop)
        yield Stretch(kept or ("changed" if said and claimed else "missing" if said else "added"), said, claimed)


# ---- what differs


def differences(found: Fit, quote: Words, words: Words) -> tuple[Difference, ...]:
    """Return the stretches in words, as they stand in the text and as they were pasted."""
    return tuple(Difference(s.kind, _written(words, s.said), _written(quote, s.claimed)) for s in found.stretches)


def _written(words: Words, numbers: range) -> str:
    """Return words with the marks that close them."""
    if not numbers:
        return ""
    place = words.place(numbers)
    following = words.starts[numbers.stop] if numbers.stop < len(words.starts) else len(words.text)
    closing = re.split(r"[\s“‘«(\[]", words.text[place.end : following], maxsplit=1)[0]
    return place.of(words.text) + closing


def touched(found: Fit, quote: Words, words: Words) -> tuple[Touched, ...]:
    """Tell whether what differs may turn the sense or a figure: a negation or a number that only one of the two has."""
    kinds: set[Touched] = set()
    for stretch in found.stretches:
        if stretch.kind in _AS_SAID:
            continue
        said, claimed = [words.keys[i] for i in stretch.said], [quote.keys[i] for i in stretch.claimed]
        if sum(map(negates, said)) != sum(map(negates, claimed)) or any(opposites(a, b) for a in said for b in claimed):
            kinds.add("negation")
        if Counter(filter(counts, said)) != Counter(filter(counts, claimed)):
            kinds.add("number")
    return tuple(sorted(kinds))


def apart_from(found: Fit, quote: Words, words: Words) -> tuple[str, ...]:
    """Return in what the same words are still written differently: capital letters, white space, marks."""
    kinds: set[str] = set()
    for stretch in found.stretches:
        if stretch.kind == "same":
            pairs = zip(_pieces(words, stretch.said), _pieces(quote, stretch.claimed), strict=True)
            kinds.update(_unlike(one, other) for one, other in pairs if normalize("NFC", one) != normalize("NFC", other))
    return tuple(sorted(kinds))


def _pieces(words: Words, numbers: range) -> Iterator[str]:
    """Yield each word and what stands between it and the next, in turns."""
    for at in numbers:
        if at > numbers.start:
            yield words.text[words.ends[at - 1] : words.starts[at]]
        yield words.text[words.starts[at] : words.ends[at]]


def _unlike(one: str, other: str) -> str:
    """Return what makes two ways of writing the same words, or of what stands between words, differ."""
    if "".join(one.split()) == "".join(other.split()):
        return "white space"
    if _plain_marks(one) == _plain_marks(other):
        return "the shape of marks"
    if not any(character.isalnum() for character in one + other):
        return "punctuation"
    one, other = (_plain_marks(text).casefold().strip("[]").replace("]", "") for text in (one, other))  # "[T]he"
    return "capital letters" if one == other else "the way letters are written"


def _plain_marks(text: str) -> str:
    """Return a text without white space, its quotation marks and dashes in one shape."""
    return re.sub("[‐-―−-]+", "-", re.sub(f'[“”„‟«»‹›"{APOSTROPHES}]', "'", "".join(text.split()).replace("…", "...")))
