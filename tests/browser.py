"""The page's server in a process of its own, a real Chromium, and what tests of the page do with them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import machine
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from waiting import HANG

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
PATIENCE = 120_000  # milliseconds: what comes is waited for, however loaded the machine
expect.set_options(timeout=PATIENCE)
ON_LEAVING = re.compile(r"AbortError: signal is aborted without reason|Connection errored out")  # Gradio's streams, as a document goes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(index: Path, corpus: Path, scratch: Path, more: str = "", **env: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server in a process of its own and return it with its address, once it says that it is there."""
    code = f"from pathlib import Path; from qa.web import serve; serve(Path(argv[1]), [Path(argv[2])], port=int(argv[3]), {more})"
    log = (scratch / "stderr").open("w")
    process = subprocess.Popen(
        [sys.executable, "-c", f"from sys import argv; {code}", str(index), str(corpus), str(free_port())],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch), "HF_HUB_OFFLINE": "1", **env},
    )
    log.close()
    assert process.stdout
    line = process.stdout.readline()
    said = re.fullmatch(r"whosaid is at (http://127\.0\.0\.1:\d+)\n", line)
    assert said, line + (scratch / "stderr").read_text()
    return process, said[1]


def stop(process: subprocess.Popen[str]) -> None:
    """End a server, not as Ctrl-C does: what a shell runs in the background doesn't hear that, nor does what it starts."""
    process.terminate()
    process.communicate(timeout=HANG)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=machine.browser(), args=FLAGS.split())
        yield opened
        opened.close()


@contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open a page that is ready, and fail on any error, dialog or request that leaves the machine."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    wrong: list[str] = []
    documents: list[Page] = []
    opened.on("domcontentloaded", lambda _: documents.append(opened))
    opened.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    opened.on("console", lambda message: wrong.append(f"console: {message.text}") if message.type == "error" else None)
    opened.on("request", lambda sent: None if re.match(rf"(data|blob):|{re.escape(url)}/", sent.url) else wrong.append(sent.url))
    opened.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    opened.goto(url, wait_until="domcontentloaded")
    expect(box_of(opened)).to_be_enabled()
    yield opened
    context.close()
    if len(documents) > 1:  # it was left for another or for itself anew
        wrong = [said for said in wrong if not ON_LEAVING.search(said)]
    assert not wrong, wrong


def box_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Question", exact=True)


def links(page: Page) -> Locator:
    return page.locator("#chat a[href*='#cite-']")


def ask(page: Page, question: str) -> Locator:
    """Ask, wait for the answer, and return its message."""
    answers = page.get_by_test_id("bot")
    before = answers.count()
    box_of(page).fill(question)
    box_of(page).press("Enter")
    expect(answers).to_have_count(before + 1)
    expect(answers.last).not_to_contain_text("Looking through the articles")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    return answers.last


def marked(page: Page) -> Locator:
    return page.locator("#panel mark")
