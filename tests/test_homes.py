"""What is kept in an index comes back as it was, and is found, wherever it is kept: the same cases for a folder and for Milvus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from articles import FULLY_TOLD, WordEncoder, analysed, beside

from qa.errors import IndexFolderError, ModelMismatchError, NoIndexError
from qa.feedback import Feedback, give, given
from qa.index.build import set_alias
from qa.index.home import home_of
from qa.index.interface import Index, Scope
from qa.index.lexical import stems
from qa.index.milvus.index import MilvusIndex
from qa.index.remarks import Remarks
from qa.index.store import Analysed
from qa.library import copy
from qa.passages import sentences as sentences_of
from qa.settings import Place
from qa.types import Article, Group, Link, PartialDate, Span, Statement

WORDS = WordEncoder()


def _keep(place: Place, *found: Analysed) -> list[int]:
    """Write articles that were taken apart and show them; return their keys."""
    with home_of(place).changing(WORDS.identity) as change:
        keys = []
        for one in found:
            keys.append(change.writer.write(one.article))
            change.writer.take_apart(keys[-1], one)
        change.writer.prepare(keys, [])
        for key, one in zip(keys, found, strict=True):
            change.writer.show(key, one.article, added=False)
        change.writer.publish(changed=True)
        change.writer.settle(lambda *_: None)
    return keys


def _open(place: Place) -> closing[Index]:
    return closing(home_of(place).opened(WORDS.identity))


def _scope(*articles: int, passages: Sequence[int] | None = None) -> Scope:
    return Scope(np.array(sorted(articles), np.int64), None if passages is None else np.array(sorted(passages), np.int64))


def _words(text: str) -> dict[str, float]:
    return dict.fromkeys(stems(text), 1.0)


# ---- what is kept


def test_an_article_comes_back_as_it_was_written(place: Place) -> None:
    (key,) = _keep(place, analysed(FULLY_TOLD))
    with _open(place) as index:
        assert index.articles() == index.articles([key]) == {key: replace(FULLY_TOLD, text="")}
        assert index.text(key) == FULLY_TOLD.text
        assert index.articles([key + 1]) == {}
        with pytest.raises(KeyError):
            index.text(key + 1)


def test_texts_of_any_length_come_back(place: Place) -> None:
    texts = ["", "\x00", *(f"\x00The {'é🦦 ' * length}end." for length in (1, 16_000, 40_000, 300_000))]
    nothing = np.zeros((0, 384), np.float32)
    keys = _keep(place, *(Analysed(Article(f"a{at}", text), (), (), "x", nothing) for at, text in enumerate(texts)))
    with _open(place) as index:
        assert [index.text(key) for key in keys] == texts


def test_a_passage_without_a_word_is_found_by_its_vector(place: Place) -> None:
    (key,) = _keep(place, analysed(Article("a", "… ?!")))
    with _open(place) as index:
        (passage,) = index.passages_in([key])
        vector, *_ = index.vectors_of([passage])
        assert index.nearest(vector, 1) == [passage.id]
        assert index.matching(_words("river"), 5) == []


def test_a_date_is_kept_as_finely_as_it_was(place: Place) -> None:
    dates = [None, PartialDate(2023), PartialDate(2024, 3), PartialDate(2024, 5, 11)]
    keys = _keep(place, *(analysed(Article(f"a{at}", f"Words {at}.", published=date)) for at, date in enumerate(dates)))
    with _open(place) as index:
        assert [index.articles()[key].published for key in keys] == dates
        assert list(index.articles()) == sorted(keys)


def test_sentences_and_passages_are_places_in_the_text(place: Place) -> None:
    (key,) = _keep(place, analysed(FULLY_TOLD))
    with _open(place) as index:
        assert [span.of(FULLY_TOLD.text) for span in index.spans(key)] == ["Zoe\u0308 🦦 came.", "The river is low."]
        (passage,) = index.passages_in([key, key + 1])
        assert index.passages([passage.id, passage.id + 99]) == [passage]
        assert (passage.article, passage.span, passage.sentences) == (key, Span(0, len(FULLY_TOLD.text)), index.spans(key))


def test_the_passages_of_a_long_article_are_in_order(place: Place) -> None:
    text = " ".join(f"Sentence number {at} has a few words in it." for at in range(200))
    (key, other) = _keep(place, analysed(Article("long", text)), analysed(FULLY_TOLD))
    with _open(place) as index:
        places = index.passages_in([other, key])
        mine = [passage for passage in places if passage.article == key]
        assert [span for passage in mine for span in passage.sentences] == list(sentences_of(text)) == list(index.spans(key))
        assert [passage.id for passage in index.passages(passage.id for passage in reversed(places))] == sorted(p.id for p in places)
        assert index.counts() == {"articles": 2, "passages": len(places), "sentences": 202, "statements": 0}


def test_vectors_come_back_nearly_as_they_were(place: Place) -> None:
    text = " ".join(f"Sentence number {at} has a few words in it." for at in range(60))
    told = analysed(Article("a", text))
    (key,) = _keep(place, told)
    with _open(place) as index:
        places = index.passages_in([key])
        np.testing.assert_allclose(index.vectors_of(places), told.vectors, atol=1e-3)
        last = len(places[-1].sentences)
        np.testing.assert_allclose(index.vectors_of(places[::-1])[:last], told.vectors[-last:], atol=1e-3)
        assert index.vectors_of([]).shape == (0, 384)


_SAID = Statement("a", (Span(0, 4),), (Span(5, 6),), (Span(0, 2), Span(4, 9)), "Zoe\u0308", "quoted", "River Trust")
_TOLD = replace(_SAID, speaker="Ada", speech=False)
_NOBODY = Statement("a", (), (Span(5, 6),), (Span(0, 2),), None, "reported")
_OWN = Statement("a", (), (), (Span(0, 2),), "River Trust", "own")


def test_statements_come_back_as_they_were(place: Place) -> None:
    said = (_SAID, _TOLD, _NOBODY, _OWN)
    key, other = _keep(place, analysed(FULLY_TOLD, said), analysed(Article("b", "More words.")))
    with _open(place) as index:
        assert index.statements() == index.statements([key]) == index.statements([other, key]) == [(key, one) for one in said]
        assert index.statements([other]) == index.statements([]) == []
        assert index.statements_by(["Zoe\u0308", "Ada", "Nobody", "River Trust"]) == [(key, _SAID)]
        assert index.speakers() == [("Zoe\u0308", "River Trust", "River Trust")]


def test_statements_may_be_replaced_without_touching_the_rest(place: Place) -> None:
    (key,) = _keep(place, analysed(FULLY_TOLD, (_SAID, _TOLD, _NOBODY)))
    with home_of(place).changing(WORDS.identity, all_known=True) as change:
        writer = change.writer
        assert writer.attributed_otherwise("x") == []
        assert writer.attributed_otherwise("y") == [key]
        writer.prepare([], [])
        writer.replace_statements(key, [_OWN], "y")
        assert writer.attributed_otherwise("y") == []
        writer.publish(changed=True)
    with _open(place) as index:
        assert index.statements() == [(key, _OWN)]
        assert index.statements_by(["Zoe\u0308"]) == index.speakers() == []
        assert index.counts()["statements"] == 1
        assert len(index.spans(key)) == 2


def test_what_an_index_is_told_comes_back_as_it_was(place: Place) -> None:
    groups = (Group("River Trust", "organisation", ("WRT",), ("Clear Water",), ("rivertrust.example",)), Group("City Council"))
    link = Link("https://a.example/ü", "feed", '"1"', None, "0" * 64, "2025-01-02T03:04:05Z")
    remarks = Remarks({"title": "T", "group": None}, {"url": ("u", "link")}, removed=True)
    _keep(place, analysed(FULLY_TOLD))
    with home_of(place).changing(None) as change:
        writer = change.writer
        assert (writer.groups(), writer.aliases(), writer.links(), writer.remarks()) == ((), {}, {}, {})
        assert writer.set_groups(groups)
        writer.set_link(link)
        writer.set_remarks("a", remarks)
        writer.set_remarks("b", remarks)
        writer.publish(changed=True)
    assert set_alias(place, "WRT", "River Trust") == {"WRT": "River Trust"}
    with home_of(place).changing(None) as change:
        assert not change.writer.set_groups(groups)
        change.writer.set_remarks("b", Remarks())
        change.writer.publish(changed=True)
    with home_of(place).reading() as facts:
        assert (facts.groups(), facts.links(), facts.remarks()) == (groups, {link.url: link}, {"a": remarks})
        assert facts.aliases() == {"WRT": "River Trust"}
    with _open(place) as index:
        assert (index.groups(), index.aliases()) == (groups, {"WRT": "River Trust"})


def test_acronyms_and_copies_are_told(place: Place) -> None:
    text = "The Upper Valley Water Board (UVWB) met."
    first, second = _keep(place, analysed(Article("a", text)), analysed(Article("b", f"{text} It did.")))
    with home_of(place).changing(None) as change:
        change.writer.link_copies(second, [first])
        change.writer.publish(changed=True)
    with _open(place) as index:
        assert index.acronyms() == {"UVWB": "Upper Valley Water Board"}
        assert index.copies() == [(min(first, second), max(first, second))]


def test_a_removed_article_is_not_found(place: Place) -> None:
    key, other = _keep(place, analysed(FULLY_TOLD, (_SAID,)), analysed(Article("b", "The river is high.")))
    with _open(place) as before:
        with home_of(place).changing(None) as change:
            change.writer.prepare([], [key])
            change.writer.remove([key])
            change.writer.publish(changed=True)
            change.writer.settle(lambda *_: None)
        assert before.text(key) == FULLY_TOLD.text  # whoever is answering a question ends with the state in which it began
        assert before.statements([key]) == [(key, _SAID)]
        with closing(before.refreshed()) as after:
            assert list(after.articles()) == [other]
            assert after.statements() == after.statements([key]) == []
            (vector,) = WORDS.encode(["The river is low."])
            assert {p.article for p in after.passages(after.nearest(vector, 10))} == {other}
            assert {p.article for p in after.passages(id for id, _ in after.matching(_words("river low"), 10))} == {other}
            assert after.counts()["articles"] == 1


def test_feedback_is_kept_with_the_index(place: Place) -> None:
    one, two = Feedback("good", "Who says so?", at="2025-01-01"), Feedback("wrong speaker", "“Wer” sagt das?", note="é\n", at="2025-01-02")
    with pytest.raises(NoIndexError):
        give(place, one)
    _keep(place, analysed(FULLY_TOLD))
    assert given(place) == ([], 0)
    give(place, one)
    give(place, two)
    assert given(place) == ([one, two], 0)


# ---- what is found


_NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen".split()
_RARE = {"long": "A river in a long passage about otters, eels and holts.", "heron": "The heron.", "run": "Rivers running."}


@pytest.fixture
def river(place: Place) -> Iterator[tuple[Index, dict[str, int]]]:
    """Articles on the river, 196 that are much like each other and three that aren't; the keys of these by their ids."""
    many = [Article(f"n{one}{two}", f"The river runs past {one} stones and {two} trees.") for one in _NUMBERS for two in _NUMBERS]
    keys = _keep(place, *map(analysed, (*many, *(Article(id, text) for id, text in _RARE.items()))))
    with _open(place) as index:
        yield index, dict(zip(_RARE, keys[len(many) :], strict=True))


def test_words_are_found_everywhere_and_within_a_scope(river: tuple[Index, dict[str, int]]) -> None:
    index, keys = river
    home = {passage.id: passage.article for passage in index.passages_in(index.articles())}

    def found(words: str, k: int, scope: Scope | None = None) -> list[int]:
        return [home[id] for id, _ in index.matching(_words(words), k, scope)]

    rare = _scope(*keys.values())
    assert set(found("river", 10, rare)) == {keys["long"], keys["run"]}
    assert len(found("river", 10)) == 10
    assert len(found("river", 500)) == 198
    assert found("river otters", 3)[0] == keys["long"]
    everything = dict(index.matching(_words("river heron"), 500))
    for id, score in index.matching(_words("river heron"), 500, rare):
        assert score == pytest.approx(everything[id], rel=1e-4)
    scores = [score for _, score in index.matching(_words("river otters"), 50)]
    assert scores == sorted(scores, reverse=True)
    assert found("unheard", 5) == found("", 5) == found("river", 5, _scope()) == []
    assert found("heron", 5, _scope(*(set(index.articles()) - {keys["heron"]}))) == []
    (passage,) = index.passages_in([keys["run"]])
    assert found("river", 9, _scope(*index.articles(), passages=[passage.id])) == [keys["run"]]


def test_a_word_that_weighs_more_counts_for_more(river: tuple[Index, dict[str, int]]) -> None:
    index, keys = river
    (heron,), (run,) = (index.passages_in([keys[name]]) for name in ("heron", "run"))
    even = dict(index.matching({"heron": 1.0, "run": 1.0}, 300))
    light = dict(index.matching({"heron": 1.0, "run": 0.25}, 300))
    assert light[heron.id] == pytest.approx(even[heron.id], rel=1e-4)
    assert light[run.id] == pytest.approx(even[run.id] / 4, rel=1e-4)


def test_a_rarer_word_weighs_more(river: tuple[Index, dict[str, int]]) -> None:
    index, _ = river
    assert index.rarity("unheard") > index.rarity("heron") > index.rarity("river") > 0
    assert index.rarity("heron") == pytest.approx(np.log(1 + (199 - 1 + 0.5) / (1 + 0.5)))
    assert index.knows("heron")
    assert not index.knows("unheard")


def test_words_are_counted_by_an_index_of_words_as_by_a_search(
    river: tuple[Index, dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, _ = river
    searched = [index.rarity(word) for word in ("unheard", "heron", "river")]
    monkeypatch.setattr("qa.index.milvus.connection.Connection.is_lite", False)
    if isinstance(index, MilvusIndex):
        index._having.clear()
    assert [index.rarity(word) for word in ("unheard", "heron", "river")] == searched


def test_a_broad_scope_is_kept_as_a_narrow_one_is(river: tuple[Index, dict[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.index.lexical._SET_MOST", 2)
    monkeypatch.setattr("qa.index.milvus.index._SET_MOST", 2)
    index, keys = river
    scope = _scope(*keys.values())
    (vector,) = WORDS.encode(["The river runs past seven stones and ten trees."])
    assert {p.article for p in index.passages(id for id, _ in index.matching(_words("river"), 2, scope))} == {keys["long"], keys["run"]}
    assert {p.article for p in index.passages(index.nearest(vector, 3, scope))} == set(keys.values())


def test_the_nearest_sentences_are_found_everywhere_and_within_a_scope(river: tuple[Index, dict[str, int]]) -> None:
    index, keys = river
    texts = {key: index.text(key) for key in index.articles()}
    for text in ("The river runs past seven stones and ten trees.", "The heron."):
        (vector,) = WORDS.encode([text])
        (best,) = index.passages(index.nearest(vector, 1))
        assert texts[best.article] == text
    assert {p.article for p in index.passages(index.nearest(vector, 50, _scope(keys["run"], keys["long"])))} == {keys["run"], keys["long"]}
    assert 190 <= len(index.nearest(vector, 1000)) <= 199  # a graph leads nearly everywhere
    assert index.nearest(vector, 5, _scope()) == []
    assert 140 <= len(index.nearest(vector, 199, _scope(*list(texts)[:150]))) <= 150


# ---- copies


def test_an_index_is_copied_with_all_that_it_holds(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = "The Upper Valley Water Board (UVWB) met. " * 20
    first, second = _keep(place, analysed(FULLY_TOLD, (_SAID, _OWN)), analysed(Article("b", text)))
    link = Link("https://a.example/", "feed", None, None, "0" * 64, "2025-01-02T03:04:05Z")
    with home_of(place).changing(None) as change:
        change.writer.link_copies(second, [first])
        change.writer.set_groups([Group("River Trust")])
        change.writer.set_link(link)
        change.writer.set_remarks("gone", Remarks(removed=True))
        change.writer.set_fields(second, Article("b", "", title="Corrected"), added=True)
        change.writer.publish(changed=True)
    set_alias(place, "WRT", "River Trust")
    with pytest.raises(NoIndexError):
        copy(beside(place), tmp_path_factory.mktemp("x") / "none")
    other = tmp_path_factory.mktemp("copied") / "index"
    assert copy(place, other) == copy(other, beside(place)) == 2
    told = []
    for each in (place, other, beside(place)):
        with _open(each) as index, home_of(each).reading() as facts:
            ids = {article.id: key for key, article in index.articles().items()}
            told.append(
                (
                    {id: index.articles()[key] for id, key in ids.items()},
                    {id: index.text(key) for id, key in ids.items()},
                    {id: index.spans(key) for id, key in ids.items()},
                    {id: index.vectors_of(index.passages_in([key])).tolist() for id, key in ids.items()},
                    {id: [said for _, said in index.statements([key])] for id, key in ids.items()},
                    (index.counts(), index.speakers(), index.acronyms(), index.added(), len(index.copies())),
                    (facts.groups(), facts.aliases(), facts.links(), facts.remarks()),
                )
            )
    assert told[0] == told[1] == told[2]
    with pytest.raises(IndexFolderError, match="there is an index already; give another place, or --rebuild to replace it"):
        copy(place, other)
    assert copy(place, other, rebuild=True) == 2


# ---- what is refused


def test_what_was_made_with_another_model_is_refused(place: Place) -> None:
    with pytest.raises(NoIndexError, match=r"\A.*: no index here yet; run whosaid build PATH --index .*\Z"):
        home_of(place).check()
    _keep(place, analysed(FULLY_TOLD))
    assert home_of(place).check() == WORDS.identity
    other = WordEncoder("other", 64)
    with pytest.raises(ModelMismatchError, match=r"\A.*: made with model words .*, asked for other .*; use --model words, .* --rebuild"):
        home_of(place).opened(other.identity)
