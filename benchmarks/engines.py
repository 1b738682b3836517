"""How much processor time the bundled encoder takes in several engines, in one run, as the processor is and kept to AVX2.

    python benchmarks/engines.py
    python benchmarks/engines.py --rounds 3

Engines that aren't installed are left out; whosaid needs none of them: pip install onnxruntime openvino onnx onnxscript.
"linear" is our forward pass with `torch.nn.functional.linear`, "packed" the same with weights that are arranged beforehand
(`qa.models.processor`), "sentence-transformers" is as it comes, and the others run the exported model, in float32 and without
padding's cost as far as batches of about one length go.

Two processes hold all engines. One is told to keep to AVX2 by the variables in KEPT. oneDNN heeds them, in torch ("packed",
and "linear" in bfloat16) and in OpenVINO; MKL ("linear" and sentence-transformers in float32) and ONNX Runtime don't, so that
their second line is the first once more. The processes take turns, engine after engine, every other round in reverse order.
Figures are medians of the processor time of one thread, which other programs disturb little.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, environment, heading, ms, quantile, say, table

from qa.models.bert import BareBert
from qa.models.bundled import DIMENSION, LONGEST, read_tokenizer, read_weights
from qa.models.encoder import BUNDLED, Vectors, model_folder
from qa.passages import sentences
from qa.reading import read
from qa.types import Article

SENTENCES = 64
QUESTION = "Who says that the old bridge is not safe?"  # 12 tokens, with the two at its ends
REPEATED = 20  # a question is short
BATCH = 8  # texts of about one length that engines get at once which compute padding too
ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": ""}
KEPT = {"DNNL_MAX_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
PROCESSORS: dict[str, dict[str, str]] = {"as it is": {}, "AVX2": KEPT}
EXPORTED = {"ONNX Runtime": "onnxruntime", "OpenVINO": "openvino"}
EXPORTING = ("onnx", "onnxscript")

Embed = Callable[[Sequence[str]], Vectors]


def texts(count: int = SENTENCES) -> list[str]:
    """Return so many sentences of the articles in `corpus/`, of ten to forty words."""
    articles = [item for item in read([ROOT / "corpus"]) if isinstance(item, Article)]
    found = [span.of(article.text) for article in articles for span in sentences(article.text)]
    return [text for text in found if 10 <= len(text.split()) <= 40][:count]


def installed() -> list[str]:
    """Return the names of the engines that there are."""

    def there(*modules: str) -> bool:
        return all(importlib.util.find_spec(module) for module in modules)

    ours = [f"{way} {precision}" for precision in ("float32", "bfloat16") for way in ("linear", "packed")]
    return [*ours, "sentence-transformers float32", *(f"{name} float32" for name, its in EXPORTED.items() if there(its, *EXPORTING))]


# ---- engines


def tokenizer() -> Any:
    """Return the tokenizer, which cuts and pads."""
    found = read_tokenizer(model_folder(BUNDLED))
    found.enable_truncation(LONGEST)
    found.enable_padding()
    return found


def engine(name: str, exported: Path) -> Embed:
    """Return what turns texts into their vectors, not yet of length one; raises RuntimeError where this processor can't."""
    way, precision = name.rsplit(" ", 1)
    if way in ("linear", "packed"):
        return _ours(precision, packed=way == "packed")
    return {"sentence-transformers": _plain, "ONNX Runtime": _onnxruntime, "OpenVINO": _openvino}[way](exported)


def _ours(precision: str, *, packed: bool) -> Embed:
    import torch

    bundled, tokens_of = read_weights(model_folder(BUNDLED)), tokenizer()
    weights = {name: weight.to(getattr(torch, precision)) for name, weight in bundled.weights.items() if weight.is_floating_point()}
    model = BareBert(weights, bundled.heads, bundled.eps, packed=packed)

    def embed(some: Sequence[str]) -> Vectors:
        tokens = tokens_of.encode_batch(list(some))
        ids, mask = (torch.tensor(rows) for rows in ([t.ids for t in tokens], [t.attention_mask for t in tokens]))
        found: Vectors = ((model(ids, mask).float() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)).numpy()
        return found

    return embed


def _plain(_: Path) -> Embed:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder(BUNDLED)), device="cpu", local_files_only=True)

    def embed(some: Sequence[str]) -> Vectors:
        found: Vectors = model.encode(list(some), show_progress_bar=False)
        return found

    return embed


def _onnxruntime(exported: Path) -> Embed:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])
    return _averaged(lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0])


def _openvino(exported: Path) -> Embed:
    import openvino

    told = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}  # else it takes bfloat16 where there is
    request = openvino.Core().compile_model(str(exported), "CPU", told).create_infer_request()
    return _averaged(lambda ids, mask: request.infer([ids, mask])[0])


def _averaged(states: Callable[[Any, Any], Any]) -> Embed:
    """Return the averages of states, BATCH texts at once."""
    tokens_of = tokenizer()

    def embed(some: Sequence[str]) -> Vectors:
        order = sorted(range(len(some)), key=lambda at: -len(some[at]))
        found = np.zeros((len(some), DIMENSION), np.float32)
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            tokens = tokens_of.encode_batch([some[number] for number in batch])
            ids, mask = (np.array(rows, np.int64) for rows in ([t.ids for t in tokens], [t.attention_mask for t in tokens]))
            found[batch] = (states(ids, mask) * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return found

    return embed


def export(file: Path) -> None:
    """Write the bundled encoder as ONNX, for any number of texts of any length."""
    import torch

    from qa.models.finetuned import bundled_model

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = bundled_model()[0]

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            return states

    some = torch.randint(1000, 2000, (3, 17)), torch.ones(3, 17, dtype=torch.int64)
    shape = {0: torch.export.Dim("texts", min=1, max=512), 1: torch.export.Dim("tokens", min=2, max=512)}
    torch.onnx.export(
        States().eval(), some, str(file), input_names=["ids", "mask"], output_names=["states"],
        dynamic_shapes={"ids": shape, "mask": shape}, dynamo=True, verbose=False,
    )  # fmt: skip


# ---- one process that holds them all


def worker(exported: Path) -> None:
    """Hold every engine; read the name of one on each line, and answer with its seconds for all texts and for one question.

    The first line that is written tells of each engine how near its vectors are to the first one's, or why it isn't there.
    """
    import torch

    torch.set_num_threads(1)
    some, right = texts(), None
    engines: dict[str, Embed] = {}
    told: dict[str, float | str] = {}
    for name in installed():
        try:
            engines[name] = embed = engine(name, exported)
            vectors = embed(some)
        except RuntimeError as error:
            told[name] = str(error).splitlines()[0]
            engines.pop(name, None)
            continue
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        right = vectors if right is None else right
        told[name] = float((vectors * right).sum(axis=1).min())
        embed([QUESTION])
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        embed = engines[line.strip()]
        began = time.process_time()
        embed(some)
        middle = time.process_time()
        for _ in range(REPEATED):
            embed([QUESTION])
        print(json.dumps((middle - began, (time.process_time() - middle) / REPEATED)), flush=True)


class Worker:
    """A process that measures."""

    def __init__(self, told: Mapping[str, str], exported: Path, stack: ExitStack) -> None:
        """Start it; it ends with the stack."""
        command = [sys.executable, __file__, "--worker", str(exported)]
        kept = {name: value for name, value in environment().items() if name not in KEPT}
        self._process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**kept, **ALONE, **told})
        )
        self.found: dict[str, float | str] = self._answer()

    def measured(self, name: str) -> tuple[float, float]:
        """Return the seconds of an engine for all texts and for one question."""
        assert self._process.stdin
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        texts, question = self._answer()
        return texts, question

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a process that measures has ended; its own message stands above")
        return json.loads(line)


def rows(took: Mapping[tuple[str, str], Sequence[tuple[float, float]]], alike: Mapping[tuple[str, str], float]) -> list[tuple[str, ...]]:
    """Return a line for each engine and processor; ratios are of speeds, over "linear" of the same precision and processor."""
    middle = {key: [quantile(each, 0.5) for each in zip(*some, strict=True)] for key, some in took.items()}
    found: list[tuple[str, ...]] = []
    for (processor, name), (many, one) in middle.items():
        beside = middle[processor, f"linear {name.rsplit(' ', 1)[1]}"]
        speeds = (f"{SENTENCES / many:,.0f}", f"{beside[0] / many:.2f}", ms(one), f"{beside[1] / one:.2f}")
        found.append((f"{name}, {processor}", *speeds, f"{alike[processor, name]:.4f}"))
    return found


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="how often each is measured (9)")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker)
        return
    if options.rounds < 1:
        parser.error("--rounds takes 1 or more")
    heading("Engines")
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        exported = Path(scratch) / "encoder.onnx"
        if any(name.rsplit(" ", 1)[0] in EXPORTED for name in installed()):
            say("exporting the model")
            export(exported)
        say("loading every engine twice")
        workers = {processor: Worker(told, exported, stack) for processor, told in PROCESSORS.items()}
        alike: dict[tuple[str, str], float] = {}
        for processor, process in workers.items():
            for name, found in process.found.items():
                if isinstance(found, str):
                    print(f"{name}, {processor}: not there ({found})")
                else:
                    alike[processor, name] = found
        took: dict[tuple[str, str], list[tuple[float, float]]] = {
            key: [] for key in sorted(alike, key=lambda key: installed().index(key[1]))
        }
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            for processor, name in list(took) if number % 2 == 0 else reversed(list(took)):
                took[processor, name].append(workers[processor].measured(name))
    left = [f"{name} float32" for name in EXPORTED if f"{name} float32" not in installed()]
    print("".join(f"{name}: not installed\n" for name in left), end="")
    print(f"{SENTENCES} sentences, a question; ratios are of speeds, over linear of the same precision: above 1 is faster\n")
    head = ("", "sentences/s", "ratio", "question", "ratio", "lowest cosine")
    table(head, rows(took, alike))


if __name__ == "__main__":
    main()
