"""Opens the library in the background, building its index first where that is asked for, and says how far it is.

Knows nothing of the page that shows it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import (
    DiskError,
    IndexAwayError,
    IndexFolderError,
    ModelError,
    ModelMismatchError,
    NoIndexError,
    WhosaidError,
    WriterError,
)
from qa.library import Library, build, load_encoder
from qa.web.starters import starters

if TYPE_CHECKING:
    from qa.attribution.attributor import Attributor
    from qa.models.encoder import Encoder
    from qa.models.writer import Writer
    from qa.settings import Place

_LOADING = "Loading the model"
_IN_WORDS: dict[type[WhosaidError], str] = {  # the narrower kinds first
    IndexAwayError: "The search is not available just now, since the index can't be reached. It goes on by itself; ask again in a moment.",
    NoIndexError: "There is no index yet; whosaid build makes one.",
    ModelMismatchError: "The index was made with another model; the terminal says which.",
    DiskError: "The index {why}. Whoever runs whosaid finds more on the terminal.",
    IndexFolderError: "The index can't be used just now; the terminal says why.",
    WriterError: "{error}",
    ModelError: "A model that this takes can't be loaded; the terminal says which.",
}
_TRY_AGAIN = 5.0  # seconds after which a server that couldn't be reached is asked again


def in_words(error: WhosaidError) -> str:
    """Return what went wrong, as people on the page and programs are told it.

    Where an index or a model is kept is not for them to know; that is told on the terminal.
    """
    for kind, words in _IN_WORDS.items():
        if isinstance(error, kind):
            if kind is not IndexAwayError:
                logging.getLogger(__name__).warning("%s", error)
            return words.format(error=error, why=error.why if isinstance(error, DiskError) else "")
    return str(error)


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the opening is: what is being done, or the problem that ended it."""

    doing: str = _LOADING
    done: int = 0
    total: int = 0
    problem: str = ""

    @property
    def percent(self) -> int | None:
        """How much is done, where that can be told."""
        return min(100, 100 * self.done // self.total) if self.total > 0 else None

    def in_words(self) -> str:
        """Write it for people: "Building the index: 40%"."""
        doing = {"Building": "Building the index", "Reading": "Reading the articles"}.get(self.doing, self.doing)
        if self.percent is not None:
            return f"{doing}: {self.percent}%"
        return f"{doing}: {self.done:,}" if self.done else doing


@dataclass(frozen=True, slots=True)
class Opened:
    """A library that is ready, questions to begin with, and what it takes to add to its index: all loaded once."""

    library: Library
    starters: tuple[str, ...]
    index: Place
    encoder: Encoder
    attributor: Attributor


class Opening:
    """One library on its way. `opened` is None until it is ready; `stage` says how far it is, or what went wrong."""

    def __init__(
        self, index: Place, corpus: Sequence[Path], model: str | None = None, writers: Sequence[Writer] = (), *, rewrites: bool = False
    ) -> None:
        """Plan to bring `index` in line with the files in `corpus` and open it; without `corpus`, to open it as it is.

        `writers` are the language models that may word answers, and `rewrites` lets the chosen one make follow-ups stand alone.
        """
        self._index, self._corpus, self._model = index, tuple(corpus), model
        self.writers, self.rewrites = tuple(writers), rewrites
        self.stage = Stage()
        self.opened: Opened | None = None

    def start(self) -> None:
        """Begin in a thread that doesn't keep the program alive: a build may be killed at any moment."""
        threading.Thread(target=self._run, name="opening", daemon=True).start()

    def _run(self) -> None:
        from qa.attribution.attributor import TrainedAttributor

        try:
            encoder, attributor = load_encoder(self._model), TrainedAttributor()
            library = self._waited_for(encoder, attributor)
            self.stage = Stage("Opening the index")
            self.opened = Opened(library, starters(library), self._index, encoder, attributor)
        except WhosaidError as error:
            self.stage = Stage(problem=in_words(error))
        except Exception:
            # The thread's last line of defence: the page must not wait for ever on an error nobody foresaw.
            logging.getLogger(__name__).exception("the index could not be opened")
            self.stage = Stage(problem="The index could not be opened; the terminal says why.")

    def _waited_for(self, encoder: Encoder, attributor: Attributor) -> Library:
        """Return the library, however long the server that keeps its index is away."""
        while True:
            try:
                return self._brought_in_line(encoder, attributor)
            except IndexAwayError as error:
                logging.getLogger(__name__).warning("%s", error)
                self.stage = Stage("Waiting for the server of the index")
                time.sleep(_TRY_AGAIN)

    def _brought_in_line(self, encoder: Encoder, attributor: Attributor) -> Library:
        if not self._corpus:
            return Library.open(self._index, encoder=encoder)
        try:
            library = Library.open(self._index, encoder=encoder)
        except NoIndexError:
            build(self._index, self._corpus, encoder=encoder, attributor=attributor, progress=self._progress)
            return Library.open(self._index, encoder=encoder)
        # To bring an index in line with the corpus takes out what is not there, so one with other articles is left alone.
        if all_from(library, self._corpus):
            try:
                build(self._index, self._corpus, encoder=encoder, attributor=attributor, progress=self._progress)
            except DiskError as error:
                logging.getLogger(__name__).warning("%s. It is served as it is", error)
            library.refresh()
        return library

    def _progress(self, doing: str, done: int, total: int) -> None:
        self.stage = Stage(doing, done, total)


def all_from(library: Library, corpus: Sequence[Path]) -> bool:
    """Tell whether every article of a library that a build may take out was read from these files or folders."""
    folders, added = [path.resolve() for path in corpus], library.added()
    sources = [Path(article.source or "").resolve() for article in library.articles() if article.id not in added]
    return all(any(source.is_relative_to(folder) for folder in folders) for source in sources)
