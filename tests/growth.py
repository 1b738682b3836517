"""Whether work grows with length only, told by the processor's time for two lengths: neither load nor a slow machine changes that."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_TIMES = 4  # as long is the longer one; work that grows with the square would take 16 times as long
_MOST = 10  # times as long it may take
_TRIES = 6


def check_growth(made: Callable[[int], T], work: Callable[[T], object], length: int) -> None:
    """Fail where `work` on what is `made` of a length takes over ten times what it takes for a quarter of that length.

    The shortest time of several counts, so that what else the processor does at a moment counts for nothing.
    """
    work(made(length // 50))  # loads what is loaded once
    short, long = made(length // _TIMES), made(length)
    taken = {"short": float("inf"), "long": float("inf")}
    for _ in range(_TRIES):
        taken["short"] = min(taken["short"], _seconds(work, short))
        taken["long"] = min(taken["long"], _seconds(work, long))
        if taken["long"] <= _MOST * taken["short"] + 0.02:
            return
    raise AssertionError(f"{_TIMES} times the length takes {taken['long'] / taken['short']:.1f} times as long ({taken})")


def repeated(piece: str, end: str = "") -> Callable[[int], str]:
    """Return what makes a text of a length out of a piece."""
    return lambda length: (piece * (length // len(piece) + 1))[:length] + end


def _seconds(work: Callable[[T], object], made: T) -> float:
    """Return the processor's time of it, without that of collecting garbage, which grows with all else that is in memory."""
    gc.disable()
    try:
        start = time.process_time()
        work(made)
        return time.process_time() - start
    finally:
        gc.enable()
