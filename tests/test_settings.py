"""Where things are kept: the environment is heard, an empty variable is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa import settings
from qa.attribution.groups import read_groups
from qa.models.encoder import BUNDLED


def test_the_corpus_that_ships_has_groups_and_articles() -> None:
    folder = settings.shipped_corpus()
    assert read_groups(folder / "groups.toml")
    assert list(folder.glob("*.md"))


def test_an_installed_package_has_its_corpus_inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "_PACKAGE", tmp_path / "site-packages" / "qa")
    assert settings.shipped_corpus() == tmp_path / "site-packages" / "qa" / "corpus"


def test_the_index_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WHOSAID_INDEX", str(tmp_path / "mine"))
    assert settings.default_index() == tmp_path / "mine"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WHOSAID_INDEX", "~/mine")
    assert settings.default_index() == tmp_path / "mine"


def test_the_index_of_a_checkout_is_beside_the_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WHOSAID_INDEX", raising=False)
    monkeypatch.setattr(settings, "_PACKAGE", tmp_path / "qa")
    (tmp_path / "index").mkdir()
    assert settings.default_index() == tmp_path / "index"


@pytest.mark.parametrize("told", [None, ""])
def test_the_index_of_an_installed_package_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str | None) -> None:
    monkeypatch.delenv("WHOSAID_INDEX", raising=False) if told is None else monkeypatch.setenv("WHOSAID_INDEX", told)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(settings, "_PACKAGE", tmp_path / "site-packages" / "qa")
    assert settings.default_index() == tmp_path / ".whosaid" / "index"


@pytest.mark.parametrize(("told", "expected"), [(None, BUNDLED), ("", BUNDLED), ("some/model", "some/model")])
def test_the_model_is_the_bundled_one_unless_told(monkeypatch: pytest.MonkeyPatch, told: str | None, expected: str) -> None:
    monkeypatch.delenv("WHOSAID_MODEL", raising=False) if told is None else monkeypatch.setenv("WHOSAID_MODEL", told)
    assert settings.default_model() == expected


def test_writers_are_those_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHOSAID_WRITER", raising=False)
    monkeypatch.delenv("WHOSAID_REWRITE", raising=False)
    assert settings.writers() == ()
    assert not settings.rewrite()
    monkeypatch.setenv("WHOSAID_WRITER", " models/a b ;http://127.0.0.1:11434/v1#m;; ")
    monkeypatch.setenv("WHOSAID_REWRITE", "1")
    assert settings.writers() == ("models/a b", "http://127.0.0.1:11434/v1#m")
    assert settings.rewrite()
