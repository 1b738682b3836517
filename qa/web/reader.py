"""An article cut up for the reader: paragraphs of pieces, of which some are the cited words, their speaker or their cue.

Cutting is done here because positions count code points, which a browser doesn't. Nothing is markup: the page puts
every piece in as plain text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from qa.answering.compose import UNKNOWN_GROUP, heading
from qa.types import INFERRED, Article, Citation, Kind, Span, Statement, Voice
from qa.web import places, reference
from qa.web.places import Place

DIGEST = "Digest: our summary, not the group's own words"
NO_DATE = "date unknown"
NO_TITLE = "Untitled"

_REMARKS = 300  # of who says what, in one article
_REMARK_WORDS = 180  # characters
_KINDS: dict[Kind, str] = {"full": "Full text", "digest": "Digest"}
_HOW: dict[Voice, str] = {"own": "own voice", "quoted": "direct speech", "reported": "reported"}
_SHOWN = {"title": "title", "group": "group", "author": "author", "published": "date", "url": "address", "publication": "publication"}

_PARAGRAPH = re.compile(r"[^\r\n]+(?:\r?\n[ \t]*[^\s][^\r\n]*)*")

Part = Literal["", "source", "cue", "said"]


class Piece(TypedDict):
    """Words of an article and what they are: cited or not, who says it ("source"), the saying ("cue") or what is said."""

    words: str
    cited: bool
    part: Part


class Remark(TypedDict):
    """Who says something in the article, how ("direct speech", "reported", "own voice") and where; `shown` where it is marked now."""

    link: str
    who: str
    how: str
    words: str
    shown: bool


class Page(TypedDict):
    """An opened article as the browser gets it. `address` opens it anew at the same place, behind the page's own address."""

    id: str
    kind: str
    note: str
    address: str
    markdown: str
    bibtex: str
    remarks: list[Remark]
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


def opened(place: Place, statements: Sequence[Statement] = (), today: dt.date | None = None) -> Page:
    """Return the article that a place is in, with the words of the place marked; `statements` are all that it holds."""
    article, citation = place.article, place.citation
    today = today or dt.date.today()
    url = web_address(article.url)
    source, cue, said = _marks(place)
    return Page(
        id=article.id,
        kind=_KINDS[article.kind],
        note=place.note,
        address=places.address_of(article.id, place.span),
        markdown=reference.as_markdown(article, url, today),
        bibtex=reference.as_bibtex(article, url, today),
        remarks=[_remark(one, place) for one in statements if one.speech][:_REMARKS],
        title=article.title or NO_TITLE,
        group=publisher(article),
        date=date(article),
        author=article.author or "",
        publication=article.publication or "",
        url=url,
        digest=DIGEST if article.kind == "digest" else "",
        inferred=inferred(article),
        page=(article.page_at(place.span.start) or 0) if place.span else 0,
        number=citation.number if citation else 0,
        who=_who(place),
        paragraphs=paragraphs(article.text, (place.span,) if place.span else (), source, cue, said),
    )


def _marks(place: Place) -> tuple[Sequence[Span], Sequence[Span], Sequence[Span]]:
    """Return where the text names the speakers of the marked words, the saying, and what exactly is theirs."""
    if place.citation:
        return place.citation.source, place.citation.cue, place.citation.said
    within = place.statements
    return [s for one in within for s in one.source], [s for one in within for s in one.cue], [s for one in within for s in one.content]


def _who(place: Place) -> str:
    """Return who says the marked words: the heading of a quote, or each speaker among them."""
    if place.citation:
        return heading(place.citation) if not in_our_words(place.citation) else ""
    return "; ".join(dict.fromkeys(f"{_speaker(one)}, {_HOW[one.voice]}" for one in place.statements))


def _remark(said: Statement, place: Place) -> Remark:
    text = place.article.text
    words = " … ".join(" ".join(part.of(text).split()) for part in said.content)
    spans = (*said.content, *said.source, *said.cue)
    return Remark(
        link=places.to_words(place.article.id, Span(min(s.start for s in spans), max(s.end for s in spans))),
        who=_speaker(said),
        how=_HOW[said.voice],
        words=words if len(words) <= _REMARK_WORDS else f"{words[:_REMARK_WORDS].rpartition(' ')[0]} …",
        shown=bool(place.span) and all(part.overlaps(place.span) for part in said.content if place.span),
    )


def _speaker(said: Statement) -> str:
    name = said.speaker or "Somebody not named"
    return f"{name} ({said.organisation})" if said.organisation and said.organisation != said.speaker else name


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
