"""References to an article, to be put into one's own text: as Markdown and as BibTeX. Knows nothing of pages."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata

from qa.types import Article, PartialDate

_UNTITLED = "Untitled"
_NOBODY = "Unknown group"
_DIGEST = "read as a digest in our words, not in the original"
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def as_markdown(article: Article, url: str, today: dt.date) -> str:
    """Return a line of Markdown: who, when, what, where, looked at when. `url` is an address that is safe to link to, or nothing."""
    who = ", ".join(_marks(name) for name in (article.author, article.group) if name) or _NOBODY
    when = article.published.in_words() if article.published else "date unknown"
    title = _marks(article.title or _UNTITLED)
    linked = f"[{title}](<{_address(url)}>)" if url else f"*{title}*"
    parts = [f"{who} ({when}): {linked}"]
    if article.publication and article.publication != article.group:
        parts.append(_marks(article.publication))
    parts.append(f"accessed {_day(today)}")
    if article.kind == "digest":
        parts.append(_DIGEST)
    return ", ".join(parts) + "."


def as_bibtex(article: Article, url: str, today: dt.date) -> str:
    """Return an entry for BibTeX; names of bodies stand in braces, so that they aren't taken apart."""
    fields = {
        "author": _tex(article.author) if article.author else f"{{{_tex(article.group or _NOBODY)}}}",
        "title": f"{{{_tex(article.title or _UNTITLED)}}}",
    }
    if article.author and article.group:
        fields["organization"] = _tex(article.group)
    if article.publication and article.publication != article.group:
        fields["howpublished"] = _tex(article.publication)
    date = article.published
    if date:
        fields["year"] = str(date.year)
    if date and date.month:
        fields["month"] = calendar.month_abbr[date.month].lower()
    if date:
        fields["date"] = str(date)
    if url:
        fields["url"] = _address(url)
    fields["urldate"] = today.isoformat()
    if article.kind == "digest":
        fields["note"] = _DIGEST.capitalize()
    lines = [f"  {name} = {value}" if name == "month" else f"  {name} = {{{value}}}" for name, value in fields.items()]
    return f"@misc{{{_key(article)},\n" + ",\n".join(lines) + "\n}"


def _key(article: Article) -> str:
    """Return a key of plain letters: the group's or author's name, the year, the first long word of the title."""
    words = re.findall("[a-z0-9]+", _plain(article.title or ""))
    word = next((word for word in words if len(word) > 3), words[0] if words else "")
    name = "".join(re.findall("[a-z0-9]+", _plain(article.group or article.author or "unknown")))[:30]
    return f"{name or 'unknown'}{article.published.year if article.published else ''}{word}"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _marks(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in " ".join(text.split()))


def _address(url: str) -> str:
    """Return an address in which nothing ends a link or a field."""
    return "".join(f"%{ord(character):02X}" if character in '<>{}\\ \t\r\n"' else character for character in url)


def _day(date: dt.date) -> str:
    return PartialDate(date.year, date.month, date.day).in_words()
