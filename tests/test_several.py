"""A file of several articles is divided, and one article with headings, gaps and rules of its own is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from growth import check_growth, repeated
from hypothesis import given
from hypothesis import strategies as st

from qa.reading import Notice, read
from qa.reading.several import divided
from qa.types import Article

RAW = Path(__file__).resolve().parents[2] / "shared" / "articles" / "raw"
WORDS = (
    "The river rose in the night and the mill stood still for an hour or more. Nobody in the valley could say why the water"
    " came so early in the year, and nobody asked the council. "
) * 2
WORDS = WORDS.strip()
GAP = "\n" * 5


def _parts(text: str, **fields: object) -> list[Article]:
    return [part for part in divided(Article("x", text, **fields)) if isinstance(part, Article)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        f"The weir\n\n{WORDS}\n\n13 July 2025{GAP}The mill of our fathers\n\n{WORDS}\n\nTom Hale",
        f"The weir\n\n{WORDS}\n\nAda Marsh{GAP}The mill of our fathers\n\n{WORDS}\n\nTom Hale",
        f"The weir\n\n{WORDS}\n\nENDS{GAP}The mill of our fathers\n\n{WORDS}",
        f"The weir\n\n{WORDS}\n\nhttps://wend.example/weir{GAP}The mill of our fathers\n\n{WORDS}",
        f"The weir\n\n{WORDS}\n\n13 July 2025\n\nThe mill of our fathers\n\n{WORDS}\n\n12 July 2025",
        f"The weir\nBy Ada Marsh\n\n{WORDS}\n\nThe mill of our fathers\nBy Tom Hale\n\n{WORDS}",
        f"The weir\n13 July 2025\n\n{WORDS}\n\nThe mill of our fathers\n12 July 2025\n\n{WORDS}",
        f"13 July 2025\n\nThe weir\n\n{WORDS}\n\n12 July 2025\n\nThe mill of our fathers\n\n{WORDS}",
        f"Le barrage\nPar Ada Marsh\n13 juillet 2025\n\n{WORDS}\n\nThe mill of our fathers\nPar Tom Hale\n12 juillet 2025\n\n{WORDS}",
        f"The weir\n\n{WORDS}\n\n-----\n\nThe mill of our fathers\nBy Tom Hale\n\n{WORDS}",
        f"The weir\n\n{WORDS}\n\fThe mill of our fathers\nBy Tom Hale, 12 July 2025\n\n{WORDS}",
        f"# The weir\n*13 July 2025*\n\n{WORDS}\n\n# The mill of our fathers\n*12 July 2025*\n\n{WORDS}",
        f"https://wend.example/weir\n{WORDS}\n\nhttps://wend.example/mill\nThe mill of our fathers\n\n{WORDS}",
        f"From: Ada Marsh <a@wend.example>\nDate: 13 July 2025\nSubject: The weir\n\n{WORDS}\n\n"
        f"From: Tom Hale <t@wend.example>\nDate: 12 July 2025\nSubject: The mill of our fathers\n\n{WORDS}",
    ],
)
def test_articles_that_end_or_begin_as_such_are_divided(text: str) -> None:
    parts = _parts(text)
    assert [part.id for part in parts] == ["x/1", "x/2"]
    assert "The mill of our fathers" in parts[1].text or "wend.example/mill" in parts[1].text
    assert "The mill of our fathers" not in parts[0].text
    assert all(WORDS in part.text and part.text in text for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        f"The weir\n\n{WORDS}\n\n* * *\n\n{WORDS}\n\n* * *\n\n{WORDS}\n\nAda Marsh",
        f"The weir\nBy Ada Marsh\n\n{WORDS}\n\n-----\n\nThe second day\n\n{WORDS}\n\n-----\n\nThe third day\n\n{WORDS}",
        GAP.join(["The weir", WORDS, "The mill", WORDS, "The bank", WORDS]),
        f"The weir\nJuly 2025\n\nForeword\n\n{WORDS}\n\nAda Marsh\n13 July 2025{GAP}The upper reaches\n\n{WORDS}",
        f"The weir\n13 July 2025\n\n{WORDS}\n\nENDS{GAP}Notes to editors\n\n{WORDS}\n\nAbout the River Trust\n\n{WORDS}",
        f"Questions to Ada Marsh\nBy Tom Hale\n\n{WORDS}\n\nWhy did it stop?\n\nAda Marsh\n{WORDS}\n\nWho pays?\n\nAda Marsh\n{WORDS}",
        f"What should be done?\nAda Marsh\n{WORDS}\n\nTom Hale\n{WORDS}\n\nWho pays?\nAda Marsh\n{WORDS}\n\nTom Hale\n{WORDS}",
        f"13 July 2025\n\nDear members,\n\n{WORDS}\n\nYours,\n\nAda Marsh\nChair, River Trust{GAP}P.S. The boat\n\n{WORDS}",
        f"Open letter\n\n{WORDS}\n\nSigned:\nAda Marsh\nTom Hale\nJoan Pell\nR. D. Hale{GAP}Our demands\n\n{WORDS}",
        f"How it came about\n\n1 March 2024\n{WORDS}\n\n8 March 2024\n{WORDS}\n\n9 April 2024\n{WORDS}",
        f"Diary\nBy Ada Marsh\n\nMonday 3 March 2024\n\nOne\n\n{WORDS}\n\nTuesday 4 March 2024\n\nTwo\n\n{WORDS}",
        f"The weir\n\n{WORDS}\n\nChapter 1\nBy the river\n\n{WORDS}\n\nChapter 2\nBy the mill\n\n{WORDS}",
        f"What we want\n\n{WORDS}\n\n1. Water for all\n2. A limit{GAP}Water for all\n\n{WORDS}\n\nA limit\n\n{WORDS}",
        f"The weir\n\n{WORDS}\n\nReferences\n\nhttps://a.example/1\nhttps://a.example/2{GAP}Further thoughts\n\n{WORDS}",
        "The weir\n\nThe water comes\nThe water goes\n\nAda Marsh" + GAP + "The mill\n\nIt turns\nIt stands",
        f"# One\n\n{WORDS}\n\n# Two\n\n{WORDS}\n\n# Three\n\n{WORDS}",
        f"Report\n\nContents\n\n1. The weir\n2. The mill\n\nThe weir\n\n{WORDS}\n\nThe mill\n\n{WORDS}",
        f"{WORDS}\n\nFrom: Ada Marsh\nDate: 13 July 2025\nSubject: The weir\n\n{WORDS}",
    ],
)
def test_one_article_stays_one(text: str) -> None:
    article = Article("x", text)
    assert list(divided(article)) == [article]


def test_a_newsletter_is_divided_by_its_contents_which_are_left_out_and_said() -> None:
    items = "\n\n".join(f"{title}\n\n{WORDS}" for title in ("The weir is open", "The mill is shut"))
    found = list(
        divided(Article("x", f"Newsletter of the Anglers' Club\n\nIn this issue:\n1. The weir is open\n2. The mill is shut\n\n{items}"))
    )
    assert [part.text.partition("\n")[0] for part in found if isinstance(part, Article)] == ["The weir is open", "The mill is shut"]
    notices = [str(item) for item in found if isinstance(item, Notice)]
    assert re.search(r"x: was divided into 2 articles, x/1 to x/2; check them, and state a title", notices[0])
    assert "was left out: Newsletter of the Anglers' Club In this issue:" in notices[1]


def test_front_matter_divides_a_markdown_file_and_a_stated_title_keeps_it_whole(tmp_path: Path) -> None:
    file = tmp_path / "posts.md"
    blocks = [
        f"---\ntitle: {title}\ngroup: River Trust\npublished: 2025-07-1{n}\n---\n\n{WORDS}\n" for n, title in enumerate(("Weir", "Mill"))
    ]
    file.write_text("\n".join(blocks), "utf-8")
    found = [item for item in read([file]) if isinstance(item, Article)]
    assert [(part.id, part.title, part.group, str(part.published), part.text) for part in found] == [
        ("posts/1", "Weir", "River Trust", "2025-07-10", WORDS),
        ("posts/2", "Mill", "River Trust", "2025-07-11", WORDS),
    ]
    file.write_text(f"---\ntitle: Both\n---\nThe weir\nBy Ada Marsh\n\n{WORDS}\n\nThe mill\nBy Tom Hale\n\n{WORDS}", "utf-8")
    (whole,) = read([file])
    assert isinstance(whole, Article)
    assert whole.text.startswith("The weir\nBy Ada Marsh")
    assert whole.author is None or whole.author == "Ada Marsh"


def test_what_is_stated_of_the_whole_file_is_passed_on_only_where_it_holds_for_each() -> None:
    text = f"The weir\nBy Ada Marsh\n\n{WORDS}\n\nThe mill\nBy Tom Hale\n\n{WORDS}"
    origins = (("title", "file metadata"), ("group", "file metadata"), ("author", "file metadata"))
    first, second = _parts(text, title="Both", group="River Trust", author="Nell Okafor", origins=origins)
    assert (first.title, first.author, first.group, second.group) == (None, None, "River Trust", "River Trust")
    assert first.origins == (("group", "file metadata"),)


def test_pages_keep_their_numbers() -> None:
    text = f"The weir\n\n{WORDS}\n\n{WORDS}\n\n13 July 2025\n\nThe mill\n\n{WORDS}\n\n{WORDS}\n\n12 July 2025"
    mill = text.index("The mill")
    first, second = _parts(text, pages=(0, 100, mill, mill + 50))
    assert (first.page_at(0), first.page_at(150)) == (1, 2)
    assert (second.page_at(0), second.page_at(60)) == (3, 4)


def test_documents_of_several_articles_are_divided(tmp_path: Path) -> None:
    comment = f"<section class='comments'><article><h3>Joe</h3><p>{WORDS}</p></article></section>"
    page = "".join(
        f"<article><header><h2><a href='https://wend.example/{n}'>{title}</a></h2><p>By <a rel='author'>Ada Marsh</a>"
        f" <time datetime='2025-07-1{n}'></time></p></header><p>{WORDS}</p>{comment}</article>"
        for n, title in enumerate(("Weir", "Mill"))
    )
    teaser = "<article><h2>Related</h2><p>A short teaser about the river and nothing else, really nothing else at all.</p></article>"
    (tmp_path / "a.html").write_text(f"<html><body><main>{page}</main></body></html>", "utf-8")
    (tmp_path / "b.html").write_text(
        f"<html><body><main><article><h1>Weir</h1><p>{WORDS}</p></article>{teaser * 3}</main></body></html>", "utf-8"
    )
    found = [item for item in read([tmp_path]) if isinstance(item, Article)]
    assert [(part.id, part.title, part.author, str(part.published), part.url) for part in found][:2] == [
        ("a/1", "Weir", "Ada Marsh", "2025-07-10", "https://wend.example/0"),
        ("a/2", "Mill", "Ada Marsh", "2025-07-11", "https://wend.example/1"),
    ]
    assert len(found) == 3
    assert found[0].text.count(WORDS) == 1


_LINES = st.lists(
    st.sampled_from(
        ["", "", "", WORDS, WORDS[:90], "The weir", "Two mills", "13 July 2025", "By Ada Marsh", "Tom Hale", "ENDS", "-----", "* * *"]
    )
    | st.text(max_size=30),
    max_size=40,
)


@given(_LINES)
def test_no_words_are_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    rest, at = "", 0
    parts = _parts(text)
    for part in parts:
        assert part.text or not text
        start = text.index(part.text, at)
        rest += text[at:start]
        at = start + len(part.text)
    rest += text[at:]
    if len(parts) > 1:
        assert WORDS not in rest
        assert not re.search(r"\w.*[.;]\s*$", rest)
        assert re.fullmatch(r"[\s\-*]*", rest) or len(rest) < 400


@given(st.text())
def test_any_text_is_one_or_more_articles(text: str) -> None:
    assert _parts(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "end"),
    [
        ("the river rose ", ""),
        (" ", "x"),
        ("- ", ""),
        ("word\n", ""),
        ("13 July 2025\n", ""),
        ("---\na: b\n", ""),
        ("By Ada ", ""),
    ],
)
def test_long_texts_take_no_longer_than_their_length(piece: str, end: str) -> None:
    check_growth(repeated(piece, end), _parts, 500_000)


@pytest.mark.skipif(not RAW.is_dir(), reason="needs the shared articles beside the repository")
def test_files_as_they_came() -> None:
    found = [item for item in read([RAW]) if isinstance(item, Article)]
    assert len(list(RAW.glob("*.txt"))) == 4
    assert [part.title is None for part in found] == [True, False, True, False, False]
    assert [(str(part.published) if part.published else None, part.author) for part in found] == [
        (None, None),
        (None, None),
        ("2025-10-08", None),
        ("2025-07-13", None),
        (None, "Duncan Chapel"),
    ]
