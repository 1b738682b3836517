"""How often somebody may ask: a bucket of tokens for each person or address. Knows HTTP, neither questions nor articles."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

WHO = "whosaid.login"  # where the login leaves the name of whoever sent a request
_COUNTED = ("/gradio_api/queue/join", "/gradio_api/call/", "/mcp")
_MOST_KEPT = 10_000


class Buckets:
    """Buckets of `burst` tokens, one for each key, that fill by `a_minute`; those not used for longest are forgotten."""

    def __init__(self, a_minute: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with all of them full."""
        self._each_second, self._burst, self._clock = a_minute / 60, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Return for how many seconds there is no token; 0 where there is one."""
        return max(0.0, (1 - self._tokens(key)) / self._each_second)

    def take(self, key: str) -> float:
        """Take a token and return 0, or return for how many seconds there is none."""
        if (seconds := self.wait(key)) > 0:
            return seconds
        self._left[key] = self._tokens(key) - 1, self._clock()
        self._left.move_to_end(key)
        while len(self._left) > _MOST_KEPT:
            self._left.popitem(last=False)
        return 0.0

    def give_back(self, key: str) -> None:
        """Put a token back that was taken for nothing."""
        self._left[key] = min(float(self._burst), self._tokens(key) + 1), self._clock()

    def _tokens(self, key: str) -> float:
        tokens, at = self._left.get(key, (float(self._burst), 0.0))
        return min(float(self._burst), tokens + (self._clock() - at) * self._each_second)


class Limit:
    """Refuses questions of somebody who asks too often. Stands behind the login, which says who it is."""

    def __init__(self, app: ASGIApp, a_minute: float, burst: int) -> None:
        """Stand before `app`."""
        self._app, self._buckets = app, Buckets(a_minute, burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(_COUNTED):
            seconds = self._buckets.take(f"{scope.get(WHO, '')}\n{address(scope)}")
            if seconds:
                await too_many(seconds, "questions")(scope, receive, send)
                return
        await self._app(scope, receive, send)


def address(scope: Scope) -> str:
    """Return from which address a request comes."""
    return str((scope.get("client") or ("",))[0])


def too_many(seconds: float, what: str) -> PlainTextResponse:
    """Return the refusal of what comes too often."""
    wait = max(1, math.ceil(seconds))
    return PlainTextResponse(f"too many {what}; try again in {wait} s", 429, {"retry-after": str(wait)})
