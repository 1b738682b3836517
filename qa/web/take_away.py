"""Taking away what was answered: a conversation as a file, an answer's quotes with their citations for the clipboard.

The conversation is the browser's, and its links are all that is trusted: every quote is read from its article again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from qa.answering.compose import heading, quoted
from qa.evidence import FORMS, Entry
from qa.types import Citation
from qa.web import conversation, places, reader
from qa.web.compare_tab import file_of
from qa.web.conversation import Shown
from qa.web.opening import Opening

_MOST_LINKS = 40
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 2}
_NOT_OPEN = "The articles are not open yet."
_NOTHING = "There is nothing to take away yet: ask something first."


class TakeAway:
    """The menu under the chat, and what is behind "Copy with citations"."""

    def __init__(self, opening: Opening) -> None:
        """Take the library, which may still be on its way."""
        self._opening = opening

    def lay_out(self) -> None:
        """Place the menu, and a hidden box into which its script writes what is wanted."""
        here = Path(__file__).parent
        self._view = gr.HTML(
            {},
            html_template=(here / "take_away.html").read_text("utf-8"),
            js_on_load=(here / "take_away.js").read_text("utf-8"),
            apply_default_css=False,
            server_functions=[_citer(self._opening)],
            elem_id="take-away",
        )
        self._wanted = gr.Textbox(visible="hidden", elem_id="take-away-act", max_length=100)

    def connect(self, turns: Any) -> None:
        """Connect the menu with the conversation that the browser keeps."""
        self._wanted.change(self.written, [self._wanted, turns], self._view, **_PRIVATE)

    def written(self, wanted: str | None, kept: object) -> dict[str, Any]:
        """Return the conversation in the form wanted ("TIME.md") as a file to save, or a problem in words."""
        opened, form = self._opening.opened, f".{(wanted or '').rpartition('.')[2]}"
        if opened is None:
            return {"at": time.time(), "problem": _NOT_OPEN}
        turns = conversation.from_json(kept)
        if form not in FORMS or not turns:
            return {"at": time.time(), "problem": _NOTHING}
        file = file_of(entries(conversation.shown(turns, opened.library)), form, "whosaid-conversation", opened.library)
        return {"at": time.time(), **file}


def entries(talk: Iterable[Shown]) -> list[Entry]:
    """Return an entry for each turn of a conversation, those without an answer included."""
    return [_entry(shown) for shown in talk]


def _entry(shown: Shown) -> Entry:
    turn = shown.turn
    lead = turn.lead or (f"That could not be answered. {turn.problem}" if turn.problem else "Stopped before an answer.")
    citations = tuple(place.citation for place in shown.quotes if place.citation)
    notes = (*dict.fromkeys(shown.lost), *turn.notes)
    understood = tuple(words for words, _ in turn.understood)
    return Entry(turn.question, lead, notes, citations, understood, turn.within, worded=shown.written)


def cited(citations: Iterable[Citation]) -> str:
    """Return quotes as plain text, each with who says it, who published it, when, the title, and its address or id."""
    return "\n\n".join(_cited(citation) for citation in citations)


def _cited(citation: Citation) -> str:
    article = citation.article
    return f"{quoted(citation)}\n{heading(citation)}. {article.title or reader.NO_TITLE}. {article.url or f'Article {article.id}'}"


def _citer(opening: Opening) -> Callable[[object], dict[str, Any]]:
    def cite(links: object) -> dict[str, Any]:
        """Return the quotes that links lead to as text with their citations, or a problem in words. Trusts nothing in them."""
        if opening.opened is None:
            return {"problem": _NOT_OPEN}
        found, problem = [], "There is no quote to copy."
        for link in links[:_MOST_LINKS] if isinstance(links, list) else []:
            try:
                place = places.find(link, opening.opened.library)
            except places.PlaceError as error:
                problem = str(error)
                continue
            found += [place.citation] if place.citation else []
        return {"text": cited(found) + "\n"} if found else {"problem": problem}

    return cite
