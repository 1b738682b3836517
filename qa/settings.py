"""Where things are kept unless the user says otherwise, and limits that several layers share."""

from __future__ import annotations

import os
from pathlib import Path

from qa.errors import SettingsError
from qa.models.encoder import BUNDLED

LONGEST_QUESTION = 2000  # characters
LONGEST_QUOTE = 10_000  # characters of a quote that is checked

_YES = ("1", "true", "yes", "on")
_PACKAGE = Path(__file__).resolve().parent


def shipped_corpus() -> Path:
    """Return the folder of articles that comes with whosaid: beside the code, or inside an installed package."""
    beside = _PACKAGE.parent / "corpus"
    return beside if (beside / "groups.toml").is_file() else _PACKAGE / "corpus"


def default_index() -> Path:
    """Return WHOSAID_INDEX, or index/ in the project's folder, or a folder in the user's home for an installed package."""
    if told := os.environ.get("WHOSAID_INDEX"):
        return Path(told).expanduser()
    beside = _PACKAGE.parent / "index"
    return beside if beside.is_dir() else Path.home() / ".whosaid" / "index"


def default_model() -> str:
    """Return WHOSAID_MODEL, or the bundled encoder."""
    return os.environ.get("WHOSAID_MODEL") or BUNDLED


def reader() -> str | None:
    """Return WHOSAID_READER, a cross-encoder by folder or name, or None for the reader that ships."""
    return os.environ.get("WHOSAID_READER") or None


def writers() -> tuple[str, ...]:
    """Return WHOSAID_WRITER, language models that may word an answer; several are separated by semicolons, none is the default."""
    told = os.environ.get("WHOSAID_WRITER", "").split(";")
    return tuple(name.strip() for name in told if name.strip())


def rewrite() -> bool:
    """Tell whether WHOSAID_REWRITE lets the writer make follow-up questions stand alone, as far as that changes nothing."""
    return os.environ.get("WHOSAID_REWRITE", "").strip().lower() in _YES


def allow_private() -> bool:
    """Tell whether WHOSAID_ALLOW_PRIVATE lets links lead to this machine and the private network."""
    return os.environ.get("WHOSAID_ALLOW_PRIVATE", "").strip().lower() in _YES


def passwords() -> Path | None:
    """Return WHOSAID_AUTH_FILE, the file that says who may log in to the page, or None."""
    told = os.environ.get("WHOSAID_AUTH_FILE")
    return Path(told).expanduser() if told else None


def rate(login: bool) -> tuple[float, int]:
    """Return how many questions a minute somebody may ask, and how many at once: WHOSAID_RATE, such as "60/20".

    Without a login, everybody on this machine has one address, so there may be far more: it only stops a runaway program.
    """
    told = os.environ.get("WHOSAID_RATE")
    if not told:
        return (60, 20) if login else (6000, 300)
    a_minute, _, burst = told.partition("/")
    if not (a_minute.isdecimal() and burst.isdecimal() and int(a_minute) and int(burst)):
        raise SettingsError(f"WHOSAID_RATE is {told!r}; expected questions a minute and at once, such as 60/20")
    return int(a_minute), int(burst)
