"""Markdown with optional YAML front matter: the fields above the text, and the text as it stands below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qa.reading.files import Notice, Source, article_from, read_text
from qa.types import Article, Origin

_FIRST_HEADING = re.compile(r"\A\s*#[ \t]+(?P<title>[^\r\n]+)\r?\n?")


def read_markdown(source: Source) -> Iterator[Article | Notice]:
    """Yield the article in a Markdown file, or a notice.

    Front matter that isn't a list of fields in YAML is said and left in the text, so that nothing is lost.
    A first heading is the title where the front matter has none.
    """
    text, notices = read_text(source)
    yield from notices
    if text is None:
        return
    fields, body, problem = front_matter(text)
    if problem:
        yield Notice(source.name, f"front matter is not YAML ({problem}); read as text, put quotes around values", skipped=False)
    origins: dict[str, Origin] = {}
    heading = _FIRST_HEADING.match(body)
    if heading and not fields.get("title"):
        fields = {**fields, "title": heading["title"].strip(" \t#")}
        origins["title"] = "heading"
        body = body[heading.end() :]
    yield from article_from(fields, body, source.default_id, source.name, "front matter", origins=origins)


def front_matter(text: str) -> tuple[dict[str, Any], str, str | None]:
    """Return the fields of the front matter, the text below it, and what is wrong with it if anything is.

    Every value is read as text: a date that doesn't exist is then one wrong field, and an id of 010 isn't 8.
    """
    import frontmatter
    import yaml

    handler = frontmatter.YAMLHandler()
    if not handler.detect(text):
        return {}, text.strip(), None
    try:
        front, body = handler.split(text)
        fields = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506  (it makes nothing but text, lists and mappings)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {}, text, getattr(error, "problem", None) or str(error)
    if not isinstance(fields, dict):
        return {}, text, f"a {'list' if isinstance(fields, list) else 'text'}, expected fields such as title: ..."
    return fields, body.strip(), None
