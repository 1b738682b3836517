"""Takes articles apart, several at once: sentences, passages, who says what, and vectors.

Lots of articles go to as many threads as there are processors, each of which computes by itself; what the models do runs
beside whatever the caller does meanwhile, such as reading the next articles and writing the last. Stores nothing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from qa.attribution.attributor import Attributor
from qa.index.store import Analysed
from qa.models.encoder import Encoder, compute_alone
from qa.passages import sentences, windows
from qa.types import Article

LOT = 30_000  # code points of articles that are taken apart together: some two hundred sentences, sorted by length among them
AHEAD = 2  # lots for each thread that may be waiting


class Analyser:
    """Threads that take articles apart. What goes in comes out in order, each article with what it was given with."""

    def __init__(self, encoder: Encoder, attributor: Attributor) -> None:
        """Use these models; they are loaded when the first lot needs them."""
        self._encoder = encoder
        self._attributor = attributor
        self._threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads, "analyse", initializer=compute_alone)
        self._waiting: deque[tuple[list[int], Future[list[Analysed]]]] = deque()
        self._lot: list[tuple[int, Article]] = []
        self._size = 0

    @property
    def has_room(self) -> bool:
        """Whether another article may be given without more than a few lots waiting."""
        return len(self._waiting) < AHEAD * self._threads

    def give(self, key: int, article: Article) -> None:
        """Have an article, known by `key`, taken apart."""
        self._lot.append((key, article))
        self._size += len(article.text)
        if self._size >= LOT:
            self._send()

    def _send(self) -> None:
        articles = [article for _, article in self._lot]
        future = self._pool.submit(_taken_apart, articles, self._encoder, self._attributor)
        self._waiting.append(([key for key, _ in self._lot], future))
        self._lot, self._size = [], 0

    def done(self) -> Iterator[tuple[int, Analysed]]:
        """Yield what is done by now, without waiting; raise whatever went wrong."""
        while self._waiting and self._waiting[0][1].done():
            yield from self._next()

    def next(self) -> Iterator[tuple[int, Analysed]]:
        """Yield what comes next, after waiting for it; nothing where all that was given has come out."""
        if self._lot and not self._waiting:
            self._send()
        if self._waiting:
            yield from self._next()

    def _next(self) -> Iterator[tuple[int, Analysed]]:
        keys, future = self._waiting.popleft()
        yield from zip(keys, future.result(), strict=True)

    def close(self) -> None:
        """Stop; what is under way is finished and thrown away."""
        self._pool.shutdown(cancel_futures=True)


def _taken_apart(articles: Sequence[Article], encoder: Encoder, attributor: Attributor) -> list[Analysed]:
    spans = [sentences(article.text) for article in articles]
    vectors = encoder.encode([span.of(article.text) for article, places in zip(articles, spans, strict=True) for span in places])
    said = attributor.statements(articles, spans)
    found, at = [], 0
    for article, places, statements in zip(articles, spans, said, strict=True):
        passages = tuple(windows(article.id, article.text, places))
        found.append(Analysed(article, passages, statements, attributor.identity, vectors[at : at + len(places)]))
        at += len(places)
    return found
