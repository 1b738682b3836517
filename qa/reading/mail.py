"""Mails (.eml): the plain text, else the text of the HTML; subject, sender and date are the title, author and date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from qa.errors import ReadingError
from qa.reading.blocks import parse_html
from qa.reading.files import Notice, Source, article_from, decoded
from qa.reading.page import text_of
from qa.types import Article

_ADDRESS = re.compile(r"<\s*(https?://[^\s>]+)\s*>")


def read_mail(source: Source) -> Iterator[Article | Notice]:
    """Yield the mail, after a notice that names its attachments; raise ReadingError where the file is no mail."""
    mail = message_from_bytes(source.raw, _class=EmailMessage, policy=policy.default)
    if not (mail["From"] or mail["Subject"] or mail["Date"]):
        raise ReadingError("is not a mail: it has no sender, subject or date; save it again from the mail program")
    text = _text(mail, source.name)
    attached = [part.get_filename() or "one without a name" for part in mail.iter_attachments()] if mail.is_multipart() else []
    if attached:
        names = ", ".join(attached[:10]) + (", ..." if len(attached) > 10 else "")
        yield Notice(source.name, f"attachments were not read: {names}; save them as files", skipped=False)
    yield from article_from(_fields(mail), text, source.default_id, source.name, "mail header")


def _text(mail: EmailMessage, source: str) -> str:
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        if part is None:
            continue
        raw: Any = part.get_payload(decode=True)
        text, _ = decoded(raw if isinstance(raw, bytes) else b"", source, part.get_content_charset())
        text = (text or "").replace("\r\n", "\n")
        if kind == "html" and text.strip():
            text = text_of(parse_html(text.encode("utf-8", "replace")))
        if text.strip():
            return text.strip()
    return ""


def _fields(mail: EmailMessage) -> dict[str, Any]:
    name, address = parseaddr(str(mail["From"] or ""))
    archived = _ADDRESS.search(str(mail["Archived-At"] or ""))
    return {
        "title": str(mail["Subject"] or "") or None,
        "author": name or address or None,
        "published": _day(str(mail["Date"] or "")),
        "url": archived[1] if archived else None,
    }


def _day(written: str) -> str | None:
    """Return the day of sending as the sender's own clock had it."""
    try:
        return parsedate_to_datetime(written).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return None
