"""Word documents (.docx): mammoth makes HTML of them, whose blocks are the text. Tracked deletions and comments are left out.

The date in a document is when its file was made, often from an old template, and is never taken for a date of publishing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from qa.errors import ReadingError
from qa.reading.blocks import blocks, joined, name_of, parse_html, parse_xml, without_title
from qa.reading.files import Notice, Source, article_from, author_of
from qa.reading.zipped import member, opened
from qa.types import Article, Origin

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how .doc files, and Office files with a password, begin
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Block Text'] => blockquote > p:fresh
"""


def read_docx(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of a Word document; raise ReadingError where the file is none."""
    import mammoth

    if source.raw.startswith(_OLD_OR_LOCKED):
        raise ReadingError("is an old Word file or protected by a password; save it as .docx without one")
    with opened(source.raw, "a Word document") as archive:
        names = set(archive.namelist())
        if "[Content_Types].xml" not in names or not any(name.startswith("word/") for name in names):
            raise ReadingError("is a ZIP archive but no Word document; give it its own ending, such as .zip")
        fields = core_fields(member(archive, "docProps/core.xml")) if "docProps/core.xml" in names else {}
    made = mammoth.convert_to_html(io.BytesIO(source.raw), style_map=_STYLES, convert_image=lambda _: [])
    found = blocks(parse_html(made.value.encode())) if made.value.strip() else []
    title, found = without_title(found, None)
    origins: dict[str, Origin] = {"title": "heading"} if title else {}
    yield from article_from(
        {**fields, "title": title or fields.get("title")}, joined(found), source.default_id, source.name, "file metadata", origins=origins
    )


def core_fields(raw: bytes) -> dict[str, Any]:
    """Return title and author from the Dublin Core part of an office document."""
    stated = {name_of(element): " ".join((element.text or "").split()) for element in parse_xml(raw, "docProps/core.xml").iter()}
    return {"title": stated.get("title") or None, "author": author_of(stated.get("creator"))}
