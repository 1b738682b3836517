"""What the benchmarks measure with: articles, vectors and statements that are made up, and exact search to compare with."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import engines
import numpy as np
import numpy.typing as npt
import pytest
import torch
from common import alternated, memory, timed, word_windows
from made_up import (
    DIMENSION,
    QUESTION_TEXTS,
    RARE,
    RARE_PASSAGES,
    MadeUpAttributor,
    MadeUpEncoder,
    articles,
    questions,
    write,
)
from scale import NEAREST, disk, exact, growth, shared

from qa.models.encoder import ModelIdentity, Vectors
from qa.passages import sentences, windows
from qa.reading import read
from qa.types import Article

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


class _Counting:
    """An encoder that only counts what it is given."""

    identity = ModelIdentity("counting", "0", DIMENSION)

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return np.zeros((len(texts), DIMENSION), np.float32)


def _passages(article: Article) -> int:
    return len(list(windows(article.id, article.text, sentences(article.text))))


@pytest.fixture(scope="module")
def some() -> list[Article]:
    return list(articles(600))


def test_the_same_seed_makes_the_same_articles_whatever_the_size(some: list[Article]) -> None:
    assert list(articles(600)) == some
    larger = {article.id: article for article in islice(articles(6000), 300)}
    both = [article for article in some if article.id in larger]
    assert len(both) > 30
    assert all(larger[article.id] == article for article in both)
    assert not {article.text for article in some} & {article.text for article in articles(600, seed=2)}


@pytest.mark.parametrize("passages", [300, 2000])
def test_there_are_as_many_passages_as_asked_for_and_exactly_fifty_of_the_rare_group(passages: int) -> None:
    made = list(articles(passages))
    assert sum(map(_passages, made)) == pytest.approx(passages, rel=0.1)
    assert sum(_passages(article) for article in made if article.group == RARE) == RARE_PASSAGES
    assert not any(article.group == RARE for article in articles(passages, rare=False))


def test_groups_differ_in_size_and_dates_span_years() -> None:
    made = [article for article in articles(6000) if article.group != RARE]
    sizes = sorted((sum(article.group == group for article in made) for group in {article.group for article in made}), reverse=True)
    assert len(sizes) == 40
    assert sizes[0] > 5 * sizes[20]
    assert {article.published.year for article in made if article.published} == {2020, 2021, 2022, 2023, 2024}


def test_sentences_have_about_twenty_words_and_most_words_are_rare(some: list[Article]) -> None:
    lengths = [len(span.of(article.text).split()) for article in some for span in sentences(article.text)]
    assert np.mean(lengths) == pytest.approx(20, abs=1)
    counts = np.unique([word for article in some for word in article.text.lower().split()], return_counts=True)[1]
    assert np.mean(counts == 1) > 0.4


def test_what_is_written_is_what_is_read(some: list[Article], tmp_path: Path) -> None:
    size = write(tmp_path, 600, articles_of_a_file=50)
    files = sorted(tmp_path.iterdir())
    assert len(files) == -(-len(some) // 50)
    assert size == sum(file.stat().st_size for file in files)
    back = [item for item in read(files) if isinstance(item, Article)]
    fields = ("id", "text", "title", "group", "author", "published", "url")
    assert [[getattr(article, name) for name in fields] for article in back] == [
        [getattr(article, name) for name in fields] for article in some
    ]


def test_statements_stand_where_they_are_said_to(some: list[Article]) -> None:
    found = MadeUpAttributor().statements(some, [sentences(article.text) for article in some])
    for article, statements in zip(some, found, strict=True):
        assert len(statements) == article.text.count(" said ")
        for statement in statements:
            (source,), (cue,), (content,) = (
                [span.of(article.text) for span in spans] for spans in (statement.source, statement.cue, statement.content)
            )
            assert source == f"{statement.speaker} of the {statement.organisation}"
            assert cue == "said"
            if statement.voice == "quoted":
                assert content.startswith("“")
                assert content.endswith(",”")
                assert f"{content} said {source}." in article.text
            else:
                assert f"{source} said {content}." in article.text
    assert sum(map(len, found)) > len(some)


def test_vectors_are_of_length_one_and_near_where_rare_words_are_shared(some: list[Article]) -> None:
    encoder = MadeUpEncoder()
    texts = [span.of(article.text) for article in some for span in sentences(article.text)]
    vectors = encoder.encode(texts)
    assert (vectors.shape, vectors.dtype) == ((len(texts), DIMENSION), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert np.allclose(MadeUpEncoder().encode(texts[7:9]), vectors[7:9], atol=1e-5)
    assert encoder.encode([]).shape == (0, DIMENSION)
    asked = [question for question in questions(40, 600) if question.startswith("Who speaks of")]
    assert asked
    for question, vector in zip(asked, encoder.encode(asked), strict=True):
        one, other = question.removeprefix("Who speaks of the ").removesuffix("?").split(" and the ")
        nearest = texts[int(np.argmax(vectors @ vector))].lower()
        assert one in nearest or other in nearest


def test_only_questions_are_encoded_by_the_real_encoder_too() -> None:
    real = _Counting()
    encoder = MadeUpEncoder(timed_with=real)
    encoder.encode(["What is said?"])
    encoder.encode(["text"] * (QUESTION_TEXTS + 1))
    assert real.texts == ["What is said?"]


def test_questions_are_different_and_half_of_them_name_a_group(some: list[Article]) -> None:
    asked = questions(100, 600)
    assert asked == questions(100, 600)
    assert len(set(asked)) == 100
    groups = {article.group for article in some if article.group}
    assert sum(any(group in question for group in groups) for question in asked) == pytest.approx(50, abs=5)
    with pytest.raises(ValueError, match="there are not so many about 100 passages"):
        questions(1000, 100)


class _Store:
    """Vectors in blocks, as a store yields them."""

    def __init__(self, ids: npt.NDArray[np.int64], vectors: Vectors) -> None:
        self.ids, self.vectors = ids, vectors

    def ranges(self) -> None:
        """All of them."""

    def blocks(self, _: None) -> Iterator[tuple[npt.NDArray[np.int64], Vectors]]:
        for at in range(0, len(self.ids), 7):
            yield self.ids[at : at + 7], self.vectors[at : at + 7]


def test_exact_search_looks_at_everything() -> None:
    rng = np.random.default_rng(3)
    vectors, asked = (rng.standard_normal((count, 16), np.float32) for count in (60, 5))
    ids = rng.permutation(1000)[:60].astype(np.int64)
    store = _Store(ids, vectors)
    right = [set(ids[np.argsort(-(vectors @ vector))[:NEAREST]].tolist()) for vector in asked]
    assert exact(store, asked) == right
    few = ids[::5]
    inside = [set(few[np.argsort(-(vectors[::5] @ vector))[:NEAREST]].tolist()) for vector in asked]
    assert exact(store, asked, few) == inside
    assert shared([[(id, 1.0) for id in wanted] for wanted in right], right) == 1.0
    assert shared([[(id, 1.0) for id in list(wanted)[:5]] for wanted in right], right) == 0.5


def test_growth_is_the_slope_of_logarithms() -> None:
    rows = [
        {
            "passages": n,
            "seconds": 2 * n,
            "find": [n**0.5],
            "rss_found": 5 + n,
            "rss_before": 5,
            "disk": {"one": n, "other": n},
            "adding": 3.0,
        }
        for n in (100, 1000, 10_000)
    ]
    slopes = growth(rows)
    assert [slopes[name] for name in ("build seconds", "finding p50", "disk", "adding an article")] == [1.0, 0.5, 1.0, 0.0]


def test_bytes_on_disk_are_told_by_what_they_are_of(tmp_path: Path) -> None:
    for name, size in (("1/store", 10), ("1/words/a", 2), ("1/words/b", 3), ("manifest.json", 1)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert disk(tmp_path) == {"store": 10, "words": 5, "manifest.json": 1}


def test_calls_take_turns_at_being_first() -> None:
    order: list[str] = []
    took = alternated({"A": lambda: order.append("A"), "B": lambda: order.append("B")}, 3)
    assert order == ["A", "B", "B", "A", "A", "B"]
    assert {name: len(seconds) for name, seconds in took.items()} == {"A": 3, "B": 3}


def test_clock_memory_and_windows() -> None:
    assert timed(divmod, 7, 2)[1] == (3, 1)
    held = memory()
    assert 1_000_000 < held.own < held.rss <= held.peak
    assert [len(window.split()) for window in word_windows("word " * 310)] == [150, 150, 10]


def test_engines_are_given_different_real_sentences_and_a_question_of_twelve_tokens() -> None:
    some = engines.texts()
    assert len(set(some)) == engines.SENTENCES
    assert len(engines.tokenizer().encode(engines.QUESTION).ids) == 12


def test_engines_that_are_not_installed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None if name == "onnxscript" else name)
    assert not {name.rsplit(" ", 1)[0] for name in engines.installed()} & set(engines.EXPORTED)
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None if name == "openvino" else name)
    assert "ONNX Runtime float32" in engines.installed()
    assert "OpenVINO float32" not in engines.installed()


def test_engines_are_measured_as_they_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def engine(name: str, exported: Path) -> engines.Embed:
        if name == "no engine":
            raise RuntimeError("needs another processor\nand more")
        return make(name, exported)

    make = engines.engine
    monkeypatch.setattr(engines, "engine", engine)
    monkeypatch.setattr(engines, "texts", lambda: ["The bus stops at the weir.", "Otters are back on the Wend, say anglers."])
    monkeypatch.setattr(engines, "installed", lambda: ["linear float32", "no engine", "sentence-transformers float32"])
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr("sys.stdin", io.StringIO("linear float32\n"))
    engines.worker(tmp_path)
    found, took = map(json.loads, capsys.readouterr().out.splitlines())
    assert found.pop("no engine") == "needs another processor"
    assert all(cosine == pytest.approx(1, abs=1e-4) for cosine in found.values())
    assert len(took) == 2
    assert all(seconds > 0 for seconds in took)


def test_ratios_of_engines_are_of_speeds_in_the_same_precision_on_the_same_processor() -> None:
    took = {
        ("as it is", "linear float32"): [(2.0, 0.02), (9.0, 0.09), (1.0, 0.01)],
        ("as it is", "packed float32"): [(1.0, 0.04)],
        ("AVX2", "linear float32"): [(4.0, 0.04)],
        ("AVX2", "packed float32"): [(4.0, 0.01)],
    }
    found = engines.rows(took, dict.fromkeys(took, 1.0))
    assert [(row[0], row[1], row[2], row[4]) for row in found] == [
        ("linear float32, as it is", "32", "1.00", "1.00"),
        ("packed float32, as it is", "64", "2.00", "0.50"),
        ("linear float32, AVX2", "16", "1.00", "1.00"),
        ("packed float32, AVX2", "16", "1.00", "4.00"),
    ]


def test_too_few_passages_are_refused_in_one_line() -> None:
    done = _scale("--passages", "20")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith("--passages takes 100 or more, 50 of which are the rare group's")


def test_scale_runs_from_text_to_table(tmp_path: Path) -> None:
    done = _scale("--passages", "300", "--folder", str(tmp_path), "--questions", "5")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout.splitlines()[-1])["rows"]
    assert row["passages"] == pytest.approx(300, rel=0.1)
    assert row["rare"] == {"articles": RARE_PASSAGES, "sentences": row["rare"]["reached"], "reached": row["rare"]["reached"]}
    assert (row["recall_rare"], row["added_is_found"]) == (1.0, True)
    assert row["recall"] >= 0.9


def _scale(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "scale.py"), *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)
