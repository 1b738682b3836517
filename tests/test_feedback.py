"""Feedback: kept whatever happens, listed, and turned into questions that evaluate reads; and questions to go on with."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa import cli
from qa.errors import IndexFolderError, NoIndexError, SettingsError
from qa.evaluation.gold import Quotes, read_questions
from qa.feedback import FILE, Cited, Feedback, Verdict, give, given, question_rows
from qa.library import Library
from qa.web import conversation
from qa.web.conversation import Filters, Turn
from qa.web.suggest import suggestions

QUOTED = Cited("trust-limit", "We want otters, and we want them soon.", "Ada Marsh", "River Trust")
OTHER = Cited("union", "Nobody asked the farmers.", "Farmers' Union", "Farmers' Union")


def _said(verdict: Verdict = "good", **more: Any) -> Feedback:
    return Feedback(verdict, "Who wants otters?", cited=(QUOTED, OTHER), at="2025-05-01T10:00:00+00:00", **more)


def test_what_is_given_is_kept_in_order(tmp_path: Path) -> None:
    first = _said("wrong speaker", number=1, right="Nell Brook", note="She said it in May.\nNot Ada.", history=("And herons?",))
    second = _said(filters=(("groups", ["River Trust"]), ("since", "2024")))
    give(tmp_path, first)
    give(tmp_path, second)
    assert given(tmp_path) == ([first, second], 0)


def test_the_time_is_noted(tmp_path: Path) -> None:
    give(tmp_path, Feedback("good", "Who?"))
    ((one,), _) = given(tmp_path)
    assert one.at[:2] == "20"
    assert one.at.endswith("+00:00")


def test_a_line_that_was_cut_off_loses_no_other(tmp_path: Path) -> None:
    give(tmp_path, _said())
    with (tmp_path / FILE).open("a") as stream:
        stream.write('{"verdict": "go\n"words"\n{"verdict": "good", "more": 1}\n')
    give(tmp_path, _said("doesn't answer"))
    heard, unread = given(tmp_path)
    assert ([one.verdict for one in heard], unread) == (["good", "doesn't answer"], 3)


def test_many_at_once_are_all_kept(tmp_path: Path) -> None:
    threads = [threading.Thread(target=give, args=(tmp_path, _said(note=str(at) * 200))) for at in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.note for one in given(tmp_path)[0]) == sorted(str(at) * 200 for at in range(20))


@pytest.mark.parametrize(
    ("feedback", "error"),
    [
        (_said("great"), "'great' is no verdict; expected one of good, wrong speaker"),  # type: ignore[arg-type]
        (_said(number=3), "there is no citation 3; the answer has 2"),
        (_said(number=-1), "there is no citation -1"),
        (_said(note="x" * 2001), "more than 2,000 characters"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, feedback: Feedback, error: str) -> None:
    with pytest.raises(SettingsError, match=error):
        give(tmp_path, feedback)
    assert given(tmp_path) == ([], 0)


def test_without_an_index_there_is_no_place_for_it(tmp_path: Path) -> None:
    with pytest.raises(NoIndexError):
        give(tmp_path / "nowhere", _said())
    (tmp_path / FILE).mkdir()
    with pytest.raises(IndexFolderError, match="can't be written"):
        give(tmp_path, _said())


@pytest.mark.parametrize(
    ("feedback", "row"),
    [
        (
            _said(),
            {
                "quotes": [QUOTED.quote, OTHER.quote],
                "groups": ["River Trust", "Farmers' Union"],
                "speakers": ["Ada Marsh", "Farmers' Union"],
            },
        ),
        (_said(number=1), {"quotes": [QUOTED.quote], "groups": ["River Trust"], "speakers": ["Ada Marsh"]}),
        (_said("wrong speaker", number=1, right="Nell Brook"), {"quotes": [QUOTED.quote], "speakers": ["Nell Brook"]}),
        (_said("wrong group", number=2, right="Mill Owners' Guild"), {"quotes": [OTHER.quote], "groups": ["Mill Owners' Guild"]}),
        (_said("doesn't answer", right="Otters are wanted by all."), {"quotes": ["Otters are wanted by all."]}),
        (_said("doesn't answer", nobody=True), {"kind": "none"}),
        (Feedback("good", "Who wants otters?"), {"kind": "none"}),
        (_said("wrong speaker", number=1), None),
        (_said("doesn't answer"), None),
    ],
)
def test_what_tells_what_is_right_becomes_a_question(tmp_path: Path, feedback: Feedback, row: dict[str, Any] | None) -> None:
    rows = list(question_rows([feedback]))
    assert rows == ([{"question": "Who wants otters?", **row}] if row else [])
    if rows:
        file = tmp_path / "questions.jsonl"
        file.write_text(json.dumps(rows[0]), "utf-8")
        (read,) = read_questions(file).rows
        assert isinstance(read.gold, Quotes)


def test_what_went_before_and_what_was_set_goes_along() -> None:
    (row,) = question_rows([_said(history=("And herons?",), filters=(("groups", ["River Trust"]), ("until", None)))])
    assert (row["history"], row["filters"]) == (["And herons?"], {"groups": ["River Trust"]})


def test_the_command_lists_and_exports(tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(cli.main, ["feedback", "--index", str(tmp_path), *map(str, arguments)])

    assert run().stdout == "no feedback yet\n"
    give(tmp_path, _said("wrong speaker", number=1, right="Nell Brook", note="In May."))
    give(tmp_path, _said("doesn't answer"))
    assert run().stdout.splitlines() == [
        "2025-05-01 10:00  wrong speaker about quote 1: Who wants otters?; right: Nell Brook",
        "    In May.",
        "2025-05-01 10:00  doesn't answer: Who wants otters?",
    ]
    assert [row["verdict"] for row in json.loads(run("--json").stdout)] == ["wrong speaker", "doesn't answer"]
    assert "1 questions of 2 verdicts" in run("--export", tmp_path / "questions.jsonl").stdout
    assert len(read_questions(tmp_path / "questions.jsonl").rows) == 1


# ---- questions to go on with


def _asked(library: Library, question: str) -> list[Turn]:
    return conversation.answered(conversation.asked([], question, Filters()), Filters(), library)


@pytest.mark.slow
def test_what_is_suggested_is_answered_with_something_new(library: Library) -> None:
    question = "Who opposes a flat limit on abstraction?"
    answer = library.ask(question)
    found = suggestions(answer, library)
    assert found
    assert question not in found
    here = {(citation.article.id, citation.span) for citation in answer.citations}
    for suggested in found:
        other = library.ask(suggested)
        assert other.answered
        assert {(citation.article.id, citation.span) for citation in other.citations} - here
    assert conversation.to_go_on(_asked(library, question), Filters(), library) == found


@pytest.mark.parametrize("question", ["Who says that the moon is made of cheese?", "hello"])
def test_silence_suggests_nothing(library: Library, question: str) -> None:
    assert suggestions(library.ask(question), library) == ()
    assert conversation.to_go_on(_asked(library, question), Filters(), library) == ()


def test_nothing_follows_from_nothing(library: Library) -> None:
    assert conversation.to_go_on([], Filters(), library) == ()
