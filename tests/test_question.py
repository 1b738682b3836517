"""What is read from a question: whom it asks, what kind of answer it wants, its topic, and what earlier questions add."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.index.lexical import content_words
from qa.models.encoder import SentenceEncoder
from qa.retrieval.corpus import Corpus
from qa.retrieval.question import understand
from qa.types import PartialDate, Query, Question


@pytest.fixture(scope="module")
def corpus(index_folder: Path, encoder: SentenceEncoder) -> Corpus:
    return Corpus(index_folder, encoder)


def _read(corpus: Corpus, text: str, *history: str) -> Query:
    return understand(Question(text, history), corpus)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Who opposes a limit?", "who"),
        ("Which group wants a fish pass?", "who"),
        ("Which groups want a limit?", "groups"),
        ("Who else wants a limit?", "groups"),
        ("Which groups mention the sewer?", "mentions"),
        ("What does the River Trust say about otters?", "what"),
        ("How many otters were counted?", "fact"),
        ("When is the next meeting?", "fact"),
        ("Compare what the River Trust and the Farmers' Union say about a limit.", "compare"),
        ("What do the River Trust and the Farmers' Union say about a limit?", "compare"),
    ],
)
def test_the_kind_of_answer(corpus: Corpus, text: str, asked: str) -> None:
    assert _read(corpus, text).asked == asked


@pytest.mark.parametrize(
    ("text", "publishers", "speakers", "topic"),
    [
        ("What does the River Trust say about otters?", ("River Trust",), (), "otters"),
        ("what does the FUW say about storage", ("Farmers' Union",), (), "storage"),
        ("According to the Mill Owners’ Guild, how old is the charter?", ("Mill Owners' Guild",), (), "old is the charter"),
        ("What is the Farmers' Union's position on a moving limit?", ("Farmers' Union",), (), "moving limit"),
        ("What did Ada Marsh say about warm water?", (), ("Ada Marsh",), "warm water"),
        ("What did Marsh say about warm water?", (), ("Ada Marsh",), "warm water"),
        ("What does the Furrow report on strawberries?", ("Farmers' Union",), (), "strawberries"),
        ("Who says that the Farmers' Union paid for the surveys?", (), (), "Farmers' Union paid for the surveys"),
        ("Who mentions the River Trust?", (), (), "River Trust"),
        ("Who said that Ada Marsh claims the river is dry?", (), (), "Ada Marsh claims the river is dry"),
        ("Who does the River Trust say counted the otters?", ("River Trust",), (), "counted the otters"),
    ],
)
def test_who_is_asked_and_of_what(corpus: Corpus, text: str, publishers: tuple[str, ...], speakers: tuple[str, ...], topic: str) -> None:
    query = _read(corpus, text)
    assert (query.publishers, query.speakers, query.topic) == (publishers, speakers, topic)


def test_somebody_whom_the_corpus_does_not_know_is_asked_all_the_same(corpus: Corpus) -> None:
    query = _read(corpus, "What did Ingrid Solberg say about the weir?")
    assert query.speakers == ("Ingrid Solberg",)
    assert query.unknown == ("Ingrid Solberg",)


def test_a_verb_that_takes_a_side_stays_in_the_topic(corpus: Corpus) -> None:
    assert "oppos" in content_words(_read(corpus, "Who opposes a flat limit?").topic)


def test_filters_set_by_hand_come_before_what_the_words_say(corpus: Corpus) -> None:
    asked = Question("What does the River Trust say about a limit?", groups=("FUW",), since=PartialDate(2024), until=PartialDate(2024, 5))
    query = understand(asked, corpus)
    assert (query.within, query.publishers, query.speakers) == (("Farmers' Union",), (), ("River Trust",))
    assert (query.since, query.until) == (PartialDate(2024), PartialDate(2024, 5))


@pytest.mark.parametrize(
    ("history", "text", "publishers", "topic"),
    [
        (["What does the River Trust say about a limit?"], "And the Farmers' Union?", ("Farmers' Union",), "limit"),
        (["What does the River Trust say about a limit?"], "And about otters?", ("River Trust",), "otters"),
        (
            ["What does the River Trust say about a limit?", "And the Farmers' Union?"],
            "What about the FUW on potatoes?",
            ("Farmers' Union",),
            None,
        ),
        (["What does the River Trust say about otters?"], "How many of them were counted?", ("River Trust",), None),
        (["What did Ada Marsh say about warm water?"], "And Tom Brandt?", (), "warm water"),
        (["What does the River Trust say about otters?"], "Who wants a fish pass at Low Mill weir?", (), None),
    ],
)
def test_a_follow_up_takes_what_it_leaves_out_from_before(
    corpus: Corpus, history: list[str], text: str, publishers: tuple[str, ...], topic: str | None
) -> None:
    query = _read(corpus, text, *history)
    assert query.publishers == publishers
    if topic is not None:
        assert query.topic == topic


def test_a_name_alone_is_asked_in_turn_and_a_name_after_about_is_the_topic(corpus: Corpus) -> None:
    before = "What did Ada Marsh say about warm water?"
    assert _read(corpus, "And Hester Vane?", before).speakers == ("Hester Vane",)
    about = _read(corpus, "And about Hester Vane?", before)
    assert (about.speakers, about.topic) == (("Ada Marsh",), "Hester Vane")


def test_a_question_that_stands_alone_takes_nothing(corpus: Corpus) -> None:
    alone = _read(corpus, "Who says that the pipe at Tanner's Row dates from 1931?")
    after = _read(corpus, "Who says that the pipe at Tanner's Row dates from 1931?", "What does the River Trust say about otters?")
    assert alone == after


@pytest.mark.parametrize("text", ["?", "...", "And?", "¿", "🦦", "the of and", "a" * 2000, "((((", "“", "\x00", "G's's's ’s"])
def test_whatever_is_asked_is_read(corpus: Corpus, text: str) -> None:
    assert _read(corpus, text).text == " ".join(text.split())
