"""How long finding and a whole answer take, against the plain baseline over the same articles in the same run.

    python benchmarks/ask.py                                  # over articles made up here
    python benchmarks/ask.py --index DIR --questions FILE     # over an index of yours; one question a line, or JSON Lines

Finding understands the question, encodes it and searches by meaning and by words. The whole answer also reads what was
found, chooses, words and verifies quotes. Plain encodes the question in float32 and searches FAISS's exact index of 150
words at a time. Each question is asked once of each, in changing order, with models loaded.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from common import Plain, heading, ms, quantile, say, small_index, table, timed, word_windows
from made_up import questions

from qa.library import Library, load_encoder
from qa.retrieval.reader import load_reader
from qa.types import Answer

PASSAGES = 1000
WARMING = 10


def told(file: Path) -> list[str]:
    """Return the questions of a file, each once; stop with a line where there are too few to leave out those that warm up."""
    lines = [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]
    found = list(dict.fromkeys(json.loads(line)["question"] if line.startswith("{") else line for line in lines))
    if len(found) < 2 * WARMING:
        raise SystemExit(f"{file}: has {len(found)} different questions; expected at least {2 * WARMING}, {WARMING} of which only warm up")
    return found


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, help="an index of yours, else one is made")
    parser.add_argument("--questions", type=Path, help="questions to ask of it, else some are made up")
    parser.add_argument("--count", type=int, default=100, help="how many at most (100)")
    parser.add_argument("--passages", type=int, default=PASSAGES, help=f"how many to make up ({PASSAGES})")
    options = parser.parse_args()
    if options.index and not options.questions:
        parser.error("--index takes --questions FILE: what is made up is not about your articles")
    heading("Asking")
    with tempfile.TemporaryDirectory() as scratch:
        say("loading the models")
        plain, encoder = Plain(), load_encoder()
        if not options.index:
            small_index(Path(scratch), options.passages, encoder)
        index = options.index or Path(scratch) / "index"
        asked = told(options.questions) if options.questions else questions(options.count + WARMING, options.passages, rare=False)
        reader = load_reader()
        # One library for each, since a library remembers the vectors of the questions it was just asked.
        finding, answering = (Library.open(index, encoder=encoder, reader=reader) for _ in range(2))
        windows = [window for article in finding.articles(with_text=True) for window in word_windows(article.text)]
        say(f"encoding {len(windows):,} windows for the baseline")
        plain.build(windows)
        calls: dict[str, Callable[[str], object]] = {"plain": plain.search, "finding": finding.search, "whole answer": answering.ask}
        warming, measured = asked[-WARMING:], asked[:-WARMING][: options.count]
        for question in warming:
            for call in calls.values():
                call(question)
        took: dict[str, list[float]] = {name: [] for name in calls}
        answered = 0
        for number, question in enumerate(measured):
            names = list(calls)
            for name in names[number % 3 :] + names[: number % 3]:
                seconds, result = timed(calls[name], question)
                took[name].append(seconds)
                answered += isinstance(result, Answer) and result.answered
        counts = finding.counts()
        print(
            f"{counts['articles']:,} articles, {counts['passages']:,} passages, {counts['sentences']:,} sentences; plain: {len(windows):,}"
        )
        print(f"{len(measured)} questions, of which {answered} were answered; the ratio is that of times, over plain: above 1 is slower\n")
        half, late = (quantile(took["plain"], share) for share in (0.5, 0.95))
        rows = [
            (name, ms(p50 := quantile(seconds, 0.5)), ms(p95 := quantile(seconds, 0.95)), f"{p50 / half:.1f}", f"{p95 / late:.1f}")
            for name, seconds in took.items()
        ]
        table(("", "p50", "p95", "ratio p50", "ratio p95"), rows)


if __name__ == "__main__":
    main()
