"""Links that lead to a place in an article, written into the page and read back with every part checked.

A link holds all it needs, so it opens rightly in an old answer, after a reload, and after the index has grown. It
holds no words: a quote is read from its article each time, and one whose words have changed since is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any, get_args

from qa.library import Library
from qa.types import Article, Citation, Hit, Span, Statement, Voice

_LONGEST = 4000  # characters of a link
_NOT_OURS = "This is not a source of ours."
_LINK = re.compile(r"[A-Za-z0-9_-]+")


class PlaceError(ValueError):
    """A link that leads nowhere: made up, or to something that has changed since. The message is for the reader."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a link leads: an article, words in it (`span`), and what is known of them where they are a quote."""

    link: str
    article: Article
    span: Span | None = None
    citation: Citation | None = None


def to_article(id: str) -> str:
    """Return the link to the beginning of an article."""
    return _written([id])


def to_passage(hit: Hit, words: str) -> str:
    """Return the link to a passage that search found; `words` are its words."""
    return _written([hit.article.id, hit.passage.span.start, hit.passage.span.end, _mark_of(words)])


def to_quote(citation: Citation) -> str:
    """Return the link to a quote."""
    span = citation.span
    return _written(
        [
            *(citation.article.id, span.start, span.end, _mark_of(citation.quote)),
            *(citation.number, citation.voice, citation.speaker, _pairs(citation.source), _pairs(citation.cue)),
        ]
    )


def find(link: object, library: Library) -> Place:
    """Return the place that a link leads to; raise PlaceError where it is no link of ours or leads nowhere any more."""
    if not isinstance(link, str):
        raise PlaceError(_NOT_OURS)
    parts = _read(link)
    try:
        article = library.article(parts[0])
    except KeyError:
        raise PlaceError("This article is no longer in the index.") from None
    if len(parts) == 1:
        return Place(link, article)
    span = _span(parts[1:3], article)
    if parts[3] != _mark_of(span.of(article.text)):
        raise PlaceError("This article has changed since; ask again.")
    if len(parts) == 4:
        return Place(link, article, span)
    return Place(link, article, span, _citation(parts[4:], article, span, library))


def _citation(parts: list[Any], article: Article, span: Span, library: Library) -> Citation:
    number, voice, speaker, source, cue = parts
    if type(number) is not int or not 0 < number < 1000 or voice not in get_args(Voice):
        raise PlaceError(_NOT_OURS)
    sources, cues = (tuple(_span(pair, article) for pair in _list(pairs)) for pairs in (source, cue))
    words = span.of(article.text)
    first, also = library.elsewhere(article.id, words)
    citation = Citation(
        *(number, article, span, words, speaker, article.group, voice), score=0.0, source=sources, cue=cues, first=first, also=also
    )
    if speaker == article.group and not sources and not cues and (voice == "own" or citation.digest):
        return citation
    said = _statement(citation, library)
    if said is None:
        raise PlaceError("Who says this is given differently now; ask again.")
    return replace(citation, organisation=said.organisation, said=said.content)


def _statement(citation: Citation, library: Library) -> Statement | None:
    """Return the statement by which the index still gives these words to this speaker, so that no link can put words into a mouth."""
    return next(
        (
            said
            for said in library.statements(citation.article.id)
            if (said.speaker, said.source, said.cue) == (citation.speaker, citation.source, citation.cue)
            and (said.voice == citation.voice or citation.digest)
        ),
        None,
    )


def _written(parts: list[Any]) -> str:
    packed = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _read(link: str) -> list[Any]:
    if len(link) > _LONGEST or not _LINK.fullmatch(link):
        raise PlaceError(_NOT_OURS)
    try:
        parts = json.loads(base64.urlsafe_b64decode(link + "=" * (-len(link) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise PlaceError(_NOT_OURS) from None
    if not isinstance(parts, list) or len(parts) not in (1, 4, 9) or not isinstance(parts[0], str):
        raise PlaceError(_NOT_OURS)
    return parts


def _span(pair: Any, article: Article) -> Span:
    numbers = _list(pair)
    if len(numbers) != 2 or any(type(number) is not int for number in numbers):
        raise PlaceError(_NOT_OURS)
    start, end = numbers
    if not 0 <= start < end <= len(article.text):
        raise PlaceError("This article has changed since; ask again.")
    return Span(start, end)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > 50:
        raise PlaceError(_NOT_OURS)
    return value


def _pairs(spans: tuple[Span, ...]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]


def _mark_of(words: str) -> str:
    """Return a few characters that tell these words from any others they may be mistaken for."""
    return hashlib.sha256(words.encode()).hexdigest()[:10]
