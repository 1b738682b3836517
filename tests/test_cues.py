"""Saying told from thinking, wanting and doing; an utterance from one that was denied or is only asked for; somebody from anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.cues import communicates, is_told, names_somebody

_SAYING = (
    "said says told writes wrote adding stressed argues warned denied denies replied quipped admitted begged referring swore agreed claims"
    " claimed testified described labelled promised pledged vowed urged demanded rejects welcomes condemned asked tweeted called calls SAID"
    " lied found shows shown"
).split()
_PHRASES = [
    "according to", "in the words of", "in a statement", "in her letter", "in a joint statement", "made clear", "making it clear",
    "has repeatedly said", "pointed out", "put it", "called for", "described as", ":", "—", " - ", "'s words",
]  # fmt: skip
_NOT_SAYING = (
    "wants wanted hopes fears knows thinks believes plans voted expects supports backs supported sees saw marched used tried built won"
    " heard feels loves is appointed released going trying dying"
).split()


@pytest.mark.parametrize("cue", [*_SAYING, *_PHRASES])
def test_ways_of_saying(cue: str) -> None:
    assert communicates(cue)


@pytest.mark.parametrize("cue", [*_NOT_SAYING, "is aware of", "would like to see", "points to", "pointed to", "", "”", "…"])
def test_thinking_wanting_and_doing_are_not_saying(cue: str) -> None:
    assert not communicates(cue)


@pytest.mark.parametrize(
    ("before_source", "before_cue", "cue"),
    [
        ("", "Ada Marsh ", "said"),
        ("Then ", "Then Ada Marsh ", "has said"),
        ("", "Theresa May ", "said"),
        ("", "Ada Marsh, not Tom Hale, ", "said"),
        ("", "Ada Marsh ", "not only said"),
        ("", "Ada Marsh not only ", "said"),
        ("", "Ada Marsh, who cannot swim, ", "said"),
        ("", "It was dry, ", "according to"),
        ("", "", ""),
    ],
)
def test_what_was_uttered(before_source: str, before_cue: str, cue: str) -> None:
    assert is_told(before_source, before_cue, cue)


@pytest.mark.parametrize(
    ("before_source", "before_cue", "cue"),
    [
        ("", "Ada Marsh ", "never said"),
        ("", "Ada Marsh never ", "said"),
        ("", "Ada Marsh did not ", "say"),
        ("", "Ada Marsh ", "didn't say"),
        ("", "Ada Marsh didn’t ", "say"),
        ("", "Ada Marsh cannot ", "say"),
        ("", "Ada Marsh left without ", "saying"),
        ("", "Ada Marsh ", "refused to say"),
        ("", "Ada Marsh ", "declined to say"),
        ("", "Ada Marsh should ", "say"),
        ("", "Ada Marsh ", "should say"),
        ("", "Ada Marsh would never ", "say"),
        ("", "Ada Marsh might well ", "say"),
        ("", "Ada Marsh could have ", "said"),
        ("", "They asked Ada Marsh ", "to say"),
        ("", "They asked Ada Marsh to ", "say"),
        ("Not that ", "Not that Ada Marsh ", "said"),
        ("It isn’t that ", "Ada Marsh ", "said"),
        ("not because ", "Ada Marsh ", "said"),
        ("If ", "If Ada Marsh ", "says"),
        ("unless ", "unless Ada Marsh ", "says"),
        ("nobody knows whether ", "Ada Marsh ", "said"),
    ],
)
def test_what_was_not_uttered(before_source: str, before_cue: str, cue: str) -> None:
    assert not is_told(before_source, before_cue, cue)


@pytest.mark.parametrize(
    ("source", "speaker", "cue"),
    [
        ("Ada Marsh", "Ada Marsh", "demands"),
        ("Marsh", "Marsh", "accuses"),
        ("he", "Tom Hale", "demands"),
        ("he", "he", "demands"),
        ("the River Trust", "River Trust", "rejects"),
        ("the committee", "the committee", "demands"),
        ("the minister", "the minister", "denied"),
        ("a spokesman", "a spokesman", "denied"),
        ("officials", "officials", "demand"),
        ("critics", "critics", "accuse"),
        ("many", "many", "say"),
        ("several experts", "several experts", "say"),
        ("some farmers", "some farmers", "argue"),
        ("the man who sells eels", "the man who sells eels", "says"),
        ("the poll", "the poll", "found"),
        ("a report published in May", "a report published in May", "warns"),
        ("a study", "a study", "according to"),
        ("Both Ada Marsh and Tom Hale", "Both Ada Marsh and Tom Hale", "say"),
        ("it", "River Trust", "says"),
        ("ada marsh", "ada marsh", "said"),
    ],
)
def test_who_is_somebody(source: str, speaker: str, cue: str) -> None:
    assert names_somebody(source, speaker, cue)


@pytest.mark.parametrize(
    ("source", "speaker", "cue"),
    [
        ("many", "many", "demand"),
        ("some farmers", "some farmers", "demand"),
        ("socialists", "socialists", "demand"),
        ("the farmers", "the farmers", "demand"),
        ("the man who sells eels", "the man who sells eels", "demands"),
        ("the poll", "the poll", "demands"),
        ("those who fish", "those who fish", "say"),
        ("people", "people", "say"),
        ("everybody", "everybody", "says"),
        ("nobody", "nobody", "says"),
        ("you", "you", "say"),
        ("one", "one", "says"),
        ("it", "it", "says"),
        ("they", "they", "say"),
        ("who", "who", "said"),
        ("", "", "said"),
        ("", "", ""),
    ],
)
def test_who_is_anybody(source: str, speaker: str, cue: str) -> None:
    assert not names_somebody(source, speaker, cue)


@given(st.text(), st.text(), st.text())
def test_any_words_have_an_answer(one: str, two: str, three: str) -> None:
    assert communicates(one) in (True, False)
    assert is_told(one, two, three) in (True, False)
    assert names_somebody(one, two, three) in (True, False)
