"""What is seen on screens from a phone to a large one: the newest answer, the question box, the letters of plots; whose styles they are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from browser import ask, box_of, start, stop, watched
from playwright.sync_api import Browser, Locator, Page, expect

import qa.web
from qa.library import build

SCREENS = [(390, 844), (768, 1024), (1280, 800), (1920, 1080)]
QUESTIONS = [
    "Who opposes a flat limit on abstraction?",
    "What did Ada Marsh say about warm water?",
    "Who calls for a limit on taking water between May and September?",
]
SILENT = "Who says that the moon is made of cheese?"
TOPIC = "a limit on taking water"
SMALLEST = 11  # pixels

# What style.css sets for every part, and a part's own sheet may fit to its place.
SHARED = set("ws-badge ws-button ws-complaint ws-digest ws-hint ws-list ws-meta ws-number ws-row ws-words".split())

# Whether a rectangle is seen: inside the screen, cut by nothing that scrolls, and nothing lies over its corners.
SEEN = """
const seen = (element, rect) => {
  const { left, right, top, bottom } = rect, xs = [left + 3, right - 3], ys = [top + 3, bottom - 3];
  if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || right <= left || bottom <= top) return false;
  const uncovered = (x, y) => {
    const at = document.elementFromPoint(x, y);
    return at && (element.contains(at) || at.contains(element));
  };
  return xs.every(x => ys.every(y => uncovered(x, y))) && !cut(element, rect);
};
const cut = (element, { left, right, top, bottom }) => {
  for (let over = element.parentElement; over; over = over.parentElement) {
    if (over.contains(document.body) || over === document.body || getComputedStyle(over).overflowY === 'visible') continue;
    const edge = over.getBoundingClientRect();
    if (left < edge.left - 1 || right > edge.right + 1 || top < edge.top - 1 || bottom > edge.bottom + 1) return true;
  }
  return false;
};
const firstLine = element => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
  let words = texts.nextNode();
  while (!words.data.trim()) words = texts.nextNode();
  range.selectNodeContents(words);
  return [words.parentElement, range.getClientRects()[0]];
};
"""
# Seen for a whole second, so that nothing scrolls it away again. Gives what was not.
STAYS_SEEN = f"""async ([what, patience]) => {{
  {SEEN}
  const missing = () => {{
    const out = [], box = document.querySelector('#question .input-container');
    const answers = document.querySelectorAll('#chat [data-testid="bot"]');
    if (what.includes('answer') && !seen(...firstLine(answers[answers.length - 1]))) out.push('the newest answer');
    if (what.includes('box') && !seen(box, box.getBoundingClientRect())) out.push('the question box');
    return out.join(' and ');
  }};
  const end = performance.now() + patience;
  let good = null, last = '';
  while (performance.now() < end) {{
    last = missing();
    if (last) good = null;
    else good ??= performance.now();
    if (good !== null && performance.now() - good > 1000) return '';
    await new Promise(done => setTimeout(done, 50));
  }}
  return last || 'never at rest';
}}"""
# Each line of text in a plot, with the height of its letters as they come out on the screen.
LETTERS = """plot => [plot, ...plot.querySelectorAll('*')]
  .filter(part => part.checkVisibility() && [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(part => {
    const drawn = part instanceof SVGGraphicsElement ? part.getScreenCTM() : { a: 1, b: 0, c: 0, d: 1 };
    const letters = parseFloat(getComputedStyle(part).fontSize) * Math.min(Math.hypot(drawn.a, drawn.b), Math.hypot(drawn.c, drawn.d));
    const { left, right, top, bottom } = part.getBoundingClientRect();
    return [part.textContent, letters, left, right, (top + bottom) / 2];
  })"""
SIDEWAYS = """() => [document.documentElement, ...document.body.querySelectorAll('*')]
  .filter(part => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1
    && (part === document.documentElement || ['auto', 'scroll'].includes(getComputedStyle(part).overflowX)))
  .map(part => part.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path, encoder: object) -> Iterator[str]:
    home = tmp_path_factory.mktemp("screens")
    build(home / "index", [corpus_folder], encoder=encoder)  # type: ignore[arg-type]
    process, address = start(home / "index", corpus_folder, home)
    yield address
    stop(process)


@pytest.fixture(params=SCREENS, ids=lambda size: str(size[0]))
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    with watched(browser, url, viewport={"width": width, "height": height}) as opened:
        yield opened


def missing(page: Page, *what: str) -> str:
    return str(page.evaluate(STAYS_SEEN, [what, 10_000]))


def illegible(plot: Locator) -> list[str]:
    """Return the words of a plot whose letters are too small, or that lie over one another."""
    found = plot.evaluate(LETTERS)
    assert len(found) > 2
    wrong = [f"{words}: {letters:.1f} pixels" for words, letters, *_ in found if letters < SMALLEST]
    for (one, letters, left, right, middle), (other, _, left_, right_, middle_) in combinations(found, 2):
        if abs(middle - middle_) < letters / 2 and left < right_ and left_ < right:
            wrong.append(f"{one} lies over {other}")
    return wrong


@pytest.mark.browser
def test_the_newest_answer_and_the_question_box_are_in_view(page: Page) -> None:
    assert missing(page, "box") == ""
    for question in [*QUESTIONS, SILENT, SILENT + " Today"]:
        ask(page, question)
        if question in QUESTIONS:
            expect(page.locator("#next button").first).to_be_visible()
        assert missing(page, "answer", "box") == "", question
        assert page.evaluate(SIDEWAYS) == []


@pytest.mark.browser
def test_a_long_question_leaves_its_box_in_view(page: Page) -> None:
    ask(page, QUESTIONS[0])
    expect(page.locator("#next button").first).to_be_visible()
    box_of(page).fill("Who spoke of the river? " * 40)
    assert missing(page, "box") == ""


@pytest.mark.browser
@pytest.mark.parametrize("page", [(360, 640), *SCREENS], indirect=True)
def test_no_tab_hides_behind_a_menu(page: Page) -> None:
    expect(page.get_by_role("tab")).to_have_text(["Chat", "Compare", "Articles", "Groups", "Check", "Add"])
    for tab in page.get_by_role("tab").all():
        expect(tab).to_be_in_viewport(ratio=1)


@pytest.mark.browser
def test_letters_of_plots_can_be_read(page: Page) -> None:
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("textbox", name="Topic").fill(TOPIC)
    page.get_by_role("button", name="Compare", exact=True).click()
    plot = page.get_by_role("group", name="Who said what when")
    expect(plot).to_be_visible()
    assert illegible(plot) == []
    assert page.evaluate(SIDEWAYS) == []
    page.get_by_role("tab", name="Articles", exact=True).click()
    glance = page.locator("#articles .ws-glance > div").first
    expect(glance.get_by_role("img").first).to_be_visible()
    assert illegible(glance) == []
    assert page.evaluate(SIDEWAYS) == []


def test_no_class_is_styled_in_two_files_unless_it_is_meant_to_be() -> None:
    files: defaultdict[str, set[str]] = defaultdict(set)
    for file in Path(qa.web.__file__).parent.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"([^{}]+)\{", text):
            for name in re.findall(r"\.(ws-[\w-]+)", selector):
                files[name].add(file.name)
    assert {name for name, styled in files.items() if len(styled) > 1} == SHARED
    assert all("style.css" in files[name] for name in SHARED)
