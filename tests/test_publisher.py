"""Whose an article is, by address, publication or the way it speaks of itself; a report about a body is not that body's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.groups import Registry
from qa.attribution.publisher import published_by
from qa.types import Article, Group

REGISTRY = Registry([
    Group("River Trust", aliases=("WRT",), publications=("Clear Water", "The Heron"), domains=("rivertrust.example",)),
    Group("Farmers' Union", publications=("The Furrow",)),
    Group("Young Farmers", parent="Farmers' Union"),
    Group("Union of Unions"),
    Group("Anglers' Club", domains=("anglers.example", "wend.example")),
    Group("Fly Section", parent="Anglers' Club"),
    Group("International Committee of the Union of Unions"),
    Group("Weir Board", domains=("board.wend.example",)),
])  # fmt: skip


def _group(text: str = "The river rose.", **fields: object) -> tuple[str | None, str | None]:
    found = published_by(Article("x", text, **fields), REGISTRY)  # type: ignore[arg-type]
    return found.group, dict(found.origins).get("group")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://rivertrust.example/limit", "River Trust"),
        ("https://www.rivertrust.example/limit", "River Trust"),
        ("https://news.rivertrust.example:8080/limit", "River Trust"),
        ("https://board.wend.example/1", "Weir Board"),
        ("https://wend.example/1", "Anglers' Club"),
        ("https://docs.wend.example/1", None),  # the Fly Section has no address of its own, and may be meant
        ("https://notrivertrust.example/limit", None),
        ("https://rivertrust.example.org/limit", None),
        ("https://other.example/rivertrust.example", None),
    ],
)
def test_the_web_domain_tells(url: str, expected: str | None) -> None:
    assert _group(url=url) == (expected, "web domain" if expected else None)


def test_the_address_names_the_publication() -> None:
    found = published_by(Article("x", "Words.", url="https://rivertrust.example/clear-water/limit"), REGISTRY)
    assert (found.publication, dict(found.origins)["publication"]) == ("Clear Water", "web address")
    assert published_by(Article("x", "Words.", url="https://rivertrust.example/limit"), REGISTRY).publication is None


def test_the_publication_tells() -> None:
    assert _group(publication="the furrow", origins=(("publication", "page metadata"),)) == ("Farmers' Union", "page metadata")
    assert _group(publication="The Furrowed Brow") == (None, None)


def test_a_stated_group_stays() -> None:
    stated = Article("x", "We in the Farmers' Union say so.", group="River Trust", url="https://anglers.example")
    assert published_by(stated, REGISTRY) == stated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The water is low. We in the River Trust have counted every trout.", "River Trust"),
        ("We, the Farmers' Union, ask for storage.", "Farmers' Union"),
        ("Our union, the Farmers' Union, was never asked.", "Farmers' Union"),
        ("The fields are dry. Therefore, the Farmers' Union calls for storage. We will march, and our members with us.", "Farmers' Union"),
        ("The River Trust is holding its yearly walk on Sunday; join us at the bridge.", "River Trust"),
        ("It cannot go on. Here this means building up the Farmers' Union and Young Farmers.\n\nForward to the harvest!", "Farmers' Union"),
        ("The weir must open.\n\nRiver Trust", "River Trust"),
        ("The weir must open.\n\nIssued by the River Trust press office", "River Trust"),
        ("The weir must open.\n\nExecutive Committee of the River Trust\n13 July 2025", "River Trust"),
        ("The weir must open.\n\nStatement by the Executive Committee of the Mill Owners' Guild", "Mill Owners' Guild"),
        (
            "Now the International Committee of the Union of Unions calls for talks. We must go on, and our task is great.",
            "International Committee of the Union of Unions",
        ),
    ],
)
def test_a_text_speaks_of_itself(text: str, expected: str) -> None:
    assert _group(text) == (expected, "text")


@pytest.mark.parametrize(
    "text",
    [
        "The Farmers' Union calls for storage. It met on Monday.",
        "The Farmers' Union calls for storage. “We will march, and our members with us,” said Joan Pell.",
        "The Farmers' Union calls for storage. We asked it why, and our reporter heard nothing.",
        "“We in the River Trust have counted every trout,” said Ada Marsh.",
        "> We in the River Trust have counted every trout.\n\nSo they say.",
        "We in the River Trust say no. We in the Farmers' Union say yes.",
        "They refused to join the Farmers' Union.\n\nWhat a day!",
        "The weir must open.\n\nRiver Trust\nFarmers' Union",
        "The weir must open.\n\nAda Marsh\nSecretary, River Trust",
        "The weir must open.\n\nThe story was told to the River Trust.",
        "Issued by nobody that we know of.",
        "We visited the River Trust on Monday.",
    ],
)
def test_a_report_about_a_body_is_not_its_own(text: str) -> None:
    assert _group(text) == (None, None)


def test_a_digest_is_ours_and_its_words_tell_nothing() -> None:
    assert _group("We in the River Trust have counted every trout.", kind="digest") == (None, None)


@given(
    st.text()
    | st.lists(st.sampled_from(["we", "We", "the", "River Trust", "WRT", "calls for", "Join", "!", ".", "\n", "“", "our party,", ">"])).map(
        " ".join
    )
)
def test_any_text_can_be_read(text: str) -> None:
    found = published_by(Article("x", text), REGISTRY)
    assert found.text == text
