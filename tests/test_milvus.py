"""An index in Milvus: what its address may be, workers that are killed, servers that go away, and what a kill leaves."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from articles import FILES, IDS, NOBODY, SilentAttributor, WordEncoder, beside, write_corpus
from click.testing import CliRunner
from milvus_server import Server, free_port
from waiting import HANG, until

from qa.cli import main
from qa.errors import IndexAwayError, IndexFolderError, SettingsError
from qa.index.home import home_of
from qa.index.milvus.connection import Connection
from qa.index.milvus.home import MilvusHome
from qa.index.milvus.tables import KINDS, Tables, key_of, packed, part_row
from qa.index.milvus.writer import MilvusWriter
from qa.library import Library, add_articles, build, remove, work
from qa.models.encoder import Vectors
from qa.settings import MilvusAddress, milvus_timeout, place_of
from qa.types import Article
from qa.web.conversation import Filters, answered, asked, shown
from qa.web.opening import Opening

pytestmark = pytest.mark.milvus


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A small corpus of our own to change."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of our own to kill, which isn't waited for long."""
    monkeypatch.setenv("WHOSAID_MILVUS_TIMEOUT", "1")
    with Server(tmp_path / "rows.db") as started:
        yield started


def _texts(place: MilvusAddress | Path, words: WordEncoder) -> dict[str, str]:
    library = Library.open(place, encoder=words)
    found = {article.id: article.text for article in library.articles(with_text=True)}
    for id in found:
        assert library.sentences(id)
    library.close()
    return found


# ---- addresses


@pytest.mark.parametrize(
    ("told", "uri", "name"),
    [
        ("milvus:http://127.0.0.1:19530/news", "http://127.0.0.1:19530", "news"),
        ("milvus:https://milvus.example/News_2", "https://milvus.example", "News_2"),
        ("milvus:/data/news.db", "/data/news.db", "whosaid"),
        ("milvus:/data/news.db/old", "/data/news.db", "old"),
    ],
)
def test_an_address_names_a_server_or_a_file_and_a_name(told: str, uri: str, name: str) -> None:
    address = place_of(told)
    assert address == MilvusAddress(uri, name)
    assert place_of(str(address)) == address


def test_a_file_is_named_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_of("milvus:news.db") == MilvusAddress(str(tmp_path / "news.db"), "whosaid")
    assert place_of("news.db") == Path("news.db")


@pytest.mark.parametrize(
    "told",
    [
        "milvus:", "milvus:news", "milvus:http://127.0.0.1:19530", "milvus:http://127.0.0.1:19530/", "milvus:http:///news",
        "milvus:ftp://a.example/news", "milvus:http://a.example/two/names", "milvus:http://a.example/1st", "milvus:news.db/a-b",
        "milvus:http://user:secret@a.example/news",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(SettingsError, match=r"\A.*: expected milvus:http://HOST:19530/NAME or milvus:FILE\.db/NAME"):
        place_of(told)
    ran = CliRunner().invoke(main, ["articles", "--index", told])
    assert (ran.exit_code, "expected milvus:http://HOST:19530/NAME" in " ".join(ran.output.split())) == (2, True)


@pytest.mark.parametrize("told", ["0", "-1", "soon", "nan", "inf"])
def test_a_time_limit_that_is_none_is_refused(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSAID_MILVUS_TIMEOUT", told)
    with pytest.raises(SettingsError, match=r"\AWHOSAID_MILVUS_TIMEOUT is .*; expected seconds, such as 10\Z"):
        milvus_timeout()


# ---- what goes wrong


@pytest.mark.parametrize(("module", "uri"), [("pymilvus", "http://127.0.0.1:1"), ("milvus_lite", "/nowhere/a.db")])
def test_without_pymilvus_one_line_says_how_to_install_it(module: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SettingsError, match=rf"\A.*: an index in Milvus takes {module}, which isn't installed; run pip install 'whosaid"):
        home_of(MilvusAddress(uri, "a")).check()


def test_a_server_that_is_not_there_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, corpus: Path, words: WordEncoder) -> None:
    monkeypatch.setenv("WHOSAID_MILVUS_TIMEOUT", "0.3")
    address = MilvusAddress(f"http://127.0.0.1:{free_port()}", "a")
    with pytest.raises(IndexAwayError, match=r"\A.*: the Milvus server can't be reached, or takes over 0 s; start it, or give another"):
        Library.open(address, encoder=words)
    with pytest.raises(IndexAwayError):
        build(address, [corpus], encoder=words, attributor=NOBODY)
    assert words.encoded == []
    ran = CliRunner().invoke(main, ["articles", "--index", str(address)])
    assert (ran.exit_code, ran.output.count("\n")) == (1, 1)


def test_a_file_serves_one_process_at_a_time(server: Server, words: WordEncoder) -> None:
    with pytest.raises(IndexFolderError, match=r"\A.*: can't be opened, or is held by another process; a file of Milvus Lite serves one"):
        Library.open(MilvusAddress(str(server.folder), "told"), encoder=words)


@pytest.mark.parametrize("kind", ["articles", "sentences"])
def test_a_missing_collection_is_told_until_a_rebuild(milvus_place: MilvusAddress, corpus: Path, words: WordEncoder, kind: str) -> None:
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    with closing(Connection(milvus_place)) as connection:
        connection.drop(Tables(connection, 1).name(kind))
    clear = rf"\A.*: the collection .*_1_{kind} is missing; build the index again with --rebuild\Z"
    with pytest.raises(IndexFolderError, match=clear):
        Library.open(milvus_place, encoder=words)
    with pytest.raises(IndexFolderError, match=clear):
        build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    report = build(milvus_place, [corpus], encoder=words, attributor=NOBODY, rebuild=True)
    assert (report.added, len(report.notices)) == (len(FILES), 1)
    assert set(_texts(milvus_place, words)) == IDS


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            {"format": 99, "number": 1, "model": {"name": "a", "sha256": "b", "dimension": 3}, "versions": {}},
            "index format 99, this version",
        ),
        ({"format": 1}, "its manifest can't be read"),
    ],
)
def test_what_another_version_made_is_refused_until_a_rebuild(
    milvus_place: MilvusAddress, corpus: Path, words: WordEncoder, manifest: object, message: str
) -> None:
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    with closing(Connection(milvus_place)) as connection:
        connection.upsert(f"{milvus_place.name}_state", [part_row("manifest", "", packed(manifest))])
    with pytest.raises(IndexFolderError, match=message):
        Library.open(milvus_place, encoder=words)
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY, rebuild=True)
    assert set(_texts(milvus_place, words)) == IDS


def test_a_server_that_takes_no_more_is_told_in_one_line(milvus_place: MilvusAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymilvus.exceptions import MilvusException

    with closing(Connection(milvus_place)) as connection:

        def refuses(*_: object, **__: object) -> None:
            raise MilvusException(9, "quota exceeded[reason=disk quota exceeded, please allocate more resources]")

        monkeypatch.setattr(connection._client, "upsert", refuses)
        with pytest.raises(IndexFolderError, match=r"\A.*: the Milvus server takes no more \(quota exceeded.*\); free space there and"):
            connection.upsert("a", [{"key": 1}])


def test_a_page_tells_of_a_server_that_is_away_and_goes_on_by_itself(
    server: Server, corpus: Path, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(server.address, [corpus], encoder=words, attributor=NOBODY)
    library = Library.open(server.address, encoder=words)
    turns = answered(asked([], "Who counted the otters?", Filters()), Filters(), library)
    assert (turns[-1].problem, bool(shown(turns, library))) == ("", True)
    server.kill()
    asks: list[str] = []
    called = Connection._called

    def counted(self: Connection, method: str, *values: object, **named: object) -> object:
        asks.append(method)
        return called(self, method, *values, **named)

    monkeypatch.setattr(Connection, "_called", counted)
    monkeypatch.setattr("qa.index.milvus.connection._NOT_AGAIN", 10 * HANG)
    turns = answered(asked(turns, "Who lent cameras?", Filters()), Filters(), library)
    assert turns[-1].problem.startswith("The search is not available just now, since the index can't be reached. It goes on by itself")
    assert len(shown(turns, library)) == 2
    assert len(asks) == 1  # what isn't there is waited for once, whatever the page wants of it
    server.start()
    monkeypatch.setattr("qa.index.milvus.connection._NOT_AGAIN", 0.0)
    until(lambda: not answered(asked(turns, "Who lent cameras?", Filters()), Filters(), library)[-1].problem)
    library.close()


def test_a_page_waits_for_a_server_that_is_not_there_yet(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, words: WordEncoder
) -> None:
    monkeypatch.setenv("WHOSAID_MILVUS_TIMEOUT", "0.3")
    monkeypatch.setattr("qa.web.opening._TRY_AGAIN", 0.1)
    monkeypatch.setattr("qa.web.opening.load_encoder", lambda _: words)
    server = Server(tmp_path / "rows.db")
    opening = Opening(server.address, ())
    opening.start()
    until(lambda: opening.stage.doing == "Waiting for the server of the index")
    with server:
        build(server.address, [corpus], encoder=words, attributor=NOBODY)
        if opening.stage.problem:  # it asked while there was a server and no index yet
            opening.start()
        until(lambda: opening.opened is not None)
        assert opening.opened
        assert len(opening.opened.library.articles()) == len(FILES)
        opening.opened.library.close()


class _Slow(WordEncoder):
    """Takes its time, so that something can happen meanwhile."""

    def encode(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        time.sleep(0.15)
        return super().encode(texts)


def test_a_build_outlives_a_server_that_starts_again(server: Server, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.index.analyse.LOT", 1)
    monkeypatch.setattr("qa.index.build._KEPT_EVERY", 0.0)
    killed = threading.Event()

    def progress(doing: str, done: int, total: int) -> None:
        if doing == "Building" and done > total / 3 and not killed.is_set():
            killed.set()
            server.kill()
            threading.Timer(1.0, server.start).start()

    report = build(server.address, [corpus], encoder=_Slow(), attributor=NOBODY, progress=progress)
    assert killed.is_set()
    assert report.added == len(FILES)
    assert set(_texts(server.address, WordEncoder())) == IDS


# ---- several at once, and what a kill leaves


def test_two_add_different_articles_at_once(milvus_place: MilvusAddress, corpus: Path, words: WordEncoder) -> None:
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    failed: list[Exception] = []

    def adds(name: str) -> None:
        try:
            for at in range(4):
                add_articles(
                    milvus_place, [Article(f"{name}{at}", f"The heron of {name} came {at} times.")], encoder=words, attributor=NOBODY
                )
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=adds, args=(name,)) for name in ("alder", "birch")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(_texts(milvus_place, words)) == IDS | {f"{name}{at}" for name in ("alder", "birch") for at in range(4)}


class _Killed(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_write_leaves_whole_articles_and_the_next_build_the_rest(
    milvus_place: MilvusAddress, corpus: Path, tmp_path: Path, words: WordEncoder, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    other = write_corpus(tmp_path / "other")
    (other / "letter.md").write_text((other / "letter.md").read_text("utf-8") + "\nOne more line.\n", "utf-8")
    (other / "notice.txt").unlink()
    (other / "new.md").write_text("A kingfisher came.", "utf-8")
    states = []
    for folder in (corpus, other):
        build(tmp_path / "indexes" / folder.name, [folder], encoder=words, attributor=NOBODY)
        states.append(_texts(tmp_path / "indexes" / folder.name, words))
    old, new = states
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    kills = 0
    for at in range(1, 60):
        left = [at]

        def deadly(step: Callable[..., None]) -> Callable[..., None]:
            def dies(*arguments: object, **named: object) -> None:
                left[0] -= 1  # noqa: B023
                if after:
                    step(*arguments, **named)
                if left[0] == 0:  # noqa: B023
                    raise _Killed
                if not after:
                    step(*arguments, **named)

            return dies

        with monkeypatch.context() as patched:
            for name in ("upsert", "delete", "delete_of"):
                patched.setattr(Connection, name, deadly(getattr(Connection, name)))
            try:
                build(milvus_place, [other], encoder=words, attributor=NOBODY)
            except _Killed:
                kills += 1
        found = _texts(milvus_place, words)
        assert set(found) <= set(old) | set(new)
        assert all(text in (old.get(id), new.get(id)) for id, text in found.items())
        assert {*old} & {*new} <= set(found)
        build(milvus_place, [other], encoder=words, attributor=NOBODY)
        assert _texts(milvus_place, words) == new
        if left[0] > 0:
            break
        build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
        assert _texts(milvus_place, words) == old
    assert kills >= 5


def test_what_was_taken_out_is_cleared_away_by_a_later_change(
    milvus_place: MilvusAddress, corpus: Path, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    with closing(Connection(milvus_place)) as connection:
        tables = Tables(connection, 1)

        def rows() -> dict[str, int]:
            return {kind: connection.count(tables.name(kind), "") for kind in KINDS}

        before = rows()
        remove(milvus_place, sorted(IDS)[:4])
        assert {kind: rows()[kind] for kind in ("passages", "sentences")} == {kind: before[kind] for kind in ("passages", "sentences")}
        monkeypatch.setattr("qa.index.milvus.writer._GRACE", 0)
        remove(milvus_place, sorted(IDS)[4:5])
        library = Library.open(milvus_place, encoder=words)
        counts = library.counts()
        library.close()
        after = rows()
        assert (after["articles"], after["passages"], after["sentences"]) == (5, counts["passages"], counts["sentences"])
        assert after["extracts"] == 5


@pytest.mark.parametrize("next_text", ["The heron came back.", "The heron stands."])
def test_of_two_that_a_kill_left_the_newer_is_shown_until_a_change_clears_it(
    milvus_place: MilvusAddress, words: WordEncoder, monkeypatch: pytest.MonkeyPatch, next_text: str
) -> None:
    add_articles(milvus_place, [Article("a", "The heron stands.")], encoder=words, attributor=NOBODY)

    def killed(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "delete", killed)
        with pytest.raises(_Killed):
            add_articles(milvus_place, [Article("a", "The heron left.")], encoder=words, attributor=NOBODY)
    with closing(Connection(milvus_place)) as connection:
        shown_rows = lambda: connection.count(Tables(connection, 1).name("articles"), "shown == true")  # noqa: E731
        assert (shown_rows(), _texts(milvus_place, words)) == (2, {"a": "The heron left."})
        add_articles(milvus_place, [Article("a", next_text)], encoder=words, attributor=NOBODY)
        assert (shown_rows(), _texts(milvus_place, words)) == (1, {"a": next_text})


def test_one_text_under_one_id_twice_is_two_articles_where_they_state_so(milvus_place: MilvusAddress, words: WordEncoder) -> None:
    two = [Article("a", "The heron stands.", source=f"{name}.jsonl", origins=(("id", "column"),)) for name in ("one", "two")]
    report = add_articles(milvus_place, two, encoder=words, attributor=NOBODY)
    assert report.added == 2
    assert _texts(milvus_place, words) == {"a": "The heron stands.", "a~2": "The heron stands."}
    assert add_articles(milvus_place, two, encoder=words, attributor=NOBODY).unchanged == 2


def test_long_texts_keep_their_keys_apart() -> None:
    keys = [key_of("article", f"a{at}", "b") for at in range(2_000)]
    assert len(set(keys)) == 2_000
    assert all(0 <= key < 2**62 for key in keys)
    assert key_of("a", 1) == key_of("a", 1) != key_of("a", "1")


# ---- workers

_WORK = """
import sys
from pathlib import Path
import qa.index.analyse, qa.index.milvus.worker as worker
from articles import NOBODY, WordEncoder
from qa.library import work
from qa.settings import place_of
import time

worker.CLAIMED, worker._KEPT_EVERY, worker._LOOK_AGAIN, worker._LOT = 1.5, 0.2, 0.2, 4
qa.index.analyse.LOT = 1
class Slow(WordEncoder):
    def encode(self, texts):
        time.sleep(0.05)
        return super().encode(texts)
print(work(place_of(sys.argv[1]), encoder=Slow(), attributor=NOBODY, wait=len(sys.argv) > 2).articles, flush=True)
"""


def _worker(address: MilvusAddress, *, wait: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORK, str(address), *(["wait"] if wait else [])],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"},
    )


def test_workers_that_are_killed_lose_and_double_no_article(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.index.build._LOOK_AGAIN", 0.2)
    rng = random.Random(4)
    words = " ".join(FILES.values()).split()
    (tmp_path / "many").mkdir()
    for number in range(45):
        (tmp_path / "many" / f"{number}.md").write_text(f"Number {number}. {' '.join(rng.choices(words, k=80))}", "utf-8")
    clean, encoder = tmp_path / "clean", WordEncoder()
    build(clean, [tmp_path / "many"], encoder=WordEncoder(), attributor=NOBODY)
    done: list[object] = []
    building = threading.Thread(
        target=lambda: done.append(build(server.address, [tmp_path / "many"], encoder=encoder, attributor=NOBODY, workers=True))
    )
    building.start()
    workers = [_worker(server.address, wait=True), _worker(server.address, wait=True)]
    for _ in range(2):
        time.sleep(1.5 + rng.random())
        at = rng.randrange(2)
        workers[at].send_signal(signal.SIGKILL)
        workers[at].communicate()
        workers[at] = _worker(server.address, wait=True)
    building.join(5 * HANG)
    for each in workers:
        each.kill()
        each.communicate()
    assert len(done) == 1
    assert encoder.encoded == []
    assert _texts(server.address, encoder) == _texts(clean, encoder)
    one, other = Library.open(server.address, encoder=encoder), Library.open(clean, encoder=encoder)
    assert one.counts() == other.counts()
    with closing(Connection(server.address)) as connection:
        assert connection.count(Tables(connection, 1).name("sentences"), "") == one.counts()["sentences"]
    one.close()
    other.close()


def test_a_worker_ends_when_nothing_is_left_and_touches_nothing_that_is_shown(
    milvus_place: MilvusAddress, corpus: Path, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(IndexFolderError, match="no index here yet"):
        work(milvus_place, encoder=words, attributor=NOBODY)
    writes: list[str] = []
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    with monkeypatch.context() as patched:
        patched.setattr(Connection, "upsert", lambda _self, name, rows: writes.append(name) if rows else None)
        assert work(milvus_place, encoder=words, attributor=NOBODY).articles == 0
    assert writes == []
    with home_of(milvus_place).changing(words.identity) as change:  # as a build does that is then killed
        keys = [change.writer.write(Article(f"n{at}", f"The heron came {at} times.")) for at in range(5)]
        change.writer.keep()
    assert work(milvus_place, encoder=words, attributor=NOBODY).articles == 5
    assert set(_texts(milvus_place, words)) == IDS
    with closing(Connection(milvus_place)) as connection:
        assert MilvusWriter(Tables(connection, 1)).taken_apart(keys) == set(keys)
    words.encoded.clear()
    articles = [Article(f"n{at}", f"The heron came {at} times.") for at in range(5)]
    assert add_articles(milvus_place, articles, encoder=words, attributor=NOBODY).resumed == 5
    assert words.encoded == []


def test_what_another_attributor_read_in_a_worker_is_read_anew(milvus_place: MilvusAddress, corpus: Path, words: WordEncoder) -> None:
    build(milvus_place, [corpus], encoder=words, attributor=NOBODY)
    stopping = threading.Event()

    def builds() -> None:
        (corpus / "new.md").write_text("A kingfisher came.", "utf-8")
        report.append(build(milvus_place, [corpus], encoder=words, attributor=SilentAttributor("newer"), workers=True))
        stopping.set()

    report: list[object] = []
    building = threading.Thread(target=builds)
    building.start()
    while not stopping.is_set():
        work(milvus_place, encoder=words, attributor=SilentAttributor("older"))
        time.sleep(0.1)
    building.join()
    assert getattr(report[0], "added", None) == 1
    assert getattr(report[0], "attributed", None) == len(FILES) + 1
    assert set(_texts(milvus_place, words)) == IDS | {"new"}


def test_workers_need_an_index_that_can_be_shared(tmp_path: Path, corpus: Path, words: WordEncoder) -> None:
    for refused in (
        lambda: work(tmp_path / "index", encoder=words, attributor=NOBODY),
        lambda: build(tmp_path / "index", [corpus], encoder=words, attributor=NOBODY, workers=True),
    ):
        with pytest.raises(SettingsError, match=r"\A.*: workers need an index that they can share, such as --index milvus:http://HOST"):
            refused()
    assert not (tmp_path / "index").exists()


# ---- the command line


def test_the_command_line_takes_an_address_wherever_it_takes_a_folder(milvus_place: MilvusAddress, corpus: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        ran = CliRunner().invoke(main, [*arguments], catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return ran.output

    place = str(milvus_place)
    assert f"{place}: {len(FILES)} added" in run("build", str(corpus), "--index", place)
    assert "nothing to do" not in run("remove", "letter", "--index", place)
    assert run("articles", "--index", place).count("\n") == len(FILES) - 1
    asked_of_folder = ["ask", "Who wants a limit on taking water from the river?", "--index"]
    assert "We call for a limit on taking water" in run(*asked_of_folder, place)
    assert f"{len(FILES) - 1} articles copied from {place}" in run("copy", place, str(tmp_path / "copied"))
    assert run(*asked_of_folder, place) == run(*asked_of_folder, str(tmp_path / "copied"))
    assert "0 articles" in run("worker", "--index", place)
    assert "no feedback yet" in run("feedback", "--index", place)
    assert str(beside(milvus_place)) in CliRunner().invoke(main, ["articles", "--index", str(beside(milvus_place))]).output


def test_homes_know_nothing_until_they_are_asked() -> None:
    assert not MilvusHome(MilvusAddress("http://127.0.0.1:1", "a")).busy()
