"""Places and dates: what every other stage builds on."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.types import Article, Citation, PartialDate, Span


def test_a_span_is_the_words_at_its_place() -> None:
    assert Span(4, 9).of("the River Trust") == "River"


def test_a_span_counts_code_points() -> None:
    text = "🦦 Zoe\u0308 swims"
    assert Span(2, 6).of(text) == "Zoe\u0308"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Span(0, 5), Span(5, 9), False),
        (Span(0, 5), Span(4, 9), True),
        (Span(0, 9), Span(3, 4), True),
        (Span(7, 9), Span(0, 7), False),
        (Span(2, 3), Span(2, 3), True),
    ],
)
def test_overlap_means_a_shared_code_point(one: Span, other: Span, expected: bool) -> None:
    assert one.overlaps(other) is expected
    assert other.overlaps(one) is expected


def test_spans_sort_by_place() -> None:
    assert sorted([Span(5, 6), Span(0, 9), Span(0, 2)]) == [Span(0, 2), Span(0, 9), Span(5, 6)]


def test_types_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Article("a", "text").text = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2023", PartialDate(2023)),
        ("2024-03", PartialDate(2024, 3)),
        ("2024-05-11", PartialDate(2024, 5, 11)),
        ("2024-5-1", PartialDate(2024, 5, 1)),
        (" 2024-05-11\n", PartialDate(2024, 5, 11)),
        ("2024-05-11T09:30:00Z", PartialDate(2024, 5, 11)),
        ("2024-05-11 09:30", PartialDate(2024, 5, 11)),
        ("2024-02-29", PartialDate(2024, 2, 29)),
    ],
)
def test_a_date_is_read_as_finely_as_it_is_written(written: str, expected: PartialDate) -> None:
    assert PartialDate.parse(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "",
        "24",
        "20240511",
        "2024-13",
        "2023-02-29",
        "2024-00",
        "2024-05-",
        "11 May 2024",
        "2024/05/11",
        "0000",
        "2024-05T10:00",
        "2024-05-00",
        "2024-05-11 or later",
    ],
)
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        PartialDate.parse(written)


def test_the_refusal_says_what_came_and_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"\A'soon' is not a date like 2025, 2025-10 or 2025-10-08\Z"):
        PartialDate.parse("soon")


@pytest.mark.parametrize(
    ("date", "precision", "first", "last"),
    [
        (PartialDate(2023), "year", dt.date(2023, 1, 1), dt.date(2023, 12, 31)),
        (PartialDate(2024, 2), "month", dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
        (PartialDate(2023, 2), "month", dt.date(2023, 2, 1), dt.date(2023, 2, 28)),
        (PartialDate(2024, 5, 11), "day", dt.date(2024, 5, 11), dt.date(2024, 5, 11)),
    ],
)
def test_a_date_knows_its_days(date: PartialDate, precision: str, first: dt.date, last: dt.date) -> None:
    assert (date.precision, date.first, date.last) == (precision, first, last)


@pytest.mark.parametrize(
    ("date", "words"),
    [(PartialDate(2023), "2023"), (PartialDate(2024, 3), "March 2024"), (PartialDate(2024, 5, 1), "1 May 2024")],
)
def test_a_date_in_words_makes_nothing_up(date: PartialDate, words: str) -> None:
    assert date.in_words() == words


@given(st.dates(), st.sampled_from(["year", "month", "day"]))
def test_a_date_is_written_as_it_is_read(day: dt.date, precision: str) -> None:
    date = PartialDate(day.year, day.month if precision != "year" else None, day.day if precision == "day" else None)
    assert PartialDate.parse(str(date)) == date
    assert date.precision == precision
    assert date.first <= day <= date.last


@pytest.mark.parametrize(("kind", "expected"), [("full", False), ("digest", True)])
def test_a_citation_of_a_digest_says_so(kind: str, expected: bool) -> None:
    article = Article("a", "We agree.", kind=kind)  # type: ignore[arg-type]
    assert Citation(1, article, Span(0, 9), "We agree.", None, None, "own", 1.0).digest is expected


def test_a_place_tells_its_page() -> None:
    article = Article("a", "One. Two. Four.", pages=(0, 5, 10, 10))  # nothing stands on the third page
    assert [article.page_at(at) for at in (0, 4, 5, 9, 10, 14)] == [1, 1, 2, 2, 4, 4]
    assert Article("a", "One.").page_at(0) is None
