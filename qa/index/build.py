"""Brings an index in line with a set of articles: what is unchanged costs nothing, and a change shows all at once.

Articles are written as they are read and taken apart beside that, in steps that are kept, without being shown: a build
that is stopped goes on from there the next time. Then, so that a reader sees the old or the new state and a kill at any
moment leaves one of them: mark the derived indexes as pending; add the new passages to tantivy, which readers don't know
yet; show and remove articles in one SQLite transaction, the one moment at which the change becomes visible; take what
vanished out of tantivy; make FAISS's file anew where it is time; clear the mark. A mark that is still there makes the next
writer derive tantivy anew.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from qa.attribution.attributor import Attributor
from qa.errors import IndexFolderError, NoIndexError, ReadingError, SettingsError
from qa.index.analyse import Analyser
from qa.index.copies import ALIKE, fingerprint, is_short, likeness
from qa.index.dense import wants_file, write_file
from qa.index.folder import FORMAT, IndexFolder
from qa.index.lexical import LexicalIndex
from qa.index.plan import Arrival, Change, Plan, planned
from qa.index.remarks import Remarks, Values, checked, remarked
from qa.index.store import Known, Store, text_hash
from qa.models.encoder import Encoder
from qa.reading import Notice
from qa.types import Article, Group, Link

STORE, LEXICAL = "store.sqlite", "passages"
_ARTICLES_AT_ONCE = 16  # read anew together
_KEPT_EVERY = 5.0  # seconds of work that a kill may cost

Item = Article | Notice | Link
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is (0 where that isn't known yet)."""


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
    folder: Path,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group] = (),
    *,
    rebuild: bool = False,
    progress: Progress = quiet,
) -> BuildReport:
    """Make the index hold exactly the articles among `items`, what was added by itself, and what could not be read this time.

    Raises ReadingError where there is no article at all (the index stays as it is), ModelMismatchError where it was
    made with another model and `rebuild` is not set, IndexFolderError where it can't be written. Whatever `progress`
    raises stops the build and leaves the index as it was.
    """
    return _brought_in(folder, items, encoder, attributor, groups, adding=False, rebuild=rebuild, progress=progress)


def add(
    folder: Path,
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
    return _brought_in(folder, items, encoder, attributor, groups, adding=True, rebuild=False, corrected=corrected, progress=progress)


def refresh(
    folder: Path,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group] = (),
    *,
    progress: Progress = quiet,
) -> BuildReport:
    """Do as `add` does with what has changed since it was added, but leave away what was removed; nothing at all may have changed."""
    return _brought_in(folder, items, encoder, attributor, groups, adding=True, again=True, rebuild=False, progress=progress)


def remove(folder: Path, ids: Sequence[str], attributor: Attributor) -> BuildReport:
    """Take articles out for good: a build leaves them out too. Raises NoIndexError, and SettingsError for an unknown id."""

    def plan(store: Store) -> Plan:
        remarks = store.remarks()
        there = [_known(id, store) for id in dict.fromkeys(ids)]
        noted = {one.article.id: replace(remarks.get(one.article.id, Remarks()), removed=True) for one in there}
        staying = store.counts()["articles"] - len(there)
        return Plan(dead=[one.key for one in there], vanished=len(there), unchanged=staying, remarks=noted)

    return _altered(folder, plan, attributor)


def edit(folder: Path, id: str, fields: Values, attributor: Attributor) -> BuildReport:
    """Correct what an article states, in the index and for all builds to come; None or nothing stands for unknown.

    Raises NoIndexError, and SettingsError for an unknown id or field and for a date that is none.
    """
    corrected = checked(fields)

    def plan(store: Store) -> Plan:
        known = _known(id, store)
        noted = store.remarks().get(id, Remarks())
        noted = replace(noted, corrected={**noted.corrected, **corrected})
        retold = remarked(known.article, noted)
        changed = int(retold != known.article)
        return Plan(
            retold=[Change(known.key, retold, known.added)],
            changed=changed,
            unchanged=store.counts()["articles"] - changed,
            remarks={id: noted},
        )

    return _altered(folder, plan, attributor)


def links_of(folder: Path) -> dict[str, Link]:
    """Return the links that an index remembers, by their addresses; raise NoIndexError where there is no index."""
    with _reading(folder) as store:
        return store.links()


def _known(id: str, store: Store) -> Known:
    """Return the article with this id; raise SettingsError where there is none."""
    known = store.one_known(id)
    if known is None:
        raise SettingsError(f"no article with the id {id!r}; whosaid articles lists them")
    return known


def _brought_in(
    folder: Path,
    items: Iterable[Item],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group],
    *,
    adding: bool,
    again: bool = False,
    rebuild: bool,
    corrected: Mapping[str, Values] | None = None,
    progress: Progress,
) -> BuildReport:
    started = time.monotonic()
    place = IndexFolder(folder)
    _refuse_what_is_no_index(place, rebuild)
    items = _with_an_article(items, needed=not again)
    if adding:  # links take their time to be fetched, and nobody else should wait for them
        items = list(items)
    with place.locked(), _told_if_full(folder):
        number = _number_to_write(place, encoder, rebuild)
        home = place.numbered(number)
        home.mkdir(exist_ok=True)
        with closing(Store(home / STORE, write=True)) as store, _old_store(place, home) as (old, lost):
            with closing(_Arriving(store, encoder, attributor, progress)) as arriving:
                arriving.read(items)
                added = arriving.read_all_but_those_read(_taken_over(old, store)) if old else set()
                notices = [*arriving.notices, *lost]
                plan = planned(arriving.arrivals, notices, store, adding=adding, again=again, added=added, corrected=corrected)
                plan.groups, plan.links = groups, arriving.links
                arriving.finish([change.key for change in plan.new])
            report = _carried_out(plan, home, store, attributor, progress, every=True, forget=not adding)
        place.put_in_force(number, encoder.identity)
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
    """Articles on their way into a store: written as they are read, taken apart beside that, not shown.

    Of each only a record without its text stays in memory.
    """

    def __init__(self, store: Store, encoder: Encoder, attributor: Attributor, progress: Progress) -> None:
        self.arrivals: list[Arrival] = []
        self.notices: list[Notice] = []
        self.links: list[Link] = []
        self.resumed = 0
        self.sentences = 0
        self._store = store
        self._encoder = encoder
        self._attributor = attributor
        self._progress = progress
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
        known = self._store.one_known(article.id)
        key = None
        if known is None or known.hash != digest:
            waiting = (key for key in self._store.waiting(digest, self._attributor.identity) if key not in self._claimed)
            key = next(waiting, None)
            if key is not None:
                self.resumed += 1
            else:
                key = self._store.write(article)
                self._unread.append((key, len(article.text)))
            self._claimed.add(key)
        light = replace(article, text="")
        self.arrivals.append(Arrival(light, digest, fingerprint(article.text), is_short(article.text), key))

    def _pass_on(self, *, wait: bool = False) -> None:
        """Give out articles to be taken apart while there is room, and write what has come back, after waiting for some."""
        analyser = self._analyser = self._analyser or Analyser(self._encoder, self._attributor)
        while self._unread and analyser.has_room:
            key, length = self._unread.popleft()
            self._given[key] = length
            analyser.give(key, self._store.article(key))
        for key, analysed in analyser.next() if wait else analyser.done():
            self._store.take_apart(key, analysed)
            self.sentences += len(analysed.vectors)
            self._done += self._given.pop(key)
        if time.monotonic() - self._kept > _KEPT_EVERY:
            self._store.commit(changed=False)
            self._kept = time.monotonic()

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


def _altered(folder: Path, plan: Callable[[Store], Plan], attributor: Attributor) -> BuildReport:
    """Carry out a change that encodes nothing."""
    started = time.monotonic()
    place = IndexFolder(folder)
    place.manifest()
    with place.locked(), _told_if_full(folder):
        home = place.numbered(place.manifest().number)
        with closing(Store(home / STORE, write=True)) as store:
            report = _carried_out(plan(store), home, store, attributor, quiet)
    return replace(report, seconds=time.monotonic() - started)


@contextmanager
def _told_if_full(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise IndexFolderError(f"{folder}: can't be written ({error}); free space or check permissions and try again") from error


def derive_anew(home: Path) -> None:
    """Make tantivy from the store, for a folder where it is missing or damaged. Hold the lock."""
    with closing(Store(home / STORE, write=True)) as store:
        LexicalIndex.make_anew(home / LEXICAL).add(store.passage_texts())
        store.mark_pending(False)
        store.commit(changed=False)


def _refuse_what_is_no_index(place: IndexFolder, rebuild: bool) -> None:
    try:
        place.manifest()
    except NoIndexError:
        return
    except IndexFolderError:
        place.refuse_foreign()
        if not rebuild:
            raise


def _number_to_write(place: IndexFolder, encoder: Encoder, rebuild: bool) -> int:
    """Return the numbered folder to write: the one in force, or the next for a rebuild or a first build.

    What a build that was stopped has left in the next one is used where it was made with the same model.
    """
    made_for = repr((FORMAT, encoder.identity))
    try:
        in_force = place.manifest()
    except NoIndexError:
        number = 1
        place.drop_all_but(number)
    except IndexFolderError:
        if not rebuild:
            raise
        taken = [int(child.name) for child in place.path.iterdir() if child.name.isdecimal()]
        number = max(taken, default=0) + 1
    else:
        if not rebuild:
            place.check_model(encoder.identity)
            return in_force.number
        place.drop_all_but(in_force.number, in_force.number + 1)
        number = in_force.number + 1
    home = place.numbered(number)
    if not _was_made_for(made_for, home):
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(exist_ok=True)
    with closing(Store(home / STORE, write=True)) as store:
        store.set_made_for(made_for)
        store.commit(changed=False)
    return number


def _was_made_for(made_for: str, home: Path) -> bool:
    if not (home / STORE).is_file():
        return False
    try:
        with closing(Store(home / STORE)) as store:
            return store.made_for == made_for
    except (IndexFolderError, sqlite3.Error):
        return False


@contextmanager
def _old_store(place: IndexFolder, home: Path) -> Iterator[tuple[Store | None, list[Notice]]]:
    """Give the store in force where another folder is written anew, and a notice where it can't be read."""
    lost: list[Notice] = []
    old = None
    try:
        in_force = place.numbered(place.manifest().number)
        old = Store(in_force / STORE) if in_force != home else None
    except NoIndexError:
        pass
    except IndexFolderError as error:
        lost.append(_lost(place, error))
    try:
        yield old, lost
    finally:
        if old:
            old.close()


def _taken_over(old: Store, store: Store) -> Iterator[Article]:
    """Take what people told an index over into another; yield the articles that were added by themselves."""
    store.set_aliases(old.aliases())
    for id, remarks in old.remarks().items():
        store.set_remarks(id, remarks)
    for link in old.links().values():
        store.set_link(link)
    for one in old.known().values():
        if one.added:
            yield replace(one.article, text=old.text(one.key))


def _lost(place: IndexFolder, error: Exception) -> Notice:
    message = f"what was added or corrected by hand can't be taken over from the old index ({error}); do it again"
    return Notice(str(place.path), message, skipped=False)


def aliases_of(folder: Path) -> dict[str, str]:
    """Return the names that a person has corrected in an index; raise NoIndexError where there is none."""
    with _reading(folder) as store:
        return store.aliases()


def groups_of(folder: Path) -> tuple[Group, ...]:
    """Return the groups that an index was told of; none where there is no index."""
    try:
        with _reading(folder) as store:
            return store.groups()
    except NoIndexError:
        return ()


@contextmanager
def _reading(folder: Path) -> Iterator[Store]:
    place = IndexFolder(folder)
    store = Store(place.numbered(place.manifest().number) / STORE)
    try:
        yield store
    finally:
        store.close()


def set_alias(folder: Path, name: str, canonical: str | None) -> dict[str, str]:
    """Note in an index that `name` stands for `canonical`, or for None forget it; return all such names.

    Names are looked up when a question is asked, so that nothing is read or encoded anew. Raises NoIndexError.
    """
    place = IndexFolder(folder)
    place.manifest()
    with place.locked():
        store = Store(place.numbered(place.manifest().number) / STORE, write=True)
        try:
            aliases = {known: meant for known, meant in store.aliases().items() if known != name}
            if canonical is not None:
                aliases[name] = canonical
            store.set_aliases(aliases)
            store.commit()
        finally:
            store.close()
    return aliases


def _carried_out(
    plan: Plan, home: Path, store: Store, attributor: Attributor, progress: Progress, *, every: bool = False, forget: bool = False
) -> BuildReport:
    """Change the store and what is derived from it, in the order that the module's first lines tell.

    With `every`, statements are read anew wherever another attributor read them; with `forget`, what was written and not
    shown by now is thrown away.
    """
    lexical = _usable_lexical(home / LEXICAL, store)
    keys = [change.key for change in plan.new]
    moved = bool(keys or plan.dead)
    if moved:
        store.mark_pending(True)
        store.commit(changed=False)
    if keys:
        progress("Indexing", 0, 0)
        lexical.add(store.passage_texts(keys))
    altered = store.set_groups(plan.groups) if plan.groups is not None else False
    for id, remarks in plan.remarks.items():
        store.set_remarks(id, remarks)
    for link in plan.links:
        store.set_link(link)
    for change in plan.retold:
        store.set_fields(change.key, change.article, added=change.added)
    store.remove(plan.dead)
    for change in plan.new:
        store.show(change.key, change.article, added=change.added)
    if forget:
        store.remove(store.unshown())
    attributed = _attributed_anew(store, attributor, progress, every=every)
    notices = [*plan.notices, *_linked_copies(store, plan.new)]
    if moved or altered or attributed or plan.retold:
        store.commit()
    else:
        store.commit(changed=False)
    if plan.dead:
        lexical.remove(plan.dead)
    if moved and wants_file(home, store):
        progress("Indexing", 0, 0)
        write_file(home, store)
    if store.derived_pending:
        store.mark_pending(False)
        store.commit(changed=False)
    return BuildReport(plan.fresh, plan.changed, plan.vanished, plan.merged, plan.unchanged, attributed, 0, 0, 0.0, tuple(notices))


def _linked_copies(store: Store, new: Sequence[Change]) -> Iterator[Notice]:
    """Link each of these articles with those that are nearly the same, and yield a notice for it.

    A digest is a text of its own, whatever it is about.
    """
    for key, article in ((change.key, change.article) for change in new):
        near = sorted(other for other in store.near(key) if other < key)
        if not near:
            continue
        text = store.text(key)
        there = {other: one for other, one in store.articles(near).items() if one.kind == article.kind}
        alike = [other for other in near if other in there and likeness(store.text(other), text) >= ALIKE]
        store.link_copies(key, alike)
        if alike:
            others = ", ".join(repr(there[other].id) for other in alike[:3]) + (" and others" if len(alike) > 3 else "")
            yield Notice(article.source or article.id, f"{article.id!r} is nearly the same as {others}; linked with it", skipped=False)


def _usable_lexical(folder: Path, store: Store) -> LexicalIndex:
    """Open tantivy; derive it anew where a kill left it half changed, or where it is damaged."""
    try:
        lexical = LexicalIndex(folder)
    except IndexFolderError:
        lexical = LexicalIndex.make_anew(folder)
    if store.derived_pending or len(lexical) != store.counts()["passages"]:
        lexical.add(store.passage_texts(), replace_all=True)
    return lexical


def _attributed_anew(store: Store, attributor: Attributor, progress: Progress, *, every: bool) -> int:
    """Read the statements anew where nobody has read them, or where `every` another attributor; return of how many articles."""
    keys = store.attributed_otherwise(attributor.identity) if every else store.unattributed()
    for at in range(0, len(keys), _ARTICLES_AT_ONCE):
        part = keys[at : at + _ARTICLES_AT_ONCE]
        articles = [store.article(key) for key in part]
        for key, found in zip(part, attributor.statements(articles, [store.spans(key) for key in part]), strict=True):
            store.replace_statements(key, found, attributor.identity)
        progress("Attributing", at + len(part), len(keys))
    return len(keys)
