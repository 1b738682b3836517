"""Brings an index in line with a set of articles: what is unchanged costs nothing, and a change shows all at once.

Order of a change, so that a reader sees the old or the new state and a kill at any moment leaves one of them:
mark the derived indexes as pending; write articles in one SQLite transaction; add their passages to tantivy, which
readers don't know yet; commit SQLite, the one moment at which the change becomes visible; take what vanished out of
tantivy; save FAISS; clear the mark. A mark that is still there makes the next writer derive tantivy anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from qa.attribution.attributor import Attributor
from qa.errors import IndexFolderError, NoIndexError, ReadingError, SettingsError
from qa.index.copies import ALIKE, bands, likeness
from qa.index.dense import DenseIndex
from qa.index.folder import IndexFolder
from qa.index.lexical import LexicalIndex
from qa.index.plan import Plan, planned
from qa.index.remarks import Remarks, Values, checked, remarked
from qa.index.store import Analysed, Known, Store
from qa.models.encoder import Encoder
from qa.passages import sentences, windows
from qa.reading import Notice
from qa.types import Article, Group, Link, Span

STORE, DENSE, LEXICAL = "store.sqlite", "sentences.faiss", "passages"
_ARTICLES_AT_ONCE = 16  # read anew together
_ENCODE_AT_ONCE = 256  # sentences: sorted by length together, so that a batch wastes little padding

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build or another change did. `merged` counts articles that are word for word another one.

    `attributed` counts the unchanged articles whose statements were read anew, without encoding.
    """

    added: int
    changed: int
    removed: int
    merged: int
    unchanged: int
    attributed: int
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
    items: Iterable[Article | Notice | Link],
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
    items: Iterable[Article | Notice | Link],
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
    items: Iterable[Article | Notice | Link],
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
        known, remarks = store.known(), store.remarks()
        there = [known[id] for id in dict.fromkeys(ids) if _is_known(id, known)]
        noted = {one.article.id: replace(remarks.get(one.article.id, Remarks()), removed=True) for one in there}
        return Plan(dead=[one.key for one in there], vanished=len(there), unchanged=len(known) - len(there), remarks=noted)

    return _altered(folder, plan, attributor)


def edit(folder: Path, id: str, fields: Values, attributor: Attributor) -> BuildReport:
    """Correct what an article states, in the index and for all builds to come; None or nothing stands for unknown.

    Raises NoIndexError, and SettingsError for an unknown id or field and for a date that is none.
    """
    corrected = checked(fields)

    def plan(store: Store) -> Plan:
        known = store.known()
        _is_known(id, known)
        noted = store.remarks().get(id, Remarks())
        noted = replace(noted, corrected={**noted.corrected, **corrected})
        retold = remarked(known[id].article, noted)
        return Plan(
            retold=[(known[id].key, retold)],
            changed=int(retold != known[id].article),
            unchanged=len(known) - int(retold != known[id].article),
            remarks={id: noted},
            added=frozenset({id} if known[id].added else ()),
        )

    return _altered(folder, plan, attributor)


def links_of(folder: Path) -> dict[str, Link]:
    """Return the links that an index remembers, by their addresses; raise NoIndexError where there is no index."""
    with _reading(folder) as store:
        return store.links()


def _is_known(id: str, known: Mapping[str, Known]) -> bool:
    """Return true for an id that is there; raise SettingsError for any other."""
    if id not in known:
        raise SettingsError(f"no article with the id {id!r}; whosaid articles lists them")
    return True


def _brought_in(
    folder: Path,
    items: Iterable[Article | Notice | Link],
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
    articles, notices, links = _sorted_out(items, progress)
    if not articles and not again:
        why = str(notices[0]) if notices else "expected files with text, such as .md, .html, .pdf or .docx"
        more = f" and {len(notices) - 1} more like it" if len(notices) > 1 else ""
        raise ReadingError(f"no article found: {why}{more}; nothing was changed")
    with place.locked():
        number = _number_to_write(place, encoder, rebuild)
        home = place.numbered(number)
        home.mkdir(exist_ok=True)
        with _told_if_full(folder):
            store = Store(home / STORE, write=True)
            try:
                old, lost = _taken_over(place, home, store)
                notices += lost
                ids = {article.id for article in articles}
                articles = [*(article for article in old if article.id not in ids), *articles]
                known = store.known()
                plan = planned(
                    *(articles, notices, known, store.remarks(), store.text),
                    adding=adding,
                    again=again,
                    added={article.id for article in old},
                    corrected=corrected,
                )
                plan.groups, plan.links = groups, links
                report = _carried_out(plan, home, store, encoder.identity.dimension, encoder, attributor, progress)
            finally:
                store.close()
        place.put_in_force(number, encoder.identity)
    return replace(report, seconds=time.monotonic() - started, notices=(*notices, *report.notices))


def _altered(folder: Path, plan: Callable[[Store], Plan], attributor: Attributor) -> BuildReport:
    """Carry out a change that encodes nothing."""
    started = time.monotonic()
    place = IndexFolder(folder)
    place.manifest()
    with place.locked(), _told_if_full(folder):
        manifest = place.manifest()
        home = place.numbered(manifest.number)
        store = Store(home / STORE, write=True)
        try:
            report = _carried_out(plan(store), home, store, manifest.model.dimension, None, attributor, quiet)
        finally:
            store.close()
    return replace(report, seconds=time.monotonic() - started)


@contextmanager
def _told_if_full(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise IndexFolderError(f"{folder}: can't be written ({error}); free space or check permissions and try again") from error


def derive_anew(home: Path, dimension: int) -> None:
    """Make FAISS and tantivy from the store, for a folder where they are missing or damaged. Hold the lock."""
    store = Store(home / STORE, write=True)
    try:
        LexicalIndex.make_anew(home / LEXICAL).add(store.passage_texts())
        (home / DENSE).unlink(missing_ok=True)
        DenseIndex.open(home / DENSE, store, dimension).save(home / DENSE)
        store.mark_pending(False)
        store.commit(changed=False)
    finally:
        store.close()


def _refuse_what_is_no_index(place: IndexFolder, rebuild: bool) -> None:
    try:
        place.manifest()
    except NoIndexError:
        return
    except IndexFolderError:
        place.refuse_foreign()
        if not rebuild:
            raise


def _sorted_out(items: Iterable[Article | Notice | Link], progress: Progress) -> tuple[list[Article], list[Notice], list[Link]]:
    articles: list[Article] = []
    notices: list[Notice] = []
    links: list[Link] = []
    for item in items:
        if isinstance(item, Article):
            articles.append(item)
            progress("Reading", len(articles), 0)
        elif isinstance(item, Notice):
            notices.append(item)
        else:
            links.append(item)
    return articles, notices, links


def _number_to_write(place: IndexFolder, encoder: Encoder, rebuild: bool) -> int:
    """Return the numbered folder to write: the one in force, or the next for a rebuild or a first build."""
    try:
        in_force = place.manifest()
    except NoIndexError:
        place.drop_all_but(None)
        return 1
    except IndexFolderError:
        if not rebuild:
            raise
        taken = [int(child.name) for child in place.path.iterdir() if child.name.isdecimal()]
        return max(taken, default=0) + 1
    if not rebuild:
        place.check_model(encoder.identity)
        return in_force.number
    place.drop_all_but(in_force.number)
    return in_force.number + 1


def _taken_over(place: IndexFolder, home: Path, store: Store) -> tuple[list[Article], list[Notice]]:
    """Take what people told the index over into a folder that is written anew; return the articles that were added by themselves.

    A notice tells where the old folder can't be read.
    """
    try:
        in_force = place.numbered(place.manifest().number)
        if in_force == home:
            return [], []
        old = Store(in_force / STORE)
    except NoIndexError:
        return [], []
    except IndexFolderError as error:
        return [], [_lost(place, error)]
    try:
        articles = [replace(one.article, text=old.text(one.key)) for one in old.known().values() if one.added]
        store.set_aliases(old.aliases())
        for id, remarks in old.remarks().items():
            store.set_remarks(id, remarks)
        for link in old.links().values():
            store.set_link(link)
    except sqlite3.Error as error:
        return [], [_lost(place, error)]
    finally:
        old.close()
    return articles, []


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
    plan: Plan, home: Path, store: Store, dimension: int, encoder: Encoder | None, attributor: Attributor, progress: Progress
) -> BuildReport:
    """Change the store and what is derived from it, in the order that the module's first lines tell."""
    lexical = _usable_lexical(home / LEXICAL, store)
    moved = bool(plan.new or plan.dead)
    if moved:
        store.mark_pending(True)
        store.commit(changed=False)
    altered = store.set_groups(plan.groups) if plan.groups is not None else False
    for id, remarks in plan.remarks.items():
        store.set_remarks(id, remarks)
    for link in plan.links:
        store.set_link(link)
    for key, article in plan.retold:
        store.set_fields(key, article, added=article.id in plan.added)
    store.remove(plan.dead)
    attributed = _attributed_anew(store, attributor, progress, every=encoder is not None)
    keys: list[int] = []
    written = 0
    if plan.new and encoder:
        for analysed in _analysed(plan.new, encoder, attributor, progress):
            keys.append(store.add(analysed, added=analysed.article.id in plan.added))
            written += len(analysed.vectors)
        lexical.add(store.passage_texts(keys))
    notices = [*plan.notices, *_linked_copies(store, keys, plan.new)]
    if moved or altered or attributed or plan.retold:
        store.commit()
    elif plan.remarks or plan.links:
        store.commit(changed=False)
    if plan.dead:
        lexical.remove(plan.dead)
    dense = DenseIndex.open(home / DENSE, store, dimension)
    if dense.changed:
        dense.save(home / DENSE)
    if store.derived_pending:
        store.mark_pending(False)
        store.commit(changed=False)
    return BuildReport(plan.fresh, plan.changed, plan.vanished, plan.merged, plan.unchanged, attributed, written, 0.0, tuple(notices))


def _linked_copies(store: Store, keys: Iterable[int], articles: Iterable[Article]) -> Iterator[Notice]:
    """Link each of these articles with those that are nearly the same, and yield a notice for it.

    A digest is a text of its own, whatever it is about.
    """
    listed = store.articles()
    for key, article in zip(keys, articles, strict=True):
        near = [other for other in store.near(bands(article.text)) if other < key and listed[other].kind == article.kind]
        alike = [other for other in sorted(near) if likeness(store.text(other), article.text) >= ALIKE]
        store.link_copies(key, alike)
        if alike:
            others = ", ".join(repr(listed[other].id) for other in alike[:3]) + (" and others" if len(alike) > 3 else "")
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
    listed = store.articles()
    for at in range(0, len(keys), _ARTICLES_AT_ONCE):
        part = keys[at : at + _ARTICLES_AT_ONCE]
        articles = [replace(listed[key], text=store.text(key)) for key in part]
        spans = [[sentence.span for sentence in store.sentences(articles=[key])] for key in part]
        for key, found in zip(part, attributor.statements(articles, spans), strict=True):
            store.replace_statements(key, found, attributor.identity)
        progress("Attributing", at + len(part), len(keys))
    return len(keys)


def _analysed(articles: list[Article], encoder: Encoder, attributor: Attributor, progress: Progress) -> Iterator[Analysed]:
    """Yield each article split, attributed and encoded, encoding the sentences of several together."""
    total = sum(len(article.text) for article in articles)
    done = 0
    waiting: list[tuple[Article, tuple[Span, ...]]] = []

    def flushed() -> Iterator[Analysed]:
        nonlocal done
        vectors = encoder.encode([span.of(article.text) for article, spans in waiting for span in spans])
        said = attributor.statements([article for article, _ in waiting], [spans for _, spans in waiting])
        at = 0
        for (article, spans), found in zip(waiting, said, strict=True):
            passages = tuple(windows(article.id, article.text, spans))
            yield Analysed(article, passages, found, attributor.identity, vectors[at : at + len(spans)])
            at += len(spans)
            done += len(article.text)
            progress("Building", done, total)
        waiting.clear()

    for article in articles:
        waiting.append((article, sentences(article.text)))
        if sum(len(spans) for _, spans in waiting) >= _ENCODE_AT_ONCE:
            yield from flushed()
    if waiting:
        yield from flushed()
