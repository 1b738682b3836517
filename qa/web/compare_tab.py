"""The tab that compares groups on a topic, and what happens in it. Thin: the library compares, `evidence` writes.

compare.js calls three functions here and puts what they return in as plain text. Nothing that it sends is trusted: quotes
are links that are checked when opened, and what is saved is what was compared here, kept for a while under a token.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import gradio as gr

from qa import evidence
from qa.answering.compose import quoted, same_words
from qa.answering.compose import speaker as who_says
from qa.errors import QuestionError, WhosaidError
from qa.library import Library
from qa.settings import LONGEST_QUESTION
from qa.types import Citation, Comparison, GroupStance, Question
from qa.web import places, reader
from qa.web.conversation import Filters
from qa.web.opening import Opening, in_words
from qa.web.render import VOICES

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS_OFFERED = 300
AT_ONCE = 2  # comparisons that run; each keeps a processor busy
_WAITING = 6  # that wait for their turn, each in a thread of the server's
_PATIENCE = 30.0  # seconds
_KEPT = 50  # comparisons that can still be saved
_LONGEST_DATE = 40
_NOT_OPEN = "The articles are not open yet."
_BUSY = "Others are comparing just now. Try again in a moment."
_FAILED = "Something went wrong here; the terminal says what."
_GONE = "This comparison is no longer kept. Compare again, then save it."
_CHANGED = "An article of this comparison is no longer there. Compare again, then save it."


class Quote(TypedDict):
    """A quote as it is shown: `who` is nothing where the group of its row says it.

    `first` and `last` are the days that its date may mean, nothing where it has none.
    """

    link: str
    number: int
    who: str
    words: str
    voice: str
    digest: bool
    title: str
    date: str
    first: str
    last: str
    also: str


class Row(TypedDict):
    """A group as it is shown."""

    group: str
    stance: str
    finding: str
    quotes: list[Quote]


class Shown(TypedDict):
    """A comparison as it is shown; `token` is what it is kept under."""

    token: str
    topic: str
    lead: str
    within: str
    by_date: bool
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to be compared."""

    topic: str
    filters: Filters
    by_date: bool

    @classmethod
    def read(cls, said: object, known: set[str]) -> Asked:
        """Read what the page's script sends; raise QuestionError for what can't be compared. `known` are groups with articles."""
        told = said if isinstance(said, dict) else {}
        topic, groups = told.get("topic"), told.get("groups")
        if not isinstance(topic, str) or not topic.strip():
            raise QuestionError("Type a topic to compare, for example: pensions for miners.")
        if len(topic) > LONGEST_QUESTION:
            raise QuestionError(f"The topic is longer than {LONGEST_QUESTION:,} characters; a few words are enough.")
        if not isinstance(groups, list) or not all(isinstance(name, str) and name in known for name in groups[: GROUPS_OFFERED + 1]):
            raise QuestionError("One of these groups has no articles here any more. Open the list of groups and choose again.")
        dates = [told.get(name) for name in ("since", "until")]
        since, until = (date[:_LONGEST_DATE] if isinstance(date, str) else "" for date in dates)
        filters = Filters.read(tuple(dict.fromkeys(groups[:GROUPS_OFFERED])), since, until)
        return cls(topic.strip(), filters, told.get("by_date") is True)

    @property
    def question(self) -> Question:
        """The same for the library."""
        return Question(self.topic, groups=self.filters.groups, since=self.filters.since, until=self.filters.until)


class Turnstile:
    """Lets so many through at once and so many wait; whoever comes beyond that is sent away."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = _WAITING, patience: float = _PATIENCE) -> None:
        """Let `at_once` through, let `waiting` more wait for `patience` seconds."""
        self._inside, self._all, self._patience = threading.Semaphore(at_once), threading.Semaphore(at_once + waiting), patience

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Wait for a turn; raise QuestionError where there are too many, or it takes too long."""
        if not self._all.acquire(blocking=False):
            raise QuestionError(_BUSY)
        try:
            if not self._inside.acquire(timeout=self._patience):
                raise QuestionError(_BUSY)
            try:
                yield
            finally:
                self._inside.release()
        finally:
            self._all.release()


class Comparisons:
    """What was compared lately, by a token that can't be guessed: the only thing that can be saved. Safe between threads."""

    def __init__(self, most: int = _KEPT) -> None:
        """Keep `most` of them."""
        self._kept: OrderedDict[str, evidence.Entry] = OrderedDict()
        self._most, self._lock = most, threading.Lock()

    def keep(self, entry: evidence.Entry) -> str:
        """Keep a comparison, letting go of the oldest, and return its token."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[token] = entry
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return token

    def find(self, token: object) -> evidence.Entry | None:
        """Return what is kept under a token."""
        with self._lock:
            return self._kept.get(token) if isinstance(token, str) else None


class CompareTab:
    """The tab. Lay it out inside a `gr.Tab`; it needs no other part of the page."""

    def __init__(self, opening: Opening) -> None:
        """Take the library, which may still be on its way."""
        self._opening = opening

    def lay_out(self) -> None:
        """Place the one part there is."""
        here, comparisons = Path(__file__).parent, Comparisons()
        gr.HTML(
            {"longest": LONGEST_QUESTION},
            html_template=(here / "compare.html").read_text("utf-8"),
            js_on_load=(here / "compare.js").read_text("utf-8"),
            apply_default_css=False,
            server_functions=[
                _lister(self._opening),
                _comparer(self._opening, comparisons, Turnstile()),
                _saver(self._opening, comparisons),
            ],
            elem_id="compare",
        )


# Plain functions, since Gradio marks what a script may call and a method takes no marks.


def _lister(opening: Opening) -> Callable[[object], dict[str, Any]]:
    def list_groups(said: object = None) -> dict[str, Any]:
        """Return the groups that can be compared, each with how many articles it has, or that nothing is open yet."""
        if opening.opened is None:
            return {"ready": False, "problem": opening.stage.problem}
        groups = opening.opened.library.groups()
        rows = [{"name": entry.group.name, "articles": entry.articles} for entry in groups[:GROUPS_OFFERED]]
        return {"ready": True, "groups": rows, "more": max(0, len(groups) - GROUPS_OFFERED)}

    return list_groups


def _comparer(opening: Opening, comparisons: Comparisons, turnstile: Turnstile) -> Callable[[object], dict[str, Any]]:
    def compare(said: object) -> dict[str, Any]:
        """Compare, or return a problem in words."""
        if opening.opened is None:
            return {"problem": _NOT_OPEN}
        library = opening.opened.library
        try:
            asked = Asked.read(said, {entry.group.name for entry in library.groups()})
            with turnstile.passed():
                library.refresh()
                found = library.compare(asked.question, by_date=asked.by_date)
            token = comparisons.keep(evidence.of_comparison(found, asked.filters.in_words()))
            return dict(shown(found, asked, token))
        except WhosaidError as error:
            return {"problem": in_words(error)}
        except Exception:
            # The last line of defence: what the browser would get instead tells nobody anything.
            logging.getLogger(__name__).exception("the groups could not be compared")
            return {"problem": _FAILED}

    return compare


def _saver(opening: Opening, comparisons: Comparisons) -> Callable[[object], dict[str, Any]]:
    def save(said: object) -> dict[str, Any]:
        """Return a comparison as a text to save, or a problem in words."""
        told = said if isinstance(said, dict) else {}
        entry, form = comparisons.find(told.get("token")), told.get("form")
        if opening.opened is None or entry is None or not isinstance(form, str) or form not in evidence.FORMS:
            return {"problem": _GONE}
        return file_of([entry], form, "whosaid-comparison", opening.opened.library)

    return save


def file_of(entries: list[evidence.Entry], form: str, name: str, library: Library) -> dict[str, Any]:
    """Return entries as a file for the browser to save, or a problem in words where an article is gone."""
    try:
        text = evidence.FORMS[form](entries, library.article)
    except KeyError:
        return {"problem": _CHANGED}
    return {"name": name + form, "type": evidence.TYPES[form], "text": text}


# ---- what is shown


def shown(found: Comparison, asked: Asked, token: str) -> Shown:
    """Return a comparison as the page shows it."""
    lead = found.lead.removeprefix(f"“{found.topic}”: ")  # it stands under the topic
    lead = lead[:1].upper() + lead[1:]
    return Shown(
        token=token,
        topic=found.topic,
        lead=lead,
        within=asked.filters.in_words(),
        by_date=found.by_date,
        rows=[_row(row) for row in found.rows],
    )


def _row(row: GroupStance) -> Row:
    finding = {"says": "Says", "mentions": "Only mentions"}.get(row.stance, evidence.stance(row))
    quotes = [_quote(citation, row.group) for citation in row.citations]
    return Row(group=row.group or "Unknown group", stance=row.stance, finding=finding[0].upper() + finding[1:], quotes=quotes)


def _quote(citation: Citation, group: str | None) -> Quote:
    article = citation.article
    return Quote(
        link=places.to_quote(citation),
        number=citation.number,
        who="" if reader.in_our_words(citation) or citation.speaker == group else who_says(citation),
        words=quoted(citation),
        voice="digest, our words" if citation.digest else VOICES[citation.voice],
        digest=citation.digest,
        title=article.title or reader.NO_TITLE,
        date=reader.date(article),
        first=article.published.first.isoformat() if article.published else "",
        last=article.published.last.isoformat() if article.published else "",
        also=same_words(citation),
    )
