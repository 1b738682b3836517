"""Takes a text apart into words that can be compared, and reads a pasted quote: its words, and where some are left out.

A word is a run of letters and digits, or a sign that is read aloud as £ and % are. Marks and white space are no words,
so they never make one quote another. Every word keeps its place in the text that it comes from, in code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

from qa.index.lexical import STOP_WORDS
from qa.types import Span

LONGEST_INSERTION = 200  # characters between square brackets that may stand for left-out words

NEGATIONS = frozenset("not no never none nobody nothing nowhere nor neither without cannot hardly barely scarcely".split())
NUMBERS = frozenset(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion
    billions trillion trillions dozen dozens half third quarter twice once double triple first second percent
    """.split()
)
APOSTROPHES = "'’‘ʼ＇`´"
_OPPOSITE = ("un", "in", "im", "il", "ir", "non", "dis")

# Thai, Lao, Burmese, Khmer, kana and Han are written without spaces: each letter is a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"  # soft hyphens, joiners and marks of direction
_CHARACTER = rf"[^\W_{_UNSPACED}]"
_CAPITAL = rf"\[[^\W\d_]\]{_CHARACTER}+"  # "[T]he"
_REFERENCE = r"\[\d{1,3}\]"  # the number of a note
_DOTS = r"(?:…|(?:\.\s?){3,})"
_ELLIPSIS = rf"\[\s*{_DOTS}\s*\]|\(\s*{_DOTS}\s*\)|{_DOTS}"
_INSERTION = rf"[^\W_]*\[[^\[\]]{{0,{LONGEST_INSERTION}}}\]"  # "[the pipe]", and "demand[ed]" as a whole


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text: how each is compared (`keys`) and where it stands."""

    text: str
    keys: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def place(self, numbers: range) -> Span:
        """Return the place of these words, of which there has to be one."""
        return Span(self.starts[numbers.start], self.ends[numbers.stop - 1])


@dataclass(frozen=True, slots=True)
class Reading:
    """A pasted quote as words. Before the words numbered in `gaps` an ellipsis or an insertion stands for left-out ones."""

    words: Words
    gaps: frozenset[int]


def words_of(text: str) -> Words:
    """Return the words of a text; the numbers of notes, as in [12], are none."""
    return _words(text, [match for match in _of_text().finditer(text) if match["word"]])


def readings(quote: str) -> list[Reading]:
    """Return the ways to read a pasted quote: as it stands, then, where it has any, with [insertions] for left-out words."""
    both = (_reading(quote, insertions) for insertions in (False, True))
    return [reading for reading in dict.fromkeys(both) if reading.words.keys]


def _reading(quote: str, insertions: bool) -> Reading:
    matches: list[re.Match[str]] = []
    gaps = set()
    for match in _of_quote(insertions).finditer(quote):
        if match["word"]:
            matches.append(match)
        elif match["gap"]:
            gaps.add(len(matches))
    return Reading(_words(quote, matches), frozenset(gaps - {0, len(matches)}))


def _words(text: str, matches: Sequence[re.Match[str]]) -> Words:
    return Words(text, tuple(_key(m.group()) for m in matches), tuple(m.start() for m in matches), tuple(m.end() for m in matches))


@cache
def _of_text() -> re.Pattern[str]:
    return re.compile(rf"{_REFERENCE}|(?P<word>{_word()})")


@cache
def _of_quote(insertions: bool) -> re.Pattern[str]:
    gap = rf"{_ELLIPSIS}|(?!{_CAPITAL}){_INSERTION}" if insertions else _ELLIPSIS
    return re.compile(rf"(?P<gap>{gap})|{_REFERENCE}|(?P<word>{_word()})")


def _word() -> str:
    """Return the pattern of a word: a letter of an unspaced script, "U.N." and the like, letters and digits, or a sign."""
    marks = _combining()
    inside = rf"{_CHARACTER}|[{marks}]|[{_UNSEEN}]+(?={_CHARACTER})|[{APOSTROPHES}](?={_CHARACTER})|(?<=\d)[.,](?=\d)"
    return (
        rf"{_CAPITAL}|[{_UNSPACED}][{marks}]*|[^\W\d_](?:\.[^\W\d_])+(?!{_CHARACTER})"
        rf"|{_CHARACTER}(?:{inside})*|[$¢£¤¥\u20a0-\u20cf%‰°]"
    )


def _combining() -> str:
    """Return every mark that belongs to the letter before it, as ranges of a pattern."""
    marks = [at for at in (*range(0x20000), *range(0xE0100, 0xE01F0)) if unicodedata.category(chr(at))[0] == "M"]
    rows = ([at for _, at in group] for _, group in groupby(enumerate(marks), lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(row[0])}-{chr(row[-1])}" for row in rows)


@lru_cache(maxsize=100_000)
def _key(word: str) -> str:
    """Return the form under which words are compared: in small letters, one way of writing each, nothing unseen."""
    plain = re.sub(rf"[{_UNSEEN}\[\]]", "", re.sub(f"[{APOSTROPHES}]", "'", word))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold()).replace(" ", "")
    if has_digit(folded):
        return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", folded)
    return folded.replace(".", "")


# ---- kinds of words


def has_digit(key: str) -> bool:
    """Tell whether a digit is in a word."""
    return any(character.isdigit() for character in key)


def telling(keys: Iterable[str]) -> set[str]:
    """Return the words that carry meaning."""
    return {key for key in keys if key not in STOP_WORDS and (len(key) > 1 or key.isdigit() or not key.isascii())}


def negates(key: str) -> bool:
    """Tell whether a word says no."""
    return key in NEGATIONS or key.endswith("n't")


def counts(key: str) -> bool:
    """Tell whether a word is a number."""
    return key in NUMBERS or has_digit(key)


def opposites(one: str, other: str) -> bool:
    """Tell whether one is the other with "un-" or the like before it."""
    short, long = sorted((one, other), key=len)
    return len(short) > 2 and any(long == prefix + short for prefix in _OPPOSITE)
