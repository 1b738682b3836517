"""How long it takes to start: the command line, an import, a first answer, and the page, in fresh processes.

    python benchmarks/start.py                  # over an index made here
    python benchmarks/start.py --index DIR      # over an index of yours

The baseline is a program that imports torch, sentence-transformers and FAISS, loads the same model and encodes one text.
Files are in the system's cache, as they are the second time that anything is started.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from common import ROOT, environment, heading, quantile, say, small_index, table, whosaid

from qa.library import load_encoder
from qa.models.encoder import BUNDLED, model_folder

PLAIN = """\
import torch, sentence_transformers, faiss
model = sentence_transformers.SentenceTransformer({folder!r}, device="cpu", local_files_only=True)
model.encode(["What does the union say about the bridge?"])
"""
QUESTION = "Who wants to reject the year and the worker?"
PATIENCE = 120.0  # seconds
POLL = 0.05  # seconds


def run(command: list[str]) -> float:
    """Return how many seconds a command takes; raise CalledProcessError where it fails."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment())
    return time.perf_counter() - began


def page(index: Path) -> tuple[float, float]:
    """Start the page; return the seconds until it answers, and until the articles behind it are open and can be asked."""
    with tempfile.TemporaryFile("w+") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            whosaid("serve", "--index", str(index)), stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=environment()
        )
        try:
            assert process.stdout
            line = process.stdout.readline().strip()
            if not line.startswith("whosaid is at "):
                log.seek(0)
                raise SystemExit(f"the page did not start: {line} {log.read()[-500:]}")
            with httpx.Client(base_url=line.rpartition(" ")[2], timeout=PATIENCE) as client:
                client.get("/").raise_for_status()
                answers = time.perf_counter() - began
                while not is_ready(client):
                    if time.perf_counter() - began > PATIENCE:
                        raise SystemExit(f"the articles were not open after {PATIENCE:.0f} seconds")
                    time.sleep(POLL)
            return answers, time.perf_counter() - began
        finally:
            process.terminate()
            process.communicate(timeout=30)


def is_ready(client: httpx.Client) -> bool:
    """Tell whether the page's programs get an answer, which is when its box takes questions."""
    posted = client.post("/gradio_api/call/v2/list_groups", json={}).raise_for_status()
    return "event: complete" in client.get(f"/gradio_api/call/list_groups/{posted.json()['event_id']}").text


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, help="an index of yours, else one is made")
    parser.add_argument("--runs", type=int, default=5, help="how often each is started (5)")
    options = parser.parse_args()
    heading("Starting")
    with tempfile.TemporaryDirectory() as scratch:
        if not options.index:
            small_index(Path(scratch), 200, load_encoder())
        index = (options.index or Path(scratch) / "index").resolve()
        commands: dict[str, list[str]] = {
            "plain: import, load, encode": [sys.executable, "-c", PLAIN.format(folder=str(model_folder(BUNDLED)))],
            "import qa": [sys.executable, "-c", "import qa"],
            "whosaid --help": whosaid("--help"),
            "whosaid ask": whosaid("ask", QUESTION, "--index", str(index)),
        }
        calls: dict[str, Callable[[], tuple[float, ...]]] = {
            name: (lambda command=command: (run(command),))  # type: ignore[misc]
            for name, command in commands.items()
        }
        calls["page"] = lambda: page(index)
        took: dict[str, list[float]] = {name: [] for name in (*commands, "page answers", "page can be asked")}
        for number in range(options.runs + 1):
            for name, call in calls.items():
                seconds = call()
                if number == 0:  # fills the system's cache and writes compiled Python
                    continue
                say(f"run {number} of {options.runs}: {name} {', '.join(f'{one:.2f} s' for one in seconds)}")
                for column, one in zip(("page answers", "page can be asked") if name == "page" else (name,), seconds, strict=True):
                    took[column].append(one)
        baseline = quantile(took["plain: import, load, encode"], 0.5)
        rows = [
            (
                name,
                f"{quantile(seconds, 0.5):.2f} s",
                f"{min(seconds):.2f} s",
                f"{max(seconds):.2f} s",
                f"{quantile(seconds, 0.5) / baseline:.2f}",
            )
            for name, seconds in took.items()
        ]
        print("The ratio is that of medians, over plain: above 1 is slower.")
        table(("", "median", "shortest", "longest", "ratio"), rows)


if __name__ == "__main__":
    main()
