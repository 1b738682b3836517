"""What the processor is taken to do fast, by what it says of itself, what oneDNN may use, and which torch there is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import torch

from qa.models import processor
from qa.models.processor import arranges, fastest_type, has_bfloat16

_AVX2 = {"avx2": True}
_AVX512 = {**_AVX2, "avx512_f": True, "avx512_bw": True}
_BFLOAT16 = {**_AVX512, "avx512_bf16": True}


def _machine(patch: pytest.MonkeyPatch, able: dict[str, Any], limit: str = "", version: str = "2.13.0+cpu") -> None:
    """Let this be another machine, on which trying succeeds."""
    patch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    patch.setattr(torch, "__version__", version)
    patch.setattr(processor, "_tried", lambda _: True)
    patch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    patch.setenv("DNNL_MAX_CPU_ISA", limit)


@pytest.mark.parametrize(
    ("able", "limit", "bfloat16", "float32_arranged"),
    [
        (_BFLOAT16, "", True, True),
        ({**_AVX512, "amx_bf16": True}, "", True, True),
        (_AVX512, "", False, True),
        (_AVX2, "", False, True),
        ({}, "", False, False),
        (_BFLOAT16, "AVX2", False, True),
        (_BFLOAT16, "avx512_core", False, True),
        (_BFLOAT16, "AVX512_CORE_BF16", True, True),
        (_BFLOAT16, "SSE41", False, False),
        (_BFLOAT16, "no such thing", True, True),  # oneDNN overlooks it too
    ],
)
def test_what_a_processor_does_fast(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, Any], limit: str, bfloat16: bool, float32_arranged: bool
) -> None:
    _machine(monkeypatch, able, limit)
    assert has_bfloat16() == bfloat16
    assert fastest_type() == (torch.bfloat16 if bfloat16 else torch.float32)
    assert (arranges(torch.float32), arranges(torch.bfloat16)) == (float32_arranged, bfloat16)
    assert not arranges(torch.float16)


def test_the_newer_name_of_the_limit_counts_first(monkeypatch: pytest.MonkeyPatch) -> None:
    _machine(monkeypatch, _BFLOAT16, "ALL")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert not has_bfloat16()


@pytest.mark.parametrize("version", ["2.4.1", "2.12.0", "2.14.0a0+git1234", "3.0.0"])
def test_with_a_torch_that_was_not_tried_nothing_is_arranged(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    _machine(monkeypatch, _BFLOAT16, version=version)
    assert not arranges(torch.float32)
    assert not arranges(torch.bfloat16)


def test_a_torch_that_does_not_tell_of_the_processor_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    _machine(monkeypatch, {})
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert fastest_type() == torch.float32
    assert not arranges(torch.float32)


@pytest.mark.parametrize("error", [RuntimeError, AttributeError, NotImplementedError, TypeError])
def test_a_trial_that_fails_is_an_answer(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fails(_: torch.Tensor) -> None:
        raise error

    monkeypatch.setattr(processor, "arranged", fails)
    assert not processor._tried.__wrapped__(torch.float32)


def test_a_trial_that_gives_a_wrong_product_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "arranged", lambda weight: weight)
    monkeypatch.setattr(processor, "multiplied", lambda states, weight, bias, **_: states @ weight)
    assert not processor._tried.__wrapped__(torch.float32)


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["", "AVX2", "SSE41"])
def test_what_is_taken_works_whatever_onednn_may_use(limit: str) -> None:
    """In a process of its own, since oneDNN reads its limit once: what is known to work does when it is tried."""
    code = """
import torch
from qa.models import processor
known = {}
processor._tried, tried = lambda dtype: True, processor._tried
for dtype in (torch.float32, torch.bfloat16):
    if processor.arranges(dtype):
        assert tried(dtype), dtype
    known[dtype] = processor.arranges(dtype)
print(known[torch.float32], known[torch.bfloat16], processor.has_bfloat16())
"""
    kept = {name: value for name, value in os.environ.items() if name not in ("DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA")}
    environment = {**kept, "DNNL_MAX_CPU_ISA": limit} if limit else kept
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    float32, bfloat16, has = done.stdout.split()
    if limit:
        assert (bfloat16, has) == ("False", "False")
    if limit == "SSE41":
        assert float32 == "False"
