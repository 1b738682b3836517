"""Answers that need no search: all that somebody is heard to say, and who quotes or mentions somebody.

Reads the statements of the corpus; what they mean, and whether they answer anything else, is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from qa.index.interface import Scope
from qa.index.lexical import content_words
from qa.retrieval.corpus import Corpus, goes_by
from qa.retrieval.question import names_in
from qa.types import Article, Citation, Query, Span, Statement

IN_ALL, IN_AN_ARTICLE = 6, 2
GROUPS_AT_MOST = 8
_QUOTES = re.compile(r"\b(?:quot(?:e|es|ed|ing)|cit(?:e|es|ed|ing))\b", re.IGNORECASE)
_MENTIONS = re.compile(r"\b(?:mention(?:s|ed)?|names?|refers? to|speaks? (?:of|about)|talks? (?:of|about)|writes? about)\b", re.IGNORECASE)


def whom(query: Query, corpus: Corpus) -> tuple[str, ...]:
    """Return the people and bodies that make up the whole topic of a question, under their canonical names."""
    groups = [group for mention in corpus.registry.mentions(query.topic) for group in mention.groups]
    spans = [mention.span.of(query.topic) for mention in corpus.registry.mentions(query.topic)]
    people = [name for name in names_in(query.topic) if not any(name in span or span in name for span in spans)]
    called = [speaker for name in people for speaker in corpus.speakers.get(name.casefold(), (name,))]
    rest = set(content_words(_QUOTES.sub(" ", _MENTIONS.sub(" ", query.topic)))) - set(content_words(" ".join([*spans, *people])))
    return () if rest else tuple(dict.fromkeys([*groups, *called]))


def asks_who_quotes(query: Query) -> bool:
    """Tell whether a question asks who quotes somebody, be it besides who mentions them."""
    return query.asked == "mentions" and bool(_QUOTES.search(query.text))


def asks_who_mentions(query: Query) -> bool:
    """Tell whether a question asks who mentions somebody, be it besides who quotes them."""
    return bool(_MENTIONS.search(query.text))


def said_by(names: Sequence[str], corpus: Corpus, scope: Scope | None) -> list[Citation]:
    """Return sentences in which one of `names` speaks, the newest article first, what is quoted before what is reported."""
    picked: list[Citation] = []
    for key, said in _heard(names, corpus, scope):
        picked += list(_of_article(key, said, corpus))[:IN_AN_ARTICLE]
        if len(picked) >= IN_ALL:
            break
    return picked[:IN_ALL]


def quoted_by_groups(names: Sequence[str], corpus: Corpus, scope: Scope | None) -> list[Citation]:
    """Return sentences in which one of `names` speaks in others' articles, those of one group together."""
    groups: dict[str | None, list[Citation]] = {}
    for key, said in _heard(names, corpus, scope):
        group = corpus.articles[key].group
        mine = groups.get(group, [])
        if group not in names and len(mine) < IN_AN_ARTICLE:
            groups[group] = [*mine, *_of_article(key, said, corpus)]
    heard = [citations[:IN_AN_ARTICLE] for citations in groups.values() if citations]
    return [citation for citations in heard[:GROUPS_AT_MOST] for citation in citations]


def how_many(names: Sequence[str], corpus: Corpus, scope: Scope | None) -> tuple[int, int]:
    """Return how many statements by one of `names` there are, and in how many articles."""
    heard = _heard(names, corpus, scope)
    return sum(len(said) for _, said in heard), len(heard)


def _of_article(key: int, said: Sequence[Statement], corpus: Corpus) -> Iterator[Citation]:
    article = corpus.with_text(key)
    sentences = corpus.index.spans(key)
    seen: set[Span] = set()
    for statement in sorted(said, key=lambda s: (s.voice != "quoted", -sum(span.end - span.start for span in s.content))):
        place = max(sentences, key=lambda span: _shared(span, statement.content))
        if place not in seen:
            seen.add(place)
            yield _citation(article, place, statement)


def _citation(article: Article, place: Span, statement: Statement) -> Citation:
    return Citation(
        number=0,
        article=article,
        span=place,
        quote=place.of(article.text),
        speaker=statement.speaker,
        group=article.group,
        voice="reported" if article.kind == "digest" else statement.voice,
        score=0.0,
        organisation=statement.organisation,
        source=statement.source,
        cue=statement.cue,
        said=statement.content,
    )


def _speaks(statement: Statement, names: Sequence[str]) -> bool:
    return statement.speaker in names or any(goes_by(statement, name) for name in names)


def _shared(place: Span, spans: Iterable[Span]) -> int:
    return sum(max(0, min(span.end, place.end) - max(span.start, place.start)) for span in spans)


def _heard(names: Sequence[str], corpus: Corpus, scope: Scope | None) -> list[tuple[int, list[Statement]]]:
    """Return what one of `names` says in each of these articles that lets them speak, the newest article first."""
    said = corpus.speech_of(lambda statement: _speaks(statement, names))
    allowed = said.keys() if scope is None else [key for key in said if key in scope]
    dated = {key: corpus.articles[key].published for key in allowed}
    order = sorted(allowed, key=lambda key: (-date.last.toordinal() if (date := dated[key]) else 0, key))
    return [(key, said[key]) for key in order]
