"""Answers questions about the catalogue from what is known of each article: who wrote it, and when.

One form of answer serves them all: how many articles there are, then a line for each. Which article
is meant is told by the words of its title, names and text and by the encoder; asking for a list is
one more candidate, so that "which articles" means none. Quotes nothing of what articles say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from qa.index.interface import Scope
from qa.index.lexical import content_words
from qa.models.encoder import Vectors
from qa.query.linking import likeness, linked
from qa.retrieval.corpus import Corpus
from qa.types import Article, Named, Order, PartialDate, Query

MOST_LINES = 25  # articles that are listed; how many more there are is said
MOST_GROUPS = 200  # groups that are listed: whoever asks which there are wants them all
LOOKED_AT = 20  # titles, passages and sentences, the nearest of each, whose articles may be meant
UNKNOWN_GROUP = "an unknown group"
WANTS_ANY: dict[Order, str] = {  # words that mean no article are nearer to these than to a title
    "none": "Which articles are there?",
    "newest": "Which is the newest article?",
    "oldest": "Which is the oldest article?",
}

_WORDS: WeakKeyDictionary[Corpus, dict[int, frozenset[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class CatalogueAnswer:
    """What the catalogue says: an opening line, and articles in order or groups with their counts.

    `lines` is what stands below the lead: one for each article or group, and how many more.
    """

    lead: str
    articles: tuple[Article, ...] = ()
    groups: tuple[tuple[str, int], ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole answer in words."""
        return "\n".join((self.lead, *self.lines))


@dataclass(frozen=True, slots=True)
class Choice:
    """The articles that a topic means.

    `keys` are those before the widest gap in how well articles fit, best first; `fitting` all that
    are nearer to the topic than asking for any article is. Neither has any where nothing is.
    """

    keys: tuple[int, ...] = ()
    fitting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """Articles in which to look, and by whom they are in words; nobody where all are."""

    keys: tuple[int, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well each of `keys` fits a topic: as a whole, by words, and by title and names alone."""

    keys: tuple[int, ...]
    whole: Vectors
    words: Vectors
    named: Vectors
    any: float  # what asking for any article has in place of `named`


def catalogue(query: Query, corpus: Corpus) -> CatalogueAnswer | None:
    """Return what the catalogue says; None where there is no article here at all."""
    if not corpus.articles:
        return None
    shares = asked_shares(query, corpus)
    by = _list_names([share.by for share in shares if share.by])
    every = list(dict.fromkeys(key for share in shares for key in share.keys))
    if not every:
        return CatalogueAnswer(f"No article{f' by {by}' if by else ''} is here{_limits(query)}.")
    choices = [choose(query, share.keys, corpus) for share in shares if share.keys]
    if query.order != "none":
        fitting = [key for choice in choices for key in choice.fitting]
        return _first(query, [corpus.articles[key] for key in fitting or every], by)
    if all(choice.keys for choice in choices):
        meant = dict.fromkeys(key for choice in choices for key in choice.keys)
        limits = f"{_limits(query)} and fit “{_topic(query, corpus)}”"
        return _meant([corpus.articles[key] for key in meant], by, limits)
    if query.names and not by:
        names = " or ".join(f"“{named.words}”" for named in query.names)
        return CatalogueAnswer(f"None of the {_count(len(every))} here is by {names}.")
    if by or query.within or query.since or query.until:
        each = f", {_counts(shares)}," if len(shares) > 1 else ""
        limits = f"{_limits(query)}{each}"
        return _listed([corpus.articles[key] for key in every], "" if each else by, limits)
    return _overview([corpus.articles[key] for key in every])


# ---- which articles


def asked_shares(query: Query, corpus: Corpus) -> list[Share]:
    """Return the articles by those who are asked, within the limits of the query.

    Where several are asked, as a paper and its reporter, it is what they have in common; where they
    have nothing, each has a share. Whoever neither publishes nor writes here limits nothing.
    """
    scope = corpus.among(query.within, query.since, query.until)
    inside = set(corpus.articles if scope is None else scope)
    found = [(keys, by) for named in query.names for keys, by in (_by(named, corpus),) if keys]
    if not found:
        return [Share(tuple(sorted(inside)))]
    common = set.intersection(*(keys for keys, _ in found))
    if common:
        by = " in ".join(sorted({by for _, by in found}, key=corpus.by_group.__contains__))
        return [Share(tuple(sorted(common & inside)), by)]
    return [Share(tuple(sorted(keys & inside)), by) for keys, by in found]


def _by(named: Named, corpus: Corpus) -> tuple[set[int], str]:
    """Return the articles that those who go by a name publish, else write, and their names.

    Where those who are meant do neither, it is the nearest of the others whom the words may name.
    """
    others = [link.name for link in named.links if link.score >= linked()]
    for names in (named.publishers, named.speakers, *((name,) for name in others)):
        groups = {name: corpus.by_group[name] for name in names if name in corpus.by_group}
        found = groups or {name: keys for name in names if (keys := _written_by(name, corpus))}
        if found:
            return {key for keys in found.values() for key in keys}, _list_names(list(found))
    return set(), ""


def _written_by(name: str, corpus: Corpus) -> list[int]:
    wanted = set(content_words(name))
    authors = {author for names in corpus.authors.values() for author in names}
    meant = {author for author in authors if wanted and wanted <= set(content_words(author))}
    return [key for key, article in corpus.articles.items() if meant and article.author in meant]


def choose_article(query: Query, corpus: Corpus, scope: Scope | None = None) -> list[int]:
    """Return the articles, of these, that a question is about, best first; one for most topics.

    Without a topic it is all by those asked or within its limits. Empty where nobody is asked and
    no article has a word of the topic.
    """
    topic = _topic(query, corpus)
    found: list[int] = []
    for share in asked_shares(query, corpus):
        keys = [key for key in share.keys if scope is None or key in scope]
        if content_words(topic):
            fit = _fit(query, topic, keys, corpus) if keys else None
            best = _until_gap(fit.whole) if fit else []
            found += [fit.keys[at] for at in best if fit and (share.by or fit.words[at])]
        elif share.by or query.within or query.since or query.until:
            found += keys
    return list(dict.fromkeys(found))


def choose(query: Query, keys: Sequence[int], corpus: Corpus) -> Choice:
    """Return which of these articles the topic means.

    Where it has no more of the best one than words of its author's or group's name, it means all
    that have these.
    """
    topic = _topic(query, corpus)
    words = set(content_words(topic))
    fit = _fit(query, topic, keys, corpus) if words else None
    if fit is None:
        return Choice()
    order = _until_gap(fit.whole)
    if fit.named[order[0]] <= fit.any:
        return Choice()
    best = fit.keys[order[0]]
    if (named := words & _words_of(corpus)[best]) and not named & _title_words(best, corpus):
        same = tuple(key for key in keys if named <= _words_of(corpus)[key])
        return Choice(same, same)
    fitting = np.argsort(-fit.whole, kind="stable")
    return Choice(
        tuple(fit.keys[at] for at in order),
        tuple(fit.keys[at] for at in fitting if fit.named[at] > fit.any),
    )


def _topic(query: Query, corpus: Corpus) -> str:
    """Return the words of the topic, with names by whom no article here is."""
    others = [named.words for named in query.names if not _by(named, corpus)[0]]
    return " ".join([*others, query.topic]).strip()


def _fit(query: Query, topic: str, keys: Sequence[int], corpus: Corpus) -> _Fit | None:
    """Return how well the nearest of these articles fit; None where there is no article.

    As a whole it is the share of the topic's words, weighted by rarity, in title and names, the
    same in the text, and the cosines of the question to the title and to its nearest sentence.
    """
    words = _spell(content_words(topic), corpus)
    to_question, to_topic, to_any = corpus.vectors([query.text, topic, WANTS_ANY[query.order]])
    scope = Scope(np.array(sorted(keys), np.int64))
    weights = {word: corpus.index.rarity(word) for word in words}
    titled = {key: _share(weights, _words_of(corpus)[key]) for key in scope}
    near = sorted(filter(titled.get, titled), key=lambda key: -titled[key])[:LOOKED_AT]
    found = [passage for passage, _ in corpus.index.matching(weights, LOOKED_AT, scope)]
    found += corpus.index.nearest(to_question, LOOKED_AT, scope)
    near += [passage.article for passage in corpus.index.passages(found)]
    looked = tuple(key for key in dict.fromkeys(near) if key in titled)
    if not looked:
        return None
    names = corpus.encoder.encode([corpus.articles[key].title or "" for key in looked])
    in_text, nearest = _fit_of_texts(looked, weights, to_question, corpus)
    share = np.array([titled[key] for key in looked], np.float32)
    whole = share + in_text + names @ to_question + nearest
    to_both = to_topic + to_question
    return _Fit(looked, whole, share + in_text, share + names @ to_both, float(to_both @ to_any))


def _spell(words: Sequence[str], corpus: Corpus) -> list[str]:
    """Return the words, those that nobody writes here as the most alike of titles and names."""
    unknown = [word for word in words if word.isalpha() and not corpus.index.knows(word)]
    if not unknown:
        return list(words)
    known = sorted(set().union(*_words_of(corpus).values()))
    spelt = {word: max(known, key=lambda one: likeness(word, one)) for word in unknown if known}
    return [best if (best := spelt.get(word)) and likeness(word, best) else word for word in words]


def _fit_of_texts(keys: Sequence[int], weights: Mapping[str, float], vector: Vectors, corpus: Corpus) -> tuple[Vectors, Vectors]:
    """Return the share of the words that each text has, and the cosine of its nearest sentence."""
    shares, cosines = np.zeros(len(keys), np.float32), np.zeros(len(keys), np.float32)
    for at, key in enumerate(keys):
        passages = corpus.index.passages_in([key])
        if passages:
            counts = [one for passage in passages for one in corpus.sentences_of(passage).counts]
            shares[at] = _share(weights, set().union(*counts))
            cosines[at] = (corpus.index.vectors_of(passages) @ vector).max(initial=0)
    return shares, cosines


def _share(weights: Mapping[str, float], words: Collection[str]) -> float:
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in words) / total if total else 0


def _until_gap(scores: Vectors) -> list[int]:
    """Return the places of the best scores, best first, as far as the widest gap between two."""
    order = np.argsort(-scores, kind="stable")[: MOST_LINES + 1]
    gaps = -np.diff(scores[order])
    return [int(at) for at in order[: int(gaps.argmax()) + 1 if len(gaps) else 1]]


def _words_of(corpus: Corpus) -> dict[int, frozenset[str]]:
    """Return the words of each article's title, group and author, made once for a corpus."""
    if corpus not in _WORDS:
        named = {key: f"{article.title or ''} {article.group or ''} {article.author or ''}" for key, article in corpus.articles.items()}
        _WORDS[corpus] = {key: frozenset(content_words(words)) for key, words in named.items()}
    return _WORDS[corpus]


def _title_words(key: int, corpus: Corpus) -> set[str]:
    return set(content_words(corpus.articles[key].title or ""))


# ---- the answer in words


def _meant(articles: Sequence[Article], by: str, limits: str) -> CatalogueAnswer:
    """Return what is known of the articles that a topic means; a sentence where it is one."""
    if len(articles) > 1:
        return _listed(articles, by, limits)
    article = articles[0]
    author = f" was written by {article.author} and" if article.author else " was"
    unsaid = "" if article.author else " Its author isn't stated."
    group = article.group or UNKNOWN_GROUP
    when = _on(article.published) if article.published else ""
    unsaid += "" if article.published else " Its date isn't stated."
    url = f" {article.url}" if article.url else ""
    lead = f"{_title(article)}{author} published by {group}{when}.{unsaid}{url}"
    return CatalogueAnswer(lead, (article,))


def _first(query: Query, articles: Sequence[Article], by: str) -> CatalogueAnswer:
    """Return the newest or the oldest of these articles; several that are of the same date."""
    dated = [article for article in articles if article.published]
    by = f" by {by}" if by else ""
    if not dated:
        return CatalogueAnswer(f"None of the {_count(len(articles))}{by} here has a date.")
    ordered = sorted(dated, key=_age, reverse=query.order == "newest")
    first = [article for article in ordered if article.published == ordered[0].published]
    lines = _lines(first)
    which = f"The {query.order} {'article' if len(first) == 1 else 'articles'}{by} here"
    if len(first) == 1:
        return CatalogueAnswer(f"{which} is {lines[0]}", tuple(first))
    return CatalogueAnswer(f"{which}, {len(first):,} of one date, are:", tuple(first), lines=lines)


def _listed(articles: Sequence[Article], by: str, limits: str) -> CatalogueAnswer:
    """Return how many articles there are, and a line for each in order of time."""
    ordered = sorted(articles, key=_age)
    be = "is" if len(ordered) == 1 else "are"
    by = f" by {by}" if by else ""
    span = f", {found}" if (found := _range(ordered)) else ""
    lead = f"{_count(len(ordered))}{by} {be} here{limits}{span}:".replace(",,", ",")
    return CatalogueAnswer(lead, tuple(ordered), lines=_lines(ordered))


def _overview(articles: Sequence[Article]) -> CatalogueAnswer:
    """Return which groups there are, those with most articles first, each with count and dates."""
    of_group: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        of_group[article.group or UNKNOWN_GROUP].append(article)
    groups = sorted(of_group, key=lambda name: (name == UNKNOWN_GROUP, -len(of_group[name]), name))
    known = [(name, len(of_group[name])) for name in groups if name != UNKNOWN_GROUP]
    lines = [f"{name}: {_count_dated(of_group[name])}" for name in groups[:MOST_GROUPS]]
    if len(groups) > MOST_GROUPS:
        lines.append(f"and {len(groups) - MOST_GROUPS:,} more groups")
    have = "1 group has" if len(known) == 1 else f"{len(known):,} groups have"
    lead = f"{have} articles here, {_count_dated(articles)}:"
    return CatalogueAnswer(lead, groups=tuple(known), lines=tuple(lines))


def _lines(articles: Sequence[Article]) -> tuple[str, ...]:
    lines = [_line(article) for article in articles[:MOST_LINES]]
    more = len(articles) - len(lines)
    return (*lines, f"and {more:,} more") if more else tuple(lines)


def _line(article: Article) -> str:
    author = f" by {article.author}" if article.author else ""
    when = article.published.in_words() if article.published else "date unknown"
    url = f" {article.url}" if article.url else ""
    return f"{_title(article)}{author}, {article.group or UNKNOWN_GROUP}, {when}{url}"


def _title(article: Article) -> str:
    return f"“{article.title or article.id}”"


def _age(article: Article) -> tuple[bool, int, str]:
    """Return the key by which articles are put in order of time, those without a date last."""
    date = article.published
    return date is None, date.first.toordinal() if date else 0, article.title or article.id


def _range(articles: Iterable[Article]) -> str:
    """Return from when to when articles are, in words; nothing where none has a date."""
    dates = [article.published for article in articles if article.published]
    if not dates:
        return ""
    oldest, newest = min(dates, key=lambda d: d.first), max(dates, key=lambda d: d.last)
    if oldest == newest:
        return f"from {oldest.in_words()}"
    return f"from {oldest.in_words()} to {newest.in_words()}"


def _limits(query: Query) -> str:
    """Return to which groups and dates a question limits the articles, in words."""
    groups = f" among those by {_list_names(query.within)}" if query.within else ""
    since, until = query.since, query.until
    if since and since == until:
        return f"{groups} for {since.in_words()}"
    since_when = f" since {since.in_words()}" if since else ""
    return f"{groups}{since_when}{f' until {until.in_words()}' if until else ''}"


def _on(date: PartialDate) -> str:
    return f" {'on' if date.precision == 'day' else 'in'} {date.in_words()}"


def _count(articles: int) -> str:
    return "1 article" if articles == 1 else f"{articles:,} articles"


def _counts(shares: Sequence[Share]) -> str:
    return _list_names([f"{len(share.keys):,} by {share.by}" for share in shares])


def _count_dated(articles: Sequence[Article]) -> str:
    span = _range(articles)
    return f"{_count(len(articles))}{f' {span}' if span else ''}"


def _list_names(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
