"""What the processor does fast with the torch that is installed: bfloat16, and matrices that are arranged beforehand.

oneDNN, which multiplies for torch, may have been told to keep to fewer instructions than the processor has; that counts too.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# What oneDNN can be told to keep to. Any other value leaves it bfloat16.
_LEAST = {"SSE41", "AVX"}
_WITHOUT_BFLOAT16 = {*_LEAST, "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}

# The versions of torch with which both ways of tests/test_bert.py were tried, the last one excluded.
_TRIED = (2, 13), (2, 14)


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 in hardware (AMX or AVX512-BF16), and may."""
    able = _capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16")) and _limit() not in _WITHOUT_BFLOAT16


def fastest_type() -> torch.dtype:
    """Return the type in which this processor runs a model fastest: bfloat16 where it multiplies in it, else float32."""
    import torch

    return torch.bfloat16 if has_bfloat16() else torch.float32


def arranges(dtype: torch.dtype) -> bool:
    """Tell whether `arranged` and `multiplied` are known to work here for matrices of this type, and do."""
    import torch

    if dtype == torch.float32:
        able = bool(_capabilities().get("avx2")) and _limit() not in _LEAST
    else:
        able = dtype == torch.bfloat16 and has_bfloat16()
    first, last = _TRIED
    return able and first <= _version() < last and _tried(dtype)


def arranged(weight: torch.Tensor) -> Any:
    """Return a matrix as oneDNN reads it fastest, so that it needn't arrange it at each multiplication.

    Private operators of torch, those that its compiler uses, which would itself have to be run at every start.
    """
    import torch

    with torch.inference_mode():
        return torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)


def multiplied(states: torch.Tensor, weight: Any, bias: torch.Tensor, *, then_gelu: bool = False) -> torch.Tensor:
    """Return what `torch.nn.functional.linear` does, for an arranged matrix."""
    import torch

    name, algorithm = ("gelu", "none") if then_gelu else ("none", "")
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(states, weight, bias, name, [], algorithm)
    return found


@cache
def _tried(dtype: torch.dtype) -> bool:
    """Tell whether a small matrix can be arranged, and gives the right product."""
    import torch

    weight, states = (torch.linspace(-1, 1, 64, dtype=dtype).reshape(8, 8) for _ in range(2))
    bias = states[0]
    try:
        with torch.inference_mode():
            found = multiplied(states, arranged(weight), bias, then_gelu=True)
            right = torch.nn.functional.gelu(torch.nn.functional.linear(states, weight, bias))
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return False
    return torch.allclose(found.float(), right.float(), atol=0.05 if dtype == torch.bfloat16 else 1e-4)


def _capabilities() -> dict[str, Any]:
    import torch

    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older versions of torch don't tell
    return found


def _limit() -> str:
    """Return what oneDNN was told to keep to, or nothing; it reads its names in this order."""
    return (os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "").upper()


def _version() -> tuple[int, int]:
    import torch

    major, minor = torch.__version__.split(".")[:2]
    return int(major), int(minor)
