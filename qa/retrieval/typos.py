"""Names that are misspelt in a question, read as the nearest name that the corpus knows.

A word that stands anywhere in the corpus is never a misspelling, and a name that is near two bodies is left alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from weakref import WeakKeyDictionary

from qa.index.lexical import content_words, stems
from qa.retrieval.corpus import Corpus
from qa.types import Span

_SHORTEST = 5  # letters of a word that may be misspelt; shorter ones are near too many
_SHORTEST_SURNAME = 7
_LONG = 8  # from so many letters on two may be wrong
_WORD = re.compile(r"[^\W\d_][\w’'\-]*")
_POSSESSIVE = re.compile(r"['’]s$")
_LONGEST_NAME = 6  # words
_NONE_NEAR = 99


@dataclass(frozen=True, slots=True)
class Misspelt:
    """Where a misspelt name stands, and the name that it is read as."""

    span: Span
    name: str


def misspelt(text: str, corpus: Corpus) -> list[Misspelt]:
    """Return the misspelt names in a question, in order; a group's name without its apostrophe is one too."""
    known = [mention.span for mention in corpus.registry.mentions(text)]
    words = [match for match in _WORD.finditer(text) if not any(Span(*match.span()).overlaps(span) for span in known)]
    strange = [_strange(match.group(), corpus) for match in words]
    names = _KNOWN.get(corpus) or _KNOWN.setdefault(corpus, _Names(corpus))
    found: list[Misspelt] = []
    at = 0
    while at < len(words):
        for size in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
            window = words[at : at + size]
            if (size == 1 and not strange[at]) or any(text[a.end() : b.start()].strip() for a, b in pairwise(window)):
                continue
            typed = [_bare(match.group()) for match in window]
            name = names.nearest(typed, strange[at : at + size]) if size > 1 or window[0].group()[0].isupper() else None
            if name:
                span = Span(window[0].start(), window[-1].start() + len(_POSSESSIVE.sub("", window[-1].group())))
                found += [Misspelt(span, name)] if span.of(text) != name else []
                at += size - 1
                break
        at += 1
    return found


def _strange(word: str, corpus: Corpus) -> bool:
    """Tell whether a word is long enough to be a misspelt name and nowhere in the corpus."""
    bare = _bare(word)
    meant = content_words(bare)
    return len(bare) >= _SHORTEST and not word.isupper() and bool(meant) and not any(corpus.index.knows(stem) for stem in meant)


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word).replace("’", "").replace("'", "").casefold()


class _Names:
    """The names of groups and speakers, each as its words, with whom it means."""

    def __init__(self, corpus: Corpus) -> None:
        self._names: dict[tuple[str, ...], dict[tuple[str, ...], str]] = {}  # words -> owners -> as written
        self._places: dict[tuple[int, int, str], list[tuple[str, ...]]] = defaultdict(list)  # by number of words, and a word's first letter
        self._apostrophes: dict[tuple[str, ...], str] = {}
        for name, owner in _of_groups(corpus):
            self._add(name, (owner,))
            if re.search(r"['’]", name):
                self._apostrophes.setdefault(tuple(_bare(match.group()) for match in _WORD.finditer(name)), name)
        for key, owners in corpus.speakers.items():
            if all(owner[:1].isupper() for owner in owners) and (" " in key or len(key) >= _SHORTEST_SURNAME):
                longest = max(owners, key=len)
                self._add(longest if longest.casefold() == key else longest.rsplit(maxsplit=1)[-1], owners)

    def _add(self, name: str, owners: tuple[str, ...]) -> None:
        if words := tuple(_bare(match.group()) for match in _WORD.finditer(name)):
            if words not in self._names:
                for at, word in enumerate(words):
                    self._places[len(words), at, word[:1]].append(words)
            self._names.setdefault(words, {}).setdefault(owners, name)

    def nearest(self, typed: list[str], strange: list[bool]) -> str | None:
        """Return the one name that the words are near, the strange ones but for a letter or two; None for none or several."""
        if not any(strange):
            return self._apostrophes.get(tuple(typed))
        best: dict[tuple[str, ...], str] = {}
        least = _NONE_NEAR
        at = strange.index(True)
        for words in self._places.get((len(typed), at, typed[at][:1]), ()):
            distance = _distance(typed, words, strange)
            if distance is None or distance > least:
                continue
            best = best if distance == least else {}
            least = distance
            best.update(self._names[words])
        if len(best) != 1:
            return None
        return next(iter(best.values()))


_KNOWN: WeakKeyDictionary[Corpus, _Names] = WeakKeyDictionary()  # made when a question first needs them


def _of_groups(corpus: Corpus) -> Iterator[tuple[str, str]]:
    for group in corpus.registry.groups.values():
        for name in (group.name, *group.aliases, *group.publications):
            yield name, group.name


@lru_cache(maxsize=4096)
def _stems(word: str) -> tuple[str, ...]:
    return tuple(stems(word))


def _distance(typed: list[str], words: tuple[str, ...], strange: list[bool]) -> int | None:
    """Return how many letters are wrong, by optimal string alignment; None where the words can't be the name."""
    from rapidfuzz.distance import OSA

    total = 0
    for one, other, unknown in zip(typed, words, strange, strict=True):
        if not unknown:
            if _stems(one) != _stems(other):
                return None
            continue
        most = 2 if len(other) >= _LONG else 1
        wrong = OSA.distance(one, other, score_cutoff=most)
        if one[0] != other[0] or len(other) < _SHORTEST or wrong > most:
            return None
        total += wrong
    return total
