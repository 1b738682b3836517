"""The layout of the tab for adding articles and what happens in it. Thin: the work is done in `adding`.

What was read goes to the browser as data, which adding.js puts in as plain text. Corrections come back by position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import gradio as gr
from gradio.utils import get_upload_folder

from qa import library
from qa.reading import READERS, Notice
from qa.types import INFERRED, Article, Origin
from qa.web import places, reader
from qa.web.adding import CORRECTABLE, MOST_SHOWN, Tray, Trays
from qa.web.given import LONGEST_TEXT
from qa.web.opening import Opening
from qa.web.security import LARGEST_FILE

_HERE = Path(__file__).parent
_POLL_SECONDS = 0.4
_GROUPS_OFFERED = 2000
_LINES = 50  # of what could not be read
_BEGINNING = 260  # characters of a text
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
_HASH = re.compile("[0-9a-f]{64}")
_LABELS = {"title": "Title", "group": "Group", "author": "Author", "published": "Date", "url": "Address"}
_FROM: dict[Origin, str] = {
    "front matter": "stated by the file",
    "column": "stated by the file",
    "heading": "from the heading",
    "page metadata": "from the page’s metadata",
    "file metadata": "from the file’s properties",
    "mail header": "from the head of the mail",
    "feed": "from the feed",
    "link": "from the link",
    "web domain": "inferred from the web domain",
    "web address": "inferred from the web address",
    "byline": "inferred from the byline",
    "dateline": "inferred from the dateline",
    "text": "inferred from the text",
    "corrected": "corrected by you",
}


class Field(TypedDict):
    """A field of an article as it is shown: `known` is "stated", "inferred", "unknown", "corrected" or "wrong", `note` says it in words."""

    name: str
    label: str
    value: str
    known: str
    note: str


class Card(TypedDict):
    """An article that was understood."""

    at: int
    source: str
    words: str
    beginning: str
    digest: str
    left_out: bool
    fields: list[Field]


class Row(TypedDict):
    """An article that was added."""

    link: str
    title: str
    meta: str


class View(TypedDict):
    """The whole of the tab below what is given; "waiting" is a step before the first, while no index is open."""

    token: str
    endings: list[str]
    largest: int
    longest: int
    step: str
    doing: str
    percent: int | None
    problem: str
    note: str
    unread: list[str]
    total: int
    kept: int
    cards: list[Card]
    more: str
    groups: list[str]
    outcome: str
    notices: list[str]
    rows: list[Row]


class AddTab:
    """The parts of the tab and the functions that answer its events."""

    def __init__(self, opening: Opening, renewed: Callable[[], list[Any]]) -> None:
        """Take the library, which may still be on its way, and what returns the page's lists anew."""
        self._opening, self._renewed = opening, renewed
        self._trays = Trays()
        self._lists = 0

    def lay_out(self) -> None:
        """Place the parts."""
        self.view = gr.HTML(
            self.arrived(""),
            html_template=(_HERE / "adding.html").read_text("utf-8"),
            js_on_load=(_HERE / "adding.js").read_text("utf-8"),
            apply_default_css=False,
            server_functions=[_corrector(self._trays), _leaver(self._trays)],
            elem_id="adding",
        )

    def lay_out_beside(self) -> None:
        """Place what isn't seen, outside the tab: what is in a tab isn't there before the tab is opened."""
        self.token = gr.BrowserState("", storage_key="whosaid-adding", secret="whosaid")  # noqa: S106  (no secret: never trusted)
        self._act = gr.Textbox(visible="hidden", elem_id="add-act")  # adding.js writes what to do
        self.timer = gr.Timer(_POLL_SECONDS, active=False)

    def connect(self, lists: Sequence[Any]) -> None:
        """Connect the events; `lists` are the parts of the page that show articles, in the order of `renewed`."""
        self._lists = len(lists)
        self._act.change(self.act, [self._act, self.token], [self.view, self.timer, self.token], **_PRIVATE)
        self.timer.tick(self.look, self.token, [self.view, self.timer, *lists], **_PRIVATE)

    # ---- events

    def arrived(self, token: object) -> View:
        """Return what a page shows that comes, or comes back."""
        return self._view(self._trays.find(token))

    def is_working(self, token: object) -> bool:
        """Tell whether a page that comes back has something to wait for."""
        tray = self._trays.find(token)
        return tray is not None and tray.working

    def act(self, said: str | None, token: object) -> list[Any]:
        """Do what a button says: read (with files and text), add, stop or clear. Trusts nothing in what is said."""
        tray, opened = self._trays.find(token), self._opening.opened
        told = _told(said)
        if opened is None or (tray is None and told.get("what") != "read"):
            return [self._view(tray), gr.skip(), gr.skip()]
        tray = tray or self._trays.new()
        match told.get("what"):
            case "read":
                text = told.get("text")
                tray.read(_copies(told.get("files")), text if isinstance(text, str) else "", library.groups_told(opened.index))
            case "add":
                tray.add(opened)
            case "stop":
                tray.stop()
            case "clear":
                tray.clear()
        return [self._view(tray), gr.Timer(active=tray.working), tray.token]

    def look(self, token: object) -> list[Any]:
        """Show how far it is, and once something was added everything that lists articles anew."""
        tray = self._trays.find(token)
        view = self._view(tray)
        waiting = view["step"] in ("reading", "adding")
        lists = self._renewed() if view["step"] == "added" else [gr.skip()] * self._lists
        return [view, gr.Timer(active=waiting), *lists]

    def _view(self, tray: Tray | None) -> View:
        opened = self._opening.opened
        step = "waiting" if opened is None else tray.step if tray else "nothing"
        cards = bool(tray and step == "read")
        rest = len(tray.articles) - MOST_SHOWN if tray else 0
        outcome = tray.outcome if tray and step == "added" else None
        return View(
            token=tray.token if tray else "",
            endings=sorted(READERS),
            largest=LARGEST_FILE,
            longest=LONGEST_TEXT,
            step=step,
            doing=tray.stage.in_words() if tray else "",
            percent=tray.stage.percent if tray else None,
            problem=tray.problem if tray else "",
            note=tray.note if tray else "",
            unread=_lines(tray.notices) if tray and step in ("read", "nothing") else [],
            total=len(tray.articles) if tray else 0,
            kept=len(tray.kept) if tray else 0,
            cards=[_card(tray, at) for at in range(min(len(tray.articles), MOST_SHOWN))] if tray and cards else [],
            more=f"and {rest:,} more, added as {'it was' if rest == 1 else 'they were'} understood" if cards and rest > 0 else "",
            groups=[entry.group.name for entry in opened.library.groups()[:_GROUPS_OFFERED]] if opened and cards else [],
            outcome=outcome.words if outcome else "",
            notices=list(outcome.notices[:_LINES]) if outcome else [],
            rows=[_row(article) for article in outcome.articles[:MOST_SHOWN]] if outcome else [],
        )


def _told(said: str | None) -> dict[str, Any]:
    try:
        told = json.loads(said or "")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _copies(paths: object) -> list[Path]:
    """Return the files among these paths that were uploaded: those in a folder of Gradio's that is named by their hash."""
    folder = Path(get_upload_folder())
    found = [Path(path) for path in paths if isinstance(path, str) and "\0" not in path] if isinstance(paths, list) else []
    uploaded = [path for path in found if path.parent.parent == folder and _HASH.fullmatch(path.parent.name)]
    return [path for path in uploaded if path.is_file() and not path.is_symlink()]


# Plain functions, since Gradio marks what a script may call and a method takes no marks.


def _corrector(trays: Trays) -> Callable[[object], dict[str, Any]]:
    def correct(said: object) -> dict[str, Any]:
        """Note a correction, and return the field as it is now; trusts nothing that is said."""
        told = said if isinstance(said, dict) else {}
        tray, at, name = trays.find(told.get("token")), told.get("at"), told.get("name")
        if tray is None:
            return {"problem": "This page was left alone for too long, and what was read is gone. Read it again."}
        tray.correct(at, name, told.get("value"))
        if type(at) is not int or name not in CORRECTABLE or not 0 <= at < len(tray.articles):
            return {"problem": "This is no field of an article here."}
        return dict(_field(tray, at, str(name)))

    return correct


def _leaver(trays: Trays) -> Callable[[object], dict[str, Any]]:
    def leave_out(said: object) -> dict[str, Any]:
        """Leave an article out or take it in again, and return how many are left; trusts nothing that is said."""
        told = said if isinstance(said, dict) else {}
        tray = trays.find(told.get("token"))
        if tray is None:
            return {"problem": "This page was left alone for too long, and what was read is gone. Read it again."}
        tray.leave_out(told.get("at"), told.get("out"))
        return {"kept": len(tray.kept)}

    return leave_out


# ---- what is shown


def _card(tray: Tray, at: int) -> Card:
    article = tray.articles[at]
    words = len(article.text.split())
    beginning = " ".join(article.text[: 4 * _BEGINNING].split())
    return Card(
        at=at,
        source=article.source or "",
        words="1 word" if words == 1 else f"{words:,} words",
        beginning=beginning if len(beginning) <= _BEGINNING else f"{beginning[:_BEGINNING].rpartition(' ')[0]} …",
        digest=reader.DIGEST if article.kind == "digest" else "",
        left_out=at in tray.left_out,
        fields=[_field(tray, at, name) for name in CORRECTABLE],
    )


def _field(tray: Tray, at: int, name: str) -> Field:
    label = _LABELS[name]
    if wrong := tray.wrong.get((at, name)):
        return Field(name=name, label=label, value=wrong[0], known="wrong", note=wrong[1])
    article = tray.article(at)
    value, origin = getattr(article, name), article.origin(name)
    if name in tray.corrected.get(at, {}):
        return Field(
            name=name, label=label, value=str(value or ""), known="corrected", note="corrected by you" if value else "emptied by you"
        )
    if value is None:
        return Field(name=name, label=label, value="", known="unknown", note="unknown")
    known = "inferred" if origin in INFERRED else "stated"
    note = _FROM[origin] if origin else "stated by the file"
    return Field(name=name, label=label, value=str(value), known=known, note=f"{note}, please check" if known == "inferred" else note)


def _row(article: Article) -> Row:
    meta = f"{reader.publisher(article)} · {reader.date(article)}"
    return Row(link=places.to_article(article.id), title=article.title or reader.NO_TITLE, meta=meta)


def _lines(notices: Iterable[Notice]) -> list[str]:
    lines = [str(notice).removeprefix(": ") for notice in notices]
    return lines if len(lines) <= _LINES else [*lines[:_LINES], f"and {len(lines) - _LINES:,} more lines like these"]
