"""Electronic books (.epub): the chapters in reading order are one text; title, authors, date and publisher are the book's own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from qa.errors import ReadingError
from qa.reading.blocks import Block, blocks, joined, name_of, parse_xhtml, parse_xml
from qa.reading.files import Notice, Source, article_from
from qa.reading.zipped import member, opened
from qa.types import Article

_CONTAINER = "META-INF/container.xml"


def read_epub(source: Source) -> Iterator[Article | Notice]:
    """Yield the book as one article, after a notice for chapters that can't be read; raise ReadingError where it is no book."""
    with opened(source.raw, "an electronic book") as archive:
        path, package = _package(archive)
        locked = _locked(archive)
        found: list[Block] = []
        missing: list[str] = []
        for name in _chapters(package, path):
            if name in locked:
                raise ReadingError("is protected against copying, so that its words can't be read; get it without that")
            try:
                root = parse_xhtml(member(archive, name), name)
            except ReadingError:
                missing.append(name)
                continue
            body = next((element for element in root.iter() if name_of(element) == "body"), root)
            found += blocks(body, frozenset({"nav"}))
        if missing:
            message = f"can't be read in {', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''}; the other chapters were read"
            yield Notice(source.name, message, skipped=False)
    yield from article_from(_fields(package), joined(found), source.default_id, source.name, "file metadata")


def _package(archive: ZipFile) -> tuple[str, Any]:
    """Return the path of the book's table of files, and that table."""
    container = parse_xml(member(archive, _CONTAINER), _CONTAINER)
    path = next((element.get("full-path") for element in container.iter() if name_of(element) == "rootfile"), None)
    if not path:
        raise ReadingError(f"names no book in {_CONTAINER}; get it again")
    return path, parse_xml(member(archive, path), path)


def _chapters(package: Any, path: str) -> Iterator[str]:
    """Yield the paths of the chapters in reading order, without the table of contents."""
    items = {element.get("id"): element for element in package.iter() if name_of(element) == "item"}
    for element in package.iter():
        item = items.get(element.get("idref")) if name_of(element) == "itemref" else None
        if item is not None and element.get("linear") != "no" and "nav" not in (item.get("properties") or "").split():
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(item.get("href") or "")))


def _locked(archive: ZipFile) -> set[str]:
    """Return the files that are encrypted."""
    name = "META-INF/encryption.xml"
    if name not in archive.namelist():
        return set()
    listed = parse_xml(member(archive, name), name)
    return {posixpath.normpath(unquote(e.get("URI") or "")) for e in listed.iter() if name_of(e) == "cipherreference"}


def _fields(package: Any) -> dict[str, Any]:
    stated: dict[str, list[str]] = {}
    for element in package.iter():
        parent = element.getparent()
        if parent is not None and name_of(parent) == "metadata":
            stated.setdefault(name_of(element), []).append(" ".join((element.text or "").split()))
    first = {name: values[0] for name, values in stated.items()}
    return {
        "title": first.get("title"),
        "author": stated.get("creator"),
        "published": first.get("date"),
        "publication": first.get("publisher"),
        "url": next((value for value in stated.get("source", []) if value.startswith(("http://", "https://"))), None),
    }
