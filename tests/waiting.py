"""Waiting for what comes to be, however long a loaded machine takes; only what never comes ends it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

HANG = 120.0  # seconds after which nothing is taken to come any more


def until(holds: Callable[[], object], what: Callable[[], object] = lambda: "it never came to be") -> None:
    """Wait until something holds."""
    end = time.monotonic() + HANG
    while not holds():
        if time.monotonic() > end:
            pytest.fail(str(what()))
        time.sleep(0.02)
