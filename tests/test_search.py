"""Finding: filters work inside the search, every group gets its share, and offsets are places in the article."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.library import Library
from qa.models.encoder import SentenceEncoder
from qa.retrieval.corpus import Corpus
from qa.retrieval.search import candidates
from qa.types import PartialDate, Question


def test_a_passage_is_a_place_in_its_article(library: Library) -> None:
    hits = library.search("a limit on taking water from the river", 20)
    assert hits
    for hit in hits:
        text = library.article(hit.article.id).text
        assert library.passage_text(hit) == text[hit.passage.span.start : hit.passage.span.end]
        assert all(hit.passage.span.start <= s.start < s.end <= hit.passage.span.end for s in hit.passage.sentences)


def test_the_best_passage_comes_first(library: Library) -> None:
    assert library.search("salmon at Low Mill weir")[0].article.id == "anglers-salmon"
    assert library.search("holts for otters on the Wend")[0].article.id == "trust-otters"


def test_words_that_only_mean_the_same_are_found(library: Library) -> None:
    assert library.search("precipitation put aside as money in the bank")[0].article.id == "union-reservoirs"


def test_a_rare_group_gets_all_that_is_asked_for(library: Library) -> None:
    hits = library.search(Question("water", groups=("Anglers' Club",)), 3)
    assert {hit.article.group for hit in hits} == {"Anglers' Club"}
    assert len(hits) == len(library.search(Question("salmon", groups=("Anglers' Club",)), 3))


def test_a_group_that_is_named_comes_first_and_shuts_nobody_out(library: Library) -> None:
    groups = [hit.article.group for hit in library.search("What does the Farmers' Union say about the river?", 10)]
    assert groups[:2] == ["Farmers' Union"] * 2
    assert len(set(groups)) > 1


def test_each_part_of_a_question_is_searched_for_itself(library: Library) -> None:
    asked = "Does anyone say that otters need holts and quiet banks, while others ask that reservoirs be built on every farm?"
    assert {"trust-otters", "union-reservoirs"} <= {hit.article.id for hit in library.search(asked, 4)}


def test_a_speaker_is_found_where_they_speak_and_nowhere_else(library: Library) -> None:
    hits = library.search(Question("the river", speakers=("Hester Vane",)), 50)
    assert {hit.article.id for hit in hits} == {"anglers-salmon", "guild-rights"}  # quoted in one, author of the other
    (hit,) = library.search(Question("the river", speakers=("Ines Calloway",)), 50)
    assert "Ines Calloway" in library.passage_text(hit)
    assert library.search(Question("the river", speakers=("Ingrid Solberg",)), 50) == []


def test_a_group_that_is_not_there_finds_nothing(library: Library) -> None:
    assert library.search(Question("water", groups=("Sailing Club",)), 5) == []


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (PartialDate(2024, 6), None, {"union-reservoirs", "guild-court-digest"}),
        (None, PartialDate(2023), {"trust-otters"}),
        (PartialDate(2024, 4, 21), PartialDate(2024, 5, 31), {"union-no-flat-limit", "council-minutes", "anglers-salmon"}),
    ],
)
def test_a_date_that_may_fall_between_is_kept_and_an_unknown_one_is_not(
    library: Library, since: PartialDate | None, until: PartialDate | None, expected: set[str]
) -> None:
    assert {hit.article.id for hit in library.search(Question("the river", since=since, until=until), 50)} == expected


def test_no_group_crowds_the_others_out(library: Library) -> None:
    assert len({hit.article.group for hit in library.search("the river and its water", 5)}) >= 4


def test_both_halves_bring_candidates(index_folder: Path, encoder: SentenceEncoder) -> None:
    corpus = Corpus.open(index_folder, encoder)
    found = candidates("otters", corpus, None)
    assert found[0].hit.article.id == "trust-otters"
    assert len(found) == corpus.index.counts()["passages"]  # the dense half knows something near to anything
    assert [c.hit.score for c in found] == sorted((c.hit.score for c in found), reverse=True)


@pytest.mark.parametrize(
    ("before", "article"), [("Who feeds otters in their holts?", "trust-otters"), ("Who counts salmon at the weir?", "anglers-salmon")]
)
def test_a_short_follow_up_is_searched_with_the_topic_before(library: Library, before: str, article: str) -> None:
    assert library.search(Question("How many were there?", (before,)))[0].article.id == article


def test_a_carried_word_counts_for_less_than_one_that_was_asked(index_folder: Path, encoder: SentenceEncoder) -> None:
    corpus = Corpus.open(index_folder, encoder)
    alone = dict(corpus.index.matching({"otter": 1.0}, 50))
    whole = dict(corpus.index.matching({"otter": 1.0}, 50))
    half = dict(corpus.index.matching({"otter": 0.5}, 50))
    assert alone == whole
    assert alone
    assert all(half[passage] == pytest.approx(score / 2, rel=1e-3) for passage, score in alone.items())
