"""What stands between quotation marks: marks of every kind, nested, left open, and what only looks like one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from growth import check_growth, repeated
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.quotations import quotations


def _inner(text: str) -> list[str]:
    return [quotation.inner.of(text) for quotation in quotations(text)]


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("“", "”"), ('"', '"'), ("‘", "’"), ("'", "'"), ("«", "»"), ("« ", " »"), ("»", "«"), ("„", "“"), ("„", "”"), ("‚", "‘"),
        ("''", "''"), ("``", "''"), ("‹", "›"), ("「", "」"), ("『", "』"),
    ],
)  # fmt: skip
def test_marks_of_every_kind(opens: str, closes: str) -> None:
    text = f"She said {opens}every litre counts,{closes} and left."
    (quotation,) = quotations(text)
    assert quotation.span.of(text) == f"{opens}every litre counts,{closes}"
    assert quotation.inner.of(text).strip() == "every litre counts,"
    assert not quotation.open
    assert quotation.words(text) == 3


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("“One,” said Ada. “Two.”", ["One,", "Two."]),
        ('"One," said Ada. "Two."', ["One,", "Two."]),
        ("‘One,’ said Ada. ‘Two.’", ["One,", "Two."]),
        ("(“One”) [“two”] —“three”", ["One", "two", "three"]),
        ('**"One"** and _"two"_', ["One", "two"]),
        ("“My father told me, ‘Never,’ and he was right,” said Ada.", ["My father told me, ‘Never,’ and he was right,"]),
        ("‘My father told me, “Never,” and he was right,’ said Ada.", ["My father told me, “Never,” and he was right,"]),
        ("'He told me, \"Never,\" and was right,' she said.", ['He told me, "Never," and was right,']),
        ("\"'It is dry,' she told me,\" he said.", ["'It is dry,' she told me,"]),
        ("“She said “no” and left,” he said.", ["She said “no” and left,"]),
        ("«Elle dit «non» là»", ["Elle dit «non» là"]),
    ],
)
def test_the_outermost_quotations_in_order(text: str, inner: list[str]) -> None:
    assert _inner(text) == inner


@pytest.mark.parametrize(
    "text",
    [
        "The workers' plan and the farmers' plan",
        "It's the river's bed, isn't it",
        "’Tis dry, give ’em rain",
        "'Tis dry, and rock 'n' roll is loud",
        "In '68 the workers' strike and in the '70s the floods",
        "‘68 was the workers’ year",
        "a 5\" pipe and a 6' wall",
        '""',
        "“”",
        '" "',
        "'",
        'said "',
        "",
        "\n\n",
    ],
)
def test_apostrophes_and_lone_marks_are_none(text: str) -> None:
    assert _inner(text) == []


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("‘It doesn’t rain in the farmers’ fields,’ she said.", ["It doesn’t rain in the farmers’ fields,"]),
        ("'It doesn't rain in the farmers' fields,' she said.", ["It doesn't rain in the farmers' fields,"]),
        ("It named ‘red lines’ and ‘bad faith’.", ["red lines", "bad faith"]),
        ("It named 'red lines' and 'bad faith'.", ["red lines", "bad faith"]),
        ("‘The rights are theirs’ is what he said.", ["The rights are theirs"]),
        ("‘In the ’90s it rained,’ he said.", ["In the ’90s it rained,"]),
    ],
)
def test_apostrophes_inside_single_marks(text: str, inner: list[str]) -> None:
    assert _inner(text) == inner


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("“Every litre counts,“ she said. “Mend it.”", ["Every litre counts,", "Mend it."]),
        ("“Mend “the pipe,” he said. “And go.”", ["Mend “the pipe,", "And go."]),
        ('“Every litre counts," she said. "Mend it."', ["Every litre counts,", "Mend it."]),
        ('"Every litre counts,” she said. "Mend it."', ["Every litre counts,", "Mend it."]),
        ('"She called it “the pool,” he said," wrote Ada.', ["She called it “the pool,” he said,"]),
        ("``Every litre counts,\" she said. ``Mend it.''", ["Every litre counts,", "Mend it."]),
    ],
)
def test_marks_that_do_not_match(text: str, inner: list[str]) -> None:
    assert _inner(text) == inner


def test_paragraphs_of_one_quotation_are_open_but_the_last() -> None:
    text = "“Every litre counts.  \n\n“Mend the pipe.\n\n“And go,” said Ada."
    found = quotations(text)
    assert [(quotation.inner.of(text), quotation.open) for quotation in found] == [
        ("Every litre counts.", True),
        ("Mend the pipe.", True),
        ("And go,", False),
    ]


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("She said: “Every litre counts.\nThe rest slept.", ["Every litre counts."]),
        ('She said, "Every litre counts.\r\nThe rest slept.', ["Every litre counts."]),
        ("The pool “by the weir is cold.\nThe rest slept.", []),
        ("the ‘pool by the weir is cold.", []),
        ("‘The pool is cold.", []),
    ],
)
def test_what_is_left_open_runs_to_the_end_of_its_line_where_speech_may_start(text: str, inner: list[str]) -> None:
    assert _inner(text) == inner
    assert all(quotation.open for quotation in quotations(text))


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\u2029"])
def test_none_runs_over_the_end_of_a_line(end: str) -> None:
    assert _inner(f"“Every litre{end}counts”") == ["Every litre"]


_PIECES = st.sampled_from(
    [
        *"“”„«»‘’‚‹›「」『』\"'`()—s", "''", "``", " ", ". ", ", ", ": ", "\n", "\r\n", "\u2028", "word", "’s ", "\u00a0", "\u200b",
        "e\u0301", "🦦", "\x00",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=60).map("".join)))
def test_whatever_the_text_quotations_are_places_apart_and_in_order(text: str) -> None:
    found = quotations(text)
    for quotation in found:
        assert 0 <= quotation.span.start < quotation.inner.start < quotation.inner.end <= quotation.span.end <= len(text)
        assert quotation.open == (quotation.inner.end == quotation.span.end)
        assert not set(quotation.span.of(text)) & set("\r\n\u2028\u2029")
    assert all(before.span.end <= after.span.start for before, after in pairwise(found))


@pytest.mark.slow
@pytest.mark.parametrize("before", ["", "x "])
@pytest.mark.parametrize(
    "piece",
    [
        *"“”„«‘'\"", "''", "``", "“a ", "“a “b” ", "‘a ", "'a ", "‘as’ ", "'as' ", "``a\" ", "«a ", "“a\" ", "\"a ”", "a", "’s ",
    ],
)  # fmt: skip
def test_time_grows_with_length_only(before: str, piece: str) -> None:
    made = repeated(piece)
    check_growth(lambda length: before + made(length), quotations, 100_000)
