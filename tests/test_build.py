"""Building: what is unchanged costs nothing, what changes shows all at once, and derived files come back."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from articles import FILES, IDS, NOBODY, RIVER_TRUST, SilentAttributor, WordEncoder, beside, write_corpus
from documents import column, pdf, zipped
from waiting import HANG

from qa.errors import IndexFolderError, ModelMismatchError, NoIndexError, ReadingError, SettingsError
from qa.index.folder import IndexFolder
from qa.index.folder_home import LEXICAL, STORE
from qa.index.interface import Scope
from qa.index.lexical import stems
from qa.index.store import Store
from qa.library import Library, add_articles, build, set_alias
from qa.models.encoder import SentenceEncoder, Vectors
from qa.retrieval.corpus import Corpus
from qa.settings import Place
from qa.types import Article, Span, Statement

Texts = dict[str, str]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A small corpus of our own to change."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an index may come to be."""
    return tmp_path / "index"


def _whole(place: Place) -> Texts:
    """Open an index and return its texts by id, after checking that everything in it is found in all three parts.

    In Milvus, where a search takes milliseconds, of each passage one sentence is looked for.
    """
    corpus = Corpus.open(place, WordEncoder())
    texts = _texts(corpus)
    index = corpus.index
    for key, article in corpus.articles.items():
        places = index.passages_in([key])
        assert places
        of_article = Scope(np.array([key], np.int64))
        vectors = iter(index.vectors_of(places))
        for number, passage in enumerate(places):
            only = Scope(np.array([key], np.int64), np.array([passage.id], np.int64))
            words = passage.span.of(texts[article.id])
            assert passage.id in dict(index.matching(dict.fromkeys(stems(words), 1.0), 50, of_article))
            for at, span in enumerate(passage.sentences):
                vector = next(vectors)
                if at == 0 or isinstance(place, Path):
                    assert index.nearest(vector, 1, only) == [passage.id]
                if at == number == 0 or isinstance(place, Path):
                    assert set(index.nearest(vector, 500, of_article)) == {one.id for one in places}
                assert span.of(texts[article.id]) == span.of(texts[article.id]).strip() != ""
    assert corpus.index.counts()["articles"] == len(texts)
    corpus.close()
    return texts


def _texts(corpus: Corpus) -> Texts:
    return {article.id: corpus.with_text(key).text for key, article in corpus.articles.items()}


def _edit(corpus: Path, name: str, old: str, new: str) -> None:
    text = (corpus / name).read_bytes().decode()
    assert old in text
    (corpus / name).write_bytes(text.replace(old, new).encode())


@contextmanager
def _open(place: Place) -> Iterator[Corpus]:
    corpus = Corpus.open(place, WordEncoder())
    yield corpus
    corpus.close()


class _Hears(SilentAttributor):
    """Hears somebody say the first four letters of every article."""

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        super().statements(articles, sentences)
        return [(Statement(article.id, (), (), (Span(0, 4),), "Somebody", "quoted"),) for article in articles]


# ---- what a build does


def test_a_first_build_holds_every_article(corpus: Path, place: Place, words: WordEncoder) -> None:
    report = build(place, [corpus], encoder=words, attributor=NOBODY)
    assert (report.added, report.changed, report.removed, report.unchanged) == (len(FILES), 0, 0, 0)
    assert report.sentences == len(words.encoded)
    assert (report.notices, report.skipped) == ((), ())
    assert set(_whole(place)) == IDS


def test_what_is_unchanged_costs_nothing(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    before = _whole(place)
    report = build(place, [corpus], encoder=words, attributor=NOBODY)
    assert (report.added, report.changed, report.removed, report.unchanged, report.sentences) == (0, 0, 0, len(FILES), 0)
    assert words.encoded == []
    assert _whole(place) == before


def test_only_what_changed_is_encoded_again(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    _edit(corpus, "letter.md", "The bus stops at the weir on Thursdays.", "The bus stops no more.")
    report = build(place, [corpus], encoder=words, attributor=NOBODY)
    assert (report.added, report.changed, report.removed, report.unchanged) == (0, 1, 0, len(FILES) - 1)
    assert report.sentences == len(words.encoded) == 12
    texts = _whole(place)
    assert "The bus stops no more." in texts["letter"]
    assert "Thursdays" not in texts["letter"]


def test_a_field_is_a_change_too(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    _edit(corpus, "river-trust/limit.md", "published: 2024-03", "published: 2024-04")
    assert build(place, [corpus], encoder=words, attributor=NOBODY).changed == 1
    corpus_after = Corpus.open(place, words)
    assert str(corpus_after.articles[corpus_after.keys["trust-limit"]].published) == "2024-04"
    corpus_after.close()


def test_what_vanished_is_removed_and_what_is_new_is_added(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    (corpus / "letter.md").unlink()
    (corpus / "new.md").write_text("A kingfisher came.", "utf-8")
    report = build(place, [corpus], encoder=words, attributor=NOBODY)
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 0, 1, len(FILES) - 1)
    assert set(_whole(place)) == IDS - {"letter"} | {"new"}


def test_removing_alone_encodes_nothing(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    (corpus / "letter.md").unlink()
    assert build(place, [corpus], encoder=words, attributor=NOBODY).removed == 1
    assert words.encoded == []
    assert set(_whole(place)) == IDS - {"letter"}


@pytest.mark.parametrize("content", [b"", b" \n", random.Random(3).randbytes(3000)])
def test_the_article_of_an_unreadable_file_is_kept(corpus: Path, place: Place, words: WordEncoder, content: bytes) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    (corpus / "letter.md").write_bytes(content)
    report = build(place, [corpus], encoder=words, attributor=NOBODY)
    assert report.removed == 0
    assert len(report.skipped) == 1
    assert set(_whole(place)) == IDS


def test_an_article_is_kept_from_where_it_was_read_last(corpus: Path, place: Place, words: WordEncoder, tmp_path: Path) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    moved = tmp_path / "moved"
    corpus.rename(moved)
    assert build(place, [moved], encoder=words, attributor=NOBODY).unchanged == len(FILES)
    (moved / "letter.md").write_bytes(b"")
    assert build(place, [moved], encoder=words, attributor=NOBODY).removed == 0
    assert set(_whole(place)) == IDS


def test_the_article_of_a_line_that_broke_is_kept(place: Place, words: WordEncoder, tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text('{"id": "a", "text": "One."}\n{"id": "b", "text": "Two."}\n{"id": "c", "text": "Three."}\n', "utf-8")
    build(place, [file], encoder=words, attributor=NOBODY)
    file.write_text('{"id": "a", "text": "One."}\n{"id": "b", "text": \n', "utf-8")
    report = build(place, [file], encoder=words, attributor=NOBODY)
    assert (report.removed, len(report.skipped)) == (1, 1)
    assert set(_whole(place)) == {"a", "b"}


def test_a_null_byte_hides_no_word(place: Place, words: WordEncoder, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Before.\x00 The zebra came after.")
    build(place, [tmp_path / "a.txt"], encoder=words, attributor=NOBODY)
    corpus = Corpus.open(place, words)
    assert corpus.index.matching({"zebra": 1.0}, 5)
    corpus.close()


def test_a_name_that_is_not_unicode_stops_nobody(corpus: Path, place: Place, words: WordEncoder) -> None:
    Path(os.fsdecode(os.fsencode(corpus) + b"/caf\xe9.md")).write_text("More words.", "utf-8")
    assert build(place, [corpus], encoder=words, attributor=NOBODY).added == len(FILES) + 1


def test_groups_alone_may_change(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    before = Corpus.open(place, words)
    _edit(corpus, "groups.toml", '"Wend River Trust", ', '"Friends of the Wend", ')
    build(place, [corpus], encoder=words, attributor=NOBODY)
    after = before.refreshed()
    assert after.registry.groups[RIVER_TRUST].aliases == ("Friends of the Wend", "WRT")
    after.close()
    before.close()
    assert words.encoded == []


def test_progress_is_told_to_its_end(corpus: Path, place: Place, words: WordEncoder) -> None:
    told: list[tuple[str, int, int]] = []
    build(place, [corpus], encoder=words, attributor=NOBODY, progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "Reading"] == [("Reading", n + 1, 0) for n in range(len(FILES))]
    done = [(done, total) for doing, done, total in told if doing == "Building"]
    assert done == sorted(done)
    assert done[-1][0] == done[-1][1] > 5_000


# ---- what a build refuses


def test_another_attributor_reads_everything_anew_and_encodes_nothing(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    better = _Hears("better")
    report = build(place, [corpus], encoder=words, attributor=better)
    assert (report.attributed, report.unchanged, words.encoded) == (len(FILES), len(FILES), [])
    assert sorted(better.read) == sorted(IDS)
    with _open(place) as corpus_read:
        assert sum(map(bool, map(corpus_read.statements, corpus_read.articles))) == len(FILES)
    assert build(place, [corpus], encoder=words, attributor=better).attributed == 0


def test_a_corrected_name_holds_at_once_and_survives_builds_and_rebuilds(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=_Hears("a"))
    words.encoded.clear()
    assert set_alias(place, "Somebody", "Ada Marsh") == {"Somebody": "Ada Marsh"}
    for rebuild in (False, True):
        with _open(place) as read:
            assert {said.speaker for key in read.articles for said in read.statements(key)} == {"Ada Marsh"}
        assert words.encoded == []
        build(place, [corpus], encoder=words, attributor=_Hears("a"), rebuild=rebuild)
        words.encoded.clear()
    assert set_alias(place, "Somebody", None) == {}
    with _open(place) as read:
        assert {said.speaker for key in read.articles for said in read.statements(key)} == {"Somebody"}


@pytest.mark.parametrize(("name", "canonical"), [("", "Ada"), ("Ada", " "), ("never corrected", None)])
def test_a_name_that_cannot_be_corrected_is_refused_in_one_line(
    corpus: Path, place: Place, words: WordEncoder, name: str, canonical: str | None
) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    with pytest.raises(SettingsError) as caught:
        set_alias(place, name, canonical)
    assert "\n" not in str(caught.value)


def test_two_names_cannot_stand_for_each_other(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    set_alias(place, "Ada", "Ada Marsh")
    with pytest.raises(SettingsError, match="already stands"):
        set_alias(place, "Ada Marsh", "Ada")


def test_two_merged_groups_are_one(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    set_alias(place, "Anglers' Club", "River Trust")
    with _open(place) as read:
        assert "Anglers' Club" not in read.by_group
        assert len(read.by_group["River Trust"]) == 3
        assert read.registry.canonical("Wendford Anglers") == "River Trust"


def test_an_empty_folder_leaves_the_index_as_it_was(corpus: Path, place: Place, words: WordEncoder, tmp_path: Path) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    before = _whole(place)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReadingError, match=r"\Ano article found: expected files with text, such as .*; nothing was changed\Z"):
        build(place, [tmp_path / "empty"], encoder=words, attributor=NOBODY)
    with pytest.raises(ReadingError, match=r"\A.*nowhere: there is no such file or folder"):
        build(place, [tmp_path / "nowhere"], encoder=words, attributor=NOBODY)
    assert _whole(place) == before


def test_nothing_readable_says_why(folder: Path, words: WordEncoder, tmp_path: Path) -> None:
    (tmp_path / "a.md").touch()
    with pytest.raises(
        ReadingError, match=r"\Ano article found: .*a\.md: is empty; expected the text of an article; nothing was changed\Z"
    ):
        build(folder, [tmp_path / "a.md"], encoder=words, attributor=NOBODY)
    assert not folder.exists()


def test_another_model_is_refused_until_all_is_encoded_again(corpus: Path, folder: Path, words: WordEncoder) -> None:
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    other = WordEncoder("other", 64)
    with pytest.raises(ModelMismatchError, match=r"\A.*made with model words .* asked for other .*--rebuild to encode everything again\Z"):
        build(folder, [corpus], encoder=other, attributor=NOBODY)
    with pytest.raises(ModelMismatchError):
        Corpus.open(folder, other)
    assert other.encoded == []
    report = build(folder, [corpus], encoder=other, attributor=NOBODY, rebuild=True)
    assert (report.added, report.unchanged) == (len(FILES), 0)
    opened = Corpus.open(folder, other)
    assert set(_texts(opened)) == IDS
    opened.close()
    assert sorted(child.name for child in folder.iterdir() if child.is_dir()) == ["2"]


def test_a_foreign_folder_is_refused_and_left_alone(corpus: Path, folder: Path, words: WordEncoder) -> None:
    folder.mkdir()
    (folder / "thesis.doc").write_text("years of work", "utf-8")
    with pytest.raises(
        IndexFolderError, match=r"\A.*: is not an index \(it holds thesis\.doc\); give an empty or new folder with --index\Z"
    ):
        build(folder, [corpus], encoder=words, attributor=NOBODY)
    assert [child.name for child in folder.iterdir()] == ["thesis.doc"]


@pytest.mark.parametrize("rebuild", [False, True])
@pytest.mark.parametrize("beside", [[], ["notes.txt"]])
def test_folders_that_are_called_by_years_are_never_removed(
    corpus: Path, folder: Path, words: WordEncoder, rebuild: bool, beside: list[str]
) -> None:
    for name in ("2023/thesis.doc", "2024/photo.jpg", *beside):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("years of work", "utf-8")
    with pytest.raises(IndexFolderError):
        build(folder, [corpus], encoder=words, attributor=NOBODY, rebuild=rebuild)
    assert (folder / "2023" / "thesis.doc").is_file()
    assert (folder / "2024" / "photo.jpg").is_file()


def test_a_file_in_the_place_of_the_folder_is_refused(corpus: Path, folder: Path, words: WordEncoder) -> None:
    folder.write_text("no folder", "utf-8")
    with pytest.raises(IndexFolderError, match=r"\A.*: is a file; expected a folder, give another with --index\Z"):
        build(folder, [corpus], encoder=words, attributor=NOBODY)


def test_a_garbled_manifest_is_refused_until_a_rebuild(corpus: Path, folder: Path, words: WordEncoder) -> None:
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    (folder / "manifest.json").write_bytes(b"garbage")
    clear = r"\A.*manifest\.json: can't be read \(.*\); build the index again with --rebuild\Z"
    with pytest.raises(IndexFolderError, match=clear):
        build(folder, [corpus], encoder=words, attributor=NOBODY)
    with pytest.raises(IndexFolderError, match=clear):
        Library.open(folder, encoder=words)
    build(folder, [corpus], encoder=words, attributor=NOBODY, rebuild=True)
    assert set(_whole(folder)) == IDS


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_a_garbled_store_is_refused_until_a_rebuild(corpus: Path, folder: Path, words: WordEncoder, content: bytes) -> None:
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    for file in (folder / "1").glob(f"{STORE}*"):
        file.write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"\A.*store\.sqlite: can't be opened \(.*\); build the index again with --rebuild\Z"):
        Library.open(folder, encoder=words)
    build(folder, [corpus], encoder=words, attributor=NOBODY, rebuild=True)
    assert set(_whole(folder)) == IDS


class _Fails(WordEncoder):
    """Gives up at its second call."""

    calls = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        if self.calls > 1:
            raise RuntimeError("out of memory")
        return super().encode(texts)


def test_a_build_that_fails_leaves_the_old_state(corpus: Path, place: Place, words: WordEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    before = _whole(place)
    monkeypatch.setattr("qa.index.analyse.LOT", 1)
    _edit(corpus, "letter.md", "I have no more to say", "I have more to say")
    _edit(corpus, "river-trust/limit.md", "Is that too much", "Is it too much")
    with pytest.raises(RuntimeError, match="out of memory"):
        build(place, [corpus], encoder=_Fails(), attributor=NOBODY)
    assert _whole(place) == before
    assert build(place, [corpus], encoder=words, attributor=NOBODY).changed == 2
    assert "I have more to say" in _whole(place)["letter"]


def test_nobody_waits_while_what_is_to_be_added_is_fetched(corpus: Path, folder: Path, words: WordEncoder) -> None:
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    busy = []

    def fetched() -> Iterator[Article]:
        for number in range(3):
            busy.append(IndexFolder(folder).busy())
            yield Article(f"link-{number}", f"The herons of pond {number} stand still.")

    assert add_articles(folder, fetched(), encoder=words, attributor=NOBODY).added == 3
    assert busy == [False] * 3


# ---- going on from where a build was stopped


class _Slow(WordEncoder):
    """Takes its time, so that a build can be stopped in the middle."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        time.sleep(0.1)
        return super().encode(texts)


@pytest.mark.parametrize("before", ["first", "later", "rebuild"])
def test_a_build_goes_on_from_where_one_was_stopped(
    corpus: Path, folder: Path, words: WordEncoder, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.index.analyse.LOT", 1)
    monkeypatch.setattr("qa.index.build._KEPT_EVERY", 0.0)
    if before != "first":
        build(folder, [corpus], encoder=words, attributor=NOBODY)
        for file in corpus.rglob("*.[mt][dx]*"):
            if file.name != "groups.toml":
                file.write_text(f"{file.read_text('utf-8')}\n\nOne more line stands here.\n", "utf-8")
        seen = _whole(folder)
    words.encoded.clear()

    def stops(doing: str, done: int, total: int) -> None:
        if doing == "Building" and done > total / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(folder, [corpus], encoder=_Slow(), attributor=NOBODY, rebuild=before == "rebuild", progress=stops)
    if before == "first":
        with pytest.raises(NoIndexError):
            Library.open(folder, encoder=words)
    else:
        assert _whole(folder) == seen
    report = build(folder, [corpus], encoder=words, attributor=NOBODY, rebuild=before == "rebuild")
    assert 0 < report.resumed < len(FILES)
    assert report.added + report.changed == len(FILES)
    assert set(_whole(folder)) == IDS
    monkeypatch.undo()
    clean = WordEncoder()
    build(folder.with_name("clean"), [corpus], encoder=clean, attributor=NOBODY)
    assert report.sentences < len(clean.encoded)
    assert _whole(folder) == _whole(folder.with_name("clean"))
    assert build(folder, [corpus], encoder=words, attributor=NOBODY).unchanged == len(FILES)


def test_what_was_stopped_is_not_used_by_another_model_or_attributor(
    corpus: Path, place: Place, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.index.analyse.LOT", 1)
    monkeypatch.setattr("qa.index.build._KEPT_EVERY", 0.0)

    def stops(doing: str, done: int, total: int) -> None:
        if doing == "Building" and done > total / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(place, [corpus], encoder=_Slow(), attributor=NOBODY, progress=stops)
    assert build(place, [corpus], encoder=words, attributor=_Hears("better")).resumed == 0
    second = beside(place)
    with pytest.raises(KeyboardInterrupt):
        build(second, [corpus], encoder=_Slow(), attributor=NOBODY, progress=stops)
    other = WordEncoder("other", 64)
    assert build(second, [corpus], encoder=other, attributor=NOBODY).resumed == 0
    opened = Corpus.open(second, other)
    assert set(_texts(opened)) == IDS
    opened.close()


def test_what_was_stopped_and_is_no_longer_wanted_is_thrown_away(
    corpus: Path, folder: Path, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    monkeypatch.setattr("qa.index.build._KEPT_EVERY", 0.0)
    (corpus / "new.md").write_text("A kingfisher came.", "utf-8")

    def stops(doing: str, done: int, total: int) -> None:
        if doing == "Building":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(folder, [corpus], encoder=words, attributor=NOBODY, progress=stops)
    (corpus / "new.md").unlink()
    assert build(folder, [corpus], encoder=words, attributor=NOBODY).unchanged == len(FILES)
    store = Store(folder / "1" / STORE)
    assert store.unshown() == []
    store.close()
    assert set(_whole(folder)) == IDS


# ---- derived files


def _gone(passages: Path) -> None:
    shutil.rmtree(passages)


def _emptied(passages: Path) -> None:
    for file in passages.iterdir():
        file.write_bytes(b"")


def _garbled(passages: Path) -> None:
    for file in passages.iterdir():
        file.write_bytes(b"garbage" * 99)


def _without(ending: str) -> Callable[[Path], None]:
    def removes(passages: Path) -> None:
        for file in list(passages.iterdir()):
            if file.name.endswith(ending):
                file.unlink()

    return removes


@pytest.mark.slow
@pytest.mark.parametrize("first", ["open", "build"])
@pytest.mark.parametrize(
    "damage",
    [_gone, _emptied, _garbled, *(_without(ending) for ending in ("meta.json", ".pos", ".term", ".idx", ".store"))],
    ids=["gone", "emptied", "garbled", "no-meta", "no-pos", "no-term", "no-idx", "no-store"],
)
def test_the_lexical_folder_is_made_again(
    corpus: Path, folder: Path, words: WordEncoder, damage: Callable[[Path], None], first: str
) -> None:
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    damage(folder / "1" / LEXICAL)
    words.encoded.clear()
    if first == "build":
        assert build(folder, [corpus], encoder=words, attributor=NOBODY).unchanged == len(FILES)
    assert set(_whole(folder)) == IDS
    assert words.encoded == []


# ---- readers


def test_a_reader_keeps_its_state_until_it_asks_for_the_next(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    reader = Corpus.open(place, words)
    old = _texts(reader)
    assert reader.refreshed() is reader
    _edit(corpus, "letter.md", "I have no more to say", "I have more to say")
    (corpus / "notice.txt").unlink()
    build(place, [corpus], encoder=words, attributor=NOBODY)
    assert _texts(reader) == old
    newest = reader.refreshed()
    assert newest is not reader
    assert set(_texts(newest)) == IDS - {"notice"}
    assert "I have more to say" in _texts(newest)["letter"]
    assert newest.refreshed() is newest
    newest.close()
    reader.close()


def test_a_state_stays_whole_for_whoever_still_holds_it(corpus: Path, place: Place, words: WordEncoder) -> None:
    """A question may be half answered while another thread refreshes."""
    build(place, [corpus], encoder=words, attributor=NOBODY)
    reader = Corpus.open(place, words)
    keys = dict(reader.keys)
    (corpus / "notice.txt").unlink()
    build(place, [corpus], encoder=words, attributor=NOBODY)
    newest = reader.refreshed()
    assert reader.with_text(keys["notice"]).text == FILES["notice.txt"].partition("\r\n\r\n")[2]
    assert reader.index.counts()["articles"] == len(FILES)
    newest.close()
    reader.close()


def test_a_reader_outlives_a_rebuild(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    reader = Corpus.open(place, words)
    build(place, [corpus], encoder=words, attributor=NOBODY, rebuild=True)
    assert set(_texts(reader)) == IDS
    assert reader.index.matching({"otter": 1.0}, 5)
    newest = reader.refreshed()
    assert set(_texts(newest)) == IDS
    assert newest is not reader
    newest.close()
    reader.close()


def test_the_index_of_the_real_encoder_is_whole(index_folder: Path, encoder: SentenceEncoder) -> None:
    corpus = Corpus.open(index_folder, encoder)
    assert set(_texts(corpus)) == IDS
    for vector in encoder.encode(["Otters are back on the Wend.", "Who wants a fish pass?"]):
        (nearest,) = corpus.index.passages(corpus.index.nearest(vector, 1))
        assert 0.4 < max(corpus.index.vectors_of([nearest]) @ vector) < 1
    corpus.close()


# ---- several processes

_BUILD = """
import sys
from pathlib import Path
import faiss, filelock, frontmatter, numpy, sentencex, tantivy, yaml
import qa.index.build, qa.index.dense, qa.index.folder_home, qa.index.lexical, qa.reading, qa.retrieval.corpus
from articles import NOBODY, WordEncoder
from qa.library import build

folder, corpus, rebuild = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "rebuild"
qa.index.build._KEPT_EVERY = 1e9 if len(sys.argv) > 4 else 0.01  # so that kills come between what is kept, too, but steps are countable
qa.index.dense.FLAT_MOST = 50  # so that there is a file of codes
if len(sys.argv) > 4:  # die at the nth of the steps that change something on disk
    import os, signal
    left = int(sys.argv[4])
    def deadly(owner, name):
        step = getattr(owner, name)
        def dies(*arguments, **named):
            global left
            for moment in ("before", "after"):
                if moment == "after":
                    result = step(*arguments, **named)
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return result
        setattr(owner, name, dies)
    from qa.index.folder import IndexFolder
    from qa.index.lexical import LexicalIndex
    from qa.index.store import Store
    for owner, names in ((Store, ("commit", "remove")), (LexicalIndex, ("add", "remove")), (qa.index.folder_home, ("write_file",)),
                         (IndexFolder, ("put_in_force", "drop_all_but")), (os, ("replace", "fsync"))):
        for name in names:
            deadly(owner, name)
print("ready", flush=True)
sys.stdin.readline()
build(folder, [corpus], encoder=WordEncoder(), attributor=NOBODY, rebuild=rebuild)
print("done", flush=True)
"""


class _Builder:
    """A build in a process of its own, which waits for `go` when everything is loaded."""

    def __init__(self, folder: Path, corpus: Path, *, rebuild: bool = False, dies_at: int | None = None) -> None:
        arguments = [str(folder), str(corpus), "rebuild" if rebuild else "build", *([str(dies_at)] if dies_at else [])]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BUILD, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"},
        )

    def go(self) -> None:
        assert self.process.stdout
        assert self.process.stdin
        assert self.process.stdout.readline() == "ready\n"
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def seconds(self) -> float:
        """Run to the end and return how long the build took."""
        self.go()
        started = time.monotonic()
        assert self.process.stdout
        assert self.process.stdout.readline() == "done\n"
        took = time.monotonic() - started
        self.ended()
        return took

    def ended(self) -> int:
        self.process.communicate(timeout=HANG)
        return self.process.returncode

    def killed_after(self, seconds: float) -> bool:
        """Kill the build so long after its start; tell whether it was still running."""
        self.go()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
        return self.ended() == -signal.SIGKILL


_TITLED = "---\ntitle: One of many\n---\n"


@pytest.fixture(scope="module")
def two_states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two corpora of some sixty articles: the second lacks some, has some changed and some new."""
    rng = random.Random(11)
    sentences = [line for text in FILES.values() for line in text.split(". ") if "---" not in line and len(line) > 20]
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    for number in range(60):
        text = ". ".join(rng.choices(sentences, k=25))
        if number < 50:
            (old / f"{number}.md").write_text(_TITLED + text, "utf-8")
        if number >= 10:
            (new / f"{number}.md").write_text(_TITLED + (text if number % 2 else f"{text} It was changed."), "utf-8")
    return old, new


def _expected(corpus: Path) -> Texts:
    return {file.stem: file.read_bytes().decode().removeprefix(_TITLED).strip() for file in corpus.glob("*.md")}


def _kills(
    folder: Path, seconds: Callable[[int], float], count: int, states: tuple[Path, Path], *, least: int, rebuild: bool = False
) -> None:
    """Kill builds that lead from one state to the other, `least` of them at least; check each time that one of them is there whole."""
    old, new = states
    build(folder, [old], encoder=WordEncoder(), attributor=NOBODY)
    killed, pace = 0, 1.0
    for number in itertools.count():
        if number >= count and killed >= least:
            break
        if _Builder(folder, new, rebuild=rebuild).killed_after(pace * seconds(number % count)):
            killed += 1
        else:
            pace *= 0.8  # builds are faster now than when they were measured
        assert _whole(folder) in (_expected(old), _expected(new))
        if number % 2:  # go on from what the kill left, every other time
            build(folder, [new], encoder=WordEncoder(), attributor=NOBODY)
            assert _whole(folder) == _expected(new)
            old, new = new, old
    build(folder, [new], encoder=WordEncoder(), attributor=NOBODY)
    assert _whole(folder) == _expected(new)


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_one_of_two_states(folder: Path, tmp_path: Path, two_states: tuple[Path, Path]) -> None:
    old, new = two_states
    build(tmp_path / "measured", [old], encoder=WordEncoder(), attributor=NOBODY)
    took = min(_Builder(tmp_path / "measured", corpus).seconds() for corpus in (new, old, new))
    rng = random.Random(20)
    _kills(folder, lambda number: took * (number + rng.random()) / 20, 20, two_states, least=5)


@pytest.mark.slow
def test_a_kill_during_a_rebuild_leaves_one_of_two_states(folder: Path, tmp_path: Path, two_states: tuple[Path, Path]) -> None:
    old, new = two_states
    build(tmp_path / "measured", [old], encoder=WordEncoder(), attributor=NOBODY)
    took = min(_Builder(tmp_path / "measured", new, rebuild=True).seconds() for _ in range(2))
    rng = random.Random(21)
    _kills(folder, lambda number: took * (number + rng.random()) / 6, 6, two_states, least=1, rebuild=True)


@pytest.mark.slow
def test_a_kill_during_the_first_build_leaves_nothing_or_all(tmp_path: Path, two_states: tuple[Path, Path]) -> None:
    old, _ = two_states
    took = _Builder(tmp_path / "measured", old).seconds()
    rng, killed, pace = random.Random(22), 0, 1.0
    for number in itertools.count():
        if number >= 5 and killed:
            break
        folder = tmp_path / f"index-{number}"
        if _Builder(folder, old).killed_after(pace * took * (number % 5 + rng.random()) / 5):
            killed += 1
        else:
            pace *= 0.8
        try:
            assert _whole(folder) == _expected(old)
        except NoIndexError:
            pass
        build(folder, [old], encoder=WordEncoder(), attributor=NOBODY)
        assert _whole(folder) == _expected(old)


@pytest.mark.slow
@pytest.mark.parametrize("rebuild", [False, True])
def test_a_kill_before_and_after_each_step_leaves_one_of_two_states(
    folder: Path, tmp_path: Path, corpus: Path, words: WordEncoder, rebuild: bool
) -> None:
    other = tmp_path / "other"
    shutil.copytree(corpus, other)
    _edit(other, "letter.md", "I have no more to say", "I have more to say")
    (other / "notice.txt").unlink()
    (other / "new.md").write_text("A kingfisher came.", "utf-8")
    build(folder, [corpus], encoder=words, attributor=NOBODY)
    build(tmp_path / "second", [other], encoder=words, attributor=NOBODY)
    old, new = _whole(folder), _whole(tmp_path / "second")
    seen = []
    for step in range(1, 60):
        trial = tmp_path / f"trial-{step}"
        shutil.copytree(folder, trial)
        builder = _Builder(trial, other, rebuild=rebuild, dies_at=step)
        builder.go()
        if builder.ended() == 0:
            break
        assert builder.process.returncode == -signal.SIGKILL
        found = _whole(trial)
        assert found in (old, new)
        seen.append(found == new)
        build(trial, [other], encoder=words, attributor=NOBODY)
        assert _whole(trial) == new
    assert len(seen) > 10
    assert seen == sorted(seen)  # once visible, it stays
    assert {False, True} == set(seen)


@pytest.mark.slow
def test_readers_during_a_build_see_one_of_two_states(folder: Path, two_states: tuple[Path, Path], words: WordEncoder) -> None:
    old, new = two_states
    build(folder, [old], encoder=words, attributor=NOBODY)
    reader = Corpus.open(folder, words)
    builder = _Builder(folder, new)
    builder.go()
    seen = []
    while True:
        running = builder.process.poll() is None
        texts = _texts(reader)
        assert texts in (_expected(old), _expected(new))
        seen.append(texts == _expected(new))
        places = reader.index.passages_in(reader.articles)
        assert set(reader.index.nearest(reader.index.vectors_of(places)[0], 10_000)) == {place.id for place in places}
        if not running:
            break
        refreshed = reader.refreshed()
        if refreshed is not reader:
            reader.close()
            reader = refreshed
    assert builder.ended() == 0
    last = reader.refreshed()
    assert _texts(last) == _expected(new)
    assert not seen[0]
    assert seen == sorted(seen)
    last.close()


@pytest.mark.slow
def test_two_builds_at_once_both_end_well(folder: Path, two_states: tuple[Path, Path]) -> None:
    builders = [_Builder(folder, corpus) for corpus in two_states]
    for builder in builders:
        builder.go()
    assert [builder.ended() for builder in builders] == [0, 0]
    assert _whole(folder) in [_expected(corpus) for corpus in two_states]


def test_documents_keep_their_pages_and_origins_and_a_damaged_archive_its_articles(tmp_path: Path, folder: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.pdf").write_bytes(pdf([column(60, 700, "The first page."), column(60, 700, "The second.")], title="Two pages"))
    (documents / "b.zip").write_bytes(zipped({"c.csv": "words,by\nThe heron stands.,River Trust\n"}))
    told = {"text": "words", "group": "by"}
    report = build(folder, [documents], columns=told, encoder=WordEncoder(), attributor=SilentAttributor())
    assert (report.added, report.notices) == (2, ())
    corpus = Corpus.open(folder, WordEncoder())
    found = {article.id: article for article in corpus.articles.values()}
    corpus.close()
    assert (found["a"].pages, found["a"].origins) == ((0, len("The first page.\n\n")), (("title", "file metadata"),))
    assert (found["b/c-2"].pages, found["b/c-2"].origins) == ((), (("group", "column"),))
    (documents / "b.zip").write_bytes(b"PK damaged")
    again = build(folder, [documents], columns=told, encoder=WordEncoder(), attributor=SilentAttributor())
    assert (again.removed, again.unchanged, len(again.skipped)) == (0, 1, 1)
    assert set(_whole(folder)) == {"a", "b/c-2"}
