"""Every tab for everybody: no violation of WCAG A and AA at two widths in light and dark, and nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import ask, links, start, stop, watched
from playwright.sync_api import Browser, Page, expect

from qa.feedback import given
from qa.library import build

SIZES = {"1280": {"width": 1280, "height": 800}, "390": {"width": 390, "height": 844}}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@dataclass(frozen=True)
class Served:
    url: str
    index: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path, encoder: object) -> Iterator[Served]:
    """A server over the small corpus, whose index is built already."""
    home = tmp_path_factory.mktemp("everybody")
    build(home / "index", [corpus_folder], encoder=encoder)  # type: ignore[arg-type]
    process, url = start(home / "index", corpus_folder, home)
    yield Served(url, home / "index")
    stop(process)


def _wrong(page: Page, where: str) -> list[str]:
    """Return what axe finds, and whether the page is wider than the screen."""
    found = Axe().run(page, options=RULES).response["violations"]
    wrong = [f"{where}: {one['id']} ({one['help']}): {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wrong + ([f"{where}: {wide} pixels wider than the screen"] if wide > 0 else [])


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_tab_is_for_everybody(browser: Browser, served: Served, size: str, theme: str) -> None:
    with watched(browser, served.url, viewport=SIZES[size], color_scheme=theme) as page:
        wrong = _wrong(page, "empty chat")
        ask(page, "Who opposes a flat limit on abstraction?")
        expect(page.locator("#next button").first).to_be_visible()
        wrong += _wrong(page, "answer")
        links(page).first.click()
        expect(page.locator("#panel mark").first).to_be_visible()
        wrong += _wrong(page, "reader")
        page.keyboard.press("Escape")
        page.locator("#chat a[href*='#feedback-']", has_text="Doesn't answer").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        wrong += _wrong(page, "feedback")
        page.keyboard.press("Escape")
        ask(page, "Who says that the moon is made of cheese?")
        wrong += _wrong(page, "silence")
        tabs = page.get_by_role("tab")
        for at in range(tabs.count()):
            name = tabs.nth(at).inner_text()
            tabs.nth(at).click()
            expect(tabs.nth(at)).to_have_attribute("aria-selected", "true")
            page.wait_for_timeout(300)  # what a tab fills in when it is opened
            wrong += _wrong(page, name)
        assert wrong == []


@pytest.mark.browser
def test_feedback_is_kept_with_the_quote_it_is_about(browser: Browser, served: Served) -> None:
    with watched(browser, served.url) as page:
        ask(page, "What did Ada Marsh say about warm water?")
        opener = page.locator("#chat a[href*='#feedback-']", has_text="Wrong speaker").first
        opener.focus()
        page.keyboard.press("Enter")
        form = page.get_by_role("dialog")
        form.get_by_label("The right speaker, if you know it").fill("<b>Nell</b> Brook")
        form.get_by_role("button", name="Keep it").click()
        expect(form.get_by_role("status")).to_have_text("Thank you. It is kept on this machine.")
        expect(form).to_be_hidden()
        expect(opener).to_be_focused()
        page.locator("#next button").first.click()
        expect(page.get_by_test_id("user")).to_have_count(2)
    ((one,), unread) = given(served.index)
    assert unread == 0
    assert (one.verdict, one.right, one.question) == ("wrong speaker", "<b>Nell</b> Brook", "What did Ada Marsh say about warm water?")
    assert any(cited.speaker == "Ada Marsh" for cited in one.cited)
