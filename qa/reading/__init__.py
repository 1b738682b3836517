"""Reads files into articles: folders, Markdown with front matter, plain text and JSON Lines.

A file or line that can't be read becomes a notice and the rest goes on; nothing is guessed that the file doesn't state.
Knows nothing of indexes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qa.errors import ReadingError
from qa.reading.files import Notice
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
    taken: dict[str, Article] = {}
    for path, default_id in article_files(paths):
        for item in READERS[path.suffix.lower()](path, default_id):
            if isinstance(item, Notice):
                yield item
            elif item.id not in taken:
                taken[item.id] = Article(item.id, "", source=item.source)
                yield item
            else:
                yield Notice(
                    item.source or str(path),
                    f"id {item.id!r} is already the id of {taken[item.id].source}; give one of them another id",
                    skipped=True,
                    id=item.id,
                )


def article_files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield every readable file under `paths` with the id its article has unless the file states one.

    The id is the path below the folder without its ending; two files that differ only in the ending keep it.
    """
    for path in paths:
        if path.is_dir():
            files = [file for file in _walk(path) if file.suffix.lower() in READERS]
            stems = [file.relative_to(path).with_suffix("").as_posix() for file in files]
            for file, stem in zip(files, stems, strict=True):
                yield file, stem if stems.count(stem) == 1 else file.relative_to(path).as_posix()
        elif not path.exists():
            raise ReadingError(f"{path}: there is no such file or folder; give files or folders of articles")
        elif path.suffix.lower() in READERS:
            yield path, path.stem
        else:
            known = ", ".join(sorted(READERS))
            raise ReadingError(f"{path}: can't read {path.suffix or 'a file without an ending'}; expected one of {known}")


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below `folder` in order of their names; hidden ones and links to folders are left out."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(root) / name
