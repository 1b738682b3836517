"""All that somebody is heard to say, and who quotes or mentions somebody: answers that need no search."""

from __future__ import annotations

import pytest

from qa.library import Library
from qa.types import Answer, PartialDate, Question


def _who(answer: Answer) -> set[tuple[str | None, str | None]]:
    return {(citation.speaker, citation.group) for citation in answer.citations}


def _exact(library: Library, answer: Answer) -> bool:
    return all(c.span.of(library.article(c.article.id).text) == c.quote for c in answer.citations)


def test_what_a_person_says_is_found_in_everyones_articles(library: Library) -> None:
    answer = library.ask("What did Hester Vane say?")
    assert answer.answered
    assert {who for who, _ in _who(answer)} == {"Hester Vane"}
    assert {group for _, group in _who(answer)} >= {"Anglers' Club", "Mill Owners' Guild"}
    assert "Hester Vane" in answer.lead
    assert _exact(library, answer)


def test_the_newest_article_comes_first_and_dates_filter(library: Library) -> None:
    answer = library.ask("What did Hester Vane say?")
    dates = [citation.article.published for citation in answer.citations]
    assert [date.last for date in dates if date] == sorted((date.last for date in dates if date), reverse=True)
    early = library.ask(Question("What did Hester Vane say?", since=PartialDate(2025)))
    assert not early.answered


def test_what_is_said_about_somebody_is_not_what_they_say(library: Library) -> None:
    answer = library.ask("What did Tom Brandt say?")
    assert [citation.speaker for citation in answer.citations] == ["Tom Brandt"]
    assert "the otters take eels" in answer.citations[0].quote


@pytest.mark.parametrize("question", ["Who quotes the Mill Owners' Guild?", "Who cites the Mill Owners' Guild?"])
def test_who_quotes_a_body_names_others_and_never_itself(library: Library, question: str) -> None:
    answer = library.ask(question)
    assert answer.answered
    groups = {group for _, group in _who(answer)}
    assert groups >= {"River Trust", "City Council", "Farmers' Union"}
    assert "Mill Owners' Guild" not in groups
    assert {who for who, _ in _who(answer)} == {"Mill Owners' Guild"}
    assert answer.lead.endswith("quote or report Mill Owners' Guild.")


def test_who_quotes_or_mentions_lists_both_and_says_which(library: Library) -> None:
    answer = library.ask("Who quotes or mentions Tom Brandt?")
    assert ("Tom Brandt", "River Trust") in _who(answer)
    assert answer.lead.startswith("River Trust quotes or reports Tom Brandt")


def test_nobody_quotes_whom_nobody_quotes(library: Library) -> None:
    answer = library.ask("Who quotes Paul Newman?")
    assert not answer.answered
    assert answer.text == "None of the 10 articles quotes Paul Newman."


def test_a_question_about_more_than_a_name_is_searched(library: Library) -> None:
    answer = library.ask("Who quotes Ada Marsh about warm water?")
    assert answer.answered
    assert any("warm" in citation.quote.casefold() for citation in answer.citations)


def test_the_words_that_are_the_speakers_own_are_carried(library: Library) -> None:
    for citation in library.ask("What did Tom Brandt say?").citations:
        text = library.article(citation.article.id).text
        assert "the otters take eels" in " ".join(span.of(text) for span in citation.said)
        assert citation.source
        assert citation.cue
