"""The trained ranker: orders the sentences that search found by how well they answer, and tells how likely each does.

Two stages. A small net over measured features orders all candidates; the best dozen are read by the cross-encoder together with
who says them, in whose article and between which sentences, and a second net weighs its odds with the features. All are trained
listwise with "none of them" as a choice at a score of 0, so that the same scores say what answers best and whether any does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qa.index.interface import Scope
from qa.models.encoder import Vectors
from qa.retrieval.corpus import Corpus
from qa.retrieval.features import features
from qa.retrieval.scoring import Read
from qa.retrieval.search import SIGNALS, Candidate, Pool, Wording, find
from qa.retrieval.weighing import Net, load_nets
from qa.types import Article, Hit, Intent, Passage, Query

READ, READ_OF_MANY = 12, 24  # candidates that are read: of a question with one answer, and where each group has its say
OF_A_GROUP = 3  # of these, at most, by one group
PASSAGES_OF_A_GROUP, READ_OF_GROUPS = 16, 60  # where each group is searched by itself
OF_MANY: tuple[Intent, ...] = ("groups", "compare", "change")  # intents that each group answers for itself
SAME_ARTICLE, SAME_GROUP = 0.5, 0.5  # log-odds taken off a passage for each better one of its article and of its group
ODDS = ("odds", "behind_odds", "rank_odds")  # features that reading adds


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score: log-odds that it answers rather than nothing. `odds` are the cross-encoder's alone."""

    candidate: Candidate
    article: Article
    score: float
    odds: float
    features: Vectors


def rank(query: Query, corpus: Corpus, scope: Scope | None) -> tuple[list[Ranked], list[Ranked]]:
    """Return the candidates that were read, best first, and the others in the order of the first net, with its scores."""
    nets = load_nets()
    pool = find(wording_of(query), query.publishers, corpus, scope)
    rows = features(pool, query)
    first = nets["search"].score(rows)
    order = pick(pool, rows, query, nets["search"], READ_OF_MANY if has_many_answers(query) else READ)
    odds = corpus.reader.score(query.read, [read_of(pool, at) for at in order])
    scores = nets["read"].score(odds_features(rows[order], odds))

    def ranked(at: int, score: float, one: float) -> Ranked:
        return Ranked(pool.candidates[at], pool.article(at), score, one, rows[at])

    read = [ranked(at, float(score), float(one)) for at, score, one in zip(order, scores, odds, strict=True)]
    rest = np.argsort(-first, kind="stable").tolist()
    unread = [ranked(at, float(first[at]), 0.0) for at in rest if at not in set(order)] if len(rest) > len(order) else []
    return sorted(read, key=lambda one: -one.score), unread


def rank_groups(query: Query, groups: Sequence[str], corpus: Corpus) -> dict[str, list[Ranked]]:
    """Return the best candidates of each group from a search in its own articles, so that nobody is crowded out; none where it has none.

    The groups that come nearest are read, READ_OF_GROUPS candidates in all.
    """
    net = load_nets()["search"]
    found: list[tuple[float, str, Pool, int, Vectors]] = []
    for group in groups:
        scope = corpus.among((group,), query.since, query.until)
        if scope is None or not len(scope):
            continue
        pool = find(wording_of(query), (), corpus, scope, PASSAGES_OF_A_GROUP)
        rows = features(pool, query)
        scores = net.score(rows)
        best = np.argsort(-scores, kind="stable")[:OF_A_GROUP].tolist()
        found += [(float(scores[at]), group, pool, at, rows[at]) for at in best]
    found = sorted(found, key=lambda one: -one[0])[:READ_OF_GROUPS]
    if not found:
        return {}
    odds = corpus.reader.score(query.read, [read_of(pool, at) for _, _, pool, at, _ in found])
    scores = load_nets()["read"].score(odds_features(np.stack([rows for *_, rows in found]), odds))
    ranked: dict[str, list[Ranked]] = {}
    for (_, group, pool, at, rows), score, one in sorted(zip(found, scores, odds, strict=True), key=lambda item: -item[1]):
        ranked.setdefault(group, []).append(Ranked(pool.candidates[at], pool.article(at), float(score), float(one), rows))
    return ranked


def has_many_answers(query: Query) -> bool:
    """Tell whether each group answers for itself."""
    return query.intent in OF_MANY or query.negated or len(query.publishers) > 1 or len(query.within) > 1


def wording_of(query: Query) -> Wording:
    """Return how a question is looked for."""
    return Wording(query.text, query.read, query.topic)


def pick(pool: Pool, rows: Vectors, query: Query, net: Net | None, most: int) -> list[int]:
    """Return which candidates to read, the likeliest first; for None by the sum of search's ranks."""
    if not len(rows):
        return []
    plain = rows[:, SIGNALS.index("rank_cosine")] + rows[:, SIGNALS.index("rank_bm25")]
    order: list[int] = np.argsort(-(net.score(rows) if net else plain), kind="stable").tolist()
    if not has_many_answers(query):
        return order[:most]
    picked, groups = [], Counter[str | None]()
    for at in order:
        group = pool.article(at).group
        if groups[group] < OF_A_GROUP:
            groups[group] += 1
            picked.append(at)
            if len(picked) == most:
                break
    return picked


def odds_features(rows: Vectors, odds: Vectors) -> Vectors:
    """Return features (n, FEATURES + ODDS) of candidates that were read."""
    if not len(odds):
        return np.zeros((0, rows.shape[1] + len(ODDS)), np.float32)
    ranks = np.argsort(np.argsort(-odds, kind="stable"), kind="stable")
    mine = np.stack([np.clip(odds, -8, 8), np.clip(odds - odds.max(), -8, 0), 1 / (1 + ranks)], 1)
    return np.concatenate([rows, mine], 1).astype(np.float32)


def read_of(pool: Pool, number: int) -> Read:
    """Return a candidate as the cross-encoder reads it: who says it in whose article, under which title, between which sentences."""
    candidate, article = pool.candidates[number], pool.article(number)
    publisher, title = article.group or "", article.title or ""
    speaker = candidate.statement.speaker if candidate.statement else None
    who = f"{speaker} in {publisher}" if speaker else publisher
    return Read(f"{who}: {title}", candidate.before, candidate.text, candidate.after)


def passages_of(ranked: Sequence[Ranked], most: int) -> list[Hit]:
    """Return up to `most` passages by their best sentences; an article or group that has a place makes room for others.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) with "same article" and "same group" as similarity.
    """
    best: dict[int, Ranked] = {}
    for one in ranked:
        best.setdefault(one.candidate.passage.id, one)
    left, found = list(best.values())[: 8 * most], list[Hit]()
    articles, groups = Counter[str](), Counter[str | None]()
    while left and len(found) < most:
        one = max(left, key=lambda x: x.score - SAME_ARTICLE * articles[x.article.id] - SAME_GROUP * groups[x.article.group])
        left.remove(one)
        articles[one.article.id] += 1
        groups[one.article.group] += 1
        stored = one.candidate.passage
        found.append(Hit(Passage(one.article.id, stored.span, stored.sentences), one.article, round(one.score, 4)))
    return found
