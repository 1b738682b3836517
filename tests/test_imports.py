"""What a light import may load: heavy libraries are imported where they are used."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest

import qa

_HEAVY = {
    "torch",
    "transformers",
    "gradio",
    "faiss",
    "sentence_transformers",
    "tantivy",
    "huggingface_hub",
    "sentencex",
    "scipy",
    "pandas",
    "rapidfuzz",
    "sklearn",
    "brotli",
    "feedparser",
    "httpcore",
    "httpx",
    "lxml",
    "mammoth",
    "protego",
    "pypdfium2",
    "striprtf",
    "trafilatura",
}
_LOWER = (
    "qa.types",
    "qa.errors",
    "qa.passages",
    "qa.settings",
    "qa.library",
    "qa.models",
    "qa.reading",
    "qa.index",
    "qa.attribution",
    "qa.evaluation",
    "qa.retrieval",
)

# Networks of ours and their training; imported where they run.
_NETWORKS = {
    "qa.models.bert",
    "qa.models.training",
    "qa.attribution.tagger",
    "qa.attribution.train",
    "qa.retrieval.reader",
    "qa.retrieval.train_reader",
    "qa.answering.support",
    "qa.answering.train_support",
}

_ON_THE_WEB = {"qa.reading.guard"}  # what stands between us and the network; imported where something is fetched


def _loaded(*modules: str) -> set[str]:
    """Return the top-level names that a fresh interpreter has after importing these modules."""
    code = f"import json, sys\nimport {', '.join(modules)}\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_qa_loads_nothing_that_is_not_python() -> None:
    loaded = _loaded("qa")
    assert "qa" in loaded
    assert not loaded & (_HEAVY | {"numpy", "yaml", "click"})


def test_import_qa_library_loads_nothing_heavy() -> None:
    loaded = _loaded("qa.library")
    assert not loaded & _HEAVY


@pytest.mark.slow
@pytest.mark.parametrize("layer", _LOWER)
def test_the_lower_layers_load_nothing_heavy(layer: str) -> None:
    modules = [found.name for found in pkgutil.walk_packages(qa.__path__, "qa.") if f"{found.name}.".startswith(f"{layer}.")]
    modules = [name for name in modules if name not in _NETWORKS | _ON_THE_WEB]
    assert modules
    assert not _loaded(*modules) & _HEAVY
