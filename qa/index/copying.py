"""Copies an index from one home to another, folder or Milvus, with all that it was told, and without encoding anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from qa.errors import IndexFolderError, NoIndexError
from qa.index.home import Facts, Progress, Writer, home_of
from qa.index.interface import Index
from qa.index.store import Analysed, Known
from qa.settings import Place
from qa.types import Passage

_KEPT_AFTER = 200  # articles


def copy(source: Place, target: Place, *, rebuild: bool, progress: Progress) -> int:
    """Make the index at `target` a copy of that at `source`; return how many articles it has.

    What of it is nearly the same as what else is linked as it was. Raises NoIndexError where there is nothing to copy,
    IndexFolderError where there is an index at `target` and it isn't to be rebuilt. A copy that is stopped shows nothing.
    """
    home = home_of(source)
    model = home.check()
    _refuse_what_is_there(target, rebuild=rebuild)
    with home.reading() as facts, closing(home.opened(model)) as index:
        known = list(facts.known().values())
        with home_of(target).changing(model, rebuild=rebuild, all_known=True) as change:
            copied = {one.key: key for one, key in _written(known, index, change.writer, progress)}
            _shown(known, copied, facts, index, change.writer)
            change.writer.settle(progress)
    return len(known)


def _written(known: Sequence[Known], index: Index, writer: Writer, progress: Progress) -> Iterator[tuple[Known, int]]:
    """Write the articles with what was found in them, but for those that a copy which was stopped has left; yield their new keys."""
    for done, one in enumerate(known, 1):
        article = replace(one.article, text=index.text(one.key))
        key = next(iter(writer.left(article, one.hash, one.attribution)), None)
        if key is None:
            passages = index.passages_in([one.key])
            found = tuple(Passage(article.id, passage.span, passage.sentences) for passage in passages)
            said = tuple(statement for _, statement in index.statements([one.key]))
            key = writer.write(article)
            writer.take_apart(key, Analysed(article, found, said, one.attribution, index.vectors_of(passages)))
        yield one, key
        if not done % _KEPT_AFTER:
            writer.keep()
        progress("Copying", done, len(known))


def _shown(known: Sequence[Known], copied: Mapping[int, int], facts: Facts, index: Index, writer: Writer) -> None:
    """Show the articles, and tell the copy what the index was told."""
    writer.prepare(list(copied.values()), [])
    for one in known:
        writer.show(copied[one.key], one.article, added=one.added)
    writer.remove(writer.unshown())
    for first, second in index.copies():
        if first in copied and second in copied:
            writer.link_copies(copied[first], [copied[second]])
    writer.set_groups(facts.groups())
    writer.set_aliases(facts.aliases())
    for id, remarks in facts.remarks().items():
        writer.set_remarks(id, remarks)
    for link in facts.links().values():
        writer.set_link(link)
    writer.publish(changed=True)


def _refuse_what_is_there(target: Place, *, rebuild: bool) -> None:
    try:
        home_of(target).check()
    except NoIndexError:
        return
    if not rebuild:
        raise IndexFolderError(f"{target}: there is an index already; give another place, or --rebuild to replace it")
