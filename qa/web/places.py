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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args
from urllib.parse import quote

from qa.errors import IndexFolderError
from qa.library import Library
from qa.types import Article, Citation, Hit, Span, Statement, Voice
from qa.web.opening import in_words

_LONGEST = 4000  # characters of a link
_NOT_OURS = "This is not a source of ours."
_AT = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_LINK = re.compile(r"[A-Za-z0-9_-]+")


class PlaceError(ValueError):
    """A link that leads nowhere: made up, or to something that has changed since. The message is for the reader."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a link leads: an article, words in it (`span`), and what is known of them where they are a quote.

    `statements` are those within words that aren't a quote of an answer; `note` says what could not be found.
    """

    link: str
    article: Article
    span: Span | None = None
    citation: Citation | None = None
    statements: tuple[Statement, ...] = ()
    note: str = ""


def to_article(id: str) -> str:
    """Return the link to the beginning of an article."""
    return _written([id])


def to_words(id: str, span: Span) -> str:
    """Return the link to words of an article, whatever they are by then."""
    return _written([id, span.start, span.end])


def from_address(asked: Mapping[str, str]) -> str:
    """Return the link for what the page's address asks for, `?article=ID&at=START-END`; nothing where it asks for no article."""
    id, at = asked.get("article") or "", asked.get("at")
    if not id:
        return ""
    numbers = _AT.fullmatch(at or "")
    return _written([id]) if not at else _written([id, int(numbers[1]), int(numbers[2])] if numbers else [id, -1, -1])


def address_of(id: str, span: Span | None) -> str:
    """Return what to put behind the page's address for an article, opened at words of it."""
    return f"?article={quote(id, safe='')}{f'&at={span.start}-{span.end}' if span else ''}"


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
    except IndexFolderError as error:
        raise PlaceError(in_words(error)) from None
    if len(parts) == 1:
        return Place(link, article)
    if len(parts) == 3:
        return _words(link, parts[1:], article, library)
    span = _span(parts[1:3], article)
    if parts[3] != _mark_of(span.of(article.text)):
        raise PlaceError("This article has changed since; ask again.")
    if len(parts) == 4:
        return Place(link, article, span)
    return Place(link, article, span, _citation(parts[4:], article, span, library))


def _words(link: str, pair: list[Any], article: Article, library: Library) -> Place:
    try:
        span = _span(pair, article)
    except PlaceError:
        return Place(link, article, note="The passage that this link leads to isn't in the article, which may have changed since.")
    within = [
        said
        for said in library.statements(article.id)
        if said.speech and all(span.start <= part.start and part.end <= span.end for part in said.content)
    ]
    return Place(link, article, span, statements=tuple(within))


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
    if not isinstance(parts, list) or len(parts) not in (1, 3, 4, 9) or not isinstance(parts[0], str):
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
