"""Questions as people type them, linked to what the small corpus knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.library import Library
from qa.query.understanding import understand
from qa.types import PartialDate, Query, Question


def read(library: Library, text: str, *history: str, **more: object) -> Query:
    return understand(Question(text, history, **more), library._corpus)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "publishers"),
    [
        ("whats the river trusts view on a limit", ("River Trust",)),
        ("FUW on reservoirs?", ("Farmers' Union",)),
        ("what does the farmers union say about reservoirs", ("Farmers' Union",)),
        ("Mill Ownrs Guild on the river wall", ("Mill Owners' Guild",)),
        ("compare the river trust and the anglers' club on salmon", ("River Trust", "Anglers' Club")),
    ],
)
def test_groups_are_known_by_any_name(library: Library, question: str, publishers: tuple[str, ...]) -> None:
    assert set(read(library, question).publishers) == set(publishers)


@pytest.mark.parametrize("question", ["what did ada marsh say about warm water", "Marsh on warm water", "ADA MARSH on warm water?"])
def test_speakers_are_known_in_any_case_and_by_their_last_name(library: Library, question: str) -> None:
    query = read(library, question)
    assert "Ada Marsh" in query.speakers
    assert "water" in query.topic


def test_another_given_name_is_another_person(library: Library) -> None:
    query = read(library, "what did Ingrid Marsh say about warm water")
    assert "Ada Marsh" not in query.speakers


def test_a_follow_up_takes_the_topic_and_leaves_whoever_was_asked_before(library: Library) -> None:
    query = read(library, "And the Farmers' Union?", "What does the River Trust say about a limit?")
    assert query.publishers == ("Farmers' Union",)
    assert "limit" in query.topic
    assert "limit" in query.read


def test_what_was_taken_back_is_left_out(library: Library) -> None:
    question = Question("what does the River Trust say about a limit")
    query = understand(question, library._corpus)
    key = next(reading.key for reading in query.readings if reading.kind == "publisher")
    assert understand(replace(question, without=(key,)), library._corpus).publishers == ()


def test_dates_limit_when_it_was_said(library: Library) -> None:
    query = read(library, "what did the Farmers' Union say about reservoirs in June 2024?")
    assert (query.since, query.until) == (PartialDate(2024, 6), PartialDate(2024, 6))
    assert any(reading.kind == "since" for reading in query.readings)
    assert read(library, "what did the Farmers' Union say in June 2024?", without=("since",)).since is None


def test_what_is_set_by_hand_wins(library: Library) -> None:
    query = read(library, "limit in 2021", since=PartialDate(2024), groups=("WRT",))
    assert query.since == PartialDate(2024)
    assert query.within == ("River Trust",)


def test_nothing_reads_as_nothing_and_nothing_fails(library: Library) -> None:
    for text in ("?", "🦦🦦", "\x00", "a" * 1900, "' \" ’", "und die Mühlen?"):
        assert read(library, text).text == " ".join(text.split())
