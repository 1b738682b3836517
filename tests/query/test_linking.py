"""Names: whoever is asked is found however the name is typed, and nobody is taken for somebody else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.query.linking import Entity, Linker, fold, likeness, linked

GROUPS = ["Harbour Pilots' Association", "Workers' Front of the Isles", "The Tidewater Gazette", "Isles Party (Marxist)"]
PEOPLE = ["Ines Holm", "Petra Holm", "Tomas Wrede", "Özlem Şahin", "Łukasz Ørsted", "Mary-Jane van der Berg", "Nikos O'Malley"]


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker([*((Entity("group", name), name) for name in GROUPS), *((Entity("speaker", name), name) for name in PEOPLE)])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("harbour pilots", GROUPS[0]),
        ("HPA", GROUPS[0]),
        ("the harbor pilots association's", GROUPS[0]),
        ("pilots association", GROUPS[0]),
        ("workers front", GROUPS[1]),
        ("WORKERS' FRONT", GROUPS[1]),
        ("tidewater gazzette", GROUPS[2]),
        ("isles party", GROUPS[3]),
        ("petra holm", "Petra Holm"),
        ("petra hollm", "Petra Holm"),
        ("wrede's", "Tomas Wrede"),
        ("ozlem sahin", "Özlem Şahin"),
        ("ÖZLEM ŞAHİN", "Özlem Şahin"),
        ("lukasz orsted", "Łukasz Ørsted"),
        ("van der berg", "Mary-Jane van der Berg"),
        ("omalley", "Nikos O'Malley"),
    ],
)
def test_a_name_is_found_however_it_is_typed(linker: Linker, typed: str, meant: str) -> None:
    best = linker.matches(typed)[0]
    assert best.entity.name == meant
    assert best.score >= linked()


@pytest.mark.parametrize("typed", ["Ines Wrede", "Bob Ross", "Tomas Holm", "harbour seals trust", "42", "", "of the"])
def test_a_name_that_nobody_has_is_nobody(linker: Linker, typed: str) -> None:
    assert all(match.score < linked() for match in linker.matches(typed))


def test_a_surname_of_two_is_both(linker: Linker) -> None:
    first, second, *_ = linker.matches("holm")
    assert {first.entity.name, second.entity.name} == {"Ines Holm", "Petra Holm"}
    assert first.score == second.score


@given(st.text(max_size=60))
def test_folding_is_the_same_twice_and_for_composed_and_decomposed_letters(text: str) -> None:
    words = fold(text)
    assert fold(" ".join(words)) == words
    assert all(word == word.strip() and word for word in words)
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text("abcdefgh", min_size=1, max_size=12), st.text("abcdefgh", min_size=1, max_size=12))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= likeness(one, other) <= 1.0
    assert likeness(one, one) == 1.0
