"""Sentences and windows are places: whatever the text, the words at the place are the words, and nothing is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from articles import FILES
from hypothesis import given
from hypothesis import strategies as st

from qa.passages import LONG_SENTENCE, LONGEST_SENTENCE, sentences, windows
from qa.types import Passage, Span

# What texts are made of where things go wrong: marks, abbreviations, odd white space, other scripts.
_PIECES = st.sampled_from(
    [
        "Dr. ", "e.g. ", "R. D. ", "3.5 ", "“", "”", '"', "'", "‘", "’", "(", ")", ". ", "? ", "!” ", "… ", "。", "؟ ", "\n", "\r\n",
        "\n\n", "\r", "\u2028", "\x0b", "\x0c", "\x1c", "\x85", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x00", "  ", "word ", "River ",
        "e\u0301 ", "🦦 ", "👧🏽 ", "שלום. ", "الماء ", "# Heading\n", "- item\n", "x" * 60 + " ", "water " * 90, "y" * 1300,
    ]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=50).map("".join))
_WATER = "The river is low and it is falling. "


def _words(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


def _windows(text: str, words: int) -> list[Passage]:
    return list(windows("a", text, sentences(text), words))


@given(_TEXTS)
def test_every_sentence_is_a_trimmed_place_and_nothing_is_lost(text: str) -> None:
    end = 0
    for span in sentences(text):
        assert span.of(text)
        assert span.of(text) == span.of(text).strip()
        assert span.end - span.start <= max(LONGEST_SENTENCE, LONG_SENTENCE)
        assert span.start >= end
        assert not text[end : span.start].strip()
        end = span.end
    assert not text[end:].strip()


@given(_TEXTS, st.integers(1, 60))
def test_windows_hold_each_sentence_once_within_the_limit(text: str, words: int) -> None:
    spans = sentences(text)
    passages = list(windows("a", text, spans, words))
    assert tuple(span for passage in passages for span in passage.sentences) == spans
    for passage in passages:
        assert passage.article_id == "a"
        assert passage.span == Span(passage.sentences[0].start, passage.sentences[-1].end)
        assert passage.span.of(text) == passage.span.of(text).strip()
        lengths = [len(span.of(text).split()) for span in passage.sentences]
        assert sum(lengths) <= words or len(lengths) == 1


@given(_TEXTS, st.integers(1, 60))
def test_windows_are_as_full_as_they_may_be(text: str, words: int) -> None:
    passages = _windows(text, words)
    for passage, following in pairwise(passages):
        together = [*passage.sentences, following.sentences[0]]
        assert sum(len(span.of(text).split()) for span in together) > words


@pytest.mark.parametrize("name", FILES)
def test_places_hold_in_the_small_corpus(name: str) -> None:
    text = FILES[name]
    spans = sentences(text)
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())
    assert len(spans) >= 10


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t", "\u2028\x0b\u3000"])
def test_no_words_are_no_sentences(text: str) -> None:
    assert sentences(text) == ()
    assert list(windows("a", text, ())) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Marsh measured it. It was dry.", ["Dr. Marsh measured it.", "It was dry."]),
        ("R. D. Hale lost a third. He wept.", ["R. D. Hale lost a third.", "He wept."]),
        ("It cost money, i.e. about £2.3 million. We paid.", ["It cost money, i.e. about £2.3 million.", "We paid."]),
        ("“Is that too much?” she asked. We think not.", ["“Is that too much?” she asked.", "We think not."]),
        ("She asked, “Is that too much?” We think not.", ["She asked, “Is that too much?”", "We think not."]),
        ("He said: “Mend the pipe. Then talk.” We did.", ["He said: “Mend the pipe. Then talk.”", "We did."]),
        ("“It hailed!” he cried.", ["“It hailed!” he cried."]),
        ("One.\r\nTwo.\r\n", ["One.", "Two."]),
        ("שלום לכם. Good day.", ["שלום לכם.", "Good day."]),
        ("🦦🦦 are back. Zoe\u0308 saw them.", ["🦦🦦 are back.", "Zoe\u0308 saw them."]),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert _words(text) == expected


def test_equal_sentences_are_different_places() -> None:
    text = "The river is ours. We know. The river is ours."
    assert sentences(text) == (Span(0, 18), Span(19, 27), Span(28, 46))


def test_a_heading_stands_alone() -> None:
    text = "We spoke before\n\n## What would change\n\nA farm could still fill a reservoir."
    assert _words(text) == ["We spoke before", "## What would change", "A farm could still fill a reservoir."]


def test_a_line_that_is_a_paragraph_stays_one() -> None:
    text = f"{_WATER * 4}It\n{_WATER * 4}It"
    assert _words(text).count("It") == 2


def test_a_sentence_runs_over_the_rows_of_hard_wrapped_text() -> None:
    text = (
        "The committee met in the Corn Hall on 11 May at ten. Councillor Mary\n"
        "Tench took the chair and nineteen members of the public were there.\n"
        "She said that no decision on abstraction would be taken before the\n"
        "autumn.\n"
        "\n"
        "The River Trust spoke first."
    )
    found = _words(text)
    assert found[1].startswith("Councillor Mary\nTench")
    assert found[-2:] == ["She said that no decision on abstraction would be taken before the\nautumn.", "The River Trust spoke first."]


def test_rows_keep_their_places_with_carriage_returns() -> None:
    rows = [
        "The committee met in the Corn Hall on 11 May at ten and Mary",
        "Tench took the chair while nineteen members of the public sat",
        "and listened to the rain on the roof until the clock struck one.",
    ]
    text = "\r\n".join(rows)
    assert _words(text) == [text]


def test_a_long_quotation_is_cut_inside() -> None:
    quotation = "“" + (_WATER * 20).strip() + "”"
    text = f"The engineer said: {quotation}"
    found = _words(text)
    assert len(found) == 20
    assert found[0].startswith("The engineer said: “The river is low")
    assert found[-1] == "The river is low and it is falling.”"


def test_a_quotation_that_is_not_long_stays_with_what_introduces_it() -> None:
    text = "The engineer said: “" + (_WATER * 8).strip() + "”"
    assert len(text) <= LONG_SENTENCE
    assert _words(text) == [text]


def test_words_without_any_end_are_cut_at_a_space() -> None:
    text = "water " * 700
    found = _words(text)
    assert len(found) > 1
    assert all(set(piece.split()) == {"water"} for piece in found)


def test_a_word_without_any_end_is_cut_all_the_same() -> None:
    assert [len(piece) for piece in _words("x" * (LONGEST_SENTENCE + 1))] == [LONGEST_SENTENCE, 1]


def test_a_sentence_longer_than_a_window_is_one_by_itself() -> None:
    text = "Short one. " + "long " * 30 + "end. Short two."
    assert [len(passage.sentences) for passage in _windows(text, 10)] == [1, 1, 1]
