"""The parts of an index: the store shows one state, dense search is exact, lexical search is fair to a rare group."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from articles import FULLY_TOLD, analysed
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import IndexFolderError, ModelMismatchError, NoIndexError
from qa.index import dense
from qa.index.dense import Among, DenseIndex
from qa.index.folder import FORMAT, IndexFolder
from qa.index.folder_home import STORE
from qa.index.interface import Scope
from qa.index.lexical import LexicalIndex, stems
from qa.index.local import LocalIndex
from qa.index.store import Analysed, Store, text_hash
from qa.index.vectors import VectorFile, numbers, ranges_of, total
from qa.models.encoder import ModelIdentity, SentenceEncoder
from qa.passages import sentences as sentences_of
from qa.passages import windows
from qa.retrieval.corpus import Corpus
from qa.types import Article, Group, PartialDate, Span, Statement


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / STORE


@pytest.fixture
def writer(path: Path) -> Iterator[Store]:
    store = Store(path, write=True)
    yield store
    store.close()


@pytest.fixture(scope="module")
def index(index_folder: Path, encoder: SentenceEncoder) -> Iterator[LocalIndex]:
    opened = LocalIndex(index_folder, encoder.identity)
    yield opened
    opened.close()


# ---- store


def test_an_article_comes_back_as_it_was_written(writer: Store) -> None:
    key = writer.add(analysed(FULLY_TOLD))
    article = writer.articles()[key]
    assert (article.text, writer.text(key)) == ("", FULLY_TOLD.text)
    assert article == replace(FULLY_TOLD, text="")


@pytest.mark.parametrize("published", [None, PartialDate(2023), PartialDate(2024, 3), PartialDate(2024, 5, 11)])
def test_a_date_is_kept_as_finely_as_it_was(writer: Store, published: PartialDate | None) -> None:
    key = writer.add(analysed(Article("a", "Words.", published=published)))
    assert writer.articles()[key].published == published


def test_sentences_and_passages_are_places_in_the_text(writer: Store) -> None:
    key = writer.add(analysed(FULLY_TOLD))
    (passage,) = writer.passages_in([key])
    assert (passage.article, passage.span) == (key, Span(0, len(FULLY_TOLD.text)))
    assert [span.of(FULLY_TOLD.text) for span in passage.sentences] == ["Zoe\u0308 🦦 came.", "The river is low."]
    assert writer.spans(key) == passage.sentences
    assert list(writer.passage_texts([key])) == [(passage.id, key, FULLY_TOLD.text)]
    assert writer.passages([passage.id, 99]) == [passage]
    assert writer.passages_with([passage.first, passage.first + 1]) == [passage.id]


def test_the_words_of_a_passage_go_on_after_a_null_byte(writer: Store) -> None:
    text = "Before.\x00 The zebra came after."
    key = writer.add(analysed(Article("a", text)))
    assert writer.text(key) == text
    assert [words for _, _, words in writer.passage_texts()] == [text]


def test_vectors_come_back_nearly_as_they_were(writer: Store) -> None:
    told = analysed(FULLY_TOLD)
    writer.add(told)
    ids, vectors = writer.vectors(reversed(numbers(writer.ranges()).tolist()))
    assert ids.tolist() == sorted(ids.tolist())
    np.testing.assert_allclose(vectors, told.vectors, atol=1e-3)


def test_statements_come_back_as_they_were(writer: Store) -> None:
    statement = Statement("a", (Span(0, 4),), (Span(5, 6),), (Span(0, 2), Span(4, 9)), "Zoe\u0308", "quoted", "River Trust", speech=False)
    nobody = Statement("a", (), (Span(5, 6),), (Span(0, 2),), None, "reported")
    told = analysed(FULLY_TOLD)
    key = writer.add(Analysed(told.article, told.passages, (statement, nobody), "x", told.vectors))
    assert writer.statements() == writer.statements([key]) == [(key, statement), (key, nobody)]
    assert writer.statements([key + 1]) == []


def test_statements_may_be_replaced_without_touching_the_rest(writer: Store) -> None:
    key = writer.add(analysed(FULLY_TOLD))
    before = numbers(writer.ranges()).tolist()
    assert writer.attributed_otherwise("x") == []
    assert writer.attributed_otherwise("y") == [key]
    said = Statement("a", (Span(0, 4),), (), (Span(4, 9),), "Zoe", "own")
    writer.replace_statements(key, [said], "y")
    assert writer.statements() == [(key, said)]
    assert writer.attributed_otherwise("y") == []
    assert numbers(writer.ranges()).tolist() == before


def test_corrected_names_come_back_as_they_were(writer: Store) -> None:
    assert writer.aliases() == {}
    writer.set_aliases({"WRT": "River Trust", "Zoe\u0308": "Zoë"})
    assert writer.aliases() == {"WRT": "River Trust", "Zoe\u0308": "Zoë"}


def test_groups_come_back_as_they_were_and_a_repetition_is_no_change(writer: Store) -> None:
    groups = (Group("River Trust", "organisation", ("WRT",), ("Clear Water",), ("rivertrust.example",)), Group("City Council"))
    assert writer.groups() == ()
    assert writer.set_groups(groups)
    assert not writer.set_groups(groups)
    assert writer.groups() == groups


def test_a_removed_article_leaves_nothing(writer: Store) -> None:
    key = writer.add(analysed(FULLY_TOLD))
    writer.remove([key])
    assert writer.counts() == {"articles": 0, "passages": 0, "sentences": 0, "statements": 0}
    with pytest.raises(KeyError):
        writer.text(key)


def test_numbers_are_never_used_twice(writer: Store) -> None:
    first = writer.add(analysed(FULLY_TOLD))
    ids = set(numbers(writer.ranges()).tolist())
    writer.remove([first])
    second = writer.add(analysed(FULLY_TOLD))
    assert second > first
    assert not ids & set(numbers(writer.ranges()).tolist())


def test_more_numbers_than_one_statement_may_list(writer: Store) -> None:
    keys = [writer.add(analysed(Article(f"a{n}", f"Words {n}."))) for n in range(1203)]
    assert len(numbers(writer.ranges(keys))) == 1203
    assert len(writer.vectors(numbers(writer.ranges()).tolist())[0]) == 1203


def test_a_reader_sees_the_state_in_which_it_was_opened(path: Path, writer: Store) -> None:
    writer.add(analysed(FULLY_TOLD))
    writer.commit()
    reader = Store(path)
    writer.add(analysed(Article("b", "More words.")))
    assert reader.counts()["articles"] == 1
    writer.commit()
    assert reader.counts()["articles"] == 1
    later = Store(path)
    assert later.counts()["articles"] == 2
    assert later.generation == reader.generation + 1
    later.close()
    reader.close()


def test_what_was_not_committed_is_gone(path: Path, writer: Store) -> None:
    writer.commit()
    generation = writer.generation
    writer.add(analysed(FULLY_TOLD))
    writer.close()
    reader = Store(path)
    assert reader.counts()["articles"] == 0
    assert reader.generation == generation
    reader.close()


def test_threads_may_share_a_reader(index: LocalIndex) -> None:
    expected = {key: index.text(key) for key in index.articles()}
    wrong: list[object] = []

    def reads() -> None:
        for _ in range(20):
            for key, text in expected.items():
                if index.text(key) != text or not len(numbers(index.ranges([key]))):
                    wrong.append(key)

    threads = [threading.Thread(target=reads) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_hash_is_of_the_text_and_not_of_what_an_article_states() -> None:
    one = Article("a", "Words.", pages=(0,))
    assert text_hash(one) == text_hash(Article("b", "Words.", group="River Trust", published=PartialDate(2024), kind="digest", pages=(0,)))
    assert len({text_hash(article) for article in (one, Article("a", "Words!", pages=(0,)), Article("a", "Words.", pages=(0, 3)))}) == 3


@pytest.mark.parametrize("content", [None, b"", b"this is no database, however long it may be" * 100])
def test_a_store_that_is_none_is_refused_in_one_line(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"\A.*store\.sqlite: can't be opened \(.*\); build the index again with --rebuild\Z"):
        Store(path)


# ---- dense


def _best(vectors: np.ndarray, ids: np.ndarray, query: np.ndarray, k: int) -> list[float]:
    return sorted((vectors @ query).tolist(), reverse=True)[: min(k, len(ids))]


@pytest.mark.parametrize("seed", range(8))
def test_dense_search_is_exact_with_a_filter_and_without(index: LocalIndex, seed: int) -> None:
    ids, vectors = index.vectors(numbers(index.ranges()).tolist())
    rng = np.random.default_rng(seed)
    query = rng.normal(size=384).astype(np.float32)
    query /= np.linalg.norm(query)
    for share in (None, 0.02, 0.3, 1.0):
        mask = np.ones(len(ids), bool) if share is None else rng.random(len(ids)) < share
        mask[seed] = True
        found = index.dense.search(query, 7, None if share is None else index.dense.among(ranges_of(ids[mask])))
        assert {id for id, _ in found} <= set(ids[mask].tolist())
        np.testing.assert_allclose([score for _, score in found], _best(vectors[mask], ids[mask], query, 7), atol=1e-5)
        own = dict(zip(ids.tolist(), vectors @ query, strict=True))
        np.testing.assert_allclose([score for _, score in found], [own[id] for id, _ in found], atol=1e-5)


def test_a_small_filter_gives_all_it_has_and_an_empty_one_nothing(index: LocalIndex) -> None:
    ids, vectors = index.vectors(numbers(index.ranges()).tolist())
    assert {id for id, _ in index.dense.search(vectors[0], 50, index.dense.among(ranges_of(ids[3:6])))} == set(ids[3:6].tolist())
    assert index.dense.search(vectors[0], 50, index.dense.among(ranges_of(ids[:0]))) == []
    assert len(index.dense.search(vectors[0], 10_000)) == len(ids)


def test_every_sentence_is_nearest_to_itself(index: LocalIndex) -> None:
    ids, vectors = index.vectors(numbers(index.ranges()).tolist())
    for id, vector in zip(ids.tolist(), vectors, strict=True):
        best = index.dense.search(vector, 3)  # one sentence stands there three times
        assert best[0][1] == pytest.approx(1, abs=2e-3)
        assert id in {found for found, score in best if score > best[0][1] - 1e-6}


def test_an_empty_dense_index_finds_nothing(tmp_path: Path, writer: Store) -> None:
    assert DenseIndex.open(tmp_path, writer).search(np.ones(384, np.float32), 5) == []


def test_dense_is_in_line_with_the_store(tmp_path: Path, writer: Store) -> None:
    first = writer.add(analysed(FULLY_TOLD))
    writer.remove([first])
    writer.add(analysed(Article("b", "Other words. And more.")))
    index = DenseIndex.open(tmp_path, writer)
    assert {id for id, _ in index.search(np.ones(384, np.float32), 50)} == set(numbers(writer.ranges()).tolist())
    assert not dense.wants_file(tmp_path, writer)


def _many(store: Store, articles: int, *, first: int = 0, sentences: int = 10) -> tuple[list[int], np.ndarray]:
    """Write articles whose vectors lie around a few directions; return their keys and the vectors by number of the sentence."""
    rng = np.random.default_rng(first)
    centres = np.random.default_rng(99).normal(size=(12, 384))
    keys = []
    for number in range(first, first + articles):
        article = Article(f"m{number}", " ".join(f"Sentence {at} of article {number}." for at in range(sentences)))
        vectors = centres[rng.integers(12, size=sentences)] + 0.4 * rng.normal(size=(sentences, 384))
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        spans = tuple(sentences_of(article.text))
        keys.append(store.add(Analysed(article, tuple(windows(article.id, article.text, spans)), (), "x", vectors)))
    store.commit()
    return keys, store.vectors(numbers(store.ranges()).tolist())[1]


@pytest.fixture
def large(path: Path, writer: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, list[int], np.ndarray]:
    """Four hundred articles, which count as many."""
    monkeypatch.setattr(dense, "FLAT_MOST", 1_000)
    monkeypatch.setattr(dense, "FEW", 200)
    keys, vectors = _many(writer, 400)
    assert dense.wants_file(path.parent, writer)
    dense.write_file(path.parent, writer)
    return writer, keys, vectors


def _share_found(index: DenseIndex, ids: np.ndarray, vectors: np.ndarray, among: Among | None = None) -> float:
    """Return which share of the ten nearest is among the sixty that are found, over some vectors beside those that are there."""
    rng = np.random.default_rng(5)
    shares = []
    for vector in vectors[rng.integers(len(vectors), size=40)]:
        query = vector + 0.02 * rng.normal(size=384).astype(np.float32)
        best = set(ids[np.argsort(-(vectors @ query))[:10]].tolist())
        found = index.search(query, 60, among)
        own = [vectors[np.searchsorted(ids, id)] @ query for id, _ in found]
        assert np.median(np.abs(np.array([score for _, score in found]) - own)) < 0.05  # codes tell it roughly
        shares.append(len(best & {id for id, _ in found}) / 10)
    return float(np.mean(shares))


def test_many_sentences_are_found_by_a_file(path: Path, large: tuple[Store, list[int], np.ndarray]) -> None:
    store, _, vectors = large
    index = DenseIndex.open(path.parent, store)
    assert not dense.wants_file(path.parent, store)
    assert [child.name for child in path.parent.glob("sentences.*.faiss")] == ["sentences.4000.faiss"]
    assert _share_found(index, numbers(store.ranges()), vectors) > 0.8


def test_what_comes_and_goes_is_seen_without_touching_the_file(path: Path, large: tuple[Store, list[int], np.ndarray]) -> None:
    store, keys, _ = large
    file = path.parent / "sentences.4000.faiss"
    before = file.stat().st_mtime_ns
    store.remove(keys[::9])
    _, vectors = _many(store, 30, first=1000)
    index = DenseIndex.open(path.parent, store)
    ids = numbers(store.ranges())
    assert _share_found(index, ids, vectors) > 0.8
    assert {id for id, _ in index.search(vectors[0], 10_000)} <= set(ids.tolist())
    assert {id for id, _ in index.search(vectors[-1], 30)} & set(ids[-300:].tolist())
    assert not dense.wants_file(path.parent, store)
    assert file.stat().st_mtime_ns == before
    store.remove(keys[: len(keys) // 2])
    assert dense.wants_file(path.parent, store)


def test_a_filter_among_many_is_exact_where_it_is_narrow_and_kept_where_it_is_broad(
    path: Path, large: tuple[Store, list[int], np.ndarray]
) -> None:
    store, keys, _ = large
    index = DenseIndex.open(path.parent, store)
    for chosen, least in ((keys[5:400:40], 1.0), (keys[::3], 0.8)):
        among = index.among(store.ranges(chosen))
        ids, vectors = store.vectors(numbers(store.ranges(chosen)).tolist())
        assert _share_found(index, ids, vectors, among) >= least
        assert {id for id, _ in index.search(vectors[0], 5_000, among)} <= set(ids.tolist())
    assert index.search(vectors[0], 10, index.among(store.ranges([]))) == []


def test_a_file_is_gone_on_with_until_its_lists_no_longer_suit(path: Path, large: tuple[Store, list[int], np.ndarray]) -> None:
    store, keys, _ = large
    lists = DenseIndex.open(path.parent, store).lists
    _many(store, 120, first=1000)
    assert dense.wants_file(path.parent, store)
    dense.write_file(path.parent, store)
    assert [child.name for child in path.parent.glob("sentences.*.faiss")] == ["sentences.5200.faiss"]
    index = DenseIndex.open(path.parent, store)
    assert (index.lists, dense.wants_file(path.parent, store)) == (lists, False)
    _, vectors = store.vectors(numbers(store.ranges()).tolist())
    assert _share_found(index, numbers(store.ranges()), vectors) > 0.8
    store.remove(keys)
    _many(store, 30, first=2000)
    assert dense.wants_file(path.parent, store)
    dense.write_file(path.parent, store)
    assert DenseIndex.open(path.parent, store).lists < lists


@pytest.mark.slow
@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\0" * 200, b"IwRq" + b"\xff" * 200])
def test_a_damaged_dense_file_is_done_without(path: Path, large: tuple[Store, list[int], np.ndarray], content: bytes | None) -> None:
    store, _, vectors = large
    file = path.parent / "sentences.4000.faiss"
    file.unlink() if content is None else file.write_bytes(content)
    index = DenseIndex.open(path.parent, store)
    assert _share_found(index, numbers(store.ranges()), vectors) == 1
    assert dense.wants_file(path.parent, store)


@pytest.mark.slow
def test_a_file_that_is_older_than_its_state_or_newer_harms_nobody(path: Path, large: tuple[Store, list[int], np.ndarray]) -> None:
    store, keys, _ = large
    reader = Store(path)
    store.remove(keys[:300])
    _many(store, 100, first=1000)
    dense.write_file(path.parent, store)
    ids, vectors = reader.vectors(numbers(reader.ranges()).tolist())
    index = DenseIndex.open(path.parent, reader)  # sees what is gone since, and nothing of what came
    assert {id for id, _ in index.search(vectors[0], 5_000)} <= set(ids.tolist())
    reader.close()


# ---- vectors


@given(st.lists(st.integers(0, 60)))
def test_numbers_become_ranges_and_back(ids: list[int]) -> None:
    ranges = ranges_of(ids)
    assert numbers(ranges).tolist() == sorted(set(ids))
    assert total(ranges) == len(set(ids))
    assert all(before[1] < after[0] for before, after in pairwise(ranges.tolist()))


def test_vectors_are_read_in_any_order_of_ranges_and_in_blocks(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", 4, write=True)
    rows = np.arange(400, dtype=np.float32).reshape(100, 4)
    file.write(0, rows[:50])
    file.write(50, rows[50:])
    ranges = np.array([[70, 75], [3, 4], [4, 9]])
    np.testing.assert_array_equal(file.read(ranges), rows[[*range(70, 75), *range(3, 9)]])
    blocks = list(file.blocks(np.array([[0, 40], [60, 100]]), 25))
    assert [len(ids) for ids, _ in blocks] == [25, 25, 25, 5]
    assert np.concatenate([ids for ids, _ in blocks]).tolist() == [*range(40), *range(60, 100)]
    for ids, halves in blocks:
        np.testing.assert_array_equal(halves, rows[ids])
    with pytest.raises(IndexFolderError, match="is cut short; build the index again with --rebuild"):
        file.read(np.array([[90, 101]]))
    file.close()


def test_vectors_that_are_cut_short_are_refused_in_one_line(path: Path, writer: Store) -> None:
    writer.add(analysed(FULLY_TOLD))
    writer.commit()
    file = path.with_name("sentences.f16")
    os.truncate(file, 100)
    with pytest.raises(IndexFolderError, match=r"\A.*sentences\.f16: is cut short; build the index again with --rebuild\Z"):
        Store(path)


# ---- lexical


def _river(folder: Path) -> LexicalIndex:
    """Two hundred passages on the river by one article, and three among articles 7 and 8."""
    index = LexicalIndex(folder)
    rare = [(500, 7, "a river in a long passage about otters eels and holts"), (501, 7, "the heron"), (502, 8, "rivers running")]
    index.add([*((n, 1, f"the river runs past stone {n}") for n in range(200)), *rare])
    return index


def _scope(*articles: int) -> Scope:
    return Scope(np.array(articles, np.int64))


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    return _river(tmp_path / "passages")


def test_a_rare_group_gets_all_of_its_passages(lexical: LexicalIndex) -> None:
    assert {id for id, _ in lexical.search(stems("river"), 10, _scope(7, 8))} == {500, 502}
    assert len(lexical.search(stems("river"), 10)) == 10
    assert len(lexical.search(stems("river"), 500)) == 202


def test_a_filter_leaves_the_scores_as_they_are(lexical: LexicalIndex) -> None:
    everything = dict(lexical.search(stems("river heron"), 500))
    for id, score in lexical.search(stems("river heron"), 500, _scope(7, 8)):
        assert score == pytest.approx(everything[id], rel=1e-5)


def test_the_passage_with_the_rarer_word_is_first(lexical: LexicalIndex) -> None:
    assert lexical.search(stems("river otters"), 3)[0][0] == 500
    assert [score for _, score in lexical.search(stems("river otters"), 50)] == sorted(
        (score for _, score in lexical.search(stems("river otters"), 50)), reverse=True
    )


@pytest.mark.parametrize(("words", "articles"), [("", None), ("unheard", None), ("river", []), ("heron", [1])])
def test_where_nothing_fits_nothing_is_found(lexical: LexicalIndex, words: str, articles: list[int] | None) -> None:
    assert lexical.search(stems(words), 10, None if articles is None else _scope(*articles)) == []


def test_words_are_kept_as_stems() -> None:
    assert stems("Running RIVERS, rivers’ runs!") == stems("run river river run")
    assert stems("") == []


def test_removed_passages_are_gone_at_once(lexical: LexicalIndex) -> None:
    lexical.remove([7])
    assert {id for id, _ in lexical.search(stems("river heron"), 500, _scope(7, 8))} == {502}
    assert len(lexical) == 201
    lexical.remove([])
    assert len(lexical) == 201


def test_everything_may_be_replaced(lexical: LexicalIndex) -> None:
    lexical.add([(9, 9, "only this")], replace_all=True)
    assert len(lexical) == 1
    assert [id for id, _ in lexical.search(stems("only"), 5)] == [9]


def test_another_reader_sees_what_is_written_when_it_asks(tmp_path: Path, lexical: LexicalIndex) -> None:
    reader = LexicalIndex(tmp_path / "passages")
    lexical.add([(900, 9, "kingfisher")])
    assert reader.search(stems("kingfisher"), 5) == []
    reader.refresh()
    assert [id for id, _ in reader.search(stems("kingfisher"), 5)] == [900]


def test_a_rarer_word_weighs_more(lexical: LexicalIndex) -> None:
    assert lexical.rarity("unheard") > lexical.rarity("heron") > lexical.rarity("river") > 0
    assert lexical.knows("heron")
    assert not lexical.knows("unheard")


@pytest.mark.parametrize("ending", ["meta.json", ".pos", ".term", ".idx", ".fast", ".store", ".fieldnorm"])
@pytest.mark.parametrize("how", ["gone", "garbage"])
def test_a_damaged_folder_works_or_is_refused_in_one_line(tmp_path: Path, ending: str, how: str) -> None:
    _river(tmp_path / "passages")
    folder = tmp_path / "damaged"  # elsewhere, since tantivy may still hold the files open
    shutil.copytree(tmp_path / "passages", folder)
    for file in list(folder.iterdir()):
        if file.name.endswith(ending):
            file.unlink() if how == "gone" else file.write_bytes(b"garbage!" * 50)
    refused = None
    try:
        index = LexicalIndex(folder)
        held = len(index.search(stems("river"), 500)), len(index)
    except IndexFolderError as error:
        refused = str(error)
    if refused is None:
        assert held in ((0, 0), (202, 203))
    else:
        assert re.fullmatch(r".*can't be opened \(.*\); build the index again with --rebuild", refused)


def test_a_folder_made_anew_is_empty(tmp_path: Path, lexical: LexicalIndex) -> None:
    assert len(lexical) == 203
    assert len(LexicalIndex.make_anew(tmp_path / "passages")) == 0


# ---- folder

_MODEL = ModelIdentity("words", "0" * 64, 384)


def _made(path: Path) -> IndexFolder:
    place = IndexFolder(path)
    with place.locked():
        place.numbered(1).mkdir()
        place.put_in_force(1, _MODEL)
    return place


def test_naming_a_folder_touches_nothing(tmp_path: Path) -> None:
    IndexFolder(tmp_path / "index").numbered(1)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = _made(tmp_path / "index").manifest()
    assert (manifest.number, manifest.model) == (1, _MODEL)
    assert {"whosaid", "faiss-cpu", "tantivy"} <= set(manifest.versions)


@pytest.mark.parametrize("present", [None, "README.md", ".gitignore"])
def test_no_index_yet_says_how_to_build_one(tmp_path: Path, present: str | None) -> None:
    if present:
        (tmp_path / present).touch()
    with pytest.raises(NoIndexError, match=r"\A.*: no index here yet; run whosaid build PATH --index .*\Z"):
        IndexFolder(tmp_path if present else tmp_path / "index").manifest()


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(
        IndexFolderError, match=r"\A.*: is not an index \(it holds thesis\.doc\); give an empty or new folder with --index\Z"
    ):
        IndexFolder(tmp_path).manifest()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_is_no_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexFolderError, match=r"\A.*file.*: is a file; expected a folder, give another with --index\Z"):
        IndexFolder(tmp_path / "file" / below).manifest()


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"[]", b"{}", b'{"format": 1, "number": 1, "model": "x", "versions": {}}', b"\xff\xfe\x00", b"null"]
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    place = _made(tmp_path / "index")
    (place.path / "manifest.json").write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"\A.*manifest\.json: can't be read \(.*\); build the index again with --rebuild\Z"):
        place.manifest()


def test_another_format_is_refused(tmp_path: Path) -> None:
    place = _made(tmp_path / "index")
    file = place.path / "manifest.json"
    file.write_text(file.read_text("utf-8").replace(f'"format": {FORMAT}', '"format": 99'), "utf-8")
    with pytest.raises(IndexFolderError, match=rf"\A.*: index format 99, this version reads {FORMAT}; run whosaid build PATH --rebuild\Z"):
        place.manifest()


@pytest.mark.parametrize(
    "other", [ModelIdentity("other", "0" * 64, 384), ModelIdentity("words", "1" * 64, 384), ModelIdentity("words", "0" * 64, 768)]
)
def test_another_model_is_refused(tmp_path: Path, other: ModelIdentity) -> None:
    place = _made(tmp_path / "index")
    place.check_model(_MODEL)
    with pytest.raises(
        ModelMismatchError, match=r"\A.*: made with model words \(00000000\), asked for .*; use --model words, .* --rebuild to encode"
    ):
        place.check_model(other)


def test_a_number_in_force_drops_the_others(tmp_path: Path) -> None:
    place = _made(tmp_path / "index")
    with place.locked():
        place.numbered(2).mkdir()
        place.put_in_force(2, _MODEL)
    assert sorted(child.name for child in place.path.iterdir() if child.is_dir()) == ["2"]
    assert place.manifest().number == 2


def test_a_second_writer_waits_and_is_told(tmp_path: Path) -> None:
    place = _made(tmp_path / "index")
    held = r"\A.*: another build has held it for 0 s; wait for it and try again\Z"
    with place.locked(), pytest.raises(IndexFolderError, match=held), place.locked(0.05):
        pytest.fail("two writers at once")
    with place.locked(0.05):
        pass


# ---- an open index


def test_an_index_without_its_store_is_refused(tmp_path: Path, index_folder: Path, encoder: SentenceEncoder) -> None:
    copy = tmp_path / "index"
    shutil.copytree(index_folder, copy)
    shutil.rmtree(copy / "1")
    with pytest.raises(IndexFolderError, match=r"\A.*store\.sqlite: can't be opened \(.*\); build the index again with --rebuild\Z"):
        Corpus.open(copy, encoder)


def test_a_corpus_knows_whose_articles_may_fall_when(index: LocalIndex, encoder: SentenceEncoder) -> None:
    corpus = Corpus(index, encoder)

    def ids(*groups: str, since: str | None = None, until: str | None = None) -> set[str] | None:
        keys = corpus.among(groups, PartialDate.parse(since) if since else None, PartialDate.parse(until) if until else None)
        return None if keys is None else {corpus.articles[key].id for key in keys}

    assert ids() is None
    assert ids("River Trust") == {"trust-limit", "trust-otters"}
    assert ids("River Trust", since="2024") == {"trust-limit"}
    assert ids(since="2024-03-31", until="2024-04-01") == {"trust-limit", "anglers-salmon"}
    assert ids(until="2023-06") == {"trust-otters"}
    assert ids("Bargemen's Lodge") == set()
