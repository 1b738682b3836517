"""Reads files into articles: folders, Markdown with front matter, plain text and JSON Lines.

A file or line that can't be read becomes a notice and the rest goes on; nothing is guessed that the file doesn't state.
Knows nothing of indexes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qa.errors import ReadingError
from qa.reading.files import Notice, shown
from qa.reading.jsonl import read_jsonl
from qa.reading.markdown import read_markdown
from qa.reading.plain import read_plain
from qa.types import Article

__all__ = ["READERS", "Notice", "article_files", "read"]

Reader = Callable[[Path, str], Iterator[Article | Notice]]

READERS: dict[str, Reader] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_plain,
    ".jsonl": read_jsonl,
}


def read(paths: Sequence[Path]) -> Iterator[Article | Notice]:
    """Yield the articles of files and folders, and a notice for whatever could not be read as it stands.

    Ids are unique: a second article with the id of an earlier one is skipped with a notice.
    Raises ReadingError where a path doesn't exist or a single file is of no known kind.
    """
    taken: dict[str, str | None] = {}
    for found in article_files(paths):
        if isinstance(found, Notice):
            yield found
            continue
        path, default_id = found
        for item in READERS[path.suffix.lower()](path, default_id):
            if isinstance(item, Notice):
                yield item
            elif item.id not in taken:
                taken[item.id] = item.source
                yield item
            else:
                also = f"id {item.id!r} is already the id of {taken[item.id]}; give one of them another id"
                yield Notice(item.source or shown(path), also, skipped=True, id=item.id)


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


def _in_folder(folder: Path) -> Iterator[tuple[Path, str] | Notice]:
    files: list[Path] = []
    for found in _walk(folder):
        if isinstance(found, Notice):
            yield found
        elif found.suffix.lower() in READERS:
            files.append(found)
    stems = Counter(file.relative_to(folder).with_suffix("").as_posix() for file in files)
    for file in files:
        name = file.relative_to(folder)
        stem = name.with_suffix("").as_posix()
        yield file, stem if stems[stem] == 1 else name.as_posix()


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
