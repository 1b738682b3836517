"""What every reader shares: a file's bytes, bytes to text, notices, and an article's fields from loosely typed values."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qa.errors import ReadingError
from qa.types import Article, Origin, PartialDate

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_AS_BROWSERS = dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"), "cp1252")  # what is called so is that
_NOTHING = {"", "null", "~"}  # how YAML writes that there is no value
_STATED = ("title", "group", "author", "published", "url", "publication")  # the fields whose origin is told
_TEXT_FIELDS = tuple(name for name in _STATED if name != "published")
_NOT_A_PERSON = re.compile(
    r"(?:admin(?:istrator)?|user|owner|author|anonymous|unknown|none|guest|root|python-docx|[\w ]*(?:microsoft|openoffice|libreoffice).*)",
    re.IGNORECASE,
)  # what programs put in place of an author


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a file, the name that notices give it, and the id that its article has unless it states one.

    `columns` tells which column of a table, or field of a JSON line, holds which field of an article.
    """

    name: str
    raw: bytes
    default_id: str
    columns: Mapping[str, str] = field(default_factory=dict)


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


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the bytes of a file; raise ReadingError where they can't be had, are too many, or change while they are read."""
    try:
        for _ in range(2):  # whoever writes the file may be done the second time
            if not stat.S_ISREG(path.stat().st_mode):
                raise ReadingError("is not a file; expected the file of an article")
            with path.open("rb") as stream:
                before = os.fstat(stream.fileno())
                if before.st_size > limit:
                    raise ReadingError(too_large(before.st_size, limit))
                raw = stream.read(limit + 1)
                after = os.fstat(stream.fileno())
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(raw) <= limit:
                return raw
    except OSError as error:
        raise ReadingError(f"can't be read ({error.strerror}); check the file and its permissions") from error
    raise ReadingError("changes while it is read; read it again once it is complete")


def too_large(size: int, limit: int) -> str:
    """Return what is wrong with a file of `size` bytes where `limit` is the most."""
    return f"has {size / 1e6:.0f} MB; expected at most {limit / 1e6:.0f} MB for this kind of file; divide it or save only its text"


def read_text(source: Source) -> tuple[str | None, list[Notice]]:
    """Return the text of a file without its byte order mark, and notices; None where there is no text to be had.

    UTF-8 and whatever a byte order mark announces are taken as they are; any other encoding is guessed and said.
    """
    text, notices = decoded(source.raw, source.name)
    if text is not None and not text.strip():
        return None, [Notice(source.name, "is empty; expected the text of an article", skipped=True)]
    return text, notices


def shown(path: Path) -> str:
    """Return a path as text that can be stored and printed, whatever bytes its name has."""
    return _LONE_SURROGATE.sub("\ufffd", str(path))


def decoded(raw: bytes, source: str, declared: str | None = None) -> tuple[str | None, list[Notice]]:
    """Return bytes as text with notices. `declared` is the encoding that the file itself names, tried after UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), []
            except UnicodeDecodeError:
                break
    name = (declared or "").casefold().replace("_", "-")
    for encoding in ("utf-8", *([_AS_BROWSERS.get(name, name)] if name else [])):
        try:
            return raw.decode(encoding), []
        except (UnicodeDecodeError, LookupError):  # the latter for an encoding that nobody knows
            continue
    if name in ("utf-8", "utf8"):
        message = "holds bytes that are no UTF-8, which it says it is; each was replaced by \ufffd, save it again if that matters"
        return raw.decode("utf-8", "replace"), [Notice(source, message, skipped=False)]
    return _guessed(raw, source)


def _guessed(raw: bytes, source: str) -> tuple[str | None, list[Notice]]:
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    if best is None:
        return None, [Notice(source, "is not text in any known encoding; save it as UTF-8", skipped=True)]
    return str(best), [Notice(source, f"is not UTF-8; read as {best.encoding}, save it as UTF-8 if it looks wrong", skipped=False)]


def article_from(
    fields: Mapping[str, Any],
    text: str,
    default_id: str,
    source: str,
    origin: Origin,
    *,
    origins: Mapping[str, Origin] | None = None,
    pages: tuple[int, ...] = (),
) -> Iterator[Article | Notice]:
    """Yield an article made of `text` and what `fields` state, after a notice for each field that can't be used.

    Unknown fields are ignored and missing ones are None. Numbers become text, lists are joined by commas. `origin` is
    where the fields were stated, but for those in `origins`.
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
    known = [name for name in _STATED if (published if name == "published" else values[name]) is not None]
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
        origins=tuple((name, (origins or {}).get(name, origin)) for name in known),
        pages=pages,
    )


def author_of(named: str | None) -> str | None:
    """Return the author that a program has written into a file, None for what programs write in place of one."""
    named = " ".join((named or "").split())
    return None if not named or _NOT_A_PERSON.fullmatch(named) else named


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
