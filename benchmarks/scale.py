"""What an index costs as it grows: building, disk, memory, finding, answering, recall and adding, at several sizes.

    python benchmarks/scale.py                                             # 10,000, 100,000 and 1,000,000 passages
    python benchmarks/scale.py --passages 10000 100000 --folder DIR        # indexes are kept there and only measured next time
    python benchmarks/scale.py --measure DIR/10000                         # measure one that is there

Text is made up, nothing is downloaded. The vectors of articles are made up too, and who says what is read by the patterns
of the text: encoding takes the same time for each sentence whatever the size, and would hide all else. The rest is the real
thing: files are read, split, indexed and written as ever, and a question is encoded by the real model, whose vector is then
put aside for a made-up one, and read by the real reader. Each build and each measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from common import MB, Plain, commit, environment, heading, mb, memory, ms, quantile, say, table, timed
from made_up import RARE, RARE_PASSAGES, MadeUpAttributor, MadeUpEncoder, Spent, articles, questions, write

from qa.index.local import LocalIndex
from qa.index.store import Store
from qa.library import Library, add_articles, build, load_encoder, remove
from qa.models.encoder import Vectors
from qa.retrieval.search import DENSE_CANDIDATES

SIZES = (10_000, 100_000, 1_000_000)
NEAREST = 10
QUESTIONS = 200  # for finding; whole answers take 3 in 10 of so many, recall half
WARMING = 5
FLAT_UP_TO = 200_000  # passages for which plain FAISS is tried beside it
TEXT, INDEX, BUILT = "text", "index", "built.json"

Row = dict[str, Any]


# ---- building


def built(home: Path, passages: int) -> Row:
    """Build the index in `home` of text that is made up there; return what it cost. Ran in a process of its own."""
    size = sum(file.stat().st_size for file in (home / TEXT).iterdir())
    encoder, attributor = MadeUpEncoder(), MadeUpAttributor()
    encoder.encode(["The year."])
    before, encoder.spent = memory(), Spent()
    last = time.monotonic()

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 30:
            last = time.monotonic()
            say(f"{doing}: {done:,} of {total:,}, {mb(memory().rss)}")

    seconds, report = timed(build, home / INDEX, [home / TEXT], encoder=encoder, attributor=attributor, progress=progress)
    if report.notices:
        say(f"{len(report.notices)} notices, the first: {report.notices[0]}")
    return {
        "asked_for": passages,
        "commit": commit(),
        "text": size,
        "seconds": seconds,
        "made_up": encoder.spent.seconds + attributor.spent.seconds,
        "peak": memory().peak,
        "before": before.rss,
    }


def disk(folder: Path) -> dict[str, int]:
    """Return the bytes of each file or folder of an index, whatever its number."""
    sizes: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_file():
            parts = file.relative_to(folder).parts
            sizes[parts[1] if parts[0].isdecimal() and len(parts) > 1 else parts[0]] += file.stat().st_size
    return dict(sizes)


# ---- measuring


def measured(home: Path, count: int) -> Row:
    """Open the index in `home` and return what it costs to use. Ran in a process of its own."""
    told = json.loads((home / BUILT).read_text())
    passages = told["asked_for"]
    encoder = MadeUpEncoder(timed_with=load_encoder())
    encoder.encode(["The year."])
    before = memory()
    opening, library = timed(Library.open, home / INDEX, encoder=encoder)
    for_answers = max(1, count * 3 // 10)
    asked = questions(count + for_answers + WARMING, passages)
    first = timed(library.search, asked[-1])[0]
    for question in asked[-WARMING:]:
        library.search(question)
    finding = [timed(library.search, question)[0] for question in asked[:count]]
    found = memory()
    first_answer = timed(library.ask, asked[-1])[0]
    answers = [timed(library.ask, question) for question in asked[count : count + for_answers]]
    held = memory()
    say(f"{passages:,} passages: {ms(quantile(finding, 0.5))} to find, {mb(held.rss)}; recall")
    vectors = MadeUpEncoder().encode(asked[: max(1, count // 2)])
    row = {
        **told,
        **library.counts(),
        "disk": disk(home / INDEX),
        "opening": opening,
        "first": first,
        "find": [quantile(finding, share) for share in (0.5, 0.95)],
        "first_answer": first_answer,
        "answer": [quantile([seconds for seconds, _ in answers], share) for share in (0.5, 0.95)],
        "answered": [sum(answer.answered for _, answer in answers), len(answers)],
        "rss_before": before.rss,
        "rss_found": found.rss,
        "rss": held.rss,
        "rss_own": held.own,
        **recall(library, home / INDEX, vectors),
    }
    if passages <= FLAT_UP_TO:
        say("FAISS as it comes")
        row["plain"] = flat(library, home / INDEX, asked[:count])
    library.close()
    return row | adding(home / INDEX, encoder)


def recall(library: Library, home: Path, vectors: Vectors) -> Row:
    """Return how many of the truly nearest sentences are among those that finding compares, of all and of the rare group's."""
    corpus = library._corpus
    rare = library.articles(groups=[RARE])
    index = LocalIndex(home, corpus.encoder.identity)
    only = index.dense.among(index.ranges([corpus.keys[article.id] for article in rare]))
    inside = [id for id, _ in index.dense.search(vectors[0], 100 * RARE_PASSAGES, only)]
    there = sum(len(library.sentences(article.id)) for article in rare)
    of_all = [timed(index.dense.search, vector, DENSE_CANDIDATES, None) for vector in vectors]
    of_few = [timed(index.dense.search, vector, NEAREST, only) for vector in vectors]
    recalled = shared([found for _, found in of_all], exact(index, vectors))
    recalled_rare = shared([found for _, found in of_few], exact(index, vectors, np.array(inside, np.int64)))
    index.close()
    return {
        "recall": recalled,
        "recall_rare": recalled_rare,
        "rare": {"articles": len(rare), "sentences": there, "reached": len(set(inside))},
        "dense": quantile([seconds for seconds, _ in of_all], 0.5),
        "dense_rare": quantile([seconds for seconds, _ in of_few], 0.5),
    }


def exact(store: Store, vectors: Vectors, among: npt.NDArray[np.int64] | None = None) -> list[set[int]]:
    """Return the ids of the NEAREST sentences to each vector, by looking at all of them (or all of `among`) block by block."""
    scores = np.full((len(vectors), NEAREST), -np.inf, np.float32)
    ids = np.full((len(vectors), NEAREST), -1, np.int64)
    for every, rows in store.blocks(store.ranges()):
        kept = np.ones(len(every), bool) if among is None else np.isin(every, among)
        numbers, block = every[kept], rows[kept].astype(np.float32)
        scores = np.concatenate([scores, vectors @ block.T], axis=1)
        ids = np.concatenate([ids, np.broadcast_to(numbers, (len(vectors), len(numbers)))], axis=1)
        best = np.argpartition(-scores, NEAREST - 1, axis=1)[:, :NEAREST]
        scores, ids = np.take_along_axis(scores, best, axis=1), np.take_along_axis(ids, best, axis=1)
    return [set(row.tolist()) - {-1} for row in ids]


def shared(found: Sequence[Sequence[tuple[int, float]]], right: Sequence[set[int]]) -> float:
    """Return the share of the right ids that were found."""
    return float(np.mean([len({id for id, _ in one} & wanted) / len(wanted) for one, wanted in zip(found, right, strict=True)]))


def flat(library: Library, index: Path, asked: Sequence[str]) -> Row:
    """Return the median and the 95th percentile of the seconds of plain FAISS over the same sentences, the question encoded too."""
    plain = Plain()
    store = LocalIndex(index, library._corpus.encoder.identity)
    for _, block in store.blocks(store.ranges()):
        plain.add(block.astype(np.float32))
    for question in asked[-WARMING:]:
        plain.search(question, NEAREST)
    took = [timed(plain.search, question, NEAREST)[0] for question in asked]
    return {"find": [quantile(took, share) for share in (0.5, 0.95)]}


def adding(index: Path, encoder: MadeUpEncoder) -> Row:
    """Add an article with a word that nobody else has, look for it in the index opened anew, and take it out again."""
    mark = f"zwyl{time.time_ns():x}"
    article = replace(next(articles(1000, seed=2, rare=False)), id=mark, url=None, title=f"The {mark}")
    article = replace(article, text=f"The {mark} was opened by the river.\n\n{article.text}")
    took, _ = timed(add_articles, index, [article], encoder=encoder, attributor=MadeUpAttributor())
    opened = Library.open(index, encoder=encoder)
    hits = opened.search(f"Who opened the {mark}?")
    opened.close()
    taken_out, _ = timed(remove, index, [mark])
    return {"adding": took, "added_is_found": bool(hits) and hits[0].article.id == mark, "removing": taken_out}


# ---- all sizes


def prepared(home: Path, passages: int) -> None:
    """Make text and index in `home` where they aren't there yet."""
    if (home / BUILT).is_file():
        say(f"{home}: is built, and only measured")
        return
    for name in (TEXT, INDEX):  # what a build that was stopped has left
        shutil.rmtree(home / name, ignore_errors=True)
    say(f"{passages:,} passages: making up the text")
    seconds, size = timed(write, home / TEXT, passages)
    say(f"{mb(size)} in {seconds:.0f} s; building")
    row = by_itself("--build", home, "--passages", passages)
    (home / BUILT).write_text(json.dumps(row))


def by_itself(what: str, home: Path, *more: object) -> Row:
    """Let a process of its own build or measure, and return what it prints last."""
    command = [sys.executable, str(Path(__file__).resolve()), what, str(home), *map(str, more)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment())
    row: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def shown(rows: Sequence[Row]) -> None:
    """Print what was measured, a column for each size."""
    lines: dict[str, list[str]] = {
        "built at": [row["commit"] for row in rows],
        "articles": [f"{row['articles']:,}" for row in rows],
        "sentences": [f"{row['sentences']:,}" for row in rows],
        "build": [f"{row['seconds']:,.1f} s" for row in rows],
        "  in making up vectors and statements": [f"{row['made_up']:,.1f} s" for row in rows],
        "build, passages/s": [f"{row['passages'] / row['seconds']:,.0f}" for row in rows],
        "build, most memory": [mb(row["peak"]) for row in rows],
        "  before it": [mb(row["before"]) for row in rows],
        "text": [mb(row["text"]) for row in rows],
        "disk": [mb(sum(row["disk"].values())) for row in rows],
        **{
            f"  {name}": [mb(row["disk"].get(name, 0)) for row in rows]
            for name in sorted({name for row in rows for name, size in row["disk"].items() if size > MB / 20})
        },
        "open": [ms(row["opening"]) for row in rows],
        "first finding": [ms(row["first"]) for row in rows],
        "finding, p50": [ms(row["find"][0]) for row in rows],
        "finding, p95": [ms(row["find"][1]) for row in rows],
        "  plain FAISS, p50": [ms(row["plain"]["find"][0]) if "plain" in row else "-" for row in rows],
        "  ratio, p50": [f"{row['find'][0] / row['plain']['find'][0]:.2f}" if "plain" in row else "-" for row in rows],
        "first answer": [ms(row["first_answer"]) for row in rows],
        "whole answer, p50": [ms(row["answer"][0]) for row in rows],
        "whole answer, p95": [ms(row["answer"][1]) for row in rows],
        "  answered": ["{} of {}".format(*row["answered"]) for row in rows],
        "dense search, p50": [ms(row["dense"]) for row in rows],
        f"  recall@{NEAREST}": [f"{row['recall']:.3f}" for row in rows],
        "dense search in the rare group, p50": [ms(row["dense_rare"]) for row in rows],
        f"  recall@{NEAREST} in it": [f"{row['recall_rare']:.3f}" for row in rows],
        "memory before opening": [mb(row["rss_before"]) for row in rows],
        "memory after finding": [mb(row["rss_found"]) for row in rows],
        "memory after answering": [mb(row["rss"]) for row in rows],
        "  of it not a file's": [mb(row["rss_own"]) for row in rows],
        "adding an article": [f"{row['adding']:.2f} s" for row in rows],
        "  found when opened again": ["yes" if row["added_is_found"] else "NO" for row in rows],
        "taking it out": [f"{row['removing']:.2f} s" for row in rows],
    }
    table(("passages", *(f"{row['passages']:,}" for row in rows)), [(name, *cells) for name, cells in lines.items()])


def growth(rows: Sequence[Row]) -> dict[str, float]:
    """Return b of cost ~ n^b, the slope of logarithms by least squares, for what grows; n are passages."""
    n = np.log([row["passages"] for row in rows])
    costs = {
        "build seconds": [row["seconds"] for row in rows],
        "finding p50": [row["find"][0] for row in rows],
        "memory added by opening": [max(row["rss_found"] - row["rss_before"], 1) for row in rows],
        "disk": [sum(row["disk"].values()) for row in rows],
        "adding an article": [row["adding"] for row in rows],
    }
    return {name: round(float(np.polyfit(n, np.log(cost), 1)[0]), 3) for name, cost in costs.items()}


def main() -> int:
    """Run it; the status is 1 where the rare group is not searched exactly or an added article is not found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, nargs="+", default=list(SIZES), help="how many passages of 150 words; several sizes")
    parser.add_argument("--folder", type=Path, help="where indexes are kept, else they are thrown away")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help=f"for finding ({QUESTIONS}); 3 in 10 of so many are answered")
    parser.add_argument("--measure", type=Path, metavar="FOLDER", help="only measure the index that was made there")
    parser.add_argument("--build", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)  # for the processes that it starts
    options = parser.parse_args()
    if min(options.passages) < 2 * RARE_PASSAGES:
        parser.error(f"--passages takes {2 * RARE_PASSAGES} or more, {RARE_PASSAGES} of which are the rare group's")
    if options.build:
        print(json.dumps(built(options.build, options.passages[0])))
        return 0
    if options.measure:
        if not (options.measure / BUILT).is_file():
            parser.error(f"--measure {options.measure}: there is no {BUILT}; --folder makes such folders, one for each size")
        print(json.dumps(measured(options.measure, options.questions)))
        return 0
    heading("Scale")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        rows = []
        for passages in sorted(options.passages):
            home = folder / str(passages)
            prepared(home, passages)
            say(f"{passages:,} passages: measuring")
            rows.append(by_itself("--measure", home, "--questions", options.questions))
    rare = rows[0]["rare"]
    print("Vectors and who says what are made up, see --help.")
    print(f"The rare group is the {RARE}, with {rare['articles']} articles and {rare['sentences']} sentences.\n")
    shown(rows)
    slopes = growth(rows) if len(rows) > 1 else {}
    if slopes:
        print("cost ~ passages^b: " + ", ".join(f"{name} {b:.2f}" for name, b in slopes.items()))
    print(json.dumps({"rows": rows, "growth": slopes}))
    fine = [row["recall_rare"] == 1 and row["rare"]["reached"] == row["rare"]["sentences"] and row["added_is_found"] for row in rows]
    return int(not all(fine))


if __name__ == "__main__":
    raise SystemExit(main())
