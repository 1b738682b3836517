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
from dataclasses import dataclass
from pathlib import Path

from qa.attribution.rules import statements
from qa.errors import IndexFolderError, NoIndexError, ReadingError
from qa.index.dense import DenseIndex
from qa.index.folder import IndexFolder
from qa.index.lexical import LexicalIndex
from qa.index.store import Analysed, Store, content_hash
from qa.models.encoder import Encoder
from qa.passages import sentences, windows
from qa.reading import Notice
from qa.types import Article, Group, Passage, Statement

STORE, DENSE, LEXICAL = "store.sqlite", "sentences.faiss", "passages"
_ENCODE_AT_ONCE = 256  # sentences: sorted by length together, so that a batch wastes little padding

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    added: int
    changed: int
    removed: int
    unchanged: int
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
        raise ReadingError(f"no article found{reasons}; expected .md, .txt or .jsonl files with text, nothing was changed")
    with place.locked():
        number = _number_to_write(place, encoder, rebuild)
        home = place.numbered(number)
        home.mkdir(exist_ok=True)
        try:
            report = _bring_in_line(home, articles, notices, encoder, groups, progress)
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


def _bring_in_line(
    home: Path,
    articles: list[Article],
    notices: list[Notice],
    encoder: Encoder,
    groups: Sequence[Group],
    progress: Progress,
) -> tuple[int, int, int, int, int]:
    store = Store(home / STORE, write=True)
    try:
        known = store.hashes()
        new = [article for article in articles if article.id not in known or known[article.id][1] != content_hash(article)]
        changed = [article for article in new if article.id in known]
        vanished = _vanished(known, articles, notices)
        lexical = _usable_lexical(home / LEXICAL, store)
        regrouped = store.set_groups(groups)
        moved = [article for article in articles if article.id in known and known[article.id][2] != article.source]
        for article in moved:
            store.set_source(known[article.id][0], article.source)
        written = 0
        if new or vanished:
            store.mark_pending(True)
            store.commit(changed=False)
            dead = [known[article.id][0] for article in changed] + vanished
            store.remove(dead)
            keys = []
            for analysed in _analysed(new, encoder, progress):
                keys.append(store.add(analysed))
                written += len(analysed.vectors)
            lexical.add(store.passage_texts(keys))
            store.commit()
            lexical.remove(dead)
        elif regrouped or moved:
            store.commit()
        dense = DenseIndex.open(home / DENSE, store, encoder.identity.dimension)
        if dense.changed:
            dense.save(home / DENSE)
        if store.derived_pending:
            store.mark_pending(False)
            store.commit(changed=False)
        return len(new) - len(changed), len(changed), len(vanished), len(articles) - len(new), written
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


def _analysed(articles: list[Article], encoder: Encoder, progress: Progress) -> Iterator[Analysed]:
    """Yield each article split, attributed and encoded, encoding the sentences of several together."""
    total = sum(len(article.text) for article in articles)
    done = 0
    waiting: list[tuple[Article, tuple[Passage, ...], tuple[Statement, ...]]] = []
    texts: list[str] = []

    def flushed() -> Iterator[Analysed]:
        nonlocal done
        vectors, at = encoder.encode(texts), 0
        for article, passages, said in waiting:
            count = sum(len(passage.sentences) for passage in passages)
            yield Analysed(article, passages, said, vectors[at : at + count])
            at += count
            done += len(article.text)
            progress("Building", done, total)
        waiting.clear()
        texts.clear()

    for article in articles:
        spans = sentences(article.text)
        passages = tuple(windows(article.id, article.text, spans))
        waiting.append((article, passages, tuple(statements(article, spans))))
        texts.extend(span.of(article.text) for span in spans)
        if len(texts) >= _ENCODE_AT_ONCE:
            yield from flushed()
    yield from flushed()
