"""What a follow-up takes over from the turns before it."""

from __future__ import annotations

from collections.abc import Sequence

READ_TURNS = 2  # earlier turns that are read with a question, the latest


def stand_alone(question: str, needed: Sequence[str]) -> str:
    """Return a question with those earlier ones, the latest last, that it leaves something to."""
    return " ; ".join([*needed[-READ_TURNS:], question])
