"""Checking a pasted quote: who says it where, word for word or altered, by whom instead, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest
from articles import NOBODY, WordEncoder
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from qa import cli
from qa.answering.align import Fit, exact, fit
from qa.answering.words import readings, words_of
from qa.errors import QuestionError
from qa.library import Library, build
from qa.models.encoder import SentenceEncoder
from qa.settings import LONGEST_QUOTE
from qa.types import Article, Check, Finding, Span, Statement, Voice

LITRE = "Every litre that leaves the river in July is a litre the trout do not have"


def _checked(library: Library, quote: str, speaker: str | None = None) -> Check:
    """Check a quote, and that whatever is found stands at its place and is told in the text."""
    found = library.check(quote, speaker)
    assert found.text.startswith(found.lead)
    for number, finding in enumerate(found.findings, 1):
        citation = finding.citation
        assert citation.number == number
        assert library.article(citation.article.id).text[citation.span.start : citation.span.end] == citation.quote
        assert finding.within.start <= citation.span.start < citation.span.end <= finding.within.end
        assert 0 < finding.similarity <= 1
        assert (finding.similarity == 1) is finding.exact
        assert f"[{number}] " in found.text
        assert f"{citation.article.id} [{citation.span.start}:{citation.span.end}]" in found.text
    return found


def _first(library: Library, quote: str, speaker: str | None = None) -> Finding:
    return _checked(library, quote, speaker).findings[0]


def _alterations(finding: Finding) -> list[tuple[str, str, str]]:
    return [(d.kind, d.said, d.claimed) for d in finding.differences if d.kind != "same"]


# ---- word for word


def test_the_very_words_with_who_says_them_where(library: Library) -> None:
    found = _checked(library, LITRE)
    assert found.verdict == "word for word"
    assert found.lead == "Word for word: Ada Marsh, quoted by River Trust (March 2024)."
    (finding,) = found.findings
    assert (finding.citation.speaker, finding.citation.group, finding.citation.voice) == ("Ada Marsh", "River Trust", "quoted")
    assert finding.citation.quote == LITRE
    assert finding.apart_from == ()
    assert [difference.kind for difference in finding.differences] == ["same"]
    assert "A limit the Wend can live with (2024-03, https://rivertrust.example/limit) · trust-limit [" in found.text
    assert "In full: “Every litre" in found.text


@pytest.mark.parametrize(
    ("pasted", "differs"),
    [
        ("“Every litre that leaves the river in July is a litre the trout do not have,”", ()),
        ("EVERY LITRE that leaves the river in July is a litre the trout do not have!", ("capital letters",)),
        ("Every litre that leaves the river\n  in July is a litre the trout do not have", ("white space",)),
        ("Every litre that leaves the river in July, is a litre the trout do not have", ("punctuation",)),
        (
            "Every\u00a0litre that leaves the ri\u00adver in July is a litre the trout do not have\u200b",
            ("the way letters are written", "white space"),
        ),
        ("Ｅｖｅｒｙ litre that leaves the river in July is a litre the trout do not have", ("the way letters are written",)),
        ("[E]very litre that leaves the river in July is a litre the trout do not have", ("capital letters",)),
        ("- every litre — that leaves the river — in July is a litre the trout do not have", ("capital letters", "punctuation")),
    ],
)
def test_marks_capitals_and_white_space_make_no_other_quote_but_are_said(library: Library, pasted: str, differs: tuple[str, ...]) -> None:
    found = _checked(library, pasted)
    assert found.verdict == "word for word"
    assert found.findings[0].citation.quote == LITRE
    assert found.findings[0].apart_from == differs
    assert ("The words are the same; what was pasted differs in " in found.text) is bool(differs)


def test_the_shape_of_marks(library: Library) -> None:
    finding = _first(library, "I did, and it hailed. What would help is storage")
    assert (finding.exact, finding.apart_from) == (True, ("punctuation",))
    assert _first(library, "the owner of Low Mill is less warm. \"My father told me, 'Never").apart_from == (
        "capital letters",
        "the shape of marks",
    )
    assert _first(library, "We don't have the paper").apart_from == ("the shape of marks",)


def test_letters_of_several_code_points_and_other_scripts(library: Library) -> None:
    assert _first(library, "Zoë Crépin, who is eleven, saw the first cub").citation.quote.startswith("Zoe\u0308 Cre\u0301pin")
    assert _first(library, "otters are back on the Wend. Our volunteers counted fourteen").citation.quote.endswith(
        "🦦🦦. Our volunteers counted fourteen"
    )
    assert _first(library, "מים הם חיים").citation.article.id == "guild-rights"
    assert _first(library, "«الماء هو الحياة»").citation.article.id == "guild-rights"


def test_a_quote_over_sentences_paragraphs_and_hard_wrapped_lines(library: Library) -> None:
    found = _checked(
        library, "a limit of forty million litres a day was the least the river could bear. The Farmers' Union replied that a flat"
    )
    assert found.verdict == "word for word"
    assert "white space" in found.findings[0].apart_from
    paragraphs = _first(library, "There is water for wheels and for reservoirs both. We shall plough on.")
    assert "\r\n" in paragraphs.citation.quote


@pytest.mark.parametrize(
    "pasted",
    [
        "We ask for a limit that moves ... and no farm there closed.",
        "We ask for a limit that moves […] and no farm there closed.",
        "…We ask for a limit that moves (...) and no farm . . . closed…",
        "We ask for a limit that [changes] moves [...] and no farm [on the Arle] closed",
    ],
)
def test_an_ellipsis_leaves_words_out_and_that_is_said(library: Library, pasted: str) -> None:
    found = _checked(library, pasted)
    assert found.verdict == "word for word"
    assert found.findings[0].citation.quote.startswith("We ask for a limit that moves with")
    assert ("omitted", "with the height of the river. A moving limit was tried on the Arle in 2019,", "") in _alterations(found.findings[0])
    assert "where it says so" in found.text
    assert "[…]" in found.text


def test_parts_in_another_order_are_not_word_for_word(library: Library) -> None:
    assert library.check("and no farm there closed ... We ask for a limit that moves").verdict != "word for word"


def test_what_only_interrupts_a_speech_is_not_part_of_it(library: Library) -> None:
    found = _checked(library, "Warm water holds less air, and fish drown in it as you would.", "Ada Marsh")
    assert found.verdict == "word for word"
    assert ("aside", "she added,", "") in _alterations(found.findings[0])
    assert "[in between: she added]" in found.text


def test_words_that_stand_in_several_places(library: Library) -> None:
    found = _checked(library, "The river belongs to everyone.")
    assert [finding.citation.article.id for finding in found.findings] == ["trust-otters"] * 3
    assert len({finding.citation.span for finding in found.findings}) == 3


# ---- altered


@pytest.mark.parametrize(
    ("pasted", "alterations", "touches"),
    [
        ("Every litre that leaves the river in July is a litre the trout do have", [("missing", "not", "")], ("negation",)),
        ("No more than fifty million litres a day should leave it in those months", [("changed", "forty", "fifty")], ("number",)),
        ("a new pipe would cost £3.2 million", [("changed", "2.3", "3.2")], ("number",)),
        ("The pumps run on forty days a year at the very most", [("added", "", "the very")], ()),
        ("The Mill Owners' Guild never rejects any limit on the river", [("added", "", "never")], ("negation",)),
        ("A wheel borrows water and gives it back five paces further down", [("changed", "thirty", "five")], ("number",)),
    ],
)
def test_alterations_are_shown_word_by_word(
    library: Library, pasted: str, alterations: list[tuple[str, str, str]], touches: tuple[str, ...]
) -> None:
    found = _checked(library, pasted)
    assert found.verdict == "altered"
    assert _alterations(found.findings[0]) == alterations
    assert found.findings[0].touches == touches
    for kind in touches:
        assert f"the alteration touches a {kind}" in found.lead


def test_an_alteration_reads_as_one_line(library: Library) -> None:
    found = _checked(library, "No more than fifty million litres of water a day should leave it")
    assert "  Compared: No more than [forty → fifty] million litres [added: of water] a day should leave it" in found.text.splitlines()
    assert "  The alteration touches a number." in found.text.splitlines()


def test_several_alterations(library: Library) -> None:
    pasted = "Salmon are very patient. They have waited sixty-five years below the weir, and each autumn many of them jump"
    finding = _first(library, pasted)
    assert finding.citation.article.id == "anglers-salmon"
    assert finding.citation.quote.startswith("Salmon are patient.")
    assert finding.citation.quote.endswith("some of them jump")
    assert 0.5 < finding.similarity < 1


def test_a_sentence_left_out_without_an_ellipsis_is_an_alteration(library: Library) -> None:
    finding = _first(
        library, "You ask us for a limit. We ask you for a sewer that does not leak. Mend the pipe before you meter the wheel."
    )
    ((kind, said, claimed),) = _alterations(finding)
    assert (kind, claimed) == ("missing", "")
    assert said.startswith("Eleven times last year")


# ---- not here


@pytest.mark.parametrize(
    "pasted",
    [
        "The capital of Mongolia lies on another river altogether",
        "They want a cap on how much water is taken out of the river during the summer months",
        "Fish suffocate when the river gets too warm in a dry summer",
        "The salmon should be let through the weir by a ladder for fish",
        "Nobody has asked the farmers what a limit on the river would cost them",
    ],
)
def test_a_paraphrase_or_another_sentence_on_the_topic_is_not_the_quote(library: Library, pasted: str) -> None:
    found = _checked(library, pasted)
    assert (found.verdict, found.findings) == ("not in the corpus", ())
    assert "10 articles" in found.text


def test_few_words_count_only_as_they_stand(library: Library) -> None:
    found = _checked(library, "kingfisher nests")
    assert found.verdict == "word for word"
    assert "So few words" in found.text
    assert library.check("kingfisher nested").verdict == "not in the corpus"
    assert "only the very words were looked for" in library.check("kingfisher nested").text
    assert library.check("I would not").findings[0].citation.speaker == "Ines Calloway"
    assert len(library.check("the").findings) == 10
    assert "best are listed" in library.check("the").text


# ---- by somebody else


@pytest.mark.parametrize("speaker", ["Ada Marsh", "Marsh", "Dr Marsh", "dr. ada marsh", "ADA MARSH"])
def test_the_right_speaker_by_name(library: Library, speaker: str) -> None:
    found = _checked(library, LITRE, speaker)
    assert (found.verdict, found.findings[0].claimed) == ("word for word", True)


@pytest.mark.parametrize("speaker", ["River Trust", "WRT", "the River Trust", "Clear Water", "Nell Okafor", "Okafor"])
def test_a_group_speaks_in_its_own_article_by_all_its_names_and_its_author(library: Library, speaker: str) -> None:
    assert _checked(library, "They speak of wheels, not of pumps", speaker).verdict == "word for word"


@pytest.mark.parametrize(
    ("pasted", "speaker", "by"),
    [
        (LITRE, "River Trust", "Ada Marsh, quoted by River Trust"),
        (LITRE, "Hester Vane", "Ada Marsh, quoted by River Trust"),
        ("They speak of wheels, not of pumps", "Ada Marsh", "River Trust, in its own voice"),
        ("They speak of wheels, not of pumps", "Mill Owners' Guild", "River Trust, in its own voice"),
        ("Every litre that leaves the river in July is a litre the trout have", "Farmers' Union", "Ada Marsh, quoted by River Trust"),
    ],
)
def test_the_wrong_speaker(library: Library, pasted: str, speaker: str, by: str) -> None:
    found = _checked(library, pasted, speaker)
    assert found.verdict == "said by somebody else"
    assert found.findings[0].claimed is False
    assert found.lead.startswith(f"Said by somebody else, not by {speaker}: {by}")


def test_a_name_that_nobody_here_has_is_said(library: Library) -> None:
    note = "Nobody called Ingrid Solberg"
    assert note in library.check(LITRE, "Ingrid Solberg").text
    assert note not in library.check(LITRE, "Hester Vane").text
    assert library.check("The capital of Mongolia lies elsewhere", "Ingrid Solberg").verdict == "not in the corpus"


def test_a_digest_is_never_shown_as_the_group_s_words(library: Library) -> None:
    for speaker in (None, "Mill Owners' Guild"):
        found = _checked(library, "the guild has hired two barristers", speaker)
        assert found.verdict == "digest only"
        assert found.findings[0].citation.digest
        assert found.findings[0].citation.voice == "reported"
        assert "our digest of a text by Mill Owners' Guild" in found.lead
        assert "These words are our own summary" in found.text
        assert not found.findings[0].claimed


def test_the_very_words_of_a_digest_come_before_an_article_s_that_are_close(library: Library) -> None:
    found = _checked(library, "It repeats that a wheel gives its water back")
    assert (found.verdict, found.findings[0].exact) == ("digest only", True)
    assert _checked(library, "A wheel gives the water back").verdict == "word for word"


# ---- whose words, in articles whose statements are told


class _Told:
    """An attributor that says what a test tells it: source, content and speaker, each a stretch of the text."""

    identity = "told"

    def __init__(self, told: Sequence[tuple[str, str | None, Voice]], *, speech: bool = True) -> None:
        self._told, self._speech = told, speech

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        return [tuple(self._found(article)) for article in articles]

    def _found(self, article: Article) -> list[Statement]:
        return [
            Statement(article.id, (), (), (Span(at, at + len(content)),), speaker, voice, speech=self._speech)
            for content, speaker, voice in self._told
            if (at := article.text.find(content)) >= 0
        ]


Make = Callable[..., Library]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a library of articles, given as group and text, and of what is said in them."""
    numbers = count()

    def made(articles: dict[str, tuple[str, str]], *said: tuple[str, str | None, Voice], told: _Told | None = None) -> Library:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        for id, (group, text) in articles.items():
            (folder / f"{id}.md").write_text(f"---\nid: {id}\ngroup: {group}\n---\n{text}", "utf-8")
        build(folder / "index", [folder], encoder=WordEncoder(), attributor=told or _Told(said))
        return Library.open(folder / "index", encoder=WordEncoder())

    return made


HERON = "The heron has stood at the weir since before the mill was built"


def test_a_quote_in_several_articles_is_listed_directly_said_first(make: Make) -> None:
    articles = {
        "a-quoting": ("Farmers' Union", f"We read that “{HERON}”. We doubt it."),
        "b-altering": ("City Council", "The heron has stood at the weir since long before the old mill was built, we are told."),
        "c-telling": ("Anglers' Club", f"The Trust said that {HERON}."),
        "d-own": ("River Trust", f"{HERON}. Leave it alone."),
    }
    library = make(articles, (f"“{HERON}”", "River Trust", "quoted"), (f"that {HERON}", "River Trust", "reported"))
    found = _checked(library, HERON)
    assert [finding.citation.article.id for finding in found.findings] == ["d-own", "a-quoting", "c-telling", "b-altering"]
    assert [finding.exact for finding in found.findings] == [True, True, True, False]
    assert "Indirect speech: the words are those of Anglers' Club" in found.text
    claimed = _checked(library, HERON, "City Council")
    assert (claimed.verdict, claimed.findings[0].citation.article.id) == ("altered", "b-altering")
    assert "Word for word it is said by somebody else than City Council" in claimed.text
    assert _first(library, HERON, "Farmers' Union").citation.article.id == "d-own"
    assert _checked(library, HERON, "Farmers' Union").verdict == "said by somebody else"


def test_a_quote_within_a_quote(make: Make) -> None:
    text = f"“My father told me, ‘{HERON},’ and he was right,” said Hester Vane."
    outer = (f"“My father told me, ‘{HERON},’ and he was right,”", "Hester Vane", "quoted")
    finding = _first(make({"a": ("Anglers' Club", text)}, outer), HERON, "Vane")
    assert (finding.claimed, finding.told_by) == (True, "Hester Vane")
    library = make({"b": ("Anglers' Club", text)}, outer, (f"‘{HERON},’", "My father", "quoted"))
    finding = _first(library, HERON, "Vane")
    assert (finding.citation.speaker, finding.told_by, finding.claimed) == ("My father", "Hester Vane", False)


def test_a_quotation_of_nobody_who_is_named_is_not_the_publisher_s(make: Make) -> None:
    library = make({"a": ("River Trust", f"Some still think: “{HERON}.” We don’t.")})
    found = _checked(library, HERON, "River Trust")
    assert (found.verdict, found.findings[0].citation.speaker, found.findings[0].citation.voice) == (
        "said by somebody else",
        None,
        "quoted",
    )
    assert "Somebody not named, quoted by River Trust" in found.lead
    reported = _checked(make({"a": ("River Trust", f"They say that {HERON}.")}, (f"that {HERON}", None, "reported")), HERON)
    assert "Somebody not named, as reported by River Trust" in reported.lead


def test_a_quote_of_two_speakers_names_both(make: Make) -> None:
    text = f"{HERON}, said Ada Marsh. Nobody else has stood there for nearly as long, said Tom Brandt."
    told = ((HERON, "Ada Marsh", "quoted"), ("Nobody else has stood there for nearly as long", "Tom Brandt", "quoted"))
    found = _checked(make({"a": ("River Trust", text)}, *told), text)
    assert (
        found.lead == "Word for word: Ada Marsh, quoted by River Trust (date unknown); a part of it is said by Tom Brandt and River Trust."
    )


def test_a_statement_in_the_article_s_own_voice_is_its_group_s(make: Make) -> None:
    library = make({"a": ("River Trust", f"As we wrote in May: “{HERON}.”")}, (f"“{HERON}.”", "River Trust", "own"))
    finding = _first(library, HERON, "River Trust")
    assert (finding.citation.voice, finding.claimed) == ("own", True)


def test_what_an_article_tells_of_somebody_is_its_own_words(make: Make) -> None:
    text = f"The Trust believes that {HERON}."
    told = _Told([(f"that {HERON}", "River Trust", "reported")], speech=False)
    found = _checked(make({"a": ("City Council", text)}, told=told), HERON, "River Trust")
    assert found.lead.startswith("Said by somebody else, not by River Trust: City Council, in its own voice")
    assert "City Council tells so of River Trust, in its own words." in found.text


def test_very_words_in_indirect_speech_are_quoted(make: Make) -> None:
    text = f"Ada Marsh said that “{HERON}” and that it would still stand there when all of us and the mill are long gone and forgotten."
    library = make({"a": ("River Trust", text)}, (text.removeprefix("Ada Marsh said "), "Ada Marsh", "reported"))
    assert _first(library, HERON).citation.voice == "quoted"
    assert _first(library, "it would still stand there when all of us").citation.voice == "reported"


def test_groups_whose_names_contain_each_other_are_different(make: Make) -> None:
    library = make({"a": ("River Trust", f"{HERON}."), "b": ("River Trust of the North", "Ducks nest here.")})
    assert library.check(HERON, "River Trust of the North").verdict == "said by somebody else"
    assert library.check(HERON, "River Trust").verdict == "word for word"
    assert library.check("Ducks nest here", "River Trust").verdict == "said by somebody else"


# ---- what can't be checked, and what is odd


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        ("", "the quote is empty"),
        (" \n\t ", "the quote is empty"),
        ("… “ ” —", "has no word in it"),
        ("[…]", "has no word in it"),
        ("q" * (LONGEST_QUOTE + 1), "10,001 characters; expected at most 10,000"),
    ],
)
def test_a_quote_that_is_none(library: Library, quote: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said) as raised:
        library.check(quote)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("speaker", ["", " ", "?!"])
def test_a_speaker_that_is_none(library: Library, speaker: str) -> None:
    with pytest.raises(QuestionError, match="is no name"):
        library.check(LITRE, speaker)


@pytest.mark.parametrize("pasted", ["( . . . )" * 900 + " heron", "(?i)\\b+* heron", "\x00 Zoe\u0308" * 50, "\ud800 heron", "ﷺ ½ ﬁ ①"])
def test_odd_texts_are_checked(library: Library, pasted: str) -> None:
    _checked(library, pasted)


@pytest.mark.parametrize("pasted", ["\ud800 \ud83d", "🦦", "[[[]]]", "[" * 9_000, "[12]", "... " * 2_000])
def test_texts_without_a_word_are_refused(library: Library, pasted: str) -> None:
    with pytest.raises(QuestionError, match="has no word in it"):
        library.check(pasted)


@pytest.mark.slow
def test_a_text_of_10_000_characters(library: Library, make: Make) -> None:
    assert library.check(("water runs down the hill and " * 400)[:LONGEST_QUOTE]).verdict == "not in the corpus"
    text = " ".join(
        f"On day {day} the heron ate {day * 7 % 31} fish, {day * 5 % 17} eels and {day % 11} frogs at the weir." for day in range(200)
    )
    long = text[: text.rindex(" ", 0, LONGEST_QUOTE)]
    library = make({"a": ("River Trust", f"A diary of last year.\n\n{text}\n\nThe end.")})
    assert _checked(library, long).verdict == "word for word"
    finding = _first(library, long.replace("day 90 the heron ate", "day 90 the stork never ate"))
    assert _alterations(finding) == [("changed", "heron", "stork never")]


# ---- one quote on one text


def _best(quote: str, text: str) -> Fit:
    words = words_of(text)
    return fit(readings(quote)[-1], words, range(len(words.keys)))


def _shown(quote: str, text: str) -> str:
    """Return kinds and words of a fit in short: "a b [c|d]"."""
    words, pasted = words_of(text), readings(quote)[-1].words
    rows = []
    for stretch in _best(quote, text).stretches:
        said, claimed = (
            " ".join(w.keys[numbers.start : numbers.stop]) for w, numbers in ((words, stretch.said), (pasted, stretch.claimed))
        )
        rows.append(said if stretch.kind == "same" else f"[{said}|{claimed}]")
    return " ".join(rows)


@pytest.mark.parametrize(
    ("quote", "text", "shown"),
    [
        ("a quiet old river runs", "they say a quiet old river runs here", "a quiet old river runs"),
        ("a quiet old brook runs", "they say a quiet old river runs here", "a quiet old [river|brook] runs"),
        ("a quiet old river never runs", "a quiet old river runs", "a quiet old river [|never] runs"),
        ("a quiet river runs", "a quiet old muddy river runs", "a quiet [old muddy|] river runs"),
        ("Indeed a quiet old river runs", "by night a quiet old river runs", "[|indeed] a quiet old river runs"),
        (
            "quiet old river ... by the church",
            "a quiet old river runs on and on by night by the church",
            "quiet old river [runs on and on by night|] by the church",
        ),
        ("litres of water", "forty million litre of water", "[litre|litres] of water"),
    ],
)
def test_the_best_fit(quote: str, text: str, shown: str) -> None:
    assert _shown(quote, text) == shown


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Don’t say ‘don't’", ["don't", "say", "don't"]),
        ("the farmers’ union", ["the", "farmers", "union"]),
        ("£41,000 or 2.3% (of 41000)", ["£", "41000", "or", "2.3", "%", "of", "41000"]),
        ("The U.S. and the US", ["the", "us", "and", "the", "us"]),
        ("Zoe\u0308 and Zo\u00eb", ["zoë", "and", "zoë"]),
        ("co-operate—now", ["co", "operate", "now"]),
        ("a note.[12] Then", ["a", "note", "then"]),
        ("水は命", ["水", "は", "命"]),
        ("นํ้า", ["น" + "\u0e4d" + "\u0e49", "า"]),
        ("_very_ **bold**", ["very", "bold"]),
        ("🦦 ... —", []),
    ],
)
def test_what_a_word_is(text: str, keys: list[str]) -> None:
    assert list(words_of(text).keys) == keys


@given(st.text(), st.text())
def test_any_quote_is_read_and_laid_on_any_text(quote: str, text: str) -> None:
    words = words_of(text)
    for reading in readings(quote):
        for found in exact(reading, words):
            assert found.exact
        if words.keys:
            found = fit(reading, words, range(len(words.keys)))
            claimed = [number for stretch in found.stretches for number in stretch.claimed]
            assert claimed == list(range(len(reading.words.keys)))
            assert 0 <= found.similarity <= 1


@given(st.text())
def test_words_are_places_in_their_text(text: str) -> None:
    words = words_of(text)
    assert list(words.starts) == sorted(words.starts)
    for start, end, key in zip(words.starts, words.ends, words.keys, strict=True):
        assert start < end <= len(text)
        assert key
        assert " " not in key


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path) -> Library:
    """The small corpus, open, with an encoder that takes no time."""
    folder = tmp_path_factory.mktemp("quick")
    build(folder, [corpus_folder], encoder=WordEncoder(), attributor=NOBODY)
    return Library.open(folder, encoder=WordEncoder())


@pytest.mark.slow
@given(st.data())
def test_any_stretch_of_five_words_is_found_word_for_word_at_its_place(quick: Library, data: st.DataObject) -> None:
    article = data.draw(st.sampled_from(quick.articles(with_text=True)))
    words = words_of(article.text)
    starts, ends = words.starts, words.ends
    first = data.draw(st.integers(0, len(starts) - 5))
    last = data.draw(st.integers(first + 4, min(len(starts), first + 120) - 1))
    pasted = article.text[starts[first] : ends[last]]
    found = _checked(quick, pasted)
    here = [f for f in found.findings if f.citation.article.id == article.id and f.exact]
    assert found.verdict == ("digest only" if article.kind == "digest" else "word for word")
    assert any(f.citation.quote == pasted and f.apart_from == () for f in here)


# ---- the command


@pytest.fixture
def run(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch, index_folder: Path) -> Callable[..., Result]:
    monkeypatch.setattr("qa.models.encoder.SentenceEncoder", lambda *_: encoder)

    def invoke(*arguments: str | Path, input: str | bytes | None = None) -> Result:
        return CliRunner().invoke(cli.main, ["check", *map(str, arguments), "--index", str(index_folder)], input=input)

    return invoke


def test_the_command_prints_the_verdict_first(run: Callable[..., Result]) -> None:
    result = run("Every litre that leaves the river in July is a litre the trout do have", "--speaker", "WRT")
    assert result.exit_code == 0
    assert result.stdout.startswith("Said by somebody else, not by WRT: Ada Marsh, quoted by River Trust (March 2024); altered")
    assert "[left out: not]" in result.stdout
    assert run("The capital of Mongolia lies elsewhere").exit_code == 0
    assert run("-", input="“They speak of wheels,\nnot of pumps”").stdout.startswith("Word for word: River Trust")
    assert run("-", input=b"They speak of wheels, not of pumps \xff").exit_code == 0


def test_the_command_as_json(run: Callable[..., Result]) -> None:
    row = json.loads(run("They speak of wheels, not of lamps", "--json").stdout)
    assert set(row) == {"quote", "claimed_speaker", "verdict", "text", "findings", "notes"}
    assert (row["verdict"], row["claimed_speaker"]) == ("altered", None)
    (finding,) = row["findings"]
    assert finding["differences"][1] == {"kind": "changed", "said": "pumps.", "claimed": "lamps"}
    assert (finding["article"], finding["exact"], finding["said_by_claimed"]) == ("trust-limit", False, None)
    assert finding["end"] - finding["start"] == len(finding["quote"])


def test_a_batch_of_quotes(run: Callable[..., Result], tmp_path: Path) -> None:
    lines = [
        {"id": "a", "quote": LITRE, "speaker": "Marsh"},
        {"id": 2, "quote": LITRE, "speaker": "River Trust"},
        {"id": 3, "quote": ""},
        {"id": 4, "quote": LITRE, "speaker": 5},
        {"id": 5, "question": "Why?"},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    result = run("--batch", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    for said in ("3 of 5 lines", "in.jsonl:3: the quote is empty", '"speaker" is 5; expected a name', 'has no "quote"'):
        assert said in result.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["verdict"] for row in rows] == ["word for word", "said by somebody else", None, None, None]
    assert rows[0]["id"] == "a"


@pytest.mark.parametrize("arguments", [[], ["a", "--batch", __file__], ["--batch", __file__], ["a", "--output", "x"]])
def test_wrong_usage(run: Callable[..., Result], arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_quote_that_is_none_is_one_line(run: Callable[..., Result]) -> None:
    result = run("…")
    assert result.exit_code == 1
    assert result.stderr == "whosaid: the quote '…' has no word in it; paste the words that somebody is said to have said\n"
