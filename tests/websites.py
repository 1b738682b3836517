"""A web server on this machine, as good or as bad as a test needs it, and a clock that nobody waits for."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

import httpcore


@dataclass(frozen=True)
class Page:
    """What the server answers with; "Content-Length" is stated unless the headers do."""

    body: bytes | str = b""
    type: str | None = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Page | list[Page] | Callable[["Handler"], None]
"""One answer, one after the other (the last one again and again), or whatever a function does with the connection."""


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.pages.get(self.path, Page("nothing here", status=404))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer(self)
        else:
            self.answer(answer)

    def answer(self, page: Page) -> None:
        body = page.body.encode() if isinstance(page.body, str) else page.body
        etag = page.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            self.send_response_only(304)
            self.end_headers()
            return
        self.send_response_only(page.status)
        for name, value in {**({"Content-Type": page.type} if page.type else {}), "Content-Length": str(len(body)), **page.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def raw(self, *pieces: bytes, every: float = 0.0) -> None:
        """Send bytes as they are, with a pause after each piece that ends with the test."""
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            if every and self.server.over.wait(every):
                return

    def log_message(self, *_: Any) -> None:
        pass


class Site(socketserver.ThreadingTCPServer):
    """The server: `pages` by path, and `asked`, the paths and headers of every request so far."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def paths(self) -> list[str]:
        """Return the paths that were asked for, without those of robots.txt."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that hang up."""


@dataclass
class FakeTime:
    """A clock on which sleeping takes no time."""

    now: float = 1000.0
    slept: float = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds
        self.slept += seconds


class Wire(httpcore.NetworkBackend):
    """A network on which the address 93.184.215.14 is the test's server, and nobody else is there."""

    PUBLIC = "93.184.215.14"

    def __init__(self, site: Site) -> None:
        self.site = site
        self.connected: list[tuple[str, int]] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if host != self.PUBLIC:
            raise httpcore.ConnectError("Connection refused")
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.site.port, timeout)


def hang_up(handler: Handler) -> None:
    """Close the connection so that the other side gets a reset."""
    import socket
    import struct

    with contextlib.suppress(OSError):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
