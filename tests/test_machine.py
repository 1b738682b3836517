"""What the tests themselves need: a browser is found or installed where that may be, and what is skipped without one is counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import machine
import pytest

TESTS = Path(__file__).parent

Stub = Callable[..., Path]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """Put programs on a PATH that has nothing else; each writes down how it was called."""
    here = tmp_path / "bin"
    here.mkdir()
    for name in ("env", "true", "cp"):
        (here / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(here))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(machine, "ON_MACS", (str(tmp_path / "Google Chrome"),))

    def made(name: str, does: str = "exit 0", at: Path = here) -> Path:
        (at / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{tmp_path}/called"\n{does}\n')
        (at / name).chmod(0o755)
        return at / name

    machine.why_no_browser.cache_clear()
    yield made
    machine.why_no_browser.cache_clear()


@pytest.fixture
def said() -> list[str]:
    return []


def called(tmp_path: Path, program: str) -> list[str]:
    """Return how a program was called."""
    log = tmp_path / "called"
    return [line for line in log.read_text().splitlines() if line.split()[0] == program] if log.exists() else []


def rights(monkeypatch: pytest.MonkeyPatch, *, root: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)


# ---- finding a browser


def test_browsers_are_looked_for_in_order(stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.browser() is None
    expected = [str(stub("Google Chrome", at=tmp_path))]
    assert machine.browser() == expected[0]
    for name in reversed(("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")):
        expected.insert(0, str(stub(name)))
        assert machine.browser() == expected[0]
    assert list(machine.candidates()) == expected
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("CHROMIUM", str(stub("my-browser", at=tmp_path / "own")))
    assert machine.browser() == str(tmp_path / "own" / "my-browser")
    assert machine.why_no_browser() == ""


def test_a_browser_that_does_not_run_is_passed_over(stub: Stub) -> None:
    stub("chromium-browser", "echo 'Please install the snap'; exit 1")
    assert machine.why_no_browser() == machine.HOW
    chrome = stub("google-chrome")
    assert machine.browser() == str(chrome)


def test_a_browser_that_is_told_is_taken_or_none(stub: Stub, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stub("chromium")
    stub("openssl")
    stub("apt-get")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    assert machine.browser() is None
    machine.set_up(said.append)
    assert said == [f"{machine.why_no_browser()}. Browser tests will be skipped."]
    assert "CHROMIUM is /nowhere/chrome, which doesn't run; unset it" in said[0]


# ---- installing


def test_nothing_is_done_where_nothing_is_missing(stub: Stub, said: list[str], tmp_path: Path) -> None:
    for name in ("google-chrome", "openssl", "apt-get", "sudo"):
        stub(name)
    machine.set_up(said.append)
    assert said == []
    assert called(tmp_path, "apt-get") == called(tmp_path, "sudo") == []


@pytest.mark.parametrize("root", [True, False])
def test_what_is_missing_is_installed_by_whoever_may(
    stub: Stub, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool
) -> None:
    rights(monkeypatch, root=root)
    ready = stub("browser", at=tmp_path)
    packed = tmp_path / "bin"
    stub("apt-get", f'case "$*" in *install*) cp {ready} {packed}/chromium; cp {ready} {packed}/openssl;; esac')
    stub("sudo", 'test "$1" = -n || exit 1; shift; exec "$@"')
    machine.set_up(said.append)
    assert said == ["tests need chromium, fonts-dejavu-core, openssl: installing with apt-get"]
    update, install = called(tmp_path, "apt-get")
    assert "update" in update
    assert install.endswith("install -y -qq --no-install-recommends chromium fonts-dejavu-core openssl")
    assert bool(called(tmp_path, "sudo")) is not root
    assert machine.browser() == str(packed / "chromium")
    machine.set_up(said.append)
    assert (len(said), len(called(tmp_path, "apt-get"))) == (1, 2)  # once is enough


@pytest.mark.parametrize("sudo", ["exit 1", None])
def test_nothing_is_installed_without_the_right_to(
    stub: Stub, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sudo: str | None
) -> None:
    rights(monkeypatch, root=False)
    stub("apt-get")
    if sudo:
        stub("sudo", sudo)
    machine.set_up(said.append)
    assert called(tmp_path, "apt-get") == []
    assert all(" -n " in call for call in called(tmp_path, "sudo"))  # which asks nobody for a password
    assert [line.partition(":")[0] for line in said] == ["no browser", "no openssl"]
    assert "apt-get install chromium" in said[0]
    assert "CHROMIUM" in said[0]


def test_an_installation_that_fails_is_told(stub: Stub, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rights(monkeypatch, root=True)
    stub("apt-get", "exit 100")
    stub("openssl")
    machine.set_up(said.append)
    assert said == ["tests need chromium, fonts-dejavu-core: installing with apt-get", f"{machine.HOW}. Browser tests will be skipped."]


def test_a_machine_without_apt_get_is_left_as_it_is(stub: Stub, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rights(monkeypatch, root=True)
    machine.set_up(said.append)
    assert len(said) == 2


# ---- skipping


SKIPPING = """
import pytest

def test_one(browser): raise AssertionError
@pytest.mark.browser
def test_two(): raise AssertionError
@pytest.mark.skip(reason="not today")
def test_three(): raise AssertionError
def test_four(): pass
"""


def ran(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a few tests in a process of its own, with our conftest and without a browser."""
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  browser\n  milvus\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
        "-rs",
        "--strict-markers",
        *options,
        str(tmp_path),
    ]
    env = {**os.environ, "CHROMIUM": "/nowhere/chrome", "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=env)


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("-n", "2")])
def test_tests_of_the_page_are_skipped_and_counted_without_a_browser(tmp_path: Path, more: tuple[str, ...]) -> None:
    done = ran(tmp_path, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("no browser: CHROMIUM is /nowhere/chrome, which doesn't run; unset it") == 3
    told, last = done.stdout.strip().splitlines()[-2:]
    assert told.startswith("2 browser tests were skipped: no browser: ")
    assert "1 passed, 3 skipped" in last


@pytest.mark.slow
def test_nothing_is_skipped_where_nothing_may_be(tmp_path: Path) -> None:
    done = ran(tmp_path, "--no-skips")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 failed, 1 passed" in done.stdout or "1 passed, 3 errors" in done.stdout
    assert "not today" in done.stdout
    assert "--no-skips: nothing may be skipped here" in done.stdout
