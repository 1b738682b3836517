"""Reads figures and dates out of a sentence, so that one can be looked for in what the sentence rests on.

A figure is a value with what it counts in: "£2.3m" and "2.3 million pounds" are one, "30 per cent" and "30" are two. A date is
looked for as a whole, as its parts may all be there and belong to different dates. Knows English only.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa.types import PartialDate

_UNITS = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
        " nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS = {word: 10 * tens for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12}
_ORDINALS = dict(
    zip(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth"
        " seventeenth eighteenth nineteenth twentieth".split(),
        range(1, 21),
        strict=True,
    )
)
_PARTS = {
    "half": "half", "halves": "half", "halved": "half", "quarter": "quarter", "quarters": "quarter", "thirds": "thirds", "dozen": "dozen",
    "dozens": "dozen", "twice": "twice", "double": "twice", "doubled": "twice", "doubles": "twice", "doubling": "twice", "thrice": "triple",
    "triple": "triple", "tripled": "triple", "tenfold": "tenfold", "hundreds": "hundreds", "thousands": "thousands", "millions": "millions",
    "billions": "billions", "couple": "couple",
}  # fmt: skip
_MONEY = {"£": "£", "$": "$", "€": "€", "¥": "¥", "pound": "£", "dollar": "$", "euro": "€", "yen": "¥"}
_MONTHS = {name.casefold(): number for names in (calendar.month_name, calendar.month_abbr) for number, name in enumerate(names) if name}
_MONTHS["sept"] = 9
_MONTH = rf"(?P<{{}}>{'|'.join(sorted((name.capitalize() for name in _MONTHS), key=len, reverse=True))})\b\.?"
_NUMBER = re.compile(
    r"(?P<money>US\$|[£$€¥])?\s?(?<![\w.])(?P<digits>\d+(?:[.,:]\d+)*)(?P<th>st|nd|rd|th)?(?P<short>k|m|mn|bn|tn)?(?![\w])"
    rf"(?:[\s-](?P<scale>{'|'.join(_SCALES)})\b)?(?P<unit>\s?%|[\s-]?per\s?cent\b|[\s-](?:percentage\spoints?|pounds?|dollars?|euros?|yen)\b)?",
    re.IGNORECASE,
)
_WORD = rf"(?:{'|'.join((*_TENS, *sorted(_UNITS, key=len, reverse=True), *_SCALES))})"
_WORDS = re.compile(
    rf"\b(?P<words>(?:a\s(?={'|'.join(_SCALES)}))?{_WORD}(?:(?:[\s-]|\s?and\s){_WORD})*)\b"
    r"(?P<unit>\s?%|[\s-]per\s?cent\b|[\s-](?:percent|percentage\spoints?|pounds?|dollars?|euros?|yen)\b)?",
    re.IGNORECASE,
)
_OTHER = re.compile(rf"\b(?:{'|'.join((*_ORDINALS, *_PARTS))})\b", re.IGNORECASE)
_TIME = re.compile(
    r"\b(minute|hour|day|week|weekend|month|season|year|decade|century|spring|summer|autumn|winter|morning|noon|evening|night"
    r"|midnight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|tomorrow|today)(?:s|['’]s)?\b",
    re.IGNORECASE,
)
_MIXED = re.compile(r"(?=\w*\d)(?=\w*[^\W\d])\w+")
_NO_FIGURE = re.compile(  # "one" as a word for something, not as a number
    r"\b(?:no|any|every|some|this|that|the|each|for|which|is|as|a|an|another|such)[\s-]one\b(?!\s+(?:in|out)\b)|\bone(?:['’]s|self|\sanother|\sof|\sthat|\swhich|\sand\sthe\ssame)\b"
    r"|\bone(?=\s*(?:[.,;:!?)\]”\"]|$|\s(?:is|are|was|were|to|in\sthe|on\sthe|by|or|but|and|has|had|will|would|should)\b))|\bat\sonce\b"
    r"|\b(?:for|in)\s(?:the\s)?second\splace\b",
    re.IGNORECASE,
)
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH.format('month')}(?:,?\s(?P<year>\d{{4}})\b)?",
        rf"\b{_MONTH.format('month')}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,?\s(?P<year>\d{{4}})\b)?",
        rf"\b{_MONTH.format('month')},?\s(?:of\s)?(?P<year>\d{{4}})\b",
        r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b",
        rf"\b(?P<month>{'|'.join(name for name in calendar.month_name if name)})\b",
    )
)

Figure = tuple[float | str, str]


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is told."""

    month: int
    day: int | None
    year: int | None

    def within(self, other: Day) -> bool:
        """Tell whether another date tells all that this one does, and the same."""
        return self.month == other.month and self.day in (None, other.day) and self.year in (None, other.year)


def figures(text: str) -> set[Figure]:
    """Return the figures of a text, each as its value and what it counts in; a word that holds digits is one too.

    So is a word for a time, such as "year" and "spring". Dates that have a month are left to `days`.
    """
    found: set[Figure] = {(match[1].casefold(), "time") for match in _TIME.finditer(text)}
    for pattern in (*_DATES, _NO_FIGURE):
        text = pattern.sub(" ", text)
    for match in _NUMBER.finditer(text):
        found |= set(_of_digits(match))
    text = _NUMBER.sub(" ", text)
    for match in _WORDS.finditer(text):
        words = [word for word in re.split(r"[\s-]+", match["words"].casefold()) if word not in ("and", "a")]
        found |= {(float(value), _unit("", match["unit"])) for value in _values(words)}
    for match in _OTHER.finditer(_WORDS.sub(" ", text)):
        word = match.group().casefold()
        found.add((float(_ORDINALS[word]), "th") if word in _ORDINALS else (_PARTS[word], ""))
    return found | {(match.group().casefold(), "word") for match in _MIXED.finditer(text)}


def days(text: str) -> Iterator[Day]:
    """Yield the dates of a text that have a month, and each of their months by itself too."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            found = match.groupdict()
            month = int(found["month"]) if found["month"].isdigit() else _MONTHS[found["month"].casefold()]
            yield Day(month, int(found["day"]) if found.get("day") else None, int(found["year"]) if found.get("year") else None)


def day_of(date: PartialDate | None) -> tuple[Day, ...]:
    """Return a date of an article, where it has a month."""
    return (Day(date.month, date.day, date.year),) if date and date.month else ()


def all_there(claimed: Iterable[Day], given: Iterable[Day]) -> bool:
    """Tell whether each date is one of those given, or tells less of one of them."""
    known = tuple(given)
    return all(any(day.within(other) for other in known) for day in claimed)


def _of_digits(match: re.Match[str]) -> Iterator[Figure]:
    digits = match["digits"]
    if ":" in digits:
        yield digits, ""
        return
    plain = re.sub(r",(?=\d{3}(?!\d))", "", digits)
    try:
        value = float(plain.replace(",", "."))
    except ValueError:  # "1.2.3"
        yield digits, ""
        return
    value *= _SHORT.get((match["short"] or "").casefold(), 1) * _SCALES.get((match["scale"] or "").casefold(), 1)
    unit = _unit(match["money"] or "", match["unit"])
    yield round(value, 6), "th" if match["th"] else unit


def _unit(money: str, unit: str | None) -> str:
    if money:
        return money[-1]
    word = (unit or "").strip(" -").casefold()
    if not word:
        return ""
    return _MONEY.get(word.rstrip("s"), word) if not word.startswith(("%", "per")) else "%"


def _values(words: list[str]) -> Iterator[int]:
    """Yield the numbers that number words in a row make: "two hundred and twelve" is one, "two three" are two."""
    whole = part = 0
    last: str | None = None
    for word in words:
        if word in _SCALES:
            scale = _SCALES[word]
            part = max(part, 1) * scale
            if scale > 100:
                whole, part = whole + part, 0
        else:
            value = _UNITS.get(word, _TENS.get(word, 0))
            fits = last is None or last in _SCALES or (last in _TENS and word in _UNITS and 0 < value < 10)
            if not fits:
                yield whole + part
                whole = part = 0
            part += value
        last = word
    yield whole + part
