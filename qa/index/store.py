"""The truth: articles, sentences with their vectors, passages and statements in one SQLite file.

A reader holds one read transaction, so that it sees one state until it asks for a newer one. Numbers (keys) are never
used twice, which lets the derived indexes hold what is not visible yet, or no longer: whoever reads asks the store.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.errors import IndexFolderError
from qa.index.copies import bands, fingerprint
from qa.index.remarks import Remarks
from qa.models.encoder import Vectors
from qa.types import Article, Group, Link, PartialDate, Passage, Span, Statement

Ids = npt.NDArray[np.int64]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, source TEXT,
    title TEXT, grp TEXT, author TEXT, published TEXT, url TEXT, publication TEXT, kind TEXT NOT NULL,
    origins TEXT NOT NULL, pages TEXT NOT NULL, attribution TEXT NOT NULL, added INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bands (value INTEGER NOT NULL, article INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS copies (article INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (article, other));
CREATE TABLE IF NOT EXISTS remarks (id TEXT PRIMARY KEY, remarks TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    url TEXT PRIMARY KEY, kind TEXT NOT NULL, etag TEXT, modified TEXT, sha256 TEXT NOT NULL, fetched TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sentences (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL, passage INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS statements (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL, speaker TEXT, voice TEXT NOT NULL,
    organisation TEXT, speech INTEGER NOT NULL,
    source TEXT NOT NULL, cue TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS articles_fingerprint ON articles (fingerprint);
CREATE INDEX IF NOT EXISTS bands_value ON bands (value);
CREATE INDEX IF NOT EXISTS bands_article ON bands (article);
CREATE INDEX IF NOT EXISTS copies_other ON copies (other);
CREATE INDEX IF NOT EXISTS passages_article ON passages (article);
CREATE INDEX IF NOT EXISTS sentences_article ON sentences (article);
CREATE INDEX IF NOT EXISTS sentences_passage ON sentences (passage);
CREATE INDEX IF NOT EXISTS statements_article ON statements (article);
"""
_ARTICLE = "key, id, title, grp, author, published, url, publication, kind, source, origins, pages"
ANALYSIS = 1  # raise it when sentences or passages come out differently: every article is then read anew
_PART = 500  # how many numbers one statement lists; SQLite allows at least 999


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence with its numbers and its vector, shape (dimension,), float32."""

    id: int
    article: int
    passage: int
    span: Span
    vector: Vectors


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

    `added` tells that it was added by itself, so that a build leaves it alone; `fingerprint` is that of its words.
    """

    key: int
    hash: str
    article: Article
    added: bool
    fingerprint: str


def text_hash(article: Article) -> str:
    """Return the SHA-256 of an article's text, its pages and how they are taken apart; what it states doesn't count."""
    return hashlib.sha256(json.dumps([article.text, article.pages, ANALYSIS]).encode()).hexdigest()


class Store:
    """One SQLite file, opened for reading or for writing. Safe to share between threads."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Open the file, for writing make it where it is missing; raise IndexFolderError where that fails."""
        self._lock = threading.RLock()
        where = str(path) if write else f"{path.resolve().as_uri()}?mode=rw"
        try:
            self._db = sqlite3.connect(where, uri=not write, isolation_level=None, check_same_thread=False, timeout=60)
        except sqlite3.Error as error:
            raise _damaged(path, error) from error
        self._closed = weakref.finalize(self, self._db.close)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL" if write else "PRAGMA query_only=1")
            if write:
                self._db.executescript(_SCHEMA)
            self._begin("IMMEDIATE" if write else "DEFERRED")
        except sqlite3.Error as error:
            self.close()
            raise _damaged(path, error) from error

    def _begin(self, how: str) -> None:
        self._db.execute(f"BEGIN {how}")
        self._db.execute("SELECT count(*) FROM state").fetchone()  # a deferred transaction starts with its first read

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

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
            self._closed()

    def articles(self) -> dict[int, Article]:
        """Return every article by its key, without its text."""
        return {row[0]: _article(row) for row in self._rows(f"SELECT {_ARTICLE} FROM articles ORDER BY key")}

    def known(self) -> dict[str, Known]:
        """Return every article by its id, without its text."""
        rows = self._rows(f"SELECT {_ARTICLE}, hash, added, fingerprint FROM articles ORDER BY key")
        return {row[1]: Known(row[0], row[-3], _article(row[:-3]), bool(row[-2]), row[-1]) for row in rows}

    def near(self, values: Iterable[int]) -> set[int]:
        """Return the keys of articles that share one of these bands."""
        return {row[0] for row in self._rows_in("SELECT article FROM bands WHERE value IN (%s)", values)}

    def copies(self) -> list[tuple[int, int]]:
        """Return the pairs of keys of articles that are nearly the same."""
        return [(one, other) for one, other in self._rows("SELECT article, other FROM copies ORDER BY article, other")]

    def links(self) -> dict[str, Link]:
        """Return the addresses that were read, by themselves."""
        return {row[0]: Link(*row) for row in self._rows("SELECT url, kind, etag, modified, sha256, fetched FROM links ORDER BY url")}

    def remarks(self) -> dict[str, Remarks]:
        """Return what is known of articles beside what their files state, by their ids."""
        return {id: _remarks(row) for id, row in self._rows("SELECT id, remarks FROM remarks")}

    def text(self, key: int) -> str:
        """Return the text of one article; raise KeyError where there is no such key."""
        rows = self._rows("SELECT text FROM articles WHERE key = ?", (key,))
        if not rows:
            raise KeyError(key)
        return str(rows[0][0])

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that the index was told of."""
        return tuple(Group.of(row) for row in json.loads(self._state("groups") or "[]"))

    def aliases(self) -> dict[str, str]:
        """Return the names that a person has corrected: each with the one that it stands for."""
        return dict(json.loads(self._state("aliases") or "{}"))

    def sentence_ids(self, articles: Iterable[int] | None = None, passages: Iterable[int] | None = None) -> Ids:
        """Return the ids of the sentences of these passages, else of these articles, else of all, sorted, shape (n,)."""
        if passages is not None:
            rows: Iterable[tuple[Any, ...]] = self._rows_in("SELECT id FROM sentences WHERE passage IN (%s)", passages)
        elif articles is None:
            rows = self._rows("SELECT id FROM sentences")
        else:
            rows = self._rows_in("SELECT id FROM sentences WHERE article IN (%s)", articles)
        return np.sort(np.fromiter((row[0] for row in rows), np.int64))

    def vectors(self, ids: Iterable[int]) -> tuple[Ids, Vectors]:
        """Return the ids that exist, sorted, and their vectors, shape (n, dimension)."""
        rows = sorted(self._rows_in("SELECT id, vector FROM sentences WHERE id IN (%s)", ids))
        return np.array([row[0] for row in rows], np.int64), _matrix([row[1] for row in rows])

    def sentences(
        self, *, passages: Iterable[int] | None = None, ids: Iterable[int] | None = None, articles: Iterable[int] | None = None
    ) -> list[StoredSentence]:
        """Return the sentences of these passages, with these ids or of these articles, in order of their ids."""
        column, numbers = ("passage", passages) if passages is not None else ("id", ids) if ids is not None else ("article", articles or ())
        sql = f"SELECT id, article, passage, start, end, vector FROM sentences WHERE {column} IN (%s)"
        rows = sorted(self._rows_in(sql, numbers))
        matrix = _matrix([row[5] for row in rows])
        return [StoredSentence(row[0], row[1], row[2], Span(row[3], row[4]), matrix[at]) for at, row in enumerate(rows)]

    def passages_of(self, ids: Iterable[int]) -> dict[int, int]:
        """Return the passage of each of these sentences that exists."""
        return dict(self._rows_in("SELECT id, passage FROM sentences WHERE id IN (%s)", ids))

    def places(self, passages: Iterable[int]) -> list[tuple[int, int, int]]:
        """Return (sentence, passage, article) of all sentences of these passages, passage by passage."""
        rows = self._rows_in("SELECT id, passage, article FROM sentences WHERE passage IN (%s)", passages)
        return sorted(((id, passage, article) for id, passage, article in rows), key=lambda row: (row[1], row[0]))

    def passages(self, ids: Iterable[int]) -> dict[int, tuple[int, Span]]:
        """Return the article's key and the span of each of these passages that exists, by passage id."""
        rows = self._rows_in("SELECT id, article, start, end FROM passages WHERE id IN (%s)", ids)
        return {row[0]: (row[1], Span(row[2], row[3])) for row in rows}

    def passage_texts(self, articles: Iterable[int] | None = None) -> Iterator[tuple[int, int, str]]:
        """Yield passage id, article key and words of every passage, or of those of these articles."""
        keys = [row[0] for row in self._rows("SELECT key FROM articles")] if articles is None else articles
        for key in keys:
            text = self.text(key)  # cut here and not by SQLite, whose substr stops at a null character
            for number, start, end in self._rows("SELECT id, start, end FROM passages WHERE article = ?", (key,)):
                yield number, key, text[start:end]

    def statements(self, articles: Iterable[int] | None = None) -> list[tuple[int, Statement]]:
        """Return the statements of these articles (of all for None), each with its article's key."""
        sql = (
            "SELECT s.article, a.id, s.source, s.cue, s.content, s.speaker, s.voice, s.organisation, s.speech"
            " FROM statements s JOIN articles a ON a.key = s.article"
        )
        rows = self._rows(sql) if articles is None else list(self._rows_in(f"{sql} WHERE s.article IN (%s)", articles))
        return [
            (key, Statement(id, _spans(source), _spans(cue), _spans(content), speaker, voice, organisation, bool(speech)))
            for key, id, source, cue, content, speaker, voice, organisation, speech in rows
        ]

    def attributed_otherwise(self, identity: str) -> list[int]:
        """Return the keys of articles whose statements were read by another attributor than this."""
        return [row[0] for row in self._rows("SELECT key FROM articles WHERE attribution != ? ORDER BY key", (identity,))]

    def unattributed(self) -> list[int]:
        """Return the keys of articles whose statements nobody has read since their group changed."""
        return [row[0] for row in self._rows("SELECT key FROM articles WHERE attribution = '' ORDER BY key")]

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, sentences and statements there are."""
        return {table: self._rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("articles", "passages", "sentences", "statements")}

    def _state(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM state WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

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
        """Write an article that isn't there; return its key."""
        article = analysed.article
        row = (
            article.id, text_hash(article), *_stated(article), added,
            json.dumps(article.pages), analysed.attribution, fingerprint(article.text), article.text,
        )  # fmt: skip
        key = self._db.execute(
            "INSERT INTO articles (id, hash, source, title, grp, author, published, url, publication, kind,"
            " origins, added, pages, attribution, fingerprint, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
        ).lastrowid  # fmt: skip
        if key is None:
            raise IndexFolderError(f"article {article.id!r}: the store gave it no key; build the index again with --rebuild")
        halves, at = analysed.vectors.astype(np.float16), 0
        for passage in analysed.passages:
            number = self._db.execute(
                "INSERT INTO passages (article, start, end) VALUES (?, ?, ?)", (key, passage.span.start, passage.span.end)
            ).lastrowid
            rows = [(key, number, s.start, s.end, halves[at + i].tobytes()) for i, s in enumerate(passage.sentences)]
            self._db.executemany("INSERT INTO sentences (article, passage, start, end, vector) VALUES (?, ?, ?, ?, ?)", rows)
            at += len(rows)
        self._add_statements(key, analysed.statements)
        self._db.executemany("INSERT INTO bands VALUES (?, ?)", [(value, key) for value in bands(article.text)])
        return key

    def replace_statements(self, key: int, statements: Iterable[Statement], attribution: str) -> None:
        """Put other statements in place of an article's; its sentences and vectors stay."""
        self._db.execute("DELETE FROM statements WHERE article = ?", (key,))
        self._add_statements(key, statements)
        self._db.execute("UPDATE articles SET attribution = ? WHERE key = ?", (attribution, key))

    def _add_statements(self, key: int, statements: Iterable[Statement]) -> None:
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
            for table in ("statements", "sentences", "passages", "bands", "copies"):
                self._db.execute(f"DELETE FROM {table} WHERE article = ?", (key,))
            self._db.execute("DELETE FROM copies WHERE other = ?", (key,))
            self._db.execute("DELETE FROM articles WHERE key = ?", (key,))

    def mark_pending(self, pending: bool) -> None:
        """Note, visibly at once, that the derived indexes are being changed, or that they are done."""
        self._set("derived_pending", "1" if pending else "0")

    def commit(self, *, changed: bool = True) -> None:
        """Make everything written visible at once, and start the next change."""
        if changed:
            self._set("generation", str(self.generation + 1))
        self._db.execute("COMMIT")
        self._begin("IMMEDIATE")

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))


def _damaged(path: Path, error: sqlite3.Error) -> IndexFolderError:
    return IndexFolderError(f"{path}: can't be opened ({error}); build the index again with --rebuild")


def _article(row: tuple[Any, ...]) -> Article:
    _, id, title, group, author, published, url, publication, kind, source, origins, pages = row
    date = PartialDate.parse(published) if published else None
    stated = tuple(json.loads(origins).items())
    return Article(id, "", title, group, author, date, url, publication, kind, source, stated, tuple(json.loads(pages)))


def _stated(article: Article) -> tuple[str | None, ...]:
    """Return the columns from source to origins."""
    published = str(article.published) if article.published else None
    fields = (article.source, article.title, article.group, article.author, published, article.url, article.publication, article.kind)
    return *fields, json.dumps(dict(article.origins))


def _remarks(row: str) -> Remarks:
    fields = json.loads(row)
    return Remarks(fields["corrected"], {name: (value, origin) for name, (value, origin) in fields["filled"].items()}, fields["removed"])


def _matrix(blobs: list[bytes]) -> Vectors:
    return np.stack([np.frombuffer(blob, np.float16) for blob in blobs]).astype(np.float32) if blobs else np.zeros((0, 0), np.float32)


def _listed(spans: Iterable[Span]) -> str:
    return json.dumps([[span.start, span.end] for span in spans])


def _spans(listed: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(listed))
