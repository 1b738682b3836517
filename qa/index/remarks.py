"""What is known of an article beside what its file states: a person's corrections, what a copy of it states, its removal.

Kept in the store by the article's id, so that they outlive every build. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qa.errors import SettingsError
from qa.types import FIELDS, INFERRED, Article, Origin, PartialDate

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Remarks:
    """`corrected` replaces what the file states, None for unknown; `filled` has value and origin of what only a copy states."""

    corrected: Values = field(default_factory=dict)
    filled: Mapping[str, tuple[str, Origin]] = field(default_factory=dict)
    removed: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Remarks:
        """Make remarks of fields as JSON has them."""
        return cls(row["corrected"], {name: (value, origin) for name, (value, origin) in row["filled"].items()}, row["removed"])


def remarked(article: Article, remarks: Remarks) -> Article:
    """Return the article with what copies state filled in and what a person corrected put right."""
    for name, (value, origin) in remarks.filled.items():
        known = dict(article.origins).get(name)
        if getattr(article, name) is None or (known in INFERRED and origin not in INFERRED):
            article = _with(article, name, value, origin)
    for name, correction in remarks.corrected.items():
        article = _with(article, name, correction, "corrected")
    return article


def checked(fields: Values) -> dict[str, str | None]:
    """Return corrections tidied, empty ones None; raise SettingsError for an unknown field or a date that is none."""
    found: dict[str, str | None] = {}
    for name, value in fields.items():
        if name not in FIELDS:
            raise SettingsError(f"{name!r} can't be corrected; expected one of {', '.join(FIELDS)}")
        tidy = " ".join((value or "").split()) or None
        if name == "published" and tidy:
            try:
                tidy = str(PartialDate.parse(tidy))
            except ValueError:
                raise SettingsError(f"published {tidy[:40]!r} is not a date; expected 2025, 2025-10 or 2025-10-08") from None
        found[name] = tidy
    return found


def known_fields(article: Article) -> dict[str, tuple[str, Origin]]:
    """Return the value and origin of each field that an article has."""
    return {name: (str(getattr(article, name)), origin) for name, origin in article.origins if name in FIELDS}


def may_be_one(one: Article, other: Article, *, short: bool) -> bool:
    """Tell whether two articles of the same words can be one: nothing that both have differs in who, when and what kind.

    Short ones have to have the same title too.
    """
    if one.kind != other.kind or not _agree(one.group, other.group) or not _agree(one.publication, other.publication):
        return False
    if short and one.title != other.title:
        return False
    if one.published and other.published and (one.published.first > other.published.last or other.published.first > one.published.last):
        return False
    return not (_states_id(one) and _states_id(other))


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one.casefold() == other.casefold()


def _states_id(article: Article) -> bool:
    """Tell whether its file gives the article an id; two such are wanted as two."""
    return any(name == "id" for name, _ in article.origins)


def _with(article: Article, name: str, value: str | None, origin: Origin) -> Article:
    origins = tuple((known, from_) for known, from_ in article.origins if known != name)
    changed: dict[str, Any] = {name: PartialDate.parse(value) if name == "published" and value else value}
    return replace(article, **changed, origins=(*origins, (name, origin)) if value else origins)
