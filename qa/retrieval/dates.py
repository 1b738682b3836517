"""Dates in a question: which words name a stretch of time, and whether they say when somebody spoke.

Own rules rather than a parser of dates: a question holds few forms, and a year must stay a year. Relative dates count
from the newest article, not from today. Knows nothing of articles but the dates and titles that it is given.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa.index.lexical import content_words
from qa.retrieval.vocabulary import AUXILIARY, NEUTRAL, OPINION, SAY, WRITINGS
from qa.types import Article, Asked, PartialDate, Span


@dataclass(frozen=True, slots=True)
class Dated:
    """The words that name a stretch of time, and its two ends; None where it is open."""

    span: Span
    since: PartialDate | None
    until: PartialDate | None


_MONTHS = {name.casefold(): number for names in (calendar.month_name, calendar.month_abbr) for number, name in enumerate(names) if name}
_MONTHS["sept"] = 9
_MONTH = (  # "may" and "march" are verbs too, so these need their capital
    r"(?:(?-i:May|March)|January|February|April|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_PARTS = {  # first and last month of a part of a year
    "early": (1, 4), "beginning": (1, 4), "start": (1, 4), "mid": (5, 8), "middle": (5, 8), "late": (9, 12), "end": (9, 12),
    "first half": (1, 6), "second half": (7, 12), "spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11),
}  # fmt: skip
_UNITS = {"day": 1, "week": 7}
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER = rf"(?:\d{{1,3}}|an?|few|couple of|{'|'.join(_NUMBERS)})"
_DATE = "|".join([
    rf"{_YEAR}-\d{{1,2}}(?:-\d{{1,2}})?",
    rf"(?:the )?{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?",
    rf"{_MONTH} {_DAY}(?:,? {_YEAR})?",
    rf"(?:the )?(?:{'|'.join(_PARTS)})(?: of|-)? ?(?:{_YEAR}|last year|this year)",
    rf"{_MONTH},? {_YEAR}",
    rf"{_MONTH} (?:last|this) year",
    _YEAR,
    r"(?:last|this) (?:year|month|week)",
    rf"(?:last )?{_MONTH}",
])  # fmt: skip
_LAST_FEW = rf"(?:(?:the )?(?:last|past|previous) {_NUMBER}|the (?:last|past|previous)) (?:day|week|month|year)s?"
# What may follow a date: the end, a mark or a small word. A noun makes it a part of a name: "in 2024 elections".
_NO_NOUN = (
    r"(?![\w'’%-])(?!,\d)(?=\W*$|\s*[,;:)?!]|\.(?!\w)|\s+(?:about|against|and|as|by|concerning|did|do|does|for|had|has|have|how|is|mention|mentions"
    r"|of|on|or|over|regarding|said|say|says|speak|that|to|towards?|was|were|what|when|whether|which|who|why|with|would)\b)"
)
_EXPRESSION = re.compile(
    rf"(?<![\w-])(?:between (?P<from>{_DATE}) and (?P<to>{_DATE})|from (?P<from2>{_DATE}) (?:to|till|until|through) (?P<to2>{_DATE})"
    rf"|(?:in|during|within|over|for|since) (?P<few>{_LAST_FEW})"
    r"|(?P<relation>in|during|on|of|from|dated|since|after|before|until|till|up to|by)"
    rf"(?: the year)? (?P<date>{_DATE})(?P<onwards> on(?:wards?)?\b)?"
    rf"|(?P<bare>last (?:year|month|week)|this (?:year|month|week))){_NO_NOUN}",
    re.IGNORECASE,
)
_EVENT = re.compile(r"(?<![\w-])(since|after|before|until) ((?:the|its|their|his|her|that) [^,;:?!.]+|[A-Z][^,;:?!.]+)", re.IGNORECASE)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»|(?<!\w)‘[^’]*’(?!\w)|(?<!\w)'[^']*'(?!\w)")


def expressions(text: str, newest: PartialDate | None) -> Iterator[Dated]:
    """Yield the dates and spans of time in a question, in order, outside of quotation marks; what can't be a date isn't one."""
    quoted = [Span(*match.span()) for match in _QUOTED.finditer(text)]
    for match in _EXPRESSION.finditer(text):
        span = Span(*match.span())
        if any(span.overlaps(other) for other in quoted):
            continue
        try:
            since, until = _ends(match, newest)
        except (ValueError, OverflowError):  # 31 February, the year 0, a span that no corpus dates
            continue
        if (since or until) and not (since and until and since.first > until.last):
            yield Dated(span, since, until)


def _ends(match: re.Match[str], newest: PartialDate | None) -> tuple[PartialDate | None, PartialDate | None]:
    first, last = match["from"] or match["from2"], match["to"] or match["to2"]
    if first and last:
        until = _date(last, newest)[1]
        year = re.search(_YEAR, last)
        since = _date(first if re.search(_YEAR, first) or not year else f"{first} {year[0]}", newest)[0]
        return since, until
    if match["few"]:
        return _last_few(match["few"], newest)
    since, until = _date(match["date"] or match["bare"], newest)
    relation = (match["relation"] or "in").casefold()
    if relation == "since" or (relation == "from" and match["onwards"]):
        return since, None
    if relation == "after":
        return _next(until), None
    if relation == "before":
        return None, _previous(since)
    if relation in ("until", "till", "up to", "by"):
        return None, until
    return since, until


def _date(text: str, newest: PartialDate | None) -> tuple[PartialDate, PartialDate]:
    """Return the first and last date that an expression means; raise ValueError where it means none."""
    words = " ".join(text.casefold().replace(",", " ").replace(".", " ").split())
    for unit in ("year", "month", "week"):
        if words in (f"last {unit}", f"this {unit}"):
            return _recent(unit, words.startswith("last"), newest)
    year = int(found[0]) if (found := re.search(_YEAR, words)) else None
    if "last year" in words or "this year" in words:
        year = _known(newest).year - ("last year" in words)
    if re.fullmatch(rf"{_YEAR}(?:-\d+)*", words):
        date = PartialDate.parse(words)
        return date, date
    if year and (part := next((part for part in _PARTS if re.match(rf"(?:the )?{part}\b", words)), None)):
        return PartialDate(year, _PARTS[part][0]), PartialDate(year, _PARTS[part][1])
    month = next((_MONTHS[word] for word in words.split() if word in _MONTHS), None)
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", words)
    if month is None:
        raise ValueError(f"{text!r} is no date")
    if year is None:  # the latest such month that the corpus can speak of
        year = _known(newest).year - (month > _known(newest).last.month)
    date = PartialDate.parse(f"{year}-{month}-{day[1]}" if day else f"{year}-{month}")
    return date, date


def _recent(unit: str, last: bool, newest: PartialDate | None) -> tuple[PartialDate, PartialDate]:
    end = _known(newest).last
    if unit == "year":
        return (year := PartialDate(end.year - last)), year
    if unit == "month":
        day = end.replace(day=1) - dt.timedelta(days=1) if last else end
        return (month := PartialDate(day.year, day.month)), month
    return _of_day(end - dt.timedelta(days=6)), _of_day(end)  # "last week": the seven days up to the newest article


def _last_few(words: str, newest: PartialDate | None) -> tuple[PartialDate, None]:
    end = _known(newest).last
    *_, unit = words.casefold().split()
    unit = unit.removesuffix("s")
    number = next((word for word in words.casefold().split() if word.isdigit() or word in (*_NUMBERS, "few", "couple")), "one")
    count = int(number) if number.isdigit() else {"few": 3, "couple": 2}.get(number) or _NUMBERS.index(number) + 1
    if unit in _UNITS:
        return _of_day(end - dt.timedelta(days=count * _UNITS[unit])), None
    months = end.year * 12 + end.month - 1 - count * (12 if unit == "year" else 1)
    return PartialDate.parse(f"{months // 12:04d}-{months % 12 + 1}"), None


def _known(newest: PartialDate | None) -> PartialDate:
    if newest is None:
        raise ValueError("no article has a date to count from")
    return newest


def _of_day(day: dt.date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)


def _next(date: PartialDate) -> PartialDate:
    return _as_precise(date.last + dt.timedelta(days=1), date)


def _previous(date: PartialDate) -> PartialDate:
    return _as_precise(date.first - dt.timedelta(days=1), date)


def _as_precise(day: dt.date, model: PartialDate) -> PartialDate:
    return PartialDate(day.year, day.month if model.month else None, day.day if model.day else None)


# ---- events


class Titles:
    """The titles of dated articles, by their words."""

    def __init__(self, articles: Iterable[Article]) -> None:
        """Read the titles of these articles."""
        self._dates: list[PartialDate] = []
        self._having: dict[str, set[int]] = defaultdict(set)
        for article in articles:
            if article.title and article.published:
                for word in content_words(article.title):
                    self._having[word].add(len(self._dates))
                self._dates.append(article.published)

    def dates(self, words: Iterable[str]) -> list[PartialDate]:
        """Return the dates of articles that have all of these words in their titles, the earliest first."""
        having = [self._having.get(word, set()) for word in words]
        both = set.intersection(*sorted(having, key=len)) if having else set()
        return sorted((self._dates[at] for at in both), key=lambda date: (date.first, date.last))


def events(text: str, titles: Titles) -> Iterator[Dated]:
    """Yield "since the ceasefire plan" with the date of the article whose title has all of the event's words.

    Of several articles the earliest counts, but one word alone has to be in one title only.
    """
    for match in _EVENT.finditer(text):
        words = set(content_words(match[2]))
        if not words or _EXPRESSION.match(text, match.start()):
            continue
        dates = titles.dates(words)
        if not dates or (len(words) == 1 and len(dates) > 1):
            continue
        span = Span(match.start(), match.start() + len(match.group().rstrip()))
        yield Dated(span, None, dates[0]) if match[1].casefold() in ("before", "until") else Dated(span, dates[0], None)


# ---- whether a date says when somebody spoke

_ASKS = re.compile(
    rf"^\W*(?:(?:and|but|so|please)\s+)?(?:what|how|which|who|whose|in what|{AUXILIARY}|tell|show|list|find|compare|summari[sz]e)\b",
    re.IGNORECASE,
)
_SAYING = re.compile(rf"\b(?:{SAY}|{OPINION})\b", re.IGNORECASE)
_ADDS_NOTHING = re.compile(rf"(?:{NEUTRAL}|articles?|attitude|line|opinion|positions?|reports?|stance|statements?|views?)", re.IGNORECASE)
_WRITING_BEFORE = re.compile(
    rf"\b(?:{WRITINGS})(?:\s+(?:by|from|of|in)\s+[^,;?]{{1,60}}?)?(?:,?\s*(?:published|written|issued|posted|dated))?\s*$", re.IGNORECASE
)
_CLAIM = re.compile(r"\b(?:that|whether|if|why|how|who|whom|whose|when|where|which|what|because|while)\b", re.IGNORECASE)
_ABOUT = re.compile(r"^\W*(?:about|on|of|to|towards?|regarding|concerning)\b", re.IGNORECASE)
_PERFECT = re.compile(r"\b(?:has|have|had)\b", re.IGNORECASE)
_OF_EVENTS = (
    "attacks? battles? bombs? born came ceasefires? conferences? congress(?:es)? coups? crash(?:es)? cris[ie]s deaths? defeats? died"
    " disasters? droughts? events? famines? fell fires? floods? genocides? held lost made massacres? murders? place plans? pogroms? polls?"
    " protests? raids? referend(?:a|ums?) reports? revolts? riots? shot sieges? splits? strikes? summits? surveys? talks treat(?:y|ies)"
    " trials? truces? uprisings? victor(?:y|ies) votes? was went were is are began wars? won"
)
# A word before a date that the date itself may belong to: "the strike of 2023", "those who were killed in 2023".
_HAPPENS = re.compile(rf"(?<!\w)(?:\w+(?:ed|ing|en|tions?|sions?|ments?)|{_OF_EVENTS.replace(' ', '|')})$", re.IGNORECASE)
_ALONE = re.compile(r"^\W*(?:(?:and|but|so|what about|how about)\b\W*)?$", re.IGNORECASE)
_AT_A_TIME = re.compile(r"(?:in|on|during|since|after|before|until|till|last|this|up|between|from|over|within|by)\b", re.IGNORECASE)


def says_when(text: str, dated: Dated, asked: Asked, known: tuple[PartialDate, PartialDate] | None, *, follows: bool) -> bool:
    """Tell whether a date limits when somebody spoke, rather than being a part of what they spoke of; in doubt it is a part.

    `known` are the dates between which the corpus lies, `follows` tells whether there are earlier questions.
    """
    before, after = text[: dated.span.start].rstrip(" ,"), text[dated.span.end :].strip(" ,")
    of_articles = bool(_WRITING_BEFORE.search(before)) and not _in_a_claim(before)
    if asked == "when":
        return False
    if not after.strip(" ?!.") and _ALONE.match(before):
        return follows  # "And in 2023?"
    if of_articles:
        return True
    if asked in ("number", "fact"):
        return False
    if not before.strip():  # "In June 2024, what did G say about ...?"
        return bool(_ASKS.match(after) and _SAYING.search(after))
    if asked == "change":
        return not after.strip(" ?!.") and (dated.since != dated.until)
    said = next((match for match in _SAYING.finditer(before) if match.start() > 3), None)
    if said is None or not _ASKS.match(before) or not _AT_A_TIME.match(text, dated.span.start):
        return False
    topic = before[said.end() :]
    if not content_words(f"{topic} {after}") and not _ADDS_NOTHING.fullmatch(said[0]):  # "What did G call for on 8 October?"
        return False
    if not topic.strip():  # "What did G say in June 2024 about ...?"
        return not _in_a_claim(before)
    return not after.strip(" ?!.") and _ends_the_asking(text, before, topic, dated, asked, known)


def _ends_the_asking(text: str, before: str, topic: str, dated: Dated, asked: Asked, known: tuple[PartialDate, PartialDate] | None) -> bool:
    """Tell whether a date at the end belongs to the saying: "What did G say about water in 2024?", not "about the war in 2014"."""
    if _CLAIM.search(topic) or re.match(r"by\b", text[dated.span.start :], re.IGNORECASE):
        return False
    if asked in ("who", "groups", "mentions", "polar") and not _ABOUT.match(topic):  # "Who opposed the limit in 2023?"
        return False
    if dated.until is None and _PERFECT.search(before[: len(before) - len(topic)]):  # "What has G said about the war since 2023?"
        return True
    return not _HAPPENS.search(before) and known is not None and _meets(dated, known)


def _in_a_claim(before: str) -> bool:
    opened = _ASKS.match(before)
    return bool(_CLAIM.search(before[opened.end() :] if opened else before))


def _meets(dated: Dated, known: tuple[PartialDate, PartialDate]) -> bool:
    oldest, newest = known
    return (dated.until is None or dated.until.last >= oldest.first) and (dated.since is None or dated.since.first <= newest.last)


def in_words(since: PartialDate | None, until: PartialDate | None) -> str:
    """Return a stretch of time for people: "from June 2024", "from 2023 to May 2024", "since 2023", "until 2023"."""
    if since and until:
        return f"from {since.in_words()}" if since == until else f"from {since.in_words()} to {until.in_words()}"
    return f"since {since.in_words()}" if since else f"until {until.in_words()}" if until else ""
