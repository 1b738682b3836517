"""What a language model writes, checked: nothing wrong is shown, nearly all that is right is."""

from __future__ import annotations

from collections import Counter

import pytest
from written import CITATIONS, QUESTION, REGISTRY, in_forms, wrong

from qa.answering.writing.checks import Checks, SupportCheck
from qa.answering.writing.drafts import Drafts
from qa.answering.writing.overlap import ENOUGH, WordOverlap
from qa.types import Sentence

SUPPORT: list[tuple[SupportCheck, float]] = [(WordOverlap(), ENOUGH)]  # any other check goes here, with what is enough for it


def drafts(text: str) -> list[Sentence]:
    """Cut what a model wrote into sentences."""
    cut = Drafts([citation.number for citation in CITATIONS])
    return [*cut.feed(text), *cut.finish()]


def shown(text: str, support: SupportCheck, enough: float) -> list[str]:
    """Return the sentences of a text that would be shown."""
    checks = Checks(CITATIONS, QUESTION, REGISTRY, support, enough)
    return [judged.sentence.text for draft in drafts(text) if (judged := checks.judge(draft)).sentence]


@pytest.mark.parametrize(("support", "enough"), SUPPORT)
def test_nothing_wrong_is_shown(support: SupportCheck, enough: float) -> None:
    made = wrong()
    assert len(made) > 200
    let_through = [(kind, sentence) for kind, sentence in made if shown(sentence, support, enough)]
    assert not let_through, Counter(kind for kind, _ in let_through)


@pytest.mark.parametrize(("support", "enough"), SUPPORT)
def test_nearly_all_that_is_right_is_shown(support: SupportCheck, enough: float) -> None:
    texts = list(in_forms())
    lost = [text for text in texts if not shown(text, support, enough)]
    assert len(lost) <= 0.05 * len(texts), lost
