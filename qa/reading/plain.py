"""Plain text: the whole file is one article, of which nothing but its words is known."""

from __future__ import annotations

from collections.abc import Iterator

from qa.reading.files import Notice, Source, article_from, read_text
from qa.types import Article


def read_plain(source: Source) -> Iterator[Article | Notice]:
    """Yield the article in a .txt file, or a notice."""
    text, notices = read_text(source)
    yield from notices
    if text is not None:
        yield from article_from({}, text, source.default_id, source.name, "front matter")
