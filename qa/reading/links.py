"""Reads links into articles: pages and documents on the web, and those that a feed or a sitemap lists.

What an address holds is told by its bytes and by what its server states, and read by the readers of files. Between two
visits a `Link` is all that has to be remembered. A link that can't be read becomes a notice and the rest goes on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from qa.errors import FetchError, ReadingError
from qa.reading import READERS, read_source
from qa.reading.fetch import Fetched, Fetcher, normalised
from qa.reading.files import Notice, Source, too_large
from qa.reading.listing import Entry, Listing, newest, read_feed, read_sitemap
from qa.reading.packed import gathered, unpacked
from qa.types import Article, Link, Origin

Progress = Callable[[str, int, int], None]

_Item: TypeAlias = "Article | Notice | Link"
_Settled: TypeAlias = Generator[_Item, None, bool]  # ends with whether all was had, so that it needs no second look

_MARGIN = dt.timedelta(hours=1)  # clocks differ, and caches go on giving what was
_MOST_SITEMAPS = 50  # of those that an index lists
_SEVERAL = (".csv", ".jsonl", ".tsv", ".zip")  # files of several articles, of which each may state its own address
_BY_ROOT = {"rss": "feed", "feed": "feed", "rdf": "feed", "urlset": "sitemap", "sitemapindex": "sitemap"}
_BY_TYPE = {
    "application/atom+xml": "feed",
    "application/csv": ".csv",
    "application/jsonl": ".jsonl",
    "application/rss+xml": "feed",
    "application/x-ndjson": ".jsonl",
    "application/xhtml+xml": ".html",
    "message/rfc822": ".eml",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/tab-separated-values": ".tsv",
}  # the formats that don't show in their first bytes
_UNTOLD = (None, "application/octet-stream", "binary/octet-stream", "application/x-download", "application/force-download")
_MARKS = ((b"application/vnd.oasis.opendocument.text", ".odt"), (b"application/epub+zip", ".epub"))  # at a place of their own
_BEFORE_ROOT = re.compile(r"(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>|\s+|\ufeff)*", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_START = 16_384  # bytes in which an XML file comes to its first element


def is_link(thing: str) -> bool:
    """Tell whether something that may be a path is an address on the web."""
    return thing.strip().lower().startswith(("http://", "https://"))


def read_links(
    urls: Iterable[str],
    fetcher: Fetcher,
    known: Mapping[str, Link] = MappingProxyType({}),
    *,
    most: int = 100,
    progress: Progress | None = None,
) -> Iterator[Article | Notice | Link]:
    """Yield what the addresses hold that isn't `known` yet: articles, each link after its articles, and notices.

    Of a feed or sitemap the `most` newest entries are read. A link alone means that nothing has changed. `progress` is
    told which address comes next, how many are done and how many there are so far. FetchError is only raised where the
    fetcher is told to stop.
    """
    run = _Run(fetcher, {_name(link.url): link for link in known.values()}, max(most, 1), progress or (lambda *_: None))
    addresses = list(dict.fromkeys(url.strip() for url in urls))
    run.total = len(addresses)
    for url in addresses:
        yield from run.visited(url)


@dataclass(slots=True)
class _Run:
    """One run through links, and what it has met so far."""

    fetcher: Fetcher
    known: dict[str, Link]
    most: int
    progress: Progress
    done: int = 0
    total: int = 0
    met: dict[str, Link | None] = field(default_factory=dict)  # by the names of addresses; None where nothing could be read
    taken: dict[str, tuple[str, int]] = field(default_factory=dict)  # by id, where an article was read and the hash of its text

    def visited(self, url: str, entry: Entry | None = None) -> _Settled:
        """Yield what an address holds, and of a feed or sitemap what its entries hold; `entry` is how one of these lists it."""
        self.progress(url, self.done, self.total)
        self.done += 1
        name = _name(url)
        if name in self.met:
            return True
        before = self.known.get(name)
        try:
            fetched = self.fetcher.get(url, before.etag, before.modified) if before else self.fetcher.get(url)
        except FetchError as error:
            if error.stopped:
                raise
            kept = error.gone and before is not None
            message = f"is gone (status {error.status}); what was read from it before is kept" if kept else str(error)
            yield Notice(url, message, skipped=not kept)
            return error.gone
        final = _name(fetched.final)
        if final in self.met:
            again = self.met[name] = self.met[final]
            if again:
                yield replace(again, url=url)
            return True
        self.met[name] = self.met[final] = None
        settled, link = yield from self._held(fetched, before, entry)
        self.met[name] = self.met[final] = link
        if link:
            yield link
        return settled

    def _held(self, fetched: Fetched, before: Link | None, entry: Entry | None) -> Generator[_Item, None, tuple[bool, Link | None]]:
        """Yield what was fetched holds; end with whether that was all, and what to remember of it."""
        link = Link(fetched.url, "article", fetched.etag, fetched.modified, hashlib.sha256(fetched.body).hexdigest(), _now())
        if before and (fetched.status == "unchanged" or before.sha256 == link.sha256):
            return True, replace(link, kind=before.kind, sha256=before.sha256)
        try:
            fetched = self._unzipped(fetched)
            kind = _kind(fetched)
            if kind not in {"feed", "sitemap"}:
                read = yield from self._document(fetched, kind, entry)
                return True, link if read else None
            if entry:
                raise ReadingError("is a list of articles inside another; give its address to read those too")  # noqa: TRY301
            listing = _listing(fetched, kind)
        except ReadingError as error:
            yield Notice(fetched.url, str(error), skipped=True)
            return True, None
        link = replace(link, kind="feed" if kind == "feed" else "sitemap")
        complete = yield from self._listed(fetched.url, listing)
        return complete, link if complete else replace(link, etag=None, modified=None, sha256="")

    def _unzipped(self, fetched: Fetched) -> Fetched:
        """Return what was fetched without the gzip that sitemaps are kept in."""
        if not fetched.body.startswith(b"\x1f\x8b"):
            return fetched
        body = gathered(unpacked([fetched.body], "gzip"), self.fetcher.settings.most_bytes)
        return replace(fetched, body=body, type=None, final=fetched.final.removesuffix(".gz"))

    # ---- articles

    def _document(self, fetched: Fetched, kind: str | None, entry: Entry | None) -> Generator[_Item, None, bool]:
        """Yield the articles of a page or document; end with whether there are any."""
        reader = READERS.get(kind or "")
        if not fetched.body:
            raise ReadingError("is empty; expected an article")
        if kind is None or reader is None:
            known = "a page, a feed, a sitemap or a document"
            raise ReadingError(f"holds {fetched.type or 'nothing that is known'}, in which there is no text to read; expected {known}")
        if len(fetched.body) > reader.limit:
            raise ReadingError(too_large(len(fetched.body), reader.limit))
        read = False
        source = Source(fetched.url, fetched.body, _name(fetched.final), charset=fetched.charset)
        for item in read_source(reader, source):
            if isinstance(item, Notice):
                yield item
                continue
            article = _placed(item, fetched, source.default_id, kind)
            if entry and kind not in _SEVERAL:
                article = _filled(article, entry)
            read = True
            words = hash(article.text)
            where, earlier = self.taken.get(article.id, (source.name, None))
            if earlier is None:
                self.taken[article.id] = (source.name, words)
                yield article
            elif earlier != words:
                message = f"says that its address is {article.url}, which {where} has with other words; save one to have both"
                yield Notice(source.name, message, skipped=True, id=article.id)
        return read

    # ---- feeds and sitemaps

    def _listed(self, url: str, listing: Listing) -> _Settled:
        """Yield what the newest entries hold that aren't known as they are."""
        complete = True
        entries = list(listing.entries)
        if listing.sitemaps:
            complete = yield from self._gathered(listing.sitemaps, entries)
        unique: dict[str, Entry] = {}
        for entry in newest(entries):
            unique.setdefault(_name(entry.url), entry)
        entries = list(unique.values())
        if listing.nameless:
            yield Notice(url, f"lists {listing.nameless} entries without an address; they are left out", skipped=True)
        if not entries:
            yield Notice(url, "lists no articles; give the address of an article", skipped=False)
        if len(entries) > self.most:
            message = f"lists {len(entries)} articles; only the newest {self.most} are read, ask for more if you want them"
            yield Notice(url, message, skipped=False)
            complete = False
        waiting = [entry for entry in entries[: self.most] if not self._is_unchanged(entry)]
        self.total += len(waiting)
        for entry in waiting:
            complete &= yield from self.visited(entry.url, entry)
        return complete

    def _is_unchanged(self, entry: Entry) -> bool:
        """Tell whether an entry says that it wasn't changed since it was read."""
        before = self.known.get(_name(entry.url))
        return before is not None and entry.changed is not None and entry.changed < dt.datetime.fromisoformat(before.fetched) - _MARGIN

    def _gathered(self, sitemaps: Sequence[Entry], entries: list[Entry]) -> _Settled:
        """Add what the sitemaps of an index list to `entries`, from the newest on, until older ones can't matter."""
        complete = len(sitemaps) <= _MOST_SITEMAPS and all(sitemap.changed for sitemap in sitemaps)  # the index tells of changes
        for sitemap in newest(sitemaps)[:_MOST_SITEMAPS]:
            if len(entries) >= self.most:
                oldest = newest(entries)[self.most - 1].dated
                if not sitemap.dated or (oldest and oldest >= sitemap.dated):
                    return False
            self.progress(sitemap.url, self.done, self.total)
            try:
                fetched = self._unzipped(self.fetcher.get(sitemap.url))
                inside = _listing(fetched, _kind(fetched))
            except ReadingError as error:
                if isinstance(error, FetchError) and error.stopped:
                    raise
                yield Notice(sitemap.url, str(error), skipped=True)
                complete = False
                continue
            if inside.sitemaps:
                yield Notice(sitemap.url, "is an index inside an index of sitemaps; give its address to read what it lists", skipped=True)
            entries.extend(inside.entries)
        return complete


def _listing(fetched: Fetched, kind: str | None) -> Listing:
    try:
        if kind == "feed":
            return read_feed(fetched.body, fetched.final, fetched.charset)
        if kind == "sitemap":
            return read_sitemap(fetched.body, fetched.final)
    except ReadingError:
        raise
    except Exception as error:  # a damaged or hostile list makes libraries raise anything, and stops nobody
        raise ReadingError(f"can't be read ({type(error).__name__}: {str(error)[:200]}); expected a feed or a sitemap") from error
    raise ReadingError("is not a sitemap; expected XML with urlset or sitemapindex")


def _placed(article: Article, fetched: Fetched, default_id: str, kind: str) -> Article:
    """Return an article with its address on the web, by which it goes from now on.

    A page's word for its own address holds where it is on the same host, and isn't the front page's, which some sites
    state on every page.
    """
    if kind in _SEVERAL:
        url = article.url or fetched.final
        name = article.id if article.id.startswith(default_id) else f"{default_id}#{article.id}"
    else:
        url = article.url if article.url and _is_own(article.url, fetched.final) else fetched.final
        name = _name(url)
    stated: tuple[tuple[str, Origin], ...] = article.origins
    if url != article.url:
        stated = (*(origin for origin in stated if origin[0] != "url"), ("url", "link"))
    return replace(article, id=name, url=url, origins=stated)


def _is_own(stated: str, final: str) -> bool:
    """Tell whether a page found at `final` may state this as its address."""
    ours, theirs = (re.match(r"([^/?]*)(.*)", _name(url), re.DOTALL) for url in (final, stated))
    if not ours or not theirs:
        return False
    return ours[1] == theirs[1] and bool(theirs[2] or not ours[2])


def _filled(article: Article, entry: Entry) -> Article:
    """Return an article with what its feed states of it and it doesn't state itself."""
    fields = {"title": entry.title, "author": entry.author, "published": entry.published}
    missing: dict[str, Any] = {name: value for name, value in fields.items() if value and getattr(article, name) is None}
    added: tuple[tuple[str, Origin], ...] = tuple((name, "feed") for name in missing)
    return replace(article, **missing, origins=(*article.origins, *added))


def _kind(fetched: Fetched) -> str | None:
    """Return what an address holds: a feed, a sitemap, or the ending of such files; None for what nothing here can read.

    First bytes that can only mean one thing count most, then what the server states, then how the address ends.
    """
    body, told = fetched.body, fetched.type
    if b"%PDF-" in body[:1024]:
        return ".pdf"
    if body.startswith(b"{\\rtf"):
        return ".rtf"
    if body.startswith(b"PK\x03\x04"):
        return _kind_of_zip(body)
    root = _root(body)
    if root in _BY_ROOT:
        return _BY_ROOT[root]
    ending = PurePosixPath(unquote(urlsplit(fetched.final).path)).suffix.lower()
    if told in {*_UNTOLD, "text/plain"} and ending in READERS:
        return ending
    if told in _BY_TYPE:
        return _BY_TYPE[told]
    if root in {"html", "head", "body"}:
        return ".html"
    return ".txt" if told in _UNTOLD and _is_text(body) else None


def _kind_of_zip(body: bytes) -> str:
    if body[30:38] == b"mimetype":
        return next((kind for mark, kind in _MARKS if body[38:].startswith(mark)), ".zip")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return ".docx" if "word/document.xml" in archive.NameToInfo else ".zip"
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ".zip"  # whose reader says what is wrong


def _root(body: bytes) -> str | None:
    """Return the name of the first element of XML or HTML, in small letters."""
    start = body[:_START]
    text = start.decode("utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "replace")
    before = _BEFORE_ROOT.match(text)
    root = _ROOT.match(text, before.end() if before else 0)
    return root[1].lower() if root else None


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in body


def _name(url: str) -> str:
    """Return an address as it is compared; what is none stays as it is."""
    try:
        return normalised(url)
    except FetchError:
        return url


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
