"""What people said of answers, kept with the index, and the question rows for `evaluate` that come of it.

Words are kept as they were shown, so that they mean the same after the index has changed. Knows nothing of the page.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal, get_args

from qa.errors import IndexFolderError, NoIndexError, SettingsError
from qa.index.disk import explain
from qa.settings import MilvusAddress, Place

Verdict = Literal["good", "wrong speaker", "wrong group", "doesn't answer"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LONGEST = 2000  # characters of what a person writes
FILE = "feedback.jsonl"
_LARGEST = 256 * 1024 * 1024  # bytes: a file this long is no longer people's
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Cited:
    """A quote as it was shown: its words, and who said and published them."""

    article: str
    quote: str
    speaker: str | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on the answer to a question, or on its citation `number` (0 for the whole).

    `right` is what would have been right, where the person told it: a speaker, a group, or the sentence that answers;
    `nobody` that nothing in the corpus does. `filters` has `groups`, `since` and `until` where they were set.
    """

    verdict: Verdict
    question: str
    history: tuple[str, ...] = ()
    filters: tuple[tuple[str, Any], ...] = ()
    cited: tuple[Cited, ...] = ()
    number: int = 0
    right: str = ""
    nobody: bool = False
    note: str = ""
    at: str = ""


def give(index: Place, feedback: Feedback) -> None:
    """Keep what somebody said of an answer; raise SettingsError where it makes no sense, IndexFolderError where it can't be kept."""
    if feedback.verdict not in VERDICTS:
        raise SettingsError(f"{feedback.verdict!r} is no verdict; expected one of {', '.join(VERDICTS)}")
    if not 0 <= feedback.number <= len(feedback.cited):
        raise SettingsError(f"there is no citation {feedback.number}; the answer has {len(feedback.cited)}")
    if max(map(len, (feedback.right, feedback.note))) > LONGEST:
        raise SettingsError(f"feedback has more than {LONGEST:,} characters; write it shorter")
    row = {
        **asdict(feedback),
        "at": feedback.at or dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "filters": dict(feedback.filters),
    }
    line = json.dumps(row, ensure_ascii=False)
    if isinstance(index, MilvusAddress):
        from qa.index.milvus.home import MilvusHome

        MilvusHome(index).keep_feedback(line)
    else:
        _append(index, line)


def _append(index: Path, line: str) -> None:
    from filelock import FileLock, Timeout

    file = index / FILE
    if not index.is_dir():
        raise NoIndexError(f"{index}: no index here yet; run whosaid build PATH --index {index}")
    try:
        with FileLock(index / ".feedback.lock", timeout=_LOCK_SECONDS):
            if file.exists() and file.stat().st_size > _LARGEST:
                raise IndexFolderError(
                    f"{file}: has grown beyond {_LARGEST // 1_000_000} MB; export it with whosaid feedback and delete it"
                )
            with file.open("ab", buffering=0) as stream:
                before = os.fstat(stream.fileno()).st_size
                try:
                    _write_whole(stream, f"{line}\n".encode("utf-8", "replace"))
                    os.fsync(stream.fileno())
                except OSError:
                    stream.truncate(before)  # half a line would spoil the next one
                    raise
    except Timeout:
        raise IndexFolderError(f"{file}: is held by somebody else; try again") from None
    except OSError as error:
        raise explain(file, error, "written") from error


def _write_whole(stream: IO[bytes], line: bytes) -> None:
    while line:
        line = line[stream.write(line) :]


def given(index: Place) -> tuple[list[Feedback], int]:
    """Return what was said of answers, the oldest first, and how many lines can't be read, as after a kill in the middle of one."""
    found = [_read(line) for line in _lines(index) if line.strip()]
    return [one for one in found if one], found.count(None)


def _lines(index: Place) -> list[str]:
    if isinstance(index, MilvusAddress):
        from qa.index.milvus.home import MilvusHome

        return MilvusHome(index).feedback()
    try:
        return (index / FILE).read_text("utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise explain(index / FILE, error, "read") from error


def _read(line: str) -> Feedback | None:
    try:
        row = json.loads(line)
        cited = tuple(Cited(**one) for one in row.pop("cited"))
        filters = tuple(row.pop("filters").items())
        return Feedback(**{**row, "history": tuple(row["history"])}, cited=cited, filters=filters)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def question_rows(feedback: Iterable[Feedback]) -> Iterator[dict[str, Any]]:
    """Yield a row for `evaluate` for all that tells what is right; what only tells what is wrong makes none."""
    for one in feedback:
        row: dict[str, Any] = {"question": one.question}
        if one.history:
            row["history"] = list(one.history)
        if filters := {name: value for name, value in one.filters if value}:
            row["filters"] = filters
        if right := _right(one):
            yield {**row, **right}


def _right(one: Feedback) -> dict[str, Any]:
    about = one.cited[one.number - 1 : one.number] if one.number else one.cited
    quotes = [cited.quote for cited in about]
    if one.nobody or (one.verdict == "good" and not one.cited):
        return {"kind": "none"}
    if one.verdict == "good":
        return {
            "quotes": quotes,
            **_named("groups", [cited.group for cited in about]),
            **_named("speakers", [cited.speaker for cited in about]),
        }
    if not one.right:
        return {}
    if one.verdict == "doesn't answer":
        return {"quotes": [one.right]}
    return {"quotes": quotes, "speakers" if one.verdict == "wrong speaker" else "groups": [one.right]} if quotes else {}


def _named(name: str, values: Sequence[str | None]) -> dict[str, list[str]]:
    known = [value for value in dict.fromkeys(values) if value]
    return {name: known} if known else {}
