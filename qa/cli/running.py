"""Commands that run: evaluate, serve, password."""

from __future__ import annotations

from pathlib import Path

import click

from qa import settings
from qa.cli.shared import FILE, bars, index_option, json_option, opened, print_json, reporting, writer_options
from qa.errors import SettingsError
from qa.rows import report_row
from qa.settings import Place


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@index_option
@click.option("--failures", type=click.IntRange(0), default=0, metavar="N", help="Also list the N worst questions of each file.")
@json_option
@reporting
def evaluate(files: tuple[Path, ...], index: Place | None, model: str | None, failures: int, as_json: bool) -> None:
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
    library = opened(index, model)
    for doubt in doubts(library, questions):
        click.echo(f"whosaid: {doubt}", err=True)
    with bars() as progress:
        reports = run(library, questions, progress)
    if as_json:
        print_json({"files": [report_row(report, failures) for report in reports]})
    else:
        click.echo("\n\n".join("\n".join(lines(report, failures)) for report in reports))


@click.command()
@index_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others than this machine's own take --auth.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port to listen on.  [default: 7860 or the next free one]")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--auth", type=FILE, default=None, help="Ask for a login: a file of lines that whosaid password prints.  [or WHOSAID_AUTH_FILE]"
)
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="A name by which others reach it; may be repeated.")
@click.option("--mcp", is_flag=True, help="Also serve the tools for MCP clients at /mcp; takes --auth and whosaid[mcp].")
@writer_options(several=True)
@reporting
def serve(
    index: Place | None,
    model: str | None,
    host: str,
    port: int | None,
    open_browser: bool,
    auth: Path | None,
    allow_hosts: tuple[str, ...],
    mcp: bool,
    writer: tuple[str, ...],
    rewrite: bool,
) -> None:
    """Open the chat page; the first time, build the index of the articles that ship with whosaid."""
    from qa.web import serve as serve_page

    corpus = [] if index else [settings.shipped_corpus()]
    serve_page(
        index or settings.default_index(),
        corpus,
        host=host,
        port=port,
        model=model,
        open_browser=open_browser,
        auth=auth or settings.passwords(),
        allow_hosts=allow_hosts,
        mcp=mcp,
        writer=writer,
        rewrite=rewrite,
    )


@click.command()
@click.argument("name")
@reporting
def password(name: str) -> None:
    """Ask for a password and print the line for NAME that serve --auth takes, with a hash in its place."""
    from qa.web.passwords import LONGEST, SHORTEST, hashed

    if not name.strip() or ":" in name or name.startswith("#") or not name.isprintable():
        raise SettingsError(f"name {name!r}: expected a name without a colon")
    word = click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    if not SHORTEST <= len(word) <= LONGEST:
        raise SettingsError(f"the password has {len(word)} characters; expected {SHORTEST} to {LONGEST:,}")
    click.echo(f"{name.strip()}:{hashed(word)}")
