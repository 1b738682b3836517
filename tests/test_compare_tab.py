"""Comparing on the page and taking away: what is read from the script, and both in a real browser, over one server."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from articles import write_corpus
from browser import ask, box_of, marked, start, stop, watched
from playwright.sync_api import Browser, Locator, Page, expect
from waiting import HANG

from qa.errors import QuestionError
from qa.evidence import Entry
from qa.library import Library
from qa.settings import LONGEST_QUESTION
from qa.types import PartialDate, Question
from qa.web import compare_tab, conversation, places, take_away
from qa.web.compare_tab import GROUPS_OFFERED, Asked, Comparisons, Turnstile
from qa.web.conversation import Filters, Turn
from qa.web.take_away import TakeAway, cited, entries

TOPIC = "a limit on taking water"
GROUPS = {"River Trust", "Farmers' Union"}
WALK = "The committee walked the banks in spring and wrote down what it saw, field by field and gate by gate, before it met again. "
HOSTILE = "Weir <b onmouseover=alert(1)>Watch</b> & Friends"
MORE = [
    {
        "id": "hostile",
        "title": "<img src=x onerror=alert(2)> [a link](javascript:alert(3))",
        "group": HOSTILE,
        "published": "2023-07-01",
        "url": "javascript:alert(4)",
        "text": f"{WALK * 2}\n\nWe call for a limit on taking water from the <script>alert(5)</script> weir"
        f" <img src=x onerror=alert(6)> before autumn.\n\n{WALK * 2}",
    },
    {
        "id": "leaflet",
        "title": "A leaflet",
        "group": "Boaters' League",
        "text": f"{WALK}\n\nWe want a limit on taking water from the river so that boats can float in August.\n\n{WALK}",
    },
]


def said(**changed: Any) -> dict[str, Any]:
    return {"topic": TOPIC, "groups": [], "since": "", "until": "", "by_date": False, **changed}


# ---- what the script sends


def test_what_is_asked_is_read() -> None:
    told = said(topic=f" {TOPIC} ", groups=["River Trust", "River Trust"], since="2024", until="2025-03", by_date=True)
    asked = Asked.read(told, GROUPS)
    assert asked == Asked(TOPIC, Filters(("River Trust",), PartialDate(2024), PartialDate(2025, 3)), by_date=True)
    assert asked.question == Question(TOPIC, groups=("River Trust",), since=PartialDate(2024), until=PartialDate(2025, 3))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "Type a topic"),
        ([], "Type a topic"),
        (said(topic="  "), "Type a topic"),
        (said(topic=["x"]), "Type a topic"),
        (said(topic="x" * (LONGEST_QUESTION + 1)), "longer than 2,000 characters"),
        (said(groups="River Trust"), "has no articles here"),
        (said(groups=["Moon Society"]), "has no articles here"),
        (said(groups=[["River Trust"]]), "has no articles here"),
        (said(groups=["River Trust"] * GROUPS_OFFERED + ["Moon Society"]), "has no articles here"),
        (said(since="soon"), "“soon” is not a date"),
        (said(since="2025", until="2024"), "swap the two dates"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(told: object, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        Asked.read(told, GROUPS)


def test_what_is_no_date_and_no_switch_is_nothing() -> None:
    assert Asked.read(said(since=2024, until=None, by_date="yes"), GROUPS) == Asked(TOPIC, Filters(), by_date=False)


def test_so_many_at_once_so_many_wait_and_the_rest_is_sent_away() -> None:
    gate, inside, free = Turnstile(at_once=1, waiting=1, patience=5.0), threading.Event(), threading.Event()
    done: list[str] = []

    def pass_through(name: str) -> None:
        with gate.passed():
            inside.set()
            assert free.wait(HANG)
            done.append(name)

    first = threading.Thread(target=pass_through, args=("first",))
    first.start()
    assert inside.wait(HANG)
    second = threading.Thread(target=pass_through, args=("second",))
    second.start()
    while gate._all._value:  # until the second waits
        pass
    with pytest.raises(QuestionError, match="Others are comparing"), gate.passed():
        pass
    free.set()
    first.join()
    second.join()
    assert done == ["first", "second"]
    with gate.passed():
        pass


def test_whoever_waits_too_long_is_sent_away_and_holds_no_place() -> None:
    gate = Turnstile(at_once=1, waiting=1, patience=0.01)
    with gate.passed():
        for _ in range(3):
            with pytest.raises(QuestionError, match="Others are comparing"), gate.passed():
                pass


def test_the_oldest_comparison_is_let_go() -> None:
    kept = Comparisons(most=2)
    tokens = [kept.keep(Entry(f"topic {number}", "", (), ())) for number in range(3)]
    found = [kept.find(token) for token in tokens]
    assert [entry and entry.asked for entry in found] == [None, "topic 1", "topic 2"]
    assert kept.find(None) is kept.find(["x"]) is kept.find("x") is None


# ---- what the script gets


class Opening(SimpleNamespace):
    """A library that is open, or none."""


@pytest.fixture
def functions(library: Library) -> dict[str, Callable[[Any], dict[str, Any]]]:
    opening: Any = Opening(opened=SimpleNamespace(library=library), stage=SimpleNamespace(problem=""))
    comparisons = Comparisons()
    return {
        "list": compare_tab._lister(opening),
        "compare": compare_tab._comparer(opening, comparisons, Turnstile()),
        "save": compare_tab._saver(opening, comparisons),
        "cite": take_away._citer(opening),
    }


def test_a_row_for_each_group_with_links_that_open(functions: dict[str, Any], library: Library) -> None:
    found = functions["compare"](said())
    assert not found.get("problem")
    assert [row["group"] for row in found["rows"]] == [row.group for row in library.compare(TOPIC).rows]
    findings = {row["stance"]: row["finding"] for row in found["rows"]}
    assert findings["says"] == "Says"
    assert re.fullmatch(r"No statement found in (1 article|\d+ articles)", findings["silent"])
    for quote in (quote for row in found["rows"] for quote in row["quotes"]):
        place = places.find(quote["link"], library)
        assert place.citation
        assert quote["words"].strip("“”") in " ".join(place.citation.quote.split())
        assert quote["voice"] in ("own voice", "direct quote", "paraphrase", "digest, our words")
        assert bool(quote["first"]) == (quote["date"] != "date unknown")


def test_a_month_is_as_wide_as_it_is(functions: dict[str, Any]) -> None:
    rows = {row["group"]: row for row in functions["compare"](said())["rows"]}
    dates = {quote["date"]: (quote["first"], quote["last"]) for quote in rows["River Trust"]["quotes"]}
    assert dates["March 2024"] == ("2024-03-01", "2024-03-31")


def test_what_was_compared_is_saved_and_nothing_else(functions: dict[str, Any]) -> None:
    found = functions["compare"](said(until="2025"))
    file = functions["save"]({"token": found["token"], "form": ".csv"})
    assert (file["name"], file["type"]) == ("whosaid-comparison.csv", "text/csv")
    assert {row["published_by"] for row in csv.DictReader(io.StringIO(file["text"]))} == {row["group"] for row in found["rows"]}
    for told in (
        None,
        {},
        {"token": "x", "form": ".csv"},
        {"token": found["token"], "form": ".exe"},
        {"token": found["token"], "form": [1]},
    ):
        assert "no longer kept" in functions["save"](told)["problem"]


def test_an_article_that_is_gone_is_said(functions: dict[str, Any], library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    found = functions["compare"](said())

    def gone(_: Library, id: str) -> Any:
        raise KeyError(id)

    monkeypatch.setattr(Library, "article", gone)
    assert "no longer there" in functions["save"]({"token": found["token"], "form": ".md"})["problem"]


def test_an_error_that_nobody_foresaw_is_said_in_words(
    functions: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError("secret")

    monkeypatch.setattr(Library, "compare", broken)
    with caplog.at_level(logging.CRITICAL + 1, "qa.web.compare_tab"):
        assert functions["compare"](said()) == {"problem": "Something went wrong here; the terminal says what."}


def test_nothing_can_be_done_before_the_index_is_open() -> None:
    opening: Any = Opening(opened=None, stage=SimpleNamespace(problem="no index"))
    assert compare_tab._lister(opening)(None) == {"ready": False, "problem": "no index"}
    comparisons = Comparisons()
    assert compare_tab._comparer(opening, comparisons, Turnstile())(said()) == {"problem": "The articles are not open yet."}
    assert compare_tab._saver(opening, comparisons)({})["problem"]
    assert take_away._citer(opening)([])["problem"] == TakeAway(opening).written("1.md", [])["problem"]


# ---- taking away


def test_quotes_are_copied_with_who_where_and_when(functions: dict[str, Any], library: Library) -> None:
    answer = library.ask("What did Ada Marsh say about warm water?")
    links = [places.to_quote(citation) for citation in answer.citations]
    text = functions["cite"](links)["text"]
    assert text == cited(answer.citations) + "\n"
    for citation in answer.citations:
        assert " ".join(citation.quote.split()) in text
    assert "quoted by River Trust (March 2024)" in text or "as reported by River Trust (March 2024)" in text
    assert "A limit the Wend can live with. https://rivertrust.example/limit" in text
    unaddressed = replace(answer.citations[0], article=replace(answer.citations[0].article, url=None, title=None))
    assert cited([unaddressed]).endswith("Untitled. Article trust-limit")


@pytest.mark.parametrize("links", [None, "x", [], [None, 3], ["%%%"], [places.to_article("trust-limit")]])
def test_what_is_no_quote_is_not_copied(functions: dict[str, Any], links: object) -> None:
    assert set(functions["cite"](links)) == {"problem"}


def test_each_turn_is_an_entry_silence_and_failure_included(library: Library) -> None:
    turns: list[Turn] = []
    for question in ("Who calls for a limit on taking water between May and September?", "Who speaks of nuclear power?"):
        turns = conversation.answered(conversation.asked(turns, question, Filters()), Filters(), library)
    forged = replace(turns[0], quotes=(*turns[0].quotes, "AAAA", places.to_article("trust-limit")))
    found = entries(conversation.shown([forged, turns[1], Turn("Why?", problem="It broke."), Turn("Stopped?")], library))
    assert [entry.asked for entry in found] == [turns[0].question, turns[1].question, "Why?", "Stopped?"]
    assert found[0].citations
    assert all(citation.article.text[citation.span.start : citation.span.end] == citation.quote for citation in found[0].citations)
    assert "This is not a source of ours." in found[0].notes
    assert (found[1].citations, bool(found[1].lead)) == ((), True)
    assert [entry.lead for entry in found[2:]] == ["That could not be answered. It broke.", "Stopped before an answer."]


@pytest.mark.parametrize(("wanted", "kept"), [("1.md", []), ("1.exe", None), (None, [{"question": 1}]), ("1.md/../x", "y")])
def test_nothing_is_taken_away_of_nothing(library: Library, wanted: str | None, kept: object) -> None:
    opening: Any = Opening(opened=SimpleNamespace(library=library))
    assert "ask something first" in TakeAway(opening).written(wanted, kept)["problem"]


# ---- in a browser


@pytest.fixture(scope="module")
def url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("compare")
    corpus = write_corpus(home / "corpus")
    (corpus / "more.jsonl").write_text("\n".join(map(json.dumps, MORE)), "utf-8")
    process, address = start(home / "index", corpus, home)
    first = browser.new_page()
    first.goto(address, wait_until="domcontentloaded")
    first.get_by_role("tab", name="Compare", exact=True).click()
    expect(first.get_by_text("The articles are not open yet.")).to_be_visible()
    expect(button(first, "Compare")).to_be_disabled()
    expect(button(first, "Compare")).to_be_enabled()
    expect(first.get_by_text("The articles are not open yet.")).to_be_hidden()
    first.close()
    yield address
    stop(process)


@pytest.fixture
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched(browser, url, **getattr(request, "param", {})) as opened:
        opened.get_by_role("tab", name="Compare", exact=True).click()
        yield opened


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def compare(page: Page, topic: str) -> Locator:
    """Compare and return the table."""
    page.get_by_role("textbox", name="Topic").fill(topic)
    button(page, "Compare").click()
    expect(page.get_by_role("heading", name=topic.removeprefix("a ").removeprefix("the "))).to_be_focused()
    return page.locator("#compare").get_by_role("table")


def row(table: Locator, group: str) -> Locator:
    return table.get_by_role("row").filter(has=table.page.get_by_role("rowheader", name=group, exact=True))


def saved(page: Page, name: str) -> str:
    with page.expect_download() as waiting:
        button(page, name).click()
    return Path(waiting.value.path()).read_text("utf-8")


@pytest.mark.browser
def test_groups_are_compared_their_quotes_opened_and_saved(page: Page) -> None:
    table = compare(page, TOPIC)
    expect(row(table, "River Trust")).to_contain_text("Says")
    expect(row(table, "River Trust")).to_contain_text("March 2024 · own voice")
    expect(row(table, "Mill Owners' Guild")).to_have_text(re.compile(r"No statement found in \d+ articles$"))
    expect(row(table, HOSTILE)).to_contain_text("<script>alert(5)</script> weir <img src=x onerror=alert(6)>")
    assert not page.locator("#compare img, #compare script, #compare b").count()

    quotes = table.get_by_role("button")
    quotes.first.click()
    words = quotes.first.locator(".ws-quote-words").inner_text().strip("“”")
    expect(marked(page)).to_have_text(words)
    expect(page.locator("#panel .ws-where")).to_have_text(f"1 of {quotes.count()}")
    page.locator("#panel .ws-next").click()
    expect(marked(page)).to_have_text(quotes.nth(1).locator(".ws-quote-words").inner_text().strip("“”"))
    page.keyboard.press("Escape")
    expect(quotes.first).to_be_focused()

    groups = {name.inner_text() for name in table.get_by_role("rowheader").all()}
    table_saved = list(csv.DictReader(io.StringIO(saved(page, "Save as Table (CSV)"))))
    assert {cells["published_by"] for cells in table_saved} == groups
    record = json.loads(saved(page, "Save as Evidence record (JSON)"))
    assert len(record["entries"][0]["quotes"]) == quotes.count()
    assert "<script" not in saved(page, "Save as Web page (HTML)").lower()
    assert saved(page, "Save as Markdown").startswith("# whosaid\n")


@pytest.mark.browser
def test_the_plot_is_read_and_opened_by_keyboard(page: Page) -> None:
    page.get_by_role("switch", name="In order of time").check()
    compare(page, TOPIC)
    plot = page.get_by_role("list", name="Quotes, the oldest first")
    marks = plot.get_by_role("button")
    labels = [mark.get_attribute("aria-label") or "" for mark in marks.all()]
    assert labels[0].startswith(f"1 July 2023, {HOSTILE}: “We call for")
    assert any(label.startswith("March 2024, River Trust: ") for label in labels)
    assert not [label for label in labels if "Boaters' League" in label]
    expect(page.locator("#compare .ws-undated")).to_contain_text("Boaters' League")
    marks.first.focus()
    expect(page.locator(".ws-tip")).to_contain_text("1 July 2023")
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(marked(page)).to_be_focused()
    expect(page.locator("#panel .ws-where")).to_have_text(f"2 of {len(labels)}")
    page.keyboard.press("Escape")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press(" ")
    expect(marked(page)).to_be_visible()


@pytest.mark.browser
def test_groups_are_chosen_and_what_cannot_be_compared_is_said(page: Page) -> None:
    complaint = page.locator("#compare").get_by_role("alert")
    button(page, "Compare").click()
    expect(complaint).to_have_text("Type a topic to compare.")
    page.get_by_role("textbox", name="Topic").fill("the")
    button(page, "Compare").click()
    expect(complaint).to_contain_text("names no topic")
    page.get_by_text("Groups and dates: all groups").click()
    button(page, "None").click()
    page.get_by_role("textbox", name="Topic").fill("otters")
    button(page, "Compare").click()
    expect(complaint).to_have_text("Choose at least one group.")
    page.get_by_role("checkbox", name="River Trust").check()
    page.get_by_role("textbox", name="From").fill("soon")
    button(page, "Compare").click()
    expect(complaint).to_contain_text("“soon” is not a date")
    page.get_by_role("textbox", name="From").fill("2020")
    expect(page.get_by_text("Groups and dates: River Trust, from 2020")).to_be_visible()
    table = compare(page, "otters")
    expect(complaint).to_be_empty()
    expect(table.get_by_role("rowheader")).to_have_text(["River Trust"])
    expect(page.get_by_text("Searched within: River Trust, from 2020")).to_be_visible()

    page.get_by_role("tab", name="Groups", exact=True).click()  # what was compared is still there afterwards
    page.get_by_role("tab", name="Compare", exact=True).click()
    expect(table.get_by_role("rowheader")).to_have_text(["River Trust"])


@pytest.mark.browser
def test_a_server_that_does_not_answer_is_said(page: Page) -> None:
    page.route(re.compile("/component_server"), lambda route: route.fulfill(status=200, body="no JSON"))
    page.get_by_role("textbox", name="Topic").fill("otters")
    button(page, "Compare").click()
    expect(page.locator("#compare").get_by_role("alert")).to_have_text("The server does not answer. Is whosaid still running?")
    expect(button(page, "Compare")).to_be_enabled()
    expect(page.get_by_role("heading", name="What does each group say?")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}], indirect=True)
def test_on_a_small_screen_nothing_scrolls_sideways(page: Page) -> None:
    table = compare(page, TOPIC)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    trust = row(table, "River Trust").bounding_box()
    finding = row(table, "River Trust").get_by_role("cell").first.bounding_box()
    name = row(table, "River Trust").get_by_role("rowheader").bounding_box()
    assert trust
    assert finding
    assert name
    assert finding["y"] >= name["y"] + name["height"]
    assert trust["x"] >= 0
    assert trust["x"] + trust["width"] <= 390
    plot = page.locator(".ws-timeline-plot svg").bounding_box()
    assert plot
    assert plot["x"] + plot["width"] <= 390
    table.get_by_role("button").first.tap()
    expect(page.get_by_role("dialog")).to_contain_text("1 of ")
    page.get_by_role("dialog").get_by_role("button", name="Back").tap()
    expect(table.get_by_role("button").first).to_be_focused()


@pytest.mark.browser
def test_a_conversation_is_taken_away_and_an_answer_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Chat", exact=True).click()
    expect(page.get_by_text("Take away", exact=True)).to_be_hidden()
    ask(page, "Who calls for a limit on taking water from the weir before autumn?")
    answer = ask(page, "Who calls for a limit on taking water between May and September?")
    ask(page, "Who speaks of nuclear power?")
    expect(page.get_by_test_id("bot").last.get_by_text("Copy with citations")).to_have_count(0)

    answer = page.get_by_test_id("bot").nth(1)
    copy = answer.get_by_role("button", name="Copy with citations")
    copy.press("Enter")
    expect(answer.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "“We call for a limit on taking water from the river between May and September.”\nRiver Trust, in its own voice" in copied
    assert "A limit the Wend can live with. https://rivertrust.example/limit" in copied
    expect(copy).to_be_visible()

    page.get_by_text("Take away", exact=True).click()
    record = json.loads(saved(page, "Evidence record (JSON)"))
    assert [entry["asked"] for entry in record["entries"]] == [
        "Who calls for a limit on taking water from the weir before autumn?",
        "Who calls for a limit on taking water between May and September?",
        "Who speaks of nuclear power?",
    ]
    assert record["entries"][0]["quotes"][0]["published_by"] == HOSTILE
    assert record["entries"][2]["quotes"] == []
    page.get_by_text("Take away", exact=True).click()
    written = saved(page, "Web page (HTML)")
    assert "<script" not in written
    assert "&lt;script&gt;alert(5)&lt;/script&gt;" in written
    page.get_by_text("Take away", exact=True).click()
    page.keyboard.press("Escape")
    expect(button(page, "Web page (HTML)")).to_be_hidden()
    expect(box_of(page)).to_be_enabled()
