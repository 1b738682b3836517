"""Speech that the layout shows without a verb: turns of an interview, block quotes, mottos and letters; and what isn't any."""

from __future__ import annotations

from itertools import pairwise

import pytest
from growth import check_growth, repeated
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.layout import Shown, shown
from qa.attribution.quotations import quotations


def _found(text: str) -> list[Shown]:
    return shown(text, quotations(text))


def _said(text: str) -> list[tuple[str | None, list[str]]]:
    """Return source and what is said, for each."""
    return [(item.source.of(text) if item.source else None, [span.of(text) for span in item.content]) for item in _found(text)]


# ---- interviews


def test_questions_are_the_article_s_own_and_answers_somebody_s() -> None:
    text = (
        "A talk by the weir.\n\nQ: Why a limit?\n\nA: I want fish.\n\nThey want water.\n\nQ: And the mills?\n\nA: I like mills.\n\nThe end."
    )
    found = _found(text)
    assert [(item.own, [span.of(text) for span in item.content]) for item in found] == [
        (True, ["Why a limit?"]),
        (False, ["I want fish.", "They want water."]),
        (True, ["And the mills?"]),
        (False, ["I like mills."]),
    ]
    assert [item.source.of(text) if item.source else None for item in found] == ["Q", None, "Q", None]
    assert all(item.cue and item.cue.of(text) == ":" for item in found)


def test_answers_to_frequent_questions_are_the_article_s_own() -> None:
    text = "Q: How do we report a spill?\nA: Call the office.\nQ: When is it open?\nA: From nine to five, as your bill says."
    assert [item.own for item in _found(text)] == [True] * 4


_DEBATE = "Ada Marsh and Tom Hale met in the Corn Hall.\n\n{a}: We want a limit.\n\n{b}: Do you?\n\n{a}: We do.\n\nThen it rained."


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("MARSH", "HALE"),
        ("Marsh", "Hale"),
        ("Ada Marsh", "Tom Hale"),
        ("**Ada Marsh**", "**Tom Hale**"),
        ("__Marsh__", "__Hale__"),
        ("Dr Marsh", "Mr Hale"),
        ("AM", "Tom Hale"),
    ],
)
def test_names_before_colons_that_come_again_are_turns(a: str, b: str) -> None:
    first, second = a.strip("*_"), b.strip("*_")
    assert _said(_DEBATE.format(a=a, b=b)) == [(first, ["We want a limit."]), (second, ["Do you?"]), (first, ["We do."])]


def test_a_bold_name_with_its_colon() -> None:
    text = "**Ada Marsh:** We want a limit.\n\n**Tom Hale:** Do you?\n\n**Ada Marsh:** We do."
    assert [source for source, _ in _said(text)] == ["Ada Marsh", "Tom Hale", "Ada Marsh"]


def test_a_name_that_stands_alone_on_its_line() -> None:
    text = "Ada Marsh met Tom Hale.\nMarsh:\nWe want a limit.\nHale:\nMarsh:\nWe do.\nHale:\nDo you?\nThen it rained."
    assert _said(text) == [("Marsh", ["We want a limit."]), ("Marsh", ["We do."]), ("Hale", ["Do you?"])]


def test_whoever_has_a_role_and_talks_once_ends_the_turn_before() -> None:
    text = "Ada Marsh met Tom Hale.\nMARSH: We want it.\nHALE: Do you?\nCHAIR: Order.\nMARSH: We do.\nPhoto: A. Nonymous\nHALE: I see."
    assert _said(text) == [
        ("MARSH", ["We want it."]),
        ("HALE", ["Do you?"]),
        ("CHAIR", ["Order."]),
        ("MARSH", ["We do."]),
        ("HALE", ["I see."]),
    ]


def test_what_stands_behind_the_last_turn_is_the_article_s_again() -> None:
    assert _said(_DEBATE.format(a="Marsh", b="Hale"))[-1] == ("Marsh", ["We do."])


@pytest.mark.parametrize(
    "text",
    [
        "Phone: 01632 960001\nHours: nine to five\nPhone: 01632 960002\nHours: ten to four",
        "River Trust: 547\nMill Owners: 46\nRiver Trust: 2,316\nMill Owners: 1,547",
        "Director: Ada Marsh\nCast: Tom Hale, Ruth Amadi\nDirector: Hester Vane\nCast: Nell Okafor",
        "The River Trust: a history\n\nThe River Trust was founded in 1990.\n\nLow Mill: a history\n\nLow Mill is older.",
        "Host: City Council\nVenue: Corn Hall\nDate: 3 June",
        "Note: we were wrong.\nUpdate: we were right.\nNote: we were wrong again.",
        "Marsh: The owner of the mill.\nHale: The owner of the weir.\nMarsh: The owner of the mill.",
        "It was dry: there was no rain.\nIt was wet: there was rain.",
        "Ada Marsh: A limit, and soon",
    ],
)
def test_lists_and_headings_with_colons_are_no_interview(text: str) -> None:
    assert _said(text) == []


# ---- block quotes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("> Every litre counts.\n> Mend the pipe.\n\nThe rest.", [(None, ["Every litre counts.", "Mend the pipe."])]),
        ("> Every litre counts.\n>\n> Mend the pipe.", [(None, ["Every litre counts.", "Mend the pipe."])]),
        ("> Every litre counts.\n\n> Mend the pipe.", [(None, ["Every litre counts.", "Mend the pipe."])]),
        ("> One.\n\nThe rest.\n\n> Two.", [(None, ["One."]), (None, ["Two."])]),
        ("> Every litre counts.\n> — Ada Marsh", [("Ada Marsh", ["Every litre counts."])]),
        ("> Every litre counts.\n— Ada Marsh, hydrologist", [("Ada Marsh", ["Every litre counts."])]),
        ("> Every litre counts.\n\n— Ada Marsh (River Trust)", [("Ada Marsh", ["Every litre counts."])]),
        (
            "> Every litre counts.\n>\n> -- Dr. Ada Marsh of the River Trust",
            [("Dr. Ada Marsh of the River Trust", ["Every litre counts."])],
        ),
        ("> We want:\n> - Clean Water\n> - Open Sluices", [(None, ["We want:", "- Clean Water", "- Open Sluices"])]),
        (">Every litre counts.", [(None, ["Every litre counts."])]),
        ("As Ada Marsh wrote in May:\n\n> Every litre counts.", [("Ada Marsh", ["Every litre counts."])]),
        ("A letter from the River Trust:\n> Every litre counts.", [("River Trust", ["Every litre counts."])]),
        ("As Ada Marsh wrote to Tom Hale:\n\n> Every litre counts.", [(None, ["Every litre counts."])]),
        ("The rules for Low Mill:\n\n> Every litre counts.", [(None, ["Every litre counts."])]),
        ("As Ada Marsh wrote.\n\n> Every litre counts.", [(None, ["Every litre counts."])]),
        ("As Ada Marsh wrote:\n\n\n> Every litre counts.", [(None, ["Every litre counts."])]),
        (">\n>", []),
        ("5 > 3, and 3 > 1", []),
    ],
)
def test_block_quotes_with_their_credits(text: str, said: list[tuple[str | None, list[str]]]) -> None:
    assert _said(text) == said


# ---- mottos


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("“Every litre counts”\n― Ada Marsh\nThe river is low.", "Ada Marsh"),
        ("“Every litre counts”\n\n— Ada Marsh, hydrologist\n\nThe river is low.", "Ada Marsh"),
        ("“Every litre counts” — Ada Marsh\nThe river is low.", "Ada Marsh"),
        ('"Every litre counts" - Ada Marsh, hydrologist\nThe river is low.', "Ada Marsh"),
        ("“Every litre counts” – Dr. J. B. Marsh", "Dr. J. B. Marsh"),
        ("“Every litre counts”\n— Élise Ødegård.", "Élise Ødegård"),
        ("“Every litre counts”\n— Ada Marsh in The Furrow", "Ada Marsh"),
        ("“Every litre counts”\n— The River Trust", "The River Trust"),
        ("‘Every litre counts’\r\n— Ada Marsh\r\nThe river is low.", "Ada Marsh"),
    ],
)
def test_a_motto_is_credited_beside_or_below_it(text: str, source: str) -> None:
    (item,) = _found(text)
    assert item.source
    assert item.source.of(text) == source
    assert item.cue
    assert not item.cue.of(text).strip("―—–-")
    assert [span.of(text).strip('“”"‘’') for span in item.content] == ["Every litre counts"]


@pytest.mark.parametrize(
    "text",
    [
        "“Every litre counts”\nAda Marsh came.",
        "“Every litre counts” — Ada Marsh, who came, said so again and again.",
        "“Every litre counts” — and so does every fish.",
        "The motto “Every litre counts” — Ada Marsh",
        "“Every litre counts”\n- Clean Water\n- Open Sluices",
        "“Every litre counts”\n- Mend the pipe and the drain before the winter.",
        "“Every litre counts.\n— Ada Marsh",
        "The river is low.\n— Ada Marsh",
    ],
)
def test_a_dash_that_credits_nobody(text: str) -> None:
    assert _said(text) == []


# ---- letters


def test_a_letter_runs_from_its_greeting_to_its_signature() -> None:
    text = "We got this:\n\nDear Editor,\n\nI have seen the river.\n\nIt is low.\n\nYours sincerely,\n\nAda Marsh, Wendford\n\nWe agree."
    assert _said(text) == [("Ada Marsh, Wendford", ["I have seen the river.", "It is low."])]


@pytest.mark.parametrize("closing", ["Yours,", "Kind regards", "In solidarity with the mill hands,", "Sincerely", "Signed:"])
def test_closing_words_of_a_letter(closing: str) -> None:
    assert _said(f"To the editor:\nI have seen it.\n{closing}\nAda Marsh") == [("Ada Marsh", ["I have seen it."])]


@pytest.mark.parametrize(
    "text",
    [
        "Dear Editor,\nI have seen it.",
        "Dear Editor,\nI have seen it.\nYours,",
        "Dear Editor,\nYours,\nAda Marsh",
        "I have seen it.\nYours,\nAda Marsh",
        "Dear water is bad water.\nIn solidarity with the mill hands we marched. It rained.\nThen we went home.",
        "Dearly loved.\nI have seen it.\nYours,\nAda Marsh",
    ],
)
def test_what_is_no_whole_letter(text: str) -> None:
    assert _said(text) == []


# ---- any text

_PIECES = st.sampled_from(
    [
        "Q: Why?", "A: I do.", "MARSH: We do.", "Hale: Do you?", "Ada Marsh met Tom Hale.", "> Every litre", ">", "“Every litre counts”",
        "— Ada Marsh", "- Clean Water", "Dear Ada,", "Yours,", "Ada Marsh", "**Hale**: I do.", ":", "🦦", "\u2028", "\x00", " ", "",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=20).map("\n".join), st.lists(_PIECES, max_size=20).map("\r\n\r\n".join)))
def test_whatever_the_text_what_is_shown_are_places_in_it(text: str) -> None:
    found = _found(text)
    for item in found:
        assert item.content
        for span in (*item.content, *filter(None, (item.source, item.cue))):
            assert 0 <= span.start < span.end <= len(text)
            assert span.of(text) == span.of(text).strip()
        assert all(before.end <= after.start for before, after in pairwise(item.content))
        assert not item.source or not any(item.source.overlaps(span) for span in item.content)
    assert all(before.content[0].start <= after.content[0].start for before, after in pairwise(found))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        ":", ">", " ", "\n", ">\n", "A: I\n", "Ada: I\n", "**A", "— Ab\n", "“a”\n— Ab\n", "“a” — Ab\n", "Dear\n", "Dear\na\nYours\nA\n",
        "Ab ", "Ab of ", "“", "A. ",
    ],
)  # fmt: skip
def test_time_grows_with_length_only(piece: str) -> None:
    made = repeated(piece)
    check_growth(lambda length: (made(length), quotations(made(length))), lambda given: shown(*given), 100_000)
