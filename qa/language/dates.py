"""Words that limit when something was said or published, read as a stretch of time.

Single dates are read by `dateparser`, once a pattern has made sure that they are one: on its own it
finds a date in nearly any number. Ranges, limits and parts of a time are read here.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.types import PartialDate


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A stretch of time from `since` to `until`, both inclusive; None where that end is open."""

    since: PartialDate | None
    until: PartialDate | None


_Ends = tuple[PartialDate, PartialDate]

_ONES = "first second third fourth fifth sixth seventh eighth ninth".split()
_TEENS = """tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth
    nineteenth twentieth""".split()
_DAYS = [*_ONES, *_TEENS, *(f"twenty-{one}" for one in _ONES), "thirtieth", "thirty-first"]
_DECADES = {"thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
    "eighties": 1980, "nineties": 1990, "noughties": 2000}  # fmt: skip
_PARTS = {  # of a decade in years, of a year in months, of a month in days; first and last
    "early|beginning|start": {"decade": (0, 3), "year": (1, 4), "month": (1, 10)},
    "mid|middle": {"decade": (3, 6), "year": (5, 8), "month": (11, 20)},
    "late|end": {"decade": (6, 9), "year": (9, 12), "month": (20, 31)},
    "1 half": {"decade": (0, 4), "year": (1, 6), "month": (1, 15)},
    "2 half": {"decade": (5, 9), "year": (7, 12), "month": (16, 31)},
    "q1|1 quarter": {"year": (1, 3)}, "q2|2 quarter": {"year": (4, 6)},
    "q3|3 quarter": {"year": (7, 9)}, "q4|4 quarter": {"year": (10, 12)},
    "spring": {"year": (3, 5)}, "summer": {"year": (6, 8)}, "autumn|fall": {"year": (9, 11)},
    "winter": {"year": (12, 14)},
}  # fmt: skip
_RANGES = (
    r"(?:in )?(?:(from|since|after|between) )?(.+?)"
    r" (?:(?:and|but) )?(before|until|to|and|or|-) (.+)",
    r"(?!.*\d{4}-\d\d?\b)(from )?(.+?) ?(-) ?(.+)",  # no hyphen of 2023-10
)
_OPEN = ("now", "present", "present day", "date")  # where a range that goes on ends

_YEAR = r"(?:1\d|20|21)\d\d"
_UNIT = "(?:day|week|fortnight|month|year|decade)"
_NUMBER = r"(?:\d{1,3}|[a-z]+(?:[ -][a-z]+)?)"  # dateparser knows which words are numbers
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH, _WEEKDAY = (
    "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in map(str.casefold, names)) + ")"
    for names in ([*calendar.month_name[1:], "Sept"], calendar.day_name)
)
_RECURS = rf"\b(?:{_MONTH}|spring|summer|autumn|fall|winter|q[1-4])\b"  # every year
_ABSOLUTE = (
    rf"{_YEAR}|{_MONTH}(?: of)? {_YEAR}|{_YEAR}[-/](?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])/{_YEAR}"
    rf"|(?:{_WEEKDAY} )?(?:{_DAY}(?: of)? {_MONTH}|{_MONTH} {_DAY})(?: of)? {_YEAR}"
    rf"|{_YEAR}[-/](?:0?[1-9]|1[0-2])[-/]{_DAY}|{_DAY}([-/.]){_DAY}\1{_YEAR}"
)
_RELATIVE = (
    rf"today|yesterday|day before yesterday|(?:this|last) (?:week|month|year)|(?:last )?{_WEEKDAY}"
    rf"|{_NUMBER} {_UNIT}s? ago"
)
_AMBIGUOUS = rf"\bwinter (?:of |in )?{_YEAR}"  # it may end in that year or begin in it
_PLAIN = (  # what is written in several ways, made one; in this order
    ("[‐‑‒]", "-"), ("[–—]", " - "), ("[‘’]", "'"), (r"'(?=s\b|\d0s\b)", ""),
    (r"(?<=[a-z.])/(?=[a-z])", " or "), (r"\.(?!\d)|[^\w\s.'/-]", " "), (r"\s+", " "),
    (r"\b(\d\d)(\d\d)(?: - |[-/](?=1[3-9]|[2-9]))(\d\d)\b(?![-/\d]| [a-z])", r"\1\2 - \1\3"),
    (r"\b(twenty|thirty) (?=[a-z]+(?:st|nd|rd|th)\b)", r"\1-"), (r"(\d)(?:st|nd|rd|th)\b", r"\1"),
    (rf"\bthe last (?={_UNIT}\b)|\blast (?=decade|fortnight)|\bthis past ", "past "),
    (r"\bprevious\b", "last"), (r"\b(?:a )?couple of\b", "2"), (r"\b(last|past) few\b", r"\1 3"),
    (rf"\b(?:the|so far|alone|back|only|just|ever|earlier (?=this)|year (?={_YEAR}))\b", " "),
    (r"\s+", " "), ("^ | $", ""),
    (r"\b(?:no later than|up to|up until|till|through|by)\b", "until"),
    (r"\b(?:prior to|earlier than)\b", "before"), (r"\blater than\b", "after"),
    (r"\bbefore (?=end of)", "until "), (r"\bafter (?=(?:start|beginning) of)", "since "),
    (r"\buntil (?=(?:start|beginning) of)", "before "),
    (r"^(?:from |since )?(.+) (?:on|onwards?|and (?:after|later|onwards?))$", r"since \1"),
)  # fmt: skip


def parse_when(words: str, newest: PartialDate | None) -> DateSpan | None:
    """Return the time that these words of a question mean, None where that can't be told.

    `newest` is the date of the newest article, from which relative words count.
    """
    plain = _plain(words) if len(words) <= 100 else ""
    if re.search(_AMBIGUOUS, plain):
        return None
    try:
        return _limited(plain, newest) or _ranging(plain, newest)
    except OverflowError:  # a day before year 1 or after year 9999
        return None


def in_words(since: PartialDate | None, until: PartialDate | None) -> str:
    """Return it for people: "in June 2024", "from 2023 to May 2024", "since 2023", "until 2023"."""
    if since and since == until:
        return f"{'on' if since.day else 'in'} {since.in_words()}"
    if since and until:
        return f"from {since.in_words()} to {until.in_words()}"
    return f"since {since.in_words()}" if since else f"until {until.in_words()}" if until else ""


def _plain(words: str) -> str:
    plain = words.casefold()
    ordinal = rf"\b(?:{'|'.join(reversed(_DAYS))})\b"
    for pattern, replacement in _PLAIN:
        plain = re.sub(pattern, replacement, plain)
    return re.sub(ordinal, lambda match: str(_DAYS.index(match[0]) + 1), plain)


def _limited(words: str, newest: PartialDate | None) -> DateSpan | None:
    """Return what "2019" or "since 2019" means; a limit some time ago is a day, not a year."""
    relation, _, named = words.partition(" ")
    if relation not in ("since", "after", "before", "until"):
        return DateSpan(*ends) if (ends := _period(words, newest)) else None
    day = _counted(named.removesuffix(" ago"), newest) if named.endswith(" ago") else None
    ends = (_of_day(day), _of_day(day)) if day else _period(named, newest)
    if ends is None:
        return None
    if relation in ("since", "after"):
        return DateSpan(ends[0] if relation == "since" else _beside(ends[1], 1), None)
    return DateSpan(None, ends[1] if relation == "until" else _beside(ends[0], -1))


def _ranging(words: str, newest: PartialDate | None) -> DateSpan | None:
    """Return what "from March to May 2024" means, or two side by side: "2023 and 2024"."""
    for pattern in _RANGES:
        if not (match := re.fullmatch(pattern, words)):
            continue
        opening, first, joint, second = match.groups()
        opens = "after" if opening == "after" else "since"
        closes = "before" if joint == "before" else "until"
        if second in _OPEN:
            return _limited(f"{opens} {first}", newest)
        for start, end in _sharing(first, second, newest):
            one, other = _limited(f"{opens} {start}", newest), _limited(f"{closes} {end}", newest)
            since, until = one and one.since, other and other.until
            if not since or not until or since.first > until.last:
                continue
            if opening == "between" or joint not in ("and", "or") or _adjoin(start, end, newest):
                return DateSpan(since, until)
    return None


def _sharing(first: str, second: str, newest: PartialDate | None) -> Iterator[tuple[str, str]]:
    """Yield both ends of a range, with the month and year that one states put to the other."""
    months = [re.search(rf"\b{_MONTH}\b", words) for words in (first, second)]
    if (month := months[1]) and re.fullmatch(_DAY, first):
        first = f"{month[0]} {first}"
    elif (month := months[0]) and re.fullmatch(rf"{_DAY}(?: {_YEAR})?", second):
        second = f"{month[0]} {second}"
    if re.search(_RECURS, first) and re.search(_RECURS, second):
        if stated := re.search(rf"\b{_YEAR}\b", first):
            yield from ((first, f"{second} {int(stated[0]) + later}") for later in (0, 1))
        elif last := _period(second, newest):
            yield from ((f"{first} {last[1].year - earlier}", second) for earlier in (0, 1))
    yield first, second


def _adjoin(first: str, second: str, newest: PartialDate | None) -> bool:
    one, other = _period(first, newest), _period(second, newest)
    return one is not None and other is not None and _beside(one[1], 1).first == other[0].first


def _period(words: str, newest: PartialDate | None) -> _Ends | None:
    """Return one period; of one that recurs, the latest that isn't after the newest article."""
    leads = "(?:in|on|at|during|throughout|of|from|(?:over|for|within)(?!.* ago)) "
    words = re.sub(f"^(?:{leads})+", "", words)
    if (found := _dated(words, newest)) or newest is None or not re.search(_RECURS, words):
        return found
    this, last = words.startswith("this "), words.startswith("last ")
    named = words[5:] if this or last else words
    for year in range(newest.year, newest.year - 12, -1):  # "Friday 8 October" may be long ago
        found = _dated(f"{named} {year}", newest)
        if not found or found[0].first > newest.last or (last and found[1].last >= newest.last):
            continue
        return None if this and year < newest.year and found[1].last < newest.last else found
    return None


def _dated(words: str, newest: PartialDate | None) -> _Ends | None:
    many = _decade(words) or _part(words, newest) or _recent(words, newest)
    return many or _single(words, newest)


def _decade(words: str) -> _Ends | None:
    match = re.fullmatch(r"(1\d[1-9]0|20\d0|[3-9]0)s", words)
    year = int(match[1].rjust(4, "x").replace("xx", "19")) if match else _DECADES.get(words)
    return (PartialDate(year), PartialDate(year + 9)) if year else None


def _part(words: str, newest: PartialDate | None) -> _Ends | None:
    """Return a part of a decade, year or month: "the end of October 2023", "spring 2024"."""
    for names, parts in _PARTS.items():
        match = re.fullmatch(rf"(?:{names})(?: of | in |-| )(.+)", words)
        if not match or not (whole := _dated(match[1], newest)):
            continue
        years = {date.precision for date in whole} == {"year"}
        unit = whole[0].precision if whole[0] == whole[1] else "decade" if years else ""
        if unit in parts:
            return _cut(whole[0], unit, *parts[unit])
    return None


def _cut(whole: PartialDate, unit: str, first: int, last: int) -> _Ends:
    year, month = whole.year, whole.month
    if unit == "decade":
        return PartialDate(year + first), PartialDate(year + last)
    if unit == "year":
        return PartialDate(year, first), PartialDate(year + (last > 12), (last - 1) % 12 + 1)
    return PartialDate(year, month, first), PartialDate(year, month, min(last, whole.last.day))


def _recent(words: str, newest: PartialDate | None) -> _Ends | None:
    """Return "the past week" or "last three months", up to the day of the newest article."""
    match = re.fullmatch(rf"(?:past |last (?={_NUMBER} ))({_NUMBER} )?({_UNIT})s?", words)
    day = _counted(f"{match[1] or '1 '}{match[2]}", newest) if match else None
    return (_of_day(day + dt.timedelta(days=1)), _of_day(newest.last)) if day and newest else None


def _counted(length: str, newest: PartialDate | None) -> dt.date | None:
    """Return the day that lies "2 months" before the newest article."""
    if newest is None or not re.fullmatch(rf"{_NUMBER} {_UNIT}s?", length):
        return None
    found = _parsed(f"{length} ago", newest.last)
    return found[0] if found else None


def _single(words: str, newest: PartialDate | None) -> _Ends | None:
    """Return one year, month, week or day."""
    weekday = re.match(rf"{_WEEKDAY}\b", words)
    if re.fullmatch(_ABSOLUTE, words):
        found = _parsed(words, dt.date(2000, 1, 1))
    elif newest and re.fullmatch(_RELATIVE, words):
        later = dt.timedelta(days=bool(weekday))  # so that its own weekday is the newest's day
        found = _parsed(words, newest.last + later)
    else:
        return None
    if found is None or (weekday and not f"{found[0]:%A}".casefold().startswith(weekday[0])):
        return None
    day, precision = found
    if precision == "week":
        monday = day - dt.timedelta(days=day.weekday())
        return _of_day(monday), _of_day(monday + dt.timedelta(days=6))
    fields = (day.year, day.month, day.day)[: ("year", "month", "day").index(precision) + 1]
    return PartialDate(*fields), PartialDate(*fields)


def _parsed(words: str, base: dt.date) -> tuple[dt.date, str] | None:
    """Return the day that dateparser reads, counting from `base`, and what of it is meant."""
    from dateparser.date import DateDataParser

    start = dt.datetime.combine(base, dt.time())
    settings = {"PREFER_DATES_FROM": "past", "DATE_ORDER": "DMY", "RELATIVE_BASE": start}
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(words)
    return (found.date_obj.date(), str(found.period)) if found.date_obj else None


def _of_day(day: dt.date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)


def _beside(date: PartialDate, side: int) -> PartialDate:
    """Return the next year, month or day, or with -1 the previous one."""
    day = (date.last if side > 0 else date.first) + dt.timedelta(days=side)
    return PartialDate(day.year, day.month if date.month else None, day.day if date.day else None)
