"""Plain text: the whole file is one article, of which nothing but its words is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qa.reading.files import Notice, article_from, read_text, shown
from qa.types import Article


def read_plain(path: Path, default_id: str) -> Iterator[Article | Notice]:
    """Yield the article in a .txt file, or a notice."""
    text, notices = read_text(path)
    yield from notices
    if text is not None:
        yield from article_from({}, text, default_id, shown(path))
