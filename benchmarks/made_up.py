"""A corpus without end that nobody wrote: articles, questions about them, and an encoder and an attributor to match.

For measuring time, memory and recall at sizes for which there is no text of our own. The same seed always gives the
same articles, each made by itself from its number, so that a million of them are never held at once. The commonest content
words are English and the others are made of syllables; how often each comes follows Zipf's law, as in any language.
Says nothing about the quality of answers: what is said here has no meaning.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.models.encoder import Encoder, ModelIdentity, Vectors
from qa.types import Article, PartialDate, Span, Statement

RARE = "Quenby Almanac Society"  # the group with exactly RARE_PASSAGES passages, whatever the size of the corpus
RARE_PASSAGES = 50
GROUPS = 40  # the others, of which the largest has about a quarter of all articles
PASSAGES_OF_AN_ARTICLE = 8  # of 150 words, on average
SENTENCES = (40, 68)  # of an article: from, below
DIMENSION = 384
QUESTION_TEXTS = 8  # a question and what it is searched by beside that

_NOUNS, _ADJECTIVES, _VERBS, _SURNAMES, _PLACES = 24_000, 5_000, 4_000, 600, 300
_TOPIC_FROM = 200  # nouns that are commoner than this are no topic
_OF_TOPIC = 0.3  # share of an article's nouns that are its topics
# Directions in which meanings differ. With as many as there are dimensions no two texts would be near each other, and
# lists around centres would find nothing; with 20, of the ten nearest of 67,000 such vectors .89, .97 and .99 are in the
# nearest 1/16, 1/8 and 1/4 of 512 lists, as .95, .97 and .99 are of 85,000 real ones (news, web pages and encyclopaedia).
_HIDDEN = 20
_ROWS = 1 << 15  # vectors of words; words that share one by their hash are few and rare
_WORDS_AT_ONCE = 200_000
_FIRST_DAY, _DAYS = dt.date(2020, 1, 1), 5 * 365

_COMMON_NOUNS = """
    year worker price water bridge river school hospital law tax wage field market vote harvest road report meeting plan street
    budget rent house land town village city country people member group council office union factory mine port ship train station
    bus line power coal oil gas wind storm flood fire forest farm farmer crop grain bread milk meat fish boat net sea coast island
    border war peace army soldier weapon treaty court judge police prison strike march protest crowd square speech letter paper
    page book story song film game team club player child woman man mother father family friend neighbour teacher student doctor
    nurse patient drug clinic disease death birth life health food hunger job pension bank debt loan money fund company owner
    profit trade sale shop customer machine tool engine wire cable phone screen network message picture record list number rate
    share half third quarter month week day night morning summer winter spring autumn hour minute place region district valley hill
    mountain lake well pipe dam wall roof door window room floor garden tree leaf seed root soil stone sand iron steel copper wood
    question answer reason result cause effect change start end part side top bottom case point fact idea word name rule right duty
""".split()  # fmt: skip
_COMMON_ADJECTIVES = """
    new old large small long short high low early late good bad strong weak young full empty open public private local national
    foreign common rare clear dark light heavy warm cold dry wet clean dirty safe fair free equal whole main former recent final
    first last next other same different certain possible likely real true false plain simple hard soft quick slow rich poor cheap
    dear wide narrow deep thin northern southern eastern western rural urban daily weekly annual legal social
""".split()  # fmt: skip
_COMMON_VERBS = """
    oppose reject demand support welcome defend protect replace reduce repair open close follow report answer change cover measure
    number question remember receive return visit watch gather improve move order plant pass pay-back prepare present produce promise
    publish raise reach record remove rescue reserve respect restore review reward share sign start stop store study test train treat
    value vote-down warn wash waste weigh
""".split()  # fmt: skip
_GIVEN = "Ada Boris Clara Dennis Edith Frank Grace Hugo Irene Jacob Karen Leon Maria Noah Olga Peter Rosa Simon Teresa Victor".split()
_KINDS = "Guild Union Council Trust League Party Federation Alliance".split()
_ONSETS = "b bl br c ch cl d dr f fl g gr h k l m n p pl pr r s sh sk sl sp st t th tr v w".split()
_MIDDLES = "a e i o u a e i o u ai ea ee".split()
_CODAS = ["", "", "", *"d g l m n nd nt r rn s st t".split()]

# a: adjective, n: noun, v: verb, d: past of a verb, l: place, p: a speaker with the body spoken for. At most 21 words each.
_PATTERNS: dict[str, float] = {
    "The {a} {n} of the {n} was {d} after the {n} at {l}, and nobody had a {n} for it.": 10,
    "In the {a} {n} there were a few who {d} the {n} because of the {n} and the {a} {n}.": 10,
    "Although the {n} had {d} the {n} near {l}, its {a} {n} and the {n} of it were never {d}.": 10,
    "There is no {n} without a {n}, and the {a} {n} that {d} the {a} {n} knew it.": 8,
    "Many of those who {d} the {n} in {l} have since {d} the {n}, the {n} and even the {a} {n}.": 9,
    "It was the {n} that {d} the {a} {n} of {l}, not the {n} which had come with the {n}.": 9,
    "When the {a} {n} of the {n} is over, the {n} will {v} each {n} that the {n} has {d}.": 9,
    "Under the {n} of that time a {a} {n} could {v} the {n} and {v} the {n} of its {n}.": 8,
    "Those in {l} who {v} the {n} also {v} the {a} {n}, for one is the {n} of the other.": 8,
    "“We {v} the {a} {n} and the {n} that comes with every {n},” said {p}.": 8,
    "“The {n} must {v} the {a} {n} of {l} before the {n},” said {p}.": 5,
    "{p} said that the {a} {n} would {v} the {n} and the {n} of {l}.": 6,
}
_SLOT = re.compile(r"\{(\w)\}")
_QUOTED = re.compile(r"(?P<said>“[^”]+,”) (?P<cue>said) (?P<source>(?P<name>\w+ \w+) of the (?P<body>[^.]+))\.")
_REPORTED = re.compile(r"(?P<source>(?P<name>[A-Z]\w+ [A-Z]\w+) of the (?P<body>(?:[A-Z]\w+ ?)+)) (?P<cue>said) (?P<said>that [^.]+)\.")
_WORD = re.compile(r"\w+")
_ASKED_OF_A_GROUP = (
    "What does the {group} say about the {one} and the {other}?",
    "Does the {group} oppose the {one} of the {other}?",
    "Why does the {group} want the {one} and not the {other}?",
)
_ASKED = (
    "Who speaks of the {one} and the {other}?",
    "What is said about the {one} after the {other}?",
    "Who wants to change the {one} because of the {other}?",
)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words for each kind of slot, commonest first, in one array; and the chance of each, added up."""

    all: npt.NDArray[np.object_]
    first: dict[str, int]
    chances: dict[str, npt.NDArray[np.float64]]
    surnames: list[str]
    groups: list[str]


@dataclass(frozen=True, slots=True)
class _Head:
    """What an article is about, before its text is made."""

    group: str
    topics: list[str]
    rng: np.random.Generator


@cache
def _words() -> _Words:
    rng = np.random.default_rng(20)
    taken = {*_COMMON_NOUNS, *_COMMON_ADJECTIVES, *_COMMON_VERBS}

    def made(count: int, least: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            word = "".join(
                _ONSETS[rng.integers(len(_ONSETS))] + _MIDDLES[rng.integers(len(_MIDDLES))] + _CODAS[rng.integers(len(_CODAS))]
                for _ in range(rng.integers(least, 3))
            )
            if len(word) > 3 and word not in taken:
                taken.add(word)
                found.append(word)
        return found

    nouns = _COMMON_NOUNS + made(_NOUNS, 1)
    adjectives = _COMMON_ADJECTIVES + made(_ADJECTIVES, 1)
    verbs = [verb for verb in _COMMON_VERBS if "-" not in verb] + made(_VERBS, 1)
    pasts = [f"{verb.removesuffix('e')}ed" for verb in verbs]
    places, surnames = [word.title() for word in made(_PLACES, 2)], [word.title() for word in made(_SURNAMES, 2)]
    kinds = {"n": nouns, "a": adjectives, "v": verbs, "d": pasts, "l": places}
    first, at = {}, 0
    for kind, words in kinds.items():
        first[kind], at = at, at + len(words)
    groups = [f"{place} {_KINDS[number % len(_KINDS)]}" for number, place in enumerate(places[:GROUPS])]
    chances = {kind: zipf(len(words)) for kind, words in kinds.items()}
    return _Words(np.array([word for words in kinds.values() for word in words], object), first, chances, surnames, groups)


def zipf(count: int) -> npt.NDArray[np.float64]:
    """Return the chances of `count` ranks by Zipf's law (as Mandelbrot has it, with the first ranks nearer together), added up."""
    chances = 1 / (np.arange(count) + 2.7)
    total: npt.NDArray[np.float64] = np.cumsum(chances / chances.sum())
    total[-1] = 1.0
    return total


@cache
def _patterns() -> tuple[list[str], list[npt.NDArray[np.str_]], npt.NDArray[np.float64]]:
    """Return the patterns as formats, the kinds of their slots, and their chances, added up."""
    weights = np.array(list(_PATTERNS.values()))
    kinds = [np.array(_SLOT.findall(pattern)) for pattern in _PATTERNS]
    return [_SLOT.sub("%s", pattern) for pattern in _PATTERNS], kinds, np.cumsum(weights / weights.sum())


def _head(number: int, seed: int, rare: bool) -> _Head:
    words = _words()
    rng = np.random.default_rng((seed, number, rare))
    topics = words.all[rng.integers(_TOPIC_FROM, len(words.chances["n"]), 4)].tolist()
    return _Head(RARE if rare else words.groups[int(np.searchsorted(_group_chances(), rng.random()))], topics, rng)


@cache
def _group_chances() -> npt.NDArray[np.float64]:
    return zipf(GROUPS)


def _article(number: int, seed: int, rare: bool) -> Article:
    words, head = _words(), _head(number, seed, rare)
    rng = head.rng
    formats, kinds_of, chances = _patterns()
    count = 7 if rare else int(rng.integers(*SENTENCES))  # seven sentences of at most 21 words are one passage
    picked = np.searchsorted(chances, rng.random(count)).tolist()
    kinds = np.concatenate([kinds_of[pattern] for pattern in picked])
    filled = np.empty(len(kinds), object)
    for kind, first in words.first.items():
        where = np.flatnonzero(kinds == kind)
        filled[where] = words.all[first + np.searchsorted(words.chances[kind], rng.random(len(where)))]
    nouns = np.flatnonzero(kinds == "n")
    nouns = nouns[rng.random(len(nouns)) < _OF_TOPIC]
    filled[nouns] = np.array(head.topics, object)[rng.integers(0, len(head.topics), len(nouns))]
    speakers = [_speaker(rng, head.group if at == 0 else None) for at in range(3)]
    where = np.flatnonzero(kinds == "p")
    filled[where] = np.array(speakers, object)[rng.integers(0, len(speakers), len(where))]
    slots, at = filled.tolist(), 0
    sentences = []
    for pattern in picked:
        end = at + len(kinds_of[pattern])
        sentences.append(formats[pattern] % tuple(slots[at:end]))
        at = end
    day = _FIRST_DAY + dt.timedelta(days=int(rng.integers(_DAYS)))
    id = f"rare-{number:02d}" if rare else f"made-up-{number:07d}"
    return Article(
        id=id,
        text="\n\n".join(" ".join(sentences[at : at + 4]) for at in range(0, count, 4)),
        title=f"The {head.topics[0]} and the {head.topics[1]}",
        group=head.group,
        author=_speaker(rng, head.group).partition(" of ")[0],
        published=PartialDate(day.year, day.month, day.day),
        url=f"https://{head.group.lower().replace(' ', '-')}.example/{id}",
    )


def _speaker(rng: np.random.Generator, group: str | None) -> str:
    """Return somebody with the body that she or he always speaks for: "Ada Brond of the Norvale Union"."""
    words = _words()
    given, surname = int(rng.integers(len(_GIVEN))), int(rng.integers(len(words.surnames)))
    body = group or words.groups[(given * 31 + surname) % GROUPS]
    return f"{_GIVEN[given]} {words.surnames[surname]} of the {body}"


def _how_many(passages: int, rare: bool) -> int:
    """Return how many articles have about so many passages, those of the rare group left out."""
    return max(1, round((passages - (RARE_PASSAGES if rare else 0)) / PASSAGES_OF_AN_ARTICLE))


def articles(passages: int, seed: int = 1, *, rare: bool = True) -> Iterator[Article]:
    """Yield articles with about `passages` passages of 150 words; unless `rare` is false, the rare group's are strewn among them."""
    regular = _how_many(passages, rare)
    total = regular + (RARE_PASSAGES if rare else 0)
    places = {total * at // RARE_PASSAGES for at in range(RARE_PASSAGES)} if rare else set()
    numbers = {True: 0, False: 0}
    for at in range(total):
        is_rare = at in places
        yield _article(numbers[is_rare], seed, is_rare)
        numbers[is_rare] += 1


def write(folder: Path, passages: int, seed: int = 1, *, rare: bool = True, articles_of_a_file: int = 2000) -> int:
    """Write articles as JSON Lines, in files of some thousand; return how many bytes they have."""
    folder.mkdir(parents=True, exist_ok=True)
    size, file = 0, None
    try:
        for number, article in enumerate(articles(passages, seed, rare=rare)):
            if number % articles_of_a_file == 0:
                if file:
                    file.close()
                file = (folder / f"articles-{number // articles_of_a_file:04d}.jsonl").open("wb")
            assert file
            size += file.write(json.dumps(row(article), ensure_ascii=False).encode() + b"\n")
    finally:
        if file:
            file.close()
    return size


def row(article: Article) -> dict[str, Any]:
    """Return the fields of an article as JSON Lines have them."""
    names = ("id", "title", "group", "author", "url", "text")
    return {**{name: getattr(article, name) for name in names}, "published": str(article.published)}


def questions(count: int, passages: int, seed: int = 1, *, rare: bool = True) -> list[str]:
    """Return `count` different questions about what is in `articles` of that size and seed; half of them name a group."""
    rng = np.random.default_rng((seed, 99))
    regular = _how_many(passages, rare)
    found: dict[str, None] = {}
    for attempt in range(20 * count):
        if len(found) == count:
            break
        head = _head(int(rng.integers(regular)), seed, rare=False)
        one, other = (head.topics[at] for at in rng.permutation(len(head.topics))[:2])
        wordings = _ASKED_OF_A_GROUP if attempt % 2 else _ASKED
        found[wordings[rng.integers(len(wordings))].format(group=head.group, one=one, other=other)] = None
    if len(found) < count:
        raise ValueError(f"{count} questions: there are not so many about {passages} passages; ask for fewer")
    return list(found)


class Spent:
    """How many seconds were spent in something, by all threads of this process together."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seconds = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Add what the block takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds += time.perf_counter() - began


class MadeUpEncoder:
    """Vectors that cost next to nothing: of a text, the sum of fixed random ones of its words, weighted by their rarity.

    Texts that share rare words are near, so that recall can be measured; synonyms are as far apart as any words. With
    `timed_with`, up to QUESTION_TEXTS texts at once are encoded by that encoder as well and its vectors thrown away, so
    that the time of a question is what it would be. Safe to share between threads.
    """

    def __init__(self, timed_with: Encoder | None = None) -> None:
        """Draw the vectors of words: 50 MB."""
        import torch

        generator = np.random.default_rng(384)
        hidden = generator.standard_normal((_ROWS, _HIDDEN), np.float32)
        self._table = torch.from_numpy(hidden @ generator.standard_normal((_HIDDEN, DIMENSION), np.float32))
        self._timed_with = timed_with
        self.spent = Spent()
        self._rows: dict[str, int] = {}
        self._weights: dict[str, float] = {}
        self._of_slots = {str(word): at - first for first, last in _slot_ranges() for at, word in _listed(first, last)}
        self._plain = {word.lower() for pattern in _PATTERNS for word in _WORD.findall(_SLOT.sub(" ", pattern))}

    @property
    def identity(self) -> ModelIdentity:
        """Name, hash and dimension."""
        recipe = hashlib.sha256(f"made up {_ROWS} {_HIDDEN} {DIMENSION}".encode()).hexdigest()
        return ModelIdentity("made up", recipe, DIMENSION)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, shape (len(texts), DIMENSION), float32."""
        if self._timed_with and len(texts) <= QUESTION_TEXTS:
            self._timed_with.encode(texts)
        with self.spent.counting():
            return self._encoded(texts)

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        parts: list[Vectors] = [np.zeros((0, DIMENSION), np.float32)]
        some: list[list[str]] = []
        waiting = 0
        for text in texts:
            some.append(_WORD.findall(text.lower()))
            waiting += len(some[-1])
            if waiting > _WORDS_AT_ONCE:
                parts.append(self._summed(some))
                some, waiting = [], 0
        if some:
            parts.append(self._summed(some))
        return np.concatenate(parts)

    def _summed(self, texts: list[list[str]]) -> Vectors:
        import torch

        words = [word for text in texts for word in text]
        for word in set(words) - self._weights.keys():
            self._rows[word] = zlib.crc32(word.encode()) % _ROWS
            self._weights[word] = self._weight(word)  # the last, since others may be looking
        rows = torch.tensor([self._rows[word] for word in words], dtype=torch.long)
        weights = torch.tensor([self._weights[word] for word in words], dtype=torch.float32)
        starts = torch.tensor(np.cumsum([0, *(len(text) for text in texts[:-1])]), dtype=torch.long)
        with torch.inference_mode():
            sums = torch.nn.functional.embedding_bag(rows, self._table, starts, mode="sum", per_sample_weights=weights)
            array: Vectors = torch.nn.functional.normalize(sums, dim=1).numpy()
        return array

    def _weight(self, word: str) -> float:
        """Return how much a word counts: next to nothing for what only joins others, more the rarer it is, as idf has it."""
        if word in self._plain:
            return 0.05
        return float(np.log(3 + self._of_slots.get(word, 1000)) / np.log(3 + _NOUNS))


def _slot_ranges() -> list[tuple[int, int]]:
    words = _words()
    return [(first, first + len(words.chances[kind])) for kind, first in words.first.items()]


def _listed(first: int, last: int) -> Iterator[tuple[int, str]]:
    for at in range(first, last):
        yield at, _words().all[at].lower()


class MadeUpAttributor:
    """Reads who says what by the two patterns in which these articles say it, with exact places."""

    identity = "made up"

    def __init__(self) -> None:
        """Begin the clock."""
        self.spent = Spent()

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        """Return the statements of each article; it needs no sentences."""
        with self.spent.counting():
            return [tuple(self._of(article)) for article in articles]

    def _of(self, article: Article) -> Iterator[Statement]:
        for voice, pattern in (("quoted", _QUOTED), ("reported", _REPORTED)):
            for found in pattern.finditer(article.text):
                source, cue, said = ((Span(*found.span(name)),) for name in ("source", "cue", "said"))
                yield Statement(article.id, source, cue, said, found["name"], voice, organisation=found["body"])  # type: ignore[arg-type]
