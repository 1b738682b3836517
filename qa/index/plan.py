"""Decides what a build or an addition changes: what is new, what only states something else, what is the same as what is there.

Works on articles without their texts and on what the store knows of them; changes nothing, and knows no models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qa.index.copies import ALIKE, likeness
from qa.index.home import Writer
from qa.index.remarks import Remarks, Values, known_fields, may_be_one, remarked
from qa.index.store import Known
from qa.reading import Notice
from qa.types import INFERRED, Article, Group, Link, Origin

_COUNTED = ("title", "group", "author", "published", "url", "publication", "kind")  # a change of these is a change of the article


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article that was read, without its text: of that, the hash, its words' fingerprint, and whether they are few.

    `key` is that under which the store keeps it; None where the store has the same text under this id already.
    """

    article: Article
    hash: str
    fingerprint: str
    short: bool
    key: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """An article of the store, by its key, with what it is to state and whether a build leaves it alone."""

    key: int
    article: Article
    added: bool


@dataclass(slots=True)
class Plan:
    """What a change of an index comes to.

    `new` are to be shown, also in place of `dead` ones, which are keys; `retold` keep their text and only state something
    else. `groups` is None where they stay as they are. The numbers are for the report.
    """

    new: list[Change] = field(default_factory=list)
    retold: list[Change] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)
    remarks: dict[str, Remarks] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    groups: Sequence[Group] | None = None
    links: Sequence[Link] = ()
    fresh: int = 0
    changed: int = 0
    vanished: int = 0
    merged: int = 0
    unchanged: int = 0


def planned(
    arrivals: Sequence[Arrival],
    notices: Sequence[Notice],
    store: Writer,
    *,
    adding: bool,
    again: bool = False,
    added: Collection[str] = (),
    corrected: Mapping[str, Values] | None = None,
) -> Plan:
    """Return what to do so that the index holds these articles: beside all others where `adding`, else nothing else.

    What a person removed comes back by being added, but not by being read `again`.

    What was added by itself (as `added` tells of some, beside what the store knows), or could not be read this time,
    isn't taken away by a build either. `corrected` is what a person puts right in articles that come, by their ids.
    """
    plan = Plan()
    freed = list(_with_free_ids(arrivals, store, adding=adding))
    remarks = {**store.remarks(), **_put_right(zip(arrivals, freed, strict=True), corrected or {}, store, plan)}
    arriving = list(_arriving(freed, remarks, plan, brings_back=adding and not again))
    ids = {one.article.id for one in arriving}
    gone = {} if adding else {id: one.key for id, one in _vanished(store.known(), ids, notices).items() if not one.added}
    plan.dead = [*gone.values()]
    plan.vanished = len(gone)
    for one in _merged(arriving, ids, gone, store, remarks, plan):
        article = remarked(one.article, plan.remarks.get(one.article.id, Remarks()))
        before = store.one_known(article.id)
        keeps = (article.id in ids if adding else article.id in added) or (before is not None and before.added)
        if before is None or before.hash != one.hash:
            if one.key is None:
                raise ValueError(f"{article.id!r} is new and was not written")
            plan.new.append(Change(one.key, article, keeps))
            plan.dead += [before.key] if before else []
            plan.changed += before is not None
            plan.fresh += before is None
        elif before.article != (told := replace(article, pages=before.article.pages)):
            plan.retold.append(Change(before.key, told, keeps))
            plan.changed += _counted(before.article) != _counted(told)
            plan.unchanged += _counted(before.article) == _counted(told)
        else:
            plan.unchanged += 1
    for id in sorted(plan.remarks):  # what stays may learn from a copy that came
        if id not in ids and id not in gone and (known := store.one_known(id)):
            plan.retold.append(Change(known.key, told := remarked(known.article, plan.remarks[id]), known.added))
            plan.changed += _counted(known.article) != _counted(told)
    return plan


def _put_right(
    articles: Iterable[tuple[Arrival, Arrival]], corrected: Mapping[str, Values], store: Writer, plan: Plan
) -> dict[str, Remarks]:
    """Note corrections of articles, given as they were read and under the ids that they get; return what is noted of these."""
    remarks = store.remarks() if corrected else {}
    for read, arrival in articles:
        if fields := corrected.get(read.article.id):
            before = remarks.get(arrival.article.id, Remarks())
            plan.remarks[arrival.article.id] = replace(before, corrected={**before.corrected, **fields})
    return dict(plan.remarks)


def _with_free_ids(arrivals: Iterable[Arrival], store: Writer, *, adding: bool) -> Iterator[Arrival]:
    """Yield the articles, those under another id whose own belongs to another article of another file.

    A file that has moved keeps its id, and so does one that was edited, as long as half of it is as it was.
    """
    given: set[str] = set()
    for arrival in arrivals:
        id, number = arrival.article.id, 1
        while id in given or not _is_free(arrival, store.one_known(id), store, adding=adding):
            number += 1
            id = f"{arrival.article.id}~{number}"
        given.add(id)
        yield replace(arrival, article=replace(arrival.article, id=id))


def _is_free(arrival: Arrival, owner: Known | None, store: Writer, *, adding: bool) -> bool:
    if owner is None or owner.article.source == arrival.article.source or not (adding or owner.added):
        return True
    return owner.hash == arrival.hash or (arrival.key is not None and likeness(store.text(owner.key), store.text(arrival.key)) >= ALIKE)


def _arriving(arrivals: Iterable[Arrival], remarks: Mapping[str, Remarks], plan: Plan, *, brings_back: bool) -> Iterator[Arrival]:
    """Yield the articles as corrected, without those that a person has removed; to add one again takes that back."""
    for arrival in arrivals:
        article = arrival.article
        noted = remarks.get(article.id, Remarks())
        if noted.removed and not brings_back:
            plan.notices.append(
                Notice(article.source or article.id, f"{article.id!r} was removed; left out, whosaid add brings it back", skipped=False)
            )
            continue
        if noted.removed:
            plan.remarks[article.id] = noted = replace(noted, removed=False)
        yield replace(arrival, article=remarked(article, noted))


def _merged(
    arriving: Iterable[Arrival], ids: Collection[str], gone: Collection[str], store: Writer, remarks: Mapping[str, Remarks], plan: Plan
) -> list[Arrival]:
    """Return the articles without those that are word for word one that stays or came before; these get what only the copy states."""
    firsts: dict[str, list[Article]] = {}
    kept = []
    for arrival in arriving:
        article, words = arrival.article, arrival.fingerprint
        if words not in firsts:
            stored = (one.article for one in store.alike(words))
            firsts[words] = [one for one in stored if one.id not in ids and one.id not in gone]
        first = next((one for one in firsts[words] if may_be_one(one, article, short=arrival.short)), None)
        if first is None:
            firsts[words].append(article)
            kept.append(arrival)
            continue
        plan.notices.append(Notice(article.source or article.id, f"is word for word {first.id!r}; the two were merged", skipped=False))
        plan.merged += 1
        if before := store.one_known(article.id):
            plan.dead.append(before.key)
        if filled := _only_in(article, first):
            noted = plan.remarks.get(first.id) or remarks.get(first.id, Remarks())
            plan.remarks[first.id] = replace(noted, filled={**noted.filled, **filled})
    return kept


def _only_in(copy: Article, first: Article) -> dict[str, tuple[str, Origin]]:
    """Return what a copy states and the first one doesn't, or only lets guess."""
    has = known_fields(first)
    return {
        name: (value, origin)
        for name, (value, origin) in known_fields(copy).items()
        if name not in has or (has[name][1] in INFERRED and origin not in INFERRED)
    }


def _vanished(known: Mapping[str, Known], arrived: set[str], notices: Sequence[Notice]) -> dict[str, Known]:
    """Return the articles that are no longer there, by their ids; what could not be read this time is kept."""
    present = arrived | {notice.id for notice in notices if notice.id}
    unread = {notice.source for notice in notices if notice.skipped}
    gone = {}
    for id, one in known.items():
        source = one.article.source or ""
        places = {source, source.rpartition(":")[0], *map(str, Path(source).parents)} if unread else set()
        if id not in present and not places & unread:
            gone[id] = one
    return gone


def _counted(article: Article) -> tuple[object, ...]:
    return tuple(getattr(article, name) for name in _COUNTED)
