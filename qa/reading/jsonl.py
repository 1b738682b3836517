"""JSON Lines: one article a line, with the fields `id, title, text, group, author, published, url`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from qa.reading.files import Notice, article_from, read_text, shown
from qa.types import Article


def read_jsonl(path: Path, default_id: str) -> Iterator[Article | Notice]:
    """Yield the article of each line; a line that isn't one becomes a notice and the next is read."""
    text, notices = read_text(path)
    yield from notices
    for number, line in enumerate((text or "").split("\n"), 1):
        if not line.strip():
            continue
        source = f"{shown(path)}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # also for numbers of thousands of digits
            what = getattr(error, "msg", None) or str(error).split(";")[0]
            yield Notice(source, f"is not JSON ({what}); expected one object with id and text", skipped=True)
            continue
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            yield Notice(source, 'is not an article; expected an object with a "text"', skipped=True)
            continue
        yield from article_from(row, row["text"], f"{default_id}-{number}", source)
