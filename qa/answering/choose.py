"""Chooses the sentences that answer: scores each sentence of the found passages against the question's topic.

Two signals that fail differently: cosine of the encoder (means the same) and the share of the topic's words, weighted
by rarity, that the sentence has (speaks of the same thing). Decides nothing about silence and words nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from qa.index.interface import Scope
from qa.index.lexical import content_words
from qa.models.encoder import Vectors
from qa.retrieval.corpus import Corpus
from qa.retrieval.search import Candidate, candidates
from qa.types import Article, Query, Span, Statement, Voice

PASSAGES_READ = 24
COSINE, COVERAGE, PASSAGE = 1.6, 0.6, 0.15  # weights of a sentence's score
NEIGHBOUR = 0.4  # how much a word counts that stands only in the sentence before or after
RELATED = 0.6  # how much a word counts that only shares its beginning, as in "diplomacy" and "diplomatic"
RELATED_LETTERS = 6
WHOLE_QUESTION = 0.5  # weight of the whole question beside its topic in the vector
SPEAKER_FOUND = 0.15  # added where the speaker asked for says the sentence
NO_SENTENCE = 0.15  # taken off headings, slogans and other lines without an end mark
OWN_WORDS = 0.5  # how much the words around a speech count against it, unless a group is asked what it says itself
VERY_WORDS = 0.9  # share of the topic's words by which a question repeats what a text says
OTHERS_WORDS = 0.15  # taken off what a group reports of others where it is asked what it says itself
NO_NUMBER = 0.3  # taken off where the question asks for a number or a date and the sentence has none
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|billions?|half|twice"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|decades?|none|unanimous(?:ly)?)\b",
    re.IGNORECASE,
)
_ASKS_NUMBER = re.compile(
    r"^\W*(?:(?:on|in|since|until|for) )?(?:how (?:many|much|long|old|far|often|large|big)|when"
    r"|(?:what|which) (?:year|date|day|month|number|percentage|share))\b",
    re.IGNORECASE,
)
_END_MARK = re.compile(r"[.!?…。！？؟।][\"'“”‘’»›)\]」』]*$")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that may answer, with who says it and how well it fits.

    `cosine`, `coverage` (0 to 1) and `nearby`, the sentence with its neighbours, are kept for the decision to stay silent.
    `window` are the sentences of its passage, of which it is number `at`; `odds` are the reader's logarithmic odds that the
    sentence answers, `odds_nearby` that it or a sentence beside it does.
    """

    article: Article
    key: int
    span: Span
    text: str
    nearby: str
    speaker: str | None
    voice: Voice
    organisation: str | None
    source: tuple[Span, ...]
    cue: tuple[Span, ...]
    said: tuple[Span, ...]
    cosine: float
    coverage: float
    score: float
    window: tuple[Span, ...]
    at: int
    odds: float = 0.0
    odds_nearby: float = 0.0

    @property
    def own(self) -> bool:
        """Whether the article's group says it itself."""
        return self.voice == "own"


@dataclass(frozen=True, slots=True)
class Topic:
    """What a question is about: its words with their rarity, and its vector."""

    text: str
    words: tuple[str, ...]
    weights: tuple[float, ...]
    vector: Vectors


def topic_of(query: Query, corpus: Corpus) -> Topic:
    """Return the topic of a question, ready to be compared with sentences."""
    text = query.topic or query.text
    words = content_words(text)
    vector = corpus.vectors([text, query.text])
    mean = vector[0] + (0.0 if query.publishers else WHOLE_QUESTION) * vector[1]  # a name would draw in whatever names it
    return Topic(
        text, tuple(words), tuple(corpus.index.rarity(word) for word in words), np.asarray(mean / np.linalg.norm(mean), np.float32)
    )


def quotes(query: Query, topic: Topic, corpus: Corpus, scope: Scope | None) -> list[Quote]:
    """Return the sentences of these articles that may answer, best first."""
    found = candidates(topic.text, corpus, scope, query.speakers, PASSAGES_READ)
    return sorted((quote for candidate in found for quote in _scored(candidate, query, topic, corpus)), key=lambda q: -q.score)


def _scored(candidate: Candidate, query: Query, topic: Topic, corpus: Corpus) -> Iterable[Quote]:
    article = corpus.with_text(candidate.article_key)
    asks_number = bool(_ASKS_NUMBER.match(query.text))
    stems = [with_beginnings(content_words(sentence.span.of(article.text))) for sentence in candidate.sentences]
    for at, sentence in enumerate(candidate.sentences):
        text = sentence.span.of(article.text)
        near = set().union(*(stems[i] for i in (at - 1, at + 1) if 0 <= i < len(stems)))
        coverage = covered(topic, stems[at], near)
        cosine = float(sentence.vector @ topic.vector)
        said = corpus.speech(candidate.article_key)
        statement = speech_meant(article, sentence.span, said, topic, query)
        if statement is None and query.asked == "who":
            statement = _told_of(article, sentence.span, corpus.statements(candidate.article_key), topic)
        score = COSINE * cosine + COVERAGE * coverage + PASSAGE * candidate.hit.score
        score -= 0.0 if _END_MARK.search(text) else NO_SENTENCE
        score -= NO_NUMBER if asks_number and not _NUMBER.search(text) else 0.0
        score -= OTHERS_WORDS if statement and query.publishers and not query.speakers else 0.0
        score += SPEAKER_FOUND if statement and statement.speaker in query.speakers else 0.0
        yield Quote(
            article=article,
            key=candidate.article_key,
            span=sentence.span,
            text=text,
            nearby=article.text[candidate.sentences[max(at - 1, 0)].span.start : candidate.sentences[min(at + 1, len(stems) - 1)].span.end],
            speaker=statement.speaker if statement else article.group,
            voice=statement.voice if statement else "own",
            organisation=statement.organisation if statement else None,
            source=statement.source if statement else (),
            cue=statement.cue if statement else (),
            said=statement.content if statement else (),
            cosine=cosine,
            coverage=coverage,
            score=score,
            window=tuple(one.span for one in candidate.sentences),
            at=at,
        )


def _told_of(article: Article, sentence: Span, statements: Iterable[Statement], topic: Topic) -> Statement | None:
    """Return what the article tells that somebody wants, thinks or did, where the question gives its very words but not who."""
    for statement in statements:
        if statement.speech or statement.voice == "own" or not statement.speaker or not statement.speaker[:1].isupper():
            continue
        parts = [span for span in statement.content if span.overlaps(sentence)]
        words = with_beginnings(content_words(" ".join(span.of(article.text) for span in parts)))
        name = content_words(statement.speaker)
        if parts and not (name and name[-1] in topic.words) and covered(topic, words) >= VERY_WORDS:
            return statement
    return None


def covered(topic: Topic, words: Collection[str], near: Collection[str] = ()) -> float:
    """Return the share of the topic's words, weighted by rarity, that a sentence has: 0 to 1. Words come `with_beginnings`."""
    total = sum(topic.weights)
    if not total:
        return 0.0
    return sum(weight * _has(word, words, near) for word, weight in zip(topic.words, topic.weights, strict=True)) / total


def _has(word: str, words: Collection[str], near: Collection[str]) -> float:
    if word in words:
        return 1.0
    beginning = _beginning(word)
    if beginning in words:
        return RELATED
    if word in near:
        return NEIGHBOUR
    return NEIGHBOUR * RELATED if beginning in near else 0.0


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


def speech_meant(article: Article, sentence: Span, statements: Iterable[Statement], topic: Topic, query: Query) -> Statement | None:
    """Return the speech in a sentence that a question is about, or None where it is about the article's own words.

    A sentence may hold the words of several: asked speakers come first, then whoever's part has most of the topic.
    """
    inside = [s for s in statements if any(span.overlaps(sentence) for span in s.content)]
    for statement in inside:
        if statement.speaker in query.speakers:
            return statement
    rest = article.text[sentence.start : sentence.end]
    best, most = None, 0.0
    for statement in inside:
        parts = [Span(max(s.start, sentence.start), min(s.end, sentence.end)) for s in statement.content if s.overlaps(sentence)]
        words = with_beginnings(content_words(" ".join(span.of(article.text) for span in (*parts, *statement.source))))
        share = sum(span.end - span.start for span in parts) / (sentence.end - sentence.start)
        coverage = covered(topic, words)
        weight = coverage + share + (1.0 if query.asked == "who" and coverage >= VERY_WORDS else 0.0)
        for span in parts:
            rest = rest.replace(span.of(article.text), " ")
        if weight > most:
            best, most = statement, weight
    own = covered(topic, with_beginnings(content_words(rest))) + len(rest.strip()) / (sentence.end - sentence.start)
    return best if most >= own * (1.0 if query.publishers else OWN_WORDS) else None
