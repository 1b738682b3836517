"""JSON Lines: one article a line, with the fields `id, title, text, group, author, published, url`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from qa.errors import ReadingError
from qa.reading.columns import columns_for, mapped
from qa.reading.files import Notice, Source, article_from, read_text
from qa.types import Article


def read_jsonl(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of each line; a line that isn't one becomes a notice and the next is read."""
    text, notices = read_text(source)
    yield from notices
    for number, line in enumerate((text or "").split("\n"), 1):
        if not line.strip():
            continue
        where = f"{source.name}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # also for numbers of thousands of digits
            what = getattr(error, "msg", None) or str(error).split(";")[0]
            yield Notice(where, f"is not JSON ({what}); expected one object with id and text", skipped=True)
            continue
        try:
            fields = mapped(row, columns_for(row, source.columns)) if isinstance(row, dict) else {}
        except ReadingError as error:
            yield Notice(where, str(error), skipped=True)
            continue
        if not isinstance(fields.get("text"), str):
            yield Notice(where, 'is not an article; expected an object with a "text"', skipped=True)
            continue
        yield from article_from(fields, fields["text"], f"{source.default_id}-{number}", where, "column")
