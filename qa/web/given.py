"""What people give to the page: copies of their files, links or a text, read under the names by which people know them.

Knows nothing of what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from qa import library
from qa.errors import WhosaidError
from qa.reading import Notice, pasted, read
from qa.reading.files import shown
from qa.types import Article, Link

LONGEST_TEXT = 100_000  # characters of a pasted text: a post holds it twice, with up to four bytes for each
MOST_LINKS = 50  # pasted at once
GIVEN = "given to the page"
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def links_in(text: str) -> list[str]:
    """Return the addresses that a pasted text consists of, none where it is anything else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return list(dict.fromkeys(lines)) if lines and all(_ADDRESS.fullmatch(line) for line in lines) else []


def understood(files: Sequence[Path], text: str, progress: Callable[[str, int, int], None]) -> Iterator[Article | Notice | Link]:
    """Yield the articles of files, and of the links or the text that was pasted, with notices for whatever can't be read."""
    for file in files:
        yield from _in_file(file)
    links = links_in(text)
    if len(links) > MOST_LINKS:
        yield Notice("pasted links", f"{len(links)} links; expected {MOST_LINKS} at most, nothing was read from the others", skipped=True)
    if links:
        yield from library.read_things(links[:MOST_LINKS], progress=progress)
    elif len(text) > LONGEST_TEXT:
        message = f"has more than {LONGEST_TEXT:,} characters; save it as a .txt file and drop that here"
        yield Notice("pasted text", message, skipped=True)
    elif text.strip() and len(text.split()) == 1:
        yield Notice("pasted text", f"“{text.strip()[:60]}” is a single word; a link begins with https://", skipped=True)
    elif text.strip():
        yield from pasted(text)


def _in_file(file: Path) -> Iterator[Article | Notice]:
    """Yield what a file holds under the name that it was given by, not where its copy lies."""
    path, name = shown(file), shown(Path(file.name))
    try:
        for item in read([file]):
            if isinstance(item, Article):
                yield replace(item, source=f"{(item.source or '').replace(path, name)}, {GIVEN}")
            else:
                yield replace(item, source=item.source.replace(path, name), message=item.message.replace(path, name))
    except WhosaidError as error:
        yield Notice(name, str(error).replace(path, name).removeprefix(f"{name}: "), skipped=True)


def delete(files: Iterable[Path]) -> None:
    """Delete copies with the folders that were made for them."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
            file.parent.rmdir()
        except OSError:
            pass  # the folder holds more, or is gone; it goes with the server at the latest
