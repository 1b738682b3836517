"""The login in a real browser: it is a browser that decides what a form says of where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from threading import Thread

import pytest
from browser import PATIENCE, ask, box_of, links, start, stop
from playwright.sync_api import Browser, Page, expect

from qa.web.passwords import hashed
from qa.web.security import refused

QUESTION = "Who calls for a limit on taking water between May and September?"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, index_folder: Path, corpus_folder: Path) -> Iterator[str]:
    """A server with a login."""
    home = tmp_path_factory.mktemp("login")
    copytree(index_folder, home / "index")
    logins = home / "logins"
    logins.write_text(f"ada:{hashed('correct horse')}\n", "utf-8")
    logins.chmod(0o600)
    process, url = start(home / "index", corpus_folder, home, f"auth=Path({str(logins)!r})")
    yield url
    stop(process)


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a page as somebody who has never been there, and list what its console and its requests complain of."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("response", lambda reply: wrong.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None)
    page.goto(url, wait_until="domcontentloaded")
    yield page, wrong
    context.close()


def fill_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.browser
def test_a_person_logs_in_uses_the_whole_page_and_logs_out(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}/?view=light") as (page, wrong):
        fill_in(page, "wrong horse")
        expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
        fill_in(page, "correct horse")
        expect(box_of(page)).to_be_enabled(timeout=30_000)
        wrong.clear()  # the form is answered with 401 as it should be
        expect(ask(page, QUESTION)).to_contain_text("River Trust")
        links(page).first.click()
        expect(page.locator("#panel article")).to_contain_text("Alder Bridge")
        page.keyboard.press("Escape")
        for tab in ("Articles", "Groups"):
            page.get_by_role("tab", name=tab, exact=True).click()
            expect(page.locator(f"#{tab.lower()}")).to_contain_text("River Trust")
        page.get_by_role("tab", name="Compare", exact=True).click()
        page.get_by_role("textbox", name="Topic").fill("a limit on abstraction")
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(page.get_by_role("region", name="Compare groups")).to_contain_text("Farmers' Union")
        for tab in ("Check", "Add"):
            page.get_by_role("tab", name=tab, exact=True).click()
            expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")
            expect(page.get_by_role("tabpanel").get_by_role("textbox").first).to_be_visible()
        assert wrong == []
        page.goto(f"{site}/logout", wait_until="domcontentloaded")
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        page.goto(f"{site}/config")
        expect(page.locator("body")).not_to_contain_text("components")


@pytest.mark.browser
def test_the_form_of_another_site_is_refused(browser: Browser, site: str) -> None:
    form = f"<form method=post action={site}/login><input name=username value=ada><input name=password value='correct horse'><button>go"
    hidden = f"<meta name=referrer content=no-referrer>{form}"

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write((hidden if self.path == "/hidden" else form).encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for path in ("/", "/hidden"):  # the second says "Origin: null"
            for name in ("127.0.0.1", "localhost"):  # the same site on another port, and another site
                with opened(browser, f"http://{name}:{server.server_port}{path}") as (page, wrong):
                    page.get_by_role("button").click()
                    expect(page.locator("body")).to_have_text("posts are taken from this page only")
                    assert f"403 {site}/login" in wrong
                    assert page.context.cookies() == []
        server.shutdown()


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:7860"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null"}, False),
        ({"origin": "null", "sec-fetch-site": "none"}, False),
        ({"origin": "null", "sec-fetch-site": "same-site"}, False),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, False),
        ({"origin": "http://127.0.0.1:7861", "sec-fetch-site": "same-site"}, False),
    ],
)
def test_where_a_post_comes_from(headers: dict[str, str], passes: bool) -> None:
    given = {"host": "127.0.0.1:7860", "content-length": "2", **headers}
    assert (refused("POST", given, "/login") is None) == passes
