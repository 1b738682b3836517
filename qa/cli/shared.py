"""What all commands share: options, errors as one line, bars, and how things are printed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from qa import settings
from qa.errors import SettingsError, WhosaidError

if TYPE_CHECKING:
    from qa.index.home import Progress
    from qa.library import Library
    from qa.models.writer import Writer
    from qa.settings import Place
    from qa.types import Article, PartialDate

P = ParamSpec("P")


R = TypeVar("R")


class _PlaceType(click.ParamType):  # type: ignore[type-arg]  # older versions of click take no arguments here
    """Where an index is: a folder or Milvus."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """Return the place that the option names; a wrong one is wrong usage."""
        try:
            return settings.place_of(value) if isinstance(value, str) else value
        except SettingsError as error:
            self.fail(str(error), param, ctx)


FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


NEW_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


def reporting(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what went wrong into one line on standard error and status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except WhosaidError as error:
            raise Failed(" ".join(str(error).split())) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise Failed(f"{error.filename or 'input or output'}: {error.strerror or error}; check the path and the space left") from error

    return wrapped


class Failed(click.ClickException):
    """Shown as "whosaid: ..." with exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line."""
        click.echo(f"whosaid: {self.format_message()}", file=file or sys.stderr)


PLACE = _PlaceType()


place_option = click.option(
    "--index",
    "index",
    type=PLACE,
    metavar="PLACE",
    default=None,
    help="Where the index is: a folder, or milvus:http://HOST:19530/NAME.  [default: index/ or WHOSAID_INDEX]",
)


def index_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --index and --model."""
    command = place_option(command)
    return click.option("--model", default=None, help="Sentence encoder by folder or name.  [default: the bundled one or WHOSAID_MODEL]")(
        command
    )


reader_option = click.option(
    "--reader", default=None, help="Cross-encoder that reads what was found, by folder or name.  [default: the one that ships]"
)


def writer_options(*, several: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --writer and --rewrite."""
    more = " May be repeated: the page lets people choose." if several else ""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        command = click.option(
            "--rewrite",
            is_flag=True,
            help="Let the writer make follow-ups stand alone, where that changes nothing.  [or WHOSAID_REWRITE=1]",
        )(command)
        return click.option(
            "--writer",
            "writer",
            multiple=several,
            metavar="MODEL",
            help="Language model that words the answer from its quotes, each sentence checked: a folder, a name in the local cache, or a"
            f" server with its model, http://127.0.0.1:11434/v1#qwen2.5:1.5b.{more}  [default: none, or WHOSAID_WRITER]",
        )(command)

    return decorated


def batch_options(lines: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --batch, whose file holds such lines, and --output."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        command = click.option("--output", type=NEW_FILE, help="Where --batch writes a JSON line for each line it reads.")(command)
        return click.option("--batch", type=FILE, help=lines)(command)

    return decorated


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def opened(index: Place | None, model: str | None, reader: str | None = None) -> Library:
    """Return the library that these options name."""
    from qa.library import Library

    return Library.open(index or settings.default_index(), model=model, reader=reader)


def writers_told(told: Sequence[str], *, rewrite: bool) -> tuple[tuple[Writer, ...], bool]:
    """Return the writers that are told by options or else by the environment, and whether the first makes follow-ups stand alone."""
    from qa.models.writer import writers

    found = writers(tuple(told) or settings.writers())
    if rewrite and not found:
        raise SettingsError("--rewrite needs a language model; name one with --writer or WHOSAID_WRITER")
    return found, rewrite or (settings.rewrite() and bool(found))


def date_of(text: str | None, option: str) -> PartialDate | None:
    """Return the date that an option gives, None where it isn't given; raise SettingsError where it is none."""
    from qa.types import PartialDate

    if not text:
        return None
    try:
        return PartialDate.parse(text)
    except ValueError as error:
        raise SettingsError(f"{option} {text!r} is not a date; expected 2025, 2025-10 or 2025-10-08") from error


def shortened(text: str, width: int = 160) -> str:
    """Return a text in one line of at most so many characters."""
    words = " ".join(text.split())
    return words if len(words) <= width else f"{words[: width - 1].rstrip()}…"


def article_line(article: Article) -> str:
    """Return whose article it is, and its title."""
    return f"{article.group or 'unknown group'}, {article.title or '(no title)'}"


def print_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def bars() -> Iterator[Progress]:
    """Give a progress function that draws a bar on standard error for whatever takes over a second."""
    from tqdm import tqdm

    bars: dict[str, Any] = {}
    started = time.monotonic()

    def show(doing: str, done: int, total: int) -> None:
        if time.monotonic() - started < 1 and not bars:
            return
        if doing not in bars:
            bars[doing] = tqdm(total=total or None, desc=doing, unit_scale=True, file=sys.stderr, leave=False, disable=None)
        bars[doing].update(done - bars[doing].n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
