"""The command line: parses, calls the library, prints. Status 0, 1 (failed, one line says why) or 2 (wrong usage)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from qa import settings
from qa.errors import SettingsError, WhosaidError
from qa.rows import Row, answer_row, article_row, check_row, comparison_row, passage_row, report_row, statement_row, written

if TYPE_CHECKING:
    from qa.index.build import Progress
    from qa.library import Library
    from qa.types import Answer, Article, PartialDate, Question, Statement

P = ParamSpec("P")
R = TypeVar("R")

_FOLDER = click.Path(path_type=Path, file_okay=True, dir_okay=True)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


class _Commands(click.Group):
    """Lists commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def _reporting(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what went wrong into one line on standard error and status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except WhosaidError as error:
            raise _Failed(" ".join(str(error).split())) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise _Failed(f"{error.filename or 'input or output'}: {error.strerror or error}; check the path and the space left") from error

    return wrapped


class _Failed(click.ClickException):
    """Shown as "whosaid: ..." with exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"whosaid: {self.format_message()}", file=file or sys.stderr)


def _index_option(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--index", "index", type=_FOLDER, default=None, help="Folder of the index.  [default: index/ or WHOSAID_INDEX]")(
        command
    )
    return click.option("--model", default=None, help="Sentence encoder by folder or name.  [default: the bundled one or WHOSAID_MODEL]")(
        command
    )


_reader_option = click.option(
    "--reader", default=None, help="Cross-encoder that reads what was found, by folder or name.  [default: the one that ships]"
)


def _filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--until", metavar="DATE", help="Only articles of this date or earlier (2025, 2025-10 or 2025-10-08).")(command)
    command = click.option("--since", metavar="DATE", help="Only articles of this date or later.")(command)
    command = click.option("--group", "groups", multiple=True, metavar="NAME", help="Only articles of this group; may be repeated.")(
        command
    )
    command = click.option("--speaker", "speakers", multiple=True, metavar="NAME", help="Only where this person or body speaks.")(command)
    return click.option(
        "--after", "history", multiple=True, metavar="QUESTION", help="An earlier question of the conversation; may be repeated."
    )(command)


def _batch_options(lines: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --batch, whose file holds such lines, and --output."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        command = click.option("--output", type=_NEW_FILE, help="Where --batch writes a JSON line for each line it reads.")(command)
        return click.option("--batch", type=_FILE, help=lines)(command)

    return decorated


_question_batch = _batch_options('Questions, one JSON object a line: "id", "question", "history", "groups", "since", "until".')
_quote_batch = _batch_options('Quotes, one JSON object a line: "id", "quote" and, where wanted, "speaker".')
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="whosaid", message="whosaid %(version)s")
def main() -> None:
    """Ask which group said what, and get word-for-word quotes: said by X, published by Y."""


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_index_option
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    help="A groups.toml with names and aliases.  [default: the one in PATHS, and the one that ships]",
)
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=NAME", help="Which column of tables and JSON Lines holds a field; may be repeated."
)
@click.option("--rebuild", is_flag=True, help="Encode everything again, for example with another model.")
@_json_option
@_reporting
def build(
    paths: tuple[Path, ...],
    index: Path | None,
    model: str | None,
    groups: Path | None,
    columns: tuple[str, ...],
    rebuild: bool,
    as_json: bool,
) -> None:
    """Make the index hold the articles under PATHS: folders, .md, .html, .pdf, .docx and other files.

    Unchanged articles cost nothing, changed ones are replaced, vanished ones removed.
    """
    from qa import library

    folder = index or settings.default_index()
    told = {
        field.strip(): name.strip() for field, _, name in (column.partition("=") for column in columns) if field.strip() and name.strip()
    }
    if len(told) < len(columns):
        raise click.UsageError(f"--column {' --column '.join(columns)}: expected FIELD=NAME, each field once, such as text=body")
    with _bars() as progress:
        report = library.build(folder, list(paths), model=model, groups=groups, columns=told, rebuild=rebuild, progress=progress)
    for notice in report.notices:
        click.echo(f"whosaid: {notice}", err=True)
    counts = {"added": report.added, "changed": report.changed, "removed": report.removed, "unchanged": report.unchanged}
    if as_json:
        skipped = [str(notice) for notice in report.skipped]
        _print_json(
            {"index": str(folder), **counts, "skipped": skipped, "sentences": report.sentences, "seconds": round(report.seconds, 2)}
        )
    else:
        done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        click.echo(f"{folder}: {done}; {report.sentences} sentences encoded in {report.seconds:.1f} s")
    if report.skipped:
        raise _Failed(f"{len(report.skipped)} of the inputs could not be read, see above; the rest is in the index")


@main.command()
@click.argument("question", required=False)
@_index_option
@_filter_options
@_question_batch
@_reader_option
@_json_option
@_reporting
def ask(
    question: str | None,
    index: Path | None,
    model: str | None,
    history: tuple[str, ...],
    groups: tuple[str, ...],
    speakers: tuple[str, ...],
    since: str | None,
    until: str | None,
    batch: Path | None,
    output: Path | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """Answer QUESTION with attributed quotes, or say that nobody in the corpus speaks of it."""
    _one_of("QUESTION", question, batch, output)
    library = _open(index, model, reader)
    if batch and output:
        nothing: Row = {"answered": False, "citations": []}
        _run_batch(batch, output, "question", lambda row: answer_row(library.ask(_question_of(row))), nothing)
        return
    answer = library.ask(_question(question or "", history, groups, speakers, since, until))
    if as_json:
        also = [passage_row(library, hit) for hit in answer.also_found]
        _print_json({"question": answer.question, **answer_row(answer), "also_found": also})
        return
    if read_as := _read_as(answer):
        click.secho(read_as, dim=True)
    click.echo(answer.text)
    if answer.citations:
        click.echo("\n" + "\n".join(_source_line(row) for row in answer_row(answer)["citations"]))
    elif answer.also_found:
        click.echo("\nNearest passages, which don't answer:")
        for hit in answer.also_found[:3]:
            click.echo(f"  {_of(hit.article)}: {_shortened(library.passage_text(hit))}")


def _read_as(answer: Answer) -> str:
    """Return in a line how a misspelt name or a date was read; nothing where neither was."""
    readings = answer.query.readings if answer.query else ()
    guessed = [f"“{reading.words}” as {reading.meaning}" for reading in readings if reading.guessed]
    dates = [f"articles {reading.meaning}" for reading in readings if reading.kind in ("since", "until")]
    return f"Read as: {'; '.join([*guessed, *dates])}." if guessed or dates else ""


@main.command()
@click.argument("question", required=False)
@click.option("-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many passages.")
@_index_option
@_filter_options
@_question_batch
@_json_option
@_reporting
def search(
    question: str | None,
    count: int,
    index: Path | None,
    model: str | None,
    history: tuple[str, ...],
    groups: tuple[str, ...],
    speakers: tuple[str, ...],
    since: str | None,
    until: str | None,
    batch: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Find the passages nearest to QUESTION, from the groups and dates that it names."""
    _one_of("QUESTION", question, batch, output)
    library = _open(index, model)

    def found(asked: Question) -> Row:
        return {"passages": [passage_row(library, hit) for hit in library.search(asked, count)]}

    if batch and output:
        _run_batch(batch, output, "question", lambda row: found(_question_of(row)), {"passages": []})
        return
    row = found(_question(question or "", history, groups, speakers, since, until))
    if as_json:
        _print_json({"question": question, **row})
        return
    for number, passage in enumerate(row["passages"], 1):
        click.echo(
            f"{number:>2}. {passage['group'] or 'unknown group'} · {passage['article']}"
            f" [{passage['start']}:{passage['end']}] {passage['score']:.2f}"
        )
        click.echo(f"    {_shortened(passage['text'], 300)}")


@main.command()
@click.argument("topic")
@_index_option
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="Only these groups; may be repeated.  [default: all that have articles]"
)
@click.option("--since", metavar="DATE", help="Only articles of this date or later.")
@click.option("--until", metavar="DATE", help="Only articles of this date or earlier (2025, 2025-10 or 2025-10-08).")
@click.option("--by-date", is_flag=True, help="In order of time, to see who changed.")
@_reader_option
@_json_option
@_reporting
def compare(
    topic: str,
    index: Path | None,
    model: str | None,
    groups: tuple[str, ...],
    since: str | None,
    until: str | None,
    by_date: bool,
    reader: str | None,
    as_json: bool,
) -> None:
    """Tell of each group what it says on TOPIC, whether it only mentions it, or that nothing was found in its articles."""
    library = _open(index, model, reader)
    found = library.compare(_question(topic, (), groups, (), since, until), by_date=by_date)
    if as_json:
        _print_json(comparison_row(found))
    else:
        click.echo(found.text)


@main.command()
@click.argument("quote", required=False)
@click.option("--speaker", metavar="NAME", help="The person or body that is said to have said it.")
@_index_option
@_quote_batch
@_json_option
@_reporting
def check(
    quote: str | None, speaker: str | None, index: Path | None, model: str | None, batch: Path | None, output: Path | None, as_json: bool
) -> None:
    """Tell who said QUOTE, where, and whether word for word; "-" reads it from standard input."""
    _one_of("QUOTE", quote, batch, output)
    if batch and speaker is not None:
        raise click.UsageError('--speaker goes with QUOTE; in a --batch FILE each line may have its "speaker"')
    library = _open(index, model)
    if batch and output:
        nothing: Row = {"verdict": None, "findings": []}
        _run_batch(batch, output, "quote", lambda row: check_row(library.check(row["quote"], _speaker_of(row))), nothing)
        return
    pasted = sys.stdin.buffer.read().decode("utf-8", "replace") if quote == "-" else quote or ""
    found = library.check(pasted, speaker)
    if as_json:
        _print_json(check_row(found))
    else:
        click.echo(found.text)


@main.command()
@click.argument("article", required=False)
@_index_option
@click.option("--speaker", metavar="NAME", help="Only what this person or body says.")
@click.option("--all", "with_all", is_flag=True, help="Also what an article says that somebody thinks, wants or does.")
@click.option("--batch", type=_FILE, help="Articles to read instead of an index: a file of any kind that build reads.")
@click.option("--output", type=_NEW_FILE, help="Where --batch writes a JSON line for each article, all its statements in it.")
@_json_option
@_reporting
def statements(
    article: str | None,
    index: Path | None,
    model: str | None,
    speaker: str | None,
    with_all: bool,
    batch: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """List who says what: in ARTICLE (by its id), or in every article of the index."""
    if batch or output:
        if article or speaker or not (batch and output):
            raise click.UsageError("--batch FILE and --output FILE go together, without ARTICLE and --speaker")
        _attribute(batch, output)
        return
    try:
        found = _open(index, model).said(speaker, article)
    except KeyError:
        raise SettingsError(f"no article with the id {article!r}; whosaid articles lists them") from None
    found = [(home, statement) for home, statement in found if with_all or statement.speech]
    if as_json:
        _print_json([{"article": home.id, "group": home.group, **statement_row(statement)} for home, statement in found])
        return
    for home, statement in found:
        words = _shortened(" […] ".join(span.of(home.text) for span in statement.content), 300)
        place = f"{home.id} [{statement.content[0].start}:{statement.content[-1].end}]"
        click.echo(f"{_said_by(statement)} · {statement.voice if statement.speech else 'told of'} · {place}\n    {words}")


def _said_by(statement: Statement) -> str:
    name = statement.speaker or "(nobody named)"
    return f"{name} ({statement.organisation})" if statement.organisation else name


def _attribute(batch: Path, output: Path) -> None:
    """Write the statements of each article of a file, and say what could not be read."""
    from qa import library
    from qa.reading import Notice

    skipped = 0
    with output.open("w", encoding="utf-8") as stream, _bars() as progress:
        for done, item in enumerate(library.attribute([batch]), 1):
            if isinstance(item, Notice):
                click.echo(f"whosaid: {item}", err=True)
                skipped += item.skipped
                continue
            home, said = item
            row = {"id": home.id, "statements": [statement_row(statement) for statement in said]}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            progress("Reading who says what", done, 0)
    if skipped:
        raise _Failed(f"{skipped} of the inputs could not be read, see above; the others are in {output}")


@main.command()
@click.argument("name", required=False)
@click.argument("canonical", required=False)
@click.option("--index", "index", type=_FOLDER, default=None, help="Folder of the index.  [default: index/ or WHOSAID_INDEX]")
@click.option("--remove", metavar="NAME", help="Let a corrected name stand for itself again.")
@_json_option
@_reporting
def alias(name: str | None, canonical: str | None, index: Path | None, remove: str | None, as_json: bool) -> None:
    """Let NAME stand for CANONICAL, to correct a name or merge two; without names, list what was corrected.

    Takes effect at once and encodes nothing.
    """
    from qa import library

    folder = index or settings.default_index()
    if remove is not None and name is None:
        corrected = library.set_alias(folder, remove, None)
    elif remove is None and name is not None and canonical is not None:
        corrected = library.set_alias(folder, name, canonical)
    elif remove is None and name is None:
        corrected = library.aliases(folder)
    else:
        raise click.UsageError("give NAME and CANONICAL, or --remove NAME, or nothing to list them")
    if as_json:
        _print_json(corrected)
        return
    for known, meant in sorted(corrected.items()):
        click.echo(f"{known} → {meant}")
    if not corrected:
        click.echo("no corrected names")


@main.command()
@_index_option
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Only articles of this group; may be repeated.")
@click.option("--text", "with_text", is_flag=True, help="With the text of each, as stored (with --json or --output).")
@click.option("--output", type=_NEW_FILE, help="Write a JSON line for each article to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@_reporting
def articles(index: Path | None, model: str | None, groups: tuple[str, ...], with_text: bool, output: Path | None, as_json: bool) -> None:
    """List the articles in the index, the newest first."""
    library = _open(index, model)
    wanted = {library.canonical(name) for name in groups}
    listed = [article for article in library.articles(with_text=with_text) if not wanted or article.group in wanted]
    rows = [article_row(article, with_text) for article in listed]
    if output:
        with output.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    elif as_json:
        _print_json(rows)
    else:
        for article in listed:
            published = str(article.published or "unknown")
            click.echo(f"{published:<10}  {_of(article)}  [{article.id}]")


@main.command()
@_index_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@_reporting
def groups(index: Path | None, model: str | None, as_json: bool) -> None:
    """List the groups that have articles in the index, with their other names."""
    library = _open(index, model)
    entries = library.groups()
    if as_json:
        _print_json(
            [
                {
                    "name": entry.group.name, "articles": entry.articles, "kind": entry.group.kind, "aliases": list(entry.group.aliases),
                    "publications": list(entry.group.publications), "parent": entry.group.parent,
                    "first": written(entry.first), "last": written(entry.last),
                }
                for entry in entries
            ]
        )  # fmt: skip
        return
    for entry in entries:
        also = ", ".join(dict.fromkeys((*entry.group.aliases, *entry.group.publications)))
        click.echo(f"{entry.articles:>4}  {entry.group.name}{f'  (also: {also})' if also else ''}")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_index_option
@click.option("--failures", type=click.IntRange(0), default=0, metavar="N", help="Also list the N worst questions of each file.")
@_json_option
@_reporting
def evaluate(files: tuple[Path, ...], index: Path | None, model: str | None, failures: int, as_json: bool) -> None:
    """Measure the answers to questions whose right answers are known.

    FILES are JSON Lines: a "question" a line, with what is right. The other fields tell what is measured:

    \b
    "quotes", "groups", "speakers", "kind"   answers: any of these sentences, by these groups and speakers;
                                             "kind": "none" where nobody answers, "groups" where several do
    "answerable", "gold_sentences"           whether it is answered, true or false
    "gold": [{"article", "fact"}]            search: the words that passages should hold
    "gold": [article], "answerability"       search in a conversation, and silence on the "UNANSWERABLE"
    "article", "content", "names"            who said what stands at [[start, end]] of an article

    These are never filters. "history" (earlier questions) and "filters" ("groups", "speakers", "since", "until") are asked.
    """  # noqa: D301  click needs the \b itself
    from qa.evaluation.gold import read_questions
    from qa.evaluation.run import doubts
    from qa.evaluation.run import evaluate as run
    from qa.evaluation.tables import lines

    questions = [read_questions(file) for file in files]
    library = _open(index, model)
    for doubt in doubts(library, questions):
        click.echo(f"whosaid: {doubt}", err=True)
    with _bars() as progress:
        reports = run(library, questions, progress)
    if as_json:
        _print_json({"files": [report_row(report, failures) for report in reports]})
    else:
        click.echo("\n\n".join("\n".join(lines(report, failures)) for report in reports))


@main.command()
@_index_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; only this machine by default.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port to listen on.  [default: 7860 or the next free one]")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@_reporting
def serve(index: Path | None, model: str | None, host: str, port: int | None, open_browser: bool) -> None:
    """Open the chat page; the first time, build the index of the articles that ship with whosaid."""
    from qa.web import serve as serve_page

    corpus = [] if index else [settings.shipped_corpus()]
    serve_page(index or settings.default_index(), corpus, host=host, port=port, model=model, open_browser=open_browser)


# ---- opening and asking


def _open(index: Path | None, model: str | None, reader: str | None = None) -> Library:
    from qa.library import Library

    return Library.open(index or settings.default_index(), model=model, reader=reader)


def _one_of(what: str, given: str | None, batch: Path | None, output: Path | None) -> None:
    if (given is None) == (batch is None):
        raise click.UsageError(f"give either a {what} or --batch FILE")
    if (batch is None) != (output is None):
        raise click.UsageError("--batch FILE and --output FILE go together")


def _question(
    text: str, history: Iterable[str], groups: Iterable[str], speakers: Iterable[str], since: str | None, until: str | None
) -> Question:
    from qa.types import Question

    return Question(text, tuple(history), tuple(groups), tuple(speakers), since=_date(since, "since"), until=_date(until, "until"))


def _date(text: str | None, option: str) -> PartialDate | None:
    from qa.types import PartialDate

    if not text:
        return None
    try:
        return PartialDate.parse(text)
    except ValueError as error:
        raise SettingsError(f"{option} {text!r} is not a date; expected 2025, 2025-10 or 2025-10-08") from error


def _run_batch(batch: Path, output: Path, needed: str, run: Callable[[Row], Row], nothing: Row) -> None:
    """Write a row for each line of `batch`, which has the field `needed`; one that can't be used gets `nothing` and an error."""
    text = batch.read_text("utf-8", errors="replace")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    failed: list[str] = []
    with output.open("w", encoding="utf-8") as stream, _bars() as progress:
        for done, (number, line) in enumerate(lines, 1):
            id: Any = None
            try:
                row = _parsed(line, needed)
                id = row.get("id")
                result = run(row)
            except WhosaidError as error:
                failed.append(f"{batch}:{number}: {error}")
                result = {**nothing, "text": str(error), "error": str(error)}
            stream.write(json.dumps({"id": id, **result}, ensure_ascii=False) + "\n")
            progress("Asking", done, len(lines))
    for problem in failed:
        click.echo(f"whosaid: {problem}", err=True)
    if failed:
        raise _Failed(f"{len(failed)} of {len(lines)} lines could not be used, see above; the others are in {output}")


def _parsed(line: str, needed: str) -> Row:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SettingsError(f'is not JSON; expected an object with "id" and "{needed}"') from error
    if not isinstance(row, dict) or not isinstance(row.get(needed), str):
        raise SettingsError(f'has no "{needed}"; expected an object with "id" and "{needed}"')
    return row


def _question_of(row: Row) -> Question:
    since, until = (str(row[name]) if row.get(name) else None for name in ("since", "until"))
    return _question(row["question"], _texts(row, "history"), _texts(row, "groups"), (), since, until)


def _speaker_of(row: Row) -> str | None:
    speaker = row.get("speaker")
    if speaker is not None and not isinstance(speaker, str):
        raise SettingsError(f'"speaker" is {json.dumps(speaker)[:60]}; expected a name')
    return speaker


def _texts(row: Row, name: str) -> list[str]:
    value = row.get(name) or []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise SettingsError(f'"{name}" is {json.dumps(value)[:60]}; expected a list of texts')
    return value


# ---- showing


def _source_line(row: Row) -> str:
    about = ", ".join(part for part in (row["published"], row["url"], f"page {row['page']}" if row["page"] else "") if part)
    place = f"{row['article']} [{row['start']}:{row['end']}]"
    return f"[{row['number']}] {row['title'] or '(no title)'}{f' ({about})' if about else ''} · {place}"


def _of(article: Article) -> str:
    return f"{article.group or 'unknown group'}, {article.title or '(no title)'}"


def _shortened(text: str, width: int = 160) -> str:
    words = " ".join(text.split())
    return words if len(words) <= width else f"{words[: width - 1].rstrip()}…"


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def _bars() -> Iterator[Progress]:
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
