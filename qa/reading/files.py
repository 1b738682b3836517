"""What every reader shares: bytes to text, notices, and the fields of an article from loosely typed values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.types import Article, PartialDate

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NOTHING = {"", "null", "~"}  # how YAML writes that there is no value
_TEXT_FIELDS = ("title", "group", "author", "url", "publication")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something in the input that was not as expected. `skipped` tells whether an article was left out for it."""

    source: str
    message: str
    skipped: bool
    id: str | None = None

    def __str__(self) -> str:
        """Write it as one line."""
        return " ".join(f"{self.source}: {self.message}".split())


def read_text(path: Path) -> tuple[str | None, list[Notice]]:
    """Return the text of a file without its byte order mark, and notices; None where there is no text to be had.

    UTF-8 and whatever a byte order mark announces are taken as they are; any other encoding is guessed and said.
    """
    source = shown(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        return None, [Notice(source, f"can't be read ({error.strerror}); check the file and its permissions", skipped=True)]
    text, notices = _decoded(raw, source)
    if text is not None and not text.strip():
        return None, [Notice(source, "is empty; expected the text of an article", skipped=True)]
    return text, notices


def shown(path: Path) -> str:
    """Return a path as text that can be stored and printed, whatever bytes its name has."""
    return _LONE_SURROGATE.sub("\ufffd", str(path))


def _decoded(raw: bytes, source: str) -> tuple[str | None, list[Notice]]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), []
            except UnicodeDecodeError:
                break
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError:
        return _guessed(raw, source)


def _guessed(raw: bytes, source: str) -> tuple[str | None, list[Notice]]:
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    if best is None:
        return None, [Notice(source, "is not text in any known encoding; save it as UTF-8", skipped=True)]
    return str(best), [Notice(source, f"is not UTF-8; read as {best.encoding}, save it as UTF-8 if it looks wrong", skipped=False)]


def article_from(fields: Mapping[str, Any], text: str, default_id: str, source: str) -> Iterator[Article | Notice]:
    """Yield an article made of `text` and what `fields` state, after a notice for each field that can't be used.

    Unknown fields are ignored and missing ones are None. Numbers become text, lists are joined by commas.
    """
    if not text.strip():
        yield Notice(source, "has no text; expected the words of an article", skipped=True)
        return
    values = {name: _text(fields.get(name)) for name in (*_TEXT_FIELDS, "id")}
    if values["author"] is None:
        values["author"] = _text(fields.get("authors"))
    published, notice = _date(fields.get("published"), source)
    if notice:
        yield notice
    kind = _text(fields.get("kind"))
    if kind not in (None, "full", "digest"):
        yield Notice(source, f"kind {kind!r} is not 'full' or 'digest'; taken as full", skipped=False)
    yield Article(
        id=values["id"] or _LONE_SURROGATE.sub("\ufffd", default_id),
        text=_LONE_SURROGATE.sub("\ufffd", text),
        title=values["title"],
        group=values["group"],
        author=values["author"],
        published=published,
        url=values["url"],
        publication=values["publication"],
        kind="digest" if kind == "digest" else "full",
        source=source,
    )


def _text(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        value = ", ".join(str(part) for part in value)
    if value is None or isinstance(value, dict):
        return None
    text = " ".join(_LONE_SURROGATE.sub("\ufffd", str(value)).split())
    return None if text.casefold() in _NOTHING else text


def _date(value: Any, source: str) -> tuple[PartialDate | None, Notice | None]:
    written = _text(value)
    if written is None:
        return None, None
    try:
        return PartialDate.parse(written), None
    except ValueError:
        return None, Notice(
            source, f"published {written[:40]!r} is not a date; expected 2025, 2025-10 or 2025-10-08; taken as unknown", skipped=False
        )
