"""A question that asks several things is taken apart, each part with whoever it names as its source."""

from __future__ import annotations

import pytest

from qa.attribution.groups import Registry
from qa.retrieval.parts import parts_of
from qa.types import Group

REGISTRY = Registry(
    [Group("The Valley Herald", kind="newspaper"), Group("Radio Wend", kind="broadcaster"), Group("Mill Party", kind="party")]
)


def test_a_question_that_asks_one_thing_has_no_parts() -> None:
    assert parts_of("Who is against tolls on boats above the weir?", (), REGISTRY) == ()


def test_one_thing_asked_of_somebody_is_one_part_with_its_source() -> None:
    asked = "Does the Valley Herald report floods at the lower weir?"
    (part,) = parts_of(asked, (), REGISTRY)
    assert part.sources == ("The Valley Herald",)
    assert part.text == asked


def test_each_part_has_its_own_source() -> None:
    asked = "Does the Valley Herald say that the dam will hold this winter, while Radio Wend reports cracks in its southern wall?"
    first, second = parts_of(asked, (), REGISTRY)
    assert first.sources == ("The Valley Herald",)
    assert second.sources == ("Radio Wend",)
    assert "cracks" in second.text
    assert "cracks" not in first.text


def test_a_part_that_names_nobody_is_looked_for_with_all_who_are_named() -> None:
    asked = "Who mends the lower weir in spring, sells salted trout, and lives in the house by the bridge, as reported by Radio Wend?"
    parts = parts_of(asked, (), REGISTRY)
    assert len(parts) == 2  # what is too short goes with the piece before it
    assert {part.sources for part in parts} == {("Radio Wend",)}


@pytest.mark.parametrize("asked", ["Who criticises the Mill Party for closing the ford?", "What became of the Mill Party?"])
def test_a_party_is_what_a_question_is_about_unless_it_is_asked(asked: str) -> None:
    assert parts_of(asked, (), REGISTRY) == ()
    (part,) = parts_of(asked, ("Mill Party",), REGISTRY)
    assert part.sources == ("Mill Party",)


@pytest.mark.parametrize("asked", ["", ",;,", "and while but", "Radio Wend, the Valley Herald"])
def test_nothing_but_links_and_names_has_at_most_a_part_for_its_sources(asked: str) -> None:
    assert len(parts_of(asked, (), REGISTRY)) <= 1
