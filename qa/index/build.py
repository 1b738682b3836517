"""Brings an index in line with a set of articles: what is unchanged costs nothing, and a change shows all at once.

Articles are written as they are read and taken apart beside that, in steps that are kept, without being shown: a build
that is stopped goes on from there the next time. Then what searches need is made ready, the change is published, and what
vanished is cleared away. How that is kept, and what a reader sees of it meanwhile, is for the home of the index to know.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from qa.attribution.attributor import Attributor
from qa.errors import NoIndexError, ReadingError, SettingsError
from qa.index.analyse import Analyser
from qa.index.copies import ALIKE, fingerprint, is_short, likeness
from qa.index.home import Facts, Progress, Writer, home_of
from qa.index.plan import Arrival, Change, Plan, planned
from qa.index.remarks import Remarks, Values, checked, remarked
from qa.index.store import Known, text_hash
from qa.models.encoder import Encoder
from qa.reading import Notice
from qa.settings import Place
from qa.types import Article, Group, Link

_ARTICLES_AT_ONCE = 16  # read anew together
_FEW = 100  # articles, of which each is looked up by itself
_LOOK_AGAIN = 1.0  # seconds, while workers take articles apart
_KEPT_EVERY = 5.0  # seconds of work that a kill may cost

Item = Article | Notice | Link


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build or another change did. `merged` counts articles that are word for word another one.

    `attributed` counts the unchanged articles whose statements were read anew, without encoding; `resumed` those that
    a build which was stopped had taken apart.
    """

    added: int
    changed: int
    removed: int
    merged: int
    unchanged: int
    attributed: int
    resumed: int
    sentences: int
    seconds: float
    notices: tuple[Notice, ...]

    @property
    def skipped(self) -> tuple[Notice, ...]:
        """The notices that tell of something left out."""
        return tuple(notice for notice in self.notices if notice.skipped)


def quiet(doing: str, done: int, total: int) -> None:
    """Show no progress."""


def build(
    place: Place,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group] = (),
    *,
    rebuild: bool = False,
    workers: bool = False,
    progress: Progress = quiet,
) -> BuildReport:
    """Make the index hold exactly the articles among `items`, what was added by itself, and what could not be read this time.

    Raises ReadingError where there is no article at all (the index stays as it is), ModelMismatchError where it was
    made with another model and `rebuild` is not set, IndexFolderError where it can't be written. Whatever `progress`
    raises stops the build and leaves the index as it was. With `workers` others take the articles apart, who share the index
    with us: raises SettingsError where its home can't be shared.
    """
    if workers and isinstance(place, Path):
        raise SettingsError(f"{place}: workers need an index that they can share, such as --index milvus:http://HOST:19530/NAME")
    return _brought_in(place, items, encoder, attributor, groups, adding=False, rebuild=rebuild, workers=workers, progress=progress)


def add(
    place: Place,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group] = (),
    *,
    corrected: Mapping[str, Values] | None = None,
    progress: Progress = quiet,
) -> BuildReport:
    """Bring the articles among `items` into the index beside all that it holds, or anew; make the index where there is none.

    What is added stays whatever is built afterwards, until it is removed. `corrected` is what a person put right in these
    articles, checked, by their ids; it is kept as `edit` does. Raises as `build` does.
    """
    return _brought_in(place, items, encoder, attributor, groups, adding=True, rebuild=False, corrected=corrected, progress=progress)


def refresh(
    place: Place,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group] = (),
    *,
    progress: Progress = quiet,
) -> BuildReport:
    """Do as `add` does with what has changed since it was added, but leave away what was removed; nothing at all may have changed."""
    return _brought_in(place, items, encoder, attributor, groups, adding=True, again=True, rebuild=False, progress=progress)


def remove(place: Place, ids: Sequence[str], attributor: Attributor) -> BuildReport:
    """Take articles out for good: a build leaves them out too. Raises NoIndexError, and SettingsError for an unknown id."""

    def plan(writer: Writer) -> Plan:
        remarks = writer.remarks()
        there = [_known(id, writer) for id in dict.fromkeys(ids)]
        noted = {one.article.id: replace(remarks.get(one.article.id, Remarks()), removed=True) for one in there}
        staying = writer.how_many() - len(there)
        return Plan(dead=[one.key for one in there], vanished=len(there), unchanged=staying, remarks=noted)

    return _altered(place, plan, attributor)


def edit(place: Place, id: str, fields: Values, attributor: Attributor) -> BuildReport:
    """Correct what an article states, in the index and for all builds to come; None or nothing stands for unknown.

    Raises NoIndexError, and SettingsError for an unknown id or field and for a date that is none.
    """
    corrected = checked(fields)

    def plan(writer: Writer) -> Plan:
        known = _known(id, writer)
        noted = writer.remarks().get(id, Remarks())
        noted = replace(noted, corrected={**noted.corrected, **corrected})
        retold = remarked(known.article, noted)
        changed = int(retold != known.article)
        return Plan(
            retold=[Change(known.key, retold, known.added)],
            changed=changed,
            unchanged=writer.how_many() - changed,
            remarks={id: noted},
        )

    return _altered(place, plan, attributor)


def links_of(place: Place) -> dict[str, Link]:
    """Return the links that an index remembers, by their addresses; raise NoIndexError where there is no index."""
    with home_of(place).reading() as facts:
        return facts.links()


def _known(id: str, writer: Writer) -> Known:
    """Return the article with this id; raise SettingsError where there is none."""
    known = writer.one_known(id)
    if known is None:
        raise SettingsError(f"no article with the id {id!r}; whosaid articles lists them")
    return known


def _brought_in(
    place: Place,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group],
    *,
    adding: bool,
    again: bool = False,
    rebuild: bool,
    workers: bool = False,
    corrected: Mapping[str, Values] | None = None,
    progress: Progress,
) -> BuildReport:
    started = time.monotonic()
    home = home_of(place)
    home.refuse_what_is_none(rebuild=rebuild)
    items = _with_an_article(items, needed=not again)
    few = False
    if adding:  # links take their time to be fetched, and nobody else should wait for them
        items = list(items)
        few = len(items) <= _FEW
    with home.changing(encoder.identity, rebuild=rebuild, all_known=not few) as change:
        writer = change.writer
        arriving = _Arriving(writer, encoder, attributor, progress, change.taken_apart if workers else None)
        with closing(arriving):
            arriving.read(items)
            added = arriving.read_all_but_those_read(_taken_over(change.old, writer)) if change.old else set()
            notices = [*arriving.notices, *change.lost]
            plan = planned(arriving.arrivals, notices, writer, adding=adding, again=again, added=added, corrected=corrected)
            plan.groups, plan.links = groups, arriving.links
            arriving.finish([new.key for new in plan.new])
        report = _carried_out(plan, writer, attributor, progress, every=True, forget=not adding)
    return replace(
        report,
        resumed=arriving.resumed,
        sentences=arriving.sentences,
        seconds=time.monotonic() - started,
        notices=(*notices, *report.notices),
    )


def _with_an_article(items: Iterable[Item], *, needed: bool) -> Iterator[Item]:
    """Return the items, of which one is an article; raise ReadingError where that is `needed` and none is."""
    rest = iter(items)
    first: list[Item] = []
    for item in rest if needed else ():
        first.append(item)
        if isinstance(item, Article):
            break
    else:
        if needed:
            notices = [item for item in first if isinstance(item, Notice)]
            why = str(notices[0]) if notices else "expected files with text, such as .md, .html, .pdf or .docx"
            more = f" and {len(notices) - 1} more like it" if len(notices) > 1 else ""
            raise ReadingError(f"no article found: {why}{more}; nothing was changed")
    return chain(first, rest)


class _Arriving:
    """Articles on their way into an index: written as they are read, taken apart beside that, not shown.

    Of each only a record without its text stays in memory.
    """

    def __init__(
        self,
        writer: Writer,
        encoder: Encoder,
        attributor: Attributor,
        progress: Progress,
        taken_apart: Callable[[Iterable[int]], set[int]] | None = None,
    ) -> None:
        """With `taken_apart`, which tells what others have done by now, they are waited for and nothing is done here."""
        self.arrivals: list[Arrival] = []
        self.notices: list[Notice] = []
        self.links: list[Link] = []
        self.resumed = 0
        self.sentences = 0
        self._writer = writer
        self._encoder = encoder
        self._attributor = attributor
        self._progress = progress
        self._taken_apart = taken_apart
        self._analyser: Analyser | None = None
        self._unread: deque[tuple[int, int]] = deque()  # key and length
        self._given: dict[int, int] = {}
        self._claimed: set[int] = set()
        self._done = 0
        self._kept = time.monotonic()

    def read(self, items: Iterable[Item]) -> None:
        """Take in what is read, and have it taken apart meanwhile."""
        for item in items:
            if isinstance(item, Article):
                self._arrived(item)
                self._progress("Reading", len(self.arrivals), 0)
                self._pass_on()
            elif isinstance(item, Notice):
                self.notices.append(item)
            else:
                self.links.append(item)

    def read_all_but_those_read(self, articles: Iterable[Article]) -> set[str]:
        """Take in the articles of which no other of the same id was read; return their ids."""
        read = {arrival.article.id for arrival in self.arrivals}
        mine = set()
        for article in articles:
            if article.id not in read:
                self._arrived(article)
                mine.add(article.id)
        return mine

    def _arrived(self, article: Article) -> None:
        digest = text_hash(article)
        known = self._writer.one_known(article.id)
        key = None
        if known is None or known.hash != digest:
            left = (key for key in self._writer.left(article, digest, self._attributor.identity) if key not in self._claimed)
            key = next(left, None)
            if key is not None:
                self.resumed += 1
            else:
                key = self._writer.write(article)
                self._unread.append((key, len(article.text)))
            self._claimed.add(key)
        light = replace(article, text="")
        self.arrivals.append(Arrival(light, digest, fingerprint(article.text), is_short(article.text), key))

    def _pass_on(self, *, wait: bool = False) -> None:
        """Give out articles to be taken apart while there is room, and write what has come back, after waiting for some."""
        if self._taken_apart is None:
            self._take_apart(wait=wait)
        elif wait:
            self._wait(self._taken_apart)
        if time.monotonic() - self._kept > _KEPT_EVERY:
            self._writer.keep()
            self._kept = time.monotonic()

    def _take_apart(self, *, wait: bool) -> None:
        analyser = self._analyser = self._analyser or Analyser(self._encoder, self._attributor)
        while self._unread and analyser.has_room:
            key, length = self._unread.popleft()
            self._given[key] = length
            analyser.give(key, self._writer.article(key))
        for key, analysed in analyser.next() if wait else analyser.done():
            self._writer.take_apart(key, analysed)
            self.sentences += len(analysed.vectors)
            self._done += self._given.pop(key)

    def _wait(self, taken_apart: Callable[[Iterable[int]], set[int]]) -> None:
        """Leave what isn't read to others, and look after a while what has come of it."""
        if self._unread:
            self._given |= dict(self._unread)
            self._unread.clear()
            self._writer.keep()
        done = taken_apart(self._given)
        self._done += sum(self._given.pop(key) for key in done)
        if self._given:
            time.sleep(_LOOK_AGAIN)

    def finish(self, wanted: Collection[int]) -> None:
        """Wait until the wanted ones are taken apart; the others needn't be."""
        wanted = set(wanted)
        self._unread = deque((key, length) for key, length in self._unread if key in wanted)
        total = self._done + sum(length for _, length in self._unread) + sum(self._given.values())
        if total:
            self._progress("Building", self._done, total)
        while self._unread or self._given:
            self._pass_on(wait=True)
            self._progress("Building", self._done, total)

    def close(self) -> None:
        """Stop what is under way."""
        if self._analyser:
            self._analyser.close()


def _altered(place: Place, plan: Callable[[Writer], Plan], attributor: Attributor) -> BuildReport:
    """Carry out a change that encodes nothing."""
    started = time.monotonic()
    with home_of(place).changing(None) as change:
        report = _carried_out(plan(change.writer), change.writer, attributor, quiet)
    return replace(report, seconds=time.monotonic() - started)


def _taken_over(old: Facts, writer: Writer) -> Iterator[Article]:
    """Take what people told an index over into another; yield the articles that were added by themselves."""
    writer.set_aliases(old.aliases())
    for id, remarks in old.remarks().items():
        writer.set_remarks(id, remarks)
    for link in old.links().values():
        writer.set_link(link)
    for one in old.known().values():
        if one.added:
            yield replace(one.article, text=old.text(one.key))


def aliases_of(place: Place) -> dict[str, str]:
    """Return the names that a person has corrected in an index; raise NoIndexError where there is none."""
    with home_of(place).reading() as facts:
        return facts.aliases()


def groups_of(place: Place) -> tuple[Group, ...]:
    """Return the groups that an index was told of; none where there is no index."""
    try:
        with home_of(place).reading() as facts:
            return facts.groups()
    except NoIndexError:
        return ()


def set_alias(place: Place, name: str, canonical: str | None) -> dict[str, str]:
    """Note in an index that `name` stands for `canonical`, or for None forget it; return all such names.

    Names are looked up when a question is asked, so that nothing is read or encoded anew. Raises NoIndexError.
    """
    with home_of(place).changing(None) as change:
        aliases = {known: meant for known, meant in change.writer.aliases().items() if known != name}
        if canonical is not None:
            aliases[name] = canonical
        change.writer.set_aliases(aliases)
        change.writer.publish(changed=True)
    return aliases


def _carried_out(
    plan: Plan, writer: Writer, attributor: Attributor, progress: Progress, *, every: bool = False, forget: bool = False
) -> BuildReport:
    """Write what the plan says, publish it, and clear away what vanished.

    With `every`, statements are read anew wherever another attributor read them; with `forget`, what was written and not
    shown by now is thrown away.
    """
    keys = [change.key for change in plan.new]
    if keys:
        progress("Indexing", 0, 0)
    writer.prepare(keys, plan.dead)
    altered = writer.set_groups(plan.groups) if plan.groups is not None else False
    for id, remarks in plan.remarks.items():
        writer.set_remarks(id, remarks)
    for link in plan.links:
        writer.set_link(link)
    for change in plan.retold:
        writer.set_fields(change.key, change.article, added=change.added)
    writer.remove(plan.dead)
    for change in plan.new:
        writer.show(change.key, change.article, added=change.added)
    if forget:
        writer.remove(writer.unshown())
    attributed = _attributed_anew(writer, attributor, progress, every=every)
    notices = [*plan.notices, *_linked_copies(writer, plan.new)]
    writer.publish(changed=bool(keys or plan.dead or altered or attributed or plan.retold))
    writer.settle(progress)
    return BuildReport(plan.fresh, plan.changed, plan.vanished, plan.merged, plan.unchanged, attributed, 0, 0, 0.0, tuple(notices))


def _linked_copies(writer: Writer, new: Sequence[Change]) -> Iterator[Notice]:
    """Link each of these articles with those that are nearly the same, and yield a notice for it.

    A digest is a text of its own, whatever it is about.
    """
    for key, article in ((change.key, change.article) for change in new):
        near = writer.before(key)
        if not near:
            continue
        text = writer.text(key)
        there = {other: one for other, one in writer.articles(near).items() if one.kind == article.kind}
        alike = [other for other in near if other in there and likeness(writer.text(other), text) >= ALIKE]
        writer.link_copies(key, alike)
        if alike:
            others = ", ".join(repr(there[other].id) for other in alike[:3]) + (" and others" if len(alike) > 3 else "")
            yield Notice(article.source or article.id, f"{article.id!r} is nearly the same as {others}; linked with it", skipped=False)


def _attributed_anew(writer: Writer, attributor: Attributor, progress: Progress, *, every: bool) -> int:
    """Read the statements anew where nobody has read them, or where `every` another attributor; return of how many articles."""
    keys = writer.attributed_otherwise(attributor.identity) if every else writer.unattributed()
    for at in range(0, len(keys), _ARTICLES_AT_ONCE):
        part = keys[at : at + _ARTICLES_AT_ONCE]
        articles = [writer.article(key) for key in part]
        for key, found in zip(part, attributor.statements(articles, [writer.spans(key) for key in part]), strict=True):
            writer.replace_statements(key, found, attributor.identity)
        progress("Attributing", at + len(part), len(keys))
    return len(keys)
