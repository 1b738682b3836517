"""Names of groups: told ones win, the longest at a place counts, and an ordinary word is no name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from articles import GROUPS_TOML
from hypothesis import given
from hypothesis import strategies as st

from qa.attribution.groups import Registry, explained_acronyms, merged, read_groups
from qa.errors import SettingsError
from qa.library import Library
from qa.types import Article, Group

_TRUST = Group("River Trust", aliases=("Wend River Trust", "WRT"), publications=("Clear Water",))
_UNION = Group("Farmers' Union", aliases=("FUW",))
_COUNCIL = Group("City Council")


@pytest.fixture
def registry() -> Registry:
    return Registry([_TRUST, _UNION, _COUNCIL])


def _found(registry: Registry, text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(mention.span.of(text), mention.groups) for mention in registry.mentions(text)]


def _file(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "groups.toml"
    file.write_text(content, "utf-8")
    return file


# ---- groups.toml


def test_a_file_of_groups_is_read_whole(tmp_path: Path) -> None:
    groups = read_groups(_file(tmp_path, GROUPS_TOML))
    assert [group.name for group in groups] == ["River Trust", "Farmers' Union", "Mill Owners' Guild", "City Council", "Anglers' Club"]
    assert groups[0] == Group("River Trust", "organisation", ("Wend River Trust", "WRT"), ("Clear Water",), ("rivertrust.example",))
    assert groups[-1].parent == "River Trust"


def test_a_file_without_groups_is_no_error(tmp_path: Path) -> None:
    assert read_groups(_file(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[group]\n", r"\A.*groups\.toml: can't be read as TOML \(.*\); see the groups\.toml that comes with whosaid\Z"),
        ('[[group]]\nkind = "union"\n', r"\A.*groups\.toml: a \[\[group\]\] without a name; give each one name = "),
        ('[[group]]\nname = " "\n', r"\A.*without a name; give each one name"),
        ("[[group]]\nname = 7\n", r"\A.*without a name; give each one name"),
        (
            '[[group]]\nname = "A"\nalias = ["B"]\n',
            r"\A.*group 'A' has 'alias'; expected aliases, domains, kind, name, parent, publications\Z",
        ),
        (
            '[[group]]\nname = "A"\naliases = ["The Body"]\n[[group]]\nname = "the body"\n',
            r"\A.*'the body' names both 'A' and 'the body'; leave it to one of them\Z",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_groups(_file(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\A.*nowhere\.toml: can't be read .*; see the groups\.toml"):
        read_groups(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "groups.toml"
    file.write_bytes('[[group]]\nname = "Café"\n'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"\A.*groups\.toml: can't be read as TOML"):
        read_groups(file)


def test_an_alias_may_repeat_the_name_itself(tmp_path: Path) -> None:
    (group,) = read_groups(_file(tmp_path, '[[group]]\nname = "A Body"\naliases = ["a body"]\n'))
    assert group.name == "A Body"


def test_an_earlier_list_keeps_its_names() -> None:
    mine = Group("River Trust", aliases=("WRT",))
    theirs = Group("Wold Rail Trust", aliases=("WRT", "Rail Trust"))
    assert merged([[mine], [theirs]]) == (mine, Group("Wold Rail Trust", aliases=("Rail Trust",)))


def test_a_group_of_an_earlier_list_is_not_described_again() -> None:
    mine = Group("River Trust")
    assert merged([[mine], [Group("River Trust", aliases=("Other",)), Group("RIVER TRUST"), _COUNCIL]]) == (mine, _COUNCIL)


def test_names_within_one_list_stay() -> None:
    assert merged([[_TRUST, _UNION]]) == (_TRUST, _UNION)


# ---- canonical names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("River Trust", "River Trust"),
        ("river  trust", "River Trust"),
        ("WRT", "River Trust"),
        ("wrt", "wrt"),
        ("Clear Water", "River Trust"),
        ("Farmers’ Union", "Farmers' Union"),
        ("Bargemen's Lodge", "Bargemen's Lodge"),
    ],
)
def test_each_name_leads_to_its_group(registry: Registry, name: str, expected: str) -> None:
    assert registry.canonical(name) == expected


def test_an_article_may_state_a_group_that_nobody_told_of() -> None:
    registry = Registry([_TRUST], [Article("a", "", group="Bargemen's Lodge of the Wend", publication="The Lock")])
    assert registry.groups["Bargemen's Lodge of the Wend"] == Group("Bargemen's Lodge of the Wend")
    assert registry.canonical("BLW") == "Bargemen's Lodge of the Wend"
    assert registry.canonical("the lock") == "Bargemen's Lodge of the Wend"


def test_an_article_may_name_its_group_by_an_alias() -> None:
    registry = Registry([_TRUST], [Article("a", "", group="WRT")])
    assert set(registry.groups) == {"River Trust"}


def test_a_told_name_wins_over_one_that_is_worked_out() -> None:
    registry = Registry([_TRUST], [Article("a", "", group="Wold Rail Trust")])
    assert registry.canonical("WRT") == "River Trust"


def test_a_name_that_two_groups_share_leads_to_neither() -> None:
    registry = Registry([], [Article("a", "", group="Wold Rail Trust"), Article("b", "", group="Wend River Trust")])
    assert registry.canonical("WRT") == "WRT"
    text = "The WRT met."
    assert _found(registry, text) == [("WRT", ("Wend River Trust", "Wold Rail Trust"))]


def test_a_section_is_called_by_its_head() -> None:
    registry = Registry([], [Article("a", "", group="The Bargemen's Lodge | Wend branch")])
    assert registry.canonical("Bargemen's Lodge") == "The Bargemen's Lodge | Wend branch"


# ---- mentions


def test_the_longest_name_at_a_place_counts() -> None:
    registry = Registry([Group("River Trust"), Group("River Trust of the North"), Group("North Water")])
    text = "The River Trust of the North met the River Trust and North Water."
    assert [groups for _, groups in _found(registry, text)] == [("River Trust of the North",), ("River Trust",), ("North Water",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The river trust met.", ["River Trust"]),
        ("The River\nTrust met.", ["River Trust"]),
        ("The Farmers’ Union and the Farmers' Union met.", ["Farmers' Union", "Farmers' Union"]),
        ("The FUW met the WRT.", ["Farmers' Union", "River Trust"]),
        ("He said wrt the river that fuw is no word.", []),
        ("The River Trustees met at RiverTrust.", []),
        ("“River Trust” (WRT)", ["River Trust", "River Trust"]),
        ("The River Trust's house", ["River Trust"]),
        ("", []),
    ],
)
def test_names_are_whole_words(registry: Registry, text: str, expected: list[str]) -> None:
    assert [groups[0] for _, groups in _found(registry, text)] == expected


def test_an_ordinary_word_names_no_group() -> None:
    registry = Registry([Group("Current")])
    assert _found(registry, "The current is strong, says Current.") == [("Current", ("Current",))]


def test_a_group_that_writes_itself_in_small_letters_is_found_so() -> None:
    registry = Registry([Group("Ripple", aliases=("ripple",))])
    assert [groups for _, groups in _found(registry, "We met ripple there.")] == [("Ripple",)]


def test_nobody_is_mentioned_where_nobody_is_known() -> None:
    assert _found(Registry([]), "The River Trust met.") == []


@given(
    st.lists(st.sampled_from(["River Trust", "WRT", " ", "the ", "Farmers’ Union", "\n", "🦦", "e\u0301", "City Council", ".", "’s"])).map(
        "".join
    )
)
def test_mentions_are_places_in_order(text: str) -> None:
    end = 0
    registry = Registry([_TRUST, _UNION, _COUNCIL])
    for mention in registry.mentions(text):
        assert mention.span.start >= end
        assert mention.groups == (registry.canonical(mention.span.of(text)),)
        end = mention.span.end


# ---- acronyms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with the Upper Valley Water Board (UVWB).", [("UVWB", "Upper Valley Water Board")]),
        ("He asked the Guild of Mill Owners (GMO).", [("GMO", "Guild of Mill Owners")]),
        ("Yesterday Bus Drivers' Union (BDU) met.", [("BDU", "Bus Drivers' Union")]),
        ("Lower Wend (UVWB) is no such thing.", []),
        ("the river trust (RT)", []),
        ("(RT)", []),
    ],
)
def test_an_acronym_is_taken_where_the_text_explains_it(text: str, expected: Iterable[tuple[str, str]]) -> None:
    assert list(explained_acronyms(text)) == expected


def test_an_explained_acronym_leads_to_its_group() -> None:
    board = Group("Upper Valley Water Board")
    registry = Registry([board], acronyms={"UVWB": "Upper Valley Water Board"})
    assert registry.canonical("UVWB") == board.name
    assert _found(registry, "The UVWB lent us cameras.") == [("UVWB", (board.name,))]


def test_the_groups_of_the_small_corpus(library: Library) -> None:
    entries = {entry.group.name: entry for entry in library.groups()}
    assert {name: entry.articles for name, entry in entries.items()} == {
        "River Trust": 2,
        "Farmers' Union": 2,
        "Mill Owners' Guild": 2,
        "City Council": 1,
        "Anglers' Club": 1,
    }
    assert entries["River Trust"].group.aliases == ("Wend River Trust", "WRT")
