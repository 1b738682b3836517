"""Worded answers where people meet them: the command line, what is taken away, programs, and the page in a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import ask, box_of, marked, start, stop, watched
from click.testing import CliRunner, Result
from model_server import ANSWERS, ModelServer, model_server
from playwright.sync_api import Browser, expect
from test_accessibility import RULES
from waiting import HANG

from qa import cli
from qa.errors import SettingsError
from qa.evidence import FORMS, of_answer
from qa.library import Library
from qa.models.encoder import SentenceEncoder
from qa.models.writer import Stop
from qa.types import Answer, Mark, Sentence, Written
from qa.web import conversation, render
from qa.web.api import Api
from qa.web.conversation import Filters, Turn
from qa.web.take_away import entries

ASKED = "What does the River Trust say about a limit?"
RIGHT = "The River Trust calls for a limit on taking water from the river between May and September [1]."
FALSE = "The Farmers' Union calls for a limit on taking water [1]."
SILENT = "Who paid for the Moon landing?"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    ANSWERS["small"] = f"{RIGHT} {FALSE} Nobody is cited here."
    with model_server() as running:
        yield running


@pytest.fixture
def run(encoder: SentenceEncoder, index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the small corpus in this process."""
    monkeypatch.setattr("qa.models.encoder.SentenceEncoder", lambda *_: encoder)
    monkeypatch.delenv("WHOSAID_WRITER", raising=False)

    def invoke(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(cli.main, [str(argument) for argument in (*arguments, "--index", index_folder)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


# ---- the command line


def test_ask_prints_the_words_above_the_quotes(run: Any, server: ModelServer) -> None:
    plain = run("ask", ASKED).stdout
    shown = run("ask", ASKED, "--writer", server.told("small")).stdout
    assert shown.startswith(f"In the words of small at 127.0.0.1, checked against the quotes below:\n{RIGHT}\n")
    assert shown.endswith(plain)
    assert "2 sentences were left out, because one " in shown
    assert FALSE not in shown
    system, user = server.seen[-1][1]["messages"]
    assert "We call for a limit on taking water" in user["content"]
    assert ASKED in user["content"]
    assert "We call" not in system["content"]


def test_ask_prints_rows_with_what_was_written(run: Any, server: ModelServer, tmp_path: Path) -> None:
    plain, row = (json.loads(run("ask", ASKED, "--json", *more).stdout) for more in ((), ("--writer", server.told("small"))))
    written = row.pop("written")
    assert row == plain
    assert written["model"] == "small at 127.0.0.1"
    assert written["text"] == RIGHT
    assert written["sentences"] == [{"text": RIGHT.replace(" [1]", ""), "citations": [1]}]
    assert len(written["left_out"]) == 2
    assert written["problem"] is None
    batch, output = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    batch.write_text("\n".join(json.dumps({"id": id, "question": text}) for id, text in (("a", ASKED), ("b", SILENT))))
    before = len(server.seen)
    assert run("ask", "--batch", batch, "--output", output, "--writer", server.told("small")).exit_code == 0
    first, second = map(json.loads, output.read_text("utf-8").splitlines())
    assert first["written"] == written
    assert "written" not in second
    assert len(server.seen) == before + 1  # silence is never worded


def test_the_environment_names_a_writer_too(run: Any, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSAID_WRITER", f"{server.told('small')}; {server.told('drops')}")
    assert RIGHT in run("ask", ASKED).stdout
    assert run("ask", ASKED, "--writer", server.told("drops")).stdout.startswith("drops at 127.0.0.1: the connection broke")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--writer", "http://127.0.0.1/v1"), "expected an address with a model"),
        (("--writer", "/no/such/folder"), "no such folder"),
        (("--rewrite",), "--rewrite needs a language model"),
    ],
)
def test_a_writer_that_cant_be_used_is_said_in_a_line(run: Any, more: tuple[str, ...], words: str) -> None:
    result = run("ask", ASKED, *more)
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_follow_up_is_rewritten_where_that_is_asked(run: Any, server: ModelServer) -> None:
    ANSWERS["rewrites"] = "What does the Farmers' Union say about a limit?"
    asked = ("ask", "And the Farmers' Union?", "--after", ASKED, "--json", "--writer", server.told("rewrites"))
    assert json.loads(run(*asked, "--rewrite").stdout)["question"] == ANSWERS["rewrites"]
    assert json.loads(run(*asked).stdout)["question"] == "And the Farmers' Union?"


# ---- taking it away, and programs


@pytest.fixture(scope="module")
def worded(library: Library) -> Answer:
    """An answer with words of a model, whose name is hostile."""
    answer = library.ask(ASKED)
    text = RIGHT.replace(" [1]", "")
    return replace(answer, written=Written("<i>m</i> *x*", (Sentence(text, (Mark(len(text), (1,)),)),), ("cites no quote",)))


def test_what_is_taken_away_names_the_model(worded: Answer, library: Library) -> None:
    entry = of_answer(worded)
    markdown, page, record, table = (FORMS[form]([entry], library.article) for form in (".md", ".html", ".json", ".csv"))
    assert "&lt;i&gt;m&lt;/i&gt; *x*" in page
    assert "<i>" not in page
    assert "May and September [1]." in page
    assert "\\<i\\>m\\</i\\> \\*x\\*" in markdown
    assert "May and September \\[1\\]." in markdown
    assert json.loads(record)["entries"][0]["written"]["text"] == RIGHT
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {(row["worded"], row["worded_by"]) for row in rows} == {(RIGHT, "<i>m</i> *x*")}
    plain = of_answer(replace(worded, written=None))
    assert "worded" not in FORMS[".csv"]([plain], library.article)
    assert "written" not in FORMS[".json"]([plain], library.article)


class Says:
    """A writer that says one thing."""

    name = "says"

    def __init__(self, words: str) -> None:
        self.words = words

    def pieces(self, messages: Any, limits: Any, stop: Stop) -> Iterator[str]:
        yield self.words


def test_programs_get_words_where_they_ask_for_them(library: Library) -> None:
    opening: Any = SimpleNamespace(opened=SimpleNamespace(library=library), writers=(Says(RIGHT),))
    assert "written" not in Api(opening).ask(ASKED)
    assert Api(opening).ask(ASKED, worded=True)["written"]["text"] == RIGHT
    opening.writers = ()
    with pytest.raises(SettingsError, match="no language model"):
        Api(opening).ask(ASKED, worded=True)
    with pytest.raises(SettingsError, match="worded: expected true or false"):
        Api(opening).ask(ASKED, worded="yes")  # type: ignore[arg-type]


def test_a_conversation_keeps_words_that_are_right_by_its_quotes(library: Library) -> None:
    turns, answer = conversation.answering(conversation.asked([], ASKED, Filters()), Filters(), library)
    assert answer
    *_, turns = (so_far for so_far in conversation.worded(turns, answer, Says(f"{RIGHT} {FALSE}"), library) if so_far)
    kept = json.loads(json.dumps(conversation.to_json(turns)))
    assert conversation.from_json(kept) == turns
    (shown,) = conversation.shown(turns, library)
    said = render.answer(shown)
    assert re.search(r"#### In the words of says&#44; checked against the quotes below&#58;\n\nThe River Trust calls", said)
    assert said.index("In the words") < said.index(">")
    assert len(re.findall(r"\]\(#cite-", said.partition(">")[0])) == 1
    assert "1 sentence was left out" in said
    (entry,) = entries([shown])
    assert entry.worded == shown.written
    # What a browser keeps may have been changed: words that no longer rest on the quotes are not shown.
    kept[0]["written"]["sentences"][0]["text"] = FALSE.replace(" [1]", "")
    (forged,) = conversation.shown(conversation.from_json(kept), library)
    assert forged.written
    assert not forged.written.sentences
    kept[0]["written"]["sentences"][0]["marks"] = [{"at": "x", "numbers": [1]}]
    assert conversation.from_json(kept) == []
    (left,) = conversation.shown([replace(turns[0], written=replace(turns[0].written or Written(""), done=False))], library)
    assert "It was stopped before it ended" in render.answer(left)
    assert "Writing …" in render.answer(left, writing=True)
    ended = conversation.not_worded([Turn(ASKED, answered=True, lead="So.")], "says", "It failed")
    assert ended[0].written == Written("says", problem="It failed")


# ---- the page


@pytest.fixture
def address(browser: Browser, index_folder: Path, corpus_folder: Path, server: ModelServer, tmp_path: Path) -> Iterator[str]:
    """The address of a page over the small corpus, ready, with two writers to choose from."""
    copytree(index_folder, tmp_path / "index")
    told = ";".join(map(server.told, ("waits", "drops")))
    process, url = start(tmp_path / "index", corpus_folder, tmp_path, WHOSAID_WRITER=told)
    try:
        first = browser.new_page()
        first.goto(url, wait_until="domcontentloaded")
        expect(box_of(first)).to_be_enabled()
        first.close()
        yield url
    finally:
        stop(process)


@pytest.mark.browser
def test_the_page_shows_quotes_at_once_and_words_as_they_pass(browser: Browser, address: str, server: ModelServer) -> None:
    second = "It warns that without a limit the trout will be gone from the upper reaches within ten years [2]."
    ANSWERS["waits"] = f"{RIGHT} {second.replace('without', 'wit|hout')} {FALSE}"
    with watched(browser, address) as page:
        box_of(page).fill(ASKED)
        box_of(page).press("Enter")
        answer = page.get_by_test_id("bot").last
        expect(answer.locator("blockquote").first).to_contain_text("We call for a limit")
        expect(answer).to_contain_text("In the words of waits at 127.0.0.1, checked against the quotes below:")
        expect(answer).to_contain_text("between May and September [1].")
        expect(answer).to_contain_text("Writing …")
        answer.get_by_role("link", name="[1]").first.click()
        expect(marked(page)).to_contain_text("We call for a limit")
        server.go_on.set()
        expect(answer).to_contain_text("within ten years [2].")
        expect(answer).to_contain_text("1 sentence was left out, because")
        expect(answer).not_to_contain_text("Writing …")
        expect(answer).not_to_contain_text(FALSE[:30])
        expect(marked(page)).to_contain_text("We call for a limit")  # what somebody opened stays open
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert Axe().run(page, options=RULES).response["violations"] == []
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.reload(wait_until="domcontentloaded")
        expect(page.get_by_test_id("bot").last).to_contain_text("within ten years [2].")

        server.go_on.clear()
        server.gone.clear()
        box_of(page).fill("What does the River Trust say about trout?")
        box_of(page).press("Enter")
        expect(page.get_by_test_id("bot").last).to_contain_text("Writing …")
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_test_id("bot").last).to_contain_text("It was stopped before it ended.")
        expect(page.get_by_test_id("bot").last.locator("blockquote").first).to_be_visible()
        assert server.gone.wait(HANG)

        page.get_by_role("radio", name="drops at 127.0.0.1").check()
        expect(ask(page, ASKED)).to_contain_text("drops at 127.0.0.1: the connection broke before the answer ended")
        page.get_by_role("radio", name="Quotes alone").check()
        expect(ask(page, ASKED)).not_to_contain_text("drops")
