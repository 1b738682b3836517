"""What tests need of the machine beside Python: a browser and openssl. `python tests/machine.py` installs them where it may.

Uses nothing but Python's own library, and asks nobody for a password.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
PACKAGES = {"browser": ("chromium", "fonts-dejavu-core"), "openssl": ("openssl",)}
NONE = "no browser: "
HOW = f"{NONE}install Chromium (apt-get install chromium) or Google Chrome, or set CHROMIUM to the path of one"
_INSTALL = ("install", "-y", "-qq", "--no-install-recommends")
_PATIENCE = ("-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2")


def candidates() -> Iterator[str]:
    """Yield where a browser may be, best first: CHROMIUM alone where it is set."""
    if told := os.environ.get("CHROMIUM"):
        yield told
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from ON_MACS


def runs(path: str) -> bool:
    """Tell whether a browser starts; what Ubuntu has for one without snap only says how to get one."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=120, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def browser() -> str | None:
    """Return the path of the browser that tests drive, or None."""
    return next(filter(runs, candidates()), None)


@cache
def why_no_browser() -> str:
    """Return the line that says how to get a browser, "" where there is one. Asked once in a process."""
    if browser():
        return ""
    told = os.environ.get("CHROMIUM")
    return f"{NONE}CHROMIUM is {told}, which doesn't run; unset it, or set it to the path of one that does" if told else HOW


def missing() -> list[str]:
    """Return the packages of Debian that are wanted here."""
    wanted = [] if browser() or os.environ.get("CHROMIUM") else [*PACKAGES["browser"]]
    return wanted if shutil.which("openssl") else [*wanted, *PACKAGES["openssl"]]


def apt_get() -> list[str] | None:
    """Return how to call apt-get with the rights to install, or None where nobody may, or not without a password."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return None


def set_up(say: Callable[[str], None] = print) -> None:
    """Install what is missing, if that can be done; say what is done, and what tests will have to do without."""
    wanted = missing()
    if wanted and (call := apt_get()):
        say(f"tests need {', '.join(wanted)}: installing with apt-get")
        subprocess.run([*call, *_PATIENCE, "update", "-qq"], stdout=subprocess.DEVNULL, check=False)  # what failed, the next one tells
        subprocess.run([*call, *_PATIENCE, *_INSTALL, *wanted], stdout=subprocess.DEVNULL, check=False)
    why_no_browser.cache_clear()
    if why := why_no_browser():
        say(f"{why}. Browser tests will be skipped.")
    if not shutil.which("openssl"):
        say("no openssl: install it (apt-get install openssl). Tests of certificates will be skipped.")


if __name__ == "__main__":
    set_up(lambda line: print(line, file=sys.stderr))
