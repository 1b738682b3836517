"""Which column of a table, or field of a JSON line, holds which field of an article."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qa.errors import ReadingError

FIELDS = ("id", "text", "title", "group", "author", "published", "url", "publication", "kind")
_ALSO = {
    "text": ("content", "body", "article", "full_text", "fulltext"),
    "title": ("headline",),
    "group": ("organisation", "organization"),
    "author": ("authors", "byline"),
    "published": ("date", "published_at", "date_published", "publication_date", "pub_date"),
    "url": ("link",),
}


def columns_for(names: Iterable[Any], told: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field of an article that has one: the one that was told, its own name, or a usual other name.

    Capitals, spaces and hyphens in names don't count. Raises ReadingError for a column that was told and isn't there.
    """
    known = {_key(name): name for name in names if isinstance(name, str)}
    found: dict[str, str] = {}
    for field in FIELDS:
        if field in told:
            if _key(told[field]) not in known:
                raise ReadingError(f"has no column {told[field]!r} for {field}; it has {listed(known.values())}")
            found[field] = known[_key(told[field])]
            continue
        named = next((known[name] for name in (field, *_ALSO.get(field, ())) if name in known), None)
        if named is not None:
            found[field] = named
    return found


def mapped(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of an article that a row holds."""
    return {field: row.get(column) for field, column in columns.items()}


def listed(names: Iterable[str]) -> str:
    """Return the names of columns as they are shown in a notice."""
    some = [repr(name[:40]) for name in names]
    return ", ".join(some[:12]) + (", ..." if len(some) > 12 else "") if some else "none"


def _key(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
