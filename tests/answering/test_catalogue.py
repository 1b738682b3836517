"""The catalogue: who wrote what and when, how many there are, the newest, and which groups."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qa.answering.catalogue import MOST_LINES, CatalogueAnswer, catalogue, choose_article
from qa.index.interface import Scope
from qa.library import build
from qa.models.encoder import SentenceEncoder
from qa.retrieval.corpus import Corpus
from qa.types import Named, PartialDate, Query

UNION, COMPANY, PAPER = "Harbour Union", "Quay Company", "The Tide"
CRANES = "The crane drivers left their cabins at noon. They want two breaks a shift."
NIGHTS = "Night work wears people down. A bonus pays for the sleep we lose."
QUAY = "The company will build a quay of 400 metres. It opens in three years."
OTTERS = "Two otters were seen on Sunday. Nobody had seen one since the war."
FARES = "A single fare will cost four crowns. Pensioners pay half."
CAPTAIN = "Captain Holm steered the ferry for forty years. He is going to keep bees."
ROWS = [
    ("Crane drivers walk out", UNION, None, "2023-05-03", CRANES),
    ("Why the night bonus matters", UNION, "Ama Reyes", "2024-10-08", NIGHTS),
    ("A new quay for larger ships", COMPANY, None, "2024", QUAY),
    ("Otters seen below the lighthouse", PAPER, "Jon Vale", "2022-01-20", OTTERS),
    ("Ferry fares to rise in spring", PAPER, "Jon Vale", "2025-02-11", FARES),
    ("Ferry captain retires", PAPER, "Ida Moss and Jon Vale", None, CAPTAIN),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Corpus:
    """Six articles by three groups."""
    folder = tmp_path_factory.mktemp("catalogue")
    names = ("title", "group", "author", "published", "text")
    rows = [{"id": f"a{number}", **dict(zip(names, row, strict=True))} for number, row in enumerate(ROWS)]
    rows[3]["url"] = "https://tide.example/otters"
    return indexed(folder, rows, encoder)


def indexed(folder: Path, rows: list[dict[str, str | None]], encoder: SentenceEncoder) -> Corpus:
    articles = folder / "articles.jsonl"
    articles.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    build(folder / "index", [articles], encoder=encoder)
    return Corpus.open(folder / "index", encoder)


def asked(text: str, topic: str = "", *names: Named) -> Query:
    return Query(text, text, topic, "catalogue", names=names)


def by_group(name: str, words: str = "") -> Named:
    return Named(words or name, publishers=(name,))


def answer(query: Query, corpus: Corpus) -> CatalogueAnswer:
    found = catalogue(query, corpus)
    assert found is not None
    assert found.text.startswith(found.lead)
    return found


def titles(found: CatalogueAnswer) -> list[str | None]:
    return [article.title for article in found.articles]


def test_all_by_a_group_are_counted_and_listed_in_order_of_time(corpus: Corpus) -> None:
    found = answer(asked("how many articles by the union?", "", by_group(UNION)), corpus)
    span = "from 3 May 2023 to 8 October 2024"
    assert found.lead == f"2 articles by Harbour Union are here, {span}:"
    assert titles(found) == ["Crane drivers walk out", "Why the night bonus matters"]
    line = "“Why the night bonus matters” by Ama Reyes, Harbour Union, 8 October 2024"
    assert found.lines[1] == line


def test_words_that_only_ask_for_a_list_mean_no_article(corpus: Corpus) -> None:
    for text, topic in (
        ("list all articles by the union", "list all articles"),
        ("which pieces by the union are there?", "which pieces"),
        ("how many articles from the union?", "how many articles"),
    ):
        assert len(answer(asked(text, topic, by_group(UNION)), corpus).articles) == 2


def test_an_undated_article_comes_last_and_is_told_to_be_undated(corpus: Corpus) -> None:
    found = answer(asked("what is there by The Tide", "", by_group(PAPER)), corpus)
    assert found.lead.startswith("3 articles by The Tide are here, from 20 January 2022")
    assert found.lines[-1].endswith("The Tide, date unknown")
    assert "https://tide.example/otters" in found.lines[0]


def test_the_topic_picks_out_one_article(corpus: Corpus) -> None:
    found = answer(asked("who wrote the piece on the otters?", "piece on the otters"), corpus)
    assert titles(found) == ["Otters seen below the lighthouse"]
    told = "was written by Jon Vale and published by The Tide on 20 January 2022."
    assert found.lead == (f"“Otters seen below the lighthouse” {told} https://tide.example/otters")


def test_what_is_not_stated_is_said_to_be_so(corpus: Corpus) -> None:
    quay = answer(asked("who wrote about the new quay?", "the new quay"), corpus)
    assert "published by Quay Company in 2024. Its author isn't stated." in quay.text
    captain = answer(asked("when was the captain's retirement in?", "captain retires"), corpus)
    assert "Its date isn't stated." in captain.text


def test_newest_and_oldest_are_told_alone(corpus: Corpus) -> None:
    query = asked("what is the newest piece by The Tide?", "newest piece", by_group(PAPER))
    newest = answer(replace(query, order="newest"), corpus)
    assert titles(newest) == ["Ferry fares to rise in spring"]
    assert newest.lead.startswith("The newest article by The Tide here is “Ferry fares")
    oldest = answer(replace(asked("oldest article here?"), order="oldest"), corpus)
    assert titles(oldest) == ["Otters seen below the lighthouse"]


def test_an_author_is_asked_by_name_or_by_topic(corpus: Corpus) -> None:
    jon = Named("Jon Vale", speakers=("Jon Vale",))
    assert len(answer(asked("what did Jon Vale write?", "", jon), corpus).articles) == 3
    assert len(answer(asked("Jon Vale stories, which are they", "Jon Vale"), corpus).articles) == 3


def test_a_paper_and_its_reporter_are_asked_together(corpus: Corpus) -> None:
    names = by_group(PAPER), Named("Ida Moss", speakers=("Ida Moss",))
    found = answer(asked("which Tide pieces are by Ida Moss?", "", *names), corpus)
    assert titles(found) == ["Ferry captain retires"]
    assert found.lead == "1 article by Ida Moss in The Tide is here:"


def test_two_groups_have_a_share_each(corpus: Corpus) -> None:
    names = by_group(UNION), by_group(COMPANY)
    both = answer(asked("has the union more texts than the company?", "", *names), corpus)
    assert "2 by Harbour Union and 1 by Quay Company" in both.lead
    text = "what came first, the union's walk-out or the company's new quay?"
    meant = answer(asked(text, "walk-out new quay", *names), corpus)
    assert titles(meant) == ["Crane drivers walk out", "A new quay for larger ships"]


def test_dates_limit_the_articles(corpus: Corpus) -> None:
    year = PartialDate(2024)
    found = answer(replace(asked("articles of 2024 please"), since=year, until=year), corpus)
    assert found.lead.startswith("2 articles are here for 2024")
    names = (by_group(UNION),)
    query = replace(asked("any of 2030?", "", *names), since=PartialDate(2030))
    assert answer(query, corpus).text == "No article by Harbour Union is here since 2030."


@pytest.mark.parametrize(
    ("text", "topic"),
    [("which groups are there?", ""), ("list all sources", "list all sources")],
)
def test_all_groups_are_told_where_nobody_is_asked(corpus: Corpus, text: str, topic: str) -> None:
    found = answer(asked(text, topic), corpus)
    assert found.groups == ((PAPER, 3), (UNION, 2), (COMPANY, 1))
    assert found.lead.startswith("3 groups have articles here, 6 articles from 20 January 2022")
    assert found.lines[2] == "Quay Company: 1 article from 2024"


@pytest.mark.parametrize("named", [Named("Zog"), Named("Captain Holm", speakers=("Holm",))])
def test_whoever_publishes_and_writes_nothing_here_has_no_article(corpus: Corpus, named: Named) -> None:
    found = answer(asked(f"how many texts by {named.words} are there?", "", named), corpus)
    assert not found.groups
    assert all("Holm" not in (article.author or "") for article in found.articles)
    if named.words == "Zog":
        assert found.text == "None of the 6 articles here is by “Zog”."


def test_a_long_list_is_cut_and_says_so(tmp_path: Path, encoder: SentenceEncoder) -> None:
    rows: list[dict[str, str | None]] = [
        {"id": str(n), "title": f"Notice {n}", "group": UNION, "text": f"Gate {n} is shut."} for n in range(MOST_LINES + 5)
    ]
    corpus = indexed(tmp_path, rows, encoder)
    found = answer(asked("list them", "", by_group(UNION)), corpus)
    assert len(found.articles) == MOST_LINES + 5
    assert found.lines[-1] == "and 5 more"
    assert len(found.lines) == MOST_LINES + 1
    none = answer(replace(asked("newest?"), order="newest"), corpus)
    assert none.text == "None of the 30 articles here has a date."


def test_a_misspelt_word_of_a_title_still_means_it(corpus: Corpus) -> None:
    found = answer(asked("who wrote about the lighhouse?", "the lighhouse"), corpus)
    assert titles(found) == ["Otters seen below the lighthouse"]


def test_a_summary_is_of_the_articles_that_are_meant(corpus: Corpus) -> None:
    def chosen(query: Query, scope: Scope | None = None) -> list[str | None]:
        return [corpus.articles[key].title for key in choose_article(query, corpus, scope)]

    otters = asked("sum up the otter story", "otter story")
    assert chosen(otters) == ["Otters seen below the lighthouse"]
    union = asked("sum up the union", "", by_group(UNION))
    assert len(chosen(union)) == 2
    assert chosen(union, corpus.among([PAPER], None, None)) == []
    manifesto = asked("sum up the company's manifesto", "manifesto", by_group(COMPANY))
    assert chosen(manifesto) == ["A new quay for larger ships"]
    assert chosen(asked("sum it up")) == []
    assert chosen(asked("sum up the xylophone quarrel", "xylophone quarrel")) == []
