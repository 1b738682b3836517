"""An article read into statements, first from marks made by hand, then by the attributor that ships.

A mark is a source, a cue and what is said, each as it stands in the text; "she#2" is the second "she".
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from growth import check_growth
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.attributor import TrainedAttributor
from qa.attribution.statements import statements
from qa.attribution.tagger import Attribution
from qa.errors import ModelError
from qa.passages import sentences
from qa.types import Article, Span, Statement

Mark = tuple[str | None, str, *tuple[str, ...]]
Said = tuple[str | None, str, list[str]]


def _place(text: str, words: str) -> Span:
    words, _, number = words.partition("#")
    whole = [match.span() for match in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)]
    return Span(*whole[int(number or 1) - 1]) if whole else Span(text.index(words), text.index(words) + len(words))


def _read(text: str, *marks: Mark, group: str | None = "River Trust", score: float = 0.9) -> list[Statement]:
    tagged = [
        Attribution(_place(text, source) if source else None, _place(text, cue), tuple(_place(text, part) for part in said), score)
        for source, cue, *said in marks
    ]
    return list(statements(Article("a", text, group=group), sentences(text), tagged))


def _told(text: str, found: list[Statement]) -> list[Said]:
    """Return speaker, voice and what is said, for each."""
    return [(statement.speaker, statement.voice, [span.of(text) for span in statement.content]) for statement in found]


def _said(text: str, *marks: Mark, group: str | None = "River Trust") -> list[Said]:
    return _told(text, _read(text, *marks, group=group))


# ---- what is said, and in whose voice


@pytest.mark.parametrize(
    "text", ["", "It rained.", "# The river is low\n\nIt rained.", "“Every litre counts.”", "said", "The “red line” stays."]
)
def test_an_article_that_gives_nothing_to_anybody(text: str) -> None:
    assert _read(text) == []


def test_direct_speech_is_the_whole_quotation() -> None:
    text = "“Every litre counts, and every fish,” said Dr Ada Marsh."
    (statement,) = _read(text, ("Dr Ada Marsh", "said", "Every litre counts, and every"))
    assert _told(text, [statement]) == [("Ada Marsh", "quoted", ["“Every litre counts, and every fish,”"])]
    assert [span.of(text) for span in (*statement.source, *statement.cue)] == ["Dr Ada Marsh", "said"]
    assert statement.article_id == "a"
    assert statement.speech


def test_indirect_speech_is_what_is_marked_by_whole_words() -> None:
    text = "Ada Marsh said that every litre counts."
    assert _said(text, ("Ada Mar", "sai", "that every lit")) == [("Ada Marsh", "reported", ["that every litre"])]


def test_an_article_that_is_one_long_quotation() -> None:
    text = "“" + "The river is low and it is falling. " * 100 + "Mend the pipe,” said Ada Marsh."
    (said,) = _said(text, ("Ada Marsh", "said", "The river is low and it is falling. " * 60))
    assert said == ("Ada Marsh", "quoted", [text[: text.index(" said")]])


@pytest.mark.parametrize(
    ("text", "group", "speaker", "voice"),
    [
        ("The River Trust said that it rains.", "River Trust", "River Trust", "own"),
        ("The river trust said that it rains.", "River Trust", "River Trust", "own"),
        ("The River Trust said that it rains.", "City Council", "River Trust", "reported"),
        ("The River Trust said that it rains.", None, "River Trust", "reported"),
        ("This article said that it rains.", "River Trust", "River Trust", "own"),
        ("We said that it rains.", "River Trust", "River Trust", "own"),
        ("We said that it rains.", None, None, "own"),
        ("Ada Marsh said that it rains.", "River Trust", "Ada Marsh", "reported"),
    ],
)
def test_whose_voice_it_is(text: str, group: str | None, speaker: str | None, voice: str) -> None:
    source = text[: text.index(" said")]
    assert _said(text, (source, "said", "that it rains"), group=group) == [(speaker, voice, ["that it rains"])]


def test_a_group_quoted_in_its_own_article_is_its_own_voice() -> None:
    text = "“We want a limit,” the River Trust said."
    assert _said(text, ("the River Trust", "said", "“We want a limit,”")) == [("River Trust", "own", ["“We want a limit,”"])]


def test_whoever_speaks_for_the_group_is_quoted_with_it() -> None:
    text = "“We want a limit,” said River Trust spokesman Tom Hale."
    (statement,) = _read(text, ("River Trust spokesman Tom Hale", "said", "“We want a limit,”"))
    assert (statement.speaker, statement.organisation, statement.voice) == ("Tom Hale", "River Trust", "quoted")


def test_most_of_it_in_marks_is_quoted() -> None:
    text = "Ada Marsh said it is “a red line for us all”. Tom Hale said that it is no more than a “line”."
    found = _said(text, ("Ada Marsh", "said", "it is “a red line for us all”"), ("Tom Hale", "said#2", "that it is no more than a “line”"))
    assert [voice for _, voice, _ in found] == ["quoted", "reported"]


# ---- one inside another


def test_the_first_person_is_the_group_outside_and_the_quoted_inside() -> None:
    text = "We say that it rains. “We say it snows and I say it hails,” said Ada Marsh."
    found = _said(
        text,
        ("We", "say", "that it rains"),
        ("We#2", "say#2", "it snows"),
        ("I", "say#3", "it hails"),
        ("Ada Marsh", "said", "“We say it snows and I say it hails,”"),
    )
    assert [(speaker, voice) for speaker, voice, _ in found] == [
        ("River Trust", "own"),
        ("Ada Marsh", "quoted"),
        ("Ada Marsh", "quoted"),
        ("Ada Marsh", "quoted"),
    ]


def test_a_quotation_in_a_quotation() -> None:
    text = "Ada Marsh met Tom Hale. “'It is dry,' she told me,” he said."
    found = _said(text, ("she", "told", "'It is dry,'"), ("he", "said", "“'It is dry,' she told me,”"))
    assert ("Tom Hale", "quoted", ["“'It is dry,' she told me,”"]) in found
    assert [said for speaker, _, said in found if speaker != "Tom Hale"] == [["'It is dry,'"]]


def test_sources_that_stand_in_each_other_s_words_still_have_an_answer() -> None:
    text = "Ada said Tom said."
    assert len(_read(text, ("Ada", "said", "Tom said"), ("Tom", "said#2", "Ada said"))) == 2


# ---- who goes on


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("“Every litre counts,” said Ada Marsh. “Mend the pipe now.”", ["“Every litre counts,”", "“Mend the pipe now.”"]),
        ("“Every litre counts,” said Ada Marsh. The “red line” stays.", ["“Every litre counts,”"]),
        ("“Every litre counts,” said Ada Marsh. “Red line.”", ["“Every litre counts,”"]),
        ("“Every litre counts,” said Ada Marsh.\n\n“Mend the pipe now.”", ["“Every litre counts,”"]),
        ("“Every litre counts,” said Ada Marsh. It rained. “Mend the pipe now.”", ["“Every litre counts,”"]),
        ("“Every litre counts,” said Ada Marsh on the banner “Water for all of us”.", ["“Every litre counts,”"]),
    ],
)
def test_a_quotation_right_behind_goes_on(text: str, said: list[str]) -> None:
    assert _said(text, ("Ada Marsh", "said", "“Every litre counts,”")) == [("Ada Marsh", "quoted", said)]


@pytest.mark.parametrize("marked", ["“Every litre counts.", "“Mend the pipe.", "“And go,”"])
def test_paragraphs_of_one_quotation_are_one_speaker_s(marked: str) -> None:
    text = "“Every litre counts.\n\n“Mend the pipe.\n\n“And go,” said Ada Marsh. It rained."
    assert _said(text, ("Ada Marsh", "said", marked)) == [("Ada Marsh", "quoted", ["“Every litre counts.", "“Mend the pipe.", "“And go,”"])]


def test_a_quotation_that_is_somebody_else_s_does_not_go_on() -> None:
    text = "“Mend the pipe,” said Tom Hale. “Mend the weir now,” said Ada Marsh."
    found = _said(text, ("Tom Hale", "said", "“Mend the pipe,”"), ("Ada Marsh", "said#2", "“Mend the weir now,”"))
    assert found == [("Tom Hale", "quoted", ["“Mend the pipe,”"]), ("Ada Marsh", "quoted", ["“Mend the weir now,”"])]


def test_she_added_after_a_name() -> None:
    text = "“Every litre counts,” said Ada Marsh. “Warm water holds less,” she added. Tom Hale came. “It is wet,” he said."
    found = _said(
        text,
        ("Ada Marsh", "said", "“Every litre counts,”"),
        ("she", "added", "“Warm water holds less,”"),
        ("he", "said#2", "“It is wet,”"),
    )
    assert [speaker for speaker, _, _ in found] == ["Ada Marsh", "Ada Marsh", "Tom Hale"]


def test_what_somebody_adds_in_a_clause_without_a_subject_is_hers() -> None:
    text = "Ada Marsh said it rains, adding that it snows. It is known, adding that it hails."
    found = _said(text, ("Ada Marsh", "said", "it rains"), (None, "adding", "that it snows"), (None, "adding#2", "that it hails"))
    assert [(speaker, said) for speaker, _, said in found] == [
        ("Ada Marsh", ["it rains"]),
        ("Ada Marsh", ["that it snows"]),
        (None, ["that it hails"]),
    ]


@pytest.mark.parametrize("name", ["Ada Marsh", "the River Board", "The Mill"])
def test_the_name_right_behind_a_verb_that_follows_a_quotation(name: str) -> None:
    text = f"“Is it dry?” asked {name}, who came late."
    assert [speaker for speaker, _, _ in _said(text, (None, "asked", "“Is it dry?”"))] == [name.removeprefix("the ").removeprefix("The ")]


def test_a_quotation_beside_its_cue_is_whole_however_little_is_marked() -> None:
    text = "“Every litre that leaves the river in July counts,” said Ada Marsh."
    assert _said(text, ("Ada Marsh", "said", "Every")) == [("Ada Marsh", "quoted", ["“Every litre that leaves the river in July counts,”"])]


@pytest.mark.parametrize(
    "text",
    [
        "Ada Marsh's statement that “the pool is cold” came late.",
        "In the words of Ada Marsh, “the pool is cold”.",
        "To quote Ada Marsh: “the pool is cold”",
    ],
)
def test_somebody_s_words_by_a_noun(text: str) -> None:
    assert _said(text) == [("Ada Marsh", "quoted", ["“the pool is cold”"])]


def test_a_source_that_stops_before_the_name_has_the_name() -> None:
    text = "Wend president Ada Marsh said that it rains."
    assert _said(text, ("Wend", "said", "that it rains"))[0][0] == "Ada Marsh"


# ---- what was uttered


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Ada Marsh said that it rains.", ("Ada Marsh", "said", "that it rains")),
        ("According to Ada Marsh, it rains.", ("Ada Marsh", "According to", "it rains")),
        ("It rains, according to Ada Marsh.", ("Ada Marsh", "according to", "It rains")),
        ("Many say that it rains.", ("Many", "say", "that it rains")),
        ("The poll found that it rains.", ("The poll", "found", "that it rains")),
        ("ada marsh said that it rains.", ("ada marsh", "said", "that it rains")),
        ("“Yes,” she said.", ("she", "said", "“Yes,”")),
        (
            "Ada Marsh wants “a limit that mills and farms can live with”.",
            ("Ada Marsh", "wants", "“a limit that mills and farms can live with”"),
        ),
    ],
)
def test_speech(text: str, mark: Mark) -> None:
    (statement,) = _read(text, mark)
    assert statement.speech


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Ada Marsh wants a limit of forty litres.", ("Ada Marsh", "wants", "a limit of forty litres")),
        ("Ada Marsh thinks that it rains.", ("Ada Marsh", "thinks", "that it rains")),
        ("Ada Marsh wants a “fair share”.", ("Ada Marsh", "wants", "a “fair share”")),
        ("Ada Marsh never said that it rains.", ("Ada Marsh", "said", "that it rains")),
        ("Ada Marsh never said “that it rains or snows or hails”.", ("Ada Marsh", "said", "“that it rains or snows or hails”")),
        ("Ada Marsh didn't say that it rains.", ("Ada Marsh", "say", "that it rains")),
        ("Ada Marsh should say that it rains.", ("Ada Marsh", "say", "that it rains")),
        ("Not that Ada Marsh said that it rains.", ("Ada Marsh", "said", "that it rains")),
        ("If Ada Marsh says that it rains, it rains.", ("Ada Marsh", "says", "that it rains")),
        ("Many demand that it rains.", ("Many", "demand", "that it rains")),
        ("You say that it rains.", ("You", "say", "that it rains")),
        ("She said yes.", ("She", "said", "yes")),
    ],
)
def test_no_speech(text: str, mark: Mark) -> None:
    (statement,) = _read(text, mark)
    assert not statement.speech


def test_what_the_tagger_is_not_sure_of_is_left_out() -> None:
    assert _read("Ada Marsh said that it rains.", ("Ada Marsh", "said", "that it rains"), score=0.4) == []


def test_what_is_marked_in_another_sentence_is_left_out_unless_quoted() -> None:
    text = "It rains. “It snows a lot.” Ada Marsh said that it also hails at the weir."
    assert _said(text, ("Ada Marsh", "said", "It rains", "It snows a lot", "that it also hails at the weir")) == [
        ("Ada Marsh", "reported", ["“It snows a lot.”", "that it also hails at the weir"])
    ]


# ---- layout


def test_a_block_quote_is_whoever_s_the_line_above_names() -> None:
    text = "The council put it so:\n\n> Every litre counts.\n> Mend the pipe.\n\nIt rained."
    expected = [("The council", "quoted", ["Every litre counts.", "Mend the pipe."])]
    assert _said(text, ("The council", "put it", "so")) == expected
    assert _said(text, ("The council", "put it", "Every litre counts.")) == expected
    assert _said(text) == []


def test_a_block_quote_with_a_credit_needs_no_mark() -> None:
    text = "Ada Marsh came.\n\n> Every litre counts.\n> — Marsh\n\nIt rained."
    assert _said(text) == [("Ada Marsh", "quoted", ["Every litre counts."])]


def test_turns_of_an_interview() -> None:
    text = "Ada Marsh met Tom Hale.\n\nMARSH: We want a limit.\n\nHALE: Do you?\n\nMARSH: We do.\n\nThen it rained."
    assert _said(text, ("MARSH", ":", "We want")) == [
        ("Ada Marsh", "quoted", ["We want a limit."]),
        ("Tom Hale", "quoted", ["Do you?"]),
        ("Ada Marsh", "quoted", ["We do."]),
    ]


def test_questions_and_answers() -> None:
    text = "We met her.\n\nQ: Why a limit?\n\nA: I want fish.\n\nQ: Why?\n\nA: I do."
    assert _said(text) == [
        ("River Trust", "own", ["Why a limit?"]),
        (None, "quoted", ["I want fish."]),
        ("River Trust", "own", ["Why?"]),
        (None, "quoted", ["I do."]),
    ]


def test_a_letter_and_its_first_person() -> None:
    letter = "I say it is low. My neighbour agrees, and we both say that it is warm."
    text = f"We got this:\n\nDear Editor,\n\n{letter}\n\nYours,\n\nAda Marsh\n\nWe say so."
    found = _said(text, ("we", "say#2", "that it is warm"), ("We#2", "say#3", "so"))
    assert ("Ada Marsh", "quoted", [letter]) in found
    assert ("Ada Marsh", "reported", ["that it is warm"]) in found
    assert [speaker for speaker, voice, _ in found if voice == "own"] == ["River Trust"]


def test_a_motto_is_whoever_s_it_is_credited_to() -> None:
    text = "“Every litre counts”\n— Ada Marsh\n\nIt rained."
    expected = [("Ada Marsh", "quoted", ["“Every litre counts”"])]
    assert _said(text) == expected
    assert _said(text, ("Ada Marsh", "—", "Every litre counts")) == expected


# ---- any text

_WORDS = "“Ada Marsh said” that she wants, “We” told: He — it’s\n\n> Q: ‘I’ A: 🦦 e\u0301 according to\nDear ".split(" ")


@given(
    st.lists(st.sampled_from(_WORDS), max_size=30).map(" ".join),
    st.lists(st.lists(st.tuples(st.integers(0, 120), st.integers(1, 40)), min_size=2, max_size=4), max_size=6),
    st.sampled_from([None, "River Trust", "Ada Marsh"]),
)
def test_whatever_is_marked_statements_are_places_in_the_text(text: str, marks: list[list[tuple[int, int]]], group: str | None) -> None:
    tagged = []
    for mark in marks:
        spans = [Span(start, start + length) for start, length in mark if start + length <= len(text)]
        if len(spans) > 2:
            tagged.append(Attribution(spans[0], spans[1], tuple(sorted(spans[2:])), 0.9))
        elif len(spans) == 2:
            tagged.append(Attribution(None, spans[0], (spans[1],), 0.9))
    article = Article("a", text, group=group)
    found = statements(article, sentences(text), tagged)
    assert found == statements(article, sentences(text), tagged)
    for statement in found:
        assert statement.content
        assert list(statement.content) == sorted(statement.content)
        assert statement.speaker is None or statement.speaker.strip()
        assert (statement.voice == "own") >= (group is not None and statement.speaker == group)
        assert statement.voice != "own" or statement.speaker == group
        for span in (*statement.source, *statement.cue, *statement.content):
            assert 0 <= span.start < span.end <= len(text)


def _many(paragraphs: int) -> tuple[str, list[Attribution]]:
    """Return a text with four statements in every three paragraphs, and where they are tagged."""
    lines = ["Ada Marsh of the River Trust met Tom Hale and Ruth Amadi of the City Council."]
    for number in range(paragraphs // 3):
        lines += [
            f"“Litre {number} counts for the fish,” said Ada Marsh. “It always did and will.”",
            f"Tom Hale said that litre {number} is his. He added that the mill needs it.",
            f"According to the council, litre {number} is nobody's.",
        ]
    text = "\n\n".join(lines)
    tagged = []
    for line in lines[1:]:
        at = text.index(line)
        for source, cue, said in (
            ("Ada Marsh", "said", line[: line.find("”") + 1]),
            ("Tom Hale", "said", line[line.find("that litre") : line.find(".")]),
            ("He", "added", "that the mill needs it"),
            ("the council", "According to", line[line.find("litre") : -1]),
        ):
            if source in line and cue in line and said in line:
                parts = [Span(at + line.index(words), at + line.index(words) + len(words)) for words in (source, cue, said)]
                tagged.append(Attribution(parts[0], parts[1], (parts[2],), 0.9))
    return text, tagged


def _stated(given: tuple[str, list[Attribution]]) -> list[Statement]:
    text, tagged = given
    return list(statements(Article("a", text, group="River Trust"), sentences(text), tagged))


def test_two_hundred_statements_in_an_article() -> None:
    made = _many(150)
    assert len(made[1]) == 200
    found = _stated(made)
    speakers = [statement.speaker for statement in found]
    assert len(found) == 200
    assert {name: speakers.count(name) for name in set(speakers)} == {"Ada Marsh": 50, "Tom Hale": 100, "City Council": 50}
    assert all(len(statement.content) == 2 for statement in found if statement.speaker == "Ada Marsh")


@pytest.mark.slow
def test_time_grows_with_the_number_of_statements_only() -> None:
    check_growth(_many, _stated, 1200)


# ---- the attributor that ships


def _by(attributor: TrainedAttributor, text: str, group: str | None = "River Trust") -> list[Statement]:
    (found,) = attributor.statements([Article("a", text, group=group)], [sentences(text)])
    return list(found)


def test_direct_and_indirect_speech_end_to_end(attributor: TrainedAttributor) -> None:
    text = (
        "The Wend ran dry last summer.\n\n“Every litre that leaves the river is a litre that the trout do not have,” said Dr Ada Marsh, a"
        " hydrologist. She said that the water was warmer than ever.\n\nTom Hale told reporters that the mill would close. The sun shone."
    )
    found = _told(text, _by(attributor, text))
    assert ("Ada Marsh", "quoted", ["“Every litre that leaves the river is a litre that the trout do not have,”"]) in found
    reported = {speaker: " ".join(said) for speaker, voice, said in found if voice == "reported"}
    assert "the water was warmer than ever" in reported["Ada Marsh"]
    assert "the mill would close" in reported["Tom Hale"]
    assert not any("sun" in " ".join(said) for _, _, said in found)


def test_own_and_other_voices_end_to_end(attributor: TrainedAttributor) -> None:
    text = "We said in May that the river was too low. The City Council said that it would wait until autumn."
    found = _told(text, _by(attributor, text))
    assert {(speaker, voice) for speaker, voice, _ in found} == {("River Trust", "own"), ("City Council", "reported")}


def test_no_statement_where_nobody_says_anything_end_to_end(attributor: TrainedAttributor) -> None:
    assert _by(attributor, "The river is low. Boats lie on the bank. A heron stands at the weir from six until nine.") == []
    assert _by(attributor, "") == []


@pytest.mark.parametrize(
    "text", ["\n \n", "🦦" * 400, "“”" * 300, "said " * 600, "e\u0301\x00\u2028\u200f" * 50, "Ada said: " + "«" * 300, "א" * 700]
)
def test_any_text_can_be_read_end_to_end(attributor: TrainedAttributor, text: str) -> None:
    for statement in _by(attributor, text):
        for span in (*statement.source, *statement.cue, *statement.content):
            assert 0 <= span.start < span.end <= len(text)


def test_articles_read_together_are_read_as_each_alone(attributor: TrainedAttributor) -> None:
    texts = ["“Every litre counts for the trout,” said Ada Marsh.", "", "Tom Hale told reporters that the mill would close. It rained."]
    articles = [Article(str(number), text, group="River Trust") for number, text in enumerate(texts)]
    together = attributor.statements(articles, [sentences(text) for text in texts])
    assert together == [attributor.statements([article], [sentences(article.text)])[0] for article in articles]
    assert [len(found) for found in together] == [1, 0, 1]


def test_an_identity_tells_other_weights(attributor: TrainedAttributor, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"other")
    assert attributor.identity == TrainedAttributor().identity != TrainedAttributor(other).identity
    with pytest.raises(ModelError, match="missing"):
        TrainedAttributor(tmp_path / "none.safetensors")
