"""A language model behind a server that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM, or a hosted one.

Speaks to the one address that it is told. No redirect is followed, and the key, which comes from the environment alone,
goes to one host only, never in the clear over the open network, and into no message.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qa.errors import SettingsError, WriterError
from qa.models.writer import KEY, Limits, Message, Stop

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 4_000_000  # of a whole reply, with all that a stream puts around each word
_LONGEST_EVENT = 200_000  # characters of one event
_EXPECTED = "expected an address with a model, such as http://127.0.0.1:11434/v1#qwen2.5:1.5b"
_LINE_END = re.compile(r"\r\n|\n|\r(?!$)")  # a return at the end may be the first half of a line's end


def host_of_key(addresses: Sequence[str]) -> str | None:
    """Return the one host that the key is for: the only one beyond this machine, else this machine; raise SettingsError for several."""
    hosts = {_Address(told).host for told in addresses}
    others = {host for host in hosts if not _is_here(host)} or hosts
    if len(others) > 1 and not all(map(_is_here, others)):
        raise SettingsError(f"{KEY}: there is one key and {len(others)} servers to send it to; name one server beyond this machine")
    return next(iter(others), None)


class ServedWriter:
    """A model of a server."""

    def __init__(self, told: str, key_for: str | None = None) -> None:
        """Take an address and the host that the key may go to; raise SettingsError where the address can't be used."""
        self._address = _Address(told)
        self._key = os.environ.get(KEY, "").strip() if key_for == self._address.host else ""
        if self._key and not self._address.safe:
            raise SettingsError(f"writer {self._address.shown}: {KEY} is set and would cross the network in the clear; use https")
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            raise SettingsError(f"{KEY}: it holds characters that no key has; check it")

    @property
    def name(self) -> str:
        """What people know it by: the model, and the host that it runs on."""
        return f"{self._address.model} at {self._address.host}"

    def pieces(self, messages: Sequence[Message], limits: Limits, stop: Stop) -> Iterator[str]:
        """Yield what it writes, piece by piece, until it ends or `stop` is called off; raise WriterError where it fails."""
        import httpx

        body: dict[str, Any] = {"model": self._address.model, "messages": list(messages), "stream": True, "temperature": 0}
        # Whoever waits for the words has the stricter limits; this one only ends a wait that nobody is left for.
        patience = httpx.Timeout(limits.first + limits.between, connect=limits.connect, write=limits.connect, pool=limits.connect)
        try:
            # Proxies that the environment names are for what is beyond this machine.
            with httpx.Client(timeout=patience, follow_redirects=False, trust_env=not _is_here(self._address.host)) as client:
                try:
                    yield from self._replied(client, body, limits, stop)
                except _NoTemperature:
                    del body["temperature"]
                    yield from self._replied(client, body, limits, stop)
        except httpx.ConnectTimeout as error:
            raise WriterError(f"{self.name}: no connection within {limits.connect:g} seconds; check that the server runs") from error
        except httpx.ConnectError as error:
            raise WriterError(f"{self.name}: no connection ({self._line(str(error))}); check that the server runs") from error
        except httpx.TimeoutException as error:
            raise WriterError(f"{self.name}: no words within {limits.first + limits.between:g} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            if not stop:
                raise WriterError(f"{self.name}: the connection broke before the answer ended ({self._line(str(error))})") from error

    def _replied(self, client: httpx.Client, body: dict[str, Any], limits: Limits, stop: Stop) -> Iterator[str]:
        headers = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        with client.stream("POST", self._address.url, json=body, headers=headers) as response, _woken(response, stop):
            if response.status_code != 200:
                self._refuse(response, body)
            if "event-stream" in response.headers.get("content-type", ""):
                yield from self._streamed(response, stop)
            else:
                whole = b"".join(_bytes(response))
                yield self._content(self._parsed(whole.decode("utf-8", "replace")), "message")

    def _streamed(self, response: httpx.Response, stop: Stop) -> Iterator[str]:
        ended = False
        for data in events(_bytes(response)):
            if stop:
                return
            if data.strip() == "[DONE]":
                return
            event = self._parsed(data)
            yield self._content(event, "delta")
            choices = event.get("choices")
            reason = choices[0].get("finish_reason") if isinstance(choices, list) and choices else None
            if reason == "content_filter":
                raise WriterError(f"{self.name}: the server's own filter stopped it")
            ended = ended or bool(reason)
        if not ended:
            raise WriterError(f"{self.name}: the connection ended before the answer did")

    def _parsed(self, data: str) -> dict[str, Any]:
        """Return an event or a reply; raise WriterError where it is an error, or none at all."""
        try:
            parsed = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise WriterError(f"{self.name}: what came is not JSON ({self._line(data)!r}); check the address, which ends in /v1") from error
        if not isinstance(parsed, dict):
            raise WriterError(f"{self.name}: what came is no chat completion ({self._line(data)!r}); check the address")
        if parsed.get("error"):
            raise WriterError(f"{self.name}: the server says: {self._message(parsed)}")
        return parsed

    def _content(self, event: dict[str, Any], part: str) -> str:
        """Return the words in an event or a reply; what a model thinks aside isn't among them."""
        choices = event.get("choices")
        if choices is None or choices == []:
            if part == "delta":
                return ""  # counts of tokens, and signs of life
            raise WriterError(f"{self.name}: what came is no chat completion; check the address, which ends in /v1")
        try:
            content = (choices[0].get(part) or {}).get("content") or ""
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise WriterError(f"{self.name}: what came is no chat completion; check the address, which ends in /v1") from error
        if isinstance(content, list):
            content = "".join(str(one.get("text") or "") for one in content if isinstance(one, dict) and one.get("type", "text") == "text")
        return content if isinstance(content, str) else ""

    def _refuse(self, response: httpx.Response, body: dict[str, Any]) -> None:
        """Raise what a status other than 200 means."""
        status = response.status_code
        if response.is_redirect:
            raise WriterError(f"{self.name}: the server sends on to another address, which is not followed; give that one to --writer")
        said = b"".join(_bytes(response, 64_000)).decode("utf-8", "replace")
        try:
            parsed = json.loads(said)
        except (ValueError, RecursionError):
            parsed = None
        words = self._message(parsed) if isinstance(parsed, dict) else self._line(said)
        if status == 400 and "temperature" in words and "temperature" in body:
            raise _NoTemperature
        hint = {
            401: f"; set {KEY}",
            403: f"; check {KEY}",
            404: "; check the address, which ends in /v1, and the model",
            429: "; try again later",
        }.get(status, "")
        raise WriterError(f"{self.name}: the server answers {status}{f': {words}' if words else ''}{hint}")

    def _message(self, parsed: dict[str, Any]) -> str:
        error = parsed.get("error") or parsed.get("message") or parsed.get("detail") or ""
        return self._line(str(error.get("message") or error) if isinstance(error, dict) else str(error))

    def _line(self, text: str) -> str:
        """Return a server's words in one short line, without the key."""
        shown = text.replace(self._key, "…") if self._key else text
        return "".join(c for c in " ".join(shown.split())[:200] if c.isprintable())


class _NoTemperature(Exception):  # noqa: N818  a turn in the talk, not an error
    """The model takes no temperature."""


class _Address:
    """An address taken apart: where to post, the host, and the model after the "#"."""

    def __init__(self, told: str) -> None:
        if len(told) > 1000 or not told.isprintable() or re.search(r"\s", told.partition("#")[0]):
            raise SettingsError(f"writer: not an address; {_EXPECTED}")
        try:
            parts = urlsplit(told)
            self.host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise SettingsError(f"writer: not an address; {_EXPECTED}") from error
        if parts.username is not None or parts.password is not None:
            raise SettingsError(f"writer at {self.host}: no name and password in the address; a key goes into {KEY}")
        if not self.host or parts.query or not parts.fragment.strip():
            raise SettingsError(f"writer {told.partition('?')[0]}: {_EXPECTED}")
        self.model = parts.fragment.strip()
        named = f"[{self.host}]" if ":" in self.host else self.host
        base = f"{parts.scheme}://{named}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
        self.shown = f"{base}#{self.model}"
        self.url = f"{base.removesuffix('/chat/completions')}/chat/completions"
        self.safe = parts.scheme == "https" or _is_near(self.host)


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_near(host: str) -> bool:
    """Tell whether a host is this machine or, by its number, one of the private network."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_private
    return _is_here(host)


@contextmanager
def _woken(response: httpx.Response, stop: Stop) -> Iterator[None]:
    """Let a reading that waits end when it is called off: the server sees it, and stops writing."""
    stream = response.extensions.get("network_stream")
    connection: socket.socket | None = stream.get_extra_info("socket") if stream else None

    def wake() -> None:
        if connection is not None:
            with suppress(OSError):  # it may be closed already
                connection.shutdown(socket.SHUT_RDWR)

    stop.wakes(wake)
    yield


def _bytes(response: httpx.Response, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Yield a body as it comes; end or raise WriterError where it gets too long."""
    read = 0
    for chunk in response.iter_bytes():
        read += len(chunk)
        if read > most:
            if most < MOST_BYTES:
                return
            raise WriterError(f"the server sent more than {most:,} bytes and was stopped")
        yield chunk


def events(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield the data of each event of a stream of server-sent events, however its bytes are cut.

    Takes an event as ended at an empty line or, for servers that leave those out, where the next line has data too.
    """
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest, data = "", list[str]()
    for chunk in chunks:
        *lines, rest = _LINE_END.split(rest + decoder.decode(chunk))
        if len(rest) > _LONGEST_EVENT:
            raise WriterError("the server sent a line without an end and was stopped")
        for line in lines:
            yield from _ended(line, data)
    yield from _ended(rest + decoder.decode(b"", final=True), data)
    yield from _ended("", data)


def _ended(line: str, data: list[str]) -> Iterator[str]:
    """Yield the data gathered so far where a line ends it; gather what the line has itself."""
    field, _, value = line.rstrip("\r").partition(":")
    value = value.removeprefix(" ")
    if data and (not line.rstrip("\r") or (field == "data" and _is_whole("\n".join(data)))):
        yield "\n".join(data)
        data.clear()
    if field == "data":
        data.append(value)
    elif not field.strip() or field in ("event", "id", "retry"):
        return  # a comment, or what we don't need
    elif line.lstrip().startswith(("{", "<")):
        data.append(line)  # an error that a server wrote into the stream as it is


def _is_whole(data: str) -> bool:
    if data.strip() == "[DONE]":
        return True
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
