"""Where things are kept unless the user says otherwise, and limits that several layers share."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from qa.errors import SettingsError
from qa.models.encoder import BUNDLED

LONGEST_QUESTION = 2000  # characters
LONGEST_QUOTE = 10_000  # characters of a quote that is checked

MILVUS = "milvus:"
_LITE = "whosaid"  # the name of an index in a Milvus Lite file that is told none
_MILVUS_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_YES = ("1", "true", "yes", "on")
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """An index in Milvus: `uri` is a server's address or the file of Milvus Lite, `name` begins the names of its collections."""

    uri: str
    name: str

    def __str__(self) -> str:
        """Write it as `place_of` reads it."""
        return f"{MILVUS}{self.uri}/{self.name}"


Place = Path | MilvusAddress
"""Where an index is kept: a folder, or Milvus."""


def place_of(text: str) -> Place:
    """Read where an index is: a folder, milvus:http://HOST:PORT/NAME, or milvus:FILE.db/NAME, in which the name may be left out.

    Raises SettingsError for a Milvus address that is none.
    """
    if not text.startswith(MILVUS):
        return Path(text).expanduser()
    rest = text.removeprefix(MILVUS)
    uri, _, name = (rest, "/", _LITE) if rest.endswith(".db") else rest.rpartition("/")
    server = re.fullmatch(r"https?://[^/@?#\s]+", uri)
    if not (server or uri.endswith(".db")) or not _MILVUS_NAME.fullmatch(name):
        raise SettingsError(
            f"{text}: expected milvus:http://HOST:19530/NAME or milvus:FILE.db/NAME, NAME of letters, digits and underscores"
        )
    return MilvusAddress(uri if server else str(Path(uri).expanduser().absolute()), name)


def milvus_token() -> str:
    """Return WHOSAID_MILVUS_TOKEN, what a Milvus server takes to let us in ("user:password" or a key); nothing is the default."""
    return os.environ.get("WHOSAID_MILVUS_TOKEN", "")


def milvus_timeout() -> float:
    """Return WHOSAID_MILVUS_TIMEOUT, after how many seconds without an answer a Milvus server counts as away."""
    told = os.environ.get("WHOSAID_MILVUS_TIMEOUT") or "10"
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise SettingsError(f"WHOSAID_MILVUS_TIMEOUT is {told!r}; expected seconds, such as 10")
    return seconds


def shipped_corpus() -> Path:
    """Return the folder of articles that comes with whosaid: beside the code, or inside an installed package."""
    beside = _PACKAGE.parent / "corpus"
    return beside if (beside / "groups.toml").is_file() else _PACKAGE / "corpus"


def default_index() -> Place:
    """Return WHOSAID_INDEX, or index/ in the project's folder, or a folder in the user's home for an installed package."""
    if told := os.environ.get("WHOSAID_INDEX"):
        return place_of(told)
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
