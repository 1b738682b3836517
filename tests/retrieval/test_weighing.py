"""The small nets: they score as their formula says, keep what was stored, and learn to prefer what is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelError
from qa.retrieval.features import FEATURES
from qa.retrieval.ranker import ODDS
from qa.retrieval.weighing import NAMES, Net, load_nets, save_nets
from qa.training.weighing import average, fit


def _net(features: int = 3, units: int = 2) -> Net:
    chance = np.random.default_rng(1)
    shapes = {"hidden": (units, features), "shift": (units,), "out": (units,), "bias": (1,)}
    parts = {name: chance.normal(size=shapes.get(name, (features,))).astype(np.float32) for name in NAMES}
    return Net(**{**parts, "scale": np.abs(parts["scale"]) + 1})


def test_a_net_scores_as_its_formula_says() -> None:
    net, row = _net(), np.array([[0.5, -1.0, 2.0]], np.float32)
    z = ((row[0] - net.mean) / net.scale).clip(-4, 4)
    wanted = net.linear @ z + net.out @ np.tanh(net.hidden @ z + net.shift) + net.bias[0]
    assert net.score(row)[0] == pytest.approx(wanted, abs=1e-5)


def test_what_was_stored_comes_back(tmp_path: Path) -> None:
    net, rows = _net(), np.random.default_rng(2).normal(size=(5, 3)).astype(np.float32)
    save_nets(tmp_path / "nets.safetensors", {"search": net})
    assert np.allclose(load_nets(tmp_path / "nets.safetensors")["search"].score(rows), net.score(rows))


def test_missing_and_damaged_weights_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    for file in ("bad.safetensors", "none.safetensors"):
        with pytest.raises(ModelError, match="install whosaid again"):
            load_nets(tmp_path / file)


def test_an_average_scores_as_the_mean_of_its_nets() -> None:
    rows = np.random.default_rng(3).normal(size=(4, 3)).astype(np.float32)
    one, other = _net(), _net()
    other = Net(one.mean, one.scale, other.linear * 2, other.hidden, other.shift, other.out * 3, other.bias)
    assert np.allclose(average([one, other]).score(rows), (one.score(rows) + other.score(rows)) / 2, atol=1e-5)


def test_a_fit_prefers_what_is_right_and_none_where_nothing_is() -> None:
    chance = np.random.default_rng(4)
    examples = []
    for number in range(60):
        rows = chance.normal(size=(6, 3)).astype(np.float32)
        right = np.zeros(6, bool)
        rows[:, 0] -= 3
        if number % 3:
            right[2], rows[2, 0] = True, 3.0
        examples.append((rows, right, bool(number % 3)))
    net = fit(examples, seed=1, steps=150)
    for rows, _, answerable in examples:
        scores = net.score(rows)
        assert (int(scores.argmax()) == 2) if answerable else (float(scores.max()) < 0)


def test_the_nets_that_ship_take_what_is_measured() -> None:
    nets = load_nets()
    assert len(nets["search"].mean) == len(FEATURES)
    assert len(nets["read"].mean) == len(FEATURES) + len(ODDS)
