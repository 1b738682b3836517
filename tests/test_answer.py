"""Answers: the right words by the right speaker, word for word; and silence where nobody speaks of a thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from articles import NOBODY, WordEncoder

from qa.answering import compose, smalltalk
from qa.answering.verify import stands, verified
from qa.errors import QuestionError
from qa.library import Library, build
from qa.models.encoder import SentenceEncoder
from qa.retrieval.corpus import Corpus
from qa.rows import answer_row
from qa.settings import LONGEST_QUESTION
from qa.types import Answer, PartialDate, Query, Question, Span

QUESTIONS = [
    ("Who calls for a limit on taking water between May and September?", "River Trust", "River Trust", "own", "We call for a limit"),
    ("Who asks for planning leave within eight weeks?", "Farmers' Union", "Farmers' Union", "own", "within eight weeks"),
    ("Who said that fish drown in warm water?", "River Trust", "Ada Marsh", "quoted", "fish drown in it"),
    ("What did Ada Marsh say about warm water?", "River Trust", "Ada Marsh", "quoted", "Warm water holds less air"),
    ("What does the Anglers' Club say about salmon?", "Anglers' Club", "Anglers' Club", "own", "salmon"),
    ("What did Tom Brandt say about the otters?", "River Trust", "Tom Brandt", "quoted", "the otters take eels"),
    ("What did Paul Idowu admit about the pipe?", "Mill Owners' Guild", "Paul Idowu", "reported", "dates from 1931"),
    ("How many farms are there in the valley?", "Farmers' Union", "City Council", "reported", "212 farms"),
    ("When did the committee meet in the Corn Hall?", "City Council", "City Council", "own", "11 May"),
    ("What did the Mill Owners' Guild say about the reservoirs?", "Farmers' Union", "Mill Owners' Guild", "reported", "starve its wheels"),
]


@pytest.mark.parametrize(("question", "group", "speaker", "voice", "words"), QUESTIONS)
def test_the_right_words_by_the_right_speaker(library: Library, question: str, group: str, speaker: str, voice: str, words: str) -> None:
    answer = library.ask(question)
    assert answer.answered
    first = answer.citations[0]
    assert words.casefold() in " ".join(first.quote.split()).casefold()
    assert (first.group, first.speaker, first.voice) == (group, speaker, voice)


@pytest.mark.parametrize("question", [row[0] for row in QUESTIONS] + ["Which groups mention a limit?", "the river"])
def test_every_quote_stands_word_for_word_at_its_place(library: Library, question: str) -> None:
    answer = library.ask(question)
    for number, citation in enumerate(answer.citations, 1):
        assert citation.number == number
        assert library.article(citation.article.id).text[citation.span.start : citation.span.end] == citation.quote
        assert f"[{number}]" in answer.text
        for span in (*citation.source, *citation.cue):
            assert span.of(citation.article.text).strip()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does the Anglers' Club say about nuclear power?", "Nothing in the only article by Anglers' Club speaks of|nuclear power"),
        ("What did Ingrid Solberg say about the weir?", "None of the 10 articles|Ingrid Solberg"),
        ("What is the capital of Mongolia?", "Mongolia|10 articles"),
        ("Who won the football cup?", "10 articles"),
        ("What did Ada Marsh say about Tanner's Row?", "Ada Marsh|Tanner's Row"),
        ("How many elephants live on the Wend?", "10 articles"),
        ("What does the City Council say about resolution 2803?", "City Council|2803"),
    ],
)
def test_silence_says_what_was_searched_and_cites_nothing(library: Library, question: str, said: str) -> None:
    answer = library.ask(question)
    assert not answer.answered
    assert answer.citations == ()
    for part in said.split("|"):
        assert part in answer.text


def test_passages_found_but_not_cited_are_a_list_of_their_own(library: Library) -> None:
    answer = library.ask("Who calls for a limit on taking water between May and September?")
    cited = {(citation.article.id, citation.span) for citation in answer.citations}
    assert answer.also_found
    for hit in answer.also_found:
        assert not any(hit.article.id == id and hit.passage.span.overlaps(span) for id, span in cited)


def test_each_group_that_is_compared_is_heard(library: Library) -> None:
    answer = library.ask("Compare what the River Trust, the Farmers' Union and the Anglers' Club say about a limit on taking water.")
    assert {citation.group for citation in answer.citations} >= {"River Trust", "Farmers' Union"}
    assert "No statement on it by Anglers' Club (1 article searched)." in answer.notes
    assert answer.notes[0] in answer.text


def test_several_groups_are_each_named(library: Library) -> None:
    groups = {citation.group for citation in library.ask("Which groups mention the sewer?").citations}
    assert groups >= {"City Council", "Mill Owners' Guild"}


def test_what_a_group_reports_of_others_is_theirs_and_comes_after_its_own(library: Library) -> None:
    citations = library.ask("What does the River Trust say about a limit?").citations
    assert (citations[0].speaker, citations[0].voice) == ("River Trust", "own")
    for citation in library.ask("What does the River Trust say about taking a limit before a judge?").citations:
        assert ("before a judge" in citation.quote) == (citation.speaker == "Mill Owners' Guild")
        assert (citation.voice == "own") == (citation.speaker == "River Trust")


def test_a_sentence_that_stands_three_times_is_quoted_once(library: Library) -> None:
    quotes = [citation.quote for citation in library.ask("Who says that the river belongs to everyone?").citations]
    assert quotes.count("The river belongs to everyone.") == 1


def test_a_digest_is_never_its_groups_own_words(library: Library) -> None:
    answer = library.ask("What is expected in November 2024?")
    citation = answer.citations[0]
    assert citation.article.id == "guild-court-digest"
    assert citation.digest
    assert citation.voice == "reported"
    assert "digest of a text by Mill Owners' Guild" in answer.text
    assert f"“{citation.quote}”" not in answer.text


def test_a_group_that_nothing_states_is_said_to_be_unknown(library: Library) -> None:
    answer = library.ask("Who wrote that the bus stops at the weir on Thursdays?")
    assert answer.citations[0].group is None
    assert answer.text.startswith("An unknown group says so.")
    assert "date unknown" in answer.text


def test_a_follow_up_is_answered_from_the_earlier_question(library: Library) -> None:
    answer = library.ask(Question("And the Farmers' Union?", ("What does the River Trust say about a limit?",)))
    assert answer.citations[0].group == "Farmers' Union"
    assert "limit" in answer.citations[0].quote


def test_dates_and_groups_set_by_hand_hold(library: Library) -> None:
    answer = library.ask(Question("Who speaks of a limit?", groups=("River Trust",), until=PartialDate(2024, 12)))
    assert {citation.group for citation in answer.citations} == {"River Trust"}
    assert not library.ask(Question("Who speaks of a limit?", since=PartialDate(2030))).answered


def test_groups_set_by_hand_hold_whoever_is_asked(library: Library) -> None:
    asked = "What does the Mill Owners' Guild say about a limit?"
    assert {c.group for c in library.ask(asked).citations} == {"Mill Owners' Guild"}
    for group, topic in (("River Trust", "a limit"), ("City Council", "its charters")):
        citations = library.ask(Question(f"What does the Mill Owners' Guild say about {topic}?", groups=(group,))).citations
        assert {(c.group, c.speaker) for c in citations} == {(group, "Mill Owners' Guild")}
    for hit in library.ask(Question(asked, groups=("Anglers' Club",))).also_found:
        assert hit.article.group == "Anglers' Club"


@pytest.mark.parametrize("text", ["hello", "Thanks!", "What can you do?", "Which groups are there?"])
def test_small_talk_is_no_answer(library: Library, text: str) -> None:
    answer = library.ask(text)
    assert not answer.answered
    assert answer.text
    assert answer.citations == ()
    assert answer.also_found == ()


def test_the_groups_that_there_are(library: Library) -> None:
    text = library.ask("which groups are there?").text
    for group in ("River Trust (2)", "City Council (1)"):
        assert group in text


def test_a_question_to_the_corpus_is_not_small_talk() -> None:
    assert smalltalk.reply("Which groups are there on the river bank?", []) is None
    assert smalltalk.reply("Who says hello to the heron?", []) is None


def test_a_question_without_a_topic_tells_what_there_is(library: Library) -> None:
    answer = library.ask("And the River Trust?")
    assert not answer.answered
    assert "River Trust has 2 articles here" in answer.text


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), ("  \n ", "is empty"), ("why " * 30_000, "120,000|at most 2,000".replace("120,000", "119,999"))]
)
def test_a_question_that_is_none_is_refused_in_one_line(library: Library, text: str, said: str) -> None:
    with pytest.raises(QuestionError) as caught:
        library.ask(text)
    assert "\n" not in str(caught.value)
    for part in said.split("|"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "text", ["?", "🦦", "\x00", "*" * LONGEST_QUESTION, "SELECT * FROM articles; --", "river AND (NOT", "<script>alert(1)</script>"]
)
def test_odd_questions_are_answered_or_not_but_never_fail(library: Library, text: str) -> None:
    assert isinstance(library.ask(text), Answer)


def test_a_quote_that_does_not_stand_there_is_left_out(library: Library, index_folder: Path, encoder: SentenceEncoder) -> None:
    corpus = Corpus.open(index_folder, encoder)
    good = library.ask(QUESTIONS[0][0]).citations[0]
    altered = replace(good, quote=good.quote.replace("limit", "ban"))
    moved = replace(good, span=Span(good.span.start + 1, good.span.end + 1))
    elsewhere = replace(good, article=replace(good.article, id="no-such-article"))
    empty = replace(good, span=Span(3, 3), quote="")
    assert [stands(c, corpus) for c in (good, altered, moved, elsewhere, empty)] == [True, False, False, False, False]
    assert verified([altered, good], corpus) == (good,)


def test_quotation_marks_are_not_doubled(library: Library) -> None:
    with_marks = library.ask("What did Ada Marsh say about warm water?").citations[0]
    without = library.ask("Who calls for a limit on taking water between May and September?").citations[0]
    assert compose.quoted(with_marks) == with_marks.quote
    assert compose.quoted(without) == f"“{without.quote}”"


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two bodies that go by WRB, and one that doesn't."""
    words = WordEncoder()
    folder = tmp_path_factory.mktemp("namesakes")
    for number, group in enumerate(("Wend Rowing Brigade", "Women's River Board", "Boat Hirers")):
        facts = f"id: a{number}\ntitle: Boats\ngroup: {group}\npublished: 202{number}\n"
        text = f"---\n{facts}---\nBoats are to be painted green, says number {number}.\n"
        (folder / f"{number}.md").write_text(text, "utf-8")
    build(folder / "index", [folder], encoder=words, attributor=NOBODY)
    return Library.open(folder / "index", encoder=words)


def test_a_name_that_two_bodies_go_by_is_asked_back(namesakes: Library) -> None:
    answer = namesakes.ask("What does the WRB say about boats?")
    assert (answer.answered, answer.citations) == (False, ())
    assert answer.text == "Two bodies go by “WRB”: Wend Rowing Brigade and Women's River Board. Which one is meant?"


@pytest.mark.parametrize(
    "question",
    [
        Question("What does the Wend Rowing Brigade (WRB) say about boats?"),
        Question("What does the WRB say about boats?", groups=("Wend Rowing Brigade",)),
        Question("What does the WRB say about boats?", without=("publisher:Women's River Board",)),
    ],
)
def test_a_name_that_is_told_apart_is_not_asked_back(namesakes: Library, question: Question) -> None:
    answer = namesakes.ask(question)
    assert answer.query is not None
    assert answer.query.unclear == ()
    assert "Wend Rowing Brigade" in answer.query.publishers


def test_no_article_of_the_dates_asked_for_is_said_with_the_dates_that_there_are(namesakes: Library) -> None:
    no = "No article by Boat Hirers here is from June 1950, so nothing was searched. Those with a date are from 2020 to 2022."
    assert namesakes.ask("What did the Boat Hirers say in June 1950 about boats?").text == no
    assert namesakes.ask("What did the Boat Hirers say in June 1950?").text == no
    assert "1 article here: “Boats”" in namesakes.ask("What did the Boat Hirers say in 2022?").text


def test_a_surname_of_two_speakers_is_noted() -> None:
    query = Query("What did Marsh say?", "", "what", either=(("Marsh", ("Ada Marsh", "Tom Marsh")),))
    assert list(compose.either(query)) == ["“Marsh” may be Ada Marsh or Tom Marsh: this looks at both."]


def test_what_was_understood_is_in_the_row_of_an_answer(namesakes: Library) -> None:
    understood = answer_row(namesakes.ask("What did the Boat Hirrers say in 1950 about boats?"))["understood"]
    assert understood[:2] == [
        {"kind": "publisher", "words": "Boat Hirrers", "meaning": "Boat Hirers", "key": "publisher:Boat Hirers"},
        {"kind": "since", "words": "in 1950", "meaning": "from 1950", "key": "since"},
    ]


def test_an_answer_to_a_part_says_which_part_it_leaves_open(library: Library) -> None:
    answer = library.ask("Who calls for a limit on taking water between May and September, and sent astronauts to distant comets?")
    assert answer.answered
    assert any("answers a part" in note and "astronauts" in note for note in answer.notes)
    whole = library.ask("Who calls for a limit on taking water, and says that the trout will be gone?")
    assert whole.answered
    assert not any("answers a part" in note for note in whole.notes)


def test_a_change_is_told_in_order_of_time(library: Library) -> None:
    answer = library.ask("How has the River Trust's position on the river changed?")
    dates = [citation.article.published.first for citation in answer.citations if citation.article.published]
    assert dates == sorted(dates)
