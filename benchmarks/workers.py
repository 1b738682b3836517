"""Workers that share an index in Milvus, killed at random: whether that makes exactly what a single clean build makes.

    python benchmarks/workers.py                                      # 20,000 passages, two workers, ten kills
    python benchmarks/workers.py --passages 2000 --kills 3

The server is Milvus Lite's, over TCP. Text, vectors and who says what are made up; a text is encoded as slowly as told,
so that there is something to kill. Compared are the texts, sentences, vectors, passages and statements of all articles.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from common import heading, say
from made_up import MadeUpAttributor, MadeUpEncoder, write
from milvus_server import lite_server

from qa.index.home import home_of
from qa.index.milvus import worker
from qa.library import build, work
from qa.models.encoder import Vectors
from qa.settings import Place, place_of

_CLAIMED = 10.0  # seconds for which an article stays with a worker that was killed; the setting is a minute


class SlowEncoder(MadeUpEncoder):
    """Takes so many seconds for each sentence."""

    def __init__(self, seconds: float) -> None:
        """Take that long."""
        super().__init__()
        self._seconds = seconds

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors, late."""
        time.sleep(self._seconds * len(texts))
        return super().encode(texts)


def told(place: Place) -> dict[str, str]:
    """Return a hash of all that an index has of each article, by its id."""
    found = {}
    index = home_of(place).opened(MadeUpEncoder().identity)
    for key, article in index.articles().items():
        passages = index.passages_in([key])
        vectors = index.vectors_of(passages).tobytes()
        said = [statement for _, statement in index.statements([key])]
        rest = repr((article, index.text(key), [(one.span, one.sentences) for one in passages], said))
        found[article.id] = hashlib.sha256(rest.encode() + vectors).hexdigest()
    counts = index.counts()
    index.close()
    say(f"{place}: {counts}")
    return found


def _process(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, *arguments], env={**os.environ, "OMP_NUM_THREADS": "1"})


def measured(home: Path, passages: int, workers: int, kills: int, slow: float) -> bool:
    """Build with workers that are killed and without, and tell whether the two are the same."""
    text = home / "text"
    write(text, passages)
    clean = home / "clean"
    began = time.perf_counter()
    build(clean, [text], encoder=MadeUpEncoder(), attributor=MadeUpAttributor())
    say(f"one clean build, in a folder: {time.perf_counter() - began:.0f} s")
    rng = random.Random(7)
    with lite_server(home / "rows.db") as uri:
        place = f"milvus:{uri}/workers"
        began = time.perf_counter()
        building = _process("--build", place, str(text))
        running = [_process("--work", place, str(slow)) for _ in range(workers)]
        killed = 0
        while building.poll() is None:
            time.sleep(rng.uniform(6, 14))
            if killed < kills and building.poll() is None:
                at = rng.randrange(workers)
                running[at].kill()
                running[at].wait()
                running[at] = _process("--work", place, str(slow))
                killed += 1
                say(f"kill {killed} after {time.perf_counter() - began:.0f} s")
        say(f"with {workers} workers and {killed} kills: {time.perf_counter() - began:.0f} s, build ended with {building.returncode}")
        for one in running:
            one.kill()
            one.wait()
        mine, theirs = told(place_of(place)), told(clean)
    wrong = sorted(id for id in mine.keys() | theirs.keys() if mine.get(id) != theirs.get(id))
    print(f"articles {len(mine):,} and {len(theirs):,}; different: {len(wrong)} {wrong[:5] or ''}; kills {killed}", flush=True)
    return not wrong and killed == kills and building.returncode == 0


def main() -> None:
    """Read the options, and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--slow", type=float, default=0.0005, help="seconds for each sentence")
    parser.add_argument("--build", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build(place_of(options.build[0]), [Path(options.build[1])], encoder=MadeUpEncoder(), attributor=MadeUpAttributor(), workers=True)
    elif options.work:
        worker.CLAIMED = _CLAIMED
        work(place_of(options.work[0]), encoder=SlowEncoder(float(options.work[1])), attributor=MadeUpAttributor(), wait=True)
    else:
        heading("Workers that are killed")
        with tempfile.TemporaryDirectory() as home:
            sys.exit(not measured(Path(home), options.passages, options.workers, options.kills, options.slow))


if __name__ == "__main__":
    main()
