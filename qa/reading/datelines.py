"""Dates as articles state them on a line of their own: "London, 13 July 2025", "Published: July 13, 2025", "—8 October".

Names of months and weekdays are those of Unicode's CLDR. A date in the middle of a sentence is none of its business.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from qa.types import PartialDate

_LOCALES = ("en", "fr", "es", "de", "it", "pt", "nl")
_LONGEST = 120
_YEAR = r"(?P<year>(?:18|19|20)\d\d)"
_LABEL = re.compile(
    r"^[\s*_(\[]*(?:(?P<updated>(?:last )?(?:updated|modified|revised)|actualis[ée]|mis à jour|aktualisiert|actualizado"
    r"|aggiornato|atualizado)"
    r"|(?:first )?(?:published|posted|issued|released|publi[ée]e?|veröffentlicht|publicado|pubblicato|erschienen)|date|dated"
    r"|sent|release date"
    r"|datum|fecha|data|written)\b\s*(?:on|le|am|el|il|em|op|the)?\s*[:\-–—]?\s*",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"[,\s@|]*(?:(?:at|um|à|a las|alle|às)\s+)?\b\d{1,2}[:.h]\d\d(?::\d\d)?(?:\s*[ap]\.?m\.?)?(?:\s*(?:uhr|gmt|utc|bst|cet|cest"
    r"|e[sd]?t|p[sd]?t|c[sd]t|z))?"
    r"(?:\s*[+-]\d\d:?\d\d)?\b\.?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\b(?:issue|no|nr|vol|volume|number|ausgabe|numéro)\b\.?\s*\d+\s*(?:,\s*)?", re.IGNORECASE)
_EDGE = " \t,;:|·•()[]*_–—-―−.~<>\u00a0"
_PLACE = re.compile(r"[^\W\d_a-z][\w.'’-]*(?:[ -][^\W\d_a-z][\w.'’-]*){0,2}(?:,\s*[^\W\d_a-z][\w.'’-]*(?: [^\W\d_a-z][\w.'’-]*)?)?")
_OPENING = re.compile(
    r"(?P<place>[^\W\d_a-z][\w.'’-]*(?:[ -][^\W\d_a-z][\w.'’-]*){0,2}),?\s+(?P<rest>.{3,60}?)\s*"
    r"(?:\([^)\n]{1,40}\)|/[^/\n]{1,30}/)?\s*(?:[–—]|--|-)\s"
)


@dataclass(frozen=True, slots=True)
class Dateline:
    """The date on a line; the year may be missing.

    `beside` is what else stands there, perhaps a name or a place; `labelled` whether a word says what the date is, as in
    "Published: 13 July 2025", and `updated` whether that word is one of change.
    """

    year: int | None
    month: int
    day: int | None
    updated: bool = False
    beside: str = ""
    labelled: bool = False

    @property
    def date(self) -> PartialDate | None:
        """The date, None without a year."""
        return PartialDate(self.year, self.month, self.day) if self.year is not None else None

    def in_year(self, year: int) -> PartialDate | None:
        """Return the date in a year that stands elsewhere, None where that year has no such day."""
        return _checked(year, self.month, self.day)


def dateline(line: str) -> Dateline | None:
    """Return the date that a line states where it states nothing else but perhaps a place, a time of day or a name."""
    if len(line) > _LONGEST or not any(character.isdigit() for character in line):
        return None
    label = _LABEL.match(line)
    rest = line[label.end() :] if label else line
    found = _found(rest)
    if found is None:
        return None
    date, start, end = found
    before, after = _bare(rest[:start]), _bare(rest[end:])
    if label is None and before and rest[:start].rstrip()[-1:].isalnum() and not _is_weekday_last(rest[:start]):
        return None  # "Conference of 13 July 2025" is a title
    if before and after:
        return None
    return Dateline(date.year, date.month, date.day, bool(label and label["updated"]), before or after, label is not None)


def is_place(words: str) -> bool:
    """Tell whether words can be the place in "London, 13 July 2025"."""
    return len(words) <= 40 and _PLACE.fullmatch(words) is not None


def opening_dateline(paragraph: str) -> Dateline | None:
    """Return the date before the first sentence of a report: "LONDON, 13 July (Agency) – The ..."."""
    match = _OPENING.match(paragraph[:160])
    if not match:
        return None
    found = _found(match["rest"])
    if found is None or _bare(match["rest"][found[2] :]):
        return None
    region = _bare(match["rest"][: found[1]])
    return found[0] if not region or is_place(region) else None


def date_in_address(url: str) -> PartialDate | None:
    """Return the day or month in the path of a web address: /2025/10/08/, /2025/oct/08/, /2025-10-08-, /2024/06/."""
    path = re.sub(r"^\w+://[^/]*", "", url)
    day = re.search(r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>\d\d|[a-z]{3})[/-](?P<day>\d\d?)(?=[/_.-]|$)", path)
    if day:
        month = _month(day["month"]) if day["month"].isalpha() else int(day["month"])
        return _checked(int(day["year"]), month, int(day["day"])) if month else None
    month_only = re.search(r"/(?P<year>(?:19|20)\d\d)/(?P<month>0[1-9]|1[0-2])(?:/(?!\d)|$)", path)
    return PartialDate(int(month_only["year"]), int(month_only["month"])) if month_only else None


def year_in_address(url: str) -> int | None:
    """Return the one year in the path of a web address; no date by itself, for it may be what the article is about."""
    path = re.sub(r"^\w+://[^/]*", "", url)
    years = {int(year) for year in re.findall(r"(?<![\d.])((?:19|20)\d\d)(?!\d)", path)}
    return years.pop() if len(years) == 1 else None


def _found(text: str) -> tuple[Dateline, int, int] | None:
    """Return the only date in a short text, and where it starts and ends."""
    matches = [match for match in (pattern.search(text) for pattern in _patterns()) if match]
    if not matches:
        return None
    match = min(matches, key=lambda match: (match.start(), -match.end()))
    named = match.groupdict()
    year, day = named.get("year"), named.get("day")
    if named.get("first"):
        order = _day_and_month(int(named["first"]), int(named["second"]))
        if order is None or year is None:
            return None
        date = _checked(int(year), order[1], order[0])
    else:
        month = int(named["month"]) if named["month"].isdigit() else _month(named["month"])
        if not month:
            return None
        date = _checked(int(year) if year else 2000, month, int(day) if day else None)  # 2000 has every day
    if date is None or date.month is None or (not year and not day):
        return None
    return Dateline(date.year if year else None, date.month, date.day), *match.span()


def _day_and_month(first: int, second: int) -> tuple[int, int] | None:
    """Return day and month of 13/07/2025 and 07/13/2025; None for 05/07/2025, which is written for both."""
    if first > 12 or first == second:
        return first, second
    return (second, first) if second > 12 else None


def _checked(year: int, month: int, day: int | None) -> PartialDate | None:
    try:
        dt.date(year, month, day or 1)
    except ValueError:
        return None
    return PartialDate(year, month, day)


def _bare(text: str) -> str:
    """Return what is left of a line beside its date without weekdays, times, the number of an issue and marks."""
    text = re.sub(r"\b(?:published|posted)\b\s*(?:on\b)?:?", "", _NUMBER.sub("", _TIME.sub("", text)), flags=re.IGNORECASE)
    text = _patterns_of_days().sub("", text)
    return re.sub(r"(?:^|\s)(?:on|in)$", "", text.strip(_EDGE)).strip(_EDGE)


def _is_weekday_last(text: str) -> bool:
    words = text.split()
    return bool(words) and _patterns_of_days().fullmatch(words[-1].strip(_EDGE)) is not None


def _plain(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c)).rstrip(".")


def _month(name: str) -> int | None:
    return _months().get(_plain(name))


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    from babel.dates import get_month_names

    found: dict[str, int] = {"sept": 9}
    for locale in _LOCALES:
        for width in ("wide", "abbreviated"):
            found |= {_plain(name): number for number, name in get_month_names(width, locale=locale).items()}
    return found


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    from babel.dates import get_month_names

    names = {
        name.rstrip(".")
        for locale in _LOCALES
        for width in ("wide", "abbreviated")
        for name in get_month_names(width, locale=locale).values()
    }
    names |= {_plain(name) for name in names} | {"sept"}
    month = rf"(?P<month>{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?![^\W\d_])\.?"
    forms = (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.)?(?:\s+(?:of|de)\b|\s+d['’])?[\s\-/]*{month}(?:(?:\s+(?:de|del"
        rf"|of)\b)?[\s,\-/]+{_YEAR}\b)?",
        rf"\b{month}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+{_YEAR}\b)?",
        rf"\b{month},?(?:\s+de)?\s+{_YEAR}\b",
        rf"\b{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:T[\d:.+Z-]*)?(?!\d)",
        rf"\b(?P<first>\d{{1,2}})[./-](?P<second>\d{{1,2}})[./-]{_YEAR}\b",
    )
    return tuple(re.compile(form, re.IGNORECASE) for form in forms)


@lru_cache(maxsize=1)
def _patterns_of_days() -> re.Pattern[str]:
    from babel.dates import get_day_names

    names = {name for locale in _LOCALES for width in ("wide", "abbreviated") for name in get_day_names(width, locale=locale).values()}
    names = {name.rstrip(".") for name in names if len(name.rstrip(".")) > 2} | {"the", "le", "den"}
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})\b\.?", re.IGNORECASE)
