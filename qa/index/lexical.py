"""Passages in tantivy: BM25 over their words, among all articles or among some.

Derived from the store. It may hold passages that the store doesn't show yet or no longer; searching leaves out
whatever the caller doesn't know.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import IndexFolderError

if TYPE_CHECKING:
    import tantivy

_SET_MOST = 2_000  # keys of a filter that tantivy is given; with more it is quicker to look further down
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

    def __init__(self, folder: Path) -> None:
        """Open the folder, or make it; raise IndexFolderError where it holds something else or is damaged."""
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field(_WORDS, tokenizer_name="en_stem", index_option="freq")  # BM25 needs no positions
        for name in (_PASSAGE, _ARTICLE):
            builder.add_integer_field(name, stored=True, indexed=True, fast=True)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._index = tantivy.Index(builder.build(), str(folder))
            self._schema = self._index.schema
            self.refresh()
            self.search(["the"], 1)  # a damaged file shows when it is read
        except (ValueError, OSError) as error:
            raise IndexFolderError(f"{folder}: can't be opened ({error}); build the index again with --rebuild") from error

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
        except ValueError as error:  # what tantivy raises for whatever goes wrong on disk
            raise IndexFolderError(f"the passages can't be written ({error}); free space or check permissions and build again") from error
        self.refresh()

    def search(
        self,
        words: Sequence[str] | Mapping[str, float],
        k: int,
        articles: Sequence[int] | None = None,
        passages: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Return up to `k` passage ids with their BM25 score for `words` (stems, or stems with their weight), best first.

        `articles` and `passages` limit the search itself to these keys, so that a rare group or speaker gets all of `k`.
        """
        import tantivy

        if not words or (articles is not None and not articles) or (passages is not None and not passages):
            return []
        weights = words if isinstance(words, Mapping) else dict.fromkeys(words, 1.0)
        terms = [(tantivy.Query.term_query(self._schema, _WORDS, word), weight) for word, weight in weights.items()]
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, term if weight == 1 else tantivy.Query.boost_query(term, weight)) for term, weight in terms]
        )
        query = self._limited(self._limited(query, _ARTICLE, articles), _PASSAGE, passages)
        broad = {field: set(keys) for field, keys in ((_ARTICLE, articles), (_PASSAGE, passages)) if keys and len(keys) > _SET_MOST}
        return self._found(query, k, broad)

    def _found(self, query: tantivy.Query, k: int, broad: Mapping[str, Collection[int]]) -> list[tuple[int, float]]:
        """Return the first `k` that are in the broad filters too, looking further down until there are so many."""
        look = _LOOK_FIRST if broad else k
        while True:
            hits = self._searcher.search(query, look).hits
            places = [place for _, place in hits]
            kept = [True] * len(hits)
            for field, keys in broad.items():
                kept = [keep and key in keys for keep, key in zip(kept, self._searcher.fast_field_values(field, places), strict=True)]
            if len(hits) < look or sum(kept) >= k:
                break
            look *= 8
        found = [(place, float(score)) for keep, (score, place) in zip(kept, hits, strict=True) if keep][:k]
        numbers = self._searcher.fast_field_values(_PASSAGE, [place for place, _ in found])
        return [(int(number), score) for number, (_, score) in zip(numbers, found, strict=True)]

    def _limited(self, query: tantivy.Query, field: str, numbers: Sequence[int] | None) -> tantivy.Query:
        import tantivy

        if numbers is None or len(numbers) > _SET_MOST:
            return query
        only = tantivy.Query.const_score_query(tantivy.Query.term_set_query(self._schema, field, list(numbers)), 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a stem over passages: ln(1 + (N - n + 1/2) / (n + 1/2)), as in BM25."""
        total, having = self._searcher.num_docs, self._searcher.doc_freq(_WORDS, word)
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def knows(self, word: str) -> bool:
        """Tell whether any passage holds this stem."""
        return bool(self._searcher.doc_freq(_WORDS, word))
