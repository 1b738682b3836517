"""Many people at once: each asks questions of their own over HTTP, and each answer has to belong to its question.

It has to be the answer that the same question gets when nobody else asks.

    python benchmarks/load.py                 # over articles made up here
    python benchmarks/load.py --index DIR     # over an index of yours, with the titles of its articles as topics

Starts a server of its own on loopback and prints answers a second, how long they took, errors, mix-ups and its memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PLACES = "Alder Brook Cope Dene Elm Ford Gale Holm Isle Keld Lynn Mere Nook Oxley Pyke Quern Rill Stow Tarn Ure Vale Weir Yare".split()
THINGS = "levels tolls eels weirs mills gates ferries otters banks meadows locks bridges".split()
VERBS = "oppose welcome demand reject".split()


@dataclass
class Seen:
    """What came of the questions."""

    seconds: list[float] = field(default_factory=list)
    answered: int = 0
    errors: list[str] = field(default_factory=list)
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def made_up(folder: Path) -> list[str]:
    """Write articles by bodies of many places, and return a question for each."""
    rows, questions = [], []
    for place in PLACES:
        for number, thing in enumerate(THINGS):
            id, group = f"{place}-{thing}".lower(), f"{place} Guild"
            said = f"We {VERBS[number % len(VERBS)]} the new rules on {thing} at {place} and will say so at the next meeting."
            walk = f"The guild met in the old hall at {place} and wrote down what it saw before it went home. "
            rows.append(
                {"id": id, "title": f"On {thing}", "group": group, "published": "2024", "text": f"{walk * 3}\n\n{said}\n\n{walk * 3}"}
            )
            questions.append(f"What does the {group} say about the rules on {thing}?")
    (folder / "articles.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return questions


async def person(number: int, url: str, questions: list[str], until: float, think: float, seen: Seen) -> None:
    """Ask one question after the other, with pauses to read."""
    dice = random.Random(number)
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        await asyncio.sleep(dice.random() * think)
        while time.monotonic() < until:
            question = dice.choice(questions)
            began = time.monotonic()
            try:
                row = await asked(client, question)
            except (httpx.HTTPError, RuntimeError, ValueError) as error:
                seen.errors.append(f"{type(error).__name__}: {error}"[:200])
            else:
                seen.seconds.append(time.monotonic() - began)
                seen.answered += row["answered"]
                seen.rows.append((question, row))
            await asyncio.sleep(think * (0.5 + dice.random()))


async def asked(client: httpx.AsyncClient, question: str) -> dict[str, Any]:
    """Return the row of an answer."""
    posted = await client.post("/gradio_api/call/v2/ask", json={"question": question})
    if posted.status_code != 200:
        raise RuntimeError(f"{posted.status_code} {posted.text}")
    lines = (await client.get(f"/gradio_api/call/ask/{posted.json()['event_id']}")).text.strip().splitlines()
    if len(lines) < 2 or lines[-2] != "event: complete":
        raise RuntimeError(" ".join(lines[-2:]))
    row: dict[str, Any] = json.loads(lines[-1].removeprefix("data: "))[0]
    return row


async def mixed_up(url: str, rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Ask each question again, alone, and return those that got something else before."""
    alone: dict[str, tuple[Any, ...]] = {}
    wrong = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for question, row in rows:
            if question not in alone:
                alone[question] = essence(await asked(client, question))
            if essence(row) != alone[question] or row["question"] != question:
                wrong.append(f"{question} -> {essence(row)}"[:200])
    return wrong


def essence(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what makes an answer: all but its scores."""
    quotes = [(quote["article"], quote["start"], quote["end"], quote["speaker"]) for quote in row["citations"]]
    return row["question"], row["text"], *quotes


def memory(process: subprocess.Popen[str]) -> int:
    """Return how many MB the server holds."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


async def listed(url: str) -> list[dict[str, Any]]:
    """Return the articles once the server has its index open."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for _ in range(600):
            posted = await client.post("/gradio_api/call/v2/list_articles", json={"limit": 1000})
            text = (await client.get(f"/gradio_api/call/list_articles/{posted.json()['event_id']}")).text
            if "event: complete" in text:
                rows: list[dict[str, Any]] = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))[0]
                return rows
            await asyncio.sleep(0.5)
    raise TimeoutError("the server did not get ready")


async def run(options: argparse.Namespace, process: subprocess.Popen[str], url: str, questions: list[str]) -> bool:
    """Let them all ask, and tell whether all went well."""
    articles = await listed(url)
    questions = questions or [f"What is said about {row['title']}?"[:500] for row in articles if row["title"]]
    warm, seen = Seen(), Seen()
    await asyncio.gather(*(person(1000 + n, url, questions, time.monotonic() + 3, 0.5, warm) for n in range(4)))
    print(f"{len(articles)} articles; before: {memory(process)} MB", flush=True)
    began = time.monotonic()
    await asyncio.gather(*(person(n, url, questions, began + options.seconds, options.think, seen) for n in range(options.people)))
    took = time.monotonic() - began
    print(f"after: {memory(process)} MB")
    mixed = await mixed_up(url, seen.rows)
    if len(seen.seconds) > 1:
        p95 = statistics.quantiles(seen.seconds, n=20)[-1]
        median, worst = statistics.median(seen.seconds), max(seen.seconds)
        rate = len(seen.seconds) / took
        print(f"{options.people} people, {took:.0f} s: {len(seen.seconds)} answers ({seen.answered} with quotes), {rate:.1f}/s")
        print(f"p50 {median:.2f} s, p95 {p95:.2f} s, longest {worst:.2f} s; {len(seen.errors)} errors, {len(mixed)} mix-ups")
    for line in (*seen.errors[:5], *mixed[:5]):
        print(f"  {line}")
    return bool(seen.seconds) and not seen.errors and not mixed


def main() -> int:
    """Run it; the status is 1 where there was an error or a mix-up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=1.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        questions = [] if options.index else made_up(corpus)
        index, given = options.index or Path(scratch) / "index", [] if options.index else [str(corpus)]
        code = "import sys; from pathlib import Path; from qa.web import serve; serve(Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]])"
        command = [sys.executable, "-c", code, str(index), *given]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        try:
            assert process.stdout
            url = process.stdout.readline().strip().rpartition(" ")[2]
            fine = asyncio.run(run(options, process, url, questions))
        finally:
            process.terminate()
            process.wait(20)
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
