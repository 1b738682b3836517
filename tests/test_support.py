"""The check of support: what evidence says and what it doesn't, long evidence in windows, and the command."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from qa import cli
from qa.answering.support import CLAIM_TOKENS, LONGEST, SUPPORTED, WINDOWS, Heads, Support, collated, pair, windows
from qa.errors import ModelError

_WEIR = (
    "The weir at Alder Bridge was built by the millers of Wendford in 1731. The River Trust bought it for 40,000 pounds, "
    "said its chair, Ada Marsh. Tom Reed of the Anglers' Union opposed the sale."
)


@pytest.fixture(scope="module")
def support() -> Support:
    return Support()


@pytest.mark.parametrize(
    "claim",
    [
        "The weir at Alder Bridge was built in 1731.",
        "Millers from Wendford built the weir.",
        "The River Trust paid 40,000 pounds for the weir [1].",
        "Ada Marsh chairs the River Trust.",
    ],
)
def test_what_the_evidence_says_is_supported(support: Support, claim: str) -> None:
    assert support.probabilities([(claim, _WEIR)])[0] >= SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "The weir at Alder Bridge was built in 1831.",  # another number
        "The River Trust paid 90,000 pounds for the weir.",
        "The weir at Alder Bridge was built by the monks of Ostrow.",  # other names
        "The River Trust did not buy the weir.",  # the opposite
        "Trout eat flies by night.",  # something else
        "The weir was built in 1731, and a flood carried it off in 1902.",  # half of it
    ],
)
def test_what_the_evidence_does_not_say_is_not(support: Support, claim: str) -> None:
    assert support.probabilities([(claim, _WEIR)])[0] < SUPPORTED


def test_unrelated_evidence_supports_nothing(support: Support) -> None:
    evidence = "Bakers in Ostrow knead their dough for an hour and let it rest until the morning."
    assert support.probabilities([("The weir at Alder Bridge was built in 1731.", evidence)])[0] < SUPPORTED


def test_long_evidence_is_read_to_its_end(support: Support) -> None:
    filler = "The baker of Ostrow sells bread. His oven is warm. Many people buy rolls in the morning. "
    claim = "The weir at Alder Bridge was built by the millers of Wendford."
    found = support.probabilities([(claim, filler * 60 + _WEIR + filler * 3), (claim, filler * 60)])
    assert found[0] >= SUPPORTED > found[1]


def test_pairs_keep_their_order_alone_and_together_in_one_thread_and_in_several(support: Support) -> None:
    pairs = [("The weir was built in 1731.", _WEIR), ("Trout eat flies.", _WEIR * 5), ("Millers built it.", "Millers built it."), ("", "")]
    together = support.probabilities(pairs)
    assert together.shape == (4,)
    assert together.dtype == np.float32
    assert ((together >= 0) & (together <= 1)).all()
    with ThreadPoolExecutor(4) as several:
        alone = [float(found[0]) for found in several.map(lambda one: support.probabilities([one]), pairs)]
    assert np.allclose(together, alone, atol=0.15)  # half precision, and other neighbours in the batch


def test_no_pair_is_no_probability(support: Support) -> None:
    assert support.probabilities([]).shape == (0,)


def test_windows_overlap_cover_all_and_fit_with_the_claim() -> None:
    claim, evidence = list(range(1000, 1020)), list(range(2000, 2700))
    cut = windows(claim, evidence, 100)
    assert {token for window in cut for token in window} == set(evidence)
    assert all(len(pair(claim, window).ids) == LONGEST for window in cut)
    assert all(one[-1] > two[0] for one, two in itertools.pairwise(cut))
    assert windows(claim, evidence[:100]) == [evidence[:100]]
    assert windows(claim, []) == [[]]


def test_of_many_windows_those_with_most_words_of_the_claim_are_read() -> None:
    evidence = [5] * 5000
    evidence[3000:3003] = [1000, 1001, 1002]
    cut = windows([1000, 1001, 1002], evidence)
    assert len(cut) == WINDOWS
    assert any(1001 in window for window in cut)


def test_a_long_claim_is_cut() -> None:
    item = pair(range(1000, 1500), range(2000, 2500))
    assert (item.claim, len(item.ids)) == (CLAIM_TOKENS, LONGEST)


def test_one_doubtful_word_of_the_claim_is_enough_and_words_of_the_evidence_raise_no_doubt() -> None:
    heads = Heads(2)
    with torch.no_grad():
        heads.whole.weight.zero_()
        heads.doubt.weight.copy_(torch.tensor([[1.0, 0.0]]))
    _, _, _, claim = collated([pair([7, 8], [9, 10]), pair([7, 8], [9, 10])])
    states = torch.zeros(2, 7, 2)
    calm = heads(states, claim)
    states[0, 2, 0] = states[1, 4, 0] = 20  # a word of the claim; a word of the evidence
    found = heads(states, claim)
    assert float((calm - found)[0].detach()) > 15
    assert float((calm - found)[1].detach()) == 0


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="install whosaid again"):
        Support(tmp_path / "no.safetensors")


def test_weights_of_something_else_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "other.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="can't be read"):
        Support(tmp_path / "other.safetensors").probabilities([("A.", "B.")])


# ---- the command


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, ["support", *map(str, arguments)])


def test_a_claim_is_judged_by_its_evidence_alone() -> None:
    assert _run("The weir was built in 1731.", "--evidence", _WEIR).stdout.startswith("Supported (probability 0.")
    row = json.loads(_run("The weir was built in 1831.", "--evidence", _WEIR, "--json").stdout)
    assert row["supported"] is False
    assert row["probability"] < SUPPORTED


def test_a_batch_has_a_verdict_for_each_line(tmp_path: Path) -> None:
    claim = "The weir at Alder Bridge was built in 1731."
    rows = [
        {"id": "a", "claim": claim, "references": ["Bread is made of rye.", _WEIR]},
        {"id": 2, "claim": claim, "evidence": "Bread is made of rye."},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert _run("--batch", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl").exit_code == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [(row["id"], row["supported"]) for row in found] == [("a", True), (2, False)]
    assert found[0]["probability"] > found[1]["probability"]


def test_lines_that_cannot_be_used_are_said_and_the_others_judged(tmp_path: Path) -> None:
    lines = [
        "no JSON",
        '{"id": 2, "evidence": "Bread."}',
        '{"id": 3, "claim": "Bread."}',
        '{"id": 4, "claim": "Bread.", "references": "Bread."}',
        '{"id": 5, "claim": "Bread.", "evidence": 7}',
        '{"id": 6, "claim": " ", "evidence": "Bread."}',
        '{"id": 7, "claim": "Bread.", "references": []}',
        '{"id": 8, "claim": "Bread is made of rye.", "evidence": "Bread is made of rye."}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), "utf-8")
    result = _run("--batch", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert ["in.jsonl:" + str(n) in line for n, line in enumerate(told[:7], 1)] == [True] * 7
    for line, words in zip(
        told,
        [
            "is not JSON",
            'no "claim"',
            'no "evidence"',
            "expected a list of texts",
            "expected a text",
            "claim is empty",
            "evidence is empty",
        ],
        strict=False,
    ):
        assert words in line
    assert "7 of 8 lines could not be used" in told[7]
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["supported"] for row in found] == [False] * 7 + [True]


@pytest.mark.parametrize(
    "arguments", [[], ["A."], ["--evidence", "A."], ["A.", "--evidence", "B.", "--batch", __file__], ["--batch", __file__]]
)
def test_a_claim_goes_with_evidence_and_a_batch_with_an_output(arguments: list[str]) -> None:
    assert _run(*arguments).exit_code == 2
