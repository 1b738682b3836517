"""What stands before the page: headers that keep a browser to this server, and refusals of posts from elsewhere.

Knows HTTP only, neither questions nor articles. Without a login the server is for this machine only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from qa.web.api import ENDPOINTS
from qa.web.limits import Limit
from qa.web.login import POLICY as LOGIN_POLICY
from qa.web.login import Login

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qa.web.passwords import Passwords

LOOPBACK = ("127.0.0.1", "localhost")
LARGEST_POST = 1 << 20  # bytes: a long conversation is some hundred thousand
LARGEST_FILE = 64 << 20  # of those that are given to the page to be read
LARGEST_UPLOAD = LARGEST_FILE + LARGEST_POST  # with what a form adds to a file
_UPLOAD = "/gradio_api/upload"
_CALLS = ("/gradio_api/call/", "/gradio_api/api/")  # Gradio would also run the page's own events there, private as they are

# Gradio's own scripts are inline and compile templates, so script-src can't be stricter. Everything else stays here:
# a picture, form, frame or font that slipped through from an article has nowhere to go.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'none'",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_HEADERS = ((b"content-security-policy", _POLICY.encode()), (b"referrer-policy", b"no-referrer"), *_ALWAYS)
# A browser says "Origin: null" with a form of a page without referrers, as with one of another site that hides where it is.
_AT_THE_LOGIN = ((b"referrer-policy", b"same-origin"), *_ALWAYS)  # its page brings a stricter policy of its own
_READING = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """Refuses posts that another site sends or that are too large, and adds the headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                login = (b"content-security-policy", LOGIN_POLICY.encode()) in given
                message = {**message, "headers": [*given, *(_AT_THE_LOGIN if login else _HEADERS)]}
            await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if refusal := refused(scope["method"], headers, scope["path"]):
            await _refuse(send_with_headers, *refusal)
        else:
            await self._app(scope, receive, send_with_headers)


def refused(method: str, headers: dict[str, str], path: str = "/") -> tuple[int, str] | None:
    """Return the status and reason to refuse a request with, or None where it may pass. Header names are in small letters."""
    if method in _READING:
        return None
    if path.startswith(_CALLS) and path.rstrip("/").rpartition("/")[2] not in ENDPOINTS:
        return 404, f"no such endpoint; there are {', '.join(ENDPOINTS)}"
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin == "null" and site == "same-origin":
        origin = None  # a browser that hides even from us where its page is; scripts can't set that header
    if (origin and urlsplit(origin).netloc != headers.get("host")) or site not in (None, "same-origin", "none"):
        return 403, "posts are taken from this page only"
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return 411, "a post must say how long it is"
    most = LARGEST_UPLOAD if path == _UPLOAD else LARGEST_POST
    if int(length) > most:
        return 413, f"a post may have {most:,} bytes at most"
    return None


async def _refuse(send: Send, status: int, reason: str) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
    await send({"type": "http.response.body", "body": reason.encode()})


def middleware(hosts: Sequence[str] = (), passwords: Passwords | None = None, rate: tuple[float, int] = (6000, 300)) -> list[Middleware]:
    """Return what the server runs every request through, outermost first.

    Requests for other hosts than this machine and `hosts` are refused, and those of people who haven't logged in where
    there are `passwords`. `rate` is how many questions a minute somebody may ask, and how many at once.
    """
    door = [Middleware(Login, passwords=passwords)] if passwords else []
    return [
        Middleware(Guard),
        Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *hosts], www_redirect=False),
        *door,
        Middleware(Limit, a_minute=rate[0], burst=rate[1]),
    ]
