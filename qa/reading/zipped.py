"""ZIP archives, and the formats that are one inside: opened in memory, within limits, never unpacked to disk."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath

from qa.errors import ReadingError
from qa.reading.files import too_large

MOST_MEMBERS = 10_000
LARGEST_PART = 32 * 1024 * 1024  # bytes of one XML file: a tree of it takes thirty times as much memory
MOST_UNPACKED = 1024 * 1024 * 1024  # bytes, all members together
_MARKUP = (".xml", ".xhtml", ".html", ".htm", ".opf")
_STEEPEST, _STEEP_FROM = 300, 16 * 1024 * 1024  # times smaller when packed, from this many bytes on: text stays below 20


def opened(raw: bytes, expected: str, largest_part: int = LARGEST_PART) -> zipfile.ZipFile:
    """Open an archive whose members may all be read; raise ReadingError where it is none, damaged, or unpacks to too much.

    `largest_part` is the most bytes that a member of XML or HTML may have. Python reads no more of a member than the size
    that it declares, so that the sizes declared are the ones that count.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ReadingError(f"is not {expected}, or damaged ({error}); open it in the program that made it and save it again") from error
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise ReadingError(f"holds {len(members)} files; expected at most {MOST_MEMBERS}; divide it")
    total = sum(member.file_size for member in members)
    if total > MOST_UNPACKED or any(_is_bomb(member) for member in members):
        raise ReadingError(
            f"unpacks from {len(raw) / 1e6:.1f} to {total / 1e6:.0f} MB, as no text does; not read, unpack it yourself if you trust it"
        )
    parts = [member for member in members if member.filename.lower().endswith(_MARKUP) and member.file_size > largest_part]
    if parts:
        raise ReadingError(f"holds {parts[0].filename}, which {too_large(parts[0].file_size, largest_part)}")
    return archive


def member(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member; raise ReadingError where it is missing, damaged or protected by a password."""
    info = archive.NameToInfo.get(name) if isinstance(name, str) else name
    if info is None:
        raise ReadingError(f"has no {name} inside, which such files have; open it in the program that made it and save it again")
    if info.flag_bits & 1:
        raise ReadingError("is protected by a password; save it without one")
    try:
        return archive.read(info)
    except Exception as error:  # zlib, struct and others, whatever a damaged archive makes of it
        raise ReadingError(f"is damaged ({error}); get or save it again") from error


def readable_members(archive: zipfile.ZipFile) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """Return the files in an archive in order of their names, without hidden ones and what systems add of their own."""
    files = [(PurePosixPath(info.filename.replace("\\", "/")), info) for info in archive.infolist() if not info.is_dir()]
    return sorted(((path, info) for path, info in files if not _is_hidden(path)), key=lambda found: found[0])


def leads_out(path: PurePosixPath) -> bool:
    """Tell whether a member's name would leave the folder that the archive is unpacked in."""
    return path.is_absolute() or ".." in path.parts or ":" in path.parts[0]


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in path.parts)


def _is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size > _STEEP_FROM and info.file_size > _STEEPEST * max(info.compress_size, 1)
