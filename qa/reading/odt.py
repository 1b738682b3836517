"""OpenDocument texts (.odt): their XML is turned into HTML's elements, whose blocks are the text.

Tracked deletions, comments and footnotes are left out. The date in a document is when its file was made, and is never taken
for a date of publishing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qa.errors import ReadingError
from qa.reading.blocks import blocks, joined, name_of, parse_xml, without_title
from qa.reading.files import Notice, Source, article_from, author_of
from qa.reading.zipped import member, opened
from qa.types import Article, Origin

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_AS_HTML = {
    "h": "h2",
    "p": "p",
    "line-break": "br",
    "list-item": "li",
    "list-header": "li",
    "table-row": "tr",
    "table-cell": "td",
    "section": "div",
    "annotation": "script",
    "note": "script",
    "tracked-changes": "script",
    "table-of-content": "script",
    "sequence-decls": "script",
    "s": "span",
    "tab": "span",
}  # "script" for what no reader sees
_AS_STYLED = {"Title": "h1", "Quotations": "blockquote"}


def read_odt(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of an OpenDocument text; raise ReadingError where the file is none."""
    with opened(source.raw, "an OpenDocument text") as archive:
        names = set(archive.namelist())
        if "content.xml" not in names:
            raise ReadingError("is a ZIP archive but no OpenDocument text; give it its own ending, such as .zip")
        if "META-INF/manifest.xml" in names and b"encryption-data" in member(archive, "META-INF/manifest.xml"):
            raise ReadingError("is protected by a password; save it without one")
        content = parse_xml(member(archive, "content.xml"), "content.xml")
        fields = _fields(parse_xml(member(archive, "meta.xml"), "meta.xml")) if "meta.xml" in names else {}
    title, found = without_title(blocks(_as_html(content)), None)
    origins: dict[str, Origin] = {"title": "heading"} if title else {}
    yield from article_from(
        {**fields, "title": title or fields.get("title")}, joined(found), source.default_id, source.name, "file metadata", origins=origins
    )


def _as_html(content: Any) -> Any:
    """Return the text part of a document with the names of HTML's elements."""
    parents = {
        style.get(f"{_STYLE}name"): style.get(f"{_STYLE}parent-style-name") for style in content.iter(f"{_STYLE}style")
    }  # a paragraph formatted by hand has a style of its own whose parent is the one that a person chose
    body = next((element for element in content.iter() if name_of(element) == "text"), None)
    if body is None:
        raise ReadingError("is no text but another kind of OpenDocument file; save its text as .odt")
    for element in list(body.iter()):
        name = name_of(element)
        style = element.get(f"{_TEXT}style-name")
        styled = _AS_STYLED.get(style) or _AS_STYLED.get(parents.get(style) or "") if name == "p" else None
        if name in ("s", "tab"):
            element.text = " "
        element.tag = styled or _AS_HTML.get(name, "span")
    body.tag = "body"
    return body


def _fields(meta: Any) -> dict[str, Any]:
    stated = {name_of(element): " ".join((element.text or "").split()) for element in meta.iter()}
    return {"title": stated.get("title") or None, "author": author_of(stated.get("initial-creator") or stated.get("creator"))}
