"""The last check before anything is shown: every quote stands, word for word, at its place in the stored article."""

from __future__ import annotations

from collections.abc import Iterable

from qa.retrieval.corpus import Corpus
from qa.types import Citation


def verified(citations: Iterable[Citation], corpus: Corpus) -> tuple[Citation, ...]:
    """Return the citations whose words stand at their place in the store; the others are left out, numbers kept."""
    return tuple(citation for citation in citations if stands(citation, corpus))


def stands(citation: Citation, corpus: Corpus) -> bool:
    """Tell whether `text[start:end]` of the stored article is exactly the quote."""
    key = corpus.keys.get(citation.article.id)
    return key is not None and bool(citation.quote) and citation.span.of(corpus.index.text(key)) == citation.quote
