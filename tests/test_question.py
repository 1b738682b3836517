"""What is read from a question: whom it asks, what kind of answer it wants, its topic, and what earlier questions add."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.index.lexical import content_words
from qa.models.encoder import SentenceEncoder
from qa.retrieval import question
from qa.retrieval.corpus import Corpus
from qa.retrieval.question import understand
from qa.types import PartialDate, Query, Question


@pytest.fixture(scope="module")
def corpus(index_folder: Path, encoder: SentenceEncoder) -> Corpus:
    return Corpus.open(index_folder, encoder)


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
        ("How many otters were counted?", "number"),
        ("When is the next meeting?", "when"),
        ("In what year was the weir built?", "when"),
        ("Where do the otters live?", "fact"),
        ("Did the Farmers' Union support a limit?", "polar"),
        ("Is there a plan for the weir?", "polar"),
        ("Does anybody oppose a limit?", "who"),
        ("How has the Farmers' Union's position on a limit changed?", "change"),
        ("Did the Farmers' Union change its mind about storage?", "change"),
        ("Have they changed?", "change"),
        ("How did the water change?", "what"),
        ("Does the article by the River Trust claim that otters are life-changing?", "polar"),
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


@pytest.mark.parametrize(
    ("text", "publishers", "speakers", "typed"),
    [
        ("What did the Farmers Unoin say about potatoes?", ("Farmers' Union",), (), "Farmers Unoin"),
        ("What did the Farmres’ Union’s statement say about potatoes?", ("Farmers' Union",), (), "Farmres’ Union"),
        ("what do the farmers union say about potatoes", ("Farmers' Union",), (), "farmers union"),
        ("What did Ada Mrash say about warm water?", (), ("Ada Marsh",), "Ada Mrash"),
    ],
)
def test_a_misspelt_name_is_read_as_the_nearest(
    corpus: Corpus, text: str, publishers: tuple[str, ...], speakers: tuple[str, ...], typed: str
) -> None:
    query = _read(corpus, text)
    assert (query.publishers, query.speakers) == (publishers, speakers)
    assert [(r.words, r.meaning) for r in query.readings if r.guessed] == [(typed, *(publishers or speakers))]
    assert "Unoin" not in query.text


def test_words_that_the_corpus_knows_and_short_ones_are_no_misspelt_names(corpus: Corpus) -> None:
    assert _read(corpus, "What did Ada March say about it?").speakers == ("Ada March",)  # "March" stands in the corpus
    assert _read(corpus, "Who said that ada marsh is right?").topic == "ada marsh is right"  # capitals don't matter
    assert _read(corpus, "What did Vame say about salmon?").speakers == ("Vame",)


def test_a_misspelt_name_that_is_taken_back_stays_as_typed(corpus: Corpus) -> None:
    query = understand(Question("What did Ada Mrash say about warm water?", without=("speaker:Ada Marsh",)), corpus)
    assert (query.speakers, query.text) == (("Ada Mrash",), "What did Ada Mrash say about warm water?")


def test_a_misspelt_name_in_the_topic_is_told_and_can_be_taken_back(corpus: Corpus) -> None:
    text = "Who said that the Farmers Unoin paid?"
    query = _read(corpus, text)
    assert query.topic == "Farmers' Union paid"
    assert [(r.words, r.meaning, r.key) for r in query.readings if r.guessed] == [
        ("Farmers Unoin", "Farmers' Union", "spelling:Farmers' Union")
    ]
    assert understand(Question(text, without=("spelling:Farmers' Union",)), corpus).topic == "Farmers Unoin paid"


@pytest.mark.parametrize(
    ("text", "since", "until", "topic"),
    [
        ("What did the River Trust say about otters in 2023?", "2023", "2023", "otters"),
        ("In March 2024, what did the River Trust say about a limit?", "2024-03", "2024-03", "limit"),
        ("What did the River Trust say in March about a limit?", "2024-03", "2024-03", "limit"),
        ("What has the River Trust said about otters since last year?", "2023", "", "otters"),
        ("How has the River Trust's position on a limit changed since 2023?", "2023", "", "limit"),
        ("Who said that the otters came back in 2023?", "", "", "otters came back in 2023"),
        ("What happened in 2023?", "", "", "happened in 2023"),
        ("What did the River Trust say about a limit in the 2024 report?", "", "", "limit in the 2024 report"),
    ],
)
def test_a_date_filters_where_it_says_when_somebody_spoke(corpus: Corpus, text: str, since: str, until: str, topic: str) -> None:
    query = _read(corpus, text)
    assert (str(query.since or ""), str(query.until or ""), query.topic) == (since, until, topic)


def test_dates_set_by_hand_win_over_those_in_the_words(corpus: Corpus) -> None:
    query = understand(Question("What did the River Trust say about otters in 2023?", since=PartialDate(2024)), corpus)
    assert (query.since, query.until) == (PartialDate(2024), None)


def test_an_event_is_as_old_as_the_article_of_that_title(corpus: Corpus) -> None:
    query = _read(corpus, "What has the Farmers' Union said about potatoes since the limit the Wend can live with?")
    assert (query.since, query.topic) == (PartialDate(2024, 3), "potatoes")


def test_a_follow_up_with_a_date_of_its_own_takes_none_from_before(corpus: Corpus) -> None:
    before = "What did the River Trust say about otters in 2023?"
    query = _read(corpus, "And since March 2024?", before)
    assert (query.publishers, query.topic, query.since, query.until) == (("River Trust",), "otters", PartialDate(2024, 3), None)
    query = _read(corpus, "And about mills?", before)
    assert (query.topic, query.since, query.until) == ("mills", PartialDate(2023), PartialDate(2023))


def _understood(query: Query) -> list[tuple[str, str | None, str, str]]:
    return [(r.kind, r.words, r.meaning, r.key) for r in query.readings]


def test_what_was_understood_is_told(corpus: Corpus) -> None:
    assert _understood(_read(corpus, "What did the FUW and Ada Marsh say about storage in 2024?")) == [
        ("publisher", "FUW", "Farmers' Union", "publisher:Farmers' Union"),
        ("speaker", "Ada Marsh", "Ada Marsh", "speaker:Ada Marsh"),
        ("since", "in 2024", "from 2024", "since"),
        ("asked", None, "what is said", "asked:what"),
        ("topic", "storage", "storage", "topic"),
    ]


def test_what_an_earlier_question_adds_is_told_and_can_be_taken_back(corpus: Corpus) -> None:
    history = ("What did the River Trust say about otters in 2023?",)
    assert _understood(_read(corpus, "And about mills?", *history))[:2] == [
        ("carried", None, "River Trust", "carried:River Trust"),
        ("carried", None, "from 2023", "carried:dates"),
    ]
    query = understand(Question("And about mills?", history, without=("carried:River Trust", "carried:dates")), corpus)
    assert (query.publishers, query.topic, query.since, query.until) == ((), "mills", None, None)
    assert not [reading for reading in query.readings if reading.kind == "carried"]


@pytest.mark.parametrize("key", ["publisher:River Trust", "speaker:Ada Marsh", "since"])
def test_what_is_taken_back_is_left_out(corpus: Corpus, key: str) -> None:
    text = "What did the River Trust and Ada Marsh say about otters in 2023?"
    words = {"publisher:River Trust": "River Trust", "speaker:Ada Marsh": "Ada Marsh", "since": "in 2023"}[key]
    whole, less = _read(corpus, text), understand(Question(text, without=(key,)), corpus)
    assert key in {reading.key for reading in whole.readings}
    assert key not in {reading.key for reading in less.readings}
    assert words not in whole.topic
    asked = key.startswith(("publisher", "speaker"))
    assert (words in less.topic) is not asked  # a date may be a part of the topic; whoever is asked no more is not
    assert not asked or words not in less.text


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


_LIMIT = "What does the River Trust say about a limit?"
_STORAGE = "What does the Farmers' Union say about storage in Wendford?"
_WATER = "What did Ada Marsh say about warm water?"


@pytest.mark.parametrize(
    ("before", "text", "asked", "asked_of", "topic"),
    [
        (_LIMIT, "Why?", "what", ("River Trust",), "limit"),
        (_LIMIT, "Tell me more", "what", ("River Trust",), "limit"),
        (_LIMIT, "And what does it say about strikes?", "what", ("River Trust",), "strikes"),
        (_LIMIT, "Anything on housing?", "what", ("River Trust",), "housing"),
        (_LIMIT, "Is there anything on housing?", "polar", ("River Trust",), "housing"),
        (_LIMIT, "Why does it oppose dams?", "what", ("River Trust",), "oppose dams"),
        (_LIMIT, "What about last year?", "what", ("River Trust",), "limit last year"),
        (_LIMIT, "And the City Council, in Wendford?", "what", ("City Council",), "limit in Wendford"),
        (_LIMIT, "Who else?", "groups", (), "limit"),
        (_LIMIT, "And who supports it?", "who", (), "supports limit"),
        (_LIMIT, "And who wants a dam?", "who", (), "wants a dam"),
        (_LIMIT, "And how many otters?", "number", ("River Trust",), "many otters"),
        (_STORAGE, "and in France?", "what", ("Farmers' Union",), "storage in France"),
        (_STORAGE, "In France?", "what", ("Farmers' Union",), "storage in France"),
        ("Who opposes a limit?", "And who supports it?", "who", (), "supports a limit"),
        ("Who opposes a limit?", "And Ada Marsh?", "what", ("Ada Marsh",), "opposes a limit"),
        (_WATER, "To whom did she say it?", "what", ("Ada Marsh",), "warm water"),
        (_WATER, "Whom did she tell?", "who", ("Ada Marsh",), "warm water"),
        (_WATER, "When did she say that?", "when", ("Ada Marsh",), "warm water"),
        (_WATER, "Does she mention the sewer?", "polar", ("Ada Marsh",), "the sewer"),
        (_WATER, "What is her view of otters?", "what", ("Ada Marsh",), "otters"),
        (_WATER, "And what did Tom Brandt say?", "what", ("Tom Brandt",), "warm water"),
    ],
)
def test_those_asked_and_the_topic_are_kept_or_replaced_as_a_person_would(
    corpus: Corpus, before: str, text: str, asked: str, asked_of: tuple[str, ...], topic: str
) -> None:
    query = _read(corpus, text, before)
    assert (query.asked, query.publishers + query.speakers, query.topic) == (asked, asked_of, topic)


def test_a_place_that_may_speak_is_no_speaker_after_in(corpus: Corpus) -> None:
    query = _read(corpus, "And in the City Council?", _LIMIT)
    assert (query.publishers, query.topic) == (("River Trust",), "limit in the City Council")


def test_a_chain_of_follow_ups_takes_each_part_from_where_it_was_last_said(corpus: Corpus) -> None:
    query = _read(corpus, "And the City Council?", _LIMIT, "And about otters?", "Who else?")
    assert (query.publishers, query.topic) == (("City Council",), "otters")


def test_a_long_conversation_is_read_no_further_back_than_it_needs(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    subjects = ("a limit on abstraction", "salmon at the weir", "otters on the Wend", "water rights of mills", "a fish pass")
    long_ago = [f"What does the {body} say about {subject}?" for body in ("Farmers' Union", "River Trust") for subject in subjects] * 20
    lately = [f"What is said about {subject}?" for subject in subjects] + ["And by the Farmers' Union?", "Thanks!"]
    short = understand(Question("And in spring?", history=tuple(lately)), corpus)
    read: list[str] = []
    before = question._turn

    def counted(turn: Question, of: Corpus) -> Query:
        read.append(turn.text)
        return before(turn, of)

    monkeypatch.setattr(question, "_turn", counted)
    assert understand(Question("And in spring?", history=(*long_ago, *lately)), corpus) == short
    assert len(read) <= len(lately) + 1


def test_thanks_are_no_topic(corpus: Corpus) -> None:
    assert _read(corpus, "And the Farmers' Union?", _LIMIT, "Thank you!").topic == "limit"
    assert _read(corpus, "And the Farmers' Union?", "Thank you!") == _read(corpus, "And the Farmers' Union?")


@pytest.mark.parametrize(
    ("text", "before", "wording"),
    [
        ("To whom did she say it?", [_WATER], f"To whom did Ada Marsh say it? ({_WATER})"),
        ("And what does it say about otters?", [_LIMIT], f"And what does the River Trust say about otters? ({_LIMIT})"),
        ("And the City Council?", [_LIMIT, "And about otters?"], "And the City Council? (River Trust on otters)"),
        ("Does it mention otters?", [_WATER], f"Does it mention otters? ({_WATER})"),
        ("Did she mention otters?", [_LIMIT], f"Did she mention otters? ({_LIMIT})"),
    ],
)
def test_the_wording_stands_alone_with_a_pronoun_replaced_where_it_is_sure(
    corpus: Corpus, text: str, before: list[str], wording: str
) -> None:
    query = _read(corpus, text, *before)
    assert (query.text, query.own) == (wording, text)


def test_a_short_question_takes_the_earlier_topics_along_with_less_weight(corpus: Corpus) -> None:
    query = _read(corpus, "What is a weir?", "Who pays for storage?", _LIMIT)
    assert (query.text, query.topic, query.publishers) == ("What is a weir?", "weir", ())
    (near, much), (far, little) = query.carried
    assert (near, far) == ("limit", "pays for storage")
    assert 1 > much > little > 0


def test_where_a_follow_up_says_nothing_of_its_own_the_topic_before_counts_in_full(corpus: Corpus) -> None:
    assert _read(corpus, "And the Farmers' Union?", _LIMIT).carried == (("limit", 1.0),)
    assert _read(corpus, "And Tom Brandt?", _WATER).carried == (("warm water", 1.0),)


@pytest.mark.parametrize(
    "text",
    [
        "By the way, what is a weir?",
        "What does the Farmers' Union say about potatoes?",
        "Which of the old bridges near Wendford were closed for repairs?",
    ],
)
def test_a_new_subject_carries_nothing(corpus: Corpus, text: str) -> None:
    assert _read(corpus, text, _LIMIT) == _read(corpus, text)


def test_a_question_that_stands_alone_takes_nothing(corpus: Corpus) -> None:
    alone = _read(corpus, "Who says that the pipe at Tanner's Row dates from 1931?")
    after = _read(corpus, "Who says that the pipe at Tanner's Row dates from 1931?", "What does the River Trust say about otters?")
    assert alone == after


@pytest.mark.parametrize("text", ["?", "...", "And?", "¿", "🦦", "the of and", "a" * 2000, "((((", "“", "\x00", "G's's's ’s"])
def test_whatever_is_asked_is_read(corpus: Corpus, text: str) -> None:
    assert _read(corpus, text).text == " ".join(text.split())
