"""Copies: the same words whatever stands between them, and texts that have half of their words in common."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.index.copies import ALIKE, BANDS, FEWEST_WORDS, bands, fingerprint, is_short, likeness

WORDS = [
    f"{beginning}{end}" for beginning in ("wa", "ri", "mo", "sta", "lo", "fen") for end in ("ter", "ver", "nde", "lk", "mmel", "dge", "")
]


def _text(words: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [chance.choice(WORDS) for _ in range(words)]


def _edited(words: list[str], share: float, seed: int) -> list[str]:
    """Return the words with this share of them in a row replaced, as an editor would who rewrites the end."""
    kept = round(len(words) * (1 - share))
    return words[:kept] + _text(len(words) - kept, seed)


def test_marks_lines_and_capitals_make_no_other_text() -> None:
    assert fingerprint("The river,\n\nits “banks”. ") == fingerprint("the river — ITS banks")
    assert fingerprint("the river its banks") != fingerprint("the river its bank")
    assert fingerprint("!?") != fingerprint("?!")


@pytest.mark.slow
@pytest.mark.parametrize("words", [40, 300, 5000])
@pytest.mark.parametrize(("share", "alike"), [(0.0, True), (0.1, True), (0.25, True), (0.6, False), (1.0, False)])
def test_texts_with_half_their_runs_of_words_in_common_are_alike(words: int, share: float, alike: bool) -> None:
    found = 0
    for seed in range(20):
        one = _text(words, seed)
        first, second = " ".join(one), " ".join(_edited(one, share, seed + 1000))
        assert (likeness(first, second) >= ALIKE) is alike
        assert likeness(first, second) == likeness(second, first)
        found += bool(set(bands(first)) & set(bands(second)))
    assert found >= 18 if alike else found <= (14 if share < 1 else 1)


def test_short_texts_are_like_nothing() -> None:
    few = " ".join(_text(FEWEST_WORDS - 1, 1))
    assert is_short(few)
    assert bands(few) == []
    assert likeness(few, few) == 0.0
    assert not is_short(few + " more")


@given(st.text(max_size=400))
def test_any_text_has_a_fingerprint_and_bands(text: str) -> None:
    assert len(fingerprint(text)) == 64
    assert len(bands(text)) in (0, BANDS)
    assert 0.0 <= likeness(text, text + text) <= 1.0


def test_bands_are_the_same_in_every_run_of_the_program() -> None:
    found = bands(" ".join(_text(60, 5)))
    assert found[:2] == [2863402844186671310, 3254301803474329390]
    assert all(-(2**63) <= value < 2**63 for value in found)
