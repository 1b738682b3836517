"""Links the words that name whom is asked to the corpus's groups, speakers and authors. One linker for every kind of name.

Names are compared as sets of folded words (small letters, no marks, no possessives), so that case, diacritics and apostrophes
don't matter; a word may match by spelling (a letter or two wrong), as a beginning, or as an acronym. Each word weighs by how
rare it is among names. How likely a pair of scores is the one meant is fitted (`qa.training.linking`). Knows no question.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz.distance import DamerauLevenshtein

from qa.attribution.names import TITLES
from qa.errors import ModelError
from qa.types import EntityKind

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’‘ʼ`´]s\b")
_JOINED = re.compile(r"(?<=\b\w)\.(?=\w\b)|['’‘ʼ`´]")  # "U.N.", "O'Brien"
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})  # letters that Unicode takes for no accented ones
_EMPTY = TITLES | frozenset("a an and at by de for from in of on the their to".split())  # words of names that tell none apart
_CLOSE = 0.75  # likeness of two spellings below which they are different words
WEIGHTS = Path(__file__).parent / "weights" / "linking.json"
_SHORTEST, _SHORTEST_CUT = 4, 3  # letters of a word that may be misspelt, and of one that may be cut short
_ACRONYM = 2  # initials that an acronym has at least


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody who may be asked: a group that publishes or speaks, a speaker, or an author, under the canonical name."""

    kind: EntityKind
    name: str


@dataclass(frozen=True, slots=True)
class Match:
    """How well words name an entity: the share of the words that its best name has, and of that name that the words have; 0 to 1."""

    entity: Entity
    asked: float
    named: float

    @property
    def score(self) -> float:
        """One number to rank by: what was typed has to be there; a fuller match wins."""
        return self.asked * (0.8 + 0.2 * self.named)


@lru_cache(maxsize=50_000)
def fold(text: str) -> tuple[str, ...]:
    """Return the words of a name as they are compared: without case, marks, possessives and dots between initials."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_PLAIN)
    return tuple(_WORD.findall(_JOINED.sub("", _POSSESSIVE.sub("", plain))))


def likeness(typed: str, word: str) -> float:
    """Return how much a typed word is like a word of a name: 1 the same, 0 another."""
    if typed == word:
        return 1.0
    if typed in (f"{word}s", f"{word}es") or word in (f"{typed}s", f"{typed}es"):
        return 0.95
    if len(typed) >= _SHORTEST_CUT and word.startswith(typed):
        return 0.85
    if min(len(typed), len(word)) < _SHORTEST:
        return 0.0
    if typed[0] != word[0] or abs(len(typed) - len(word)) > 2:
        return 0.0
    close = DamerauLevenshtein.normalized_similarity(typed, word)
    return close if close >= _CLOSE else 0.0


class Linker:
    """The names of one state of a corpus."""

    def __init__(self, names: Iterable[tuple[Entity, str]]) -> None:
        """Take every name with the entity that goes by it; an entity may have many."""
        self._forms: list[tuple[Entity, tuple[str, ...]]] = []
        self._having: dict[str, list[int]] = defaultdict(list)
        self._by_first: dict[str, set[str]] = defaultdict(set)
        seen: set[tuple[Entity, tuple[str, ...]]] = set()
        for entity, name in names:
            for words in self._forms_of(name):
                if (entity, words) in seen:
                    continue
                seen.add((entity, words))
                for word in set(words):
                    self._having[word].append(len(self._forms))
                    self._by_first[word[0]].add(word)
                self._forms.append((entity, words))

    @staticmethod
    def _forms_of(name: str) -> Iterable[tuple[str, ...]]:
        words = tuple(word for word in fold(name) if word not in _EMPTY) or fold(name)
        if words:
            yield words
        initials = "".join(word[0] for word in words)
        if len(initials) > _ACRONYM:
            yield (initials,)
            yield (*words, initials)

    def weight(self, word: str) -> float:
        """Return how much a word tells names apart: its inverse document frequency among names."""
        return math.log(1 + (len(self._forms) + 1) / (len(self._having.get(word, ())) + 0.5))

    def matches(self, words: str, most: int = 8) -> list[Match]:
        """Return the entities that words may name, best first."""
        typed = tuple(word for word in fold(words) if word not in _EMPTY)
        if not typed:
            return []
        near = {word: self._near(word) for word in typed}
        weights = {word: self.weight(word) for word in typed}
        total = sum(weights.values())
        places = {place for found in near.values() for known in found for place in self._having[known]}
        best: dict[Entity, Match] = {}
        for place in places:
            entity, form = self._forms[place]
            alike = {word: max((near[word].get(known, 0.0) for known in form), default=0.0) for word in typed}
            mine = [self.weight(known) for known in form]
            had = [max(near[word].get(known, 0.0) for word in typed) for known in form]
            asked = sum(weights[word] * alike[word] for word in typed) / total
            named = sum(weight * share for weight, share in zip(mine, had, strict=True)) / sum(mine)
            match = Match(entity, asked, named)
            if entity not in best or match.score > best[entity].score:
                best[entity] = match
        return sorted(best.values(), key=lambda match: (-match.score, match.entity.name))[:most]

    @lru_cache(maxsize=4_000)  # noqa: B019 - a linker lives as long as the state of the corpus that it is of
    def _near(self, typed: str) -> dict[str, float]:
        found = {word: alike for word in self._by_first.get(typed[0], ()) if (alike := likeness(typed, word))}
        exact = {word: alike for word, alike in found.items() if alike >= 0.95}
        return exact or found


@cache
def linked() -> float:
    """Return the score from which words are taken to name somebody; raise ModelError where it can't be read."""
    try:
        return float(json.loads(WEIGHTS.read_text("utf-8"))["linked"])
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{WEIGHTS}: the fitted threshold can't be read ({error}); install whosaid again") from error
