"""What programs ask of the server, over HTTP and MCP: real clients, one server with a login and one without."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import start, stop
from gradio_client import Client
from gradio_client.exceptions import AppError, AuthenticationError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from qa.errors import SettingsError, WhosaidError
from qa.library import Library
from qa.web import mcp, serve
from qa.web.api import ENDPOINTS, Api, one_line
from qa.web.opening import Stage
from qa.web.passwords import hashed

pytestmark = pytest.mark.slow

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SECTION = README.partition("## API and MCP")[2].partition("\n## ")[0]
NAME, PASSWORD = "ada", "correct horse"


class Ready:
    """An opening that is done, as far as the functions need it."""

    def __init__(self, library: Library | None, stage: Stage | None = None) -> None:
        self.opened: Any = self if library else None
        self.library = library
        self.stage = stage or Stage()


@pytest.fixture
def api(library: Library) -> Api:
    opening: Any = Ready(library)
    return Api(opening)


@pytest.fixture(scope="module")
def open_server(index_folder: Path, corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without a login."""
    process, url = start(index_folder, corpus_folder, tmp_path_factory.mktemp("open"))
    until_ready(url)
    yield url
    stop(process)


@pytest.fixture(scope="module")
def closed_server(index_folder: Path, corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a login and MCP."""
    home = tmp_path_factory.mktemp("closed")
    logins = home / "logins"
    logins.write_text(f"# who may come in\n{NAME}:{hashed(PASSWORD)}\n", "utf-8")
    logins.chmod(0o600)
    process, url = start(index_folder, corpus_folder, home, f"auth=Path({str(logins)!r}), mcp=True", WHOSAID_RATE="600/100")
    until_ready(url, auth=(NAME, PASSWORD))
    yield url
    stop(process)


def until_ready(url: str, **login: Any) -> None:
    for _ in range(240):
        if called(url, "list_groups", {}, **login)[0] == "complete":
            return
        time.sleep(0.25)
    raise AssertionError("the server did not get ready")


def called(url: str, endpoint: str, given: Any, **login: Any) -> tuple[str, Any]:
    """Call an endpoint over plain HTTP and return which event came of it, with its data."""
    with httpx.Client(base_url=url, timeout=30, **login) as client:
        posted = client.post(f"/gradio_api/call/v2/{endpoint}", json=given)
        if posted.status_code != 200:
            return str(posted.status_code), posted.text
        lines = client.get(f"/gradio_api/call/{endpoint}/{posted.json()['event_id']}").text.strip().splitlines()
    return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))


# ---- the functions


def test_they_return_the_rows_of_the_command_line(api: Api, library: Library) -> None:
    answer = api.ask("Who calls for a limit on taking water from the river?", groups=["WRT"], since="2024", until="2024-12-31")
    assert list(answer) == ["question", "answered", "text", "citations", "understood", "also_found"]
    assert answer["citations"][0]["group"] == "River Trust"
    for citation in answer["citations"]:
        assert library.article(citation["article"]).text[citation["start"] : citation["end"]] == citation["quote"]
    assert len(api.search("taking water", k=3)["passages"]) == 3
    assert {row["stance"] for row in api.compare("taking water from the river")["groups"]}
    assert api.check("We call for a limit on taking water from the river", "River Trust")["verdict"] != "not_found"
    groups = api.list_groups()
    assert {"name", "articles", "aliases", "first", "last"} <= set(groups[0])
    listed = api.list_articles(groups=["River Trust"], limit=1)
    assert [row["group"] for row in listed] == ["River Trust"]
    assert listed != api.list_articles(groups=["River Trust"], limit=1, offset=1)
    whole = api.get_article("trust-limit")
    assert whole["text"] == library.article("trust-limit").text
    assert "/" not in whole["source"]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("ask", {"question": ""}, "question: it is empty"),
    ("ask", {"question": 3}, "question: expected a text, not 3"),
    ("ask", {"question": "x" * 2001}, "question: it has 2,001 characters; expected at most 2,000"),
    ("ask", {"question": "Who?", "groups": "River Trust"}, "groups: expected a list of texts"),
    ("ask", {"question": "Who?", "groups": ["x"] * 101}, "groups: there are 101; expected at most 100"),
    ("ask", {"question": "Who?", "history": [["x"]]}, "history: expected a text"),
    ("ask", {"question": "Who?", "since": "spring"}, "since: 'spring' is not a date; expected 2025"),
    ("ask", {"question": "Who?", "since": "2024-13"}, "since: '2024-13' is not a date"),
    ("ask", {"question": "Who?", "since": "2025", "until": "2024"}, "since 2025 lies after until 2024"),
    ("search", {"question": "Who?", "k": 0}, "k: expected a whole number from 1 to 100, not 0"),
    ("search", {"question": "Who?", "k": True}, "k: expected a whole number"),
    ("search", {"question": "Who?", "k": 2.5}, "k: expected a whole number"),
    ("compare", {"topic": "mills", "by_date": "yes"}, "by_date: expected true or false, not 'yes'"),
    ("check", {"quote": "x" * 10_001}, "quote: it has 10,001 characters"),
    ("check", {"quote": "…"}, "has no word in it"),
    ("list_articles", {"limit": 1001}, "limit: expected a whole number from 1 to 1,000"),
    ("get_article", {"id": "nowhere"}, "no article with the id 'nowhere'; list_articles lists them"),
]


@pytest.mark.parametrize(("name", "given", "words"), WRONG)
def test_what_cannot_be_used_is_told_in_one_line(api: Api, name: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(WhosaidError) as caught:
        getattr(api, name)(**given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("stage", [Stage("Building", 2, 5), Stage(problem="no article found")])
def test_before_there_is_an_index_each_says_so(stage: Stage) -> None:
    opening: Any = Ready(None, stage)
    with pytest.raises(SettingsError, match=r"not open yet \(Building the index: 40%\); try again|no article found"):
        Api(opening).ask("Who?")


def test_what_nobody_foresaw_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret")

    with pytest.raises(RuntimeError, match="something went wrong here; the terminal of the server says what"):
        one_line(broken, RuntimeError)()
    assert "secret" in caplog.text


# ---- over HTTP


def test_the_clients_see_seven_endpoints_with_descriptions(open_server: str) -> None:
    info = httpx.get(f"{open_server}/gradio_api/info").json()
    assert list(info["named_endpoints"]) == [f"/{name}" for name in ENDPOINTS]
    assert all(endpoint["description"] for endpoint in info["named_endpoints"].values())
    assert not info["unnamed_endpoints"]


def test_the_python_client_asks_and_is_told_what_is_wrong(open_server: str, api: Api) -> None:
    client = Client(open_server, verbose=False)
    question = "Who calls for a limit on taking water from the river?"
    assert client.predict(question=question, api_name="/ask") == json.loads(json.dumps(api.ask(question)))
    assert client.predict(api_name="/list_groups") == api.list_groups()
    with pytest.raises(AppError, match="k: expected a whole number from 1 to 100, not 1000"):
        client.predict(question=question, k=1000, api_name="/search")


def test_plain_http_asks_and_is_told_what_is_wrong(open_server: str, api: Api) -> None:
    event, data = called(open_server, "get_article", {"id": "trust-limit"})
    assert (event, data) == ("complete", [api.get_article("trust-limit")])
    event, data = called(open_server, "ask", {"question": "x" * 2001})
    assert (event, data["error"]) == ("error", "question: it has 2,001 characters; expected at most 2,000")
    event, text = called(open_server, "ask", {"questions": "Who?"})
    assert event == "422"
    assert "no such parameter" in text


@pytest.mark.parametrize("name", ["ask_1", "arrive", "renewed", "retry", "lambda", "predict", ""])
def test_the_events_of_the_page_cannot_be_called_by_name(open_server: str, name: str) -> None:
    for path in ("call", "call/v2", "api"):
        reply = httpx.post(f"{open_server}/gradio_api/{path}/{name}", json={"data": ["x", [], [], "", ""]})
        assert reply.status_code == 404


# ---- over MCP


def test_a_real_client_lists_and_calls_the_tools(closed_server: str, api: Api) -> None:
    async def talk() -> None:
        async with (
            httpx.AsyncClient(auth=(NAME, PASSWORD), timeout=30) as http,
            streamable_http_client(f"{closed_server}/mcp", http_client=http) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            assert tuple(tools) == ENDPOINTS
            for tool in tools.values():
                assert tool.description
                assert tool.annotations
                assert tool.annotations.readOnlyHint
                assert all(given["description"] for given in tool.inputSchema["properties"].values())
            assert tools["search"].inputSchema["required"] == ["question"]
            question = "Who calls for a limit on taking water from the river?"
            given: dict[str, dict[str, Any]] = {
                "ask": {"question": question},
                "search": {"question": question, "k": 2},
                "compare": {"topic": "taking water from the river"},
                "check": {"quote": "a limit on taking water"},
                "list_groups": {},
                "list_articles": {"limit": 2},
                "get_article": {"id": "trust-limit"},
            }
            for name, arguments in given.items():
                result = await session.call_tool(name, arguments)
                wanted = json.loads(json.dumps(getattr(api, name)(**arguments)))
                assert not result.isError
                assert result.structuredContent == (wanted if isinstance(wanted, dict) else {"result": wanted})
                assert json.loads(result.content[0].text) == wanted  # type: ignore[union-attr]
            for name, arguments, words in (
                ("search", {"question": "x", "k": 0}, "k: expected a whole number"),
                ("ask", {"questions": "x"}, "ask: missing a required argument: 'question'; expected question, history"),
                ("arrive", {}, "no tool 'arrive'; there are ask, search"),
            ):
                result = await session.call_tool(name, arguments)
                assert result.isError
                assert words in result.content[0].text  # type: ignore[union-attr]

    with ThreadPoolExecutor(1) as apart:  # a browser that another test opened runs a loop of its own in this thread
        apart.submit(asyncio.run, talk()).result()


def test_mcp_is_behind_the_login_and_not_there_unless_asked_for(open_server: str, closed_server: str) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(f"{open_server}/mcp", json=hello, headers=accept).status_code in (404, 405)
    assert httpx.post(f"{closed_server}/mcp", json=hello, headers=accept).status_code == 401
    inside: dict[str, Any] = {"auth": (NAME, PASSWORD), "headers": accept}
    assert httpx.get(f"{closed_server}/mcp", **inside).status_code == 405
    inside["headers"] = {**accept, "origin": "https://evil.example"}
    assert httpx.post(f"{closed_server}/mcp", json=hello, **inside).status_code == 403
    for theirs in ("/gradio_api/mcp", "/gradio_api/mcp/sse"):
        assert httpx.get(f"{closed_server}{theirs}", auth=(NAME, PASSWORD)).status_code == 404


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mcp, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'whosaid\[mcp\]'"):
        serve(tmp_path, [], mcp=True)


def test_tools_are_served_with_a_login_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--mcp is served with a login only"):
        serve(tmp_path, [], mcp=True)


# ---- the login, from outside


def test_clients_log_in(closed_server: str) -> None:
    client = Client(closed_server, auth=(NAME, PASSWORD), verbose=False)
    assert client.predict(limit=1, api_name="/list_articles")
    with pytest.raises(AuthenticationError):
        Client(closed_server, auth=(NAME, "wrong horse"), verbose=False)
    with pytest.raises(AuthenticationError):
        Client(closed_server, verbose=False)
    assert called(closed_server, "list_groups", {}, auth=(NAME, PASSWORD))[0] == "complete"
    assert called(closed_server, "list_groups", {})[0] == "401"


# ---- the README


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of a server without and one with a login, over the articles that ship."""
    from qa import settings

    home = tmp_path_factory.mktemp("shipped")
    logins = home / "logins"
    logins.write_text(f"{NAME}:{hashed(PASSWORD)}\n", "utf-8")
    logins.chmod(0o600)
    process, url = start(home / "index", settings.shipped_corpus(), home)
    until_ready(url)
    (home / "again").mkdir()
    again, closed = start(home / "index", settings.shipped_corpus(), home / "again", f"auth=Path({str(logins)!r}), mcp=True")
    for _ in range(100):  # few of the questions that somebody may ask at once
        if called(closed, "list_groups", {}, auth=(NAME, PASSWORD))[0] == "complete":
            break
        time.sleep(1.5)
    yield url, closed
    stop(process)
    stop(again)


def test_the_examples_of_the_readme_run(shipped: tuple[str, str]) -> None:
    url, closed = shipped
    (plain, tools), (shell,) = blocks("python"), blocks("sh")
    done = run([sys.executable, "-c", plain.replace("http://127.0.0.1:7860", url)])
    assert len(done.strip().splitlines()) >= 2
    done = run(["sh", "-c", shell.replace("http://127.0.0.1:7860", url)])
    assert done.startswith("event: complete\ndata: [{")
    assert '"stance"' in done
    done = run([sys.executable, "-c", tools.replace("http://127.0.0.1:7860", closed)])
    assert re.fullmatch(r"[\w ]+\n", done)


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
