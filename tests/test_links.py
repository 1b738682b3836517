"""Links are read politely, from nowhere but the public web, within limits, and become the articles that they hold."""

from __future__ import annotations

import datetime as dt
import gzip
import re
import socket
import ssl
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from email.utils import format_datetime
from itertools import repeat
from pathlib import Path
from typing import Any

import brotli
import pytest
from documents import column, docx, pdf, word_paragraph
from websites import FakeTime, Handler, Page, Site, Wire, hang_up

from qa.errors import FetchError
from qa.reading.fetch import Fetched, Fetcher, FetchSettings, normalised
from qa.reading.files import Notice
from qa.reading.guard import is_public
from qa.reading.links import Link, read_links
from qa.types import Article, PartialDate

OPEN = FetchSettings(allow_private=True, timeout=60.0, deadline=120.0)

ARTICLE = """<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>
<p>The River Trust walked along the whole of the Wend in {month} and counted the herons at every weir.</p>
<p>“Herons don’t read plans,” said Nell Okafor of the River Trust, who has counted them for eleven years.</p>
</article></body></html>"""


def article(title: str = "Herons counted", month: str = "May", head: str = "") -> str:
    return ARTICLE.format(title=title, month=month, head=head)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture
def fake() -> FakeTime:
    return FakeTime()


Fetch = Callable[..., Fetcher]


@pytest.fixture
def fetcher(fake: FakeTime) -> Fetch:
    """Make a fetcher that may read this machine and sleeps on the fake clock."""

    def made(settings: FetchSettings = OPEN, **more: Any) -> Fetcher:
        return Fetcher(settings, **{"clock": fake.clock, "sleep": fake.sleep, **more})

    return made


def refused(fetcher: Fetcher, url: str, pattern: str) -> FetchError:
    """Expect an error of one line that matches."""
    with pytest.raises(FetchError, match=pattern) as caught:
        fetcher.get(url)
    assert "\n" not in str(caught.value)
    return caught.value


def real(**settings: Any) -> Fetcher:
    """Return a fetcher on the real clock, with less patience than it has for people."""
    return Fetcher(replace(OPEN, between=0.0, **settings))


# ---- one address


def test_a_page_is_had_with_what_its_server_states(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(
        b"words", headers={"ETag": '"e1"', "Last-Modified": "Tue, 05 May 2026 10:00:00 GMT"}, type="Text/HTML; Charset=UTF-8"
    )
    assert fetcher().get(site.url("/a")) == Fetched(
        url=site.url("/a"),
        final=site.url("/a"),
        status="fresh",
        type="text/html",
        charset="UTF-8",
        body=b"words",
        etag='"e1"',
        modified="Tue, 05 May 2026 10:00:00 GMT",
    )
    headers = dict(site.asked[-1][1])
    assert headers["User-Agent"].startswith("whosaid/0.1")
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_cookies_are_neither_kept_nor_sent(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page("words", headers={"Set-Cookie": "reader=7"})
    with fetcher() as fetch:
        fetch.get(site.url("/a"))
        fetch.get(site.url("/a"))
    assert all("Cookie" not in headers for _, headers in site.asked)


def test_proxies_of_the_environment_are_not_used(site: Site, fetcher: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.pages["/a"] = Page("words")
    assert fetcher().get(site.url("/a")).body == b"words"


def test_an_unchanged_address_has_no_body_and_keeps_its_marks(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page("words", headers={"ETag": '"e1"'})
    got = fetcher().get(site.url("/a"), '"e1"', "Tue, 05 May 2026 10:00:00 GMT")
    assert (got.status, got.body, got.etag, got.modified) == ("unchanged", b"", '"e1"', "Tue, 05 May 2026 10:00:00 GMT")
    assert site.asked[-1][1]["If-Modified-Since"] == "Tue, 05 May 2026 10:00:00 GMT"
    assert fetcher().get(site.url("/a"), '"e0"').status == "fresh"


def test_unchanged_without_a_question_is_an_error(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(status=304)
    refused(fetcher(), site.url("/a"), "status 304")


def test_a_mark_with_a_line_break_is_not_sent(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page("words")
    fetcher().get(site.url("/a"), '"e1"\r\nX-Other: 1')
    assert "X-Other" not in site.asked[-1][1]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda raw: zlib.compress(raw)[2:-4]),
        ("br", brotli.compress),
        ("gzip", lambda raw: gzip.compress(raw[:9]) + gzip.compress(raw[9:])),
        ("gzip", lambda raw: gzip.compress(b"") * 500 + gzip.compress(raw)),
        ("gzip", lambda raw: gzip.compress(raw) + b"\x00\x00rubbish"),
        ("deflate, gzip", lambda raw: gzip.compress(zlib.compress(raw))),
        ("identity", bytes),
    ],
)
def test_what_is_packed_for_the_way_is_unpacked(site: Site, fetcher: Fetch, coding: str, pack: Callable[[bytes], bytes]) -> None:
    words = b"The Anglers' Club meets on Monday. " * 9000
    site.pages["/a"] = Page(pack(words), headers={"Content-Encoding": coding})
    assert fetcher().get(site.url("/a")).body == words


def test_an_empty_body_may_be_said_to_be_packed(site: Site, fetcher: Fetch) -> None:
    for coding in ("gzip", "br"):
        site.pages["/a"] = Page(b"", headers={"Content-Encoding": coding})
        assert fetcher().get(site.url("/a")).body == b""


@pytest.mark.parametrize(
    ("coding", "body", "message"),
    [
        ("gzip", gzip.compress(bytes(range(256)) * 40)[:-9], "breaks off"),
        ("gzip", b"not packed at all", "breaks off"),
        ("br", brotli.compress(bytes(range(256)) * 40)[:-9], "breaks off"),
        ("br", b"\xff" * 40, "breaks off"),
        ("deflate", b"x", "breaks off"),
        ("zstd", b"words", "packed as 'zstd'; expected one of gzip"),
    ],
)
def test_what_is_packed_badly_is_refused(site: Site, fetcher: Fetch, coding: str, body: bytes, message: str) -> None:
    site.pages["/a"] = Page(body, headers={"Content-Encoding": coding})
    refused(fetcher(), site.url("/a"), message)


# ---- limits


def bombs() -> Mapping[str, bytes]:
    inflated = bytes(256 * 1024 * 1024)
    return {"gzip": gzip.compress(inflated, 9), "br": brotli.compress(inflated, quality=1, lgwin=22)}


def test_a_bomb_ends_early_and_takes_little_memory(site: Site, fetcher: Fetch) -> None:
    for coding, bomb in bombs().items():
        site.pages["/a"] = Page(bomb, headers={"Content-Encoding": coding})
        tracemalloc.start()
        refused(fetcher(replace(OPEN, most_bytes=2_000_000)), site.url("/a"), "holds more than 2 MB")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16_000_000


def test_a_body_without_end_is_cut_off(site: Site) -> None:
    def endless(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        handler.raw(*repeat(b"x" * 65536, 4000))

    site.pages["/a"] = endless
    refused(real(most_bytes=1_000_000), site.url("/a"), "holds more than 1 MB")


def test_packed_bytes_that_unpack_to_nothing_are_cut_off_too(site: Site) -> None:
    def endless(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n\x78\x9c")
        handler.raw(*repeat(b"\x00\x00\x00\xff\xff" * 9000, 400))

    site.pages["/a"] = endless
    refused(real(most_bytes=500_000), site.url("/a"), "holds more than 0.5 MB")


def test_a_file_of_very_many_packed_files_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    begin = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda *options: begun.append(1) or begin(*options))
    site.pages["/a"] = Page(gzip.compress(b"") * 100_000, headers={"Content-Encoding": "gzip"})
    refused(real(), site.url("/a"), "comes packed and is damaged")
    assert len(begun) <= 1000


def test_a_body_that_is_said_to_be_huge_is_not_read(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page("", headers={"Content-Length": "99999999999"})
    refused(fetcher(), site.url("/a"), "holds more than 32 MB")


def test_exactly_the_most_bytes_are_read(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(b"x" * 1000)
    assert len(fetcher(replace(OPEN, most_bytes=1000)).get(site.url("/a")).body) == 1000
    refused(fetcher(replace(OPEN, most_bytes=999)), site.url("/a"), "holds more")


def drip(start: bytes, each: bytes, sent: list[bytes] | None = None) -> Callable[[Handler], None]:
    """Send a piece every now and then, for two minutes, unless the other side goes."""

    def dripping(handler: Handler) -> None:
        handler.raw(start)
        for _ in range(2400):
            handler.raw(each, every=0.05)
            if sent is not None:
                sent.append(each)

    return dripping


@pytest.mark.parametrize(
    ("start", "each"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_server_that_drips_is_left_at_the_deadline(site: Site, start: bytes, each: bytes) -> None:
    sent: list[bytes] = []
    site.pages["/a"] = drip(start, each, sent)
    refused(real(deadline=0.4), site.url("/a"), "isn't complete after 0.4 seconds")
    assert len(sent) < 2400  # it was left in the middle


def test_a_server_that_is_silent_is_left_after_the_timeout(site: Site) -> None:
    site.pages["/a"] = lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\n", every=120.0)
    refused(real(timeout=0.2), site.url("/a"), "doesn't answer within 0.2 seconds")


def test_a_handshake_that_never_ends_is_left_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused(real(timeout=0.3), f"https://127.0.0.1:{silent.getsockname()[1]}/", "doesn't answer within 0.3 seconds")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (hang_up, "breaks off|isn't answered"),
        (lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf"), "breaks off"),
        (lambda handler: (handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf"), hang_up(handler)), "breaks off"),
        (lambda handler: handler.raw(b"SSH-2.0-server\r\n"), "isn't answered as the web does"),
        (lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"), "isn't answered as the web does"),
        (lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"), "isn't answered as the web does"),
        (lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "isn't answered as the web does"),
    ],
)
def test_an_answer_that_is_none_is_said_in_one_line(site: Site, answer: Callable[[Handler], None], message: str) -> None:
    site.pages["/a"] = answer
    refused(real(), site.url("/a"), message)


def test_a_port_on_which_nobody_answers(fetcher: Fetch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused(fetcher(), f"http://127.0.0.1:{port}/", r"can't be reached \(Connection refused\)")


# ---- what a status means


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, r"is gone \(status 404\)"),
        (410, r"is gone \(status 410\)"),
        (401, "is not open to everybody"),
        (403, "is not open to everybody"),
        (204, "status 204; expected 200"),
        (206, "status 206; expected 200"),
        (300, "status 300; expected 200"),
        (418, "status 418; expected 200"),
        (500, "can't be had from its server now"),
        (503, "can't be had from its server now"),
        (429, "is asked for too often"),
    ],
)
def test_each_status_has_its_line(site: Site, fetcher: Fetch, status: int, message: str) -> None:
    site.pages["/a"] = Page("words", status=status)
    error = refused(fetcher(), site.url("/a"), message)
    assert error.status == status
    assert error.gone == (status in {404, 410})


def test_an_overburdened_server_is_asked_again_when_it_says(site: Site, fetcher: Fetch, fake: FakeTime) -> None:
    site.pages["/a"] = [Page(status=429, headers={"Retry-After": "7"}), Page(status=503), Page("words")]
    assert fetcher().get(site.url("/a")).body == b"words"
    assert fake.slept == pytest.approx(1 + 7 + 4)  # after robots.txt, as told, and twice as long as the first time
    assert site.paths() == ["/a"] * 3


def test_a_server_may_say_when_by_a_date(site: Site, fetcher: Fetch, fake: FakeTime) -> None:
    until = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20), usegmt=True)
    site.pages["/a"] = [Page(status=503, headers={"Retry-After": until}), Page("words")]
    fetcher().get(site.url("/a"))
    assert 18 < fake.slept <= 21


@pytest.mark.parametrize("told", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_server_that_wants_a_long_rest_gets_it(site: Site, fetcher: Fetch, fake: FakeTime, told: str) -> None:
    site.pages["/a"] = Page(status=429, headers={"Retry-After": told})
    refused(fetcher(), site.url("/a"), "is asked for too often")
    assert site.paths() == ["/a"]
    assert fake.slept == pytest.approx(1)


def test_it_is_not_asked_for_ever(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(status=500, headers={"Retry-After": "soon"})
    refused(fetcher(), site.url("/a"), "status 500")
    assert site.paths() == ["/a"] * 3


# ---- redirects


def to(path: str, status: int = 302) -> Page:
    return Page(status=status, headers={"Location": path})


def test_redirects_are_followed_to_their_end(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/1": to("/2", 301), "/2": to("3", 303), "/3": to(site.url("/4"), 307), "/4": to("/end?a=b#part", 308)}
    site.pages["/end?a=b"] = Page("words")
    got = fetcher().get(site.url("/1"))
    assert (got.url, got.final, got.body) == (site.url("/1"), site.url("/end?a=b"), b"words")


def test_a_circle_of_redirects_ends(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/1": to("/2"), "/2": to("/1")}
    refused(fetcher(), site.url("/1"), "leads on more than 5 times")
    assert len(site.paths()) == 6


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/hosts", "leads to 'file:///etc/hosts', which begins with file:"),
        ("http://nell:pw@127.0.0.1/", "leads to .*, which has a name or a password"),
        ("http://[::1", "leads to .*, which is not an address"),
        ("/nowhere", r"leads to .*/nowhere, which is gone \(status 404\)"),
    ],
)
def test_redirects_to_what_can_not_be_read(site: Site, fetcher: Fetch, location: str, message: str) -> None:
    site.pages["/a"] = to(location)
    assert refused(fetcher(), site.url("/a"), message).gone == ("nowhere" in location)


def test_a_redirect_to_nowhere_is_an_odd_status(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(status=302)
    refused(fetcher(), site.url("/a"), "status 302; expected 200")


# ---- what robots.txt asks for


def test_what_robots_txt_forbids_is_not_read(site: Site, fetcher: Fetch) -> None:
    site.pages |= {
        "/robots.txt": Page("User-agent: *\nDisallow: /private\nAllow: /private/open\n", type="text/plain"),
        "/private/a": Page("no"),
        "/private/open/a": Page("yes"),
        "/away": to("/private/a"),
    }
    with fetcher() as fetch:
        refused(fetch, site.url("/private/a"), "may not be read by programs, says robots.txt of 127.0.0.1")
        refused(fetch, site.url("/away"), "leads to .*/private/a, which may not be read by programs")
        assert fetch.get(site.url("/private/open/a")).body == b"yes"
    assert site.paths() == ["/away", "/private/open/a"]
    assert [path for path, _ in site.asked].count("/robots.txt") == 1


def test_rules_for_this_program_count_before_those_for_all(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/robots.txt": Page("User-agent: *\nDisallow: /\n\nUser-agent: whosaid\nDisallow: /b\n"), "/a": Page("yes")}
    with fetcher() as fetch:
        assert fetch.get(site.url("/a")).body == b"yes"
        refused(fetch, site.url("/b"), "may not be read")


@pytest.mark.parametrize("rules", [Page(status=404), Page(status=403), Page(b"\xff\xfe\x00rubbish"), to("/robots.txt"), Page("")])
def test_without_rules_everything_may_be_read(site: Site, fetcher: Fetch, rules: Page) -> None:
    site.pages |= {"/robots.txt": rules, "/a": Page("yes")}
    assert fetcher().get(site.url("/a")).body == b"yes"


def test_rules_that_can_not_be_had_forbid_everything(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/robots.txt": Page(status=503), "/a": Page("yes")}
    with fetcher() as fetch:
        for _ in range(2):
            refused(fetch, site.url("/a"), r"robots.txt can't be had \(status 503\)")
    assert site.paths() == []
    assert len(site.asked) == 3  # asked for again twice, and never more in this run


def test_rules_may_be_found_through_a_redirect_and_are_read_up_to_a_limit(site: Site, fetcher: Fetch) -> None:
    rules = "User-agent: *\nDisallow: /b\n" + "# padding\n" * 60_000 + "Disallow: /a\n"
    site.pages |= {"/robots.txt": to("/rules"), "/rules": Page(rules), "/a": Page("yes")}
    with fetcher() as fetch:
        assert fetch.get(site.url("/a")).body == b"yes"
        refused(fetch, site.url("/b"), "may not be read")


def test_a_host_is_asked_once_a_second(site: Site, fetcher: Fetch, fake: FakeTime) -> None:
    site.pages["/a"] = Page("words")
    with fetcher() as fetch:
        for _ in range(3):
            fetch.get(site.url("/a"))
    assert fake.slept == pytest.approx(3)  # robots.txt and three times the page


@pytest.mark.parametrize(("asked", "waited"), [("12", 12), ("0.2", 1), ("86400", 30), ("soon", 1)])
def test_a_host_that_asks_for_a_longer_pause_gets_it(site: Site, fetcher: Fetch, fake: FakeTime, asked: str, waited: float) -> None:
    site.pages |= {"/robots.txt": Page(f"User-agent: *\nCrawl-delay: {asked}\n"), "/a": Page("words")}
    with fetcher(replace(OPEN, deadline=2.0)) as fetch:  # waiting out of politeness doesn't count
        fetch.get(site.url("/a"))
        fetch.get(site.url("/a"))
    assert fake.slept == pytest.approx(2 * waited)


def test_reading_can_be_stopped_while_it_waits_and_while_it_reads(site: Site, fake: FakeTime) -> None:
    site.pages |= {"/robots.txt": Page("User-agent: *\nCrawl-delay: 30\n"), "/a": Page("words")}
    waiting = Fetcher(OPEN, clock=fake.clock, sleep=fake.sleep, cancelled=lambda: fake.slept > 3)
    assert refused(waiting, site.url("/a"), "was stopped").stopped
    assert fake.slept < 5
    assert site.paths() == []
    site.pages |= {"/robots.txt": Page(status=404), "/b": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x")}
    reading = Fetcher(replace(OPEN, between=0.0), cancelled=lambda: site.paths() == ["/b"])
    assert refused(reading, site.url("/b"), "was stopped").stopped


# ---- nowhere but the public web


def guarded(site: Site, answers: Mapping[str, list[list[str]]], **settings: Any) -> tuple[Fetcher, Wire, list[str]]:
    """Return a fetcher as people have it, on a network with these names; each list of addresses is for one question."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        if host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]

    fake, wire = FakeTime(), Wire(site)
    return Fetcher(FetchSettings(**settings), clock=fake.clock, sleep=fake.sleep, resolve=resolve, network=wire), wire, asked


def test_a_public_host_is_read_at_the_address_that_was_checked(site: Site) -> None:
    site.pages["/a"] = Page("words")
    fetch, wire, asked = guarded(site, {"rivertrust.example": [[Wire.PUBLIC]]})
    assert fetch.get("http://rivertrust.example/a").body == b"words"
    assert wire.connected == [(Wire.PUBLIC, 80)] * 2
    assert asked == ["rivertrust.example"] * 2  # once for each connection
    assert site.asked[-1][1]["Host"] == "rivertrust.example"


def test_a_redirect_into_a_private_network_is_not_followed(site: Site) -> None:
    fetch, wire, _ = guarded(site, {"rivertrust.example": [[Wire.PUBLIC]], "inside.example": [["10.0.0.1"]], "10.0.0.1": [["10.0.0.1"]]})
    for target in ("http://10.0.0.1/", "http://inside.example/"):
        site.pages["/a"] = to(target)
        refused(fetch, "http://rivertrust.example/a", rf"leads to {target}, which is on a private network \(10.0.0.1\)")
    assert {host for host, _ in wire.connected} == {Wire.PUBLIC}


def test_rules_are_not_fetched_from_a_private_network_either(site: Site) -> None:
    site.pages |= {"/robots.txt": to("http://10.0.0.1/robots.txt"), "/a": Page("words")}
    fetch, wire, _ = guarded(site, {"rivertrust.example": [[Wire.PUBLIC]], "10.0.0.1": [["10.0.0.1"]]})
    refused(fetch, "http://rivertrust.example/a", "private network")
    assert {host for host, _ in wire.connected} == {Wire.PUBLIC}
    assert site.paths() == []


def test_a_name_that_changes_its_meaning_leads_nowhere(site: Site) -> None:
    site.pages["/a"] = Page("words")
    fetch, wire, _ = guarded(site, {"rivertrust.example": [[Wire.PUBLIC], ["127.0.0.1"]]})
    refused(fetch, "http://rivertrust.example/a", r"private network \(127.0.0.1\)")
    assert wire.connected == [(Wire.PUBLIC, 80)]  # robots.txt, before the name changed


def test_one_private_address_among_public_ones_is_enough_to_refuse(site: Site) -> None:
    fetch, wire, _ = guarded(site, {"rivertrust.example": [[Wire.PUBLIC, "192.168.1.1"]]})
    refused(fetch, "http://rivertrust.example/a", r"private network \(192.168.1.1\)")
    assert wire.connected == []


def test_the_next_address_is_tried_where_one_does_not_answer(site: Site) -> None:
    site.pages["/a"] = Page("words")
    fetch, wire, _ = guarded(site, {"rivertrust.example": [["2606:4700::1111", Wire.PUBLIC]]})
    assert fetch.get("http://rivertrust.example/a").body == b"words"
    assert wire.connected[:2] == [("2606:4700::1111", 80), (Wire.PUBLIC, 80)]


def test_a_host_that_is_not_there_is_asked_for_once_a_run(site: Site) -> None:
    fetch, _, asked = guarded(site, {})
    for path in ("a", "b"):
        refused(fetch, f"http://anglers.example/{path}", r"is on a host that isn't known \(anglers.example\)")
    assert asked == ["anglers.example"]


@pytest.mark.parametrize("port", [22, 8080, 6379])
def test_odd_ports_are_not_connected_to(site: Site, port: int) -> None:
    fetch, wire, asked = guarded(site, {"rivertrust.example": [[Wire.PUBLIC]]})
    refused(fetch, f"http://rivertrust.example:{port}/a", f"is on port {port}")
    assert (wire.connected, asked) == ([], [])


@pytest.mark.parametrize(
    "host",
    (
        "127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 0 localhost [::1] [::ffff:127.0.0.1] 169.254.169.254 10.0.0.1 192.168.0.1. "
        "100.64.0.1 [fe80::1] [fd00::1] [::] 224.0.0.1 [64:ff9b::a00:1] [2002:a00:1::]"
    ).split(),
)
def test_every_way_to_write_a_private_address_is_refused(host: str) -> None:
    fake = FakeTime()
    refused(Fetcher(clock=fake.clock, sleep=fake.sleep), f"http://{host}/", "is on a private network")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("64:ff9b::5db8:d70e", True),
        ("::ffff:93.184.215.14", True),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.53", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.0.2.1", False),
        ("192.168.0.1", False),
        ("198.18.0.1", False),
        ("224.0.0.251", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("not an address", False),
    ],
)
def test_which_addresses_everybody_can_reach(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/hosts", "begins with file:; expected one like https://example.org/article"),
        ("ftp://rivertrust.example/a", "begins with ftp:"),
        ("javascript:alert(1)", "begins with javascript:"),
        ("data:text/html,words", "begins with data:"),
        ("rivertrust.example/a", "doesn't begin with http"),
        ("//rivertrust.example/a", "doesn't begin with http"),
        ("", "doesn't begin with http"),
        ("http://", "names no host"),
        ("http:///a", "names no host"),
        ("http://./", "names no host"),
        ("http:\\\\rivertrust.example", "names no host"),
        ("http://nell:pw@rivertrust.example/", "has a name or a password"),
        ("http://nell@rivertrust.example/", "has a name or a password"),
        ("http://rivertrust.example\\@inside.example/", "has a name or a password"),
        ("http://river\ntrust.example/", "is not an address"),
        ("http://rivertrust.example/a\r\nX-Other: 1", "is not an address"),
        ("http://rivertrust.example/\x00", "is not an address"),
        ("http://[::1", "is not an address"),
        ("http://rivertrust.example:99999/", "names port 99999"),
        ("http://rivertrust.example:port/", "is not an address"),
        ("http://①②⑦.0.0.1/", "is not an address"),
        ("http://0177.0.0.1/", "is not an address"),
        ("http://a..b/", "is on a host that isn't known"),
        (f"http://{'a' * 70}.example/", "is on a host that isn't known"),
    ],
)
def test_what_is_no_address_on_the_web(url: str, message: str) -> None:
    fake = FakeTime()
    refused(Fetcher(clock=fake.clock, sleep=fake.sleep), url, message)


def test_names_in_other_alphabets_and_with_a_dot_at_the_end(site: Site) -> None:
    site.pages["/%C3%A9"] = Page("words")
    fetch, _, asked = guarded(site, {"xn--fluverein-i1a.example": [[Wire.PUBLIC]]})
    assert fetch.get(" http://flußverein.example./é#top ").final == "http://xn--fluverein-i1a.example/%C3%A9"
    assert set(asked) == {"xn--fluverein-i1a.example"}


# ---- TLS


@pytest.fixture
def secured(site: Site, tmp_path: Path) -> Path:
    """Let the site speak TLS with a certificate of its own for "localhost"."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    options = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    try:
        subprocess.run(["openssl", *options.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the openssl command (apt-get install openssl)")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    site.socket = context.wrap_socket(site.socket, server_side=True)
    site.pages["/a"] = Page("words")
    return certificate


def test_a_certificate_that_nobody_vouches_for_is_refused(site: Site, secured: Path, fetcher: Fetch) -> None:
    refused(fetcher(), f"https://localhost:{site.port}/a", r"has a certificate that can't be trusted \(self-signed certificate\)")


def test_the_name_is_verified_although_an_address_is_connected_to(
    site: Site, secured: Path, fetcher: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secured))
    resolve = {"resolve": lambda host, port: ["127.0.0.1"]}
    assert fetcher(**resolve).get(f"https://localhost:{site.port}/a").body == b"words"
    refused(fetcher(**resolve), f"https://anglers.example:{site.port}/a", "certificate that can't be trusted .*anglers.example")


def test_a_server_without_tls(site: Site, fetcher: Fetch) -> None:
    refused(fetcher(), f"https://127.0.0.1:{site.port}/a", "can't be read over TLS|can't be reached|breaks off")


# ---- names of addresses


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.rivertrust.example/news/herons/", "rivertrust.example/news/herons"),
        ("http://RiverTrust.example:80/News#top", "rivertrust.example/News"),
        ("https://rivertrust.example/", "rivertrust.example"),
        ("https://rivertrust.example./?", "rivertrust.example"),
        ("https://rivertrust.example/a?utm_source=x&id=5&fbclid=9&UTM_medium=y", "rivertrust.example/a?id=5"),
        ("https://rivertrust.example/a?b=1&a=2", "rivertrust.example/a?b=1&a=2"),
        ("https://rivertrust.example/?p=7", "rivertrust.example?p=7"),
        ("http://rivertrust.example:8080/a", "rivertrust.example:8080/a"),
        ("http://[2606:4700::1111]/a", "[2606:4700::1111]/a"),
        ("https://flußverein.example/é", "xn--fluverein-i1a.example/%C3%A9"),
        ("https://rivertrust.example/a/../b", "rivertrust.example/b"),
        ("https://rivertrust.example/utm_source=x", "rivertrust.example/utm_source=x"),
    ],
)
def test_one_name_for_all_ways_to_write_an_address(url: str, name: str) -> None:
    assert normalised(url) == name
    assert normalised(f"https://{name}") == name


def test_what_is_no_address_has_no_name() -> None:
    with pytest.raises(FetchError, match="doesn't begin with"):
        normalised("rivertrust.example")


# ---- links


class Had:
    """What reading some links gave, in kinds."""

    def __init__(self, fetcher: Fetcher, *urls: str, known: Mapping[str, Link] | None = None, **more: Any) -> None:
        self.items = list(read_links(urls, fetcher, known or {}, **more))
        self.articles = [item for item in self.items if isinstance(item, Article)]
        self.links = [item for item in self.items if isinstance(item, Link)]
        self.notices = [item for item in self.items if isinstance(item, Notice)]
        assert all("\n" not in str(notice) for notice in self.notices)

    @property
    def known(self) -> dict[str, Link]:
        return {link.url: link for link in self.links}

    @property
    def titles(self) -> list[str | None]:
        return [item.title for item in self.articles]

    @property
    def lines(self) -> list[str]:
        return [f"{'skipped' if notice.skipped else 'read'}: {notice.message}" for notice in self.notices]

    def one(self) -> Article:
        assert self.lines == []
        (only,) = self.articles
        return only


def test_a_page_becomes_an_article_and_a_link_to_remember(site: Site, fetcher: Fetch) -> None:
    head = '<meta name="author" content="Nell Okafor"><meta property="article:published_time" content="2026-05-09">'
    site.pages["/news/herons/"] = Page(article(head=head), headers={"ETag": '"e1"'})
    had = Had(fetcher(), site.url("/news/herons/?utm_source=letter#top"))
    assert had.articles == []
    site.pages["/news/herons/?utm_source=letter"] = site.pages["/news/herons/"]
    had = Had(fetcher(), url := site.url("/news/herons/?utm_source=letter#top"))
    only = had.one()
    assert only.id == f"127.0.0.1:{site.port}/news/herons"
    assert (only.title, only.author, only.published) == ("Herons counted", "Nell Okafor", PartialDate(2026, 5, 9))
    assert (only.url, only.source) == (site.url("/news/herons/?utm_source=letter"), url)
    assert dict(only.origins) == {"title": "page metadata", "author": "page metadata", "published": "page metadata", "url": "link"}
    assert only.text.startswith("The River Trust walked along the whole of the Wend in May")
    (link,) = had.links
    assert (link.url, link.kind, link.etag) == (url, "article", '"e1"')
    assert had.items.index(link) == len(had.items) - 1  # after what has to be stored first
    assert abs((dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(link.fetched)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("canonical", "taken"),
    [
        ("http://127.0.0.1:PORT/herons", True),
        ("http://www.127.0.0.1:PORT/herons", True),
        ("http://farmersunion.example/herons", False),
        ("http://127.0.0.1:PORT/", False),  # the front page, which some sites state on every page
        ("/herons", False),  # not an address
    ],
)
def test_a_page_may_state_its_own_address(site: Site, fetcher: Fetch, canonical: str, taken: bool) -> None:
    stated = canonical.replace("PORT", str(site.port))
    site.pages["/herons.php?session=9"] = Page(article(head=f'<link rel="canonical" href="{stated}">'))
    only = Had(fetcher(), url := site.url("/herons.php?session=9")).one()
    assert only.url == (stated if taken else url)
    assert dict(only.origins)["url"] == ("page metadata" if taken else "link")
    assert only.id == normalised(only.url or "")


def test_what_has_not_changed_is_only_remembered(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/a": Page(article(), headers={"ETag": '"e1"'}), "/b": Page(article("Eels counted", "June"))}
    first = Had(fetcher(), site.url("/a"), site.url("/b"))
    assert len(first.articles) == 2
    again = Had(fetcher(), site.url("/a"), site.url("/b"), known=first.known)
    assert again.articles == again.notices == []
    assert [replace(link, fetched="") for link in again.links] == [replace(link, fetched="") for link in first.links]
    site.pages["/a"] = Page(article(month="July"), headers={"ETag": '"e2"'})
    later = Had(fetcher(), site.url("/a"), site.url("/b"), known=first.known)
    assert "in July" in later.one().text
    assert later.links[0].etag == '"e2"'


def test_a_known_link_is_known_however_it_is_written(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(article(), headers={"ETag": '"e1"'})
    known = Had(fetcher(), site.url("/a")).known
    assert Had(fetcher(), site.url("/a#top"), known={"any key": next(iter(known.values()))}).articles == []


def test_what_is_gone_is_kept_if_it_was_read(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(article())
    known = Had(fetcher(), site.url("/a")).known
    site.pages["/a"] = Page(status=410)
    assert Had(fetcher(), site.url("/a"), known=known).lines == ["read: is gone (status 410); what was read from it before is kept"]
    assert Had(fetcher(), site.url("/b")).lines == ["skipped: is gone (status 404); check the address"]


def test_a_link_that_fails_does_not_stop_the_others(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(article())
    had = Had(fetcher(), "file:///etc/hosts", site.url("/b"), "http://[::1", site.url("/a"))
    assert had.titles == ["Herons counted"]
    assert [notice.source for notice in had.notices] == ["file:///etc/hosts", site.url("/b"), "http://[::1"]


def test_two_ways_to_one_page_are_read_once(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/a": Page(article()), "/b": to("/a"), "/c": Page(article(head=f'<link rel="canonical" href="{site.url("/a")}">'))}
    had = Had(fetcher(), site.url("/a"), site.url("/a/#x"), site.url("/b"), site.url("/b"), site.url("/c"))
    assert had.titles == ["Herons counted"]
    assert had.lines == []
    assert [link.url for link in had.links] == [site.url("/a"), site.url("/b"), site.url("/c")]


def test_an_address_that_was_read_is_not_read_again_with_other_words(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/a": [Page(article(month=month)) for month in ("May", "June")], "/b": to("/a")}
    had = Had(fetcher(), site.url("/a"), site.url("/b"))
    assert "in May" in had.one().text
    assert had.links[1] == replace(had.links[0], url=site.url("/b"))


def test_another_text_under_the_same_address_is_said(site: Site, fetcher: Fetch) -> None:
    head = f'<link rel="canonical" href="{site.url("/a")}">'
    site.pages |= {"/a": Page(article()), "/b": Page(article(month="June", head=head))}
    had = Had(fetcher(), site.url("/a"), site.url("/b"))
    assert len(had.articles) == 1
    assert had.notices[0].source == site.url("/b")
    assert had.notices[0].skipped
    assert had.notices[0].message.startswith(f"says that its address is {site.url('/a')}, which {site.url('/a')} has with other words")


def test_progress_counts_what_lists_add(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/a": Page(article()), "/b": Page(article("Eels", "June")), "/feed": Page(rss(site, "/a", "/b"))}
    told: list[tuple[str, int, int]] = []
    Had(fetcher(), site.url("/feed"), progress=lambda *now: told.append(now))
    assert told == [(site.url("/feed"), 0, 1), (site.url("/a"), 1, 3), (site.url("/b"), 2, 3)]


def test_stopping_ends_the_reading_after_what_was_read(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/a": Page(article()), "/b": Page(article("Eels", "June"))}
    items = read_links([site.url("/a"), site.url("/b")], fetcher(cancelled=lambda: "/b" in site.paths()))
    assert isinstance(next(items), Article)
    assert isinstance(next(items), Link)
    with pytest.raises(FetchError, match="was stopped") as caught:
        list(items)
    assert caught.value.stopped


# ---- what an address holds

_WORDS = "The Farmers’ Union wants the gauges read – every day."


@pytest.mark.parametrize(
    ("path", "page", "words"),
    [
        ("/a", Page(pdf([column(72, 700, "Gauges are read every day at the mill.")]), type="application/octet-stream"), "Gauges are read"),
        ("/a", Page(pdf([column(72, 700, "Gauges are read every day at the mill.")]), type="text/html"), "Gauges are read"),
        ("/a", Page(docx(word_paragraph("Gauges are read.")), type=None), "Gauges are read."),
        ("/a.docx", Page(docx(word_paragraph("Gauges are read.")), type="application/zip"), "Gauges are read."),
        ("/a.md", Page("# Gauges\n\nThey are read.", type="text/plain"), "They are read."),
        ("/a", Page("# Gauges\n\nThey are read.", type="text/markdown"), "They are read."),
        ("/a", Page("They are read.", type="text/plain"), "They are read."),
        ("/a", Page("They are read.", type=None), "They are read."),
        ("/a", Page(b"{\\rtf1 They are read.}", type="application/msword"), "They are read."),
        ("/a", Page("<?xml version='1.0'?><!-- x --><html><body><p>They are read.</p></body></html>", type="text/xml"), "They are read."),
        ("/a", Page("<!DOCTYPE html><html><body><p>They are read.</p></body></html>", type=None), "They are read."),
        ("/a", Page("<html><body><p>They are read.</p></body></html>", type="html"), "They are read."),
        ("/a", Page(f"<p>{_WORDS}</p>".encode(), type="text/html; charset=iso-8859-1"), _WORDS),
        ("/a", Page(f"<p>{_WORDS}</p>".encode("cp1252"), type="text/html; charset=iso-8859-1"), _WORDS),
        ("/a", Page(f"<meta charset=windows-1252><p>{_WORDS}</p>".encode("cp1252"), type="text/html; charset=utf-8"), _WORDS),
        ("/a", Page(f"<p>{_WORDS}</p>".encode("utf-16"), type="text/html"), _WORDS),
        ("/a", Page(f"<p>{_WORDS}</p>".encode("utf-16-le"), type="text/html; charset=utf-16le"), _WORDS),
        ("/a", Page(_WORDS.encode("utf-16-be"), type="text/plain; charset='utf-16BE'"), _WORDS),
        ("/a", Page("<p>Вода в реке.</p>".encode("koi8-r"), type="text/html; charset=KOI8-R"), "Вода в реке."),
        ("/a", Page(f"<p>{_WORDS}</p>".encode(), type="text/html; charset=punycode"), _WORDS),
        ("/404", Page("<html><body><p>There is no such page, says the River Trust.</p></body></html>"), "There is no such page"),
    ],
)
def test_each_kind_is_told_and_read(site: Site, fetcher: Fetch, path: str, page: Page, words: str) -> None:
    site.pages[path] = page
    had = Had(fetcher(), site.url(path))
    (only,) = had.articles
    assert words in only.text
    assert not any(notice.skipped for notice in had.notices)
    assert (only.id, only.url) == (f"127.0.0.1:{site.port}{path}", site.url(path))


@pytest.mark.parametrize(
    ("page", "line"),
    [
        (Page(b"\x89PNG\r\n\x1a\n\x00\x00", type="image/png"), "holds image/png, in which there is no text to read; expected a page"),
        (Page(b"\x89PNG\r\n\x1a\n\x00\x00", type=None), "holds nothing that is known, in which there is no text"),
        (Page(b"", type="text/html"), "is empty; expected an article"),
        (Page(b"   ", type="text/html"), "is empty; expected a web page"),
        (Page(b"%PDF-1.4 and no more", type="application/pdf"), "."),
        (Page(b"PK\x03\x04 and no more", type="application/zip"), "is not a ZIP archive, or damaged"),
        (Page(b"\x1f\x8b and no more", type="application/gzip"), "comes packed and is damaged"),
        (Page(gzip.compress(b"\x00" * 9), type="application/gzip"), "holds nothing that is known"),
        (Page('{"items": []}', type="application/feed+json"), "holds application/feed\\+json"),
        (Page("words", type="application/rss+xml"), "is not a feed that can be read"),
    ],
)
def test_what_holds_no_article_is_said(site: Site, fetcher: Fetch, page: Page, line: str) -> None:
    site.pages["/a"] = page
    had = Had(fetcher(), site.url("/a"))
    (notice,) = had.notices
    assert notice.skipped
    assert re.match(line, notice.message), notice.message
    assert had.articles == had.links == []


def test_a_table_of_articles_keeps_the_addresses_it_states(site: Site, fetcher: Fetch) -> None:
    site.pages["/all.csv"] = Page("id,text,url\n7,Herons were counted.,https://rivertrust.example/7\n,Eels were not.,\n", type="text/csv")
    first, second = Had(fetcher(), site.url("/all.csv")).articles
    name = f"127.0.0.1:{site.port}/all.csv"
    assert (first.id, first.url) == (f"{name}#7", "https://rivertrust.example/7")
    assert second.id.startswith(f"{name}-")
    assert second.url == site.url("/all.csv")


def test_a_page_with_a_feed_is_read_as_a_page(site: Site, fetcher: Fetch) -> None:
    site.pages["/a"] = Page(article(head='<link rel="alternate" type="application/rss+xml" href="/feed">'))
    assert Had(fetcher(), site.url("/a")).one().title == "Herons counted"
    assert site.paths() == ["/a"]


# ---- feeds


def rss(site: Site, *paths: str, more: str = "") -> str:
    items = "".join(f"<item><title>About {path[1:]}</title><link>{site.url(path)}</link>{more}</item>" for path in paths)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>River Trust</title><link>{site.url("/")}</link>{items}</channel></rss>'


def atom(entries: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>River Trust</title>{entries}</feed>'


def entry(path: str, updated: str, more: str = "") -> str:
    title = "" if "<title" in more else f"<title>About {path[1:]}</title>"
    return f'<entry>{title}<link href="{path}"/><updated>{updated}</updated>{more}</entry>'


BARE = "<html><body><p>The Anglers’ Club counted {what} from the bridge on every Sunday of the year.</p></body></html>"


@pytest.mark.parametrize("type", ["application/rss+xml", "text/xml", "text/html", "text/plain", None])
def test_a_feed_fills_what_its_pages_do_not_state(site: Site, fetcher: Fetch, type: str | None) -> None:
    more = "<author>nell@rivertrust.example (Nell Okafor)</author><pubDate>Sat, 09 May 2026 23:30:00 -0500</pubDate>"
    site.pages |= {
        "/feed": Page(rss(site, "/bare", "/full", more=more), type=type),
        "/bare": Page(BARE.format(what="eels")),
        "/full": Page(article(head='<meta property="article:published_time" content="2026-04-01">')),
    }
    had = Had(fetcher(), site.url("/feed"))
    bare, full = had.articles
    assert (bare.title, bare.published) == ("About bare", PartialDate(2026, 5, 9))
    assert "Nell Okafor" in (bare.author or "")
    assert dict(bare.origins) == {"url": "link", "title": "feed", "author": "feed", "published": "feed"}
    assert (full.title, full.published) == ("Herons counted", PartialDate(2026, 4, 1))
    assert [link.kind for link in had.links] == ["article", "article", "feed"]
    assert had.links[-1].sha256


def test_an_atom_feed_with_addresses_relative_to_it(site: Site, fetcher: Fetch) -> None:
    site.pages |= {
        "/news/feed": Page(
            atom(
                entry(
                    "a",
                    "2026-05-01T10:00:00Z",
                    "<author><name>Joan Pell</name></author><title type='html'>A &lt;b>bold&lt;/b> claim</title>",
                )
            )
        ),
        "/news/a": Page(BARE.format(what="carp")),
    }
    only = Had(fetcher(), site.url("/news/feed")).one()
    assert (only.id, only.author, only.title) == (f"127.0.0.1:{site.port}/news/a", "Joan Pell", "A bold claim")


def test_the_newest_entries_are_read_first_and_no_more_than_asked_for(site: Site, fetcher: Fetch) -> None:
    days = {"/old": "2024-01-01", "/new": "2026-01-01", "/mid": "2025-01-01"}
    site.pages["/feed"] = Page(atom("".join(entry(path, f"{day}T00:00:00Z") for path, day in days.items())))
    site.pages |= {path: Page(BARE.format(what=path[1:])) for path in days}
    had = Had(fetcher(), site.url("/feed"), most=2)
    assert had.titles == ["About new", "About mid"]
    assert had.lines == ["read: lists 3 articles; only the newest 2 are read, ask for more if you want them"]
    more = Had(fetcher(), site.url("/feed"), known=had.known, most=3)  # the feed itself hasn't changed
    assert more.titles == ["About old"]


def test_entries_that_say_they_did_not_change_are_not_asked_for(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/a": Page(BARE.format(what="a")), "/b": Page(BARE.format(what="b"))}
    site.pages["/feed"] = Page(atom(entry("/a", "2024-01-01T00:00:00Z") + entry("/b", "2024-01-02T00:00:00Z")))
    known = Had(fetcher(), site.url("/feed")).known
    site.asked.clear()
    site.pages["/feed"] = Page(atom(entry("/a", "2024-01-01T00:00:00Z") + entry("/b", "2100-01-02T00:00:00Z")))
    had = Had(fetcher(), site.url("/feed"), known=known)
    assert site.paths() == ["/feed", "/b"]
    assert had.articles == []  # asked for, and the same


def test_what_changed_just_before_it_was_read_is_asked_for_again(site: Site, fetcher: Fetch) -> None:
    changed = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=10)).isoformat(timespec="seconds")
    site.pages |= {"/feed": Page(atom(entry("/a", changed))), "/a": Page(BARE.format(what="a"))}
    known = Had(fetcher(), site.url("/feed")).known
    site.asked.clear()
    site.pages["/feed"] = Page(atom(entry("/a", changed)) + "<!-- once more -->")
    Had(fetcher(), site.url("/feed"), known=known)
    assert site.paths() == ["/feed", "/a"]


def test_an_unchanged_feed_is_not_looked_through(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/feed": Page(rss(site, "/a"), headers={"ETag": '"f1"'}), "/a": Page(article())}
    known = Had(fetcher(), site.url("/feed")).known
    site.asked.clear()
    had = Had(fetcher(), site.url("/feed"), known=known)
    assert site.paths() == ["/feed"]
    assert [link.kind for link in had.links] == ["feed"]


def test_an_entry_that_fails_is_said_and_tried_again_next_time(site: Site, fetcher: Fetch) -> None:
    site.pages |= {"/feed": Page(rss(site, "/a", "/b", "/gone"), headers={"ETag": '"f1"'}), "/a": Page(status=503), "/b": Page(article())}
    had = Had(fetcher(), site.url("/feed"))
    assert had.titles == ["Herons counted"]
    assert had.lines == [
        "skipped: can't be had from its server now (status 503); try again later",
        "skipped: is gone (status 404); check the address",
    ]
    assert (had.links[-1].etag, had.links[-1].sha256) == (None, "")
    site.pages["/a"] = Page(BARE.format(what="pike"))
    again = Had(fetcher(), site.url("/feed"), known=had.known)
    assert again.titles == ["About a"]
    assert again.links[-1].etag == '"f1"'


def test_entries_are_guarded_like_any_address(site: Site) -> None:
    site.pages["/feed"] = Page(rss(site, "/x").replace(site.url("/x"), "http://10.0.0.1/admin"))
    fetch, wire, _ = guarded(site, {"rivertrust.example": [[Wire.PUBLIC]], "10.0.0.1": [["10.0.0.1"]]})
    had = Had(fetch, "http://rivertrust.example/feed")
    assert had.lines == [
        "skipped: is on a private network (10.0.0.1); expected an address that everybody can reach, save it and read the file"
    ]
    assert {host for host, _ in wire.connected} == {Wire.PUBLIC}


def test_odd_feeds(site: Site, fetcher: Fetch) -> None:
    nested = rss(site, "/feed", "/other", "/a", "/a/") + "junk after the end"
    site.pages |= {"/feed": Page(nested.replace("<item>", "<item><guid isPermaLink='false'>7</guid>", 1)), "/a": Page(article())}
    site.pages["/other"] = Page(rss(site, "/b"))
    had = Had(fetcher(), site.url("/feed"))
    assert had.titles == ["Herons counted"]
    assert had.lines == ["skipped: is a list of articles inside another; give its address to read those too"]
    site.pages["/feed"] = Page(atom("<entry><title>No address</title></entry>"))
    had = Had(fetcher(), site.url("/feed"))
    assert had.lines == [
        "skipped: lists 1 entries without an address; they are left out",
        "read: lists no articles; give the address of an article",
    ]


@pytest.mark.parametrize(
    ("encoding", "declared", "told"),
    [("utf-8", "utf-8", "iso-8859-1"), ("utf-8", "iso-8859-1", None), ("cp1252", "windows-1252", None), ("utf-16", "utf-16", None)],
)
def test_the_letters_of_a_feed(site: Site, fetcher: Fetch, encoding: str, declared: str, told: str | None) -> None:
    body = atom(entry("/a", "2026-05-01T10:00:00Z", "<title>Näher am Fluß – “now”</title>")).replace("utf-8", declared, 1)
    site.pages |= {"/feed": Page(body.encode(encoding), type=f"text/xml; charset={told}" if told else "text/xml")}
    site.pages["/a"] = Page(BARE.format(what="carp"))
    assert Had(fetcher(), site.url("/feed")).titles == ["Näher am Fluß – “now”"]


def test_a_list_on_which_a_library_fails_stops_nobody(site: Site, fetcher: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("maximum of everything\nexceeded")

    monkeypatch.setattr("qa.reading.links.read_feed", fails)
    site.pages |= {"/feed": Page(rss(site, "/b")), "/a": Page(article())}
    had = Had(fetcher(), site.url("/feed"), site.url("/a"))
    assert had.titles == ["Herons counted"]
    assert str(had.notices[0]).endswith("can't be read (RuntimeError: maximum of everything exceeded); expected a feed or a sitemap")


# ---- sitemaps

_SITEMAPS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(site: Site, days: Mapping[str, str | None], inside: str = "url", root: str = "urlset") -> bytes:
    lines = [
        f"<{inside}><loc> {site.url(path)} </loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{inside}>" for path, day in days.items()
    ]
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_SITEMAPS}>{"".join(lines)}</{root}>'.encode()


def index(site: Site, days: Mapping[str, str | None]) -> bytes:
    return sitemap(site, days, "sitemap", "sitemapindex")


def pages(site: Site, *paths: str) -> None:
    site.pages |= {path: Page(article(f"About {path[1:]}", path[1:])) for path in paths}


@pytest.mark.parametrize(
    ("path", "pack", "type"),
    [("/sitemap.xml", bytes, "text/xml"), ("/sitemap.xml.gz", gzip.compress, "application/x-gzip"), ("/map", gzip.compress, None)],
)
def test_a_sitemap_lists_pages(site: Site, fetcher: Fetch, path: str, pack: Callable[[bytes], bytes], type: str | None) -> None:
    site.pages[path] = Page(pack(sitemap(site, {"/a": "2025-01-01", "/b": None, "/c": "2026-01-01T10:00:00+02:00"})), type=type)
    pages(site, "/a", "/b", "/c")
    had = Had(fetcher(), site.url(path))
    assert had.titles == ["About c", "About a", "About b"]
    assert had.links[-1].kind == "sitemap"
    site.asked.clear()
    site.pages[path] = Page(pack(sitemap(site, {"/a": "2025-01-01", "/c": dt.datetime.now(dt.UTC).date().isoformat()})), type=type)
    Had(fetcher(), site.url(path), known=had.known)
    assert site.paths() == [path, "/c"]  # a day is not over until its end


def test_an_index_of_sitemaps_is_read_from_the_newest_on(site: Site, fetcher: Fetch) -> None:
    site.pages |= {
        "/index": Page(index(site, {"/2024.xml": "2024-12-31", "/2026.xml.gz": "2026-12-31", "/2025.xml": "2025-12-31"}), type="text/xml"),
        "/2026.xml.gz": Page(gzip.compress(sitemap(site, {"/a": "2026-01-01"})), type="application/gzip"),
        "/2025.xml": Page(sitemap(site, {"/b": "2025-02-01", "/c": "2025-03-01"}), type="text/xml"),
        "/2024.xml": Page(sitemap(site, {"/d": "2024-02-01"}), type="text/xml"),
    }
    pages(site, "/a", "/b", "/c", "/d")
    had = Had(fetcher(), site.url("/index"), most=3)
    assert had.titles == ["About a", "About c", "About b"]
    assert "/2024.xml" not in site.paths()
    assert had.links[-1].sha256 == ""  # there is more in it
    assert Had(fetcher(), site.url("/index"), most=9, known=had.known).titles == ["About d"]


def test_an_index_with_sitemaps_that_fail(site: Site, fetcher: Fetch) -> None:
    listed = {"/gone.xml": "2026-01-01", "/index": "2026-01-01", "/page": "2026-01-01", "/good.xml": "2026-01-01"}
    site.pages |= {"/index": Page(index(site, listed)), "/good.xml": Page(sitemap(site, {"/a": None})), "/page": Page(article())}
    pages(site, "/a")
    had = Had(fetcher(), site.url("/index"))
    assert had.titles == ["About a"]
    assert had.lines == [
        "skipped: is gone (status 404); check the address",
        "skipped: is an index inside an index of sitemaps; give its address to read what it lists",
        "skipped: is not a sitemap; expected XML with urlset or sitemapindex",
    ]
    assert had.links[-1].sha256 == ""


def test_a_sitemap_that_is_a_bomb_or_damaged(site: Site, fetcher: Fetch) -> None:
    site.pages["/bomb.xml.gz"] = Page(gzip.compress(bytes(40_000_000)), type="application/gzip")
    assert Had(fetcher(), site.url("/bomb.xml.gz")).lines[0].startswith("skipped: holds more than 32 MB")
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    laughs = f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY e0 "ha">{entities}]><urlset {_SITEMAPS}><url><loc>&e9;</loc></url></urlset>'
    site.pages["/laughs.xml"] = Page(laughs, type="text/xml")
    had = Had(fetcher(), site.url("/laughs.xml"))
    assert had.articles == []
    assert all(len(line) < 300 for line in had.lines)
    site.pages["/half.xml"] = Page(sitemap(site, {"/a": None})[:-12], type="text/xml")
    pages(site, "/a")
    assert Had(fetcher(), site.url("/half.xml")).titles == ["About a"]


def test_an_outside_file_is_never_part_of_a_sitemap(site: Site, fetcher: Fetch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("http://127.0.0.1/secret")
    outside = f'<!DOCTYPE urlset [<!ENTITY out SYSTEM "file://{tmp_path}/secret">]>'
    site.pages["/map.xml"] = Page(f"{outside}<urlset {_SITEMAPS}><url><loc>&out;</loc></url></urlset>", type="text/xml")
    had = Had(fetcher(), site.url("/map.xml"))
    assert had.lines[0] == "skipped: lists 1 entries without an address; they are left out"
    assert "secret" not in str(had.items)
