"""The life of a corpus: adding, correcting and removing articles, and what builds and rebuilds make of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from articles import ANGLERS_CLUB, CITY_COUNCIL, IDS, NOBODY, RIVER_TRUST, SilentAttributor, WordEncoder, write_corpus
from websites import Page, Site

from qa.errors import NoIndexError, ReadingError, SettingsError
from qa.index import build as builder
from qa.index.build import BuildReport
from qa.library import Library, add, add_articles, build, refresh
from qa.reading import Notice
from qa.reading.fetch import FetchSettings
from qa.settings import Place
from qa.types import Article, Link, PartialDate

FLOOD = (
    "The floods of this winter took two bridges and a year of work from the people of the lower valley. We ask every member to come"
    " to the meadow on Saturday with boots and a spade. The council has promised sandbags, and we shall hold it to that promise."
    " Nobody should have to carry a piano upstairs a third time."
)
BOATS = (
    "Rowing boats may be hired from the first of May at the landing below the weir. The price is that of last year. Children wear"
    " a vest, and so should those who taught them to row. Dogs travel free, if they can swim."
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A small corpus of our own to change."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an index may come to be."""
    return tmp_path / "index"


def _article(id: str = "flood", text: str = FLOOD, **fields: object) -> Article:
    known = {"source": f"{id}.md", **fields}
    origins = tuple((name, "front matter") for name in known if name != "source")
    return Article(id, text, origins=origins, **known)  # type: ignore[arg-type]


def _build(place: Place, items: Iterable[Article | Notice | Link], words: WordEncoder, *, rebuild: bool = False) -> BuildReport:
    return builder.build(place, items, words, NOBODY, rebuild=rebuild)


def _add(place: Place, items: Iterable[Article | Notice | Link], words: WordEncoder) -> BuildReport:
    return add_articles(place, items, encoder=words, attributor=NOBODY)


def _edit(place: Place, id: str, **fields: str | None) -> BuildReport:
    return builder.edit(place, id, fields, NOBODY)


def _remove(place: Place, *ids: str) -> BuildReport:
    return builder.remove(place, ids, NOBODY)


def _there(place: Place, words: WordEncoder) -> dict[str, Article]:
    """Return the articles with their texts, after checking that search finds the words of each in it."""
    library = Library.open(place, encoder=words)
    found = {article.id: article for article in library.articles(with_text=True)}
    for article in found.values():
        assert any(hit.article.id == article.id for hit in library.search(article.text[:200], 50))
    counts = library.counts()
    assert counts["articles"] == len(found)
    library.close()
    return found


def _counts(report: BuildReport) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.removed, report.merged, report.unchanged


# ---- adding


def test_what_is_added_stands_beside_the_rest_and_outlives_builds(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    assert _counts(_add(place, [_article()], words)) == (1, 0, 0, 0, 0)
    assert len(words.encoded) == 4
    assert set(_there(place, words)) == {*IDS, "flood"}
    (corpus / "letter.md").unlink()
    assert _counts(build(place, [corpus], encoder=words, attributor=NOBODY))[:3] == (0, 0, 1)
    assert set(_there(place, words)) == {*IDS, "flood"} - {"letter"}


def test_adding_makes_an_index_where_there_is_none(place: Place, words: WordEncoder) -> None:
    _add(place, [_article()], words)
    assert set(_there(place, words)) == {"flood"}


def test_adding_nothing_that_can_be_read_changes_nothing(folder: Path, words: WordEncoder) -> None:
    with pytest.raises(ReadingError, match="no article found"):
        _add(folder, [Notice("a.md", "is empty", skipped=True)], words)
    assert not (folder / "manifest.json").exists()


def test_an_added_file_that_has_changed_replaces_itself(place: Place, words: WordEncoder) -> None:
    _add(place, [_article()], words)
    report = _add(place, [_article(text=FLOOD + " Bring tea.")], words)
    assert _counts(report) == (0, 1, 0, 0, 0)
    assert _there(place, words)["flood"].text.endswith("Bring tea.")


def test_another_file_of_the_same_name_gets_an_id_of_its_own(place: Place, words: WordEncoder) -> None:
    _add(place, [_article(source="a/flood.md")], words)
    _add(place, [_article(text=BOATS, source="b/flood.md")], words)
    there = _there(place, words)
    assert {id: article.text for id, article in there.items()} == {"flood": FLOOD, "flood~2": BOATS}
    assert _counts(_add(place, [_article(text=BOATS, source="b/flood.md")], words)) == (0, 0, 0, 0, 1)


def test_a_file_that_moved_keeps_its_id_even_if_it_was_edited(place: Place, words: WordEncoder) -> None:
    _add(place, [_article(source="a/flood.md")], words)
    assert _counts(_add(place, [_article(source="b/flood.md")], words)) == (0, 0, 0, 0, 1)
    assert _counts(_add(place, [_article(text=FLOOD.replace("two bridges", "three bridges"), source="c/flood.md")], words)) == (
        0,
        1,
        0,
        0,
        0,
    )
    assert _there(place, words)["flood"].source == "c/flood.md"


def test_a_rebuild_takes_over_what_was_added_corrected_and_removed(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    link = Link("https://river.example/flood", "article", '"1"', None, "0" * 64, "2025-01-02T03:04:05Z")
    _add(place, [_article(), link], words)
    _edit(place, "notice", title="A notice put right")
    _remove(place, "letter")
    other = WordEncoder("other", dimension=128)
    build(place, [corpus], encoder=other, attributor=NOBODY, rebuild=True)
    there = _there(place, other)
    assert set(there) == {*IDS, "flood"} - {"letter"}
    assert there["notice"].title == "A notice put right"
    assert builder.links_of(place) == {link.url: link}
    build(place, [corpus], encoder=other, attributor=NOBODY)
    assert "flood" in _there(place, other)


def test_stopping_an_addition_leaves_the_index_as_it_was(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    before = _there(place, words)

    def stop(doing: str, done: int, total: int) -> None:
        if doing == "Building":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_articles(place, [_article()], encoder=words, attributor=NOBODY, progress=stop)
    assert _there(place, words) == before
    assert _counts(_add(place, [_article()], words)) == (1, 0, 0, 0, 0)
    assert set(_there(place, words)) == {*IDS, "flood"}


# ---- correcting


def test_a_correction_encodes_nothing_and_outlives_builds(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    words.encoded.clear()
    report = _edit(place, "notice", title="  High   water ", group=CITY_COUNCIL, published="2025-2-3", author="", url="https://a.example/b")
    assert _counts(report) == (0, 1, 0, 0, len(IDS) - 1)
    build(place, [corpus], encoder=words, attributor=NOBODY)
    assert words.encoded == []
    notice = _there(place, words)["notice"]
    assert (notice.title, notice.group, notice.published, notice.author) == ("High water", CITY_COUNCIL, PartialDate(2025, 2, 3), None)
    assert {name for name, origin in notice.origins if origin == "corrected"} == {"title", "group", "published", "url"}


def test_a_field_can_be_made_unknown(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    assert _there(place, words)["trust-limit"].group == RIVER_TRUST
    _edit(place, "trust-limit", group=None)
    build(place, [corpus], encoder=words, attributor=NOBODY)
    article = _there(place, words)["trust-limit"]
    assert article.group is None
    assert "group" not in dict(article.origins)


def test_who_says_what_is_read_anew_only_where_the_group_changed(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    again = SilentAttributor()
    builder.edit(place, "notice", {"title": "Another"}, again)
    assert again.read == []
    builder.edit(place, "notice", {"group": ANGLERS_CLUB}, again)
    assert again.read == ["notice"]


def test_a_file_that_changes_keeps_its_corrections(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    _edit(place, "letter", title="Put right")
    file = corpus / "letter.md"
    file.write_text(file.read_text("utf-8") + "\nOne more line.\n", "utf-8")
    build(place, [corpus], encoder=words, attributor=NOBODY)
    letter = _there(place, words)["letter"]
    assert letter.title == "Put right"
    assert letter.text.endswith("One more line.")


@pytest.mark.parametrize(
    ("id", "fields", "message"),
    [
        ("nobody", {"title": "x"}, "no article with the id 'nobody'"),
        ("flood", {"text": "x"}, "'text' can't be corrected; expected one of title, group"),
        ("flood", {"published": "yesterday"}, "'yesterday' is not a date; expected 2025"),
        ("flood", {"published": "2025-02-30"}, "'2025-02-30' is not a date"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    place: Place, words: WordEncoder, id: str, fields: dict[str, str], message: str
) -> None:
    _add(place, [_article()], words)
    with pytest.raises(SettingsError, match=message):
        builder.edit(place, id, fields, NOBODY)
    assert _there(place, words)["flood"].title is None


# ---- removing


def test_what_is_removed_stays_away_until_it_is_added(corpus: Path, place: Place, words: WordEncoder) -> None:
    build(place, [corpus], encoder=words, attributor=NOBODY)
    assert _counts(_remove(place, "letter", "notice", "letter")) == (0, 0, 2, 0, len(IDS) - 2)
    assert set(_there(place, words)) == IDS - {"letter", "notice"}
    report = build(place, [corpus], encoder=words, attributor=NOBODY)
    assert _counts(report)[:3] == (0, 0, 0)
    assert [str(notice) for notice in report.notices if "was removed" in notice.message]
    assert report.skipped == ()
    assert set(_there(place, words)) == IDS - {"letter", "notice"}
    _add(place, [_article("letter", BOATS)], words)
    build(place, [corpus], encoder=words, attributor=NOBODY)
    assert "letter" in _there(place, words)


def test_a_refresh_does_not_bring_back_what_was_removed(place: Place, words: WordEncoder) -> None:
    _add(place, [_article(), _article("boats", BOATS)], words)
    _remove(place, "flood")
    builder.refresh(place, [_article(text=FLOOD + " More.")], words, NOBODY)
    assert set(_there(place, words)) == {"boats"}


def test_removing_what_is_not_there_changes_nothing(corpus: Path, place: Place, words: WordEncoder) -> None:
    with pytest.raises(NoIndexError):
        _remove(place, "letter")
    build(place, [corpus], encoder=words, attributor=NOBODY)
    with pytest.raises(SettingsError, match="no article with the id 'nobody'; whosaid articles lists them"):
        _remove(place, "letter", "nobody")
    assert set(_there(place, words)) == IDS


def test_the_last_article_can_go(place: Place, words: WordEncoder) -> None:
    _add(place, [_article()], words)
    _remove(place, "flood")
    assert _there(place, words) == {}
    library = Library.open(place, encoder=words)
    assert not library.ask("Who asks members to come to the meadow?").answered


# ---- links


def test_links_are_remembered_in_their_last_state(place: Place, words: WordEncoder) -> None:
    first = Link("https://river.example/feed", "feed", None, "Mon, 06 Jan 2025 10:00:00 GMT", "0" * 64, "2025-01-06T10:00:01Z")
    second = Link(first.url, "feed", '"2"', None, "1" * 64, "2025-01-07T10:00:01Z")
    _add(place, [_article(), first], words)
    assert builder.links_of(place) == {first.url: first}
    report = builder.refresh(place, [second], words, NOBODY)
    assert _counts(report) == (0, 0, 0, 0, 0)
    assert builder.links_of(place) == {first.url: second}


# ---- copies


def test_the_same_words_twice_are_one_article_with_what_both_state(place: Place, words: WordEncoder) -> None:
    page = _article("page", FLOOD.replace(" ", "\n", 3), group=RIVER_TRUST, url="https://river.example/flood")
    report = _build(place, [_article("file", title="After the flood"), page], words)
    assert _counts(report) == (1, 0, 0, 1, 0)
    assert [str(notice) for notice in report.notices] == ["page.md: is word for word 'file'; the two were merged"]
    there = _there(place, words)
    assert set(there) == {"file"}
    assert (there["file"].title, there["file"].group, there["file"].url) == ("After the flood", RIVER_TRUST, "https://river.example/flood")


def test_a_merged_copy_stays_merged(place: Place, words: WordEncoder) -> None:
    file, page = _article("file"), _article("page", url="https://river.example/flood")
    _build(place, [file], words)
    _add(place, [page], words)
    assert _there(place, words)["file"].url == "https://river.example/flood"
    words.encoded.clear()
    assert _counts(_build(place, [file], words)) == (0, 0, 0, 0, 1)
    assert words.encoded == []
    assert _there(place, words)["file"].url == "https://river.example/flood"


def test_a_file_that_equals_what_was_added_merges_into_it(place: Place, words: WordEncoder) -> None:
    _add(place, [_article("page")], words)
    report = _build(place, [_article("file", title="After the flood"), _article("boats", BOATS)], words)
    assert _counts(report)[:4] == (1, 1, 0, 1)
    there = _there(place, words)
    assert set(there) == {"page", "boats"}
    assert there["page"].title == "After the flood"


def test_two_that_become_the_same_become_one(place: Place, words: WordEncoder) -> None:
    _build(place, [_article("one"), _article("two", BOATS)], words)
    report = _build(place, [_article("one"), _article("two")], words)
    assert _counts(report) == (0, 0, 0, 1, 1)
    assert set(_there(place, words)) == {"one"}
    assert set(_build_and_list(place, [_article("one"), _article("two", BOATS)], words)) == {"one", "two"}


def _build_and_list(place: Place, items: list[Article], words: WordEncoder) -> dict[str, Article]:
    _build(place, items, words)
    return _there(place, words)


@pytest.mark.parametrize(
    "fields",
    [
        ({"group": RIVER_TRUST}, {"group": ANGLERS_CLUB}),
        ({"published": PartialDate(2024, 5)}, {"published": PartialDate(2025, 5, 1)}),
        ({"kind": "full"}, {"kind": "digest"}),
        ({"publication": "The Furrow"}, {"publication": "Clear Water"}),
    ],
)
def test_the_same_words_of_two_are_two_articles(
    place: Place, words: WordEncoder, fields: tuple[dict[str, object], dict[str, object]]
) -> None:
    report = _build(place, [_article("one", **fields[0]), _article("two", **fields[1])], words)
    assert _counts(report) == (2, 0, 0, 0, 0)
    assert [notice.message for notice in report.notices] == (
        [] if "kind" in fields[0] else ["'two' is nearly the same as 'one'; linked with it"]
    )


def test_two_stated_ids_are_two_articles(place: Place, words: WordEncoder) -> None:
    one, two = (Article(id, FLOOD, source=f"rows.jsonl:{id}", origins=(("id", "front matter"),)) for id in ("1", "2"))
    assert _counts(_build(place, [one, two], words)) == (2, 0, 0, 0, 0)


def test_short_texts_are_one_article_only_under_one_title(place: Place, words: WordEncoder) -> None:
    thanks = [_article(f"n{at}", "Thanks to all.", title=title) for at, title in enumerate(("May", "June", "June"))]
    assert _counts(_build(place, thanks, words)) == (2, 0, 0, 1, 0)


def test_a_date_that_may_be_the_same_is_no_difference(place: Place, words: WordEncoder) -> None:
    articles = [_article("one", published=PartialDate(2025)), _article("two", published=PartialDate(2025, 5, 1))]
    assert _counts(_build(place, articles, words)) == (1, 0, 0, 1, 0)


def test_what_a_copy_states_beats_what_was_inferred(place: Place, words: WordEncoder) -> None:
    guessed = Article("one", FLOOD, title="The floods of this", source="one.txt", origins=(("title", "text"),))
    _build(place, [guessed, _article("two", title="After the flood")], words)
    article = _there(place, words)["one"]
    assert (article.title, dict(article.origins)["title"]) == ("After the flood", "front matter")


def test_near_copies_are_linked_and_unlinked(place: Place, words: WordEncoder) -> None:
    edited = FLOOD.replace("Saturday", "Sunday") + " Soup is served at noon."
    report = _build(place, [_article("one"), _article("two", edited), _article("boats", BOATS)], words)
    assert [notice.message for notice in report.notices] == ["'two' is nearly the same as 'one'; linked with it"]
    assert _copies(place, words) == {("one", "two")}
    _build(place, [_article("one"), _article("two", BOATS + " Bring a coat."), _article("boats", BOATS)], words)
    assert _copies(place, words) == {("boats", "two")}
    _remove(place, "two")
    assert _copies(place, words) == set()


def _copies(place: Place, words: WordEncoder) -> set[tuple[str, ...]]:
    library = Library.open(place, encoder=words)
    corpus = library._corpus
    found = {tuple(sorted(corpus.articles[key].id for key in keys)) for keys in corpus.copies.values()}
    library.close()
    return found


def test_an_answer_gives_a_syndicated_sentence_once_to_whoever_had_it_first(place: Place, words: WordEncoder) -> None:
    late = _article("late", FLOOD + " Reprinted with thanks.", group=ANGLERS_CLUB, published=PartialDate(2025, 3, 2))
    early = _article("early", group=RIVER_TRUST, published=PartialDate(2025, 3, 1))
    _build(place, [late, early, _article("boats", BOATS, group=CITY_COUNCIL)], words)
    library = Library.open(place, encoder=words, reader=_ReadsAll())
    answer = library.ask("Who asks every member to come to the meadow on Saturday with boots and a spade?")
    assert [(citation.group, [other.group for other in citation.also]) for citation in answer.citations] == [(RIVER_TRUST, [ANGLERS_CLUB])]
    assert "River Trust, in its own voice (1 March 2025; also published by Anglers' Club):" in answer.text
    answer = library.ask("Does Anglers' Club ask every member to come to the meadow on Saturday with boots and a spade?")
    assert [(citation.group, citation.first and citation.first.group) for citation in answer.citations] == [(ANGLERS_CLUB, RIVER_TRUST)]
    assert "first published by River Trust" in answer.text


class _ReadsAll:
    """A reader to whom every sentence answers."""

    def read(self, question: str, passages: object) -> list[object]:
        return [np.array([-3.0, *[3.0] * len(passage)], np.float32) for passage in passages]  # type: ignore[attr-defined]


# ---- from links to answers, over a real server


def _feed(*paths: str, site: Site) -> Page:
    items = "".join(f"<item><title>Entry</title><link>{site.url(path)}</link></item>" for path in paths)
    return Page(f"<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>{items}</channel></rss>", "application/rss+xml")


def _page(title: str, text: str) -> Page:
    paragraphs = "".join(f"<p>{sentence.strip()}.</p>" for sentence in text.split(".") if sentence.strip())
    return Page(
        f"<html><head><title>{title}</title></head><body><main><article><h1>{title}</h1>{paragraphs}</article></main></body></html>"
    )


def test_links_are_added_and_refreshed(place: Place, words: WordEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.reading.fetch.FetchSettings", partial(FetchSettings, between=0.0))  # nobody else asks this server
    with Site() as site:
        site.pages["/flood"] = _page("After the flood", FLOOD)
        site.pages["/boats"] = _page("Boats", BOATS)
        site.pages["/feed"] = _feed("/flood", site=site)
        with pytest.raises(ReadingError, match=r"no article found: .* port \d+; expected an address on port 80 or 443"):
            add(place, [site.url("/flood")], encoder=words, attributor=NOBODY)
        report = add(place, [site.url("/feed")], allow_private=True, encoder=words, attributor=NOBODY)
        assert (_counts(report), report.skipped) == ((1, 0, 0, 0, 0), ())
        ((id, article),) = _there(place, words).items()
        assert (id, article.title, article.url) == (f"127.0.0.1:{site.port}/flood", "After the flood", site.url("/flood"))
        assert {link.kind for link in builder.links_of(place).values()} == {"feed", "article"}

        words.encoded.clear()
        assert _counts(_refresh(place, words)) == (0, 0, 0, 0, 0)
        assert words.encoded == []
        site.pages["/feed"] = _feed("/boats", "/flood", site=site)
        site.pages["/flood"] = _page("After the flood", f"{FLOOD} Bring soup.")
        assert _counts(_refresh(place, words)) == (1, 1, 0, 0, 0)
        site.pages["/flood"] = Page("gone", status=410)
        report = _refresh(place, words)
        assert report.skipped == ()
        assert any("what was read from it before is kept" in notice.message for notice in report.notices)
        there = _there(place, words)
        assert {article.title for article in there.values()} == {"After the flood", "Boats"}
        assert there[id].text.endswith("Bring soup.")


def _refresh(place: Place, words: WordEncoder) -> BuildReport:
    return refresh(place, allow_private=True, encoder=words, attributor=NOBODY)


def test_there_is_nothing_to_refresh_without_links(place: Place, words: WordEncoder) -> None:
    _add(place, [_article()], words)
    with pytest.raises(SettingsError, match="no link was added to this index"):
        _refresh(place, words)
