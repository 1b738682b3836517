"""The layout of the page and what happens on it. Thin: questions go to `conversation`, words come from `render`.

Every event is private to the page; what programs may ask is in `api`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from qa.errors import QuestionError, WhosaidError
from qa.settings import LONGEST_QUESTION
from qa.web import api, conversation, places, reader, render
from qa.web.add_tab import AddTab
from qa.web.check_tab import CheckTab
from qa.web.compare_tab import CompareTab
from qa.web.conversation import Filters, Shown, Turn
from qa.web.explore_tab import ExploreTab
from qa.web.feedback_box import FeedbackBox
from qa.web.opening import Opened, Opening, in_words
from qa.web.take_away import TakeAway

_HERE = Path(__file__).parent
_POLL_SECONDS = 0.6
_GROUPS_OFFERED = 300
_ASK = "Ask a question"
_WAIT = "Not ready yet: opening the index"
_NEVER = "Not available, see above"
_WELCOME = "## Which group said what?\nAsk in your own words. Every answer is a quote, with its speaker and its article, one click away."
_WRONG = "Something went wrong here; the terminal says what."
_WORDED_AT_ONCE = 16  # answers that wait for a language model, beside those that are being looked for
_QUOTES_ALONE = ("Quotes alone", -1)
_FILTER = "Filter by group and date"

# Fonts of the reader's own machine only: a web font would be a request to somebody else.
_SANS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

_PLAIN: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_AT_ONCE: dict[str, Any] = {**_PRIVATE, "queue": False}


def theme() -> Any:
    """Return the theme: system fonts, a quiet blue green that no party claims, contrast enough in light and dark."""
    return gr.themes.Base(primary_hue="teal", neutral_hue="stone", font=_SANS, font_mono=_MONO, radius_size="lg").set(
        body_background_fill="#faf9f7",
        body_background_fill_dark="#171614",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#201e1c",
        background_fill_secondary="#f4f2ee",
        background_fill_secondary_dark="#292623",
        block_background_fill="*background_fill_primary",
        block_background_fill_dark="*background_fill_primary",
        border_color_primary="#e2ded7",
        border_color_primary_dark="#3a3733",
        body_text_color="#22201d",
        body_text_color_dark="#eceae6",
        body_text_color_subdued="#6a645c",
        body_text_color_subdued_dark="#aca69d",
        input_placeholder_color="#766f66",
        input_placeholder_color_dark="#9a948b",
        color_accent="#1d6b66",
        color_accent_soft="#e3efec",
        color_accent_soft_dark="#1f3b38",
        block_label_text_color="*body_text_color_subdued",
        block_label_text_color_dark="*body_text_color_subdued",
        block_title_text_color="*body_text_color_subdued",
        block_title_text_color_dark="*body_text_color_subdued",
        block_shadow="none",
        block_border_width="1px",
    )


def head() -> str:
    """Return what goes into the head of the page: what scripts share, and the style sheets, whose selectors Gradio would rewrite."""
    styles = "".join(
        file.read_text("utf-8") for file in sorted(_HERE.glob("*.css"), key=lambda file: (file.name != "style.css", file.name))
    )
    script = (_HERE / "common.js").read_text("utf-8")
    return f"<meta name='color-scheme' content='light dark'><script>{script}</script><style>{styles}</style>"


def page(opening: Opening) -> Any:
    """Return the page for a library that may still be on its way."""
    with gr.Blocks(title="whosaid", fill_width=True, analytics_enabled=False) as blocks:
        api.connect(opening)  # first: the names of endpoints go to who asks for them first
        _Page(opening).lay_out(blocks)
    return blocks


class _Page:
    """The parts of the page and the functions that answer its events."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._add = AddTab(opening, self.renewed)
        self._feedback = FeedbackBox(opening)
        self._compare, self._take_away = CompareTab(opening), TakeAway(opening)
        self._explore = ExploreTab(opening)
        self._looking = threading.BoundedSemaphore(api.AT_ONCE)  # answers that are looked for at once

    # ---- layout

    def lay_out(self, blocks: Any) -> None:
        """Place the parts and connect their events."""
        gr.HTML((_HERE / "masthead.html").read_text("utf-8"), elem_id="masthead", **_PLAIN)
        with gr.Row(elem_id="split", equal_height=False):
            with gr.Column(scale=3, min_width=300, elem_id="left"), gr.Tabs(elem_id="tabs"):
                with gr.Tab("Chat", id="chat"):
                    self._lay_out_chat()
                    self._feedback.lay_out()
                with gr.Tab("Compare", id="compare"):
                    self._compare.lay_out()
                with gr.Tab("Articles", id="articles") as self._articles_tab:
                    self._explore.lay_out_articles()
                with gr.Tab("Groups", id="groups") as self._groups_tab:
                    self._explore.lay_out_groups()
                with gr.Tab("Check", id="check"):
                    CheckTab(self._opening).lay_out()
                with gr.Tab("Add", id="add"):
                    self._add.lay_out()
            with gr.Column(scale=2, min_width=300, elem_id="right"):
                self._panel = gr.HTML(
                    render.panel(None),
                    html_template=(_HERE / "panel.html").read_text("utf-8"),
                    js_on_load=(_HERE / "panel.js").read_text("utf-8"),
                    apply_default_css=False,
                    server_functions=[_place_opener(self._opening)],
                    elem_id="panel",
                )
        self._add.lay_out_beside()
        self._connect(blocks)

    def _lay_out_chat(self) -> None:
        self._state = gr.HTML(render.stage(self._opening.stage), elem_id="state", **_PLAIN)
        self._chat = gr.Chatbot(
            elem_id="chat",
            height="auto",
            show_label=False,
            label="Conversation",
            layout="panel",
            placeholder=_WELCOME,
            buttons=[],
            feedback_options=None,
            latex_delimiters=[],
            allow_tags=False,
            line_breaks=False,
            group_consecutive_messages=False,
        )
        self._next = gr.HTML(
            {"after": "", "questions": []},
            html_template="<div class='ws-go-on' hidden></div>",
            js_on_load=(_HERE / "next.js").read_text("utf-8"),
            apply_default_css=False,
            elem_id="next",
        )
        self._complaint = gr.HTML(elem_id="complaint", **_PLAIN)
        self._box = gr.Textbox(
            elem_id="question",
            label="Question",
            show_label=False,
            placeholder=_WAIT,
            interactive=False,
            submit_btn=True,
            max_length=LONGEST_QUESTION,
        )
        models = self._opening.writers
        self._wording = gr.Radio(
            [*((model.name, at) for at, model in enumerate(models)), _QUOTES_ALONE],
            value=0 if models else -1,
            label="Worded by",
            visible=bool(models),
            elem_id="wording",
        )
        with gr.Row(elem_id="below"):
            with gr.Accordion(_FILTER, open=False, elem_id="filter") as self._filter:
                self._chosen = gr.CheckboxGroup([], label="Articles by", elem_id="chosen")
                with gr.Row():
                    self._since = gr.Textbox(label="From", placeholder="2024 or 2024-05 or 2024-05-11", max_length=40, min_width=140)
                    self._until = gr.Textbox(label="To", placeholder="2025 or 2025-10 or 2025-10-08", max_length=40, min_width=140)
            self._take_away.lay_out()
            self._new = gr.Button("New chat", size="sm", elem_id="new", min_width=90, scale=0)
        self._turns = gr.BrowserState([], storage_key="whosaid-conversation", secret="whosaid")  # noqa: S106  (no secret: never trusted)
        self._linked = gr.Textbox(visible="hidden", elem_id="linked")  # a gr.State set while loading fires no change
        self._without = gr.Textbox(visible="hidden", elem_id="without", max_length=1000)  # the panel's script writes what is taken back
        self._asked_next = gr.Textbox(
            visible="hidden", elem_id="asked-next", max_length=LONGEST_QUESTION + 20
        )  # "TIME.QUESTION", by a script
        self._timer = gr.Timer(_POLL_SECONDS, active=False)

    def _connect(self, blocks: Any) -> None:
        lists = [self._chosen, self._explore.articles, self._explore.groups]
        arrival = [self._state, self._chat, self._box, self._panel, *lists, self._timer, self._linked, self._add.view, self._add.timer]
        blocks.load(self.arrive, [self._turns, self._add.token], arrival, **_AT_ONCE)
        self._timer.tick(self.arrive, [self._turns, self._add.token], arrival, **_AT_ONCE)

        filters = [self._chosen, self._since, self._until]
        asked_with = [*filters, self._wording]
        talk = [self._box, self._chat, self._panel, self._turns, self._complaint]
        asking: dict[str, Any] = {**_PRIVATE, "concurrency_id": "ask", "concurrency_limit": api.AT_ONCE, "trigger_mode": "once"}
        if self._opening.writers:  # who waits for a language model's words must not keep others from their quotes
            asking |= {"concurrency_id": "worded", "concurrency_limit": _WORDED_AT_ONCE}
        running = [
            self._box.submit(self.ask, [self._box, self._turns, *asked_with], talk, **asking),
            self._chat.example_select(self.ask_example, [self._turns, *asked_with], talk, **asking),
            self._chat.retry(self.retry, [self._turns, *asked_with], talk, **asking),
            self._without.change(self.ask_without, [self._without, self._turns, *asked_with], talk, **asking),
            self._linked.change(self.ask, [self._linked, self._turns, *asked_with], talk, **asking),
            self._asked_next.change(self.ask_next, [self._asked_next, self._turns, *asked_with], talk, **asking),
        ]
        for event in running:  # apart from the answer, which waits for nothing
            event.then(self.suggest, [self._turns, *filters], self._next, concurrency_id="suggest", concurrency_limit=2, **_PRIVATE)
        self._box.stop(self.stop, self._turns, talk, cancels=running, **_AT_ONCE)
        self._chat.undo(self.undo, self._turns, talk, **_AT_ONCE)
        self._new.click(self.start_anew, None, talk, **_AT_ONCE)
        for part in filters:
            part.change(self.name_filter, filters, self._filter, **_AT_ONCE)
        for part in (self._articles_tab.select, self._groups_tab.select, self._filter.expand):
            part(self.renewed, None, lists, **_AT_ONCE)  # another page may have added something
        self._add.connect(lists)
        self._feedback.connect(self._turns)
        self._take_away.connect(self._turns)

    # ---- becoming ready

    def arrive(self, kept: object, adding: object, request: gr.Request) -> list[Any]:
        """Show how far the opening is, or the page ready for questions with the conversation that the browser kept."""
        opened, now = self._opening.opened, self._opening.stage
        if opened is None:
            waiting = [gr.skip()] * 11
            waiting[0] = render.stage(now)
            waiting[2] = gr.Textbox(placeholder=_NEVER if now.problem else _WAIT, interactive=False)
            waiting[7] = gr.Timer(active=not now.problem)
            return waiting
        library = opened.library
        turns = conversation.from_json(kept)
        shown = conversation.shown(turns, library)
        link = str(request.query_params.get("q") or "")[:LONGEST_QUESTION].strip()
        return [
            gr.HTML(visible=False),
            gr.Chatbot(render.messages(shown), examples=[{"text": question} for question in opened.starters]),
            gr.Textbox(placeholder=_ASK, interactive=True, autofocus=True),
            render.panel(shown[-1] if shown else None, places.from_address(request.query_params)),
            *self.renewed(),
            gr.Timer(active=False),
            "" if turns and turns[-1].question == " ".join(link.split()) else link,  # a reload doesn't ask again
            self._add.arrived(adding),
            gr.Timer(active=self._add.is_working(adding)),
        ]

    def renewed(self) -> list[Any]:
        """Return what lists articles and groups, as they are now: the filter, the tabs for articles and for groups."""
        if self._opening.opened is None:
            return [gr.skip()] * 3
        groups = self._opening.opened.library.groups()
        offered = gr.CheckboxGroup(choices=[entry.group.name for entry in groups[:_GROUPS_OFFERED]])
        return [offered, *self._explore.renewed()]

    # ---- the conversation

    def ask(
        self, text: str | None, kept: object, groups: list[str] | None, since: str | None, until: str | None, wording: int | None
    ) -> Iterator[list[Any]]:
        """Ask the library and show the answer, the question at once; then what the chosen language model makes of it."""
        opened = self._opening.opened
        if opened is None or not text or not text.strip():
            return
        try:
            filters = Filters.read(groups, since, until)
        except QuestionError as error:
            yield [gr.skip(), gr.skip(), gr.skip(), gr.skip(), render.complaint(str(error))]
            return
        turns = conversation.asked(conversation.from_json(kept), text, filters)
        yield from self._answered(turns, filters, opened, wording)

    def ask_example(
        self, kept: object, groups: list[str] | None, since: str | None, until: str | None, wording: int | None, event: gr.SelectData
    ) -> Iterator[list[Any]]:
        """Ask one of the questions to begin with."""
        text = event.value.get("text") if isinstance(event.value, dict) else ""
        yield from self.ask(str(text or ""), kept, groups, since, until, wording)

    def ask_next(
        self, said: str | None, kept: object, groups: list[str] | None, since: str | None, until: str | None, wording: int | None
    ) -> Iterator[list[Any]]:
        """Ask one of the questions to go on with: "TIME.QUESTION"."""
        yield from self.ask((said or "").partition(".")[2], kept, groups, since, until, wording)

    def ask_without(
        self, taken_back: str | None, kept: object, groups: list[str] | None, since: str | None, until: str | None, wording: int | None
    ) -> Iterator[list[Any]]:
        """Ask a question again, read without what was taken back: "TIME.TURN-KEY"; what came after it goes."""
        opened, turns = self._opening.opened, conversation.from_json(kept)
        at, _, address = (taken_back or "").partition(".")[2].partition("-")
        if opened is None or not at.isdecimal() or int(at) >= len(turns):
            return
        try:
            key, filters = render.key_of(address), Filters.read(groups, since, until)
        except (QuestionError, ValueError) as error:
            yield [gr.skip(), gr.skip(), gr.skip(), gr.skip(), render.complaint(str(error))]
            return
        yield from self._answered(conversation.asked_without(turns, int(at), key, filters), filters, opened, wording)

    def retry(
        self, kept: object, groups: list[str] | None, since: str | None, until: str | None, wording: int | None, event: gr.RetryData
    ) -> Iterator[list[Any]]:
        """Ask a question again, as the filters are now; what came after it goes."""
        turns = conversation.from_json(kept)
        at = _turn_of(event, turns)
        if at is not None:
            yield from self.ask(turns[at].question, conversation.to_json(turns[:at]), groups, since, until, wording)

    def undo(self, kept: object, event: gr.UndoData) -> list[Any]:
        """Take back a question with what came after it, and put it into the box."""
        turns = conversation.from_json(kept)
        at = _turn_of(event, turns)
        if at is None or self._opening.opened is None:
            return [gr.skip()] * 5
        return [gr.Textbox(turns[at].question), *self._talk(turns[:at], self._opening.opened)]

    def stop(self, kept: object) -> list[Any]:
        """Show the conversation after an answer was stopped: its question stays, without one."""
        if self._opening.opened is None:
            return [gr.skip()] * 5
        return [gr.Textbox(submit_btn=True, stop_btn=False), *self._talk(conversation.from_json(kept), self._opening.opened)]

    def start_anew(self) -> list[Any]:
        """Begin a new conversation."""
        return [gr.Textbox("", autofocus=True), [], render.panel(None), [], ""]

    def suggest(self, kept: object, groups: list[str] | None, since: str | None, until: str | None) -> dict[str, Any]:
        """Return questions to go on with, each of which has an answer, and after which question they come."""
        opened, turns = self._opening.opened, conversation.from_json(kept)
        if opened is None or not turns:
            return {"after": "", "questions": []}
        try:
            filters = Filters.read(groups, since, until)
        except QuestionError:
            filters = Filters()
        return {"after": turns[-1].question, "questions": list(conversation.to_go_on(turns, filters, opened.library))}

    def _answered(self, turns: list[Turn], filters: Filters, opened: Opened, wording: int | None) -> Iterator[list[Any]]:
        model = self._opening.writers[wording] if wording is not None and 0 <= wording < len(self._opening.writers) else None
        before = conversation.shown(turns, opened.library)
        asked = gr.Textbox("", submit_btn=False, stop_btn=True)
        yield [asked, render.messages(before, waiting=True), gr.skip(), conversation.to_json(turns), ""]
        answer = None
        try:
            with self._looking:
                turns, answer = conversation.answering(turns, filters, opened.library, model if self._opening.rewrites else None)
        except Exception:
            # The page's last line of defence: without it the box would stay as it is while waiting.
            logging.getLogger(__name__).exception("the question could not be answered")
            turns = conversation.failed(turns, _WRONG)
        if not model or not answer or not answer.citations:
            yield [gr.Textbox(submit_btn=True, stop_btn=False), *self._talk(turns, opened)]
            return
        panel = render.panel(conversation.shown(turns, opened.library)[-1])
        try:
            for so_far in conversation.worded(turns, answer, model, opened.library):
                turns = so_far or turns
                chat, _, kept, complaint = self._talk(turns, opened, writing=True) if so_far else [gr.skip()] * 4
                yield [gr.skip(), chat, panel, kept, complaint]
                panel = gr.skip()  # somebody may have opened an article in it
        except Exception:
            logging.getLogger(__name__).exception("the answer could not be worded")
            turns = conversation.not_worded(turns, model.name, _WRONG.rstrip("."))
        chat, _, kept, complaint = self._talk(turns, opened)
        yield [gr.Textbox(submit_btn=True, stop_btn=False), chat, gr.skip(), kept, complaint]

    def _talk(self, turns: list[Turn], opened: Opened, *, writing: bool = False) -> list[Any]:
        shown: list[Shown] = conversation.shown(turns, opened.library)
        return [render.messages(shown, writing=writing), render.panel(shown[-1] if shown else None), conversation.to_json(turns), ""]

    # ---- around it

    def name_filter(self, groups: list[str] | None, since: str | None, until: str | None) -> Any:
        """Name what is filtered where the filter is folded away."""
        try:
            words = Filters.read(groups, since, until).in_words()
        except QuestionError:
            words = "a date can't be read yet"  # the whole message comes when somebody asks
        return gr.Accordion(label=f"Filter: {words}" if words else _FILTER)


def _place_opener(opening: Opening) -> Callable[[object], dict[str, Any]]:
    """Return the function that the panel calls: a plain one, since Gradio marks it and a method takes no marks."""

    def open_place(link: object) -> dict[str, Any]:
        """Return the article that a link leads to, or a problem in words. Reads only, and trusts nothing in the link."""
        if opening.opened is None:
            return {"problem": "The articles are not open yet."}
        try:
            place = places.find(link, opening.opened.library)
            return dict(reader.opened(place, opening.opened.library.statements(place.article.id)))
        except places.PlaceError as error:
            return {"problem": str(error)}
        except WhosaidError as error:
            return {"problem": in_words(error)}

    return open_place


def _turn_of(event: gr.EventData, turns: list[Turn]) -> int | None:
    """Return which turn a message belongs to: each has two, the question and what came of it."""
    at = event.index // 2 if isinstance(event.index, int) else -1
    return at if 0 <= at < len(turns) else None
