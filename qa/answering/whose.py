"""Tells whose words stand at a place of an article, and whether that is the one to whom somebody gives them.

Goes by the statements of the article, the innermost where one is told within another, and by its quotation marks.
Knows nothing of how the place was found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.attribution.groups import Registry
from qa.attribution.quotations import Quotation, quotations
from qa.index.lexical import content_words, stems
from qa.types import Article, Span, Statement, Voice

FEWEST_QUOTED_WORDS = 4  # fewer between quotation marks, with nobody named for them, are a term
_A_PART = 0.2  # share of the words that somebody else has to say to be named beside whoever says most
_COURTESY = re.compile(r"^(?:(?:mrs?|ms|miss|dr|prof|professor|sir|dame|lord|lady|the)\.?\s+)+(?=\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Speech:
    """Who says the words at a place. `also` say a part of them; `told_by` is whoever gives them as another's words in turn.

    `told_of` is somebody of whom the article tells in these words of its own what they think, want or do.
    """

    speaker: str | None
    voice: Voice
    organisation: str | None = None
    source: tuple[Span, ...] = ()
    cue: tuple[Span, ...] = ()
    said: tuple[Span, ...] = ()
    also: tuple[str, ...] = ()
    told_by: str | None = None
    told_of: str | None = None


def whose(article: Article, words: Sequence[Span], statements: Iterable[Statement]) -> Speech:
    """Return who says most of these words, one span for each, of an article with its text."""
    place = Span(words[0].start, words[-1].end)
    around = [s for s in statements if any(span.overlaps(place) for span in s.content)]
    near = [s for s in around if s.speech]
    shares = _shares(article, words, near)
    (speaker, voice), *others = (said for said, _ in shares.most_common())
    also = tuple(dict.fromkeys(s[0] for s in others if s[0] and s[0] != speaker and shares[s] >= _A_PART * shares.total()))
    inner = next((s for word in words if (s := _innermost(word, near)) and _said_by(s, article) == (speaker, voice)), None)
    if voice == "own" or inner is None:
        unnamed = inner is None and _in_marks(article.text, words) >= 1
        if unnamed:
            return Speech(None, "quoted", also=also)
        return Speech(article.group, "own", also=also, told_of=_told_of(words, [s for s in around if not s.speech and s.voice != "own"]))
    if voice == "reported" and _in_marks(article.text, words) >= 1:  # very words within indirect speech
        voice = "quoted"
    told_by = _told_by(article, words, inner, near)
    return Speech(speaker, voice, inner.organisation, inner.source, inner.cue, inner.content, also, told_by)


def is_aside(before: Span, between: Iterable[Span], after: Span, statements: Sequence[Statement]) -> bool:
    """Tell whether words only interrupt somebody's speech, as "she added" does: neither side's speaker says them."""
    one, other = (_innermost(word, statements) for word in (before, after))
    if one is None or other is None or one.speaker != other.speaker or "own" in (one.voice, other.voice):
        return False
    return all(_innermost(word, statements) is None for word in between)


def _shares(article: Article, words: Sequence[Span], near: Sequence[Statement]) -> Counter[tuple[str | None, Voice]]:
    """Count the words of each speaker; "said Ada Marsh" beside what she says counts for nobody, unless it is all there is."""
    framing = [span for s in near for span in (*s.source, *s.cue)]
    shares: Counter[tuple[str | None, Voice]] = Counter()
    for word in words:
        owner = _innermost(word, near)
        if owner is not None or not any(span.overlaps(word) for span in framing):
            shares[_said_by(owner, article)] += 1
    return shares or Counter({(article.group, "own"): 1})


def _said_by(statement: Statement | None, article: Article) -> tuple[str | None, Voice]:
    return (article.group, "own") if statement is None or statement.voice == "own" else (statement.speaker, statement.voice)


def _innermost(word: Span, statements: Iterable[Statement]) -> Statement | None:
    """Return the shortest of the statements that hold a word."""
    holding = [s for s in statements if any(span.overlaps(word) for span in s.content)]
    return min(holding, key=_length, default=None)


def _length(statement: Statement) -> int:
    return sum(span.end - span.start for span in statement.content)


def _told_by(article: Article, words: Sequence[Span], inner: Statement, near: Iterable[Statement]) -> str | None:
    """Return who gives the words as somebody else's: the speaker around an inner statement, or around inner marks."""
    around = [s for s in near if _length(s) > _length(inner) and any(span.overlaps(words[0]) for span in s.content)]
    tellers = [s.speaker for s in sorted(around, key=_length) if s.voice != "own" and s.speaker and s.speaker != inner.speaker]
    if tellers:
        return tellers[0]
    return inner.speaker if _in_marks(article.text, words) >= 2 else None


def _told_of(words: Sequence[Span], told: Sequence[Statement]) -> str | None:
    """Return of whom most of the words are told without being uttered."""
    named = Counter(s.speaker for word in words if (s := _innermost(word, told)))
    return next((name for name, count in named.most_common(1) if 2 * count > len(words)), None)


def _in_marks(text: str, words: Sequence[Span]) -> int:
    """Return how deep within quotation marks most of the words stand: 0, 1 or 2."""
    outer = [q.inner for q in _quotations(text) if not q.open and q.words(text) >= FEWEST_QUOTED_WORDS]
    inner = [
        Span(within.start + q.inner.start, within.start + q.inner.end)
        for within in outer
        if within.overlaps(Span(words[0].start, words[-1].end))
        for q in quotations(within.of(text))
        if not q.open
    ]
    return sum(2 * sum(any(span.overlaps(word) for span in spans) for word in words) > len(words) for spans in (outer, inner))


@lru_cache(maxsize=32)  # many places of a check may stand in one article
def _quotations(text: str) -> tuple[Quotation, ...]:
    return quotations(text)


# ---- the one who is said to have said it


def said_by(name: str, speech: Speech, article: Article, registry: Registry) -> bool:
    """Tell whether whoever says the words goes by this name: a canonical name, or all of its words are in theirs.

    In an article's own voice its group and its author speak. Groups whose names contain each other are different groups.
    """
    canonical = registry.canonical(name)
    theirs = {article.group} if speech.voice == "own" else {speech.speaker, speech.organisation}
    if canonical.casefold() in {their.casefold() for their in theirs if their}:
        return True
    if canonical in registry.groups and any(their in registry.groups for their in theirs):
        return False
    written = [span.of(article.text) for span in speech.source] if speech.voice != "own" else [article.author or ""]
    words = _words(" ".join([*written, *filter(None, theirs)]))
    return _words(name) <= words


def bare(name: str) -> str:
    """Return a name without a title of courtesy."""
    return _COURTESY.sub("", name)


def _words(name: str) -> set[str]:
    return set(content_words(bare(name))) or set(stems(name))
