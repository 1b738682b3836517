"""The command line: parses, calls the library, prints. Status 0, 1 (failed, one line says why) or 2 (wrong usage)."""

from __future__ import annotations

import click

from qa.cli import asking, corpus, heard, running


class _Commands(click.Group):
    """Lists commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="whosaid", message="whosaid %(version)s")
def main() -> None:
    """Ask which group said what, and get word-for-word quotes: said by X, published by Y."""


for command in (
    *(corpus.build, corpus.add, corpus.refresh, corpus.worker, corpus.copy),
    *(asking.ask, asking.search, asking.compare, asking.check, asking.support, asking.statements),
    *(corpus.articles, corpus.edit, corpus.remove, corpus.alias, corpus.groups),
    *(running.evaluate, heard.feedback, running.serve, running.password),
):
    main.add_command(command)
