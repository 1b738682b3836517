"""Launches the page on this machine. Knows ports, hosts and environment; nothing of questions."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qa import settings
from qa.errors import SettingsError

if TYPE_CHECKING:
    from qa.settings import Place
    from qa.web.opening import Opening

_ANY = ("0.0.0.0", "::")  # noqa: S104  every address of this machine: no name by which anybody asks
_MOST_WAITING = 64  # questions, of everybody together

_SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_SHARE": "False",
}


def serve(
    index: Place,
    corpus: Sequence[Path],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    model: str | None = None,
    open_browser: bool = False,
    auth: Path | None = None,
    allow_hosts: Sequence[str] = (),
    mcp: bool = False,
    writer: Sequence[str] = (),
    rewrite: bool = False,
) -> None:
    """Show the page until it is interrupted; raise SettingsError where it can't be served so.

    The index is brought in line with the files in `corpus` first, and opened as it is without any. Both happen while
    the page is up already. No port means 7860, or the next that is free. Only with a file of passwords, `auth`, are other
    machines served, by the names in `allow_hosts`, and tools over MCP. `writer` names language models among which people
    choose who words an answer; with `rewrite` it may also make follow-ups stand alone.
    """
    from qa.models.writer import writers
    from qa.web.api import AT_ONCE
    from qa.web.mcp import required
    from qa.web.passwords import Passwords
    from qa.web.security import LOOPBACK, middleware

    if mcp:
        required()
    if auth is None and mcp:
        raise SettingsError("--mcp is served with a login only; whosaid password prints a line for the file that --auth takes")
    if auth is None and (allow_hosts or host not in LOOPBACK):
        raise SettingsError(
            f"host {host}: without a login only this machine is served; use {' or '.join(LOOPBACK)}, or give a file with --auth"
        )
    passwords = Passwords.read(auth) if auth else None
    models = writers(tuple(writer) or settings.writers())
    if rewrite and not models:
        raise SettingsError("--rewrite needs a language model; name one with --writer or WHOSAID_WRITER")
    rewrites = bool(models) and (rewrite or settings.rewrite())
    hosts = [*allow_hosts, *([] if host in (*LOOPBACK, *_ANY) else [host])]
    wrong = [name for name in hosts if not name or set(name) & set("/@:*, ")]
    if wrong:
        raise SettingsError(f"host {wrong[0]!r}: expected a name such as quotes.example.org, without scheme, port and stars")
    if port is not None and not 0 < port < 65536:
        raise SettingsError(f"port {port}: expected a number from 1 to 65535")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # or the scratch folder would be left behind
    with tempfile.TemporaryDirectory(prefix="whosaid-", ignore_cleanup_errors=True) as scratch:
        os.environ.update(_SILENT, GRADIO_TEMP_DIR=scratch)  # before Gradio is imported: it reads them then
        # Questions worked on at once share the cores: each on all of them would halve how many are answered.
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // AT_ONCE)))
        from qa.web.opening import Opening

        opening = Opening(index, corpus, model, models, rewrites=rewrites)
        _launch(opening, host, port, open_browser, mcp, middleware(hosts, passwords, settings.rate(auth is not None)))


def _launch(
    opening: Opening,
    host: str,
    port: int | None,
    open_browser: bool,
    mcp: bool,
    middleware: Sequence[object],
) -> None:
    from qa.web import api
    from qa.web.mcp import app_kwargs
    from qa.web.page import head, page, theme
    from qa.web.security import LARGEST_FILE

    blocks = page(opening)
    blocks.queue(default_concurrency_limit=api.AT_ONCE, max_size=_MOST_WAITING, api_open=False)
    opening.start()  # not before: importing the model's libraries beside Gradio's would hold the page back
    try:
        _, url, _ = blocks.launch(
            server_name=host,
            server_port=port,
            theme=theme(),
            head=head(),
            favicon_path=Path(__file__).parent / "favicon.png",
            app_kwargs={
                "middleware": list(middleware),
                "docs_url": None,
                "redoc_url": None,
                "openapi_url": None,
                "exception_handlers": {KeyError: api.unreadable, TypeError: api.unreadable},
                **(app_kwargs(opening) if mcp else {}),
            },
            share=False,
            show_error=False,
            quiet=True,
            inbrowser=open_browser,
            footer_links=[],
            max_file_size=LARGEST_FILE,
            run_history=False,
            enable_monitoring=False,
            mcp_server=False,
            ssr_mode=False,
            pwa=False,
            prevent_thread_lock=True,
        )
    except OSError as error:
        busy = f"port {port} is taken" if port else "no port from 7860 to 7959 is free"
        raise SettingsError(f"{busy} on {host}; give another with --port") from error
    print(f"whosaid is at {url.rstrip('/')}", flush=True)
    blocks.block_thread()
