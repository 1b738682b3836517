"""Web pages, PDF, office documents, books, mail, tables and archives become exactly the text and fields that they hold."""

from __future__ import annotations

import io
import os
import re
import time
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any

import pytest
from documents import column, docx, epub, odt, pdf, scanned_pdf, word_paragraph, zipped

from qa.errors import ReadingError
from qa.reading import Notice, read
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


def _read(*paths: Path) -> tuple[list[Article], list[str]]:
    """Return the articles, and each notice as a line without the folder, "skipped" or "read" before it."""
    items = list(read(paths))
    lines = [
        f"{'skipped' if item.skipped else 'read'} {str(item).replace(str(paths[0].parent) + '/', '')}"
        for item in items
        if isinstance(item, Notice)
    ]
    assert all("\n" not in line for line in lines)
    return [item for item in items if isinstance(item, Article)], lines


def _one(path: Path) -> Article:
    (article,), notices = _read(path)
    assert notices == []
    return article


def _refused(path: Path, line: str) -> None:
    """Expect nothing but one notice that matches this line."""
    articles, notices = _read(path)
    assert articles == []
    assert len(notices) == 1
    assert re.fullmatch(f"skipped {re.escape(path.name)}: {line}", notices[0]), notices[0]


def _origins(article: Article) -> dict[str, str]:
    return dict(article.origins)


# ---- where fields come from


def test_each_field_tells_where_it_was_stated(write: Write) -> None:
    stated = _one(write("a.md", "---\ngroup: River Trust\npublished: 2024-03\n---\n# A heading\nWords."))
    assert _origins(stated) == {"group": "front matter", "published": "front matter", "title": "heading"}
    assert _origins(_one(write("b.txt", "Words."))) == {}
    assert _origins(_one(write("c.jsonl", '{"text": "Words.", "author": "N", "url": ""}'))) == {"author": "column"}


# ---- web pages

_HEAD = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Keep the water in the river – River Trust</title>
<meta property="og:site_name" content="River Trust"><meta name="author" content="Nell Okafor">
<meta property="article:published_time" content="2024-05-11T23:30:00-05:00">
<link rel="canonical" href="https://rivertrust.example/keep"><style>p { color: red }</style>
<script>var words = "never shown";</script></head>"""
_BODY = """<body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li><li><a href="/join">Join us</a></li></ul></nav></header>
<aside class="sidebar"><h3>Most read</h3><ul><li><a href="/a">Otters are back in the upper Wend after forty years</a></li></ul></aside>
<main><article><h1>Keep the water in the river</h1>
<p>The Wend ran dry at Low&nbsp;Mill for the third summer in a row, and <em>no</em>body at the agency <a href="/x">answered the
telephone</a>.</p>
<h2>What we ask for</h2>
<p>We call for a limit that follows the flow.&shy; A flat number is easy to write<br>and hard to live with &amp; to keep.</p>
<blockquote><p>No farmer I know wants a dead river.</p><p>Not one.</p></blockquote>
<ul><li>Measure the flow every day.</li><li>Publish what is <del>weighed</del> measured.</li></ul>
<table><tr><th>Year</th><th>Flow</th></tr><tr><td>2023</td><td>1.4</td></tr></table>
<p>“We will not wait,” said Joan Pell, who farms below the weir &mdash; “not another year.”</p></article>
<section class="related"><h2>Related articles</h2>
<ul><li><a href="/c">Council votes on the reservoir plan on Tuesday</a></li></ul></section>
<section id="comments"><h2>3 comments</h2><p>First! This is a comment by a reader who disagrees with everything.</p></section></main>
<footer><p>© 2024 River Trust. All rights reserved. <a href="/cookies">Cookie policy</a></p></footer></body></html>"""
_PAGE_TEXT = """The Wend ran dry at Low Mill for the third summer in a row, and nobody at the agency answered the telephone.

What we ask for

We call for a limit that follows the flow. A flat number is easy to write
and hard to live with & to keep.

> No farmer I know wants a dead river.

> Not one.

Measure the flow every day.
Publish what is measured.

Year | Flow
2023 | 1.4

“We will not wait,” said Joan Pell, who farms below the weir — “not another year.”"""


def test_a_saved_page_gives_its_main_text_and_what_it_states(write: Write) -> None:
    article = _one(write("a.html", _HEAD + _BODY))
    assert article.text == _PAGE_TEXT
    assert article.title == "Keep the water in the river"
    assert article.author == "Nell Okafor"
    assert article.published == PartialDate(2024, 5, 11)
    assert article.url == "https://rivertrust.example/keep"
    assert article.publication == "River Trust"
    assert article.group is None
    assert _origins(article) == dict.fromkeys(("title", "author", "published", "url", "publication"), "page metadata")


def test_a_page_that_states_nothing_is_known_by_its_heading_alone(write: Write) -> None:
    article = _one(write("a.htm", f"<html>{_BODY}"))
    assert (article.title, article.author, article.published, article.url, article.publication) == (
        "Keep the water in the river", None, None, None, None,
    )  # fmt: skip
    assert _origins(article) == {"title": "heading"}
    assert article.text == _PAGE_TEXT


def test_linked_data_states_the_fields(write: Write) -> None:
    data = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "x"},
    {"@type": ["NewsArticle"], "headline": "The headline", "datePublished": "2024-05", "author": [{"name": "Nell Okafor"}, "R. D. Hale"],
    "publisher": {"name": "Clear Water"}}]}</script>"""
    article = _one(write("a.html", f"<html><head>{data}</head>{_BODY}"))
    assert (article.title, article.author, article.published) == ("The headline", "Nell Okafor, R. D. Hale", PartialDate(2024, 5))
    assert article.publication == "Clear Water"
    assert article.text.startswith("Keep the water in the river\n\nThe Wend ran dry")  # another heading than the title is kept


def test_a_list_of_articles_is_not_taken_for_one(write: Write) -> None:
    data = '<script type="application/ld+json">[{"@type": "Article", "headline": "A"}, {"@type": "Article", "headline": "B"}]</script>'
    assert _one(write("a.html", f"<html><head>{data}</head>{_BODY}")).title == "Keep the water in the river"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta name="date" content="2024/05/11">', PartialDate(2024, 5, 11)),
        ('<meta name="DC.date" content="2024">', PartialDate(2024)),
        ('<meta name="date" content="Sat, 11 May 2024 10:00:00 +0100">', PartialDate(2024, 5, 11)),
        ('<meta name="date" content="last week">', None),
        ('<meta name="date" content="2024-13-40">', None),
        ('<meta property="article:modified_time" content="2024-05-11">', None),
    ],
)
def test_dates_of_pages(write: Write, head: str, expected: PartialDate | None) -> None:
    assert _one(write("a.html", f"<html><head>{head}</head>{_BODY}")).published == expected


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ('<time class="entry-date published" datetime="2024-05-11T08:00:00Z">May</time>', PartialDate(2024, 5, 11)),
        ('<time class="updated" datetime="2024-05-11">May</time>', None),
        (
            '<time itemprop="datePublished" datetime="2024-05-11">a</time><time itemprop="datePublished" datetime="2024-05-12">b</time>',
            None,
        ),
    ],
)
def test_a_time_that_is_marked_as_the_date_of_publishing(write: Write, marks: str, expected: PartialDate | None) -> None:
    assert _one(write("a.html", f"<html>{_BODY.replace('</h1>', f'</h1>{marks}')}")).published == expected


def test_a_browser_leaves_the_address_in_a_page_that_it_saves(write: Write) -> None:
    mark = "<!-- saved from url=(0032)https://rivertrust.example/saved -->"
    assert _one(write("a.html", f"<!DOCTYPE html>\n{mark}\n<html>{_BODY}")).url == "https://rivertrust.example/saved"


@pytest.mark.parametrize("author", ["https://social.example/nell", "@nell", "admin"])
def test_what_is_no_name_is_no_author(write: Write, author: str) -> None:
    assert _one(write("a.html", f'<html><head><meta name="author" content="{author}"></head>{_BODY}')).author is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_pages_in_other_encodings(write: Write, encoding: str) -> None:
    page = (_HEAD + _BODY).replace('charset="utf-8"', f'charset="{encoding}"')
    assert _one(write("a.html", page.encode(encoding))).text == _PAGE_TEXT


def test_what_is_called_latin_1_is_read_as_browsers_do(write: Write) -> None:
    page = (_HEAD + _BODY).replace('charset="utf-8"', 'charset="ISO-8859-1"')
    assert _one(write("a.html", page.encode("windows-1252"))).text == _PAGE_TEXT


def test_a_page_with_bytes_that_are_no_utf_8(write: Write) -> None:
    articles, notices = _read(write("a.html", (_HEAD + _BODY).encode().replace(b"third summer", b"third\xff summer")))
    assert [article.text for article in articles] == [_PAGE_TEXT.replace("third summer", "third\ufffd summer")]
    assert len(notices) == 1
    assert notices[0].startswith("read a.html: holds bytes that are no UTF-8, which it says it is; ")


def test_a_page_with_null_bytes_goes_on_behind_them(write: Write) -> None:
    assert _one(write("a.html", _HEAD + _BODY.replace("third summer", "third\0summer"))).text == _PAGE_TEXT.replace(
        "third summer", "third\ufffdsummer"
    )


def test_an_entity_of_the_outside_is_not_fetched(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    doctype = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>'
    page = f'<?xml version="1.0"?>{doctype}<html>{_BODY.replace("Low", "&x;")}'
    assert "the secret" not in _one(write("a.xhtml", page)).text


def test_a_page_nested_a_hundred_thousand_deep_stops_nobody(write: Write) -> None:
    write("c/a.html", "<div>" * 100_000 + "Words in the deep.")
    write("c/b.txt", "Good words.")
    articles, notices = _read(write("c/c.txt", "More.").parent)
    assert [article.text for article in articles][-2:] == ["Good words.", "More."]
    assert len(articles) + sum(line.startswith("skipped") for line in notices) == 3


def test_a_page_without_words_is_said(write: Write) -> None:
    _refused(
        write("a.html", "<html><head><title>T</title></head><body><script>x</script><img src='a.png'></body></html>"), "has no text; .*"
    )


def test_footnote_marks_inline_quotes_and_preformatted_text(write: Write) -> None:
    more = "<p>They call it <q>a dead river</q> now.<sup><a href='#f1'>[1]</a></sup></p><pre>Dear all,\nno limit.</pre></article>"
    text = _one(write("a.html", _HEAD + _BODY.replace("</article>", more))).text
    assert text == f"{_PAGE_TEXT}\n\nThey call it “a dead river” now.\n\nDear all, no limit."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<nav><a href='/'>Home</a></nav><div>The bridge is closed.</div><div>So is the weir.</div><footer>Imprint</footer>", 1),
        ("<p>The bridge is closed.</p><p>So is the weir.</p>", 0),
        ("<nav><a href='/'>Home</a></nav><div>The bridge is closed.<br>So is the weir.</div>", 1),
    ],
)
def test_a_short_page(write: Write, body: str, expected: int) -> None:
    articles, notices = _read(write("a.html", f"<html><body>{body}</body></html>"))
    assert [article.text.split() for article in articles] == ["The bridge is closed. So is the weir.".split()]
    assert len(notices) == expected


def test_no_word_in_the_middle_of_a_sentence_is_lost(write: Write) -> None:
    words = (
        "<p>On <time datetime='2024-05-04'>4 May</time> <b>the</b> <i>guild</i> <a href='/x'>went</a> <abbr title='x'>to</abbr>"
        " <span class='share tooltip'>court</span>, <cite>as</cite>\n<code>the</code> <mark>trust</mark><span hidden> never</span>"
        "<span style='display:none'> ever</span> <small>had</small> <ins>expected</ins>.</p></article>"
    )
    text = _one(write("a.html", _HEAD + _BODY.replace("</article>", words))).text
    assert text == f"{_PAGE_TEXT}\n\nOn 4 May the guild went to court, as the trust had expected."


@pytest.mark.slow
def test_a_large_page_is_read_whole_and_said(write: Write) -> None:
    articles, notices = _read(write("a.html", f"<html><head><title>T</title></head><body>{'<p>Words of it.</p>' * 250_000}</body></html>"))
    assert articles[0].text.count("Words of it.") == 250_000
    assert notices == ["read a.html: its main text can't be told from what stands around it; all of it was read, check what was understood"]


def test_pictures_inside_a_saved_page_do_not_make_it_large(write: Write) -> None:
    picture = f'<img src="data:image/png;base64,{"A" * 5_000_000}">'
    assert _one(write("a.html", _HEAD + _BODY.replace("</h1>", f"</h1>{picture}"))).text == _PAGE_TEXT


def test_a_page_of_fifty_megabytes_is_said(write: Write) -> None:
    big = b"<html><body>" + b"<p>Words and words.</p>" * 2_200_000
    _refused(write("a.html", big), r"has 51 MB; expected at most 21 MB for this kind of file; divide it or save only its text")


# ---- PDF

_LEFT = (
    "The Wend ran dry at Low Mill for the third sum-",
    "mer in a row, and nobody at the agency ans-",
    "wered the telephone. A well-kept weir holds the",
    "water back.",
    "  We call for a limit that follows the flow, and",
    "for gauges that everybody can read without a",
    "permit. The council has promised to measure it",
)
_RIGHT = (
    "every day from June on.",
    "  “We will not wait,” said Joan Pell, who farms",
    "below the weir. Her neighbours agree with her,",
    "though not all of them, and they say that a well-",
    "kept weir costs more than a new one in the long",
    "run, as the guild of mill owners has reckoned it",
    "in its yearly report on the upper valley.",
)


_PARTS = {1: "one", 2: "two", 3: "three"}


def _two_columns(number: int) -> list[tuple[float, float, str, float, str]]:
    return [
        *column(60, 810, "The Wend Courier", size=8),
        *column(500, 810, f"May 2024 · {number}", size=8),
        *column(60, 770, f"Keep the water, part {_PARTS[number]}", font="Helvetica-Bold", size=18),
        *column(60, 740, *_LEFT),
        *column(310, 740, *_RIGHT, f"See part {_PARTS[number]}."),
        *column(300, 30, f"{number}", size=8),
    ]


_COLUMN_TEXT = (
    "The Wend ran dry at Low Mill for the third summer in a row, and nobody at the agency answered the telephone. "
    "A well-kept weir holds the water back.\n\n"
    "We call for a limit that follows the flow, and for gauges that everybody can read without a permit. "
    "The council has promised to measure it every day from June on.\n\n"
    "“We will not wait,” said Joan Pell, who farms below the weir. Her neighbours agree with her, though not all of them, and they say "
    "that a well-kept weir costs more than a new one in the long run, as the guild of mill owners has reckoned it in its yearly report on "
    "the upper valley."
)


def _page_text(number: int) -> str:
    return f"Keep the water, part {_PARTS[number]}\n\n{_COLUMN_TEXT}\n\nSee part {_PARTS[number]}."


def test_columns_are_read_one_after_the_other_and_broken_words_made_whole(write: Write) -> None:
    file = write("a.pdf", pdf([_two_columns(number) for number in (1, 2, 3)], title="Keep the water", author="Nell Okafor"))
    article = _one(file)
    assert article.text == "\n\n".join(_page_text(number) for number in (1, 2, 3))
    assert (article.title, article.author, article.published) == ("Keep the water", "Nell Okafor", None)
    assert _origins(article) == {"title": "file metadata", "author": "file metadata"}


def test_places_tell_their_page(write: Write) -> None:
    article = _one(write("a.pdf", pdf([_two_columns(number) for number in (1, 2, 3)])))
    assert article.title == f"Keep the water, part {_PARTS[1]}"
    second = len(_page_text(1)) + 2 - len(article.title) - 2
    third = second + len(_page_text(2)) + 2
    assert article.pages == (0, second, third)
    assert [article.page_at(at) for at in (0, second - 1, second, third - 1, third, len(article.text) - 1)] == [1, 1, 2, 2, 3, 3]


def test_columns_drawn_row_by_row_are_columns_all_the_same(write: Write) -> None:
    left, right = column(60, 740, *_LEFT), column(310, 740, *_RIGHT)
    rows = [placed for pair in zip(left, right, strict=True) for placed in pair]
    assert _one(write("a.pdf", pdf([rows]))).text == _COLUMN_TEXT


def test_a_headline_between_columns_divides_them(write: Write) -> None:
    upper = [*column(60, 740, *_LEFT), *column(310, 740, *_RIGHT)]
    lower = [*column(60, 560, "The fourth reservoir is", "the one that nobody wants", "and all will pay for.")]
    lower += column(310, 560, "A fifth one was asked for", "by the guild in the spring,", "and refused.")
    middle = column(60, 600, "The council answers the guild of the mill owners in a letter", font="Helvetica-Bold", size=14)
    text = _one(write("a.pdf", pdf([[*lower, *upper, *middle]]))).text
    assert text == (
        f"{_COLUMN_TEXT}\n\nThe council answers the guild of the mill owners in a letter\n\n"
        "The fourth reservoir is the one that nobody wants and all will pay for.\n\n"
        "A fifth one was asked for by the guild in the spring, and refused."
    )


def test_three_columns(write: Write) -> None:
    words = [
        [f"{name} column has line {number} and" for number in ("one", "two", "three", "four")] for name in ("First", "Second", "Third")
    ]
    placed = [line for at, lines in enumerate(words) for line in column(50 + 170 * at, 700, *lines)]
    assert _one(write("a.pdf", pdf([placed]))).text.split() == " ".join(" ".join(lines) for lines in words).split()


def test_words_far_apart_make_no_column(write: Write) -> None:
    placed = [*column(50, 700, *[f"First column has line {n} and" for n in range(12)])]
    placed += column(230, 700, *[f"{'Wide gaps are in' if n < 7 else 'Second column has a long line'} {n}" for n in range(12)])
    placed += column(325, 700, *[f"a line so thin {n}" for n in range(7)])
    placed += column(420, 700, *[f"Third column has line {n} and" for n in range(12)])
    text = _one(write("a.pdf", pdf([placed]))).text
    firsts = [word for word in text.split() if word in ("First", "Wide", "Second", "Third")]
    assert firsts == ["First"] * 12 + ["Wide"] * 7 + ["Second"] * 5 + ["Third"] * 12


_INDENTED = """The weir of the mill was built
in a year that nobody knows of.
  The guild says that it was they
who built it, and the trust says
otherwise."""
_BLOCK = """The weir of the mill was built
in a year that nobody knows of:
   it stood there in a flood
   and in all the years since.
The guild says that it was they
who built it, and we don't know."""
_OVERLONG = """The weir of the mill was built
River Trust members say, in a year
Nell Okafor has not found in any
Wend book, and https://books.example/of-the-wend/and/more
Mill Owners don't know it either
Red Mill, they say, was the first
Low Mill the second, and the two
Upper Mills came last of all, as
Joan Pell says, who has read all
Wend books in the valley, and so
River Trust members believe her."""


@pytest.mark.parametrize(("lines", "starts"), [(_INDENTED, (0, 2)), (_BLOCK, (0, 2, 4)), (_OVERLONG, (0,))])
def test_where_paragraphs_start(write: Write, lines: str, starts: tuple[int, ...]) -> None:
    listed = lines.split("\n")
    expected = [" ".join(line.strip() for line in listed[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True)]
    assert _one(write("a.pdf", pdf([column(60, 700, *listed, font="Courier")]))).text.split("\n\n") == expected


def test_a_table_is_read_row_by_row(write: Write) -> None:
    rows = [("Year", "Flow"), ("2021", "1.9"), ("2022", "1.6"), ("2023", "1.4")]
    placed = [line for at, row in enumerate(rows) for line in (*column(60, 700 - 14 * at, row[0]), *column(300, 700 - 14 * at, row[1]))]
    assert _one(write("a.pdf", pdf([placed]))).text.split() == [cell for row in rows for cell in row]


def test_a_paragraph_goes_on_over_the_page(write: Write) -> None:
    first = column(
        60, 740, *["The mill owners say that the weir belongs to them and to nobody else in the valley,"] * 3, "and that the coun-"
    )
    second = column(60, 740, "cil has no say in it. They went to court over it in the spring of the year before last,", "and lost.")
    article = _one(write("a.pdf", pdf([first, second])))
    line = "The mill owners say that the weir belongs to them and to nobody else in the valley, "
    rest = "cil has no say in it. They went to court over it in the spring of the year before last, and lost."
    assert article.text == line * 3 + "and that the coun" + rest
    assert article.pages == (0, len(line * 3 + "and that the coun"))
    assert article.text[article.pages[1] :] == rest


def test_paragraphs_divided_by_gaps_and_headings_by_size(write: Write) -> None:
    placed = column(
        60, 740,
        "The Wend ran dry at Low Mill, and nobody at the agency answered the telephone in all",
        "these weeks.",
        "",
        "A second paragraph begins below the gap, and has a line that reaches as far as the first one",
        "does.",
    )  # fmt: skip
    placed += column(60, 660, "What we ask for", font="Times-Bold", size=13)
    placed += column(60, 640, "A limit.")
    assert _one(write("a.pdf", pdf([placed]))).text == (
        "The Wend ran dry at Low Mill, and nobody at the agency answered the telephone in all these weeks.\n\n"
        "A second paragraph begins below the gap, and has a line that reaches as far as the first one does.\n\n"
        "What we ask for\n\nA limit."
    )


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        ("They call it a victory of the lower val-", "ley.", "They call it a victory of the lower valley."),
        ("They call it an answer to the anti-", "dam league.", "They call it an answer to the anti-dam league."),
        ("They call it the plan of the pro-", "Guild party.", "They call it the plan of the pro-Guild party."),
        ("They call it the years from 1990-", "1995 in all.", "They call it the years from 1990-1995 in all."),
        ("They call it the up-to-", "date gauge.", "They call it the up-to-date gauge."),
        ("They call it what it is -", "a dead river.", "They call it what it is - a dead river."),
    ],
)
def test_hyphens_at_the_ends_of_lines(write: Write, upper: str, lower: str, expected: str) -> None:
    assert _one(write("a.pdf", pdf([column(60, 700, upper, lower)]))).text == expected


def test_ligatures_are_letters(write: Write) -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont("Vera", "Vera.ttf"))  # comes with reportlab
    placed = column(60, 700, "The \ufb01nal \ufb02ow of the \ufb01eld.", font="Vera", size=24)
    assert _one(write("a.pdf", pdf([placed]))).text == "The final flow of the field."


def test_short_headlines_over_columns_divide_them(write: Write) -> None:
    placed = []
    for at, name in enumerate(("first", "second")):
        placed += column(60, 740 - 200 * at, f"The {name}", font="Helvetica-Bold", size=14)
        for side in (0, 1):
            words = [f"Line {number} of the {name} story," for number in "one two three four".split()]
            placed += column(60 + 250 * side, 700 - 200 * at, *words)
    text = _one(write("a.pdf", pdf([placed]))).text
    assert [word for word in text.split() if word in ("first", "second")] == ["first"] * 9 + ["second"] * 9


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(write: Write, turn: int) -> None:
    assert _one(write("a.pdf", pdf([[*column(60, 590, *_LEFT), *column(310, 590, *_RIGHT)]], turn=turn))).text == _COLUMN_TEXT


def test_what_comes_once_at_the_edge_of_a_page_stays(write: Write) -> None:
    pages = [[*column(60, 810, words), *column(60, 700, "The same words stand on every page in the middle.")] for words in ("One.", "Two.")]
    text = _one(write("a.pdf", pdf(pages))).text
    assert [word for word in ("One.", "Two.") if word in text] == ["One.", "Two."]


def test_the_same_words_at_other_heights_of_a_page_are_no_running_head(write: Write) -> None:
    pages = [[*column(60, 700, f"{word} page of words."), *column(60, 650 - 40 * at, "So they say.")] for at, word in enumerate("ABC")]
    assert _one(write("a.pdf", pdf(pages))).text.count("So they say.") == 3


def test_roman_page_numbers_are_dropped_and_a_lone_year_is_not(write: Write) -> None:
    pages = [
        [*column(60, 700, f"{word} page of words."), *column(300, 30, roman)] for word, roman in zip("ABC", ("iv", "v", "vi"), strict=True)
    ]
    pages[1] = [*column(60, 740, "1987"), *pages[1]]
    assert _one(write("a.pdf", pdf(pages))).text.split("\n\n") == ["A page of words.", "1987", "B page of words.", "C page of words."]


@pytest.mark.parametrize("title", ["untitled", "Microsoft Word - letter.doc", "keep-the-water.indd"])
def test_a_title_that_a_program_made_up_is_none(write: Write, title: str) -> None:
    article = _one(write("a.pdf", pdf([column(60, 700, "Words of the river.")], title=title, author="Administrator")))
    assert (article.title, article.author) == (None, None)


def test_a_scan_is_said_to_have_no_text(write: Write) -> None:
    _refused(write("a.pdf", scanned_pdf(2)), r"has only pictures, as scans have on its 2 pages; run text recognition \(OCR\) on it first")


def test_an_empty_pdf_is_said_to_have_no_text(write: Write) -> None:
    _refused(write("a.pdf", pdf([[]])), r"has no text on its 1 pages; .*")


def test_a_pdf_with_a_password_is_said(write: Write) -> None:
    _refused(write("a.pdf", pdf([column(60, 700, "Words.")], password="pw")), "is protected by a password; save it without one")


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_pdf_that_is_cut_off_is_said(write: Write, share: float) -> None:
    whole = pdf([_two_columns(number) for number in (1, 2, 3)])
    articles, notices = _read(write("a.pdf", whole[: int(len(whole) * share)]))
    assert len(notices) == 1
    assert "cut off" in notices[0]
    assert notices[0].startswith("read" if articles else "skipped")


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.7", b"Not a PDF at all.", b"%PDF-1.4\n" + bytes(range(256)) * 20])
def test_what_is_no_pdf_is_said(write: Write, raw: bytes) -> None:
    _refused(write("a.pdf", raw), "is no PDF, or damaged or cut off; get it again, or open it and save it as a new PDF")


# ---- Word


def test_a_word_document(write: Write) -> None:
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    body = (
        word_paragraph("Keep the water in the river", "Title")
        + word_paragraph("What we ask for", "heading1")
        + '<w:p><w:r><w:t xml:space="preserve">The Wend ran </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>dry</w:t></w:r>'
        '<w:ins w:id="1" w:author="N"><w:r><w:t xml:space="preserve"> again</w:t></w:r></w:ins>'
        '<w:del w:id="2" w:author="N"><w:r><w:delText xml:space="preserve"> once</w:delText></w:r></w:del>'
        f"{note}<w:r><w:t>.</w:t></w:r></w:p>"
        + word_paragraph("No farmer wants a dead river.", "Quote")
        + "<w:tbl><w:tr>" + "".join(f"<w:tc>{word_paragraph(cell)}</w:tc>" for cell in ("Year", "Flow")) + "</w:tr></w:tbl>"
        + word_paragraph("“We will not wait,” said Joan Pell &amp; sons.")
    )  # fmt: skip
    notes = f'<w:footnote w:id="2">{word_paragraph("The third time since 1990.")}</w:footnote>'
    core = "<dc:title>Template for letters</dc:title><dc:creator>Nell Okafor</dc:creator>"
    core += "<dcterms:created>2013-12-23T23:15:00Z</dcterms:created>"
    article = _one(write("a.docx", docx(body, core=core, notes=notes)))
    assert article.text == (
        "What we ask for\n\nThe Wend ran dry again.\n\n> No farmer wants a dead river.\n\nYear | Flow\n\n"
        "“We will not wait,” said Joan Pell & sons.\n\nThe third time since 1990."
    )
    assert (article.title, article.author, article.published) == ("Keep the water in the river", "Nell Okafor", None)
    assert _origins(article) == {"title": "heading", "author": "file metadata"}


def test_a_word_document_without_a_heading_has_the_title_of_its_fields(write: Write) -> None:
    article = _one(
        write("a.docx", docx(word_paragraph("Words."), core="<dc:title> A  letter </dc:title><dc:creator>python-docx</dc:creator>"))
    )
    assert (article.title, article.author, article.text) == ("A letter", None, "Words.")
    assert _origins(article) == {"title": "file metadata"}


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (zipped({"a.txt": "Words."}), "is a ZIP archive but no Word document; give it its own ending, such as .zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old Word file or protected by a password; save it as .docx without one"),
        (b"Words.", r"is not a Word document, or damaged \(.*\); open it in the program that made it and save it again"),
        (docx(word_paragraph("Words."))[:-40], r"is not a Word document, or damaged \(.*\); .*"),
        (docx("<w:p"), r"can't be read \(.*\); open it in the program that made it and save it again"),
        (docx(word_paragraph(" ")), "has no text; expected the words of an article"),
    ],
)
def test_what_is_no_word_document_is_said(write: Write, raw: bytes, line: str) -> None:
    _refused(write("a.docx", raw), line)


# ---- OpenDocument


def test_an_opendocument_text(write: Write) -> None:
    styles = '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Deleted words.</text:p></text:deletion></text:changed-region>"
        '</text:tracked-changes><text:p text:style-name="P1">Keep the water</text:p><text:h text:outline-level="1">What we ask for</text:h>'
        '<text:p>The Wend<text:s text:c="2"/>ran <text:span>dry</text:span><text:tab/>again<text:note>'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note>."
        "<office:annotation><text:p>Really?</text:p></office:annotation>"
        "<text:line-break/>And again.</text:p>"
        '<text:p text:style-name="Quotations">No farmer wants a dead river.</text:p>'
        "<text:list><text:list-item><text:p>Measure.</text:p></text:list-item><text:list-item><text:p>Publish.</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Year</text:p></table:table-cell><table:table-cell><text:p>Flow</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    meta = "<dc:title>Letters</dc:title><meta:initial-creator>Nell Okafor</meta:initial-creator><dc:creator>Somebody else</dc:creator>"
    article = _one(write("a.odt", odt(body, meta=meta, styles=styles)))
    assert article.text == (
        "What we ask for\n\nThe Wend ran dry again.\nAnd again.\n\n> No farmer wants a dead river.\n\nMeasure.\nPublish.\n\nYear | Flow"
    )
    assert (article.title, article.author, article.published) == ("Keep the water", "Nell Okafor", None)


def test_an_opendocument_text_with_a_password_is_said(write: Write) -> None:
    _refused(write("a.odt", odt("x", manifest="<encryption-data/>")), "is protected by a password; save it without one")


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (zipped({"a.txt": "x"}), "is a ZIP archive but no OpenDocument text; .*"),
        (b"x" * 100, r"is not an OpenDocument text, or damaged \(.*\); .*"),
        (zipped({"content.xml": "<a>"}), r"has a damaged part, content.xml \(.*\); .*"),
        (zipped({"content.xml": "<a/>"}), "is no text but another kind of OpenDocument file; save its text as .odt"),
    ],
)
def test_what_is_no_opendocument_text_is_said(write: Write, raw: bytes, line: str) -> None:
    _refused(write("a.odt", raw), line)


def test_entities_are_neither_expanded_nor_fetched(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    document = zipfile.ZipFile(io.BytesIO(odt("<text:p>Words &l11;&out;.</text:p>"))).read("content.xml").decode()
    doctype = f'<!DOCTYPE x [{laughs}<!ENTITY out SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>'
    for words in (document, document.replace("&l11;", "")):
        articles, _ = _read(write("b.odt", zipped({"content.xml": doctype + words})))
        assert not any("secret" in article.text for article in articles)
    articles, notices = _read(write("a.odt", zipped({"content.xml": doctype + document})))
    assert len(articles) + len(notices) == 1
    assert not any("ha" in article.text or "secret" in article.text for article in articles)


# ---- books


def _chapter(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head>'
        f"<title>x</title><script src='x'/></head><body>{body}</body></html>"
    )


def test_a_book_is_read_in_the_order_of_its_spine(write: Write) -> None:
    metadata = (
        "<dc:title>The Wend</dc:title><dc:creator>Nell Okafor</dc:creator><dc:creator>R. D. Hale</dc:creator><dc:date>2024-05</dc:date>"
        "<dc:publisher>River Press</dc:publisher><dc:source>https://riverpress.example/wend</dc:source>"
    )
    chapters = {
        "z.xhtml": _chapter("<h1>First</h1><p>The Wend&nbsp;ran <i>dry</i>.<sup><a href='#n1'>1</a></sup></p><a id='x'/><p>Again.</p>"),
        "a b.xhtml": _chapter("<h1>Second</h1><blockquote>No dead river.</blockquote><p>The end.</p>"),
    }
    article = _one(write("a.epub", epub(chapters, metadata=metadata)))
    assert article.text == "First\n\nThe Wend ran dry.\n\nAgain.\n\nSecond\n\n> No dead river.\n\nThe end."
    assert (article.title, article.author, article.published) == ("The Wend", "Nell Okafor, R. D. Hale", PartialDate(2024, 5))
    assert (article.publication, article.url) == ("River Press", "https://riverpress.example/wend")
    assert set(_origins(article).values()) == {"file metadata"}


def test_a_missing_chapter_is_said(write: Write) -> None:
    articles, notices = _read(write("a.epub", epub({"a.xhtml": _chapter("<p>Words.</p>"), "b.xhtml": ""}, metadata="")))
    assert [article.text for article in articles] == ["Words."]
    assert notices == ["read a.epub: can't be read in OPS/b.xhtml; the other chapters were read"]


def test_a_protected_book_is_said(write: Write) -> None:
    locked = '<encryption><EncryptedData><CipherData><CipherReference URI="OPS/a.xhtml"/></CipherData></EncryptedData></encryption>'
    file = write("a.epub", epub({"a.xhtml": "\x81\x02"}, metadata="", more={"META-INF/encryption.xml": locked}))
    _refused(file, "is protected against copying, so that its words can't be read; get it without that")


@pytest.mark.parametrize("raw", [zipped({"a.txt": "x"}), b"x" * 100, zipped({"META-INF/container.xml": "<x/>"})])
def test_what_is_no_book_is_said(write: Write, raw: bytes) -> None:
    _refused(write("a.epub", raw), r"(?:has no META-INF/container.xml inside|is not an electronic book|names no book).*")


# ---- rich text


def test_rich_text(write: Write) -> None:
    raw = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Times;}}{\info{\title Keep the \'93water\'94}{\author Nell Ok\'e1for}"
        r"{\creatim\yr2013\mo1}}\f0 The Wend ran {\b dry} at the ch\'e2teau.\par \u8220\'93We will not wait,\u8221\'94 said Joan.\par }"
    )
    article = _one(write("a.rtf", raw))
    assert article.text == "The Wend ran dry at the château.\n“We will not wait,” said Joan."
    assert (article.title, article.author, article.published) == ("Keep the “water”", "Nell Okáfor", None)


def test_a_link_in_rich_text_keeps_its_words_alone(write: Write) -> None:
    link = r'{\field{\*\fldinst{HYPERLINK "https://x.example/y"}}{\fldrslt{the weir}}}'
    assert _one(write("a.rtf", rf"{{\rtf1\ansi It is {link} that leaks.\par}}")).text == "It is the weir that leaks."


def test_open_links_in_rich_text_take_no_time(write: Write) -> None:
    started = time.process_time()
    _read(write("a.rtf", "{\\rtf1 " + "{\\field{\\*\\fldinst{" * 20_000))
    assert time.process_time() - started < 5  # 33 s with striprtf's own pattern for links


def test_what_is_no_rich_text_is_said(write: Write) -> None:
    _refused(write("a.rtf", "Words."), "is not rich text; open it in the program that made it and save it as .rtf")


# ---- mail


def _mail(plain: str | None, html: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "The limit – an answer"
    mail["From"] = "Zoë Pell <zoe@union.example>"
    mail["Date"] = "Sat, 11 May 2024 23:30:00 -0500"
    mail["Archived-At"] = "<https://lists.example/42>"
    if plain is not None:
        mail.set_content(plain)
    if html is not None:
        (mail.set_content if plain is None else mail.add_alternative)(html, subtype="html")
    return mail


def test_a_mail(write: Write) -> None:
    article = _one(write("a.eml", _mail("Dear all,\n\nno limit – not now.\n\n> We want one.\n", "<p>Other words.</p>").as_bytes()))
    assert article.text == "Dear all,\n\nno limit – not now.\n\n> We want one."
    assert (article.title, article.author) == ("The limit – an answer", "Zoë Pell")
    assert (article.published, article.url) == (PartialDate(2024, 5, 11), "https://lists.example/42")
    assert set(_origins(article).values()) == {"mail header"}


def test_a_mail_that_is_a_page(write: Write) -> None:
    html = "<html><body><table><tr><td><p>Dear all,</p><p>no <b>limit</b>.</p></td></tr></table>"
    html += "<div style='display: none'>Unseen</div></body></html>"
    assert _one(write("a.eml", _mail(None, html).as_bytes())).text == "Dear all,\n\nno limit."


def test_attachments_are_said(write: Write) -> None:
    mail = _mail("Words.")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="limit.pdf")
    articles, notices = _read(write("a.eml", mail.as_bytes()))
    assert [article.text for article in articles] == ["Words."]
    assert notices == ["read a.eml: attachments were not read: limit.pdf; save them as files"]


def test_a_mail_in_an_unknown_charset_is_read(write: Write) -> None:
    raw = b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nZo\xc3\xab said so.\r\n"
    assert _one(write("a.eml", raw)).text == "Zoë said so."


@pytest.mark.parametrize("raw", [b"", b"Just words.", bytes(range(256))])
def test_what_is_no_mail_is_said(write: Write, raw: bytes) -> None:
    _refused(write("a.eml", raw), "is not a mail: it has no sender, subject or date; save it again from the mail program")


# ---- tables


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_each_row_of_a_table_is_an_article(write: Write, mark: str) -> None:
    rows = [
        ["ID", "Headline", "Body", "Organisation", "Authors", "Date", "Link", "mood"],
        ["a", "T", '"One, ""two"";\nthree\tfour."', "River Trust", "N", "2024-03", "u", "grim"],
        ["", "", "Five.", "", "", "", "", ""],
    ]
    file = write("a.csv", "\ufeff" + "\r\n".join(mark.join(row) for row in rows) + "\r\n\r\n")
    (first, second), notices = _read(file)
    assert notices == []
    assert (first.id, first.title, first.text, first.group) == ("a", "T", 'One, "two";\nthree\tfour.', "River Trust")
    assert (first.author, first.published, first.url, first.source) == ("N", PartialDate(2024, 3), "u", f"{file}:2")
    assert second == Article("a-4", "Five.", source=f"{file}:4")


def test_a_cell_may_be_long(write: Write) -> None:
    assert len(_one(write("a.csv", f"text\n{'Words. ' * 50_000}\n")).text) == 350_000


def test_columns_may_be_told(write: Write) -> None:
    table, lines = write("a.csv", "text,said by,words\nx,River Trust,Words.\n"), write("b.jsonl", '{"words": "More.", "said by": "Guild"}')
    items = list(read([table, lines], {"text": "words", "group": "Said_By"}))
    assert [(item.text, item.group) for item in items if isinstance(item, Article)] == [("Words.", "River Trust"), ("More.", "Guild")]


def test_a_column_that_is_not_there_is_said(write: Write) -> None:
    (notice,) = read([write("a.csv", "text,who\nx,y\n")], {"group": "publisher"})
    assert str(notice).endswith("a.csv: has no column 'publisher' for group; it has 'text', 'who'")


def test_a_field_that_is_not_there_is_refused(write: Write) -> None:
    with pytest.raises(ReadingError, match=r"\A'body' is not a field of an article; expected one of id, text, "):
        list(read([write("a.csv", "text\nx\n")], {"body": "text"}))


def test_a_table_without_text_is_said(write: Write) -> None:
    _refused(
        write("a.csv", "name,size\na,1\n"),
        "has no column for the text of articles, only 'name', 'size'; name it text, or tell which one it is",
    )


def test_rows_that_do_not_fit_are_said(write: Write) -> None:
    articles, notices = _read(write("a.csv", "title,text\nA,One.\nB,Two, three.\nC\nD,Four.\n"))
    assert [article.text for article in articles] == ["One.", "Four."]
    assert notices == [
        "skipped a.csv:3: has 3 cells under 2 columns; put quotation marks around its text",
        "skipped a.csv:4: has no text; expected the words of an article",
    ]


# ---- archives


def test_an_archive_is_read_like_a_folder(write: Write, tmp_path: Path) -> None:
    members = {
        "2024/May.md": "---\ngroup: River Trust\n---\nWords.",
        "2024/May.txt": "More words.",
        "b.jsonl": '{"text": "A line."}',
        "c.docx": docx(word_paragraph("In Word.")),
        "photo.jpg": "x",
        "__MACOSX/b.txt": "x",
        ".hidden.md": "x",
    }
    articles, notices = _read(write("all.zip", zipped(members)))
    assert notices == []
    assert [(article.id, article.text, article.group) for article in articles] == [
        ("all/2024/May.md", "Words.", "River Trust"),
        ("all/2024/May.txt", "More words.", None),
        ("all/b-1", "A line.", None),
        ("all/c", "In Word.", None),
    ]
    assert [article.source for article in articles][2] == str(tmp_path / "all.zip/b.jsonl:1")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:/out.txt", "..\\out.txt"])
def test_a_name_that_leads_out_of_the_archive_is_said(write: Write, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.parent.rglob("*.txt"))
    articles, notices = _read(write("a.zip", zipped({name: "Words.", "good.txt": "Good."})))
    assert [article.text for article in articles] == ["Good."]
    assert len(notices) == 1
    assert "has a name that leads out of the archive; not read, rename it" in notices[0]
    assert sorted(tmp_path.parent.rglob("*.txt")) == before


def test_a_bomb_is_said(write: Write) -> None:
    _refused(write("a.zip", zipped({"a.txt": bytes(40_000_000)})), r"unpacks from 0\.0 to 40 MB, as no text does; not read, .*")


def test_a_bomb_in_a_document_is_said(write: Write) -> None:
    for name in ("a.docx", "a.odt", "a.epub"):
        _refused(write(name, zipped({"word/document.xml": bytes(40_000_000)})), r"unpacks from 0\.0 to 40 MB, as no text does; .*")


@pytest.mark.slow
def test_a_document_with_too_large_a_part_is_said(write: Write) -> None:
    words = "".join(f"<p>{number:x}</p>" for number in range(0, 900_000_000, 300))  # packs well, but not as a bomb does
    _refused(
        write("a.docx", zipped({"word/document.xml": words})), r"holds word/document\.xml, which has \d+ MB; expected at most 34 MB .*"
    )


def test_a_member_that_says_it_is_small_is_not_read_further(write: Write) -> None:
    raw = zipped({"a.txt": b"x" * 1_000_000, "b.txt": "Good."})
    size = (1_000_000).to_bytes(4, "little")
    articles, notices = _read(write("a.zip", raw.replace(size, (10).to_bytes(4, "little"))))
    assert [article.text for article in articles] == ["Good."]
    assert len(notices) == 1
    assert re.fullmatch(r"skipped a.zip/a.txt: is damaged \(.*\); get or save it again", notices[0])


def test_too_many_members_are_said(write: Write) -> None:
    _refused(write("a.zip", zipped({f"{n}.txt": "" for n in range(10_001)})), "holds 10001 files; expected at most 10000; divide it")


def test_an_archive_in_an_archive_is_said(write: Write) -> None:
    articles, notices = _read(write("a.zip", zipped({"a.txt": "Words.", "b.zip": zipped({"c.txt": "x"})})))
    assert [article.text for article in articles] == ["Words."]
    assert notices == ["skipped a.zip/b.zip: is an archive inside an archive; unpack the outer one"]


def test_an_archive_of_nothing_is_said(write: Write) -> None:
    _refused(write("a.zip", zipped({"a.jpg": "x"})), "holds no file that can be read; expected files ending in .csv, .docx, .*")


def test_a_damaged_member_leaves_the_others(write: Write) -> None:
    articles, notices = _read(write("a.zip", zipped({"a.pdf": "x", "b.docx": "x", "c.txt": "Good."})))
    assert [article.text for article in articles] == ["Good."]
    assert [line.partition(": ")[0] for line in notices] == ["skipped a.zip/a.pdf", "skipped a.zip/b.docx"]


# ---- files


def test_a_file_that_changes_while_it_is_read_is_said(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("a.txt", "Words.")
    true, sizes = os.fstat, iter(range(1, 100))

    def grows(number: int) -> os.stat_result:
        found = list(true(number))
        return os.stat_result([*found[:6], next(sizes), *found[7:]])

    monkeypatch.setattr("qa.reading.files.os.fstat", grows)
    _refused(file, "changes while it is read; read it again once it is complete")


def test_a_pipe_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    _refused(tmp_path / "a.txt", "is not a file; expected the file of an article")


def test_what_may_not_be_read_is_said(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, file = write("c/locked/b.txt", "Words.").parent, write("c/a.pdf", pdf([column(60, 700, "Words.")]))
    write("c/z.txt", "Good words.")
    true_open, true_list = Path.open, os.scandir

    def opens(path: Path, mode: str = "r") -> IO[Any]:
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return true_open(path, mode)

    def lists(path: str) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return true_list(path)

    monkeypatch.setattr(Path, "open", opens)  # root may read everything, and tests often run as root
    monkeypatch.setattr(os, "scandir", lists)
    articles, notices = _read(file.parent)
    assert [article.text for article in articles] == ["Good words."]
    assert sorted(notices) == [
        "skipped c/a.pdf: can't be read (Permission denied); check the file and its permissions",
        "skipped c/locked: can't be read (Permission denied); check its permissions",
    ]


_WHOLE: dict[str, bytes] = {
    ".pdf": pdf([_two_columns(1), _two_columns(2)]),
    ".docx": docx(word_paragraph("Words of the river."), core="<dc:title>T</dc:title>"),
    ".odt": odt("<text:p>Words of the river.</text:p>"),
    ".epub": epub({"a.xhtml": _chapter("<p>Words of the river.</p>")}, metadata="<dc:title>T</dc:title>"),
    ".rtf": rb"{\rtf1\ansi{\info{\title T}}Words of the {\b river}.\par}",
    ".eml": _mail("Words of the river.", "<p>Words of the <b>river</b>.</p>").as_bytes(),
    ".html": (_HEAD + _BODY).encode(),
    ".csv": b'title,text\nT,"Words, of the river."\n',
    ".zip": zipped({"a.txt": "Words of the river.", "b.md": "More."}),
}


@pytest.mark.slow
@pytest.mark.parametrize("ending", _WHOLE)
def test_a_file_damaged_anywhere_stops_nobody(write: Write, ending: str) -> None:
    whole = _WHOLE[ending]
    assert len(_read(write(f"whole{ending}", whole))[0]) >= 1
    for step in range(40):
        at = len(whole) * step // 40
        for name, raw in (
            ("cut", whole[:at]),
            ("hit", whole[:at] + b"\xff\x00<{" + whole[at + 4 :]),
            ("lost", whole[:at] + whole[at + 9 :]),
        ):
            articles, notices = _read(write(f"{name}{ending}", raw))
            assert articles or notices
