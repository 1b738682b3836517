"""Fits from which score words are taken to name somebody.

    python -m qa.training.linking --folder FOLDER --name A --name B ... --output linking.json

FOLDER has `questions/NAME.jsonl` and `indexes/NAME`. Of each labelled name that is asked the best match is right where it has all
words of a group or speaker that answers, or the other way round. To these come names from other corpora and the first name of one
person with the last of another, which name nobody; the threshold is the highest by which no fewer are told right, linked or
not, than a standard error below the most (the one-standard-error rule: Breiman and others, 1984): a wrong link misleads.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import click
import numpy as np

from qa.library import load_encoder
from qa.query.linking import WEIGHTS, fold
from qa.query.understanding import linker_of
from qa.retrieval.corpus import Corpus
from qa.training.rows import read_questions

SEED = 7
KINDS = ("what", "stance", "speaker", "compare", "change")  # of questions whose answer is by those asked


@click.command()
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--name", "names", multiple=True, required=True, help="A corpus to fit on.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True)
def main(names: tuple[str, ...], folder: Path, output: Path) -> None:
    """Fit the threshold, and tell how often it is right."""
    chance = random.Random(SEED)
    scores: list[float] = []
    right: list[bool] = []
    encoder = load_encoder()
    rows = {name: read_questions([folder / "questions" / f"{name}.jsonl"]) for name in names}
    for name in names:
        corpus = Corpus.open(folder / "indexes" / name, encoder)
        linker = linker_of(corpus)
        people = [one for listed in corpus.speakers.values() for one in listed if len(one.split()) == 2]
        strangers = [words for other in names if other != name for row in rows[other] for words in row.asked]
        for row in rows[name]:
            for words in row.asked if row.kind in KINDS else ():
                one, other = chance.choice(people).split(), chance.choice(people).split()
                mixed = f"{one[0]} {other[1]}"
                tried = [(words, [*row.groups, *row.speakers]), (chance.choice(strangers), []), (mixed, [mixed])]
                for typed, gold in tried:
                    if matches := linker.matches(typed, most=1):
                        name_words = set(fold(matches[0].entity.name))
                        scores.append(matches[0].score)
                        right.append(any(name_words <= set(fold(g)) or set(fold(g)) <= name_words for g in gold))
    chances, truth = np.array(scores), np.array(right)
    grid = np.unique(np.round(chances, 2))
    told = [float(((chances >= at) == truth).mean()) for at in grid]
    error = float(np.sqrt(max(told) * (1 - max(told)) / len(truth)))
    best = float(max(at for at, share in zip(grid, told, strict=True) if share >= max(told) - error))
    click.echo(f"{len(truth)} names, {truth.mean():.3f} best matches right; threshold {best}, told right {max(told):.3f}")
    output.write_text(json.dumps({"linked": best}) + "\n", "utf-8")


if __name__ == "__main__":
    main()
