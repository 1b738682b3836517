"""Who says what in articles: the tagger's marks read into statements. What an index is built with.

An attributor has an identity, so that an index knows when its statements were read by another one and can have them
read anew, without encoding anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qa.errors import ModelError
from qa.types import Article, Span, Statement

if TYPE_CHECKING:
    from qa.attribution.tagger import Tagger

_RULES = 1  # raise it when the same marks are read into other statements
_WEIGHTS = Path(__file__).parent / "weights" / "tagger.safetensors"


class Attributor(Protocol):
    """Anything that reads who says what."""

    @property
    def identity(self) -> str:
        """What tells it from one that reads otherwise."""

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        """Return the statements of each article, given its sentences."""


class TrainedAttributor:
    """The attributor that ships. The model is loaded at first use."""

    def __init__(self, weights: Path = _WEIGHTS) -> None:
        """Use these weights; raise ModelError where they are missing."""
        if not weights.is_file():
            raise ModelError(f"{weights}: the weights that tell who says what are missing; install whosaid again")
        self._weights = weights

    @cached_property
    def identity(self) -> str:
        """The version of the rules and the hash of the weights."""
        return f"{_RULES}:{hashlib.sha256(self._weights.read_bytes()).hexdigest()[:16]}"

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        """Return the statements of each article, given its sentences."""
        from qa.attribution.statements import statements

        marked = self._tagger.attributions([article.text for article in articles])
        return [statements(article, spans, found) for article, spans, found in zip(articles, sentences, marked, strict=True)]

    @cached_property
    def _tagger(self) -> Tagger:
        from qa.attribution.tagger import Tagger

        return Tagger(self._weights)
