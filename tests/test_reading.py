"""Files become articles or notices: nothing is guessed, nothing is dropped without a word, one bad file stops nobody."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from articles import FILES, IDS
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import ReadingError
from qa.reading import READERS, Notice, article_files, read
from qa.types import Article, PartialDate

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the test's folder."""

    def writes(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return writes


def _read(*paths: Path) -> tuple[list[Article], list[Notice]]:
    items = list(read(paths))
    notices = [item for item in items if isinstance(item, Notice)]
    assert all("\n" not in str(notice) for notice in notices)
    return [item for item in items if isinstance(item, Article)], notices


def _one(path: Path) -> Article:
    articles, notices = _read(path)
    assert notices == []
    assert len(articles) == 1
    return articles[0]


def _notice(items: Iterable[Notice], *parts: str, skipped: bool) -> None:
    """Expect a single notice whose one line holds these parts in order."""
    (notice,) = items
    line, at = str(notice), 0
    for part in parts:
        at = line.find(part, at)
        assert at >= 0, f"{part!r} is missing in {line!r}"
    assert notice.skipped is skipped


# ---- folders


def test_a_folder_is_read_in_the_order_of_its_names(corpus_folder: Path) -> None:
    articles, notices = _read(corpus_folder)
    assert notices == []
    assert {article.id for article in articles} == IDS
    assert [article.source for article in articles if article.source] == [
        str(corpus_folder / name) for name in ["letter.md", "notice.txt", *sorted(name for name in FILES if "/" in name)]
    ]


def test_a_second_reading_is_the_same(corpus_folder: Path) -> None:
    assert list(read([corpus_folder])) == list(read([corpus_folder]))


def test_an_id_is_the_path_below_the_folder_unless_one_is_stated(tmp_path: Path, write: Write) -> None:
    write("corpus/2024/May News.md", "Words.")
    write("corpus/plain.txt", "Words.")
    write("corpus/told.md", "---\nid: chosen\n---\nWords.")
    articles, _ = _read(tmp_path / "corpus")
    assert [article.id for article in articles] == ["plain", "chosen", "2024/May News"]


def test_files_that_differ_only_in_the_ending_keep_it(tmp_path: Path, write: Write) -> None:
    for name in ("corpus/a.md", "corpus/a.txt", "corpus/b.MD"):
        write(name, "Words.")
    assert [id for _, id in article_files([tmp_path / "corpus"])] == ["a.md", "a.txt", "b"]


def test_hidden_and_other_files_are_left_out(tmp_path: Path, write: Write) -> None:
    for name in ("corpus/.hidden.md", "corpus/.git/a.md", "corpus/groups.toml", "corpus/photo.jpg", "corpus/README", "corpus/a.md"):
        write(name, "Words.")
    assert [file.name for file, _ in article_files([tmp_path / "corpus"])] == ["a.md"]


def test_links_that_go_in_circles_end(tmp_path: Path, write: Write) -> None:
    write("corpus/a.md", "Words.")
    (tmp_path / "corpus" / "again").symlink_to(tmp_path / "corpus")
    (tmp_path / "corpus" / "loop.md").symlink_to("loop.md")
    articles, notices = _read(tmp_path / "corpus")
    assert [article.id for article in articles] == ["a"]
    _notice(notices, "loop.md", "can't be read", "check the file", skipped=True)


def test_a_broken_link_is_a_notice(tmp_path: Path, write: Write) -> None:
    write("corpus/a.md", "Words.")
    (tmp_path / "corpus" / "b.md").symlink_to("nowhere.md")
    articles, notices = _read(tmp_path / "corpus")
    assert [article.id for article in articles] == ["a"]
    _notice(notices, "b.md", "can't be read", "check", skipped=True)


def test_an_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert list(read([tmp_path])) == []


def test_a_name_that_is_not_unicode_stops_nobody(tmp_path: Path, write: Write) -> None:
    write("corpus/a.md", "Words.")
    Path(os.fsdecode(os.fsencode(tmp_path / "corpus") + b"/caf\xe9.md")).write_text("More words.", "utf-8")
    articles, _ = _read(tmp_path / "corpus")
    assert len(articles) == 2
    for article in articles:
        f"{article.id}{article.source}".encode()  # no lone surrogate, which no index can store


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match=r"\A.*nowhere: there is no such file or folder; give files or folders of articles\Z"):
        list(read([tmp_path / "nowhere"]))


@pytest.mark.parametrize(("name", "what"), [("a.jpg", r"\.jpg"), ("README", "a file without an ending")])
def test_a_file_of_an_unknown_kind_is_refused_when_it_is_named(write: Write, name: str, what: str) -> None:
    with pytest.raises(ReadingError, match=rf"\A.*can't read {what}; expected one of \.csv, \.docx, .*, \.zip\Z"):
        list(read([write(name, "Words.")]))


def test_ids_are_unique_and_the_first_one_wins(tmp_path: Path, write: Write) -> None:
    write("corpus/a.md", "---\nid: same\n---\nThe first.")
    write("corpus/b.md", "---\nid: same\n---\nThe second.")
    articles, notices = _read(tmp_path / "corpus")
    assert [article.text for article in articles] == ["The first."]
    _notice(notices, "b.md", "id 'same' is already the id of", "a.md", "give one of them another id", skipped=True)
    assert notices[0].id == "same"


def test_ids_are_unique_over_all_paths(tmp_path: Path, write: Write) -> None:
    write("one/a.md", "The first.")
    write("two/a.md", "The second.")
    articles, notices = _read(tmp_path / "one", tmp_path / "two")
    assert [article.text for article in articles] == ["The first."]
    assert len(notices) == 1


# ---- Markdown


def test_front_matter_states_the_fields(corpus_folder: Path) -> None:
    article = _one(corpus_folder / "river-trust" / "limit.md")
    assert article.id == "trust-limit"
    assert article.title == "A limit the Wend can live with"
    assert article.group == "River Trust"
    assert article.author == "Nell Okafor"
    assert article.published == PartialDate(2024, 3)
    assert article.url == "https://rivertrust.example/limit"
    assert article.publication == "Clear Water"
    assert article.kind == "full"
    assert article.source == str(corpus_folder / "river-trust" / "limit.md")
    assert article.text.startswith("The Wend ran dry")


def test_a_first_heading_is_the_title_and_nothing_else_is_guessed(corpus_folder: Path) -> None:
    article = _one(corpus_folder / "letter.md")
    assert article.title == "A letter found under a door"
    assert article.text.lstrip().startswith("To whom it may concern.")
    assert (article.group, article.author, article.published, article.url) == (None, None, None, None)


def test_a_stated_title_leaves_the_heading_in_the_text(corpus_folder: Path) -> None:
    article = _one(corpus_folder / "city-council" / "minutes.md")
    assert article.title == "Minutes of the river committee"
    assert article.text.startswith("# River committee\n")


def test_a_later_heading_is_no_title(write: Write) -> None:
    article = _one(write("a.md", "Some words.\n\n# A heading\n\nMore."))
    assert article.title is None
    assert article.text == "Some words.\n\n# A heading\n\nMore."


def test_nothing_is_guessed_from_the_name_of_a_file(write: Write) -> None:
    article = _one(write("River Trust/2024-05-11 River Trust - limit.md", "Words."))
    assert (article.group, article.published, article.title, article.author) == (None, None, None, None)


def test_carriage_returns_are_no_part_of_a_field(corpus_folder: Path) -> None:
    article = _one(corpus_folder / "farmers-union" / "reservoirs.md")
    assert (article.group, article.title, article.published) == ("Farmers' Union", "Reservoirs first", PartialDate(2024, 6, 2))
    assert article.text.startswith("Four reservoirs")


def test_plain_text_stays_as_it_is_below_its_title(corpus_folder: Path) -> None:
    article = _one(corpus_folder / "notice.txt")
    assert article.text == FILES["notice.txt"].removeprefix("NOTICE AT THE WEIR").lstrip()
    assert "\r\n" in article.text
    assert (article.title, article.group, article.author, article.published, article.url) == ("NOTICE AT THE WEIR", None, None, None, None)


def test_marks_and_scripts_stay_as_they_are(corpus_folder: Path) -> None:
    assert "Zoe\u0308 Cre\u0301pin" in _one(corpus_folder / "river-trust" / "otters.md").text
    assert "מים הם חיים" in _one(corpus_folder / "mill-owners-guild" / "rights.md").text


def test_a_digest_says_so(corpus_folder: Path) -> None:
    assert _one(corpus_folder / "digests" / "court.md").kind == "digest"


def test_another_kind_is_said_and_taken_as_full(write: Write) -> None:
    articles, notices = _read(write("a.md", "---\nkind: opinion\n---\nWords."))
    assert articles[0].kind == "full"
    _notice(notices, "a.md", "kind 'opinion'", "'full' or 'digest'", skipped=False)


def test_lists_and_numbers_become_text_and_unknown_fields_are_ignored(corpus_folder: Path, write: Write) -> None:
    assert _one(corpus_folder / "farmers-union" / "no-flat-limit.md").author == "Joan Pell, R. D. Hale"
    article = _one(write("a.md", "---\nid: 7\ntitle: 1984\ngroup: {a: b}\nauthors: [A, B]\nmood: grim\n---\nWords."))
    assert (article.id, article.title, article.group, article.author) == ("7", "1984", None, "A, B")


@pytest.mark.parametrize("front", ["title: a: b", "title: [unclosed", "title: 'open", "\ttab: x", "a: " + "[" * 5000])
def test_front_matter_that_is_not_yaml_stays_in_the_text(write: Write, front: str) -> None:
    content = f"---\n{front}\n---\nThe words themselves."
    articles, notices = _read(write("a.md", content))
    assert [article.text for article in articles] == [content]
    _notice(notices, "a.md", "front matter is not YAML", "read as text", skipped=False)


@pytest.mark.parametrize("front", ["A motto that matters.", "- one\n- two"])
def test_front_matter_without_fields_is_not_lost(write: Write, front: str) -> None:
    articles, _ = _read(write("a.md", f"---\n{front}\n---\nThe words themselves."))
    assert front in articles[0].text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2023", PartialDate(2023)),
        ("2024-03", PartialDate(2024, 3)),
        ("2024-05-11", PartialDate(2024, 5, 11)),
        ("'2024-05-11'", PartialDate(2024, 5, 11)),
        ("2024-05-11T10:00:00Z", PartialDate(2024, 5, 11)),
        ("", None),
        ("null", None),
    ],
)
def test_a_date_may_be_partial(write: Write, written: str, expected: PartialDate | None) -> None:
    assert _one(write("a.md", f"---\npublished: {written}\n---\nWords.")).published == expected


@pytest.mark.parametrize("written", ["soon", "11 May 2024", "2024-13", "'[2024]x'", "12:30:00", "'2024-02-30'", "2024-02-30"])
def test_a_wrong_date_is_said_and_the_rest_is_kept(write: Write, written: str) -> None:
    articles, notices = _read(write("a.md", f"---\ngroup: River Trust\npublished: {written}\n---\nWords."))
    assert [(article.text, article.group, article.published) for article in articles] == [("Words.", "River Trust", None)]
    _notice(notices, "a.md", "published", "is not a date; expected 2025, 2025-10 or 2025-10-08", skipped=False)


# ---- bytes


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.jsonl"])
@pytest.mark.parametrize("raw", [b"", b" \n\t\r\n ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_file_is_a_notice(write: Write, name: str, raw: bytes) -> None:
    articles, notices = _read(write(name, raw))
    assert articles == []
    _notice(notices, name, "expected", skipped=True)


def test_front_matter_over_nothing_is_a_notice(write: Write) -> None:
    articles, notices = _read(write("a.md", "---\ntitle: Empty\n---\n\n"))
    assert articles == []
    _notice(notices, "a.md", "has no text", "expected the words of an article", skipped=True)


def test_latin_1_is_read_and_said(write: Write) -> None:
    words = "Le château près de la rivière était fermé, où les élèves étaient allés à pied pour la fête de la forêt. " * 3
    articles, notices = _read(write("a.txt", words.encode("latin-1")))
    assert articles[0].text.strip() == words.strip()
    _notice(notices, "a.txt", "is not UTF-8; read as", "save it as UTF-8", skipped=False)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_text(write: Write, encoding: str) -> None:
    article = _one(write("a.md", "---\ngroup: River Trust\n---\nZoë saw it 🦦.".encode(encoding)))
    assert (article.group, article.text) == ("River Trust", "Zoë saw it 🦦.")


def test_utf_16_the_other_way_round(write: Write) -> None:
    assert _one(write("a.txt", b"\xfe\xff" + "Zoë saw it 🦦.".encode("utf-16-be"))).text == "Zoë saw it 🦦."


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.jsonl"])
def test_random_bytes_stop_nobody(tmp_path: Path, write: Write, name: str, seed: int) -> None:
    write(f"corpus/{name}", random.Random(seed).randbytes(3000))
    write("corpus/z.md", "Good words.")
    articles, notices = _read(tmp_path / "corpus")
    assert articles[-1].text == "Good words."
    assert notices
    assert {Path(notice.source.partition(":")[0]).name for notice in notices} == {name}


@given(st.binary(max_size=300), st.sampled_from(sorted(READERS)))
def test_any_bytes_are_articles_or_notices(tmp_path_factory: pytest.TempPathFactory, raw: bytes, ending: str) -> None:
    file = tmp_path_factory.getbasetemp() / f"any{ending}"
    file.write_bytes(raw)
    items = list(read([file]))
    assert items
    for item in items:
        if isinstance(item, Article):
            assert item.text.strip()


def test_null_bytes_stay(write: Write) -> None:
    assert _one(write("a.txt", "Before.\x00 After.")).text == "Before.\x00 After."


# ---- JSON Lines


def _lines(*rows: Any) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


def test_each_line_is_an_article(write: Write) -> None:
    row = {
        "id": "a",
        "title": "T",
        "text": " Words\n as they stand. ",
        "group": "River Trust",
        "author": "N",
        "published": "2024-03",
        "url": "u",
    }
    file = write("a.jsonl", _lines(row, "", {"text": "Only words.", "mood": "grim"}))
    (first, second), notices = _read(file)
    assert notices == []
    stated = tuple((name, "column") for name in ("id", "title", "group", "author", "published", "url"))
    words = " Words\n as they stand. "
    assert first == Article("a", words, "T", "River Trust", "N", PartialDate(2024, 3), "u", source=f"{file}:1", origins=stated)
    assert second == Article("a-3", "Only words.", source=f"{file}:3")


@pytest.mark.parametrize("line", ["not json", "{", '{"text": "open', "[" * 100_000, '{"id": ' + "1" * 5000 + ', "text": "x"}'])
def test_a_line_that_is_not_json_is_said_and_the_next_is_read(write: Write, line: str) -> None:
    articles, notices = _read(write("a.jsonl", _lines(line, {"id": "b", "text": "Words."})))
    assert [article.id for article in articles] == ["b"]
    _notice(notices, "a.jsonl:1", "is not JSON", "expected one object with id and text", skipped=True)


@pytest.mark.parametrize("line", ["[]", "7", "null", '"words"', '{"id": "a"}', '{"text": null}', '{"text": ["a"]}'])
def test_a_line_that_is_no_article_is_said(write: Write, line: str) -> None:
    articles, notices = _read(write("a.jsonl", _lines(line, {"id": "b", "text": "Words."})))
    assert [article.id for article in articles] == ["b"]
    _notice(notices, "a.jsonl:1", "is not an article", 'expected an object with a "text"', skipped=True)


def test_a_line_without_words_is_said(write: Write) -> None:
    articles, notices = _read(write("a.jsonl", _lines({"id": "a", "text": " \n"}, {"id": "b", "text": "Words."})))
    assert [article.id for article in articles] == ["b"]
    _notice(notices, "a.jsonl:1", "has no text", skipped=True)


def test_lone_surrogates_are_replaced(write: Write) -> None:
    (article,), _ = _read(write("a.jsonl", r'{"id": "a\ud800", "title": "T\udfff", "text": "Words \ud83d and \ud83e\udda6."}'))
    assert (article.id, article.title, article.text) == ("a\ufffd", "T\ufffd", "Words \ufffd and 🦦.")


def test_carriage_returns_end_no_value(write: Write) -> None:
    articles, notices = _read(write("a.jsonl", '{"id": "a", "text": "One."}\r\n{"id": "b", "text": "Two."}\r\n'))
    assert [article.text for article in articles] == ["One.", "Two."]
    assert notices == []


def test_the_separators_of_unicode_end_no_line(write: Write) -> None:
    article = _one(write("a.jsonl", '{"id": "a", "text": "One.\u2028Two.\u0085Three."}'))
    assert article.text == "One.\u2028Two.\u0085Three."


@pytest.mark.parametrize("value", ["", "  ", None, [], {}])
def test_an_empty_field_is_unknown(write: Write, value: Any) -> None:
    article = _one(write("a.jsonl", _lines({"id": value, "text": "Words.", "group": value, "author": value, "published": value})))
    assert (article.id, article.group, article.author, article.published) == ("a-1", None, None, None)


def test_duplicate_lines_are_said(write: Write) -> None:
    articles, notices = _read(write("a.jsonl", _lines({"id": "a", "text": "One."}, {"id": "a", "text": "Two."})))
    assert [article.text for article in articles] == ["One."]
    _notice(notices, "a.jsonl:2", "id 'a' is already the id of", "a.jsonl:1", skipped=True)
