"""What is refused, and that nothing from an article, a group or a question is ever live."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import ask, start, stop, watched
from click.testing import CliRunner
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from qa import settings
from qa.cli import main
from qa.errors import SettingsError
from qa.web import login as door
from qa.web import serve
from qa.web.limits import WHO, Buckets
from qa.web.passwords import Passwords, hashed
from qa.web.security import LARGEST_POST, middleware, refused

VECTORS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(2)>",
    "<img src=https://evil.example/pixel.png>",
    "<svg onload=alert(3)>",
    "<svg><animate onbegin=alert(4) attributeName=x dur=1s>",
    "<iframe src=javascript:alert(5)></iframe>",
    "<iframe srcdoc='<script>alert(6)</script>'></iframe>",
    "<body onload=alert(7)>",
    "<details open ontoggle=alert(8)>x</details>",
    "<form action=https://evil.example><button>go</button></form>",
    "<input autofocus onfocus=alert(9)>",
    "<video src=https://evil.example/v.mp4 autoplay onerror=alert(10)>",
    "<object data=https://evil.example/o></object>",
    "<link rel=stylesheet href=https://evil.example/s.css>",
    "<style>@import url(https://evil.example/t.css)</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<a href=javascript:alert(11)>here</a>",
    "[here](javascript:alert(12))",
    "![pixel](https://evil.example/m.png)",
    "\"'><b onmouseover=alert(13)>over</b>",
    "${alert(14)} {{constructor.constructor('alert(15)')()}}",
    "<div style='position:fixed;inset:0;background:url(https://evil.example/b.png)'>x</div>",
    "</script><script>alert(16)</script><!--",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(17)></style></mglyph></math>",
)
LINKS = ("javascript:alert(18)", "data:text/html,<script>alert(19)</script>", 'https://x.example/"onmouseover=alert(20) x="')


def articles() -> list[dict[str, str]]:
    walk = "The wardens walked the long bank in spring and wrote down what they saw, gate by gate, before they met again. "
    return [
        {
            "id": f"v{number}",
            "title": f"Warden {number} {vector}",
            "group": f"Guild {number} {vector}",
            "author": vector,
            "published": "2024",
            "url": LINKS[number % len(LINKS)],
            "text": f"{walk * 2}\n\nWe ask for oak gates at lock {number} {vector} before autumn.\n\n{walk * 2}",
        }
        for number, vector in enumerate(VECTORS)
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over articles that are markup through and through."""
    home = tmp_path_factory.mktemp("hostile")
    (home / "corpus").mkdir()
    (home / "corpus" / "a.jsonl").write_text("\n".join(map(json.dumps, articles())), "utf-8")
    process, url = start(home / "index", home / "corpus", home)
    for _ in range(240):
        if call(url, "list_groups", {})[0] == "complete":
            break
        time.sleep(0.25)
    yield url
    stop(process)


def call(url: str, endpoint: str, given: dict[str, Any]) -> tuple[str, Any]:
    posted = httpx.post(f"{url}/gradio_api/call/v2/{endpoint}", json=given, timeout=30)
    lines = httpx.get(f"{url}/gradio_api/call/{endpoint}/{posted.json()['event_id']}", timeout=30).text.strip().splitlines()
    return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))


# ---- nothing is live


@pytest.mark.browser
def test_markup_in_articles_groups_questions_and_links_stays_words(browser: Browser, hostile: str) -> None:
    with watched(browser, hostile) as page:  # which fails on any dialog, error, or request that leaves the machine
        page.get_by_role("tab", name="Articles", exact=True).click()
        for vector in VECTORS:
            expect(page.locator("#articles")).to_contain_text(" ".join(vector.split()))
        page.get_by_role("tab", name="Groups", exact=True).click()
        expect(page.locator("#groups")).to_contain_text(VECTORS[0])
        page.get_by_role("tab", name="Chat", exact=True).click()
        for number in (0, 2, 5, 14, 18, 19, 20, 21, 22, 23):
            question = f"What does Guild {number} say about oak gates? {VECTORS[number]}"
            ask(page, question)
            expect(page.get_by_test_id("user").last).to_contain_text("oak gates")
        page.get_by_role("tab", name="Articles", exact=True).click()
        for number in (1, 11, 15, 24, 25):
            page.locator("#articles").get_by_role("button", name=re.compile(rf"Warden {number} ")).click()
            expect(page.locator("#panel article")).to_contain_text(f"oak gates at lock {number} ")
            assert page.locator("#panel header a:not([href^='https://'])").count() == 0
            page.keyboard.press("Escape")
        inside = ":is(#chat, #panel, #articles, #groups, #chosen)"
        live = "script, iframe, object, embed, video, form[action], link, style, meta, base, math, img[src*='evil'], [onerror], [onload]"
        more = "[onmouseover], [onfocus], [ontoggle], [onbegin], [srcdoc], a[href^='javascript'], a[href^='data'], [style*='fixed']"
        found = page.locator(f"{inside} :is({live}, {more})").evaluate_all("parts => parts.map(part => part.outerHTML.slice(0, 300))")
        assert [part for part in found if not part.startswith("<style>.cls-1")] == []  # an icon of Gradio's brings that
        assert page.title() == "whosaid"


@pytest.mark.slow
def test_the_api_gives_words_back_as_json_that_no_browser_takes_for_a_page(hostile: str) -> None:
    event, data = call(hostile, "list_articles", {"limit": 100})
    assert event == "complete"
    assert {row["title"].partition(" ")[2].partition(" ")[2] for row in data[0]} == {" ".join(vector.split()) for vector in VECTORS}
    for vector in VECTORS[:5]:
        posted = httpx.post(f"{hostile}/gradio_api/call/v2/ask", json={"question": vector})
        reply = httpx.get(f"{hostile}/gradio_api/call/ask/{posted.json()['event_id']}", timeout=30)
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.headers["x-content-type-options"] == "nosniff"


# ---- every route


ROUTES = (
    "/",
    "/config",
    "/gradio_api/info",
    "/theme.css",
    "/favicon.ico",
    "/nowhere",
    "/gradio_api/file=/etc/passwd",
    "/static/x",
    "/login",
)


@pytest.mark.slow
@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_has_the_headers(hostile: str, path: str) -> None:
    reply = httpx.get(hostile + path)
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"
    assert httpx.get(hostile + path, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/gradio_api/component_server", "/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/upload"])
@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
def test_posts_of_other_sites_are_refused(hostile: str, path: str, headers: dict[str, str]) -> None:
    assert httpx.post(hostile + path, headers={**headers, "content-type": "text/plain"}, content=b"{}").status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/monitoring", "/gradio_api/runs", "/gradio_api/vibe-code", "/mcp"])
def test_what_nobody_needs_is_not_there(hostile: str, path: str) -> None:
    reply = httpx.get(hostile + path)
    assert reply.status_code >= 400 or "swagger" not in reply.text.lower() or reply.headers["content-type"].startswith("text/html")
    assert "gradio_api/call" not in reply.text


FILES = (
    "file=",
    "file/",
    "static/",
    "assets/",
    "svelte/",
    "custom_component/1/client/component/",
    "proxy=file://",
    "proxy=http://127.0.0.1:1/",
)
CLIMBS = (
    "/etc/passwd",
    "../../../../etc/passwd",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
)


@pytest.mark.slow
@pytest.mark.parametrize("route", FILES)
def test_no_file_of_the_machine_is_served(hostile: str, route: str) -> None:
    own = str(Path(settings.__file__))
    for prefix in ("/gradio_api/", "/"):
        for climb in (*CLIMBS, own, "~/.ssh/id_rsa", "C:\\Windows\\win.ini", "\\\\evil.example\\share"):
            reply = httpx.get(f"{hostile}{prefix}{route}{climb}", timeout=10)
            assert "root:" not in reply.text
            assert "def default_index" not in reply.text
            assert "Traceback" not in reply.text
            assert reply.status_code >= 400 or reply.headers["content-type"].startswith(("text/html", "application/json"))


@pytest.mark.slow
def test_large_posts_are_refused_before_they_are_read(hostile: str) -> None:
    assert httpx.post(f"{hostile}/gradio_api/call/ask", content=b" " * (LARGEST_POST + 1)).status_code == 413
    assert httpx.post(f"{hostile}/gradio_api/queue/join", content=iter([b"{}"])).status_code == 411
    assert refused("POST", {"content-length": str(70 << 20)}, "/gradio_api/upload") == (413, "a post may have 68,157,440 bytes at most")


@pytest.mark.slow
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 900, b'{"data": null}', b'{"data": [[[[[]]]]]}', b"\xff\xfe", b'{"question": "\\ud800"}']
)
@pytest.mark.parametrize(
    "path", ["/gradio_api/call/ask", "/gradio_api/call/v2/ask", "/gradio_api/queue/join", "/gradio_api/component_server"]
)
def test_errors_show_no_code(hostile: str, path: str, body: bytes) -> None:
    reply = httpx.post(hostile + path, headers={"content-type": "application/json"}, content=body)
    texts = [reply.text]
    if reply.status_code == 200 and "event_id" in reply.text:
        texts.append(httpx.get(f"{hostile}/gradio_api/call/ask/{reply.json()['event_id']}", timeout=30).text)
    for text in texts:
        assert "Traceback" not in text
        assert ".py" not in text


# ---- the login


def site(tmp_path: Path, rate: tuple[float, int] = (600, 100), hosts: tuple[str, ...] = (), lines: str | None = None) -> TestClient:
    """A small application behind everything that stands before the page."""
    logins = tmp_path / "logins"
    logins.write_text(lines or f"ada:{hashed('correct horse')}\ntom:plain words\n", "utf-8")
    logins.chmod(0o600)

    async def anything(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(request.scope.get(WHO)))

    routes = [Route("/{path:path}", anything, methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=middleware(hosts, Passwords.read(logins), rate))
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def test_nothing_is_there_without_a_login(tmp_path: Path) -> None:
    client = site(tmp_path)
    for path in ("/", "/config", "/theme.css", "/mcp", "/gradio_api/heartbeat/x", "/assets/x.js", "/gradio_api/startup-events/../config"):
        assert client.get(path).status_code == 401
        assert client.post(path, json={}).status_code == 401
    assert "Basic" in client.get("/config").headers["www-authenticate"]
    assert "www-authenticate" not in client.get("/config", headers={"sec-fetch-mode": "cors"}).headers
    assert client.get("/gradio_api/startup-events").text == "None"


def test_a_browser_fills_in_the_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_PATIENCE", 0.0)
    client, html = site(tmp_path), {"accept": "text/html"}
    form = client.get('/?q="><script>', headers=html)
    assert form.status_code == 401
    assert "<script>" not in form.text
    assert form.headers["content-security-policy"] == door.POLICY
    wrong = client.post("/login", data={"username": "ada", "password": "wrong"}, headers=html)
    assert wrong.status_code == 401
    assert "Wrong name or password." in wrong.text
    for asked, onward in (("/?q=Who", "/?q=Who"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")):
        right = client.post("/login", data={"username": "ada", "password": "correct horse", "next": asked}, headers=html)
        assert (right.status_code, right.headers["location"]) == (303, onward)
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/config").text == "ada"
    assert client.post("/login", data={"username": "ada"}, headers={"origin": "https://evil.example"}).status_code == 403
    client.get("/logout")
    assert client.get("/config").status_code == 401
    assert client.get("/config", headers={"cookie": "whosaid=made-up"}).status_code == 401


@pytest.mark.slow
def test_a_program_sends_basic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_PATIENCE", 0.0)
    client = site(tmp_path)
    for name, password in (("ada", "correct horse"), ("tom", "plain words"), ("ada", "correct horse")):
        assert client.get("/mcp", auth=(name, password)).text == name
    for given in ("Basic", "Basic !!!", "Bearer x", f"Basic {base64.b64encode(b'ada').decode()}", "Basic /w=="):
        assert client.get("/", headers={"authorization": given}).status_code == 401
    for name, password in (("ada", "plain words"), ("nobody", "correct horse"), ("tom", hashed("plain words"))):
        assert client.get("/", auth=(name, password)).status_code == 401


def test_guessing_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "Buckets", partial(Buckets, clock=lambda: 0.0))  # however long the guesses take
    client = site(tmp_path)
    began = time.monotonic()
    assert client.get("/", auth=("ada", "guess")).status_code == 401
    assert time.monotonic() - began >= 1
    monkeypatch.setattr(door, "_PATIENCE", 0.0)
    codes = [client.get("/", auth=("ada", f"guess {n}")).status_code for n in range(6)]
    assert codes == [401, 401, 401, 401, 429, 429]
    assert client.get("/", auth=("ada", "correct horse")).status_code == 429
    assert int(client.get("/", auth=("ada", "correct horse")).headers["retry-after"]) <= 12


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "nobody is in it"),
        ("ada\n", ":1: expected name:hash"),
        ("ada:\n", ":1: expected name:hash"),
        ("ada:long enough\nada:another one\n", ":2: expected name:hash, each name once"),
        ("ada:scrypt$16384$8$5$x$y\n", ":1: the hash is damaged"),
        ("ada:scrypt$1073741824$8$5$AAAA$" + "A" * 43 + "=\n", ":1: the hash is damaged"),
    ],
)
def test_a_file_of_logins_that_cannot_be_used(tmp_path: Path, lines: str, words: str) -> None:
    (tmp_path / "logins").write_text(lines)
    (tmp_path / "logins").chmod(0o600)
    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        Passwords.read(tmp_path / "logins")
    assert "enough" not in str(caught.value)
    with pytest.raises(SettingsError, match="can't be read"):
        Passwords.read(tmp_path / "nowhere")


def test_a_file_that_others_may_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "logins").write_text("ada:correct horse\n")
    (tmp_path / "logins").chmod(0o644)
    assert Passwords.read(tmp_path / "logins").right("ada", "correct horse")
    assert "chmod 600" in caplog.text
    assert "1 as plain words" in caplog.text
    assert "correct horse" not in caplog.text


def test_the_command_prints_a_line_without_the_password(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["password", "ada"], input="correct horse\ncorrect horse\n")
    assert done.exit_code == 0
    assert "correct" not in done.stdout
    (tmp_path / "logins").write_text(done.stdout)
    (tmp_path / "logins").chmod(0o600)
    passwords = Passwords.read(tmp_path / "logins")
    assert passwords.right("ada", "correct horse")
    assert not passwords.right("ada", "correct hors")
    assert not passwords.right("", "")
    assert CliRunner().invoke(main, ["password", "a:b"]).exit_code == 1
    assert "expected 8 to" in CliRunner().invoke(main, ["password", "ada"], input="short\nshort\n").stderr


@pytest.mark.parametrize("more", [{"host": "0.0.0.0"}, {"allow_hosts": ["quotes.example.org"]}, {"mcp": True}])
def test_more_than_this_machine_takes_a_login(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="login"):
        serve(tmp_path, [], **more)


@pytest.mark.parametrize("name", ["*", "", "https://quotes.example.org", "quotes.example.org:80", "a b"])
def test_an_allowed_host_is_one_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "logins").write_text(f"ada:{hashed('correct horse')}\n")
    (tmp_path / "logins").chmod(0o600)
    with pytest.raises(SettingsError, match="expected a name such as"):
        serve(tmp_path, [], auth=tmp_path / "logins", allow_hosts=[name])


def test_allowed_hosts_and_no_others(tmp_path: Path) -> None:
    client = site(tmp_path, hosts=("quotes.example.org",))
    assert client.get("/", headers={"host": "quotes.example.org"}).status_code == 401
    assert client.get("/", headers={"host": "www.quotes.example.org"}).status_code == 400
    login = {"host": "quotes.example.org", "origin": "http://quotes.example.org"}
    assert client.post("/login", data={"username": "ada", "password": "correct horse"}, headers=login).status_code == 200


# ---- how often


def test_a_bucket_empties_and_fills() -> None:
    now = [100.0]
    buckets = Buckets(60, 3, clock=lambda: now[0])
    assert [buckets.take("ada") for _ in range(3)] == [0, 0, 0]
    assert 0 < buckets.take("ada") <= 1
    assert buckets.take("tom") == 0
    now[0] += 1
    assert buckets.take("ada") == 0
    now[0] += 1000
    assert [bool(buckets.take("ada")) for _ in range(4)] == [False, False, False, True]


def test_who_asks_too_often_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.web.limits.Buckets", partial(Buckets, clock=lambda: 0.0))  # however long the questions take
    client = site(tmp_path, rate=(60, 3))
    asking = [client.post("/gradio_api/call/v2/ask", json={}, auth=("ada", "correct horse")) for _ in range(4)]
    assert [reply.status_code for reply in asking] == [200, 200, 200, 429]
    assert asking[-1].text == "too many questions; try again in 1 s"
    assert asking[-1].headers["retry-after"] == "1"
    assert client.post("/mcp", json={}, auth=("ada", "correct horse")).status_code == 429
    assert client.post("/gradio_api/queue/join", json={}, auth=("tom", "plain words")).status_code == 200
    assert client.get("/config", auth=("ada", "correct horse")).status_code == 200


def test_the_rate_is_generous_on_this_machine_and_heard_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.rate(login=True) == (60, 20)
    assert settings.rate(login=False) == (6000, 300)
    monkeypatch.setenv("WHOSAID_RATE", "120/30")
    assert settings.rate(login=True) == (120, 30)
    for wrong in ("120", "x/y", "0/3", "1/0", "-1/3"):
        monkeypatch.setenv("WHOSAID_RATE", wrong)
        with pytest.raises(SettingsError, match="expected questions a minute and at once"):
            settings.rate(login=True)
