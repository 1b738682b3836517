"""Who says what by rules: the right name or none, the exact place, and never the group itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.rules import statements
from qa.library import Library
from qa.passages import sentences
from qa.types import Article, Statement


def _statements(text: str, group: str | None = "River Trust") -> list[Statement]:
    article = Article("a", text, group=group)
    return list(statements(article, sentences(text)))


def _said(text: str, group: str | None = "River Trust") -> list[tuple[str, str, str]]:
    """Return voice, speaker and the words said, for each statement of a text."""
    return [(s.voice, s.speaker, " ".join(span.of(text) for span in s.content)) for s in _statements(text, group)]


@pytest.mark.parametrize(
    "quotation",
    [
        "“Every litre counts here,”",
        '"Every litre counts here,"',
        "‘Every litre counts here,’",
        "«Every litre counts here,»",
        "‘It doesn’t rain here,’",
    ],
)
def test_direct_speech_in_marks_of_every_kind(quotation: str) -> None:
    assert _said(f"{quotation} said Ada Marsh.") == [("quoted", "Ada Marsh", quotation)]


@pytest.mark.parametrize(
    ("text", "speaker", "words"),
    [
        ("Ada Marsh said: “Every litre counts for the trout.”", "Ada Marsh", "“Every litre counts for the trout.”"),
        ("Ada Marsh, a hydrologist, said: “Every litre counts.”", "Ada Marsh", "“Every litre counts.”"),
        ("Hester Vane warned the council: “Mend the pipe first.”", "Hester Vane", "“Mend the pipe first.”"),
        ("“Mend the pipe first,” wrote Hester Vane in May.", "Hester Vane", "“Mend the pipe first,”"),
        ("“Is it not enough?” said Hester Vane.", "Hester Vane", "“Is it not enough?”"),
    ],
)
def test_direct_speech_before_and_after_the_name(text: str, speaker: str, words: str) -> None:
    assert _said(text) == [("quoted", speaker, words)]


@pytest.mark.parametrize(
    ("text", "speaker", "words"),
    [
        ("Ada Marsh said that every litre counts.", "Ada Marsh", "that every litre counts"),
        ("Ada Marsh insisted it was dry.", "Ada Marsh", "it was dry"),
        ("Ada Marsh, who has measured the Wend since 2009, said that it is dry.", "Ada Marsh", "that it is dry"),
        ("According to Ada Marsh, every litre counts.", "Ada Marsh", "every litre counts"),
        ("The City Council said that it would wait.", "City Council", "that it would wait"),
        ("The City Council rejected the plan for a weir.", "City Council", "rejected the plan for a weir"),
        ("Dr Ada Marsh said that it is dry.", "Ada Marsh", "that it is dry"),
        ("Zoë Crépin said that it is dry.", "Zoë Crépin", "that it is dry"),
    ],
)
def test_indirect_speech(text: str, speaker: str, words: str) -> None:
    assert _said(text) == [("reported", speaker, words)]


def test_the_places_of_the_name_and_of_the_saying() -> None:
    text = "🦦 “Every litre counts,” said Dr Ada Marsh."
    (statement,) = _statements(text)
    assert [span.of(text) for span in statement.source] == ["Dr Ada Marsh"]
    assert [span.of(text) for span in statement.cue] == ["said"]
    assert statement.article_id == "a"


@pytest.mark.parametrize("group", ["Farmers' Union", "Mill Owners’ Guild", "Anglers' Club"])
def test_a_name_with_an_apostrophe_is_one_name(group: str) -> None:
    assert _said(f"The {group} said that it would go to court.", "City Council") == [("reported", group, "that it would go to court")]


@pytest.mark.parametrize("group", ["River Trust", "Farmers' Union", "Mill Owners' Guild"])
def test_what_a_group_says_in_its_own_article_is_its_own_voice(group: str) -> None:
    assert _said(f"The {group} said that a limit is needed. The {group} rejects any other plan for the river.", group) == []


def test_a_quotation_cut_by_its_speaker_is_one_whole() -> None:
    text = "“Every litre counts,” Ada Marsh said, “and every fish too.”"
    said = " ".join(words for _, _, words in _said(text))
    assert {speaker for _, speaker, _ in _said(text)} == {"Ada Marsh"}
    assert "Every litre counts" in said
    assert "every fish too" in said


def test_a_speaker_put_into_the_sentence_is_the_speaker() -> None:
    assert {
        speaker for _, speaker, _ in _said("The weir, said Ada Marsh, is too high for salmon. Low Mill, said Ada Marsh, is closed today.")
    } <= {"Ada Marsh"}


def test_two_speakers_in_a_sentence_are_kept_apart() -> None:
    said = _said("Ada Marsh said that it is dry, but Tom Brandt insisted that it is wet.")
    assert [(speaker, "wet" in words) for _, speaker, words in said] in (
        [("Ada Marsh", False), ("Tom Brandt", True)],
        [("Ada Marsh", False)],
    )


def test_a_last_name_is_the_full_name_that_the_article_has() -> None:
    assert _said("Dr Ada Marsh came. Marsh said that it rains.") == [("reported", "Ada Marsh", "that it rains")]


def test_a_last_name_that_two_people_have_stays_as_it_is() -> None:
    assert _said("Ada Marsh met Ben Marsh there. Marsh said that it rains.") == [("reported", "Marsh", "that it rains")]


def test_a_pronoun_is_whoever_spoke_just_before() -> None:
    text = "Ada Marsh said that it rains. Tom Brandt said that it snows. He added that it hails."
    assert [speaker for _, speaker, _ in _said(text)] == ["Ada Marsh", "Tom Brandt", "Tom Brandt"]


def test_a_pronoun_far_from_its_speaker_is_nobody() -> None:
    text = "Ada Marsh said that it rains. We walked on. We saw nine herons. We ate our bread. She said that it snows."
    assert _said(text) == [("reported", "Ada Marsh", "that it rains")]


def test_they_may_be_anybody() -> None:
    assert _said("Ada Marsh said that it rains. They said that it snows.") == [("reported", "Ada Marsh", "that it rains")]


def test_a_quotation_that_stands_alone_is_credited_below() -> None:
    text = "“Every litre that leaves is a litre lost”\n― Ada Marsh\nThe river is low."
    assert _said(text) == [("quoted", "Ada Marsh", "“Every litre that leaves is a litre lost”")]


@pytest.mark.parametrize(
    "text",
    [
        "“Every litre counts here.”",
        "The council called it a “red line”.",
        "We said that the river sings.",
        "I said that it rains.",
        "Who said that it rains?",
        "It is said that the river sings.",
        "Nobody said a word.",
        "They said that every litre counts.",
        "The river is low. It is falling.",
        "",
        "said",
        "”“ said “",
    ],
)
def test_where_nobody_can_be_told_nobody_is(text: str) -> None:
    assert _said(text) == []


def test_an_article_that_nobody_claims_has_speakers_all_the_same() -> None:
    assert _said("The River Trust said that a limit is needed.", None) == [("reported", "River Trust", "that a limit is needed")]


_PIECES = st.sampled_from(
    [
        "“", "”", '"', "‘", "’", "«", "»", " said ", " says that ", " told ", "According to ", "Ada Marsh", "River Trust", "Dr Marsh",
        "She", "he", ", ", ". ", ": ", "; ", "\n", "― ", "—", "the council", "every litre counts here", "that ", "🦦", "e\u0301", "(", ")",
        " saying ", "rejected",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=40).map("".join), st.sampled_from([None, "River Trust"]))
def test_whatever_the_text_a_statement_is_a_place_in_it(text: str, group: str | None) -> None:
    found = _statements(text, group)
    assert found == _statements(text, group)
    said = [span for statement in found for span in statement.content]
    for statement in found:
        assert statement.speaker.strip()
        assert statement.speaker != group
        assert statement.voice in ("quoted", "reported")
        assert statement.source
        assert statement.content
        for span in (*statement.source, *statement.cue, *statement.content):
            assert 0 <= span.start < span.end <= len(text)
            assert span.of(text).strip()
    for at, span in enumerate(said):
        assert not any(span.overlaps(other) for other in said[at + 1 :])


def test_the_statements_of_the_small_corpus(library: Library) -> None:
    article = library.article("trust-limit")
    found = {(s.speaker, s.voice): " ".join(span.of(article.text) for span in s.content) for s in library.statements("trust-limit")}
    assert "the water at Alder Bridge was warmer" in found["Ada Marsh", "reported"]
    assert library.statements("guild-court-digest") == []
    assert library.statements("notice") == []
