"""The page in a real browser, over small articles written for it: one server, started with nothing built yet."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from browser import ask, box_of, links, marked, start, stop, watched
from filelock import FileLock
from playwright.sync_api import Browser, Page, expect

from qa.errors import QuestionError, SettingsError
from qa.library import Library
from qa.types import Article, Citation, PartialDate, Span, Statement
from qa.web import places, serve
from qa.web.api import ENDPOINTS
from qa.web.conversation import Filters, Turn, from_json, to_json
from qa.web.opening import Stage, all_from
from qa.web.reader import paragraphs, web_address
from qa.web.render import html, markdown
from qa.web.security import LARGEST_POST, refused

WALK = "The committee walked the banks in spring and wrote down what it saw, field by field and gate by gate, before it met again. "
HOSTILE = "<img src=x onerror=alert(1)> & [a link](javascript:alert(2)) {{value}} ${alert(3)}"
ARTICLES: list[dict[str, str]] = [
    {
        "id": "trust/levels 2024",
        "title": "Water levels and what we ask for",
        "group": "River Trust",
        "author": "Ada Brook",
        "published": "2024-03-02",
        "url": "https://river-trust.example/levels",
        "text": f"{WALK * 4}\n\nWe want the town to post river levels each morning 🐟 and to leave the old tables on the shelf for anybody."
        f"\n\n{WALK * 6}\n\nThe Farmers' Union said that morning readings are welcome as long as members are not billed for them.\n\n"
        "“A drained meadow never forgets,” said Tom Ford of the Anglers' Club.\n\n" + WALK * 8,
    },
    {
        "id": 'union:"limits"<1>_*',
        "title": "Our answer on abstraction limits",
        "group": "Farmers' Union",
        "published": "2024-05",
        "url": "javascript:alert(4)",
        "text": f"{WALK * 3}\n\nOne and the same abstraction limit would shut every tenth dairy below Holm.\n\n{WALK * 5}\n\n"
        "We oppose the limit on abstraction and ask for storage of winter rain instead.\n\n" + WALK * 3,
    },
    {
        "id": "council-budget",
        "title": "Budget note on monitoring",
        "group": "City Council",
        "published": "2024",
        "kind": "digest",
        "text": f"{WALK * 2}\n\nThe City Council puts 95,000 towards the monitoring of river levels until 2027.\n\n{WALK * 3}",
    },
    {
        "id": "leaflet",
        "title": "A leaflet found at the old mill",
        "text": f"{WALK * 2}\n\nThe otters came back to the mill race in the wet winter, and nobody had let them out.\n\n{WALK * 2}",
    },
    {
        "id": "hostile",
        "title": HOSTILE,
        "group": "Weir <b>Watch</b>",
        "published": "2023-07-01",
        "text": f"{WALK * 2}\n\nThe weir <script>alert('weir')</script> at Holm <b onmouseover=alert(5)>needs</b> **new** oak"
        f" [gates](javascript:alert(6)) <img src=x onerror=alert(7)> before autumn `${{alert(8)}}` {{{{value}}}}.\n\n{WALK * 2}",
    },
]

LEVELS = "What does the River Trust say about river levels?"
LIMITS = "What does the Farmers' Union say about a limit on abstraction?"
SILENT = "Who paid for the Moon landing?"


@dataclass
class Site:
    """A running server, and what its page showed before anything was built."""

    url: str
    while_building: str = ""
    box_while_building: str = ""


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The one server of these tests. Its first build is held up by the index's lock until a page has been seen waiting."""
    home = tmp_path_factory.mktemp("page")
    corpus, index = home / "corpus", home / "index"
    corpus.mkdir()
    index.mkdir()
    (corpus / "articles.jsonl").write_text("\n".join(map(json.dumps, ARTICLES)), "utf-8")
    with FileLock(index / ".lock"):
        process, url = start(index, corpus, home)
        first = browser.new_page()
        first.goto(url, wait_until="domcontentloaded")
        state = first.locator("#state")
        expect(state).to_contain_text(re.compile(r"Loading the model|Reading the articles"))
        expect(state.get_by_role("progressbar")).to_be_visible()
        found = Site(url, state.inner_text(), box_of(first).get_attribute("placeholder") or "")
        expect(box_of(first)).to_be_disabled()
    expect(box_of(first)).to_be_enabled()
    expect(state).to_be_hidden()
    first.close()
    yield found
    stop(process)


@pytest.fixture
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that is ready, which fails on any error, dialog or request that leaves the machine."""
    with watched(browser, site.url, **getattr(request, "param", {})) as opened:
        yield opened


# ---- asking and opening


@pytest.mark.browser
def test_a_citation_opens_its_article_at_the_quote(page: Page) -> None:
    answer = ask(page, LEVELS)
    expect(answer.get_by_role("heading")).to_have_text("River Trust, in its own voice (2 March 2024)")
    expect(answer.locator("blockquote").first).to_contain_text("“We want the town to post river levels each morning 🐟 and")
    card = page.locator("#panel .ws-card").first
    for words in ("River Trust", "2 March 2024", "Water levels and what we ask for", "own voice"):
        expect(card).to_contain_text(words)

    answer.get_by_role("link", name="[1]").click()
    expect(marked(page)).to_have_text(
        "We want the town to post river levels each morning 🐟 and to leave the old tables on the shelf for anybody."
    )
    expect(marked(page)).to_be_focused()
    expect(marked(page)).to_be_in_viewport(ratio=1)
    reader = page.get_by_role("region", name="Article", exact=True)
    expect(reader.get_by_role("heading")).to_have_text("Water levels and what we ask for")
    for words in ("River Trust", "2 March 2024", "Ada Brook"):
        expect(reader.locator("header")).to_contain_text(words)
    expect(reader.get_by_role("link", name="Original")).to_have_attribute("href", "https://river-trust.example/levels")
    assert "#" not in page.url


@pytest.mark.browser
def test_who_is_reported_is_marked_beside_the_quote(page: Page) -> None:
    answer = ask(page, "Who said that morning readings are welcome?")
    said = answer.get_by_role("heading", name="Farmers' Union, as reported by River Trust")
    expect(said).to_be_visible()
    card = page.locator("#panel .ws-card", has_text="paraphrase")
    expect(card).to_contain_text("Said by Farmers' Union")
    expect(card).to_contain_text("Published by River Trust")
    card.click()
    expect(marked(page)).to_contain_text("morning readings are welcome")
    expect(page.locator("#panel .ws-source")).to_have_text(re.compile("Farmers' Union"))
    expect(page.locator("#panel .ws-cue")).to_have_text("said")


@pytest.mark.browser
def test_a_digest_is_never_shown_as_somebodys_words(page: Page) -> None:
    answer = ask(page, "What does the City Council say about monitoring?")
    expect(answer.locator("blockquote").first).to_contain_text("The City Council puts 95,000")
    expect(answer.locator("blockquote").first).not_to_contain_text("“")
    expect(page.locator("#panel .ws-card").first).to_contain_text("digest, our words")
    links(page).first.click()
    expect(page.locator("#panel header")).to_contain_text("Digest: our summary, not the group's own words")


@pytest.mark.browser
def test_what_was_read_can_be_taken_back(page: Page) -> None:
    answer = ask(page, "What does the Farmers' Union say about river levels?")
    chip = answer.get_by_role("button", name="Ask again without: asked: Farmers' Union")
    expect(chip).to_be_visible()
    chip.focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("bot").last).to_contain_text("Read without: Farmers' Union")
    expect(page.get_by_test_id("bot")).to_have_count(1)
    expect(page.get_by_test_id("bot").last.get_by_role("heading", name="River Trust, in its own voice")).to_have_count(1)


@pytest.mark.browser
def test_silence_shows_no_citation(page: Page) -> None:
    answer = ask(page, SILENT)
    expect(answer).to_contain_text("5 articles")
    expect(links(page)).to_have_count(0)
    expect(page.locator(".ws-cited-cards .ws-card")).to_have_count(0)
    also = page.locator(".ws-also")
    expect(also).to_be_visible()
    expect(also.locator(".ws-card").first).to_be_hidden()
    also.get_by_text("Also found, not an answer").click()
    expect(also.locator(".ws-card").first).to_be_visible()
    expect(also.locator(".ws-number")).to_have_count(0)


@pytest.mark.browser
def test_a_link_of_an_old_turn_opens_what_it_opened_then(page: Page) -> None:
    ask(page, LEVELS)
    ask(page, LIMITS)
    page.get_by_test_id("bot").first.get_by_role("link").first.click()
    expect(marked(page)).to_contain_text("river levels each morning")
    page.get_by_role("button", name="Back").click()
    page.get_by_test_id("bot").last.get_by_role("link").first.click()
    expect(marked(page)).to_contain_text("limit on abstraction")
    expect(page.get_by_role("link", name="Original")).to_have_count(0)  # its address is no web address


@pytest.mark.browser
def test_everything_works_from_the_keyboard(page: Page) -> None:
    ask(page, LIMITS)
    link = links(page).first
    while not link.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(marked(page)).to_be_focused()
    first = marked(page).inner_text()
    step = page.get_by_role("button", name="Next citation")
    step.focus()
    page.keyboard.press("Enter")
    expect(marked(page)).not_to_have_text(first)
    expect(page.locator(".ws-where")).to_have_text(re.compile("2 of"))
    page.keyboard.press("Escape")
    expect(page.locator("#panel .ws-reader")).to_be_hidden()
    expect(link).to_be_focused()


@pytest.mark.browser
def test_a_starter_is_answered_and_undo_gives_it_back(page: Page) -> None:
    starter = page.locator("#chat .example").first
    question = starter.inner_text().strip()
    starter.click()
    expect(links(page).first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(box_of(page)).to_have_value(question)
    expect(links(page)).to_have_count(0)


@pytest.mark.browser
def test_filters_limit_the_search_and_a_wrong_date_is_explained(page: Page) -> None:
    page.get_by_role("button", name="Filter by group and date").click()
    page.get_by_role("textbox", name="From").fill("last spring")
    box_of(page).fill("Who speaks of river levels?")
    box_of(page).press("Enter")
    expect(page.get_by_role("alert").filter(has_text="From: “last spring” is not a date; write 2025")).to_be_visible()
    expect(page.get_by_test_id("bot")).to_have_count(0)
    page.get_by_role("textbox", name="From").fill("2024")
    page.get_by_role("checkbox", name="City Council").check()
    expect(page.get_by_role("button", name="Filter: City Council, from 2024")).to_be_visible()
    answer = ask(page, "Who speaks of river levels?")
    expect(answer).to_contain_text("Searched within: City Council, from 2024.")
    expect(answer).not_to_contain_text("each morning")


@pytest.mark.browser
def test_a_reload_keeps_the_conversation(page: Page) -> None:
    ask(page, LEVELS)
    page.reload(wait_until="domcontentloaded")
    expect(page.get_by_test_id("user")).to_contain_text(LEVELS)
    expect(page.locator("#panel .ws-card").first).to_contain_text("River Trust")
    links(page).first.click()
    expect(marked(page)).to_contain_text("river levels each morning")
    page.get_by_role("button", name="New chat").click()
    expect(links(page)).to_have_count(0)


@pytest.mark.browser
def test_a_question_in_the_address_is_asked(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/?q=Who%20opposes%20the%20limit%20on%20abstraction%3F", wait_until="domcontentloaded")
    expect(links(page).first).to_be_visible()
    expect(page.get_by_test_id("user")).to_contain_text("Who opposes the limit on abstraction?")


@pytest.mark.browser
def test_articles_and_groups_are_listed_and_open(page: Page) -> None:
    page.get_by_role("tab", name="Articles", exact=True).click()
    page.get_by_label("Find by title, group or author").fill("leaflet")
    expect(page.get_by_text("1 article", exact=True)).to_be_visible()
    row = page.get_by_role("button", name=re.compile("A leaflet found"))
    expect(row).to_contain_text("unknown group · date unknown")
    row.click()
    expect(page.locator("#panel article")).to_contain_text("The otters came back")
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.get_by_role("tab", name="Groups", exact=True).click()
    page.locator("#groups").get_by_role("button", name=re.compile("Farmers' Union")).click()
    page.get_by_role("button", name=re.compile("Our answer on abstraction limits")).click()
    expect(page.locator("#panel article")).to_contain_text("every tenth dairy")


# ---- looks


@pytest.mark.browser
@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}], indirect=True)
def test_on_a_small_screen_the_reader_is_a_sheet(page: Page) -> None:
    ask(page, LIMITS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    link = links(page).first
    link.tap()
    sheet = page.get_by_role("dialog", name="Article", exact=True)
    expect(sheet).to_be_visible()
    assert sheet.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    expect(marked(page)).to_be_in_viewport(ratio=1)
    sheet.get_by_role("button", name="Back").tap()
    expect(sheet).to_be_hidden()
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()


@pytest.mark.browser
@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True)
def test_dark_where_the_reader_likes_it_dark(page: Page) -> None:
    ask(page, LIMITS)
    links(page).first.click()
    expect(marked(page)).to_be_visible()
    shades = page.evaluate(
        """() => ['.ws-text p', '.ws-reader', '.ws-cited', '#chat blockquote p'].map(part => {
            const style = getComputedStyle(document.querySelector(part));
            return [style.color, style.backgroundColor].map(shade => Math.max(...shade.match(/\\d+/g).slice(0, 3).map(Number)));
        })"""
    )
    (text, _), (_, paper), (cited, mark), (quote, _) = shades
    assert min(text, cited, quote) > 200
    assert max(paper, mark) < 110


# ---- nothing from an article or a person is ever live


@pytest.mark.browser
def test_scripts_in_articles_and_questions_are_only_words(page: Page) -> None:
    answer = ask(page, "<img src=x onerror=alert(9)> What does Weir Watch say about gates at the weir? **now** [x](javascript:alert(10))")
    expect(page.get_by_test_id("user")).to_contain_text("<img src=x onerror=alert(9)> What does")
    page.locator("#panel .ws-card", has_text="oak").or_(page.locator(".ws-also summary")).first.click()
    expect(page.locator("#panel")).to_contain_text(HOSTILE)
    page.get_by_role("tab", name="Articles", exact=True).click()
    page.locator("#articles").get_by_role("button", name=re.compile("onerror")).click()
    expect(page.locator("#panel header h2")).to_have_text(HOSTILE)
    expect(page.locator("#panel article")).to_contain_text(
        "<script>alert('weir')</script> at Holm <b onmouseover=alert(5)>needs</b> **new** oak"
    )
    page.get_by_role("tab", name="Groups", exact=True).click()
    expect(page.locator("#groups")).to_contain_text("Weir <b>Watch</b>")
    live = page.locator(
        ":is(#chat, #panel, #articles, #groups, #chosen) :is(img, script, b, a[href^='javascript'], [onerror], [onmouseover])"
    )
    expect(live).to_have_count(0)
    expect(answer.locator("strong")).to_have_count(0)


@pytest.mark.browser
def test_a_link_that_is_not_ours_says_so(page: Page) -> None:
    follow = "link => { const a = document.createElement('a'); a.href = '#cite-' + link; document.body.append(a); a.click(); a.remove(); }"
    false = [["leaflet", *start_and_end, "x"] for start_and_end in ((0, 10), (0, 10**9), ("0", 10), (True, 10))]
    for parts in (*false, ["nowhere"], [1], {}, []):
        page.evaluate(follow, written(parts))
        expect(page.locator("#panel header")).to_contain_text(re.compile("not a source of ours|has changed since|no longer in the index"))
        expect(page.locator("#panel article")).to_be_empty()
        page.keyboard.press("Escape")
    for link in ("!!!", "Wy" * 4000, ""):
        page.evaluate(follow, link)
        expect(page.locator("#panel header")).to_contain_text("not a source of ours")
        page.keyboard.press("Escape")


def written(parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.browser
def test_the_first_start_shows_how_far_it_is(site: Site) -> None:
    assert "The page becomes ready by itself" in site.while_building
    assert site.box_while_building.startswith("Not ready yet")


@pytest.mark.browser
def test_a_start_that_fails_says_why_in_one_line(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    process, url = start(tmp_path / "index", tmp_path / "empty", tmp_path)
    opened = browser.new_page()
    opened.goto(url, wait_until="domcontentloaded")
    expect(opened.get_by_role("alert")).to_contain_text("no article found: expected files with text")
    expect(opened.locator("body")).not_to_contain_text("Traceback")
    expect(box_of(opened)).to_be_disabled()
    opened.close()
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not list(tmp_path.glob("whosaid-*"))  # nothing is left in the folder for temporary files


# ---- the server


def status(url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None) -> tuple[int, Any]:
    sent = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    try:
        with urllib.request.urlopen(sent, timeout=10) as reply:
            return reply.status, reply.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


@pytest.mark.browser
def test_the_server_takes_requests_from_its_own_page_only(site: Site) -> None:
    post = f"{site.url}/gradio_api/component_server"
    code, headers = status(site.url)
    assert code == 200
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert status(site.url, headers={"Host": "evil.example"})[0] == 400
    assert status(post, "POST", {"Origin": "https://evil.example"}, b"{}")[0] == 403
    assert status(post, "POST", {"Sec-Fetch-Site": "cross-site"}, b"{}")[0] == 403
    for closed in ("/docs", "/openapi.json", "/gradio_api/run/ask"):
        assert status(site.url + closed, *(("POST", {}, b"{}") if "run" in closed else ()))[0] in (404, 405, 422)
    names = json.loads(urllib.request.urlopen(f"{site.url}/gradio_api/info", timeout=10).read())
    assert list(names["named_endpoints"]) == [f"/{name}" for name in ENDPOINTS]
    assert not names["unnamed_endpoints"]


@pytest.mark.parametrize(
    ("method", "headers", "code"),
    [
        ("GET", {}, None),
        ("POST", {"content-length": "2", "host": "127.0.0.1:7860", "origin": "http://127.0.0.1:7860"}, None),
        ("POST", {"content-length": "2", "host": "127.0.0.1:7860", "origin": "http://127.0.0.1:7861"}, 403),
        ("POST", {"content-length": "2", "host": "127.0.0.1:7860", "origin": "null"}, 403),
        ("POST", {"content-length": "2", "sec-fetch-site": "same-site"}, 403),
        ("POST", {"content-length": str(LARGEST_POST + 1)}, 413),
        ("POST", {"transfer-encoding": "chunked"}, 411),
        ("DELETE", {"content-length": "0", "sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_what_is_refused(method: str, headers: dict[str, str], code: int | None) -> None:
    refusal = refused(method, headers)
    assert (refusal and refusal[0]) == code


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::"])
def test_only_this_machine_is_served(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="without a login") as caught:
        serve(tmp_path, [], host=host)
    assert "\n" not in str(caught.value)


# ---- the parts that need no browser


def test_pieces_keep_every_word_and_count_code_points() -> None:
    text = "🐟🐟 one\n\n\nThe Guild said: “Töne, 🎣”.\nAnd more.\n \n\nLast"
    cited, source, cue = (Span(text.index(w), text.index(w) + len(w)) for w in ("The Guild said: “Töne, 🎣”.", "The Guild", "said"))
    said = Span(cue.end + 2, cited.end)
    cut = paragraphs(text, (cited,), (source,), (cue,), (said,))
    assert ["".join(piece["words"] for piece in pieces) for pieces in cut] == ["🐟🐟 one", "The Guild said: “Töne, 🎣”.\nAnd more.", "Last"]
    assert "".join(p["words"] for pieces in cut for p in pieces if p["cited"]) == cited.of(text)
    assert [(p["words"], p["part"]) for pieces in cut for p in pieces if p["part"]] == [
        ("The Guild", "source"),
        ("said", "cue"),
        ("“Töne, 🎣”.", "said"),
    ]


@dataclass
class OneArticle:
    """A library of one article, as far as links need it."""

    held: Article
    said: list[Statement]

    def article(self, id: str) -> Article:
        return {self.held.id: self.held}[id]

    def statements(self, id: str) -> list[Statement]:
        return self.said if id == self.held.id else []

    def elsewhere(self, id: str, words: str) -> tuple[Article | None, tuple[Article, ...]]:
        return None, ()


def test_a_link_gives_back_its_quote_and_puts_no_words_into_a_mouth() -> None:
    text = "The Guild said: we will not move. The mill stays."
    said = Statement("a 'b'/<c>", (Span(0, 9),), (Span(10, 14),), (Span(16, 33),), "Mill Guild", "quoted")
    library: Any = OneArticle(Article(said.article_id, text, group="River Trust"), [said])
    quote = Citation(
        1, library.held, Span(0, 33), text[:33], "Mill Guild", "River Trust", "quoted", 0.0, None, said.source, said.cue, said.content
    )
    assert places.find(places.to_quote(quote), library).citation == quote
    own = replace(quote, number=2, span=Span(34, 49), quote=text[34:], speaker="River Trust", voice="own", source=(), cue=(), said=())
    assert places.find(places.to_quote(own), library).citation == own
    mouths = (replace(quote, speaker="River Trust"), replace(own, speaker="Mill Guild"))
    for false in (*mouths, replace(quote, voice="own"), replace(quote, cue=())):
        with pytest.raises(places.PlaceError, match="given differently"):
            places.find(places.to_quote(false), library)
    library.held = replace(library.held, text=text.replace("not ", ""))
    with pytest.raises(places.PlaceError, match="has changed"):
        places.find(places.to_quote(quote), library)


def test_a_conversation_comes_back_from_a_browser_or_not_at_all() -> None:
    turns = [Turn("Who?", answered=True, lead="They say so.", quotes=("abc",), notes=("A note.",)), Turn("What?", problem="No.")]
    turns.append(Turn("And?", understood=(("asked: River Trust", "publisher:River Trust"),), without=("since",)))
    kept = json.loads(json.dumps(to_json(turns)))
    assert from_json(kept) == turns
    for wrong in (
        None,
        "x",
        {"question": "Who?"},
        [1, None],
        *(
            [{**kept[0], **bad}]
            for bad in ({"quotes": [1]}, {"lead": 3}, {"more": 1}, {"understood": [["x"]]}, {"understood": "x"}, {"without": [2]})
        ),
    ):
        assert from_json(wrong) == []


def test_escaping_leaves_words_and_nothing_live() -> None:
    assert markdown("a  b\n\nc") == "a b c"
    assert not re.search(r"[<>\[\]()*_`$!|~\\{}:]", markdown("<a>[b](c:d)*_`$!|~\\{}"))
    assert html("<a href='\"'>") == "&lt;a href=&#x27;&quot;&#x27;&gt;"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/b", "https://a.example/b"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https:", ""),
        ("//a.example", ""),
        ("http://[", ""),
        (None, ""),
    ],
)
def test_only_web_addresses_become_links(url: str | None, link: str) -> None:
    assert web_address(url) == link


def test_filters_are_read_or_refused_in_words() -> None:
    read = Filters.read(["River Trust"], " 2024 ", "2025-10")
    assert read == Filters(("River Trust",), PartialDate(2024), PartialDate(2025, 10))
    assert read.in_words() == "River Trust, from 2024, to October 2025"
    for since, until, words in (("2024-13", "", "From: “2024-13” is not a date"), ("", "x", "To: “x”"), ("2025", "2024", "lies after")):
        with pytest.raises(QuestionError, match=words):
            Filters.read([], since, until)


def test_an_index_with_other_articles_is_left_as_it_is(library: Library, corpus_folder: Path, tmp_path: Path) -> None:
    assert all_from(library, [corpus_folder])
    assert all_from(library, [tmp_path, corpus_folder])
    assert not all_from(library, [tmp_path])


def test_stages_in_words() -> None:
    assert Stage().in_words() == "Loading the model"
    assert Stage("Reading", 12, 0).in_words() == "Reading the articles: 12"
    assert Stage("Building", 2, 5).in_words() == "Building the index: 40%"
