"""A server that speaks OpenAI's chat completions, for tests: real sockets, and the model's name says what it does.

What a model answers is set in `ANSWERS`; the others misbehave as their names say. What it was sent is kept in `seen`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERS: dict[str, str] = {}


class ModelServer(ThreadingHTTPServer):
    """A running server. `gone` is set once a client has left in the middle of a stream."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.gone = threading.Event()
        self.go_on = threading.Event()

    def told(self, model: str) -> str:
        """Return how --writer names one of its models."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1#{model}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that leave are a part of the tests."""


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Run one."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(({name.casefold(): value for name, value in self.headers.items()}, body))
        model = body["model"]
        if self.path != "/v1/chat/completions":
            self._whole(404, b"not here")
        else:
            getattr(self, f"_{model.replace('-', '_')}", self._answer)(body)

    # ---- what goes right

    def _answer(self, body: dict[str, Any]) -> None:
        words = ANSWERS[body["model"]]
        self._begin()
        for at in range(0, len(words), 5):
            self._event(_delta(words[at : at + 5]))
        self._event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        self._send(b"data: [DONE]\n\n")

    def _at_once(self, body: dict[str, Any]) -> None:
        self._whole(200, json.dumps({"choices": [{"message": {"content": "Said at once [1]."}}]}).encode())

    def _in_parts(self, body: dict[str, Any]) -> None:
        self._begin()
        self._send(b": a sign of life\n\n")
        self._event({"choices": []})
        self._event({"choices": [{"delta": {"role": "assistant", "content": None, "reasoning_content": "Let me see."}}]})
        self._event({"choices": [{"delta": {"content": [{"type": "text", "text": "Said in parts [1]."}]}}]})
        self._event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"total_tokens": 3}})

    def _warm_only(self, body: dict[str, Any]) -> None:
        if "temperature" in body:
            self._whole(400, json.dumps({"error": {"message": "'temperature' does not support 0"}}).encode())
        else:
            ANSWERS.setdefault("warm-only", "Warm words [1].")
            self._answer(body)

    def _waits(self, body: dict[str, Any]) -> None:
        """Write half of an answer, then the rest once the test says so."""
        first, _, rest = ANSWERS["waits"].partition("|")
        self._begin()
        self._event(_delta(first))
        for _ in range(2400):  # for two minutes at most
            if self.server.go_on.wait(0.05):
                break
            try:
                self._send(b": still here\n\n")
            except OSError:
                self.server.gone.set()
                return
        self._event(_delta(rest))
        self._send(b"data: [DONE]\n\n")

    # ---- what goes wrong

    def _silent(self, body: dict[str, Any]) -> None:
        self.server.go_on.wait(300)

    def _stops_talking(self, body: dict[str, Any]) -> None:
        self._begin()
        self._event(_delta("It begins "))
        self.server.go_on.wait(300)

    def _never_ends(self, body: dict[str, Any]) -> None:
        self._begin()
        while not self.server.go_on.wait(0.02):
            self._event(_delta("and on "))

    def _far_too_much(self, body: dict[str, Any]) -> None:
        self._begin()
        for _ in range(2000):
            self._event(_delta("more and more " * 50))

    def _line_without_end(self, body: dict[str, Any]) -> None:
        self._begin()
        for _ in range(100):
            self._send(b"data: " + b"x" * 10_000)

    def _drops(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self._event(_delta("The Trust says"))
        self.close_connection = True

    def _ends_early(self, body: dict[str, Any]) -> None:
        self._begin()
        self._event(_delta("The Trust says"))

    def _garbage(self, body: dict[str, Any]) -> None:
        self._begin()
        self._send(b"data: \xff\xfe\x00 not json\n\n")

    def _a_list(self, body: dict[str, Any]) -> None:
        self._begin()
        self._send(b"data: [1, 2]\n\n")

    def _web_page(self, body: dict[str, Any]) -> None:
        self._whole(200, b"<html>Welcome</html>", "text/html")

    def _other_json(self, body: dict[str, Any]) -> None:
        self._whole(200, b'{"models": []}')

    def _error_in_stream(self, body: dict[str, Any]) -> None:
        self._begin()
        self._event(_delta("The "))
        self._event({"error": {"message": "out of memory\nfor real", "code": 500}})

    def _error_as_text(self, body: dict[str, Any]) -> None:
        self._whole(500, json.dumps({"error": "model failed to load"}).encode())

    def _filtered(self, body: dict[str, Any]) -> None:
        self._begin()
        self._event({"choices": [{"delta": {"content": "Th"}, "finish_reason": "content_filter"}]})

    def _wrong_key(self, body: dict[str, Any]) -> None:
        key = self.headers.get("Authorization", "none").removeprefix("Bearer ")
        self._whole(401, json.dumps({"error": {"message": f"Incorrect key provided: {key}"}}).encode())

    def _moved(self, body: dict[str, Any]) -> None:
        self.send_response(307)
        self.send_header("Location", "http://127.0.0.2:1/v1/chat/completions")
        self.send_header("Content-Length", "0")
        self.end_headers()

    # ---- sending

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _event(self, event: dict[str, Any]) -> None:
        self._send(f"data: {json.dumps(event)}\n\n".encode())

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _whole(self, status: int, data: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _delta(words: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": words}}]}
