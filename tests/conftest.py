"""What all tests share: the real encoder, and an index of the small corpus, each made once and never changed.

And what becomes of tests that need a browser where there is none, and of skipped ones where none may be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import machine
import pytest
from articles import WordEncoder, write_corpus
from hypothesis import HealthCheck, settings

from qa.attribution.attributor import TrainedAttributor
from qa.library import Library, build
from qa.models.encoder import SentenceEncoder
from qa.settings import MilvusAddress, Place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The first example pays for loading libraries, and how fast examples come is the machine's affair.
settings.register_profile("whosaid", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whosaid")


def pytest_configure(config: pytest.Config) -> None:
    """Where there are several workers, let each keep to one processor: their threads would only wait for each other."""
    if config.getoption("numprocesses", None):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


# ---- skipping


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take --no-skips, with which a test that is skipped has failed."""
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped, for whatever reason, has failed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser or needs a Milvus server, and skip the former where there is no browser."""
    for item in items:
        needed = set(getattr(item, "fixturenames", ()))
        if "browser" in needed:
            item.add_marker("browser")
        if "milvus_places" in needed:
            item.add_marker("milvus")
        if item.get_closest_marker("browser") and (why := machine.why_no_browser()):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of what was skipped, where nothing may be."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("no_skips"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{why}\n--no-skips: nothing may be skipped here"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Say last how many tests were skipped for want of a browser."""
    yield
    skipped = [report for report in terminalreporter.getreports("skipped") if machine.NONE in str(report.longrepr)]
    if skipped:
        tests = "1 browser test was" if len(skipped) == 1 else f"{len(skipped)} browser tests were"
        terminalreporter.write_line(f"{tests} skipped: {skipped[0].longrepr[2].removeprefix('Skipped: ')}", yellow=True)


# ---- what is shared


@pytest.fixture
def words() -> WordEncoder:
    """A fresh encoder that counts."""
    return WordEncoder()


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The encoder that ships, loaded once."""
    return SentenceEncoder()


@pytest.fixture(scope="session")
def attributor() -> TrainedAttributor:
    """The attributor that ships, loaded once."""
    return TrainedAttributor()


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small corpus on disk, with its groups.toml. Not to be changed: copy it."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path, encoder: SentenceEncoder) -> Path:
    """An index of the small corpus. Not to be changed: copy it."""
    folder = tmp_path_factory.mktemp("index")
    build(folder, [corpus_folder], encoder=encoder)
    return folder


@pytest.fixture(scope="session")
def library(index_folder: Path, encoder: SentenceEncoder) -> Library:
    """The small corpus, open."""
    return Library.open(index_folder, encoder=encoder)


@pytest.fixture(scope="session")
def milvus_places(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], MilvusAddress]:
    """Addresses of indexes that don't exist yet, all in one file of Milvus Lite."""
    file, numbers = tmp_path_factory.mktemp("milvus") / "tests.db", count()
    return lambda: MilvusAddress(str(file), f"index_{next(numbers)}")


@pytest.fixture
def milvus_place(milvus_places: Callable[[], MilvusAddress]) -> Iterator[MilvusAddress]:
    """Where an index may come to be in Milvus; it goes after the test, or the server would get slower and slower."""
    from qa.index.milvus.connection import Connection

    address = milvus_places()
    yield address
    connection = Connection(address)
    for name in connection.collections():
        if name.startswith(f"{address.name}_"):
            connection.drop(name)
    connection.close()


@pytest.fixture(params=["folder", pytest.param("milvus", marks=pytest.mark.milvus)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where an index may come to be, once in a folder and once in Milvus: the same has to come of it."""
    return tmp_path / "index" if request.param == "folder" else request.getfixturevalue("milvus_place")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, started once."""
    from browser import chromium

    with chromium() as opened:
        yield opened
