"""Markdown with optional YAML front matter: the fields above the text, and the text as it stands below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.reading.files import Notice, article_from, read_text
from qa.types import Article

_FIRST_HEADING = re.compile(r"\A\s*#[ \t]+(?P<title>[^\r\n]+?)[ \t#]*(?:\r?\n|\Z)")


def read_markdown(path: Path, default_id: str) -> Iterator[Article | Notice]:
    """Yield the article in a Markdown file, or a notice.

    Front matter that isn't YAML is said and left in the text, so that nothing is lost.
    A first heading is the title where the front matter has none.
    """
    import frontmatter
    import yaml

    text, notices = read_text(path)
    yield from notices
    if text is None:
        return
    fields: dict[str, Any] = {}
    try:
        fields, body = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        problem = getattr(error, "problem", None) or type(error).__name__
        yield Notice(str(path), f"front matter is not YAML ({problem}); read as text, put quotes around values", skipped=False)
        body = text
    heading = _FIRST_HEADING.match(body)
    if heading and not fields.get("title"):
        fields = {**fields, "title": heading["title"]}
        body = body[heading.end() :]
    yield from article_from(fields, body, default_id, str(path))
