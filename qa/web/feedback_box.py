"""What people say of an answer: a small form over the page, and what it keeps. Below each answer stand the links that open it.

A conversation comes from the browser and its quotes from the articles, so that nobody can put words into a record.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

import gradio as gr

from qa.errors import WhosaidError
from qa.feedback import LONGEST, Cited, Feedback, Verdict, give
from qa.settings import MilvusAddress
from qa.web import conversation
from qa.web.opening import Opening, in_words

_HERE = Path(__file__).parent
_LONGEST_POST = 10_000  # characters
_VERDICTS: dict[str, Verdict] = {"good": "good", "speaker": "wrong speaker", "group": "wrong group", "answer": "doesn't answer"}
_GONE = "This answer is no longer in the conversation."


class Said(TypedDict):
    """What the form shows after it was sent: thanks or a problem. `number` grows, so that the page sees each."""

    number: int
    thanks: str
    problem: str


class FeedbackBox:
    """The form and the function that takes what it sends."""

    def __init__(self, opening: Opening) -> None:
        """Take the library that answers are kept beside."""
        self._opening = opening
        self._sent = 0

    def lay_out(self) -> None:
        """Place the form, which is not seen before it is opened."""
        self._view = gr.HTML(
            Said(number=0, thanks="", problem=""),
            html_template=(_HERE / "feedback.html").read_text("utf-8"),
            js_on_load=(_HERE / "feedback.js").read_text("utf-8"),
            apply_default_css=False,
            elem_id="feedback",
        )
        self._box = gr.Textbox(visible="hidden", elem_id="feedback-act", max_length=_LONGEST_POST)

    def connect(self, turns: Any) -> None:
        """Connect the event."""
        self._box.change(self.take, [self._box, turns], self._view, api_visibility="private", show_progress="hidden", queue=False)

    def take(self, said: str | None, kept: object) -> Said:
        """Keep what somebody says of an answer. Trusts nothing in what is said."""
        self._sent += 1
        try:
            problem = self._kept(said or "", kept)
        except WhosaidError as error:
            problem = in_words(error)
        return Said(number=self._sent, thanks="" if problem else f"Thank you. It is kept {self._where()}.", problem=problem)

    def _where(self) -> str:
        opened = self._opening.opened
        return "with the index" if opened and isinstance(opened.index, MilvusAddress) else "on this machine"

    def _kept(self, said: str, kept: object) -> str:
        """Keep it, and return what is wrong with it where something is."""
        opened, turns = self._opening.opened, conversation.from_json(kept)
        try:
            row = json.loads(said[:_LONGEST_POST])
        except ValueError:
            row = None
        if opened is None or not isinstance(row, dict):
            return "The form could not be read; send it again."
        at, number, right, note = (row.get(name) for name in ("turn", "number", "right", "note"))
        verdict = _VERDICTS.get(str(row.get("verdict")))
        if verdict is None or type(at) is not int or type(number) is not int or not isinstance(right, str) or not isinstance(note, str):
            return "The form could not be read; send it again."
        if not 0 <= at < len(turns):
            return _GONE
        turn = turns[at]
        (shown,) = conversation.shown([turn], opened.library)
        cited = [place.citation for place in shown.quotes if place.citation]
        give(
            opened.index,
            Feedback(
                verdict=verdict,
                question=turn.question,
                history=tuple(earlier.question for earlier in turns[:at]),
                cited=tuple(Cited(one.article.id, one.quote, one.speaker, one.group) for one in cited),
                number=number if 0 <= number <= len(cited) else 0,
                right=" ".join(right.split())[:LONGEST],
                nobody=row.get("nobody") is True,
                note=note.strip()[:LONGEST],
            ),
        )
        return ""
