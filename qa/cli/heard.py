"""The command that shows what people said of answers: feedback."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from qa import settings
from qa.cli.shared import NEW_FILE, json_option, place_option, print_json, reporting, shortened
from qa.settings import Place


@click.command()
@place_option
@click.option("--export", type=NEW_FILE, help="Write what tells what is right as question rows for evaluate to this file.")
@json_option
@reporting
def feedback(index: Place | None, export: Path | None, as_json: bool) -> None:
    """List what people said of answers on the page, and turn it into questions for "evaluate".

    "Good", and whatever was put right, becomes a row; what only tells that something is wrong doesn't.
    """
    from qa.feedback import given, question_rows

    place = index or settings.default_index()
    heard, unread = given(place)
    if unread:
        click.echo(f"whosaid: {place}: {unread} lines of feedback can't be read; left out", err=True)
    if export:
        rows = list(question_rows(heard))
        with export.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        click.echo(f"{export}: {len(rows)} questions of {len(heard)} verdicts; measure with whosaid evaluate {export}")
        return
    if as_json:
        print_json([{**asdict(one), "filters": dict(one.filters)} for one in heard])
        return
    for one in heard:
        about = f" about quote {one.number}" if one.number else ""
        right = f"; right: {shortened(one.right, 60)}" if one.right else "; nothing answers it" if one.nobody else ""
        click.echo(f"{one.at[:16].replace('T', ' ')}  {one.verdict}{about}: {shortened(one.question, 100)}{right}")
        if one.note:
            click.echo(f"    {shortened(one.note, 300)}")
    if not heard:
        click.echo("no feedback yet")
