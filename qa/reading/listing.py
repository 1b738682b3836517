"""Feeds and sitemaps: the addresses they list, and what a feed states of each.

RSS and Atom are taken apart by feedparser, sitemaps (sitemaps.org) by lxml, which fetches nothing and expands nothing.
Knows nothing of fetching.
"""

from __future__ import annotations

import calendar
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from qa.errors import ReadingError
from qa.reading.files import author_of, too_large
from qa.reading.page import day_of
from qa.types import PartialDate

_LARGEST_FEED = 5_000_000  # bytes; a damaged one takes five seconds for each million
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One address that a feed or sitemap lists. `changed` is when it last was, `dated` that or when it was published."""

    url: str
    title: str | None = None
    author: str | None = None
    published: PartialDate | None = None
    changed: dt.datetime | None = None
    dated: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a feed or sitemap lists: the addresses of articles, or those of further sitemaps. `nameless` have no address."""

    entries: tuple[Entry, ...] = ()
    sitemaps: tuple[Entry, ...] = ()
    nameless: int = 0


def read_feed(raw: bytes, url: str, charset: str | None = None) -> Listing:
    """Return what an RSS or Atom feed lists; raise ReadingError where it is none. `url` is where it was found."""
    import feedparser

    if len(raw) > _LARGEST_FEED:
        raise ReadingError(too_large(len(raw), _LARGEST_FEED))
    if _is_utf8(raw):
        charset = "utf-8"  # whatever the feed or its server calls it
    headers = {"content-type": f"application/xml{f'; charset={charset}' if charset else ''}", "content-location": url}
    parsed = feedparser.parse(io.BytesIO(raw), response_headers=headers)
    if not parsed.version and not parsed.entries:
        raise ReadingError("is not a feed that can be read; expected RSS or Atom")
    found = [_entry(entry, url) for entry in parsed.entries]
    entries = tuple(entry for entry in found if entry is not None)
    return Listing(entries, nameless=len(found) - len(entries))


def read_sitemap(raw: bytes, url: str) -> Listing:
    """Return what a sitemap or an index of sitemaps lists; what is damaged is left out."""
    from lxml import etree

    found: dict[str, list[Entry]] = {"url": [], "sitemap": []}
    parsed = etree.iterparse(
        io.BytesIO(raw), tag=("{*}url", "{*}sitemap"), resolve_entities=False, no_network=True, load_dtd=False, recover=True
    )
    nameless = 0
    try:
        for _, element in parsed:
            values = {etree.QName(child).localname: (child.text or "").strip() for child in element if isinstance(child.tag, str)}
            changed = _time(values.get("lastmod"))
            address = values.get("loc")
            if address:
                found[etree.QName(element).localname].append(Entry(urljoin(url, address), changed=changed, dated=changed))
            else:
                nameless += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.LxmlError, ValueError) as error:
        if not any(found.values()):
            raise ReadingError(f"is not a sitemap that can be read ({error}); expected XML with urlset or sitemapindex") from error
    return Listing(tuple(found["url"]), tuple(found["sitemap"]), nameless)


def newest(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries from the newest to the oldest, those without a date last, as they stand."""
    return sorted(entries, key=lambda entry: -entry.dated.timestamp() if entry.dated else float("inf"))


def _entry(entry: Any, url: str) -> Entry | None:
    link = str(entry.get("link") or "").strip()
    if not link:
        return None
    changed = _moment(entry["updated_parsed"]) if "updated_parsed" in entry else None
    published = _moment(entry.get("published_parsed"))
    return Entry(
        url=urljoin(url, link),
        title=_plain(entry.get("title"), (entry.get("title_detail") or {}).get("type")),
        author=author_of(_plain(entry.get("author"), None)),
        published=_day(str(entry.get("published") or ""), published),
        changed=changed,
        dated=changed or published,
    )


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _plain(words: Any, kind: str | None) -> str | None:
    """Return words on one line and without the markup that titles in feeds may have."""
    if not isinstance(words, str):
        return None
    if kind is not None and "html" in kind:
        from html import unescape

        words = unescape(_TAG.sub("", words))
    return " ".join(words.split()) or None


def _day(written: str, moment: dt.datetime | None) -> PartialDate | None:
    """Return the day on which an entry was published, by the clock of whoever published it."""
    day = day_of(written) or (moment.date().isoformat() if moment else None)
    return PartialDate.parse(day) if day else None


def _moment(parsed: Any) -> dt.datetime | None:
    """Return a time as feedparser gives it, in UTC."""
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _time(written: str | None) -> dt.datetime | None:
    """Return a time in ISO form; a day, a month or a year means its end, anywhere on earth."""
    if not written:
        return None
    try:
        if len(written) <= 10:
            last = PartialDate.parse(written).last
            return dt.datetime(last.year, last.month, last.day, tzinfo=dt.UTC) + dt.timedelta(hours=36)
        moment = dt.datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC) + dt.timedelta(hours=12)
