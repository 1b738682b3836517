"""Names of people and bodies in a text: where they stand, which titles they carry, and which of them are one person."""

from __future__ import annotations

from itertools import pairwise

import pytest
from growth import check_growth, repeated
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.names import BODY_NOUNS, PERSON_ROLES, ROLES, TITLES, Names, names_in
from qa.types import Span
from qa.words import BODY_WORDS


def _names(text: str) -> list[str]:
    return [name.text for name in names_in(text, Span(0, len(text)))]


def _person(text: str, name: str) -> str | None:
    """Return whose name the last `name` in a text is."""
    names = Names(text)
    return names.person([found for found in names.all if found.text == name][-1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Yesterday Ada Marsh came.", ["Ada Marsh"]),
        ("However, Marsh came.", ["Marsh"]),
        ("Our Ada Marsh asked if I came.", ["Ada Marsh"]),
        ("Nobody told Ada I came.", ["Ada"]),
        ("In May Ada Marsh left.", ["Ada Marsh"]),
        ("Ada  Marsh and Ada\u00a0Marsh", ["Ada Marsh", "Ada Marsh"]),
        ("Zoë Crépin met Élise Ødegård.", ["Zoë Crépin", "Élise Ødegård"]),
        ("Zoe\u0308 Marsh", ["Zoe\u0308 Marsh"]),
        ("Ludwig van der Berg met Juan de la Cruz.", ["Ludwig van der Berg", "Juan de la Cruz"]),
        ("R. D. Hale and J.B. Marsh", ["R. D. Hale", "J.B. Marsh"]),
        ("Tom Hale-Smith, McRae, O’Neil", ["Tom Hale-Smith", "McRae", "O’Neil"]),
        ("Dr. Hale came. Mr. Vane left.", ["Hale", "Vane"]),
        ("We saw Hester Vane. Low Mill is closed.", ["Hester Vane", "Low Mill"]),
        ("We saw the żaba and the Łódź boats; דג הים.", ["Łódź"]),
        ("X and Y", []),
        ("ada marsh of the river trust came", []),
        ("", []),
    ],
)
def test_names_without_the_words_around_them(text: str, found: list[str]) -> None:
    assert _names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the River Trust's plan", ["River Trust"]),
        ("the Upper Valley Water Board (UVWB)", ["Upper Valley Water Board", "UVWB"]),
        ("the Bank of the Wend", ["Bank of the Wend"]),
        ("the Ministry of Water and Soil", ["Ministry of Water and Soil"]),
        ("the River and Harbour Committee", ["River and Harbour Committee"]),
        ("the Mill Owners' Guild", ["Mill Owners' Guild"]),
        ("the Bus Drivers’ Union", ["Bus Drivers’ Union"]),
        ("the Tenants' Housing Association", ["Tenants' Housing Association"]),
        ("the Women's Institute", ["Women's Institute"]),
        ("the millers' Ada Marsh", ["Ada Marsh"]),
        ("the Trust’s Okello Obote", ["Okello Obote"]),
        ("the Trust and the Guild", ["Trust", "Guild"]),
        ("the River Trust and the Mill Owners' Guild", ["River Trust", "Mill Owners' Guild"]),
        ("WRT and FUW", ["WRT", "FUW"]),
        ("Ruth Amadi of the City Council", ["Ruth Amadi", "City Council"]),
        ("Ada Marsh's River Trust", ["Ada Marsh", "River Trust"]),
    ],
)
def test_names_of_bodies(text: str, found: list[str]) -> None:
    assert _names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ada Marsh and Ben Hale", ["Ada Marsh", "Ben Hale"]),
        ("Ada and Ben Marsh", ["Ada", "Ben Marsh"]),
        ("Ada Marsh and Ben Hale and Ruth Amadi", ["Ada Marsh", "Ben Hale", "Ruth Amadi"]),
        ("Okello Obote and Marisol Quispe", ["Okello Obote", "Marisol Quispe"]),
        ("Ada Marsh and the River Trust", ["Ada Marsh", "River Trust"]),
        ("Mr Hale and President Marsh", ["Hale", "Marsh"]),
    ],
)
def test_names_beside_each_other_are_two(text: str, found: list[str]) -> None:
    assert _names(text) == found


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("Mr Hale", "Hale", ("mr",)),
        ("Mrs. Hale", "Hale", ("mrs",)),
        ("Sen. Ann Lee", "Ann Lee", ("sen",)),
        ("President Ada Marsh", "Ada Marsh", ("president",)),
        ("U.S. President Ada Marsh", "Ada Marsh", ("u.s", "president")),
        ("Prime Minister Hester Vane", "Hester Vane", ("prime", "minister")),
        ("Deputy Mayor Mary Tench", "Mary Tench", ("deputy", "mayor")),
        ("General Secretary Ruth Amadi", "Ruth Amadi", ("general", "secretary")),
        ("Union President Doris Hall", "Doris Hall", ("president",)),
        ("Professor Ada Marsh of Wendford", "Ada Marsh", ("professor",)),
        ("Sir Tom Hale KC", "Tom Hale", ("sir",)),
        ("Tom Hale MP", "Tom Hale", ()),
        ("Rival Ann Lee", "Ann Lee", ()),
        ("the Trust's Nell Okafor", "Nell Okafor", ()),
        ("Nell Okafor of the Trust", "Nell Okafor", ()),
        ("Ada Marsh's River Trust", "Ada Marsh", ()),
        ("Queen Ruth of the Wend", "Ruth", ("queen",)),
    ],
)
def test_titles_and_bodies_around_a_person(text: str, name: str, title: tuple[str, ...]) -> None:
    first = next(names_in(text, Span(0, len(text))))
    assert (first.text, first.title) == (name, title)
    assert first.person


@pytest.mark.parametrize(
    "text", ["River Trust", "Mill Owners' Guild", "Wendford City Council", "WRT", "Party of the Wend", "Marsh", "Low Mill"]
)
def test_what_is_not_known_to_be_a_person(text: str) -> None:
    (name,) = names_in(text, Span(0, len(text)))
    assert not name.person


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Ada Marsh", "f"),
        ("Tom Hale", "m"),
        ("Mrs Hale", "f"),
        ("Mr Hale", "m"),
        ("Lady Tom", "f"),
        ("Dr Hale", None),
        ("Okello Obote", None),
    ],
)
def test_gender_by_title_or_given_name(text: str, gender: str | None) -> None:
    (name,) = names_in(text, Span(0, len(text)))
    assert name.gender == gender


def test_a_name_over_the_end_of_a_hard_wrapped_line() -> None:
    text = "The committee met in the Corn Hall on 11 May, and Councillor Mary\nTench took the chair with Tom\nThe rest sat down."
    assert _names(text) == ["Corn Hall", "Mary\nTench".replace("\n", " "), "Tom"]
    assert _names("Ada Marsh\nTom Hale") == ["Ada Marsh", "Tom Hale"]


def test_a_first_word_after_a_wrapped_line_is_no_part_of_the_name() -> None:
    assert _names("Nobody knows how the water gets all the way to the Wend\nThe pump stands still.") == ["Wend"]


@pytest.mark.parametrize(
    ("text", "name", "person"),
    [
        ("Ada Marsh came. Marsh spoke.", "Marsh", "Ada Marsh"),
        ("Ada Jane Marsh came. Ada Marsh spoke.", "Ada Marsh", "Ada Jane Marsh"),
        ("Okello Obote came. Obote spoke.", "Obote", "Okello Obote"),
        ("Ada Marsh came with Ben Marsh. Marsh spoke.", "Marsh", None),
        ("Ada Marsh came with Ben Marsh. Mr Marsh spoke.", "Marsh", "Ben Marsh"),
        ("Ada Marsh came with Ben Marsh. Mrs Marsh spoke.", "Marsh", "Ada Marsh"),
        ("Mrs Ada Marsh came with Kit Marsh. Mr Marsh spoke.", "Marsh", "Kit Marsh"),
        ("President Ada Marsh came with Ben Marsh. President Marsh spoke.", "Marsh", "Ada Marsh"),
        ("Ada Marsh came. MARSH spoke.", "MARSH", "Ada Marsh"),
        ("Ada Marsh came. ADA MARSH spoke.", "ADA MARSH", "Ada Marsh"),
        ("Ada Marsh came with Ben Marsh. MARSH spoke.", "MARSH", None),
        ("Mr Obote spoke.", "Obote", "Obote"),
        ("Nell Okafor of the Trust came. Okafor spoke.", "Okafor", "Nell Okafor"),
        ("Nell Okafor of the Trust came.", "Nell Okafor", "Nell Okafor"),
        ("Ada Marsh and Ben Hale came. Hale spoke.", "Hale", "Ben Hale"),
        ("The River Trust came. The Trust spoke.", "Trust", None),
        ("Low Mill is closed.", "Low Mill", None),
    ],
)
def test_whose_name_it_is(text: str, name: str, person: str | None) -> None:
    assert _person(text, name) == person


def test_what_contradicts_itself_tells_no_gender() -> None:
    assert Names("Mr Kit Marsh came. Mrs Kit Marsh left. Ada Hale stayed.").genders == {"Ada Hale": "f"}


@pytest.mark.parametrize("words", [TITLES, ROLES, BODY_WORDS, BODY_NOUNS, PERSON_ROLES])
def test_word_lists_are_in_small_letters(words: frozenset[str]) -> None:
    assert all(word == word.lower() and word for word in words)


_PIECES = st.sampled_from(
    [
        "Ada ", "Marsh ", "Mr ", "Mrs. ", "President ", "Union ", "Owners' ", "Guild ", "and ", "of the ", "van der ", "’s ", "'", "’", "-",
        "A. ", "I ", "U.S. ", ". ", "\n", "\r\n", "\u2028", "É", "ß", "ǅ", "İ", "e\u0301", "🦦 ", "שלום ",
        "x" * 60, "MARSH ", "MP ", "\x00", "\u00a0",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=40).map("".join)))
def test_whatever_the_text_names_are_places_in_order(text: str) -> None:
    found = Names(text)
    for name in found.all:
        assert 0 <= name.span.start < name.span.end <= len(text)
        assert " ".join(name.span.of(text).split()) == name.text
        assert name.words
        found.person(name)
    assert all(before.span.end <= after.span.start for before, after in pairwise(found.all))
    assert set(found.genders.values()) <= {"f", "m"}


@given(st.text(max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_names_stay_within_the_stretch_that_is_asked_for(text: str, start: int, end: int) -> None:
    assert all(start <= name.span.start and name.span.end <= max(start, end) for name in names_in(text, Span(start, end)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "A",
        "A ",
        "A. ",
        "A. A. A. ",
        "Ab",
        "Ab ",
        "Ab-",
        "Ab of ",
        "Ab and ",
        "Ab Union and ",
        "Ab’s ",
        "as' ",
        "Abs' ",
        "Ada Marsh ",
        "Mr ",
        "É",
        "'",
    ],
)
def test_time_grows_with_length_only(piece: str) -> None:
    check_growth(repeated(piece), lambda text: Names(text).genders, 100_000)
