"""The table of contents of whosaid as a library: build an index, open it, ask, search, look things up.

from qa.library import Library, build
build(Path("index"), [Path("corpus")])
print(Library.open(Path("index")).ask("Who calls for a ceasefire?").text)
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qa import settings

if TYPE_CHECKING:
    from qa.answering.writing.checks import SupportCheck
    from qa.attribution.attributor import Attributor
    from qa.index.build import BuildReport
    from qa.index.home import Progress
    from qa.index.milvus.worker import Worked
    from qa.models.encoder import Encoder
    from qa.models.writer import Limits, Writer
    from qa.reading import Notice
    from qa.retrieval.corpus import Corpus, PassageReader
    from qa.settings import Place
    from qa.types import Answer, Article, Check, Comparison, Group, Hit, Link, PartialDate, Question, Span, Statement, Written

T = TypeVar("T")

_ARTICLES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group that has articles here: its names, how many articles and when they are from."""

    group: Group
    articles: int
    first: PartialDate | None
    last: PartialDate | None


def load_encoder(model: str | None = None) -> Encoder:
    """Return the encoder called `model`, or the default one; raise ModelError where it is missing or not the expected one.

    Who both builds and opens loads it once and hands it to both.
    """
    from qa.models.encoder import SentenceEncoder

    return SentenceEncoder(model or settings.default_model())


def build(
    place: Place,
    paths: Sequence[Path],
    *,
    model: str | None = None,
    groups: Path | None = None,
    columns: Mapping[str, str] | None = None,
    rebuild: bool = False,
    workers: bool = False,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    attributor: Attributor | None = None,
) -> BuildReport:
    """Make the index at `place` hold exactly the articles under `paths`; raise WhosaidError where that can't be done.

    What `add` has brought in stays, what was removed stays away, what was corrected stays corrected. Group names come from
    `groups`, else from a groups.toml in one of the `paths`, and always from the one that ships for names that it doesn't
    contradict. `columns` tells which column of tables and JSON Lines holds which field. With `workers`, processes that `work` take the
    articles apart, in an index that they can share.
    """
    from qa.attribution.attributor import TrainedAttributor
    from qa.index.build import build as build_index
    from qa.index.build import quiet
    from qa.reading import read

    told = _groups_for(paths, groups)
    return build_index(
        place,
        with_publisher(read(paths, columns), told),
        encoder or load_encoder(model),
        attributor or TrainedAttributor(),
        told,
        rebuild=rebuild,
        workers=workers,
        progress=progress or quiet,
    )


def work(
    place: Place,
    *,
    model: str | None = None,
    wait: bool = False,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    attributor: Attributor | None = None,
) -> Worked:
    """Take apart the articles that a build has queued in an index in Milvus, until none is left, or with `wait` for ever.

    Any number of processes may do so at once, on any machines. Raises NoIndexError where there is nothing to work on,
    SettingsError where the index is a folder.
    """
    from qa.attribution.attributor import TrainedAttributor
    from qa.errors import SettingsError
    from qa.index.build import quiet
    from qa.index.milvus.worker import work as work_on
    from qa.settings import MilvusAddress

    if not isinstance(place, MilvusAddress):
        raise SettingsError(f"{place}: workers need an index that they can share, such as --index milvus:http://HOST:19530/NAME")
    return work_on(place, encoder or load_encoder(model), attributor or TrainedAttributor(), wait=wait, progress=progress or quiet)


def copy(source: Place, target: Place, *, rebuild: bool = False, progress: Progress | None = None) -> int:
    """Make the index at `target` a copy of that at `source`, without encoding anything; return how many articles it has.

    Raises NoIndexError where there is nothing to copy, IndexFolderError where there is an index at `target` already and
    `rebuild` is not set.
    """
    from qa.index.build import quiet
    from qa.index.copying import copy as copy_index

    return copy_index(source, target, rebuild=rebuild, progress=progress or quiet)


def read_things(
    things: Sequence[str],
    *,
    columns: Mapping[str, str] | None = None,
    known: Mapping[str, Link] | None = None,
    most: int = 100,
    allow_private: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[Article | Notice | Link]:
    """Yield the articles of links (to articles, feeds and sitemaps), files and folders, with notices and what links remember.

    `known` are links in the state in which they were read last, of which only news are read. Private addresses are
    refused unless `allow_private`, or for None the setting WHOSAID_ALLOW_PRIVATE, allows them.
    """
    from qa.index.build import quiet
    from qa.reading import read
    from qa.reading.fetch import Fetcher, FetchSettings
    from qa.reading.links import is_link, read_links

    paths = [Path(thing) for thing in things if not is_link(thing)]
    links = [thing for thing in things if is_link(thing)]
    if paths:
        yield from read(paths, columns)
    if links:
        allowed = settings.allow_private() if allow_private is None else allow_private
        with Fetcher(FetchSettings(allow_private=allowed)) as fetcher:
            show = progress or quiet
            yield from read_links(links, fetcher, known or {}, most=most, progress=lambda _, done, total: show("Fetching", done, total))


def with_publisher(items: Iterable[T], told: Sequence[Group]) -> Iterator[Article | T]:
    """Yield what was read, each article with the group whose it is where that is stated or beyond doubt; `told` are known groups."""
    from qa.attribution.groups import Registry
    from qa.attribution.publisher import published_by
    from qa.types import Article

    registry = Registry(told)
    for item in items:
        yield published_by(item, registry) if isinstance(item, Article) else item


def groups_told(place: Place) -> tuple[Group, ...]:
    """Return the groups that the index at `place` was told of, and those that ship."""
    from qa.attribution.groups import merged
    from qa.index.build import groups_of

    return merged([groups_of(place), _groups_for((), None)])


def add(
    place: Place,
    things: Sequence[str],
    *,
    model: str | None = None,
    columns: Mapping[str, str] | None = None,
    most: int = 100,
    allow_private: bool | None = None,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    attributor: Attributor | None = None,
) -> BuildReport:
    """Bring the articles of links, files and folders into the index at `place` beside what it holds; see `read_things`."""
    items = read_things(things, columns=columns, most=most, allow_private=allow_private, progress=progress)
    return add_articles(place, items, model=model, progress=progress, encoder=encoder, attributor=attributor)


def add_articles(
    place: Place,
    items: Iterable[Article | Notice | Link],
    *,
    corrected: Mapping[str, Mapping[str, str | None]] | None = None,
    model: str | None = None,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    attributor: Attributor | None = None,
) -> BuildReport:
    """Bring articles that were read into the index at `place` beside what it holds; they stay until they are removed.

    `corrected` are fields of theirs that a person put right, by the ids of the articles; they hold for all builds to come.
    Raises SettingsError for an unknown field or a date that is none.
    """
    from qa.attribution.attributor import TrainedAttributor
    from qa.index.build import add as add_to_index
    from qa.index.build import quiet
    from qa.index.remarks import checked

    told = groups_told(place)
    right = {id: checked(fields) for id, fields in (corrected or {}).items()}
    encoder, attributor = encoder or load_encoder(model), attributor or TrainedAttributor()
    return add_to_index(place, with_publisher(items, told), encoder, attributor, told, corrected=right, progress=progress or quiet)


def refresh(
    place: Place,
    *,
    model: str | None = None,
    most: int = 100,
    allow_private: bool | None = None,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    attributor: Attributor | None = None,
) -> BuildReport:
    """Fetch again what was added by links, where it has changed, and what is new in their feeds and sitemaps.

    Articles that were removed stay away. Raises NoIndexError, and SettingsError where no link was added.
    """
    from qa.attribution.attributor import TrainedAttributor
    from qa.errors import SettingsError
    from qa.index.build import links_of, quiet
    from qa.index.build import refresh as refresh_index

    known = links_of(place)
    if not known:
        raise SettingsError(f"{place}: no link was added to this index; whosaid add URL does that")
    items = read_things(list(known), known=known, most=most, allow_private=allow_private, progress=progress)
    told = groups_told(place)
    encoder, attributor = encoder or load_encoder(model), attributor or TrainedAttributor()
    return refresh_index(place, with_publisher(items, told), encoder, attributor, told, progress=progress or quiet)


def remove(place: Place, ids: Sequence[str]) -> BuildReport:
    """Take articles out of the index at `place`, for builds to come too; raise SettingsError where there is no such id."""
    from qa.attribution.attributor import TrainedAttributor
    from qa.index.build import remove as remove_from_index

    return remove_from_index(place, ids, TrainedAttributor())


def edit(place: Place, id: str, fields: Mapping[str, str | None]) -> BuildReport:
    """Correct fields of an article in the index at `place`, for builds to come too; None or nothing stands for unknown.

    Raises SettingsError where there is no such id or field, or a date is none.
    """
    from qa.attribution.attributor import TrainedAttributor
    from qa.index.build import edit as edit_in_index

    return edit_in_index(place, id, fields, TrainedAttributor())


def attribute(
    paths: Sequence[Path], *, groups: Path | None = None, attributor: Attributor | None = None
) -> Iterator[tuple[Article, tuple[Statement, ...]] | Notice]:
    """Yield each article under `paths` with who says what in it, without an index; a notice for whatever can't be read."""
    from qa.attribution.attributor import TrainedAttributor
    from qa.attribution.groups import Registry, canonical_statement
    from qa.passages import sentences
    from qa.reading import read
    from qa.types import Article

    attributor = attributor or TrainedAttributor()
    told = _groups_for(paths, groups)
    waiting: list[Article] = []

    def flushed() -> Iterator[tuple[Article, tuple[Statement, ...]]]:
        found = attributor.statements(waiting, [sentences(article.text) for article in waiting])
        for article, said in zip(waiting, found, strict=True):
            registry = Registry(told, [article])
            group = registry.canonical(article.group) if article.group else None
            yield article, tuple(canonical_statement(statement, group, registry) for statement in said)
        waiting.clear()

    for item in with_publisher(read(paths), told):
        if not isinstance(item, Article):
            yield item
            continue
        waiting.append(item)
        if len(waiting) >= _ARTICLES_AT_ONCE:
            yield from flushed()
    yield from flushed()


def set_alias(place: Place, name: str, canonical: str | None) -> dict[str, str]:
    """Let `name` stand for `canonical` in the index at `place`, or for None no longer; return all such names.

    Takes effect at once, on questions and statements alike, without encoding anything; kept when the index is built again.
    Raises SettingsError where a name is empty or unknown, NoIndexError where there is no index.
    """
    from qa.errors import SettingsError
    from qa.index.build import aliases_of
    from qa.index.build import set_alias as set_alias_in

    known = aliases_of(place)
    name = " ".join(name.split())
    if canonical is None:
        if name not in known:
            raise SettingsError(f"{name!r} is not a corrected name; there are: {', '.join(sorted(known)) or 'none'}")
        return set_alias_in(place, name, None)
    canonical = " ".join(canonical.split())
    if not name or not canonical:
        raise SettingsError('a name is empty; give two names, for example: whosaid alias "WRP" "Workers Revolutionary Party"')
    if known.get(canonical) == name and name != canonical:
        raise SettingsError(f"{canonical!r} already stands for {name!r}; remove that first with --remove")
    return set_alias_in(place, name, canonical)


def aliases(place: Place) -> dict[str, str]:
    """Return the names that were corrected in the index at `place`, each with the one that it stands for."""
    from qa.index.build import aliases_of

    return aliases_of(place)


def _groups_for(paths: Sequence[Path], told: Path | None) -> tuple[Group, ...]:
    from qa.attribution.groups import merged, read_groups

    files = [told] if told else [path / "groups.toml" for path in paths if (path / "groups.toml").is_file()]
    shipped = settings.shipped_corpus() / "groups.toml"
    if shipped.is_file() and not any(file.resolve() == shipped.resolve() for file in files):
        files.append(shipped)
    return merged([read_groups(file) for file in files])


class Library:
    """An open index. Safe to share between threads; `refresh` shows what others have built since."""

    def __init__(self, corpus: Corpus) -> None:
        """Use `Library.open`."""
        self._corpus = corpus
        self._refreshing = threading.Lock()

    @classmethod
    def open(
        cls, place: Place, *, model: str | None = None, encoder: Encoder | None = None, reader: str | PassageReader | None = None
    ) -> Library:
        """Open the index at `place`, with the reader that ships or another, by name or made.

        Raises NoIndexError, ModelError, ModelMismatchError or IndexFolderError where that fails.
        """
        from qa.index.home import home_of
        from qa.retrieval.corpus import Corpus

        home_of(place).check()  # the cheap check comes before loading a model
        reader = reader or settings.reader()
        if isinstance(reader, str):
            from qa.retrieval.reader import load_reader

            reader = load_reader(reader)
        return cls(Corpus.open(place, encoder or load_encoder(model), reader))

    def close(self) -> None:
        """Let go of the files."""
        self._corpus.close()

    def refresh(self) -> None:
        """Show the newest state of the index."""
        with self._refreshing:
            self._corpus = self._corpus.refreshed()

    def ask(self, question: Question | str) -> Answer:
        """Answer a question with verified quotes, or stay silent; raise QuestionError where it is empty or far too long."""
        from qa.answering.answer import answer
        from qa.types import Question

        return answer(Question(question) if isinstance(question, str) else question, self._corpus)

    def write(
        self, answer: Answer, writer: Writer, *, support: SupportCheck | None = None, limits: Limits | None = None
    ) -> Iterator[Answer]:
        """Yield the answer with what a language model has written of it so far, each sentence checked; the last one is done.

        Something is yielded several times a second, so that it can be left at any time: to close the iterator stops the model.
        Whatever goes wrong with the model is said in `Answer.written.problem`; silence is never worded.
        """
        from qa.answering.writing.both import ENOUGH
        from qa.answering.writing.write import write

        yield from write(answer, writer, self._corpus.registry, support or self._support, ENOUGH, limits)

    @cached_property
    def _support(self) -> SupportCheck:
        from qa.answering.support import Support
        from qa.answering.writing.both import Both
        from qa.answering.writing.overlap import WordOverlap

        return Both(WordOverlap(), Support())

    def worded(self, answer: Answer, writer: Writer) -> Answer:
        """Return the answer with all that a language model wrote of it and that passed the checks."""
        for worded in self.write(answer, writer):
            answer = worded
        return answer

    def still_right(self, written: Written, answer: Answer) -> Written:
        """Return what was written of an answer before, without what breaks a rule given the answer's quotes as they are now."""
        from qa.answering.writing.write import still_right

        return still_right(written, answer, self._corpus.registry)

    def rewritten(self, question: Question, writer: Writer) -> Question:
        """Return a follow-up as a question that stands alone, in the writer's words where they change nothing; else as it is."""
        from qa.answering.writing.rewrite import rewritten

        return rewritten(question, writer, self._corpus)

    def search(self, question: Question | str, k: int = 10) -> list[Hit]:
        """Return the `k` passages nearest to a question, best first, from the groups and dates that it names."""
        from qa.answering.answer import checked
        from qa.retrieval.question import understand
        from qa.retrieval.search import search
        from qa.types import Question

        corpus = self._corpus
        asked = checked(Question(question) if isinstance(question, str) else question)
        return [candidate.hit for candidate in search(understand(asked, corpus), corpus, k, asked.speakers)]

    def compare(self, question: Question | str, *, by_date: bool = False) -> Comparison:
        """Return what each group has on a topic: its best quotes, mentions only, or that nothing was found in its articles.

        Compared are the groups named or set as filter, else all; raises QuestionError where there is no topic.
        """
        from qa.answering.comparison import compare
        from qa.types import Question

        return compare(Question(question) if isinstance(question, str) else question, self._corpus, by_date=by_date)

    def check(self, quote: str, speaker: str | None = None) -> Check:
        """Tell who says a pasted quote, where, and whether word for word; raise QuestionError where there is none in it.

        `speaker` is whoever is said to have said it.
        """
        from qa.answering.check import check

        return check(quote, self._corpus, speaker)

    def articles(
        self,
        *words: str,
        groups: Sequence[str] = (),
        since: PartialDate | None = None,
        until: PartialDate | None = None,
        unknown: Sequence[str] = (),
        inferred: bool = False,
        with_text: bool = False,
    ) -> list[Article]:
        """Return the articles that fit all that is given, newest first, those without a date last; without texts unless asked for.

        `words` have to be in the title, author, id, address or publication; `unknown` are fields that nothing is known of;
        `inferred` leaves out articles of which everything known is stated.
        """
        from qa.types import INFERRED

        corpus = self._corpus
        keys = corpus.among([corpus.registry.canonical(name) for name in groups], since, until)
        wanted = [word.casefold() for word in words]
        found = []
        for key in corpus.articles if keys is None else keys:
            article = corpus.articles[key]
            names = " ".join(filter(None, (article.title, article.author, article.id, article.url, article.publication))).casefold()
            if not all(word in names for word in wanted) or any(getattr(article, name) is not None for name in unknown):
                continue
            if not inferred or any(origin in INFERRED for _, origin in article.origins):
                found.append((key, article))
        found.sort(key=lambda pair: _newest_first(pair[1]))
        return [corpus.with_text(key) if with_text else article for key, article in found]

    def added(self) -> set[str]:
        """Return the ids of the articles that were added by themselves, which no build takes out."""
        return self._corpus.index.added()

    def article(self, id: str) -> Article:
        """Return one article with its text; raise KeyError where there is no such id."""
        corpus = self._corpus  # one state, whatever `refresh` does meanwhile
        return corpus.with_text(corpus.keys[id])

    def statements(self, id: str) -> list[Statement]:
        """Return who says what in an article, its own group included; raise KeyError where there is no such id."""
        corpus = self._corpus
        return list(corpus.statements(corpus.keys[id]))

    def statements_everywhere(self) -> dict[str, list[Statement]]:
        """Return who says what in each article, by its id, its own group included."""
        corpus = self._corpus
        return {corpus.articles[key].id: said for key, said in corpus.statements_in(corpus.articles).items()}

    def said(self, speaker: str | None = None, article: str | None = None) -> list[tuple[Article, Statement]]:
        """Return the statements of one speaker (anybody for None) in one article (all for None), with the articles' texts.

        Raises KeyError where there is no such article. All words of an asked name have to be in the speaker's, or in
        the name of the body that the speaker speaks for.
        """
        from qa.retrieval.corpus import goes_by

        corpus = self._corpus
        keys = corpus.articles if article is None else [corpus.keys[article]]
        wanted = corpus.registry.canonical(speaker) if speaker else None
        found = []
        for key, statements in corpus.statements_in(keys).items():
            listed = [s for s in statements if wanted is None or goes_by(s, wanted)]
            found += [(corpus.with_text(key), statement) for statement in listed]
        return found

    def elsewhere(self, id: str, words: str) -> tuple[Article | None, tuple[Article, ...]]:
        """Return the article of another group that had these words of an article before, and the copies by others that have them.

        Raises KeyError where there is no such id.
        """
        corpus = self._corpus
        return corpus.elsewhere(corpus.keys[id], words)

    def passage_text(self, hit: Hit) -> str:
        """Return the words of a passage that search found."""
        return hit.passage.span.of(self.article(hit.article.id).text)

    def sentences(self, id: str) -> list[Span]:
        """Return the sentences of an article in order; raise KeyError where there is no such id."""
        corpus = self._corpus
        return list(corpus.index.spans(corpus.keys[id]))

    def groups(self) -> list[GroupEntry]:
        """Return the groups that have articles here, those with most first."""
        from qa.types import Group

        corpus = self._corpus
        entries = []
        for name, keys in corpus.by_group.items():
            if name is None:
                continue
            dates = sorted((date for key in keys if (date := corpus.articles[key].published)), key=lambda date: date.first)
            told = corpus.registry.groups.get(name, Group(name))
            entries.append(GroupEntry(told, len(keys), dates[0] if dates else None, dates[-1] if dates else None))
        return sorted(entries, key=lambda entry: (-entry.articles, entry.group.name))

    def canonical(self, name: str) -> str:
        """Return the canonical name of the group that goes by `name`, or `name` itself where nobody does."""
        return self._corpus.registry.canonical(name)

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, sentences and statements there are."""
        return self._corpus.index.counts()


def _newest_first(article: Article) -> tuple[bool, int, str]:
    """Return the key by which articles are listed: the newest first, those without a date last."""
    date = article.published
    return date is None, -date.last.toordinal() if date else 0, article.id
