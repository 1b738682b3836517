"""Takes articles apart that a build has queued in Milvus: any number of workers, on any machines, that know nothing of each other.

The queue is the rows of articles that aren't shown and that nobody has taken apart. Each worker goes through it in an
order of its own, so that two seldom meet, and says for a while which articles it is at. That only spares work: what two
of them write of one article is the same, under the same keys. One that is killed has lost what it was at, which
another takes up when the time is over. Workers never touch what is shown.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from qa.attribution.attributor import Attributor
from qa.errors import NoIndexError
from qa.index.analyse import Analyser
from qa.index.home import Progress
from qa.index.milvus.connection import Connection, Row, batched
from qa.index.milvus.home import MilvusHome
from qa.index.milvus.tables import EXTRACT_FIELDS, Tables, claim_row, key_of
from qa.index.milvus.writer import MilvusWriter
from qa.index.store import Analysed
from qa.models.encoder import Encoder
from qa.settings import MilvusAddress

CLAIMED = 60.0  # seconds for which an article belongs to whoever said so last
_LOT = 64  # articles that are claimed together
_ROUND = 2_000  # articles after which the queue is looked at again, which others work on too
_KEPT_EVERY = 5.0  # seconds of work that a kill may cost
_LOOK_AGAIN = 2.0  # seconds, when all that is left belongs to others


@dataclass(frozen=True, slots=True)
class Worked:
    """What a worker did: how many articles and sentences, in how many seconds."""

    articles: int
    sentences: int
    seconds: float


def work(address: MilvusAddress, encoder: Encoder, attributor: Attributor, *, wait: bool, progress: Progress) -> Worked:
    """Take queued articles apart until none is left, or with `wait` for ever.

    Raises NoIndexError where nothing is there or queued, ModelMismatchError where it is to be made with another model.
    """
    with closing(Connection(address, patient=True)) as connection:
        return _Worker(MilvusHome(address), connection, encoder, attributor, progress).run(wait=wait)


class _Worker:
    def __init__(self, home: MilvusHome, connection: Connection, encoder: Encoder, attributor: Attributor, progress: Progress) -> None:
        self._home = home
        self._connection = connection
        self._encoder = encoder
        self._attributor = attributor
        self._progress = progress
        self._name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._articles = self._sentences = 0

    def run(self, *, wait: bool) -> Worked:
        started = time.monotonic()
        while True:
            tables = self._tables(wait=wait)
            queued = self._queued(tables) if tables else []
            if tables and not queued and not wait:
                return Worked(self._articles, self._sentences, time.monotonic() - started)
            if not tables or not self._work_on(tables, queued):
                time.sleep(_LOOK_AGAIN)

    def _tables(self, *, wait: bool) -> Tables | None:
        """Return the collections that are being written; None where there are none yet and others are waited for."""
        try:
            begun = self._home.begun(self._connection)
        except NoIndexError:
            if not wait:
                raise
            return None
        begun.check_model(self._home.address, self._encoder.identity)
        tables = Tables(self._connection, begun.number)
        return None if tables.missing() else tables

    def _queued(self, tables: Tables) -> list[int]:
        """Return the keys of the articles that nobody has taken apart, in an order of this worker's own."""
        waiting = [int(row["key"]) for row in self._connection.rows(tables.name("articles"), "shown == false", ["key"])]
        done = {int(row["key"]) for row in self._claims(tables, waiting) if row["done"]}
        return sorted((key for key in waiting if key not in done), key=lambda key: key_of(self._name, key))

    def _claims(self, tables: Tables, keys: Iterable[int]) -> list[Row]:
        return self._connection.get(tables.name("extracts"), keys, [name for name in EXTRACT_FIELDS if name != "facts"])

    def _work_on(self, tables: Tables, queued: list[int]) -> int:
        """Take apart those of the articles that nobody else is at; return how many."""
        before, total = self._articles, self._articles + len(queued)
        writer = MilvusWriter(tables)
        with closing(_Taking(writer, self._encoder, self._attributor)) as taking:
            for lot in batched(queued[:_ROUND], _LOT):
                mine = self._claimed(tables, lot)
                for key in mine:
                    self._note(taking.give(key), total)
            self._note(taking.rest(), total)
        return self._articles - before

    def _claimed(self, tables: Tables, lot: list[int]) -> list[int]:
        """Say that these articles are ours, but for those that somebody else is at or has done."""
        now = time.time_ns()
        claims = {int(row["key"]): row for row in self._claims(tables, lot)}
        mine = [key for key in lot if key not in claims or not (claims[key]["done"] or int(claims[key]["until"]) > now)]
        until = now + int(CLAIMED * 1e9)
        self._connection.upsert(tables.name("extracts"), [claim_row(key, self._name, until) for key in mine])
        return mine

    def _note(self, sentences: Iterable[int], total: int) -> None:
        for number in sentences:
            self._articles += 1
            self._sentences += number
            self._progress("Building", self._articles, total)


class _Taking:
    """Articles on their way through the threads that take them apart, and back into Milvus."""

    def __init__(self, writer: MilvusWriter, encoder: Encoder, attributor: Attributor) -> None:
        self._writer = writer
        self._analyser = Analyser(encoder, attributor)
        self._kept = time.monotonic()

    def give(self, key: int) -> Iterator[int]:
        """Have an article taken apart; yield how many sentences each of those has that have come back meanwhile."""
        while not self._analyser.has_room:
            yield from self._back(self._analyser.next())
        try:
            article = self._writer.article(key)
        except KeyError:
            return  # a builder has taken it out since
        self._analyser.give(key, article)
        yield from self._back(self._analyser.done())

    def rest(self) -> Iterator[int]:
        """Wait for all that was given; yield how many sentences each has."""
        while some := list(self._analyser.next()):
            yield from self._back(some)
        self._writer.keep()

    def _back(self, found: Iterable[tuple[int, Analysed]]) -> Iterator[int]:
        for key, analysed in found:
            self._writer.take_apart(key, analysed)
            yield len(analysed.vectors)
        if time.monotonic() - self._kept > _KEPT_EVERY:
            self._writer.keep()
            self._kept = time.monotonic()

    def close(self) -> None:
        """Stop; what is under way is thrown away."""
        self._analyser.close()
