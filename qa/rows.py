"""What is written as JSON, one row for each kind of thing. The only home of these field names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qa.answering.compose import with_marks
from qa.evaluation.failures import came, missed, wanted
from qa.evaluation.figures import Figure, Outcome, Report, Table
from qa.library import GroupEntry, Library
from qa.types import Answer, Article, Check, Citation, Comparison, Finding, Hit, PartialDate, Reading, Span, Statement, Written

Row = dict[str, Any]


def answer_row(answer: Answer) -> Row:
    """Return an answer with its citations and what was understood of its question."""
    citations = [citation_row(citation) for citation in answer.citations]
    understood = [_reading_row(reading) for reading in answer.query.readings] if answer.query else []
    row: Row = {"answered": answer.answered, "text": answer.text, "citations": citations, "understood": understood}
    return {**row, "written": written_row(answer.written)} if answer.written else row


def written_row(written: Written) -> Row:
    """Return what a language model wrote of an answer: sentences with the citations that they rest on, and why others were left out."""
    return {
        "model": written.model,
        "text": " ".join(map(with_marks, written.sentences)),
        "sentences": [{"text": sentence.text, "citations": list(sentence.numbers)} for sentence in written.sentences],
        "left_out": list(written.left_out),
        "problem": written.problem or None,
    }


def _reading_row(reading: Reading) -> Row:
    return {"kind": reading.kind, "words": reading.words, "meaning": reading.meaning, "key": reading.key}


def comparison_row(comparison: Comparison) -> Row:
    """Return a topic across groups, each with its quotes."""
    return {
        "topic": comparison.topic,
        "text": comparison.text,
        "by_date": comparison.by_date,
        "groups": [
            {
                "group": row.group,
                "articles": row.articles,
                "stance": row.stance,
                "citations": [citation_row(citation) for citation in row.citations],
            }
            for row in comparison.rows
        ],
    }


def check_row(check: Check) -> Row:
    """Return what is known of a pasted quote, with every place where it was found."""
    return {
        "quote": check.quote,
        "claimed_speaker": check.speaker,
        "verdict": check.verdict,
        "text": check.text,
        "findings": [_finding_row(finding) for finding in check.findings],
        "notes": list(check.notes),
    }


def _finding_row(finding: Finding) -> Row:
    return {
        **citation_row(finding.citation),
        "exact": finding.exact,
        "similarity": finding.similarity,
        "said_by_claimed": finding.claimed,
        "differences": [{"kind": d.kind, "said": d.said, "claimed": d.claimed} for d in finding.differences],
        "apart_from": list(finding.apart_from),
        "touches": list(finding.touches),
        "also": list(finding.also),
        "told_by": finding.told_by,
        "told_of": finding.told_of,
        "within_start": finding.within.start,
        "within_end": finding.within.end,
    }


def citation_row(citation: Citation) -> Row:
    """Return a quote with who says it, where it stands, and what is known of its article."""
    return {
        "number": citation.number,
        "article": citation.article.id,
        "group": citation.group,
        "speaker": citation.speaker,
        "voice": citation.voice,
        "organisation": citation.organisation,
        "quote": citation.quote,
        "start": citation.span.start,
        "end": citation.span.end,
        "page": citation.article.page_at(citation.span.start),
        "title": citation.article.title,
        "published": written(citation.article.published),
        "url": citation.article.url,
        "kind": citation.article.kind,
        "source": _pairs(citation.source),
        "cue": _pairs(citation.cue),
        "said": _pairs(citation.said),
        "also_in": [article.id for article in (citation.first, *citation.also) if article],
    }


def statement_row(statement: Statement) -> Row:
    """Return who says what, with the places of source, cue and content."""
    return {
        "source": _pairs(statement.source),
        "cue": _pairs(statement.cue),
        "content": _pairs(statement.content),
        "speaker": statement.speaker,
        "voice": statement.voice,
        "organisation": statement.organisation,
        "speech": statement.speech,
    }


def _pairs(spans: Iterable[Span]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]


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
        "origins": dict(article.origins),
    }
    return {**row, "text": article.text} if with_text else row


def group_row(entry: GroupEntry) -> Row:
    """Return a group with its names, how many articles it has here, and from when they are."""
    group = entry.group
    return {
        "name": group.name,
        "articles": entry.articles,
        "kind": group.kind,
        "aliases": list(group.aliases),
        "publications": list(group.publications),
        "parent": group.parent,
        "first": written(entry.first),
        "last": written(entry.last),
    }


def report_row(report: Report, failures: int) -> Row:
    """Return what a question file measures, with its worst rows, at most `failures` of them."""
    return {
        "file": report.file,
        "questions": len(report.outcomes),
        "tables": [_table_row(table) for table in report.tables],
        "verbatim": _figure_row(report.verbatim) if report.verbatim else None,
        "seconds": {"median": round(report.median_seconds, 4), "p95": round(report.p95_seconds, 4)},
        "failures": [_failure_row(outcome) for outcome in report.worst(failures)],
    }


def _table_row(table: Table) -> Row:
    figures = {name: _figure_row(figure) for name, figure in table.figures}
    return {"task": table.task, "kind": table.kind, "questions": table.questions, "figures": figures}


def _figure_row(figure: Figure) -> Row:
    return {"value": round(figure.value, 4), "low": round(figure.low, 4), "high": round(figure.high, 4), "n": figure.n}


def _failure_row(outcome: Outcome) -> Row:
    row = outcome.row
    return {
        "where": row.where,
        "question": row.question.text,
        "missed": missed(outcome),
        "wanted": wanted(row.gold),
        "came": came(outcome),
    }


def written(date: PartialDate | None) -> str | None:
    """Return a date as it was read: "2025", "2025-10" or "2025-10-08"."""
    return str(date) if date else None
