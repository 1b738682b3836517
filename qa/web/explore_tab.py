"""The layout of the tabs for articles and groups. Thin: what is listed comes from `explore`, as data put in as plain text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from qa.errors import IndexFolderError
from qa.web import explore
from qa.web.opening import Opening, in_words

_HERE = Path(__file__).parent
_NOT_YET = {"problem": "The articles are not open yet."}


class ExploreTab:
    """The parts of the two tabs. Their value tells how the corpus is now; their scripts fetch whatever is listed."""

    def __init__(self, opening: Opening) -> None:
        """Take the library, which may still be on its way."""
        self._opening = opening

    def lay_out_articles(self) -> Any:
        """Place the tab for articles and return it."""
        self.articles = _part("articles", [_asker("list_articles", explore.list_articles, self._opening)])
        return self.articles

    def lay_out_groups(self) -> Any:
        """Place the tab for groups and return it."""
        functions = [
            _asker("list_groups", explore.list_groups, self._opening),
            _asker("group_page", explore.group_page, self._opening),
            _asker("list_articles", explore.list_articles, self._opening),
        ]
        self.groups = _part("groups", functions)
        return self.groups

    def renewed(self) -> list[Any]:
        """Return what both tabs show of the corpus as it is now."""
        if self._opening.opened is None:
            return [gr.skip(), gr.skip()]
        now = explore.glance(self._opening.opened.library)
        return [now, {"stamp": now["stamp"]}]


def _part(name: str, functions: list[Callable[[object], Any]]) -> Any:
    return gr.HTML(
        {"stamp": None},
        html_template=(_HERE / f"{name}.html").read_text("utf-8"),
        js_on_load=(_HERE / "explore.js").read_text("utf-8") + (_HERE / f"{name}.js").read_text("utf-8"),
        apply_default_css=False,
        server_functions=functions,
        elem_id=name,
    )


def _asker(name: str, function: Callable[..., Any], opening: Opening) -> Callable[[object], Any]:
    """Return the function that a script calls by this name: a plain one, since Gradio marks it and a method takes no marks."""

    def ask(asked: object) -> Any:
        try:
            return _NOT_YET if opening.opened is None else function(asked, opening.opened.library)
        except IndexFolderError as error:
            return {"problem": in_words(error)}

    ask.__name__ = name
    return ask
