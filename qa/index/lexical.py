"""Passages in tantivy: BM25 over their words, among all articles or among some.

Derived from the store. It may hold passages that the store doesn't show yet or no longer; searching leaves out
whatever the caller doesn't know.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qa.index.disk import explain
from qa.index.interface import Scope
from qa.index.vectors import Ids

if TYPE_CHECKING:
    import tantivy

_SET_MOST = 2_000  # articles of a scope that tantivy is given; with more it is quicker to look further down
_LOOK_FIRST = 1_000
_HEAP = 50_000_000  # bytes; tantivy writes a segment whenever it is full
_WORDS, _PASSAGE, _ARTICLE = "words", "passage", "article"

STOP_WORDS = frozenset(
    """
    a about actually after all also am an and any anybody anyone anything are as at be because been before being between
    both but by can could did do does doing done during ever exactly for from had has have having he her hers him his how i
    if in into is it its itself just may me might more most must my never no nor not of on once only or other our out over
    own really s same she should so some such t than that the their them then there these they this those through to too
    under until up us very was we were what when where which while who whom whose why will with would you your
    """.split()
)


@cache
def _analyzer() -> tantivy.TextAnalyzer:
    import tantivy

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.stemmer("English")).build()


def stems(text: str) -> list[str]:
    """Return the words of `text` as the index keeps them: lower case, stemmed, in order."""
    words: list[str] = _analyzer().analyze(text)
    return words


def content_words(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order, each once."""
    return [word for word in dict.fromkeys(stems(text)) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())]


class LexicalIndex:
    """A tantivy index in a folder."""

    def __init__(self, folder: Path | None) -> None:
        """Open the folder, or make it; for None begin in memory. Raises IndexFolderError where the folder can't be used."""
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field(_WORDS, tokenizer_name="en_stem", index_option="freq")  # BM25 needs no positions
        for name in (_PASSAGE, _ARTICLE):
            builder.add_integer_field(name, stored=True, indexed=True, fast=True)
        self._folder = folder
        try:
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(builder.build(), str(folder) if folder else None)
            self._schema = self._index.schema
            self.refresh()
            self.search(["the"], 1)  # a damaged file shows when it is read
        except (ValueError, OSError) as error:
            raise explain(folder or Path(), error, "opened") from error

    @classmethod
    def open_to_read(cls, folder: Path) -> LexicalIndex:
        """Open a folder in which nothing may be written; raise IndexFolderError where that fails.

        Tantivy wants to make a lock beside whatever it opens. So it gets links to the files, which it holds once they are open.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="whosaid-", ignore_cleanup_errors=True) as scratch:
                for file in folder.resolve().iterdir():
                    if not file.name.endswith(".lock"):
                        Path(scratch, file.name).symlink_to(file)
                return cls(Path(scratch))
        except OSError as error:
            raise explain(folder, error, "read") from error

    @classmethod
    def make_anew(cls, folder: Path) -> LexicalIndex:
        """Throw the folder away and make an empty one."""
        shutil.rmtree(folder, ignore_errors=True)
        return cls(folder)

    def refresh(self) -> None:
        """See what has been written since."""
        self._index.reload()
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        """How many passages it holds."""
        return int(self._searcher.num_docs)

    def add(self, passages: Iterable[tuple[int, int, str]], *, replace_all: bool = False) -> None:
        """Add passages (id, article key, words) in one step; with `replace_all` in place of everything."""
        import tantivy

        with self._writing() as writer:
            if replace_all:
                writer.delete_all_documents()
            for passage, article, words in passages:
                document = tantivy.Document()
                document.add_text(_WORDS, words)
                document.add_integer(_PASSAGE, passage)
                document.add_integer(_ARTICLE, article)
                writer.add_document(document)

    def remove(self, articles: Iterable[int]) -> None:
        """Take out the passages of these articles in one step."""
        import tantivy

        keys = list(articles)
        if not keys:
            return
        with self._writing() as writer:
            writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, _ARTICLE, keys))

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """Give a writer and make what was written visible in one step; raise IndexFolderError where that fails."""
        try:
            writer = self._index.writer(_HEAP, 1)
            yield writer
            writer.commit()
            writer.wait_merging_threads()
            if self._folder:
                self._show_to_others(self._folder)
        except (ValueError, OSError) as error:  # the first is what tantivy raises for whatever goes wrong on disk
            raise explain(self._folder or Path(), error, "written") from error
        self.refresh()

    @staticmethod
    def _show_to_others(folder: Path) -> None:
        """Let those read tantivy's lists of files who may read the folder: it makes them for their owner alone."""
        mode = folder.stat().st_mode & 0o666
        for name in ("meta.json", ".managed.json"):
            (folder / name).chmod(mode)

    def search(self, words: Sequence[str] | Mapping[str, float], k: int, scope: Scope | None = None) -> list[tuple[int, float]]:
        """Return up to `k` passage ids with their BM25 score for `words` (stems, or stems with their weight), best first.

        The scope limits the search itself, so that a rare group or speaker gets all of `k`.
        """
        import tantivy

        if not words or (scope is not None and not (len(scope.articles) if scope.passages is None else len(scope.passages))):
            return []
        weights = words if isinstance(words, Mapping) else dict.fromkeys(words, 1.0)
        terms = [(tantivy.Query.term_query(self._schema, _WORDS, word), weight) for word, weight in weights.items()]
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, term if weight == 1 else tantivy.Query.boost_query(term, weight)) for term, weight in terms]
        )
        if scope is None:
            return self._found(query, k)
        if scope.passages is not None:
            return self._found(self._only(query, _PASSAGE, scope.passages), k)
        if len(scope) <= _SET_MOST:
            return self._found(self._only(query, _ARTICLE, scope.articles), k)
        return self._found(query, k, scope)

    def _found(self, query: tantivy.Query, k: int, broad: Scope | None = None) -> list[tuple[int, float]]:
        """Return the first `k` that are in the broad scope too, looking further down until there are so many."""
        look = k if broad is None else _LOOK_FIRST
        while True:
            hits = self._searcher.search(query, look).hits
            kept = hits
            if broad is not None:
                articles = self._searcher.fast_field_values(_ARTICLE, [place for _, place in hits])
                kept = [hit for hit, article in zip(hits, articles, strict=True) if article in broad]
            if len(hits) < look or len(kept) >= k:
                break
            look *= 8
        numbers = self._searcher.fast_field_values(_PASSAGE, [place for _, place in kept[:k]])
        return [(int(number), float(score)) for number, (score, _) in zip(numbers, kept, strict=False)]

    def _only(self, query: tantivy.Query, field: str, numbers: Ids) -> tantivy.Query:
        import tantivy

        only = tantivy.Query.const_score_query(tantivy.Query.term_set_query(self._schema, field, numbers.tolist()), 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a stem over passages: ln(1 + (N - n + 1/2) / (n + 1/2)), as in BM25."""
        total, having = self._searcher.num_docs, self._searcher.doc_freq(_WORDS, word)
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def knows(self, word: str) -> bool:
        """Tell whether any passage holds this stem."""
        return bool(self._searcher.doc_freq(_WORDS, word))
