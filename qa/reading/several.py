"""Divides a file that holds several articles: posts one after the other, a newsletter, an archive.

An article may have headings, chapters, gaps and rules of its own, so none of these is enough: something has to end an
article (a date, a name, an address) or to begin one (a title with a date or byline), and to stand apart or to recur.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from qa.reading.bylines import bare_names, reads_as_byline
from qa.reading.files import Notice, article_from
from qa.reading.heads import Head, Units, date_of, head_at, names_a_section, plain_title, stated_field
from qa.reading.markdown import front_matter
from qa.types import Article, Span

_FEWEST = 120  # code points of prose in an article
_DEEPEST = 10  # units of a head and the foot before it
_BLOCK = re.compile(r"^---[ \t]*\r?\n(?=[\w-]{1,30}[ \t]*:)(?:(?!---)[^\n]{0,2000}\n){1,40}---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_ISSUE = re.compile(
    r"\b(?:newsletter|bulletin|in this (?:issue|edition|number)|round-?up|digest|gazette|this (?:week|month)|circular)\b", re.IGNORECASE
)
_PASSED_ON = ("group", "publication", "url")
_FOREWORD = re.compile(
    r"[\s#*_]*(?:foreword|preface|prologue|introduction|message from|letter from|a (?:word|message|letter) from|vorwort)\b",
    re.IGNORECASE,
)


def divided(article: Article) -> Iterator[Article | Notice]:
    """Yield the articles that a file holds, as `<id>/1`, `<id>/2`, after a notice; the article itself where it is one.

    Where front matter states a title, only further front matter begins another article. Each text is a slice of the one given.
    """
    blocks = list(_BLOCK.finditer(article.text)) if "\n---" in article.text or article.text.startswith("---") else []
    if len(blocks) > 1 or (blocks and dict(article.origins).get("title") == "front matter" and blocks[0].start()):
        parts = list(_by_front_matter(article, blocks))
    else:
        parts = _by_heads(article)
    if len(parts) < 2:
        yield article
        return
    articles = [part for part in parts if isinstance(part, Article)]
    message = (
        f"was divided into {len(articles)} articles, {articles[0].id} to {articles[-1].id}; check them, and state a title in front matter"
        " if it is one article"
    )
    yield Notice(article.source or article.id, message, skipped=False)
    yield from parts


def _by_front_matter(article: Article, blocks: Sequence[re.Match[str]]) -> Iterator[Article | Notice]:
    ends = [*(block.start() for block in blocks[1:]), len(article.text)]
    source, number = article.source or article.id, 0
    top = _trimmed(article.text, Span(0, blocks[0].start()))
    if top.start < top.end:
        number += 1
        yield replace(_slice(article, top), id=f"{article.id}/{number}")
    for block, end in zip(blocks, ends, strict=True):
        fields, _, _ = front_matter(block[0].rstrip() + "\n\n")
        span = _trimmed(article.text, Span(block.end(), end))
        number += 1
        yield from article_from(
            fields, span.of(article.text), f"{article.id}/{number}", source, "front matter", pages=_pages(article.pages, span)
        )


def _by_heads(article: Article) -> list[Article | Notice]:
    origins = dict(article.origins)
    if origins.get("title") == "front matter":
        return []
    units = Units(article.text, article.pages)
    starts = _starts(units, article)
    if not starts:
        return []
    bounds = [0, *(units[start].span.start for start in starts), len(article.text)]
    spans = [_trimmed(article.text, Span(first, end)) for first, end in pairwise(bounds)]
    parts: list[Article | Notice] = []
    if not _prose(units, 0, starts[0]):
        above = " ".join(spans.pop(0).of(article.text).split())
        parts.append(
            Notice(article.source or article.id, f"what stands above its first article was left out: {above[:200]}", skipped=False)
        )
    for number, span in enumerate(spans, 1):
        part = replace(_slice(article, span), id=f"{article.id}/{number}")
        keep = {*_PASSED_ON, *(("published",) if origins.get("published") in ("front matter", "mail header", "feed") else ())}
        if origins.get("author") == "front matter":
            keep.add("author")
        if number == 1 and origins.get("title") == "heading":
            keep |= {"title"}
        parts.append(_only(part, keep))
    return parts


def _only(article: Article, keep: set[str]) -> Article:
    """Return an article without what is stated of the whole file and may not be true of each of its articles."""
    gone: dict[str, Any] = {name: None for name in ("title", "author", "published") if name not in keep}
    return replace(article, **gone, origins=tuple(pair for pair in article.origins if pair[0] not in gone))


def _slice(article: Article, span: Span) -> Article:
    return replace(article, text=span.of(article.text), pages=_pages(article.pages, span))


def _pages(pages: tuple[int, ...], span: Span) -> tuple[int, ...]:
    """Return where pages start in a slice of their text; those before it stay, at 0, so that their numbers do."""
    return tuple(max(page - span.start, 0) for page in pages if page < span.end or page == 0)


def _trimmed(text: str, span: Span) -> Span:
    """Return a stretch of text without the empty lines and rules around it."""
    start, end = span.start, span.end
    while True:
        lead = re.compile(r"\s*(?:([-=_*~#•·+—–─━═])[ \t]*(?:\1[ \t]*){2,}(?=[\r\n\f]|\Z))?").match(text, start, end)
        if lead is None or lead.end() == start:
            break
        start = lead.end()
    while end > start:
        line = max(text.rfind("\n", start, end), text.rfind("\f", start, end), start - 1) + 1
        last = text[line:end].strip() if end - line < 200 else "x"
        if last and not re.fullmatch(r"([-=_*~#•·+—–─━═])[ \t]*(?:\1[ \t]*){2,}", last):
            break
        if line == start:
            end = start
            break
        end = line - 1
    return Span(start, start + len(text[start:end].rstrip()))


# ---- where articles begin


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an article may begin: its head, and what stands between the prose before and it."""

    head: Head
    foot: range
    apart: bool


@dataclass(frozen=True, slots=True)
class _Style:
    """How the articles of a text seem to begin and end: kinds of lines above a title, kinds of last lines, titles in its contents."""

    opening: frozenset[str] = frozenset()
    closing: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, units: Units, top: int, listed: frozenset[str]) -> _Style:
        """Take it from the first and last lines; `top` is where the first words are."""
        signs = {"date", "byline", "name"}
        above = [units.kind(at) for at in range(min(top, _DEEPEST))]
        first = above.index("title") if "title" in above else 0
        last = {units.kind(at) for at in range(max(top, len(units) - 2), len(units))}
        opening = {kind for kind, after in pairwise(above[: first + 1]) if kind in signs and after == "title"}
        return cls(frozenset(opening), frozenset(signs & last - set(above)), listed)


def _starts(units: Units, article: Article) -> list[int]:
    """Return the units with which the second and further articles begin, and the first where something stands above it."""
    places, top, lone_names, lone_dates = _places(units, article)
    if not places:
        return []
    first = head_at(units, 0, top) if top is not None else Head(0, 0)
    titled_above = first.title is None and "title" in dict(article.origins)
    style = _Style.of(units, top or 0, _listed(units, top or 0, article))
    listed = style.listed
    accepted = [place for place in places if _alone(units, place, first, style)]
    for sign in ("fields", "dates", "authors", "names", "addresses"):
        if (sign == "names" and (lone_names > 1 or _is_interview(units, places))) or (sign == "dates" and lone_dates > 1):
            continue
        alike = [place for place in places if _has(units, place.head, sign)]
        if _has(units, first, sign, titled_above) or (len(alike) > 1 and all(place.apart for place in alike)):
            accepted += alike
    in_contents = [place for place in places if place.head.title is not None and _bare(units, place.head.title) in listed]
    if len(in_contents) + bool({_entry(plain_title(units[at].text)) for at in range(max(top or 0, 1) - 1, top or 0)} & listed) >= 2:
        accepted += in_contents
    starts = _long_enough(units, sorted({place.head.first for place in accepted}))
    if starts and top is not None and (begins := _below_contents(units, top, listed)):
        starts = [begins, *starts]
    return starts


def _below_contents(units: Units, top: int, listed: frozenset[str]) -> int | None:
    """Return where the first article begins below the name and contents of a newsletter, None where nothing is above it."""
    for at in range(top - 1, max(top - _DEEPEST, 0), -1):
        if units.kind(at) == "title" and (_bare(units, at) in listed or units.is_apart(at)):
            return at
    return None


def _places(units: Units, article: Article) -> tuple[list[_Place], int | None, int, int]:
    """Return where articles may begin below the first, where the first's words begin, and how often a name or a date heads prose alone."""
    places: list[_Place] = []
    top: int | None = None
    names = dates = 0
    style = _Style()
    for body in range(len(units)):
        if not units.is_words(body) or (body and units.is_words(body - 1)):
            continue
        above = body
        while above and body - above < _DEEPEST and not units.is_words(above - 1):
            above -= 1
        if top is None:
            top = body
            style = _Style.of(units, body, _listed(units, body, article))
            continue
        above = _with_standfirst(units, above, body)
        first = _head_begins(units, above, body, style)
        if first is None:
            kinds = {units.kind(at) for at in range(above, body)}
            names += kinds == {"name"}
            dates += kinds == {"date"}
            continue
        places.append(_Place(head_at(units, first, body), range(above, first), units.is_apart(first)))
    return places, top, names, dates


def _with_standfirst(units: Units, above: int, body: int) -> int:
    """Take in a title above a sentence or two that introduce an article before its date or byline."""
    kinds = {units.kind(at) for at in range(above, body)}
    if kinds and kinds <= {"date", "byline", "name", "address", "other"} and kinds & {"date", "byline"} and above >= 2:
        lead = units[above - 1]
        if len(lead.text) <= 300 and units.kind(above - 2) == "title" and units.is_apart(above - 2) and not units.is_apart(above):
            return above - 2
    return above


def _head_begins(units: Units, above: int, body: int, style: _Style) -> int | None:
    """Return the unit with which the head of an article begins, between the foot of the one before and the words; None for no head."""
    signs = [units.kind(at) for at in range(above, body)]
    if not {"title", "address", "field"} & set(signs):
        return None
    ruled = [at for at in range(above, body) if units[at].ruled]
    wide = [at for at in range(above, body) if units.is_apart(at)]
    for at in (*reversed(ruled), *sorted(wide, key=lambda at: -units[at].gap)):
        if {"title", "address", "field"} & {units.kind(inside) for inside in range(at, body)}:
            return at
    before_title = [at for at in range(above, body - 1) if units.kind(at + 1) == "title"]
    begins = next((at for at in range(above, body) if units.kind(at) in ("address", "field") or _bare(units, at) in style.listed), None)
    if begins is None:
        begins = max((at for at in before_title if units.kind(at) in style.opening), default=None)
    if begins is None:
        begins = max((at + 1 for at in before_title if units.kind(at) in style.closing), default=None)
    if begins is None:
        first = next(at for at in range(above, body) if units.kind(at) == "title")
        signed = next((at for at in range(first + 1, body) if units.kind(at) in ("date", "byline", "name")), body)
        above_sign = range(signed - 1, first, -1) if signed < body else ()
        begins = next((at for at in above_sign if units.kind(at) == "title" and units[at].gap), first)
    while begins > above and units.kind(begins - 1) in ("date", "byline", "address", "title") and units[begins].gap < units[begins - 1].gap:
        begins -= 1
    return begins


def _alone(units: Units, place: _Place, first: Head, style: _Style) -> bool:
    """Tell whether all that stands at a place is enough to begin an article there."""
    head = place.head
    if head.title is None or _is_section(units, head):
        return head.title is None and bool(head.addresses) and place.apart and _closes(units, place)
    begins_clearly = _by(units, head) or (_dated(units, head) and (units[head.first].ruled or head.dates[-1] > head.title))
    if place.apart and (_closes(units, place) or begins_clearly):
        return True
    if units[head.first].gap >= units.usual_gap + 3 and any(units[at].text.rstrip().endswith("!") for at in place.foot):
        return True  # a call at the end, and then a great gap
    if not place.foot or first.title is None or units.kind(head.first - 1) not in style.closing:
        return False
    last = date_of(units, head.first - 1)
    return (
        bool(last and last.year and last.day)
        if units.kind(head.first - 1) == "date"
        else bool(reads_as_byline(units[head.first - 1].text) or bare_names(units[head.first - 1].text))
    )


def _closes(units: Units, place: _Place) -> bool:
    """Tell whether the foot of an article stands before a place: a date, an address, an end mark, or the name of one who wrote it."""
    if _signs_a_foreword(units, place.foot.start):
        return False
    last = [at for at in place.foot if not units.is_wide(at) or at == place.foot.start][-3:]
    nearer = [at for at in last if units[place.head.first].ruled or units[at].gap < units[place.head.first].gap]
    for at in nearer:
        kind, text = units.kind(at), units[at].text
        if kind == "address" and sum(units.kind(other) == "address" for other in place.foot) > 1:
            return False  # references
        if kind in ("address", "end") or (kind == "byline" and len(last) < 3):
            return True
        if (
            kind == "date"
            and (stated := date_of(units, at))
            and stated.day
            and not stated.updated
            and (stated.year or text.lstrip()[0] in "—–-―(")
        ):
            return True
        if kind == "name" and at == place.head.first - 1 and len(place.foot) <= 3 and (bare_names(text) or units.is_prose):
            return True
    return False


def _signs_a_foreword(units: Units, foot: int) -> bool:
    """Tell whether the nearest heading above a signature is that of a foreword, so that the document goes on below it."""
    heading = next((at for at in range(foot - 1, max(foot - 40, -1), -1) if units.kind(at) == "title"), None)
    return heading is not None and _FOREWORD.match(units[heading].text) is not None


def _dated(units: Units, head: Head) -> bool:
    return any((stated := date_of(units, at)) is not None and stated.year is not None for at in head.dates)


def _has(units: Units, head: Head, sign: str, titled_above: bool = False) -> bool:
    """Tell whether a head has a title with something more of one kind; addresses are enough without a title."""
    if sign == "fields":
        names = {stated[0] for at in head.fields if (stated := stated_field(units[at].text))}
        return "title" in names and len(names) + len(head.dates) + len(head.authors) + len(head.addresses) > 1
    if sign == "addresses":
        return bool(head.addresses) and units.kind(head.first) in ("address", "title")
    titled = head.title is not None or titled_above
    if not titled or (head.title is not None and _is_section(units, head)):
        return False
    if sign == "dates":
        return _dated(units, head)
    return _by(units, head) if sign == "authors" else _bare_name_below(units, head)


def _is_interview(units: Units, places: Sequence[_Place]) -> bool:
    """Tell whether most of the titles with a name below are questions, which the one named answers."""
    asked = [units[place.head.title].text.rstrip().endswith("?") for place in places if place.head.title is not None and place.head.authors]
    return sum(asked) * 2 > len(asked)


def _bare_name_below(units: Units, head: Head) -> bool:
    return head.title is not None and any(bare_names(units[at].text) and 0 < at - head.title <= 2 for at in head.authors)


def _by(units: Units, head: Head) -> bool:
    """Tell whether a byline stands in a head, by itself or beside the date."""
    return any(reads_as_byline(units[at].text) for at in head.authors) or any(
        (stated := date_of(units, at)) is not None and reads_as_byline(stated.beside) for at in head.dates
    )


def _is_section(units: Units, head: Head) -> bool:
    return head.title is not None and names_a_section(units[head.title].text) and not (head.dates and head.authors)


def _listed(units: Units, top: int, article: Article) -> frozenset[str]:
    """Return the titles in the contents of a newsletter, none where nothing says that it is one."""
    above = [units[at].text for at in range(min(top, 60))]
    if not any(_ISSUE.search(line) for line in (*above, article.title or "")):
        return frozenset()
    return frozenset(_entry(line) for line in above if 10 < len(line) < 250 and not names_a_section(_entry(line)))


def _entry(line: str) -> str:
    line = re.sub(r"^[\s\-•*◦▪–·>#]*(?:\d{1,3}[.)]\s*)?", "", line)
    return " ".join(re.sub(r"[\s.·…]*\d{0,3}\s*$", "", line).casefold().split())


def _bare(units: Units, at: int) -> str:
    return _entry(plain_title(units[at].text))


def _long_enough(units: Units, starts: list[int]) -> list[int]:
    """Leave out places that would make an article of hardly any words."""
    kept: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(units)], strict=False):
        if _prose(units, kept[-1] if kept else 0, start) >= _FEWEST and _prose(units, start, end) >= _FEWEST:
            kept.append(start)
    return kept


def _prose(units: Units, first: int, end: int) -> int:
    """Return how many code points of prose units hold, counted as far as it matters."""
    count = 0
    for at in range(first, end):
        if units.is_words(at):
            count += len(units[at].text)
            if count >= _FEWEST:
                break
    return count
