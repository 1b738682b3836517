"""Decides what a build or an addition changes: what is new, what only states something else, what is the same as what is there.

Works on articles and on what the store knows of them; touches neither disk nor models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qa.index.copies import ALIKE, fingerprint, is_short, likeness
from qa.index.remarks import Remarks, Values, known_fields, may_be_one, remarked
from qa.index.store import Known, text_hash
from qa.reading import Notice
from qa.types import INFERRED, Article, Group, Link, Origin

_COUNTED = ("title", "group", "author", "published", "url", "publication", "kind")  # a change of these is a change of the article


@dataclass(slots=True)
class Plan:
    """What a change of an index comes to.

    `new` are to be split and encoded, also in place of `dead` ones, which are keys; `retold` keep their text and only
    state something else. `added` are the ids that a build leaves alone. `groups` is None where they stay as they are.
    The numbers are for the report.
    """

    new: list[Article] = field(default_factory=list)
    retold: list[tuple[int, Article]] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)
    remarks: dict[str, Remarks] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    added: frozenset[str] = frozenset()
    groups: Sequence[Group] | None = None
    links: Sequence[Link] = ()
    fresh: int = 0
    changed: int = 0
    vanished: int = 0
    merged: int = 0
    unchanged: int = 0


def planned(
    articles: Iterable[Article],
    notices: Sequence[Notice],
    known: Mapping[str, Known],
    remarks: Mapping[str, Remarks],
    stored_text: Callable[[int], str],
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
    plan = Plan(remarks={})
    read = list(articles)
    freed = list(_with_free_ids(read, known, stored_text, adding=adding))
    remarks = {**remarks, **_put_right(zip(read, freed, strict=True), corrected or {}, remarks, plan)}
    arriving = list(_arriving(freed, remarks, plan, brings_back=adding and not again))
    ids = {article.id for article in arriving}
    gone = [] if adding else [id for id in _vanished(known, ids, notices) if not known[id].added]
    staying = known.keys() - ids - set(gone)
    plan.dead = [known[id].key for id in gone]
    plan.vanished = len(gone)
    arrived = _merged(arriving, [known[id] for id in known if id in staying], known, remarks, plan)
    for article in (remarked(article, plan.remarks.get(article.id, Remarks())) for article in arrived):
        before = known.get(article.id)
        if before is None or before.hash != text_hash(article):
            plan.new.append(article)
            plan.dead += [before.key] if before else []
            plan.changed += before is not None
            plan.fresh += before is None
        elif before.article != (told := replace(article, text="", pages=before.article.pages)):
            plan.retold.append((before.key, told))
            plan.changed += _counted(before.article) != _counted(told)
            plan.unchanged += _counted(before.article) == _counted(told)
        else:
            plan.unchanged += 1
    for id in sorted(plan.remarks.keys() & staying):  # what stays may learn from a copy that came
        plan.retold.append((known[id].key, told := remarked(known[id].article, plan.remarks[id])))
        plan.changed += _counted(known[id].article) != _counted(told)
    plan.added = frozenset(ids if adding else added) | {id for id, one in known.items() if one.added}
    return plan


def _put_right(
    articles: Iterable[tuple[Article, Article]], corrected: Mapping[str, Values], remarks: Mapping[str, Remarks], plan: Plan
) -> dict[str, Remarks]:
    """Note corrections of articles, given as they were read and under the ids that they get; return what is noted of these."""
    for read, article in articles:
        if fields := corrected.get(read.id):
            before = remarks.get(article.id, Remarks())
            plan.remarks[article.id] = replace(before, corrected={**before.corrected, **fields})
    return dict(plan.remarks)


def _with_free_ids(
    articles: Iterable[Article], known: Mapping[str, Known], stored_text: Callable[[int], str], *, adding: bool
) -> Iterator[Article]:
    """Yield the articles, those under another id whose own belongs to another article of another file.

    A file that has moved keeps its id, and so does one that was edited, as long as half of it is as it was.
    """
    given: set[str] = set()
    for article in articles:
        id, number = article.id, 1
        while id in given or not _is_free(article, known.get(id), stored_text, adding=adding):
            number += 1
            id = f"{article.id}~{number}"
        given.add(id)
        yield replace(article, id=id)


def _is_free(article: Article, owner: Known | None, stored_text: Callable[[int], str], *, adding: bool) -> bool:
    if owner is None or owner.article.source == article.source or not (adding or owner.added):
        return True
    return owner.hash == text_hash(article) or likeness(stored_text(owner.key), article.text) >= ALIKE


def _arriving(articles: Iterable[Article], remarks: Mapping[str, Remarks], plan: Plan, *, brings_back: bool) -> Iterator[Article]:
    """Yield the articles as corrected, without those that a person has removed; to add one again takes that back."""
    for article in articles:
        noted = remarks.get(article.id, Remarks())
        if noted.removed and not brings_back:
            plan.notices.append(
                Notice(article.source or article.id, f"{article.id!r} was removed; left out, whosaid add brings it back", skipped=False)
            )
            continue
        if noted.removed:
            plan.remarks[article.id] = noted = replace(noted, removed=False)
        yield remarked(article, noted)


def _merged(
    arriving: Iterable[Article], staying: Iterable[Known], known: Mapping[str, Known], remarks: Mapping[str, Remarks], plan: Plan
) -> list[Article]:
    """Return the articles without those that are word for word one that stays or came before; these get what only the copy states."""
    firsts: dict[str, list[Article]] = defaultdict(list)
    for one in staying:
        firsts[one.fingerprint].append(one.article)
    kept = []
    for article in arriving:
        before = known.get(article.id)
        words = before.fingerprint if before and before.hash == text_hash(article) else fingerprint(article.text)
        first = next((one for one in firsts[words] if may_be_one(one, article, short=is_short(article.text))), None)
        if first is None:
            firsts[words].append(article)
            kept.append(article)
            continue
        plan.notices.append(Notice(article.source or article.id, f"is word for word {first.id!r}; the two were merged", skipped=False))
        plan.merged += 1
        if before:
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


def _vanished(known: Mapping[str, Known], arrived: set[str], notices: Sequence[Notice]) -> list[str]:
    """Return the ids of articles that are no longer there; what could not be read this time is kept."""
    present = arrived | {notice.id for notice in notices if notice.id}
    unread = {notice.source for notice in notices if notice.skipped}
    gone = []
    for id, one in known.items():
        source = one.article.source or ""
        places = {source, source.rpartition(":")[0], *map(str, Path(source).parents)}
        if id not in present and not places & unread:
            gone.append(id)
    return gone


def _counted(article: Article) -> tuple[object, ...]:
    return tuple(getattr(article, name) for name in _COUNTED)
