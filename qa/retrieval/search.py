"""Finds sentences: BM25 over windows and cosine over sentences, brought into one pool that every answer, search and comparison shares.

The question is looked for in its own words, with the turns before it, and by its topic alone; each body that is asked gets
a search of its own in its articles, so that a small one isn't crowded out. Filters are applied inside the searches, never to
their results. What of this tells an answer is for the ranker to have learnt; here each signal is only measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qa.index.interface import Scope, StoredPassage
from qa.index.lexical import content_words
from qa.models.encoder import Vectors
from qa.retrieval.corpus import Corpus
from qa.types import Article, Span, Statement

LEXICAL_PASSAGES, DENSE_SENTENCES = 60, 80  # that each wording of the question brings
OF_A_BODY = 30  # passages and sentences that the search of one asked body brings
MOST_PASSAGES = 80  # whose sentences are looked at
PART = 0.35  # of a sentence, beside who says it and how, that has to be somebody's speech for the sentence to be theirs
_K1, _B = 1.2, 0.75  # of BM25 (Robertson and Zaragoza, 2009), at its usual values
_RANK = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)


@dataclass(frozen=True, slots=True)
class Wording:
    """What is looked for: the question in its own words, with what came before it, and its topic alone."""

    own: str
    whole: str
    topic: str

    @property
    def texts(self) -> tuple[str, str, str]:
        """All three; where one is empty, the question stands for it."""
        return self.own, self.whole or self.own, self.topic or self.own


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that search found, with its neighbours and what an article's statements tell of who says it."""

    key: int
    passage: StoredPassage
    at: int
    span: Span
    text: str
    before: str
    after: str
    statement: Statement | None  # somebody else's speech that makes up the sentence


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of one question, each with a row of `signals`, shape (candidates, SIGNALS), as `SIGNALS` names them."""

    candidates: tuple[Candidate, ...]
    signals: Vectors
    corpus: Corpus = field(repr=False)

    def article(self, number: int) -> Article:
        """Return the article of a candidate, without its text."""
        return self.corpus.articles[self.candidates[number].key]


SIGNALS = (
    "cosine_own", "cosine_whole", "cosine_topic", "cosine_before", "cosine_after",
    "bm25_own", "bm25_whole", "bm25_topic",
    "share_own", "share_topic", "share_near", "share_title", "share_passage",
    "rank_cosine", "rank_bm25", "behind_cosine", "behind_bm25",
)  # fmt: skip


def find(wording: Wording, bodies: Sequence[str], corpus: Corpus, scope: Scope | None, most: int = MOST_PASSAGES) -> Pool:
    """Return the sentences of these articles that may answer; `bodies` are groups that are asked and get searches of their own."""
    texts = wording.texts
    vectors = corpus.vectors(texts)
    words = [content_words(text) for text in texts]
    ranks: dict[int, float] = defaultdict(float)
    for stems_asked, vector in {tuple(w): (w, v) for w, v in zip(words, vectors, strict=True)}.values():
        _look(ranks, stems_asked, vector, corpus, scope, (LEXICAL_PASSAGES, DENSE_SENTENCES))
    for body in bodies:
        inside = corpus.by((body,), scope)
        if inside is not scope:
            _look(ranks, words[2], vectors[2], corpus, inside, (OF_A_BODY, OF_A_BODY))
    best = sorted(ranks, key=lambda passage: (-ranks[passage], passage))[:most]
    passages = [passage for passage in corpus.index.passages(best) if passage.article in corpus.articles]
    return _pool(passages, words, vectors, corpus)


def near_passages(text: str, corpus: Corpus, most: int) -> list[StoredPassage]:
    """Return up to `most` passages nearest to a text, best first."""
    ranks: dict[int, float] = defaultdict(float)
    _look(ranks, content_words(text), corpus.vectors([text])[0], corpus, None, (2 * most, 2 * most))
    order = sorted(ranks, key=lambda passage: (-ranks[passage], passage))[:most]
    found = {passage.id: passage for passage in corpus.index.passages(order) if passage.article in corpus.articles}
    return [found[id] for id in order if id in found]


def _look(
    ranks: dict[int, float], words: Sequence[str], vector: Vectors, corpus: Corpus, scope: Scope | None, most: tuple[int, int]
) -> None:
    """Add to each passage's reciprocal ranks those of one wording."""
    for rank, (passage, _) in enumerate(corpus.index.matching(dict.fromkeys(words, 1.0), most[0], scope)):
        ranks[passage] += 1 / (_RANK + rank)
    for rank, passage in enumerate(dict.fromkeys(corpus.index.nearest(vector, most[1], scope))):
        ranks[passage] += 1 / (_RANK + rank)


def _pool(passages: Sequence[StoredPassage], words: Sequence[Sequence[str]], vectors: Vectors, corpus: Corpus) -> Pool:
    candidates: list[Candidate] = []
    counts: list[Mapping[str, int]] = []
    of_passage: list[int] = []
    for number, passage in enumerate(passages):
        inside = corpus.sentences_of(passage)
        said = corpus.speech(passage.article)
        for at, (span, text) in enumerate(zip(passage.sentences, inside.texts, strict=True)):
            before, after = inside.texts[at - 1] if at else "", inside.texts[at + 1] if at + 1 < len(inside.texts) else ""
            candidates.append(Candidate(passage.article, passage, at, span, text, before, after, speech_in(span, said)))
            of_passage.append(number)
        counts += inside.counts
    if not candidates:
        return Pool((), np.zeros((0, len(SIGNALS)), np.float32), corpus)
    cosines = corpus.index.vectors_of(passages) @ vectors.T
    places = np.array(of_passage)
    first, last = np.r_[True, places[1:] != places[:-1]], np.r_[places[1:] != places[:-1], True]
    rarity = {word: corpus.index.rarity(word) for listed in words for word in listed}
    lengths = np.array([sum(one.values()) for one in counts], np.float32)
    bm25 = np.stack([_bm25(listed, counts, lengths, rarity) for listed in words], 1)
    there = {word: np.array([word in one for one in counts]) for word in rarity}
    near = {word: has | np.where(first, False, np.roll(has, 1)) | np.where(last, False, np.roll(has, -1)) for word, has in there.items()}
    around = {word: np.bincount(places, has, len(passages))[places] > 0 for word, has in there.items()}
    keys = [candidate.key for candidate in candidates]
    titles = {key: set(content_words(corpus.articles[key].title or "")) for key in set(keys)}
    titled = {word: np.array([word in titles[key] for key in keys]) for word in words[1]}
    signals = [
        *cosines.T, np.where(first, 0.0, np.roll(cosines[:, 0], 1)), np.where(last, 0.0, np.roll(cosines[:, 0], -1)), *bm25.T,
        _share(words[0], there, rarity), _share(words[2], there, rarity), _share(words[1], near, rarity),
        _share(words[1], titled, rarity), _share(words[1], around, rarity),
        _RANK / (_RANK + _rank(cosines[:, 1])), _RANK / (_RANK + _rank(bm25[:, 1])),
        cosines[:, 1] - cosines[:, 1].max(), bm25[:, 1] - bm25[:, 1].max(),
    ]  # fmt: skip
    shaped = [np.broadcast_to(np.asarray(signal, np.float32), (len(candidates),)) for signal in signals]
    return Pool(tuple(candidates), np.stack(shaped, 1), corpus)


def _bm25(asked: Sequence[str], counts: Sequence[Mapping[str, int]], lengths: Vectors, rarity: Mapping[str, float]) -> Vectors:
    """Return BM25 of each sentence for the words asked, over what all of them together may bring; 0 to about 1."""
    scores = np.zeros(len(counts), np.float32)
    norm = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1.0))
    for word in asked:
        often = np.array([one.get(word, 0) for one in counts], np.float32)
        scores += rarity[word] * often * (_K1 + 1) / (often + norm)
    return scores / max(sum(rarity[word] for word in asked), 1.0)


def _share(asked: Sequence[str], there: Mapping[str, npt.NDArray[np.bool_]], rarity: Mapping[str, float]) -> Vectors:
    """Return the share of the words asked, weighted by rarity, that each sentence has: 0 to 1."""
    total = sum(rarity[word] for word in asked)
    if not total:
        return np.zeros(1, np.float32)
    return np.asarray(sum(rarity[word] * there[word] for word in asked) / total, np.float32)


def _rank(scores: Vectors) -> Vectors:
    return np.argsort(np.argsort(-scores, kind="stable"), kind="stable").astype(np.float32)


def speech_in(sentence: Span, statements: Iterable[Statement]) -> Statement | None:
    """Return the speech that makes up most of a sentence, and PART of it at least; None where the article speaks itself."""
    best, most = None, PART
    for statement in statements:
        shared = sum(max(0, min(span.end, sentence.end) - max(span.start, sentence.start)) for span in statement.content)
        part = shared / max(sentence.end - sentence.start, 1)
        if part >= most:
            best, most = statement, part
    return best
