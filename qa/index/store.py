"""The truth: articles, passages with their sentences, and statements in one SQLite file; the sentences' vectors beside it.

A reader holds one read transaction, so that it sees one state until it asks for a newer one. Numbers (keys) are never
used twice, which lets the derived indexes hold what is not visible yet, or no longer: whoever reads asks the store.
An article is written first and shown later, all of a change at once, so that a build that was stopped goes on from
what it has written. The sentences of an article, and of each of its passages, have numbers in a row.

Reading takes no right to write. A writer leaves SQLite's log and the memory shared beside it (-wal and -shm) in the folder,
with which those who may only read take part in the locks. Where they are missing and can't be made, and nobody is writing,
the file is read without locks, together with what the log of a writer that was killed holds.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.attribution.groups import explained_acronyms
from qa.errors import IndexFolderError
from qa.index.copies import bands, fingerprint
from qa.index.disk import explain, is_refusal
from qa.index.folder import is_being_written
from qa.index.interface import StoredPassage
from qa.index.remarks import Remarks
from qa.index.vectors import Ids, Ranges, VectorFile, ranges_of
from qa.models.encoder import Vectors
from qa.types import Article, Group, Link, Origin, PartialDate, Passage, Span, Statement

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, shown INTEGER NOT NULL, hash TEXT NOT NULL, source TEXT,
    title TEXT, grp TEXT, author TEXT, published TEXT, url TEXT, publication TEXT, kind TEXT NOT NULL,
    origins TEXT NOT NULL, pages TEXT NOT NULL, attribution TEXT NOT NULL, added INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    acronyms TEXT NOT NULL, first INTEGER NOT NULL, sentences INTEGER NOT NULL, passages INTEGER NOT NULL,
    statements INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS texts (article INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bands (value INTEGER NOT NULL, article INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS copies (article INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (article, other));
CREATE TABLE IF NOT EXISTS remarks (id TEXT PRIMARY KEY, remarks TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    url TEXT PRIMARY KEY, kind TEXT NOT NULL, etag TEXT, modified TEXT, sha256 TEXT NOT NULL, fetched TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    first INTEGER NOT NULL, spans BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS statements (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL, speaker TEXT, voice TEXT NOT NULL,
    organisation TEXT, speech INTEGER NOT NULL,
    source TEXT NOT NULL, cue TEXT NOT NULL, content TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS articles_id ON articles (id) WHERE shown;
CREATE INDEX IF NOT EXISTS articles_waiting ON articles (hash) WHERE NOT shown;
CREATE INDEX IF NOT EXISTS articles_fingerprint ON articles (fingerprint);
CREATE INDEX IF NOT EXISTS articles_attribution ON articles (attribution) WHERE shown;
CREATE INDEX IF NOT EXISTS bands_value ON bands (value);
CREATE INDEX IF NOT EXISTS bands_article ON bands (article);
CREATE INDEX IF NOT EXISTS copies_other ON copies (other);
CREATE INDEX IF NOT EXISTS passages_article ON passages (article);
CREATE UNIQUE INDEX IF NOT EXISTS passages_first ON passages (first);
CREATE INDEX IF NOT EXISTS statements_article ON statements (article);
CREATE INDEX IF NOT EXISTS statements_voices ON statements (speaker, organisation, article) WHERE speech AND voice != 'own';
"""
VECTORS = "sentences.f16"  # beside the SQLite file
_ARTICLE = "key, id, title, grp, author, published, url, publication, kind, source, origins, pages"
_KNOWN = f"{_ARTICLE}, hash, added, fingerprint, attribution"
_PASSAGE = "id, article, start, end, first, spans"
_HOLDING = "SELECT (SELECT id FROM passages WHERE first <= s.value ORDER BY first DESC LIMIT 1) FROM json_each(?) s"  # by the index alone
_STATEMENT = (
    "SELECT s.article, a.id, s.source, s.cue, s.content, s.speaker, s.voice, s.organisation, s.speech"
    " FROM statements s JOIN articles a ON a.key = s.article WHERE a.shown"
)
_UNREAD = "-"  # stands for the attributor of an article that nobody has taken apart
ANALYSIS = 1  # raise it when sentences or passages come out differently: every article is then read anew
_ALONE = "mode=ro&immutable=1"  # how SQLite opens a file by itself, without its log and without locks
_WITH_THE_LOG = "mode=ro&vfs=unix-none"  # with what is in the log of a writer that was killed, without locks
_PATIENCE = 10.0  # seconds for which a reader waits for the locks of somebody who is writing
_PART = 500  # how many numbers one statement lists; SQLite allows at least 999


@dataclass(frozen=True, slots=True)
class Extents:
    """The keys of all articles, shape (n,), and the numbers of their sentences, ordered by these."""

    keys: Ids
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Analysed:
    """An article taken apart and encoded: what `Store.add` writes. `vectors` has one row for each sentence.

    `attribution` is the identity of whatever read the statements.
    """

    article: Article
    passages: tuple[Passage, ...]
    statements: tuple[Statement, ...]
    attribution: str
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Known:
    """An article of the store as a writer needs it: its key, the hash of its text, what it states, and how it came in.

    `added` tells that it was added by itself, so that a build leaves it alone; `fingerprint` is that of its words, and
    `attribution` the identity of whatever read its statements.
    """

    key: int
    hash: str
    article: Article
    added: bool
    fingerprint: str
    attribution: str


def text_hash(article: Article) -> str:
    """Return the SHA-256 of an article's text, its pages and how they are taken apart; what it states doesn't count."""
    return hashlib.sha256(json.dumps([article.text, article.pages, ANALYSIS]).encode()).hexdigest()


class Store:
    """One SQLite file, opened for reading or for writing. Safe to share between threads."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Open the file, for writing make it where it is missing; raise IndexFolderError where that fails."""
        self._lock = threading.RLock()
        self._path = path
        self._write = write
        self._vectors: VectorFile | None = None
        self._seen: tuple[object, ...] | None = None  # the files as they were found, where they are read without locks
        try:
            if write:
                self._connect("mode=rwc")
            else:
                self._connect_to_read()
        except sqlite3.Error as error:
            raise explain(path, error, "written" if write else "opened") from error
        self._let_go = weakref.finalize(self, self._db.close)
        self._next = int(self._state("next_sentence") or 0)
        if dimension := self._state("dimension"):
            self._open_vectors(int(dimension))

    def _connect(self, how: str) -> None:
        """Connect as the parameters of an SQLite address tell, and begin; raise sqlite3.Error where that fails."""
        self._db = sqlite3.connect(_address(self._path, how), uri=True, isolation_level=None, check_same_thread=False, timeout=60)
        try:
            if self._write:
                self._db.execute("PRAGMA journal_mode=WAL")
            if how == _WITH_THE_LOG:
                self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # what is shared otherwise is kept in memory
            self._db.execute("PRAGMA synchronous=FULL" if self._write else "PRAGMA query_only=1")
            self._db.execute(
                "PRAGMA cache_size=-163840"
            )  # 160 MB, the places of a million passages: both what is looked up and what is written lies all over the file
            if self._write:
                self._db.executescript(_SCHEMA)
            self._begin("IMMEDIATE" if self._write else "DEFERRED")
        except sqlite3.Error:
            self._db.close()
            raise

    def _connect_to_read(self) -> None:
        """Connect with locks; without them where they can't be had and nobody is writing. Raises sqlite3.Error where that fails."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connect("mode=ro")
            except sqlite3.Error as error:
                if not is_refusal(error):
                    raise
                if not is_being_written(self._path.absolute().parent.parent):
                    break
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)  # whoever writes has the locks ready in a moment
            else:
                return
        self._seen = self._files()
        self._connect(_WITH_THE_LOG if self._log().is_file() else _ALONE)

    def _log(self) -> Path:
        return self._path.with_name(f"{self._path.name}-wal")

    def _files(self) -> tuple[object, ...]:
        """Return what tells a file that was written from what it was before."""
        found = [path.stat() if path.exists() else None for path in (self._path, self._log())]
        return tuple(stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in found)

    def is_overtaken(self) -> bool:
        """Tell whether somebody has written since this state was opened without locks, so that it can't be relied on any more."""
        return self._seen is not None and self._seen != self._files()

    def _open_vectors(self, dimension: int) -> VectorFile:
        self._vectors = VectorFile(self._path.with_name(VECTORS), dimension, write=self._write)
        if self._vectors.rows < self._next:
            self.close()
            raise IndexFolderError(f"{self._path.with_name(VECTORS)}: is cut short; build the index again with --rebuild")
        return self._vectors

    def _begin(self, how: str) -> None:
        self._db.execute(f"BEGIN {how}")
        self._db.execute("SELECT count(*) FROM state").fetchone()  # a deferred transaction starts with its first read

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise explain(self._path, error, "read") from error

    def _rows_in(self, sql: str, numbers: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        """Run `sql`, which ends in "IN (%s)", for any number of numbers."""
        wanted = [int(number) for number in numbers]
        for at in range(0, len(wanted), _PART):
            part = wanted[at : at + _PART]
            yield from self._rows(sql % ",".join("?" * len(part)), part)

    # ---- reading

    def close(self) -> None:
        """Let go of the file; what was not committed is gone."""
        with self._lock:
            if self._write and self._let_go.alive:
                self._leave_ready_to_read()
            self._let_go()
            if self._vectors:
                self._vectors.close()

    def _leave_ready_to_read(self) -> None:
        """Bring SQLite's log home, and close so that the last to leave can't remove it: readers may be unable to make it."""
        with suppress(sqlite3.Error):  # nothing is lost: the log is brought home the next time
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute("PRAGMA busy_timeout=0")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with closing(sqlite3.connect(_address(self._path, "mode=ro"), uri=True)) as reader:
                reader.execute("SELECT count(*) FROM state").fetchone()
                self._let_go()

    def articles(self, keys: Iterable[int] | None = None) -> dict[int, Article]:
        """Return these articles (every one for None) by their keys, without texts."""
        sql = f"SELECT {_ARTICLE} FROM articles WHERE shown"
        rows = self._rows(f"{sql} ORDER BY key") if keys is None else self._rows_in(f"{sql} AND key IN (%s)", keys)
        return {row[0]: _article(row) for row in rows}

    def known(self) -> dict[str, Known]:
        """Return every article by its id, without its text."""
        rows = self._rows(f"SELECT {_KNOWN} FROM articles WHERE shown ORDER BY key")
        return {row[1]: _known(row) for row in rows}

    def added(self) -> set[str]:
        """Return the ids of the articles that were added by themselves."""
        return {row[0] for row in self._rows("SELECT id FROM articles WHERE shown AND added")}

    def one_known(self, id: str) -> Known | None:
        """Return the article with this id, without its text; None where there is none."""
        rows = self._rows(f"SELECT {_KNOWN} FROM articles WHERE shown AND id = ?", (id,))
        return _known(rows[0]) if rows else None

    def alike(self, fingerprint: str) -> list[Known]:
        """Return the articles of these words, those that came first first."""
        return [
            _known(row) for row in self._rows(f"SELECT {_KNOWN} FROM articles WHERE shown AND fingerprint = ? ORDER BY key", (fingerprint,))
        ]

    def article(self, key: int) -> Article:
        """Return an article with its text, shown or not; raise KeyError where there is no such key."""
        rows = self._rows(f"SELECT {_ARTICLE} FROM articles WHERE key = ?", (key,))
        if not rows:
            raise KeyError(key)
        return replace(_article(rows[0]), text=self.text(key))

    def extents(self) -> Extents:
        """Return where the sentences of each article are."""
        rows = self._rows("SELECT key, first, sentences FROM articles WHERE shown ORDER BY first, key")
        table = np.array(rows, np.int64).reshape(-1, 3)
        return Extents(table[:, 0].copy(), np.stack([table[:, 1], table[:, 1] + table[:, 2]], axis=1))

    def acronyms(self) -> dict[str, str]:
        """Return the acronyms that texts explain, each with its name; the oldest articles are believed last."""
        rows = self._rows("SELECT acronyms FROM articles WHERE shown AND acronyms != '' ORDER BY key")
        return {short: name for (listed,) in rows for short, name in json.loads(listed).items()}

    def near(self, key: int) -> set[int]:
        """Return the keys of articles that share a band with this one, shown or not."""
        sql = "SELECT DISTINCT b.article FROM bands a JOIN bands b ON b.value = a.value WHERE a.article = ? AND b.article != a.article"
        return {row[0] for row in self._rows(sql, (key,))}

    def copies(self) -> list[tuple[int, int]]:
        """Return the pairs of keys of articles that are nearly the same."""
        return [(one, other) for one, other in self._rows("SELECT article, other FROM copies ORDER BY article, other")]

    def links(self) -> dict[str, Link]:
        """Return the addresses that were read, by themselves."""
        return {row[0]: Link(*row) for row in self._rows("SELECT url, kind, etag, modified, sha256, fetched FROM links ORDER BY url")}

    def remarks(self) -> dict[str, Remarks]:
        """Return what is known of articles beside what their files state, by their ids."""
        return {id: Remarks.of(json.loads(row)) for id, row in self._rows("SELECT id, remarks FROM remarks")}

    def text(self, key: int) -> str:
        """Return the text of one article; raise KeyError where there is no such key."""
        rows = self._rows("SELECT text FROM texts WHERE article = ?", (key,))
        if not rows:
            raise KeyError(key)
        return str(rows[0][0])

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that the index was told of."""
        return tuple(Group.of(row) for row in json.loads(self._state("groups") or "[]"))

    def aliases(self) -> dict[str, str]:
        """Return the names that a person has corrected: each with the one that it stands for."""
        return dict(json.loads(self._state("aliases") or "{}"))

    def ranges(self, articles: Iterable[int] | None = None, passages: Iterable[int] | None = None) -> Ranges:
        """Return the numbers of the sentences of these passages, else of these articles, else of all, in ascending order."""
        if passages is not None:
            rows: Iterable[tuple[Any, ...]] = self._rows_in(
                "SELECT first, first + length(spans) / 8 FROM passages WHERE id IN (%s)", passages
            )
        elif articles is None:
            return self.extents().ranges
        else:
            rows = self._rows_in("SELECT first, first + sentences FROM articles WHERE shown AND key IN (%s)", articles)
        return np.array(sorted(rows), np.int64).reshape(-1, 2)

    def vectors(self, ids: Iterable[int]) -> tuple[Ids, Vectors]:
        """Return the numbers that were given to sentences, sorted, and their vectors, shape (n, dimension)."""
        given = np.unique(np.fromiter(ids, np.int64))
        given = given[(given >= 0) & (given < self._next)]
        return given, self.halves(ranges_of(given)).astype(np.float32)

    def halves(self, ranges: Ranges) -> npt.NDArray[np.float16]:
        """Return the vectors of the sentences in these ranges, shape (n, dimension), in half precision."""
        return self._vectors.read(ranges) if self._vectors and len(ranges) else np.zeros((0, self.dimension), np.float16)

    def vectors_of(self, passages: Sequence[StoredPassage]) -> Vectors:
        """Return the vectors of the sentences of these passages, one passage after the other, shape (sentences, dimension)."""
        return self.looked_up(np.array([(passage.first, passage.end) for passage in passages], np.int64).reshape(-1, 2))

    def looked_up(self, ranges: Ranges) -> Vectors:
        """Return the vectors of the sentences in these ranges, which may be many and short, shape (n, dimension)."""
        import torch  # for its conversion, twenty times as quick as NumPy's

        halves = self._vectors.take(ranges) if self._vectors and len(ranges) else np.zeros((0, self.dimension), np.float16)
        found: Vectors = torch.from_numpy(halves).float().numpy()
        return found

    def blocks(self, ranges: Ranges) -> Iterator[tuple[Ids, npt.NDArray[np.float16]]]:
        """Yield the numbers and vectors of the sentences in these ranges, some ten thousand at a time."""
        if self._vectors:
            yield from self._vectors.blocks(ranges)

    @property
    def dimension(self) -> int:
        """How long vectors are; 0 where there are none."""
        return int(self._state("dimension") or 0)

    def passages(self, ids: Iterable[int]) -> list[StoredPassage]:
        """Return those of these passages that exist, in order of their numbers."""
        return sorted(map(StoredPassage._make, self._rows_in(f"SELECT {_PASSAGE} FROM passages WHERE id IN (%s)", ids)))

    def passages_in(self, articles: Iterable[int]) -> list[StoredPassage]:
        """Return the passages of these articles, in order of their numbers."""
        return sorted(map(StoredPassage._make, self._rows_in(f"SELECT {_PASSAGE} FROM passages WHERE article IN (%s)", articles)))

    def passages_with(self, sentences: Iterable[int]) -> list[int]:
        """Return the passage of each of these sentences, which have to be there, each passage once, in order of their numbers."""
        return sorted({row[0] for row in self._rows(_HOLDING, (json.dumps(sorted(map(int, sentences))),))})

    def spans(self, article: int) -> tuple[Span, ...]:
        """Return the sentences of one article as places in its text."""
        return tuple(span for passage in self.passages_in([article]) for span in passage.sentences)

    def passage_texts(self, articles: Iterable[int] | None = None) -> Iterator[tuple[int, int, str]]:
        """Yield number, article's key and words of every passage, or of those of these articles."""
        keys = [row[0] for row in self._rows("SELECT key FROM articles WHERE shown ORDER BY key")] if articles is None else articles
        for key in keys:
            text = self.text(key)  # cut here and not by SQLite, whose substr stops at a null character
            for number, start, end in self._rows("SELECT id, start, end FROM passages WHERE article = ? ORDER BY id", (key,)):
                yield number, key, text[start:end]

    def statements(self, articles: Iterable[int] | None = None) -> list[tuple[int, Statement]]:
        """Return the statements of these articles (of all for None), each with its article's key."""
        rows = (
            self._rows(f"{_STATEMENT} ORDER BY s.id")
            if articles is None
            else self._rows_in(f"{_STATEMENT} AND s.article IN (%s)", articles)
        )
        return [_statement(row) for row in rows]

    def statements_by(self, speakers: Iterable[str]) -> list[tuple[int, Statement]]:
        """Return the speech that isn't told as own of these speakers, by their names as stored, each with its article's key."""
        found: list[tuple[Any, ...]] = []
        for name in speakers:
            found += self._rows(f"{_STATEMENT} AND s.speech AND s.voice != 'own' AND s.speaker = ? ORDER BY s.id", (name,))
        return [_statement(row) for row in found]

    def speakers(self) -> list[tuple[str, str | None, str | None]]:
        """Return speaker, body spoken for, and group of the article, each such triple once, of all speech that isn't told as own."""
        return self._rows(
            "SELECT DISTINCT s.speaker, s.organisation, a.grp FROM statements s JOIN articles a ON a.key = s.article AND a.shown"
            " WHERE s.speech AND s.voice != 'own' AND s.speaker IS NOT NULL"
        )

    def attributed_otherwise(self, identity: str) -> list[int]:
        """Return the keys of articles whose statements were read by another attributor than this."""
        return [row[0] for row in self._rows("SELECT key FROM articles WHERE shown AND attribution != ? ORDER BY key", (identity,))]

    def unattributed(self) -> list[int]:
        """Return the keys of articles whose statements nobody has read since their group changed."""
        return [row[0] for row in self._rows("SELECT key FROM articles WHERE shown AND attribution = '' ORDER BY key")]

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, sentences and statements there are."""
        tables = ("passages", "sentences", "statements")
        sums = ", ".join(f"coalesce(sum({table}), 0)" for table in tables)
        row = self._rows(f"SELECT count(*), {sums} FROM articles WHERE shown")[0]
        return dict(zip(("articles", *tables), row, strict=True))

    def _state(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM state WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    @property
    def made_for(self) -> str | None:
        """What `set_made_for` noted."""
        return self._state("made_for")

    @property
    def generation(self) -> int:
        """How many changes have been made visible."""
        return int(self._state("generation") or 0)

    @property
    def derived_pending(self) -> bool:
        """Whether a change of the derived indexes was begun and not finished."""
        return self._state("derived_pending") == "1"

    # ---- writing

    def set_groups(self, groups: Sequence[Group]) -> bool:
        """Remember the groups; tell whether they differ from those remembered."""
        listed = json.dumps([asdict(group) for group in groups])
        if listed == self._state("groups"):
            return False
        self._set("groups", listed)
        return True

    def set_made_for(self, what: str) -> None:
        """Note for which format and model this store was begun."""
        self._set("made_for", what)

    def set_link(self, link: Link) -> None:
        """Remember an address in the state in which it was read last."""
        row = (link.url, link.kind, link.etag, link.modified, link.sha256, link.fetched)
        self._db.execute("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?, ?)", row)

    def set_aliases(self, aliases: Mapping[str, str]) -> None:
        """Remember the names that a person has corrected."""
        self._set("aliases", json.dumps(dict(aliases)))

    def set_remarks(self, id: str, remarks: Remarks) -> None:
        """Remember what is known of an article beside what its file states; nothing at all is forgotten."""
        if remarks == Remarks():
            self._db.execute("DELETE FROM remarks WHERE id = ?", (id,))
        else:
            row = json.dumps(asdict(remarks))
            self._db.execute("INSERT INTO remarks VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET remarks = excluded.remarks", (id, row))

    def set_fields(self, key: int, article: Article, *, added: bool) -> None:
        """Put what an article states in place of what it stated; its text, sentences and vectors stay.

        Statements name the article's group: where that changes they count as read by nobody.
        """
        self._db.execute("UPDATE articles SET attribution = '' WHERE key = ? AND grp IS NOT ?", (key, article.group))
        self._db.execute(
            "UPDATE articles SET source = ?, title = ?, grp = ?, author = ?, published = ?, url = ?, publication = ?, kind = ?,"
            " origins = ?, added = ? WHERE key = ?", (*_stated(article), added, key),
        )  # fmt: skip

    def link_copies(self, key: int, others: Iterable[int]) -> None:
        """Note that an article is nearly the same as these others."""
        self._db.executemany("INSERT OR IGNORE INTO copies VALUES (?, ?)", [(min(key, other), max(key, other)) for other in others])

    def add(self, analysed: Analysed, *, added: bool = False) -> int:
        """Write an article that isn't there and show it; return its key."""
        key = self.write(analysed.article)
        self.take_apart(key, analysed)
        self.show(key, analysed.article, added=added)
        return key

    def write(self, article: Article) -> int:
        """Write an article that nobody has taken apart yet, without showing it; return its key."""
        explained = dict(explained_acronyms(article.text))
        row = (
            article.id, text_hash(article), *_stated(article), json.dumps(article.pages), _UNREAD, fingerprint(article.text),
            json.dumps(explained) if explained else "",
        )  # fmt: skip
        key = self._db.execute(
            "INSERT INTO articles (shown, added, first, sentences, passages, statements,"
            " id, hash, source, title, grp, author, published, url, publication, kind, origins, pages, attribution, fingerprint, acronyms)"
            " VALUES (0, 0, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
        ).lastrowid  # fmt: skip
        if key is None:
            raise IndexFolderError(f"article {article.id!r}: the store gave it no key; build the index again with --rebuild")
        self._db.execute("INSERT INTO texts VALUES (?, ?)", (key, article.text))
        return key

    def take_apart(self, key: int, analysed: Analysed) -> None:
        """Add to an article that was written what was found in it."""
        if self._vectors is None:
            self._set("dimension", str(analysed.vectors.shape[1]))
            self._open_vectors(analysed.vectors.shape[1])
        if self._vectors is not None:
            self._vectors.write(self._next, analysed.vectors)
        first, rows = self._next, []
        for passage in analysed.passages:
            spans = np.array([(span.start, span.end) for span in passage.sentences], np.int32)
            rows.append((key, passage.span.start, passage.span.end, self._next, spans.tobytes()))
            self._next += len(spans)
        self._db.executemany("INSERT INTO passages (article, start, end, first, spans) VALUES (?, ?, ?, ?, ?)", rows)
        self._db.execute(
            "UPDATE articles SET first = ?, sentences = ?, passages = ?, attribution = ? WHERE key = ?",
            (first, self._next - first, len(rows), analysed.attribution, key),
        )
        self._add_statements(key, analysed.statements)
        self._db.executemany("INSERT INTO bands VALUES (?, ?)", [(value, key) for value in bands(analysed.article.text)])

    def show(self, key: int, article: Article, *, added: bool) -> None:
        """Let an article that was written be seen, stating what `article` does, from the next commit on."""
        self.set_fields(key, article, added=added)
        self._db.execute("UPDATE articles SET shown = 1, id = ? WHERE key = ?", (article.id, key))

    def waiting(self, hash: str, attribution: str) -> list[int]:
        """Return the keys of articles of this hash that were written, read by this attributor and not shown yet."""
        return [
            row[0] for row in self._rows("SELECT key FROM articles WHERE NOT shown AND hash = ? AND attribution = ?", (hash, attribution))
        ]

    def unshown(self) -> list[int]:
        """Return the keys of articles that were written and aren't shown."""
        return [row[0] for row in self._rows("SELECT key FROM articles WHERE NOT shown ORDER BY key")]

    def replace_statements(self, key: int, statements: Iterable[Statement], attribution: str) -> None:
        """Put other statements in place of an article's; its sentences and vectors stay."""
        self._db.execute("DELETE FROM statements WHERE article = ?", (key,))
        self._add_statements(key, statements)
        self._db.execute("UPDATE articles SET attribution = ? WHERE key = ?", (attribution, key))

    def _add_statements(self, key: int, statements: Iterable[Statement]) -> None:
        statements = tuple(statements)
        self._db.execute("UPDATE articles SET statements = ? WHERE key = ?", (len(statements), key))
        self._db.executemany(
            "INSERT INTO statements (article, speaker, voice, organisation, speech, source, cue, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (key, s.speaker, s.voice, s.organisation, s.speech, _listed(s.source), _listed(s.cue), _listed(s.content))
                for s in statements
            ],
        )

    def remove(self, keys: Iterable[int]) -> None:
        """Take articles out with everything that belongs to them."""
        for key in keys:
            for table in ("statements", "passages", "bands", "copies", "texts"):
                self._db.execute(f"DELETE FROM {table} WHERE article = ?", (key,))
            self._db.execute("DELETE FROM copies WHERE other = ?", (key,))
            self._db.execute("DELETE FROM articles WHERE key = ?", (key,))

    def mark_pending(self, pending: bool) -> None:
        """Note, visibly at once, that the derived indexes are being changed, or that they are done."""
        self._set("derived_pending", "1" if pending else "0")

    def commit(self, *, changed: bool = True) -> None:
        """Make everything written visible at once, and start the next change."""
        if self._vectors and int(self._state("next_sentence") or 0) != self._next:
            self._vectors.sync()
            self._set("next_sentence", str(self._next))
        if changed:
            self._set("generation", str(self.generation + 1))
        self._db.execute("COMMIT")
        self._begin("IMMEDIATE")

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))


def _address(path: Path, how: str) -> str:
    return f"{path.resolve().as_uri()}?{how}"


def _article(row: tuple[Any, ...]) -> Article:
    _, id, title, group, author, published, url, publication, kind, source, origins, pages = row
    date = _date(published) if published else None
    return Article(id, "", title, group, author, date, url, publication, kind, source, _origins(origins), _pages(pages))


# Of these there are few different ones, and a start reads all articles.


@lru_cache(maxsize=65_536)
def _date(published: str) -> PartialDate:
    return PartialDate.parse(published)


@lru_cache(maxsize=4_096)
def _origins(listed: str) -> tuple[tuple[str, Origin], ...]:
    return tuple(json.loads(listed).items())


def _pages(listed: str) -> tuple[int, ...]:
    return tuple(json.loads(listed)) if listed != "[]" else ()


def _stated(article: Article) -> tuple[str | None, ...]:
    """Return the columns from source to origins."""
    published = str(article.published) if article.published else None
    fields = (article.source, article.title, article.group, article.author, published, article.url, article.publication, article.kind)
    return *fields, json.dumps(dict(article.origins))


def _known(row: tuple[Any, ...]) -> Known:
    return Known(row[0], row[-4], _article(row[:-4]), bool(row[-3]), row[-2], row[-1])


def _statement(row: tuple[Any, ...]) -> tuple[int, Statement]:
    key, id, source, cue, content, speaker, voice, organisation, speech = row
    return key, Statement(id, _spans(source), _spans(cue), _spans(content), speaker, voice, organisation, bool(speech))


def _listed(spans: Iterable[Span]) -> str:
    return json.dumps([[span.start, span.end] for span in spans])


def _spans(listed: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(listed))
