"""Commands that ask: ask, search, compare, check, support, statements; one at a time or many in JSON Lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.cli.shared import (
    FILE,
    NEW_FILE,
    Failed,
    article_line,
    bars,
    batch_options,
    date_of,
    index_option,
    json_option,
    opened,
    print_json,
    reader_option,
    reporting,
    shortened,
    writer_options,
    writers_told,
)
from qa.errors import SettingsError, WhosaidError
from qa.rows import Row, answer_row, check_row, comparison_row, passage_row, statement_row

if TYPE_CHECKING:
    from qa.evidence import Form
    from qa.library import Library
    from qa.models.writer import Writer
    from qa.settings import Place
    from qa.types import Answer, Question, Statement


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


_question_batch = batch_options('Questions, one JSON object a line: "id", "question", "history", "groups", "since", "until".')


_quote_batch = batch_options('Quotes, one JSON object a line: "id", "quote" and, where wanted, "speaker".')


@click.command()
@click.argument("question", required=False)
@index_option
@_filter_options
@_question_batch
@click.option("--evidence", type=NEW_FILE, help="Where to write the answer with all that is needed to check it: .md, .html, .json or .csv.")
@reader_option
@writer_options()
@json_option
@reporting
def ask(
    question: str | None,
    index: Place | None,
    model: str | None,
    history: tuple[str, ...],
    groups: tuple[str, ...],
    speakers: tuple[str, ...],
    since: str | None,
    until: str | None,
    batch: Path | None,
    output: Path | None,
    evidence: Path | None,
    reader: str | None,
    writer: str | None,
    rewrite: bool,
    as_json: bool,
) -> None:
    """Answer QUESTION with attributed quotes, or say that nobody in the corpus speaks of it."""
    _one_of("QUESTION", question, batch, output)
    if batch and evidence:
        raise click.UsageError("--evidence goes with QUESTION, not with --batch")
    form = _form_of(evidence)
    found, rewrites = writers_told([writer] if writer else [], rewrite=rewrite)
    words = found[0] if found else None
    library = opened(index, model, reader)

    def answered(asked: Question) -> Answer:
        return library.ask(library.rewritten(asked, words) if words and rewrites else asked)

    def worded(asked: Question) -> Answer:
        return library.worded(answered(asked), words) if words else answered(asked)

    if batch and output:
        nothing: Row = {"answered": False, "citations": []}
        _run_batch(batch, output, "question", lambda row: answer_row(worded(_question_of(row))), nothing)
        return
    asked = _question(question or "", history, groups, speakers, since, until)
    answer = answered(asked)
    if not as_json and (read_as := _read_as(answer)):
        click.secho(read_as, dim=True)
    if words:
        answer = library.worded(answer, words) if as_json else _as_it_comes(library, answer, words)
    if evidence and form:
        from qa.evidence import limits, of_answer

        evidence.write_text(form([of_answer(answer, limits(asked))], library.article), "utf-8", newline="")
    if as_json:
        also = [passage_row(library, hit) for hit in answer.also_found]
        print_json({"question": answer.question, **answer_row(answer), "also_found": also})
        return
    click.echo(answer.text)
    if answer.citations:
        click.echo("\n" + "\n".join(_source_line(row) for row in answer_row(answer)["citations"]))
    elif answer.also_found:
        click.echo("\nNearest passages, which don't answer:")
        for hit in answer.also_found[:3]:
            click.echo(f"  {article_line(hit.article)}: {shortened(library.passage_text(hit))}")


def _as_it_comes(library: Library, answer: Answer, writer: Writer) -> Answer:
    """Print each sentence that a language model writes as soon as it has passed the checks; return the answer with them."""
    from qa.answering.compose import about_written, in_words_of, with_marks

    printed, worded = 0, answer
    for worded in library.write(answer, writer):
        for sentence in worded.written.sentences[printed:] if worded.written else ():
            click.echo(f" {with_marks(sentence)}" if printed else f"{in_words_of(writer.name)}\n{with_marks(sentence)}", nl=False)
            printed += 1
    if printed:
        click.echo("\n")
    for note in about_written(worded.written) if worded.written else ():
        click.secho(f"{note}\n", dim=True)
    return worded


def _read_as(answer: Answer) -> str:
    """Return in a line how a misspelt name or a date was read; nothing where neither was."""
    readings = answer.query.readings if answer.query else ()
    guessed = [f"“{reading.words}” as {reading.meaning}" for reading in readings if reading.guessed]
    dates = [f"articles {reading.meaning}" for reading in readings if reading.kind in ("since", "until")]
    return f"Read as: {'; '.join([*guessed, *dates])}." if guessed or dates else ""


@click.command()
@click.argument("question", required=False)
@click.option("-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many passages.")
@index_option
@_filter_options
@_question_batch
@json_option
@reporting
def search(
    question: str | None,
    count: int,
    index: Place | None,
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
    library = opened(index, model)

    def found(asked: Question) -> Row:
        return {"passages": [passage_row(library, hit) for hit in library.search(asked, count)]}

    if batch and output:
        _run_batch(batch, output, "question", lambda row: found(_question_of(row)), {"passages": []})
        return
    row = found(_question(question or "", history, groups, speakers, since, until))
    if as_json:
        print_json({"question": question, **row})
        return
    for number, passage in enumerate(row["passages"], 1):
        click.echo(
            f"{number:>2}. {passage['group'] or 'unknown group'} · {passage['article']}"
            f" [{passage['start']}:{passage['end']}] {passage['score']:.2f}"
        )
        click.echo(f"    {shortened(passage['text'], 300)}")


@click.command()
@click.argument("topic")
@index_option
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="Only these groups; may be repeated.  [default: all that have articles]"
)
@click.option("--since", metavar="DATE", help="Only articles of this date or later.")
@click.option("--until", metavar="DATE", help="Only articles of this date or earlier (2025, 2025-10 or 2025-10-08).")
@click.option("--by-date", is_flag=True, help="In order of time, to see who changed.")
@click.option("--output", type=NEW_FILE, help="Where to write it with all that is needed to check it: .csv, .md, .html or .json.")
@reader_option
@json_option
@reporting
def compare(
    topic: str,
    index: Place | None,
    model: str | None,
    groups: tuple[str, ...],
    since: str | None,
    until: str | None,
    by_date: bool,
    output: Path | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """Tell of each group what it says on TOPIC, whether it only mentions it, or that nothing was found in its articles."""
    form = _form_of(output)
    library = opened(index, model, reader)
    asked = _question(topic, (), groups, (), since, until)
    found = library.compare(asked, by_date=by_date)
    if output and form:
        from qa.evidence import limits, of_comparison

        output.write_text(form([of_comparison(found, limits(asked))], library.article), "utf-8", newline="")
    if as_json:
        print_json(comparison_row(found))
    else:
        click.echo(found.text)


@click.command()
@click.argument("quote", required=False)
@click.option("--speaker", metavar="NAME", help="The person or body that is said to have said it.")
@index_option
@_quote_batch
@json_option
@reporting
def check(
    quote: str | None, speaker: str | None, index: Place | None, model: str | None, batch: Path | None, output: Path | None, as_json: bool
) -> None:
    """Tell who said QUOTE, where, and whether word for word; "-" reads it from standard input."""
    _one_of("QUOTE", quote, batch, output)
    if batch and speaker is not None:
        raise click.UsageError('--speaker goes with QUOTE; in a --batch FILE each line may have its "speaker"')
    library = opened(index, model)
    if batch and output:
        nothing: Row = {"verdict": None, "findings": []}
        _run_batch(batch, output, "quote", lambda row: check_row(library.check(row["quote"], _speaker_of(row))), nothing)
        return
    pasted = sys.stdin.buffer.read().decode("utf-8", "replace") if quote == "-" else quote or ""
    found = library.check(pasted, speaker)
    if as_json:
        print_json(check_row(found))
    else:
        click.echo(found.text)


_claim_batch = batch_options('Claims, one JSON object a line: "id", "claim", and "evidence" (a text) or "references" (a list of texts).')


@click.command()
@click.argument("claim", required=False)
@click.option("--evidence", metavar="TEXT", help="The quotes or passages that should support CLAIM.")
@_claim_batch
@json_option
@reporting
def support(claim: str | None, evidence: str | None, batch: Path | None, output: Path | None, as_json: bool) -> None:
    """Tell whether the evidence supports all of CLAIM: a sentence that was written, by a language model or anybody.

    It takes no index: nothing but the evidence counts.
    """
    from qa.answering.support import SUPPORTED, Support

    _one_of("CLAIM", claim, batch, output)
    if (claim is None) != (evidence is None):
        raise click.UsageError('--evidence goes with CLAIM; in a --batch FILE each line has its "evidence" or "references"')
    model = Support()

    def judged(claim: str, evidence: str) -> Row:
        for what, text in (("claim", claim), ("evidence", evidence)):
            if not text.strip():
                raise SettingsError(f"the {what} is empty; expected a text")
        (probability,) = model.probabilities([(claim, evidence)]).tolist()
        return {"supported": probability >= SUPPORTED, "probability": round(probability, 4)}

    if batch and output:
        nothing: Row = {"supported": False, "probability": None}
        _run_batch(batch, output, "claim", lambda row: judged(row["claim"], _evidence_of(row)), nothing)
        return
    row = judged(claim or "", evidence or "")
    if as_json:
        print_json({"claim": claim, **row})
    else:
        click.echo(f"{'Supported' if row['supported'] else 'Not supported'} (probability {row['probability']:.2f}).")


@click.command()
@click.argument("article", required=False)
@index_option
@click.option("--speaker", metavar="NAME", help="Only what this person or body says.")
@click.option("--all", "with_all", is_flag=True, help="Also what an article says that somebody thinks, wants or does.")
@click.option("--batch", type=FILE, help="Articles to read instead of an index: a file of any kind that build reads.")
@click.option("--output", type=NEW_FILE, help="Where --batch writes a JSON line for each article, all its statements in it.")
@json_option
@reporting
def statements(
    article: str | None,
    index: Place | None,
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
        found = opened(index, model).said(speaker, article)
    except KeyError:
        raise SettingsError(f"no article with the id {article!r}; whosaid articles lists them") from None
    found = [(home, statement) for home, statement in found if with_all or statement.speech]
    if as_json:
        print_json([{"article": home.id, "group": home.group, **statement_row(statement)} for home, statement in found])
        return
    for home, statement in found:
        words = shortened(" […] ".join(span.of(home.text) for span in statement.content), 300)
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
    with output.open("w", encoding="utf-8") as stream, bars() as progress:
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
        raise Failed(f"{skipped} of the inputs could not be read, see above; the others are in {output}")


def _form_of(file: Path | None) -> Form | None:
    """Return the form in which to write evidence, so that a wrong ending is said before anything is done."""
    if file is None:
        return None
    from qa.evidence import form_of

    return form_of(file)


def _one_of(what: str, given: str | None, batch: Path | None, output: Path | None) -> None:
    if (given is None) == (batch is None):
        raise click.UsageError(f"give either a {what} or --batch FILE")
    if (batch is None) != (output is None):
        raise click.UsageError("--batch FILE and --output FILE go together")


def _question(
    text: str, history: Iterable[str], groups: Iterable[str], speakers: Iterable[str], since: str | None, until: str | None
) -> Question:
    from qa.types import Question

    return Question(text, tuple(history), tuple(groups), tuple(speakers), since=date_of(since, "since"), until=date_of(until, "until"))


def _run_batch(batch: Path, output: Path, needed: str, run: Callable[[Row], Row], nothing: Row) -> None:
    """Write a row for each line of `batch`, which has the field `needed`; one that can't be used gets `nothing` and an error."""
    text = batch.read_text("utf-8", errors="replace")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    failed: list[str] = []
    with output.open("w", encoding="utf-8") as stream, bars() as progress:
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
        raise Failed(f"{len(failed)} of {len(lines)} lines could not be used, see above; the others are in {output}")


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


def _evidence_of(row: Row) -> str:
    if "evidence" not in row:
        if "references" not in row:
            raise SettingsError('has no "evidence" and no "references"; expected a text or a list of texts')
        return "\n\n".join(_texts(row, "references"))
    if not isinstance(row["evidence"], str):
        raise SettingsError(f'"evidence" is {json.dumps(row["evidence"])[:60]}; expected a text')
    return row["evidence"]


def _texts(row: Row, name: str) -> list[str]:
    value = row.get(name) or []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise SettingsError(f'"{name}" is {json.dumps(value)[:60]}; expected a list of texts')
    return value


def _source_line(row: Row) -> str:
    about = ", ".join(part for part in (row["published"], row["url"], f"page {row['page']}" if row["page"] else "") if part)
    place = f"{row['article']} [{row['start']}:{row['end']}]"
    return f"[{row['number']}] {row['title'] or '(no title)'}{f' ({about})' if about else ''} · {place}"
