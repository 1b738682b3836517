"""Milvus as the home of an index: which collections are in force, and how a change is begun and ended there.

Nobody locks anything. Several may change an index at once, as long as they change different articles.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any

from qa.errors import IndexFolderError, NoIndexError
from qa.index.home import Changing, Facts
from qa.index.interface import Index
from qa.index.manifest import Manifest
from qa.index.milvus.connection import Connection
from qa.index.milvus.facts import MilvusFacts
from qa.index.milvus.tables import KINDS, PART_FIELDS, STATE, Tables, key_of, make, packed, part_row, unpacked
from qa.index.milvus.writer import MilvusWriter
from qa.models.encoder import ModelIdentity
from qa.reading import Notice
from qa.settings import MilvusAddress

FORMAT = 1
_MANIFEST, _BEGUN, _FEEDBACK = "manifest", "begun", "feedback"
_LIBRARIES = ("pymilvus", "sentencex")


class MilvusHome:
    """An index in Milvus as `Home` describes it. Making the object connects to nothing."""

    def __init__(self, address: MilvusAddress) -> None:
        """Name the index; it need not exist yet."""
        self.address = address

    @contextmanager
    def _connected(self, *, patient: bool = False) -> Iterator[Connection]:
        with closing(Connection(self.address, patient=patient)) as connection:
            yield connection

    # ---- what is in force

    def _state(self, connection: Connection, kind: str) -> Any:
        if self._state_name not in connection.collections():
            return None
        rows = connection.get(self._state_name, [key_of(kind, "")], PART_FIELDS)
        return unpacked(rows[0]["value"]) if rows else None

    @property
    def _state_name(self) -> str:
        return f"{self.address.name}_{STATE}"

    def _manifest_of(self, connection: Connection, kind: str) -> Manifest | None:
        row = self._state(connection, kind)
        if row is None:
            return None
        try:
            found = Manifest.of(row)
        except (KeyError, TypeError) as error:
            raise IndexFolderError(f"{self.address}: its {kind} can't be read ({error}); build the index again with --rebuild") from error
        found.check_format(self.address, FORMAT)
        return found

    def manifest(self, connection: Connection) -> Manifest:
        """Return what is in force; raise NoIndexError where nothing is, IndexFolderError where it can't be used."""
        found = self._manifest_of(connection, _MANIFEST)
        if found is None:
            raise NoIndexError(f"{self.address}: no index here yet; run whosaid build PATH --index {self.address}")
        if missing := Tables(connection, found.number).missing():
            raise IndexFolderError(f"{self.address}: the collection {missing[0]} is missing; build the index again with --rebuild")
        return found

    def begun(self, connection: Connection) -> Manifest:
        """Return what a change that isn't over writes, else what is in force; raise NoIndexError where there is neither."""
        return self._manifest_of(connection, _BEGUN) or self.manifest(connection)

    def _put(self, connection: Connection, kind: str, number: int, model: ModelIdentity) -> None:
        value = packed(asdict(Manifest.now(FORMAT, number, model, _LIBRARIES)))
        connection.upsert(self._state_name, [part_row(kind, "", value)])

    # ---- what Home asks for

    def check(self) -> ModelIdentity:
        """Return the model that made the index; raise NoIndexError where there is none, IndexFolderError where it can't be used."""
        with self._connected() as connection:
            return self.manifest(connection).model

    def refuse_what_is_none(self, *, rebuild: bool) -> None:
        """Raise IndexFolderError where the server can't be reached, or the index can't be used and isn't to be rebuilt."""
        with self._connected() as connection:
            try:
                self.manifest(connection)
            except NoIndexError:
                return
            except IndexFolderError:
                if not rebuild:
                    raise

    def busy(self) -> bool:
        """Tell that nobody is in the way."""
        return False

    def opened(self, model: ModelIdentity) -> Index:
        """Return its newest state; raise as `check` does, and ModelMismatchError where it was made with another model."""
        from qa.index.milvus.index import MilvusIndex

        connection = Connection(self.address)
        try:
            return MilvusIndex(self, connection, model)
        except BaseException:
            connection.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Facts]:
        """Give what the index was told; raise as `check` does."""
        with self._connected() as connection:
            yield MilvusFacts(Tables(connection, self.manifest(connection).number))

    @contextmanager
    def changing(self, model: ModelIdentity | None, *, rebuild: bool = False, all_known: bool = False) -> Iterator[Changing]:
        """Begin a change, and end it where the block ends without an error; see `Home.changing`."""
        with self._connected(patient=True) as connection:
            if model is None:
                yield Changing(MilvusWriter(Tables(connection, self.manifest(connection).number)))
                return
            make(connection, self._state_name, "parts")
            in_force, lost = self._in_force(connection, rebuild)
            number = self._number_to_write(connection, in_force, model, rebuild, damaged=bool(lost))
            old = MilvusFacts(Tables(connection, in_force.number)) if in_force and in_force.number != number else None
            writer = MilvusWriter(Tables(connection, number), all_known=all_known)
            yield Changing(writer, old, lost, writer.taken_apart)
            if in_force is None or in_force.number != number:
                self._put(connection, _MANIFEST, number, model)

    def _in_force(self, connection: Connection, rebuild: bool) -> tuple[Manifest | None, tuple[Notice, ...]]:
        """Return what is in force, None where nothing is or, for a rebuild, where it can't be used, with a notice of that."""
        try:
            return self.manifest(connection), ()
        except NoIndexError:
            return None, ()
        except IndexFolderError as error:
            if not rebuild:
                raise
            message = f"what was added or corrected by hand can't be taken over from the old index ({error}); do it again"
            return None, (Notice(str(self.address), message, skipped=False),)

    def _number_to_write(
        self, connection: Connection, in_force: Manifest | None, model: ModelIdentity, rebuild: bool, *, damaged: bool
    ) -> int:
        """Return the number in force, or the next one for a rebuild or a first build, with its collections made.

        What a build that was stopped has left in the next one is used where it was made with the same model. What a
        rebuild left behind stays until the change after it, since others may still be reading it; what is damaged goes.
        """
        if in_force and not rebuild:
            in_force.check_model(self.address, model)
        numbers = self._numbers(connection)
        begun = None if damaged else self._readable_begun(connection)
        if in_force and not rebuild:
            number = in_force.number
        elif begun and begun.model == model and begun.number in numbers and (in_force is None or begun.number != in_force.number):
            number = begun.number
        else:
            number = max([*numbers, in_force.number if in_force else 0], default=0) + 1
        for other in numbers - {number, in_force.number if in_force else number}:
            Tables(connection, other).drop()
        if begun is None or (begun.number, begun.model) != (number, model):
            self._put(connection, _BEGUN, number, model)
        Tables(connection, number).make(model.dimension)
        return number

    def _readable_begun(self, connection: Connection) -> Manifest | None:
        try:
            return self._manifest_of(connection, _BEGUN)
        except IndexFolderError:
            return None  # begun by another version, so it isn't gone on with

    def _numbers(self, connection: Connection) -> set[int]:
        pattern = re.compile(rf"{re.escape(self.address.name)}_(\d+)_({'|'.join(KINDS)})")
        return {int(match[1]) for name in connection.collections() if (match := pattern.fullmatch(name))}

    # ---- what people say of answers

    def keep_feedback(self, line: str) -> None:
        """Keep a line of JSON; raise NoIndexError where there is no index."""
        with self._connected() as connection:
            self.manifest(connection)
            row = part_row(_FEEDBACK, [time.time_ns(), line], packed([time.time_ns(), line]))
            connection.upsert(self._state_name, [row])

    def feedback(self) -> list[str]:
        """Return the lines that were kept, the oldest first."""
        with self._connected() as connection:
            if self._state_name not in connection.collections():
                return []
            rows = connection.rows(self._state_name, f'kind == "{_FEEDBACK}"', PART_FIELDS)
            return [line for _, line in sorted(tuple(unpacked(row["value"])) for row in rows)]
