"""The layout of the tab that checks a pasted quote. Thin: the work is done in `checking`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from qa.settings import LONGEST_QUOTE
from qa.web import checking
from qa.web.opening import Opening

_HERE = Path(__file__).parent


class CheckTab:
    """The one part of the tab, whose script calls the check."""

    def __init__(self, opening: Opening) -> None:
        """Take the library, which may still be on its way."""
        self._opening = opening

    def lay_out(self) -> None:
        """Place the part."""
        opening = self._opening

        def check_quote(asked: object) -> Any:
            """Check a quote; a plain function, since Gradio marks it and a method takes no marks."""
            if opening.opened is None:
                return {"problem": "The articles are not open yet."}
            return checking.checked(asked, opening.opened.library)

        gr.HTML(
            {"longest": LONGEST_QUOTE},
            html_template=(_HERE / "check.html").read_text("utf-8"),
            js_on_load=(_HERE / "check.js").read_text("utf-8"),
            apply_default_css=False,
            server_functions=[check_quote],
            elem_id="check",
        )
