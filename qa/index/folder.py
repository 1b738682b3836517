"""An index folder: its manifest, its lock, and which files belong to it.

    manifest.json        format, model (name, SHA-256, dimension), versions, and which numbered folder is in force
    .lock                held by whoever writes
    1/store.sqlite       the truth; beside it -wal and -shm, SQLite's log and the memory that its readers and writer share
    1/sentences.f16      the truth: the sentences' vectors
    1/sentences.N.faiss  derived from it, where there are many sentences: those before number N (FAISS)
    1/passages/          derived from it (tantivy)

A rebuild writes the next number and puts it in force by replacing the manifest in one step.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from qa.errors import IndexFolderError, NoIndexError
from qa.index.disk import explain
from qa.index.manifest import Manifest
from qa.models.encoder import ModelIdentity

FORMAT = 4
LOCK_SECONDS = 600.0
_MANIFEST = "manifest.json"
_OWN = {_MANIFEST, f"{_MANIFEST}.new", ".lock", "feedback.jsonl", ".feedback.lock", "README.md", ".gitignore", ".gitkeep"}
_OWN_NUMBERED = ("store.sqlite", "sentences.", "passages")  # beginnings of names; SQLite adds -wal and -shm
_LIBRARIES = ("faiss-cpu", "tantivy", "sentencex")


class IndexFolder:
    """The paths of one index. Making the object touches nothing."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it need not exist yet."""
        self.path = path

    def manifest(self) -> Manifest:
        """Return the manifest; raise NoIndexError where there is none, IndexFolderError where it can't be used."""
        file = self.path / _MANIFEST
        try:
            found = Manifest.of(json.loads(file.read_text("utf-8")))
        except FileNotFoundError:
            self.refuse_foreign()
            raise NoIndexError(f"{self.path}: no index here yet; run whosaid build PATH --index {self.path}") from None
        except NotADirectoryError:
            raise IndexFolderError(f"{self.path}: is a file; expected a folder, give another with --index") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise explain(file, error, "read") from error
        found.check_format(self.path, FORMAT)
        return found

    def refuse_foreign(self) -> None:
        """Raise IndexFolderError where the folder holds what no index holds: somebody else's files."""
        if self.path.exists() and not self.path.is_dir():
            raise IndexFolderError(f"{self.path}: is a file; expected a folder, give another with --index")
        children = self.path.iterdir() if self.path.is_dir() else ()
        foreign = sorted(child.name for child in children if child.name not in _OWN and not _is_numbered(child))
        if foreign:
            raise IndexFolderError(f"{self.path}: is not an index (it holds {foreign[0]}); give an empty or new folder with --index")

    def check_model(self, asked: ModelIdentity) -> None:
        """Raise ModelMismatchError where the index was made with another model than `asked`."""
        self.manifest().check_model(self.path, asked)

    def numbered(self, number: int) -> Path:
        """Return the folder with this number."""
        return self.path / str(number)

    def put_in_force(self, number: int, model: ModelIdentity) -> None:
        """Write the manifest in one step, then drop the numbered folders that it leaves behind."""
        row = asdict(Manifest.now(FORMAT, number, model, _LIBRARIES))
        unfinished = self.path / f"{_MANIFEST}.new"
        with unfinished.open("w", encoding="utf-8") as stream:
            json.dump(row, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, self.path / _MANIFEST)
        self.drop_all_but(number)

    def drop_all_but(self, *numbers: int) -> None:
        """Remove the other numbered folders: what was in force, or what a rebuild left that was stopped."""
        for child in self.path.iterdir():
            if _is_numbered(child) and child.name not in map(str, numbers):
                shutil.rmtree(child, ignore_errors=True)

    def busy(self) -> bool:
        """Tell whether somebody else is writing just now, without waiting for it."""
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.path / ".lock", timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False  # whoever goes on to write is told what is wrong

    @contextmanager
    def locked(self, wait: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the folder for writing; another writer waits, and is refused after `wait` seconds."""
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock", timeout=wait)
            lock.acquire()
        except Timeout:
            raise IndexFolderError(f"{self.path}: another build has held it for {wait:.0f} s; wait for it and try again") from None
        except FileExistsError:
            raise IndexFolderError(f"{self.path}: is a file; expected a folder, give another with --index") from None
        except OSError as error:
            raise explain(self.path, error, "written") from error
        try:
            yield
        finally:
            lock.release()


def is_being_written(folder: Path) -> bool:
    """Tell whether somebody holds the lock of an index folder; it is only looked at, which takes no right to write."""
    try:
        held = os.open(folder / ".lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # the file system knows no locks
    finally:
        os.close(held)
    return False


def _is_numbered(child: Path) -> bool:
    """Tell whether something in an index folder is a numbered folder of ours, and not, say, a year of somebody's photos."""
    if not child.name.isdigit() or not child.is_dir() or child.is_symlink():
        return False
    return all(inner.name.startswith(_OWN_NUMBERED) for inner in child.iterdir())
