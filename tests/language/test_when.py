"""Words that limit when something was said: what they mean, and that nothing is guessed."""

from __future__ import annotations

import calendar
import datetime as dt
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.language.dates import DateSpan, in_words, parse_when
from qa.types import PartialDate

NEWEST = PartialDate(2025, 10, 15)  # a Wednesday

# Words, the first date and the last; "" where that end is open.
READ = """
October 2023 | 2023-10 | 2023-10
in Oct. 2023 | 2023-10 | 2023-10
in Sept 2023 | 2023-09 | 2023-09
during October of 2023 | 2023-10 | 2023-10
2024 | 2024 | 2024
back in 2019? | 2019 | 2019
in the year 1848 | 1848 | 1848
in 2024 alone | 2024 | 2024
8 October 2025 | 2025-10-08 | 2025-10-08
on Oct 8, 2025 | 2025-10-08 | 2025-10-08
the 8th of October, 2025 | 2025-10-08 | 2025-10-08
Wednesday, 8 October 2025 | 2025-10-08 | 2025-10-08
2026-02-01 | 2026-02-01 | 2026-02-01
on 2026-10-03 | 2026-10-03 | 2026-10-03
2023-10 | 2023-10 | 2023-10
10/03/2026 | 2026-03-10 | 2026-03-10
10.3.2026 | 2026-03-10 | 2026-03-10
12/13/2025 | 2025-12-13 | 2025-12-13
03/2026 | 2026-03 | 2026-03

on 8 Oct | 2025-10-08 | 2025-10-08
October 16 | 2024-10-16 | 2024-10-16
the eighth of October | 2025-10-08 | 2025-10-08
the twenty-first of June | 2025-06-21 | 2025-06-21
May 1st | 2025-05-01 | 2025-05-01
29 February | 2024-02-29 | 2024-02-29
Friday 8 October | 2021-10-08 | 2021-10-08
in October | 2025-10 | 2025-10
in November | 2024-11 | 2024-11
last October | 2024-10 | 2024-10
last November | 2024-11 | 2024-11
this May | 2025-05 | 2025-05
on Monday | 2025-10-13 | 2025-10-13
Wednesday | 2025-10-15 | 2025-10-15
last Wednesday | 2025-10-08 | 2025-10-08

today | 2025-10-15 | 2025-10-15
yesterday | 2025-10-14 | 2025-10-14
the day before yesterday | 2025-10-13 | 2025-10-13
this week | 2025-10-13 | 2025-10-19
last week | 2025-10-06 | 2025-10-12
this month | 2025-10 | 2025-10
last month | 2025-09 | 2025-09
the previous month | 2025-09 | 2025-09
this year | 2025 | 2025
earlier this year | 2025 | 2025
so far this year | 2025 | 2025
so far in 2025 | 2025 | 2025
last year | 2024 | 2024
three days ago | 2025-10-12 | 2025-10-12
two weeks ago | 2025-09-29 | 2025-10-05
a fortnight ago | 2025-09-29 | 2025-10-05
a couple of months ago | 2025-08 | 2025-08
a year ago | 2024 | 2024
since a year ago | 2024-10-15 |
until two weeks ago | | 2025-10-01
the past fortnight | 2025-10-02 | 2025-10-15
in the past week | 2025-10-09 | 2025-10-15
over the last week | 2025-10-09 | 2025-10-15
in the last year | 2024-10-16 | 2025-10-15
last three months | 2025-07-16 | 2025-10-15
over the past 30 days | 2025-09-16 | 2025-10-15
in the last couple of years | 2023-10-16 | 2025-10-15
the past decade | 2015-10-16 | 2025-10-15
thirteen months ago | 2024-09 | 2024-09

spring 2024 | 2024-03 | 2024-05
in the summer of 2024 | 2024-06 | 2024-08
last autumn | 2024-09 | 2024-11
this autumn | 2025-09 | 2025-11
last summer | 2025-06 | 2025-08
in the spring | 2025-03 | 2025-05
last winter | 2024-12 | 2025-02
Q3 2024 | 2024-07 | 2024-09
the third quarter of 2024 | 2024-07 | 2024-09
the first half of 2024 | 2024-01 | 2024-06
early 2026 | 2026-01 | 2026-04
mid-2024 | 2024-05 | 2024-08
late 2019 | 2019-09 | 2019-12
late last year | 2024-09 | 2024-12
at the start of last month | 2025-09-01 | 2025-09-10
the end of October 2023 | 2023-10-20 | 2023-10-31
at the end of February 2024 | 2024-02-20 | 2024-02-29
mid-October | 2025-10-11 | 2025-10-20
late October | 2024-10-20 | 2024-10-31
the 1990s | 1990 | 1999
in the 1990's | 1990 | 1999
the nineties | 1990 | 1999
the ’80s | 1980 | 1989
the late 1960s | 1966 | 1969
in the early noughties | 2000 | 2003

since January | 2025-01 |
since 2019 | 2019 |
ever since late 2019 | 2019-09 |
from 2019 onwards | 2019 |
after 8 October 2025 | 2025-10-09 |
after 2023 | 2024 |
after last week | 2025-10-13 |
before 2026-02-01 | | 2026-01-31
before January 2024 | | 2023-12
prior to 2020 | | 2019
until spring 2024 | | 2024-05
up to 2021 | | 2021
by the end of 2023 | | 2023-12
before the end of 2023 | | 2023-12
after the start of 2024 | 2024-01 |
until the beginning of 2024 | | 2023-12
no later than May 2024 | | 2024-05
before yesterday | | 2025-10-13
from October 2023 | 2023-10 | 2023-10

between 2019 and 2021 | 2019 | 2021
from March to May 2024 | 2024-03 | 2024-05
from March until May | 2025-03 | 2025-05
from November to January | 2024-11 | 2025-01
from December to February 2024 | 2023-12 | 2024-02
from November 2023 to February | 2023-11 | 2024-02
between spring and autumn 2024 | 2024-03 | 2024-11
in October and November 2023 | 2023-10 | 2023-11
in 2023 or 2024 | 2023 | 2024
2019-2021 | 2019 | 2021
2019–21 | 2019 | 2021
2010–11 | 2010 | 2011
2010-11 | 2010-11 | 2010-11
Sept.–Oct. 2024 | 2024-09 | 2024-10
Sept.-Oct. 2024 | 2024-09 | 2024-10
October/November 2023 | 2023-10 | 2023-11
March-May 2024 | 2024-03 | 2024-05
2023-10-08 to 2023-10-12 | 2023-10-08 | 2023-10-12
8–12 October 2025 | 2025-10-08 | 2025-10-12
between 8 and 12 October 2025 | 2025-10-08 | 2025-10-12
October 8 to 12, 2025 | 2025-10-08 | 2025-10-12
from mid-October to early November 2023 | 2023-10-11 | 2023-11-10
since March 2024 but before June 2024 | 2024-03 | 2024-05
after 2019 and before 2022 | 2020 | 2021
from 2019 to the present | 2019 |
from last week until yesterday | 2025-10-06 | 2025-10-14
"""

UNREAD = """
October 2023-11 | 2025-10 June | 1900-05 March
over a year ago | a few days ago | more than a year ago | two days after 8 October 2023
the week before last | the end of the year | in the year | water | the river | recently | lately
nowadays | tomorrow | next week | next year | in two weeks | for three months | soon | Christmas
the war | since the war | 32 October 2023 | 30 February 2024 | 31 April | October 45 | October '23
13/13/2025 | 10/03/26 | 9/11 | 24/7 | 23 | 10 | the 8th | 202310 | 20231008 | 1696723200
October 2023 2024 | 2021 to 2019 | in 2019 and 2023 | 2023-13 | winter 2023 | the twenties
the 1900s | some years ago | many years ago | a while ago | around 2020 | every October
Tuesday, 8 October 2025 | from October to 2024 | until now | since | between | and | to | before
the | in | so far | early | ago | last | may may | 2024/5 | in October and the river
not before 2023 | late spring 2024 | the end of last week | the first week of October | 10pm
noon | UTC | second | Q5 2024
"""


def _rows(table: str) -> list[tuple[str, ...]]:
    lines = [line for line in table.splitlines() if line.strip()]
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def _date(text: str) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


@pytest.mark.parametrize(("words", "since", "until"), _rows(READ))
def test_reads(words: str, since: str, until: str) -> None:
    expected = DateSpan(_date(since), _date(until))
    assert parse_when(words, NEWEST) == expected
    assert parse_when(words.upper(), NEWEST) == expected


@pytest.mark.parametrize("words", [cell for row in _rows(UNREAD) for cell in row])
def test_guesses_nothing(words: str) -> None:
    assert parse_when(words, NEWEST) is None


@pytest.mark.parametrize(
    "words",
    [
        "last week",
        "today",
        "October",
        "since January",
        "8 Oct",
        "Monday",
        "a year ago",
        "last autumn",
    ],
)
def test_relative_words_mean_nothing_without_a_newest_article(words: str) -> None:
    assert parse_when(words, None) is None


WITH_YEARS = """
since 2019 | 2019 |
from March to May 2024 | 2024-03 | 2024-05
the nineties | 1990 | 1999
"""


@pytest.mark.parametrize(("words", "since", "until"), _rows(WITH_YEARS))
def test_dates_with_a_year_need_no_newest_article(words: str, since: str, until: str) -> None:
    assert parse_when(words, None) == DateSpan(_date(since), _date(until))


@pytest.mark.parametrize("newest", ["2024", "2024-02", "2024-02-29", "2025-08-31", "2025-01-01"])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_the_latest_that_is_not_after_the_newest(newest: str, month: int) -> None:
    date = PartialDate.parse(newest)
    expected = PartialDate(date.year - (month > date.last.month), month)
    span = parse_when(f"in {calendar.month_name[month]}", date)
    assert span == DateSpan(expected, expected)


WORDS = sorted(set((READ + UNREAD).replace("|", " ").split()))
DATES = st.none() | st.builds(lambda day: PartialDate(day.year, day.month, day.day), st.dates())


@given(st.text() | st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), DATES)
@example("last week", PartialDate(1, 1, 1))
@example("this week", PartialDate(9999, 12, 31))
@example("Friday", PartialDate(9999, 12, 31))
@example("999 decades ago", NEWEST)
@example("last 999 years", PartialDate(500))
@example("from " * 5000 + "2019 to 2020", NEWEST)
def test_any_text_gives_nothing_or_a_span_in_order(words: str, newest: PartialDate | None) -> None:
    span = parse_when(words, newest)
    if span is not None:
        assert span.since or span.until
        assert not (span.since and span.until) or span.since.first <= span.until.last


YEARS = st.dates(dt.date(1500, 1, 1), dt.date(2199, 12, 31))


@given(YEARS, YEARS, st.sampled_from([4, 7, 10]))
def test_reads_its_own_words(one: dt.date, other: dt.date, length: int) -> None:
    # of a year, a month or a day
    since, until = (PartialDate.parse(f"{day}"[:length]) for day in sorted((one, other)))
    for span in (
        DateSpan(since, until),
        DateSpan(since, None),
        DateSpan(None, until),
        DateSpan(until, until),
    ):
        assert parse_when(in_words(span.since, span.until), NEWEST) == span


IN_WORDS = """
2023-10 | 2023-10 | in October 2023
2024 | 2024 | in 2024
2025-10-08 | 2025-10-08 | on 8 October 2025
2019 | 2021 | from 2019 to 2021
2024-01 | | since January 2024
| 2023 | until 2023
| |
"""


@pytest.mark.parametrize(("since", "until", "words"), _rows(IN_WORDS))
def test_writes_in_words(since: str, until: str, words: str) -> None:
    assert in_words(_date(since), _date(until)) == words


def test_importing_loads_no_parser_of_dates() -> None:
    code = "import sys, qa.language.dates; sys.exit({'dateparser', 'babel'} & {*sys.modules} or 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
