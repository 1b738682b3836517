"""Looking through the corpus: articles, groups, checks of quotes, what else an article holds, and links to passages of it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from articles import write_corpus
from browser import box_of, marked, start, stop, watched
from playwright.sync_api import Browser, Page, expect

from qa.library import Library
from qa.settings import LONGEST_QUOTE
from qa.types import Article, PartialDate, Span
from qa.web import checking, explore, places, reader, reference

HOSTILE = "<img src=x onerror=alert(1)> {{value}} ${alert(2)} & \"quoted\" 'so'"
ODD = 'odd/<b>"id"&at=1?#é'
TROUT = "Every litre that leaves the river in July is a litre the trout do not have"
JUNK: list[Any] = [
    None,
    3,
    "x",
    [],
    [1],
    True,
    {"words": 3},
    {"start": -1},
    {"start": "5"},
    {"start": 10**12},
    {"group": ["x"]},
    {"since": {}},
]


def titles(listing: explore.Listing) -> list[str]:
    return [row["title"] for row in listing["rows"]]


# ---- articles


def test_articles_are_filtered_by_all_that_is_given(library: Library) -> None:
    everything = explore.list_articles({}, library)
    assert (everything["total"], everything["problem"]) == (10, "")
    assert titles(everything)[0] == "Guild goes to court"
    assert everything["rows"][0]["digest"]
    assert titles(explore.list_articles({"words": "FISH the salmon"}, library)) == []
    assert titles(explore.list_articles({"words": "anglers SALMON"}, library)) == ["Let the salmon pass"]
    both = explore.list_articles({"group": "WRT", "since": "2024-03", "until": "2024-03"}, library)
    assert titles(both) == ["A limit the Wend can live with"]
    unknown = explore.list_articles({"unknown": True}, library)["rows"]
    assert unknown
    assert all("unknown" in row["meta"] for row in unknown)
    for article in library.articles(inferred=True):
        assert reader.inferred(article)
    assert explore.list_articles({"inferred": True}, library)["total"] == len(library.articles(inferred=True))


@pytest.mark.parametrize("asked", JUNK, ids=str)
def test_a_filter_that_is_no_filter_does_no_harm(library: Library, asked: Any) -> None:
    listing = explore.list_articles(asked, library)
    assert listing["total"] in (0, 10)
    assert explore.list_groups(asked, library)["problem"] == ""


def test_a_wrong_date_is_said(library: Library) -> None:
    assert "From: “last spring” is not a date" in explore.list_articles({"since": "last spring"}, library)["problem"]
    assert "lies after" in explore.list_articles({"since": "2025", "until": "2024"}, library)["problem"]


class Many:
    """A library of many articles, as far as lists need it."""

    def __init__(self, *dates: str | None) -> None:
        self.held = [
            Article(f"a{n}", "", title=f"No. {n}", group="Trust", published=date and PartialDate.parse(date))
            for n, date in enumerate(dates)
        ]

    def articles(self, **_: Any) -> list[Article]:
        return self.held

    def groups(self) -> list[Any]:
        return []


def test_a_long_list_comes_in_parts() -> None:
    many: Any = Many(*["2024"] * 450)
    parts = [explore.list_articles({"start": start}, many) for start in (0, 200, 400, 600)]
    assert [len(part["rows"]) for part in parts] == [200, 200, 50, 0]
    assert {part["total"] for part in parts} == {450}
    assert titles(parts[2])[0] == "No. 400"


# ---- at a glance


@pytest.mark.parametrize(
    ("dates", "unit", "labels", "counts", "left_out"),
    [
        ((), "year", [], [], ""),
        ((None,), "year", [], [], "Not in the plot: 1 without a date."),
        (
            ("2023-12-31", "2024-02", "2024-02-01", "2024", None),
            "month",
            ["Dec 2023", "Jan 2024", "Feb 2024"],
            [1, 0, 2],
            "Not in the plot: 1 without a date and 1 dated by the year only.",
        ),
        (("2024", "2024", "2023-05"), "year", ["2023", "2024"], [1, 2], ""),
        (("2019-01", "2022-01"), "year", ["2019", "2020", "2021", "2022"], [1, 0, 0, 1], ""),
    ],
)
def test_the_plot_counts_by_month_or_year(
    dates: tuple[str | None, ...], unit: str, labels: list[str], counts: list[int], left_out: str
) -> None:
    many: Any = Many(*dates)
    now = explore.glance(many)
    assert (now["unit"], [period["label"] for period in now["periods"]], now["all"]["counts"], now["left_out"]) == (
        unit,
        labels,
        counts,
        left_out,
    )


def test_centuries_are_few_bars_and_nothing_is_lost() -> None:
    many: Any = Many("0001", "0999-05", "1848-02", "2024-03-02", "9999")
    now = explore.glance(many)
    assert len(now["periods"]) <= 40
    assert sum(now["all"]["counts"]) == 5
    assert (now["periods"][0]["since"], now["periods"][-1]["until"]) == ("0001", "9999")
    assert now["dates"] == "1 to 9999"


def test_a_period_of_the_plot_lists_what_it_counts(library: Library) -> None:
    now = explore.glance(library)
    assert now["articles"] == 10
    for period, counted in zip(now["periods"], now["all"]["counts"], strict=True):
        listed = explore.list_articles({"since": period["since"], "until": period["until"]}, library)["total"]
        assert listed >= counted  # those dated by the year only may fall into any month
    assert {one["name"] for one in now["largest"]} <= set(now["offered"])


# ---- groups


def test_a_group_is_found_by_each_of_its_names_and_tells_who_quotes_whom(library: Library) -> None:
    assert [row["name"] for row in explore.list_groups({"words": "fuw"}, library)["rows"]] == ["Farmers' Union"]
    page = explore.group_page("WRT", library)
    assert page
    assert (page["name"], page["kind"], page["aliases"], page["parts"]) == (
        "River Trust",
        "organisation",
        ["Wend River Trust", "WRT"],
        ["Anglers' Club"],
    )
    assert page["total"] == len(page["rows"]) == 2
    assert "City Council" in {one["name"] for one in page["quoted_by"]}
    assert "Mill Owners' Guild" in {one["name"] for one in page["quotes"]}
    assert "River Trust" not in {one["name"] for one in (*page["quoted_by"], *page["quotes"])}
    for one in (*page["quoted_by"], *page["quotes"]):
        assert one["direct"] + one["reported"] >= len(one["rows"]) > 0
        for row in one["rows"]:
            place = places.find(row["link"], library)
            assert place.span
            assert place.statements
            assert (place.article.group == "River Trust") == (one in page["quotes"])
    club = explore.group_page("Anglers' Club", library)
    assert club
    assert (club["parent"], club["parent_listed"]) == ("River Trust", True)


@pytest.mark.parametrize("name", [None, 3, [], {}, "Nobody", "", "x" * 100_000, "\ud800"])
def test_no_group_of_that_name(library: Library, name: Any) -> None:
    assert explore.group_page(name, library) is None


# ---- checks


@pytest.mark.parametrize(
    ("quote", "speaker", "verdict"),
    [
        (TROUT, "", "word for word"),
        (TROUT, "Ada Marsh", "word for word"),
        (TROUT.replace("July", "June"), "", "altered"),
        (TROUT, "Farmers' Union", "said by somebody else"),
        ("It names the charter of 1381 as the ground of the claim.", "", "digest only"),
        ("The moon is made of blue cheese and always was.", "", "not in the corpus"),
    ],
)
def test_a_verdict_and_the_passage_that_it_opens(library: Library, quote: str, speaker: str, verdict: str) -> None:
    found = checking.checked({"quote": quote, "speaker": speaker}, library)
    assert (found["problem"], found["verdict"]) == ("", verdict)
    assert found["heading"].casefold().startswith(verdict.removesuffix(" only")) or verdict == "digest only"
    assert bool(found["found"]) == (verdict != "not in the corpus")
    for one in found["found"]:
        assert places.find(one["link"], library).span
    if verdict == "altered":
        assert [(step["said"], step["claimed"]) for step in found["found"][0]["steps"] if step["kind"] == "changed"] == [("July", "June")]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (None, "Paste the words"),
        ({"quote": " \n"}, "Paste the words"),
        ({"quote": ["x"]}, "Paste the words"),
        ({"quote": "x" * (LONGEST_QUOTE + 1)}, "10,000 can be checked at once"),
        ({"quote": TROUT, "speaker": 3}, "no name"),
        ({"quote": TROUT, "speaker": "x" * 300}, "no name"),
        ({"quote": "…!"}, "no word in it"),
    ],
)
def test_what_cannot_be_checked_is_said(library: Library, asked: Any, problem: str) -> None:
    assert problem in checking.checked(asked, library)["problem"]


def test_only_two_checks_run_at_a_time(library: Library) -> None:
    with checking._AT_ONCE, checking._AT_ONCE:
        assert "Two checks are running" in checking.checked({"quote": TROUT}, library)["problem"]
    assert not checking.checked({"quote": TROUT}, library)["problem"]


# ---- the reader


def test_an_article_lists_who_says_what_and_each_leads_to_its_place(library: Library) -> None:
    page = reader.opened(places.find(places.to_article("anglers-salmon"), library), library.statements("anglers-salmon"))
    assert page["kind"] == "Full text"
    assert not any(one["shown"] for one in page["remarks"])
    (said,) = (one for one in page["remarks"] if one["who"].startswith("Hester Vane"))
    assert said["how"] == "direct speech"
    assert "My father told me" in said["words"]
    there = reader.opened(places.find(said["link"], library), library.statements("anglers-salmon"))
    assert [one["link"] for one in there["remarks"] if one["shown"]] == [said["link"]]
    assert there["who"].startswith("Hester Vane")
    pieces = [piece for paragraph in there["paragraphs"] for piece in paragraph]
    assert "Hester Vane" in "".join(piece["words"] for piece in pieces if piece["part"] == "source")
    assert "".join(piece["words"] for piece in pieces if piece["cited"]).startswith("“My father told me")


def test_an_address_opens_a_passage_or_says_that_it_is_not_there(library: Library) -> None:
    text = library.article("trust-limit").text
    at = Span(text.index("We call"), text.index("We call") + 30)
    assert places.address_of("trust-limit", at) == f"?article=trust-limit&at={at.start}-{at.end}"
    place = places.find(places.from_address({"article": "trust-limit", "at": f"{at.start}-{at.end}"}), library)
    assert (place.span, place.note) == (at, "")
    for bad in ("5-5", "9-3", f"0-{len(text) + 1}", "999999999-9999999999", "x", "-1-5", "1-2-3", "٣-٤"):
        place = places.find(places.from_address({"article": "trust-limit", "at": bad}), library)
        assert (place.span, place.article.id) == (None, "trust-limit")
        assert "isn't in the article" in place.note
    assert places.find(places.from_address({"article": "trust-limit"}), library).note == ""
    assert places.from_address({"at": "1-2"}) == ""
    for id in ("nobody", "x" * 5000, "\ud800"):
        with pytest.raises(places.PlaceError):
            places.find(places.from_address({"article": id, "at": "1-2"}), library)


def test_an_odd_id_stays_one_in_an_address() -> None:
    assert places.address_of(ODD, Span(3, 9)) == "?article=odd%2F%3Cb%3E%22id%22%26at%3D1%3F%23%C3%A9&at=3-9"


FULL = Article(
    "a",
    "",
    title="Water [now] & 100% of it_",
    group="River Trust",
    author="Ada Brook",
    published=PartialDate(2024, 3, 2),
    publication="Clear Water",
)
TODAY = dt.date(2025, 11, 3)


def test_references() -> None:
    assert reference.as_markdown(FULL, "https://a.example/b>c d", TODAY) == (
        r"Ada Brook, River Trust (2 March 2024): [Water \[now\] \& 100% of it\_]"
        "(<https://a.example/b%3Ec%20d>), Clear Water, accessed 3 November 2025."
    )
    assert reference.as_bibtex(FULL, "https://a.example/}", TODAY) == (
        "@misc{rivertrust2024water,\n"
        "  author = {Ada Brook},\n"
        "  title = {{Water [now] \\& 100\\% of it\\_}},\n"
        "  organization = {River Trust},\n"
        "  howpublished = {Clear Water},\n"
        "  year = {2024},\n"
        "  month = mar,\n"
        "  date = {2024-03-02},\n"
        "  url = {https://a.example/%7D},\n"
        "  urldate = {2025-11-03}\n"
        "}"
    )
    bare = Article("b", "", kind="digest")
    assert reference.as_markdown(bare, "", TODAY) == (
        "Unknown group (date unknown): *Untitled*, accessed 3 November 2025, read as a digest in our words, not in the original."
    )
    assert "author = {{Unknown group}}" in reference.as_bibtex(bare, "", TODAY)


def test_a_hostile_title_stays_within_its_reference() -> None:
    odd = Article("a", "", title="}, url = {x}\n\\input{y} <b>[a](javascript:x)", group="W{")
    made = reference.as_bibtex(odd, "", TODAY)
    assert len(made.splitlines()) == 5
    plain = made.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")
    assert r"\<b\>\[a\](javascript:x)" in reference.as_markdown(odd, "", TODAY)


# ---- in a browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("explore")
    corpus = write_corpus(home / "corpus")
    hostile = {
        "id": ODD,
        "title": HOSTILE,
        "group": "Weir <b>Watch</b>",
        "published": "2024-06",
        "text": f"“{HOSTILE},” said Tom Ford of the River Trust.\n\nThe weir needs oak.",
    }
    (corpus / "hostile.jsonl").write_text(json.dumps(hostile), "utf-8")
    (corpus / "many.jsonl").write_text(
        "\n".join(
            json.dumps(
                {
                    "id": f"m{n}",
                    "title": f"Gauge reading {n}",
                    "group": "Gauge Society",
                    "published": f"2024-{n % 12 + 1:02d}",
                    "text": f"Gauge {n} stood at {n}.",
                }
            )
            for n in range(210)
        ),
        "utf-8",
    )
    process, address = start(home / "index", corpus, home)
    yield address
    stop(process)


@pytest.fixture
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched(browser, url, **getattr(request, "param", {})) as opened:
        yield opened


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def to_tab(page: Page, name: str) -> None:
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.locator("#tabs .overflow-menu > button").click()
        tab = page.locator("#tabs .overflow-dropdown").get_by_text(name, exact=True)
    tab.click()


@pytest.mark.browser
def test_articles_are_filtered_and_paged(page: Page) -> None:
    to_tab(page, "Articles")
    listed = page.locator("#articles .ws-articles li")
    expect(listed).to_have_count(200)
    page.get_by_role("button", name="Show more (21)").click()
    expect(listed).to_have_count(221)
    expect(listed.nth(200).get_by_role("button")).to_be_focused()
    expect(page.locator("#articles .ws-facts")).to_contain_text("221 articles · 7 groups")
    expect(page.get_by_role("img", name=re.compile("^Gauge Society: 210 articles from"))).to_be_visible()

    page.get_by_label("Published by").select_option("River Trust")
    expect(listed).to_have_count(2)
    page.get_by_role("textbox", name="From", exact=True).fill("whenever")
    expect(page.get_by_role("alert").filter(has_text="“whenever” is not a date")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    expect(listed).to_have_count(200)
    page.get_by_label("Only unknown group or date").check()
    expect(listed).to_have_count(2)
    page.get_by_label("Only unknown group or date").uncheck()
    page.get_by_text("The same as a table").click()
    page.get_by_role("button", name="Mar 2024", exact=True).click()
    expect(page.get_by_role("textbox", name="To", exact=True)).to_have_value("2024-03")
    expect(listed).to_have_count(19)


@pytest.mark.browser
def test_a_group_has_a_page_of_its_own(page: Page) -> None:
    to_tab(page, "Groups")
    groups = page.locator("#groups")
    groups.get_by_label("Find a group by any of its names").fill("WRT")
    row = groups.get_by_role("button", name=re.compile("^River Trust"))
    expect(groups.locator(".ws-groups li")).to_have_count(1)
    row.focus()
    page.keyboard.press("Enter")
    expect(groups.get_by_role("heading", name="River Trust", exact=True)).to_be_focused()
    expect(groups.locator("dl")).to_contain_text("Wend River Trust, WRT")
    expect(groups.locator(".ws-group-page")).not_to_contain_text("null")
    by = groups.locator(".ws-speakers", has_text="Who quotes it")
    by.locator("summary", has_text="City Council").click()
    by.get_by_role("button", name=re.compile("River committee|Minutes")).first.click()
    expect(marked(page)).to_contain_text("a limit of forty million litres a day")
    page.keyboard.press("Escape")
    expect(page.locator("#panel .ws-reader")).to_be_hidden()
    page.get_by_role("button", name="Anglers' Club", exact=True).click()
    expect(groups.get_by_role("heading", name="Anglers' Club", exact=True)).to_be_focused()
    page.get_by_role("button", name="All groups").click()
    row.click()
    page.get_by_role("button", name="Ask about this group").click()
    expect(box_of(page)).to_have_value("What does River Trust say about ")
    expect(box_of(page)).to_be_focused()


@pytest.mark.browser
def test_a_quote_is_checked_from_the_keyboard_alone(page: Page) -> None:
    to_tab(page, "Check")
    page.keyboard.press("Tab")
    page.get_by_role("textbox", name="Quote").focus()
    page.keyboard.insert_text(TROUT.replace("July", "June"))
    page.keyboard.press("Tab")
    page.keyboard.type("Ada Marsh")
    page.keyboard.press("Enter")
    verdict = page.locator("#check .ws-verdict")
    expect(verdict).to_be_focused()
    expect(verdict.get_by_role("heading", level=3)).to_contain_text("Altered")
    expect(verdict.locator("del")).to_contain_text("June")
    expect(verdict.locator("ins")).to_contain_text("July")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(marked(page)).to_contain_text("in July is a litre")
    expect(marked(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(verdict.get_by_role("button", name=re.compile("Open the passage"))).to_be_focused()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Paste the words")).to_be_visible()
    expect(verdict).to_be_hidden()


@pytest.mark.browser
def test_a_link_in_the_address_opens_the_passage_and_what_else_is_said_there(page: Page, url: str, library: Library) -> None:
    text = library.article("anglers-salmon").text
    at = text.index("The River Trust has promised")
    page.goto(f"{url}/?article=anglers-salmon&at={at}-{at + 28}", wait_until="domcontentloaded")
    expect(marked(page)).to_have_text("The River Trust has promised")
    expect(marked(page)).to_be_in_viewport(ratio=1)
    fold = page.get_by_role("button", name=re.compile(r"statements \(\d+\)", re.IGNORECASE))
    expect(page.locator(".ws-remark").first).to_be_hidden()
    fold.click()
    page.locator(".ws-remark", has_text="Hester Vane").click()
    expect(marked(page)).to_contain_text("My father told me")
    expect(marked(page)).to_be_in_viewport(ratio=1)
    expect(page.locator(".ws-remark[aria-current]")).to_contain_text("Hester Vane")
    page.get_by_role("button", name="Reference").click()
    expect(page.locator(".ws-bibtex")).to_contain_text("@misc{anglersclub2024salmon,")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link to this passage").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(re.escape(url) + r"/\?article=anglers-salmon&at=\d+-\d+", copied)
    page.goto(copied, wait_until="domcontentloaded")
    expect(marked(page)).to_contain_text("My father told me")


@pytest.mark.browser
def test_a_bad_link_in_the_address_opens_the_article_alone_or_nothing(page: Page, url: str) -> None:
    page.goto(f"{url}/?article=anglers-salmon&at=7-999999", wait_until="domcontentloaded")
    expect(page.locator("#panel header")).to_contain_text("isn't in the article")
    expect(page.locator("#panel article")).to_contain_text("No salmon has passed")
    expect(marked(page)).to_have_count(0)
    page.goto(f"{url}/?article=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&at=1-2", wait_until="domcontentloaded")
    expect(page.locator("#panel header")).to_contain_text("no longer in the index")


@pytest.mark.browser
@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_the_back_key_of_a_phone_closes_the_reader_and_nothing_is_too_wide(page: Page) -> None:
    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= 390"))

    to_tab(page, "Articles")
    row = page.locator("#articles .ws-articles button").first
    expect(row).to_be_visible()
    assert fits()
    for _ in range(2):
        row.tap()
        expect(page.get_by_role("dialog", name="Article", exact=True)).to_be_visible()
        assert fits()
        page.go_back()
        expect(page.locator("#panel .ws-reader")).to_be_hidden()
        expect(row).to_be_focused()
    row.tap()
    page.get_by_role("button", name="Back", exact=True).tap()
    expect(page.locator("#panel .ws-reader")).to_be_hidden()
    assert page.evaluate("!(history.state && history.state.whosaidReader)")
    to_tab(page, "Groups")
    page.locator('#groups [data-group="River Trust"]').tap()
    expect(page.get_by_role("heading", name="River Trust", exact=True)).to_be_visible()
    assert fits()
    to_tab(page, "Check")
    page.get_by_role("textbox", name="Quote").fill(TROUT + " " + "x" * 300)
    page.get_by_role("button", name="Check", exact=True).tap()
    expect(page.locator("#check .ws-verdict")).to_be_visible()
    assert fits()


@pytest.mark.browser
def test_hostile_names_and_words_are_only_words(page: Page, url: str) -> None:
    to_tab(page, "Articles")
    page.get_by_label("Find by title, group or author").fill("onerror")
    row = page.locator("#articles .ws-articles").get_by_role("button", name=re.compile("onerror"))
    row.click()
    expect(page.locator("#panel header h2")).to_have_text(HOSTILE)
    page.get_by_role("button", name=re.compile("statements", re.IGNORECASE)).click()
    page.get_by_role("button", name="Reference").click()
    expect(page.locator(".ws-bibtex")).to_contain_text("weirbwatchb2024")
    to_tab(page, "Groups")
    page.locator("#groups").get_by_role("button", name=re.compile("Weir <b>Watch")).click()
    expect(page.get_by_role("heading", name="Weir <b>Watch</b>", exact=True)).to_be_visible()
    to_tab(page, "Check")
    page.get_by_role("textbox", name="Quote").fill(f"{HOSTILE} said Tom Ford")
    page.get_by_role("textbox", name=re.compile("Said by")).fill("<script>alert(1)</script>")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#check .ws-verdict")).to_be_visible()
    live = ":is(#panel, #articles, #groups, #check) :is(img:not([role]), script, b, a[href^='javascript'], [onerror])"
    expect(page.locator(live)).to_have_count(0)
