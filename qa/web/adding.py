"""Adding from the page: files, links and texts are read, shown to be corrected, and brought into the index.

What was read stays here, under a token that nobody can guess. A browser sends corrections by position, each of which is
checked. Reading and building run in threads and can be stopped. Knows nothing of how any of it is shown.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeGuard

from qa import library
from qa.errors import SettingsError, WhosaidError
from qa.index.build import BuildReport
from qa.index.copies import ALIKE, likeness
from qa.index.folder import LOCK_SECONDS
from qa.index.home import Home, home_of
from qa.index.remarks import Remarks, checked, remarked
from qa.library import Library
from qa.reading import Notice
from qa.types import Article, Group, Link
from qa.web import given
from qa.web.opening import Opened, Stage, in_words
from qa.web.reader import web_address

MOST_SHOWN = 50  # articles that can be corrected before they are added
CORRECTABLE = ("title", "group", "author", "published", "url")
_LONGEST_FIELD = 2000  # characters
_MOST_TRAYS = 32
_KEPT_SECONDS = 2 * 60 * 60.0  # without anybody looking
_STOP = "."  # which some messages end with
_WAIT_SECONDS = 0.3  # between two looks at whether another build is done

_IN_WORDS = {"Attributing": "Reading who says what"}
_NOT_TYPED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # what no keyboard writes and no database takes

Step = Literal["nothing", "reading", "read", "adding", "added"]


class _StoppedError(Exception):
    """A person stopped what is running."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of adding: how many articles in words, what else there is to say, and the articles as they are here now."""

    words: str
    notices: tuple[str, ...]
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """A thread at work, and whether it is to stop."""

    stopped: threading.Event

    def check(self) -> None:
        if self.stopped.is_set():
            raise _StoppedError


class Tray:
    """What one page is adding, from its first file to the result. Safe to share between threads.

    `step` is where it is and `stage` how far that is; `problem` tells why the last step failed, `note` how else it ended.
    `articles` are as they were read; `corrected`, `wrong` and `left_out` are by their positions.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.token = secrets.token_urlsafe(18)
        self.seen = time.monotonic()
        self._lock = threading.RLock()
        self._run: _Run | None = None
        self._clear()

    def _clear(self) -> None:
        self.step: Step = "nothing"
        self.stage = Stage("Reading")
        self.problem = self.note = ""
        self.articles: tuple[Article, ...] = ()
        self.notices: tuple[Notice, ...] = ()
        self.corrected: dict[int, dict[str, str | None]] = {}
        self.wrong: dict[tuple[int, str], tuple[str, str]] = {}  # what was typed, and what is wrong with it
        self.left_out: set[int] = set()
        self.outcome: Outcome | None = None
        self._items: tuple[Article | Link, ...] = ()

    @property
    def working(self) -> bool:
        """Whether it reads or builds just now."""
        return self.step in ("reading", "adding")

    @property
    def kept(self) -> tuple[int, ...]:
        """The positions of the articles that are to be added."""
        return tuple(at for at in range(len(self.articles)) if at not in self.left_out)

    # ---- reading

    def read(self, files: Sequence[Path], text: str, groups: Sequence[Group] = ()) -> None:
        """Read files, which are copies of ours and deleted after it, and the links or the text that was pasted.

        `groups` are those that an article may be shown to be of.
        """
        with self._lock:
            if self.working:
                given.delete(files)
                return
            self._clear()
            if not files and not text.strip():
                self.problem = "Drop a file, or paste a link or a text."
                return
            self.step = "reading"
            self._start(lambda run: self._read(run, files, text, groups))

    def _read(self, run: _Run, files: Sequence[Path], text: str, groups: Sequence[Group]) -> None:
        articles: list[Article] = []
        notices: list[Notice] = []
        items: list[Article | Link] = []

        def progress(doing: str, done: int, total: int) -> None:
            run.check()
            stage = (
                Stage(f"Fetching {done + 1:,} of {total:,}" if total > 1 else doing) if doing == "Fetching" else Stage(doing, done, total)
            )
            with self._lock:
                if self._run is run:
                    self.stage = stage

        try:
            for item in library.with_publisher(given.understood(files, text, progress), groups):
                if isinstance(item, Notice):
                    notices.append(item)
                    continue
                items.append(item)
                if isinstance(item, Article):
                    articles.append(item)
                    progress("Reading", len(articles), 0)
        except WhosaidError as error:
            notices.append(Notice("", str(error), skipped=True))
        finally:
            given.delete(files)
        with self._lock:
            if self._run is run:
                self.articles, self.notices, self._items = tuple(articles), tuple(notices), tuple(items)
                self.step = "read" if articles else "nothing"

    # ---- correcting

    def correct(self, at: object, name: object, value: object) -> None:
        """Note what a person typed into a field of an article; nothing happens where there is no such thing."""
        with self._lock:
            if self.step != "read" or not self._is_shown(at) or name not in CORRECTABLE or not isinstance(value, str):
                return
            field = str(name)
            told = self.corrected.setdefault(at, {})
            told.pop(field, None)
            self.wrong.pop((at, field), None)
            try:
                tidy = _checked(field, value)
            except SettingsError as error:
                self.wrong[at, field] = (value[:_LONGEST_FIELD], str(error))
            else:
                known = getattr(self.articles[at], field)
                if tidy != (str(known) if known else None):
                    told[field] = tidy

    def leave_out(self, at: object, out: object) -> None:
        """Leave an article out, or take it in again."""
        with self._lock:
            if self.step == "read" and self._is_shown(at):
                (self.left_out.add if out is True else self.left_out.discard)(at)

    def article(self, at: int) -> Article:
        """Return an article as it is corrected so far."""
        return remarked(self.articles[at], Remarks(corrected=self.corrected.get(at, {})))

    def _is_shown(self, at: object) -> TypeGuard[int]:
        return type(at) is int and 0 <= at < min(len(self.articles), MOST_SHOWN)

    # ---- adding

    def add(self, opened: Opened) -> None:
        """Bring the articles into the index, or say what is in the way; they stay here until that is done."""
        with self._lock:
            if self.step != "read":
                return
            wrong = [at for at, _ in self.wrong if at not in self.left_out]
            self.problem = self.note = ""
            if wrong:
                self.problem = "A field can't be used as it is; put it right, or leave its article out. Nothing was added."
            elif not self.kept:
                self.problem = "Every article is left out; take one in."
            else:
                self.step, self.stage = "adding", Stage("Getting ready")
                self._start(lambda run: self._add(run, opened))

    def _add(self, run: _Run, opened: Opened) -> None:
        def progress(doing: str, done: int, total: int) -> None:
            run.check()
            self.stage = Stage("Getting ready") if doing == "Reading" else Stage(_IN_WORDS.get(doing, doing), done, total)

        problem = note = ""
        try:
            _wait(home_of(opened.index), progress)
            outcome = self._added(opened, progress)
        except _StoppedError:
            note = "Stopped. Nothing was added: everything is as it was."
        except WhosaidError as error:
            problem = f"{in_words(error).rstrip(_STOP)}. Nothing was added; what was read is still here."
        else:
            with self._lock:
                self.step, self.outcome = "added", outcome
            return
        with self._lock:
            self.step, self.problem, self.note = "read", problem, note

    def _added(self, opened: Opened, progress: Callable[[str, int, int], None]) -> Outcome:
        opened.library.refresh()
        before = {article.id for article in opened.library.articles()}
        ids = _ids([(at, self.articles[at]) for at in self.kept], opened.library, before)
        articles = {at: replace(self.articles[at], id=id) for at, id in ids.items()}
        report = library.add_articles(
            opened.index,
            [*articles.values(), *self._links()],
            corrected={articles[at].id: fields for at, fields in self.corrected.items() if at in articles and fields},
            encoder=opened.encoder,
            attributor=opened.attributor,
            progress=progress,
        )
        opened.library.refresh()
        here = {article.id: article for article in opened.library.articles()}
        found = tuple(here[article.id] for article in articles.values() if article.id in here)
        return Outcome(_in_words(report), tuple(map(str, report.notices)), found)

    def _links(self) -> Iterator[Link]:
        """Yield the addresses to remember: each comes after its articles, and goes with them where all are left out.

        A list of articles would bring back what it lists, so that beside one all are remembered.
        """
        lists = any(isinstance(item, Link) and item.kind != "article" for item in self._items)
        at = 0
        kept: list[bool] = []
        for item in self._items:
            if isinstance(item, Link):
                if lists or any(kept):
                    yield item
                kept = []
            else:
                kept.append(at not in self.left_out)
                at += 1

    # ---- stopping and starting again

    def stop(self) -> None:
        """Stop what is running: reading at once, building as soon as it can be."""
        with self._lock:
            if self._run:
                self._run.stopped.set()
            if self.step == "reading":
                self._run = None  # what it still brings is dropped
                self._clear()
                self.note = "Stopped. Nothing was read."
            elif self.step == "adding":
                self.stage = Stage("Stopping")

    def clear(self) -> None:
        """Forget what was read, unless it is being added."""
        with self._lock:
            if self.step == "reading":
                self.stop()
            if not self.working:
                self._clear()

    def _start(self, work: Callable[[_Run], None]) -> None:
        run = self._run = _Run(threading.Event())

        def worked() -> None:
            try:
                work(run)
            except _StoppedError:
                pass
            except Exception:
                # The thread's last line of defence: the page must not wait for ever on an error nobody foresaw.
                logging.getLogger(__name__).exception("articles could not be added")
                with self._lock:
                    if self._run is run:
                        self.step = "read" if self.articles else "nothing"
                        self.problem = "Something went wrong here; the terminal says what. Nothing was added."

        threading.Thread(target=worked, name="adding", daemon=True).start()


class Trays:
    """The trays of all pages by their tokens. One that nobody has looked at for two hours goes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._trays: dict[str, Tray] = {}
        self._lock = threading.Lock()

    def find(self, token: object) -> Tray | None:
        """Return the tray of a page, None for a token that isn't ours, or isn't any more."""
        with self._lock:
            self._drop_old()
            tray = self._trays.get(token) if isinstance(token, str) else None
            if tray:
                tray.seen = time.monotonic()
            return tray

    def new(self) -> Tray:
        """Return a tray for a page that has none."""
        with self._lock:
            tray = Tray()
            self._trays[tray.token] = tray
            self._drop_old()
            return tray

    def _drop_old(self) -> None:
        now = time.monotonic()
        idle = sorted((tray for tray in self._trays.values() if not tray.working), key=lambda tray: tray.seen)
        for at, tray in enumerate(idle):
            if now - tray.seen > _KEPT_SECONDS or at < len(self._trays) - _MOST_TRAYS:
                del self._trays[tray.token]


# ---- what is typed


def _checked(name: str, value: str) -> str | None:
    if len(value) > _LONGEST_FIELD:
        raise SettingsError(f"has {len(value):,} characters; expected {_LONGEST_FIELD:,} at most")
    try:
        tidy = checked({name: _NOT_TYPED.sub(" ", value)})[name]
    except SettingsError:
        raise SettingsError(f"“{' '.join(value.split())[:40]}” is not a date; write 2025, 2025-10 or 2025-10-08") from None
    if name == "url" and tidy and not web_address(tidy):
        raise SettingsError("This is no address; one begins with https://")
    return tidy


# ---- what is added


def _wait(home: Home, progress: Callable[[str, int, int], None]) -> None:
    """Wait while somebody else builds, so that waiting can be told and stopped."""
    until = time.monotonic() + LOCK_SECONDS
    while home.busy() and time.monotonic() < until:
        progress("Waiting for another build of this index", 0, 0)
        time.sleep(_WAIT_SECONDS)


def _ids(articles: Sequence[tuple[int, Article]], here: Library, taken: set[str]) -> dict[int, str]:
    """Return the id of each article by its position: its own, with a number where another text came by a file of the same name."""
    found: dict[int, str] = {}
    for at, article in articles:
        id, number = article.id, 1
        while id in found.values() or (id in taken and _is_anothers(article, here.article(id))):
            number += 1
            id = f"{article.id}~{number}"
        found[at] = id
    return found


def _is_anothers(article: Article, owner: Article) -> bool:
    """Tell whether an id, made of a file's name alone, belongs to another text; the index looks after all other ids."""
    if article.origin("id") or owner.source != article.source or not (article.source or "").endswith(given.GIVEN):
        return False
    return article.text != owner.text and likeness(article.text, owner.text) < ALIKE


def _in_words(report: BuildReport) -> str:
    same = report.merged + report.unchanged
    parts = [
        (report.added, "added"),
        (report.changed, "that is here changed" if report.changed == 1 else "that are here changed"),
        (same, "was the same as one that is here" if same == 1 else "were the same as others that are here"),
    ]
    found = [f"{number:,} {what}" for number, what in parts if number] or ["0 added"]
    number, _, rest = found[0].partition(" ")
    return f"{number} article{'' if number == '1' else 's'} {', '.join([rest, *found[1:]])}."
