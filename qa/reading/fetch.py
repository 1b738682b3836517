"""One address on the web, read politely and within limits: what robots.txt forbids is not read, and no host is hurried.

Only http and https to public addresses; no cookies, no passwords, no proxies. Redirects are followed one by one, each
held to the same rules. Knows nothing of what the bytes mean.
"""

from __future__ import annotations

import datetime as dt
import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urljoin

from qa.errors import FetchError
from qa.reading.packed import CODINGS, gathered, over, unpacked

if TYPE_CHECKING:
    import httpcore
    import httpx
    import protego

    from qa.reading.guard import Deadline, Resolve

_OPEN_PORTS = (80, 443)
_REDIRECTS = (301, 302, 303, 307, 308)
_FULL = (200, 203)
_LARGEST_RULES = 500_000  # bytes of a robots.txt; what is beyond is left out
_LONGEST_CRAWL_DELAY = 30.0  # seconds
_LONGEST_RETRY_AFTER = 30.0
_RETRIES = (2.0, 4.0)  # seconds before the second and the third try, where the server doesn't say
_NAP = 0.5  # seconds between two looks at whether to stop
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_TRACKING = re.compile(
    r"utm_\w*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_ga|_gl|_hsenc|_hsmi|mkt_tok"
)


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How links are read. With `allow_private`, addresses of private networks and ports other than 80 and 443 are too."""

    user_agent: str = "whosaid/0.1 (+reads articles its user asks for)"
    timeout: float = 10.0  # seconds without an answer
    deadline: float = 60.0  # seconds for the whole of one address, its redirects included, waiting out of politeness not
    most_bytes: int = 32_000_000  # unpacked
    most_redirects: int = 5
    between: float = 1.0  # seconds from one request to a host to the next
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address holds. "unchanged" has no body: it is what it was when `etag` and `modified` were told.

    `final` is where redirects ended; `type` is the media type that the server states, in small letters.
    """

    url: str
    final: str
    status: Literal["fresh", "unchanged"]
    type: str | None = None
    charset: str | None = None
    body: bytes = b""
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher:
    """Reads addresses, one at a time, and remembers for a run what each host allows and when it was last asked.

    `cancelled` is looked at between requests and between the pieces of one; where it says so, FetchError ends the reading.
    Tests give a `clock` and a `sleep` of their own, a `resolve` in place of DNS, and a `network` to connect through.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Resolve | None = None,
        network: httpcore.NetworkBackend | None = None,
    ) -> None:
        """Connect to nothing yet."""
        self.settings = settings or FetchSettings()
        self._cancelled = cancelled
        self._clock = clock
        self._sleep = sleep
        self._resolve = resolve
        self._network = network
        self._tls: ssl.SSLContext | None = None
        self._rules: dict[str, protego.Protego | FetchError] = {}  # by origin, as https://example.org
        self._delays: dict[str, float] = {}  # by host
        self._asked: dict[str, float] = {}  # by host, when it was last asked

    def __enter__(self) -> Self:
        """Start a run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget what hosts allow, which may change until the next run."""
        self._rules.clear()
        self._delays.clear()
        self._asked.clear()

    def get(self, url: str, etag: str | None = None, modified: str | None = None) -> Fetched:
        """Return what an address holds; raise FetchError where that can't be had.

        `etag` and `modified` are what an earlier answer had: a server that knows them only says that nothing has changed.
        """
        stated = {"If-None-Match": etag, "If-Modified-Since": modified}
        conditions = {name: value for name, value in stated.items() if value and value.isprintable()}
        address, answer = self._followed(url, conditions)
        headers = answer.headers
        kind = headers.get("content-type", "")
        charset = _CHARSET.search(kind)
        return Fetched(
            url=url,
            final=str(address),
            status="unchanged" if answer.status == 304 else "fresh",
            type=kind.partition(";")[0].strip().lower() or None,
            charset=charset[1] if charset else None,
            body=answer.body,
            etag=headers.get("etag") or (etag if answer.status == 304 else None),
            modified=headers.get("last-modified") or (modified if answer.status == 304 else None),
        )

    def _followed(self, url: str, conditions: Mapping[str, str]) -> tuple[httpx.URL, _Answer]:
        """Return where redirects end, and what is there."""
        deadline = self._deadline()
        address = address_of(url)
        for hop in range(self.settings.most_redirects + 1):
            try:
                began = self._clock()
                self._allowed(address)
                deadline.put_off(self._clock() - began)  # robots.txt has a deadline of its own
                answer = self._answered(address, conditions, deadline, self.settings.most_bytes)
                target = _target(address, answer)
                if target is None:
                    _check_status(answer, asked_for_change=bool(conditions))
                    return address, answer
            except FetchError as error:
                if not hop or error.stopped:
                    raise
                raise FetchError(f"leads to {address}, which {error}", status=error.status) from error
            try:
                address = address_of(target)
            except FetchError as error:
                raise FetchError(f"leads to {target[:200]!r}, which {error}") from error
        most = self.settings.most_redirects
        raise FetchError(f"leads on more than {most} times; open it in a browser and give the address at which it ends")

    def _deadline(self) -> Deadline:
        from qa.reading.guard import Deadline

        return Deadline(self.settings.deadline, self._clock)

    # ---- what a host asks of those who read it

    def _allowed(self, address: httpx.URL) -> None:
        """Raise FetchError where the host's robots.txt forbids an address, or can't be had though it may exist (RFC 9309)."""
        self._check_port(address)
        origin = str(address.copy_with(raw_path=b"/", fragment=None)).removesuffix("/")
        if origin not in self._rules:
            try:
                self._rules[origin] = self._read_rules(origin)
            except FetchError as error:
                if error.stopped:
                    raise
                self._rules[origin] = error
        rules = self._rules[origin]
        if isinstance(rules, FetchError):
            raise FetchError(str(rules))
        name = self._name()
        if not rules.can_fetch(str(address), name):
            raise FetchError(
                f"may not be read by programs, says robots.txt of {address.host}; open it in a browser, save it and read the file"
            )
        self._delays[address.host] = max(self.settings.between, min(rules.crawl_delay(name) or 0.0, _LONGEST_CRAWL_DELAY))

    def _check_port(self, address: httpx.URL) -> None:
        if address.port not in (None, *_OPEN_PORTS) and not self.settings.allow_private:
            raise FetchError(f"is on port {address.port}; expected an address on port 80 or 443, as articles have")

    def _read_rules(self, origin: str) -> protego.Protego:
        from protego import Protego

        deadline = self._deadline()
        address = address_of(f"{origin}/robots.txt")
        for _ in range(self.settings.most_redirects + 1):
            self._check_port(address)
            answer = self._answered(address, {}, deadline, _LARGEST_RULES, cut=True)
            target = _target(address, answer)
            if target is None:
                break
            address = address_of(target)
        if answer.status in _FULL:
            return Protego.parse(answer.body.decode("utf-8-sig", "replace"))
        if 300 <= answer.status < 500:  # there are no rules, or none after this many redirects
            return Protego.parse("")
        why = f"is on a host whose robots.txt can't be had (status {answer.status}), so that nothing there may be read; try again later"
        raise FetchError(why)

    def _name(self) -> str:
        """Return the name by which robots.txt calls this program."""
        return self.settings.user_agent.partition("/")[0]

    def _wait(self, seconds: float, deadline: Deadline) -> None:
        """Sleep in short naps, which the deadline isn't charged for."""
        self._check_stopped()
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0:
            self._sleep(min(left, _NAP))
            self._check_stopped()
        deadline.put_off(max(seconds, 0.0))

    def _check_stopped(self) -> None:
        if self._cancelled():
            raise FetchError("was stopped before it was read", stopped=True)

    # ---- request and answer

    def _answered(self, address: httpx.URL, headers: Mapping[str, str], deadline: Deadline, limit: int, *, cut: bool = False) -> _Answer:
        """Return the answer of one host, asked again after a while where it is overburdened."""
        for pause in (*_RETRIES, None):
            last = self._asked.get(address.host)
            if last is not None:
                self._wait(last + self._delays.get(address.host, self.settings.between) - self._clock(), deadline)
            self._check_stopped()
            try:
                answer = self._exchanged(address, headers, deadline, limit, cut=cut)
            finally:
                self._asked[address.host] = self._clock()
            if pause is None or not (answer.status == 429 or answer.status >= 500):
                break
            told = _retry_after(answer.headers.get("retry-after"))
            if told is not None and told > _LONGEST_RETRY_AFTER:
                break
            self._wait(pause if told is None else told, deadline)
        return answer

    def _exchanged(self, address: httpx.URL, headers: Mapping[str, str], deadline: Deadline, limit: int, *, cut: bool) -> _Answer:
        import httpcore

        from qa.reading.guard import GuardedNetwork, resolve

        url = httpcore.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path)
        network = GuardedNetwork(self._network or httpcore.SyncBackend(), self._resolve or resolve, deadline, self.settings.allow_private)
        if self._tls is None and address.scheme == "https":
            self._tls = httpcore.default_ssl_context()
        sent = {
            "Host": address.netloc.decode("ascii"),
            "User-Agent": self.settings.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": ", ".join(CODINGS),
            "Connection": "close",
            **headers,
        }
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self.settings.timeout)
        try:
            with (
                httpcore.HTTPConnection(url.origin, ssl_context=self._tls, network_backend=network) as connection,
                connection.stream("GET", url, headers=list(sent.items()), extensions={"timeout": timeouts}) as response,
            ):
                received = {_text(name).lower(): _text(value) for name, value in reversed(response.headers)}
                body = self._body(response, received, limit, cut=cut) if response.status in _FULL else b""
                return _Answer(response.status, received, body)
        except httpcore.TimeoutException as error:
            raise FetchError(f"doesn't answer within {self.settings.timeout:g} seconds; try again later") from error
        except httpcore.ConnectError as error:
            raise FetchError(f"can't be reached ({_reason(error)}); check the address or try again later") from error
        except httpcore.NetworkError as error:
            raise FetchError(f"breaks off while it is read ({_reason(error)}); try again later") from error
        except httpcore.ProtocolError as error:
            raise FetchError(f"isn't answered as the web does, or breaks off ({_reason(error)}); try again later") from error

    def _body(self, response: httpcore.Response, headers: Mapping[str, str], limit: int, *, cut: bool) -> bytes:
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > limit and not cut:
            raise FetchError(over(limit))
        pieces: Iterable[bytes] = self._received(response, limit, cut=cut)
        for coding in reversed([coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")][:3]):
            pieces = unpacked(pieces, coding)
        return gathered(pieces, limit, cut=cut)

    def _received(self, response: httpcore.Response, limit: int, *, cut: bool) -> Iterator[bytes]:
        """Yield the bytes as they come, packed or not, until there are more than `limit`."""
        size = 0
        for chunk in response.iter_stream():
            self._check_stopped()
            size += len(chunk)
            yield chunk
            if size > limit:
                if cut:
                    return
                raise FetchError(over(limit))


def address_of(url: str) -> httpx.URL:
    """Return an address taken apart; raise FetchError where it is none on the web that everybody may read."""
    import httpx

    url = url.strip()
    expected = "expected one like https://example.org/article"
    try:
        address = httpx.URL(url)
        host = address.host  # taken apart here, so that it fails here
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise FetchError(f"is not an address ({' '.join(str(error).split())}); {expected}") from error
    if address.scheme not in {"http", "https"}:
        begins = f"begins with {address.scheme}:" if address.scheme else "doesn't begin with http:// or https://"
        raise FetchError(f"{begins}; {expected}")
    if address.userinfo:
        raise FetchError("has a name or a password in it; take it out, only what everybody may read is read")
    if not host.rstrip("."):
        raise FetchError(f"names no host; {expected}")
    if address.port is not None and not 0 < address.port < 65536:
        raise FetchError(f"names port {address.port}, which doesn't exist; {expected}")
    try:
        return address.copy_with(host=address.raw_host.decode("ascii").rstrip("."), fragment=None)
    except httpx.InvalidURL as error:
        raise FetchError(f"is not an address ({error}); {expected}") from error


def normalised(url: str) -> str:
    """Return an address as a short name for what is there, the same for all the ways to write it.

    Without scheme, "www.", parameters that only track readers, fragment and the slash at its end; raise FetchError where
    it is no address.
    """
    address = address_of(url)
    host = f"[{address.host}]" if ":" in address.host else address.raw_host.decode("ascii").removeprefix("www.")
    port = "" if address.port in (None, *_OPEN_PORTS) else f":{address.port}"
    path, _, query = address.raw_path.decode("ascii").partition("?")
    kept = "&".join(part for part in query.split("&") if part and not _TRACKING.fullmatch(part.partition("=")[0].lower()))
    return f"{host}{port}{path.rstrip('/')}{'?' if kept else ''}{kept}"


def _target(address: httpx.URL, answer: _Answer) -> str | None:
    """Return where an answer leads, None where it doesn't."""
    location = answer.headers.get("location", "").strip()
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        return urljoin(str(address), location)
    except ValueError as error:
        raise FetchError(f"leads to {location[:200]!r}, which is not an address; open it in a browser") from error


def _check_status(answer: _Answer, *, asked_for_change: bool) -> None:
    status = answer.status
    if status in _FULL or (status == 304 and asked_for_change):
        return
    if status in {404, 410}:
        raise FetchError(f"is gone (status {status}); check the address", status=status)
    if status in {401, 402, 403, 407, 451}:
        raise FetchError(f"is not open to everybody (status {status}); open it in a browser, save it and read the file", status=status)
    if status == 429:
        raise FetchError("is asked for too often (status 429); try again later", status=status)
    if status >= 500:
        raise FetchError(f"can't be had from its server now (status {status}); try again later", status=status)
    raise FetchError(f"is answered with status {status}; expected 200 and an article; open it in a browser", status=status)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a server asks to wait, as a number or until a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return max((until - dt.datetime.now(until.tzinfo)).total_seconds(), 0.0)


def _text(header: bytes) -> str:
    """Return a header, which should be ASCII and may be anything."""
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError:
        return header.decode("latin-1")


def _reason(error: Exception) -> str:
    """Return what went wrong without the number that systems give it."""
    cause = error.__cause__
    why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
    return " ".join((why or type(error).__name__).split())[:200]
