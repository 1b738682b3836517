"""Writes, for labelled questions, the sentences that search finds for them, with which of these answer: what ranking is trained on.

    python -m qa.training.candidates --questions QUESTIONS.jsonl --index INDEX --output NAME.lists.jsonl

Needs an index of the articles that the questions are asked of. Sentences that answer are there wherever they rank.
"""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import click
import numpy as np

from qa.library import load_encoder
from qa.query.conversation import stand_alone
from qa.retrieval.corpus import Corpus
from qa.retrieval.ranker import read_of
from qa.retrieval.search import SIGNALS, Pool, Wording, find
from qa.training.rows import QuestionRow, read_questions

MOST = 40
QUIET = ("meta", "help", "courtesy", "more", "unreadable")  # kinds that want no quote


def wording_of(row: QuestionRow) -> tuple[str, Wording]:
    """Return a labelled question as the ranker reads it and as it is searched for."""
    needed = [turn for turn in row.history if any(words in turn for words in (*row.asked, *row.about) if words not in row.question)]
    read = stand_alone(row.question, needed)
    return read, Wording(row.question, " ".join([*needed[-2:], row.question]), " ".join(row.about))


def is_right(text: str, quotes: tuple[str, ...]) -> bool:
    """Tell whether a sentence holds one of the labelled quotes."""
    return any(" ".join(quote.split()) in text for quote in quotes)


def plain_order(pool: Pool) -> list[int]:
    """Return the candidates by the sum of the two reciprocal ranks, best first."""
    score = pool.signals[:, SIGNALS.index("rank_cosine")] + pool.signals[:, SIGNALS.index("rank_bm25")]
    order: list[int] = np.argsort(-score, kind="stable").tolist()
    return order


@click.command()
@click.option("--questions", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--index", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def main(questions: Path, index: Path, output: Path) -> None:
    """Write the candidates of every question that wants quotes."""
    corpus = Corpus.open(index, load_encoder())
    with output.open("w", encoding="utf-8") as lines:
        for row in read_questions([questions]):
            if row.kind in QUIET:
                continue
            read, wording = wording_of(row)
            pool = find(wording, (), corpus, None)
            order = plain_order(pool)
            texts = [candidate.text for candidate in pool.candidates]
            right = [at for at in order if is_right(texts[at], row.quotes)]
            near = [at for at in order if is_right(texts[at], row.near) and at not in right]
            kept = list(dict.fromkeys([*order[:MOST], *right, *near]))
            found = {
                "id": row.id,
                "question": read,
                "kind": row.kind,
                "candidates": [astuple(read_of(pool, at)) for at in kept],
                "right": [kept.index(at) for at in right],
                "near": [kept.index(at) for at in near],
            }
            if row.quotes and not right:
                click.echo(f"{row.id}: none of its quotes is among the candidates", err=True)
                continue
            lines.write(json.dumps(found, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
