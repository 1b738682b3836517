"""Makes citations of ranked sentences: who says each, word for word at its place, with a neighbour where it needs one; checked last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qa.index.lexical import content_words
from qa.retrieval.corpus import Corpus
from qa.retrieval.ranker import Ranked
from qa.retrieval.search import speech_in
from qa.types import Citation, Query, Span, Statement


def cite(chosen: Iterable[Ranked], query: Query, corpus: Corpus) -> tuple[Citation, ...]:
    """Return a citation for each candidate, numbered in their order; those whose words don't stand in the store are left out."""
    found = (citation_of(one.candidate.key, one.candidate.span, speech_asked(one, query, corpus), one.score, corpus) for one in chosen)
    return number(citation for citation in found if stands(citation, corpus))


def speech_asked(one: Ranked, query: Query, corpus: Corpus) -> Statement | None:
    """Return whose words in a sentence a question is about: those of somebody who is asked, or those that have all of the topic there.

    Else whoever says most of the sentence; None is the article's own voice.
    """
    if one.article.group in query.publishers:
        return one.candidate.statement
    inside = [said for said in corpus.speech(one.candidate.key) if any(span.overlaps(one.candidate.span) for span in said.content)]
    asked = {*query.publishers, *query.speakers}
    topic = set(content_words(query.topic)) & set(content_words(one.candidate.text))
    text = corpus.with_text(one.candidate.key).text
    by_asked = [said for said in inside if {said.speaker, said.organisation} & asked]
    of_topic = [said for said in inside if topic and topic <= set(content_words(" ".join(span.of(text) for span in said.content)))]
    return next(iter([*by_asked, *of_topic]), one.candidate.statement)


def number(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Return citations numbered from 1 on, each place once."""
    once = {(citation.article.id, citation.span): citation for citation in reversed(list(citations))}
    return tuple(replace(citation, number=at) for at, citation in enumerate(reversed(once.values()), 1))


def citation_of(key: int, span: Span, statement: Statement | None, score: float, corpus: Corpus) -> Citation:
    """Return a citation, not yet numbered, of a place in an article and of the speech that makes it up (None: the article's own)."""
    article = corpus.with_text(key)
    first, also = corpus.elsewhere(key, span.of(article.text))
    return Citation(
        number=0,
        article=article,
        span=span,
        quote=span.of(article.text),
        speaker=statement.speaker if statement else article.group,
        group=article.group,
        voice="reported" if article.kind == "digest" else statement.voice if statement else "own",
        score=round(score, 4),
        organisation=statement.organisation if statement else None,
        source=statement.source if statement else (),
        cue=statement.cue if statement else (),
        said=statement.content if statement else (),
        first=first,
        also=also,
    )


def citation_at(key: int, span: Span, corpus: Corpus) -> Citation:
    """Return a citation, not yet numbered, of a sentence of an article."""
    return citation_of(key, span, speech_in(span, corpus.speech(key)), 0.0, corpus)


def stands(citation: Citation, corpus: Corpus) -> bool:
    """Tell whether `text[start:end]` of the stored article is exactly the quote."""
    key = corpus.keys.get(citation.article.id)
    return key is not None and bool(citation.quote) and citation.span.of(corpus.index.text(key)) == citation.quote
