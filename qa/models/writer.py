"""Language models that write: what they share, which one a name means, and limits of time and size.

Knows how to get text out of a model and when to give up, and nothing of what is asked or what becomes of the text.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict

from qa.errors import WhosaidError, WriterError

KEY = "WHOSAID_WRITER_KEY"  # the environment variable that a server's key is read from, and the only place it is read from
HEARTBEAT = 0.25  # seconds after which a wait is interrupted, so that it can be called off
_WEB = ("http://", "https://")


class Message(TypedDict):
    """A turn of what a model is given."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a writing may take, in seconds, and how long it may get, in characters."""

    connect: float = 10.0
    first: float = 120.0  # until the first words: a model may have to be loaded, and has to read the quotes
    between: float = 30.0
    whole: float = 300.0
    characters: int = 20_000


class Stop:
    """Calls a writing off. Whatever waits for something says how it is woken."""

    def __init__(self) -> None:
        """Begin with nothing called off."""
        self._called_off = threading.Event()
        self._waiting: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Tell whether it was called off."""
        return self._called_off.is_set()

    def wakes(self, wake: Callable[[], None]) -> None:
        """Have `wake` called as soon as the writing is called off."""
        with self._lock:
            self._waiting.append(wake)
        if self:
            wake()

    def call_off(self) -> None:
        """Call the writing off."""
        self._called_off.set()
        with self._lock:
            waiting = list(self._waiting)
        for wake in waiting:
            wake()


class Writer(Protocol):
    """A language model. Safe to share between threads."""

    @property
    def name(self) -> str:
        """What people know it by."""

    def pieces(self, messages: Sequence[Message], limits: Limits, stop: Stop) -> Iterator[str]:
        """Yield what it writes, piece by piece, until it ends or `stop` is called off; raise WriterError where it fails."""


def writer(told: str, key_for: str | None = None) -> Writer:
    """Return the writer that is told: an address with a model, as in "http://127.0.0.1:11434/v1#qwen2.5:1.5b", a folder or a name.

    `key_for` is the one host to which the key may be sent. Raises SettingsError or ModelError where it can't be used.
    """
    if told.startswith(_WEB):
        from qa.models.served_writer import ServedWriter

        return ServedWriter(told, key_for)
    from qa.models.local_writer import LocalWriter

    return LocalWriter(told)


def writers(told: Sequence[str]) -> tuple[Writer, ...]:
    """Return the writers that are told, each once; raise SettingsError where the key might go to a host it isn't for."""
    names = list(dict.fromkeys(told))
    key_for = None
    if os.environ.get(KEY):
        from qa.models.served_writer import host_of_key

        key_for = host_of_key([name for name in names if name.startswith(_WEB)])
    return tuple(writer(name, key_for) for name in names)


def paced(model: Writer, messages: Sequence[Message], limits: Limits) -> Generator[str, None, None]:
    """Yield what a model writes, and nothing ("") at each HEARTBEAT of waiting; raise WriterError at a limit or where it fails.

    To close this generator calls the writing off.
    """
    stop = Stop()
    came: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    def write() -> None:
        try:
            for piece in model.pieces(messages, limits, stop):
                if stop:
                    return
                came.put(piece)
            came.put(None)
        except Exception as error:  # handed on to whoever waits
            came.put(error)

    threading.Thread(target=write, name="writing", daemon=True).start()
    try:
        yield from _within(came, model.name, limits)
    finally:
        stop.call_off()


def _within(came: queue.SimpleQueue[str | Exception | None], name: str, limits: Limits) -> Iterator[str]:
    started = last = time.monotonic()
    length = 0
    while True:
        patience, waited_for = (limits.between, "more words") if length else (limits.first, "its first words")
        try:
            piece = came.get(timeout=min(HEARTBEAT, patience))
        except queue.Empty:
            piece = ""
        now = time.monotonic()
        if piece is None:
            return
        if isinstance(piece, WhosaidError):
            raise piece
        if isinstance(piece, Exception):
            raise WriterError(f"{name}: it failed ({_first_line(piece)})") from piece
        if now - started > limits.whole:
            raise WriterError(f"{name}: it was still writing after {limits.whole:g} seconds and was stopped")
        if not piece and now - last > patience:
            raise WriterError(f"{name}: {waited_for} did not come within {patience:g} seconds")
        if piece:
            last, length = now, length + len(piece)
        if length > limits.characters:
            raise WriterError(f"{name}: it wrote more than {limits.characters:,} characters and was stopped")
        yield piece


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
