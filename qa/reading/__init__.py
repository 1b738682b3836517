"""Reads files into articles: folders and archives of text, Markdown, web pages, PDF, Word and other documents, mail and tables.

A file, row or line that can't be read becomes a notice and the rest goes on. A file of several articles is divided, and what a
file doesn't state of an article is read from its first and last lines where these say it beyond doubt.
Knows nothing of indexes.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from qa.errors import ReadingError
from qa.reading.columns import FIELDS
from qa.reading.docx import read_docx
from qa.reading.epub import read_epub
from qa.reading.files import Notice, Source, read_bytes, shown, too_large
from qa.reading.jsonl import read_jsonl
from qa.reading.mail import read_mail
from qa.reading.markdown import read_markdown
from qa.reading.metadata import with_metadata
from qa.reading.odt import read_odt
from qa.reading.page import read_page
from qa.reading.pdf import read_pdf
from qa.reading.plain import read_plain
from qa.reading.rtf import read_rtf
from qa.reading.several import divided
from qa.reading.table import read_table
from qa.reading.zipped import MOST_UNPACKED, leads_out, member, opened, readable_members
from qa.types import Article

__all__ = ["FIELDS", "READERS", "Notice", "article_files", "pasted", "read", "read_source"]

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads one kind of file, and how large such a file may be, in bytes.

    `rows` tells that each row is an article that states what is known of it, so that nothing is read out of its text.
    """

    articles: Callable[[Source], Iterator[Article | Notice]]
    limit: int = 64 * _MB
    rows: bool = False


READERS: dict[str, Reader] = {
    ".csv": Reader(read_table, 1024 * _MB, rows=True),
    ".docx": Reader(read_docx),
    ".eml": Reader(read_mail),
    ".epub": Reader(read_epub),
    ".htm": Reader(read_page, 20 * _MB),
    ".html": Reader(read_page, 20 * _MB),
    ".jsonl": Reader(read_jsonl, 4096 * _MB, rows=True),
    ".markdown": Reader(read_markdown),
    ".md": Reader(read_markdown),
    ".odt": Reader(read_odt),
    ".pdf": Reader(read_pdf, 512 * _MB),
    ".rtf": Reader(read_rtf, 20 * _MB),
    ".tsv": Reader(read_table, 1024 * _MB, rows=True),
    ".txt": Reader(read_plain),
    ".xhtml": Reader(read_page, 20 * _MB),
    ".zip": Reader(lambda source: _in_archive(source), 1024 * _MB, rows=True),  # noqa: PLW0108  (it is defined below and needs this table)
}


def read(paths: Sequence[Path], columns: Mapping[str, str] | None = None) -> Iterator[Article | Notice]:
    """Yield the articles of files and folders, and a notice for whatever could not be read as it stands.

    `columns` tells which column of tables and JSON Lines holds which field. Ids are unique: a second article with the id
    of an earlier one is skipped with a notice. Raises ReadingError where a path doesn't exist, a single file is of no
    known kind, or there is no such field.
    """
    for field in columns or {}:
        if field not in FIELDS:
            raise ReadingError(f"{field!r} is not a field of an article; expected one of {', '.join(FIELDS)}")
    taken: dict[str, str | None] = {}
    for found in article_files(paths):
        if isinstance(found, Notice):
            yield found
            continue
        path, default_id = found
        for item in _read_file(path, default_id, columns or {}):
            if isinstance(item, Notice):
                yield item
            elif item.id not in taken:
                taken[item.id] = item.source
                yield item
            else:
                also = f"id {item.id!r} is already the id of {taken[item.id]}; give one of them another id"
                yield Notice(item.source or shown(path), also, skipped=True, id=item.id)


def pasted(text: str) -> Iterator[Article | Notice]:
    """Yield the article that a person pasted, or a notice; the same words have the same id."""
    raw = text.encode("utf-8", "replace")
    yield from read_source(READERS[".txt"], Source("pasted text", raw, f"pasted-{hashlib.sha256(raw).hexdigest()[:8]}"))


def article_files(paths: Sequence[Path]) -> Iterator[tuple[Path, str] | Notice]:
    """Yield every readable file under `paths` with the id its article has unless the file states one.

    The id is the path below the folder without its ending; two files that differ only in the ending keep it.
    """
    for path in paths:
        if path.is_dir():
            yield from _in_folder(path)
        elif not path.exists():
            raise ReadingError(f"{shown(path)}: there is no such file or folder; give files or folders of articles")
        elif path.suffix.lower() in READERS:
            yield path, path.stem
        else:
            known = ", ".join(sorted(READERS))
            raise ReadingError(f"{shown(path)}: can't read {path.suffix or 'a file without an ending'}; expected one of {known}")


def read_source(reader: Reader, source: Source) -> Iterator[Article | Notice]:
    """Yield what a reader makes of a source, and a notice in place of every error, so that it never stops the rest."""
    try:
        for item in reader.articles(source):
            if reader.rows or isinstance(item, Notice) or item.kind == "digest":
                yield item
                continue
            for part in divided(item):
                yield part if isinstance(part, Notice) else with_metadata(part)
    except ReadingError as error:
        yield Notice(source.name, str(error), skipped=True)
    except Exception as error:  # a damaged or hostile file makes libraries raise anything, and stops nobody
        what = f"{type(error).__name__}: {str(error)[:200]}".rstrip(": ")
        yield Notice(source.name, f"can't be read ({what}); open it in the program that made it and save it again", skipped=True)


def _read_file(path: Path, default_id: str, columns: Mapping[str, str]) -> Iterator[Article | Notice]:
    reader = READERS[path.suffix.lower()]
    try:
        source = Source(shown(path), read_bytes(path, reader.limit), default_id, columns)
    except ReadingError as error:
        yield Notice(shown(path), str(error), skipped=True)
        return
    yield from read_source(reader, source)


def _in_archive(source: Source) -> Iterator[Article | Notice]:
    """Yield the articles of the files in a .zip, each read in memory; other archives inside are not opened."""
    with opened(source.raw, "a ZIP archive", MOST_UNPACKED) as archive:
        files = [(path, info) for path, info in readable_members(archive) if path.suffix.lower() in READERS]
        if not files:
            raise ReadingError(f"holds no file that can be read; expected files ending in {', '.join(sorted(READERS))}")
        for (path, info), stem in zip(files, _stems([path for path, _ in files]), strict=True):
            name = f"{source.name}/{path}"
            if leads_out(path):
                yield Notice(name, "has a name that leads out of the archive; not read, rename it", skipped=True)
                continue
            reader = READERS[path.suffix.lower()]
            if path.suffix.lower() == ".zip":
                yield Notice(name, "is an archive inside an archive; unpack the outer one", skipped=True)
                continue
            try:
                if info.file_size > reader.limit:
                    raise ReadingError(too_large(info.file_size, reader.limit))  # noqa: TRY301  (one way out for whatever is wrong)
                inside = Source(name, member(archive, info), f"{source.default_id}/{stem}", source.columns)
            except ReadingError as error:
                yield Notice(name, str(error), skipped=True)
                continue
            yield from read_source(reader, inside)


def _in_folder(folder: Path) -> Iterator[tuple[Path, str] | Notice]:
    files: list[Path] = []
    for found in _walk(folder):
        if isinstance(found, Notice):
            yield found
        elif found.suffix.lower() in READERS:
            files.append(found)
    yield from zip(files, _stems([file.relative_to(folder) for file in files]), strict=True)


def _stems(files: Sequence[PurePath]) -> list[str]:
    """Return each name without its ending, and with it where two files differ only in that."""
    stems = [file.with_suffix("").as_posix() for file in files]
    counted = Counter(stems)
    return [stem if counted[stem] == 1 else file.as_posix() for file, stem in zip(files, stems, strict=True)]


def _walk(folder: Path) -> Iterator[Path | Notice]:
    """Yield the files below `folder` in order of their names; hidden ones, links to folders and pipes are left out."""
    refused: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(root) / name
            if not name.startswith(".") and (file.is_file() or file.is_symlink()):
                yield file
    for error in refused:
        where = shown(Path(error.filename or folder))
        yield Notice(where, f"can't be read ({error.strerror}); check its permissions", skipped=True)
