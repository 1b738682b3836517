"""Tables with a header, as spreadsheets export them: one article a row, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from qa.reading.columns import columns_for, listed, mapped
from qa.reading.files import Notice, Source, article_from, read_text
from qa.types import Article

_LONGEST_CELL = 64 * 1024 * 1024  # code points; the standard library's own limit is shorter than many articles


def read_table(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of each row, or a notice for a row that holds none; raise ReadingError where a told column is missing."""
    text, notices = read_text(source)
    yield from notices
    if text is None:
        return
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = [name.strip() for name in next(rows, [])]
    columns = columns_for(header, source.columns)
    if "text" not in columns:
        message = f"has no column for the text of articles, only {listed(header)}; name it text, or tell which one it is"
        yield Notice(source.name, message, skipped=True)
        return
    some = False
    while True:
        first = rows.line_num + 1
        where = f"{source.name}:{first}"
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Notice(where, f"is not a row of a table ({error}); the rows from here on were not read", skipped=True)
            return
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        some = True
        if len(cells) > len(header):
            yield Notice(where, f"has {len(cells)} cells under {len(header)} columns; put quotation marks around its text", skipped=True)
            continue
        fields = mapped(dict(zip(header, cells, strict=False)), columns)
        yield from article_from(fields, fields["text"] or "", f"{source.default_id}-{first}", where, "column")
    if not some:
        yield Notice(source.name, "has no row below its header; expected one for each article", skipped=True)


def _delimiter(text: str) -> str:
    """Return whichever mark divides the header; a header of one column has none and a comma is as good as any."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=header.count)
