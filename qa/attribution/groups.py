"""The names of groups: canonical names, aliases and acronyms, from groups.toml and from what the articles state.

Three bodies whose names contain each other are three bodies: the longest name at a place counts.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from qa.errors import SettingsError
from qa.types import Article, Group, Span, Statement, Voice

_SMALL_WORDS = {"a", "an", "and", "for", "in", "of", "on", "the", "to"}
_SECTION = re.compile(r" \| | - | – ")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name of a group at a place; more than one group where the name may mean either."""

    span: Span
    groups: tuple[str, ...]


def read_groups(path: Path) -> tuple[Group, ...]:
    """Return the groups of a groups.toml; raise SettingsError naming what is wrong with it."""
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("group", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: can't be read as TOML ({error}); see the groups.toml that comes with whosaid") from error
    known = {field.name for field in fields(Group)}
    groups = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not row["name"].strip():
            raise SettingsError(f'{path}: a [[group]] without a name; give each one name = "..."')
        if unknown := set(row) - known:
            raise SettingsError(f"{path}: group {row['name']!r} has {unknown.pop()!r}; expected {', '.join(sorted(known))}")
        groups.append(Group.of(row))
    _refuse_shared_names(path, groups)
    return tuple(groups)


def merged(lists: Sequence[Sequence[Group]]) -> tuple[Group, ...]:
    """Return the groups of several lists; an earlier list wins, and takes its names away from groups of later ones."""
    kept: dict[str, Group] = {}
    taken: set[str] = set()
    for groups in lists:
        for group in groups:
            if group.name in kept or _key(group.name) in taken:
                continue
            aliases, publications = (tuple(n for n in names if _key(n) not in taken) for names in (group.aliases, group.publications))
            kept[group.name] = replace(group, aliases=aliases, publications=publications)
        taken |= {_key(name) for group in groups for name in (group.name, *group.aliases, *group.publications)}
    return tuple(kept.values())


def _refuse_shared_names(path: Path, groups: Sequence[Group]) -> None:
    owner: dict[str, str] = {}
    for group in groups:
        for name in {_key(name) for name in (group.name, *group.aliases)}:
            if owner.setdefault(name, group.name) != group.name:
                raise SettingsError(f"{path}: {name!r} names both {owner[name]!r} and {group.name!r}; leave it to one of them")


class Registry:
    """Every name that a group goes by, and where these stand in a text."""

    def __init__(
        self,
        groups: Iterable[Group],
        articles: Iterable[Article] = (),
        acronyms: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        """Take the groups that are told, then those that articles state, and acronyms that texts explain.

        A told name always wins over one that is worked out; two groups may share only the latter. `aliases`, each a
        name with the one that it stands for, were told by whoever uses the index and win over all.
        """
        told = tuple(groups)
        self.groups: dict[str, Group] = {group.name: group for group in told}
        self._told: dict[str, str] = {}
        self._worked_out: dict[str, tuple[str, ...]] = {}
        for group in told:
            for name in (group.name, *group.aliases, *group.publications):
                self._told.setdefault(_key(name), group.name)
        for name, meant in (aliases or {}).items():
            self._correct(name, self._told.get(_key(meant), meant))
        worked_out: dict[str, set[str]] = defaultdict(set)
        for group_stated, publication in dict.fromkeys((article.group, article.publication) for article in articles):
            if group_stated is None:
                continue
            group_name = self.canonical(group_stated)
            self.groups.setdefault(group_name, Group(group_name))
            for name in (*_short_forms(group_stated), *((publication,) if publication else ())):
                worked_out[_key(name)].add(group_name)
        for short, long in (acronyms or {}).items():
            worked_out[_key(short)].add(self.canonical(long))
        self._worked_out = {name: tuple(sorted(owners)) for name, owners in worked_out.items() if name not in self._told}
        self._pattern = _pattern([*self._told, *self._worked_out, *map(_key, self.groups)])

    def _correct(self, name: str, meant: str) -> None:
        """Let `name`, and where it is a group of its own whatever else names it, stand for `meant`."""
        for known, owner in self._told.items():
            if owner == name and name != meant:
                self._told[known] = meant
        merged_away = self.groups.pop(name, None) if name != meant else None
        self.groups.setdefault(meant, replace(merged_away, name=meant) if merged_away else Group(meant))
        self._told[_key(name)] = self._told[_key(meant)] = meant

    def canonical(self, name: str) -> str:
        """Return the canonical name of the group that goes by `name`, or `name` itself where nobody does."""
        key = _key(name)
        if key.startswith("the ") and key not in self._told and key not in self._worked_out:
            key = key[4:]
        if key in self._told:
            return self._told[key]
        owners = self._worked_out.get(key, ())
        return owners[0] if len(owners) == 1 and name not in self.groups else name

    def mentions(self, text: str) -> Iterator[Mention]:
        """Yield the names of groups in `text` in order; at one place only the longest."""
        for match in self._pattern.finditer(text):
            found = match.group()
            key = _key(found)
            key = key if key in self._told or key in self._worked_out else key.casefold()  # "CNBC" for a group called "Cnbc"
            owners = (self._told[key],) if key in self._told else self._worked_out.get(key, ())
            if not owners:
                owners = tuple(name for name in self.groups if _key(name) == key)
            if owners and _written_as(found, owners, self.groups):
                yield Mention(Span(*match.span()), owners)


def canonical_statement(statement: Statement, group: str | None, registry: Registry) -> Statement:
    """Return a statement with canonical names; under any of its names, the article's own `group` speaks in its own voice."""
    if statement.speaker is None:
        return statement
    speaker, organisation, voice = canonical_names(statement.speaker, statement.organisation, statement.voice, group, registry)
    return replace(statement, speaker=speaker, organisation=organisation, voice=voice)


def canonical_names(
    speaker: str, organisation: str | None, voice: Voice, group: str | None, registry: Registry
) -> tuple[str, str | None, Voice]:
    """Return the speaker, the body spoken for and the voice of a statement in an article by `group`, as `canonical_statement` does."""
    name = registry.canonical(speaker)
    if voice == "own" or (group is not None and name == group):
        return name, None, "own"
    return name, registry.canonical(organisation) if organisation else None, voice


def explained_acronyms(text: str) -> Iterator[tuple[str, str]]:
    """Yield (acronym, name) where a text explains one, as in "the Bus Drivers' Union (BDU)"."""
    for match in re.finditer(r"((?:[A-Z][\w'’-]+|of|the|for|and)(?: (?:[A-Z][\w'’-]+|of|the|for|and)){1,8}) \(([A-Z]{2,8})\)", text):
        words, short = match[1].split(), match[2]
        for first in range(len(words)):
            if words[first].lower() not in _SMALL_WORDS and _initials(words[first:]) == short:
                yield short, " ".join(words[first:])
                break


def _short_forms(name: str) -> Iterator[str]:
    """Yield what people call a body for short: without its section, article or bracket, and by its initials."""
    yield name
    head = _SECTION.split(name)[0].strip()
    bare = re.sub(r"\s*\([^)]*\)\s*$", "", head)
    for form in dict.fromkeys((head, bare)):
        yield form
        if form.lower().startswith("the ") and len(form.split()) > 1:
            yield form[4:]
    initials = _initials(bare.split())
    if len(initials) >= 3:
        yield initials


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0] for word in words if word[0].isalpha() and word.lower() not in _SMALL_WORDS).upper()


def _key(name: str) -> str:
    """Return the form under which names are compared: capitals stay in acronyms and nowhere else."""
    name = " ".join(name.replace("’", "'").split())
    return name if _is_acronym(name) else name.casefold()


def _is_acronym(name: str) -> bool:
    if " " in name or not name.isupper():
        return False
    return name.isascii() or all(letter.isupper() for letter in name if letter.isalpha())  # some alphabets have no capitals


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Match any of the names as whole words, the longest first; acronyms as written, others in any case."""
    unique = sorted(set(filter(None, names)), key=len, reverse=True)
    if not unique:
        return re.compile(r"(?!)")
    parts = []
    for name in unique:
        escaped = re.escape(name).replace("'", "['’]").replace(r"\ ", r"\s+")
        parts.append(escaped if _is_acronym(name) else f"(?i:{escaped})")
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")


def _written_as(found: str, owners: tuple[str, ...], groups: Mapping[str, Group]) -> bool:
    """Tell a one-word name from the ordinary word: in lower case it doesn't name a group unless the group writes it so."""
    if " " in found or any(letter.isupper() for letter in found):
        return True
    return any(found in (name, *groups[name].aliases, *groups[name].publications) for name in owners if name in groups)
