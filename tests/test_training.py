"""Training the tagger: labels from marked texts, a run that stops and goes on, and weights that come back as they were."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file

from qa.attribution import train
from qa.attribution.tagger import CONTENT, CUE, LINE_BREAK, SOURCE, Heads, attributions, tokenized
from qa.errors import ModelError
from qa.models.bert import BareBert
from qa.models.finetuned import bundled_model, load_difference, save_difference

_TEXT = "Ada Marsh said the weir is low.\n\n“It leaks,” she added. The mill stands."


def _marked(text: str, *attributions: tuple[str, str, str]) -> dict[str, Any]:
    def place(words: str) -> list[list[int]]:
        return [[text.index(words), text.index(words) + len(words)]] if words else []

    rows = [{"source": place(source), "cue": place(cue), "content": place(content)} for source, cue, content in attributions]
    return {"id": "a", "text": text, "attributions": rows}


_ARTICLE = _marked(_TEXT, ("Ada Marsh", "said", "the weir is low"), ("she", "added", "“It leaks,”"))


@pytest.fixture(scope="module")
def bundled() -> tuple[Any, Any]:
    return bundled_model()


def _heads() -> Heads:
    torch.manual_seed(1)
    return Heads(384)


def test_tokens_cover_the_text_and_line_breaks_are_tokens(bundled: tuple[Any, Any]) -> None:
    text = "Zoë 🐟 spoke.\r\n\r\n«Töne», \x00 she said.\u2028End"
    tokens = tokenized(text, bundled[1])
    assert [text[s:e] for s, e, id in zip(tokens.starts, tokens.ends, tokens.ids, strict=True) if id == LINE_BREAK] == [
        "\r\n\r\n",
        "\u2028",
    ]
    assert list(tokens.starts) == sorted(tokens.starts)
    assert all(0 <= s < e <= len(text) for s, e in zip(tokens.starts, tokens.ends, strict=True))


def test_labels_and_links_say_what_is_marked(bundled: tuple[Any, Any], tmp_path: Path) -> None:
    file = tmp_path / "marked.jsonl"
    file.write_text(json.dumps(_ARTICLE) + "\n", "utf-8")
    ((_, example),) = train.examples(file, bundled[1])
    words = [_TEXT[s:e] for s, e in zip(example.tokens.starts, example.tokens.ends, strict=True)]
    said, added = words.index("said"), words.index("added")
    assert [words[i] for i in np.flatnonzero(example.labels == CUE)] == ["said", "added"]
    assert [words[i] for i in np.flatnonzero((example.labels == SOURCE) | (example.labels == SOURCE + 1))] == ["Ada", "Marsh", "she"]
    assert [words[i] for i in np.flatnonzero(example.labels == CONTENT)] == ["the", "“"]
    assert example.source_at[said] == words.index("Ada")
    assert example.source_at[added] == words.index("she")
    assert (example.cue_at[words.index("weir")], example.cue_at[words.index("“")]) == (said, added)


def test_what_is_linked_outside_of_a_window_is_not_learnt_from(bundled: tuple[Any, Any], tmp_path: Path) -> None:
    file = tmp_path / "marked.jsonl"
    file.write_text(json.dumps(_ARTICLE), "utf-8")
    ((_, example),) = train.examples(file, bundled[1])
    chance, variation = random.Random(1), train.Variation(bundled[1])
    cue = int(np.flatnonzero(example.labels == CUE)[0])
    batch = train.collated([(example, 0, len(example.labels)), (example, cue + 1, len(example.labels))], variation, chance)
    whole, part = batch.cue_at.tolist()
    assert cue + 1 in whole  # moved by the token that opens the window
    assert {at for at in part if at != train.IGNORED} == {at - cue - 1 for at in whole if at not in (train.IGNORED, cue + 1)}
    assert batch.ids.shape == batch.mask.shape == batch.labels.shape
    assert int(batch.mask[1].sum()) == len(example.labels) - cue - 1 + 2


def test_variation_changes_words_and_never_places(bundled: tuple[Any, Any]) -> None:
    variation = train.Variation(bundled[1])
    tokens = tokenized("“Clinton and Trump met in Iowa,” said Donald Trump.", bundled[1])
    varied = [variation.of(tokens.ids, random.Random(seed)) for seed in range(40)]
    assert all(len(ids) == len(tokens.ids) for ids in varied)
    assert any((ids != tokens.ids).any() for ids in varied)


@pytest.mark.slow
def test_weights_come_back_from_their_difference(bundled: tuple[Any, Any], tmp_path: Path) -> None:
    base = {name: weight.detach().clone() for name, weight in bundled[0].named_parameters()}
    trained = {name: weight + 0.01 * torch.randn_like(weight) if "layer.3" in name else weight for name, weight in base.items()}
    heads = _heads()
    file = tmp_path / "weights.safetensors"
    save_difference(file, trained, base, heads.state_dict(), {"made": "here"})
    model, other = bundled_model()[0], Heads(384)
    load_difference(file, dict(model.named_parameters()), other)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.detach(), trained[name], atol=4e-4, rtol=0)  # half an 8-bit step
        assert ("layer.3" in name) or torch.equal(weight.detach(), base[name])
    torch.testing.assert_close(other.label.weight, heads.label.weight, atol=1e-3, rtol=0)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_weights_that_are_none_are_refused_in_one_line(bundled: tuple[Any, Any], tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="install whosaid again") as caught:
        load_difference(file, dict(bundled[0].named_parameters()), Heads(384))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_an_untrained_model_decodes_any_text(bundled: tuple[Any, Any]) -> None:
    texts = ["", " \n ", "🐟", "word " * 700, _TEXT, "\n" * 50 + "“" * 300]
    for text, found in zip(texts, attributions(texts, BareBert.of(bundled[0].eval()), _heads().eval(), bundled[1]), strict=True):
        for item in found:
            assert all(0 <= span.start < span.end <= len(text) for span in (item.cue, *item.content, *filter(None, [item.source])))


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_and_ends_in_an_average(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "SAVE_EVERY", 1)
    monkeypatch.setattr(train, "BATCH", 1)
    monkeypatch.setattr(train, "RUNS", ((2, 0.0), (1, 0.5)))
    rows = [json.dumps(_marked(f"{_TEXT} {'It rained. ' * n}", ("Ada Marsh", "said", "the weir is low"))) for n in (1, 9, 17)]
    marked, work, output = tmp_path / "marked.jsonl", tmp_path / "work", tmp_path / "weights" / "tagger.safetensors"
    marked.write_text("\n".join(rows), "utf-8")

    class StoppedError(Exception):
        pass

    def stops(*_: object) -> float:
        raise StoppedError

    def run() -> Result:
        return CliRunner().invoke(train.main, ["--train", str(marked), "--dev", str(marked), "--work", str(work), "--output", str(output)])

    with monkeypatch.context() as patched:
        learn = train.Run._learn
        patched.setattr(train.Run, "_learn", lambda self, batch: stops() if self._training.step == 4 else learn(self, batch))
        assert isinstance(run().exception, StoppedError)
    assert not output.exists()
    done = run()
    assert done.exit_code == 0, done.output
    assert "going on from step 4" in done.output
    assert "epoch 2" in done.output
    assert "average: {" in done.output
    again = run()
    assert "step" not in again.output.replace("going on from step", "")  # nothing is left to learn
    assert not list(work.rglob("*.new"))
    halves = [load_file(work / number / "best.safetensors")["head.label.weight"].float() for number in ("1", "2")]
    torch.testing.assert_close(load_file(output)["head.label.weight"].float(), (halves[0] + halves[1]) / 2, atol=2e-3, rtol=0)
