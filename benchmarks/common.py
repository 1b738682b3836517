"""What the benchmarks share: the machine and the commit they ran on, clocks, memory, tables, and the plain baseline.

The plain baseline is what anybody would write first: the same model in sentence-transformers as it comes, 150 words at a
time, and an exact FAISS index. It knows no speakers, no groups, no sentences and no files.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import numpy.typing as npt

import qa
from qa.models.encoder import BUNDLED, Encoder, Vectors, model_folder

P = ParamSpec("P")
T = TypeVar("T")

ROOT = Path(qa.__file__).resolve().parent.parent  # of the code that is measured, wherever it is installed
WINDOW = 150  # words of a passage
MB = 1_000_000
_QUIET = ("TOKENIZERS_PARALLELISM",)  # what our encoder sets and a plain program doesn't


# ---- where it ran


def machine() -> str:
    """Return the processor, its cores and what it multiplies in, the memory and the versions that matter, in two lines."""
    import faiss
    import torch

    info = Path("/proc/cpuinfo")
    named = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    )
    able = torch.cpu.get_capabilities()
    fast = "AMX" if able.get("amx_bf16") else "AVX512-BF16" if able.get("avx512_bf16") else "no bfloat16"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, FAISS {faiss.__version__}"
    processor = named[0] if named else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {fast}, {memory:.0f} GB, {device}\n{versions}, {platform.system()}"


def commit() -> str:
    """Return the commit of the code that is measured, and whether it was changed since."""

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return f"no commit known of {ROOT}"


def heading(what: str) -> None:
    """Print what is measured, and where."""
    print(f"{what}\n{machine()}\ncommit {commit()}\n", flush=True)


# ---- clocks


def timed(call: Callable[P, T], *given: P.args, **named: P.kwargs) -> tuple[float, T]:
    """Return how many seconds a call took, and what it returned."""
    began = time.perf_counter()
    result = call(*given, **named)
    return time.perf_counter() - began, result


def alternated(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each call in each round, every other round in reverse order: A B, B A, A B."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        for name in list(calls) if number % 2 == 0 else reversed(list(calls)):
            took[name].append(timed(calls[name])[0])
            say(f"round {number + 1} of {rounds}: {name} {took[name][-1]:.1f} s")
    return took


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values don't exceed, 0.5 for the median."""
    return float(np.quantile(values, share))


def say(progress: str) -> None:
    """Tell on standard error how far it is."""
    print(f"  {progress}", file=sys.stderr, flush=True)


# ---- memory


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds, in bytes: all of it, the part that isn't a file's, and the most that all of it ever was."""

    rss: int
    own: int
    peak: int


def memory(pid: int | str = "self") -> Memory:
    """Return what a process holds; it takes Linux's /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        raise SystemExit(f"{status}: there is none; memory is read from Linux's /proc, run this on Linux")
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return Memory(*(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon", "VmHWM")))


# ---- printing


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, in columns, numbers to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        print(
            "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        )
    print(flush=True)


def ms(seconds: float) -> str:
    """Write seconds as milliseconds."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def mb(size: float) -> str:
    """Write bytes as megabytes."""
    return f"{size / MB:,.0f} MB" if size >= 10 * MB else f"{size / MB:.1f} MB"


# ---- processes


def whosaid(*words: str) -> list[str]:
    """Return the command line of whosaid, as this Python runs it."""
    return [sys.executable, "-c", "from qa.cli import main; main()", *words]


def environment() -> dict[str, str]:
    """Return the environment for a process that runs the code that is measured, as a person's would be."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}


# ---- the plain baseline


class Plain:
    """The bundled model in sentence-transformers, float32 and 32 texts at once, and FAISS's exact index over its vectors."""

    def __init__(self) -> None:
        """Load the model, and remember how many threads a program has that sets none."""
        import faiss
        import torch
        from sentence_transformers import SentenceTransformer

        self._threads = {"faiss": faiss.omp_get_max_threads(), "torch": torch.get_num_threads()}
        self._model = SentenceTransformer(
            str(model_folder(BUNDLED)), device=None if torch.cuda.is_available() else "cpu", local_files_only=True
        )
        self._index = faiss.IndexFlatIP(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text."""
        with self._as_it_comes():
            vectors: Vectors = self._model.encode(list(texts), show_progress_bar=False)
        return vectors

    def build(self, texts: Sequence[str]) -> None:
        """Forget what there is and index these texts."""
        self._index.reset()
        self.add(self.encode(texts))

    def add(self, vectors: Vectors) -> None:
        """Index more vectors."""
        self._index.add(vectors)

    def search(self, question: str, k: int = 10) -> npt.NDArray[np.int64]:
        """Return the numbers of the `k` texts that are nearest to a question, best first."""
        vector = self.encode([question])
        with self._as_it_comes():
            _, found = self._index.search(vector, k)
        numbers: npt.NDArray[np.int64] = found[0]
        return numbers

    @contextmanager
    def _as_it_comes(self) -> Iterator[None]:
        """Undo for a while what our code sets for the whole process."""
        import faiss
        import torch

        ours = faiss.omp_get_max_threads(), torch.get_num_threads(), {name: os.environ.pop(name) for name in _QUIET if name in os.environ}
        faiss.omp_set_num_threads(self._threads["faiss"])
        if ours[1] != self._threads["torch"]:
            torch.set_num_threads(self._threads["torch"])
        try:
            yield
        finally:
            faiss.omp_set_num_threads(ours[0])
            if ours[1] != self._threads["torch"]:
                torch.set_num_threads(ours[1])
            os.environ.update(ours[2])


def word_windows(text: str) -> list[str]:
    """Cut a text every WINDOW words, wherever that is."""
    words = text.split()
    return [" ".join(words[at : at + WINDOW]) for at in range(0, len(words), WINDOW)]


# ---- indexes to measure


def small_index(folder: Path, passages: int, encoder: Encoder) -> None:
    """Build an index of articles made up here, with the attributor that reads their patterns."""
    from made_up import MadeUpAttributor, write

    from qa.library import build

    write(folder / "text", passages, rare=False)
    say(f"building an index of about {passages:,} made-up passages")
    build(folder / "index", [folder / "text"], encoder=encoder, attributor=MadeUpAttributor())
