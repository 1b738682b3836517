"""Answers and comparisons to take away: what is hostile stays words, and what is needed for checking is right."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa.cli import main
from qa.errors import SettingsError
from qa.evidence import FORMS, TYPES, Entry, as_csv, as_html, as_json, as_markdown, limits, of_answer, of_comparison, stance, written
from qa.library import Library
from qa.types import Article, Citation, Comparison, GroupStance, PartialDate, Question, Span

HOSTILE = "<img src=x onerror=alert(1)> & [a link](javascript:alert(2)) **bold** `code` | cell ![x](http://evil.example)"
TEXT = f"🐟 First words.\nWe ask {HOSTILE} for mooring rings.\nLast words."
QUOTE = f"We ask {HOSTILE} for mooring rings."
START = TEXT.index(QUOTE)
ARTICLE = Article(
    id="league/rings <1>",
    text=TEXT,
    title=f"=1+1 {HOSTILE}",
    group='Boaters\' "League" <i>',
    published=PartialDate(2025, 6),
    url="https://boaters.example/rings_(1)?a=1&b=2",
    origins=(("group", "web domain"),),
)
LOCK = Article("lock", "The lock is dry.", title="Lock", group="Lock Keepers", url="javascript:alert(3)")


def quote(number: int = 1, article: Article = ARTICLE, words: str = QUOTE, **fields: Any) -> Citation:
    start = article.text.index(words)
    given = {"speaker": article.group, "group": article.group, "voice": "own", "score": 0.0, **fields}
    return Citation(number, article, Span(start, start + len(words)), words, **given)


def text_of(id: str) -> Article:
    return {article.id: article for article in (ARTICLE, LOCK)}[id]


ENTRY = Entry(
    f"Who asks {HOSTILE}?", "Somebody asks.", (f"A note {HOSTILE}",), (quote(), quote(2, LOCK, "The lock is dry.")), within="from 2024"
)
SILENT = Entry("Who speaks of the Moon?", "None of the 3 articles speaks of it.", (), ())


class Tags(HTMLParser):
    """Every tag with its attributes, and all words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


# ---- forms


def test_a_page_holds_the_words_and_nothing_live() -> None:
    page = Tags(as_html([ENTRY, SILENT], text_of))
    assert {tag for tag, _ in page.tags} <= set("html head meta title style body h1 h2 h3 p em blockquote br a footer".split())
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == [ARTICLE.url]
    assert f"“{QUOTE}” [1]" in page.words
    assert "javascript:alert(3)" in page.words
    assert "Searched within: from 2024." in page.words
    assert "Who speaks of the Moon?None of the 3 articles speaks of it." in page.words
    (policy,) = (attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_markdown_holds_the_words_and_no_mark_of_theirs_means_anything() -> None:
    page = as_markdown([ENTRY, SILENT], text_of)
    own = {f"<{ARTICLE.url}>", "**"}
    (line,) = (line for line in page.splitlines() if line.startswith("> “We ask"))
    assert re.sub(r"\\(.)", r"\1", line) == f"> “{QUOTE}” [1]"
    for line in page.splitlines():
        bare = re.sub(r"\\.", "", line)
        for mark in own:
            bare = bare.replace(mark, "")
        assert not re.search(r"[<>`\[\]|]", bare.removeprefix("> ")), line
        assert "](" not in bare, line
    assert f"<{ARTICLE.url}>" in page
    assert "<javascript" not in page
    assert "## Who speaks of the Moon?\n\nNone of the 3 articles speaks of it." in page


@pytest.mark.parametrize(
    ("title", "written_as"),
    [("# A heading", "\\# A heading"), ("- a list", "\\- a list"), ("12. a list", "12\\. a list"), ("A 3.5-fold rise", "A 3.5-fold rise")],
)
def test_a_line_does_not_begin_a_block_of_its_own(title: str, written_as: str) -> None:
    assert f"\n\n{written_as}\n" in as_markdown([Entry("Why?", title, (), ())], text_of)


def test_the_record_holds_all_that_a_check_needs() -> None:
    record = json.loads(as_json([ENTRY, SILENT], text_of))
    first, silent = record["entries"]
    (row, lock) = first["quotes"]
    assert TEXT[row["start"] : row["end"]] == row["quote"] == QUOTE
    assert row["start"] == START
    assert row["text_sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (row["published_by"], row["published"], row["url"]) == (ARTICLE.group, "2025-06", ARTICLE.url)
    assert row["origins"] == {"group": "web domain"}
    assert row["found"]["within"] == first["within"] == "from 2024"
    assert lock["published"] is None
    assert record["made_by"].startswith("whosaid ")
    assert (silent["asked"], silent["quotes"]) == (SILENT.asked, [])


def test_a_text_that_no_encoding_takes_has_a_hash_too() -> None:
    broken = Article("broken", "Half \ud83d of a fish.", group="Anglers")
    record = json.loads(as_json([Entry("Fish?", "", (), (quote(1, broken, "of a fish."),))], lambda _: broken))
    assert len(record["entries"][0]["quotes"][0]["text_sha256"]) == 64


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_no_cell_of_a_table_is_a_formula() -> None:
    formulas = ['=HYPERLINK("http://evil.example")', "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1"]
    for formula in formulas:
        article = Article("a", f"{formula} is said.", title=formula, group=formula, url=formula)
        (row,) = rows_of(as_csv([Entry(formula, "", (), (quote(1, article, article.text),))], lambda _, article=article: article))  # type: ignore[misc]
        for name in ("asked", "published_by", "title", "url", "quote", "speaker"):
            assert row[name].startswith(f"'{formula[0]}") or row[name].startswith("'"), (name, formula)


def test_a_table_has_a_row_for_each_quote_and_one_for_silence() -> None:
    first, second, silent = rows_of(as_csv([ENTRY, SILENT], text_of))
    assert (first["found"], first["quote"], int(first["start"])) == ("a quote", QUOTE, START)
    assert second["article"] == "lock"
    assert (silent["asked"], silent["found"], silent["quote"]) == (SILENT.asked, "no quote", "")


def test_the_ending_tells_the_form(tmp_path: Path) -> None:
    assert set(FORMS) == set(TYPES)
    assert written([SILENT], tmp_path / "a.CSV", text_of) == as_csv([SILENT], text_of)
    with pytest.raises(SettingsError, match=r"a\.pdf: expected a name that ends in \.md, \.html, \.json, \.csv"):
        written([SILENT], tmp_path / "a.pdf", text_of)


# ---- comparisons and answers


def test_silence_in_a_comparison_is_never_a_position() -> None:
    rows = (
        GroupStance(ARTICLE.group, 3, "says", (quote(),)),
        GroupStance("Lock Keepers", 1, "mentions", (quote(2, LOCK, "The lock is dry."),)),
        GroupStance("Bell Ringers", 1, "silent"),
        GroupStance("Mill Owners' Guild", 1200, "silent"),
    )
    assert [stance(row) for row in rows] == [
        "says something",
        "only mentions it or tells of others",
        "no statement found in 1 article",
        "no statement found in 1,200 articles",
    ]
    entry = of_comparison(Comparison("rings", "2 of 4.", "", rows), "to 2026")
    assert entry.notes == (
        "Lock Keepers: only mentions it or tells of others.",
        "Bell Ringers: no statement found in 1 article.",
        "Mill Owners' Guild: no statement found in 1,200 articles.",
    )
    table = rows_of(as_csv([entry], text_of))
    assert [row["found"] for row in table] == [stance(row) for row in rows]
    assert [row["quote"] for row in table] == [QUOTE, "The lock is dry.", "", ""]
    record = json.loads(as_json([entry], text_of))["entries"][0]
    assert [group["stance"] for group in record["groups"]] == ["says", "mentions", "silent", "silent"]


def test_limits_are_told_in_words() -> None:
    asked = Question("rings", groups=("River Trust",), since=PartialDate(2024), until=PartialDate(2025, 3))
    assert limits(asked) == "River Trust, from 2024, to March 2025"
    assert limits(Question("rings")) == ""


def test_every_quote_of_an_answer_stands_where_the_record_says(library: Library) -> None:
    answer = library.ask("Who calls for a limit on taking water between May and September?")
    record = json.loads(as_json([of_answer(answer)], library.article))["entries"][0]
    assert record["quotes"]
    for row in record["quotes"]:
        text = library.article(row["article"]).text
        assert text[row["start"] : row["end"]] == row["quote"]
        assert row["text_sha256"] == hashlib.sha256(text.encode()).hexdigest()


# ---- on the command line


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.slow
@pytest.mark.parametrize("ending", sorted(FORMS))
def test_a_comparison_is_written_in_every_form(library: Library, index_folder: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"out{ending}"
    result = run("compare", "a limit on taking water", "--until", "2025", "--output", file, "--index", index_folder)
    assert (result.exit_code, result.output[:1]) == (0, "“")
    text = file.read_text("utf-8")
    assert "limit on taking water" in text
    assert "o statement found in" in text
    if ending == ".csv":
        assert {row["published_by"] for row in rows_of(text)} == {entry.group.name for entry in library.groups()}
        assert b"\r\r\n" not in file.read_bytes()
    else:
        assert "to 2025" in text


@pytest.mark.parametrize("question", ["What did Ada Marsh say about warm water?", "Who speaks of nuclear power?"])
def test_an_answer_is_written_beside_what_is_printed_silence_too(index_folder: Path, tmp_path: Path, question: str) -> None:
    file = tmp_path / "out.json"
    result = run("ask", question, "--json", "--evidence", file, "--index", index_folder)
    printed, (entry,) = json.loads(result.output), json.loads(file.read_text("utf-8"))["entries"]
    assert entry["asked"] == question
    assert [row["quote"] for row in entry["quotes"]] == [row["quote"] for row in printed["citations"]]
    assert entry["lead"]


def test_a_wrong_ending_or_a_batch_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    for command in (("compare", "rings", "--output"), ("ask", "Why?", "--evidence")):
        result = run(*command, tmp_path / "out.pdf", "--index", tmp_path / "nothing")
        assert result.exit_code == 1
        assert result.stderr == "whosaid: out.pdf: expected a name that ends in .md, .html, .json, .csv\n"
    refused = run("ask", "--batch", __file__, "--output", tmp_path / "x", "--evidence", tmp_path / "x.md")
    assert (refused.exit_code, "--evidence goes with QUESTION" in refused.stderr) == (2, True)
    assert not list(tmp_path.iterdir())
