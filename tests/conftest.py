"""What all tests share: the real encoder, and an index of the small corpus, each made once and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from articles import WordEncoder, write_corpus
from hypothesis import settings

from qa.attribution.attributor import TrainedAttributor
from qa.library import Library, build
from qa.models.encoder import SentenceEncoder
from qa.settings import MilvusAddress, Place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("whosaid", deadline=None)  # the first example pays for loading libraries
settings.load_profile("whosaid")


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


@pytest.fixture(params=["folder", "milvus"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where an index may come to be, once in a folder and once in Milvus: the same has to come of it."""
    return tmp_path / "index" if request.param == "folder" else request.getfixturevalue("milvus_place")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, started once."""
    from browser import chromium

    with chromium() as opened:
        yield opened
