"""Web pages and saved pages: the main text without menus and the like, and what the page states of itself.

The main text is found by trafilatura. Title, author, date, address and publication are only taken from where a page states
them for machines: JSON-LD, meta elements, the canonical link, the mark that a browser leaves in a page that it saves.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from qa.reading.blocks import AROUND, Block, blocks, is_hidden, is_mark, joined, name_of, parse_html, without_title
from qa.reading.files import Notice, Source, article_from, author_of, decoded
from qa.types import Article, Origin, PartialDate

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_SAVED_FROM = re.compile(r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(https?://[^\s>]+)", re.IGNORECASE)
_DATE_WITH_SLASHES = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)")
_ARTICLE_TYPES = frozenset(
    "Article NewsArticle BlogPosting OpinionNewsArticle ReportageNewsArticle AnalysisNewsArticle Report ScholarlyArticle".split()
)
_TITLES = ("og:title", "citation_title", "dc.title", "twitter:title")
_AUTHORS = ("author", "citation_author", "dc.creator", "article:author", "parsely-author")
_DATES = ("article:published_time", "datepublished", "citation_publication_date", "dc.date", "dc.date.issued", "parsely-pub-date", "date")
_PUBLICATIONS = ("og:site_name", "citation_journal_title", "application-name")
_INLINE = tuple("abbr b bdi bdo big cite code data dfn em font i ins kbd label mark samp small span strong sub sup time tt u var".split())
_PICTURE = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=\s]+")  # inside the page, as programs that save pages write them
_FEWEST = 250  # code points of an article among several; a teaser has fewer
_LARGE = 4_000_000  # code points; finding the main text of more takes minutes


def read_page(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of a web page, or a notice; raise ReadingError where the file holds no HTML."""
    charset = _CHARSET.search(source.raw[:4096])
    text, notices = decoded(source.raw, source.name, charset[1].decode("ascii") if charset else None, source.charset)
    yield from notices
    if text is None:
        return
    if not text.strip():
        yield Notice(source.name, "is empty; expected a web page", skipped=True)
        return
    text = _PICTURE.sub("", text)
    root = parse_html(text.encode("utf-8", "replace"))
    fields = _stated(root, text[:8192])
    several = _several(root, fields)
    if several:
        yield Notice(source.name, f"holds {len(several)} articles, read as {source.default_id}/1 and so on; check them", skipped=False)
    for number, (stated, text) in enumerate(several, 1):
        yield from article_from(stated, text, f"{source.default_id}/{number}", source.name, "page metadata", origins={"title": "heading"})
    if several:
        return
    everything = blocks(_body(root), AROUND)
    body = _main_text(root) if len(text) <= _LARGE else []
    merged = len(body) == 1 and body[0] not in everything  # what trafilatura makes of a page in which it sees no main text
    if everything and (merged or not body):
        body = everything
        message = "its main text can't be told from what stands around it; all of it was read, check what was understood"
        yield Notice(source.name, message, skipped=False)
    stated_title = fields.get("title")
    fields["title"], body = without_title(body, stated_title)
    origins: dict[str, Origin] = {} if fields["title"] == stated_title else {"title": "heading"}
    yield from article_from(fields, joined(body), source.default_id, source.name, "page metadata", origins=origins)


def _several(root: Any, fields: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Return fields and text of each article of a page that shows several in full; nothing for one article, or for teasers.

    Comments are articles inside an article, and what is related is short.
    """
    types = [(meta.get("content") or "").casefold() for meta in root.iter("meta") if meta.get("property") == "og:type"]
    described = _described(root)
    if "article" in types or len(described) == 1:
        return []
    outermost = [found for found in root.iter("article") if next(found.iterancestors("article", "aside", "nav", "footer"), None) is None]
    whole = [(element, text) for element in outermost if (text := _whole_text(element)) is not None]
    longest = max((len(text) for _, text in whole), default=0)
    whole = [(element, text) for element, text in whole if len(text) >= _FEWEST and len(text) >= longest / 20]
    if len(whole) < 2 or len({found.getparent() for found, _ in whole}) > 1 or len(whole) < len(outermost) / 2:
        return []
    return [({**_stated_in(element, described), "publication": fields["publication"]}, text) for element, text in whole]


def _whole_text(element: Any) -> str | None:
    """Return the text of an <article> that has a heading and paragraphs of its own, without the heading and the comments."""
    heading = _heading(element)
    if heading is None or not sum(1 for paragraph in element.iter("p") if len(" ".join(paragraph.itertext())) > 80):
        return None
    own = copy.deepcopy(element)
    for inner in list(own.iter("article", "section", "div", "ol", "ul")):
        if inner is not own and (
            name_of(inner) == "article" or "comment" in f"{inner.get('class') or ''} {inner.get('id') or ''}".casefold()
        ):
            inner.drop_tree()
    first = _heading(own)
    if first is not None:
        first.drop_tree()
    return joined(blocks(own, AROUND - {"header"}))


def _heading(element: Any) -> Any:
    return next(element.iter("h1", "h2", "h3"), None)


def _stated_in(element: Any, described: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields that an <article> states, with those of the JSON-LD that has its title."""
    heading = _heading(element)
    title = _one_line("".join(heading.itertext()))
    data = next((one for one in described if _one_line(one.get("headline")) == title), {})
    links = [link.get("href") or "" for link in heading.iter("a")] or [
        link.get("href") or "" for link in heading.iterancestors("a") if element in link.iterancestors()
    ]
    dates = [data.get("datePublished"), *(time.get("datetime") for time in element.iter("time"))]
    names = [
        _one_line("".join(found.itertext()))
        for found in element.iter("a", "span", "p", "address")
        if found.get("rel") == "author"
        or {"author", "byline-name", "p-author"} & set(f"{found.get('itemprop') or ''} {found.get('class') or ''}".split())
    ]
    named = [re.sub(r"^[Bb]y\s+", "", name) for name in names if name]
    return {
        "title": title,
        "author": _name(data.get("author")) or next((name for name in named if author_of(name)), None),
        "published": next((date for date in map(day_of, dates) if date), None),
        "url": next((url for url in (data.get("url"), *links) if isinstance(url, str) and _is_address(url)), None),
    }


def text_of(root: Any) -> str:
    """Return all the text of an HTML document that has no menus, such as a mail."""
    return joined(blocks(_body(root)))


def _main_text(root: Any) -> list[Block]:
    """Return the blocks of the main text, none where trafilatura finds no such text."""
    from trafilatura import bare_extraction

    found = bare_extraction(_plainer(copy.deepcopy(root)), include_comments=False, include_tables=True, with_metadata=False)
    return blocks(found.body) if found is not None and found.body is not None else []


def _plainer(root: Any) -> Any:
    """Return a page without what trafilatura would make too much of.

    It has no eye for the marks of footnotes, takes <pre> and the <q> inside a sentence for block quotes, and leaves out
    some elements, such as <time>, in the middle of a sentence.
    """
    from lxml import etree

    for element in list(root.iter("sup", "a", "pre", "q")):
        name = name_of(element)
        if is_mark(element):
            element.drop_tree()
        elif name == "pre":
            element.tag = "p"
        elif name == "q":
            element.text = f"“{element.text or ''}"
            element.tail = f"”{element.tail or ''}"
            element.tag = "span"
    for paragraph in root.iter("p"):
        for element in list(paragraph.iter(*_INLINE)):
            if is_hidden(element):
                element.drop_tree()
        etree.strip_tags(paragraph, *_INLINE)
    return root


def _body(root: Any) -> Any:
    body = root.find("body")
    return root if body is None else body


def _stated(root: Any, top: str) -> dict[str, Any]:
    """Return the fields that a page states for machines, each from the first place that has it."""
    meta: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = " ".join((element.get("content") or "").split())
        if name and content:
            meta.setdefault(name.casefold(), []).append(content)
    data = _linked_data(root)
    site = next(iter(_of(meta, _PUBLICATIONS)), None) or _name(data.get("publisher"))
    saved_from = _SAVED_FROM.search(top)
    links = [link.get("href") or "" for link in root.iter("link") if (link.get("rel") or "").casefold() == "canonical"]
    dates = [data.get("datePublished"), *_of(meta, _DATES), *_times(root)]
    authors = [_name(data.get("author")), ", ".join(_people(_of(meta, _AUTHORS[:2]))), *_people(_of(meta, _AUTHORS[2:]))]
    return {
        "title": next((title for title in (_one_line(data.get("headline")), *_of(meta, _TITLES), _title(root, site)) if title), None),
        "author": next((name for name in authors if author_of(name)), None),
        "published": next((date for date in map(day_of, dates) if date), None),
        "url": next(
            (url for url in (*links, *_of(meta, ("og:url",)), *(saved_from.groups() if saved_from else ())) if _is_address(url)), None
        ),
        "publication": site,
    }


def _of(meta: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    return [content for name in names for content in meta.get(name, ())]


def _people(names: Iterable[str]) -> list[str]:
    """Return the names among what stands for an author, which may also be an address on the web."""
    return [name for name in dict.fromkeys(names) if not _is_address(name) and not name.startswith("@")]


def _is_address(text: str) -> bool:
    return re.match(r"https?://[^\s/]", text) is not None


def _title(root: Any, site: str | None) -> str | None:
    """Return the title in the page's head, without the name of the site that many put behind it."""
    element = root.find(".//head/title")
    title = _one_line(element.text) if element is not None else None
    if title and site:
        shorter = re.sub(rf"\s+[-–—|·•:]\s+{re.escape(site)}$", "", title, flags=re.IGNORECASE)
        return shorter or title
    return title


def _linked_data(root: Any) -> dict[str, Any]:
    """Return the one article that a page describes in JSON-LD; nothing where it describes several."""
    found = _described(root)
    return found[0] if len(found) == 1 else {}


def _described(root: Any) -> list[dict[str, Any]]:
    """Return the articles that a page describes in JSON-LD."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().casefold() != "application/ld+json":
            continue
        try:
            waiting = [json.loads(script.text or "")]
        except (ValueError, RecursionError):
            continue
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                types = value.get("@type")
                if _ARTICLE_TYPES & {kind for kind in (types if isinstance(types, list) else [types]) if isinstance(kind, str)}:
                    found.append(value)
                waiting.extend(value[name] for name in ("@graph", "mainEntity", "blogPost", "itemListElement", "item") if name in value)
    return found


def _name(value: Any) -> str | None:
    """Return the names in JSON-LD's ways of telling who: text, an object with a name, or a list of them."""
    several = value if isinstance(value, list) else [value]
    names = [_one_line(item.get("name") if isinstance(item, dict) else item) for item in several]
    return ", ".join(_people(name for name in names if name)) or None


def _times(root: Any) -> list[str]:
    """Return the one day that <time> elements marked as the date of publishing agree on."""
    found = set()
    for element in root.iter("time"):
        marked = f"{element.get('class') or ''} {element.get('itemprop') or ''}".split()
        if element.get("datetime") and {"published", "entry-date", "datePublished", "dt-published"} & set(marked):
            found.add(element.get("datetime"))
    return list(found) if len({day_of(value) for value in found}) == 1 else []


def day_of(value: Any) -> str | None:
    """Return a date as a page's metadata may write it in ISO form, None for any other."""
    if not isinstance(value, str):
        return None
    slashed = _DATE_WITH_SLASHES.match(value.strip())
    written = "-".join(slashed.groups()) if slashed else value.strip()
    try:
        return str(PartialDate.parse(written))
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(written).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return None


def _one_line(value: Any) -> str | None:
    return (" ".join(value.split()) or None) if isinstance(value, str) else None
