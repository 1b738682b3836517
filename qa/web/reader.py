"""An article cut up for the reader: paragraphs of pieces, of which some are the cited words, their speaker or their cue.

Cutting is done here because positions count code points, which a browser doesn't. Nothing is markup: the page puts
every piece in as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from qa.answering.compose import UNKNOWN_GROUP, heading
from qa.types import INFERRED, Article, Citation, Span
from qa.web.places import Place

DIGEST = "Digest: our summary, not the group's own words"
NO_DATE = "date unknown"
NO_TITLE = "Untitled"

_SHOWN = {"title": "title", "group": "group", "author": "author", "published": "date", "url": "address", "publication": "publication"}

_PARAGRAPH = re.compile(r"[^\r\n]+(?:\r?\n[ \t]*[^\s][^\r\n]*)*")

Part = Literal["", "source", "cue", "said"]


class Piece(TypedDict):
    """Words of an article and what they are: cited or not, who says it ("source"), the saying ("cue") or what is said."""

    words: str
    cited: bool
    part: Part


class Page(TypedDict):
    """An opened article as the browser gets it."""

    title: str
    group: str
    date: str
    author: str
    publication: str
    url: str
    digest: str
    inferred: str
    page: int
    number: int
    who: str
    paragraphs: list[list[Piece]]


def opened(place: Place) -> Page:
    """Return the article that a place is in, with the words of the place marked."""
    article, citation = place.article, place.citation
    return Page(
        title=article.title or NO_TITLE,
        group=publisher(article),
        date=date(article),
        author=article.author or "",
        publication=article.publication or "",
        url=web_address(article.url),
        digest=DIGEST if article.kind == "digest" else "",
        inferred=inferred(article),
        page=(article.page_at(place.span.start) or 0) if place.span else 0,
        number=citation.number if citation else 0,
        who=heading(citation) if citation and not in_our_words(citation) else "",
        paragraphs=paragraphs(
            article.text,
            (place.span,) if place.span else (),
            citation.source if citation else (),
            citation.cue if citation else (),
            citation.said if citation else (),
        ),
    )


def in_our_words(citation: Citation) -> bool:
    """Tell whether a quote is our summary of what its group says, so that naming a speaker would add nothing."""
    return citation.digest and citation.speaker == citation.group


def publisher(article: Article) -> str:
    """Return whose article it is: "unknown group" where nothing states it."""
    return article.group or UNKNOWN_GROUP.removeprefix("an ")


def date(article: Article) -> str:
    """Return when an article was published, in words."""
    return article.published.in_words() if article.published else NO_DATE


def inferred(article: Article) -> str:
    """Return which facts about an article it doesn't state, and from what they were inferred."""
    named = [f"the {_SHOWN[name]} from the {origin}" for name, origin in article.origins if origin in INFERRED and name in _SHOWN]
    return f"Inferred, not stated: {', '.join(named)}." if named else ""


def web_address(url: str | None) -> str:
    """Return an address that is safe to link to, or nothing: only http and https with a host."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return (url or "") if parts.scheme in ("http", "https") and parts.netloc else ""


def paragraphs(
    text: str, cited: Sequence[Span], source: Sequence[Span], cue: Sequence[Span], said: Sequence[Span] = ()
) -> list[list[Piece]]:
    """Cut a text into paragraphs and these at every edge of a marked span; all but the blank lines between is kept."""
    edges = sorted({edge for span in (*cited, *source, *cue, *said) for edge in (span.start, span.end)})
    found = []
    for match in _PARAGRAPH.finditer(text):
        if not match[0].strip():
            continue
        start, end = match.span()
        cuts = [start, *(edge for edge in edges if start < edge < end), end]
        found.append([_piece(text, Span(*pair), cited, source, cue, said) for pair in pairwise(cuts)])
    return found


def _piece(text: str, span: Span, cited: Sequence[Span], source: Sequence[Span], cue: Sequence[Span], said: Sequence[Span]) -> Piece:
    here = _within(span, cited)
    part: Part = "source" if _within(span, source) else "cue" if _within(span, cue) else "said" if here and _within(span, said) else ""
    return Piece(words=span.of(text), cited=here, part=part)


def _within(span: Span, marks: Sequence[Span]) -> bool:
    return any(mark.overlaps(span) for mark in marks)
