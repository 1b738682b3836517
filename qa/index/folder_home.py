"""A folder as the home of an index: who writes it, and what follows when it changes.

So that a reader sees the old or the new state and a kill at any moment leaves one of them: mark the derived indexes as
pending; add the new passages to tantivy, which readers don't know yet; show and remove articles in one SQLite
transaction, the one moment at which the change becomes visible; take what vanished out of tantivy; make FAISS's file
anew where it is time; clear the mark. A mark that is still there makes the next writer derive tantivy anew.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from qa.errors import IndexFolderError, NoIndexError
from qa.index.dense import wants_file, write_file
from qa.index.disk import explain
from qa.index.folder import FORMAT, IndexFolder
from qa.index.home import Changing, Facts, Progress
from qa.index.interface import Index
from qa.index.lexical import LexicalIndex
from qa.index.store import Store
from qa.models.encoder import ModelIdentity
from qa.reading import Notice
from qa.types import Article

STORE, LEXICAL = "store.sqlite", "passages"


class FolderHome(IndexFolder):
    """An index folder as `Home` describes it."""

    def check(self) -> ModelIdentity:
        """Return the model that made the index; raise NoIndexError where there is none, IndexFolderError where it can't be used."""
        return self.manifest().model

    def refuse_what_is_none(self, *, rebuild: bool) -> None:
        """Raise IndexFolderError where the folder holds somebody else's files, or an index that can't be used."""
        try:
            self.manifest()
        except NoIndexError:
            return
        except IndexFolderError:
            self.refuse_foreign()
            if not rebuild:
                raise

    def opened(self, model: ModelIdentity) -> Index:
        """Return its newest state; raise as `check` does, and ModelMismatchError where it was made with another model."""
        from qa.index.local import LocalIndex

        return LocalIndex(self.path, model)

    @contextmanager
    def reading(self) -> Iterator[Facts]:
        """Give what the index was told; raise as `check` does."""
        with closing(Store(self.numbered(self.manifest().number) / STORE)) as store:
            yield store

    @contextmanager
    def changing(self, model: ModelIdentity | None, *, rebuild: bool = False, all_known: bool = False) -> Iterator[Changing]:
        """Begin a change, and end it where the block ends without an error; see `Home.changing`. SQLite takes no `all_known`."""
        if model is None:
            self.manifest()  # before a folder is made for the lock
        with self.locked(), self._told_if_full():
            number = self.manifest().number if model is None else self._number_to_write(model, rebuild)
            home = self.numbered(number)
            with closing(FolderWriter(home)) as writer, self._old_store(home) as (old, lost):
                yield Changing(writer, old, lost)
            if model is not None:
                self.put_in_force(number, model)

    @contextmanager
    def _told_if_full(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise explain(self.path, error, "written") from error

    def _number_to_write(self, model: ModelIdentity, rebuild: bool) -> int:
        """Return the numbered folder to write: the one in force, or the next for a rebuild or a first build.

        What a build that was stopped has left in the next one is used where it was made with the same model.
        """
        made_for = repr((FORMAT, model))
        try:
            in_force = self.manifest()
        except NoIndexError:
            number = 1
            self.drop_all_but(number)
        except IndexFolderError:
            if not rebuild:
                raise
            taken = [int(child.name) for child in self.path.iterdir() if child.name.isdecimal()]
            number = max(taken, default=0) + 1
        else:
            if not rebuild:
                self.check_model(model)
                return in_force.number
            self.drop_all_but(in_force.number, in_force.number + 1)
            number = in_force.number + 1
        home = self.numbered(number)
        if not _was_made_for(made_for, home):
            shutil.rmtree(home, ignore_errors=True)
        home.mkdir(exist_ok=True)
        with closing(Store(home / STORE, write=True)) as store:
            store.set_made_for(made_for)
            store.commit(changed=False)
        return number

    @contextmanager
    def _old_store(self, home: Path) -> Iterator[tuple[Store | None, tuple[Notice, ...]]]:
        """Give the store in force where another folder is written anew, and a notice where it can't be read."""
        lost: tuple[Notice, ...] = ()
        old = None
        try:
            in_force = self.numbered(self.manifest().number)
            old = Store(in_force / STORE) if in_force != home else None
        except NoIndexError:
            pass
        except IndexFolderError as error:
            message = f"what was added or corrected by hand can't be taken over from the old index ({error}); do it again"
            lost = (Notice(str(self.path), message, skipped=False),)
        try:
            yield old, lost
        finally:
            if old:
                old.close()


class FolderWriter(Store):
    """The store in a numbered folder, with what is derived from it, as `Writer` describes it."""

    def __init__(self, home: Path) -> None:
        """Open the folder's store for writing; raise IndexFolderError where that fails."""
        super().__init__(home / STORE, write=True)
        self._home = home
        self._lexical: LexicalIndex | None = None
        self._dead: list[int] = []
        self._moved = False

    def how_many(self) -> int:
        """Return how many articles are shown."""
        return self.counts()["articles"]

    def left(self, article: Article, hash: str, attribution: str) -> list[int]:
        """Return the keys under which a change that was stopped has left this text, whatever its id was."""
        return self.waiting(hash, attribution)

    def before(self, key: int) -> list[int]:
        """Return the keys of articles that share a band with this one and came before it, the oldest first."""
        return sorted(other for other in self.near(key) if other < key)

    def keep(self) -> None:
        """Have what was written and taken apart survive a kill."""
        self.commit(changed=False)

    def prepare(self, new: Collection[int], dead: Collection[int]) -> None:
        """Add the new passages to tantivy, marked as pending; open it, or make it again, even where nothing is new."""
        self._lexical = self._usable_lexical()
        self._dead = list(dead)
        self._moved = bool(new or dead)
        if self._moved:
            self.mark_pending(True)
            self.keep()
        if new:
            self._lexical.add(self.passage_texts(new))

    def _usable_lexical(self) -> LexicalIndex:
        """Open tantivy; derive it anew where a kill left it half changed, or where it is damaged."""
        folder = self._home / LEXICAL
        try:
            lexical = LexicalIndex(folder)
        except IndexFolderError:
            lexical = LexicalIndex.make_anew(folder)
        if self.derived_pending or len(lexical) != self.counts()["passages"]:
            lexical.add(self.passage_texts(), replace_all=True)
        return lexical

    def publish(self, *, changed: bool) -> None:
        """Commit."""
        self.commit(changed=changed)

    def settle(self, progress: Progress) -> None:
        """Take what vanished out of tantivy, write FAISS's file where it is time, and clear the mark."""
        if self._dead and self._lexical:
            self._lexical.remove(self._dead)
        if self._moved and wants_file(self._home, self):
            progress("Indexing", 0, 0)
            write_file(self._home, self)
        if self.derived_pending:
            self.mark_pending(False)
            self.keep()


def _was_made_for(made_for: str, home: Path) -> bool:
    if not (home / STORE).is_file():
        return False
    try:
        with closing(Store(home / STORE)) as store:
            return store.made_for == made_for
    except (IndexFolderError, sqlite3.Error):
        return False


def derive_anew(home: Path) -> None:
    """Make tantivy from the store, for a folder where it is missing or damaged. Hold the lock."""
    with closing(Store(home / STORE, write=True)) as store:
        LexicalIndex.make_anew(home / LEXICAL).add(store.passage_texts())
        store.mark_pending(False)
        store.commit(changed=False)
