"""What is written as JSON tells of an article and a citation all that is known."""

from __future__ import annotations

import pytest

from qa.answering.report import _place
from qa.rows import answer_row, article_row
from qa.types import Answer, Article, Citation, PartialDate, Span

_ARTICLE = Article("a", "One. Two.", "T", published=PartialDate(2024, 5), origins=(("title", "heading"),), pages=(0, 5))


def _citation(article: Article) -> Citation:
    return Citation(1, article, Span(5, 9), "Two.", None, None, "own", 1.0)


@pytest.mark.parametrize(("article", "page"), [(_ARTICLE, 2), (Article("a", "One. Two."), None)])
def test_a_citation_tells_its_page(article: Article, page: int | None) -> None:
    (row,) = answer_row(Answer("q", True, "", "", (_citation(article),)))["citations"]
    assert (row["page"], row["start"], row["end"]) == (page, 5, 9)


def test_the_place_of_a_citation_in_words_names_its_page() -> None:
    assert _place(_citation(_ARTICLE)) == "T (2024-05, page 2) · a [5:9]"


def test_an_article_tells_where_its_fields_were_stated() -> None:
    assert article_row(_ARTICLE, False)["origins"] == {"title": "heading"}
