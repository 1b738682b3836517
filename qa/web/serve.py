"""Launches the page on this machine. Knows ports, hosts and environment; nothing of questions."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from qa.errors import SettingsError

_SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_SHARE": "False",
}


def serve(
    index: Path,
    corpus: Sequence[Path],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    model: str | None = None,
    open_browser: bool = False,
) -> None:
    """Show the page until it is interrupted; raise SettingsError where it can't be served so.

    The index is brought in line with the files in `corpus` first, and opened as it is without any. Both happen while
    the page is up already. No port means 7860, or the next that is free.
    """
    from qa.web.security import LOOPBACK, middleware

    if host not in LOOPBACK:
        raise SettingsError(f"host {host}: whosaid has no login and serves this machine only; use {' or '.join(LOOPBACK)}")
    if port is not None and not 0 < port < 65536:
        raise SettingsError(f"port {port}: expected a number from 1 to 65535")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # or the scratch folder would be left behind
    with tempfile.TemporaryDirectory(prefix="whosaid-", ignore_cleanup_errors=True) as scratch:
        os.environ.update(_SILENT, GRADIO_TEMP_DIR=scratch)  # before Gradio is imported: it reads them then
        _launch(index, corpus, host, port, model, open_browser, middleware())


def _launch(
    index: Path, corpus: Sequence[Path], host: str, port: int | None, model: str | None, open_browser: bool, middleware: Sequence[object]
) -> None:
    from qa.web.opening import Opening
    from qa.web.page import head, page, theme
    from qa.web.security import LARGEST_FILE

    opening = Opening(index, corpus, model)
    blocks = page(opening)
    blocks.queue(default_concurrency_limit=4, max_size=64, api_open=False)
    try:
        _, url, _ = blocks.launch(
            server_name=host,
            server_port=port,
            theme=theme(),
            head=head(),
            favicon_path=Path(__file__).parent / "favicon.png",
            app_kwargs={"middleware": list(middleware), "docs_url": None, "redoc_url": None, "openapi_url": None},
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
    opening.start()  # after the page is up: importing the model's libraries would hold it back
    print(f"whosaid is at {url.rstrip('/')}", flush=True)
    blocks.block_thread()
