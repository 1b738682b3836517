"""Adding from the page: what is read, corrected and added without a browser, and the tab in a real one, over one server."""

from __future__ import annotations

import json
import logging
import re
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from articles import SilentAttributor, WordEncoder, write_corpus
from browser import ask, box_of, marked, start, stop, watched
from filelock import FileLock
from playwright.sync_api import Browser, Page, expect
from waiting import HANG, until
from websites import Page as WebPage
from websites import Site as Website

from qa.library import Library, build, edit
from qa.reading import Notice, pasted
from qa.types import Article, Link, Origin, PartialDate, Span, Statement
from qa.web import add_tab, given
from qa.web.adding import MOST_SHOWN, Tray, Trays
from qa.web.given import LONGEST_TEXT, links_in
from qa.web.opening import Opened
from qa.web.security import LARGEST_FILE, LARGEST_POST, refused

RINGS = "We ask for forty mooring rings above the lock at Holm before the summer."
WALK = "The committee walked the towpath in spring and wrote down what it saw, gate by gate, before it met again. "
TOWPATH = f"---\ntitle: What the towpath needs\ngroup: Boaters' League\npublished: 2025-06\n---\n\n{WALK * 3}\n\n{RINGS}\n\n{WALK * 2}\n"


def settled(tray: Tray) -> Tray:
    """Wait until nothing runs any more."""
    until(lambda: not tray.working, lambda: tray.stage)
    return tray


def reading(files: Sequence[Path] = (), text: str = "") -> Tray:
    tray = Tray()
    tray.read(files, text)
    return settled(tray)


def copy_of(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file as the page's server keeps an upload: alone in a folder of its own."""
    home = folder / f"{len(list(folder.iterdir())):064x}"
    home.mkdir()
    (home / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return home / name


@pytest.fixture(scope="module")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("adding")
    build(home / "index", [write_corpus(home)], encoder=WordEncoder(), attributor=SilentAttributor())
    return home / "index"


@pytest.fixture
def opened(small_index: Path, tmp_path: Path) -> Iterator[Opened]:
    """A library of the small corpus, quick to add to, a fresh one for each test."""
    folder = tmp_path / "index"
    shutil.copytree(small_index, folder)
    encoder = WordEncoder()
    library = Library.open(folder, encoder=encoder)
    yield Opened(library, (), folder, encoder, SilentAttributor())
    library.close()


def added(tray: Tray, opened: Opened) -> Tray:
    tray.add(opened)
    return settled(tray)


def by_source(opened: Opened, source: str) -> Article:
    (found,) = (article for article in opened.library.articles() if article.source == source)
    return found


# ---- reading


def test_files_have_the_names_they_were_given_and_their_copies_go(tmp_path: Path) -> None:
    table = "title,text\nOne,The first row.\nTwo,\n"
    files = [copy_of(tmp_path, "towpath.md", TOWPATH), copy_of(tmp_path, "rows.csv", table), copy_of(tmp_path, "bad.pdf", b"%PDF-1.4 no")]
    tray = reading(files, "The bargemen say that the lock opens too late.")
    assert tray.step == "read"
    assert [article.source for article in tray.articles] == [
        "towpath.md, given to the page",
        "rows.csv:2, given to the page",
        "pasted text",
    ]
    assert [notice.source for notice in tray.notices] == ["rows.csv:3", "bad.pdf"]
    assert not list(tmp_path.iterdir())
    everything = [*map(str, tray.notices), *(f"{article.id} {article.source}" for article in tray.articles)]
    assert not [line for line in everything if str(tmp_path) in line or "\n" in line]


def test_whatever_is_wrong_with_a_file_is_one_line_with_its_name(tmp_path: Path) -> None:
    gone = tmp_path / "gone.md"
    tray = reading(
        [copy_of(tmp_path, "empty.txt", " \n"), copy_of(tmp_path, "holiday.exe", b"MZ"), copy_of(tmp_path, "a.zip", b"PK"), gone]
    )
    assert tray.step == "nothing"
    lines = [str(notice) for notice in tray.notices]
    assert [line.partition(":")[0] for line in lines] == ["empty.txt", "holiday.exe", "a.zip", "gone.md"]
    assert not [line for line in lines if str(tmp_path) in line or "Error" in line]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_nothing_given_is_said() -> None:
    tray = reading(text=" \n ")
    assert (tray.step, tray.problem) == ("nothing", "Drop a file, or paste a link or a text.")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://a.example/b", ["https://a.example/b"]),
        (" https://a.example/b\n\n  HTTP://c.example \n https://a.example/b", ["https://a.example/b", "HTTP://c.example"]),
        ("https://a.example/b\nThe text after it.", []),
        ("See https://a.example/b", []),
        ("ftp://a.example/b", []),
        ("javascript:alert(1)", []),
        ("", []),
    ],
)
def test_links_are_told_from_a_text(text: str, links: list[str]) -> None:
    assert links_in(text) == links


def test_a_pasted_text_is_an_article_of_which_its_words_are_known() -> None:
    (one,) = pasted("The lock opens too late.\n\nIt always did.")
    (again,) = pasted("The lock opens too late.\n\nIt always did.")
    assert isinstance(one, Article)
    assert one == again
    assert re.fullmatch(r"pasted-[0-9a-f]{8}", one.id)
    assert (one.source, one.title, one.group, one.origins) == ("pasted text", None, None, ())
    assert one.text == "The lock opens too late.\n\nIt always did."
    (blank,) = pasted("  \n ")
    assert isinstance(blank, Notice)
    (odd,) = pasted("one \ud800 two")
    assert isinstance(odd, Article)
    assert odd.text == "one ? two"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("www.river-trust.example", "pasted text: “www.river-trust.example” is a single word; a link begins with https://"),
        ("word " * (LONGEST_TEXT // 5 + 1), "pasted text: has more than 100,000 characters; save it as a .txt file and drop that here"),
    ],
)
def test_what_is_pasted_and_no_article_is_said(text: str, line: str) -> None:
    tray = reading(text=text)
    assert (tray.step, [str(notice) for notice in tray.notices]) == ("nothing", [line])


def test_links_are_read_and_private_ones_only_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with Website() as site:
        page = (
            f"<html><head><title>Rings</title></head><body><article><h1>Rings</h1><p>{WALK * 4}</p><p>{RINGS}</p></article></body></html>"
        )
        site.pages = {"/rings": WebPage(page)}
        kept_out = reading(text=f"{site.url('/rings')}\nhttp://127.0.0.1/rings")
        assert kept_out.step == "nothing"
        assert not site.asked
        assert "private network" in str(kept_out.notices[1])
        monkeypatch.setenv("WHOSAID_ALLOW_PRIVATE", "1")
        tray = reading(text=f"{site.url('/rings')}\n{site.url('/none')}")
        assert [article.url for article in tray.articles] == [site.url("/rings")]
        assert [notice.source for notice in tray.notices] == [site.url("/none")]


def test_only_so_many_links_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(given.library, "read_things", lambda things, **_: asked.append(things) or iter(()))
    tray = reading(text="\n".join(f"https://a.example/{number}" for number in range(60)))
    assert [len(things) for things in asked] == [50]
    assert "60 links; expected 50 at most" in str(tray.notices[0])


def test_reading_stops_at_once_and_the_copies_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, done = threading.Event(), threading.Event()

    def slow(*_: Any) -> Iterator[Article]:
        yield Article("a", "The first.")
        go_on.wait(HANG)
        yield Article("b", "The second.")

    real = given.delete
    monkeypatch.setattr(given, "understood", slow)
    monkeypatch.setattr(given, "delete", lambda files: (real(files), done.set()))
    file = copy_of(tmp_path, "a.txt", "The first.")
    tray = Tray()
    tray.read([file], "")
    other = copy_of(tmp_path, "b.txt", "The second.")
    tray.read([other], "")  # one at a time
    assert not other.exists()
    done.clear()
    tray.stop()
    assert (tray.step, tray.note, tray.articles) == ("nothing", "Stopped. Nothing was read.", ())
    go_on.set()
    assert done.wait(HANG)
    assert not file.exists()
    assert (tray.step, tray.articles) == ("nothing", ())


def test_an_error_that_nobody_foresaw_is_said_and_ends_the_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Iterator[Article]:
        raise ZeroDivisionError
        yield

    monkeypatch.setattr(given, "understood", broken)
    with caplog.at_level(logging.CRITICAL):
        tray = reading(text="Any text.")
    assert (tray.step, tray.problem[:24]) == ("nothing", "Something went wrong her")


# ---- correcting


def understood(monkeypatch: pytest.MonkeyPatch, *items: Article | Link | Notice) -> Tray:
    monkeypatch.setattr(given, "understood", lambda *_: iter(items))
    return reading(text="Any text.")


def known(**fields: tuple[Any, Origin]) -> Article:
    values = {name: value for name, (value, _) in fields.items()}
    return Article("towpath", WALK * 5 + RINGS, **values, origins=tuple((name, origin) for name, (_, origin) in fields.items()))


LEAGUE = known(
    group=("Boaters' League", "web domain"),
    author=("Ann Lock", "byline"),
    published=(PartialDate(2025, 6), "front matter"),
    title=("Rings", "heading"),
)


def test_a_corrected_field_says_so_and_the_others_keep_where_they_are_from(monkeypatch: pytest.MonkeyPatch) -> None:
    tray = understood(monkeypatch, LEAGUE)
    tray.correct(0, "group", "  River   Trust ")
    tray.correct(0, "author", " Ann Lock")  # as it was
    tray.correct(0, "published", "2025-10-08")
    tray.correct(0, "title", "")
    article = tray.article(0)
    assert (article.group, article.author, article.published, article.title) == ("River Trust", "Ann Lock", PartialDate(2025, 10, 8), None)
    assert dict(article.origins) == {"group": "corrected", "author": "byline", "published": "corrected"}
    for name, value in (("group", "Boaters' League"), ("published", "2025-06"), ("title", "Rings")):
        tray.correct(0, name, value)
    assert tray.article(0) == LEAGUE


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("published", "last autumn", "“last autumn” is not a date; write 2025, 2025-10 or 2025-10-08"),
        ("published", "2025-02-30", "is not a date"),
        ("published", "08.10.2025", "is not a date"),
        ("url", "river-trust.example/levels", "This is no address; one begins with https://"),
        ("url", "javascript:alert(1)", "This is no address"),
        ("title", "x" * 2001, "has 2,001 characters; expected 2,000 at most"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_keeps_all_from_being_added(
    name: str, value: str, problem: str, monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    tray = understood(monkeypatch, LEAGUE, replace(LEAGUE, id="other", text=WALK * 9))
    tray.correct(0, name, value)
    assert problem in tray.wrong[0, name][1]
    field = next(field for field in add_tab._card(tray, 0)["fields"] if field["name"] == name)
    assert (field["known"], field["value"]) == ("wrong", value[:2000])
    assert added(tray, opened).step == "read"
    assert "can't be used" in tray.problem
    tray.leave_out(0, True)
    assert added(tray, opened).step == "added"


def test_signs_that_no_keyboard_has_are_left_away(monkeypatch: pytest.MonkeyPatch) -> None:
    tray = understood(monkeypatch, LEAGUE)
    tray.correct(0, "title", "A\x00 title\ud800 of\x1b two\r\nlines")
    assert tray.article(0).title == "A title of two lines"


def test_only_fields_and_positions_that_are_shown_can_be_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [replace(LEAGUE, id=f"a{number}", text=f"{RINGS} {number}") for number in range(MOST_SHOWN + 2)]
    tray = understood(monkeypatch, *many)
    for at in (-1, MOST_SHOWN, 10**9, True, "0", 0.0, None, [0], {}):
        tray.correct(at, "group", "River Trust")
        tray.leave_out(at, True)
    for name in ("text", "id", "kind", "source", "origins", "__class__", "", None, 1, ["group"]):
        tray.correct(0, name, "River Trust")
    for value in (None, 1, ["River Trust"], {}):
        tray.correct(0, "group", value)
    tray.leave_out(0, "yes")
    assert tray.articles == tuple(many)
    assert not any(tray.corrected.values())
    assert not tray.wrong
    assert not tray.left_out
    view = tab_of(tray)._view(tray)
    assert (len(view["cards"]), view["more"], view["total"]) == (MOST_SHOWN, "and 2 more, added as they were understood", MOST_SHOWN + 2)


def tab_of(tray: Tray) -> add_tab.AddTab:
    """Return the tab without its layout, in front of a library of no groups."""
    library = SimpleNamespace(groups=list)
    opening: Any = SimpleNamespace(opened=SimpleNamespace(library=library))
    tab = add_tab.AddTab(opening, lambda: [None] * 3)
    tab._trays._trays[tray.token] = tray
    return tab


def test_where_each_value_is_from_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    tray = understood(monkeypatch, LEAGUE)
    tray.correct(0, "title", "The rings")
    fields = {field["name"]: (field["value"], field["known"], field["note"]) for field in add_tab._card(tray, 0)["fields"]}
    assert fields == {
        "title": ("The rings", "corrected", "corrected by you"),
        "group": ("Boaters' League", "inferred", "inferred from the web domain, please check"),
        "author": ("Ann Lock", "inferred", "inferred from the byline, please check"),
        "published": ("2025-06", "stated", "stated by the file"),
        "url": ("", "unknown", "unknown"),
    }


# ---- adding


def test_what_is_added_can_be_read_and_keeps_its_corrections(opened: Opened, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    tray = reading(
        [copy_of(uploads, "towpath.md", TOWPATH), copy_of(uploads, "weir.txt", f"The weir at Holm. {WALK * 4}")], f"Pasted. {WALK * 6}"
    )
    tray.correct(0, "group", "River Trust")
    tray.correct(0, "title", "")
    tray.leave_out(1, True)
    assert added(tray, opened).step == "added"
    assert tray.outcome
    assert tray.outcome.words == "2 articles added."
    assert [article.source for article in tray.outcome.articles] == ["towpath.md, given to the page", "pasted text"]
    article = by_source(opened, "towpath.md, given to the page")
    assert (article.group, article.title, article.origin("group"), article.origin("published")) == (
        "River Trust",
        None,
        "corrected",
        "front matter",
    )
    assert RINGS in opened.library.article(article.id).text
    assert not [one for one in opened.library.articles() if (one.source or "").startswith("weir")]

    again = reading([copy_of(uploads, "towpath.md", TOWPATH)])  # a file that states otherwise puts nothing back
    assert added(again, opened).outcome
    assert again.outcome
    assert again.outcome.words == "1 article was the same as one that is here."
    article = by_source(opened, "towpath.md, given to the page")
    assert (article.group, article.title) == ("River Trust", None)
    edit(opened.index, article.id, {"group": "City Council"})
    tray = reading([copy_of(uploads, "towpath.md", TOWPATH)])
    tray.correct(0, "group", "Farmers' Union")
    added(tray, opened)
    assert by_source(opened, "towpath.md, given to the page").group == "Farmers' Union"


def test_what_was_added_does_not_keep_the_corpus_from_being_brought_in_line(opened: Opened, small_index: Path) -> None:
    from qa.web.opening import all_from

    added(reading(text=f"Pasted. {WALK * 6}"), opened)
    assert opened.library.added()
    assert all_from(opened.library, [small_index.parent])


def test_another_text_in_a_file_of_the_same_name_stands_beside_the_first(opened: Opened, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    other = " ".join(f"word{number}" for number in range(200))
    texts = (TOWPATH, other, TOWPATH.replace("forty", "fifty"), other)
    words = [added(reading([copy_of(uploads, "statement.md", text)]), opened).outcome for text in texts]
    assert [one.words for one in words if one] == [
        "1 article added.",
        "1 article added.",
        "1 article that is here changed.",
        "1 article was the same as one that is here.",
    ]
    found = [article.id for article in opened.library.articles() if article.source == "statement.md, given to the page"]
    assert sorted(found) == ["statement", "statement~2"]
    twice = reading([copy_of(uploads, "two.txt", WALK * 4), copy_of(uploads, "two.txt", other[::-1])])
    added(twice, opened)
    assert twice.outcome
    assert [article.id for article in twice.outcome.articles] == ["two", "two~2"]


def test_a_link_goes_with_its_articles_unless_a_list_would_bring_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(url: str, kind: Any = "article") -> Link:
        return Link(url, kind, None, None, "0" * 64, "2025-01-01T00:00:00+00:00")

    one, two = (replace(LEAGUE, id=name, text=f"{name} {WALK * 4}") for name in ("one", "two"))
    tray = understood(monkeypatch, one, link("https://a.example/1"), two, link("https://a.example/2"))
    tray.leave_out(0, True)
    assert [found.url for found in tray._links()] == ["https://a.example/2"]
    tray = understood(monkeypatch, one, link("https://a.example/1"), link("https://a.example/feed", "feed"))
    tray.leave_out(0, True)
    assert len(list(tray._links())) == 2


class Held:
    """An attributor that is held up in the middle of its work."""

    identity = "silent"

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        self.begun.set()
        assert self.go_on.wait(HANG)
        return [() for _ in articles]


def test_a_stop_leaves_the_index_as_it_was_and_the_articles_to_try_again(opened: Opened) -> None:
    before = opened.library.articles(with_text=True)
    held = Held()
    tray = reading(text=f"Pasted. {WALK * 6}")
    tray.correct(0, "group", "River Trust")
    tray.add(replace(opened, attributor=held))
    assert held.begun.wait(HANG)
    tray.correct(0, "group", "City Council")  # too late
    tray.clear()
    assert tray.step == "adding"
    tray.stop()
    assert tray.stage.in_words() == "Stopping"
    held.go_on.set()
    assert settled(tray).step == "read"
    assert (tray.problem, tray.note) == ("", "Stopped. Nothing was added: everything is as it was.")
    opened.library.refresh()
    assert opened.library.articles(with_text=True) == before
    assert tray.article(0).group == "River Trust"
    assert added(tray, opened).step == "added"
    assert by_source(opened, "pasted text").group == "River Trust"


def test_a_folder_that_cannot_be_written_is_one_line_and_loses_nothing(opened: Opened) -> None:
    lock = opened.index / ".lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # stands for a folder without permissions, which tests may run without minding
    tray = added(reading(text=f"Pasted. {WALK * 6}"), opened)
    assert tray.step == "read"
    assert re.fullmatch(r".*can't be written.*Nothing was added; what was read is still here\.", tray.problem)
    lock.rmdir()
    assert added(tray, opened).step == "added"


def test_another_build_is_waited_for_and_the_waiting_can_be_stopped(opened: Opened) -> None:
    tray = reading(text=f"Pasted. {WALK * 6}")
    with FileLock(opened.index / ".lock"):
        tray.add(opened)
        until(lambda: "another build" in tray.stage.in_words())
        tray.stop()
        assert settled(tray).step == "read"
    assert added(tray, opened).step == "added"


def test_nothing_is_added_where_everything_is_left_out(opened: Opened) -> None:
    tray = reading(text=f"Pasted. {WALK * 6}")
    tray.leave_out(0, True)
    assert added(tray, opened).problem == "Every article is left out; take one in."


# ---- nothing that a browser says is trusted


def test_a_token_that_is_not_ours_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    trays = Trays()
    tray = trays.new()
    assert trays.find(tray.token) is tray
    assert tray.token != trays.new().token
    for forged in ("", "x" * 24, tray.token[:-1], tray.token + "=", None, 1, [tray.token], {"token": tray.token}):
        assert trays.find(forged) is None
    for _ in range(40):
        trays.new()
    assert trays.find(tray.token) is None  # only so many
    last = trays.new()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3 * 60 * 60)
    assert trays.find(last.token) is None  # only so long


def test_what_the_script_says_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    tray = understood(monkeypatch, LEAGUE)
    tab = tab_of(tray)
    correct, leave_out = add_tab._corrector(tab._trays), add_tab._leaver(tab._trays)
    for said in (None, "x", 1, [], {}, {"token": "forged", "at": 0, "name": "group", "value": "x"}):
        assert "left alone for too long" in correct(said)["problem"]
        assert "left alone for too long" in leave_out(said)["problem"]
    for at in (True, -1, 1, "0", None):
        assert "no field" in correct({"token": tray.token, "at": at, "name": "group", "value": "x"})["problem"]
    assert "no field" in correct({"token": tray.token, "at": 0, "name": "text", "value": "x"})["problem"]
    assert correct({"token": tray.token, "at": 0, "name": "group", "value": "River Trust"})["note"] == "corrected by you"
    assert leave_out({"token": tray.token, "at": 0, "out": True}) == {"kept": 0}
    for said in ("", "x", "[]", "1", "[" * 100_000, '{"what": 1}', '{"what": "drop"}', '{"what": "add", "token": "x"}'):
        assert tab.act(said, tray.token)[0]["step"] == "read"
        assert tab.act(said, "forged")[0]["step"] == "nothing"


def test_only_what_was_uploaded_is_read_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setattr(add_tab, "get_upload_folder", lambda: str(uploads))
    ours = copy_of(uploads, "a.txt", "ours")
    secret = tmp_path / "secret.txt"
    secret.write_text("not ours")
    (uploads / "loose.txt").write_text("not ours")
    link = ours.parent / "link.txt"
    link.symlink_to(secret)
    hostile = [
        str(secret),
        str(uploads / "loose.txt"),
        str(link),
        f"{ours.parent}/../../secret.txt",
        f"{ours}\0",
        "",
        "..",
        "/",
        1,
        None,
        [str(ours)],
    ]
    assert add_tab._copies([*hostile, str(ours)]) == [ours]
    for paths in (None, str(ours), {"0": str(ours)}, 1):
        assert add_tab._copies(paths) == []


@pytest.mark.parametrize(
    ("path", "length", "code"),
    [
        ("/gradio_api/upload", LARGEST_FILE + 1000, None),
        ("/gradio_api/upload", LARGEST_FILE + LARGEST_POST + 1, 413),
        ("/gradio_api/queue/join", LARGEST_POST, None),
        ("/gradio_api/queue/join", LARGEST_POST + 1, 413),
        ("/gradio_api/upload/x", LARGEST_POST + 1, 413),
        ("/upload", LARGEST_POST + 1, 413),
    ],
)
def test_only_files_may_be_large(path: str, length: int, code: int | None) -> None:
    refusal = refused("POST", {"content-length": str(length)}, path)
    assert (refusal and refusal[0]) == code
    away = {"content-length": "2", "host": "127.0.0.1:7860", "origin": "https://evil.example"}
    assert refused("POST", away, path) == (403, "posts are taken from this page only")


# ---- in a browser


@dataclass
class Site:
    """A running server and its index."""

    url: str
    index: Path
    scratch: Path


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("adding-page")
    process, url = start(home / "index", write_corpus(home / "corpus"), home)
    first = browser.new_page()
    first.goto(url, wait_until="domcontentloaded")
    first.get_by_role("tab", name="Add", exact=True).click()
    expect(first.get_by_text("The articles are not open yet.")).to_be_visible()
    expect(first.get_by_role("heading", name="Add articles")).to_be_visible()
    expect(first.get_by_label("Paste a link")).to_be_visible()
    first.close()
    yield Site(url, home / "index", home)
    stop(process)


@pytest.fixture
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched(browser, site.url, **getattr(request, "param", {})) as opened:
        opened.get_by_role("tab", name="Add", exact=True).click()
        yield opened


def file(name: str, text: str) -> Any:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def give(page: Page, *files: Any, text: str = "") -> None:
    """Give files and a text, and have them read."""
    if files:
        page.get_by_label("Drop files here").set_input_files(list(files))
    page.get_by_label("Paste a link or the text of an article").fill(text)
    page.get_by_role("button", name="Read", exact=True).click()


def card(page: Page, source: str) -> Any:
    return page.get_by_role("listitem").filter(has=page.get_by_text(source))


def dropped(page: Page, name: str, text: str) -> None:
    """Drop a file from another program."""
    page.evaluate(
        """([name, text]) => {
            const held = new DataTransfer();
            held.items.add(new File([text], name));
            const told = { dataTransfer: held, bubbles: true, cancelable: true }, area = document.querySelector('.ws-drop');
            for (const kind of ['dragenter', 'dragover', 'drop']) area.dispatchEvent(new DragEvent(kind, told));
        }""",
        [name, text],
    )


@pytest.mark.browser
def test_files_and_a_text_are_corrected_added_and_cited(page: Page, browser: Browser, site: Site) -> None:
    with watched(browser, site.url) as other:
        dropped(page, "towpath.md", TOWPATH)
        expect(page.get_by_role("list", name="Files to read")).to_contain_text("towpath.md")
        give(page, file("weir.txt", f"The weir keepers met. {WALK * 4}"), text=f"The bargemen say nothing new. {WALK * 5}")
        expect(page.get_by_role("heading", name="3 articles understood")).to_be_focused()
        towpath = card(page, "towpath.md, given to the page")
        expect(towpath).to_contain_text("stated by the file")
        towpath.get_by_label("Group").fill("Towpath Society")
        towpath.get_by_label("Date").fill("last summer")
        towpath.get_by_label("Date").press("Tab")
        expect(towpath.get_by_text("“last summer” is not a date; write 2025, 2025-10 or 2025-10-08")).to_be_visible()
        expect(towpath.get_by_text("corrected by you")).to_be_visible()
        card(page, "pasted text").get_by_role("checkbox").uncheck()
        page.get_by_role("button", name="Add 2 articles").click()
        expect(page.get_by_role("alert").filter(has_text="A field can't be used as it is")).to_be_visible()
        expect(towpath.get_by_label("Date")).to_be_focused()
        towpath.get_by_label("Date").fill("2025-07")
        page.get_by_role("button", name="Add 2 articles").click()
        expect(page.get_by_role("heading", name="2 articles added.")).to_be_focused()
        row = page.get_by_role("button", name=re.compile("What the towpath needs"))
        expect(row).to_contain_text("Towpath Society · July 2025")
        row.click()
        expect(page.locator("#panel article")).to_contain_text(RINGS)
        page.keyboard.press("Escape")
        expect(row).to_be_focused()

        page.get_by_role("tab", name="Chat", exact=True).click()
        for one in (page, other):
            answer = ask(one, "Who asks for mooring rings above the lock?")
            expect(answer).to_contain_text("Towpath Society")
            expect(answer).to_contain_text("forty mooring rings")
            one.locator("#chat a[href*='#cite-']").first.click()
            expect(marked(one)).to_contain_text(RINGS)
            one.get_by_role("tab", name="Groups", exact=True).click()
            expect(one.locator("#groups .ws-groups li", has_text="Towpath Society")).to_be_visible()
    assert not list(site.scratch.rglob("towpath.md"))


@pytest.mark.browser
def test_a_bad_file_is_a_line_and_a_stop_loses_nothing(page: Page, site: Site) -> None:
    give(page)
    expect(page.get_by_role("alert").filter(has_text="Drop a file, or paste a link or a text.")).to_be_visible()
    page.get_by_label("Drop files here").set_input_files([file("holiday.exe", "MZ")])
    expect(page.get_by_role("listitem").filter(has_text="holiday.exe")).to_contain_text("can’t be read: expected .csv, .docx")
    page.get_by_role("button", name="Remove holiday.exe").click()
    give(page, file("bad.pdf", "%PDF-1.4 no"), text="https://127.0.0.1/private")
    unread = page.get_by_role("list", name="Could not be read as it is")
    expect(unread).to_contain_text("bad.pdf: is no PDF")
    expect(unread).to_contain_text("https://127.0.0.1/private")
    expect(page.get_by_label("Paste a link")).to_have_value("https://127.0.0.1/private")  # to be put right

    give(page, text=f"The lock keepers went home. {WALK * 5}")
    pasted_ = card(page, "pasted text")
    pasted_.get_by_label("Title").fill("Home")
    with FileLock(site.index / ".lock"):
        page.get_by_role("button", name="Add 1 article", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Waiting for another build of this index")).to_be_visible()
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
        page.reload(wait_until="domcontentloaded")  # it goes on, and the page finds it again
        expect(box_of(page)).to_be_enabled()
        page.get_by_role("tab", name="Add", exact=True).click()
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Stopped. Nothing was added: everything is as it was.")).to_be_visible()
    expect(pasted_.get_by_label("Title")).to_have_value("Home")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_label("Paste a link")).to_be_visible()
    page.get_by_role("tab", name="Articles", exact=True).click()
    expect(page.locator("#articles")).not_to_contain_text("Home")


HOSTILE = "<img src=x onerror=alert(1)> {{value}} ${alert(2)} [a](javascript:alert(3))"


@pytest.mark.browser
@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}], indirect=True)
def test_markup_is_only_words_on_a_small_screen_too(page: Page) -> None:
    front = json.dumps({"title": HOSTILE, "group": "Weir <b>Watch</b>", "url": "javascript:alert(4)", "published": HOSTILE})
    give(page, file("<img src=x onerror=alert(5)>.md", f"---\n{front}\n---\n\n<script>alert(6)</script> {HOSTILE} {WALK * 3}"), text="")
    one = page.locator(".ws-add-card")
    expect(one).to_have_count(1)
    expect(one.get_by_label("Title")).to_have_value(HOSTILE)
    expect(one).to_contain_text("<script>alert(6)</script>")
    one.get_by_label("Author").fill("<svg onload=alert(7)> \"'><script>alert(8)</script>")
    one.get_by_label("Address").fill("https://a.example/<script>alert(9)</script>")
    unnamed = (
        page.locator("#adding")
        .locator("input, textarea, button")
        .evaluate_all(
            "all => all.filter(one => one.checkVisibility() && !one.labels?.length && !one.textContent.trim() && !one.ariaLabel).length"
        )
    )
    assert unnamed == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Add 1 article", exact=True).tap()
    expect(page.get_by_role("heading", name="1 article added.")).to_be_visible()
    page.locator("#adding .ws-row").tap()
    expect(page.locator("#panel header h2")).to_have_text(HOSTILE)
    expect(page.locator("#panel header")).to_contain_text("<svg onload=alert(7)>")
    expect(page.locator(":is(#adding, #panel) :is(img, script, svg, b, a[href^='javascript'], [onerror], [onload])")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_the_server_takes_large_posts_for_files_only(site: Site) -> None:
    def status(path: str, length: int, **headers: str) -> int:
        sent = urllib.request.Request(f"{site.url}{path}", method="POST", headers=headers, data=b"x" * length)
        try:
            with urllib.request.urlopen(sent, timeout=20) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert status("/gradio_api/upload", 2 * LARGEST_POST, **form) not in (403, 413)
    assert status("/gradio_api/upload", 10, Origin="https://evil.example", **form) == 403
    big = {"Content-Length": str(LARGEST_FILE + LARGEST_POST + 1)}
    assert status("/gradio_api/upload", 10, **form, **big) == 413
    assert status("/gradio_api/queue/join", 10, **{"Content-Length": str(LARGEST_POST + 1)}) == 413
