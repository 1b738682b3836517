"""The door: nothing behind it answers without a login, not even a script of the page.

Browsers fill in a form and keep a cookie; programs send HTTP Basic with each request, or post the form as well.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from qa.web.limits import WHO, Buckets, address, too_many

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from qa.web.passwords import Passwords

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
COOKIE = "whosaid"
_SECONDS = 7 * 24 * 3600  # that a login in a browser holds
_MOST_SESSIONS = 10_000
_LONGEST_FORM = 10_000  # bytes
_PATIENCE = 1.0  # seconds before a wrong password is answered
_OPEN = "/gradio_api/startup-events"  # the server calls itself there when it starts; it does and tells nothing

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>whosaid: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:20rem;margin:15vh auto;padding:0 1rem}}
label,input,button{{display:block;width:100%;box-sizing:border-box;font:inherit}}
input,button{{padding:.5rem;margin:.2rem 0 1rem}}</style></head><body><main><h1>whosaid</h1>{problem}
<form method="post" action="/login"><input type="hidden" name="next" value="{next}">
<label>Name <input name="username" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button></form></main></body></html>"""


class Login:
    """Lets through who has logged in, and leaves the name in the scope."""

    def __init__(self, app: ASGIApp, passwords: Passwords) -> None:
        """Stand before `app`."""
        self._app, self._passwords = app, passwords
        self._sessions: dict[str, tuple[str, float]] = {}
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, str] = {}  # headers that were right, as keyed hashes: scrypt is slow
        self._wrong = Buckets(a_minute=5, burst=5)
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and scope["path"] == _OPEN and scope["method"] == "GET"):
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # nothing here talks in any other way
        request = Request(scope, receive)
        if scope["path"].rstrip("/") == "/login" and scope["method"] == "POST":
            await (await self._logged_in(request))(scope, receive, send)
            return
        if scope["path"].rstrip("/") == "/logout":
            await self._logged_out(request)(scope, receive, send)
            return
        given = request.headers.get("authorization")
        name: str | Response | None = await self._by_header(request, given) if given else self._by_cookie(request)
        if isinstance(name, str):
            await self._app({**scope, WHO: name}, receive, send)
        else:
            await (name or _asked_for(request))(scope, receive, send)

    def _by_cookie(self, request: Request) -> str | None:
        name, until = self._sessions.get(_cookie(request), ("", 0.0))
        return name if until > time.time() else None

    async def _by_header(self, request: Request, given: str) -> str | Response | None:
        digest = hmac.digest(self._key, given.encode("utf-8", "replace"), "sha256")
        if digest in self._known:
            return self._known[digest]
        kind, _, word = given.partition(" ")
        try:
            name, colon, password = base64.b64decode(word, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        if kind.lower() != "basic" or not colon:
            return None
        if refusal := await self._refusal(request, name, password):
            return refusal
        if len(self._known) >= _MOST_SESSIONS:
            self._known.clear()
        self._known[digest] = name
        return name

    async def _refusal(self, request: Request, name: str, password: str) -> Response | None:
        """Return how to refuse a password, None where it is right; an address that is wrong again and again has to wait."""
        came_from = address(request.scope)
        if seconds := self._wrong.wait(came_from):
            return too_many(seconds, "wrong passwords")
        self._wrong.take(came_from)  # given back below: guesses sent all at once must count as well
        if self._limiter is None:
            self._limiter = CapacityLimiter(2)
        if await to_thread.run_sync(self._passwords.right, name, password, limiter=self._limiter):
            self._wrong.give_back(came_from)
            return None
        await anyio.sleep(_PATIENCE)
        return PlainTextResponse("wrong name or password", 401)

    async def _logged_in(self, request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("a login is shorter", 413)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).items()}
        name, onward = form.get("username", "").strip(), _inside(form.get("next", "/"))
        html = "text/html" in request.headers.get("accept", "")
        if refusal := await self._refusal(request, name, form.get("password", "")):
            return _page(bytes(refusal.body).decode(), onward, refusal.status_code) if html else refusal
        now = time.time()
        self._sessions = {token: kept for token, kept in self._sessions.items() if kept[1] > now}
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        token = secrets.token_urlsafe(32)
        self._sessions[token] = name, now + _SECONDS
        response: Response = RedirectResponse(onward, 303) if html else JSONResponse({"success": True})
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, max_age=_SECONDS, httponly=True, samesite="lax", secure=secure)
        return response

    def _logged_out(self, request: Request) -> Response:
        self._sessions.pop(_cookie(request), None)
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE)
        return response


def _cookie(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _asked_for(request: Request) -> Response:
    """Return the form to a person, and to a program the way to log in."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        path = request.url.path
        return _page("", _inside(f"{quote(path)}?{request.url.query}" if request.url.query else quote(path)), 401)
    browser = "sec-fetch-mode" in request.headers  # it would ask for a password in a window of its own
    return PlainTextResponse("log in first: HTTP Basic, or post username and password to /login", 401, None if browser else _BASIC)


_BASIC = {"www-authenticate": 'Basic realm="whosaid", charset="UTF-8"'}


def _page(problem: str, onward: str, status: int) -> Response:
    shown = f"<p role='alert'>{escape(problem[:1].upper() + problem[1:])}.</p>" if problem else ""
    headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
    return HTMLResponse(_PAGE.format(problem=shown, next=escape(onward)), status, headers)


def _inside(path: str) -> str:
    """Return a path of this server, or its first page for anything else."""
    plain = path.isprintable() and "\\" not in path and path.isascii()
    return path if plain and path.startswith("/") and not path.startswith("//") and len(path) < 3000 else "/"
