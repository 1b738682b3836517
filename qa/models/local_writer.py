"""A language model that runs here, through Transformers: a causal one or one that reads first (T5), from a folder or the local cache.

Weights are safetensors only, and no code that comes with a model is ever run. Loaded at first use.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from qa.errors import ModelError, WriterError
from qa.models.processor import has_bfloat16
from qa.models.writer import HEARTBEAT, Limits, Message, Stop

MOST_TOKENS = 512  # that are written
_NO_LIMIT = 1_000_000  # tokenizers that know no longest text name a number beyond this


def writer_folder(name: str) -> Path:
    """Return the folder of a model by folder or by its name in the local cache; raise ModelError where it can't be used."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if folder.is_absolute() or name.startswith((".", "~")):
            raise ModelError(f"writer folder {name}: there is no such folder; check --writer")
        folder = _cached(name)
    if not (folder / "config.json").is_file():
        raise ModelError(f"writer folder {folder}: no config.json in it; expected a Transformers model, check --writer")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"writer folder {folder}: no *.safetensors in it; other weights may hold code and are not loaded")
    return folder


def _cached(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"writer {name}: neither a folder, nor in the local model cache, nor an address; nothing is downloaded by itself, so"
            " download it first, or check --writer"
        ) from error


class LocalWriter:
    """A Transformers model. One writing at a time: others wait for it."""

    def __init__(self, name: str, most_tokens: int = MOST_TOKENS) -> None:
        """Find the model; raise ModelError where it is missing or can't be used."""
        self._folder = writer_folder(name)
        self._name = Path(name).expanduser().resolve().name if Path(name).expanduser().is_dir() else name
        self._most_tokens = most_tokens
        self._busy = threading.Lock()

    @property
    def name(self) -> str:
        """What people know it by: the folder's name, or the name it was asked for by."""
        return self._name

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        dtype = torch.float32
        if device == "cuda":
            dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        elif device == "mps":
            dtype = torch.float16
        elif has_bfloat16():
            dtype = torch.bfloat16
        here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            config = AutoConfig.from_pretrained(self._folder, **here)
            kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            tokenizer = AutoTokenizer.from_pretrained(self._folder, **here)
            model = kind.from_pretrained(self._folder, config=config, dtype=dtype, use_safetensors=True, **here)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(f"writer folder {self._folder}: can't be loaded ({first_line}); check --writer") from error
        return model.to(device).eval(), tokenizer

    def pieces(self, messages: Sequence[Message], limits: Limits, stop: Stop) -> Iterator[str]:
        """Yield what it writes, piece by piece, until it ends or `stop` is called off; raise WriterError where it fails."""
        while not self._busy.acquire(timeout=HEARTBEAT):
            if stop:
                return
        try:
            if not stop:
                yield from self._written(messages, stop)
        finally:
            self._busy.release()

    def _written(self, messages: Sequence[Message], stop: Stop) -> Iterator[str]:
        from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

        model, tokenizer = self._loaded
        inputs = self._inputs(messages).to(model.device)

        class CalledOff(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
                import torch

                return torch.full((input_ids.shape[0],), bool(stop), dtype=torch.bool, device=input_ids.device)

        streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
        failed: list[Exception] = []

        def generate() -> None:
            try:
                model.generate(
                    **inputs,
                    streamer=streamer,
                    max_new_tokens=self._most_tokens,
                    do_sample=False,
                    num_beams=1,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    pad_token_id=_padding(tokenizer),
                    stopping_criteria=StoppingCriteriaList([CalledOff()]),
                )
            except Exception as error:  # handed on below; without an end the reader of the stream would wait for ever
                failed.append(error)
                streamer.end()

        thread = threading.Thread(target=generate, name="generating", daemon=True)
        thread.start()
        try:
            yield from streamer
        finally:
            stop.call_off()
            thread.join()
        if failed:
            raise WriterError(f"{self._name}: it failed ({str(failed[0]).strip().splitlines()[:1]})") from failed[0]

    def _inputs(self, messages: Sequence[Message]) -> Any:
        """Return the tokens of the messages, shape (1, n); raise WriterError where they are more than the model can read."""
        model, tokenizer = self._loaded
        clean = [Message(role=message["role"], content=_plain(message["content"], tokenizer)) for message in messages]
        if tokenizer.chat_template:
            text = _templated(clean, tokenizer)
            inputs = tokenizer(text, return_tensors="pt", add_special_tokens=False)
        else:
            text = "\n\n".join(message["content"] for message in clean)
            inputs = tokenizer(text if model.config.is_encoder_decoder else f"{text}\n\n", return_tensors="pt")
        inputs.pop("token_type_ids", None)
        read = int(inputs["input_ids"].shape[1])
        positions = getattr(model.config, "max_position_embeddings", None) or getattr(model.config, "n_positions", None) or _NO_LIMIT
        most = min(tokenizer.model_max_length, positions)
        room = most if model.config.is_encoder_decoder else most - self._most_tokens
        if most < _NO_LIMIT and read > room:
            raise WriterError(
                f"{self._name}: the quotes take {read:,} tokens and it can read {max(room, 0):,}; use a model that reads more"
            )
        return inputs


def _templated(messages: list[Message], tokenizer: Any) -> str:
    """Return the messages in the model's own form; some models know no system's turn, and get it with the user's."""
    from jinja2 import TemplateError

    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    except TemplateError:
        together = Message(role="user", content="\n\n".join(message["content"] for message in messages))
        return str(tokenizer.apply_chat_template([together], tokenize=False, add_generation_prompt=True))


def _plain(text: str, tokenizer: Any) -> str:
    """Return text in which no word is one that the model gives a meaning of its own."""
    before = None
    while before != text:
        before = text
        for token in (*tokenizer.all_special_tokens, *map(str, tokenizer.added_tokens_decoder.values())):
            if token.strip():
                text = text.replace(token, " ")
    return text


def _padding(tokenizer: Any) -> int | None:
    found = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    return None if found is None else int(found)
