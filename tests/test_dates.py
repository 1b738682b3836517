"""Dates in a question: what stretch of time the words name, and whether they say when somebody spoke."""

from __future__ import annotations

import pytest

from qa.retrieval.asking import kind_of
from qa.retrieval.dates import Titles, events, expressions, in_words, says_when
from qa.types import Article, PartialDate

NEWEST = PartialDate(2025, 9, 20)
KNOWN = (PartialDate(2023, 2), NEWEST)


def _read(text: str) -> list[tuple[str, str, str]]:
    found = expressions(text, NEWEST)
    return [(dated.span.of(text), str(dated.since or ""), str(dated.until or "")) for dated in found]


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        ("in 2023", "2023", "2023"),
        ("in June 2024", "2024-06", "2024-06"),
        ("in the summer of 2024", "2024-06", "2024-08"),
        ("in early 2024", "2024-01", "2024-04"),
        ("in late 2024", "2024-09", "2024-12"),
        ("on 8 October 2024", "2024-10-08", "2024-10-08"),
        ("on the 8th of October, 2024", "2024-10-08", "2024-10-08"),
        ("on October 8, 2024", "2024-10-08", "2024-10-08"),
        ("on 2024-10-08", "2024-10-08", "2024-10-08"),
        ("since 2023", "2023", ""),
        ("from 2023 onwards", "2023", ""),
        ("after 2023", "2024", ""),
        ("after December 2023", "2024-01", ""),
        ("after 31 December 2023", "2024-01-01", ""),
        ("before 2024", "", "2023"),
        ("before March 2024", "", "2024-02"),
        ("until May 2024", "", "2024-05"),
        ("by Sept. 2024", "", "2024-09"),
        ("between 2023 and 2024", "2023", "2024"),
        ("from March to June 2024", "2024-03", "2024-06"),
        ("last year", "2024", "2024"),
        ("this year", "2025", "2025"),
        ("last month", "2025-08", "2025-08"),
        ("last week", "2025-09-14", "2025-09-20"),
        ("in the past three months", "2025-06", ""),
        ("in the last 2 years", "2023-09", ""),
        ("in the past year", "2024-09", ""),
        ("since last year", "2024", ""),
        ("over the last ten days", "2025-09-10", ""),
        ("in June", "2025-06", "2025-06"),
        ("in November", "2024-11", "2024-11"),  # the latest one that the corpus can speak of
        ("in May last year", "2024-05", "2024-05"),
    ],
)
def test_a_stretch_of_time(words: str, since: str, until: str) -> None:
    assert _read(f"What did they say {words}?") == [(words, since, until)]


@pytest.mark.parametrize(
    "text",
    [
        "What did they say in the 2024 report?",
        "What did they say of 2,024 people?",
        "What happened in 2000 villages?",
        "What did they say in 2024 elections?",
        "Who wrote “the pump was built in 1931”?",
        "What may they do in may?",
        "What did they say on 31 February 2024?",
        "What did they say between 2024 and 2023?",
        "What is Vision 2030?",
        "Where is room 2023?",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert _read(text) == []


def test_without_a_newest_article_only_whole_dates_are_read() -> None:
    assert list(expressions("What did they say last year?", None)) == []
    assert [str(dated.since) for dated in expressions("What did they say in June 2024?", None)] == ["2024-06"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("What did the Guild say in June 2024?", True),
        ("What did the Guild say in June 2024 about tolls?", True),
        ("What did the Guild say about tolls in June 2024?", True),
        ("In June 2024, what did the Guild say about tolls?", True),
        ("What did the Guild say about tolls last year?", True),
        ("What has the Guild said about the strike since 2024?", True),
        ("What is the Guild's position on tolls in 2024?", True),
        ("Which articles from 2024 mention tolls?", True),
        ("Show statements by the Guild published in 2024", True),
        ("How has the Guild's position on tolls changed since 2023?", True),
        ("Who said in 2024 that the bridge is old?", True),
        ("What did the Guild say in 1950?", True),  # nothing there, and so it is told
        ("What did the Guild call for on 8 October 2024?", False),
        ("What did the Guild demand in 2024?", False),
        ("What did the Guild demand of the Council in 2024?", True),
        ("Who said that the war began in 2024?", False),
        ("Who claims that the bridge was closed in June 2024?", False),
        ("What did the Guild say about how the bridge fell in 2024?", False),
        ("What did the Guild say about the strike in 2024?", False),
        ("What did the Guild say about those killed in 2024?", False),
        ("What did the Guild say about mills in 1950?", False),  # outside of the corpus: the mills are of 1950
        ("What did the Guild say about closing mills by 2025?", False),
        ("What happened in 2024?", False),
        ("In 2024, what happened?", False),
        ("When did the Guild say it in 2024?", False),
        ("How many tolls were paid in 2024?", False),
        ("Who opposed the toll in 2024?", False),
        ("Did the Guild support a toll in 2024?", False),
        ("According to the Guild, what happened in 2024?", False),
    ],
)
def test_whether_a_date_says_when_somebody_spoke(text: str, says: bool) -> None:
    (dated,) = expressions(text, NEWEST)
    assert says_when(text, dated, kind_of(text), KNOWN, follows=False) is says


def test_a_date_alone_belongs_to_the_question_before() -> None:
    (dated,) = expressions("And in 2024?", NEWEST)
    assert says_when("And in 2024?", dated, "what", KNOWN, follows=True)
    assert not says_when("And in 2024?", dated, "what", KNOWN, follows=False)


def _article(id: str, title: str, published: PartialDate | None) -> Article:
    return Article(id, "Words.", title, published=published)


def test_an_event_has_the_date_of_the_earliest_article_that_it_is_the_title_of() -> None:
    articles = [
        _article("late", "The bridge plan, a year on", PartialDate(2025, 1)),
        _article("early", "A plan for the bridge", PartialDate(2024, 1)),
        _article("undated", "Bridge plan", None),
        _article("other", "Tolls", PartialDate(2023, 1)),
    ]
    text = "What has the Guild said since the bridge plan?"
    (dated,) = events(text, Titles(articles))
    assert (dated.span.of(text), dated.since, dated.until) == ("since the bridge plan", PartialDate(2024, 1), None)
    (dated,) = events("What did the Guild say before the tolls?", Titles(articles))
    assert (dated.since, dated.until) == (None, PartialDate(2023, 1))
    assert list(events("What has the Guild said since the plan?", Titles(articles))) == []  # one word in two titles is too little
    assert list(events("What has the Guild said since the flood?", Titles(articles))) == []
    assert list(events("What has the Guild said since May 2024?", Titles(articles))) == []


def test_a_stretch_of_time_in_words() -> None:
    may, june = PartialDate(2024, 5), PartialDate(2024, 6)
    spans = [(may, may), (may, june), (may, None), (None, may), (None, None)]
    assert [in_words(*span) for span in spans] == ["from May 2024", "from May 2024 to June 2024", "since May 2024", "until May 2024", ""]
