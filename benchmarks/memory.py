"""Whether memory and time grow while one library is asked again and again, and within one long conversation.

    python benchmarks/memory.py                                  # over articles made up here
    python benchmarks/memory.py --index DIR --questions FILE     # over an index of yours

Every other question is new and the others come again. Ends with status 1 where memory grew by more than 5 % in the last
quarter. The baseline is a process that holds the same model and the same passages in FAISS.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from ask import told
from common import environment, heading, mb, memory, ms, quantile, say, small_index, table, timed, word_windows
from made_up import questions

from qa.library import Library, load_encoder
from qa.types import Question

PASSAGES = 400
MOST_GROWN = 1.05
OFTEN = 20  # questions that come again
PLAIN = """\
import json, sys
from common import Plain, memory
plain = Plain()
plain.build(json.load(open(sys.argv[1])))
plain.search("What does the union say about the bridge?")
print(memory().rss)
"""


def plain_memory(library: Library, scratch: Path) -> int:
    """Return how many bytes a process holds that has the same texts in the plain baseline."""
    texts = scratch / "windows.json"
    texts.write_text(json.dumps([window for article in library.articles(with_text=True) for window in word_windows(article.text)]))
    command = [sys.executable, "-c", PLAIN, str(texts)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent, env=environment())
    return int(done.stdout)


def in_a_row(library: Library, asked: list[str]) -> tuple[dict[int, int], list[float]]:
    """Ask questions one after the other; return memory after so many of them, and the seconds of each."""
    total = len(asked)
    looked = {0, total // 10, total // 4, total // 2, total * 3 // 4, total}
    held, took = {0: memory().rss}, []
    for number, question in enumerate(asked, 1):
        took.append(timed(library.ask, question)[0])
        if number in looked:
            held[number] = memory().rss
            say(f"{number:,} questions: {mb(held[number])}")
    return held, took


def conversation(library: Library, asked: list[str]) -> list[float]:
    """Ask questions each of which has all earlier ones before it; return the seconds of each."""
    return [timed(library.ask, Question(asked[at], history=tuple(asked[:at])))[0] for at in range(len(asked))]


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, help="an index of yours, else one is made")
    parser.add_argument("--questions", type=Path, help="questions to ask of it, else some are made up; half as many as --count are best")
    parser.add_argument("--count", type=int, default=1000, help="questions in a row (1000)")
    parser.add_argument("--turns", type=int, default=200, help="questions of the conversation (200)")
    options = parser.parse_args()
    if options.index and not options.questions:
        parser.error("--index takes --questions FILE: what is made up is not about your articles")
    if options.count < 40 or options.turns < 20:
        parser.error("--count takes 40 questions or more, and --turns 20")
    heading("Memory")
    with tempfile.TemporaryDirectory() as scratch:
        encoder = load_encoder()
        if not options.index:
            small_index(Path(scratch), PASSAGES, encoder)
        needed = options.count // 2 + options.turns
        asked = told(options.questions) if options.questions else questions(needed + OFTEN, PASSAGES, rare=False)
        often, new = asked[:OFTEN], asked[OFTEN:] or asked
        dice = random.Random(1)
        mixed = [dice.choice(often) if number % 2 else new[number // 2 % len(new)] for number in range(options.count)]
        turns = [new[(options.count // 2 + turn) % len(new)] for turn in range(options.turns)]
        library = Library.open(options.index or Path(scratch) / "index", encoder=encoder)
        library.ask(often[0])  # loads what is loaded at first use
        held, took = in_a_row(library, mixed)
        of_a_turn = conversation(library, turns)
        after = memory().rss
        plain = plain_memory(library, Path(scratch))
        counts = library.counts()
    print(f"{counts['articles']:,} articles, {counts['passages']:,} passages; ratio over plain, which holds {mb(plain)}")
    rows = [(f"after {number:,} questions", mb(size), f"{size / plain:.2f}") for number, size in held.items()]
    table(("", "memory", "ratio"), [*rows, (f"after {len(turns):,} turns more", mb(after), f"{after / plain:.2f}")])
    tenth, few = len(took) // 10, len(of_a_turn) // 10
    ends = [
        (what, ms(first := quantile(some[:part], 0.5)), ms(last := quantile(some[-part:], 0.5)), f"{last / first:.2f}")
        for what, some, part in ((f"question, {tenth} at each end", took, tenth), (f"turn, {few} at each end", of_a_turn, few))
    ]
    table(("median time of a", "first", "last", "ratio"), ends)
    grown = held[len(mixed)] / held[len(mixed) * 3 // 4]
    print(f"memory in the last quarter: {grown - 1:+.1%}; {'fine' if grown <= MOST_GROWN else 'it grows'}")
    return int(grown > MOST_GROWN)


if __name__ == "__main__":
    raise SystemExit(main())
