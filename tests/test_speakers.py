"""Whom "he", "the minister" and "Mr Marsh" stand for. Sources are marked [so] in the texts; what can't be told stays as it is."""

from __future__ import annotations

import re

import pytest
from growth import check_growth, repeated
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.quotations import quotations
from qa.attribution.speakers import Speaker, Speakers
from qa.passages import sentences
from qa.types import Article, Span


def _speakers(marked: str, group: str | None = "River Trust") -> list[Speaker]:
    """Return whom the marked sources of a text stand for, in order."""
    text, sources = "", []
    for part in re.split(r"(\[[^]]*\])", marked):
        words = part.strip("[]") if part.startswith("[") else part
        if part.startswith("["):
            sources.append(Span(len(text), len(text) + len(words)))
        text += words
    speakers = Speakers(Article("a", text, group=group), sentences(text), [quotation.inner for quotation in quotations(text)])
    return [speakers.of(source) for source in sources]


def _names(marked: str, group: str | None = "River Trust") -> list[str | None]:
    return [speaker.name for speaker in _speakers(marked, group)]


# ---- names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[Dr Ada Marsh] said. [Marsh] said. [Dr. Marsh] said.", ["Ada Marsh"] * 3),
        ("[Sen. Ann Lee (D-Wend)] said. [Lee] said. [Sen. Lee] said.", ["Ann Lee"] * 3),
        ("[President Ada Marsh] said. [President Marsh] said.", ["Ada Marsh"] * 2),
        ("[Ada Marsh, 41,] said. [Ada Marsh - a miller -] said. [Ada Marsh’s] words.", ["Ada Marsh"] * 3),
        ("[the hydrologist Ada Marsh] said. [hydrologist Ada Marsh] said.", ["Ada Marsh"] * 2),
        ("[Another critic, Ada Marsh,] said.", ["Ada Marsh"]),
        ("[the City Council's engineer, Tom Hale,] said.", ["Tom Hale"]),
        ("[Ada Marsh, who has measured the Wend since 2009] said.", ["Ada Marsh"]),
        ("[Nell Okafor of the Trust] wrote. [Okafor] wrote.", ["Nell Okafor"] * 2),
        ("[WENDFORD (WR) - Ada Marsh] said.", ["Ada Marsh"]),
        ("[by Ada Marsh] [including Ada Marsh]", ["Ada Marsh"] * 2),
        ("Ada Marsh came. [MARSH] said.", ["Ada Marsh"]),
        ("[The Mill Owners' Guild] said. [the Upper Valley Water Board] said.", ["Mill Owners' Guild", "Upper Valley Water Board"]),
        ("[The WRT] said. [WRT] said. [the U.S.] said.", ["WRT", "WRT", "U.S."]),
        ("Nobody but the herons was at the weir on 11 May when [Councillor Mary\nTench] said so. [She] went on.", ["Mary Tench"] * 2),
        ("[Okello Obote] said. [Mr Obote] said. [Obote] said.", ["Okello Obote"] * 3),
    ],
)
def test_a_name_is_the_fullest_that_the_text_has(text: str, names: list[str]) -> None:
    assert _names(text) == names


def test_two_people_with_one_surname_are_told_apart_by_title_alone() -> None:
    text = "Ada Marsh and Ben Marsh came. [Mr Marsh] said. [Mrs Marsh] said. [Marsh] said. [Ben Marsh] said."
    assert _names(text) == ["Ben Marsh", "Ada Marsh", "Marsh", "Ben Marsh"]


@pytest.mark.parametrize(
    "source",
    [
        "advisers to Marsh", "Marsh’s advisers", "Ada Marsh's lawyer", "a spokesman for Ada Marsh", "the man behind Marsh",
        "Ada Marsh and Tom Hale", "Ada Marsh, Tom Hale and Ruth Amadi", "Mr Hale and Mrs Marsh",
        "the River Trust and the City Council", "several farmers",
        "one of the farmers", "people close to Marsh", "ada marsh", "Ada Marsh of the Guild and Tom Hale of the Club",
    ],
)  # fmt: skip
def test_somebody_beside_a_name_is_not_that_name(source: str) -> None:
    (speaker,) = _speakers(f"Ada Marsh and Tom Hale came. [{source}] said.")
    assert speaker.name == source
    assert not speaker.own


@pytest.mark.parametrize(
    ("text", "name", "organisation"),
    [
        ("[River Trust spokesman Tom Hale] said.", "Tom Hale", "River Trust"),
        ("[Ada Marsh, head of the Bus Drivers' Union,] said.", "Ada Marsh", "Bus Drivers' Union"),
        ("Ada Marsh, head of the Bus Drivers’ Union, came. [Marsh] said.", "Ada Marsh", "Bus Drivers’ Union"),
        ("[Ada Marsh, general secretary of Tillers] said.", "Ada Marsh", "Tillers"),
        ("[Nell Okafor of the River Trust] said.", "Nell Okafor", "River Trust"),
        ("[Ada Marsh (chair of the Water Board)] said.", "Ada Marsh", "Water Board"),
        ("[Ada Marsh] of the Wend said.", "Ada Marsh", None),
        ("[Ada Marsh, minister for Water,] said.", "Ada Marsh", None),
        ("[Ada Marsh] met the head of the Bus Drivers' Union.", "Ada Marsh", None),
        ("[Ada Marsh, a hydrologist,] said.", "Ada Marsh", None),
    ],
)
def test_whom_a_person_speaks_for(text: str, name: str, organisation: str | None) -> None:
    (speaker,) = _speakers(text, "Anglers' Club")
    assert (speaker.name, speaker.organisation) == (name, organisation)


# ---- the article's own voice


@pytest.mark.parametrize("source", ["I", "We", "we", "us", "our trust", "We in the Trust", "our"])
def test_the_first_person_is_whose_article_it_is(source: str) -> None:
    assert _speakers(f"It rained. [{source}] said.") == [Speaker("River Trust", own=True)]
    assert _speakers(f"It rained. [{source}] said.", None) == [Speaker(None, own=True)]


@pytest.mark.parametrize("source", ["US", "our neighbours", "Iris"])
def test_what_only_looks_like_the_first_person(source: str) -> None:
    assert not _speakers(f"It rained. [{source}] said.")[0].own


def test_the_first_person_in_somebody_s_words_is_that_somebody() -> None:
    text = "“I say it rains,” said Ada Marsh."
    speakers = Speakers(Article("a", text, group="River Trust"), sentences(text), [quotation.inner for quotation in quotations(text)])
    ada = speakers.of(Span(text.index("Ada"), len(text) - 1))
    assert speakers.of(Span(1, 2), within=ada) == ada


# ---- pronouns


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[Ada Marsh] said it is dry. [She] added that it rains. [She] continued.", ["Ada Marsh"] * 3),
        ("[Ada Marsh] said it is dry. [Tom Hale] said it is wet. [She] went on.", ["Ada Marsh", "Tom Hale", "Ada Marsh"]),
        ("[Tom Hale] said it is dry. Ben Vane came in. [He] said it is wet.", ["Tom Hale", "Ben Vane"]),
        ("[Tom Hale] said it is dry. Then a letter about Ben Vane came. [He] went on.", ["Tom Hale", "Tom Hale"]),
        ("[Tom Hale] said it is dry. We saw Ben Vane there. [He] went on.", ["Tom Hale", "Tom Hale"]),
        ("Tom Hale met Ben Vane. [He] said it is wet.", ["Tom Hale"]),
        ("Before Ben Vane, Tom Hale spoke. [He] said it is wet.", ["Tom Hale"]),
        ("When Tom Hale came, [he] said it is wet.", ["Tom Hale"]),
        ("[Tom Hale] spoke. “Ben Vane left,” [he] said.", ["Tom Hale", "Tom Hale"]),
        ("[Mr Obote] said it is dry. [He] said it is wet. [She] said no.", ["Obote", "Obote", "She"]),
        ("[Ada Marsh] said it is dry. [He] said it is wet.", ["Ada Marsh", "He"]),
        ("It rained. [She] said it is wet. [He] agreed.", ["She", "He"]),
        ("[ada marsh] said it is dry. [she] said it is wet.", ["ada marsh", "she"]),
        ("Tom Hale, [who] said so, met a man [who] said no. It rained. [Who] said so?", ["Tom Hale", "a man", "Who"]),
    ],
)
def test_he_and_she(text: str, names: list[str]) -> None:
    assert _names(text) == names


def test_a_pronoun_far_from_any_name_stays() -> None:
    assert _names("[Ada Marsh] said it is dry. " + "The river is low and it falls. " * 60 + "[She] said so.") == ["Ada Marsh", "She"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[The River Board] said it would wait. [It] added that it rains.", ["River Board", "River Board"]),
        ("[The River Board] said it would wait. The Guild laughed. [It] added that it rains.", ["River Board", "It"]),
        ("[Ada Marsh] said it is dry. [It] is said so.", ["Ada Marsh", "It"]),
        ("[Several farmers] said it is dry. [They] added that it rains.", ["Several farmers", "Several farmers"]),
        ("[Farmers] said it is dry. [They] added that it rains.", ["Farmers", "Farmers"]),
        ("[Ada Marsh and Tom Hale] said it is dry. [They] added that it rains.", ["Ada Marsh and Tom Hale"] * 2),
        ("[Ada Marsh] said it is dry. [They] added that it rains.", ["Ada Marsh", "They"]),
        ("[Farmers] said it is dry. [He] said no.", ["Farmers", "He"]),
        ("The farmers and the River Board, [which] said so, met.", ["River Board"]),
        ("The Trust and the Guild, [which] said so, met.", ["Trust and the Guild"]),
    ],
)
def test_it_they_and_which(text: str, names: list[str]) -> None:
    assert _names(text, None) == names


# ---- descriptions


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ruth Amadi, the minister for water, came. [The minister] said so.", "Ruth Amadi"),
        ("Minister Ruth Amadi came. [The minister] said so.", "Ruth Amadi"),
        ("The former minister Ruth Amadi came. [The minister] said so.", "Ruth Amadi"),
        ("Its minister, Ruth Amadi, came. [The minister] said so.", "Ruth Amadi"),
        ("Ruth Amadi, who is the minister, came. [The minister] said so.", "Ruth Amadi"),
        ("The Soil minister Ruth Amadi came. [The Soil minister] said so.", "Ruth Amadi"),
        ("[The minister] said so.", "The minister"),
        ("Minister Ruth Amadi met the minister Tom Hale. [The minister] said so.", "The minister"),
        ("Ruth Amadi, who met the minister, came. [The minister] said so.", "The minister"),
        ("The minister told Ruth Amadi. [The minister] said so.", "The minister"),
        ("[The minister] said so. Minister Ruth Amadi came.", "The minister"),
        ("Minister Ruth Amadi came. [A minister] said so.", "A minister"),
        ("Minister Ruth Amadi came. [The mayor] said so.", "The mayor"),
        ("Minister Ruth Amadi came. [The Soil minister] said so.", "The Soil minister"),
    ],
)
def test_a_role_is_a_person_where_exactly_one_has_it(text: str, name: str) -> None:
    assert _names(text)[-1] == name


@pytest.mark.parametrize(
    ("text", "name", "own"),
    [
        ("The Water Party won. [The party] said so.", "Water Party", False),
        ("The Water Party beat the Mill Party. [The party] said so.", "The party", False),
        ("The Bus Drivers' Union met. [The union] said so.", "Bus Drivers' Union", False),
        ("The Bus Drivers' Union met. [The Union] said so.", "Bus Drivers' Union", False),
        ("The Bus Drivers' Union met the Millers' Union. [The union] said so.", "The union", False),
        ("[The union] said so. The Bus Drivers' Union met.", "The union", False),
        ("[The trust] said so.", "River Trust", True),
        ("[The Trust] said so.", "River Trust", True),
        ("The Soil Trust met. [The trust] said so.", "The trust", False),
        ("The Soil Trust met. [The Trust] said so.", "Trust", False),
        ("The Water Party won. [A party] said so.", "A party", False),
    ],
)
def test_a_body_is_meant_where_exactly_one_is_named(text: str, name: str, own: bool) -> None:
    speaker = _speakers(text)[-1]
    assert (speaker.name, speaker.own) == (name, own)


# ---- any text


@pytest.mark.parametrize("source", ["", "the", "a", "of", "and", " "])
def test_a_source_without_a_noun_is_nobody(source: str) -> None:
    assert _names(f"It rained. [{source}] said.") == [None]


def test_no_source_is_nobody() -> None:
    assert Speakers(Article("a", "It rained."), [], []).of(None) == Speaker(None)


_PIECES = st.sampled_from(
    [
        "Ada Marsh ", "Mr Marsh ", "Tom Hale, ", "she ", "He ", "They ", "it ", "which ", "who ", "the minister ", "The party ",
        "River Party ", "I ", "we ", "our trust ", "said. ", "spokesman ", "head of the ", "’s ", "“", "”", "\n", "(", ")", ", ", " - ",
        "🦦", "e\u0301", "\x00", "ʼ",
    ]
)  # fmt: skip


@given(
    st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=30).map("".join)),
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 30)), max_size=6),
    st.sampled_from([None, "River Trust", "River Party"]),
)
def test_whatever_the_text_a_source_has_an_answer(text: str, places: list[tuple[int, int]], group: str | None) -> None:
    speakers = Speakers(Article("a", text, group=group), sentences(text), [quotation.inner for quotation in quotations(text)])
    for start, length in sorted(places):
        source = Span(min(start, len(text)), min(start + length, len(text)))
        speaker = speakers.of(source)
        assert speaker.name is None or speaker.name.strip()
        assert not speaker.own or speaker.name == group


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["Ada Marsh said. She said. ", "A. ", "Ab ", "the minister ", "“a ", "he ", "Ada Marsh, head of the Union, "]
)
def test_time_grows_with_length_only(piece: str) -> None:
    def made(length: int) -> tuple[str, list[Span], list[Span]]:
        text = repeated(piece)(length)
        spans = [Span(start, min(start + 300, length)) for start in range(0, length, 300)]
        return text, spans, [quotation.inner for quotation in quotations(text)]

    def asked(given: tuple[str, list[Span], list[Span]]) -> None:
        text, spans, quoted = given
        speakers = Speakers(Article("a", text, group="River Trust"), spans, quoted)
        for at in range(0, len(text) - 100, 1000):
            for match in re.finditer(r"She|he|Marsh|the minister", text[at : at + 40]):
                speakers.of(Span(at + match.start(), at + match.end()))

    check_growth(made, asked, 100_000)
