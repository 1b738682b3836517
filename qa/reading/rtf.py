"""Rich text (.rtf): striprtf takes the words out; title and author come from the file's own information."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.errors import ReadingError
from qa.reading.files import Notice, Source, article_from, author_of
from qa.types import Article

_INFO = re.compile(r"\{\\info\b.*?\}\s*\}", re.DOTALL)
_UNKNOWN = "\\unknown"  # in place of where a link leads, which striprtf would write into the text; it skips what it doesn't know
_FIELD = r"\{\\%s\s((?:[^{}\\]|\\[^{}]|\\[{}])*)\}"


def read_rtf(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of a rich text file; raise ReadingError where the file is none."""
    from striprtf.striprtf import rtf_to_text

    if not source.raw.lstrip().startswith(b"{\\rtf"):
        raise ReadingError("is not rich text; open it in the program that made it and save it as .rtf")
    raw = source.raw.decode("latin-1")  # rich text is ASCII; a stray byte stays the one it is
    if raw.count("{") > raw.count("}") + 1:
        yield Notice(source.name, "seems to be cut off; what is there was read", skipped=False)
    text = rtf_to_text(raw.replace("\\fldinst", _UNKNOWN), errors="replace")
    info = _INFO.search(raw)
    stated: dict[str, str] = {}
    for name in ("title", "author"):
        field = re.search(_FIELD % name, info[0]) if info else None
        stated[name] = " ".join(rtf_to_text(f"{{\\rtf1 {field[1]}}}", errors="replace").split()) if field else ""
    fields = {"title": stated["title"] or None, "author": author_of(stated["author"])}
    yield from article_from(fields, text.strip(), source.default_id, source.name, "file metadata")
