"""Milvus against a folder: building, disk, opening, finding, whole answers and recall, on the same made-up text.

    python benchmarks/milvus.py                                             # 10,000 passages, Milvus Lite's server over TCP
    python benchmarks/milvus.py --passages 2000 --uri http://HOST:19530     # a server that runs

Vectors and who says what are made up, so that encoding, which costs the same in both, doesn't hide the rest; a question is
encoded and read by the real models. Recall is the share of the ten nearest sentences' passages, by comparing with all, that
are among those whose vectors finding compares.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from common import heading, mb, ms, quantile, say, table, timed
from made_up import MadeUpAttributor, MadeUpEncoder, questions, write
from milvus_server import lite_server

from qa.index.home import home_of
from qa.library import Library, add_articles, build, load_encoder, remove
from qa.retrieval.search import DENSE_CANDIDATES
from qa.settings import Place, place_of
from qa.types import Article

QUESTIONS, ANSWERS, WARMING, NEAREST = 60, 20, 5, 10
AT_ONCE = 500  # passages whose vectors are read together


def size(folder: Path) -> int:
    """Return how many bytes lie below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def measured(place: Place, text: Path, passages: int, data: Path | None) -> dict[str, Any]:
    """Build an index and ask it; return what each step takes. `data` is where it lies, None where nobody here can look."""
    encoder = MadeUpEncoder()
    seconds, _ = timed(build, place, [text], encoder=encoder, attributor=MadeUpAttributor())
    say(f"{place}: built in {seconds:.0f} s")
    asking = MadeUpEncoder(timed_with=load_encoder())
    opening, library = timed(Library.open, place, encoder=asking)
    asked = questions(QUESTIONS + WARMING, passages)
    first, _ = timed(library.search, asked[0])
    for question in asked[1:WARMING]:
        library.search(question)
    finding = [timed(library.search, question)[0] for question in asked[WARMING:]]
    library.ask(asked[0])
    answering = [timed(library.ask, question)[0] for question in asked[WARMING : WARMING + ANSWERS]]
    counts = library.counts()
    library.close()
    adding, _ = timed(
        add_articles, place, [Article("one-more", "The heron stands in the river.")], encoder=encoder, attributor=MadeUpAttributor()
    )
    removing, _ = timed(remove, place, ["one-more"])
    return {
        "passages": f"{counts['passages']:,}",
        "sentences": f"{counts['sentences']:,}",
        "build": f"{seconds:.1f} s",
        "build, passages/s": f"{counts['passages'] / seconds:,.0f}",
        "disk": mb(size(data)) if data else "-",
        "open": ms(opening),
        "first finding": ms(first),
        "finding, p50": ms(quantile(finding, 0.5)),
        "finding, p95": ms(quantile(finding, 0.95)),
        "whole answer, p50": ms(quantile(answering, 0.5)),
        "whole answer, p95": ms(quantile(answering, 0.95)),
        "adding an article": ms(adding),
        "taking it out": ms(removing),
    }


def recall(place: Place, passages: int) -> float:
    """Return the share of the passages of the NEAREST sentences, by comparing with all, that are among those that finding compares."""
    encoder = MadeUpEncoder()
    index = home_of(place).opened(encoder.identity)
    stored = index.passages_in(index.articles())
    parts = [index.vectors_of(stored[at : at + AT_ONCE]) for at in range(0, len(stored), AT_ONCE)]
    all_vectors = np.concatenate(parts)
    home = np.repeat([passage.id for passage in stored], [len(passage.sentences) for passage in stored])
    shares = []
    for vector in encoder.encode(questions(QUESTIONS, passages)):
        best = set(home[np.argsort(-(all_vectors @ vector))[:NEAREST]].tolist())
        shares.append(len(best.intersection(index.nearest(vector, DENSE_CANDIDATES))) / len(best))
    index.close()
    return float(np.mean(shares))


def main() -> None:
    """Read the options, measure both, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--uri", help="a Milvus server; without one Milvus Lite's is started")
    options = parser.parse_args()
    heading("A folder and Milvus")
    with tempfile.TemporaryDirectory() as home:
        text, folder, rows = Path(home, "text"), Path(home, "index"), Path(home, "rows.db")
        write(text, options.passages)
        local = measured(folder, text, options.passages, folder)
        with nullcontext(options.uri) if options.uri else lite_server(rows) as uri:
            place = place_of(f"milvus:{uri}/benchmark")
            remote = measured(place, text, options.passages, None if options.uri else rows)
            for one, row in ((folder, local), (place, remote)):
                row[f"recall@{NEAREST}"] = f"{recall(one, options.passages):.3f}"
    table(["", "folder", "Milvus"], [[name, local[name], remote[name]] for name in local])


if __name__ == "__main__":
    main()
