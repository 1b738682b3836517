"""Summaries: an article's own most telling sentences, each where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.answering.summary import FEWEST, MOST, summarise
from qa.library import Library, build
from qa.models.encoder import SentenceEncoder
from qa.retrieval.corpus import Corpus
from qa.types import Query

FERRY = """\
FERRY NEWS

The council has decided to close the ferry line to Holm Island in autumn, because it loses money.

The line lost two million crowns last year. Fewer people take the ferry since the bridge opened.

What islanders say

The council has decided to close the ferry line to Holm Island in autumn, because it loses money.

Islanders protest against the closure of the ferry and ask for a smaller boat in its place. \
The kiosk sells ices. It rained on Monday.

A decision on a smaller ferry boat for the island falls in March. Coffee was served.
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Corpus:
    """Two articles by one group, and one that has no sentence at all."""
    folder = tmp_path_factory.mktemp("summary")
    many = " ".join(f"Bird number {n} was counted on the cliffs of the island." for n in range(80))
    rows = [
        {"id": "ferry", "title": "Ferry to close", "group": "Island Post", "text": FERRY},
        {"id": "birds", "title": "Birds counted", "group": "Island Post", "text": many},
        {"id": "table", "title": "A table", "group": "Island Post", "text": "North\n\nSouth"},
    ]
    articles = folder / "articles.jsonl"
    articles.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    build(folder / "index", [articles], encoder=encoder)
    return Corpus.open(folder / "index", encoder)


def summed_up(corpus: Corpus, *ids: str, topic: str = "") -> list[tuple[str, str]]:
    query = Query("sum it up", "sum it up", topic, "summary")
    found = summarise(query, [corpus.keys[id] for id in ids], corpus)
    return [(corpus.articles[key].id, span.of(corpus.with_text(key).text)) for key, span in found]


def test_it_has_the_telling_sentences_and_no_heading(corpus: Corpus) -> None:
    said = [text for _, text in summed_up(corpus, "ferry", topic="the ferry")]
    assert len(said) == FEWEST
    assert said[0].startswith("The council has decided to close the ferry line")
    assert not {"FERRY NEWS", "What islanders say", "Coffee was served."} & set(said)


def test_nothing_is_said_twice(corpus: Corpus) -> None:
    said = [text for _, text in summed_up(corpus, "ferry", topic="closing the ferry line")]
    assert len(said) == len(set(said)) == FEWEST


def test_sentences_stand_in_the_text_in_its_order(corpus: Corpus) -> None:
    query = Query("sum up", "sum up", "", "summary")
    key = corpus.keys["ferry"]
    found = summarise(query, [key], corpus)
    assert [span for _, span in found] == sorted(span for _, span in found)
    assert {span for _, span in found} <= set(corpus.index.spans(key))


def test_a_long_text_gets_more_sentences_but_not_many(corpus: Corpus) -> None:
    assert len(summed_up(corpus, "birds")) == MOST


def test_the_topic_chooses_among_several_articles(corpus: Corpus) -> None:
    said = summed_up(corpus, "birds", "ferry", topic="protest against the closure of the ferry")
    assert any("Islanders protest" in text for _, text in said)
    order = [id for id, _ in said]
    assert order == sorted(order)  # birds were given first


def test_text_without_sentences_is_better_than_nothing(corpus: Corpus) -> None:
    assert summed_up(corpus, "table") == [("table", "North"), ("table", "South")]
    assert summed_up(corpus) == []


def test_it_reads_an_index_as_built(library: Library, index_folder: Path) -> None:
    corpus = Corpus.open(index_folder, library._corpus.encoder)
    for id in ("trust-limit", "council-minutes"):
        said = summed_up(corpus, id)
        assert FEWEST <= len(said) <= MOST
        assert all(text in corpus.with_text(corpus.keys[id]).text for _, text in said)
