"""Asking where nothing may be written, and what is said where a disk refuses: for real, in processes without the right to write."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from click.testing import CliRunner
from filelock import FileLock

from qa import feedback
from qa.cli import main
from qa.errors import DiskError, IndexFolderError, ModelError, ModelMismatchError, NoIndexError, WriterError
from qa.index.build import aliases_of
from qa.index.disk import explain
from qa.index.folder_home import LEXICAL, STORE
from qa.index.lexical import LexicalIndex
from qa.index.local import LocalIndex
from qa.index.store import Store
from qa.library import Library
from qa.models.encoder import SentenceEncoder
from qa.web.opening import in_words

# Root may write whatever permissions say, until a process gives that up (PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) and starts anew.
_WITHOUT = "import ctypes, os, sys; os.geteuid() or ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.executable, sys.argv[1:])"
_CALLS = """
import json, os, resource, sys
from click.testing import CliRunner
from qa.cli import main
calls, most = json.loads(sys.argv[1])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
done = [CliRunner().invoke(main, call) for call in calls]
told = [[one.exit_code, one.stdout, one.stderr] for one in done]
print(json.dumps(told), end="")
"""
QUESTION = "Who calls for a limit on taking water between May and September?"


def without_rights(code: str, *given: str) -> str:
    """Run code in a process that may write nothing but what permissions let its user; return what it prints."""
    command = [sys.executable, "-c", _WITHOUT, sys.executable, "-c", code, *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def called(calls: Sequence[Sequence[str]], *, largest_file: int = 0) -> list[list[Any]]:
    """Run commands in such a process; return status, output and errors of each."""
    told: list[list[Any]] = json.loads(without_rights(_CALLS, json.dumps([calls, largest_file])))
    return told


def asking(index: Path) -> list[list[str]]:
    """Return every command that only asks."""
    calls = [
        ["ask", QUESTION, "--json"],
        ["search", "abstraction limit", "--json"],
        ["check", "We call for a limit on taking water from the river", "--json"],
        ["compare", "abstraction limit", "--json"],
        ["articles", "--json"],
        ["groups", "--json"],
        ["statements", "trust-limit", "--json"],
        ["feedback", "--json"],
    ]
    return [[*call, "--index", str(index)] for call in calls]


def closed(folder: Path) -> Path:
    """Let nobody write in a folder."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def opened_again(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def index(tmp_path: Path, index_folder: Path) -> Iterator[Path]:
    """An index of one's own; it can be deleted afterwards."""
    folder = tmp_path / "index"
    shutil.copytree(index_folder, folder)
    yield folder
    opened_again(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shared(index: Path, what: str) -> Path:
    return index / "1" / f"{STORE}-{what}"


def kill_a_writer(index: Path) -> None:
    """Have a change that was committed stay in SQLite's log, as a writer leaves it that is killed just then."""
    code = (
        "import os, sys; from pathlib import Path; from qa.index.store import Store; store = Store(Path(sys.argv[1]), write=True);"
        " store.set_aliases({'The Trust': 'River Trust'}); store.commit(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(index / "1" / STORE)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert shared(index, "wal").stat().st_size > 0


# ---- asking


def test_asking_takes_no_right_to_write(index: Path) -> None:
    right = [CliRunner().invoke(main, call) for call in asking(index)]
    before = contents(closed(index))
    for call, one, told in zip(asking(index), right, called(asking(index)), strict=True):
        assert told == [0, one.stdout, one.stderr], call
    assert contents(index) == before


def test_asking_where_there_is_room_leaves_nothing_behind(index: Path) -> None:
    before = contents(index)
    for call in asking(index)[3:]:
        assert CliRunner().invoke(main, call).exit_code == 0
    after = contents(index)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} <= {f"1/{STORE}-shm"}


@pytest.mark.parametrize("lost", [("wal", "shm"), ("shm",), ()])
@pytest.mark.parametrize("killed", [False, True])
def test_what_sqlite_leaves_or_not_is_no_hindrance(index: Path, killed: bool, lost: tuple[str, ...]) -> None:
    """An older version, a copy or a killed writer leaves -wal and -shm, or doesn't."""
    if killed:
        kill_a_writer(index)
    for what in lost:
        shared(index, what).unlink()
    closed(index)
    code = (
        "import sys; from pathlib import Path; from qa.index.build import aliases_of; from qa.index.local import LocalIndex;"
        " from qa.models.encoder import SentenceEncoder; place = Path(sys.argv[1]);"
        " print(len(LocalIndex(place, SentenceEncoder().identity).articles()), aliases_of(place))"
    )
    seen = {"The Trust": "River Trust"} if killed and "wal" not in lost else {}
    assert without_rights(code, str(index)).split(" ", 1)[1] == f"{seen}\n"


def test_a_reader_without_rights_and_a_writer_keep_out_of_each_others_way(index: Path) -> None:
    with closing(Store(index / "1" / STORE, write=True)) as writer:
        closed(index)
        code = (
            "import sys; from pathlib import Path; from qa.index.store import Store; store = Store(Path(sys.argv[1]))\n"
            "print(store.generation, store.is_overtaken(), flush=True); sys.stdin.readline(); print(store.generation)\n"
            "newer = Store(Path(sys.argv[1])); print(newer.generation)"
        )
        command = [sys.executable, "-c", _WITHOUT, sys.executable, "-c", code, str(index / "1" / STORE)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout
            assert reader.stdin
            generation = int(reader.stdout.readline().split()[0])
            writer.commit()
            reader.stdin.write("\n")
            reader.stdin.flush()
            assert [int(line) for line in reader.stdout] == [generation, generation + 1]


def test_what_was_opened_without_locks_is_opened_anew_once_somebody_writes(
    index: Path, encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for what in ("wal", "shm"):
        shared(index, what).unlink()
    connect = Store._connect

    def without_rights(store: Store, how: str) -> None:
        if how == "mode=ro" and not shared(index, "shm").exists():
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        connect(store, how)

    monkeypatch.setattr(Store, "_connect", without_rights)
    old = LocalIndex(index, encoder.identity)
    assert old.refreshed() is old
    with closing(Store(index / "1" / STORE, write=True)) as writer:
        writer.commit(changed=False)
    assert old.is_overtaken()
    new = old.refreshed()
    assert new is not old
    assert new.refreshed() is new
    new.close()
    old.close()


def test_a_file_is_not_read_without_locks_while_somebody_writes(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for what in ("wal", "shm"):
        shared(index, what).unlink()
    closed(index)
    monkeypatch.setattr("qa.index.store._PATIENCE", 0.1)
    code = (
        "import sys; from pathlib import Path; from qa.index import store; from qa.errors import DiskError; store._PATIENCE = 0.1\n"
        "try: store.Store(Path(sys.argv[1]))\n"
        "except DiskError as error: print(error)\n"
        "else: print('read')"
    )
    opened_again(index)
    with FileLock(index / ".lock"):
        closed(index)
        assert "can't be opened: permission denied" in without_rights(code, str(index / "1" / STORE))
    assert without_rights(code, str(index / "1" / STORE)) == "read\n"


def test_words_are_indexed_in_memory_where_they_are_missing_and_cannot_be_written(index: Path) -> None:
    shutil.rmtree(index / "1" / LEXICAL)
    closed(index)
    ((status, out, err),) = called([["ask", QUESTION, "--index", str(index)]])
    assert status == 0
    assert "River Trust" in out
    assert "--rebuild" not in err


def test_others_may_read_what_tantivy_makes_for_its_owner(index_folder: Path) -> None:
    for name in ("meta.json", ".managed.json"):
        assert (index_folder / "1" / LEXICAL / name).stat().st_mode & 0o777 == (index_folder / "1").stat().st_mode & 0o666


def test_the_page_serves_an_index_that_it_cannot_bring_in_line(index: Path, corpus_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from qa.web.opening import Opening, in_words; from qa.feedback import Feedback, give\n"
        "from qa.errors import WhosaidError; place = Path(sys.argv[1]); opening = Opening(place, [Path(sys.argv[2])]); opening._run()\n"
        "print(opening.stage.problem, opening.opened is not None)\n"
        "try: give(place, Feedback('good', 'Who?'))\n"
        "except WhosaidError as error: print(in_words(error))"
    )
    (index / ".feedback.lock").touch()
    told = without_rights(code, str(closed(index)), str(corpus_folder))
    assert told == " True\nThe index can't be written: permission denied. Whoever runs whosaid finds more on the terminal.\n"


# ---- writing


def test_whoever_may_not_write_is_told_so(index: Path, corpus_folder: Path, tmp_path: Path) -> None:
    closed(index)
    sub = tmp_path / "closed"
    sub.mkdir(mode=0o555)
    calls = [
        ["build", str(corpus_folder), "--index", str(index)],
        ["build", str(corpus_folder), "--rebuild", "--index", str(index)],
        ["add", str(corpus_folder), "--index", str(index)],
        ["remove", "trust-limit", "--index", str(index)],
        ["edit", "trust-limit", "--title", "Another", "--index", str(index)],
        ["alias", "The Trust", "River Trust", "--index", str(index)],
        ["build", str(corpus_folder), "--index", str(sub / "new")],
    ]
    before = contents(index)
    for call, (status, out, err) in zip(calls, called(calls), strict=True):
        assert (status, out) == (1, ""), call
        place = str(sub / "new" if "new" in call[-1] else index)
        way_out = "run as a user who may write there, or give another place with --index"
        assert err == f"whosaid: {place}: can't be written: permission denied; {way_out}\n", call
    assert contents(index) == before


def test_an_index_that_may_not_be_read_is_not_taken_for_a_damaged_one(index: Path) -> None:
    for name in ("manifest.json", f"1/{STORE}", "1/sentences.f16"):
        error = explain(index / name, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "read")
        assert str(error) == (
            f"{index / name}: can't be read: permission denied; run as a user who may read it, or give another place with --index"
        )


def test_a_build_whose_files_may_not_grow_so_large(index: Path, corpus_folder: Path, tmp_path: Path) -> None:
    calls = [
        ["build", str(corpus_folder), "--rebuild", "--index", str(index)],
        ["build", str(corpus_folder), "--index", str(tmp_path / "new")],
        ["ask", QUESTION, "--index", str(index)],
    ]
    rebuilt, built, asked = called(calls, largest_file=50_000)
    for status, _, err in (rebuilt, built):
        assert status == 1
        assert err.count("\n") == 1
        assert err.endswith("can't be written: a file would grow larger than is allowed; raise that limit (ulimit -f) and try again\n")
    assert asked[0] == 0
    assert "River Trust" in asked[1]


def test_every_file_of_an_index_that_may_not_grow_says_so(tmp_path: Path) -> None:
    code = """
import resource, sqlite3, sys
from pathlib import Path
import faiss, numpy as np
from qa.errors import DiskError
from qa.index.disk import explain
from qa.index.lexical import LexicalIndex
from qa.index.vectors import VectorFile
home = Path(sys.argv[1])
ones = np.ones((400, 64), np.float32)
index = faiss.IndexFlatIP(64)
index.add(ones)
vectors = VectorFile(home / "vectors", 64, write=True)
lexical = LexicalIndex(home / "words")
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
for write in (
    lambda: vectors.write(0, ones),
    lambda: lexical.add((n, n, f"gate{n} of lock{n} was painted in {n}") for n in range(3000)),
    lambda: faiss.write_index(index, str(home / "codes")),
    lambda: sqlite3.connect(home / "store").executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x)"),
):
    try:
        write()
        print("written")
    except Exception as error:
        print(error if isinstance(error, DiskError) else explain(home, error, "written"))
"""
    lines = without_rights(code, str(tmp_path)).splitlines()
    assert len(lines) == 4
    for line in lines:
        assert line.endswith("a file would grow larger than is allowed; raise that limit (ulimit -f) and try again")


def test_feedback_that_finds_no_room_spoils_nothing(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feedback.give(index, feedback.Feedback("good", "Who?"))

    def full(stream: Any, line: bytes) -> None:
        stream.write(line[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(feedback, "_write_whole", full)
        with pytest.raises(DiskError, match=r"feedback\.jsonl: can't be written: no space is left on the disk; free some and try again\Z"):
            feedback.give(index, feedback.Feedback("good", "Where?"))
    feedback.give(index, feedback.Feedback("good", "When?"))
    heard, unread = feedback.given(index)
    assert [one.question for one in heard] == ["Who?", "When?"]
    assert unread == 0


# ---- what each library says


def full_disk() -> Iterator[Exception]:
    """Yield what the system, SQLite and FAISS raise where no space is left."""
    try:
        with Path("/dev/full").open("wb", buffering=0) as stream:
            stream.write(b"x")
    except OSError as error:
        yield error
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("PRAGMA max_page_count=2")
        db.execute("CREATE TABLE t (x)")
        try:
            db.execute("INSERT INTO t VALUES (zeroblob(1000000))")
        except sqlite3.Error as error:
            yield error
    index = faiss.IndexFlatIP(64)
    index.add(np.zeros((4096, 64), np.float32))
    try:
        faiss.write_index(index, "/dev/full")
    except RuntimeError as error:
        yield error
    yield ValueError("An IO error occurred: 'No space left on device (os error 28)'")  # as tantivy tells it


def test_a_full_disk_is_called_one_whoever_reports_it(tmp_path: Path) -> None:
    said = [explain(tmp_path, error, "written") for error in full_disk()]
    assert len(said) == 4
    for error in said:
        assert isinstance(error, DiskError)
        assert str(error) == f"{tmp_path}: can't be written: no space is left on the disk; free some and try again"


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.EROFS, "it lies on a disk that may only be read; mount it for writing"),
        (errno.EPERM, "permission denied; run as a user who may write there"),
        (errno.EDQUOT, "no space is left of what this user may take; free some"),
        (errno.EFBIG, "a file would grow larger than is allowed; raise that limit"),
        (errno.EIO, "the disk reports an error; look into"),
        (errno.EISDIR, "is a directory; check the path"),
    ],
)
def test_what_the_system_refuses_has_words(tmp_path: Path, number: int, why: str) -> None:
    said = explain(tmp_path, OSError(number, os.strerror(number)), "written")
    assert isinstance(said, DiskError)
    assert str(said).startswith(f"{tmp_path}: can't be written: {why}")
    assert "--rebuild" not in str(said)


def test_only_what_is_damaged_or_missing_is_built_again(index: Path) -> None:
    (index / "1" / STORE).write_bytes(b"no database at all" * 1000)
    for gone in ("wal", "shm"):
        shared(index, gone).unlink()
    with pytest.raises(IndexFolderError, match=r"store\.sqlite: can't be opened \(file is not a database\); build .* --rebuild\Z"):
        Store(index / "1" / STORE)
    (index / "1" / STORE).unlink()
    with pytest.raises(IndexFolderError, match=r"store\.sqlite: can't be opened \(unable to open database file\); build .* --rebuild\Z"):
        Store(index / "1" / STORE)
    with closing(sqlite3.connect(index / "locked")) as one, closing(sqlite3.connect(index / "locked", timeout=0)) as other:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("CREATE TABLE t (x)")
        assert str(explain(index / "locked", caught.value, "read")) == f"{index / 'locked'}: is held by somebody else; try again"


@pytest.mark.parametrize(
    "error",
    [
        IndexFolderError("/srv/index: is damaged"),
        NoIndexError("/srv/index: no index here yet"),
        ModelMismatchError("/srv/index: made with model x"),
        DiskError("/srv/index", "can't be read: permission denied", "run as somebody else, or give another place with --index"),
        ModelError("model folder /srv/model: there is no such folder"),
    ],
)
def test_no_path_of_the_server_is_told(error: IndexFolderError, caplog: pytest.LogCaptureFixture) -> None:
    assert "/" not in in_words(error)
    assert str(error) in caplog.text
    assert in_words(WriterError("http://127.0.0.1:1/v1: no connection")) == "http://127.0.0.1:1/v1: no connection"


def test_a_library_reads_what_may_only_be_read_through_links(index: Path, encoder: SentenceEncoder) -> None:
    lexical = LexicalIndex.open_to_read(index / "1" / LEXICAL)
    with closing(Store(index / "1" / STORE)) as store:
        assert len(lexical) == store.counts()["passages"]
    assert lexical.search({"limit": 1.0}, 3)
    assert aliases_of(index) == {}
    assert Library.open(index, encoder=encoder).ask(QUESTION).answered
