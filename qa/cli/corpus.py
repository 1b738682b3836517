"""Commands for the articles: build, add, refresh, remove, edit, alias, articles, groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa import settings
from qa.cli.shared import NEW_FILE, PLACE, Failed, bars, date_of, index_option, json_option, opened, place_option, print_json, reporting
from qa.rows import article_row, group_row
from qa.types import FIELDS, INFERRED

if TYPE_CHECKING:
    from qa.index.build import BuildReport
    from qa.settings import Place

_column_option = click.option(
    "--column", "columns", multiple=True, metavar="FIELD=NAME", help="Which column of tables and JSON Lines holds a field; may be repeated."
)
_private_option = click.option(
    "--allow-private", is_flag=True, help="Also read links to this machine and the private network.  [or WHOSAID_ALLOW_PRIVATE=1]"
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@index_option
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    help="A groups.toml with names and aliases.  [default: the one in PATHS, and the one that ships]",
)
@_column_option
@click.option("--rebuild", is_flag=True, help="Encode everything again, for example with another model.")
@click.option("--workers", is_flag=True, help="Leave the work to processes that run whosaid worker, and wait for them; in Milvus only.")
@json_option
@reporting
def build(
    paths: tuple[Path, ...],
    index: Place | None,
    model: str | None,
    groups: Path | None,
    columns: tuple[str, ...],
    rebuild: bool,
    workers: bool,
    as_json: bool,
) -> None:
    """Make the index hold the articles under PATHS: folders, .md, .html, .pdf, .docx and other files.

    Unchanged articles cost nothing, changed ones are replaced, vanished ones removed. What "add" has brought in stays.
    """
    from qa import library

    place, told = index or settings.default_index(), _columns(columns)
    with bars() as progress:
        report = library.build(
            place, list(paths), model=model, groups=groups, columns=told, rebuild=rebuild, workers=workers, progress=progress
        )
    _show(report, place, as_json)


@click.command()
@index_option
@click.option("--wait", is_flag=True, help="Wait for more where none is left.")
@json_option
@reporting
def worker(index: Place | None, model: str | None, wait: bool, as_json: bool) -> None:
    """Take apart the articles that "build --workers" has queued in Milvus; run it as often, and on as many machines, as you like.

    It ends when nothing is left. One that was killed has lost nothing but what it was at, which another takes up.
    """
    from qa import library

    place = index or settings.default_index()
    with bars() as progress:
        done = library.work(place, model=model, wait=wait, progress=progress)
    if as_json:
        print_json({"index": str(place), "articles": done.articles, "sentences": done.sentences, "seconds": round(done.seconds, 2)})
    else:
        click.echo(f"{place}: {done.articles} articles, {done.sentences} sentences encoded in {done.seconds:.1f} s")


@click.command()
@click.argument("source", type=PLACE)
@click.argument("target", type=PLACE)
@click.option("--rebuild", is_flag=True, help="Replace the index that is there.")
@json_option
@reporting
def copy(source: Place, target: Place, rebuild: bool, as_json: bool) -> None:
    """Copy the index at SOURCE to TARGET, a folder or Milvus, with all that people told it, and without encoding anything."""
    from qa import library

    with bars() as progress:
        count = library.copy(source, target, rebuild=rebuild, progress=progress)
    if as_json:
        print_json({"source": str(source), "target": str(target), "articles": count})
    else:
        click.echo(f"{target}: {count} articles copied from {source}")


@click.command()
@click.argument("things", nargs=-1, required=True, metavar="THINGS...")
@index_option
@_column_option
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many articles of a feed or sitemap.")
@_private_option
@json_option
@reporting
def add(
    things: tuple[str, ...],
    index: Place | None,
    model: str | None,
    columns: tuple[str, ...],
    most: int,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Bring THINGS into the index beside what it holds: links to articles, feeds and sitemaps, files and folders.

    They stay, whatever is built afterwards, until "remove". A link is fetched again by "refresh".
    """
    from qa import library

    place, told = index or settings.default_index(), _columns(columns)
    with bars() as progress:
        report = library.add(place, things, model=model, columns=told, most=most, allow_private=_private(allow_private), progress=progress)
    _show(report, place, as_json)


@click.command()
@index_option
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many articles of a feed or sitemap.")
@_private_option
@json_option
@reporting
def refresh(index: Place | None, model: str | None, most: int, allow_private: bool, as_json: bool) -> None:
    """Fetch what has changed behind the links that were added, and what is new in their feeds and sitemaps."""
    from qa import library

    place = index or settings.default_index()
    with bars() as progress:
        report = library.refresh(place, model=model, most=most, allow_private=_private(allow_private), progress=progress)
    _show(report, place, as_json)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@place_option
@json_option
@reporting
def remove(ids: tuple[str, ...], index: Place | None, as_json: bool) -> None:
    """Take the articles with these IDs out of the index; their files stay as they are.

    A build leaves them out from then on; "add" brings one back.
    """
    from qa import library

    place = index or settings.default_index()
    _show(library.remove(place, ids), place, as_json)


@click.command()
@click.argument("id")
@click.option("--title", help="Its title.")
@click.option("--group", help="Whose article it is.")
@click.option("--author", help="Who wrote it.")
@click.option("--published", metavar="DATE", help="When it was published (2025, 2025-10 or 2025-10-08).")
@click.option("--url", help="Its address on the web.")
@click.option("--publication", help="The paper or site it stands in.")
@place_option
@json_option
@reporting
def edit(id: str, index: Place | None, as_json: bool, **fields: str | None) -> None:
    """Correct what is known of the article ID, without touching its file; "" stands for unknown.

    Holds at once and for all builds to come. Names of groups and people are corrected everywhere with "alias".
    """
    from qa import library

    told = {name: value for name, value in fields.items() if value is not None}
    if not told:
        raise click.UsageError("give at least one of --title, --group, --author, --published, --url, --publication")
    place = index or settings.default_index()
    _show(library.edit(place, id, told), place, as_json)


def _columns(columns: tuple[str, ...]) -> dict[str, str]:
    pairs = (column.partition("=") for column in columns)
    told = {field.strip(): name.strip() for field, _, name in pairs if field.strip() and name.strip()}
    if len(told) < len(columns):
        raise click.UsageError(f"--column {' --column '.join(columns)}: expected FIELD=NAME, each field once, such as text=body")
    return told


def _private(allowed: bool) -> bool | None:
    """Return true where it is allowed here, None where the setting decides."""
    return allowed or None


def _show(report: BuildReport, place: Place, as_json: bool) -> None:
    """Print what a change did, its notices first; fail where something was left out."""
    for notice in report.notices:
        click.echo(f"whosaid: {notice}", err=True)
    counts = {
        "added": report.added, "changed": report.changed, "removed": report.removed, "merged": report.merged, "unchanged": report.unchanged,
    }  # fmt: skip
    if as_json:
        notices = [str(notice) for notice in report.notices if not notice.skipped]
        skipped = [str(notice) for notice in report.skipped]
        print_json(
            {
                "index": str(place), **counts, "skipped": skipped, "notices": notices,
                "sentences": report.sentences, "seconds": round(report.seconds, 2),
            }
        )  # fmt: skip
    else:
        done = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing to do"
        click.echo(f"{place}: {done}; {report.sentences} sentences encoded in {report.seconds:.1f} s")
    if report.skipped:
        raise Failed(f"{len(report.skipped)} of the inputs could not be read, see above; the rest is in the index")


@click.command()
@click.argument("name", required=False)
@click.argument("canonical", required=False)
@place_option
@click.option("--remove", metavar="NAME", help="Let a corrected name stand for itself again.")
@json_option
@reporting
def alias(name: str | None, canonical: str | None, index: Place | None, remove: str | None, as_json: bool) -> None:
    """Let NAME stand for CANONICAL, to correct a name or merge two; without names, list what was corrected.

    Takes effect at once and encodes nothing.
    """
    from qa import library

    place = index or settings.default_index()
    if remove is not None and name is None:
        corrected = library.set_alias(place, remove, None)
    elif remove is None and name is not None and canonical is not None:
        corrected = library.set_alias(place, name, canonical)
    elif remove is None and name is None:
        corrected = library.aliases(place)
    else:
        raise click.UsageError("give NAME and CANONICAL, or --remove NAME, or nothing to list them")
    if as_json:
        print_json(corrected)
        return
    for known, meant in sorted(corrected.items()):
        click.echo(f"{known} → {meant}")
    if not corrected:
        click.echo("no corrected names")


@click.command()
@click.argument("words", nargs=-1)
@index_option
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Only articles of this group; may be repeated.")
@click.option("--since", metavar="DATE", help="Only articles of this date or later.")
@click.option("--until", metavar="DATE", help="Only articles of this date or earlier (2025, 2025-10 or 2025-10-08).")
@click.option("--unknown", multiple=True, type=click.Choice(FIELDS), help="Only articles of which this is unknown; may be repeated.")
@click.option("--inferred", is_flag=True, help="Only articles of which something was inferred and not stated.")
@click.option("--text", "with_text", is_flag=True, help="With the text of each, as stored (with --json or --output).")
@click.option("--output", type=NEW_FILE, help="Write a JSON line for each article to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@reporting
def articles(
    words: tuple[str, ...],
    index: Place | None,
    model: str | None,
    groups: tuple[str, ...],
    since: str | None,
    until: str | None,
    unknown: tuple[str, ...],
    inferred: bool,
    with_text: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """List the articles in the index, the newest first; with WORDS, those whose title, author, id or address has them all.

    What was inferred, and not stated, has a question mark behind it.
    """
    library = opened(index, model)
    listed = library.articles(
        *words,
        groups=groups,
        since=date_of(since, "since"),
        until=date_of(until, "until"),
        unknown=unknown,
        inferred=inferred,
        with_text=with_text,
    )
    rows = [article_row(article, with_text) for article in listed]
    if output:
        with output.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    elif as_json:
        print_json(rows)
    else:
        for article in listed:
            guessed = {name for name, origin in article.origins if origin in INFERRED}
            published, group, title = (
                f"{value}{'?' if name in guessed else ''}"
                for name, value in (
                    ("published", article.published or "unknown"),
                    ("group", article.group or "unknown group"),
                    ("title", article.title or "(no title)"),
                )
            )
            click.echo(f"{published:<11} {group}, {title}  [{article.id}]")


@click.command()
@index_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@reporting
def groups(index: Place | None, model: str | None, as_json: bool) -> None:
    """List the groups that have articles in the index, with their other names."""
    library = opened(index, model)
    entries = library.groups()
    if as_json:
        print_json([group_row(entry) for entry in entries])
        return
    for entry in entries:
        also = ", ".join(dict.fromkeys((*entry.group.aliases, *entry.group.publications)))
        click.echo(f"{entry.articles:>4}  {entry.group.name}{f'  (also: {also})' if also else ''}")
