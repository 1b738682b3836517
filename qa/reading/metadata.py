"""Reads title, author, date and web address out of a text whose file doesn't state them: from its first and last lines.

A wrong field is worse than none, so a line has to have the form of a title, byline or dateline and the place of one, and
what two lines contradict stays unknown. A date in a sentence, a name in a list or an address among references is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from qa.reading.bylines import bare_names, byline, is_person, may_be_name
from qa.reading.datelines import Dateline, date_in_address, dateline, opening_dateline, year_in_address
from qa.reading.heads import Head, Units, address, date_of, head_at, plain_title, stated_field
from qa.types import Article, Origin, PartialDate

_HIGHEST, _LOWEST = 12, 4  # units above and below the words that are looked at
_REFERENCES = re.compile(
    r"\s*(?:references|sources|links|notes|further reading|footnotes|see also|read more|bibliography|works cited)\b", re.IGNORECASE
)
_AROUND_PAGES = re.compile(  # what stands above the words of a page
    r"\W*(?:advertisement|comments?|follow|image|in this (?:article|story)|listen|loading|menu|more from|part of|photo|picture"
    r"|read|search|share|sign (?:in|up)"
    r"|skip to|subscribe|table of contents|watch)\b(?=\W|$)(?:.{0,12}$|.*\b(?:article|by|credit|email|free|list|now|of /"
    r"|options|story|this|to content|us|video)\b)",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|mp[34]|pdf)$", re.IGNORECASE)
_ABOUT_AUTHOR = re.compile(
    r"[\s*_(\[]*(?P<name>[^\W\d_][^,.:;!?\n]{3,40}?) (?:is|was) (?:an?|the|one of|co-|currently|our|professor|director|editor"
    r"|chair|general secretary)\b"
)
_ACTIVITY = re.compile(
    r"\b(?:activist|author|campaigner|columnist|contributor|correspondent|editor|fellow|historian|journalist|lecturer|member"
    r"|novelist|organi[sz]er"
    r"|professor|reporter|researcher|scholar|secretary|socialist|student|teacher|writer)\b",
    re.IGNORECASE,
)


def with_metadata(article: Article) -> Article:
    """Return an article with what its text tells of the fields that nothing states, and without its title and address lines."""
    missing = {name for name in ("title", "author", "published", "url") if getattr(article, name) is None}
    if not missing:
        return article
    units = Units(article.text)
    if not len(units):
        return article
    top = _head(units)
    foot = range(max(top.body, len(units) - _LOWEST), len(units))
    known: dict[str, tuple[Any, Origin]] = {}
    if "title" in missing and (title := _title(units, top)):
        text = units[title[0]].text
        known["title"] = title[1], "heading" if text.lstrip().startswith("#") else "text"
    if "url" in missing and (url := _url(units, top)):
        known["url"] = url, "text"
    address_of = article.url or (str(known["url"][0]) if "url" in known else None)
    if "published" in missing and (published := _published(units, top, foot, address_of)):
        known["published"] = published
    if "author" in missing and (author := _author(units, top, foot)):
        known["author"] = author, "byline"
    if not known:
        return article
    start = _start(units, top, known, title[0] if "title" in known and title else None)
    values: dict[str, Any] = {name: value for name, (value, _) in known.items()}
    return replace(
        article,
        **values,
        text=article.text[start:],
        pages=tuple(max(page - start, 0) for page in article.pages),
        origins=(*article.origins, *((name, origin) for name, (_, origin) in known.items())),
    )


def _head(units: Units) -> Head:
    """Return what stands above the words, with a sentence or two between title and byline where there are such."""
    body = next((at for at in range(min(len(units), _HIGHEST)) if units.kind(at) == "prose"), 0)
    below = body + 1
    while below < min(len(units), body + 4) and units.kind(below) in ("date", "byline") and units[below].gap <= 1:
        below += 1
    if body and body + 1 < below < len(units) and len(units[body].text) <= 300 and units.kind(below) == "prose":
        body = below
    return head_at(units, 0, body)


def _title(units: Units, top: Head) -> tuple[int, str] | None:
    """Return the title and its unit: the first line that isn't a date, byline or address, where it stands apart from the words."""
    for number in top.fields:
        name, value = stated_field(units[number].text) or ("", "")
        if name == "title" and (len(top.fields) + len(top.dates) > 1 or not units[number].text.lower().startswith("subject")):
            return number, plain_title(value)
    at = top.title if top.title is not None else _only_line(units)
    if at is None or at + 1 >= len(units) or any(units.kind(above) in ("other", "name", "prose", "end") for above in range(at)):
        return None
    text, below = units[at].text, units[at + 1]
    if (
        _AROUND_PAGES.match(text)
        or (len(text) > 100 and re.search(r"[a-z0-9)]{4}\.\s+[A-Z(]", text))
        or re.match(r"[A-Z][A-Z .,’'-]+,? .{0,20}[—–] ", text)
    ):
        return None
    signs = ("date", "byline", "name", "address")
    apart = below.gap >= 1 or below.ruled or units.kind(at + 1) in signs
    if units.kind(at + 1) == "title" and at + 2 < len(units):  # a second line of the title, or the body whose it is
        apart = apart or units[at + 2].gap >= 1 or units.kind(at + 2) in signs
    if not apart and not (len(below.text) >= 100 and len(below.text) >= 1.5 * len(text)):
        return None
    if re.match(r"\s*[—–―-]", below.text) and re.match(r"\s*[\"“«‘'>]", text):
        return None  # an epigraph
    return at, plain_title(text)


def _only_line(units: Units) -> int | None:
    """Return the line that heads a text of short lines, such as a poem or a list of demands."""
    if len(units) > 3 and units.kind(0) == "title" and units[1].gap and not units[2].gap and not units[3].gap:
        return 0
    return None


def _url(units: Units, top: Head) -> str | None:
    """Return the one address that stands on a line of its own at the top or bottom; none in a list of references."""
    found = [address(units[at].text) for at in top.addresses]
    for at in top.fields:
        name, value = stated_field(units[at].text) or ("", "")
        if name in ("url", "link", "source") and address(value):
            found.append(address(value))
    last = len(units) - 1
    if last > top.body and units.kind(last) == "address" and units.kind(last - 1) != "address":
        above = units[last - 1].text
        if not _REFERENCES.match(above) and not above.rstrip().endswith(":"):
            found.append(address(units[last].text))
    urls = {url for url in found if url}
    if len(urls) != 1 or _FILE.search(url := urls.pop()):
        return None
    return url


# ---- the date


def _published(units: Units, top: Head, foot: Sequence[int], url: str | None) -> tuple[PartialDate, Origin] | None:
    """Return the date of publishing and where it was read."""
    in_head = [stated for at in top.dates if (stated := date_of(units, at))]
    for at in top.fields:
        name, value = stated_field(units[at].text) or ("", "")
        if name in ("date", "sent", "published", "posted", "datum") and (stated := dateline(value)):
            in_head.append(stated)
    if top.body < len(units) and not in_head and (opening := opening_dateline(units[top.body].text)):
        in_head.append(opening)
    last = [at for at in foot if units.kind(at) == "date" and all(units.kind(b) != "prose" for b in range(at, len(units)))]
    in_foot = [stated for at in last[-1:] if (stated := date_of(units, at))]
    if sum(len(units[at].text) < 60 and units.kind(at) == "date" for at in range(top.body, min(len(units), 2000))) - len(last) > 1:
        in_head, in_foot = [stated for stated in in_head if stated.labelled], []  # a chronology
    in_address = date_in_address(url) if url else None
    year = year_in_address(url) if url else None
    found = _agreed(in_head, year), _agreed(in_foot, year)
    if in_head and in_foot and all(found) and found[0] != found[1]:
        stated_date = _finer([date for date in found if date])
        if stated_date is None:
            return None
    else:
        stated_date = found[0] or found[1]
    if stated_date and in_address and abs((stated_date.first - in_address.first).days) > 45:
        return None
    if stated_date:
        return stated_date, "dateline"
    return (in_address, "web address") if in_address else None


def _agreed(stated: Sequence[Dateline], year: int | None) -> PartialDate | None:
    """Return the date that all lines mean, those that tell of a change left aside; the year may come from the address."""
    chosen = [one for one in stated if not one.updated] or list(stated)
    dates = [one.date or (one.in_year(year) if year else None) for one in chosen]
    return _finer([date for date in dates if date])


def _finer(dates: Iterable[PartialDate]) -> PartialDate | None:
    """Return the most exact of dates that don't contradict each other, None where they do or there are none."""
    ordered = sorted(set(dates), key=lambda date: len(str(date)), reverse=True)
    if not ordered or any(not str(ordered[0]).startswith(str(date)) for date in ordered):
        return None
    return ordered[0]


# ---- the author


def _author(units: Units, top: Head, foot: Sequence[int]) -> str | None:
    return _author_above(units, top) or _author_below(units, top, foot)


def _author_above(units: Units, top: Head) -> str | None:
    for at in top.fields:
        name, value = stated_field(units[at].text) or ("", "")
        if name in ("author", "by", "byline"):
            return byline(f"By {value}")
        if name in ("from", "von"):
            sender = parseaddr(value)[0] or value
            return sender if is_person(sender) or may_be_name(sender) else None
    found: list[str] = []
    for at in top.authors:
        text = units[at].text
        names = byline(text) or (bare_names(text) if top.title is not None and at == top.title + 1 else None)
        if names and names not in found:
            found.append(names)
    for at in top.dates:
        beside = (date_of(units, at) or Dateline(None, 1, None)).beside
        names = byline(beside) or bare_names(beside)
        if names and names not in found:
            found.append(names)
    return ", ".join(found) or None


def _author_below(units: Units, top: Head, foot: Sequence[int]) -> str | None:
    """Return whoever signs at the end: a byline, a name alone, or a line about the author."""
    last = [at for at in foot if all(units.kind(below) != "prose" for below in range(at, len(units)))]
    signed = [at for at in last if units.kind(at) in ("byline", "name")]
    if len(signed) in (1, 2):
        names = [name for at in signed if (name := _signature(units, at))]
        if len(names) == len(signed):
            return ", ".join(dict.fromkeys(names))
        return None
    for at in last:
        stated = date_of(units, at) if units.kind(at) == "date" else None
        if stated and (names_beside := byline(stated.beside) or bare_names(stated.beside)):
            return names_beside
    return _told_of(units, top)


def _signature(units: Units, at: int) -> str | None:
    text = units[at].text
    if names := byline(text):
        return names
    before = units.kind(at - 1) if at else "other"
    if at < len(units) - 3 or before not in ("prose", "title", "date", "name", "byline"):
        return None
    names = bare_names(text)
    name = names or (" ".join(text.split()).strip("*_ ") if may_be_name(text) else None)
    if name is None:
        return None
    words = units.text[: units[at].span.start]
    if name.split(",")[0].split()[-1] in words or name in units.text[units[at].span.end :]:
        return None  # who is written about
    if names is None and (not units.is_prose or any(re.search(rf"\b{re.escape(word.lower())}\b", words) for word in name.split())):
        return None
    return name


def _told_of(units: Units, top: Head) -> str | None:
    """Return whom the last line presents as the author: "Ada Marsh is a member of the River Trust"."""
    at = len(units) - 1
    match = _ABOUT_AUTHOR.match(units[at].text) if at > top.body and len(units[at].text) <= 300 else None
    if not match or not _ACTIVITY.search(units[at].text):
        return None
    name = match["name"].strip()
    surname = name.split()[-1]
    return name if is_person(name) and surname not in units.text[: units[at].span.start] else None


# ---- the text


def _start(units: Units, top: Head, known: dict[str, tuple[Any, Origin]], title: int | None) -> int:
    """Return where the text starts below the lines of its title and address, and below what stands above these."""
    last = -1
    fields_end = max(top.fields, default=-1) + 1
    for at in range(min(top.body or 1, len(units) - 1)):
        kind = units.kind(at)
        follows = last == at - 1
        read = kind == "field" or (kind == "date" and 0 < at <= fields_end)
        if at == title or (follows and (read or (kind == "address" and address(units[at].text) == known.get("url", ("",))[0]))):
            last = at
        elif not ((kind == "date" and "published" in known) or (kind in ("byline", "name") and "author" in known) or kind == "address"):
            break
    return units[last + 1].span.start if last >= 0 else 0
