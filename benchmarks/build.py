"""Building an index against the plain baseline, on the same texts in the same run.

    python benchmarks/build.py                  # over articles made up here
    python benchmarks/build.py PATHS...         # over files and folders of yours
    python benchmarks/build.py --float32        # as on a processor that doesn't multiply in bfloat16

The whole build reads the files, splits them, tells who says what, encodes every sentence and writes every index. The
baseline gets the texts for nothing and encodes 150 words at a time. Models are loaded before, on both sides.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
from common import WINDOW, Plain, alternated, heading, quantile, say, table, word_windows
from made_up import PASSAGES_OF_AN_ARTICLE, questions, write

import qa.models.processor
from qa.attribution.attributor import TrainedAttributor
from qa.library import build, load_encoder
from qa.models.encoder import Vectors
from qa.passages import sentences
from qa.reading import read
from qa.types import Article

NEAREST = 10


def overlap(ours: Vectors, theirs: Vectors, asked: int) -> float:
    """Return the share of NEAREST texts that both find for the same `asked` texts, which come first, among the others."""
    found = [np.argsort(-(vectors[:asked] @ vectors[asked:].T), axis=1)[:, :NEAREST] for vectors in (ours, theirs)]
    return float(np.mean([len(set(one) & set(other)) / NEAREST for one, other in zip(*found, strict=True)]))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders of articles, else some are made up")
    parser.add_argument("--articles", type=int, default=40, help="how many to make up (40)")
    parser.add_argument("--rounds", type=int, default=4, help="how often each is measured (4)")
    parser.add_argument("--float32", action="store_true", help="as on a processor that doesn't multiply in bfloat16")
    options = parser.parse_args()
    heading("Building")
    if options.float32:
        print("Our models in float32.\n")
        qa.models.processor.has_bfloat16 = lambda: False
    with tempfile.TemporaryDirectory() as scratch:
        paths = options.paths
        passages = options.articles * PASSAGES_OF_AN_ARTICLE
        if not paths:
            paths = [Path(scratch) / "text"]
            write(paths[0], passages, rare=False)
        texts = [item.text for item in read(paths) if isinstance(item, Article)]
        windows = [window for text in texts for window in word_windows(text)]
        cut = [span.of(text) for text in texts for span in sentences(text)]
        units = sum(len(text.split()) for text in texts) / WINDOW
        print(f"{len(texts):,} articles, {units:,.0f} passages of {WINDOW} words, {len(cut):,} sentences\n", flush=True)
        say("loading the models")
        plain, encoder, attributor = Plain(), load_encoder(), TrainedAttributor()
        index = Path(scratch) / "index"

        def whole() -> None:
            shutil.rmtree(index, ignore_errors=True)
            build(index, paths, encoder=encoder, attributor=attributor)

        whole()  # loads what is loaded at first use
        plain.encode(windows[:32])
        took = alternated({"plain": lambda: plain.build(windows), "whole build": whole}, options.rounds)
        took |= alternated(
            {
                "plain, sentences": lambda: plain.encode(cut),
                "our encoder, sentences": lambda: encoder.encode(cut),
                "our encoder, passages": lambda: encoder.encode(windows),
            },
            options.rounds,
        )
        baseline = quantile(took["plain"], 0.5)
        print("The ratio is that of speeds, over plain (the first line): above 1 is faster.")
        rows = [
            (name, f"{quantile(seconds, 0.5):.2f} s", f"{units / quantile(seconds, 0.5):,.1f}", f"{baseline / quantile(seconds, 0.5):.2f}")
            for name, seconds in took.items()
        ]
        table(("", "median", "passages/s", "ratio"), rows)
        asked = questions(50, passages, rare=False) if not options.paths else [text for text in cut if text.endswith("?")][:50] or cut[:50]
        alike = []
        for name, some in (("sentences", cut), ("passages", windows)):
            ours, theirs = encoder.encode([*asked, *some]), plain.encode([*asked, *some])
            least = float((ours * theirs).sum(axis=1).min())
            alike.append((name, f"{overlap(ours, theirs, len(asked)):.3f}", f"{least:.4f}"))
        print(f"Our encoder beside float32, for {len(asked)} questions:")
        table(("", f"same top {NEAREST}", "lowest cosine"), alike)


if __name__ == "__main__":
    main()
