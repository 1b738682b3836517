"""What is written as JSON, one row for each kind of thing. The only home of these field names."""

from __future__ import annotations

from typing import Any

from qa.library import Library
from qa.types import Answer, Article, Hit, PartialDate

Row = dict[str, Any]


def answer_row(answer: Answer) -> Row:
    """Return an answer with its citations."""
    citations = [
        {
            "number": citation.number,
            "article": citation.article.id,
            "group": citation.group,
            "speaker": citation.speaker,
            "voice": citation.voice,
            "quote": citation.quote,
            "start": citation.span.start,
            "end": citation.span.end,
            "title": citation.article.title,
            "published": written(citation.article.published),
            "url": citation.article.url,
            "kind": citation.article.kind,
        }
        for citation in answer.citations
    ]
    return {"answered": answer.answered, "text": answer.text, "citations": citations}


def passage_row(library: Library, hit: Hit) -> Row:
    """Return a passage that search found, with its words."""
    span = hit.passage.span
    return {
        "article": hit.article.id,
        "start": span.start,
        "end": span.end,
        "text": library.passage_text(hit),
        "score": hit.score,
        "group": hit.article.group,
    }


def article_row(article: Article, with_text: bool) -> Row:
    """Return what is known of an article, its text only where that is asked for."""
    row: Row = {
        "id": article.id,
        "title": article.title,
        "group": article.group,
        "author": article.author,
        "published": written(article.published),
        "url": article.url,
        "publication": article.publication,
        "kind": article.kind,
        "source": article.source,
    }
    return {**row, "text": article.text} if with_text else row


def written(date: PartialDate | None) -> str | None:
    """Return a date as it was read: "2025", "2025-10" or "2025-10-08"."""
    return str(date) if date else None
