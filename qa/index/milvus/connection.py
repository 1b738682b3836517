"""The one way in which we talk to Milvus: every call has a time limit, and what goes wrong becomes one clear line.

While a server can't be reached, who writes calls again after longer and longer pauses, so that a restart isn't the end of a
build. That is safe for whatever we ask: all rows are written under keys that follow from their content, so that writing twice
changes nothing. Who answers questions is told at once.
"""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from qa import settings
from qa.errors import IndexAwayError, IndexFolderError, SettingsError
from qa.settings import MilvusAddress

if TYPE_CHECKING:
    from pymilvus import MilvusClient

T = TypeVar("T")
Row = dict[str, Any]

MOST_FOUND = 16_384  # rows that Milvus returns of one search or query
_KEYS_AT_ONCE = 1_000  # of one request
_PATIENCE = 12.0  # times the time limit, for who writes: the two minutes that a server may take to start again
_FLUSHING = 1_800.0  # seconds, in which Milvus Lite makes the graph of some million sentences
_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds
_NOT_AGAIN = 2.0  # seconds in which a server that was away isn't asked again: who shows a page has many things to ask it
# pymilvus asks every ten seconds whether the server is still there, which Milvus Lite, like any plain gRPC server, takes for an
# attack and ends the connection. That a server is away is told by our calls, each of which has its time limit.
_NO_PINGS = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": False}
_MISSING, _NOT_LOADED, _DENIED = 100, 101, 9  # Milvus's codes
_AWAY = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "Retry timeout", "Retry run out", "Fail connecting", "illegal connection params")
_FULL = ("no space", "disk quota", "quota exceeded", "quota exhausted", "deny to write")


class Connection:
    """A client of one server, or of Milvus Lite in this process. Safe to share between threads."""

    def __init__(self, address: MilvusAddress, *, patient: bool = False) -> None:
        """Connect; raise SettingsError where pymilvus isn't installed, IndexAwayError where nobody answers.

        Who is `patient` waits longer before it counts the server as away.
        """
        self.address = address
        self._timeout = settings.milvus_timeout() * (_PATIENCE if patient else 1.0)
        self._away: tuple[float, IndexAwayError] | None = None
        self._patient = patient
        self._client = self._connected(settings.milvus_timeout())
        self.close = weakref.finalize(self, self._client.close)

    def _connected(self, timeout: float) -> MilvusClient:
        try:
            from pymilvus import MilvusClient
            from pymilvus.exceptions import MilvusException

            if self.address.uri.endswith(".db"):
                import milvus_lite  # noqa: F401  pymilvus asks for it late, and in other words
        except ImportError as error:
            lacking = error.name or "pymilvus"
            raise SettingsError(
                f"{self.address}: an index in Milvus takes {lacking}, which isn't installed; run pip install 'whosaid[milvus]'"
            ) from error
        for name in ("pymilvus", "milvus_lite"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # they write whole tracebacks of what we tell in a line
        try:
            return self._client_of(MilvusClient, timeout)
        except MilvusException as error:
            if not self.address.uri.endswith(".db"):
                raise self._told(error, "") from error
        try:  # pymilvus shares connections, and may find the one to Lite in this process broken off before it makes another
            return self._client_of(MilvusClient, timeout)
        except MilvusException as error:
            raise IndexFolderError(
                f"{self.address}: can't be opened, or is held by another process; a file of Milvus Lite serves one at a time"
            ) from error

    def _client_of(self, made: type[MilvusClient], timeout: float) -> MilvusClient:
        return made(self.address.uri, token=settings.milvus_token(), timeout=timeout, grpc_options=_NO_PINGS)

    @cached_property
    def is_lite(self) -> bool:
        """Whether it is Milvus Lite that answers, in a file or as a server."""
        return str(self._call("get_server_version", "")).startswith("milvus_lite")

    # ---- collections

    def collections(self) -> set[str]:
        """Return the names of all collections there."""
        return set(self._call("list_collections", ""))

    def create(self, name: str, schema: Any, indexes: Any) -> None:
        """Make a collection with its indexes and load it; what is there already, also of one that was stopped here, stays."""
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException

        there = self.collections()
        missing = MilvusClient.prepare_index_params()
        try:
            if name not in there:
                self._client.create_collection(name, schema=schema, consistency_level="Strong", timeout=self._timeout)
            indexed = set(self._client.list_indexes(name)) if name in there else set()
            for index in indexes:
                if index.field_name not in indexed:
                    missing.append(index)
            if missing:
                self._client.create_index(name, missing, timeout=self._timeout, sync=False)
                self._client.load_collection(name, timeout=self._timeout)
        except MilvusException as error:
            if name in there or name not in self.collections():  # else somebody else is making it just now
                raise self._told(error, name) from error

    def drop(self, name: str) -> None:
        """Remove a collection with all that it holds."""
        self._call("drop_collection", name, name)

    def flush(self, name: str) -> None:
        """Have what was written lie on disk and be indexed."""
        self._call("flush", name, name, timeout=_FLUSHING)

    # ---- writing

    def upsert(self, name: str, rows: Sequence[Row]) -> None:
        """Write rows, in place of those with the same keys."""
        if rows:
            self._call("upsert", name, name, list(rows))

    def delete(self, name: str, keys: Iterable[int]) -> None:
        """Take out the rows with these keys."""
        for some in batched(keys, _KEYS_AT_ONCE):
            self._call("delete", name, name, ids=some)

    def delete_of(self, name: str, field: str, values: Iterable[int]) -> None:
        """Take out the rows of which a field has one of these values."""
        for some in batched(values, _KEYS_AT_ONCE // 10):
            self._call("delete", name, name, filter=one_of(field, some))

    # ---- reading: always what was written last, unless said otherwise

    def get(self, name: str, keys: Iterable[int], fields: Sequence[str]) -> list[Row]:
        """Return those of these rows that there are, in any order."""
        found: list[Row] = []
        for some in batched(keys, _KEYS_AT_ONCE):
            found += self._call("query", name, name, ids=some, output_fields=list(fields), consistency_level="Strong")
        return found

    def count(self, name: str, filter: str) -> int:
        """Return how many rows fit a filter."""
        (row,) = self._call("query", name, name, filter=filter, output_fields=["count(*)"], consistency_level="Strong")
        return int(row["count(*)"])

    def rows(self, name: str, filter: str, fields: Sequence[str], at_once: int = 1_000) -> Iterator[Row]:
        """Yield all rows that fit a filter, in the order of their keys."""
        iterator = self._call(
            "query_iterator", name, name, filter=filter, output_fields=list(fields), batch_size=at_once, consistency_level="Strong"
        )
        try:
            while some := self._next(iterator, name):
                yield from some
        finally:
            iterator.close()

    def _next(self, iterator: Any, name: str) -> list[Row]:
        from pymilvus.exceptions import MilvusException

        try:
            return list(iterator.next())
        except MilvusException as error:
            raise self._told(error, name) from error

    def search(self, name: str, field: str, what: Any, limit: int, fields: Sequence[str], **named: Any) -> list[tuple[int, float, Row]]:
        """Return the key, the distance and these fields of up to `limit` rows, best first."""
        found = self._call("search", name, name, data=[what], anns_field=field, limit=limit, output_fields=list(fields), **named)
        return [(int(hit["key"]), float(hit["distance"]), hit["entity"]) for hit in found[0]]

    # ---- what goes wrong

    def _call(self, method: str, collection: str, *values: Any, **named: Any) -> Any:
        """Call a method of the client, again and again while the server is away, for who is patient.

        Raises IndexAwayError or IndexFolderError where that fails.
        """
        if self._away and not self._patient and time.monotonic() - self._away[0] < _NOT_AGAIN:
            raise self._away[1]
        until, pause = time.monotonic() + self._timeout, _PAUSE
        while True:
            try:
                return self._called(method, collection, *values, **named)
            except IndexAwayError:
                if not self._patient or time.monotonic() > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _called(self, method: str, collection: str, *values: Any, **named: Any) -> Any:
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        def called() -> Any:
            return getattr(self._client, method)(*values, **{"timeout": self._timeout, **named})

        try:
            return called()
        except (MilvusException, RpcError) as error:
            if getattr(error, "code", None) == _NOT_LOADED:  # as after a restart of the server
                try:
                    self._client.load_collection(collection, timeout=self._timeout)
                    return called()
                except (MilvusException, RpcError) as again:
                    raise self._told(again, collection) from again
            raise self._told(error, collection) from error

    def _told(self, error: Exception, collection: str) -> IndexFolderError:
        code, message = getattr(error, "code", None), getattr(error, "message", "")
        if callable(code):  # gRPC's own errors
            code, message = code(), error.details()  # type: ignore[attr-defined]
        message = " ".join(str(message).split())
        if any(sign in f"{code} {message}" for sign in _AWAY):
            longer = f"takes over {self._timeout:.0f} s"
            away = IndexAwayError(
                f"{self.address}: the Milvus server can't be reached, or {longer}; start it, or give another with --index"
            )
            self._away = time.monotonic(), away
            return away
        if code == _MISSING:
            return IndexFolderError(f"{self.address}: the collection {collection} is missing; build the index again with --rebuild")
        if code == _DENIED or any(sign in message.casefold() for sign in _FULL):
            return IndexFolderError(f"{self.address}: the Milvus server takes no more ({message[:200]}); free space there and try again")
        return IndexFolderError(f"{self.address}: Milvus refuses ({message[:300]})")


def one_of(field: str, values: Iterable[int]) -> str:
    """Return the filter that a field of whole numbers has one of these values."""
    return f"{field} in [{','.join(map(str, values))}]"


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lots of at most `size`."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
