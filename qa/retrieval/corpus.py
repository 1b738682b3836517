"""One visible state of an index, with the names that its articles and statements know.

Everything a question needs is read through here, so that all of it comes from the same state.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np

from qa.attribution.groups import Registry, canonical_names, canonical_statement
from qa.index.home import home_of
from qa.index.interface import Index, Scope
from qa.index.lexical import content_words
from qa.index.vectors import Ids
from qa.models.encoder import Encoder, Vectors
from qa.retrieval.dates import Titles
from qa.settings import Place
from qa.types import Article, PartialDate, Span, Statement

_WHOLE = Span(0, sys.maxsize)
_ARTICLES_KEPT = 2_000  # whose statements are remembered
_SCOPES_KEPT = 32  # a scope and what an index makes of it may take some megabytes
_VECTORS_KEPT = 64  # a question is looked at from several sides, each of which needs its vector


class PassageReader(Protocol):
    """Anything that tells which sentences of a passage answer a question."""

    def read(self, question: str, passages: Sequence[Sequence[str]]) -> list[Vectors]:
        """Return, for each passage (its sentences), the scores of none and of each sentence read."""


class Corpus:
    """Articles, indexes and names of one state. `refreshed` returns the next state when there is one."""

    def __init__(self, index: Index, encoder: Encoder, reader: PassageReader | None = None) -> None:
        """Read this index, which was made with this encoder, with the reader that ships unless another is given."""
        self.index = index
        self.encoder = encoder
        self._told_reader = reader
        self._texts: dict[int, str] = {}
        self._vectors: dict[str, Vectors] = {}
        self._statements: dict[int, tuple[Statement, ...]] = {}
        self._scopes: dict[tuple[object, ...], Scope] = {}
        self._lock = threading.Lock()

    @classmethod
    def open(cls, place: Place, encoder: Encoder, reader: PassageReader | None = None) -> Corpus:
        """Open an index; raise NoIndexError, ModelMismatchError or IndexFolderError where that can't be done."""
        return cls(home_of(place).opened(encoder.identity), encoder, reader)

    def refreshed(self) -> Corpus:
        """Return this state where nothing has changed since, else the newest."""
        newest = self.index.refreshed()
        return self if newest is self.index else Corpus(newest, self.encoder, self.reader)

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    @cached_property
    def reader(self) -> PassageReader:
        """What tells which sentences answer."""
        if self._told_reader:
            return self._told_reader
        from qa.retrieval.reader import load_reader

        return load_reader()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text of a question, shape (len(texts), dimension); those just asked for are remembered."""
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= zip(missing, self.encoder.encode(missing), strict=True)
            with self._lock:
                self._vectors |= known
                for text in list(self._vectors)[:-_VECTORS_KEPT]:
                    del self._vectors[text]
        return np.stack([known[text] for text in texts])

    # ---- articles

    @cached_property
    def articles(self) -> dict[int, Article]:
        """Every article by its key, without its text, its group under the canonical name."""
        renamed = {stated: name for stated, name in self._names.items() if name != stated}
        if not renamed:
            return self._stored
        return {
            key: replace(article, group=renamed[article.group]) if article.group in renamed else article
            for key, article in self._stored.items()
        }

    @cached_property
    def _names(self) -> dict[str, str]:
        """The canonical name of each group by each name that articles state."""
        return {stated: self.registry.canonical(stated) for stated in {article.group for article in self._stored.values()} if stated}

    @cached_property
    def _stored(self) -> dict[int, Article]:
        return self.index.articles()

    @cached_property
    def keys(self) -> dict[str, int]:
        """The key of every article by its id."""
        return {article.id: key for key, article in self.articles.items()}

    def with_text(self, key: int) -> Article:
        """Return an article with its text."""
        with self._lock:
            if key not in self._texts:
                if len(self._texts) > 256:
                    self._texts.clear()
                self._texts[key] = self.index.text(key)
            return replace(self.articles[key], text=self._texts[key])

    @cached_property
    def by_group(self) -> dict[str | None, list[int]]:
        """The keys of each group's articles; None stands for articles that nobody claims."""
        found: dict[str | None, list[int]] = defaultdict(list)
        for key, article in self.articles.items():
            found[article.group].append(key)
        return dict(found)

    @cached_property
    def dates(self) -> tuple[PartialDate, PartialDate] | None:
        """The dates of the oldest and the newest article; None where none has a date."""
        dated = [article.published for article in self.articles.values() if article.published]
        return (min(dated, key=lambda date: date.first), max(dated, key=lambda date: date.last)) if dated else None

    def among(self, groups: Iterable[str], since: PartialDate | None, until: PartialDate | None) -> Scope | None:
        """Return the articles by these groups (all for none) that may fall into these dates; None for all.

        The same is returned for the same, for as long as it is among the last that were asked for.
        """
        wanted = frozenset(groups)
        if not wanted and not since and not until:
            return None
        return self._remembered(("among", wanted, since, until), lambda: self._among(wanted, since, until))

    def _among(self, groups: frozenset[str], since: PartialDate | None, until: PartialDate | None) -> Scope:
        keys = np.sort(np.concatenate([self._of_group(group) for group in groups])) if groups else self._keys
        if since or until:
            oldest, newest = self._days
            places = np.searchsorted(self._keys, keys)
            inside = newest[places] >= (since.first.toordinal() if since else 1)
            keys = keys[inside & (oldest[places] <= (until.last.toordinal() if until else newest.max(initial=0)))]
        return Scope(keys)

    def by(self, sources: Iterable[str], scope: Scope | None) -> Scope | None:
        """Return which of these articles are by one of the sources; all of them where none is."""
        of_them = self.among(sources, None, None)
        if of_them is None or scope is None:
            return of_them if of_them is not None and len(of_them) else scope
        return self._remembered(("by", frozenset(sources), scope), lambda: self._shared(of_them, scope))

    def _shared(self, one: Scope, other: Scope) -> Scope:
        both = np.intersect1d(one.articles, other.articles, assume_unique=True)
        if not len(both) or other.passages is None:
            return Scope(both) if len(both) else other
        inside = [passage.id for passage in self.index.passages(other.passages.tolist()) if passage.article in one]
        return Scope(both, np.array(inside, np.int64))

    def _remembered(self, asked: tuple[object, ...], made: Callable[[], Scope]) -> Scope:
        with self._lock:
            scope = self._scopes.pop(asked, None)
        scope = made() if scope is None else scope
        with self._lock:
            self._scopes[asked] = scope
            for old in list(self._scopes)[:-_SCOPES_KEPT]:
                del self._scopes[old]
        return scope

    @cached_property
    def _keys(self) -> Ids:
        return np.fromiter(self.articles, np.int64)

    def _of_group(self, group: str) -> Ids:
        return np.array(self.by_group.get(group, ()), np.int64)

    @cached_property
    def _days(self) -> tuple[Ids, Ids]:
        """The first and the last day on which each article may have been published, in order of keys; 0 for an unknown one."""
        dates = [article.published for article in self.articles.values()]
        oldest, newest = (
            [date.first.toordinal() if date else 0 for date in dates],
            [date.last.toordinal() if date else 0 for date in dates],
        )
        return np.array(oldest, np.int64), np.array(newest, np.int64)

    @cached_property
    def copies(self) -> dict[int, tuple[int, ...]]:
        """The keys of all articles that are nearly the same as one, itself among them, the first published first.

        Only articles that have such copies are in it. Copies of copies are copies.
        """
        root: dict[int, int] = {}

        def root_of(key: int) -> int:
            while root.setdefault(key, key) != key:
                key = root[key]
            return key

        for one, other in self.index.copies():
            root[root_of(other)] = root_of(one)
        clusters: dict[int, list[int]] = defaultdict(list)
        for key in root:
            clusters[root_of(key)].append(key)
        ordered = [tuple(sorted(keys, key=self._age)) for keys in clusters.values()]
        return {key: keys for keys in ordered for key in keys}

    def elsewhere(self, key: int, words: str) -> tuple[Article | None, tuple[Article, ...]]:
        """Return the article of another group that had these words of a copy before it, and those of others that have them too."""
        mine = self.articles[key]
        wanted = " ".join(words.split())
        before: list[Article] = []
        others: list[Article] = []
        for copy in self.copies.get(key, ()):
            article = self.articles[copy]
            if article.group in {mine.group, *(other.group for other in before + others)} or not article.group:
                continue
            if wanted in " ".join(self.with_text(copy).text.split()):
                earlier = article.published and mine.published and article.published.last < mine.published.first
                (before if earlier else others).append(article)
        return before[0] if before else None, tuple(others)

    def _age(self, key: int) -> tuple[bool, int, int]:
        published = self.articles[key].published
        return published is None, published.first.toordinal() if published else 0, key

    @cached_property
    def titles(self) -> Titles:
        """The words of titles, by which an event is dated."""
        return Titles(self.articles.values())

    # ---- names

    @cached_property
    def registry(self) -> Registry:
        """The names of groups, from groups.toml, the articles' own fields and acronyms that texts explain."""
        return Registry(self.index.groups(), self._stored.values(), self.index.acronyms(), self.index.aliases())

    def statements(self, key: int) -> tuple[Statement, ...]:
        """Return what an article gives to speakers, under their canonical names."""
        with self._lock:
            known = self._statements.get(key)
        if known is None:
            group = self.articles[key].group
            known = tuple(canonical_statement(statement, group, self.registry) for _, statement in self.index.statements([key]))
            with self._lock:
                if len(self._statements) > _ARTICLES_KEPT:
                    self._statements.clear()
                self._statements[key] = known
        return known

    def statements_in(self, keys: Iterable[int]) -> dict[int, list[Statement]]:
        """Return what each of many articles gives to speakers, under their canonical names; looked up together, and not remembered."""
        found: dict[int, list[Statement]] = {key: [] for key in keys}
        for key, statement in self.index.statements(found):
            found[key].append(canonical_statement(statement, self.articles[key].group, self.registry))
        return found

    def speech(self, key: int) -> tuple[Statement, ...]:
        """Return what an article lets somebody else than its group say; who isn't named isn't somebody."""
        return tuple(statement for statement in self.statements(key) if is_speech(statement))

    def speech_of(self, is_meant: Callable[[Statement], bool]) -> dict[int, list[Statement]]:
        """Return the speech of all whose name and body `is_meant` accepts, by the article's key in order."""
        names = {raw for raw, canonical in self._voices if is_meant(canonical)}
        found: dict[int, list[Statement]] = defaultdict(list)
        for key, statement in sorted(self.index.statements_by(names), key=lambda pair: pair[0]):
            said = canonical_statement(statement, self.articles[key].group, self.registry)
            if is_speech(said) and is_meant(said):
                found[key].append(said)
        return dict(found)

    @cached_property
    def _voices(self) -> list[tuple[str, Statement]]:
        """Everybody who is heard, by the name as stored, with a statement that has nothing but the canonical names."""
        found = []
        for speaker, organisation, stated in self.index.speakers():
            group = self._names.get(stated, stated) if stated else None
            name, body, voice = canonical_names(speaker, organisation, "quoted", group, self.registry)
            if voice != "own" and name:
                found.append((speaker, Statement("", (), (), (), name, voice, body)))
        return found

    @cached_property
    def speakers(self) -> dict[str, tuple[str, ...]]:
        """Speakers by the names they may be asked for: the whole name and, for persons, the last one."""
        found: dict[str, set[str]] = defaultdict(set)
        for _, statement in self._voices:
            name = statement.speaker or ""
            found[name.casefold()].add(name)
            if name not in self.registry.groups and name[:1].isupper():
                found[name.split()[-1].casefold()].add(name)
        return {name: tuple(sorted(owners)) for name, owners in found.items()}

    def spoken(self, names: Iterable[str], scope: Scope | None) -> Scope:
        """Return the articles and the passages, of these articles, in which somebody called one of `names` speaks.

        Authors speak in the whole of their articles. All words of an asked name have to be in the speaker's.
        """
        wanted = [set(content_words(name)) for name in names]
        spans: dict[int, list[Span]] = defaultdict(list)
        for key, said in self.speech_of(lambda statement: _is_one_of(wanted, called(statement))).items():
            spans[key] += [span for statement in said for span in statement.content]
        for author, keys in self._by_author.items():
            if _is_one_of(wanted, author):
                for key in keys:
                    spans[key].append(_WHOLE)
        inside = {key: listed for key, listed in spans.items() if scope is None or key in scope}
        places = self.index.passages_in(inside)
        passages = [p.id for p in places if any(s.overlaps(span) for s in p.sentences for span in inside[p.article])]
        return Scope(np.array(sorted(inside), np.int64), np.array(sorted(passages), np.int64))

    @cached_property
    def _by_author(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for key, article in self.articles.items():
            if article.author:
                found[article.author].append(key)
        return dict(found)

    @cached_property
    def authors(self) -> dict[str, tuple[str, ...]]:
        """Authors of articles by their name in small letters."""
        return {author.casefold(): (author,) for author in self._by_author}


def is_speech(statement: Statement) -> bool:
    """Tell whether somebody who is named says it who isn't the article's group."""
    return statement.speech and statement.voice != "own" and bool(statement.speaker)


def _is_one_of(wanted: Sequence[set[str]], name: str) -> bool:
    words = set(content_words(name))
    return any(one <= words for one in wanted)


def called(statement: Statement) -> str:
    """Return the words by which a speaker may be asked for: the name and the body that it speaks for."""
    return f"{statement.speaker or ''} {statement.organisation or ''}"


def goes_by(statement: Statement, name: str) -> bool:
    """Tell whether all words of `name` are in the speaker's name or in that of the body that the speaker speaks for."""
    wanted = set(content_words(name))
    return bool(wanted) and any(wanted <= set(content_words(one)) for one in (statement.speaker, statement.organisation) if one)
