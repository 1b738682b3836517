"""Brings an index in line with a set of articles: what is unchanged costs nothing, and a change shows all at once.

Order of a change, so that a reader sees the old or the new state and a kill at any moment leaves one of them:
mark the derived indexes as pending; write articles in one SQLite transaction; add their passages to tantivy, which
readers don't know yet; commit SQLite, the one moment at which the change becomes visible; take what vanished out of
tantivy; save FAISS; clear the mark. A mark that is still there makes the next writer derive tantivy anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa.attribution.attributor import Attributor
from qa.errors import IndexFolderError, NoIndexError, ReadingError
from qa.index.dense import DenseIndex
from qa.index.folder import IndexFolder
from qa.index.lexical import LexicalIndex
from qa.index.store import Analysed, Store, content_hash
from qa.models.encoder import Encoder
from qa.passages import sentences, windows
from qa.reading import Notice
from qa.types import Article, Group, Span

STORE, DENSE, LEXICAL = "store.sqlite", "sentences.faiss", "passages"
_ARTICLES_AT_ONCE = 16  # read anew together
_ENCODE_AT_ONCE = 256  # sentences: sorted by length together, so that a batch wastes little padding

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `attributed` counts the unchanged articles whose statements were read anew, without encoding."""

    added: int
    changed: int
    removed: int
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
    items: Iterable[Article | Notice],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group] = (),
    *,
    rebuild: bool = False,
    progress: Progress = quiet,
) -> BuildReport:
    """Make the index hold exactly the articles among `items`; keep those whose file could not be read this time.

    Raises ReadingError where there is no article at all (the index stays as it is), ModelMismatchError where it was
    made with another model and `rebuild` is not set, IndexFolderError where it can't be written.
    """
    started = time.monotonic()
    place = IndexFolder(folder)
    _refuse_what_is_no_index(place, rebuild)
    articles, notices = _sorted_out(items, progress)
    if not articles:
        reasons = f" ({notices[0]})" if notices else ""
        raise ReadingError(f"no article found{reasons}; expected files with text, such as .md, .html, .pdf or .docx; nothing was changed")
    with place.locked():
        number = _number_to_write(place, encoder, rebuild)
        home = place.numbered(number)
        home.mkdir(exist_ok=True)
        try:
            _keep_aliases(place, home)
            report = _bring_in_line(home, articles, notices, encoder, attributor, groups, progress)
        except (sqlite3.Error, OSError) as error:
            raise IndexFolderError(f"{folder}: can't be written ({error}); free space or check permissions and build again") from error
        place.put_in_force(number, encoder.identity)
    return BuildReport(*report, time.monotonic() - started, tuple(notices))


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


def _sorted_out(items: Iterable[Article | Notice], progress: Progress) -> tuple[list[Article], list[Notice]]:
    articles: list[Article] = []
    notices: list[Notice] = []
    for item in items:
        if isinstance(item, Article):
            articles.append(item)
            progress("Reading", len(articles), 0)
        else:
            notices.append(item)
    return articles, notices


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


def _keep_aliases(place: IndexFolder, home: Path) -> None:
    """Take the names that a person has corrected over into a folder that is written anew, as far as they can be read."""
    try:
        in_force = place.numbered(place.manifest().number)
        if in_force == home:
            return
        old = Store(in_force / STORE)
    except (NoIndexError, IndexFolderError):
        return  # a first build, or a rebuild of what is damaged
    try:
        aliases = old.aliases()
    except sqlite3.Error:
        aliases = {}
    finally:
        old.close()
    new = Store(home / STORE, write=True)
    try:
        new.set_aliases(aliases)
        new.commit(changed=False)
    finally:
        new.close()


def aliases_of(folder: Path) -> dict[str, str]:
    """Return the names that a person has corrected in an index; raise NoIndexError where there is none."""
    place = IndexFolder(folder)
    store = Store(place.numbered(place.manifest().number) / STORE)
    try:
        return store.aliases()
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


def _bring_in_line(
    home: Path,
    articles: list[Article],
    notices: list[Notice],
    encoder: Encoder,
    attributor: Attributor,
    groups: Sequence[Group],
    progress: Progress,
) -> tuple[int, int, int, int, int, int]:
    store = Store(home / STORE, write=True)
    try:
        known = store.hashes()
        new = [article for article in articles if article.id not in known or known[article.id][1] != content_hash(article)]
        changed = [article for article in new if article.id in known]
        vanished = _vanished(known, articles, notices)
        dead = [known[article.id][0] for article in changed] + vanished
        lexical = _usable_lexical(home / LEXICAL, store)
        if new or vanished:
            store.mark_pending(True)
            store.commit(changed=False)
        altered = store.set_groups(groups)
        for article in articles:
            if article.id in known and known[article.id][2] != article.source:
                store.set_source(known[article.id][0], article.source)
                altered = True
        attributed = _attributed_anew(store, set(dead), attributor, progress)
        written = 0
        if new or vanished:
            store.remove(dead)
            keys = []
            for analysed in _analysed(new, encoder, attributor, progress):
                keys.append(store.add(analysed))
                written += len(analysed.vectors)
            lexical.add(store.passage_texts(keys))
        if new or vanished or altered or attributed:
            store.commit()
        if dead:
            lexical.remove(dead)
        dense = DenseIndex.open(home / DENSE, store, encoder.identity.dimension)
        if dense.changed:
            dense.save(home / DENSE)
        if store.derived_pending:
            store.mark_pending(False)
            store.commit(changed=False)
        return len(new) - len(changed), len(changed), len(vanished), len(articles) - len(new), attributed, written
    finally:
        store.close()


def _vanished(known: dict[str, tuple[int, str, str | None]], articles: list[Article], notices: list[Notice]) -> list[int]:
    """Return the keys of articles that are no longer there; what could not be read this time is kept."""
    present = {article.id for article in articles} | {notice.id for notice in notices if notice.id}
    unread = {notice.source for notice in notices if notice.skipped}
    gone = []
    for id, (key, _, source) in known.items():
        places = {source, (source or "").rpartition(":")[0], *map(str, Path(source or "").parents)}
        if id not in present and not places & unread:
            gone.append(key)
    return gone


def _usable_lexical(folder: Path, store: Store) -> LexicalIndex:
    """Open tantivy; derive it anew where a kill left it half changed, or where it is damaged."""
    try:
        lexical = LexicalIndex(folder)
    except IndexFolderError:
        lexical = LexicalIndex.make_anew(folder)
    if store.derived_pending or len(lexical) != store.counts()["passages"]:
        lexical.add(store.passage_texts(), replace_all=True)
    return lexical


def _attributed_anew(store: Store, dead: set[int], attributor: Attributor, progress: Progress) -> int:
    """Read the statements anew where another attributor has read them; return of how many articles."""
    keys = [key for key in store.attributed_otherwise(attributor.identity) if key not in dead]
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
