"""A topic across groups: who says something, who only mentions it, and in whose articles nothing was found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qa.answering.verify import verified
from qa.cli import main
from qa.errors import QuestionError
from qa.library import Library
from qa.rows import comparison_row
from qa.types import Question

GROUPS = {"River Trust", "Farmers' Union", "Mill Owners' Guild", "City Council", "Anglers' Club"}


def test_every_group_has_its_row_and_silence_is_told_with_what_was_searched(library: Library) -> None:
    found = library.compare("a limit on taking water")
    assert {row.group for row in found.rows} == {entry.group.name for entry in library.groups()}
    for row in found.rows:
        assert row.articles == next(entry.articles for entry in library.groups() if entry.group.name == row.group)
        assert bool(row.citations) == (row.stance != "silent")
    stances = {row.group: row.stance for row in found.rows}
    assert stances["River Trust"] == stances["Farmers' Union"] == "says"


def test_what_a_group_says_is_its_own_and_what_it_tells_of_others_is_a_mention(library: Library) -> None:
    for row in library.compare("a limit on taking water").rows:
        assert all(citation.group == row.group for citation in row.citations)
        if row.stance == "says":
            assert all(citation.speaker == row.group for citation in row.citations)


def test_quotes_stand_in_their_articles_and_are_numbered_in_a_row(library: Library) -> None:
    citations = [citation for row in library.compare("the river").rows for citation in row.citations]
    assert [citation.number for citation in citations] == list(range(1, len(citations) + 1))
    assert len(verified(citations, library._corpus)) == len(citations)


def test_nobody_speaks_of_what_nobody_speaks_of(library: Library) -> None:
    found = library.compare("the moons of Jupiter")
    assert {row.stance for row in found.rows} == {"silent"}
    assert "no statement found by any" in found.lead


def test_only_the_groups_that_are_set_are_compared(library: Library) -> None:
    found = library.compare(Question("otters", groups=("River Trust", "Anglers' Club")))
    assert found.rows[0].group == "River Trust"
    assert {row.group for row in found.rows} == {"River Trust", "Anglers' Club"}


def test_by_date_the_earliest_comes_first(library: Library) -> None:
    found = library.compare("the river", by_date=True)
    dates = [
        min(citation.article.published.first for citation in row.citations if citation.article.published)
        for row in found.rows
        if any(citation.article.published for citation in row.citations)
    ]
    assert len(dates) > 1
    assert dates == sorted(dates)
    numbers = [citation.number for row in found.rows for citation in row.citations]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("topic", ["", "the", "?"])
def test_no_topic_is_refused(library: Library, topic: str) -> None:
    with pytest.raises(QuestionError):
        library.compare(topic)


@pytest.mark.slow
def test_the_command_prints_words_or_json(library: Library, index_folder: Path) -> None:
    arguments = ["compare", "a limit on taking water", "--index", str(index_folder)]
    told = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert told.exit_code == 0
    assert told.output.strip() == library.compare("a limit on taking water").text
    row = json.loads(CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False).output)
    assert row == comparison_row(library.compare("a limit on taking water"))
    refused = CliRunner().invoke(main, ["compare", "the", "--index", str(index_folder)])
    assert refused.exit_code == 1
    assert "names no topic" in refused.output
