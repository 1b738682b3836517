"""What a disk refuses, in words: the same whether the system, SQLite, tantivy or FAISS reports it. Knows no index."""

from __future__ import annotations

import errno
import os
import re
import resource
import sqlite3
from pathlib import Path
from typing import Literal

from qa.errors import DiskError, IndexFolderError

Doing = Literal["opened", "read", "written"]

_NUMBER = re.compile(r"\(os error (\d+)\)|\bcode: (\d+)\b")  # as Rust tells it
_LEAST_FREE = 64 * 1024  # bytes: of a disk with less no file gets what it asks for
_ELSEWHERE = "or give another place with --index"
_FREE = "free some and try again"
_NOT_ALLOWED = "permission denied"

_IN_WORDS = {
    errno.ENOSPC: ("no space is left on the disk", _FREE),
    errno.EDQUOT: ("no space is left of what this user may take", _FREE),
    errno.EROFS: ("it lies on a disk that may only be read", f"mount it for writing, {_ELSEWHERE}"),
    errno.EACCES: (_NOT_ALLOWED, f"run as a user who may write there, {_ELSEWHERE}"),
    errno.EPERM: (_NOT_ALLOWED, f"run as a user who may write there, {_ELSEWHERE}"),
    errno.EFBIG: ("a file would grow larger than is allowed", "raise that limit (ulimit -f) and try again"),
    errno.EIO: ("the disk reports an error", "look into the system's log; where it goes on, restore a copy"),
}
_REFUSING = {sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_refusal(error: sqlite3.Error) -> bool:
    """Tell whether SQLite was refused something by the system, so that the file itself may well be whole."""
    code = _code(error)
    return code & 0xFF in _REFUSING and code not in (sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS)


def explain(path: Path, error: Exception, doing: Doing) -> IndexFolderError:
    """Return what is to be raised for an error that came while `path` was opened, read or written.

    That is a DiskError where the system is in the way. To build again is advised only for what is damaged or missing.
    """
    number = _number(path, error, doing)
    if number in _IN_WORDS:
        why, way_out = _IN_WORDS[number]
        if why == _NOT_ALLOWED and doing != "written":
            way_out = f"run as a user who may read it, {_ELSEWHERE}"
        return DiskError(path, f"can't be {doing}: {why}", way_out)
    if isinstance(error, sqlite3.Error) and _code(error) & 0xFF in _BUSY:
        return IndexFolderError(f"{path}: is held by somebody else; try again")
    if isinstance(error, OSError) and number != errno.ENOENT:
        return DiskError(path, f"can't be {doing}: {(error.strerror or str(error)).lower()}", "check the path and try again")
    return IndexFolderError(f"{path}: can't be {doing} ({error}); build the index again with --rebuild")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", None) or 0  # Python's own errors have none


def _number(path: Path, error: Exception, doing: Doing) -> int:
    """Return the system's number of an error; 0 where there is none to be found."""
    if isinstance(error, OSError):
        return error.errno or 0
    if isinstance(error, sqlite3.Error):
        return _found_out(path, _code(error), doing) if is_refusal(error) else 0
    if told := _NUMBER.search(str(error)):
        return int(told[1] or told[2])
    return next((number for number in _IN_WORDS if os.strerror(number) in str(error)), 0)


def _found_out(path: Path, code: int, doing: Doing) -> int:
    """Return why SQLite was refused, which it doesn't tell."""
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return errno.ENOSPC
    try:
        if path.is_file():
            path.open("rb").close()
        elif doing != "written":
            return errno.ENOENT
        folder = next(parent for parent in (path, *path.parents) if parent.is_dir())
        system = os.statvfs(folder)
    except OSError as error:
        return error.errno or 0
    if system.f_flag & os.ST_RDONLY:
        return errno.EROFS
    if not all(os.access(there, os.W_OK) for there in (folder, path) if there.exists()):
        return errno.EACCES
    if system.f_bavail * system.f_frsize < _LEAST_FREE:
        return errno.ENOSPC
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return errno.EFBIG
    return errno.EIO
