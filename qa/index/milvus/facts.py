"""What both who changes an index in Milvus and who reads it look up: articles' rows, texts, and what the index was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from qa.index.interface import StoredPassage
from qa.index.milvus.connection import batched
from qa.index.milvus.tables import (
    ARTICLE_FIELDS,
    PART_FIELDS,
    PASSAGE_FIELDS,
    Stored,
    Tables,
    key_of,
    member,
    stored,
    stored_passage,
    text_key,
    unpacked,
    whole,
)
from qa.index.remarks import Remarks
from qa.index.store import Known
from qa.types import Group, Link

GROUPS, ALIASES, REMARKS, LINK, TEXT, DEAD, GENERATION = "groups", "aliases", "remarks", "link", "text", "dead", "generation"
SHOWN = "shown == true"
_NO_VECTORS = [name for name in PASSAGE_FIELDS if name != "vectors"]


class MilvusFacts:
    """Looks things up in the collections of one number. Safe to share between threads."""

    def __init__(self, tables: Tables) -> None:
        """Look in these collections."""
        self.tables = tables

    def _kept(self, kind: str) -> list[Any]:
        rows = self.tables.connection.rows(self.tables.name("parts"), f'kind == "{kind}"', PART_FIELDS)
        return [unpacked(row["value"]) for row in rows]

    def _one_kept(self, kind: str) -> Any:
        rows = self.tables.connection.get(self.tables.name("parts"), [key_of(kind, "")], PART_FIELDS)
        return unpacked(rows[0]["value"]) if rows else None

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that the index was told of."""
        return tuple(Group.of(row) for row in self._one_kept(GROUPS) or ())

    def aliases(self) -> dict[str, str]:
        """Return the names that a person has corrected: each with the one that it stands for."""
        return dict(self._one_kept(ALIASES) or {})

    def links(self) -> dict[str, Link]:
        """Return the addresses that were read, by themselves."""
        return {link.url: link for link in sorted((Link(*row) for row in self._kept(LINK)), key=lambda link: link.url)}

    def remarks(self) -> dict[str, Remarks]:
        """Return what is known of articles beside what their files state, by their ids."""
        return {id: Remarks.of(row) for id, row in self._kept(REMARKS)}

    @property
    def generation(self) -> str:
        """What stands for the state that is shown: another one after every change."""
        return str(self._one_kept(GENERATION) or "")

    # ---- articles

    def stored(self, filter: str, *fields: str) -> Iterator[Stored]:
        """Yield the articles' rows that fit a filter."""
        rows = self.tables.connection.rows(self.tables.name("articles"), filter, [*ARTICLE_FIELDS, *fields])
        return (stored(row) for row in rows)

    def stored_at(self, keys: Iterable[int], *fields: str) -> dict[int, Stored]:
        """Return those of these articles' rows that there are, by their keys."""
        rows = self.tables.connection.get(self.tables.name("articles"), keys, [*ARTICLE_FIELDS, *fields])
        return {int(row["key"]): stored(row) for row in rows}

    def known(self) -> dict[str, Known]:
        """Return every shown article by its id, without its text."""
        return {one.article.id: one.known for one in newest(self.stored(SHOWN)).values()}

    def text(self, key: int) -> str:
        """Return the text of an article, shown or not; raise KeyError where there is no such key."""
        return self.texts([key])[key]

    def texts(self, keys: Iterable[int]) -> dict[int, str]:
        """Return the texts of these articles, by their keys; raise KeyError where there is no such key."""
        found: dict[int, str] = {}
        for some in batched(keys, 64):  # texts may be long, and a message has a limit
            by_part = {text_key(key): key for key in some}
            rows = self.tables.connection.get(self.tables.name("parts"), by_part, PART_FIELDS)
            found |= {by_part[int(row["key"])]: whole(row["value"]) for row in rows}
            for key in some:
                if key not in found:
                    raise KeyError(key)
        return found

    def passages_of(self, articles: Iterable[Stored]) -> list[StoredPassage]:
        """Return the passages of these articles, those of one article in order."""
        keys = [member(one.key, number) for one in articles for number in range(one.extract.passages)]
        rows = self.tables.connection.get(self.tables.name("passages"), keys, _NO_VECTORS)
        return sorted((stored_passage(row) for row in rows), key=lambda passage: passage.id)


def newest(rows: Iterable[Stored]) -> dict[str, Stored]:
    """Return each article by its id, of two with one id the one that was shown last: a kill may leave the other for a while."""
    found: dict[str, Stored] = {}
    for one in sorted(rows, key=lambda one: (one.order, one.key)):
        before = found.get(one.article.id)
        if before is None or before.since < one.since:
            found[one.article.id] = one
    return found


def remarks_value(id: str, remarks: Remarks) -> Any:
    """Return what is kept of remarks."""
    return [id, asdict(remarks)]


def same_groups(one: Iterable[Group], other: Iterable[Group]) -> bool:
    """Tell whether two lists of groups are kept as the same."""
    return json.dumps([asdict(group) for group in one]) == json.dumps([asdict(group) for group in other])
